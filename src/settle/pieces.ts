import { rowsOf, type Tables } from "#columns";
import { type Day, daysOfMonth, formatLocal, HOUR, type Instant, MINUTE, monthOf, startOfDay } from "#model";
import type { LineMatcher, Matches } from "#match";
import type { ManualShares } from "./manual.ts";
import type { StepName, VisitTrace } from "./paid.ts";
import { addedMs, type MonthRows, type Row } from "./rows.ts";
import type { Segment, TermsBook } from "./terms.ts";

/** Time that is paid, and how many of its minutes a minute counts for. */
export interface Slice {
  from: Instant;
  until: Instant;
  weight: number;
}

/** What one visit is for one row, or what the row is paid without a visit. */
export interface Piece {
  kind: VisitTrace["kind"];
  row: Row;
  segment: Segment;
  visit: number;
  plan: number;
  day: Day;
  staff: number;
  start: Instant;
  end: Instant;
  /** The part of the visit that the row has. */
  part: number;
  slices: Slice[];
  /** What the slices come to. */
  ms: number;
  /** As performed, before anything but required elements, manual and lengthened time is taken away. */
  fullMs: number;
  /** After overlaps and household, before standard time and cap. */
  performedMs: number;
  /** Goes on with a visit that counts already. */
  continues: boolean;
  /** Pays an absence of which no source says whether it was planned. */
  open?: boolean;
  steps: Array<{ step: StepName; ms: number; why?: string }>;
  /** Before and after rounding. */
  bands: Array<{ band: string | null; exactMs: number; ms: number }>;
}

export function sumOf(slices: readonly Slice[]): number {
  let ms = 0;
  for (const { from, until, weight } of slices) ms += (until - from) * weight;
  return ms;
}

/** Takes a step: from now on these slices are paid. A step that changes nothing is left out unless it has to say why. */
export function take(piece: Piece, step: StepName, slices: Slice[], why?: string, always = false): void {
  const ms = sumOf(slices);
  const change = ms - piece.ms;
  // Halves and sevenths of a millisecond.
  if (Math.abs(change) > 0.01 || always) piece.steps.push({ step, ms: change, ...(why === undefined ? {} : { why }) });
  piece.slices = slices;
  piece.ms = ms;
}

export function scaled(slices: readonly Slice[], factor: number): Slice[] {
  return slices.map(({ from, until, weight }) => ({ from, until, weight: weight * factor }));
}

export interface World {
  tables: Tables;
  matches: Matches;
  matcher: LineMatcher;
  book: TermsBook;
  manual: ManualShares;
}

/** Registered visits of the month on their rows, in order of time, as far as steps 1 to 5 leave them. */
export function visitPieces(world: World, rows: MonthRows): Piece[] {
  const { tables, matcher, matches } = world;
  const { visits } = tables;
  const monthStart = startOfDay(rows.first);
  const pieces: Piece[] = [];
  /** Those that have not ended when the next begins. */
  let taken: Piece[] = [];
  for (const visit of rowsOf(visits.byClient, rows.client)) {
    const day = visits.day(visit);
    if (day > rows.last) break;
    const usable = visits.usable(visit);
    // A visit of the month before is paid there, but holds its slot until it ends.
    const before = day < rows.first;
    if (before && !(usable && visits.end(visit) > monthStart)) continue;
    const endless = !usable && visits.performed(visit) && Number.isNaN(visits.end(visit));
    if (!usable && !endless) continue;
    const shares = matcher.ofVisit(visit);
    const ofVisit = rows.rowsOf(shares, visits.provider(visit), visits.unit(visit), visits.services(visit));
    for (let position = 0; position < ofVisit.length; position++) {
      const row = ofVisit[position]!;
      const segment = segmentAt(world, row, day);
      if (endless && segment.terms.required.end) continue;
      const part = shares.parts[position] ?? 1;
      const start = visits.start(visit);
      const end = endless ? start : visits.end(visit);
      const slices = [{ from: start, until: end, weight: part }];
      const ms = sumOf(slices);
      const piece: Piece = {
        kind: "visit",
        row,
        segment,
        visit,
        plan: matches.plan(visit),
        day,
        staff: visits.staff(visit),
        start,
        end,
        part,
        slices,
        ms,
        fullMs: ms,
        performedMs: 0,
        continues: matches.visitState(visit) === "continuation",
        steps: [{ step: "registered", ms }],
        bands: [],
      };
      accept(world, piece, rows.first, rows.last);
      if (!before) pieces.push(piece);
      if (row.line >= 0 && piece.ms > 0) {
        if (taken.length > 0) taken = taken.filter((other) => other.end > start);
        if (taken.length > 0) withinSlots(tables, piece, taken);
        taken.push(piece);
      }
    }
  }
  // After the union of all: what is divided must not free a slot.
  for (const piece of pieces) {
    divideHousehold(tables, piece);
    piece.performedMs = piece.ms;
  }
  return pieces;
}

