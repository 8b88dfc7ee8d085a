import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import type { Context } from "hono";
import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, errors, type JSONWebKeySet, jwtVerify, SignJWT } from "jose";
import { type ApiClient, apiClientByKey, apiClientBySecret, apiScopes, findApiClient, useOnce } from "#operations";
import type { System } from "#system";
import { isLocal } from "../sign-in.ts";

const AUDIENCE = "klarsyn-api";
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** How long a client's own assertion may be good for. */
const ASSERTION_SECONDS_MAX = 300;
const CLOCK_SECONDS = 30;
export const TOKEN_PATH = "/api/v1/oauth/token";

/** Who asks, with the scopes that they have now. */
export interface Caller {
  client: ApiClient;
  scopes: readonly string[];
}

/** An error as RFC 6749, section 5.2, wants it. */
export class TokenRefused extends Error {
  readonly error: "invalid_request" | "invalid_client" | "unsupported_grant_type" | "invalid_scope";

  constructor(error: TokenRefused["error"], description: string) {
    super(description);
    this.error = error;
  }
}

export interface Token {
  access_token: string;
  token_type: "Bearer";
  expires_in: number;
  scope: string;
}

export interface Tokens {
  /** Gives a token for the client of a request to the token endpoint (RFC 6749, section 4.4). Throws TokenRefused. */
  issue: (c: Context, form: URLSearchParams) => Promise<{ token: Token; client: ApiClient }>;
  /** Who a token or key is of; null: of nobody. */
  callerOf: (credential: string) => Promise<Caller | null>;
}

type Needs = Pick<System, "config" | "database" | "now" | "tenantId" | "vault" | "log">;

