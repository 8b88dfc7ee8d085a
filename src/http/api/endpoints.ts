import { z } from "zod";
import {
  changeEndpoint,
  createEndpoint,
  type Endpoint,
  endEndpoint,
  eventTypes,
  keyKinds,
  listDeliveries,
  listEndpoints,
  pauseEndpoint,
  pingEndpoint,
  resendDeliveries,
  resumeEndpoint,
  rotateKey,
  sendTestEvent,
  showEndpoint,
} from "#operations";
import { type Asked, type Call, defineCall } from "./call.ts";
import { RequestMalformed } from "./problems.ts";
import { cursorId, cursorQuery, time, timeText } from "./schemas.ts";

const endpointId = z
  .string()
  .regex(/^ep_[\w-]{16}$/)
  .meta({ description: "An endpoint.", examples: ["ep_4fJ8sK2mQz7LxT1v"] });
const path = z.object({ id: endpointId });
const eventType = z.enum(eventTypes as [(typeof eventTypes)[number]]);
const keyKind = z
  .enum(keyKinds)
  .meta({ description: "hmac: a shared secret; ed25519: only a public key is given out." });
const states = z.enum(["waiting", "delivered", "failed"]);
const counts = z
  .object({ waiting: z.int(), delivered: z.int(), failed: z.int() })
  .meta({ description: "Without pings and tests." });

const filterFields = {
  description: z.string().max(200).default(""),
  types: z.array(eventType).min(1).nullable().default(null).meta({ description: "Null: every type." }),
  units: z.array(z.string().min(1).max(200)).min(1).nullable().default(null).meta({ description: "Null: every unit." }),
  ordered: z
    .boolean()
    .default(false)
    .meta({ description: "Events of one order one after the other: one that fails holds up those that follow." }),
};

const endpoint = z
  .object({
    id: endpointId,
    url: z.string(),
    description: z.string(),
    types: z.array(eventType).nullable(),
    units: z.array(z.string()).nullable(),
    ordered: z.boolean(),
    state: z.enum(["unverified", "active", "paused", "disabled"]),
    createdAt: time,
    verifiedAt: time.nullable(),
    failingSince: time.nullable(),
    openUntil: time.nullable().meta({ description: "Nothing is sent before." }),
    disabledWhy: z.string().nullable(),
    deliveries: counts,
  })
  .meta({ id: "Endpoint", description: "Where events are sent." });

const key = z
  .object({ kind: keyKind, key: z.string().meta({ description: "whsec_… of hmac, whpk_… of ed25519." }) })
  .meta({ id: "EndpointKey", description: "What signatures are checked with. Shown once." });

const receiverAnswer = z
  .object({
    status: z.int().nullable().meta({ description: "Null: nothing was answered." }),
    error: z.string().nullable().meta({ description: "Null: it was taken." }),
    ms: z.number(),
  })
  .meta({ id: "ReceiverAnswer", description: "How the receiver answered." });

const delivery = z
  .object({
    id: z.string().meta({ description: "The event's." }),
    type: z.string(),
    test: z.boolean().meta({ description: "Somebody tried the endpoint out. Pings and tests are not sent again." }),
    at: time,
    state: states,
    attempts: z.int(),
    nextAt: time.nullable(),
    finishedAt: time.nullable(),
    log: z.array(
      z.object({
        at: time,
        status: z.int().nullable(),
        error: z.string().nullable(),
        ms: z.number(),
        answer: z.string().meta({ description: "Its beginning." }),
      }),
    ),
  })
  .meta({ id: "Delivery", description: "An event on its way to an endpoint, with each attempt." });

const nothing = z.strictObject({}).meta({ id: "Nothing" });
const BYTES_MAX = 100_000;

const shown = ({ createdAt, verifiedAt, failingSince, openUntil, types, ...rest }: Endpoint) => ({
  ...rest,
  types: types === null ? null : [...types],
  createdAt: timeText(createdAt) ?? "",
  verifiedAt: timeText(verifiedAt),
  failingSince: timeText(failingSince),
  openUntil: timeText(openUntil),
});