function segmentAt({ book }: World, row: Row, day: Day): Segment {
  for (const segment of row.segments) if (segment.from <= day && day <= segment.through) return segment;
  const { first, last } = daysOfMonth(monthOf(day));
  const ofMonth = book.segments(row.provider, row.unit, row.service, first, last);
  return ofMonth.find(({ from, through }) => from <= day && day <= through)!;
}

/** Steps 1 to 3: required elements, manual registration, lengthening, cut-off. */
function accept({ tables, manual }: World, piece: Piece, first: Day, last: Day): void {
  const { visits, services } = tables;
  const { visit, segment } = piece;
  const { terms } = segment;
  const { required } = terms;
  const missing: string[] = [];
  if (required.service && services.list(visits.services(visit)).length === 0) missing.push("insats saknas");
  if (required.approvedByStaff && visits.approvedByStaff(visit) !== true)
    missing.push("personalens godkännande saknas");
  if (required.approvedByManager && visits.approvedByManager(visit) !== true)
    missing.push("chefens godkännande saknas");
  if (missing.length > 0) take(piece, "required", [], missing.join(", "), true);

  if (piece.slices.length > 0 && visits.grade(visit) === 0) {
    const { allowed, reasonRequired, maxSharePercent } = terms.manual;
    if (!allowed) take(piece, "manual", [], "avtalet ersätter inte manuellt registrerad tid", true);
    else if (reasonRequired && blank(visits.editReason(visit))) {
      take(piece, "manual", [], "manuellt registrerad utan orsak", true);
    } else if (maxSharePercent !== null && manual.exceeds(visit, maxSharePercent, first, last)) {
      take(piece, "manual", [], `mer än ${maxSharePercent} % av utförarens besök i månaden är manuella`, true);
    }
  }

  if (piece.slices.length > 0 && terms.lengthening !== "always") {
    const added = addedMs(visits, visit);
    if (added > 0 && (terms.lengthening === "never" || blank(visits.editReason(visit)))) {
      const originalEnd = visits.originalEnd(visit);
      // From the end first, then the start.
      const late = Number.isNaN(originalEnd) ? 0 : Math.min(added, Math.max(0, piece.end - originalEnd));
      const slice = { from: piece.start + (added - late), until: piece.end - late, weight: piece.part };
      const why =
        terms.lengthening === "never" ? "avtalet ersätter inte tid som lagts till" : "tid har lagts till utan orsak";
      take(piece, "lengthening", [slice], why);
    }
  }
  piece.fullMs = piece.ms;

  if (piece.slices.length > 0 && visits.receivedAt(visit) > segment.cutOff) {
    take(piece, "cut-off", [], lateReason(segment), true);
  }
}

export function lateReason({ cutOff }: Segment): string {
  return `kom in efter brytpunkten ${formatLocal(cutOff)}`;
}

function blank(text: string | null): boolean {
  return text === null || text.trim() === "";
}

