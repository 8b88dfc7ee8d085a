import { ints, NO_DAY, octets, type TextColumn, words } from "#columns";
import { entities, type EntityName, type FieldKind } from "#model";
import { readDay, readInstant, readInt8, skipHeader } from "./copy.ts";
import { columnsOfField } from "./tables/canonical.ts";

// An index within a page stays below this.
const PAGE = 2 ** 20;

export type Slots = Int32Array | Int8Array | Int16Array | Float64Array;

/** How a column is decoded. A switch over small integers is what the compiler makes fast. */
const SMALL = 0; // int2 or bool -> Int8Array
const WHOLE = 1; // int4 -> Int32Array
const NUMBER = 2; // int4 -> Float64Array
export const REAL = 3;
const INSTANT = 4;
export const DATE = 5;
export const TEXT = 6;
export const HEX = 7;
const SOURCE = 8; // int2 -> Int16Array
export const PAGE_NO = 9; // int8, the first part of `received`
export const PAGE_INDEX = 10; // int4, the second

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

export interface RawColumn {
  name: string;
  how: number;
  /** Canonical name; empty for where a row comes from. */
  field: string;
}

/** Where a row comes from. */
export const rowSource: readonly RawColumn[] = [
  { name: "source_no", how: SOURCE, field: "" },
  { name: "id", how: TEXT, field: "" },
];

/** The columns of an entity's fields, of those that are wanted, that columns can hold. No names of people are among them. */
export function columnsOfFields(entity: EntityName, wanted?: readonly string[]): RawColumn[] {
  return Object.entries(entities[entity].fields).flatMap(([field, { kind }]) =>
    kind === "personal" || wanted?.includes(field) === false
      ? []
      : [{ name: columnsOfField(field, kind).at(-1)!.name, how: decoding[kind], field }],
  );
}

/** Columns that grow while rows are decoded into them. Those after the first `fixed` are made when a row says something. */
export class RawTable {
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
export function slotsOf(how: number, capacity: number): Slots | null {
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

export const ownInts = (length: number): Int32Array => new Int32Array(length);
export const ownOctets = (length: number): Uint8Array => new Uint8Array(length);

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
