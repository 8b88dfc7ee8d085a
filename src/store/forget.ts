import { entityNames } from "#model";
import type { Database } from "./database.ts";
import { tableName } from "./tables/canonical.ts";

/** Forgets everything canonical of a tenant, and nothing of the ledger: all pages wait to be normalised again. */
export async function forgetCanonical(database: Database, tenantId: string): Promise<number> {
  return database.transaction(async ({ client }) => {
    await client.query("SELECT pg_advisory_xact_lock_shared(hashtextextended('klarsyn dirty ' || $1, 0))", [tenantId]);
    for (const name of entityNames.map(tableName)) {
      await client.query(`DELETE FROM ${name} WHERE tenant_id = $1`, [tenantId]);
      await client.query(`DELETE FROM ${name}_history WHERE tenant_id = $1`, [tenantId]);
    }
    for (const name of ["mapping_warnings", "version_conflicts", "complete_groups", "record_times"]) {
      await client.query(`DELETE FROM ${name} WHERE tenant_id = $1`, [tenantId]);
    }
    await client.query("INSERT INTO dirty (tenant_id, kind) VALUES ($1, 0)", [tenantId]);
    const { rowCount } = await client.query("UPDATE raw_pages SET normalised_at = NULL WHERE tenant_id = $1", [
      tenantId,
    ]);
    return rowCount ?? 0;
  });
}
