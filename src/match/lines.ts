import { NO_DAY, rowsOf, type Tables } from "#columns";
import { atMinute, type Day, type Instant, MINUTE, minuteOfDay, monthOf, startOfDay, weekdayOf } from "#model";
import type { Matches } from "./matches.ts";

/** Order lines that share a visit, and which part of its minutes each has; the parts sum to 1. */
export interface Shares {
  lines: readonly number[];
  parts: readonly number[];
}

const NONE: Shares = { lines: [], parts: [] };
const WHOLE: readonly number[] = [1];

/** First minute and first minute after, of the local day; night goes on past midnight. */
const parts = {
  morning: [360, 600],
  midday: [600, 840],
  afternoon: [840, 1020],
  evening: [1020, 1320],
  night: [1320, 360],
} as const;

/** 0 inside the part; else the minutes to its nearer edge, around the clock, as a share of the half day that is the most. */
export function outsidePart(part: keyof typeof parts, minute: number): number {
  const [from, until] = parts[part];
  const inside = from < until ? minute >= from && minute < until : minute >= from || minute < until;
  if (inside) return 0;
  const [before, after] = [(from - minute + 1440) % 1440, (minute - until + 1440) % 1440];
  return (Math.min(before, after) + 1) / 721;
}

interface Wanted {
  provider: number;
  unit: number;
  order: number;
  /** Two of the staff at a time. */
  together: boolean;
}

/** An answer, and the days for which it is known to be the same. */
interface Remembered {
  shares: Shares;
  from: Day;
  through: Day;
}

/**
 * Finds the order lines of visits and plans: those of the client and provider that are in force on the local start day
 * and name a service of the visit. Order, unit, weekday and part of day prefer, they never exclude.
 */
export class LineMatcher {
  readonly #tables: Tables;
  readonly #matches: Matches | null;
  readonly #single: Array<Shares | undefined>;
  /** Answers for the client asked for last, by order, unit and services. */
  readonly #remembered = new Map<number, Remembered>();
  #client = -1;
  // Consecutive visits mostly ask the same.
  #askedBefore = -1;
  #knownBefore: Remembered | undefined;
  // What the search at hand met: days between which no validity changes, and whether the time of day or weekday matters.
  #from = -Infinity;
  #through = Infinity;
  #timely = false;
  /** Clients of whom a line is ordered with two staff: only there it matters who came together. */
  readonly #doubles: Uint8Array;

  constructor(tables: Tables, matches: Matches | null) {
    this.#tables = tables;
    this.#matches = matches;
    this.#single = Array.from({ length: tables.lines.count });
    this.#doubles = new Uint8Array(tables.clients.count);
    const { lines, orders } = tables;
    for (let line = 0; line < lines.count; line++) {
      const client = lines.staffing(line) > 1 && lines.order(line) >= 0 ? orders.client(lines.order(line)) : -1;
      if (client >= 0) this.#doubles[client] = 1;
    }
  }

  /** A visit that does not name its services has those of its plan. */
  ofVisit(visit: number): Shares {
    const { visits, plans } = this.#tables;
    let services = visits.services(visit);
    if (services < 0 && this.#matches !== null && this.#matches.plan(visit) >= 0) {
      services = plans.services(plans.frozen(this.#matches.plan(visit)));
    }
    return this.#find(
      visits.client(visit),
      visits.provider(visit),
      visits.unit(visit),
      visits.order(visit),
      visits.start(visit),
      visits.day(visit),
      services,
      this.#together(visits, visit),
      this.#shared(services) ? this.#length(visit) : NaN,
    );
  }

  /** As planned, since what was done may be more or less than what was ordered; without a plan, as registered. */
  #length(visit: number): number {
    const { visits, plans } = this.#tables;
    const plan = this.#matches?.plan(visit) ?? -1;
    return plan >= 0 ? plans.minutes(plans.frozen(plan)) : (visits.end(visit) - visits.start(visit)) / MINUTE;
  }

