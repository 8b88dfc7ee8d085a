import { rmSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Database } from "#store";
import { dump } from "../dump.ts";
import { inOrder, prepared, prepareSilences } from "./postgres.ts";
import { ROUNDS } from "./rounds.ts";
import type { Contender } from "./run.ts";
import { duckdb, tenRules } from "./sql.ts";

/** What DuckDB reads, in the types that it compares fastest. Instants become UTC without a zone. */
const tables: Readonly<Record<string, { columns: string; order?: string }>> = {
  v: {
    columns:
      "id VARCHAR, source_no SMALLINT, client INTEGER, staff INTEGER, unit INTEGER, day DATE, start TIMESTAMP, ended TIMESTAMP, status TINYINT, service INTEGER, law TINYINT, group_code VARCHAR, received_at TIMESTAMP, start_proof TINYINT, end_proof TINYINT",
  },
  homes: {
    columns:
      "client INTEGER, household INTEGER, deceased_on DATE, building VARCHAR, exact BOOLEAN, latitude DOUBLE, longitude DOUBLE",
  },
  unit_providers: { columns: "unit INTEGER, provider INTEGER" },
  kinds: { columns: "service INTEGER, code VARCHAR, kind TINYINT, away BOOLEAN" },
  ordered: { columns: "client INTEGER, provider INTEGER, valid_from DATE, valid_to DATE, ordered_on DATE" },
  lines_ordered: {
    columns: "client INTEGER, provider INTEGER, watch BOOLEAN, staffing INTEGER, valid_from DATE, valid_to DATE",
  },
  absent: { columns: "id VARCHAR, client INTEGER, start TIMESTAMP, ended TIMESTAMP, kind TINYINT" },
  special_shifts: { columns: "staff INTEGER, start TIMESTAMP, ended TIMESTAMP" },
  deadlines: { columns: "day DATE, deadline DATE" },
  silences: { columns: "source_no SMALLINT, start TIMESTAMP, ended TIMESTAMP" },
};

export async function inDuckDb(database: Database, folder: string, plans: boolean): Promise<Contender> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connection = await instance.connect();
  const client = await database.pool.connect();
  try {
    await client.query("SET timezone TO 'Europe/Stockholm'");
    for (const text of prepared()) await client.query(text);
    await prepareSilences(client);
    await client.query("SET timezone TO 'UTC'");
    for (const [name, { columns }] of Object.entries(tables)) {
      const file = join(folder, `${name}.csv`);
      const names = columns.split(", ").map((column) => column.split(" ")[0]!);
      const list = names.map((one) =>
        /TIMESTAMP/.test(columns.split(", ")[names.indexOf(one)]!) ? `${one}::timestamp` : one,
      );
      await dump(client, `COPY (SELECT ${list.join(", ")} FROM ${name}) TO STDOUT (FORMAT csv)`, file);
      await connection.run(
        `CREATE TABLE ${name} (${columns}); COPY ${name} FROM '${file}' (FORMAT csv, HEADER false, AUTO_DETECT false, NULLSTR '')`,
      );
      rmSync(file);
    }
    const seconds: number[] = [];
    const parts: Record<string, number> = {};
    for (let round = 0; round < (plans ? 1 : ROUNDS); round++) {
      await connection.run(
        "DROP TABLE IF EXISTS found; DROP TABLE IF EXISTS staff_pairs; DROP TABLE IF EXISTS judged; DROP TABLE IF EXISTS short; DROP TABLE IF EXISTS client_pairs; DROP TABLE IF EXISTS journeys; DROP TABLE IF EXISTS odd",
      );
      await connection.run(
        "CREATE TABLE found (rule VARCHAR, records VARCHAR, minutes INTEGER, reason VARCHAR, evidence VARCHAR)",
      );
      const started = performance.now();
      for (const { what, text } of tenRules(duckdb)) {
        const from = performance.now();
        if (plans) {
          const reader = await connection.runAndReadAll(`EXPLAIN ANALYZE ${text}`);
          process.stdout.write(`-- ${what}\n${reader.getRows().flat().join("\n")}\n`);
        } else await connection.run(text);
        parts[what] = Math.round(performance.now() - from);
      }
      seconds.push((performance.now() - started) / 1000);
    }
    const found = await connection.runAndReadAll("SELECT rule || ' ' || records FROM found");
    const visits = await connection.runAndReadAll("SELECT count(*)::int FROM v");
    return {
      seconds,
      parts,
      visits: Number(visits.getRows()[0]![0]),
      found: found
        .getRows()
        .map(([text]) => inOrder(String(text)))
        .sort(),
    };
  } finally {
    client.release(true);
    connection.closeSync();
  }
}
