import { z } from "zod";
import { apiScopes, eventTypes, webhookBodies } from "#operations";
import { type Call, idempotencyKey } from "./call.ts";
import { caseCalls, reasonCalls } from "./cases.ts";
import { endpointCalls } from "./endpoints.ts";
import { orderCalls } from "./orders.ts";
import { problemTypes, type ProblemType } from "./problems.ts";
import { settlementCalls } from "./settlement.ts";
import { TOKEN_PATH } from "./tokens.ts";

/** Every way in for providers' programs. */
export const calls: readonly Call[] = [
  ...orderCalls,
  ...caseCalls,
  ...settlementCalls,
  ...endpointCalls,
  ...reasonCalls,
];

export type Json = { [key: string]: unknown };

const scopeTexts: Readonly<Record<(typeof apiScopes)[number], string>> = {
  "orders:read": "Read orders, without who they are for.",
  "orders:acknowledge": "Accept and decline orders.",
  "own-clients:read": "Read who orders are for, and when clients are away.",
  "own-cases:read": "Read what the municipality asks about.",
  "own-cases:explain": "Explain what the municipality asks about.",
  "own-settlement:read": "Read figures and statements.",
  "endpoints:read": "Read where events are sent.",
  "endpoints:write": "Change where events are sent.",
};

const tags = [
  { name: "Authorisation", description: "Tokens by OAuth 2.0 client credentials (RFC 6749, RFC 7523)." },
  { name: "Orders", description: "What help is to be given, and the answer to it." },
  { name: "Cases", description: "What the municipality asks about, and the explanation." },
  { name: "Settlement", description: "What a month comes to." },
  { name: "Endpoints", description: "Where a provider's own system is told what happens." },
  { name: "Reference", description: "Lists to choose from." },
  { name: "Intake", description: "Files in the interchange format." },
  { name: "Events", description: "What is sent to a provider's own address, signed by Standard Webhooks." },
];

/** Schemas with an id, each once. */
class Components {
  readonly schemas: Json = {};

  /** A zod schema as the document has it: by reference where it has an id. */
  of(schema: z.ZodType, io: "input" | "output"): Json {
    const { $defs = {}, properties } = z.toJSONSchema(z.object({ it: schema }), { io }) as unknown as {
      $defs?: Json;
      properties: { it: Json };
    };
    for (const [id, def] of Object.entries($defs)) this.schemas[id] = tidied(def);
    return tidied(properties.it) as Json;
  }
}

/** Without what says nothing: zod's bounds of a safe integer, and patterns of what a format names. */
function tidied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidied);
  if (typeof value !== "object" || value === null) return value;
  const named = "format" in value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): Array<[string, unknown]> => {
      if (key === "id" || (key === "pattern" && named) || Math.abs(Number(inner)) === Number.MAX_SAFE_INTEGER)
        return [];
      if (key === "$ref") return [[key, String(inner).replace("#/$defs/", "#/components/schemas/")]];
      // Names of properties are nobody's keywords.
      if (key === "properties") {
        return [[key, Object.fromEntries(Object.entries(inner as Json).map(([name, of]) => [name, tidied(of)]))]];
      }
      return [[key, tidied(inner)]];
    }),
  );
}

const problemSchema = z
  .object({
    type: z.string().meta({ description: "Stable: what a program decides by.", examples: ["/problems/order.missing"] }),
    title: z.string().meta({ description: "For people. Never somebody's data." }),
    status: z.int(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  })
  .meta({ id: "Problem", description: "What is wrong (RFC 9457)." });

/** Answers that say what is wrong, by status. */
function problemResponses(components: Components, types: readonly ProblemType[]): Json {
  const schema = components.of(problemSchema, "output");
  const byStatus = Object.groupBy(types, (type) => String(problemTypes[type][0]));
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, some = []]) => [
      status,
      {
        description: some.map((type) => `\`${type}\`: ${problemTypes[type][1]}`).join("\n\n"),
        ...(status === "429"
          ? { headers: { "Retry-After": { description: "Seconds to wait.", schema: { type: "integer" } } } }
          : {}),
        content: {
          "application/problem+json": {
            schema,
            examples: Object.fromEntries(
              some.map((type) => {
                const [code, text] = problemTypes[type];
                return [type, { value: { type: `/problems/${type}`, title: text, status: code } }];
              }),
            ),
          },
        },
      },
    ]),
  );
}

/** Every problem that a call may be answered with. */
export function problemsOf({ scope, params, query, body, problems }: Call): ProblemType[] {
  return [
    ...((params ?? query ?? body) ? (["request.malformed"] as const) : []),
    "client.unknown",
    ...(scope === null ? [] : (["permission.missing"] as const)),
    ...problems,
    ...(body === undefined ? [] : (["idempotency.busy", "request.too-large", "idempotency.other-content"] as const)),
    "client.too-many",
    "internal",
    "database.unavailable",
  ];
}

