import pg from "pg";
import { describe, expect, test } from "vitest";
import { instant } from "#model";
import { recordAccess, verifyAccessLog, type Visible, writeFindings } from "#store";
import { testDatabase } from "../support/database.ts";
import { finding } from "../support/finding.ts";

const at = instant("2026-10-06T01:00:00Z");
const all: Visible["scope"] = { providers: null, units: null, groups: null };
const reader = { id: "u-1", tenantId: "0192", role: "handler", unit: "Norr" };
const access = (subject: string) => ({ at, operation: "case", subject, rows: 1 });

/** Two municipalities with findings of two providers. */
async function stored() {
  const opened = await testDatabase();
  const { database } = opened;
  const findings = [
    finding("a"),
    finding("b", { unit: "U2", client: "C2" }),
    finding("c", { provider: "P2", unit: "U3" }),
  ];
  await writeFindings(database, "0192", { evaluated: "all", at, findings });
  await writeFindings(database, "0180", { evaluated: "all", at, findings: [finding("x")] });
  await database.pool.query(`
    INSERT INTO clients (tenant_id, source_no, id, deleted, content_hash, raw_page, raw_index, mapping_version, addresses)
    VALUES ('0192', 1, 'C1', false, '', 1, 1, 1, '[{"from":"2026-01-01","area":"A"}]'),
           ('0192', 1, 'C2', false, '', 1, 2, 1, '[{"from":"2026-01-01","area":"B"}]'),
           ('0192', 1, 'C3', false, '', 1, 3, 1, NULL)`);
  const seen = async (scope: Partial<Visible["scope"]>, tenantId = "0192") => {
    const { rows } = await database
      .restrict({ tenantId, scope: { ...all, ...scope } })
      .pool.query<{ id: string }>("SELECT id FROM findings ORDER BY id");
    return rows.map(({ id }) => id).join("");
  };
  return { ...opened, seen, [Symbol.asyncDispose]: opened[Symbol.asyncDispose] };
}

describe("the application's role", () => {
  test("sees of every table with a tenant only one tenant's rows", async () => {
    await using opened = await stored();
    const { rows: tables } = await opened.database.pool.query<{ name: string; secure: boolean; policies: number }>(
      `SELECT relname AS name, relrowsecurity AS secure,
         (SELECT count(*)::int FROM pg_policy WHERE polrelid = c.oid AND pg_get_expr(polqual, polrelid) LIKE '%klarsyn.tenant%') AS policies
       FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attname = 'tenant_id' AND NOT attisdropped
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname`,
    );
    expect(tables.length).toBeGreaterThan(80);
    // A later table is protected by its migration: SELECT klarsyn_protect('name').
    expect(tables.filter(({ secure, policies }) => !secure || policies !== 1)).toEqual([]);
    expect([await opened.seen({}), await opened.seen({}, "0180"), await opened.seen({}, "")]).toEqual(["abc", "x", ""]);
  });

  test("sees of one tenant what is within the scope, and nothing that says nothing of it", async () => {
    await using opened = await stored();
    const { seen } = opened;
    expect(await seen({ providers: ["P1"] })).toBe("ab");
    expect(await seen({ providers: [] })).toBe("");
    expect(await seen({ units: ["U2", "U3"] })).toBe("bc");
    expect(await seen({ providers: ["P1"], units: ["U2", "U3"] })).toBe("b");
    expect(await seen({ groups: ["A"] })).toBe("ac");
    expect(await seen({ groups: ["A", "B"], providers: ["P1"] })).toBe("ab");
    const within = opened.database.restrict({ tenantId: "0192", scope: { ...all, groups: ["B"] } });
    expect((await within.pool.query("SELECT id FROM clients")).rows).toEqual([{ id: "C2" }]);
    await within.transaction(async ({ client }) => {
      expect((await client.query("SELECT id FROM findings")).rows).toEqual([{ id: "b" }]);
    });
  });

  test("sees nothing on a connection that has not said for whom", async () => {
    await using opened = await stored();
    const client = new pg.Client({ connectionString: opened.url });
    await client.connect();
    try {
      await client.query("SET ROLE klarsyn_app");
      expect((await client.query("SELECT id FROM findings")).rows).toEqual([]);
      await client.query("SELECT set_config('klarsyn.tenant', '0192', false)");
      expect((await client.query("SELECT id FROM findings")).rows).toEqual([]);
      for (const secret of ["sessions", "sign_ins", "vault_keys", "drizzle.__drizzle_migrations"]) {
        await expect(client.query(`SELECT * FROM ${secret}`)).rejects.toMatchObject({ code: "42501" });
      }
      await expect(client.query("ALTER TABLE findings DISABLE ROW LEVEL SECURITY")).rejects.toThrow(/owner/);
      await expect(client.query("SET session_replication_role = replica")).rejects.toMatchObject({ code: "42501" });
    } finally {
      await client.end();
    }
  });

  test("can neither write another tenant's rows, nor move its own there or out of its scope", async () => {
    await using opened = await stored();
    const { pool } = opened.database.restrict({ tenantId: "0192", scope: { ...all, providers: ["P1"] } });
    const refused = { code: "42501" };
    await expect(pool.query("UPDATE findings SET tenant_id = '0180'")).rejects.toMatchObject(refused);
    await expect(pool.query("UPDATE findings SET provider = 'P2'")).rejects.toMatchObject(refused);
    expect((await pool.query("UPDATE findings SET held = true")).rowCount).toBe(2);
    expect((await pool.query("DELETE FROM findings WHERE id = 'x'")).rowCount).toBe(0);
    await expect(
      recordAccess(opened.database.restrict({ tenantId: "0180", scope: all }), reader, access("C1")),
    ).rejects.toMatchObject({ cause: refused });
  });

  test("one connection serves one person after the other, each with what is theirs", async () => {
    await using opened = await stored();
    const asked = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? "0180" : "0192"));
    const got = await Promise.all(asked.map((tenant) => opened.seen({}, tenant)));
    expect(got).toEqual(asked.map((tenant) => (tenant === "0180" ? "x" : "abc")));
  });
});

