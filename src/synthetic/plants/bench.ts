import { dayOf, daysOfMonth, formatDay, HOUR, MINUTE, monthOf } from "#model";
import type { Day, EntityName, Instant, Month } from "#model";
import { grantedMinutes, performedMinutes, rememberedMonths } from "../claims.ts";
import type { Person, Population } from "../clients.ts";
import { tagged } from "../days.ts";
import type { Booking, Days, Happening } from "../days.ts";
import type { Organisation, Team, Worker } from "../organisation.ts";
import type { PeopleSource } from "../people.ts";
import type { Random } from "../random.ts";
import { metresBetween, travelMinutes } from "../town.ts";
import type { Place } from "../town.ts";
import type {
  Label,
  Proof,
  SystemId,
  WorldClaim,
  WorldLockEvent,
  WorldMeal,
  WorldShift,
  WorldVisitVersion,
} from "../world.ts";

type LabelledRecord = Label["records"][number];

/** Somebody at a lock outside every visit. */
export type Opening = Omit<WorldLockEvent, "id" | "lockId" | "clientId"> & { person: Person };

/** The invoices that have been made, for whoever changes them. */
export interface Billing {
  of: (clientId: string) => WorldClaim[];
  ofProvider: (providerId: string) => WorldClaim[];
  /** Days of the claim on which there was a visit with its service. */
  days: (claim: WorldClaim) => Day[];
  /** With an id of its own. */
  add: (claim: WorldClaim) => WorldClaim;
  drop: (claim: WorldClaim) => void;
}

/** A world under change: finds whom to plant something on, changes it, and says so in a label. */
export interface Bench {
  random: Random;
  who: PeopleSource;
  organisation: Organisation;
  population: Population;
  days: Days;
  from: Day;
  through: Day;
  /** Whole months of the period. */
  months: Month[];
  labels: Label[];
  /** How many to plant of each kind, and how many twins. */
  count: number;
  /** Clients whose ids of different systems nobody has joined. */
  unjoined: Set<Person>;
  /** Claims made by hand, beside those of the happenings. */
  claims: WorldClaim[];
  meals: WorldMeal[];
  /** What somebody does to invoices that are otherwise right. */
  later: Array<(billing: Billing) => void>;
  openings: Opening[];
  /** Hourly staff, by unit, for when nobody else has time. */
  substitutes: Map<Team, Worker[]>;
  /** Clients that are billed day by day. */
  byDay: Set<string>;
  /** Visits outside every shift, which is what is told of them. */
  offShift: Set<Happening>;
  /** Typed in by hand without the reason that the contract asks for. */
  unexplained: Set<Happening>;
  /** By person, as they stand. */
  shifts: () => Map<string, WorldShift[]>;
  bookingOf: Map<unknown, Booking>;
  /** Hours in which a source heard nothing: what is planted then cannot be seen. */
  outages: Array<{ source: SystemId; from: Instant; until: Instant }>;

  monthOf: (happening: Happening) => Month;
  ofStaff: (staffId: string) => Happening[];
  ofPerson: (person: Person) => Happening[];
  bookingsOf: (person: Person) => Booking[];
  allOf: (providerId: string) => Happening[];

  /** Nothing else is planted on the visit, its client's month or its worker's day. */
  untouched: (happening: Happening) => boolean;
  /** Nothing is planted on the visit itself. */
  left: (happening: Happening) => boolean;
  /** Nothing is told of the visit itself: a minute more or less changes nothing. */
  calm: (happening: Happening) => boolean;
  /** Untouched, and went as visits usually go. */
  plain: (happening: Happening) => boolean;
  /** No source was out of order between the two times. */
  heard: (from: Instant, until: Instant) => boolean;
  free: (person: Person, months?: readonly Month[]) => boolean;
  touch: (happenings: readonly Happening[]) => void;
  /** Are to stay as they are, while their clients may still be moved, die or be counted. */
  keep: (happenings: readonly Happening[]) => void;
  /** Only the visits and their workers' days: their clients' months go on as they were. */
  occupy: (happenings: readonly Happening[]) => void;
  reserve: (person: Person, months?: readonly Month[]) => void;

