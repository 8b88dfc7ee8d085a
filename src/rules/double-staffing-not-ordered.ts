import { z } from "zod";
import {
  at,
  defineRule,
  example,
  formatClock,
  type Hit,
  orderedStaffing,
  overlapMinutes,
  overlappingPairs,
  sample,
  shadowing,
} from "#rule";

/** S1 and S2 are at C1 together for so many minutes, registered as double staffing. */
function togetherFor(
  minutes: number,
  {
    staffing = 1,
    flags = [true, true] as ReadonlyArray<boolean | undefined>,
    services = ["omvardnad"],
    shift = "work",
    service = "omvardnad",
    law = "SoL",
  } = {},
) {
  return example([
    sample("services", "introduktion", { kind: "other" }),
    sample("order-lines", "o-1-1", { orderId: "o-1", times: 3, staffing, service }),
    sample("shifts", "s-1", { staffId: "S1" }),
    sample("shifts", "s-2", { staffId: "S2", kind: shift }),
    sample("visits", "v-1", { start: "08:00", end: "08:40", doubleStaffing: flags[0] }),
    sample("visits", "v-2", {
      staffId: "S2",
      start: at("08:40", -minutes),
      end: "08:40",
      services,
      law,
      doubleStaffing: flags[1],
    }),
  ]);
}

export default defineRule({
  id: "double-staffing-not-ordered",
  version: 1,
  level: "indicator",
  scope: "client-day",
  title: { sv: "Dubbelbemanning som inte är beställd", en: "Double staffing that is not ordered" },
  why: "Två personer är registrerade för ett besök som är beställt för en. Den andra personens tid ska normalt inte ersättas.",
  remedy:
    "Fråga utföraren varför två kom. Behövs två ska beställningen ändras; annars ersätts en person. Bredvidgång som inte syns i uppgifterna läggs in som undantag.",
  innocent: {
    shadowing: "Den ena gick bredvid för att läras upp: enheten har märkt besöket eller arbetspasset som introduktion.",
    otherLaw: "Besöken görs enligt olika lagar, till exempel hemsjukvård (HSL) och hemtjänst (SoL).",
  },
  reads: ["visits", "orders", "lines", "services", "shifts", "settlement"],
  parameters: z.object({
    minutesMin: z.int().min(1).default(5).describe("Kortare gemensam tid räknas som överlämning."),
    shadowingServices: z
      .array(z.string())
      .default(["introduktion", "bredvidgång", "bredvidgang"])
      .describe("Insatskoder som enheterna använder för bredvidgång, med små bokstäver."),
  }),
  yieldsTo: ["duplicate-visit"],
  examples: () => ({
    reports: [togetherFor(5), togetherFor(30, { flags: [true, undefined] })],
    accepts: [
      togetherFor(4),
      togetherFor(30, { staffing: 2 }),
      togetherFor(30, { shift: "other" }),
      togetherFor(30, { law: "HSL" }),
      togetherFor(30, { services: ["omvardnad", "introduktion"] }),
      // Two at once who are not registered as double staffing are the other rule's: client-overlap.
      togetherFor(30, { flags: [undefined, undefined] }),
      togetherFor(30, { flags: [true, false] }),
      // What is ordered is another service: nothing says how many may come for this one.
      togetherFor(30, { service: "stad" }),
    ],
  }),
  evaluate({ visits, orders, lines, services, shifts, settlement, slice }, { minutesMin, shadowingServices }, report) {
    const hits: Hit[] = [];
    for (const [a, b] of overlappingPairs(visits, slice)) {
      const minutes = overlapMinutes(visits, a, b);
      if (minutes < minutesMin || visits.staff(a) < 0 || visits.staff(b) < 0 || visits.staff(a) === visits.staff(b))
        continue;
      const [flagA, flagB] = [visits.doubleStaffing(a), visits.doubleStaffing(b)];
      const registeredAsPair = (flagA ?? flagB) === true && (flagB ?? flagA) === true;
      if (!registeredAsPair || report.reported(a, b)) continue;
      const ordered = Math.max(
        orderedStaffing({ visits, orders, lines, services }, a),
        orderedStaffing({ visits, orders, lines, services }, b),
      );
      if (ordered >= 2) continue;
      if (ordered === 0) {
        report.tooLittleData("ingen beställning av insatsen gäller dagen");
      } else if (visits.ambiguousTime(a) || visits.ambiguousTime(b)) {
        report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
      } else if ((visits.law(a) ?? "SoL") !== (visits.law(b) ?? "SoL")) {
        report.suppressed("otherLaw", [a, b]);
      } else if (
        shadowing({ visits, services, shifts }, a, shadowingServices) ||
        shadowing({ visits, services, shifts }, b, shadowingServices)
      ) {
        report.suppressed("shadowing", [a, b]);
      } else {
        hits.push({
          records: [a, b],
          minutes,
          amountOre: settlement.oreOf(b, minutes),
          reason:
            `Två personer är registrerade som dubbelbemanning i ${minutes} minuter ` +
            `(${formatClock(visits.start(a))}–${formatClock(visits.end(a))} och ` +
            `${formatClock(visits.start(b))}–${formatClock(visits.end(b))}), men insatsen är beställd för en.`,
          evidence: {
            "gemensam tid i minuter ≥": [minutes, minutesMin],
            "beställt antal personer <": [ordered, 2],
            "märkt som bredvidgång": [false, false],
          },
        });
      }
    }
    return hits;
  },
});
