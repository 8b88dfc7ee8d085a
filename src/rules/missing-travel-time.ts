import { z } from "zod";
import {
  at,
  type Clients,
  cut,
  decimalText,
  defineRule,
  example,
  type Hit,
  home,
  HOUR,
  MINUTE,
  sample,
  type Visits,
} from "#rule";

/*
 * C2 lives 0.09 degrees, 10 km, north of C1: 11.2 minutes by car at least, so that 2.6 minutes are too few. Each day
 * eight visits in turn at C1 and C2: seven journeys.
 */
function roundsOf(
  days: number,
  tooShort: number,
  {
    gap = 2,
    precision = "exact",
    building = "B-far-2",
    north = 0.09,
    staff = (_day: number): string => "S1",
    proof = "lock",
    transport = undefined as string | undefined,
    service = "omvardnad",
  } = {},
) {
  let journeys = 0;
  return example([
    sample("clients", "C1", { addresses: [home("B-far-1", { latitude: 58.5, longitude: 17.5 })] }),
    sample("clients", "C2", { addresses: [home(building, { latitude: 58.5 + north, longitude: 17.5, precision })] }),
    sample("services", "ledsagning", { kind: "escort", away: true }),
    ...(transport === undefined ? [] : [sample("planned-visits", "p-1", { transport })]),
    ...Array.from({ length: days }, (_, day) => {
      let start = at(`2026-10-${String(5 + day).padStart(2, "0")} 06:00`);
      return Array.from({ length: 8 }, (_unused, position) => {
        const visit = sample("visits", `v-${day}-${position}`, {
          clientId: position % 2 === 0 ? "C1" : "C2",
          staffId: staff(day),
          services: [service],
          start,
          end: start + HOUR / 2,
          startProof: proof,
          endProof: proof,
        });
        start += HOUR / 2 + (journeys++ - day < tooShort ? gap : 15) * MINUTE;
        return visit;
      });
    }).flat(),
  ]);
}

/** So many journeys to C2, ten kilometres away, by three of the staff; each has as many between C1 and C3 with time to spare. */
function homeOf(journeys: number, proof: string) {
  const visit = (id: string, clientId: string, day: number, clock: string, person: number) =>
    sample("visits", id, {
      clientId,
      staffId: `S${person + 1}`,
      start: `2026-10-${String(1 + day).padStart(2, "0")} ${clock}`,
      startProof: proof,
      endProof: proof,
    });
  return example([
    sample("clients", "C1", { addresses: [home("B-far-1", { latitude: 58.5, longitude: 17.5 })] }),
    sample("clients", "C2", { addresses: [home("B-far-2", { latitude: 58.59, longitude: 17.5 })] }),
    sample("clients", "C3", { addresses: [home("B-far-3", { latitude: 58.51, longitude: 17.5 })] }),
    ...Array.from({ length: journeys }, (_, day) => [
      visit(`a-${day}`, "C1", day, "08:00", day % 3),
      visit(`b-${day}`, "C2", day, "08:32", day % 3),
      ...[0, 1, 2, 3, 4, 5].map((turn) =>
        visit(`c-${day}-${turn}`, turn % 2 === 0 ? "C1" : "C3", day, `${11 + turn}:${turn}0`, day % 3),
      ),
    ]).flat(),
  ]);
}

