import { atMinute, day as dayOfDate, dayOf, daysOfMonth, formatDay, oreOf, weekdayOf } from "#model";
import type { Day } from "#model";
import { performedMinutes } from "../claims.ts";
import type { Need } from "../clients.ts";
import type { Happening } from "../days.ts";
import type { WorldClaim } from "../world.ts";
import { dateOf, everyProvider, headOf, record } from "./bench.ts";
import type { Bench } from "./bench.ts";

const claimRecord = ({ id }: WorldClaim) => record("claims", "files", id);

function claimOf(bench: Bench, need: Need, from: Day, to: Day, minutes: number): WorldClaim {
  const { person, team, order, services } = need;
  const agreement = bench.organisation.agreements.get(team.provider.id)!;
  const band = agreement.bandAt(from, need.minute % 1440);
  const price = agreement.ore(from, band);
  const month = formatDay(from).slice(0, 7);
  const made: WorldClaim = {
    id: `fr-${bench.claims.length + 1}`,
    at: atMinute(daysOfMonth(month).last + 3, 615),
    invoiceId: `F-${month}-${team.provider.id}`,
    providerId: team.provider.id,
    unitId: team.unit.id,
    clientId: person.client.id,
    orderId: order.id,
    service: services[0]!,
    from: formatDay(from),
    to: formatDay(to),
    minutes,
    unitPriceOre: price,
    amountOre: oreOf(minutes, price),
    ...(band !== undefined && { band }),
  };
  bench.claims.push(made);
  return made;
}

const validOn = (need: Need, day: Day) => {
  const { validFrom, validTo } = need.order.versions.at(-1)!;
  return dayOfDate(validFrom) <= day && (validTo === undefined || dayOfDate(validTo) >= day);
};

/** A need of a client of the provider for which it holds. */
function findNeed(bench: Bench, provider: string, holds: (need: Need) => boolean): Need | null {
  let found: Need | undefined;
  bench.findPerson(provider, (person) => {
    if (!bench.free(person) || bench.unjoined.has(person) || person.diedAt !== undefined) return false;
    found = person.needs.find(
      (need) =>
        need.team === person.team &&
        need.from === bench.from &&
        need.through === bench.through &&
        need.lines.length === 1 &&
        holds(need),
    );
    return found !== undefined;
  });
  return found ?? null;
}

const ofService = (bench: Bench, need: Need) =>
  bench.ofPerson(need.person).filter((one) => headOf(one).services.includes(need.services[0]!));

/** On a day of an outage, or beside one, nobody knows whether there was a visit: the silence lasts until a night ends. */
const heardOn = (bench: Bench, first: Day, last: Day) => bench.heard(atMinute(first - 1, 720), atMinute(last + 1, 720));

/** A weekday on which the client had nothing of the service, nor on those beside it. */
function emptyDay(bench: Bench, need: Need): Day | null {
  const busy = new Set(ofService(bench, need).map(dateOf));
  for (let tried = 0; tried < 40; tried++) {
    const day = bench.random.int(bench.from + 3, bench.through - 4);
    // Who was away is another story: that is what the claim is then remarked for.
    const away = need.person.stays.some(
      ({ from, to }) => from < atMinute(day + 1, 0) && (to ?? Infinity) > atMinute(day, 0),
    );
    const empty = ![day - 1, day, day + 1].some((near) => busy.has(near));
    if (weekdayOf(day) <= 5 && heardOn(bench, day, day) && !away && validOn(need, day) && empty) return day;
  }
  return null;
}

function plantClaimsWithoutVisit(bench: Bench) {
  const rule = "claim-without-visit";
  const seldom = (bench_: Bench, provider: string) =>
    findNeed(
      bench_,
      provider,
      ({ lines: [line] }) => line!.per !== "day" && line!.per !== "month" && line!.service !== "hsl",
    );
  const about = (need: Need, day: Day) => ({
    client: need.person.client.id,
    provider: need.team.provider.id,
    unit: need.team.unit.id,
    from: formatDay(day),
    through: formatDay(day),
  });
  bench.plant(everyProvider, (provider) => {
    const need = seldom(bench, provider);
    const day = need === null ? null : emptyDay(bench, need);
    if (need === null || day === null) return false;
    const claim = claimOf(bench, need, day, day, need.minutes);
    bench.reserve(need.person);
    const what = "Fakturerat en dag utan besök";
    bench.label({ rule, planted: true, what, records: [claimRecord(claim)], ...about(need, day) });
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    const need = seldom(bench, provider);
    const day = need === null ? null : emptyDay(bench, need);
    if (need === null || day === null) return false;
    const claim = claimOf(bench, need, day, day, need.minutes);
    const credit = claimOf(bench, need, day, day, need.minutes);
    Object.assign(credit, { kind: "credit", correctsId: claim.id, at: credit.at + 20 * 3_600_000 });
    bench.reserve(need.person);
    const what = "Felfakturerat, och krediterat dagen efter";
    bench.label({ rule, planted: false, what, records: [claim, credit].map(claimRecord), ...about(need, day) });
    return true;
  });
}

