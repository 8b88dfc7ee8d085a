export * from "./states.ts";
export * from "./flow.ts";
