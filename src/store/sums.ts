import type pg from "pg";
import { type Day, formatDay, type Month } from "#model";
import type { Level } from "#rule";
import type { Database, Visible } from "./database.ts";

/** What sums are by, and what they add up; the first is how many. */
const kept = {
  finding_sums: {
    by: ["rule_id", "level", "status", "week", "provider", "unit"],
    sums: ["findings", "timed", "minutes", "priced", "amount_ore"],
  },
  settlement_sums: {
    by: ["month", "provider", "unit"],
    sums: [
      "lines",
      "granted_minutes",
      "planned_minutes",
      "registered_minutes",
      "payable_minutes",
      "claimed_minutes",
      "payable_ore",
      "claimed_ore",
      "overbilled_ore",
      "unbilled_ore",
    ],
  },
} as const;

/** Makes one row of all that came and went; whoever adds them up sees the same before and after. */
export async function foldSums(client: pg.ClientBase, tenantId: string, table: keyof typeof kept): Promise<void> {
  const { by, sums } = kept[table];
  await client.query(
    `WITH folded AS (DELETE FROM ${table} WHERE tenant_id = $1 RETURNING *)
     INSERT INTO ${table} (tenant_id, ${by.join(", ")}, ${sums.join(", ")})
     SELECT $1, ${by.join(", ")}, ${sums.map((sum) => `sum(${sum})`).join(", ")}
     FROM folded GROUP BY ${by.join(", ")} HAVING sum(${sums[0]}) <> 0`,
    [tenantId],
  );
}

type Scope = Visible["scope"];

/** What sums are taken from by somebody who sees this much: of some areas only, no sums are kept. */
const findingSums = ({ groups }: Scope): string =>
  groups === null
    ? "finding_sums"
    : `(SELECT tenant_id, rule_id, level, status, from_day - (extract(isodow FROM from_day)::int - 1) AS week, count(*) AS findings,
         count(minutes) AS timed, sum(minutes) AS minutes, count(amount_ore) AS priced, sum(amount_ore) AS amount_ore FROM findings
       WHERE mode = 'active' AND NOT held AND status IN ('open', 'in-case') GROUP BY 1, 2, 3, 4, 5) f`;
const settlementSums = ({ groups }: Scope): string =>
  groups === null ? "settlement_sums" : "(SELECT *, 1 AS lines FROM settlement_lines) l";

export interface RuleCount {
  ruleId: string;
  level: Level;
  open: number;
  /** Null where no finding of the rule says how much. */
  minutes: number | null;
  amountOre: number | null;
}

/** Open findings of active rules, by rule; the most at stake first. */
export async function selectRuleCounts({ pool }: Database, tenantId: string, scope: Scope): Promise<RuleCount[]> {
  const { rows } = await pool.query<RuleCount>(
    `SELECT rule_id AS "ruleId", max(level) AS level, sum(open)::int8 AS open,
       CASE WHEN sum(timed) > 0 THEN sum(minutes)::int8 END AS minutes, CASE WHEN sum(priced) > 0 THEN sum(ore)::int8 END AS "amountOre"
     FROM (
       SELECT rule_id, level, sum(findings) AS open, sum(timed) AS timed, sum(minutes) AS minutes, sum(priced) AS priced, sum(amount_ore) AS ore
       FROM ${findingSums(scope)} WHERE tenant_id = $1 AND status = 'open' GROUP BY rule_id, level HAVING sum(findings) > 0) r
     GROUP BY rule_id ORDER BY coalesce(sum(ore), 0) DESC, 3 DESC, rule_id`,
    [tenantId],
  );
  return rows;
}

/** Open findings of active rules by the week that they begin in (its Monday) and their level, from a Monday on. */
export async function selectFindingWeeks(
  { pool }: Database,
  tenantId: string,
  scope: Scope,
  from: Day,
): Promise<Array<{ week: Day; level: string; findings: number }>> {
  const { rows } = await pool.query<{ week: Day; level: string; findings: number }>(
    `SELECT week, level, sum(findings)::int8 AS findings FROM ${findingSums(scope)}
     WHERE tenant_id = $1 AND week >= $2::date GROUP BY week, level HAVING sum(findings) > 0`,
    [tenantId, formatDay(from)],
  );
  return rows;
}

export interface ProviderFigures {
  provider: string | null;
  grantedMinutes: number;
  plannedMinutes: number;
  registeredMinutes: number;
  payableMinutes: number;
  claimedMinutes: number;
  payableOre: number;
  claimedOre: number;
  overbilledOre: number;
  unbilledOre: number;
}

/** A month's figures by provider, in the order of their ids. */
export async function selectProviderFigures(
  { pool }: Database,
  tenantId: string,
  scope: Scope,
  month: Month,
): Promise<ProviderFigures[]> {
  const { rows } = await pool.query<ProviderFigures>(
    `SELECT provider, sum(granted_minutes)::int8 AS "grantedMinutes", sum(planned_minutes)::int8 AS "plannedMinutes",
       sum(registered_minutes)::int8 AS "registeredMinutes", sum(payable_minutes)::int8 AS "payableMinutes",
       sum(claimed_minutes)::int8 AS "claimedMinutes", sum(payable_ore)::int8 AS "payableOre", sum(claimed_ore)::int8 AS "claimedOre",
       sum(overbilled_ore)::int8 AS "overbilledOre", sum(unbilled_ore)::int8 AS "unbilledOre"
     FROM ${settlementSums(scope)} WHERE tenant_id = $1 AND month = $2 GROUP BY provider HAVING sum(lines) > 0 ORDER BY provider`,
    [tenantId, month],
  );
  return rows;
}

/** Months that have figures, the latest first; `registered`: somebody has been visited in it. */
export async function selectSettledMonths(
  { pool }: Database,
  tenantId: string,
  scope: Scope,
): Promise<Array<{ month: Month; registered: boolean }>> {
  const { rows } = await pool.query<{ month: Month; registered: boolean }>(
    scope.groups === null
      ? `SELECT month, sum(registered_minutes) > 0 AS registered FROM settlement_sums
         WHERE tenant_id = $1 GROUP BY month HAVING sum(lines) > 0 ORDER BY month DESC`
      : // From month to month by the index: a walk through all lines would read what is not asked for.
        `WITH RECURSIVE months AS (
           (SELECT month FROM settlement_lines WHERE tenant_id = $1 ORDER BY month DESC LIMIT 1)
           UNION ALL
           SELECT (SELECT l.month FROM settlement_lines l WHERE l.tenant_id = $1 AND l.month < m.month ORDER BY l.month DESC LIMIT 1)
           FROM months m WHERE m.month IS NOT NULL)
         SELECT month, EXISTS (SELECT FROM settlement_lines l
             WHERE l.tenant_id = $1 AND l.month = m.month AND l.registered_minutes > 0) AS registered
         FROM months m WHERE month IS NOT NULL ORDER BY month DESC`,
    [tenantId],
  );
  return rows;
}
