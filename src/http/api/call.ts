import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { AppError } from "#errors";
import {
  type Actor,
  actorOfClient,
  type ApiScope,
  idempotent,
  noteApiClient,
  type OwnIds,
  ownIds,
  permit,
} from "#operations";
import type { System } from "#system";
import { problem } from "../problem.ts";
import type { Served } from "../served.ts";
import { meter } from "./meter.ts";
import { BodyTooLarge, ClientUnknown, type ProblemType, RequestMalformed, TooMany } from "./problems.ts";
import type { Tokens } from "./tokens.ts";

/** What a call is run with: a database that shows the client's own rows only. */
export interface Asked {
  system: Served;
  actor: Actor;
  ids: OwnIds;
}

type Shape = z.ZodObject;

/** One way in for programs: what it takes and gives, and what it does. Its description is made of the same. */
export interface Call<
  Params extends Shape = Shape,
  Query extends Shape = Shape,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  id: string;
  method: "get" | "post";
  /** Under /api/v1. */
  path: string;
  tag: "Orders" | "Cases" | "Settlement" | "Endpoints" | "Reference";
  summary: string;
  description?: string;
  /** Null: every client. */
  scope: ApiScope | null;
  params?: Params;
  query?: Query;
  /** With one the call changes something, and needs an Idempotency-Key. */
  body?: { schema: Body; bytesMax: number; examples: Record<string, z.input<Body>> };
  /** 201 where something is made: what a body leads to where nothing else is said. */
  answer: { status?: 200; description: string; schema: Answer; example: z.output<Answer> };
  /** Beside those that every call has. */
  problems: readonly ProblemType[];
  run: (
    asked: Asked,
    given: { params: z.output<Params>; query: z.output<Query>; body: z.output<Body> },
  ) => Promise<z.input<Answer>>;
}

const nothing = z.object({});

/** Checks the declaration's types; what `run` is given follows from the schemas. */
export function defineCall<
  Answer extends z.ZodType,
  Params extends Shape = typeof nothing,
  Query extends Shape = typeof nothing,
  Body extends z.ZodType = z.ZodUndefined,
>(call: Call<Params, Query, Body, Answer>): Call {
  return call as unknown as Call;
}

export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/)
  .meta({
    description:
      "A new one for each write. The same key with the same content gives the same answer and does nothing more.",
    examples: ["5b2c9f0e-6c1c-4d3a-9a3e-0f6f5f4f7a11"],
  });

const MINUTE_MS = 60_000;
/** So much that is not there is no mistake any more. */
const MISSES_MAX = 30;
const MISSES_MS = 15 * MINUTE_MS;

/** The values that fit a schema. Throws what names the first that does not, never what stood there. */
function fitting<Schema extends z.ZodType>(place: string, schema: Schema, value: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  // Numbers and names of the schema's own; a name that somebody made up is not among them.
  const path = (issue?.path ?? []).map(String).join(".");
  throw new RequestMalformed(path === "" ? place : `${place}.${path}`, issue?.code ?? "invalid");
}

/** Reads a body of at most so many bytes, whether its length is said beforehand or not. */
export async function bodyOf(c: Context, bytesMax: number): Promise<Buffer> {
  if (Number(c.req.header("content-length") ?? 0) > bytesMax) throw new BodyTooLarge(bytesMax);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new BodyTooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new RequestMalformed("body", "no JSON");
  }
}

/** Serves calls under /api/v1 to whoever shows a token or key. */
export function serveCalls(system: System, served: Served, tokens: Tokens, calls: readonly Call[]): Hono {
  const { requestsPerMinute } = system.config.api;
  const requests = meter(requestsPerMinute, MINUTE_MS, system.now);
  const misses = meter(MISSES_MAX, MISSES_MS, system.now);

  async function answer(c: Context, call: Call): Promise<Response> {
    const credential =
      /^Bearer ([\w.~+/-]+=*)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? c.req.header("x-api-key");
    const caller = credential === undefined ? null : await tokens.callerOf(credential);
    if (caller === null) {
      c.header("www-authenticate", credential === undefined ? "Bearer" : 'Bearer error="invalid_token"');
      throw new ClientUnknown();
    }
    const { client, scopes } = caller;
    const actor = actorOfClient(system.tenantId, client, scopes);
    const { allowed, remaining, seconds } = requests.count(client.id);
    c.header("ratelimit-policy", `"client";q=${requests.max};w=${requests.windowSeconds}`);
    c.header("ratelimit", `"client";r=${remaining};t=${seconds}`);
    const guessed = misses.count(client.id, 0);
    if (!allowed || guessed.remaining === 0) {
      const wait = allowed ? guessed.seconds : seconds;
      c.header("retry-after", String(wait));
      throw new TooMany(wait);
    }
    if (call.scope !== null && !actor.permissions.has(call.scope)) {
      c.header("www-authenticate", `Bearer error="insufficient_scope", scope="${call.scope}"`);
      permit(actor, call.scope);
    }
    await noteApiClient(system, actor, client);
    const asked: Asked = {
      system: { ...served, database: system.database.restrict(actor) },
      actor,
      ids: ownIds(system, actor, client),
    };
    const given = {
      params: fitting("path", call.params ?? nothing, c.req.param()),
      query: fitting("query", call.query ?? nothing, c.req.query()),
    };
    try {
      return call.body === undefined
        ? found(c, call, await call.run(asked, { ...given, body: undefined }))
        : await written(c, call, call.body, asked, given);
    } catch (error) {
      if (error instanceof AppError && error.kind === "missing") misses.count(client.id);
      throw error;
    }
  }

  /** Nothing leaves but what the description has. */
  const textOf = (call: Call, value: unknown): string => JSON.stringify(call.answer.schema.parse(value));

  function found(c: Context, call: Call, value: unknown): Response {
    const body = textOf(call, value);
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`;
    c.header("etag", etag);
    c.header("vary", "authorization, x-api-key");
    const known = (c.req.header("if-none-match") ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
    if (known.includes(etag) || known.includes("*")) return c.body(null, 304);
    return c.body(body, 200, { "content-type": "application/json" });
  }

  async function written(
    c: Context,
    call: Call,
    { schema, bytesMax }: NonNullable<Call["body"]>,
    asked: Asked,
    given: { params: Record<string, unknown>; query: Record<string, unknown> },
  ): Promise<Response> {
    const key = fitting("header Idempotency-Key", idempotencyKey, c.req.header("idempotency-key"));
    const raw = await bodyOf(c, bytesMax);
    const body = fitting("body", schema, jsonOf(raw));
    const { actor } = asked;
    // An answer may show a secret, and is kept for whoever asks again.
    const sealed = await idempotent(
      system,
      actor.tenantId,
      { operation: `api/${actor.id}`, key },
      {
        contentHash: async () => createHash("sha256").update(`${call.id} ${c.req.path}\n`).update(raw).digest(),
        work: async () =>
          system.vault.encrypt(textOf(call, await call.run(asked, { ...given, body }))).toString("base64"),
      },
    );
    const text = system.vault.decrypt(Buffer.from(sealed, "base64")).toString();
    return c.body(text, call.answer.status ?? 201, { "content-type": "application/json" });
  }

  const app = new Hono();
  for (const call of calls) {
    app.on(call.method.toUpperCase(), call.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (c) => {
      try {
        return await answer(c, call);
      } catch (thrown) {
        const error = system.database.explain(thrown);
        if (!(error instanceof AppError)) system.log.error({ error, call: call.id }, "request failed");
        return problem(c, error);
      }
    });
  }
  return app;
}
