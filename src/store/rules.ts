import { and, asc, eq, isNull } from "drizzle-orm";
import type { Day, Instant } from "#model";
import type { Database, Transaction } from "./database.ts";
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
  { orm }: Pick<Transaction, "orm">,
  tenantId: string,
  parameter: RuleParameter,
): Promise<void> {
  await orm.insert(ruleParameters).values({ tenantId, ...parameter, value: JSON.stringify(parameter.value) });
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

/** Findings of a rule about a subject that are accepted, with the reason, where their days lie within it. */
export interface NewException {
  ruleId: string;
  /** JSON. */
  subject: string;
  fromDay: Day;
  throughDay: Day;
  reason: string;
  setAt: Instant;
  setBy: string;
}

export interface RuleException extends NewException {
  no: number;
  /** How it was ended before its time: the last day on which it holds, who, when and why. */
  ended: { throughDay: Day; at: Instant; by: string; why: string } | null;
}

/** Writes an exception down and gives its number. */
export async function insertException(database: Database, tenantId: string, exception: NewException): Promise<number> {
  const [row] = await database.orm
    .insert(exceptions)
    .values({ tenantId, ...exception })
    .returning({ no: exceptions.no });
  if (row === undefined) throw new Error("The exception was not written.");
  return row.no;
}

/** Lets an exception hold through an earlier day. False where it has been ended before, or is none of the tenant's. */
export async function endException(
  database: Database,
  tenantId: string,
  no: number,
  { throughDay, at, by, why }: NonNullable<RuleException["ended"]>,
): Promise<boolean> {
  const { rowCount } = await database.orm
    .update(exceptions)
    .set({ endedThrough: throughDay, endedAt: at, endedBy: by, endedWhy: why })
    .where(and(eq(exceptions.tenantId, tenantId), eq(exceptions.no, no), isNull(exceptions.endedAt)));
  return rowCount === 1;
}

/** Exceptions in the order in which they were entered; those that have ended are kept. */
export async function selectExceptions(database: Database, tenantId: string): Promise<RuleException[]> {
  const rows = await database.orm
    .select()
    .from(exceptions)
    .where(eq(exceptions.tenantId, tenantId))
    .orderBy(asc(exceptions.no));
  return rows.map(({ tenantId: _tenant, endedThrough, endedAt, endedBy, endedWhy, ...row }) => ({
    ...row,
    ended:
      endedThrough === null || endedAt === null || endedBy === null || endedWhy === null
        ? null
        : { throughDay: endedThrough, at: endedAt, by: endedBy, why: endedWhy },
  }));
}
