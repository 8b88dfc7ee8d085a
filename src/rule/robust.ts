/*
 * Measures that a few odd values cannot move, for rules that compare providers, units and months. They say NaN or null
 * where too little is known, never a number that happens to come out.
 */

/** The middle of the known values; NaN where there is none. Unknown values (NaN) are left out. */
export function median(values: Iterable<number>): number {
  return quantile(ordered(values), 0.5);
}

/** Median distance from the median, unscaled; NaN where there is none. */
export function mad(values: Iterable<number>): number {
  const known = ordered(values);
  const middle = quantile(known, 0.5);
  return median(known.map((value) => Math.abs(value - middle)));
}

export interface Quartiles {
  q1: number;
  median: number;
  q3: number;
}

/** Interpolated between neighbours, as most spreadsheets do; NaN where there is no value. */
export function quartiles(values: Iterable<number>): Quartiles {
  const known = ordered(values);
  return { q1: quantile(known, 0.25), median: quantile(known, 0.5), q3: quantile(known, 0.75) };
}

export interface Fences extends Quartiles {
  low: number;
  high: number;
}

/** Fences at so many interquartile ranges outside the quartiles: 1.5 for unusual, 3 for far out. Null below `countMin` known values. */
export function tukeyFences(values: Iterable<number>, { ranges = 3, countMin = 8 } = {}): Fences | null {
  const known = ordered(values);
  if (known.length < countMin) return null;
  const found = quartiles(known);
  const range = found.q3 - found.q1;
  return { ...found, low: found.q1 - ranges * range, high: found.q3 + ranges * range };
}

export interface PeerLimit {
  count: number;
  median: number;
  /** As measured; `limit` may count with a larger one. */
  mad: number;
  /** Above it a value is out of line with its peers. */
  limit: number;
}

/**
 * Median + so many MAD of the peers' values. Null below `countMin` known values: two peers are no custom. Peers that are
 * all alike have a MAD of 0, and then everybody else would stand out: it counts as at least `madMin`.
 */
export function peerLimit(
  values: Iterable<number>,
  { mads, countMin, madMin }: { mads: number; countMin: number; madMin: number },
): PeerLimit | null {
  const known = ordered(values);
  if (known.length < countMin) return null;
  const middle = quantile(known, 0.5);
  const spread = mad(known);
  return { count: known.length, median: middle, mad: spread, limit: middle + mads * Math.max(spread, madMin) };
}

/** Part of a whole in percent; NaN where the whole is nothing. */
export function percentOf(part: number, whole: number): number {
  return whole > 0 ? (100 * part) / whole : NaN;
}

/** As people read it, "12,5": cut, not rounded, so that what is shown never reaches a limit that the value does not reach. */
export function decimalText(value: number, decimals = 1): string {
  return String(cut(value, decimals)).replace(".", ",");
}

/** Cut to so many decimals. */
export function cut(value: number, decimals = 1): number {
  const factor = 10 ** decimals;
  return Math.trunc(value * factor + (value < 0 ? -1e-9 : 1e-9)) / factor;
}

function ordered(values: Iterable<number>): number[] {
  return [...values].filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
}

function quantile(known: readonly number[], part: number): number {
  if (known.length === 0) return NaN;
  const position = (known.length - 1) * part;
  const below = Math.floor(position);
  const low = known[below]!;
  const high = known[Math.min(below + 1, known.length - 1)]!;
  return low + (high - low) * (position - below);
}
