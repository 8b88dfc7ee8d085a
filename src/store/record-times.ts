import type { Instant } from "#model";
import type { Transaction } from "./database.ts";

/** What a batch says of time: the newest that its records speak of, and how far one of them was ahead of our clock. */
export interface RecordTime {
  resource: string;
  entity: string;
  newestAt: Instant;
  aheadMs: number;
  aheadId: string | null;
}

export async function keepRecordTimes(
  { client }: Transaction,
  tenantId: string,
  source: string,
  times: readonly RecordTime[],
): Promise<void> {
  for (const { resource, entity, newestAt, aheadMs, aheadId } of times) {
    await client.query(
      `INSERT INTO record_times AS t (tenant_id, source, resource, entity, newest_at, ahead_ms, ahead_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (tenant_id, source, resource, entity) DO UPDATE
       SET newest_at = greatest(t.newest_at, excluded.newest_at),
           ahead_ms = greatest(t.ahead_ms, excluded.ahead_ms),
           ahead_id = CASE WHEN excluded.ahead_ms > t.ahead_ms THEN excluded.ahead_id ELSE t.ahead_id END`,
      [tenantId, source, resource, entity, new Date(newestAt).toISOString(), aheadMs, aheadId],
    );
  }
}
