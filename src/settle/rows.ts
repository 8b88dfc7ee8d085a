import { NO_DAY, rowsOf, type Tables } from "#columns";
import { type Day, dayOf, MINUTE, startOfDay } from "#model";
import { grantedInMonth, grossMinutes, inForce, type LineMatcher, type Matches, type Shares } from "#match";
import type { Segment, TermsBook } from "./terms.ts";

/** What one order line of one provider has in a month, before terms and prices. Minutes unless said otherwise. */
export interface Row {
  provider: number;
  unit: number;
  service: number;
  order: number;
  line: number;
  /** The same of lines of one order and service with one provider: what nothing may tell apart. Counted by client. */
  group: number;
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
  /** Those visits, in order of time; null where terms do not ask for each by itself. */
  visits: number[] | null;
  /** The row alone, as a list. */
  alone: readonly Row[];
  /** The contracts that hold within the month. */
  segments: readonly Segment[];
}

/** By how much edits made a visit longer than it was first; 0 where it is not known to have been shorter. */
export function addedMs(visits: Tables["visits"], visit: number): number {
  const originalStart = visits.originalStart(visit);
  const originalEnd = visits.originalEnd(visit);
  const late = Number.isNaN(originalEnd) ? 0 : visits.end(visit) - originalEnd;
  const early = Number.isNaN(originalStart) ? 0 : originalStart - visits.start(visit);
  // What was first registered may have been impossible; more than all of it cannot have been added.
  return Math.min(Math.max(0, late + early), visits.end(visit) - visits.start(visit));
}

/** By what the limit of a decision scales the minutes of a line down. */
export function decisionScale(tables: Tables, row: Row, { first, last }: MonthRows): number {
  const { granted } = grossMinutes(tables, row.line, first, last);
  // The month's minutes are rounded once; that alone is no limit.
  return row.granted < granted - 0.5 ? row.granted / granted : 1;
}

/** What a line leaves open: on which days of a week, fortnight or month it is due. */
export function loose({ lines }: Tables, line: number): boolean {
  const per = lines.per(line);
  return per === "month" || per === "once" || (per !== "day" && !lines.listsWeekdays(line));
}

/** The rows of a client in a month: granted, planned and registered side by side. */
export class MonthRows {
  readonly client: number;
  readonly first: Day;
  readonly last: Day;
  readonly #tables: Tables;
  readonly #matches: Matches;
  readonly #matcher: LineMatcher;
  readonly #book: TermsBook;
  readonly #rows = new Map<number | string, Row>();
  /** Of each group the first row. */
  readonly #groups: Row[] = [];
  /** Plans of the month that came to a visit that was declined or that nobody opened for. */
  readonly vain: number[] = [];
  // Consecutive visits mostly count on the same rows.
  #sharesBefore: Shares | null = null;
  #providerBefore = -1;
  #rowsBefore: readonly Row[] = [];
  /**
   * What may make visits worth less than they were registered for: some of the client's overlap, one was lengthened, or
   * registered by hand; one that terms ask for by itself is shared by lines; and when the last one arrived.
   */
  readonly suspect = { overlap: false, lengthened: false, manual: false, shared: false, receivedLast: -Infinity };

