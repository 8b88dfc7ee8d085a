import { sql } from "drizzle-orm";
import { bigint, check, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";

/**
 * A month whose figures stand: locked at the cut-off, then settled. A month without a row is open. What a locked month
 * rests on can be read again: the ledger up to a page, as it was known at an instant.
 */
export const settlementMonths = pgTable(
  "settlement_months",
  {
    tenantId: text().notNull(),
    month: text().notNull(), // YYYY-MM
    upToPage: bigint({ mode: "number" }).notNull(),
    basis: text().notNull(), // JSON: what of the configuration the figures depend on
    lines: integer().notNull(),
    contentHash: bytea().notNull(), // SHA-256 of all lines
    lockedAt: instant().notNull(),
    lockedBy: text().notNull(),
    settledAt: instant(),
    settledBy: text(),
  },
  (t) => [
    primaryKey({ name: "settlement_months_locked_once", columns: [t.tenantId, t.month] }),
    check("settlement_months_are_settled_by_somebody", sql`num_nulls(${t.settledAt}, ${t.settledBy}) IN (0, 2)`),
  ],
);

/**
 * A line of a locked or settled month as it was then, or what a later version of an earlier, settled month adds to this
 * one or takes from it. Never changed; gone only where a locked month is opened again.
 */
export const settledLines = pgTable(
  "settled_lines",
  {
    tenantId: text().notNull(),
    month: text().notNull(), // in which it is paid
    id: text().notNull(), // as in settlement_lines, with the line's own month
    adjusts: text(), // the earlier month that it corrects
    provider: text(),
    client: text(),
    content: text().notNull(), // JSON of the line
  },
  (t) => [
    primaryKey({ name: "settled_lines_one_per_line_and_month", columns: [t.tenantId, t.month, t.id] }),
    index("settled_lines_by_adjusted_month").on(t.tenantId, t.adjusts),
  ],
);
