import { z } from "zod";
import { at, defineRule, example, formatClock, type Hit, overlapMinutes, overlappingPairs, sample } from "#rule";

/** S1 works for P1 and P2; the visit for P2 at C2 begins so many minutes before the one for P1 at C1 ends. */
function overlapOf(
  minutes: number,
  { building = "other", household = "H-C2", sameProvider = false, identified = true } = {},
) {
  const person = identified ? { hsaId: "HSA-S1" } : { hsaId: undefined };
  return example([
    sample("staff", "S1", person),
    sample("staff", "S9", { providerId: "P2", unitId: "U2", ...person }),
    sample("clients", "C2", {
      householdId: household,
      addresses: [{ from: "2020-01-01", buildingId: building === "same" ? "B-C1" : "B-C2" }],
    }),
    sample("visits", "v-1", { end: "09:30", start: "09:00" }),
    sample("visits", "v-2", {
      clientId: "C2",
      unitId: sameProvider ? "U1" : "U2",
      staffId: sameProvider ? "S1" : "S9",
      start: at("09:30", -minutes),
      end: "09:50",
    }),
  ]);
}

export default defineRule({
  id: "staff-overlap-across-providers",
  version: 1,
  level: "indicator",
  scope: "staff-day",
  title: { sv: "Samma person hos två utförare samtidigt", en: "One person working for two providers at once" },
  why: "Två utförare begär ersättning för samma persons tid. Ingen av dem kan se det i sina egna uppgifter.",
  remedy: "Fråga båda utförarna vem som var på plats och vilken registrering som ska rättas.",
  innocent: {
    samePlace: "Brukarna bor i samma byggnad, eller högst 60 meter från varandra.",
    sameHousehold: "Brukarna bor i samma hushåll.",
  },
  reads: ["visits", "clients", "staff"],
  parameters: z.object({
    minutesMin: z.int().min(1).default(5).describe("Kortare överlapp räknas som skillnad mellan två klockor."),
  }),
  yieldsTo: ["duplicate-visit"],
  examples: () => ({
    reports: [overlapOf(5)],
    accepts: [
      overlapOf(4),
      overlapOf(10, { building: "same" }),
      overlapOf(10, { household: "H-C1" }),
      overlapOf(10, { sameProvider: true }),
      // Without personal identity number or HSA-id they are two people: names join nobody.
      overlapOf(10, { identified: false }),
    ],
  }),
  evaluate({ visits, clients, staff, slice }, { minutesMin }, report) {
    const hits: Hit[] = [];
    for (const [a, b] of overlappingPairs(visits, slice)) {
      const [providerA, providerB] = [visits.provider(a), visits.provider(b)];
      if (providerA < 0 || providerB < 0 || providerA === providerB || report.reported(a, b)) continue;
      const minutes = overlapMinutes(visits, a, b);
      if (minutes < minutesMin) continue;
      if (visits.ambiguousTime(a) || visits.ambiguousTime(b)) {
        report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
        continue;
      }
      if (!staff.identified(slice.staff)) {
        report.tooLittleData("personen är inte säkert densamma");
        continue;
      }
      const [clientA, clientB] = [visits.client(a), visits.client(b)];
      if (clients.sameHousehold(clientA, clientB)) {
        report.suppressed("sameHousehold", [a, b]);
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
      hits.push({
        records: [a, b],
        minutes,
        reason:
          `Samma person är registrerad för två utförare samtidigt i ${minutes} minuter: ` +
          `${formatClock(visits.start(a))}–${formatClock(visits.end(a))} och ` +
          `${formatClock(visits.start(b))}–${formatClock(visits.end(b))}.`,
        evidence: {
          "samtidig tid i minuter ≥": [minutes, minutesMin],
          "samma bostad eller hushåll": [false, false],
          "samma person enligt personnummer, HSA-id eller beslut": [true, true],
        },
      });
    }
    return hits;
  },
});
