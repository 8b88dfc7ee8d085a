import { describe, expect, test } from "vitest";
import { entityNames } from "#model";
import { checkSchema, migrate } from "#store";
import { testDatabase } from "../support/database.ts";

describe("migrations", () => {
  test("make a table of heads and one of history for every entity", async () => {
    await using system = await testDatabase();
    const { rows } = await system.database.pool.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
    );
    const made = rows.map(({ name }) => name);
    for (const entity of entityNames) {
      const name = entity.replaceAll("-", "_");
      expect(made).toContain(name);
      expect(made).toContain(`${name}_history`);
    }
  });

  test("are not repeated on a migrated database", async () => {
    await using system = await testDatabase();
    expect(await migrate(system.database)).toBe(0);
    await checkSchema(system.database);
  });

  test("may be run from several machines at once", async () => {
    await using system = await testDatabase();
    await system.database.pool.query("DROP SCHEMA public CASCADE; DROP SCHEMA drizzle CASCADE; CREATE SCHEMA public");
    await Promise.all([migrate(system.database), migrate(system.database), migrate(system.database)]);
    await expect(checkSchema(system.database)).resolves.toBeUndefined();
  });

  test("an older schema is refused with the command to run", async () => {
    await using system = await testDatabase();
    await system.database.pool.query("DROP SCHEMA public CASCADE; DROP SCHEMA drizzle CASCADE; CREATE SCHEMA public");
    await expect(checkSchema(system.database)).rejects.toThrow(/npx klarsyn migrate/);
  });

  test("a newer schema is refused, also by migrate", async () => {
    await using system = await testDatabase();
    await system.database.pool.query(
      "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999)",
    );
    await expect(checkSchema(system.database)).rejects.toThrow(/newer than this Klarsyn/);
    await expect(migrate(system.database)).rejects.toThrow(/newer than this Klarsyn/);
  });
});
