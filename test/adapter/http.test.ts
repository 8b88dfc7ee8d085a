import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type HttpSettings, openHttp, type OpenHttpClient, UnauthorizedError, UpstreamError } from "#adapter";
import { loggable } from "#errors";

const pem = (name: string) => readFileSync(new URL(`tls/${name}`, import.meta.url), "utf8");
const opened: Array<() => unknown> = [];

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

async function listen(server: Server & { closeAllConnections(): void }, scheme = "http"): Promise<string> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  opened.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers by turns; the last answer is repeated. */
async function serve(...answers: RequestListener[]) {
  const seen: Array<{ url: string; method: string; at: number }> = [];
  const url = await listen(
    createServer((request: IncomingMessage, response: ServerResponse) => {
      seen.push({ url: request.url ?? "", method: request.method ?? "", at: performance.now() });
      answers[Math.min(seen.length, answers.length) - 1]?.(request, response as never);
    }),
  );
  return { url, seen };
}

const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}): RequestListener =>
  (_, response) => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(value));
  };

/** A client whose waiting is written down instead of done. */
function client(baseUrl: string, more: Partial<HttpSettings> = {}) {
  const slept: number[] = [];
  let time = Date.parse("2026-10-05T04:30:00Z");
  const http: OpenHttpClient = openHttp({
    baseUrl,
    timeoutMs: 2000,
    ratePerSecond: 1_000_000,
    random: () => 0.5,
    now: () => time,
    sleep: async (ms) => {
      slept.push(Math.round(ms));
      time += ms;
    },
    ...more,
  });
  opened.push(() => http.close());
  return { http, slept };
}

const failure = async (work: Promise<unknown>): Promise<UpstreamError> => {
  const error = await work.then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UpstreamError);
  return error as UpstreamError;
};

describe("paths and queries", () => {
  test("are put below the base path, with the secret part of the query on every request", async () => {
    const { url, seen } = await serve(json([]));
    const { http } = client(`${url}/base/`, { secretQuery: { domain: "d", key: "k&y" } });
    await http.request("/api/v1/clients", { query: { q: "PersonId='188001019802'" } });
    await http.request("more?page=2");
    expect(seen.map((one) => one.url)).toEqual([
      "/base/api/v1/clients?q=PersonId%3D%27188001019802%27&domain=d&key=k%26y",
      "/base/more?page=2&domain=d&key=k%26y",
    ]);
  });

  test("a whole URL is taken on the same host and refused on another", async () => {
    const { url, seen } = await serve(json([]));
    const { http } = client(`${url}/base`);
    await http.request(`${url}/files/1`);
    expect(seen[0]?.url).toBe("/files/1");
    const error = await failure(http.request("https://elsewhere.example/files/1?key=hemlig"));
    expect(error.message).toMatch(/^127\.0\.0\.1:\d+ named a document on another host \(elsewhere\.example\): \/base$/);
  });

  test("redirects are followed on the same host only", async () => {
    const other = await serve(json("wrong"));
    const { url } = await serve(
      (_, response) => response.writeHead(302, { Location: "/moved" }).end(),
      json("right"),
      (_, response) => response.writeHead(302, { Location: `${other.url}/?key=hemlig` }).end(),
    );
    const { http } = client(url);
    expect(await http.getJson("/first", z.string())).toBe("right");
    const error = await failure(http.request("/second"));
    expect(error.message).toContain("redirected to another host, which is not followed (302): /second");
    expect(other.seen).toEqual([]);
  });
});

