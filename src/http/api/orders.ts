import { z } from "zod";
import {
  acknowledgeOwnOrder,
  declineReasons,
  listOwnOrders,
  type OwnAcknowledgement,
  type OwnIds,
  type OwnOrder,
  showOwnClient,
  showOwnOrder,
} from "#operations";
import { type Call, defineCall } from "./call.ts";
import {
  clientId,
  cursorId,
  cursorQuery,
  date,
  dayFrom,
  dayText,
  orderId,
  reasonCode,
  time,
  timeText,
  versionId,
} from "./schemas.ts";
import { RequestMalformed } from "./problems.ts";

/** Nothing is there by a number below 1. */
const ABSENT = -1;

const acknowledgement = z
  .object({
    kind: z.enum(["accepted", "declined"]),
    reason: reasonCode(declineReasons, "Why it was declined.").nullable(),
    plannedStart: date.nullable(),
    text: z.string().nullable().meta({ description: "What was written with it." }),
    at: time,
    current: z.boolean().meta({ description: "It is about the order as it stands now." }),
  })
  .meta({ id: "Acknowledgement", description: "What the provider has answered to an order." });

const orderFields = {
  id: orderId,
  version: versionId,
  status: z.enum(["registered", "sent", "accepted", "declined", "ended", "cancelled"]).meta({
    description: "As the municipality's system says.",
  }),
  gone: z.enum(["ended", "cancelled", "moved"]).nullable().meta({
    description: "Why the order does not stand any more; moved: another provider has it. Null while it stands.",
  }),
  unit: z.object({ id: z.string(), name: z.string().nullable() }),
  client: clientId,
  validFrom: date,
  validTo: date.nullable().meta({ description: "Last day; null: until further notice." }),
  changedAt: time,
  acknowledgement: acknowledgement.nullable().meta({ description: "The last answer." }),
};
const order = z.object(orderFields).meta({ id: "Order", description: "An order of help for one client." });

const orderLine = z
  .object({
    id: z.string().meta({ description: "In the municipality's system." }),
    service: z.object({ code: z.string(), name: z.string().nullable() }),
    minutes: z.number().meta({ description: "Each time." }),
    times: z.number().meta({ description: "How often in the time that `per` says." }),
    per: z.enum(["day", "week", "fortnight", "month", "once"]),
    weekdays: z.array(z.int().min(1).max(7)).nullable().meta({ description: "1 is Monday; null: any." }),
    partOfDay: z.enum(["morning", "midday", "afternoon", "evening", "night", "any"]).nullable(),
    staffing: z.int().min(1).meta({ description: "How many of the staff at once." }),
    validFrom: date.nullable(),
    validTo: date.nullable(),
  })
  .meta({ id: "OrderLine", description: "What an order grants of one service." });

const orderVersion = z
  .object({
    receivedAt: time,
    status: orderFields.status,
    validFrom: date,
    validTo: date.nullable(),
    lines: z.array(orderLine),
  })
  .meta({ id: "OrderVersion", description: "What an order said from when it was received on." });

const person = z
  .object({
    name: z.string().nullable(),
    personalIdentityNumber: z.string().nullable().meta({ description: "Twelve digits." }),
    protected: z.boolean().meta({
      description: "The identity is protected: the municipality tells it in another way, and nothing is said here.",
    }),
  })
  .meta({ id: "Person", description: "Who the help is for." });

const orderDetail = z
  .object({
    ...orderFields,
    reference: z.string().meta({ description: "What the municipality's system calls it." }),
    person: person
      .nullable()
      .meta({ description: "Null without the scope own-clients:read, and where the order does not stand." }),
    lines: z.array(orderLine).meta({ description: "In force now." }),
    versions: z.array(orderVersion).meta({ description: "Oldest first; the last is in force." }),
    acknowledgements: z.array(acknowledgement).meta({ description: "Oldest first." }),
  })
  .meta({ id: "OrderDetail", description: "An order with its lines and versions." });

const path = z.object({ id: orderId.meta({ description: "As a list or an event names the order." }) });

