import type pg from "pg";
import type { Instant } from "#model";
import type { Database, Transaction } from "./database.ts";

const iso = (at: Instant | null): string | null => (at === null ? null : new Date(at).toISOString());

/**
 * Makes a delivery of each new event for each endpoint that wants it. One that could not be reached gets it as failed, so
 * that it is listed and can be sent when the endpoint is back. Gives how many events there were.
 */
export async function spreadEvents(database: Database, tenantId: string, at: Instant, limit: number): Promise<number> {
  return database.transaction(async ({ client }) => {
    // One process at a time: a later event of an order must not overtake an earlier one here.
    const { rows: lock } = await client.query<{ taken: boolean }>(
      "SELECT pg_try_advisory_xact_lock(hashtextextended('klarsyn spread ' || $1, 0)) AS taken",
      [tenantId],
    );
    if (lock[0]?.taken !== true) return 0;
    const { rows } = await client.query<{ events: number }>(
      `WITH fresh AS (
         UPDATE events SET spread = true WHERE tenant_id = $1 AND no IN (
           SELECT no FROM events WHERE tenant_id = $1 AND NOT spread ORDER BY no LIMIT $3)
         RETURNING *),
       made AS (${insertDeliveries("fresh", "e.state <> 'unverified' AND (e.state <> 'disabled' OR e.disabled_why <> 'by-hand')")})
       SELECT count(*) AS events FROM fresh`,
      [tenantId, iso(at), limit],
    );
    return rows[0]?.events ?? 0;
  });
}

/** Deliveries of events for the endpoints that want them; $1 is the tenant, $2 now. */
const insertDeliveries = (events: string, which: string): string => `
  INSERT INTO event_deliveries (tenant_id, endpoint_no, event_no, provider, state, next_at, since, finished_at, order_key)
  SELECT $1, e.no, v.no, v.provider, CASE e.state WHEN 'disabled' THEN 'failed' ELSE 'waiting' END, $2, $2,
         CASE e.state WHEN 'disabled' THEN $2::timestamptz END, CASE WHEN e.ordered THEN v.order_key END
    FROM ${events} v JOIN endpoints e ON e.tenant_id = $1 AND e.provider = v.provider
   WHERE ${which} AND (v.endpoint_no IS NULL OR v.endpoint_no = e.no)
     AND (e.types IS NULL OR v.type = ANY (e.types))
     AND (e.units IS NULL OR v.units = '{}' OR v.units && e.units)
  ON CONFLICT DO NOTHING`;

/** A delivery that is to be made now. */
export interface DueDelivery {
  endpointNo: number;
  eventNo: number;
  provider: string;
  attempts: number;
  since: Instant;
  id: string;
  type: string;
  at: Instant;
  subjectKind: string;
  subject: string;
  changes: string[];
  test: boolean;
}

/** An endpoint `e` that is not to be left alone now, which is $2. */
const open = "(e.open_until IS NULL OR e.open_until <= $2) AND (e.asked_until IS NULL OR e.asked_until <= $2)";

/**
 * Leases deliveries that are due: of each endpoint as many as it is given. Endpoints that have failed too often get one,
 * and nobody else sends to them meanwhile.
 */
