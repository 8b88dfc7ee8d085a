import { Hono, type Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { html } from "hono/html";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as oidc from "openid-client";
import {
  beginSignIn,
  changeRole,
  demoPeople,
  endSession,
  endSessionsOf,
  missPage,
  noteSession,
  type Person,
  readSession,
  resumeSignIn,
  roleNames,
  roles,
  startSession,
} from "#operations";
import type { System } from "#system";
import { guest, isOwnForm, needs } from "./authorise.ts";
import { limiter } from "./limiter.ts";
import { localPath } from "./local-path.ts";
import type { Authenticate, Env } from "./served.ts";
import { errorPage } from "./views/error.ts";
import { form } from "./views/form.ts";
import { type Html, layout } from "./views/layout.ts";

type SignInConfig = NonNullable<System["config"]["signIn"]>;

export const isLocal = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host);

/** How people get in: by the municipality's sign-in; on a demo by choosing somebody; else not at all. */
export type WayIn = "openid" | "demo" | "none";

export function wayIn({ signIn, database, host }: System["config"]): WayIn {
  if (signIn !== undefined) return "openid";
  return database === "" && isLocal(host) ? "demo" : "none";
}

const DEMO = { idleMinutes: 240, hours: 24 };
const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";

/** Who is signed in by the cookie of the session, and the pages that begin and end one. */
export function openSignIn(system: System): { authenticate: Authenticate; signIn: Hono<Env> } {
  const { config, log } = system;
  const way = wayIn(config);
  const { idleMinutes, hours } = config.signIn ?? DEMO;
  const secure = config.signIn?.url.startsWith("https:") ?? false;
  // A browser keeps such a name to this host, its root and https.
  const name = (part: string): string => (secure ? `__Host-${part}` : part);
  const session = name("klarsyn");
  const cookie = { path: "/", httpOnly: true, sameSite: "Lax", secure } as const;
  const starts = limiter(300, 60_000, system.now);

  const authenticate: Authenticate = async (c) => {
    const id = getCookie(c, session);
    if (way === "none" || id === undefined) return null;
    const read = await readSession(system, id, idleMinutes);
    if (read === null) return null;
    return {
      actor: read.actor,
      flash: read.flash,
      session: {
        csrf: read.csrf,
        roles: read.roles,
        locked: read.locked,
        miss: () => missPage(system, read),
        note: (flash) => noteSession(system, id, flash),
      },
    };
  };

  /** Somebody is let in: a session with an id of its own, whatever the browser had before. */
  async function letIn(c: Context<Env>, person: Person, path: string): Promise<Response> {
    const before = getCookie(c, session);
    if (before !== undefined) await endSession(system, before);
    setCookie(c, session, await startSession(system, person, hours), cookie);
    return c.redirect(path, 303);
  }

  const app = new Hono<Env>()
    .post("/logga-ut", needs(), async (c) => {
      const idToken = await endSession(system, getCookie(c, session) ?? "");
      deleteCookie(c, session, cookie);
      const further = way === "openid" ? await provider.endUrl(idToken) : null;
      c.set("actor", undefined as never);
      const body = html`<p>Stäng webbläsaren om andra också använder datorn.</p>
        ${further === null ? "" : html`<p><a class="ds-link" href="${further}">Logga ut även ur kommunens inloggning</a></p>`}
        <p><a class="ds-link" href="/logga-in">Logga in igen</a></p>`;
      return c.html(layout(c, { title: "Du är utloggad", path: "", body }));
    })
    .get("/konto", needs(), async (c) => c.html(layout(c, { title: "Mitt konto", path: "/konto", body: account(c) })))
    .post("/konto/roll", needs(), async (c) => {
      const { roll } = await c.req.parseBody();
      const id = getCookie(c, session) ?? "";
      const read = await readSession(system, id, idleMinutes);
      if (read === null || typeof roll !== "string" || !(await changeRole(system, id, read, roll))) return c.notFound();
      await noteSession(system, id, { text: "Du har bytt roll." });
      return c.redirect("/", 303);
    });

  const provider = openProvider(config.signIn);
  switch (way) {
    case "none":
      app.get("/logga-in", guest, (c) => c.html(notSetUp(c), 503));
      break;
    case "demo":
      app.get("/logga-in", guest, (c) => c.html(demoChoice(c, localPath(c.req.query("till")))));
      app.post("/logga-in", guest, async (c) => {
        const { vem, till } = await c.req.parseBody();
        const person = demoPeople.find(({ subject }) => subject === vem);
        if (!isOwnForm(c) || person === undefined) return c.redirect("/logga-in", 303);
        return letIn(c, person, localPath(typeof till === "string" ? till : undefined));
      });
      break;
    case "openid":
      app.get("/logga-in", guest, async (c) => {
        if (!starts(addressOf(c))) return c.html(failed(c, "Det är många som loggar in just nu. Vänta en minut."), 429);
        try {
          const { url, ...begun } = await provider.begin();
          const id = await beginSignIn(system, { ...begun, path: localPath(c.req.query("till")) });
          setCookie(c, name("klarsyn-inloggning"), id, { ...cookie, maxAge: 600 });
          return c.redirect(url.href, 303);
        } catch (error) {
          log.error({ error }, "the sign-in does not answer");
          return c.html(failed(c, "Kommunens inloggning svarar inte. Försök igen om en stund."), 503);
        }
      });
      app.get("/logga-in/svar", guest, async (c) => {
        const kept = getCookie(c, name("klarsyn-inloggning"));
        deleteCookie(c, name("klarsyn-inloggning"), cookie);
        const begun = kept === undefined ? null : await resumeSignIn(system, kept);
        if (begun === null)
          return c.html(failed(c, "Inloggningen tog för lång tid eller började i en annan webbläsare."), 400);
        const result = await provider.finish(new URL(c.req.url).search, begun).catch((error: unknown) => {
          log.warn({ error }, "sign-in failed");
          return "Svaret från kommunens inloggning gick inte att lita på.";
        });
        return typeof result === "string" ? c.html(failed(c, result), 403) : letIn(c, result, begun.path);
      });
      app.post("/logga-ut/bakvag", async (c) => {
        const { logout_token: token } = await c.req.parseBody();
        const whose = typeof token === "string" ? await provider.ended(token).catch(() => null) : null;
        if (whose === null) return c.json({ error: "invalid_request" }, 400);
        const ended = await endSessionsOf(system, whose);
        log.info({ ended }, "the sign-in ended sessions");
        return c.body(null, 200);
      });
  }
  return { authenticate, signIn: app };
}

