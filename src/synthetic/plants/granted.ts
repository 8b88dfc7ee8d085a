import { atMinute, dayOf, daysOfMonth, formatDay, MINUTE, weekdayOf } from "#model";
import type { Day, Month } from "#model";
import { grantedMinutes, performedMinutes } from "../claims.ts";
import type { Happening } from "../days.ts";
import type { WorldOrderLine } from "../world.ts";
import { withoutId } from "./orders.ts";
import { dateOf, endOf, everyProvider, headOf, minutesOf, startOf, visitRecord } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { newClient } from "./help.ts";
import type { Helped } from "./help.ts";
import { decisionOf, decisionRecord, orderRecord, period, periodOf, serveDays, teamOf, wholeMinutes } from "./serve.ts";

const household = ["social", "tvatt", "inkop", "tillsyn", "stad"];

function plantNotOrdered(bench: Bench) {
  const { random } = bench;
  const rule = "service-not-ordered";
  const ordered = ({ person }: Happening) =>
    new Set(
      person.orders.flatMap(({ versions }) => versions.flatMap(({ lines }) => lines.map(({ service }) => service))),
    );
  bench.plant(everyProvider, (provider, number) => {
    const one = bench.find(
      provider,
      (visit) => bench.plain(visit) && !bench.unjoined.has(visit.person) && visit.need!.lines.length === 1,
    );
    if (one === null) return false;
    const service = random.pick(household.filter((code) => !ordered(one).has(code)));
    // Once, or every visit of the kind for a month.
    const month = bench.monthOf(one);
    const all =
      number % 3 === 2
        ? bench.ofPerson(one.person).filter((other) => other.need === one.need && bench.monthOf(other) === month)
        : [one];
    bench.touch(all);
    for (const visit of all) {
      for (const version of visit.visit.versions) version.services = [service];
      visit.unclaimed = true;
    }
    bench.label(
      {
        rule,
        planted: true,
        intensity: all.length > 3 ? "month" : "visit",
        what: `Registrerat ${service}, som brukaren inte har beställt`,
        client: one.person.client.id,
        provider,
        minutes: wholeMinutes(all),
      },
      ...all,
    );
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    let other: string | undefined;
    const one = bench.find(provider, (visit) => {
      if (!bench.plain(visit) || visit.need!.lines.length !== 1 || bench.unjoined.has(visit.person)) return false;
      const { lines } = visit.need!.order.versions.at(-1)!;
      other = lines.find(({ service }) => service !== "larm" && !headOf(visit).services.includes(service))?.service;
      return other !== undefined;
    });
    if (one === null || other === undefined) return false;
    bench.touch([one]);
    const head = headOf(one);
    head.services = [...head.services, other];
    const what = "Gjorde också en annan insats, som är beställd till en annan dag";
    bench.label({ rule, planted: false, what, client: one.person.client.id, provider }, one);
    return true;
  });
}

/** A client with help every day, from before the period on. */
function everyDay(bench: Bench, provider: string, minutes: number, service = "omvardnad"): Helped {
  return newClient(bench, teamOf(bench, provider), { service, minutes });
}

function plantUnderDelivered(bench: Bench) {
  const { random, months } = bench;
  const rule = "under-delivered";
  const granted = ({ person }: Helped, month: Month) => Math.round(grantedMinutes(person.orders, null, month));
  const done = (visits: readonly Happening[], month: Month) =>
    visits.filter((one) => bench.monthOf(one) === month).reduce((sum, one) => sum + performedMinutes(one), 0);
  if (months.length === 0) return;
  bench.plant(everyProvider, (provider, number) => {
    const helped = everyDay(bench, provider, random.int(20, 30));
    const month = random.pick(months);
    // Every other day in one month, or from the month on.
    const short = (day: Day) => (number % 2 === 0 ? formatDay(day).startsWith(month) : formatDay(day) >= month);
    const visits = serveDays(bench, helped, bench.from, bench.through, 640, {}, (day) => !short(day) || day % 2 === 0);
    for (const one of months) {
      const minutes = granted(helped, one) - done(visits, one);
      const little = minutes > 0.42 * granted(helped, one);
      if (!little && one !== month) continue;
      bench.label({
        rule,
        planted: true,
        intensity: "month",
        what: "Hjälp varannan dag i stället för varje dag, utan att någon avböjt eller varit borta",
        client: helped.person.client.id,
        provider,
        ...periodOf(one),
        minutes,
      });
    }
    return visits.length > 0;
  });
  bench.plant(
    everyProvider,
    (provider, number) => {
      const helped = everyDay(bench, provider, random.int(20, 30));
      const { person } = helped;
      const month = random.pick(months);
      const { first } = daysOfMonth(month);
      const client = person.client.id;
      const say = (what: string) =>
        bench.label({ rule, planted: false, intensity: "month", what, client, provider, ...periodOf(month) });
      if (number % 3 === 0) {
        const visits = serveDays(bench, helped, bench.from, bench.through, 640);
        const declined = visits.filter((one) => bench.monthOf(one) === month && dateOf(one) % 3 === 0);
        for (const one of declined) decline(bench, one);
        say("Brukaren avböjde var tredje gång");
      } else if (number % 3 === 1) {
        const [from, to] = [first + 4, first + 16];
        const known = atMinute(from - 9, 600);
        bench.population.absence(person, {
          at: known + 10 * MINUTE,
          from: atMinute(from, 0),
          to: atMinute(to + 1, 0),
          kind: "away",
          planned: true,
          notifiedAt: known,
        });
        serveDays(bench, helped, bench.from, bench.through, 640, {}, (day) => day < from || day > to);
        say("Bortrest två veckor, som var sagt i förväg");
      } else {
        serveDays(bench, helped, bench.from, bench.through, 640, {}, (day) => day % 17 !== 0);
        say("Något mindre än beviljat, som de flesta månader");
      }
      return true;
    },
    bench.count + 1,
  );
}

