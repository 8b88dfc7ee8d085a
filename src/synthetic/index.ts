export { failing, type Fault, type SimulatorEnv } from "./faults.ts";
export { makeWorld } from "./make-world.ts";
export type { WorldOptions } from "./make-world.ts";
export { worldStats } from "./stats.ts";
export type * from "./world.ts";
