import { z } from "zod";
import { type Day, dayOf } from "#model";
import type { Rule } from "#rule";
import {
  decideRuleChange,
  insertRuleBacktest,
  insertRuleChange,
  insertRuleParameter,
  lockRuleChange,
  markAllDirtyIn,
  type RuleChange,
  type RuleParameter,
  selectRuleBacktest,
  selectRuleChanges,
  selectRuleParameters,
} from "#store";
import { type Actor, permit, permitEverywhere } from "./actor.ts";
import { type Backtest, backtestRule } from "./backtest-rule.ts";
import { standingOn } from "./hold-back.ts";
import { decisionOn, ProposalMissing, ProposalRefused, reasonProblems, type Verdict } from "./proposals.ts";
import { parameterVersions } from "./read-window.ts";
import type { ReconcileNeeds } from "./reconcile.ts";
import { ruleOf, valuesOf } from "./rules.ts";
import { modes } from "./words.ts";

/** Values as typed, by parameter; `mode` among them. */
export type TypedValues = Readonly<Record<string, string>>;

/** What of a back-test is kept: sums, and nothing about anybody. */
export type BacktestSums = Pick<Backtest, "clientDays" | "total" | "providers">;

export interface ShownBacktest extends BacktestSums {
  no: number;
  from: Day;
  through: Day;
}

/** A proposed or decided change, with what it was tried with. */
export type ShownRuleChange = Omit<RuleChange, "backtest"> & { backtest: ShownBacktest | null };

const BACKTEST_DAYS_MAX = 190;
const nearby = z.locales.sv().localeError;

/** What of the values the rule cannot take, in Swedish, one by one. */
function problemsOf(rule: Rule, values: TypedValues): string[] {
  return Object.entries(values).flatMap(([name, text]) => {
    if (name === "mode") return text in modes && text !== "held" ? [] : [`Läget "${text}" finns inte.`];
    const field = rule.parameters.shape[name] as z.ZodType | undefined;
    if (field === undefined) return [`Regeln har ingen parameter "${name}".`];
    try {
      valuesOf(rule, { [name]: text });
      return [];
    } catch {
      const number = Number(text.replace(",", "."));
      const value = text.trim() === "" || Number.isNaN(number) ? text : number;
      const issues = field.safeParse(value, { error: nearby }).error?.issues ?? [];
      return [`${name}: ${issues.map(({ message }) => message).join(", ") || "värdet passar inte"}`];
    }
  });
}

/** Values that differ from those that stand on a day. */
async function differing({ database }: ReconcileNeeds, actor: Actor, rule: Rule, values: TypedValues, day: Day) {
  const standing = standingOn(rule, parameterVersions(await selectRuleParameters(database, actor.tenantId)), day);
  const parsed = valuesOf(rule, values);
  return Object.keys(parsed).filter((name) => {
    const now = name === "mode" ? standing.mode : standing.values[name];
    return JSON.stringify(parsed[name]) !== JSON.stringify(now);
  });
}

const withoutMode = ({ mode: _mode, ...values }: Record<string, string>): TypedValues => values;
const sameValues = (a: TypedValues, b: TypedValues): boolean => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
};

/** Tries a rule on days that have passed, and keeps the sums, so that a change can be proposed with them. */
export async function tryRule(
  needs: ReconcileNeeds,
  actor: Actor,
  {
    ruleId,
    values,
    from,
    through,
    signal,
  }: { ruleId: string; values: TypedValues; from: Day; through: Day; signal: AbortSignal },
): Promise<{ no: number; backtest: Backtest }> {
  permitEverywhere(actor, "rules:write");
  const { database, rules, now } = needs;
  const rule = ruleOf(rules, ruleId);
  const tried = withoutMode(values);
  const problems = problemsOf(rule, tried);
  if (through < from) problems.push("Sista dagen är före den första.");
  if (through >= dayOf(now())) problems.push("Välj en sista dag som har varit.");
  if (through - from >= BACKTEST_DAYS_MAX) problems.push(`Välj högst ${BACKTEST_DAYS_MAX} dagar åt gången.`);
  if (problems.length > 0) throw new ProposalRefused(problems);
  const backtest = await backtestRule(needs, actor, { ruleId, values: tried, from, through, signal });
  const { clientDays, total, providers } = backtest;
  const result: BacktestSums = { clientDays, total, providers };
  const no = await insertRuleBacktest(database, actor.tenantId, {
    ruleId,
    ruleVersion: rule.version,
    values: tried,
    fromDay: from,
    throughDay: through,
    result: JSON.stringify(result),
    at: now(),
    by: actor.id,
  });
  return { no, backtest };
}

