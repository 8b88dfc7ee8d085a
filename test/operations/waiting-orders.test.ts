import { afterEach, describe, expect, test } from "vitest";
import { formatLocal } from "#model";
import {
  acknowledgeOwnOrder,
  actorOf,
  announceChanges,
  chaseOrders,
  countOwnWaiting,
  everything,
  listInbox,
  listOwnOrders,
  listOrdersToChase,
  type OrderAnswer,
  reconcile,
} from "#operations";
import { at } from "#rule";
import { selectOrdersAnswered, takeDirty } from "#store";
import { day, operator, rules, signal } from "../night/hand.ts";
import { line, order, toldTown } from "./told-town.ts";

let now = 0;
let town: Awaited<ReturnType<typeof toldTown>>;
afterEach(() => town?.[Symbol.asyncDispose]());

const contract = (id: string, providerId: string, terms: object = {}) => ({
  id,
  providerId,
  reference: `Avtal ${id}`,
  validFrom: "2026-01-01",
  terms,
});

/** P1 answers in 24 hours of office time, P2 in 24 hours of any day; and these orders are new at that time. */
async function told(when: string, ...orders: object[]) {
  now = at(when);
  town = await toldTown({ clock: () => now });
  const around = { orderConfirm: { hours: 24, weekdaysOnly: false, from: "00:00", to: "00:00" } };
  await town.pull({ entity: "contracts", records: [contract("K1", "P1"), contract("K2", "P2", around)] });
  // What was there before anybody was told is nobody's business here.
  await town.orders(order("old", 2, { status: "accepted", acceptedAt: "2026-10-02T08:00:00+02:00" }), ...orders);
  await announceChanges(town.needs, "0192");
}

const provider = (id: string) =>
  actorOf({
    id: `${id}-frida`,
    name: "Frida Sten",
    tenantId: "0192",
    role: "provider",
    scope: { ...everything, providers: [id] },
  });
const handler = actorOf({ id: "anna", name: "Anna Ek", tenantId: "0192", role: "handler" });
const inbox = async (id = "P1") =>
  (await listInbox(town.needs, provider(id), { filter: "unanswered", limit: 50 })).orders;

async function answer(reference: string, said: OrderAnswer, id = "P1") {
  const { orders } = await listInbox(town.needs, provider(id), { filter: "all", limit: 50 });
  const { no } = orders.find((one) => one.reference === reference)!;
  const { rows } = await town.needs.database.pool.query<{ changeNo: number }>(
    'SELECT change_no AS "changeNo" FROM announced_orders WHERE no = $1',
    [no],
  );
  await acknowledgeOwnOrder(town.needs, provider(id), { no, changeNo: rows[0]!.changeNo, answer: said });
}

/** Who is told what at a time. */
async function chased(when: string, works = true) {
  now = at(when);
  const told: string[] = [];
  await chaseOrders(town.needs, "0192", {
    async remind({ email, orders }) {
      told.push(`${email} ${orders}`);
      return works;
    },
    async escalate({ provider: id, late, declined }) {
      told.push(`${id} late ${late} declined ${declined}`);
      return works;
    },
  });
  return told.toSorted();
}

const mailbox = () =>
  town.needs.database.pool.query(
    `INSERT INTO mailboxes (tenant_id, provider, email, created_at, created_by, told_no)
     VALUES ('0192', 'P1', 'larm@utforare.example', now(), 'test', 0)`,
  );

