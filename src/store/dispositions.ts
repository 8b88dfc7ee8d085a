import type { Instant, Month } from "#model";
import type { Database } from "./database.ts";
import { dispositions } from "./tables/rules.ts";

/** confirmed: what the rule said was so. explained: there was an innocent cause. unclear: it could not be judged. */
export const dispositionOutcomes = ["confirmed", "explained", "unclear"] as const;
export type DispositionOutcome = (typeof dispositionOutcomes)[number];

export interface Disposition {
  findingId: string;
  ruleId: string;
  ruleVersion: number;
  outcome: DispositionOutcome;
  judgedAt: Instant;
  judgedBy: string;
}

export async function insertDisposition({ orm }: Database, tenantId: string, disposition: Disposition): Promise<void> {
  await orm.insert(dispositions).values({ tenantId, ...disposition });
}

export interface JudgedCount {
  ruleId: string;
  ruleVersion: number;
  confirmed: number;
  explained: number;
  unclear: number;
}

/** The same by the month in which they were judged last. */
export async function countJudgedByMonth(
  { pool }: Database,
  tenantId: string,
): Promise<Array<Omit<JudgedCount, "ruleVersion"> & { month: Month }>> {
  const { rows } = await pool.query<Awaited<ReturnType<typeof countJudgedByMonth>>[number]>(
    `SELECT rule_id AS "ruleId", to_char(judged_at AT TIME ZONE 'Europe/Stockholm', 'YYYY-MM') AS month,
       ${dispositionOutcomes.map((outcome) => `count(*) FILTER (WHERE outcome = '${outcome}') AS ${outcome}`).join(", ")}
     FROM (SELECT DISTINCT ON (finding_id) rule_id, judged_at, outcome FROM dispositions
           WHERE tenant_id = $1 ORDER BY finding_id, no DESC) AS latest
     WHERE outcome IN (${dispositionOutcomes.map((outcome) => `'${outcome}'`).join(", ")})
     GROUP BY 1, 2 ORDER BY 2 DESC, 1`,
    [tenantId],
  );
  return rows;
}

/** How the findings of each rule version, or of those of some rules, were judged; each finding counts once, as it was judged last. */
export async function countJudged(
  { pool }: Database,
  tenantId: string,
  rules: readonly string[] | null = null,
): Promise<JudgedCount[]> {
  const { rows } = await pool.query<JudgedCount>(
    `SELECT rule_id AS "ruleId", rule_version AS "ruleVersion",
       ${dispositionOutcomes.map((outcome) => `count(*) FILTER (WHERE outcome = '${outcome}') AS ${outcome}`).join(", ")}
     FROM (SELECT DISTINCT ON (finding_id) rule_id, rule_version, outcome FROM dispositions
           WHERE tenant_id = $1 AND ($2::text[] IS NULL OR rule_id = ANY ($2)) ORDER BY finding_id, no DESC) AS latest
     GROUP BY rule_id, rule_version ORDER BY rule_id, rule_version`,
    [tenantId, rules],
  );
  return rows;
}
