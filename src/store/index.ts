export * from "./database.ts";
export { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from "./embedded.ts";
export * from "./migrate.ts";
export * as tables from "./tables/index.ts";
export * from "./vault.ts";
export { copyIn, copyOut, type CopySink, RowWriter } from "./copy.ts";
export { writeDayBlocks } from "./day-blocks.ts";
export { type Known, type RawSelection, readRawColumns, readRefs, readSources } from "./raw-columns.ts";
export { columnsOfField, type StoredColumn, storedColumns, type StoredType, tableName } from "./tables/canonical.ts";
export * from "./access.ts";
export * from "./findings.ts";
export { type CasesOpened, openCases } from "./open-cases.ts";
export { acquireLease, type Lease, LeaseTaken } from "./lease.ts";
export * from "./rules.ts";
export {
  countHeld,
  countStanding,
  type NewRuleHold,
  type NewRuleRate,
  releaseRule,
  type RuleHold,
  type RuleRate,
  type RuleState,
  selectRuleHolds,
  selectRuleRates,
  writeRuleRates,
} from "./rule-rates.ts";
export * from "./dispositions.ts";
export { selectMeasures, writeMeasures } from "./measures.ts";
export { selectMet } from "./met.ts";
export * from "./pictures.ts";
export * from "./same-people.ts";
export {
  type NewSettlementLine,
  selectSettlement,
  type SettlementLine,
  countSettlement,
  settlementLineId,
  type SettlementSelection,
  type SettlementWritten,
  streamSettlement,
  writeSettlement,
} from "./settlement.ts";
export * from "./settled.ts";
export type { Evaluated } from "./stage.ts";
export * from "./dirty.ts";
export { forgetCanonical } from "./forget.ts";
export * from "./idempotency.ts";
export * from "./journeys.ts";
export * from "./ledger.ts";
export * from "./quarantine.ts";
export { keepRecordTimes, type RecordTime } from "./record-times.ts";
export { RefBook, sourceNumber } from "./ref-book.ts";
export * from "./runs.ts";
export { type Provenance, StagedRows, type Unfit } from "./staging.ts";
export {
  buryVanished,
  type CompleteIds,
  type StagedGroup,
  type StagedWarning,
  upsert,
  type UpsertCounts,
} from "./upsert.ts";
export * from "./aliases.ts";
export * from "./cases.ts";
export * from "./changes.ts";
export * from "./case-records.ts";
export * from "./contracts.ts";
export * from "./control.ts";
export { selectSourceFacts, selectSourceHealth, selectWarnings, type SourceHealth } from "./source-facts.ts";
export * from "./nights.ts";
export * from "./overview.ts";
export {
  type ProviderFigures,
  type RuleCount,
  selectFindingWeeks,
  selectProviderFigures,
  selectRuleCounts,
  selectSettledMonths,
} from "./sums.ts";
export * from "./sessions.ts";
export * from "./users.ts";
export * from "./people.ts";
export * from "./acknowledgements.ts";
export * from "./waiting-orders.ts";
export * from "./api-clients.ts";
export * from "./explanations.ts";
export * from "./endpoints.ts";
export * from "./event-deliveries.ts";
export * from "./events.ts";
export {
  type ToldOrder,
  endFirstPulls,
  type TouchedRecord,
  selectAbsenceChanges,
  selectToldOrders,
  selectAnnouncedSources,
  selectServing,
  selectStandingOrders,
  type StandingOrder,
  takeTouched,
  touchJoined,
  writeToldAbsences,
  writeToldOrders,
} from "./touched.ts";
export { selectClientsOfLine, selectStatementLines } from "./statement.ts";
