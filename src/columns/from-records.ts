import { type CanonicalRecord, type Day, entities, type EntityName, entityNames, type Field, refKinds } from "#model";
import { buildTables, type TableInput } from "./build.ts";
import type { Tables } from "./parts.ts";
import { NO_DAY, type RawColumns, type Refs, type TextColumn } from "./raw.ts";
import { textColumn } from "./text.ts";

/** A canonical record and the source that it came from. */
export interface SourcedRecord {
  entity: EntityName;
  source: string;
  record: CanonicalRecord;
}

/**
 * Tables from records in memory, for rule examples and tests: the same columns as the store hands over, without a
 * database. Of several versions of a record the highest stands, the others are its history.
 * A `personalIdentityNumber` stands for its hash: "x" is the person whom others call "pid:x".
 */
export function tablesFrom(
  records: readonly SourcedRecord[],
  rest: Pick<TableInput, "asOf" | "period"> & Partial<TableInput>,
): Tables {
  const numbers = new RefNumbers();
  const sources = [...new Set(records.map((entry) => entry.source))];
  const raw: Partial<Record<EntityName, RawColumns>> = {};
  const history: Partial<Record<EntityName, RawColumns>> = {};
  for (const entity of entityNames) {
    const heads = new Map<string, Received>();
    const older: Received[] = [];
    records.forEach(({ entity: of, source, record }, received) => {
      if (of !== entity) return;
      const key = `${source}/${record.id}`;
      const head = heads.get(key);
      const candidate: Received = { source: sources.indexOf(source), record, received };
      if (head === undefined) heads.set(key, candidate);
      else if ((record.version ?? -Infinity) >= (head.record.version ?? -Infinity)) {
        older.push(head);
        heads.set(key, candidate);
      } else older.push(candidate);
    });
    const standing = [...heads.values()].filter((head) => !head.record.deleted);
    if (standing.length > 0) raw[entity] = columnsOf(entity, standing, numbers);
    if (older.length > 0) history[entity] = columnsOf(entity, older, numbers);
  }
  return buildTables({ aliases: [], warnings: [], facts: [], ...rest, raw, history, sources, refs: numbers.refs() });
}

interface Received {
  source: number;
  record: CanonicalRecord;
  received: number;
}

class RefNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #kind: number[] = [];
  readonly #source: number[] = [];
  readonly #id: string[] = [];

  number(kind: string, source: number, id: string): number {
    const name = `${kind} ${source} ${id}`;
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#id.length;
      this.#numbers.set(name, number);
      this.#kind.push(refKinds.findIndex((known) => known === kind));
      this.#source.push(source);
      this.#id.push(id);
    }
    return number;
  }
  refs(): Refs {
    return { kind: Int8Array.from(this.#kind), source: Int16Array.from(this.#source), id: this.#id };
  }
}

function columnsOf(entity: EntityName, rows: readonly Received[], numbers: RefNumbers): RawColumns {
  const fields: Record<string, RawColumns["fields"][string]> = {};
  for (const [name, field] of Object.entries(entities[entity].fields)) {
    const made = columnOf(
      field,
      rows.map((row) => ({ source: row.source, value: row.record.values[name] })),
      numbers,
    );
    if (made !== null) fields[name] = made;
  }
  return {
    entity,
    count: rows.length,
    source: Int16Array.from(rows, (row) => row.source),
    id: textColumn(rows.map((row) => row.record.id)),
    version: Float64Array.from(rows, (row) => row.record.version ?? NaN),
    received: Float64Array.from(rows, (row) => row.received),
    fields,
  };
}

function columnOf(
  field: Field,
  cells: ReadonlyArray<{ source: number; value: unknown }>,
  numbers: RefNumbers,
): Int32Array | Int8Array | Float64Array | TextColumn | null {
  const missing = (value: unknown): value is null | undefined => value === undefined || value === null;
  switch (field.kind) {
    case "ref":
      return Int32Array.from(cells, ({ source, value }) =>
        missing(value) ? -1 : numbers.number(field.of!, field.of === "service" ? -1 : source, value as string),
      );
    case "codes":
      return Int32Array.from(cells, ({ value }) =>
        missing(value) ? -1 : numbers.number("service", -1, (value as string[]).join("|")),
      );
    case "enum":
      return Int8Array.from(cells, ({ value }) => (missing(value) ? -1 : field.values!.indexOf(value as string)));
    case "boolean":
      return Int8Array.from(cells, ({ value }) => (missing(value) ? -1 : value === true ? 1 : 0));
    case "date":
      return Int32Array.from(cells, ({ value }) => (missing(value) ? NO_DAY : (value as Day)));
    case "instant":
    case "instantFrom":
    case "instantUntil":
    case "integer":
    case "decimal":
      return Float64Array.from(cells, ({ value }) => (missing(value) ? NaN : (value as number)));
    case "json":
      return textColumn(cells.map(({ value }) => (missing(value) ? null : JSON.stringify(value))));
    case "id":
    case "text":
    case "identity":
      return textColumn(cells.map(({ value }) => (missing(value) ? null : (value as string))));
    case "personal":
      return null;
  }
}
