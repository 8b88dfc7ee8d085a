import { buildTables } from "#columns";
import { matchVisits } from "#match";
import { type Day, dayOf, type Instant, monthOf, parseDate } from "#model";
import { beginBeside, type Evaluate, monthsOf, type Rule } from "#rule";
import { tellingProviders } from "#settle";
import {
  acquireLease,
  clearDirty,
  type Database,
  endRun,
  type FindingsWritten,
  type Lease,
  selectLatestRun,
  startRun,
  takeDirty,
  writeDayBlocks,
} from "#store";
import { type Actor, permit } from "./actor.ts";
import { beyondOf } from "./beyond.ts";
import { bringUpToDate } from "./cases/open-cases.ts";
import { holdBack, measureNight, readExpectations, seenIn, standingOn } from "./hold-back.ts";
import type { ConfiguredSource } from "./pull-sources.ts";
import { nightTime, readMeasures, readRecords, readSurroundings, type Window } from "./read-window.ts";
import { SecondThread } from "./second-thread.ts";
import { prepareTravel, type TravelNeeds } from "./travel.ts";
import { marksOf, monthsDiffering, windowsOf } from "./what-changed.ts";
import { writeWindow } from "./write-window.ts";

export interface ReconcileNeeds {
  database: Database;
  now: () => Instant;
  rules: readonly Rule[];
  sources: readonly ConfiguredSource[];
  /** Program of a second thread, which knows the same rules: it takes a part of what there is much of. */
  thread?: URL | undefined;
  config: TravelNeeds["config"] & { goLive?: string | undefined; night: { at: string; reconcileDays: number } };
}

export type ReconcileStep = "read" | "build" | "match" | "check" | "write";

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

/** What results rest on beside the records. */
export function basisOf({ rules, sources, config }: ReconcileNeeds): string {
  return JSON.stringify([
    rules.map(({ id, version }) => `${id} ${version}`),
    sources.map(({ id, everyHours }) => [id, everyHours]),
    config.goLive ?? null,
    config.router ?? null,
  ]);
}

/** As `reconcile`, for a caller that holds the tenant's lease. */
export async function reconcileUnder(
  lease: Lease,
  needs: ReconcileNeeds,
  actor: Actor,
  { day, from, full, signal, progress }: Parameters<typeof reconcile>[2],
): Promise<Reconciled[]> {
  const { tenantId } = actor;
  const { database, now, rules, config } = needs;
  const asOf = nightTime(day, config.night);
  // Taken before anything is read: what comes in between stays marked for the next run.
  const dirty = await takeDirty(database, tenantId);
  // Of what was sent to us since the last pull.
  await writeDayBlocks(database, tenantId);
  const surroundings = await readSurroundings(needs, tenantId);
  const expectations = await readExpectations(database, tenantId);
  const last = await selectLatestRun(database, tenantId, "reconcile");
  const lastAsOf = last?.summary?.["asOf"];
  // With other rules, sources or limits than last time, nothing of what was computed then can be relied on.
  const basis = basisOf(needs);
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
  let beyond: unknown = last?.summary?.["beyond"];

  const reconciled: Reconciled[] = [];
  for (const window of windowsOf(open, dirty)) {
    signal.throwIfAborted();
    progress?.("read", window);
    const records = await readRecords(needs, tenantId, window, asOf, surroundings);
    // Begins while tables are built; where only some slices are looked at there is too little for two.
    await using thread = marks === null ? SecondThread.for(records.raw.visits?.count ?? 0, needs.thread) : null;
    progress?.("build", window);
    const tables = buildTables(records);
    const told = [...tellingProviders(tables)].sort();
    const travelling = await prepareTravel(needs, tenantId, tables, signal);
    const evaluate: Evaluate =
      marks === null || since === null
        ? "all"
        : { since, marks: [...marks, ...monthsDiffering(telling, told), ...monthsDiffering(ways, travelling.ways)] };
    if (window === open) [telling, ways, beyond] = [told, travelling.ways, beyondOf(tables, told, travelling.travel)];
    const input = {
      tenant: tenantId,
      tables,
      travel: travelling.travel,
      rules,
      parameters: surroundings.parameters,
      exceptions: surroundings.exceptions,
      measures: await readMeasures(needs, tenantId, window),
      goLive: config.goLive === undefined ? null : parseDate(config.goLive),
      evaluate,
    };
    progress?.("match", window);
    const check = beginBeside(input, thread?.ask ?? null);
    const matches = matchVisits(tables);
    progress?.("check", window);
    const checking = check(matches);
    async function* found() {
      yield* checking.findings;
      // What it holds is not needed while the rest is written.
      await thread?.[Symbol.asyncDispose]();
      signal.throwIfAborted();
      progress?.("write", window);
      lease.check();
    }
    const seen = seenIn(tables, window);
    const standing = rules.map((rule) => standingOn(rule, surroundings.parameters, window.through));
    const at = now();
    const whole = { findings: found(), result: checking.result };
    const findings = await writeWindow(database, tenantId, whole, {
      at,
      rules: standing,
      holdBack: (unshown) => holdBack(unshown, standing, expectations, seen, at),
      evaluated: { months: monthsOf(window).map(({ first }) => monthOf(first)), covers: checking.covers },
      async once() {
        // After the last window: then all findings are written.
        if (window !== open) return;
        lease.check();
        const done = await Promise.allSettled([
          from === undefined ? measureNight(needs, actor, standing, expectations, seen) : null,
          bringUpToDate(needs, tenantId),
        ]);
        for (const one of done) if (one.status === "rejected") throw one.reason;
      },
    });
    reconciled.push({
      ...window,
      visits: tables.visits.count,
      plans: tables.plans.count,
      findings,
      settlementLines: (await checking.result).settlement.length,
      routerFailure: travelling.failure,
    });
  }
  lease.check();
  // A chosen part of the time leaves marks of the rest, and what was known of it: the next night needs them.
  if (from === undefined) await clearDirty(database.pool, tenantId, dirty.upTo);
  const summary = from === undefined ? { asOf, basis, telling, ways, beyond, from: open.from } : (last?.summary ?? {});
  await endRun(database, run, { outcome: "done", at: now(), summary });
  return reconciled;
}