function shownAcknowledgement({ kind, reason, plannedStart, text, at, current }: OwnAcknowledgement) {
  return { kind, reason, plannedStart: dayText(plannedStart), text, at: timeText(at) ?? "", current };
}

function shownOrder(ids: OwnIds, shown: OwnOrder) {
  const { no, changeNo, status, gone, unit, clientNo, validFrom, validTo, changedAt, acknowledgement: last } = shown;
  return {
    id: ids.seal("order", no),
    version: ids.seal("version", changeNo),
    // Written from the model's own list.
    status: status as z.infer<typeof order>["status"],
    gone: gone as z.infer<typeof order>["gone"],
    unit,
    client: ids.seal("client", clientNo),
    validFrom: dayText(validFrom) ?? "",
    validTo: dayText(validTo),
    changedAt: timeText(changedAt) ?? "",
    acknowledgement: last === null ? null : shownAcknowledgement(last),
  };
}

const exampleAcknowledgement: z.infer<typeof acknowledgement> = {
  kind: "accepted",
  reason: null,
  plannedStart: "2026-10-12",
  text: null,
  at: "2026-10-05T09:30:00.000Z",
  current: true,
};
const exampleOrder: z.infer<typeof order> = {
  id: "ord_q2m7G0cJx1rY4uV8bN3sTA",
  version: "ver_h8Jd2LqPz5TnY0wK7cVbEQ",
  status: "sent",
  gone: null,
  unit: { id: "U1", name: "Hemtjänsten Norr" },
  client: "cli_Zk0f3vXy8Wq1LhT6mR2eUg",
  validFrom: "2026-10-12",
  validTo: null,
  changedAt: "2026-10-05T08:00:02.000Z",
  acknowledgement: null,
};
const exampleLine: z.infer<typeof orderLine> = {
  id: "o-1-1",
  service: { code: "omvardnad", name: "Omvårdnad" },
  minutes: 30,
  times: 3,
  per: "day",
  weekdays: null,
  partOfDay: null,
  staffing: 1,
  validFrom: null,
  validTo: null,
};