describe("the access log", () => {
  test("chains the rows of each tenant, also of many who read at once", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    const mine = database.restrict({ tenantId: "0192", scope: all });
    await Promise.all(Array.from({ length: 40 }, (_, index) => recordAccess(mine, reader, access(`C${index}"\\å\n`))));
    await recordAccess(database, { ...reader, tenantId: "0180", unit: null }, { ...access("C1"), why: "Ärende" });
    expect(await verifyAccessLog(database, "0192")).toMatchObject({ rows: 40, seq: 40, broken: null });
    expect(await verifyAccessLog(database, "0180")).toMatchObject({ rows: 1, seq: 1, broken: null });
    expect(await verifyAccessLog(database, "0999")).toMatchObject({ rows: 0, seq: 0, broken: null });
  });

  test("lets nobody change it, and takes rows away only after five years", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    for (const year of [2019, 2020, 2026]) {
      await recordAccess(database, reader, { ...access("C1"), at: Date.UTC(year, 1, 1) });
    }
    const { pool } = database.restrict({ tenantId: "0192", scope: all });
    await expect(pool.query("UPDATE access_heads SET seq = 1")).rejects.toMatchObject({ code: "42501" });
    for (const attempt of ["UPDATE access_log SET actor = 'x'", "DELETE FROM access_log", "TRUNCATE access_log"]) {
      await expect(pool.query(attempt)).rejects.toMatchObject({ code: "42501" });
      await expect(database.pool.query(attempt)).rejects.toMatchObject({ code: "23001" });
    }
    await database.pool.query("DELETE FROM access_log WHERE at < '2021-01-01'");
    expect(await verifyAccessLog(database, "0192")).toMatchObject({ rows: 1, seq: 3, broken: null });
  });

  test.each([
    ["a row was changed", "UPDATE access_log SET subject = 'C9' WHERE seq = 3", 3],
    ["a row was taken away", "DELETE FROM access_log WHERE seq = 3", 4],
    ["the last rows were taken away", "DELETE FROM access_log WHERE seq > 3", 4],
    ["the first rows were taken away", "DELETE FROM access_log WHERE seq < 3", 3],
    ["all rows were taken away", "DELETE FROM access_log", 1],
    ["a row was put in between", "UPDATE access_log SET seq = seq + 1 WHERE seq = 5", 6],
    ["the end was forgotten", "DELETE FROM access_heads", 6],
  ])("says where it breaks when %s", async (_what, tampering, seq) => {
    await using opened = await testDatabase();
    const { database } = opened;
    for (const subject of ["C1", "C2", "C3", "C4", "C5"]) await recordAccess(database, reader, access(subject));
    const anchor = (await verifyAccessLog(database, "0192")).hash;
    // Whoever owns the database can switch the triggers off; the chain tells.
    await database.pool.query(`SET session_replication_role = replica; ${tampering}; RESET session_replication_role`);
    expect((await verifyAccessLog(database, "0192")).broken?.seq).toBe(seq);
    expect((await verifyAccessLog(database, "0192", 5)).anchor === anchor).toBe(
      !/seq > 3|FROM access_log$|seq = 5/.test(tampering),
    );
  });
});
