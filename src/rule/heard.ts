import type { Visits } from "#columns";
import type { Day } from "#model";

const NEAR_DAYS = 3;

/**
 * Whether visits of the provider are known near the first and the last day. Before its system was connected, and after it
 * was left, nothing was heard, and nobody can say that something is missing.
 */
export function heardThroughout(visits: Visits, provider: number, firstDay: Day, lastDay: Day): boolean {
  if (provider < 0) return false;
  return visits.of(provider, firstDay, firstDay + NEAR_DAYS) && visits.of(provider, lastDay - NEAR_DAYS, lastDay);
}
