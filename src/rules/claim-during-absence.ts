import { z } from "zod";
import {
  claimHit,
  daysText,
  defineRule,
  example,
  formatOre,
  type Hit,
  minutesText,
  ripeClaims,
  sample,
  startOfDay,
} from "#rule";

/** In hospital from the 5th at 11:20 to the 8th at 15:00; claimed for so many days from the 5th. */
function claimedFor(from: string, to: string, { terms = {}, more = [] as ReturnType<typeof sample>[] } = {}) {
  const days = Number(to.slice(-2)) - Number(from.slice(-2)) + 1;
  return example([
    sample("contracts", "K1", { terms: { price: [{ orePerHour: 48_000 }], ...terms } }),
    sample("order-lines", "o-1-1", { orderId: "o-1", times: 1 }),
    sample("absences", "a-1", { from: "11:20", to: "2026-10-08 15:00", planned: false }),
    sample("visits", "v-1"),
    sample("claims", "k-1", { from, to, minutes: 30 * days, amountOre: 24_000 * days }),
    ...more,
  ]);
}

export default defineRule({
  id: "claim-during-absence",
  version: 1,
  level: "error",
  scope: "claim",
  title: { sv: "Fakturerad medan brukaren var borta", en: "Claimed while the client was away" },
  why: "Brukaren var på sjukhus, korttidsboende eller annars borta hela dagen, och inget besök är registrerat.",
  remedy: "Utbetalningen väntar i 14 dagar. Kontrollera frånvarons tider och be utföraren kreditera dagarna.",
  innocent: {
    boundaryDay: "In- och utskrivningsdagar räknas inte: besök kan ha gjorts före eller efter.",
    paidByContract: "Avtalet ersätter oplanerad frånvaro, och inte mer än så är fakturerat.",
  },
  reads: ["claims", "absences", "settlement"],
  parameters: z.object({
    daysAfter: z
      .int()
      .min(0)
      .default(2)
      .describe("Så många dagar efter radens sista dag väntar regeln på sena uppgifter."),
  }),
  settlesAfterDays: 35,
  examples: () => ({
    reports: [
      claimedFor("2026-10-06", "2026-10-06"),
      // Monday has its visit; the two days in hospital are claimed too.
      claimedFor("2026-10-05", "2026-10-07"),
    ],
    accepts: [
      claimedFor("2026-10-05", "2026-10-05"),
      claimedFor("2026-10-06", "2026-10-06", { terms: { absence: { unplannedPaidDays: 5 } } }),
      claimedFor("2026-10-06", "2026-10-06", { more: [sample("visits", "v-2", { start: "2026-10-06 08:00" })] }),
    ],
  }),
  evaluate({ claims, absences, settlement, slice, asOf }, { daysAfter }) {
    const hits: Hit[] = [];
    for (const judged of ripeClaims({ claims, settlement, slice, asOf }, daysAfter)) {
      if (judged.matter !== "absence") continue;
      const { days, claimedMinutes, payableMinutes } = judged;
      const away = absences.covering(slice.client, startOfDay(days[0]!), startOfDay(days.at(-1)! + 1));
      const { records, ...about } = claimHit(claims, slice, judged);
      hits.push({
        records: [...records, { table: "absences", row: away }],
        ...about,
        minutes: claimedMinutes > 0 ? Math.round(claimedMinutes - payableMinutes) : null,
        amountOre: judged.overbilledOre,
        distinct: judged.code,
        reason: `${minutesText(claimedMinutes)} är fakturerade för ${daysText(days)}, då brukaren var borta hela dagen. Ersättningen är ${minutesText(payableMinutes)}.`,
        evidence: {
          "dagar då brukaren var borta": days.length,
          "registrerade besök dessa dagar": 0,
          fakturerat: formatOre(judged.claimedOre),
          "ersättning enligt avtalet": judged.payableOre === null ? null : formatOre(judged.payableOre),
        },
      });
    }
    return hits;
  },
});
