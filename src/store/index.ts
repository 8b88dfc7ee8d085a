export * from "./database.ts";
export { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from "./embedded.ts";
export * from "./migrate.ts";
export * as tables from "./tables/index.ts";
export * from "./vault.ts";
export { copyIn, copyOut, type CopySink, RowWriter } from "./copy.ts";
export { type RawSelection, readRawColumns, readRefs, readSources } from "./raw-columns.ts";
export { columnsOfField, type StoredColumn, storedColumns, type StoredType, tableName } from "./tables/canonical.ts";
