import type { Plans, Visits } from "#columns";
import type { Matches } from "#match";

/**
 * The version of its plan that a visit may be held against: the one in force when it started. -1 where the visit is not
 * firmly matched (a probable or ambiguous match is used against nobody), or the plan was cancelled by then. A
 * continuation has none of its own: it is part of the visit that it continues.
 */
export function heldAgainst(visits: Visits, plans: Plans, matches: Matches, visit: number): number {
  const plan = matches.plan(visit);
  if (plan < 0) return -1;
  const state = matches.visitState(visit);
  if (state !== "matched" && state !== "pair") return -1;
  const version = plans.frozenAt(plan, visits.start(visit));
  return plans.cancelled(version) ? -1 : version;
}

/** All registrations of the person who made the visit under the same plan: what continues it, or is continued by it. */
export function partsOf(visits: Visits, matches: Matches, rows: Int32Array, visit: number): number[] {
  const plan = matches.plan(visit);
  const staff = visits.staff(visit);
  const parts: number[] = [];
  for (const row of rows) {
    if (matches.plan(row) !== plan || (row !== visit && (staff < 0 || visits.staff(row) !== staff))) continue;
    const state = matches.visitState(row);
    if (row === visit || state === "matched" || state === "pair" || state === "continuation") parts.push(row);
  }
  return parts;
}
