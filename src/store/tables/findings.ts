import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytea, instant, localDay } from "./columns.ts";

/**
 * One row per distinct problem, kept across runs: a run that sees it again moves `lastSeenAt`, one that sees it with
 * other evidence raises `changes`, one that looked at its slice and no longer sees it closes it as corrected at
 * source, and one that sees it after that opens it again. Its pages are half full, so that seeing writes no index.
 */
export const findings = pgTable(
  "findings",
  {
    tenantId: text().notNull(),
    id: text().notNull(), // hash of tenant, rule, subject and period
    ruleId: text().notNull(),
    ruleVersion: integer().notNull(),
    level: text().notNull(),
    severity: text().notNull(),
    mode: text().notNull(), // active, or shadow: computed but not shown to handlers
    status: text().notNull(), // open, in-case, closed or suppressed
    held: boolean().notNull().default(false), // found while its rule was held back: not shown until it is released
    suppressed: text(), // the innocent cause or exception, where status is suppressed
    subject: text().notNull(),
    slice: text().notNull(), // what a run must have looked at before it may close the finding
    fromDay: localDay().notNull(),
    throughDay: localDay().notNull(), // included
    provider: text(),
    unit: text(),
    client: text(),
    staff: text(),
    records: text().notNull(), // JSON
    minutes: integer(),
    amountOre: bigint({ mode: "number" }),
    reason: text().notNull(),
    evidence: text().notNull(), // JSON
    contentHash: bytea().notNull(), // of all that the rule said; a difference is a change
    changes: integer().notNull(),
    firstSeenAt: instant().notNull(),
    lastSeenAt: instant().notNull(),
    changedAt: instant().notNull(),
    closedAt: instant(),
    closedAs: text(), // corrected-at-source, or rule-changed
  },
  (t) => [
    primaryKey({ name: "findings_one_per_subject_and_period", columns: [t.tenantId, t.id] }),
    index("findings_by_slice").on(t.tenantId, t.slice),
    // All that sums of what stands are made of, so that a page that shows some reads the index alone.
    index("findings_standing")
      .on(
        t.tenantId,
        t.ruleId,
        t.fromDay,
        t.mode,
        t.held,
        t.status,
        t.level,
        t.minutes,
        t.amountOre,
        t.provider,
        t.unit,
        t.client,
      )
      .where(sql`status <> 'closed'`),
    index("findings_held")
      .on(t.tenantId, t.ruleId)
      .where(sql`held`),
  ],
);

/**
 * How often a rule reported nothing in a slice because of an innocent cause or for want of data. Replaced with the
 * slice, so that a night that recomputes a few slices gives the same sums as one that recomputes all.
 */
export const ruleOutcomes = pgTable(
  "rule_outcomes",
  {
    tenantId: text().notNull(),
    slice: text().notNull(),
    ruleId: text().notNull(),
    outcome: text().notNull(), // suppressed, too-little-data or before-go-live
    cause: text().notNull(),
    count: integer().notNull(),
  },
  (t) => [
    primaryKey({
      name: "rule_outcomes_one_count_per_cause",
      columns: [t.tenantId, t.slice, t.ruleId, t.outcome, t.cause],
    }),
  ],
);