  remove: (happening: Happening) => void;
  book: (booking: Booking) => void;
  unbook: (booking: Booking) => void;
  cancel: (booking: Booking, at: Instant) => void;
  add: (happening: Happening) => Happening;
  retime: (happening: Happening, start: Instant, end: Instant) => void;
  reassign: (happening: Happening, worker: Worker) => void;
  prove: (happening: Happening, start: Proof, end?: Proof) => void;

  /** The worker could be at the place for that time and keep everything else. */
  workerFree: (worker: Worker, place: Place, start: Instant, end: Instant, except?: readonly Happening[]) => boolean;
  personFree: (person: Person, start: Instant, end: Instant, except?: readonly Happening[]) => boolean;
  /** Granted minutes of the month that nobody has used. */
  slack: (person: Person, month: Month) => number;

  /**
   * Calls `attempt` with providers in turn until it has succeeded `count` times; `attempt` answers whether it found
   * somebody to do it to.
   */
  plant: (
    providers: readonly string[],
    attempt: (providerId: string, number: number) => boolean,
    count?: number,
  ) => void;
  /** A random happening of the provider for which it holds. */
  find: (providerId: string, holds: (happening: Happening) => boolean) => Happening | null;
  findPerson: (providerId: string, holds: (person: Person) => boolean) => Person | null;
  /** Takes what was removed out of the days: once, at the end, since there may be a million of them. */
  prune: () => void;
  label: (
    label: Omit<Label, "from" | "through" | "records"> & Partial<Label>,
    ...about: Array<Happening | Booking>
  ) => void;
}

export const headOf = ({ visit }: Happening): WorldVisitVersion => visit.versions.at(-1)!;
export const startOf = ({ visit }: Happening): Instant => visit.versions.at(-1)!.start;
/** Infinity where nobody knows. */
export const endOf = ({ visit }: Happening): Instant => visit.versions.at(-1)!.end ?? Infinity;
export const minutesOf = (happening: Happening) => (endOf(happening) - startOf(happening)) / MINUTE;
const dayOfHour = new Map<number, Day>();
/** Remembered by the hour, in which no day begins: plants ask a million times about some thousand of them. */
export function dateOf(happening: Happening): Day {
  const at = startOf(happening);
  const hour = Math.floor(at / HOUR);
  let day = dayOfHour.get(hour);
  if (day === undefined) dayOfHour.set(hour, (day = dayOf(at)));
  return day;
}
export const everyProvider = ["P1", "P3", "P6", "P2", "P4", "P5"];

export const visitRecord = ({ visit }: Happening): LabelledRecord => ({
  entity: "visits",
  source: visit.source,
  id: visit.id,
});
export const planRecord = ({ plan }: Booking): LabelledRecord => ({
  entity: "planned-visits",
  source: plan.source,
  id: plan.id,
});
export const record = (entity: EntityName, source: SystemId, id: string): LabelledRecord => ({ entity, source, id });

