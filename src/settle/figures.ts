import type { Tables } from "#columns";
import { type Day, daysOfMonth, type Instant, MINUTE, type Month, monthOf, type Ore, roundHalfUp } from "#model";
import { LineMatcher, type Matches, type Shares, silentFor } from "#match";
import { bandAt } from "./bands.ts";
import { type ClaimCoverage, claimCoverage, type DayLists } from "./claims.ts";
import { acceptedCodes, type ClaimCode, claimCodes, type JudgedClaim } from "./codes.ts";
import { type ClaimedSum, judgeClaims, type Judgement, tellingProviders } from "./judge.ts";
import { ManualShares } from "./manual.ts";
import type { PaidRow, TraceStep, VisitTrace } from "./paid.ts";
import { minutesOf, payNothing, payRows, traceRows } from "./payable.ts";
import type { World } from "./pieces.ts";
import { priceOf } from "./price.ts";
import { MonthRows, type Row } from "./rows.ts";
import { type InForce, TermsBook } from "./terms.ts";

/**
 * The four books side by side for one order line and provider in one month. What belongs to no line has `order` and
 * `line` -1. Codes of people, services and rows as in the tables.
 */
export interface Figures {
  month: Month;
  provider: number;
  unit: number;
  client: number;
  service: number;
  order: number;
  line: number;
  contract: number;
  minutes: {
    granted: number;
    planned: number;
    registered: number;
    payable: number;
    declined: number;
    noAnswer: number;
    absent: number;
    missed: number;
    claimed: number;
    underDelivered: number;
  };
  /** Where no price is known, payable and unbilled leave it out, and the trace says so. */
  ore: { payable: Ore; claimed: Ore; overbilled: Ore; unbilled: Ore };
  /**
   * For how many minutes the client may be charged: performed, within what is granted, and never what the provider is paid
   * for declined visits or absence. Kept apart from the minutes above, which are about the provider.
   */
  feeMinutes: number;
  /** How many matches there are of each code; days of claims without a visit and of silent sources. */
  codes: Readonly<Record<string, number>>;
  trace: readonly TraceStep[];
  /** Claims that are not accepted as they stand, and what nobody claims. */
  claims: readonly JudgedClaim[];
}

/** Reads figures off the tables, a client's month at a time. */
export class Settlement {
  readonly #tables: Tables;
  readonly #matches: Matches;
  readonly #matcher: LineMatcher;
  readonly #silent: (client: number, from: number, until: number) => boolean;
  readonly #world: World;
  #telling: ReadonlySet<string> | null = null;
  /** By claim: rules about clients and about providers ask again. */
  readonly #coverages: Array<ClaimCoverage | undefined>;
  readonly #dayLists: DayLists = new Map();
  /** The client and month asked for last. */
  #last: Remembered | null = null;

  constructor(tables: Tables, matches: Matches) {
    this.#tables = tables;
    this.#matches = matches;
    // With room from the start: claims are asked for in no order.
    this.#coverages = Array.from({ length: tables.claims.count });
    this.#matcher = new LineMatcher(tables, matches);
    this.#silent = silentFor(tables);
    const manual = new ManualShares(tables);
    this.#world = { tables, matches, matcher: this.#matcher, book: new TermsBook(tables), manual };
  }

