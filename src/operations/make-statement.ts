import { type Tables } from "#columns";
import { AppError } from "#errors";
import { matchVisits } from "#match";
import {
  type Day,
  dayOf,
  daysOfMonth,
  formatClock,
  formatDay,
  type Instant,
  MINUTE,
  type Month,
  type Ore,
} from "#model";
import {
  claimCodes,
  type Figures,
  idsOfRow,
  type JudgedClaim,
  type PaidRow,
  Settlement,
  type VisitTrace,
} from "#settle";
import {
  type Payment,
  paymentOf,
  selfBilling,
  type Statement,
  type StatementAdjustment,
  type StatementClaim,
  type StatementLine,
  type StatementStep,
  type StatementVisit,
  stepTitles,
  visitTitles,
} from "#statement";
import {
  type ClosedMonth,
  type Database,
  isClosed,
  lastNormalisedPage,
  recordAccess,
  selectClientsOfLine,
  selectClosedLines,
  selectClosedMonths,
  selectNamed,
  selectNames,
  selectStatementLines,
  settlementLineId,
} from "#store";
import { type Actor, permit } from "./actor.ts";
import type { CloseNeeds, StandingLine } from "./close-month.ts";
import { readSurroundings, readTables, windowOfMonth } from "./read-window.ts";
import { readTablesOf } from "./reconcile-changed.ts";

export interface StatementNeeds extends CloseNeeds {
  config: { municipality: { name: string; organisationNumber?: string | undefined } };
}

class UnknownProvider extends AppError {
  readonly code = "statement.unknown-provider";
  readonly kind = "missing";

  constructor(provider: string, month: Month, line: string | undefined) {
    super(`${provider} has no figures for ${line === undefined ? "" : `the order line ${line} in `}${month}.`, {
      month,
    });
  }
}

/** Providers with figures in a month, by id. */
export async function listStatementProviders(needs: StatementNeeds, actor: Actor, month: Month): Promise<string[]> {
  permit(actor, "settlement:read");
  const { tables, settlement, first, last } = await settlementOf(needs, actor.tenantId, month);
  const providers = new Set<number>();
  for (let client = 0; client < tables.clients.count; client++)
    for (const { provider } of settlement.month(client, first, last)) if (provider >= 0) providers.add(provider);
  return [...providers].map((provider) => tables.providers.text(provider)).sort();
}

/**
 * A provider's month, from every registered interval to öre: of an open month as it is now, of a closed one as it stands.
 * The reading is recorded. `line` narrows it to one order line. Throws where the provider, or the line, has no figures.
 */
export async function makeStatement(
  needs: StatementNeeds,
  actor: Actor,
  { month, provider, line }: { month: Month; provider: string; line?: string },
  reading: { operation: string; why?: string } = { operation: "statement" },
): Promise<Statement> {
  permit(actor, "settlement:read");
  const { database, now } = needs;
  const { tables, settlement, closed, first, last, asOf } = await settlementOf(needs, actor.tenantId, month);
  const { lines, code } = linesOf(tables, settlement, {
    first,
    last,
    provider,
    ...(line === undefined ? {} : { line }),
  });
  if (code < 0) throw new UnknownProvider(provider, month, line);
  const adjustments =
    closed === null || line !== undefined ? [] : await adjustmentsOf(database, actor.tenantId, month, provider, tables);
  await recordAccess(database, actor, {
    at: now(),
    ...reading,
    subject: `${provider} ${month}`,
    rows: lines.length,
  });
  const sum = (of: (line: StatementLine) => number): number => lines.reduce((total, one) => total + of(one), 0);
  return {
    municipality: needs.config.municipality.name,
    provider: {
      id: provider,
      name: tables.providers.name(code),
      organisationNumber: tables.providers.organisationNumber(code),
    },
    month,
    state: closed === null ? "open" : closed.settledAt === null ? "locked" : "settled",
    asOf,
    lines,
    adjustments,
    totals: {
      registeredMinutes: sum(({ minutes }) => minutes.registered),
      payableMinutes: sum(({ minutes }) => minutes.payable),
      claimedMinutes: sum(({ minutes }) => minutes.claimed),
      payableOre: sum(({ ore }) => ore.payable),
      claimedOre: sum(({ ore }) => ore.claimed),
      overbilledOre: sum(({ ore }) => ore.overbilled),
      unbilledOre: sum(({ ore }) => ore.unbilled),
      heldOre: sum(({ heldOre }) => heldOre),
      adjustmentsOre: adjustments.reduce((total, { ore }) => total + ore, 0),
    },
  };
}