const exampleEndpoint: z.infer<typeof endpoint> = {
  id: "ep_4fJ8sK2mQz7LxT1v",
  url: "https://planering.example.se/klarsyn",
  description: "Planeringssystemet",
  types: null,
  units: null,
  ordered: false,
  state: "active",
  createdAt: "2026-10-01T08:00:00Z",
  verifiedAt: "2026-10-01T08:00:05Z",
  failingSince: null,
  openUntil: null,
  disabledWhy: null,
  deliveries: { waiting: 0, delivered: 12, failed: 0 },
};
const exampleAnswer: z.infer<typeof receiverAnswer> = { status: 204, error: null, ms: 31 };

/** A step with an endpoint that asks for nothing more and gives the endpoint as it is then. */
const step = (
  id: string,
  name: string,
  summary: string,
  take: (system: Asked["system"], actor: Asked["actor"], id: string) => Promise<unknown>,
): Call =>
  defineCall({
    id,
    method: "post",
    path: `/endpoints/{id}/${name}`,
    tag: "Endpoints",
    summary,
    scope: "endpoints:write",
    params: path,
    body: { bytesMax: BYTES_MAX, schema: nothing, examples: { [name]: {} } },
    answer: { status: 200, description: "Done.", schema: endpoint, example: exampleEndpoint },
    problems: ["endpoint.missing", ...(name === "end" ? [] : (["endpoint.state"] as const))],
    async run({ system, actor }, { params }) {
      await take(system, actor, params.id);
      return shown(await showEndpoint(system, reading(actor), params.id));
    },
  });

/** Whoever may change an endpoint is shown what became of it. */
const reading = (actor: Asked["actor"]): Asked["actor"] => ({
  ...actor,
  permissions: new Set([...actor.permissions, "endpoints:read"]),
});

