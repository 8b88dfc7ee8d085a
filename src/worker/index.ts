export * from "./notify.ts";
export * from "./schedule.ts";
