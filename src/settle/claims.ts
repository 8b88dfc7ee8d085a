import { type Claims, rowsOf, type Tables, type Visits } from "#columns";
import { type Day, startOfDay } from "#model";
import { expectsVisit, type LineMatcher } from "#match";

/** What a claim speaks of, day by day, and which of its days have a visit. */
export interface ClaimCoverage {
  /** The order line that it is about, or -1. */
  line: number;
  /** The days over which it is divided equally: those on which a line of its order and service expects a visit, else all. */
  days: readonly Day[];
  /** False where the claim counts visits, months or meals. */
  timed: boolean;
  /** Minutes and öre of each of these days; minutes are 0 where the claim is not about time. */
  minutesPerDay: number;
  orePerDay: number;
  /** Visits of the client by the provider on these days that the claim can mean. */
  visits: readonly number[];
  /** Days without such a visit on which every system that would know was heard. */
  emptyDays: readonly Day[];
  /** Days without a visit while such a system was silent. */
  silentDays: readonly Day[];
}

const none: readonly Day[] = [];

/** Days of claims, each list once: claims of a week mostly speak of the same days. */
export type DayLists = Map<string, readonly Day[]>;

export function claimCoverage(
  tables: Tables,
  matcher: LineMatcher,
  silent: (client: number, from: number, until: number) => boolean,
  known: DayLists,
  claim: number,
): ClaimCoverage {
  const { claims, visits, services } = tables;
  const line = matcher.ofClaim(claim, claims.from(claim));
  const [first, last] = [claims.from(claim), claims.to(claim)];
  const due = daysOfClaim(tables, line, first, last, known);
  const minutes = claimedMinutes(claims, claim);
  const wanted = serviceOf(tables, claim, line);
  const client = claims.client(claim);

  const meant: number[] = [];
  /** Those of `due` without a visit, and days that had one though it was not due; visits come in order of day. */
  let without: Day[] | null = null;
  const miss = (day: Day): void => void (without ??= []).push(day);
  let beside: Day[] | null = null;
  let next = 0;
  // Consecutive visits mostly name the same services.
  let setBefore = NaN;
  let others = false;
  const { rows, offsets } = visits.byClient;
  for (let position = firstOn(visits, client, first); position < offsets[client + 1]!; position++) {
    const visit = rows[position]!;
    const day = visits.day(visit);
    if (day > last) break;
    if (!visits.performed(visit)) continue;
    const provider = visits.provider(visit);
    if (provider >= 0 && claims.provider(claim) >= 0 && provider !== claims.provider(claim)) continue;
    if (wanted >= 0) {
      const set = visits.services(visit);
      if (set !== setBefore) {
        const named = services.list(set);
        others = named.length > 0 && !named.includes(wanted);
        setBefore = set;
      }
      // A visit that names only other services is not what the claim means, unless both count on one order line.
      if (others && (line < 0 || !matcher.ofVisit(visit).lines.includes(line))) continue;
    }
    meant.push(visit);
    while (next < due.length && due[next]! < day) miss(due[next++]!);
    if (due[next] === day) next++;
    else if (due[next - 1] !== day && beside?.at(-1) !== day) (beside ??= []).push(day);
  }
  while (next < due.length) miss(due[next++]!);
  const days = beside === null ? due : [...due, ...(beside as Day[])].sort((a, b) => a - b);
  const empty: readonly Day[] = without ?? none;
  const silentDays =
    empty.length === 0 ? none : empty.filter((day) => silent(client, startOfDay(day), startOfDay(day + 1)));
  return {
    line,
    days,
    timed: !Number.isNaN(minutes),
    minutesPerDay: Number.isNaN(minutes) ? 0 : minutes / days.length,
    orePerDay: claims.amountOre(claim) / days.length,
    // As long as they are: it is remembered of every claim.
    visits: meant.slice(),
    emptyDays: silentDays.length === 0 ? empty : empty.filter((day) => !silentDays.includes(day)),
    silentDays,
  };
}

