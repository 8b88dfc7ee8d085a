import type { Actor } from "#operations";
import type { System } from "#system";

/** What every request carries. */
export interface Env {
  Variables: { actor: Actor };
}

/** What the pages need of the system. */
export type Served = Pick<System, "config" | "database" | "now" | "rules" | "sources"> & { municipality: string };