/** Said no at the door, when somebody had come. */
export function decline(bench: Bench, one: Happening) {
  const head = headOf(one);
  bench.retime(one, head.start, head.start + bench.random.int(2, 4) * MINUTE);
  head.status = "declined";
  head.declinedReason = "Ville inte ha hjälp i dag";
  head.declinedNotifiedAt = head.start;
}

function plantOrderChanges(bench: Bench) {
  const { random } = bench;
  const rule = "order-change-ignored";
  const line = (minutes: number): Omit<WorldOrderLine, "id"> => ({
    service: "omvardnad",
    minutes,
    times: 1,
    per: "day",
  });
  const change = (helped: Helped, day: Day, lines: Array<Omit<WorldOrderLine, "id">>) => {
    const [old] = helped.person.orders;
    const decidedAt = atMinute(day - 6, 640);
    const last = old!.versions.at(-1)!;
    old!.versions.push({ ...last, at: decidedAt, status: "ended", validTo: formatDay(day - 1) });
    decisionOf(bench, old!).validTo = formatDay(day - 1);
    const { person, need } = helped;
    const wanted = { person, team: need.team, law: "SoL" as const, source: old!.source, lines };
    return { old: old!, made: bench.population.order({ ...wanted, orderedAt: decidedAt, validFrom: day }) };
  };
  const someMonday = () => {
    const day = random.int(bench.from + 12, Math.max(bench.from + 12, bench.through - 32));
    return day - weekdayOf(day) + 1;
  };
  bench.plant(everyProvider, (provider, number) => {
    const helped = everyDay(bench, provider, 40);
    const day = someMonday();
    const { old, made } = change(
      helped,
      day,
      number % 2 === 0 ? [line(15)] : [{ ...line(40), per: "week", weekdays: [1, 4] }],
    );
    const visits = serveDays(bench, helped, bench.from, bench.through, 600);
    const after = visits.filter((one) => dateOf(one) >= day);
    const extra = Math.max(
      0,
      wholeMinutes(after) -
        bench.months.reduce((sum, month) => sum + Math.round(grantedMinutes([made], null, month)), 0),
    );
    const what =
      number % 2 === 0
        ? "Beställningen minskades från 40 till 15 minuter; planer och besök är som förut"
        : "Beställningen minskades till två dagar i veckan; planer och besök är som förut";
    const about = { what, client: helped.person.client.id, provider, ...period(day, bench.through) };
    bench.label({
      rule,
      planted: true,
      intensity: "month",
      ...about,
      minutes: extra,
      // Where nobody had time for most of it, nothing is followed.
      ...(after.length < 0.75 * (bench.through - day + 1) && { optional: true }),
      records: [orderRecord(old), orderRecord(made), ...after.map(visitRecord), ...plansOf(after)],
    });
    for (const other of [
      "over-granted",
      "visit-without-order",
      "long-visit",
      "unplanned-visit",
      "double-staffing-incomplete",
    ])
      bench.label({ rule: other, planted: true, optional: true, ...about });
    return after.length > 0;
  });
  bench.plant(everyProvider, (provider, number) => {
    const helped = everyDay(bench, provider, 40);
    const day = someMonday();
    const client = helped.person.client.id;
    const same = number % 2 === 1;
    const { old, made } = change(helped, day, [line(same ? 40 : 15)]);
    // Two days as before, until the planner has seen it.
    const until = same ? day - 1 : day + 1;
    const before = serveDays(bench, helped, bench.from, until, 600);
    Object.assign(helped.need, { order: made, lines: made.versions[0]!.lines, minutes: same ? 40 : 15 });
    const after = serveDays(bench, helped, until + 1, bench.through, 600);
    if (!same) {
      const about = { what: "Två dagar efter en minskning", client, provider, ...period(day, until) };
      for (const other of ["visit-without-order", "over-granted"])
        bench.label({ rule: other, planted: true, optional: true, ...about });
      // They use up what the new order grants.
      for (const other of ["claim-exceeds-payable", "unbilled-visit"])
        bench.label({ rule: other, planted: true, optional: true, ...about, ...period(day, bench.through) });
    }
    const what = same ? "Ny beställning med samma innehåll" : "Planen följde den nya beställningen från tredje dagen";
    bench.label({
      rule,
      planted: false,
      what,
      client,
      provider,
      ...period(day, bench.through),
      records: [
        orderRecord(old),
        orderRecord(made),
        ...[...before, ...after].filter((one) => dateOf(one) >= day).map(visitRecord),
      ],
    });
    return true;
  });
}

