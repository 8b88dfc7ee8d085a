import { atMinute, daysOfMonth, formatDay, HOUR, MINUTE, weekdayOf } from "#model";
import type { Day, Instant, Month } from "#model";
import type { Happening } from "../days.ts";
import type { Team, Worker } from "../organisation.ts";
import { dateOf, endOf, everyProvider, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { daysAt, handOver, newClient, newClientFor, onDuty, ordinaryWorker, providersOf, visit } from "./help.ts";
import { hire } from "./quality.ts";

const monthLabel = (month: Month) => {
  const { first, last } = daysOfMonth(month);
  return { from: formatDay(first), through: formatDay(last) };
};
const minutesIn = (visits: readonly Happening[]) => visits.reduce((sum, one) => sum + minutesOf(one), 0);
const dayTeams = (bench: Bench, provider: string) =>
  bench.organisation.teams.filter((team) => team.kind === "day" && team.provider.id === provider);

/** Workers by day whom nothing else has been planted on, with the days of a month on which they work. */
function quietWorker(
  bench: Bench,
  provider: string,
  month: Month,
  used: Set<string>,
  holds: (worker: Worker, days: Map<Day, Happening[]>) => boolean,
): { worker: Worker; days: Map<Day, Happening[]> } | null {
  const workers = dayTeams(bench, provider).flatMap((team) => team.workers.filter(ordinaryWorker));
  const { first, last } = daysOfMonth(month);
  for (const worker of bench.random.shuffled(workers)) {
    if (used.has(worker.staff.id)) continue;
    if ([...worker.away.keys()].some((day) => day >= first - 3 && day <= last + 3)) continue;
    const days = daysAt(bench, worker, month);
    const all = [...days.values()].flat();
    if (all.length < 40 || !all.every((one) => headOf(one).end !== null && minutesOf(one) < 200 && minutesOf(one) > 0))
      continue;
    if (!holds(worker, days)) continue;
    used.add(worker.staff.id);
    return { worker, days };
  }
  return null;
}

const happened = (visit: Happening) => headOf(visit).status === "completed";
const firstOf = (visits: readonly Happening[]) => Math.min(...visits.map(startOf));
const lastOf = (visits: readonly Happening[]) => Math.max(...visits.map(endOf));

function plantImpossibleDay(bench: Bench, used: Set<string>) {
  const { random } = bench;
  const rule = "impossible-day";
  /** A day of the worker's own with hours of respite before and after. */
  const sixteenAndMore = (provider: string, count: number) => {
    const month = random.pick(bench.months);
    let fit: Day[] = [];
    const found = quietWorker(bench, provider, month, used, (_, days) => {
      fit = [...days].flatMap(([day, visits]) => {
        const ordinary = minutesIn(visits) >= 200 && firstOf(visits) >= atMinute(day, 405);
        return ordinary && lastOf(visits) <= atMinute(day, 975) && !inRepeatedNight(day) ? [day] : [];
      });
      return fit.length >= count;
    });
    if (found === null) return null;
    const { worker, days } = found;
    const chosen = random.shuffled(fit).slice(0, count);
    const night = newClientFor(bench, worker.team, month, "avlosning", 375, count);
    const evening = newClientFor(bench, worker.team, month, "avlosning", 420, count);
    const made = chosen.flatMap((day) => {
      const from = atMinute(day, 10);
      const through = atMinute(day, 1425);
      onDuty(bench, worker, from - 5 * MINUTE, through);
      return [
        ...days.get(day)!,
        visit(night, bench, worker, from, from + 370 * MINUTE),
        visit(evening, bench, worker, through - 415 * MINUTE, through - MINUTE),
      ];
    });
    bench.occupy(made);
    return { worker, made, month, minutes: minutesIn(made) };
  };
  bench.plant(providersOf(bench), (provider) => {
    const found = sixteenAndMore(provider, 1);
    if (found === null) return false;
    const { worker, made, minutes } = found;
    const what = `${Math.round(minutes / 60)} timmars besök på ett dygn`;
    bench.label({ rule, planted: true, intensity: "visit", what, staff: worker.staff.id, provider }, ...made);
    return true;
  });
  bench.plant(
    providersOf(bench),
    (provider) => {
      const found = sixteenAndMore(provider, 6);
      if (found === null) return false;
      const { worker, made } = found;
      const what = "Sjutton timmars besök på ett dygn, sex gånger under månaden";
      const about = { planted: true, intensity: "month" as const, what, staff: worker.staff.id, provider };
      for (const day of Map.groupBy(made, dateOf).values()) bench.label({ rule, ...about }, ...day);
      return true;
    },
    1,
  );
  bench.plant(providersOf(bench), (provider) => {
    const month = random.pick(bench.months);
    const found = quietWorker(bench, provider, month, used, (_, days) => days.size > 8 && !shortNights(days));
    if (found === null) return false;
    const { worker, days } = found;
    const day = [...days.keys()].find((one) => lastOf(days.get(one)!) <= atMinute(one, 975));
    if (day === undefined) return false;
    const evening = newClientFor(bench, worker.team, month, "avlosning", 270, 1);
    onDuty(bench, worker, atMinute(day, 980), atMinute(day, 1270));
    const made = visit(evening, bench, worker, atMinute(day, 990), atMinute(day, 1255));
    const all = [...days.get(day)!, made];
    bench.occupy(all);
    const what = "Dubbelpass: hela dagen och en kvälls avlösning";
    bench.label({ rule, planted: false, what, staff: worker.staff.id, provider }, ...all);
    return true;
  });
}

/** Who has had short nights already would have more of them than meant. */
const shortNights = (days: ReadonlyMap<Day, Happening[]>) =>
  [...days].some(([day, visits]) => {
    const next = days.get(day + 1);
    return next !== undefined && firstOf(next) - lastOf(visits) < 11.5 * HOUR;
  });

/** The night when the clocks change has hours that are hard to read. */
const inRepeatedNight = (day: Day) => atMinute(day + 1, 0) - atMinute(day, 0) !== 24 * HOUR;

function plantClientDay(bench: Bench) {
  const { random } = bench;
  const rule = "client-day-too-long";
  /** Round the clock for a day, by as many as it takes; `parts` are minutes of the day. */
  const around = (provider: string, parts: ReadonlyArray<[number, number]>, staffing: 1 | 2) => {
    const [team] = dayTeams(bench, provider);
    if (team === undefined) return null;
    let day = random.int(bench.from + 6, bench.through - 6);
    if (inRepeatedNight(day)) day += 2;
    const minutes = 1440;
    const helped = newClient(
      bench,
      team,
      { service: "avlosning", minutes, per: "once", staffing },
      { from: day, through: day },
    );
    const made = parts.map(([from, through]) => {
      const worker = hire(bench, team.workers[0]!, true);
      const [start, end] = [atMinute(day, from), atMinute(day, through)];
      onDuty(bench, worker, start - 10 * MINUTE, end + 10 * MINUTE);
      return visit(helped, bench, worker, start, end, { proof: "nfc", doubleStaffing: staffing === 2 });
    });
    bench.occupy(made);
    return { client: helped.person.client.id, made };
  };
  bench.plant(everyProvider, (provider) => {
    const parts: Array<[number, number]> = [
      [5, 560],
      [230, 830],
      [700, 1230],
      [900, 1435],
    ];
    const found = around(provider, parts, 1);
    if (found === null) return false;
    const hours = Math.round(minutesIn(found.made) / 60);
    const what = `${hours} timmar hos en brukare på ett dygn, där en i taget är beställd`;
    const { client, made } = found;
    bench.label({ rule, planted: true, intensity: "visit", what, client, provider }, ...made);
    return true;
  });
  bench.plant(everyProvider, (provider, number) => {
    const shifts: Array<[number, number]> = [
      [2, 478],
      [479, 957],
      [958, 1436],
    ];
    const pairs: Array<[number, number]> = [
      [5, 700],
      [6, 701],
      [705, 1400],
      [706, 1401],
    ];
    const found = number % 2 === 0 ? around(provider, shifts, 1) : around(provider, pairs, 2);
    if (found === null) return false;
    const what = number % 2 === 0 ? "Vård dygnet runt i tre pass" : "Två hela dagen, som beställt";
    bench.label({ rule, planted: false, what, client: found.client, provider }, ...found.made);
    return true;
  });
}

function plantRest(bench: Bench, used: Set<string>) {
  const { random } = bench;
  const rule = "no-rest";
  /** Evenings before a working day, until `minute`. */
  const evenings = (provider: string, count: number, minute: number, kind: "work" | "other", minutes = 235) => {
    const month = random.pick(bench.months);
    let fit: Day[] = [];
    const { last } = daysOfMonth(month);
    const found = quietWorker(bench, provider, month, used, (_, days) => {
      if (shortNights(days)) return false;
      fit = [...days.keys()].filter(
        (day) =>
          day < last &&
          days.has(day + 1) &&
          lastOf(days.get(day)!) <= atMinute(day, 1000) &&
          firstOf(days.get(day + 1)!.filter(happened)) <= atMinute(day + 1, 455) &&
          !inRepeatedNight(day) &&
          !inRepeatedNight(day + 1),
      );
      return fit.length >= count;
    });
    if (found === null) return null;
    const { worker, days } = found;
    const helped = newClientFor(bench, worker.team, month, "omvardnad", minutes, count);
    const chosen = random.shuffled(fit).slice(0, count);
    const made = chosen.flatMap((day) => {
      const end = atMinute(day, minute);
      const start = end - (minutes - 3) * MINUTE;
      onDuty(bench, worker, start - 30 * MINUTE, end + 15 * MINUTE, kind);
      // Called out, on call counts as worked.
      if (kind === "other") onDuty(bench, worker, start - 10 * MINUTE, end + 10 * MINUTE);
      const late = visit(helped, bench, worker, start, end);
      const before = days.get(day)!.toSorted((a, b) => startOf(a) - startOf(b));
      const after = days
        .get(day + 1)!
        .filter(happened)
        .toSorted((a, b) => startOf(a) - startOf(b));
      return [before.at(-1)!, late, after[0]!];
    });
    const touched = [...new Set(made)];
    bench.occupy(touched);
    return { worker, made: touched, month };
  };
  bench.plant(providersOf(bench), (provider) => {
    const found = evenings(provider, 6, 1330, "work");
    if (found === null) return false;
    const what = "Kvällspass till tio och dagpass från sju, sex gånger under månaden";
    const about = { what, staff: found.worker.staff.id, provider, ...monthLabel(found.month) };
    bench.label({ rule, planted: true, intensity: "month", ...about }, ...found.made);
    return true;
  });
  bench.plant(providersOf(bench), (provider) => {
    const found = evenings(provider, 1, 1436, "work", 330);
    if (found === null) return false;
    const what = "Slutade vid midnatt och började klockan sju";
    const about = { what, staff: found.worker.staff.id, provider, ...monthLabel(found.month) };
    bench.label({ rule, planted: true, intensity: "visit", ...about }, ...found.made);
    return true;
  });
  bench.plant(providersOf(bench), (provider, number) => {
    if (number % 2 === 0) {
      const found = evenings(provider, 2, 1300, "work");
      if (found === null) return false;
      const what = "Två sena kvällar under månaden, med nio timmar till nästa pass";
      const about = { what, staff: found.worker.staff.id, provider, ...monthLabel(found.month) };
      bench.label({ rule, planted: false, ...about }, ...found.made);
      return true;
    }
    const found = evenings(provider, 5, 1437, "other", 35);
    if (found === null) return false;
    const what = "Ryckte ut sent från sin jour, som står i schemat";
    const about = { what, staff: found.worker.staff.id, provider, ...monthLabel(found.month) };
    bench.label({ rule, planted: false, ...about }, ...found.made);
    return true;
  });
}

function plantNeverOff(bench: Bench, used: Set<string>) {
  const { random } = bench;
  const rule = "never-off";
  /** Fills the worker's days off, all or but for the weekday on which they never work anyhow. */
  const fill = (provider: string, withOff: boolean) => {
    const month = random.pick(bench.months);
    const { first, last } = daysOfMonth(month);
    const [from, through] = [Math.max(bench.from, first - 2), Math.min(bench.through, last + 2)];
    let off: number | null = null;
    const found = quietWorker(bench, provider, month, used, ({ staff }) => {
      const weekdays = new Set(
        bench
          .ofStaff(staff.id)
          .map(dateOf)
          .filter((day) => day >= from && day <= through)
          .map(weekdayOf),
      );
      off = withOff ? ([1, 2, 3, 4, 5, 6, 7].find((weekday) => !weekdays.has(weekday)) ?? null) : null;
      return !withOff || off !== null;
    });
    if (found === null) return null;
    const { worker } = found;
    const working = new Set(bench.ofStaff(worker.staff.id).map(dateOf));
    const missing = Array.from({ length: through - from + 1 }, (_, index) => from + index).filter(
      (day) => !working.has(day) && weekdayOf(day) !== off,
    );
    const helped = newClient(
      bench,
      worker.team,
      { service: "social", minutes: 60, times: missing.length, per: "once" },
      { from, through },
    );
    const made = missing.map((day) => {
      const start = atMinute(day, 600);
      onDuty(bench, worker, start - 20 * MINUTE, start + 75 * MINUTE);
      return visit(helped, bench, worker, start, start + 55 * MINUTE);
    });
    const own = bench.ofStaff(worker.staff.id).filter((one) => dateOf(one) >= from && dateOf(one) <= through);
    bench.occupy([...made, ...own]);
    return { worker, made, month, through: last };
  };
  bench.plant(providersOf(bench), (provider) => {
    const found = fill(provider, false);
    if (found === null) return false;
    const what = "Besök varje dag i mer än en månad";
    const about = { what, staff: found.worker.staff.id, provider, ...monthLabel(found.month) };
    bench.label({ rule, planted: true, intensity: "month", ...about }, ...found.made);
    return true;
  });
  bench.plant(providersOf(bench), (provider) => {
    const found = fill(provider, true);
    if (found === null) return false;
    const what = "Arbetade sex dagar i veckan, ledig samma veckodag varje vecka";
    const about = { what, staff: found.worker.staff.id, provider, ...monthLabel(found.month) };
    bench.label({ rule, planted: false, ...about }, ...found.made);
    return true;
  });
}

/** Comes after all that gives somebody another visit: which phone it was made with would be anybody's guess. */
export function plantLogins(bench: Bench) {
  if (bench.months.length === 0) return;
  const used = new Set<string>();
  const { random } = bench;
  const rule = "shared-login";
  const spare = (team: Team) => `tel-${team.unit.id}-reserv`;
  const inOrder = (visits: readonly Happening[]) => visits.toSorted((a, b) => startOf(a) - startOf(b));
  const close = (a: Happening, b: Happening) => startOf(b) - endOf(a) < 20 * MINUTE && startOf(b) >= endOf(a);
  /** Every other visit of the day from another phone. */
  const alternating = (visits: readonly Happening[], device: string) =>
    inOrder(visits).forEach((one, index) => {
      if (index % 2 === 1) one.visit.deviceId = device;
    });
  const busy = (visits: readonly Happening[]) => {
    const list = inOrder(visits);
    return list.filter((one, index) => index > 0 && close(list[index - 1]!, one)).length >= 4;
  };

  bench.plant(providersOf(bench), (provider) => {
    const month = random.pick(bench.months);
    let day: Happening[] | undefined;
    const found = quietWorker(bench, provider, month, used, (_, days) => {
      day = random.shuffled([...days.values()]).find((visits) => busy(visits) && visits.every(bench.left));
      return day !== undefined;
    });
    if (found === null || day === undefined) return false;
    alternating(day, `tel-${found.worker.team.unit.id}-x${found.worker.index}`);
    bench.occupy(day);
    const what = "En inloggning från två telefoner om vartannat samma dag";
    bench.label({ rule, planted: true, intensity: "visit", what, staff: found.worker.staff.id, provider }, ...day);
    return true;
  });
  bench.plant(
    providersOf(bench),
    (provider) => {
      const month = random.pick(bench.months);
      const found = quietWorker(bench, provider, month, used, (_, days) => [...days.values()].filter(busy).length > 8);
      if (found === null) return false;
      for (const visits of found.days.values()) {
        if (!busy(visits)) continue;
        alternating(visits, `tel-${found.worker.team.unit.id}-x${found.worker.index}`);
        bench.occupy(visits);
        const what = "En inloggning från två telefoner hela månaden";
        bench.label(
          { rule, planted: true, intensity: "month", what, staff: found.worker.staff.id, provider },
          ...visits,
        );
      }
      return true;
    },
    1,
  );
  // Four of a unit share one phone for a day.
  bench.plant(providersOf(bench), (provider) => {
    const team = random.pick(dayTeams(bench, provider));
    const first = bench.find(
      provider,
      (one) => bench.plain(one) && one.worker.team === team && one.worker.shift === "day",
    );
    if (first === null) return false;
    const day = dateOf(first);
    const workers = team.workers.filter(ordinaryWorker).filter((worker) => !used.has(worker.staff.id));
    const onDay = workers
      .map((worker) => bench.ofStaff(worker.staff.id).filter((one) => dateOf(one) === day && one.worker === worker))
      .filter((visits) => visits.length >= 3 && visits.every(bench.left))
      .slice(0, 4);
    if (onDay.length < 3) return false;
    const all = onDay.flat();
    for (const one of all) one.visit.deviceId = spare(team);
    bench.occupy(all);
    const what = `${onDay.length} personer registrerade från en och samma telefon under ett pass`;
    bench.label({ rule, planted: true, intensity: "unit", what, unit: team.unit.id, provider }, ...all);
    return true;
  });
  bench.plant(providersOf(bench), (provider, number) => {
    const month = random.pick(bench.months);
    let day: Happening[] = [];
    let at: Instant = 0;
    const found = quietWorker(bench, provider, month, used, (_, days) => {
      for (const visits of random.shuffled([...days.values()])) {
        const list = inOrder(visits);
        const pause = list.findIndex((one, index) => index > 1 && startOf(one) - endOf(list[index - 1]!) > 35 * MINUTE);
        if (pause < 0 || list.length - pause < 2 || !list.every(bench.left)) continue;
        day = list;
        at = startOf(list[pause]!);
        return true;
      }
      return false;
    });
    if (found === null) return false;
    const { worker } = found;
    if (number % 2 === 0) {
      for (const one of day) if (startOf(one) >= at) one.visit.deviceId = spare(worker.team);
      bench.occupy(day);
      const what = "Telefonen gick sönder: en annan från efter lunch";
      bench.label({ rule, planted: false, what, staff: worker.staff.id, provider }, ...day);
      return true;
    }
    // The evening's colleague goes on with the day's phone.
    const colleague = worker.team.workers.find(
      (other) =>
        other.shift === "evening" && bench.ofStaff(other.staff.id).some((one) => dateOf(one) === dateOf(day[0]!)),
    );
    if (colleague === undefined) return false;
    const evening = bench
      .ofStaff(colleague.staff.id)
      .filter((one) => dateOf(one) === dateOf(day[0]!) && startOf(one) > lastOf(day) + 5 * MINUTE);
    const all = bench.ofStaff(colleague.staff.id).filter((one) => dateOf(one) === dateOf(day[0]!));
    if (evening.length !== all.length || evening.length === 0 || !evening.every(bench.left)) return false;
    for (const one of evening) one.visit.deviceId = worker.deviceId;
    bench.occupy([...day, ...evening]);
    const what = "Kvällspersonalen tog över dagens telefon";
    bench.label({ rule, planted: false, what, staff: worker.staff.id, provider }, ...day, ...evening);
    return true;
  });
}

function plantSingleCarer(bench: Bench) {
  const { random } = bench;
  const rule = "single-carer";
  /** Respite on weekdays of a month, by these in turn. Not at a small provider, where that would be most of the work. */
  const respite = (provider: string, carers: number, minutes: number) => {
    const [team] = dayTeams(bench, provider);
    if (team === undefined) return null;
    const month = random.pick(bench.months);
    const { first, last } = daysOfMonth(month);
    const weekdays = [1, 2, 3, 4, 5];
    const helped = newClient(
      bench,
      team,
      { service: "avlosning", minutes, per: "day", weekdays },
      { from: first, through: last },
    );
    const workers = Array.from({ length: carers }, () => hire(bench, team.workers[0]!, true));
    const made: Happening[] = [];
    for (let day = first; day <= last; day++) {
      if (weekdayOf(day) > 5) continue;
      const worker = workers[made.length % carers]!;
      const start = atMinute(day, 450 + random.int(0, 6));
      const end = start + (minutes - random.int(2, 8)) * MINUTE;
      onDuty(bench, worker, start - 20 * MINUTE, end + 20 * MINUTE);
      made.push(visit(helped, bench, worker, start, end));
    }
    bench.occupy(made);
    return { client: helped.person.client.id, month, made };
  };
  const hours = (made: readonly Happening[]) => Math.round(minutesIn(made) / 60 / (made.length / 5));
  bench.plant(everyProvider, (provider) => {
    const found = respite(provider, 1, 590);
    if (found === null) return false;
    const what = `${hours(found.made)} timmar i veckan, alla av en och samma person`;
    const { client, made, month } = found;
    bench.label({ rule, planted: true, intensity: "month", what, client, provider, ...monthLabel(month) }, ...made);
    return true;
  });
  bench.plant(everyProvider, (provider, number) => {
    const found = number % 2 === 0 ? respite(provider, 3, 590) : respite(provider, 1, 330);
    if (found === null) return false;
    const { client, made, month } = found;
    const what = `${hours(made)} timmar i veckan, ${number % 2 === 0 ? "av tre i tur och ordning" : "av en person"}`;
    bench.label({ rule, planted: false, what, client, provider, ...monthLabel(month) }, ...made);
    return true;
  });
}

export function plantHousehold(bench: Bench) {
  const rule = "household-full-time-twice";
  const full = ({ person }: Happening) => fullHouseholds.has(person.team.provider.id);
  const fullHouseholds = new Set(
    bench.organisation.contracts
      .filter(({ terms }) => (terms as { household?: string }).household === "full")
      .map(({ providerId }) => providerId),
  );
  type When = (a: Happening, b: Happening) => [Instant, Instant];
  /** Two who share a home, visited about the same time, where the first one's worker can be at the second one's then. */
  const couple = (provider: string, holds: (one: Happening) => boolean, when: When): [Happening, Happening] | null => {
    let partner: Happening | undefined;
    const first = bench.find(provider, (a) => {
      if (!bench.plain(a) || !holds(a) || minutesOf(a) < 9 || a.worker.team !== a.person.team) return false;
      const home = a.person.client.householdId;
      const others = mates.get(home) ?? [];
      partner = others
        .filter((other) => other !== a.person)
        .flatMap((other) => bench.ofPerson(other))
        .find((b) => {
          const [start, end] = when(a, b);
          return (
            dateOf(b) === dateOf(a) &&
            Math.abs(startOf(b) - startOf(a)) < 110 * MINUTE &&
            bench.plain(b) &&
            b.worker.team === a.worker.team &&
            Math.abs(minutesOf(b) - minutesOf(a)) <= 20 &&
            bench.workerFree(a.worker, b.person.place, start, end, [a, b]) &&
            bench.personFree(b.person, start, end, [b])
          );
        });
      return partner !== undefined;
    });
    return first === null || partner === undefined ? null : [first, partner];
  };
  const mates = Map.groupBy(bench.population.people, ({ client }) => client.householdId);
  const atOnce: When = (a) => [startOf(a), endOf(a)];
  const afterwards: When = (a, b) => {
    const start = endOf(a) + MINUTE;
    return [start, start + minutesOf(b) * MINUTE];
  };
  /** Both visits by the first one's worker. */
  const together = ([a, b]: [Happening, Happening], when: When) => {
    if (b.worker !== a.worker) handOver(bench, b, a.worker);
    bench.retime(b, ...when(a, b));
    bench.touch([a, b]);
  };
  const say = (planted: boolean, what: string, provider: string, [a, b]: [Happening, Happening]) => {
    const minutes = Math.round((Math.min(endOf(a), endOf(b)) - Math.max(startOf(a), startOf(b))) / MINUTE);
    const stake = planted ? { intensity: "visit" as const, minutes } : {};
    bench.label({ rule, planted, what, ...stake, client: a.person.client.id, provider }, a, b);
  };
  bench.plant(providersOf(bench), (provider) => {
    const pair = couple(provider, (one) => !full(one), atOnce);
    if (pair === null) return false;
    together(pair, atOnce);
    say(true, "Samma tid registrerad i sin helhet på båda makarna", provider, pair);
    return true;
  });
  bench.plant(providersOf(bench), (provider, number) => {
    const divided = number % 2 === 0;
    const when = divided ? afterwards : atOnce;
    const pair = couple(provider, (one) => full(one) !== divided, when);
    if (pair === null) return false;
    together(pair, when);
    const what = divided ? "Först den ena maken, sedan den andra" : "Avtalet betalar full tid för båda i hushållet";
    say(false, what, provider, pair);
    return true;
  });
}

export function plantLimits(bench: Bench) {
  // What shows over a month needs one.
  if (bench.months.length === 0) return;
  const used = new Set<string>();
  plantImpossibleDay(bench, used);
  plantClientDay(bench);
  plantRest(bench, used);
  plantNeverOff(bench, used);
  plantSingleCarer(bench);
}
