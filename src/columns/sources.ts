import type { Day, EntityName, Instant } from "#model";
import { dayOf, HOUR, minuteOfDay, monthOf, weekdayOf } from "#model";

/** A quality fact of one record that mapping or intake noticed. */
export interface Warning {
  code: "unmapped-code" | "nonexistent-time" | "ambiguous-time" | "version-conflict";
  source: string;
  entity: EntityName;
  id: string;
  field: string;
  /** The raw value, only for codes. */
  value: string | null;
  day: Day | null;
}

/** What is known of a source's deliveries. */
export interface SourceFacts {
  source: string;
  /** How often it delivers when nothing is wrong; null: learned from its arrivals. */
  everyHours: number | null;
  /** When records arrived, and how many, in order of time. */
  arrivals: ReadonlyArray<{ at: Instant; records: number }>;
}

export interface Silence {
  from: Instant;
  until: Instant;
  /** The interval that was expected, and where it was taken from. */
  everyHours: number;
  learned: boolean;
  /** Records that the source itself usually receives in such hours; null where deliveries to us were missing. */
  usual: number | null;
}

/** The systems that records come from, and whether they were heard. */
export class Sources {
  readonly count: number;
  readonly #ids: readonly string[];
  readonly #rank: readonly number[];
  readonly #facts: readonly SourceFacts[];
  readonly warnings: readonly Warning[];
  readonly #received: ReadonlyMap<number, readonly Silence[]>;
  readonly #silences = new Map<number, { asOf: Instant; silences: readonly Silence[] }>();

  /** `received`: by source, when it received its registrations itself, in any order, or what that says of silences. */
  constructor(
    ids: readonly string[],
    rank: readonly number[],
    facts: readonly SourceFacts[],
    warnings: readonly Warning[],
    received: ReadonlyMap<number, Float64Array | readonly Silence[]>,
  ) {
    this.count = ids.length;
    this.#ids = ids;
    this.#rank = rank;
    this.#facts = facts;
    this.warnings = warnings;
    this.#received = new Map(
      [...received].map(([source, times]) => [source, times instanceof Float64Array ? silencesInside(times) : times]),
    );
  }
  id(source: number): string {
    return this.#ids[source]!;
  }
  find(id: string): number {
    return this.#ids.indexOf(id);
  }
  /** Hours in which the source itself received no registrations, though it usually does. */
  quiet(source: number): readonly Silence[] {
    return this.#received.get(source) ?? [];
  }
  /** 0 for the source named first in the configuration. */
  rank(source: number): number {
    return this.#rank[source]!;
  }
  facts(source: number): SourceFacts {
    return this.#facts[source]!;
  }
  /**
   * Times without any arrival for longer than twice the expected interval, up to `asOf`. Empty where nothing is known
   * of the source's deliveries or of its interval: the time before the first arrival is not silence. Where the source
   * says when it received its registrations, also the hours in which it received none, so that an outage is seen in
   * history that was imported at once.
   */
  silences(source: number, asOf: Instant): readonly Silence[] {
    // Rules ask for every late visit, and of some thousand arrivals it takes a millisecond to learn what is usual.
    const known = this.#silences.get(source);
    if (known?.asOf === asOf) return known.silences;
    const silences = this.#silencesOf(source, asOf);
    this.#silences.set(source, { asOf, silences });
    return silences;
  }

  #silencesOf(source: number, asOf: Instant): Silence[] {
    const { everyHours, arrivals } = this.#facts[source]!;
    const heard = arrivals.filter((arrival) => arrival.records > 0).map((arrival) => arrival.at);
    const expectedAfter = everyHours === null ? learnedHours(heard) : () => everyHours;
    const found: Silence[] = [];
    heard.forEach((from, position) => {
      const until = heard[position + 1] ?? asOf;
      const expected = expectedAfter(from);
      if (expected !== null && until - from > 2 * expected * HOUR) {
        found.push({ from, until, everyHours: expected, learned: everyHours === null, usual: null });
      }
    });
    return [...found, ...(this.#received.get(source) ?? [])];
  }
}

