import { type Day, entities, type EntityName, type FieldKind, formatDay, type Instant, type Month } from "#model";
import type { Database } from "./database.ts";
import { columnsOfField, tableName } from "./tables/canonical.ts";

export interface RecordKey {
  entity: EntityName;
  source: string;
  id: string;
}

/** One version of a record with what its fields hold: references as the ids that they stand for, null what is unknown. */
export interface StoredVersion extends RecordKey {
  version: number | null;
  inForce: boolean;
  deleted: boolean;
  rawPage: number;
  rawIndex: number;
  receivedAt: Instant | null;
  values: Record<string, unknown>;
  /** A client whom it speaks of has a protected identity. */
  protected: boolean;
}

const readable = (kind: FieldKind): boolean => kind !== "identity" && kind !== "personal";

/** What a reference or a field holds, as it is read by people. Personal values are not read at all. */
function valueSql(field: string, kind: FieldKind): string {
  const column = `h."${columnsOfField(field, kind).at(-1)!.name}"`;
  if (kind === "ref" || kind === "codes") {
    return `(SELECT r.id FROM refs r WHERE r.tenant_id = $1 AND r.no = ${column})`;
  }
  if (kind === "instant" || kind === "instantFrom" || kind === "instantUntil") {
    return `extract(epoch FROM ${column}) * 1000`;
  }
  return readable(kind) ? column : `CASE WHEN ${column} IS NULL THEN NULL ELSE true END`;
}

/** Ids under which any source or finding knows a client who has a protected identity. */
const hidden = `hidden AS MATERIALIZED (
  WITH p AS (SELECT id, personal_identity_number_hash AS hash FROM clients
    WHERE tenant_id = $1 AND protection >= 1 AND NOT deleted)
  SELECT id FROM p UNION SELECT 'pid:' || encode(hash, 'hex') FROM p WHERE hash IS NOT NULL
  UNION SELECT c.id FROM clients c JOIN p ON p.hash = c.personal_identity_number_hash WHERE c.tenant_id = $1)`;

/** Every version of records, those in force first, then from the newest. */
export async function selectRecordVersions(
  { pool }: Database,
  tenantId: string,
  entity: EntityName,
  keys: ReadonlyArray<{ source: string; id: string }>,
): Promise<StoredVersion[]> {
  const fields = Object.entries(entities[entity].fields);
  const values = fields.map(([name, { kind }]) => `'${name}', ${valueSql(name, kind)}`).join(", ");
  const { clientId } = entities[entity].fields;
  const client = entity === "clients" ? "h.id" : clientId === undefined ? null : valueSql("clientId", clientId.kind);
  const of = (table: string, inForce: boolean): string =>
    `SELECT w.source, h.id, h.version, h.deleted, h.raw_page AS "rawPage", h.raw_index AS "rawIndex", ${inForce} AS "inForce",
       p.received_at AS "receivedAt", json_build_object(${values}) AS values, ${client === null ? "false" : `coalesce(${client} IN (SELECT id FROM hidden), false)`} AS protected
     FROM wanted w JOIN ${table} h ON h.tenant_id = $1 AND h.source_no = w.source_no AND h.id = w.id
       LEFT JOIN raw_pages p ON p.tenant_id = $1 AND p.id = h.raw_page`;
  const { rows } = await pool.query<Omit<StoredVersion, "entity">>({
    // To make out a plan takes longer than to follow it, and it is the same for all records.
    name: `versions of ${entity}`,
    text: `WITH wanted AS MATERIALIZED (SELECT DISTINCT k.no AS source_no, w.source, w.id
       FROM unnest($2::text[], $3::text[]) AS w (source, id) JOIN sources_known k ON k.tenant_id = $1 AND k.id = w.source),
     ${hidden}
     SELECT * FROM (${of(tableName(entity), true)} UNION ALL ${of(`${tableName(entity)}_history`, false)}) v
     ORDER BY source, id, "inForce" DESC, version DESC NULLS LAST, "rawPage" DESC, "rawIndex" DESC`,
    values: [tenantId, keys.map(({ source }) => source), keys.map(({ id }) => id)],
  });
  return rows.map((row) => ({ ...row, entity }));
}

