import { setImmediate } from "node:timers/promises";
import pg from "pg";
import { type Day, formatDay, type Instant, type Month } from "#model";
import { copyIn, RowWriter } from "./copy.ts";
import type { StoredType } from "./tables/canonical.ts";

/** Of so few a run keeps no account: slices are found by their index, and rows need no statistics. */
const FEW = 3000;

/** Columns of a table with their types, and what of a row is written there. */
export type StagedColumns<Row> = ReadonlyArray<readonly [name: string, type: StoredType, of: (row: Row) => unknown]>;

export const columnName = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A column that is a field of its row; `sliceOfTime` is column `slice_of_time`. */
export const field = <Name extends string>(name: Name, type: StoredType) =>
  [columnName(name), type, (row: { readonly [N in Name]: unknown }): unknown => row[name]] as const;

export const listOf = (columns: StagedColumns<never>, of = (name: string): string => name): string =>
  columns.map(([name]) => of(`"${name}"`)).join(", ");

/** What is JSON already stays as it is: nothing that is stored so is a text of its own. */
export const json = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

export interface Hashed<Item> {
  id: string;
  item: Item;
  /** See `rowHash`. */
  hash: string;
}

/** What is to be written, with a hash of what its row says, made as it is asked for. Rows are not kept: few of them are sent. */
export function* hashing<Item>(
  items: Iterable<Item>,
  about: (item: Item) => { id: string; hash: string },
): Generator<Hashed<Item>> {
  for (const item of items) yield { ...about(item), item };
}

/** So many are hashed in a few milliseconds. */
const AT_ONCE = 1000;

/** All of it at once. In between, what the database answers to others is heard: they need not wait. */
export async function hashed<Item>(...made: Parameters<typeof hashing<Item>>): Promise<Array<Hashed<Item>>> {
  const all: Array<Hashed<Item>> = [];
  for (const one of hashing(...made)) {
    all.push(one);
    if (all.length % AT_ONCE === 0) await setImmediate();
  }
  return all;
}

/** The columns of what was hashed. */
export const ofHashed = <Item>(columns: StagedColumns<Item>): StagedColumns<Hashed<Item>> => [
  field("id", "text"),
  ...columns.map(([name, type, of]) => [name, type, ({ item }: Hashed<Item>) => of(item)] as const),
  ["content_hash", "bytea", ({ hash: content }) => Buffer.from(content, "binary")],
];

/** Copies rows into a table. */
export async function copyRows<Row>(
  client: pg.ClientBase,
  table: string,
  columns: StagedColumns<Row>,
  rows: Iterable<Row>,
): Promise<number> {
  return copyParts(client, table, columns, [rows]);
}

/** Copies rows that come by and by. */
export async function copyParts<Row>(
  client: pg.ClientBase,
  table: string,
  columns: StagedColumns<Row>,
  parts: AsyncIterable<Iterable<Row>> | Iterable<Iterable<Row>>,
): Promise<number> {
  const names = columns.map(([name]) => name);
  // To take a tuple apart makes an iterator each time, and to look for the writer of a type takes as long as to write.
  const values = columns.map(([, type, of]) => ({ write: RowWriter.of(type), of }));
  return copyIn(client, table, names, async (writer) => {
    for await (const rows of parts) {
      for (const row of rows) {
        writer.row();
        for (let at = 0; at < values.length; at++) values[at]!.write.call(writer, values[at]!.of(row) ?? null);
        if (writer.full) await writer.drain();
      }
    }
  });
}

/**
 * Rows with these columns of `target` as a table of the transaction's statements, by what stands for it in SQL. Rows that
 * agree in `unique` are refused.
 */
export async function stage<Row>(
  client: pg.ClientBase,
  target: string,
  columns: StagedColumns<Row>,
  unique: readonly string[],
  rows: readonly Row[],
): Promise<string> {
  const keys = columns.filter(([name]) => unique.includes(name));
  if (new Set(rows.map((row) => JSON.stringify(keys.map(([, , of]) => of(row))))).size < rows.length)
    throw new RangeError(`Two rows of ${target} agree in ${unique.join(", ")}.`);
  if (rows.length < FEW) return inPlace(columns, rows);
  const name = `staged_${target}`;
  await client.query(
    `DROP TABLE IF EXISTS pg_temp.${name};
     CREATE TEMPORARY TABLE ${name} ON COMMIT DROP AS SELECT ${listOf(columns)} FROM ${target} LIMIT 0`,
  );
  await copyRows(client, name, columns, rows);
  // Of other columns nobody asks; to look through texts of a thousand letters takes longer than to copy them.
  await client.query(`ANALYZE ${name} (${unique.join(", ")})`);
  return name;
}

/** No more of what was found than what tells whether it is stored already, as a table of the transaction's statements. */
export async function stageHashes(client: pg.ClientBase, rows: ReadonlyArray<Hashed<unknown>>): Promise<string> {
  if (rows.length < FEW) return inPlace(ofHashed([]), rows);
  await client.query(
    "DROP TABLE IF EXISTS pg_temp.said; CREATE TEMPORARY TABLE said (id text, content_hash bytea) ON COMMIT DROP",
  );
  await copyRows(client, "said", ofHashed([]), rows);
  await client.query("ANALYZE said");
  return "said";
}

/** Rows within the statement: to make and drop a temporary table takes longer, and the planner knows nothing of one. */
function inPlace<Row>(columns: StagedColumns<Row>, rows: readonly Row[]): string {
  const arrays = columns.map(([, type, of]) =>
    arrayOf(
      rows.map((row) => asText(type, of(row) ?? null)),
      type,
    ),
  );
  return `(SELECT * FROM unnest(${arrays.join(", ")}) AS u (${listOf(columns)}))`;
}

