import { atMinute, daysOfMonth, formatDay, MINUTE } from "#model";
import type { Day, Month } from "#model";
import { onRota } from "../organisation.ts";
import type { Team, Worker } from "../organisation.ts";
import type { Happening } from "../days.ts";
import { minutesOf, record } from "./bench.ts";
import type { Bench } from "./bench.ts";
import type { Helped } from "./help.ts";
import { visit } from "./help.ts";
import type { WorldDecision, WorldOrder } from "../world.ts";

/** Hours of the day, as minutes, in which somebody of a shift may be sent to one more client. */
const hours = { day: [445, 930], evening: [940, 1300], night: [1320, 1380] } as const;

/** Somebody of the unit who is at work, and has time for one more visit then. */
function whoCan(bench: Bench, { person, need }: Helped, day: Day, minute: number, minutes: number): Worker | null {
  const start = atMinute(day, minute);
  const found = need.team.workers.find(
    (worker) =>
      worker.onlyOn === undefined &&
      worker.staff.employments.length === 1 &&
      minute >= hours[worker.shift][0] &&
      minute + minutes <= hours[worker.shift][1] &&
      onRota(worker, day) &&
      !worker.away.has(day) &&
      bench.workerFree(worker, person.place, start, start + minutes * MINUTE),
  );
  return found ?? null;
}

interface Served {
  /** What was planned; missing: as the need says. */
  planned?: number;
  /** What was done; missing: a little less than planned, as visits are. */
  done?: number;
}

/** A visit like any other, at about that time of the day, by whoever of the unit can. Null: nobody can. */
export function serve(bench: Bench, helped: Helped, day: Day, minute: number, more: Served = {}): Happening | null {
  const { random } = bench;
  const planned = more.planned ?? helped.need.minutes;
  const done = more.done ?? Math.round(planned * (0.85 + random.next() * 0.13));
  for (const shift of [0, 15, -15, 30, -30, 45, -45, 60, -60]) {
    const begins = minute + shift;
    const worker = whoCan(bench, helped, day, begins - 3, Math.max(planned, done) + 6);
    if (worker === null) continue;
    const start = atMinute(day, begins);
    if (!bench.heard(start - 60 * MINUTE, start + 120 * MINUTE)) return null;
    const came = start + random.int(-2, 3) * MINUTE;
    return visit(helped, bench, worker, came, came + done * MINUTE, {
      planned: { start, end: start + planned * MINUTE },
    });
  }
  return null;
}

/** Visits on all days from `from` through `through` for which it holds. */
export function serveDays(
  bench: Bench,
  helped: Helped,
  from: Day,
  through: Day,
  minute: number,
  more: Served = {},
  holds: (day: Day) => boolean = () => true,
): Happening[] {
  const made: Happening[] = [];
  for (let day = from; day <= through; day++) {
    const one = holds(day) ? serve(bench, helped, day, minute, more) : null;
    if (one !== null) made.push(one);
  }
  return made;
}

/** A unit of the provider's that works by day. */
export function teamOf(bench: Bench, provider: string): Team {
  return bench.random.pick(
    bench.organisation.teams.filter((team) => team.provider.id === provider && team.kind === "day"),
  );
}

export const decisionOf = (bench: Bench, order: WorldOrder): WorldDecision =>
  bench.population.decisions.find(({ id, source }) => id === order.decisionId && source === order.source)!;

export const orderRecord = ({ source, id }: WorldOrder) => record("orders", source, id);
export const decisionRecord = ({ source, id }: WorldDecision) => record("decisions", source, id);

export const period = (from: Day, through: Day) => ({ from: formatDay(from), through: formatDay(through) });
export const periodOf = (month: Month) => {
  const { first, last } = daysOfMonth(month);
  return period(first, last);
};

export const wholeMinutes = (visits: readonly Happening[]) =>
  Math.round(visits.reduce((sum, one) => sum + minutesOf(one), 0));
