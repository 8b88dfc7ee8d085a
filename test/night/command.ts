import { spawn } from "node:child_process";
import { join, resolve } from "node:path";

const command = resolve(import.meta.dirname, "../../bin/klarsyn.js");

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the real command in a process of its own, with nothing of our environment but what it needs. */
export async function klarsyn(
  args: readonly string[],
  { folder, databaseUrl }: { folder: string; databaseUrl: string },
): Promise<Ran> {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      KLARSYN_DATA: join(folder, "data"),
      DATABASE_URL: databaseUrl,
      // The key of `testDatabase`.
      KLARSYN_KEY: Buffer.alloc(32, 7).toString("base64"),
    },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const status = await new Promise<number | null>((done, failed) => child.on("error", failed).on("close", done));
  return { status, stdout, stderr };
}

/** Objects of JSON Lines. */
export const jsonLines = (text: string): Array<Record<string, unknown>> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