/** Step 4: time in which the slots of staff are taken by earlier visits is not paid again. */
function withinSlots({ lines }: Tables, piece: Piece, taken: readonly Piece[]): void {
  const { row, segment, staff, visit } = piece;
  const { doubleStaffing } = segment.terms;
  const slots = doubleStaffing === "always" ? Infinity : doubleStaffing === "never" ? 1 : lines.staffing(row.line);
  const sameSlots = (other: Piece): boolean =>
    other.row.provider === row.provider && other.row.order === row.order && other.row.service === row.service;
  const sameStaff = (other: Piece): boolean =>
    staff >= 0 && other.staff === staff && other.row.provider === row.provider;
  const rivals = taken.filter((other) => other.visit !== visit && (sameStaff(other) || sameSlots(other)));
  if (rivals.length === 0) return;
  const held = (other: Piece, from: Instant, until: Instant): boolean =>
    other.slices.some((slice) => slice.from <= from && slice.until >= until);
  const kept: Slice[] = [];
  for (const slice of piece.slices) {
    const cuts = cutsIn(
      slice,
      rivals.flatMap(({ slices }) => slices),
    );
    for (let position = 0; position + 1 < cuts.length; position++) {
      const [from, until] = [cuts[position]!, cuts[position + 1]!];
      const there = rivals.filter((other) => held(other, from, until));
      if (there.some(sameStaff)) continue;
      if (new Set(there.filter(sameSlots).map((other) => other.visit)).size >= slots) continue;
      kept.push({ from, until, weight: slice.weight });
    }
  }
  const twice = rivals.some(sameStaff) ? "samma personal är registrerad på samma tid" : null;
  const why = twice ?? (slots === 1 ? "en annan registrering har samma tid" : "fler än den beställda bemanningen");
  take(piece, "overlap", kept, why);
}

/** The ends of a slice and of those that touch it inside it, in order. */
function cutsIn(
  slice: { from: Instant; until: Instant },
  others: ReadonlyArray<{ from: Instant; until: Instant }>,
): Instant[] {
  const cuts = new Set([slice.from, slice.until]);
  for (const { from, until } of others) {
    for (const at of [from, until]) if (at > slice.from && at < slice.until) cuts.add(at);
  }
  return [...cuts].sort((a, b) => a - b);
}

/** No usable visit is longer. */
const LONGEST_VISIT_MS = 25 * HOUR;

/** Position of the first of the rows, which are in order of time, that starts at or after an instant. */
function firstAfter(visits: Tables["visits"], ofStaff: Int32Array, instant: Instant): number {
  let low = 0;
  let high = ofStaff.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (visits.start(ofStaff[middle]!) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Step 5: time at which the same person is registered at several members of a household is divided between them. */
function divideHousehold({ visits, clients }: Tables, piece: Piece): void {
  if (piece.slices.length === 0 || piece.staff < 0 || !piece.segment.terms.divideHousehold) return;
  const members = clients.household(visits.client(piece.visit));
  if (members.length === 0) return;
  const there: Array<{ client: number; from: Instant; until: Instant }> = [];
  const ofStaff = rowsOf(visits.byStaff, piece.staff);
  for (let at = firstAfter(visits, ofStaff, piece.start - LONGEST_VISIT_MS); at < ofStaff.length; at++) {
    const other = ofStaff[at]!;
    const from = visits.start(other);
    if (from >= piece.end) break;
    const until = visits.end(other);
    if (!(until > piece.start) || !visits.usable(other) || !members.includes(visits.client(other))) continue;
    if (visits.provider(other) === piece.row.provider) there.push({ client: visits.client(other), from, until });
  }
  if (there.length === 0) return;
  const divided: Slice[] = [];
  for (const slice of piece.slices) {
    const cuts = cutsIn(slice, there);
    for (let position = 0; position + 1 < cuts.length; position++) {
      const [from, until] = [cuts[position]!, cuts[position + 1]!];
      const others = new Set(there.filter((one) => one.from <= from && one.until >= until).map(({ client }) => client));
      divided.push({ from, until, weight: slice.weight / (1 + others.size) });
    }
  }
  take(piece, "household", divided, "besöket delas av hushållet");
}

/** Step 6: standard time, or granted time, in the place of performed time. */
export function applyBasis(piece: Piece): void {
  const { segment, continues } = piece;
  if (segment.basis === "granted") {
    take(piece, "basis", [], "beviljad tid ersätts, inte utförd");
    return;
  }
  if (segment.basis !== "standard") return;
  const standard = segment.service === null ? undefined : segment.terms.standardMs.get(segment.service);
  if (standard === undefined) {
    take(piece, "basis", piece.slices, "avtalet har ingen schablontid för insatsen, utförd tid gäller", true);
  } else if (continues) take(piece, "basis", [], "fortsättning på ett besök som har fått sin schablontid");
  else if (piece.slices.length > 0) {
    const why = `schablontid ${standard / MINUTE} minuter`;
    if (piece.fullMs === 0)
      take(piece, "basis", [{ from: piece.start, until: piece.start + standard, weight: 1 }], why);
    // What was lost to overlaps and household is lost in proportion.
    else take(piece, "basis", scaled(piece.slices, standard / piece.fullMs), why);
  }
}
