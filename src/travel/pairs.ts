import { rowsOf, type Tables } from "#columns";
import { type Day, dayOf, HOUR, monthOf } from "#model";
import { type Place, placeOf } from "./journeys.ts";
import { ANY_MODE, bitOf } from "./modes.ts";

export interface JourneyPair {
  from: Place;
  to: Place;
}

/** After a longer gap nobody asks whether there was time for the journey. */
const GAP_MS_MAX = HOUR;

/**
 * The journeys that staff made between two visits in a row, each once, in a stable order. Places only: no protected
 * identity is among them, and nothing says who lives where.
 */
export function journeyPairs({ visits, clients, staff }: Pick<Tables, "visits" | "clients" | "staff">): JourneyPair[] {
  const seen = new Map<Place, Set<Place>>();
  for (let person = 0; person < staff.count; person++) {
    let last = -1;
    for (const next of rowsOf(visits.byStaff, person)) {
      if (!visits.usable(next)) continue;
      const a = last;
      last = next;
      if (a < 0) continue;
      const [from, to] = [visits.client(a), visits.client(next)];
      const gap = visits.start(next) - visits.end(a);
      if (from < 0 || to < 0 || from === to || gap >= GAP_MS_MAX) continue;
      if (clients.protectedIdentity(from) || clients.protectedIdentity(to)) continue;
      const day = visits.day(next);
      const [home, goal] = [clients.homePosition(from, day), clients.homePosition(to, day)];
      if (home === null || goal === null || clients.samePlace(from, to, day) === true) continue;
      const [start, end] = [placeOf(home), placeOf(goal)];
      if (start === end) continue;
      const ends = seen.get(start);
      if (ends === undefined) seen.set(start, new Set([end]));
      else ends.add(end);
    }
  }
  const pairs = [...seen].flatMap(([from, ends]) => [...ends].map((to) => ({ from, to })));
  return pairs.sort((a, b) => a.from - b.from || a.to - b.to);
}

/**
 * How each unit travels by its plans of each month: bits of modes by unit, by month. A unit of which some plan does not
 * say how may have travelled anyhow.
 */
export function unitModes({
  plans,
  units,
  beyond,
}: Pick<Tables, "plans" | "units"> & Partial<Pick<Tables, "beyond">>): Map<string, Uint8Array> {
  const months = new Map<string, Uint8Array>();
  // Where only some plans are given, also the others count.
  for (const [month, modes] of Object.entries(beyond?.unitModes ?? {})) {
    const ofUnit = new Uint8Array(units.count);
    for (const [unit, bits] of Object.entries(modes)) if (units.find(unit) >= 0) ofUnit[units.find(unit)] = bits;
    months.set(month, ofUnit);
  }
  const modesOn = (day: Day): Uint8Array => {
    const month = monthOf(day);
    const known = months.get(month) ?? new Uint8Array(units.count);
    months.set(month, known);
    return known;
  };
  // Plans lie by client and start: most are of the day of the one before.
  const ofDay = new Map<Day, Uint8Array>();
  let before: Day = NaN;
  let modes: Uint8Array = new Uint8Array(0);
  for (let plan = 0; plan < plans.count; plan++) {
    const unit = plans.unit(plan);
    if (unit < 0 || plans.cancelled(plan)) continue;
    const day = dayOf(plans.start(plan));
    if (day !== before) {
      modes = ofDay.get(day) ?? modesOn(day);
      ofDay.set(day, modes);
      before = day;
    }
    const mode = plans.transport(plan);
    modes[unit]! |= mode === null ? ANY_MODE : bitOf(mode);
  }
  return months;
}
