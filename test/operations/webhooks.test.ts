import { describe, expect, test } from "vitest";
import {
  changeEndpoint,
  createEndpoint,
  type EventType,
  listDeliveries,
  listEndpoints,
  pauseEndpoint,
  pingEndpoint,
  pullSources,
  resendDeliveries,
  resumeEndpoint,
  rotateKey,
  sendTestEvent,
  webhookBodies,
} from "#operations";
import { handedSource, operator, signal } from "../night/hand.ts";
import { isGenuine, type Received, startReceiver } from "../webhook/receiver.ts";
import { line, order, toldTown } from "./told-town.ts";

const bodyOf = ({ body }: Received) => JSON.parse(body) as { type: EventType; data: Record<string, unknown> };
const dataOf = (received: Received) => bodyOf(received).data;

describe("what providers are told of orders", () => {
  test("is a new order, each kind of change, its end, and nothing that was known", async () => {
    await using town = await toldTown();
    expect(await town.events()).toEqual([]);
    await town.orders(order("o-1", 1));
    await town.orders(order("o-1", 2, { lines: [line("o-1", { minutes: 45 })] }));
    await town.orders(order("o-1", 3, { lines: [line("o-1", { minutes: 45, staffing: 2 })] }));
    await town.orders(order("o-1", 4, { lines: [line("o-1", { minutes: 45, staffing: 2 })], validTo: "2026-12-31" }));
    const last = { lines: [line("o-1", { minutes: 45, staffing: 2 })], validTo: "2026-12-31", unitId: "U2" };
    await town.orders(order("o-1", 5, last));
    await town.orders(order("o-1", 6, { ...last, status: "accepted" }));
    // Again, as another version that says the same, and late.
    await town.orders(order("o-1", 6, { ...last, status: "accepted" }));
    await town.orders(order("o-1", 7, { ...last, status: "accepted" }));
    await town.orders(order("o-1", 3));
    await town.orders(order("o-1", 8, { ...last, status: "ended" }));
    await town.orders(order("o-1", 9, { ...last, status: "ended" }));
    expect(await town.events()).toEqual([
      "P1 order.created",
      "P1 order.changed lines",
      "P1 order.changed staffing",
      "P1 order.changed period",
      "P1 order.changed unit",
      "P1 order.changed status",
      "P1 order.ended",
    ]);
  });

  test("is the end of an order that moves, and the beginning to whom it moves", async () => {
    await using town = await toldTown();
    await town.orders(order("o-1", 1), order("o-2", 1));
    await town.orders(order("o-1", 2, { unitId: "U3" }), order("o-2", 2, { deleted: true }));
    await town.orders(order("o-1", 3));
    expect((await town.events()).slice(2).sort()).toEqual(
      [
        "P1 order.cancelled",
        "P1 order.ended",
        "P2 order.created",
        // Back again.
        "P1 order.created",
        "P2 order.ended",
      ].sort(),
    );
  });

  test("is none of what changes and changes back before anybody looks, and one of what comes twice", async () => {
    await using town = await toldTown();
    await town.orders(order("o-1", 1));
    await town.orders(order("o-1", 2, { unitId: "U2" }), order("o-1", 3));
    await town.orders(order("o-2", 1), order("o-2", 1));
    expect(await town.events()).toEqual(["P1 order.created", "P1 order.created"]);
  });

  test("is an absence of their clients, under a neutral name, to each provider that has an order in force", async () => {
    await using town = await toldTown();
    await town.orders(
      order("o-1", 1),
      order("o-2", 1, { unitId: "U3" }),
      order("o-3", 1, { clientId: "C2", unitId: "U3" }),
    );
    const away = { id: "a-1", version: 1, clientId: "C1", from: "2026-10-06T10:00:00+02:00", kind: "hospital" };
    await town.pull({ entity: "absences", records: [away] });
    await town.pull({ entity: "absences", records: [{ ...away, version: 2 }] });
    await town.pull({ entity: "absences", records: [{ ...away, version: 3, to: "2026-10-09T10:00:00+02:00" }] });
    expect((await town.events()).slice(3)).toEqual([
      "P1 client.status-changed",
      "P2 client.status-changed",
      "P1 client.status-changed",
      "P2 client.status-changed",
    ]);
  });
});

describe("the first orders of a source", () => {
  test("are no news, also where its first pull breaks off and the next one brings the rest", async () => {
    await using town = await toldTown();
    let [breaks, more] = [true, false];
    const source = handedSource("late", function* () {
      yield { entity: "units", records: [{ id: "U1", providerId: "P1", name: "Norr" }] };
      yield { entity: "orders", records: [order("l-1", 1)] };
      if (breaks) throw new Error("The source went away.");
      yield { entity: "orders", records: [order("l-2", 1)] };
      if (more) yield { entity: "orders", records: [order("l-3", 1)] };
    });
    const needs = { ...town.needs, sources: [source] };
    const pull = () => pullSources(needs, operator, { ids: ["late"], signal });
    await pull();
    breaks = false;
    await pull();
    expect(await town.events()).toEqual([]);
    more = true;
    await pull();
    expect(await town.events()).toEqual(["P1 order.created"]);
  });
});

