import { smallint, pgTable, text } from "drizzle-orm/pg-core";

/** The fingerprint of the key that the database is encrypted with: one row, written by the first process that opens it. */
export const vaultKeys = pgTable("vault_keys", { no: smallint().primaryKey(), fingerprint: text().notNull() });
