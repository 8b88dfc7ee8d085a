import { createHash } from "node:crypto";
import pg from "pg";
import { ints, neededFields, octets, type RawColumns, shortText, type TextColumn } from "#columns";
import { type Day, entities, type EntityName, entityNames, formatDay } from "#model";
import { copyIn, copyOut, readDay, skipHeader } from "./copy.ts";
import type { Database } from "./database.ts";
import {
  columnsOfFields,
  DATE,
  HEX,
  ownInts,
  ownOctets,
  type RawColumn,
  RawTable,
  rowSource,
  type Slots,
  slotsOf,
  TEXT,
} from "./raw-table.ts";
import { tableName } from "./tables/canonical.ts";

/*
 * A night reads a month of which little has changed since the night before. Of days with many rows the columns are kept as
 * they lie in memory, one value of bytes for each: numbers of two, four or eight bytes one after the other, of texts
 * first the length of each (-1: unknown), then all bytes. Little end first, as on every machine that Node runs on.
 */

/** A day of fewer rows is read as fast from its rows. */
const ROWS_MIN = 2000;
/** So many rows are held in memory at once, or those of one day. */
const ROWS_AT_ONCE = 200_000;

const hasDays = (entity: EntityName): boolean => entities[entity].day !== null && neededFields[entity] !== undefined;

/** The columns that are kept of an entity: where a row comes from, and what tables are built from. */
const columnsOf = (entity: EntityName, wanted: readonly string[]): RawColumn[] => [
  ...rowSource,
  ...columnsOfFields(entity, wanted),
];

const layouts = new Map<EntityName, string>();
function layoutOf(entity: EntityName): string {
  const known = layouts.get(entity);
  if (known !== undefined) return known;
  const text = JSON.stringify(columnsOf(entity, neededFields[entity] ?? []));
  const layout = createHash("sha256").update(text).digest("hex").slice(0, 16);
  layouts.set(entity, layout);
  return layout;
}

const dayList = (days: Iterable<Day>): string => `'{${[...days].map(formatDay).join(",")}}'::date[]`;
const isText = (how: number): boolean => how === TEXT || how === HEX;

/**
 * Writes the columns of days that have changed, and drops those of days that have few rows by now. Returns how many days
 * it wrote. May run beside anything: what changes meanwhile is found changed the next time.
 */
export async function writeDayBlocks(database: Database, tenantId: string, rowsMin = ROWS_MIN): Promise<number> {
  const client = await database.pool.connect();
  const lock = [`klarsyn day blocks ${tenantId}`];
  try {
    await client.query("SELECT pg_advisory_lock(hashtextextended($1, 0))", lock);
    let written = 0;
    for (const entity of entityNames.filter(hasDays)) {
      await client.query(
        `INSERT INTO day_changes (tenant_id, entity, day)
         SELECT DISTINCT tenant_id, entity, day FROM day_blocks WHERE tenant_id = $1 AND entity = $2 AND layout <> $3`,
        [tenantId, entity, layoutOf(entity)],
      );
      for (let some = await writeSome(client, tenantId, entity, rowsMin); some !== null;) {
        written += some;
        some = await writeSome(client, tenantId, entity, rowsMin);
      }
    }
    return written;
  } finally {
    // A connection that is lost has let go of it.
    await client.query("SELECT pg_advisory_unlock(hashtextextended($1, 0))", lock).catch(() => undefined);
    client.release();
  }
}

