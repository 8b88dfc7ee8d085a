import type { Instant } from "#model";
import {
  type Attempt,
  claimDue,
  type Database,
  disableEndpoint,
  type DueDelivery,
  type EndpointOutcome,
  listenForEvents,
  raiseNotice,
  releaseDue,
  selectEndpoints,
  selectSecrets,
  spreadEvents,
  type StoredEndpoint,
  type StoredSecret,
  type Vault,
  writeAttempts,
} from "#store";
import { type Answer, askedPause, BREAKER_FAILURES, breakerPause, noticeAt, retryAt, TRIED_MS } from "#webhook";
import { announceChanges } from "./announce.ts";
import { posterOf, type WebhookSettings, writerFor } from "./sending.ts";

export interface DeliverNeeds {
  database: Database;
  vault: Vault;
  tenantId: string;
  now: () => Instant;
  config: { webhooks: WebhookSettings };
  log: { error: (facts: object, message: string) => void };
}

/** Messages under way to one endpoint at once. */
const SENDING_MAX = 8;
/** Leased for an endpoint that answers, so that it does not wait for the database between two messages. */
const LEASED_MAX = 32;
/** Messages under way at once to all. */
const TOTAL_MAX = 64;
const FLUSH_MS = 20;
const FLUSH_MANY = 100;
/** After what was done could not be written. */
const FLUSH_AGAIN_MS = 1000;

/** An endpoint that nothing of what was tried for days has reached, and how far it has come on its way to being disabled. */
export interface EndpointNotice {
  provider: string;
  /** ep_… */
  id: string;
  /** 50, 70, 90, or 100: it is disabled now. */
  percent: number;
  /** gone: it answered 410; failing: nothing reaches it. */
  why: "gone" | "failing";
}

/** Brings events to endpoints; all processes of a municipality may do so at once. */
export interface Delivery extends AsyncDisposable {
  /** Looks what has changed, and sends what is due as far as there is room. True where there may be more to send at once. */
  tick: () => Promise<boolean>;
  /** Disables endpoints that nothing has reached for days, and tells of those on the way there, until `tell` says that it has. */
  notices: (tell: (notice: EndpointNotice) => Promise<boolean>) => Promise<void>;
}

/** What is under way to one endpoint. */
interface Lane {
  endpoint: StoredEndpoint;
  secrets: readonly StoredSecret[];
  queue: DueDelivery[];
  sending: number;
  /** Its queue was given back: nothing of it is tried until the failure is written. */
  failed: boolean;
}

interface Done {
  lane: Lane;
  attempt: Attempt;
  answer: Answer;
  askedMs: number | null;
}

