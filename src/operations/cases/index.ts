export type { CaseState, Judgement, OutcomeName, PossibleStep, Refusal, StepKind, SubjectKind } from "#case";
export { caseStates, outcomeNames, outcomes as caseOutcomes } from "#case";
export * from "./types.ts";
export * from "./words.ts";
export { openCases } from "./open-cases.ts";
