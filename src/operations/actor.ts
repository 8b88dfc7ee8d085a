import { AppError } from "#errors";

/** What somebody may do. Roles are sets of these. */
export type Permission =
  | "night:run"
  | "sources:read"
  | "sources:write"
  | "quarantine:read"
  | "quarantine:write"
  | "findings:read"
  | "findings:judge"
  | "settlement:read"
  | "settlement:write"
  | "rules:read"
  | "rules:write"
  | "aliases:read"
  | "aliases:write";

/** Who asks. `id` is written beside everything that they change. */
export interface Actor {
  id: string;
  tenantId: string;
  permissions: ReadonlySet<Permission>;
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

/** The person at the command line of the machine: may do everything with its one tenant. */
export function operatorOf(tenantId: string, id: string): Actor {
  return {
    id,
    tenantId,
    permissions: new Set<Permission>([
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
      "aliases:read",
      "aliases:write",
    ]),
  };
}

/** Somebody who reads the pages on the machine itself: everything that changes nothing. */
export function readerOf(tenantId: string): Actor {
  return {
    id: "läsare",
    tenantId,
    permissions: new Set<Permission>([
      "sources:read",
      "quarantine:read",
      "findings:read",
      "settlement:read",
      "rules:read",
      "aliases:read",
    ]),
  };
}