/** Those from `first` to `last` on which a line of the claim's order and service expects a visit, else all. */
function daysOfClaim(tables: Tables, line: number, first: Day, last: Day, known: DayLists): readonly Day[] {
  const { lines } = tables;
  const expected: Day[] = [];
  if (line >= 0) {
    // A claim speaks of the service: weekdays may stand on one line of its order and the weekend on another.
    const { offsets, rows } = lines.byOrder;
    const [from, until] = [offsets[lines.order(line)]!, offsets[lines.order(line) + 1]!];
    for (let day = first; day <= last; day++) {
      for (let at = from; at < until; at++) {
        const other = rows[at]!;
        if (lines.service(other) !== lines.service(line) || !expectsVisit(tables, other, day)) continue;
        expected.push(day);
        break;
      }
    }
  }
  if (expected.length === 0) for (let day = first; day <= last; day++) expected.push(day);
  const key = expected.length === last - first + 1 ? `${first}-${last}` : expected.join(" ");
  const before = known.get(key);
  if (before === undefined) known.set(key, expected);
  return before ?? expected;
}

/** Position in `visits.byClient` of a client's first visit, in order of time, that is on the day or later. */
export function firstOn(visits: Visits, client: number, day: Day): number {
  const { rows, offsets } = visits.byClient;
  let low = offsets[client]!;
  let high = offsets[client + 1]!;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (visits.day(rows[middle]!) < day) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Claimed minutes, NaN where the line is not about time. A line for two staff gives the minutes of each or of both
 * together: its amount tells which.
 */
function claimedMinutes(claims: Claims, claim: number): number {
  const minutes = claims.minutes(claim);
  const [staffing, amount] = [claims.staffing(claim), claims.amountOre(claim)];
  const single = (minutes * claims.unitPriceOre(claim)) / 60;
  const each = staffing > 1 && Math.abs(amount - single * staffing) < Math.abs(amount - single);
  return each ? minutes * staffing : minutes;
}

/** The service that a claim is about, or -1: a code that neither a register nor an order has may be any under another name. */
export function serviceOf({ claims, services, lines }: Tables, claim: number, line: number): number {
  if (line >= 0) return lines.service(line);
  const service = claims.service(claim);
  return service >= 0 && services.known(service) ? service : -1;
}

/** What of a credit has netted nothing yet. */
interface Left {
  minutes: number;
  ore: number;
}

/** A claim and what credits have left of it. */
export class NetClaim {
  readonly claim: number;
  readonly coverage: ClaimCoverage;
  /** Those of its coverage of which something is left, in order of time; `minutes` and `ore` are of each. */
  days: readonly Day[];
  minutes: number[];
  ore: number[];
  credits: number[] = [];

  constructor(claim: number, coverage: ClaimCoverage) {
    this.claim = claim;
    this.coverage = coverage;
    this.days = coverage.days;
    this.minutes = Array<number>(this.days.length).fill(coverage.minutesPerDay);
    this.ore = Array<number>(this.days.length).fill(coverage.orePerDay);
  }

  has(day: Day): boolean {
    return this.days.includes(day);
  }

  /** 0 on days of which nothing is left. */
  minutesOn(day: Day): number {
    const position = this.days.indexOf(day);
    return position < 0 ? 0 : this.minutes[position]!;
  }

  oreOn(day: Day): number {
    const position = this.days.indexOf(day);
    return position < 0 ? 0 : this.ore[position]!;
  }

  /** Takes what a credit gives back off these days in equal measure, but never more than is left on each. */
  takeOff(days: readonly Day[], credit: Left): void {
    const open = days.map((day) => this.days.indexOf(day));
    while (open.length > 0) {
      const [minutes, ore] = [credit.minutes / open.length, credit.ore / open.length];
      // Those with too little go first: what they lack is for the others.
      const short = open.findIndex((at) => this.ore[at]! < ore - 1e-6 || this.minutes[at]! < minutes - 1e-6);
      const [at] = open.splice(Math.max(0, short), 1) as [number];
      const taken = { minutes: Math.min(minutes, this.minutes[at]!), ore: Math.min(ore, this.ore[at]!) };
      this.minutes[at]! -= taken.minutes;
      this.ore[at]! -= taken.ore;
      credit.minutes -= taken.minutes;
      credit.ore -= taken.ore;
    }
  }

  /** Leaves these days. */
  keep(wanted: (day: Day, minutes: number, ore: number) => boolean): void {
    const { days, minutes, ore } = this;
    // Of most nothing goes: then nothing is copied.
    let kept: Day[] | null = null;
    for (let position = 0; position < days.length; position++) {
      if (!wanted(days[position]!, minutes[position]!, ore[position]!)) {
        if (kept !== null) continue;
        this.days = kept = days.slice(0, position);
        this.minutes = minutes.slice(0, position);
        this.ore = ore.slice(0, position);
      } else if (kept !== null) {
        kept.push(days[position]!);
        this.minutes.push(minutes[position]!);
        this.ore.push(ore[position]!);
      }
    }
  }

  /** The claim on these of its days. */
  on(wanted: (day: Day) => boolean): NetClaim {
    const part = new NetClaim(this.claim, this.coverage);
    [part.days, part.minutes, part.ore, part.credits] = [this.days, this.minutes, this.ore, this.credits];
    part.keep(wanted);
    return part;
  }
}

const natural = new Intl.Collator("en", { numeric: true });

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** As `natural.compare`. Numbers of one series, which most are, differ in their last digits alone. */
function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length !== b.length) return natural.compare(a, b);
  let at = 0;
  while (a.charCodeAt(at) === b.charCodeAt(at)) at++;
  for (let rest = at; rest < a.length; rest++) {
    if (!isDigit(a.charCodeAt(rest)) || !isDigit(b.charCodeAt(rest))) return natural.compare(a, b);
  }
  return a.charCodeAt(at) - b.charCodeAt(at);
}

