import { z } from "zod";
import {
  at,
  cut,
  defineRule,
  example,
  formatClock,
  type Hit,
  HOUR,
  MINUTE,
  percentOf,
  sample,
  type Visits,
} from "#rule";

/** C1 and C2 share a home; S1 is registered at both, with so many of 60 minutes in common. */
function bothFor(
  minutes: number,
  { household = "divide", home = "H-1", staffId = "S1", contract = true, length = 60 } = {},
) {
  return example([
    ...(contract ? [sample("contracts", "K1", { terms: { household } })] : []),
    sample("clients", "C1", { householdId: "H-1" }),
    sample("clients", "C2", { householdId: home }),
    sample("visits", "v-1", { start: "08:00", end: "09:00" }),
    sample("visits", "v-2", {
      clientId: "C2",
      staffId,
      start: at("09:00", -minutes),
      end: at("09:00", length - minutes),
    }),
  ]);
}

const LONGEST_MS = 25 * HOUR;

export default defineRule({
  id: "household-full-time-twice",
  version: 1,
  level: "error",
  scope: "client-day",
  title: { sv: "Full tid två gånger i samma hushåll", en: "Full time twice in one household" },
  why: "Samma person kan inte ge två brukare full tid under samma minuter. Enligt avtalet delas tiden mellan dem som delar hem.",
  remedy:
    "Ersätt den gemensamma tiden en gång, delad mellan brukarna, och be utföraren registrera gemensamma besök så.",
  innocent: { termsFull: "Avtalet säger att den som delar hem får full tid räknad." },
  reads: ["visits", "clients", "services", "settlement"],
  parameters: z.object({
    percentAbove: z
      .number()
      .min(0)
      .max(100)
      .default(80)
      .describe("Så stor del av det längre besöket ska vara gemensam för att båda ska räknas som fulla."),
  }),
  examples: () => ({
    reports: [bothFor(49)],
    accepts: [
      bothFor(48),
      bothFor(60, { household: "full" }),
      bothFor(60, { contract: false }),
      bothFor(60, { home: "H-2" }),
      // A colleague takes care of the other.
      bothFor(60, { staffId: "S2" }),
      // Half the time at each: the longer visit is not full at both.
      bothFor(30, { length: 30 }),
    ],
  }),
  evaluate({ visits, clients, services, settlement, slice }, { percentAbove }, report) {
    const hits: Hit[] = [];
    const others = clients.household(slice.client);
    if (others.length === 0) return hits;
    for (const row of slice.visits) {
      if (!visits.usable(row) || visits.staff(row) < 0) continue;
      for (const client of others) {
        for (let at = firstAfter(visits, client, visits.start(row) - LONGEST_MS); ; at++) {
          if (at === visits.byClient.offsets[client + 1]) break;
          const other = visits.byClient.rows[at]!;
          // A pair is judged once, on the side of the later start.
          const [start, ofOther] = [visits.start(row), visits.start(other)];
          if (ofOther > start || (ofOther === start && client > slice.client)) break;
          if (visits.staff(other) !== visits.staff(row) || !visits.usable(other)) continue;
          const shared = visits.overlap(row, other);
          const longer = Math.max(visits.end(row) - start, visits.end(other) - ofOther);
          if (shared < MINUTE || shared * 100 <= percentAbove * longer) continue;
          if (visits.ambiguousTime(row) || visits.ambiguousTime(other)) {
            report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
            continue;
          }
          const terms = [row, other].map(
            (one) =>
              settlement.terms(
                visits.provider(one),
                visits.unit(one),
                services.list(visits.services(one))[0] ?? -1,
                visits.day(one),
              )?.terms,
          );
          if (terms.includes(undefined)) {
            report.tooLittleData("avtal saknas");
            continue;
          }
          if (terms.some((one) => one?.divideHousehold === false)) {
            report.suppressed("termsFull", [other, row]);
            continue;
          }
          const minutes = Math.round(shared / MINUTE);
          hits.push({
            records: [other, row],
            minutes,
            amountOre: settlement.oreOf(row, minutes),
            reason:
              `Samma person är registrerad med full tid hos två brukare som delar hem: ` +
              `${formatClock(ofOther)}–${formatClock(visits.end(other))} och ${formatClock(start)}–${formatClock(visits.end(row))}, ` +
              `${minutes} minuter gemensamt. Enligt avtalet delas den tiden.`,
            evidence: {
              "gemensam del av det längre besöket i procent >": [cut(percentOf(shared, longer)), percentAbove],
              "samma hushåll": [true, true],
              "avtalet räknar full tid hos var och en": [false, false],
            },
          });
        }
      }
    }
    return hits;
  },
});

/** Position in `byClient.rows` of the client's first visit that starts after an instant. */
function firstAfter(visits: Visits, client: number, after: number): number {
  const { offsets, rows } = visits.byClient;
  let low = offsets[client]!;
  let high = offsets[client + 1]!;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (visits.start(rows[middle]!) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
