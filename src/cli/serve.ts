import { once } from "node:events";
import { createApp, listen, openSignIn } from "#http";
import type { System } from "#system";
import { defineCommand } from "./command.ts";
import { say } from "./render.ts";
import { UsageError } from "./run.ts";
import { startWork } from "./work.ts";

/** Serves the pages until the signal. */
export async function serveUntil(system: System, host: string, port: number, signal: AbortSignal): Promise<void> {
  const here = { ...system, config: { ...system.config, host } };
  const app = createApp(here, openSignIn(here));
  const { url, stop } = await listen(app, host, port);
  say(`Klarsyn finns på ${url} (avsluta med Ctrl-C).`);
  if (!signal.aborted) await once(signal, "abort");
  await stop();
}

export default defineCommand({
  name: "serve",
  summary: "The web pages, and the night at its time.",
  usage: "[--host H] [--port P]",
  needs: "system",
  options: {
    host: { type: "string", value: "ADDRESS", summary: "Where to listen (HOST, else 127.0.0.1)" },
    port: { type: "string", value: "NUMBER", summary: "Port (PORT, else 3000)", pattern: /^\d{1,5}$/ },
  },
  async run({ host, port }, { system, signal }) {
    const { config } = system;
    const chosen = port === undefined ? config.port : Number(port);
    if (chosen > 65535) throw new UsageError(`--port ${chosen}: expected a number up to 65535.`);
    // Beside serving.
    await using running = new AsyncDisposableStack();
    running.use(startWork(system, signal));
    await serveUntil(system, host ?? config.host, chosen, signal);
    return "done";
  },
});