/** A page of a provider's month. */
export interface StatementPage extends Pick<Statement, "month" | "state" | "lines"> {
  provider: string;
  /** Of how many lines. */
  count: number;
}

/**
 * Some lines of a provider's open month, from every registered interval to öre, made of the records of their clients alone.
 * Which lines there are is as the last night found it; what they say is as it is now. The reading is recorded.
 */
export async function pageOfStatement(
  needs: StatementNeeds,
  actor: Actor,
  asked: { month: Month; provider: string; line?: string; offset: number; limit: number },
): Promise<StatementPage> {
  permit(actor, "settlement:read");
  const { month, provider, line, offset, limit } = asked;
  const { database, now } = needs;
  const { tenantId } = actor;
  const few = (await isClosed(database, tenantId, month)) ? null : await readFew(needs, tenantId, asked);
  if (few === null) {
    const whole = await makeStatement(needs, actor, { month, provider, ...(line === undefined ? {} : { line }) });
    const lines = whole.lines.slice(offset, offset + limit);
    return { provider: whole.provider.name, month, state: whole.state, lines, count: whole.lines.length };
  }
  const { tables, ids, count } = few;
  const settlement = new Settlement(tables, matchVisits(tables));
  const { lines: shown } = linesOf(tables, settlement, {
    ...daysOfMonth(month),
    provider,
    ...(line === undefined ? {} : { line }),
    ...(ids === null ? {} : { ids }),
  });
  await recordAccess(database, actor, {
    at: now(),
    operation: "statement",
    subject: `${provider} ${month}`,
    rows: shown.length,
  });
  const { provider: names } = await selectNames(database, tenantId);
  return {
    provider: names.get(provider) ?? provider,
    month,
    state: "open",
    lines: shown,
    count: count ?? shown.length,
  };
}

/** Tables of the clients of some lines; null where only tables of everybody would say what they come to. */
async function readFew(
  needs: StatementNeeds,
  tenantId: string,
  { month, provider, line, offset, limit }: Parameters<typeof pageOfStatement>[2],
): Promise<{
  tables: Tables;
  /** Of the lines; null: all that the clients have of it. */
  ids: ReadonlySet<string> | null;
  count: number | null;
} | null> {
  const { database, sources, now } = needs;
  const found =
    line === undefined ? await selectStatementLines(database, tenantId, { month, provider, offset, limit }) : null;
  if (found !== null && found.lines.length === 0) return null;
  const order = sources.map(({ id }) => id);
  const clients = [...new Set((found?.lines ?? []).flatMap(({ client }) => client ?? []))];
  const people =
    line === undefined
      ? { ids: await selectNamed(database, tenantId, "client", clients, order), refs: [] }
      : { ids: [], refs: await selectClientsOfLine(database, tenantId, line) };
  if (people.ids.length + people.refs.length === 0) return null;
  const tables = await readTablesOf(needs, tenantId, { people, window: windowOfMonth(month), asOf: now() });
  if (tables === null) return null;
  return { tables, ids: found && new Set(found.lines.map(({ id }) => id)), count: found?.count ?? null };
}

/**
 * The lines of a provider that tables know, by client, service and line; `line` and `ids` narrow them. `code` is the
 * provider's, -1 where there are none.
 */
function linesOf(
  tables: Tables,
  settlement: Settlement,
  {
    first,
    last,
    provider,
    line,
    ids,
  }: { first: Day; last: Day; provider: string; line?: string; ids?: ReadonlySet<string> },
): { lines: StatementLine[]; code: number } {
  const found: Array<{ about: ReturnType<typeof idsOfRow>; id: string; line: StatementLine }> = [];
  let code = -1;
  for (let client = 0; client < tables.clients.count; client++) {
    const figures = settlement
      .month(client, first, last)
      .filter((row) => row.provider >= 0 && tables.providers.text(row.provider) === provider)
      .filter((row) => line === undefined || (row.line >= 0 && tables.lines.id(row.line) === line));
    if (figures.length === 0) continue;
    code = figures[0]!.provider;
    const detail = new Map(
      [...settlement.detail(client, first, last)].map(([row, visits]) => [keyOf(row), { row, visits }]),
    );
    for (const row of figures) {
      const about = idsOfRow(tables, row);
      const id = settlementLineId(about);
      if (ids !== undefined && !ids.has(id)) continue;
      found.push({ about, id, line: statementLine(tables, row, detail.get(keyOf(row))) });
    }
  }
  // As the database orders them by page, where what has no line is the last.
  found.sort(
    (a, b) =>
      compare(a.about.client, b.about.client) ||
      nullLast(a.about.service, b.about.service) ||
      nullLast(a.about.line, b.about.line) ||
      compare(a.id, b.id),
  );
  return { lines: found.map((one) => one.line), code };
}

