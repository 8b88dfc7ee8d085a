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

/** 60 minutes are registered and ordered; so many are claimed. */
function claimed(
  minutes: number,
  { contract = {}, visit = {}, asOf = "2026-11-10 04:30", facts = false, service = "omvardnad" } = {},
) {
  return example(
    [
      sample("contracts", "K1", { terms: { price: [{ orePerHour: 48_000 }], ...contract } }),
      sample("visits", "v-1", { start: "08:00", end: "09:00", ...visit }),
      sample("claims", "k-1", { minutes, amountOre: minutes * 800, service }),
    ],
    {
      asOf: at(asOf),
      ...(facts
        ? {
            facts: [
              {
                source: "files",
                everyHours: 1,
                arrivals: [
                  { at: at("10:00"), records: 5 },
                  { at: at("20:00"), records: 5 },
                ],
              },
            ],
          }
        : {}),
    },
  );
}

export default defineRule({
  id: "claim-exceeds-payable",
  version: 1,
  level: "error",
  scope: "claim",
  title: { sv: "Mer fakturerat än vad som ersätts", en: "More claimed than is payable" },
  why: "Raden omfattar mer tid än den som enligt avtalet ska betalas för de registrerade besöken.",
  remedy:
    "Utbetalningen väntar i 7 dagar. Be utföraren förklara skillnaden eller rätta raden; annars betalas den ersättning som uträkningen visar.",
  innocent: {
    sourceSilent: "Källan som skulle ha berättat om besöken var tyst någon av dagarna.",
    unverified: "Ett besök samma dag saknar sluttid eller något annat som avtalet kräver, och kan ännu rättas.",
    alarm: "Larm utförs utan beställning.",
  },
  reads: ["claims", "services", "settlement"],
  parameters: z.object({
    daysAfter: z.int().min(0).default(2).describe("Så många dagar efter radens sista dag väntar regeln på sena besök."),
  }),
  settlesAfterDays: 35,
  examples: () => ({
    // A minute or two per cent a day is within the tolerance.
    reports: [claimed(62), claimed(70, { contract: { rounding: { to: 5, direction: "nearest", per: "visit" } } })],
    accepts: [
      claimed(61),
      claimed(90, { visit: { end: undefined } }),
      claimed(90, { facts: true }),
      claimed(90, { asOf: "2026-10-06 23:00" }),
      // Nobody orders an alarm beforehand, so nothing of it is payable by the order.
      claimed(60, { visit: { services: ["larm"] }, service: "larm" }),
    ],
  }),
  evaluate({ claims, services, settlement, slice, asOf }, { daysAfter }, report) {
    const hits: Hit[] = [];
    for (const judged of ripeClaims({ claims, settlement, slice, asOf }, daysAfter)) {
      const { claim, matter, visits, code } = judged;
      if (matter === "silent" && visits.length > 0) report.suppressed("sourceSilent", [claim]);
      else if (matter === "unverified") report.suppressed("unverified", [claim]);
      else if (matter !== "time" || code !== "M03") continue;
      else if (judged.service >= 0 && services.kind(judged.service) === "alarm" && judged.payableMinutes === 0)
        report.suppressed("alarm", [claim]);
      else {
        const { claimedMinutes, payableMinutes, claimedOre, payableOre, overbilledOre } = judged;
        const over = claimedMinutes - payableMinutes;
        const timed = over > 0.5;
        hits.push({
          ...claimHit(claims, slice, judged),
          minutes: timed ? Math.round(over) : null,
          amountOre: overbilledOre,
          reason: timed
            ? `För ${daysText(judged.days)} är ${minutesText(claimedMinutes)} fakturerade, men ersättningen är ${minutesText(payableMinutes)}: ${minutesText(over)} för mycket.`
            : `För ${daysText(judged.days)} är ${formatOre(claimedOre)} fakturerade, men ersättningen är ${formatOre(payableOre ?? 0)}.`,
          evidence: {
            "fakturerade minuter": Math.round(claimedMinutes),
            "minuter enligt avtalet, före avrundning": Math.round(judged.exactMinutes * 100) / 100,
            "minuter som ersätts": Math.round(payableMinutes * 100) / 100,
            fakturerat: formatOre(claimedOre),
            "ersättning enligt avtalets pris": payableOre === null ? null : formatOre(payableOre),
          },
        });
      }
    }
    return hits;
  },
});