const GAPS_MIN = 10;
const GAPS_OF_HOUR_MIN = 3;

/**
 * How long it is from an arrival to the next: the median after arrivals at that weekday and hour, so that weekends and nights
 * without deliveries are not silence; with fewer than three such, the median of all. Null below ten gaps, which is too
 * little to learn from.
 */
function learnedHours(heard: readonly Instant[]): (from: Instant) => number | null {
  const hourOf = (at: Instant): number => weekdayOf(dayOf(at)) * 24 + Math.floor(minuteOfDay(at) / 60);
  const all: number[] = [];
  const byHour = new Map<number, number[]>();
  heard.slice(1).forEach((at, position) => {
    const gap = (at - heard[position]!) / HOUR;
    const hour = hourOf(heard[position]!);
    all.push(gap);
    byHour.set(hour, [...(byHour.get(hour) ?? []), gap]);
  });
  if (all.length < GAPS_MIN) return () => null;
  const usual = median(all);
  const ofHour = new Map(
    [...byHour].filter(([, gaps]) => gaps.length >= GAPS_OF_HOUR_MIN).map(([hour, gaps]) => [hour, median(gaps)]),
  );
  return (from) => ofHour.get(hourOf(from)) ?? usual;
}

const WEEKS_MIN = 3;
const SILENT_HOURS_MIN = 2;
/** Of so many registrations that usually come, all stay away by chance less than once in a thousand times. */
const USUAL_MIN = 7;

/**
 * Times of at least two hours between two registrations in which a source usually receives seven or more, by the median
 * of each weekday and hour of the calendar month: what came in other months changes nothing. With `between` the silences
 * are those between these times, by what all say is usual.
 */
export function silencesInside(
  times: Float64Array,
  { between = times, usualMin = USUAL_MIN }: { between?: Float64Array; usualMin?: number } = {},
): Silence[] {
  const all = byHour(times);
  const some = between === times ? all : byHour(between);
  const usualAt = usualByHour(all);
  const countAt = (hour: number): number => some.count[hour - some.first] ?? 0;
  // An hour in which a stray record came, typed in elsewhere, is as silent as the next one without.
  const stillHours = (hour: number, step: 1 | -1): number => {
    let [came, usual] = [0, 0];
    for (let hours = 1; hours <= 2; hours++, hour += step) {
      if (usualAt(hour) < STILL_USUAL_MIN) return 0;
      came += countAt(hour);
      usual += usualAt(hour);
      if (came * 6 < usual) return hours;
    }
    return 0;
  };
  const silences: Silence[] = [];
  for (const [from, until] of longGaps(some)) {
    // Whole hours only: when in an hour a day begins is not known.
    let [usual, busiest] = [0, 0];
    for (let hour = hourOf(from) + 1; hour < hourOf(until); hour++) {
      usual += usualAt(hour);
      busiest = Math.max(busiest, usualAt(hour));
    }
    // One hour alone may be the end of a day that ended a little earlier this time.
    if (usual < usualMin || usual - busiest < usualMin / 2) continue;
    let [firstHour, endHour] = [hourOf(from), hourOf(until)];
    for (let more = stillHours(firstHour, -1); more > 0; more = stillHours(firstHour, -1)) {
      for (; more > 0; more--) usual += usualAt(firstHour--);
    }
    for (let more = stillHours(endHour, 1); more > 0; more = stillHours(endHour, 1)) {
      for (; more > 0; more--) usual += usualAt(endHour++);
    }
    // Also over hours beside these in which too little comes to tell by.
    const begun = lastUntil(some, firstHour);
    const over = firstFrom(some, endHour);
    const last = silences.at(-1);
    if (last !== undefined && begun < last.until) {
      const whole = last.usual! + usual;
      Object.assign(last, { until: over, usual: whole, everyHours: (over - last.from) / HOUR / whole });
    } else silences.push({ from: begun, until: over, everyHours: (over - begun) / HOUR / usual, learned: true, usual });
  }
  return silences;
}

