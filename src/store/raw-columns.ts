import pg from "pg";
import { type RawColumns, type Refs, shortText, type TextColumn } from "#columns";
import { type Day, entities, type EntityName, formatDay, type Instant } from "#model";
import { copyOut, skipHeader } from "./copy.ts";
import type { Database } from "./database.ts";
import { daysAtHand, readDayBlocks } from "./day-blocks.ts";
import { columnsOfFields, PAGE_INDEX, PAGE_NO, RawTable, REAL, rowSource } from "./raw-table.ts";
import type { SourceId } from "./same-people.ts";
import { columnsOfField, tableName } from "./tables/canonical.ts";

export interface RawSelection {
  /** Names of canonical fields; without it all that columns can hold. */
  fields?: readonly string[];
  /** Days of the entity's `day`, both included. Entities without one are read whole. */
  fromDay?: Day;
  throughDay?: Day;
  /** Versions that are not in force instead of those that are. */
  history?: boolean;
  /** Only rows of which one of the fields holds one of the references. */
  of?: ReadonlyArray<{ field: string; refs: readonly number[] }>;
  /** Only these records; with `of`, also these. */
  records?: readonly SourceId[];
  /** No more rows than this. */
  limit?: number;
  /** All rows, of which there are few in any municipality. */
  few?: boolean;
  /** Without, `version` and `received` stay empty: of records in force few need to know them. Default true. */
  ranks?: boolean;
  /**
   * As it was known at an instant, with the pages of the ledger up to one: what was received later, or came out of
   * quarantine later, is left out.
   */
  known?: Known;
}

export interface Known {
  upToPage: number;
  at: Instant;
}

/**
 * Reads rows of an entity into columns, in no particular order: by binary COPY, decoded where it lies, without an
 * object per row. Deleted records are left out; of the history they are not.
 */
export async function readRawColumns(
  database: Database,
  tenantId: string,
  entity: EntityName,
  selection: RawSelection = {},
): Promise<RawColumns> {
  const fields = columnsOfFields(entity, selection.fields);
  const fixed = [
    ...rowSource,
    ...(selection.ranks === false
      ? []
      : [
          { name: "version", how: REAL },
          { name: "raw_page", how: PAGE_NO },
          { name: "raw_index", how: PAGE_INDEX },
        ]),
  ];
  const columns = [...fixed, ...fields];
  const client = await database.pool.connect();
  let one = false;
  try {
    const { fromDay, throughDay } = selection;
    let blocks = null;
    if (isWhole(selection) && fromDay !== undefined && throughDay !== undefined) {
      // Which days there are blocks of, the blocks and all other rows are of one moment.
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      one = true;
      const names = fields.map(({ field }) => field);
      blocks = await daysAtHand(client, tenantId, entity, { fields: names, from: fromDay, through: throughDay });
    }
    const names = columns.map(({ name }) => name);
    const query = select(tenantId, entity, selection, names, blocks === null ? null : [...blocks.rowOf.keys()]);
    const table = new RawTable(
      columns.map(({ how }) => how),
      fixed.length,
      isPart(selection) || blocks !== null ? 0 : await estimate(client, query),
    );
    await copyOut(client, `COPY (${query}) TO STDOUT (FORMAT binary)`, table.read);
    const made = table.columns();
    const [source, id, version, received] = made.slice(0, fixed.length);
    const rest = made.slice(fixed.length);
    // A field of which no row says anything is left out.
    const read: RawColumns = {
      entity,
      count: table.count,
      source: source as Int16Array,
      id: id as TextColumn,
      version: (version as Float64Array | undefined) ?? new Float64Array(0),
      received: (received as Float64Array | undefined) ?? new Float64Array(0),
      fields: Object.fromEntries(
        fields.flatMap(({ field }, index) => (rest[index] === null ? [] : [[field, rest[index] as Int32Array]])),
      ),
    };
    return blocks === null ? read : await readDayBlocks(client, tenantId, blocks, read);
  } finally {
    if (one) await client.query("ROLLBACK").catch(() => undefined);
    client.release();
  }
}

