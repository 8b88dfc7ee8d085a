import { describe, expect, test } from "vitest";
import { HOUR, MINUTE } from "#model";
import {
  changeMailbox,
  type EndpointNotice,
  createEndpoint,
  endEndpoint,
  listDeliveries,
  listEndpoints,
  mailWaiting,
  openDelivery,
  pauseEndpoint,
  pingEndpoint,
  resendDeliveries,
  resumeEndpoint,
} from "#operations";
import { operator } from "../night/hand.ts";
import { type Received, startReceiver, webhooks } from "../webhook/receiver.ts";
import { order, toldTown } from "./told-town.ts";

const start = Date.parse("2026-11-02T08:00:00Z");
const orders = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, no) => order(`o-${no}`, 1, { lines: [], ...more }));
const subjects = (received: readonly Received[]) =>
  received.map(({ body }) => (JSON.parse(body) as { data: { order?: string } }).data.order);

/** A municipality whose clock a test sets, and an endpoint. */
async function troubled() {
  const clock = { at: start };
  const town = await toldTown({ clock: () => clock.at });
  const receiver = await startReceiver();
  const { id } = await town.endpoint(receiver.url);
  receiver.received.length = 0;
  clock.at += 1000;
  return {
    ...town,
    clock,
    receiver,
    id,
    counts: async () => (await listEndpoints(town.needs, operator)).find((one) => one.id === id)!,
    async [Symbol.asyncDispose]() {
      await receiver[Symbol.asyncDispose]();
      await town[Symbol.asyncDispose]();
    },
  };
}

