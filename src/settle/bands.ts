import { DAY_MS, HOUR, type Instant, MINUTE, offsetMinutes, publicHoliday, weekdayOf } from "#model";
import type { Terms } from "./terms.ts";

type Banded = Pick<Terms, "bands" | "eves">;

/** 1–7 by which a day is paid: a public holiday is a Sunday. */
function paidWeekday(day: number, eves: boolean): number {
  return publicHoliday(day, { eves }) ? 7 : weekdayOf(day);
}

/**
 * Divides elapsed time over bands by the wall clock. The hour that the clock shows twice counts twice, the one that it
 * skips not at all, and each minute goes by the weekday of its own date.
 */
export function divide(
  { bands, eves }: Banded,
  from: Instant,
  until: Instant,
  add: (band: string | null, ms: number) => void,
): void {
  if (bands === null) return add(null, until - from);
  let at = from;
  while (at < until) {
    const offset = offsetMinutes(at);
    const wall = at + offset * MINUTE;
    const day = Math.floor(wall / DAY_MS);
    const cuts = bands.byWeekday[paidWeekday(day, eves)]!;
    const inDay = wall - day * DAY_MS;
    let position = cuts.length - 1;
    while (cuts[position]!.from * MINUTE > inDay) position--;
    const cut = cuts[position + 1]?.from ?? 24 * 60;
    let next = Math.min(until, at + cut * MINUTE - inDay);
    if (offsetMinutes(next) !== offset) {
      // The clocks change at 01:00 UTC.
      const change = Math.floor(at / DAY_MS) * DAY_MS + HOUR;
      next = Math.min(next, change > at ? change : change + DAY_MS);
    }
    add(cuts[position]!.band, next - at);
    at = next;
  }
}

export function bandAt(terms: Banded, at: Instant): string | null {
  let found: string | null = null;
  divide(terms, at, at + 1, (band) => (found = band));
  return found;
}