/** Bills a run of days in one line, with `more` minutes for days on which nobody came. */
function billBySpan(bench: Bench, need: Need, first: Day, last: Day, more: number): WorldClaim {
  const made = claimOf(bench, need, first, last, 0);
  const clientId = need.person.client.id;
  bench.byDay.add(clientId);
  bench.later.push((billing) => {
    for (const one of billing.of(clientId)) {
      if (one === made || one.service !== made.service || one.unit !== undefined) continue;
      if (dayOfDate(one.from) > last || dayOfDate(one.to) < first) continue;
      billing.drop(one);
      made.minutes += one.minutes;
    }
    made.minutes += more;
    made.amountOre = oreOf(made.minutes, made.unitPriceOre);
  });
  return made;
}

function plantSpanGaps(bench: Bench) {
  const rule = "claim-span-gap";
  const lone = (need: Need) =>
    ofService(bench, need).every((one) => one.need === need) && need.person.stays.length === 0;
  // One price all day: by night and in the evening there may be another.
  const byDay = ({ minute }: Need) => minute > 425 && minute < 1000;
  const span = (need: Need, first: Day, last: Day) =>
    ofService(bench, need).filter((one) => dateOf(one) >= first && dateOf(one) <= last);
  const good = (list: Happening[]) =>
    list.every(
      (one) =>
        headOf(one).status === "completed" &&
        one.visit.versions.length === 1 &&
        bench.untouched(one) &&
        one.plan !== null,
    );

  bench.plant(everyProvider, (provider) => {
    let week: Happening[] = [];
    const first = mondayIn(bench);
    if (!heardOn(bench, first + 2, first + 3)) return false;
    const need = findNeed(bench, provider, (one) => {
      if (one.lines[0]!.per !== "day" || one.staffing === 2 || !byDay(one) || !lone(one)) return false;
      week = span(one, first, first + 4);
      return new Set(week.map(dateOf)).size === 5 && week.length === 5 && good(week);
    });
    if (need === null) return false;
    const average = week.reduce((sum, one) => sum + performedMinutes(one), 0) / 5;
    for (const one of week.slice(2, 4)) {
      const booking = bench.bookingOf.get(one.plan)!;
      bench.remove(one);
      bench.cancel(booking, atMinute(dateOf(one) - 1, 900));
    }
    const claim = billBySpan(bench, need, first, first + 4, Math.floor(average * 2));
    bench.reserve(need.person);
    const what = "Fakturerat måndag till fredag, besök bara måndag, tisdag och fredag";
    const about = { client: need.person.client.id, provider, unit: need.team.unit.id };
    const period = { from: formatDay(first), through: formatDay(first + 4) };
    bench.label({ rule, planted: true, what, records: [claimRecord(claim)], ...about, ...period });
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    let days: Happening[] = [];
    const first = mondayIn(bench) + 2;
    const need = findNeed(bench, provider, (one) => {
      const { weekdays } = one.lines[0]!;
      if (weekdays?.length !== 5 || one.staffing === 2 || !byDay(one) || !lone(one)) return false;
      days = span(one, first, first + 6);
      return new Set(days.map(dateOf)).size === 5 && days.length === 5 && good(days);
    });
    if (
      need === null ||
      dayOf(atMinute(first + 6, 0)) > bench.through ||
      bench.monthOf(days[0]!) !== formatDay(first + 6).slice(0, 7)
    )
      return false;
    const claim = billBySpan(bench, need, first, first + 6, 0);
    bench.reserve(need.person);
    const what = "Fakturerat onsdag till tisdag: helgen ingår inte i beställningen";
    const about = { client: need.person.client.id, provider, unit: need.team.unit.id };
    const period = { from: formatDay(first), through: formatDay(first + 6) };
    bench.label({ rule, planted: false, what, records: [claimRecord(claim)], ...about, ...period });
    return true;
  });
}

/** A Monday whose next ten days lie in one month of the period. */
function mondayIn(bench: Bench): Day {
  for (let tried = 0; ; tried++) {
    const day = bench.random.int(bench.from, bench.through - 10);
    const same = formatDay(day).slice(0, 7) === formatDay(day + 9).slice(0, 7);
    if ((weekdayOf(day) === 1 && same) || tried > 300) return day;
  }
}

export function plantClaims(bench: Bench) {
  plantClaimsWithoutVisit(bench);
  plantSpanGaps(bench);
}
