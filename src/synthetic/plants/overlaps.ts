import { dayOf, HOUR, MINUTE } from "#model";
import type { Worker } from "../organisation.ts";
import type { Happening } from "../days.ts";
import { travelMinutes } from "../town.ts";
import { apart, dateOf, endOf, everyProvider, exactly, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";

/** The visit that the worker made next on the same day. */
function next(bench: Bench, one: Happening): Happening | null {
  const list = bench.ofStaff(one.worker.staff.id);
  const after = list[list.indexOf(one) + 1];
  return after !== undefined && dateOf(after) === dateOf(one) && after.worker === one.worker ? after : null;
}

const strangers = (a: Happening, b: Happening) =>
  apart(a, b) > 350 &&
  exactly(a.person) &&
  exactly(b.person) &&
  a.person.client.householdId !== b.person.client.householdId;

/** Moves `later` so that it begins `minutes` before `earlier` ends. False where its client had someone else there. */
function pullBack(bench: Bench, earlier: Happening, later: Happening, minutes: number): boolean {
  const start = endOf(earlier) - minutes * MINUTE;
  const end = start + minutesOf(later) * MINUTE;
  if (start <= startOf(earlier) || startOf(later) - start > 45 * MINUTE) return false;
  if (!bench.personFree(later.person, start, end, [later])) return false;
  bench.retime(later, start, end);
  return true;
}

function plantStaffOverlap(bench: Bench) {
  const { random } = bench;
  const rule = "staff-overlap";
  /** Two visits in a row that answer to `fits`, the second pulled back over the first. */
  const pair = (
    provider: string,
    least: number,
    fits: (a: Happening, b: Happening) => boolean,
    overlap: () => number,
  ) => {
    let later: Happening | null = null;
    const earlier = bench.find(provider, (a) => {
      if (!bench.plain(a) || minutesOf(a) < least) return false;
      const b = next(bench, a);
      if (b === null || !bench.plain(b) || minutesOf(b) < least || !fits(a, b)) return false;
      if (!pullBack(bench, a, b, Math.min(overlap(), minutesOf(a) - 1, minutesOf(b) - 1))) return false;
      later = b;
      return true;
    });
    return earlier === null || later === null ? null : ([earlier, later as Happening] as const);
  };

  bench.plant(everyProvider, (provider) => {
    const both = pair(provider, 23, strangers, () => random.int(20, 38));
    if (both === null) return false;
    const [a, b] = both;
    bench.prove(a, "nfc", "manual");
    bench.touch(both);
    const minutes = Math.round((endOf(a) - startOf(b)) / MINUTE);
    const what = `Samma person hos två brukare i ${minutes} minuter`;
    bench.label({ rule, planted: true, what, staff: a.worker.staff.id, provider }, a, b);
    return true;
  });

  const twin = (
    what: string,
    providers: string[],
    least: number,
    fits: Parameters<typeof pair>[2],
    overlap: () => number,
    mark?: (pair: readonly Happening[]) => void,
  ) =>
    bench.plant(
      providers,
      (provider) => {
        const both = pair(provider, least, fits, overlap);
        if (both === null) return false;
        bench.touch(both);
        mark?.(both);
        bench.label({ rule, planted: false, what, staff: both[0].worker.staff.id, provider }, ...both);
        return true;
      },
      Math.max(1, bench.count - 1),
    );
  const sameHouse = (a: Happening, b: Happening) =>
    a.person.place.buildingId === b.person.place.buildingId && exactly(a.person) && exactly(b.person);
  const sameHome = (a: Happening, b: Happening) => a.person.client.householdId === b.person.client.householdId;
  twin(
    "Två lägenheter i samma hus, besöken gick i varandra",
    everyProvider,
    12,
    (a, b) => a.person !== b.person && sameHouse(a, b) && !sameHome(a, b),
    () => random.int(9, 16),
  );
  twin(
    "Ett par som delar hem",
    everyProvider,
    10,
    (a, b) => a.person !== b.person && sameHome(a, b),
    () => random.int(9, 20),
    (both) => {
      const what = "Samma tid registrerad på båda i ett hem";
      const client = both[0]!.person.client.id;
      bench.label({ rule: "household-full-time-twice", planted: true, optional: true, what, client }, ...both);
    },
  );
  twin(
    "Loggade in hos nästa brukare några minuter för tidigt",
    everyProvider,
    12,
    strangers,
    () => random.int(3, 5),
    (both) => bench.prove(both[0]!, "nfc", "manual"),
  );
  let groups = 0;
  twin(
    "Gruppaktivitet för flera brukare",
    ["P6"],
    20,
    strangers,
    () => 40,
    (both) => {
      groups++;
      for (const { visit } of both) visit.groupCode = `GRUPP-${groups}`;
    },
  );
}

interface DoubleJob {
  first: Worker;
  second: Worker;
}

function doubleJobs(bench: Bench): DoubleJob[] {
  const workers = bench.organisation.teams.flatMap((team) => team.workers);
  return bench.random.shuffled(workers.filter(({ onlyOn }) => onlyOn !== undefined)).map((second) => ({
    second,
    first: workers.find(({ staff, onlyOn }) => staff === second.staff && onlyOn === undefined)!,
  }));
}

const overlap = (a: Happening, b: Happening) =>
  (Math.min(endOf(a), endOf(b)) - Math.max(startOf(a), startOf(b))) / MINUTE;

function plantAcrossProviders(bench: Bench) {
  const rule = "staff-overlap-across-providers";
  const jobs = doubleJobs(bench);
  const visitsBy = new Map<string, Happening[]>();
  const key = (team: unknown, day: number) => `${String(team)} ${day}`;
  const wanted = new Set(jobs.map(({ second }) => second.team));
  for (const one of bench.days.happenings) {
    if (!wanted.has(one.worker.team) || !bench.plain(one)) continue;
    const at = key(one.worker.team.unit.id, dateOf(one));
    const list = visitsBy.get(at);
    if (list === undefined) visitsBy.set(at, [one]);
    else list.push(one);
  }
  const others = (second: Worker, one: Happening) =>
    (visitsBy.get(key(second.team.unit.id, dateOf(one))) ?? []).filter(
      (other) => other.worker !== second && other.worker.staff !== second.staff && bench.plain(other),
    );
  /** Goes through the people with two employers until `attempt` has worked for `count` of them. */
  const used = new Set<Worker>();
  const each = (count: number, attempt: (job: DoubleJob, at: Happening) => boolean) => {
    let done = 0;
    for (const job of jobs) {
      if (done >= count) return;
      if (used.has(job.second)) continue;
      const own = bench.ofStaff(job.first.staff.id).filter((one) => one.worker === job.first && bench.plain(one));
      if (!bench.random.shuffled(own).some((one) => attempt(job, one))) continue;
      used.add(job.second);
      done++;
    }
  };
  const take = (second: Worker, other: Happening) => {
    bench.reassign(other, second);
    bench.prove(other, "manual");
  };
  const say = (planted: boolean, what: string, a: Happening, b: Happening) => {
    bench.touch([a, b]);
    bench.label({ rule, planted, what, staff: a.worker.staff.id, provider: a.worker.team.provider.id }, a, b);
  };

  each(bench.count, ({ second, first }, a) => {
    if (minutesOf(a) < 20) return false;
    const b = others(second, a).find((other) => {
      if (overlap(a, other) < 15 || !strangers(a, other)) return false;
      return bench.ofStaff(first.staff.id).every((one) => one === a || overlap(one, other) <= -1);
    });
    if (b === undefined) return false;
    take(second, b);
    say(true, "Samma person hos två brukare för två utförare", a, b);
    return true;
  });
  each(1, ({ second, first }, a) => {
    const b = others(second, a).find((other) => {
      if (other.person.place.buildingId !== a.person.place.buildingId || !exactly(other.person) || !exactly(a.person))
        return false;
      const start = endOf(a) - 10 * MINUTE;
      if (start <= startOf(a) || Math.abs(start - startOf(other)) > 40 * MINUTE) return false;
      const end = start + minutesOf(other) * MINUTE;
      if (!bench.personFree(other.person, start, end, [other])) return false;
      if (
        bench.ofStaff(first.staff.id).some((one) => one !== a && startOf(one) < end + 2 * MINUTE && endOf(one) > start)
      )
        return false;
      bench.retime(other, start, end);
      return true;
    });
    if (b === undefined) return false;
    take(second, b);
    say(false, "Två utförares brukare i samma hus", a, b);
    return true;
  });
  each(Math.max(1, bench.count - 1), ({ second }, a) => {
    const b = others(second, a).find((other) => {
      const gap = (startOf(other) - endOf(a)) / MINUTE;
      const travel = travelMinutes(a.person.place, other.person.place, "car");
      return (
        gap >= travel + 5 && gap < 240 && bench.workerFree(second, other.person.place, startOf(other), endOf(other), [])
      );
    });
    if (b === undefined) return false;
    take(second, b);
    say(false, "Slutade hos den ena utföraren och började hos den andra, med tid för resan", a, b);
    return true;
  });
  // Two people of one name: not the same person, whatever it looks like.
  bench.plant(
    ["P3", "P4", "P5", "P6"],
    (provider) => {
      let b: Happening | null = null;
      const a = bench.find(provider, (one) => {
        if (!bench.plain(one) || minutesOf(one) < 15 || one.worker.staff.employments.length > 1) return false;
        const elsewhere = bench.random.pick(["P1", "P3", "P4", "P5"].filter((id) => id !== provider));
        b = bench.find(
          elsewhere,
          (other) =>
            dateOf(other) === dateOf(one) &&
            overlap(one, other) > 12 &&
            bench.plain(other) &&
            other.worker.staff.employments.length === 1,
        );
        return b !== null;
      });
      if (a === null || b === null) return false;
      const other = b as Happening;
      other.worker.staff.name = a.worker.staff.name;
      say(false, "Två personer med samma namn hos olika utförare", a, other);
      return true;
    },
    1,
  );
}

/** A second visit at the client, by a colleague who has time for it; planned, as the unit saw it. */
export function addSecond(bench: Bench, one: Happening, start: number, end: number): Happening | null {
  const { person, need, worker, plan } = one;
  if (need === null || plan === null || bench.slack(person, bench.monthOf(one)) < (end - start) / MINUTE + 5)
    return null;
  if (person.needs.some(({ staffing }) => staffing === 2)) return null;
  if (!bench.personFree(person, start, end, [one])) return null;
  const onDuty = (other: Worker) => {
    const visits = bench
      .ofStaff(other.staff.id)
      .filter((visit) => dateOf(visit) === dayOf(start) && visit.worker === other);
    const near = (at: number) => Math.abs(at - start) < 3 * HOUR;
    return (
      visits.some((visit) => endOf(visit) < start && near(endOf(visit))) &&
      visits.some((visit) => startOf(visit) > end && near(startOf(visit)))
    );
  };
  const colleague = worker.team.workers.find(
    (other) => other !== worker && onDuty(other) && bench.workerFree(other, person.place, start, end),
  );
  if (colleague === undefined) return null;
  const planned = plan.versions.at(-1)!;
  const version = {
    at: planned.at,
    staffId: colleague.staff.id,
    start,
    // As long as it took: the unit knew what the second one was for.
    end: end + MINUTE,
    services: planned.services,
  };
  const booking = {
    plan: { ...plan, id: bench.days.nextPlanId(worker.team), versions: [version] },
    person,
    worker: colleague,
    need,
  };
  if (plan.workshiftId !== undefined) booking.plan.workshiftId = `pass-${colleague.staff.id}-${dayOf(start)}`;
  bench.days.bookings.push(booking);
  bench.bookingOf.set(booking.plan, booking);
  bench.bookingsOf(person).push(booking);
  const orderId = need.order.id;
  const { services } = headOf(one);
  return bench.add(
    bench.days.registered({ person, worker: colleague, team: worker.team, start, end, services, orderId, booking }),
  );
}

function plantClientOverlap(bench: Bench) {
  const rule = "client-overlap";
  const say = (planted: boolean, what: string, provider: string, a: Happening, b: Happening) => {
    bench.touch([a, b]);
    bench.label({ rule, planted, what, client: a.person.client.id, provider }, a, b);
    return true;
  };
  bench.plant(everyProvider, (provider) => {
    let second: Happening | null = null;
    const first = bench.find(provider, (one) => {
      if (!bench.plain(one) || minutesOf(one) < 20 || bench.unjoined.has(one.person)) return false;
      second = addSecond(bench, one, startOf(one) + 2 * MINUTE, endOf(one) + MINUTE);
      return second !== null;
    });
    if (first === null || second === null) return false;
    return say(true, "Två i personalen samtidigt hos en brukare som har beställt en", provider, first, second);
  });
  bench.plant(everyProvider, (provider) => {
    let second: Happening | null = null;
    const first = bench.find(provider, (one) => {
      if (!bench.plain(one) || minutesOf(one) < 15 || bench.unjoined.has(one.person)) return false;
      // One cleaning by two would be billed as two of those that are paid by the cleaning.
      const { standard } = bench.organisation.agreements.get(provider)!;
      if (headOf(one).services.some((service) => service in standard)) return false;
      second = addSecond(bench, one, endOf(one) - 6 * MINUTE, endOf(one) + 8 * MINUTE);
      return second !== null;
    });
    if (first === null || second === null) return false;
    return say(false, "Lämnade över till en kollega, några minuter tillsammans", provider, first, second);
  });
  const companion = (one: Happening, holds: (other: Happening) => boolean) =>
    bench.ofPerson(one.person).find((other) => other.worker !== one.worker && overlap(one, other) > 11 && holds(other));
  bench.plant(everyProvider, (provider) => {
    let second: Happening | undefined;
    const first = bench.find(provider, (one) => {
      if (one.visit.doubleStaffing !== true || !bench.untouched(one) || headOf(one).status !== "completed")
        return false;
      second = companion(one, (other) => other.need === one.need);
      return second !== undefined;
    });
    if (first === null || second === undefined) return false;
    return say(false, "Dubbelbemanning är beställd", provider, first, second);
  });
  bench.plant(
    everyProvider,
    (provider) => {
      let nurse: Happening | undefined;
      const care = bench.find(provider, (one) => {
        if (!bench.plain(one)) return false;
        nurse = companion(one, (other) => other.need?.law === "HSL" && headOf(other).status === "completed");
        return nurse !== undefined;
      });
      if (care === null || nurse === undefined) return false;
      return say(false, "Hemsjukvården (HSL) kom under ett besök av hemtjänsten", provider, care, nurse);
    },
    Math.max(1, bench.count - 1),
  );
}

function plantImpossibleJourney(bench: Bench) {
  const { random } = bench;
  const rule = "impossible-journey";
  const visitsOn = new Map<string, Happening[]>();
  for (const one of bench.days.happenings) {
    const at = `${one.worker.team.unit.id} ${dateOf(one)}`;
    const list = visitsOn.get(at);
    if (list === undefined) visitsOn.set(at, [one]);
    else list.push(one);
  }
  /** A worker's last visit of the day, and one of a colleague far away that could have followed it `gap` minutes later. */
  const farPair = (provider: string, gap: number, fits: (a: Happening, b: Happening) => boolean) => {
    let far: Happening | undefined;
    const last = bench.find(provider, (a) => {
      if (!bench.plain(a) || a.worker.shift === "night" || next(bench, a) !== null || !exactly(a.person)) return false;
      const start = endOf(a) + gap * MINUTE;
      far = (visitsOn.get(`${a.worker.team.unit.id} ${dateOf(a)}`) ?? []).find((b) => {
        if (apart(a, b) < 18_000 || Math.abs(startOf(b) - start) > 45 * MINUTE || !bench.plain(b)) return false;
        if (b.worker === a.worker || b.person.client.homes.length === 0 || !fits(a, b)) return false;
        const end = start + minutesOf(b) * MINUTE;
        const after = bench.ofStaff(a.worker.staff.id).find((one) => startOf(one) > endOf(a));
        if (after !== undefined && startOf(after) < end + 6 * HOUR) return false;
        return bench.personFree(b.person, start, end, [b]);
      });
      return far !== undefined;
    });
    if (last === null || far === undefined) return null;
    const start = endOf(last) + gap * MINUTE;
    bench.retime(far, start, start + minutesOf(far) * MINUTE);
    bench.reassign(far, last.worker);
    bench.prove(last, "nfc");
    bench.prove(far, "nfc");
    bench.touch([last, far]);
    return [last, far] as const;
  };
  const say = (planted: boolean, what: string, provider: string, pair: readonly [Happening, Happening]) =>
    bench.label({ rule, planted, what, staff: pair[0].worker.staff.id, provider }, ...pair);
  const distance = ([a, b]: readonly [Happening, Happening]) => Math.round(apart(a, b) / 1000);
  const bothExact = (_: Happening, b: Happening) => exactly(b.person);

  bench.plant(everyProvider, (provider) => {
    const gap = random.int(4, 6);
    const pair = farPair(provider, gap, bothExact);
    if (pair === null) return false;
    say(true, `${distance(pair)} kilometer på ${gap} minuter, båda besöken kvitterade`, provider, pair);
    return true;
  });
  bench.plant(everyProvider, (provider, number) => {
    if (number % 3 === 0) {
      // Some 75 km/h as the crow flies: fast, and a road allows it.
      const pair = farPair(provider, 20, bothExact);
      if (pair === null) return false;
      say(false, `${distance(pair)} kilometer på 20 minuter med bil`, provider, pair);
      return true;
    }
    if (number % 3 === 1) {
      const pair = farPair(provider, 6, bothExact);
      if (pair === null) return false;
      bench.prove(pair[1], "manual");
      say(false, "Tiden hos den andra brukaren är efterregistrerad", provider, pair);
      return true;
    }
    const pair = farPair(provider, 6, (_, b) => bench.free(b.person));
    if (pair === null) return false;
    const home = pair[1].person.client.homes[0]!;
    home.precision = "postcode";
    say(false, "Läget är bara postnumrets", provider, pair);
    return true;
  });
}

export function plantOverlaps(bench: Bench) {
  plantStaffOverlap(bench);
  plantAcrossProviders(bench);
  plantClientOverlap(bench);
  plantImpossibleJourney(bench);
}
