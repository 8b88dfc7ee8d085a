export * from "./address.ts";
export * from "./events.ts";
export * from "./opaque.ts";
export * from "./post.ts";
export * from "./schedule.ts";
export * from "./sign.ts";