export default defineRule({
  id: "missing-travel-time",
  version: 2,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Restid saknas mellan besöken", en: "No time to travel between visits" },
  why: "Mellan många besök finns inte ens halva den tid som resan minst tar. Restid räknas då som besökstid hos brukaren.",
  remedy:
    "Jämför med lås- och tagghändelser och fråga hur in- och utloggning går till. Gäller det en bostad: kontrollera adressens läge och var taggen sitter.",
  innocent: {
    samePlace: "Brukarna bor i samma byggnad, hushåll eller högst 60 meter från varandra.",
    wrongAddress:
      "Hos en och samma brukare saknas restiden för alla som kommer, men låset sitter på dörren, telefonerna visar ett annat ställe eller planeringen räknar med en kort resa: adressens läge är fel.",
    oneHome: "Resan är till eller från en bostad där restiden saknas för hela laget; den redovisas för bostaden.",
  },
  source:
    "Utan ruttjänst räknas fågelvägen gånger 1,3 med det snabbaste färdsätt som enhetens planer nämner: till fots 6 km/h och cykel 20 " +
    "(något över förvalen i ruttjänsten Valhalla), elcykel 25 (förordning (EU) nr 168/2013), bil 70 (bashastighet utom tättbebyggt område, " +
    "trafikförordningen 3 kap. 17 §), kollektivtrafik 50. Säger planerna inget räknas bil. Med ruttjänst räknas 80 procent av dess tid.",
  reads: ["visits", "plans", "clients", "staff", "units", "services", "matches", "travel"],
  parameters: z.object({
    partOfJourneyPercent: z
      .number()
      .min(0)
      .max(100)
      .default(50)
      .describe("Av den tid som resan minst tar; är det mindre, saknas restid."),
    minutesTolerated: z.number().min(0).default(3).describe("Så mycket kortare får tiden ändå vara."),
    percentAbove: z.number().min(0).max(100).default(20).describe("Så stor del av resorna saknar restid."),
    journeysMin: z.int().min(1).default(20).describe("Färre resor under månaden säger för lite."),
    homePercentAbove: z
      .number()
      .min(0)
      .max(100)
      .default(50)
      .describe("För en bostad: så stor del av resorna dit och därifrån saknar restid."),
    homeStaffMin: z.int().min(2).default(3).describe("För en bostad: så många i personalen gäller det."),
  }),
  examples: () => ({
    // Twenty-one journeys; five are 23.8 %, four 19.0 %.
    reports: [
      roundsOf(3, 5),
      // Three of the staff, each with seven journeys: the unit has 21.
      roundsOf(3, 5, { staff: (day) => `S${day + 1}` }),
      // A home to which nobody has time to travel, however they travel elsewhere.
      homeOf(21, "nfc"),
      // On foot ten kilometres take two hours.
      roundsOf(3, 21, { gap: 14, transport: "walking" }),
      roundsOf(3, 21, { gap: 0, north: 0.008, transport: "walking" }),
    ],
    accepts: [
      roundsOf(3, 4),
      roundsOf(3, 21, { gap: 3 }),
      roundsOf(2, 14),
      // A long building.
      roundsOf(3, 21, { gap: 0, north: 0.008, transport: "walking", building: "B-far-1" }),
      roundsOf(3, 21, { precision: "street" }),
      roundsOf(3, 21, { service: "ledsagning" }),
      // The lock is on the door: the address is in the wrong place.
      homeOf(21, "lock"),
      homeOf(19, "nfc"),
    ],
  }),
  evaluate({ visits, plans, clients, staff, units, services, matches, travel, slice }, limits, report) {
    const hits: Hit[] = [];
    const part = limits.partOfJourneyPercent / 100;
    const tolerated = limits.minutesTolerated * MINUTE;
    // Each journey between two homes that takes time, and what it lacks: 0 where there is enough.
    const from = new Int32Array(slice.visits.length);
    const to = new Int32Array(slice.visits.length);
    const lacks = new Float64Array(slice.visits.length);
    const homeJourneys = new Int32Array(clients.count);
    const homeMissing = new Int32Array(clients.count);
    const all = new Tally();
    let unknown = 0;
    let last = -1;
    // Where somebody was escorted to, nobody says.
    const elsewhere = (row: number): boolean => services.anyAway(visits.services(row));
    for (let i = 0; i < slice.byStaff.length; i++) {
      const b = slice.byStaff[i]!;
      if (!visits.usable(b)) continue;
      const a = last;
      const other = a < 0 || visits.staff(a) !== visits.staff(b);
      if (other || visits.end(b) >= visits.end(a)) last = b;
      if (other) continue;
      const clientA = visits.client(a);
      const clientB = visits.client(b);
      const gap = visits.start(b) - visits.end(a);
      if (clientA < 0 || clientB < 0 || clientA === clientB || gap >= HOUR) continue;
      if (visits.ambiguousTime(a) || visits.ambiguousTime(b)) continue;
      const day = visits.day(b);
      const metres = clients.metresBetween(clientA, clientB, day);
      const needed = travel.lowerBoundMs(clientA, clientB, day, visits.unit(b), metres);
      if (Number.isNaN(needed)) {
        unknown++;
        continue;
      }
      // A building or a household is never so large.
      if (
        metres < 1000 &&
        (clients.samePlace(clientA, clientB, day) === true || clients.sameHousehold(clientA, clientB))
      )
        continue;
      const least = needed * part - tolerated;
      const missing = least > 0 && gap < least ? needed - Math.max(0, gap) : 0;
      if (missing > 0 && (visits.sameGroup(a, b) || elsewhere(a) || elsewhere(b))) continue;
      from[all.journeys] = a;
      to[all.journeys] = b;
      lacks[all.journeys] = missing;
      all.add(missing);
      homeJourneys[clientA]!++;
      homeJourneys[clientB]!++;
      if (missing > 0) {
        homeMissing[clientA]!++;
        homeMissing[clientB]!++;
      }
    }
    if (unknown > 0) report.tooLittleData("bostadens exakta läge saknas");
    if (all.missing === 0) return hits;

    function walk(seen: (a: number, b: number, missing: number) => void) {
      for (let at = 0; at < all.journeys; at++) seen(from[at]!, to[at]!, lacks[at]!);
    }

    // A home at which everybody's journeys are missing says something of the home, not of the staff.
    const homes = new Set<number>();
    for (let client = 0; client < clients.count; client++) {
      const [journeys, missing] = [homeJourneys[client]!, homeMissing[client]!];
      if (journeys < limits.journeysMin || missing * 100 <= journeys * limits.homePercentAbove) continue;
      const elsewhere = all.journeys - journeys;
      if ((all.missing - missing) * 100 <= elsewhere * limits.percentAbove) homes.add(client);
    }
    for (const client of homes) {
      const rows: number[] = [];
      const who = new Set<number>();
      let [ms, planned] = [0, 0];
      walk((a, b, missing) => {
        if (missing === 0 || (visits.client(a) !== client && visits.client(b) !== client)) return;
        rows.push(a, b);
        who.add(visits.staff(b));
        ms += missing;
        const plan = matches.plan(b);
        const minutes = plan < 0 ? NaN : plans.travelMinutes(plans.frozen(plan));
        if (minutes > 0 && minutes * MINUTE < missing + Math.max(0, visits.start(b) - visits.end(a))) planned++;
      });
      if (who.size < limits.homeStaffMin) {
        homes.delete(client);
        continue;
      }
      const records = [...new Set(rows)];
      const [journeys, missing] = [homeJourneys[client]!, homeMissing[client]!];
      if (planned * 2 > missing || addressWrong(visits, clients, client, records)) {
        report.suppressed("wrongAddress", records);
        continue;
      }
      const percent = cut((100 * missing) / journeys);
      hits.push({
        records,
        client,
        staff: -1,
        distinct: "client",
        minutes: Math.floor(ms / MINUTE),
        reason:
          `Vid ${missing} av ${journeys} resor till eller från en bostad saknas restid, för ${who.size} olika personer. ` +
          "Antingen är adressens läge fel, eller så loggas besöken in någon annanstans.",
        evidence: {
          "resor utan restid till och från bostaden, procent >": [percent, limits.homePercentAbove],
          "antal resor ≥": [journeys, limits.journeysMin],
          "olika personer ≥": [who.size, limits.homeStaffMin],
          "utförarens övriga resor utan restid, procent": cut(
            (100 * (all.missing - missing)) / Math.max(1, all.journeys - journeys),
          ),
        },
      });
    }

    const whole = new Tally();
    const byStaff = Array.from({ length: staff.count }, () => null as Tally | null);
    const byUnit = Array.from({ length: units.count }, () => null as Tally | null);
    let atHomes = 0;
    walk((a, b, missing) => {
      if (homes.size > 0 && (homes.has(visits.client(a)) || homes.has(visits.client(b)))) {
        if (missing > 0) atHomes++;
        return;
      }
      whole.add(missing);
      (byStaff[visits.staff(b)] ??= new Tally()).add(missing);
      (byUnit[visits.unit(b)] ??= new Tally()).add(missing);
    });
    for (let times = 0; times < atHomes; times++) report.suppressed("oneHome");
    const limited = (tally: Tally | null): tally is Tally =>
      tally !== null &&
      tally.journeys >= limits.journeysMin &&
      tally.missing * 100 > tally.journeys * limits.percentAbove;
    if (limited(whole)) hits.push(hitOf(whole, "Hos utföraren", { unit: -1, staff: -1 }, "provider", () => true));
    for (const [unit, tally] of byUnit.entries()) {
      if (limited(tally))
        hits.push(hitOf(tally, "I enheten", { unit, staff: -1 }, "unit", (b) => visits.unit(b) === unit));
    }
    for (const [person, tally] of byStaff.entries()) {
      if (limited(tally))
        hits.push(hitOf(tally, "För en medarbetare", { staff: person }, "staff", (b) => visits.staff(b) === person));
    }

    /** Who is -1 where the journeys may all be one person's, and yet the finding is not about her. */
    function hitOf(
      tally: Tally,
      where: string,
      who: { unit?: number; staff?: number },
      distinct: string,
      counts: (b: number) => boolean,
    ): Hit {
      const rows = new Set<number>();
      let sample = -1;
      walk((a, b, missing) => {
        if (missing === 0 || !counts(b) || homes.has(visits.client(a)) || homes.has(visits.client(b))) return;
        rows.add(a).add(b);
        if (sample < 0) sample = b;
      });
      const percent = (100 * tally.missing) / tally.journeys;
      return {
        ...who,
        distinct,
        records: [...rows],
        minutes: Math.floor(tally.missingMs / MINUTE),
        reason:
          `${where} finns vid ${tally.missing} av ${tally.journeys} resor mellan två brukare mindre än ` +
          `${decimalText(limits.partOfJourneyPercent)} % av den tid som resan minst tar.`,
        evidence: {
          "resor utan restid, procent >": [cut(percent), limits.percentAbove],
          "antal resor ≥": [tally.journeys, limits.journeysMin],
          "tid mellan besöken, procent av resan <": limits.partOfJourneyPercent,
          "minuter som godtas därutöver": limits.minutesTolerated,
          "snabbaste färdsätt": travel.wordsFor(visits.unit(sample), visits.day(sample)),
          "saknad restid i minuter, minst": Math.floor(tally.missingMs / MINUTE),
        },
      };
    }
    return hits;
  },
});

class Tally {
  journeys = 0;
  missing = 0;
  missingMs = 0;

  add(missing: number): void {
    this.journeys++;
    if (missing === 0) return;
    this.missing++;
    this.missingMs += missing;
  }
}

/**
 * A lock cannot be carried away, and phones that agree on another place than the register's know better: then it is the
 * address that is wrong.
 */
function addressWrong(visits: Visits, clients: Clients, client: number, rows: readonly number[]): boolean {
  let [own, locks, positions, far] = [0, 0, 0, 0];
  for (const row of rows) {
    if (visits.client(row) !== client) continue;
    own++;
    if (visits.startProof(row) === "lock" || visits.endProof(row) === "lock") locks++;
    const position = visits.startPosition(row);
    if (position === null) continue;
    positions++;
    if (clients.metresFromHome(client, visits.day(row), position.latitude, position.longitude) > 400) far++;
  }
  return locks * 2 > own || (positions * 2 > own && far * 2 > positions);
}
