import { isIncomplete, keepAliases, type Pulled, type PullProgress } from "#intake";
import { type Day, formatDay } from "#model";
import { acquireLease, endRun, type RunOutcome, selectLastNight, startRun, touchJoined } from "#store";
import { type Actor, permit } from "./actor.ts";
import { pullSources, type PullNeeds } from "./pull-sources.ts";
import { type Reconciled, type ReconcileNeeds, type ReconcileStep, reconcileUnder } from "./reconcile.ts";

export interface NightResult {
  day: Day;
  outcome: RunOutcome;
  pulls: Pulled[];
  reconciled: Reconciled[];
}

export interface NightProgress {
  /** Another process works on the municipality: this one waits for its turn. */
  waiting?: () => void;
  pull?: (progress: PullProgress) => void;
  reconcile?: (step: ReconcileStep, window: { from: Day; through: Day }) => void;
}

/** A night of another process may take as long as this before we give up waiting for it. */
const patienceMs = 6 * 3_600_000;

type NightNeeds = PullNeeds & ReconcileNeeds;
interface NightOptions {
  day: Day;
  full: boolean;
  signal: AbortSignal;
  progress?: NightProgress;
}

/**
 * Pulls every source, compares the open period and writes findings and figures. Safe to run twice, from two machines at
 * once, and after a crash: what was committed stays, the rest is done again. With `once`, null where the night of that
 * day is over already when its turn comes: another machine had the same clock.
 */
export async function runNight(needs: NightNeeds, actor: Actor, options: NightOptions): Promise<NightResult>;
export async function runNight(
  needs: NightNeeds,
  actor: Actor,
  options: NightOptions & { once: boolean },
): Promise<NightResult | null>;
export async function runNight(
  needs: NightNeeds,
  actor: Actor,
  { day, full, signal, progress = {}, once = false }: NightOptions & { once?: boolean },
): Promise<NightResult | null> {
  permit(actor, "night:run");
  const { database, now } = needs;
  const { tenantId } = actor;
  const impatient = setTimeout(() => progress.waiting?.(), 1000);
  await using lease = await acquireLease(database, tenantId, { purpose: "night", waitMs: patienceMs }).finally(() =>
    clearTimeout(impatient),
  );
  const lastNight = once ? await lastNightOf(needs, actor) : null;
  if (lastNight !== null && lastNight >= day) return null;
  const stop = AbortSignal.any([signal, lease.signal]);
  const run = await startRun(database, tenantId, { kind: "night", day, at: now() });
  try {
    // Decisions about what is the same may begin or end with the day.
    await database.transaction(({ client }) => touchJoined(client, tenantId));
    const pulls = await pullSources(needs, actor, {
      ids: [],
      signal: stop,
      ...(progress.pull === undefined ? {} : { progress: progress.pull }),
    });
    const reconciled = await reconcileUnder(lease, needs, actor, {
      day,
      full,
      signal: stop,
      ...(progress.reconcile === undefined ? {} : { progress: progress.reconcile }),
    });
    await keepAliases({ database, vault: needs.vault, now, tenantId });
    const outcome = isIncomplete(pulls) ? "incomplete" : "done";
    await endRun(database, run, { outcome, at: now(), summary: summaryOf(pulls, reconciled) });
    return { day, outcome, pulls, reconciled };
  } catch (error) {
    // Where the database itself is gone there is nowhere to write it; the run then has no end, which says the same.
    await endRun(database, run, { outcome: "failed", at: now(), summary: {} }).catch(() => undefined);
    throw error;
  }
}

function summaryOf(pulls: readonly Pulled[], reconciled: readonly Reconciled[]): Record<string, unknown> {
  const total = (of: (pull: Pulled) => number): number => pulls.reduce((sum, pull) => sum + of(pull), 0);
  return {
    seen: total((pull) => pull.seen),
    accepted: total((pull) => pull.accepted),
    quarantined: total((pull) => pull.quarantined),
    down: pulls.filter(({ state }) => state === "down").map(({ source, resource }) => `${source}/${resource}`),
    windows: reconciled.map(({ from, through, findings }) => ({
      from: formatDay(from),
      through: formatDay(through),
      ...findings,
    })),
  };
}

/** The day of the last finished night, null before the first. */
export async function lastNightOf({ database }: Pick<PullNeeds, "database">, actor: Actor): Promise<Day | null> {
  permit(actor, "sources:read");
  return (await selectLastNight(database, actor.tenantId, { succeeded: true }))?.day ?? null;
}

/** Sources of which an operator should know after a night: down, or silent for longer than usual. */
export function troubledSources(pulls: readonly Pulled[]): string[] {
  return pulls
    .filter(({ state }) => state === "down" || state === "silent")
    .map(({ source, resource, state }) => `${source}/${resource}: ${state === "down" ? "nere" : "tyst"}`);
}
