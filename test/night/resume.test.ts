import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Adapter, Page } from "#adapter";
import { startSimulators } from "#adapters/simulators";
import { checkConfig } from "#config";
import { openLog } from "#log";
import { atMinute, day, formatDay } from "#model";
import { type ConfiguredSource, decideAlias, runNight } from "#operations";
import { makeWorld, type World } from "#synthetic";
import { adapters, openSystem } from "#system";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { operator, recordsOf, resultOf, signal } from "./hand.ts";
import { randomOf } from "./random.ts";

const runner = resolve(import.meta.dirname, "run-night.ts");
const key = Buffer.alloc(32, 7).toString("base64");
const phases = ["pull", "commit of a page", "normalise", "reconcile", "write of findings"] as const;
const KILLED_DATABASES = 4;

const seed = 4711;
const world = makeWorld({ seed, clients: 20, from: "2026-10-01", through: "2026-10-10" });
const night = day(world.through) + 5;
const clock = atMinute(night, 4 * 60 + 30);

/** The municipality's systems, which nobody has read yet, and an empty database. */
interface Place extends AsyncDisposable {
  system: TestDatabase;
  configFile: string;
  content: object;
  env: Record<string, string>;
}

async function place(of: World): Promise<Place> {
  const opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "klarsyn-resume-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const simulated = opened.use(await startSimulators({ world: of, folder: join(folder, "inbox"), now: () => clock }));
  const system = opened.use(await testDatabase());
  const content = {
    municipality: { code: system.tenantId, name: "Påhittad kommun" },
    database: "${DATABASE_URL}",
    // Small pages, so that there are many moments between them.
    sources: simulated.sources.map((source) =>
      source.id === "lifecare" ? { ...source, settings: { ...source.settings, pageSize: 50 } } : source,
    ),
    night: { at: "04:30", reconcileDays: 40 },
  };
  const configFile = join(folder, "klarsyn.config.json");
  await writeFile(configFile, JSON.stringify(content));
  for (const alias of of.aliases) await decideAlias({ ...system, now: () => clock }, operator, alias);
  const env = { ...simulated.env, DATABASE_URL: system.url, KLARSYN_KEY: key, KLARSYN_DATA: join(folder, "data") };
  return { system, configFile, content, env, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

interface Ran {
  signal: NodeJS.Signals | null;
  status: number | null;
  /** What it said last: where it was struck, or how it ended. */
  last: string;
  stderr: string;
}

async function runIn(
  { configFile, env }: Place,
  kill: readonly [phase: string, number: number, delay: number] | null,
): Promise<Ran> {
  const args = [runner, configFile, formatDay(night), String(clock), ...(kill ?? []).map(String)];
  const child = spawn(process.execPath, args, { env: { PATH: process.env["PATH"], ...env } });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((done, failed) => {
    child.on("error", failed).on("close", (status, signal) => {
      done({ status, signal, last: stdout.trimEnd().split("\n").at(-1) ?? "", stderr });
    });
  });
}

async function wholeNight(at: Place): Promise<Record<string, number>> {
  const ran = await runIn(at, null);
  expect(ran).toMatchObject({ status: 0, stderr: "" });
  const { outcome, passed } = JSON.parse(ran.last) as { outcome: string; passed: Record<string, number> };
  expect(["done", "incomplete"]).toContain(outcome);
  return passed;
}

let baseline: Promise<{ result: string[]; records: string[]; passed: Record<string, number>; at: Place }> | null = null;
/** The night that nothing disturbed. */
const undisturbed = () =>
  (baseline ??= (async () => {
    const at = await place(world);
    const passed = await wholeNight(at);
    return { at, passed, result: await resultOf(at.system.database), records: await recordsOf(at.system.database) };
  })());

afterAll(async () => (await baseline)?.at[Symbol.asyncDispose]());

/** Records and results that differ from those of the night that nothing disturbed, at most nine of each kind. */
async function differencesOf({ system }: Place): Promise<{ missing: string[]; more: string[] }> {
  const { result, records } = await undisturbed();
  const expected = [...records, ...result];
  const got = [...(await recordsOf(system.database)), ...(await resultOf(system.database))];
  const [all, some] = [new Set(expected), new Set(got)];
  return {
    missing: expected.filter((line) => !some.has(line)).slice(0, 9),
    more: got.filter((line) => !all.has(line)).slice(0, 9),
  };
}
const none = { missing: [], more: [] };

describe(`one night of a municipality (seed ${seed})`, () => {
  test("finds something, and passes every phase", { timeout: 120_000 }, async () => {
    const { result, passed } = await undisturbed();
    expect(result.filter((line) => line.startsWith("findings")).length).toBeGreaterThan(20);
    expect(result.filter((line) => line.startsWith("settlement_lines")).length).toBeGreaterThan(20);
    for (const phase of phases) expect(passed).toHaveProperty([phase]);
  });

  test("run twice is the same", { timeout: 120_000 }, async () => {
    const { at } = await undisturbed();
    await wholeNight(at);
    expect(await differencesOf(at)).toEqual(none);
  });

  test("run by two processes at once is the same", { timeout: 120_000 }, async () => {
    await using at = await place(world);
    await Promise.all([wholeNight(at), wholeNight(at)]);
    expect(await differencesOf(at)).toEqual(none);
  });

  test("killed at twenty moments and resumed is the same", { timeout: 240_000 }, async () => {
    const { passed } = await undisturbed();
    const random = randomOf(seed);
    const rounds = Array.from({ length: KILLED_DATABASES }, (_, round) =>
      phases.map((phase) => {
        // Each in the first part of what is left of the phase, whose work goes on in the next run.
        const number = 1 + Math.floor(random() * Math.max(1, (passed[phase] ?? 0) / 6));
        return { round: round + 1, phase, number, delay: random() < 0.4 ? 0 : 1 + Math.floor(random() * 15) };
      }),
    );
    const killed = await Promise.all(
      rounds.map(async (kills) => {
        await using at = await place(world);
        const strikes: string[] = [];
        for (const { round, phase, number, delay } of kills) {
          const ran = await runIn(at, [phase, number, delay]);
          expect({ phase, number, delay, ...ran }).toMatchObject({ signal: "SIGKILL" });
          const when = delay === 0 ? "before it" : `${delay} ms into it`;
          strikes.push(`${round}. ${phase} ${number}, ${when}: ${ran.last}`);
        }
        await wholeNight(at);
        expect(await differencesOf(at)).toEqual(none);
        return strikes;
      }),
    );
    const struck = killed.flat();
    process.stdout.write(`Killed ${struck.length} times:\n${struck.join("\n")}\n`);
    expect(struck.length).toBe(KILLED_DATABASES * phases.length);
    for (const phase of phases)
      expect(struck.filter((text) => text.includes(`struck: ${phase}`))).toHaveLength(KILLED_DATABASES);
  });

  test.each([1, 2])(
    "of which pages come out of order and twice is the same (seed %i)",
    { timeout: 120_000 },
    async (order) => {
      await using at = await place(world);
      const config = checkConfig(at.content, at.configFile, { ...process.env, ...at.env }, adapters);
      await using system = await openSystem(config, { anySchema: false, log: openLog("silent"), now: () => clock });
      const random = randomOf(order);
      const sources = system.sources.map((source) => shuffled(source, random));
      await runNight({ ...system, sources }, system.operator, { day: night, full: false, signal });
      expect(await differencesOf(at)).toEqual(none);
    },
  );
});

/** The same source, whose pages are cut up and come in any order, each twice. */
function shuffled(source: ConfiguredSource, random: () => number): ConfiguredSource {
  const sources = Object.fromEntries(
    Object.entries(source.adapter.sources).map(([name, declared]) => [
      name,
      {
        ...declared,
        async *pull(context: Parameters<typeof declared.pull>[0]): AsyncGenerator<Page> {
          const whole: Page[] = [];
          for await (const page of declared.pull(context)) whole.push(page);
          const parts: Page[] = [];
          for (const page of whole) {
            for (let from = 0; from < page.records.length; from += 20) {
              const records = page.records.slice(from, from + 20);
              const part = { records, cursor: null, place: `${page.place}#${from}` };
              parts.push(part, { ...part, place: `${part.place} again` });
            }
          }
          for (let at = parts.length - 1; at > 0; at--) {
            const other = Math.floor(random() * (at + 1));
            [parts[at], parts[other]] = [parts[other]!, parts[at]!];
          }
          yield* parts;
          // Lists of what exists speak of everything before them, and receipts are for the end.
          for (const page of whole) yield { ...page, records: [] };
        },
      },
    ]),
  );
  const adapter: Adapter = { ...source.adapter, sources };
  return {
    ...source,
    adapter,
    async open(options) {
      const opened = await source.open(options);
      return {
        source: { ...opened.source, adapter },
        [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
      };
    },
  };
}
