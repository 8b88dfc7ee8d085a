import { z } from "zod";
import { at, dayOf, defineRule, example, formatLocal, type Hit, HOUR, MINUTE, sample } from "#rule";

/** A source that delivers every hour, and then not for so many hours from 02:00. */
function silentFor(hours: number) {
  const arrivals = [
    ...Array.from({ length: 27 }, (_, hour) => at("2026-10-04 00:00", hour * 60)),
    ...Array.from({ length: 200 }, (_, hour) => at("2026-10-05 02:00", (hours + hour) * 60)),
  ].map((arrival) => ({ at: arrival, records: 3 }));
  return example([sample("visits", "v-1"), sample("planned-visits", "p-1", { start: "2026-10-05 03:00" })], {
    facts: [{ source: "files", everyHours: 1, arrivals }],
    asOf: at("2026-10-08 12:00"),
  });
}

/** A source that delivers every hour from 8 to 17, Monday to Friday: its nights and weekends are no silence. */
const officeHours = example([sample("visits", "v-1")], {
  facts: [
    {
      source: "files",
      everyHours: null,
      arrivals: Array.from({ length: 40 }, (_, date) => date)
        .filter((date) => date % 7 < 5)
        .flatMap((date) =>
          Array.from({ length: 10 }, (_, hour) => ({
            at: at("2026-09-07 08:00", (date * 24 + hour) * 60),
            records: 3,
          })),
        ),
    },
  ],
  asOf: at("2026-10-16 18:00"),
});

export default defineRule({
  id: "source-silent",
  version: 1,
  level: "quality",
  scope: "source",
  title: { sv: "Källan var tyst", en: "The source was silent" },
  why: "Uteblivna besök under tiden kan vara uteblivna uppgifter. De räknas inte mot någon.",
  remedy: "Kontrollera kopplingen till källan, och be att få det som saknas levererat igen.",
  innocent: {},
  reads: ["sources", "plans"],
  parameters: z.object({}),
  settlesAfterDays: 3,
  examples: () => ({ reports: [silentFor(7)], accepts: [silentFor(2), officeHours] }),
  evaluate({ sources, plans, slice, asOf }) {
    const hits: Hit[] = [];
    for (const { from, until, everyHours, learned } of sources.silences(slice.source, asOf)) {
      const day = dayOf(from);
      if (day < slice.firstDay || day > slice.lastDay) continue;
      let planned = 0;
      for (let plan = 0; plan < plans.count; plan++) {
        const start = plans.start(plan);
        if (start >= from && start < until) planned++;
      }
      const id = sources.id(slice.source);
      hits.push({
        records: [],
        distinct: String(Math.floor(from / MINUTE)),
        period: { from: day, to: dayOf(until) },
        reason: `Källan ${id} var tyst från ${formatLocal(from)} till ${formatLocal(until)}. Under tiden var ${planned} besök planerade.`,
        evidence: {
          "timmar utan leverans >": [Math.round((until - from) / HOUR), 2 * everyHours],
          "väntat intervall i timmar": Math.round(everyHours * 10) / 10,
          "intervallet är": learned ? "inlärt" : "inställt",
          "planerade besök under tiden": planned,
        },
      });
    }
    return hits;
  },
});