describe("retries", () => {
  test("wait twice as long each time, with jitter, and give up", async () => {
    const { url, seen } = await serve(json({}, 500));
    const { http, slept } = client(url, { retriesMax: 4 });
    const error = await failure(http.request("/a"));
    expect(error.message).toContain("answered 500: /a");
    expect(error.status).toBe(500);
    expect(slept).toEqual([250, 500, 1000, 2000]);
    expect(seen).toHaveLength(5);
  });

  test.each([408, 425, 429, 500, 503])("answer %i is tried again", async (status) => {
    const { url } = await serve(json({}, status), json("there"));
    const { http } = client(url);
    expect(await http.getJson("/a", z.string())).toBe("there");
  });

  test.each([400, 404, 409, 422])("answer %i is not", async (status) => {
    const { url, seen } = await serve(json({}, status), json("there"));
    const { http } = client(url);
    expect((await failure(http.request("/a"))).status).toBe(status);
    expect(seen).toHaveLength(1);
  });

  test("a request that changes something is made once", async () => {
    const { url, seen } = await serve(json({}, 503), json("there"));
    const { http } = client(url);
    await failure(http.request("/a", { method: "POST", body: "{}" }));
    expect(seen).toHaveLength(1);
    await http.request("/a", { method: "DELETE" });
    expect(seen.map((one) => one.method)).toEqual(["POST", "DELETE"]);
  });

  test("Retry-After is kept to, in seconds and as a date", async () => {
    const { url } = await serve(
      json({}, 429, { "Retry-After": "7" }),
      json({}, 503, { "Retry-After": "Mon, 05 Oct 2026 04:31:00 GMT" }),
      json("there"),
    );
    const { http, slept } = client(url);
    expect(await http.getJson("/a", z.string())).toBe("there");
    // 7 s and half of 0.5 s; then what is left until 04:31:00 and half of 1 s.
    expect(slept).toEqual([7250, 53_250]);
  });

  test("a pause longer than the limit ends the attempt at once", async () => {
    const { url, seen } = await serve(json({}, 429, { "Retry-After": "86400" }));
    const { http, slept } = client(url);
    expect((await failure(http.request("/a"))).message).toContain("answered 429 and asks for a pause of 86400 s");
    expect(slept).toEqual([]);
    expect(seen).toHaveLength(1);
  });

  test("a storm of 429 holds every request of the client", async () => {
    let asked = 0;
    const { url } = await serve((request, response) => {
      asked++;
      if (asked <= 10) json({}, 429, { "Retry-After": "1" })(request, response);
      else json(asked)(request, response);
    });
    const http = openHttp({ baseUrl: url, retriesMax: 5, random: () => 0.1 });
    opened.push(() => http.close());
    const started = performance.now();
    const answers = await Promise.all(Array.from({ length: 5 }, async () => http.getJson("/a", z.number())));
    expect(answers).toHaveLength(5);
    expect(performance.now() - started).toBeGreaterThan(2000);
    expect(asked).toBe(15);
  });
});

describe("limits", () => {
  test("the time limit covers the body", async () => {
    const { url, seen } = await serve((_, response) => {
      response.writeHead(200).write("[");
      const drip = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(drip));
    });
    const { http } = client(url, { timeoutMs: 150, retriesMax: 1 });
    expect((await failure(http.request("/slow"))).message).toContain("did not answer within 150 ms: /slow");
    expect(seen).toHaveLength(2);
  });

  test("no answer at all is as late", async () => {
    const { url } = await serve(() => undefined);
    const { http } = client(url, { timeoutMs: 100, retriesMax: 0 });
    expect((await failure(http.request("/silent"))).message).toContain("did not answer within 100 ms");
  });

  test("a body that is larger than allowed is cut off, declared or not", async () => {
    const { url, seen } = await serve(
      (_, response) => response.writeHead(200, { "Content-Length": "5000" }).end(Buffer.alloc(5000)),
      (_, response) => {
        response.writeHead(200);
        for (let piece = 0; piece < 10; piece++) response.write(Buffer.alloc(500));
        response.end();
      },
    );
    const { http } = client(url, { responseBytesMax: 4000 });
    for (const path of ["/declared", "/undeclared"]) {
      expect((await failure(http.request(path))).message).toContain(`sent more than 4000 bytes: ${path}`);
    }
    expect(seen).toHaveLength(2);
  });

  test("the rate limit spaces requests", async () => {
    const { url, seen } = await serve(json([]));
    const http = openHttp({ baseUrl: url, ratePerSecond: 20 });
    opened.push(() => http.close());
    await Promise.all(Array.from({ length: 6 }, async () => http.request("/a")));
    const times = seen.map((one) => one.at);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(220);
  });

  test("a cut connection is tried again; the message names only what happened", async () => {
    const cut: RequestListener = (request) => request.socket.destroy();
    const cutInside: RequestListener = (_, response) => {
      response.writeHead(200, { "Content-Length": "100" }).write("half");
      setTimeout(() => response.socket?.destroy(), 20);
    };
    const { url } = await serve(cut, cutInside, json("there"), cut);
    const { http } = client(url, { retriesMax: 2 });
    expect(await http.getJson("/a", z.string())).toBe("there");
    expect((await failure(http.request("/b"))).message).toMatch(/cut the connection \(\w+\): \/b$/);
  });

  test("nobody there", async () => {
    const { http } = client("http://127.0.0.1:9", { retriesMax: 0 });
    expect((await failure(http.request("/a"))).message).toBe("127.0.0.1:9 refused the connection: /a");
  });

  test("stops when it is told to, also while it waits", async () => {
    const { url } = await serve(json({}, 500));
    const stop = new AbortController();
    const http = openHttp({ baseUrl: url, signal: stop.signal, random: () => 0.99 });
    opened.push(() => http.close());
    setTimeout(() => stop.abort(new Error("the night was stopped")), 100);
    const started = performance.now();
    await expect(http.request("/a")).rejects.toThrow(/aborted/);
    expect(performance.now() - started).toBeLessThan(1500);
  });
});

