import { samples } from "#model";

export { claimHit, daysText, minutesText, ripeClaims } from "./claims.ts";
export { afterBusinessHours, businessMinutes } from "./business-time.ts";
export * from "./define.ts";
export { type DirtyMark, type Evaluate } from "./dirty.ts";
export {
  type Answer,
  type Ask,
  type Asked,
  beginAlone,
  beginBeside,
  type Checking,
  type Tell,
  type Told,
  WalkBeside,
} from "./beside.ts";
export * from "./engine.ts";
export * from "./example.ts";
export { heardThroughout } from "./heard.ts";
export * from "./hold-back.ts";
export { asText, type FindingText, type RowText } from "./kept.ts";
export { overlapMinutes, overlappingPairs } from "./pairs.ts";
export * from "./precision.ts";
export * from "./robust.ts";
export { addedMs, edited, timesChanged } from "./edits.ts";
export { mayBeOrderOf } from "./ordered.ts";
export { mostStaffing, orderedStaffing, shadowing, specialShift } from "./staffing.ts";
export { knownShifts, shiftCovering } from "./shifts.ts";
export { stayCovering } from "./stays.ts";
export { heldAgainst, partsOf } from "./under-plan.ts";
export { visitExpected } from "./visit-expected.ts";
export type { Measure, Measures } from "./measures.ts";
export { inTime, monthsOf, parseSliceKey, readingPeriod } from "./slices.ts";
export * from "./versions.ts";
// What rules need of the model and of the tables; they import nothing else.
export {
  addWorkingDays,
  DAY_MS,
  dayOf,
  daysOfMonth,
  formatClock,
  formatDay,
  formatLocal,
  formatOre,
  HOUR,
  MINUTE,
  minuteOfDay,
  minutesBetween,
  monthOf,
  publicHoliday,
  startOfDay,
  weekdayOf,
} from "#model";
export type { Day, Instant } from "#model";
export { NO_DAY, rowsOf } from "#columns";
export type {
  AbsenceKind,
  Claims,
  Clients,
  LockEvents,
  Decisions,
  Lines,
  Orders,
  Plans,
  Services,
  Silence,
  Visits,
  Warning,
} from "#columns";
export { grossMinutes, type Matches, orderedPair, outsidePart, silentFor, visitSilences } from "#match";
export { speedKmPerHour } from "#travel";
export type { JudgedClaim } from "#settle";
/** Records for examples. */
export const { at, daily, home, sample } = samples;
