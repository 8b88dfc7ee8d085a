import { dayOf, type Instant } from "#model";
import { type Precision, precisionOf, type Rule } from "#rule";
import {
  countHeld,
  countJudged,
  type Database,
  type RuleHold,
  type RuleParameter,
  type RuleRate,
  selectRuleHolds,
  selectRuleCounts,
  selectRuleParameters,
  selectRuleRates,
} from "#store";
import { type Actor, permit } from "./actor.ts";
import { isHeld, ownRate, type StandingRule, standingOn } from "./hold-back.ts";
import { parameterVersions } from "./read-window.ts";

type Needs = { database: Database; rules: readonly Rule[]; now: () => Instant };

/** held: handlers are not shown what an active rule has found until somebody releases it. */
export type RuleMode = StandingRule["mode"] | "held";

/** A rule as it stands today. */
export interface ListedRule extends Omit<StandingRule, "mode"> {
  mode: RuleMode;
  /** Parameters that differ from the rule's own. */
  changed: string[];
  /** Findings that are shown and open. */
  open: number;
  /** Findings that are held back. */
  held: number;
  /** Of this version with these parameters; null: none was measured. */
  rate: RuleRate | null;
  /** Over all versions. */
  precision: Precision;
}

/** What there is to know of a rule's life. */
export interface ExplainedRule extends ListedRule {
  /** Oldest first. */
  history: RuleParameter[];
  rates: RuleRate[];
  holds: RuleHold[];
  precisions: Array<{ version: number; precision: Precision; unclear: number }>;
}

/** Every rule with its mode, what was changed, how often it finds something and how often it was right. */
export async function listRules(needs: Needs, actor: Actor): Promise<ListedRule[]> {
  permit(actor, "rules:read");
  const known = await readRules(needs, actor);
  return needs.rules.map((rule) => known(rule));
}

export async function explainRule(needs: Needs, actor: Actor, rule: Rule): Promise<ExplainedRule> {
  permit(actor, "rules:read");
  return (await readRules(needs, actor))(rule);
}

async function readRules({ database, now }: Needs, { tenantId, scope }: Actor): Promise<(rule: Rule) => ExplainedRule> {
  const [set, rates, holds, held, judged, counts] = await Promise.all([
    selectRuleParameters(database, tenantId),
    selectRuleRates(database, tenantId),
    selectRuleHolds(database, tenantId),
    countHeld(database, tenantId),
    countJudged(database, tenantId),
    selectRuleCounts(database, tenantId, scope),
  ]);
  const open = new Map(counts.map((count) => [count.ruleId, count.open]));
  const versions = parameterVersions(set);
  const unreleased = holds.filter(({ releasedAt }) => releasedAt === null);
  const today = dayOf(now());
  return (rule) => {
    const standing = standingOn(rule, versions, today);
    const own = standingOn(rule, [], today).values;
    const ofRule = <Row extends { ruleId: string }>(rows: readonly Row[]): Row[] =>
      rows.filter(({ ruleId }) => ruleId === rule.id);
    const judgedHere = ofRule(judged);
    const total = (of: "confirmed" | "explained"): number => judgedHere.reduce((sum, one) => sum + one[of], 0);
    const heldHere = held.get(rule.id) ?? 0;
    return {
      ...standing,
      mode: standing.mode === "active" && (heldHere > 0 || isHeld(unreleased, standing)) ? "held" : standing.mode,
      changed: Object.keys(own).filter((name) => JSON.stringify(own[name]) !== JSON.stringify(standing.values[name])),
      open: open.get(rule.id) ?? 0,
      held: heldHere,
      rate: ownRate(rates, standing) ?? null,
      precision: precisionOf({ confirmed: total("confirmed"), explained: total("explained") }),
      history: ofRule(set),
      rates: ofRule(rates),
      holds: ofRule(holds),
      precisions: judgedHere.map(({ ruleVersion, unclear, ...counts }) => ({
        version: ruleVersion,
        precision: precisionOf(counts),
        unclear,
      })),
    };
  };
}
