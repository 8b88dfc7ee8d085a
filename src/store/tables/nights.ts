import { bigint, index, pgTable, text } from "drizzle-orm/pg-core";
import { instant, localDay } from "./columns.ts";

/** One run over a tenant: a night or one of its halves. Written when it starts, completed when it ends; one that was killed never gets an end. */
export const nights = pgTable(
  "nights",
  {
    no: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: text().notNull(),
    kind: text().notNull(), // night, pull, reconcile, changed or rebuild
    day: localDay().notNull(),
    startedAt: instant().notNull(),
    endedAt: instant(),
    outcome: text(), // done, incomplete or failed
    summary: text(), // JSON
  },
  (t) => [index("nights_by_start").on(t.tenantId, t.startedAt)],
);
