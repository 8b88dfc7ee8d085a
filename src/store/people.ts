import type { Database } from "./database.ts";

export type PersonKind = "client" | "staff";

/** What sources say of somebody who is asked for by an id that findings and figures use. */
export interface StoredPerson {
  asked: string;
  /** Short, of the first reference to them, the same by whatever id they are asked for; null where nothing refers to them. */
  no: number | null;
  /** Encrypted; null where no source says it. */
  name: Buffer | null;
  /** Whichever source says so of them, or of whom they are decided to be. */
  protected: boolean;
}

/**
 * What is known of people by the ids of sources or by "pid:<hash>". Too much protection is better than too little: what
 * any source says of the same id, the same identity number or a joined id counts.
 */
export async function selectPeopleById(
  { pool }: Database,
  tenantId: string,
  kind: PersonKind,
  ids: readonly string[],
): Promise<StoredPerson[]> {
  if (ids.length === 0) return [];
  const table = kind === "client" ? "clients" : "staff";
  const { rows } = await pool.query<StoredPerson>(
    `WITH asked AS (SELECT DISTINCT unnest($2::text[]) AS asked),
     joined AS (
       SELECT asked, asked AS id FROM asked
       UNION SELECT asked, same_as_id FROM asked JOIN aliases a ON a.tenant_id = $1 AND a.kind = $3 AND undone_at IS NULL AND a.id = asked
       UNION SELECT asked, a.id FROM asked JOIN aliases a ON a.tenant_id = $1 AND a.kind = $3 AND undone_at IS NULL AND same_as_id = asked
     ),
     record AS (
       SELECT j.asked, m.source_no, m.id, m.personal_identity_number_hash AS hash FROM joined j JOIN ${table} m
         ON m.tenant_id = $1 AND m.id = j.id AND NOT m.deleted
       UNION ALL
       SELECT j.asked, NULL, NULL, decode(substring(j.id FROM '^pid:((?:[0-9a-f]{2})+)$'), 'hex') FROM joined j WHERE j.id LIKE 'pid:%'
     ),
     everywhere AS (
       SELECT r.asked, m.* FROM record r JOIN ${table} m ON m.tenant_id = $1 AND m.source_no = r.source_no AND m.id = r.id AND NOT m.deleted
       UNION
       SELECT r.asked, m.* FROM record r JOIN ${table} m ON m.tenant_id = $1 AND m.personal_identity_number_hash = r.hash AND NOT m.deleted
     ),
     number AS (
       SELECT n.asked, min(r.no) AS no FROM (
         SELECT asked, NULL::int2 AS source_no, id FROM joined UNION SELECT asked, source_no, id FROM everywhere) n
       JOIN refs r ON r.tenant_id = $1 AND r.kind = $4 AND r.id = n.id AND r.source_no = coalesce(n.source_no, r.source_no) GROUP BY n.asked
     )
     SELECT asked, no, name, coalesce(protected, false) AS protected FROM asked LEFT JOIN number USING (asked) LEFT JOIN (
       SELECT asked, (array_agg(name ORDER BY source_no) FILTER (WHERE name IS NOT NULL))[1] AS name,
         ${kind === "client" ? "bool_or(protection > 0)" : "false"} AS protected
       FROM everywhere GROUP BY asked) said USING (asked)`,
    [tenantId, ids, kind, kind === "client" ? 0 : 1],
  );
  return rows;
}

/** Whether something that the reader sees is about somebody: on a restricted database only what is theirs. */
export async function isSeen({ pool }: Database, tenantId: string, kind: PersonKind, id: string): Promise<boolean> {
  const { rows } = await pool.query<{ seen: boolean }>(
    `SELECT EXISTS (SELECT FROM findings WHERE tenant_id = $1 AND ${kind} = $2)
       ${kind === "client" ? "OR EXISTS (SELECT FROM settlement_lines WHERE tenant_id = $1 AND client = $2)" : ""} AS seen`,
    [tenantId, id],
  );
  return rows[0]?.seen === true;
}
