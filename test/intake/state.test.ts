import { describe, expect, test } from "vitest";
import { normaliseWaiting, rebuild, retryQuarantine } from "#intake";
import { selectQuarantine, selectWarnings } from "#store";
import { testDatabase } from "../support/database.ts";
import { canonical, deliver, intakeOf, page, pull, scripted, visitMapping } from "./support.ts";

type System = Awaited<ReturnType<typeof testDatabase>>;
const ids = async ({ database }: System, table: string, where = "NOT deleted") =>
  (await database.pool.query(`SELECT id FROM ${table} WHERE ${where} ORDER BY id`)).rows.map(({ id }) => id as string);
const line = (id: string, minutes = 30) => ({ id, service: "s", minutes });

describe("the canonical state", () => {
  const pages = [
    [
      { id: "a", version: 1 },
      { id: "b", version: 1 },
    ],
    [
      { id: "a", version: 2, status: "cancelled" },
      { id: "a", version: 3 },
    ],
    [{ id: "b", version: 2, deleted: true }],
    [
      { id: "a", version: 2, status: "cancelled" },
      { id: "c", version: 1, services: ["?x"] },
    ],
    [{ id: "b", version: 3 }],
  ];

  test("is the same for pages in another order and delivered twice", async () => {
    await using first = await testDatabase();
    await using second = await testDatabase();
    await deliver(first, "visits", ...pages);
    await deliver(second, "visits", ...[4, 1, 3, 0, 2, 1, 4, 0].map((index) => pages[index] ?? []));
    const plain = (rows: unknown) => JSON.parse(JSON.stringify(rows)) as Record<string, unknown>;
    expect(plain(await canonical(second.database, false))).toEqual(plain(await canonical(first.database, false)));
  });

  test("is made again from the ledger, row by row", async () => {
    await using system = await testDatabase();
    await deliver(system, "visits", ...pages);
    await deliver(system, "orders", [{ id: "o", version: 1, client: "c", lines: [line("l1"), line("l2")] }]);
    await deliver(system, "orders", [{ id: "o", version: 2, client: "c", lines: [line("l2")] }]);
    await deliver(system, "clients", [{ id: "c", number: "188001019999", name: "Ingen" }]);
    const before = await canonical(system.database);
    const source = scripted({ visits: () => [], orders: () => [], clients: () => [] });
    const rebuilt = await rebuild(intakeOf(system), [source]);
    expect(rebuilt).toMatchObject({ forgotten: 8, pages: 8, differences: [] });
    expect(await canonical(system.database)).toEqual(before);
    const changed = scripted({ visits: () => [], orders: () => [], clients: () => [] }, { visits: visitMapping(2) });
    expect((await rebuild(intakeOf(system), [changed])).differences).toEqual([
      {
        source: "test",
        resource: "visits",
        was: { version: 1, hash: "visits-1" },
        is: { version: 2, hash: "visits-2" },
      },
    ]);
  });

  test("without versions what is received later wins, also what was said before", async () => {
    await using system = await testDatabase();
    await deliver(system, "visits", [{ id: "v" }], [{ id: "v", status: "cancelled" }], [{ id: "v" }]);
    expect(await ids(system, "visits", "status = 1")).toEqual(["v"]);
    expect(await ids(system, "visits_history", "true")).toEqual(["v", "v"]);
  });

  test("an equal version with other content is a finding, and what is received later wins", async () => {
    await using system = await testDatabase();
    await deliver(system, "visits", [{ id: "v", version: 1 }], [{ id: "v", version: 1, status: "cancelled" }]);
    expect(await ids(system, "visits", "status = 3")).toEqual(["v"]);
    expect(await selectWarnings(system.database, system.tenantId)).toMatchObject([
      { code: "version-conflict", source: "test", entity: "visits", id: "v" },
    ]);
  });

  test("a new version of a parent replaces the complete set of its children, and an older set brings none back", async () => {
    await using system = await testDatabase();
    const order = (version: number, ...lines: object[]) => ({ id: "o", version, client: "c", lines });
    await deliver(system, "orders", [order(1, line("l1"), line("l2"))]);
    await deliver(system, "orders", [order(3, line("l2"), line("l3"))]);
    expect(await ids(system, "order_lines")).toEqual(["l2", "l3"]);
    await deliver(system, "orders", [order(2, line("l1"), line("l4"))]);
    expect(await ids(system, "order_lines")).toEqual(["l2", "l3"]);
    expect(await ids(system, "order_lines", "deleted")).toEqual(["l1", "l4"]);
    await deliver(system, "orders", [order(3, line("l2"), line("l3"))]);
    expect(await ids(system, "order_lines")).toEqual(["l2", "l3"]);
    await deliver(system, "orders", [order(4), order(5, line("l2"))]);
    expect(await ids(system, "order_lines")).toEqual(["l2"]);
  });

  test("children without versions keep their place in a set that says the same again", async () => {
    await using system = await testDatabase();
    const order = (...lines: object[]) => ({ id: "o", client: "c", lines });
    await deliver(
      system,
      "orders",
      [order(line("l1"), line("l2"))],
      [order(line("l1"), line("l2"))],
      [order(line("l2"))],
    );
    expect(await ids(system, "order_lines")).toEqual(["l2"]);
  });

  test("a set that comes again before it was made canonical buries none of its children", async () => {
    await using system = await testDatabase();
    const order = (...lines: object[]) => ({ id: "o", version: 1, client: "c", lines });
    const other = { id: "o2", version: 1, client: "c", lines: [line("l9")] };
    const whole = order(line("l1"), line("l2"));
    await pull(system, scripted({ orders: () => [page([whole]), page([other, whole])] }));
    expect(await ids(system, "order_lines")).toEqual(["l1", "l2", "l9"]);
    await pull(system, scripted({ orders: () => [page([other, other, whole]), page([order(line("l2"))])] }));
    expect(await ids(system, "order_lines")).toEqual(["l2", "l9"]);
  });

  test("ids that the source no longer lists become tombstones, unless more than half would go", async () => {
    await using system = await testDatabase();
    const orders = Array.from({ length: 30 }, (_, at) => ({
      id: `o${at}`,
      version: 1,
      client: "c",
      lines: [line(`l${at}`)],
    }));
    await deliver(system, "orders", orders);
    const listing = (completeIds: string[]) => pull(system, scripted({ orders: () => [page([], { completeIds })] }));
    const [empty] = await listing([]);
    expect(empty?.notices).toMatchObject([{ code: "implausible-comparison" }]);
    expect(await ids(system, "orders")).toHaveLength(30);
    await listing(orders.slice(1).map(({ id }) => id));
    expect(await ids(system, "orders", "deleted")).toEqual(["o0"]);
    expect(await ids(system, "order_lines", "deleted")).toEqual(["l0"]);
    const before = await canonical(system.database);
    await rebuild(intakeOf(system), [scripted({ orders: () => [] })]);
    expect(await canonical(system.database)).toEqual(before);
    await deliver(system, "orders", orders.slice(0, 1));
    expect(await ids(system, "orders", "deleted")).toEqual([]);
  });
});