/** In the order in which they were made, as far as their numbers tell: arrival says nothing, since deliveries may be repeated. */
function inOrderMade({ claims, sources }: Tables, rows: readonly number[]): number[] {
  if (rows.length < 2) return [...rows];
  return rows
    .map((row) => ({ row, invoice: claims.invoice(row), id: claims.id(row) }))
    .sort(
      (a, b) =>
        compareNumbers(a.invoice, b.invoice) ||
        compareNumbers(a.id, b.id) ||
        sources.rank(claims.source(a.row)) - sources.rank(claims.source(b.row)),
    )
    .map(({ row }) => row);
}

/**
 * The claims of a client that touch these days, in the order in which they were made, net of credits. A credit nets the
 * claim that it corrects; one that names none nets, day by day, a claim of the same provider on the same service. `loose`
 * are credits, or what is left of them, for which there is no claim.
 */
export function netClaims(
  tables: Tables,
  coverageOf: (claim: number) => ClaimCoverage,
  client: number,
  first: Day,
  last: Day,
): { charges: NetClaim[]; loose: NetClaim[] } {
  const { claims } = tables;
  const touches = (claim: number): boolean => claims.from(claim) <= last && claims.to(claim) >= first;
  const meant: number[] = [];
  const credits: number[] = [];
  for (const claim of rowsOf(claims.byClient, client)) {
    if (claims.credit(claim)) credits.push(claim);
    else if (touches(claim)) meant.push(claim);
  }
  const netOf = (claim: number): NetClaim => new NetClaim(claim, coverageOf(claim));
  const charges = inOrderMade(tables, meant).map(netOf);
  const loose: NetClaim[] = [];
  for (const credit of inOrderMade(tables, credits)) {
    const corrects = claims.corrects(credit);
    if (corrects >= 0 && claims.client(corrects) === client && !claims.credit(corrects)) {
      const corrected = charges.find(({ claim }) => claim === corrects);
      if (corrected !== undefined) takeOff(corrected, netOf(credit));
    } else if (touches(credit)) {
      const rest = netByDay(tables, charges, netOf(credit), first, last);
      if (rest.days.length > 0) loose.push(rest);
    }
  }
  // Fractions of a minute and an öre that division leaves are nothing.
  for (const charge of charges) charge.keep((_, minutes, ore) => ore >= 0.5 || minutes >= 0.5);
  return { charges, loose };
}

