import { and, desc, eq, inArray, isNotNull, sql } from "drizzle-orm";
import type { Instant } from "#model";
import type { Database } from "./database.ts";
import { cursors, sourceRuns, unexpectedFields } from "./tables/ledger.ts";

/** `partly`: some of it was read, or did not fit; `silent`: it answered, but nothing has come for long. */
export type SourceState = "ok" | "partly" | "down" | "silent";

export interface Notice {
  code: string;
  text: string;
}

export interface SourceRun {
  source: string;
  resource: string;
  startedAt: Instant;
  /** Null: still running, or killed. */
  finishedAt: Instant | null;
  state: SourceState | null;
  seen: number;
  accepted: number;
  quarantined: number;
  watermark: string | null;
  /** Code of the error that ended it. */
  problem: string | null;
  notices: Notice[];
}

export async function startSourceRun(
  { orm }: Database,
  tenantId: string,
  source: string,
  resource: string,
  startedAt: Instant,
): Promise<number> {
  const [row] = await orm
    .insert(sourceRuns)
    .values({ tenantId, source, resource, startedAt })
    .returning({ id: sourceRuns.id });
  return row?.id ?? 0;
}

export async function finishSourceRun(
  { orm }: Database,
  tenantId: string,
  id: number,
  run: Omit<SourceRun, "source" | "resource" | "startedAt">,
): Promise<void> {
  await orm
    .update(sourceRuns)
    .set({ ...run, notices: run.notices.length === 0 ? null : JSON.stringify(run.notices) })
    .where(and(eq(sourceRuns.tenantId, tenantId), eq(sourceRuns.id, id)));
}

/** The last run of each resource. */
export async function selectLastRuns({ orm }: Database, tenantId: string): Promise<SourceRun[]> {
  const rows = await orm
    .selectDistinctOn([sourceRuns.source, sourceRuns.resource])
    .from(sourceRuns)
    .where(eq(sourceRuns.tenantId, tenantId))
    .orderBy(sourceRuns.source, sourceRuns.resource, desc(sourceRuns.id));
  return rows.map(sourceRunOf);
}

/** The runs of a resource, the latest first. */
export async function selectRunsOf(
  { orm }: Database,
  tenantId: string,
  { source, resource, limit }: { source: string; resource: string; limit: number },
): Promise<SourceRun[]> {
  const rows = await orm
    .select()
    .from(sourceRuns)
    .where(and(eq(sourceRuns.tenantId, tenantId), eq(sourceRuns.source, source), eq(sourceRuns.resource, resource)))
    .orderBy(desc(sourceRuns.id))
    .limit(limit);
  return rows.map(sourceRunOf);
}

function sourceRunOf({ tenantId: _tenant, id: _id, ...row }: typeof sourceRuns.$inferSelect): SourceRun {
  return {
    ...row,
    state: row.state as SourceState | null,
    notices: row.notices === null ? [] : (JSON.parse(row.notices) as Notice[]),
  };
}

/** Counts fields that the record shape does not name, and says which of them are new. */
export async function countUnexpected(
  { orm }: Database,
  tenantId: string,
  source: string,
  resource: string,
  fields: ReadonlyMap<string, number>,
  at: Instant,
): Promise<Set<string>> {
  if (fields.size === 0) return new Set();
  const where = and(
    eq(unexpectedFields.tenantId, tenantId),
    eq(unexpectedFields.source, source),
    eq(unexpectedFields.resource, resource),
    inArray(unexpectedFields.field, [...fields.keys()]),
  );
  const known = new Set(
    (await orm.select({ field: unexpectedFields.field }).from(unexpectedFields).where(where)).map(({ field }) => field),
  );
  await orm
    .insert(unexpectedFields)
    .values(
      [...fields].map(([field, count]) => ({ tenantId, source, resource, field, count, firstAt: at, lastAt: at })),
    )
    .onConflictDoUpdate({
      target: [unexpectedFields.tenantId, unexpectedFields.source, unexpectedFields.resource, unexpectedFields.field],
      set: { lastAt: at, count: sql`${unexpectedFields.count} + excluded.count` },
    });
  return new Set([...fields.keys()].filter((field) => !known.has(field)));
}

/** When records last came, and how long it usually takes between two days or hours with records, in hours (null: too few to say). */
export async function selectRhythm(
  database: Database,
  tenantId: string,
  source: string,
  resource: string,
): Promise<{ recordsAt: Instant | null; usualHours: number | null }> {
  const [row] = await database.orm
    .select({ recordsAt: cursors.recordsAt })
    .from(cursors)
    .where(
      and(
        eq(cursors.tenantId, tenantId),
        eq(cursors.source, source),
        eq(cursors.resource, resource),
        isNotNull(cursors.recordsAt),
      ),
    );
  const { rows } = await database.pool.query<{ usual: number | null; gaps: number }>(
    `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS usual, count(gap) AS gaps FROM (
       SELECT extract(epoch FROM hour - lag(hour) OVER (ORDER BY hour))::float8 / 3600 AS gap FROM source_hours
        WHERE tenant_id = $1 AND source = $2 AND resource = $3 AND records > 0) g`,
    [tenantId, source, resource],
  );
  const { usual = null, gaps = 0 } = rows[0] ?? {};
  return { recordsAt: row?.recordsAt ?? null, usualHours: gaps >= 5 ? usual : null };
}
