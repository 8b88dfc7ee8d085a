import { randomBytes } from "node:crypto";
import { AppError } from "#errors";
import { HOUR, type Instant } from "#model";
import {
  countDeliveries,
  type Database,
  disableEndpoint,
  type EndpointState,
  insertEndpoint,
  insertEvents,
  insertSecret,
  isProvider,
  type ListedDelivery,
  replayDeliveries,
  selectAttempts,
  selectDeliveries,
  selectEndpoint,
  selectEndpoints,
  selectMailboxes,
  selectSecrets,
  setMailbox,
  type StoredEndpoint,
  type Transaction,
  updateEndpoint,
  type Vault,
  writeDirect,
} from "#store";
import { type Answer, type EventType, eventTypes, type KeyKind, makeKey } from "#webhook";
import { type Actor, permit } from "../actor.ts";
import { newEvent } from "./new-event.ts";
import { posterOf, type WebhookSettings, writerFor } from "./sending.ts";

export interface EndpointNeeds {
  database: Database;
  vault: Vault;
  now: () => Instant;
  config: { webhooks: WebhookSettings };
}

class EndpointMissing extends AppError {
  readonly code = "endpoint.missing";
  readonly kind = "missing";

  constructor() {
    super("There is no such endpoint.");
  }
}

/** Why a URL cannot be an endpoint. */
const refusals: Readonly<Record<string, string>> = {
  "not-a-url": "it is no address that can be read",
  "not-https": "it does not begin with https://",
  credentials: "it has a user or password in it",
  "too-long": "it is too long",
  fragment: "it has a part after #",
  address: "it leads to an address that is not public and not in webhooks.allow",
  dns: "its name has no address",
};

class EndpointRefused extends AppError {
  readonly code = "endpoint.refused";
  readonly kind = "invalid";
}

class EndpointConflict extends AppError {
  readonly code = "endpoint.state";
  readonly kind = "conflict";
}

const ENDPOINTS_MAX = 10;

/** An endpoint as whoever owns it sees it. */
export interface Endpoint {
  /** ep_… */
  id: string;
  provider: string;
  url: string;
  description: string;
  /** Null: all. */
  types: EventType[] | null;
  units: string[] | null;
  ordered: boolean;
  state: EndpointState;
  createdAt: Instant;
  verifiedAt: Instant | null;
  failingSince: Instant | null;
  /** Nothing is sent before. */
  openUntil: Instant | null;
  /** gone: it answered 410; failing: nothing has reached it for three days; by-hand. */
  disabledWhy: string | null;
  deliveries: Record<"waiting" | "delivered" | "failed", number>;
}

const shown = async (
  { database }: Pick<EndpointNeeds, "database">,
  tenantId: string,
  row: StoredEndpoint,
): Promise<Endpoint> => {
  const { no, id, provider, url, description, units, ordered, state, createdAt, verifiedAt } = row;
  const { failingSince, openUntil, askedUntil, disabledWhy } = row;
  const pauses = [openUntil, askedUntil].filter((until) => until !== null);
  return {
    id,
    provider,
    url,
    description,
    units,
    ordered,
    state,
    createdAt,
    verifiedAt,
    failingSince,
    openUntil: pauses.length === 0 ? null : Math.max(...pauses),
    disabledWhy: state === "disabled" ? disabledWhy : null,
    types: row.types as EventType[] | null, // checked when it was written
    deliveries: await countDeliveries(database, tenantId, { endpointNo: no }),
  };
};

function seesProvider({ scope }: Actor, provider: string): boolean {
  return scope.providers === null || scope.providers.includes(provider);
}

/** Whoever is of some units has to do with endpoints of those alone: another is told of what they do not see. */
function seesEndpoint(actor: Actor, { provider, units }: Pick<StoredEndpoint, "provider" | "units">): boolean {
  const { units: own } = actor.scope;
  return seesProvider(actor, provider) && (own === null || (units ?? ["*"]).every((unit) => own.includes(unit)));
}

async function checkProvider(database: Database, actor: Actor, provider: string): Promise<void> {
  if (seesProvider(actor, provider) && (await isProvider(database, actor.tenantId, provider))) return;
  throw new EndpointRefused(`There is no provider ${provider.slice(0, 60)}.`);
}

async function find({ database }: Pick<EndpointNeeds, "database">, actor: Actor, id: string): Promise<StoredEndpoint> {
  const row = await selectEndpoint(database, actor.tenantId, id);
  if (row === null || !seesEndpoint(actor, row)) throw new EndpointMissing();
  return row;
}