const sum = (parts: readonly number[]): number => parts.reduce((total, part) => total + part, 0);

/** Of a credit in time only what has both minutes and öre left goes on to what else was claimed: prices may differ. */
const goesOn = ({ coverage }: NetClaim, { minutes, ore }: Left): boolean =>
  ore >= 0.5 && (!coverage.timed || minutes >= 0.5);

/**
 * On the days that both speak of, and what is left on the others; where there are none in common (the credit has the day
 * of its invoice) on all days alike.
 */
function takeOff(charge: NetClaim, credit: NetClaim): void {
  const left = { minutes: -sum(credit.minutes), ore: -sum(credit.ore) };
  charge.takeOff(
    charge.days.filter((day) => credit.has(day)),
    left,
  );
  if (goesOn(credit, left)) charge.takeOff(charge.days, left);
  charge.credits.push(credit.claim);
}

/** Day by day; what is left of the days from `first` to `last` nets what else was claimed of its period. */
function netByDay({ claims }: Tables, charges: readonly NetClaim[], credit: NetClaim, first: Day, last: Day): NetClaim {
  const row = credit.claim;
  const service = claims.service(row);
  const alike = charges.filter(
    ({ claim }) =>
      claims.provider(claim) === claims.provider(row) && (service < 0 || claims.service(claim) === service),
  );
  const band = ({ claim }: NetClaim): number => Number(claims.band(claim) === claims.band(row));
  const net = (meant: readonly NetClaim[], left: Left, daysOf: (charge: NetClaim) => readonly Day[]): void => {
    for (const charge of meant) {
      if (!goesOn(credit, left)) return;
      const before = left.ore;
      charge.takeOff(daysOf(charge), left);
      if (left.ore < before && !charge.credits.includes(row)) charge.credits.push(row);
    }
  };
  for (const [position, day] of credit.days.entries()) {
    const left = { minutes: -credit.minutes[position]!, ore: -credit.ore[position]! };
    // Those of the same band with as much on them as is credited; else as they come.
    const fits = (charge: NetClaim): number => band(charge) * 2 + Number(charge.oreOn(day) >= left.ore);
    const meant = alike.filter((charge) => charge.oreOn(day) > 0);
    net(
      meant
        .map((charge) => ({ charge, fit: fits(charge) }))
        .toSorted((a, b) => b.fit - a.fit)
        .map(({ charge }) => charge),
      left,
      () => [day],
    );
    credit.minutes[position] = -left.minutes;
    credit.ore[position] = -left.ore;
  }
  const inMonth = (day: Day): boolean => day >= first && day <= last;
  const open = credit.on(inMonth);
  const [minutes, ore] = [-sum(open.minutes), -sum(open.ore)];
  const left = { minutes, ore };
  if (goesOn(credit, left)) {
    const within = (day: Day): boolean => inMonth(day) && day >= claims.from(row) && day <= claims.to(row);
    net(
      alike.toSorted((a, b) => band(b) - band(a)),
      left,
      ({ days }) => days.filter(within),
    );
    for (const [position, day] of credit.days.entries()) {
      if (!inMonth(day)) continue;
      if (minutes > 0) credit.minutes[position]! *= left.minutes / minutes;
      credit.ore[position]! *= left.ore / ore;
    }
  }
  return credit.on((day) => inMonth(day) && left.ore >= 0.5);
}
