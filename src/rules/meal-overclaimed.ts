import { z } from "zod";
import { claimHit, defineRule, example, formatDay, formatOre, type Hit, ripeClaims, sample } from "#rule";

const october = { from: "2026-10-01", to: "2026-10-31" };
const number = (quantity: number): string => String(Math.round(quantity * 10) / 10).replace(".", ",");

/** 20 meals were delivered in October; so many are claimed at 60 kronor. */
function meals(claimed: number, more: ReturnType<typeof sample>[] = [], told = true) {
  return example([
    sample("services", "mat", { kind: "meal" }),
    sample("claims", "k-1", {
      ...october,
      service: "mat",
      minutes: undefined,
      quantity: claimed,
      unit: "C62",
      unitPriceOre: 6_000,
      amountOre: claimed * 6_000,
    }),
    ...(told
      ? [sample("meals", "m-1", { clientId: "C1", unitId: "U1", ...october, kind: "lunch", quantity: 20 })]
      : []),
    ...more,
  ]);
}

export default defineRule({
  id: "meal-overclaimed",
  version: 1,
  level: "error",
  scope: "claim",
  title: { sv: "Fler måltider fakturerade än levererade", en: "More meals claimed than delivered" },
  why: "Utföraren begär betalt för fler portioner än vad leveranserna visar.",
  remedy: "Utbetalningen väntar. Be utföraren visa leveranserna eller kreditera det som är för mycket.",
  innocent: {
    credited: "Det som var för mycket är krediterat.",
    turnOfMonth: "En leverans över ett månadsskifte delas mellan månaderna: en portions skillnad godtas.",
  },
  reads: ["claims", "services", "settlement"],
  parameters: z.object({
    daysAfter: z.int().min(0).default(2).describe("Så många dagar efter radens sista dag väntar regeln på leveranser."),
  }),
  settlesAfterDays: 35,
  examples: () => ({
    reports: [
      meals(21),
      meals(4, [sample("meals", "m-1", { clientId: "C2", unitId: "U1", ...october, kind: "lunch", quantity: 9 })]),
    ],
    accepts: [
      meals(20),
      meals(21, [
        sample("claims", "k-2", {
          ...october,
          service: "mat",
          kind: "credit",
          correctsId: "k-1",
          minutes: undefined,
          quantity: 1,
          amountOre: 6_000,
        }),
      ]),
      // Nobody tells of this provider's meals.
      meals(21, [], false),
    ],
  }),
  evaluate({ claims, services, settlement, slice, asOf }, { daysAfter }, report) {
    const hits: Hit[] = [];
    const judged = new Set<number>();
    for (const { claim, related } of settlement.judged(slice.client, slice.firstDay, slice.lastDay)) {
      judged.add(claim);
      for (const row of related) judged.add(row);
    }
    for (const row of slice.claims) {
      const service = claims.service(row);
      if (service >= 0 && services.kind(service) === "meal" && !claims.credit(row) && !judged.has(row))
        report.tooLittleData("utförarens leveranser av måltider är inte inlästa");
    }
    for (const one of ripeClaims({ claims, settlement, slice, asOf }, daysAfter)) {
      if (one.matter !== "meal") continue;
      const { claimed, delivered } = one.meals!;
      hits.push({
        ...claimHit(claims, slice, one),
        minutes: null,
        amountOre: one.overbilledOre,
        reason: `${number(claimed)} portioner är fakturerade i ${formatDay(slice.firstDay).slice(0, 7)}, men ${number(delivered)} är levererade.`,
        evidence: {
          "fakturerade portioner >": [Math.round(claimed * 100) / 100, Math.round(delivered * 100) / 100],
          fakturerat: formatOre(one.claimedOre),
        },
      });
    }
    return hits;
  },
});