/** All versions known then of the records of which some version lies in the days, numbered from the one in force. */
function selectKnown(
  tenantId: string,
  entity: EntityName,
  { fromDay, throughDay, history = false }: RawSelection,
  { upToPage, at }: Known,
  columns: string[],
): string {
  const tenant = pg.escapeLiteral(tenantId);
  const days = [
    ...(fromDay === undefined ? [] : [`day >= '${formatDay(fromDay)}'`]),
    ...(throughDay === undefined ? [] : [`day <= '${formatDay(throughDay)}'`]),
  ];
  const dated = entities[entity].day !== null && days.length > 0;
  const tables = [tableName(entity), `${tableName(entity)}_history`];
  const names = [...new Set([...columns, "deleted", "raw_page", "raw_index", "version", ...(dated ? ["day"] : [])])];
  const list = names.map((name) => pg.escapeIdentifier(name)).join(", ");
  const all = tables.map((table) => `SELECT ${list} FROM ${table} WHERE tenant_id = ${tenant}`).join(" UNION ALL ");
  const touched = tables
    .map((table) => `SELECT source_no, id FROM ${table} WHERE tenant_id = ${tenant} AND ${days.join(" AND ")}`)
    .join(" UNION ");
  const numbered = `SELECT ${list}, row_number() OVER (PARTITION BY source_no, id
      ORDER BY coalesce(version, '-infinity'::float8) DESC, raw_page DESC, raw_index DESC) AS nth
    FROM (${all}) a WHERE raw_page <= ${upToPage}
      ${dated ? `AND (source_no, id) IN (${touched})` : ""}
      AND NOT EXISTS (SELECT FROM quarantine q WHERE q.tenant_id = ${tenant} AND q.raw_page = a.raw_page
        AND q.raw_index = a.raw_index AND (q.state = 'open' OR q.changed_at > '${new Date(at).toISOString()}'))`;
  const chosen = columns.map((name) => `t.${pg.escapeIdentifier(name)}`).join(", ");
  if (history) return `SELECT ${chosen} FROM (${numbered}) t WHERE nth > 1`;
  // Of plans that were moved all versions count, wherever the last one lies.
  const inside = dated && entity !== "planned-visits" ? `AND ${days.join(" AND ")}` : "";
  return `SELECT ${chosen} FROM (${numbered}) t WHERE nth = 1 AND NOT deleted ${inside}`;
}

/** Without the days in `except`: of those the rows in force are known already. */
function select(
  tenantId: string,
  entity: EntityName,
  selection: RawSelection,
  columns: string[],
  except: readonly Day[] | null,
): string {
  if (selection.known !== undefined) return selectKnown(tenantId, entity, selection, selection.known, columns);
  const { fromDay, throughDay, history = false } = selection;
  const [head, past] = [tableName(entity), `${tableName(entity)}_history`];
  const tenant = pg.escapeLiteral(tenantId);
  const list = columns.map((name) => `t.${pg.escapeIdentifier(name)}`).join(", ");
  const of = history ? past : head;
  const where = [`t.tenant_id = ${tenant}`, ...(history ? [] : ["NOT t.deleted"])].join(" AND ");
  const days: string[] = [];
  if (entities[entity].day !== null) {
    // COPY takes no parameters.
    if (fromDay !== undefined) days.push(`day >= '${formatDay(fromDay)}'`);
    if (throughDay !== undefined) days.push(`day <= '${formatDay(throughDay)}'`);
  }
  const some = (selection.of ?? []).map(({ field, refs }) => {
    const column = columnsOfField(field, entities[entity].fields[field]!.kind).at(-1)!.name;
    return `${pg.escapeIdentifier(column)} = ANY ('{${refs.join(",")}}'::int[])`;
  });
  if (selection.records !== undefined) {
    const numbers = selection.records.map(({ source }) => source).join(",");
    const ids = selection.records.map(({ id }) => pg.escapeLiteral(id)).join(", ");
    some.push(`(source_no, id) IN (SELECT * FROM unnest('{${numbers}}'::int2[], ARRAY[${ids}]::text[]))`);
  }
  if (some.length > 0) days.push(`(${some.join(" OR ")})`);
  if (selection.limit !== undefined) return `SELECT ${list} FROM ${of} t WHERE ${where} LIMIT ${selection.limit}`;
  if (days.length === 0) return `SELECT ${list} FROM ${of} t WHERE ${where}`;
  const inside = days.join(" AND ");
  const within = `SELECT ${list} FROM ${of} t WHERE ${where} AND ${except === null ? inside : otherDays(selection, except)}`;
  if (entity !== "planned-visits") return within;
  // A plan that was moved is read with all its versions: which of them counts is known only from all.
  const other = (table: string): string =>
    `SELECT source_no, id FROM ${table} WHERE tenant_id = ${tenant} AND ${inside}`;
  const touched = history ? `${other(past)} UNION ${other(head)}` : `SELECT DISTINCT * FROM (${other(past)}) p`;
  return `${within} UNION ALL SELECT ${list} FROM ${of} t JOIN (${touched}) w ON w.source_no = t.source_no AND w.id = t.id
    WHERE ${where} AND NOT (${inside})`;
}

