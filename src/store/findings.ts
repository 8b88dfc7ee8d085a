import { and, asc, eq, gt, gte, inArray, lte } from "drizzle-orm";
import type { Day, Instant } from "#model";
import type { Level, Severity } from "#rule";
import type { Database, Transaction } from "./database.ts";
import { insertRuleHolds, type NewRuleHold } from "./rule-rates.ts";
import {
  areStored,
  columnName,
  compareInBulk,
  type Evaluated,
  type Hashed,
  hashed,
  json,
  saidBefore,
  stage,
  type StagedColumns,
  stageEvaluated,
} from "./stage.ts";
import { foldSums } from "./sums.ts";
import { findings as table } from "./tables/findings.ts";
import { without } from "./without.ts";

export type FindingStatus = "open" | "in-case" | "closed" | "suppressed";

/** A finding as a run makes it. Ids of people and units are those that findings show; `records` and `evidence` become JSON. */
export interface NewFinding {
  id: string;
  ruleId: string;
  ruleVersion: number;
  level: Level;
  severity: Severity;
  mode: "active" | "shadow";
  /** The exception or innocent cause for which it is listed only on request; null: none. */
  suppressed: string | null;
  subject: string;
  slice: string;
  fromDay: Day;
  throughDay: Day;
  provider: string | null;
  unit: string | null;
  client: string | null;
  staff: string | null;
  records: ReadonlyArray<{ entity: string; source: string; id: string }>;
  minutes: number | null;
  amountOre: number | null;
  reason: string;
  evidence: unknown;
}

/** What of it is stored as JSON may be JSON already. */
export type FindingToWrite = Omit<NewFinding, "records" | "evidence"> & {
  records: NewFinding["records"] | string;
  evidence: unknown;
};

/** held: of an active rule, found while it was held back. */
export type FindingMode = "active" | "shadow" | "held";

export interface Finding extends Omit<NewFinding, "mode"> {
  mode: FindingMode;
  status: FindingStatus;
  /** How often what it says has changed since it was first seen. */
  changes: number;
  firstSeenAt: Instant;
  lastSeenAt: Instant;
  changedAt: Instant;
  closedAt: Instant | null;
  closedAs: string | null;
}

/** How often a rule reported nothing in a slice, and why. */
export interface RuleOutcome {
  slice: string;
  ruleId: string;
  outcome: "suppressed" | "too-little-data" | "before-go-live";
  cause: string;
  count: number;
}

export interface FindingsWritten {
  /** New, or seen again after they were closed. */
  opened: number;
  kept: number;
  changed: number;
  closed: number;
}

/** Rules whose findings are held, if nobody has been shown them yet, and what is to be written of those that are new. */
export interface HeldBack {
  rules: ReadonlySet<string>;
  holds: readonly NewRuleHold[];
}

type Row = Omit<NewFinding, "records" | "evidence"> & { records: string; evidence: string };
type Staged = Row & { contentHash: Buffer };

const said: StagedColumns<Row> = [
  ["ruleId", "text"],
  ["ruleVersion", "int4"],
  ["level", "text"],
  ["severity", "text"],
  ["mode", "text"],
  ["suppressed", "text"],
  ["subject", "text"],
  ["slice", "text"],
  ["fromDay", "date"],
  ["throughDay", "date"],
  ["provider", "text"],
  ["unit", "text"],
  ["client", "text"],
  ["staff", "text"],
  ["records", "text"],
  ["minutes", "int4"],
  ["amountOre", "int8"],
  ["reason", "text"],
  ["evidence", "text"],
];
const columns: StagedColumns<Staged> = [["id", "text"], ...said, ["contentHash", "bytea"]];
const saidNames = [...said.map(([field]) => columnName(field)), "content_hash"];

const rowOf = (finding: FindingToWrite): Row => ({
  ...finding,
  records: json(finding.records),
  evidence: json(finding.evidence),
});

/** Of what is stored already no more than what the comparison asks. */
function* staged(found: ReadonlyArray<Hashed<FindingToWrite>>, known: ReadonlySet<string>): Generator<Partial<Staged>> {
  for (const { id, item, contentHash } of found) {
    const { ruleId, mode, suppressed } = item;
    yield known.has(id) ? { id, ruleId, mode, suppressed, contentHash } : { ...rowOf(item), contentHash };
  }
}

/**
 * Writes what a run found in the slices that it looked at: new findings are opened, those that are known and the same
 * are only seen again, those that say something else count a change, and those that are gone are closed: as corrected at
 * source, unless the rule has been changed since. A closed one that comes back is opened again. Findings of other slices stay as they are.
 */