describe("the clock of an order's confirmation", () => {
  test.each([
    ["over a weekend", "2026-10-09 16:00", "P1", "2026-10-14 13:00"],
    ["over Christmas, with its eve", "2026-12-23 16:00", "P1", "2026-12-30 13:00"],
    ["over the night that has an hour more", "2026-10-24 12:00", "P2", "2026-10-25 11:00"],
    ["over the night that has an hour less", "2027-03-27 12:00", "P2", "2027-03-28 13:00"],
  ])("runs %s", async (_what, when, of, due) => {
    await told(when, order("o-1", 1, { orderedAt: when.replace(" ", "T"), unitId: of === "P1" ? "U1" : "U3" }));
    const [waiting] = await inbox(of);
    expect(waiting).toMatchObject({ reference: "o-1", waits: true, changes: [] });
    expect(formatLocal(waiting!.dueAt!)).toBe(due);
    now = at(due);
    expect(await listOrdersToChase(town.needs, handler)).toEqual([]);
    now += 60_000;
    expect(await listOrdersToChase(town.needs, handler)).toMatchObject([{ reference: "o-1", kind: "late" }]);
    expect(await countOwnWaiting(town.needs, provider(of))).toEqual({ orders: 1, late: 1, nextDueAt: null });
  });

  test("reminds the provider at half the time and tells the handlers at the end, once each", async () => {
    await told("2026-10-09 16:00", order("o-1", 1, { orderedAt: "2026-10-09T16:00:00+02:00" }));
    await mailbox();
    expect(await chased("2026-10-13 09:59")).toEqual([]);
    expect(await chased("2026-10-13 10:00")).toEqual(["larm@utforare.example 1"]);
    expect(await chased("2026-10-14 13:00")).toEqual([]);
    expect(await chased("2026-10-14 13:01", false)).toEqual(["P1 late 1 declined 0"]);
    // What could not be sent is tried again.
    expect(await chased("2026-10-14 13:02")).toEqual(["P1 late 1 declined 0"]);
    expect(await chased("2026-10-20 13:02")).toEqual([]);
  });

  test("is stopped by a yes here or in the case system", async () => {
    const orderedAt = "2026-10-05T10:00:00+02:00";
    await told("2026-10-05 10:00", order("o-1", 1, { orderedAt }), order("o-2", 1, { orderedAt }));
    await answer("o-1", { kind: "accepted" });
    await town.orders(order("o-2", 2, { orderedAt, acceptedAt: "2026-10-05T11:00:00+02:00" }));
    await announceChanges(town.needs, "0192");
    expect(await inbox()).toEqual([]);
    expect(await chased("2026-10-20 10:00")).toEqual([]);
  });

  test("is not stopped for the handlers by a no, which they hear of at once", async () => {
    await told("2026-10-05 10:00", order("o-1", 1, { orderedAt: "2026-10-05T10:00:00+02:00" }));
    await answer("o-1", { kind: "declined", reason: "no-capacity", text: "Vi har ingen personal på kvällen." });
    expect(await inbox()).toEqual([]);
    expect(await chased("2026-10-05 10:01")).toEqual(["P1 late 0 declined 1"]);
    expect(await chased("2026-10-20 10:01")).toEqual([]);
    expect(await listOrdersToChase(town.needs, handler)).toMatchObject([
      { kind: "declined", declined: { reason: "no-capacity", text: "Vi har ingen personal på kvällen." } },
    ]);
    // It was sent to another provider instead.
    await town.orders(order("o-1", 2, { orderedAt: "2026-10-05T10:00:00+02:00", unitId: "U3" }));
    await announceChanges(town.needs, "0192");
    expect((await listOrdersToChase(town.needs, handler)).map(({ kind }) => kind)).toEqual(["late"]);
  });

  test("begins anew when what was answered changes, and says what has changed", async () => {
    await told("2026-10-05 10:00", order("o-1", 1, { orderedAt: "2026-10-05T10:00:00+02:00" }));
    await answer("o-1", { kind: "accepted" });
    now = at("2026-10-12 10:00");
    const more = { orderedAt: "2026-10-05T10:00:00+02:00", lines: [{ ...order("o-1", 2).lines[0], minutes: 45 }] };
    await town.orders(order("o-1", 2, more));
    await announceChanges(town.needs, "0192");
    const [waiting] = await inbox();
    expect(waiting).toMatchObject({ reference: "o-1", changes: ["lines"], acknowledgement: { kind: "accepted" } });
    expect(formatLocal(waiting!.dueAt!)).toBe("2026-10-14 16:00");
    now = at("2026-10-14 16:01");
    expect(await listOrdersToChase(town.needs, handler)).toMatchObject([{ kind: "late", changes: ["lines"] }]);
  });
});

describe("an order that comes back", () => {
  const orderedAt = "2026-10-05T10:00:00+02:00";
  const ways: Array<[string, object, object]> = [
    ["from another provider", { unitId: "U3" }, {}],
    ["after it was cancelled", { status: "cancelled" }, {}],
    ["after it was ended, changed", { status: "ended" }, { lines: [line("o-1", { minutes: 45 })] }],
  ];
  test.each(ways)("%s waits for an answer of its own, and its clock begins anew", async (_how, away, back) => {
    await told("2026-10-05 10:00", order("o-1", 1, { orderedAt }));
    await answer("o-1", { kind: "accepted" });
    now = at("2026-10-12 10:00");
    await town.orders(order("o-1", 2, { orderedAt, ...away }));
    await announceChanges(town.needs, "0192");
    now = at("2026-10-19 10:00");
    await town.orders(order("o-1", 3, { orderedAt, ...back }));
    await announceChanges(town.needs, "0192");
    expect((await town.events()).findLast((event) => event.startsWith("P1"))).toBe("P1 order.created");
    const [waiting] = await inbox();
    expect(waiting).toMatchObject({ reference: "o-1", waits: true, changes: [], acknowledgement: null });
    expect(formatLocal(waiting!.dueAt!)).toBe("2026-10-21 16:00");
    const { orders } = await listOwnOrders(town.needs, provider("P1"), { after: 0, limit: 50 });
    expect(orders.find(({ no }) => no === waiting!.no)?.acknowledgement).toBeNull();
    const since = at("2026-10-19 10:00");
    const known = await selectOrdersAnswered(town.needs.database, "0192");
    expect(known).toMatchObject([{ order: "o-1", returnedAt: since, acceptedAt: null, last: null, current: false }]);
    expect(await selectOrdersAnswered(town.needs.database, "0192", since - 1)).toMatchObject([
      { order: "o-1", returnedAt: null, last: "accepted", current: true },
    ]);
    now = at("2026-10-20 10:00");
    await answer("o-1", { kind: "accepted" });
    expect(await inbox()).toEqual([]);
    expect(await selectOrdersAnswered(town.needs.database, "0192")).toMatchObject([
      { returnedAt: since, acceptedAt: now, last: "accepted", current: true },
    ]);
  });
});