const STILL_USUAL_MIN = 3;

const hourOf = (at: Instant): number => Math.floor(at / HOUR);

/** How many come in each hour from the first on, and when in it: a million are looked at once and not sorted. */
interface ByHour {
  first: number;
  count: Int32Array;
  earliest: Float64Array;
  latest: Float64Array;
}

function byHour(times: Float64Array): ByHour {
  let [from, until] = [Infinity, -Infinity];
  for (let i = 0; i < times.length; i++) {
    if (times[i]! < from) from = times[i]!;
    if (times[i]! > until) until = times[i]!;
  }
  const first = times.length === 0 ? 0 : hourOf(from);
  const hours = times.length === 0 ? 0 : hourOf(until) - first + 1;
  const count = new Int32Array(hours);
  const earliest = new Float64Array(hours).fill(Infinity);
  const latest = new Float64Array(hours).fill(-Infinity);
  for (let i = 0; i < times.length; i++) {
    const at = times[i]!;
    const hour = hourOf(at) - first;
    count[hour]!++;
    if (at < earliest[hour]!) earliest[hour] = at;
    if (at > latest[hour]!) latest[hour] = at;
  }
  return { first, count, earliest, latest };
}

/** Neighbours in time so far apart, in order. */
function* longGaps({ count, earliest, latest }: ByHour): Generator<[from: Instant, until: Instant]> {
  let from = NaN;
  for (let hour = 0; hour < count.length; hour++) {
    if (count[hour] === 0) continue;
    const until = earliest[hour]!;
    if (until - from >= SILENT_HOURS_MIN * HOUR) yield [from, until];
    from = latest[hour]!;
  }
}

/** The last in the hour or before it. */
function lastUntil({ first, latest }: ByHour, hour: number): Instant {
  for (let at = hour - first; at >= 0; at--) if (latest[at]! > -Infinity) return latest[at]!;
  return (hour + 1) * HOUR;
}

/** The first in the hour or after it. */
function firstFrom({ first, earliest }: ByHour, hour: number): Instant {
  for (let at = hour - first; at < earliest.length; at++) if (earliest[at]! < Infinity) return earliest[at]!;
  return hour * HOUR;
}

/** How many come in an hour (of all hours since 1970) by the median of its month's hours of the same weekday and time. */
function usualByHour({ first, count }: ByHour): (hour: number) => number {
  const slots = new Map<string, number[]>();
  const slotOf: string[] = [];
  const slotsOfDay = new Map<Day, string>();
  for (let hour = first; hour < first + count.length; hour++) {
    const day = dayOf(hour * HOUR);
    let ofDay = slotsOfDay.get(day);
    if (ofDay === undefined) slotsOfDay.set(day, (ofDay = `${monthOf(day)} ${weekdayOf(day)}`));
    const slot = `${ofDay} ${Math.floor(minuteOfDay(hour * HOUR) / 60)}`;
    slotOf.push(slot);
    const counts = slots.get(slot);
    if (counts === undefined) slots.set(slot, [count[hour - first]!]);
    else counts.push(count[hour - first]!);
  }
  const usual = new Map([...slots].map(([slot, counts]) => [slot, counts.length < WEEKS_MIN ? 0 : median(counts)]));
  return (hour) => usual.get(slotOf[hour - first] ?? "") ?? 0;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1]!;
}

export function sourceFacts(sources: readonly string[], facts: readonly SourceFacts[]): SourceFacts[] {
  return sources.map(
    (source) => facts.find((fact) => fact.source === source) ?? { source, everyHours: null, arrivals: [] },
  );
}
