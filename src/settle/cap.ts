import type { Tables } from "#columns";
import { type Day, MINUTE } from "#model";
import { inForce, occurrencesOf } from "#match";
import { type Piece, type Slice, take } from "./pieces.ts";
import { decisionScale, loose, type MonthRows, type Row } from "./rows.ts";
import type { Segment, Terms } from "./terms.ts";

/** Time of a row that is limited together. */
interface Unit {
  row: Row;
  /** What is registered of it, and the most that is paid. */
  ms: number;
  cap: number;
}

/**
 * Lines of one order and service may be impossible to tell apart (a source need not say the part of day), and then all
 * visits count on one of them: it may use what the others leave.
 */
export function shareCaps(units: readonly Unit[]): void {
  if (units.length < 2 || units.every(({ ms, cap }) => ms <= cap)) return;
  /** By group. */
  const left: number[] = [];
  for (const { row, ms, cap } of units) left[row.group] = (left[row.group] ?? 0) + Math.max(0, cap - ms);
  for (const unit of units) {
    if (unit.ms <= unit.cap) continue;
    const { group } = unit.row;
    const extra = Math.min(unit.ms - unit.cap, left[group]!);
    unit.cap += extra;
    left[group]! -= extra;
  }
}

/** Several lines of one order and service have together more than their limits. */
export function spentTogether(units: readonly Unit[]): boolean {
  if (units.length < 2 || units.every(({ ms, cap }) => ms <= cap)) return false;
  const groups = Map.groupBy(units, ({ row }) => row.group);
  const sum = (group: readonly Unit[], of: (unit: Unit) => number) =>
    group.reduce((total, unit) => total + of(unit), 0);
  return [...groups.values()].some(
    (group) => group.length > 1 && sum(group, ({ ms }) => ms) > sum(group, ({ cap }) => cap),
  );
}

export const noOrder = "ingen beställning omfattar tiden";

export function capReason({ granted, absent }: Row, { cap }: Terms): string | undefined {
  const reasons = [
    ...(absent > 0 ? [`beviljat ${granted} minuter, frånvaro ${absent}`] : []),
    ...(cap.tolerance > 1 ? [`tolerans ${Math.round((cap.tolerance - 1) * 10_000) / 100} %`] : []),
  ];
  return reasons.length === 0 ? undefined : reasons.join(", ");
}

/** Of what a line grants in a month, the part for the days of one contract. */
export function monthShare(tables: Tables, row: Row, segment: Segment): number {
  if (row.segments.length < 2) return 1;
  const days = (from: Day, through: Day): number => {
    let count = 0;
    for (let day = from; day <= through; day++) if (inForce(tables, row.line, day)) count++;
    return count;
  };
  const all = days(row.segments[0]!.from, row.segments.at(-1)!.through);
  return all === 0 ? 0 : days(segment.from, segment.through) / all;
}

/** The first so many milliseconds of slices. */
function firstOf(slices: readonly Slice[], ms: number): Slice[] {
  const kept: Slice[] = [];
  let left = ms;
  for (const slice of slices) {
    if (left <= 0) break;
    const worth = (slice.until - slice.from) * slice.weight;
    if (worth <= left) kept.push(slice);
    else kept.push({ ...slice, until: slice.from + left / slice.weight });
    left -= worth;
  }
  return kept;
}

/** Minutes granted on a day, less those for which the client was away. */
function grantedOn(tables: Tables, line: number, day: Day): number {
  const { lines } = tables;
  const each = lines.minutes(line) * lines.staffing(line);
  const open = loose(tables, line);
  let minutes = 0;
  for (const { part, away } of occurrencesOf(tables, line, day)) {
    if (away) continue;
    // Any day may be the one on which such a line is due.
    minutes += open ? each : part * each;
  }
  return lines.per(line) === "once" && minutes === 0 ? Math.ceil(lines.times(line)) * each : minutes;
}

/** Step 7: what is ordered and granted limits what is paid, at the level of the contract. Pieces come in order of time. */
export function applyCap(tables: Tables, rows: MonthRows, pieces: readonly Piece[]): void {
  const timed: Piece[] = [];
  for (const piece of pieces) {
    if (piece.row.line < 0) take(piece, "cap", [], noOrder);
    else if (piece.segment.basis !== "granted" && piece.ms > 0) timed.push(piece);
  }
  capVisits(tables, timed);
  const scales = new Map<Row, number>();
  const scaleOf = (row: Row): number => {
    let scale = scales.get(row);
    if (scale === undefined) scales.set(row, (scale = decisionScale(tables, row, rows)));
    return scale;
  };
  capBy(
    rows,
    timed.filter(({ segment }) => segment.terms.cap.level === "day"),
    (piece) => piece.day,
    (row, piece) => grantedOn(tables, row.line, piece.day) * scaleOf(row),
  );
  // Also where days limit, a line that leaves them open never comes to more than the month.
  capBy(
    rows,
    timed.filter(
      ({ segment: { terms }, row }) =>
        terms.cap.level === "month" || (terms.cap.level === "day" && loose(tables, row.line)),
    ),
    (piece) => piece.segment.from,
    (row, { segment }) => (row.granted - row.absent) * monthShare(tables, row, segment),
  );
}

/** Lines of one order and service are used up together, in order of time, whichever of them a visit counts on. */
function capBy(
  rows: MonthRows,
  limited: readonly Piece[],
  unitOf: (piece: Piece) => number,
  minutesOf: (row: Row, piece: Piece) => number,
): void {
  if (limited.length === 0) return;
  // Also lines without a visit leave what they grant to the others of their order and service.
  const groups: Row[][] = [];
  for (const row of rows.all()) if (row.line >= 0) (groups[row.group] ??= []).push(row);
  const left = new Map<number, number>();
  for (const piece of limited) {
    const { group } = piece.row;
    const unit = unitOf(piece) * groups.length + group;
    const { tolerance } = piece.segment.terms.cap;
    const open =
      left.get(unit) ?? groups[group]!.reduce((sum, row) => sum + minutesOf(row, piece), 0) * MINUTE * tolerance;
    const { ms } = piece;
    if (ms > open) take(piece, "cap", firstOf(piece.slices, open), capReason(piece.row, piece.segment.terms));
    left.set(unit, Math.max(0, open - ms));
  }
}

/**
 * A visit is paid for at most the minutes of its line; what one person does on one plan counts as one visit. Of those who
 * are not named there may be as many as are ordered.
 */
function capVisits(tables: Tables, pieces: readonly Piece[]): void {
  const { lines, absences } = tables;
  const left = new Map<string, number>();
  for (const piece of pieces) {
    const { cap } = piece.segment.terms;
    if (cap.level !== "visit") continue;
    const { line } = piece.row;
    const key =
      `${line} ${piece.row.provider} ` +
      (piece.plan < 0 ? `visit ${piece.visit}` : `plan ${piece.plan} ${piece.staff}`);
    const away = absences.covering(tables.visits.client(piece.visit), piece.start, piece.start + 1) >= 0;
    const people = piece.plan >= 0 && piece.staff < 0 ? lines.staffing(line) : 1;
    const open = left.get(key) ?? (away ? 0 : lines.minutes(line) * people * MINUTE * cap.tolerance);
    if (piece.ms > open) take(piece, "cap", firstOf(piece.slices, open), away ? "brukaren var frånvarande" : undefined);
    left.set(key, open - piece.ms);
  }
}
