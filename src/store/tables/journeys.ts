import { bigint, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";

/**
 * What a router once said of a journey between two places, which are positions rounded to four decimals of a degree and
 * belong to nobody. Rows are only ever added; a router of another kind is asked anew.
 */
export const journeys = pgTable(
  "journeys",
  {
    tenantId: text().notNull(),
    router: text().notNull(), // kind of router
    mode: text().notNull(), // way of travelling
    fromPlace: bigint({ mode: "number" }).notNull(),
    toPlace: bigint({ mode: "number" }).notNull(),
    seconds: integer(), // null: there is no way
    askedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({
      name: "journeys_one_per_mode_and_places",
      columns: [t.tenantId, t.router, t.mode, t.fromPlace, t.toPlace],
    }),
  ],
);
