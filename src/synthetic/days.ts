import { atMinute, dayOf, daysOfMonth, HOUR, MINUTE, monthOf, offsetMinutes } from "#model";
import type { Day, Instant } from "#model";
import { expects } from "./clients.ts";
import type { Need, Person, Population } from "./clients.ts";
import { onRota } from "./organisation.ts";
import type { Organisation, Team, Worker } from "./organisation.ts";
import type { Random } from "./random.ts";
import { metresBetween, travelMinutes } from "./town.ts";
import type { Place } from "./town.ts";
import type { Proof, WorldPlan, WorldShift, WorldVisit, WorldVisitVersion } from "./world.ts";

/** A visit with those who met, for whoever has to change it. */
export interface Happening {
  visit: WorldVisit;
  person: Person;
  worker: Worker;
  plan: WorldPlan | null;
  need: Need | null;
  /** Nobody asks to be paid for it. */
  unclaimed?: boolean;
  /** Goes on with a visit that was registered in two: both together are one. */
  continues?: boolean;
  /** The lock of the home was not opened: somebody else opened the door, or nobody. */
  unopened?: boolean;
}

export interface Booking {
  plan: WorldPlan;
  person: Person;
  worker: Worker;
  need: Need;
}

export interface Days {
  happenings: Happening[];
  bookings: Booking[];
  shifts: WorldShift[];
  nextVisitId: (team: Team) => string;
  nextPlanId: (team: Team) => string;
  /** Registration as the unit's system makes it of a visit that went as usual. */
  registered: (wanted: Registration) => Happening;
}

export interface Registration {
  person: Person;
  worker: Worker;
  team: Team;
  start: Instant;
  end: Instant;
  services: string[];
  orderId?: string | undefined;
  booking?: Booking | undefined;
  proof?: Proof;
  doubleStaffing?: boolean;
}

interface Task {
  person: Person;
  need: Need | null;
  services: string[];
  wanted: Instant;
  minutes: number;
  staffing: 1 | 2;
}

interface Route {
  worker: Worker;
  from: Instant;
  until: Instant;
  lunch: boolean;
  place: Place;
  free: Instant;
  /** Where and when the worker really is. */
  reallyAt: Place;
  reallyFree: Instant;
  first: Instant;
  last: Instant;
}

interface Leg {
  task: Task;
  routes: Route[];
  start: Instant;
  end: Instant;
}

/** The repeated hour of an autumn night: plans avoid beginning in its second half, as planners do. */
function inRepeatedHour(at: Instant): boolean {
  return offsetMinutes(at - HOUR) === 120 && offsetMinutes(at) === 60;
}

const withinStay = (person: Person, start: Instant, end: Instant) =>
  person.stays.find(({ from, to }) => end > from - 20 * MINUTE && start < (to ?? Infinity) + 20 * MINUTE);

