import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { rules } from "#rules";
import {
  operatorOf,
  pullSources,
  reconcile,
  reconcileChanged,
  type Reconciled,
  type ReconcileNeeds,
} from "#operations";
import type { Database } from "#store";
import { loadMonth, period, tenant, word } from "../../bench/month.ts";
import { testDatabase } from "../support/database.ts";
import { day, operator as manager, resultOf, signal } from "./hand.ts";
import { municipalityIn, randomEvenings } from "./municipality.ts";
import { randomOf } from "./random.ts";

/*
 * A month of two hundred clients in which single records change. What is computed anew from the records of a few people
 * must be what a whole night computes of them.
 */

const operator = operatorOf(tenant, "test");
const needsOf = (database: Database): ReconcileNeeds => ({
  database,
  now: () => Date.parse("2026-11-01T03:30:00Z"),
  rules,
  sources: [],
  config: { night: { at: "04:30", reconcileDays: 31 } },
});

/** What is stored of clients and staff in the month; of units, providers, sources and other months nights decide. */
const ofPeople = (line: string): boolean => /"slice":"(client|staff)-/.test(line);
const ofMonth = async (database: Database): Promise<string[]> =>
  (await resultOf(database)).filter((line) => ofPeople(line) && /"slice":"[^"]*:2026-10/.test(line));

interface Marked {
  client?: number | null;
  staff?: number | null;
  day?: number | null;
}

async function change(database: Database, statement: string, values: unknown[]): Promise<void> {
  const { rows } = await database.pool.query<Marked>(statement, values);
  expect(rows).toHaveLength(1);
  await mark(database, rows[0]!);
}

/** As intake marks what a version touches. */
async function mark({ pool }: Database, { client, staff, day }: Marked): Promise<void> {
  const on = day === undefined || day === null ? null : new Date(day * 86_400_000);
  for (const [kind, ref] of [
    [1, client],
    [2, staff],
  ] as const) {
    if (ref === undefined || ref === null) continue;
    await pool.query("INSERT INTO dirty (tenant_id, kind, ref, day) VALUES ($1, $2, $3, $4)", [tenant, kind, ref, on]);
  }
}

const touched = "RETURNING client_id AS client, staff_id AS staff, day";
const cancelled = word("visits", "status", "cancelled");

/** Each takes a number from 0 to 19,999 and one that is small. */
const changes: ReadonlyArray<(database: Database, n: number, small: number) => Promise<void>> = [
  (database, n, small) =>
    change(database, `UPDATE visits SET "end" = "end" + $2 * interval '1 minute' WHERE id = $1 ${touched}`, [
      `v${n}`,
      small * 7,
    ]),
  (database, n) => change(database, `UPDATE visits SET status = $2 WHERE id = $1 ${touched}`, [`v${n}`, cancelled]),
  (database, n) => change(database, `UPDATE visits SET deleted = true WHERE id = $1 ${touched}`, [`v${n}`]),
  async (database, n, small) => {
    // Somebody else was there: both are touched.
    const { rows } = await database.pool.query<Marked>(
      "SELECT client_id AS client, staff_id AS staff, day FROM visits WHERE id = $1",
      [`v${n}`],
    );
    await mark(database, rows[0]!);
    await change(
      database,
      `UPDATE visits SET staff_id = (SELECT min(no) FROM refs WHERE kind = 1) + $2, start = start + interval '3 minutes' WHERE id = $1 ${touched}`,
      [`v${n}`, small],
    );
  },
  async (database, n, small) => {
    // It was at somebody else's.
    const { rows } = await database.pool.query<Marked>(
      "SELECT client_id AS client, staff_id AS staff, day FROM visits WHERE id = $1",
      [`v${n}`],
    );
    await mark(database, rows[0]!);
    await change(database, `UPDATE visits SET client_id = $2 WHERE id = $1 ${touched}`, [`v${n}`, small]);
  },
  (database, n) =>
    change(
      database,
      `UPDATE planned_visits SET start = start + interval '90 minutes', "end" = "end" + interval '90 minutes' WHERE id = $1
       RETURNING client_id AS client, day`,
      [`p${n}`],
    ),
  (database, n) =>
    change(database, "UPDATE orders SET valid_to = '2026-10-14' WHERE id = $1 RETURNING client_id AS client", [
      `o${Math.floor(n / 100) * 3}`,
    ]),
  (database, n, small) =>
    change(
      database,
      `UPDATE claims SET minutes = minutes + 30, amount_ore = amount_ore + 22000 WHERE id = $1
       RETURNING client_id AS client, "from" AS day`,
      [`k${1 + ((n + small) % 1900)}`],
    ),
  (database, n) =>
    change(
      database,
      `UPDATE clients c SET deceased_on = '2026-10-20' WHERE id = $1
       RETURNING (SELECT no FROM refs r WHERE r.kind = 0 AND r.id = c.id) AS client`,
      [`C${Math.floor(n / 100)}`],
    ),
];

