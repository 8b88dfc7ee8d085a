import { type Database, selectNames } from "#store";
import { type Actor, permit } from "../actor.ts";

/** Names of the providers and units whose endpoints and programs the actor sees, by id. */
export async function listOwners(
  { database }: { database: Database },
  actor: Actor,
): Promise<{ providers: ReadonlyMap<string, string>; units: ReadonlyMap<string, string> }> {
  permit(actor, "endpoints:read");
  const { provider, unit } = await selectNames(database, actor.tenantId);
  const { providers, units } = actor.scope;
  const seen = (names: ReadonlyMap<string, string>, ids: readonly string[] | null) =>
    new Map(
      [...names].filter(([id]) => ids?.includes(id) ?? true).toSorted(([, a], [, b]) => a.localeCompare(b, "sv")),
    );
  // Of whose units a provider sees the database decides.
  return { providers: seen(provider, providers), units: seen(unit, units) };
}
