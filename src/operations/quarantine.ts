import { type Retried, retryQuarantine } from "#intake";
import { type Database, type Quarantined, selectQuarantine, type Vault } from "#store";
import { type Actor, permit } from "./actor.ts";
import { chosenSources, type ConfiguredSource } from "./pull-sources.ts";

/** What did not fit: place, field and rule, never the value. */
export async function listQuarantine(
  { database }: { database: Database },
  actor: Actor,
  filter: { source?: string; all?: boolean; limit?: number } = {},
): Promise<Quarantined[]> {
  permit(actor, "quarantine:read");
  return selectQuarantine(database, actor.tenantId, filter);
}

/** Tries what is in quarantine once more, after a mapping or an alias was mended; keeps the order of arrival. */
export async function retryQuarantined(
  {
    database,
    vault,
    now,
    sources,
  }: { database: Database; vault: Vault; now: () => number; sources: readonly ConfiguredSource[] },
  actor: Actor,
  source: string | null,
): Promise<Retried> {
  permit(actor, "quarantine:write");
  if (source !== null) chosenSources(sources, [source]);
  return retryQuarantine({ database, vault, now, tenantId: actor.tenantId }, sources, source);
}
