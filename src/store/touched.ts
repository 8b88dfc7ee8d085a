import type pg from "pg";
import type { EntityName } from "#model";
import type { Instant, Day } from "#model";
import type { Transaction } from "./database.ts";

/** Writes down whose records a change touches, where providers are told of such; `from` is a query with columns `m.*`. */
export async function touch(client: pg.ClientBase, tenantId: string, entity: EntityName, from: string): Promise<void> {
  const rows = touched(entity, from);
  if (rows === null) return;
  await client.query(
    `INSERT INTO touched (tenant_id, entity, source_no, id) SELECT DISTINCT $1, t.* FROM (${rows}) t`,
    [tenantId],
  );
}

function touched(entity: EntityName, from: string): string | null {
  switch (entity) {
    case "orders":
    case "absences":
    case "units":
      return `SELECT '${entity}', m.source_no, m.id FROM (${from}) m`;
    case "order-lines":
      // Of a line that is gone nothing is left but this to tell which order it was of.
      return `SELECT 'orders', r.source_no, r.id FROM (${from}) m JOIN refs r ON r.tenant_id = $1 AND r.no = m.order_id`;
    default:
      return null;
  }
}

/**
 * Writes down the orders of whose unit or provider a decision says what it is called elsewhere: of one decision, or of all
 * those that hold for some days only.
 */
export async function touchJoined(
  client: pg.ClientBase,
  tenantId: string,
  alias?: { kind: string; source: string; id: string },
): Promise<void> {
  await client.query(
    `WITH joined AS (
       SELECT a.kind, k.no AS source_no, a.id FROM (${
         alias === undefined
           ? "SELECT kind, source, id FROM aliases WHERE tenant_id = $1 AND undone_at IS NULL AND (valid_from IS NOT NULL OR valid_to IS NOT NULL)"
           : "SELECT $2::text AS kind, $3::text AS source, $4::text AS id"
       }) a JOIN sources_known k ON k.tenant_id = $1 AND k.id = a.source)
     INSERT INTO touched (tenant_id, entity, source_no, id)
     SELECT $1, 'units', source_no, id FROM joined WHERE kind = 'unit'
     UNION
     SELECT $1, 'units', n.source_no, n.id FROM joined j
       JOIN refs p ON p.tenant_id = $1 AND p.kind = 3 AND p.source_no = j.source_no AND p.id = j.id
       JOIN units n ON n.tenant_id = $1 AND n.provider_id = p.no
      WHERE j.kind = 'provider'`,
    alias === undefined ? [tenantId] : [tenantId, alias.kind, alias.source, alias.id],
  );
}

/** A record by the source that delivers it. */
export interface TouchedRecord {
  sourceNo: number;
  id: string;
}

export interface Touched {
  orders: TouchedRecord[];
  absences: TouchedRecord[];
}

/**
 * Takes some of what was touched, of sources whose records are all canonical: one that is in the middle of its
 * pages, or being made anew, has orders whose lines are still to come, whichever source describes their unit. Null where
 * another process is at it.
 */
