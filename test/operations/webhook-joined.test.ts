import { afterEach, expect, test } from "vitest";
import {
  announceChanges,
  decideAlias,
  type NewAlias,
  pullSources,
  revokeAlias,
  runNight,
  showAliases,
} from "#operations";
import { day, type Delivered, handedSource, operator, signal } from "../night/hand.ts";
import { order, toldTown } from "./told-town.ts";

let town: Awaited<ReturnType<typeof toldTown>>;
afterEach(() => town?.[Symbol.asyncDispose]());

/** A source of orders that names units and providers in its own way: unit L of provider 1; nobody describes unit N. */
async function ordering() {
  const clock = { at: Date.parse("2026-11-02T03:30:00Z") };
  town = await toldTown({ clock: () => clock.at });
  let waiting: Delivered[] = [];
  const needs = {
    ...town.needs,
    sources: [handedSource("files", () => []), handedSource("ordering", () => waiting)],
    config: { ...town.needs.config, night: { at: "04:30", reconcileDays: 5 } },
    rules: [],
  };
  const pull = async (...delivered: Delivered[]) => {
    waiting = delivered;
    await pullSources(needs, operator, { ids: ["ordering"], signal });
    waiting = [];
  };
  const orders = (...records: object[]) => pull({ entity: "orders", records: records as Delivered["records"] });
  const units: Delivered = { entity: "units", records: [{ id: "L", providerId: "1", name: "Lag 1" }] };
  await pull(units, { entity: "orders", records: [order("known", 1, { unitId: "L", status: "ended" })] });
  let seen = 0;
  return {
    needs,
    clock,
    pull,
    orders,
    same: (kind: NewAlias["kind"], id: string, sameAsId: string, more: object = {}) =>
      decideAlias(needs, operator, { kind, source: "ordering", id, sameAsSource: "files", sameAsId, ...more }),
    undo: async (id: string) => {
      const { decided } = await showAliases(needs, operator);
      await revokeAlias(needs, operator, decided.find((alias) => alias.id === id)!.no);
    },
    /** What providers have been told since the last time. */
    told: async () => {
      await announceChanges(needs, "0192");
      const all = await town.events();
      return all.slice(seen, (seen = all.length)).sort();
    },
  };
}

test("an order reaches the provider that somebody joins its unit to, and leaves it when that is undone", async () => {
  const { orders, same, undo, told } = await ordering();
  await orders(order("o-1", 1, { unitId: "L" }), order("o-2", 1, { unitId: "N" }));
  expect(await told()).toEqual(["1 order.created"]);
  await same("unit", "L", "U1");
  await same("unit", "N", "U3");
  expect(await told()).toEqual(["1 order.ended", "P1 order.created", "P2 order.created"]);
  // As if nothing had been decided: of unit N nobody knows whose it is.
  await undo("L");
  await undo("N");
  expect(await told()).toEqual(["1 order.created", "P1 order.ended", "P2 order.ended"]);
  const { rows } = await town.needs.database.pool.query(
    "SELECT provider, id FROM announced_orders WHERE id LIKE 'o-%' AND gone IS NULL",
  );
  expect(rows).toEqual([{ provider: "1", id: "o-1" }]);
});

test("an order reaches the provider that its own one is joined to", async () => {
  const { orders, same, undo, told } = await ordering();
  await orders(order("o-1", 1, { unitId: "L" }));
  expect(await told()).toEqual(["1 order.created"]);
  await same("provider", "1", "P2");
  expect(await told()).toEqual(["1 order.ended", "P2 order.created"]);
  await undo("1");
  expect(await told()).toEqual(["1 order.created", "P2 order.ended"]);
});

test("an order waits for a unit that it was joined to and that is not described yet", async () => {
  const { orders, same, told } = await ordering();
  await same("unit", "L", "U9");
  await orders(order("o-1", 1, { unitId: "L" }));
  expect(await told()).toEqual([]);
  await town.pull({ entity: "units", records: [{ id: "U9", providerId: "P2", name: "Öster" }] });
  expect(await told()).toEqual(["P2 order.created"]);
});

test("an order does not end while the source of the unit that it was joined to is made anew", async () => {
  const { orders, same, told } = await ordering();
  await same("unit", "L", "U1");
  await orders(order("o-1", 1, { unitId: "L" }));
  expect(await told()).toEqual(["P1 order.created"]);
  const { pool } = town.needs.database;
  const { rows } = await pool.query("DELETE FROM units WHERE id = 'U1' RETURNING *");
  await pool.query(
    "INSERT INTO touched (tenant_id, entity, source_no, id) SELECT tenant_id, 'orders', source_no, id FROM orders",
  );
  expect(await told()).toEqual([]);
  await pool.query("INSERT INTO units SELECT * FROM jsonb_populate_recordset(NULL::units, $1)", [JSON.stringify(rows)]);
  await pool.query(
    "INSERT INTO touched (tenant_id, entity, source_no, id) SELECT tenant_id, 'units', source_no, id FROM units",
  );
  expect(await told()).toEqual([]);
});

test("an order is not looked at while its own source is made anew, when the unit that it was joined to changes", async () => {
  const { orders, same, told } = await ordering();
  await same("unit", "L", "U2");
  await orders(order("o-1", 1, { unitId: "L" }));
  expect(await told()).toEqual(["P1 order.created"]);
  const { pool } = town.needs.database;
  const pages = (at: string) => pool.query(`UPDATE raw_pages SET normalised_at = ${at} WHERE source = 'ordering'`);
  expect((await pages("NULL")).rowCount).toBeGreaterThan(0);
  await pool.query("UPDATE order_lines SET deleted = true");
  await pool.query("UPDATE units SET provider_id = (SELECT provider_id FROM units WHERE id = 'U3') WHERE id = 'U2'");
  await pool.query(
    "INSERT INTO touched (tenant_id, entity, source_no, id) SELECT tenant_id, 'units', source_no, id FROM units WHERE id = 'U2'",
  );
  expect(await told()).toEqual([]);
  await pool.query("UPDATE order_lines SET deleted = false");
  await pages("now()");
  expect(await told()).toEqual(["P1 order.ended", "P2 order.created"]);
});

test("what holds for some days begins and ends at night, by the local day", async () => {
  const { needs, clock, orders, same, told } = await ordering();
  await orders(order("o-1", 1, { unitId: "L" }));
  await same("unit", "L", "U1", { validFrom: day("2026-11-04"), validTo: day("2026-11-05") });
  expect(await told()).toEqual(["1 order.created"]);
  const night = async (date: string, at: string) => {
    clock.at = Date.parse(at);
    await runNight(needs, operator, { day: day(date), full: false, signal });
    return told();
  };
  expect(await night("2026-11-03", "2026-11-03T03:30:00Z")).toEqual([]);
  // Half past midnight in Sweden.
  expect(await night("2026-11-04", "2026-11-03T23:30:00Z")).toEqual(["1 order.ended", "P1 order.created"]);
  expect(await night("2026-11-05", "2026-11-05T03:30:00Z")).toEqual([]);
  expect(await night("2026-11-06", "2026-11-05T23:30:00Z")).toEqual(["1 order.created", "P1 order.ended"]);
});
