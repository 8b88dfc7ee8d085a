import { AppError } from "#errors";
import type { Instant } from "#model";
import { type Database, type DispositionOutcome, insertDisposition, selectFindings } from "#store";
import { type Actor, permit } from "./actor.ts";

class UnknownFinding extends AppError {
  readonly code = "finding.unknown";
  readonly kind = "missing";

  constructor(id: string) {
    super(`There is no finding ${id}.`, { id });
  }
}

/**
 * Writes down what a person found a finding to be, for the precision that its rule is shown with. Judged again, the last
 * judgement counts.
 */
export async function recordDisposition(
  { database, now }: { database: Database; now: () => Instant },
  actor: Actor,
  { findingId, outcome }: { findingId: string; outcome: DispositionOutcome },
): Promise<void> {
  permit(actor, "findings:judge");
  const [finding] = await selectFindings(database, actor.tenantId, { id: findingId, limit: 1 });
  if (finding === undefined) throw new UnknownFinding(findingId);
  const { ruleId, ruleVersion } = finding;
  await insertDisposition(database, actor.tenantId, {
    findingId,
    ruleId,
    ruleVersion,
    outcome,
    judgedAt: now(),
    judgedBy: actor.id,
  });
}
