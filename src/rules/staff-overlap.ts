import { z } from "zod";
import {
  ambiguousStart,
  at,
  defineRule,
  example,
  formatClock,
  type Hit,
  overlapMinutes,
  overlappingPairs,
  sample,
} from "#rule";

/** S1 is at C1 until 08:30, and at C2 from so many minutes before. */
function overlapOf(
  minutes: number,
  {
    building = "other",
    household = "H-C2",
    group = undefined as string | undefined,
    warnings = [] as ReturnType<typeof ambiguousStart>[],
    services = ["omvardnad", "omvardnad"],
  } = {},
) {
  return example(
    [
      sample("clients", "C2", {
        householdId: household,
        addresses: [{ from: "2020-01-01", buildingId: building === "same" ? "B-C1" : "B-C2" }],
      }),
      sample("services", "ledsagning", { kind: "escort", away: true }),
      sample("visits", "v-1", { end: "08:30", groupCode: group, services: [services[0]] }),
      sample("visits", "v-2", {
        clientId: "C2",
        start: at("08:30", -minutes),
        end: "09:15",
        groupCode: group,
        services: [services[1]],
      }),
    ],
    { warnings },
  );
}

/** Three overlaps a day of so many minutes each. */
function shortOverlapsOf(minutes: number) {
  return example(
    ["08", "10", "13"].flatMap((hour) => [
      sample("visits", `v-${hour}-1`, { start: `${hour}:00`, end: `${hour}:30` }),
      sample("visits", `v-${hour}-2`, { clientId: "C2", start: at(`${hour}:30`, -minutes), end: `${hour}:55` }),
    ]),
  );
}

export default defineRule({
  id: "staff-overlap",
  version: 2,
  level: "indicator",
  scope: "staff-day",
  title: { sv: "Samma personal på två platser samtidigt", en: "One person at two places at once" },
  why: "Tiden hos en av brukarna kan inte ha getts av den som står registrerad.",
  remedy: "Fråga utföraren vilken registrering som stämmer, och låt rätta den andra i källsystemet.",
  innocent: {
    samePlace: "Brukarna bor i samma byggnad, eller högst 60 meter från varandra.",
    sameHousehold: "Brukarna bor i samma hushåll.",
    groupCode: "Besöken är registrerade som ett gemensamt besök.",
    away: "Båda insatserna ges utanför hemmet, till exempel ledsagning: de kan ha varit på samma ställe.",
    orderedPair: "Båda besöken gäller en beställd dubbelbemanning hos samma brukare.",
  },
  reads: ["visits", "clients", "services"],
  parameters: z.object({
    minutesMin: z.int().min(1).default(8).describe("Kortare överlapp räknas som avlösning mellan två besök."),
    minutesPerDayMin: z
      .int()
      .min(1)
      .default(15)
      .describe("Så många minuter av kortare överlapp under en dag rapporteras ändå."),
  }),
  yieldsTo: ["duplicate-visit", "staff-overlap-across-providers"],
  examples: () => ({
    reports: [overlapOf(8), shortOverlapsOf(5), overlapOf(8, { services: ["ledsagning", "omvardnad"] })],
    accepts: [
      overlapOf(7),
      overlapOf(30, { building: "same" }),
      overlapOf(30, { household: "H-C1" }),
      // The second person of a pair, registered under the first one's name.
      example([
        sample("visits", "v-1", { end: "08:30", doubleStaffing: true }),
        sample("visits", "v-2", { start: "08:05", end: "08:30", doubleStaffing: true }),
      ]),
      overlapOf(30, { group: "G1" }),
      // Two out on the same walk.
      overlapOf(30, { services: ["ledsagning", "ledsagning"] }),
      overlapOf(30, { warnings: [ambiguousStart("v-2")] }),
      shortOverlapsOf(4),
      example([
        sample("clients", "C2", { addresses: undefined }),
        sample("visits", "v-1", { end: "08:30" }),
        sample("visits", "v-2", { clientId: "C2", start: "08:00", end: "08:30" }),
      ]),
    ],
  }),
  evaluate({ visits, clients, services, slice }, { minutesMin, minutesPerDayMin }, report) {
    const hits: Hit[] = [];
    let short: number[] | null = null;
    let shortMinutes = 0;
    for (const [a, b] of overlappingPairs(visits, slice)) {
      if (report.reported(a, b)) continue;
      if (visits.ambiguousTime(a) || visits.ambiguousTime(b)) {
        report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
        continue;
      }
      const [clientA, clientB] = [visits.client(a), visits.client(b)];
      if (clientA === clientB) {
        if (visits.doubleStaffing(a) === true) report.suppressed("orderedPair", [a, b]);
        else report.suppressed("samePlace", [a, b]);
        continue;
      }
      if (clients.sameHousehold(clientA, clientB)) {
        report.suppressed("sameHousehold", [a, b]);
        continue;
      }
      if (visits.sameGroup(a, b)) {
        report.suppressed("groupCode", [a, b]);
        continue;
      }
      if (services.anyAway(visits.services(a)) && services.anyAway(visits.services(b))) {
        report.suppressed("away", [a, b]);
        continue;
      }
      const samePlace = clients.samePlace(clientA, clientB, slice.day);
      if (samePlace === true) {
        report.suppressed("samePlace", [a, b]);
        continue;
      }
      if (samePlace === null) {
        report.tooLittleData("bostadens läge saknas");
        continue;
      }
      const minutes = overlapMinutes(visits, a, b);
      if (minutes < minutesMin) {
        (short ??= []).push(a, b);
        shortMinutes += minutes;
        continue;
      }
      hits.push({
        records: [a, b],
        minutes,
        reason:
          `Samma personal är registrerad hos två brukare samtidigt i ${minutes} minuter: ` +
          `${formatClock(visits.start(a))}–${formatClock(visits.end(a))} och ` +
          `${formatClock(visits.start(b))}–${formatClock(visits.end(b))}.`,
        evidence: {
          "samtidig tid i minuter ≥": [minutes, minutesMin],
          "samma bostad eller hushåll": [false, false],
          "registrerat som gemensamt besök": [false, false],
        },
      });
    }
    if (short !== null && shortMinutes >= minutesPerDayMin) {
      hits.push({
        records: [...new Set(short)],
        minutes: shortMinutes,
        reason: `Samma personal är registrerad hos två brukare samtidigt i korta stunder, tillsammans ${shortMinutes} minuter under dagen.`,
        evidence: {
          "samtidig tid under dagen i minuter ≥": [shortMinutes, minutesPerDayMin],
          "var för sig kortare än": minutesMin,
        },
      });
    }
    return hits;
  },
});
