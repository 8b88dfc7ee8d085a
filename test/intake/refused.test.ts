import { describe, expect, test } from "vitest";
import { InvalidFile } from "#adapter";
import { isIncomplete } from "#intake";
import { seenDelivery, selectQuarantine } from "#store";
import { testDatabase } from "../support/database.ts";
import { page, pull, scripted } from "./support.ts";

describe("a file without a required column", () => {
  test("is in quarantine by name, once, with nothing of it applied; the others are read; it comes out when it can be read", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    const bad = scripted({
      visits: function* () {
        yield page([{ id: "v1" }], { place: "good.csv", delivery: "d1", deliveryComplete: true });
        throw new InvalidFile("bad.csv", 'the required column "Starttid" is missing; nothing was read.');
      },
    });
    const pulled = await pull(system, bad);
    expect(pulled).toMatchObject([{ state: "partly", accepted: 1, quarantined: 1, problem: "adapter.invalid-file" }]);
    expect(isIncomplete(pulled)).toBe(true);
    await pull(system, bad);
    const refused = await selectQuarantine(database, tenantId);
    expect(refused).toMatchObject([{ place: "bad.csv", rawPage: null, attempts: 2 }]);
    expect(refused[0]?.rule).toContain("Starttid");
    const mended = scripted({
      visits: () => [page([{ id: "v2" }], { place: "bad.csv", delivery: "d2", deliveryComplete: true })],
    });
    expect(await pull(system, mended)).toMatchObject([{ state: "ok", accepted: 1 }]);
    expect(await selectQuarantine(database, tenantId)).toEqual([]);
    expect(await seenDelivery(database, tenantId, "test", "d2", system.now())).toBe(true);
    expect(await seenDelivery(database, tenantId, "test", "d3", system.now())).toBe(false);
  });
});

describe("fields that were not expected", () => {
  test("are new once, and counted each time", async () => {
    await using system = await testDatabase();
    const source = () => scripted({ visits: () => [page([{ id: "v", note: "x" }], { unexpected: ["Extra"] })] });
    const [first] = await pull(system, source());
    const [second] = await pull(system, source());
    expect(first?.unexpected).toEqual([
      { field: "Extra", count: 1, isNew: true },
      { field: "note", count: 1, isNew: true },
    ]);
    expect(second?.unexpected.every(({ isNew }) => !isNew)).toBe(true);
    const { rows } = await system.database.pool.query("SELECT field, count FROM unexpected_fields ORDER BY field");
    expect(rows).toEqual([
      { field: "Extra", count: 2 },
      { field: "note", count: 2 },
    ]);
  });
});
