import { and, asc, eq } from "drizzle-orm";
import type { Day, Instant } from "#model";
import type { Database } from "./database.ts";
import { exceptions, ruleParameters } from "./tables/rules.ts";
import { without } from "./without.ts";

/** A value of a rule's parameter from a day on. */
export interface RuleParameter {
  ruleId: string;
  name: string;
  value: unknown;
  fromDay: Day;
  setAt: Instant;
  setBy: string;
  why: string;
}

/** Sets a parameter from a day on; what was set before stays to be read. */
export async function insertRuleParameter(
  database: Database,
  tenantId: string,
  parameter: RuleParameter,
): Promise<void> {
  await database.orm.insert(ruleParameters).values({ tenantId, ...parameter, value: JSON.stringify(parameter.value) });
}

/** All that was ever set, in the order in which it takes hold: for a day, the last entry whose `fromDay` is not later. */
export async function selectRuleParameters(database: Database, tenantId: string): Promise<RuleParameter[]> {
  const rows = await database.orm
    .select()
    .from(ruleParameters)
    .where(eq(ruleParameters.tenantId, tenantId))
    .orderBy(asc(ruleParameters.fromDay), asc(ruleParameters.no));
  return rows.map((row) => ({ ...without(row, "no", "tenantId"), value: JSON.parse(row.value) as unknown }));
}

/** Findings of a rule about a subject that are accepted, with the reason, through a day. */
export interface RuleException {
  ruleId: string;
  subject: string;
  fromDay: Day;
  throughDay: Day;
  reason: string;
  setAt: Instant;
  setBy: string;
}

export async function insertException(database: Database, tenantId: string, exception: RuleException): Promise<void> {
  await database.orm.insert(exceptions).values({ tenantId, ...exception });
}

/** Exceptions in the order in which they were entered; those that have ended are kept. */
export async function selectExceptions(
  database: Database,
  tenantId: string,
  ruleId?: string,
): Promise<RuleException[]> {
  const rows = await database.orm
    .select()
    .from(exceptions)
    .where(and(eq(exceptions.tenantId, tenantId), ruleId === undefined ? undefined : eq(exceptions.ruleId, ruleId)))
    .orderBy(asc(exceptions.no));
  return rows.map((row) => without(row, "no", "tenantId"));
}