describe("a receiver in trouble", () => {
  test.each([
    ["fails", { status: 500 }, "status"],
    ["redirects", { status: 301, headers: { location: "https://127.0.0.1:1/" } }, "redirect"],
    ["answers garbage", "garbage", "garbage"],
    ["hangs up", "cut", "reset"],
    ["hangs", "hang", "timeout"],
  ] as const)(
    "that %s gets the same event again in 5 seconds, 5 minutes, half an hour",
    async (_what, behaviour, error) => {
      await using town = await troubled();
      const { clock, receiver, id } = town;
      receiver.behave(() => behaviour);
      await town.orders(order("o-1", 1));
      const seen: number[] = [];
      for (const pause of [0, 4000, 2000, 4 * MINUTE, 2 * MINUTE, 20 * MINUTE, 20 * MINUTE]) {
        clock.at += pause;
        await town.deliver();
        seen.push(receiver.received.length);
      }
      expect(seen).toEqual([1, 1, 2, 2, 3, 3, 4]);
      expect(new Set(receiver.ids()).size).toBe(1);
      const { deliveries } = await listDeliveries(town.needs, operator, { id, types: ["order.created"], limit: 9 });
      expect(deliveries[0]?.log.map((attempt) => attempt.error)).toEqual([error, error, error, error]);
      receiver.behave(() => ({ status: 200 }));
      clock.at += 3 * HOUR;
      await town.deliver();
      expect(await town.counts()).toMatchObject({
        failingSince: null,
        deliveries: { waiting: 0, failed: 0, delivered: 1 },
      });
    },
  );

  test("that keeps failing gets one attempt at a time, later and later, and all of it when it is back", async () => {
    await using town = await troubled();
    const { clock, receiver } = town;
    receiver.behave(() => ({ status: 500 }));
    await town.orders(...orders(60));
    await town.deliver();
    // As many as were under way when the first one failed.
    expect(receiver.received.length).toBeLessThanOrEqual(16);
    const before = receiver.received.length;
    clock.at += 1000;
    await town.deliver();
    expect(receiver.received.length).toBe(before);
    for (const times of [1, 2]) {
      clock.at += 20 * MINUTE;
      await town.deliver();
      expect(receiver.received.length).toBe(before + times);
    }
    receiver.behave(() => ({ status: 204 }));
    for (let round = 0; round < 5; round++) {
      clock.at += HOUR;
      await town.deliver();
    }
    expect(await town.counts()).toMatchObject({ state: "active", deliveries: { waiting: 0, failed: 0 } });
    expect(new Set(receiver.ids()).size).toBe(60);
  });

  test("that hangs holds up nobody", async () => {
    await using town = await troubled();
    await using quick = await startReceiver();
    await town.endpoint(quick.url);
    town.receiver.behave(() => "hang");
    await town.orders(...orders(200));
    await town.deliver(() => quick.received.length === 201);
    expect(new Set(quick.ids()).size).toBe(201);
    // Each of these takes as long as a receiver may take.
    expect(town.receiver.received.length).toBeLessThan(30);
  });

  test("with nine others that are slow holds up nobody", async () => {
    await using town = await toldTown();
    await using opened = new AsyncDisposableStack();
    const slow = await Promise.all(Array.from({ length: 10 }, async () => opened.use(await startReceiver())));
    for (const { url } of slow) await town.endpoint(url);
    for (const receiver of slow) receiver.behave(() => ({ status: 204, afterMs: 500 }));
    const quick = opened.use(await startReceiver());
    await town.endpoint(quick.url, { provider: "P2" });
    await town.orders(...orders(60), ...orders(60).map((one) => ({ ...one, id: `q-${one.id}`, unitId: "U3" })));
    const taken = () => slow.reduce((sum, { received }) => sum + received.length - 1, 0);
    let meanwhile = 0;
    quick.behave((_, count) => {
      if (count === 61) meanwhile = taken();
      return { status: 204 };
    });
    const config = { webhooks: { ...webhooks, timeoutSeconds: 30 } };
    await using delivery = await openDelivery({ ...town.needs, config });
    while (quick.received.length < 61) {
      await delivery.tick();
      await new Promise((done) => setTimeout(done, 10));
    }
    // Of 600.
    expect(meanwhile).toBeGreaterThan(0);
    expect(meanwhile).toBeLessThan(400);
  });

  test("that wants no more (410) is disabled; what it misses is listed, counted, and sent when it is back", async () => {
    await using town = await troubled();
    const { clock, receiver, id, needs } = town;
    receiver.behave((_, count) => ({ status: count > 2 ? 410 : 200 }));
    await town.orders(order("o-1", 1), order("o-2", 1));
    await town.deliver();
    const from = (clock.at += 1000);
    await town.orders(order("o-3", 1), order("o-4", 1), order("o-5", 1));
    await town.deliver();
    clock.at += 1000;
    await town.orders(order("o-6", 1));
    await town.deliver();
    expect(await town.counts()).toMatchObject({
      state: "disabled",
      disabledWhy: "gone",
      deliveries: { waiting: 0, failed: 4 },
    });
    await expect(resendDeliveries(needs, operator, { id, from })).rejects.toThrow(/disabled/);
    receiver.behave(() => ({ status: 200 }));
    await pingEndpoint(needs, operator, id);
    const before = receiver.received.length;
    const choice = { id, from, states: ["failed"] as const };
    expect((await listDeliveries(needs, operator, { ...choice, limit: 1 })).counts.failed).toBe(4);
    expect(await resendDeliveries(needs, operator, choice)).toBe(4);
    await town.deliver();
    expect(new Set(receiver.ids().slice(before)).size).toBe(4);
    expect(await town.counts()).toMatchObject({ state: "active", deliveries: { waiting: 0, failed: 0, delivered: 6 } });
  });

  test("that asks for a pause (429, Retry-After) gets it, whatever waits", async () => {
    await using town = await troubled();
    const { clock, receiver } = town;
    receiver.behave(() => ({ status: 429, headers: { "retry-after": "120" } }));
    await town.orders(order("o-1", 1));
    await town.deliver();
    await town.orders(order("o-2", 1));
    for (const pause of [10_000, 100_000]) {
      clock.at += pause;
      await town.deliver();
      expect(receiver.received).toHaveLength(1);
    }
    receiver.behave(() => ({ status: 200 }));
    clock.at += 15_000;
    await town.deliver();
    expect(receiver.received).toHaveLength(3);
  });

  test("that asks for a pause gets it, although it takes what was under way", async () => {
    await using town = await troubled();
    const { clock, receiver } = town;
    receiver.behave((_, count) =>
      count === 1 ? { status: 429, headers: { "retry-after": "120" } } : { status: 204, afterMs: 300 },
    );
    await town.orders(order("o-1", 1), order("o-2", 1));
    await town.deliver(() => receiver.received.length === 2);
    expect((await town.counts()).openUntil).toBeGreaterThanOrEqual(clock.at + 120_000);
    await town.orders(order("o-3", 1));
    clock.at += 100_000;
    await town.deliver();
    expect(receiver.received).toHaveLength(2);
    clock.at += 25_000;
    await town.deliver();
    expect(receiver.received).toHaveLength(4);
    expect(await town.counts()).toMatchObject({ failingSince: null, deliveries: { waiting: 0, failed: 0 } });
  });

  test("for three days is disabled, with a word at half, seven and nine tenths of the way; nothing is lost", async () => {
    await using town = await troubled();
    const { clock, receiver, needs } = town;
    receiver.behave(() => ({ status: 500 }));
    await town.orders(order("o-1", 1), order("o-2", 1));
    const told: Array<[hours: number, percent: number]> = [];
    const begun = clock.at;
    for (let hours = 0; hours <= 73; hours++) {
      clock.at = begun + hours * HOUR;
      await using delivery = await openDelivery(needs);
      for (let again = 0; again < 3; again++) {
        await delivery.tick();
        await new Promise((done) => setTimeout(done, 40));
      }
      await delivery.notices(async ({ percent }) => told.push([hours, percent]) > 0);
      if (hours === 30) await town.orders(order("o-3", 1));
    }
    // Each once.
    expect(told.map(([, percent]) => percent)).toEqual([50, 70, 90, 100]);
    expect(told.map(([hours]) => hours)).toEqual([37, 51, 65, 73].map((hours) => expect.closeTo(hours, -0.5)));
    expect(await town.counts()).toMatchObject({
      state: "disabled",
      disabledWhy: "failing",
      deliveries: { waiting: 0, failed: 3 },
    });
  }, 120_000);

  /** What a look of the service says of endpoints; `heard`: whether somebody could be told. */
  async function noticesOf({ needs }: Awaited<ReturnType<typeof troubled>>, heard = true) {
    const told: EndpointNotice[] = [];
    await using delivery = await openDelivery(needs);
    await delivery.notices(async (notice) => (told.push(notice), heard));
    return told.map(({ percent, why }) => [percent, why]);
  }

  test("is not disabled for the time in which it was paused", async () => {
    await using town = await troubled();
    const { clock, needs, id } = town;
    town.receiver.behave(() => ({ status: 500 }));
    await town.orders(order("o-1", 1));
    await town.deliver();
    await pauseEndpoint(needs, operator, id);
    clock.at += 80 * HOUR;
    expect(await noticesOf(town)).toEqual([]);
    await resumeEndpoint(needs, operator, id);
    expect(await town.counts()).toMatchObject({ state: "active", failingSince: null });
    await town.deliver();
    expect(await noticesOf(town)).toEqual([]);
    expect(await town.counts()).toMatchObject({ state: "active", failingSince: clock.at });
  });

  test("is not disabled for the time in which nobody tried", async () => {
    await using town = await troubled();
    const { clock } = town;
    town.receiver.behave(() => ({ status: 500 }));
    await town.orders(order("o-1", 1));
    await town.deliver();
    clock.at += 80 * HOUR;
    expect(await noticesOf(town)).toEqual([]);
    await town.deliver();
    expect(await noticesOf(town)).toEqual([]);
    expect(await town.counts()).toMatchObject({ state: "active", failingSince: clock.at });
  });

  test("and is disabled for 410 is told of, until somebody has heard it", async () => {
    await using town = await troubled();
    town.receiver.behave(() => ({ status: 410 }));
    await town.orders(order("o-1", 1));
    await town.deliver();
    expect(await noticesOf(town, false)).toEqual([[100, "gone"]]);
    expect(await noticesOf(town)).toEqual([[100, "gone"]]);
    expect(await noticesOf(town)).toEqual([]);
    await pingEndpoint(town.needs, operator, town.id);
    await endEndpoint(town.needs, operator, town.id);
    // Whoever has done it knows.
    expect(await noticesOf(town)).toEqual([]);
  });

  test("gets the events of one order in their order where it asks for that, and of others meanwhile", async () => {
    await using town = await troubled();
    const { clock, needs } = town;
    await using strict = await startReceiver();
    const filter = {
      types: ["order.created", "order.changed", "order.ended"],
      units: null,
      ordered: true,
      description: "",
    };
    const made = await createEndpoint(needs, operator, { provider: "P1", url: strict.url, key: "hmac", ...filter });
    await pingEndpoint(needs, operator, made.endpoint.id);
    strict.received.length = 0;
    await town.orders(order("o-1", 1));
    await town.orders(order("o-1", 2, { validTo: "2026-12-31" }), order("o-2", 1));
    await town.orders(order("o-1", 3, { validTo: "2026-12-31", status: "ended" }));
    strict.behave((_, count) => ({ status: count === 1 ? 500 : 200 }));
    await town.deliver(() => strict.received.length === 2);
    expect(strict.types().slice(1)).toEqual(["order.created"]);
    expect(new Set(subjects(strict.received)).size).toBe(2);
    clock.at += 6000;
    await town.deliver(() => strict.received.length === 5);
    expect(strict.types().slice(2)).toEqual(["order.created", "order.changed", "order.ended"]);
  });
});

