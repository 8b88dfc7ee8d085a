import type { Visits } from "#columns";
import { MINUTE, minutesBetween } from "#model";

interface DayVisits {
  visits: Int32Array;
  before: Int32Array;
}
type Pair = readonly [number, number];

/** Several rules ask of one slice, one after the other. */
let last: { slice: DayVisits; pairs: readonly Pair[] } | null = null;

/**
 * Visits of a slice that overlap in time by at least a minute, earlier start first. A pair belongs to the day of its
 * later start; `before` are the visits of the day before. Visits without a usable end have no overlap.
 */
export function overlappingPairs(visits: Visits, slice: DayVisits): readonly Pair[] {
  if (last?.slice !== slice) last = { slice, pairs: pairsOf(visits, slice) };
  return last.pairs;
}

const none: readonly Pair[] = [];

function pairsOf(visits: Visits, { visits: today, before }: DayVisits): readonly Pair[] {
  let pairs: Pair[] | null = null;
  // The latest end so far: where it is not after the next start, no earlier visit needs to be looked at.
  let latest = -Infinity;
  for (let row = 0; row < before.length; row++) latest = later(latest, visits.end(before[row]!));
  for (let at = 0; at < today.length; at++) {
    const b = today[at]!;
    if (!visits.usable(b)) continue;
    if (latest - visits.start(b) >= MINUTE) {
      for (const a of before) if (overlapsAfter(visits, a, b)) (pairs ??= []).push([a, b]);
      for (const a of today.subarray(0, at)) if (overlapsAfter(visits, a, b)) (pairs ??= []).push([a, b]);
    }
    latest = later(latest, visits.end(b));
  }
  return pairs ?? none;
}

/** An end that is missing is never the later. */
function later(latest: number, end: number): number {
  return end > latest ? end : latest;
}

function overlapsAfter(visits: Visits, a: number, b: number): boolean {
  return visits.end(a) - visits.start(b) >= MINUTE && visits.usable(a) && visits.overlap(a, b) >= MINUTE;
}

/** Whole minutes that two visits overlap. */
export function overlapMinutes(visits: Visits, a: number, b: number): number {
  return Math.max(0, minutesBetween(0, visits.overlap(a, b)));
}
