import type { Tables } from "#columns";
import { type Day, daysOfMonth, type Instant, MINUTE, type Month, monthOf, type Ore, roundHalfUp } from "#model";
import { LineMatcher, type Matches, type Shares, silentFor } from "#match";
import { type ClaimCoverage, claimCoverage } from "./claims.ts";
import { claimsByRow, compareClaims } from "./codes.ts";
import type { PaidRow, TraceStep, VisitTrace } from "./paid.ts";
import { minutesOf, payRows } from "./payable.ts";
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
  codes: Readonly<Record<string, number>>;
  trace: readonly TraceStep[];
}

/** Reads figures off the tables, a client's month at a time. */
export class Settlement {
  readonly #tables: Tables;
  readonly #matches: Matches;
  readonly #matcher: LineMatcher;
  readonly #silent: (client: number, from: number, until: number) => boolean;
  readonly #book: TermsBook;
  /** The client and month asked for last. */
  #last: Remembered | null = null;

  constructor(tables: Tables, matches: Matches) {
    this.#tables = tables;
    this.#matches = matches;
    this.#matcher = new LineMatcher(tables, matches);
    this.#silent = silentFor(tables);
    this.#book = new TermsBook(tables);
  }

  /** All rows of a client in the month that starts on `firstDay`; the last asked for is remembered. */
  month(client: number, firstDay: Day, lastDay: Day): readonly Figures[] {
    const month = this.#month(client, firstDay, lastDay);
    return (month.figures ??= this.#figures(month.rows, month.paid));
  }

  /** What is paid for each of these rows, and why; the last asked for is remembered. */
  paid(client: number, firstDay: Day, lastDay: Day): readonly PaidRow[] {
    return [...this.#month(client, firstDay, lastDay).paid.values()];
  }

  /** The same visit by visit, made anew each time. */
  detail(client: number, firstDay: Day, lastDay: Day): ReadonlyMap<PaidRow, readonly VisitTrace[]> {
    return new Map(this.paid(client, firstDay, lastDay).map((row) => [row, []]));
  }

  /** The contract in force and its terms, defaults filled in. */
  terms(provider: number, unit: number, service: number, day: Day): InForce | null {
    return this.#book.of(provider, unit, service, day);
  }

  /** Until when visits of the month must have arrived, by the contract in force on its last day. */
  cutOff(provider: number, unit: number, service: number, month: Month): Instant | null {
    const inForce = this.#book.of(provider, unit, service, daysOfMonth(month).last);
    return inForce === null ? null : this.#book.cutOff(inForce, month);
  }

  /** Order lines that a visit counts on; none where nothing that is in force fits. */
  lines(visit: number): Shares {
    return this.#matcher.ofVisit(visit);
  }

  claim(claim: number): ClaimCoverage {
    return claimCoverage(this.#tables, this.#matcher, this.#silent, claim);
  }

  /** What minutes of a visit cost; null where no price is known. */
  oreOf(visit: number, minutes: number): Ore | null {
    const { visits, lines, services, clients } = this.#tables;
    const line = this.lines(visit).lines[0] ?? -1;
    const service = line >= 0 ? lines.service(line) : (services.list(visits.services(visit))[0] ?? -1);
    const day = visits.day(visit);
    const inForce = this.#book.of(visits.provider(visit), visits.unit(visit), service, day);
    if (inForce === null) return null;
    const price = priceOf(inForce.terms, {
      per: "hour",
      service: service < 0 ? null : services.code[service]!,
      band: null,
      area: clients.area(visits.client(visit), day),
      day,
    });
    return price === null ? null : roundHalfUp((minutes * price) / 60);
  }

  #month(client: number, firstDay: Day, lastDay: Day): Remembered {
    const last = this.#last;
    if (last !== null && last.rows.client === client && last.rows.first === firstDay) return last;
    const rows = new MonthRows(this.#tables, this.#matches, this.#matcher, client, firstDay, lastDay);
    return (this.#last = { rows, paid: payRows(this.#tables, this.#book, rows), figures: null });
  }

  #figures(rows: MonthRows, paid: Map<Row, PaidRow>): Figures[] {
    const claims = claimsByRow(this.#tables, rows, (claim) => this.claim(claim));
    // Rows that only a claim speaks of have come to light by now.
    const missing = [...rows.all()].filter((row) => !paid.has(row));
    const all = missing.length === 0 ? paid : new Map([...paid, ...payRows(this.#tables, this.#book, rows, missing)]);
    const figures: Figures[] = [];
    for (const [row, paidRow] of all) {
      const ofRow = claims.get(row) ?? [];
      const { granted, planned, registered, declined, noAnswer } = row;
      if (granted + planned + registered + declined + noAnswer + ofRow.length === 0) continue;
      const claimed = compareClaims(row, ofRow, all, rows.first, rows.last);
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
          claimed: minutesOf(claimed.minutes * MINUTE),
          underDelivered: Math.max(0, granted - minutesOf(registered)),
        },
        ore: {
          payable: paidRow.ore ?? 0,
          claimed: roundHalfUp(claimed.ore),
          overbilled: roundHalfUp(claimed.overbilled),
          unbilled: roundHalfUp(claimed.unbilled),
        },
        codes: Object.fromEntries([...claimed.codes].sort(([a], [b]) => (a < b ? -1 : 1))),
        trace: paidRow.steps,
      });
    }
    return figures;
  }
}

interface Remembered {
  rows: MonthRows;
  paid: Map<Row, PaidRow>;
  figures: readonly Figures[] | null;
}
