import { z } from "zod";
import {
  at,
  daily,
  defineRule,
  example,
  formatLocal,
  type Hit,
  home,
  MINUTE,
  overlapMinutes,
  overlappingPairs,
  sample,
  type Visits,
} from "#rule";

/** On so many days S1 logs in at C2 so many minutes before leaving C1. */
function daysOf(
  days: number,
  {
    minutes = 2,
    building = "B-C2",
    household = "H-C2",
    group = undefined as string | undefined,
    loggedOut = undefined as string | undefined,
    service = "omvardnad",
  } = {},
) {
  return example([
    sample("services", "ledsagning", { kind: "escort", away: true }),
    sample("clients", "C2", { householdId: household, addresses: [home(building)] }),
    ...daily(days, (date) =>
      sample("visits", `a-${date}`, {
        start: `${date} 08:00`,
        end: `${date} 08:30`,
        services: [service],
        groupCode: group,
        ...(loggedOut !== undefined && { originalStart: `${date} 08:00`, originalEnd: `${date} ${loggedOut}` }),
      }),
    ),
    ...daily(days, (date) =>
      sample("visits", `b-${date}`, {
        clientId: "C2",
        start: at(`${date} 08:30`, -minutes),
        end: `${date} 09:00`,
        services: [service],
        groupCode: group,
      }),
    ),
  ]);
}

export default defineRule({
  id: "late-login-elsewhere",
  version: 3,
  level: "pattern",
  scope: "staff-month",
  title: {
    sv: "Inloggad hos nästa brukare före utloggning",
    en: "Logged in at the next client before leaving the last",
  },
  why: "Gång på gång börjar nästa besök innan det förra har slutat, på en annan plats. Restiden räknas då som besökstid.",
  remedy: "Gå igenom rutinen för in- och utloggning med enheten. Varje gång för sig är kort; mönstret är frågan.",
  innocent: {
    samePlace: "Brukarna bor i samma byggnad, eller högst 60 meter från varandra.",
    sameHousehold: "Brukarna bor i samma hushåll.",
    groupCode: "Besöken är registrerade som ett gemensamt besök.",
    away: "Båda insatserna ges utanför hemmet, till exempel ledsagning: de kan ha varit på samma ställe.",
    changedAfterwards:
      "Det var en ändring i efterhand som lät besöken gå i varandra; in- och utloggningarna gjorde det inte.",
  },
  reads: ["visits", "clients", "services"],
  parameters: z.object({
    minutesMin: z.int().min(1).default(1).describe("Kortare överlapp räknas inte."),
    timesMin: z.int().min(1).default(10).describe("Så många gånger under månaden."),
  }),
  yieldsTo: ["duplicate-visit", "staff-overlap-across-providers", "staff-overlap"],
  examples: () => ({
    reports: [
      daysOf(10),
      daysOf(10, { minutes: 1 }),
      // Shortened afterwards, but not by enough.
      daysOf(10, { loggedOut: "08:34" }),
    ],
    accepts: [
      daysOf(9),
      daysOf(12, { minutes: 0 }),
      daysOf(12, { building: "B-C1" }),
      daysOf(12, { group: "G1" }),
      daysOf(12, { household: "H-C1" }),
      daysOf(12, { service: "ledsagning" }),
      // Longer ones are reported one by one as overlaps.
      daysOf(12, { minutes: 8 }),
      // Logged out in time; somebody made the visit longer afterwards.
      daysOf(12, { loggedOut: "08:24" }),
    ],
  }),
  evaluate({ visits, clients, services, slice }, { minutesMin, timesMin }, report) {
    const hits: Hit[] = [];
    let rows: number[] | null = null;
    let times = 0;
    let minutes = 0;
    for (const [a, b] of overlappingPairs(visits, slice)) {
      const [clientA, clientB] = [visits.client(a), visits.client(b)];
      const overlap = overlapMinutes(visits, a, b);
      if (clientA === clientB || overlap < minutesMin || report.reported(a, b)) continue;
      if (visits.ambiguousTime(a) || visits.ambiguousTime(b)) {
        report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
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
      // Whoever makes a visit longer afterwards is told of by a rule of its own; nobody logged in too early.
      if (loggedOverlapMinutes(visits, a, b) < minutesMin) {
        report.suppressed("changedAfterwards", [a, b]);
        continue;
      }
      const samePlace = clients.samePlace(clientA, clientB, visits.day(b));
      if (samePlace !== false) {
        if (samePlace === true) report.suppressed("samePlace", [a, b]);
        else report.tooLittleData("bostadens läge saknas");
        continue;
      }
      times++;
      minutes += overlap;
      (rows ??= []).push(a, b);
    }
    if (rows === null || times < timesMin) return hits;
    hits.push({
      records: [...new Set(rows)],
      minutes,
      reason:
        `Vid ${times} tillfällen under månaden loggade samma personal in hos nästa brukare innan hon loggat ut från den förra, ` +
        `första gången ${formatLocal(visits.start(rows[1]!))}. Tillsammans är det ${minutes} minuter.`,
      evidence: {
        "tillfällen under månaden ≥": [times, timesMin],
        "överlapp i minuter vart och ett ≥": minutesMin,
        "överlapp i minuter tillsammans": minutes,
      },
    });
    return hits;
  },
});

/** Whole minutes between the log-in to the later visit and the log-out of the earlier, as they were before any change. */
function loggedOverlapMinutes(visits: Visits, a: number, b: number): number {
  const [out, into] = [visits.originalEnd(a), visits.originalStart(b)];
  const end = Number.isNaN(out) ? visits.end(a) : out;
  const start = Number.isNaN(into) ? visits.start(b) : into;
  return Math.floor((end - start) / MINUTE);
}
