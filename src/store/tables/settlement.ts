import { sql } from "drizzle-orm";
import { bigint, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";

const minutes = () => integer().notNull();
const ore = () => bigint({ mode: "number" }).notNull();

/**
 * What one order line of one provider came to in a month; what belongs to no line has neither order nor line.
 * Replaced by a run that looked at its slice, gone when that run no longer has it.
 */
export const settlementLines = pgTable(
  "settlement_lines",
  {
    tenantId: text().notNull(),
    id: text().notNull(), // month, provider, unit, client, service, order, line and contract
    slice: text().notNull(),
    month: text().notNull(), // YYYY-MM
    provider: text(),
    unit: text(),
    client: text(),
    service: text(),
    order: text(),
    line: text(),
    contract: text(),
    grantedMinutes: minutes(),
    plannedMinutes: minutes(),
    registeredMinutes: minutes(),
    payableMinutes: minutes(),
    declinedMinutes: minutes(),
    noAnswerMinutes: minutes(),
    absentMinutes: minutes(),
    missedMinutes: minutes(),
    claimedMinutes: minutes(),
    underDeliveredMinutes: minutes(),
    feeMinutes: minutes().default(0), // what the client may be charged for
    payableOre: ore(),
    claimedOre: ore(),
    overbilledOre: ore(),
    unbilledOre: ore(),
    codes: text().notNull(), // JSON: match code to count
    trace: text().notNull(), // JSON: the steps from registered to payable
    claims: text().notNull().default("[]"), // JSON: claims that are not accepted as they stand, and what nobody claims
    contentHash: bytea().notNull(),
    changedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: "settlement_lines_one_per_line_and_month", columns: [t.tenantId, t.id] }),
    index("settlement_lines_by_month").on(t.tenantId, t.month, t.id),
    // In the order in which a provider's lines are shown.
    index("settlement_lines_by_provider").on(
      t.tenantId,
      t.month,
      t.provider,
      sql`${t.client} COLLATE "C"`,
      sql`${t.service} COLLATE "C"`,
      sql`${t.line} COLLATE "C"`,
      t.order,
      t.unit,
    ),
    index("settlement_lines_by_slice").on(t.tenantId, t.slice),
  ],
);
