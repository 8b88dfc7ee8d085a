import type { Tables } from "#columns";
import { MINUTE } from "#model";

export const NEAR_MS = 120 * MINUTE;

/** A visit and a version of a plan may be the same: they overlap, or start within 120 minutes. */
export function isCandidate({ visits, plans }: Tables, visit: number, version: number): boolean {
  const start = visits.start(visit);
  if (Math.abs(start - plans.start(version)) <= NEAR_MS) return true;
  return Math.min(visits.end(visit), plans.end(version)) > Math.max(start, plans.start(version));
}

/**
 * How well a visit fits a version of a plan, 0–1: overlap, nearness of the starts, same staff, shared service, same source.
 * A part that one side does not say is left out, and the rest scaled to 1.
 */
export function score({ visits, plans, services, staff }: Tables, visit: number, version: number): number {
  const start = visits.start(visit);
  const sameSource = visits.source(visit) === plans.source(version);
  let weight = 0.4;
  let sum = 0.35 * Math.exp(-Math.abs(start - plans.start(version)) / (60 * MINUTE)) + (sameSource ? 0.05 : 0);

  const longer = Math.max(visits.end(visit) - start, plans.end(version) - plans.start(version));
  if (longer > 0) {
    const overlap = Math.min(visits.end(visit), plans.end(version)) - Math.max(start, plans.start(version));
    weight += 0.25;
    sum += (0.25 * Math.max(0, overlap)) / longer;
  }
  const [was, planned] = [visits.staff(visit), plans.staff(version)];
  // An id that nobody has explained may be anybody, unless the same system uses it on both sides.
  if (was >= 0 && planned >= 0 && (was === planned || sameSource || (staff.known(was) && staff.known(planned)))) {
    weight += 0.2;
    if (was === planned) sum += 0.2;
  }
  const shared = services.share(visits.services(visit), plans.services(version));
  if (shared !== null) {
    weight += 0.15;
    if (shared) sum += 0.15;
  }
  return sum / weight;
}
