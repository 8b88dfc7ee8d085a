import { describe, expect, test } from "vitest";
import { NO_DAY, type RawColumns } from "#columns";
import { day, instant } from "#model";
import { readRawColumns, readRefs, readSources } from "#store";
import { testDatabase } from "../support/database.ts";
import { insertRows as insert, textsOf as texts } from "../support/rows.ts";

const numbers = (columns: RawColumns, field: string): number[] => [...(columns.fields[field] as Float64Array)];

const start = instant("2026-10-05T06:00:00.250Z");

describe("readRawColumns", () => {
  test("decodes every kind of field, and what is unknown", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    await insert(database, "visits", [
      {
        id: "v-åäö",
        source_no: 3,
        version: 17.5,
        raw_page: 9,
        raw_index: 4,
        day: day("2026-10-05"),
        client_id: 7,
        start,
        status: 1,
        services: 12,
        planned_visit_id: "plan-" + "x".repeat(60),
        start_latitude: -0.5,
        double_staffing: true,
        approved_by_staff: false,
      },
      { id: "v-2", day: day("2026-10-05") },
    ]);
    const columns = await readRawColumns(database, tenantId, "visits");
    expect(columns.count).toBe(2);
    expect([...columns.source]).toEqual([3, 0]);
    expect(texts(columns.id, 2)).toEqual(["v-åäö", "v-2"]);
    expect([...columns.version]).toEqual([17.5, Number.NaN]);
    expect(columns.received[0]).toBeGreaterThan(columns.received[1] ?? Number.NaN);
    expect(numbers(columns, "clientId")).toEqual([7, -1]);
    expect(columns.fields["clientId"]).toBeInstanceOf(Int32Array);
    expect(numbers(columns, "start")).toEqual([start, Number.NaN]);
    expect(numbers(columns, "status")).toEqual([1, -1]);
    expect(columns.fields["status"]).toBeInstanceOf(Int8Array);
    expect(numbers(columns, "services")).toEqual([12, -1]);
    expect(texts(columns.fields["plannedVisitId"], 2)).toEqual(["plan-" + "x".repeat(60), null]);
    expect(numbers(columns, "startLatitude")).toEqual([-0.5, Number.NaN]);
    expect(numbers(columns, "doubleStaffing")).toEqual([1, -1]);
    expect(numbers(columns, "approvedByStaff")).toEqual([0, -1]);
  });

  test("gives dates, whole numbers, JSON and the hash of an identity number, and never a name", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    const hash = system.vault.identityHash("189001019802");
    await insert(database, "clients", [
      {
        id: "C1",
        personal_identity_number_encrypted: system.vault.encrypt("189001019802"),
        personal_identity_number_hash: hash,
        name: system.vault.encrypt("Åsa"),
        birth_date: day("1890-01-01"),
        addresses: '[{"from":"2026-01-01"}]',
      },
      { id: "C2" },
    ]);
    const columns = await readRawColumns(database, tenantId, "clients");
    expect(texts(columns.fields["personalIdentityNumber"], 2)).toEqual([hash.toString("hex"), null]);
    expect(numbers(columns, "birthDate")).toEqual([day("1890-01-01"), NO_DAY]);
    expect(texts(columns.fields["addresses"], 2)).toEqual(['[{"from":"2026-01-01"}]', null]);
    expect(columns.fields).not.toHaveProperty("name");

    await insert(database, "claims", [{ id: "f-1", amount_ore: -2_000_000_000 }]);
    const claims = await readRawColumns(database, tenantId, "claims", { fields: ["amountOre"] });
    expect(numbers(claims, "amountOre")).toEqual([-2_000_000_000]);
    expect(Object.keys(claims.fields)).toEqual(["amountOre"]);
  });

  test("takes the tenant's own rows of the days asked for, without deleted ones", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    const on = (id: string, date: string, more = {}) => ({ id, day: day(date), ...more });
    await insert(database, "visits", [
      on("before", "2026-09-30"),
      on("first", "2026-10-01"),
      on("last", "2026-10-31"),
      on("after", "2026-11-01"),
      on("gone", "2026-10-10", { deleted: true }),
      on("other", "2026-10-10", { tenant_id: "0180" }),
    ]);
    const columns = await readRawColumns(database, tenantId, "visits", {
      fromDay: day("2026-10-01"),
      throughDay: day("2026-10-31"),
    });
    expect(new Set(texts(columns.id, columns.count))).toEqual(new Set(["first", "last"]));
    const none = await readRawColumns(database, "9999", "visits");
    expect(none.count).toBe(0);
    expect(none.id.offsets).toHaveLength(1);
  });

  test("reads the history on its own", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    await insert(database, "planned-visits", [{ id: "p-1", version: 2 }]);
    await insert(database, "planned-visits", [{ id: "p-1", version: 1 }], "planned_visits_history");
    const history = await readRawColumns(database, tenantId, "planned-visits", { history: true });
    expect([...history.version]).toEqual([1]);
  });

  test("grows beyond what the planner expected", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    const rows = Array.from({ length: 50_000 }, (_, no) => ({
      id: `visit-${no}`,
      day: day("2026-10-05"),
      client_id: no,
      start: start + no,
      planned_visit_id: no % 3 === 0 ? null : `plan-${no}`,
    }));
    await insert(database, "visits", rows);
    const columns = await readRawColumns(database, tenantId, "visits", {
      fields: ["clientId", "start", "plannedVisitId"],
    });
    expect(columns.count).toBe(50_000);
    const plans = texts(columns.fields["plannedVisitId"], 50_000);
    const ids = texts(columns.id, 50_000);
    for (const row of [0, 1, 1023, 1024, 4095, 49_999]) {
      const no = numbers(columns, "clientId")[row] ?? -1;
      expect(ids[row]).toBe(`visit-${no}`);
      expect(numbers(columns, "start")[row]).toBe(start + no);
      expect(plans[row]).toBe(no % 3 === 0 ? null : `plan-${no}`);
    }
  });
});

test("references and sources are given by their numbers", async () => {
  await using system = await testDatabase();
  const { database, tenantId } = system;
  await database.pool.query(
    "INSERT INTO refs (tenant_id, no, kind, source_no, id) VALUES ($1, 2, 6, -1, 'dusch'), ($1, 0, 0, 1, 'C9'), ('0180', 7, 0, 0, 'x')",
    [tenantId],
  );
  await database.pool.query(
    "INSERT INTO sources_known (tenant_id, no, id) VALUES ($1, 1, 'files'), ($1, 0, 'lifecare')",
    [tenantId],
  );
  const refs = await readRefs(database, tenantId);
  expect(refs.id).toEqual(["C9", "", "dusch"]);
  expect([...refs.kind]).toEqual([0, -1, 6]);
  expect([...refs.source]).toEqual([1, -1, -1]);
  expect(await readSources(database, tenantId)).toEqual(["lifecare", "files"]);
});
