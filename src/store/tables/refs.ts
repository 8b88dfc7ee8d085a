import { sql } from "drizzle-orm";
import { index, integer, pgTable, primaryKey, smallint, text, unique } from "drizzle-orm/pg-core";

/** Every source that has ever delivered to a tenant; `no` stands for it in canonical rows and is never reused. */
export const sourcesKnown = pgTable(
  "sources_known",
  { tenantId: text().notNull(), no: smallint().notNull(), id: text().notNull() },
  (t) => [
    primaryKey({ name: "sources_known_one_number_per_source", columns: [t.tenantId, t.no] }),
    unique("sources_known_one_source_per_id").on(t.tenantId, t.id),
  ],
);

/**
 * Ids that records use for other records, as small integers. Rows are only ever added. `kind` is the position in
 * `refKinds`; `sourceNo` is -1 for services, whose codes mean the same everywhere.
 */
export const refs = pgTable(
  "refs",
  {
    tenantId: text().notNull(),
    no: integer().notNull(),
    kind: smallint().notNull(),
    sourceNo: smallint().notNull(),
    id: text().notNull(),
  },
  (t) => [
    primaryKey({ name: "refs_one_number_per_ref", columns: [t.tenantId, t.no] }),
    unique("refs_one_ref_per_id").on(t.tenantId, t.kind, t.sourceNo, t.id),
    // Whom an identity number or HSA-id means is asked without knowing which source uses it, nor in which case of letters.
    index("refs_by_plain_id").on(t.tenantId, t.kind, sql`upper(${t.id})`),
  ],
);
