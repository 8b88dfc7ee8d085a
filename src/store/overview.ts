import { and, count, eq } from "drizzle-orm";
import type { Database } from "./database.ts";
import { quarantine } from "./tables/index.ts";

/** What providers, units and services are called, by their id. Of several sources the first to be known counts. */
export async function selectNames(
  { pool }: Database,
  tenantId: string,
): Promise<Record<"provider" | "unit" | "service", Map<string, string>>> {
  const { rows } = await pool.query<{ kind: "provider" | "unit" | "service"; id: string; name: string }>(
    `SELECT 'provider' AS kind, id, name, source_no FROM providers WHERE tenant_id = $1 AND NOT deleted
     UNION ALL SELECT 'unit', id, name, source_no FROM units WHERE tenant_id = $1 AND NOT deleted
     UNION ALL SELECT 'service', code, name, source_no FROM services WHERE tenant_id = $1 AND NOT deleted
     ORDER BY source_no DESC`,
    [tenantId],
  );
  const names = {
    provider: new Map<string, string>(),
    unit: new Map<string, string>(),
    service: new Map<string, string>(),
  };
  for (const { kind, id, name } of rows) if (name !== "") names[kind].set(id, name);
  return names;
}

/** How much waits in quarantine, by "source/resource". */
export async function countQuarantineBySource({ orm }: Database, tenantId: string): Promise<Map<string, number>> {
  const rows = await orm
    .select({ source: quarantine.source, resource: quarantine.resource, waiting: count() })
    .from(quarantine)
    .where(and(eq(quarantine.tenantId, tenantId), eq(quarantine.state, "open")))
    .groupBy(quarantine.source, quarantine.resource);
  return new Map(rows.map((row) => [`${row.source}/${row.resource}`, row.waiting]));
}
