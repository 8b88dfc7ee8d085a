import { z } from "zod";
import {
  addWorkingDays,
  at,
  cut,
  type Day,
  DAY_MS,
  dayOf,
  defineRule,
  example,
  formatDay,
  formatLocal,
  heldAgainst,
  type Hit,
  type Lines,
  median,
  MINUTE,
  NO_DAY,
  type Orders,
  rowsOf,
  sample,
  startOfDay,
} from "#rule";

type Given = Record<string, unknown>;

/** As the line stood from 5 October 10:00; before, C1 had 30 minutes three times a day. */
function changed(to: Given, when = "2026-10-05 10:00") {
  return sample("order-lines", "o-1-1", { orderId: "o-1", times: 3, ...to }, { version: at(when) });
}

/** What P1 has answered here to the order, and when. */
function answers(last: "accepted" | "declined", when: string, { order = "o-1", current = true } = {}) {
  const [acceptedAt, declinedAt] = last === "accepted" ? [at(when), null] : [null, at(when)];
  const said = { acceptedAt, declinedAt, last, lastAt: at(when), current };
  return { answers: [{ source: "files", order, provider: "P1", returnedAt: null, ...said }] };
}

/** C1's visits and plans from 1 October, `times` a day: so long as `minutes` says of the date, or of the plan alone. */
function given(
  minutes: (date: number) => number,
  {
    times = 3,
    planned = minutes,
    days = 20,
  }: { times?: number; planned?: (date: number) => number; days?: number } = {},
) {
  return Array.from({ length: days * times }, (_, position) => {
    const date = Math.floor(position / times) + 1;
    const start = at("2026-10-01 08:00", (date - 1) * 24 * 60 + (position % times) * 5 * 60);
    const id = `${date}-${position % times}`;
    return [
      sample("planned-visits", `p-${id}`, { start, end: start + planned(date) * MINUTE }),
      sample("visits", `v-${id}`, { start, end: start + minutes(date) * MINUTE, plannedVisitId: `p-${id}` }),
    ];
  }).flat();
}

/** The old order ended on the 4th, and a new one for 20 minutes began the day after. */
const replaced = [
  sample("orders", "o-1", { validTo: "2026-10-04" }),
  sample("orders", "o-9", { validFrom: "2026-10-05", orderedAt: "2026-10-02 10:00" }),
  sample("order-lines", "o-9-1", { orderId: "o-9", minutes: 20, times: 3 }),
];

/** 75 minutes became 60, as the plan says; the visits have gone on so long all the time. */
const fromLong = (minutes: number) => [
  sample("order-lines", "o-1-1", { orderId: "o-1", times: 3, minutes: 75 }, { version: at("2026-09-01 10:00") }),
  changed({ minutes: 60 }),
  ...given(() => minutes, { planned: (date) => (date < 9 ? 75 : 60) }),
];

