/** Rows by group: those of group `g` are rows[offsets[g]..offsets[g+1]]. */
export interface Grouped {
  readonly offsets: Int32Array;
  readonly rows: Int32Array;
}

/** The rows of a group, in order; a view, not a copy. */
export function rowsOf(grouped: Grouped, group: number): Int32Array {
  return grouped.rows.subarray(grouped.offsets[group], grouped.offsets[group + 1]);
}

const RADIX_BITS = 11;
const RADIX = 1 << RADIX_BITS;

/**
 * Rows in order of `start`, equals in order of `compare`: radix sort over whole seconds, then the few that share a
 * second by comparison. `rows` says which rows; by default all.
 */
export function sortByTime(
  start: Float64Array,
  compare: (a: number, b: number) => number,
  rows?: Int32Array,
): Int32Array {
  let from: Int32Array = rows?.slice() ?? upTo(start.length);
  const count = from.length;
  let earliest = Infinity;
  let latest = -Infinity;
  for (const row of from) {
    const at = start[row]!;
    if (at < earliest) earliest = at;
    if (at > latest) latest = at;
  }
  if (count < 2) return from;
  const seconds = new Float64Array(start.length);
  for (const row of from) seconds[row] = Math.floor((start[row]! - earliest) / 1000);
  let into: Int32Array = new Int32Array(count);
  let divisor = 1;
  for (let range = Math.floor((latest - earliest) / 1000); range >= 1; range = Math.floor(range / RADIX)) {
    const counts = new Int32Array(RADIX + 1);
    for (const row of from) counts[(Math.floor(seconds[row]! / divisor) & (RADIX - 1)) + 1]!++;
    for (let digit = 0; digit < RADIX; digit++) counts[digit + 1]! += counts[digit]!;
    for (const row of from) {
      const digit = Math.floor(seconds[row]! / divisor) & (RADIX - 1);
      into[counts[digit]!++] = row;
    }
    [from, into] = [into, from];
    divisor *= RADIX;
  }
  for (let i = 1; i < count; i++) {
    const row = from[i]!;
    let j = i - 1;
    while (j >= 0 && seconds[from[j]!] === seconds[row] && later(start, from[j]!, row, compare)) {
      from[j + 1] = from[j]!;
      j--;
    }
    from[j + 1] = row;
  }
  return from;
}

function later(start: Float64Array, a: number, b: number, compare: (a: number, b: number) => number): boolean {
  return start[a]! > start[b]! || (start[a] === start[b] && compare(a, b) > 0);
}

/** Stable counting sort: rows of the same group keep the order of `order`; rows with a negative group are left out. */
export function groupBy(order: Int32Array, group: Int32Array, groups: number): Grouped {
  const offsets = new Int32Array(groups + 1);
  for (const row of order) {
    const code = group[row]!;
    if (code >= 0) offsets[code + 1]!++;
  }
  for (let code = 0; code < groups; code++) offsets[code + 1]! += offsets[code]!;
  const next = offsets.slice();
  const rows = new Int32Array(offsets[groups]!);
  for (const row of order) {
    const code = group[row]!;
    if (code >= 0) rows[next[code]!++] = row;
  }
  return { offsets, rows };
}

/** 0, 1, … count-1 */
export function upTo(count: number): Int32Array {
  const rows = new Int32Array(count);
  for (let row = 0; row < count; row++) rows[row] = row;
  return rows;
}