const plansOf = (visits: readonly Happening[]) =>
  visits.flatMap(({ plan }) =>
    plan === null ? [] : [{ entity: "planned-visits" as const, source: plan.source, id: plan.id }],
  );

function plantDecisions(bench: Bench) {
  const { random } = bench;
  const rule = "execution-after-decision";
  bench.plant(everyProvider, (provider) => {
    const helped = everyDay(bench, provider, random.int(20, 30));
    const { order } = helped.need;
    const ends = random.int(bench.from + 8, bench.through - 28);
    decisionOf(bench, order).validTo = formatDay(ends);
    const visits = serveDays(bench, helped, bench.from, bench.through, 660);
    const after = visits.filter((one) => dateOf(one) > ends);
    bench.label({
      rule,
      planted: true,
      intensity: "month",
      what: "Besöken fortsatte veckor efter att beslutet gått ut, och ingen hade förnyat det",
      client: helped.person.client.id,
      provider,
      ...period(ends + 1, bench.through),
      minutes: wholeMinutes(after),
      records: [orderRecord(order), decisionRecord(decisionOf(bench, order)), ...after.map(visitRecord)],
    });
    return after.length > 0;
  });
  bench.plant(everyProvider, (provider, number) => {
    const helped = everyDay(bench, provider, random.int(20, 30));
    const { person, need } = helped;
    const { order } = need;
    const ends = random.int(bench.from + 8, bench.through - 28);
    decisionOf(bench, order).validTo = formatDay(ends);
    const client = person.client.id;
    const told = number % 2 === 0 ? random.int(6, 9) : -4;
    const last = order.versions.at(-1)!;
    order.versions.push({ ...last, at: atMinute(ends + told, 600), status: "ended", validTo: formatDay(ends) });
    const before = serveDays(bench, helped, bench.from, ends, 660);
    const records = [orderRecord(order), decisionRecord(decisionOf(bench, order))];
    if (number % 2 === 1) {
      person.through = ends;
      const about = { client, provider, ...period(ends, bench.through) };
      bench.label({ rule, planted: false, what: "Beslut och besök slutade samma dag", records, ...about });
      return before.length > 0;
    }
    const { source } = order;
    const lines = order.versions[0]!.lines.map(withoutId);
    const renewed = { person, team: need.team, law: "SoL" as const, source, lines };
    const made = bench.population.order({ ...renewed, orderedAt: atMinute(ends + told, 620), validFrom: ends + 1 });
    Object.assign(need, { order: made, lines: made.versions[0]!.lines });
    const after = serveDays(bench, helped, ends + 1, bench.through, 660);
    bench.label({
      rule,
      planted: false,
      what: "Beslutet förnyades en dryg vecka för sent och gäller bakåt",
      client,
      provider,
      ...period(ends + 1, bench.through),
      records: [...records, orderRecord(made), decisionRecord(decisionOf(bench, made)), ...after.map(visitRecord)],
    });
    return after.length > 0;
  });
}