export default defineRule({
  id: "order-change-ignored",
  version: 3,
  level: "indicator",
  scope: "order",
  title: { sv: "Ändrad beställning som inte följs", en: "A changed order that is not followed" },
  why: "Beställningen har ändrats, men planering eller besök följer fortfarande den gamla. Brukaren får fel hjälp.",
  remedy: "Kontrollera att utföraren har fått den nya beställningen, och be utföraren ändra planeringen.",
  innocent: {
    visitsFollow: "Besöken följer den nya beställningen; bara planeringen är inte ändrad.",
    visitsLonger: "Planeringen följer den nya beställningen, och besöken är bara lite längre än den.",
    declined: "Utföraren har i tid tackat nej till ändringen.",
    away: "Brukaren var frånvarande, eller källan tyst, nästan hela tiden efter ändringen.",
  },
  reads: ["visits", "plans", "orders", "lines", "services", "absences", "sources", "matches", "settlement"],
  parameters: z.object({
    workingDaysAfter: z.int().min(0).default(3).describe("Så många vardagar får det ta att följa en ändring."),
    minutesMin: z.number().positive().default(5).describe("Mindre ändringar av ett besöks längd syns inte."),
    longerMin: z
      .number()
      .min(0)
      .default(10)
      .describe(
        "Är planeringen kortad ska besöken vara så många minuter längre för att följa den gamla beställningen.",
      ),
    longerPercentAbove: z
      .number()
      .min(0)
      .default(20)
      .describe("Så många procent över den nya beställningen drar besök ofta, också utan att den är ändrad."),
    visitsMin: z.int().min(1).default(5).describe("Så många besök efter fristen behövs för att jämföra längden."),
    visitsApartMin: z
      .number()
      .positive()
      .default(5)
      .describe("Så många besök ska den gamla och den nya beställningen skilja efter fristen för att jämföra antalet."),
  }),
  subject: "slice",
  settlesAfterDays: 4,
  examples: () => ({
    reports: [
      example([changed({ minutes: 20 }), ...given(() => 30)]),
      example([changed({ minutes: 45 }), ...given(() => 29)]),
      example([changed({ minutes: 20 }), ...given(() => 30, { days: 10 })]),
      example([changed({ minutes: 30, times: 2 }), ...given(() => 30, { days: 31 })]),
      example([...replaced, ...given(() => 30)]),
      // The plan is shortened, and the visits are as before.
      example([changed({ minutes: 20 }), ...given(() => 30, { planned: (date) => (date < 9 ? 30 : 20) })]),
      example(fromLong(73)),
      // It said yes to the change, or no to what was ordered before, or no when the time to follow had passed.
      example([changed({ minutes: 20 }), ...given(() => 30)], answers("accepted", "2026-10-06 09:00")),
      example([changed({ minutes: 20 }), ...given(() => 30)], answers("declined", "2026-10-02 09:00")),
      example([changed({ minutes: 20 }), ...given(() => 30)], answers("declined", "2026-10-09 09:00")),
      // It had not been told of the change when it said no.
      example(
        [changed({ minutes: 20 }), ...given(() => 30)],
        answers("declined", "2026-10-06 09:00", { current: false }),
      ),
      // Every day, where now two days a week are ordered, as a line for each.
      example([
        sample("orders", "o-1", { validTo: "2026-10-04" }),
        sample("orders", "o-9", { validFrom: "2026-10-05", orderedAt: "2026-10-02 10:00" }),
        sample("order-lines", "o-9-1", { orderId: "o-9", per: "week", weekdays: [1] }),
        sample("order-lines", "o-9-2", { orderId: "o-9", per: "week", weekdays: [4] }),
        sample("order-lines", "o-1-1", { orderId: "o-1" }),
        ...given(() => 30, { times: 1, days: 31 }),
      ]),
    ],
    accepts: [
      // Three a day until the deadline, then two.
      example([
        changed({ minutes: 30, times: 2 }),
        ...given(() => 30, { days: 31 }).filter(({ record }) => !/^[pv]-(9|[123]\d)-2$/.test(record.id)),
      ]),
      // Longer visits are planned, and a little shorter than planned.
      example([changed({ minutes: 35 }), ...given(() => 30, { planned: (date) => (date < 9 ? 30 : 35) })]),
      // Shorter visits are planned, and go on a little longer: nine minutes, or a fifth.
      example([changed({ minutes: 20 }), ...given(() => 29, { planned: (date) => (date < 9 ? 30 : 20) })]),
      example(fromLong(72)),
      // From the fourth weekday on, which is the 9th.
      example([changed({ minutes: 20 }), ...given((date) => (date < 9 ? 30 : 20))]),
      example([changed({ minutes: 20 }), ...given(() => 30, { days: 9 })]),
      example([changed({ minutes: 20 }), ...given(() => 20, { planned: () => 30 })]),
      example([
        changed({ minutes: 20 }),
        ...given(() => 30, { days: 10 }),
        sample("absences", "a-1", { from: "2026-10-09", to: "2026-10-31" }),
      ]),
      example([changed({ minutes: 26 }), ...given(() => 30)]),
      example([changed({ minutes: 30 }), ...given(() => 30)]),
      // Valid from a later day only.
      example([changed({ minutes: 20, validFrom: "2026-10-19" }), ...given(() => 30)]),
      // A version without a time: nobody knows when it changed.
      example([
        sample("order-lines", "o-1-1", { orderId: "o-1", times: 3, minutes: 20 }, { version: 2 }),
        ...given(() => 30),
      ]),
      example([...replaced, ...given((date) => (date < 5 ? 30 : 20))]),
      // No in time: somebody else has to give the help.
      example([changed({ minutes: 20 }), ...given(() => 30)], answers("declined", "2026-10-08 16:00")),
      example([...replaced, ...given(() => 30)], answers("declined", "2026-10-02 15:00", { order: "o-9" })),
    ],
  }),
  evaluate(
    { visits, plans, orders, lines, services, absences, sources, matches, settlement, slice, asOf },
    { workingDaysAfter, minutesMin, longerMin, longerPercentAbove, visitsMin, visitsApartMin },
    report,
  ) {
    const hits: Hit[] = [];
    for (const order of slice.orders) {
      const predecessor = predecessorOf(orders, order, slice.client);
      if (predecessor < 0 && !everChanged(lines, order)) continue;
      const changes = new Map<number, Change>();
      for (const line of rowsOf(lines.byOrder, order)) {
        const service = lines.service(line);
        const change = changes.has(service) ? null : changeOf(orders, lines, order, predecessor, service);
        if (change !== null) changes.set(service, change);
      }
      for (const [service, change] of changes) {
        if (Number.isNaN(change.day)) {
          report.tooLittleData("beställningens ändringstid saknas");
          continue;
        }
        const first = Math.max(addWorkingDays(change.day, workingDaysAfter) + 1, slice.firstDay);
        const answer = answerTo(orders, order, change.knownAt);
        if (answer?.kind === "declined" && dayOf(answer.at) <= addWorkingDays(change.day, workingDaysAfter)) {
          report.suppressed("declined");
          continue;
        }
        const ends = orders.validTo(order) === NO_DAY ? slice.lastDay : orders.validTo(order);
        // Two days for late registrations.
        const last = Math.min(slice.lastDay, ends, dayOf(asOf - 2 * DAY_MS) - 1);
        if (first > last) continue;
        const days = new Set<Day>();
        for (let day = first; day <= last; day++) {
          const [from, until] = [startOfDay(day), startOfDay(day + 1)];
          if (absences.covering(slice.client, from, until) < 0 && !matches.silent(slice.client, from, until))
            days.add(day);
        }

        const seen: number[] = [];
        let before = -Infinity;
        let visitsSeen = 0;
        for (const row of slice.visits) {
          if (!days.has(visits.day(row)) || visits.status(row) === "cancelled") continue;
          const counts = settlement.lines(row).lines;
          if (!counts.some((line) => lines.order(line) === order && lines.service(line) === service)) continue;
          seen.push(row);
          // The second person of a pair is the same time with the client.
          if (visits.start(row) - before < TOGETHER_MS) continue;
          visitsSeen++;
          before = visits.start(row);
        }
        const hitOf = (what: string, wasAndIs: readonly [number, number], planned: number, registered: number) => ({
          records: [
            { table: "orders" as const, row: order },
            ...(change.predecessor < 0 ? [] : [{ table: "orders" as const, row: change.predecessor }]),
            ...seen.map((row) => ({ table: "visits" as const, row })),
          ],
          distinct: `${sources.id(orders.source(order))}/${orders.id(order)} ${services.code[service] ?? ""}`,
          reason: `Beställningen ändrades ${formatDay(change.day)} från ${shown(wasAndIs[0])} till ${shown(wasAndIs[1])} ${what} för ${services.name(service)}. Från ${formatDay(first)} är det planerat ${Number.isNaN(planned) ? "inget" : shown(planned)} och registrerat ${shown(registered)}.`,
          evidence: {
            "ändringen gäller": what,
            "gammal beställning": cut(wasAndIs[0]),
            "ny beställning": cut(wasAndIs[1]),
            "planerat efter fristen": Number.isNaN(planned) ? null : cut(planned),
            "registrerat efter fristen": cut(registered),
            "vardagar efter ändringen >": workingDaysAfter,
            ...(answer === null
              ? {}
              : {
                  [answer.kind === "accepted" ? "utföraren tackade ja" : "utföraren tackade nej"]: formatLocal(
                    answer.at,
                  ),
                }),
            "dagar som jämförs": days.size,
            "besök som jämförs": seen.length,
          },
        });

        const { was, is } = change;
        // Where a visit is for several services, the length of each may have changed.
        const planned: number[] = [];
        const registered: number[] = [];
        let apart = was.minutes - is.minutes;
        for (const row of Math.abs(apart) >= minutesMin ? seen : []) {
          if (!visits.usable(row)) continue;
          const counts = settlement.lines(row).lines;
          const wanted = counts.reduce((sum, line) => sum + lines.minutes(line), 0);
          apart = counts.reduce((sum, line) => sum + apartOf(changes.get(lines.service(line))), 0);
          if (Math.abs(apart) < minutesMin) continue;
          const version = heldAgainst(visits, plans, matches, row);
          registered.push((visits.minutes(row) - wanted) / apart);
          if (version >= 0) planned.push((plans.minutes(version) - wanted) / apart);
        }
        if (registered.length >= visitsMin) {
          apart = was.minutes - is.minutes;
          const [byPlan, byVisits] = [median(planned), median(registered)];
          const follow = followsOf(byPlan, byVisits, apart);
          const longer = byVisits * apart;
          // Visits of 24 minutes where 20 are planned and 25 were before are long: nobody can tell more from them.
          const mayBeLong = apart > 0 && !near(byPlan, 1);
          if (follow === "old" && mayBeLong && (longer < longerMin || longer * 100 <= longerPercentAbove * is.minutes))
            report.suppressed("visitsLonger");
          else if (follow === "old") {
            const [plan, visit] = [is.minutes + byPlan * apart, is.minutes + byVisits * apart];
            hits.push({
              ...hitOf("minuter per besök", [was.minutes, is.minutes], plan, visit),
              minutes: Math.round(Math.abs(apart) * registered.length),
            });
            continue;
          }
          if (follow === "planOnly") report.suppressed("visitsFollow");
        } else if (Math.abs(was.minutes - is.minutes) >= minutesMin && days.size * 2 <= last - first + 1) {
          report.suppressed("away");
        }

        const more = ((was.perWeek - is.perWeek) * days.size) / 7;
        if (Math.abs(more) < visitsApartMin) continue;
        before = -Infinity;
        let plansSeen = 0;
        for (const plan of slice.plans) {
          const frozen = plans.frozen(plan);
          if (plans.cancelled(frozen) || plans.provider(frozen) !== orders.provider(order)) continue;
          if (!days.has(dayOf(plans.start(frozen)))) continue;
          if (!services.list(plans.services(frozen)).includes(service)) continue;
          if (plans.start(frozen) - before < TOGETHER_MS) continue;
          plansSeen++;
          before = plans.start(frozen);
        }
        const expected = (is.perWeek * days.size) / 7;
        const plannedTimes = plansSeen === 0 ? NaN : plansSeen;
        const follow = followsOf((plannedTimes - expected) / more, (visitsSeen - expected) / more, more);
        if (follow === "old") {
          hits.push({
            ...hitOf(`besök på ${days.size} dagar`, [expected + more, expected], plannedTimes, visitsSeen),
            minutes: Math.round(Math.abs(more) * (is.minutes || was.minutes || 0)) || null,
          });
        } else if (follow === "planOnly") report.suppressed("visitsFollow");
      }
    }
    return hits;
  },
});