/** Every day of the period: who was to go where, and what came of it. */
export function makeDays(
  random: Random,
  organisation: Organisation,
  population: Population,
  from: Day,
  through: Day,
): Days {
  const happenings: Happening[] = [];
  const bookings: Booking[] = [];
  const shifts: WorldShift[] = [];
  let visits = 0;
  let plans = 0;
  const nextVisitId = (team: Team) => {
    visits++;
    const { visitsIn } = team.unit;
    if (visitsIn === "lifecare") return String(4_100_000 + visits);
    return visitsIn === "phoniro" ? `B${7_000_000 + visits}` : visitsIn === "combine" ? `CV${visits}` : `be-${visits}`;
  };
  const nextPlanId = (team: Team) => {
    plans++;
    const { plansIn } = team.unit;
    return plansIn === "lifecare" ? `pa-${plans}` : plansIn === "carefox" ? String(900_000 + plans) : `pl-${plans}`;
  };

  const sinceManual = new Map<Person | Worker, number>();
  /** Now and then a phone is dead; for nobody more than every tenth visit or so. */
  const proofOf = (person: Person, worker: Worker): Proof => {
    const quiet = Math.min(sinceManual.get(person) ?? random.int(0, 12), sinceManual.get(worker) ?? random.int(0, 12));
    const manual = quiet > 12 && random.chance(0.35);
    for (const side of [person, worker]) sinceManual.set(side, manual ? 0 : (sinceManual.get(side) ?? quiet) + 1);
    if (manual) return "manual";
    return person.proof === "lock" && random.chance(0.1) ? "nfc" : person.proof;
  };

  const registered = (wanted: Registration): Happening => {
    const { person, worker, team, start, end, services, booking } = wanted;
    const proof = wanted.proof ?? proofOf(person, worker);
    const delay = random.chance(0.02) ? random.int(600, 30_000) : random.int(20, 200);
    const version: WorldVisitVersion = {
      at: end + delay * 1000,
      start,
      end,
      status: "completed",
      services,
      startProof: proof,
      endProof: proof,
    };
    tagged(version, person);
    const visit: WorldVisit = {
      id: nextVisitId(team),
      source: team.unit.visitsIn,
      clientId: person.client.id,
      unitId: team.unit.id,
      staffId: worker.staff.id,
      deviceId: worker.deviceId,
      versions: [version],
    };
    if (wanted.orderId !== undefined) visit.orderId = wanted.orderId;
    if (wanted.doubleStaffing === true) visit.doubleStaffing = true;
    if (booking !== undefined) {
      const planned = booking.plan.versions.at(-1)!;
      if (visit.source === booking.plan.source) visit.plannedVisitId = booking.plan.id;
      visit.plannedStart = planned.start;
      visit.plannedEnd = planned.end;
    }
    const made: Happening = { visit, person, worker, plan: booking?.plan ?? null, need: booking?.need ?? null };
    happenings.push(made);
    return made;
  };

  const needs = new Map<Team, Need[]>(organisation.teams.map((team) => [team, []]));
  const alarmed = new Map<Team, Person[]>(organisation.teams.map((team) => [team, []]));
  for (const person of population.people) {
    for (const need of person.needs) needs.get(need.team)!.push(need);
    if (person.alarm) alarmed.get(person.team)!.push(person);
  }
  const alarms = new Map<string, number>();
  const busy = new Map<Person, Instant>();
  const reallyBusy = new Map<Person, Instant>();

  const tasksOf = (team: Team, day: Day): Task[] => {
    const tasks: Task[] = [];
    for (const need of needs.get(team)!) {
      const late = need.minute >= 1440;
      const date = late ? day + 1 : day;
      if (date > through || !expects(need, date)) continue;
      const { person, services, minutes, staffing } = need;
      let wanted = atMinute(date, need.minute - (late ? 1440 : 0)) + 5 * random.int(-2, 2) * MINUTE;
      if (inRepeatedHour(wanted)) wanted += HOUR;
      tasks.push({ person, need, services, wanted, minutes, staffing });
    }
    if (team.kind === "day") {
      for (const person of alarmed.get(team)!) {
        if (!random.chance(0.025)) continue;
        // Granted by the month: in a part of one there may be no room for it.
        const month = daysOfMonth(monthOf(day));
        if (Math.max(month.first, from) < person.from || Math.min(month.last, through) > person.through) continue;
        const key = `${person.client.id} ${month.first}`;
        const before = alarms.get(key) ?? 0;
        if (before >= 1) continue;
        const wanted = atMinute(day, random.int(450, 1230));
        if (withinStay(person, wanted - HOUR, wanted + 2 * HOUR) !== undefined) continue;
        if (person.diedAt !== undefined && wanted > person.diedAt) continue;
        alarms.set(key, before + 1);
        tasks.push({ person, need: null, services: ["larm"], wanted, minutes: random.int(6, 12), staffing: 1 });
      }
    }
    return tasks.sort((a, b) => a.wanted - b.wanted);
  };

  const hoursOf = (worker: Worker, day: Day) => {
    const early = worker.shift === "day" ? 415 + 10 * (worker.index % 3) : worker.shift === "evening" ? 915 : 1290;
    const start = atMinute(day, early);
    const end = worker.shift === "night" ? atMinute(day + 1, 420) : atMinute(day, worker.shift === "day" ? 960 : 1330);
    return { start, end };
  };

  const routeOf = (worker: Worker, day: Day): Route => {
    const { start, end } = hoursOf(worker, day);
    const { base } = worker.team;
    return {
      worker,
      from: start,
      until: end,
      lunch: worker.shift !== "day",
      place: base,
      free: start + 5 * MINUTE,
      reallyAt: base,
      reallyFree: start + 5 * MINUTE,
      first: Infinity,
      last: -Infinity,
    };
  };

  const routesOf = (team: Team, day: Day): Route[] => {
    const routes: Route[] = [];
    for (const worker of team.workers) {
      if (!onRota(worker, day)) continue;
      const away = worker.away.get(day);
      if (away === undefined) routes.push(routeOf(worker, day));
      else {
        const { start, end } = hoursOf(worker, day);
        shifts.push(shift(worker, start, end, away, shifts.length));
      }
    }
    return routes;
  };

  /** How often in a month somebody who works by day had to stay for the evening. */
  const evenings = new Map<string, number>();
  const jobs = Map.groupBy(
    organisation.teams.flatMap(({ workers }) => workers),
    ({ staff }) => staff,
  );
  /** Begins in the morning after, for one employer or the other. */
  const early = (worker: Worker, day: Day) =>
    worker.shift === "day" && jobs.get(worker.staff)!.some((one) => onRota(one, day + 1) && !one.away.has(day + 1));

  /** When somebody was last asked to come in on a day off. */
  const asked = new Map<Worker, Day>();

  /** Who has the day off and can be asked to come in: for one employer only, and for the hours they usually work. */
  const reserveFor = (team: Team, day: Day, wanted: Instant, routes: readonly Route[]): Route | null => {
    const worker = team.workers.find((one) => {
      if (one.staff.employments.length > 1 || onRota(one, day) || one.away.has(day) || one.shift === "night")
        return false;
      // Nobody gives up two days off in ten.
      if (day - (asked.get(one) ?? -Infinity) < 10 && asked.get(one) !== day) return false;
      const { start, end } = hoursOf(one, day);
      return wanted >= start && wanted < end && routes.every((route) => route.worker !== one);
    });
    if (worker === undefined) return null;
    asked.set(worker, day);
    return routeOf(worker, day);
  };

  /** The earliest that the worker could be there, by plan. */
  const reach = (route: Route, task: Task): Instant => {
    let free = route.free;
    // Half an hour's lunch once the clock has passed eleven.
    if (!route.lunch && Math.max(free, task.wanted) >= route.from + 4 * HOUR + 20 * MINUTE) free += 30 * MINUTE;
    return free + travelMinutes(route.place, task.person.place, route.worker.employment.transport) * MINUTE;
  };

  const assign = (team: Team, day: Day): Leg[] => {
    const routes = routesOf(team, day);
    const legs: Leg[] = [];
    if (routes.length === 0) return legs;
    for (const task of tasksOf(team, day)) {
      const earliest = Math.max(task.wanted, task.need?.law === "HSL" ? 0 : (busy.get(task.person) ?? 0));
      // For two there must be two.
      if (routes.length < task.staffing) continue;
      const { staffing } = task;
      const chosen: Array<{ route: Route; start: Instant }> = [];
      while (chosen.length < staffing) {
        let best: Route | null = null;
        let bestStart = 0;
        let bestCost = Infinity;
        for (const route of routes) {
          if (chosen.some((one) => one.route === route)) continue;
          const arrival = reach(route, task);
          const start = Math.max(earliest, arrival);
          const familiar = (route.worker.index * 7 + task.person.place.x + task.person.place.y) % 3 === 0 ? 0 : 6;
          let overtime = start + task.minutes * MINUTE > route.until || start < route.from ? 120 : 0;
          // Whoever begins at seven tomorrow goes home in time, as long as anybody else can come.
          if (overtime > 0 && start + task.minutes * MINUTE > atMinute(day, 1150) && early(route.worker, day)) {
            overtime += 240 + 400 * (evenings.get(`${route.worker.staff.id} ${monthOf(day)}`) ?? 0);
          }
          const cost = (start - earliest) / MINUTE + (arrival - route.free) / (2 * MINUTE) + familiar + overtime;
          if (cost >= bestCost) continue;
          best = route;
          bestStart = start;
          bestCost = cost;
        }
        // Everyone is busy elsewhere: someone comes in on a day off.
        const reserve = bestCost > 75 ? reserveFor(team, day, task.wanted, routes) : null;
        if (reserve !== null) routes.push(reserve);
        else chosen.push({ route: best!, start: bestStart });
      }
      let start = Math.max(...chosen.map((one) => one.start));
      if (inRepeatedHour(start)) start += HOUR;
      const end = start + task.minutes * MINUTE;
      // Nobody has time for it today.
      if (start - task.wanted > 4 * HOUR) continue;
      // Nor does an evening wait until the middle of the night.
      if (team.kind === "day" && end > atMinute(day, 1365) && start - task.wanted > HOUR) continue;
      for (const { route } of chosen) {
        if (end > atMinute(day, 1150) && early(route.worker, day)) {
          const key = `${route.worker.staff.id} ${monthOf(day)}`;
          evenings.set(key, (evenings.get(key) ?? 0) + 1);
        }
        if (!route.lunch && start >= route.from + 4 * HOUR + 20 * MINUTE) route.lunch = true;
        route.free = end;
        route.place = task.person.place;
      }
      if (task.need?.law !== "HSL") busy.set(task.person, end + 10 * MINUTE);
      // Pushed past midnight, on the last day that anyone has asked for.
      const over = task.need !== null && dayOf(start + 40 * MINUTE) > task.need.through && task.need.minute >= 1200;
      if (dayOf(start) <= through && !over) legs.push({ task, routes: chosen.map(({ route }) => route), start, end });
    }
    return legs.sort((a, b) => a.start - b.start);
  };

  const book = (leg: Leg, route: Route): Booking | null => {
    const { task, start, end } = leg;
    const { need, person } = task;
    if (need === null) return null;
    const { worker } = route;
    const { team } = need;
    const at = start - random.int(5, 9) * 24 * HOUR - random.int(0, 400) * MINUTE;
    const stay = withinStay(person, start, end);
    const dead = person.diedAt !== undefined && start > person.diedAt;
    // Told of before the plan was made: nothing was planned.
    if (stay !== undefined && stay.notifiedAt !== undefined && stay.notifiedAt < at) return null;
    const planned = { at, staffId: worker.staff.id, start, end, services: task.services };
    const plan: WorldPlan = {
      id: nextPlanId(team),
      source: team.unit.plansIn,
      clientId: person.client.id,
      unitId: team.unit.id,
      orderId: need.order.id,
      versions: [planned],
    };
    if (plan.source === "lifecare") plan.workshiftId = `pass-${worker.staff.id}-${dayOf(route.from)}`;
    if (random.chance(0.03) && stay === undefined && !dead) {
      // Planned anew the day before.
      const shift = random.pick([-25, -15, 15, 20, 30]) * MINUTE;
      plan.versions = [
        { ...planned, start: start + shift, end: end + shift },
        { ...planned, at: start - random.int(18, 30) * HOUR },
      ];
    }
    if (dead)
      plan.versions.push({
        ...planned,
        at: Math.max(at + MINUTE, Math.min(person.diedAt! + 45 * MINUTE, start - 5 * MINUTE)),
        cancelled: true,
      });
    else if (stay !== undefined) {
      const notifiedAt = stay.notifiedAt ?? stay.at;
      // On the way out or in the plan is called off by phone; within the stay nobody knew before they were told.
      const called = start < stay.from || start >= (stay.to ?? Infinity) - 30 * MINUTE;
      const cancelledAt = called ? Math.min(notifiedAt, start - 5 * MINUTE) : notifiedAt;
      if (cancelledAt < start)
        plan.versions.push({ ...planned, at: Math.max(at + MINUTE, cancelledAt), cancelled: true });
    }
    const booking: Booking = { plan, person, worker, need };
    bookings.push(booking);
    return booking;
  };

  const perform = (leg: Leg) => {
    const { task } = leg;
    const { person, need } = task;
    const made = leg.routes.map((route) => ({ route, booking: book(leg, route) }));
    if (withinStay(person, leg.start, leg.end) !== undefined) return;
    if (person.diedAt !== undefined && leg.start > person.diedAt) return;
    const nursing = need?.law === "HSL";
    const arrivals = leg.routes.map(({ worker, reallyAt, reallyFree }) => {
      const metres = metresBetween(reallyAt, person.place);
      const planned = travelMinutes(reallyAt, person.place, worker.employment.transport);
      return reallyFree + Math.max(1, Math.ceil(planned * 0.85), Math.ceil(metres / 1100)) * MINUTE;
    });
    const deviation = Math.round((random.next() + random.next() + random.next()) * 4.5 - 4.5) + 1;
    const together = Math.max(
      leg.start + deviation * MINUTE,
      ...arrivals,
      nursing ? 0 : (reallyBusy.get(person) ?? 0) + 2 * MINUTE,
    );
    const rare = need !== null && need.lines[0]!.per !== "day";
    const outcome = need === null ? 1 : random.next();
    const status = outcome < 0.011 ? "declined" : outcome < 0.015 && !rare ? "noAnswer" : "completed";
    let lastEnd = 0;
    for (const { route, booking } of made) {
      const start = together + (route === leg.routes[0] ? 0 : random.int(0, 2) * MINUTE);
      // Of what is done twice a month each counts for much, and is done whole.
      let minutes = Math.round(task.minutes * (rare ? 0.88 + random.next() * 0.1 : 0.78 + random.next() * 0.22));
      if (!rare && need !== null && random.chance(0.12)) minutes = task.minutes + random.int(0, 2);
      if (start - leg.start > 35 * MINUTE) minutes = Math.round(task.minutes * 0.7);
      if (status !== "completed") minutes = random.int(2, 5);
      // Of two the second leaves with the first.
      const end = lastEnd > 0 && start < lastEnd ? lastEnd + random.int(0, 1) * MINUTE : start + minutes * MINUTE;
      const happening = registered({
        person,
        worker: route.worker,
        team: route.worker.team,
        start,
        end,
        services: task.services,
        orderId: need?.order.id,
        booking: booking ?? undefined,
        doubleStaffing: task.staffing === 2,
      });
      const version = happening.visit.versions[0]!;
      if (status !== "completed") {
        version.status = status;
        if (status === "declined") {
          version.declinedReason = random.pick(["Ville inte", "Hade besök", "Klarade det själv"]);
          version.declinedNotifiedAt = start;
        }
      } else if (random.chance(0.004) && version.startProof !== "manual") forgottenLogOut(happening);
      route.reallyFree = end;
      route.reallyAt = person.place;
      route.first = Math.min(route.first, leg.start, start);
      route.last = Math.max(route.last, leg.end, end);
      lastEnd = Math.max(lastEnd, end);
    }
    if (!nursing) reallyBusy.set(person, lastEnd);
  };

  /** The log-out came when someone noticed; the next day the time is put right, shorter. */
  const forgottenLogOut = ({ visit, worker, person }: Happening) => {
    const right = visit.versions[0]!;
    const forgotten = { ...right, end: right.end! + random.int(50, 160) * MINUTE };
    forgotten.at = forgotten.end + MINUTE;
    const corrected: WorldVisitVersion = {
      ...right,
      at: atMinute(dayOf(right.end!) + 1, random.int(480, 700)),
      endProof: "manual",
      originalStart: right.start,
      originalEnd: forgotten.end,
      editedBy: worker.team.workers[0]!.staff.id,
      editReason: "Glömde logga ut, gick enligt plan",
    };
    delete corrected.endTag;
    visit.versions = [forgotten, corrected];
    for (const side of [person, worker]) sinceManual.set(side, 0);
  };

  for (let day = from; day <= through; day++) {
    // Units in a fixed order share their clients' time: the night comes after the day and before the next morning.
    for (const team of organisation.teams) {
      const legs = assign(team, day);
      for (const leg of legs) perform(leg);
      const done = new Set(legs.flatMap(({ routes }) => routes));
      for (const route of done) {
        const start = Math.min(route.from, route.first === Infinity ? route.from : route.first - 5 * MINUTE);
        const end = Math.max(route.until, route.last === -Infinity ? route.until : route.last + 5 * MINUTE);
        shifts.push(shift(route.worker, start, end, "work", shifts.length));
      }
    }
  }
  return { happenings, bookings, shifts, nextVisitId, nextPlanId, registered };
}

/** Which tag or lock was read follows from the proof. */
export function tagged(version: WorldVisitVersion, person: Person) {
  const idOf = (proof: Proof) =>
    proof === "lock" ? person.lockId : proof === "nfc" || proof === "bluetooth" ? person.tagId : null;
  delete version.startTag;
  delete version.endTag;
  const startTag = idOf(version.startProof);
  const endTag = idOf(version.endProof);
  if (startTag !== null) version.startTag = startTag;
  if (endTag !== null) version.endTag = endTag;
}

function shift(worker: Worker, start: Instant, end: Instant, kind: WorldShift["kind"], number: number): WorldShift {
  return {
    id: `pass-${number + 1}`,
    source: "files",
    staffId: worker.staff.id,
    unitId: worker.team.unit.id,
    start,
    end,
    ...(kind === "work" && end - start >= 6 * HOUR && { breakMinutes: 30 }),
    kind,
  };
}
