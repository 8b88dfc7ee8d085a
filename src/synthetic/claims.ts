import {
  atMinute,
  day as dayOfDate,
  daysOfMonth,
  dayOf,
  formatDay,
  HOUR,
  MINUTE,
  minuteOfDay,
  monthOf,
  oreOf,
} from "#model";
import type { Day, Instant, Month } from "#model";
import { occurs } from "./clients.ts";
import type { Person, Population } from "./clients.ts";
import { cutOffOf } from "./contracts.ts";
import type { Agreement } from "./contracts.ts";
import type { Happening } from "./days.ts";
import type { Organisation } from "./organisation.ts";
import type { Random } from "./random.ts";
import type { WorldClaim, WorldOrder } from "./world.ts";

/** Granted minutes of one service in the orders of a client at a unit, over one month. */
export function grantedMinutes(orders: readonly WorldOrder[], service: string | null, month: Month): number {
  const { first, last } = daysOfMonth(month);
  let sum = 0;
  for (const order of orders) {
    const { validFrom, validTo, lines } = order.versions.at(-1)!;
    const from = Math.max(first, dayOfDate(validFrom));
    const through = Math.min(last, validTo === undefined ? last : dayOfDate(validTo));
    if (through < from) continue;
    for (const line of lines) {
      if (service !== null && line.service !== service) continue;
      const each = line.minutes * (line.staffing ?? 1);
      if (line.per === "month") {
        sum += (line.times * each * (through - from + 1)) / (last - first + 1);
        continue;
      }
      for (let day = from; day <= through; day++) {
        if (occurs(line, dayOfDate(order.versions[0]!.validFrom), day)) sum += line.times * each;
      }
    }
  }
  return sum;
}

/** What a visit's head says was done, in minutes; 0 where it says nothing that can be paid. */
export function performedMinutes({ visit }: Happening): number {
  const head = visit.versions.at(-1)!;
  if (head.deleted === true || head.status !== "completed" || head.end === null || head.end <= head.start) return 0;
  return Math.floor((head.end - head.start) / MINUTE);
}

/** `monthOf`, remembered: a world asks it a million times about sixty days. */
export function rememberedMonths(): (day: Day) => Month {
  const months = new Map<Day, Month>();
  return (day) => {
    const known = months.get(day);
    if (known !== undefined) return known;
    const month = monthOf(day);
    months.set(day, month);
    return month;
  };
}

/** What a provider may ask for a visit, in one service, in time order. */
interface Payable {
  unitId: string;
  providerId: string;
  order: WorldOrder;
  service: string;
  day: Day;
  start: Instant;
  end: Instant;
  ms: number;
  /** Not limited by what was granted: nobody's time was used up. */
  outside: boolean;
  /** Where within the visit its time lies matters to the price. */
  band?: string;
}

/** Dates that are asked for a million times about some hundred days. */
interface Calendar {
  month: (day: Day) => Month;
  cutOff: (month: Month) => Instant;
  inForce: (order: WorldOrder, day: Day) => boolean;
}

function calendar(): Calendar {
  const month = rememberedMonths();
  const cutOffs = new Map<Month, Instant>();
  const validity = new Map<WorldOrder, [Day, Day]>();
  return {
    month,
    cutOff: (one) => {
      const known = cutOffs.get(one) ?? cutOffOf(one);
      cutOffs.set(one, known);
      return known;
    },
    inForce: (order, day) => {
      let known = validity.get(order);
      if (known === undefined) {
        const { validFrom, validTo } = order.versions.at(-1)!;
        known = [dayOfDate(validFrom), validTo === undefined ? Infinity : dayOfDate(validTo)];
        validity.set(order, known);
      }
      return known[0] <= day && day <= known[1];
    },
  };
}

