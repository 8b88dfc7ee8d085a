import { z } from "zod";
import {
  at,
  claimHit,
  daysText,
  defineRule,
  example,
  formatOre,
  type Hit,
  minutesText,
  ripeClaims,
  sample,
} from "#rule";

function claimed(more: ReturnType<typeof sample>[] = [], asOf = "2026-11-10 04:30") {
  return example(
    [
      sample("visits", "v-0", { start: "2026-10-12 08:00" }),
      sample("claims", "k-1", { from: "2026-10-05", to: "2026-10-06", minutes: 60, amountOre: 48_000 }),
      ...more,
    ],
    { asOf: at(asOf) },
  );
}

export default defineRule({
  id: "claim-without-visit",
  version: 2,
  level: "error",
  scope: "claim",
  title: { sv: "Fakturerad utan besök", en: "A claim without any visit" },
  why: "Utföraren begär betalt för tid då inget besök är registrerat.",
  remedy:
    "Utbetalningen väntar i 14 dagar. Be utföraren registrera besöken, rätta raden till den insats eller brukare som besöken gäller, eller kreditera den.",
  innocent: {
    sourceSilent: "Källan som skulle ha berättat om besöken var tyst.",
    basis: "Insatsen ersätts utan besök enligt avtalet, till exempel per månad.",
    credited: "Raden är krediterad.",
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
    reports: [claimed()],
    accepts: [
      claimed([sample("visits", "v-1", { start: "2026-10-06 08:00" })]),
      claimed([sample("contracts", "K1", { terms: { basis: { omvardnad: "monthly" } } })]),
      claimed([
        sample("claims", "k-2", {
          from: "2026-10-05",
          to: "2026-10-06",
          kind: "credit",
          correctsId: "k-1",
          minutes: 60,
          amountOre: 48_000,
        }),
      ]),
      claimed([], "2026-10-07 12:00"),
      // Nothing was heard from the 4th to the 8th.
      {
        ...claimed(),
        facts: [
          {
            source: "files",
            everyHours: 24,
            arrivals: [
              { at: at("2026-10-03 12:00"), records: 1 },
              { at: at("2026-10-04 12:00"), records: 1 },
              ...Array.from({ length: 35 }, (_, date) => ({ at: at("2026-10-08 12:00", date * 24 * 60), records: 1 })),
            ],
          },
        ],
      },
    ],
  }),
  evaluate({ claims, settlement, slice, asOf }, { daysAfter }, report) {
    const hits: Hit[] = [];
    const empty = (claim: number): boolean => settlement.claim(claim).visits.length === 0;
    const judged = new Set<number>();
    const byBasis = new Set<number>();
    for (const { claim, related, code } of settlement.judged(slice.client, slice.firstDay, slice.lastDay)) {
      for (const row of [claim, ...related]) (code === "M10" ? byBasis : judged).add(row);
    }
    const credits = slice.claims.some((row) => claims.credit(row));
    for (const row of slice.claims) {
      if (byBasis.has(row)) {
        if (empty(row)) report.suppressed("basis", [row]);
      } else if (credits && !judged.has(row) && !claims.credit(row) && empty(row)) report.suppressed("credited", [row]);
    }
    for (const one of ripeClaims({ claims, settlement, slice, asOf }, daysAfter)) {
      const { claim, matter, code, days, claimedMinutes, claimedOre } = one;
      if (!empty(claim)) continue;
      if (matter === "unjoined") report.tooLittleData("besöken saknas, eller brukaren eller utföraren är inte kopplad");
      else if (matter === "silent") report.suppressed("sourceSilent", [claim]);
      else if (matter === "service" || matter === "client" || (matter === "visit" && code === "M05")) {
        const elsewhere = matter === "visit" ? null : one.proposal!.why;
        hits.push({
          ...claimHit(claims, slice, one),
          minutes: claimedMinutes > 0 ? Math.round(claimedMinutes) : null,
          amountOre: claimedOre,
          reason: `${claimedMinutes > 0 ? minutesText(claimedMinutes) : formatOre(claimedOre)} är fakturerade för ${daysText(days)} utan något registrerat besök.${elsewhere === null ? "" : ` ${elsewhere}`}`,
          evidence: [
            { condition: "registrerade besök dessa dagar", value: 0 },
            { condition: "dagar som borde ha besök", value: days.length },
            { condition: "samma tid finns på annat håll", value: elsewhere },
          ],
        });
      }
    }
    return hits;
  },
});
