export * from "./states.ts";
export * from "./flow.ts";
export * from "./letter.ts";
export * from "./attachment.ts";
export * from "./recall.ts";
