import { describe, expect, test } from "vitest";
import { silencesInside, Sources } from "#columns";
import { DAY_MS, HOUR, samples } from "#model";

const { at } = samples;
const monday = at("2026-08-31 04:30");

function silences(arrivals: readonly number[], asOf: number, everyHours: number | null = null) {
  const facts = { source: "files", everyHours, arrivals: arrivals.map((when) => ({ at: when, records: 5 })) };
  return new Sources(["files"], [0], [facts], [], new Map()).silences(0, asOf).map(({ from, until }) => [from, until]);
}

/** Every weekday morning for so many weeks. */
const weekdays = (weeks: number): number[] =>
  Array.from({ length: weeks * 7 }, (_, day) => day)
    .filter((day) => day % 7 < 5)
    .map((day) => monday + day * DAY_MS);

describe("silence of a source", () => {
  test("is more than twice its configured interval without a record", () => {
    expect(silences([monday, monday + HOUR], monday + 3 * HOUR, 1)).toEqual([]);
    expect(silences([monday, monday + HOUR], monday + 3.1 * HOUR, 1)).toEqual([[monday + HOUR, monday + 3.1 * HOUR]]);
  });

  test("is learned by weekday and hour, so that weekends without deliveries are none", () => {
    const heard = weekdays(4);
    const last = heard.at(-1)!;
    expect(silences(heard, last + 3 * DAY_MS)).toEqual([]);
    const without = heard.filter((when) => when !== monday + 8 * DAY_MS && when !== monday + 9 * DAY_MS);
    expect(silences(without, last + DAY_MS)).toEqual([[monday + 7 * DAY_MS, monday + 10 * DAY_MS]]);
  });

  test("is unknown before there is anything to learn from, and before the first record", () => {
    expect(silences(weekdays(1), monday + 30 * DAY_MS)).toEqual([]);
    expect(silences([], monday, 1)).toEqual([]);
  });

  test("is not cut into parts that are too short by stray records", () => {
    // Three hundred a day between 07:00 and 21:00, for four weeks.
    const all = Array.from({ length: 28 * 300 }, (_, n) =>
      at("2026-10-01 07:00", Math.floor(n / 300) * 1440 + (n % 300) * 2.8 + (n >= 24 * 300 ? 60 : 0)),
    );
    const [from, until] = [at("2026-10-13 09:00"), at("2026-10-13 14:00")];
    const stray = ["09:40", "12:10"].map((clock) => at(`2026-10-13 ${clock}`));
    const received = [...all.filter((when) => when < from || when >= until), ...stray];
    expect(silencesInside(Float64Array.from(received)).map((one) => [one.from, one.until])).toEqual([
      [expect.closeTo(from, -6), expect.closeTo(until, -6)],
    ]);
  });

  test("goes on after a stray record where little is usual in an hour, and nothing came in the next", () => {
    // Eighty a day between 07:00 and 21:00.
    const all = Array.from({ length: 28 * 80 }, (_, n) =>
      at("2026-10-01 07:00", Math.floor(n / 80) * 1440 + (n % 80) * 10.5 + (n >= 24 * 80 ? 60 : 0)),
    );
    const [from, until] = [at("2026-10-13 09:00"), at("2026-10-13 14:00")];
    const received = [...all.filter((when) => when < from || when >= until), at("2026-10-13 12:20")];
    expect(silencesInside(Float64Array.from(received)).map((one) => [one.from, one.until])).toEqual([
      [expect.closeTo(from, -6.1), expect.closeTo(until, -6.1)],
    ]);
  });

  test("goes on after a stray record through hours in which little comes, until something is heard", () => {
    // Three hundred a day between 07:00 and 21:00, and three until 23:00.
    const clocks = [...Array.from({ length: 300 }, (_, n) => 420 + n * 2.8), 1290, 1335, 1365];
    const all = Array.from({ length: 28 }, (_, day) => day).flatMap((day) =>
      clocks.map((minutes) => at("2026-10-01 00:00", day * 1440 + minutes + (day >= 24 ? 60 : 0))),
    );
    const [from, until] = [at("2026-10-13 09:00"), at("2026-10-14 00:00")];
    const received = [...all.filter((when) => when < from || when >= until), at("2026-10-13 20:10")];
    expect(silencesInside(Float64Array.from(received)).map((one) => [one.from, one.until])).toEqual([
      [expect.closeTo(from, -6), at("2026-10-14 07:00")],
    ]);
  });

  test("is seen in the times at which it received its registrations, also where all came to us at once", () => {
    // Forty a day between 07:00 and 21:00, for four weeks.
    const all = Array.from({ length: 28 * 40 }, (_, n) =>
      at("2026-10-01 07:00", Math.floor(n / 40) * 1440 + (n % 40) * 21 + (n >= 24 * 40 ? 60 : 0)),
    );
    const told = (times: number[]) =>
      new Sources(
        ["files"],
        [0],
        [{ source: "files", everyHours: null, arrivals: [] }],
        [],
        new Map([[0, Float64Array.from(times)]]),
      )
        .silences(0, at("2026-11-10 04:30"))
        .map(({ from, until }) => [from, until]);
    expect(told(all)).toEqual([]);
    const [from, until] = [at("2026-10-13 09:00"), at("2026-10-13 13:00")];
    const [[first, last] = []] = told(all.filter((when) => when <= from || when >= until));
    expect(first).toBeLessThanOrEqual(from);
    expect(last).toBeGreaterThanOrEqual(until);
    expect(told(all.filter((when) => when <= from || when >= from + 2 * HOUR))).toEqual([]);
    // Two weeks say nothing of a weekday.
    expect(told(all.filter((when) => (when <= from || when >= until) && when < at("2026-10-15 00:00")))).toEqual([]);
  });
});
