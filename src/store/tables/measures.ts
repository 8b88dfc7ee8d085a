import { doublePrecision, index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";

/**
 * A number that a rule remembers of a client's, staff member's, unit's or provider's month, for the months after it.
 * Replaced by a run that looked at its slice, gone when that run no longer measures it.
 */
export const measures = pgTable(
  "measures",
  {
    tenantId: text().notNull(),
    slice: text().notNull(),
    month: text().notNull(), // YYYY-MM, that of the slice
    ruleId: text().notNull(),
    name: text().notNull(),
    value: doublePrecision().notNull(),
  },
  (t) => [
    primaryKey({ name: "measures_one_per_slice_rule_and_name", columns: [t.tenantId, t.slice, t.ruleId, t.name] }),
    index("measures_by_month").on(t.tenantId, t.month),
  ],
);
