import { bigint, index, pgTable, text } from "drizzle-orm/pg-core";
import { instant, localDay } from "./columns.ts";

/** A value that somebody set for a rule from a day on; the latest set of the latest day holds. Rows are never changed. */
export const ruleParameters = pgTable(
  "rule_parameters",
  {
    no: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: text().notNull(),
    ruleId: text().notNull(),
    name: text().notNull(),
    value: text().notNull(), // JSON
    fromDay: localDay().notNull(),
    setAt: instant().notNull(),
    setBy: text().notNull(),
    why: text().notNull(),
  },
  (t) => [index("rule_parameters_by_rule").on(t.tenantId, t.ruleId)],
);

/** A documented exception: findings of the rule about the subject are suppressed through `throughDay`. Never deleted. */
export const exceptions = pgTable(
  "exceptions",
  {
    no: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: text().notNull(),
    ruleId: text().notNull(),
    subject: text().notNull(),
    fromDay: localDay().notNull(),
    throughDay: localDay().notNull(),
    reason: text().notNull(),
    setAt: instant().notNull(),
    setBy: text().notNull(),
  },
  (t) => [index("exceptions_by_rule").on(t.tenantId, t.ruleId, t.subject)],
);
