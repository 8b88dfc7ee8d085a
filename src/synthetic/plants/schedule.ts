import { dayOf, HOUR, MINUTE } from "#model";
import type { Month } from "#model";
import type { Booking, Happening } from "../days.ts";
import type { Worker } from "../organisation.ts";
import { dateOf, endOf, everyProvider, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { decline } from "./granted.ts";
import { ordinaryWorker } from "./help.ts";
import { periodOf } from "./serve.ts";

const bookingOf = (bench: Bench, { plan }: Happening): Booking => bench.bookingOf.get(plan)!;
const plannedOf = ({ plan }: Happening) => plan!.versions.at(-1)!;
const plannedMinutes = (one: Happening) => (plannedOf(one).end - plannedOf(one).start) / MINUTE;

/** Nothing else is near at the client's: what is moved cannot be taken for something else. */
function alone(bench: Bench, one: Happening, minutes = 200): boolean {
  const at = startOf(one);
  const near = (start: number) => Math.abs(start - at) <= minutes * MINUTE;
  return (
    bench.ofPerson(one.person).every((other) => other === one || !near(startOf(other))) &&
    bench.bookingsOf(one.person).every(({ plan }) => plan === one.plan || !near(plan.versions.at(-1)!.start))
  );
}

/** With the time comes a word on why it was typed in, which could be taken for why it is as it is. */
const byHand = (one: Happening) => headOf(one).startProof === "manual" || headOf(one).endProof === "manual";

const spot = (bench: Bench, provider: string, holds: (one: Happening) => boolean) =>
  bench.find(
    provider,
    (one) =>
      bench.plain(one) &&
      one.worker.team.kind === "day" &&
      !bench.unjoined.has(one.person) &&
      !byHand(one) &&
      alone(bench, one) &&
      holds(one),
  );

/** The worker and the client could go on, or begin again, at that time. */
const possible = (bench: Bench, one: Happening, start: number, end: number) =>
  bench.workerFree(one.worker, one.person.place, start, end, [one]) && bench.personFree(one.person, start, end, [one]);

interface Kind {
  rule: string;
  planted: boolean;
  what: string | ((one: Happening) => string);
}

function say(bench: Bench, { rule, planted, what }: Kind, one: Happening, minutes?: number) {
  bench.touch([one]);
  bench.label(
    {
      rule,
      planted,
      intensity: "visit",
      what: typeof what === "string" ? what : what(one),
      client: one.person.client.id,
      staff: one.worker.staff.id,
      provider: one.worker.team.provider.id,
      ...(minutes !== undefined && { minutes }),
    },
    one,
  );
}

/** Someone typed the visit in differently, and said why. */
function explained(one: Happening, editReason: string) {
  const head = headOf(one);
  head.editedBy = one.worker.staff.id;
  head.editReason = editReason;
}

function plantShort(bench: Bench) {
  const { random } = bench;
  const rule = "short-visit";
  const shorten = (one: Happening, share: number) =>
    bench.retime(one, startOf(one), startOf(one) + Math.round(plannedMinutes(one) * share) * MINUTE);
  bench.plant(everyProvider, (provider) => {
    const one = spot(bench, provider, (visit) => plannedMinutes(visit) >= 25);
    if (one === null) return false;
    const planned = plannedMinutes(one);
    shorten(one, 0.2 + random.next() * 0.18);
    const what = `${minutesOf(one)} av ${planned} planerade minuter`;
    say(bench, { rule, planted: true, what }, one, planned - minutesOf(one));
    return true;
  });
  bench.plant(
    everyProvider,
    (provider, number) => {
      const withReason = ["P3", "P4", "P5", "P6"].includes(provider) && number % 3 === 1;
      const one = spot(bench, provider, (visit) => plannedMinutes(visit) >= 25);
      if (one === null) return false;
      if (withReason) {
        shorten(one, 0.35);
        explained(one, "Brukaren bad personalen gå när dottern kom");
        say(bench, { rule, planted: false, what: "Avbröts på brukarens begäran, med skäl" }, one);
      } else if (number % 3 === 2) {
        decline(bench, one);
        say(bench, { rule, planted: false, what: "Brukaren avböjde i dörren" }, one);
      } else {
        shorten(one, 0.66);
        say(bench, { rule, planted: false, what: "Två tredjedelar av den planerade tiden" }, one);
      }
      return true;
    },
    bench.count + 1,
  );
}

function plantLong(bench: Bench) {
  const { random } = bench;
  const rule = "long-visit";
  const longer = (provider: string, more: (planned: number) => number) => {
    let end = 0;
    const one = spot(bench, provider, (visit) => {
      end = startOf(visit) + (plannedMinutes(visit) + more(plannedMinutes(visit))) * MINUTE;
      return (
        possible(bench, visit, startOf(visit), end) &&
        bench.slack(visit.person, bench.monthOf(visit)) > (end - endOf(visit)) / MINUTE + 10
      );
    });
    if (one !== null) bench.retime(one, startOf(one), end);
    return one;
  };
  bench.plant(everyProvider, (provider) => {
    const one = longer(provider, (planned) => Math.max(random.int(14, 22), Math.round(planned * 0.4)));
    if (one === null) return false;
    const planned = plannedMinutes(one);
    say(
      bench,
      { rule, planted: true, what: `${minutesOf(one)} minuter, ${planned} planerade` },
      one,
      minutesOf(one) - planned,
    );
    return true;
  });
  bench.plant(
    everyProvider,
    (provider, number) => {
      const approved = number % 2 === 1;
      const one = longer(provider, (planned) => (approved ? Math.max(15, Math.round(planned * 0.5)) : 6));
      if (one === null) return false;
      if (approved) headOf(one).approved = true;
      const what = approved
        ? "Tog längre tid, och enhetschefen har godkänt det"
        : "Sex minuter över den planerade tiden";
      say(bench, { rule, planted: false, what }, one);
      return true;
    },
    bench.count + 1,
  );
}

function plantLate(bench: Bench) {
  const { random } = bench;
  const rule = "late-start";
  /** Moves the visit so that it begins so many minutes after `from`. */
  const later = (provider: string, from: "start" | "end", minutes: number) => {
    let start = 0;
    const one = spot(bench, provider, (visit) => {
      start = plannedOf(visit)[from] + minutes * MINUTE;
      const end = start + minutesOf(visit) * MINUTE;
      return plannedMinutes(visit) <= 40 && dateOf(visit) === dayOf(start) && possible(bench, visit, start, end);
    });
    if (one !== null) bench.retime(one, start, start + minutesOf(one) * MINUTE);
    return one;
  };
  // Where the registration names its plan: hours later, the others' could as well be a visit of its own.
  bench.plant(["P1", "P2"], (provider) => {
    const minutes = random.int(68, 85);
    const one = later(provider, "end", minutes);
    if (one === null) return false;
    say(
      bench,
      { rule, planted: true, what: `Började ${minutes} minuter efter att det skulle ha varit klart` },
      one,
      minutes,
    );
    return true;
  });
  bench.plant(
    everyProvider,
    (provider, number) => {
      if (number % 2 === 0) {
        const one = later(provider, "start", random.int(18, 28));
        if (one === null) return false;
        say(bench, { rule, planted: false, what: "Knappt en halvtimme efter planen" }, one);
        return true;
      }
      const one = later(provider, "end", 90);
      if (one === null) return false;
      const { plan } = one;
      const last = plannedOf(one);
      const [start, end] = [startOf(one) - MINUTE, startOf(one) - MINUTE + (last.end - last.start)];
      plan!.versions.push({ ...last, at: last.start - 2 * HOUR, start, end });
      if (one.visit.plannedStart !== undefined) Object.assign(one.visit, { plannedStart: start, plannedEnd: end });
      say(bench, { rule, planted: false, what: "Besöket flyttades i planen ett par timmar innan" }, one);
      return true;
    },
    bench.count + 1,
  );
}

function plantRewritten(bench: Bench) {
  const { random } = bench;
  const rule = "plan-rewritten";
  const moved = (provider: string) => {
    const minutes = random.int(22, 28);
    const one = spot(bench, provider, (visit) => {
      const start = plannedOf(visit).start + minutes * MINUTE;
      return possible(bench, visit, start, start + minutesOf(visit) * MINUTE);
    });
    if (one === null) return null;
    const start = plannedOf(one).start + minutes * MINUTE;
    bench.retime(one, start, start + minutesOf(one) * MINUTE);
    return one;
  };
  // Of others than the sixth provider's planner only the last plan is known.
  const withHistory = bench.organisation.teams
    .filter(({ unit }) => unit.plansIn === "files")
    .map(({ provider }) => provider.id);
  const rewrite = (one: Happening, at: number) => {
    const last = plannedOf(one);
    one.plan!.versions.push({ ...last, at, start: startOf(one), end: endOf(one) });
  };
  bench.plant(
    ["P6", "P1", "P6", "P3", "P6", "P4"],
    (provider) => {
      const one = moved(provider);
      if (one === null) return false;
      rewrite(one, endOf(one) + random.int(30, 240) * MINUTE);
      bench.touch([one]);
      bench.label(
        {
          rule,
          planted: true,
          intensity: "visit",
          what: "Planen skrevs om efter besöket så att den stämde med det",
          client: one.person.client.id,
          staff: one.worker.staff.id,
          provider,
          ...(!withHistory.includes(provider) && { optional: true }),
        },
        one,
        bookingOf(bench, one),
      );
      return true;
    },
    2 * bench.count,
  );
  bench.plant(["P6"], (provider, number) => {
    const one = number % 2 === 0 ? moved(provider) : spot(bench, provider, () => true);
    if (one === null) return false;
    if (number % 2 === 0) rewrite(one, plannedOf(one).start - random.int(14, 20) * HOUR);
    else {
      const { staffId: _, ...last } = plannedOf(one);
      const version = { ...last, at: endOf(one) + HOUR, staffId: one.worker.staff.id };
      one.plan!.versions.push({ ...version, services: [...version.services] });
    }
    bench.touch([one]);
    const what =
      number % 2 === 0 ? "Planen ändrades dagen innan" : "Planen sparades igen efter besöket, med samma tider";
    bench.label({ rule, planted: false, what, client: one.person.client.id, provider }, one, bookingOf(bench, one));
    return true;
  });
}

/** All that a worker did on the day becomes what was planned, to the minute. Returns how much could. */
function copyDay(bench: Bench, day: readonly Happening[]): number {
  const plain = day.filter(
    ({ visit, plan, need }) =>
      visit.versions.length === 1 && plan !== null && need !== null && visit.versions[0]!.status === "completed",
  );
  let possible = plain.filter((one) => plannedOf(one).cancelled !== true && bench.untouched(one) && bench.calm(one));
  // What stays as it was takes its time, and nobody is in two places: until all that is left goes together.
  for (let before = Infinity; possible.length < before;) {
    before = possible.length;
    possible = possible.filter((one) => {
      const { start, end } = plannedOf(one);
      return (
        bench.personFree(one.person, start, end, possible) &&
        bench.workerFree(one.worker, one.person.place, start, end, possible)
      );
    });
  }
  for (const one of possible) bench.retime(one, plannedOf(one).start, plannedOf(one).end);
  bench.keep(possible);
  return possible.length;
}

export function plantCopied(bench: Bench) {
  const { random, months } = bench;
  const rule = "copied-plan";
  const used = new Set<string>();
  if (months.length === 0) return;
  const copy = (worker: Worker, month: Month, share: number) => {
    const own = bench.ofStaff(worker.staff.id).filter((one) => one.worker === worker && bench.monthOf(one) === month);
    const days = Map.groupBy(own, dateOf);
    let copied = 0;
    for (const day of random.shuffled([...days.values()])) {
      if (copied >= share * own.length) break;
      copied += copyDay(bench, day);
    }
    return copied / own.length;
  };
  const exact = (one: Happening) =>
    one.plan !== null &&
    Math.abs(startOf(one) - plannedOf(one).start) <= MINUTE &&
    Math.abs(endOf(one) - plannedOf(one).end) <= MINUTE;

  // A whole unit in the last month.
  const month = months.at(-1)!;
  const provider = "P6";
  const ofProvider = bench
    .allOf(provider)
    .filter((one) => bench.monthOf(one) === month && !bench.unjoined.has(one.person));
  const workers = [...new Set(ofProvider.map(({ worker }) => worker))];
  const units = new Set(ofProvider.map(({ visit }) => visit.unitId));
  if (units.size === 1) {
    for (const worker of workers) {
      copy(worker, month, 1);
      used.add(worker.staff.id);
    }
    const share = ofProvider.filter(exact).length / ofProvider.length;
    const what = `${Math.round(share * 100)} procent av enhetens besök registrerades exakt som de var planerade`;
    const about = { rule, what, provider, ...periodOf(month) };
    bench.label({
      ...about,
      planted: true,
      intensity: "unit",
      unit: [...units][0]!,
      ...(share < 0.66 && { optional: true }),
    });
    for (const { staff } of workers) bench.label({ ...about, planted: true, optional: true, staff: staff.id });
  }

  const one = (share: number, attempt: (worker: Worker, when: Month, reached: number) => void) => (id: string) => {
    const when = random.pick(months);
    const candidates = bench.organisation.teams
      .filter((team) => team.provider.id === id && team.kind === "day")
      .flatMap((team) => team.workers)
      .filter((worker) => ordinaryWorker(worker) && !used.has(worker.staff.id));
    for (const worker of random.shuffled(candidates)) {
      const own = bench.ofStaff(worker.staff.id).filter((visit) => bench.monthOf(visit) === when);
      if (own.length < 80 || own.filter((visit) => bench.unjoined.has(visit.person)).length > own.length * 0.1)
        continue;
      used.add(worker.staff.id);
      const reached = copy(worker, when, share);
      if (share > 0.6 && reached < 0.73) {
        const what = "En del av personens besök registrerades exakt som de var planerade";
        bench.label({ rule, planted: true, optional: true, what, staff: worker.staff.id, ...periodOf(when) });
        continue;
      }
      attempt(worker, when, own.filter(exact).length / own.length);
      return true;
    }
    return false;
  };
  const percent = (share: number) => Math.round(share * 100);
  // Of the others something else is told, unit by unit.
  const where = ["P1", "P2"];
  bench.plant(
    where,
    one(0.92, (worker, when, share) => {
      const what = `${percent(share)} procent av personens besök registrerades exakt som de var planerade`;
      const about = { staff: worker.staff.id, provider: worker.team.provider.id, ...periodOf(when) };
      bench.label({ rule, planted: true, intensity: "month", what, ...about });
    }),
  );
  bench.plant(
    where,
    one(0.22, (worker, when, share) => {
      const what = `${percent(share)} procent stämde exakt: en van person med fasta tider`;
      const about = { staff: worker.staff.id, provider: worker.team.provider.id, ...periodOf(when) };
      bench.label({ rule, planted: false, intensity: "month", what, ...about });
    }),
  );
}

function plantMerged(bench: Bench) {
  const rule = "merged-visits";
  /** Two visits of one client on a day, some hours apart, of which the first could have gone on. */
  const pair = (provider: string) => {
    let second: Happening | undefined;
    const first = spot(bench, provider, (a) => {
      second = bench.ofPerson(a.person).find((b) => {
        const hours = (plannedOf(a).start - startOf(b)) / -HOUR;
        return (
          b.plan !== null &&
          b !== a &&
          b.need?.team === a.need?.team &&
          dateOf(b) === dateOf(a) &&
          hours > 3.4 &&
          hours < 7 &&
          // A look-in of ten minutes is soon made up for, and shows in no registration.
          b.need!.minutes >= 15 &&
          bench.plain(b) &&
          alone(bench, b)
        );
      });
      const services = a.need!.services;
      if (second === undefined || second.need!.services.every((code) => services.includes(code))) return false;
      const end = startOf(a) + (a.need!.minutes + second.need!.minutes) * MINUTE;
      return possible(bench, a, startOf(a), end);
    });
    return first === null || second === undefined ? null : ([first, second] as const);
  };
  const merge = ([a, b]: readonly [Happening, Happening]) => {
    const booking = bookingOf(bench, b);
    bench.remove(b);
    bench.retime(a, startOf(a), startOf(a) + (a.need!.minutes + b.need!.minutes - 2) * MINUTE);
    const head = headOf(a);
    head.services = [...new Set([...head.services, ...booking.plan.versions.at(-1)!.services])];
    bench.touch([a, b]);
    return booking;
  };
  bench.plant(everyProvider, (provider) => {
    const both = pair(provider);
    if (both === null) return false;
    const [a] = both;
    const first = bookingOf(bench, a);
    const booking = merge(both);
    const hours = Math.round((booking.plan.versions.at(-1)!.start - plannedOf(a).start) / HOUR);
    const about = { client: a.person.client.id, provider };
    const what = `Två planerade besök med ${hours} timmar emellan gjordes som ett`;
    bench.label({ rule, planted: true, intensity: "visit", what, ...about }, a, first, booking);
    bench.label({ rule: "missed-visit", planted: true, optional: true, what, ...about }, booking);
    bench.label({ rule: "long-visit", planted: true, optional: true, what, ...about }, a);
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    const both = pair(provider);
    if (both === null) return false;
    const [a, b] = both;
    const first = bookingOf(bench, a);
    const booking = merge(both);
    const last = plannedOf(a);
    const at = last.start - 22 * HOUR;
    const services = [...new Set([...last.services, ...booking.plan.versions.at(-1)!.services])];
    const end = last.end + b.need!.minutes * MINUTE;
    a.plan!.versions.push({ ...last, at: Math.max(at, last.at + MINUTE), end, services });
    if (a.visit.plannedEnd !== undefined) a.visit.plannedEnd = end;
    bench.cancel(booking, at);
    const what = "Brukaren ville ha båda besöken på en gång, och planen ändrades dagen innan";
    bench.label({ rule, planted: false, what, client: a.person.client.id, provider }, a, first, booking);
    return true;
  });
}

export function plantSchedule(bench: Bench) {
  plantShort(bench);
  plantLong(bench);
  plantLate(bench);
  plantRewritten(bench);
  plantMerged(bench);
}
