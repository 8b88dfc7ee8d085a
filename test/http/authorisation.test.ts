import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp, type Guard, openSignIn } from "#http";
import { instant } from "#model";
import * as operations from "#operations";
import { type Actor, actorOf, everything, openCases, permissions, permissionsOf, type Role, roles } from "#operations";
import { writeFindings } from "#store";
import { finding } from "../support/finding.ts";
import { csrf, signedIn } from "../support/signed-in.ts";
import { testSystem, uploadKey } from "../support/system.ts";

const at = instant("2026-11-01T03:30:00Z");
const SECRET = "HEMLIGT";
const ABSENT = "2026-99999";

/** What everybody reaches without signing in; none of it shows anybody's data. */
const open = new Set([
  "GET /healthz",
  "GET /readyz",
  "GET /metrics",
  "GET /openapi.json",
  "GET /assets/:name",
  "GET /utseende",
  "GET /sprak",
  "GET /tillganglighet",
  "GET /api/docs",
  "GET /api/docs/:part",
  "GET /logga-in",
]);

let town: Awaited<ReturnType<typeof testSystem>>;
let caseNo: string;
beforeAll(async () => {
  town = await testSystem();
  const { system } = town;
  const app = createApp(system, signedIn(system.operator));
  const send = (name: string, record: unknown) =>
    app.request(`/api/v1/intake/files?name=${name}.jsonl`, {
      method: "POST",
      headers: { authorization: `Bearer ${uploadKey}`, "idempotency-key": name },
      body: JSON.stringify(record),
    });
  const provider = { id: "P1", organisationNumber: "212000-1355", name: `${SECRET} utförare`, regime: "municipal" };
  await send("providers", provider);
  await send("units", { id: "U1", providerId: "P1", name: `${SECRET} enhet` });
  const found = finding("f-1", { staff: `S-${SECRET}`, reason: `${SECRET} f-1.` });
  await writeFindings(system.database, system.tenantId, { evaluated: "all", at, findings: [found] });
  await openCases(system, system.operator);
  const { rows } = await system.database.pool.query<{ no: string }>("SELECT no FROM cases");
  caseNo = rows[0]!.no;
}, 60_000);
afterAll(() => town?.[Symbol.asyncDispose]());

function person(role: Role, more: Partial<Pick<Actor, "tenantId" | "scope" | "permissions">> = {}): Actor {
  // Whoever is of a provider is of that one alone.
  const scope = role === "provider" ? { ...everything, providers: ["P1"] } : everything;
  return { ...actorOf({ id: `u-${role}`, name: "Anna Ek", tenantId: "0192", role, scope }), ...more };
}
const appOf = (actor: Actor | null) => {
  const { authenticate } = actor === null ? { authenticate: async () => null } : signedIn(actor);
  // The demonstration's pages are the most that there are.
  const demo = { ...town.system, config: { ...town.system.config, database: "" } };
  return createApp(demo, { authenticate, signIn: openSignIn(demo).signIn });
};

/** Every route with what its guard needs; null where it has no guard. */
function routes() {
  const found = new Map<string, { method: string; path: string; needs: Guard["needs"] | null }>();
  for (const { method, path, handler } of appOf(null).routes) {
    if (method === "ALL") continue;
    const key = `${method} ${path}`;
    const needs = (handler as Partial<Guard>).needs ?? found.get(key)?.needs ?? null;
    found.set(key, { method, path, needs });
  }
  return found;
}

const guarded = () =>
  [...routes().values()].flatMap(({ needs, ...route }) => (needs === null ? [] : [{ ...route, needs }]));

const ofCase = (path: string): boolean => /^\/(arenden|fragor)/.test(path);

/** A path with something in the place of each of its parameters, of the form that the route asks for. */
const filledIn = (path: string, ids: Record<string, string> = {}): string =>
  path.replaceAll(/:(\w+)(\{(?:[^{}]|\{[^}]*\})*\})?/g, (_, name: string, form = "") => {
    const made = form === "" ? "finns-inte" : form.includes("csv") ? "csv" : form.includes("4}") ? ABSENT : "999999";
    return ids[name] ?? made;
  });

/** A request of a route, with `ids` for what stands in its path, and a form that says nothing. */
async function ask(app: ReturnType<typeof appOf>, method: string, path: string, ids: Record<string, string> = {}) {
  const filled = filledIn(path, ids);
  const body = new URLSearchParams({ _csrf: csrf }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) };
  const response = await app.request(filled, method === "POST" ? { method, headers, body } : {});
  return { status: response.status, location: response.headers.get("location"), text: await response.text() };
}

