import type pg from "pg";
import type { Instant } from "#model";
import type { Database } from "./database.ts";

/** Something that a provider is to be told. */
export interface NewEvent {
  /** evt_… */
  id: string;
  type: string;
  at: Instant;
  provider: string;
  /** Those that it concerns; none: all of the provider. */
  units: readonly string[];
  subjectKind: string;
  subject: string;
  changes?: readonly string[];
  /** Events with the same key keep their order where an endpoint asks for that. */
  orderKey?: string | null;
  /** The only endpoint that gets it; null: all of the provider that want it. */
  endpointNo?: number | null;
  /** Nothing has happened. */
  test?: boolean;
}

const channel = "klarsyn_events";

/** Writes events in the transaction of what they tell of; whoever delivers hears of it when that is committed. */
export async function insertEvents(client: pg.ClientBase, tenantId: string, events: readonly NewEvent[]) {
  if (events.length === 0) return;
  await client.query(
    `INSERT INTO events (tenant_id, id, type, at, provider, units, subject_kind, subject, changes, order_key, endpoint_no, test)
     SELECT $1, e.id, e.type, e.at, e.provider, ARRAY(SELECT jsonb_array_elements_text(e.units)), e.subject_kind, e.subject,
            ARRAY(SELECT jsonb_array_elements_text(e.changes)), e.order_key, e.endpoint_no, e.test
       FROM jsonb_to_recordset($2::jsonb) AS e (id text, type text, at timestamptz, provider text, units jsonb, subject_kind text,
            subject text, changes jsonb, order_key text, endpoint_no int8, test bool)`,
    [
      tenantId,
      JSON.stringify(
        events.map(({ id, type, at, provider, units, subjectKind, subject, changes, orderKey, endpointNo, test }) => ({
          id,
          type,
          at: new Date(at).toISOString(),
          provider,
          units,
          subject_kind: subjectKind,
          subject,
          changes: changes ?? [],
          order_key: orderKey ?? null,
          endpoint_no: endpointNo ?? null,
          test: test ?? false,
        })),
      ),
    ],
  );
  await client.query("SELECT pg_notify($1, $2)", [channel, tenantId]);
}

/**
 * Takes away deliveries that ended before `until`, with their attempts, and then events from before it that have been spread
 * and have no delivery left; those of an order that stands stay, since they say what of it is new. So many at a time that
 * nobody waits for long. Gives how many events went.
 */
export async function deleteOldEvents(
  { pool }: Database,
  tenantId: string,
  until: Instant,
  many = 10_000,
): Promise<number> {
  const values = [tenantId, new Date(until).toISOString(), many];
  const all = async (statement: string): Promise<number> => {
    for (let gone = 0; ;) {
      const { rowCount } = await pool.query(statement, values);
      gone += rowCount ?? 0;
      if ((rowCount ?? 0) < many) return gone;
    }
  };
  await all(
    `WITH old AS (
       SELECT endpoint_no, event_no FROM event_deliveries
        WHERE tenant_id = $1 AND state <> 'waiting' AND finished_at < $2 LIMIT $3 FOR UPDATE SKIP LOCKED),
     attempts AS (
       DELETE FROM event_attempts a USING old o
        WHERE a.tenant_id = $1 AND a.endpoint_no = o.endpoint_no AND a.event_no = o.event_no)
     DELETE FROM event_deliveries d USING old o
      WHERE d.tenant_id = $1 AND d.endpoint_no = o.endpoint_no AND d.event_no = o.event_no`,
  );
  return all(
    `DELETE FROM events WHERE tenant_id = $1 AND no IN (
       SELECT v.no FROM events v
        WHERE v.tenant_id = $1 AND v.at < $2 AND v.spread
          AND NOT EXISTS (SELECT FROM event_deliveries d WHERE d.tenant_id = $1 AND d.event_no = v.no)
          AND NOT (v.subject_kind = 'order' AND EXISTS (
            SELECT FROM announced_orders a WHERE a.tenant_id = $1 AND a.no::text = v.subject AND a.gone IS NULL))
        LIMIT $3)`,
  );
}

/** Calls `wake` whenever the tenant has new events. What is missed while the connection is lost is found by looking. */
export async function listenForEvents(
  database: Database,
  tenantId: string,
  wake: () => void,
): Promise<AsyncDisposable> {
  const client = await database.pool.connect();
  const onError = (): void => undefined;
  client.on("error", onError);
  client.on("notification", ({ payload }) => {
    if (payload === tenantId) wake();
  });
  try {
    await client.query(`LISTEN ${channel}`);
  } catch (error) {
    client.release(true);
    throw error;
  }
  return {
    async [Symbol.asyncDispose]() {
      // Not handed to anybody else, who would be woken as well.
      client.release(true);
    },
  };
}
