import type { Shifts } from "#columns";
import { HOUR, type Instant } from "#model";

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