/** As many of the days that have changed as fit into memory; null where none has. */
async function writeSome(
  client: pg.PoolClient,
  tenantId: string,
  entity: EntityName,
  rowsMin: number,
): Promise<number | null> {
  // What is read, and what is held to be looked at, are of the same moment.
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  try {
    const of = [tenantId, entity];
    const { rows: changes } = await client.query<{ day: Day; upTo: number }>(
      `SELECT day, max(no) AS "upTo" FROM day_changes WHERE tenant_id = $1 AND entity = $2 GROUP BY day`,
      of,
    );
    if (changes.length === 0) {
      await client.query("COMMIT");
      return null;
    }
    const table = tableName(entity);
    const changed = changes.map(({ day }) => day);
    const { rows: sizes } = await client.query<{ day: Day; rows: number }>(
      `SELECT day, count(*) AS rows FROM ${table} WHERE tenant_id = $1 AND NOT deleted AND day = ANY (${dayList(changed)}) GROUP BY day`,
      [tenantId],
    );
    const large = sizes.filter(({ rows }) => rows >= rowsMin).sort((a, b) => a.day - b.day);
    let total = 0;
    const now = large.filter(({ rows }, index) => (total += rows) <= ROWS_AT_ONCE || index === 0);
    const later = new Set(large.slice(now.length).map(({ day }) => day));
    const done = changes.filter(({ day }) => !later.has(day));
    const days = dayList(done.map(({ day }) => day));
    await client.query(`DELETE FROM day_blocks WHERE tenant_id = $1 AND entity = $2 AND day = ANY (${days})`, of);
    if (now.length > 0) await writeDays(client, tenantId, entity, now);
    // Of one moment with what was read, so that none that came later is among them.
    await client.query(`DELETE FROM day_changes WHERE tenant_id = $1 AND entity = $2 AND day = ANY (${days})`, of);
    await client.query("COMMIT");
    return now.length;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

async function writeDays(
  client: pg.PoolClient,
  tenantId: string,
  entity: EntityName,
  sizes: ReadonlyArray<{ day: Day; rows: number }>,
): Promise<void> {
  const columns = columnsOf(entity, neededFields[entity]!);
  const names = columns.map(({ name }) => pg.escapeIdentifier(name)).join(", ");
  const order = ["client_id", "start"].filter((of) => columns.some(({ name }) => name === of));
  const table = new RawTable(
    [DATE, ...columns.map(({ how }) => how)],
    3,
    sizes.reduce((sum, { rows }) => sum + rows, 0),
  );
  // As tables lie: rows that lie together are read together.
  await copyOut(
    client,
    `COPY (SELECT day, ${names} FROM ${tableName(entity)} WHERE tenant_id = ${pg.escapeLiteral(tenantId)} AND NOT deleted
       AND day = ANY (${dayList(sizes.map(({ day }) => day))}) ORDER BY ${["day", ...order].join(", ")}) TO STDOUT (FORMAT binary)`,
    table.read,
  );
  const [days, ...read] = table.columns();
  const layout = layoutOf(entity);
  const target = ["tenant_id", "entity", "day", "column", "rows", "layout", "data"];
  await copyIn(client, "day_blocks", target, async (out) => {
    for (let from = 0; from < table.count;) {
      const day = (days as Int32Array)[from]!;
      let until = from;
      while (until < table.count && (days as Int32Array)[until] === day) until++;
      for (const [index, values] of read.entries()) {
        if (values === null || values === undefined) continue;
        out.row();
        out.text(tenantId);
        out.text(entity);
        out.date(day);
        out.text(columns[index]!.name);
        out.int4(until - from);
        out.text(layout);
        out.bytea("offsets" in values ? textBytes(values, from, until) : bytesOf(values.subarray(from, until)));
        if (out.full) await out.drain();
      }
      from = until;
    }
  });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Slots): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function textBytes({ bytes, offsets, nulls }: TextColumn, from: number, until: number): Uint8Array {
  const lengths = new Int32Array(until - from);
  for (let row = from; row < until; row++)
    lengths[row - from] = nulls[row] === 1 ? -1 : offsets[row + 1]! - offsets[row]!;
  const texts = bytes.subarray(offsets[from], offsets[until]);
  const out = new Uint8Array(lengths.byteLength + texts.length);
  out.set(bytesOf(lengths));
  out.set(texts, lengths.byteLength);
  return out;
}

/** Days of which all columns are at hand, and how much there is of each. */
export interface DaysAtHand {
  entity: EntityName;
  columns: readonly RawColumn[];
  rows: number;
  /** Where the rows of a day begin. */
  rowOf: ReadonlyMap<Day, number>;
  /** Of each column of texts, where the bytes of a day begin, and all of them end. */
  textOf: ReadonlyMap<string, { days: ReadonlyMap<Day, number>; size: number }>;
}

/** Which days can be read from their blocks, where all of the fields are in them. */
export async function daysAtHand(
  client: pg.ClientBase,
  tenantId: string,
  entity: EntityName,
  { fields, from, through }: { fields: readonly string[]; from: Day; through: Day },
): Promise<DaysAtHand | null> {
  if (!hasDays(entity) || !fields.every((field) => neededFields[entity]!.includes(field))) return null;
  const columns = columnsOf(entity, fields);
  const names = columns.map(({ name }) => name);
  const { rows: blocks } = await client.query<{ day: Day; column: string; rows: number; size: number }>(
    `SELECT day, "column", rows, octet_length(data) AS size FROM day_blocks b
      WHERE tenant_id = $1 AND entity = $2 AND day BETWEEN $3 AND $4 AND layout = $5 AND "column" = ANY ($6)
        AND NOT EXISTS (SELECT FROM day_changes c WHERE c.tenant_id = $1 AND c.entity = $2 AND c.day = b.day)
      ORDER BY day`,
    [tenantId, entity, formatDay(from), formatDay(through), layoutOf(entity), names],
  );
  const rowOf = new Map<Day, number>();
  const textOf = new Map(
    columns.flatMap(({ name, how }) => (isText(how) ? [[name, { days: new Map<Day, number>(), size: 0 }]] : [])),
  );
  let rows = 0;
  for (const { day, column, rows: ofDay, size } of blocks) {
    if (!rowOf.has(day)) {
      rowOf.set(day, rows);
      rows += ofDay;
    }
    const text = textOf.get(column);
    text?.days.set(day, text.size);
    if (text !== undefined) text.size += size - 4 * ofDay;
  }
  return rows === 0 ? null : { entity, columns, rows, rowOf, textOf };
}

/** The columns of days at hand, and behind them those of `more`, which has the same fields. The client sees one moment. */
export async function readDayBlocks(
  client: pg.ClientBase,
  tenantId: string,
  { entity, columns, rows, rowOf, textOf }: DaysAtHand,
  more: RawColumns,
): Promise<RawColumns> {
  const count = rows + more.count;
  const byName = new Map(columns.map((column) => [column.name, column]));
  const slots = new Map<string, Slots>();
  const texts = new Map<string, TextColumn>();
  const slotOf = ({ name, how }: RawColumn): Slots => {
    const slot = slots.get(name) ?? slotsOf(how, count)!;
    slots.set(name, slot);
    return slot;
  };
  /** Until all are read, an offset holds the length of the text before it. */
  const textIn = ({ name }: RawColumn): TextColumn => {
    const known = texts.get(name);
    if (known !== undefined) return known;
    const after = name === "id" ? more.id : textOfMore.get(name);
    const size = textOf.get(name)!.size + (after?.offsets[more.count] ?? 0);
    const [forOffsets, forBytes] = name === "id" ? [ints, octets] : [ownInts, ownOctets];
    const made = { bytes: forBytes(size), offsets: forOffsets(count + 1), nulls: forBytes(count).fill(1) };
    texts.set(name, made);
    return made;
  };
  const textOfMore = new Map<string, TextColumn>();
  const fieldsOfMore = columns.map(({ name, field }) =>
    name === "source_no" ? more.source : name === "id" ? more.id : more.fields[field],
  );
  for (const [index, values] of fieldsOfMore.entries())
    if (values !== undefined && "offsets" in values) textOfMore.set(columns[index]!.name, values);
  for (const [index, values] of fieldsOfMore.entries()) {
    const column = columns[index]!;
    if (values === undefined) continue;
    if (!("offsets" in values)) {
      slotOf(column).set(values, rows);
      continue;
    }
    const into = textIn(column);
    into.bytes.set(values.bytes.subarray(0, values.offsets[more.count]), textOf.get(column.name)!.size);
    into.nulls.set(values.nulls, rows);
    for (let row = 0; row < more.count; row++)
      into.offsets[rows + row + 1] = values.offsets[row + 1]! - values.offsets[row]!;
  }

  let begun = false;
  await copyOut(
    client,
    `COPY (SELECT day, "column", rows, data FROM day_blocks WHERE tenant_id = ${pg.escapeLiteral(tenantId)} AND entity = '${entity}'
       AND day = ANY (${dayList(rowOf.keys())}) AND "column" = ANY ('{${[...byName.keys()].join(",")}}')) TO STDOUT (FORMAT binary)`,
    (bytes, view, start, end) => {
      let at = begun ? start : skipHeader(bytes, view, start);
      begun = true;
      // Of each value its length, then its bytes: none is null.
      while (at + 2 <= end && view.getInt16(at) >= 0) {
        const day = readDay(view, at + 6);
        const nameEnd = at + 14 + view.getInt32(at + 10);
        const column = byName.get(shortText(bytes, at + 14, nameEnd - at - 14))!;
        const ofDay = view.getInt32(nameEnd + 4);
        const data = nameEnd + 12;
        at = data + view.getInt32(nameEnd + 8);
        const row = rowOf.get(day)!;
        if (!isText(column.how)) {
          const { buffer, byteOffset, BYTES_PER_ELEMENT } = slotOf(column);
          new Uint8Array(buffer, byteOffset).set(bytes.subarray(data, at), row * BYTES_PER_ELEMENT);
          continue;
        }
        const into = textIn(column);
        const lengths = new Int32Array(ofDay);
        bytesOf(lengths).set(bytes.subarray(data, data + 4 * ofDay));
        into.bytes.set(bytes.subarray(data + 4 * ofDay, at), textOf.get(column.name)!.days.get(day)!);
        for (let index = 0; index < ofDay; index++) {
          if (lengths[index]! < 0) continue;
          into.nulls[row + index] = 0;
          into.offsets[row + index + 1] = lengths[index]!;
        }
      }
    },
  );
  for (const { offsets } of texts.values()) for (let row = 0; row < count; row++) offsets[row + 1]! += offsets[row]!;
  return {
    ...more,
    count,
    source: slotOf(byName.get("source_no")!) as Int16Array,
    id: textIn(byName.get("id")!),
    fields: Object.fromEntries(
      columns.flatMap(({ name, field }) => {
        const values = slots.get(name) ?? texts.get(name);
        return field === "" || values === undefined ? [] : [[field, values as Int32Array]];
      }),
    ),
  };
}
