import { AppError } from "#errors";
import { type Day, type Instant } from "#model";
import type { Rule } from "#rule";
import { type Database, insertRuleParameter, markAllDirty, type RuleParameter } from "#store";
import { type Actor, permit } from "./actor.ts";

class UnknownRule extends AppError {
  readonly code = "rule.unknown";
  readonly kind = "usage";

  constructor(id: string) {
    super(`There is no rule ${id}. \`klarsyn rules list\` shows all.`, { id });
  }
}

class WrongParameter extends AppError {
  readonly code = "rule.parameter";
  readonly kind = "usage";
}

export function ruleOf(rules: readonly Rule[], id: string): Rule {
  const rule = rules.find((candidate) => candidate.id === id);
  if (rule === undefined) throw new UnknownRule(id);
  return rule;
}

/**
 * Sets a rule's parameters from a day on; the same for all providers. `mode` (active, shadow, off) is set the same way.
 * Throws where the rule has no such parameter or the value does not fit.
 */
export async function setRuleParameters(
  { database, rules, now }: { database: Database; rules: readonly Rule[]; now: () => Instant },
  actor: Actor,
  {
    ruleId,
    values,
    fromDay,
    why,
  }: { ruleId: string; values: Readonly<Record<string, string>>; fromDay: Day; why: string },
): Promise<RuleParameter[]> {
  permit(actor, "rules:write");
  const rule = ruleOf(rules, ruleId);
  const reason = reasonOf(why);
  const set = Object.entries(valuesOf(rule, values)).map(([name, value]): RuleParameter => {
    return { ruleId, name, value, fromDay, setAt: now(), setBy: actor.id, why: reason };
  });
  for (const parameter of set) await insertRuleParameter(database, actor.tenantId, parameter);
  await markAllDirty(database, actor.tenantId);
  return set;
}

/** Why somebody changes what rules report; throws where it says nothing. */
export function reasonOf(why: string): string {
  if (why.trim().length < 5) throw new WrongParameter("Say why, in a few words: --why TEXT.");
  return why.trim();
}

/** Values as they were typed, checked one by one. Throws where the rule has no such parameter or a value does not fit. */
export function valuesOf(rule: Rule, values: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, text]) => [name, valueOf(rule, name, text)]));
}

function valueOf(rule: Rule, name: string, text: string): unknown {
  if (name === "mode") {
    if (["active", "shadow", "off"].includes(text)) return text;
    throw new WrongParameter(`mode=${text}: expected active, shadow or off.`, { rule: rule.id });
  }
  const field = rule.parameters.shape[name];
  if (field === undefined) {
    throw new WrongParameter(
      `${rule.id} has no parameter ${name}. It has: ${[...Object.keys(rule.parameters.shape), "mode"].join(", ")}.`,
      { rule: rule.id },
    );
  }
  const number = Number(text.replace(",", "."));
  const value =
    text === "true" ? true : text === "false" ? false : text.trim() !== "" && Number.isFinite(number) ? number : text;
  const checked = (
    field as { safeParse(value: unknown): { success: boolean; error?: { issues: Array<{ message: string }> } } }
  ).safeParse(value);
  if (!checked.success) {
    throw new WrongParameter(
      `${name}=${text}: ${checked.error?.issues.map(({ message }) => message).join(", ") ?? "does not fit"}.`,
      { rule: rule.id },
    );
  }
  return value;
}
