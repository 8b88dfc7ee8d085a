import { bigint, boolean, index, integer, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { bytea, instant, localDay } from "./columns.ts";

/** Everybody who has signed in: what the sign-in said of them last. */
export const users = pgTable(
  "users",
  {
    tenantId: text().notNull(),
    no: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    issuer: text().notNull(),
    subject: text().notNull(),
    name: text().notNull(),
    unit: text(),
    email: text(), // where reminders are sent
    remindedOn: localDay(), // the last day on which a reminder was sent
    roles: text().array().notNull(),
    firstSeenAt: instant().notNull(),
    lastSeenAt: instant().notNull(),
    misses: integer().notNull().default(0), // pages with an id that is not theirs, since `missedAt` began to count
    missedAt: instant(),
  },
  (t) => [
    primaryKey({ name: "users_one_per_number", columns: [t.tenantId, t.no] }),
    unique("users_one_per_subject").on(t.tenantId, t.issuer, t.subject),
  ],
);

/** What an administrator lets a user see. Rows are only ever added: the last one holds. */
export const userGrants = pgTable(
  "user_grants",
  {
    tenantId: text().notNull(),
    no: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    userNo: bigint({ mode: "number" }).notNull(),
    providers: text().array(), // null: all
    units: text().array(),
    groups: text().array(),
    protected: boolean().notNull(), // may see who has a protected identity
    at: instant().notNull(),
    by: text().notNull(),
    why: text().notNull(),
  },
  (t) => [
    primaryKey({ name: "user_grants_in_order", columns: [t.tenantId, t.no] }),
    index("user_grants_by_user").on(t.tenantId, t.userNo),
  ],
);

/** A user's time at the pages; gone at sign-out. Whoever reads this table cannot use a session: it has only hashes. */
export const sessions = pgTable(
  "sessions",
  {
    tenantId: text().notNull(),
    idHash: bytea().notNull(),
    userNo: bigint({ mode: "number" }).notNull(),
    role: text().notNull(),
    issuerSession: text(), // `sid` of the sign-in, by which it can end the session
    idToken: bytea(), // encrypted: with it the sign-in is told who signs out
    flash: text(), // JSON: what the next page says
    startedAt: instant().notNull(),
    seenAt: instant().notNull(),
    expiresAt: instant().notNull(), // however much it is used
  },
  (t) => [
    primaryKey({ name: "sessions_one_per_id", columns: [t.tenantId, t.idHash] }),
    index("sessions_by_user").on(t.tenantId, t.userNo),
  ],
);

/** A sign-in that has begun in a browser; taken once when it comes back, or forgotten. */
export const signIns = pgTable(
  "sign_ins",
  {
    tenantId: text().notNull(),
    idHash: bytea().notNull(), // of what the browser keeps
    state: text().notNull(),
    nonce: text().notNull(),
    codeVerifier: text().notNull(),
    path: text().notNull(), // where they wanted to go
    startedAt: instant().notNull(),
  },
  (t) => [primaryKey({ name: "sign_ins_one_per_browser", columns: [t.tenantId, t.idHash] })],
);
