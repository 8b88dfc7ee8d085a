import type { Day } from "#model";
import type { ParameterVersion, Rule } from "./define.ts";

/** What holds of a rule from a day on. */
export interface RuleVersion {
  from: Day;
  mode: NonNullable<ParameterVersion["mode"]>;
  values: Record<string, unknown>;
}

/** Newest first; the last holds since ever. Of several from one day the one that is given last holds. */
export function versionsOf(rule: Rule, given: readonly ParameterVersion[]): RuleVersion[] {
  const versions = given
    .filter((version) => version.rule === rule.id)
    .toReversed()
    .toSorted((a, b) => b.from - a.from)
    .map(({ from, mode, values }): RuleVersion => ({
      from,
      mode: mode ?? "active",
      values: rule.parameters.parse(values),
    }));
  return [...versions, { from: -Infinity, mode: "active", values: rule.parameters.parse({}) }];
}

export function versionOn(versions: readonly RuleVersion[], day: Day): RuleVersion {
  return versions.find((one) => one.from <= day)!;
}

/** All values as text that is the same where they are. */
export function valuesKey(values: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}
