import { describe, expect, test } from "vitest";
import { afterBusinessHours, at, businessMinutes, formatLocal } from "#rule";

const office = { weekdaysOnly: true, from: 8 * 60, to: 17 * 60, eves: true };
const after = (from: string, hours: number, more = {}) =>
  formatLocal(afterBusinessHours(at(from), hours, { ...office, ...more }));

describe("afterBusinessHours", () => {
  test("counts only the hours of office days", () => {
    // Monday 10:00: seven hours on Monday, nine on Tuesday, eight on Wednesday.
    expect(after("2026-10-05 10:00", 24)).toBe("2026-10-07 16:00");
    // At night it begins the next morning.
    expect(after("2026-10-05 22:00", 9)).toBe("2026-10-06 17:00");
    expect(after("2026-10-05 22:00", 9.5)).toBe("2026-10-07 08:30");
  });

  test("leaves out weekends, public holidays and, where the contract says so, eves", () => {
    expect(after("2026-10-09 16:00", 2)).toBe("2026-10-12 09:00");
    // Midsummer's Eve is Friday 19 June 2026.
    expect(after("2026-06-18 16:00", 2)).toBe("2026-06-22 09:00");
    expect(after("2026-06-18 16:00", 2, { eves: false })).toBe("2026-06-19 09:00");
    expect(after("2026-10-09 16:00", 2, { weekdaysOnly: false })).toBe("2026-10-10 09:00");
  });

  test("counts whole days where no hours are given, also the one with 25 hours", () => {
    expect(after("2026-10-24 12:00", 24, { weekdaysOnly: false, from: 0, to: 0 })).toBe("2026-10-25 11:00");
  });
});

test("businessMinutes is what afterBusinessHours lets pass", () => {
  const from = at("2026-10-08 16:20");
  for (const hours of [0.5, 1, 9, 24, 50]) {
    expect(businessMinutes(from, afterBusinessHours(from, hours, office), office)).toBe(hours * 60);
  }
  expect(businessMinutes(at("2026-10-10 10:00"), at("2026-10-11 10:00"), office)).toBe(0);
});