export async function takeTouched({ client }: Transaction, tenantId: string, limit: number): Promise<Touched | null> {
  // Everything that is compared is read as of one moment.
  await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  const { rows: lock } = await client.query<{ taken: boolean }>(
    "SELECT pg_try_advisory_xact_lock(hashtextextended('klarsyn announce ' || $1, 0)) AS taken",
    [tenantId],
  );
  if (lock[0]?.taken !== true) return null;
  const { rows } = await client.query<{ entity: string; sourceNo: number; id: string }>(
    `WITH waiting AS (
       SELECT k.no FROM sources_known k WHERE k.tenant_id = $1 AND EXISTS (
         SELECT FROM raw_pages p WHERE p.tenant_id = $1 AND p.source = k.id AND p.normalised_at IS NULL)),
     taken AS (
       DELETE FROM touched WHERE tenant_id = $1 AND seq IN (
         SELECT seq FROM touched WHERE tenant_id = $1 AND source_no NOT IN (SELECT no FROM waiting) ORDER BY seq LIMIT $2)
       RETURNING entity, source_no, id),
     of_units AS (
       SELECT DISTINCT o.source_no, o.id FROM taken t
      CROSS JOIN LATERAL (
        SELECT t.source_no, t.id
        UNION ALL
        SELECT f.no, a.id FROM sources_known s
          JOIN aliases a ON a.tenant_id = $1 AND a.kind = 'unit' AND a.same_as_source = s.id AND a.same_as_id = t.id AND a.undone_at IS NULL
          JOIN sources_known f ON f.tenant_id = $1 AND f.id = a.source
         WHERE s.tenant_id = $1 AND s.no = t.source_no) n
       JOIN refs r ON r.tenant_id = $1 AND r.kind = 2 AND r.source_no = n.source_no AND r.id = n.id
       JOIN orders o ON o.tenant_id = $1 AND o.unit_id = r.no
      WHERE t.entity = 'units'),
     later AS (
       INSERT INTO touched (tenant_id, entity, source_no, id)
       SELECT $1, 'orders', source_no, id FROM of_units WHERE source_no IN (SELECT no FROM waiting))
     SELECT DISTINCT entity, source_no AS "sourceNo", id FROM taken WHERE entity <> 'units'
     UNION
     SELECT 'orders', source_no, id FROM of_units WHERE source_no NOT IN (SELECT no FROM waiting)`,
    [tenantId, limit],
  );
  const of = (entity: string): TouchedRecord[] =>
    rows.filter((row) => row.entity === entity).map(({ sourceNo, id }) => ({ sourceNo, id }));
  return { orders: of("orders"), absences: of("absences") };
}

/** An order as it stands in its source. */
export interface StandingOrder extends TouchedRecord {
  deleted: boolean;
  /** Null: its unit, or the unit's provider, is not known, also where that is described by a source that is made anew. */
  provider: string | null;
  unit: string | null;
  /** Somebody had decided which unit of another source it is for, and that does not hold any more. */
  parted: boolean;
  client: string;
  clientNo: number;
  /** As the model numbers it. */
  status: number;
  validFrom: Day;
  validTo: Day | null;
  /** Of each line: service, minutes, times, per, weekdays, part of the day, staffing, first and last day. */
  lines: unknown[][];
}

const dateOf = (day: Day): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
const keys = (records: readonly TouchedRecord[]) => [
  records.map(({ sourceNo }) => sourceNo),
  records.map(({ id }) => id),
];

export async function selectStandingOrders(
  { client }: Pick<Transaction, "client">,
  tenantId: string,
  orders: readonly TouchedRecord[],
  today: Day,
): Promise<StandingOrder[]> {
  if (orders.length === 0) return [];
  const { rows } = await client.query<StandingOrder>(
    `SELECT h.source_no AS "sourceNo", h.id, h.deleted, 
            coalesce(pa.id, ma.id, mp.id, CASE WHEN ua.id IS NULL THEN p.id END) AS provider, coalesce(ua.id, u.id) AS unit,
            ua.id IS NULL AND EXISTS (SELECT FROM sources_known k JOIN aliases a ON a.tenant_id = $1 AND a.kind = 'unit' AND a.source = k.id AND a.id = u.id
               WHERE k.tenant_id = $1 AND k.no = u.source_no) AS parted,
            c.id AS client, h.client_id AS "clientNo",
            h.status, h.valid_from AS "validFrom", h.valid_to AS "validTo",
            coalesce((SELECT json_agg(json_build_array(s.id, l.minutes, l.times, l.per, l.weekdays, l.part_of_day, l.staffing,
                l.valid_from, l.valid_to) ORDER BY s.id, l.id)
               FROM refs o JOIN order_lines l ON l.tenant_id = $1 AND l.order_id = o.no AND NOT l.deleted
               JOIN refs s ON s.tenant_id = $1 AND s.no = l.service
              WHERE o.tenant_id = $1 AND o.kind = 4 AND o.source_no = h.source_no AND o.id = h.id), '[]') AS lines
       FROM unnest($2::int2[], $3::text[]) AS k (source_no, id)
       JOIN orders h ON h.tenant_id = $1 AND h.source_no = k.source_no AND h.id = k.id
       LEFT JOIN refs c ON c.tenant_id = $1 AND c.no = h.client_id
       LEFT JOIN refs u ON u.tenant_id = $1 AND u.no = h.unit_id
       LEFT JOIN units n ON n.tenant_id = $1 AND n.source_no = u.source_no AND n.id = u.id
       LEFT JOIN refs p ON p.tenant_id = $1 AND p.no = n.provider_id
       LEFT JOIN LATERAL (${sameAs("unit", "u")}) ua ON true
       LEFT JOIN LATERAL (${sameAs("provider", "p")}) pa ON true
       LEFT JOIN units m ON m.tenant_id = $1 AND m.source_no = ua.source_no AND m.id = ua.id
       LEFT JOIN refs mp ON mp.tenant_id = $1 AND mp.no = m.provider_id
       LEFT JOIN LATERAL (${sameAs("provider", "mp")}) ma ON true`,
    [tenantId, ...keys(orders), dateOf(today)],
  );
  return rows;
}

