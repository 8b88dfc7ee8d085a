import { z } from "zod";
import { at, defineRule, example, formatLocal, type Hit, HOUR, sample } from "#rule";

function startedHoursAgo(hours: number, status = "started") {
  return example([sample("visits", "v-1", { start: "08:00", end: undefined, status })], {
    asOf: at("08:00", hours * 60),
  });
}

export default defineRule({
  id: "missing-end",
  version: 1,
  level: "quality",
  scope: "visit",
  title: { sv: "Besök utan sluttid", en: "Visit without an end" },
  why: "Utan sluttid kan besökets längd inte räknas, och ingen ersättning beräknas.",
  remedy: "Låt utföraren avsluta besöket i sitt system, med skäl om tiden skrivs in i efterhand.",
  innocent: {},
  reads: ["visits"],
  parameters: z.object({ hoursMin: z.int().min(1).default(24).describe("Så länge får ett besök sakna sluttid.") }),
  settlesAfterDays: 2,
  examples: () => ({
    reports: [startedHoursAgo(24)],
    accepts: [startedHoursAgo(23), startedHoursAgo(48, "cancelled")],
  }),
  evaluate({ visits, slice, asOf }, { hoursMin }) {
    const hits: Hit[] = [];
    for (const row of slice.visits) {
      if (!visits.performed(row) || !Number.isNaN(visits.end(row))) continue;
      const hours = Math.floor((asOf - visits.start(row)) / HOUR);
      if (hours < hoursMin) continue;
      hits.push({
        records: [row],
        reason: `Besöket som började ${formatLocal(visits.start(row))} har ingen sluttid.`,
        // Not the hours themselves: the same finding is not a new one every night.
        evidence: { "timmar utan sluttid ≥": hoursMin },
      });
    }
    return hits;
  },
});