/** Half of the time that one person spent at two members of a household at once. */
function sharedTime(people: readonly Person[], of: (person: Person) => readonly Happening[]): Map<Happening, number> {
  const homes = new Map<string, Person[]>();
  for (const person of people) {
    const { householdId } = person.client;
    const members = homes.get(householdId);
    if (members === undefined) homes.set(householdId, [person]);
    else members.push(person);
  }
  const lost = new Map<Happening, number>();
  for (const members of homes.values()) {
    if (members.length < 2) continue;
    const all = members
      .flatMap((person) => of(person).filter((one) => performedMinutes(one) > 0 && !neverEnded(one)))
      .sort((a, b) => startOfVisit(a) - startOfVisit(b));
    for (const [index, one] of all.entries()) {
      for (let next = index + 1; next < all.length; next++) {
        const other = all[next]!;
        const together = Math.min(endOfVisit(one), endOfVisit(other)) - startOfVisit(other);
        if (together <= 0) break;
        if (other.person === one.person || other.worker.staff !== one.worker.staff) continue;
        for (const each of [one, other]) lost.set(each, (lost.get(each) ?? 0) + together / 2);
      }
    }
  }
  return lost;
}

const startOfVisit = ({ visit }: Happening) => visit.versions.at(-1)!.start;
const endOfVisit = ({ visit }: Happening) => visit.versions.at(-1)!.end ?? 0;
/** Longer than any day: the log-out was forgotten, and nobody bills it. */
const neverEnded = (one: Happening) => endOfVisit(one) - startOfVisit(one) > 25 * HOUR;

/** Minutes that count as worked, as the agreement sees a completed visit: before caps, divisions and rounding. */
function countedTime(
  happening: Happening,
  agreement: Agreement,
  { month, cutOff }: Calendar,
): { start: Instant; end: Instant } | null {
  const { visit } = happening;
  const head = visit.versions.at(-1)!;
  let { start, end } = head;
  if (head.deleted === true || head.status !== "completed" || end === null || end <= start) return null;
  if (neverEnded(happening)) return null;
  const byHand = head.startProof === "manual" || head.endProof === "manual";
  if (byHand && agreement.reasonRequired && head.editReason === undefined) return null;
  if (agreement.lengtheningNeedsReason && head.editReason === undefined) {
    start = Math.max(start, head.originalStart ?? start);
    end = Math.min(end, head.originalEnd ?? end);
  }
  // Lifecare does not say when a registration came.
  if (visit.source !== "lifecare" && visit.versions[0]!.at > cutOff(month(dayOf(start)))) return null;
  return { start, end };
}

/**
 * Ordered minutes of each of the visit's services, by which its time is divided. Of several lines of a service, which
 * differ in the part of day, those are meant for which the visit is made; Lifecare's orders do not say the part of day,
 * and there it is those that take as long together as was planned.
 */
function sharesOf({ visit, need }: Happening, order: WorldOrder): number[] {
  const choices = visit.versions.at(-1)!.services.map((service) => {
    const all = order.versions.at(-1)!.lines.filter((line) => line.service === service);
    const wanted = order.source === "combine" ? need?.lines.find((line) => line.service === service) : undefined;
    const own = all.filter(({ partOfDay }) => wanted !== undefined && partOfDay === wanted.partOfDay);
    return (own.length > 0 ? own : all).map(({ minutes }) => minutes).sort((a, b) => b - a);
  });
  const { plannedStart, plannedEnd } = visit;
  const planned =
    plannedStart === undefined || plannedEnd === undefined ? Infinity : (plannedEnd - plannedStart) / MINUTE;
  let best = choices.map((of) => of[0] ?? 0);
  const off = (shares: readonly number[]) => Math.abs(shares.reduce((sum, one) => sum + one, 0) - planned);
  const choose = (chosen: number[]) => {
    const of = choices[chosen.length];
    if (of === undefined) {
      if (off(chosen) < off(best)) best = chosen;
    } else for (const minutes of of.length === 0 ? [0] : of) choose([...chosen, minutes]);
  };
  choose([]);
  return best;
}

