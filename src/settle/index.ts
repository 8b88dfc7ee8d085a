export type { ClaimCoverage } from "./claims.ts";
export { type ClaimCode, claimCodes, type ClaimMatter, type JudgedClaim, type Proposal } from "./codes.ts";
export { type Figures, Settlement } from "./figures.ts";
export { tellingProviders } from "./judge.ts";
export { lastCutOff } from "./last-cut-off.ts";
export { type PaidDay, type PaidRow, type StepName, stepNames, type TraceStep, type VisitTrace } from "./paid.ts";
export { idsOfRow, type PrintedClaim, settlementRow, type SettlementRow } from "./print.ts";
export { compileTerms, cutOffOf, type InForce, type Terms } from "./terms.ts";
