import type { Month } from "#model";
import type { Database } from "./database.ts";

/** Some of a provider's lines of a month, by client, service and line, with what names each, and how many there are. */
export async function selectStatementLines(
  { pool }: Database,
  tenantId: string,
  { month, provider, offset, limit }: { month: Month; provider: string; offset: number; limit: number },
): Promise<{ lines: Array<{ id: string; client: string | null }>; count: number }> {
  const of = "FROM settlement_lines WHERE tenant_id = $1 AND month = $2 AND provider = $3";
  const { rows } = await pool.query<{ id: string; client: string | null; count: number }>(
    `SELECT id, client, (SELECT count(*) ${of}) AS count ${of}
     ORDER BY client COLLATE "C", service COLLATE "C", line COLLATE "C", id COLLATE "C" LIMIT $4 OFFSET $5`,
    [tenantId, month, provider, limit, offset],
  );
  return { lines: rows.map(({ id, client }) => ({ id, client })), count: rows[0]?.count ?? 0 };
}

/** The clients of an order line, by their numbers in `refs`. */
export async function selectClientsOfLine({ pool }: Database, tenantId: string, line: string): Promise<number[]> {
  const { rows } = await pool.query<{ client: number }>(
    `SELECT DISTINCT o.client_id AS client FROM order_lines l
       JOIN refs r ON r.tenant_id = $1 AND r.no = l.order_id
       JOIN orders o ON o.tenant_id = $1 AND o.source_no = r.source_no AND o.id = r.id
     WHERE l.tenant_id = $1 AND l.id = $2 AND l.source_no IN (SELECT no FROM sources_known WHERE tenant_id = $1)`,
    [tenantId, line],
  );
  return rows.map(({ client }) => client);
}
