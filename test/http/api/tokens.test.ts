import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "#http";
import { rotateApiClient } from "#operations";
import type { System } from "#system";
import { signedIn } from "../../support/signed-in.ts";
import { asking, program, providersTown, type Town } from "./providers.ts";

const URL_OF_TOKENS = "http://localhost/api/v1/oauth/token";
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

let town: Town;
beforeAll(async () => {
  town = await providersTown();
}, 120_000);
afterAll(() => town?.[Symbol.asyncDispose]());

async function tokenOf(form: Record<string, string>, headers: Record<string, string> = {}, app = town.app) {
  const response = await app.request(URL_OF_TOKENS, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams({ grant_type: "client_credentials", ...form }).toString(),
  });
  const body = (await response.json()) as Record<string, string>;
  return { status: response.status, headers: response.headers, body, token: body["access_token"] ?? "" };
}
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`,
});
const later = (system: System, ms: number): System => ({ ...system, now: () => system.now() + ms });

describe("a token by a secret", () => {
  test("is given for Basic and for the body, with the scopes that were asked for, and opens the API", async () => {
    const { id, secret } = await program(town.system, { kind: "secret" });
    const first = await tokenOf({ scope: "orders:read" }, basic(id, secret ?? ""));
    expect(first.body).toMatchObject({ token_type: "Bearer", expires_in: 600, scope: "orders:read" });
    expect(first.headers.get("cache-control")).toBe("no-store");
    const api = asking(town.app, first.token);
    expect((await api.get("/orders")).status).toBe(200);
    expect((await api.get("/cases")).status).toBe(403);
    const all = await tokenOf({ client_id: id, client_secret: secret ?? "" });
    expect((await asking(town.app, all.token).get("/cases")).status).toBe(200);
  });

  test("is good for ten minutes", async () => {
    const { id, secret } = await program(town.system, { kind: "secret" });
    const { token } = await tokenOf({}, basic(id, secret ?? ""));
    const at = async (ms: number) => {
      const app = createApp(later(town.system, ms), signedIn(town.system.operator));
      return (await asking(app, token).get("/orders")).status;
    };
    expect([await at(599_000), await at(601_000)]).toEqual([200, 401]);
  });

  test.each([
    ["another grant", { grant_type: "password" }, 400, "unsupported_grant_type"],
    ["a scope that the client has not", { scope: "own-cases:read" }, 400, "invalid_scope"],
    ["a wrong secret", { client_secret: "fel" }, 401, "invalid_client"],
    ["an unknown client", { client_id: "kl_0000000000000000" }, 401, "invalid_client"],
    ["two ways at once", { client_assertion: "x" }, 401, "invalid_client"],
  ])("is refused for %s", async (_what, wrong, status, error) => {
    const { id, secret } = await program(town.system, { kind: "secret", scopes: ["orders:read"] });
    const refused = await tokenOf({ client_id: id, client_secret: secret ?? "", ...wrong });
    expect(refused).toMatchObject({ status, body: { error } });
    expect(refused.headers.get("www-authenticate")).toBe(status === 401 ? 'Basic realm="klarsyn"' : null);
  });

  test("is good until the secret is changed, and the new secret's is good after", async () => {
    const { id, secret } = await program(town.system, { kind: "secret" });
    const { token } = await tokenOf({}, basic(id, secret ?? ""));
    expect((await asking(town.app, token).get("/orders")).status).toBe(200);
    const changed = await rotateApiClient(town.system, town.system.operator, { id });
    expect((await asking(town.app, token).get("/orders")).status).toBe(401);
    const next = await tokenOf({}, basic(id, changed.secret ?? ""));
    expect((await asking(town.app, next.token).get("/orders")).status).toBe(200);
  });

  test("is not given for an API key, nor does a secret open the API", async () => {
    const key = await program(town.system);
    expect((await tokenOf({}, basic(key.id, key.secret?.split(".")[1] ?? ""))).status).toBe(401);
    const other = await program(town.system, { kind: "secret" });
    expect((await asking(town.app, `${other.id}.${other.secret}`).get("/orders")).status).toBe(401);
  });

  test("is of nobody where it was altered, or is another municipality's", async () => {
    const { id, secret } = await program(town.other, { kind: "secret" });
    const app = createApp(town.other, signedIn(town.other.operator));
    const { token } = await tokenOf({}, basic(id, secret ?? ""), app);
    expect((await asking(app, token).get("/orders")).status).toBe(200);
    expect((await asking(town.app, token).get("/orders")).status).toBe(401);
    const [head, , signature] = token.split(".");
    const forged = Buffer.from(JSON.stringify({ iss: "klarsyn:0180", sub: id, exp: 9_999_999_999 })).toString(
      "base64url",
    );
    expect((await asking(app, `${head}.${forged}.${signature}`).get("/orders")).status).toBe(401);
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url");
    for (const odd of [`${none}.${forged}.`, "x", "kl_0.y", ""]) {
      expect((await asking(app, odd).get("/orders")).status).toBe(401);
    }
  });
});

describe("a token by a private key", () => {
  async function keyed() {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: "ES256" }] });
    const { id } = await program(town.system, { kind: "private_key_jwt", jwks });
    const seconds = Math.floor(town.system.now() / 1000);
    const assertion = (more: JWTPayload = {}, key = privateKey) =>
      new SignJWT({ iss: id, sub: id, aud: URL_OF_TOKENS, jti: crypto.randomUUID(), exp: seconds + 60, ...more })
        .setProtectedHeader({ alg: "ES256" })
        .sign(key);
    const ask = async (text: string) => tokenOf({ client_assertion_type: ASSERTION, client_assertion: text });
    return { id, assertion, ask, seconds };
  }

  test("is given once for each assertion", async () => {
    const { id, assertion, ask } = await keyed();
    const shown = await assertion();
    const { status, token } = await ask(shown);
    expect(status).toBe(200);
    expect((await asking(town.app, token).get("/orders")).status).toBe(200);
    expect(await ask(shown)).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    expect((await ask(await assertion())).status).toBe(200);
    const { publicKey } = await generateKeyPair("ES256", { extractable: true });
    const jwks = JSON.stringify({ keys: [await exportJWK(publicKey)] });
    await rotateApiClient(town.system, town.system.operator, { id, jwks });
    expect((await asking(town.app, token).get("/orders")).status).toBe(401);
  });

  test("is refused for an assertion to somebody else, too old, too long, without an id, or by another key", async () => {
    const { assertion, ask, seconds } = await keyed();
    const { privateKey } = await generateKeyPair("ES256");
    const wrong = [
      await assertion({ aud: "https://annan.example.se/api/v1/oauth/token" }),
      await assertion({ exp: seconds - 60 }),
      await assertion({ exp: seconds + 3600 }),
      await assertion({ jti: "" }),
      await assertion({ iss: "kl_0000000000000000" }),
      await assertion({}, privateKey),
      "x.y.z",
    ];
    for (const text of wrong) expect(await ask(text)).toMatchObject({ status: 401, body: { error: "invalid_client" } });
  });
});

describe("a token of an external issuer", () => {
  test("opens the API for the client that the configuration names, with the scopes that both have", async () => {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: "RS256", kid: "1" }] });
    const server = createServer((_, response) => response.setHeader("content-type", "application/json").end(jwks));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { id, secret } = await program(town.system, {
        kind: "external",
        scopes: ["orders:read", "own-cases:read"],
      });
      expect(secret).toBeNull();
      const issuer = {
        url,
        jwks: `${url}/jwks`,
        audience: "klarsyn",
        clientClaim: "client_id",
        clients: { "planering-norr": id },
      };
      const config = { ...town.system.config, api: { ...town.system.config.api, issuer } };
      const app = createApp({ ...town.system, config }, signedIn(town.system.operator));
      const seconds = Math.floor(town.system.now() / 1000);
      const token = (more: JWTPayload) =>
        new SignJWT({ iss: url, aud: "klarsyn", client_id: "planering-norr", exp: seconds + 60, ...more })
          .setProtectedHeader({ alg: "RS256", kid: "1" })
          .sign(privateKey);
      const status = async (more: JWTPayload, path = "/orders") =>
        (await asking(app, await token(more)).get(path)).status;
      expect(await status({})).toBe(200);
      expect(await status({ scope: "orders:read own-settlement:read" }, "/cases")).toBe(403);
      expect(await status({ scope: "orders:read own-settlement:read" }, "/settlement?month=2026-10")).toBe(403);
      expect(await status({ aud: "annan" })).toBe(401);
      expect(await status({ iss: "http://127.0.0.1:1" })).toBe(401);
      expect(await status({ client_id: "okänd" })).toBe(401);
      expect(await status({ client_id: "__proto__" })).toBe(401);
      expect(await status({ exp: seconds - 60 })).toBe(401);
      expect((await asking(town.app, await token({})).get("/orders")).status).toBe(401);
    } finally {
      server.close();
    }
  });
});