  constructor(
    tables: Tables,
    matches: Matches,
    matcher: LineMatcher,
    book: TermsBook,
    client: number,
    first: Day,
    last: Day,
  ) {
    this.#book = book;
    this.#tables = tables;
    this.#matches = matches;
    this.#matcher = matcher;
    this.client = client;
    this.first = first;
    this.last = last;
    this.#grant();
    this.#plan();
    this.#register();
    this.#present();
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
      const placed = order >= 0 && orders.provider(order) === doer ? orders.unit(order) : unit;
      const serves = line < 0 ? service : lines.service(line);
      const segments = this.#book.segments(doer, placed, serves, this.first, this.last);
      row = {
        provider: doer,
        unit: placed,
        service: serves,
        order,
        line,
        group: -1,
        granted: 0,
        absent: 0,
        planned: 0,
        declined: 0,
        noAnswer: 0,
        missed: 0,
        registered: 0,
        days: [],
        ms: [],
        visits: segments[0]!.terms.byVisit ? [] : null,
        alone: [],
        segments,
      };
      row.alone = [row];
      row.group = this.#groupOf(row);
      this.#groups[row.group] ??= row;
      this.#rows.set(key, row);
    }
    return row;
  }

  #groupOf({ provider, order, service }: Row): number {
    const groups = this.#groups;
    for (let group = 0; group < groups.length; group++) {
      const first = groups[group]!;
      if (first.provider === provider && first.order === order && first.service === service) return group;
    }
    return groups.length;
  }

  /** The rows on which a visit or plan counts, in the order of `shares.lines`; where that is empty the one without line. */
  rowsOf(shares: Shares, provider: number, unit: number, services: number): readonly Row[] {
    if (shares.lines.length === 0) {
      return [this.row(-1, provider, unit, this.#tables.services.list(services)[0] ?? -1)];
    }
    if (shares !== this.#sharesBefore || provider !== this.#providerBefore) {
      this.#rowsBefore =
        shares.lines.length === 1
          ? this.row(shares.lines[0]!, provider, unit, -1).alone
          : shares.lines.map((line) => this.row(line, provider, unit, -1));
      this.#sharesBefore = shares;
      this.#providerBefore = provider;
    }
    return this.#rowsBefore;
  }

  #grant(): void {
    const { lines, orders, clients } = this.#tables;
    const died = clients.deceasedOn(this.client);
    for (const [line, { granted, absent }] of grantedInMonth(this.#tables, this.client, this.first, this.last)) {
      // What grants no minutes may still be paid by the month, or for days after a death.
      if (
        granted === 0 &&
        !this.#everInForce(line) &&
        !(died !== NO_DAY && died <= this.last && inForce(this.#tables, line, died))
      )
        continue;
      const order = lines.order(line);
      const row = this.row(line, orders.provider(order), orders.unit(order), lines.service(line));
      row.granted = granted;
      row.absent = absent;
    }
  }

  /** What may be done on any day and was done did not fall on a day on which the client was away. */
  #present(): void {
    for (const row of this.#rows.values()) {
      if (row.absent === 0 || !loose(this.#tables, row.line)) continue;
      const left = Math.floor(row.granted - row.registered / MINUTE + 1e-9);
      row.absent = Math.min(row.absent, Math.max(0, left));
    }
  }

  #everInForce(line: number): boolean {
    for (let day = this.first; day <= this.last; day++) if (inForce(this.#tables, line, day)) return true;
    return false;
  }

  #plan(): void {
    const { plans, visits } = this.#tables;
    const [from, until] = [startOfDay(this.first), startOfDay(this.last + 1)];
    for (const plan of rowsOf(plans.byClient, this.client)) {
      const frozen = plans.frozen(plan);
      const start = plans.start(frozen);
      if (!(start >= from && start < until) || plans.cancelled(frozen)) continue;
      const day = dayOf(start);
      const ms = Math.max(0, plans.end(frozen) - start);
      const visit = this.#matches.visit(plan);
      const status = visit < 0 ? null : visits.status(visit);
      if (status === "declined" || status === "noAnswer") this.vain.push(plan);
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
    const { suspect } = this;
    let latestEnd = -Infinity;
    for (const visit of rowsOf(visits.byClient, this.client)) {
      const day = visits.day(visit);
      if (day > this.last) break;
      const start = visits.start(visit);
      const end = visits.end(visit);
      const usable = visits.usable(visit);
      const overlaps = usable && start < latestEnd;
      if (usable && end > latestEnd) latestEnd = end;
      if (day < this.first) continue;
      const length = end - start;
      if (usable) {
        if (overlaps) suspect.overlap = true;
        if (!suspect.lengthened && addedMs(visits, visit) > 0) suspect.lengthened = true;
        if (visits.grade(visit) === 0) suspect.manual = true;
        if (visits.receivedAt(visit) > suspect.receivedLast) suspect.receivedLast = visits.receivedAt(visit);
      }
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
          if (row.visits !== null) {
            row.visits.push(visit);
            if (rows.length > 1) suspect.shared = true;
          }
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