  #shared(services: number): boolean {
    return services >= 0 && this.#tables.services.list(services).length > 1;
  }

  /** Of the version in force at the plan's start. */
  ofPlan(plan: number, day: Day): Shares {
    const { plans } = this.#tables;
    const frozen = plans.frozen(plan);
    return this.#find(
      plans.client(plan),
      plans.provider(frozen),
      plans.unit(frozen),
      plans.order(frozen),
      plans.start(frozen),
      day,
      plans.services(frozen),
      this.#together(plans, plan),
      plans.minutes(frozen),
    );
  }

  /**
   * Somebody else of the provider's staff is there, or planned, for half of the time or more: then the line that is
   * ordered for two is meant, though another suits the time of day better. A nurse of another's is nobody's second.
   */
  #together(rows: Tables["visits"] | Tables["plans"], row: number): boolean {
    const client = rows.client(row);
    if (client < 0 || this.#doubles[client] !== 1 || rows.staff(row) < 0) return false;
    // Rows lie by client and start.
    for (let other = Math.max(0, row - 2); other <= Math.min(rows.count - 1, row + 2); other++) {
      if (other === row || rows.client(other) !== client || rows.staff(other) < 0) continue;
      if (rows.staff(other) === rows.staff(row) || rows.provider(other) !== rows.provider(row)) continue;
      const common = Math.min(rows.end(row), rows.end(other)) - Math.max(rows.start(row), rows.start(other));
      const shorter = Math.min(rows.end(row) - rows.start(row), rows.end(other) - rows.start(other));
      if (common > 0 && common * 2 >= shorter) return true;
    }
    return false;
  }

  /** The line that a claim on a service is about on a day, or -1. */
  ofClaim(claim: number, day: Day): number {
    const { claims } = this.#tables;
    const at = atMinute(day, 12 * 60);
    const wanted: Wanted = {
      provider: claims.provider(claim),
      unit: claims.unit(claim),
      order: claims.order(claim),
      together: claims.staffing(claim) > 1,
    };
    return this.#best(claims.client(claim), wanted, at, day, claims.service(claim));
  }

  #find(
    client: number,
    provider: number,
    unit: number,
    order: number,
    start: Instant,
    day: Day,
    services: number,
    together: boolean,
    minutes: number,
  ): Shares {
    if (client !== this.#client) {
      this.#remembered.clear();
      this.#client = client;
      this.#askedBefore = -1;
    }
    const { units, orders } = this.#tables;
    const asked = ((services + 1) * (units.count + 1) + unit + 1) * (orders.count + 1) + order + 1;
    const key = asked * 2 + Number(together);
    const known = key === this.#askedBefore ? this.#knownBefore : this.#remembered.get(key);
    this.#askedBefore = key;
    this.#knownBefore = known;
    if (known !== undefined && known.from <= day && day <= known.through) return known.shares;
    this.#from = -Infinity;
    this.#through = Infinity;
    this.#timely = false;
    const shares = this.#search(client, { provider, unit, order, together }, start, day, services, minutes);
    if (!this.#timely) {
      this.#knownBefore = { shares, from: this.#from, through: this.#through };
      this.#remembered.set(key, this.#knownBefore);
    }
    return shares;
  }

  #search(client: number, wanted: Wanted, start: Instant, day: Day, set: number, length: number): Shares {
    if (set < 0) return this.#one(this.#best(client, wanted, start, day, -1));
    const services = this.#tables.services.list(set);
    if (services.length === 1) return this.#one(this.#best(client, wanted, start, day, services[0]!));
    const lines = this.#fitting(
      services.map((service) => this.#alike(client, wanted, start, day, service)).filter((alike) => alike.length > 0),
      length,
    );
    if (lines.length < 2) return this.#one(lines[0] ?? -1);
    const minutes = lines.map((line) => this.#tables.lines.minutes(line));
    const total = minutes.reduce((sum, part) => sum + part, 0);
    return { lines, parts: minutes.map((part) => (total > 0 ? part / total : 1 / lines.length)) };
  }

  /**
   * One line of each service. Where several could be meant, those that together are ordered for about as long as the
   * visit: a source that does not say the part of day would else give a meal a quarter of the visit or a half by chance.
   */
  #fitting(alike: ReadonlyArray<readonly number[]>, length: number): number[] {
    if (alike.every((lines) => lines.length === 1) || !(length > 0)) return alike.map(([line]) => line!);
    // Another visit may be for the same services and longer.
    this.#timely = true;
    const { lines } = this.#tables;
    let chosen: Array<{ lines: number[]; minutes: number }> = [{ lines: [], minutes: 0 }];
    for (const of of alike) {
      chosen = chosen.flatMap((one) =>
        of.map((line) => ({ lines: [...one.lines, line], minutes: one.minutes + lines.minutes(line) })),
      );
    }
    const off = ({ minutes }: { minutes: number }): number => Math.abs(minutes - length);
    return chosen.reduce((best, one) => (off(one) < off(best) ? one : best)).lines;
  }

  #one(line: number): Shares {
    if (line < 0) return NONE;
    return (this.#single[line] ??= { lines: [line], parts: WHOLE });
  }

  /** `service` -1: any. The row that fits best; among equals the first by order and id. */
  #best(client: number, wanted: Wanted, start: Instant, day: Day, service: number): number {
    let best = -1;
    let bestFit = -Infinity;
    this.#each(client, wanted, start, day, service, (line, rough, outside) => {
      const fit = rough - outside;
      if (fit > bestFit) [best, bestFit] = [line, fit];
    });
    return best;
  }

  /**
   * Those that fit as well as the best, first, but for saying on which weekdays they are due, and but for how far from
   * their part of the day the visit is: between midday and evening the nearer of them need not be meant.
   */
  #alike(client: number, wanted: Wanted, start: Instant, day: Day, service: number): number[] {
    const { lines } = this.#tables;
    const found: Array<{ line: number; fit: number; rough: number }> = [];
    this.#each(client, wanted, start, day, service, (line, rough, outside) => {
      found.push({ line, rough, fit: rough - outside });
    });
    const best = Math.max(...found.map(({ rough }) => rough));
    const due = (line: number): boolean => !lines.listsWeekdays(line) || lines.onWeekday(line, weekdayOf(day));
    return found
      .filter(({ line, rough }) => rough === best || (rough === best - 1 && due(line)))
      .toSorted((a, b) => b.fit - a.fit)
      .map(({ line }) => line);
  }

  /**
   * Every line that may be meant, by order and id, with how well it fits. How far outside its part of the day the visit
   * is, a half at most, only tells lines apart that fit as well.
   */
  #each(
    client: number,
    wanted: Wanted,
    start: Instant,
    day: Day,
    service: number,
    take: (line: number, rough: number, outside: number) => void,
  ): void {
    const { orders, lines } = this.#tables;
    const ofClient = orders.byClient;
    for (let i = ofClient.offsets[client]!; i < ofClient.offsets[client + 1]!; i++) {
      const order = ofClient.rows[i]!;
      const provider = orders.provider(order);
      if (provider >= 0 && wanted.provider >= 0 && provider !== wanted.provider) continue;
      this.#bound(orders.validFrom(order), orders.validTo(order), day);
      if (!orders.valid(order, day)) continue;
      const orderFit = (order === wanted.order ? 16 : 0) + (orders.unit(order) === wanted.unit ? 8 : 0);
      const { rows, offsets } = lines.byOrder;
      for (let j = offsets[order]!; j < offsets[order + 1]!; j++) {
        const line = rows[j]!;
        if (service >= 0 && lines.service(line) !== service) continue;
        this.#bound(lines.validFrom(line), lines.validTo(line), day);
        if (!lines.valid(line, day)) continue;
        // More than part of day and weekday together can say against it.
        let fit = orderFit + (wanted.together && lines.staffing(line) > 1 ? 7 : 0);
        let outside = 0;
        const part = lines.partOfDay(line);
        if (part !== "any") {
          this.#timely = true;
          // An evening that goes on past ten is still the evening's rather than the morning's.
          outside = outsidePart(part, minuteOfDay(start)) / 2;
          fit += outside === 0 ? 2 : -1.5;
        }
        if (lines.listsWeekdays(line)) {
          this.#timely = true;
          fit += lines.onWeekday(line, weekdayOf(day)) ? 1 : -1;
        } else if (lines.per(line) === "day") fit += 1;
        take(line, fit, outside);
      }
    }
  }

  /** Keeps the days around `day` on which a validity says the same. */
  #bound(from: Day, through: Day, day: Day): void {
    if (from > day) this.#through = Math.min(this.#through, from - 1);
    else this.#from = Math.max(this.#from, from);
    if (through === NO_DAY) return;
    if (through < day) this.#from = Math.max(this.#from, through + 1);
    else this.#through = Math.min(this.#through, through);
  }
}

