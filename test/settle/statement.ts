import { tablesFrom } from "#columns";
import { matchVisits } from "#match";
import { day, daysOfMonth, formatDay, MINUTE, samples } from "#model";
import { Settlement, settlementRow, type VisitTrace } from "#settle";

const { at, sample, sampleMunicipality } = samples;

export const price = [{ from: "2026-01-01", orePerHour: 48_000 }];

/** A contract of provider P1 with an hour at 480 kronor, 800 öre a minute, unless its terms say otherwise. */
export const contract = (terms: Record<string, unknown> = {}, values: Record<string, unknown> = {}, id = "K1") =>
  sample("contracts", id, { ...values, terms: { price, ...terms } });

/** The sample municipality's order o-1 of client C1, with this line alone: 30 minutes a day unless said otherwise. */
export const line = (values: Record<string, unknown> = {}, id = "o-1-1") =>
  sample("order-lines", id, { orderId: "o-1", minutes: 30, times: 1, ...values });

export const visit = (id: string, start: string, end: string, values: Record<string, unknown> = {}) =>
  sample("visits", id, { start, end, ...values });

export interface Asked {
  month?: string;
  client?: string;
  /** First and last day of what is read; the month itself unless said otherwise. */
  from?: string;
  through?: string;
}

export function settle(records: readonly samples.SampleRecord[], asked: Asked = {}) {
  const { first, last } = daysOfMonth(asked.month ?? "2026-10");
  const tables = tablesFrom([...sampleMunicipality(), ...records], {
    asOf: at("2027-06-10 04:30"),
    period: {
      from: asked.from === undefined ? first : day(asked.from),
      through: asked.through === undefined ? last : day(asked.through),
    },
  });
  const settlement = new Settlement(tables, matchVisits(tables));
  const client = tables.clients.find(`files/${asked.client ?? "C1"}`);
  return { tables, settlement, client, first, last };
}

/** What is paid in a month, as a statement that can be checked by hand: minutes, öre and steps, row by row. */
export function statement(records: readonly samples.SampleRecord[], asked: Asked = {}) {
  const { tables, settlement, client, first, last } = settle(records, asked);
  const figures = settlement.month(client, first, last).map((row) => settlementRow(tables, row));
  const paid = settlement.paid(client, first, last);
  const detail = settlement.detail(client, first, last);
  return figures.map((row) => {
    const paidRow = paid.find(
      (one) =>
        (one.line < 0 ? null : tables.lines.id(one.line)) === row.line &&
        one.service >= 0 &&
        tables.services.code[one.service] === row.service &&
        tables.providers.text(one.provider) === row.provider,
    )!;
    return {
      line: row.line,
      contract: row.contract,
      registered: row.minutes.registered,
      payable: row.minutes.payable,
      fee: row.feeMinutes,
      ore: row.ore.payable,
      /** Signed minutes by step. */
      steps: Object.fromEntries(row.trace.map(({ step, minutes }) => [step, minutes])),
      whys: Object.fromEntries(row.trace.flatMap(({ step, why }) => (why === undefined ? [] : [[step, why]]))),
      clauses: Object.fromEntries(
        row.trace.flatMap(({ step, clause }) => (clause === undefined ? [] : [[step, clause]])),
      ),
      /** "2026-10-05" or "2026-10-05 natt": minutes and öre. */
      days: Object.fromEntries(
        paidRow.days.map(({ day: date, band, ms, ore }) => [
          `${formatDay(date)}${band === null ? "" : ` ${band}`}`,
          [ms / MINUTE, ore],
        ]),
      ),
      visits: (detail.get(paidRow) ?? []).map((trace) => visitOf(tables, trace)),
    };
  });
}

function visitOf(tables: ReturnType<typeof settle>["tables"], trace: VisitTrace) {
  return {
    kind: trace.kind,
    visit: trace.visit < 0 ? null : tables.visits.id(trace.visit),
    steps: trace.steps.map(({ step, ms }) => [step, ms / MINUTE]),
    bands: trace.bands.map(({ band, ms, ore }) => [band, ms / MINUTE, ore]),
  };
}

/** The only row of a statement. */
export function only(records: readonly samples.SampleRecord[], asked: Asked = {}) {
  const rows = statement(records, asked);
  if (rows.length !== 1) throw new Error(`${rows.length} rows instead of one.`);
  return rows[0]!;
}
