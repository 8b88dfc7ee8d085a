import { z } from "zod";
import {
  at,
  type Day,
  defineRule,
  example,
  formatClock,
  formatDay,
  type Hit,
  inTime,
  MINUTE,
  sample,
  type Visits,
} from "#rule";

/** S1 ends a visit on one phone and begins the next on another so many minutes later. */
function twoDevices(minutes: number, second: Record<string, unknown> = {}) {
  return example([
    sample("visits", "v-1", { start: "08:00", end: "08:30", deviceId: "tel-1" }),
    sample("visits", "v-2", {
      clientId: "C2",
      start: at("08:30", minutes),
      end: at("09:00", minutes),
      deviceId: "tel-2",
      ...second,
    }),
  ]);
}

/** Visits on one phone, an hour apart from 07:00 on, by these staff in turn. */
function onePhone(staff: readonly string[]) {
  return example(
    staff.map((staffId, position) =>
      sample("visits", `v-${position}`, {
        staffId,
        start: at("07:00", position * 60),
        end: at("07:30", position * 60),
        deviceId: "tel-1",
      }),
    ),
  );
}

export default defineRule({
  id: "shared-login",
  version: 1,
  level: "indicator",
  scope: "staff-day",
  title: { sv: "Delad inloggning", en: "Shared login" },
  why: "När en inloggning används på två telefoner, eller en telefon av många i samma pass, vet ingen vem som gjorde besöken.",
  remedy:
    "Fråga utföraren hur telefoner och inloggningar delas ut. Har enheten en registrerad pool av telefoner läggs det in som undantag.",
  innocent: {
    otherEmployment: "Personen bytte mellan två enheter eller utförare, som har var sin telefon.",
    handedOver: "Telefonen lämnades vidare: var och en använde den färdigt innan nästa tog över.",
  },
  reads: ["visits"],
  parameters: z.object({
    minutesWithin: z
      .number()
      .min(0)
      .default(30)
      .describe("Så nära varandra i tiden används två telefoner av samma person."),
    staffAbove: z.int().min(1).default(2).describe("Så många personer får använda samma telefon under ett pass."),
  }),
  examples: () => ({
    reports: [twoDevices(30), onePhone(["S1", "S2", "S3", "S1"])],
    accepts: [
      twoDevices(31),
      twoDevices(5, { deviceId: "tel-1" }),
      twoDevices(5, { deviceId: undefined }),
      twoDevices(5, { unitId: "U2" }),
      onePhone(["S1", "S2", "S1", "S2"]),
      onePhone(["S1", "S1", "S2", "S2", "S3", "S3"]),
    ],
  }),
  evaluate({ visits, slice }, { minutesWithin }, report) {
    const hits: Hit[] = [];
    let last = -1;
    for (let index = -1; index < slice.visits.length; index++) {
      const row = index < 0 ? (slice.before.at(-1) ?? -1) : slice.visits[index]!;
      if (row < 0 || !visits.usable(row) || visits.device(row) < 0) continue;
      const a = last;
      last = row;
      if (a < 0 || index < 0 || visits.device(a) === visits.device(row)) continue;
      const gap = visits.start(row) - visits.end(a);
      if (gap > minutesWithin * MINUTE) continue;
      if (
        visits.provider(a) !== visits.provider(row) ||
        visits.unit(a) !== visits.unit(row) ||
        visits.source(a) !== visits.source(row)
      ) {
        report.suppressed("otherEmployment", [a, row]);
        continue;
      }
      const minutes = Math.floor(gap / MINUTE);
      hits.push({
        records: [a, row],
        reason:
          `Samma inloggning användes på två telefoner: på den ena till ${formatClock(visits.end(a))}, på den andra från ${formatClock(visits.start(row))}` +
          `${minutes < 0 ? ", alltså samtidigt" : ""}.`,
        evidence: {
          "minuter mellan användningarna ≤": [minutes, minutesWithin],
          "samma enhet": [true, true],
        },
      });
    }
    return hits;
  },
  also: {
    // One person's day does not show who else used the phone; a unit's month does.
    "unit-month"({ visits, slice }, { staffAbove }, report) {
      const hits: Hit[] = [];
      const shared = sharedDevices(visits, slice.visits, staffAbove);
      if (shared === null) return hits;
      for (const rows of shared.values()) {
        for (const [day, ofDay] of byDay(visits, rows)) {
          if (staffOf(visits, ofDay).size <= staffAbove) continue;
          const shift = sharedShift(visits, ofDay, staffAbove);
          if (shift === null) {
            report.suppressed("handedOver", ofDay);
            continue;
          }
          const people = staffOf(visits, shift).size;
          hits.push({
            records: shift,
            period: { from: day, to: day },
            // A device has no name of its own that is the same in every run.
            distinct: visits.id(shift[0]!),
            reason: `Den ${formatDay(day)} användes en telefon av ${people} personer om vartannat, ${formatClock(visits.start(shift[0]!))}–${formatClock(visits.start(shift.at(-1)!))}.`,
            evidence: {
              "personer på samma telefon under ett pass >": [people, staffAbove],
              "besök på telefonen under passet": shift.length,
            },
          });
        }
      }
      return hits;
    },
  },
});

function staffOf(visits: Visits, rows: readonly number[]): Set<number> {
  return new Set(rows.map((row) => visits.staff(row)));
}

/** Visits of devices that more than so many staff used at all; null where there is none, which is nearly everywhere. */
function sharedDevices(visits: Visits, rows: Int32Array, staffAbove: number): Map<number, number[]> | null {
  const users = new Map<number, number[]>();
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const device = visits.device(row);
    const staff = visits.staff(row);
    if (device < 0 || staff < 0 || !visits.performed(row)) continue;
    const known = users.get(device);
    if (known === undefined) users.set(device, [staff]);
    else if (known.length <= staffAbove && !known.includes(staff)) known.push(staff);
  }
  let shared: Map<number, number[]> | null = null;
  for (const [device, staff] of users) if (staff.length > staffAbove) (shared ??= new Map()).set(device, []);
  if (shared === null) return null;
  for (const row of rows) {
    if (visits.staff(row) >= 0 && visits.performed(row)) shared.get(visits.device(row))?.push(row);
  }
  return shared;
}

function byDay(visits: Visits, rows: readonly number[]): Map<Day, number[]> {
  const days = new Map<Day, number[]>();
  for (const row of rows) {
    const list = days.get(visits.day(row));
    if (list === undefined) days.set(visits.day(row), [row]);
    else list.push(row);
  }
  return days;
}

/**
 * Visits on a device between one person's first and last on it in a day, where more than so many staff used it in that
 * time: it went back and forth. Null where each was done with it before the next took it.
 */
function sharedShift(visits: Visits, rows: readonly number[], staffAbove: number): number[] | null {
  const ordered = inTime(visits, rows);
  let best: number[] | null = null;
  for (const person of staffOf(visits, ordered)) {
    const own = ordered.filter((row) => visits.staff(row) === person);
    const [from, to] = [visits.start(own[0]!), visits.start(own.at(-1)!)];
    const within = ordered.filter((row) => from <= visits.start(row) && visits.start(row) <= to);
    if (staffOf(visits, within).size > staffAbove && within.length > (best?.length ?? 0)) best = within;
  }
  return best;
}
