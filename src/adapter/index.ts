export * from "./define.ts";
export * from "./files.ts";
export * from "./http.ts";
