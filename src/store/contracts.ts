import type { Database } from "./database.ts";

/** Every contract record that stands and that the reader sees, by its source and the source's own id. */
export async function selectContractKeys(
  { pool }: Database,
  tenantId: string,
): Promise<Array<{ source: string; id: string }>> {
  const { rows } = await pool.query<{ source: string; id: string }>(
    `SELECT k.id AS source, c.id FROM contracts c JOIN sources_known k ON k.tenant_id = $1 AND k.no = c.source_no
     WHERE c.tenant_id = $1 AND NOT c.deleted ORDER BY k.id, c.id`,
    [tenantId],
  );
  return rows;
}
