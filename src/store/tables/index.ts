export * from "./access.ts";
export * from "./canonical.ts";
export * from "./findings.ts";
export * from "./ledger.ts";
export * from "./nights.ts";
export * from "./refs.ts";
export * from "./rules.ts";
export * from "./settlement.ts";
