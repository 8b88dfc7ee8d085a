import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Agent, fetch } from "undici";
import { openLog } from "#log";
import { openDelivery } from "#operations";
import { createVault, insertEndpoint, insertEvents, insertSecret, migrate, openDatabase } from "#store";
import { bodyOf, makeKey, signedHeaders, signerOf } from "#webhook";
import { limit, median } from "./child.ts";

const EVENTS = 20_000;
const RECEIVERS = 10;
const tenantId = "0000";
const each = EVENTS / RECEIVERS;

/**
 * 20,000 events to ten receivers, one of which hangs: the other nine receive all theirs, at half the pace or more of
 * bare signed posts to the same nine, eight at a time each.
 */
export async function webhooks(workplace: string): Promise<void> {
  const folder = join(workplace, "webhooks");
  mkdirSync(folder, { recursive: true });
  const receivers = fork(resolve(import.meta.dirname, "webhook-receivers.ts"), [String(RECEIVERS)]);
  try {
    const [{ ca, ports }] = (await once(receivers, "message")) as [{ ca: string; ports: number[] }];
    const caFile = join(folder, "ca.pem");
    writeFileSync(caFile, ca);
    const came = async (): Promise<Array<Map<string, number>>> => {
      receivers.send("tell");
      const [times] = (await once(receivers, "message")) as [Array<Array<[string, number]>>];
      return times.map((one) => new Map(one));
    };

    const bare = await barePosts(ports.slice(0, -1), ca);
    await using database = await openDatabase({ folder });
    await migrate(database);
    const vault = createVault(Buffer.alloc(32, 7));
    const now = Date.now;
    for (const [index, port] of ports.entries()) {
      await database.transaction(async (tx) => {
        const provider = `P${index}`;
        const no = await insertEndpoint(tx, tenantId, {
          id: `ep_${index}`,
          provider,
          url: `https://127.0.0.1:${port}/`,
          description: "",
          types: null,
          units: null,
          ordered: false,
          state: "active",
          createdAt: now(),
          createdBy: "bench",
        });
        const { secret } = makeKey("hmac");
        const sealed = vault.encrypt(secret);
        const kept = { endpointNo: no, provider, kind: "hmac", sealed, publicKey: null, createdAt: now() };
        await insertSecret(tx, tenantId, kept, now());
      });
    }
    const begun = now();
    for (let from = 0; from < each; from += 500) {
      await database.transaction(async ({ client }) => {
        await insertEvents(
          client,
          tenantId,
          Array.from({ length: 500 * RECEIVERS }, (_, index) => ({
            id: `evt_${index % RECEIVERS}x${from + Math.floor(index / RECEIVERS)}`,
            type: "order.created",
            at: now(),
            provider: `P${index % RECEIVERS}`,
            units: [],
            subjectKind: "order",
            subject: String(from + index),
          })),
        );
      });
    }
    const written = now();
    let wake = (): void => undefined;
    await using delivery = await openDelivery(
      {
        database,
        vault,
        tenantId,
        now,
        config: { webhooks: { allow: ["127.0.0.0/8"], caFile, timeoutSeconds: 5 } },
        log: openLog("error"),
      },
      () => wake(),
    );
    const arrived = async (): Promise<number> => {
      const { rows } = await database.pool.query<{ n: number }>(
        "SELECT count(*) AS n FROM event_deliveries WHERE state = 'delivered'",
      );
      return rows[0]?.n ?? 0;
    };
    for (let looked = 0; ;) {
      const woken = new Promise<void>((done) => {
        wake = done;
        setTimeout(done, 1000).unref();
      });
      await delivery.tick();
      if (now() - looked > 500) {
        looked = now();
        if ((await arrived()) === each * (RECEIVERS - 1)) break;
        if (now() - written > 300_000) break;
      }
      await woken;
    }
    const times = (await came()).slice(0, -1).map((one) => [...one].filter(([id]) => id.startsWith("evt_")));
    const all = times.flat().map(([, at]) => at);
    const ours = all.length / ((Math.max(...all) - written) / 1000);
    const complete = times.every((one) => one.length === each);
    limit(
      "webhooks, one receiver of ten hangs",
      `the other nine got ${times.map((one) => one.length).join(", ")} of ${each} each; ${Math.round(ours)} a second, bare signed posts ${Math.round(bare)}: ${(ours / bare).toFixed(2)} of their pace (at least 0.50)`,
      complete && ours / bare >= 0.5,
    );
    process.stdout.write(
      `delay from commit to receiver          median ${(median(all.map((at) => at - begun)) / 1000).toFixed(1)} s of ${EVENTS} events at once\n`,
    );
  } finally {
    receivers.kill();
  }
}

/** Signed posts with nothing around them, eight at a time to each: how many a second. */
async function barePosts(ports: readonly number[], ca: string): Promise<number> {
  const dispatcher = new Agent({ connections: 16, connect: { ca } });
  const signer = signerOf(makeKey("hmac"));
  const post = async (port: number, no: number): Promise<void> => {
    const id = `bare_${no}`;
    const event = { id, at: Date.now(), tenantId, subject: `ord_${"x".repeat(22)}`, changes: [], test: false };
    const body = bodyOf({ ...event, type: "order.created" });
    const headers = { "content-type": "application/json", ...signedHeaders([signer], id, Date.now(), body) };
    const answer = await fetch(`https://127.0.0.1:${port}/`, { method: "POST", headers, body, dispatcher });
    await answer.arrayBuffer();
  };
  const lanes = async (count: number): Promise<void> => {
    await Promise.all(
      ports.flatMap((port) =>
        Array.from({ length: 8 }, async (_, lane) => {
          for (let no = lane; no < count; no += 8) await post(port, no);
        }),
      ),
    );
  };
  // Once to warm up, as a service has been running for a while.
  await lanes(100);
  const started = performance.now();
  await lanes(each);
  const rate = (each * ports.length) / ((performance.now() - started) / 1000);
  await dispatcher.close();
  return rate;
}
