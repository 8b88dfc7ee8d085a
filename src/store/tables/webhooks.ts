import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
} from "drizzle-orm/pg-core";
import { bytea, instant, localDay } from "./columns.ts";

const big = () => bigint({ mode: "number" });

/** Where a provider's own system is told what happens. */
export const endpoints = pgTable(
  "endpoints",
  {
    tenantId: text().notNull(),
    no: big().notNull().generatedAlwaysAsIdentity(),
    id: text().notNull(), // ep_…
    provider: text().notNull(),
    url: text().notNull(),
    description: text().notNull(),
    types: text().array(), // of events; null: all
    units: text().array(), // null: all
    ordered: boolean().notNull(), // events of one order one after the other
    state: text().notNull(), // unverified, active, paused or disabled
    createdAt: instant().notNull(),
    createdBy: text().notNull(),
    verifiedAt: instant(),
    failingSince: instant(), // null: the last attempt went well
    failedAt: instant(), // the last attempt that did not
    noticed: smallint().notNull().default(0), // per cent of the way to disabling that somebody was told of
    failures: integer().notNull().default(0), // one after the other
    openUntil: instant(), // nothing is sent before, then one attempt
    askedUntil: instant(), // nothing is sent before, as the receiver has asked
    disabledWhy: text(), // a code
  },
  (t) => [
    primaryKey({ name: "endpoints_one_per_number", columns: [t.tenantId, t.no] }),
    unique("endpoints_one_per_id").on(t.tenantId, t.id),
    index("endpoints_by_provider").on(t.tenantId, t.provider),
  ],
);

/** A key that signs what an endpoint is sent; several while one replaces another. */
export const endpointSecrets = pgTable(
  "endpoint_secrets",
  {
    tenantId: text().notNull(),
    no: big().notNull().generatedAlwaysAsIdentity(),
    endpointNo: big().notNull(),
    provider: text().notNull(),
    kind: text().notNull(), // hmac or ed25519
    sealed: bytea().notNull(), // encrypted
    publicKey: text(), // of ed25519
    createdAt: instant().notNull(),
    expiresAt: instant(), // null: until it is replaced
  },
  (t) => [
    primaryKey({ name: "endpoint_secrets_one_per_number", columns: [t.tenantId, t.no] }),
    index("endpoint_secrets_by_endpoint").on(t.tenantId, t.endpointNo),
    foreignKey({
      name: "endpoint_secrets_belong_to_an_endpoint",
      columns: [t.tenantId, t.endpointNo],
      foreignColumns: [endpoints.tenantId, endpoints.no],
    }),
  ],
);

/** Orders, lines and absences that have changed since it was last compared what providers know of them. */
export const touched = pgTable(
  "touched",
  {
    tenantId: text().notNull(),
    seq: big().notNull().generatedAlwaysAsIdentity(),
    entity: text().notNull(), // orders, absences, or units: all orders of theirs
    sourceNo: smallint().notNull(),
    id: text().notNull(),
    at: instant()
      .notNull()
      .default(sql`now()`),
  },
  (t) => [primaryKey({ name: "touched_in_order", columns: [t.tenantId, t.seq] })],
);

/** A source whose first orders are known. They were no news to anybody; what comes after them is. */
export const announcedSources = pgTable(
  "announced_sources",
  { tenantId: text().notNull(), sourceNo: smallint().notNull(), at: instant().notNull() },
  (t) => [primaryKey({ name: "announced_sources_once_each", columns: [t.tenantId, t.sourceNo] })],
);

/**
 * An order as its provider was last told of it. When an order moves to another provider, the row of the first one stays
 * and says so. Whoever asks for what has changed reads on from `changeNo`, which each change of a tenant raises.
 */
export const announcedOrders = pgTable(
  "announced_orders",
  {
    tenantId: text().notNull(),
    no: big().notNull().generatedAlwaysAsIdentity(),
    sourceNo: smallint().notNull(),
    id: text().notNull(),
    provider: text().notNull(),
    unit: text().notNull(),
    client: text().notNull(), // as records name it
    clientNo: integer().notNull(), // the same in `refs`
    status: text().notNull(),
    validFrom: localDay().notNull(),
    validTo: localDay(),
    lines: text().notNull(), // JSON: of each line what it grants
    gone: text(), // ended, cancelled or moved; null while it stands
    createdAt: instant().notNull(),
    returnedAt: instant(), // when it was last new again after it had been gone; null: it never was
    changedAt: instant().notNull(),
    changeNo: big().notNull(),
  },
  (t) => [
    primaryKey({ name: "announced_orders_one_per_provider", columns: [t.tenantId, t.sourceNo, t.id, t.provider] }),
    unique("announced_orders_one_per_number").on(t.tenantId, t.no),
    unique("announced_orders_one_per_change").on(t.tenantId, t.changeNo),
    index("announced_orders_by_client").on(t.tenantId, t.clientNo),
    index("announced_orders_by_provider").on(t.tenantId, t.provider, t.changeNo),
    index("announced_orders_sent")
      .on(t.tenantId)
      .where(sql`${t.gone} IS NULL AND ${t.status} = 'sent'`),
  ],
);

