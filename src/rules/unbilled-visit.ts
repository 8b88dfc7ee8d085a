import { z } from "zod";
import {
  at,
  daysOfMonth,
  daysText,
  defineRule,
  example,
  formatOre,
  type Hit,
  type JudgedClaim,
  minutesText,
  monthOf,
  sample,
} from "#rule";

/** Half an hour on each of two days; the first is claimed. The cut-off of November is on 3 December at 12:00. */
function secondDay(asOf: string, more: ReturnType<typeof sample>[] = [], claim: Record<string, unknown> = {}) {
  return example(
    [
      sample("contracts", "K1", { terms: { price: [{ orePerHour: 48_000 }] } }),
      sample("visits", "v-1"),
      sample("visits", "v-2", { start: "2026-10-06 08:00" }),
      sample("claims", "k-1", claim),
      ...more,
    ],
    { asOf: at(asOf) },
  );
}

export default defineRule({
  id: "unbilled-visit",
  version: 1,
  level: "error",
  severity: "info",
  scope: "claim",
  title: { sv: "Utfört men inte fakturerat", en: "Done and not billed" },
  why: "Det här ersätts enligt avtalet men är inte fakturerat efter två avräkningar. Utföraren har rätt till det, och kommunens siffror blir fel utan det.",
  remedy: "Upplys utföraren: det går ännu att fakturera. Ingen utbetalning väntar på det.",
  innocent: {
    sourceSilent: "Källan var tyst: det som saknas kan vara besöken, inte fakturan.",
  },
  reads: ["lines", "services", "settlement"],
  parameters: z.object({
    payRuns: z
      .int()
      .min(1)
      .max(6)
      .default(2)
      .describe("Så många avräkningar ska ha gått, räknade från besökets månad."),
  }),
  settlesAfterDays: 62,
  subject: "slice",
  examples: () => ({
    reports: [
      secondDay("2026-12-03 12:30"),
      // Less claimed than was done.
      secondDay("2026-12-03 12:30", [
        sample("claims", "k-2", { from: "2026-10-06", to: "2026-10-06", minutes: 20, amountOre: 16_000 }),
      ]),
      // Nothing at all is claimed.
      secondDay("2026-12-03 12:30", [], { clientId: "C2" }),
    ],
    accepts: [
      secondDay("2026-12-03 11:30"),
      secondDay("2026-12-03 12:30", [sample("claims", "k-2", { from: "2026-10-06", to: "2026-10-06" })]),
      secondDay("2026-12-03 12:30", [], { to: "2026-10-06", minutes: 60, amountOre: 48_000 }),
      // The rest of a minute below the cap.
      example(
        [
          sample("contracts", "K1", {
            terms: { cap: { level: "month", tolerancePercent: 1.3 }, price: [{ orePerHour: 48_000 }] },
          }),
          sample("order-lines", "o-1-1", { per: "month" }),
          sample("visits", "v-1"),
          sample("visits", "v-2", { start: "2026-10-06 08:00" }),
          sample("claims", "k-1"),
        ],
        { asOf: at("2026-12-03 12:30") },
      ),
    ],
  }),
  evaluate({ lines, services, settlement, slice, asOf }, { payRuns }, report) {
    const hits: Hit[] = [];
    const byLine = new Map<string, JudgedClaim[]>();
    for (const judged of settlement.judged(slice.client, slice.firstDay, slice.lastDay)) {
      if (judged.code !== "M04") continue;
      const { provider, service, line } = judged;
      const key = `${provider} ${line >= 0 ? lines.id(line) : service >= 0 ? services.code[service]! : ""}`;
      byLine.set(key, [...(byLine.get(key) ?? []), judged]);
    }
    for (const [key, of] of byLine) {
      const { provider, unit, service } = of[0]!;
      let month = monthOf(slice.firstDay);
      for (let run = 1; run < payRuns; run++) month = monthOf(daysOfMonth(month).last + 1);
      const closed = settlement.cutOff(provider, unit, service, month);
      if (closed === null) {
        report.tooLittleData("inget avtal säger när avräkningen görs");
        continue;
      }
      if (asOf < closed) continue;
      const days = [...new Set(of.flatMap((one) => one.days))].sort((a, b) => a - b);
      const minutes = of.reduce((sum, one) => sum + one.payableMinutes - one.claimedMinutes, 0);
      const amountOre = of.reduce((sum, one) => sum + one.unbilledOre, 0);
      hits.push({
        records: of.flatMap((one) => [
          ...(one.claim < 0 ? [] : [one.claim, ...one.related]),
          ...one.visits.map((row) => ({ table: "visits", row }) as const),
        ]),
        provider,
        staff: -1,
        distinct: key.slice(key.indexOf(" ") + 1),
        minutes: minutes > 0.5 ? Math.round(minutes) : null,
        amountOre,
        reason: `${minutesText(minutes)} för ${daysText(days)} ersätts enligt avtalet men är inte fakturerade${amountOre > 0 ? `: ${formatOre(amountOre)}` : ""}.`,
        evidence: {
          "dagar med tid som inte är fakturerad": days.length,
          "minuter som ersätts": Math.round(of.reduce((sum, one) => sum + one.payableMinutes, 0)),
          "fakturerade minuter": Math.round(of.reduce((sum, one) => sum + one.claimedMinutes, 0)),
          "avräkningar sedan dess ≥": payRuns,
        },
      });
    }
    return hits;
  },
});
