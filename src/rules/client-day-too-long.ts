import { z } from "zod";
import {
  at,
  type Day,
  decimalText,
  defineRule,
  example,
  formatDay,
  type Hit,
  HOUR,
  MINUTE,
  mostStaffing,
  sample,
  startOfDay,
  type Visits,
} from "#rule";

/** Four people take turns at C1 from midnight to midnight; each but the last stays so many minutes longer. */
function turnsOf(minutesLonger: number, { staffing = 1, more = [] as ReturnType<typeof sample>[] } = {}) {
  return example([
    sample("staff", "S5"),
    sample("order-lines", "o-1-1", { orderId: "o-1", times: 3, staffing }),
    ...["S1", "S2", "S3", "S5"].map((staffId, turn) =>
      sample("visits", `v-${turn}`, {
        staffId,
        start: at("00:00", turn * 360),
        end: at("00:00", (turn + 1) * 360 + (turn < 3 ? minutesLonger : 0)),
      }),
    ),
    ...more,
  ]);
}

export default defineRule({
  id: "client-day-too-long",
  version: 1,
  level: "indicator",
  scope: "client-day",
  title: { sv: "Mer än ett dygn hos en brukare på ett dygn", en: "More than a day at one client in one day" },
  why: "Med så många personer som är beställda ryms inte tiden på ett dygn. Besök är registrerade fler gånger än de gjorts.",
  remedy: "Gå igenom dagens registreringar med utföraren och låt rätta dem som inte stämmer.",
  innocent: {
    handOver: "Utan korta överlämningar mellan två personer ryms tiden.",
    overlongVisit:
      "Ett enda orimligt långt besök, troligen en glömd utloggning, gör dagen för lång. Det besöket granskas för sig.",
  },
  reads: ["visits", "orders", "lines", "services", "settlement"],
  parameters: z.object({
    handOverMinutes: z.number().min(0).default(10).describe("Så lång gemensam tid räknas som överlämning."),
    visitHoursAbove: z
      .number()
      .positive()
      .default(12)
      .describe("Ett längre besök som inte är vaknatt räknas som glömd utloggning."),
  }),
  subject: "slice",
  examples: () => ({
    reports: [turnsOf(11)],
    accepts: [
      turnsOf(0),
      // Three hand-overs of ten minutes.
      turnsOf(10),
      turnsOf(60, { staffing: 2 }),
      // The same registrations twice are one person's time once.
      turnsOf(0, { more: [sample("visits", "v-again", { staffId: "S1", start: "00:00", end: "06:00" })] }),
      // A log-out that came in the evening.
      example([
        sample("visits", "v-1", { start: "00:30", end: "20:00" }),
        sample("visits", "v-2", { staffId: "S2", start: "08:00", end: "14:00" }),
      ]),
      turnsOf(11, { more: [sample("orders", "o-1", { validTo: "2026-09-30" })] }),
    ],
  }),
  evaluate({ visits, orders, lines, services, settlement, slice }, { handOverMinutes, visitHoursAbove }, report) {
    const hits: Hit[] = [];
    if (mostOn(visits, slice.day, slice.before, slice.visits) <= 23 * HOUR) return hits;
    const length = startOfDay(slice.day + 1) - startOfDay(slice.day);
    const rows = [...slice.before, ...slice.visits].filter(
      (row) =>
        msOn(visits, row, slice.day) > 0 &&
        // Nurses and alarms come on top of what is ordered.
        visits.law(row) !== "HSL" &&
        !services.has(visits.services(row), "nursing") &&
        !services.has(visits.services(row), "alarm"),
    );
    const slots = mostStaffing({ orders, lines }, slice.client, slice.day);
    const limit = length * Math.max(1, slots);
    const all = timeOfPeople(visits, rows, slice.day);
    if (all <= limit) return hits;
    if (slots === 0) {
      report.tooLittleData("beställning saknas");
      return hits;
    }
    const plausible = rows.filter(
      (row) =>
        visits.end(row) - visits.start(row) <= visitHoursAbove * HOUR ||
        services.has(visits.services(row), "nightWatch"),
    );
    const counted = timeOfPeople(visits, plausible, slice.day);
    if (counted <= limit) {
      report.suppressed(
        "overlongVisit",
        rows.filter((row) => !plausible.includes(row)),
      );
      return hits;
    }
    const over = counted - handOvers(visits, plausible, handOverMinutes * MINUTE) - limit;
    if (over <= 0) {
      report.suppressed("handOver", plausible);
      return hits;
    }
    if (plausible.some((row) => visits.ambiguousTime(row))) {
      report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
      return hits;
    }
    const minutes = Math.round(over / MINUTE);
    hits.push({
      records: plausible,
      minutes,
      amountOre: settlement.oreOf(plausible.at(-1)!, minutes),
      reason:
        `Den ${formatDay(slice.day)} är ${decimalText(counted / HOUR, 1)} timmar registrerade hos brukaren, ` +
        `men dygnet har ${decimalText((length / HOUR) * slots, 1)} timmar för ${slots === 1 ? "en person" : `${slots} personer`}.`,
      evidence: {
        "registrerade timmar på dygnet, utan korta överlämningar >": [
          decimalText((over + limit) / HOUR, 2),
          decimalText(limit / HOUR, 2),
        ],
        "personer samtidigt enligt beställningen": slots,
        "antal besök": plausible.length,
      },
    });
    return hits;
  },
});

/** No less than what lies on the day: nearly all days have far too little for the rule. */
function mostOn(visits: Visits, day: Day, before: Int32Array, today: Int32Array): number {
  const midnight = startOfDay(day);
  let sum = 0;
  for (let at = 0; at < before.length; at++) {
    const row = before[at]!;
    if (visits.usable(row)) sum += Math.max(0, visits.end(row) - midnight);
  }
  for (let at = 0; at < today.length; at++) {
    const row = today[at]!;
    if (visits.usable(row)) sum += visits.end(row) - visits.start(row);
  }
  return sum;
}

/** How much of the visit lies on the day. */
function msOn(visits: Visits, row: number, day: Day): number {
  if (!visits.usable(row)) return 0;
  if (visits.day(row) === day && visits.end(row) - visits.start(row) < HOUR) return visits.end(row) - visits.start(row);
  return Math.max(0, Math.min(visits.end(row), startOfDay(day + 1)) - Math.max(visits.start(row), startOfDay(day)));
}

/** Time on the day of all people together; what one person registered twice counts once. Rows by start. */
function timeOfPeople(visits: Visits, rows: readonly number[], day: Day): number {
  const counted = new Map<number, number>();
  const [from, until] = [startOfDay(day), startOfDay(day + 1)];
  let total = 0;
  rows.forEach((row, position) => {
    // A visit that names nobody may be anybody's.
    const person = visits.staff(row) >= 0 ? visits.staff(row) : -1 - position;
    const start = Math.max(visits.start(row), counted.get(person) ?? from);
    const end = Math.min(visits.end(row), until);
    if (end <= start) return;
    total += end - start;
    counted.set(person, end);
  });
  return total;
}

/** Time that two people shared while one took over from the other, where it was short. Rows by start. */
function handOvers(visits: Visits, rows: readonly number[], most: number): number {
  let total = 0;
  for (let later = 1; later < rows.length; later++) {
    const [a, b] = [rows[later - 1]!, rows[later]!];
    const shared = visits.overlap(a, b);
    if (shared > 0 && shared <= most && visits.staff(a) !== visits.staff(b)) total += shared;
  }
  return total;
}
