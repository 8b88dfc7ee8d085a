import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { neededFields, type RawColumns } from "#columns";
import { day, entities, entityNames } from "#model";
import { type Database, readRawColumns, tableName, writeDayBlocks } from "#store";
import { testDatabase } from "../support/database.ts";
import { insertRows, textsOf } from "../support/rows.ts";

const first = day("2026-10-01");
const dayed = entityNames.filter((name) => entities[name].day !== null && neededFields[name] !== undefined);

/** Rows without their order. */
function rowsOf({ count, source, id, fields }: RawColumns): string[] {
  const columns = Object.entries({ source, id, ...fields }).map(
    ([name, values]) => [name, "offsets" in values ? textsOf(values, count) : [...values]] as const,
  );
  return Array.from({ length: count }, (_, row) =>
    JSON.stringify(
      columns.flatMap(([name, values]) => {
        const value = values[row];
        // Whether a column that says nothing is there differs.
        return value === null || value === -1 || Number.isNaN(value) ? [] : [[name, value]];
      }),
    ),
  ).sort();
}

const window = { fromDay: first + 1, throughDay: first + 6, ranks: false } as const;
const read = async (database: Database, fields: readonly string[] = neededFields.visits!, entity = "visits" as const) =>
  rowsOf(await readRawColumns(database, "0192", entity, { ...window, fields }));
/** By the rows themselves, since blocks hold no history and are not asked where ranks are. */
const slowly = async (database: Database, fields: readonly string[] = neededFields.visits!) =>
  rowsOf(await readRawColumns(database, "0192", "visits", { ...window, ranks: true, fields }));
const blocks = async ({ pool }: Database) =>
  (await pool.query<{ n: number }>("SELECT count(DISTINCT day) AS n FROM day_blocks")).rows[0]!.n;

interface Change {
  kind: "insert" | "delete" | "tombstone" | "move" | "edit" | "write" | "truncate";
  on: number;
  n: number;
}