/**
 * Proposes other parameters or another mode of a rule from a day on. What makes the rule report something else comes
 * with a back-test of just that; to put it on trial or to turn it off needs none. Gives the proposal's number.
 */
export async function proposeRuleChange(
  needs: ReconcileNeeds,
  actor: Actor,
  {
    ruleId,
    values,
    fromDay,
    why,
    backtest,
  }: { ruleId: string; values: TypedValues; fromDay: Day; why: string; backtest: number | null },
): Promise<number> {
  permitEverywhere(actor, "rules:write");
  const { database, rules, now } = needs;
  const rule = ruleOf(rules, ruleId);
  const problems = [...reasonProblems(why), ...problemsOf(rule, values)];
  if (problems.length === 0 && (await differing(needs, actor, rule, values, fromDay)).length === 0) {
    problems.push("Ingenting skiljer sig från det som gäller den dagen.");
  }
  const tried = withoutMode(values);
  const silences = Object.keys(tried).length === 0 && (values["mode"] === "off" || values["mode"] === "shadow");
  if (!silences) {
    const known = backtest === null ? null : await selectRuleBacktest(database, actor.tenantId, backtest);
    if (known === null || known.ruleId !== ruleId || !sameValues(known.values, tried))
      problems.push("Pröva regeln med just de här värdena först. Förslaget ska visa vad ändringen ger.");
    else if (known.ruleVersion !== rule.version)
      problems.push("Regeln har fått en ny version sedan den prövades. Pröva den igen.");
  }
  if (problems.length > 0) throw new ProposalRefused(problems);
  return insertRuleChange(database, actor.tenantId, {
    ruleId,
    values,
    fromDay,
    why: why.trim(),
    backtest: silences ? null : backtest,
    proposedAt: now(),
    proposedBy: actor.id,
    proposedName: actor.name,
  });
}

/** Approves, rejects or takes back a proposal. What is approved holds from its day on; the next night computes by it. */
export async function decideOnRuleChange(
  { database, rules, now }: Pick<ReconcileNeeds, "database" | "rules" | "now">,
  actor: Actor,
  { ruleId, no, verdict, why }: { ruleId: string; no: number; verdict: Verdict; why: string },
): Promise<void> {
  permitEverywhere(actor, verdict === "withdrawn" ? "rules:write" : "rules:activate");
  const rule = ruleOf(rules, ruleId);
  await database.transaction(async (tx) => {
    const change = await lockRuleChange(tx, actor.tenantId, no);
    if (change === null || change.ruleId !== ruleId) throw new ProposalMissing(`There is no proposal ${no}.`, { no });
    const decision = decisionOn(change, actor, { verdict, why, at: now() });
    await decideRuleChange(tx, actor.tenantId, no, decision);
    if (verdict !== "approved") return;
    const problems = problemsOf(rule, change.values);
    if (problems.length > 0) throw new ProposalRefused(problems);
    for (const [name, value] of Object.entries(valuesOf(rule, change.values))) {
      const { fromDay } = change;
      const setBy = `${change.proposedName}, godkänt av ${actor.name}`;
      const parameter: RuleParameter = { ruleId, name, value, fromDay, setAt: decision.at, setBy, why: change.why };
      await insertRuleParameter(tx, actor.tenantId, parameter);
    }
    await markAllDirtyIn(tx, actor.tenantId);
  });
}

/** Proposals about a rule, or about all, the latest first. */
export async function listRuleChanges(
  { database }: Pick<ReconcileNeeds, "database">,
  actor: Actor,
  { ruleId }: { ruleId?: string } = {},
): Promise<ShownRuleChange[]> {
  permit(actor, "rules:read");
  const { providers, units, groups } = actor.scope;
  // The sums are of all providers.
  const all = (providers ?? units ?? groups) === null;
  const changes = (await selectRuleChanges(database, actor.tenantId)).filter(
    (change) => ruleId === undefined || change.ruleId === ruleId,
  );
  return Promise.all(
    changes.map(async ({ backtest, ...change }) => ({
      ...change,
      backtest: backtest === null || !all ? null : await readBacktest(database, actor.tenantId, backtest),
    })),
  );
}

async function readBacktest(
  database: ReconcileNeeds["database"],
  tenantId: string,
  wanted: number,
): Promise<ShownBacktest | null> {
  const stored = await selectRuleBacktest(database, tenantId, wanted);
  if (stored === null) return null;
  const { no, fromDay: from, throughDay: through } = stored;
  return { no, from, through, ...(JSON.parse(stored.result) as BacktestSums) };
}
