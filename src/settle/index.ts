export type { ClaimCoverage } from "./claims.ts";
export { type Figures, Settlement } from "./figures.ts";
export type { PaidDay, PaidRow, StepName, TraceStep, VisitTrace } from "./paid.ts";
export { settlementRow, type SettlementRow } from "./print.ts";
export { cutOffOf, type InForce, type Terms } from "./terms.ts";