function parameters(components: Components, place: "path" | "query", shape: z.ZodObject | undefined): Json[] {
  if (shape === undefined) return [];
  return Object.entries(shape.shape).map(([name, field]) => {
    const { description, ...schema } = components.of(field, "input");
    const required = place === "path" || !field.safeParse(undefined).success;
    return { name, in: place, required, ...(description === undefined ? {} : { description }), schema };
  });
}

const rateHeaders = {
  RateLimit: { description: "What is left of the client's requests, and for how long.", schema: { type: "string" } },
};

function operationOf(components: Components, call: Call): Json {
  const { id, tag, summary, description, scope, params, query, body, answer } = call;
  const given = [...parameters(components, "path", params), ...parameters(components, "query", query)];
  if (body === undefined) {
    const text = "The ETag of an answer that is kept. Where it is still right, 304 comes back.";
    given.push({ name: "If-None-Match", in: "header", required: false, description: text, schema: { type: "string" } });
  } else {
    const { description: text, ...schema } = components.of(idempotencyKey, "input");
    given.push({ name: "Idempotency-Key", in: "header", required: true, description: text, schema });
  }
  const content = {
    "application/json": { schema: components.of(answer.schema, "output"), example: answer.example },
  };
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: description ?? summary,
    security: [{ oauth: scope === null ? [] : [scope] }, { apiKey: [] }],
    ...(given.length === 0 ? {} : { parameters: given }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              "application/json": {
                schema: components.of(body.schema, "input"),
                examples: Object.fromEntries(Object.entries(body.examples).map(([name, value]) => [name, { value }])),
              },
            },
          },
        }),
    responses: {
      ...(body === undefined
        ? {
            200: {
              description: answer.description,
              headers: {
                ETag: { description: "Of this answer.", schema: { type: "string" } },
                ...rateHeaders,
              },
              content,
            },
            304: { description: "The answer that is kept is still right." },
          }
        : { [answer.status ?? 201]: { description: answer.description, headers: rateHeaders, content } }),
      ...problemResponses(components, problemsOf(call)),
    },
  };
}

const token = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int().meta({ description: "Seconds." }),
    scope: z.string(),
  })
  .meta({ id: "Token" });
