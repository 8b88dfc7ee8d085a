import { createHash } from "node:crypto";
import type { Tables } from "#columns";
import { AppError } from "#errors";
import { formatInstant, type Instant, type Month, type Ore } from "#model";
import { runEngine } from "#rule";
import { lastCutOff } from "#settle";
import {
  acquireLease,
  type ClosedLine,
  type ClosedMonth,
  type Database,
  deleteLockedMonth,
  insertClosedMonth,
  type Known,
  lastNormalisedPage,
  selectClosedLines,
  selectClosedMonths,
  type SettlementLine,
  settleClosedMonth,
  settlementLineId,
  streamSettlement,
} from "#store";
import { type Actor, permit } from "./actor.ts";
import { settlementJson } from "./settlement-json.ts";
import type { ConfiguredSource } from "./pull-sources.ts";
import { readSurroundings, readTables, windowOfMonth } from "./read-window.ts";
import { newEvent } from "./webhooks/new-event.ts";

export interface CloseNeeds {
  database: Database;
  now: () => Instant;
  sources: readonly ConfiguredSource[];
}

class MonthState extends AppError {
  readonly code = "settlement.month-state";
  readonly kind = "conflict";
}

/** What of the configuration the figures depend on; kept with a locked month. */
interface Basis {
  /** In the order of the configuration: among equals the first counts. */
  sources: Array<{ id: string; everyHours: number | null }>;
}

/** Locked and settled months, oldest first; all others are open. */
export async function listClosedMonths(
  { database }: Pick<CloseNeeds, "database">,
  actor: Actor,
): Promise<ClosedMonth[]> {
  permit(actor, "settlement:read");
  return selectClosedMonths(database, actor.tenantId);
}

/**
 * Locks a month: its figures are made from everything that was received until now, and stand. What differs from what
 * earlier settled months came to is added as adjustments. Refused before the latest cut-off of its contracts unless
 * `early`, and where an earlier month that has figures is not locked.
 */
export async function lockMonth(
  needs: CloseNeeds,
  actor: Actor,
  { month, early, progress }: { month: Month; early: boolean; progress?: (month: Month) => void },
): Promise<{ lines: number; adjustments: number }> {
  permit(actor, "settlement:write");
  const { database, now } = needs;
  const { tenantId } = actor;
  await using lease = await acquireLease(database, tenantId, { purpose: "settlement lock", waitMs: 600_000 });
  const closed = await selectClosedMonths(database, tenantId);
  const same = closed.find((one) => one.month === month);
  if (same !== undefined)
    throw new MonthState(`${month} is ${same.settledAt === null ? "locked" : "settled"} already.`, { month });
  const later = closed.find((one) => one.month > month);
  if (later !== undefined) throw new MonthState(`${later.month} is locked: months are locked in order.`, { month });
  const known: Known = { upToPage: await lastNormalisedPage(database, tenantId), at: now() };
  const basis: Basis = { sources: needs.sources.map(({ id, everyHours }) => ({ id, everyHours: everyHours ?? null })) };
  progress?.(month);
  const { tables, lines: made } = await linesOf(needs, tenantId, month, known, basis);
  if (made.length === 0) throw new MonthState(`There are no figures for ${month}.`, { month });
  const cutOff = lastCutOff(tables, month);
  if (known.at < cutOff && !early) {
    throw new MonthState(
      `The cut-off of ${month} is ${formatInstant(cutOff)}: until then registrations count. Lock it with --early all the same.`,
      { month },
    );
  }
  const lines = made.map((line) => closedLine(line, null));
  for (const settled of closed.filter(({ settledAt }) => settledAt !== null)) {
    if (!(await differsFromSettled(database, tenantId, settled.month))) continue;
    progress?.(settled.month);
    const { lines: current } = await linesOf(needs, tenantId, settled.month, known, basis);
    lines.push(...adjustments(current, await stands(database, tenantId, settled.month), settled.month));
  }
  lines.sort((a, b) => (a.id < b.id ? -1 : 1));
  lease.check();
  const inserted = await insertClosedMonth(
    database,
    tenantId,
    {
      month,
      upToPage: known.upToPage,
      basis,
      lines: lines.length,
      contentHash: hashOf(lines),
      lockedAt: known.at,
      lockedBy: actor.id,
    },
    lines,
    [...new Set(lines.flatMap(({ provider }) => provider ?? []))].map((provider) => {
      const about = { at: known.at, provider, units: [], subjectKind: "settlement", subject: month };
      return newEvent({ ...about, type: "settlement.ready" });
    }),
  );
  if (!inserted) throw new MonthState(`${month} is locked already.`, { month });
  return { lines: made.length, adjustments: lines.length - made.length };
}

