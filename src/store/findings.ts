import { hash } from "node:crypto";
import { and, asc, eq, gt, gte, inArray, lte } from "drizzle-orm";
import type { Day, Instant } from "#model";
import type { Level, Severity } from "#rule";
import type { Database, Transaction } from "./database.ts";
import { columnName, compareInBulk, type Evaluated, stage, type StagedColumns, stageEvaluated } from "./stage.ts";
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

export interface Finding extends NewFinding {
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

type Staged = Omit<NewFinding, "records" | "evidence"> & { records: string; evidence: string; contentHash: Buffer };

const said: StagedColumns<Staged> = [
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

async function* staged(findings: Iterable<NewFinding> | AsyncIterable<NewFinding>): AsyncGenerator<Staged> {
  for await (const finding of findings) {
    const row = { ...finding, records: JSON.stringify(finding.records), evidence: JSON.stringify(finding.evidence) };
    const content = JSON.stringify(said.map(([field]) => row[field as keyof typeof row]));
    yield { ...row, contentHash: hash("sha256", content, "buffer").subarray(0, 16) };
  }
}

/**
 * Writes what a run found in the slices that it looked at: new findings are opened, those that are known and the same
 * are only seen again, those that say something else count a change, and those that are gone are closed as corrected
 * at source. A closed one that comes back is opened again. Findings of other slices stay as they are.
 */
export async function writeFindings(
  database: Database,
  tenantId: string,
  run: {
    evaluated: Evaluated;
    findings: Iterable<NewFinding> | AsyncIterable<NewFinding>;
    outcomes?: Iterable<RuleOutcome>;
    at: Instant;
  },
): Promise<FindingsWritten> {
  return database.transaction(async (tx) => {
    const { client } = tx;
    await compareInBulk(client);
    await stage(client, "findings", columns, ["id"], staged(run.findings));
    const looked = await stageEvaluated(client, run.evaluated, "f");
    const at = new Date(run.at);
    const status =
      "CASE WHEN s.suppressed IS NOT NULL THEN 'suppressed' WHEN f.status = 'in-case' THEN f.status ELSE 'open' END";
    const seen = `status = ${status}, last_seen_at = $2, closed_at = NULL, closed_as = NULL`;
    const { rows } = await client.query<{ all: number; opened: number; changed: number }>(
      `SELECT count(*) AS all, count(*) FILTER (WHERE f.id IS NULL OR f.status = 'closed') AS opened,
         count(*) FILTER (WHERE f.status <> 'closed' AND f.content_hash <> s.content_hash) AS changed
       FROM staged_findings s LEFT JOIN findings f ON f.tenant_id = $1 AND f.id = s.id`,
      [tenantId],
    );
    await client.query(
      `UPDATE findings f SET ${saidNames.map((name) => `${name} = s.${name}`).join(", ")},
         changes = f.changes + 1, changed_at = $2, ${seen}
       FROM staged_findings s WHERE f.tenant_id = $1 AND f.id = s.id AND f.content_hash <> s.content_hash`,
      [tenantId, at],
    );
    await client.query(
      `UPDATE findings f SET ${seen} FROM staged_findings s
       WHERE f.tenant_id = $1 AND f.id = s.id AND (f.last_seen_at <> $2 OR f.status = 'closed')`,
      [tenantId, at],
    );
    await client.query(
      `INSERT INTO findings (tenant_id, id, ${saidNames.join(", ")}, status, changes, first_seen_at, last_seen_at, changed_at)
       SELECT $1, s.id, ${saidNames.map((name) => `s.${name}`).join(", ")},
         CASE WHEN s.suppressed IS NULL THEN 'open' ELSE 'suppressed' END, 0, $2, $2, $2
       FROM staged_findings s WHERE NOT EXISTS (SELECT FROM findings f WHERE f.tenant_id = $1 AND f.id = s.id)`,
      [tenantId, at],
    );
    const closed = await client.query(
      `UPDATE findings f SET status = 'closed', closed_at = $2, closed_as = 'corrected-at-source'
       WHERE f.tenant_id = $1 AND f.status <> 'closed' AND ${looked}
         AND NOT EXISTS (SELECT FROM staged_findings s WHERE s.id = f.id)`,
      [tenantId, at],
    );
    await writeOutcomes(tx, tenantId, looked, run.outcomes ?? []);
    const { all, opened, changed } = rows[0] ?? { all: 0, opened: 0, changed: 0 };
    return { opened, changed, kept: all - opened - changed, closed: closed.rowCount ?? 0 };
  });
}

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
  modes?: ReadonlyArray<"active" | "shadow">;
  provider?: string;
  id?: string;
  /** The last id of the page before. */
  after?: string;
  limit?: number;
}

/** One page of findings, in the order of their ids. */
export async function selectFindings(
  database: Database,
  tenantId: string,
  selection: FindingSelection = {},
): Promise<Finding[]> {
  const { ruleId, fromDay, throughDay, statuses, modes, provider, id, after, limit = 1000 } = selection;
  const rows = await database.orm
    .select()
    .from(table)
    .where(
      and(
        eq(table.tenantId, tenantId),
        ruleId === undefined ? undefined : eq(table.ruleId, ruleId),
        fromDay === undefined ? undefined : gte(table.throughDay, fromDay),
        throughDay === undefined ? undefined : lte(table.fromDay, throughDay),
        statuses === undefined ? undefined : inArray(table.status, [...statuses]),
        modes === undefined ? undefined : inArray(table.mode, [...modes]),
        provider === undefined ? undefined : eq(table.provider, provider),
        id === undefined ? undefined : eq(table.id, id),
        after === undefined ? undefined : gt(table.id, after),
      ),
    )
    .orderBy(asc(table.id))
    .limit(limit);
  // Text columns hold what `writeFindings` wrote.
  return rows.map((row) => ({
    ...without(row, "tenantId", "contentHash"),
    records: JSON.parse(row.records),
    evidence: JSON.parse(row.evidence),
  })) as Finding[];
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
