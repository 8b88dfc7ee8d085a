import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { checkConfig, readEnvironment } from "#config";
import { DAY_MS } from "#model";
import { migrateDatabase, takeAliases } from "#operations";
import { openLog } from "#log";
import { makeWorld } from "#synthetic";
import { adapters, loadSimulators, openSystem } from "#system";
import { startDelivering } from "#worker";
import { defineCommand } from "./command.ts";
import { demoCases } from "./demo-cases.ts";
import { pullOrders, startDemoReceiver, tellProviders } from "./demo-receiver.ts";
import { documentedCases } from "./documented-cases.ts";
import { nightWithNotice } from "./night.ts";
import { progressLine, say, write } from "./render.ts";
import { serveUntil } from "./serve.ts";
import { aliasFile, clockOf, nightOf, worldOptions, writeEnvironment } from "./simulate.ts";

export default defineCommand({
  name: "demo",
  summary: "The main job on an invented municipality: a night over simulated systems, then the pages.",
  usage: "[--once] [--clients N] [--seed N]",
  needs: "nothing",
  options: {
    once: { type: "boolean", summary: "End after the summary instead of serving the pages" },
    ...worldOptions,
  },
  async run({ once, clients, seed }, { env, signal }) {
    const folder = join(readEnvironment(env).dataFolder, "demo");
    const line = progressLine();
    line.show("Hittar på en kommun …");
    const world = makeWorld({ seed: Number(seed), clients: Number(clients) });
    line.end();
    const fresh = startAfresh(folder, `${seed} ${clients}`);

    const started = performance.now();
    // The municipality's clock: its night has come, and goes on from there.
    let daysBefore = 0;
    const now = () => clockOf(world) + Math.floor(performance.now() - started) - daysBefore * DAY_MS;
    const { startSimulators } = await loadSimulators();
    await using simulated = await startSimulators({ world, folder: join(folder, "inbox"), now });
    await using receiver = await startDemoReceiver(folder, now);
    say(
      `En påhittad kommun: ${world.clients.length} brukare, ${world.staff.length} anställda, ${world.providers.length} utförare, ` +
        `${world.visits.length.toLocaleString("sv-SE")} besök ${world.from} – ${world.through}.`,
    );
    const content = {
      municipality: { code: "0000", name: "Påhittad kommun" },
      database: "",
      sources: simulated.sources,
      night: { at: "04:30", reconcileDays: 70 },
      webhooks: receiver.settings,
    };
    const configFile = join(folder, "klarsyn.config.json");
    writeFileSync(configFile, `${JSON.stringify(content, null, 2)}\n`);
    const own = { ...simulated.env, KLARSYN_DATA: folder };
    const envFile = join(folder, "demo.env");
    writeEnvironment(envFile, own);
    const surroundings = { ...env, ...own };
    const config = checkConfig(content, configFile, surroundings, adapters);
    await using running = new AsyncDisposableStack();
    const system = running.use(await openSystem(config, { anySchema: true, log: openLog(config.logLevel), now }));
    // Nobody has to be asked about data that are invented.
    await migrateDatabase(system, system.operator);
    await takeAliases(system, system.operator, Readable.from([aliasFile(world)]));
    // What providers have known for two weeks; what the night brings is news to them.
    if (fresh) {
      daysBefore = 14;
      await pullOrders(system, signal);
      daysBefore = 0;
    }
    await receiver.register(system, world);
    const result = await nightWithNotice(system, { day: nightOf(world), full: false, signal });
    await write(await documentedCases(system, world));
    await demoCases(system);
    say("\nUtförarnas system får veta vad som är nytt (en mottagare på denna dator kontrollerar avsändaren):");
    await tellProviders(system);
    say(`${receiver.genuine()} händelser mottagna.`);
    if (once || signal.aborted) return result;
    const delivering = startDelivering(system);
    running.defer(() => delivering.stop());
    say(`\nPröva kommandona i ett annat fönster:\n  set -a; . ${envFile}; set +a`);
    say(`  npx klarsyn findings --config ${configFile}\n`);
    await serveUntil(system, config.host, config.port, signal);
    return "done";
  },
});

/** Another municipality than last time starts from nothing (true); the same one goes on from what is there. */
function startAfresh(folder: string, municipality: string): boolean {
  const marker = join(folder, "municipality.txt");
  const before = existsSync(marker) ? readFileSync(marker, "utf8") : null;
  if (existsSync(folder) && before !== municipality) rmSync(folder, { recursive: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(marker, municipality);
  return before !== municipality;
}
