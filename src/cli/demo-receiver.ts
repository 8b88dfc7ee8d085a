import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { createEndpoint, endEndpoint, listEndpoints, openDelivery, pingEndpoint, pullSources } from "#operations";
import type { World } from "#synthetic";
import { loadSimulators, type System } from "#system";
import { say } from "./render.ts";

const words: Readonly<Record<string, string>> = {
  "order.created": "en ny beställning",
  "order.changed": "en ändrad beställning",
  "order.ended": "en beställning som upphör",
  "order.cancelled": "en beställning som tas tillbaka",
  "client.status-changed": "en brukares frånvaro",
  "finding.explanation-requested": "en fråga från kommunen",
  "case.decided": "ett beslut",
  "settlement.ready": "en låst månad",
};
const LINES_MAX = 12;
const TOLERANCE_MS = 5 * 60_000;

/** A stand-in for providers' systems: takes events on loopback, checks who sent them, and says what came. */
export interface DemoReceiver extends AsyncDisposable {
  /** Of the configuration. */
  settings: { allow: string[]; caFile: string; timeoutSeconds: number };
  /** Makes an endpoint for every provider. */
  register: (system: System, world: World) => Promise<void>;
  /** How many events came of which the signature is right. */
  genuine: () => number;
}

export async function startDemoReceiver(folder: string, now: () => number): Promise<DemoReceiver> {
  const { makeCertificates } = await loadSimulators();
  const { ca, server: credentials } = await makeCertificates();
  const caFile = join(folder, "mottagare-ca.pem");
  writeFileSync(caFile, ca);
  const keys = new Map<string, { key: string; name: string }>();
  const seen = new Set<string>();

  function take(provider: string, headers: Record<string, unknown>, body: string): number {
    const known = keys.get(provider);
    const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) =>
      String(headers[`webhook-${name}`]),
    );
    const at = Number(timestamp) * 1000;
    // The public client checks against the machine's clock; here the municipality's counts.
    const signed = known !== undefined && new Webhook(known.key).sign(id!, new Date(at), body);
    const fresh = Math.abs(now() - at) < TOLERANCE_MS;
    if (known === undefined || !fresh || !signatures!.split(" ").includes(String(signed))) return 401;
    const { type } = JSON.parse(body) as { type: string };
    if (type === "endpoint.ping" || seen.has(id!)) return 204;
    seen.add(id!);
    if (seen.size <= LINES_MAX) say(`  ${known.name} fick veta: ${words[type] ?? type} (signaturen stämmer).`);
    else if (seen.size === LINES_MAX + 1) say("  … och fler.");
    return 204;
  }

  const server = createServer(credentials, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const provider = decodeURIComponent(request.url?.slice(1) ?? "");
      response.writeHead(take(provider, request.headers, Buffer.concat(chunks).toString("utf8"))).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    settings: { allow: ["127.0.0.1/32"], caFile, timeoutSeconds: 5 },
    genuine: () => seen.size,
    async register(system, world) {
      const { operator } = system;
      // Those of an earlier demo lead to where nobody is any more.
      for (const { id, state } of await listEndpoints(system, operator)) {
        if (state !== "disabled") await endEndpoint(system, operator, id);
      }
      for (const { id: provider, name } of world.providers) {
        const filter = { types: null, units: null, ordered: false, description: "Demonstration" };
        const url = `https://127.0.0.1:${port}/${encodeURIComponent(provider)}`;
        const made = await createEndpoint(system, operator, { provider, url, key: "hmac", ...filter });
        keys.set(provider, { key: made.key.key, name });
        await pingEndpoint(system, operator, made.endpoint.id);
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close").catch(() => undefined);
    },
  };
}

/** Tells providers what is new, until nothing waits, or for ten seconds. */
export async function tellProviders(system: System): Promise<void> {
  await using delivery = await openDelivery(system);
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(100)) {
    await delivery.tick();
    const endpoints = await listEndpoints(system, system.operator);
    if (endpoints.every(({ deliveries }) => deliveries.waiting === 0)) return;
  }
}

/** What orders and absences are kept in. The other systems would be taken for silent, having been asked twice in a night. */
const orderResources: Readonly<Record<string, readonly string[]>> = {
  lifecare: ["provider_units", "clients", "client_absences", "orders", "ordered_services"],
};

/** Pulls orders and absences alone, as they stand: the night after it finds which are new. */
export async function pullOrders(system: System, signal: AbortSignal): Promise<void> {
  const sources = system.sources.flatMap((source) => {
    const wanted = orderResources[source.id];
    if (wanted === undefined) return [];
    const chosen = Object.entries(source.adapter.sources).filter(([name]) => wanted.includes(name));
    const adapter = { ...source.adapter, sources: Object.fromEntries(chosen) };
    const open: typeof source.open = async (options) => {
      const opened = await source.open(options);
      return {
        source: { ...opened.source, adapter },
        [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
      };
    };
    return [{ ...source, adapter, open }];
  });
  await pullSources({ ...system, sources }, system.operator, { ids: [], signal });
}
