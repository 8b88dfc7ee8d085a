import { createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join, resolve } from "node:path";

const tls = resolve(import.meta.dirname, "../adapter/tls");

/** What lets Klarsyn reach receivers of a test: they are on loopback, with a certificate authority of their own. */
export const webhooks = { allow: ["127.0.0.0/8"], caFile: join(tls, "ca.crt"), timeoutSeconds: 1 };

export interface Received {
  id: string;
  body: string;
  headers: IncomingHttpHeaders;
  at: number;
}

/** How a receiver behaves: what it answers, or what else it does. */
export type Behaviour =
  | { status: number; headers?: Record<string, string>; body?: string; afterMs?: number }
  | "hang"
  | "garbage"
  | "cut"
  | "endless";

/** A receiver over HTTPS on loopback that answers as it is told, and keeps what it was sent. */
export async function startReceiver(
  behave: (received: Received, count: number) => Behaviour = () => ({ status: 204 }),
) {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const now = { behave };
  const server = createServer(
    { cert: readFileSync(join(tls, "server.crt")), key: readFileSync(join(tls, "server.key")) },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString("utf8");
        const one = { id: String(request.headers["webhook-id"]), body, headers: request.headers, at: Date.now() };
        received.push(one);
        const what = now.behave(one, received.length);
        if (what === "hang") return;
        if (what === "garbage") request.socket.end("HTTP/9 \0\0 nonsense\r\n\r\n");
        else if (what === "cut") request.socket.destroy();
        else if (what === "endless") {
          response.writeHead(200);
          const more = setInterval(() => response.write("x".repeat(4096)), 5);
          response.on("close", () => clearInterval(more));
        } else setTimeout(() => response.writeHead(what.status, what.headers).end(what.body), what.afterMs ?? 0);
      });
    },
  );
  server.on("secureConnection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/in`,
    port: (server.address() as AddressInfo).port,
    received,
    /** From now on. */
    behave: (how: (received: Received, count: number) => Behaviour) => {
      now.behave = how;
    },
    ids: () => received.map(({ id }) => id),
    types: () => received.map(({ body }) => (JSON.parse(body) as { type: string }).type),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close").catch(() => undefined);
    },
  };
}

const TOLERANCE_SECONDS = 300;
/** What stands before the 32 bytes of an Ed25519 key in SPKI (RFC 8410). */
const spki = Buffer.from("302a300506032b6570032100", "hex");

/**
 * Whether a message is genuine, by the Standard Webhooks specification alone (1.0.0, "Signature scheme" and "Verifying
 * webhooks"): id, timestamp and body with dots between, signed by HMAC-SHA256 (`v1`) or Ed25519 (`v1a`), one of several
 * signatures is enough, and the timestamp is of now.
 */
export function isGenuine(key: string, headers: IncomingHttpHeaders, body: string, now = Date.now()): boolean {
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) => headers[`webhook-${name}`]);
  if (typeof id !== "string" || typeof timestamp !== "string" || typeof signatures !== "string") return false;
  if (!/^\d+$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const signed = Buffer.from(`${id}.${timestamp}.${body}`, "utf8");
  return signatures.split(" ").some((signature) => {
    const [version, text = ""] = signature.split(",");
    const given = Buffer.from(text, "base64");
    if (version === "v1" && key.startsWith("whsec_")) {
      const made = createHmac("sha256", Buffer.from(key.slice(6), "base64"))
        .update(signed)
        .digest();
      return made.length === given.length && timingSafeEqual(made, given);
    }
    if (version === "v1a" && key.startsWith("whpk_")) {
      const der = Buffer.concat([spki, Buffer.from(key.slice(5), "base64")]);
      return verify(null, signed, createPublicKey({ key: der, format: "der", type: "spki" }), given);
    }
    return false;
  });
}