/** Of visits in order those that start from `from` on and before `until`. */
export function between(list: readonly Happening[], from: Instant, until: Instant): Happening[] {
  const lower = (at: Instant) => {
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (startOf(list[middle]!) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return list.slice(lower(from), lower(until));
}

/** Whether the position is one that journeys may be reckoned from. */
export const exactly = (person: Person) => person.client.homes[0]?.precision === "exact";
export const apart = (a: Happening, b: Happening) => metresBetween(a.person.place, b.person.place);

export function makeBench(
  input: Pick<Bench, "random" | "who" | "organisation" | "population" | "days" | "from" | "through">,
): Bench {
  const { random, population, days, from, through } = input;
  const group = <K>(list: readonly Happening[], keyOf: (one: Happening) => K) => {
    const groups = new Map<K, Happening[]>();
    for (const one of list) {
      const key = keyOf(one);
      const members = groups.get(key);
      if (members === undefined) groups.set(key, [one]);
      else members.push(one);
    }
    return groups;
  };
  const byStaff = group(days.happenings, ({ worker }) => worker.staff.id);
  const byPerson = group(days.happenings, ({ person }) => person);
  const byProvider = group(days.happenings, ({ worker }) => worker.team.provider.id);
  const inOrder = (list: Happening[]) => list.sort((a, b) => startOf(a) - startOf(b));
  for (const groups of [byStaff, byPerson]) for (const list of groups.values()) inOrder(list);
  const booked = new Map<Person, Booking[]>();
  const bookingOf = new Map<unknown, Booking>();
  for (const booking of days.bookings) {
    bookingOf.set(booking.plan, booking);
    const list = booked.get(booking.person);
    if (list === undefined) booked.set(booking.person, [booking]);
    else list.push(booking);
  }
  const personsOf = new Map<string, Person[]>();
  for (const person of population.people) {
    const { id } = person.team.provider;
    personsOf.set(id, [...(personsOf.get(id) ?? []), person]);
  }
  const ordersOf = new Map(population.people.map((person) => [person.client.id, person.orders]));

  const monthOfDay = rememberedMonths();
  const monthOfVisit = (happening: Happening) => monthOfDay(dateOf(happening));
  const months: Month[] = [];
  for (let day = from; day <= through; day++) {
    const month = monthOf(day);
    const { first, last } = daysOfMonth(month);
    if (first >= from && last <= through && months.at(-1) !== month) months.push(month);
  }

  const removed = new Set<unknown>();
  const touched = new Set<Happening>();
  const kept = new Set<Happening>();
  const taken = new Set<string>();
  const staffDay = (happening: Happening) => `${happening.worker.staff.id} ${dateOf(happening)}`;
  const clientMonth = (person: Person, month: Month) => `${person.client.id} ${month}`;
  /** Puts one back in its place, in a list that is in order but for it. */
  const replace = (list: Happening[], one: Happening) => {
    const index = list.lastIndexOf(one);
    if (index < 0) return;
    const at = startOf(one);
    const early = index > 0 && startOf(list[index - 1]!) > at;
    const late = index + 1 < list.length && startOf(list[index + 1]!) < at;
    if (early || late) inOrder(list);
  };
  const file = <K>(groups: Map<K, Happening[]>, key: K, one: Happening) => {
    const list = groups.get(key);
    if (list === undefined) groups.set(key, [one]);
    else {
      list.push(one);
      replace(list, one);
    }
  };
  const drop = (list: Happening[] | undefined, one: Happening) => {
    const index = list?.indexOf(one) ?? -1;
    if (index >= 0) list!.splice(index, 1);
  };

  const shifts = { all: [] as WorldShift[], count: -1, of: new Map<string, WorldShift[]>() };

  const bench: Bench = {
    ...input,
    months,
    labels: [],
    count: Math.max(1, Math.min(8, Math.round(population.people.length / 130))),
    unjoined: new Set(),
    claims: [],
    meals: [],
    later: [],
    openings: [],
    substitutes: new Map(),
    byDay: new Set(),
    offShift: new Set(),
    unexplained: new Set(),
    shifts: () => {
      if (shifts.all !== days.shifts || shifts.count !== days.shifts.length) {
        shifts.all = days.shifts;
        shifts.count = days.shifts.length;
        shifts.of = Map.groupBy(days.shifts, ({ staffId }) => staffId);
      }
      return shifts.of;
    },
    bookingOf,
    outages: [],
    monthOf: monthOfVisit,
    ofStaff: (staffId) => byStaff.get(staffId) ?? [],
    ofPerson: (person) => byPerson.get(person) ?? [],
    bookingsOf: (person) => booked.get(person) ?? [],
    allOf: (providerId) => (byProvider.get(providerId) ?? []).filter((one) => !removed.has(one)),

    untouched: (happening) =>
      !removed.has(happening) &&
      !touched.has(happening) &&
      !taken.has(staffDay(happening)) &&
      bench.free(happening.person, [monthOfVisit(happening)]),
    left: (happening) => !removed.has(happening) && !touched.has(happening),
    calm: (happening) => !removed.has(happening) && !touched.has(happening) && !kept.has(happening),
    plain: (happening) => {
      const { visit, need, plan, person } = happening;
      const head = visit.versions[0]!;
      if (visit.versions.length > 1 || head.status !== "completed" || head.end === null) return false;
      if (kept.has(happening)) return false;
      if (need === null || plan === null || need.staffing === 2 || need.law === "HSL") return false;
      const planned = plan.versions.at(-1)!;
      if (head.end - head.start > planned.end - planned.start + 7 * MINUTE) return false;
      if (need.services.includes("ledsagning") || need.services.includes("nattvak")) return false;
      const day = dayOf(head.start);
      if (day <= from + 1 || day >= through - 2 || person.diedAt !== undefined) return false;
      const near = person.stays.some(
        (stay) => head.start > stay.from - 36 * HOUR && head.start < (stay.to ?? Infinity) + 36 * HOUR,
      );
      // Whose registration an outage may have lost or delayed is not plain.
      return !near && bench.heard(head.start - HOUR, head.at + HOUR) && bench.untouched(happening);
    },
    heard: (begin, end) => bench.outages.every((outage) => outage.until <= begin || outage.from >= end),
    free: (person, some = months) => some.every((month) => !taken.has(clientMonth(person, month))),
    touch: (happenings) => {
      for (const happening of happenings) {
        touched.add(happening);
        taken.add(staffDay(happening));
        taken.add(clientMonth(happening.person, monthOfVisit(happening)));
      }
    },
    occupy: (happenings) => {
      for (const happening of happenings) {
        touched.add(happening);
        taken.add(staffDay(happening));
      }
    },
    keep: (happenings) => {
      for (const happening of happenings) kept.add(happening);
    },
    reserve: (person, some = months) => {
      for (const month of some) taken.add(clientMonth(person, month));
    },

    remove: (happening) => {
      removed.add(happening);
      drop(byStaff.get(happening.worker.staff.id), happening);
      drop(byPerson.get(happening.person), happening);
    },
    book: (booking) => {
      days.bookings.push(booking);
      bookingOf.set(booking.plan, booking);
      const list = booked.get(booking.person);
      if (list === undefined) booked.set(booking.person, [booking]);
      else list.push(booking);
    },
    unbook: (booking) => {
      removed.add(booking);
      const list = booked.get(booking.person)!;
      list.splice(list.indexOf(booking), 1);
    },
    cancel: ({ plan }, at) => {
      const last = plan.versions.at(-1)!;
      if (last.cancelled !== true) plan.versions.push({ ...last, at: Math.max(at, last.at + MINUTE), cancelled: true });
    },
    add: (happening) => {
      file(byStaff, happening.worker.staff.id, happening);
      file(byPerson, happening.person, happening);
      return happening;
    },
    retime: (happening, start, end) => {
      const version = happening.visit.versions[0]!;
      const delay = version.end === null ? MINUTE : version.at - version.end;
      Object.assign(version, { start, end, at: end + delay });
      replace(byStaff.get(happening.worker.staff.id) ?? [], happening);
      replace(byPerson.get(happening.person) ?? [], happening);
    },
    reassign: (happening, worker) => {
      drop(byStaff.get(happening.worker.staff.id), happening);
      happening.worker = worker;
      happening.visit.staffId = worker.staff.id;
      happening.visit.deviceId = worker.deviceId;
      file(byStaff, worker.staff.id, happening);
    },
    prove: (happening, start, end = start) => {
      const version = headOf(happening);
      version.startProof = start;
      version.endProof = end;
      tagged(version, happening.person);
    },

    workerFree: (worker, place, start, end, except = []) =>
      // Two days before, even a visit that nobody logged out of is over; hours away there is time for any journey.
      between(bench.ofStaff(worker.staff.id), start - 48 * HOUR, end + 4 * HOUR).every((one) => {
        if (endOf(one) + 4 * HOUR <= start || except.includes(one)) return true;
        const travel = (travelMinutes(one.person.place, place, worker.employment.transport) + 2) * MINUTE;
        return endOf(one) + travel <= start || startOf(one) - travel >= end;
      }),
    personFree: (person, start, end, except = []) =>
      bench.ofPerson(person).every((one) => {
        if (endOf(one) + 4 * HOUR <= start || startOf(one) - 4 * HOUR >= end || except.includes(one)) return true;
        // An alarm close by could be taken for the visit that is moved.
        const gap = (one.plan === null ? 180 : 3) * MINUTE;
        return endOf(one) + gap <= start || startOf(one) - gap >= end;
      }) && person.stays.every(({ from: left, to }) => end < left - HOUR || start > (to ?? Infinity) + HOUR),
    slack: (person, month) => {
      const registered = bench
        .ofPerson(person)
        .filter((one) => monthOfVisit(one) === month)
        .reduce((sum, one) => sum + performedMinutes(one), 0);
      return grantedMinutes(ordersOf.get(person.client.id) ?? person.orders, null, month) - registered;
    },

    plant: (providers, attempt, count = bench.count) => {
      const turn = random.shuffled(providers);
      let planted = 0;
      let failed = 0;
      for (let tried = 0; planted < count && tried < count + 4 * turn.length; tried++) {
        // Where no provider has anyone for the next kind, the kind after it.
        if (attempt(turn[tried % turn.length]!, planted + Math.floor(failed / turn.length))) planted++;
        else failed++;
      }
    },
    find: (providerId, holds) => {
      const list = byProvider.get(providerId) ?? [];
      if (list.length === 0) return null;
      const first = random.int(0, list.length - 1);
      // A stride that shares no factor with most lengths: different days and clients from the first look on.
      for (let step = 0; step < Math.min(list.length, 20_000); step++) {
        const happening = list[(first + step * 7919) % list.length]!;
        if (!removed.has(happening) && happening.worker.team.provider.id === providerId && holds(happening))
          return happening;
      }
      return null;
    },
    findPerson: (providerId, holds) => random.shuffled(personsOf.get(providerId) ?? []).find(holds) ?? null,
    prune: () => {
      // Of many visits that a label is about, some may have gone for another reason.
      const gone = new Set<string>();
      for (const one of [...days.happenings, ...days.bookings]) {
        const { source, id } = "visit" in one ? one.visit : one.plan;
        if (removed.has(one)) gone.add(`${source} ${id}`);
      }
      for (const label of bench.labels)
        label.records = label.records.filter(({ source, id }) => !gone.has(`${source} ${id}`));
      days.happenings = days.happenings.filter((one) => !removed.has(one));
      days.bookings = days.bookings.filter((one) => !removed.has(one));
    },
    label: (label, ...about) => {
      const times = about.map((one) => ("visit" in one ? startOf(one) : one.plan.versions.at(-1)!.start));
      const records = about.map((one) => ("visit" in one ? visitRecord(one) : planRecord(one)));
      bench.labels.push({
        from: formatDay(times.length === 0 ? from : dayOf(times.reduce((a, b) => Math.min(a, b)))),
        through: formatDay(times.length === 0 ? through : dayOf(times.reduce((a, b) => Math.max(a, b)))),
        records,
        ...label,
      });
    },
  };
  return bench;
}
