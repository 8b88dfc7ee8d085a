import { AppError } from "#errors";
import { matchVisits } from "#match";
import { type Day, dayOf, formatDay, parseDate } from "#model";
import {
  countClientDays,
  type Finding,
  type Measure,
  monthsOf,
  type ParameterVersion,
  type Rule,
  runEngine,
  valuesKey,
} from "#rule";
import { Settlement } from "#settle";
import { recordAccess, selectNames, writeRuleRates } from "#store";
import { type Actor, permit } from "./actor.ts";
import { standingOn } from "./hold-back.ts";
import { knownTravel } from "./travel.ts";
import { nightTime, readMeasures, readSurroundings, readTables, type Window } from "./read-window.ts";
import type { ReconcileNeeds } from "./reconcile.ts";
import { ruleOf, valuesOf } from "./rules.ts";

class WrongBacktest extends AppError {
  readonly code = "rule.backtest";
  readonly kind = "usage";
}

/** What findings amount to. */
export interface Amounts {
  findings: number;
  minutes: number;
  amountOre: number;
}

export interface ComparedAmounts {
  before: Amounts;
  after: Amounts;
  /** How many findings there are in only one of them. */
  appearing: number;
  vanishing: number;
}

/** A finding of only one of the two. */
export type ComparedFinding = Omit<Finding, "evidence" | "slice">;

/** What a rule would have reported in days that have passed, as it stood then and as it was tried. */
export interface Backtest {
  rule: Rule;
  from: Day;
  through: Day;
  clientDays: number;
  /** All parameters as they were tried. */
  values: Record<string, unknown>;
  total: ComparedAmounts;
  /** In order of id; null: findings that are about no provider. */
  providers: Array<ComparedAmounts & { provider: string | null; name: string }>;
  /** In order of their first day. */
  appearing: ComparedFinding[];
  vanishing: ComparedFinding[];
}

const noAmounts = (): Amounts => ({ findings: 0, minutes: 0, amountOre: 0 });
const compared = (): ComparedAmounts => ({ before: noAmounts(), after: noAmounts(), appearing: 0, vanishing: 0 });

/**
 * Runs a rule over history twice: as it stood, with its parameters by date, and switched on with others over all of the
 * time. Nothing of it is written but how often the tried rule found something, which is what its nights are measured
 * against. Exceptions hold; the day of going live does not, because what was before it is history too.
 */
