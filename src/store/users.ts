import { and, asc, eq, isNull, lt, or, sql } from "drizzle-orm";
import type { Day, Instant } from "#model";
import type { Database, Visible } from "./database.ts";
import { userGrants, users } from "./tables/users.ts";

/** Somebody as a sign-in says. */
export interface KnownUser {
  issuer: string;
  subject: string;
  name: string;
  unit: string | null;
  /** Where reminders are sent. */
  email?: string | null;
  roles: readonly string[];
}

/** Keeps what the sign-in says now. Returns the user's number. */
export async function keepUser({ orm }: Database, tenantId: string, known: KnownUser, at: Instant): Promise<number> {
  const said = {
    name: known.name,
    unit: known.unit,
    email: known.email ?? null,
    roles: [...known.roles],
    lastSeenAt: at,
  };
  const [kept] = await orm
    .insert(users)
    .values({ tenantId, issuer: known.issuer, subject: known.subject, firstSeenAt: at, ...said })
    .onConflictDoUpdate({ target: [users.tenantId, users.issuer, users.subject], set: said })
    .returning({ no: users.no });
  return kept!.no;
}

export interface UserRow extends KnownUser {
  no: number;
  remindedOn: Day | null;
  firstSeenAt: Instant;
  lastSeenAt: Instant;
  scope: Visible["scope"];
  protected: boolean;
  /** The last grant; null where nobody has decided anything. */
  granted: { at: Instant; by: string; why: string } | null;
}

/** Everybody who has signed in, or one of them; in the order of their names. */
export async function selectUsers({ orm }: Database, tenantId: string, no?: number): Promise<UserRow[]> {
  const rows = await orm
    .selectDistinctOn([users.no])
    .from(users)
    .leftJoin(userGrants, and(eq(userGrants.tenantId, users.tenantId), eq(userGrants.userNo, users.no)))
    .where(and(eq(users.tenantId, tenantId), no === undefined ? undefined : eq(users.no, no)))
    .orderBy(asc(users.no), sql`${userGrants.no} DESC NULLS LAST`);
  return rows
    .map(({ users: user, user_grants: grant }) => ({
      ...user,
      scope: { providers: grant?.providers ?? null, units: grant?.units ?? null, groups: grant?.groups ?? null },
      protected: grant?.protected ?? false,
      granted: grant === null ? null : { at: grant.at, by: grant.by, why: grant.why },
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name, "sv"));
}

/** Keeps that somebody was reminded on a day. False where they have been already: a night may run twice. */
export async function markReminded({ orm }: Database, tenantId: string, no: number, day: Day): Promise<boolean> {
  const marked = await orm
    .update(users)
    .set({ remindedOn: day })
    .where(and(eq(users.tenantId, tenantId), eq(users.no, no), or(isNull(users.remindedOn), lt(users.remindedOn, day))))
    .returning({ no: users.no });
  return marked.length > 0;
}

export interface NewGrant {
  userNo: number;
  scope: Visible["scope"];
  protected: boolean;
  at: Instant;
  by: string;
  why: string;
}

export async function insertGrant({ orm }: Database, tenantId: string, { scope, ...grant }: NewGrant): Promise<void> {
  const listed = (ids: readonly string[] | null) => (ids === null ? null : [...ids]);
  const { providers, units, groups } = scope;
  await orm.insert(userGrants).values({
    tenantId,
    ...grant,
    providers: listed(providers),
    units: listed(units),
    groups: listed(groups),
  });
}

/** Counts a page that was not there for a user. The count starts anew where the last began `windowMs` ago. */
export async function countMiss(
  { orm }: Database,
  tenantId: string,
  no: number,
  at: Instant,
  windowMs: number,
): Promise<void> {
  const open = sql`${users.missedAt} > ${new Date(at - windowMs).toISOString()}::timestamptz`;
  await orm
    .update(users)
    .set({
      misses: sql`CASE WHEN ${open} THEN ${users.misses} + 1 ELSE 1 END`,
      missedAt: sql`CASE WHEN ${open} THEN ${users.missedAt} ELSE ${new Date(at).toISOString()}::timestamptz END`,
    })
    .where(and(eq(users.tenantId, tenantId), eq(users.no, no)));
}
