import { spawn } from "node:child_process";
import { rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createEndpoint, pingEndpoint, pullSources } from "#operations";
import { signal } from "../night/hand.ts";
import { randomOf } from "../night/random.ts";
import { testSystem } from "../support/system.ts";
import { isGenuine, startReceiver, webhooks } from "./receiver.ts";

const runner = resolve(import.meta.dirname, "run-delivery.ts");
const KILLS = 20;
const PER_ROUND = 12;
const seed = 20_261_122;

type Town = Awaited<ReturnType<typeof testSystem>>;

const order = (id: string, version: number, more: object = {}) => ({
  id,
  version,
  clientId: "C1",
  unitId: "U1",
  status: "sent",
  orderedAt: "2026-10-01T08:00:00+02:00",
  validFrom: "2026-10-05",
  lines: [{ id: `l-${id}`, service: "dusch", minutes: 30, times: 1, per: "day" }],
  ...more,
});

let files = 0;
/** A file in the inbox, whole from the first moment. */
async function deliver({ folder }: Town, entity: string, records: readonly object[]): Promise<void> {
  const name = `${entity}-${String(++files).padStart(4, "0")}.jsonl`;
  const path = join(folder, name);
  await writeFile(`${path}.part`, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  await rename(`${path}.part`, path);
}

/** Runs the service; gives how often it had pulled when `until` was over, at which it is killed. */
async function run({ configFile, env }: Town, until: () => Promise<unknown>): Promise<number> {
  const child = spawn(process.execPath, [runner, configFile], { env: { PATH: process.env["PATH"], ...env } });
  let output = "";
  let errors = "";
  child.stderr.on("data", (text: Buffer) => (errors += text.toString("utf8")));
  const ready = new Promise<void>((done) => {
    child.stdout.on("data", (text: Buffer) => {
      output += text.toString("utf8");
      if (output.includes("ready")) done();
    });
  });
  const closed = new Promise<string>((done) => {
    child.on("close", (_status, by) => done(String(by)));
  });
  await Promise.race([ready, closed]);
  await until();
  child.kill("SIGKILL");
  expect([await closed, errors]).toEqual(["SIGKILL", ""]);
  return output.split("pulled").length - 1;
}

describe("a service that is killed", () => {
  test(`at ${KILLS} moments loses no event and invents none (seed ${seed})`, { timeout: 500_000 }, async () => {
    await using town = await testSystem({ webhooks: { ...webhooks, timeoutSeconds: 1.5 } });
    await using receiver = await startReceiver();
    const { system } = town;
    const { pool } = system.database;
    await writeFile(town.configFile, JSON.stringify(town.content));
    const random = randomOf(seed);
    await deliver(town, "providers", [{ id: "P1", organisationNumber: "556677-0001", name: "Ett", regime: "private" }]);
    await deliver(town, "units", [{ id: "U1", providerId: "P1", name: "Norr" }]);
    await deliver(town, "clients", [{ id: "C1" }]);
    await deliver(town, "orders", [order("known", 1)]);
    await pullSources(system, system.operator, { ids: [], signal });
    const filter = { types: null, units: null, ordered: false, description: "" };
    const made = await createEndpoint(system, system.operator, {
      provider: "P1",
      url: receiver.url,
      key: "ed25519",
      ...filter,
    });
    expect(await pingEndpoint(system, system.operator, made.endpoint.id)).toMatchObject({ error: null });
    receiver.received.length = 0;
    // One answer in three is not what was hoped for.
    receiver.behave(() => {
      const chance = random();
      return chance < 0.1 ? { status: 500 } : chance < 0.2 ? "cut" : chance < 0.3 ? "hang" : { status: 204 };
    });

    const ids: string[] = [];
    const unfinished: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const fresh = Array.from({ length: PER_ROUND }, (_, no) => `o-${kill}-${no}`);
      ids.push(...fresh);
      // What came before comes again, as another version that says the same.
      await deliver(
        town,
        "orders",
        ids.map((id) => order(id, fresh.includes(id) ? 1 : 2 + kill)),
      );
      await run(town, () => sleep(random() * 500));
      const { rows } = await pool.query<{ done: number }>(
        "SELECT count(*) AS done FROM event_deliveries WHERE state = 'delivered'",
      );
      unfinished.push(ids.length + 1 - (rows[0]?.done ?? 0));
    }
    // The moments were not all before anything, nor all after everything.
    expect(unfinished.some((count) => count > 0)).toBe(true);
    expect(new Set(unfinished).size).toBeGreaterThan(3);

    receiver.behave(() => ({ status: 204 }));
    // What waits for its next attempt is not waited for here.
    const finished = async (events: number): Promise<void> => {
      for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(100)) {
        await pool.query("UPDATE event_deliveries SET next_at = now() WHERE state = 'waiting' AND next_at > now()");
        await pool.query("UPDATE endpoints SET open_until = NULL, failures = 0");
        const { rows } = await pool.query<{ done: number }>(
          "SELECT count(*) AS done FROM event_deliveries d JOIN events v ON v.no = d.event_no WHERE d.state = 'delivered' AND v.type LIKE 'order.%'",
        );
        if (rows[0]?.done === events) return;
      }
      throw new Error("Not everything was delivered.");
    };
    await run(town, () => finished(ids.length));
    await deliver(
      town,
      "orders",
      ids.map((id) => order(id, 100, { validTo: "2026-12-31" })),
    );
    await run(town, () => finished(ids.length * 2));

    const { rows: events } = await pool.query<{ id: string; type: string; subject: string }>(
      "SELECT id, type, subject FROM events WHERE type LIKE 'order.%' ORDER BY no",
    );
    const { rows: orders } = await pool.query<{ no: number; id: string }>(
      "SELECT no, id FROM announced_orders WHERE id <> 'known'",
    );
    // Each order is told of once as new and once as changed, and nothing else is.
    const expected = orders.flatMap(({ no }) => [`order.created ${no}`, `order.changed ${no}`]);
    expect(orders.map(({ id }) => id).sort()).toEqual(ids.toSorted());
    expect(events.map(({ type, subject }) => `${type} ${subject}`).sort()).toEqual(expected.sort());
    // The receiver got each of them, and what came more than once under the same id and as the same text.
    const texts = Map.groupBy(receiver.received, ({ id }) => id);
    expect([...texts.keys()].sort()).toEqual(events.map(({ id }) => id).sort());
    for (const again of texts.values()) expect(new Set(again.map(({ body }) => body)).size).toBe(1);
    expect(receiver.received.length).toBeGreaterThan(events.length);
    expect(receiver.received.every(({ headers, body, at }) => isGenuine(made.key.key, headers, body, at))).toBe(true);
  });
});
