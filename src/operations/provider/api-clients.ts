import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { AppError } from "#errors";
import type { Instant } from "#model";
import {
  type ApiClientKind,
  apiClientKinds,
  changeApiClient,
  type Database,
  insertApiClient,
  seeApiClient,
  selectApiClient,
  selectApiClients,
  selectNames,
  type StoredApiClient,
} from "#store";
import { type Actor, permitEverywhere, providerPermissions } from "../actor.ts";

export { type ApiClientKind, apiClientKinds };

type Needs = { database: Database; now: () => Instant };

/** What a program may be let do; the names of permissions. */
export type ApiScope = (typeof providerPermissions)[number];
export const apiScopes: readonly ApiScope[] = providerPermissions;

/** A provider's program, without what it shows itself by. */
export type ApiClient = Omit<StoredApiClient, "secretHash" | "scopes"> & {
  scopes: ApiScope[];
  /** Another one for each secret or set of keys: a token that another was given for is none any more. */
  credential: string;
};

class ApiClientInvalid extends AppError {
  readonly code = "api-client.invalid";
  readonly kind = "invalid";
}

class ApiClientMissing extends AppError {
  readonly code = "api-client.missing";
  readonly kind = "missing";

  constructor(id: string) {
    super(`There is no API client ${id}, or it is revoked.`, { id });
  }
}

/** Public keys only: a private one would be known to more than its owner. */
const keySet = z.object({
  keys: z
    .array(z.looseObject({ kty: z.enum(["RSA", "EC", "OKP"]) }).refine((key) => !("d" in key)))
    .min(1)
    .max(10),
});

const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();
const newSecret = (): string => randomBytes(32).toString("base64url");

const shown = (client: StoredApiClient): ApiClient => {
  const { secretHash, scopes, ...rest } = client;
  const credential = createHash("sha256")
    .update(secretHash ?? rest.jwks ?? "")
    .digest("base64url")
    .slice(0, 16);
  return { ...rest, scopes: apiScopes.filter((scope) => scopes.includes(scope)), credential };
};

export interface NewClient {
  name: string;
  provider: string;
  /** Null: all of the provider's. */
  units: readonly string[] | null;
  scopes: readonly string[];
  kind: ApiClientKind;
  /** JSON of its public keys; of private_key_jwt only. */
  jwks?: string | undefined;
}

function checkedKeys(kind: ApiClientKind, jwks: string | undefined): string | null {
  if ((kind === "private_key_jwt") !== (jwks !== undefined)) {
    throw new ApiClientInvalid("A set of public keys belongs to private_key_jwt, and to nothing else.");
  }
  if (jwks === undefined) return null;
  try {
    return JSON.stringify(keySet.parse(JSON.parse(jwks)));
  } catch {
    throw new ApiClientInvalid('The keys are no set of public keys: {"keys":[…]}, each with kty and without d.');
  }
}

const shownSecret = (kind: ApiClientKind, id: string, secret: string): string =>
  kind === "key" ? `${id}.${secret}` : secret;

/** Lets a program of a provider's in. What it shows itself by is given here once, and kept by nobody. */
export async function createApiClient(
  { database, now }: Needs,
  actor: Actor,
  { name, provider, units, scopes, kind, jwks }: NewClient,
): Promise<{ id: string; secret: string | null }> {
  permitEverywhere(actor, "api-clients:write");
  const names = await selectNames(database, actor.tenantId);
  if (name.trim() === "" || name.length > 100) throw new ApiClientInvalid("A name of 1 to 100 characters is needed.");
  if (!names.provider.has(provider)) throw new ApiClientInvalid(`There is no provider ${provider}.`, { provider });
  const strange = (units ?? []).find((unit) => !names.unit.has(unit));
  if (strange !== undefined) throw new ApiClientInvalid(`There is no unit ${strange}.`, { unit: strange });
  const known = apiScopes.filter((scope) => scopes.includes(scope));
  if (known.length === 0 || known.length < new Set(scopes).size) {
    throw new ApiClientInvalid(`Give one or more of the scopes ${apiScopes.join(", ")}.`);
  }
  const secret = kind === "secret" || kind === "key" ? newSecret() : null;
  const id = `kl_${randomBytes(8).toString("hex")}`;
  await insertApiClient(database, actor.tenantId, {
    id,
    name: name.trim(),
    provider,
    units: units === null ? null : [...units],
    scopes: known,
    kind,
    secretHash: secret === null ? null : hashOf(secret),
    jwks: checkedKeys(kind, jwks),
    createdAt: now(),
    createdBy: actor.id,
  });
  return { id, secret: secret === null ? null : shownSecret(kind, id, secret) };
}

