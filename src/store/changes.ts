import { and, desc, eq } from "drizzle-orm";
import type { Day, Instant } from "#model";
import type { Database, Transaction } from "./database.ts";
import { contractChanges, ruleBacktests, ruleChanges } from "./tables/changes.ts";
import { without } from "./without.ts";

export type ChangeState = "proposed" | "approved" | "rejected" | "withdrawn";

/** Who wants something from a day on, and why. */
export interface NewProposal {
  fromDay: Day;
  why: string;
  proposedAt: Instant;
  proposedBy: string;
  proposedName: string;
}

/** What became of it; null while nobody has decided. */
export interface Decision {
  state: Exclude<ChangeState, "proposed">;
  at: Instant;
  by: string;
  name: string;
  /** What they said; "" for nothing. */
  why: string;
}

export interface Proposal extends NewProposal {
  no: number;
  state: ChangeState;
  decision: Decision | null;
}

export interface NewRuleBacktest {
  ruleId: string;
  ruleVersion: number;
  /** What was tried, as typed. */
  values: Readonly<Record<string, string>>;
  fromDay: Day;
  throughDay: Day;
  /** JSON. */
  result: string;
  at: Instant;
  by: string;
}

export interface RuleBacktest extends NewRuleBacktest {
  no: number;
}

interface RuleChangeContent {
  ruleId: string;
  /** As typed. */
  values: Readonly<Record<string, string>>;
  backtest: number | null;
}
export type RuleChange = RuleChangeContent & Proposal;

interface ContractChangeContent {
  provider: string;
  /** The record that is in force until then. */
  source: string;
  contract: string;
  terms: unknown;
}
export type ContractChange = ContractChangeContent & Proposal;

export async function insertRuleBacktest(
  { orm }: Database,
  tenantId: string,
  backtest: NewRuleBacktest,
): Promise<number> {
  const [row] = await orm
    .insert(ruleBacktests)
    .values({ ...backtest, tenantId, values: JSON.stringify(backtest.values) })
    .returning({ no: ruleBacktests.no });
  return row!.no;
}

export async function selectRuleBacktest(
  { orm }: Database,
  tenantId: string,
  no: number,
): Promise<RuleBacktest | null> {
  const [row] = await orm
    .select()
    .from(ruleBacktests)
    .where(and(eq(ruleBacktests.tenantId, tenantId), eq(ruleBacktests.no, no)));
  return row === undefined
    ? null
    : { ...without(row, "tenantId"), values: JSON.parse(row.values) as RuleBacktest["values"] };
}

interface DecisionColumns {
  state: string;
  decidedAt: Instant | null;
  decidedBy: string | null;
  decidedName: string | null;
  decidedWhy: string | null;
}

function decisionOf({ state, decidedAt, decidedBy, decidedName, decidedWhy }: DecisionColumns): Decision | null {
  if (decidedAt === null || decidedBy === null) return null;
  const at = { at: decidedAt, by: decidedBy, name: decidedName ?? decidedBy, why: decidedWhy ?? "" };
  return { state: state as Decision["state"], ...at };
}

const decided = ["tenantId", "decidedAt", "decidedBy", "decidedName", "decidedWhy"] as const;
const columnsOf = ({ state, at, by, name, why }: Decision) => ({
  state,
  decidedAt: at,
  decidedBy: by,
  decidedName: name,
  decidedWhy: why,
});

function ruleChangeOf(row: typeof ruleChanges.$inferSelect): RuleChange {
  const values = JSON.parse(row.values) as RuleChange["values"];
  return { ...without(row, ...decided), state: row.state as ChangeState, values, decision: decisionOf(row) };
}

export async function insertRuleChange(
  { orm }: Database,
  tenantId: string,
  change: RuleChangeContent & NewProposal,
): Promise<number> {
  const [row] = await orm
    .insert(ruleChanges)
    .values({ ...change, tenantId, state: "proposed", values: JSON.stringify(change.values) })
    .returning({ no: ruleChanges.no });
  return row!.no;
}

/** The latest first. */
export async function selectRuleChanges({ orm }: Database, tenantId: string): Promise<RuleChange[]> {
  const rows = await orm
    .select()
    .from(ruleChanges)
    .where(eq(ruleChanges.tenantId, tenantId))
    .orderBy(desc(ruleChanges.no));
  return rows.map(ruleChangeOf);
}

/** One that nobody else decides until the transaction ends; null where there is none. */
export async function lockRuleChange({ orm }: Transaction, tenantId: string, no: number): Promise<RuleChange | null> {
  const [row] = await orm
    .select()
    .from(ruleChanges)
    .where(and(eq(ruleChanges.tenantId, tenantId), eq(ruleChanges.no, no)))
    .for("update");
  return row === undefined ? null : ruleChangeOf(row);
}

export async function decideRuleChange(
  { orm }: Transaction,
  tenantId: string,
  no: number,
  decision: Decision,
): Promise<void> {
  await orm
    .update(ruleChanges)
    .set(columnsOf(decision))
    .where(and(eq(ruleChanges.tenantId, tenantId), eq(ruleChanges.no, no)));
}

function contractChangeOf(row: typeof contractChanges.$inferSelect): ContractChange {
  const terms = JSON.parse(row.terms) as unknown;
  return { ...without(row, ...decided), state: row.state as ChangeState, terms, decision: decisionOf(row) };
}

export async function insertContractChange(
  { orm }: Database,
  tenantId: string,
  change: ContractChangeContent & NewProposal,
): Promise<number> {
  const [row] = await orm
    .insert(contractChanges)
    .values({ ...change, tenantId, state: "proposed", terms: JSON.stringify(change.terms) })
    .returning({ no: contractChanges.no });
  return row!.no;
}

/** The latest first. */
export async function selectContractChanges({ orm }: Database, tenantId: string): Promise<ContractChange[]> {
  const rows = await orm
    .select()
    .from(contractChanges)
    .where(eq(contractChanges.tenantId, tenantId))
    .orderBy(desc(contractChanges.no));
  return rows.map(contractChangeOf);
}

/** One that nobody else decides until the transaction ends; null where there is none. */
export async function lockContractChange(
  { orm }: Transaction,
  tenantId: string,
  no: number,
): Promise<ContractChange | null> {
  const [row] = await orm
    .select()
    .from(contractChanges)
    .where(and(eq(contractChanges.tenantId, tenantId), eq(contractChanges.no, no)))
    .for("update");
  return row === undefined ? null : contractChangeOf(row);
}

export async function decideContractChange(
  { orm }: Transaction,
  tenantId: string,
  no: number,
  decision: Decision,
): Promise<void> {
  await orm
    .update(contractChanges)
    .set(columnsOf(decision))
    .where(and(eq(contractChanges.tenantId, tenantId), eq(contractChanges.no, no)));
}
