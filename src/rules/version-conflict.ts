import { z } from "zod";
import { defineRule, example, type Hit, sample, type Warning } from "#rule";
import { inMonth } from "./unmapped-code.ts";

const warning: Warning = {
  code: "version-conflict",
  source: "files",
  entity: "visits",
  id: "v-1",
  field: "",
  value: null,
  day: null,
};
const visited = [sample("visits", "v-1")];

export default defineRule({
  id: "version-conflict",
  version: 1,
  level: "quality",
  scope: "source",
  title: { sv: "Samma version med olika innehåll", en: "The same version with other content" },
  why: "Källan har skickat en post två gånger med samma version men olika innehåll. Den senast mottagna gäller.",
  remedy: "Fråga den som ansvarar för källan vilken uppgift som är rätt.",
  innocent: {},
  reads: ["sources"],
  parameters: z.object({}),
  examples: () => ({
    reports: [example(visited, { warnings: [warning] })],
    accepts: [example(visited), example(visited, { warnings: [{ ...warning, code: "unmapped-code", value: "X" }] })],
  }),
  evaluate({ sources, slice, asOf }) {
    const hits: Hit[] = [];
    const source = sources.id(slice.source);
    const seen = new Set<string>();
    for (const { code, source: of, entity, id, day } of sources.warnings) {
      if (code !== "version-conflict" || of !== source || !inMonth(day, slice, asOf)) continue;
      const key = `${entity}/${id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      hits.push({
        records: [],
        distinct: key,
        reason: `Källan ${source} har skickat posten ${id} (${entity}) med samma version men olika innehåll.`,
        evidence: { post: key },
      });
    }
    return hits;
  },
});
