import { and, asc, eq, gt, inArray, isNull, or } from "drizzle-orm";
import type { Instant } from "#model";
import type { Database, Orm, Transaction } from "./database.ts";
import { endpoints, endpointSecrets, mailboxes } from "./tables/webhooks.ts";
import { without } from "./without.ts";

export type EndpointState = "unverified" | "active" | "paused" | "disabled";

export interface StoredEndpoint extends Omit<typeof endpoints.$inferSelect, "tenantId" | "state"> {
  state: EndpointState;
}

export type EndpointPatch = Partial<Omit<typeof endpoints.$inferInsert, "tenantId" | "no" | "id" | "provider">>;

const stored = (row: typeof endpoints.$inferSelect): StoredEndpoint => ({
  ...without(row, "tenantId"),
  state: row.state as EndpointState,
});

export async function selectEndpoints(
  { orm }: Pick<Database, "orm">,
  tenantId: string,
  { provider }: { provider?: string } = {},
): Promise<StoredEndpoint[]> {
  const rows = await orm
    .select()
    .from(endpoints)
    .where(and(eq(endpoints.tenantId, tenantId), provider === undefined ? undefined : eq(endpoints.provider, provider)))
    .orderBy(asc(endpoints.provider), asc(endpoints.no));
  return rows.map(stored);
}

export async function selectEndpoint(
  { orm }: Pick<Database, "orm">,
  tenantId: string,
  id: string,
): Promise<StoredEndpoint | null> {
  const [row] = await orm
    .select()
    .from(endpoints)
    .where(and(eq(endpoints.tenantId, tenantId), eq(endpoints.id, id)));
  return row === undefined ? null : stored(row);
}

export async function insertEndpoint(
  { orm }: Transaction,
  tenantId: string,
  endpoint: Omit<typeof endpoints.$inferInsert, "tenantId" | "no">,
): Promise<number> {
  const [row] = await orm
    .insert(endpoints)
    .values({ tenantId, ...endpoint })
    .returning({ no: endpoints.no });
  return row!.no;
}

export async function updateEndpoint(
  { orm }: { orm: Orm },
  tenantId: string,
  no: number,
  patch: EndpointPatch,
): Promise<void> {
  await orm
    .update(endpoints)
    .set(patch)
    .where(and(eq(endpoints.tenantId, tenantId), eq(endpoints.no, no)));
}

