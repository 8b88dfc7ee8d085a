import { groupBy, NO_DAY, type Orders, type Period, rowsOf, type Tables, upTo, type Visits } from "#columns";
import { type Day, day, dayOf, daysOfMonth, formatDay, monthOf } from "#model";
import type {
  ClientDaySlice,
  ClientMonthSlice,
  ProviderMonthSlice,
  Scope,
  SourceMonthSlice,
  StaffDaySlice,
  StaffMonthSlice,
  UnitMonthSlice,
} from "./define.ts";

/** The months that a period touches, by first and last day. */
export function monthsOf(period: Period): Array<{ first: Day; last: Day }> {
  const months: Array<{ first: Day; last: Day }> = [];
  for (let next = period.from; next <= period.through; next = months.at(-1)!.last + 1) {
    months.push(daysOfMonth(monthOf(next)));
  }
  return months;
}

export const MARGIN_DAYS = 2;

/**
 * The days whose records must be read so that every slice of the period is whole: whole months, and two days on either
 * side for visits past midnight and plans near it.
 */
export function readingPeriod(period: Period): Period {
  const months = monthsOf(period);
  return { from: months[0]!.first - MARGIN_DAYS, through: months.at(-1)!.last + MARGIN_DAYS };
}

const none: Int32Array = new Int32Array(0);

/** The rows from the first at or after `from` until the first after `through`, of rows in order of day. */
export function between(rows: Int32Array, from: Day, through: Day, dayAt: (row: number) => Day): Int32Array {
  const first = lowerBound(rows, from, dayAt);
  const end = lowerBound(rows, through + 1, dayAt);
  return first === end ? none : rows.subarray(first, end);
}

function lowerBound(rows: Int32Array, value: Day, dayAt: (row: number) => Day): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (dayAt(rows[middle]!) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** No contract pays for longer. */
const PAID_AFTER_DEATH_DAYS = 62;

export function clientMonth(tables: Tables, client: number, firstDay: Day, lastDay: Day): ClientMonthSlice | null {
  const { visits, plans, claims, orders } = tables;
  const slice: ClientMonthSlice = {
    client,
    firstDay,
    lastDay,
    visits: between(rowsOf(visits.byClient, client), firstDay, lastDay, (row) => visits.day(row)),
    plans: between(rowsOf(plans.byClient, client), firstDay, lastDay, (row) => dayOf(plans.start(plans.frozen(row)))),
    claims: between(rowsOf(claims.byClient, client), firstDay, lastDay, (row) => claims.from(row)),
    orders: ordersBetween(orders, client, firstDay, lastDay),
  };
  const empty = slice.visits.length + slice.plans.length + slice.claims.length + slice.orders.length === 0;
  // A contract may pay for days after a death, also when the order has ended.
  const died = tables.clients.deceasedOn(client);
  const mourned = died !== NO_DAY && died <= lastDay && died >= firstDay - PAID_AFTER_DEATH_DAYS;
  return empty && !mourned ? null : slice;
}

function ordersBetween(orders: Orders, client: number, firstDay: Day, lastDay: Day): Int32Array {
  const rows = rowsOf(orders.byClient, client);
  for (let at = 0; at < rows.length; at++) if (!holds(rows[at]!)) return rows.filter(holds);
  return rows;

  function holds(row: number): boolean {
    const validTo = orders.validTo(row);
    return orders.validFrom(row) <= lastDay && (validTo === NO_DAY || validTo >= firstDay);
  }
}

interface DaySlice {
  day: Day;
  firstDay: Day;
  lastDay: Day;
  visits: Int32Array;
  before: Int32Array;
}

/** Cuts rows in order of day into days; `before` are those of the day before. */
function daySlices<S extends DaySlice>(
  tables: Tables,
  rows: Int32Array,
  first: Day,
  last: Day,
  make: (day: Day, visits: Int32Array, before: Int32Array) => S,
): S[] {
  const { visits } = tables;
  const slices: S[] = [];
  const part = between(rows, first - 1, last, (row) => visits.day(row));
  let before: Int32Array = none;
  let dayBefore = NO_DAY;
  let start = 0;
  while (start < part.length) {
    const today = visits.day(part[start]!);
    let end = start + 1;
    while (end < part.length && visits.day(part[end]!) === today) end++;
    const rowsOfDay = part.subarray(start, end);
    if (today >= first) slices.push(make(today, rowsOfDay, dayBefore === today - 1 ? before : none));
    before = rowsOfDay;
    dayBefore = today;
    start = end;
  }
  return slices;
}

export function clientDays(tables: Tables, client: number, first: Day, last: Day): ClientDaySlice[] {
  const rows = rowsOf(tables.visits.byClient, client);
  return daySlices(tables, rows, first, last, (day, visits, before) => {
    return { client, day, firstDay: day, lastDay: day, visits, before };
  });
}

export function staffDays(tables: Tables, staff: number, first: Day, last: Day): StaffDaySlice[] {
  const rows = rowsOf(tables.visits.byStaff, staff);
  return daySlices(tables, rows, first, last, (day, visits, before) => {
    return { staff, day, firstDay: day, lastDay: day, visits, before };
  });
}

/** The months of all providers, each made once: several rules ask for every one. */
export class ProviderMonths {
  readonly #tables: Tables;
  readonly #made = new Map<Day, ReadonlyArray<ProviderMonthSlice | null>>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** By provider; null for those without visits. */
  of(firstDay: Day, lastDay: Day): ReadonlyArray<ProviderMonthSlice | null> {
    let months = this.#made.get(firstDay);
    if (months === undefined) this.#made.set(firstDay, (months = providerMonths(this.#tables, firstDay, lastDay)));
    return months;
  }
}

function providerMonths({ visits, providers }: Tables, firstDay: Day, lastDay: Day): Array<ProviderMonthSlice | null> {
  const months = Array.from({ length: providers.count }, (_, provider) => {
    const rows = within(visits, rowsOf(visits.byProvider, provider), firstDay, lastDay);
    return rows.length === 0
      ? null
      : { provider, firstDay, lastDay, visits: rows, byStaff: new Int32Array(rows.length) };
  });
  const counts = new Int32Array(providers.count);
  const rows = within(visits, visits.byStaff.rows, firstDay, lastDay);
  for (let i = 0; i < rows.length; i++) {
    const provider = visits.provider(rows[i]!);
    if (provider >= 0) months[provider]!.byStaff[counts[provider]!++] = rows[i]!;
  }
  return months.map((month) => month && { ...month, byStaff: month.byStaff.subarray(0, counts[month.provider]) });
}

/** Those of rows in no order of day that lie in some days. By hand: to filter a million makes a list of them first. */
function within(visits: Visits, rows: Int32Array, first: Day, last: Day): Int32Array {
  const own = new Int32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const on = visits.day(rows[i]!);
    if (on >= first && on <= last) own[count++] = rows[i]!;
  }
  return own.subarray(0, count);
}

