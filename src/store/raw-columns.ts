import pg from "pg";
import { ints, NO_DAY, octets, type RawColumns, type Refs, shortText, type TextColumn, words } from "#columns";
import {
  type Day,
  entities,
  type EntityName,
  type FieldKind,
  formatDay,
  type Instant,
  type RefKind,
  refKinds,
} from "#model";
import { copyOut, readDay, readInstant, readInt8, skipHeader } from "./copy.ts";
import type { Database } from "./database.ts";
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

// An index within a page stays below this.
const PAGE = 2 ** 20;

type Slots = Int32Array | Int8Array | Int16Array | Float64Array;

/** How a column is decoded. A switch over small integers is what the compiler makes fast. */
const SMALL = 0; // int2 or bool -> Int8Array
const WHOLE = 1; // int4 -> Int32Array
const NUMBER = 2; // int4 -> Float64Array
const REAL = 3;
const INSTANT = 4;
const DATE = 5;
const TEXT = 6;
const HEX = 7;
const SOURCE = 8; // int2 -> Int16Array
const PAGE_NO = 9; // int8, the first part of `received`
const PAGE_INDEX = 10; // int4, the second

const decoding: Readonly<Record<Exclude<FieldKind, "personal">, number>> = {
  id: TEXT,
  text: TEXT,
  json: TEXT,
  identity: HEX,
  ref: WHOLE,
  codes: WHOLE,
  enum: SMALL,
  boolean: SMALL,
  integer: NUMBER,
  decimal: REAL,
  instant: INSTANT,
  instantFrom: INSTANT,
  instantUntil: INSTANT,
  date: DATE,
};

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
  const { fields: wanted } = selection;
  const fields = Object.entries(entities[entity].fields).filter(
    ([name, { kind }]) => kind !== "personal" && (wanted === undefined || wanted.includes(name)),
  );
  const fixed = [
    { column: "source_no", how: SOURCE },
    { column: "id", how: TEXT },
    ...(selection.ranks === false
      ? []
      : [
          { column: "version", how: REAL },
          { column: "raw_page", how: PAGE_NO },
          { column: "raw_index", how: PAGE_INDEX },
        ]),
  ];
  const columns = [
    ...fixed,
    ...fields.map(([name, { kind }]) => ({
      column: columnsOfField(name, kind).at(-1)?.name ?? name,
      how: decoding[kind as Exclude<FieldKind, "personal">],
    })),
  ];
  const query = select(
    tenantId,
    entity,
    selection,
    columns.map(({ column }) => column),
  );
  const client = await database.pool.connect();
  try {
    const table = new Table(
      columns.map(({ how }) => how),
      fixed.length,
      isPart(selection) ? 0 : await estimate(client, query),
    );
    await copyOut(client, `COPY (${query}) TO STDOUT (FORMAT binary)`, table.read);
    const made = table.columns();
    const [source, id, version, received] = made.slice(0, fixed.length);
    const rest = made.slice(fixed.length);
    // A field of which no row says anything is left out.
    return {
      entity,
      count: table.count,
      source: source as Int16Array,
      id: id as TextColumn,
      version: (version as Float64Array | undefined) ?? new Float64Array(0),
      received: (received as Float64Array | undefined) ?? new Float64Array(0),
      fields: Object.fromEntries(
        fields.flatMap(([name], index) => (rest[index] === null ? [] : [[name, rest[index] as Int32Array]])),
      ),
    };
  } finally {
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

function select(tenantId: string, entity: EntityName, selection: RawSelection, columns: string[]): string {
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
  const within = `SELECT ${list} FROM ${of} t WHERE ${where} AND ${inside}`;
  if (entity !== "planned-visits") return within;
  // A plan that was moved is read with all its versions: which of them counts is known only from all.
  const other = (table: string): string =>
    `SELECT source_no, id FROM ${table} WHERE tenant_id = ${tenant} AND ${inside}`;
  const touched = history ? `${other(past)} UNION ${other(head)}` : `SELECT DISTINCT * FROM (${other(past)}) p`;
  return `${within} UNION ALL SELECT ${list} FROM ${of} t JOIN (${touched}) w ON w.source_no = t.source_no AND w.id = t.id
    WHERE ${where} AND NOT (${inside})`;
}

/** Little of much, of which nobody needs to know beforehand how much it is. */
function isPart({ of, records, limit }: RawSelection): boolean {
  return of !== undefined || records !== undefined || limit !== undefined;
}

/** Rows as the planner expects them, so that columns seldom have to grow. */
async function estimate(client: pg.ClientBase, query: string): Promise<number> {
  const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: { "Plan Rows": number } }] }>(
    `EXPLAIN (FORMAT json) ${query}`,
  );
  return Math.ceil((rows[0]?.["QUERY PLAN"][0].Plan["Plan Rows"] ?? 0) * 1.05);
}