/** Every endpoint that the actor may see. */
export async function listEndpoints(needs: Pick<EndpointNeeds, "database">, actor: Actor): Promise<Endpoint[]> {
  permit(actor, "endpoints:read");
  const rows = await selectEndpoints(needs.database, actor.tenantId);
  const own = rows.filter((row) => seesEndpoint(actor, row));
  return Promise.all(own.map((row) => shown(needs, actor.tenantId, row)));
}

export async function showEndpoint(
  needs: Pick<EndpointNeeds, "database">,
  actor: Actor,
  id: string,
): Promise<Endpoint> {
  permit(actor, "endpoints:read");
  return shown(needs, actor.tenantId, await find(needs, actor, id));
}

/** What an endpoint is sent. */
export interface EndpointFilter {
  /** Null: everything. */
  types: readonly string[] | null;
  units: readonly string[] | null;
  ordered: boolean;
  description: string;
}

function checkedFilter(actor: Actor, { types, units, ordered, description }: EndpointFilter) {
  const unknown = types?.find((type) => !eventTypes.includes(type as EventType));
  if (unknown !== undefined) {
    throw new EndpointRefused(`There is no event ${unknown.slice(0, 60)}. Known: ${eventTypes.join(", ")}.`);
  }
  const { units: own } = actor.scope;
  if (own !== null && !(units ?? ["*"]).every((unit) => own.includes(unit))) {
    throw new EndpointRefused("Name the units that the endpoint is for: some of those that you see.");
  }
  return {
    types: types === null ? null : [...new Set(types)],
    units: units === null ? null : [...new Set(units)],
    ordered,
    description: description.slice(0, 200),
  };
}

/** A key as it is shown once: what the receiver checks signatures with. */
export interface ShownKey {
  kind: KeyKind;
  /** whsec_… of hmac, whpk_… of ed25519. */
  key: string;
}

async function addKey(
  tx: Transaction,
  { vault, now }: EndpointNeeds,
  tenantId: string,
  endpoint: { no: number; provider: string },
  kind: KeyKind,
  othersUntil: Instant,
): Promise<ShownKey> {
  const { secret, publicKey } = makeKey(kind);
  const kept = { endpointNo: endpoint.no, provider: endpoint.provider, kind, sealed: vault.encrypt(secret), publicKey };
  await insertSecret(tx, tenantId, { ...kept, createdAt: now() }, othersUntil);
  return { kind, key: publicKey ?? secret };
}

/**
 * Makes an endpoint, to which nothing is sent before a ping has reached it. The key is shown once. Throws where its
 * address is not public, as far as its name says today: it is checked again whenever something is sent.
 */
export async function createEndpoint(
  needs: EndpointNeeds,
  actor: Actor,
  { provider, url, key: kind, ...filter }: EndpointFilter & { provider: string; url: string; key: KeyKind },
): Promise<{ endpoint: Endpoint; key: ShownKey }> {
  permit(actor, "endpoints:write");
  const { database, now, config } = needs;
  const { tenantId } = actor;
  await checkProvider(database, actor, provider);
  const values = checkedFilter(actor, filter);
  await using poster = posterOf(config.webhooks);
  const refusal = await poster.refusal(url);
  if (refusal !== null)
    throw new EndpointRefused(`The address cannot be used: ${refusals[refusal] ?? refusal}.`, { refusal });
  const others = await selectEndpoints(database, tenantId, { provider });
  if (others.filter(({ state }) => state !== "disabled").length >= ENDPOINTS_MAX) {
    throw new EndpointConflict(`A provider has at most ${ENDPOINTS_MAX} endpoints that are not disabled.`);
  }
  const id = `ep_${randomBytes(12).toString("base64url")}`;
  const key = await database.transaction(async (tx) => {
    const made = { id, provider, url: new URL(url).href, ...values, state: "unverified" };
    const no = await insertEndpoint(tx, tenantId, { ...made, createdAt: now(), createdBy: actor.id });
    return addKey(tx, needs, tenantId, { no, provider }, kind, now());
  });
  return { endpoint: await showEndpoint(needs, { ...actor, permissions: new Set(["endpoints:read"]) }, id), key };
}

/** Changes what an endpoint is sent from now on. */
export async function changeEndpoint(
  needs: EndpointNeeds,
  actor: Actor,
  { id, ...filter }: EndpointFilter & { id: string },
): Promise<void> {
  permit(actor, "endpoints:write");
  const { no } = await find(needs, actor, id);
  await updateEndpoint(needs.database, actor.tenantId, no, checkedFilter(actor, filter));
}

