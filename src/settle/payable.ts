import { NO_DAY, type Tables } from "#columns";
import { type Day, formatDay, MINUTE, type Ore, roundHalfUp } from "#model";
import { inForce } from "#match";
import { divide } from "./bands.ts";
import { applyCap, capReason, monthShare, noOrder, shareCaps, spentTogether } from "./cap.ts";
import { absencePieces, deathPieces, grantedPieces, vainPieces } from "./outside-cap.ts";
import { type PaidDay, type PaidRow, type StepName, stepNames, type TraceStep, type VisitTrace } from "./paid.ts";
import { applyBasis, type Piece, visitPieces, type World } from "./pieces.ts";
import { priceOf } from "./price.ts";
import type { MonthRows, Row } from "./rows.ts";
import { clauseOf, type Segment, type Terms } from "./terms.ts";

/** Whole minutes, half up; sums of parts may come out a hair below the half. */
export const minutesOf = (ms: number): number => Math.floor(ms / MINUTE + 0.5 + 1e-9);

/** Payable time of a row on a day in a band. */
interface Cell {
  day: Day;
  band: string | null;
  segment: Segment;
  exactMs: number;
  ms: number;
  /** By how many prices of a visit. */
  visits: number;
}

type Steps = Map<StepName, { ms: number; whys: ReadonlySet<string>; clauses: ReadonlySet<string> }>;

/** What is paid for each row of a client's month. */
export function payRows(world: World, rows: MonthRows): Map<Row, PaidRow> {
  return isPlain(world.tables, rows) ? payPlain(world, rows) : payPieces(world, rows);
}

/** What is paid for a row on which nothing is registered, planned or granted. */
export function payNothing(tables: Tables, rows: MonthRows, row: Row): PaidRow {
  return assemble(tables, rows, row, [], stepsOf(row), 0);
}

/** Visit by visit what each row is paid for. */
export function traceRows(world: World, rows: MonthRows): Map<Row, VisitTrace[]> {
  const traces = new Map<Row, VisitTrace[]>();
  const add = (row: Row, trace: VisitTrace): void => {
    const ofRow = traces.get(row);
    if (ofRow === undefined) traces.set(row, [trace]);
    else ofRow.push(trace);
  };
  for (const piece of settledPieces(world, rows)) add(piece.row, traceOf(world.tables, rows, piece));
  for (const row of rows.all()) {
    for (const { day, ore } of monthlyPay(world.tables, rows, row)) {
      const of = { visit: -1, plan: -1, day, staff: -1, start: NaN, end: NaN };
      add(row, { kind: "monthly", ...of, steps: [], bands: [{ band: null, ms: 0, orePerHour: null, ore }] });
    }
  }
  for (const ofRow of traces.values()) ofRow.sort((a, b) => a.day - b.day);
  return traces;
}

/** Nothing is known of the client's month for which visits have to be taken through all steps one by one. */
function isPlain({ clients }: Tables, rows: MonthRows): boolean {
  const { suspect, client } = rows;
  if (suspect.overlap || suspect.shared) return false;
  const shared = clients.household(client).length > 0;
  const died = clients.deceasedOn(client);
  for (const row of rows.all()) {
    const { terms, basis, cutOff } = row.segments[0]!;
    if (row.segments.length > 1 || !terms.plain || basis !== "performed") return false;
    if ((terms.manualLimited && suspect.manual) || suspect.receivedLast > cutOff) return false;
    if ((suspect.lengthened && terms.lengthening !== "always") || (shared && terms.divideHousehold)) return false;
    if (row.absent > 0 && terms.absence.paid.length > 0) return false;
    if (died !== NO_DAY && died <= rows.last && terms.deathPaid.length > 0) return false;
  }
  // Lines that nothing may tell apart are used up together: then the order of their visits decides.
  return !spentTogether([...rows.all()].map(limitOf));
}

