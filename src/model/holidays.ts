import Holidays from "date-holidays";
import { type Day, DAY_MS, parseDate, weekdayOf } from "./time.ts";

interface Year {
  holidays: ReadonlySet<Day>;
  eves: ReadonlySet<Day>;
}

const eveNames = new Set(["midsommarafton", "julafton", "nyårsafton"]);

function yearOf(year: number): Year {
  const holidays = new Set<Day>();
  const eves = new Set<Day>();
  for (const { date, name, type } of new Holidays("SE", { languages: "sv" }).getHolidays(year, "sv")) {
    const found = parseDate(date.slice(0, 10));
    if (found === null) continue;
    if (type === "public") holidays.add(found);
    else if (eveNames.has(name.toLowerCase())) eves.add(found);
  }
  return { holidays, eves };
}

/** Swedish public holidays, by year; made when a year is first asked for, and the same in every process. */
const years = new Map<number, Year>();

/** A Swedish public holiday; with `eves` also Midsummer's, Christmas and New Year's Eve. Sundays are not among them unless they are. */
export function publicHoliday(value: Day, { eves }: { eves: boolean }): boolean {
  const year = new Date(value * DAY_MS).getUTCFullYear();
  let known = years.get(year);
  if (known === undefined) years.set(year, (known = yearOf(year)));
  return known.holidays.has(value) || (eves && known.eves.has(value));
}

/** Monday to Friday, and neither a public holiday nor one of the three eves. */
export function workingDay(value: Day): boolean {
  return weekdayOf(value) <= 5 && !publicHoliday(value, { eves: true });
}

/** The day after which `count` working days have passed since `value`, which is not counted. */
export function addWorkingDays(value: Day, count: number): Day {
  let found = value;
  for (let left = count; left > 0;) {
    found++;
    if (workingDay(found)) left--;
  }
  return found;
}