/** Gives an endpoint another key; the ones before it sign as well until `overlapMs` has passed. */
export async function rotateKey(
  needs: EndpointNeeds,
  actor: Actor,
  { id, key: kind, overlapMs = 24 * HOUR }: { id: string; key: KeyKind; overlapMs?: number },
): Promise<ShownKey> {
  permit(actor, "endpoints:write");
  const endpoint = await find(needs, actor, id);
  const until = needs.now() + overlapMs;
  return needs.database.transaction((tx) => addKey(tx, needs, actor.tenantId, endpoint, kind, until));
}

/** Keeps what is to be sent until the endpoint is resumed. */
export async function pauseEndpoint(needs: EndpointNeeds, actor: Actor, id: string): Promise<void> {
  permit(actor, "endpoints:write");
  const { no, state } = await find(needs, actor, id);
  if (state !== "active")
    throw new EndpointConflict(`The endpoint is ${state}: only an active one is paused.`, { state });
  await updateEndpoint(needs.database, actor.tenantId, no, { state: "paused" });
}

/** Sends on, beginning with what has waited. */
export async function resumeEndpoint(needs: EndpointNeeds, actor: Actor, id: string): Promise<void> {
  permit(actor, "endpoints:write");
  const { no, state } = await find(needs, actor, id);
  if (state !== "paused")
    throw new EndpointConflict(`The endpoint is ${state}: only a paused one is resumed.`, { state });
  // Nobody has tried while it was paused: it has its days again.
  const fresh = { failures: 0, failingSince: null, noticed: 0, openUntil: null };
  await updateEndpoint(needs.database, actor.tenantId, no, { ...fresh, state: "active" });
}

/** Ends an endpoint by hand; what waits for it is listed as failed. A ping makes it active again. */
export async function endEndpoint(needs: EndpointNeeds, actor: Actor, id: string): Promise<void> {
  permit(actor, "endpoints:write");
  const { no } = await find(needs, actor, id);
  await disableEndpoint(needs.database, actor.tenantId, no, "by-hand", needs.now());
}

/** How a receiver answered, as it is shown. */
export interface ShownAnswer {
  status: number | null;
  /** Null: it has taken the message. */
  error: string | null;
  ms: number;
}

/** Sends one event at once, once, and writes down what became of it. */
async function sendNow(
  { database, vault, now, config }: EndpointNeeds,
  tenantId: string,
  endpoint: StoredEndpoint,
  event: { type: EventType; subjectKind: string; subject: string; changes: readonly string[]; test: boolean },
): Promise<ShownAnswer> {
  const at = now();
  const { no: endpointNo, provider, url } = endpoint;
  const made = { ...newEvent({ ...event, at, provider, units: [], endpointNo }), ...event };
  const secrets = await selectSecrets(database, tenantId, [endpointNo], at);
  const writer = writerFor(vault, tenantId);
  const body = writer.body(endpointNo, made);
  await using poster = posterOf(config.webhooks);
  const answer: Answer = await poster.post(url, writer.headers(secrets, made.id, at, body), body);
  const { status, error, ms } = answer;
  const kept = answer.answer.length === 0 ? null : vault.encrypt(answer.answer);
  await database.transaction(async (tx) => {
    await insertEvents(tx.client, tenantId, [made]);
    await writeDirect(tx, tenantId, made.id, { endpointNo, provider, at, status, ms, error, answer: kept });
  });
  return { status, error, ms };
}

/** Tries to reach an endpoint. One that is not verified, or disabled, is active when that goes well. */
export async function pingEndpoint(needs: EndpointNeeds, actor: Actor, id: string): Promise<ShownAnswer> {
  permit(actor, "endpoints:write");
  const endpoint = await find(needs, actor, id);
  const ping = { type: "endpoint.ping", subjectKind: "endpoint", subject: id, changes: [], test: false } as const;
  const answer = await sendNow(needs, actor.tenantId, endpoint, ping);
  if (answer.error === null && (endpoint.state === "unverified" || endpoint.state === "disabled")) {
    const { no } = endpoint;
    const fresh = { failures: 0, failingSince: null, noticed: 0, openUntil: null, askedUntil: null, disabledWhy: null };
    await updateEndpoint(needs.database, actor.tenantId, no, { ...fresh, state: "active", verifiedAt: needs.now() });
  }
  return answer;
}

/** Sends an endpoint an event that says of itself that it is a test. */
export async function sendTestEvent(
  needs: EndpointNeeds,
  actor: Actor,
  { id, type }: { id: string; type: EventType },
): Promise<ShownAnswer> {
  permit(actor, "endpoints:write");
  const endpoint = await find(needs, actor, id);
  const subjects: Record<EventType, { subjectKind: string; subject: string }> = {
    "order.created": { subjectKind: "order", subject: "0" },
    "order.changed": { subjectKind: "order", subject: "0" },
    "order.ended": { subjectKind: "order", subject: "0" },
    "order.cancelled": { subjectKind: "order", subject: "0" },
    "client.status-changed": { subjectKind: "client", subject: "0" },
    "finding.explanation-requested": { subjectKind: "case", subject: "0000-00000" },
    "case.decided": { subjectKind: "case", subject: "0000-00000" },
    "settlement.ready": { subjectKind: "settlement", subject: "2000-01" },
    "endpoint.ping": { subjectKind: "endpoint", subject: id },
  };
  const event = { type, ...subjects[type], changes: type === "order.changed" ? ["lines"] : [], test: true };
  return sendNow(needs, actor.tenantId, endpoint, event);
}

