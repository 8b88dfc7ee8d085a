import { rowsOf, type Tables } from "#columns";
import { type Day, dayOf, MINUTE, type Month, monthOf, type Ore, roundHalfUp } from "#model";
import { grantedInMonth, LineMatcher, type Matches, type Shares, silentFor } from "#match";
import { type ClaimCoverage, claimCoverage } from "./claims.ts";
import { Prices } from "./price.ts";

/** One step on the way from registered to payable minutes; payable = the sum of all steps. */
export interface TraceStep {
  step: "registered" | "cap" | "price";
  /** Signed whole minutes. */
  minutes: number;
  /** The contract's own clause for the term, where it names one. */
  clause?: string;
  /** Why, where the step is not plain arithmetic. Swedish. */
  why?: string;
}

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
  readonly #prices: Prices;
  #lastClient = -1;
  #lastFirst: Day = 0;
  #last: readonly Figures[] = [];

  constructor(tables: Tables, matches: Matches) {
    this.#tables = tables;
    this.#matches = matches;
    this.#matcher = new LineMatcher(tables, matches);
    this.#silent = silentFor(tables);
    this.#prices = new Prices(tables);
  }

  /** All rows of a client in the month that starts on `firstDay`; the last asked for is remembered. */
  month(client: number, firstDay: Day, lastDay: Day): readonly Figures[] {
    if (client !== this.#lastClient || firstDay !== this.#lastFirst) {
      const made = new ClientMonth(
        this.#tables,
        this.#matches,
        this.#matcher,
        this.#prices,
        this,
        client,
        firstDay,
        lastDay,
      );
      this.#last = made.figures();
      this.#lastClient = client;
      this.#lastFirst = firstDay;
    }
    return this.#last;
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
    const { visits, lines, services } = this.#tables;
    const line = this.lines(visit).lines[0] ?? -1;
    const service = line >= 0 ? lines.service(line) : (services.list(visits.services(visit))[0] ?? -1);
    const price = this.#prices.of(visits.provider(visit), visits.unit(visit), service, visits.day(visit));
    return price.orePerHour === null ? null : roundHalfUp((minutes * price.orePerHour) / 60);
  }
}

interface Row {
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
  /** Most milliseconds that are payable. */
  cap: number;
  /** Registered milliseconds by day, in order of time. */
  days: Day[];
  ms: number[];
  /** Claims on the lines of one order and service, all on the first of them that has one. */
  claims: Array<{ coverage: ClaimCoverage; claim: number }>;
  payableMs: Map<Day, number>;
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};
const minutesOf = (ms: number): number => Math.floor(ms / MINUTE + 0.5 + 1e-9);

/** Lines of one order and service with one provider. */
const group = (row: Row): string => `${row.provider} ${row.order} ${row.service}`;

class ClientMonth {
  readonly #tables: Tables;
  readonly #matches: Matches;
  readonly #matcher: LineMatcher;
  readonly #prices: Prices;
  readonly #settlement: Settlement;
  readonly #client: number;
  readonly #first: Day;
  readonly #last: Day;
  readonly #rows = new Map<number | string, Row>();
  // Consecutive visits mostly count on the same rows.
  #sharesBefore: Shares | null = null;
  #providerBefore = -1;
  #rowsBefore: readonly Row[] = [];

  constructor(
    tables: Tables,
    matches: Matches,
    matcher: LineMatcher,
    prices: Prices,
    settlement: Settlement,
    client: number,
    first: Day,
    last: Day,
  ) {
    this.#tables = tables;
    this.#matches = matches;
    this.#matcher = matcher;
    this.#prices = prices;
    this.#settlement = settlement;
    this.#client = client;
    this.#first = first;
    this.#last = last;
  }

