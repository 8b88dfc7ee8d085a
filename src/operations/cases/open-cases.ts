import { dayOf, type Instant } from "#model";
import { precisionOf } from "#rule";
import { type CasesOpened, countJudged, type Database, openCases as open } from "#store";
import { type Actor, permit } from "../actor.ts";

type Needs = { database: Database; now: () => Instant };

/** Brings cases up to date with what a run found. Run again it does nothing. */
export async function openCases(needs: Needs, actor: Actor): Promise<CasesOpened> {
  permit(actor, "night:run");
  return bringUpToDate(needs, actor.tenantId);
}

/** As `openCases`, for an operation that has changed which findings are shown; with `slices`, only of those. */
export async function bringUpToDate(
  { database, now }: Needs,
  tenantId: string,
  slices?: readonly string[],
): Promise<CasesOpened> {
  const at = now();
  return open(database, tenantId, {
    at,
    today: dayOf(at),
    precision: () => precisionByRule(database, tenantId),
    ...(slices === undefined ? {} : { slices }),
  });
}

async function precisionByRule(database: Database, tenantId: string): Promise<Map<string, number>> {
  const judged = new Map<string, { confirmed: number; explained: number }>();
  for (const { ruleId, confirmed, explained } of await countJudged(database, tenantId)) {
    const before = judged.get(ruleId) ?? { confirmed: 0, explained: 0 };
    judged.set(ruleId, { confirmed: before.confirmed + confirmed, explained: before.explained + explained });
  }
  const precision = new Map<string, number>();
  for (const [rule, counts] of judged) {
    const { share } = precisionOf(counts);
    if (share !== null) precision.set(rule, share.value);
  }
  return precision;
}
