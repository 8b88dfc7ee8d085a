import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import { AppError } from "#errors";
import type { createApp } from "./app.ts";

class PortTaken extends AppError {
  readonly code = "http.port-taken";
  readonly kind = "usage";

  constructor(host: string, port: number, cause: unknown) {
    super(`Port ${port} on ${host} is taken. Set PORT to another, or stop what uses it.`, { host, port }, { cause });
  }
}

/** Listens; gives the address and how to stop. Throws where the port is taken. */
export async function listen(
  app: ReturnType<typeof createApp>,
  host: string,
  port: number,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const server: ServerType = serve({ fetch: app.fetch, hostname: host, port });
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") throw new PortTaken(host, port, error);
    throw error;
  }
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${address.port}`,
    async stop() {
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await once(server, "close").catch(() => undefined);
    },
  };
}