/** What the provider has answered to a change, here or in the case system; null: nothing since. */
function answerTo(
  orders: Orders,
  order: number,
  knownAt: number,
): { kind: "accepted" | "declined"; at: number } | null {
  const here = orders.answers(order);
  if (here !== null && here.last !== null && here.current && here.lastAt! >= knownAt)
    return { kind: here.last, at: here.lastAt! };
  const there = orders.acceptedAt(order);
  return there >= knownAt ? { kind: "accepted", at: there } : null;
}

/** Two visits that begin so near each other are one to the client. */
const TOGETHER_MS = 15 * MINUTE;

const near = (value: number, to: number): boolean => Math.abs(value - to) <= 1 / 3;

/**
 * Which order planned and registered follow, where 0 is as the new one says and 1 as the old one. Where more was ordered and
 * the plan says so, visits that fall short of it are short visits.
 */
function followsOf(planned: number, registered: number, apart: number): "old" | "planOnly" | "other" {
  if (near(planned, 0) && apart < 0) return "other";
  if (near(registered, 1)) return "old";
  if (!near(planned, 1)) return "other";
  return near(registered, 0) ? "planOnly" : "old";
}

/** By how many minutes a visit was longer before; 0 where that cannot be said. */
function apartOf(change: Change | undefined): number {
  return change === undefined ? 0 : change.was.minutes - change.is.minutes || 0;
}

