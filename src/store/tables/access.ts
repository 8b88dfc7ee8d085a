import { bigint, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/** Who read which personal data, when and by which operation. Rows are only ever added. */
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
  },
  (t) => [index("access_log_by_time").on(t.tenantId, t.at), index("access_log_by_subject").on(t.tenantId, t.subject)],
);