/** `/endpoints`: where a provider's own system is told what happens. */
export const endpointCalls: readonly Call[] = [
  defineCall({
    id: "listEndpoints",
    method: "get",
    path: "/endpoints",
    tag: "Endpoints",
    summary: "List endpoints.",
    scope: "endpoints:read",
    answer: {
      description: "All of the provider's.",
      schema: z.object({ endpoints: z.array(endpoint) }).meta({ id: "EndpointList" }),
      example: { endpoints: [exampleEndpoint] },
    },
    problems: [],
    run: async ({ system, actor }) => ({ endpoints: (await listEndpoints(system, actor)).map(shown) }),
  }),
  defineCall({
    id: "createEndpoint",
    method: "post",
    path: "/endpoints",
    tag: "Endpoints",
    summary: "Make an endpoint.",
    description:
      "Nothing is sent before a ping has reached it. The address must be public and begin with https://. The key is shown once.",
    scope: "endpoints:write",
    body: {
      bytesMax: BYTES_MAX,
      schema: z
        .strictObject({ url: z.string().min(1).max(2000), key: keyKind.default("hmac"), ...filterFields })
        .meta({ id: "NewEndpoint" }),
      examples: { orders: { url: "https://planering.example.se/klarsyn", types: ["order.created", "order.changed"] } },
    },
    answer: {
      description: "Made.",
      schema: z.object({ endpoint, key }).meta({ id: "EndpointMade" }),
      example: {
        endpoint: { ...exampleEndpoint, state: "unverified", verifiedAt: null },
        key: { kind: "hmac", key: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" },
      },
    },
    problems: ["endpoint.refused", "endpoint.state"],
    async run({ system, actor }, { body }) {
      const [provider = ""] = actor.scope.providers ?? [];
      const made = await createEndpoint(system, actor, { ...body, provider });
      return { endpoint: shown(made.endpoint), key: made.key };
    },
  }),
  defineCall({
    id: "getEndpoint",
    method: "get",
    path: "/endpoints/{id}",
    tag: "Endpoints",
    summary: "Get an endpoint.",
    scope: "endpoints:read",
    params: path,
    answer: { description: "The endpoint.", schema: endpoint, example: exampleEndpoint },
    problems: ["endpoint.missing"],
    run: async ({ system, actor }, { params }) => shown(await showEndpoint(system, actor, params.id)),
  }),
  defineCall({
    id: "changeEndpoint",
    method: "post",
    path: "/endpoints/{id}/filter",
    tag: "Endpoints",
    summary: "Change what an endpoint is sent from now on.",
    scope: "endpoints:write",
    params: path,
    body: {
      bytesMax: BYTES_MAX,
      schema: z.strictObject(filterFields).meta({ id: "EndpointFilter" }),
      examples: { unit: { description: "Norr", types: null, units: ["U1"], ordered: true } },
    },
    answer: { status: 200, description: "Changed.", schema: endpoint, example: exampleEndpoint },
    problems: ["endpoint.missing", "endpoint.refused"],
    async run({ system, actor }, { params, body }) {
      await changeEndpoint(system, actor, { id: params.id, ...body });
      return shown(await showEndpoint(system, reading(actor), params.id));
    },
  }),
  defineCall({
    id: "pingEndpoint",
    method: "post",
    path: "/endpoints/{id}/ping",
    tag: "Endpoints",
    summary: "Try to reach an endpoint; one that is reached becomes active.",
    scope: "endpoints:write",
    params: path,
    body: { bytesMax: BYTES_MAX, schema: nothing, examples: { ping: {} } },
    answer: { status: 200, description: "Tried.", schema: receiverAnswer, example: exampleAnswer },
    problems: ["endpoint.missing"],
    run: async ({ system, actor }, { params }) => pingEndpoint(system, actor, params.id),
  }),
  defineCall({
    id: "testEndpoint",
    method: "post",
    path: "/endpoints/{id}/test",
    tag: "Endpoints",
    summary: "Send an event that says of itself that it is a test.",
    scope: "endpoints:write",
    params: path,
    body: {
      bytesMax: BYTES_MAX,
      schema: z.strictObject({ type: eventType }).meta({ id: "TestEvent" }),
      examples: { created: { type: "order.created" } },
    },
    answer: { status: 200, description: "Sent.", schema: receiverAnswer, example: exampleAnswer },
    problems: ["endpoint.missing"],
    run: async ({ system, actor }, { params, body }) =>
      sendTestEvent(system, actor, { id: params.id, type: body.type }),
  }),
  defineCall({
    id: "rotateEndpointKey",
    method: "post",
    path: "/endpoints/{id}/keys",
    tag: "Endpoints",
    summary: "Give an endpoint another key.",
    description: "Messages are signed with the keys before it as well for a day. The key is shown once.",
    scope: "endpoints:write",
    params: path,
    body: {
      bytesMax: BYTES_MAX,
      schema: z.strictObject({ key: keyKind.default("hmac") }).meta({ id: "NewEndpointKey" }),
      examples: { hmac: { key: "hmac" } },
    },
    answer: {
      description: "Made.",
      schema: key,
      example: { kind: "hmac", key: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" },
    },
    problems: ["endpoint.missing"],
    run: async ({ system, actor }, { params, body }) => rotateKey(system, actor, { id: params.id, key: body.key }),
  }),
  step("pauseEndpoint", "pause", "Keep what is to be sent until the endpoint is resumed.", pauseEndpoint),
  step("resumeEndpoint", "resume", "Send on, beginning with what has waited.", resumeEndpoint),
  step("endEndpoint", "end", "Disable an endpoint; a ping makes it active again.", endEndpoint),
  defineCall({
    id: "listDeliveries",
    method: "get",
    path: "/endpoints/{id}/deliveries",
    tag: "Endpoints",
    summary: "List what was sent to an endpoint, or is to be, with each attempt.",
    description: "What is older than the municipality keeps it (180 days where it has not decided otherwise) is gone.",
    scope: "endpoints:read",
    params: path,
    query: z.object({
      ...cursorQuery("Where the page before ended."),
      state: states.optional(),
      from: time.optional().meta({ description: "Events that happened then or later." }),
      until: time.optional().meta({ description: "Events that happened before." }),
    }),
    answer: {
      description: "The newest event first, and how many there are in all.",
      schema: z
        .object({
          deliveries: z.array(delivery),
          counts,
          cursor: cursorId.nullable().meta({ description: "Of the next page; null: this is the last." }),
        })
        .meta({ id: "DeliveryPage" }),
      example: {
        deliveries: [
          {
            id: "evt_01JB2K5M8N",
            type: "order.created",
            test: false,
            at: "2026-10-05T08:00:02Z",
            state: "delivered",
            attempts: 1,
            nextAt: null,
            finishedAt: "2026-10-05T08:00:03Z",
            log: [{ at: "2026-10-05T08:00:03Z", status: 204, error: null, ms: 31, answer: "" }],
          },
        ],
        counts: { waiting: 0, delivered: 1, failed: 0 },
        cursor: null,
      },
    },
    problems: ["endpoint.missing"],
    async run({ system, actor, ids }, { params, query: { cursor, limit, state, from, until } }) {
      const before = cursor === undefined ? undefined : await ids.open("cursor", cursor);
      if (before === null) throw new RequestMalformed("query.cursor", "of somebody else");
      const { deliveries, counts: all } = await listDeliveries(system, actor, {
        id: params.id,
        limit: limit + 1,
        before,
        from: from === undefined ? undefined : Date.parse(from),
        until: until === undefined ? undefined : Date.parse(until),
        states: state === undefined ? undefined : [state],
      });
      const page = deliveries.slice(0, limit);
      const last = page.at(-1);
      return {
        deliveries: page.map(({ id, type, test, at, state: now, attempts, nextAt, finishedAt, log }) => ({
          id,
          type,
          test,
          at: timeText(at) ?? "",
          state: now,
          attempts,
          nextAt: timeText(nextAt),
          finishedAt: timeText(finishedAt),
          log: log.map((attempt) => ({ ...attempt, at: timeText(attempt.at) ?? "" })),
        })),
        counts: all,
        cursor: deliveries.length > limit && last !== undefined ? ids.seal("cursor", last.eventNo) : null,
      };
    },
  }),
  defineCall({
    id: "resendDeliveries",
    method: "post",
    path: "/endpoints/{id}/resend",
    tag: "Endpoints",
    summary: "Send again, also what was delivered.",
    description:
      "From a moment on, or one event; state and type choose among them. Pings and tests are not sent again, and what the list of deliveries does not have any more is gone.",
    scope: "endpoints:write",
    params: path,
    body: {
      bytesMax: BYTES_MAX,
      schema: z
        .strictObject({
          from: time.optional().meta({ description: "Needed where there is no event." }),
          until: time.optional().meta({ description: "Not included." }),
          states: z.array(states).min(1).optional(),
          types: z.array(eventType).min(1).optional(),
          event: z.string().max(100).optional(),
          missed: z.boolean().default(false).meta({
            description:
              "Also what was never to be sent here, as what happened before there was the endpoint. Needs from.",
          }),
        })
        .meta({ id: "Resend" }),
      examples: { failed: { from: "2026-10-05T00:00:00Z", states: ["failed"] } },
    },
    answer: {
      status: 200,
      description: "On their way.",
      schema: z.object({ deliveries: z.int() }).meta({ id: "Resent" }),
      example: { deliveries: 3 },
    },
    problems: ["endpoint.missing", "endpoint.refused", "endpoint.state"],
    async run({ system, actor }, { params, body: { from, until, ...rest } }) {
      const choice = {
        ...rest,
        from: from === undefined ? undefined : Date.parse(from),
        until: until === undefined ? undefined : Date.parse(until),
      };
      return { deliveries: await resendDeliveries(system, actor, { id: params.id, ...choice }) };
    },
  }),
];
