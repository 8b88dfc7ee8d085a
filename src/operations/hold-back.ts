import type { Instant } from "#model";
import {
  expectedOf,
  isFlood,
  type ParameterVersion,
  type Rule,
  type RuleVersion,
  valuesKey,
  versionOn,
  versionsOf,
} from "#rule";
import type { HeldBack, NewRuleHold, NewRuleRate, RuleRate, RuleState } from "#store";
import type { Window } from "./read-window.ts";

/** What holds of a rule on a day, and by which name rates and hold-backs know it. */
export interface StandingRule extends RuleState, Pick<RuleVersion, "mode" | "values"> {
  rule: Rule;
}

export function standingOn(rule: Rule, parameters: readonly ParameterVersion[], day: number): StandingRule {
  const { mode, values } = versionOn(versionsOf(rule, parameters), day);
  return { rule, mode, values, ruleId: rule.id, ruleVersion: rule.version, parameters: valuesKey(values) };
}

const same = (a: RuleState, b: RuleState): boolean =>
  a.ruleId === b.ruleId && a.ruleVersion === b.ruleVersion && a.parameters === b.parameters;

/** The rate of a rule as it is: its back-test or what somebody has released, whichever is later, else its last night. */
export function ownRate(rates: readonly RuleRate[], state: RuleState): RuleRate | undefined {
  const own = rates.filter((rate) => same(rate, state));
  return own.findLast(({ measuredIn }) => measuredIn !== "night") ?? own.at(-1);
}

/** What a rule is measured against: where nothing was measured of it as it is, what was measured of it last. */
function rateOf(rates: readonly RuleRate[], state: RuleState): RuleRate | undefined {
  return ownRate(rates, state) ?? rates.findLast(({ ruleId }) => ruleId === state.ruleId);
}

/** Whether one of the hold-backs that nobody has released is about the rule as it is. */
export const isHeld = (unreleased: readonly RuleState[], state: RuleState): boolean =>
  unreleased.some((hold) => same(hold, state));

/**
 * Decides which rules are held back, from how many findings of each nobody has been shown yet. A rule that is held
 * stays so until somebody releases it or it gets other parameters.
 */
export function holdBack(
  unshown: ReadonlyMap<string, number>,
  rules: readonly StandingRule[],
  {
    rates,
    holds,
    window,
    clientDays,
    at,
  }: { rates: readonly RuleRate[]; holds: readonly RuleState[]; window: Window; clientDays: number; at: Instant },
): HeldBack {
  const held = new Set<string>();
  const added: NewRuleHold[] = [];
  for (const { ruleId, ruleVersion, parameters } of rules) {
    const state = { ruleId, ruleVersion, parameters };
    const findings = unshown.get(ruleId) ?? 0;
    const rate = rateOf(rates, state);
    if (isHeld(holds, state)) held.add(ruleId);
    else if (rate !== undefined && isFlood(findings, rate, clientDays)) {
      held.add(ruleId);
      const seen = { fromDay: window.from, throughDay: window.through, clientDays, findings };
      added.push({ ...state, ...seen, expected: expectedOf(rate, clientDays), heldAt: at });
    }
  }
  return { rules: held, holds: added };
}

/** What a night says of how often rules find something, for the nights after it; of those that are held it says nothing. */
export function nightRates(
  rules: readonly StandingRule[],
  {
    found,
    holds,
    window,
    clientDays,
  }: { found: ReadonlyMap<string, number>; holds: readonly RuleState[]; window: Window; clientDays: number },
): NewRuleRate[] {
  if (clientDays === 0) return [];
  return rules
    .filter((rule) => rule.mode !== "off" && !isHeld(holds, rule))
    .map(({ ruleId, ruleVersion, parameters }) => ({
      ruleId,
      ruleVersion,
      parameters,
      measuredIn: "night",
      fromDay: window.from,
      throughDay: window.through,
      clientDays,
      findings: found.get(ruleId) ?? 0,
    }));
}