describe("what became of an attempt", () => {
  const log = async ({ needs, id }: Awaited<ReturnType<typeof troubled>>) =>
    (await listDeliveries(needs, operator, { id, types: ["order.created"], limit: 9 })).deliveries.map((one) => [
      one.state,
      ...one.log.map(({ error }) => error ?? "taken"),
    ]);
  const soon = { timeout: 15_000, interval: 50 };

  test("is written when that is possible again, once, and the endpoint goes on", async () => {
    await using town = await troubled();
    const { database } = town.needs;
    town.receiver.behave((_, count) => ({ status: count === 1 ? 500 : 204 }));
    await town.orders(order("o-1", 1));
    await database.pool.query("ALTER TABLE event_attempts RENAME TO elsewhere");
    await using delivery = await openDelivery(town.needs);
    await delivery.tick();
    await expect.poll(() => town.receiver.received.length, soon).toBe(1);
    await new Promise((done) => setTimeout(done, 500));
    await database.pool.query("ALTER TABLE elsewhere RENAME TO event_attempts");
    await expect.poll(() => log(town), soon).toEqual([["waiting", "status"]]);
    town.clock.at += MINUTE;
    const all = async () => (await delivery.tick(), await log(town));
    await expect.poll(all, soon).toEqual([["delivered", "status", "taken"]]);
    expect(town.receiver.received).toHaveLength(2);
  });

  test("does not bring back what was given up meanwhile", async () => {
    await using town = await troubled();
    town.receiver.behave(() => ({ status: 500, afterMs: 400 }));
    await town.orders(order("o-1", 1));
    await using delivery = await openDelivery(town.needs);
    await delivery.tick();
    await expect.poll(() => town.receiver.received.length, soon).toBe(1);
    await endEndpoint(town.needs, operator, town.id);
    await expect.poll(() => log(town), soon).toEqual([["failed", "status"]]);
  });

  test("is listed where the message could not even be made", async () => {
    await using town = await troubled();
    await town.needs.database.pool.query("UPDATE endpoint_secrets SET sealed = '\\x00'");
    await town.orders(order("o-1", 1));
    await town.deliver();
    expect(await log(town)).toEqual([["waiting", "internal"]]);
    expect(town.receiver.received).toHaveLength(0);
  });

  test("is written while somebody shuts the endpoint off, without one waiting for the other for ever", async () => {
    await using town = await troubled();
    const { database, tenantId } = town.needs;
    town.receiver.behave(() => ({ status: 204, afterMs: 300 }));
    await town.orders(order("o-1", 1));
    await using delivery = await openDelivery(town.needs);
    await delivery.tick();
    await database.transaction(async ({ client }) => {
      // As `endEndpoint` does it, with a moment between.
      await client.query("UPDATE endpoints SET state = 'disabled', disabled_why = 'by-hand' WHERE tenant_id = $1", [
        tenantId,
      ]);
      const waits = async () =>
        (await database.pool.query("SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")).rowCount;
      await expect.poll(waits, soon).toBe(1);
      await client.query("UPDATE event_deliveries SET state = 'failed' WHERE tenant_id = $1 AND state = 'waiting'", [
        tenantId,
      ]);
    });
    await expect.poll(() => log(town), soon).toEqual([["delivered", "taken"]]);
  });
});

