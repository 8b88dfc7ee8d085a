import { and, asc, eq, gt, isNull, or } from "drizzle-orm";
import type { Instant, Month } from "#model";
import { copyIn } from "./copy.ts";
import type { Database } from "./database.ts";
import { insertEvents, type NewEvent } from "./events.ts";
import { settledLines, settlementMonths } from "./tables/settled.ts";
import { without } from "./without.ts";

/** A month whose figures stand, and what they rest on. */
export interface ClosedMonth {
  month: Month;
  /** The last page of the ledger that counts. */
  upToPage: number;
  basis: unknown;
  lines: number;
  /** SHA-256 of all lines. */
  contentHash: Buffer;
  lockedAt: Instant;
  lockedBy: string;
  settledAt: Instant | null;
  settledBy: string | null;
}

/** A line as it stands in a closed month. `id` names order line, provider and month. */
export interface ClosedLine {
  id: string;
  /** The earlier month that it corrects, or null. */
  adjusts: Month | null;
  provider: string | null;
  client: string | null;
  /** JSON of the line. */
  content: string;
}

/** Locked and settled months, oldest first. */
export async function selectClosedMonths({ orm }: Database, tenantId: string): Promise<ClosedMonth[]> {
  const rows = await orm
    .select()
    .from(settlementMonths)
    .where(eq(settlementMonths.tenantId, tenantId))
    .orderBy(asc(settlementMonths.month));
  return rows.map((row) => ({ ...without(row, "tenantId"), basis: JSON.parse(row.basis) as unknown }));
}

export async function isClosed({ orm }: Database, tenantId: string, month: Month): Promise<boolean> {
  const rows = await orm
    .select({ month: settlementMonths.month })
    .from(settlementMonths)
    .where(and(eq(settlementMonths.tenantId, tenantId), eq(settlementMonths.month, month)));
  return rows.length > 0;
}

/** Writes a locked month with its lines, and what providers are told of it; false where it is closed already. */
export async function insertClosedMonth(
  database: Database,
  tenantId: string,
  month: Omit<ClosedMonth, "settledAt" | "settledBy">,
  lines: readonly ClosedLine[],
  events: readonly NewEvent[],
): Promise<boolean> {
  return database.transaction(async ({ orm, client }) => {
    const inserted = await orm
      .insert(settlementMonths)
      .values({ tenantId, ...month, basis: JSON.stringify(month.basis) })
      .onConflictDoNothing()
      .returning({ month: settlementMonths.month });
    if (inserted.length === 0) return false;
    const columns = ["tenant_id", "month", "id", "adjusts", "provider", "client", "content"];
    await copyIn(client, "settled_lines", columns, async (writer) => {
      for (const { id, adjusts, provider, client: whom, content } of lines) {
        writer.row();
        for (const value of [tenantId, month.month, id, adjusts, provider, whom, content]) writer.value("text", value);
        if (writer.full) await writer.drain();
      }
    });
    await insertEvents(client, tenantId, events);
    return true;
  });
}

/** Settles a locked month; false where it is not locked, or settled already. */
export async function settleClosedMonth(
  { orm }: Database,
  tenantId: string,
  { month, at, by }: { month: Month; at: Instant; by: string },
): Promise<boolean> {
  const changed = await orm
    .update(settlementMonths)
    .set({ settledAt: at, settledBy: by })
    .where(
      and(
        eq(settlementMonths.tenantId, tenantId),
        eq(settlementMonths.month, month),
        isNull(settlementMonths.settledAt),
      ),
    )
    .returning({ month: settlementMonths.month });
  return changed.length > 0;
}

/** Opens a locked month again and forgets its lines; false where it is not locked, or settled. */
export async function deleteLockedMonth(database: Database, tenantId: string, month: Month): Promise<boolean> {
  return database.transaction(async ({ orm }) => {
    const opened = await orm
      .delete(settlementMonths)
      .where(
        and(
          eq(settlementMonths.tenantId, tenantId),
          eq(settlementMonths.month, month),
          isNull(settlementMonths.settledAt),
        ),
      )
      .returning({ month: settlementMonths.month });
    if (opened.length === 0) return false;
    await orm.delete(settledLines).where(and(eq(settledLines.tenantId, tenantId), eq(settledLines.month, month)));
    return true;
  });
}

/** How many lines were paid in a month. */
export async function countClosedLines({ orm }: Database, tenantId: string, month: Month): Promise<number> {
  return orm.$count(settledLines, and(eq(settledLines.tenantId, tenantId), eq(settledLines.month, month)));
}

/** One page of the lines paid in a month, in order of id; `about` also those of later months that correct it. */
export async function selectClosedLines(
  { orm }: Database,
  tenantId: string,
  {
    month,
    provider,
    about = false,
    after,
    limit = 1000,
  }: {
    month: Month;
    provider?: string;
    about?: boolean;
    /** `month` and `id` of the last line of the page before. */
    after?: { month: Month; id: string };
    limit?: number;
  },
): Promise<Array<ClosedLine & { month: Month }>> {
  const rows = await orm
    .select()
    .from(settledLines)
    .where(
      and(
        eq(settledLines.tenantId, tenantId),
        about
          ? or(and(eq(settledLines.month, month), isNull(settledLines.adjusts)), eq(settledLines.adjusts, month))
          : eq(settledLines.month, month),
        provider === undefined ? undefined : eq(settledLines.provider, provider),
        after === undefined
          ? undefined
          : or(
              gt(settledLines.month, after.month),
              and(eq(settledLines.month, after.month), gt(settledLines.id, after.id)),
            ),
      ),
    )
    .orderBy(asc(settledLines.month), asc(settledLines.id))
    .limit(limit);
  return rows.map((row) => without(row, "tenantId"));
}