const limitOf = (row: Row): { row: Row; ms: number; cap: number } => {
  const { level, tolerance } = row.segments[0]!.terms.cap;
  const limited = row.line >= 0 && level !== "none";
  return { row, ms: row.registered, cap: limited ? (row.granted - row.absent) * MINUTE * tolerance : Infinity };
};

/** What is registered uses up, in order of time, what is granted; declined and unanswered visits are paid beside it. */
function payPlain(world: World, rows: MonthRows): Map<Row, PaidRow> {
  const { tables } = world;
  const units: Array<{ row: Row; ms: number; cap: number }> = [];
  const fees: typeof units = [];
  for (const row of rows.all()) {
    if (row.line < 0) continue;
    units.push(limitOf(row));
    fees.push({ row, ms: row.registered, cap: (row.granted - row.absent) * MINUTE });
  }
  shareCaps(units);
  shareCaps(fees);
  const vain = rows.vain.length === 0 ? [] : vainPieces(world, rows);
  divideAndRound(vain);
  const paid = new Map<Row, PaidRow>();
  let position = 0;
  for (const row of rows.all()) {
    const { terms } = row.segments[0]!;
    const unit = row.line < 0 ? null : position++;
    const cap = unit === null ? 0 : units[unit]!.cap;
    const cells: Cell[] = [];
    const steps = stepsOf(row);
    const total =
      row.visits === null ? payDays(row, cap, cells) : payVisits(tables, row, row.visits, cap, cells, steps);
    if (total !== row.registered) {
      addStep(steps, terms, "cap", total - row.registered, row.line < 0 ? noOrder : capReason(row, terms));
    }
    for (const piece of vain) if (piece.row === row) addPiece(cells, steps, piece);
    const feeMs = unit === null ? 0 : Math.min(row.registered, fees[unit]!.cap);
    paid.set(row, assemble(tables, rows, row, cells, steps, feeMs));
  }
  return paid;
}

/** Day by day, where it does not matter how time is divided over visits. */
function payDays(row: Row, cap: number, cells: Cell[]): number {
  const segment = row.segments[0]!;
  let left = cap;
  let total = 0;
  for (let index = 0; index < row.days.length; index++) {
    const ms = Math.min(row.ms[index]!, left);
    left -= ms;
    total += ms;
    if (ms > 0) cells.push({ day: row.days[index]!, band: null, segment, exactMs: ms, ms, visits: 0 });
  }
  return total;
}

/** Visit by visit: each is divided over bands and rounded. Returns what there was before rounding. */
function payVisits(
  { visits }: Tables,
  row: Row,
  own: readonly number[],
  cap: number,
  cells: Cell[],
  steps: Steps,
): number {
  const segment = row.segments[0]!;
  const { terms } = segment;
  const rounding = terms.rounding?.per === "visit" ? terms.rounding : null;
  let parts: Part[] = [];
  const add = (band: string | null, ms: number): void => addPart(parts, band, ms);
  let left = cap;
  let total = 0;
  let rounded = false;
  let difference = 0;
  for (const visit of own) {
    const start = visits.start(visit);
    const ms = Math.min(visits.end(visit) - start, left);
    if (ms <= 0) continue;
    left -= ms;
    total += ms;
    parts = [];
    divide(terms, start, start + ms, add);
    if (rounding !== null) {
      for (const change of roundParts(parts, rounding)) {
        if (change !== 0) rounded = true;
        difference += change;
      }
    }
    for (const part of parts) addTo(cells, visits.day(visit), segment, part, 0);
  }
  if (rounded) addStep(steps, terms, "rounding", difference, roundingReason(rounding!));
  return total;
}

/** Every visit, and what is paid without one, with all steps but the price. */
function settledPieces(world: World, rows: MonthRows): Piece[] {
  const { tables } = world;
  const visits = visitPieces(world, rows);
  for (const piece of visits) applyBasis(piece);
  applyCap(tables, rows, visits);
  const others = [
    ...grantedPieces(world, rows),
    ...vainPieces(world, rows),
    ...absencePieces(world, rows),
    ...deathPieces(world, rows, visits),
  ];
  const pieces = [...visits, ...others];
  divideAndRound(pieces);
  return pieces;
}

