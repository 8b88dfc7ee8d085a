import { desc, eq } from "drizzle-orm";
import type { Instant, Month } from "#model";
import type { Database } from "./database.ts";
import { accessControls, accessLog } from "./tables/access.ts";

/** Who reads. */
export interface Reader {
  id: string;
  tenantId: string;
  role: string;
  unit: string | null;
}

/** What of people's data was shown to somebody. */
export interface Access {
  at: Instant;
  operation: string;
  /** The client, staff member or selection that was shown, by id. */
  subject: string;
  rows: number;
  /** The reason that the reader gave, where one was asked for. */
  why?: string;
}

/** Records a reading of personal data; to be called before the data is handed out. */
export async function recordAccess(database: Database, reader: Reader, access: Access): Promise<void> {
  const { id: actor, tenantId, role, unit } = reader;
  await database.orm.insert(accessLog).values({ tenantId, actor, role, unit, ...access });
}

/** What is wrong with a tenant's chain: the first row that does not follow from the one before. */
export interface Chain {
  rows: number;
  /** The number and hash (hex) that the chain ends with: kept elsewhere they prove later that nothing before was changed. */
  seq: number;
  hash: string;
  /** Null where every row follows from the one before it. */
  broken: { seq: number; at: Instant | null } | null;
  /** The number of the last row that has gone for its age; 0: none has. */
  gone: number;
  /** The hash of the row that was asked about; null where there is none, or it has gone for its age. */
  anchor: string | null;
}

/** Computes the chain of a tenant anew, in one statement that trusts no function of the database's own. */
export async function verifyAccessLog(database: Database, tenantId: string, anchorSeq = 0): Promise<Chain> {
  const { rows } = await database.pool.query<Chain & { at: Instant | null; brokenSeq: number | null }>(
    `WITH head AS (SELECT seq, hash, gone_seq, gone_hash FROM access_heads WHERE tenant_id = $1),
     linked AS (
       SELECT l.seq, l.at, l.hash,
         lag(l.seq, 1, coalesce((SELECT gone_seq FROM head), 0)) OVER chain + 1 AS next,
         sha256(lag(l.hash, 1, coalesce((SELECT gone_hash FROM head), '')) OVER chain || convert_to(json_build_array(
           l.tenant_id, l.seq, (extract(epoch FROM l.at) * 1000000)::bigint, l.actor, l.role, l.unit, l.operation,
           l.subject, l.rows, l.why)::text, 'UTF8')) AS expected
       FROM access_log l WHERE l.tenant_id = $1 WINDOW chain AS (ORDER BY l.seq)
     ),
     wrong AS (SELECT seq, at FROM linked WHERE seq <> next OR hash <> expected ORDER BY seq LIMIT 1),
     last AS (SELECT seq, hash FROM linked ORDER BY seq DESC LIMIT 1)
     SELECT (SELECT count(*) FROM linked)::int AS rows, coalesce(head.seq, 0) AS seq,
       encode(coalesce(head.hash, ''), 'hex') AS hash, coalesce(head.gone_seq, 0) AS gone, (SELECT at FROM wrong) AS at,
       coalesce((SELECT encode(hash, 'hex') FROM linked WHERE seq = $2),
         CASE WHEN head.gone_seq = $2 THEN encode(head.gone_hash, 'hex') END) AS anchor,
       coalesce((SELECT seq FROM wrong), CASE
         -- Rows at the end are gone, or the head is.
         WHEN (last.seq, last.hash) IS DISTINCT FROM (NULLIF(head.seq, head.gone_seq), CASE WHEN head.seq <> head.gone_seq THEN head.hash END)
         THEN coalesce(last.seq, 0) + 1 END) AS "brokenSeq"
     FROM (SELECT) one LEFT JOIN head ON true LEFT JOIN last ON true`,
    [tenantId, anchorSeq],
  );
  const { at, brokenSeq, ...chain } = rows[0]!;
  return { ...chain, broken: brokenSeq === null ? null : { seq: brokenSeq, at } };
}

/**
 * Takes away the rows at the beginning of a tenant's chain that are from before `until`, and gives how many. The chain
 * goes on from the last of them, whose number and hash the database's own trigger keeps; it lets nobody take away a row
 * that is younger than five years.
 */
