import { expect } from "vitest";
import { openLog } from "#log";
import {
  createEndpoint,
  type EndpointFilter,
  type KeyKind,
  openDelivery,
  pingEndpoint,
  pullSources,
} from "#operations";
import { type Delivered, handedSource, operator, signal } from "../night/hand.ts";
import { testDatabase } from "../support/database.ts";
import { webhooks } from "../webhook/receiver.ts";

const providers: Delivered = {
  entity: "providers",
  records: ["1", "2"].map((no) => ({
    id: `P${no}`,
    organisationNumber: `556677-000${no}`,
    name: `Omsorgen ${no}`,
    regime: "private",
  })),
};
const units: Delivered = {
  entity: "units",
  records: [
    { id: "U1", providerId: "P1", name: "Norr" },
    { id: "U2", providerId: "P1", name: "Söder" },
    { id: "U3", providerId: "P2", name: "Väster" },
  ],
};
const clients: Delivered = { entity: "clients", records: [1, 2, 3].map((no) => ({ id: `C${no}` })) };

export const line = (id: string, more: object = {}) => ({
  id: `l-${id}`,
  service: "dusch",
  minutes: 30,
  times: 1,
  per: "day",
  ...more,
});

/** An order of a client for a unit, as the source sends it. */
export function order(id: string, version: number, more: object = {}) {
  const plain = { clientId: "C1", unitId: "U1", status: "sent", orderedAt: "2026-10-01T08:00:00+02:00" };
  return { id, version, ...plain, validFrom: "2026-10-05", lines: [line(id)], ...more };
}

/** A municipality whose first orders are known, and where what comes next is news. */
export async function toldTown({ clock = Date.now }: { clock?: () => number } = {}) {
  const stored = await testDatabase();
  let waiting: Delivered[] = [];
  const needs = {
    ...stored,
    now: clock,
    log: openLog("silent"),
    config: { webhooks },
    sources: [handedSource("files", () => waiting)],
  };
  const pull = async (...delivered: Delivered[]) => {
    waiting = delivered;
    await pullSources(needs, operator, { ids: [], signal });
  };
  await pull(providers, units, clients, { entity: "orders", records: [order("old", 1)] });
  return {
    needs,
    pull,
    orders: (...records: object[]) => pull({ entity: "orders", records: records as Delivered["records"] }),
    /** An endpoint that a ping has reached. */
    async endpoint(
      url: string,
      { provider = "P1", key = "hmac", ...filter }: { provider?: string; key?: KeyKind } & Partial<EndpointFilter> = {},
    ) {
      const all = { types: null, units: null, ordered: false, description: "", ...filter };
      const made = await createEndpoint(needs, operator, { provider, url, key, ...all });
      expect(await pingEndpoint(needs, operator, made.endpoint.id)).toMatchObject({ error: null });
      return { id: made.endpoint.id, key: made.key.key };
    },
    events: async () => {
      const { rows } = await stored.database.pool.query<{ type: string; provider: string; changes: string[] }>(
        "SELECT type, provider, changes FROM events WHERE type <> 'endpoint.ping' ORDER BY no",
      );
      return rows.map(({ type, provider, changes }) => [provider, type, ...changes].join(" "));
    },
    /** Sends what is due, until nothing is. */
    async deliver(until: () => boolean = () => true) {
      await using delivery = await openDelivery(needs);
      const deadline = Date.now() + 20_000;
      while ((await delivery.tick()) || !until()) {
        if (Date.now() > deadline) throw new Error("Nothing more was delivered.");
        await new Promise((done) => setTimeout(done, 30));
      }
    },
    [Symbol.asyncDispose]: stored[Symbol.asyncDispose],
  };
}