/** What says how much a line grants; visits tell what came about on a day on which the client left or came home. */
type GrantTables = Pick<Tables, "lines" | "orders" | "absences"> & Partial<Pick<Tables, "visits" | "services">>;

/** The minute of the local day at which an occurrence counts as inside an absence or not. */
function referenceMinute(part: keyof typeof parts | "any", occurrence: number, occurrences: number): number {
  if (part === "night") return 120;
  if (part !== "any") return (parts[part][0] + parts[part][1]) / 2;
  // Spread over the waking day, 07–22.
  return 420 + Math.floor(((occurrence + 0.5) / Math.max(1, occurrences)) * 900);
}

function occurrencesOn({ lines }: Pick<Tables, "lines">, line: number, day: Day): number {
  const times = lines.times(line);
  const listed = lines.listsWeekdays(line);
  const onDay = !listed || lines.onWeekday(line, weekdayOf(day));
  const first = lines.validFrom(line);
  switch (lines.per(line)) {
    case "day":
      return onDay ? times : 0;
    case "week":
      return listed ? (onDay ? times : 0) : times / 7;
    case "fortnight": {
      const weeks = Math.floor((day - (first - (weekdayOf(first) - 1))) / 7);
      if (listed) return onDay && weeks % 2 === 0 ? times : 0;
      return times / 14;
    }
    case "month": {
      const month = monthLength(day);
      return times / month;
    }
    case "once":
      return day === first ? times : 0;
  }
}

