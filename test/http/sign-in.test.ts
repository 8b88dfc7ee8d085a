import { generateKeyPair, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { createApp, diagnoseSignIn, listen, openSignIn } from "#http";
import { type Account, client, freePort, startProvider } from "../support/oidc-provider.ts";
import { testSystem } from "../support/system.ts";

const anna: Account = { sub: "anna", name: "Anna Ek", groups: ["hemtjanst-handlaggare"], department: "Norr" };
const HOUR_MS = 3_600_000;

interface Sent {
  method?: string;
  body?: string;
  headers?: Record<string, string>;
}

/** Keeps cookies by origin and follows redirects, as a browser does. */
function browser() {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string) => {
    const { origin } = new URL(url);
    if (!jars.has(origin)) jars.set(origin, new Map());
    return jars.get(origin)!;
  };
  async function once(url: string, { headers = {}, ...init }: Sent = {}) {
    const jar = jarOf(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { redirect: "manual", ...init, headers: { cookie, ...headers } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return { status: response.status, url, headers: response.headers, text: await response.text() };
  }
  /** Goes on until no redirect is left, or one leads to `until`. */
  async function go(from: string, until?: string) {
    let at = await once(from);
    while (at.headers.has("location")) {
      const next = new URL(at.headers.get("location")!, at.url).href;
      if (until !== undefined && next.startsWith(until)) return { ...at, next };
      at = await once(next);
    }
    return { ...at, next: "" };
  }
  const post = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) => {
    const body = new URLSearchParams(fields).toString();
    const more = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", ...headers };
    return once(url, { method: "POST", body, headers: more });
  };
  return { go, once, post, jarOf };
}

/** A municipality that is served, with a sign-in of its own. */
async function municipality(more: Record<string, unknown> = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const provider = await startProvider(url, anna);
  const opened = await testSystem({ signIn: { ...provider.signIn, ...more } });
  const clock = { later: 0 };
  const system = { ...opened.system, now: () => opened.system.now() + clock.later };
  const { stop } = await listen(createApp(system, openSignIn(system)), "127.0.0.1", port);
  return {
    ...provider,
    ...browser(),
    url,
    clock,
    config: system.config,
    database: system.database,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await opened[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

const tokenOf = (text: string): string => /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
const sessionsIn = async ({ database }: Pick<Awaited<ReturnType<typeof municipality>>, "database">) =>
  (await database.pool.query<{ n: number }>("SELECT count(*)::int AS n FROM sessions")).rows[0]?.n;

describe("sign-in by OpenID Connect", () => {
  test("leads through the municipality's sign-in to the page that was asked for", async () => {
    await using town = await municipality();
    const page = await town.go(`${town.url}/konto?x=1`);
    expect([page.status, page.url]).toEqual([200, `${town.url}/konto?x=1`]);
    for (const text of ["Anna Ek", "Handläggare", "Norr"]) expect(page.text).toContain(text);
    const { rows } = await town.database.pool.query(
      "SELECT id_hash, encode(id_token, 'escape') AS token FROM sessions",
    );
    const cookie = town.jarOf(town.url).get("klarsyn")!;
    // What is stored opens nothing.
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(cookie);
    expect(rows[0]!.token).not.toContain("eyJ");
  });

  test("keeps the cookie from script, from other sites and, over https, to this very host", async () => {
    await using town = await municipality();
    const { next } = await town.go(`${town.url}/logga-in`, `${town.url}/logga-in/svar`);
    const { headers } = await town.once(next);
    expect(headers.getSetCookie().find((line) => line.startsWith("klarsyn="))).toMatch(
      /^klarsyn=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    await using secure = await testSystem({ signIn: { ...town.signIn, url: "https://klarsyn.example" } });
    const app = createApp(secure.system, openSignIn(secure.system));
    const begun = await app.request("https://klarsyn.example/logga-in");
    expect(begun.headers.getSetCookie()[0]).toMatch(/^__Host-klarsyn-inloggning=.*; HttpOnly; Secure; SameSite=Lax$/);
  });

  test.each([
    ["another state", async (next: string) => next.replace(/state=[^&]+/, "state=annat")],
    ["another code", async (next: string) => next.replace(/code=[^&]+/, "code=annan")],
    ["another issuer", async (next: string) => next.replace(/iss=[^&]+/, "iss=http%3A%2F%2Fannan.example")],
    ["a refusal", async (next: string) => next.replace(/code=[^&]+/, "error=access_denied")],
    [
      "another nonce",
      async (next: string, town: Pick<Awaited<ReturnType<typeof municipality>>, "database">) => {
        await town.database.pool.query("UPDATE sign_ins SET nonce = 'annan'");
        return next;
      },
    ],
    [
      "another code verifier",
      async (next: string, town: Pick<Awaited<ReturnType<typeof municipality>>, "database">) => {
        await town.database.pool.query("UPDATE sign_ins SET code_verifier = repeat('a', 43)");
        return next;
      },
    ],
  ])("lets nobody in who comes back with %s", async (_what, change) => {
    await using town = await municipality();
    const { next } = await town.go(`${town.url}/logga-in`, `${town.url}/logga-in/svar`);
    const answer = await town.once(await change(next, town));
    expect(answer.status).toBe(403);
    expect(answer.text).toContain("gick inte att lita på");
    expect(await sessionsIn(town)).toBe(0);
    // What was begun can be used once only.
    expect((await town.once(next)).status).toBe(400);
  });

  test("lets nobody in who comes back in another browser, or too late", async () => {
    await using town = await municipality();
    const { next } = await town.go(`${town.url}/logga-in`, `${town.url}/logga-in/svar`);
    expect((await browser().once(next)).status).toBe(400);
    town.clock.later = HOUR_MS;
    expect((await town.once(next)).status).toBe(400);
    expect(await sessionsIn(town)).toBe(0);
  });

  test("lets nobody in without a role, or with less assurance than is asked for", async () => {
    await using town = await municipality({ acr: ["loa3"] });
    town.account.now = { ...anna, groups: ["andra"], acr: "loa3" };
    expect((await town.go(`${town.url}/konto`)).text).toContain("Du har ingen roll i Klarsyn");
    for (const acr of ["loa2", undefined]) {
      const visitor = browser();
      town.account.now = { sub: "anna", name: "Anna Ek", groups: anna.groups, ...(acr === undefined ? {} : { acr }) };
      expect((await visitor.go(`${town.url}/konto`)).text).toContain("säkrare sätt");
    }
    expect(await sessionsIn(town)).toBe(0);
    town.account.now = { ...anna, acr: "loa3" };
    expect((await browser().go(`${town.url}/konto`)).text).toContain("Anna Ek");
  });

  test("lets somebody with several roles change between them, and to no other", async () => {
    await using town = await municipality();
    town.account.now = { ...anna, groups: ["klarsyn-admin", "hemtjanst-handlaggare", "annat"] };
    const { text } = await town.go(`${town.url}/konto`);
    expect(text).toContain("Byt roll till administratör");
    const token = tokenOf(text);
    expect((await town.post(`${town.url}/konto/roll`, { _csrf: token, roll: "auditor" })).status).toBe(404);
    expect((await town.post(`${town.url}/konto/roll`, { _csrf: token, roll: "administrator" })).status).toBe(303);
    expect((await town.go(`${town.url}/konto`)).text).toContain("Byt roll till handläggare");
  });

  test("ends a session that is not used, and one that is old however much it is used", async () => {
    await using town = await municipality();
    await town.go(`${town.url}/konto`);
    const known = () => town.once(`${town.url}/konto`);
    town.clock.later = 29 * 60_000;
    expect((await known()).status).toBe(200);
    town.clock.later += 31 * 60_000;
    expect((await known()).status).toBe(303);
    await town.go(`${town.url}/konto`);
    for (let minutes = 0; minutes < 10 * 60 - 20; minutes += 20) {
      town.clock.later += 20 * 60_000;
      expect((await known()).status).toBe(200);
    }
    town.clock.later += 20 * 60_000;
    expect((await known()).status).toBe(303);
    expect(await sessionsIn(town)).toBe(0);
  });

  test("signs out here, and shows the way to sign out there, which ends every other session by the back channel", async () => {
    await using town = await municipality();
    const { text } = await town.go(`${town.url}/konto`);
    const out = await town.post(`${town.url}/logga-ut`, { _csrf: tokenOf(text) });
    expect(out.status).toBe(200);
    expect((await town.once(`${town.url}/konto`)).status).toBe(303);
    const there = /href="(http[^"]+session\/end[^"]+)"/.exec(out.text)?.[1]?.replaceAll("&amp;", "&");
    expect(there).toContain("id_token_hint=");

    await town.go(`${town.url}/konto`);
    expect(await sessionsIn(town)).toBe(1);
    const asked = await town.go(there!);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(asked.text)?.[1] ?? "";
    await town.post(`${town.issuer}/session/end/confirm`, { xsrf, logout: "yes" });
    expect(await sessionsIn(town)).toBe(0);
    expect((await town.once(`${town.url}/konto`)).status).toBe(303);
  });

  test("takes no word about sessions from anybody but the sign-in", async () => {
    await using town = await municipality();
    await town.go(`${town.url}/konto`);
    const { privateKey } = await generateKeyPair("RS256");
    const forged = await new SignJWT({
      events: { "http://schemas.openid.net/event/backchannel-logout": {} },
      sub: "anna",
    })
      .setProtectedHeader({ alg: "RS256" })
      .setIssuer(town.issuer)
      .setAudience(client.id)
      .setIssuedAt(Math.floor(Date.now() / 1000))
      .setJti("1")
      .sign(privateKey);
    for (const logout_token of [forged, "x.y.z", ""]) {
      expect((await town.post(`${town.url}/logga-ut/bakvag`, { logout_token })).status).toBe(400);
    }
    expect(await sessionsIn(town)).toBe(1);
  });

  test("makes whoever guesses ids wait, also after signing in anew", async () => {
    await using town = await municipality();
    await town.go(`${town.url}/konto`);
    const guess = (no: number) => town.once(`${town.url}/avrakning/underlag?manad=2026-10&utforare=P${no}`);
    for (let no = 0; no < 30; no++) expect((await guess(no)).status).toBe(404);
    expect((await guess(31)).status).toBe(429);
    expect((await town.go(`${town.url}/logga-in`)).status).toBe(429);
    town.clock.later = 16 * 60_000;
    expect((await town.once(`${town.url}/konto`)).status).toBe(200);
  });

  test("says so where the sign-in does not answer", async () => {
    await using town = await municipality({ issuer: "http://127.0.0.1:9" });
    const { status, text } = await town.go(`${town.url}/konto`);
    expect([status, text.includes("svarar inte")]).toEqual([503, true]);
    expect(await diagnoseSignIn(town.config)).toMatchObject({ ok: false });
    await using other = await municipality();
    expect(await diagnoseSignIn(other.config)).toEqual({ ok: true, text: `${other.issuer} svarar.` });
  });
});

describe("forms", () => {
  test("are taken from the pages of the same session only", async () => {
    await using town = await municipality();
    const token = tokenOf((await town.go(`${town.url}/konto`)).text);
    const out = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
      town.post(`${town.url}/logga-ut`, fields, headers);
    expect((await out({})).status).toBe(403);
    expect((await out({ _csrf: `${token.slice(1)}x` })).status).toBe(403);
    expect((await out({ _csrf: token }, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await out({ _csrf: token }, { "sec-fetch-site": "same-site" })).status).toBe(403);
    expect((await out({ _csrf: token, more: "x".repeat(1_000_001) })).status).toBe(413);
    expect(await sessionsIn(town)).toBe(1);
    expect((await out({ _csrf: token })).status).toBe(200);
  });
});

describe("without a sign-in", () => {
  test("pages say that it is not set up, and what machines read works", async () => {
    await using opened = await testSystem();
    const app = createApp(opened.system, openSignIn(opened.system));
    expect((await app.request("/fynd")).headers.get("location")).toBe("/logga-in?till=%2Ffynd");
    const page = await app.request("/logga-in?till=%2Ffynd");
    expect([page.status, await page.text()]).toEqual([503, expect.stringContaining("signIn i klarsyn.config.json")]);
    for (const path of ["/healthz", "/metrics", "/readyz", "/openapi.json"]) {
      expect((await app.request(path)).status).toBe(200);
    }
    // A cookie of a demonstration is worth nothing here.
    expect((await app.request("/fynd", { headers: { cookie: "klarsyn=x" } })).status).toBe(303);
  });

  test("on the embedded database and this machine alone one chooses who to be", async () => {
    await using opened = await testSystem();
    const { system } = opened;
    const demo = { ...system, config: { ...system.config, database: "" } };
    const app = createApp(demo, openSignIn(demo));
    const page = await (await app.request("/logga-in?till=%2Fkonto")).text();
    expect(page).toContain("Det här är en demonstration.");
    expect(page.match(/name="vem"/g)).toHaveLength(6);
    const choose = (vem: string, till: string, site = "same-origin") =>
      app.request("/logga-in", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": site },
        body: new URLSearchParams({ vem, till }).toString(),
      });
    const answer = await choose("demo-cecilia", "/konto");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/konto"]);
    const cookie = answer.headers.getSetCookie()[0]!.split(";")[0]!;
    expect(await (await app.request("/konto", { headers: { cookie } })).text()).toContain("Cecilia Holm");
    // Nobody is sent elsewhere, by nobody else's page, or let in as somebody who is not there.
    expect((await choose("demo-anna", "//annan.example")).headers.get("location")).toBe("/");
    expect((await choose("demo-anna", "/", "cross-site")).headers.getSetCookie()).toEqual([]);
    expect((await choose("root", "/")).headers.getSetCookie()).toEqual([]);
    const reachable = { ...demo, config: { ...demo.config, host: "0.0.0.0" } };
    expect((await createApp(reachable, openSignIn(reachable)).request("/logga-in")).status).toBe(503);
  });
});
