import { z } from "zod";
import {
  at,
  defineRule,
  example,
  formatClock,
  type Hit,
  mostStaffing,
  overlapMinutes,
  overlappingPairs,
  sample,
  shadowing,
} from "#rule";

/** A second person is at C1 from so many minutes before the first leaves. */
function overlapOf(
  minutes: number,
  { staffing = 1, law = "SoL", flagged = undefined as boolean | undefined, shift = "work", service = "omvardnad" } = {},
) {
  return example([
    sample("order-lines", "o-1-1", { orderId: "o-1", times: 3, staffing }),
    sample("shifts", "s-2", { staffId: "S2", kind: shift }),
    sample("visits", "v-1", { start: "08:00", end: "08:40", doubleStaffing: flagged }),
    sample("visits", "v-2", {
      staffId: "S2",
      law,
      services: [service],
      start: at("08:40", -minutes),
      end: "09:20",
      doubleStaffing: flagged,
    }),
  ]);
}

export default defineRule({
  id: "client-overlap",
  version: 2,
  level: "indicator",
  scope: "client-day",
  title: { sv: "Två besök hos samma brukare samtidigt", en: "Two visits to one client at once" },
  why: "Två registreringar gäller samma tid hos samma brukare utan att två personer är beställda.",
  remedy: "Fråga utföraren om båda var på plats och varför, och låt rätta det som är fel.",
  innocent: {
    doubleStaffing: "Beställningen gäller två personer.",
    otherLaw: "Besöken görs enligt olika lagar, till exempel hemsjukvård (HSL) och hemtjänst (SoL).",
    alarm: "Det ena besöket är ett larm.",
    shadowing: "Den ena gick bredvid för att läras upp: enheten har märkt besöket eller arbetspasset som introduktion.",
  },
  reads: ["visits", "orders", "lines", "services", "shifts"],
  parameters: z.object({
    minutesAbove: z.int().min(0).default(10).describe("Så många minuters överlämning mellan två personer godtas."),
    shadowingServices: z
      .array(z.string())
      .default(["introduktion", "bredvidgång", "bredvidgang"])
      .describe("Insatskoder som enheterna använder för bredvidgång, med små bokstäver."),
  }),
  yieldsTo: ["duplicate-visit", "double-staffing-not-ordered"],
  examples: {
    reports: [overlapOf(11)],
    accepts: [
      overlapOf(10),
      overlapOf(30, { staffing: 2 }),
      overlapOf(30, { law: "HSL" }),
      overlapOf(30, { service: "larm" }),
      overlapOf(30, { shift: "other" }),
      // Registered as double staffing: double-staffing-not-ordered says it.
      overlapOf(30, { flagged: true }),
    ],
  },
  evaluate({ visits, orders, lines, services, shifts, slice }, { minutesAbove, shadowingServices }, report) {
    const hits: Hit[] = [];
    for (const [a, b] of overlappingPairs(visits, slice)) {
      const minutes = overlapMinutes(visits, a, b);
      // The same person twice is duplicate-visit or one person's own overlap.
      if (minutes <= minutesAbove || visits.staff(a) === visits.staff(b) || report.reported(a, b)) continue;
      if (visits.ambiguousTime(a) || visits.ambiguousTime(b)) {
        report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
        continue;
      }
      const lawA = visits.law(a) ?? "SoL";
      const lawB = visits.law(b) ?? "SoL";
      if (
        lawA !== lawB ||
        services.has(visits.services(a), "nursing") !== services.has(visits.services(b), "nursing")
      ) {
        report.suppressed("otherLaw", [a, b]);
        continue;
      }
      if (services.has(visits.services(a), "alarm") || services.has(visits.services(b), "alarm")) {
        report.suppressed("alarm", [a, b]);
        continue;
      }
      const ordered = mostStaffing({ orders, lines }, slice.client, slice.day);
      if (ordered === 0) {
        report.tooLittleData("beställning saknas");
        continue;
      }
      if (ordered >= 2) {
        report.suppressed("doubleStaffing", [a, b]);
        continue;
      }
      if (
        shadowing({ visits, services, shifts }, a, shadowingServices) ||
        shadowing({ visits, services, shifts }, b, shadowingServices)
      ) {
        report.suppressed("shadowing", [a, b]);
        continue;
      }
      hits.push({
        records: [a, b],
        minutes,
        reason:
          `Två personer är registrerade hos brukaren samtidigt i ${minutes} minuter ` +
          `(${formatClock(visits.start(a))}–${formatClock(visits.end(a))} och ` +
          `${formatClock(visits.start(b))}–${formatClock(visits.end(b))}), men en är beställd.`,
        evidence: {
          "samtidig tid i minuter >": [minutes, minutesAbove],
          "två personer beställda": [false, false],
          "olika lagar": [false, false],
        },
      });
    }
    return hits;
  },
});
