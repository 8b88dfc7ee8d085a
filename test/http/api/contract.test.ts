import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createApp, listen } from "#http";
import { eventTypes, proposeDecision, webhookBodies } from "#operations";
import { claimKey } from "#store";
import { freePort } from "../../support/oidc-provider.ts";
import { signedIn } from "../../support/signed-in.ts";
import { uploadKey } from "../../support/system.ts";
import { person } from "../desk.ts";
import { agda, endpointOf, order, program, providersTown, type Town } from "./providers.ts";

const root = resolve(import.meta.dirname, "../../..");
const bin = (name: string): string => join(root, "node_modules/.bin", name);
const run = promisify(execFile);

interface Operation {
  operationId: string;
  responses: Record<string, { content?: Record<string, { examples?: Record<string, unknown> }> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
}

let town: Town;
/** Another one, whose database goes away. */
let gone: Town;
/** Of P1 one in each state, and one of P2. */
let endpoints: Record<"unverified" | "active" | "paused" | "theirs", string>;
let folder: string;
let document: Document;
let server: Awaited<ReturnType<typeof listen>>;
beforeAll(async () => {
  town = await providersTown({ url: "https://klarsyn.example.se" });
  gone = await providersTown();
  endpoints = {
    unverified: await endpointOf(town.system, "P1", "unverified"),
    active: await endpointOf(town.system, "P1", "active"),
    paused: await endpointOf(town.system, "P1", "paused"),
    theirs: await endpointOf(town.system, "P2", "active"),
  };
  folder = await mkdtemp(join(tmpdir(), "klarsyn-contract-"));
  document = (await (await town.app.request("/openapi.json")).json()) as Document;
  server = await listen(town.app, "127.0.0.1", 0);
}, 240_000);
afterAll(async () => {
  await server?.stop();
  await town?.[Symbol.asyncDispose]();
  await gone?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const written = async (name: string, content: unknown): Promise<string> => {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(content));
  return file;
};

describe("the description of the API", () => {
  const redocly = (file: string) =>
    run(bin("redocly"), ["lint", "--config", join(root, ".ci/redocly.yaml"), file], {
      env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
    });
  const spectral = (file: string) =>
    run(bin("spectral"), ["lint", "-r", join(root, ".ci/spectral.yaml"), "--fail-severity", "hint", file]);

  test("is clean for redocly and for spectral, which do look", async () => {
    const file = await written("openapi.json", document);
    expect((await redocly(file)).stderr).toContain("Your API description is valid");
    expect((await spectral(file)).stdout).toContain("No results with a severity of 'hint' or higher found!");
    const { operationId: _, ...nameless } = document.paths["/api/v1/orders"]!["get"]!;
    const worse = { ...document, paths: { ...document.paths, "/api/v1/orders": { get: nameless } } };
    const broken = await written("broken.json", worse);
    await expect(redocly(broken)).rejects.toMatchObject({ code: 1 });
    await expect(spectral(broken)).rejects.toMatchObject({ code: 1 });
  }, 240_000);

  test("can be read as a page that takes nothing from elsewhere", async () => {
    const page = async (path: string) => {
      const response = await town.app.request(path);
      const text = await response.text();
      expect(`${path} ${response.status}`).toBe(`${path} 200`);
      expect([...text.matchAll(/(?:src|href)="(?:https?:)?\/\//g)]).toEqual([]);
      // With its styles a page has at most 150 kB.
      expect(Buffer.byteLength(text)).toBeLessThan(55_000);
      return text;
    };
    const contents = await page("/api/docs");
    const [schemas, ...parts] = await Promise.all(
      ["schemas", "orders", "cases", "settlement", "authorisation", "intake", "endpoints", "reference"].map((part) =>
        page(`/api/docs/${part}`),
      ),
    );
    for (const { operationId } of operations()) {
      expect(contents).toContain(`#${operationId}"`);
      expect(parts.join("")).toContain(`id="${operationId}"`);
    }
    for (const [, name = ""] of parts.join("").matchAll(/schemas#(schema-\w+)"/g))
      expect(schemas).toContain(`id="${name}"`);
    expect((await town.app.request("/api/docs/finns-inte")).status).toBe(404);
  });
});

test("every event of the description has an example that is one", () => {
  const { webhooks } = document as unknown as {
    webhooks: Record<string, { post: { requestBody: { content: { "application/json": { example: unknown } } } } }>;
  };
  expect(Object.keys(webhooks)).toEqual(eventTypes);
  for (const type of eventTypes) {
    const { example } = webhooks[type]!.post.requestBody.content["application/json"];
    expect(webhookBodies[type].safeParse(example)).toMatchObject({ success: true });
  }
});

function operations() {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
}

/** A proxy that compares what passes through it with the description, and adds what does not fit as a header. */
async function proxied(described: unknown) {
  const file = await written(`proxied-${crypto.randomUUID()}.json`, described);
  const port = await freePort();
  const main = createRequire(import.meta.url).resolve("@stoplight/prism-cli/dist/index.js");
  const child = spawn(process.execPath, [main, "proxy", file, server.url, "-p", String(port), "-v", "error"], {
    stdio: "ignore",
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tried = 0; ; tried++) {
    const up = await fetch(`${url}/api/v1/reasons`).catch(() => null);
    if (up !== null) break;
    if (tried > 1200 || child.exitCode !== null) throw new Error("the proxy does not start");
    await new Promise((done) => setTimeout(done, 100));
  }
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

/** One request and what it must come to. */
interface Sent {
  path: string;
  body?: unknown;
  form?: Record<string, string>;
  headers?: Record<string, string>;
}

async function send(
  base: string | ReturnType<typeof createApp>,
  method: string,
  { path, body, form, headers = {} }: Sent,
) {
  const content =
    form !== undefined ? new URLSearchParams(form).toString() : typeof body === "string" ? body : JSON.stringify(body);
  const init = {
    method,
    headers: {
      ...(form !== undefined
        ? { "content-type": "application/x-www-form-urlencoded" }
        : body === undefined
          ? {}
          : { "content-type": "application/json", "idempotency-key": crypto.randomUUID() }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
  };
  const response = typeof base === "string" ? await fetch(`${base}${path}`, init) : await base.request(path, init);
  const violations = JSON.parse(response.headers.get("sl-violations") ?? "[]") as Array<{ location: string[] }>;
  return { status: response.status, headers: response.headers, text: await response.text(), violations };
}

const key = (secret: string | null): Record<string, string> => ({ "x-api-key": secret ?? "" });
const basic = (id: string, secret: string | null) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`,
});

/** What every operation is asked with, and an order and a client that are there. */
async function asked(of: Town, more: Parameters<typeof program>[1] = {}) {
  const { id, secret } = await program(of.system, more);
  const list = await send(of.app, "GET", { path: "/api/v1/orders", headers: key(secret) });
  const { orders } = JSON.parse(list.text) as {
    orders: Array<{ id: string; version: string; client: string; gone: string | null }>;
  };
  const [first] = orders.filter((one) => one.gone === null);
  const ended = orders.find((one) => one.gone !== null);
  return { id, secret, orders, order: first!, ended: ended!, headers: key(secret) };
}
type Asking = Awaited<ReturnType<typeof asked>>;

const grant = { grant_type: "client_credentials" };
const visits = `${JSON.stringify({ id: "P7", organisationNumber: "556000-4615", name: "Ny", regime: "private" })}\n`;
const uploadHeaders = (idempotencyKey: string = crypto.randomUUID()) => ({
  authorization: `Bearer ${uploadKey}`,
  "idempotency-key": idempotencyKey,
  "content-type": "application/jsonl",
});

/** As they were before anybody asked. */
async function resetEndpoints(): Promise<void> {
  for (const state of ["unverified", "active", "paused"] as const)
    await town.system.database.pool.query("UPDATE endpoints SET state = $2 WHERE id = $1", [endpoints[state], state]);
}

/** How each operation is asked so that it does what it is for. */
function right(operationId: string, { order: one, headers }: Asking, cases: Record<string, string>): Sent {
  const answer = { kind: "accepted", version: one.version, plannedStart: "2026-10-12" };
  const explanation = {
    reason: "technical-fault",
    text: "Telefonen var utan kontakt.",
    attachments: [{ name: "logg.txt", content: Buffer.from("08:10 offline\n").toString("base64") }],
  };
  const sent: Record<string, Sent> = {
    listOrders: { path: "/api/v1/orders?limit=2" },
    getOrder: { path: `/api/v1/orders/${one.id}` },
    acknowledgeOrder: { path: `/api/v1/orders/${one.id}/acknowledgement`, body: answer },
    getClient: { path: `/api/v1/clients/${one.client}` },
    listCases: { path: "/api/v1/cases" },
    getCase: { path: `/api/v1/cases/${cases["f-1"]}` },
    explainCase: { path: `/api/v1/cases/${cases["f-1"]}/explanations`, body: explanation },
    listSettlement: { path: "/api/v1/settlement?month=2026-10" },
    getStatement: { path: "/api/v1/settlement/2026-10/statement" },
    listReasons: { path: "/api/v1/reasons" },
    listEndpoints: { path: "/api/v1/endpoints" },
    createEndpoint: {
      path: "/api/v1/endpoints",
      body: { url: "https://127.0.0.1:9/klarsyn", types: ["order.created"] },
    },
    getEndpoint: { path: `/api/v1/endpoints/${endpoints.unverified}` },
    changeEndpoint: {
      path: `/api/v1/endpoints/${endpoints.unverified}/filter`,
      body: { units: ["U1"], ordered: true },
    },
    pingEndpoint: { path: `/api/v1/endpoints/${endpoints.unverified}/ping`, body: {} },
    testEndpoint: { path: `/api/v1/endpoints/${endpoints.unverified}/test`, body: { type: "order.created" } },
    rotateEndpointKey: { path: `/api/v1/endpoints/${endpoints.unverified}/keys`, body: { key: "ed25519" } },
    pauseEndpoint: { path: `/api/v1/endpoints/${endpoints.active}/pause`, body: {} },
    resumeEndpoint: { path: `/api/v1/endpoints/${endpoints.paused}/resume`, body: {} },
    endEndpoint: { path: `/api/v1/endpoints/${endpoints.paused}/end`, body: {} },
    listDeliveries: { path: `/api/v1/endpoints/${endpoints.unverified}/deliveries` },
    resendDeliveries: {
      path: `/api/v1/endpoints/${endpoints.active}/resend`,
      body: { from: "2026-10-01T00:00:00Z", states: ["failed"] },
    },
  };
  const found = sent[operationId];
  if (found === undefined) throw new Error(`how is ${operationId} asked?`);
  return {
    ...found,
    headers: { ...headers, ...(found.body === undefined ? {} : { "idempotency-key": crypto.randomUUID() }) },
  };
}

describe("what the server does", () => {
  test("is what the description says, for every operation", async () => {
    await using proxy = await proxied(document);
    const api = await asked(town);
    const secret = await program(town.system, { kind: "secret" });
    const driven: unknown[] = [];
    for (const { operationId, method } of operations()) {
      const sent: Sent =
        operationId === "getToken"
          ? { path: "/api/v1/oauth/token", form: grant, headers: basic(secret.id, secret.secret) }
          : operationId === "uploadFile"
            ? { path: "/api/v1/intake/files?name=providers.jsonl", body: visits, headers: uploadHeaders() }
            : right(operationId, api, town.cases);
      const { status, violations, text } = await send(proxy.url, method, sent);
      driven.push([operationId, status < 300 ? "done" : `${status} ${text}`, violations]);
    }
    expect(driven).toEqual(operations().map(({ operationId }) => [operationId, "done", []]));
    const again = await send(proxy.url, "GET", {
      path: "/api/v1/reasons",
      headers: { ...api.headers, "if-none-match": "*" },
    });
    expect([again.status, again.violations]).toEqual([304, []]);
  }, 240_000);

  test("would be seen if it drifted from it", async () => {
    const drifted = JSON.stringify(document).replaceAll('"plannedStart"', '"plannedBegin"');
    await using proxy = await proxied(JSON.parse(drifted));
    const api = await asked(town);
    const { violations } = await send(proxy.url, "GET", right("getOrder", api, town.cases));
    expect(violations.map(({ location }) => location[0])).toContain("response");
  }, 240_000);
});

const problemBody = z.strictObject({
  type: z.string(),
  title: z.string().min(1),
  status: z.int(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
});

describe("every problem of the description", () => {
  test("is produced, with a document that says what it is and nothing of anybody", async () => {
    await using proxy = await proxied(document);
    const { system } = town;
    await town.send("orders", order("o-77", "C1", "U1"));
    await town.announce();
    // A case that is decided takes no explanation.
    const { rows } = await system.database.pool.query<{ version: number }>(
      "SELECT version FROM cases WHERE tenant_id = '0192' AND no = $1",
      [town.cases["f-3"]],
    );
    const handler = person("handler", "eva");
    const proposal = { outcome: "nothing-further", motivation: "Inget mer att göra." } as const;
    await proposeDecision(system, handler, { no: town.cases["f-3"] ?? "", version: rows[0]!.version, ...proposal });
    const api = await asked(town);
    const secret = await program(system, { kind: "secret", scopes: ["orders:read"] });
    const narrow = await program(system, { scopes: ["endpoints:read"] });
    const orderly = await program(system, { scopes: ["orders:read"] });
    const oneUnit = await program(system, { units: ["U1"] });
    const other = await asked(town, { provider: "P2" });
    const lost = await program(gone.system);
    const lostSecret = await program(gone.system, { kind: "secret" });
    await gone.drop();

    let broken = false;
    const brokenNow = () => {
      if (broken) throw new Error(`Duplicate value ${agda.number}`);
      return system.now();
    };
    const limited = { ...system, config: { ...system.config, api: { ...system.config.api, requestsPerMinute: 1 } } };
    const apps = {
      broken: createApp({ ...system, now: brokenNow }, signedIn(system.operator)),
      small: createApp(system, { ...signedIn(system.operator), uploadBytesMax: 10 }),
    };

    const upload = (more: Partial<Sent> = {}): Sent => {
      return { path: "/api/v1/intake/files?name=providers.jsonl", body: visits, headers: uploadHeaders(), ...more };
    };
    const tokenRequest: Sent = { path: "/api/v1/oauth/token", form: grant, headers: basic(secret.id, secret.secret) };
    const rightOne = (id: string): Sent =>
      id === "getToken" ? tokenRequest : id === "uploadFile" ? upload() : right(id, api, town.cases);
    /** A path that says something which its place does not take. */
    const malformed = (id: string): Sent => {
      const sent = rightOne(id);
      if (sent.body !== undefined) return { ...sent, body: { kind: agda.number } };
      if (id === "listOrders" || id === "listCases") return { ...sent, path: `${sent.path.split("?")[0]}?limit=0` };
      return { ...sent, path: sent.path.replace(/(ord|cli|ep)_[\w-]+|2026-\d+/, "x") };
    };
    const absent = (id: string): Sent => {
      const sent = rightOne(id);
      const theirs = sent.path
        .replace(/ord_[\w-]+/, other.order.id)
        .replace(/cli_[\w-]+/, other.order.client)
        .replace(/2026-\d{5}/, town.cases["f-2"] ?? "")
        .replace("2026-10", "2020-01")
        .replace(/ep_[\w-]+/, endpoints.theirs);
      return { ...sent, path: theirs };
    };
    const explaining = (body: object, no = town.cases["f-1"]): Sent => {
      return { ...rightOne("explainCase"), path: `/api/v1/cases/${no}/explanations`, body };
    };
    const answering = (body: object, to = api.order): Sent => {
      return { ...rightOne("acknowledgeOrder"), path: `/api/v1/orders/${to.id}/acknowledgement`, body };
    };
    const version = api.order.version;
    const changed = api.orders.find((one) => one.version !== version)!.version;
    const file = (content: Buffer) => ({
      reason: "agreed",
      attachments: [{ name: "a.txt", content: content.toString("base64") }],
    });
    const twice = async (method: string, first: Sent, second: Sent) => {
      await resetEndpoints();
      await send(town.app, method, first);
      // The proxy writes JSON anew, and so the same again.
      return send(town.app, method, second);
    };

    /** How each kind of problem comes about, of an operation. */
    const produce: Record<string, (id: string, method: string) => Promise<Awaited<ReturnType<typeof send>>>> = {
      "request.malformed": (id, method) => send(proxy.url, method, malformed(id)),
      "client.unknown": (id, method) =>
        send(proxy.url, method, { ...rightOne(id), headers: key("kl_0000000000000000.x") }),
      "permission.missing": (id, method) =>
        send(proxy.url, method, {
          ...rightOne(id),
          headers: key(/endpoint|deliver/i.test(id) ? orderly.secret : narrow.secret),
        }),
      "order.missing": (id, method) => send(proxy.url, method, absent(id)),
      "client.missing": (id, method) => send(proxy.url, method, absent(id)),
      "case.missing": (id, method) => send(proxy.url, method, absent(id)),
      "statement.unknown-provider": (id, method) => send(proxy.url, method, absent(id)),
      "endpoint.missing": (id, method) => send(proxy.url, method, absent(id)),
      "endpoint.refused": (id, method) => {
        const sent = rightOne(id);
        if (id === "resendDeliveries") return send(proxy.url, method, { ...sent, body: { states: ["failed"] } });
        return id === "createEndpoint"
          ? send(proxy.url, method, { ...sent, body: { url: "http://planering.example.se" } })
          : send(proxy.url, method, {
              ...sent,
              headers: { ...sent.headers, ...key(oneUnit.secret) },
              body: { units: ["U3"] },
            });
      },
      "endpoint.state": async (id, method) => {
        await resetEndpoints();
        const sent = rightOne(id);
        const path = sent.path.replace(/ep_[\w-]+/, endpoints.unverified);
        if (id !== "createEndpoint") return send(proxy.url, method, { ...sent, path });
        await system.database.pool.query(
          `INSERT INTO endpoints (tenant_id, id, provider, url, description, ordered, state, created_at, created_by)
           SELECT '0192', 'ep_many' || n, 'P1', 'https://127.0.0.1:9/', '', false, 'paused', now(), 'x' FROM generate_series(1, 10) n`,
        );
        const got = await send(proxy.url, method, sent);
        await system.database.pool.query("DELETE FROM endpoints WHERE id LIKE 'ep_many%'");
        return got;
      },
      "order.changed": (_, method) => send(proxy.url, method, answering({ kind: "accepted", version: changed })),
      "order.gone": (_, method) =>
        send(proxy.url, method, answering({ kind: "accepted", version: api.ended.version }, api.ended)),
      "order.answer-refused": (_, method) =>
        send(proxy.url, method, answering({ kind: "declined", version, reason: "other" })),
      "text.identity": (id, method) =>
        send(
          proxy.url,
          method,
          id === "explainCase"
            ? explaining({ reason: "other", text: agda.number })
            : answering({ kind: "accepted", version, text: agda.number }),
        ),
      "case.refused": (_, method) => send(proxy.url, method, explaining({ reason: "agreed" }, town.cases["f-3"])),
      "case.explanation-empty": (_, method) => send(proxy.url, method, explaining({ reason: "other" })),
      "attachment.refused": (_, method) => send(proxy.url, method, explaining(file(Buffer.from([77, 90, 0])))),
      "attachment.too-large": (_, method) =>
        send(town.app, method, explaining(file(Buffer.alloc(10 * 2 ** 20 + 1, 65)))),
      "request.too-large": (id, method) => {
        const sent = rightOne(id);
        return send(town.app, method, { ...sent, headers: { ...sent.headers, "content-length": "40000000" } });
      },
      "idempotency.busy": async (id, method) => {
        const operation = id === "uploadFile" ? "intake/files" : `api/${api.id}`;
        const taken = crypto.randomUUID();
        await claimKey(system.database, "0192", { operation, key: taken }, system.now());
        const sent = rightOne(id);
        return send(proxy.url, method, { ...sent, headers: { ...sent.headers, "idempotency-key": taken } });
      },
      "idempotency.other-content": async (id, method) => {
        const sent = rightOne(id);
        const body = typeof sent.body === "string" ? `${sent.body}\n` : `${JSON.stringify(sent.body)} `;
        return twice(method, sent, { ...sent, body });
      },
      "intake.request": (_, method) => send(proxy.url, method, upload({ path: "/api/v1/intake/files?name=%2F" })),
      "intake.refused": (_, method) =>
        send(proxy.url, method, upload({ headers: { ...uploadHeaders(), authorization: "Bearer fel" } })),
      "intake.too-large": (_, method) => send(apps.small, method, upload()),
      "adapter.invalid-file": (_, method) =>
        send(proxy.url, method, upload({ path: "/api/v1/intake/files?name=lista.jsonl" })),
      "client.too-many": async (id, method) => {
        const app = createApp(limited, signedIn(system.operator));
        await send(app, method, rightOne(id));
        return send(app, method, rightOne(id));
      },
      internal: async (id, method) => {
        broken = true;
        try {
          return await send(apps.broken, method, rightOne(id));
        } finally {
          broken = false;
        }
      },
      "database.unavailable": (id, method) => {
        const sent = rightOne(id);
        const headers =
          id === "getToken"
            ? basic(lostSecret.id, lostSecret.secret)
            : id === "uploadFile"
              ? uploadHeaders()
              : { ...sent.headers, ...key(lost.secret) };
        return send(gone.app, method, { ...sent, headers });
      },
    };

    const wrong: unknown[] = [];
    let produced = 0;
    for (const { operationId, method, responses } of operations()) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        if (Number(status) < 400) continue;
        const types = Object.keys(content["application/problem+json"]?.examples ?? {});
        for (const type of types) {
          const how = produce[type];
          if (how === undefined) throw new Error(`how does ${type} come about?`);
          const got = await how(operationId, method);
          const body = problemBody.safeParse(JSON.parse(got.text));
          produced++;
          if (
            String(got.status) !== status ||
            body.data?.type !== `/problems/${type}` ||
            body.data.status !== got.status ||
            got.headers.get("content-type") !== "application/problem+json; charset=utf-8" ||
            got.text.includes(agda.number) ||
            got.violations.some(({ location }) => location[0] === "response")
          )
            wrong.push([operationId, type, got.status, got.text, got.violations]);
        }
        if (types.length > 0) continue;
        // Only the token endpoint says it in the words of OAuth.
        const refused = { ...tokenRequest, ...(status === "400" ? { form: {} } : { headers: basic("kl_0", "x") }) };
        const got = await send(proxy.url, method, refused);
        produced++;
        if (String(got.status) !== status || got.violations.some(({ location }) => location[0] === "response"))
          wrong.push([operationId, status, got.status, got.text]);
      }
    }
    expect(wrong).toEqual([]);
    expect(produced).toBeGreaterThan(80);
  }, 240_000);
});
