import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import {
  DAY_MS,
  HOUR,
  MINUTE,
  ZONE,
  atMinute,
  day,
  dayFromParts,
  dayOf,
  daysOfMonth,
  formatDay,
  formatInstant,
  formatLocal,
  instant,
  localTime,
  minuteOfDay,
  minutesBetween,
  mondayOf,
  monthOf,
  offsetMinutes,
  parseDate,
  parseInstant,
  startOfDay,
  weekdayOf,
} from "#model";

const first = day("1996-01-01");
const last = day("2037-12-31");
const zoned = (at: number) => Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(ZONE);

describe("Swedish time against the time zone database, 1996-2037", () => {
  test("every day starts, and is numbered, as there", () => {
    const wrong: string[] = [];
    let date = Temporal.PlainDate.from("1996-01-01");
    for (let value = first; value <= last; value++, date = date.add({ days: 1 })) {
      const start = date.toZonedDateTime({ timeZone: ZONE }).epochMilliseconds;
      const same =
        formatDay(value) === date.toString() &&
        weekdayOf(value) === date.dayOfWeek &&
        startOfDay(value) === start &&
        dayOf(start) === value &&
        dayOf(start - 1) === value - 1 &&
        dayFromParts(date.year, date.month, date.day) === value;
      if (!same) wrong.push(date.toString());
    }
    expect(wrong).toEqual([]);
    expect(date.toString()).toBe("2038-01-01");
  });

  test("every hour has the offset that it has there", () => {
    const change = new Set<number>();
    let before = 60;
    for (let at = first * DAY_MS; at < (last + 1) * DAY_MS; at += HOUR) {
      const offset = offsetMinutes(at);
      if (offset !== before) change.add(at);
      before = offset;
    }
    const expected = new Set<number>();
    let zonedTime = zoned(first * DAY_MS);
    for (;;) {
      const next = zonedTime.getTimeZoneTransition("next");
      if (next === null || next.epochMilliseconds >= (last + 1) * DAY_MS) break;
      expected.add(next.epochMilliseconds);
      zonedTime = next;
    }
    expect([...change]).toEqual([...expected]);
    expect(change.size).toBe(2 * 42);
  });

  test("the hours of both clock changes of every year are read as there", () => {
    const wrong: string[] = [];
    const seen = { once: 0, twice: 0, never: 0 };
    for (let year = 1996; year <= 2037; year++) {
      for (const month of [3, 10]) {
        const end = Temporal.PlainDate.from({ year, month, day: 31 });
        const sunday = end.subtract({ days: end.dayOfWeek % 7 });
        for (let minute = 60; minute < 240; minute++) {
          const plain = sunday.toPlainDateTime({ hour: Math.floor(minute / 60), minute: minute % 60 });
          const earlier = plain.toZonedDateTime(ZONE, { disambiguation: "earlier" });
          const later = plain.toZonedDateTime(ZONE, { disambiguation: "later" });
          const found = localTime(plain.toZonedDateTime("UTC").epochMilliseconds);
          seen[found.kind]++;
          const same =
            found.kind === "once"
              ? found.at === earlier.epochMilliseconds && found.at === later.epochMilliseconds
              : found.kind === "twice"
                ? found.first === earlier.epochMilliseconds && found.second === later.epochMilliseconds
                : !earlier.toPlainDateTime().equals(plain) && !later.toPlainDateTime().equals(plain);
          if (!same) wrong.push(plain.toString());
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(seen).toEqual({ once: 42 * 240, twice: 42 * 60, never: 42 * 60 });
  });

  test("an instant written by the wall clock is found again, both clock changes included", () => {
    const changes = [instant("2026-03-29T01:00:00Z"), instant("2026-10-25T01:00:00Z")];
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: first * 1440, max: last * 1440 }).map((minute) => minute * MINUTE),
          fc
            .tuple(fc.constantFrom(...changes), fc.integer({ min: -180, max: 180 }))
            .map(([at, minutes]) => at + minutes * MINUTE),
        ),
        (at) => {
          const found = localTime(dayOf(at) * DAY_MS + minuteOfDay(at) * MINUTE);
          const readings =
            found.kind === "once" ? [found.at] : found.kind === "twice" ? [found.first, found.second] : [];
          expect(readings).toContain(at);
        },
      ),
    );
  });
});

describe("the minute of a day", () => {
  test("is the first of two in October, and the change itself in March", () => {
    expect(formatInstant(atMinute(day("2026-10-25"), 150))).toBe("2026-10-25T00:30:00Z");
    expect(formatInstant(atMinute(day("2026-03-29"), 150))).toBe("2026-03-29T01:00:00Z");
    expect(formatInstant(atMinute(day("2026-07-01"), 420))).toBe("2026-07-01T05:00:00Z");
  });
});

describe("dates", () => {
  test("that do not exist are null", () => {
    for (const text of ["2026-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "26-04-01", "2026-4-1", ""]) {
      expect(parseDate(text)).toBeNull();
    }
    expect(parseDate("2024-02-29")).not.toBeNull();
    expect(parseDate("1900-02-29")).toBeNull();
    expect(parseDate("2000-02-29")).not.toBeNull();
  });

  test("are counted as Date counts them, over eight thousand years", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 9999 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 31 }),
        (year, month, dayOfMonth) => {
          const ms = Date.UTC(year, month - 1, dayOfMonth);
          const real = new Date(ms).getUTCDate() === dayOfMonth;
          expect(dayFromParts(year, month, dayOfMonth)).toBe(real ? ms / DAY_MS : null);
        },
      ),
    );
  });

  test("belong to weeks that begin on Monday, and to months with both ends included", () => {
    expect(formatDay(mondayOf(day("2026-10-25")))).toBe("2026-10-19");
    expect(monthOf(day("2026-10-25"))).toBe("2026-10");
    const { first: from, last: through } = daysOfMonth("2028-02");
    expect([formatDay(from), formatDay(through)]).toEqual(["2028-02-01", "2028-02-29"]);
  });
});

describe("instants", () => {
  test("need an offset", () => {
    expect(parseInstant("2026-10-05T07:05:00")).toBeNull();
    expect(parseInstant("2026-10-05T25:05:00Z")).toBeNull();
    expect(parseInstant("2026-10-05T07:05:00+02:00")).toBe(parseInstant("2026-10-05T05:05:00Z"));
    expect(() => instant("07:05")).toThrow(RangeError);
  });

  test("are written in UTC, or by the wall clock", () => {
    const at = instant("2026-10-05T05:05:30Z");
    expect(formatInstant(at)).toBe("2026-10-05T05:05:30Z");
    expect(formatLocal(at)).toBe("2026-10-05 07:05");
  });

  test("are apart by whole minutes, rounded half up", () => {
    expect(minutesBetween(0, 90_000)).toBe(2);
    expect(minutesBetween(0, 89_999)).toBe(1);
  });
});
