import { MINUTE } from "#model";
import type { Grouped } from "./sort.ts";

/** Rows merged into another (-1: not), and the chain of rows merged into a row (-1: end). */
export interface Merged {
  into: Int32Array;
  next: Int32Array;
}

interface Assembled {
  byClient: Grouped;
  staff: Int32Array;
  start: Float64Array;
  source: Int16Array;
  grade: Int8Array;
  rank: readonly number[];
}

const WITHIN_MS = 5 * MINUTE;

/**
 * The same visit told by two sources: same client and known staff, different sources, starts within five minutes.
 * The row with the better evidence stands; with equal grades that of the source named first in the configuration.
 * Null where there is nothing to merge.
 */
export function mergeVisits({ byClient, staff, start, source, grade, rank }: Assembled): Merged | null {
  if (!source.some((number) => number !== source[0])) return null;
  const { rows, offsets } = byClient;
  let merged: Merged | null = null;
  const taken = new Uint8Array(source.length);
  for (let client = 0; client + 1 < offsets.length; client++) {
    for (let i = offsets[client]!; i < offsets[client + 1]!; i++) {
      const first = rows[i]!;
      if (taken[first] === 1 || staff[first]! < 0) continue;
      let group: number[] | null = null;
      for (let j = i + 1; j < offsets[client + 1]! && start[rows[j]!]! - start[first]! <= WITHIN_MS; j++) {
        const other = rows[j]!;
        if (taken[other] === 1 || staff[other] !== staff[first] || source[other] === source[first]) continue;
        group ??= [first];
        if (group.some((row) => source[row] === source[other])) continue;
        group.push(other);
        taken[other] = 1;
      }
      if (group === null) continue;
      merged ??= { into: new Int32Array(source.length).fill(-1), next: new Int32Array(source.length).fill(-1) };
      group.sort((a, b) => grade[b]! - grade[a]! || rank[source[a]!]! - rank[source[b]!]!);
      const standing = group[0]!;
      for (let member = 1; member < group.length; member++) {
        merged.into[group[member]!] = standing;
        merged.next[group[member - 1]!] = group[member]!;
      }
    }
  }
  return merged;
}