/** Columns that grow while rows are decoded into them. Those after the first `fixed` are made when a row says something. */
class Table {
  count = 0;
  readonly #how: Uint8Array;
  readonly #slots: Array<Slots | null>;
  readonly #texts: Array<TextGrower | null>;
  #capacity: number;
  #begun = false;

  constructor(how: readonly number[], fixed: number, expected: number) {
    this.#how = Uint8Array.from(how);
    this.#capacity = Math.max(expected, 1024);
    this.#slots = how.map((kind, index) => (index < fixed ? slotsOf(kind, this.#capacity) : null));
    // Ids are kept as they are read.
    this.#texts = how.map((kind, index) =>
      index < fixed && kind === TEXT ? new TextGrower(this.#capacity, ints, octets) : null,
    );
  }

  /** Decodes the row, or the last mark, of one message. */
  readonly read = (bytes: Uint8Array, view: DataView, start: number, end: number): void => {
    let at = start;
    if (!this.#begun) {
      this.#begun = true;
      at = skipHeader(bytes, view, start);
    }
    while (at + 2 <= end && view.getInt16(at) >= 0) at = this.#row(bytes, view, at + 2);
  };

  columns(): Array<Slots | TextColumn | null> {
    const { count } = this;
    return this.#slots.map((slots, index) => slots?.subarray(0, count) ?? this.#texts[index]?.finish(count) ?? null);
  }

  #begin(column: number): void {
    const how = this.#how[column]!;
    this.#slots[column] = slotsOf(how, this.#capacity);
    if (how === TEXT || how === HEX) this.#texts[column] = new TextGrower(this.#capacity, ownInts, ownOctets);
  }

  #row(bytes: Uint8Array, view: DataView, start: number): number {
    if (this.count === this.#capacity) this.#grow();
    const row = this.count++;
    const how = this.#how;
    const slots = this.#slots;
    let at = start;
    for (let column = 0; column < how.length; column++) {
      const length = view.getInt32(at);
      at += 4;
      // Columns begin as unknown in every row.
      if (length < 0) continue;
      if (slots[column] === null && this.#texts[column] === null) this.#begin(column);
      switch (how[column]) {
        case SMALL:
          slots[column]![row] = length === 1 ? bytes[at]! : view.getInt16(at);
          break;
        case SOURCE:
          slots[column]![row] = view.getInt16(at);
          break;
        case WHOLE:
          (slots[column] as Int32Array)[row] = view.getInt32(at);
          break;
        case DATE:
          (slots[column] as Int32Array)[row] = readDay(view, at);
          break;
        case INSTANT:
          (slots[column] as Float64Array)[row] = readInstant(view, at);
          break;
        case REAL:
          (slots[column] as Float64Array)[row] = view.getFloat64(at);
          break;
        case NUMBER:
          (slots[column] as Float64Array)[row] = view.getInt32(at);
          break;
        case PAGE_NO:
          (slots[column] as Float64Array)[row] = readInt8(view, at) * PAGE;
          break;
        case PAGE_INDEX:
          (slots[column - 1] as Float64Array)[row]! += view.getInt32(at);
          break;
        case TEXT:
          this.#texts[column]!.add(row, bytes, at, length);
          break;
        default:
          this.#texts[column]!.addHex(row, bytes, at, length);
      }
      at += length;
    }
    return at;
  }

  #grow(): void {
    this.#capacity *= 2;
    for (const [index, slots] of this.#slots.entries()) {
      if (slots !== null) {
        const larger = slotsOf(this.#how[index]!, this.#capacity)!;
        larger.set(slots);
        this.#slots[index] = larger;
      }
      this.#texts[index]?.grow(this.#capacity);
    }
  }
}