/** What honest bookkeepers may bill for a client's visits at one provider, by the terms of the contract. */
function payables(
  person: Person,
  visits: readonly Happening[],
  orders: ReadonlyMap<string, WorldOrder>,
  agreements: Organisation["agreements"],
  lost: ReadonlyMap<Happening, number>,
  joined: boolean,
  dates: Calendar,
): Payable[] {
  const found: Payable[] = [];
  const slots = new Map<string, Instant[]>();
  for (const happening of visits) {
    const { visit, worker, plan, need, unclaimed, continues } = happening;
    if (unclaimed === true || visit.orderId === undefined) continue;
    const order = orders.get(visit.orderId);
    if (order === undefined) continue;
    const providerId = worker.team.provider.id;
    const agreement = agreements.get(providerId)!;
    const head = visit.versions.at(-1)!;
    let day = dayOf(head.start);
    if (!dates.inForce(order, day)) continue;
    const lines = sharesOf(happening, order);
    const whole = lines.reduce((sum, one) => sum + one, 0);
    if (whole === 0) continue;
    let begins = head.start;
    let ends = head.end ?? head.start;
    let ms: number;
    /** The part of a standard time that is neither taken by others, nor another one's in the household, nor billed. */
    let kept = 0;
    let outside = false;
    if (head.status === "declined" || head.status === "noAnswer") {
      const declined = head.status === "declined";
      const planned = plan?.versions.at(-1);
      const percent = declined ? agreement.declinedPercent : agreement.noAnswerPercent;
      if (planned === undefined || !joined || percent === 0 || plan?.versions.at(-1)!.cancelled === true) continue;
      if (declined && agreement.declinedWithinHours !== Infinity) {
        // Nobody can show when the client said so, but where the registration tells.
        if (visit.source !== "combine") continue;
        const noticed = head.declinedNotifiedAt;
        if (noticed === undefined || planned.start - noticed > agreement.declinedWithinHours * HOUR) continue;
      }
      // What was to be done is billed for when it was to be done.
      begins = planned.start;
      ends = planned.end;
      day = dayOf(begins);
      ms = ((ends - begins) * percent) / 100;
      outside = true;
    } else {
      const counted = countedTime(happening, agreement, dates);
      if (counted === null) continue;
      begins = counted.start;
      ends = counted.end;
      const length = ends - begins;
      // Registrations of one place in the order are never paid twice.
      const { staffing } = need ?? { staffing: 1 };
      const key = `${order.id} ${head.services.join()} ${staffing}`;
      let taken = slots.get(key);
      if (taken === undefined) slots.set(key, (taken = Array.from({ length: staffing }, () => 0)));
      const slot = taken.indexOf(Math.min(...taken));
      begins = Math.min(ends, Math.max(begins, taken[slot]!));
      taken[slot] = Math.max(taken[slot]!, ends);
      ms = Math.max(0, ends - begins - (agreement.householdFull ? 0 : (lost.get(happening) ?? 0)));
      if (length > 0) kept = continues === true ? 0 : ms / length;
    }
    for (const [index, service] of head.services.entries()) {
      const share = lines[index]! / whole;
      const standard = agreement.standard[service];
      const own = standard !== undefined && !outside ? standard * MINUTE * kept : ms * share;
      if (own <= 0) continue;
      found.push({ unitId: visit.unitId, providerId, order, service, day, start: begins, end: ends, ms: own, outside });
    }
  }
  // What was granted is used up in the order of time.
  const left = new Map<string, number>();
  for (const one of found) {
    const { order, service, outside } = one;
    if (!outside) {
      const key = `${order.id} ${service} ${dates.month(one.day)}`;
      const budget =
        left.get(key) ??
        (Math.round(grantedMinutes([order], service, dates.month(one.day))) -
          absentMinutes(person, visits, order, service, one.day, dates)) *
          MINUTE;
      const paid = Math.max(0, Math.min(one.ms, budget));
      // The first of it: what lies in a dearer hour after that is not paid.
      one.end = one.start + ((one.end - one.start) * paid) / one.ms;
      one.ms = paid;
      left.set(key, budget - paid);
    }
    const { roundTo } = agreements.get(one.providerId)!;
    if (roundTo > 0) one.ms = Math.floor(one.ms / (roundTo * MINUTE) + 0.5) * roundTo * MINUTE;
  }
  return found.filter(({ ms }) => ms > 0);
}

