import { createHash } from "node:crypto";
import { and, eq, lt, sql } from "drizzle-orm";
import type { Instant } from "#model";
import type { Database, Visible } from "./database.ts";
import { sessions, signIns } from "./tables/users.ts";

const MINUTE_MS = 60_000;
const SIGN_IN_MS = 10 * MINUTE_MS;

const hashOf = (id: string): Buffer => createHash("sha256").update(id).digest();

/** A sign-in that is under way, by what only its browser keeps. */
export interface SignIn {
  state: string;
  nonce: string;
  codeVerifier: string;
  path: string;
}

export async function keepSignIn(
  { orm }: Database,
  tenantId: string,
  id: string,
  signIn: SignIn,
  at: Instant,
): Promise<void> {
  await orm.delete(signIns).where(and(eq(signIns.tenantId, tenantId), lt(signIns.startedAt, at - SIGN_IN_MS)));
  await orm.insert(signIns).values({ tenantId, idHash: hashOf(id), startedAt: at, ...signIn });
}

/** Gives a sign-in once; null where there is none, or it has taken too long. */
export async function takeSignIn({ orm }: Database, tenantId: string, id: string, at: Instant): Promise<SignIn | null> {
  const [taken] = await orm
    .delete(signIns)
    .where(and(eq(signIns.tenantId, tenantId), eq(signIns.idHash, hashOf(id))))
    .returning();
  return taken === undefined || taken.startedAt < at - SIGN_IN_MS ? null : taken;
}

export interface NewSession {
  userNo: number;
  role: string;
  issuerSession: string | null;
  /** Encrypted. */
  idToken: Buffer | null;
  startedAt: Instant;
  expiresAt: Instant;
}

/** Keeps a session, and forgets those that are over. */
export async function keepSession({ orm }: Database, tenantId: string, id: string, session: NewSession): Promise<void> {
  const { startedAt: seenAt } = session;
  await orm.delete(sessions).where(and(eq(sessions.tenantId, tenantId), lt(sessions.expiresAt, seenAt)));
  await orm.insert(sessions).values({ tenantId, idHash: hashOf(id), seenAt, ...session });
}

/** A session with its user as the last sign-in and the last grant have it. */
export interface StoredSession {
  role: string;
  flash: string | null;
  userNo: number;
  subject: string;
  name: string;
  unit: string | null;
  roles: string[];
  scope: Visible["scope"];
  protected: boolean;
  misses: number;
  missedAt: Instant | null;
}

/** The session, and marks it as used; null where there is none, it is too old or was left unused for `idleMs`. */
export async function selectSession(
  { pool }: Database,
  tenantId: string,
  id: string,
  at: Instant,
  idleMs: number,
): Promise<StoredSession | null> {
  const idHash = hashOf(id);
  const { rows } = await pool.query<
    Omit<StoredSession, "scope"> & Visible["scope"] & { seenAt: Instant; expiresAt: Instant }
  >({
    name: "session",
    text: `SELECT s.role, s.flash, s.seen_at AS "seenAt", s.expires_at AS "expiresAt", u.no AS "userNo", u.subject, u.name,
         u.unit, u.roles, u.misses, u.missed_at AS "missedAt", g.providers, g.units, g.groups,
         coalesce(g.protected, false) AS protected
       FROM sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.no = s.user_no
       LEFT JOIN LATERAL (SELECT * FROM user_grants WHERE tenant_id = u.tenant_id AND user_no = u.no ORDER BY no DESC LIMIT 1) g ON true
       WHERE s.tenant_id = $1 AND s.id_hash = $2`,
    values: [tenantId, idHash],
  });
  const [found] = rows;
  if (found === undefined) return null;
  const { seenAt, expiresAt, providers, units, groups, ...session } = found;
  if (at >= expiresAt || at - seenAt > idleMs) {
    await pool.query("DELETE FROM sessions WHERE tenant_id = $1 AND id_hash = $2", [tenantId, idHash]);
    return null;
  }
  // To the minute is enough, and spares most pages a write.
  if (at - seenAt >= MINUTE_MS) {
    await pool.query("UPDATE sessions SET seen_at = $3 WHERE tenant_id = $1 AND id_hash = $2", [
      tenantId,
      idHash,
      new Date(at),
    ]);
  }
  return { ...session, scope: { providers, units, groups } };
}

export async function changeSession(
  { orm }: Database,
  tenantId: string,
  id: string,
  change: { role: string } | { flash: string | null },
): Promise<void> {
  await orm
    .update(sessions)
    .set(change)
    .where(and(eq(sessions.tenantId, tenantId), eq(sessions.idHash, hashOf(id))));
}

/** Ends a session; gives the encrypted token by which the sign-in knows it, where it gave one. */
export async function dropSession({ orm }: Database, tenantId: string, id: string): Promise<Buffer | null> {
  const [dropped] = await orm
    .delete(sessions)
    .where(and(eq(sessions.tenantId, tenantId), eq(sessions.idHash, hashOf(id))))
    .returning({ idToken: sessions.idToken });
  return dropped?.idToken ?? null;
}

/** Ends the sessions that a sign-in of the issuer began: that one, or all of the user. Returns how many. */
export async function dropSessionsOf(
  { orm }: Database,
  tenantId: string,
  { issuer, subject, issuerSession }: { issuer: string; subject: string | null; issuerSession: string | null },
): Promise<number> {
  const ofUser = sql`${sessions.userNo} IN (SELECT no FROM users WHERE tenant_id = ${tenantId} AND issuer = ${issuer}
    AND subject = coalesce(${subject}::text, subject))`;
  const ofSignIn = issuerSession === null ? undefined : eq(sessions.issuerSession, issuerSession);
  const { rowCount } = await orm.delete(sessions).where(and(eq(sessions.tenantId, tenantId), ofUser, ofSignIn));
  return rowCount ?? 0;
}
