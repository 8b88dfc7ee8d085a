import { and, count, eq, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { Month } from "#model";
import type { Level } from "#rule";
import type { Database } from "./database.ts";

import { quarantine, settlementLines } from "./tables/index.ts";

export interface RuleCount {
  ruleId: string;
  level: Level;
  open: number;
  /** Null where no finding of the rule says how much. */
  minutes: number | null;
  amountOre: number | null;
}

/** Open findings of active rules, by rule; the most at stake first. */
export async function selectRuleCounts({ pool }: Database, tenantId: string): Promise<RuleCount[]> {
  // A rule's level is one of a few words: to group by it is faster than to compare them all.
  const { rows } = await pool.query<RuleCount>(
    `SELECT rule_id AS "ruleId", max(level) AS level, sum(open)::int8 AS open, sum(minutes)::int8 AS minutes, sum(ore)::int8 AS "amountOre"
     FROM (
       SELECT rule_id, level, count(*) AS open, sum(minutes) AS minutes, sum(amount_ore) AS ore FROM findings
       WHERE tenant_id = $1 AND mode = 'active' AND NOT held AND status = 'open' GROUP BY rule_id, level) r
     GROUP BY rule_id ORDER BY coalesce(sum(ore), 0) DESC, 3 DESC, rule_id`,
    [tenantId],
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
  { orm }: Database,
  tenantId: string,
  month: Month,
): Promise<ProviderFigures[]> {
  const total = (column: AnyPgColumn) => sql<number>`coalesce(sum(${column}), 0)`.mapWith(Number);
  return orm
    .select({
      provider: settlementLines.provider,
      grantedMinutes: total(settlementLines.grantedMinutes),
      plannedMinutes: total(settlementLines.plannedMinutes),
      registeredMinutes: total(settlementLines.registeredMinutes),
      payableMinutes: total(settlementLines.payableMinutes),
      claimedMinutes: total(settlementLines.claimedMinutes),
      payableOre: total(settlementLines.payableOre),
      claimedOre: total(settlementLines.claimedOre),
      overbilledOre: total(settlementLines.overbilledOre),
      unbilledOre: total(settlementLines.unbilledOre),
    })
    .from(settlementLines)
    .where(and(eq(settlementLines.tenantId, tenantId), eq(settlementLines.month, month)))
    .groupBy(settlementLines.provider)
    .orderBy(settlementLines.provider);
}

/** Months that have figures, the latest first; `registered`: somebody has been visited in it. */
export async function selectSettledMonths(
  { pool }: Database,
  tenantId: string,
): Promise<Array<{ month: Month; registered: boolean }>> {
  // From month to month by the index: a walk through all lines would read what is not asked for.
  const { rows } = await pool.query<{ month: Month; registered: boolean }>(
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

/** What providers, units and services are called, by their id. Of several sources the first to be known counts. */
export async function selectNames(
  { pool }: Database,
  tenantId: string,
): Promise<Record<"provider" | "unit" | "service", Map<string, string>>> {
  const { rows } = await pool.query<{ kind: "provider" | "unit" | "service"; id: string; name: string }>(
    `SELECT 'provider' AS kind, id, name, source_no FROM providers WHERE tenant_id = $1 AND NOT deleted
     UNION ALL SELECT 'unit', id, name, source_no FROM units WHERE tenant_id = $1 AND NOT deleted
     UNION ALL SELECT 'service', code, name, source_no FROM services WHERE tenant_id = $1 AND NOT deleted
     ORDER BY source_no DESC`,
    [tenantId],
  );
  const names = {
    provider: new Map<string, string>(),
    unit: new Map<string, string>(),
    service: new Map<string, string>(),
  };
  for (const { kind, id, name } of rows) if (name !== "") names[kind].set(id, name);
  return names;
}

/** How much waits in quarantine, by "source/resource". */
export async function countQuarantineBySource({ orm }: Database, tenantId: string): Promise<Map<string, number>> {
  const rows = await orm
    .select({ source: quarantine.source, resource: quarantine.resource, waiting: count() })
    .from(quarantine)
    .where(and(eq(quarantine.tenantId, tenantId), eq(quarantine.state, "open")))
    .groupBy(quarantine.source, quarantine.resource);
  return new Map(rows.map((row) => [`${row.source}/${row.resource}`, row.waiting]));
}

/** Slices of which something is stored: what a run that looked at them must replace or close. */
export async function selectStoredSlices({ pool }: Database, tenantId: string): Promise<string[]> {
  const { rows } = await pool.query<[string]>({
    text: `SELECT slice FROM findings WHERE tenant_id = $1 AND status <> 'closed'
           UNION SELECT slice FROM rule_outcomes WHERE tenant_id = $1
           UNION SELECT slice FROM settlement_lines WHERE tenant_id = $1
           UNION SELECT slice FROM measures WHERE tenant_id = $1`,
    values: [tenantId],
    rowMode: "array",
  });
  return rows.map(([slice]) => slice);
}
