import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands, exitStatus } from "#cli";
import { checkConfig } from "#config";
import { day } from "#model";
import { endRun, startRun } from "#store";
import { adapters } from "#system";
import { captured } from "../support/captured.ts";
import { testSystem } from "../support/system.ts";

const main = new URL("../../src/main.ts", import.meta.url).pathname;

/** Runs the program as a person does. */
async function klarsyn(env: NodeJS.ProcessEnv, ...args: string[]) {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env["PATH"], LOG_LEVEL: "silent", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  }
  const [status] = (await once(child, "close")) as [number];
  return { status, ...output };
}

type Opened = Awaited<ReturnType<typeof testSystem>>;

/** What the doctor says of a municipality, with other settings or another environment. */
async function doctor({ content, configFile, env: own }: Opened, more: object = {}, moreEnv: NodeJS.ProcessEnv = {}) {
  const env = { ...own, LOG_LEVEL: "silent", ...moreEnv };
  const config = checkConfig({ ...content, ...more }, configFile, env, adapters);
  const command = commands.find(({ name }) => name === "doctor");
  const given = { positionals: [], env, configFile, config, system: undefined, signal: new AbortController().signal };
  const { result, stdout } = await captured(async () => command?.run({} as never, given as never));
  return { status: exitStatus(result ?? "failed"), stdout };
}

const source = (adapter: string, settings: object, more: object = {}) => ({
  sources: [{ id: adapter, adapter, settings, ...more }],
});

