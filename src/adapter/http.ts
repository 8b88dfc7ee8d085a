import { setTimeout as wait } from "node:timers/promises";
import { Agent, request as send } from "undici";
import type { z } from "zod";
import { AppError } from "#errors";

export interface HttpAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

export interface RequestOptions {
  method?: "GET" | "POST" | "DELETE";
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Answers that are handed to the caller instead of being thrown, e.g. [204, 404]. */
  accept?: readonly number[];
}

/** What an adapter may do on the network: time limit, back-off, rate limit and redaction are inside. */
export interface HttpClient {
  /**
   * Resolves `path` below the source's base URL; a whole URL is taken only where it is on the same host.
   * Throws UpstreamError when all retries are used up, UnauthorizedError on 401 and 403.
   */
  request(path: string, options?: RequestOptions): Promise<HttpAnswer>;
  /** An answer without content, or one of `accept` that is no success, is handed to the schema as null. */
  getJson<Schema extends z.ZodType>(path: string, schema: Schema, options?: RequestOptions): Promise<z.infer<Schema>>;
  /** The body as it arrives, for large documents. Retried until the first byte, not after it. */
  stream(path: string, options?: RequestOptions): Promise<AsyncIterable<Buffer>>;
}

/** A client that owns connections: close it when the source is done. */
export interface OpenHttpClient extends HttpClient, AsyncDisposable {
  close(): Promise<void>;
}

export interface HttpSettings {
  baseUrl: string;
  /** One attempt with its body; for a stream the time between two pieces. */
  timeoutMs?: number;
  /** Attempts after the first. */
  retriesMax?: number;
  ratePerSecond?: number;
  responseBytesMax?: number;
  /** The same for a stream, which is not held in memory. */
  streamBytesMax?: number;
  /** A source that asks for a longer pause (`Retry-After`) is not asked again in this run. */
  retryAfterMaxMs?: number;
  /** PEM. Replaces the certificate authorities that Node trusts by itself. */
  ca?: string | Buffer;
  /** PEM of the client certificate and its key. */
  cert?: string | Buffer;
  key?: string | Buffer;
  /** Added to every query; the query is never shown. */
  secretQuery?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  now?: () => number;
  sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** 0 ≤ random < 1 */
  random?: () => number;
}

// 10 or 12 digits with or without sign, and reserve numbers whose last four have letters.
const identityNumber = /(?<![0-9A-Za-z])(?:\d{2})?\d{6}[-+ ]?[0-9A-Za-z]{2}\d{2}(?![0-9A-Za-z])/g;

/** The path as it may be shown: a personal identity number in it is masked. */
function shownPath(url: URL): string {
  let path = url.pathname;
  try {
    path = decodeURIComponent(path);
  } catch {
    // Shown as it is written.
  }
  return path.replace(identityNumber, "…").slice(0, 300);
}

/** A care system did not answer, or answered with something its documentation does not describe. */
export class UpstreamError extends AppError {
  readonly code: string = "adapter.upstream";
  readonly kind = "unavailable";
  /** The HTTP status, where there was an answer. */
  readonly status: number | null;

  constructor(url: URL, what: string, status: number | null = null) {
    // Without the query, where care systems put keys and personal identity numbers, without the body, and without the
    // cause, whose message may quote either.
    super(`${url.host} ${what}: ${shownPath(url)}`, { host: url.host, path: shownPath(url), status });
    this.status = status;
  }
}

/** 401 or 403: the key is wrong, or does not cover this resource. */
export class UnauthorizedError extends UpstreamError {
  override readonly code: string = "adapter.unauthorized";
}

/** Why an attempt failed, and when another may be made. */
interface Failure {
  error: UpstreamError;
  retry: boolean;
  /** Milliseconds that the source asked us to wait. */
  retryAfterMs?: number;
}

interface Opened {
  status: number;
  headers: Headers;
  body: AsyncIterable<Buffer> & { dump(): Promise<void> };
  url: URL;
}

const backoffBaseMs = 500;
const backoffMaxMs = 30_000;
const redirectsMax = 5;
const retriedStatus = (status: number) => status === 408 || status === 425 || status === 429 || status >= 500;
const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status);