describe("connections", () => {
  const held = ({ pool }: { pool: { totalCount: number; idleCount: number } }) => pool.totalCount - pool.idleCount;

  test("are not kept by a delivery that cannot begin", async () => {
    await using town = await toldTown();
    const { database } = town.needs;
    const config = { webhooks: { ...webhooks, allow: ["10.1.0/16"] } };
    await expect(openDelivery({ ...town.needs, config })).rejects.toThrow(/10\.1\.0\/16/);
    // The server goes away between the connection and the first question.
    database.pool.once("acquire", (client) => void (client as unknown as { end: () => Promise<void> }).end());
    await expect(openDelivery(town.needs)).rejects.toThrow(/closed|terminated/i);
    expect(held(database)).toBe(0);
  });

  test("are given back by one whose end does not go well", async () => {
    await using town = await troubled();
    const { database } = town.needs;
    const listening = async () =>
      (
        await database.pool.query(
          "SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()",
        )
      ).rowCount;
    town.receiver.behave(() => ({ status: 204, afterMs: 300 }));
    await town.orders(order("o-1", 1));
    const delivery = await openDelivery(town.needs);
    await delivery.tick();
    expect(await listening()).toBe(1);
    await database.pool.query("ALTER TABLE event_attempts RENAME TO elsewhere");
    await expect(delivery[Symbol.asyncDispose]()).rejects.toThrow(/event_attempts/);
    await expect.poll(listening).toBe(0);
    expect(held(database)).toBe(0);
  });
});