  figures(): Figures[] {
    this.#grant();
    this.#plan();
    this.#register();
    this.#claim();
    this.#share();
    for (const row of this.#rows.values()) this.#pay(row);
    return [...this.#rows.values()]
      .filter((row) => row.granted + row.planned + row.registered + row.declined + row.noAnswer + row.claims.length > 0)
      .map((row) => this.#settle(row));
  }

  /** A line's row is that of the provider who works on it; what belongs to no line is told apart by unit and service. */
  #row(line: number, provider: number, unit: number, service: number): Row {
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
        cap: 0,
        days: [],
        ms: [],
        claims: [],
        payableMs: new Map(),
      };
      this.#rows.set(key, row);
    }
    return row;
  }

  #grant(): void {
    const { lines, orders } = this.#tables;
    for (const [line, { granted, absent }] of grantedInMonth(this.#tables, this.#client, this.#first, this.#last)) {
      if (granted === 0) continue;
      const order = lines.order(line);
      const row = this.#row(line, orders.provider(order), orders.unit(order), lines.service(line));
      row.granted = granted;
      row.absent = absent;
    }
  }

  #plan(): void {
    const { plans, visits, services } = this.#tables;
    for (const plan of rowsOf(plans.byClient, this.#client)) {
      const frozen = plans.frozen(plan);
      const day = dayOf(plans.start(frozen));
      if (day < this.#first || day > this.#last || plans.cancelled(frozen)) continue;
      const ms = Math.max(0, plans.end(frozen) - plans.start(frozen));
      const visit = this.#matches.visit(plan);
      const status = visit < 0 ? null : visits.status(visit);
      const missed = this.#matches.planState(plan) === "missed";
      const shares = this.#matcher.ofPlan(plan, day);
      const service = shares.lines.length > 0 ? -1 : (services.list(plans.services(frozen))[0] ?? -1);
      const rows = this.#rowsOf(shares, plans.provider(frozen), plans.unit(frozen), service);
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
    const { visits, services } = this.#tables;
    for (const visit of rowsOf(visits.byClient, this.#client)) {
      const day = visits.day(visit);
      if (day < this.#first || day > this.#last) continue;
      const length = visits.end(visit) - visits.start(visit);
      const usable = visits.usable(visit);
      const status = visits.status(visit);
      // Of a declined or unanswered visit the planned minutes count; without a plan those that were registered.
      const vain = (status === "declined" || status === "noAnswer") && this.#matches.plan(visit) < 0 && length > 0;
      if (!usable && !vain) continue;
      const shares = this.#matcher.ofVisit(visit);
      const service = shares.lines.length > 0 ? -1 : (services.list(visits.services(visit))[0] ?? -1);
      const rows = this.#rowsOf(shares, visits.provider(visit), visits.unit(visit), service);
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

  #claim(): void {
    const { claims } = this.#tables;
    const leads = new Map<string, Row>();
    for (const claim of rowsOf(claims.byClient, this.#client)) {
      if (claims.from(claim) > this.#last || claims.to(claim) < this.#first) continue;
      const coverage = this.#settlement.claim(claim);
      const row = this.#row(coverage.line, claims.provider(claim), claims.unit(claim), claims.service(claim));
      // A claim speaks of a service on a day, not of the line for its morning or evening.
      const lead = row.line < 0 ? row : (leads.get(group(row)) ?? row);
      leads.set(group(row), lead);
      lead.claims.push({ coverage, claim });
    }
  }

  /**
   * What is granted caps what is payable, by line. Lines of one order and service may be impossible to tell apart (a
   * source need not say the part of day), and then all visits count on one of them: it may use what the others leave.
   */
  #share(): void {
    const left = new Map<string, number>();
    for (const row of this.#rows.values()) {
      if (row.line < 0) continue;
      row.cap = row.granted * MINUTE;
      left.set(group(row), (left.get(group(row)) ?? 0) + Math.max(0, row.cap - row.registered));
    }
    for (const row of this.#rows.values()) {
      if (row.line < 0 || row.registered <= row.cap) continue;
      const extra = Math.min(row.registered - row.cap, left.get(group(row)) ?? 0);
      row.cap += extra;
      left.set(group(row), (left.get(group(row)) ?? 0) - extra);
    }
  }

  #rowsOf(shares: Shares, provider: number, unit: number, service: number): readonly Row[] {
    if (shares.lines.length === 0) return [this.#row(-1, provider, unit, service)];
    if (shares !== this.#sharesBefore || provider !== this.#providerBefore) {
      this.#rowsBefore = shares.lines.map((line) => this.#row(line, provider, unit, service));
      this.#sharesBefore = shares;
      this.#providerBefore = provider;
    }
    return this.#rowsBefore;
  }

  /** Days in order of time use up what is granted. */
  #pay(row: Row): void {
    let left = row.cap;
    for (const [position, day] of row.days.entries()) {
      const paid = Math.min(row.ms[position]!, left);
      left -= paid;
      row.payableMs.set(day, paid);
    }
  }

  /** What claims on a row are held against: all lines of its order and service. */
  #claimable(row: Row): ReadonlyMap<Day, number> {
    if (row.line < 0 || row.claims.length === 0) return row.payableMs;
    const total = new Map<Day, number>();
    for (const other of this.#rows.values()) {
      if (other.line < 0 || group(other) !== group(row)) continue;
      for (const [day, ms] of other.payableMs) total.set(day, (total.get(day) ?? 0) + ms);
    }
    return new Map([...total].sort(([a], [b]) => a - b));
  }

  #settle(row: Row): Figures {
    const registered = minutesOf(row.registered);
    let payableOre = 0;
    let why: string | undefined;
    let contract = -1;
    for (const [day, paid] of row.payableMs) {
      const price = this.#prices.of(row.provider, row.unit, row.service, day);
      // Of several within the month the last.
      if (price.contract >= 0) contract = price.contract;
      if (paid === 0) continue;
      if (price.orePerHour === null) {
        why = price.why === "no contract" ? "inget avtal gäller" : "avtalet har inget timpris för insatsen";
      } else payableOre += roundHalfUp((paid * price.orePerHour) / 3_600_000);
    }
    if (contract < 0) contract = this.#prices.of(row.provider, row.unit, row.service, this.#first).contract;
    const payable = minutesOf(sum(row.payableMs.values()));
    const trace: TraceStep[] = [{ step: "registered", minutes: registered }];
    if (payable !== registered) {
      trace.push({
        step: "cap",
        minutes: payable - registered,
        ...(row.line < 0 ? { why: "ingen beställning omfattar tiden" } : {}),
      });
    }
    if (why !== undefined) trace.push({ step: "price", minutes: 0, why });
    const claimed = this.#compare(row, this.#claimable(row));
    return {
      month: monthOf(this.#first),
      provider: row.provider,
      unit: row.unit,
      client: this.#client,
      service: row.service,
      order: row.order,
      line: row.line,
      contract,
      minutes: {
        granted: row.granted,
        planned: minutesOf(row.planned),
        registered,
        payable,
        declined: minutesOf(row.declined),
        noAnswer: minutesOf(row.noAnswer),
        absent: row.absent,
        missed: minutesOf(row.missed),
        claimed: minutesOf(claimed.minutes * MINUTE),
        underDelivered: Math.max(0, row.granted - registered),
      },
      ore: {
        payable: payableOre,
        claimed: roundHalfUp(claimed.ore),
        overbilled: roundHalfUp(claimed.overbilled),
        unbilled: roundHalfUp(claimed.unbilled),
      },
      codes: Object.fromEntries([...claimed.codes].sort(([a], [b]) => (a < b ? -1 : 1))),
      trace,
    };
  }

  /** Claims against payable minutes: lines about one day by day, lines about a period over its days with visits. */
  #compare(row: Row, payableMs: ReadonlyMap<Day, number>): Compared {
    const compared: Compared = { minutes: 0, ore: 0, overbilled: 0, unbilled: 0, codes: new Map() };
    if (row.claims.length === 0) return compared;
    const inMonth = (day: Day): boolean => day >= this.#first && day <= this.#last;
    const open = new Map(payableMs);
    const byDay = new Map<Day, Share>();
    const spans: ClaimCoverage[] = [];
    const count = (code: string, by = 1): void => {
      if (by > 0) compared.codes.set(code, (compared.codes.get(code) ?? 0) + by);
    };
    for (const { coverage } of row.claims) {
      const days = coverage.days.filter(inMonth);
      compared.minutes += coverage.minutesPerDay * days.length;
      compared.ore += coverage.orePerDay * days.length;
      // Lines that are not about time are judged by the basis of their contract.
      if (coverage.minutesPerDay === 0) continue;
      if (coverage.days.length > 1 && coverage.minutesPerDay > 0) spans.push(coverage);
      else {
        for (const day of days) {
          const share = byDay.get(day) ?? { minutes: 0, ore: 0, empty: true, silent: false };
          share.minutes += coverage.minutesPerDay;
          share.ore += coverage.orePerDay;
          share.empty &&= coverage.visits.length === 0;
          share.silent ||= coverage.silentDays.includes(day);
          byDay.set(day, share);
        }
      }
    }
    for (const [day, share] of byDay) {
      if (share.minutes <= 0 && share.ore <= 0) continue;
      if (share.silent) count("M09");
      else if (share.empty) {
        count("M05");
        compared.overbilled += share.ore;
      } else this.#difference(row, compared, count, share, [day], open);
    }
    for (const span of spans) {
      count("M05", span.emptyDays.filter(inMonth).length);
      count("M09", span.silentDays.filter(inMonth).length);
      compared.overbilled += span.orePerDay * span.emptyDays.filter(inMonth).length;
      const without = new Set([...span.emptyDays, ...span.silentDays]);
      const days = span.days.filter((day) => inMonth(day) && !without.has(day));
      if (days.length === 0) continue;
      const claimed = { minutes: span.minutesPerDay * days.length, ore: span.orePerDay * days.length };
      this.#difference(row, compared, count, claimed, days, open);
    }
    // What is payable on days that nobody claims.
    for (const [day, ms] of open) {
      if (minutesOf(ms) > 0)
        this.#difference(row, compared, count, { minutes: 0, ore: 0 }, [day], new Map([[day, ms]]));
    }
    return compared;
  }

  #difference(
    row: Row,
    compared: Compared,
    count: (code: string) => void,
    claimed: { minutes: number; ore: number },
    days: readonly Day[],
    open: Map<Day, number>,
  ): void {
    const ms = sum(days.map((day) => open.get(day) ?? 0));
    const payable = minutesOf(ms);
    let payableOre: number | null = 0;
    for (const day of days) {
      const price = this.#prices.of(row.provider, row.unit, row.service, day);
      if (price.orePerHour === null) payableOre = null;
      else if (payableOre !== null) payableOre += roundHalfUp(((open.get(day) ?? 0) * price.orePerHour) / 3_600_000);
      open.delete(day);
    }
    const over = claimed.minutes - payable;
    if (Math.abs(over) < 1e-6) count("M00");
    else if (over > 0) {
      count("M03");
      // Without a price of ours, the claim's own price says what its excess costs.
      compared.overbilled +=
        payableOre === null ? (claimed.ore * over) / claimed.minutes : Math.max(0, claimed.ore - payableOre);
    } else {
      count("M04");
      if (payableOre !== null) compared.unbilled += Math.max(0, payableOre - claimed.ore);
    }
  }
}

interface Share {
  minutes: number;
  ore: number;
  empty: boolean;
  silent: boolean;
}

interface Compared {
  minutes: number;
  ore: number;
  overbilled: number;
  unbilled: number;
  codes: Map<string, number>;
}