/** An absence as providers were last told of it. */
export const announcedAbsences = pgTable(
  "announced_absences",
  {
    tenantId: text().notNull(),
    sourceNo: smallint().notNull(),
    id: text().notNull(),
    clientNo: integer().notNull(),
    says: text().notNull(), // JSON
  },
  (t) => [primaryKey({ name: "announced_absences_one_per_record", columns: [t.tenantId, t.sourceNo, t.id] })],
);

/** What providers are told. Written with the change that it tells of, and never changed. */
export const events = pgTable(
  "events",
  {
    tenantId: text().notNull(),
    no: big().notNull().generatedAlwaysAsIdentity(),
    id: text().notNull(), // evt_…
    type: text().notNull(),
    at: instant().notNull(),
    provider: text().notNull(),
    units: text().array().notNull(), // those that it concerns; of a moved order both
    subjectKind: text().notNull(), // order, client, case, settlement or endpoint
    subject: text().notNull(), // its number here; what a receiver sees is made of it for each endpoint
    changes: text().array().notNull(),
    orderKey: text(), // events with the same key keep their order where an endpoint asks for that
    endpointNo: big(), // the only one that gets it, as with a ping; null: all of the provider
    test: boolean().notNull().default(false), // nothing has happened, and it says so however often it is sent
    spread: boolean().notNull().default(false), // deliveries are written
  },
  (t) => [
    primaryKey({ name: "events_in_order", columns: [t.tenantId, t.no] }),
    unique("events_one_per_id").on(t.tenantId, t.id),
    index("events_by_time").on(t.tenantId, t.provider, t.at),
    index("events_by_subject").on(t.tenantId, t.subjectKind, t.subject),
    index("events_to_spread")
      .on(t.tenantId, t.no)
      .where(sql`NOT ${t.spread}`),
  ],
);

/** One event on its way to one endpoint. */
export const eventDeliveries = pgTable(
  "event_deliveries",
  {
    tenantId: text().notNull(),
    endpointNo: big().notNull(),
    eventNo: big().notNull(),
    provider: text().notNull(),
    state: text().notNull(), // waiting, delivered or failed (given up, and listed until it is sent again)
    attempts: integer().notNull().default(0),
    nextAt: instant().notNull(),
    leasedUntil: instant(), // somebody is sending it
    since: instant().notNull(), // the retries' days begin here
    finishedAt: instant(),
    orderKey: text(), // as the event's, where the endpoint wants order
  },
  (t) => [
    primaryKey({ name: "event_deliveries_one_per_endpoint", columns: [t.tenantId, t.endpointNo, t.eventNo] }),
    index("event_deliveries_due")
      .on(t.tenantId, t.endpointNo, t.nextAt)
      .where(sql`${t.state} = 'waiting'`),
    index("event_deliveries_in_order")
      .on(t.tenantId, t.endpointNo, t.orderKey, t.eventNo)
      .where(sql`${t.state} = 'waiting' AND ${t.orderKey} IS NOT NULL`),
    index("event_deliveries_by_event").on(t.tenantId, t.eventNo),
    foreignKey({
      name: "event_deliveries_belong_to_an_endpoint",
      columns: [t.tenantId, t.endpointNo],
      foreignColumns: [endpoints.tenantId, endpoints.no],
    }),
    foreignKey({
      name: "event_deliveries_carry_an_event",
      columns: [t.tenantId, t.eventNo],
      foreignColumns: [events.tenantId, events.no],
    }),
  ],
);