class MonthOpen extends AppError {
  readonly code = "payments.month-open";
  readonly kind = "conflict";

  constructor(month: Month) {
    super(
      `${month} is open: lock it first, so that what is paid cannot change (\`klarsyn settlement lock --month ${month}\`).`,
      { month },
    );
  }
}

class NumberMissing extends AppError {
  readonly code = "payments.organisation-number";
  readonly kind = "usage";
}

/**
 * What every provider is paid for a closed month, and the self-billed invoices of those whose contract says so. Throws
 * where the month is open, or an organisation number that an invoice needs is missing.
 */
export async function makePayments(
  needs: StatementNeeds,
  actor: Actor,
  month: Month,
): Promise<{ payments: Payment[]; invoices: Array<{ name: string; content: string }> }> {
  permit(actor, "settlement:read");
  const closed = (await selectClosedMonths(needs.database, actor.tenantId)).find((one) => one.month === month);
  if (closed === undefined) throw new MonthOpen(month);
  const payments: Payment[] = [];
  for (const provider of await listStatementProviders(needs, actor, month))
    payments.push(paymentOf(await makeStatement(needs, actor, { month, provider })));
  const buyer = needs.config.municipality;
  const invoices = payments
    .filter(({ selfBilled }) => selfBilled.length > 0)
    .map((payment) => {
      const { organisationNumber: buyerNumber } = buyer;
      const { organisationNumber: sellerNumber, name, provider } = payment;
      if (buyerNumber === undefined)
        throw new NumberMissing("Self-billed invoices need municipality.organisationNumber in the configuration.", {});
      if (sellerNumber === null)
        throw new NumberMissing(`Provider ${provider} has no organisation number.`, { provider });
      const number = `${month}-${provider}`.replaceAll(/[^\p{L}\p{N}-]/gu, "-");
      const parties = {
        buyer: { name: buyer.name, organisationNumber: buyerNumber },
        seller: { name, organisationNumber: sellerNumber },
      };
      const issued = formatDay(dayOf(closed.lockedAt));
      return { name: `sjalvfaktura-${number}.xml`, content: selfBilling(payment, parties, { number, issued }) };
    });
  return { payments, invoices };
}

/** Of a held claim only what is in question waits; the rest is paid. */
function heldOf({ overbilledOre, claimedOre, code, holdUntil }: JudgedClaim): Ore {
  return holdUntil === null ? 0 : code === "M06" ? claimedOre : overbilledOre;
}

async function settlementOf(
  { database, now, sources }: StatementNeeds,
  tenantId: string,
  month: Month,
): Promise<{
  tables: Tables;
  settlement: Settlement;
  closed: ClosedMonth | null;
  first: Day;
  last: Day;
  asOf: Instant;
}> {
  const closed = (await selectClosedMonths(database, tenantId)).find((one) => one.month === month) ?? null;
  const { first, last } = daysOfMonth(month);
  const known =
    closed === null
      ? { upToPage: await lastNormalisedPage(database, tenantId), at: now() }
      : { upToPage: closed.upToPage, at: closed.lockedAt };
  // Written when the month was locked.
  const basis = closed === null ? sources : (closed.basis as { sources: CloseNeeds["sources"] }).sources;
  const needs = { database, sources: basis };
  const surroundings = await readSurroundings(needs, tenantId, known.at);
  const past = closed === null ? undefined : known;
  const tables = await readTables(needs, tenantId, windowOfMonth(month), known.at, surroundings, past);
  return { tables, settlement: new Settlement(tables, matchVisits(tables)), closed, first, last, asOf: known.at };
}

