import { z } from "zod";
import { at, defineRule, example, formatLocal, type Hit, sample } from "#rule";

function visitOf(minutes: number) {
  return example([sample("visits", "v-1", { start: "08:00", end: at("08:00", minutes) })]);
}

export default defineRule({
  id: "end-before-start",
  version: 1,
  level: "quality",
  scope: "visit",
  title: {
    sv: "Sluttid före starttid, eller en tid som inte finns",
    en: "End before start, or a time that does not exist",
  },
  why: "Besökets längd kan inte räknas, och ingen ersättning beräknas.",
  remedy: "Låt rätta tiden i källsystemet.",
  innocent: {},
  reads: ["visits", "sources"],
  parameters: z.object({}),
  examples: () => ({
    reports: [
      visitOf(0),
      visitOf(-5),
      // 02:30 on 29 March does not exist.
      example([sample("visits", "v-1")], {
        warnings: [
          {
            code: "nonexistent-time",
            source: "files",
            entity: "visits",
            id: "v-1",
            field: "start",
            value: null,
            day: null,
          },
        ],
      }),
    ],
    accepts: [visitOf(1), example([sample("visits", "v-1", { end: undefined, status: "started" })])],
  }),
  evaluate({ visits, sources, slice }) {
    const hits: Hit[] = [];
    const nonexistent = sources.warnings.filter(
      ({ code, entity }) => code === "nonexistent-time" && entity === "visits",
    );
    for (const row of slice.visits) {
      const start = visits.start(row);
      const end = visits.end(row);
      if (end <= start) {
        hits.push({
          records: [row],
          reason: `Besöket slutar ${formatLocal(end)}, vilket inte är efter starten ${formatLocal(start)}.`,
          evidence: { "slut efter start": false },
        });
        continue;
      }
      if (nonexistent.length === 0) continue;
      const id = visits.id(row);
      const source = sources.id(visits.source(row));
      const warning = nonexistent.find((candidate) => candidate.id === id && candidate.source === source);
      if (warning === undefined) continue;
      hits.push({
        records: [row],
        reason: `Besökets tid i fältet ${warning.field} finns inte: klockan ställdes fram den natten. Tiden är satt till när klockan ställdes om (${formatLocal(start)}).`,
        evidence: { "tiden finns": false },
      });
    }
    return hits;
  },
});
