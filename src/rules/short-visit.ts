import { z } from "zod";
import {
  ambiguousStart,
  defineRule,
  formatClock,
  formatLocal,
  heldAgainst,
  type Hit,
  partsOf,
  plannedVisit,
  sample,
} from "#rule";

export default defineRule({
  id: "short-visit",
  version: 2,
  level: "indicator",
  scope: "visit",
  title: { sv: "Besök mycket kortare än planerat", en: "A visit much shorter than planned" },
  why: "Brukaren kan ha fått mindre hjälp än vad som var tänkt, eller så är planeringen längre än behovet.",
  remedy: "Fråga utföraren vad som blev gjort. Händer det ofta hos samma brukare: se över beställningen.",
  innocent: {
    declined: "Brukaren tackade nej när personalen var på plats.",
    partial: "Besöket avbröts eller kortades med ett angivet skäl.",
    absence: "Brukaren åkte in på sjukhus eller gick hemifrån under den planerade tiden.",
    divided: "Resten av tiden är registrerad i ett annat besök under samma planerade tid.",
  },
  reads: ["visits", "plans", "matches", "absences"],
  parameters: z.object({
    percentBelow: z
      .number()
      .min(0)
      .max(100)
      .default(50)
      .describe("Under så stor del av den planerade tiden är besöket mycket kortare."),
    minutesShorterMin: z.number().min(0).default(10).describe("Så många minuter kortare ska det minst vara."),
  }),
  examples: () => ({
    reports: [
      plannedVisit(14, 30),
      plannedVisit(8, 18),
      // Two registrations in a row by one person, which together are short too.
      plannedVisit(6, 30, [sample("visits", "v-2", { start: "08:10", end: "08:16" })]),
    ],
    accepts: [
      plannedVisit(15, 30),
      plannedVisit(8, 17),
      plannedVisit(5, 30, [], { status: "declined" }),
      plannedVisit(14, 30, [], { declinedReason: "Ville bara ha frukost" }),
      plannedVisit(14, 30, [], { editReason: "Brukaren skulle iväg" }),
      plannedVisit(14, 30, [sample("absences", "a-1", { from: "2026-10-05 08:14", to: "2026-10-07 12:00" })]),
      plannedVisit(14, 30, [sample("visits", "v-2", { start: "08:20", end: "08:31" })]),
      plannedVisit(14, 30, [sample("visits", "v-2", { start: "08:14", end: "08:30", staffId: "S2" })]),
      { ...plannedVisit(14, 30), warnings: [ambiguousStart("v-1")] },
      // Probable only: an hour late, and nobody has said that it is this plan's.
      plannedVisit(5, 30, [], { start: "09:05", end: "09:10", plannedVisitId: undefined }),
    ],
  }),
  evaluate({ visits, plans, matches, absences, slice }, { percentBelow, minutesShorterMin }, report) {
    const hits: Hit[] = [];
    for (const row of slice.visits) {
      const version = heldAgainst(visits, plans, matches, row);
      if (version < 0) continue;
      const planned = plans.minutes(version);
      if (!visits.usable(row)) {
        if (visits.status(row) === "declined" && visits.end(row) > visits.start(row)) report.suppressed("declined");
        continue;
      }
      if (!isShort(visits.minutes(row), planned, percentBelow, minutesShorterMin)) continue;
      const parts = partsOf(visits, matches, slice.visits, row);
      const minutes = parts.reduce((total, part) => total + visits.minutes(part), 0);
      const elsewhere = slice.visits.some(
        (other) =>
          !parts.includes(other) &&
          visits.usable(other) &&
          (matches.plan(other) < 0 || matches.plan(other) === matches.plan(row)) &&
          visits.start(other) < plans.end(version) &&
          visits.end(other) > plans.start(version) &&
          // Not the second person of a pair, who was there at the same time.
          visits.overlap(row, other) <= 0 &&
          !isShort(minutes + visits.minutes(other), planned, percentBelow, minutesShorterMin),
      );
      if (!isShort(minutes, planned, percentBelow, minutesShorterMin) || elsewhere) {
        report.suppressed("divided", [row]);
      } else if (
        parts.some((part) => visits.declinedReason(part) !== null || (visits.editReason(part) ?? "").trim() !== "")
      ) {
        report.suppressed("partial", [row]);
      } else if (parts.some((part) => visits.ambiguousTime(part))) {
        report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
      } else if (
        absences.covering(slice.client, plans.start(version), Math.max(plans.end(version), visits.end(row))) >= 0
      ) {
        report.suppressed("absence", [row]);
      } else {
        hits.push({
          records: [...parts, { table: "plans", row: matches.plan(row) }],
          minutes: planned - minutes,
          reason: `Besöket ${formatLocal(visits.start(row))}–${formatClock(visits.end(parts.at(-1)!))} är registrerat med ${minutes} minuter; ${planned} minuter var planerade.`,
          evidence: {
            "registrerat i procent av planerat <": [Math.round((1000 * minutes) / planned) / 10, percentBelow],
            "minuter kortare ≥": [planned - minutes, minutesShorterMin],
            "planerad tid": `${formatClock(plans.start(version))}–${formatClock(plans.end(version))}`,
            "registreringar under den planerade tiden": parts.length,
          },
        });
      }
    }
    return hits;
  },
});

function isShort(minutes: number, planned: number, percentBelow: number, minutesShorterMin: number): boolean {
  return minutes < (planned * percentBelow) / 100 && planned - minutes >= minutesShorterMin;
}
