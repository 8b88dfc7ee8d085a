import { loadMappings } from "#mapping";
import { codeTables, visitMapping, visitRecord, visitRow } from "../test/mapping/phoniro-like.ts";

/** Microseconds of processor time to map one record of thirty columns to a visit and its plan. */
const records = 300_000;
const mapping = loadMappings({
  folders: [[...codeTables, { path: "mappings/phoniro/visits.yaml", text: visitMapping }]],
  records: new Map([["phoniro/visits", visitRow]]),
}).get("phoniro/visits");
if (mapping === undefined) throw new Error("No mapping.");
const context = { identityRef: (number: string) => `pid:${number}`, thisYear: 2026 };
for (const round of [1, 2, 3]) {
  const started = process.cpuUsage();
  let mapped = 0;
  for (let record = 0; record < records; record++) {
    const minute = String(record % 60).padStart(2, "0");
    const outcome = mapping.apply({ ...visitRecord, BesöksId: `v-${record}`, Starttid: `07:${minute}` }, context);
    if (!outcome.ok) throw new Error(`${outcome.problem.field} ${outcome.problem.rule}`);
    mapped += outcome.mapped.length;
  }
  const perRecord = process.cpuUsage(started).user / records;
  process.stdout.write(`round ${round}: ${perRecord.toFixed(2)} µs a record (${mapped / records} rows each)\n`);
}
