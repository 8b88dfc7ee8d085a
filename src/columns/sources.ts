import type { Day, EntityName, Instant } from "#model";
import { dayOf, HOUR, minuteOfDay, weekdayOf } from "#model";

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
}

/** The systems that records come from, and whether they were heard. */
export class Sources {
  readonly count: number;
  readonly #ids: readonly string[];
  readonly #rank: readonly number[];
  readonly #facts: readonly SourceFacts[];
  readonly warnings: readonly Warning[];

  constructor(
    ids: readonly string[],
    rank: readonly number[],
    facts: readonly SourceFacts[],
    warnings: readonly Warning[],
  ) {
    this.count = ids.length;
    this.#ids = ids;
    this.#rank = rank;
    this.#facts = facts;
    this.warnings = warnings;
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
   * of the source's deliveries or of its interval: the time before the first arrival is not silence.
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
        found.push({ from, until, everyHours: expected, learned: everyHours === null });
      }
    });
    return found;
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

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1]!;
}

export function sourceFacts(sources: readonly string[], facts: readonly SourceFacts[]): SourceFacts[] {
  return sources.map(
    (source) => facts.find((fact) => fact.source === source) ?? { source, everyHours: null, arrivals: [] },
  );
}
