export * from "./entities.ts";
export type { Field, FieldKind, RefKind } from "./fields.ts";
export { refKinds } from "./fields.ts";
export * from "./holidays.ts";
export * from "./money.ts";
export * from "./personal-identity.ts";
export * from "./time.ts";
export * as samples from "./sample.ts";