function plantNotExecuted(bench: Bench) {
  const rule = "decision-not-executed";
  const long = bench.through - bench.from >= 91;
  const about = (helped: Helped, provider: string) => {
    const { order } = helped.need;
    return {
      client: helped.person.client.id,
      provider,
      ...period(bench.from, bench.through),
      records: [orderRecord(order), decisionRecord(decisionOf(bench, order))],
    };
  };
  bench.plant(everyProvider, (provider) => {
    const helped = newClient(bench, teamOf(bench, provider), { service: "omvardnad", minutes: 25 });
    // In a shorter period than three months nobody can see that nothing came of it.
    const what = "Beslutet är mer än tre månader gammalt och ingen har kommit";
    bench.label({
      rule,
      planted: true,
      intensity: "month",
      what,
      ...about(helped, provider),
      ...(!long && { optional: true }),
    });
    const { client } = about(helped, provider);
    bench.label({
      rule: "under-delivered",
      planted: true,
      optional: true,
      what,
      client,
      provider,
      ...period(bench.from, bench.through),
    });
    return true;
  });
  bench.plant(everyProvider, (provider, number) => {
    const team = teamOf(bench, provider);
    if (number % 2 === 0) {
      const helped = newClient(bench, team, { service: "stad", minutes: 60, per: "fortnight", weekdays: [2] });
      const visits = serveDays(
        bench,
        helped,
        bench.from,
        bench.through,
        700,
        {},
        (day) => (day - bench.from) % 14 === 0,
      );
      if (visits.length === 0) return false;
      for (const one of visits) decline(bench, one);
      const what = "Brukaren har avböjt varje gång";
      bench.label({ rule, planted: false, intensity: "month", what, ...about(helped, provider) });
      const { client } = about(helped, provider);
      bench.label({
        rule: "under-delivered",
        planted: true,
        optional: true,
        what,
        client,
        provider,
        ...period(bench.from, bench.through),
      });
      return true;
    }
    const helped = newClient(
      bench,
      team,
      { service: "omvardnad", minutes: 25 },
      { from: bench.through - 2, through: bench.through },
    );
    const { order } = helped.need;
    const [sent, accepted] = order.versions;
    for (const version of [sent!, accepted!]) delete version.validTo;
    delete decisionOf(bench, order).validTo;
    const visits = serveDays(bench, helped, bench.through - 1, bench.through, 660);
    const what = "Beslutades för en vecka sedan";
    bench.label({ rule, planted: false, what, ...about(helped, provider) });
    return visits.length >= 0;
  });
}

function plantNotConfirmed(bench: Bench) {
  const { random } = bench;
  const rule = "order-not-confirmed";
  // Only of Combine's orders is it known when they were accepted.
  const providers = bench.organisation.teams
    .filter(({ unit, kind }) => unit.ordersIn === "combine" && kind === "day")
    .map(({ provider }) => provider.id);
  const some = [...new Set(providers)];
  const start = (provider: string, ordered: number, accepted: number) => {
    const begins = random.int(bench.from + 20, bench.through - 20);
    const helped = newClient(
      bench,
      teamOf(bench, provider),
      { service: "omvardnad", minutes: 25 },
      { from: begins, through: bench.through },
    );
    const { order } = helped.need;
    // Before the week in which help begins: a weekday's morning, or a Friday afternoon.
    const friday = begins - 7 - ((weekdayOf(begins - 7) + 2) % 7);
    order.orderedAt = atMinute(friday, ordered);
    const acceptedAt = atMinute(friday + Math.floor(accepted / 1440), accepted % 1440);
    const [sent, confirmed] = order.versions;
    for (const version of [sent!, confirmed!]) delete version.validTo;
    const decision = decisionOf(bench, order);
    delete decision.validTo;
    Object.assign(decision, { at: order.orderedAt - 3_600_000, decidedOn: formatDay(friday) });
    sent!.at = order.orderedAt;
    Object.assign(confirmed!, { at: acceptedAt, acceptedAt });
    serveDays(bench, helped, begins, bench.through, 660);
    return { order, client: helped.person.client.id, ...period(friday, dayOf(acceptedAt)) };
  };
  bench.plant(some, (provider) => {
    const days = random.int(9, 16);
    const { order, ...about } = start(provider, 560, days * 1440 + 600);
    const what = `Beställningen bekräftades först efter ${days} dagar`;
    bench.label({ rule, planted: true, what, provider, ...about, records: [orderRecord(order)] });
    return true;
  });
  bench.plant(some, (provider) => {
    const { order, ...about } = start(provider, 950, 3 * 1440 + 590);
    const what = "Skickades fredag eftermiddag och bekräftades måndag morgon";
    bench.label({ rule, planted: false, what, provider, ...about, records: [orderRecord(order)] });
    return true;
  });
}