/** When a part of the day is meant, in minutes of the day. */
const middleOf: Record<string, number> = { morning: 480, midday: 720, afternoon: 930, evening: 1170, night: 120 };

/** Which of an order's lines the client was away for on a day. */
type AwayFrom = (line: WorldOrder["versions"][number]["lines"][number], day: Day) => boolean;

/**
 * All of it on whole days; on days on which the client left or came home what was due meanwhile. Of what is due at no
 * said part of the day that is what nobody came for.
 */
function awayFrom(person: Person, visits: readonly Happening[], order: WorldOrder): AwayFrom {
  const gone = (from: Instant, until: Instant) =>
    person.stays.reduce(
      (sum, stay) => sum + Math.max(0, Math.min(stay.to ?? Infinity, until) - Math.max(stay.from, from)),
      0,
    );
  return (line, day) => {
    const [dawn, dusk] = [atMinute(day, 420), atMinute(day, 1320)];
    const away = gone(dawn, dusk);
    if (away === 0) return false;
    if (away >= dusk - dawn) return true;
    // Lifecare's orders do not say the part of day.
    const middle = order.source === "combine" ? middleOf[line.partOfDay ?? "any"] : undefined;
    if (middle !== undefined) return gone(atMinute(day, middle), atMinute(day, middle) + 1) > 0;
    if (away < HOUR) return false;
    // Nobody wrote down which of several was meant: each visit is for what takes about as long.
    const left = order.versions
      .at(-1)!
      .lines.filter((one) => one.service === line.service && occurs(one, dayOfDate(order.versions[0]!.validFrom), day))
      .flatMap((one) => Array.from({ length: one.times * (one.staffing ?? 1) }, () => one));
    let helped = false;
    for (const one of visits) {
      const { services } = one.visit.versions.at(-1)!;
      if (dayOf(startOfVisit(one)) !== day || one.visit.orderId !== order.id || left.length === 0) continue;
      if (!services.includes(line.service) || performedMinutes(one) <= 0) continue;
      if (gone(startOfVisit(one), startOfVisit(one) + 1) > 0) continue;
      const off = ({ minutes }: { minutes: number }) => Math.abs(minutes - performedMinutes(one) / services.length);
      const meant = left.reduce((best, other) => (off(other) < off(best) ? other : best));
      left.splice(left.indexOf(meant), 1);
      helped ||= meant === line;
    }
    return !helped;
  };
}

/** Granted minutes of the month that the client was away for. */
function absentMinutes(
  person: Person,
  visits: readonly Happening[],
  order: WorldOrder,
  service: string,
  within: Day,
  dates: Calendar,
): number {
  if (person.stays.length === 0) return 0;
  const { first, last } = daysOfMonth(monthOf(within));
  const validFrom = dayOfDate(order.versions[0]!.validFrom);
  const lines = order.versions.at(-1)!.lines.filter((line) => line.service === service && line.per !== "month");
  const away = awayFrom(person, visits, order);
  let minutes = 0;
  for (let day = first; day <= last; day++) {
    if (!dates.inForce(order, day)) continue;
    for (const line of lines) {
      if (occurs(line, validFrom, day) && away(line, day)) minutes += line.minutes * line.times * (line.staffing ?? 1);
    }
  }
  return minutes;
}

