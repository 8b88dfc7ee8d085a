import { rebuild, type Rebuilt } from "#intake";
import { acquireLease, type Database, type Vault } from "#store";
import { type Actor, permit } from "./actor.ts";
import type { ConfiguredSource } from "./pull-sources.ts";

type Needs = { database: Database; vault: Vault; now: () => number; sources: readonly ConfiguredSource[] };

/** Makes everything canonical again from the raw ledger, with the mappings as they are now; says which have changed since. */
export async function rebuildCanonical({ sources, ...needs }: Needs, actor: Actor): Promise<Rebuilt> {
  permit(actor, "night:run");
  await using lease = await acquireLease(needs.database, actor.tenantId, { purpose: "rebuild" });
  lease.check();
  return rebuild({ ...needs, tenantId: actor.tenantId }, sources);
}
