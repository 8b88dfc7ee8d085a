import { z } from "zod";
import { type AbsenceKind, defineRule, example, formatClock, formatLocal, type Hit, sample, stayCovering } from "#rule";

/** Away from Tuesday 6 October 09:00 until Friday 16:00. */
function visitAt(start: string, end: string, { kind = "away", services = ["omvardnad"] } = {}) {
  return example([
    sample("services", "ledsagning", { kind: "escort", away: true }),
    sample("absences", "a-1", { from: "2026-10-06 09:00", to: "2026-10-09 16:00", kind }),
    sample("visits", "v-1", { start, end, services }),
  ]);
}

const kinds: readonly AbsenceKind[] = ["shortTermStay", "away", "other"];
const words = { shortTermStay: "på korttidsboende", away: "bortrest", other: "frånvarande", hospital: "på sjukhus" };

export default defineRule({
  id: "visit-during-absence",
  version: 3,
  level: "indicator",
  severity: "hold",
  scope: "visit",
  title: { sv: "Besök medan brukaren var frånvarande", en: "Visit while the client was away" },
  why: "Brukaren var inte hemma enligt en registrerad frånvaro, men ett besök är registrerat som utfört.",
  remedy: "Kontrollera när frånvaron började och slutade, och fråga utföraren vad som gjordes på plats.",
  innocent: {
    boundaryDay: "Besöket var samma dag som frånvaron började eller slutade och låg högst en timme inne i den.",
    partly: "Besöket började före frånvaron eller slutade efter den.",
    away: "Insatsen ges utanför hemmet, till exempel ledsagning.",
  },
  reads: ["visits", "absences", "services"],
  parameters: z.object({
    minutesOnBoundaryDayAbove: z
      .int()
      .min(0)
      .default(60)
      .describe("Så många minuter får ett besök ligga inne i frånvaron samma dag som den började eller slutade."),
  }),
  examples: () => ({
    reports: [
      visitAt("2026-10-07 08:00", "2026-10-07 08:30"),
      visitAt("2026-10-08 08:00", "2026-10-08 08:30", { kind: "shortTermStay" }),
    ],
    accepts: [
      visitAt("2026-10-06 08:40", "2026-10-06 09:10"),
      visitAt("2026-10-06 09:00", "2026-10-06 10:00"),
      visitAt("2026-10-10 08:00", "2026-10-10 08:30"),
      visitAt("2026-10-07 08:00", "2026-10-07 10:30", { services: ["ledsagning"] }),
      visitAt("2026-10-07 08:00", "2026-10-07 08:30", { kind: "hospital" }),
    ],
  }),
  evaluate({ visits, absences, services, slice }, { minutesOnBoundaryDayAbove }, report) {
    const hits: Hit[] = [];
    if (absences.byClient.offsets[slice.client] === absences.byClient.offsets[slice.client + 1]) return hits;
    for (let at = 0; at < slice.visits.length; at++) {
      const row = slice.visits[at]!;
      if (!visits.usable(row)) continue;
      for (const kind of kinds) {
        const absence = absences.covering(slice.client, visits.start(row), visits.end(row), kind);
        if (absence < 0) continue;
        if (services.anyAway(visits.services(row))) {
          report.suppressed("away", [row]);
          continue;
        }
        const { minutesInside, verdict } = stayCovering(visits, absences, row, absence, minutesOnBoundaryDayAbove);
        if (verdict !== "inside") {
          report.suppressed(verdict, [row]);
          continue;
        }
        hits.push({
          records: [row, { table: "absences", row: absence }],
          minutes: minutesInside,
          reason:
            `Besöket ${formatLocal(visits.start(row))}–${formatClock(visits.end(row))} gjordes medan brukaren var ${words[kind]} ` +
            `(från ${formatLocal(absences.from(absence))}).`,
          evidence: { "minuter av besöket inne i frånvaron": minutesInside },
        });
        break;
      }
    }
    return hits;
  },
});
