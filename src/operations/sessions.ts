import { createHash, randomBytes } from "node:crypto";
import type { Instant } from "#model";
import {
  changeSession,
  countMiss,
  type Database,
  dropSession,
  dropSessionsOf,
  insertGrant,
  keepSession,
  keepSignIn,
  keepUser,
  type KnownUser,
  selectBusiestProvider,
  selectSession,
  selectUsers,
  type SignIn,
  takeSignIn,
  type Vault,
} from "#store";
import { type Actor, actorOf, type Role, roles } from "./actor.ts";

type Needs = { database: Database; vault: Vault; tenantId: string; now: () => Instant };

const MINUTE_MS = 60_000;
/** So many pages that are not there, or not theirs, are no mistakes any more. */
const MISSES_MAX = 30;
const MISSES_MS = 15 * MINUTE_MS;

/** What nobody can guess, for a cookie. */
const newId = (): string => randomBytes(32).toString("base64url");

/** Remembers a sign-in that begins. Gives what its browser keeps, by which `resumeSignIn` finds it once. */
export async function beginSignIn({ database, tenantId, now }: Needs, signIn: SignIn): Promise<string> {
  const id = newId();
  await keepSignIn(database, tenantId, id, signIn, now());
  return id;
}

export async function resumeSignIn({ database, tenantId, now }: Needs, id: string): Promise<SignIn | null> {
  return takeSignIn(database, tenantId, id, now());
}

/** Somebody whom the sign-in knows, with the roles that they have here, the first of which they begin with. */
export interface Person extends KnownUser {
  roles: readonly [Role, ...Role[]];
  /** By which the sign-in can end the session. */
  issuerSession?: string;
  idToken?: string;
}

/** Starts a session of at most `hours`. Gives its id, which only the browser keeps. */
export async function startSession(
  { database, vault, tenantId, now }: Needs,
  { issuerSession, idToken, ...known }: Person,
  hours: number,
): Promise<string> {
  const id = newId();
  const at = now();
  const userNo = await keepUser(database, tenantId, known, at);
  if (known.issuer === DEMO && known.roles.includes("provider")) await grantBusiest(database, tenantId, userNo, at);
  await keepSession(database, tenantId, id, {
    userNo,
    role: known.roles[0],
    issuerSession: issuerSession ?? null,
    idToken: idToken === undefined ? null : vault.encrypt(idToken),
    startedAt: at,
    expiresAt: at + hours * 60 * MINUTE_MS,
  });
  return id;
}

/** What the step before leaves for the page that follows it. */
export interface Flash {
  text: string;
  /** Somebody who is to be shown by name there, once. */
  person?: { kind: "client" | "staff"; id: string };
}

/** What a session says of whoever uses it. */
export interface ReadSession {
  actor: Actor;
  csrf: string;
  roles: Role[];
  flash: Flash | null;
  /** They have asked for so much that is not there that they have to wait. */
  locked: boolean;
  userNo: number;
}

/** Reads a session; null where it has ended or was not used for `idleMinutes`. */
export async function readSession(
  { database, tenantId, now }: Needs,
  id: string,
  idleMinutes: number,
): Promise<ReadSession | null> {
  const at = now();
  const stored = await selectSession(database, tenantId, id, at, idleMinutes * MINUTE_MS);
  if (stored === null) return null;
  const { subject, name, unit, scope, misses, missedAt, flash, userNo } = stored;
  const allowed = roles.filter((role) => stored.roles.includes(role));
  const role = allowed.find((one) => one === stored.role);
  if (role === undefined) return null;
  const actor = actorOf(
    { id: subject, name, tenantId, role, unit, scope },
    stored.protected ? ["persons:protected"] : [],
  );
  // Follows from the session's id, which pages never show, and so needs no place of its own.
  const csrf = createHash("sha256").update(`form ${id}`).digest("base64url");
  const locked = misses >= MISSES_MAX && missedAt !== null && at - missedAt < MISSES_MS;
  // Written by `noteSession`.
  const left = flash === null ? null : (JSON.parse(flash) as Flash);
  return { actor, csrf, roles: allowed, flash: left, locked, userNo };
}

/** Keeps something for the next page; null forgets it. */
export async function noteSession({ database, tenantId }: Needs, id: string, flash: Flash | null): Promise<void> {
  await changeSession(database, tenantId, id, { flash: flash === null ? null : JSON.stringify(flash) });
}

/** Changes to another of the roles that the sign-in gave. False where it gave no such role. */
export async function changeRole(needs: Needs, id: string, session: ReadSession, wanted: string): Promise<boolean> {
  const role = session.roles.find((one) => one === wanted);
  if (role !== undefined) await changeSession(needs.database, needs.tenantId, id, { role });
  return role !== undefined;
}

/** Counts a page that is not there. */
export async function missPage({ database, tenantId, now }: Needs, { userNo }: ReadSession): Promise<void> {
  await countMiss(database, tenantId, userNo, now(), MISSES_MS);
}

/** Ends a session. Gives the token by which the sign-in knows it, where it gave one. */
export async function endSession({ database, vault, tenantId }: Needs, id: string): Promise<string | null> {
  const idToken = await dropSession(database, tenantId, id);
  return idToken === null ? null : vault.decrypt(idToken).toString();
}

/** Ends what the sign-in says has ended: one session, or all of a user. Returns how many. */
export async function endSessionsOf(
  { database, tenantId }: Needs,
  whose: Parameters<typeof dropSessionsOf>[2],
): Promise<number> {
  return dropSessionsOf(database, tenantId, whose);
}

const DEMO = "demo";

/** Whoever plays a provider in the demonstration is of the one with the most orders. */
async function grantBusiest(database: Database, tenantId: string, userNo: number, at: Instant): Promise<void> {
  const [user] = await selectUsers(database, tenantId, userNo);
  const provider = user?.granted === null ? await selectBusiestProvider(database, tenantId) : null;
  if (provider === null) return;
  const scope = { providers: [provider], units: null, groups: null };
  await insertGrant(database, tenantId, {
    userNo,
    scope,
    protected: false,
    at,
    by: DEMO,
    why: "Demonstrationens utförare.",
  });
}

const demo = (subject: string, name: string, unit: string, role: Role): Person => {
  return { issuer: DEMO, subject, name, unit, roles: [role] };
};

/** Invented people of the demonstration: one of each role, and a second who can approve what the first proposes. */
export const demoPeople: readonly Person[] = [
  demo("demo-anna", "Anna Ek", "Avgiftsenheten", "handler"),
  demo("demo-bo", "Bo Lind", "Avgiftsenheten", "handler"),
  demo("demo-cecilia", "Cecilia Holm", "Avtalsenheten", "purchaser"),
  demo("demo-david", "David Sund", "Internrevisionen", "auditor"),
  demo("demo-eva", "Eva Berg", "Systemförvaltningen", "administrator"),
  demo("demo-frida", "Frida Sten", "Samordnare", "provider"),
];
