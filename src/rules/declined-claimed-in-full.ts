import { z } from "zod";
import { claimHit, daysText, defineRule, example, formatOre, type Hit, minutesText, ripeClaims, sample } from "#rule";

/** A visit of 30 minutes that the client said no to; so much is paid of it, and so many minutes are claimed. */
function declined(minutes: number, { percent = 0, visit = {} } = {}) {
  return example([
    sample("contracts", "K1", {
      terms: { price: [{ orePerHour: 48_000 }], declined: { percent: { default: percent } } },
    }),
    sample("planned-visits", "p-1"),
    sample("visits", "v-1", { status: "declined", end: "08:02", plannedVisitId: "p-1", ...visit }),
    sample("claims", "k-1", { minutes, amountOre: minutes * 800 }),
  ]);
}

export default defineRule({
  id: "declined-claimed-in-full",
  version: 1,
  level: "error",
  scope: "claim",
  title: { sv: "Avböjt besök fakturerat fullt ut", en: "A declined visit claimed in full" },
  why: "Brukaren tackade nej. Avtalet ersätter inget eller bara en del av det planerade besöket, men hela är fakturerat.",
  remedy: "Utbetalningen väntar. Be utföraren rätta raden till den del som avtalet ersätter.",
  innocent: {
    paidByContract: "Avtalet ersätter avböjda besök, och inte mer än så är fakturerat.",
  },
  reads: ["claims", "settlement"],
  parameters: z.object({
    daysAfter: z
      .int()
      .min(0)
      .default(2)
      .describe("Så många dagar efter radens sista dag väntar regeln på sena uppgifter."),
  }),
  settlesAfterDays: 35,
  examples: () => ({
    reports: [declined(30), declined(30, { percent: 50 })],
    accepts: [
      declined(30, { percent: 100 }),
      declined(15, { percent: 50 }),
      declined(30, { visit: { status: "completed", end: "08:30" } }),
    ],
  }),
  evaluate({ claims, settlement, slice, asOf }, { daysAfter }) {
    const hits: Hit[] = [];
    for (const judged of ripeClaims({ claims, settlement, slice, asOf }, daysAfter)) {
      if (judged.matter !== "declined") continue;
      const { claimedMinutes, payableMinutes } = judged;
      hits.push({
        ...claimHit(claims, slice, judged),
        minutes: Math.round(claimedMinutes - payableMinutes),
        amountOre: judged.overbilledOre,
        distinct: judged.code,
        reason: `${minutesText(claimedMinutes)} är fakturerade för ${daysText(judged.days)}, då brukaren avböjde besöket. Ersättningen är ${minutesText(payableMinutes)}.`,
        evidence: {
          "avböjda besök": judged.visits.length,
          "fakturerade minuter >": [Math.round(claimedMinutes), Math.round(payableMinutes)],
          fakturerat: formatOre(judged.claimedOre),
          "ersättning enligt avtalet": judged.payableOre === null ? null : formatOre(judged.payableOre),
        },
      });
    }
    return hits;
  },
});