describe("a receiver", () => {
  test.each(["hmac", "ed25519"] as const)("gets a thin event, signed (%s), under ids of its own", async (key) => {
    await using town = await toldTown();
    await using one = await startReceiver();
    await using two = await startReceiver();
    const first = await town.endpoint(one.url, { key });
    const second = await town.endpoint(two.url);
    await town.orders(order("o-1", 1));
    await town.deliver();
    const [received] = one.received.slice(1);
    const other = two.received[1]!;
    expect(isGenuine(first.key, received!.headers, received!.body)).toBe(true);
    expect(isGenuine(second.key, received!.headers, received!.body)).toBe(false);
    expect(isGenuine(first.key, received!.headers, received!.body.replace("0192", "0193"))).toBe(false);
    expect(isGenuine(second.key, other.headers, other.body)).toBe(true);
    const data = dataOf(received!);
    expect(webhookBodies["order.created"].parse(JSON.parse(received!.body))).toBeTruthy();
    expect(Object.keys(data).sort()).toEqual(["id", "order", "tenant", "version"]);
    expect([data["id"], received!.id]).toEqual([dataOf(other)["id"], other.id]);
    expect(data["order"]).not.toBe(dataOf(other)["order"]);
    expect(received!.body).not.toMatch(/o-1|C1|U1|Norr/);
  });

  test("is told of what its filter lets through alone, and of nothing that is another provider's", async () => {
    await using town = await toldTown();
    await using all = await startReceiver();
    await using north = await startReceiver();
    await using endings = await startReceiver();
    await using others = await startReceiver();
    await town.endpoint(all.url);
    const { id } = await town.endpoint(north.url, { units: ["U1"] });
    await town.endpoint(endings.url, { types: ["order.ended", "order.cancelled"] });
    await town.endpoint(others.url, { provider: "P2" });
    await town.orders(order("o-1", 1), order("o-2", 1, { unitId: "U2" }));
    await town.orders(order("o-2", 2, { unitId: "U2", status: "cancelled" }));
    await town.deliver();
    expect(all.types().slice(1)).toHaveLength(3);
    expect(north.types().slice(1)).toEqual(["order.created"]);
    expect(endings.types().slice(1)).toEqual(["order.cancelled"]);
    expect(others.types()).toEqual(["endpoint.ping"]);
    await changeEndpoint(town.needs, operator, { id, types: null, units: ["U2"], ordered: false, description: "" });
    await town.orders(order("o-3", 1), order("o-4", 1, { unitId: "U2" }));
    await town.deliver();
    expect(north.types().slice(1)).toEqual(["order.created", "order.created"]);
  });

  test("gets nothing before a ping has reached it, and while it is paused all of it later", async () => {
    await using town = await toldTown();
    await using receiver = await startReceiver();
    const { needs } = town;
    receiver.behave(() => ({ status: 500 }));
    const filter = { types: null, units: null, ordered: false, description: "" };
    const made = await createEndpoint(needs, operator, { provider: "P1", url: receiver.url, key: "hmac", ...filter });
    const { id } = made.endpoint;
    expect(await pingEndpoint(needs, operator, id)).toMatchObject({ status: 500, error: "status" });
    await town.orders(order("o-1", 1));
    await town.deliver();
    expect(receiver.types()).toEqual(["endpoint.ping"]);
    receiver.behave(() => ({ status: 200 }));
    await pingEndpoint(needs, operator, id);
    await pauseEndpoint(needs, operator, id);
    await town.orders(order("o-2", 1));
    await town.deliver();
    expect(receiver.types().slice(1)).toEqual(["endpoint.ping"]);
    await resumeEndpoint(needs, operator, id);
    await town.deliver();
    expect(receiver.types().slice(2)).toEqual(["order.created"]);
    expect(await sendTestEvent(needs, operator, { id, type: "order.changed" })).toMatchObject({ error: null });
    expect(dataOf(receiver.received.at(-1)!)).toMatchObject({ test: true, changes: ["lines"] });
  });

  test("is never sent a ping or a test again, and neither counts as something that was not delivered", async () => {
    let at = Date.now();
    await using town = await toldTown({ clock: () => at });
    await using receiver = await startReceiver(() => ({ status: 500 }));
    const { needs } = town;
    const filter = { types: null, units: null, ordered: false, description: "" };
    const made = await createEndpoint(needs, operator, { provider: "P1", url: receiver.url, key: "hmac", ...filter });
    const { id } = made.endpoint;
    const from = at;
    await pingEndpoint(needs, operator, id);
    await sendTestEvent(needs, operator, { id, type: "order.created" });
    receiver.behave(() => ({ status: 200 }));
    await pingEndpoint(needs, operator, id);
    await sendTestEvent(needs, operator, { id, type: "order.ended" });
    await town.orders(order("o-1", 1));
    await town.deliver();
    const { deliveries, counts } = await listDeliveries(needs, operator, { id, limit: 9 });
    expect(deliveries.map(({ type, test: tried, state }) => [type, tried, state])).toEqual([
      ["order.created", false, "delivered"],
      ["order.ended", true, "delivered"],
      ["endpoint.ping", false, "delivered"],
      ["order.created", true, "failed"],
      ["endpoint.ping", false, "failed"],
    ]);
    expect(counts).toEqual({ waiting: 0, delivered: 1, failed: 0 });
    at += 1000;
    const before = receiver.received.length;
    expect(await resendDeliveries(needs, operator, { id, from, states: ["delivered", "failed"] })).toBe(1);
    for (const { id: event } of deliveries.slice(1)) {
      expect(await resendDeliveries(needs, operator, { id, event, states: ["delivered", "failed"] })).toBe(0);
    }
    await town.deliver();
    expect(receiver.received.slice(before).map(dataOf)).toEqual([expect.not.objectContaining({ test: true })]);
  });

  test("is sent again what it was to be sent, and what happened before it only where that is asked for", async () => {
    let at = Date.now();
    await using town = await toldTown({ clock: () => at });
    await using receiver = await startReceiver();
    const { needs } = town;
    const from = at;
    await town.orders(order("o-1", 1), order("o-2", 1));
    await town.deliver();
    at += 1000;
    const { id } = await town.endpoint(receiver.url, { types: ["order.created"] });
    await town.orders(order("o-3", 1), order("o-1", 2, { validTo: "2026-12-31" }));
    await town.deliver();
    const resend = (choice: Partial<Parameters<typeof resendDeliveries>[2]>) =>
      resendDeliveries(needs, operator, { id, ...choice });
    expect(await resend({ from })).toBe(1);
    for (const choice of [{}, { states: ["failed"] as const }, { missed: true }, { missed: true, event: "evt_1" }])
      await expect(resend(choice)).rejects.toMatchObject({ code: "endpoint.refused" });
    at += 1000;
    expect(await resend({ from, missed: true })).toBe(3);
    await town.deliver();
    expect(receiver.types().slice(1)).toEqual(Array.from({ length: 4 }, () => "order.created"));
    expect(new Set(receiver.ids().slice(1)).size).toBe(3);
  });

  test("may check by the old key or the new one while both hold", async () => {
    let at = Date.now();
    await using town = await toldTown({ clock: () => at });
    await using receiver = await startReceiver();
    const { id, key } = await town.endpoint(receiver.url);
    const next = await rotateKey(town.needs, operator, { id, key: "ed25519", overlapMs: 60_000 });
    await town.orders(order("o-1", 1));
    await town.deliver();
    const both = receiver.received.at(-1)!;
    expect([key, next.key].map((one) => isGenuine(one, both.headers, both.body))).toEqual([true, true]);
    at += 61_000;
    await town.orders(order("o-2", 1));
    await town.deliver();
    const alone = receiver.received.at(-1)!;
    expect([key, next.key].map((one) => isGenuine(one, alone.headers, alone.body))).toEqual([false, true]);
  });

  test("that was away is sent what it missed, counted and listed with each attempt", async () => {
    let at = Date.now();
    await using town = await toldTown({ clock: () => at });
    await using receiver = await startReceiver();
    const { id } = await town.endpoint(receiver.url);
    receiver.behave(() => ({ status: 503, body: "x".repeat(5000) }));
    at += 1000;
    const from = at;
    await town.orders(order("o-1", 1), order("o-2", 1));
    await town.deliver();
    at += 10_000;
    await town.deliver();
    const { deliveries, counts } = await listDeliveries(town.needs, operator, { id, from, limit: 10 });
    expect(counts).toEqual({ waiting: 2, delivered: 0, failed: 0 });
    expect(deliveries[0]?.log).toHaveLength(2);
    expect(deliveries[0]?.log[0]).toMatchObject({ status: 503, error: "status", answer: "x".repeat(1024) });
    receiver.behave(() => ({ status: 200 }));
    at += 400_000;
    await town.deliver();
    const mine = await listEndpoints(town.needs, operator);
    expect(mine[0]).toMatchObject({ state: "active", failingSince: null, deliveries: { waiting: 0, failed: 0 } });
    const before = receiver.received.length;
    expect(await resendDeliveries(town.needs, operator, { id, from, until: at, types: ["order.created"] })).toBe(2);
    await town.deliver();
    expect(receiver.received.length - before).toBe(2);
    // What comes again is told by its id.
    expect(new Set(receiver.ids().slice(1)).size).toBe(2);
  });
});