/** Encrypted identity numbers of people whom findings name; only where all that is known by the id is of one person. */
export async function selectIdentities(
  { pool }: Database,
  tenantId: string,
  kind: "client" | "staff",
  ids: readonly string[],
): Promise<Array<{ id: string; identity: Buffer }>> {
  const { rows } = await pool.query<{ id: string; identity: Buffer }>(
    `SELECT w.id, min(encode(p.personal_identity_number_encrypted, 'hex')) AS identity FROM unnest($2::text[]) AS w (id)
       JOIN ${kind === "client" ? "clients" : "staff"} p ON p.tenant_id = $1 AND NOT p.deleted
         AND p.personal_identity_number_encrypted IS NOT NULL
         AND (p.id = w.id OR 'pid:' || encode(p.personal_identity_number_hash, 'hex') = w.id)
     GROUP BY w.id HAVING count(DISTINCT p.personal_identity_number_hash) = 1`,
    [tenantId, ids],
  );
  return rows.map(({ id, identity }) => ({ id, identity: Buffer.from(String(identity), "hex") }));
}

/** How a source behaved on a day, by when its records came. */
export interface StoredSourceDay {
  source: string;
  day: Day;
  records: number;
  /** Median of the same weekday in the nine weeks before; null: fewer than three to go by. */
  usual: number | null;
  quarantined: number;
  down: boolean;
}

export async function selectSourceDays(
  { pool }: Database,
  tenantId: string,
  sources: readonly string[],
  days: readonly Day[],
): Promise<StoredSourceDay[]> {
  const { rows } = await pool.query<StoredSourceDay>(
    `WITH volumes AS MATERIALIZED (
       SELECT source, (hour AT TIME ZONE 'Europe/Stockholm')::date AS day, sum(records)::int AS records FROM source_hours
       WHERE tenant_id = $1 AND source = ANY ($2::text[]) GROUP BY 1, 2)
     SELECT s.source, d.day, coalesce(v.records, 0) AS records,
       (SELECT CASE WHEN count(*) >= 3 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY b.records) END FROM volumes b
         WHERE b.source = s.source AND b.day < d.day AND b.day >= d.day - 63 AND (d.day - b.day) % 7 = 0) AS usual,
       (SELECT count(*)::int FROM quarantine q WHERE q.tenant_id = $1 AND q.source = s.source AND q.state = 'open'
         AND (q.at AT TIME ZONE 'Europe/Stockholm')::date = d.day) AS quarantined,
       EXISTS (SELECT FROM source_runs r WHERE r.tenant_id = $1 AND r.source = s.source AND r.state = 'down'
         AND (r.started_at AT TIME ZONE 'Europe/Stockholm')::date = d.day) AS down
     FROM unnest($2::text[]) AS s (source) CROSS JOIN unnest($3::date[]) AS d (day)
       LEFT JOIN volumes v ON v.source = s.source AND v.day = d.day
     ORDER BY s.source, d.day`,
    [tenantId, sources, days.map(formatDay)],
  );
  return rows;
}

/** The steps of a client's months with a provider that rest on a clause of the contract. */
export async function selectClauses(
  { pool }: Database,
  tenantId: string,
  lines: ReadonlyArray<{ provider: string; client: string; month: Month }>,
): Promise<
  Array<{
    provider: string;
    client: string;
    month: Month;
    contract: string;
    step: string;
    clause: string;
    why: string | null;
  }>
> {
  const { rows } = await pool.query<Awaited<ReturnType<typeof selectClauses>>[number]>(
    // As the index by provider has them.
    `WITH lines AS MATERIALIZED (
       SELECT provider, client, month, contract, trace FROM settlement_lines
       WHERE tenant_id = $1 AND month = ANY ($4::text[]) AND provider = ANY ($2::text[])
         AND client COLLATE "C" = ANY ($3::text[]) AND contract IS NOT NULL)
     SELECT DISTINCT l.provider, l.client, l.month, coalesce(c.reference, l.contract) AS contract,
       t ->> 'step' AS step, t ->> 'clause' AS clause, t ->> 'why' AS why
     FROM unnest($2::text[], $3::text[], $4::text[]) AS w (provider, client, month)
       JOIN lines l ON l.month = w.month AND l.provider = w.provider AND l.client = w.client
       CROSS JOIN jsonb_array_elements(l.trace::jsonb) t
       LEFT JOIN LATERAL (SELECT reference FROM contracts c WHERE c.tenant_id = $1 AND c.id = l.contract LIMIT 1) c ON true
     WHERE t ->> 'clause' IS NOT NULL ORDER BY 1, 2, 3, 4, 5, 6`,
    [
      tenantId,
      lines.map(({ provider }) => provider),
      lines.map(({ client }) => client),
      lines.map(({ month }) => month),
    ],
  );
  return rows;
}
