export { type Normalised, normaliseWaiting, type RunCounts } from "./normalise.ts";
export { isIncomplete, type Pulled, type PullOptions, type PullProgress, pullSource } from "./pull.ts";
export { readRawRecord, readRawRecords } from "./raw-record.ts";
export { type Retried, retryQuarantine } from "./quarantine.ts";
export { compareMappings, type MappingDifference, rebuild, type Rebuilt } from "./rebuild.ts";
export type { Intake, IntakeSource, PullableSource } from "./source.ts";
export {
  aliasKinds,
  type AliasList,
  type AliasSummary,
  importAliases,
  type ImportedAliases,
  keepAliases,
  listAliases,
  type NewAlias,
  setAlias,
  summariseAliases,
  undoAlias,
  type UnresolvedId,
} from "./aliases.ts";