export async function writeFindings(
  database: Database,
  tenantId: string,
  run: {
    evaluated: Evaluated;
    findings: Iterable<FindingToWrite>;
    outcomes?: Iterable<RuleOutcome>;
    at: Instant;
    /** All that the run had; what a rule found as another version is not corrected because it is gone. */
    rules?: ReadonlyArray<{ ruleId: string; ruleVersion: number }>;
    /** False where sums may wait for a later run to be made one row again. */
    fold?: boolean;
    /** Asked with how many findings of each active rule nobody has been shown yet. */
    holdBack?: (unshown: ReadonlyMap<string, number>) => HeldBack;
  },
): Promise<FindingsWritten> {
  return database.transaction(async (tx) => {
    const { client } = tx;
    await compareInBulk(client, run.evaluated);
    const found = hashed(run.findings, rowOf, said);
    const known = await saidBefore(client, tenantId, "findings", found);
    await stage(client, "findings", columns, ["id"], staged(found, known));
    const looked = await stageEvaluated(client, run.evaluated, "f");
    const at = new Date(run.at);
    const status =
      "CASE WHEN s.suppressed IS NOT NULL THEN 'suppressed' WHEN f.status = 'in-case' THEN f.status ELSE 'open' END";
    const { rows } = await client.query<{
      rule: string;
      all: number;
      opened: number;
      changed: number;
      unshown: number;
    }>(
      `SELECT s.rule_id AS rule, count(*) AS all,
         count(*) FILTER (WHERE f.id IS NULL OR f.status = 'closed') AS opened,
         count(*) FILTER (WHERE f.status <> 'closed' AND f.content_hash <> s.content_hash) AS changed,
         count(*) FILTER (WHERE ${forHandlers} AND (f.id IS NULL OR ${unshown})) AS unshown
       FROM staged_findings s LEFT JOIN findings f ON f.tenant_id = $1 AND f.id = s.id GROUP BY s.rule_id`,
      [tenantId],
    );
    const heldBack = run.holdBack?.(new Map(rows.map(({ rule, unshown: count }) => [rule, count])));
    await insertRuleHolds(tx, tenantId, heldBack?.holds ?? []);
    const heldRules = [...(heldBack?.rules ?? [])];
    const held = `${forHandlers} AND s.rule_id = ANY($3)`;
    const seen = `status = ${status}, held = ${held} AND ${unshown}, last_seen_at = $2, closed_at = NULL, closed_as = NULL`;
    const total = (of: "all" | "opened" | "changed"): number => rows.reduce((sum, row) => sum + row[of], 0);
    const [opened, changed] = [total("opened"), total("changed")];
    if (opened + changed > 0)
      await client.query(
        `UPDATE findings f SET ${saidNames.map((name) => `${name} = s.${name}`).join(", ")},
         changes = f.changes + 1, changed_at = $2, ${seen}
       FROM staged_findings s WHERE f.tenant_id = $1 AND f.id = s.id AND f.content_hash <> s.content_hash`,
        [tenantId, at, heldRules],
      );
    await client.query(
      `UPDATE findings f SET ${seen} FROM staged_findings s
       WHERE f.tenant_id = $1 AND f.id = s.id AND (f.last_seen_at <> $2 OR f.status = 'closed' OR f.held)`,
      [tenantId, at, heldRules],
    );
    if (opened > 0)
      await client.query(
        `INSERT INTO findings (tenant_id, id, ${saidNames.join(", ")}, status, held, changes, first_seen_at, last_seen_at, changed_at)
       SELECT $1, s.id, ${saidNames.map((name) => `s.${name}`).join(", ")},
         CASE WHEN s.suppressed IS NULL THEN 'open' ELSE 'suppressed' END, ${held}, 0, $2, $2, $2
       FROM staged_findings s WHERE NOT EXISTS (SELECT FROM findings f WHERE f.tenant_id = $1 AND f.id = s.id)`,
        [tenantId, at, heldRules],
      );
    // Of a rule that has been changed since nobody can say that its finding was corrected.
    const closed = await client.query(
      `UPDATE findings f SET status = 'closed', closed_at = $2, closed_as = CASE
         WHEN f.rule_id || ' ' || f.rule_version <> ALL ($3) OR EXISTS (SELECT FROM rule_parameters p
           WHERE p.tenant_id = $1 AND p.rule_id = f.rule_id AND p.set_at > f.last_seen_at)
         THEN 'rule-changed' ELSE 'corrected-at-source' END
       WHERE f.tenant_id = $1 AND f.status <> 'closed' AND ${looked}
         AND NOT EXISTS (SELECT FROM staged_findings s WHERE s.id = f.id)`,
      [tenantId, at, run.rules?.map(({ ruleId, ruleVersion }) => `${ruleId} ${ruleVersion}`) ?? null],
    );
    if (run.fold !== false) await foldSums(client, tenantId, "finding_sums");
    const outcomes = [...(run.outcomes ?? [])];
    if (!(await areStored(client, tenantId, "rule_outcomes", outcomeColumns, run.evaluated, outcomes)))
      await writeOutcomes(tx, tenantId, looked, outcomes);
    return { opened, changed, kept: total("all") - opened - changed, closed: closed.rowCount ?? 0 };
  });
}

/** Staged `s` would be shown to handlers; stored `f` has not been. */
const forHandlers = "s.mode = 'active' AND s.suppressed IS NULL";
const unshown = "(f.held OR f.mode <> 'active' OR f.status NOT IN ('open', 'in-case'))";