function divideAndRound(pieces: readonly Piece[]): void {
  for (const { segment, slices, bands } of pieces) {
    for (const { from, until, weight } of slices) {
      divide(segment.terms, from, until, (band, ms) => addPart(bands, band, ms * weight));
    }
  }
  roundVisits(pieces);
}

/** Of a visit, what is in one band. */
type Part = Piece["bands"][number];

function addPart(parts: Part[], band: string | null, ms: number): void {
  for (const known of parts) {
    if (known.band !== band) continue;
    known.exactMs += ms;
    known.ms += ms;
    return;
  }
  parts.push({ band, exactMs: ms, ms });
}

/** Adds to the cell of the day and band; cells lie in this order. */
function addTo(cells: Cell[], day: Day, segment: Segment, { band, exactMs, ms }: Part, visits: number): void {
  let at = cells.length;
  for (; at > 0; at--) {
    const cell = cells[at - 1]!;
    if (cell.day === day && cell.band === band) {
      cell.exactMs += exactMs;
      cell.ms += ms;
      cell.visits += visits;
      return;
    }
    if ((cell.day - day || compare(cell.band, band)) < 0) break;
  }
  cells.splice(at, 0, { day, band, segment, exactMs, ms, visits });
}

function addPiece(cells: Cell[], steps: Steps, piece: Piece): void {
  const { segment, day, fullMs, continues } = piece;
  for (const { step, ms, why } of piece.steps) if (step !== "registered") addStep(steps, segment.terms, step, ms, why);
  for (const part of piece.bands) {
    addTo(cells, day, segment, part, continues ? 0 : fullMs === 0 ? 1 : part.exactMs / fullMs);
  }
  // A visit without an end has no time, but may be one of those paid by the visit.
  if (piece.bands.length === 0 && piece.slices.length > 0 && segment.basis === "perVisit") {
    cells.push({ day, band: null, segment, exactMs: 0, ms: 0, visits: 1 });
    cells.sort((a, b) => a.day - b.day || compare(a.band, b.band));
  }
}

function payPieces(world: World, rows: MonthRows): Map<Row, PaidRow> {
  const { tables } = world;
  const cells = new Map<Row, Cell[]>();
  const steps = new Map<Row, Steps>();
  const performed = new Map<Row, number>();
  const pieces = settledPieces(world, rows);
  for (const row of rows.all()) {
    cells.set(row, []);
    steps.set(row, stepsOf(row));
  }
  for (const piece of pieces) {
    const { row } = piece;
    performed.set(row, (performed.get(row) ?? 0) + piece.performedMs);
    addPiece(cells.get(row)!, steps.get(row)!, piece);
  }
  const fees = [...rows.all()]
    .filter((row) => row.line >= 0)
    .map((row) => ({ row, ms: performed.get(row) ?? 0, cap: (row.granted - row.absent) * MINUTE }));
  shareCaps(fees);
  const feeOf = new Map(fees.map(({ row, ms, cap }) => [row, Math.min(ms, cap)]));
  const paid = new Map<Row, PaidRow>();
  for (const row of rows.all()) {
    paid.set(row, assemble(tables, rows, row, cells.get(row)!, steps.get(row)!, feeOf.get(row) ?? 0));
  }
  for (const { open, row, day, bands } of pieces) if (open === true) leaveOpen(paid.get(row)!.days, day, bands);
  return paid;
}

function leaveOpen(days: readonly PaidDay[], day: Day, parts: readonly Part[]): void {
  for (const { band, ms } of parts) {
    for (const paid of days) {
      if (paid.day === day && paid.band === band) paid.openMs = Math.min(paid.ms, (paid.openMs ?? 0) + ms);
    }
  }
}

