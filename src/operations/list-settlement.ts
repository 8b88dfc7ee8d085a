import type { Instant, Month } from "#model";
import { type Database, recordAccess, selectSettlement, type SettlementLine, streamSettlement } from "#store";
import { type Actor, permit } from "./actor.ts";

type Needs = { database: Database; now: () => Instant };

/** Every line of a month. The reading is recorded. */
export async function* listSettlement(
  { database, now }: Needs,
  actor: Actor,
  query: { month: Month; provider?: string },
): AsyncGenerator<SettlementLine> {
  permit(actor, "settlement:read");
  await recordAccess(database, actor.tenantId, {
    at: now(),
    actor: actor.id,
    operation: "settlement",
    subject: query.month,
    rows: -1,
  });
  yield* streamSettlement(database, actor.tenantId, query);
}

/** One page of a month's lines. The reading is recorded. */
export async function pageOfSettlement(
  { database, now }: Needs,
  actor: Actor,
  { limit, after, ...query }: { month: Month; provider?: string; after?: string; limit: number },
): Promise<{ lines: SettlementLine[]; next: string | null }> {
  permit(actor, "settlement:read");
  const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
  const found = await selectSettlement(database, actor.tenantId, { ...query, ...page });
  const lines = found.slice(0, limit);
  await recordAccess(database, actor.tenantId, {
    at: now(),
    actor: actor.id,
    operation: "settlement",
    subject: query.month,
    rows: lines.length,
  });
  return { lines, next: found.length > limit ? (lines.at(-1)?.id ?? null) : null };
}

/** A line as programs read it: one line of `settlement --format jsonl`. */
export function settlementJson(line: SettlementLine): Record<string, unknown> {
  const { month, provider, unit, client, service, order, line: orderLine, contract, minutes, ore, codes, trace } = line;
  return { month, provider, unit, client, service, order, line: orderLine, contract, minutes, ore, codes, trace };
}
