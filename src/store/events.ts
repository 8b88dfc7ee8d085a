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
