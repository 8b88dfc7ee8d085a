import { z } from "zod";
import { defineRule, example, formatDay, formatLocal, type Hit, NO_DAY, sample } from "#rule";

/** Died on Tuesday 6 October. */
function visitOn(date: string, status = "completed") {
  return example([
    sample("clients", "C1", { deceasedOn: "2026-10-06" }),
    sample("visits", "v-1", { start: `${date} 08:00`, end: `${date} 08:30`, status }),
  ]);
}

export default defineRule({
  id: "visit-after-death",
  version: 1,
  level: "indicator",
  severity: "hold",
  scope: "visit",
  title: { sv: "Besök efter att brukaren avlidit", en: "Visit after the client's death" },
  why: "Ett besök är registrerat som utfört hos en person som inte längre levde.",
  remedy: "Kontrollera dödsdatum och fråga utföraren vad som gjordes.",
  innocent: { dayAfter: "Besöket var på dödsdagen eller dagen efter, till exempel för att städa ur." },
  reads: ["visits", "clients"],
  parameters: z.object({
    daysAfterAbove: z.int().min(0).default(1).describe("Så många dagar efter dödsdagen godtas ett besök."),
  }),
  examples: () => ({
    reports: [visitOn("2026-10-08")],
    accepts: [visitOn("2026-10-07"), visitOn("2026-10-06"), visitOn("2026-10-08", "cancelled")],
  }),
  evaluate({ visits, clients, slice }, { daysAfterAbove }, report) {
    const hits: Hit[] = [];
    const deceasedOn = clients.deceasedOn(slice.client);
    if (deceasedOn === NO_DAY || deceasedOn > slice.lastDay) return hits;
    for (const row of slice.visits) {
      const days = visits.day(row) - deceasedOn;
      if (days <= 0 || !visits.performed(row)) continue;
      if (days <= daysAfterAbove) {
        report.suppressed("dayAfter", [row]);
        continue;
      }
      hits.push({
        records: [row],
        minutes: visits.minutes(row),
        reason: `Besöket ${formatLocal(visits.start(row))} är registrerat ${days} dagar efter att brukaren avled (${formatDay(deceasedOn)}).`,
        evidence: { "dagar efter dödsdagen >": [days, daysAfterAbove] },
      });
    }
    return hits;
  },
});