const keyOf = ({ provider, unit, service, order, line }: PaidRow | Figures): string =>
  `${provider} ${unit} ${service} ${order} ${line}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const nullLast = (a: string | null, b: string | null): number =>
  a === null || b === null ? Number(a === null) - Number(b === null) : compare(a, b);

function statementLine(
  tables: Tables,
  figures: Figures,
  paid: { row: PaidRow; visits: readonly VisitTrace[] } | undefined,
): StatementLine {
  const { clients, units, services, orders, lines, contracts } = tables;
  const selfBilled = isSelfBilled(tables, figures.contract);
  const heldOre = figures.claims.reduce((held, claim) => held + heldOf(claim), 0);
  return {
    client: clients.text(figures.client),
    unit: figures.unit < 0 ? null : units.name(figures.unit),
    service: figures.service < 0 ? "okänd insats" : services.name(figures.service),
    order: figures.order < 0 ? null : orders.id(figures.order),
    line: figures.line < 0 ? null : lines.id(figures.line),
    ordered: figures.line < 0 ? null : orderedText(tables, figures.line),
    contract: figures.contract < 0 ? null : contracts.reference(figures.contract),
    minutes: figures.minutes,
    ore: figures.ore,
    selfBilled,
    heldOre,
    dueOre: selfBilled ? figures.ore.payable : figures.ore.claimed - heldOre,
    steps: figures.trace.map(({ step, minutes, clause, why }) => stepOf(step, minutes, clause, why)),
    visits: (paid?.visits ?? []).map((visit) => statementVisit(tables, visit)),
    days: (paid?.row.days ?? []).map(({ day, band, ms, orePerHour, ore }) => ({
      day: formatDay(day),
      band,
      minutes: ms / MINUTE,
      orePerHour,
      ore,
    })),
    claims: figures.claims.map((claim): StatementClaim => {
      const { code, days, holdUntil, proposal } = claim;
      return {
        code,
        title: claimCodes[code],
        days: days.map((day) => formatDay(day)),
        claimedMinutes: claim.claimedMinutes,
        payableMinutes: claim.payableMinutes,
        claimedOre: claim.claimedOre,
        payableOre: claim.payableOre,
        overbilledOre: claim.overbilledOre,
        unbilledOre: claim.unbilledOre,
        holdUntil: holdUntil === null ? null : formatDay(holdUntil),
        proposal: proposal?.why ?? null,
      };
    }),
  };
}

function isSelfBilled({ contracts }: Tables, contract: number): boolean {
  return contract >= 0 && contracts.terms(contract).selfBilling === true;
}

const periods = { day: "dag", week: "vecka", fortnight: "två veckor", month: "månad" } as const;

function orderedText({ lines }: Tables, line: number): string {
  const [times, per, staffing] = [lines.times(line), lines.per(line), lines.staffing(line)];
  const often =
    per === "once"
      ? "en gång"
      : `${String(times).replace(".", ",")} ${times === 1 ? "gång" : "gånger"} per ${periods[per]}`;
  return `${lines.minutes(line)} minuter ${often}${staffing > 1 ? `, ${staffing} personal` : ""}`;
}

function stepOf(step: string, minutes: number, clause?: string, why?: string): StatementStep {
  return { title: stepTitles[step] ?? step, minutes, clause: clause ?? null, why: why ?? null };
}

function statementVisit({ staff }: Tables, trace: VisitTrace): StatementVisit {
  const timed = !Number.isNaN(trace.start) && !Number.isNaN(trace.end);
  return {
    title: visitTitles[trace.kind],
    day: formatDay(trace.day),
    time: timed ? `${formatClock(trace.start)}–${formatClock(trace.end)}` : null,
    staff: trace.staff < 0 ? null : staff.text(trace.staff),
    steps: trace.steps.map(({ step, ms, clause, why }) => stepOf(step, ms / MINUTE, clause, why)),
    payableMinutes: trace.bands.reduce((sum, { ms }) => sum + ms, 0) / MINUTE,
    bands: trace.bands.map(({ band, ms, orePerHour, ore }) => ({ band, minutes: ms / MINUTE, orePerHour, ore })),
  };
}

async function adjustmentsOf(
  database: Database,
  tenantId: string,
  month: Month,
  provider: string,
  tables: Tables,
): Promise<StatementAdjustment[]> {
  const { services, contracts } = tables;
  const found: StatementAdjustment[] = [];
  let after: { month: Month; id: string } | undefined;
  for (;;) {
    const page = await selectClosedLines(database, tenantId, {
      month,
      provider,
      ...(after === undefined ? {} : { after }),
    });
    for (const { adjusts, content } of page) {
      if (adjusts === null) continue;
      // Written when the month was locked.
      const { client, service, line, contract, minutes, ore, unverifiedOre = 0 } = JSON.parse(content) as StandingLine;
      const selfBilled = [...Array(contracts.count).keys()].some(
        (row) => contracts.id(row) === contract && isSelfBilled(tables, row),
      );
      const code = service === null ? -1 : services.code.indexOf(service);
      found.push({
        month: adjusts,
        client: client ?? "–",
        service: code < 0 ? (service ?? "okänd insats") : services.name(code),
        line,
        minutes: minutes.payable,
        ore: ore.payable,
        selfBilled,
        dueOre: selfBilled ? ore.payable : ore.claimed - ore.overbilled - unverifiedOre,
      });
    }
    after = page.at(-1);
    if (page.length < 1000) return found;
  }
}
