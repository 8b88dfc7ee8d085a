import type { RawColumns, TextColumn } from "./raw.ts";
import { ints, octets } from "./room.ts";
import type { TieBreak } from "./sort.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The text of some bytes of UTF-8. Most are ids of a few plain letters: a call into the decoder costs more than they do. */
export function shortText(bytes: Uint8Array, start: number, length: number): string {
  const end = start + length;
  if (length <= 24) {
    let text = "";
    let at = start;
    for (; at < end && bytes[at]! < 0x80; at++) text += String.fromCharCode(bytes[at]!);
    if (at === end) return text;
  }
  // A copy: the decoder takes no memory that threads share.
  return decoder.decode(bytes.slice(start, end));
}

/** The text of a row; null where the source does not say. Decodes: for output, not for walks. */
export function textAt(column: TextColumn, row: number): string | null {
  // A column of which no row says anything is empty.
  if (column.nulls[row] !== 0) return null;
  const start = column.offsets[row]!;
  return shortText(column.bytes, start, column.offsets[row + 1]! - start);
}

/** Looks from the end: ids of neighbours differ there. */
export function sameText(a: TextColumn, rowA: number, b: TextColumn, rowB: number): boolean {
  const start = a.offsets[rowA]!;
  let i = a.offsets[rowA + 1]!;
  let j = b.offsets[rowB + 1]!;
  if (i - start !== j - b.offsets[rowB]!) return false;
  while (i > start) if (a.bytes[--i] !== b.bytes[--j]) return false;
  return true;
}

/** FNV-1a over the bytes of a row, started at `seed`. */
export function hashText(column: TextColumn, row: number, seed: number): number {
  let hash = seed;
  const end = column.offsets[row + 1]!;
  for (let i = column.offsets[row]!; i < end; i++) hash = Math.imul(hash ^ column.bytes[i]!, 0x01000193);
  return hash >>> 0;
}

export const HASH_SEED = 0x811c9dc5;

export function hashString(text: string, seed = HASH_SEED): number {
  let hash = seed;
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

export function textColumn(values: ReadonlyArray<string | null | undefined>): TextColumn {
  const parts = values.map((value) => encoder.encode(value ?? ""));
  const offsets = new Int32Array(values.length + 1);
  parts.forEach((part, row) => (offsets[row + 1] = offsets[row]! + part.length));
  const bytes = new Uint8Array(offsets[values.length]!);
  parts.forEach((part, row) => bytes.set(part, offsets[row]));
  return { bytes, offsets, nulls: Uint8Array.from(values, (value) => (value === null || value === undefined ? 1 : 0)) };
}

export function concatText(a: TextColumn, b: TextColumn): TextColumn {
  const lengthA = a.nulls.length;
  const bytesA = a.offsets[lengthA] ?? 0;
  const bytesB = b.offsets[b.nulls.length] ?? 0;
  const bytes = octets(bytesA + bytesB);
  bytes.set(a.bytes.subarray(0, bytesA));
  bytes.set(b.bytes.subarray(0, bytesB), bytesA);
  const offsets = ints(lengthA + b.nulls.length + 1);
  offsets.set(a.offsets.subarray(0, lengthA + 1));
  for (let row = 0; row <= b.nulls.length; row++) offsets[lengthA + row] = bytesA + (b.offsets[row] ?? 0);
  const nulls = octets(lengthA + b.nulls.length);
  nulls.set(a.nulls);
  nulls.set(b.nulls, lengthA);
  return { bytes, offsets, nulls };
}

/** Finds rows by (source, id) without making a string of every id. */
export class IdIndex {
  readonly #id: TextColumn;
  readonly #source: Int16Array;
  readonly #slots: Int32Array;

  constructor(id: TextColumn, source: Int16Array, count: number) {
    this.#id = id;
    this.#source = source;
    let size = 16;
    while (size < count * 2) size *= 2;
    this.#slots = new Int32Array(size).fill(-1);
    for (let row = 0; row < count; row++) {
      let slot = hashText(id, row, HASH_SEED) & (size - 1);
      while (this.#slots[slot] !== -1) slot = (slot + 1) & (size - 1);
      this.#slots[slot] = row;
    }
  }

  /** The rows of any source with this id are handed to `see`; true from it ends the search. */
  find(text: TextColumn, at: number, see: (row: number, source: number) => boolean): void {
    const mask = this.#slots.length - 1;
    for (let slot = hashText(text, at, HASH_SEED) & mask; this.#slots[slot] !== -1; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]!;
      if (sameText(this.#id, row, text, at) && see(row, this.#source[row]!)) return;
    }
  }
}

/** Order among rows that are equal otherwise: by source and record id, never by row number. */
export function tieBreak(
  raw: RawColumns,
  { seeds, sources }: { seeds: readonly number[]; sources: readonly string[] },
): TieBreak {
  return {
    hash: (row) => hashText(raw.id, row, seeds[raw.source[row]!]!) >>> 10,
    compare(a, b) {
      const [idA, idB] = [textAt(raw.id, a)!, textAt(raw.id, b)!];
      if (idA !== idB) return idA < idB ? -1 : 1;
      const [sourceA, sourceB] = [sources[raw.source[a]!]!, sources[raw.source[b]!]!];
      if (sourceA !== sourceB) return sourceA < sourceB ? -1 : 1;
      return raw.version[a]! - raw.version[b]! || raw.received[a]! - raw.received[b]!;
    },
  };
}
