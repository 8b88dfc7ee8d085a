import { z } from "zod";
import { claimHit, daysText, defineRule, example, formatOre, type Hit, minutesText, ripeClaims, sample } from "#rule";

const quarter = { minutes: 15, amountOre: 12_000 };

/** Half an hour is ordered and done once; the second claim for it is the one at hand. */
function twice(second: object, more: ReturnType<typeof sample>[] = [], minutes = 30) {
  return example([
    sample("contracts", "K1", { terms: { price: [{ orePerHour: 48_000 }] } }),
    sample("order-lines", "o-1-1", { orderId: "o-1", minutes, times: 1 }),
    sample("visits", "v-1"),
    sample("claims", "k-1", { invoiceId: "F1" }),
    sample("claims", "k-2", { invoiceId: "F2", ...second }),
    ...more,
  ]);
}

export default defineRule({
  id: "claim-duplicated",
  version: 1,
  level: "error",
  scope: "claim",
  title: { sv: "Samma tid fakturerad två gånger", en: "The same time claimed twice" },
  why: "En tidigare rad av samma utförare gäller redan brukaren, insatsen och dagen, och tillsammans är de mer än det som ersätts.",
  remedy: "Utbetalningen av den senare raden väntar. Be utföraren kreditera den, eller visa vilket besök den gäller.",
  innocent: {
    sourceSilent: "Källan som skulle ha berättat om fler besök var tyst den dagen.",
    severalVisits: "Flera rader för flera besök samma dag, inom det som är beställt eller ersätts.",
    credited: "Den ena raden är krediterad.",
  },
  reads: ["claims", "settlement"],
  parameters: z.object({
    daysAfter: z.int().min(0).default(2).describe("Så många dagar efter radens sista dag väntar regeln på sena besök."),
  }),
  settlesAfterDays: 35,
  examples: () => ({
    reports: [
      twice({}),
      twice({ invoiceId: "F1" }),
      // A line for the week on top of one for its Monday.
      twice({ to: "2026-10-09", minutes: 150, amountOre: 120_000 }),
      // The morning's line again, beside one for the evening's band.
      twice(
        { invoiceId: "F1", ...quarter },
        [
          sample("contracts", "K1", {
            terms: {
              bands: [{ name: "kväll", from: "18:00", to: "22:00" }],
              price: [{ orePerHour: 48_000 }, { band: "kväll", orePerHour: 60_000 }],
            },
          }),
          sample("order-lines", "o-1-2", { orderId: "o-1", minutes: 10, times: 1 }),
          sample("visits", "v-1", { end: "08:15" }),
          sample("visits", "v-2", { start: "18:00", end: "18:10" }),
          sample("claims", "k-1", { invoiceId: "F1", ...quarter }),
          sample("claims", "k-3", { invoiceId: "F1", minutes: 10, amountOre: 10_000, band: "kväll" }),
        ],
        20,
      ),
    ],
    accepts: [
      twice({ from: "2026-10-06", to: "2026-10-06" }, [sample("visits", "v-2", { start: "2026-10-06 08:00" })]),
      // Two visits of a day in a line each; and the same while one of the two has not been made.
      twice({}, [sample("visits", "v-2", { start: "18:00" })], 60),
      twice({ invoiceId: "F1" }, [], 60),
      twice({}, [sample("claims", "k-3", { kind: "credit", correctsId: "k-1", invoiceId: "F3" })]),
      twice({}, [sample("claims", "k-3", { kind: "credit", invoiceId: "F3" })]),
      twice({ clientId: "C2" }, [sample("visits", "v-2", { clientId: "C2", start: "18:00" })]),
    ],
  }),
  evaluate({ claims, settlement, slice, asOf }, { daysAfter }) {
    const hits: Hit[] = [];
    for (const judged of ripeClaims({ claims, settlement, slice, asOf }, daysAfter)) {
      if (judged.matter !== "duplicate") continue;
      const { claim, related, days, claimedMinutes, claimedOre } = judged;
      const before = related.filter((row) => !claims.credit(row));
      hits.push({
        ...claimHit(claims, slice, judged),
        minutes: claimedMinutes > 0 ? Math.round(claimedMinutes) : null,
        amountOre: judged.overbilledOre,
        reason: `${claimedMinutes > 0 ? minutesText(claimedMinutes) : formatOre(claimedOre)} för ${daysText(days)} är redan fakturerade på faktura ${[...new Set(before.map((row) => claims.invoice(row)))].join(", ")}.`,
        evidence: [
          { condition: "tidigare rader för samma dagar", value: before.length, threshold: 1, records: before },
          { condition: "faktura", value: claims.invoice(claim) },
          { condition: "fakturerat en gång till", value: formatOre(claimedOre) },
        ],
      });
    }
    return hits;
  },
});
