import type { Tables } from "#columns";
import { MINUTE, roundHalfUp } from "#model";
import type { PaidDay, PaidRow, TraceStep } from "./paid.ts";
import { priceOf } from "./price.ts";
import { groupOf, type MonthRows, type Row } from "./rows.ts";
import type { TermsBook } from "./terms.ts";

/** Whole minutes, half up; sums of parts may come out a hair below the half. */
export const minutesOf = (ms: number): number => Math.floor(ms / MINUTE + 0.5 + 1e-9);

/** What is paid for each row of a client's month. */
export function payRows(
  tables: Tables,
  book: TermsBook,
  rows: MonthRows,
  only: Iterable<Row> = rows.all(),
): Map<Row, PaidRow> {
  const caps = capOf(rows);
  return new Map([...only].map((row) => [row, payRow(tables, book, rows, row, caps.get(row) ?? 0)]));
}

/**
 * What is granted caps what is payable, by line. Lines of one order and service may be impossible to tell apart (a
 * source need not say the part of day), and then all visits count on one of them: it may use what the others leave.
 */
function capOf(rows: MonthRows): Map<Row, number> {
  const caps = new Map<Row, number>();
  const left = new Map<string, number>();
  for (const row of rows.all()) {
    if (row.line < 0) continue;
    const cap = row.granted * MINUTE;
    caps.set(row, cap);
    left.set(groupOf(row), (left.get(groupOf(row)) ?? 0) + Math.max(0, cap - row.registered));
  }
  for (const [row, cap] of caps) {
    if (row.registered <= cap) continue;
    const extra = Math.min(row.registered - cap, left.get(groupOf(row)) ?? 0);
    caps.set(row, cap + extra);
    left.set(groupOf(row), (left.get(groupOf(row)) ?? 0) - extra);
  }
  return caps;
}

function payRow(tables: Tables, book: TermsBook, { client, first }: MonthRows, row: Row, cap: number): PaidRow {
  const code = row.service < 0 ? null : tables.services.code[row.service]!;
  const days: PaidDay[] = [];
  let left = cap;
  let why: string | undefined;
  let held = book.of(row.provider, row.unit, row.service, first);
  let priced: number | null = null;
  for (const [position, day] of row.days.entries()) {
    const ms = Math.min(row.ms[position]!, left);
    left -= ms;
    const inForce = book.of(row.provider, row.unit, row.service, day);
    held = inForce ?? held;
    if (ms === 0) continue;
    const area = tables.clients.area(client, day);
    const price =
      inForce === null ? null : priceOf(inForce.terms, { per: "hour", service: code, band: null, area, day });
    if (price === null) why = inForce === null ? "inget avtal gäller" : "avtalet har inget timpris för insatsen";
    const ore = price === null ? null : roundHalfUp((ms * price) / 3_600_000);
    if (ore !== null) priced = (priced ?? 0) + ore;
    days.push({ day, band: null, exactMs: ms, ms, ore, orePerHour: price });
  }
  const payableMs = days.reduce((sum, { ms }) => sum + ms, 0);
  const steps: TraceStep[] = [{ step: "registered", minutes: minutesOf(row.registered) }];
  const capped = minutesOf(payableMs) - minutesOf(row.registered);
  if (capped !== 0) {
    steps.push({ step: "cap", minutes: capped, ...(row.line < 0 ? { why: "ingen beställning omfattar tiden" } : {}) });
  }
  if (why !== undefined) steps.push({ step: "price", minutes: 0, why });
  return {
    provider: row.provider,
    unit: row.unit,
    service: row.service,
    order: row.order,
    line: row.line,
    contract: held?.contract ?? -1,
    basis: held?.terms.basisOf(code) ?? "performed",
    registeredMs: row.registered,
    exactMs: payableMs,
    payableMs,
    ore: priced,
    days,
    steps,
  };
}
