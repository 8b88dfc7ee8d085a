import { describe, expect, test } from "vitest";
import { type Day, day, instant } from "#model";
import { nightDue, scheduleNights } from "#worker";

describe("nightDue", () => {
  test("is today from the nightly time on, and yesterday before it", () => {
    expect(nightDue(instant("2026-11-02T03:29:00Z"), "04:30")).toBe(day("2026-11-01"));
    expect(nightDue(instant("2026-11-02T03:30:00Z"), "04:30")).toBe(day("2026-11-02"));
  });

  test("is due at the change where the clock skips the nightly time", () => {
    // 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
    expect(nightDue(instant("2026-03-29T00:59:00Z"), "02:30")).toBe(day("2026-03-28"));
    expect(nightDue(instant("2026-03-29T01:00:00Z"), "02:30")).toBe(day("2026-03-29"));
  });

  test("is due at the first of two equal wall-clock times", () => {
    // 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC, so 02:30 is at 00:30 and at 01:30 UTC.
    expect(nightDue(instant("2026-10-25T00:29:00Z"), "02:30")).toBe(day("2026-10-24"));
    expect(nightDue(instant("2026-10-25T00:30:00Z"), "02:30")).toBe(day("2026-10-25"));
  });
});

describe("scheduleNights", () => {
  function started(last: Day | null) {
    const clock = { now: instant("2026-10-24T12:00:00Z") };
    const ran: Day[] = [];
    const failing = { times: 0 };
    const schedule = scheduleNights({
      at: "02:30",
      now: () => clock.now,
      lastNight: async () => ran.at(-1) ?? last,
      run: async (due) => {
        if (failing.times > 0) {
          failing.times--;
          throw new Error("the database is away");
        }
        ran.push(due);
      },
    });
    return { clock, ran, failing, schedule };
  }

  test("catches up a missed night at the start", async () => {
    const { ran, schedule } = started(day("2026-10-20"));
    await schedule.tick();
    expect(ran).toEqual([day("2026-10-24")]);
    await schedule.stop();
  });

  test("runs one night where the clock shows the nightly time twice", async () => {
    const { clock, ran, schedule } = started(day("2026-10-24"));
    for (let minute = 0; minute < 24 * 60; minute++) {
      clock.now = instant("2026-10-24T12:00:00Z") + minute * 60_000;
      await schedule.tick();
    }
    expect(ran).toEqual([day("2026-10-25")]);
    await schedule.stop();
  });

  test("tries a failed night again after an hour, not every minute", async () => {
    const { clock, ran, failing, schedule } = started(null);
    failing.times = 1;
    await schedule.tick();
    clock.now += 59 * 60_000;
    await schedule.tick();
    expect(ran).toEqual([]);
    clock.now += 60_000;
    await schedule.tick();
    expect(ran).toEqual([day("2026-10-24")]);
    await schedule.stop();
  });
});