/** What somebody has decided that a reference of a source means in another, by which findings and figures name it. */
const sameAs = (kind: "unit" | "provider", ref: string): string => `
  SELECT t.no AS source_no, a.same_as_id AS id FROM sources_known k
    JOIN aliases a ON a.tenant_id = $1 AND a.kind = '${kind}' AND a.source = k.id AND a.id = ${ref}.id AND a.undone_at IS NULL
     AND (a.valid_from IS NULL OR a.valid_from <= $4::date) AND (a.valid_to IS NULL OR a.valid_to >= $4::date)
    LEFT JOIN sources_known t ON t.tenant_id = $1 AND t.id = a.same_as_source
   WHERE k.tenant_id = $1 AND k.no = ${ref}.source_no ORDER BY a.no DESC LIMIT 1`;

/** An order as its provider was last told of it. */
export interface ToldOrder extends TouchedRecord {
  no: number;
  provider: string;
  unit: string;
  client: string;
  clientNo: number;
  status: string;
  validFrom: Day;
  validTo: Day | null;
  /** JSON. */
  lines: string;
  gone: string | null;
}

export async function selectToldOrders(
  { client }: Pick<Transaction, "client">,
  tenantId: string,
  orders: readonly TouchedRecord[],
): Promise<ToldOrder[]> {
  if (orders.length === 0) return [];
  const { rows } = await client.query<ToldOrder>(
    `SELECT a.no, a.source_no AS "sourceNo", a.id, a.provider, a.unit, a.client, a.client_no AS "clientNo", a.status,
            a.valid_from AS "validFrom", a.valid_to AS "validTo", a.lines, a.gone
       FROM unnest($2::int2[], $3::text[]) AS k (source_no, id)
       JOIN announced_orders a ON a.tenant_id = $1 AND a.source_no = k.source_no AND a.id = k.id`,
    [tenantId, ...keys(orders)],
  );
  return rows;
}

/** Writes what providers are told of now; gives the number of each in the same order. */
export async function writeToldOrders(
  { client }: Pick<Transaction, "client">,
  tenantId: string,
  orders: ReadonlyArray<Omit<ToldOrder, "no">>,
  at: Instant,
): Promise<number[]> {
  if (orders.length === 0) return [];
  const date = (day: Day | null) => (day === null ? null : dateOf(day));
  const { rows } = await client.query<{ no: number; place: number }>(
    `WITH given AS (
       SELECT g.*, row_number() OVER () AS place
         FROM unnest($2::int2[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int4[], $8::text[], $9::date[], $10::date[],
              $11::text[], $12::text[]) AS g (source_no, id, provider, unit, client, client_no, status, valid_from, valid_to, lines, gone)),
     written AS (
       INSERT INTO announced_orders AS a (tenant_id, source_no, id, provider, unit, client, client_no, status, valid_from, valid_to,
              lines, gone, created_at, changed_at, change_no)
       SELECT $1, source_no, id, provider, unit, client, client_no, status, valid_from, valid_to, lines, gone, $13, $13,
              (SELECT coalesce(max(change_no), 0) FROM announced_orders WHERE tenant_id = $1) + place
         FROM given
       ON CONFLICT (tenant_id, source_no, id, provider) DO UPDATE SET unit = excluded.unit, client = excluded.client,
              client_no = excluded.client_no, status = excluded.status, valid_from = excluded.valid_from,
              valid_to = excluded.valid_to, lines = excluded.lines, gone = excluded.gone, changed_at = excluded.changed_at,
              change_no = excluded.change_no,
              returned_at = CASE WHEN a.gone IS NOT NULL AND excluded.gone IS NULL THEN excluded.created_at ELSE a.returned_at END
       RETURNING no, source_no, id, provider)
     SELECT w.no, g.place FROM written w JOIN given g USING (source_no, id, provider) ORDER BY g.place`,
    [
      tenantId,
      ...keys(orders),
      orders.map(({ provider }) => provider),
      orders.map(({ unit }) => unit),
      orders.map(({ client }) => client),
      orders.map(({ clientNo }) => clientNo),
      orders.map(({ status }) => status),
      orders.map(({ validFrom }) => date(validFrom)),
      orders.map(({ validTo }) => date(validTo)),
      orders.map(({ lines }) => lines),
      orders.map(({ gone }) => gone),
      new Date(at).toISOString(),
    ],
  );
  return rows.map(({ no }) => no);
}

