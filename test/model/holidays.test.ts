import { expect, test } from "vitest";
import { addWorkingDays, day, formatDay, publicHoliday, workingDay } from "#model";

const all = { eves: true };

test("knows Swedish public holidays, also those that move", () => {
  for (const date of [
    "2026-01-06",
    "2026-04-03",
    "2026-04-06",
    "2026-05-14",
    "2026-06-06",
    "2026-06-20",
    "2026-10-31",
    "2027-03-26",
  ]) {
    expect([date, publicHoliday(day(date), all)]).toEqual([date, true]);
  }
  for (const date of ["2026-05-25", "2026-04-02", "2026-10-30", "2026-12-13"])
    expect([date, publicHoliday(day(date), all)]).toEqual([date, false]);
});

test("counts the three eves only where asked to", () => {
  for (const date of ["2026-06-19", "2026-12-24", "2026-12-31"]) {
    expect([date, publicHoliday(day(date), { eves: true })]).toEqual([date, true]);
    expect([date, publicHoliday(day(date), { eves: false })]).toEqual([date, false]);
  }
});

test("passes over weekends and holidays", () => {
  expect(workingDay(day("2026-04-03"))).toBe(false);
  // Thursday, then Good Friday, a weekend and Easter Monday.
  expect(formatDay(addWorkingDays(day("2026-04-02"), 1))).toBe("2026-04-07");
  expect(formatDay(addWorkingDays(day("2026-10-02"), 3))).toBe("2026-10-07");
});
