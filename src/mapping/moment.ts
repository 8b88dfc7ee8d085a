import { type Day, type Instant, DAY_MS, HOUR, MINUTE, dayFromParts } from "#model";

/** A time as a source may write it. Times of day are milliseconds since midnight, walls milliseconds as if the wall clock were UTC. */
export type Moment =
  | { kind: "instant"; at: Instant }
  | { kind: "wall"; wall: number }
  | { kind: "date"; day: Day }
  | { kind: "clock"; clock: number };

const ZERO = 48;

/** Two digits at `at`, or -1. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

function isoDate(text: string): Day | null {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return null;
  const century = two(text, 0);
  const year = two(text, 2);
  const month = two(text, 5);
  const dayOfMonth = two(text, 8);
  if (century < 0 || year < 0 || month < 0 || dayOfMonth < 0) return null;
  return dayFromParts(century * 100 + year, month, dayOfMonth);
}

/** Two digits of a year are the one nearest to now that is at most twenty years ahead. */
function fullYear(yy: number, thisYear: number): number {
  const year = Math.floor(thisYear / 100) * 100 + yy;
  if (year > thisYear + 20) return year - 100;
  return year <= thisYear - 80 ? year + 100 : year;
}

/** 2026-03-01, 2026-3-1, 20260301, 260301, 1/3 2026; null where it is none of them. */
export function readDate(text: string, thisYear: number): Day | null {
  if (text.length === 10) {
    const iso = isoDate(text);
    if (iso !== null) return iso;
  }
  const dashed = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (dashed !== null) return dayFromParts(Number(dashed[1]), Number(dashed[2]), Number(dashed[3]));
  const packed = /^(\d{4}|\d{2})(\d{2})(\d{2})$/.exec(text);
  if (packed !== null) {
    const year = Number(packed[1]);
    return dayFromParts(
      packed[1]?.length === 2 ? fullYear(year, thisYear) : year,
      Number(packed[2]),
      Number(packed[3]),
    );
  }
  const spoken = /^(\d{1,2})\/(\d{1,2})[ -]+(\d{4})$/.exec(text);
  if (spoken !== null) return dayFromParts(Number(spoken[3]), Number(spoken[2]), Number(spoken[1]));
  return null;
}

/** 07:05, 7:5, 07.05, 07:05:30.5, 24:00; milliseconds since midnight, or null. */
export function readClock(text: string): number | null {
  if (text.length === 5 && text.charCodeAt(2) === 58) {
    const hour = two(text, 0);
    const minute = two(text, 3);
    if (hour >= 0 && hour < 24 && minute >= 0 && minute < 60) return hour * HOUR + minute * MINUTE;
  }
  const found = /^(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:[.,](\d{1,9}))?)?$/.exec(text);
  if (found === null) return null;
  const [, hour, minute, second, fraction] = found;
  const clock =
    Number(hour) * HOUR +
    Number(minute) * MINUTE +
    Number(second ?? 0) * 1000 +
    (fraction === undefined ? 0 : Number(fraction.padEnd(3, "0").slice(0, 3)));
  if (Number(minute) > 59 || Number(second ?? 0) > 59 || clock > DAY_MS) return null;
  return clock;
}

/** Minutes of "+02:00", or null. */
function offsetOf(text: string): number | null {
  if (text === "Z" || text === "z") return 0;
  const hour = two(text, 1);
  const minute = text.length === 3 ? 0 : two(text, text.length - 2);
  if (hour < 0 || hour > 18 || minute < 0 || minute > 59) return null;
  return (text.charCodeAt(0) === 45 ? -1 : 1) * (hour * 60 + minute);
}

/** Any of the forms in which sources write dates, times of day, and both; null where it is none of them. */
export function readMoment(text: string, thisYear: number): Moment | null {
  // The form that nearly all have, without regular expressions: a record of a million has six of them.
  if (text.length >= 16) {
    const separator = text.charCodeAt(10);
    if ((separator === 84 || separator === 32) && text.charCodeAt(13) === 58) {
      const day = isoDate(text);
      const hour = two(text, 11);
      const minute = two(text, 14);
      if (day !== null && hour >= 0 && hour < 24 && minute >= 0 && minute < 60) {
        const wall = day * DAY_MS + hour * HOUR + minute * MINUTE;
        if (text.length === 16) return { kind: "wall", wall };
        const second = text.charCodeAt(16) === 58 ? two(text, 17) : -1;
        if (second >= 0 && second < 60) {
          if (text.length === 19) return { kind: "wall", wall: wall + second * 1000 };
          if (text.length === 20 && text.charCodeAt(19) === 90) return { kind: "instant", at: wall + second * 1000 };
        }
      }
    }
  }
  // Nothing is both: a date has neither colon nor point, a time of day has one.
  if (text.length >= 6) {
    const date = readDate(text, thisYear);
    if (date !== null) return { kind: "date", day: date };
  }
  const alone = readClock(text);
  if (alone !== null) return { kind: "clock", clock: alone };
  const parts = /^(.*?\d)(?:[Tt]| +)(\d{1,2}[:.][\d:.,]+)(?: ?(Z|[+-]\d{2}(?::?\d{2})?))?$/i.exec(text);
  if (parts === null) return null;
  const day = readDate(parts[1] ?? "", thisYear);
  const clock = readClock(parts[2] ?? "");
  if (day === null || clock === null) return null;
  const wall = day * DAY_MS + clock;
  if (parts[3] === undefined) return { kind: "wall", wall };
  const offset = offsetOf(parts[3]);
  return offset === null ? null : { kind: "instant", at: wall - offset * MINUTE };
}
