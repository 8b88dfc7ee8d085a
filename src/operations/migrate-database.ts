import { checkVault, type Database, migrate, type Vault } from "#store";
import { type Actor, permit } from "./actor.ts";

/** Brings the database to this program's schema. Returns how many steps it took. */
export async function migrateDatabase(
  { database, vault }: { database: Database; vault: Vault },
  actor: Actor,
): Promise<number> {
  permit(actor, "sources:write");
  const steps = await migrate(database);
  await checkVault(database, vault);
  return steps;
}
