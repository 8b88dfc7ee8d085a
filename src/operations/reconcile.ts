import type { Tables } from "#columns";
import { type Day, dayOf, daysOfMonth, formatDay, type Instant, parseDate } from "#model";
import {
  countClientDays,
  type DirtyMark,
  type EngineResult,
  type Evaluate,
  monthsOf,
  type Rule,
  runEngine,
} from "#rule";
import { tellingProviders } from "#settle";
import {
  acquireLease,
  clearDirty,
  countStanding,
  type Database,
  type Dirty,
  endRun,
  type FindingsWritten,
  type HeldBack,
  type Lease,
  type NewFinding,
  type NewRuleHold,
  type RuleOutcome,
  selectLatestRun,
  selectRuleHolds,
  selectRuleRates,
  selectStoredSlices,
  startRun,
  takeDirty,
  writeFindings,
  writeMeasures,
  writeRuleRates,
  writeSettlement,
} from "#store";
import { type Actor, permit } from "./actor.ts";
import { holdBack, nightRates, standingOn } from "./hold-back.ts";
import type { ConfiguredSource } from "./pull-sources.ts";
import { prepareTravel, type TravelNeeds } from "./travel.ts";
import {
  nightTime,
  readMeasures,
  readSurroundings,
  readTables,
  type Surroundings,
  type Window,
} from "./read-window.ts";

export interface ReconcileNeeds {
  database: Database;
  now: () => Instant;
  rules: readonly Rule[];
  sources: readonly ConfiguredSource[];
  config: TravelNeeds["config"] & { goLive?: string | undefined; night: { at: string; reconcileDays: number } };
}

export type ReconcileStep = "read" | "match and check" | "write";

export interface Reconciled {
  from: Day;
  through: Day;
  visits: number;
  plans: number;
  findings: FindingsWritten;
  settlementLines: number;
  /** Why the router did not say how long all journeys take, one line; null where it did or there is none. */
  routerFailure: string | null;
}

/**
 * Compares the days before `day` (by default the open period of the configuration) and every older month that a new
 * version touched, and writes what differs from what is stored. With `full` everything in those days is computed anew;
 * without, only what changed since the last run, with the identical result.
 */
export async function reconcile(
  needs: ReconcileNeeds,
  actor: Actor,
  options: {
    day: Day;
    from?: Day;
    full: boolean;
    signal: AbortSignal;
    progress?: (step: ReconcileStep, window: Window) => void;
  },
): Promise<Reconciled[]> {
  permit(actor, "night:run");
  await using lease = await acquireLease(needs.database, actor.tenantId, { purpose: "reconcile", waitMs: 3_600_000 });
  return reconcileUnder(lease, needs, actor, options);
}

/** As `reconcile`, for a caller that holds the tenant's lease. */
export async function reconcileUnder(
  lease: Lease,
  needs: ReconcileNeeds,
  actor: Actor,
  { day, from, full, signal, progress }: Parameters<typeof reconcile>[2],
): Promise<Reconciled[]> {
  const { tenantId } = actor;
  const { database, now, rules, sources, config } = needs;
  const asOf = nightTime(day, config.night);
  // Taken before anything is read: what comes in between stays marked for the next run.
  const dirty = await takeDirty(database, tenantId);
  const [surroundings, rates, held] = await Promise.all([
    readSurroundings(needs, tenantId),
    selectRuleRates(database, tenantId),
    selectRuleHolds(database, tenantId),
  ]);
  const holds: NewRuleHold[] = held.filter(({ releasedAt }) => releasedAt === null);
  const last = await selectLatestRun(database, tenantId, "reconcile");
  const lastAsOf = last?.summary?.["asOf"];
  // With other rules, sources or limits than last time, nothing of what was computed then can be relied on.
  const basis = JSON.stringify([
    rules.map(({ id, version }) => `${id} ${version}`),
    sources.map(({ id, everyHours }) => [id, everyHours]),
    config.goLive ?? null,
    config.router ?? null,
  ]);
  // Where somebody goes back in time, what the clock may have changed lies after the earlier of the two.
  const since = typeof lastAsOf === "number" && last?.summary?.["basis"] === basis ? Math.min(lastAsOf, asOf) : null;
  const openFrom = day - config.night.reconcileDays;
  // After some nights without a run, days that were open last time are not any more, and the clock has changed them.
  const settles = rules.reduce((most, rule) => Math.max(most, rule.settlesAfterDays), 0);
  const unsettledFrom = since === null ? openFrom : dayOf(since) - Math.min(config.night.reconcileDays, settles + 1);
  const open: Window = { from: from ?? Math.min(openFrom, unsettledFrom), through: day - 1 };
  const run = await startRun(database, tenantId, { kind: "reconcile", day, at: now() });
  const marks = full || since === null ? null : marksOf(dirty, surroundings);
  let telling: unknown = last?.summary?.["telling"];
  let ways: unknown = last?.summary?.["ways"];

  const reconciled: Reconciled[] = [];
  for (const window of windowsOf(open, dirty)) {
    signal.throwIfAborted();
    progress?.("read", window);
    const tables = await readTables(needs, tenantId, window, asOf, surroundings);
    const told = [...tellingProviders(tables)].sort();
    const travelling = await prepareTravel(needs, tenantId, tables, signal);
    const evaluate: Evaluate =
      marks === null || since === null
        ? "all"
        : { since, marks: [...marks, ...monthsDiffering(telling, told), ...monthsDiffering(ways, travelling.ways)] };
    if (window === open) [telling, ways] = [told, travelling.ways];
    progress?.("match and check", window);
    const result = runEngine({
      tenant: tenantId,
      tables,
      travel: travelling.travel,
      rules,
      parameters: surroundings.parameters,
      exceptions: surroundings.exceptions,
      measures: await readMeasures(needs, tenantId, window),
      goLive: config.goLive === undefined ? null : parseDate(config.goLive),
      evaluate,
    });
    signal.throwIfAborted();
    progress?.("write", window);
    lease.check();
    const looked = { from: monthsOf(window)[0]!.first, through: window.through };
    const clientDays = countClientDays(tables, looked.from, looked.through);
    const standing = rules.map((rule) => standingOn(rule, surroundings.parameters, window.through));
    const decide = (unshown: ReadonlyMap<string, number>): HeldBack => {
      const back = holdBack(unshown, standing, { rates, holds, window: looked, clientDays, at: now() });
      holds.push(...back.holds);
      return back;
    };
    const written = await write(database, tenantId, window, tables, result, now(), decide);
    reconciled.push({ ...written, routerFailure: travelling.failure });
    if (from === undefined && window === open) {
      const found = await countStanding(database, tenantId, { fromDay: looked.from, throughDay: looked.through });
      const measured = nightRates(standing, { found, holds, window: looked, clientDays });
      await writeRuleRates(database, tenantId, measured, { at: now(), by: actor.id });
    }
  }
  lease.check();
  // A chosen part of the time leaves marks of the rest, and what was known of it: the next night needs them.
  if (from === undefined) await clearDirty(database.pool, tenantId, dirty.upTo);
  const summary = from === undefined ? { asOf, basis, telling, ways } : (last?.summary ?? {});
  await endRun(database, run, { outcome: "done", at: now(), summary });
  return reconciled;
}

