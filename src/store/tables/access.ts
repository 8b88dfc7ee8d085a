import { sql } from "drizzle-orm";
import { bigint, index, integer, pgTable, primaryKey, smallint, text, unique } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";

/**
 * Who read which personal data, when, in which role and why. Rows are only ever added, by anybody, and go after five
 * years: triggers see to that, give each row its number and chain it to the one before.
 */
export const accessLog = pgTable(
  "access_log",
  {
    no: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: text().notNull(),
    at: instant().notNull(),
    actor: text().notNull(),
    operation: text().notNull(),
    subject: text().notNull(), // client, staff member or selection that was shown, by id
    rows: integer().notNull(),
    role: text().notNull().default("operator"),
    unit: text(), // where the reader works
    why: text(), // the reader's reason, where one was asked for
    seq: bigint({ mode: "number" }).notNull().default(0), // in the tenant's chain, from 1, without gaps
    hash: bytea()
      .notNull()
      .default(sql`'\\x'`), // SHA-256 of the hash before and of this row
  },
  (t) => [
    index("access_log_by_time").on(t.tenantId, t.at),
    index("access_log_by_subject").on(t.tenantId, t.subject),
    unique("access_log_one_row_per_link").on(t.tenantId, t.seq),
  ],
);

/** The end of each tenant's chain, and where it begins since older rows are gone. Kept by triggers alone. */
export const accessHeads = pgTable("access_heads", {
  tenantId: text().primaryKey(),
  seq: bigint({ mode: "number" }).notNull(),
  hash: bytea().notNull(),
  goneSeq: bigint({ mode: "number" }).notNull().default(0),
  goneHash: bytea()
    .notNull()
    .default(sql`'\\x'`),
});

/** A control of the access log that somebody has done. Rows are only ever added. */
export const accessControls = pgTable(
  "access_controls",
  {
    tenantId: text().notNull(),
    no: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    month: text().notNull(), // YYYY-MM
    unit: text(), // null: readers of every unit
    looked: smallint().notNull(), // rows that were drawn
    result: text().notNull(),
    at: instant().notNull(),
    by: text().notNull(),
  },
  (t) => [primaryKey({ name: "access_controls_in_order", columns: [t.tenantId, t.no] })],
);
