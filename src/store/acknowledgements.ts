import { and, asc, desc, eq, gt, inArray, or } from "drizzle-orm";
import { type Day, type Instant, refKinds } from "#model";
import type { Database, Transaction } from "./database.ts";
import { acknowledgements, announcedOrders, events } from "./tables/webhooks.ts";
import { sourcesKnown } from "./tables/refs.ts";
import { without } from "./without.ts";

/** An order as its provider was last told of it. `gone`: ended, cancelled or moved; null while it stands. */
export type AnnouncedOrder = Omit<typeof announcedOrders.$inferSelect, "tenantId">;

export interface Acknowledgement {
  provider: string;
  sourceNo: number;
  orderId: string;
  /** The order's `changeNo` when it was answered. */
  changeNo: number;
  /** When its provider was told of that; null: not known. */
  toldAt: Instant | null;
  kind: "accepted" | "declined";
  /** A code, where declined. */
  reason: string | null;
  /** Encrypted. */
  text: Buffer | null;
  plannedStart: Day | null;
  at: Instant;
  by: string;
  byName: string;
}

const announced = (row: typeof announcedOrders.$inferSelect): AnnouncedOrder => without(row, "tenantId");

/** A provider's orders that have changed after `after`, in the order of their last changes. */
export async function selectAnnouncedOrders(
  { orm }: Database,
  tenantId: string,
  provider: string,
  { after, limit }: { after: number; limit: number },
): Promise<AnnouncedOrder[]> {
  const rows = await orm
    .select()
    .from(announcedOrders)
    .where(
      and(
        eq(announcedOrders.tenantId, tenantId),
        eq(announcedOrders.provider, provider),
        gt(announcedOrders.changeNo, after),
      ),
    )
    .orderBy(asc(announcedOrders.changeNo))
    .limit(limit);
  return rows.map(announced);
}

/** One order of a provider, with the source that it is from; null where it has no such order. */
export async function selectAnnouncedOrder(
  { orm }: Database,
  tenantId: string,
  provider: string,
  no: number,
): Promise<(AnnouncedOrder & { source: string }) | null> {
  const [row] = await orm
    .select()
    .from(announcedOrders)
    .innerJoin(
      sourcesKnown,
      and(eq(sourcesKnown.tenantId, announcedOrders.tenantId), eq(sourcesKnown.no, announcedOrders.sourceNo)),
    )
    .where(
      and(eq(announcedOrders.tenantId, tenantId), eq(announcedOrders.provider, provider), eq(announcedOrders.no, no)),
    );
  return row === undefined ? null : { ...announced(row.announced_orders), source: row.sources_known.id };
}

/** When an order last came to its provider as a new one; null where that was before anybody was told. */
export async function selectOrderCreated({ orm }: Database, tenantId: string, no: number): Promise<Instant | null> {
  const [row] = await orm
    .select({ at: events.at })
    .from(events)
    .where(
      and(
        eq(events.tenantId, tenantId),
        eq(events.subjectKind, "order"),
        eq(events.subject, String(no)),
        eq(events.type, "order.created"),
      ),
    )
    .orderBy(desc(events.no))
    .limit(1);
  return row?.at ?? null;
}

/** The provider with the most orders that stand; null where nobody has any. */
export async function selectBusiestProvider({ pool }: Database, tenantId: string): Promise<string | null> {
  const { rows } = await pool.query<{ provider: string }>(
    `SELECT provider FROM announced_orders WHERE tenant_id = $1 AND gone IS NULL
     GROUP BY provider ORDER BY count(*) DESC, provider LIMIT 1`,
    [tenantId],
  );
  return rows[0]?.provider ?? null;
}

export async function insertAcknowledgement(
  { orm }: Pick<Transaction, "orm">,
  tenantId: string,
  acknowledgement: Acknowledgement,
): Promise<void> {
  await orm.insert(acknowledgements).values({ tenantId, ...acknowledgement });
}

const acknowledgement = (row: typeof acknowledgements.$inferSelect): Acknowledgement => ({
  ...without(row, "tenantId", "no"),
  // Written by `insertAcknowledgement`.
  kind: row.kind as Acknowledgement["kind"],
});

