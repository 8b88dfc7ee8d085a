import { describe, expect, test } from "vitest";
import { day, instant } from "#model";
import { selectClauses, selectFindingShares, selectStaffDay, writeFindings, writeSettlement } from "#store";
import { word } from "../../bench/month.ts";
import { testDatabase } from "../support/database.ts";
import { finding } from "../support/finding.ts";
import { insertRows } from "../support/rows.ts";
import { settlementLine } from "../support/settlement-line.ts";

const tenant = "0192";
const on = day("2026-10-05");
const at = instant("2026-11-01T03:30:00Z");
const everything = { providers: null, units: null, groups: null };
const local = (time: string): number => instant(`2026-10-05T${time}:00+02:00`);

describe("selectStaffDay", () => {
  test("gives what was planned for somebody on a day, and how those travel who plan for the same units", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    await database.pool.query("INSERT INTO sources_known (tenant_id, no, id) VALUES ('0192', 0, 'files')");
    const [car = 0, bicycle = 0, walking = 0] = ["car", "bicycle", "walking"].map((way) =>
      word("planned-visits", "transport", way),
    );
    const status = word("visits", "status", "completed");
    const visit = { day: on, client_id: 1, unit_id: 50, staff_id: 90, status, end: local("08:30") };
    await insertRows(database, "visits", [
      { ...visit, id: "v-1", start: local("08:00") },
      { ...visit, id: "v-night", day: on - 1, start: local("00:00") - 3_600_000, end: local("00:30"), client_id: 2 },
      { ...visit, id: "v-before", day: on - 1, start: local("00:00") - 7_200_000, end: local("00:00") - 3_600_000 },
      { ...visit, id: "v-other", start: local("09:00"), staff_id: 91, unit_id: 51 },
    ]);
    const plan = { day: on, client_id: 3, unit_id: 50, staff_id: 90, end: local("11:00") };
    await insertRows(database, "planned-visits", [
      { ...plan, id: "p-2", start: local("10:00"), transport: car },
      { ...plan, id: "p-1", start: local("09:00"), unit_id: 52, transport: bicycle },
      { ...plan, id: "p-cancelled", start: local("09:30"), cancelled: true },
      { ...plan, id: "p-deleted", start: local("09:30"), deleted: true },
      { ...plan, id: "p-colleague", start: local("09:30"), staff_id: 91, transport: walking },
      { ...plan, id: "p-elsewhere", start: local("09:30"), staff_id: 91, unit_id: 51, transport: bicycle },
      { ...plan, id: "p-tomorrow", start: local("09:30"), day: on + 1, staff_id: 91, transport: bicycle },
    ]);
    for (const reader of [database, database.restrict({ tenantId: tenant, scope: everything })]) {
      const drawn = await selectStaffDay(reader, tenant, [90], on);
      expect(drawn.visits.map(({ id }) => id)).toEqual(["v-night", "v-1"]);
      expect(drawn.plans.map(({ client, start, end }) => [client, start, end])).toEqual([
        [3, local("09:00"), local("11:00")],
        [3, local("10:00"), local("11:00")],
      ]);
      expect(drawn.transports.toSorted()).toEqual(["car", "walking"]);
    }
    expect(await selectStaffDay(database, tenant, [92], on)).toMatchObject({ visits: [], plans: [], transports: [] });
  });
});

describe("selectFindingShares", () => {
  test("counts each client of a provider once, and those whom a rule's findings of the month are about", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    const lines = [
      settlementLine("C1"),
      settlementLine("C1", { service: "stad" }),
      settlementLine("C2"),
      settlementLine("C3", { provider: "P2" }),
      settlementLine("C4", { provider: null }),
      settlementLine("C9", { month: "2026-09" }),
    ];
    await writeSettlement(database, tenant, { evaluated: "all", lines, at });
    const findings = [
      finding("a"),
      finding("b", { fromDay: on + 1 }),
      finding("c", { client: "C2", ruleId: "short-visit" }),
      finding("d", { client: null }),
      finding("e", { client: "C3", provider: "P2", mode: "shadow" }),
      finding("f", { client: "C3", provider: "P2", fromDay: day("2026-09-30") }),
      finding("g", { client: "C3", provider: "P2", suppressed: "samePlace" }),
    ];
    await writeFindings(database, tenant, { evaluated: "all", findings, at });
    const reader = database.restrict({ tenantId: tenant, scope: everything });
    expect(await selectFindingShares(reader, tenant, "2026-10", null)).toEqual([
      { provider: "P1", clients: 2, found: 2 },
      { provider: "P2", clients: 1, found: 0 },
    ]);
    expect(await selectFindingShares(reader, tenant, "2026-10", "short-visit")).toEqual([
      { provider: "P1", clients: 2, found: 1 },
      { provider: "P2", clients: 1, found: 0 },
    ]);
  });
});

describe("selectClauses", () => {
  test("gives the clauses of a contract that reach a client of a provider in a month, each once", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    const trace = [
      { step: "registered", minutes: 1 },
      { step: "cap", minutes: -1, clause: "4.2", why: "Mer än beställt." },
    ];
    const lines = [
      settlementLine("C1", { trace }),
      settlementLine("C1", { service: "stad", trace }),
      settlementLine("C1", { provider: "P2", trace }),
      settlementLine("C2", { trace }),
      settlementLine("C1", { month: "2026-09", trace }),
    ];
    await writeSettlement(database, tenant, { evaluated: "all", lines, at });
    const reader = database.restrict({ tenantId: tenant, scope: everything });
    const cap = { month: "2026-10", contract: "K1", step: "cap", clause: "4.2", why: "Mer än beställt." };
    expect(
      await selectClauses(reader, tenant, [
        { provider: "P1", client: "C1", month: "2026-10" },
        { provider: "P2", client: "C2", month: "2026-10" },
      ]),
    ).toEqual([{ provider: "P1", client: "C1", ...cap }]);
  });
});