/** Which deliveries are meant: of events that happened from `from` on and before `until`. */
export interface DeliveryChoice {
  from?: Instant | undefined;
  until?: Instant | undefined;
  states?: ReadonlyArray<"waiting" | "delivered" | "failed"> | undefined;
  types?: readonly EventType[] | undefined;
  /** evt_… */
  event?: string | undefined;
}

const selectionOf = (endpointNo: number, { event, ...choice }: DeliveryChoice) => ({
  endpointNo,
  id: event,
  ...choice,
});

/** A delivery with each attempt. */
export interface LoggedDelivery extends ListedDelivery {
  log: Array<ShownAnswer & { at: Instant; /** The beginning of what the receiver answered. */ answer: string }>;
}

/** What was sent to an endpoint, or is to be: the newest event first, and how many there are in all. */
export async function listDeliveries(
  { database, vault }: Pick<EndpointNeeds, "database" | "vault">,
  actor: Actor,
  { id, before, limit, ...choice }: DeliveryChoice & { id: string; before?: number | undefined; limit: number },
): Promise<{ deliveries: LoggedDelivery[]; counts: Record<"waiting" | "delivered" | "failed", number> }> {
  permit(actor, "endpoints:read");
  const { no } = await find({ database }, actor, id);
  const selection = selectionOf(no, choice);
  const deliveries = await selectDeliveries(database, actor.tenantId, selection, { before, limit });
  const eventNos = deliveries.map(({ eventNo }) => eventNo);
  const attempts = await selectAttempts(database, actor.tenantId, { endpointNo: no, eventNos });
  return {
    deliveries: deliveries.map((delivery) => ({
      ...delivery,
      log: attempts
        .filter(({ eventNo }) => eventNo === delivery.eventNo)
        .map(({ at, status, error, ms, answer }) => ({
          at,
          status,
          error,
          ms,
          answer: answer === null ? "" : vault.decrypt(answer).toString("utf8"),
        })),
    })),
    counts: await countDeliveries(database, actor.tenantId, selection),
  };
}

/**
 * Sends deliveries again, also those that were delivered: from a moment on, or one event. `missed`: and what was never
 * to be sent here, as what happened before there was the endpoint; what the filter holds back stays back. Gives how many.
 */
export async function resendDeliveries(
  needs: EndpointNeeds,
  actor: Actor,
  { id, missed = false, ...choice }: DeliveryChoice & { id: string; missed?: boolean | undefined },
): Promise<number> {
  permit(actor, "endpoints:write");
  if (choice.from === undefined && (missed || choice.event === undefined)) {
    throw new EndpointRefused(`Say from when on${missed ? "" : ", or which event"}.`);
  }
  const { no, state } = await find(needs, actor, id);
  if (state === "unverified" || state === "disabled") {
    throw new EndpointConflict(`The endpoint is ${state}: a ping makes it active, where it is reached.`, { state });
  }
  return replayDeliveries(needs.database, actor.tenantId, selectionOf(no, choice), { at: needs.now(), missed });
}

/** Where a provider without an endpoint is told by e-mail that something waits; null: nowhere. */
export async function changeMailbox(
  { database, now }: Pick<EndpointNeeds, "database" | "now">,
  actor: Actor,
  { provider, email }: { provider: string; email: string | null },
): Promise<void> {
  permit(actor, "endpoints:write");
  await checkProvider(database, actor, provider);
  if (actor.scope.units !== null) throw new EndpointRefused("The address is for all of the provider's units.");
  if (email !== null && !/^[^\s@<>,;"]+@[^\s@<>,;"]+\.[^\s@<>,;"]+$/.test(email)) {
    throw new EndpointRefused("That is no e-mail address.");
  }
  await setMailbox(database, actor.tenantId, { provider, email, at: now(), by: actor.id });
}

export async function listMailboxes(
  { database }: Pick<EndpointNeeds, "database">,
  actor: Actor,
): Promise<Array<{ provider: string; email: string }>> {
  permit(actor, "endpoints:read");
  return (await selectMailboxes(database, actor.tenantId)).filter(({ provider }) => seesProvider(actor, provider));
}