describe("a large night", () => {
  test("of one provider lets the others' events through long before it is told", async () => {
    await using town = await toldTown();
    await using busy = await startReceiver();
    await using quiet = await startReceiver();
    await town.endpoint(busy.url);
    await town.endpoint(quiet.url, { provider: "P2" });
    await town.orders(...orders(3000));
    await using delivery = await openDelivery(town.needs);
    await delivery.tick();
    await town.orders(order("fast", 1, { unitId: "U3" }));
    const before = busy.received.length;
    let meanwhile = Infinity;
    quiet.behave(() => {
      meanwhile = busy.received.length - before;
      return { status: 204 };
    });
    while (busy.received.length < 3001 && quiet.received.length < 2) {
      await delivery.tick();
      await new Promise((done) => setTimeout(done, 10));
    }
    expect(quiet.received).toHaveLength(2);
    expect(meanwhile).toBeLessThan(1500);
  });
});

describe("a provider without an endpoint", () => {
  test("that takes an event is told by e-mail, whatever other endpoints it has", async () => {
    await using town = await toldTown();
    await using receiver = await startReceiver();
    const { needs } = town;
    await town.endpoint(receiver.url, { types: ["order.ended"] });
    await town.endpoint(receiver.url, { units: ["U2"] });
    await changeMailbox(needs, operator, { provider: "P1", email: "larm@utforare.example" });
    const mail = () => mailWaiting(needs, "0192", async () => true);
    await town.orders(order("o-2", 1, { unitId: "U2" }));
    expect(await mail()).toBe(0);
    await town.orders(order("o-1", 1));
    expect(await mail()).toBe(1);
  });

  test("is told by e-mail that something waits, at most four times an hour, and not of what an endpoint takes", async () => {
    await using town = await troubled();
    const { clock, needs, id } = town;
    await changeMailbox(needs, operator, { provider: "P1", email: "larm@utforare.example" });
    await changeMailbox(needs, operator, { provider: "P2", email: "larm@annan.example" });
    const sent: string[] = [];
    let works = false;
    const mail = () =>
      mailWaiting(needs, "0192", async ({ email }) => {
        sent.push(email);
        return works;
      });
    expect(await mail()).toBe(0);
    await town.orders(order("o-1", 1), order("o-2", 1, { unitId: "U3" }));
    expect(await mail()).toBe(0);
    works = true;
    clock.at += 16 * MINUTE;
    expect(await mail()).toBe(1);
    clock.at += 16 * MINUTE;
    expect(await mail()).toBe(0);
    expect(sent).toEqual(["larm@annan.example", "larm@annan.example"]);
    await endEndpoint(needs, operator, id);
    await town.orders(order("o-3", 1));
    expect(await mail()).toBe(1);
    await town.orders(order("o-4", 1));
    expect(await mail()).toBe(0);
    expect(sent.slice(2)).toEqual(["larm@utforare.example"]);
    await expect(changeMailbox(needs, operator, { provider: "P1", email: "a@b.se, c@d.se" })).rejects.toThrow(/e-mail/);
  });
});
