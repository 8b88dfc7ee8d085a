import type { Day } from "#model";
import type { Silence } from "./sources.ts";

/**
 * What is known of all records, for tables that were built from some of them. Written down by a run that read them all.
 * Ids of sources, keys of providers and units.
 */
export interface Beyond {
  /** When each source received none of its registrations, though it usually does. */
  received: Readonly<Record<string, readonly Silence[]>>;
  /** When nothing was heard of each source's visits, also not later. */
  visitSilences: Readonly<Record<string, readonly Silence[]>>;
  /** On which days each provider has visits. */
  visited: Readonly<Record<string, readonly Day[]>>;
  /** Sources that register visits. */
  registering: readonly string[];
  /** Which providers have claimed or told what, by month. */
  telling: readonly string[];
  /** How units travel, by month: bits of modes by unit. */
  unitModes: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
