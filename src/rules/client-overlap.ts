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

/** P2 has somebody at C1, S9 being S1 of P1, from so many minutes before P1's visit ends. */
function forTwoProviders(minutes: number, staffId: string | undefined, { staffing = 1, unitId = "U2" } = {}) {
  return example([
    sample("order-lines", "o-1-1", { orderId: "o-1", times: 3, staffing }),
    sample("staff", "S9", { providerId: "P2", unitId: "U2", hsaId: "HSA-S1" }),
    sample("visits", "v-1", { start: "08:00", end: "08:40", ...(staffId === undefined && { staffId }) }),
    sample("visits", "v-2", { staffId, unitId, start: at("08:40", -minutes), end: "09:20" }),
  ]);
}

export default defineRule({
  id: "client-overlap",
  version: 3,
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
  examples: () => ({
    reports: [
      overlapOf(11),
      forTwoProviders(11, "S4"),
      forTwoProviders(11, undefined),
      // One person cannot be there for two providers, nor be two.
      forTwoProviders(11, "S9"),
      forTwoProviders(11, "S9", { staffing: 2 }),
    ],
    accepts: [
      overlapOf(10),
      overlapOf(30, { staffing: 2 }),
      overlapOf(30, { law: "HSL" }),
      overlapOf(30, { service: "larm" }),
      overlapOf(30, { shift: "other" }),
      // Registered as double staffing: double-staffing-not-ordered says it.
      overlapOf(30, { flagged: true }),
      forTwoProviders(10, undefined),
      forTwoProviders(30, undefined, { staffing: 2 }),
      // Nobody says who: it may be one person's visit, registered twice.
      forTwoProviders(30, undefined, { unitId: "U1" }),
    ],
  }),
  evaluate({ visits, orders, lines, services, shifts, slice }, { minutesAbove, shadowingServices }, report) {
    const hits: Hit[] = [];
    for (const [a, b] of overlappingPairs(visits, slice)) {
      const minutes = overlapMinutes(visits, a, b);
      if (minutes <= minutesAbove || report.reported(a, b)) continue;
      const [providerA, providerB] = [visits.provider(a), visits.provider(b)];
      const twoProviders = providerA >= 0 && providerB >= 0 && providerA !== providerB;
      const samePerson = visits.staff(a) >= 0 && visits.staff(a) === visits.staff(b);
      // Of one provider that is duplicate-visit, or one person's own overlap.
      if (samePerson && !twoProviders) continue;
      if (visits.staff(a) < 0 && visits.staff(b) < 0 && !twoProviders) {
        report.tooLittleData("personal saknas på besök");
        continue;
      }
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
      if (ordered >= 2 && !samePerson) {
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
      const who = samePerson
        ? "Samma person är registrerad hos brukaren för två utförare"
        : `Två ${twoProviders ? "utförares besök" : "personer"} är registrerade hos brukaren`;
      hits.push({
        records: [a, b],
        minutes,
        reason:
          `${who} samtidigt i ${minutes} minuter ` +
          `(${formatClock(visits.start(a))}–${formatClock(visits.end(a))} och ` +
          `${formatClock(visits.start(b))}–${formatClock(visits.end(b))})${samePerson ? "" : ", men en person är beställd"}.`,
        evidence: {
          "samtidig tid i minuter >": [minutes, minutesAbove],
          "två utförare": twoProviders,
          "samma person": samePerson,
          "personer samtidigt enligt beställningen": ordered,
          "olika lagar": [false, false],
        },
      });
    }
    return hits;
  },
});
