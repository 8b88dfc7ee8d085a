import type { Day, EntityName, Instant, Month } from "#model";
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

  /** `received`: by source, when it received its registrations itself, in any order. */
  constructor(
    ids: readonly string[],
    rank: readonly number[],
    facts: readonly SourceFacts[],
    warnings: readonly Warning[],
    received: ReadonlyMap<number, Float64Array>,
  ) {
    this.count = ids.length;
    this.#ids = ids;
    this.#rank = rank;
    this.#facts = facts;
    this.warnings = warnings;
    this.#received = new Map([...received].map(([source, times]) => [source, silencesInside(times)]));
  }
  id(source: number): string {
    return this.#ids[source]!;
  }
  find(id: string): number {
    return this.#ids.indexOf(id);
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
  silences(source: number, asOf: Instant): Silence[] {
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
 * of each weekday and hour in the month: what came in other months changes nothing. Before the first and after the last
 * one of a month nothing is said. With `between` the silences are those between these times, by what all say is usual.
 */
export function silencesInside(
  times: Float64Array,
  { between = times, usualMin = USUAL_MIN }: { between?: Float64Array; usualMin?: number } = {},
): Silence[] {
  const usual = byMonth(times);
  return [...byMonth(between)].flatMap(([month, some]) => silencesOfMonth(usual.get(month) ?? some, some, usualMin));
}

function byMonth(times: Float64Array): Map<Month, Instant[]> {
  const months = new Map<Month, Instant[]>();
  const monthOfDay = new Map<Day, Month>();
  for (const at of times.toSorted()) {
    const day = dayOf(at);
    let month = monthOfDay.get(day);
    if (month === undefined) monthOfDay.set(day, (month = monthOf(day)));
    const inMonth = months.get(month);
    if (inMonth === undefined) months.set(month, [at]);
    else inMonth.push(at);
  }
  return months;
}

function silencesOfMonth(sorted: readonly Instant[], between: readonly Instant[], usualMin: number): Silence[] {
  const hourOf = (at: Instant): number => Math.floor(at / HOUR);
  const [first, last] = [hourOf(sorted[0]!), hourOf(sorted.at(-1)!)];
  const counts = new Uint32Array(last - first + 1);
  for (const at of sorted) counts[hourOf(at) - first]!++;
  const slots: number[][] = Array.from({ length: 7 * 24 }, () => []);
  const slotOf = Uint8Array.from(counts, (_, hour) => {
    const at = (first + hour) * HOUR;
    return (weekdayOf(dayOf(at)) - 1) * 24 + Math.floor(minuteOfDay(at) / 60);
  });
  counts.forEach((count, hour) => slots[slotOf[hour]!]!.push(count));
  const usualOf = slots.map((ofSlot) => (ofSlot.length < WEEKS_MIN ? 0 : median(ofSlot)));
  const silences: Silence[] = [];
  for (let position = 1; position < between.length; position++) {
    const [from, until] = [between[position - 1]!, between[position]!];
    if (until - from < SILENT_HOURS_MIN * HOUR) continue;
    // Whole hours only: when in an hour a day begins is not known.
    let usual = 0;
    for (let hour = hourOf(from) + 1; hour < hourOf(until); hour++) usual += usualOf[slotOf[hour - first]!]!;
    if (usual < usualMin) continue;
    silences.push({ from, until, everyHours: (until - from) / HOUR / usual, learned: true, usual });
  }
  return silences;
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
