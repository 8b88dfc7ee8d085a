/** A share that was counted in a sample, with its 95 % interval. */
export interface Share {
  value: number;
  low: number;
  high: number;
}

const Z = 1.96;

/** Wilson's interval (1927): also right where the sample is small or nothing was found. */
function shareOf(found: number, judged: number): Share {
  const value = found / judged;
  const middle = (value + Z ** 2 / (2 * judged)) / (1 + Z ** 2 / judged);
  const half = (Z / (1 + Z ** 2 / judged)) * Math.sqrt((value * (1 - value)) / judged + Z ** 2 / (4 * judged ** 2));
  return { value, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** Visits of which some were judged without knowing what the rules said of them. */
export interface Stratum {
  /** How many there were to draw from. */
  size: number;
  judged: number;
  /** Of the judged, those that have what the rule is about. */
  found: number;
}

/**
 * How much of what a rule is about it reports, told from blind judgements of visits that it reported and of visits that
 * it did not, in as many strata as there are. The bounds take every stratum at its worst and at its best together, and so
 * are wider than 95 %. Null where too little was judged, or nothing was found anywhere.
 */
export function recallOf(reported: Stratum, others: readonly Stratum[]): Share | null {
  const unreported = others.filter(({ size }) => size > 0);
  const all = [...(reported.size > 0 ? [reported] : []), ...unreported];
  if (all.some(({ judged }) => judged < JUDGED_MIN) || all.every(({ found }) => found === 0)) return null;
  const weigh = ({ size, found, judged }: Stratum, of: keyof Share): number =>
    size === 0 ? 0 : size * shareOf(found, judged)[of];
  const missed = (of: keyof Share): number => unreported.reduce((sum, stratum) => sum + weigh(stratum, of), 0);
  const recall = (hits: number, misses: number): number => (hits + misses === 0 ? 0 : hits / (hits + misses));
  return {
    value: recall(weigh(reported, "value"), missed("value")),
    low: recall(weigh(reported, "low"), missed("high")),
    high: recall(weigh(reported, "high"), missed("low")),
  };
}

/** Below this a stratum says too little. */
export const JUDGED_MIN = 5;
