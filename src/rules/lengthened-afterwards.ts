import { z } from "zod";
import { at, defineRule, example, formatClock, formatDay, minutesBetween, sample } from "#rule";

function lengthenedBy(minutes: number) {
  return example([
    sample("visits", "v-1", {
      start: "08:00",
      end: at("08:30", minutes),
      originalStart: "08:00",
      originalEnd: "08:30",
      editedAt: "2026-10-05 17:00",
    }),
  ]);
}

export default defineRule({
  id: "lengthened-afterwards",
  version: 1,
  level: "indicator",
  scope: "visit",
  title: { sv: "Besök förlängt i efterhand", en: "Visit lengthened afterwards" },
  why: "Tid som lagts till i efterhand är inte uppmätt. Den kan vara en rättelse, eller ett sätt att nå beviljad tid.",
  remedy: "Fråga utföraren vad som gjordes under den tillagda tiden och vem som ändrade.",
  innocent: { shortened: "Ändringen gjorde besöket kortare eller lika långt, till exempel efter en glömd utloggning." },
  reads: ["visits"],
  parameters: z.object({
    minutesAbove: z.int().min(0).default(5).describe("Så många minuter får en ändring lägga till."),
  }),
  examples: {
    reports: [lengthenedBy(6)],
    accepts: [lengthenedBy(5), lengthenedBy(-12)],
  },
  *evaluate({ visits, slice }, { minutesAbove }, report) {
    for (const row of slice.visits) {
      const [start, end] = [visits.originalStart(row), visits.originalEnd(row)];
      if ((Number.isNaN(start) && Number.isNaN(end)) || !visits.usable(row)) continue;
      // A side without an original time was not changed.
      const from = Number.isNaN(start) ? visits.start(row) : start;
      const until = Number.isNaN(end) ? visits.end(row) : end;
      const before = Math.max(0, minutesBetween(from, until));
      const added = visits.minutes(row) - before;
      if (added <= 0) {
        report.suppressed("shortened", [row]);
        continue;
      }
      if (added <= minutesAbove) continue;
      yield {
        records: [row],
        minutes: added,
        reason:
          `Besöket ${formatDay(visits.day(row))} registrerades ${formatClock(from)}–${formatClock(until)} (${before} min) och ` +
          `ändrades i efterhand till ${formatClock(visits.start(row))}–${formatClock(visits.end(row))}: ${added} minuter längre.`,
        evidence: { "tillagda minuter >": [added, minutesAbove], "minuter som registrerats först": before },
      };
    }
  },
});
