import { sql } from "drizzle-orm";
import { bigint, check, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { instant, localDay } from "./columns.ts";

/** What a rule would have reported with other parameters, as whoever proposes them has seen it. Sums only: nobody's data. */
export const ruleBacktests = pgTable(
  "rule_backtests",
  {
    no: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: text().notNull(),
    ruleId: text().notNull(),
    ruleVersion: integer().notNull(),
    values: text().notNull(), // JSON of what was tried, as typed
    fromDay: localDay().notNull(),
    throughDay: localDay().notNull(),
    result: text().notNull(), // JSON
    at: instant().notNull(),
    by: text().notNull(),
  },
  (t) => [index("rule_backtests_by_rule").on(t.tenantId, t.ruleId)],
);

/** What every proposal says of who proposed and who decided. */
const proposal = () => ({
  no: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  tenantId: text().notNull(),
  fromDay: localDay().notNull(),
  why: text().notNull(),
  state: text().notNull(), // proposed, approved, rejected or withdrawn
  proposedAt: instant().notNull(),
  proposedBy: text().notNull(),
  proposedName: text().notNull(),
  decidedAt: instant(),
  decidedBy: text(),
  decidedName: text(),
  decidedWhy: text(),
});

/** A change of a rule's parameters or mode. It takes effect when somebody else approves it; changed only by its decision. */
export const ruleChanges = pgTable(
  "rule_changes",
  {
    ...proposal(),
    ruleId: text().notNull(),
    values: text().notNull(), // JSON, as typed
    backtest: bigint({ mode: "number" }), // null: the rule would report less, or nothing
  },
  (t) => [
    index("rule_changes_by_rule").on(t.tenantId, t.ruleId),
    check("rule_changes_are_approved_by_another", sql`${t.state} <> 'approved' OR ${t.decidedBy} <> ${t.proposedBy}`),
    check("rule_changes_are_decided_by_somebody", sql`(${t.state} = 'proposed') = (${t.decidedBy} IS NULL)`),
  ],
);

/**
 * Other terms of a contract from a day on. What is approved goes through the ledger as a record of the contract's own
 * source, so that this table only says who wanted it and who agreed.
 */
export const contractChanges = pgTable(
  "contract_changes",
  {
    ...proposal(),
    provider: text().notNull(),
    source: text().notNull(),
    contract: text().notNull(), // the record that is in force until then
    terms: text().notNull(), // JSON
  },
  (t) => [
    index("contract_changes_by_contract").on(t.tenantId, t.source, t.contract),
    check(
      "contract_changes_are_approved_by_another",
      sql`${t.state} <> 'approved' OR ${t.decidedBy} <> ${t.proposedBy}`,
    ),
    check("contract_changes_are_decided_by_somebody", sql`(${t.state} = 'proposed') = (${t.decidedBy} IS NULL)`),
  ],
);