export async function claimDue(
  { pool }: Database,
  tenantId: string,
  {
    at,
    leaseMs,
    rooms,
    probeAfter,
  }: {
    at: Instant;
    leaseMs: number;
    /** How many each endpoint may have more; the others are not looked at. */
    rooms: ReadonlyArray<{ endpointNo: number; room: number }>;
    /** Failures from which on an endpoint is only probed. */
    probeAfter: number;
  },
): Promise<DueDelivery[]> {
  if (rooms.length === 0) return [];
  const { rows } = await pool.query<DueDelivery>(
    `WITH given AS (SELECT * FROM unnest($3::int8[], $4::int4[]) AS g (no, room)),
     due AS (
       SELECT e.no, least(g.room, 1) AS room FROM given g JOIN endpoints e ON e.tenant_id = $1 AND e.no = g.no
        WHERE e.state = 'active' AND e.failures >= $5 AND ${open}
          AND EXISTS (SELECT FROM event_deliveries d WHERE d.tenant_id = $1 AND d.endpoint_no = e.no AND d.state = 'waiting' AND d.next_at <= $2)),
     probed AS (
       UPDATE endpoints e SET open_until = $6 FROM due WHERE e.tenant_id = $1 AND e.no = due.no
          AND ${open}
       RETURNING e.no, due.room),
     open AS (
       SELECT no, room FROM probed
       UNION ALL
       SELECT e.no, g.room FROM given g JOIN endpoints e ON e.tenant_id = $1 AND e.no = g.no
        WHERE e.state = 'active' AND e.failures < $5 AND ${open}),
     claimed AS (
       SELECT d.endpoint_no, d.event_no FROM open o CROSS JOIN LATERAL (
         SELECT d.endpoint_no, d.event_no FROM event_deliveries d
          WHERE d.tenant_id = $1 AND d.endpoint_no = o.no AND d.state = 'waiting' AND d.next_at <= $2
            AND (d.leased_until IS NULL OR d.leased_until <= $2)
            AND (d.order_key IS NULL OR NOT EXISTS (
              SELECT FROM event_deliveries b WHERE b.tenant_id = $1 AND b.endpoint_no = o.no AND b.order_key = d.order_key
                 AND b.state = 'waiting' AND b.event_no < d.event_no))
          ORDER BY d.next_at, d.event_no LIMIT o.room FOR UPDATE SKIP LOCKED) d)
     UPDATE event_deliveries d SET leased_until = $6, attempts = d.attempts + 1
       FROM claimed c JOIN events v ON v.tenant_id = $1 AND v.no = c.event_no
      WHERE d.tenant_id = $1 AND d.endpoint_no = c.endpoint_no AND d.event_no = c.event_no
     RETURNING d.endpoint_no AS "endpointNo", d.event_no AS "eventNo", d.provider, d.attempts, d.since, v.id, v.type, v.at,
               v.subject_kind AS "subjectKind", v.subject, v.changes, v.test`,
    [
      tenantId,
      iso(at),
      rooms.map(({ endpointNo }) => endpointNo),
      rooms.map(({ room }) => room),
      probeAfter,
      iso(at + leaseMs),
    ],
  );
  return rows.sort((a, b) => a.eventNo - b.eventNo);
}

/** Gives back what was leased and not tried. */
export async function releaseDue(
  { pool }: Database,
  tenantId: string,
  deliveries: ReadonlyArray<Pick<DueDelivery, "endpointNo" | "eventNo">>,
): Promise<void> {
  if (deliveries.length === 0) return;
  await pool.query(
    `UPDATE event_deliveries d SET leased_until = NULL, attempts = d.attempts - 1
       FROM unnest($2::int8[], $3::int8[]) AS k (endpoint_no, event_no)
      WHERE d.tenant_id = $1 AND d.endpoint_no = k.endpoint_no AND d.event_no = k.event_no AND d.state = 'waiting'`,
    [tenantId, deliveries.map(({ endpointNo }) => endpointNo), deliveries.map(({ eventNo }) => eventNo)],
  );
}

/** What became of one attempt. */
export interface Attempt {
  endpointNo: number;
  eventNo: number;
  provider: string;
  at: Instant;
  status: number | null;
  ms: number;
  error: string | null;
  /** Encrypted. */
  answer: Buffer | null;
  /** When to try again; null: delivered, or given up. */
  nextAt: Instant | null;
}

/** What became of an endpoint by its attempts. */
export interface EndpointOutcome {
  endpointNo: number;
  /** Failures one after the other, since the last success. */
  failures: number;
  /** The first failure, where there was no success since; null: there was a success and no failure after it. */
  failingSince: Instant | null;
  /** The last failure, where there was one. */
  failedAt: Instant | null;
  succeeded: boolean;
  openUntil: Instant | null;
  /** So long the receiver asked to be left alone, whatever else it took. */
  askedUntil: Instant | null;
  /** The receiver wants no more. */
  gone: boolean;
}

/** Nobody has tried for long before the first failure of this outcome. */
const untried = "e.failed_at < o.failing_since - $9::float8 * interval '1 millisecond'";

