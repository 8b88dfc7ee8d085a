import { z } from "zod";
import { defineRule, example, formatClock, formatLocal, type Hit, sample, stayCovering } from "#rule";

/** Admitted on Tuesday 6 October at 11:20, home again on Friday at 10:00. */
function visitAt(start: string, end: string, kind = "hospital") {
  return example([
    sample("absences", "a-1", { from: "2026-10-06 11:20", to: "2026-10-09 10:00", kind }),
    sample("visits", "v-1", { start, end }),
  ]);
}

/** From one hospital straight to the next, on Friday at 10:00 where nothing else is said. */
function movedOn(start: string, end: string, moved = "2026-10-09 10:00") {
  return example([
    sample("absences", "a-1", { from: "2026-10-06 11:20", to: moved }),
    sample("absences", "a-2", { from: moved, to: "2026-10-14 10:00" }),
    sample("visits", "v-1", { start, end }),
  ]);
}

export default defineRule({
  id: "visit-during-hospital-stay",
  version: 3,
  level: "indicator",
  severity: "hold",
  scope: "visit",
  title: { sv: "Besök medan brukaren låg på sjukhus", en: "Visit while the client was in hospital" },
  why: "Ingen kan ha fått hjälp hemma medan hon låg på sjukhus. Antingen är besöket eller frånvaron fel.",
  remedy: "Kontrollera in- och utskrivningstid, och fråga utföraren vad som gjordes på plats.",
  innocent: {
    boundaryDay: "Besöket var samma dag som in- eller utskrivningen och låg högst en timme inne i vårdtiden.",
    partly: "Besöket började före inskrivningen eller slutade efter utskrivningen.",
  },
  reads: ["visits", "absences"],
  parameters: z.object({
    minutesOnBoundaryDayAbove: z
      .int()
      .min(0)
      .default(60)
      .describe("Så många minuter får ett besök ligga inne i vårdtiden samma dag som in- eller utskrivningen."),
  }),
  examples: () => ({
    reports: [
      visitAt("2026-10-07 08:00", "2026-10-07 08:30"),
      // 61 minutes after admission are inside.
      visitAt("2026-10-06 11:00", "2026-10-06 12:21"),
      // Between two wards nobody comes home.
      movedOn("2026-10-09 14:00", "2026-10-09 14:30"),
    ],
    accepts: [
      visitAt("2026-10-06 11:00", "2026-10-06 11:45"),
      visitAt("2026-10-06 11:00", "2026-10-06 12:20"),
      visitAt("2026-10-09 10:00", "2026-10-09 10:30"),
      movedOn("2026-10-14 09:45", "2026-10-14 10:15"),
      // Two admissions of which only the days are known: the client may have come home between them.
      movedOn("2026-10-09 22:30", "2026-10-09 23:30", "2026-10-10 00:00"),
      visitAt("2026-10-07 08:00", "2026-10-07 08:30", "away"),
    ],
  }),
  evaluate({ visits, absences, slice }, { minutesOnBoundaryDayAbove }, report) {
    const hits: Hit[] = [];
    if (absences.byClient.offsets[slice.client] === absences.byClient.offsets[slice.client + 1]) return hits;
    for (const row of slice.visits) {
      if (!visits.usable(row)) continue;
      const absence = absences.covering(slice.client, visits.start(row), visits.end(row), "hospital");
      if (absence < 0) continue;
      const { minutesInside, verdict } = stayCovering(visits, absences, row, absence, minutesOnBoundaryDayAbove);
      if (verdict !== "inside") {
        report.suppressed(verdict, [row]);
        continue;
      }
      hits.push({
        records: [row, { table: "absences", row: absence }],
        minutes: minutesInside,
        reason:
          `Besöket ${formatLocal(visits.start(row))}–${formatClock(visits.end(row))} gjordes medan brukaren låg på sjukhus ` +
          `(inskriven ${formatLocal(absences.from(absence))}).`,
        evidence: { "minuter av besöket inne i vårdtiden": minutesInside },
      });
    }
    return hits;
  },
});
