import { atMinute, daysOfMonth, formatDay, HOUR, MINUTE } from "#model";
import type { Day, Instant, Month } from "#model";
import { onRota } from "../organisation.ts";
import type { Team, Worker } from "../organisation.ts";
import type { Happening } from "../days.ts";
import { between, dateOf, endOf, minutesOf, record, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import type { Helped } from "./help.ts";
import { visit } from "./help.ts";
import { hire } from "./quality.ts";
import type { WorldDecision, WorldOrder } from "../world.ts";

/** Hours of the day, as minutes, in which somebody of a shift may be sent to one more client. */
const hours = { day: [445, 930], evening: [940, 1300], night: [1320, 1380] } as const;

/**
 * Has a day off in the week before and in the week after, and the night's rest that the law gives on either side: may be
 * asked to come in.
 */
function rested(bench: Bench, { staff }: Worker, day: Day, start: Instant, end: Instant): boolean {
  const near = between(bench.ofStaff(staff.id), atMinute(day - 6, 0), atMinute(day + 7, 0));
  const days = new Set(near.map(dateOf));
  const steps = [1, 2, 3, 4, 5, 6];
  return (
    steps.some((step) => !days.has(day - step)) &&
    steps.some((step) => !days.has(day + step)) &&
    near.every((one) => dateOf(one) >= day || endOf(one) <= start - 11 * HOUR) &&
    near.every((one) => dateOf(one) <= day || startOf(one) >= end + 11 * HOUR)
  );
}

/** Somebody of the unit who has time for one more visit then: at work, or asked to come in on a day off. */
function whoCan(bench: Bench, { person, need }: Helped, day: Day, minute: number, minutes: number): Worker | null {
  const start = atMinute(day, minute);
  const end = start + minutes * MINUTE;
  const able = (worker: Worker) =>
    worker.onlyOn === undefined &&
    worker.employment.to === undefined &&
    worker.staff.employments.length === 1 &&
    minute >= hours[worker.shift][0] &&
    minute + minutes <= hours[worker.shift][1] &&
    !worker.away.has(day) &&
    bench.workerFree(worker, person.place, start, end);
  const { workers } = need.team;
  return (
    workers.find((one) => onRota(one, day) && able(one)) ??
    workers.find((one) => !onRota(one, day) && able(one) && rested(bench, one, day, start, end)) ??
    null
  );
}

interface Served {
  /** What was planned; missing: as the need says. */
  planned?: number;
  /** What was done; missing: a little less than planned, as visits are. */
  done?: number;
}

/** One of the unit's hourly staff who is free then, or a new one. */
function substitute(bench: Bench, { person, need }: Helped, day: Day, minute: number, minutes: number): Worker {
  const { team } = need;
  const start = atMinute(day, minute);
  const known = bench.substitutes.get(team) ?? [];
  const free = known.find((worker) => bench.workerFree(worker, person.place, start, start + minutes * MINUTE));
  if (free !== undefined) return free;
  const like = team.workers.find(({ shift }) => shift === "day") ?? team.workers[0]!;
  const made = hire(bench, like, true);
  made.index = 50 + known.length;
  bench.substitutes.set(team, [...known, made]);
  return made;
}

/** A visit like any other, at about that time of the day, by whoever of the unit can. Null: no word of it would arrive. */
export function serve(bench: Bench, helped: Helped, day: Day, minute: number, more: Served = {}): Happening | null {
  const { random } = bench;
  const planned = more.planned ?? helped.need.minutes;
  const done = more.done ?? Math.round(planned * (0.85 + random.next() * 0.13));
  if (!bench.heard(atMinute(day, minute - 300), atMinute(day, minute + 300))) return null;
  const make = (begins: number, worker: Worker) => {
    const start = atMinute(day, begins);
    const came = start + random.int(-2, 3) * MINUTE;
    return visit(helped, bench, worker, came, came + done * MINUTE, {
      planned: { start, end: start + planned * MINUTE },
    });
  };
  const least = Math.max(planned, done) + 6;
  for (let step = 0; step < 27; step++) {
    // Now, a quarter of an hour later, one earlier, and so on.
    const begins = minute + 15 * (step % 2 === 0 ? -step / 2 : (step + 1) / 2);
    const worker = whoCan(bench, helped, day, begins - 3, least);
    if (worker !== null) return make(begins, worker);
  }
  return make(minute, substitute(bench, helped, day, minute - 3, least));
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
