// Finds what was planted: per seed an invented municipality, its simulated systems and a night over them, and what the
// rules found held against the municipality's labels. Exit status 1 where a limit does not hold.
// node bench/evaluate.ts [--seeds N] [--from-seed S] [--clients N] [--at-once N] [--details] [--markdown FILE]
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import pg from "pg";
import { migrate, openDatabase, startEmbedded } from "#store";
import { rules } from "#system";
import type { SeedScore } from "./evaluate/judge.ts";
import { asMarkdown, asText, limitsAsText, limitsOf, tablesOf, totalsOf } from "./evaluate/report.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "3" },
    "from-seed": { type: "string", default: "1" },
    clients: { type: "string", default: "400" },
    "at-once": { type: "string", default: "2" },
    details: { type: "boolean", default: false },
    markdown: { type: "string" },
  },
});
const say = (text: string) => process.stderr.write(`${text}\n`);
const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), "klarsyn-evaluate-"));
// One Postgres for all, and a database per seed: statistics of one municipality say nothing of another.
const server = await startEmbedded(root, { settings: { fsync: "off" } });
const template = await openDatabase({ folder: root });
await migrate(template);
await template.close();

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ host: server.host, port: server.port, user: server.user, database: "postgres" });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function score(seed: number): Promise<SeedScore> {
  const name = `seed_${seed}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE klarsyn STRATEGY file_copy`);
  const folder = join(root, name);
  const DATABASE_URL = `postgresql://${server.user}@/${name}?host=${encodeURIComponent(server.host)}`;
  const env = { ...process.env, DATABASE_URL, KLARSYN_KEY: randomBytes(32).toString("base64") };
  const program = join(import.meta.dirname, "evaluate-seed.ts");
  try {
    const { stdout, stderr } = await run(process.execPath, [program, String(seed), values.clients, folder], {
      env,
      maxBuffer: 256 * 1024 * 1024,
    });
    process.stderr.write(stderr);
    return JSON.parse(stdout) as SeedScore;
  } finally {
    await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    rmSync(folder, { recursive: true, force: true });
  }
}

const started = performance.now();
try {
  const first = Number(values["from-seed"]);
  const waiting = Array.from({ length: Number(values.seeds) }, (_, index) => first + index);
  const scores: SeedScore[] = [];
  const worker = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) scores.push(await score(seed));
  };
  await Promise.all(Array.from({ length: Number(values["at-once"]) }, worker));
  scores.sort((a, b) => a.seed - b.seed);
  const levels = new Map(rules.map(({ id, level }) => [id, level]));
  for (const { seed, remarks } of scores) {
    for (const [kind, list] of Object.entries(remarks)) {
      for (const { rule, text } of list) {
        const level = levels.get(rule);
        if (level === undefined || ((level === "quality" || kind === "nothing") && !values.details)) continue;
        say(`seed ${seed} ${kind} ${rule}: ${text}`);
      }
    }
  }
  const command = `npm run evaluate -- --seeds ${values.seeds} --from-seed ${values["from-seed"]} --clients ${values.clients}`;
  const whole = { command, seeds: scores, levels };
  const totals = totalsOf(whole);
  const tables = tablesOf(totals);
  const limits = limitsOf(totals);
  process.stdout.write(tables.map((table) => `${asText(table)}\n`).join(""));
  process.stdout.write(limitsAsText(limits));
  if (values.markdown !== undefined) writeFileSync(values.markdown, asMarkdown(whole, tables, limits, totals));
  if (limits.some(({ holds }) => !holds)) process.exitCode = 1;
  say(`${scores.length} seeds in ${Math.round((performance.now() - started) / 1000)} s`);
} finally {
  await server.close();
  rmSync(root, { recursive: true, force: true });
}