/** Sources whose first orders are known, so that what comes now is news. */
export async function selectAnnouncedSources(
  { client }: Pick<Transaction, "client">,
  tenantId: string,
): Promise<Set<number>> {
  const { rows } = await client.query<{ no: number }>(
    "SELECT source_no AS no FROM announced_sources WHERE tenant_id = $1",
    [tenantId],
  );
  return new Set(rows.map(({ no }) => no));
}

/**
 * Ends the silence about sources whose first pull is over: something of it is known, all of it is canonical, nothing of
 * it waits to be compared, no run of the source is under way, and everything that was asked for has been read to its end
 * once.
 */
export async function endFirstPulls(
  { client }: Pick<Transaction, "client">,
  tenantId: string,
  at: Instant,
): Promise<void> {
  await client.query(
    `INSERT INTO announced_sources (tenant_id, source_no, at)
     SELECT $1, k.no, $2 FROM sources_known k
      WHERE k.tenant_id = $1
        AND NOT EXISTS (SELECT FROM announced_sources s WHERE s.tenant_id = $1 AND s.source_no = k.no)
        AND (EXISTS (SELECT FROM announced_orders a WHERE a.tenant_id = $1 AND a.source_no = k.no)
          OR EXISTS (SELECT FROM announced_absences a WHERE a.tenant_id = $1 AND a.source_no = k.no))
        AND NOT EXISTS (SELECT FROM touched t WHERE t.tenant_id = $1 AND t.source_no = k.no)
        AND NOT EXISTS (SELECT FROM raw_pages p WHERE p.tenant_id = $1 AND p.source = k.id AND p.normalised_at IS NULL)
        AND NOT EXISTS (
          SELECT FROM source_runs r WHERE r.tenant_id = $1 AND r.source = k.id AND r.finished_at IS NULL
             AND r.started_at >= coalesce((SELECT max(f.started_at) FROM source_runs f
               WHERE f.tenant_id = $1 AND f.source = k.id AND f.finished_at IS NOT NULL), '-infinity'))
        AND NOT EXISTS (
          SELECT FROM source_runs r WHERE r.tenant_id = $1 AND r.source = k.id GROUP BY r.resource
          HAVING bool_and(r.finished_at IS NULL OR r.problem IS NOT NULL))
     ON CONFLICT DO NOTHING`,
    [tenantId, new Date(at).toISOString()],
  );
}

/** An absence as it stands, and as providers were last told of it; `says` null: there is none. */
export interface AbsenceChange extends TouchedRecord {
  clientNo: number;
  says: string | null;
  /** Whom it was about, which may be somebody else. */
  toldClientNo: number | null;
  told: string | null;
}

