import { and, count, desc, eq, max, sql, sum } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { Month } from "#model";
import type { Level } from "#rule";
import type { Database } from "./database.ts";

import { findings, quarantine, settlementLines } from "./tables/index.ts";

export interface RuleCount {
  ruleId: string;
  level: Level;
  open: number;
  /** Null where no finding of the rule says how much. */
  minutes: number | null;
  amountOre: number | null;
}

const numberOrNull = (value: string | null): number | null => (value === null ? null : Number(value));

/** Open findings of active rules, by rule; the most at stake first. */
export async function selectRuleCounts({ orm }: Database, tenantId: string): Promise<RuleCount[]> {
  const rows = await orm
    .select({
      ruleId: findings.ruleId,
      level: max(findings.level),
      open: count(),
      minutes: sum(findings.minutes),
      amountOre: sum(findings.amountOre),
    })
    .from(findings)
    .where(
      and(
        eq(findings.tenantId, tenantId),
        eq(findings.mode, "active"),
        eq(findings.held, false),
        eq(findings.status, "open"),
      ),
    )
    .groupBy(findings.ruleId)
    .orderBy(desc(sql`coalesce(sum(${findings.amountOre}), 0)`), desc(count()), findings.ruleId);
  return rows.map((row) => ({
    ...row,
    level: row.level as Level,
    minutes: numberOrNull(row.minutes),
    amountOre: numberOrNull(row.amountOre),
  }));
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
  { orm }: Database,
  tenantId: string,
): Promise<Array<{ month: Month; registered: boolean }>> {
  return orm
    .select({
      month: settlementLines.month,
      registered: sql<boolean>`bool_or(${settlementLines.registeredMinutes} > 0)`,
    })
    .from(settlementLines)
    .where(eq(settlementLines.tenantId, tenantId))
    .groupBy(settlementLines.month)
    .orderBy(desc(settlementLines.month));
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