/** Opens the connections to receivers. `wake` is called when there is something new, or room again. */
export async function openDelivery(
  { database, vault, tenantId, now, config, log }: DeliverNeeds,
  wake: () => void = () => undefined,
  random: () => number = Math.random,
): Promise<Delivery> {
  await using opening = new AsyncDisposableStack();
  const poster = opening.use(posterOf(config.webhooks));
  opening.use(await listenForEvents(database, tenantId, wake));
  const writer = writerFor(vault, tenantId);
  const leaseMs = config.webhooks.timeoutSeconds * 1000 * (1 + LEASED_MAX / SENDING_MAX) + 1000;
  const lanes = new Map<number, Lane>();
  const working = new Set<Promise<void>>();
  const done: Done[] = [];
  let sending = 0;
  /** Which lane is next. */
  let turn = 0;
  let flushing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;
  const closing = new AbortController();

  async function post({ endpoint, secrets }: Lane, delivery: DueDelivery, at: Instant): Promise<Answer> {
    try {
      const body = writer.body(endpoint.no, delivery);
      return await poster.post(endpoint.url, writer.headers(secrets, delivery.id, at, body), body);
    } catch (error) {
      // As with a key that cannot be read any more. An attempt all the same: it is listed, and comes to an end.
      log.error({ error, endpoint: endpoint.id, event: delivery.id }, "message not made");
      return { status: null, error: "internal", retryAfter: undefined, answer: Buffer.alloc(0), ms: 0 };
    }
  }

  async function send(lane: Lane, delivery: DueDelivery): Promise<void> {
    const at = now();
    const { endpointNo, eventNo, provider, attempts, since } = delivery;
    const answer = await post(lane, delivery, at);
    const { status, ms, error } = answer;
    const finished = now();
    const asks = status === 429 || status === 503;
    const askedMs = asks ? askedPause(answer.retryAfter, finished) : null;
    const nextAt = error === null ? null : retryAt({ attempts, since, at: finished, askedMs }, random);
    const kept = answer.answer.length === 0 ? null : vault.encrypt(answer.answer);
    const attempt = { endpointNo, eventNo, provider, at, status, ms, error, answer: kept, nextAt };
    if (error !== null) lane.failed = true;
    done.push({ lane, attempt, answer, askedMs });
  }

  /** Begins what there is room for: one message of each lane in turn, from where it stopped the last time. */
  function start(): void {
    const all = [...lanes.values()];
    for (let idle = 0; idle < all.length && sending < TOTAL_MAX; turn++) {
      idle = startOne(all[turn % all.length]!) ? 0 : idle + 1;
    }
  }

  function startOne(lane: Lane): boolean {
    // A lane leaves as many places free as it has, so that those that are slow do not fill all.
    const most = Math.min(SENDING_MAX, Math.max(1, TOTAL_MAX - sending));
    if (closing.signal.aborted || lane.failed || lane.sending >= most) return false;
    const delivery = lane.queue.shift();
    if (delivery === undefined) return false;
    lane.sending++;
    sending++;
    const work = send(lane, delivery).finally(() => {
      lane.sending--;
      sending--;
      working.delete(work);
      start();
      flushSoon(done.length >= FLUSH_MANY ? 0 : FLUSH_MS);
    });
    working.add(work);
    work.catch(() => undefined);
    return true;
  }

  function flushSoon(ms: number): void {
    if (ms === 0 && timer !== null) {
      clearTimeout(timer);
      timer = null;
    }
    timer ??= setTimeout(() => {
      timer = null;
      flush().then(wake, (error: unknown) => {
        log.error({ error }, "what was sent is not written");
        if (!closing.signal.aborted) flushSoon(FLUSH_AGAIN_MS);
      });
    }, ms);
  }

  /** Writes what was done since the last time; one after the other. */
  function flush(): Promise<void> {
    flushing = flushing.catch(() => undefined).then(writeDone);
    return flushing;
  }

  async function writeDone(): Promise<void> {
    const some = [...done];
    const failed = [...lanes.values()].filter(({ failed: stopped }) => stopped);
    const outcomes = [...Map.groupBy(some, ({ lane }) => lane)].map(([lane, of]) => outcomeOf(lane, of, random));
    await writeAttempts(
      database,
      tenantId,
      some.map(({ attempt }) => attempt),
      outcomes,
      TRIED_MS,
    );
    done.splice(0, some.length);
    // As it is written, for what ends before the endpoint is read again.
    for (const { endpointNo, failures, succeeded } of outcomes) {
      const lane = lanes.get(endpointNo);
      if (lane !== undefined) {
        lane.endpoint = { ...lane.endpoint, failures: failures + (succeeded ? 0 : lane.endpoint.failures) };
      }
    }
    for (const lane of failed) {
      const back = [...lane.queue];
      await releaseDue(database, tenantId, back);
      lane.queue.splice(0, back.length);
      lane.failed = false;
    }
  }

  async function claim(): Promise<boolean> {
    const endpoints = await selectEndpoints(database, tenantId);
    const rooms = endpoints.flatMap((endpoint) => {
      const { no: endpointNo, state, failures } = endpoint;
      const lane = lanes.get(endpointNo);
      if (lane !== undefined) lane.endpoint = endpoint;
      const under = lane === undefined ? 0 : lane.sending + lane.queue.length;
      const room = (failures === 0 ? LEASED_MAX : SENDING_MAX) - under;
      // What was sent and is not written yet would be asked for again.
      return state === "active" && room > 0 && lane?.failed !== true ? [{ endpointNo, room }] : [];
    });
    const due = await claimDue(database, tenantId, { at: now(), leaseMs, rooms, probeAfter: BREAKER_FAILURES });
    const byEndpoint = Map.groupBy(due, ({ endpointNo }) => endpointNo);
    const secrets = await selectSecrets(database, tenantId, [...byEndpoint.keys()], now());
    for (const [endpointNo, deliveries] of byEndpoint) {
      const endpoint = endpoints.find(({ no }) => no === endpointNo)!;
      const own = secrets.filter((secret) => secret.endpointNo === endpointNo);
      const lane = lanes.get(endpointNo) ?? { endpoint, secrets: own, queue: [], sending: 0, failed: false };
      lane.secrets = own;
      lane.queue.push(...deliveries);
      lanes.set(endpointNo, lane);
    }
    start();
    return due.length > 0;
  }

  opening.defer(() =>
    releaseDue(
      database,
      tenantId,
      [...lanes.values()].flatMap(({ queue }) => queue),
    ),
  );
  opening.defer(async () => {
    closing.abort();
    if (timer !== null) clearTimeout(timer);
    timer = null;
    await Promise.allSettled(working);
    if (timer !== null) clearTimeout(timer);
    await flush();
  });
  const opened = opening.move();
  return {
    async tick() {
      await announceChanges({ database, now }, tenantId);
      while ((await spreadEvents(database, tenantId, now(), 1000)) > 0);
      return claim();
    },
    async notices(tell) {
      for (const endpoint of await selectEndpoints(database, tenantId)) {
        const { no, id, provider, state, failingSince, failedAt, disabledWhy, noticed } = endpoint;
        let percent = state === "disabled" ? 100 : 0;
        // Where nobody has tried of late, the time says nothing about the receiver.
        if (state === "active" && failingSince !== null && failedAt !== null && now() - failedAt <= TRIED_MS) {
          percent = noticeAt(failingSince, now());
          if (percent === 100 && !(await disableEndpoint(database, tenantId, no, "failing", now()))) continue;
        }
        if (percent <= noticed) continue;
        const why = state === "disabled" && disabledWhy === "gone" ? "gone" : "failing";
        if (await tell({ provider, id, percent, why })) {
          await raiseNotice(database, tenantId, { no, notice: percent, failingSince });
        }
      }
    },
    // Everything is closed, also where some of it does not go well.
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What attempts to one endpoint, in the order in which they ended, mean for it. */
function outcomeOf({ endpoint }: Lane, attempts: readonly Done[], random: () => number): EndpointOutcome {
  let failures = 0;
  let failingSince: Instant | null = null;
  let succeeded = false;
  let openUntil: Instant | null = null;
  let askedUntil: Instant | null = null;
  let failedAt: Instant | null = null;
  for (const { attempt, askedMs } of attempts) {
    const ended = attempt.at + attempt.ms;
    if (askedMs !== null) askedUntil = Math.max(askedUntil ?? 0, ended + askedMs);
    if (attempt.error === null) {
      [failures, failingSince, succeeded, openUntil] = [0, null, true, null];
      continue;
    }
    failures++;
    failingSince ??= attempt.at;
    failedAt = attempt.at;
    const pause = breakerPause(failures + (succeeded ? 0 : endpoint.failures), random);
    if (pause !== null) openUntil = ended + pause;
  }
  const gone = attempts.some(({ answer }) => answer.status === 410);
  return { endpointNo: endpoint.no, failures, failingSince, failedAt, succeeded, openUntil, askedUntil, gone };
}
