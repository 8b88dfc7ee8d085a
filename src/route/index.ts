export { askRouter, type Asked, type Router } from "./ask.ts";