const tokenError = z
  .object({
    error: z.enum(["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]),
    error_description: z.string(),
  })
  .meta({ id: "TokenError", description: "What is wrong (RFC 6749, section 5.2)." });
const tokenRequest = z
  .object({
    grant_type: z.literal("client_credentials"),
    scope: z.string().optional().meta({ description: "Scopes with spaces between; without it all of the client's." }),
    client_id: z.string().optional(),
    client_secret: z.string().optional(),
    client_assertion_type: z.literal("urn:ietf:params:oauth:client-assertion-type:jwt-bearer").optional(),
    client_assertion: z.string().optional().meta({
      description:
        "A JWT by the client's private key: iss and sub its id, aud the address of this endpoint, jti, exp within five minutes.",
    }),
  })
  .meta({ id: "TokenRequest" });

export const tokenProblems = ["client.too-many", "internal", "database.unavailable"] as const;

function tokenOperation(components: Components): Json {
  const refused = (description: string, error: string, text: string) => ({
    description,
    content: {
      "application/json": {
        schema: components.of(tokenError, "output"),
        example: { error, error_description: text },
      },
    },
  });
  return {
    operationId: "getToken",
    tags: ["Authorisation"],
    summary: "Get a token.",
    description:
      "For a client with a secret, shown by HTTP Basic or in the body, or with a private key. A client with an API key needs none.",
    security: [{ clientBasic: [] }, {}],
    requestBody: {
      required: true,
      content: {
        "application/x-www-form-urlencoded": {
          schema: components.of(tokenRequest, "input"),
          examples: {
            basic: { value: { grant_type: "client_credentials", scope: "orders:read orders:acknowledge" } },
          },
        },
      },
    },
    responses: {
      200: {
        description: "The token.",
        content: {
          "application/json": {
            schema: components.of(token, "output"),
            example: { access_token: "eyJ…", token_type: "Bearer", expires_in: 600, scope: "orders:read" },
          },
        },
      },
      400: refused("The request is wrong.", "unsupported_grant_type", "grant_type must be client_credentials."),
      401: refused("Nobody here.", "invalid_client", "There is no such client, or it is not you."),
      ...problemResponses(components, tokenProblems),
    },
  };
}

const received = z
  .object({
    resource: z.string(),
    state: z.enum(["ok", "partly", "down", "silent"]),
    seen: z.int(),
    accepted: z.int(),
    quarantined: z.int(),
    repeated: z.int(),
    notices: z.array(z.object({ code: z.string(), text: z.string() })),
  })
  .meta({ id: "Received", description: "What became of a file." });

export const intakeProblems = [
  "intake.request",
  "intake.refused",
  "idempotency.busy",
  "intake.too-large",
  "adapter.invalid-file",
  "idempotency.other-content",
  "internal",
  "database.unavailable",
] as const;

function intakeOperation(components: Components): Json {
  const { description, ...schema } = components.of(idempotencyKey, "input");
  const text = { schema: { type: "string" } };
  return {
    operationId: "uploadFile",
    tags: ["Intake"],
    summary: "Send a file in the interchange format.",
    description: "Stored before it is answered. Records that do not fit wait in quarantine.",
    security: [{ uploadKey: [] }],
    parameters: [
      { name: "source", in: "path", required: true, description: "Id of the source in the configuration.", ...text },
      {
        name: "name",
        in: "query",
        required: true,
        description: "File name, such as visits-2026-10-05.jsonl or visits.csv.",
        schema: { type: "string", pattern: "^[\\w.-]{1,120}$", examples: ["visits-2026-10-05.jsonl"] },
      },
      { name: "Idempotency-Key", in: "header", required: true, description, schema },
    ],
    requestBody: { required: true, content: { "application/jsonl": text, "text/csv": text } },
    responses: {
      202: {
        description: "Stored.",
        content: {
          "application/json": {
            schema: components.of(received, "output"),
            example: {
              resource: "visits",
              state: "ok",
              seen: 2,
              accepted: 2,
              quarantined: 0,
              repeated: 0,
              notices: [],
            },
          },
        },
      },
      ...problemResponses(components, intakeProblems),
    },
  };
}

const webhookHeaders = [
  ["webhook-id", "The event's id, the same in every attempt."],
  ["webhook-timestamp", "When the attempt was made, in seconds since 1970."],
  ["webhook-signature", "Signatures over id, time and body, with a space between them (Standard Webhooks)."],
] as const;

/** What each field of an event's data is like. */
const eventExamples: Json = {
  version: 1,
  id: "evt_01JB2K5M8N",
  tenant: "0192",
  order: "ord_q2m7G0cJx1rY4uV8bN3sTA",
  changes: ["lines"],
  client: "cli_Zk0f3vXy8Wq1LhT6mR2eUg",
  case: "cas_b7Qd1NfXy5TnY0wK7cVbEQ",
  month: "2026-10",
  endpoint: "ep_4fJ8sK2mQz7LxT1v",
};

function eventExample(type: (typeof eventTypes)[number]): Json {
  const fields = Object.keys(webhookBodies[type].shape.data.shape).filter((field) => field in eventExamples);
  const data = Object.fromEntries(fields.map((field) => [field, eventExamples[field]]));
  return { type, timestamp: "2026-10-05T08:00:02Z", data };
}

function webhooks(components: Components): Json {
  return Object.fromEntries(
    eventTypes.map((type) => [
      type,
      {
        post: {
          operationId: `on-${type.replace(".", "-")}`,
          tags: ["Events"],
          summary: type,
          description:
            "Sent to the provider's own address. Verify the signature, answer 2xx within ten seconds, then work.",
          security: [],
          parameters: webhookHeaders.map(([name, description]) => {
            return { name, in: "header", required: true, description, schema: { type: "string" } };
          }),
          requestBody: {
            required: true,
            content: {
              "application/json": { schema: components.of(webhookBodies[type], "output"), example: eventExample(type) },
            },
          },
          responses: {
            204: { description: "Received. What the answer says is not read." },
            410: { description: "Send nothing more: the endpoint is disabled." },
          },
        },
      },
    ]),
  );
}

/** OpenAPI 3.1 of what programs may call, made of the schemas that run. */
export function openapi(): Json {
  const components = new Components();
  const paths: Json = {
    "/api/v1/intake/{source}": { post: intakeOperation(components) },
    [TOKEN_PATH]: { post: tokenOperation(components) },
  };
  for (const call of calls) {
    const path = `/api/v1${call.path}`;
    paths[path] = { ...(paths[path] as Json | undefined), [call.method]: operationOf(components, call) };
  }
  const events = webhooks(components);
  return {
    openapi: "3.1.0",
    info: {
      title: "Klarsyn",
      version: "1",
      description:
        "What providers' programs read and answer, and what they are told. Ids differ from client to client and mean nothing elsewhere. Every answer that says what is wrong is a problem document with a stable type.",
      license: { name: "EUPL-1.2", identifier: "EUPL-1.2" },
    },
    tags,
    paths,
    webhooks: events,
    components: {
      schemas: Object.fromEntries(Object.entries(components.schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        oauth: {
          type: "oauth2",
          description: "A token, good for some minutes.",
          flows: { clientCredentials: { tokenUrl: TOKEN_PATH, scopes: scopeTexts } },
        },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "A key, for those without OAuth." },
        clientBasic: { type: "http", scheme: "basic", description: "Id and secret of the client." },
        uploadKey: { type: "http", scheme: "bearer", description: "The source's key for uploads." },
      },
    },
  };
}

/** The document as it is served at an address. */
export function openapiAt(document: Json, url: string): Json {
  const contact = { name: "The municipality that runs this Klarsyn", url };
  return {
    ...document,
    info: { ...(document["info"] as Json), contact },
    servers: [{ url, description: "This Klarsyn." }],
  };
}
