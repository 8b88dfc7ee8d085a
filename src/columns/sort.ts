import { bytes, floats, free, ints } from "./room.ts";

/** Rows by group: those of group `g` are rows[offsets[g]..offsets[g+1]]. */
export interface Grouped {
  readonly offsets: Int32Array;
  readonly rows: Int32Array;
}

/** The rows of a group, in order; a view, not a copy. */
export function rowsOf(grouped: Grouped, group: number): Int32Array {
  return grouped.rows.subarray(grouped.offsets[group], grouped.offsets[group + 1]);
}

/** What comes first among rows that are equal otherwise. */
export interface TieBreak {
  /** A number of the row, of 22 bits, that does not depend on row numbers. */
  hash: (row: number) => number;
  /** For the few whose hashes are equal too. */
  compare: (a: number, b: number) => number;
}

/** Stable counting sort: rows of the same group keep the order of `order`; rows with a negative group are left out. */
export function groupBy(order: Int32Array, group: Int32Array, groups: number): Grouped {
  const offsets = ints(groups + 1);
  // Where all rows are there, their order does not matter for counting: memory is walked as it lies.
  const all = order.length === group.length;
  for (let i = 0; i < order.length; i++) {
    const code = group[all ? i : order[i]!]!;
    if (code >= 0) offsets[code + 1]!++;
  }
  for (let code = 0; code < groups; code++) offsets[code + 1]! += offsets[code]!;
  const next = offsets.slice();
  const rows = ints(offsets[groups]!);
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    const code = group[row]!;
    if (code >= 0) rows[next[code]!++] = row;
  }
  return { offsets, rows };
}

/** A group larger than this is not put in order by moving each of its rows to its place. */
const SMALL = 1000;

/** Rows by group, each group by `key`; fast for groups of few rows that are nearly in order: a client's visits. */
export function groupInTime(key: Float64Array, ties: TieBreak, group: Int32Array, groups: number): Grouped {
  const { offsets, rows } = groupBy(upTo(group.length), group, groups);
  const before = (a: number, b: number): number =>
    key[a]! - key[b]! || ties.hash(a) - ties.hash(b) || ties.compare(a, b);
  for (let code = 0; code < groups; code++) {
    const [first, end] = [offsets[code]!, offsets[code + 1]!];
    if (end - first > SMALL) {
      rows.subarray(first, end).sort(before);
      continue;
    }
    for (let next = first + 1; next < end; next++) {
      const row = rows[next]!;
      const at = key[row]!;
      let place = next;
      for (; place > first; place--) {
        const other = rows[place - 1]!;
        if (key[other]! < at || (key[other] === at && before(other, row) <= 0)) break;
        rows[place] = other;
      }
      rows[place] = row;
    }
  }
  return { offsets, rows };
}

/** 0, 1, … count-1 */
export function upTo(count: number): Int32Array {
  const rows = ints(count);
  for (let row = 0; row < count; row++) rows[row] = row;
  return rows;
}

/** Where each row went, when row `order[i]` became row `i`. */
export function inverse(order: Int32Array): Int32Array {
  const at = ints(order.length);
  for (let i = 0; i < order.length; i++) at[order[i]!] = i;
  return at;
}

/**
 * Puts the rows of columns in another order. What is handed over is no longer the caller's: its memory is given back, since
 * a copy of each column would be as much memory again. One loop for each type of array, since a loop that sees them all is
 * several times slower.
 */
export class Mover {
  readonly #order: Int32Array;

  constructor(order: Int32Array) {
    this.#order = order;
  }

  /** An empty column stays empty: no row says anything. */
  floats(column: Float64Array): Float64Array {
    const order = this.#order;
    if (column.length === 0) return column;
    const into = floats(order.length);
    for (let i = 0; i < order.length; i++) into[i] = column[order[i]!]!;
    free(column);
    return into;
  }

  ints(column: Int32Array): Int32Array {
    const order = this.#order;
    if (column.length === 0) return column;
    const into = ints(order.length);
    for (let i = 0; i < order.length; i++) into[i] = column[order[i]!]!;
    free(column);
    return into;
  }

  bytes(column: Int8Array): Int8Array {
    const order = this.#order;
    if (column.length === 0) return column;
    const into = bytes(order.length);
    for (let i = 0; i < order.length; i++) into[i] = column[order[i]!]!;
    free(column);
    return into;
  }
}

/** Row numbers as they are after rows were moved to `at`; negative numbers stand. */
export function moved(rows: Int32Array, at: Int32Array): Int32Array {
  const after = ints(rows.length);
  for (let i = 0; i < rows.length; i++) after[i] = rows[i]! < 0 ? rows[i]! : at[rows[i]!]!;
  return after;
}

/** All rows, those of `first` in front. */
export function inFront(first: Int32Array, count: number): Int32Array {
  const order = ints(count);
  order.set(first);
  if (first.length === count) return order;
  const taken = new Uint8Array(count);
  for (const row of first) taken[row] = 1;
  for (let row = 0, next = first.length; row < count; row++) if (taken[row] === 0) order[next++] = row;
  return order;
}
