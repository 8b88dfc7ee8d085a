import { type Absences, rowsOf, type Visits } from "#columns";
import { dayOf, minutesBetween, startOfDay } from "#model";

/**
 * How a visit lies in an absence that covers some of it. On the days on which the absence begins and ends the visit
 * counts as inside only beyond `minutesOnBoundaryDayAbove`: times of admission and discharge are often typed in later.
 */
export function stayCovering(
  visits: Visits,
  absences: Absences,
  visit: number,
  absence: number,
  minutesOnBoundaryDayAbove: number,
): { minutesInside: number; verdict: "inside" | "boundaryDay" | "partly" } {
  const [start, end] = [visits.start(visit), visits.end(visit)];
  const [from, until] = stay(absences, absence);
  const minutesInside = minutesBetween(Math.max(start, from), Math.min(end, until));
  const boundaryDay =
    visits.day(visit) === dayOf(from) || (Number.isFinite(until) && dayOf(end - 1) === dayOf(until - 1));
  if (boundaryDay)
    return { minutesInside, verdict: minutesInside > minutesOnBoundaryDayAbove ? "inside" : "boundaryDay" };
  return { minutesInside, verdict: start >= from && end <= until ? "inside" : "partly" };
}

/**
 * From a hospital to another, or on to a short-term home: absences that follow on each other are one. Where only days
 * are known, nobody knows whether the client came home between one that ends and the next, the day after.
 */
function stay(absences: Absences, absence: number): [from: number, until: number] {
  let [from, until] = [absences.from(absence), absences.until(absence)];
  const all = rowsOf(absences.byClient, absences.client(absence));
  // By start.
  for (const row of all) {
    if (absences.until(row) > until && joins(absences.from(row), until)) until = absences.until(row);
  }
  for (const row of all.toReversed()) {
    if (absences.from(row) < from && joins(from, absences.until(row))) from = absences.from(row);
  }
  return [from, until];
}

function joins(from: number, until: number): boolean {
  return from < until || (from === until && from !== startOfDay(dayOf(from)));
}