test("single changes give of people what a night over everything gives", { timeout: 300_000 }, async () => {
  await using system = await testDatabase();
  const { database } = system;
  await loadMonth(database, 20_000);
  const needs = needsOf(database);
  const night = () => reconcile(needs, operator, { day: period.through + 1, full: true, signal });
  // Nothing is known yet of everything.
  await changes[0]!(database, 1234, 3);
  expect(await reconcileChanged(needs, operator, { signal })).toBe("night");
  const [first] = await night();
  expect(await reconcileChanged(needs, operator, { signal })).toBe("nothing");
  const random = randomOf(8);
  let seen = 0;
  for (let round = 0; round < 4; round++) {
    const before = await ofMonth(database);
    for (const make of changes) {
      if (random() < 0.4) continue;
      await make(database, Math.floor(random() * 20_000), Math.floor(random() * 50));
      const changed = await reconcileChanged(needs, operator, { signal });
      // It did not read everything.
      expect((changed as Reconciled).visits).toBeLessThan(first!.visits / 2);
    }
    const soon = await ofMonth(database);
    if (soon.join("\n") !== before.join("\n")) seen++;
    await night();
    const whole = await ofMonth(database);
    expect(soon.filter((line) => !whole.includes(line))).toEqual([]);
    expect(whole.filter((line) => !soon.includes(line))).toEqual([]);
  }
  expect(seen).toBe(4);
});

test("where any visit may decide what another is paid, only a night can tell", { timeout: 120_000 }, async () => {
  await using system = await testDatabase();
  const { database } = system;
  await loadMonth(database, 2000);
  const needs = needsOf(database);
  await reconcile(needs, operator, { day: period.through + 1, full: true, signal });
  await changes[0]!(database, 1234, 3);
  expect(await reconcileChanged(needs, operator, { signal })).toMatchObject(period);
  await database.pool.query(
    `UPDATE contracts SET terms = jsonb_set(terms::jsonb, '{manual,maxSharePercent}', '5')::text WHERE id = 'K2'`,
  );
  await changes[0]!(database, 1234, 3);
  expect(await reconcileChanged(needs, operator, { signal })).toBe("night");
});

/** What the last run over everything wrote down of whole providers, units and sources. */
async function knownOfAll({ pool }: Database): Promise<unknown> {
  const { rows } = await pool.query(
    "SELECT summary::json ->> 'beyond' AS beyond FROM nights WHERE kind = 'reconcile' ORDER BY no DESC LIMIT 1",
  );
  return rows[0];
}

/** Two systems know the same people by different names, and everything may change in them. */
test.each([
  [1, false],
  [5, true],
])("people of two systems are found by all their names (seed %i)", { timeout: 300_000 }, async (seed, dated) => {
  const { evenings, days } = randomEvenings(seed, dated, day("2026-11-03"), { manualShare: false });
  await using system = await testDatabase();
  const { database } = system;
  const lived = municipalityIn(system, 190);
  const { needs } = lived;
  const differences: unknown[] = [];
  let compared = 0;
  for (const [index, evening] of evenings.entries()) {
    await lived.live(evening);
    if (index > 0) {
      await pullSources(needs, manager, { ids: [], signal });
      const known = await knownOfAll(database);
      const changed = await reconcileChanged(needs, manager, { signal });
      const soon = (await resultOf(database)).filter(ofPeople);
      // By the hour as of which the small run judged.
      await reconcile(needs, manager, { day: days[index - 1]!, full: true, signal });
      const whole = (await resultOf(database)).filter(ofPeople);
      if (typeof changed !== "string" && isDeepStrictEqual(await knownOfAll(database), known)) {
        compared++;
        differences.push(
          ...soon.filter((line) => !whole.includes(line)).map((stale) => ({ after: evening.what, stale })),
          ...whole.filter((line) => !soon.includes(line)).map((missing) => ({ after: evening.what, missing })),
        );
      }
    }
    await lived.night(days[index]!);
  }
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThan(2);
});