/** Divides the time by the bands in which it lies, minute by minute. */
function byBand(one: Payable, { bands, bandAt }: Agreement): Payable[] {
  if (bands.length === 0) return [one];
  const parts = new Map<string | undefined, number>();
  const first = minuteOfDay(one.start);
  const begins = dayOf(one.start);
  const whole = one.start - (one.start % MINUTE);
  for (let passed = 0; whole + passed * MINUTE < one.end; passed++) {
    const at = whole + passed * MINUTE;
    const minute = first + passed;
    const band = bandAt(begins + Math.floor(minute / 1440), minute % 1440);
    parts.set(band, (parts.get(band) ?? 0) + Math.min(one.end, at + MINUTE) - Math.max(one.start, at));
  }
  return [...parts].map(([band, part]) => ({
    ...one,
    ms: (one.ms * part) / (one.end - one.start),
    ...(band !== undefined && { band }),
  }));
}

/** Days of an absence that nobody could plan for, and that are paid in part. */
function absencePay(
  person: Person,
  visits: readonly Happening[],
  agreements: Organisation["agreements"],
  dates: Calendar,
): Payable[] {
  const found: Payable[] = [];
  const came = visits.filter((one) => performedMinutes(one) > 0);
  for (const stay of person.stays) {
    if (stay.planned || stay.source === "lifecare") continue;
    for (const order of person.orders) {
      const team = person.needs.find((need) => need.order === order)?.team;
      const agreement = team === undefined ? undefined : agreements.get(team.provider.id);
      if (team === undefined || agreement === undefined || agreement.absencePercent.length === 0) continue;
      const validFrom = dayOfDate(order.versions[0]!.validFrom);
      const away = awayFrom(person, visits, order);
      // Each provider's days are counted from the first on which it did not come.
      const own = came.filter(({ worker }) => worker.team.provider === team.provider);
      const visited = new Set(own.map((one) => dayOf(startOfVisit(one))));
      let first = dayOf(stay.from);
      while (visited.has(first)) first++;
      const last = stay.to === undefined ? first + 30 : dayOf(stay.to);
      for (let day = first; day <= last; day++) {
        const percent = agreement.absencePercent[day - first];
        if (percent === undefined) break;
        if (!dates.inForce(order, day)) continue;
        for (const line of order.versions.at(-1)!.lines) {
          if (line.service === "larm" || line.per === "month" || !occurs(line, validFrom, day)) continue;
          if (!away(line, day)) continue;
          const ms = (line.minutes * line.times * (line.staffing ?? 1) * MINUTE * percent) / 100;
          const start = atMinute(day, 600);
          const { service } = line;
          found.push({
            unitId: team.unit.id,
            providerId: team.provider.id,
            order,
            service,
            day,
            start,
            end: start + ms,
            ms,
            outside: true,
          });
        }
      }
    }
  }
  return found;
}

/**
 * Invoices of honest providers, by the terms of their contracts: what was registered, never above what was granted in
 * the month, rounded and priced as agreed, on the days it was done. Some bill every day on its own, others whole runs
 * of days.
 */