/** Whether some source names a provider so. */
export async function isProvider({ pool }: Database, tenantId: string, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT FROM refs WHERE tenant_id = $1 AND kind = 3 AND id = $2
     UNION ALL SELECT FROM providers WHERE tenant_id = $1 AND id = $2
     UNION ALL SELECT FROM aliases WHERE tenant_id = $1 AND kind = 'provider' AND same_as_id = $2 AND undone_at IS NULL LIMIT 1`,
    [tenantId, id],
  );
  return rowCount === 1;
}

/** A key of an endpoint, encrypted. */
export interface StoredSecret {
  no: number;
  endpointNo: number;
  kind: string;
  sealed: Buffer;
  publicKey: string | null;
  createdAt: Instant;
  expiresAt: Instant | null;
}

/** Keys that are in use at a moment, the newest last. */
export async function selectSecrets(
  { orm }: Pick<Database, "orm">,
  tenantId: string,
  endpointNos: readonly number[],
  at: Instant,
): Promise<StoredSecret[]> {
  if (endpointNos.length === 0) return [];
  const rows = await orm
    .select()
    .from(endpointSecrets)
    .where(
      and(
        eq(endpointSecrets.tenantId, tenantId),
        inArray(endpointSecrets.endpointNo, [...endpointNos]),
        or(isNull(endpointSecrets.expiresAt), gt(endpointSecrets.expiresAt, at)),
      ),
    )
    .orderBy(asc(endpointSecrets.no));
  return rows.map((row) => without(row, "tenantId"));
}

/** Adds a key; those before it are used until `othersUntil`, where that is not sooner than they end anyway. */
export async function insertSecret(
  { orm }: Transaction,
  tenantId: string,
  secret: Omit<StoredSecret, "no" | "expiresAt"> & { provider: string },
  othersUntil: Instant,
): Promise<void> {
  await orm
    .update(endpointSecrets)
    .set({ expiresAt: othersUntil })
    .where(
      and(
        eq(endpointSecrets.tenantId, tenantId),
        eq(endpointSecrets.endpointNo, secret.endpointNo),
        or(isNull(endpointSecrets.expiresAt), gt(endpointSecrets.expiresAt, othersUntil)),
      ),
    );
  await orm.insert(endpointSecrets).values({ tenantId, ...secret });
}

/** Where a provider is told by e-mail; null takes it away. Nothing that is older than now is told. */
export async function setMailbox(
  { pool }: Database,
  tenantId: string,
  { provider, email, at, by }: { provider: string; email: string | null; at: Instant; by: string },
): Promise<void> {
  if (email === null) {
    await pool.query("DELETE FROM mailboxes WHERE tenant_id = $1 AND provider = $2", [tenantId, provider]);
    return;
  }
  await pool.query(
    `INSERT INTO mailboxes (tenant_id, provider, email, created_at, created_by, told_no)
     VALUES ($1, $2, $3, $4, $5, (SELECT coalesce(max(no), 0) FROM events WHERE tenant_id = $1 AND provider = $2))
     ON CONFLICT (tenant_id, provider) DO UPDATE SET email = excluded.email, created_at = excluded.created_at, created_by = excluded.created_by`,
    [tenantId, provider, email, new Date(at).toISOString(), by],
  );
}

export async function selectMailboxes(
  { orm }: Database,
  tenantId: string,
): Promise<Array<{ provider: string; email: string }>> {
  return orm
    .select({ provider: mailboxes.provider, email: mailboxes.email })
    .from(mailboxes)
    .where(eq(mailboxes.tenantId, tenantId))
    .orderBy(asc(mailboxes.provider));
}

/** A mailbox whose provider has events that no endpoint of its takes, and up to which one. */
export interface WaitingMail {
  provider: string;
  email: string;
  upTo: number;
}

/** Claims what is to be told by e-mail now: at most one message of a provider in `everyMs`. */
export async function claimMail(
  { pool }: Database,
  tenantId: string,
  { types, at, everyMs }: { types: readonly string[]; at: Instant; everyMs: number },
): Promise<WaitingMail[]> {
  const { rows } = await pool.query<WaitingMail>(
    `UPDATE mailboxes m SET told_at = $2
       FROM (SELECT b.provider, max(e.no) AS no FROM mailboxes b
               JOIN events e ON e.tenant_id = $1 AND e.provider = b.provider AND e.no > b.told_no AND e.type = ANY ($3)
              WHERE b.tenant_id = $1 AND (b.told_at IS NULL OR b.told_at <= $4)
                AND NOT EXISTS (SELECT FROM endpoints p WHERE p.tenant_id = $1 AND p.provider = b.provider AND p.state IN ('active', 'paused')
                  AND (p.types IS NULL OR e.type = ANY (p.types)) AND (p.units IS NULL OR e.units = '{}' OR e.units && p.units))
              GROUP BY b.provider) w
      WHERE m.tenant_id = $1 AND m.provider = w.provider AND (m.told_at IS NULL OR m.told_at <= $4)
      RETURNING m.provider, m.email, w.no AS "upTo"`,
    [tenantId, new Date(at).toISOString(), types, new Date(at - everyMs).toISOString()],
  );
  return rows;
}

/** The message has been sent. */
export async function markMailSent(
  { pool }: Database,
  tenantId: string,
  { provider, upTo }: WaitingMail,
): Promise<void> {
  await pool.query("UPDATE mailboxes SET told_no = $3 WHERE tenant_id = $1 AND provider = $2", [
    tenantId,
    provider,
    upTo,
  ]);
}

/** Writes down how far on its way to disabling somebody has been told of, where it has not been reached meanwhile. */
export async function raiseNotice(
  { pool }: Database,
  tenantId: string,
  { no, notice, failingSince }: { no: number; notice: number; failingSince: Instant | null },
): Promise<void> {
  await pool.query(
    `UPDATE endpoints SET noticed = $3 WHERE tenant_id = $1 AND no = $2 AND noticed < $3
        AND failing_since IS NOT DISTINCT FROM $4::timestamptz`,
    [tenantId, no, notice, failingSince === null ? null : new Date(failingSince).toISOString()],
  );
}
