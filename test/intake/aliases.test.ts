import { describe, expect, test } from "vitest";
import { importAliases, listAliases, setAlias, undoAlias } from "#intake";
import { clearDirty, selectAliases, selectSourceFacts, selectSourceHealth, takeDirty } from "#store";
import { testDatabase } from "../support/database.ts";
import { deliver, intakeOf, page, pull, scripted } from "./support.ts";

type System = Awaited<ReturnType<typeof testDatabase>>;

/** Twenty visits of each client at the client's own times, told by two systems with ids of their own. */
async function twoSystems(system: System): Promise<void> {
  const told = (prefix: string, late: number) =>
    Array.from({ length: 60 }, (_, at) => ({
      id: `${prefix}-${at}`,
      client: `${prefix}${at % 3}`,
      staff: `${prefix}s${at % 2}`,
      start: new Date(Date.UTC(2026, 9, 1 + Math.floor(at / 6), 6 + (at % 6) * 2, (at % 3) * 20 + late)).toISOString(),
    }));
  await pull(system, scripted({ visits: () => [page(told("A", 0))] }, {}, "one"));
  await pull(system, scripted({ visits: () => [page(told("B", 4))] }, {}, "two"));
}

describe("listAliases", () => {
  test("proposes by visits whose times fit; what is decided is no longer unresolved", async () => {
    await using system = await testDatabase();
    const intake = intakeOf(system);
    await twoSystems(system);
    const { unresolved } = await listAliases(intake);
    const proposed = unresolved.find(({ kind, source, id }) => kind === "client" && source === "two" && id === "B1");
    expect(proposed?.proposals).toEqual([
      { source: "one", id: "A1", evidence: expect.stringMatching(/^20 av 20 besökstider inom 15 minuter/) },
    ]);
    for (const no of [0, 1, 2]) {
      const alias = { kind: "client", source: "two", id: `B${no}`, sameAsSource: "one", sameAsId: `A${no}` } as const;
      expect(await setAlias(intake, alias, "Handläggare")).toBe(true);
      expect(await setAlias(intake, alias, "Handläggare")).toBe(false);
    }
    const after = await listAliases(intake);
    expect(after.unresolved.filter(({ kind }) => kind === "client")).toEqual([]);
    expect(after.decided).toHaveLength(3);
    // With the clients joined, staff are known by the same visits to the same clients.
    const staff = after.unresolved.find(({ kind, id }) => kind === "staff" && id === "Bs1");
    expect(staff?.proposals[0]).toMatchObject({ source: "one", id: "As1" });
  });

  test("joins by identity number without anybody's decision", async () => {
    await using system = await testDatabase();
    const record = (id: string) => [{ id, number: "188001019999", name: "Ingen" }];
    await pull(system, scripted({ clients: () => [page(record("K1"))] }, {}, "one"));
    await pull(system, scripted({ clients: () => [page(record("C1"))] }, {}, "two"));
    const { automatic, unresolved } = await listAliases(intakeOf(system));
    expect(automatic).toMatchObject([{ kind: "client", evidence: "samma personnummer" }]);
    expect(unresolved).toEqual([]);
  });
});

describe("importAliases", () => {
  test("adds what fits, says the line of what does not, and undoing keeps the row", async () => {
    await using system = await testDatabase();
    const intake = intakeOf(system);
    async function* csv() {
      yield "kind;source;id;sameAsSource;sameAsId;validFrom;validTo;evidence\n";
      yield "client;two;B1;one;A1;;;möte\nperson;two;B2;one;A2;;;\nstaff;two;S1;one;P1;2026-01-01;2026-06-30;\n";
      yield "client;two;B1;one;A9;;;\n";
    }
    const first = await importAliases(intake, csv(), "Handläggare");
    expect(first).toMatchObject({ added: 2, unchanged: 0 });
    expect(first.refused.map(({ line }) => line)).toEqual([3, 5]);
    expect(await importAliases(intake, csv(), "Handläggare")).toMatchObject({ added: 0, unchanged: 2 });
    const { decided } = await listAliases(intake);
    expect(decided[0]).toMatchObject({ evidence: "möte", who: "Handläggare", at: system.now() });
    expect(await undoAlias(intake, decided[0]?.no ?? 0, "Chef")).toBe(true);
    expect(await selectAliases(system.database, system.tenantId)).toMatchObject([{ kind: "staff", id: "S1" }]);
  });
});

describe("what changed", () => {
  test("is marked by client and day, once taken and cleared it is gone, and what came after stays", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    await deliver(system, "visits", [{ id: "v", version: 1, client: "C1", staff: "S1" }]);
    const first = await takeDirty(database, tenantId);
    expect(first).toMatchObject({ all: false, days: [], months: ["2026-10"] });
    expect([first.clients.length, first.staff.length]).toEqual([1, 1]);
    await deliver(system, "visits", [{ id: "v", version: 2, client: "C1", start: "2026-11-02T08:00:00+01:00" }]);
    await clearDirty(database.pool, tenantId, first.upTo);
    const second = await takeDirty(database, tenantId);
    // The day that it left and the day that it came to.
    expect(second.months).toEqual(["2026-10", "2026-11"]);
    await clearDirty(database.pool, tenantId, second.upTo);
    await deliver(system, "visits", [{ id: "v", version: 2, client: "C1", start: "2026-11-02T08:00:00+01:00" }]);
    expect(await takeDirty(database, tenantId)).toMatchObject({ all: false, clients: [], staff: [], days: [] });
  });
});

describe("a source", () => {
  test("that fails is down, and the others go on; the outage and the arrivals are known", async () => {
    await using system = await testDatabase();
    const failing = scripted({
      orders: () => {
        throw new Error("no answer");
      },
      visits: () => [page([{ id: "v", start: "2026-11-01T05:00:00Z" }])],
    });
    const pulled = await pull(system, failing);
    expect(pulled.map(({ resource, state }) => [resource, state])).toEqual([
      ["visits", "ok"],
      ["orders", "down"],
    ]);
    const health = await selectSourceHealth(system.database, system.tenantId);
    expect(health.find(({ resource }) => resource === "orders")?.outages).toEqual([
      { from: system.now(), until: null },
    ]);
    expect(health.find(({ resource }) => resource === "visits")).toMatchObject({ aheadMs: 5_400_000, aheadId: "v" });
    expect(await selectSourceFacts(system.database, system.tenantId, () => 24)).toEqual([
      { source: "test", everyHours: 24, arrivals: [{ at: Date.parse("2026-11-01T03:00:00Z"), records: 1 }] },
    ]);
  });

  test("that answers with nothing for longer than twice its usual time is silent", async () => {
    await using system = await testDatabase();
    let day = 0;
    const now = () => system.now() + day * 86_400_000;
    for (; day < 8; day++) await pull(system, scripted({ visits: () => [page([{ id: `v${day}` }])] }), { now });
    const [next] = await pull(system, scripted({ visits: () => [] }), { now });
    day += 2;
    const [later] = await pull(system, scripted({ visits: () => [] }), { now });
    expect([next?.state, later?.state]).toEqual(["ok", "silent"]);
  });
});