export function makeClaims(
  random: Random,
  organisation: Organisation,
  population: Population,
  happenings: readonly Happening[],
  unjoined: ReadonlySet<Person>,
  /** Clients billed day by day, whoever bills them. */
  byDay: ReadonlySet<string>,
  from: Day,
  through: Day,
): WorldClaim[] {
  const { agreements } = organisation;
  const orders = new Map(population.orders.map((order) => [order.id, order]));
  const visitsOf = new Map<Person, Happening[]>(population.people.map((person) => [person, []]));
  for (const one of happenings) visitsOf.get(one.person)!.push(one);
  for (const list of visitsOf.values()) list.sort((a, b) => startOfVisit(a) - startOfVisit(b));
  const lost = sharedTime(population.people, (person) => visitsOf.get(person)!);
  const dates = calendar();
  const monthOfDay = dates.month;
  const providerOf = new Map(organisation.teams.map(({ unit, provider }) => [unit.id, provider.id]));
  const claims: WorldClaim[] = [];
  const open = (claim: Omit<WorldClaim, "id" | "at" | "invoiceId">, month: Month): WorldClaim => {
    const at = atMinute(daysOfMonth(month).last + 3, 600) + random.int(0, 240) * MINUTE;
    const made = { id: `fr${claims.length + 1}`, at, invoiceId: `F-${month}-${claim.providerId}`, ...claim };
    claims.push(made);
    return made;
  };

  for (const [person, visits] of visitsOf) {
    const clientId = person.client.id;
    const all = [
      ...payables(person, visits, orders, agreements, lost, !unjoined.has(person), dates),
      ...absencePay(person, visits, agreements, dates),
    ];
    // What is paid though nobody helped stands in a line of its own, unless somebody helped on the same day.
    const days = new Map<string, { first: Payable; ms: number; aside: boolean }>();
    for (const whole of all) {
      for (const part of byBand(whole, agreements.get(whole.providerId)!)) {
        const key = `${part.unitId} ${part.service} ${part.order.id} ${part.band ?? ""} ${part.day}`;
        const same = days.get(key);
        if (same === undefined) days.set(key, { first: part, ms: part.ms, aside: part.outside });
        else {
          same.ms += part.ms;
          same.aside &&= part.outside;
        }
      }
    }
    const sorted = [...days.values()].sort(
      ({ first: a }, { first: b }) =>
        a.unitId.localeCompare(b.unitId) ||
        a.service.localeCompare(b.service) ||
        (a.band ?? "").localeCompare(b.band ?? "") ||
        a.day - b.day,
    );
    let run: WorldClaim | null = null;
    let before = false;
    for (const { first, ms, aside } of sorted) {
      const minutes = Math.floor(ms / MINUTE + 0.5);
      if (minutes === 0) continue;
      const { day, service, band, unitId, providerId, order } = first;
      const agreement = agreements.get(providerId)!;
      const unitPriceOre = agreement.ore(day, band);
      const date = formatDay(day);
      const follows =
        run !== null &&
        !agreement.daily &&
        !byDay.has(clientId) &&
        !aside &&
        !before &&
        run.unitId === unitId &&
        run.service === service &&
        run.orderId === order.id &&
        run.unitPriceOre === unitPriceOre &&
        dayOfDate(run.to) === day - 1 &&
        monthOfDay(day) === run.from.slice(0, 7) &&
        day - dayOfDate(run.from) < 7;
      if (follows && run !== null) {
        run.to = date;
        run.minutes += minutes;
        run.amountOre = oreOf(run.minutes, unitPriceOre);
        continue;
      }
      const wanted = { providerId, unitId, clientId, orderId: order.id, service, from: date, to: date, minutes };
      before = aside;
      run = open(
        {
          ...wanted,
          unitPriceOre,
          amountOre: oreOf(minutes, unitPriceOre),
          ...(band !== undefined && { band }),
        },
        monthOfDay(day),
      );
    }
    for (const order of person.orders) {
      if (!order.versions.at(-1)!.lines.some(({ service }) => service === "larm")) continue;
      const providerId = providerOf.get(order.unitId)!;
      const { validFrom, validTo } = order.versions.at(-1)!;
      const begins = Math.max(from, dayOfDate(validFrom));
      const ends = Math.min(through, validTo === undefined ? through : dayOfDate(validTo));
      for (let day = begins; day <= ends; day = daysOfMonth(monthOfDay(day)).last + 1) {
        const month = monthOfDay(day);
        const { first, last } = daysOfMonth(month);
        const to = Math.min(ends, last);
        const unitPriceOre = agreements.get(providerId)!.alarmOrePerMonth;
        const part = (to - day + 1) / (last - first + 1);
        open(
          {
            providerId,
            unitId: order.unitId,
            clientId,
            orderId: order.id,
            service: "larm",
            from: formatDay(day),
            to: formatDay(to),
            minutes: 0,
            unit: "MON",
            quantity: Math.round(part * 1000) / 1000,
            unitPriceOre,
            amountOre: Math.round(unitPriceOre * part),
          },
          month,
        );
      }
    }
  }
  return claims;
}