/** Writes attempts, what they mean for their deliveries, and how their endpoints fare. */
export async function writeAttempts(
  database: Database,
  tenantId: string,
  attempts: readonly Attempt[],
  outcomes: readonly EndpointOutcome[],
  /** Where so much time has gone since the failure before, nobody has tried: an endpoint's failing begins anew. */
  triedMs: number,
): Promise<void> {
  if (attempts.length === 0) return;
  await database.transaction(async ({ client }) => {
    await lockEndpoints(
      client,
      tenantId,
      outcomes.map(({ endpointNo }) => endpointNo),
    );
    await insertAttempts(client, tenantId, attempts);
    await client.query(
      `UPDATE event_deliveries d SET leased_until = NULL, state = CASE WHEN k.error IS NULL THEN 'delivered' WHEN k.next_at IS NULL THEN 'failed' ELSE 'waiting' END,
              next_at = coalesce(k.next_at, d.next_at), finished_at = CASE WHEN k.next_at IS NULL THEN k.at END
         FROM unnest($2::int8[], $3::int8[], $4::text[], $5::timestamptz[], $6::timestamptz[]) AS k (endpoint_no, event_no, error, next_at, at)
        WHERE d.tenant_id = $1 AND d.endpoint_no = k.endpoint_no AND d.event_no = k.event_no
          AND (k.error IS NULL OR d.state = 'waiting')`,
      [
        tenantId,
        attempts.map(({ endpointNo }) => endpointNo),
        attempts.map(({ eventNo }) => eventNo),
        attempts.map(({ error }) => error),
        attempts.map(({ nextAt }) => iso(nextAt)),
        attempts.map(({ at }) => iso(at)),
      ],
    );
    await client.query(
      `UPDATE endpoints e SET failures = CASE WHEN o.succeeded THEN o.failures ELSE e.failures + o.failures END,
              failing_since = CASE WHEN o.succeeded OR e.failing_since IS NULL OR ${untried} THEN o.failing_since ELSE e.failing_since END,
              noticed = CASE WHEN e.state <> 'disabled' AND (o.succeeded OR ${untried}) THEN 0 ELSE e.noticed END,
              failed_at = coalesce(o.failed_at, e.failed_at),
              open_until = o.open_until, asked_until = greatest(e.asked_until, o.asked_until)
         FROM unnest($2::int8[], $3::int4[], $4::timestamptz[], $5::bool[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[])
           AS o (no, failures, failing_since, succeeded, open_until, asked_until, failed_at)
        WHERE e.tenant_id = $1 AND e.no = o.no
          AND (o.failures > 0 OR e.failures > 0 OR e.failing_since IS NOT NULL OR e.open_until IS NOT NULL
            OR o.asked_until IS NOT NULL)`,
      [
        tenantId,
        outcomes.map(({ endpointNo }) => endpointNo),
        outcomes.map(({ failures }) => failures),
        outcomes.map(({ failingSince }) => iso(failingSince)),
        outcomes.map(({ succeeded }) => succeeded),
        outcomes.map(({ openUntil }) => iso(openUntil)),
        outcomes.map(({ askedUntil }) => iso(askedUntil)),
        outcomes.map(({ failedAt }) => iso(failedAt)),
        triedMs,
      ],
    );
    for (const { endpointNo } of outcomes.filter(({ gone }) => gone)) {
      await disableIn(client, tenantId, endpointNo, "gone", attempts.at(-1)?.at ?? 0);
    }
  });
}

/** Whoever writes several deliveries of endpoints locks those first, by number, so that nobody waits for each other. */
async function lockEndpoints(client: pg.ClientBase, tenantId: string, numbers: readonly number[]): Promise<void> {
  await client.query("SELECT FROM endpoints WHERE tenant_id = $1 AND no = ANY ($2::int8[]) ORDER BY no FOR UPDATE", [
    tenantId,
    numbers,
  ]);
}