export async function backtestRule(
  needs: ReconcileNeeds,
  actor: Actor,
  {
    ruleId,
    values,
    from,
    through,
    signal,
    progress,
  }: {
    ruleId: string;
    /** As typed; what is not named stays as it stands on the last day. */
    values: Readonly<Record<string, string>>;
    from: Day;
    through: Day;
    signal: AbortSignal;
    progress?: (window: Window, done: number, windows: number) => void;
  },
): Promise<Backtest> {
  permit(actor, "rules:write");
  permit(actor, "findings:read");
  const { database, rules, now, config } = needs;
  const { tenantId } = actor;
  const rule = ruleOf(rules, ruleId);
  const today = dayOf(now());
  if (through < from) throw new WrongBacktest(`--to ${formatDay(through)} is before --from ${formatDay(from)}.`);
  if (through >= today) throw new WrongBacktest(`--to ${formatDay(through)}: expected a day that has passed.`);
  if ("mode" in values) throw new WrongBacktest("mode: a back-test always shows the rule switched on.");
  const surroundings = await readSurroundings(needs, tenantId);
  const standing = surroundings.parameters;
  const tried = { ...standingOn(rule, standing, through).values, ...valuesOf(rule, values) };
  const variants = [
    { parameters: standing, measured: [] as Measure[] },
    { parameters: triedOnly(standing, rule, tried), measured: [] as Measure[] },
  ] as const;
  const asOf = nightTime(today, config.night);
  const windows = windowsOf({ from, through }, config.night.reconcileDays);

  const total = compared();
  const providers = new Map<string | null, ComparedAmounts>();
  const [appearing, vanishing]: [ComparedFinding[], ComparedFinding[]] = [[], []];
  let clientDays = 0;
  for (const [done, window] of windows.entries()) {
    signal.throwIfAborted();
    progress?.(window, done, windows.length);
    const tables = await readTables(needs, tenantId, window, asOf, surroundings);
    const stored = await readMeasures(needs, tenantId, window);
    const matches = matchVisits(tables);
    const settlement = new Settlement(tables, matches);
    const travel = await knownTravel(needs, tenantId, tables);
    clientDays += countClientDays(tables, window.from, window.through);
    const [before, after] = variants.map(({ parameters, measured }) => {
      const result = runEngine({
        tenant: tenantId,
        tables,
        matches,
        settlement,
        travel,
        rules: withPreceding(rule, rules),
        parameters,
        exceptions: surroundings.exceptions,
        // What an earlier window measured with these parameters stands before what a night measured with its own.
        measures: [...stored, ...measured],
        figures: false,
      });
      measured.push(...result.measures);
      return new Map(result.findings.filter((one) => counts(one, rule, window)).map((one) => [one.id, one]));
    }) as [Map<string, Finding>, Map<string, Finding>];
    const add = (finding: Finding, side: "before" | "after", other: ReadonlyMap<string, Finding>): void => {
      const own = providers.get(finding.provider) ?? compared();
      providers.set(finding.provider, own);
      const only = other.has(finding.id) ? null : side === "after" ? "appearing" : "vanishing";
      for (const sum of [total, own]) {
        sum[side].findings++;
        sum[side].minutes += finding.minutes ?? 0;
        sum[side].amountOre += finding.amountOre ?? 0;
        if (only !== null) sum[only]++;
      }
      const { evidence: _evidence, slice: _slice, ...shown } = finding;
      if (only !== null) (only === "appearing" ? appearing : vanishing).push(shown);
    };
    for (const finding of before.values()) add(finding, "before", after);
    for (const finding of after.values()) add(finding, "after", before);
  }

  const measured = { ruleId, ruleVersion: rule.version, parameters: valuesKey(tried), measuredIn: "backtest" } as const;
  const seen = { fromDay: from, throughDay: through, clientDays, findings: total.after.findings };
  await writeRuleRates(database, tenantId, [{ ...measured, ...seen }], { at: now(), by: actor.id });
  await recordAccess(database, actor, {
    at: now(),
    operation: "backtest",
    subject: ruleId,
    rows: appearing.length + vanishing.length,
  });
  const names = await selectNames(database, tenantId);
  return {
    rule,
    from,
    through,
    clientDays,
    values: tried,
    total,
    providers: [...providers]
      .sort(([a], [b]) => ((a ?? "") < (b ?? "") ? -1 : 1))
      .map(([provider, sums]) => ({
        provider,
        name: provider === null ? "Ingen utförare" : (names.provider.get(provider) ?? provider),
        ...sums,
      })),
    appearing: appearing.sort(byDay),
    vanishing: vanishing.sort(byDay),
  };
}

function byDay(a: ComparedFinding, b: ComparedFinding): number {
  const [first, second] = [a, b].map(({ period, id }) => `${period.from} ${id}`) as [string, string];
  return first < second ? -1 : 1;
}

/** The same as standing, but for one rule, which holds with these values since ever. */
function triedOnly(
  standing: readonly ParameterVersion[],
  rule: Rule,
  values: Record<string, unknown>,
): readonly ParameterVersion[] {
  return [...standing.filter((version) => version.rule !== rule.id), { rule: rule.id, from: -Infinity, values }];
}

/** As many months at a time as a night looks at, so that rules see as much of the time around as they do then. */
function windowsOf(days: Window, nightDays: number): Window[] {
  const months = monthsOf(days);
  const step = Math.max(1, Math.round(nightDays / 31));
  const windows: Window[] = [];
  for (let first = 0; first < months.length; first += step) {
    const last = months[Math.min(first + step, months.length) - 1]!.last;
    windows.push({ from: Math.max(days.from, months[first]!.first), through: Math.min(days.through, last) });
  }
  return windows;
}

/** The rule, and those that report a pair of visits before it. */
function withPreceding(rule: Rule, rules: readonly Rule[]): Rule[] {
  const wanted = new Set([rule.id]);
  for (const id of wanted) for (const before of rules.find((one) => one.id === id)?.yieldsTo ?? []) wanted.add(before);
  return rules.filter(({ id }) => wanted.has(id));
}

/** What handlers would see of the rule, where its days meet those of the window. */
function counts(finding: Finding, rule: Rule, { from, through }: Window): boolean {
  if (finding.rule !== rule.id || finding.status !== "open" || finding.mode !== "active") return false;
  const [first, last] = [parseDate(finding.period.from) ?? 0, parseDate(finding.period.to) ?? 0];
  return first <= through && last >= from;
}