export async function selectAbsenceChanges(
  { client }: Pick<Transaction, "client">,
  tenantId: string,
  absences: readonly TouchedRecord[],
): Promise<AbsenceChange[]> {
  if (absences.length === 0) return [];
  const { rows } = await client.query<AbsenceChange>(
    `SELECT k.source_no AS "sourceNo", k.id, coalesce(h.client_id, a.client_no) AS "clientNo", s.says,
            a.client_no AS "toldClientNo", a.says AS told
       FROM unnest($2::int2[], $3::text[]) AS k (source_no, id)
       LEFT JOIN absences h ON h.tenant_id = $1 AND h.source_no = k.source_no AND h.id = k.id AND NOT h.deleted
       LEFT JOIN announced_absences a ON a.tenant_id = $1 AND a.source_no = k.source_no AND a.id = k.id
      CROSS JOIN LATERAL (SELECT CASE WHEN h.id IS NOT NULL THEN json_build_array(h."from", h."to", h.kind)::text END AS says) s
      WHERE (s.says, h.client_id) IS DISTINCT FROM (a.says, a.client_no) AND coalesce(h.client_id, a.client_no) IS NOT NULL`,
    [tenantId, ...keys(absences)],
  );
  return rows;
}

export async function writeToldAbsences(
  { client }: Pick<Transaction, "client">,
  tenantId: string,
  changes: readonly AbsenceChange[],
): Promise<void> {
  const gone = changes.filter(({ says }) => says === null);
  const standing = changes.filter(({ says }) => says !== null);
  await client.query(
    `DELETE FROM announced_absences a USING unnest($2::int2[], $3::text[]) AS k (source_no, id)
      WHERE a.tenant_id = $1 AND a.source_no = k.source_no AND a.id = k.id`,
    [tenantId, ...keys(gone)],
  );
  await client.query(
    `INSERT INTO announced_absences (tenant_id, source_no, id, client_no, says)
     SELECT $1, k.* FROM unnest($2::int2[], $3::text[], $4::int4[], $5::text[]) AS k (source_no, id, client_no, says)
     ON CONFLICT (tenant_id, source_no, id) DO UPDATE SET client_no = excluded.client_no, says = excluded.says`,
    [tenantId, ...keys(standing), standing.map(({ clientNo }) => clientNo), standing.map(({ says }) => says)],
  );
}

/** Who has orders in force of a person, whichever source names them: the provider's own number of the client, and units. */
export interface Serving {
  /** The one that was asked for. */
  askedNo: number;
  provider: string;
  clientNo: number;
  units: string[];
}

export async function selectServing(
  { client }: Pick<Transaction, "client">,
  tenantId: string,
  clientNos: readonly number[],
  today: Day,
): Promise<Serving[]> {
  if (clientNos.length === 0) return [];
  const { rows } = await client.query<Serving>(
    `WITH asked AS (
       SELECT t.no, coalesce(c.personal_identity_number_hash,
              CASE WHEN r.id ~ '^pid:[0-9a-f]{32}$' THEN decode(substr(r.id, 5), 'hex') END) AS person
         FROM unnest($2::int4[]) AS t (no)
         JOIN refs r ON r.tenant_id = $1 AND r.no = t.no
         LEFT JOIN clients c ON c.tenant_id = $1 AND c.source_no = r.source_no AND c.id = r.id AND NOT c.deleted),
     same AS (
       SELECT no AS asked, no FROM asked
       UNION
       SELECT a.no, r.no FROM asked a
         JOIN clients c ON c.tenant_id = $1 AND c.personal_identity_number_hash = a.person AND NOT c.deleted
         JOIN refs r ON r.tenant_id = $1 AND r.kind = 0 AND r.source_no = c.source_no AND r.id = c.id
       UNION
       SELECT a.no, r.no FROM asked a
         JOIN refs r ON r.tenant_id = $1 AND r.kind = 0 AND r.source_no IN (SELECT no FROM sources_known WHERE tenant_id = $1)
          AND r.id = 'pid:' || encode(a.person, 'hex'))
     SELECT s.asked AS "askedNo", o.provider, min(o.client_no) AS "clientNo", array_agg(DISTINCT o.unit) AS units
       FROM same s JOIN announced_orders o ON o.tenant_id = $1 AND o.client_no = s.no
      WHERE o.gone IS NULL AND (o.valid_to IS NULL OR o.valid_to >= $3)
      GROUP BY s.asked, o.provider ORDER BY s.asked, o.provider`,
    [tenantId, clientNos, dateOf(today)],
  );
  return rows;
}