/** The address that a request comes from; behind a proxy the proxy's. */
function addressOf(c: Context): string {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  return incoming?.socket?.remoteAddress ?? "";
}

const failed = (c: Context<Env>, text: string): Html =>
  layout(c, {
    title: "Du är inte inloggad",
    path: "",
    body: html`<p>${text}</p>
      <p><a class="ds-link" href="/logga-in">Försök igen</a></p>`,
  });

const notSetUp = (c: Context<Env>): Html =>
  errorPage(
    c,
    "Inloggning är inte inställd",
    "Sidorna visas bara för den som har loggat in. Lägg till signIn i klarsyn.config.json och starta om; npx klarsyn doctor säger vad som fattas.",
  );

const demoChoice = (c: Context<Env>, till: string): Html =>
  layout(c, {
    title: "Välj vem du är",
    path: "",
    body: html`<p>
        <strong>Det här är en demonstration.</strong> Inget lösenord behövs, och bara den här datorn når sidorna.
        Personerna är påhittade.
      </p>
      <form method="post" action="/logga-in">
        <input type="hidden" name="till" value="${till}" />
        <ul class="plain">
          ${demoPeople.map(
            (person) =>
              html`<li>
                <button class="ds-button" data-variant="secondary" name="vem" value="${person.subject}">
                  ${person.name}, ${roleNames[person.roles[0]].toLowerCase()}
                </button>
              </li>`,
          )}
        </ul>
      </form>`,
  });

function account(c: Context<Env>): Html {
  const { actor, session } = c.var;
  const { providers, units, groups } = actor.scope;
  const list = (ids: readonly string[] | null): string => (ids === null ? "alla" : ids.join(", ") || "inga");
  const others = session.roles.filter((role) => role !== actor.role);
  return html`<dl>
      <dt>Namn</dt>
      <dd>${actor.name}</dd>
      <dt>Roll</dt>
      <dd>${roleNames[actor.role]}</dd>
      <dt>Enhet</dt>
      <dd>${actor.unit ?? "–"}</dd>
      <dt>Du ser utförare</dt>
      <dd>${list(providers)}</dd>
      <dt>Du ser enheter</dt>
      <dd>${list(units)}</dd>
      <dt>Du ser områden</dt>
      <dd>${list(groups)}</dd>
    </dl>
    ${others.map((role) =>
      form(
        c,
        "/konto/roll",
        html`<button class="ds-button" data-variant="secondary" name="roll" value="${role}">
          Byt roll till ${roleNames[role].toLowerCase()}
        </button>`,
      ),
    )}`;
}

