import type { Visits } from "#columns";
import { MINUTE, minutesBetween } from "#model";

/**
 * Visits of a slice that overlap in time by at least a minute, earlier start first. A pair belongs to the day of its
 * later start; `before` are the visits of the day before. Visits without a usable end have no overlap.
 */
export function* overlappingPairs(
  visits: Visits,
  { visits: today, before }: { visits: Int32Array; before: Int32Array },
): Generator<readonly [number, number]> {
  // The latest end so far: where it is not after the next start, no earlier visit needs to be looked at.
  let latest = -Infinity;
  for (const a of before) if (visits.end(a) > latest) latest = visits.end(a);
  for (let later = 0; later < today.length; later++) {
    const b = today[later]!;
    if (!visits.usable(b)) continue;
    if (latest - visits.start(b) >= MINUTE) {
      for (const a of before) if (overlapsAfter(visits, a, b)) yield [a, b];
      for (let earlier = 0; earlier < later; earlier++) {
        if (overlapsAfter(visits, today[earlier]!, b)) yield [today[earlier]!, b];
      }
    }
    if (visits.end(b) > latest) latest = visits.end(b);
  }
}

function overlapsAfter(visits: Visits, a: number, b: number): boolean {
  return visits.end(a) - visits.start(b) >= MINUTE && visits.usable(a) && visits.overlap(a, b) >= MINUTE;
}

/** Whole minutes that two visits overlap. */
export function overlapMinutes(visits: Visits, a: number, b: number): number {
  return Math.max(0, minutesBetween(0, visits.overlap(a, b)));
}
