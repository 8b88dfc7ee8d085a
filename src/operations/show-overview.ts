import type { Month } from "#model";
import type { Rule } from "#rule";
import {
  type Database,
  type ProviderFigures,
  type RuleCount,
  type Run,
  selectLastNight,
  selectProviderFigures,
  selectRuleCounts,
  selectSettledMonths,
} from "#store";
import { type Actor, permit } from "./actor.ts";

export interface Overview {
  lastNight: Run | null;
  rules: Array<RuleCount & { title: string }>;
  /** The month that is shown, and all that have figures, the latest first. */
  month: Month | null;
  months: Month[];
  providers: ProviderFigures[];
}

/** What the start page shows: sums only, nothing about a person. */
export async function showOverview(
  { database, rules }: { database: Database; rules: readonly Rule[] },
  actor: Actor,
  wanted?: Month,
): Promise<Overview> {
  permit(actor, "findings:read");
  permit(actor, "settlement:read");
  const titles = new Map(rules.map((rule) => [rule.id, rule.title.sv]));
  const [lastNight, counts, months] = await Promise.all([
    selectLastNight(database, actor.tenantId, { succeeded: false }),
    selectRuleCounts(database, actor.tenantId),
    selectSettledMonths(database, actor.tenantId),
  ]);
  const month = wanted !== undefined && months.includes(wanted) ? wanted : (months[0] ?? null);
  return {
    lastNight,
    rules: counts.map((count) => ({ ...count, title: titles.get(count.ruleId) ?? count.ruleId })),
    month,
    months,
    providers: month === null ? [] : await selectProviderFigures(database, actor.tenantId, month),
  };
}