describe("quarantine", () => {
  const accepts = visitMapping(2, new Set(["completed", "cancelled", "mystery"]));

  test("a retry moves a record through with the place at which it was received", async () => {
    await using system = await testDatabase();
    await using inOrder = await testDatabase();
    const lists = [
      [{ id: "v", status: "cancelled" }],
      [
        { id: "x", status: "??" },
        { id: "v", status: "mystery" },
      ],
      [{ id: "v", status: "cancelled" }],
      [{ id: "w", version: 2 }],
      [{ id: "w", version: 1, status: "mystery" }],
    ];
    await deliver(system, "visits", ...lists);
    expect(await selectQuarantine(system.database, system.tenantId)).toHaveLength(3);
    const source = scripted({ visits: () => [] }, { visits: accepts });
    expect(await retryQuarantine(intakeOf(system), [source])).toMatchObject({ records: 3, mended: 2, open: 1 });
    const [left] = await selectQuarantine(system.database, system.tenantId);
    expect(left).toMatchObject({ line: 1, field: "status", attempts: 2 });
    for (const records of lists) await pull(inOrder, scripted({ visits: () => [page(records)] }, { visits: accepts }));
    const state = async ({ database }: System) =>
      (
        await database.pool.query(
          "SELECT id, version, status FROM visits UNION ALL SELECT id, version, status FROM visits_history ORDER BY 1, 2, 3",
        )
      ).rows;
    expect(await state(system)).toEqual(await state(inOrder));
    expect(await ids(system, "visits", "status = 3")).toEqual(await ids(inOrder, "visits", "status = 3"));
  });
});

