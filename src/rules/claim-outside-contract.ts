import { z } from "zod";
import { claimHit, daysText, defineRule, example, formatOre, type Hit, ripeClaims, rowsOf, sample } from "#rule";

function claimed(contract: Record<string, unknown> | null, claim: Record<string, unknown> = {}) {
  return example([
    ...(contract === null ? [] : [sample("contracts", "K1", contract)]),
    sample("visits", "v-1"),
    sample("claims", "k-1", claim),
  ]);
}

export default defineRule({
  id: "claim-outside-contract",
  version: 1,
  level: "error",
  scope: "claim",
  title: { sv: "Fakturerad utan avtal", en: "A claim without a contract" },
  why: "Inget av utförarens avtal gällde den dagen, eller så omfattar de inte insatsen. Utan avtal finns ingen ersättning.",
  remedy: "Kontrollera att avtalen är inlästa med rätt tider och insatser. Annars ska raden krediteras.",
  innocent: {
    sourceSilent: "Källan som skulle ha berättat om besöken var tyst.",
  },
  reads: ["claims", "contracts", "settlement"],
  parameters: z.object({
    daysAfter: z
      .int()
      .min(0)
      .default(2)
      .describe("Så många dagar efter radens sista dag väntar regeln på rättade avtal."),
  }),
  settlesAfterDays: 35,
  examples: () => ({
    reports: [claimed({ validTo: "2026-10-04" }), claimed({ services: ["stad"] }), claimed({ unitIds: ["U2"] })],
    accepts: [
      claimed({ validTo: "2026-10-05" }),
      claimed({ validFrom: "2026-10-05", services: ["omvardnad"] }),
      // Without any contract of the provider's, it is the data that is missing.
      claimed(null),
      // A claim without unit or order may be under a contract that names units.
      claimed({ unitIds: ["U1"] }, { unitId: undefined, service: "stad" }),
    ],
  }),
  evaluate({ claims, contracts, settlement, slice, asOf }, { daysAfter }, report) {
    const hits: Hit[] = [];
    for (const row of slice.claims) {
      const provider = claims.provider(row);
      if (!claims.credit(row) && provider >= 0 && rowsOf(contracts.byProvider, provider).length === 0)
        report.tooLittleData("utföraren har inget avtal i underlaget");
    }
    for (const judged of ripeClaims({ claims, settlement, slice, asOf }, daysAfter)) {
      if (judged.matter !== "contract") continue;
      hits.push({
        ...claimHit(claims, slice, judged),
        minutes: judged.claimedMinutes > 0 ? Math.round(judged.claimedMinutes) : null,
        amountOre: judged.overbilledOre,
        reason: `${formatOre(judged.claimedOre)} är fakturerade för ${daysText(judged.days)}, då inget av utförarens avtal omfattar insatsen.`,
        evidence: {
          "avtal som omfattar insatsen dessa dagar": 0,
          "utförarens avtal": rowsOf(contracts.byProvider, judged.provider).length,
          fakturerat: formatOre(judged.claimedOre),
        },
      });
    }
    return hits;
  },
});