export function staffMonth(tables: Tables, staff: number, firstDay: Day, lastDay: Day): StaffMonthSlice | null {
  const { visits, shifts } = tables;
  const days = (from: Day, through: Day): Int32Array =>
    between(rowsOf(visits.byStaff, staff), from, through, (row) => visits.day(row));
  const own = days(firstDay, lastDay);
  const worked = between(rowsOf(shifts.byStaff, staff), firstDay, lastDay, (row) => dayOf(shifts.start(row)));
  if (own.length === 0 && worked.length === 0) return null;
  return {
    staff,
    firstDay,
    lastDay,
    visits: own,
    before: days(firstDay - MARGIN_DAYS, firstDay - 1),
    after: days(lastDay + 1, lastDay + MARGIN_DAYS),
    shifts: worked,
  };
}

/** Visits by start, where their order is seen. */
export function inTime(visits: Visits, rows: readonly number[]): number[] {
  return rows.toSorted((a, b) => visits.start(a) - visits.start(b) || a - b);
}

/** A provider's month by unit, in order of unit. */
export function unitMonths(
  { visits, units }: Tables,
  { provider, firstDay, lastDay, visits: rows }: ProviderMonthSlice,
): UnitMonthSlice[] {
  const unitOf = new Int32Array(rows.length);
  for (let at = 0; at < rows.length; at++) unitOf[at] = visits.unit(rows[at]!);
  const ofUnit = groupBy(upTo(rows.length), unitOf, units.count);
  for (let at = 0; at < ofUnit.rows.length; at++) ofUnit.rows[at] = rows[ofUnit.rows[at]!]!;
  return Array.from({ length: units.count }, (_, unit) => rowsOf(ofUnit, unit)).flatMap((own, unit) =>
    own.length === 0 ? [] : [{ unit, provider, firstDay, lastDay, visits: own }],
  );
}

export function sourceMonth(tables: Tables, source: number, firstDay: Day, lastDay: Day): SourceMonthSlice {
  const { visits } = tables;
  return { source, firstDay, lastDay, visits: within(visits, rowsOf(visits.bySource, source), firstDay, lastDay) };
}

/** How rules group their slices: several scopes walk the same ones. */
const walkOf: Readonly<Record<Scope, string>> = {
  visit: "client-month",
  "planned-visit": "client-month",
  order: "client-month",
  claim: "client-month",
  "client-month": "client-month",
  "client-day": "client-day",
  "staff-day": "staff-day",
  "staff-month": "staff-month",
  "unit-month": "unit-month",
  "provider-month": "provider-month",
  source: "source-month",
};

/** "staff-day:<key of the staff member>:2026-10-05": stable over runs, as long as the person is known by the same key. */
export function sliceKey(scope: Scope, subject: string, firstDay: Day): string {
  const walk = walkOf[scope];
  return `${walk}:${subject}:${walk.endsWith("month") ? monthOf(firstDay) : formatDay(firstDay)}`;
}

/** What a slice key says; null where it is none. */
export function parseSliceKey(key: string): { walk: string; subject: string; from: Day; through: Day } | null {
  const found = /^([a-z]+-(?:day|month)):(.*):(\d{4}-\d{2})(-\d{2})?$/s.exec(key);
  if (found === null) return null;
  const [, walk = "", subject = "", month = "", dayOfMonth] = found;
  if (dayOfMonth !== undefined) {
    const from = day(month + dayOfMonth);
    return { walk, subject, from, through: from };
  }
  const { first, last } = daysOfMonth(month);
  return { walk, subject, from: first, through: last };
}
