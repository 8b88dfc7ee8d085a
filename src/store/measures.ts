import { daysOfMonth, type Month, monthOf } from "#model";
import type { Measure } from "#rule";
import type { Database } from "./database.ts";
import {
  areStored,
  compareInBulk,
  deleteDiffering,
  type Evaluated,
  field,
  listOf,
  stage,
  type StagedColumns,
} from "./stage.ts";

/** What rules measured in the months from `from` through `through`, of all or of some clients and staff by key. */
export async function selectMeasures(
  { pool }: Database,
  tenantId: string,
  { from, through, people }: { from: Month; through: Month; people?: readonly string[] },
): Promise<Measure[]> {
  const { rows } = await pool.query<Measure>(
    `SELECT rule_id AS rule, slice, name, value FROM measures
      WHERE tenant_id = $1 AND month BETWEEN $2 AND $3 AND ($4::text[] IS NULL OR slice = ANY ($4))
      ORDER BY slice, rule_id, name`,
    [tenantId, from, through, people === undefined ? null : slicesOf(people, from, through)],
  );
  return rows;
}

function slicesOf(people: readonly string[], from: Month, through: Month): string[] {
  const months: Month[] = [];
  for (let month = from; month <= through; month = monthOf(daysOfMonth(month).last + 1)) months.push(month);
  return people.flatMap((key) =>
    months.flatMap((month) => [`client-month:${key}:${month}`, `staff-month:${key}:${month}`]),
  );
}

const columns: StagedColumns<Measure> = [
  field("slice", "text"),
  ["month", "text", ({ slice }) => slice.slice(-7)],
  ["rule_id", "text", ({ rule }) => rule],
  field("name", "text"),
  field("value", "float8"),
];

/** Replaces the measures of the slices that a run looked at; only what differs is written. */
export async function writeMeasures(
  database: Database,
  tenantId: string,
  run: { evaluated: Evaluated; measures: readonly Measure[] },
): Promise<void> {
  if (await areStored(database.pool, tenantId, "measures", columns, run.evaluated, run.measures)) return;
  await database.transaction(async ({ client }) => {
    await compareInBulk(client, run.evaluated);
    const staged = await stage(client, "measures", columns, ["slice", "rule_id", "name"], run.measures);
    const same = "s.slice = f.slice AND s.rule_id = f.rule_id AND s.name = f.name";
    const differing = { target: "measures", staged, same: `${same} AND s.value = f.value` };
    await deleteDiffering(client, tenantId, differing, run.evaluated);
    await client.query(
      `INSERT INTO measures (tenant_id, ${listOf(columns)}) SELECT $1, ${listOf(columns)} FROM ${staged} s
        WHERE NOT EXISTS (SELECT FROM measures f WHERE f.tenant_id = $1 AND ${same})`,
      [tenantId],
    );
  });
}
