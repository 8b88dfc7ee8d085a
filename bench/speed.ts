import { rmSync } from "node:fs";
import { join } from "node:path";
import { migrate, openDatabase } from "#store";
import { image, limit, median, type Ran, run } from "./child.ts";
import { loadMonth, type Sizes } from "./month.ts";

interface TenRules {
  seconds: number[];
  parts: Record<string, number>;
  visits: number;
  findings: number;
  hash: string;
}

export const nodeOptions = ["--expose-gc"];

const read = ({ output }: Ran): unknown => JSON.parse(output.trim().split("\n").at(-1)!);
const seconds = (value: number): string => `${value.toFixed(2)} s`;
const range = (values: readonly number[]): string =>
  `${Math.min(...values).toFixed(2)} to ${seconds(Math.max(...values))}`;
const milliseconds = (parts: Record<string, number>): string =>
  Object.entries(parts)
    .map(([name, ms]) => `${name} ${ms}`)
    .join(", ");

/** Ten rules, whole nights and single changes over a synthetic month; see bench/month.ts. */
export async function speed(workplace: string, visits: number): Promise<void> {
  const one = await month(workplace, visits);
  await using held = await openDatabase({ folder: one.folder });
  // Open while the others run, so that start and stop of the database are no part of what is timed.
  await held.pool.query("CHECKPOINT");
  await tenRules(one.folder);
  const night = await wholeNight(one.folder, one.sizes);
  rmSync(join(one.folder, "found-klarsyn.txt"), { force: true });
  await twice(workplace, visits, night);
}

async function month(workplace: string, visits: number): Promise<{ folder: string; sizes: Sizes }> {
  const folder = join(workplace, `month-${visits}`);
  await using database = await openDatabase({ folder });
  await migrate(database);
  const sizes = await loadMonth(database, visits);
  process.stdout.write(
    `-- a month of ${Object.entries(sizes)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ")}\n`,
  );
  return { folder, sizes };
}

async function tenRules(folder: string): Promise<void> {
  const contender = async (name: string): Promise<TenRules & { peakMb: number }> => {
    const ran = await run([...nodeOptions, "bench/ten-rules/run.ts", name, folder], name === "klarsyn" ? image : {});
    return { ...(read(ran) as TenRules), peakMb: Math.round(ran.peakMb) };
  };
  // Those that lie closest in turn: a machine may be a third slower for minutes.
  const ours = await contender("klarsyn");
  const duck = await contender("duckdb");
  ours.seconds.push(...(await contender("klarsyn")).seconds);
  duck.seconds.push(...(await contender("duckdb")).seconds);
  const sql = await contender("postgres");
  const json = await contender("json-rules-engine");
  const ourSeconds = median(ours.seconds);
  process.stdout.write(
    `ten rules, from database to findings   ${seconds(ourSeconds)}, the first ${seconds(ours.seconds[0] ?? NaN)} (${milliseconds(ours.parts)}), ${ours.findings} findings of ${ours.visits} visits, ${ours.peakMb} MB\n`,
  );
  for (const [name, other] of [
    ["Postgres", sql],
    ["DuckDB", duck],
  ] as const) {
    const same = other.hash === ours.hash;
    limit(`  the same by ${name}`, same ? "finds the same" : `finds something else (${other.findings})`, same);
  }
  const against = (name: string, other: TenRules, least: number, goal: number): void => {
    const times = median(other.seconds) / ourSeconds;
    const text = `${seconds(median(other.seconds))}: ${times.toFixed(2)} times ours (at least ${least}, goal ${goal})`;
    limit(`  as SQL in ${name}`, text, times >= least);
  };
  against("the same Postgres", sql, 4, 6);
  against("DuckDB, two threads, its own tables", duck, 1.5, 2);
  const times = json.parts["theirs"]! / json.parts["ours"]!;
  limit(
    "  json-rules-engine, per visit",
    `${json.parts["theirs"]} ns against ${json.parts["ours"]} ns: ${times.toFixed(0)} times ours (at least 100)`,
    times >= 100,
  );
}