function compare(a: string | null, b: string | null): number {
  const [textA, textB] = [a ?? "", b ?? ""];
  return textA < textB ? -1 : textA > textB ? 1 : 0;
}

const none: ReadonlySet<string> = new Set();

const stepsOf = ({ registered }: Row): Steps =>
  new Map([["registered", { ms: registered, whys: none, clauses: none }]]);

function addStep(steps: Steps, terms: Terms, step: StepName, ms: number, why?: string): void {
  let known = steps.get(step);
  if (known === undefined) steps.set(step, (known = { ms: 0, whys: none, clauses: none }));
  known.ms += ms;
  known.whys = withOne(known.whys, why);
  known.clauses = withOne(known.clauses, clauseOf(terms, step));
}

const withOne = (texts: ReadonlySet<string>, text: string | undefined): ReadonlySet<string> =>
  text === undefined || texts.has(text) ? texts : new Set([...texts, text]);

type Rounding = NonNullable<Terms["rounding"]>;

function rounded(ms: number, { stepMs, direction }: Rounding): number {
  const steps = ms / stepMs;
  if (direction === "up") return Math.ceil(steps - 1e-9) * stepMs;
  return Math.floor(steps + (direction === "nearest" ? 0.5 : 0) + 1e-9) * stepMs;
}

/** Rounds the sum of parts and puts the difference on the longest of them. Returns the difference of each. */
function roundParts(parts: ReadonlyArray<{ ms: number }>, rounding: Rounding): number[] {
  const differences = parts.map(() => 0);
  const total = parts.reduce((sum, { ms }) => sum + ms, 0);
  let left = rounded(total, rounding) - total;
  while (Math.abs(left) > 1e-6 && parts.length > 0) {
    let longest = 0;
    for (let position = 1; position < parts.length; position++) {
      // By a hair, so that the order of adding up does not decide.
      if (parts[position]!.ms > parts[longest]!.ms + 0.01) longest = position;
    }
    const part = parts[longest]!;
    const change = Math.max(left, -part.ms);
    if (change === 0) break;
    part.ms += change;
    differences[longest]! += change;
    left -= change;
  }
  return differences;
}

function roundingReason({ stepMs, direction, per }: Rounding): string {
  const how = { nearest: "närmaste", up: "uppåt till", down: "nedåt till" }[direction];
  const each = { visit: "besök", day: "dag", month: "månad" }[per];
  return `${how} ${stepMs / MINUTE} minuter per ${each}`;
}

/** A visit is rounded once, whatever number of services shares it; its pieces follow on each other. */
function roundVisits(pieces: readonly Piece[]): void {
  for (let first = 0, next = 0; first < pieces.length; first = next) {
    const piece = pieces[first]!;
    for (next = first + 1; next < pieces.length && sameVisit(piece, pieces[next]!); next++);
    const { rounding } = piece.segment.terms;
    if (rounding === null || rounding.per !== "visit") continue;
    const parts: Array<Piece["bands"][number]> = [];
    const owners: Piece[] = [];
    for (let position = first; position < next; position++) {
      for (const band of pieces[position]!.bands) {
        parts.push(band);
        owners.push(pieces[position]!);
      }
    }
    for (const [position, ms] of roundParts(parts, rounding).entries()) {
      if (ms !== 0) owners[position]!.steps.push({ step: "rounding", ms, why: roundingReason(rounding) });
    }
  }
}

function sameVisit(a: Piece, b: Piece): boolean {
  const same = a.kind === "visit" ? a.visit === b.visit : a.plan >= 0 && a.plan === b.plan;
  return same && a.kind === b.kind && a.segment.inForce === b.segment.inForce;
}

const perOf = ({ basis }: Segment): "hour" | "visit" | "month" =>
  basis === "perVisit" ? "visit" : basis === "monthly" ? "month" : "hour";

