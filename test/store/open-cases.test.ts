import { expect, test } from "vitest";
import { day, instant } from "#model";
import { openCases, tables, writeFindings } from "#store";
import { testDatabase } from "../support/database.ts";
import { finding } from "../support/finding.ts";

const at = instant("2026-10-06T01:00:00Z");

test("of several findings about one record the highest stake counts, however its id is written", async () => {
  await using system = await testDatabase();
  const { database, tenantId } = system;
  const record = (id: string) => ({ entity: "visits", source: "files", id });
  const about = (ids: string[], minutes: number) => ({ records: ids.map(record), minutes, amountOre: minutes * 100 });
  // Ids that look like the end of a record in JSON, and two that begin alike.
  const [odd, oddToo] = [`v"},{"1`, `v"},{"12`];
  const findings = [
    finding("a", about([odd], 10)),
    finding("b", about([odd, "v-9"], 20)),
    finding("c", about([oddToo], 5)),
    finding("d", about(["v]"], 3)),
    finding("e", about(["v]", oddToo], 2)),
    finding("f", about([], 1)),
    finding("g", about([], 1)),
  ];
  await writeFindings(database, tenantId, { evaluated: "all", findings, at });
  await openCases(database, tenantId, { at, today: day("2026-10-06"), precision: async () => new Map() });
  const cases = await database.orm.select().from(tables.cases);
  expect(cases).toMatchObject([{ findings: 7, stakeMinutes: 20 + 5 + 3 + 1 + 1, stakeOre: 3000 }]);
});