async function insertAttempts(client: pg.ClientBase, tenantId: string, attempts: readonly Attempt[]): Promise<void> {
  await client.query(
    `INSERT INTO event_attempts (tenant_id, endpoint_no, event_no, provider, at, status, ms, error, answer)
     SELECT $1, k.* FROM unnest($2::int8[], $3::int8[], $4::text[], $5::timestamptz[], $6::int4[], $7::int4[], $8::text[], $9::bytea[]) AS k`,
    [
      tenantId,
      attempts.map(({ endpointNo }) => endpointNo),
      attempts.map(({ eventNo }) => eventNo),
      attempts.map(({ provider }) => provider),
      attempts.map(({ at }) => iso(at)),
      attempts.map(({ status }) => status),
      attempts.map(({ ms }) => ms),
      attempts.map(({ error }) => error),
      attempts.map(({ answer }) => answer),
    ],
  );
}

/** Disables an endpoint: what waits for it is failed, and can be listed and sent again. False where it was. */
export async function disableEndpoint(
  database: Database,
  tenantId: string,
  endpointNo: number,
  why: string,
  at: Instant,
): Promise<boolean> {
  return database.transaction(({ client }) => disableIn(client, tenantId, endpointNo, why, at));
}

async function disableIn(
  client: pg.ClientBase,
  tenantId: string,
  endpointNo: number,
  why: string,
  at: Instant,
): Promise<boolean> {
  await lockEndpoints(client, tenantId, [endpointNo]);
  const { rowCount } = await client.query(
    "UPDATE endpoints SET state = 'disabled', disabled_why = $3, noticed = CASE $3 WHEN 'by-hand' THEN 100 ELSE noticed END WHERE tenant_id = $1 AND no = $2 AND state <> 'disabled'",
    [tenantId, endpointNo, why],
  );
  await client.query(
    "UPDATE event_deliveries SET state = 'failed', leased_until = NULL, finished_at = $3 WHERE tenant_id = $1 AND endpoint_no = $2 AND state = 'waiting'",
    [tenantId, endpointNo, iso(at)],
  );
  return rowCount === 1;
}

/** Writes an event for one endpoint together with the one attempt that was made to deliver it. */
export async function writeDirect(
  { client }: Transaction,
  tenantId: string,
  eventId: string,
  { endpointNo, ...attempt }: Omit<Attempt, "eventNo" | "nextAt">,
): Promise<void> {
  const { rows } = await client.query<{ no: number }>(
    "UPDATE events SET spread = true WHERE tenant_id = $1 AND id = $2 RETURNING no",
    [tenantId, eventId],
  );
  const eventNo = rows[0]!.no;
  const state = attempt.error === null ? "delivered" : "failed";
  await client.query(
    `INSERT INTO event_deliveries (tenant_id, endpoint_no, event_no, provider, state, attempts, next_at, since, finished_at)
     VALUES ($1, $2, $3, $4, $5, 1, $6, $6, $6)`,
    [tenantId, endpointNo, eventNo, attempt.provider, state, iso(attempt.at)],
  );
  await insertAttempts(client, tenantId, [{ ...attempt, endpointNo, eventNo, nextAt: null }]);
}

/** Which deliveries of an endpoint are meant. */
export interface DeliverySelection {
  endpointNo: number;
  /** Of events that happened from then on, and before that. */
  from?: Instant | undefined;
  until?: Instant | undefined;
  states?: readonly string[] | undefined;
  types?: readonly string[] | undefined;
  /** evt_… */
  id?: string | undefined;
}

const selected = `d.tenant_id = $1 AND d.endpoint_no = $2 AND ($3::timestamptz IS NULL OR v.at >= $3) AND ($4::timestamptz IS NULL OR v.at < $4)
  AND ($5::text[] IS NULL OR d.state = ANY ($5)) AND ($6::text[] IS NULL OR v.type = ANY ($6)) AND ($7::text IS NULL OR v.id = $7)`;
const valuesOf = (tenantId: string, { endpointNo, from, until, states, types, id }: DeliverySelection): unknown[] => [
  tenantId,
  endpointNo,
  iso(from ?? null),
  iso(until ?? null),
  states ?? null,
  types ?? null,
  id ?? null,
];

/** A delivery with its event. */
export interface ListedDelivery {
  eventNo: number;
  id: string;
  type: string;
  at: Instant;
  state: "waiting" | "delivered" | "failed";
  attempts: number;
  nextAt: Instant | null;
  finishedAt: Instant | null;
  test: boolean;
  /** A ping or a test, which is sent once. */
  direct: boolean;
}