describe("columns of days", () => {
  test("are kept of every entity that is read by day", async () => {
    await using opened = await testDatabase();
    const { rows } = await opened.database.pool.query<{ name: string; triggers: string }>(
      `SELECT relname AS name, string_agg(tgname, ' ' ORDER BY tgname) AS triggers FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
       WHERE tgname IN ('day_came', 'day_went', 'day_changed', 'days_went') GROUP BY relname ORDER BY relname`,
    );
    const triggers = "day_came day_changed day_went days_went";
    expect(rows).toEqual(
      dayed
        .map(tableName)
        .sort()
        .map((name) => ({ name, triggers })),
    );
  });

  test("say what the rows say, whatever has come, changed, moved and gone since they were written", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    const { pool } = database;
    const change = fc.record({
      kind: fc.constantFrom<Change["kind"]>(
        "insert",
        "insert",
        "insert",
        "delete",
        "tombstone",
        "move",
        "edit",
        "write",
        "write",
        "truncate",
      ),
      on: fc.nat({ max: 7 }),
      n: fc.nat({ max: 30 }),
    });
    const seen = { written: 0, atHand: 0 };
    let no = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 5, maxLength: 25 }), async (changes) => {
        await pool.query("TRUNCATE visits; TRUNCATE day_blocks; TRUNCATE day_changes");
        for (const { kind, on, n } of changes) {
          const some = `tenant_id = '0192' AND day = '2026-10-01'::date + ${on} AND hashtext(id) % 3 = ${n % 3}`;
          switch (kind) {
            case "insert":
              await insertRows(
                database,
                "visits",
                Array.from({ length: n + 1 }, (_, index) => ({
                  id: `å${no++}`,
                  source_no: n % 2,
                  day: first + on,
                  client_id: (no * 7) % 11,
                  start: (first + on) * 86_400_000 + no,
                  status: index % 3 === 0 ? null : 1,
                  edit_reason: n % 4 === 0 ? null : index % 2 === 0 ? "" : "glömt ".repeat(index),
                  start_latitude: n % 5 === 0 ? 58.5 : null,
                  // Another municipality's are not mixed in.
                  tenant_id: n % 6 === 0 ? "0180" : "0192",
                })),
              );
              break;
            case "delete":
              await pool.query(`DELETE FROM visits WHERE ${some}`);
              break;
            case "tombstone":
              await pool.query(`UPDATE visits SET deleted = NOT deleted WHERE ${some}`);
              break;
            case "move":
              await pool.query(`UPDATE visits SET day = '2026-10-01'::date + ${n % 8} WHERE ${some}`);
              break;
            case "edit":
              await pool.query(`UPDATE visits SET edit_reason = 'ändrat', staff_id = 3 WHERE ${some}`);
              break;
            case "write":
              seen.written += await writeDayBlocks(database, "0192", 1 + (n % 20));
              break;
            default:
              if (n > 25) await pool.query("TRUNCATE visits");
          }
        }
        seen.atHand += await blocks(database);
        const fields = ["start", "editReason"];
        expect(await read(database)).toEqual(await slowly(database));
        expect(await read(database, fields)).toEqual(await slowly(database, fields));
      }),
      { numRuns: 60 },
    );
    expect(seen.written).toBeGreaterThan(30);
    expect(seen.atHand).toBeGreaterThan(10);
  });

  test("are taken from their blocks, and not from rows that nothing changed", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    const rows = Array.from({ length: 6000 }, (_, n) => ({ id: `v${n}`, day: first + 1 + (n % 2), client_id: n % 50 }));
    await insertRows(database, "visits", rows);
    expect(await writeDayBlocks(database, "0192")).toBe(2);
    expect(await writeDayBlocks(database, "0192")).toBe(0);
    // Beside the triggers: nothing but the blocks can still tell of these.
    await database.transaction(async ({ client }) => {
      await client.query(
        "ALTER TABLE visits DISABLE TRIGGER USER; DELETE FROM visits; ALTER TABLE visits ENABLE TRIGGER USER",
      );
    });
    expect(await read(database)).toHaveLength(6000);
    // A program that keeps other columns trusts none of them.
    await database.pool.query("UPDATE day_blocks SET layout = 'other'");
    expect(await read(database)).toEqual([]);
    expect(await writeDayBlocks(database, "0192")).toBe(0);
    expect(await blocks(database)).toBe(0);
  });

  test("are written by one at a time, and a change that comes meanwhile is found", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    const rows = Array.from({ length: 3000 }, (_, n) => ({ id: `v${n}`, day: first + 1 + (n % 3), client_id: n % 50 }));
    await insertRows(database, "visits", rows);
    const edits = async () => {
      for (let n = 0; n < 60; n++)
        await database.pool.query("UPDATE visits SET staff_id = $1 WHERE id = $2", [n, `v${n * 31}`]);
    };
    const writers = [0, 1, 2].map(() => writeDayBlocks(database, "0192", 1));
    await Promise.all([edits(), ...writers]);
    expect(await read(database)).toEqual(await slowly(database));
    await writeDayBlocks(database, "0192", 1);
    expect(await read(database)).toEqual(await slowly(database));
    expect(await blocks(database)).toBe(3);
  });

  test("are not given to somebody who may not see all of them", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    await insertRows(
      database,
      "visits",
      Array.from({ length: 20 }, (_, n) => ({ id: `v${n}`, day: first + 1, client_id: n, unit_id: n })),
    );
    await writeDayBlocks(database, "0192", 1);
    const scope = { providers: null, units: null, groups: null };
    const all = database.restrict({ tenantId: "0192", scope });
    const some = database.restrict({ tenantId: "0192", scope: { ...scope, units: ["U1"] } });
    expect(await read(all)).toHaveLength(20);
    expect(await read(some)).toEqual([]);
    expect(await read(database.restrict({ tenantId: "0180", scope }))).toEqual([]);
  });
});
