import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");

/** As the image and bin/klarsyn.js set it. */
export const image = {
  NODE_OPTIONS: "--max-semi-space-size=32 --max-old-space-size=1900",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_ARENA_MAX: "2",
  NODE_COMPILE_CACHE: resolve(root, "node_modules/.cache/klarsyn"),
};

export interface Ran {
  seconds: number;
  /** Its own peak, without the database's. */
  peakMb: number;
  output: string;
}

/** Runs a program of ours and gives its wall time, its own peak of memory and what it printed. */
export async function run(args: string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  let peakMb = 0;
  const watch = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peakMb = Math.max(peakMb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has ended, or the system has no /proc.
    }
  }, 100);
  const [code] = (await once(child, "close")) as [number];
  clearInterval(watch);
  if (code !== 0 && code !== 2) throw new Error(`${args.join(" ")} ended with ${code}\n${output}`);
  return { seconds: (performance.now() - started) / 1000, peakMb, output };
}

/** Prints what was measured beside its limit, and makes the program end with 1 where one is missed. */
export function limit(what: string, text: string, met: boolean): void {
  process.stdout.write(`${what.padEnd(38)} ${text}${met ? "" : "  MISSED"}\n`);
  if (!met) process.exitCode = 1;
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
