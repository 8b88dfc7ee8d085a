import { z } from "zod";
import {
  addWorkingDays,
  at,
  cut,
  DAY_MS,
  type Day,
  dayOf,
  defineRule,
  example,
  formatDay,
  heldAgainst,
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

export default defineRule({
  id: "order-change-ignored",
  version: 1,
  level: "indicator",
  scope: "order",
  title: { sv: "Ändrad beställning som inte följs", en: "A changed order that is not followed" },
  why: "Beställningen har ändrats, men planering eller besök följer fortfarande den gamla. Brukaren får fel hjälp.",
  remedy: "Kontrollera att utföraren har fått den nya beställningen, och be utföraren ändra planeringen.",
  innocent: {
    visitsFollow: "Besöken följer den nya beställningen; bara planeringen är inte ändrad.",
    away: "Brukaren var frånvarande, eller källan tyst, nästan hela tiden efter ändringen.",
  },
  reads: ["visits", "plans", "orders", "lines", "services", "absences", "sources", "matches", "settlement"],
  parameters: z.object({
    workingDaysAfter: z.int().min(0).default(3).describe("Så många vardagar får det ta att följa en ändring."),
    minutesMin: z.number().positive().default(5).describe("Mindre ändringar av ett besöks längd syns inte."),
    visitsMin: z.int().min(1).default(5).describe("Så många besök efter fristen behövs för att jämföra längden."),
    visitsApartMin: z
      .number()
      .positive()
      .default(5)
      .describe("Så många besök ska den gamla och den nya beställningen skilja efter fristen för att jämföra antalet."),
  }),
  subject: "slice",
  settlesAfterDays: 4,
  examples: {
    reports: [
      example([changed({ minutes: 20 }), ...given(() => 30)]),
      example([changed({ minutes: 45 }), ...given(() => 29)]),
      example([changed({ minutes: 20 }), ...given(() => 30, { days: 10 })]),
      example([changed({ minutes: 30, times: 2 }), ...given(() => 30, { days: 31 })]),
      example([...replaced, ...given(() => 30)]),
    ],
    accepts: [
      // Three a day until the deadline, then two.
      example([
        changed({ minutes: 30, times: 2 }),
        ...given(() => 30, { days: 31 }).filter(({ record }) => !/^[pv]-(9|[123]\d)-2$/.test(record.id)),
      ]),
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
    ],
  },
  *evaluate(
    { visits, plans, orders, lines, services, absences, sources, matches, settlement, slice, asOf },
    { workingDaysAfter, minutesMin, visitsMin, visitsApartMin },
    report,
  ) {
    for (const order of slice.orders) {
      const { offsets, rows } = lines.byOrder;
      let counted: number[] | null = null;
      for (let position = offsets[order]!; position < offsets[order + 1]!; position++) {
        const line = rows[position]!;
        const change = changeOf(orders, lines, order, line, slice.client);
        if (change === null) continue;
        if (Number.isNaN(change.day)) {
          report.tooLittleData("beställningens ändringstid saknas");
          continue;
        }
        const first = Math.max(addWorkingDays(change.day, workingDaysAfter) + 1, slice.firstDay);
        const last = Math.min(
          slice.lastDay,
          lines.validTo(line) === NO_DAY ? slice.lastDay : lines.validTo(line),
          // Two days for late registrations.
          dayOf(asOf - 2 * DAY_MS) - 1,
        );
        if (first > last) continue;
        const days = new Set<Day>();
        for (let day = first; day <= last; day++) {
          const [from, until] = [startOfDay(day), startOfDay(day + 1)];
          if (absences.covering(slice.client, from, until) < 0 && !matches.silent(slice.client, from, until))
            days.add(day);
        }
        const service = lines.service(line);
        const own = { planned: [] as number[], registered: [] as number[], rows: [] as number[] };
        let [visitsSeen, plansSeen, before] = [0, 0, -Infinity];
        for (const row of slice.visits) {
          if (!days.has(visits.day(row)) || visits.status(row) === "cancelled") continue;
          const shares = settlement.lines(row).lines;
          if (!shares.some((one) => lines.order(one) === order && lines.service(one) === service)) continue;
          // The second person of a pair is the same time with the client.
          if (visits.start(row) - before >= 15 * MINUTE) {
            visitsSeen++;
            before = visits.start(row);
          }
          if (!shares.includes(line) || !visits.usable(row)) continue;
          const wanted = shares.reduce((total, one) => total + lines.minutes(one), 0);
          const version = heldAgainst(visits, plans, matches, row);
          own.rows.push(row);
          own.registered.push(visits.minutes(row) - wanted);
          if (version >= 0) own.planned.push(plans.minutes(version) - wanted);
        }
        const [was, is] = [change.minutes, lines.minutes(line)];
        const key = `${sources.id(orders.source(order))}/${orders.id(order)}/${lines.id(line)}`;
        const found = (
          what: string,
          oldValue: number,
          newValue: number,
          planned: number,
          registered: number,
          minutes: number,
        ) => ({
          records: [
            { table: "orders" as const, row: order },
            { table: "lines" as const, row: line },
            ...own.rows.map((row) => ({ table: "visits" as const, row })),
          ],
          distinct: key,
          minutes,
          reason: `Beställningen ändrades ${formatDay(change.day)} från ${shown(oldValue)} till ${shown(newValue)} ${what} för ${services.name(service)}. Från ${formatDay(first)} är det planerat ${Number.isNaN(planned) ? "inget" : shown(planned)} och registrerat ${shown(registered)}.`,
          evidence: {
            "ändringen gäller": what,
            "gammal beställning": cut(oldValue),
            "ny beställning": cut(newValue),
            "planerat efter fristen": Number.isNaN(planned) ? null : cut(planned),
            "registrerat efter fristen": cut(registered),
            "vardagar efter ändringen >": workingDaysAfter,
            "dagar som jämförs": days.size,
            "besök som jämförs": own.rows.length,
          },
        });

        const apart = was - is;
        const alike = rowsOf(lines.byOrder, order).some(
          (other) =>
            other !== line && lines.service(other) === service && lines.partOfDay(other) === lines.partOfDay(line),
        );
        if (Math.abs(apart) >= minutesMin && !alike && own.rows.length < visitsMin) {
          if (days.size * 2 <= last - first + 1) report.suppressed("away");
        } else if (Math.abs(apart) >= minutesMin && !alike) {
          const [planned, registered] = [median(own.planned), median(own.registered)];
          const follow = followsOf(planned, registered, apart);
          if (follow === "old") {
            yield found(
              "minuter per besök",
              was,
              is,
              is + planned,
              is + registered,
              Math.round(Math.abs(apart) * own.rows.length),
            );
            continue;
          }
          if (follow === "planOnly") report.suppressed("visitsFollow");
        }

        // How often: over all lines of the service, which a source need not tell apart.
        const more = ((change.perWeek - perWeekOf(lines, line)) * days.size) / 7;
        counted ??= [];
        if (Math.abs(more) < visitsApartMin || counted.includes(service)) continue;
        counted.push(service);
        before = -Infinity;
        for (const plan of slice.plans) {
          const frozen = plans.frozen(plan);
          const named = plans.order(frozen) < 0 || plans.order(frozen) === order;
          if (plans.cancelled(frozen) || !named || plans.provider(frozen) !== orders.provider(order)) continue;
          if (!days.has(dayOf(plans.start(frozen))) || !services.list(plans.services(frozen)).includes(service))
            continue;
          if (plans.start(frozen) - before < 15 * MINUTE) continue;
          plansSeen++;
          before = plans.start(frozen);
        }
        let expected = 0;
        for (const other of rowsOf(lines.byOrder, order))
          if (lines.service(other) === service) expected += (perWeekOf(lines, other) * days.size) / 7;
        const follow = followsOf(plansSeen === 0 ? NaN : plansSeen - expected, visitsSeen - expected, more);
        if (follow === "old") {
          const oldCount = expected + more;
          yield found(
            `besök på ${days.size} dagar`,
            oldCount,
            expected,
            plansSeen === 0 ? NaN : plansSeen,
            visitsSeen,
            Math.round(Math.abs(more) * is),
          );
        } else if (follow === "planOnly") report.suppressed("visitsFollow");
      }
    }
  },
});

/** How far off the new order planned and registered lie, where the old one lies `apart` off. */
function followsOf(planned: number, registered: number, apart: number): "old" | "planOnly" | "other" {
  const near = (value: number, to: number): boolean => Math.abs(value - to) <= Math.abs(apart) / 3;
  if (near(registered, apart)) return "old";
  if (!near(planned, apart)) return "other";
  return near(registered, 0) ? "planOnly" : "old";
}

interface Change {
  minutes: number;
  perWeek: number;
  /** From when the new order was known and in force; NaN where nobody says. */
  day: Day;
}

/** What an order line said before it last changed: in an older version, or in the order that this one took the place of. */
function changeOf(orders: Orders, lines: Lines, order: number, line: number, client: number): Change | null {
  const older = lines.older(line);
  const now = { minutes: lines.minutes(line), times: lines.times(line), per: lines.per(line) };
  for (let position = older.length - 1; position >= 0; position--) {
    const was = older[position]!;
    const next = older[position + 1] ?? now;
    if (was.minutes === next.minutes && was.times === next.times && was.per === next.per) continue;
    const day = Number.isNaN(was.until) ? NaN : Math.max(dayOf(was.until), lines.validFrom(line));
    return { minutes: was.minutes, perWeek: perWeekOf(lines, line, was), day };
  }
  const predecessor = predecessorOf(orders, lines, order, line, client);
  if (predecessor < 0) return null;
  const was = { minutes: lines.minutes(predecessor), perWeek: perWeekOf(lines, predecessor) };
  if (was.minutes === now.minutes && was.perWeek === perWeekOf(lines, line)) return null;
  return { ...was, day: Math.max(dayOf(orders.orderedAt(order)), lines.validFrom(line)) };
}

const WITHOUT_ORDER_DAYS_MAX = 7;

/** The line of the order before that is about the same: the only one of its service and part of the day, on both sides. */
function predecessorOf(orders: Orders, lines: Lines, order: number, line: number, client: number): number {
  const same = (of: number): number => {
    let found = -1;
    const { offsets, rows } = lines.byOrder;
    for (let i = offsets[of]!; i < offsets[of + 1]!; i++) {
      const other = rows[i]!;
      if (lines.service(other) !== lines.service(line) || lines.partOfDay(other) !== lines.partOfDay(line)) continue;
      if (found >= 0) return -1;
      found = other;
    }
    return found;
  };
  const from = lines.validFrom(line);
  const { offsets, rows } = orders.byClient;
  for (let i = offsets[client]!; i < offsets[client + 1]!; i++) {
    const before = rows[i]!;
    const through = orders.validTo(before);
    if (before === order || through === NO_DAY || through >= from || from - through > WITHOUT_ORDER_DAYS_MAX) continue;
    if (orders.provider(before) !== orders.provider(order) || !orders.valid(before, through)) continue;
    const found = same(order) < 0 ? -1 : same(before);
    if (found >= 0) return found;
  }
  return -1;
}

/** Visits a week; of what is ordered only once, none. */
function perWeekOf(
  lines: Lines,
  line: number,
  { times, per }: { times: number; per: string } = { times: lines.times(line), per: lines.per(line) },
): number {
  let weekdays = 0;
  for (let weekday = 1; weekday <= 7; weekday++) if (lines.onWeekday(line, weekday)) weekdays++;
  if (per === "day") return times * (weekdays === 0 ? 7 : weekdays);
  if (per === "week") return times * (weekdays === 0 ? 1 : weekdays);
  return per === "fortnight" ? (times * (weekdays === 0 ? 1 : weekdays)) / 2 : per === "month" ? (times * 7) / 30 : 0;
}

function shown(value: number): string {
  return String(Math.round(value * 10) / 10).replace(".", ",");
}
