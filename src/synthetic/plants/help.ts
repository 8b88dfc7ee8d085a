import { atMinute, dayOf, daysOfMonth, HOUR, MINUTE } from "#model";
import type { Day, Instant, Month } from "#model";
import type { Need, Person } from "../clients.ts";
import { tagged } from "../days.ts";
import type { Booking, Happening } from "../days.ts";
import type { Team, Worker } from "../organisation.ts";
import type { Place } from "../town.ts";
import type { Proof, WorldOrderLine, WorldShift } from "../world.ts";
import { dateOf } from "./bench.ts";
import type { Bench } from "./bench.ts";

/** Somebody whose help is not like the others': hours at a time, or far out. */
export interface Helped {
  person: Person;
  need: Need;
}

type Wanted = Pick<WorldOrderLine, "service" | "minutes"> & Partial<Omit<WorldOrderLine, "id">>;

interface Hosted {
  place?: Place;
  householdId?: string;
  proof?: Proof;
  from?: Day;
  through?: Day;
}

/** A new client of the unit with one order, of one line, for the days from `from` through `through`. */
export function newClient(bench: Bench, team: Team, wanted: Wanted, more: Hosted = {}): Helped {
  const person = bench.population.person(team, more.place, more.householdId);
  const from = more.from ?? bench.from;
  const through = more.through ?? bench.through;
  const wholeTime = from === bench.from && through === bench.through;
  person.alarm = false;
  person.proof = more.proof ?? "nfc";
  person.from = from;
  person.through = through;
  const home = person.client.homes[0]!;
  home.precision = "exact";
  // Next door rather than in a house that somebody of the staff lives in, who is said to be alone there with a client.
  if (more.place === undefined && bench.organisation.staff.some((one) => one.addressBuildingId === home.buildingId)) {
    home.buildingId = `${home.buildingId}B`;
    person.place = { ...person.place, buildingId: home.buildingId };
  }
  const validFrom = wholeTime ? from - 30 : from;
  const order = bench.population.order({
    person,
    team,
    law: "SoL",
    // Monday to Friday before, as orders are.
    orderedAt: atMinute(validFrom - 7, 600),
    validFrom,
    ...(wholeTime ? {} : { validTo: through }),
    lines: [{ times: 1, per: "day", ...wanted }],
  });
  const { lines } = order.versions[0]!;
  const need: Need = {
    person,
    team,
    order,
    lines,
    services: [wanted.service],
    minute: 600,
    minutes: wanted.minutes,
    staffing: wanted.staffing ?? 1,
    from,
    through,
    orderedFrom: validFrom,
    law: "SoL",
  };
  person.needs.push(need);
  bench.reserve(person);
  return { person, need };
}

/** A new client whose order holds for one month and grants so many visits of so many minutes in it. */
export function newClientFor(
  bench: Bench,
  team: Team,
  month: Month,
  service: string,
  minutes: number,
  times: number,
  more: Omit<Hosted, "from" | "through"> = {},
): Helped {
  const { first, last } = daysOfMonth(month);
  return newClient(bench, team, { service, minutes, times, per: "month" }, { ...more, from: first, through: last });
}

interface Given {
  proof?: Proof;
  doubleStaffing?: boolean;
  deviceId?: string;
  /** As planned; missing: as it was done. */
  planned?: { start: Instant; end: Instant };
}

