import { rowsOf, type Tables } from "#columns";
import {
  type Day,
  dayOf,
  daysOfMonth,
  type Instant,
  MINUTE,
  type Month,
  monthOf,
  type Ore,
  roundHalfUp,
  startOfDay,
} from "#model";
import { expectsVisit, occurrencesOf, grossMinutes, type Matches, type Shares } from "#match";
import { type ClaimCoverage, firstOn, type NetClaim, netClaims, serviceOf } from "./claims.ts";
import { type ClaimCode, type ClaimMatter, holdDaysOf, type JudgedClaim, type Proposal } from "./codes.ts";
import type { PaidDay, PaidRow } from "./paid.ts";
import { compileTerms, cutOffOf, type InForce } from "./terms.ts";

/** What judging reads beside the tables. */
export interface JudgeNeeds {
  tables: Tables;
  matches: Matches;
  silent: (client: number, from: Instant, until: Instant) => boolean;
  lines: (visit: number) => Shares;
  coverage: (claim: number) => ClaimCoverage;
  terms: (provider: number, unit: number, service: number, day: Day) => InForce | null;
  cutOff: (provider: number, unit: number, service: number, month: Month) => Instant | null;
  /** Of a client in the month that is judged. */
  paid: (client: number) => readonly PaidRow[];
  /** The provider has claimed something, claimed for somebody whom nobody has joined, or told of meals, in the month. */
  tells: (what: Told, provider: number, month: Month) => boolean;
}

type Told = "claims" | "strangers" | "meals" | "begun";

/** What is claimed of an order line, or of what belongs to none, net of credits. */
export interface ClaimedSum {
  line: number;
  provider: number;
  unit: number;
  service: number;
  minutes: number;
  ore: number;
}

export interface Judgement {
  judged: readonly JudgedClaim[];
  claimed: readonly ClaimedSum[];
}

/** What is payable of one of a provider's services in the month. */
interface Pool {
  provider: number;
  days: Map<Day, Entry>;
  charges: NetClaim[];
  /** Minutes above and below that were accepted within the tolerance. */
  accepted: { over: number; under: number };
}

/** What is paid of a row on a day, and what else is paid of the pool on the same day. */
interface Entry {
  row: PaidRow;
  paid: PaidDay;
  /** Some claim has been held against it. */
  used: boolean;
  next: Entry | null;
}

function addDays(days: Map<Day, Entry>, row: PaidRow): void {
  for (const paid of row.days) {
    const entry: Entry = { row, paid, used: false, next: null };
    let last = days.get(paid.day);
    if (last === undefined) days.set(paid.day, entry);
    else {
      while (last.next !== null) last = last.next;
      last.next = entry;
    }
  }
}

function* entriesOn(days: Map<Day, Entry>, day: Day): Generator<Entry> {
  for (let entry = days.get(day) ?? null; entry !== null; entry = entry.next) yield entry;
}

interface Payable {
  exact: number;
  minutes: number;
  /** Null: no price is known. */
  ore: number | null;
  /** The price of an hour, where all of it has the same. */
  orePerHour: number | null;
  /** Largest that may be claimed above or below, day by day. */
  tolerance: number;
  row: PaidRow | null;
  /** What rests on an absence of which nobody says whether it was planned: payable where it is claimed, else not. */
  open: { minutes: number; ore: number };
}

const defaults = compileTerms({});
const ANY = -1;
const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};
const half = 0.5 + 1e-6;
const dayTolerance = (minutes: number): number => Math.max(1, 0.02 * minutes);

/** Holds the claims of a client in a month against what is payable; claims on the same days are judged together. */
export function judgeClaims(needs: JudgeNeeds, client: number, first: Day, last: Day): Judgement {
  return new Judge(needs, client, first, last).judgement();
}

class Judge {
  readonly #needs: JudgeNeeds;
  readonly #client: number;
  readonly #first: Day;
  readonly #last: Day;
  readonly #month: Month;
  readonly #pools = new Map<number, Pool>();
  readonly #judged: JudgedClaim[] = [];
  /** Visits of the month that came to nothing; made when they are first asked for. */
  #vain: readonly number[] | null = null;
  // What is in force is asked several times of one claim.
  #chargeBefore: NetClaim | null = null;
  #dayBefore: Day = NaN;
  #inForceBefore: InForce | null = null;

  constructor(needs: JudgeNeeds, client: number, first: Day, last: Day) {
    this.#needs = needs;
    this.#client = client;
    this.#first = first;
    this.#last = last;
    this.#month = monthOf(first);
  }