/** Programs of providers, revoked ones included. */
export async function listApiClients({ database }: Pick<Needs, "database">, actor: Actor): Promise<ApiClient[]> {
  permitEverywhere(actor, "api-clients:read");
  return (await selectApiClients(database, actor.tenantId)).map(shown);
}

/** Shuts a program out from now on, tokens that it has included. */
export async function revokeApiClient({ database, now }: Needs, actor: Actor, id: string): Promise<void> {
  permitEverywhere(actor, "api-clients:write");
  if (!(await changeApiClient(database, actor.tenantId, id, { revokedAt: now() }))) throw new ApiClientMissing(id);
}

/** Gives a program another secret, or takes its new keys; what it had before lets nobody in any more, nor do its tokens. */
export async function rotateApiClient(
  { database }: Pick<Needs, "database">,
  actor: Actor,
  { id, jwks }: { id: string; jwks?: string | undefined },
): Promise<{ secret: string | null }> {
  permitEverywhere(actor, "api-clients:write");
  const client = await selectApiClient(database, actor.tenantId, id);
  if (client === null) throw new ApiClientMissing(id);
  const { kind } = client;
  if (kind === "external") throw new ApiClientInvalid("The external issuer keeps what this client shows itself by.");
  const keys = checkedKeys(kind, jwks);
  const secret = kind === "private_key_jwt" ? null : newSecret();
  await changeApiClient(
    database,
    actor.tenantId,
    id,
    secret === null ? { jwks: keys } : { secretHash: hashOf(secret) },
  );
  return { secret: secret === null ? null : shownSecret(kind, id, secret) };
}

type Finds = { database: Database; tenantId: string };

/** The program of an id, whatever it shows; null where there is none, or it is revoked. */
export async function findApiClient({ database, tenantId }: Finds, id: string): Promise<ApiClient | null> {
  const client = await selectApiClient(database, tenantId, id);
  return client === null ? null : shown(client);
}

async function bySecret(
  { database, tenantId }: Finds,
  kind: ApiClientKind,
  id: string,
  secret: string,
): Promise<ApiClient | null> {
  const client = await selectApiClient(database, tenantId, id);
  // As much work where there is no such program.
  const same = timingSafeEqual(client?.secretHash ?? hashOf(""), hashOf(secret));
  return client !== null && same && client.kind === kind && client.secretHash !== null ? shown(client) : null;
}

/** The program that has this id and secret. */
export async function apiClientBySecret(needs: Finds, id: string, secret: string): Promise<ApiClient | null> {
  return bySecret(needs, "secret", id, secret);
}

/** The program that has this key. */
export async function apiClientByKey(needs: Finds, key: string): Promise<ApiClient | null> {
  const [, id, secret] = /^(kl_[0-9a-f]{16})\.([\w-]{43})$/.exec(key) ?? [];
  return id === undefined || secret === undefined ? null : bySecret(needs, "key", id, secret);
}

/** A program as whoever asks: of its provider and units, with the scopes that it has of those that it comes with. */
export function actorOfClient(tenantId: string, client: ApiClient, scopes: readonly string[] = client.scopes): Actor {
  const { id, name, provider, units } = client;
  return {
    id,
    name,
    tenantId,
    role: "provider",
    unit: null,
    permissions: new Set(client.scopes.filter((scope) => scopes.includes(scope))),
    scope: { providers: [provider], units, groups: null },
  };
}

/** Remembers that a program was here. */
export async function noteApiClient({ database, now }: Needs, { tenantId }: Actor, { no }: ApiClient): Promise<void> {
  await seeApiClient(database, tenantId, no, now());
}