/** Each of them by itself, so that the index finds them without walking past the rows of the others. */
function otherDays({ fromDay = 0, throughDay = 0 }: RawSelection, except: readonly Day[]): string {
  const others = Array.from({ length: throughDay - fromDay + 1 }, (_, index) => fromDay + index).filter(
    (day) => !except.includes(day),
  );
  return `day = ANY ('{${others.map(formatDay).join(",")}}'::date[])`;
}

/** All rows in force as they are now, and nothing of where they come from but their source and id. */
function isWhole({ history = false, known, ranks = true, ...rest }: RawSelection): boolean {
  return !history && known === undefined && !ranks && !isPart(rest);
}

/** Little of much, of which nobody needs to know beforehand how much it is. */
function isPart({ of, records, limit, few = false }: RawSelection): boolean {
  return of !== undefined || records !== undefined || limit !== undefined || few;
}

/** Rows as the planner expects them, so that columns seldom have to grow. */
async function estimate(client: pg.ClientBase, query: string): Promise<number> {
  const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: { "Plan Rows": number } }] }>(
    `EXPLAIN (FORMAT json) ${query}`,
  );
  return Math.ceil((rows[0]?.["QUERY PLAN"][0].Plan["Plan Rows"] ?? 0) * 1.05);
}

/** Reads what all reference numbers stand for. */
export async function readRefs(database: Database, tenantId: string): Promise<Refs> {
  const numbers: number[] = [];
  const kinds: number[] = [];
  const sources: number[] = [];
  const ids: string[] = [];
  let size = 0;
  let begun = false;
  const client = await database.pool.connect();
  try {
    await copyOut(
      client,
      `COPY (SELECT no, kind, source_no, id FROM refs WHERE tenant_id = ${pg.escapeLiteral(tenantId)}) TO STDOUT (FORMAT binary)`,
      (bytes, view, start, end) => {
        let at = start;
        if (!begun) {
          begun = true;
          at = skipHeader(bytes, view, start);
        }
        // Of each column its length, then its bytes: none is null.
        for (; at + 2 <= end && view.getInt16(at) >= 0; at += 26 + view.getInt32(at + 22)) {
          const no = view.getInt32(at + 6);
          numbers.push(no);
          size = Math.max(size, no + 1);
          kinds.push(view.getInt16(at + 14));
          sources.push(view.getInt16(at + 20));
          ids.push(shortText(bytes, at + 26, view.getInt32(at + 22)));
        }
      },
    );
  } finally {
    client.release();
  }
  const kind = new Int8Array(size).fill(-1);
  const source = new Int16Array(size).fill(-1);
  const id = Array.from<string>({ length: size }).fill("");
  numbers.forEach((no, index) => {
    kind[no] = kinds[index]!;
    source[no] = sources[index]!;
    id[no] = ids[index]!;
  });
  return { kind, source, id };
}

/** Ids of a tenant's sources; the index is the number in canonical rows. */
export async function readSources(database: Database, tenantId: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ no: number; id: string }>(
    "SELECT no, id FROM sources_known WHERE tenant_id = $1 ORDER BY no",
    [tenantId],
  );
  const sources: string[] = [];
  for (const { no, id } of rows) sources[no] = id;
  return sources;
}