/** The open period, and each older month that something touched; a month that meets the open period is part of it. */
function windowsOf(open: Window, dirty: Dirty): Window[] {
  const older = new Set<string>();
  for (const month of dirty.months) {
    const first = parseDate(`${month}-01`);
    if (first !== null && formatDay(open.from).slice(0, 7) > month) older.add(month);
  }
  const months = [...older].toSorted().map((month) => {
    const first = parseDate(`${month}-01`) ?? 0;
    const next = new Date(first * 86_400_000);
    return { from: first, through: Date.UTC(next.getUTCFullYear(), next.getUTCMonth() + 1, 0) / 86_400_000 };
  });
  return [...months, open];
}

function marksOf(dirty: Dirty, { refs, sources }: Pick<Surroundings, "refs" | "sources">): DirtyMark[] {
  const nameOf = (ref: number) => ({ source: sources[refs.source[ref]!] ?? "", id: refs.id[ref]! });
  const on = (day: Day | null): DirtyMark["days"] => (day === null ? null : { from: day, through: day });
  return [
    ...(dirty.all ? [{ kind: "everything" as const, days: null }] : []),
    ...dirty.days.map((day) => ({ kind: "everything" as const, days: on(day) })),
    ...dirty.clients.map(({ ref, day }) => ({ kind: "client" as const, ...nameOf(ref), days: on(day) })),
    ...dirty.staff.map(({ ref, day }) => ({ kind: "staff" as const, ...nameOf(ref), days: on(day) })),
  ];
}

/**
 * The months in which a provider's first claim or meals came or its last went, or in which units travel otherwise than
 * the last run thought: that reaches everybody.
 */
function monthsDiffering(before: unknown, now: readonly string[]): DirtyMark[] {
  const was = new Set(Array.isArray(before) ? (before as string[]) : []);
  const is = new Set(now);
  const months = new Set(
    [...was, ...is].filter((told) => was.has(told) !== is.has(told)).map((told) => told.slice(-7)),
  );
  return [...months].map((month) => {
    const { first, last } = daysOfMonth(month);
    // Not so near its ends that the months beside it count as touched.
    return { kind: "everything", days: { from: first + 3, through: last - 3 } };
  });
}

async function write(
  database: Database,
  tenantId: string,
  window: Window,
  tables: Tables,
  result: EngineResult,
  at: Instant,
  decide: (unshown: ReadonlyMap<string, number>) => HeldBack,
): Promise<Omit<Reconciled, "routerFailure">> {
  const evaluated = new Set((await selectStoredSlices(database, tenantId)).filter((slice) => result.covers(slice)));
  for (const { slice } of result.findings) evaluated.add(slice);
  for (const { slice } of result.outcomes) evaluated.add(slice);
  for (const { slice } of result.settlement) evaluated.add(slice);
  for (const { slice } of result.measures) evaluated.add(slice);
  const findings = await writeFindings(database, tenantId, {
    evaluated,
    findings: result.findings.map((finding): NewFinding => {
      const { rule, version, period, status: _status, ...rest } = finding;
      return {
        ...rest,
        ruleId: rule,
        ruleVersion: version,
        subject: finding.client ?? finding.staff ?? finding.unit ?? finding.provider ?? "",
        fromDay: parseDate(period.from) ?? 0,
        throughDay: parseDate(period.to) ?? 0,
      };
    }),
    outcomes: result.outcomes.map(({ rule, slice, kind, cause, count }): RuleOutcome => ({
      ruleId: rule,
      slice,
      outcome: kind === "tooLittleData" ? "too-little-data" : kind === "beforeGoLive" ? "before-go-live" : "suppressed",
      cause,
      count,
    })),
    at,
    holdBack: decide,
  });
  await writeSettlement(database, tenantId, { evaluated, lines: result.settlement, at });
  await writeMeasures(database, tenantId, { evaluated, measures: result.measures });
  return {
    ...window,
    visits: tables.visits.count,
    plans: tables.plans.count,
    findings,
    settlementLines: result.settlement.length,
  };
}
