import { bigint, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytea, localDay } from "./columns.ts";

/**
 * What the heads of an entity say on a day, column by column, as it lies in memory: src/store/day-blocks.ts writes them
 * from the rows, and they stand for as long as none of `day_changes` is about their day.
 */
export const dayBlocks = pgTable(
  "day_blocks",
  {
    tenantId: text().notNull(),
    entity: text().notNull(),
    day: localDay().notNull(),
    column: text().notNull(),
    /** Rows of the day, the same in all of its columns. */
    rows: integer().notNull(),
    /** What the columns were when it was written: a program that reads others writes it anew. */
    layout: text().notNull(),
    data: bytea().notNull(),
  },
  (t) => [primaryKey({ name: "day_blocks_one_per_column", columns: [t.tenantId, t.entity, t.day, t.column] })],
);

/** Days on which a head came, changed or went since they were looked at last; written by triggers of those tables. */
export const dayChanges = pgTable(
  "day_changes",
  {
    no: bigint({ mode: "number" }).generatedAlwaysAsIdentity().primaryKey(),
    tenantId: text().notNull(),
    entity: text().notNull(),
    day: localDay().notNull(),
  },
  (t) => [index("day_changes_by_day").on(t.tenantId, t.entity, t.day)],
);
