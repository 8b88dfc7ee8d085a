import { z } from "zod";
import { type Day, dayOf, defineRule, example, type Hit, sample, type Warning } from "#rule";

const warning: Warning = {
  code: "unmapped-code",
  source: "files",
  entity: "visits",
  id: "v-1",
  field: "services",
  value: "X17",
  day: null,
};
const visited = [sample("visits", "v-1", { services: ["X17"] })];
const known = [sample("visits", "v-1")];

/** A warning without a day counts in the month that is looked at. */
export function inMonth(of: Day | null, { firstDay, lastDay }: { firstDay: Day; lastDay: Day }, asOf: number): boolean {
  const day = of ?? Math.min(dayOf(asOf) - 1, lastDay);
  return day >= firstDay && day <= lastDay;
}

export default defineRule({
  id: "unmapped-code",
  version: 1,
  level: "quality",
  scope: "source",
  title: { sv: "Kod som saknar översättning", en: "A code without mapping" },
  why: "En okänd kod kan inte jämföras med beställningar eller priser, och gissas aldrig.",
  remedy: "Lägg till koden i källans kodtabell och kör klarsyn rebuild.",
  innocent: {},
  reads: ["sources", "visits", "services"],
  parameters: z.object({}),
  examples: () => ({
    reports: [example(known, { warnings: [warning] }), example(visited)],
    accepts: [example(known), example(known, { warnings: [{ ...warning, code: "ambiguous-time", value: null }] })],
  }),
  evaluate({ sources, visits, services, slice, asOf }) {
    const hits: Hit[] = [];
    const seen = new Set<string>();
    const id = sources.id(slice.source);
    for (const { code, source, entity, field, value, day } of sources.warnings) {
      if (code !== "unmapped-code" || source !== id || !inMonth(day, slice, asOf)) continue;
      const key = `${entity}.${field}=${value ?? ""}`;
      if (seen.has(key)) continue;
      seen.add(key);
      hits.push({
        records: [],
        distinct: key,
        reason: `Källan ${id} använder koden "${value ?? ""}" i fältet ${field}, men den finns inte i kodtabellen.`,
        evidence: { kod: value ?? "", fält: `${entity}.${field}` },
      });
    }
    // Codes that stand as they are, because the source needs no table, and that the register of services does not have.
    if (!services.code.some((_, service) => services.known(service))) return hits;
    const sets = new Set<number>();
    for (let i = 0; i < slice.visits.length; i++) sets.add(visits.services(slice.visits[i]!));
    for (const service of [...new Set([...sets].flatMap((set) => services.list(set)))].sort((a, b) => a - b)) {
      const code = services.code[service]!;
      const key = `visits.services=${code}`;
      if (services.known(service) || seen.has(key)) continue;
      hits.push({
        records: [],
        distinct: key,
        reason: `Källan ${id} använder insatsen "${code}", men den finns inte bland kommunens insatser.`,
        evidence: { kod: code, fält: "visits.services" },
      });
    }
    return hits;
  },
});