  judgement(): Judgement {
    const { tables } = this.#needs;
    const net = netClaims(tables, this.#needs.coverage, this.#client, this.#first, this.#last);
    const charges = net.charges.filter((charge) => this.#anyInMonth(charge));
    // A claim that does not say which service it is for is held against all that the provider does for the client.
    const unnamed = new Set<number>();
    for (const { claim, coverage } of charges) {
      if (serviceOf(tables, claim, coverage.line) < 0) unnamed.add(tables.claims.provider(claim));
    }
    const one = this.#sharing();
    const poolOf = (provider: number, service: number): Pool => {
      const of = unnamed.has(provider) ? ANY : (one.get(service) ?? service);
      const key = provider * (tables.services.code.length + 1) + of + 1;
      let pool = this.#pools.get(key);
      if (pool === undefined) {
        pool = { provider, days: new Map(), charges: [], accepted: { over: 0, under: 0 } };
        this.#pools.set(key, pool);
      }
      return pool;
    };
    for (const row of this.#needs.paid(this.#client)) {
      addDays(poolOf(row.provider, row.service).days, row);
    }
    for (const charge of charges) {
      const { claim, coverage } = charge;
      poolOf(tables.claims.provider(claim), serviceOf(tables, claim, coverage.line)).charges.push(charge);
    }
    // Claims that are put where nothing is payable are held against what nobody else claims: those come last.
    const left: Array<{ pool: Pool; charges: NetClaim[]; days: readonly Day[] }> = [];
    for (const pool of this.#pools.values()) {
      for (const together of this.#together(pool)) {
        const days = this.#judge(pool, together);
        if (days.length > 0) left.push({ pool, charges: together, days });
      }
    }
    for (const { pool, charges: claimed, days } of left) this.#withoutVisit(pool, claimed, days);
    for (const pool of this.#pools.values()) this.#unclaimed(pool);
    const all = net.loose.length === 0 ? net.charges : [...net.charges, ...net.loose];
    return { judged: this.#judged, claimed: all.map((charge) => this.#claimed(charge)) };
  }

  /**
   * Services that share visits, each by one of them. How the minutes of such a visit are divided is a convention that
   * nobody registers: a provider who divides them otherwise has claimed neither more nor less.
   */
  #sharing(): ReadonlyMap<number, number> {
    const { visits, services, lines } = this.#needs.tables;
    const one = new Map<number, number>();
    const of = (service: number): number => one.get(service) ?? service;
    const { rows, offsets } = visits.byClient;
    const until = offsets[this.#client + 1]!;
    let before = -1;
    for (let position = firstOn(visits, this.#client, this.#first); position < until; position++) {
      const visit = rows[position]!;
      if (visits.day(visit) > this.#last) break;
      const set = visits.services(visit);
      if (set >= 0 && set === before) continue;
      before = set;
      if (set >= 0 && services.list(set).length < 2) continue;
      const named = set < 0 ? this.#needs.lines(visit).lines.map((line) => lines.service(line)) : services.list(set);
      if (named.length < 2) continue;
      const [first, ...others] = named.map(of) as [number, ...number[]];
      for (const other of others) {
        if (other === first) continue;
        one.set(other, first);
        for (const [service, before] of one) if (before === other) one.set(service, first);
      }
    }
    return one;
  }

  readonly #inMonth = (day: Day): boolean => day >= this.#first && day <= this.#last;

  #anyInMonth({ days }: NetClaim): boolean {
    for (const day of days) if (this.#inMonth(day)) return true;
    return false;
  }

  /** The days of the month that claims speak of, in order. */
  #daysOf(charges: readonly NetClaim[]): readonly Day[] {
    const [{ days }] = charges as [NetClaim];
    if (charges.length === 1) {
      return this.#inMonth(days[0]!) && this.#inMonth(days.at(-1)!) ? days : days.filter(this.#inMonth);
    }
    const all = new Set<Day>();
    for (const charge of charges) for (const day of charge.days) if (this.#inMonth(day)) all.add(day);
    return [...all].sort((a, b) => a - b);
  }

  #claimed({ claim, coverage, days, minutes, ore }: NetClaim): ClaimedSum {
    const { claims } = this.#needs.tables;
    const sums = { minutes: 0, ore: 0 };
    for (let position = 0; position < days.length; position++) {
      if (!this.#inMonth(days[position]!)) continue;
      sums.minutes += minutes[position]!;
      sums.ore += ore[position]!;
    }
    return {
      line: coverage.line,
      provider: claims.provider(claim),
      unit: claims.unit(claim),
      service: claims.service(claim),
      ...sums,
    };
  }

  /** Claims that share a day are judged as one. What is paid by the month is compared by the month, and so are meals. */
  #together(pool: Pool): NetClaim[][] {
    const { charges } = pool;
    const groups: Array<NetClaim[] | null> = charges.map((charge) => [charge]);
    if (charges.length < 2) return groups as NetClaim[][];
    const { claims, services } = this.#needs.tables;
    // By day, counted from the month's first, the group that speaks of it; of claims that meet, the last one's has all.
    const byDay: number[] = [];
    const ofMonth = this.#last - this.#first + 1;
    const speak = (position: number, day: number): void => {
      const met = byDay[day];
      byDay[day] = position;
      if (met === undefined || met === position) return;
      groups[position]!.push(...groups[met]!);
      groups[met] = null;
      for (let other = 0; other < byDay.length; other++) if (byDay[other] === met) byDay[other] = position;
    };
    for (let position = 0; position < charges.length; position++) {
      const charge = charges[position]!;
      const days = this.#daysOf(groups[position]!);
      for (const day of days) speak(position, day - this.#first);
      const service = claims.service(charge.claim);
      const meal = service >= 0 && services.kind(service) === "meal";
      if (meal || this.#basis(charge, days[0]!) === "monthly") speak(position, ofMonth);
    }
    const together = groups.filter((group) => group !== null);
    for (const group of together) {
      if (group.length > 1) group.sort((a, b) => charges.indexOf(a) - charges.indexOf(b));
    }
    return together;
  }

  /** Judges claims on the same days. Returns the days on which there is neither a visit nor anything payable. */
  #judge(pool: Pool, charges: readonly NetClaim[]): readonly Day[] {
    const { claims, services } = this.#needs.tables;
    const [lead] = charges as [NetClaim];
    const service = claims.service(lead.claim);
    if (service >= 0 && services.kind(service) === "meal") {
      this.#meals(pool, charges);
      return none;
    }
    const remaining = charges.length > 1 ? this.#withoutDuplicates(pool, charges) : charges;
    const days = remaining.length === 0 ? none : this.#daysOf(remaining);
    if (days.length > 0 && this.#basis(lead, days[0]!) === "monthly") {
      // The month's price stands on the first day that it is for, whichever days the claim names.
      const all = [...new Set([...days, ...pool.days.keys()])].sort((a, b) => a - b);
      this.#held(pool, remaining, all, undefined);
      return none;
    }
    if (days.length > 0 && days.every((day) => isPayable(pool.days, day))) {
      this.#compare(pool, remaining, days);
      return none;
    }
    const groups = {
      rest: [] as Day[],
      silent: [] as Day[],
      basis: [] as Day[],
      outside: [] as Day[],
      empty: [] as Day[],
    };
    for (const day of days) {
      if (isPayable(pool.days, day)) {
        groups.rest.push(day);
        continue;
      }
      const on = remaining.filter((charge) => charge.has(day));
      // Staff who came to a closed door were there too.
      const visited =
        on.some(({ coverage }) => !coverage.emptyDays.includes(day) && !coverage.silentDays.includes(day)) ||
        this.#visitsInVain(on, [day], "noAnswer").length > 0;
      if (!visited && on.some(({ coverage }) => coverage.silentDays.includes(day))) groups.silent.push(day);
      else if (this.#basis(lead, day) === "granted") groups.basis.push(day);
      else if (this.#outside(lead, day)) groups.outside.push(day);
      else (visited ? groups.rest : groups.empty).push(day);
    }
    if (groups.silent.length > 0) this.#add(pool, remaining, groups.silent, { code: "M09", matter: "silent" });
    if (groups.basis.length > 0) this.#add(pool, remaining, groups.basis, { code: "M10", matter: null });
    if (groups.outside.length > 0) {
      const visits = this.#visits(remaining, groups.outside);
      this.#add(pool, remaining, groups.outside, { code: visits.length > 0 ? "M03" : "M05", matter: "contract" });
    }
    if (groups.rest.length > 0) this.#compare(pool, remaining, groups.rest);
    return groups.empty;
  }

  /**
   * Takes out what repeats earlier claims: the same provider, service and band on a day of which others have claimed
   * most already. Several lines for several visits of a day are no repetition: neither where together they are payable,
   * nor where they stay within what is ordered for the day, unless they are alike to the öre on two invoices, or
   * alike and for all that the day's only visit pays, which came to nothing.
   */
  #withoutDuplicates(pool: Pool, charges: readonly NetClaim[]): NetClaim[] {
    const { claims } = this.#needs.tables;
    const repeated = new Map<NetClaim, Map<Day, number>>();
    const days = this.#daysOf(charges);
    // A line for a week says nothing of how much is for which day: only what is too much in all can be a repetition.
    const whole = this.#payable(pool, days);
    if (charges.every(({ coverage }) => coverage.timed) && minutesOn(charges, days) <= whole.minutes + whole.tolerance)
      return [...charges];
    for (const day of days) {
      const on = charges.filter((charge) => charge.has(day));
      if (on.length < 2 || this.#hidden(on, day)) continue;
      const timed = on.every(({ coverage }) => coverage.timed);
      const measure = (charge: NetClaim): number => (timed ? charge.minutesOn(day) : charge.oreOn(day));
      const kindOf = ({ claim }: NetClaim): string => `${claims.service(claim)} ${claims.band(claim) ?? ""}`;
      for (const kind of new Set(on.map(kindOf))) {
        const same = on.filter((charge) => kindOf(charge) === kind);
        if (same.length < 2) continue;
        const band = this.#bandOf(same[0]!, day);
        const payable = this.#payable(pool, [day], band ?? undefined);
        // What services that share visits, and lines for other bands, have not claimed of it, this one may.
        const others = on.filter((charge) => !same.includes(charge));
        const other = sum(
          others.filter((charge) => band === null || [band, null].includes(this.#bandOf(charge, day))).map(measure),
        );
        const alsoOrdered = sum(
          others.filter(({ claim }) => claims.service(claim) === claims.service(same[0]!.claim)).map(measure),
        );
        const all = timed ? payable.minutes : payable.ore;
        if (all === null) continue;
        const limit = Math.max(0, all - other);
        let taken = measure(same[0]!);
        for (const [position, charge] of same.entries()) {
          if (position === 0) continue;
          const own = measure(charge);
          const before = same.slice(0, position);
          const twin = before.find((other) => this.#alike(other.claim, charge.claim));
          const above = taken + own > limit + (timed ? dayTolerance(limit) : 100);
          const ordered = timed ? this.#orderedOn(charge, day) : 0;
          const most = limit - taken < own / 2;
          const more = taken + own + alsoOrdered > ordered + 1;
          const paid = limit > 0 && Math.abs(limit - taken) <= dayTolerance(limit);
          const again = () => paid && timed && before.some((other) => this.#same(other.claim, charge.claim));
          if (above && most && (twin !== undefined || more || (again() && this.#onlyInVain(charge, day)))) {
            let of = repeated.get(charge);
            if (of === undefined) repeated.set(charge, (of = new Map()));
            of.set(day, (twin ?? before[0]!).claim);
          } else taken += own;
        }
      }
    }
    if (repeated.size === 0) return [...charges];
    for (const [charge, of] of repeated) {
      const related = [...new Set(of.values())];
      this.#add(pool, [charge], [...of.keys()], { code: "M08", matter: "duplicate", related });
    }
    return charges
      .map((charge) => {
        const taken = repeated.get(charge);
        return taken === undefined ? charge : charge.on((day) => !taken.has(day));
      })
      .filter((charge) => this.#anyInMonth(charge));
  }

  /**
   * All that was due is a visit that came to nothing. What it pays may be half of what was ordered, and a line for that
   * is there twice although both together are no more than ordered: no other visit can be missing.
   */
  #onlyInVain(charge: NetClaim, day: Day): boolean {
    const vain = (["declined", "noAnswer"] as const).flatMap((status) => this.#visitsInVain([charge], [day], status));
    if (vain.length !== 1 || !this.#allKnown([charge], day)) return false;
    return this.#visits([charge], [day]).every((visit) => vain.includes(visit));
  }

  #alike(a: number, b: number): boolean {
    const { claims } = this.#needs.tables;
    return claims.invoice(a) !== claims.invoice(b) && this.#same(a, b);
  }

  #same(a: number, b: number): boolean {
    const { claims } = this.#needs.tables;
    return (
      claims.from(a) === claims.from(b) &&
      claims.to(a) === claims.to(b) &&
      claims.amountOre(a) === claims.amountOre(b) &&
      Object.is(claims.minutes(a), claims.minutes(b))
    );
  }

  /** Minutes that are ordered of the service for a day. */
  #orderedOn(charge: NetClaim, day: Day): number {
    const { tables } = this.#needs;
    const { lines } = tables;
    let minutes = 0;
    for (const line of this.#linesFor(charge, day)) {
      const each = lines.minutes(line) * lines.staffing(line);
      minutes += Math.max(each, grossMinutes(tables, line, day, day).granted);
    }
    return minutes;
  }

  /** The lines of all the provider's orders that expect a visit of the claim's service on the day. */
  #linesFor({ claim, coverage }: NetClaim, day: Day): number[] {
    const { tables } = this.#needs;
    const { claims, orders, lines } = tables;
    const service = serviceOf(tables, claim, coverage.line);
    const found: number[] = [];
    for (const order of rowsOf(orders.byClient, this.#client)) {
      const provider = orders.provider(order);
      if (!orders.valid(order, day) || (provider >= 0 && provider !== claims.provider(claim))) continue;
      for (const line of rowsOf(lines.byOrder, order)) {
        if ((service < 0 || lines.service(line) === service) && expectsVisit(tables, line, day)) found.push(line);
      }
    }
    return found;
  }

  /** Band by band where claims name bands of the contract; else all together. */
  #compare(pool: Pool, charges: readonly NetClaim[], days: readonly Day[]): void {
    const bandOf = (charge: NetClaim): string | null => (charge.coverage.timed ? this.#bandOf(charge, days[0]!) : null);
    if (charges.some((charge) => bandOf(charge) === null)) return this.#held(pool, charges, days, undefined);
    const claimedIn = Map.groupBy(charges, (charge) => bandOf(charge)!);
    const all = this.#payable(pool, days);
    const named = [...claimedIn].map(([band, of]) => ({
      band,
      of,
      over: minutesOn(of, days) - this.#payable(pool, days, band).minutes,
    }));
    const agrees = Math.abs(minutesOn(charges, days) - all.minutes) <= all.tolerance;
    const misplaced = named.find(({ over }) => over > all.tolerance);
    if (!agrees || misplaced === undefined) {
      for (const { band, of } of named) this.#held(pool, of, days, band);
      return;
    }
    this.#use(pool, days);
    const [first] = misplaced.of as [NetClaim];
    const others = charges.filter((charge) => charge !== first);
    const where = [...new Set(days.flatMap((day) => Array.from(entriesOn(pool.days, day), ({ paid }) => paid.band)))];
    this.#add(pool, [first, ...others], days, {
      code: "M07",
      matter: "band",
      band: misplaced.band,
      payable: all,
      why: where
        .map((band) => `${whole(this.#payable(pool, days, band).minutes)} minuter ${band ?? "utan prisband"}`)
        .join(" och "),
    });
  }

  /** What is claimed against what is payable on these days. */
  #held(pool: Pool, charges: readonly NetClaim[], days: readonly Day[], band: string | undefined): void {
    const [lead] = charges as [NetClaim];
    const basis = this.#basis(lead, days[0]!);
    const byTime = charges.every(({ coverage }) => coverage.timed) && basis !== "perVisit" && basis !== "monthly";
    const payable = asClaimed(this.#payable(pool, days, band), byTime, charges, days);
    // Nothing is payable without a contract: where none was delivered, there is nothing to hold the claim against.
    if (payable.minutes === 0 && payable.ore === 0 && this.#inForce(lead, days[0]!) === null) return;
    this.#use(pool, days, band);
    const found = byTime ? this.#byTime(pool, charges, days, payable) : this.#byOre(charges, days, payable, basis);
    if (found === null) return;
    let why = found;
    if (basis === "monthly" || basis === "granted") {
      if (found.code === "M04" || found.matter === null) why = byBasis;
    } else if (found.matter === "time") why = this.#above(pool, charges, days, payable.minutes);
    this.#add(pool, charges, days, { code: why.code, matter: why.matter, band: band ?? null, payable });
  }

  #byTime(pool: Pool, charges: readonly NetClaim[], days: readonly Day[], payable: Payable): Found {
    const claimed = minutesOn(charges, days);
    const over = claimed - payable.minutes;
    let code: ClaimCode;
    if (Math.abs(claimed - payable.exact) <= half) code = "M00";
    else if (Math.abs(over) <= Math.max(half, this.#roundedApart(charges, days))) code = "M01";
    else if (this.#tolerated(pool, over, payable.tolerance)) code = "M02";
    else if (over > 0) return { code: "M03", matter: "time" };
    else return { code: "M04", matter: "unbilled" };
    return this.#otherPrice(pool, charges, days, payable, claimed)
      ? { code: "M07", matter: "price" }
      : { code, matter: null };
  }

  /**
   * By how much rounding may differ where services share visits: each part is rounded for itself, to the contract's step
   * or to whole minutes, and who divides otherwise rounds otherwise. Steps up and down level out over many visits.
   */
  #roundedApart(charges: readonly NetClaim[], days: readonly Day[]): number {
    const { visits, services } = this.#needs.tables;
    const shared = this.#visits(charges, days).filter((visit) => services.list(visits.services(visit)).length > 1);
    if (shared.length === 0) return 0;
    const rounding = this.#inForce(charges[0]!, days[0]!)?.terms.rounding;
    return Math.max(shared.length, ((rounding?.stepMs ?? 0) / MINUTE) * Math.sqrt(shared.length));
  }

  /** Within the day's tolerance, as long as what is accepted so stays below one per cent of the month. */
  #tolerated(pool: Pool, over: number, tolerance: number): boolean {
    const size = Math.abs(over);
    if (size > tolerance + 1e-6) return false;
    let month = 0;
    let longest = 0;
    for (const first of pool.days.values()) {
      let ofDay = 0;
      for (let entry: Entry | null = first; entry !== null; entry = entry.next) ofDay += entry.paid.ms;
      month += ofDay;
      longest = Math.max(longest, ofDay);
    }
    // In a month with little in it, one day's tolerance.
    const largest = pool.days.size === 0 ? -Infinity : dayTolerance(longest / MINUTE);
    month /= MINUTE;
    const side = over > 0 ? "over" : "under";
    if (pool.accepted[side] + size > Math.max(0.01 * month, largest) + 1e-6) return false;
    pool.accepted[side] += size;
    return true;
  }

  /**
   * The amount is not that of the contract's price, though the minutes agree. Providers round amounts to whole kronor
   * and reckon with parts of minutes; a price by the hour that the claim names is compared as it stands, with the price
   * of its band where it names that too.
   */
  #otherPrice(
    pool: Pool,
    charges: readonly NetClaim[],
    days: readonly Day[],
    payable: Payable,
    claimed: number,
  ): boolean {
    const { claims } = this.#needs.tables;
    if (payable.ore === null || payable.minutes === 0) return false;
    const ore = oreOn(charges, days);
    const expected = (payable.ore * claimed) / payable.minutes;
    const perMinute = payable.ore / payable.minutes;
    const slack = days.length + charges.length * (50 + perMinute / 2);
    if (Math.abs(ore - expected) > slack) return true;
    const bands = payable.orePerHour === null ? charges.map((charge) => this.#bandOf(charge, days[0]!)) : [];
    // Beside lines for the dearer hours, one without a band is for the others.
    const byBand = bands.some((band) => band !== null);
    return charges.some(({ claim, minutes, ore: own }, position) => {
      const agreed = byBand ? this.#payable(pool, days, bands[position]).orePerHour : payable.orePerHour;
      if (agreed === null) return false;
      const price = claims.unitPriceOre(claim);
      const unit = claims.unitOfQuantity(claim);
      if (Number.isNaN(price) || (unit !== null && unit !== "HUR")) return false;
      // Only a price by which the claim reckons itself is its price.
      const reckoned = (sum(minutes) * price) / 60;
      return Math.abs(sum(own) - reckoned) <= 50 + price / 120 && price !== agreed;
    });
  }

  /** Claims that are not about time, and what is paid by the visit or month. */
  #byOre(charges: readonly NetClaim[], days: readonly Day[], payable: Payable, basis: string | null): Found | null {
    if (payable.ore === null) return basis === "monthly" ? { code: "M10", matter: null } : null;
    const over = oreOn(charges, days) - payable.ore;
    if (Math.abs(over) <= days.length + 50 * charges.length) return { code: "M00", matter: null };
    if (over < 0) return { code: "M04", matter: "unbilled" };
    const timed = charges.every(({ coverage }) => coverage.timed);
    const agrees = timed && Math.abs(minutesOn(charges, days) - payable.minutes) <= payable.tolerance;
    return agrees && payable.minutes > 0 ? { code: "M07", matter: "price" } : { code: "M03", matter: "time" };
  }

  /** Why more is claimed than is payable. */
  #above(pool: Pool, charges: readonly NetClaim[], days: readonly Day[], payable: number): Found {
    if (days.some((day) => this.#hidden(charges, day))) return { code: "M09", matter: "silent" };
    if (this.#visits(charges, days).some((visit) => this.#unverified(pool, charges[0]!, visit)))
      return { code: "M06", matter: "unverified" };
    const closed = this.#visitsInVain(charges, days, "noAnswer").length > 0;
    if (!closed && days.every((day) => this.#away(day))) return { code: "M03", matter: "absence" };
    if (this.#declinedInFull(charges, days, payable)) return { code: "M03", matter: "declined" };

    return { code: "M03", matter: "time" };
  }

  /** Of each claim's service as many visits are known as are due on the day, made or in vain: no silence hides one. */
  #allKnown(charges: readonly NetClaim[], day: Day): boolean {
    const { tables } = this.#needs;
    return charges.every((charge) => {
      if (charge.coverage.line < 0) return false;
      let due = 0;
      for (const line of this.#linesFor(charge, day)) {
        for (const { part } of occurrencesOf(tables, line, day)) {
          due += part < 1 ? Infinity : tables.lines.staffing(line);
        }
      }
      const known = new Set(this.#visits([charge], [day]));
      for (const status of ["declined", "noAnswer"] as const)
        for (const visit of this.#visitsInVain([charge], [day], status)) known.add(visit);
      return known.size >= due;
    });
  }

  /** A visit that cannot be counted, or lacks what the contract requires. */
  #unverified(pool: Pool, { claim, coverage }: NetClaim, visit: number): boolean {
    const { visits, claims } = this.#needs.tables;
    if (!visits.usable(visit)) return true;
    const service = serviceOf(this.#needs.tables, claim, coverage.line);
    const unit = visits.unit(visit) >= 0 ? visits.unit(visit) : claims.unit(claim);
    const required = this.#needs.terms(pool.provider, unit, service, visits.day(visit))?.terms.required;
    if (required === undefined) return false;
    return (
      (required.service && visits.services(visit) < 0) ||
      (required.approvedByStaff && visits.approvedByStaff(visit) !== true) ||
      (required.approvedByManager && visits.approvedByManager(visit) !== true)
    );
  }

  /** Days that are claimed, without a visit and without anything that is payable without one. */
  #withoutVisit(pool: Pool, charges: readonly NetClaim[], days: readonly Day[]): void {
    if (this.#unjoined(charges[0]!)) {
      this.#add(pool, charges, days, { code: "M06", matter: "unjoined" });
      return;
    }
    const elsewhere = this.#elsewhere(pool, charges, days);
    if (elsewhere !== null) {
      this.#add(pool, charges, days, { code: "M07", ...elsewhere });
      return;
    }
    const byMatter = new Map<ClaimMatter, Day[]>();
    for (const day of days) {
      const matter = this.#away(day) ? "absence" : this.#declinedInFull(charges, [day]) ? "declined" : "visit";
      byMatter.set(matter, [...(byMatter.get(matter) ?? []), day]);
    }
    for (const [matter, of] of byMatter) this.#add(pool, charges, of, { code: "M05", matter });
  }

  /** Nobody could tell of a visit: none are known at all, or nobody has said who this is in the systems that register. */
  #unjoined({ claim }: NetClaim): boolean {
    const { visits, clients, providers, claims } = this.#needs.tables;
    if (visits.count === 0 || !clients.known(this.#client) || !providers.known(claims.provider(claim))) return true;
    if (clients.joined(this.#client) || rowsOf(visits.byClient, this.#client).length > 0) return false;
    return !visits.registeredBy(claims.source(claim));
  }

  /**
   * The same minutes, payable and claimed by nobody, of another of the provider's services, or of the same service at
   * somebody else in the household. Further away is not looked: some visit of the same length is always found.
   */
  #elsewhere(
    pool: Pool,
    charges: readonly NetClaim[],
    days: readonly Day[],
  ): (Pick<Found, "matter"> & { payable: Payable; why: string }) | null {
    const { tables } = this.#needs;
    const { claims, services, clients } = tables;
    const claimed = minutesOn(charges, days);
    const fits = (payable: Payable): boolean =>
      payable.minutes > 0 && Math.abs(claimed - payable.minutes) <= payable.tolerance;
    const name = (row: PaidRow): string => (row.service < 0 ? "okänd insats" : services.name(row.service));
    for (const other of this.#pools.values()) {
      if (other === pool || other.provider !== pool.provider) continue;
      const free = days.every((day) => Array.from(entriesOn(other.days, day)).every(({ used }) => !used));
      const payable = this.#payable(other, days);
      if (!free || !fits(payable)) continue;
      this.#use(other, days);
      return { matter: "service", payable, why: `Besöken finns på insatsen ${name(payable.row!)}.` };
    }
    const service = serviceOf(tables, charges[0]!.claim, charges[0]!.coverage.line);
    for (const member of clients.household(this.#client)) {
      const there: Pool = { provider: pool.provider, days: new Map(), charges: [], accepted: { over: 0, under: 0 } };
      for (const row of this.#needs.paid(member)) {
        if (row.provider !== pool.provider || row.service !== service) continue;
        addDays(there.days, row);
      }
      const payable = this.#payable(there, days);
      const taken = Array.from(rowsOf(claims.byClient, member)).some(
        (claim) =>
          claims.provider(claim) === pool.provider &&
          (claims.service(claim) < 0 || claims.service(claim) === service) &&
          days.some((day) => claims.from(claim) <= day && day <= claims.to(claim)),
      );
      if (taken || !fits(payable)) continue;
      // The other one's books say that it is unbilled, so these say that it is overbilled.
      const nothing = { ...payable, minutes: 0, exact: 0, ore: 0 };
      return { matter: "client", payable: nothing, why: `Besöken finns hos ${clients.text(member)} i samma hushåll.` };
    }
    return null;
  }

  /** The client is away from the first to the last minute of the day. */
  #away(day: Day): boolean {
    const { absences } = this.#needs.tables;
    const [start, end] = [startOfDay(day), startOfDay(day + 1)];
    return Array.from(rowsOf(absences.byClient, this.#client)).some(
      (row) => absences.from(row) <= start && absences.until(row) >= end,
    );
  }

  /** A visit was declined, and what was planned for it is claimed as if it had been made: no less, and not much more. */
  #declinedInFull(charges: readonly NetClaim[], days: readonly Day[], payable = 0): boolean {
    const { visits } = this.#needs.tables;
    const planned = sum(this.#visitsInVain(charges, days, "declined").map((visit) => this.#plannedMinutes(visit)));
    if (planned === 0) return false;
    const performed = sum(this.#visits(charges, days).map((visit) => visits.minutes(visit)));
    const claimed = minutesOn(charges, days);
    const near = dayTolerance(planned);
    return claimed >= performed + planned - near && claimed - payable <= planned + near;
  }

  #plannedMinutes(visit: number): number {
    const { plans, visits } = this.#needs.tables;
    const plan = this.#needs.matches.plan(visit);
    if (plan >= 0) return plans.minutes(plans.frozen(plan));
    const length = (visits.end(visit) - visits.start(visit)) / MINUTE;
    return length > 0 ? length : 0;
  }

  /** Visits to the client that the claims can mean, and that came to nothing. */
  #visitsInVain(charges: readonly NetClaim[], days: readonly Day[], status: "declined" | "noAnswer"): number[] {
    const { tables } = this.#needs;
    const { visits, claims, services } = tables;
    const provider = claims.provider(charges[0]!.claim);
    const service = serviceOf(tables, charges[0]!.claim, charges[0]!.coverage.line);
    this.#vain ??= this.#inMonthOf((visit) => ["declined", "noAnswer"].includes(visits.status(visit)!));
    return this.#vain.filter((visit) => {
      if (visits.status(visit) !== status || !days.includes(visits.day(visit))) return false;
      if (visits.provider(visit) >= 0 && visits.provider(visit) !== provider) return false;
      const named = services.list(visits.services(visit));
      return service < 0 || named.length === 0 || named.includes(service);
    });
  }

  /** More meals than were delivered. Deliveries say a period, not which day: the month is compared. */
  #meals(pool: Pool, charges: readonly NetClaim[]): void {
    const { meals, claims } = this.#needs.tables;
    const days = this.#daysOf(charges);
    const share = (from: Day, to: Day): number =>
      Math.max(0, Math.min(to, this.#last) - Math.max(from, this.#first) + 1) / (to - from + 1);
    const quantities = charges.map((charge) => {
      const { claim } = charge;
      const unit = claims.unitOfQuantity(claim);
      // In the part that is left after credits.
      const left = this.#claimed(charge).ore / claims.amountOre(claim);
      return unit === null || unit === "C62" ? claims.quantity(claim) * left : NaN;
    });
    const claimed = sum(quantities);
    if (Number.isNaN(claimed) || !this.#needs.tells("meals", pool.provider, this.#month)) return;
    let delivered = 0;
    for (const meal of rowsOf(meals.byClient, this.#client)) {
      if (meals.provider(meal) >= 0 && meals.provider(meal) !== pool.provider) continue;
      delivered += meals.quantity(meal) * share(meals.from(meal), meals.to(meal));
    }
    // A delivery over the turn of a month is divided, and the halves may be rounded by the provider.
    if (claimed < delivered + 1 - 1e-6) {
      this.#add(pool, charges, days, { code: "M00", matter: null });
      return;
    }
    const ore = oreOn(charges, days);
    const payable = { ...nothingPayable, ore: roundHalfUp((ore * delivered) / claimed) };
    const why = `${whole(claimed)} portioner är fakturerade, ${whole(delivered)} är levererade.`;
    this.#add(pool, charges, days, {
      code: delivered === 0 ? "M05" : "M03",
      matter: "meal",
      payable,
      why,
      meals: { claimed, delivered },
    });
  }

  /**
   * What is payable on days that nobody claims. Before any invoice has come, nothing is unbilled: it is not yet billed.
   * So it waits until the client's service has been claimed beyond the day; or the provider has claimed anything in the
   * month and its cut-off has passed; or the cut-off of the month after has passed, and no invoice is to be expected.
   * A client without any claim of a provider that claims for strangers may be one of those.
   */
  #unclaimed(pool: Pool): void {
    let claimedThrough = -Infinity;
    for (const { days } of pool.charges) claimedThrough = Math.max(claimedThrough, days.at(-1)!);
    let mayBeStranger: boolean | null = null;
    const byRow = new Map<PaidRow, PaidDay[]>();
    for (const first of pool.days.values()) {
      for (let entry: Entry | null = first; entry !== null; entry = entry.next) {
        const { row, paid, used } = entry;
        if (used) continue;
        // Claims are in whole minutes: of a price by the hour nobody can bill so little.
        const ms = paid.ms - (paid.openMs ?? 0);
        if (ms < MINUTE / 2 && ((paid.ore ?? 0) <= 0 || paid.orePerHour !== null)) continue;
        if (paid.day > claimedThrough && !this.#billed(row)) continue;
        mayBeStranger ??=
          ![...this.#pools.values()].some(
            ({ provider, charges }) => provider === pool.provider && charges.length > 0,
          ) && this.#needs.tells("strangers", pool.provider, this.#month);
        if (mayBeStranger) return;
        const ofRow = byRow.get(row);
        if (ofRow === undefined) byRow.set(row, [paid]);
        else ofRow.push(paid);
      }
    }
    for (const [row, paid] of byRow) {
      const days = [...new Set(paid.map(({ day }) => day))].sort((a, b) => a - b);
      const minutes = sum(paid.map(({ ms, openMs = 0 }) => ms - openMs)) / MINUTE;
      const ore = paid.every((one) => one.ore === null)
        ? null
        : roundHalfUp(sum(paid.map((one) => (one.ore ?? 0) - openOre(one))));
      this.#judged.push({
        claim: -1,
        related: [],
        provider: row.provider,
        unit: row.unit,
        service: row.service,
        line: row.line,
        row,
        days,
        band: null,
        code: "M04",
        matter: "unbilled",
        visits: this.#visitsOf(row, days),
        claimedMinutes: 0,
        exactMinutes: sum(paid.map(({ exactMs, openMs = 0 }) => Math.max(0, exactMs - openMs))) / MINUTE,
        payableMinutes: minutes,
        claimedOre: 0,
        payableOre: ore,
        overbilledOre: 0,
        unbilledOre: ore ?? 0,
        meals: null,
        holdDays: 0,
        holdUntil: null,
        proposal: null,
      });
    }
  }

  #billed({ provider, unit, service }: PaidRow): boolean {
    const { asOf } = this.#needs.tables;
    // Before the provider's first invoice that we know of, nobody was there to tell us of one.
    if (!this.#needs.tells("begun", provider, this.#month)) return false;
    const next = monthOf(this.#last + 1);
    if (asOf >= this.#cutOff(provider, unit, service, next)) return true;
    return (
      this.#needs.tells("claims", provider, this.#month) && asOf >= this.#cutOff(provider, unit, service, this.#month)
    );
  }

  #cutOff(provider: number, unit: number, service: number, month: Month): Instant {
    return this.#needs.cutOff(provider, unit, service, month) ?? cutOffOf(month, defaults);
  }

  #visitsOf(row: PaidRow, days: readonly Day[]): number[] {
    const { visits, services } = this.#needs.tables;
    return this.#inMonthOf((visit) => {
      if (!days.includes(visits.day(visit)) || !visits.performed(visit) || visits.provider(visit) !== row.provider)
        return false;
      const { lines } = this.#needs.lines(visit);
      return row.line >= 0 ? lines.includes(row.line) : services.list(visits.services(visit)).includes(row.service);
    });
  }

  /** Those visits of the client in the month that are wanted. */
  #inMonthOf(wanted: (visit: number) => boolean): number[] {
    const { visits } = this.#needs.tables;
    const found: number[] = [];
    const { rows, offsets } = visits.byClient;
    const until = offsets[this.#client + 1]!;
    for (let position = firstOn(visits, this.#client, this.#first); position < until; position++) {
      const visit = rows[position]!;
      if (visits.day(visit) > this.#last) break;
      if (wanted(visit)) found.push(visit);
    }
    return found;
  }

  #visits(charges: readonly NetClaim[], days: readonly Day[]): number[] {
    const { visits } = this.#needs.tables;
    const meant: number[] = [];
    for (const { coverage } of charges) {
      for (const visit of coverage.visits) if (days.includes(visits.day(visit))) meant.push(visit);
    }
    // Those of one claim are each once, in order.
    return charges.length === 1 ? meant : [...new Set(meant)].sort((a, b) => a - b);
  }

  #payable(pool: Pool, days: readonly Day[], band?: string | null): Payable {
    const payable: Payable = { ...nothingPayable, open: { minutes: 0, ore: 0 } };
    // Undefined: no price yet.
    let price: number | null | undefined;
    let same = true;
    for (const day of days) {
      let ofDay = 0;
      for (let entry = pool.days.get(day) ?? null; entry !== null; entry = entry.next) {
        const { row, paid } = entry;
        if (band !== undefined && paid.band !== band) continue;
        payable.row ??= row;
        payable.exact += paid.exactMs / MINUTE;
        ofDay += paid.ms / MINUTE;
        if (paid.openMs !== undefined) {
          payable.open.minutes += paid.openMs / MINUTE;
          payable.open.ore += openOre(paid);
        }
        if (paid.ms > 0) {
          same &&= price === undefined || price === paid.orePerHour;
          price = paid.orePerHour;
        }
        if (paid.ore !== null) payable.ore = payable.ore === null ? null : payable.ore + paid.ore;
        else if (paid.ms > 0) payable.ore = null;
      }
      payable.minutes += ofDay;
      payable.tolerance += dayTolerance(ofDay);
    }
    payable.orePerHour = same ? (price ?? null) : null;
    return payable;
  }

  #use(pool: Pool, days: readonly Day[], band?: string): void {
    for (const day of days) {
      for (let entry = pool.days.get(day) ?? null; entry !== null; entry = entry.next) {
        if (band === undefined || entry.paid.band === band) entry.used = true;
      }
    }
  }

  /** A source that was silent on the day may have kept a visit that the claims are for. */
  #hidden(charges: readonly NetClaim[], day: Day): boolean {
    return this.#needs.silent(this.#client, startOfDay(day), startOfDay(day + 1)) && !this.#allKnown(charges, day);
  }

  #inForce(charge: NetClaim, day: Day): InForce | null {
    if (charge !== this.#chargeBefore || day !== this.#dayBefore) {
      this.#inForceBefore = this.#askInForce(charge, day);
      this.#chargeBefore = charge;
      this.#dayBefore = day;
    }
    return this.#inForceBefore;
  }

  #askInForce({ claim, coverage }: NetClaim, day: Day): InForce | null {
    const { tables } = this.#needs;
    const { claims, lines, orders } = tables;
    const order = coverage.line < 0 ? claims.order(claim) : lines.order(coverage.line);
    const unit = claims.unit(claim) >= 0 || order < 0 ? claims.unit(claim) : orders.unit(order);
    return this.#needs.terms(claims.provider(claim), unit, serviceOf(tables, claim, coverage.line), day);
  }

  #basis(charge: NetClaim, day: Day): string | null {
    const { tables } = this.#needs;
    const inForce = this.#inForce(charge, day);
    if (inForce === null) return null;
    const service = serviceOf(tables, charge.claim, charge.coverage.line);
    return inForce.terms.basisOf(service < 0 ? null : tables.services.code[service]!);
  }

  /** The claim's band as the contract spells it; null where either has none, or the contract does not know the name. */
  #bandOf(charge: NetClaim, day: Day): string | null {
    const band = this.#needs.tables.claims.band(charge.claim)?.toLowerCase();
    const bands = band === undefined ? null : (this.#inForce(charge, day)?.terms.bands ?? null);
    if (bands === null) return null;
    const names = bands.byWeekday.flatMap((cuts) => cuts.map((cut) => cut.band));
    return names.find((name) => name?.toLowerCase() === band) ?? null;
  }

  /** The provider has contracts, and none of them covers the service on the day. Without unit or service it cannot be said. */
  #outside(charge: NetClaim, day: Day): boolean {
    const { tables } = this.#needs;
    const { claims } = tables;
    const service = serviceOf(tables, charge.claim, charge.coverage.line);
    if (service < 0 || this.#contractless(claims.provider(charge.claim))) return false;
    if (this.#inForce(charge, day) !== null) return false;
    return claims.unit(charge.claim) >= 0 || charge.coverage.line >= 0;
  }

  #contractless(provider: number): boolean {
    const { contracts } = this.#needs.tables;
    return provider < 0 || rowsOf(contracts.byProvider, provider).length === 0;
  }

  #add(
    pool: Pool,
    charges: readonly NetClaim[],
    days: readonly Day[],
    found: Found & Partial<Pick<JudgedClaim, "band" | "related" | "meals">> & { payable?: Payable; why?: string },
  ): void {
    const { tables } = this.#needs;
    const { claims } = tables;
    const on = charges.length === 1 ? charges : charges.filter((charge) => days.some((day) => charge.has(day)));
    const [lead, ...others] = on as [NetClaim, ...NetClaim[]];
    const { code, matter, band = null, payable = nothingPayable } = found;
    const { provider } = pool;
    const unit = claims.unit(lead.claim);
    const service = serviceOf(tables, lead.claim, lead.coverage.line);
    const claimedMinutes = minutesOn(on, days);
    const claimedOre = roundHalfUp(oreOn(on, days));
    const [overbilledOre, unbilledOre] = differences(code, claimedMinutes, claimedOre, payable);
    const holdDays = holdDaysOf[code];
    const accepted = matter === null;
    const sorted =
      days === lead.days ? days : days.filter((day) => on.some((charge) => charge.has(day))).sort((a, b) => a - b);
    const related =
      others.length === 0 && lead.credits.length === 0 && found.related === undefined
        ? none
        : [
            ...new Set([
              ...others.map(({ claim }) => claim),
              ...on.flatMap(({ credits }) => credits),
              ...(found.related ?? []),
            ]),
          ];
    this.#judged.push({
      claim: lead.claim,
      related,
      provider,
      unit,
      service: service < 0 ? claims.service(lead.claim) : service,
      line: lead.coverage.line,
      row: payable.row,
      days: sorted,
      band,
      code,
      matter,
      visits: accepted
        ? none
        : matter === "declined"
          ? this.#visitsInVain(on, sorted, "declined")
          : this.#visits(on, sorted),
      claimedMinutes,
      exactMinutes: payable.exact,
      payableMinutes: payable.minutes,
      claimedOre,
      payableOre: payable.ore,
      overbilledOre,
      unbilledOre,
      meals: found.meals ?? null,
      holdDays,
      holdUntil:
        holdDays === 0 ? null : dayOf(this.#cutOff(provider, unit, service, monthOf(sorted.at(-1)!))) + holdDays,
      proposal: proposalFor(code, matter, claimedMinutes, claimedOre, payable, found.why),
    });
  }
}

interface Found {
  code: ClaimCode;
  matter: ClaimMatter | null;
}

const byBasis: Found = { code: "M10", matter: null };
const nothingPayable: Payable = {
  exact: 0,
  minutes: 0,
  ore: 0,
  orePerHour: null,
  tolerance: 0,
  row: null,
  open: { minutes: 0, ore: 0 },
};

const none: readonly number[] = [];

const openOre = ({ ms, ore, openMs = 0 }: PaidDay): Ore => (openMs > 0 ? ((ore ?? 0) * openMs) / ms : 0);

/** Without what is open and not claimed. */
function asClaimed(payable: Payable, byTime: boolean, charges: readonly NetClaim[], days: readonly Day[]): Payable {
  const { open, minutes, ore } = payable;
  if (open.minutes === 0) return payable;
  const unclaimed = byTime
    ? (minutes - minutesOn(charges, days)) / open.minutes
    : ((ore ?? 0) - oreOn(charges, days)) / (open.ore || 1);
  const part = Math.max(0, Math.min(1, unclaimed));
  return {
    ...payable,
    minutes: minutes - part * open.minutes,
    exact: Math.max(0, payable.exact - part * open.minutes),
    ore: ore === null ? null : roundHalfUp(ore - part * open.ore),
  };
}

/** Something is paid on the day, for a visit or without one. */
function isPayable(days: Map<Day, Entry>, day: Day): boolean {
  for (let entry = days.get(day) ?? null; entry !== null; entry = entry.next) {
    if (entry.paid.ms > 0 || (entry.paid.ore ?? 0) > 0) return true;
  }
  return false;
}

function minutesOn(charges: readonly NetClaim[], days: readonly Day[]): number {
  let total = 0;
  for (const charge of charges) for (const day of days) total += charge.minutesOn(day);
  return total;
}

function oreOn(charges: readonly NetClaim[], days: readonly Day[]): number {
  let total = 0;
  for (const charge of charges) for (const day of days) total += charge.oreOn(day);
  return total;
}

/** Overbilled and unbilled. Without a price of ours, the claim's own says what its excess costs. */
function differences(
  code: ClaimCode,
  minutes: number,
  ore: number,
  payable: Payable,
): [over: number, unbilled: number] {
  switch (code) {
    case "M05":
      return [ore, 0];
    case "M08":
      return [ore, 0];
    case "M03":
    case "M07":
      if (payable.ore !== null) return [Math.max(0, ore - payable.ore), 0];
      return [minutes > 0 ? roundHalfUp((ore * Math.max(0, minutes - payable.minutes)) / minutes) : 0, 0];
    case "M04":
      return [0, payable.ore === null ? 0 : Math.max(0, payable.ore - ore)];
    default:
      return [0, 0];
  }
}

const whole = (value: number): string => String(Math.round(value * 10) / 10).replace(".", ",");

function proposalFor(
  code: ClaimCode,
  matter: ClaimMatter | null,
  minutes: number,
  ore: number,
  payable: Payable,
  why?: string,
): Proposal | null {
  const paid = {
    minutes: Math.floor(payable.minutes + half),
    ore: payable.ore ?? (minutes > 0 ? roundHalfUp((ore * Math.min(minutes, payable.minutes)) / minutes) : 0),
  };
  switch (code) {
    case "M03":
      return { kind: "cut-back", ...paid, why: why ?? `Ersättningen är ${paid.minutes} minuter.` };
    case "M05":
      return { kind: "deny", minutes: 0, ore: 0, why: why ?? denials[matter!] ?? "Inget besök är registrerat." };
    case "M06":
      return { kind: "cut-back", ...paid, why: "Det som inte är styrkt betalas inte förrän det är rättat." };
    case "M07":
      return { kind: "correct", ...paid, why: why ?? `Avtalets pris ger ${whole(paid.ore / 100)} kronor.` };
    case "M08":
      return { kind: "net", minutes: 0, ore: 0, why: "Dagen är redan fakturerad." };
    default:
      return null;
  }
}

const denials: Partial<Record<ClaimMatter, string>> = {
  absence: "Brukaren var borta hela dagen.",
  declined: "Besöket avböjdes.",
  contract: "Inget avtal omfattar insatsen den dagen.",
};

/**
 * Which providers have claimed, and told of meals, in which months: "claims <provider's key> <month>"; "begun": in that
 * month or before it. It reaches all clients of a provider.
 */
export function tellingProviders({ claims, meals, providers, clients, asOf }: Tables): ReadonlySet<string> {
  const told = new Set<string>();
  // Most claims tell of a day that another of the provider has told of.
  const known: Partial<Record<Told, Set<number>>> = {};
  const tell = (what: Told, provider: number, day: Day): void => {
    const days = (known[what] ??= new Set());
    const key = day * (providers.count + 1) + provider;
    if (provider < 0 || days.has(key)) return;
    days.add(key);
    told.add(`${what} ${providers.key(provider)} ${monthOf(day)}`);
  };
  const firstDay = new Map<number, Day>();
  for (let row = 0; row < claims.count; row++) {
    if (claims.credit(row)) continue;
    const provider = claims.provider(row);
    const stranger = !clients.known(claims.client(row));
    firstDay.set(provider, Math.min(firstDay.get(provider) ?? Infinity, claims.from(row)));
    for (const day of [claims.from(row), claims.to(row)]) {
      tell("claims", provider, day);
      if (stranger) tell("strangers", provider, day);
    }
  }
  for (let row = 0; row < meals.count; row++) {
    for (const day of [meals.from(row), meals.to(row)]) tell("meals", meals.provider(row), day);
  }
  for (const [provider, first] of firstDay) {
    for (let day = first; day <= dayOf(asOf); day = daysOfMonth(monthOf(day)).last + 1) tell("begun", provider, day);
  }
  return told;
}
