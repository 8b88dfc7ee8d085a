import { bigint, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { localDay } from "./columns.ts";

const no = () => bigint({ mode: "number" }).generatedAlwaysAsIdentity().primaryKey();
const sum = () => bigint({ mode: "number" }).notNull();

/*
 * Sums that pages show, so that these do not read all that they are made of. What stands is the sum over rows: triggers
 * add a row for what comes and one for what goes, so that nobody waits for anybody, and each run adds the rows up.
 */

/** How many findings handlers are shown, and what they come to. */
export const findingSums = pgTable(
  "finding_sums",
  {
    no: no(),
    tenantId: text().notNull(),
    ruleId: text().notNull(),
    level: text().notNull(),
    status: text().notNull(), // open or in-case
    week: localDay().notNull(), // the Monday of the first day
    provider: text(),
    unit: text(),
    findings: integer().notNull(),
    timed: integer().notNull(), // of them, how many say how many minutes
    minutes: sum(),
    priced: integer().notNull(), // and how much
    amountOre: sum(),
  },
  (t) => [index("finding_sums_by_tenant").on(t.tenantId)],
);

/** What the lines of an open month come to. */
export const settlementSums = pgTable(
  "settlement_sums",
  {
    no: no(),
    tenantId: text().notNull(),
    month: text().notNull(), // YYYY-MM
    provider: text(),
    unit: text(),
    lines: integer().notNull(),
    grantedMinutes: sum(),
    plannedMinutes: sum(),
    registeredMinutes: sum(),
    payableMinutes: sum(),
    claimedMinutes: sum(),
    payableOre: sum(),
    claimedOre: sum(),
    overbilledOre: sum(),
    unbilledOre: sum(),
  },
  (t) => [index("settlement_sums_by_month").on(t.tenantId, t.month)],
);
