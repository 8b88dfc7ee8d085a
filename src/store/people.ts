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
  const [table, protection] =
    kind === "client" ? (["clients", "m.protection"] as const) : (["staff", "NULL::int2 AS protection"] as const);
  const { rows } = await pool.query<StoredPerson>({
    // Asked several times for a page: made out once, since the plan is the same whoever is asked about.
    name: `people of ${table}`,
    text: `WITH asked AS (SELECT DISTINCT unnest($2::text[]) AS asked),
     joined AS (
       SELECT asked, asked AS id FROM asked
       UNION SELECT asked, same_as_id FROM asked JOIN aliases a ON a.tenant_id = $1 AND a.kind = $3 AND undone_at IS NULL AND a.id = asked
       UNION SELECT asked, a.id FROM asked JOIN aliases a ON a.tenant_id = $1 AND a.kind = $3 AND undone_at IS NULL AND same_as_id = asked
     ),
     -- By source, and one by one (LIMIT, OFFSET), since a table of clients is else read whole for a page of them.
     called AS (SELECT j.asked, s.no AS source_no, j.id FROM joined j CROSS JOIN sources_known s WHERE s.tenant_id = $1),
     record AS (
       SELECT c.asked, m.* FROM called c CROSS JOIN LATERAL (
         SELECT m.source_no, m.id, m.name, ${protection}, m.personal_identity_number_hash AS hash FROM ${table} m
         WHERE m.tenant_id = $1 AND m.source_no = c.source_no AND m.id = c.id AND NOT m.deleted LIMIT 1) m
     ),
     identity AS (
       SELECT asked, hash FROM record WHERE hash IS NOT NULL
       UNION SELECT asked, decode(substring(id FROM '^pid:((?:[0-9a-f]{2})+)$'), 'hex') FROM joined WHERE id LIKE 'pid:%'
     ),
     everywhere AS (
       SELECT asked, source_no, id, name, protection FROM record
       UNION ALL
       SELECT i.asked, m.* FROM identity i CROSS JOIN LATERAL (
         SELECT m.source_no, m.id, m.name, ${protection} FROM ${table} m
         WHERE m.tenant_id = $1 AND m.personal_identity_number_hash = i.hash AND NOT m.deleted OFFSET 0) m
     ),
     number AS (
       SELECT n.asked, min(r.no) AS no FROM (SELECT * FROM called UNION SELECT asked, source_no, id FROM everywhere) n
         CROSS JOIN LATERAL (SELECT r.no FROM refs r WHERE r.tenant_id = $1 AND r.kind = $4 AND r.source_no = n.source_no
           AND r.id = n.id LIMIT 1) r GROUP BY n.asked
     )
     SELECT asked, no, name, coalesce(protected, false) AS protected FROM asked LEFT JOIN number USING (asked) LEFT JOIN (
       SELECT asked, (array_agg(name ORDER BY source_no) FILTER (WHERE name IS NOT NULL))[1] AS name,
         bool_or(protection > 0) AS protected
       FROM everywhere GROUP BY asked) said USING (asked)`,
    values: [tenantId, ids, kind, kind === "client" ? 0 : 1],
  });
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