/** Opens a locked month again, as if it had not been locked. A settled month stays settled. */
export async function unlockMonth({ database }: CloseNeeds, actor: Actor, month: Month): Promise<void> {
  permit(actor, "settlement:write");
  const closed = await selectClosedMonths(database, actor.tenantId);
  const later = closed.find((one) => one.month > month);
  if (later !== undefined) throw new MonthState(`${later.month} is locked and rests on ${month}.`, { month });
  if (!(await deleteLockedMonth(database, actor.tenantId, month)))
    throw new MonthState(`${month} is not locked, or settled already.`, { month });
}

/** Settles a locked month: from now on what comes later is an adjustment in another month. Months are settled in order. */
export async function settleMonth({ database, now }: CloseNeeds, actor: Actor, month: Month): Promise<ClosedMonth> {
  permit(actor, "settlement:write");
  const closed = await selectClosedMonths(database, actor.tenantId);
  const earlier = closed.find((one) => one.month < month && one.settledAt === null);
  if (earlier !== undefined)
    throw new MonthState(`${earlier.month} is not settled: months are settled in order.`, { month });
  if (!(await settleClosedMonth(database, actor.tenantId, { month, at: now(), by: actor.id })))
    throw new MonthState(
      `${month} is not locked, or settled already: run \`klarsyn settlement lock --month ${month}\` first.`,
      { month },
    );
  return (await selectClosedMonths(database, actor.tenantId)).find((one) => one.month === month)!;
}

/**
 * Makes a closed month's figures again from the ledger, as it was known then, and says which lines come out otherwise:
 * none, unless a mapping or the program counts differently now.
 */
export async function verifyMonth(
  needs: CloseNeeds,
  actor: Actor,
  month: Month,
): Promise<{ lines: number; same: boolean; different: string[] }> {
  permit(actor, "settlement:read");
  const { database } = needs;
  const { tenantId } = actor;
  const closed = await selectClosedMonths(database, tenantId);
  const one = closed.find((candidate) => candidate.month === month);
  if (one === undefined)
    throw new MonthState(`${month} is open: there is nothing that it could be held against.`, { month });
  const known: Known = { upToPage: one.upToPage, at: one.lockedAt };
  const basis = one.basis as Basis;
  const made = (await linesOf(needs, tenantId, month, known, basis)).lines.map((line) => closedLine(line, null));
  const stored = await allLines(database, tenantId, month);
  for (const earlier of new Set(stored.map(({ adjusts }) => adjusts).filter((adjusted) => adjusted !== null))) {
    const { lines } = await linesOf(needs, tenantId, earlier, known, basis);
    made.push(...adjustments(lines, await stands(database, tenantId, earlier, month), earlier));
  }
  made.sort((a, b) => (a.id < b.id ? -1 : 1));
  const was = new Map(stored.map((line) => [line.id, line.content]));
  const is = new Map(made.map((line) => [line.id, line.content]));
  const different = [...new Set([...was.keys(), ...is.keys()])].filter((id) => was.get(id) !== is.get(id));
  return { lines: stored.length, same: hashOf(made).equals(one.contentHash), different };
}

/** Tables of a month as it was known, and its figures in order. */
export async function linesOf(
  { database }: Pick<CloseNeeds, "database">,
  tenantId: string,
  month: Month,
  known: Known,
  { sources }: Basis,
): Promise<{ tables: Tables; lines: SettlementLine[] }> {
  const needs = { database, sources };
  const surroundings = await readSurroundings(needs, tenantId, known.at);
  const tables = await readTables(needs, tenantId, windowOfMonth(month), known.at, surroundings, known);
  const { settlement } = runEngine({ tenant: tenantId, tables, rules: [] });
  const lines = settlement.filter((line) => line.month === month);
  return { tables, lines: lines.sort((a, b) => (settlementLineId(a) < settlementLineId(b) ? -1 : 1)) };
}

/** A line as it stands, or an adjustment. */
export interface StandingLine extends SettlementLine {
  /** Of an adjustment: by how much more or less of what is claimed waits to be verified, where that has changed. */
  unverifiedOre?: Ore;
}

/** What is claimed for visits that are not verified: it is not overbilled, and not paid before they are. */
const unverified = ({ claims, unverifiedOre = 0 }: StandingLine): Ore =>
  claims.reduce((sum, { code, ore }) => sum + (code === "M06" ? ore.claimed : 0), unverifiedOre);