/** `/orders` and what leads to them. */
export const orderCalls: readonly Call[] = [
  defineCall({
    id: "listOrders",
    method: "get",
    path: "/orders",
    tag: "Orders",
    summary: "List orders that have changed.",
    description:
      "In the order of their changes. Keep `cursor` and come back with it: what has changed since is listed, each order once, as it stands now. Without a cursor all orders are listed from the beginning.",
    scope: "orders:read",
    query: z.object(cursorQuery("Where the last answer ended; without it the list begins.")),
    answer: {
      description: "Orders that have changed since.",
      schema: z
        .object({
          orders: z.array(order),
          cursor: cursorId,
          more: z.boolean().meta({ description: "There is more to fetch at once." }),
        })
        .meta({ id: "OrderPage" }),
      example: { orders: [exampleOrder], cursor: "cur_pX4sN9aUe2KfB6tGm1RzCw", more: false },
    },
    problems: [],
    async run({ system, actor, ids }, { query: { cursor, limit } }) {
      const after = cursor === undefined ? 0 : await ids.open("cursor", cursor);
      if (after === null) throw new RequestMalformed("query.cursor", "of somebody else");
      const { orders, next, more } = await listOwnOrders(system, actor, { after, limit });
      return { orders: orders.map((one) => shownOrder(ids, one)), cursor: ids.seal("cursor", next), more };
    },
  }),
  defineCall({
    id: "getOrder",
    method: "get",
    path: "/orders/{id}",
    tag: "Orders",
    summary: "Get an order with its lines and versions.",
    scope: "orders:read",
    params: path,
    answer: {
      description: "The order.",
      schema: orderDetail,
      example: {
        ...exampleOrder,
        reference: "o-1",
        person: { name: "Agda Öst", personalIdentityNumber: "189001019802", protected: false },
        lines: [exampleLine],
        versions: [
          {
            receivedAt: "2026-10-05T08:00:01.000Z",
            status: "sent",
            validFrom: "2026-10-12",
            validTo: null,
            lines: [exampleLine],
          },
        ],
        acknowledgements: [],
      },
    },
    problems: ["order.missing"],
    async run({ system, actor, ids }, { params: { id } }) {
      const shown = await showOwnOrder(system, actor, (await ids.open("order", id)) ?? ABSENT);
      const versions = shown.versions.map((version) => ({
        ...version,
        receivedAt: timeText(version.receivedAt) ?? "",
        status: version.status as z.infer<typeof order>["status"],
        lines: version.lines as Array<z.infer<typeof orderLine>>,
      }));
      return {
        ...shownOrder(ids, shown),
        reference: shown.reference,
        person: shown.person,
        lines: versions.at(-1)?.lines ?? [],
        versions,
        acknowledgements: shown.acknowledgements.map(shownAcknowledgement),
      };
    },
  }),
  defineCall({
    id: "acknowledgeOrder",
    method: "post",
    path: "/orders/{id}/acknowledgement",
    tag: "Orders",
    summary: "Accept or decline an order.",
    description:
      "Answers the order as it stood in `version`. The first answer stops the clock of the contract's confirmation; an order may be answered again, and the last answer holds.",
    scope: "orders:acknowledge",
    params: path,
    body: {
      bytesMax: 100_000,
      schema: z
        .discriminatedUnion("kind", [
          z.strictObject({
            kind: z.literal("accepted"),
            version: versionId,
            plannedStart: date.optional().meta({ description: "When the help is to begin." }),
            text: z.string().max(2000).optional().meta({ description: "To the municipality. No identity numbers." }),
          }),
          z.strictObject({
            kind: z.literal("declined"),
            version: versionId,
            reason: reasonCode(declineReasons, "Why. `other` needs a text."),
            text: z.string().max(2000).optional().meta({ description: "To the municipality. No identity numbers." }),
          }),
        ])
        .meta({ id: "OrderAnswer" }),
      examples: {
        accepted: { kind: "accepted", version: "ver_h8Jd2LqPz5TnY0wK7cVbEQ", plannedStart: "2026-10-12" },
        declined: { kind: "declined", version: "ver_h8Jd2LqPz5TnY0wK7cVbEQ", reason: "no-capacity" },
      },
    },
    answer: { description: "Answered.", schema: acknowledgement, example: exampleAcknowledgement },
    problems: ["order.missing", "order.changed", "order.gone", "order.answer-refused", "text.identity"],
    async run({ system, actor, ids }, { params: { id }, body }) {
      const no = (await ids.open("order", id)) ?? ABSENT;
      const changeNo = (await ids.open("version", body.version)) ?? ABSENT;
      const answer =
        body.kind === "declined"
          ? body
          : { ...body, plannedStart: body.plannedStart === undefined ? undefined : dayFrom(body.plannedStart) };
      return shownAcknowledgement(await acknowledgeOwnOrder(system, actor, { no, changeNo, answer }));
    },
  }),
  defineCall({
    id: "getClient",
    method: "get",
    path: "/clients/{id}",
    tag: "Orders",
    summary: "Get who a client is, and when they are away.",
    description: "Of clients of whom an order stands. Fetch it when an event says that a client's status has changed.",
    scope: "own-clients:read",
    params: z.object({ id: clientId.meta({ description: "As an order or an event names the client." }) }),
    answer: {
      description: "The client.",
      schema: z
        .object({
          id: clientId,
          person,
          absences: z
            .array(z.object({ from: time, until: time.nullable().meta({ description: "Null: not known yet." }) }))
            .meta({ description: "Now and to come, and of the last day. Why is not said." }),
        })
        .meta({ id: "Client" }),
      example: {
        id: "cli_Zk0f3vXy8Wq1LhT6mR2eUg",
        person: { name: "Agda Öst", personalIdentityNumber: "189001019802", protected: false },
        absences: [{ from: "2026-10-05T10:00:00.000Z", until: null }],
      },
    },
    problems: ["client.missing"],
    async run({ system, actor, ids }, { params: { id } }) {
      const client = await showOwnClient(system, actor, (await ids.open("client", id)) ?? ABSENT);
      return {
        id: ids.seal("client", client.no),
        person: client.person,
        absences: client.absences.map(({ from, to }) => ({ from: timeText(from) ?? "", until: timeText(to) })),
      };
    },
  }),
];
