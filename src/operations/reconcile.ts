import { buildTables, neededFields, type RawColumns, type Tables } from "#columns";
import {
  atMinute,
  type Day,
  dayOf,
  type EntityName,
  entityNames,
  formatDay,
  type Instant,
  monthOf,
  parseDate,
} from "#model";
import {
  type DirtyMark,
  type EngineResult,
  type Evaluate,
  type ParameterVersion,
  readingPeriod,
  type Rule,
  type RuleException,
  runEngine,
} from "#rule";
import {
  acquireLease,
  clearDirty,
  type Database,
  type Dirty,
  endRun,
  type FindingsWritten,
  type Lease,
  type NewFinding,
  readRawColumns,
  readRefs,
  readSources,
  type RuleOutcome,
  selectAliases,
  selectExceptions,
  selectLatestRun,
  selectMeasures,
  selectRuleParameters,
  selectSourceFacts,
  selectStoredSlices,
  selectWarnings,
  startRun,
  takeDirty,
  writeFindings,
  writeMeasures,
  writeSettlement,
} from "#store";
import { type Actor, permit } from "./actor.ts";
import type { ConfiguredSource } from "./pull-sources.ts";

export interface ReconcileNeeds {
  database: Database;
  now: () => Instant;
  rules: readonly Rule[];
  sources: readonly ConfiguredSource[];
  config: { goLive?: string | undefined; night: { at: string; reconcileDays: number } };
}

export type ReconcileStep = "read" | "match and check" | "write";

export interface Reconciled {
  from: Day;
  through: Day;
  visits: number;
  plans: number;
  findings: FindingsWritten;
  settlementLines: number;
}

/** Rules look back over half a year at most. */
const MEASURES_KEPT_DAYS = 184;