function everChanged(lines: Lines, order: number): boolean {
  const { offsets, rows } = lines.byOrder;
  for (let i = offsets[order]!; i < offsets[order + 1]!; i++) if (lines.older(rows[i]!).length > 0) return true;
  return false;
}

const WITHOUT_ORDER_DAYS_MAX = 7;

/** The order of the same provider that this one took the place of, or -1. */
function predecessorOf(orders: Orders, order: number, client: number): number {
  const from = orders.validFrom(order);
  const { offsets, rows } = orders.byClient;
  for (let i = offsets[client]!; i < offsets[client + 1]!; i++) {
    const before = rows[i]!;
    const through = orders.validTo(before);
    if (before === order || through === NO_DAY || through >= from || from - through > WITHOUT_ORDER_DAYS_MAX) continue;
    if (orders.provider(before) === orders.provider(order) && orders.valid(before, through)) return before;
  }
  return -1;
}

/** What is ordered of a service in all: how long each time, NaN where the lines differ, and how often. */
interface Ordered {
  minutes: number;
  perWeek: number;
}

interface Change {
  was: Ordered;
  is: Ordered;
  /** From when the new order was known and in force; NaN where nobody says. */
  day: Day;
  /** When it was made: what is answered later is about it. */
  knownAt: number;
  /** The order that it took the place of, or -1: the same order said something else. */
  predecessor: number;
}

