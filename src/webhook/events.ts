import { z } from "zod";
import { formatInstant, type Instant } from "#model";

/** What an event is about. */
export const eventSubjects = ["order", "client", "case", "settlement", "endpoint"] as const;
export type EventSubject = (typeof eventSubjects)[number];

/** What of an order is not as it was. */
export const orderChanges = ["lines", "staffing", "period", "unit", "status", "client"] as const;
export type OrderChange = (typeof orderChanges)[number];

const opaque = (prefix: string, what: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[A-Za-z0-9_-]{22}$`))
    .describe(`${what}. Differs from endpoint to endpoint, and means nothing elsewhere.`);

const order = opaque("ord", "The order, to be fetched at /api/v1/orders/{id}");
const caseId = opaque("cas", "The case, to be fetched at /api/v1/cases/{id}");

/** The fields of each type's `data`, beside those that all have. Nothing in them is about a person. */
const subjects = {
  "order.created": { order },
  "order.changed": { order, changes: z.array(z.enum(orderChanges)).min(1) },
  "order.ended": { order },
  "order.cancelled": { order },
  "client.status-changed": { client: opaque("cli", "The client whose absence has begun, ended or changed") },
  "finding.explanation-requested": { case: caseId },
  "case.decided": { case: caseId },
  "settlement.ready": { month: z.string().regex(/^\d{4}-\d{2}$/) },
  "endpoint.ping": { endpoint: z.string() },
} as const satisfies Record<string, Record<string, z.ZodType>>;

export type EventType = keyof typeof subjects;
export const eventTypes = Object.keys(subjects) as EventType[];

function event<Type extends EventType>(type: Type) {
  return z
    .strictObject({
      type: z.literal(type),
      timestamp: z.iso.datetime().describe("When it happened. An event may arrive late, and more than once."),
      data: z.strictObject({
        version: z.literal(1),
        id: z
          .string()
          .regex(/^evt_[A-Za-z0-9]+$/)
          .describe("The same in every attempt: what comes again is no news."),
        tenant: z
          .string()
          .regex(/^\d{4}$/)
          .describe("The municipality's code."),
        ...subjects[type],
        test: z.literal(true).optional().describe("Somebody tries the endpoint out; nothing has happened."),
      }),
    })
    .meta({ title: type });
}

/** The body of each type of event. */
export const webhookBodies = {
  "order.created": event("order.created"),
  "order.changed": event("order.changed"),
  "order.ended": event("order.ended"),
  "order.cancelled": event("order.cancelled"),
  "client.status-changed": event("client.status-changed"),
  "finding.explanation-requested": event("finding.explanation-requested"),
  "case.decided": event("case.decided"),
  "settlement.ready": event("settlement.ready"),
  "endpoint.ping": event("endpoint.ping"),
} as const satisfies Record<EventType, z.ZodType>;

/** What is sent, as one endpoint sees it. */
export function bodyOf(sent: {
  type: EventType;
  id: string;
  at: Instant;
  tenantId: string;
  /** As the endpoint knows it. */
  subject: string;
  changes: readonly string[];
  test: boolean;
}): string {
  const { type, id, at, tenantId, subject, changes, test } = sent;
  const [field = ""] = Object.keys(subjects[type]);
  const data = {
    version: 1,
    id,
    tenant: tenantId,
    [field]: subject,
    ...(type === "order.changed" ? { changes } : {}),
    ...(test ? { test } : {}),
  };
  return JSON.stringify({ type, timestamp: formatInstant(at), data });
}
