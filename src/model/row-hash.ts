import { hash } from "node:crypto";

/** Half of the SHA-256 of what a row says, a character per byte: of tens of thousands of small buffers each costs as much as its hash. */
export function rowHash(says: readonly unknown[]): string {
  return hash("sha256", JSON.stringify(says), "binary").slice(0, 16);
}

/** What a finding says, in the order in which it is hashed: whoever changes it makes all stored findings look changed. */
export const findingSays = [
  "ruleId",
  "ruleVersion",
  "level",
  "severity",
  "mode",
  "suppressed",
  "subject",
  "slice",
  "fromDay",
  "throughDay",
  "provider",
  "unit",
  "client",
  "staff",
  "records",
  "minutes",
  "amountOre",
  "reason",
  "evidence",
] as const;
