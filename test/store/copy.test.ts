import pg from "pg";
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { copyIn, copyOut, type Database, type StoredType } from "#store";
import { testDatabase } from "../support/database.ts";

const types: readonly StoredType[] = ["int2", "int4", "int8", "float8", "bool", "text", "bytea", "timestamptz", "date"];
const columns = types.map((type) => `a_${type}`);

async function makeTable(database: Database): Promise<void> {
  await database.pool.query(
    `CREATE TABLE everything (no int4 PRIMARY KEY, ${types.map((type) => `a_${type} ${type}`).join(", ")})`,
  );
}

const orNull = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: null });
const anyRow = fc.record({
  int2: orNull(fc.integer({ min: -32768, max: 32767 })),
  int4: orNull(fc.integer()),
  int8: orNull(fc.maxSafeInteger()),
  float8: orNull(fc.double({ noNaN: true })),
  bool: orNull(fc.boolean()),
  text: orNull(fc.string({ unit: "grapheme", maxLength: 80 }).filter((text) => !text.includes("\0"))),
  bytea: orNull(fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes))),
  timestamptz: orNull(fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2100, 0, 1) })),
  date: orNull(fc.integer({ min: -30_000, max: 50_000 })),
} satisfies Record<StoredType, fc.Arbitrary<unknown>>);

describe("copyIn", () => {
  test("brings values of every type in as they are", async () => {
    await using system = await testDatabase();
    const { database } = system;
    await makeTable(database);
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 40 }), async (given) => {
        await database.pool.query("TRUNCATE everything");
        const count = await database.transaction(({ client }) =>
          copyIn(client, "everything", ["no", ...columns], (rows) => {
            for (const [index, row] of given.entries()) {
              rows.row();
              rows.int4(index);
              for (const type of types) rows.value(type, row[type]);
            }
          }),
        );
        expect(count).toBe(given.length);
        const { rows } = await database.pool.query(`SELECT ${columns.join(", ")} FROM everything ORDER BY no`);
        // Postgres has one zero.
        const plain = given.map((row) => ({ ...row, float8: row.float8 === 0 ? 0 : row.float8 }));
        expect(rows.map((row) => ({ ...row, a_float8: row.a_float8 === 0 ? 0 : row.a_float8 }))).toEqual(
          plain.map((row) => Object.fromEntries(types.map((type) => [`a_${type}`, row[type]]))),
        );
      }),
      { numRuns: 30 },
    );
  });

  test("sends many chunks with flat memory", async () => {
    await using system = await testDatabase();
    await makeTable(system.database);
    const text = "x".repeat(2000);
    const count = await system.database.transaction(({ client }) =>
      copyIn(client, "everything", ["no", "a_text"], async (rows) => {
        for (let no = 0; no < 20_000; no++) {
          rows.row();
          rows.int4(no);
          rows.text(text);
          if (rows.full) await rows.drain();
        }
      }),
    );
    expect(count).toBe(20_000);
    const { rows } = await system.database.pool.query("SELECT sum(length(a_text)) AS sum FROM everything");
    expect(rows[0].sum).toBe(40_000_000);
  });

  test.each(["at the start", "in the middle"])(
    "rejects rows that the server refuses %s, and the connection goes on",
    async (when) => {
      await using system = await testDatabase();
      await makeTable(system.database);
      const repeated = when === "at the start" ? 1 : 60_000;
      const copying = system.database.transaction(({ client }) =>
        copyIn(client, "everything", ["no", "a_text"], async (rows) => {
          for (let no = 0; no < 120_000; no++) {
            rows.row();
            rows.int4(no === repeated ? 0 : no);
            rows.text("some text that fills the buffers");
            if (rows.full) await rows.drain();
          }
        }),
      );
      await expect(copying).rejects.toMatchObject({ code: "23505" });
      const { rows } = await system.database.pool.query("SELECT count(*) AS count FROM everything");
      expect(rows).toEqual([{ count: 0 }]);
    },
  );

  test("rejects a table that does not exist", async () => {
    await using system = await testDatabase();
    const copying = system.database.transaction(({ client }) =>
      copyIn(client, "nothing", ["no"], async (rows) => {
        for (let no = 0; no < 500_000; no++) {
          rows.row();
          rows.int4(no);
          if (rows.full) await rows.drain();
        }
      }),
    );
    await expect(copying).rejects.toMatchObject({ code: "42P01" });
  });

  test("gives back the writer's own error, and nothing is stored", async () => {
    await using system = await testDatabase();
    await makeTable(system.database);
    const copying = system.database.transaction(({ client }) =>
      copyIn(client, "everything", ["no"], async (rows) => {
        for (let no = 0; no < 200_000; no++) {
          rows.row();
          rows.int4(no);
          if (rows.full) await rows.drain();
        }
        throw new RangeError("stop");
      }),
    );
    await expect(copying).rejects.toThrow("stop");
    const { rows } = await system.database.pool.query("SELECT count(*) AS count FROM everything");
    expect(rows).toEqual([{ count: 0 }]);
  });

  test.each([
    ["int2", 40_000],
    ["int4", 3e9],
    ["int4", 1.5],
    ["int8", 2 ** 60],
    ["date", Number.NaN],
    ["timestamptz", Number.NaN],
    ["text", "a\0b"],
  ] as const)("names the column of a value that does not fit %s", async (type, value) => {
    await using system = await testDatabase();
    await makeTable(system.database);
    const copying = system.database.transaction(({ client }) =>
      copyIn(client, "everything", ["no", `a_${type}`], (rows) => {
        rows.row();
        rows.int4(1);
        rows.value(type, value);
      }),
    );
    await expect(copying).rejects.toThrow(`Column a_${type} of row 1 is not`);
  });

  test("refuses a row with too few values before the server sees it", async () => {
    await using system = await testDatabase();
    await makeTable(system.database);
    const copying = system.database.transaction(({ client }) =>
      copyIn(client, "everything", ["no", "a_text"], (rows) => {
        rows.row();
        rows.int4(1);
        rows.row();
      }),
    );
    await expect(copying).rejects.toThrow("Row 1 has 1 values for 2 columns");
  });

  test("rejects when the server process is killed in the middle", async () => {
    await using system = await testDatabase();
    await makeTable(system.database);
    const copying = system.database.transaction(async ({ client }) => {
      const { rows: own } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      return copyIn(client, "everything", ["no", "a_text"], async (rows) => {
        for (let no = 0; ; no++) {
          rows.row();
          rows.int4(no);
          rows.text("some text that fills the buffers");
          if (rows.full) await rows.drain();
          if (no === 50_000) await system.database.pool.query("SELECT pg_terminate_backend($1)", [own[0]?.pid]);
        }
      });
    });
    await expect(copying).rejects.toMatchObject({ code: "database.unavailable" });
    const { rows } = await system.database.pool.query("SELECT count(*) AS count FROM everything");
    expect(rows).toEqual([{ count: 0 }]);
  });
});

