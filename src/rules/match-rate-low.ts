import { z } from "zod";
import { daily, defineRule, example, type Example, formatDay, type Hit, sample } from "#rule";

/** Ten days are claimed with 60 minutes each; so many of them have a visit. */
function daysWithVisit(count: number) {
  return example(
    Array.from({ length: 10 }, (_, position) => {
      const date = `2026-10-${String(5 + position).padStart(2, "0")}`;
      const claim = sample("claims", `k-${position}`, { from: date, to: date, minutes: 60, amountOre: 48_000 });
      return position < count
        ? [claim, sample("visits", `v-${position}`, { start: `${date} 08:00`, end: `${date} 09:00` })]
        : [claim];
    }).flat(),
  );
}

/** The claims for the last two days are credited. */
function withCredits({ records, ...rest }: Example) {
  const credits = [8, 9].map((position) => {
    const date = `2026-10-${5 + position}`;
    const credit = {
      kind: "credit",
      correctsId: `k-${position}`,
      from: date,
      to: date,
      minutes: 60,
      amountOre: 48_000,
    };
    return sample("claims", `c-${position}`, credit);
  });
  return { records: [...records, ...credits], ...rest };
}

export default defineRule({
  id: "match-rate-low",
  version: 2,
  level: "quality",
  scope: "provider-month",
  title: { sv: "Få fakturarader har besök", en: "Few claims match a visit" },
  why: "När mycket inte stämmer beror det oftare på uppgifterna än på människor. Granska data före utföraren.",
  remedy: "Kontrollera att alla källor är hämtade, att brukare och enheter är kopplade och att koderna är översatta.",
  innocent: {},
  reads: ["claims", "settlement"],
  parameters: z.object({
    percentBelow: z
      .number()
      .min(0)
      .max(100)
      .default(90)
      .describe("Så stor del av de fakturerade minuterna ska ha besök."),
  }),
  settlesAfterDays: 35,
  examples: () => ({
    reports: [daysWithVisit(8)],
    accepts: [
      daysWithVisit(9),
      // One line for all ten days.
      example([
        sample("claims", "k-1", { from: "2026-10-05", to: "2026-10-14", minutes: 600, amountOre: 480_000 }),
        ...daily(9, (date) => sample("visits", `v-${date}`, { start: `${date} 08:00`, end: `${date} 09:00` })),
      ]),
      // The days without a visit are credited.
      withCredits(daysWithVisit(8)),
    ],
  }),
  evaluate({ claims, settlement, slice }, { percentBelow }) {
    const hits: Hit[] = [];
    /** Öre that are credited of a claim. */
    const credited = new Map<number, number>();
    for (let row = 0; row < claims.count; row++) {
      if (claims.provider(row) !== slice.provider || !claims.credit(row)) continue;
      const about = claims.corrects(row);
      if (about >= 0) credited.set(about, (credited.get(about) ?? 0) - claims.amountOre(row));
    }
    let claimed = 0;
    let matched = 0;
    for (let row = 0; row < claims.count; row++) {
      if (
        claims.provider(row) !== slice.provider ||
        claims.from(row) < slice.firstDay ||
        claims.from(row) > slice.lastDay
      )
        continue;
      if (claims.credit(row)) continue;
      const { minutesPerDay, days, emptyDays, silentDays } = settlement.claim(row);
      const minutes = minutesPerDay * days.length;
      const ore = credited.get(row) ?? 0;
      const off = ore < claims.amountOre(row) ? (minutes * ore) / claims.amountOre(row) : minutes;
      // A credit is most likely for the days without a visit.
      const empty = Math.max(0, minutesPerDay * (emptyDays.length + silentDays.length) - off);
      claimed += minutes - off;
      matched += minutes - off - empty;
    }
    if (claimed === 0 || matched >= (claimed * percentBelow) / 100) return hits;
    const percent = Math.floor((1000 * matched) / claimed) / 10;
    hits.push({
      records: [],
      minutes: Math.round(claimed - matched),
      reason: `Under ${formatDay(slice.firstDay).slice(0, 7)} har ${String(percent).replace(".", ",")} % av de fakturerade minuterna ett registrerat besök.`,
      evidence: {
        "fakturerade minuter med besök, procent <": [percent, percentBelow],
        "fakturerade minuter": Math.round(claimed),
      },
    });
    return hits;
  },
});
