import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { DAY_MS, HOUR, MINUTE, day, formatDay, instant } from "#model";
import { readClock, readDate, readMoment } from "../../src/mapping/moment.ts";

const date = (text: string, thisYear = 2026) => {
  const found = readDate(text, thisYear);
  return found === null ? null : formatDay(found);
};

describe("a date", () => {
  test("is read in every form that sources use", () => {
    for (const text of ["2026-03-01", "2026-3-1", "20260301", "260301", "1/3 2026", "01/03 2026", "1/3-2026"]) {
      expect(date(text)).toBe("2026-03-01");
    }
  });

  test("with two digits of year is at most twenty years ahead", () => {
    expect(date("460301")).toBe("2046-03-01");
    expect(date("470301")).toBe("1947-03-01");
    expect(date("990301", 2001)).toBe("1999-03-01");
    expect(date("050301", 1995)).toBe("2005-03-01");
  });

  test("that does not exist, or may be read in two ways, is refused", () => {
    for (const text of [
      "2026-02-29",
      "20261301",
      "261301",
      "31/4 2026",
      "1/3/2026",
      "03/01/26",
      "46082",
      "1 mars",
      "2026",
    ]) {
      expect(date(text)).toBeNull();
    }
  });
});

describe("a time of day", () => {
  test.each([
    ["07:05", 7 * HOUR + 5 * MINUTE],
    ["7:5", 7 * HOUR + 5 * MINUTE],
    ["07.05", 7 * HOUR + 5 * MINUTE],
    ["07:05:30", 7 * HOUR + 5 * MINUTE + 30_000],
    ["07:05:30.1239999", 7 * HOUR + 5 * MINUTE + 30_123],
    ["00:00", 0],
    ["24:00", DAY_MS],
  ])("%s is read", (text, expected) => expect(readClock(text)).toBe(expected));

  test("is at most 24:00", () => {
    for (const text of ["24:01", "25:00", "12:60", "12:00:60", "7", "0705", "0,295138", ""])
      expect(readClock(text)).toBeNull();
  });
});

describe("a moment", () => {
  const wall = day("2026-03-01") * DAY_MS + 7 * HOUR + 5 * MINUTE;

  test.each([
    "2026-03-01 07:05",
    "2026-03-01T07:05:00",
    "2026-03-01 7:5",
    "20260301 07.05",
    "260301 07:05",
    "1/3 2026 07:05",
    "2026-03-01T07:05:00.000",
  ])("%s has no zone", (text) => expect(readMoment(text, 2026)).toEqual({ kind: "wall", wall }));

  test.each([
    "2026-03-01T06:05:00Z",
    "2026-03-01T07:05:00+01:00",
    "2026-03-01T07:05+01",
    "2026-03-01 07:05:00 +0100",
    "2026-03-01T06:05:00.000z",
  ])("%s has one", (text) =>
    expect(readMoment(text, 2026)).toEqual({ kind: "instant", at: instant("2026-03-01T06:05:00Z") }),
  );

  test("at 24:00 is the next midnight", () => {
    expect(readMoment("2026-03-01 24:00", 2026)).toEqual({ kind: "wall", wall: day("2026-03-02") * DAY_MS });
  });

  test.each([
    "2026-02-30 07:05",
    "2026-03-01T25:00",
    "2026-03-01T07:05:61",
    "2026-03-01T07:05+25:00",
    "i går",
    "2026-03-01T",
  ])("%s is none", (text) => expect(readMoment(text, 2026)).toBeNull());

  test("with offset is the same as Temporal reads, whatever the offset and the fraction", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: day("1996-01-01") * DAY_MS, max: day("2037-12-31") * DAY_MS }),
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        fc.constantFrom("minute", "second", "millisecond"),
        (at, offset, smallestUnit) => {
          const sign = offset < 0 ? "-" : "+";
          const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
          const zone = `${sign}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
          const text = Temporal.Instant.fromEpochMilliseconds(at).toString({
            timeZone: zone,
            smallestUnit: smallestUnit as "minute",
          });
          expect(readMoment(text, 2026)).toEqual({
            kind: "instant",
            at: Temporal.Instant.from(text).epochMilliseconds,
          });
        },
      ),
    );
  });

  test("is a finite time or none, whatever the text", () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d:.\-/T Z+]{0,30}$/)), (text) => {
        const found = readMoment(text, 2026);
        expect(
          found === null || Object.values(found).every((part) => typeof part === "string" || Number.isFinite(part)),
        ).toBe(true);
      }),
    );
  });
});
