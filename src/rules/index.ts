import type { Rule } from "#rule";
import staffOverlap from "./staff-overlap.ts";

/** Every rule, in order of id. */
export const rules: readonly Rule[] = [staffOverlap];