/** Tokens of ours are signed with a key that only we have: nobody else reads them. */
export function openTokens(needs: Needs): Tokens {
  const { config, now, tenantId, vault } = needs;
  const key = vault.derive("api tokens");
  const issuer = `klarsyn:${tenantId}`;
  const { issuer: external } = config.api;
  const remote = external === undefined ? null : createRemoteJWKSet(new URL(external.jwks), { timeoutDuration: 5000 });
  const currentDate = () => new Date(now());

  /** What a client's assertion must be made out to: an address that whoever asks cannot choose. */
  function audiences(c: Context): string[] {
    const { protocol, host, hostname } = new URL(c.req.url);
    const own = config.api.url ?? config.signIn?.url ?? (isLocal(hostname) ? `${protocol}//${host}` : null);
    return own === null ? [] : [new URL(TOKEN_PATH, own).href, own.replace(/\/$/, "")];
  }

  async function byAssertion(c: Context, assertion: string): Promise<ApiClient | null> {
    const { sub } = decodeJwt(assertion);
    const client = sub === undefined ? null : await findApiClient(needs, sub);
    if (sub === undefined || client === null || client.kind !== "private_key_jwt" || client.jwks === null) return null;
    const keys = createLocalJWKSet(JSON.parse(client.jwks) as JSONWebKeySet);
    const { payload } = await jwtVerify(assertion, keys, {
      issuer: sub,
      subject: sub,
      audience: audiences(c),
      algorithms: ["ES256", "ES384", "PS256", "PS384", "RS256", "EdDSA", "Ed25519"],
      requiredClaims: ["exp", "jti"],
      clockTolerance: CLOCK_SECONDS,
      currentDate: currentDate(),
    });
    const { exp = 0, jti = "" } = payload;
    if (exp * 1000 > now() + (ASSERTION_SECONDS_MAX + CLOCK_SECONDS) * 1000) return null;
    // Whoever has seen an assertion on its way must not be able to use it again.
    return (await useOnce(needs, tenantId, `oauth/${sub}`, jti)) ? client : null;
  }

  async function clientOf(c: Context, form: URLSearchParams): Promise<ApiClient | null> {
    const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    const [id, secret, assertion] = ["client_id", "client_secret", "client_assertion"].map((name) => form.get(name));
    const ways = [basic, secret, assertion].filter((way) => way !== undefined && way !== null);
    if (ways.length !== 1) throw new TokenRefused("invalid_client", "Show who you are, in one way.");
    if (basic !== undefined) {
      const text = Buffer.from(basic, "base64").toString();
      const colon = text.indexOf(":");
      const parts = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)].map(formDecoded);
      return apiClientBySecret(needs, parts[0] ?? "", parts[1] ?? "");
    }
    if (typeof secret === "string") return apiClientBySecret(needs, id ?? "", secret);
    if (form.get("client_assertion_type") !== ASSERTION) {
      throw new TokenRefused("invalid_request", `client_assertion_type must be ${ASSERTION}.`);
    }
    try {
      return await byAssertion(c, assertion ?? "");
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
      throw error;
    }
  }

  async function ofOurs(token: string): Promise<Caller | null> {
    const { payload } = await jwtVerify(token, key, {
      issuer,
      audience: AUDIENCE,
      typ: "at+jwt",
      algorithms: ["HS256"],
      requiredClaims: ["exp", "sub"],
      currentDate: currentDate(),
    });
    // A client that was revoked since is not let in by what it was given before, nor whoever has a secret that it had.
    const client = await findApiClient(needs, payload.sub ?? "");
    return client === null || client.credential !== payload["credential"]
      ? null
      : { client, scopes: wordsOf(payload["scope"]) ?? [] };
  }

  async function ofOthers(token: string): Promise<Caller | null> {
    if (external === undefined || remote === null) return null;
    const { payload } = await jwtVerify(token, remote, {
      issuer: external.url,
      audience: external.audience,
      requiredClaims: ["exp"],
      clockTolerance: CLOCK_SECONDS,
      currentDate: currentDate(),
    });
    const theirs = payload[external.clientClaim];
    const id = typeof theirs === "string" && Object.hasOwn(external.clients, theirs) ? external.clients[theirs] : null;
    const client = id === null || id === undefined ? null : await findApiClient(needs, id);
    if (client === null || client.kind !== "external") return null;
    return { client, scopes: wordsOf(payload["scope"] ?? payload["scp"]) ?? client.scopes };
  }

  return {
    async issue(c, form) {
      if (form.get("grant_type") !== "client_credentials") {
        throw new TokenRefused("unsupported_grant_type", "grant_type must be client_credentials.");
      }
      const client = await clientOf(c, form);
      if (client === null) throw new TokenRefused("invalid_client", "There is no such client, or it is not you.");
      const wanted = wordsOf(form.get("scope") ?? undefined) ?? client.scopes;
      const scope = apiScopes.filter((one) => client.scopes.includes(one) && wanted.includes(one));
      if (scope.length === 0 || scope.length < new Set(wanted).size) {
        throw new TokenRefused("invalid_scope", "The client has no such scope.");
      }
      const expiresIn = config.api.tokenMinutes * 60;
      const seconds = Math.floor(now() / 1000);
      const token = await new SignJWT({ scope: scope.join(" "), client_id: client.id, credential: client.credential })
        .setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setSubject(client.id)
        .setJti(randomUUID())
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + expiresIn)
        .sign(key);
      return {
        token: { access_token: token, token_type: "Bearer", expires_in: expiresIn, scope: scope.join(" ") },
        client,
      };
    },
    async callerOf(credential) {
      if (/^kl_[0-9a-f]{16}\./.test(credential)) {
        const client = await apiClientByKey(needs, credential);
        return client === null ? null : { client, scopes: client.scopes };
      }
      try {
        return await (decodeJwt(credential).iss === issuer ? ofOurs(credential) : ofOthers(credential));
      } catch (error) {
        const unreachable = error instanceof errors.JWKSTimeout || (error instanceof TypeError && remote !== null);
        if (unreachable) needs.log.error({ error }, "the issuer's keys cannot be read");
        // Without the issuer's keys nobody is let in unseen.
        if (unreachable || error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}

/** Names that are written in one text with spaces between, or as a list; undefined where there are none. */
function wordsOf(value: unknown): string[] | undefined {
  if (Array.isArray(value)) return value.filter((one) => typeof one === "string");
  return typeof value === "string" && value !== "" ? value.split(" ") : undefined;
}

/** As RFC 6749, section 2.3.1, has id and secret encoded before they are joined. */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return "";
  }
}
