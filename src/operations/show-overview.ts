import type { Instant, Month } from "#model";
import type { Rule } from "#rule";
import {
  countHeld,
  type Database,
  type ProviderFigures,
  type RuleCount,
  type Run,
  selectLastNight,
  selectNames,
  selectProviderFigures,
  selectRuleCounts,
  selectRuleHolds,
  selectSettledMonths,
} from "#store";
import { type Actor, permit } from "./actor.ts";

/** A rule that handlers are not shown all findings of, because it found far more than it should. */
export interface HeldRule {
  ruleId: string;
  title: string;
  /** That are held back now. */
  findings: number;
  /** What it was held back for; null where that has been released or the rule has been changed since. */
  hold: { findings: number; expected: number; heldAt: Instant } | null;
}

export interface Overview {
  lastNight: Run | null;
  rules: Array<RuleCount & { title: string }>;
  held: HeldRule[];
  /** The month that is shown, and all that have figures, the latest first. */
  month: Month | null;
  months: Month[];
  providers: Array<ProviderFigures & { name: string }>;
}

/**
 * What the start page shows: sums only, nothing about a person. Without a wanted month the latest in which somebody
 * was visited: what is granted reaches into months that have not begun.
 */
export async function showOverview(
  { database, rules }: { database: Database; rules: readonly Rule[] },
  actor: Actor,
  wanted?: Month,
): Promise<Overview> {
  permit(actor, "findings:read");
  permit(actor, "settlement:read");
  const titles = new Map(rules.map((rule) => [rule.id, rule.title.sv]));
  const [lastNight, counts, held, holds, { month, months }, names] = await Promise.all([
    selectLastNight(database, actor.tenantId, { succeeded: false }),
    selectRuleCounts(database, actor.tenantId, actor.scope),
    countHeld(database, actor.tenantId),
    selectRuleHolds(database, actor.tenantId),
    chooseMonth({ database }, actor, wanted),
    selectNames(database, actor.tenantId),
  ]);
  const providers = month === null ? [] : await selectProviderFigures(database, actor.tenantId, actor.scope, month);
  return {
    lastNight,
    rules: counts.map((count) => ({ ...count, title: titles.get(count.ruleId) ?? count.ruleId })),
    held: [...held].map(([ruleId, findings]) => ({
      ruleId,
      title: titles.get(ruleId) ?? ruleId,
      findings,
      hold: holds.findLast((hold) => hold.ruleId === ruleId && hold.releasedAt === null) ?? null,
    })),
    month,
    months,
    providers: providers.map((row) => ({
      ...row,
      name: row.provider === null ? "Okänd utförare" : (names.provider.get(row.provider) ?? row.provider),
    })),
  };
}

/** The wanted month where it has figures, else the latest in which somebody was visited; and all that have figures. */
export async function chooseMonth(
  { database }: { database: Database },
  actor: Actor,
  wanted?: Month,
): Promise<Pick<Overview, "month" | "months">> {
  permit(actor, "settlement:read");
  const settled = await selectSettledMonths(database, actor.tenantId, actor.scope);
  const found =
    settled.find(({ month }) => month === wanted) ?? settled.find(({ registered }) => registered) ?? settled[0];
  return { month: found?.month ?? null, months: settled.map(({ month }) => month) };
}

/** What providers, units and services are called, by id. */
export async function showNames({ database }: { database: Database }, actor: Actor): ReturnType<typeof selectNames> {
  permit(actor, "settlement:read");
  return selectNames(database, actor.tenantId);
}
