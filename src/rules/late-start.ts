import { z } from "zod";
import {
  at,
  defineRule,
  example,
  formatClock,
  formatLocal,
  heldAgainst,
  type Hit,
  minutesBetween,
  sample,
} from "#rule";

/** Planned 08:00–08:30; begun so many minutes after that. */
function startedAfter(minutes: number, more: ReturnType<typeof sample>[] = [], visit: Record<string, unknown> = {}) {
  return example([
    sample("planned-visits", "p-1", { start: "08:00", end: "08:30" }),
    sample("visits", "v-1", { start: at("08:30", minutes), plannedVisitId: "p-1", ...visit }),
    ...more,
  ]);
}

export default defineRule({
  id: "late-start",
  version: 1,
  level: "indicator",
  scope: "visit",
  title: { sv: "Besök långt efter planerad tid", en: "A visit long after its planned time" },
  why: "Hjälp som kommer långt efter den planerade tiden kan vara för sen: medicin, mat och toalett går inte att skjuta upp.",
  remedy: "Fråga utföraren varför besöket kom sent och om brukaren fick veta det.",
  innocent: {
    absence: "Brukaren var frånvarande under den planerade tiden.",
    earlierVisit: "Någon var hos brukaren under den planerade tiden.",
  },
  reads: ["visits", "plans", "matches", "absences"],
  parameters: z.object({
    minutesAfterAbove: z
      .number()
      .min(0)
      .default(60)
      .describe("Så många minuter efter den planerade tidens slut får besöket börja."),
  }),
  examples: () => ({
    reports: [startedAfter(61)],
    accepts: [
      startedAfter(60),
      startedAfter(90, [sample("absences", "a-1", { from: "2026-10-04", to: "2026-10-05 09:30", kind: "away" })]),
      startedAfter(90, [sample("visits", "v-2", { start: "08:02", end: "08:20", staffId: "S2" })]),
      // Nobody has said that it is this plan's, and it starts too late to be held against it.
      startedAfter(61, [], { plannedVisitId: undefined }),
    ],
  }),
  evaluate({ visits, plans, matches, absences, slice }, { minutesAfterAbove }, report) {
    const hits: Hit[] = [];
    for (const row of slice.visits) {
      if (!visits.performed(row)) continue;
      const version = heldAgainst(visits, plans, matches, row);
      if (version < 0) continue;
      const start = plans.start(version);
      const end = plans.end(version);
      const late = minutesBetween(end, visits.start(row));
      if (late <= minutesAfterAbove) continue;
      if (visits.ambiguousTime(row)) {
        report.tooLittleData("tiden inträffade två gånger när klockan ställdes om");
      } else if (absences.covering(slice.client, start, Math.max(end, start + 1)) >= 0) {
        report.suppressed("absence", [row]);
      } else if (
        slice.visits.some(
          (other) => other !== row && visits.performed(other) && visits.start(other) < end && visits.end(other) > start,
        )
      ) {
        report.suppressed("earlierVisit", [row]);
      } else {
        hits.push({
          records: [row, { table: "plans", row: matches.plan(row) }],
          reason: `Besöket började ${formatLocal(visits.start(row))}, ${late} minuter efter att den planerade tiden ${formatLocal(start)}–${formatClock(end)} tog slut.`,
          evidence: {
            "minuter efter den planerade tidens slut >": [late, minutesAfterAbove],
            "annat besök under den planerade tiden": false,
            "brukaren frånvarande": false,
          },
        });
      }
    }
    return hits;
  },
});
