import { atMinute, daysOfMonth, dayOf, formatDay, mondayOf, weekdayOf } from "#model";
import type { Day, Month } from "#model";
import { grantedMinutes } from "../claims.ts";
import type { Person } from "../clients.ts";
import type { Happening } from "../days.ts";
import type { Team } from "../organisation.ts";
import type { WorldOrder, WorldOrderLine } from "../world.ts";
import { dateOf, everyProvider, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";

/** Has one open order from before the period, for one at a time, with visits most days and nothing by the fortnight. */
export function steady(bench: Bench, person: Person): boolean {
  const [order] = person.orders;
  return (
    person.orders.length === 1 &&
    person.from === bench.from &&
    person.through === bench.through &&
    order!.versions.at(-1)!.validTo === undefined &&
    order!.versions.at(-1)!.lines.every(({ per, staffing }) => per !== "fortnight" && staffing !== 2) &&
    person.stays.length === 0 &&
    person.diedAt === undefined &&
    person.profile !== "light" &&
    person.client.protection === "none" &&
    bench.free(person) &&
    bench.ofPerson(person).every((one) => bench.untouched(one))
  );
}

const done = (one: Happening) => headOf(one).status === "completed";
const isAlarm = (one: Happening) => headOf(one).services.includes("larm");

/** Nothing happens at the client's on these days. */
export function clear(bench: Bench, person: Person, holds: (day: Day) => boolean) {
  for (const one of bench.ofPerson(person).slice()) if (holds(dateOf(one))) bench.remove(one);
  for (const booking of bench.bookingsOf(person).slice()) {
    if (holds(dayOf(booking.plan.versions.at(-1)!.start))) bench.unbook(booking);
  }
}

function endOrder(order: WorldOrder, told: Day, validTo: Day) {
  order.versions.push({
    ...order.versions.at(-1)!,
    at: atMinute(told, 640),
    status: "ended",
    validTo: formatDay(validTo),
  });
}

/** The order as if it had been made at another time. */
export function postpone(bench: Bench, order: WorldOrder, orderedAt: number, validFrom: Day) {
  const decision = bench.population.decisions.find(({ id }) => id === order.decisionId)!;
  const from = formatDay(validFrom);
  Object.assign(decision, { at: orderedAt - 3_600_000, decidedOn: formatDay(dayOf(orderedAt)), validFrom: from });
  const acceptedAt = orderedAt + 2 * 3_600_000;
  const { lines } = order.versions[0]!;
  order.orderedAt = orderedAt;
  order.versions = [
    { at: orderedAt, status: "sent", validFrom: from, lines },
    { at: acceptedAt, status: "accepted", acceptedAt, validFrom: from, lines },
  ];
}

/** The `count`th weekday after the day. */
function weekdaysAfter(day: Day, count: number): Day {
  let left = count;
  let next = day;
  while (left > 0) if (weekdayOf(++next) <= 5) left--;
  return next;
}

function plantVisitsWithoutOrder(bench: Bench) {
  const { random } = bench;
  const rule = "visit-without-order";
  const overGranted = (person: Person, visits: Happening[], what: string) => {
    if (visits.length === 0) return;
    bench.label({ rule: "over-granted", planted: true, optional: true, what, client: person.client.id }, ...visits);
  };
  const [first] = bench.months;

  bench.plant(everyProvider, (provider, number) => {
    const person = bench.findPerson(provider, (one) => steady(bench, one));
    if (person === null || first === undefined) return false;
    const [order] = person.orders;
    if (number % 2 === 0) {
      const last = daysOfMonth(first).last;
      if (last + 9 > bench.through) return false;
      const went = last + random.int(6, 9);
      clear(bench, person, (day) => day > went);
      endOrder(order!, last - 3, last);
      person.through = went;
      const after = bench.ofPerson(person).filter((one) => dateOf(one) > last && done(one) && !isAlarm(one));
      if (after.length === 0) return false;
      const what = `Besöken fortsatte ${went - last} dagar efter att beställningen upphörde`;
      bench.label({ rule, planted: true, what, client: person.client.id, provider }, ...after);
      overGranted(person, after, what);
    } else {
      const begins = daysOfMonth(first).first + random.int(4, 9);
      const ordered = weekdaysAfter(begins, random.int(7, 8));
      clear(bench, person, (day) => day < begins);
      postpone(bench, order!, atMinute(ordered, 570), ordered);
      person.from = begins;
      const before = bench.ofPerson(person).filter((one) => dateOf(one) < ordered && done(one) && !isAlarm(one));
      const what = `Besöken började ${ordered - begins} dagar före beställningen`;
      bench.label({ rule, planted: true, what, client: person.client.id, provider }, ...before);
      overGranted(person, before, what);
    }
    bench.reserve(person);
    return true;
  });

  bench.plant(everyProvider, (provider, number) => {
    if (first === undefined) return false;
    if (number % 3 === 2) return alarmResponse(bench);
    // By the day only: a weekly visit in the days before would weigh too much.
    const daily = (one: Person) =>
      one.orders[0]!.versions.at(-1)!.lines.every(({ per, service }) => per === "day" || service === "larm");
    const person = bench.findPerson(provider, (one) => steady(bench, one) && daily(one));
    if (person === null) return false;
    // Monday to Wednesday in the first full week: two weekdays are two days.
    const begins = mondayOf(daysOfMonth(first).first + 6) + random.int(0, 2);
    const ordered = weekdaysAfter(begins, 2);
    const backdated = number % 3 === 1;
    clear(bench, person, (day) => day < begins);
    postpone(bench, person.orders[0]!, atMinute(ordered, 590), backdated ? begins : ordered);
    person.from = begins;
    bench.reserve(person);
    const before = bench.ofPerson(person).filter((one) => dateOf(one) < ordered && done(one));
    const what = backdated
      ? "Beställningen kom två vardagar efter första besöket och gäller från det"
      : "Akut start: beställningen kom två vardagar efter första besöket";
    bench.label({ rule, planted: false, what, client: person.client.id, provider }, ...before);
    return true;
  });
}

/** The night patrol answers everyone's alarms, also those of clients that have ordered nothing of it. */
function alarmResponse(bench: Bench): boolean {
  const night = bench.organisation.teams.find(({ kind }) => kind === "night");
  if (night === undefined) return false;
  const people = ["P3", "P4", "P5", "P6"].map((provider) =>
    bench.findPerson(provider, (one) => {
      if (!one.alarm || one.profile === "light" || !bench.free(one)) return false;
      return one.needs.every(({ team }) => team === one.team) && one.stays.length === 0 && one.diedAt === undefined;
    }),
  );
  return bench.random.shuffled(people).some((person) => person !== null && answered(bench, night, person));
}

function answered(bench: Bench, night: Team, person: Person): boolean {
  for (let day = bench.from + 5; day < bench.through - 3; day++) {
    const start = atMinute(day, 1375 + ((day * 5) % 40));
    const end = start + 14 * 60_000;
    if (day < person.from || day > person.through || bench.slack(person, formatDay(day).slice(0, 7)) < 30) continue;
    const worker = night.workers.find(
      (one) =>
        bench.ofStaff(one.staff.id).some((visit) => dateOf(visit) === day && startOf(visit) < start) &&
        bench.ofStaff(one.staff.id).some((visit) => startOf(visit) > end && startOf(visit) < end + 5 * 3_600_000) &&
        bench.workerFree(one, person.place, start, end),
    );
    if (worker === undefined || !bench.personFree(person, start, end)) continue;
    const visit = bench.add(bench.days.registered({ person, worker, team: night, start, end, services: ["larm"] }));
    bench.touch([visit]);
    const what = "Nattpatrullen svarade på larm hos en brukare som inte har beställt något av den";
    bench.label({ rule: "visit-without-order", planted: false, what, client: person.client.id, provider: "P2" }, visit);
    return true;
  }
  return false;
}

export function withoutId(line: WorldOrderLine): Omit<WorldOrderLine, "id"> {
  const { service, minutes, times, per, weekdays, partOfDay, staffing } = line;
  return {
    service,
    minutes,
    times,
    per,
    ...(weekdays !== undefined && { weekdays }),
    ...(partOfDay !== undefined && { partOfDay }),
    ...(staffing !== undefined && { staffing }),
  };
}

/** Another order for the month only, with the lines' minutes changed so that what was done becomes `ratio` of it. */
function regrant(bench: Bench, person: Person, month: Month, ratio: number, extra: number): boolean {
  const { first, last } = daysOfMonth(month);
  const [order] = person.orders;
  const { lines } = order!.versions.at(-1)!;
  const inMonth = bench.ofPerson(person).filter((one) => bench.monthOf(one) === month);
  const registered = inMonth.filter(done).reduce((sum, one) => sum + minutesOf(one), 0);
  const alarm = lines
    .filter(({ service }) => service === "larm")
    .reduce((sum, one) => sum + one.minutes * one.times, 0);
  const wanted = registered / ratio;
  const factor = (wanted - alarm) / (grantedMinutes([order!], null, month) - alarm);
  const changed = lines.map(withoutId).map((line) => ({
    ...line,
    minutes: line.service === "larm" ? line.minutes : Math.max(5, Math.round(line.minutes * factor)),
  }));
  const total = (list: Array<Omit<WorldOrderLine, "id">>) => {
    const version = {
      ...order!.versions[0]!,
      validFrom: formatDay(first),
      lines: list.map((line) => ({ id: "", ...line })),
    };
    return grantedMinutes([{ ...order!, versions: [version] }], null, month);
  };
  if (Math.abs(registered / total(changed) - ratio) > 0.03) return false;

  const { team } = person;
  const decidedAt = atMinute(first - 5, 610);
  const { source } = order!;
  const common = { person, team, law: "SoL" as const, source, orderedAt: decidedAt };
  endOrder(order!, first - 4, first - 1);
  const lower = bench.population.order({ ...common, validFrom: first, validTo: last, lines: changed });
  if (extra > 0) {
    const more = [{ service: "omvardnad", minutes: extra, times: 1, per: "day" as const }];
    const orderedAt = atMinute(first + 1, 700);
    bench.population.order({ ...common, orderedAt, validFrom: first, validTo: last, lines: more });
  }
  const back =
    last < bench.through
      ? bench.population.order({ ...common, validFrom: last + 1, lines: lines.map(withoutId) })
      : null;
  const orderOn = (day: Day) => (day < first ? order! : day <= last ? lower : back!);
  for (const { visit } of bench.ofPerson(person)) {
    if (visit.orderId === order!.id) visit.orderId = orderOn(dayOf(visit.versions[0]!.start)).id;
  }
  for (const { plan } of bench.bookingsOf(person)) plan.orderId = orderOn(dayOf(plan.versions.at(-1)!.start)).id;
  bench.reserve(person);
  const what = "Planen följer den beställning som gällde före månaden";
  const period = { from: formatDay(first), through: formatDay(bench.through) };
  const { id: client } = person.client;
  bench.label({ rule: "order-change-ignored", planted: true, optional: true, what, client, ...period, records: [] });
  return true;
}

function plantMoreThanGranted(bench: Bench) {
  const { random } = bench;
  const rule = "over-granted";
  const about = (person: Person, month: Month) =>
    bench.ofPerson(person).filter((one) => bench.monthOf(one) === month && done(one));
  const months = bench.months;
  if (months.length === 0) return;
  bench.plant(everyProvider, (provider) => {
    const month = random.pick(months);
    const person = bench.findPerson(provider, (one) => steady(bench, one));
    if (person === null) return false;
    const ratio = 1.22 + random.next() * 0.08;
    if (!regrant(bench, person, month, ratio, 0)) return false;
    const what = `Fick ${Math.round((ratio - 1) * 100)} procent mer än beviljat under månaden`;
    bench.label({ rule, planted: true, what, client: person.client.id, provider }, ...about(person, month));
    return true;
  });
  bench.plant(everyProvider, (provider, number) => {
    const month = random.pick(months);
    const person = bench.findPerson(provider, (one) => steady(bench, one));
    if (person === null) return false;
    if (number % 3 === 2) {
      const days = daysOfMonth(month);
      const registered = about(person, month).reduce((sum, one) => sum + minutesOf(one), 0);
      const extra = Math.ceil((registered * 0.25) / (days.last - days.first + 1)) + 1;
      if (!regrant(bench, person, month, 1.25, extra)) return false;
      const what = "Utökad tid beviljades för månaden med en egen beställning";
      bench.label({ rule, planted: false, what, client: person.client.id, provider }, ...about(person, month));
      return true;
    }
    if (!regrant(bench, person, month, 1.015, 0)) return false;
    const what = "Någon procent över beviljat under månaden";
    bench.label({ rule, planted: false, what, client: person.client.id, provider }, ...about(person, month));
    return true;
  });
}

export function plantOrders(bench: Bench) {
  plantVisitsWithoutOrder(bench);
  plantMoreThanGranted(bench);
}