/** The line has an occurrence on the day; without weekdays, every day of its validity may have one. */
export function expectsVisit(tables: Pick<Tables, "lines">, line: number, day: Day): boolean {
  return tables.lines.valid(line, day) && occurrencesOn(tables, line, day) > 0;
}

function monthLength(day: Day): number {
  const [year, month] = monthOf(day).split("-").map(Number) as [number, number];
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** One time at which a line is due. */
export interface Occurrence {
  /** When it counts as taking place, by the part of the day. */
  at: Instant;
  /** Of one occurrence: less than 1 where a line names no days. */
  part: number;
  /** The client is away then. */
  away: boolean;
}

/** When a line is due on a day, whether it is in force then or not. */
export function occurrencesOf(tables: GrantTables, line: number, day: Day): Occurrence[] {
  const occurrences = occurrencesOn(tables, line, day);
  const { lines, orders, absences } = tables;
  const order = lines.order(line);
  const client = order < 0 ? -1 : orders.client(order);
  const whole = Math.ceil(occurrences);
  const cameAbout = client < 0 || whole === 0 ? null : cameAboutOn(tables, client, line, day);
  return Array.from({ length: whole }, (_, occurrence) => {
    const at = atMinute(day, referenceMinute(lines.partOfDay(line), occurrence, whole));
    const away =
      cameAbout !== null ? occurrence >= cameAbout : client >= 0 && absences.covering(client, at, at + 1) >= 0;
    return { at, part: occurrences / whole, away };
  });
}

/** Due on this day at a time that nobody has written down. */
const someTime = ({ lines }: Pick<Tables, "lines">, line: number, day: Day): boolean =>
  lines.partOfDay(line) === "any" &&
  (lines.per(line) === "day" || lines.listsWeekdays(line)) &&
  expectsVisit({ lines }, line, day);

/**
 * Of a line that does not say the part of day: how many of its occurrences came about on a day of which the client was
 * away a part, since they cannot have fallen inside the absence. Null where the client was not, or all of the day, or the
 * line says when it is due. Visits are for the line of the order and service whose minutes are nearest to theirs.
 */
function cameAboutOn(tables: GrantTables, client: number, line: number, day: Day): number | null {
  const { lines, orders, absences, visits, services } = tables;
  if (visits === undefined || services === undefined || !someTime(tables, line, day)) return null;
  // Between 07 and 22, for an hour at least, and not all of it.
  const [from, until] = [atMinute(day, 420), atMinute(day, 1320)];
  let away = 0;
  for (const absence of rowsOf(absences.byClient, client)) {
    away += Math.max(0, Math.min(absences.until(absence), until) - Math.max(absences.from(absence), from));
  }
  if (away < 60 * MINUTE || away >= until - from) return null;
  const order = lines.order(line);
  const due = Array.from(rowsOf(lines.byOrder, order))
    .filter((other) => lines.service(other) === lines.service(line) && someTime(tables, other, day))
    .flatMap((other) => {
      const each = Math.ceil(occurrencesOn(tables, other, day)) * lines.staffing(other);
      return Array.from({ length: each }, () => other);
    });
  let cameAbout = 0;
  for (const visit of rowsOf(visits.byClient, client)) {
    if (visits.day(visit) > day || due.length === 0) break;
    if (visits.day(visit) < day || !visits.usable(visit) || visits.provider(visit) !== orders.provider(order)) continue;
    if (absences.covering(client, visits.start(visit), visits.start(visit) + 1) >= 0) continue;
    const named = services.list(visits.services(visit));
    if (!named.includes(lines.service(line))) continue;
    const minutes = (visits.end(visit) - visits.start(visit)) / MINUTE / named.length;
    const off = (other: number): number => Math.abs(lines.minutes(other) - minutes);
    const nearest = due.reduce((best, other) => (off(other) < off(best) ? other : best));
    due.splice(due.indexOf(nearest), 1);
    if (nearest === line) cameAbout++;
  }
  // Also where one of two came.
  return Math.ceil(cameAbout / lines.staffing(line));
}

/** The line and its order are in force on the day. */
export function inForce({ lines, orders }: GrantTables, line: number, day: Day): boolean {
  const order = lines.order(line);
  return order >= 0 && lines.valid(line, day) && orders.valid(order, day);
}

/** Granted minutes of a line over days of one month, before any limit of the decision: fractions are kept. */
export function grossMinutes(
  tables: GrantTables,
  line: number,
  firstDay: Day,
  lastDay: Day,
): { granted: number; absent: number } {
  const { lines, orders, absences } = tables;
  const order = lines.order(line);
  const each = lines.minutes(line) * lines.staffing(line);
  const client = order < 0 ? -1 : orders.client(order);
  const away = client >= 0 && absences.byClient.offsets[client] !== absences.byClient.offsets[client + 1];
  let granted = 0;
  let absent = 0;
  for (let day = firstDay; day <= lastDay; day++) {
    if (!inForce(tables, line, day)) continue;
    const occurrences = occurrencesOn(tables, line, day);
    if (occurrences === 0) continue;
    granted += occurrences * each;
    if (!away || absences.covering(client, startOfDay(day), startOfDay(day + 1)) < 0) continue;
    for (const occurrence of occurrencesOf(tables, line, day)) if (occurrence.away) absent += occurrence.part * each;
  }
  return { granted, absent };
}

export interface Granted {
  /** Whole minutes, rounded half up once. */
  granted: number;
  /** Of the granted minutes, those of occurrences that fall inside absences. */
  absent: number;
}

/**
 * Granted minutes of each line of a client in a month, also those that grant nothing then. Where the decision sets
 * minutes per month, the lines of its orders are scaled down together, and what rounding gives one another has less.
 */
export function grantedInMonth(tables: Tables, client: number, firstDay: Day, lastDay: Day): Map<number, Granted> {
  const { orders, lines, decisions } = tables;
  const gross = new Map<number, { granted: number; absent: number }>();
  const byDecision = new Map<number, number>();
  const ofClient = rowsOf(orders.byClient, client);
  for (const order of ofClient) {
    for (const line of rowsOf(lines.byOrder, order)) {
      const minutes = grossMinutes(tables, line, firstDay, lastDay);
      gross.set(line, minutes);
      const decision = orders.decision(order);
      if (decision >= 0) byDecision.set(decision, (byDecision.get(decision) ?? 0) + minutes.granted);
    }
  }
  const granted = new Map<number, Granted>();
  /** Of decisions that limit, what the lines so far have without rounding. */
  const before = new Map<number, number>();
  for (const [line, minutes] of gross) {
    const decision = orders.decision(lines.order(line));
    const total = byDecision.get(decision) ?? 0;
    const limit = decision < 0 ? NaN : decisions.grantedMinutesPerMonth(decision);
    if (!(limit < total)) {
      granted.set(line, { granted: rounded(minutes.granted), absent: rounded(minutes.absent) });
      continue;
    }
    const scale = limit / total;
    const others = before.get(decision) ?? 0;
    const all = others + minutes.granted * scale;
    before.set(decision, all);
    const own = rounded(all) - rounded(others);
    granted.set(line, { granted: own, absent: Math.min(own, rounded(minutes.absent * scale)) });
  }
  return granted;
}

/** Half up; sums of sevenths and the like may come out a hair below the half. */
function rounded(minutes: number): number {
  return Math.floor(minutes + 0.5 + 1e-9);
}