/** How a service last changed: in the order's own lines, or against the order that it took the place of. */
function changeOf(orders: Orders, lines: Lines, order: number, predecessor: number, service: number): Change | null {
  const own = [...rowsOf(lines.byOrder, order)].filter((line) => lines.service(line) === service);
  const is = total(own.map((line) => said(lines, line)));
  const ends = own.map((line) => lastChange(lines, line)).filter((until) => until !== -Infinity);
  if (ends.length > 0) {
    if (ends.some(Number.isNaN)) return { was: is, is, day: NaN, knownAt: NaN, predecessor: -1 };
    const until = Math.max(...ends);
    const was = total(
      own.map((line) =>
        said(
          lines,
          line,
          lines.older(line).find((version) => version.until >= until),
        ),
      ),
    );
    const day = Math.max(dayOf(until), ...own.map((line) => lines.validFrom(line)));
    return { was, is, day, knownAt: until, predecessor: -1 };
  }
  if (predecessor < 0) return null;
  const before = [...rowsOf(lines.byOrder, predecessor)].filter((line) => lines.service(line) === service);
  if (before.length === 0) return null;
  const was = total(before.map((line) => said(lines, line)));
  const knownAt = orders.orderedAt(order);
  return { was, is, day: Math.max(dayOf(knownAt), orders.validFrom(order)), knownAt, predecessor };
}

/** When a line last came to say something else: NaN where nobody says, -Infinity where it never did. */
function lastChange(lines: Lines, line: number): number {
  const older = lines.older(line);
  let next = said(lines, line);
  for (let position = older.length - 1; position >= 0; position--) {
    const version = said(lines, line, older[position]!);
    if (version.minutes !== next.minutes || version.perWeek !== next.perWeek) return older[position]!.until;
    next = version;
  }
  return -Infinity;
}

/** A line, now or in an older version, by the week; what is ordered once never comes every week. */
function said(lines: Lines, line: number, version?: { minutes: number; times: number; per: string }): Ordered {
  const { minutes, times, per } = version ?? {
    minutes: lines.minutes(line),
    times: lines.times(line),
    per: lines.per(line),
  };
  let weekdays = 0;
  for (let weekday = 1; weekday <= 7; weekday++) if (lines.onWeekday(line, weekday)) weekdays++;
  const weeks = { day: 1, week: 1, fortnight: 0.5, month: 7 / 30, once: 0 }[per] ?? 0;
  const listed = per === "day" ? weekdays || 7 : per === "week" || per === "fortnight" ? weekdays || 1 : 1;
  return { minutes, perWeek: times * listed * weeks };
}

function total(ordered: readonly Ordered[]): Ordered {
  const [first] = ordered;
  return {
    minutes: ordered.every(({ minutes }) => minutes === first!.minutes) ? first!.minutes : NaN,
    perWeek: ordered.reduce((sum, { perWeek }) => sum + perWeek, 0),
  };
}

function shown(value: number): string {
  return String(Math.round(value * 10) / 10).replace(".", ",");
}