/** The municipality's sign-in, which is looked up when somebody first signs in. */
function openProvider(signIn: SignInConfig | undefined) {
  let discovered: Promise<oidc.Configuration> | undefined;
  const configured = (): SignInConfig => {
    if (signIn === undefined) throw new TypeError("No sign-in is configured.");
    return signIn;
  };
  async function discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = configured();
    const execute = issuer.startsWith("http:") ? [oidc.allowInsecureRequests] : [];
    discovered ??= oidc.discovery(new URL(issuer), clientId, clientSecret, undefined, { execute, timeout: 10 });
    try {
      return await discovered;
    } catch (error) {
      discovered = undefined;
      throw error;
    }
  }
  const callback = (): URL => new URL("/logga-in/svar", configured().url);

  return {
    /** Where the browser is sent, and what must come back. */
    async begin() {
      const { scope, acr } = configured();
      const provider = await discover();
      const codeVerifier = oidc.randomPKCECodeVerifier();
      const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
      const url = oidc.buildAuthorizationUrl(provider, {
        redirect_uri: callback().href,
        scope: scope.includes("openid") ? scope : `openid ${scope}`,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: "S256",
        ...(acr === undefined ? {} : { acr_values: acr.join(" ") }),
      });
      return { url, state, nonce, codeVerifier };
    },

    /** Who came back, or why they are not let in. Throws where the answer is not the sign-in's. */
    async finish(
      search: string,
      { state, nonce, codeVerifier }: { state: string; nonce: string; codeVerifier: string },
    ): Promise<Person | string> {
      const { issuer, acr, roles: known, nameClaim, unitClaim, emailClaim } = configured();
      const provider = await discover();
      const tokens = await oidc.authorizationCodeGrant(provider, new URL(`${callback().href}${search}`), {
        pkceCodeVerifier: codeVerifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const token = tokens.claims();
      if (token === undefined) return "Svaret från kommunens inloggning gick inte att lita på.";
      if (acr !== undefined && !acr.some((level) => level === token.acr)) {
        return "Du behöver logga in på ett säkrare sätt, till exempel med e-legitimation eller kort.";
      }
      // Many sign-ins keep the token short and say the rest here.
      const more =
        provider.serverMetadata().userinfo_endpoint === undefined
          ? {}
          : await oidc.fetchUserInfo(provider, tokens.access_token, token.sub);
      const claims: Record<string, unknown> = { ...more, ...token };
      const named = [claimOf(claims, known.claim)].flat().map(String);
      const granted = roles.filter((role) => named.some((one) => known.map[one] === role));
      const [first, ...rest] = granted;
      if (first === undefined) return "Du har ingen roll i Klarsyn. Be den som sköter behörigheter i kommunen om en.";
      const text = (claim: string | undefined): string | null => {
        const value = claim === undefined ? undefined : claimOf(claims, claim);
        return typeof value === "string" && value !== "" ? value.slice(0, 200) : null;
      };
      return {
        issuer,
        subject: token.sub,
        name: text(nameClaim) ?? token.sub,
        unit: text(unitClaim),
        email: addressIn(text(emailClaim)),
        roles: [first, ...rest],
        ...(typeof token["sid"] === "string" ? { issuerSession: token["sid"] } : {}),
        ...(tokens.id_token === undefined ? {} : { idToken: tokens.id_token }),
      };
    },

    /** Whose sessions the sign-in says have ended. Throws where the token is not the sign-in's. */
    async ended(token: string) {
      const { issuer, clientId } = configured();
      const metadata = (await discover()).serverMetadata();
      const keys = createRemoteJWKSet(new URL(metadata.jwks_uri ?? ""));
      const { payload } = await jwtVerify(token, keys, {
        issuer: metadata.issuer,
        audience: clientId,
        maxTokenAge: 300,
        requiredClaims: ["jti"],
      });
      const { sub, sid, events, nonce } = payload;
      const said = typeof events === "object" && events !== null && LOGOUT_EVENT in events;
      const issuerSession = typeof sid === "string" ? sid : null;
      if (!said || nonce !== undefined || (sub === undefined && issuerSession === null)) return null;
      return { issuer, subject: sub ?? null, issuerSession };
    },

    /** Where one signs out of the sign-in itself; null where it has no such place. */
    async endUrl(idToken: string | null): Promise<string | null> {
      try {
        const provider = await discover();
        if (provider.serverMetadata().end_session_endpoint === undefined) return null;
        return oidc.buildEndSessionUrl(provider, idToken === null ? {} : { id_token_hint: idToken }).href;
      } catch {
        return null;
      }
    },
  };
}

/** What the way in is, and whether it works. Swedish. */
export async function diagnoseSignIn(config: System["config"]): Promise<{ ok: boolean; text: string }> {
  switch (wayIn(config)) {
    case "none":
      return { ok: true, text: "Inte inställd: ingen når sidorna. Lägg till signIn i konfigurationen." };
    case "demo":
      return { ok: true, text: "Demonstration: den som sitter vid den här datorn väljer vem den är." };
    case "openid":
      try {
        await openProvider(config.signIn).begin();
        return { ok: true, text: `${config.signIn?.issuer} svarar.` };
      } catch {
        const text = `${config.signIn?.issuer} svarar inte som OpenID Connect. Kontrollera issuer, certifikat och brandvägg.`;
        return { ok: false, text };
      }
  }
}

/** An address that a letter can be sent to; null where it is none. */
const addressIn = (said: string | null): string | null =>
  said !== null && /^[^\s@<>",;]+@[^\s@<>",;]+$/.test(said) ? said : null;

/** A claim by its name, or by the names that lead to it: "realm_access.roles". */
function claimOf(claims: Record<string, unknown>, name: string): unknown {
  if (name in claims) return claims[name];
  return name
    .split(".")
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], claims);
}
