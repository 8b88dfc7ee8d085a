import type { Day, Instant } from "#model";
import type { Acknowledgement, AnnouncedOrder } from "./acknowledgements.ts";
import type { Database } from "./database.ts";

/** An order with what has been answered to it, here and in the source that it is from. */
export interface OrderToAnswer extends AnnouncedOrder {
  /** Of its first line; null: it has none. */
  service: string | null;
  /** Null: the source does not have the order any more. */
  orderedAt: Instant | null;
  /** When the provider accepted it, as the source says. */
  confirmedAt: Instant | null;
  /** When it was first accepted here. */
  acceptedAt: Instant | null;
  last: Pick<Acknowledgement, "kind" | "reason" | "text" | "plannedStart" | "at" | "byName" | "changeNo"> | null;
  /** What of it has changed since it was last answered, or since it was new; not what the source calls its state. */
  changes: string[];
}

/** Which orders: the latest change first. */
export interface OrderChoice {
  provider?: string;
  /**
   * An answer counts until the order is gone. `unanswered`: that are sent and have no answer, or none since they changed; `declined`: to which the last answer was
   * no; `commented`: to which it was yes lately, with words or a planned start; `changed`: of which something is not as it was when it was answered or new; `standing`: that are not gone.
   */
  which: "unanswered" | "declined" | "commented" | "changed" | "standing" | "all";
  /** Those that end before are of no interest. */
  today: Day;
  /** Those that changed before these. */
  before?: number | undefined;
  limit: number;
}

const selections: Readonly<Record<OrderChoice["which"], string>> = {
  unanswered: `a.gone IS NULL AND a.status = 'sent' AND (a.valid_to IS NULL OR a.valid_to >= $3)
    AND ((k.at IS NULL AND h.accepted_at IS NULL) OR e.changes <> '{}')`,
  declined: `a.gone IS NULL AND a.status = 'sent' AND (a.valid_to IS NULL OR a.valid_to >= $3)
    AND k.kind = 'declined' AND e.changes = '{}'`,
  commented: `a.gone IS NULL AND (a.valid_to IS NULL OR a.valid_to >= $3) AND k.kind = 'accepted' AND e.changes = '{}'
    AND (k.text IS NOT NULL OR k.planned_start IS NOT NULL) AND (k.at >= $3::date - 30 OR k.planned_start >= $3)`,
  changed: "a.gone IS NULL AND (a.valid_to IS NULL OR a.valid_to >= $3) AND e.changes <> '{}'",
  standing: "a.gone IS NULL AND (a.valid_to IS NULL OR a.valid_to >= $3)",
  all: "true",
};

type Row = Omit<OrderToAnswer, "last"> & {
  [Key in keyof NonNullable<OrderToAnswer["last"]> as `last_${Key}`]: unknown;
};

export async function selectOrdersToAnswer(
  { pool }: Database,
  tenantId: string,
  { provider, which, today, before, limit }: OrderChoice,
): Promise<OrderToAnswer[]> {
  const { rows } = await pool.query<Row>(
    `SELECT a.no, a.source_no AS "sourceNo", a.id, a.provider, a.unit, a.client, a.client_no AS "clientNo", a.status, a.gone,
       a.valid_from AS "validFrom", a.valid_to AS "validTo", a.created_at AS "createdAt",
       a.returned_at AS "returnedAt", a.changed_at AS "changedAt",
       a.change_no AS "changeNo", a.lines::jsonb -> 0 ->> 0 AS service, h.ordered_at AS "orderedAt",
       h.accepted_at AS "confirmedAt", k.accepted AS "acceptedAt", k.kind AS last_kind, k.reason AS last_reason,
       k.text AS last_text, k.planned_start AS "last_plannedStart", k.at AS last_at, k.by_name AS "last_byName",
       k.change_no AS "last_changeNo", e.changes
     FROM announced_orders a
     LEFT JOIN orders h ON h.tenant_id = $1 AND h.source_no = a.source_no AND h.id = a.id AND NOT h.deleted
     LEFT JOIN LATERAL (
       SELECT l.*, min(l.at) FILTER (WHERE l.kind = 'accepted') OVER () AS accepted
         FROM acknowledgements l
        WHERE l.tenant_id = $1 AND l.source_no = a.source_no AND l.order_id = a.id AND l.provider = a.provider
          AND (a.returned_at IS NULL OR l.at >= a.returned_at)
        ORDER BY l.no DESC LIMIT 1) k ON true
     CROSS JOIN LATERAL (
       SELECT coalesce(array_agg(DISTINCT c ORDER BY c), '{}') AS changes FROM events v, unnest(v.changes) c
        WHERE v.tenant_id = $1 AND v.subject_kind = 'order' AND v.subject = a.no::text AND v.provider = a.provider
          AND v.type = 'order.changed' AND c <> 'status' AND v.at > greatest(coalesce(k.told_at, k.at, h.accepted_at, a.created_at), a.returned_at)) e
     WHERE a.tenant_id = $1 AND ($2::text IS NULL OR a.provider = $2) AND ($4::int8 IS NULL OR a.change_no < $4)
       AND $3::date IS NOT NULL AND ${selections[which]}
     ORDER BY a.change_no DESC LIMIT $5`,
    [tenantId, provider ?? null, new Date(today * 86_400_000).toISOString().slice(0, 10), before ?? null, limit],
  );
  return rows.map(
    ({
      last_kind,
      last_reason,
      last_text,
      last_plannedStart,
      last_at,
      last_byName,
      last_changeNo,
      ...order
    }): OrderToAnswer => ({
      ...order,
      last:
        last_kind === null
          ? null
          : ({
              kind: last_kind,
              reason: last_reason,
              text: last_text,
              plannedStart: last_plannedStart,
              at: last_at,
              byName: last_byName,
              changeNo: last_changeNo,
            } as OrderToAnswer["last"]),
    }),
  );
}

/** That somebody is to be told that an order waits. */
export interface OrderReminder {
  provider: string;
  orderNo: number;
  /** When its clock began. */
  since: Instant;
  kind: "reminder" | "late" | "declined";
}

const keys = (reminders: readonly OrderReminder[]) => [
  reminders.map(({ orderNo }) => orderNo),
  reminders.map(({ since }) => new Date(since).toISOString()),
  reminders.map(({ kind }) => kind),
];

/** Claims what is to be told; gives those that nobody has told yet. */
export async function claimReminders(
  { pool }: Database,
  tenantId: string,
  reminders: readonly OrderReminder[],
  at: Instant,
): Promise<OrderReminder[]> {
  if (reminders.length === 0) return [];
  const { rows } = await pool.query<OrderReminder>(
    `INSERT INTO order_reminders (tenant_id, order_no, since, kind, provider, at)
     SELECT $1, g.*, $6 FROM unnest($2::int8[], $3::timestamptz[], $4::text[], $5::text[]) AS g
     ON CONFLICT DO NOTHING RETURNING provider, order_no AS "orderNo", since, kind`,
    [tenantId, ...keys(reminders), reminders.map(({ provider }) => provider), new Date(at).toISOString()],
  );
  return rows;
}

/** Gives back what could not be told, to be tried again. */
export async function releaseReminders(
  { pool }: Database,
  tenantId: string,
  reminders: readonly OrderReminder[],
): Promise<void> {
  await pool.query(
    `DELETE FROM order_reminders r USING unnest($2::int8[], $3::timestamptz[], $4::text[]) AS g (no, since, kind)
     WHERE r.tenant_id = $1 AND r.order_no = g.no AND r.since = g.since AND r.kind = g.kind`,
    [tenantId, ...keys(reminders)],
  );
}
