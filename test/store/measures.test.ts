import { describe, expect, test } from "vitest";
import type { Measure } from "#rule";
import { selectMeasures, writeMeasures } from "#store";
import { testDatabase } from "../support/database.ts";

const slice = (client: string, month: string) => `client-month:${client}:${month}`;
const of = (client: string, month: string, value: number): Measure => ({
  rule: "full-utilisation",
  slice: slice(client, month),
  name: "granted",
  value,
});

describe("measures", () => {
  test("of the slices that a run looked at are replaced, others stay", async () => {
    await using system = await testDatabase();
    const { database } = system;
    const all = [of("C1", "2026-08", 1), of("C1", "2026-09", 2), of("C2", "2026-09", 3)];
    await writeMeasures(database, "north", { evaluated: "all", measures: all });
    await writeMeasures(database, "south", { evaluated: "all", measures: all });
    await writeMeasures(database, "north", {
      evaluated: new Set([slice("C1", "2026-09"), slice("C2", "2026-09")]),
      measures: [of("C1", "2026-09", 20)],
    });
    const read = (tenant: string, from: string, through: string) => selectMeasures(database, tenant, { from, through });
    expect(await read("north", "2026-08", "2026-09")).toEqual([of("C1", "2026-08", 1), of("C1", "2026-09", 20)]);
    expect(await read("north", "2026-09", "2026-10")).toEqual([of("C1", "2026-09", 20)]);
    expect(await read("south", "2026-08", "2026-09")).toEqual(all);
  });
});
