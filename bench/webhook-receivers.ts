import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { makeCertificates } from "../adapters/combine/certificates.ts";

/*
 * Receivers over HTTPS, the last of which takes connections and never answers, in a process of their own. Prints where
 * they are; told "tell" it prints when each message came, by receiver: the events' ids with the time.
 */

const count = Number(process.argv[2] ?? 10);
const { ca, server } = await makeCertificates();
const came = Array.from({ length: count }, () => new Map<string, number>());
const ports = await Promise.all(
  came.map(async (times, index) => {
    const receiver = createServer(server, (request, response) => {
      request.resume();
      request.on("end", () => {
        const id = String(request.headers["webhook-id"]);
        if (!times.has(id)) times.set(id, Date.now());
        if (index < count - 1 || request.url === "/ping") response.writeHead(204).end();
      });
    });
    await new Promise<void>((listening) => {
      receiver.listen(0, "127.0.0.1", listening);
    });
    return (receiver.address() as AddressInfo).port;
  }),
);
process.send?.({ ca, ports });
process.on("message", () => process.send?.(came.map((times) => [...times])));