function priceAt({ clients }: Tables, client: number, segment: Segment, day: Day, band: string | null): Ore | null {
  if (segment.inForce === null) return null;
  const { terms, service } = segment;
  const area = terms.pricedByArea ? clients.area(client, day) : null;
  return priceOf(terms, { per: perOf(segment), service, band, area, day });
}

function noPriceReason(segment: Segment, band: string | null): string {
  if (segment.inForce === null) return "inget avtal gäller";
  const price = { hour: "timpris", visit: "besökspris", month: "månadspris" }[perOf(segment)];
  return `avtalet har inget ${price} för insatsen${band === null ? "" : ` i prisbandet ${band}`}`;
}

/** Without a contract, or with a price list that leaves this out, nothing is paid. */
const unpriced = ({ inForce: contract, terms }: Segment): boolean => contract === null || terms.priced;

/** Steps 10 and 11 where they are not about single visits: rounding by day or month, price; and all of it as one row. */
function assemble(tables: Tables, rows: MonthRows, row: Row, cells: Cell[], steps: Steps, feeMs: number): PaidRow {
  let exactMs = 0;
  roundCells(row, cells, steps);

  const days: PaidDay[] = [];
  let payableMs = 0;
  let ore: Ore | null = cells.length === 0 ? 0 : null;
  for (const cell of cells) {
    const { day, band, segment, visits } = cell;
    const per = perOf(segment);
    const price = priceAt(tables, rows.client, segment, day, band);
    let exact = cell.exactMs;
    if (price === null) {
      const lost = unpriced(segment) ? cell.ms : 0;
      addStep(steps, segment.terms, "price", -lost, noPriceReason(segment, band));
      cell.ms -= lost;
      // What is not payable is no more so before rounding.
      if (unpriced(segment)) exact = 0;
    }
    exactMs += exact;
    payableMs += cell.ms;
    let cellOre: Ore | null = null;
    if (price !== null) {
      cellOre = per === "month" ? 0 : roundHalfUp(per === "visit" ? price * visits : (cell.ms * price) / 3_600_000);
      ore = (ore ?? 0) + cellOre;
    }
    const orePerHour = per === "hour" ? price : null;
    days.push({ day, band, exactMs: exact, ms: cell.ms, ore: cellOre, orePerHour });
  }
  for (const { day, ore: monthly } of monthlyPay(tables, rows, row)) {
    ore = (ore ?? 0) + monthly;
    const sameDay = days.find((one) => one.day === day && one.band === null);
    if (sameDay !== undefined) sameDay.ore = (sameDay.ore ?? 0) + monthly;
    else days.push({ day, band: null, exactMs: 0, ms: 0, ore: monthly, orePerHour: null });
    days.sort((a, b) => a.day - b.day || compare(a.band, b.band));
  }
  const last = contractsOf(tables, row, cells, steps);
  return {
    provider: row.provider,
    unit: row.unit,
    service: row.service,
    order: row.order,
    line: row.line,
    contract: last.inForce?.contract ?? -1,
    basis: last.basis,
    registeredMs: row.registered,
    exactMs,
    payableMs,
    ore,
    feeMs,
    days,
    steps: inMinutes(steps, payableMs),
  };
}

function roundCells(row: Row, cells: readonly Cell[], steps: Steps): void {
  for (const segment of row.segments) {
    const { rounding } = segment.terms;
    if (rounding === null || rounding.per === "visit") continue;
    const own = cells.filter((cell) => cell.segment === segment);
    const units =
      rounding.per === "month"
        ? [own]
        : [...new Set(own.map(({ day }) => day))].map((day) => own.filter((cell) => cell.day === day));
    for (const unit of units) {
      const difference = roundParts(unit, rounding).reduce((sum, ms) => sum + ms, 0);
      if (difference !== 0) addStep(steps, segment.terms, "rounding", difference, roundingReason(rounding));
    }
  }
}