describe("the doctor", { timeout: 90_000 }, () => {
  test("finds nothing wrong where nothing is", async () => {
    await using opened = await testSystem();
    const { content, configFile, env } = opened;
    await writeFile(configFile, JSON.stringify(content));
    const { status, stdout, stderr } = await klarsyn(env, "doctor", "--config", configFile);
    expect(stdout.split("\n").map((line) => line.slice(0, line.indexOf(":")))).toEqual([
      "✓ konfiguration",
      "✓ Node",
      "✓ datamapp",
      "✓ inloggning",
      "✓ databas",
      "✓ klocka",
      "✓ källa files",
      "✓ senaste natten",
      "✓ karantän",
      "",
    ]);
    expect([status, stderr]).toEqual([0, ""]);
  });

  test("says everything that is wrong with the configuration, and starts nothing", async () => {
    await using opened = await testSystem();
    const { content, configFile, env } = opened;
    const lifecare = { baseUrl: "https://lifecare.example", domain: "${NO_DOMAIN}", key: "abc" };
    await writeFile(configFile, JSON.stringify({ ...content, nigth: {}, ...source("lifecare", lifecare) }));
    const { status, stdout, stderr } = await klarsyn({ ...env, PORT: "80000" }, "doctor", "--config", configFile);
    expect([status, stdout]).toEqual([64, ""]);
    expect(stderr.trim().split("\n").slice(1)).toEqual([
      expect.stringContaining("sources.0.settings.key: is a secret; write ${NAME}"),
      expect.stringContaining("sources.0.settings.domain: the environment has no NO_DOMAIN; set it."),
      expect.stringContaining("nigth: is not a setting. Did you mean night?"),
      expect.stringContaining("PORT"),
    ]);
    const missing = await klarsyn(opened.env, "doctor", "--config", join(opened.folder, "none.json"));
    expect(missing).toMatchObject({ status: 64, stderr: expect.stringContaining("--config FILE") as unknown });
  });

  test("names a database that does not answer, is not there, or refuses the user", async () => {
    await using opened = await testSystem();
    const told = async (DATABASE_URL: string) => (await doctor(opened, {}, { DATABASE_URL })).stdout;
    expect(await told("postgres://127.0.0.1:1/klarsyn")).toMatch(/✗ databas: .*does not answer: is it running/);
    expect(await told(opened.env.DATABASE_URL.replace(/\/test_\w+/, "/elsewhere"))).toMatch(
      /✗ databas: .*does not exist: create it/,
    );
    expect(await told("postgres://nowhere.invalid/klarsyn")).toMatch(/✗ databas: .*check the host in DATABASE_URL/);
  });

  test("says what to run where the schema is older", async () => {
    await using opened = await testSystem();
    await opened.system.database.pool.query(
      "DELETE FROM drizzle.__drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM drizzle.__drizzle_migrations)",
    );
    const { status, stdout } = await doctor(opened);
    expect([status, stdout]).toEqual([1, expect.stringContaining("✗ databas: The database")]);
    expect(stdout).toContain('run "npx klarsyn migrate"');
  });

  test("knows a key that is missing, malformed or another one", async () => {
    await using opened = await testSystem();
    const told = async (KLARSYN_KEY: string | undefined) => (await doctor(opened, {}, { KLARSYN_KEY })).stdout;
    expect(await told(undefined)).toMatch(/✗ nyckel: KLARSYN_KEY is missing/);
    expect(await told("abc")).toMatch(/✗ nyckel: /);
    expect(await told(Buffer.alloc(32, 9).toString("base64"))).toMatch(/✗ nyckel: /);
  });

  test("names a mapping that cannot be used, by file and line", async () => {
    await using opened = await testSystem();
    await mkdir(join(opened.folder, "mappings/phoniro"), { recursive: true });
    await writeFile(join(opened.folder, "mappings/phoniro/visits.yaml"), "source: phoniro/visist\nversion: 1\n");
    const { stdout } = await doctor(opened, source("phoniro", { folder: opened.folder }, { mappings: "./mappings" }));
    expect(stdout).toMatch(/✗ översättning: .*visits\.yaml:1:9 .*Did you mean "phoniro\/visits"\?/);
  });

  test("tells a folder that is not there from a file that cannot be read", async () => {
    await using opened = await testSystem();
    const { stdout } = await doctor(opened, source("phoniro", { folder: "./nowhere" }));
    expect(stdout).toMatch(/✗ källa phoniro: Inbox .*nowhere.* Kontrollera att mappen eller servern finns/);
    await mkdir(join(opened.folder, "inbox"));
    await writeFile(join(opened.folder, "inbox/besok-1.csv"), "Datum;Tid\n2026-10-05;08:00\n");
    const inbox = source("phoniro", { folder: "./inbox", settleSeconds: 0 });
    expect((await doctor(opened, inbox)).stdout).toMatch(/✗ källa phoniro: File besok-1\.csv: .* Be leverantören/);
  });

  test("tells a system that does not answer from one that refuses the key", async () => {
    await using opened = await testSystem();
    const server = createServer((_request, response) => response.writeHead(401).end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const carefox = (to: number) => source("carefox", { baseUrl: `http://127.0.0.1:${to}`, token: "${TOKEN}" });
    const refused = await doctor(opened, carefox(port), { TOKEN: "hemligheten" });
    server.close();
    expect(refused.stdout).toMatch(/✗ källa carefox: .* Källan godtar inte nyckeln/);
    expect(refused.stdout).not.toContain("hemligheten");
    const down = await doctor(opened, carefox(1), { TOKEN: "hemligheten" });
    expect(down.stdout).toMatch(/✗ källa carefox: .* Kontrollera adress, certifikat, brandvägg/);
  });

  test("notices that the last night failed, or is long ago", async () => {
    await using opened = await testSystem();
    const { database, tenantId } = opened.system;
    const nightAt = async (at: number, outcome: "done" | "failed") => {
      const run = await startRun(database, tenantId, { kind: "night", day: day("2026-10-05"), at });
      await endRun(database, run, { outcome, at, summary: {} });
      return (await doctor(opened)).stdout;
    };
    expect(await nightAt(Date.now(), "done")).toContain("✓ senaste natten: Natten 2026-10-05 är klar.");
    expect(await nightAt(Date.now(), "failed")).toMatch(/✗ senaste natten: .*misslyckades\. Loggen säger varför/);
    await database.pool.query("DELETE FROM nights");
    expect(await nightAt(Date.now() - 3 * 86_400_000, "done")).toMatch(
      /✗ senaste natten: .* npx klarsyn serve är igång/,
    );
  });

  test("says that no source is set up", async () => {
    await using opened = await testSystem();
    const { stdout, status } = await doctor(opened, { sources: [] });
    expect([status, stdout]).toEqual([1, expect.stringContaining("✗ källor: Inga källor är inställda.")]);
  });
});
