import { z } from "zod";
import { claimHit, daysText, defineRule, example, formatOre, type Hit, minutesText, ripeClaims, sample } from "#rule";

/** An hour, for which the contract gives 480 kronor. */
function priced(claim: object, price: object[] = [{ orePerHour: 48_000 }]) {
  return example([
    sample("contracts", "K1", { terms: { price } }),
    sample("visits", "v-1", { end: "09:00" }),
    sample("claims", "k-1", { minutes: 60, amountOre: 48_000, ...claim }),
  ]);
}

export default defineRule({
  id: "claim-wrong-price",
  version: 1,
  level: "error",
  scope: "claim",
  title: { sv: "Fakturerad till fel pris", en: "Claimed at the wrong price" },
  why: "Minuterna stämmer, men beloppet är inte det som avtalets pris den dagen ger.",
  remedy: "Utbetalningen väntar i 7 dagar. Be utföraren rätta priset; annars betalas avtalets pris.",
  innocent: {
    rounding: "Beloppet är avrundat till hela kronor, eller räknat på delar av minuter.",
    noPrice: "Avtalet har inget pris för insatsen: det finns inget att jämföra med.",
  },
  reads: ["claims", "settlement"],
  parameters: z.object({
    daysAfter: z.int().min(0).default(2).describe("Så många dagar efter radens sista dag väntar regeln på sena besök."),
  }),
  settlesAfterDays: 35,
  examples: () => ({
    reports: [
      priced({ unitPriceOre: 48_100, amountOre: 48_100 }),
      priced({ unitPriceOre: undefined, amountOre: 49_000 }),
      // Too low a price is reported too, and holds no payment.
      priced({ unitPriceOre: 45_000, amountOre: 45_000 }),
    ],
    accepts: [
      priced({}),
      priced({ amountOre: 48_050 }),
      // The price of before the first of the month would be the wrong one.
      priced({}, [
        { from: "2026-01-01", orePerHour: 47_000 },
        { from: "2026-10-01", orePerHour: 48_000 },
      ]),
      priced({ unitPriceOre: 51_000, amountOre: 51_000 }, [{ services: ["stad"], orePerHour: 48_000 }]),
    ],
  }),
  evaluate({ claims, settlement, slice, asOf }, { daysAfter }) {
    const hits: Hit[] = [];
    for (const judged of ripeClaims({ claims, settlement, slice, asOf }, daysAfter)) {
      if (judged.matter !== "price") continue;
      const { claimedOre, payableOre, overbilledOre } = judged;
      const difference = claimedOre - (payableOre ?? 0);
      hits.push({
        ...claimHit(claims, slice, judged),
        // Too low a price costs the provider and nobody else.
        ...(overbilledOre > 0 ? {} : { severity: "info" as const }),
        amountOre: Math.abs(difference),
        reason: `${minutesText(judged.claimedMinutes)} för ${daysText(judged.days)} är fakturerade med ${formatOre(claimedOre)}; avtalets pris ger ${formatOre(payableOre ?? 0)}.`,
        evidence: {
          fakturerat: formatOre(claimedOre),
          "ersättning enligt avtalets pris": formatOre(payableOre ?? 0),
          skillnad: formatOre(difference),
        },
      });
    }
    return hits;
  },
});
