import { z } from "zod";
import { at, cut, decimalText, defineRule, example, formatDay, type Hit, percentOf, sample } from "#rule";

/** S1 is at C1 for so many minutes every day of October, S2 for so many. */
function octoberOf(first: number, second: number, { days = 31 } = {}) {
  return example(
    Array.from({ length: days }, (_, date) => {
      // The clocks went back on the 25th.
      const morning = at("2026-10-01 07:00", date * 24 * 60 + (date >= 24 ? 60 : 0));
      const visit = (staffId: string, start: number, minutes: number) =>
        sample("visits", `v-${staffId}-${date}`, {
          staffId,
          start,
          end: start + minutes * 60_000,
        });
      return [visit("S1", morning, first), ...(second === 0 ? [] : [visit("S2", morning + first * 60_000, second)])];
    }).flat(),
  );
}

export default defineRule({
  id: "single-carer",
  version: 1,
  level: "pattern",
  scope: "client-month",
  title: { sv: "Nästan all hjälp ges av en enda person", en: "Nearly all help given by one person" },
  why: "Mer än en heltid hos en enda brukare av samma person ryms sällan i en anställning. Någon annan kan ha gjort besöken, eller en anhörig kan stå som personal.",
  remedy:
    "Fråga utföraren hur brukaren bemannas, och jämför med arbetspass och lås- eller tagghändelser. Är det beställt så läggs det in som undantag.",
  // That one person was ordered is told by no source: it is entered as an exception.
  innocent: {},
  reads: ["visits"],
  parameters: z.object({
    percentAbove: z.number().min(50).max(100).default(90).describe("Större del av tiden av en person granskas."),
    hoursPerWeekAbove: z.number().positive().default(40).describe("Så mycket hjälp i veckan ska brukaren ha."),
    daysMin: z.int().min(1).default(14).describe("Kortare tid med besök säger för lite."),
  }),
  examples: () => ({
    reports: [octoberOf(319, 35)],
    accepts: [
      // 318 of 354 minutes are 89.8 percent.
      octoberOf(318, 36),
      // 342 minutes a day are 39.9 hours a week.
      octoberOf(342, 0),
      octoberOf(354, 0, { days: 13 }),
    ],
  }),
  evaluate({ visits, slice }, { percentAbove, hoursPerWeekAbove, daysMin }, report) {
    const hits: Hit[] = [];
    let total = 0;
    let [first, last] = [Infinity, -Infinity];
    for (const row of slice.visits) {
      if (!visits.usable(row)) continue;
      total += visits.minutes(row);
      if (visits.day(row) < first) first = visits.day(row);
      if (visits.day(row) > last) last = visits.day(row);
    }
    // Over the days from the first visit to the last: many clients come or leave within the month.
    const days = last - first + 1;
    if (!(total > (hoursPerWeekAbove * 60 * days) / 7)) return hits;
    const byStaff = new Map<number, number>();
    for (const row of slice.visits) {
      byStaff.set(visits.staff(row), (byStaff.get(visits.staff(row)) ?? 0) + visits.minutes(row));
    }
    const unknown = byStaff.get(-1) ?? 0;
    byStaff.delete(-1);
    let [staff, most] = [-1, 0];
    for (const [one, minutes] of byStaff) if (minutes > most) [staff, most] = [one, minutes];
    if (!(most * 100 > percentAbove * total)) {
      if ((most + unknown) * 100 > percentAbove * total) report.tooLittleData("personal saknas på besök");
      return hits;
    }
    if (days < daysMin) {
      report.tooLittleData("för få dagar med besök");
      return hits;
    }
    const own = [...slice.visits].filter((row) => visits.usable(row) && visits.staff(row) === staff);
    const percent = percentOf(most, total);
    const hours = (total * 7) / 60 / days;
    hits.push({
      records: own,
      staff,
      minutes: most,
      reason:
        `Under ${formatDay(slice.firstDay).slice(0, 7)} gav en person ${decimalText(percent)} % av hjälpen hos brukaren, ` +
        `som har i snitt ${decimalText(hours)} timmar i veckan.`,
      evidence: {
        "en persons del av tiden i procent >": [cut(percent), percentAbove],
        "timmar i veckan >": [cut(hours), hoursPerWeekAbove],
        "dagar från första till sista besök ≥": [days, daysMin],
      },
    });
    return hits;
  },
});