/** Of a row that has not been read, and of one that does not say, all columns hold that it is unknown. */
function slotsOf(how: number, capacity: number): Slots | null {
  switch (how) {
    case SMALL:
      return new Int8Array(capacity).fill(-1);
    case SOURCE:
      return words(capacity);
    case WHOLE:
      return new Int32Array(capacity).fill(-1);
    case DATE:
      return new Int32Array(capacity).fill(NO_DAY);
    case TEXT:
    case HEX:
      return null;
    case PAGE_INDEX:
      return new Int8Array(0);
    case PAGE_NO:
      return new Float64Array(capacity);
    default:
      return new Float64Array(capacity).fill(NaN);
  }
}

const digits = new TextEncoder().encode("0123456789abcdef");

const ownInts = (length: number): Int32Array => new Int32Array(length);
const ownOctets = (length: number): Uint8Array => new Uint8Array(length);

class TextGrower {
  #bytes: Uint8Array;
  /** Where the text of each row begins; set for the rows that have one, and for the others at last. */
  #offsets: Int32Array;
  #nulls: Uint8Array;
  #used = 0;
  /** The row after the last one that has a text. */
  #next = 0;

  readonly #ints: (length: number) => Int32Array;
  readonly #octets: (length: number) => Uint8Array;

  constructor(rows: number, ofInts: typeof ints, ofOctets: typeof octets) {
    this.#ints = ofInts;
    this.#octets = ofOctets;
    // Ids of a dozen bytes are common; longer texts are few.
    this.#bytes = this.#octets(Math.max(1024, rows * 2));
    this.#offsets = this.#ints(rows + 1);
    this.#nulls = this.#octets(rows).fill(1);
  }

  add(row: number, from: Uint8Array, at: number, length: number): void {
    this.#begin(row, length);
    const bytes = this.#bytes;
    const used = this.#used;
    // A call costs more than the bytes of an id.
    if (length <= 32) for (let index = 0; index < length; index++) bytes[used + index] = from[at + index]!;
    else bytes.set(from.subarray(at, at + length), used);
    this.#used = used + length;
  }

  addHex(row: number, from: Uint8Array, at: number, length: number): void {
    this.#begin(row, length * 2);
    for (let index = at; index < at + length; index++) {
      this.#bytes[this.#used++] = digits[from[index]! >> 4]!;
      this.#bytes[this.#used++] = digits[from[index]! & 15]!;
    }
  }

  grow(rows: number): void {
    const offsets = this.#ints(rows + 1);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
    const nulls = this.#octets(rows).fill(1);
    nulls.set(this.#nulls);
    this.#nulls = nulls;
  }

  finish(rows: number): TextColumn {
    while (this.#next <= rows) this.#offsets[this.#next++] = this.#used;
    return {
      bytes: this.#bytes.subarray(0, this.#used),
      offsets: this.#offsets.subarray(0, rows + 1),
      nulls: this.#nulls.subarray(0, rows),
    };
  }

  #begin(row: number, bytes: number): void {
    while (this.#next <= row) this.#offsets[this.#next++] = this.#used;
    this.#nulls[row] = 0;
    if (this.#used + bytes <= this.#bytes.length) return;
    const larger = this.#octets(Math.max(Math.ceil(this.#bytes.length * 1.5), this.#used + bytes));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what reference numbers stand for: all, or some and all of some kinds. */
export async function readRefs(
  database: Database,
  tenantId: string,
  only?: { numbers: Iterable<number>; kinds: readonly RefKind[] },
): Promise<Refs> {
  const some =
    only === undefined
      ? ""
      : ` AND (no = ANY ('{${[...only.numbers].join(",")}}'::int[]) OR kind = ANY ('{${only.kinds.map((kind) => refKinds.indexOf(kind)).join(",")}}'::int2[]))`;
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
      `COPY (SELECT no, kind, source_no, id FROM refs WHERE tenant_id = ${pg.escapeLiteral(tenantId)}${some}) TO STDOUT (FORMAT binary)`,
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
