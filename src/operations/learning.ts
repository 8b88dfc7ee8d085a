import type { Month } from "#model";
import { type Precision, precisionOf, type Rule } from "#rule";
import { countJudgedByMonth, type Database } from "#store";
import { type Actor, permit } from "./actor.ts";
import { estimateRecall } from "./cases/control.ts";
import type { RecallRow } from "./cases/types.ts";

/** What people have found of a rule in a month. */
export interface LearningRow {
  ruleId: string;
  title: string;
  month: Month;
  /** Of the findings that were judged in the month. */
  precision: Precision;
  unclear: number;
  /** Of visits of the month that were drawn and judged blind; null: none that the rule is about. */
  control: Omit<RecallRow, "rule" | "month"> | null;
}

/** How often each rule was right, by the month of the judgement, and how much it finds; the latest month first. */
export async function showLearning(
  { database, rules }: { database: Database; rules: readonly Rule[] },
  actor: Actor,
): Promise<LearningRow[]> {
  permit(actor, "rules:read");
  const [judged, recalls] = await Promise.all([
    countJudgedByMonth(database, actor.tenantId),
    estimateRecall({ database }, actor),
  ]);
  const titles = new Map(rules.map(({ id, title }) => [id, title.sv]));
  const rows = new Map<string, LearningRow>();
  const row = (ruleId: string, month: Month): LearningRow => {
    const key = `${month} ${ruleId}`;
    const precision = precisionOf({ confirmed: 0, explained: 0 });
    const known = rows.get(key) ?? {
      ruleId,
      title: titles.get(ruleId) ?? ruleId,
      month,
      precision,
      unclear: 0,
      control: null,
    };
    rows.set(key, known);
    return known;
  };
  for (const { ruleId, month, unclear, ...counts } of judged)
    Object.assign(row(ruleId, month), { precision: precisionOf(counts), unclear });
  for (const { rule, month, ...control } of recalls) row(rule, month).control = control;
  return [...rows.values()].sort(
    (a, b) => (a.month < b.month ? 1 : a.month > b.month ? -1 : 0) || a.title.localeCompare(b.title, "sv"),
  );
}