  /** All rows of a client in the month that starts on `firstDay`; the last asked for is remembered. */
  month(client: number, firstDay: Day, lastDay: Day): readonly Figures[] {
    const month = this.#month(client, firstDay, lastDay);
    return (month.figures ??= this.#figures(month));
  }

  /** The claims of a client on these days of a month, held against what is payable; the last asked for is remembered. */
  judged(client: number, firstDay: Day, lastDay: Day): readonly JudgedClaim[] {
    return this.#judgement(this.#month(client, firstDay, lastDay)).judged;
  }

  /** What is paid for each of these rows, and why; the last asked for is remembered. */
  paid(client: number, firstDay: Day, lastDay: Day): readonly PaidRow[] {
    return [...this.#month(client, firstDay, lastDay).paid.values()];
  }

  /** The same visit by visit, made anew each time. */
  detail(client: number, firstDay: Day, lastDay: Day): ReadonlyMap<PaidRow, readonly VisitTrace[]> {
    const { rows, paid } = this.#month(client, firstDay, lastDay);
    const traces = traceRows(this.#world, rows);
    return new Map([...paid].map(([row, paidRow]) => [paidRow, traces.get(row) ?? []]));
  }

  /** The contract in force and its terms, defaults filled in. */
  terms(provider: number, unit: number, service: number, day: Day): InForce | null {
    return this.#world.book.of(provider, unit, service, day);
  }

  /** Until when visits of the month must have arrived, by the contract that is the last in force in it. */
  cutOff(provider: number, unit: number, service: number, month: Month): Instant | null {
    const { book } = this.#world;
    const { first, last } = daysOfMonth(month);
    for (let day = last; day >= first; day--) {
      const inForce = book.of(provider, unit, service, day);
      if (inForce !== null) return book.cutOff(inForce, month);
    }
    return null;
  }

  /** Order lines that a visit counts on; none where nothing that is in force fits. */
  lines(visit: number): Shares {
    return this.#matcher.ofVisit(visit);
  }

  claim(claim: number): ClaimCoverage {
    return (this.#coverages[claim] ??= claimCoverage(this.#tables, this.#matcher, this.#silent, this.#dayLists, claim));
  }

  /** What minutes of a visit cost; null where no price is known. */
  oreOf(visit: number, minutes: number): Ore | null {
    const price = this.orePerHour(visit, this.#tables.visits.start(visit));
    return price === null ? null : roundHalfUp((minutes * price) / 60);
  }

  /** What an hour of a visit's service costs at an instant of whatever band; null where no price is known. */
  orePerHour(visit: number, at: Instant): Ore | null {
    const { visits, lines, services, clients } = this.#tables;
    const line = this.lines(visit).lines[0] ?? -1;
    const service = line >= 0 ? lines.service(line) : (services.list(visits.services(visit))[0] ?? -1);
    const day = visits.day(visit);
    const inForce = this.#world.book.of(visits.provider(visit), visits.unit(visit), service, day);
    if (inForce === null) return null;
    return priceOf(inForce.terms, {
      per: "hour",
      service: service < 0 ? null : services.code[service]!,
      band: bandAt(inForce.terms, at),
      area: clients.area(visits.client(visit), day),
      day,
    });
  }

  #month(client: number, firstDay: Day, lastDay: Day): Remembered {
    const last = this.#last;
    if (last !== null && last.rows.client === client && last.rows.first === firstDay) return last;
    return (this.#last = { ...this.#pay(client, firstDay, lastDay), judgement: null, figures: null });
  }

  #pay(client: number, firstDay: Day, lastDay: Day): Pick<Remembered, "rows" | "paid"> {
    const { tables, matches, matcher, book } = this.#world;
    const rows = new MonthRows(tables, matches, matcher, book, client, firstDay, lastDay);
    return { rows, paid: payRows(this.#world, rows) };
  }

  #judgement(month: Remembered): Judgement {
    const { client, first, last } = month.rows;
    return (month.judgement ??= judgeClaims(
      {
        tables: this.#tables,
        matches: this.#matches,
        silent: this.#silent,
        lines: (visit) => this.lines(visit),
        coverage: (claim) => this.claim(claim),
        terms: (provider, unit, service, day) => this.terms(provider, unit, service, day),
        cutOff: (provider, unit, service, of) => this.cutOff(provider, unit, service, of),
        paid: (other) => [...(other === client ? month : this.#pay(other, first, last)).paid.values()],
        tells: (what, provider, of) => {
          const { beyond } = this.#tables;
          this.#telling ??= beyond === null ? tellingProviders(this.#tables) : new Set(beyond.telling);
          return provider >= 0 && this.#telling.has(`${what} ${this.#tables.providers.key(provider)} ${of}`);
        },
      },
      client,
      first,
      last,
    ));
  }

  #figures(month: Remembered): Figures[] {
    const { rows, paid } = month;
    const claims = claimsByRow(rows, this.#judgement(month));
    // Rows that only a claim speaks of have come to light by now.
    const figures: Figures[] = [];
    for (const row of rows.all()) {
      const paidRow = paid.get(row) ?? payNothing(this.#tables, rows, row);
      const claimed = claims.get(row);
      const { granted, planned, registered, declined, noAnswer } = row;
      const known = granted + planned + registered + declined + noAnswer + paidRow.payableMs + (paidRow.ore ?? 0);
      if (claimed === undefined && known === 0) continue;
      const { minutes, ore, judged } = claimed ?? nothingClaimed;
      figures.push({
        month: monthOf(rows.first),
        provider: row.provider,
        unit: row.unit,
        client: rows.client,
        service: row.service,
        order: row.order,
        line: row.line,
        contract: paidRow.contract,
        minutes: {
          granted,
          planned: minutesOf(planned),
          registered: minutesOf(registered),
          payable: minutesOf(paidRow.payableMs),
          declined: minutesOf(declined),
          noAnswer: minutesOf(noAnswer),
          absent: row.absent,
          missed: minutesOf(row.missed),
          claimed: minutesOf(minutes * MINUTE),
          underDelivered: Math.max(0, granted - minutesOf(registered)),
        },
        ore: {
          payable: paidRow.ore ?? 0,
          claimed: roundHalfUp(ore),
          overbilled: judged.reduce((sum, { overbilledOre }) => sum + overbilledOre, 0),
          unbilled: judged.reduce((sum, { unbilledOre }) => sum + unbilledOre, 0),
        },
        feeMinutes: minutesOf(paidRow.feeMs),
        codes: codesOf(judged),
        trace: paidRow.steps,
        claims: judged.filter(({ code }) => !acceptedCodes.has(code)),
      });
    }
    return figures;
  }
}

interface Remembered {
  rows: MonthRows;
  paid: Map<Row, PaidRow>;
  judgement: Judgement | null;
  figures: readonly Figures[] | null;
}

interface RowClaims {
  minutes: number;
  ore: number;
  judged: JudgedClaim[];
}
const nothingClaimed: RowClaims = { minutes: 0, ore: 0, judged: [] };

/** Claims of one order and service stand on the first of its rows that has one; what nobody claims on its own row. */
function claimsByRow(rows: MonthRows, { judged, claimed }: Judgement): Map<Row, RowClaims> {
  const byRow = new Map<Row, RowClaims>();
  /** By group. */
  const leads: Row[] = [];
  const at = ({ line, provider, unit, service }: ClaimedSum | JudgedClaim, shared: boolean): RowClaims => {
    const own = rows.row(line, provider, unit, service);
    // A claim speaks of a service on a day, not of the line for its morning or evening.
    const row = own.line < 0 || !shared ? own : (leads[own.group] ?? own);
    if (shared) leads[own.group] = row;
    let ofRow = byRow.get(row);
    if (ofRow === undefined) byRow.set(row, (ofRow = { minutes: 0, ore: 0, judged: [] }));
    return ofRow;
  };
  for (const one of claimed) {
    const ofRow = at(one, true);
    ofRow.minutes += one.minutes;
    ofRow.ore += one.ore;
  }
  for (const one of judged) at(one, one.claim >= 0).judged.push(one);
  return byRow;
}

/** In order. */
const codeNames = Object.keys(claimCodes) as ClaimCode[];

/** Days are counted where each is a problem of its own. */
function codesOf(judged: readonly JudgedClaim[]): Record<string, number> {
  const counts = codeNames.map(() => 0);
  for (const { code, claim, days } of judged) {
    const each = code === "M05" || code === "M09" || claim < 0;
    counts[codeNames.indexOf(code)]! += each ? days.length : 1;
  }
  const codes: Record<string, number> = {};
  for (let position = 0; position < counts.length; position++) {
    if (counts[position]! > 0) codes[codeNames[position]!] = counts[position]!;
  }
  return codes;
}
