import { day as dayOfDate, dayOf, daysOfMonth, formatDay, HOUR, MINUTE } from "#model";
import { grantedMinutes, performedMinutes } from "../claims.ts";
import type { Happening } from "../days.ts";
import { dateOf, endOf, headOf, record, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { periodOf } from "./serve.ts";

/** Rules on when a visit was and how long: what is innocent to one of them is to all. */
const ofTimes = new Set(
  "short-visit long-visit late-start plan-rewritten merged-visits unplanned-visit lengthened-afterwards".split(" "),
);

/**
 * What is planted on visits for one reason may be remarkable for another, and some things just happen: a visit that is
 * far from its plan is, whoever says so. Not where somebody has said that it is innocent.
 */
export function labelWhatFollows(bench: Bench) {
  const said = new Set<string>();
  for (const { rule, planted, records } of bench.labels) {
    for (const { entity, source, id } of records) {
      if (entity !== "visits") continue;
      if (planted) said.add(`${rule} ${source} ${id}`);
      else if (ofTimes.has(rule)) said.add(`innocent ${source} ${id}`);
    }
  }
  for (const one of bench.days.happenings) {
    const { visit, plan } = one;
    const head = headOf(one);
    if (plan === null || head.end === null || head.status !== "completed") continue;
    if (said.has(`innocent ${visit.source} ${visit.id}`)) continue;
    const minutes = (head.end - head.start) / MINUTE;
    // Plans change, some of them afterwards.
    const planned = plan.versions.map(({ start, end }) => (end - start) / MINUTE);
    const start = Math.min(...plan.versions.map((version) => version.start));
    const kinds = [
      ["short-visit", minutes < 0.6 * Math.max(...planned)],
      ["long-visit", minutes > Math.min(...planned) + 7],
      ["late-start", head.start > start + 50 * MINUTE],
      // So late that nobody can tell it from another visit.
      ["unplanned-visit", head.start > start + 115 * MINUTE],
    ] as const;
    for (const [rule, holds] of kinds) {
      if (!holds || said.has(`${rule} ${visit.source} ${visit.id}`)) continue;
      const what = "Långt från planen, av något annat skäl";
      const { id: client } = one.person.client;
      bench.label({ rule, planted: true, optional: true, what, client }, one);
      const booking = bench.bookingOf.get(plan);
      if (rule === "unplanned-visit" && booking !== undefined)
        bench.label({ rule: "missed-visit", planted: true, optional: true, what, client }, booking);
    }
  }
  labelOtherHelp(bench);
  labelShortNights(bench);
  labelGrowth(bench);
  labelNobodyCame(bench);
  labelLuckyEdits(bench);
  labelManual(bench);
  labelInvoices(bench);
  labelMonthlyInAbsence(bench);
}

/** Who was given clearly less or more than granted, for whatever reason: to call it so is true, and accuses nobody. */
function labelOtherHelp(bench: Bench) {
  const said = new Set(bench.labels.map(({ rule, client, from }) => `${rule} ${client ?? ""} ${from.slice(0, 7)}`));
  for (const person of bench.population.people) {
    const visits = Map.groupBy(bench.ofPerson(person), (one: Happening) => formatDay(dateOf(one)).slice(0, 7));
    for (const month of bench.months) {
      const granted = grantedMinutes(person.orders, null, month);
      const done = (visits.get(month) ?? []).reduce((sum, one) => sum + performedMinutes(one), 0);
      const kinds = [
        ["under-delivered", granted > 0 && done < 0.86 * granted],
        ["over-granted", done > 1.04 * granted],
      ] as const;
      for (const [rule, holds] of kinds) {
        if (!holds || said.has(`${rule} ${person.client.id} ${month}`)) continue;
        const what = `${Math.round(done)} av ${Math.round(granted)} beviljade minuter, av något annat skäl`;
        bench.label({ rule, planted: true, optional: true, what, client: person.client.id, ...periodOf(month) });
      }
    }
  }
}

/** Where nobody else could come, somebody stayed late and began at seven, again and again: to call it so is true. */
function labelShortNights(bench: Bench) {
  const rule = "no-rest";
  const said = new Set(bench.labels.map((label) => `${label.rule} ${label.staff ?? ""} ${label.from.slice(0, 7)}`));
  for (const { id: staff } of bench.organisation.staff) {
    const days = Map.groupBy(bench.ofStaff(staff), dateOf);
    const short = [...days].filter(([day, visits]) => {
      const next = days.get(day + 1)?.map(startOf) ?? [];
      const rest = Math.min(...next) - Math.max(...visits.map(endOf));
      // Eleven hours is what the law gives; a round by night goes on past midnight.
      return rest > 4 * HOUR && rest < 11 * HOUR;
    });
    for (const [month, nights] of Map.groupBy(short, ([day]) => formatDay(day).slice(0, 7))) {
      if (nights.length < 3 || said.has(`${rule} ${staff} ${month}`)) continue;
      const what = `${nights.length} nätter med mindre än elva timmars vila`;
      bench.label({ rule, planted: true, optional: true, what, staff, ...periodOf(month) });
    }
  }
}

/** Of a small provider's hours what was planted there for other reasons may be a third: that they have grown is true. */
function labelGrowth(bench: Bench) {
  const rule = "growth-without-staff";
  const [first, , , last] = bench.months;
  if (first === undefined || last === undefined) return;
  for (const { id: provider } of bench.organisation.providers) {
    const units = new Set(
      bench.organisation.teams.filter((team) => team.provider.id === provider).map(({ unit }) => unit.id),
    );
    const own = bench.days.happenings.filter(({ visit }) => units.has(visit.unitId));
    const minutesIn = (month: string) =>
      own.filter((one) => bench.monthOf(one) === month).reduce((sum, one) => sum + performedMinutes(one), 0);
    const more = minutesIn(last) / minutesIn(first) - 1;
    const said = bench.labels.find((label) => label.rule === rule && label.provider === provider);
    if (said?.planted === true || !(more > 0.4)) continue;
    const what = `${Math.round(more * 100)} procent fler timmar på tre månader, av flera skäl`;
    if (said === undefined) bench.label({ rule, planted: true, optional: true, what, provider, ...periodOf(last) });
    else Object.assign(said, { planted: true, optional: true, what });
  }
}

/** A unit that is short of people every Monday never comes to whoever lives furthest away and wants help on Mondays. */
function labelNobodyCame(bench: Bench) {
  const rule = "decision-not-executed";
  const said = new Set(bench.labels.filter((label) => label.rule === rule).map(({ client }) => client));
  for (const person of bench.population.people) {
    const { client, orders, diedAt } = person;
    if (said.has(client.id)) continue;
    for (const order of orders) {
      const { validFrom, validTo = "9999-12-31", lines } = order.versions.at(-1)!;
      if (lines.some(({ service }) => service === "larm")) continue;
      const first = Math.max(bench.from, dayOfDate(validFrom));
      const last = Math.min(bench.through, dayOfDate(validTo), diedAt === undefined ? Infinity : dayOf(diedAt));
      const wanted = (one: Happening) =>
        headOf(one).services.some((service) => lines.some((line) => line.service === service));
      const came = bench.ofPerson(person).filter(wanted).map(dateOf);
      const times = [first - 1, ...came.filter((day) => first <= day && day <= last), last + 1];
      if (!times.some((day, index) => index > 0 && day - times[index - 1]! > 85)) continue;
      const what = "Ingen hade tid på flera månader";
      const about = { client: person.client.id, records: [record("orders", order.source, order.id)] };
      bench.label({ rule, planted: true, optional: true, what, ...about });
    }
  }
}

/** Where a client had few visits left, those by hand weigh more. */
function labelManual(bench: Bench) {
  const rule = "manual-share";
  for (const person of bench.population.people) {
    const done = bench.ofPerson(person).filter((one) => headOf(one).status === "completed");
    const of = (one: Happening) => `${one.worker.team.provider.id} ${bench.monthOf(one)}`;
    for (const [key, visits] of Map.groupBy(done, of)) {
      const [provider = "", month = ""] = key.split(" ");
      const byHand = visits.filter((one) => headOf(one).startProof === "manual" || headOf(one).endProof === "manual");
      if (visits.length < 25 || byHand.length < 0.18 * visits.length) continue;
      const what = `${byHand.length} av ${visits.length} besök för hand`;
      const client = person.client.id;
      bench.label({ rule, planted: true, optional: true, what, client, provider, ...periodOf(month) });
    }
  }
}

/** Of a handful of corrections some end as planned by chance. */
function labelLuckyEdits(bench: Bench) {
  const edits = bench.days.happenings.filter((one) => headOf(one).originalEnd !== undefined);
  const of = (one: Happening) => `${one.worker.team.provider.id} ${bench.monthOf(one)}`;
  for (const [key, group] of Map.groupBy(edits, of)) {
    const [provider = "", month = ""] = key.split(" ");
    const same = group.filter((one) => one.plan?.versions.at(-1)!.end === headOf(one).end);
    if (same.length <= 0.22 * group.length) continue;
    const what = `${same.length} av ${group.length} ändringar slutade som planerat`;
    bench.label({ rule: "edited-to-plan", planted: true, optional: true, what, provider, ...periodOf(month) });
  }
}

/** Where visits are not what they should be, no invoice can agree with them. */
function labelInvoices(bench: Bench) {
  const months = new Set<string>();
  const add = (client: string, month: string) => void months.add(`${client} ${month}`);
  const visits = new Map(bench.days.happenings.map((one) => [`${one.visit.source} ${one.visit.id}`, one]));
  for (const { planted, optional, records, client, from, through } of bench.labels) {
    if (!planted || optional === true) continue;
    for (const { entity, source, id } of records) {
      const one = entity === "visits" ? visits.get(`${source} ${id}`) : undefined;
      if (one !== undefined) add(one.person.client.id, bench.monthOf(one));
    }
    if (client === undefined) continue;
    for (const month of bench.months) {
      const days = daysOfMonth(month);
      if (formatDay(days.first) <= through && formatDay(days.last) >= from) add(client, month);
    }
  }
  for (const key of months) {
    const [client = "", month = ""] = key.split(" ");
    const what = "Månadens besök är inte som de borde";
    for (const rule of ["claim-exceeds-payable", "unbilled-visit"])
      bench.label({ rule, planted: true, optional: true, what, client, ...periodOf(month) });
  }
}

/**
 * Absence is paid of the granted minutes of a day, and what is granted by the month has its share in every day. Bookkeepers
 * bill it where somebody would have come: what they leave out is little, and unbilled all the same.
 */
function labelMonthlyInAbsence({ population, organisation, label }: Bench) {
  for (const { client, orders, needs, stays } of population.people) {
    for (const { from, to, planned } of stays) {
      if (planned) continue;
      for (const order of orders) {
        const monthly = order.versions.at(-1)!.lines.some(({ service, per }) => per === "month" && service !== "larm");
        const provider = needs.find((need) => need.order === order)?.team.provider.id;
        const paidDays = organisation.agreements.get(provider ?? "")?.absencePercent.length ?? 0;
        if (!monthly || provider === undefined || paidDays === 0) continue;
        const first = dayOf(from);
        // The first day that is paid is the first on which nobody came.
        const last = Math.min(first + paidDays, to === undefined ? Infinity : dayOf(to));
        const period = { from: formatDay(first), through: formatDay(last) };
        const what = "En del av månadens tid föll under frånvaron";
        label({ rule: "unbilled-visit", planted: true, optional: true, what, client: client.id, provider, ...period });
      }
    }
  }
}
