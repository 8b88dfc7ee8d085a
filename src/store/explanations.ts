import { and, asc, eq } from "drizzle-orm";
import { type Day, formatDay, type Instant, refKinds } from "#model";
import type { Database, Transaction } from "./database.ts";
import { explanations as table } from "./tables/webhooks.ts";
import { without } from "./without.ts";

export type StoredExplanation = Omit<typeof table.$inferSelect, "tenantId" | "no">;

export async function insertExplanation(
  { orm }: Transaction,
  tenantId: string,
  explanation: StoredExplanation,
): Promise<void> {
  await orm.insert(table).values({ tenantId, ...explanation });
}

/** What a provider has answered in a case, oldest first. */
export async function selectExplanations(
  { orm }: Database,
  tenantId: string,
  no: string,
): Promise<StoredExplanation[]> {
  const rows = await orm
    .select()
    .from(table)
    .where(and(eq(table.tenantId, tenantId), eq(table.caseNo, no)))
    .orderBy(asc(table.no));
  return rows.map((row) => without(row, "tenantId", "no"));
}

/** Numbers of clients and orders of a provider's by what its figures call them. */
export async function selectOwnNumbers(
  { pool }: Database,
  tenantId: string,
  provider: string,
  wanted: { clients: readonly string[]; orders: readonly string[] },
): Promise<{ clients: Map<string, number>; orders: Map<string, number> }> {
  const { rows } = await pool.query<{ kind: "client" | "order"; id: string; no: number | null }>(
    `SELECT 'client' AS kind, w.id, coalesce(
       (SELECT min(client_no) FROM announced_orders a WHERE a.tenant_id = $1 AND a.provider = $2 AND a.client = w.id),
       (SELECT min(r.no) FROM refs r WHERE r.tenant_id = $1 AND r.kind = $5 AND r.id = w.id)) AS no
     FROM unnest($3::text[]) AS w (id)
     UNION ALL SELECT 'order', w.id,
       (SELECT min(a.no) FROM announced_orders a WHERE a.tenant_id = $1 AND a.provider = $2 AND a.id = w.id)
     FROM unnest($4::text[]) AS w (id)`,
    [tenantId, provider, wanted.clients, wanted.orders, refKinds.indexOf("client")],
  );
  const of = (kind: "client" | "order"): Map<string, number> =>
    new Map(rows.flatMap((row) => (row.kind === kind && row.no !== null ? [[row.id, row.no] as const] : [])));
  return { clients: of("client"), orders: of("order") };
}

/** What records call a client of whom a provider has an order that stands today; null where it has none. */
export async function selectOwnClient(
  { pool }: Database,
  tenantId: string,
  provider: string,
  no: number,
  today: Day,
): Promise<string | null> {
  const { rows } = await pool.query<{ client: string }>(
    `SELECT client FROM announced_orders WHERE tenant_id = $1 AND provider = $2 AND client_no = $3 AND gone IS NULL
       AND (valid_to IS NULL OR valid_to >= $4)
     ORDER BY change_no DESC LIMIT 1`,
    [tenantId, provider, no, formatDay(today)],
  );
  return rows[0]?.client ?? null;
}

/** When a client is away, from what any source says under the same id or identity number. */
export async function selectOwnAbsences(
  { pool }: Database,
  tenantId: string,
  client: string,
  since: Instant,
): Promise<Array<{ from: Instant; to: Instant | null }>> {
  const { rows } = await pool.query<{ from: Instant; to: Instant | null }>(
    `WITH hash AS (
       SELECT personal_identity_number_hash AS hash FROM clients WHERE tenant_id = $1 AND id = $2 AND NOT deleted
       UNION SELECT decode(substring($2 FROM '^pid:((?:[0-9a-f]{2})+)$'), 'hex')),
     called AS (
       SELECT $2 AS id UNION SELECT 'pid:' || encode(hash, 'hex') FROM hash WHERE hash IS NOT NULL
       UNION SELECT c.id FROM clients c JOIN hash h ON h.hash = c.personal_identity_number_hash WHERE c.tenant_id = $1),
     numbers AS (SELECT r.no FROM refs r JOIN called USING (id) WHERE r.tenant_id = $1 AND r.kind = $4)
     SELECT DISTINCT a."from", a."to" FROM absences a JOIN numbers n ON n.no = a.client_id
     WHERE a.tenant_id = $1 AND NOT a.deleted AND (a."to" IS NULL OR a."to" > $3) ORDER BY 1, 2`,
    [tenantId, client, new Date(since), refKinds.indexOf("client")],
  );
  return rows;
}