/** One page of deliveries, the newest event first. */
export async function selectDeliveries(
  { pool }: Database,
  tenantId: string,
  selection: DeliverySelection,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<ListedDelivery[]> {
  const { rows } = await pool.query<ListedDelivery>(
    `SELECT d.event_no AS "eventNo", v.id, v.type, v.at, d.state, d.attempts,
            CASE WHEN d.state = 'waiting' THEN d.next_at END AS "nextAt", d.finished_at AS "finishedAt",
            v.test, v.endpoint_no IS NOT NULL AS direct
       FROM event_deliveries d JOIN events v ON v.tenant_id = $1 AND v.no = d.event_no
      WHERE ${selected} AND ($8::int8 IS NULL OR d.event_no < $8) ORDER BY d.event_no DESC LIMIT $9`,
    [...valuesOf(tenantId, selection), before ?? null, limit],
  );
  return rows;
}

/** How many deliveries of a selection are in which state, without pings and tests: nothing has happened by them. */
export async function countDeliveries(
  { pool }: Database,
  tenantId: string,
  selection: DeliverySelection,
): Promise<Record<"waiting" | "delivered" | "failed", number>> {
  const { rows } = await pool.query<{ state: "waiting" | "delivered" | "failed"; count: number }>(
    `SELECT d.state, count(*) AS count FROM event_deliveries d JOIN events v ON v.tenant_id = $1 AND v.no = d.event_no
      WHERE ${selected} AND v.endpoint_no IS NULL GROUP BY d.state`,
    valuesOf(tenantId, selection),
  );
  return { waiting: 0, delivered: 0, failed: 0, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) };
}

/** The attempts of one delivery, the first first. */
export async function selectAttempts(
  { pool }: Database,
  tenantId: string,
  { endpointNo, eventNos }: { endpointNo: number; eventNos: readonly number[] },
): Promise<Array<Omit<Attempt, "endpointNo" | "nextAt" | "provider">>> {
  const { rows } = await pool.query<Omit<Attempt, "endpointNo" | "nextAt" | "provider">>(
    `SELECT event_no AS "eventNo", at, status, ms, error, answer FROM event_attempts
      WHERE tenant_id = $1 AND endpoint_no = $2 AND event_no = ANY ($3) ORDER BY no`,
    [tenantId, endpointNo, eventNos],
  );
  return rows;
}

/**
 * Sends again what is selected, also what was delivered; pings and tests are not sent again. `missed`: and what the
 * endpoint wants and was never to be sent, as what happened before there was the endpoint. Gives how many deliveries
 * wait by that.
 */
export async function replayDeliveries(
  database: Database,
  tenantId: string,
  selection: DeliverySelection,
  { at, missed }: { at: Instant; missed: boolean },
): Promise<number> {
  return database.transaction(async ({ client }) => {
    await lockEndpoints(client, tenantId, [selection.endpointNo]);
    const values = valuesOf(tenantId, selection);
    const { rowCount } = await client.query(
      `UPDATE event_deliveries d SET state = 'waiting', attempts = 0, next_at = $8, since = $8, finished_at = NULL, leased_until = NULL
         FROM events v WHERE v.tenant_id = $1 AND v.no = d.event_no AND v.endpoint_no IS NULL AND ${selected}`,
      [...values, iso(at)],
    );
    if (!missed) return rowCount ?? 0;
    const { endpointNo, from, until, types, id } = selection;
    const made = await client.query(
      insertDeliveries(
        `(SELECT * FROM events v WHERE v.tenant_id = $1 AND v.spread AND v.endpoint_no IS NULL AND ($4::timestamptz IS NULL OR v.at >= $4)
           AND ($5::timestamptz IS NULL OR v.at < $5) AND ($6::text[] IS NULL OR v.type = ANY ($6)) AND ($7::text IS NULL OR v.id = $7))`,
        "e.no = $3",
      ),
      [tenantId, iso(at), endpointNo, iso(from ?? null), iso(until ?? null), types ?? null, id ?? null],
    );
    return (rowCount ?? 0) + (made.rowCount ?? 0);
  });
}
