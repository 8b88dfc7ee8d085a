import { rowsOf, type Shifts } from "#columns";
import { type Day, dayOf, HOUR, type Instant, startOfDay } from "#model";
import { MARGIN_DAYS } from "./slices.ts";

type ShiftKind = ReturnType<Shifts["kind"]>;

/** No shift is longer: one that starts earlier has ended. */
const LONGEST_MS = 48 * HOUR;

/** A staff member's first shift of one of the kinds that covers some of the time; -1 where none does. */
export function shiftCovering(
  shifts: Shifts,
  staff: number,
  start: Instant,
  end: Instant,
  kinds: readonly ShiftKind[],
): number {
  const { offsets, rows } = shifts.byStaff;
  let low = offsets[staff]!;
  let high = offsets[staff + 1]!;
  const until = high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shifts.start(rows[middle]!) < start - LONGEST_MS) low = middle + 1;
    else high = middle;
  }
  for (let at = low; at < until; at++) {
    const shift = rows[at]!;
    if (shifts.start(shift) >= end) return -1;
    if (shifts.end(shift) > start && kinds.includes(shifts.kind(shift))) return shift;
  }
  return -1;
}

/**
 * From when until when a staff member's shifts are known in a month: nobody says what was worked before a schedule was
 * read first, or after it was read last. Shifts of the two days before and after tell of the month's own first and last.
 */
export function knownShifts(
  shifts: Shifts,
  staff: number,
  firstDay: Day,
  lastDay: Day,
): { from: Instant; until: Instant } {
  let [from, until] = [Infinity, -Infinity];
  for (const shift of rowsOf(shifts.byStaff, staff)) {
    const day = dayOf(shifts.start(shift));
    if (day < firstDay - MARGIN_DAYS || day > lastDay + MARGIN_DAYS) continue;
    from = Math.min(from, startOfDay(day));
    until = Math.max(until, startOfDay(dayOf(shifts.end(shift)) + 1));
  }
  return { from, until };
}
