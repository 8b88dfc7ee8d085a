import { and, eq, isNull, lt, sql } from "drizzle-orm";
import type { Instant } from "#model";
import type { Database } from "./database.ts";
import { idempotencyKeys as table } from "./tables/idempotency.ts";

/** A write and the key under which a program asked for it. */
export interface IdempotencyKey {
  operation: string;
  key: string;
}

/** How a write ended. */
export interface Answered {
  contentHash: Buffer;
  answer: unknown;
}

const MINUTE_MS = 60_000;
/** A claim without an answer for so long was left by a process that is gone. */
const ABANDONED_MS = 10 * MINUTE_MS;
const KEPT_MS = 30 * 24 * 60 * MINUTE_MS;

const at = (tenantId: string, { operation, key }: IdempotencyKey) =>
  and(eq(table.tenantId, tenantId), eq(table.operation, operation), eq(table.key, key));

/** Takes the key for a write that begins; else says how that write ended, or that it is still under way. */
export async function claimKey(
  { orm }: Database,
  tenantId: string,
  { operation, key }: IdempotencyKey,
  now: Instant,
): Promise<"claimed" | "busy" | Answered> {
  await orm.delete(table).where(and(eq(table.tenantId, tenantId), lt(table.claimedAt, now - KEPT_MS)));
  const claimed = await orm
    .insert(table)
    .values({ tenantId, operation, key, claimedAt: now })
    .onConflictDoUpdate({
      target: [table.tenantId, table.operation, table.key],
      set: { claimedAt: now },
      setWhere: sql`${isNull(table.answer)} AND ${lt(table.claimedAt, now - ABANDONED_MS)}`,
    })
    .returning({ key: table.key });
  if (claimed.length > 0) return "claimed";
  const [row] = await orm.select().from(table).where(at(tenantId, { operation, key }));
  if (row === undefined || row.answer === null || row.contentHash === null) return "busy";
  return { contentHash: row.contentHash, answer: JSON.parse(row.answer) };
}

/** Keeps the answer of a write for whoever asks again. */
export async function keepAnswer(
  { orm }: Database,
  tenantId: string,
  key: IdempotencyKey,
  { contentHash, answer }: Answered,
): Promise<void> {
  await orm
    .update(table)
    .set({ contentHash, answer: JSON.stringify(answer) })
    .where(at(tenantId, key));
}

/** Gives the key of a write that failed back: it may be tried again. */
export async function releaseKey({ orm }: Database, tenantId: string, key: IdempotencyKey): Promise<void> {
  await orm.delete(table).where(and(at(tenantId, key), isNull(table.answer)));
}