function asText(type: StoredType, value: unknown): string | null {
  if (value === null) return null;
  if (type === "date") return formatDay(value as Day);
  if (type === "timestamptz") return new Date(value as Instant).toISOString();
  return type === "bytea" ? `\\x${(value as Buffer).toString("hex")}` : String(value as string | number | boolean);
}

/** Ids of what is stored of the slices that were looked at, under a condition, and is not among the staged hashes any more. */
export async function selectGone(
  client: pg.ClientBase,
  tenantId: string,
  target: string,
  { evaluated, staged, condition }: { evaluated: Evaluated; staged: string; condition: string },
): Promise<string[]> {
  const { rows } = await client.query<[id: string, slice: string]>({
    text: `SELECT f.id, f.slice FROM ${target} f WHERE f.tenant_id = $1 AND ${condition}
        AND ${mayBeLookedAt(evaluated, "f")} AND NOT EXISTS (SELECT FROM ${staged} s WHERE s.id = f.id)`,
    values: [tenantId],
    rowMode: "array",
  });
  return rows.filter(([, slice]) => isLookedAt(evaluated, slice)).map(([id]) => id);
}

/**
 * Deletes what is stored of slices that were looked at and is no longer said. `same` is the condition that a row `s` of
 * `staged` says what a stored row `f` says.
 */
export async function deleteDiffering(
  client: pg.ClientBase,
  tenantId: string,
  { target, staged, same }: { target: string; staged: string; same: string },
  evaluated: Evaluated,
): Promise<void> {
  const differs = `NOT EXISTS (SELECT FROM ${staged} s WHERE ${same})`;
  const { rows } = await client.query<{ slice: string }>(
    `SELECT DISTINCT f.slice FROM ${target} f WHERE f.tenant_id = $1 AND ${mayBeLookedAt(evaluated, "f")} AND ${differs}`,
    [tenantId],
  );
  const slices = rows.map(({ slice }) => slice).filter((slice) => isLookedAt(evaluated, slice));
  if (slices.length === 0) return;
  await client.query(`DELETE FROM ${target} f WHERE f.tenant_id = $1 AND f.slice = ANY ($2) AND ${differs}`, [
    tenantId,
    slices,
  ]);
}

/** Whether a tenant has nothing in a table yet that so many rows are to be written to: none of them need be held against it. */
export async function isFirst(client: pg.ClientBase, tenantId: string, target: string, rows: number): Promise<boolean> {
  return rows >= FEW && (await isEmpty(client, tenantId, target));
}

/** Whether a tenant has nothing in a table. */
export async function isEmpty(client: pg.ClientBase | pg.Pool, tenantId: string, target: string): Promise<boolean> {
  const { rowCount } = await client.query(`SELECT FROM ${target} WHERE tenant_id = $1 LIMIT 1`, [tenantId]);
  return rowCount === 0;
}

/** Whether these rows, and no others, are stored of the slices that were looked at; false where those are many. */
export async function areStored<Row>(
  client: pg.ClientBase | pg.Pool,
  tenantId: string,
  target: string,
  columns: StagedColumns<Row>,
  evaluated: Evaluated,
  rows: Iterable<Row>,
): Promise<boolean> {
  if (!areFew(evaluated)) return false;
  const { rows: found } = await client.query<unknown[]>({
    text: `SELECT ${listOf(columns)} FROM ${target} f WHERE f.tenant_id = $1 AND ${mayBeLookedAt(evaluated, "f")}`,
    values: [tenantId],
    rowMode: "array",
  });
  const stored = new Set(found.map((values) => JSON.stringify(values)));
  const wanted = new Set(Array.from(rows, (row) => JSON.stringify(columns.map(([, , of]) => of(row)))));
  return stored.symmetricDifference(wanted).size === 0;
}

/**
 * Has the rest of the transaction compare tables by hashing. Right after much was written or deleted the planner may take
 * a table for empty and walk through all of it for each row: minutes instead of a second. What is sorted, hashed or handed
 * to a trigger then fits into memory.
 */
export async function compareInBulk(client: pg.ClientBase, evaluated: Evaluated): Promise<void> {
  // A few slices are found by their index.
  if (!areFew(evaluated)) await client.query("SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'");
}

/** Slices that a run has looked at: of anything else it says nothing. */
export type Evaluated = "all" | ReadonlySet<string> | { months: readonly Month[]; covers: (slice: string) => boolean };

const areFew = (evaluated: Evaluated): boolean => evaluated instanceof Set && evaluated.size < FEW;

/** The condition that a row of alias `alias` lies in a slice that was looked at, or in a month of which some were: `isLookedAt` tells. */
function mayBeLookedAt(evaluated: Evaluated, alias: string): string {
  if (evaluated === "all") return "TRUE";
  if ("months" in evaluated) {
    const months = arrayOf(evaluated.months);
    // A slice's name ends with its month or its day.
    return `(right(${alias}.slice, 7) = ANY (${months}) OR left(right(${alias}.slice, 10), 7) = ANY (${months}))`;
  }
  return `${alias}.slice = ANY (${arrayOf(evaluated)})`;
}

const isLookedAt = (evaluated: Evaluated, slice: string): boolean =>
  evaluated === "all" || ("months" in evaluated ? evaluated.covers(slice) : evaluated.has(slice));

function arrayOf(texts: Iterable<string | null>, type: StoredType = "text"): string {
  const quoted = Array.from(texts, (text) => (text === null ? "NULL" : `"${text.replaceAll(/["\\]/g, "\\$&")}"`));
  return `${pg.escapeLiteral(`{${quoted.join(",")}}`)}::${type}[]`;
}
