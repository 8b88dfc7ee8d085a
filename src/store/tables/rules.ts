import { sql } from "drizzle-orm";
import { bigint, check, doublePrecision, index, integer, pgTable, text } from "drizzle-orm/pg-core";
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

/**
 * A documented exception: findings of the rule about the subject are suppressed, where their days lie within it. One
 * that is ended early holds through `endedThrough` instead of `throughDay`. Never deleted, and changed only by its end.
 */
export const exceptions = pgTable(
  "exceptions",
  {
    no: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: text().notNull(),
    ruleId: text().notNull(),
    subject: text().notNull(), // JSON
    fromDay: localDay().notNull(),
    throughDay: localDay().notNull(),
    reason: text().notNull(),
    setAt: instant().notNull(),
    setBy: text().notNull(),
    endedThrough: localDay(), // last day on which it holds; before `fromDay`: it never did
    endedAt: instant(),
    endedBy: text(),
    endedWhy: text(),
  },
  (t) => [
    index("exceptions_by_rule").on(t.tenantId, t.ruleId, t.subject),
    check(
      "exceptions_end_with_who_and_why",
      sql`num_nulls(${t.endedThrough}, ${t.endedAt}, ${t.endedBy}, ${t.endedWhy}) IN (0, 4)`,
    ),
  ],
);

/**
 * How many findings a rule version with these parameters had in some days: what a night is measured against. A back-test
 * and a release stay; of nights only the latest of each version and parameters is kept.
 */
export const ruleRates = pgTable(
  "rule_rates",
  {
    no: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: text().notNull(),
    ruleId: text().notNull(),
    ruleVersion: integer().notNull(),
    parameters: text().notNull(), // JSON of all values, in order of name
    measuredIn: text().notNull(), // backtest, night or release
    fromDay: localDay().notNull(),
    throughDay: localDay().notNull(),
    clientDays: integer().notNull(),
    findings: integer().notNull(),
    measuredAt: instant().notNull(),
    measuredBy: text().notNull(),
  },
  (t) => [index("rule_rates_by_rule").on(t.tenantId, t.ruleId)],
);

/** A rule version with these parameters that found so much in a night that nobody was shown it, until somebody releases it. */
export const ruleHolds = pgTable(
  "rule_holds",
  {
    no: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: text().notNull(),
    ruleId: text().notNull(),
    ruleVersion: integer().notNull(),
    parameters: text().notNull(), // as in rule_rates
    fromDay: localDay().notNull(), // the days that the run looked at
    throughDay: localDay().notNull(),
    clientDays: integer().notNull(),
    findings: integer().notNull(), // that nobody had been shown before
    expected: doublePrecision().notNull(), // by the rate that it was measured against
    heldAt: instant().notNull(),
    releasedAt: instant(),
    releasedBy: text(),
    releasedWhy: text(),
  },
  (t) => [
    index("rule_holds_by_rule").on(t.tenantId, t.ruleId),
    check(
      "rule_holds_are_released_with_who_and_why",
      sql`num_nulls(${t.releasedAt}, ${t.releasedBy}, ${t.releasedWhy}) IN (0, 3)`,
    ),
  ],
);

/** What a person found a finding to be. Rows are never changed: of several about a finding the last holds. */
export const dispositions = pgTable(
  "dispositions",
  {
    no: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: text().notNull(),
    findingId: text().notNull(),
    ruleId: text().notNull(),
    ruleVersion: integer().notNull(), // the version that was judged: the finding may become another's
    outcome: text().notNull(), // confirmed, explained, unclear, or withdrawn: not judged any more
    judgedAt: instant().notNull(),
    judgedBy: text().notNull(),
  },
  (t) => [index("dispositions_by_rule").on(t.tenantId, t.ruleId)],
);
