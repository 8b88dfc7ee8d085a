import { z } from "zod";
import { claimHit, daysText, defineRule, example, formatOre, type Hit, minutesText, ripeClaims, sample } from "#rule";

const terms = {
  bands: [{ name: "kvall", from: "18:00", to: "22:00" }],
  price: [
    { band: "dag", orePerHour: 48_000 },
    { band: "kvall", orePerHour: 60_000 },
  ],
};

/** An hour from so many o'clock, claimed with these minutes by band. */
function hourFrom(start: string, claims: Record<string, number>) {
  return example([
    sample("contracts", "K1", { terms }),
    sample("visits", "v-1", {
      start,
      end: `${String(Number(start.slice(0, 2)) + 1).padStart(2, "0")}${start.slice(2)}`,
    }),
    ...Object.entries(claims).map(([band, minutes]) =>
      sample("claims", `k-${band}`, {
        ...(band === "" ? {} : { band }),
        minutes,
        unitPriceOre: undefined,
        amountOre: minutes * (band === "kvall" ? 1000 : 800),
      }),
    ),
  ]);
}

export default defineRule({
  id: "claim-wrong-band",
  version: 1,
  level: "error",
  scope: "claim",
  title: { sv: "Fakturerad i fel prisband", en: "Claimed in the wrong price band" },
  why: "Minuterna stämmer, men de ligger i en annan del av dygnet eller veckan än den som är fakturerad, med ett annat pris.",
  remedy: "Utbetalningen väntar i 7 dagar. Be utföraren rätta raden; uträkningen visar hur minuterna fördelar sig.",
  innocent: {
    splitByMinute: "Besöket går över gränsen mellan två prisband och är uppdelat på minuten.",
    unknownBand: "Avtalet har inget prisband med radens namn: raden jämförs med all tid.",
  },
  reads: ["claims", "settlement"],
  parameters: z.object({
    daysAfter: z.int().min(0).default(2).describe("Så många dagar efter radens sista dag väntar regeln på sena besök."),
  }),
  settlesAfterDays: 35,
  examples: () => ({
    reports: [hourFrom("16:00", { kvall: 60 }), hourFrom("17:30", { kvall: 60 })],
    accepts: [
      hourFrom("18:00", { kvall: 60 }),
      hourFrom("17:30", { dag: 30, kvall: 30 }),
      // A minute on the wrong side is within the tolerance of a day.
      hourFrom("17:30", { dag: 29, kvall: 31 }),
      hourFrom("16:00", { helgkväll: 60 }),
    ],
  }),
  evaluate({ claims, settlement, slice, asOf }, { daysAfter }) {
    const hits: Hit[] = [];
    for (const judged of ripeClaims({ claims, settlement, slice, asOf }, daysAfter)) {
      if (judged.matter !== "band") continue;
      const { claimedOre, payableOre, overbilledOre, proposal } = judged;
      hits.push({
        ...claimHit(claims, slice, judged),
        // A cheaper band than the right one is for information only.
        ...(overbilledOre > 0 ? {} : { severity: "info" as const }),
        minutes: Math.round(judged.claimedMinutes),
        amountOre: overbilledOre,
        reason: `För ${daysText(judged.days)} är ${minutesText(judged.claimedMinutes)} fakturerade med prisband ${judged.band}, men tiden är ${proposal!.why}.`,
        evidence: {
          "fakturerat prisband": judged.band,
          "minuter enligt uträkningen": proposal!.why,
          fakturerat: formatOre(claimedOre),
          "ersättning i rätt prisband": payableOre === null ? null : formatOre(payableOre),
        },
      });
    }
    return hits;
  },
});
