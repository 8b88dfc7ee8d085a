import { z } from "zod";
import {
  at,
  dayOf,
  defineRule,
  example,
  formatDay,
  type Hit,
  HOUR,
  publicHoliday,
  sample,
  startOfDay,
  weekdayOf,
} from "#rule";

/** Twenty visits every day of October but so many on Tuesday the 20th. */
function octoberWith(count: number, on = "2026-10-20") {
  const low = dayOf(at(`${on} 12:00`));
  const first = dayOf(at("2026-10-01 12:00"));
  return example(
    Array.from({ length: 31 }, (_, date) =>
      Array.from({ length: first + date === low ? count : 20 }, (_unused, position) =>
        sample("visits", `v-${date}-${position}`, {
          start: startOfDay(first + date) + (6 + position * 0.5) * HOUR,
          clientId: `C${(position % 3) + 1}`,
        }),
      ),
    ).flat(),
  );
}

export default defineRule({
  id: "volume-break",
  version: 1,
  level: "quality",
  scope: "source",
  title: { sv: "Ovanligt få besök en dag", en: "Unusually few visits on a day" },
  why: "Källan levererade mycket mindre än vanligt. Uppgifter kan saknas utan att leveransen var tom.",
  remedy: "Kontrollera med den som ansvarar för källan om dagen är fullständig.",
  innocent: { holiday: "Dagen är en helgdag." },
  reads: ["visits", "sources"],
  parameters: z.object({
    percentBelow: z.number().min(0).max(100).default(70).describe("Av veckodagens median."),
    medianMin: z.number().min(1).default(20).describe("Vid färre besök om dagen säger andelen för lite."),
    weeksMin: z.int().min(2).default(3).describe("Så många andra dagar av samma veckodag behövs."),
  }),
  settlesAfterDays: 3,
  examples: () => ({
    reports: [octoberWith(13)],
    accepts: [octoberWith(14), octoberWith(5, "2026-10-31")],
  }),
  evaluate({ visits, sources, slice, asOf }, { percentBelow, medianMin, weeksMin }, report) {
    const hits: Hit[] = [];
    if (slice.visits.length === 0) return hits;
    const days = slice.lastDay - slice.firstDay + 1;
    const counts = new Int32Array(days);
    for (let i = 0; i < slice.visits.length; i++) {
      const row = slice.visits[i]!;
      const position = visits.day(row) - slice.firstDay;
      if (position >= 0 && position < days) counts[position] = counts[position]! + 1;
    }
    // A day is complete a day after it ended; before the source's first day nothing is missing.
    const complete = dayOf(asOf) - 2 - slice.firstDay;
    const firstHeard = counts.findIndex((count) => count > 0);
    for (let position = firstHeard; position < days && position <= complete; position++) {
      const others: number[] = [];
      for (let other = position % 7; other < days && other <= complete; other += 7) {
        if (other !== position && other >= firstHeard) others.push(counts[other]!);
      }
      if (others.length < weeksMin) continue;
      others.sort((a, b) => a - b);
      const middle = others.length >> 1;
      const median = others.length % 2 === 1 ? others[middle]! : (others[middle - 1]! + others[middle]!) / 2;
      const count = counts[position]!;
      if (median < medianMin || count >= (percentBelow / 100) * median) continue;
      const day = slice.firstDay + position;
      if (publicHoliday(day, { eves: true })) {
        report.suppressed("holiday");
        continue;
      }
      hits.push({
        records: [],
        distinct: formatDay(day),
        period: { from: day, to: day },
        reason: `Källan ${sources.id(slice.source)} har ${count} besök ${formatDay(day)}; samma veckodag har den annars omkring ${median}.`,
        evidence: {
          "besök i procent av veckodagens median <": [Math.round((100 * count) / median), percentBelow],
          "veckodag (1 = måndag)": weekdayOf(day),
        },
      });
    }
    return hits;
  },
});
