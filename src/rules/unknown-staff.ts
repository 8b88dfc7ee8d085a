import { z } from "zod";
import { defineRule, example, formatLocal, type Hit, HOUR, sample } from "#rule";

function visitBy(staffId: string, receivedAt: string) {
  return example([sample("visits", "v-1", { staffId, receivedAt })]);
}

export default defineRule({
  id: "unknown-staff",
  version: 1,
  level: "quality",
  scope: "visit",
  title: { sv: "Besök av okänd personal", en: "Visit by unknown staff" },
  why: "Besöket kan inte jämföras med personens andra besök, arbetspass eller anställning.",
  remedy: "Koppla källans personalnummer till rätt person: klarsyn alias list.",
  innocent: { fresh: "Besöket kom in för mindre än två dygn sedan; personen kan vara på väg." },
  reads: ["visits", "staff"],
  parameters: z.object({
    hoursMin: z.int().min(0).default(48).describe("Så länge väntar regeln efter att besöket kom in."),
  }),
  settlesAfterDays: 62,
  examples: () => ({
    reports: [visitBy("S99", "2026-10-05 09:00")],
    accepts: [visitBy("S1", "2026-10-05 09:00"), visitBy("S99", "2026-11-08 05:00")],
  }),
  evaluate({ visits, staff, slice, asOf }, { hoursMin }, report) {
    const hits: Hit[] = [];
    for (const row of slice.visits) {
      if (visits.staff(row) < 0 || staff.known(visits.staff(row))) continue;
      const arrived = Number.isNaN(visits.receivedAt(row)) ? visits.start(row) : visits.receivedAt(row);
      if (asOf - arrived < hoursMin * HOUR) {
        report.suppressed("fresh", [row]);
        continue;
      }
      hits.push({
        records: [row],
        reason: `Besöket ${formatLocal(visits.start(row))} gjordes av någon som ingen källa beskriver.`,
        evidence: { "timmar sedan besöket kom in ≥": hoursMin },
      });
    }
    return hits;
  },
});
