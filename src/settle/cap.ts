import type { Tables } from "#columns";
import { type Day, MINUTE } from "#model";
import { inForce, occurrencesOf } from "#match";
import { type Piece, type Slice, take } from "./pieces.ts";
import { decisionScale, groupOf, type MonthRows, type Row } from "./rows.ts";
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
  const left = new Map<string, number>();
  for (const { row, ms, cap } of units) {
    left.set(groupOf(row), (left.get(groupOf(row)) ?? 0) + Math.max(0, cap - ms));
  }
  for (const unit of units) {
    if (unit.ms <= unit.cap) continue;
    const extra = Math.min(unit.ms - unit.cap, left.get(groupOf(unit.row)) ?? 0);
    unit.cap += extra;
    left.set(groupOf(unit.row), (left.get(groupOf(unit.row)) ?? 0) - extra);
  }
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

/** What a line leaves open: on which days of a week, fortnight or month it is due. */
function loose({ lines }: Tables, line: number): boolean {
  const per = lines.per(line);
  return per === "month" || per === "once" || (per !== "day" && !lines.listsWeekdays(line));
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
  const byRow = new Map<Row, Piece[]>();
  for (const piece of pieces) {
    if (piece.row.line < 0) take(piece, "cap", [], noOrder);
    else if (piece.segment.basis !== "granted" && piece.ms > 0) {
      const ofRow = byRow.get(piece.row);
      if (ofRow === undefined) byRow.set(piece.row, [piece]);
      else ofRow.push(piece);
    }
  }
  capVisits(tables, byRow);
  const scales = new Map<Row, number>();
  const scaleOf = (row: Row): number => {
    let scale = scales.get(row);
    if (scale === undefined) scales.set(row, (scale = decisionScale(tables, row, rows)));
    return scale;
  };
  capBy(
    rows,
    byRow,
    "day",
    (piece) => piece.day,
    (row, piece) => grantedOn(tables, row.line, piece.day) * scaleOf(row),
  );
  // Also where days limit, a line that leaves them open never comes to more than the month.
  const monthly = ({ segment: { terms }, row }: Piece): boolean =>
    terms.cap.level === "month" || (terms.cap.level === "day" && loose(tables, row.line));
  capBy(
    rows,
    new Map([...byRow].map(([row, ofRow]) => [row, ofRow.filter(monthly)])),
    null,
    (piece) => piece.segment.from,
    (row, { segment }) => (row.granted - row.absent) * monthShare(tables, row, segment),
  );
}

function capBy(
  rows: MonthRows,
  byRow: ReadonlyMap<Row, readonly Piece[]>,
  level: "day" | null,
  unitOf: (piece: Piece) => number,
  minutesOf: (row: Row, piece: Piece) => number,
): void {
  const units = new Map<number, Map<Row, Unit>>();
  // Also lines without a visit leave what they grant to the others of their order and service.
  const groups = new Map<string, Row[]>();
  for (const row of rows.all()) {
    if (row.line < 0) continue;
    const group = groups.get(groupOf(row));
    if (group === undefined) groups.set(groupOf(row), [row]);
    else group.push(row);
  }
  const limited = [...byRow.values()]
    .flat()
    .filter(({ segment }) => level === null || segment.terms.cap.level === level);
  if (limited.length === 0) return;
  for (const piece of limited) {
    let ofUnit = units.get(unitOf(piece));
    if (ofUnit === undefined) units.set(unitOf(piece), (ofUnit = new Map()));
    if (!ofUnit.has(piece.row)) {
      for (const row of groups.get(groupOf(piece.row))!) {
        ofUnit.set(row, { row, ms: 0, cap: minutesOf(row, piece) * MINUTE * piece.segment.terms.cap.tolerance });
      }
    }
    ofUnit.get(piece.row)!.ms += piece.ms;
  }
  for (const ofUnit of units.values()) shareCaps([...ofUnit.values()]);
  for (const piece of limited) {
    const unit = units.get(unitOf(piece))!.get(piece.row)!;
    if (piece.ms > unit.cap) {
      take(piece, "cap", firstOf(piece.slices, unit.cap), capReason(piece.row, piece.segment.terms));
    }
    unit.cap -= piece.ms;
  }
}

/** A visit is paid for at most the minutes of its line; what one person does on one plan counts as one visit. */
function capVisits(tables: Tables, byRow: ReadonlyMap<Row, readonly Piece[]>): void {
  const { lines, absences } = tables;
  for (const [row, pieces] of byRow) {
    const left = new Map<string, number>();
    for (const piece of pieces) {
      const { cap } = piece.segment.terms;
      if (cap.level !== "visit") continue;
      const key = piece.plan < 0 ? `visit ${piece.visit}` : `plan ${piece.plan} ${piece.staff}`;
      const away = absences.covering(tables.visits.client(piece.visit), piece.start, piece.start + 1) >= 0;
      const open = left.get(key) ?? (away ? 0 : lines.minutes(row.line) * MINUTE * cap.tolerance);
      if (piece.ms > open)
        take(piece, "cap", firstOf(piece.slices, open), away ? "brukaren var frånvarande" : undefined);
      left.set(key, open - piece.ms);
    }
  }
}
