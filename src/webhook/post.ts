import { lookup as resolve, type LookupAddress } from "node:dns";
import { readFileSync } from "node:fs";
import type { BlockList, LookupFunction } from "node:net";
import { getCACertificates } from "node:tls";
import { Agent, request } from "undici";
import { addressOf, reachable, urlProblem } from "./address.ts";

/** What went wrong with an attempt, as it is kept: a code, and nothing that a receiver wrote; internal: nothing was sent. */
export type PostError =
  | "internal"
  | "address"
  | "dns"
  | "refused"
  | "timeout"
  | "tls"
  | "reset"
  | "garbage"
  | "redirect"
  | "status";

/** How a receiver answered. */
export interface Answer {
  /** Null: not at all. */
  status: number | null;
  /** Null: it has taken the message. */
  error: PostError | null;
  retryAfter: string | undefined;
  /** The beginning of the body. */
  answer: Buffer;
  ms: number;
}

const ANSWER_MAX = 1024;

/** The name leads to an address that may not be reached. */
class AddressForbidden extends Error {
  readonly code = "KLARSYN_ADDRESS";
}

export interface PosterOptions {
  /** File of certificate authorities in PEM, beside those that Node trusts by itself. */
  caFile?: string | undefined;
  allowed: BlockList;
  timeoutMs: number;
  /** All addresses of a name. */
  lookup?: (hostname: string) => Promise<LookupAddress[]>;
}

export interface Poster extends AsyncDisposable {
  /** Sends one message, and throws nothing. Follows no redirect. */
  post: (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<Answer>;
  /** Why a URL may not be an endpoint; null where it may, as far as its name says today. */
  refusal: (url: string) => Promise<string | null>;
}

const resolveAll = (hostname: string): Promise<LookupAddress[]> =>
  new Promise((done, failed) => {
    resolve(hostname, { all: true }, (error, addresses) => (error === null ? done(addresses) : failed(error)));
  });

/** Opens the connections that messages go out on. */
export function openPoster({ caFile, allowed, timeoutMs, lookup = resolveAll }: PosterOptions): Poster {
  // A name may lead elsewhere each time it is asked: what is checked is what is connected to.
  const checked = async (hostname: string): Promise<LookupAddress[]> => {
    const addresses = await lookup(hostname);
    if (addresses.length === 0 || !addresses.every(({ address }) => reachable(address, allowed))) {
      throw new AddressForbidden("The name leads to an address that may not be reached.");
    }
    return addresses;
  };
  const answerLookup = async (...[hostname, options, callback]: Parameters<LookupFunction>): Promise<void> => {
    let addresses: LookupAddress[];
    try {
      addresses = await checked(hostname);
    } catch (error) {
      callback(error as NodeJS.ErrnoException, "");
      return;
    }
    if (options.all === true) callback(null, addresses);
    else callback(null, addresses[0]?.address ?? "", addresses[0]?.family);
  };
  const connectLookup: LookupFunction = (...asked) => void answerLookup(...asked);
  const agent = new Agent({
    connections: 16,
    maxHeaderSize: 16 * 1024,
    keepAliveTimeout: 10_000,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: {
      lookup: connectLookup,
      timeout: timeoutMs,
      ...(caFile === undefined ? {} : { ca: [...getCACertificates("default"), readFileSync(caFile, "utf8")] }),
    },
  });
  return {
    async post(url, headers, body) {
      const begun = performance.now();
      const done = (rest: Partial<Answer>): Answer => ({
        status: null,
        error: null,
        retryAfter: undefined,
        answer: Buffer.alloc(0),
        ...rest,
        ms: Math.round(performance.now() - begun),
      });
      const host = URL.canParse(url) ? addressOf(new URL(url).hostname) : null;
      // An address is connected to without asking for a name.
      if (urlProblem(url) !== null || (host !== null && !reachable(host, allowed))) return done({ error: "address" });
      let status: number | null = null;
      try {
        const answered = await request(url, {
          dispatcher: agent,
          method: "POST",
          headers: { "content-type": "application/json", "user-agent": "Klarsyn-Webhooks/1", ...headers },
          body,
          signal: AbortSignal.timeout(timeoutMs),
        });
        status = answered.statusCode;
        const given = answered.headers["retry-after"];
        const retryAfter = Array.isArray(given) ? given[0] : given;
        const answer = await beginning(answered.body);
        const error = status < 200 || status > 399 ? "status" : status > 299 ? "redirect" : null;
        return done({ status, error, retryAfter, answer });
      } catch (error) {
        return done({ status, error: codeOf(error) });
      }
    },
    async refusal(url) {
      const problem = urlProblem(url);
      if (problem !== null) return problem;
      const { hostname } = new URL(url);
      const address = addressOf(hostname);
      if (address !== null) return reachable(address, allowed) ? null : "address";
      try {
        await checked(hostname);
        return null;
      } catch (error) {
        return error instanceof AddressForbidden ? "address" : "dns";
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

/** The first kilobyte; what comes after it is not read. */
async function beginning(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= ANSWER_MAX) break;
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_MAX);
}

const codes: Readonly<Record<string, PostError>> = {
  KLARSYN_ADDRESS: "address",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "refused",
  ENETUNREACH: "refused",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  ECONNRESET: "reset",
  EPIPE: "reset",
  UND_ERR_SOCKET: "reset",
};

function codeOf(error: unknown): PostError {
  const { name = "", code = "" } = error as { name?: string; code?: unknown };
  if (name === "TimeoutError") return "timeout";
  const text = String(code);
  if (text in codes) return codes[text] ?? "reset";
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(text)) return "tls";
  return "garbage";
}
