import type { Context } from "hono";
import type { Actor, Flash, Role } from "#operations";
import type { System } from "#system";

/** Somebody's time at the pages, from sign-in to sign-out. */
export interface Session {
  /** Stands in every form; nobody else's page knows it. */
  readonly csrf: string;
  /** The roles that they may change between; at least the one that they have now. */
  readonly roles: readonly Role[];
  /** They have asked for too much that is not there, and have to wait. */
  readonly locked: boolean;
  /** Counts a page that is not there. */
  miss: () => Promise<void>;
  /** Keeps something for the next page that is shown; null forgets it. */
  note: (flash: Flash | null) => Promise<void>;
}

/** Who asks, in which session. */
export interface Visitor {
  actor: Actor;
  session: Session;
  /** What `note` kept. */
  flash: Flash | null;
}

/** Says who asks; null where nobody is signed in. */
export type Authenticate = (c: Context<Env>) => Promise<Visitor | null>;

/** What every request carries; all but `visitor` only behind `needs`. */
export interface Env {
  Variables: {
    /** Who asks, read once; null where nobody is signed in. */
    visitor: () => Promise<Visitor | null>;
    actor: Actor;
    /** What operations are called with: its database shows the actor's rows only. */
    system: Served;
    session: Session;
    /** What the step before has to say, to be shown at the top of the page. */
    flash: string | null;
    /** Whom the page shows by name, once, since a reason was given. */
    revealed: Flash["person"] | null;
  };
}

/** What the pages need of the system. */
export type Served = Pick<
  System,
  "config" | "database" | "now" | "rules" | "sources" | "vault" | "tenantId" | "log"
> & {
  municipality: string;
};
