import { z } from "zod";
import { at, defineRule, example, formatLocal, type Hit, HOUR, MINUTE, sample } from "#rule";

/** So many visits of one person on one day, all received within a few minutes two days later. */
function batchOf(count: number, { proof = "manual", hoursLate = 48, minutesApart = 2 } = {}) {
  return example(
    Array.from({ length: count }, (_, position) =>
      sample("visits", `v-${position}`, {
        start: at("07:00", position * 40),
        end: at("07:20", position * 40),
        startProof: proof,
        endProof: proof,
        receivedAt: at("12:00", hoursLate * 60 + position * minutesApart),
      }),
    ),
  );
}

export default defineRule({
  id: "batch-registration",
  version: 1,
  level: "quality",
  scope: "staff-day",
  title: { sv: "En hel dags besök inskrivna på en gång", en: "A day's visits typed in at once" },
  why: "Många manuella besök som kommer in samtidigt långt efteråt är inte registrerade på plats.",
  remedy: "Fråga utföraren hur tiderna togs fram.",
  innocent: { offlinePhone: "Besöken är kvitterade på plats; telefonen saknade täckning och skickade dem senare." },
  reads: ["visits"],
  parameters: z.object({
    visitsMin: z.int().min(2).default(5).describe("Så många besök behövs."),
    minutesWithin: z.number().positive().default(10).describe("Inom så kort tid kom de in."),
    hoursLateMin: z.number().positive().default(24).describe("Så sent efter besökets slut kom de in."),
  }),
  subject: "slice",
  examples: () => ({
    reports: [batchOf(5)],
    accepts: [batchOf(4), batchOf(5, { proof: "nfc" }), batchOf(5, { hoursLate: 8 }), batchOf(5, { minutesApart: 5 })],
  }),
  evaluate({ visits, slice }, { visitsMin, minutesWithin, hoursLateMin }, report) {
    const hits: Hit[] = [];
    if (slice.visits.length < visitsMin) return hits;
    const late: number[] = [];
    for (const row of slice.visits) {
      if (visits.receivedAt(row) - visits.end(row) >= hoursLateMin * HOUR) late.push(row);
    }
    if (late.length < visitsMin) return hits;
    late.sort((a, b) => visits.receivedAt(a) - visits.receivedAt(b) || a - b);
    const within = (rows: readonly number[]): number[] => {
      let best: number[] = [];
      for (let first = 0, end = 0; first < rows.length; first++) {
        while (
          end < rows.length &&
          visits.receivedAt(rows[end]!) - visits.receivedAt(rows[first]!) <= minutesWithin * MINUTE
        )
          end++;
        if (end - first > best.length) best = rows.slice(first, end);
      }
      return best;
    };
    const manual = within(late.filter((row) => visits.proven(row) === false));
    if (manual.length < visitsMin) {
      const all = within(late);
      if (all.length >= visitsMin) report.suppressed("offlinePhone", all);
      return hits;
    }
    hits.push({
      records: manual,
      minutes: manual.reduce((total, row) => total + visits.minutes(row), 0),
      reason: `${manual.length} manuella besök kom in inom ${minutesWithin} minuter, ${formatLocal(visits.receivedAt(manual[0]!))}, minst ${hoursLateMin} timmar efter att de slutade.`,
      evidence: { "manuella besök ≥": [manual.length, visitsMin], "timmar sent ≥": hoursLateMin },
    });
    return hits;
  },
});
