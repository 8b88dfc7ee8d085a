import { and, desc, eq, isNotNull, ne } from "drizzle-orm";
import type { Day, Instant } from "#model";
import type { Database } from "./database.ts";
import { nights } from "./tables/index.ts";

export type RunKind = "night" | "pull" | "reconcile" | "changed" | "rebuild";
export type RunOutcome = "done" | "incomplete" | "failed";

export interface Run {
  kind: RunKind;
  day: Day;
  startedAt: Instant;
  endedAt: Instant | null;
  outcome: RunOutcome | null;
  /** What the run wrote down of itself; its shape follows from `kind`. */
  summary: Readonly<Record<string, unknown>> | null;
}

/** Writes down that a run has started and gives its number. */
export async function startRun(
  { orm }: Database,
  tenantId: string,
  { kind, day, at }: { kind: RunKind; day: Day; at: Instant },
): Promise<number> {
  const [row] = await orm.insert(nights).values({ tenantId, kind, day, startedAt: at }).returning({ no: nights.no });
  if (row === undefined) throw new Error("The run was not written.");
  return row.no;
}

export async function endRun(
  { orm }: Database,
  no: number,
  { outcome, at, summary }: { outcome: RunOutcome; at: Instant; summary: Readonly<Record<string, unknown>> },
): Promise<void> {
  await orm
    .update(nights)
    .set({ endedAt: at, outcome, summary: JSON.stringify(summary) })
    .where(eq(nights.no, no));
}

/** Writes down a run that is over. */
export async function insertRun(
  { orm }: Database,
  tenantId: string,
  {
    summary,
    ...run
  }: Pick<Run, "kind" | "day" | "startedAt"> & { endedAt: Instant; outcome: RunOutcome; summary: object },
): Promise<void> {
  await orm.insert(nights).values({ tenantId, ...run, summary: JSON.stringify(summary) });
}

type Stored = Omit<typeof nights.$inferSelect, "no" | "tenantId">;

function runOf(row: Stored): Run {
  return {
    kind: row.kind as RunKind,
    day: row.day,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    outcome: row.outcome as RunOutcome | null,
    summary: row.summary === null ? null : (JSON.parse(row.summary) as Record<string, unknown>),
  };
}

/** The ended night of the latest day, or null; `succeeded` leaves out those that failed. */
export async function selectLastNight(
  { orm }: Database,
  tenantId: string,
  { succeeded }: { succeeded: boolean },
): Promise<Run | null> {
  const [row] = await orm
    .select()
    .from(nights)
    .where(
      and(
        eq(nights.tenantId, tenantId),
        eq(nights.kind, "night"),
        isNotNull(nights.endedAt),
        succeeded ? ne(nights.outcome, "failed") : undefined,
      ),
    )
    .orderBy(desc(nights.day), desc(nights.no))
    .limit(1);
  return row === undefined ? null : runOf(row);
}

/** The run of a kind that ended last, whatever its day, or null. */
export async function selectLatestRun({ pool }: Database, tenantId: string, kind: RunKind): Promise<Run | null> {
  const { rows } = await pool.query<Stored>(
    `SELECT kind, day, started_at AS "startedAt", ended_at AS "endedAt", outcome, summary FROM nights
      WHERE tenant_id = $1 AND kind = $2 AND ended_at IS NOT NULL AND outcome <> 'failed' ORDER BY no DESC LIMIT 1`,
    [tenantId, kind],
  );
  return rows[0] === undefined ? null : runOf(rows[0]);
}
