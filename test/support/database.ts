import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { createVault, type Database, openDatabase, type Vault } from "#store";

export interface TestDatabase extends AsyncDisposable {
  database: Database;
  vault: Vault;
  tenantId: string;
  now: () => number;
  /** For what opens the database itself, such as another process. */
  url: string;
}

/** A migrated database of the test's own, with a random name; `await using` drops it. */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  // Copying files is faster than writing a small template's pages through the log.
  await administer(`CREATE DATABASE ${name} TEMPLATE klarsyn STRATEGY file_copy`);
  const { host, user } = inject("postgres");
  const url = `postgresql://${user}@/${name}?host=${encodeURIComponent(host)}`;
  const database = await openDatabase({ url });
  return {
    database,
    vault: createVault(Buffer.alloc(32, 7)),
    tenantId: "0192",
    now: () => Date.parse("2026-11-01T03:30:00Z"),
    url,
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await administer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ ...inject("postgres"), database: "postgres" });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