/** One attempt to deliver, and what the receiver answered. */
export const eventAttempts = pgTable(
  "event_attempts",
  {
    tenantId: text().notNull(),
    no: big().notNull().generatedAlwaysAsIdentity(),
    endpointNo: big().notNull(),
    eventNo: big().notNull(),
    provider: text().notNull(),
    at: instant().notNull(),
    status: integer(), // null: no answer
    ms: integer().notNull(),
    error: text(), // a code
    answer: bytea(), // encrypted: its first kilobyte
  },
  (t) => [
    primaryKey({ name: "event_attempts_in_order", columns: [t.tenantId, t.no] }),
    index("event_attempts_by_delivery").on(t.tenantId, t.endpointNo, t.eventNo),
    foreignKey({
      name: "event_attempts_belong_to_a_delivery",
      columns: [t.tenantId, t.endpointNo, t.eventNo],
      foreignColumns: [eventDeliveries.tenantId, eventDeliveries.endpointNo, eventDeliveries.eventNo],
    }),
  ],
);

/** Where a provider without an endpoint is told by e-mail that something waits. */
export const mailboxes = pgTable(
  "mailboxes",
  {
    tenantId: text().notNull(),
    provider: text().notNull(),
    email: text().notNull(),
    createdAt: instant().notNull(),
    createdBy: text().notNull(),
    toldNo: big().notNull(), // the last event that a message has told of
    toldAt: instant(),
  },
  (t) => [primaryKey({ name: "mailboxes_one_per_provider", columns: [t.tenantId, t.provider] })],
);

/** What a provider has answered to an order. Rows are only ever added: the last one holds. */
export const acknowledgements = pgTable(
  "acknowledgements",
  {
    tenantId: text().notNull(),
    no: big().notNull().generatedAlwaysAsIdentity(),
    provider: text().notNull(),
    sourceNo: smallint().notNull(),
    orderId: text().notNull(),
    changeNo: big().notNull(), // the order as it stood
    toldAt: instant(), // when the provider was told of it as it stood; null: that was not written down
    kind: text().notNull(), // accepted or declined
    reason: text(), // a code, where declined
    text: bytea(), // encrypted
    plannedStart: localDay(),
    at: instant().notNull(),
    by: text().notNull(),
    byName: text().notNull(),
  },
  (t) => [
    primaryKey({ name: "acknowledgements_in_order", columns: [t.tenantId, t.no] }),
    index("acknowledgements_by_order").on(t.tenantId, t.sourceNo, t.orderId),
  ],
);

/** That somebody was told of an order that waits for its answer, once each time that its clock has begun. */
export const orderReminders = pgTable(
  "order_reminders",
  {
    tenantId: text().notNull(),
    provider: text().notNull(),
    orderNo: big().notNull(), // of the announced order
    since: instant().notNull(), // when the clock began
    kind: text().notNull(), // reminder (to the provider), late or declined (to the handlers)
    at: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: "order_reminders_once_each", columns: [t.tenantId, t.orderNo, t.since, t.kind] }),
    foreignKey({
      name: "order_reminders_are_of_an_order",
      columns: [t.tenantId, t.orderNo],
      foreignColumns: [announcedOrders.tenantId, announcedOrders.no],
    }),
  ],
);

/** What a provider has answered in a case; attachments are the case's. Rows are only ever added. */
export const explanations = pgTable(
  "explanations",
  {
    tenantId: text().notNull(),
    no: big().notNull().generatedAlwaysAsIdentity(),
    caseNo: text().notNull(),
    provider: text().notNull(),
    reason: text().notNull(), // a code
    text: bytea(), // encrypted
    at: instant().notNull(),
    by: text().notNull(),
    byName: text().notNull(),
  },
  (t) => [
    primaryKey({ name: "explanations_in_order", columns: [t.tenantId, t.no] }),
    index("explanations_by_case").on(t.tenantId, t.caseNo),
  ],
);

/** A provider's program that asks and answers by itself. */
export const apiClients = pgTable(
  "api_clients",
  {
    tenantId: text().notNull(),
    no: big().notNull().generatedAlwaysAsIdentity(),
    id: text().notNull(), // kl_…
    name: text().notNull(),
    provider: text().notNull(),
    units: text().array(), // null: all
    scopes: text().array().notNull(),
    kind: text().notNull(), // secret, private_key_jwt or key
    secretHash: bytea(), // of a secret or key
    jwks: text(), // JSON: public keys
    createdAt: instant().notNull(),
    createdBy: text().notNull(),
    revokedAt: instant(),
    lastUsedAt: instant(),
  },
  (t) => [
    primaryKey({ name: "api_clients_one_per_number", columns: [t.tenantId, t.no] }),
    unique("api_clients_one_per_id").on(t.tenantId, t.id),
    index("api_clients_by_provider").on(t.tenantId, t.provider),
  ],
);
