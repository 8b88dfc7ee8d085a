import { AppError } from "#errors";
import type { Instant } from "#model";
import type { Rule } from "#rule";
import { acquireLease, type Database, releaseRule as storeRelease } from "#store";
import { type Actor, permitEverywhere } from "./actor.ts";
import { bringUpToDate } from "./cases/open-cases.ts";
import { reasonOf, ruleOf } from "./rules.ts";

class NotHeldBack extends AppError {
  readonly code = "rule.not-held-back";
  readonly kind = "conflict";

  constructor(ruleId: string) {
    super(`Nothing of ${ruleId} is held back.`, { ruleId });
  }
}

/**
 * Shows handlers what a rule found while it was held back, and gives how many findings that were. What it found is what
 * it is measured against from now on.
 */
export async function releaseRule(
  { database, rules, now }: { database: Database; rules: readonly Rule[]; now: () => Instant },
  actor: Actor,
  { ruleId, why }: { ruleId: string; why: string },
): Promise<number> {
  permitEverywhere(actor, "rules:write");
  const rule = ruleOf(rules, ruleId);
  const reason = reasonOf(why);
  // A night that writes at the same moment would hold back what is released.
  await using lease = await acquireLease(database, actor.tenantId, { purpose: "release", waitMs: 60_000 });
  lease.check();
  const released = await storeRelease(database, actor.tenantId, {
    ruleId: rule.id,
    at: now(),
    by: actor.id,
    why: reason,
  });
  if (released === null) throw new NotHeldBack(rule.id);
  await bringUpToDate({ database, now }, actor.tenantId);
  return released;
}
