import pg from "pg";
import type { Day } from "#model";
import type { Database, Transaction } from "./database.ts";

/** What changed since the last reconciliation; references by their number in `refs`. */
export interface Dirty {
  /** Clear up to here when it has been recomputed. */
  upTo: number;
  /** Everything, whatever its time. */
  all: boolean;
  /** Everything of these days. */
  days: Day[];
  /** `day` null: wherever the client appears. */
  clients: Array<{ ref: number; day: Day | null }>;
  staff: Array<{ ref: number; day: Day | null }>;
  /** Months ("YYYY-MM") with a day in any of the lists, or within two days of one: nights and journeys cross the end of a month. */
  months: string[];
}

const NEIGHBOUR_DAYS = 2;

/**
 * Reads what is marked, or what was marked after a number. Read the records after this, never before: what comes in between
 * stays marked.
 */
export async function takeDirty({ pool }: Database, tenantId: string, after = 0): Promise<Dirty> {
  const tenant = pg.escapeLiteral(tenantId);
  // Waits for those who are writing: a lower number than one already seen must not appear later. Sent together both are one
  // transaction, and the second sees what was committed while the first waited.
  const [, marks] = (await pool.query({
    text: `SELECT pg_advisory_xact_lock(hashtextextended('klarsyn dirty ' || ${tenant}, 0));
      SELECT kind, ref, day, max(seq) FROM dirty WHERE tenant_id = ${tenant} AND seq > ${after}
        GROUP BY kind, ref, day ORDER BY kind, ref, day`,
    rowMode: "array",
  })) as unknown as [pg.QueryArrayResult, pg.QueryArrayResult<[number, number | null, Day | null, number]>];
  const dirty: Dirty = { upTo: 0, all: false, days: [], clients: [], staff: [], months: [] };
  const months = new Set<string>();
  for (const [kind, ref, day, seq] of marks.rows) {
    dirty.upTo = Math.max(dirty.upTo, seq);
    if (day !== null) {
      for (const near of [day - NEIGHBOUR_DAYS, day + NEIGHBOUR_DAYS]) {
        months.add(new Date(near * 86_400_000).toISOString().slice(0, 7));
      }
    }
    if (kind === 0 && day === null) dirty.all = true;
    else if (kind === 0 && day !== null) dirty.days.push(day);
    else if (ref !== null) (kind === 1 ? dirty.clients : dirty.staff).push({ ref, day });
  }
  dirty.months = [...months].sort();
  return dirty;
}

/** Forgets the marks that were taken. Pass the client of the transaction that writes what was recomputed. */
export async function clearDirty(
  on: { query: (text: string, values: unknown[]) => Promise<unknown> },
  tenantId: string,
  upTo: number,
): Promise<void> {
  await on.query("DELETE FROM dirty WHERE tenant_id = $1 AND seq <= $2", [tenantId, upTo]);
}

/** Marks everything; for decisions that reach further than one record, such as another rule parameter. */
export async function markAllDirty(database: Database, tenantId: string): Promise<void> {
  await database.transaction((tx) => markAllDirtyIn(tx, tenantId));
}

/** The same in the transaction that writes the decision. */
export async function markAllDirtyIn({ client }: Transaction, tenantId: string): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock_shared(hashtextextended('klarsyn dirty ' || $1, 0))", [tenantId]);
  await client.query("INSERT INTO dirty (tenant_id, kind) VALUES ($1, 0)", [tenantId]);
}

/** Marks a client wherever they appear, by their number in `refs`, in the transaction of what changes it. */
export async function markClientDirtyIn({ client }: Transaction, tenantId: string, ref: number): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock_shared(hashtextextended('klarsyn dirty ' || $1, 0))", [tenantId]);
  await client.query("INSERT INTO dirty (tenant_id, kind, ref) VALUES ($1, 1, $2)", [tenantId, ref]);
}