describe("a crash", () => {
  test("between the ledger and the canonical rows loses nothing", async () => {
    await using system = await testDatabase();
    const pages = () => [page([{ id: "u" }]), page([{ id: "v" }])];
    const source = scripted({ visits: pages });
    const mapping = () => {
      throw new Error("killed");
    };
    await expect(pull(system, { ...source, mapping })).rejects.toThrow("killed");
    expect(await ids(system, "visits")).toEqual([]);
    const stored = (await system.database.pool.query("SELECT FROM raw_pages")).rowCount ?? 0;
    expect(stored).toBeGreaterThan(0);
    const done = await normaliseWaiting(intakeOf(system), [scripted({ visits: () => [] })]);
    expect(done).toMatchObject({ pages: stored, accepted: stored });
    expect(await ids(system, "visits")).toHaveLength(stored);
  });

  test("before the source was told repeats a page, which is recognised", async () => {
    await using system = await testDatabase();
    let told = 0;
    const committed = async () => {
      if (++told === 1) throw new Error("cut");
    };
    const source = () =>
      scripted({ visits: () => [page([{ id: "v" }], { delivery: "d1", deliveryComplete: true, committed })] });
    const [first] = await pull(system, source());
    expect(first?.notices).toMatchObject([{ code: "not-confirmed" }]);
    const [second] = await pull(system, source());
    expect(second).toMatchObject({ state: "ok", accepted: 0, repeated: 1 });
    const { rows } = await system.database.pool.query("SELECT count(*) AS n FROM raw_pages");
    expect(rows).toEqual([{ n: 1 }]);
  });

  test("in the middle of a file stores only the pages that had not come", async () => {
    await using system = await testDatabase();
    const file = (until: number) =>
      scripted({
        visits: function* () {
          for (let at = 0; at < 3; at++) {
            if (at === until) throw new Error("cut");
            yield page([{ id: `v${at}` }], { delivery: "d", ...(at === 2 ? { deliveryComplete: true } : {}) });
          }
        },
      });
    const [cut] = await pull(system, file(2));
    expect(cut).toMatchObject({ state: "partly", problem: "internal", accepted: 2 });
    const [whole] = await pull(system, file(9));
    expect(whole).toMatchObject({ accepted: 1, repeated: 2 });
    expect(await ids(system, "visits")).toEqual(["v0", "v1", "v2"]);
  });

  test("two pullers at once: one stops, nothing is lost or doubled", async () => {
    await using system = await testDatabase();
    const source = () =>
      scripted({
        visits: function* ({ cursor }) {
          for (let at = Number(cursor ?? 0); at < 20; at++) yield page([{ id: `v${at}` }], { cursor: String(at + 1) });
        },
      });
    const both = await Promise.all([pull(system, source()), pull(system, source())]);
    const [last] = await pull(system, source());
    expect(both.flat().some(({ problem }) => problem === "intake.overtaken")).toBe(true);
    expect(last?.watermark).toBe("20");
    expect(await ids(system, "visits")).toHaveLength(20);
    expect((await system.database.pool.query("SELECT FROM raw_pages WHERE normalised_at IS NULL")).rowCount).toBe(0);
  });
});

test("a second municipality in a database is known to the planner as soon as much of it has come in", async () => {
  await using system = await testDatabase();
  const visits = Array.from({ length: 1200 }, (_, index) => ({ id: `v-${index}`, version: 1 }));
  const known = async () => {
    const { rows } = await system.database.pool.query<{ tenants: string }>(
      "SELECT most_common_vals::text AS tenants FROM pg_stats WHERE tablename = 'visits' AND attname = 'tenant_id'",
    );
    return rows[0]?.tenants;
  };
  await deliver(system, "visits", visits);
  expect(await known()).toBeUndefined();
  await system.database.pool.query("ANALYZE visits");
  await deliver({ ...system, tenantId: "0193" }, "visits", visits);
  expect(await known()).toBe("{0192,0193}");
});