interface Night {
  seconds: number[];
  parts: Record<string, number>;
  reconciled: { settlementLines: number; findings: { opened: number } };
}

interface Settled {
  matching: number;
  figures: number;
  all: number;
  slowest: Array<{ rule: string; seconds: number }>;
}

interface Changed {
  seconds: number[];
  /** Whether a run over everything finds the same as after the last change. */
  same: boolean;
}

async function wholeNight(folder: string, sizes: Sizes): Promise<number> {
  const drained: number[] = [];
  const nights: Night[] = [];
  let peakMb = 0;
  // In turn, as ten rules are.
  for (let turn = 0; turn < 3; turn++) {
    const drains = await run([...nodeOptions, "bench/night.ts", "drain", folder], image);
    drained.push(...(read(drains) as { seconds: number[] }).seconds);
    const ran = await run([...nodeOptions, "bench/night.ts", "full", folder], image);
    nights.push(read(ran) as Night);
    peakMb = Math.max(peakMb, ran.peakMb);
  }
  const drain = median(drained);
  const [first, again] = [0, 1].map((nth) => median(nights.map((night) => night.seconds[nth]!))) as [number, number];
  const night = nights.find((one) => one.seconds[0] === first)!;
  process.stdout.write(
    `a whole night, nothing stored before   ${seconds(first)}, ${night.reconciled.findings.opened} findings, ${night.reconciled.settlementLines} lines of figures\n` +
      `  where the time goes, ms              ${milliseconds(night.parts)}\n`,
  );
  limit(
    "  against draining the same rows",
    `${seconds(drain)} (${range(drained)}): ${(first / drain).toFixed(2)} of it (${range(nights.map((one) => one.seconds[0]!))}), and ${(again / drain).toFixed(2)} the night after (within 3)`,
    Math.max(first, again) <= 3 * drain,
  );
  limit("  memory of it", `${Math.round(peakMb)} MB (below 900)`, peakMb < 900);
  const parts = read(await run([...nodeOptions, "bench/night.ts", "settle", folder], image)) as Settled;
  process.stdout.write(
    `  matching, figures, rules with figures ${[parts.matching, parts.figures, parts.all].map(seconds).join(", ")}\n` +
      `  slowest alone                        ${parts.slowest.map(({ rule, seconds: of }) => `${rule} ${of.toFixed(2)}`).join(", ")}\n`,
  );
  const changed = read(await run([...nodeOptions, "bench/night.ts", "changed", folder], image)) as Changed;
  const once = median(changed.seconds);
  limit("  what everything gives then", changed.same ? "is the same" : "differs", changed.same);
  limit(
    "one changed visit",
    `${Math.round(once * 1000)} ms, the first ${Math.round((changed.seconds[0] ?? NaN) * 1000)}: 1/${Math.round(again / once)} of the night after, 1/${Math.round(first / once)} of the first (below 1/100)`,
    once * 100 < again,
  );
  const [alone] = await Promise.all([
    run([...nodeOptions, "bench/night.ts", "full", folder], image).then((one) => median((read(one) as Night).seconds)),
    run([...nodeOptions, "bench/night.ts", "wait", folder], image),
  ]);
  limit(
    "with a second worker that waits",
    `${seconds(alone)}: ${(alone / median(night.seconds)).toFixed(2)} of the time alone (${sizes.visits} visits; no more than 1.1)`,
    alone <= 1.1 * median(night.seconds),
  );
  return first;
}

async function twice(workplace: string, visits: number, once: number): Promise<void> {
  const two = await month(workplace, visits * 2);
  await using held = await openDatabase({ folder: two.folder });
  await held.pool.query("CHECKPOINT");
  const ran = await run([...nodeOptions, "bench/night.ts", "full", two.folder], image);
  const [first = NaN] = (read(ran) as Night).seconds;
  limit(
    "a whole night of twice as many",
    `${seconds(first)}: ${(first / once).toFixed(2)} of it (within 2.2), ${Math.round(ran.peakMb)} MB`,
    first <= 2.2 * once,
  );
}
