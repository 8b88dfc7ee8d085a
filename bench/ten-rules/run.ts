// Part of bench/run.ts: ten rules over a month, from the database to written findings, by one of the contenders, in a
// process of its own. Prints one line of JSON; with --plans the plans of the SQL statements instead.
// node --expose-gc bench/ten-rules/run.ts klarsyn|postgres|duckdb|json-rules-engine DATA_FOLDER [--plans]
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "#store";

export interface Contender {
  /** Each of the timed runs. */
  seconds: number[];
  /** Where the time went, in milliseconds. */
  parts: Record<string, number>;
  /** "rule records", in order of text. */
  found: string[];
  /** Of so many visits. */
  visits: number;
}

const [name = "", folder = "data"] = process.argv.slice(2);
const plans = process.argv.includes("--plans");
await using database = await openDatabase({ folder });
// Each loads only what it needs: its memory is its own.
const contenders: Readonly<Record<string, () => Promise<Contender>>> = {
  klarsyn: async () => (await import("./klarsyn.ts")).withKlarsyn(database),
  postgres: async () => (await import("./postgres.ts")).inPostgres(database, plans),
  duckdb: async () => (await import("./duckdb.ts")).inDuckDb(database, folder, plans),
  "json-rules-engine": async () => (await import("./per-visit.ts")).perVisit(database),
};
const { found, ...rest } = await contenders[name]!();
// To look at where two contenders differ.
writeFileSync(join(folder, `found-${name}.txt`), found.join("\n"));
const hash = createHash("sha256").update(found.join("\n")).digest("hex");
if (!plans) process.stdout.write(`${JSON.stringify({ ...rest, findings: found.length, hash })}\n`);
