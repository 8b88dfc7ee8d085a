import { z } from "zod";
import { defineRule, example, formatLocal, type Hit, HOUR, sample } from "#rule";

function visitTo(clientId: string, receivedAt: string) {
  return example([sample("visits", "v-1", { clientId, receivedAt })]);
}

export default defineRule({
  id: "unknown-client",
  version: 1,
  level: "quality",
  scope: "visit",
  title: { sv: "Besök hos okänd brukare", en: "Visit to an unknown client" },
  why: "Besöket kan inte jämföras med någon beställning, plan eller frånvaro.",
  remedy: "Koppla källans brukarnummer till rätt person: klarsyn alias list.",
  innocent: { fresh: "Besöket kom in för mindre än två dygn sedan; personen kan vara på väg." },
  reads: ["visits", "clients"],
  parameters: z.object({
    hoursMin: z.int().min(0).default(48).describe("Så länge väntar regeln efter att besöket kom in."),
  }),
  settlesAfterDays: 62,
  examples: () => ({
    reports: [visitTo("C99", "2026-10-05 09:00")],
    accepts: [visitTo("C1", "2026-10-05 09:00"), visitTo("C99", "2026-11-08 05:00")],
  }),
  evaluate({ visits, clients, slice, asOf }, { hoursMin }, report) {
    const hits: Hit[] = [];
    if (clients.known(slice.client)) return hits;
    for (const row of slice.visits) {
      const arrived = Number.isNaN(visits.receivedAt(row)) ? visits.start(row) : visits.receivedAt(row);
      if (asOf - arrived < hoursMin * HOUR) {
        report.suppressed("fresh", [row]);
        continue;
      }
      hits.push({
        records: [row],
        reason: `Besöket ${formatLocal(visits.start(row))} gäller en brukare som ingen källa beskriver.`,
        evidence: { "timmar sedan besöket kom in ≥": hoursMin },
      });
    }
    return hits;
  },
});