/** Of a service paid by the month: its price in proportion to the days of the month on which line and contract hold. */
function monthlyPay(tables: Tables, rows: MonthRows, row: Row): Array<{ day: Day; ore: Ore }> {
  const { clients, orders } = tables;
  if (row.line < 0 || orders.provider(row.order) !== row.provider) return [];
  const died = clients.deceasedOn(rows.client);
  return row.segments.flatMap((segment) => {
    if (segment.basis !== "monthly" || segment.inForce === null) return [];
    const days: Day[] = [];
    for (let day = segment.from; day <= segment.through; day++) {
      if (inForce(tables, row.line, day) && !(died !== NO_DAY && day > died)) days.push(day);
    }
    const first = days[0];
    if (first === undefined) return [];
    const price = priceAt(tables, rows.client, segment, first, null);
    if (price === null) return [];
    return [{ day: first, ore: roundHalfUp((price * days.length) / (rows.last - rows.first + 1)) }];
  });
}

/** The contract that holds last of those that are about the row's days; the trace names all where there are several. */
function contractsOf(tables: Tables, row: Row, cells: readonly Cell[], steps: Steps): Segment {
  const { segments } = row;
  if (segments.length === 1) return segments[0]!;
  const about = segments.filter(
    (segment) =>
      segment.inForce !== null &&
      (cells.some((cell) => cell.segment === segment) || (row.line >= 0 && monthShare(tables, row, segment) > 0)),
  );
  if (about.length > 1) {
    const { contracts } = tables;
    const why = about
      .map((segment) => `avtal ${contracts.reference(segment.inForce!.contract)} från ${formatDay(segment.from)}`)
      .join(", ");
    addStep(steps, about.at(-1)!.terms, "contract", 0, why);
  }
  return about.at(-1) ?? segments.findLast((segment) => segment.inForce !== null) ?? segments.at(-1)!;
}

/** Whole minutes that add up: each step is the difference between two rounded sums. */
function inMinutes(steps: Steps, payableMs: number): TraceStep[] {
  const trace: TraceStep[] = [];
  let left = steps.size;
  let ms = 0;
  let minutes = 0;
  for (const step of stepNames) {
    const taken = steps.get(step);
    if (taken === undefined) continue;
    const { whys, clauses } = taken;
    ms += taken.ms;
    const sum = minutesOf(--left === 0 ? payableMs : ms);
    const difference = sum - minutes;
    minutes = sum;
    if (difference === 0 && step !== "registered" && whys.size === 0) continue;
    const told: TraceStep = { step, minutes: difference };
    if (clauses.size > 0) told.clause = [...clauses].sort().join(", ");
    if (whys.size > 0) told.why = [...whys].sort().join("; ");
    trace.push(told);
  }
  return trace;
}

function traceOf(tables: Tables, { client }: MonthRows, piece: Piece): VisitTrace {
  const { kind, visit, plan, day, staff, start, end, segment, fullMs, continues } = piece;
  const steps = [...piece.steps];
  const bands = piece.bands.map(({ band, exactMs, ms }) => {
    const price = priceAt(tables, client, segment, day, band);
    if (price === null) {
      const lost = unpriced(segment) ? ms : 0;
      steps.push({ step: "price", ms: -lost, why: noPriceReason(segment, band) });
      return { band, ms: ms - lost, orePerHour: null, ore: null };
    }
    const per = perOf(segment);
    const visits = continues ? 0 : fullMs === 0 ? 1 : exactMs / fullMs;
    const ore = per === "month" ? 0 : roundHalfUp(per === "visit" ? price * visits : (ms * price) / 3_600_000);
    return { band, ms, orePerHour: per === "hour" ? price : null, ore };
  });
  const withClauses = steps.map((step) => {
    const clause = clauseOf(segment.terms, step.step);
    return clause === undefined ? step : { ...step, clause };
  });
  return { kind, visit, plan, day, staff, start, end, steps: withClauses, bands };
}
