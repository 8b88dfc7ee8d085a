import { once } from "node:events";
import { lastNightOf } from "#operations";
import type { System } from "#system";
import { scheduleNights, startDelivering } from "#worker";
import { defineCommand } from "./command.ts";
import { nightWithNotice } from "./night.ts";
import { say } from "./render.ts";

/** Runs nights at their time and tells providers, until it is disposed of. Any number of machines may do so at once. */
export function startWork(system: System, signal: AbortSignal): AsyncDisposable {
  const { config, operator } = system;
  const nights = scheduleNights({
    at: config.night.at,
    now: system.now,
    lastNight: () => lastNightOf(system, operator),
    async run(day) {
      try {
        await nightWithNotice(system, { day, full: false, signal, once: true });
      } catch (error) {
        system.log.error({ error, day }, "night failed");
        throw error;
      }
    },
  });
  // A night that was missed while nothing ran is made up for at once.
  void nights.tick();
  const delivering = startDelivering(system);
  return {
    async [Symbol.asyncDispose]() {
      await delivering.stop();
      await nights.stop();
    },
  };
}

export default defineCommand({
  name: "work",
  summary: "A worker without pages: the night at its time, and what providers are told.",
  usage: "",
  needs: "system",
  options: {},
  async run(_, { system, signal }) {
    await using running = new AsyncDisposableStack();
    running.use(startWork(system, signal));
    say(`Klarsyn arbetar; natten körs ${system.config.night.at} (avsluta med Ctrl-C).`);
    if (!signal.aborted) await once(signal, "abort");
    return "done";
  },
});
