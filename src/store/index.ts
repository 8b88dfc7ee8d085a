export * from "./database.ts";
export { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from "./embedded.ts";
export * from "./migrate.ts";
export * as tables from "./tables/index.ts";
export * from "./vault.ts";
