import type { Instant, Month } from "#model";
import {
  type Database,
  isClosed,
  recordAccess,
  selectClosedLines,
  selectSettlement,
  type SettlementLine,
  streamSettlement,
} from "#store";
import { type Actor, permit } from "./actor.ts";

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
  if (await isClosed(database, actor.tenantId, query.month)) yield* closedLines(database, actor.tenantId, query);
  else yield* streamSettlement(database, actor.tenantId, query);
}

async function* closedLines(
  database: Database,
  tenantId: string,
  query: { month: Month; provider?: string },
): AsyncGenerator<SettlementLine> {
  let after: { month: Month; id: string } | undefined;
  for (;;) {
    const page = await selectClosedLines(database, tenantId, { ...query, ...(after === undefined ? {} : { after }) });
    // Written when the month was locked.
    for (const { content } of page) yield JSON.parse(content) as SettlementLine;
    after = page.at(-1);
    if (page.length < 1000) return;
  }
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
