import { AppError } from "#errors";

/** What somebody may do. Roles are sets of these; `persons:protected` belongs to no role and is given to a person. */
export const permissions = [
  "night:run",
  "sources:read",
  "sources:write",
  "quarantine:read",
  "quarantine:write",
  "findings:read",
  "findings:judge",
  "settlement:read",
  "settlement:write",
  "rules:read",
  "rules:write",
  "rules:activate",
  "contracts:read",
  "contracts:write",
  "contracts:activate",
  "aliases:read",
  "aliases:write",
  "cases:read",
  "cases:work",
  "cases:decide",
  "persons:reveal",
  "persons:search",
  "persons:protected",
  "exports:make",
  "control:judge",
  "log:read",
  "log:control",
  "users:read",
  "users:write",
  "orders:read",
  "orders:acknowledge",
  "own-clients:read",
  "own-cases:read",
  "own-cases:explain",
  "own-settlement:read",
  "endpoints:read",
  "endpoints:write",
  "api-clients:read",
  "api-clients:write",
] as const;
export type Permission = (typeof permissions)[number];

export const roles = ["purchaser", "handler", "provider", "auditor", "administrator"] as const;
export type Role = (typeof roles)[number];

/** What a provider may do with what is its own; a program of a provider's is given some of these. */
export const providerPermissions = [
  "orders:read",
  "orders:acknowledge",
  "own-clients:read",
  "own-cases:read",
  "own-cases:explain",
  "own-settlement:read",
  "endpoints:read",
  "endpoints:write",
] as const satisfies readonly Permission[];

/** Of all that can be read, what is not read by a provider of its own. */
const reading = permissions.filter(
  (permission) => permission.endsWith(":read") && !/^(?:own-|orders:)/.test(permission),
);

/** What each role may do. Nobody approves their own proposal, whatever the role: that is checked where it is approved. */
export const permissionsOf: Readonly<Record<Role, readonly Permission[]>> = {
  purchaser: [
    "findings:read",
    "settlement:read",
    "settlement:write",
    "rules:read",
    "rules:write",
    "rules:activate",
    "contracts:read",
    "contracts:write",
    "contracts:activate",
    "cases:read",
    "cases:decide",
    "exports:make",
    "sources:read",
    "endpoints:read",
  ],
  handler: [
    "findings:read",
    "findings:judge",
    "cases:read",
    "cases:work",
    "cases:decide",
    "persons:reveal",
    "persons:search",
    "exports:make",
    "control:judge",
    "settlement:read",
    "sources:read",
    "rules:read",
    "contracts:read",
  ],
  provider: providerPermissions,
  auditor: [...reading, "log:control"],
  administrator: [
    "sources:read",
    "sources:write",
    "quarantine:read",
    "quarantine:write",
    "users:read",
    "users:write",
    "aliases:read",
    "aliases:write",
    "endpoints:read",
    "endpoints:write",
    "api-clients:read",
    "api-clients:write",
  ],
};

/** Which rows somebody sees; null is all. A group is an area code of clients. */
export interface Scope {
  providers: readonly string[] | null;
  units: readonly string[] | null;
  groups: readonly string[] | null;
}

export const everything: Scope = { providers: null, units: null, groups: null };

/** Who asks. `id` is written beside everything that they change, and in the access log with role and unit. */
export interface Actor {
  id: string;
  /** As colleagues see it. */
  name: string;
  tenantId: string;
  role: Role | "operator";
  /** Where they work; null where the sign-in does not say. */
  unit: string | null;
  permissions: ReadonlySet<Permission>;
  scope: Scope;
}

class NotPermitted extends AppError {
  readonly code = "permission.missing";
  readonly kind = "forbidden";

  constructor(permission: Permission) {
    super(`This needs the permission ${permission}.`, { permission });
  }
}

/** Throws where the actor lacks the permission. */
export function permit(actor: Actor, permission: Permission): void {
  if (!actor.permissions.has(permission)) throw new NotPermitted(permission);
}

class ScopeTooNarrow extends AppError {
  readonly code = "permission.scope";
  readonly kind = "forbidden";

  constructor(permission: Permission) {
    super(`${permission} is about the whole municipality, and the actor sees a part of it.`, { permission });
  }
}

/** As `permit`, for what concerns the whole municipality: throws also where the actor sees only a part of it. */
export function permitEverywhere(actor: Actor, permission: Permission): void {
  permit(actor, permission);
  const { providers, units, groups } = actor.scope;
  if ((providers ?? units ?? groups) !== null) throw new ScopeTooNarrow(permission);
}

class NoProvider extends AppError {
  readonly code = "permission.no-provider";
  readonly kind = "forbidden";

  constructor(permission: Permission) {
    super(`${permission} is for a provider's own people and programs.`, { permission });
  }
}

/** As `permit`, for what a provider does with its own: gives the provider, and throws where the actor is not of one. */
export function permitOwn(actor: Actor, permission: Permission): string {
  permit(actor, permission);
  const [provider, ...more] = actor.scope.providers ?? [];
  if (provider === undefined || more.length > 0) throw new NoProvider(permission);
  return provider;
}

/** Somebody with a role, and with what else they alone are given. Who is of no provider that anybody has named sees none. */
export function actorOf(
  who: Pick<Actor, "id" | "name" | "tenantId"> & { role: Role; unit?: string | null; scope?: Scope },
  more: readonly Permission[] = [],
): Actor {
  const permissions = new Set([...permissionsOf[who.role], ...more]);
  const { scope = everything } = who;
  const own = who.role === "provider" && scope.providers === null ? { ...scope, providers: [] } : scope;
  return { unit: null, ...who, scope: own, permissions };
}

/** The person at the command line of the machine: may do everything with its one tenant, save seeing who is protected. */
export function operatorOf(tenantId: string, id: string): Actor {
  const all = permissions.filter((permission) => permission !== "persons:protected");
  return { id, name: id, tenantId, role: "operator", unit: null, permissions: new Set(all), scope: everything };
}

/** A reader that changes nothing, such as what watches the service: sums only are shown to it. */
export function readerOf(tenantId: string): Actor {
  return actorOf({ id: "läsare", name: "Läsare", tenantId, role: "auditor" });
}
