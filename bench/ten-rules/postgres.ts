import type pg from "pg";
import { silencesInside } from "#columns";
import type { Database } from "#store";
import { tenant, word } from "../month.ts";
import type { Contender } from "./run.ts";
import { deadlines, postgres, tenRules } from "./sql.ts";

/** What the statements join, with ids of people as they are, homes out of their JSON, and indexes in the order of the walks. */
export const prepared = (): string[] => [
  `CREATE OR REPLACE VIEW v AS SELECT id, source_no, client_id AS client, staff_id AS staff, unit_id AS unit, day, start, "end" AS ended, status, services AS service,
     law, group_code, received_at, start_proof, end_proof FROM visits WHERE tenant_id = '${tenant}' AND NOT deleted`,
  "DROP TABLE IF EXISTS homes, ordered, lines_ordered, absent, special_shifts, kinds, unit_providers, deadlines, silences",
  `CREATE TABLE homes AS SELECT r.no AS client, c.household_id AS household, c.deceased_on, h.building, h.exact,
     CASE WHEN exact THEN latitude END AS latitude, CASE WHEN exact THEN longitude END AS longitude
   FROM clients c JOIN refs r ON r.tenant_id = c.tenant_id AND r.kind = 0 AND r.source_no = c.source_no AND r.id = c.id,
     LATERAL (SELECT (a->>'latitude')::float8 AS latitude, (a->>'longitude')::float8 AS longitude, a->>'precision' = 'exact' AS exact, a->>'buildingId' AS building
       FROM json_array_elements(c.addresses::json) a LIMIT 1) h WHERE c.tenant_id = '${tenant}'`,
  "ALTER TABLE homes ADD PRIMARY KEY (client)",
  `CREATE TABLE unit_providers AS SELECT r.no AS unit, u.provider_id AS provider FROM units u
     JOIN refs r ON r.tenant_id = u.tenant_id AND r.kind = 2 AND r.source_no = u.source_no AND r.id = u.id WHERE u.tenant_id = '${tenant}'`,
  `CREATE TABLE kinds AS SELECT r.no AS service, s.code, s.kind, coalesce(s.away, false) AS away FROM services s JOIN refs r ON r.tenant_id = s.tenant_id AND r.kind = 6 AND r.id = s.code WHERE s.tenant_id = '${tenant}'`,
  `CREATE TABLE ordered AS SELECT o.client_id AS client, u.provider, o.valid_from, coalesce(o.valid_to, 'infinity'::date) AS valid_to, (o.ordered_at)::date AS ordered_on
     FROM orders o LEFT JOIN unit_providers u ON u.unit = o.unit_id WHERE o.tenant_id = '${tenant}' AND NOT o.deleted
       AND o.status NOT IN (${word("orders", "status", "declined")}, ${word("orders", "status", "cancelled")})`,
  "CREATE INDEX ON ordered (client)",
  `CREATE TABLE lines_ordered AS SELECT o.client_id AS client, u.provider, coalesce(k.kind = ${word("services", "kind", "nightWatch")}, false) AS watch, coalesce(l.staffing, 1) AS staffing, greatest(l.valid_from, o.valid_from) AS valid_from, least(coalesce(l.valid_to, 'infinity'), coalesce(o.valid_to, 'infinity'))::date AS valid_to
     FROM order_lines l JOIN refs r ON r.tenant_id = l.tenant_id AND r.no = l.order_id JOIN orders o ON o.tenant_id = l.tenant_id AND o.source_no = l.source_no AND o.id = r.id
       LEFT JOIN unit_providers u ON u.unit = o.unit_id LEFT JOIN kinds k ON k.service = l.service
     WHERE l.tenant_id = '${tenant}' AND NOT l.deleted AND NOT o.deleted AND o.status NOT IN (${word("orders", "status", "declined")}, ${word("orders", "status", "cancelled")})`,
  "CREATE INDEX ON lines_ordered (client)",
  `CREATE TABLE absent AS SELECT id, client_id AS client, "from" AS start, coalesce("to", 'infinity') AS ended, kind FROM absences WHERE tenant_id = '${tenant}' AND NOT deleted`,
  `CREATE TABLE special_shifts AS SELECT staff_id AS staff, start, "end" AS ended FROM shifts WHERE tenant_id = '${tenant}' AND NOT deleted AND kind = ${word("shifts", "kind", "other")}`,
  "CREATE INDEX ON special_shifts (staff)",
  `CREATE TABLE deadlines (day, deadline) AS VALUES ${deadlines()}`,
];

/** When no registrations came in that usually do: a thing of statistics, and no part of what is timed. */
export async function prepareSilences(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ at: number }>(
    `SELECT received_at AS at FROM visits WHERE tenant_id = '${tenant}' AND received_at IS NOT NULL`,
  );
  const silences = silencesInside(Float64Array.from(rows, ({ at }) => at));
  await client.query("CREATE TABLE silences (source_no int2, start timestamptz, ended timestamptz)");
  for (const { from, until } of silences)
    await client.query("INSERT INTO silences VALUES (0, $1, $2)", [new Date(from), new Date(until)]);
}

const indexes = [
  `CREATE INDEX IF NOT EXISTS visits_of_staff ON visits (tenant_id, staff_id, day, start, id) INCLUDE ("end", status, client_id, services, start_proof, end_proof) WHERE NOT deleted`,
  `CREATE INDEX IF NOT EXISTS visits_of_client ON visits (tenant_id, client_id, start, id) INCLUDE ("end", status, staff_id, day) WHERE NOT deleted`,
  "VACUUM ANALYZE",
];

export async function inPostgres(database: Database, plans: boolean): Promise<Contender> {
  const client = await database.pool.connect();
  try {
    await client.query(
      "SET timezone TO 'Europe/Stockholm'; SET work_mem TO '256MB'; SET max_parallel_workers_per_gather TO 2",
    );
    for (const text of prepared()) await client.query(text);
    await prepareSilences(client);
    for (const text of indexes) await client.query(text);
    const seconds: number[] = [];
    const parts: Record<string, number> = {};
    for (let round = 0; round < (plans ? 1 : 3); round++) {
      await client.query("DROP TABLE IF EXISTS found; DISCARD TEMP");
      await client.query("CREATE TABLE found (rule text, records text, minutes int, reason text, evidence text)");
      const started = performance.now();
      await client.query("BEGIN");
      for (const { what, text } of tenRules(postgres)) {
        const from = performance.now();
        if (plans) {
          const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN (ANALYZE, BUFFERS) ${text}`);
          process.stdout.write(`-- ${what}\n${rows.map((row) => row["QUERY PLAN"]).join("\n")}\n`);
        } else await client.query(text);
        parts[what] = Math.round(performance.now() - from);
      }
      await client.query("COMMIT");
      seconds.push((performance.now() - started) / 1000);
    }
    const { rows } = await client.query<{ found: string }>("SELECT rule || ' ' || records AS found FROM found");
    const { rows: counted } = await client.query<{ n: number }>("SELECT count(*) AS n FROM v");
    // The two databases sort text in ways of their own.
    return { seconds, parts, visits: counted[0]!.n, found: rows.map(({ found }) => inOrder(found)).sort() };
  } finally {
    client.release(true);
  }
}

export function inOrder(found: string): string {
  const [rule, records = ""] = found.split(" ");
  return `${rule} ${records.split(",").sort().join(",")}`;
}
