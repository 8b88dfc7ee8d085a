import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen } from "#http";
import { order, program, providersTown, type Town } from "./providers.ts";

const run = promisify(execFile);
const docs = resolve(import.meta.dirname, "../../../docs/api");

let town: Town;
let server: Awaited<ReturnType<typeof listen>>;
beforeAll(async () => {
  town = await providersTown();
  server = await listen(town.app, "127.0.0.1", 0);
}, 120_000);
afterAll(async () => {
  await server?.stop();
  await town?.[Symbol.asyncDispose]();
});

async function environment() {
  const { id, secret } = await program(town.system, { kind: "secret" });
  return { ...process.env, KLARSYN_URL: server.url, CLIENT_ID: id, CLIENT_SECRET: secret ?? "" };
}

describe("docs/api/client.ts", () => {
  test("accepts what stands, and from its cursor on sees only what has changed", async () => {
    const env = await environment();
    const client = async (...args: string[]) => {
      const { stdout } = await run(process.execPath, [join(docs, "client.ts"), ...args], { env });
      return stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    };
    const first = await client();
    expect(first.slice(0, -1).map(({ reference }) => reference)).toEqual(["o-1", "o-3", "o-4"]);
    expect(first[0]).toMatchObject({ acknowledgement: { kind: "accepted", current: true } });
    expect(first[2]).toMatchObject({ gone: "ended", acknowledgement: null });
    const cursor = String(first.at(-1)?.["cursor"]);
    await town.send("orders", order("o-8", "C1", "U1"));
    await town.announce();
    expect((await client(cursor)).slice(0, -1).map(({ reference }) => reference)).toEqual(["o-8"]);
  }, 60_000);

  test("waits as long as it is told, and says what is wrong where it is refused", async () => {
    let asked = 0;
    const answers: Array<[number, object]> = [
      [200, { access_token: "t" }],
      [429, { type: "/problems/client.too-many", title: "Wait.", status: 429 }],
      [403, { type: "/problems/permission.missing", title: "This needs the permission orders:read.", status: 403 }],
    ];
    const busy = createServer((_, response) => {
      const [status, body] = answers[asked++]!;
      response.writeHead(status, { "retry-after": "0" }).end(JSON.stringify(body));
    });
    busy.listen(0, "127.0.0.1");
    await once(busy, "listening");
    const env = { ...process.env, KLARSYN_URL: `http://127.0.0.1:${(busy.address() as AddressInfo).port}` };
    try {
      await expect(run(process.execPath, [join(docs, "client.ts")], { env })).rejects.toMatchObject({
        stderr: expect.stringContaining("orders:read") as unknown,
      });
      expect(asked).toBe(3);
    } finally {
      busy.close();
    }
  }, 30_000);
});

/** For machines without curl: what the walkthrough uses of it. */
const curlOfOurs = `#!${process.execPath}
const args = process.argv.slice(2);
const headers = new Headers();
let [method, body, url] = ["GET", undefined, ""];
for (let at = 0; at < args.length; at++) {
  const arg = args[at];
  if (arg === "-sf") continue;
  if (arg === "-X") method = args[++at];
  else if (arg === "-H") { const [name, ...rest] = args[++at].split(":"); headers.set(name, rest.join(":").trim()); }
  else if (arg === "-u") headers.set("authorization", "Basic " + Buffer.from(args[++at]).toString("base64"));
  else if (arg === "-d") { body = args[++at]; if (method === "GET") method = "POST"; }
  else if (arg.startsWith("-")) throw new Error("what is " + arg);
  else url = arg;
}
if (body !== undefined && !headers.has("content-type")) headers.set("content-type", "application/x-www-form-urlencoded");
const response = await fetch(url, { method, headers, body });
if (!response.ok) process.exit(22);
process.stdout.write(await response.text());
`;

describe("docs/api/curl.md", () => {
  test.each(["curl", "what stands in for it"])(
    "leads with %s from a token to an explanation, as it stands",
    async (by) => {
      const text = await readFile(join(docs, "curl.md"), "utf8");
      const steps = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, step = ""]) => step);
      expect(steps.length).toBeGreaterThan(5);
      const folder = await mkdtemp(join(tmpdir(), "klarsyn-curl-"));
      const env = await environment();
      try {
        const found = await run("sh", ["-c", "command -v curl"]).catch(() => null);
        if (found === null || by !== "curl") {
          await writeFile(join(folder, "curl.mjs"), curlOfOurs);
          await writeFile(
            join(folder, "curl"),
            `#!/bin/sh\nexec "${process.execPath}" "${join(folder, "curl.mjs")}" "$@"\n`,
          );
          await chmod(join(folder, "curl"), 0o755);
        }
        const script = ["set -eu", ...steps.map((step) => `${step}\necho`)].join("\n");
        const { stdout } = await run("sh", ["-c", script], {
          env: { ...env, PATH: `${folder}${delimiter}${process.env["PATH"]}` },
        });
        expect(stdout).toContain('"plannedStart":"2026-10-12"');
        expect(stdout).toContain('"state":"explained"');
        expect(stdout).toContain('"payable":1690');
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    60_000,
  );
});
