import { rowsOf, type Tables } from "#columns";
import { type Day, MINUTE } from "#model";
import type { ClaimCoverage } from "./claims.ts";
import type { PaidRow } from "./paid.ts";
import { groupOf, type MonthRows, type Row } from "./rows.ts";

/** What is claimed on a row, and how it compares with what is payable. */
export interface Compared {
  minutes: number;
  ore: number;
  overbilled: number;
  unbilled: number;
  codes: Map<string, number>;
}

/** The claims of a client in a month, all of one order and service on the first of its rows that has one. */
export function claimsByRow(
  { claims }: Tables,
  rows: MonthRows,
  coverageOf: (claim: number) => ClaimCoverage,
): Map<Row, ClaimCoverage[]> {
  const byRow = new Map<Row, ClaimCoverage[]>();
  const leads = new Map<string, Row>();
  for (const claim of rowsOf(claims.byClient, rows.client)) {
    if (claims.from(claim) > rows.last || claims.to(claim) < rows.first) continue;
    const coverage = coverageOf(claim);
    const row = rows.row(coverage.line, claims.provider(claim), claims.unit(claim), claims.service(claim));
    // A claim speaks of a service on a day, not of the line for its morning or evening.
    const lead = row.line < 0 ? row : (leads.get(groupOf(row)) ?? row);
    leads.set(groupOf(row), lead);
    const ofRow = byRow.get(lead);
    if (ofRow === undefined) byRow.set(lead, [coverage]);
    else ofRow.push(coverage);
  }
  return byRow;
}

const minutesOf = (ms: number): number => Math.floor(ms / MINUTE + 0.5 + 1e-9);

interface Payable {
  ms: number;
  /** Null: no price is known. */
  ore: number | null;
}

/** What claims on a row are held against: all lines of its order and service. */
function payableByDay(row: Row, paid: ReadonlyMap<Row, PaidRow>): Map<Day, Payable> {
  const byDay = new Map<Day, Payable>();
  for (const [other, { days }] of paid) {
    if (other !== row && (row.line < 0 || other.line < 0 || groupOf(other) !== groupOf(row))) continue;
    for (const { day, ms, ore } of days) {
      const before = byDay.get(day) ?? { ms: 0, ore: 0 };
      byDay.set(day, { ms: before.ms + ms, ore: before.ore === null || ore === null ? null : before.ore + ore });
    }
  }
  return new Map([...byDay].sort(([a], [b]) => a - b));
}

interface Share {
  minutes: number;
  ore: number;
  empty: boolean;
  silent: boolean;
}

/** Claims against payable minutes: lines about one day by day, lines about a period over its days with visits. */
export function compareClaims(
  row: Row,
  claims: readonly ClaimCoverage[],
  paid: ReadonlyMap<Row, PaidRow>,
  first: Day,
  last: Day,
): Compared {
  const compared: Compared = { minutes: 0, ore: 0, overbilled: 0, unbilled: 0, codes: new Map() };
  if (claims.length === 0) return compared;
  const inMonth = (day: Day): boolean => day >= first && day <= last;
  const open = payableByDay(row, paid);
  const byDay = new Map<Day, Share>();
  const spans: ClaimCoverage[] = [];
  const count = (code: string, by = 1): void => {
    if (by > 0) compared.codes.set(code, (compared.codes.get(code) ?? 0) + by);
  };
  for (const coverage of claims) {
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
    } else difference(compared, count, share, [day], open);
  }
  for (const span of spans) {
    count("M05", span.emptyDays.filter(inMonth).length);
    count("M09", span.silentDays.filter(inMonth).length);
    compared.overbilled += span.orePerDay * span.emptyDays.filter(inMonth).length;
    const without = new Set([...span.emptyDays, ...span.silentDays]);
    const days = span.days.filter((day) => inMonth(day) && !without.has(day));
    if (days.length === 0) continue;
    const claimed = { minutes: span.minutesPerDay * days.length, ore: span.orePerDay * days.length };
    difference(compared, count, claimed, days, open);
  }
  // What is payable on days that nobody claims.
  for (const [day, payable] of open) {
    if (minutesOf(payable.ms) > 0)
      difference(compared, count, { minutes: 0, ore: 0 }, [day], new Map([[day, payable]]));
  }
  return compared;
}

function difference(
  compared: Compared,
  count: (code: string) => void,
  claimed: { minutes: number; ore: number },
  days: readonly Day[],
  open: Map<Day, Payable>,
): void {
  let ms = 0;
  let payableOre: number | null = 0;
  for (const day of days) {
    const payable = open.get(day) ?? { ms: 0, ore: 0 };
    ms += payable.ms;
    payableOre = payableOre === null || payable.ore === null ? null : payableOre + payable.ore;
    open.delete(day);
  }
  const over = claimed.minutes - minutesOf(ms);
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
