import type { Visits } from "#columns";

/** Somebody changed the visit after it was registered, as far as its source says. */
export function edited(visits: Visits, row: number): boolean {
  return !Number.isNaN(visits.editedAt(row)) || visits.editedBy(row) >= 0 || timesChanged(visits, row);
}

/** Start or end is not what was registered first. */
export function timesChanged(visits: Visits, row: number): boolean {
  const start = visits.originalStart(row);
  const end = visits.originalEnd(row);
  return (!Number.isNaN(start) && start !== visits.start(row)) || (!Number.isNaN(end) && end !== visits.end(row));
}

/**
 * Milliseconds that edits added to the visit, negative where they took some away. NaN where the source gives no original
 * time, or where the visit cannot be counted. A side without an original time was not changed.
 */
export function addedMs(visits: Visits, row: number): number {
  const start = visits.originalStart(row);
  const end = visits.originalEnd(row);
  if ((Number.isNaN(start) && Number.isNaN(end)) || !visits.usable(row)) return NaN;
  const from = Number.isNaN(start) ? visits.start(row) : start;
  const until = Number.isNaN(end) ? visits.end(row) : end;
  return visits.end(row) - visits.start(row) - Math.max(0, until - from);
}
