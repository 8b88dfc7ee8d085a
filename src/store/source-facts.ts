import type { SourceFacts, Warning } from "#columns";
import { entities, type EntityName, type Instant } from "#model";
import type { Database } from "./database.ts";
import { tableName } from "./tables/canonical.ts";

/** When records of each source arrived, by the hour; only whole hours before `at`, where it is given. */
export async function selectSourceFacts(
  { pool }: Database,
  tenantId: string,
  everyHours: (source: string) => number | null,
  at?: Instant,
): Promise<SourceFacts[]> {
  const { rows } = await pool.query<{ source: string; hour: Instant; records: number }>(
    `SELECT source, hour, sum(records)::int8 AS records FROM source_hours
      WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR hour < date_trunc('hour', $2::timestamptz))
      GROUP BY source, hour ORDER BY source, hour`,
    [tenantId, at === undefined ? null : new Date(at)],
  );
  const facts = new Map<string, Array<{ at: Instant; records: number }>>();
  for (const { source, hour, records } of rows) {
    let arrivals = facts.get(source);
    if (arrivals === undefined) facts.set(source, (arrivals = []));
    arrivals.push({ at: hour, records });
  }
  return [...facts].map(([source, arrivals]) => ({ source, everyHours: everyHours(source), arrivals }));
}

/** What mapping and intake noticed of records that are in force, in an order that depends on them alone. */
export async function selectWarnings({ pool }: Database, tenantId: string): Promise<Warning[]> {
  const found: Warning[] = [];
  const { rows: named } = await pool.query<{ entity: EntityName }>(
    `SELECT entity FROM mapping_warnings WHERE tenant_id = $1
     UNION SELECT entity FROM version_conflicts WHERE tenant_id = $1 ORDER BY 1`,
    [tenantId],
  );
  for (const { entity } of named) {
    const day = entities[entity].day === null ? "NULL::date" : "h.day";
    const { rows } = await pool.query<Warning>(
      `SELECT w.code, k.id AS source, w.entity, w.id, w.field, nullif(w.value, '') AS value, ${day} AS day FROM (
         SELECT code, entity, source_no, id, field, value, NULL::float8 AS version FROM mapping_warnings
          WHERE tenant_id = $1 AND entity = $2
         UNION ALL
         SELECT 'version-conflict', entity, source_no, id, '', '', version FROM version_conflicts
          WHERE tenant_id = $1 AND entity = $2) w
         JOIN sources_known k ON k.tenant_id = $1 AND k.no = w.source_no
         JOIN ${tableName(entity)} h ON h.tenant_id = $1 AND h.source_no = w.source_no AND h.id = w.id
        WHERE NOT h.deleted AND (w.version IS NULL OR w.version = h.version)
        ORDER BY k.id, w.id, w.code, w.field, w.value`,
      [tenantId, entity],
    );
    found.push(...rows);
  }
  return found;
}

/** How a resource has behaved. */
export interface SourceHealth {
  source: string;
  resource: string;
  /** Last time that records came. */
  recordsAt: Instant | null;
  /** Newest time that records speak of. */
  newestAt: Instant | null;
  /** How far a record was ahead of our clock at most, in ms, and which. */
  aheadMs: number;
  aheadId: string | null;
  /** Records by the day on which they came, newest 62 days. */
  volumes: Array<{ day: number; records: number }>;
  /** Median of records by weekday (1 = Monday) and hour of the day in Sweden, over hours in which some came. */
  usual: Array<{ weekday: number; hour: number; records: number }>;
  /** From the first pull that failed until one that did not; null: still. */
  outages: Array<{ from: Instant; until: Instant | null }>;
}

export async function selectSourceHealth({ pool }: Database, tenantId: string): Promise<SourceHealth[]> {
  const health = new Map<string, SourceHealth>();
  const of = ({ source, resource }: { source: string; resource: string }): SourceHealth => {
    const key = `${source}/${resource}`;
    let found = health.get(key);
    if (found === undefined) {
      found = {
        source,
        resource,
        recordsAt: null,
        newestAt: null,
        aheadMs: 0,
        aheadId: null,
        volumes: [],
        usual: [],
        outages: [],
      };
      health.set(key, found);
    }
    return found;
  };
  type Row<T> = T & { source: string; resource: string };
  const query = async <T>(text: string) => (await pool.query<Row<T> & object>(text, [tenantId])).rows as Array<Row<T>>;
  for (const row of await query<{ recordsAt: Instant | null }>(
    `SELECT source, resource, records_at AS "recordsAt" FROM cursors WHERE tenant_id = $1 ORDER BY 1, 2`,
  )) {
    of(row).recordsAt = row.recordsAt;
  }
  for (const row of await query<Pick<SourceHealth, "newestAt" | "aheadMs" | "aheadId">>(
    `SELECT source, resource, max(newest_at) AS "newestAt", max(ahead_ms) AS "aheadMs",
            (array_agg(ahead_id ORDER BY ahead_ms DESC))[1] AS "aheadId"
       FROM record_times WHERE tenant_id = $1 GROUP BY 1, 2`,
  )) {
    const { newestAt, aheadMs, aheadId } = row;
    Object.assign(of(row), { newestAt, aheadMs, aheadId });
  }
  for (const row of await query<{ day: number; records: number }>(
    `SELECT source, resource, (hour AT TIME ZONE 'Europe/Stockholm')::date AS day, sum(records)::int8 AS records
       FROM source_hours s WHERE tenant_id = $1
        AND hour > (SELECT max(hour) FROM source_hours WHERE tenant_id = $1) - interval '62 days'
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
  )) {
    of(row).volumes.push({ day: row.day, records: row.records });
  }
  for (const row of await query<{ weekday: number; hour: number; records: number }>(
    `SELECT source, resource, extract(isodow FROM hour AT TIME ZONE 'Europe/Stockholm')::int AS weekday,
            extract(hour FROM hour AT TIME ZONE 'Europe/Stockholm')::int AS hour,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY records) AS records
       FROM source_hours WHERE tenant_id = $1 AND records > 0 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
  )) {
    of(row).usual.push({ weekday: row.weekday, hour: row.hour, records: row.records });
  }
  for (const row of await query<{ from: Instant; until: Instant | null; state: string }>(
    `SELECT source, resource, state, started_at AS "from",
            lead(started_at) OVER (PARTITION BY source, resource ORDER BY id) AS until
       FROM (SELECT *, lag(state) OVER (PARTITION BY source, resource ORDER BY id) AS before FROM source_runs
              WHERE tenant_id = $1 AND state IS NOT NULL) r
      WHERE before IS DISTINCT FROM state AND (state = 'down' OR before = 'down')
      ORDER BY source, resource, id`,
  )) {
    if (row.state === "down") of(row).outages.push({ from: row.from, until: row.until });
  }
  return [...health.values()];
}
