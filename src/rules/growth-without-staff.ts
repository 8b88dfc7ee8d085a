import { z } from "zod";
import {
  at,
  cut,
  dayOf,
  decimalText,
  defineRule,
  example,
  type Hit,
  HOUR,
  median,
  MINUTE,
  rowsOf,
  sample,
} from "#rule";

/** In October P1 has so many hours by so many of the staff; three months earlier, 100 hours by ten. */
function october(
  hours: number,
  staff: number,
  {
    shiftHours = 0,
    more = 0,
    before = { hours: 100, carers: 10, days: 31, shiftHours: 0 } as Record<string, number>,
  } = {},
) {
  return example(
    [
      ...Array.from({ length: staff + 1 }, (_, person) => sample("staff", `S${person + 1}`)),
      ...Array.from({ length: hours }, (_, position) => {
        const start = at("2026-10-01 06:00", Math.floor(position / staff) * 120);
        return sample("visits", `v-${position}`, {
          staffId: `S${(position % staff) + 1}`,
          start,
          end: start + HOUR,
        });
      }),
      // Somebody who comes now and then.
      ...Array.from({ length: more }, (_, position) =>
        sample("visits", `m-${position}`, {
          staffId: `S${staff + 1}`,
          start: at("2026-10-20 06:00", position * 120),
          end: at("2026-10-20 06:15", position * 120),
        }),
      ),
      ...(shiftHours === 0
        ? []
        : [sample("shifts", "w-1", { start: "2026-10-05 06:00", end: at("2026-10-05 06:00", shiftHours * 60) })]),
    ],
    { earlier: Object.entries(before).map(([name, value]) => ({ who: "P1", month: "2026-07", name, value })) },
  );
}

export default defineRule({
  id: "growth-without-staff",
  version: 3,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Fler timmar utan mer personal", en: "Growth without more staff" },
  why: "Utförda timmar har ökat mycket på tre månader, men inte antalet som utför dem. Tiden kan ha sträckts ut.",
  remedy: "Fråga utföraren hur ökningen har bemannats, och följ upp några av de nya uppdragen.",
  innocent: {
    moreShiftHours: "Samma personal arbetar fler timmar enligt sina arbetspass.",
    startedThen: "Utföraren hade bara besök en del av månaden då: det var en början, inte en ökning.",
  },
  reads: ["visits", "staff", "shifts", "measures"],
  parameters: z.object({
    hoursPercentMin: z.number().min(0).default(50).describe("Så mycket har timmarna ökat."),
    staffPercentBelow: z.number().min(0).default(10).describe("Så mycket har antalet i personalen högst ökat."),
    monthsBack: z.int().min(1).max(12).default(3).describe("Jämförs med månaden så långt tillbaka."),
    hoursBeforeMin: z.number().min(0).default(100).describe("Med färre timmar då säger ökningen för lite."),
    wholePercent: z
      .number()
      .min(1)
      .max(100)
      .default(50)
      .describe(
        "Den som har minst så stor del av de besök som är vanliga i personalen (medianen) räknas som en, den som har färre som en del av en: en vikarie för några dagar gör inte många besök.",
      ),
    daysBeforeMin: z.int().min(1).max(31).default(25).describe("Så många dagar av månaden då ska ha besök."),
  }),
  examples: () => ({
    reports: [
      october(150, 10),
      // Fifteen visits are usual, and seven and a half make a whole one: 9.3 per cent more.
      october(150, 10, { more: 7 }),
    ],
    accepts: [
      october(149, 10),
      // Eleven are ten per cent more.
      october(150, 11),
      october(150, 10, { more: 8 }),
      october(150, 10, { before: { hours: 99, carers: 10, days: 31 } }),
      october(150, 10, { before: { hours: 100, carers: 10, days: 24 } }),
      october(150, 10, { before: {} }),
      october(150, 10, { shiftHours: 40, before: { hours: 100, carers: 10, days: 31, shiftHours: 30 } }),
    ],
  }),
  evaluate(
    { visits, staff, shifts, measures, slice },
    { hoursPercentMin, staffPercentBelow, monthsBack, hoursBeforeMin, wholePercent, daysBeforeMin },
    report,
  ) {
    const hits: Hit[] = [];
    const times = new Uint32Array(staff.count);
    const days = new Set<number>();
    let ms = 0;
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      if (!visits.usable(row)) continue;
      ms += visits.end(row) - visits.start(row);
      days.add(visits.day(row));
      const person = visits.staff(row);
      if (person >= 0) times[person]!++;
    }
    let shiftMs = 0;
    for (let person = 0; person < times.length; person++) {
      if (times[person] === 0) continue;
      for (const shift of rowsOf(shifts.byStaff, person)) {
        const start = shifts.start(shift);
        if (shifts.kind(shift) !== "work" || !inMonth(start)) continue;
        shiftMs += shifts.end(shift) - start - shifts.breakMinutes(shift) * MINUTE;
      }
    }
    // By heads one stand-in among eight would be more than a tenth.
    const own = [...times].filter((visitsOf) => visitsOf > 0);
    const whole = (median(own) * wholePercent) / 100;
    const carers = own.reduce((sum, visitsOf) => sum + Math.min(1, visitsOf / whole), 0);
    const [hours, shiftHours] = [ms / HOUR, shiftMs / HOUR];
    report.measure("hours", hours);
    report.measure("carers", carers);
    report.measure("days", days.size);
    report.measure("shiftHours", shiftHours);

    const before = (name: string): number => measures.of(name, monthsBack);
    const [hoursBefore, carersBefore] = [before("hours"), before("carers")];
    if (Number.isNaN(hoursBefore) || Number.isNaN(carersBefore)) {
      report.tooLittleData("månaden att jämföra med saknas");
      return hits;
    }
    const grown = 100 * (hours / hoursBefore - 1);
    const hired = 100 * (carers / carersBefore - 1);
    if (hoursBefore < hoursBeforeMin || grown < hoursPercentMin || hired >= staffPercentBelow) return hits;
    if (before("days") < daysBeforeMin) {
      report.suppressed("startedThen");
      return hits;
    }
    const shiftsBefore = before("shiftHours");
    // Half of the growth in the shifts: the rest may be people who had time to spare.
    if (shiftsBefore > 0 && 100 * (shiftHours / shiftsBefore - 1) >= grown / 2) {
      report.suppressed("moreShiftHours");
      return hits;
    }
    hits.push({
      records: [],
      minutes: Math.floor((hours - hoursBefore) * 60),
      reason:
        `Utförda timmar har ökat med ${decimalText(grown, 0)} % på ${monthsBack} månader (från ${decimalText(hoursBefore, 0)} till ${decimalText(hours, 0)}), ` +
        `antalet som utför dem med ${decimalText(hired, 0)} % (från ${decimalText(carersBefore, 1)} till ${decimalText(carers, 1)}, där den som har få besök räknas som en del av en).`,
      evidence: {
        "timmarnas ökning i procent ≥": [cut(grown), hoursPercentMin],
        "personalens ökning i procent <": [cut(hired), staffPercentBelow],
        "timmar då ≥": [cut(hoursBefore), hoursBeforeMin],
        "timmar i arbetspass då och nu": shiftsBefore > 0 ? `${cut(shiftsBefore)} och ${cut(shiftHours)}` : "okänt",
      },
    });

    function inMonth(start: number): boolean {
      const day = dayOf(start);
      return day >= slice.firstDay && day <= slice.lastDay;
    }
    return hits;
  },
});