const fullest = "P4";

/** What the provider registered of what was granted in the month, and both. */
function utilisation(bench: Bench, month: Month) {
  const teams = bench.organisation.teams.filter(({ provider }) => provider.id === fullest);
  const units = new Set(teams.map(({ unit }) => unit.id));
  const people = bench.population.people.flatMap((person) => {
    const orders = person.orders.filter(({ unitId }) => units.has(unitId));
    const ofMonth = bench.ofPerson(person).filter((one) => units.has(one.visit.unitId) && bench.monthOf(one) === month);
    const granted = grantedMinutes(orders, null, month);
    const registered = ofMonth.reduce((sum, one) => sum + performedMinutes(one), 0);
    return orders.length === 0 ? [] : [{ person, ofMonth, granted, registered }];
  });
  const granted = people.reduce((sum, one) => sum + one.granted, 0);
  const registered = people.reduce((sum, one) => sum + one.registered, 0);
  return { people, granted, registered, share: registered / granted };
}

/** A provider that registers nearly all that is granted, month after month, whatever its clients do. */
export function fillUp(bench: Bench) {
  if (bench.months.length < 3) return;
  for (const month of bench.months) {
    for (const { person, ofMonth, granted, registered } of utilisation(bench, month).people) {
      let more = granted * 1.04 - registered;
      if (bench.free(person, [month])) for (const one of ofMonth) more -= lengthened(bench, one, more);
    }
  }
}

/** When all else has happened there: every month as full as the others. */
export function plantFullUtilisation(bench: Bench) {
  const rule = "full-utilisation";
  if (bench.months.length < 3) return;
  const shares: number[] = [];
  for (const month of bench.months) {
    const { people, granted, registered } = utilisation(bench, month);
    let much = registered - granted * 0.996;
    for (const one of people.flatMap(({ ofMonth }) => ofMonth)) {
      if (much < 1) break;
      const { visit, need } = one;
      const more = need === null || visit.versions.length > 1 ? 0 : Math.floor(minutesOf(one) - need.minutes);
      if (more <= 0 || !bench.untouched(one) || headOf(one).status !== "completed") continue;
      bench.retime(one, startOf(one), endOf(one) - more * MINUTE);
      much -= more;
    }
    shares.push(utilisation(bench, month).share);
  }
  const even = Math.min(...shares) >= 0.982 && Math.max(...shares) - Math.min(...shares) < 0.018;
  const percent = (share: number) => `${(share * 100).toFixed(1).replace(".", ",")} procent`;
  bench.label({
    rule,
    planted: true,
    intensity: "unit",
    what: `${shares.map(percent).join(", ")} av beviljad tid månad efter månad`,
    provider: fullest,
    ...period(bench.from, bench.through),
    ...(!even && { optional: true }),
  });
  for (const provider of everyProvider.filter((id) => id !== fullest)) {
    const what = "Registrerar nio tiondelar av vad som är beviljat, som de flesta";
    bench.label({ rule, planted: false, intensity: "unit", what, provider, ...period(bench.from, bench.through) });
  }
}

/** Lets a visit go on for some minutes more where nobody was waiting. Returns how many. */
function lengthened(bench: Bench, one: Happening, room: number): number {
  const { visit, need, worker } = one;
  const head = headOf(one);
  if (visit.versions.length > 1 || head.status !== "completed" || need === null || !bench.untouched(one)) return 0;
  // Two leave together.
  if (need.staffing === 2) return 0;
  const own = bench.ofStaff(worker.staff.id);
  const next = own[own.indexOf(one) + 1];
  const list = bench.ofPerson(one.person);
  const after = list[list.indexOf(one) + 1];
  const until = Math.min(
    startOf(one) + Math.round(need.minutes * 1.2) * MINUTE,
    next === undefined ? Infinity : startOf(next) - Math.max(4 * MINUTE, (startOf(next) - endOf(one)) * 0.45),
    after === undefined ? Infinity : startOf(after) - 3 * MINUTE,
    endOf(one) + room * MINUTE,
  );
  const minutes = Math.floor((until - endOf(one)) / MINUTE);
  if (minutes <= 0) return 0;
  bench.retime(one, startOf(one), endOf(one) + minutes * MINUTE);
  return minutes;
}

export function plantGranted(bench: Bench) {
  plantNotOrdered(bench);
  plantUnderDelivered(bench);
  plantOrderChanges(bench);
  plantDecisions(bench);
  plantNotExecuted(bench);
  plantNotConfirmed(bench);
}