export async function deleteOldAccess({ pool }: Database, tenantId: string, until: Instant): Promise<number> {
  // Clocks of several machines differ: the numbers decide, not the times.
  const { rowCount } = await pool.query(
    `DELETE FROM access_log WHERE tenant_id = $1 AND at < $2
       AND seq < coalesce((SELECT min(seq) FROM access_log WHERE tenant_id = $1 AND at >= $2), 9223372036854775807)`,
    [tenantId, new Date(until)],
  );
  return rowCount ?? 0;
}

export interface AccessRow extends Omit<Access, "why"> {
  /** In the tenant's chain. */
  seq: number;
  actor: string;
  /** As the sign-in said last; null of somebody at the command line. */
  name: string | null;
  role: string;
  unit: string | null;
  why: string | null;
}

/** Which rows of the log; `unit` null: of readers whose unit nobody said. */
export interface AccessSelection {
  from?: Instant;
  /** Not included. */
  until?: Instant;
  unit?: string | null;
  /** Who read. */
  actor?: string;
  /** Part of whom or what was read, or the number of the case for which it was. */
  subject?: string;
}

/** A condition on `access_log l` with the values that it takes from `$2` on. */
function within({ from, until, unit, actor, subject }: AccessSelection): { where: string; values: unknown[] } {
  const values = [
    from === undefined ? null : new Date(from).toISOString(),
    until === undefined ? null : new Date(until).toISOString(),
    unit === undefined,
    unit ?? null,
    actor ?? null,
    subject ?? null,
  ];
  return {
    values,
    where: `l.tenant_id = $1 AND ($2::timestamptz IS NULL OR l.at >= $2) AND ($3::timestamptz IS NULL OR l.at < $3)
      AND ($4 OR l.unit IS NOT DISTINCT FROM $5) AND ($6::text IS NULL OR l.actor = $6)
      AND ($7::text IS NULL OR strpos(l.subject, $7) > 0 OR l.why = 'Ärende ' || $7 OR starts_with(l.why, 'Ärende ' || $7 || ':'))`,
  };
}

const rowColumns = `l.seq, l.at, l.actor, l.role, l.unit, l.operation, l.subject, l.rows, l.why,
  (SELECT max(u.name) FROM users u WHERE u.tenant_id = l.tenant_id AND u.subject = l.actor) AS name`;

/** Rows of the log, the latest first; `before` is the number of the last row of the page before. */
export async function selectAccess(
  { pool }: Database,
  tenantId: string,
  { before, limit, ...selection }: AccessSelection & { before?: number; limit: number },
): Promise<AccessRow[]> {
  const { where, values } = within(selection);
  const { rows } = await pool.query<AccessRow>(
    `SELECT ${rowColumns} FROM access_log l WHERE ${where} AND ($8::int8 IS NULL OR l.seq < $8) ORDER BY l.seq DESC LIMIT $9`,
    [tenantId, ...values, before ?? null, limit],
  );
  return rows;
}

/** How many rows there are, and the number of the last. */
export async function countAccess(
  { pool }: Database,
  tenantId: string,
  selection: AccessSelection,
): Promise<{ rows: number; last: number }> {
  const { where, values } = within(selection);
  const { rows } = await pool.query<{ rows: number; last: number }>(
    `SELECT count(*)::int AS rows, coalesce(max(l.seq), 0) AS last FROM access_log l WHERE ${where}`,
    [tenantId, ...values],
  );
  return rows[0]!;
}

/** Who has opened a case, in order: what is read for a case says so in its reason. */
export async function selectAccessToCase({ pool }: Database, tenantId: string, no: string): Promise<AccessRow[]> {
  const { rows } = await pool.query<AccessRow>(
    `SELECT ${rowColumns} FROM access_log l WHERE l.tenant_id = $1 AND (l.why = $2 OR starts_with(l.why, $2 || ':')) ORDER BY l.seq`,
    [tenantId, `Ärende ${no}`],
  );
  return rows;
}