test("an answer to what was ordered before a change is none to the change, however late it is written", async () => {
  await told("2026-10-05 10:00", order("o-1", 1), order("o-2", 1));
  // The comparison that finds the change takes its time before the answer comes, and ends after it.
  now = at("2026-10-06 10:00") + 1000;
  await answer("o-1", { kind: "accepted" });
  await answer("o-2", { kind: "declined", reason: "no-capacity" });
  now = at("2026-10-06 10:00");
  await town.orders(
    order("o-1", 2, { lines: [line("o-1", { minutes: 45 })] }),
    order("o-2", 2, { status: "accepted" }),
  );
  await announceChanges(town.needs, "0192");
  expect(await inbox()).toMatchObject([{ reference: "o-1", changes: ["lines"] }]);
  const known = await selectOrdersAnswered(town.needs.database, "0192");
  // What the source calls its state is no change of what is ordered.
  expect(known.map(({ order: id, current }) => [id, current])).toEqual([
    ["o-1", false],
    ["o-2", true],
  ]);
});

test("what one provider has to answer is nothing to another", async () => {
  await told("2026-10-05 10:00", order("o-1", 1), order("o-3", 1, { unitId: "U3" }));
  expect((await inbox("P1")).map(({ reference }) => reference)).toEqual(["o-1"]);
  expect((await inbox("P2")).map(({ reference }) => reference)).toEqual(["o-3"]);
  const [mine] = await inbox("P1");
  const answering = acknowledgeOwnOrder(town.needs, provider("P2"), {
    no: mine!.no,
    changeNo: 1,
    answer: { kind: "accepted" },
  });
  await expect(answering).rejects.toMatchObject({ kind: "missing" });
  // Somebody of whom nobody has said where they belong sees nothing.
  const nowhere = actorOf({ id: "x", name: "X", tenantId: "0192", role: "provider" });
  await expect(listInbox(town.needs, nowhere, { filter: "all", limit: 5 })).rejects.toMatchObject({
    kind: "forbidden",
  });
});

test("an answer is known to the next comparison, which looks at the client again", async () => {
  await told("2026-10-05 10:00", order("o-1", 1));
  const before = await takeDirty(town.needs.database, "0192");
  await answer("o-1", { kind: "declined", reason: "outside-area" });
  now += 60_000;
  await answer("o-1", { kind: "accepted" });
  const marked = await takeDirty(town.needs.database, "0192", before.upTo);
  expect(marked.clients).toMatchObject([{ day: null }]);
  const first = at("2026-10-05 10:00");
  expect(await selectOrdersAnswered(town.needs.database, "0192")).toMatchObject([
    { order: "o-1", acceptedAt: now, declinedAt: first, last: "accepted" },
  ]);
  expect(await selectOrdersAnswered(town.needs.database, "0192", first)).toMatchObject([
    { order: "o-1", acceptedAt: null, declinedAt: first, last: "declined" },
  ]);
});

test("the night blames nobody for an order that was answered here in time", async () => {
  const orderedAt = "2026-10-05T10:00:00+02:00";
  await told("2026-10-05 10:00", ...["o-1", "o-2", "o-3"].map((id) => order(id, 1, { orderedAt, clientId: "C2" })));
  await answer("o-1", { kind: "accepted" });
  await answer("o-2", { kind: "declined", reason: "no-capacity" });
  now = at("2026-11-02 04:30");
  const config = { ...town.needs.config, night: { at: "04:30", reconcileDays: 40 } };
  const needs = { ...town.needs, config, rules: rules.filter(({ id }) => id === "order-not-confirmed") };
  const late = async () => {
    await reconcile(needs, operator, { day: day("2026-11-02"), full: false, signal });
    const { rows } = await needs.database.pool.query<{ orders: string[] }>(
      `SELECT ARRAY(SELECT r ->> 'id' FROM jsonb_array_elements(records::jsonb) r WHERE r ->> 'entity' = 'orders') AS orders
       FROM findings WHERE status <> 'closed' AND status <> 'suppressed'`,
    );
    return rows.flatMap(({ orders }) => orders);
  };
  expect(await late()).toEqual(["o-3"]);
  // Too late is still late.
  await answer("o-3", { kind: "accepted" });
  expect(await late()).toEqual(["o-3"]);
});
