import { atMinute, type Day, dayOf, HOUR, type Instant, MINUTE, publicHoliday, startOfDay, weekdayOf } from "#model";

/** The hours that count when a contract gives somebody time to answer. Minutes of the local day. */
export interface BusinessHours {
  weekdaysOnly: boolean;
  from: number;
  /** First minute that no longer counts; not after `from`: the whole day counts. */
  to: number;
  /** The three eves count as public holidays. */
  eves: boolean;
}

/** The instant at which so many business hours have passed since `at`. */
export function afterBusinessHours(at: Instant, hours: number, counted: BusinessHours): Instant {
  let left = hours * HOUR;
  for (let day = dayOf(at); ; day++) {
    if (!open(day, counted)) continue;
    const whole = counted.to <= counted.from;
    const from = Math.max(at, whole ? startOfDay(day) : atMinute(day, counted.from));
    const until = whole ? startOfDay(day + 1) : atMinute(day, counted.to);
    if (until <= from) continue;
    if (left <= until - from) return from + left;
    left -= until - from;
  }
}

/** Business hours between two instants, in minutes: how long it took, as the contract counts. */
export function businessMinutes(from: Instant, until: Instant, counted: BusinessHours): number {
  let ms = 0;
  const whole = counted.to <= counted.from;
  for (let day = dayOf(from); day <= dayOf(until); day++) {
    if (!open(day, counted)) continue;
    const opens = Math.max(from, whole ? startOfDay(day) : atMinute(day, counted.from));
    const closes = Math.min(until, whole ? startOfDay(day + 1) : atMinute(day, counted.to));
    ms += Math.max(0, closes - opens);
  }
  return Math.floor(ms / MINUTE);
}

function open(day: Day, { weekdaysOnly, eves }: BusinessHours): boolean {
  return !weekdaysOnly || (weekdayOf(day) <= 5 && !publicHoliday(day, { eves }));
}
