// Finds what was planted: per seed an invented municipality, its simulated systems and a night over them, and what the
// rules found held against the municipality's labels. Exit status 1 where an error or indicator rule misses or accuses.
// node bench/evaluate.ts [--seeds N] [--from-seed S] [--clients N] [--details]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { aliasFile, clockOf, nightOf } from "../src/cli/simulate.ts";
import { checkConfig } from "#config";
import { openLog } from "#log";
import { day as dayOfDate, formatDay } from "#model";
import { listFindings, runNight, takeAliases } from "#operations";
import { type Label, makeWorld, type World } from "#synthetic";
import type { Finding } from "#store";
import { adapters, loadSimulators, openSystem, rules } from "#system";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "3" },
    "from-seed": { type: "string", default: "1" },
    clients: { type: "string", default: "400" },
    details: { type: "boolean", default: false },
  },
});
const say = (text: string) => process.stderr.write(`${text}\n`);

/** Every id, alone and after its source, by which a finding may show somebody. */
function names(all: Array<{ id: string; ids: Partial<Record<string, string>> }>): Map<string, Set<string>> {
  const named = new Map<string, Set<string>>();
  const add = (name: string, id: string) => void named.set(name, (named.get(name) ?? new Set()).add(id));
  for (const { id, ids } of all) {
    for (const [source, own] of Object.entries(ids)) {
      if (own === undefined) continue;
      add(own, id);
      add(`${source}/${own}`, id);
    }
  }
  return named;
}

function evaluate(world: World, findings: readonly Finding[]) {
  const staff = world.staff.flatMap(({ id, hsaId, employments }) =>
    employments.map(({ ids }) => ({ id, ids: { ...ids, hsa: hsaId } })),
  );
  const known = {
    client: names(world.clients),
    staff: names(staff),
    unit: names(world.units),
    provider: names(world.providers.map(({ id }) => ({ id, ids: { files: id } }))),
  };
  const keys = (records: Label["records"] | Finding["records"]) =>
    new Set(records.map(({ entity, source, id }) => `${entity} ${source} ${id}`));

  function speaksOf(finding: Finding, label: Label): boolean {
    if (finding.ruleId !== label.rule) return false;
    const records = keys(label.records);
    if (finding.records.length > 0 && records.size > 0)
      return [...keys(finding.records)].some((key) => records.has(key));
    if (finding.fromDay > dayOfDate(label.through) || finding.throughDay < dayOfDate(label.from)) return false;
    const source = /^source-month:(.*):\d{4}-\d{2}$/.exec(finding.slice)?.[1];
    if (source !== undefined) {
      if ((label.source ?? label.records[0]?.source) !== source) return false;
      // A source says the same of many records: the one that is meant is named.
      return label.rule !== "version-conflict" || label.records.some(({ id }) => finding.reason.includes(` ${id} `));
    }
    for (const kind of ["staff", "client", "unit", "provider"] as const) {
      const shown = finding[kind];
      const meant = label[kind];
      // The narrowest that either speaks of decides.
      if (shown === null && meant === undefined) continue;
      if (shown === null || meant === undefined) {
        if (kind === "unit") continue;
        return false;
      }
      return known[kind].get(shown)?.has(meant) ?? shown === meant;
    }
    return false;
  }

  return rules.map((rule) => {
    const of = findings.filter(({ ruleId }) => ruleId === rule.id);
    const labels = world.labels.filter((label) => label.rule === rule.id);
    const planted = labels.filter((label) => label.planted && label.optional !== true);
    const explained = (finding: Finding) => labels.some((label) => label.planted && speaksOf(finding, label));
    const missed = planted.filter((label) => !of.some((finding) => speaksOf(finding, label)));
    const wrong = of.filter((finding) => !explained(finding));
    const twins = labels.filter((label) => !label.planted);
    const accused = twins.filter((label) => wrong.some((finding) => speaksOf(finding, label)));
    return { rule, planted: planted.length, missed, wrong, twins: twins.length, accused };
  });
}

async function nightOver(world: World, folder: string): Promise<Finding[]> {
  const started = performance.now();
  const now = () => clockOf(world) + Math.floor(performance.now() - started);
  const { startSimulators } = await loadSimulators();
  await using simulated = await startSimulators({ world, folder: join(folder, "inbox"), now });
  const content = {
    municipality: { code: "0000", name: `Frö ${world.seed}` },
    database: "",
    sources: simulated.sources,
    night: { at: "04:30", reconcileDays: 70 },
  };
  const env = { ...process.env, ...simulated.env, KLARSYN_DATA: folder, DATABASE_URL: "" };
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
  return findings;
}

const columns = ["planted", "found", "missed", "false", "twins", "accused"] as const;
type Row = Record<(typeof columns)[number], number>;
const line = (title: string, level: string, row: Row) =>
  `${title.padEnd(30)} ${level.padEnd(10)}${columns.map((column) => String(row[column]).padStart(9)).join("")}`;

const root = mkdtempSync(join(tmpdir(), "klarsyn-evaluate-"));
let failed = false;
try {
  const totals = new Map<string, Row>();
  const first = Number(values["from-seed"]);
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => first + index);
  for (const seed of seeds) {
    const started = performance.now();
    const world = makeWorld({ seed, clients: Number(values.clients) });
    say(`seed ${seed}: ${world.clients.length} clients, ${world.visits.length} visits, ${world.labels.length} labels`);
    const folder = join(root, String(seed));
    const findings = await nightOver(world, folder);
    rmSync(folder, { recursive: true });
    const results = evaluate(world, findings);
    say(`  ${findings.length} findings after ${Math.round((performance.now() - started) / 1000)} s`);
    for (const { rule, planted, missed, wrong, twins, accused } of results) {
      const row: Row = {
        planted,
        found: planted - missed.length,
        missed: missed.length,
        false: wrong.length,
        twins,
        accused: accused.length,
      };
      const total = totals.get(rule.id);
      if (total === undefined) totals.set(rule.id, row);
      else for (const column of columns) total[column] += row[column];
      const counts = rule.level === "error" || rule.level === "indicator";
      if (counts && (row.missed > 0 || row.false > 0)) failed = true;
      if (!counts && !values.details) continue;
      for (const { what, records, from, client, staff, provider } of missed) {
        const ids = records.map(({ source, id }) => `${source}/${id}`).join(" ");
        say(`  missed ${rule.id}: ${what} (${from} ${client ?? staff ?? provider ?? ""} ${ids})`);
      }
      for (const { reason, fromDay, client, staff, provider, records } of wrong) {
        const ids = records.slice(0, 4).map(({ source, id }) => `${source}/${id}`);
        say(
          `  false ${rule.id}: ${reason} (${formatDay(fromDay)} ${client ?? ""} ${staff ?? ""} ${provider ?? ""} ${ids.join(" ")})`,
        );
      }
      for (const { what, from } of accused) say(`  twin accused ${rule.id}: ${what} (${from})`);
    }
  }
  const head = `${"rule".padEnd(30)} ${"level".padEnd(10)}${columns.map((column) => column.padStart(9)).join("")}`;
  const lines = rules.map((rule) => line(rule.id, rule.level, totals.get(rule.id)!));
  process.stdout.write(
    [`seeds ${seeds.join(", ")}, ${values.clients} clients`, head, ...lines].map((text) => `${text}\n`).join(""),
  );
} finally {
  rmSync(root, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
