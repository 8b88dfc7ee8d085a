import { address, type Day, daysOfMonth, entities, type EntityName, type Instant, type Month, refKinds } from "#model";
import { z } from "zod";
import type { Database } from "./database.ts";
import type { SourceId } from "./same-people.ts";

/**
 * What sources call those whom findings name: the bare id of the first source in order that describes such a person, else
 * that mentions one; "source/id" and "pid:…" name one by themselves. Whom nobody knows is left out.
 */
export async function selectNamed(
  { pool }: Database,
  tenantId: string,
  of: "client" | "staff",
  names: readonly string[],
  order: readonly string[],
): Promise<SourceId[]> {
  const identities = names.filter((name) => name.startsWith("pid:")).map((id) => ({ source: 0, id }));
  const others = names.filter((name) => !name.startsWith("pid:"));
  if (others.length === 0) return identities;
  const called = "tenant_id = $1 AND source_no = k.no AND id = c.id";
  const { rows } = await pool.query<SourceId>(
    `SELECT DISTINCT ON (w.name) k.no AS source, c.id FROM unnest($2::text[]) w (name)
       JOIN sources_known k ON k.tenant_id = $1
       CROSS JOIN LATERAL (VALUES (w.name), (CASE WHEN starts_with(w.name, k.id || '/') THEN substr(w.name, length(k.id) + 2) END)) c (id)
       CROSS JOIN LATERAL (
         SELECT 0 WHERE EXISTS (SELECT FROM ${of === "client" ? "clients" : "staff"} WHERE ${called} AND NOT deleted)
         UNION ALL SELECT 1 WHERE EXISTS (SELECT FROM refs WHERE ${called} AND kind = $3)) n (mentioned)
     ORDER BY w.name, n.mentioned, array_position($4, k.id) NULLS LAST, k.no`,
    [tenantId, others, refKinds.indexOf(of), order],
  );
  return [...identities, ...rows];
}

/** What a picture needs to know of a client: where they live, unless that is nobody's business. */
export interface DrawnClient {
  ref: number;
  /** Of whom this is, over all sources: identity hash, else source and id. */
  key: string;
  /** What each source that describes them calls them. */
  names: ReadonlyArray<{ source: string; id: string }>;
  home: { latitude: number; longitude: number } | null;
}

export interface DrawnVisit {
  source: string;
  id: string;
  client: number;
  unit: number;
  start: Instant;
  end: Instant | null;
}

interface DrawnLock {
  client: number | null;
  at: Instant;
  event: "opened" | "locked" | "failed";
}

export interface DrawnDay {
  visits: DrawnVisit[];
  plans: Array<{ client: number; start: Instant; end: Instant }>;
  locks: DrawnLock[];
  absences: Array<{ client: number; start: Instant; end: Instant | null }>;
  clients: DrawnClient[];
  /** How the units of the visits travel, by their plans of the month. */
  transports: string[];
}

/** The closed list of an enumerated field, which is stored by position. */
const valuesOf = (entity: EntityName, field: string): readonly string[] => entities[entity].fields[field]?.values ?? [];
/** Visits at which somebody was there. */
const there = ["started", "completed"].map((status) => valuesOf("visits", "status").indexOf(status));

