import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { MiddlewareHandler } from "hono";

/** What goes wrong with a simulator's next requests; taken from the front of the list. */
export interface Fault {
  /** Missing: any resource. */
  resource?: string;
  /** How many requests; missing: one. */
  times?: number;
  status?: 401 | 403 | 408 | 429 | 500 | 503;
  retryAfterSeconds?: number;
  delayMs?: number;
  /** The connection is cut in the middle of the answer. */
  cut?: boolean;
}

export type SimulatorEnv = { Bindings: HttpBindings };

/** Sends the first half of what the answer would be, and cuts the connection. */
async function cutShort(answer: Response, outgoing: ServerResponse): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  outgoing.writeHead(answer.status, { ...Object.fromEntries(answer.headers), "Content-Length": body.length + 1 });
  outgoing.write(body.subarray(0, Math.ceil(body.length / 2)), () => outgoing.destroy());
}

/** Lets requests fail as `faults` says. `resourceOf` names what a path asks for. */
export function failing(faults: Fault[], resourceOf: (path: string) => string): MiddlewareHandler<SimulatorEnv> {
  return async (c, next) => {
    const resource = resourceOf(c.req.path);
    const index = faults.findIndex((one) => one.resource === undefined || one.resource === resource);
    const fault = faults[index];
    if (fault === undefined) {
      await next();
      return;
    }
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times <= 0) faults.splice(index, 1);
    if (fault.delayMs !== undefined) await wait(fault.delayMs);
    if (fault.status !== undefined) {
      const headers = fault.retryAfterSeconds === undefined ? {} : { "Retry-After": String(fault.retryAfterSeconds) };
      c.res = c.json({ message: "An error has occurred." }, fault.status, headers);
      return;
    }
    await next();
    if (fault.cut === true) {
      await cutShort(c.res, c.env.outgoing as ServerResponse);
      // Hono copies headers from one answer to the next, unless there is none in between.
      c.res = undefined;
      c.res = RESPONSE_ALREADY_SENT;
    }
  };
}