/** Seconds or an HTTP date, as milliseconds from now; undefined where it is neither. */
function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** What happened to a connection, by its code alone: messages of sockets and TLS quote what they were given. */
function networkFailure(error: unknown): string {
  const codes = [error, (error as { cause?: unknown } | null)?.cause].map(
    (one) => (one as { code?: unknown } | null | undefined)?.code,
  );
  const code = codes.find((one): one is string => typeof one === "string" && /^[A-Z][A-Z0-9_]{1,60}$/.test(one));
  switch (code) {
    case undefined:
      return "failed on the network";
    case "ECONNREFUSED":
      return "refused the connection";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `is not known by the name server (${code})`;
    case "UND_ERR_SOCKET":
    case "ECONNRESET":
    case "EPIPE":
      return `cut the connection (${code})`;
    default:
      return `could not be reached (${code})`;
  }
}

const isTimeout = (error: unknown) =>
  ["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "UND_ERR_CONNECT_TIMEOUT"].includes(
    String((error as { code?: unknown } | null)?.code),
  );

/**
 * A client for one source. Every request passes the rate limit; a pause that the source asks for holds all of them.
 * Requests that change nothing when repeated (GET, DELETE) are retried with full jitter.
 */
export function openHttp(settings: HttpSettings): OpenHttpClient {
  const {
    timeoutMs = 30_000,
    retriesMax = 5,
    ratePerSecond = 20,
    responseBytesMax = 64 * 1024 * 1024,
    streamBytesMax = 2 * 1024 * 1024 * 1024,
    retryAfterMaxMs = 120_000,
    secretQuery = {},
    signal,
    now = Date.now,
    sleep = async (ms, aborted) => wait(ms, undefined, aborted === undefined ? {} : { signal: aborted }),
    random = Math.random,
  } = settings;
  const base = new URL(settings.baseUrl);
  const tls = {
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    ...(settings.cert === undefined ? {} : { cert: settings.cert }),
    ...(settings.key === undefined ? {} : { key: settings.key }),
  };
  const dispatcher = new Agent({
    connect: { timeout: timeoutMs, ...tls },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connections: 8,
  });

  let nextSlot = 0;
  /** Waits for a place in the rate limit. */
  async function slot(): Promise<void> {
    const at = Math.max(now(), nextSlot);
    nextSlot = at + 1000 / ratePerSecond;
    if (at > now()) await sleep(at - now(), signal);
  }

  function resolve(path: string, query: Readonly<Record<string, string>> = {}): URL {
    const whole = /^https?:\/\//i.test(path);
    const url = whole ? new URL(path) : new URL(base.origin);
    if (url.origin !== base.origin) throw new UpstreamError(base, `named a document on another host (${url.host})`);
    if (!whole) {
      const [name = "", search] = path.split("?", 2);
      url.pathname = `${base.pathname.replace(/\/$/, "")}/${name.replace(/^\//, "")}`;
      if (search !== undefined) url.search = search;
    }
    for (const [name, value] of Object.entries({ ...query, ...secretQuery })) url.searchParams.set(name, value);
    return url;
  }

  /** One attempt up to the headers of the answer, following redirects on the same host. */
  async function open(from: URL, options: RequestOptions, limit: AbortSignal | undefined): Promise<Opened> {
    const method = options.method ?? "GET";
    let url = from;
    for (let hop = 0; ; hop++) {
      const answer = await send(url, {
        method,
        headers: { ...settings.headers, ...options.headers },
        body: options.body ?? null,
        dispatcher,
        signal: limit ?? null,
      });
      const headers = new Headers();
      for (const [name, value] of Object.entries(answer.headers)) {
        for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
      }
      const opened = { status: answer.statusCode, headers, body: answer.body as Opened["body"], url };
      const location = headers.get("location");
      if (!isRedirect(answer.statusCode) || location === null) return opened;
      await answer.body.dump();
      const next = URL.parse(location, url.href);
      if (method !== "GET" || hop === redirectsMax || next === null || next.origin !== base.origin) {
        const what = next !== null && next.origin !== base.origin ? "redirected to another host" : "redirected";
        throw new UpstreamError(url, `${what}, which is not followed (${answer.statusCode})`, answer.statusCode);
      }
      for (const [name, value] of Object.entries(secretQuery)) next.searchParams.set(name, value);
      url = next;
    }
  }

  /** The answer where it is one to hand out; else why not. */
  async function judge(opened: Opened, options: RequestOptions): Promise<Failure | null> {
    const { status, headers, body, url } = opened;
    if ((status >= 200 && status < 300) || options.accept?.includes(status)) return null;
    await body.dump();
    if (status === 401 || status === 403) {
      return { error: new UnauthorizedError(url, `refused access (${status})`, status), retry: false };
    }
    const retryAfterMs = retryAfter(headers.get("retry-after"), now());
    const tooLong = retryAfterMs !== undefined && retryAfterMs > retryAfterMaxMs;
    const asks = tooLong ? ` and asks for a pause of ${Math.round(retryAfterMs / 1000)} s` : "";
    return {
      error: new UpstreamError(url, `answered ${status}${asks}`, status),
      retry: retriedStatus(status) && !tooLong,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }

  function failureOf(error: unknown, url: URL, limit: AbortSignal | undefined): Failure {
    if (error instanceof UpstreamError) return { error, retry: false };
    const late = isTimeout(error) || (limit?.aborted ?? false);
    const what = late ? `did not answer within ${timeoutMs} ms` : networkFailure(error);
    return { error: new UpstreamError(url, what), retry: true };
  }

  /** Tries until `attempt` has a result, a failure is final, or the retries are used up. */
  async function withRetries<Result>(
    options: RequestOptions,
    attempt: () => Promise<{ result: Result } | Failure>,
  ): Promise<Result> {
    const tries = (options.method ?? "GET") === "POST" ? 1 : retriesMax + 1;
    for (let made = 1; ; made++) {
      signal?.throwIfAborted();
      await slot();
      const outcome = await attempt();
      if ("result" in outcome) return outcome.result;
      signal?.throwIfAborted();
      if (!outcome.retry || made >= tries) throw outcome.error;
      const jitter = random() * Math.min(backoffMaxMs, backoffBaseMs * 2 ** (made - 1));
      // A pause that the source asks for holds every request of this client; our own back-off only this one.
      if (outcome.retryAfterMs === undefined) await sleep(jitter, signal);
      else nextSlot = Math.max(nextSlot, now() + outcome.retryAfterMs + jitter);
    }
  }

  /** Passes on the body until it is larger than allowed. */
  async function* limited(opened: Opened, bytesMax: number): AsyncGenerator<Buffer, void, undefined> {
    const { url, headers, body } = opened;
    const tooLarge = () => new UpstreamError(url, `sent more than ${bytesMax} bytes`, opened.status);
    if (Number(headers.get("content-length") ?? 0) > bytesMax) {
      await body.dump();
      throw tooLarge();
    }
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge();
      yield chunk;
    }
  }

  async function request(path: string, options: RequestOptions = {}): Promise<HttpAnswer> {
    const url = resolve(path, options.query);
    return withRetries(options, async () => {
      const time = AbortSignal.timeout(timeoutMs);
      const limit = signal === undefined ? time : AbortSignal.any([signal, time]);
      try {
        const opened = await open(url, options, limit);
        const failure = await judge(opened, options);
        if (failure !== null) return failure;
        const chunks: Buffer[] = [];
        for await (const chunk of limited(opened, responseBytesMax)) chunks.push(chunk);
        return { result: { status: opened.status, headers: opened.headers, body: Buffer.concat(chunks) } };
      } catch (error) {
        return failureOf(error, url, time);
      }
    });
  }

  async function getJson<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    options: RequestOptions = {},
  ): Promise<z.infer<Schema>> {
    const answer = await request(path, { ...options, headers: { Accept: "application/json", ...options.headers } });
    const url = resolve(path);
    let value: unknown = null;
    if (answer.status < 300 && answer.body.length > 0) {
      try {
        value = JSON.parse(new TextDecoder("utf-8").decode(answer.body));
      } catch {
        throw new UpstreamError(url, "answered with something that is not JSON", answer.status);
      }
    }
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    const [issue] = checked.error.issues;
    const place = (issue?.path ?? []).map(String).filter((step) => /^[\w.-]{1,40}$/.test(step));
    const where = place.length === 0 ? "the document" : place.join(".");
    throw new UpstreamError(
      url,
      `answered with JSON that does not fit (${where}: ${issue?.code ?? "invalid"})`,
      answer.status,
    );
  }

  async function stream(path: string, options: RequestOptions = {}): Promise<AsyncIterable<Buffer>> {
    const url = resolve(path, options.query);
    // The time limit of a stream is between its pieces (headersTimeout, bodyTimeout): a large file may take long.
    const opened = await withRetries<Opened>(options, async () => {
      try {
        const attempt = await open(url, options, signal);
        const failure = await judge(attempt, options);
        return failure ?? { result: attempt };
      } catch (error) {
        return failureOf(error, url, undefined);
      }
    });
    async function* pieces(): AsyncGenerator<Buffer, void, undefined> {
      try {
        yield* limited(opened, streamBytesMax);
      } catch (error) {
        signal?.throwIfAborted();
        throw failureOf(error, url, undefined).error;
      }
    }
    return pieces();
  }

  const close = () => dispatcher.destroy();
  return { request, getJson, stream, close, [Symbol.asyncDispose]: close };
}