/** A day of a staff member, by all references to them. Visits of the day before that reach into it are part of it. */
export async function selectStaffDay(
  { pool }: Database,
  tenantId: string,
  refs: readonly number[],
  day: Day,
): Promise<DrawnDay> {
  const date = isoDate(day);
  const values = [tenantId, refs, date];
  const lockEvents = valuesOf("lock-events", "event");
  const [visits, locks] = await Promise.all([
    pool.query<DrawnVisit>(
      `SELECT k.id AS source, v.id, v.client_id AS client, v.unit_id AS unit, v.start, v."end" FROM visits v
         JOIN sources_known k ON k.tenant_id = v.tenant_id AND k.no = v.source_no
        WHERE v.tenant_id = $1 AND v.staff_id = ANY ($2) AND v.day BETWEEN $3::date - 1 AND $3::date AND NOT v.deleted
          AND v.status = ANY ($4) AND (v.day = $3::date OR v."end" > ($3::date::timestamp AT TIME ZONE 'Europe/Stockholm'))
        ORDER BY v.start, v.id LIMIT 200`,
      [...values, there],
    ),
    pool.query<{ client: number | null; at: Instant; event: number }>(
      `SELECT client_id AS client, at, event FROM lock_events
        WHERE tenant_id = $1 AND staff_id = ANY ($2) AND day = $3::date AND NOT deleted ORDER BY at, id LIMIT 200`,
      values,
    ),
  ]);
  // Plans are found by their day alone, so that what is asked of them is asked once.
  const { rows: planned } = await pool.query<DrawnDay["plans"][number] & { transport: number | null }>(
    `WITH p AS MATERIALIZED (
       SELECT id, client_id, staff_id, unit_id, start, "end", deleted OR cancelled IS TRUE AS gone, transport FROM planned_visits
        WHERE tenant_id = $1 AND day = $3::date AND (staff_id = ANY ($2) OR (transport IS NOT NULL AND unit_id = ANY ($4))))
     (SELECT client_id AS client, start, "end", NULL::smallint AS transport FROM p
       WHERE staff_id = ANY ($2) AND NOT gone ORDER BY start, id LIMIT 200)
     UNION ALL (SELECT DISTINCT NULL::int, NULL::timestamptz, NULL::timestamptz, transport FROM p
       WHERE transport IS NOT NULL AND unit_id = ANY ($4))`,
    [...values, [...new Set(visits.rows.map(({ unit }) => unit))]],
  );
  const plans = planned.filter(({ transport }) => transport === null);
  const met = [
    ...new Set([...visits.rows, ...plans, ...locks.rows].map(({ client }) => client).filter((ref) => ref !== null)),
  ];
  const [absences, clients] = await Promise.all([
    selectAbsences({ pool }, tenantId, met, day, day),
    selectDrawnClients({ pool }, tenantId, met, day),
  ]);
  return {
    visits: visits.rows,
    plans,
    locks: locks.rows.map((row) => ({ ...row, event: lockEvents[row.event]! as DrawnLock["event"] })),
    absences,
    clients,
    transports: planned.flatMap(({ transport }) =>
      transport === null ? [] : (valuesOf("planned-visits", "transport")[transport] ?? []),
    ),
  };
}

const isoDate = (day: Day): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

/** Absences of clients, by reference, that meet the days. */
async function selectAbsences(
  { pool }: Pick<Database, "pool">,
  tenantId: string,
  refs: readonly number[],
  first: Day,
  last: Day,
): Promise<DrawnDay["absences"]> {
  const { rows } = await pool.query<DrawnDay["absences"][number]>(
    `SELECT client_id AS client, "from" AS start, "to" AS "end" FROM absences
      WHERE tenant_id = $1 AND client_id = ANY ($2) AND NOT deleted
        AND "from" < (($4::date + 1)::timestamp AT TIME ZONE 'Europe/Stockholm')
        AND ("to" IS NULL OR "to" > ($3::date::timestamp AT TIME ZONE 'Europe/Stockholm'))
      ORDER BY "from", id`,
    [tenantId, refs, isoDate(first), isoDate(last)],
  );
  return rows;
}

const addresses = z.array(address);

