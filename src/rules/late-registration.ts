import { z } from "zod";
import { at, defineRule, example, formatLocal, type Hit, HOUR, sample } from "#rule";

/** A visit that ended at 08:30 and came in so many hours later. */
function receivedAfter(hours: number, { outage = false } = {}) {
  const arrivals = [-30, -20, -10, 0, ...(outage ? [hours] : [10, 20, 30, 40, 50, 60, 70])].map((offset) => ({
    at: at("08:30", offset * 60),
    records: 5,
  }));
  return example(
    [sample("visits", "v-1", { end: "08:30", receivedAt: Number.isNaN(hours) ? undefined : at("08:30", hours * 60) })],
    { facts: [{ source: "files", everyHours: 10, arrivals }], asOf: at("2026-10-09 08:00") },
  );
}

export default defineRule({
  id: "late-registration",
  version: 2,
  level: "quality",
  scope: "visit",
  title: { sv: "Besök som kom in sent", en: "Visit received late" },
  why: "Ett besök som registreras långt efteråt är svårare att kontrollera.",
  remedy: "Fråga utföraren varför. Är det vanligt: följ upp utrustning och rutiner.",
  innocent: { outage: "Källan var tyst, och utan den tiden kom besöket inte in sent." },
  reads: ["visits", "sources"],
  parameters: z.object({
    hoursAbove: z.number().positive().default(24).describe("Senare än så räknas som sent."),
    hoursReviewAbove: z.number().positive().default(72).describe("Senare än så granskas."),
  }),
  examples: () => ({
    reports: [receivedAfter(25)],
    accepts: [receivedAfter(24), receivedAfter(30, { outage: true }), receivedAfter(NaN)],
  }),
  evaluate({ visits, sources, slice, asOf }, { hoursAbove, hoursReviewAbove }, report) {
    const hits: Hit[] = [];
    for (const row of slice.visits) {
      const end = visits.end(row);
      const late = visits.receivedAt(row) - end;
      if (Number.isNaN(late)) {
        if (visits.performed(row)) report.tooLittleData("tid för mottagande saknas");
        continue;
      }
      if (late <= hoursAbove * HOUR) continue;
      let silentMs = 0;
      for (const { from, until } of sources.silences(visits.source(row), asOf)) {
        silentMs += Math.max(0, Math.min(until, visits.receivedAt(row)) - Math.max(from, end));
      }
      if (late - silentMs <= hoursAbove * HOUR) {
        report.suppressed("outage", [row]);
        continue;
      }
      const hours = Math.floor(late / HOUR);
      const silentHours = Math.floor(silentMs / HOUR);
      hits.push({
        records: [row],
        minutes: visits.minutes(row),
        severity: late - silentMs > hoursReviewAbove * HOUR ? "review" : "info",
        reason: `Besöket som slutade ${formatLocal(end)} kom in ${hours} timmar senare.`,
        evidence: {
          "timmar efter besökets slut >": [hours, hoursAbove],
          ...(silentHours > 0 && { "därav timmar då källan var tyst": silentHours }),
        },
      });
    }
    return hits;
  },
});
