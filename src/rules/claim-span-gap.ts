import { z } from "zod";
import { at, claimHit, daysText, defineRule, example, formatDay, type Hit, ripeClaims, sample } from "#rule";

/** Monday to Friday are claimed with 60 minutes a day; visits on so many of the days. */
function weekWith(dates: readonly string[], { asOf = "2026-11-10 04:30", basis = "performed" } = {}) {
  return example(
    [
      sample("contracts", "K1", { terms: { basis: { default: basis } } }),
      sample("claims", "k-1", { from: "2026-10-05", to: "2026-10-09", minutes: 300, amountOre: 240_000 }),
      ...dates.map((date) => sample("visits", `v-${date}`, { start: `${date} 08:00`, end: `${date} 09:00` })),
    ],
    { asOf: at(asOf) },
  );
}
const week = ["2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09"];

export default defineRule({
  id: "claim-span-gap",
  version: 2,
  level: "error",
  scope: "claim",
  title: { sv: "Fakturarad med dagar utan besök", en: "A claim for a period with days without visits" },
  why: "Raden gäller flera dagar. På några av dem väntas ett besök, men inget är registrerat.",
  remedy: "Utbetalningen för de dagarna väntar i 14 dagar. Be utföraren registrera besöken eller kreditera dagarna.",
  innocent: {
    sourceSilent: "Källan som skulle ha berättat om besöken var tyst.",
    basis: "Insatsen ersätts utan besök enligt avtalet, till exempel per månad.",
    credited: "Dagarna är krediterade.",
  },
  reads: ["claims", "settlement"],
  parameters: z.object({
    daysAfter: z
      .int()
      .min(0)
      .default(2)
      .describe("Så många dagar efter periodens sista dag väntar regeln på sena besök."),
  }),
  settlesAfterDays: 35,
  examples: () => ({
    reports: [weekWith(["2026-10-05", "2026-10-06", "2026-10-09"])],
    accepts: [
      weekWith(week),
      weekWith(["2026-10-05"], { basis: "granted" }),
      weekWith(["2026-10-05"], { asOf: "2026-10-10 23:00" }),
      // Nothing was heard from the 5th at noon to the 11th.
      {
        ...weekWith(["2026-10-05"]),
        facts: [
          {
            source: "files",
            everyHours: 24,
            arrivals: [
              { at: at("2026-10-04 12:00"), records: 1 },
              { at: at("2026-10-05 12:00"), records: 1 },
              ...Array.from({ length: 35 }, (_, date) => ({ at: at("2026-10-11 12:00", date * 24 * 60), records: 1 })),
            ],
          },
        ],
      },
    ],
  }),
  evaluate({ claims, settlement, slice, asOf }, { daysAfter }, report) {
    const hits: Hit[] = [];
    for (const one of ripeClaims({ claims, settlement, slice, asOf }, daysAfter)) {
      const { claim, matter, code, days, claimedMinutes, claimedOre } = one;
      const { visits: meant, days: divided } = settlement.claim(claim);
      // No visit at all is claim-without-visit.
      if (meant.length === 0) continue;
      if (matter === "silent" && one.visits.length === 0) report.suppressed("sourceSilent", [claim]);
      if (matter !== "visit" || code !== "M05") continue;
      hits.push({
        ...claimHit(claims, slice, one),
        minutes: claimedMinutes > 0 ? Math.round(claimedMinutes) : null,
        amountOre: claimedOre,
        reason: `Fakturaraden för ${formatDay(claims.from(claim))} – ${formatDay(claims.to(claim))} omfattar ${days.length === 1 ? "en dag" : `${days.length} dagar`} utan besök: ${daysText(days)}.`,
        evidence: { "dagar utan besök": days.length, "dagar som raden fördelas på": divided.length },
      });
    }
    return hits;
  },
});