const outcomeColumns: StagedColumns<RuleOutcome> = [
  ["slice", "text"],
  ["ruleId", "text"],
  ["outcome", "text"],
  ["cause", "text"],
  ["count", "int4"],
];

async function writeOutcomes(
  { client }: Transaction,
  tenantId: string,
  looked: string,
  outcomes: Iterable<RuleOutcome>,
): Promise<void> {
  await stage(client, "rule_outcomes", outcomeColumns, ["slice", "ruleId", "outcome", "cause"], outcomes);
  await client.query(
    `DELETE FROM rule_outcomes f WHERE f.tenant_id = $1 AND ${looked} AND NOT EXISTS (
       SELECT FROM staged_rule_outcomes s WHERE (s.slice, s.rule_id, s.outcome, s.cause, s.count)
         = (f.slice, f.rule_id, f.outcome, f.cause, f.count))`,
    [tenantId],
  );
  await client.query(
    `INSERT INTO rule_outcomes (tenant_id, slice, rule_id, outcome, cause, count)
     SELECT $1, slice, rule_id, outcome, cause, count FROM staged_rule_outcomes
     ON CONFLICT (tenant_id, slice, rule_id, outcome, cause) DO UPDATE SET count = excluded.count
       WHERE rule_outcomes.count <> excluded.count`,
    [tenantId],
  );
}

export interface FindingSelection {
  ruleId?: string;
  /** Findings whose period meets these days, both included. */
  fromDay?: Day;
  throughDay?: Day;
  statuses?: readonly FindingStatus[];
  /** Only those of active rules that are not held back. */
  shown?: boolean;
  provider?: string;
  id?: string;
  /** The last id of the page before. */
  after?: string;
  limit?: number;
}

function selected(tenantId: string, selection: FindingSelection) {
  const { ruleId, fromDay, throughDay, statuses, shown = false, provider, id, after } = selection;
  return and(
    eq(table.tenantId, tenantId),
    ruleId === undefined ? undefined : eq(table.ruleId, ruleId),
    fromDay === undefined ? undefined : gte(table.throughDay, fromDay),
    throughDay === undefined ? undefined : lte(table.fromDay, throughDay),
    statuses === undefined ? undefined : inArray(table.status, [...statuses]),
    shown ? and(eq(table.mode, "active"), eq(table.held, false)) : undefined,
    provider === undefined ? undefined : eq(table.provider, provider),
    id === undefined ? undefined : eq(table.id, id),
    after === undefined ? undefined : gt(table.id, after),
  );
}

/** One page of findings, in the order of their ids. */
export async function selectFindings(
  database: Database,
  tenantId: string,
  selection: FindingSelection = {},
): Promise<Finding[]> {
  const rows = await database.orm
    .select()
    .from(table)
    .where(selected(tenantId, selection))
    .orderBy(asc(table.id))
    .limit(selection.limit ?? 1000);
  return rows.map(findingOf);
}

export async function countFindings({ orm }: Database, tenantId: string, selection: FindingSelection): Promise<number> {
  return orm.$count(table, selected(tenantId, selection));
}

/** Text columns hold what `writeFindings` wrote. */
function findingOf(row: typeof table.$inferSelect): Finding {
  return {
    ...without(row, "tenantId", "contentHash", "held"),
    mode: row.held ? "held" : row.mode,
    records: JSON.parse(row.records),
    evidence: JSON.parse(row.evidence),
  } as Finding;
}

/** Findings by their ids, by day and rule. */
export async function selectFindingsById(
  database: Database,
  tenantId: string,
  ids: readonly string[],
): Promise<Finding[]> {
  if (ids.length === 0) return [];
  const rows = await database.orm
    .select()
    .from(table)
    .where(and(eq(table.tenantId, tenantId), inArray(table.id, [...ids])))
    .orderBy(asc(table.fromDay), asc(table.ruleId), asc(table.id));
  return rows.map(findingOf);
}

/** All findings of a selection, a page in memory at a time. */
export async function* streamFindings(
  database: Database,
  tenantId: string,
  selection: Omit<FindingSelection, "after" | "limit"> = {},
): AsyncGenerator<Finding> {
  let after: string | undefined;
  for (;;) {
    const page = await selectFindings(database, tenantId, { ...selection, ...(after === undefined ? {} : { after }) });
    yield* page;
    after = page.at(-1)?.id;
    if (after === undefined || page.length < 1000) return;
  }
}

export interface OutcomeCount {
  ruleId: string;
  outcome: "suppressed" | "too-little-data" | "before-go-live";
  cause: string;
  count: number;
}

/** How often rules reported nothing, by rule and cause. */
export async function countOutcomes(database: Database, tenantId: string): Promise<OutcomeCount[]> {
  const { rows } = await database.pool.query<OutcomeCount>(
    `SELECT rule_id AS "ruleId", outcome, cause, sum(count) AS count FROM rule_outcomes WHERE tenant_id = $1
     GROUP BY rule_id, outcome, cause ORDER BY rule_id, outcome, cause`,
    [tenantId],
  );
  return rows;
}
