import { Temporal } from "temporal-polyfill";

/** Milliseconds since 1970-01-01T00:00Z. */
export type Instant = number;
/** Days since 1970-01-01, of a calendar date in Sweden. */
export type Day = number;
/** "YYYY-MM-DD" */
export type LocalDate = string;
/** "YYYY-MM" */
export type Month = string;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY_MS = 24 * HOUR;
export const ZONE = "Europe/Stockholm";

/** 01:00 UTC on the last Sunday of `month` (0-based): both clock changes of the EU since 1996. */
function lastSunday(year: number, month: number): Instant {
  const last = new Date(Date.UTC(year, month + 1, 0, 1));
  return last.getTime() - last.getUTCDay() * DAY_MS;
}

// Swedish summer time before 1996 differed by weeks in autumn; only birth dates are that old, and they have no time of day.
const changesByYear: Array<readonly [Instant, Instant]> = [];
function summer(year: number): readonly [Instant, Instant] {
  return (changesByYear[year - 1900] ??= [lastSunday(year, 2), lastSunday(year, 9)]);
}

/** Minutes to add to UTC for the wall clock in Sweden: 60 or 120. */
export function offsetMinutes(at: Instant): 60 | 120 {
  const changes = summer(1970 + Math.floor(at / (365.2425 * DAY_MS)));
  // At new year the approximated year may be one off; both years agree there (winter).
  return at >= changes[0] && at < changes[1] ? 120 : 60;
}

/** Milliseconds of the wall clock as if it were UTC. */
function wallClock(at: Instant): number {
  return at + offsetMinutes(at) * MINUTE;
}

/** The local calendar day of an instant. */
export function dayOf(at: Instant): Day {
  return Math.floor(wallClock(at) / DAY_MS);
}

/** Minutes since local midnight, 0–1439, by the wall clock. */
export function minuteOfDay(at: Instant): number {
  return Math.floor((wallClock(at) % DAY_MS) / MINUTE);
}

/** 1 = Monday … 7 = Sunday. */
export function weekdayOf(day: Day): number {
  return ((day + 3) % 7) + 1;
}

/** Monday of the week of `day`. */
export function mondayOf(day: Day): Day {
  return day - (weekdayOf(day) - 1);
}

/** The first instant of a local day. */
export function startOfDay(day: Day): Instant {
  const utc = day * DAY_MS;
  return utc - offsetMinutes(utc - HOUR) * MINUTE;
}

export type LocalTimeResult =
  | { kind: "once"; at: Instant }
  | { kind: "twice"; first: Instant; second: Instant }
  | { kind: "never" };

/**
 * What a wall-clock time without zone can mean. `wall` is milliseconds of the wall clock as if it were UTC.
 * The hour repeated in October means two instants, the hour skipped in March none.
 */
export function localTime(wall: number): LocalTimeResult {
  const asSummer = wall - 120 * MINUTE;
  const asWinter = wall - 60 * MINUTE;
  const summerHolds = offsetMinutes(asSummer) === 120;
  const winterHolds = offsetMinutes(asWinter) === 60;
  if (summerHolds && winterHolds) return { kind: "twice", first: asSummer, second: asWinter };
  if (summerHolds) return { kind: "once", at: asSummer };
  if (winterHolds) return { kind: "once", at: asWinter };
  return { kind: "never" };
}

const datePattern = /^(\d{4})-(\d{2})-(\d{2})$/;

/** The day of "YYYY-MM-DD", or null where there is no such date. */
export function parseDate(text: string): Day | null {
  const found = datePattern.exec(text);
  return found === null ? null : dayFromParts(Number(found[1]), Number(found[2]), Number(found[3]));
}

const daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

/** The day of a year, month (1–12) and day of month, or null where there is no such date. */
export function dayFromParts(year: number, month: number, dayOfMonth: number): Day | null {
  if (!(month >= 1 && month <= 12 && dayOfMonth >= 1 && year >= 1000 && year <= 9999)) return null;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const before = daysBeforeMonth[month - 1] ?? 0;
  const length = (daysBeforeMonth[month] ?? 0) - before + (leap && month === 2 ? 1 : 0);
  if (dayOfMonth > length) return null;
  // By hand: intake reads ten dates a record, and a Date object for each was a tenth of the whole mapping.
  const past = year - 1;
  const years = past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  return years + before + (leap && month > 2 ? 1 : 0) + dayOfMonth - 719_163;
}

/** As `parseDate`, for text that has been checked before. */
export function day(text: LocalDate): Day {
  const parsed = parseDate(text);
  if (parsed === null) throw new RangeError("Not a date: expected YYYY-MM-DD.");
  return parsed;
}

const twoDigits = (value: number): string => (value < 10 ? `0${value}` : String(value));

export function formatDay(value: Day): LocalDate {
  // By hand, for every finding and line of a night: years begin on 1 March, so that the leap day is a year's last.
  const since = value + 719_468;
  const era = Math.floor(since / 146_097);
  const ofEra = since - era * 146_097;
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const full = year + era * 400 + (month <= 2 ? 1 : 0);
  if (!(full >= 1000 && full <= 9999)) return new Date(value * DAY_MS).toISOString().slice(0, 10);
  return `${full}-${twoDigits(month)}-${twoDigits(ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1)}`;
}

export function monthOf(value: Day): Month {
  return formatDay(value).slice(0, 7);
}

/** First and last day of a month, both included. */
export function daysOfMonth(month: Month): { first: Day; last: Day } {
  const first = day(`${month}-01`);
  const date = new Date(first * DAY_MS);
  return { first, last: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0) / DAY_MS };
}

/** ISO 8601 with offset or Z; null where it is not one. */
export function parseInstant(text: string): Instant | null {
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)$/i.test(text)) return null;
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return null;
  }
}

/** As `parseInstant`, for text that has been checked before. */
export function instant(text: string): Instant {
  const parsed = parseInstant(text);
  if (parsed === null) throw new RangeError("Not a time: expected ISO 8601 with offset.");
  return parsed;
}

/** "2026-10-05T06:00:00Z" */
export function formatInstant(at: Instant): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}

/** "07:05", by the wall clock in Sweden. */
export function formatClock(at: Instant): string {
  const minute = minuteOfDay(at);
  return `${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}`;
}

/** "2026-10-05 07:05", by the wall clock in Sweden. */
export function formatLocal(at: Instant): string {
  return `${formatDay(dayOf(at))} ${formatClock(at)}`;
}

/** The instant at which the wall clock shows `minute` of `day`; the first where it shows it twice, the change itself where never. */
export function atMinute(value: Day, minute: number): Instant {
  const found = localTime(value * DAY_MS + minute * MINUTE);
  if (found.kind === "once") return found.at;
  if (found.kind === "twice") return found.first;
  return lastSunday(new Date(value * DAY_MS).getUTCFullYear(), 2);
}

/** Whole minutes between two instants, rounded half up. */
export function minutesBetween(start: Instant, end: Instant): number {
  return Math.floor((end - start) / MINUTE + 0.5);
}
