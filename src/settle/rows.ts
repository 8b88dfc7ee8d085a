import { rowsOf, type Tables } from "#columns";
import { type Day, dayOf } from "#model";
import { grantedInMonth, type LineMatcher, type Matches, type Shares } from "#match";

/** What one order line of one provider has in a month, before terms and prices. Minutes unless said otherwise. */
export interface Row {
  provider: number;
  unit: number;
  service: number;
  order: number;
  line: number;
  granted: number;
  absent: number;
  /** Milliseconds. */
  planned: number;
  declined: number;
  noAnswer: number;
  missed: number;
  registered: number;
  /** Registered milliseconds by day, in order of time. */
  days: Day[];
  ms: number[];
}

/** Lines of one order and service with one provider: what nothing may tell apart. */
export const groupOf = (row: Row): string => `${row.provider} ${row.order} ${row.service}`;

/** The rows of a client in a month: granted, planned and registered side by side. */
export class MonthRows {
  readonly client: number;
  readonly first: Day;
  readonly last: Day;
  readonly #tables: Tables;
  readonly #matches: Matches;
  readonly #matcher: LineMatcher;
  readonly #rows = new Map<number | string, Row>();
  // Consecutive visits mostly count on the same rows.
  #sharesBefore: Shares | null = null;
  #providerBefore = -1;
  #rowsBefore: readonly Row[] = [];

  constructor(tables: Tables, matches: Matches, matcher: LineMatcher, client: number, first: Day, last: Day) {
    this.#tables = tables;
    this.#matches = matches;
    this.#matcher = matcher;
    this.client = client;
    this.first = first;
    this.last = last;
    this.#grant();
    this.#plan();
    this.#register();
  }

  all(): IterableIterator<Row> {
    return this.#rows.values();
  }

  /** A line's row is that of the provider who works on it; what belongs to no line is told apart by unit and service. */
  row(line: number, provider: number, unit: number, service: number): Row {
    const { lines, orders, providers } = this.#tables;
    const order = line < 0 ? -1 : lines.order(line);
    const doer = provider < 0 && order >= 0 ? orders.provider(order) : provider;
    const key = line < 0 ? `${doer} ${unit} ${service}` : line * (providers.count + 1) + doer + 1;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = {
        provider: doer,
        unit: order >= 0 && orders.provider(order) === doer ? orders.unit(order) : unit,
        service: line < 0 ? service : lines.service(line),
        order,
        line,
        granted: 0,
        absent: 0,
        planned: 0,
        declined: 0,
        noAnswer: 0,
        missed: 0,
        registered: 0,
        days: [],
        ms: [],
      };
      this.#rows.set(key, row);
    }
    return row;
  }

  /** The rows on which a visit or plan counts, in the order of `shares.lines`; where that is empty the one without line. */
  rowsOf(shares: Shares, provider: number, unit: number, services: number): readonly Row[] {
    if (shares.lines.length === 0) {
      return [this.row(-1, provider, unit, this.#tables.services.list(services)[0] ?? -1)];
    }
    if (shares !== this.#sharesBefore || provider !== this.#providerBefore) {
      this.#rowsBefore = shares.lines.map((line) => this.row(line, provider, unit, -1));
      this.#sharesBefore = shares;
      this.#providerBefore = provider;
    }
    return this.#rowsBefore;
  }

  #grant(): void {
    const { lines, orders } = this.#tables;
    for (const [line, { granted, absent }] of grantedInMonth(this.#tables, this.client, this.first, this.last)) {
      if (granted === 0) continue;
      const order = lines.order(line);
      const row = this.row(line, orders.provider(order), orders.unit(order), lines.service(line));
      row.granted = granted;
      row.absent = absent;
    }
  }

  #plan(): void {
    const { plans, visits } = this.#tables;
    for (const plan of rowsOf(plans.byClient, this.client)) {
      const frozen = plans.frozen(plan);
      const day = dayOf(plans.start(frozen));
      if (day < this.first || day > this.last || plans.cancelled(frozen)) continue;
      const ms = Math.max(0, plans.end(frozen) - plans.start(frozen));
      const visit = this.#matches.visit(plan);
      const status = visit < 0 ? null : visits.status(visit);
      const missed = this.#matches.planState(plan) === "missed";
      const shares = this.#matcher.ofPlan(plan, day);
      const rows = this.rowsOf(shares, plans.provider(frozen), plans.unit(frozen), plans.services(frozen));
      for (let position = 0; position < rows.length; position++) {
        const row = rows[position]!;
        const part = ms * (shares.parts[position] ?? 1);
        row.planned += part;
        if (status === "declined") row.declined += part;
        if (status === "noAnswer") row.noAnswer += part;
        if (missed) row.missed += part;
      }
    }
  }

  #register(): void {
    const { visits } = this.#tables;
    for (const visit of rowsOf(visits.byClient, this.client)) {
      const day = visits.day(visit);
      if (day < this.first || day > this.last) continue;
      const length = visits.end(visit) - visits.start(visit);
      const usable = visits.usable(visit);
      const status = visits.status(visit);
      // Of a declined or unanswered visit the planned minutes count; without a plan those that were registered.
      const vain = (status === "declined" || status === "noAnswer") && this.#matches.plan(visit) < 0 && length > 0;
      if (!usable && !vain) continue;
      const shares = this.#matcher.ofVisit(visit);
      const rows = this.rowsOf(shares, visits.provider(visit), visits.unit(visit), visits.services(visit));
      for (let position = 0; position < rows.length; position++) {
        const row = rows[position]!;
        const part = length * (shares.parts[position] ?? 1);
        if (status === "declined") row.declined += part;
        else if (status === "noAnswer") row.noAnswer += part;
        else {
          row.registered += part;
          const last = row.days.length - 1;
          if (row.days[last] === day) row.ms[last] = row.ms[last]! + part;
          else {
            row.days.push(day);
            row.ms.push(part);
          }
        }
      }
    }
  }
}
