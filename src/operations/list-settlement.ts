import type { Instant, Month } from "#model";
import {
  type Database,
  isClosed,
  recordAccess,
  selectClosedLines,
  selectSettlement,
  type SettlementLine,
} from "#store";
import { type Actor, permit } from "./actor.ts";
import { settlementLines } from "./settlement-lines.ts";

type Needs = { database: Database; now: () => Instant };

/**
 * Every line of a month: of an open month as the last night made it, of a locked or settled one as it stands, with the
 * adjustments of earlier months that it pays. The reading is recorded.
 */
export async function* listSettlement(
  { database, now }: Needs,
  actor: Actor,
  query: { month: Month; provider?: string },
): AsyncGenerator<SettlementLine> {
  permit(actor, "settlement:read");
  await recordAccess(database, actor, {
    at: now(),
    operation: "settlement",
    subject: query.month,
    rows: -1,
  });
  yield* settlementLines(database, actor.tenantId, query);
}

/** One page of a month's lines. The reading is recorded. */
export async function pageOfSettlement(
  { database, now }: Needs,
  actor: Actor,
  { limit, after, ...query }: { month: Month; provider?: string; after?: string; limit: number },
): Promise<{ lines: SettlementLine[]; next: string | null }> {
  permit(actor, "settlement:read");
  const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
  const found = (await isClosed(database, actor.tenantId, query.month))
    ? (
        await selectClosedLines(database, actor.tenantId, {
          ...query,
          limit: limit + 1,
          ...(after === undefined ? {} : { after: { month: query.month, id: after } }),
        })
      ).map(({ id, content }) => ({ id, ...(JSON.parse(content) as SettlementLine) }))
    : await selectSettlement(database, actor.tenantId, { ...query, ...page });
  const lines = found.slice(0, limit);
  await recordAccess(database, actor, {
    at: now(),
    operation: "settlement",
    subject: query.month,
    rows: lines.length,
  });
  return { lines, next: found.length > limit ? (lines.at(-1)?.id ?? null) : null };
}
