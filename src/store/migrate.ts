import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as applyMigrations } from "drizzle-orm/node-postgres/migrator";
import { AppError } from "#errors";
import type { Database } from "./database.ts";

/** The tables are not those that this program works with. */
class SchemaMismatch extends AppError {
  readonly code = "database.schema";
  readonly kind = "conflict";
}

const folder = fileURLToPath(new URL("../../migrations", import.meta.url));

/** Brings the tables to this program's schema; from several machines at once only one does it. Returns how many steps it took. */
export async function migrate(database: Database): Promise<number> {
  const client = await database.pool.connect();
  try {
    await client.query("SELECT pg_advisory_lock(1265396581, 2)");
    const { applied, known } = await compare(database);
    refuseNewer(applied, known);
    await applyMigrations(drizzle(client), { migrationsFolder: folder });
    return known.length - applied.length;
  } finally {
    await client.query("SELECT pg_advisory_unlock(1265396581, 2)").catch(() => undefined);
    client.release();
  }
}

/** Throws where the tables are older or newer than this program, and says what to run. */
export async function checkSchema(database: Database): Promise<void> {
  const { applied, known } = await compare(database);
  refuseNewer(applied, known);
  if (applied.length < known.length) {
    throw new SchemaMismatch(
      `The database's schema is older than this Klarsyn (${known.length - applied.length} to go): run "npx klarsyn migrate".`,
      { applied: applied.length, known: known.length },
    );
  }
}

function refuseNewer(applied: readonly number[], known: readonly number[]): void {
  if (applied.every((at) => known.includes(at))) return;
  throw new SchemaMismatch(
    "The database's schema is newer than this Klarsyn: use the newer Klarsyn that made it, or update this one " +
      '(after that, "npx klarsyn migrate").',
    { applied: applied.length, known: known.length },
  );
}

/** Steps by the time at which they were written, which names them. */
async function compare(database: Database): Promise<{ applied: number[]; known: number[] }> {
  const journal = JSON.parse(await readFile(`${folder}/meta/_journal.json`, "utf8")) as { entries: { when: number }[] };
  const known = journal.entries.map(({ when }) => when);
  const table = await database.pool.query("SELECT to_regclass('drizzle.__drizzle_migrations') AS name");
  if (table.rows[0]?.name === null) return { applied: [], known };
  const { rows } = await database.pool.query<{ at: number }>(
    "SELECT created_at AS at FROM drizzle.__drizzle_migrations ORDER BY created_at",
  );
  return { applied: rows.map(({ at }) => at), known };
}

/** True where the database has no tables of ours yet. */
export async function isNew(database: Database): Promise<boolean> {
  return (await compare(database)).applied.length === 0;
}
