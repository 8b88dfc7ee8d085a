import type { Instant } from "#model";
import type { Database } from "./database.ts";
import { accessLog } from "./tables/access.ts";

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
  /** The hash of the row that was asked about; null where there is none. */
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
       encode(coalesce(head.hash, ''), 'hex') AS hash, (SELECT at FROM wrong) AS at,
       (SELECT encode(hash, 'hex') FROM linked WHERE seq = $2) AS anchor,
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
