import { expect, test } from "vitest";
import { DAY_MS } from "#model";
import { listDeliveries, pauseEndpoint, pruneEvents, resendDeliveries, showEndpoint } from "#operations";
import { deleteOldEvents } from "#store";
import { operator } from "../night/hand.ts";
import { startReceiver } from "../webhook/receiver.ts";
import { order, toldTown } from "./told-town.ts";

test("what providers were told goes when it is old, less what waits and what says what is new of an order", async () => {
  const clock = { at: Date.parse("2026-05-01T08:00:00Z") };
  await using town = await toldTown({ clock: () => clock.at });
  await using receiver = await startReceiver();
  const { needs } = town;
  const config = { webhooks: { ...needs.config.webhooks, keepDays: 180 } };
  const prune = () => pruneEvents({ ...needs, config }, operator);
  const { id } = await town.endpoint(receiver.url);
  const paused = await town.endpoint(receiver.url, { types: ["order.cancelled"] });
  await pauseEndpoint(needs, operator, paused.id);
  const many = Array.from({ length: 5 }, (_, no) => `gone-${no}`);
  await town.orders(order("stands", 1), order("waits", 1), ...many.map((no) => order(no, 1)));
  await town.orders(order("waits", 2, { status: "cancelled" }), ...many.map((no) => order(no, 2, { status: "ended" })));
  await town.deliver();
  clock.at += 100 * DAY_MS;
  await town.orders(order("new", 1));
  await town.deliver();
  expect(await prune()).toBe(0);
  clock.at += 81 * DAY_MS;
  // In several rounds, as with many.
  expect(await deleteOldEvents(needs.database, "0192", clock.at - 180 * DAY_MS, 3)).toBe(13);
  expect(await prune()).toBe(0);
  expect(await town.events()).toEqual(["P1 order.created", "P1 order.cancelled", "P1 order.created"]);
  const { deliveries, counts } = await listDeliveries(needs, operator, { id, limit: 50 });
  expect(counts).toEqual({ waiting: 0, delivered: 1, failed: 0 });
  expect(deliveries.map(({ log }) => log.length)).toEqual([1]);
  expect(await showEndpoint(needs, operator, paused.id)).toMatchObject({ deliveries: { waiting: 1 } });
  expect(await resendDeliveries(needs, operator, { id, from: 0 })).toBe(1);
});
