export { createApp } from "./app.ts";
export type { Guard } from "./authorise.ts";
export { listen } from "./serve.ts";
export type { Authenticate } from "./served.ts";
export { diagnoseSignIn, openSignIn } from "./sign-in.ts";
