import { z } from "zod";
import { at, defineRule, example, formatClock, type Hit, home, HOUR, sample } from "#rule";

// One degree of latitude is 111.2 km: C2 lives 0.09 degrees, 10 km, north of C1.
const first = home("B-far-1", { latitude: 58.5, longitude: 17.5 });
function journeyOf(
  minutes: number,
  { north = 0.09, precision = "exact", endProof = "lock", building = "B-far-2", service = "omvardnad" } = {},
) {
  return example([
    sample("clients", "C1", { addresses: [first] }),
    sample("clients", "C2", { addresses: [home(building, { latitude: 58.5 + north, longitude: 17.5, precision })] }),
    sample("services", "ledsagning", { kind: "escort", away: true }),
    sample("visits", "v-1", { start: "08:00", end: "08:30", endProof, services: [service] }),
    sample("visits", "v-2", { clientId: "C2", start: at("08:30", minutes), end: "09:30" }),
  ]);
}

export default defineRule({
  id: "impossible-journey",
  version: 2,
  level: "indicator",
  scope: "staff-day",
  title: { sv: "Omöjlig förflyttning mellan två besök", en: "Impossible journey between two visits" },
  why: "Ingen hinner mellan bostäderna på den tiden, inte ens fågelvägen. Något av besöken har fel tid, plats eller person.",
  remedy: "Fråga utföraren vem som var var, och jämför med lås- och tagghändelser hos båda brukarna.",
  innocent: {
    samePlace: "Brukarna bor i samma byggnad, eller högst 60 meter från varandra.",
    away: "En av insatserna ges utanför hemmet, till exempel ledsagning: var den slutade vet ingen.",
  },
  reads: ["visits", "clients", "services"],
  parameters: z.object({
    kilometresPerHourAbove: z
      .number()
      .positive()
      .default(110)
      .describe("Fågelvägen, från det ena besökets slut till det andras början."),
    metresAbove: z.number().positive().default(1000).describe("Kortare sträckor bedöms inte."),
  }),
  yieldsTo: ["duplicate-visit", "staff-overlap-across-providers", "staff-overlap"],
  examples: () => ({
    reports: [journeyOf(5)],
    accepts: [
      // 10 km in 6 minutes is 100 km/h.
      journeyOf(6),
      journeyOf(0, { north: 0.0085 }),
      journeyOf(1, { precision: "street" }),
      journeyOf(1, { endProof: "manual" }),
      journeyOf(1, { building: "B-far-1" }),
      journeyOf(1, { service: "ledsagning" }),
    ],
  }),
  evaluate({ visits, clients, services, slice }, { kilometresPerHourAbove, metresAbove }, report) {
    const hits: Hit[] = [];
    let last = slice.before.length > 0 ? slice.before[slice.before.length - 1]! : -1;
    for (const next of slice.visits) {
      const a = last;
      if (!visits.usable(next)) continue;
      // What matters is from where the person came: the visit that ended last.
      if (last < 0 || !(visits.end(last) > visits.end(next))) last = next;
      if (a < 0 || !visits.usable(a)) continue;
      const from = visits.client(a);
      const to = visits.client(next);
      // Overlaps are another rule's; a gap of a day says nothing of speed.
      const gap = visits.start(next) - visits.end(a);
      if (from === to || gap < 0 || gap > 12 * HOUR) continue;
      const metres = clients.metresBetween(from, to, slice.day);
      const speed = gap === 0 ? Infinity : metres / 1000 / (gap / HOUR);
      // What others have reported is asked of the few journeys that are left: to look there takes longer than to measure.
      if (metres <= metresAbove || speed <= kilometresPerHourAbove || report.reported(a, next)) continue;
      if (Number.isNaN(metres)) {
        report.tooLittleData("bostadens exakta läge saknas");
        continue;
      }
      if (visits.ambiguousTime(a) || visits.ambiguousTime(next)) {
        report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
        continue;
      }
      const proven = [visits.proven(a), visits.proven(next)];
      if (proven.includes(null)) {
        report.tooLittleData("kvittens saknas");
        continue;
      }
      if (proven.includes(false)) continue;
      if (clients.samePlace(from, to, slice.day) === true) {
        report.suppressed("samePlace", [a, next]);
        continue;
      }
      if (services.anyAway(visits.services(a)) || services.anyAway(visits.services(next))) {
        report.suppressed("away", [a, next]);
        continue;
      }
      const kilometres = Math.round(metres / 100) / 10;
      const minutes = Math.round(gap / 60_000);
      hits.push({
        records: [a, next],
        minutes: null,
        reason:
          `Från besöket som slutade ${formatClock(visits.end(a))} till det som började ${formatClock(visits.start(next))} ` +
          `är det ${String(kilometres).replace(".", ",")} km fågelvägen, på ${minutes} minuter.`,
        evidence: {
          "hastighet i km/h >": [
            Number.isFinite(speed) ? Math.round(speed) : "ingen restid alls",
            kilometresPerHourAbove,
          ],
          "avstånd i meter >": [Math.round(metres), metresAbove],
          "båda besöken kvitterade": [true, true],
        },
      });
    }
    return hits;
  },
});
