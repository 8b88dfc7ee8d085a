// One seed of the evaluation, in a process of its own: municipality, simulated systems, a night over them, and its
// findings held against the labels. The score is written to standard output as JSON.
// DATABASE_URL=… KLARSYN_KEY=… node bench/evaluate-seed.ts SEED CLIENTS FOLDER
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { aliasFile, clockOf, nightOf } from "../src/cli/simulate.ts";
import { checkConfig } from "#config";
import { openLog } from "#log";
import { day as dayOfDate } from "#model";
import { listFindings, listOutcomes, runNight, takeAliases } from "#operations";
import type { Finding } from "#store";
import { makeWorld, type World } from "#synthetic";
import { adapters, loadSimulators, openSystem, rules } from "#system";
import { judge, type SeedScore } from "./evaluate/judge.ts";

const say = (text: string) => process.stderr.write(`${text}\n`);

async function nightOver(world: World, folder: string) {
  const started = performance.now();
  const now = () => clockOf(world) + Math.floor(performance.now() - started);
  const { startSimulators } = await loadSimulators();
  await using simulated = await startSimulators({ world, folder: join(folder, "inbox"), now });
  const content = {
    municipality: { code: "0000", name: `Frö ${world.seed}` },
    database: "${DATABASE_URL}",
    sources: simulated.sources,
    // All that there is: several rules look back over months.
    night: { at: "04:30", reconcileDays: nightOf(world) - dayOfDate(world.from) + 1 },
  };
  const env = { ...process.env, ...simulated.env, KLARSYN_DATA: folder };
  const config = checkConfig(content, join(folder, "klarsyn.config.json"), env, adapters);
  await using system = await openSystem(config, { anySchema: false, log: openLog("warn"), now });
  await takeAliases(system, system.operator, Readable.from([aliasFile(world)]));
  const { signal } = new AbortController();
  const { pulls } = await runNight(system, system.operator, { day: nightOf(world), full: false, signal });
  for (const { source, resource, state, quarantined, error } of pulls) {
    if (state !== "ok") say(`  ${source}/${resource}: ${state} ${error instanceof Error ? error.message : ""}`);
    if (quarantined > 0) say(`  ${source}/${resource}: ${quarantined} in quarantine`);
  }
  const findings: Finding[] = [];
  for await (const finding of listFindings(system, system.operator, {})) findings.push(finding);
  return { findings, outcomes: await listOutcomes(system, system.operator) };
}

const [seed = "", clients = "", folder = ""] = process.argv.slice(2);
const started = performance.now();
mkdirSync(folder, { recursive: true });
// Four months, since some things show only over three; and peers enough for what shows only among many.
const world = makeWorld({
  seed: Number(seed),
  clients: Number(clients),
  from: "2026-07-01",
  providers: 12,
  noise: true,
});
const made = performance.now();
const { findings, outcomes } = await nightOver(world, folder);
const night = performance.now();
const seconds = (from: number, to: number) => Math.round((to - from) / 100) / 10;
const score: SeedScore = {
  seed: Number(seed),
  ...judge(world, findings, rules, outcomes),
  seconds: seconds(started, performance.now()),
};
say(
  `seed ${seed}: ${world.clients.length} clients, ${world.visits.length} visits, ${world.labels.length} labels, ` +
    `${findings.length} findings; world ${seconds(started, made)} s, night ${seconds(made, night)} s, ` +
    `judgement ${seconds(night, performance.now())} s`,
);
process.stdout.write(JSON.stringify(score));