/** The clients of references; an address that another source knows by the same identity counts as theirs. */
async function selectDrawnClients(
  { pool }: Pick<Database, "pool">,
  tenantId: string,
  refs: readonly number[],
  day: Day,
): Promise<DrawnClient[]> {
  const { rows } = await pool.query<{
    ref: number;
    source: string;
    id: string;
    hash: string | null;
    protection: number | null;
    addresses: string | null;
    sources: string[] | null;
    ids: string[] | null;
  }>(
    `SELECT r.no AS ref, k.id AS source, r.id, encode(i.hash, 'hex') AS hash, o.*
       FROM refs r JOIN sources_known k ON k.tenant_id = r.tenant_id AND k.no = r.source_no
       LEFT JOIN LATERAL (
         SELECT coalesce(
           (SELECT m.personal_identity_number_hash FROM clients m
             WHERE m.tenant_id = $1 AND m.source_no = r.source_no AND m.id = r.id AND NOT m.deleted),
           CASE WHEN r.id ~ '^pid:([0-9a-f]{2})+$' THEN decode(substr(r.id, 5), 'hex') END) AS hash) i ON true
       LEFT JOIN LATERAL (
         SELECT max(m.protection) AS protection, max(m.addresses) AS addresses,
           array_agg(o.id ORDER BY o.no) AS sources, array_agg(m.id ORDER BY o.no) AS ids
           FROM clients m JOIN sources_known o ON o.tenant_id = m.tenant_id AND o.no = m.source_no
          WHERE m.tenant_id = $1 AND NOT m.deleted AND (m.personal_identity_number_hash = i.hash
            OR (m.source_no = r.source_no AND m.id = r.id))) o ON true
      WHERE r.tenant_id = $1 AND r.no = ANY ($2)`,
    [tenantId, refs],
  );
  const date = isoDate(day);
  return rows.map(({ ref, source, id, hash, protection, addresses: said, sources, ids }) => {
    const known = said === null ? [] : addresses.parse(JSON.parse(said));
    const home = known.findLast(({ from, to }) => from <= date && (to === undefined || to >= date));
    const exact =
      (protection ?? 0) === 0 &&
      home?.precision === "exact" &&
      home.latitude !== undefined &&
      home.longitude !== undefined;
    return {
      ref,
      names: sources?.map((name, index) => ({ source: name, id: ids![index]! })) ?? [{ source, id }],
      key: hash === null ? `${source}/${id}` : `pid:${hash}`,
      home: exact ? { latitude: home.latitude!, longitude: home.longitude! } : null,
    };
  });
}

export interface DrawnClientDay {
  day: Day;
  visits: number;
  minutes: number;
}

/** A client's month, by all references to them. */
export async function selectClientMonth(
  database: Database,
  tenantId: string,
  refs: readonly number[],
  month: Month,
): Promise<{ days: DrawnClientDay[]; absences: Array<{ start: Instant; end: Instant | null }> }> {
  const { first, last } = daysOfMonth(month);
  const [days, absences] = await Promise.all([
    database.pool.query<DrawnClientDay>(
      `SELECT day, count(*) AS visits, coalesce(sum(extract(epoch FROM "end" - start)) / 60, 0)::float8 AS minutes FROM visits
        WHERE tenant_id = $1 AND client_id = ANY ($2) AND day BETWEEN $3::date AND $4::date AND NOT deleted AND status = ANY ($5)
        GROUP BY day ORDER BY day`,
      [tenantId, refs, isoDate(first), isoDate(last), there],
    ),
    selectAbsences(database, tenantId, refs, first, last),
  ]);
  return { days: days.rows, absences };
}

/** Of each provider's clients in a month, how many a rule's findings are about; of all rules with null. */
export async function selectFindingShares(
  { pool }: Database,
  tenantId: string,
  month: Month,
  ruleId: string | null,
): Promise<Array<{ provider: string; clients: number; found: number }>> {
  const { first, last } = daysOfMonth(month);
  const { rows } = await pool.query<{ provider: string; clients: number; found: number }>(
    // Grouped twice: to count what is distinct, Postgres would sort them all. Lines lie in the order of their clients.
    `SELECT s.provider, s.clients, coalesce(f.found, 0) AS found FROM (
       SELECT provider, count(*) AS clients FROM (
         SELECT provider FROM settlement_lines
          WHERE tenant_id = $1 AND month = $2 AND provider IS NOT NULL AND client IS NOT NULL
          GROUP BY provider, client COLLATE "C") l GROUP BY provider) s
     LEFT JOIN (
       SELECT provider, count(*) AS found FROM (
         SELECT provider, client FROM findings
          WHERE tenant_id = $1 ${ruleId === null ? "" : "AND rule_id = $5"} AND from_day BETWEEN $3::date AND $4::date
            AND client IS NOT NULL AND mode = 'active' AND NOT held AND status IN ('open', 'in-case')
          GROUP BY provider, client) g GROUP BY provider) f
       ON f.provider = s.provider
     ORDER BY s.provider`,
    [tenantId, month, isoDate(first), isoDate(last), ...(ruleId === null ? [] : [ruleId])],
  );
  return rows;
}
