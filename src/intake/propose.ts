import type { Instant } from "#model";

/** A visit, planned or registered, as far as it can tell who somebody is; people and units as numbers that stand for what is joined already. */
export interface Occurrence {
  source: number;
  client: number;
  /** -1: nobody. */
  staff: number;
  unit: number;
  start: Instant;
}

export interface Proposal {
  /** Whom it could be. */
  person: number;
  /** Visits whose times fit, of those looked at. */
  fitting: number;
  of: number;
  sameUnit: boolean;
}

const WITHIN_MS = 15 * 60_000;
const SAMPLE = 120;
const FITTING_MIN = 5;
const SHARE_MIN = 0.6;
/** The next best fits much worse; else it could be either. */
const MARGIN = 1.5;

/**
 * Whom of other sources an unresolved person could be: for clients by visits at the same times and, where units are
 * joined, of the same unit; for staff by visits at the same times to the same clients. Never by name. Best first.
 */
export function propose(
  kind: "client" | "staff",
  unresolved: ReadonlySet<number>,
  occurrences: readonly Occurrence[],
  unitsOfSources: (unit: number) => ReadonlySet<number>,
): Map<number, Proposal[]> {
  const bySlot = new Map<number, Occurrence[]>();
  const own = new Map<number, Occurrence[]>();
  for (const occurrence of occurrences) {
    const slot = Math.floor(occurrence.start / WITHIN_MS);
    const there = bySlot.get(slot);
    if (there === undefined) bySlot.set(slot, [occurrence]);
    else there.push(occurrence);
    const person = occurrence[kind];
    if (!unresolved.has(person)) continue;
    const mine = own.get(person);
    if (mine === undefined) own.set(person, [occurrence]);
    else mine.push(occurrence);
  }
  const found = new Map<number, Proposal[]>();
  for (const [person, all] of own) {
    // Spread over the time, so that one week of another routine does not decide.
    const step = Math.max(1, Math.floor(all.length / SAMPLE));
    const looked = all.filter((_, index) => index % step === 0);
    const fitting = new Map<number, number>();
    const sameUnit = new Map<number, boolean>();
    for (const visit of looked) {
      const slot = Math.floor(visit.start / WITHIN_MS);
      const hits = new Set<number>();
      for (const near of [slot - 1, slot, slot + 1]) {
        for (const other of bySlot.get(near) ?? []) {
          const candidate = other[kind];
          if (other.source === visit.source || candidate < 0 || candidate === person) continue;
          if (Math.abs(other.start - visit.start) > WITHIN_MS) continue;
          if (kind === "staff" && other.client !== visit.client) continue;
          // Units of the two sources that are not joined say nothing; joined ones must be the same.
          const joined = unitsOfSources(visit.unit).has(other.source);
          if (kind === "client" && joined && other.unit !== visit.unit) continue;
          hits.add(candidate);
          if (other.unit === visit.unit) sameUnit.set(candidate, true);
        }
      }
      for (const candidate of hits) fitting.set(candidate, (fitting.get(candidate) ?? 0) + 1);
    }
    const best = [...fitting].sort(([a, x], [b, y]) => y - x || a - b).slice(0, 3);
    const [first, second] = best;
    if (first === undefined || first[1] < FITTING_MIN || first[1] < SHARE_MIN * looked.length) continue;
    const sure = second === undefined || first[1] >= MARGIN * second[1];
    found.set(
      person,
      (sure ? best.slice(0, 1) : best).map(([candidate, count]) => ({
        person: candidate,
        fitting: count,
        of: looked.length,
        sameUnit: sameUnit.get(candidate) ?? false,
      })),
    );
  }
  return found;
}