describe("every route", () => {
  test("has a guard that says what it needs, or shows nobody's data", () => {
    const found = routes();
    expect(found.size).toBeGreaterThan(30);
    // What programs reach, they reach by a token or key of their own.
    const bare = [...found].filter(([, { path, needs }]) => needs === null && !path.startsWith("/api/v1/"));
    expect(new Set(bare.map(([key]) => key))).toEqual(new Set([...open, "POST /logga-in"]));
  });

  test("leads whoever is not signed in to the sign-in", async () => {
    const app = appOf(null);
    const elsewhere: string[] = [];
    for (const { method, path } of guarded()) {
      const { status, location } = await ask(app, method, path);
      if (status !== 303 || location?.startsWith("/logga-in?till=") !== true) elsewhere.push(`${method} ${path}`);
    }
    expect(elsewhere).toEqual([]);
  });

  test.each(roles)("lets a %s do what the role may, and refuses all else", async (role) => {
    const app = appOf(person(role));
    const granted = new Set(permissionsOf[role]);
    const wrong: string[] = [];
    for (const { method, path, needs } of guarded()) {
      const { status } = await ask(app, method, path, ofCase(path) ? { no: caseNo } : {});
      const may = needs.every((permission) => granted.has(permission));
      if (may ? status === 403 || status >= 500 : status !== 403) wrong.push(`${method} ${path}: ${status}`);
    }
    expect(wrong).toEqual([]);
  });

  test("takes no form without the session's token", async () => {
    const app = appOf(person("handler", { permissions: new Set(permissions) }));
    const taken: string[] = [];
    for (const { method, path } of guarded().filter(({ method }) => method === "POST")) {
      const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": "3" };
      const { status } = await app.request(filledIn(path), { method, headers, body: "a=1" });
      if (status !== 403) taken.push(`${path}: ${status}`);
    }
    expect(taken).toEqual([]);
  });

  test.each([
    ["of another municipality", { tenantId: "0180" }],
    ["of another provider", { scope: { ...everything, providers: ["P2"] } }],
    ["of another unit", { scope: { ...everything, units: ["U2"] } }],
    ["of another area", { scope: { ...everything, groups: ["Söder"] } }],
  ])("shows somebody %s nothing that is not theirs, and answers as if it were not there", async (_whom, theirs) => {
    const may = { permissions: new Set(permissions) };
    // A session of its own each time: none shows what the page before has left.
    const asked = (more: object, method: string, path: string, no: string) =>
      ask(appOf(person("handler", { ...may, ...more })), method, path, ofCase(path) ? { no } : {});
    const wrong: string[] = [];
    let shown = 0;
    for (const { method, path } of guarded()) {
      // The log is about those who read, and is controlled for the whole municipality.
      if (path.startsWith("/logg") && "scope" in theirs) continue;
      const { status, text } = await asked(theirs, method, path, caseNo);
      // What an administrator chooses from are names of all providers and units of the municipality.
      const own = "scope" in theirs ? text.replaceAll(new RegExp(`${SECRET} (utförare|enhet)`, "g"), "") : text;
      const absent = await asked(theirs, method, path, ABSENT);
      // A page says its own address, whatever is there.
      const same = status === absent.status && text.replaceAll(caseNo, "") === absent.text.replaceAll(ABSENT, "");
      const listed = !path.includes(":no") && path.startsWith("/arenden") && text.includes(caseNo);
      if (status >= 500 || own.includes(SECRET) || listed || !same) wrong.push(`${method} ${path}: ${status}`);
      if (method === "GET" && (await asked({}, method, path, caseNo)).text.includes(SECRET)) shown++;
    }
    expect(wrong).toEqual([]);
    // Those whose it is do see it.
    expect(shown).toBeGreaterThan(1);
  });
});

/** Some operations look at what they are told before they ask who tells it. */
const told = { throughDay: 1, text: "Svar", from: "P1", outcome: "no-error" };

describe("every operation", () => {
  const called = Object.entries(operations as Record<string, unknown>).filter(
    (entry): entry is [string, (...given: unknown[]) => unknown] => {
      const [, value] = entry;
      return (
        typeof value === "function" && /^async function\*? \w+\(\s*(\{[^}]*\}|\w+),\s*actor\b/s.test(value.toString())
      );
    },
  );
  const beyond = (path: string): unknown =>
    new Proxy(() => undefined, {
      get: (_, name) => beyond(`${path}.${String(name)}`),
      apply: () => {
        throw new Error(`${path} was used before anybody asked whether that is permitted`);
      },
    });

  test("is found", () => {
    expect(called.length).toBeGreaterThan(30);
  });

  test.each(called.map(([name, operation]) => ({ name, operation })))(
    "$name is refused to whoever has no permission, before it reads anything",
    async ({ operation }) => {
      const nobody = person("provider", { permissions: new Set() });
      const run = async () => {
        const result = operation(beyond("needs"), nobody, told, {}, {}) as AsyncGenerator | Promise<unknown>;
        return "next" in result ? result.next() : result;
      };
      await expect(run()).rejects.toMatchObject({ kind: "forbidden" });
    },
  );
});
