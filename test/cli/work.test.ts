import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { createEndpoint, pingEndpoint, pullSources } from "#operations";
import { signal } from "../night/hand.ts";
import { testSystem } from "../support/system.ts";
import { startReceiver, webhooks } from "../webhook/receiver.ts";

const command = resolve(import.meta.dirname, "../../bin/klarsyn.js");
const lines = (records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
const order = (id: string) => ({
  id,
  clientId: "C1",
  unitId: "U1",
  status: "sent",
  orderedAt: "2026-10-01T08:00:00+02:00",
  validFrom: "2026-10-05",
  lines: [{ id: `${id}-1`, service: "dusch", minutes: 30, times: 1, per: "day" }],
});

test("two workers make up for a missed night once, tell providers once, and end when they are asked to", async () => {
  await using town = await testSystem({ webhooks, night: { at: "00:00" } });
  await using receiver = await startReceiver();
  const { system, folder, configFile } = town;
  const { pool } = system.database;
  await writeFile(configFile, JSON.stringify(town.content));
  const put = async (entity: string, n: number, records: object[]) =>
    writeFile(join(folder, `${entity}-${n}.jsonl`), lines(records));
  await put("providers", 1, [{ id: "P1", organisationNumber: "556677-0001", name: "Ett", regime: "private" }]);
  await put("units", 1, [{ id: "U1", providerId: "P1", name: "Norr" }]);
  await put("clients", 1, [{ id: "C1" }]);
  await put("orders", 1, [order("known")]);
  await pullSources(system, system.operator, { ids: [], signal });
  const { endpoint } = await createEndpoint(system, system.operator, {
    provider: "P1",
    url: receiver.url,
    key: "hmac",
    types: null,
    units: null,
    ordered: false,
    description: "",
  });
  await pingEndpoint(system, system.operator, endpoint.id);
  // Comes with the night that nobody has run.
  await put("orders", 2, [order("new")]);

  await using started = new AsyncDisposableStack();
  const workers = [0, 1].map(() => {
    const child = spawn(process.execPath, [command, "work", "--config", configFile], {
      env: { PATH: process.env["PATH"], ...town.env, LOG_LEVEL: "warn" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: Buffer) => (output += text.toString("utf8")));
    const ended = new Promise((done) => child.on("close", (status) => done([status, output])));
    // Where an expectation fails, nobody has asked it to end.
    started.defer(async () => {
      child.kill("SIGKILL");
      await ended;
    });
    return { child, ended };
  });
  const nights = async () =>
    (await pool.query("SELECT outcome FROM nights WHERE kind = 'night' AND outcome IS NOT NULL")).rows;
  await expect.poll(nights, { timeout: 50_000, interval: 200 }).toEqual([{ outcome: "done" }]);
  const told = () => receiver.received.filter(({ body }) => body.includes("order.created"));
  await expect.poll(() => told().length, { timeout: 20_000 }).toBe(1);
  for (const { child } of workers) child.kill("SIGTERM");
  for (const { ended } of workers) expect(await ended).toEqual([0, expect.stringContaining("Klarsyn arbetar")]);
  expect(await nights()).toHaveLength(1);
  expect(told()).toHaveLength(1);
});
