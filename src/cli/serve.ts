import { once } from "node:events";
import { createApp, listen, openSignIn } from "#http";
import { lastNightOf } from "#operations";
import type { System } from "#system";
import { scheduleNights, startDelivering } from "#worker";
import { defineCommand } from "./command.ts";
import { nightWithNotice } from "./night.ts";
import { say } from "./render.ts";
import { UsageError } from "./run.ts";

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
    const { config, operator } = system;
    const chosen = port === undefined ? config.port : Number(port);
    if (chosen > 65535) throw new UsageError(`--port ${chosen}: expected a number up to 65535.`);
    const nights = scheduleNights({
      at: config.night.at,
      now: system.now,
      lastNight: () => lastNightOf(system, operator),
      async run(day) {
        try {
          await nightWithNotice(system, { day, full: false, signal });
        } catch (error) {
          system.log.error({ error, day }, "night failed");
          throw error;
        }
      },
    });
    // A night that was missed while the service was off is made up for at once, beside serving.
    void nights.tick();
    const delivering = startDelivering(system);
    try {
      await serveUntil(system, host ?? config.host, chosen, signal);
    } finally {
      await delivering.stop();
      await nights.stop();
    }
    return "done";
  },
});
