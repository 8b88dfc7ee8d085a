import { and, asc, eq, isNull } from "drizzle-orm";
import { type Day, formatDay, type Instant } from "#model";
import type { Database, Transaction } from "./database.ts";
import { ruleHolds, ruleRates } from "./tables/rules.ts";
import { without } from "./without.ts";

/** A rule version with the parameters that held: what a rate is measured for and what can be held back. */
export interface RuleState {
  ruleId: string;
  ruleVersion: number;
  /** JSON of all values, in order of name. */
  parameters: string;
}

export interface NewRuleRate extends RuleState {
  measuredIn: "backtest" | "night" | "release";
  fromDay: Day;
  throughDay: Day;
  /** Days on which a client was or should have been visited, summed over clients. */
  clientDays: number;
  findings: number;
}

export interface RuleRate extends NewRuleRate {
  measuredAt: Instant;
  measuredBy: string;
}

export interface NewRuleHold extends RuleState {
  fromDay: Day;
  throughDay: Day;
  clientDays: number;
  /** How many there were that nobody had been shown before, and how many the rate allowed to expect. */
  findings: number;
  expected: number;
  heldAt: Instant;
}

export interface RuleHold extends NewRuleHold {
  releasedAt: Instant | null;
  releasedBy: string | null;
  releasedWhy: string | null;
}

/** All rates, the latest last. */
export async function selectRuleRates({ orm }: Database, tenantId: string): Promise<RuleRate[]> {
  const rows = await orm.select().from(ruleRates).where(eq(ruleRates.tenantId, tenantId)).orderBy(asc(ruleRates.no));
  return rows.map((row) => ({
    ...without(row, "no", "tenantId"),
    measuredIn: row.measuredIn as RuleRate["measuredIn"],
  }));
}

/** Writes rates down; a night's takes the place of the night's before, of the same version and parameters. */
export async function writeRuleRates(
  database: Database,
  tenantId: string,
  rates: readonly NewRuleRate[],
  measured: { at: Instant; by: string },
): Promise<void> {
  if (rates.length === 0) return;
  await database.transaction(async ({ client, orm }) => {
    await client.query(
      `DELETE FROM rule_rates r USING unnest($2::text[], $3::int[], $4::text[]) AS n (rule_id, rule_version, parameters)
       WHERE r.tenant_id = $1 AND r.measured_in = 'night'
         AND (r.rule_id, r.rule_version, r.parameters) = (n.rule_id, n.rule_version, n.parameters)`,
      [
        tenantId,
        ...(["ruleId", "ruleVersion", "parameters"] as const).map((field) =>
          rates.filter(({ measuredIn }) => measuredIn === "night").map((rate) => rate[field]),
        ),
      ],
    );
    await orm
      .insert(ruleRates)
      .values(rates.map((rate) => ({ ...rate, tenantId, measuredAt: measured.at, measuredBy: measured.by })));
  });
}

/** All that was ever held back, the latest last. */
export async function selectRuleHolds({ orm }: Database, tenantId: string): Promise<RuleHold[]> {
  const rows = await orm.select().from(ruleHolds).where(eq(ruleHolds.tenantId, tenantId)).orderBy(asc(ruleHolds.no));
  return rows.map((row) => without(row, "no", "tenantId"));
}

/** In the transaction that writes the findings which are held. */
export async function insertRuleHolds(
  { orm }: Transaction,
  tenantId: string,
  holds: readonly NewRuleHold[],
): Promise<void> {
  if (holds.length > 0) await orm.insert(ruleHolds).values(holds.map((hold) => ({ ...hold, tenantId })));
}

/** Lets a rule's held findings through, and gives how many; null where none and nothing was held. What was found is its rate from now on. */
export async function releaseRule(
  database: Database,
  tenantId: string,
  { ruleId, at, by, why }: { ruleId: string; at: Instant; by: string; why: string },
): Promise<number | null> {
  return database.transaction(async ({ client, orm }) => {
    const released = await orm
      .update(ruleHolds)
      .set({ releasedAt: at, releasedBy: by, releasedWhy: why })
      .where(and(eq(ruleHolds.tenantId, tenantId), eq(ruleHolds.ruleId, ruleId), isNull(ruleHolds.releasedAt)))
      .returning();
    if (released.length > 0) {
      await orm.insert(ruleRates).values(
        released.map((hold) => ({
          ...without(hold, "no", "expected", "heldAt", "releasedAt", "releasedBy", "releasedWhy"),
          measuredIn: "release",
          measuredAt: at,
          measuredBy: by,
        })),
      );
    }
    const { rows } = await client.query<{ count: number }>(
      `WITH shown AS (UPDATE findings SET held = false WHERE tenant_id = $1 AND rule_id = $2 AND held RETURNING status)
       SELECT count(*) FILTER (WHERE status <> 'closed') AS count FROM shown`,
      [tenantId, ruleId],
    );
    const count = rows[0]?.count ?? 0;
    return count === 0 && released.length === 0 ? null : count;
  });
}

/** How many findings of each rule are held back. */
export async function countHeld({ pool }: Database, tenantId: string): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ rule: string; count: number }>(
    `SELECT rule_id AS rule, count(*) AS count FROM findings
     WHERE tenant_id = $1 AND held AND status <> 'closed' GROUP BY rule_id ORDER BY rule_id`,
    [tenantId],
  );
  return new Map(rows.map(({ rule, count }) => [rule, count]));
}

/** How many findings of each rule stand whose period meets the days, shown or on trial; without those that are held. */
export async function countStanding(
  { pool }: Database,
  tenantId: string,
  { fromDay, throughDay }: { fromDay: Day; throughDay: Day },
): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ rule: string; count: number }>(
    `SELECT rule_id AS rule, count(*) AS count FROM findings
     WHERE tenant_id = $1 AND status IN ('open', 'in-case') AND NOT held AND through_day >= $2 AND from_day <= $3
     GROUP BY rule_id`,
    [tenantId, formatDay(fromDay), formatDay(throughDay)],
  );
  return new Map(rows.map(({ rule, count }) => [rule, count]));
}