describe("what is said of a failure", () => {
  const secret = "nyckel-4711";
  const person = "188001019802";

  test("has neither query, body, key nor a personal identity number", async () => {
    const { url } = await serve(
      json({ hemlig: person }, 500),
      json({ PersonId: person }),
      (_, response) => response.end(`{"PersonId": "${person}`),
      json({}, 401),
    );
    const { http } = client(url, { retriesMax: 0, secretQuery: { key: secret } });
    const ask = async () =>
      http.getJson(`/person-id/${person}/18800101-9802/800101%2B9802/18800101TF03`, z.object({ Id: z.number() }), {
        query: { q: `PersonId='${person}'` },
      });
    for (const what of ["answered 500", "does not fit (Id: invalid_type)", "not JSON", "refused access (401)"]) {
      const error = await failure(ask());
      const said = `${error.message} ${JSON.stringify(loggable(error))} ${error.stack} ${String(error.cause)}`;
      expect(error.message).toContain(what);
      expect(error.message).toContain("/person-id/…/…/…/…");
      for (const word of [secret, person, "9802", "TF03", "PersonId", "hemlig", "?"]) expect(said).not.toContain(word);
    }
  });

  test("401 and 403 are an error of their own and not tried again", async () => {
    const { url, seen } = await serve(json({}, 401), json({}, 403));
    const { http } = client(url);
    for (const status of [401, 403]) {
      const error = await failure(http.request("/a"));
      expect(error).toBeInstanceOf(UnauthorizedError);
      expect(error).toMatchObject({ code: "adapter.unauthorized", kind: "unavailable", status });
    }
    expect(seen).toHaveLength(2);
  });
});

describe("getJson", () => {
  test("hands no content, and statuses that the caller accepts, to the schema as null", async () => {
    const { url } = await serve((_, response) => response.writeHead(204).end(), json({ error: "none" }, 404));
    const { http } = client(url);
    const list = z.array(z.unknown()).nullable();
    expect(await http.getJson("/a", list)).toBeNull();
    expect(await http.getJson("/a", list, { accept: [404] })).toBeNull();
  });
});

describe("stream", () => {
  test("passes on the body in pieces, and retries before the first byte", async () => {
    const { url, seen } = await serve(json({}, 503), (_, response) => {
      response.writeHead(200);
      for (let piece = 0; piece < 100; piece++) response.write(Buffer.alloc(10_000, "x"));
      response.end();
    });
    const { http } = client(url, { responseBytesMax: 1000 });
    let bytes = 0;
    for await (const piece of await http.stream("/big")) bytes += piece.length;
    expect(bytes).toBe(1_000_000);
    expect(seen).toHaveLength(2);
  });

  test("a stream that is cut, silent or too large ends with an error, not as if it were complete", async () => {
    const start =
      (then: (response: ServerResponse) => unknown): RequestListener =>
      (_, response) => {
        response.writeHead(200, { "Content-Length": "10000" }).write(Buffer.alloc(100));
        then(response as ServerResponse);
      };
    const { url } = await serve(
      start((response) => setTimeout(() => response.socket?.destroy(), 20)),
      start(() => undefined),
      (_, response) => {
        response.writeHead(200);
        response.end(Buffer.alloc(6000));
      },
    );
    const { http } = client(url, { timeoutMs: 1000, streamBytesMax: 10_000 });
    const drain = async (of: OpenHttpClient) => {
      for await (const piece of await of.stream("/big")) expect(piece.length).toBeGreaterThan(0);
    };
    expect((await failure(drain(http))).message).toContain("cut the connection");
    expect((await failure(drain(http))).message).toContain("did not answer within 1000 ms");
    const small = client(url, { streamBytesMax: 5000 }).http;
    expect((await failure(drain(small))).message).toContain("sent more than 5000 bytes");
  });
});

describe("TLS", () => {
  async function secured(): Promise<string> {
    const server = createTlsServer(
      {
        key: pem("server.key"),
        cert: pem("server.crt"),
        ca: pem("ca.crt"),
        requestCert: true,
        rejectUnauthorized: true,
      },
      json("there") as never,
    );
    return listen(server, "https");
  }
  const ours = { ca: pem("ca.crt"), cert: pem("client.crt"), key: pem("client.key") };

  test("trusts the given authority and shows the client certificate", async () => {
    const { http } = client(await secured(), ours);
    expect(await http.getJson("/a", z.string())).toBe("there");
  });

  test("refuses a server whose authority it does not know, and is refused without certificate", async () => {
    const url = await secured();
    const unknown = await failure(client(url, { retriesMax: 0 }).http.request("/a"));
    expect(unknown.message).toMatch(/could not be reached \([A-Z_]+\): \/a$/);
    const without = await failure(client(url, { ca: ours.ca, retriesMax: 0 }).http.request("/a"));
    expect(without.message).toMatch(/\([A-Z0-9_]+\): \/a$/);
  });
});
