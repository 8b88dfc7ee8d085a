import { hash } from "node:crypto";
import pg from "pg";
import { copyIn } from "./copy.ts";
import type { StoredType } from "./tables/canonical.ts";

/** Of so few a run keeps no account: slices are found by their index, and rows need no statistics. */
const FEW = 3000;

/** Fields of a row in memory that are columns of its table, with their types; `sliceOfTime` is column `slice_of_time`. */
export type StagedColumns<Row> = ReadonlyArray<readonly [keyof Row & string, StoredType]>;

export const columnName = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What is JSON already stays as it is: nothing that is stored so is a text of its own. */
export const json = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

export interface Hashed<Item> {
  id: string;
  item: Item;
  contentHash: Buffer;
}

/** What is to be written, with a hash of what its row says in `columns`. Rows are not kept: few of them are sent. */
export function hashed<Item, Row extends { id: string }>(
  items: Iterable<Item>,
  rowOf: (item: Item) => Row,
  columns: StagedColumns<Row>,
): Array<Hashed<Item>> {
  return Array.from(items, (item) => {
    const row = rowOf(item);
    const content = JSON.stringify(columns.map(([field]) => row[field]));
    return { id: row.id, item, contentHash: hash("sha256", content, "buffer").subarray(0, 16) };
  });
}

/**
 * Copies rows into a temporary table with the columns of `target`, for the rest of the transaction, and gives its name.
 * What a target's row has beyond `columns` stays null there, and what a row does not say. Rows that agree in `unique` are
 * refused.
 */
export async function stage<Row>(
  client: pg.ClientBase,
  target: string,
  columns: StagedColumns<Row>,
  unique: ReadonlyArray<keyof Row & string>,
  rows: Iterable<Partial<Row>>,
): Promise<string> {
  const name = `staged_${target}`;
  const names = columns.map(([field]) => columnName(field));
  await client.query(
    `DROP TABLE IF EXISTS pg_temp.${name};
     CREATE TEMPORARY TABLE ${name} ON COMMIT DROP AS SELECT ${names.map((column) => `"${column}"`).join(", ")} FROM ${target} LIMIT 0`,
  );
  let count = 0;
  await copyIn(client, name, names, async (writer) => {
    for (const row of rows) {
      count++;
      writer.row();
      for (const [field, type] of columns) writer.value(type, row[field]);
      if (writer.full) await writer.drain();
    }
  });
  // Of other columns nobody asks; to look through texts of a thousand letters takes longer than to copy them.
  const key = unique.map((field) => columnName(field)).join(", ");
  const analyse = count < FEW ? "" : `; ANALYZE ${name} (${key})`;
  await client.query(`CREATE UNIQUE INDEX ${name}_unique ON ${name} (${key})${analyse}`);
  return name;
}

/** Whether these rows, and no others, are stored of the slices that were looked at; false where those are many. */
export async function areStored<Row>(
  client: pg.ClientBase,
  tenantId: string,
  target: string,
  columns: StagedColumns<Row>,
  evaluated: Evaluated,
  rows: Iterable<Row>,
): Promise<boolean> {
  if (evaluated === "all" || evaluated.size >= FEW) return false;
  const looked = await stageEvaluated(client, evaluated, "f");
  const names = columns.map(([field]) => `"${columnName(field)}"`).join(", ");
  const { rows: found } = await client.query<unknown[]>({
    text: `SELECT ${names} FROM ${target} f WHERE f.tenant_id = $1 AND ${looked}`,
    values: [tenantId],
    rowMode: "array",
  });
  const stored = new Set(found.map((values) => JSON.stringify(values)));
  const wanted = new Set(Array.from(rows, (row) => JSON.stringify(columns.map(([field]) => row[field]))));
  return stored.symmetricDifference(wanted).size === 0;
}

/**
 * Ids of those rows that the target has already, saying the same: of most nights nearly all, and what they say need not be
 * sent once more. Of a few nobody asks.
 */
export async function saidBefore(
  client: pg.ClientBase,
  tenantId: string,
  target: string,
  rows: ReadonlyArray<{ id: string; contentHash: Uint8Array }>,
): Promise<ReadonlySet<string>> {
  if (rows.length < FEW) return new Set();
  await client.query("DROP TABLE IF EXISTS pg_temp.said");
  await client.query("CREATE TEMPORARY TABLE said (id text, content_hash bytea) ON COMMIT DROP");
  await copyIn(client, "said", ["id", "content_hash"], async (writer) => {
    for (const { id, contentHash } of rows) {
      writer.row();
      writer.text(id);
      writer.bytea(contentHash);
      if (writer.full) await writer.drain();
    }
  });
  await client.query("ANALYZE said");
  const { rows: same } = await client.query<{ id: string }>(
    `SELECT s.id FROM said s JOIN ${target} f ON f.tenant_id = $1 AND f.id = s.id AND f.content_hash = s.content_hash`,
    [tenantId],
  );
  return new Set(same.map(({ id }) => id));
}

/**
 * Has the rest of the transaction compare tables by hashing. Right after much was written or deleted the planner may take
 * a table for empty and walk through all of it for each row: minutes instead of a second.
 */
export async function compareInBulk(client: pg.ClientBase, evaluated: Evaluated): Promise<void> {
  // A few slices are found by their index.
  if (evaluated !== "all" && evaluated.size < FEW) return;
  await client.query("SET LOCAL enable_nestloop = off");
}

/** Slices that a run has looked at: of anything else it says nothing. */
export type Evaluated = "all" | ReadonlySet<string>;

/** The condition that a row of alias `alias` lies in a slice that was looked at. */
export async function stageEvaluated(client: pg.ClientBase, evaluated: Evaluated, alias: string): Promise<string> {
  if (evaluated === "all") return "TRUE";
  // To make, fill and drop a table takes longer than to find a few.
  if (evaluated.size < FEW) {
    const quoted = [...evaluated].map((slice) => `"${slice.replaceAll(/["\\]/g, "\\$&")}"`);
    return `${alias}.slice = ANY (${pg.escapeLiteral(`{${quoted.join(",")}}`)}::text[])`;
  }
  await client.query("DROP TABLE IF EXISTS pg_temp.evaluated");
  await client.query("CREATE TEMPORARY TABLE evaluated (slice text PRIMARY KEY) ON COMMIT DROP");
  await copyIn(client, "evaluated", ["slice"], async (writer) => {
    for (const slice of evaluated) {
      writer.row();
      writer.text(slice);
      if (writer.full) await writer.drain();
    }
  });
  await client.query("ANALYZE evaluated");
  return `EXISTS (SELECT FROM evaluated WHERE evaluated.slice = ${alias}.slice)`;
}
