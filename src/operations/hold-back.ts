import type { Tables } from "#columns";
import type { Instant } from "#model";
import {
  countClientDays,
  expectedOf,
  isFlood,
  monthsOf,
  type ParameterVersion,
  type Rule,
  type RuleVersion,
  valuesKey,
  versionOn,
  versionsOf,
} from "#rule";
import {
  countStanding,
  type Database,
  type HeldBack,
  type NewRuleHold,
  type RuleRate,
  type RuleState,
  selectRuleHolds,
  selectRuleRates,
  writeRuleRates,
} from "#store";
import type { Actor } from "./actor.ts";
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

/** What rules are held against in a run. `holds` are those that nobody has released, and grow while it finds more. */
export interface Expectations {
  rates: readonly RuleRate[];
  holds: NewRuleHold[];
}

export async function readExpectations(database: Database, tenantId: string): Promise<Expectations> {
  const [rates, holds] = await Promise.all([selectRuleRates(database, tenantId), readHolds(database, tenantId)]);
  return { rates, holds };
}

/** What is held back and nobody has released. */
export async function readHolds(database: Database, tenantId: string): Promise<NewRuleHold[]> {
  const holds = await selectRuleHolds(database, tenantId);
  return holds.filter(({ releasedAt }) => releasedAt === null);
}

/** Days that were looked at for findings, and how much there was to find them in. */
type Seen = Pick<NewRuleHold, "fromDay" | "throughDay" | "clientDays">;

/** What a run looks at in a window: whole months, as far as they have passed. */
export function seenIn(tables: Tables, { from, through }: Window): Seen {
  const fromDay = monthsOf({ from, through })[0]!.first;
  return { fromDay, throughDay: through, clientDays: countClientDays(tables, fromDay, through) };
}

/**
 * Decides which rules are held back, from how many findings of each nobody has been shown yet. A rule that is held
 * stays so until somebody releases it or it gets other parameters.
 */
export function holdBack(
  unshown: ReadonlyMap<string, number>,
  rules: readonly StandingRule[],
  { rates, holds }: Expectations,
  seen: Seen,
  heldAt: Instant,
): HeldBack {
  const held = new Set<string>();
  const added: NewRuleHold[] = [];
  for (const { ruleId, ruleVersion, parameters } of rules) {
    const state = { ruleId, ruleVersion, parameters };
    const findings = unshown.get(ruleId) ?? 0;
    const rate = rateOf(rates, state);
    if (isHeld(holds, state)) held.add(ruleId);
    else if (rate !== undefined && isFlood(findings, rate, seen.clientDays)) {
      held.add(ruleId);
      added.push({ ...state, ...seen, findings, expected: expectedOf(rate, seen.clientDays), heldAt });
    }
  }
  holds.push(...added);
  return { rules: held, holds: added };
}

/** What a night says of how often rules find something, for the nights after it; of those that are held it says nothing. */
export async function measureNight(
  { database, now }: { database: Database; now: () => Instant },
  actor: Actor,
  rules: readonly StandingRule[],
  { holds }: Expectations,
  seen: Seen,
): Promise<void> {
  if (seen.clientDays === 0) return;
  const found = await countStanding(database, actor.tenantId, seen);
  const rates = rules
    .filter((rule) => rule.mode !== "off" && !isHeld(holds, rule))
    .map(({ ruleId, ruleVersion, parameters }) => {
      const findings = found.get(ruleId) ?? 0;
      return { ruleId, ruleVersion, parameters, measuredIn: "night" as const, ...seen, findings };
    });
  await writeRuleRates(database, actor.tenantId, rates, { at: now(), by: actor.id });
}
