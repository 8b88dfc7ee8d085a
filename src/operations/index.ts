export * from "./actor.ts";
export * from "./list-findings.ts";
export * from "./close-month.ts";
export * from "./list-settlement.ts";
export * from "./make-statement.ts";
export * from "./settlement-json.ts";
export * from "./list-sources.ts";
export * from "./pictures.ts";
export * from "./pull-sources.ts";
export * from "./quarantine.ts";
export * from "./rebuild-canonical.ts";
export * from "./reconcile.ts";
export { reconcileChanged } from "./reconcile-changed.ts";
export * from "./rules.ts";
export * from "./run-night.ts";
export * from "./show-overview.ts";
export * from "./words.ts";
export * from "./aliases.ts";
export * from "./migrate-database.ts";
export { type Delivery, receiveUpload, type Received, UploadTooLarge } from "./receive-upload.ts";
export * from "./check-mapping.ts";
export {
  type ComparedExample,
  type Contract,
  type ContractRecord,
  decideOnContractChange,
  listContracts,
  previewTerms,
  proposeTerms,
  showContract,
  type ShownContractChange,
} from "./contracts.ts";
export { type PaidExample, printTerms, type TermsExample, VISIT_MINUTES } from "./contract-terms.ts";
export * from "./diagnose.ts";
export * from "./backtest-rule.ts";
export * from "./list-rules.ts";
export * from "./record-disposition.ts";
export * from "./release-rule.ts";
export * from "./rule-exceptions.ts";
export {
  type BacktestSums,
  decideOnRuleChange,
  listRuleChanges,
  proposeRuleChange,
  type ShownBacktest,
  type ShownRuleChange,
  tryRule,
  type TypedValues,
} from "./rule-changes.ts";
export { ProposalRefused } from "./proposals.ts";
export { type LearningRow, showLearning } from "./learning.ts";
export * from "./cases/index.ts";
export * from "./sessions.ts";
export * from "./persons.ts";
export * from "./access-log.ts";
export * from "./users.ts";
export * from "./export-lists.ts";
export * from "./export-statement.ts";
export { type ExportedFile, type ListFormat, listFormats } from "./hand-out.ts";
export * from "./provider/index.ts";
export { idempotent, useOnce } from "./idempotent.ts";
export * from "./webhooks/index.ts";
export { eventTypes, webhookBodies } from "#webhook";
