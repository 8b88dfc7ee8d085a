import type { Month } from "#model";
import { type Database, isClosed, selectClosedLines, type SettlementLine, streamSettlement } from "#store";

/** Every line of a month, of an open one as the last night made it, of a closed one as it stands. Not recorded here. */
export async function* settlementLines(
  database: Database,
  tenantId: string,
  query: { month: Month; provider?: string },
): AsyncGenerator<SettlementLine> {
  if (!(await isClosed(database, tenantId, query.month))) {
    yield* streamSettlement(database, tenantId, query);
    return;
  }
  let after: { month: Month; id: string } | undefined;
  for (;;) {
    const page = await selectClosedLines(database, tenantId, { ...query, ...(after === undefined ? {} : { after }) });
    // Written when the month was locked.
    for (const { content } of page) yield JSON.parse(content) as SettlementLine;
    after = page.at(-1);
    if (page.length < 1000) return;
  }
}
