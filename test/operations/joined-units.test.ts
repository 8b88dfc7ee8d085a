import { afterEach, expect, test } from "vitest";
import {
  actorOf,
  announceChanges,
  decideAlias,
  everything,
  listInbox,
  listOrdersToChase,
  makeOwnStatement,
  type NewAlias,
  pageOfOwnSettlement,
  pullSources,
  reconcile,
  showOwnOrder,
} from "#operations";
import { at } from "#rule";
import { day, type Delivered, handedSource, operator, rules, signal } from "../night/hand.ts";
import { line, order, toldTown } from "./told-town.ts";

let town: Awaited<ReturnType<typeof toldTown>>;
afterEach(() => town?.[Symbol.asyncDispose]());

/**
 * A planning system whose visits name unit N, which nobody describes, and an order system whose unit L belongs to its
 * own provider 1. People have said that they are U1 and P1 of the municipality's lists. Unit W is U3, of P2.
 */
async function joined() {
  town = await toldTown({ clock: () => at("2026-11-02 04:30") });
  await town.pull({ entity: "contracts", records: ["P1", "P2"].map((id) => contract(id)) });
  let waiting: Delivered[] = [];
  const planning = handedSource("planning", () => waiting);
  const ordering = handedSource("ordering", () => waiting);
  const needs = {
    ...town.needs,
    sources: [...town.needs.sources, planning, ordering],
    config: {
      ...town.needs.config,
      night: { at: "04:30", reconcileDays: 40 },
      municipality: { name: "Nacka" },
    },
    rules: rules.filter(({ id }) => id === "order-not-confirmed"),
  };
  const pull = async (id: string, ...delivered: Delivered[]) => {
    waiting = delivered;
    await pullSources(needs, operator, { ids: [id], signal });
  };
  const visits = (unitId: string, clientId: string, days: readonly string[]) =>
    days.map((date) => ({
      id: `v-${unitId}-${date}`,
      clientId,
      unitId,
      start: `2026-10-${date}T08:00:00+02:00`,
      end: `2026-10-${date}T08:30:00+02:00`,
      status: "completed",
      services: ["dusch"],
    }));
  await pull("planning", {
    entity: "visits",
    records: [...visits("N", "C1", ["06", "07", "08"]), ...visits("W", "C2", ["06"])],
  });
  await pull("ordering", { entity: "units", records: [{ id: "L", providerId: "1", name: "Lag 1" }] });
  const same = (kind: NewAlias["kind"], source: string, id: string, sameAsId: string, more: object = {}) =>
    decideAlias(needs, operator, { kind, source, id, sameAsSource: "files", sameAsId, ...more });
  await same("unit", "planning", "N", "U1");
  await same("unit", "planning", "W", "U3");
  await same("provider", "ordering", "1", "P1");
  for (const source of ["planning", "ordering"]) for (const id of ["C1", "C2"]) await same("client", source, id, id);
  await pull("ordering", { entity: "orders", records: [order("o-1", 1, { unitId: "L", lines: [line("o-1")] })] });
  await announceChanges(needs, "0192");
  await reconcile(needs, operator, { day: day("2026-11-02"), full: false, signal });
  /** As somebody of a provider's asks: with what the database lets them see. */
  const own = (id: string, scope: { units?: string[] } = {}) => {
    const actor = actorOf({
      id: `${id}-frida`,
      name: "Frida Sten",
      tenantId: "0192",
      role: "provider",
      scope: { ...everything, providers: [id], ...scope },
    });
    return { needs: { ...needs, database: needs.database.restrict(actor) }, actor };
  };
  const ids = async (id: string, table: "visits" | "orders" | "units", scope?: { units?: string[] }) => {
    const { rows } = await own(id, scope).needs.database.pool.query<{ id: string }>(
      `SELECT id FROM ${table} ORDER BY id`,
    );
    return rows.map((row) => row.id);
  };
  return { own, ids, same, needs };
}

const contract = (id: string) => ({
  id: `K-${id}`,
  providerId: id,
  reference: `Avtal ${id}`,
  validFrom: "2026-01-01",
  terms: { price: [{ orePerHour: 48000 }] },
});
const handler = actorOf({ id: "anna", name: "Anna Ek", tenantId: "0192", role: "handler" });
const october = { month: "2026-10", limit: 100 } as const;

test("a provider's statement counts the visits that its figures count, whatever their source calls the unit", async () => {
  const { own } = await joined();
  const { needs, actor } = own("P1");
  const { lines } = await pageOfOwnSettlement(needs, actor, october);
  const sum = (of: (one: (typeof lines)[number]) => number) => lines.reduce((total, one) => total + of(one), 0);
  expect(sum(({ minutes }) => minutes.registered)).toBe(90);
  const { statement } = await makeOwnStatement(needs, actor, "2026-10");
  expect(statement.totals.registeredMinutes).toBe(90);
  expect(statement.totals.payableMinutes).toBe(sum(({ minutes }) => minutes.payable));
  expect(statement.totals.payableOre).toBe(sum(({ ore }) => ore.payable));
  expect(statement.lines.flatMap(({ visits }) => visits)).toHaveLength(3);
});

test("a provider reads an order of a unit that only an alias makes its own as the source has it", async () => {
  const { own } = await joined();
  const { needs, actor } = own("P1");
  const { orders } = await listInbox(needs, actor, { filter: "unanswered", limit: 50 });
  const waiting = orders.find(({ reference }) => reference === "o-1")!;
  // The clock runs from when it was ordered, as it does for the handlers.
  const late = await listOrdersToChase(town.needs, handler);
  expect(waiting.dueAt).toBe(late.find(({ reference }) => reference === "o-1")?.dueAt);
  const { versions } = await showOwnOrder(needs, actor, waiting.no);
  expect(versions.at(-1)?.lines).toMatchObject([{ id: "l-o-1" }]);
});

test("an alias shows nothing to anybody else, nor after it is undone", async () => {
  const { ids, same, needs } = await joined();
  const three = ["v-N-06", "v-N-07", "v-N-08"];
  expect(await ids("P1", "visits")).toEqual(three);
  expect(await ids("P2", "visits")).toEqual(["v-W-06"]);
  expect(await ids("P1", "orders")).toEqual(["o-1", "old"]);
  expect(await ids("P2", "orders")).toEqual([]);
  expect(await ids("P1", "units")).toEqual(["L", "U1", "U2"]);
  expect(await ids("P2", "units")).toEqual(["U3"]);
  expect(await ids("P1", "visits", { units: ["U1"] })).toEqual(three);
  expect(await ids("P1", "visits", { units: ["U2"] })).toEqual([]);
  expect(await ids("P1", "orders", { units: ["U2"] })).toEqual([]);
  // Another municipality's decisions are its own.
  await needs.database.pool.query("UPDATE aliases SET tenant_id = '0180' WHERE kind = 'unit' AND id = 'N'");
  expect(await ids("P1", "visits")).toEqual([]);
  await same("unit", "planning", "N", "U1");
  expect(await ids("P1", "visits")).toEqual(three);
  await needs.database.pool.query("UPDATE aliases SET undone_at = now() WHERE tenant_id = '0192' AND id = 'N'");
  expect(await ids("P1", "visits")).toEqual([]);
});