/** Rows drawn at random; the same ones for the same seed. */
export async function sampleAccess(
  { pool }: Database,
  tenantId: string,
  { seed, limit, ...selection }: AccessSelection & { seed: string; limit: number },
): Promise<AccessRow[]> {
  const { where, values } = within(selection);
  const { rows } = await pool.query<AccessRow>(
    `SELECT ${rowColumns} FROM access_log l WHERE ${where} ORDER BY md5($8 || l.seq) LIMIT $9`,
    [tenantId, ...values, seed, limit],
  );
  return rows;
}

/** Rows at night, in the evening or on a weekend, by the clock here. */
export async function selectOutsideHours(
  { pool }: Database,
  tenantId: string,
  { limit, ...selection }: AccessSelection & { limit: number },
): Promise<AccessRow[]> {
  const { where, values } = within(selection);
  const { rows } = await pool.query<AccessRow>(
    `SELECT ${rowColumns} FROM access_log l WHERE ${where} AND l.role <> 'operator' AND (
       extract(hour FROM l.at AT TIME ZONE 'Europe/Stockholm') NOT BETWEEN 6 AND 18
       OR extract(isodow FROM l.at AT TIME ZONE 'Europe/Stockholm') > 5) ORDER BY l.seq DESC LIMIT $8`,
    [tenantId, ...values, limit],
  );
  return rows;
}

/** Hours in which somebody read at least `min` times, the most first. */
export async function selectBusyHours(
  { pool }: Database,
  tenantId: string,
  { min, limit, ...selection }: AccessSelection & { min: number; limit: number },
): Promise<Array<{ actor: string; name: string | null; hour: Instant; times: number }>> {
  const { where, values } = within(selection);
  const { rows } = await pool.query<{ actor: string; name: string | null; hour: Instant; times: number }>(
    `SELECT actor, hour, times, (SELECT max(u.name) FROM users u WHERE u.tenant_id = $1 AND u.subject = actor) AS name FROM (
       SELECT l.actor, date_trunc('hour', l.at) AS hour, count(*)::int AS times FROM access_log l
       WHERE ${where} AND l.role <> 'operator' GROUP BY 1, 2 HAVING count(*) >= $8 ORDER BY 3 DESC, 1, 2 LIMIT $9) busy`,
    [tenantId, ...values, min, limit],
  );
  return rows;
}

/** Whom everybody has read about, each once for each reader, with the last time. */
export async function selectReadPairs(
  { pool }: Database,
  tenantId: string,
  selection: AccessSelection,
): Promise<Array<{ seq: number; name: string; subject: string }>> {
  const { where, values } = within(selection);
  const { rows } = await pool.query<{ seq: number; name: string; subject: string }>(
    `SELECT max(l.seq) AS seq, u.name, token AS subject FROM access_log l
       JOIN users u ON u.tenant_id = l.tenant_id AND u.subject = l.actor
       CROSS JOIN LATERAL regexp_split_to_table(l.subject, ' ') token
     WHERE ${where} GROUP BY u.name, token`,
    [tenantId, ...values],
  );
  return rows;
}

/** The units of those who read in a time. */
export async function selectReadingUnits(
  { pool }: Database,
  tenantId: string,
  selection: AccessSelection,
): Promise<Array<string | null>> {
  const { where, values } = within(selection);
  const { rows } = await pool.query<{ unit: string | null }>(
    `SELECT DISTINCT l.unit FROM access_log l WHERE ${where} ORDER BY 1`,
    [tenantId, ...values],
  );
  return rows.map(({ unit }) => unit);
}

export interface Control {
  month: Month;
  /** Null: readers of every unit. */
  unit: string | null;
  looked: number;
  result: string;
  at: Instant;
  by: string;
}

export async function insertControl({ orm }: Database, tenantId: string, control: Control): Promise<void> {
  await orm.insert(accessControls).values({ tenantId, ...control });
}

/** Controls that were done, the latest first. */
export async function selectControls({ orm }: Database, tenantId: string, limit: number): Promise<Control[]> {
  return orm
    .select()
    .from(accessControls)
    .where(eq(accessControls.tenantId, tenantId))
    .orderBy(desc(accessControls.no))
    .limit(limit);
}
