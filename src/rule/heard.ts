import { rowsOf, type Visits } from "#columns";
import type { Day } from "#model";
import { between } from "./slices.ts";

const NEAR_DAYS = 3;

/**
 * Whether visits of the provider are known near the first and the last day. Before its system was connected, and after it
 * was left, nothing was heard, and nobody can say that something is missing.
 */
export function heardThroughout(visits: Visits, provider: number, firstDay: Day, lastDay: Day): boolean {
  if (provider < 0) return false;
  const some = (from: Day, through: Day): boolean =>
    between(rowsOf(visits.byProvider, provider), from, through, (row) => visits.day(row)).length > 0;
  return some(firstDay, firstDay + NEAR_DAYS) && some(lastDay - NEAR_DAYS, lastDay);
}
