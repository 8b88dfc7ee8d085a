import { and, asc, count, eq, inArray, isNotNull, isNull, sql } from "drizzle-orm";
import type { Instant } from "#model";
import type { Database, Orm } from "./database.ts";
import { quarantine } from "./tables/ledger.ts";

/** Something that did not fit: a record of the ledger, a line that was no record, or a whole file. */
export interface Misfit {
  source: string;
  resource: string;
  /** Null: a whole file, of which nothing was read. */
  rawPage: number | null;
  /** Null: no record. */
  rawIndex: number | null;
  place: string;
  line: number | null;
  field: string | null;
  valueClass: string | null;
  /** Swedish, without values. */
  rule: string;
  code: string;
  /** Encrypted. */
  text: Buffer | null;
}

export interface Quarantined extends Omit<Misfit, "text"> {
  id: number;
  state: "open" | "done";
  at: Instant;
  changedAt: Instant;
  attempts: number;
}

/** Postgres takes 65,535 parameters with a statement. */
const ROWS_MAX = 2_000;

/** Puts misfits into quarantine; a record that is there already gets its new reason. */
export async function addQuarantine(
  orm: Orm,
  tenantId: string,
  misfits: readonly Misfit[],
  at: Instant,
): Promise<void> {
  for (let from = 0; from < misfits.length; from += ROWS_MAX) {
    const rows = misfits.slice(from, from + ROWS_MAX);
    await orm
      .insert(quarantine)
      .values(rows.map((misfit) => ({ ...misfit, tenantId, state: "open", at, changedAt: at })))
      .onConflictDoUpdate({
        target: [quarantine.tenantId, quarantine.rawPage, quarantine.rawIndex],
        targetWhere: isNotNull(quarantine.rawIndex),
        set: {
          state: "open",
          field: sql`excluded.field`,
          valueClass: sql`excluded.value_class`,
          rule: sql`excluded.rule`,
          code: sql`excluded.code`,
          changedAt: at,
          attempts: sql`${quarantine.attempts} + 1`,
        },
      });
  }
}

/** Notes a file of which nothing was read; once, however often it is tried. */
export async function addRefusedFile(orm: Orm, tenantId: string, misfit: Misfit, at: Instant): Promise<void> {
  const again = await orm
    .update(quarantine)
    .set({ rule: misfit.rule, code: misfit.code, changedAt: at, attempts: sql`${quarantine.attempts} + 1` })
    .where(and(openFile(tenantId, misfit.source, misfit.resource), eq(quarantine.place, misfit.place)))
    .returning({ id: quarantine.id });
  if (again.length === 0) await addQuarantine(orm, tenantId, [misfit], at);
}

/** A refused file has been read after all. */
export async function closeRefusedFiles(
  { orm }: Database,
  tenantId: string,
  source: string,
  resource: string,
  places: readonly string[],
  at: Instant,
): Promise<void> {
  if (places.length === 0) return;
  await orm
    .update(quarantine)
    .set({ state: "done", changedAt: at })
    .where(and(openFile(tenantId, source, resource), inArray(quarantine.place, [...places])));
}

const openFile = (tenantId: string, source: string, resource: string) =>
  and(
    eq(quarantine.tenantId, tenantId),
    eq(quarantine.source, source),
    eq(quarantine.resource, resource),
    eq(quarantine.state, "open"),
    isNull(quarantine.rawPage),
  );

/** Takes records of these pages out of quarantine; those that still do not fit are added again in the same transaction. */
export async function closeRecords(orm: Orm, tenantId: string, pages: readonly number[], at: Instant): Promise<void> {
  await orm
    .update(quarantine)
    .set({ state: "done", changedAt: at })
    .where(
      and(
        eq(quarantine.tenantId, tenantId),
        inArray(quarantine.rawPage, [...pages]),
        isNotNull(quarantine.rawIndex),
        eq(quarantine.state, "open"),
      ),
    );
}

export interface QuarantineFilter {
  id?: number;
  source?: string;
  /** Those that have been mended too. */
  all?: boolean;
  limit?: number;
}

/** Oldest first. */
export async function selectQuarantine(
  { orm }: Database,
  tenantId: string,
  { id, source, all = false, limit = 10_000 }: QuarantineFilter = {},
): Promise<Quarantined[]> {
  const rows = await orm
    .select(listed)
    .from(quarantine)
    .where(
      and(
        eq(quarantine.tenantId, tenantId),
        id === undefined ? undefined : eq(quarantine.id, id),
        source === undefined ? undefined : eq(quarantine.source, source),
        all ? undefined : eq(quarantine.state, "open"),
      ),
    )
    .orderBy(asc(quarantine.id))
    .limit(limit);
  return rows.map((row) => ({ ...row, state: row.state === "done" ? "done" : "open" }));
}

/** Text of a line that was no record, encrypted; null where there is none. */
export async function selectQuarantinedText({ orm }: Database, tenantId: string, id: number): Promise<Buffer | null> {
  const [row] = await orm
    .select({ text: quarantine.text })
    .from(quarantine)
    .where(and(eq(quarantine.tenantId, tenantId), eq(quarantine.id, id)));
  return row?.text ?? null;
}

export async function countQuarantine({ orm }: Database, tenantId: string): Promise<number> {
  const [row] = await orm
    .select({ open: count() })
    .from(quarantine)
    .where(and(eq(quarantine.tenantId, tenantId), eq(quarantine.state, "open")));
  return row?.open ?? 0;
}

/** Places in the ledger of the records in quarantine, in order of arrival. */
export async function selectQuarantinedRecords(
  { orm }: Database,
  tenantId: string,
  source: string | null,
): Promise<Array<{ rawPage: number; rawIndexes: number[] }>> {
  const rows = await orm
    .select({
      rawPage: quarantine.rawPage,
      rawIndexes: sql<number[]>`array_agg(${quarantine.rawIndex} ORDER BY ${quarantine.rawIndex})`,
    })
    .from(quarantine)
    .where(
      and(
        eq(quarantine.tenantId, tenantId),
        eq(quarantine.state, "open"),
        isNotNull(quarantine.rawIndex),
        source === null ? undefined : eq(quarantine.source, source),
      ),
    )
    .groupBy(quarantine.rawPage)
    .orderBy(asc(quarantine.rawPage));
  return rows.map(({ rawPage, rawIndexes }) => ({ rawPage: rawPage ?? 0, rawIndexes }));
}

const listed = {
  id: quarantine.id,
  source: quarantine.source,
  resource: quarantine.resource,
  state: quarantine.state,
  at: quarantine.at,
  changedAt: quarantine.changedAt,
  rawPage: quarantine.rawPage,
  rawIndex: quarantine.rawIndex,
  place: quarantine.place,
  line: quarantine.line,
  field: quarantine.field,
  valueClass: quarantine.valueClass,
  rule: quarantine.rule,
  code: quarantine.code,
  attempts: quarantine.attempts,
};
