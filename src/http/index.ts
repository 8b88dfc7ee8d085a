export { createApp } from "./app.ts";
export { listen } from "./serve.ts";
