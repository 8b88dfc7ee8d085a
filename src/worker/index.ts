export * from "./notify.ts";
export * from "./schedule.ts";
export * from "./deliver.ts";
