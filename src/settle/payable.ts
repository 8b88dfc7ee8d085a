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

type Steps = Map<StepName, { ms: number; whys: Set<string>; clauses: Set<string> }>;

/** What is paid for each row of a client's month. */
export function payRows(world: World, rows: MonthRows): Map<Row, PaidRow> {
  return isPlain(world.tables, rows) ? payPlain(world.tables, rows) : payPieces(world, rows);
}

/** What is paid for a row on which nothing is registered, planned or granted. */
export function payNothing(tables: Tables, rows: MonthRows, row: Row): PaidRow {
  return assemble(tables, rows, row, [], new Map([["registered", noStep()]]), 0);
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

/** Nothing is known of the client's month for which visits have to be looked at one by one. */
function isPlain({ clients }: Tables, rows: MonthRows): boolean {
  const { suspect, client } = rows;
  if (suspect.overlap) return false;
  const shared = clients.household(client).length > 0;
  const died = clients.deceasedOn(client);
  for (const row of rows.all()) {
    const { terms, basis, service, cutOff } = row.segments[0]!;
    if (row.segments.length > 1 || !terms.plain || basis !== "performed") return false;
    if ((terms.manualLimited && suspect.manual) || suspect.receivedLast > cutOff) return false;
    if ((suspect.lengthened && terms.lengthening !== "always") || (shared && terms.divideHousehold)) return false;
    if (row.declined > 0 && terms.declinedShare(service) > 0) return false;
    if (row.noAnswer > 0 && terms.noAnswerShare > 0) return false;
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

/** Days in order of time use up what is granted. */
function payPlain(tables: Tables, rows: MonthRows): Map<Row, PaidRow> {
  const units: Array<{ row: Row; ms: number; cap: number }> = [];
  const fees: typeof units = [];
  for (const row of rows.all()) {
    if (row.line < 0) continue;
    units.push(limitOf(row));
    fees.push({ row, ms: row.registered, cap: (row.granted - row.absent) * MINUTE });
  }
  shareCaps(units);
  shareCaps(fees);
  const paid = new Map<Row, PaidRow>();
  let position = 0;
  for (const row of rows.all()) {
    const segment = row.segments[0]!;
    const unit = row.line < 0 ? null : position++;
    let left = unit === null ? 0 : units[unit]!.cap;
    const cells: Cell[] = [];
    let total = 0;
    for (let index = 0; index < row.days.length; index++) {
      const ms = Math.min(row.ms[index]!, left);
      left -= ms;
      total += ms;
      if (ms > 0) cells.push({ day: row.days[index]!, band: null, segment, exactMs: ms, ms, visits: 0 });
    }
    const steps: Steps = new Map([["registered", { ...noStep(), ms: row.registered }]]);
    if (total !== row.registered) {
      const why = row.line < 0 ? noOrder : capReason(row, segment.terms);
      addStep(steps, segment.terms, "cap", total - row.registered, why);
    }
    const feeMs = unit === null ? 0 : Math.min(row.registered, fees[unit]!.cap);
    paid.set(row, assemble(tables, rows, row, cells, steps, feeMs));
  }
  return paid;
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
  for (const piece of pieces) {
    const { terms } = piece.segment;
    for (const { from, until, weight } of piece.slices) {
      if (terms.bands === null) addBand(piece, null, (until - from) * weight);
      else divide(terms, from, until, (band, ms) => addBand(piece, band, ms * weight));
    }
  }
  roundVisits(pieces);
  return pieces;
}

function addBand({ bands }: Piece, band: string | null, ms: number): void {
  for (const known of bands) {
    if (known.band !== band) continue;
    known.exactMs += ms;
    known.ms += ms;
    return;
  }
  bands.push({ band, exactMs: ms, ms });
}

function payPieces(world: World, rows: MonthRows): Map<Row, PaidRow> {
  const { tables } = world;
  const cells = new Map<Row, Cell[]>();
  const steps = new Map<Row, Steps>();
  const performed = new Map<Row, number>();
  const pieces = settledPieces(world, rows);
  for (const row of rows.all()) {
    cells.set(row, []);
    steps.set(row, new Map([["registered", { ...noStep(), ms: row.registered }]]));
  }
  for (const piece of pieces) {
    const { row, segment, day, fullMs, continues } = piece;
    performed.set(row, (performed.get(row) ?? 0) + piece.performedMs);
    for (const { step, ms, why } of piece.steps) {
      if (step !== "registered") addStep(steps.get(row)!, segment.terms, step, ms, why);
    }
    const ofRow = cells.get(row)!;
    for (const { band, exactMs, ms } of piece.bands) {
      let cell: Cell | undefined;
      for (let at = ofRow.length - 1; at >= 0 && cell === undefined; at--) {
        if (ofRow[at]!.day === day && ofRow[at]!.band === band) cell = ofRow[at];
      }
      if (cell === undefined) ofRow.push((cell = { day, band, segment, exactMs: 0, ms: 0, visits: 0 }));
      cell.exactMs += exactMs;
      cell.ms += ms;
      if (!continues) cell.visits += fullMs === 0 ? 1 : exactMs / fullMs;
    }
    // A visit without an end has no time, but may be one of those paid by the visit.
    if (piece.bands.length === 0 && piece.slices.length > 0 && segment.basis === "perVisit") {
      ofRow.push({ day, band: null, segment, exactMs: 0, ms: 0, visits: 1 });
    }
  }
  const fees = [...rows.all()]
    .filter((row) => row.line >= 0)
    .map((row) => ({ row, ms: performed.get(row) ?? 0, cap: (row.granted - row.absent) * MINUTE }));
  shareCaps(fees);
  const feeOf = new Map(fees.map(({ row, ms, cap }) => [row, Math.min(ms, cap)]));
  return new Map(
    [...rows.all()].map((row) => {
      const sorted = cells.get(row)!.sort((a, b) => a.day - b.day || compare(a.band, b.band));
      return [row, assemble(tables, rows, row, sorted, steps.get(row)!, feeOf.get(row) ?? 0)];
    }),
  );
}

function compare(a: string | null, b: string | null): number {
  const [textA, textB] = [a ?? "", b ?? ""];
  return textA < textB ? -1 : textA > textB ? 1 : 0;
}

const noStep = (): { ms: number; whys: Set<string>; clauses: Set<string> } => ({
  ms: 0,
  whys: new Set(),
  clauses: new Set(),
});

function addStep(steps: Steps, terms: Terms, step: StepName, ms: number, why?: string): void {
  let known = steps.get(step);
  if (known === undefined) steps.set(step, (known = noStep()));
  known.ms += ms;
  if (why !== undefined) known.whys.add(why);
  const clause = clauseOf(terms, step);
  if (clause !== undefined) known.clauses.add(clause);
}

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
  for (const cell of cells) exactMs += cell.exactMs;
  roundCells(row, cells, steps);

  const days: PaidDay[] = [];
  let payableMs = 0;
  let ore: Ore | null = cells.length === 0 ? 0 : null;
  for (const cell of cells) {
    const { day, band, segment, visits } = cell;
    const per = perOf(segment);
    const price = priceAt(tables, rows.client, segment, day, band);
    if (price === null) {
      const lost = unpriced(segment) ? cell.ms : 0;
      addStep(steps, segment.terms, "price", -lost, noPriceReason(segment, band));
      cell.ms -= lost;
    }
    payableMs += cell.ms;
    let cellOre: Ore | null = null;
    if (price !== null) {
      cellOre = per === "month" ? 0 : roundHalfUp(per === "visit" ? price * visits : (cell.ms * price) / 3_600_000);
      ore = (ore ?? 0) + cellOre;
    }
    const orePerHour = per === "hour" ? price : null;
    days.push({ day, band, exactMs: cell.exactMs, ms: cell.ms, ore: cellOre, orePerHour });
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
  const taken = stepNames.filter((step) => steps.has(step));
  let ms = 0;
  let minutes = 0;
  for (const [position, step] of taken.entries()) {
    const { ms: change, whys, clauses } = steps.get(step)!;
    ms += change;
    const sum = minutesOf(position === taken.length - 1 ? payableMs : ms);
    const difference = sum - minutes;
    minutes = sum;
    if (difference === 0 && step !== "registered" && whys.size === 0) continue;
    trace.push({
      step,
      minutes: difference,
      ...(clauses.size === 0 ? {} : { clause: [...clauses].sort().join(", ") }),
      ...(whys.size === 0 ? {} : { why: [...whys].sort().join("; ") }),
    });
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
