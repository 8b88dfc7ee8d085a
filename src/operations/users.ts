import { AppError } from "#errors";
import type { Instant } from "#model";
import { type Database, insertGrant, selectNames, selectUsers, type UserRow } from "#store";
import { type Actor, permit, type Scope } from "./actor.ts";

export type { UserRow };

type Needs = { database: Database; now: () => Instant };

class UserUnknown extends AppError {
  readonly code = "user.unknown";
  readonly kind = "missing";

  constructor() {
    super("There is no such user.");
  }
}

class OwnGrant extends AppError {
  readonly code = "user.own";
  readonly kind = "forbidden";

  constructor() {
    super("Nobody decides what they themselves may see.");
  }
}

class GrantInvalid extends AppError {
  readonly code = "user.grant";
  readonly kind = "invalid";
}

/** Everybody who has signed in, and what they may see. */
export async function listUsers({ database }: Pick<Needs, "database">, actor: Actor): Promise<UserRow[]> {
  permit(actor, "users:read");
  return selectUsers(database, actor.tenantId);
}

/** One user, with the providers and units that their scope can name. */
export async function showUser(
  { database }: Pick<Needs, "database">,
  actor: Actor,
  no: number,
): Promise<{ user: UserRow; providers: ReadonlyMap<string, string>; units: ReadonlyMap<string, string> }> {
  permit(actor, "users:read");
  const [[user], { provider, unit }] = await Promise.all([
    selectUsers(database, actor.tenantId, no),
    selectNames(database, actor.tenantId),
  ]);
  if (user === undefined) throw new UserUnknown();
  return { user, providers: provider, units: unit };
}

/** What an administrator decides that a user may see. The decision before stays on record. */
export interface Grant {
  no: number;
  scope: Scope;
  /** May see who has a protected identity. */
  protected: boolean;
  why: string;
}

export async function grantUser({ database, now }: Needs, actor: Actor, grant: Grant): Promise<void> {
  permit(actor, "users:write");
  const { user, providers, units } = await showUser({ database }, actor, grant.no);
  if (user.subject === actor.id) throw new OwnGrant();
  const why = grant.why.trim();
  if (why.length < 5 || why.length > 500) throw new GrantInvalid("A reason of 5 to 500 characters is needed.");
  const { scope } = grant;
  const named = (ids: readonly string[] | null, known: ReadonlyMap<string, string>) =>
    (ids ?? []).every((id) => known.has(id));
  if (!named(scope.providers, providers) || !named(scope.units, units)) {
    throw new GrantInvalid("The scope names a provider or unit that is not there.");
  }
  await insertGrant(database, actor.tenantId, {
    userNo: grant.no,
    scope,
    protected: grant.protected,
    at: now(),
    by: actor.id,
    why,
  });
}
