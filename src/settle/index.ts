export type { ClaimCoverage } from "./claims.ts";
export { type Figures, Settlement, type TraceStep } from "./figures.ts";
export { settlementRow, type SettlementRow } from "./print.ts";
