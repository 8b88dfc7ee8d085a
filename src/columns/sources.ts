import type { Day, EntityName, Instant } from "#model";
import { HOUR } from "#model";

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
    const expected = everyHours ?? medianHours(heard);
    if (expected === null || heard.length === 0) return [];
    const found: Silence[] = [];
    heard.forEach((from, position) => {
      const until = heard[position + 1] ?? asOf;
      if (until - from > 2 * expected * HOUR) {
        found.push({ from, until, everyHours: expected, learned: everyHours === null });
      }
    });
    return found;
  }
}

/** Median interval; null below ten intervals, which is too little to learn from. */
function medianHours(heard: readonly Instant[]): number | null {
  const gaps = heard.slice(1).map((at, position) => at - heard[position]!);
  if (gaps.length < 10) return null;
  gaps.sort((a, b) => a - b);
  return gaps[gaps.length >> 1]! / HOUR;
}

export function sourceFacts(sources: readonly string[], facts: readonly SourceFacts[]): SourceFacts[] {
  return sources.map(
    (source) => facts.find((fact) => fact.source === source) ?? { source, everyHours: null, arrivals: [] },
  );
}
