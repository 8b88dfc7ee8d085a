import { refKinds, type RefKind } from "#model";
import type { Database } from "./database.ts";

/** What a source calls somebody. */
export interface SourceId {
  source: number;
  id: string;
}

/** All that sources call some people: by id, and as `refs` numbers it where anything refers to them. */
export interface SamePeople {
  ids: SourceId[];
  refs: number[];
}

/**
 * Who is meant by references and ids, with all that any source calls them: joined as `resolve` in #columns joins them,
 * and with `households` also everybody in the same household, and in theirs.
 */
export async function selectSamePeople(
  { pool }: Database,
  tenantId: string,
  {
    of,
    refs,
    ids = [],
    aliases,
    households = false,
  }: {
    of: "client" | "staff";
    refs: readonly number[];
    ids?: readonly SourceId[];
    aliases: ReadonlyArray<readonly [SourceId, SourceId]>;
    households?: boolean;
  },
): Promise<SamePeople> {
  if (refs.length === 0 && ids.length === 0) return { ids: [], refs: [] };
  const table = of === "client" ? "clients" : "staff";
  const hsa = of === "staff" ? "upper(m.hsa_id)" : "NULL";
  const household = households ? "m.household_id" : "NULL";
  const kind = `r.tenant_id = $1 AND r.kind = ${refKinds.indexOf(of)}`;
  const standing = `m.tenant_id = $1 AND NOT m.deleted`;
  const master = (where: string): string => `SELECT m.source_no, m.id FROM ${table} m WHERE ${standing} AND ${where}`;
  const ref = (where: string): string => `SELECT r.source_no, r.id FROM refs r WHERE ${kind} AND ${where}`;
  // An id may itself be an identity: a hashed personal number, or an HSA-id.
  const text = `WITH RECURSIVE aliased (source_no, id, to_source, to_id) AS (
      SELECT * FROM unnest($5::int2[], $6::text[], $7::int2[], $8::text[])),
    same (source_no, id) AS (
      (SELECT r.source_no, r.id FROM refs r WHERE r.tenant_id = $1 AND r.no = ANY ($2) UNION SELECT * FROM unnest($3::int2[], $4::text[]))
      UNION
      SELECT n.* FROM same s CROSS JOIN LATERAL (
        SELECT p.* FROM (
          SELECT encode(m.personal_identity_number_hash, 'hex'), ${hsa}, ${household}::int4 FROM ${table} m
            WHERE ${standing} AND m.source_no = s.source_no AND m.id = s.id
          UNION ALL
          SELECT substring(s.id FROM '^pid:((?:[0-9a-f]{2})+)$'), upper(substring(s.id FROM '(?i)^SE[0-9]{10}-.*$')), NULL
        ) k (pid, hsa, household) CROSS JOIN LATERAL (
          ${master("m.personal_identity_number_hash = decode(k.pid, 'hex')")}
          UNION ALL ${ref("upper(r.id) = upper('pid:' || k.pid) AND r.id = 'pid:' || k.pid")}
          UNION ALL ${ref("upper(r.id) = k.hsa AND r.id ~* '^SE[0-9]{10}-'")}
          ${of === "staff" ? `UNION ALL ${master("upper(m.hsa_id) = k.hsa")}` : ""}
          ${households ? `UNION ALL ${master("m.household_id = k.household")}` : ""}
        ) p
        UNION ALL
        SELECT a.to_source, a.to_id FROM aliased a WHERE a.source_no = s.source_no AND a.id = s.id
      ) n (source_no, id)
    )
    SELECT s.source_no, s.id, (SELECT r.no FROM refs r WHERE ${kind} AND r.source_no = s.source_no AND r.id = s.id) FROM same s`;
  const both = aliases.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]);
  const { rows } = await pool.query<[number, string, number | null]>({
    text,
    values: [
      tenantId,
      refs,
      ids.map(({ source }) => source),
      ids.map(({ id }) => id),
      both.map(([a]) => a.source),
      both.map(([a]) => a.id),
      both.map(([, b]) => b.source),
      both.map(([, b]) => b.id),
    ],
    rowMode: "array",
  });
  return {
    ids: rows.map(([source, id]) => ({ source, id })),
    refs: rows.flatMap(([, , no]) => (no === null ? [] : [no])),
  };
}

/** Clients whose address may be in one of the buildings of their source; also some whose is not. */
export async function selectLivingIn(
  { pool }: Database,
  tenantId: string,
  buildings: readonly SourceId[],
): Promise<SourceId[]> {
  const { rows } = await pool.query<SourceId>(
    `SELECT DISTINCT c.source_no AS source, c.id FROM clients c JOIN unnest($2::int2[], $3::text[]) b (source_no, name)
       ON b.source_no = c.source_no AND strpos(c.addresses, b.name) > 0 WHERE c.tenant_id = $1 AND NOT c.deleted`,
    // As JSON tells them.
    [tenantId, buildings.map(({ source }) => source), buildings.map(({ id }) => JSON.stringify(id))],
  );
  return rows;
}

/** Numbers of the sources that say more of clients than who they are. */
export async function selectRegisters({ pool }: Database, tenantId: string): Promise<number[]> {
  const { rows } = await pool.query<{ no: number }>(
    `SELECT k.no FROM sources_known k WHERE k.tenant_id = $1 AND EXISTS (
       SELECT FROM clients c WHERE c.tenant_id = $1 AND c.source_no = k.no AND NOT c.deleted AND
         num_nonnulls(c.birth_date, c.deceased_on, c.moved_on, c.protection, c.household_id, c.addresses) > 0)`,
    [tenantId],
  );
  return rows.map(({ no }) => no);
}

/** The numbers of references to records, of those that anything refers to. */
export async function selectRefsTo(
  { pool }: Database,
  tenantId: string,
  kind: RefKind,
  records: readonly SourceId[],
): Promise<number[]> {
  const { rows } = await pool.query<{ no: number }>(
    `SELECT r.no FROM unnest($3::int2[], $4::text[]) w (source_no, id)
       JOIN refs r ON r.tenant_id = $1 AND r.kind = $2 AND r.source_no = w.source_no AND r.id = w.id`,
    [tenantId, refKinds.indexOf(kind), records.map(({ source }) => source), records.map(({ id }) => id)],
  );
  return rows.map(({ no }) => no);
}
