import { dayOf, type Instant, startOfDay } from "#model";
import { type Database, deleteOldEvents } from "#store";
import { type Actor, permitEverywhere } from "../actor.ts";

/** Takes away what providers were told longer ago than the configuration asks for. Gives how many events that were. */
export async function pruneEvents(
  { database, now, config }: { database: Database; now: () => Instant; config: { webhooks: { keepDays: number } } },
  actor: Actor,
): Promise<number> {
  permitEverywhere(actor, "night:run");
  return deleteOldEvents(database, actor.tenantId, startOfDay(dayOf(now()) - config.webhooks.keepDays));
}