function closedLine(line: StandingLine, adjusts: Month | null): ClosedLine {
  const { provider, client, unverifiedOre = 0 } = line;
  const content = JSON.stringify({
    ...settlementJson(line),
    ...(adjusts === null ? {} : { adjusts }),
    ...(unverifiedOre === 0 ? {} : { unverifiedOre }),
  });
  return { id: settlementLineId(line), adjusts, provider, client, content };
}

function hashOf(lines: readonly ClosedLine[]): Buffer {
  const hash = createHash("sha256");
  for (const { content } of lines) hash.update(content).update("\n");
  return hash.digest();
}

async function allLines(
  database: Database,
  tenantId: string,
  month: Month,
  about = false,
): Promise<Array<ClosedLine & { month: Month }>> {
  const all: Array<ClosedLine & { month: Month }> = [];
  for (;;) {
    const last = all.at(-1);
    const after = last === undefined ? {} : { after: { month: last.month, id: last.id } };
    const page = await selectClosedLines(database, tenantId, { month, about, ...after });
    all.push(...page);
    if (page.length < 1000) return all;
  }
}

type Numbers = Record<string, number>;

/** What a settled month stands at: its own lines and what later months before `until` added to them. */
async function stands(
  database: Database,
  tenantId: string,
  month: Month,
  until?: Month,
): Promise<Map<string, StandingLine>> {
  const standing = new Map<string, StandingLine>();
  for (const { id, content, month: paidIn } of await allLines(database, tenantId, month, true)) {
    if (until !== undefined && paidIn >= until) continue;
    // Written by `closedLine` and `adjustments`.
    const line = JSON.parse(content) as StandingLine;
    const before = standing.get(id);
    const plus = (a: Numbers, b: Numbers): Numbers => combined(a, b, 1);
    standing.set(
      id,
      before === undefined
        ? line
        : ({
            ...before,
            minutes: plus(before.minutes, line.minutes),
            ore: plus(before.ore, line.ore),
            feeMinutes: before.feeMinutes + line.feeMinutes,
            unverifiedOre: (before.unverifiedOre ?? 0) + (line.unverifiedOre ?? 0),
          } as StandingLine),
    );
  }
  return standing;
}

function combined(a: Numbers, b: Numbers, sign: 1 | -1): Numbers {
  return Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => [name, (a[name] ?? 0) + sign * (b[name] ?? 0)]),
  );
}

const nothing = (line: SettlementLine): StandingLine => ({
  ...line,
  unverifiedOre: 0,
  claims: [],
  minutes: combined(line.minutes, line.minutes, -1) as SettlementLine["minutes"],
  ore: combined(line.ore, line.ore, -1) as SettlementLine["ore"],
  feeMinutes: 0,
});

/** Lines by which a settled month differs from what it stands at: both directions, none where nothing differs. */
function adjustments(
  lines: readonly SettlementLine[],
  standing: ReadonlyMap<string, StandingLine>,
  month: Month,
): ClosedLine[] {
  const now = new Map(lines.map((line) => [settlementLineId(line), line]));
  const found: ClosedLine[] = [];
  for (const id of [...new Set([...now.keys(), ...standing.keys()])].sort()) {
    const line = now.get(id) ?? nothing(standing.get(id)!);
    const before = standing.get(id) ?? nothing(line);
    const minutes = combined(line.minutes, before.minutes, -1) as SettlementLine["minutes"];
    const ore = combined(line.ore, before.ore, -1) as SettlementLine["ore"];
    const feeMinutes = line.feeMinutes - before.feeMinutes;
    const unverifiedOre = unverified(line) - unverified(before);
    const changes = [...Object.values(minutes), ...Object.values(ore), feeMinutes, unverifiedOre];
    if (changes.every((value) => value === 0)) continue;
    const why = `uppgifter som kom efter avräkningen av ${month}`;
    const trace = [{ step: "adjustment", minutes: minutes.payable, why }];
    found.push(closedLine({ ...line, minutes, ore, feeMinutes, unverifiedOre, codes: {}, trace, claims: [] }, month));
  }
  return found;
}

/** Whether last night's figures of a settled month say something else than it stands at. */
async function differsFromSettled(database: Database, tenantId: string, month: Month): Promise<boolean> {
  const standing = await stands(database, tenantId, month);
  let met = 0;
  for await (const line of streamSettlement(database, tenantId, { month })) {
    const before = standing.get(settlementLineId(line));
    if (before === undefined || adjustments([line], new Map([[settlementLineId(line), before]]), month).length > 0)
      return true;
    met++;
  }
  const left = [...standing.values()].filter((line) => Object.values(line.minutes).some((value) => value !== 0));
  return met < left.length;
}
