import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "#config";
import { atMinute, day, formatDay } from "#model";
import { makeWorld, type World } from "#synthetic";
import { loadSimulators } from "#system";
import { defineCommand } from "./command.ts";
import { say } from "./render.ts";
import { UsageError } from "./run.ts";

export const worldOptions = {
  clients: {
    type: "string",
    value: "N",
    summary: "Clients of the municipality",
    default: "400",
    pattern: /^[1-9]\d{0,4}$/,
  },
  seed: { type: "string", value: "N", summary: "Same seed, same municipality", default: "1", pattern: /^\d{1,9}$/ },
} as const;

/** The night on which the simulated systems have been told everything: some days into the next month, when claims have come. */
export function nightOf(world: World): number {
  return day(world.through) + 5;
}

/** A little after the nightly time of that night. */
export function clockOf(world: World): number {
  return atMinute(nightOf(world), 4 * 60 + 30);
}

const header = "kind;source;id;sameAsSource;sameAsId;evidence";

/** Decisions of a person who knows the municipality, for `alias import`. */
export function aliasFile({ aliases }: World): string {
  const rows = aliases.map((alias) =>
    [alias.kind, alias.source, alias.id, alias.sameAsSource, alias.sameAsId, "påhittad kommun"].join(";"),
  );
  return [header, ...rows, ""].join("\n");
}

/** A file that a shell reads variables from. */
export function writeEnvironment(file: string, env: Readonly<Record<string, string>>): void {
  const quoted = (value: string) => `'${value.replaceAll("'", `'\\''`)}'`;
  const lines = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
}

export default defineCommand({
  name: "simulate",
  summary: "Serve simulated source systems of an invented municipality.",
  usage: "[--port P] [--clients N] [--seed N] [--labels FILE]",
  needs: "nothing",
  options: {
    port: {
      type: "string",
      value: "NUMBER",
      summary: "First of three ports (any free)",
      default: "0",
      pattern: /^\d{1,5}$/,
    },
    ...worldOptions,
    labels: { type: "string", value: "FILE", summary: "Where to write what was planted" },
  },
  async run({ port, clients, seed, labels }, { env, signal }) {
    const first = Number(port);
    if (first > 65533) throw new UsageError("--port: expected a number up to 65533; three ports are used.");
    const folder = join(readEnvironment(env).dataFolder, "simulator");
    const world = makeWorld({ seed: Number(seed), clients: Number(clients) });
    const { startSimulators } = await loadSimulators();
    await using simulated = await startSimulators({ world, folder, now: () => clockOf(world), port: first });
    mkdirSync(folder, { recursive: true });
    const config = {
      municipality: { code: "0000", name: "Påhittad kommun" },
      database: "",
      sources: simulated.sources,
      night: { at: "04:30", reconcileDays: 70 },
    };
    const configFile = join(folder, "klarsyn.config.json");
    writeFileSync(configFile, `${JSON.stringify(config, null, 2)}\n`);
    const envFile = join(folder, "simulator.env");
    writeEnvironment(envFile, simulated.env);
    writeFileSync(join(folder, "alias.csv"), aliasFile(world));
    if (labels !== undefined) writeFileSync(labels, `${JSON.stringify(world.labels, null, 2)}\n`);
    say(`Simulerade system för ${world.clients.length} brukare, ${world.from} – ${world.through}:`);
    for (const { id, adapter, settings } of simulated.sources) {
      say(`  ${id} (${adapter}): ${String(settings["baseUrl"] ?? settings["folder"])}`);
    }
    say(`\nI ett annat fönster:\n  set -a; . ${envFile}; set +a`);
    say(`  npx klarsyn alias import ${join(folder, "alias.csv")} --config ${configFile}`);
    say(`  npx klarsyn night --date ${formatDay(nightOf(world))} --config ${configFile}\n\nAvsluta med Ctrl-C.`);
    if (!signal.aborted) await once(signal, "abort");
    return "done";
  },
});