/** What providers have answered to orders, oldest first. */
export async function selectAcknowledgements(
  { orm }: Database,
  tenantId: string,
  orders: ReadonlyArray<{ sourceNo: number; id: string }>,
): Promise<Acknowledgement[]> {
  if (orders.length === 0) return [];
  const bySource = Map.groupBy(orders, ({ sourceNo }) => sourceNo);
  const any = [...bySource].map(([sourceNo, some]) =>
    and(
      eq(acknowledgements.sourceNo, sourceNo),
      inArray(
        acknowledgements.orderId,
        some.map(({ id }) => id),
      ),
    ),
  );
  const rows = await orm
    .select()
    .from(acknowledgements)
    .where(and(eq(acknowledgements.tenantId, tenantId), or(...any)))
    .orderBy(asc(acknowledgements.no));
  return rows.map(acknowledgement);
}

/** When an order was first answered and first accepted here since it last came; what stops the clock of its confirmation. */
export interface OrderAnswered {
  source: string;
  order: string;
  provider: string;
  /** When it came back to the provider after it was gone; null: it never was. */
  returnedAt: Instant | null;
  /** Null, as all that follows: not since it came back. */
  answeredAt: Instant | null;
  /** Null: never. */
  acceptedAt: Instant | null;
  declinedAt: Instant | null;
  /** The last answer. */
  last: Acknowledgement["kind"] | null;
  lastAt: Instant | null;
  /** It is to what is ordered now: since the version that was answered the provider was told of no change. */
  current: boolean;
}

/**
 * Every order that was answered here, by each provider that did, and those that came back to one; only what was answered
 * and told by `at`, where it is given.
 */
export async function selectOrdersAnswered(
  { pool }: Database,
  tenantId: string,
  at?: Instant,
): Promise<OrderAnswered[]> {
  const { rows } = await pool.query<OrderAnswered>(
    `WITH returned AS (
       SELECT source_no, id AS order_id, provider, returned_at FROM announced_orders
        WHERE tenant_id = $1 AND returned_at IS NOT NULL AND ($2::timestamptz IS NULL OR returned_at <= $2)),
     answered AS (
       SELECT a.source_no, a.order_id, a.provider, min(a.at) AS answered_at,
         min(a.at) FILTER (WHERE a.kind = 'accepted') AS accepted_at,
         min(a.at) FILTER (WHERE a.kind = 'declined') AS declined_at,
         (array_agg(a.kind ORDER BY a.no DESC))[1] AS last, max(a.at) AS last_at,
         (array_agg(coalesce(a.told_at, a.at) ORDER BY a.no DESC))[1] AS told_at
       FROM acknowledgements a LEFT JOIN returned r USING (source_no, order_id, provider)
       WHERE a.tenant_id = $1 AND ($2::timestamptz IS NULL OR a.at <= $2) AND (r.returned_at IS NULL OR a.at >= r.returned_at)
       GROUP BY 1, 2, 3)
     SELECT s.id AS source, order_id AS order, provider, r.returned_at AS "returnedAt", a.answered_at AS "answeredAt",
       a.accepted_at AS "acceptedAt", a.declined_at AS "declinedAt", a.last, a.last_at AS "lastAt",
       a.told_at IS NOT NULL AND NOT EXISTS (
         SELECT FROM announced_orders o JOIN events v ON v.tenant_id = $1 AND v.subject_kind = 'order'
           AND v.subject = o.no::text AND v.provider = o.provider AND v.type = 'order.changed' AND NOT v.changes <@ '{status}'
         WHERE o.tenant_id = $1 AND o.source_no = a.source_no AND o.id = a.order_id AND o.provider = a.provider
           AND v.at > a.told_at AND ($2::timestamptz IS NULL OR v.at <= $2)) AS current
     FROM answered a FULL JOIN returned r USING (source_no, order_id, provider)
     JOIN sources_known s ON s.tenant_id = $1 AND s.no = source_no ORDER BY 1, 2, 3`,
    [tenantId, at === undefined ? null : new Date(at).toISOString()],
  );
  return rows;
}

/** The lines that an order has or had, by their ids in its source. */
export async function selectOrderLineIds(
  { pool }: Database,
  tenantId: string,
  { sourceNo, id }: { sourceNo: number; id: string },
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT l.id FROM order_lines l JOIN refs r ON r.tenant_id = $1 AND r.no = l.order_id
     WHERE l.tenant_id = $1 AND l.source_no = $2 AND r.kind = $4 AND r.source_no = $2 AND r.id = $3 ORDER BY l.id`,
    [tenantId, sourceNo, id, refKinds.indexOf("order")],
  );
  return rows.map((row) => row.id);
}