describe("copyOut", () => {
  const many = "COPY (SELECT no, repeat('x', 100) FROM generate_series(1, 400000) no) TO STDOUT (FORMAT binary)";

  test("hands over every row once", async () => {
    await using system = await testDatabase();
    const client = await system.database.pool.connect();
    let sum = 0;
    let header = true;
    await copyOut(client, many, (_, view, start, end) => {
      const at = header ? start + 19 : start;
      header = false;
      if (end - at > 2) sum += view.getInt32(at + 6);
    });
    expect(sum).toBe((400_000 * 400_001) / 2);
    expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    client.release();
  });

  test("hands over rows of any size, also over a connection that another made", async () => {
    await using system = await testDatabase();
    const sizes = [3_000_000, 1, 400_000, 131_072, 5, 900_000];
    const statement = `COPY (SELECT repeat('x', n) FROM unnest('{${sizes.join(",")}}'::int[]) n) TO STDOUT (FORMAT binary)`;
    const { stream: _, ...options } = system.database.pool.options;
    const other = new pg.Client(options);
    await other.connect();
    const own = await system.database.pool.connect();
    for (const client of [own, other]) {
      const found: number[] = [];
      await copyOut(client, statement, (bytes, view, start, end) => {
        const at = found.length === 0 ? start + 19 : start;
        if (end - at < 6) return;
        found.push(view.getInt32(at + 2));
        expect(bytes.subarray(at + 6, end).every((byte) => byte === 0x78)).toBe(true);
      });
      expect(found).toEqual(sizes);
      expect((await client.query("SELECT repeat('y', 300000) AS y")).rows[0]).toEqual({ y: "y".repeat(300_000) });
    }
    own.release();
    await other.end();
  });

  test("rejects an error at the start and in the middle, and the connection goes on", async () => {
    await using system = await testDatabase();
    const client = await system.database.pool.connect();
    const never = "COPY (SELECT * FROM nothing) TO STDOUT (FORMAT binary)";
    await expect(copyOut(client, never, () => undefined)).rejects.toMatchObject({ code: "42P01" });
    let rows = 0;
    const later = "COPY (SELECT 1 / (300000 - no) FROM generate_series(1, 400000) no) TO STDOUT (FORMAT binary)";
    await expect(copyOut(client, later, () => rows++)).rejects.toMatchObject({ code: "22012" });
    expect(rows).toBeGreaterThan(0);
    expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    client.release();
  });

  test("rejects with the sink's own error, and the connection goes on", async () => {
    await using system = await testDatabase();
    const client = await system.database.pool.connect();
    const copying = copyOut(client, many, () => {
      throw new RangeError("stop");
    });
    await expect(copying).rejects.toThrow("stop");
    expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    client.release();
  });

  test("rejects when the server process is killed in the middle", async () => {
    await using system = await testDatabase();
    const client = await system.database.pool.connect();
    client.on("error", () => undefined);
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    let killing: Promise<unknown> | undefined;
    const endless = "COPY (SELECT repeat('x', 1000), generate_series(1, 1000000000)) TO STDOUT (FORMAT binary)";
    const copying = copyOut(client, endless, () => {
      killing ??= system.database.pool.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
    });
    await expect(copying).rejects.toBeInstanceOf(Error);
    await killing;
    client.release(true);
  });
});
