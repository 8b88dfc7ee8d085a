import { pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.ts";

/**
 * One row per write that a program asked for under a key of its own. Made before the work begins, completed with the
 * answer when it ends, taken away where it fails; forgotten after a while.
 */
export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    tenantId: text().notNull(),
    operation: text().notNull(), // such as intake/files: a key means something there only
    key: text().notNull(),
    claimedAt: instant().notNull(),
    contentHash: bytea(), // of the request; null while the work goes on
    answer: text(), // JSON
  },
  (t) => [primaryKey({ name: "idempotency_keys_one_write_per_key", columns: [t.tenantId, t.operation, t.key] })],
);