/** A visit that was planned for the worker a week before, and came about. */
export function visit(
  { person, need }: Helped,
  bench: Bench,
  worker: Worker,
  start: Instant,
  end: Instant,
  more: Given = {},
): Happening {
  const { team } = need;
  // Planners think in fives, and in what was granted.
  const from = start - (start % (5 * MINUTE));
  const { planned = { start: from, end: Math.max(end, from + need.minutes * MINUTE) } } = more;
  const plan: Booking["plan"] = {
    id: bench.days.nextPlanId(team),
    source: team.unit.plansIn,
    clientId: person.client.id,
    unitId: team.unit.id,
    orderId: need.order.id,
    versions: [{ at: planned.start - 6 * 24 * HOUR, staffId: worker.staff.id, ...planned, services: need.services }],
  };
  if (plan.source === "lifecare") plan.workshiftId = `pass-${worker.staff.id}-${dayOf(start)}`;
  const booking: Booking = { plan, person, worker, need };
  bench.book(booking);
  const registration = { person, worker, team, start, end, services: need.services, orderId: need.order.id, booking };
  const made = bench.days.registered({
    ...registration,
    proof: more.proof ?? person.proof,
    ...(more.doubleStaffing === true && { doubleStaffing: true }),
  });
  if (more.deviceId !== undefined) made.visit.deviceId = more.deviceId;
  // Nothing of it is ever late: it is there for what it says.
  const version = made.visit.versions[0]!;
  version.at = end + 40_000;
  locate(made);
  return bench.add(made);
}

/** Where the phone was, where the visit is one that says so: at home, give or take what a phone does. */
export function locate(one: Happening, off: { x: number; y: number } = { x: 0, y: 0 }, accuracyMetres = 12) {
  const version = one.visit.versions.at(-1)!;
  delete version.startPosition;
  delete version.endPosition;
  const home = one.person.client.homes[0];
  if (one.visit.source !== "files" || version.startProof !== "gps" || home === undefined) return;
  // A metre or ten, by the visit's number, so that no two are alike.
  const wobble = (salt: number) => ((Number(one.visit.id.replace(/\D/g, "")) * salt) % 17) - 8;
  const at = (salt: number) => ({
    latitude: Math.round((home.latitude + (off.y + wobble(salt)) / 111_320) * 1e6) / 1e6,
    longitude: Math.round((home.longitude + (off.x + wobble(salt + 4)) / 54_900) * 1e6) / 1e6,
    accuracyMetres,
  });
  version.startPosition = at(7);
  version.endPosition = at(5);
}

/** Is at work, or on call where `kind` is "other". */
export function onDuty(bench: Bench, worker: Worker, start: Instant, end: Instant, kind: WorldShift["kind"] = "work") {
  bench.days.shifts.push({
    id: `pass-${bench.days.shifts.length + 1}x`,
    source: "files",
    staffId: worker.staff.id,
    unitId: worker.team.unit.id,
    start,
    end,
    kind,
  });
}

/** Whoever makes the visit was planned to. */
export function handOver(bench: Bench, one: Happening, worker: Worker) {
  bench.reassign(one, worker);
  const { plan } = one;
  if (plan === null) return;
  for (const version of plan.versions) version.staffId = worker.staff.id;
  if (plan.workshiftId !== undefined)
    plan.workshiftId = `pass-${worker.staff.id}-${plan.workshiftId.split("-").at(-1)!}`;
}

/** Proven by something else, whose tag or lock stands in the registration. */
export function retag(one: Happening, proof: Proof, person: Person = one.person) {
  for (const version of one.visit.versions) {
    version.startProof = proof;
    version.endProof = proof;
    tagged(version, person);
  }
}

/** Employed by one, by day only, and in the registers. */
export const ordinaryWorker = ({ staff, shift, onlyOn, team, employment }: Worker) =>
  staff.employments.length === 1 &&
  shift === "day" &&
  onlyOn === undefined &&
  team.kind === "day" &&
  employment.ids.files !== undefined;

/** Providers in the order of their numbers; the systems that their registrations are kept in where asked for. */
export const providersOf = (bench: Bench, ...systems: Array<Team["unit"]["visitsIn"]>) =>
  bench.organisation.providers
    .filter(({ id }) =>
      bench.organisation.teams.some(
        ({ provider, kind, unit }) =>
          provider.id === id && kind === "day" && (systems.length === 0 || systems.includes(unit.visitsIn)),
      ),
    )
    .map(({ id }) => id);

/** Days of the month on which they have visits, with these in order. */
export function daysAt(bench: Bench, worker: Worker, month: Month): Map<Day, Happening[]> {
  const own = bench.ofStaff(worker.staff.id).filter((one) => one.worker === worker && bench.monthOf(one) === month);
  return Map.groupBy(own, dateOf);
}