interface Window {
  from: Day;
  through: Day;
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
  { database, now, rules, sources, config }: ReconcileNeeds,
  actor: Actor,
  { day, from, full, signal, progress }: Parameters<typeof reconcile>[2],
): Promise<Reconciled[]> {
  const { tenantId } = actor;
  const [hours = 4, minutes = 30] = config.night.at.split(":").map(Number);
  // The same day gives the same result, at whatever time of it somebody asks.
  const asOf = atMinute(day, hours * 60 + minutes);
  // Taken before anything is read: what comes in between stays marked for the next run.
  const dirty = await takeDirty(database, tenantId);
  const [refs, sourceIds, aliases, warnings, facts, parameters, exceptions] = await Promise.all([
    readRefs(database, tenantId),
    readSources(database, tenantId),
    selectAliases(database, tenantId),
    selectWarnings(database, tenantId),
    selectSourceFacts(database, tenantId, (id) => sources.find((source) => source.id === id)?.everyHours ?? null),
    selectRuleParameters(database, tenantId),
    selectExceptions(database, tenantId),
  ]);
  const last = await selectLatestRun(database, tenantId, "reconcile");
  const lastAsOf = last?.summary?.["asOf"];
  // With other rules, sources or limits than last time, nothing of what was computed then can be relied on.
  const basis = JSON.stringify([
    rules.map(({ id, version }) => `${id} ${version}`),
    sources.map(({ id, everyHours }) => [id, everyHours]),
    config.goLive ?? null,
  ]);
  // Where somebody goes back in time, what the clock may have changed lies after the earlier of the two.
  const since = typeof lastAsOf === "number" && last?.summary?.["basis"] === basis ? Math.min(lastAsOf, asOf) : null;
  const openFrom = day - config.night.reconcileDays;
  // After some nights without a run, days that were open last time are not any more, and the clock has changed them.
  const settles = rules.reduce((most, rule) => Math.max(most, rule.settlesAfterDays), 0);
  const unsettledFrom = since === null ? openFrom : dayOf(since) - Math.min(config.night.reconcileDays, settles + 1);
  const open: Window = { from: from ?? Math.min(openFrom, unsettledFrom), through: day - 1 };
  const run = await startRun(database, tenantId, { kind: "reconcile", day, at: now() });
  const evaluate: Evaluate =
    full || since === null
      ? "all"
      : { since, marks: marksOf(dirty, (ref) => ({ source: sourceIds[refs.source[ref]!] ?? "", id: refs.id[ref]! })) };

  const reconciled: Reconciled[] = [];
  for (const window of windowsOf(open, dirty)) {
    signal.throwIfAborted();
    progress?.("read", window);
    const reading = readingPeriod({ from: window.from, through: window.through });
    const { raw, history } = await readWindow(database, tenantId, reading);
    const tables = buildTables({
      raw,
      history,
      refs,
      sources: sourceIds,
      sourceOrder: sources.map((source) => source.id),
      aliases,
      warnings,
      facts,
      asOf,
      period: window,
      release: true,
    });
    progress?.("match and check", window);
    const result = runEngine({
      tenant: tenantId,
      tables,
      rules,
      parameters: versionsOf(parameters),
      exceptions: exceptions.map(exceptionOf),
      measures: await selectMeasures(database, tenantId, {
        from: monthOf(window.from - MEASURES_KEPT_DAYS),
        through: monthOf(window.through),
      }),
      goLive: config.goLive === undefined ? null : parseDate(config.goLive),
      evaluate,
    });
    signal.throwIfAborted();
    progress?.("write", window);
    lease.check();
    reconciled.push(await write(database, tenantId, window, tables, result, now()));
  }
  lease.check();
  // A chosen part of the time leaves marks of the rest, and what was known of it: the next night needs them.
  if (from === undefined) await clearDirty(database.pool, tenantId, dirty.upTo);
  const summary = from === undefined ? { asOf, basis } : (last?.summary ?? {});
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

async function readWindow(
  database: Database,
  tenantId: string,
  { from, through }: Window,
): Promise<{ raw: Partial<Record<EntityName, RawColumns>>; history: Partial<Record<EntityName, RawColumns>> }> {
  const raw: Partial<Record<EntityName, RawColumns>> = {};
  for (const entity of entityNames) {
    const fields = neededFields[entity];
    if (fields === undefined) continue;
    raw[entity] = await readRawColumns(database, tenantId, entity, { fields, fromDay: from, throughDay: through });
  }
  const fields = neededFields["planned-visits"] ?? [];
  const plans = await readRawColumns(database, tenantId, "planned-visits", {
    fields,
    fromDay: from,
    throughDay: through,
    history: true,
  });
  const lines = await readRawColumns(database, tenantId, "order-lines", {
    fields: neededFields["order-lines"] ?? [],
    history: true,
  });
  return { raw, history: { "planned-visits": plans, "order-lines": lines } };
}

function marksOf(dirty: Dirty, nameOf: (ref: number) => { source: string; id: string }): DirtyMark[] {
  const on = (day: Day | null): DirtyMark["days"] => (day === null ? null : { from: day, through: day });
  return [
    ...(dirty.all ? [{ kind: "everything" as const, days: null }] : []),
    ...dirty.days.map((day) => ({ kind: "everything" as const, days: on(day) })),
    ...dirty.clients.map(({ ref, day }) => ({ kind: "client" as const, ...nameOf(ref), days: on(day) })),
    ...dirty.staff.map(({ ref, day }) => ({ kind: "staff" as const, ...nameOf(ref), days: on(day) })),
  ];
}

/** Each entry holds all that stands from its day on. The name `mode` turns a rule to shadow or off. */
function versionsOf(set: Awaited<ReturnType<typeof selectRuleParameters>>): ParameterVersion[] {
  const standing = new Map<string, { values: Record<string, unknown>; mode: ParameterVersion["mode"] }>();
  const versions: ParameterVersion[] = [];
  for (const { ruleId, name, value, fromDay } of set) {
    const before = standing.get(ruleId) ?? { values: {}, mode: "active" as const };
    const after =
      name === "mode"
        ? { ...before, mode: value as ParameterVersion["mode"] }
        : { ...before, values: { ...before.values, [name]: value } };
    standing.set(ruleId, after);
    versions.push({
      rule: ruleId,
      from: fromDay,
      values: after.values,
      ...(after.mode === undefined ? {} : { mode: after.mode }),
    });
  }
  return versions;
}

function exceptionOf({
  ruleId,
  subject,
  fromDay,
  throughDay,
  reason,
}: Awaited<ReturnType<typeof selectExceptions>>[number]): RuleException {
  return {
    rule: ruleId,
    subject: JSON.parse(subject) as RuleException["subject"],
    from: fromDay,
    through: throughDay,
    reason,
  };
}

async function write(
  database: Database,
  tenantId: string,
  window: Window,
  tables: Tables,
  result: EngineResult,
  at: Instant,
): Promise<Reconciled> {
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
