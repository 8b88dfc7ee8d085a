import { type Tables } from "#columns";
import { type Day, dayOf } from "#model";

/** How often a rule finds something: so many findings in so many days of clients. */
export interface Rate {
  findings: number;
  clientDays: number;
}

/** A night may bring this many times what the rule's rate lets expect. */
export const TIMES_MAX = 5;
/** Fewer new findings than this are read one by one rather than held back. */
const FINDINGS_MIN = 20;
/** Two-sided 95 %. */
const Z = 1.96;

/**
 * Days on which a client was visited or should have been, summed over clients: the measure of how much there was to find
 * something in. Nobody can be found wrong on a day on which nothing was planned or done.
 */
export function countClientDays({ visits, plans, clients }: Tables, from: Day, through: Day): number {
  const width = through - from + 1;
  const seen = new Uint8Array(clients.count * Math.max(0, width));
  let count = 0;
  const add = (client: number, day: Day): void => {
    if (client < 0 || !(day >= from && day <= through)) return;
    const position = client * width + (day - from);
    if (seen[position] === 0) count++;
    seen[position] = 1;
  };
  for (let row = 0; row < visits.count; row++) add(visits.client(row), visits.day(row));
  for (let row = 0; row < plans.count; row++) add(plans.client(row), dayOf(plans.start(plans.frozen(row))));
  return count;
}

/** How many findings the rate lets expect in so many days of clients. */
export function expectedOf(rate: Rate, clientDays: number): number {
  return rate.clientDays === 0 ? 0 : (rate.findings / rate.clientDays) * clientDays;
}

/**
 * True where a rule has found more than five times what its rate lets expect, and chance does not explain it: neither
 * tonight's count nor the one behind the rate is more certain than counts are. Square roots of Poisson counts have the
 * variance ¼ whatever the mean, so the difference of the roots is held against its own spread (Anscombe 1948).
 */
export function isFlood(findings: number, rate: Rate, clientDays: number): boolean {
  if (findings < FINDINGS_MIN || rate.clientDays === 0 || clientDays === 0) return false;
  const times = (TIMES_MAX * clientDays) / rate.clientDays;
  const distance = Math.sqrt(findings + 3 / 8) - Math.sqrt(times * (rate.findings + 3 / 8));
  return (2 * distance) / Math.sqrt(1 + times) > Z;
}
