import type { JourneyPair, Place } from "#travel";

/** One request: every source to every target is answered, `pairs` are those that were asked for. */
export interface Batch {
  sources: readonly Place[];
  targets: readonly Place[];
  pairs: readonly JourneyPair[];
}

/**
 * Public defaults are 100 places in a request to OSRM, and 2,500 pairs and 50 places to Valhalla: this stays inside all.
 */
const PLACES_MAX = 50;

/** Pairs in the order of their sources, as many together as one request may name. */
export function batchesOf(pairs: readonly JourneyPair[]): Batch[] {
  const batches: Batch[] = [];
  let [sources, targets, some] = [new Set<Place>(), new Set<Place>(), [] as JourneyPair[]];
  for (const pair of pairs) {
    const more = (sources.has(pair.from) ? 0 : 1) + (targets.has(pair.to) ? 0 : 1);
    if (sources.size + targets.size + more > PLACES_MAX) {
      batches.push({ sources: [...sources], targets: [...targets], pairs: some });
      [sources, targets, some] = [new Set(), new Set(), []];
    }
    sources.add(pair.from);
    targets.add(pair.to);
    some.push(pair);
  }
  if (some.length > 0) batches.push({ sources: [...sources], targets: [...targets], pairs: some });
  return batches;
}
