import { and, asc, eq, gt, gte, inArray, lte } from "drizzle-orm";
import type pg from "pg";
import { type Day, findingSays, type Instant, rowHash } from "#model";
import type { Level, Severity } from "#rule";
import type { Database, Transaction } from "./database.ts";
import { insertRuleHolds, type NewRuleHold } from "./rule-rates.ts";
import {
  areStored,
  compareInBulk,
  copyParts,
  copyRows,
  deleteDiffering,
  type Evaluated,
  field,
  type Hashed,
  hashing,
  isEmpty,
  isFirst,
  json,
  listOf,
  ofHashed,
  selectGone,
  stage,
  type StagedColumns,
  stageHashes,
} from "./stage.ts";
import { foldSums } from "./sums.ts";
import type { StoredType } from "./tables/canonical.ts";
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
  /** Of `findingSays`, where whoever found it has hashed it. */
  hash?: string;
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

const types: Readonly<Record<(typeof findingSays)[number], StoredType>> = {
  ruleId: "text",
  ruleVersion: "int4",
  level: "text",
  severity: "text",
  mode: "text",
  suppressed: "text",
  subject: "text",
  slice: "text",
  fromDay: "date",
  throughDay: "date",
  provider: "text",
  unit: "text",
  client: "text",
  staff: "text",
  records: "text",
  minutes: "int4",
  amountOre: "int8",
  reason: "text",
  evidence: "text",
};
const said: StagedColumns<FindingToWrite> = findingSays.map((name) =>
  name === "records" || name === "evidence"
    ? [name, types[name], (finding) => json(finding[name])]
    : field(name, types[name]),
);
const columns = ofHashed(said);

const valuesOf = said.map(([, , of]) => of);
const about = (finding: FindingToWrite) => ({
  id: finding.id,
  hash: finding.hash ?? rowHash(valuesOf.map((of) => of(finding))),
});

interface FindingsRun {
  evaluated: Evaluated;
  /** May come while others are looked for; one that comes again stands as it came last. */
  findings: readonly FindingToWrite[] | AsyncIterable<readonly FindingToWrite[]>;
  at: Instant;
  /** All that the run had; what a rule found as another version is not corrected because it is gone. */
  rules?: ReadonlyArray<{ ruleId: string; ruleVersion: number }>;
  /** False where sums may wait for a later run to be made one row again. */
  fold?: boolean;
  /** Asked with how many findings of each active rule nobody has been shown yet. */
  holdBack?: (unshown: ReadonlyMap<string, number>) => HeldBack;
}

/**
 * Writes what a run found in the slices that it looked at: new findings are opened, those that are known and the same
 * are only seen again, those that say something else count a change, and those that are gone are closed: as corrected at
 * source, unless the rule has been changed since. A closed one that comes back is opened again. Findings of other slices stay as they are.
 */
export async function writeFindings(database: Database, tenantId: string, run: FindingsRun): Promise<FindingsWritten> {
  const first = !(run.evaluated instanceof Set) && (await isEmpty(database.pool, tenantId, "findings"));
  // A transaction that only waited for them would keep the database from tidying up.
  const all = first ? null : await gather(run.findings);
  return database.transaction(async (tx) => {
    await compareInBulk(tx.client, run.evaluated);
    const written = all === null ? await writeFirst(tx, tenantId, run) : await writeDiffering(tx, tenantId, run, all);
    if (run.fold !== false) await foldSums(tx.client, tenantId, "finding_sums");
    return written;
  });
}

async function gather(findings: FindingsRun["findings"]): Promise<ReadonlyMap<string, FindingToWrite>> {
  const all = new Map<string, FindingToWrite>();
  for await (const part of partsOf(findings)) for (const finding of part) all.set(finding.id, finding);
  return all;
}

/** Where nothing is stored: each is hashed and sent as it comes, so that neither the run nor the database waits for all. */
async function writeFirst(tx: Transaction, tenantId: string, run: FindingsRun): Promise<FindingsWritten> {
  const { client } = tx;
  const all = new Map<string, FindingToWrite>();
  const again = new Map<string, FindingToWrite>();
  async function* parts() {
    for await (const part of partsOf(run.findings)) {
      const fresh = part.filter(({ id }) => !all.has(id));
      for (const finding of part) {
        if (all.has(finding.id)) again.set(finding.id, finding);
        all.set(finding.id, finding);
      }
      yield hashing(fresh, about);
    }
  }
  // It lasts as long as rules look for more: a limit for statements is not meant for that.
  await client.query("SET LOCAL statement_timeout = 0");
  await copyParts(client, "findings", firstSeen(tenantId, run.at), parts());
  const unshown = new Map<string, number>();
  for (const finding of all.values()) countUnshown(unshown, finding);
  const held = await hold(tx, tenantId, run.holdBack?.(unshown));
  await rewrite(client, tenantId, { at: run.at, held, changes: 0 }, [...hashing(again.values(), about)]);
  if (held.length > 0)
    await client.query(
      `UPDATE findings f SET held = true
       WHERE f.tenant_id = $1 AND f.rule_id = ANY ($2) AND f.mode = 'active' AND f.suppressed IS NULL`,
      [tenantId, held],
    );
  return { opened: all.size, kept: 0, changed: 0, closed: 0 };
}

/** Against what is stored. All at once, before figures are: cases wait for what comes of it. */
async function writeDiffering(
  tx: Transaction,
  tenantId: string,
  run: FindingsRun,
  all: ReadonlyMap<string, FindingToWrite>,
): Promise<FindingsWritten> {
  const { client } = tx;
  const found = [...hashing(all.values(), about)];
  const staged = await stageHashes(client, found);
  const before = await compare(client, tenantId, staged);
  const unshown = new Map<string, number>();
  const counts = { opened: 0, changed: 0 };
  // Nearly all of most nights are stored, and the same: of those nothing is known here.
  for (const [id, was] of before) {
    if (!was.stands) counts.opened++;
    else if (was.changed) counts.changed++;
    if (was.unshown) countUnshown(unshown, all.get(id)!);
  }
  const held = await hold(tx, tenantId, run.holdBack?.(unshown));
  const at = new Date(run.at);
  const changed = found.filter(({ id }) => before.get(id)?.stored === true && before.get(id)?.changed === true);
  await rewrite(client, tenantId, { at: run.at, held, changes: 1 }, changed);
  await client.query(
    `UPDATE findings f SET ${seen("f")} FROM ${staged} s
     WHERE f.tenant_id = $1 AND f.id = s.id AND (f.last_seen_at <> $2 OR f.status = 'closed' OR f.held)`,
    [tenantId, at, held],
  );
  const condition = "f.status <> 'closed'";
  const gone = await selectGone(client, tenantId, "findings", { evaluated: run.evaluated, staged, condition });
  // Of a rule that has been changed since nobody can say that its finding was corrected.
  if (gone.length > 0)
    await client.query(
      `UPDATE findings f SET status = 'closed', closed_at = $2, closed_as = CASE
         WHEN f.rule_id || ' ' || f.rule_version <> ALL ($3) OR EXISTS (SELECT FROM rule_parameters p
           WHERE p.tenant_id = $1 AND p.rule_id = f.rule_id AND p.set_at > f.last_seen_at)
         THEN 'rule-changed' ELSE 'corrected-at-source' END
       WHERE f.tenant_id = $1 AND f.id = ANY ($4)`,
      [tenantId, at, run.rules?.map(({ ruleId, ruleVersion }) => `${ruleId} ${ruleVersion}`) ?? null, gone],
    );
  const added = found.filter(({ id }) => before.get(id)?.stored === false);
  if (added.length > 0) await copyRows(client, "findings", firstSeen(tenantId, run.at, new Set(held)), added);
  return { ...counts, kept: all.size - counts.opened - counts.changed, closed: gone.length };
}

/** An array is one part. */
async function* partsOf(findings: FindingsRun["findings"]): AsyncGenerator<readonly FindingToWrite[]> {
  if (Symbol.asyncIterator in findings) yield* findings;
  else yield findings;
}

function countUnshown(unshown: Map<string, number>, finding: FindingToWrite): void {
  if (isForHandlers(finding)) unshown.set(finding.ruleId, (unshown.get(finding.ruleId) ?? 0) + 1);
}

/** Writes what is to be held back, and gives by id which rules are. */
async function hold(tx: Transaction, tenantId: string, heldBack: HeldBack | undefined): Promise<string[]> {
  await insertRuleHolds(tx, tenantId, heldBack?.holds ?? []);
  return [...(heldBack?.rules ?? [])];
}

/** Writes what some stored findings say now. */
async function rewrite(
  client: pg.ClientBase,
  tenantId: string,
  { at, held, changes }: { at: Instant; held: readonly string[]; changes: number },
  rows: ReadonlyArray<Hashed<FindingToWrite>>,
): Promise<void> {
  if (rows.length === 0) return;
  const staged = await stage(client, "findings", columns, ["id"], rows);
  await client.query(
    `UPDATE findings f SET ${listOf(columns, (name) => `${name} = s.${name}`)},
       changes = f.changes + ${changes}, changed_at = $2, ${seen("s")}
     FROM ${staged} s WHERE f.tenant_id = $1 AND f.id = s.id`,
    [tenantId, new Date(at), held],
  );
}

/** What is stored under the id of something that was found. */
interface Before {
  stored: boolean;
  /** It is not closed. */
  stands: boolean;
  /** It says something else. */
  changed: boolean;
  /** No handler has been shown it. */
  unshown: boolean;
}

/** What is stored of what was found, by its staged hashes, and is not simply the same as before. */
async function compare(client: pg.ClientBase, tenantId: string, staged: string): Promise<ReadonlyMap<string, Before>> {
  const { rows } = await client.query<Before & { id: string }>(
    `SELECT s.id, f.id IS NOT NULL AS stored, f.id IS NOT NULL AND f.status <> 'closed' AS stands,
       f.content_hash IS DISTINCT FROM s.content_hash AS changed, f.id IS NULL OR ${wasUnshown} AS unshown
     FROM ${staged} s LEFT JOIN findings f ON f.tenant_id = $1 AND f.id = s.id
     WHERE f.id IS NULL OR f.status = 'closed' OR f.held OR f.content_hash <> s.content_hash`,
    [tenantId],
  );
  return new Map(rows.map(({ id, ...before }) => [id, before]));
}

const isForHandlers = ({ mode, suppressed }: FindingToWrite): boolean => mode === "active" && suppressed === null;
const wasUnshown = "(f.held OR f.mode <> 'active' OR f.status NOT IN ('open', 'in-case'))";

/** How a stored finding `f` stands that is seen again; `s` says what it says now. */
const seen = (s: string): string =>
  `status = CASE WHEN ${s}.suppressed IS NOT NULL THEN 'suppressed' WHEN f.status = 'in-case' THEN f.status ELSE 'open' END,
   held = ${s}.mode = 'active' AND ${s}.suppressed IS NULL AND ${s}.rule_id = ANY ($3) AND ${wasUnshown},
   last_seen_at = $2, closed_at = NULL, closed_as = NULL`;

const firstSeen = (
  tenantId: string,
  at: Instant,
  heldRules: ReadonlySet<string> = new Set(),
): StagedColumns<Hashed<FindingToWrite>> => [
  ["tenant_id", "text", () => tenantId],
  ...columns,
  ["status", "text", ({ item }) => (item.suppressed === null ? "open" : "suppressed")],
  ["held", "bool", ({ item }) => isForHandlers(item) && heldRules.has(item.ruleId)],
  ["changes", "int4", () => 0],
  ["first_seen_at", "timestamptz", () => at],
  ["last_seen_at", "timestamptz", () => at],
  ["changed_at", "timestamptz", () => at],
];

const outcomeColumns: StagedColumns<RuleOutcome> = [
  field("slice", "text"),
  field("ruleId", "text"),
  field("outcome", "text"),
  field("cause", "text"),
  field("count", "int4"),
];

/** Replaces the counts of the slices that a run looked at; only what differs is written. */
export async function writeOutcomes(
  database: Database,
  tenantId: string,
  { evaluated, outcomes }: { evaluated: Evaluated; outcomes: readonly RuleOutcome[] },
): Promise<void> {
  const target = "rule_outcomes";
  if (await areStored(database.pool, tenantId, target, outcomeColumns, evaluated, outcomes)) return;
  await database.transaction(async ({ client }) => {
    await compareInBulk(client, evaluated);
    const ofTenant = [["tenant_id", "text", () => tenantId] as const, ...outcomeColumns];
    if (await isFirst(client, tenantId, target, outcomes.length)) {
      await copyRows(client, target, ofTenant, outcomes);
      return;
    }
    const key = ["slice", "rule_id", "outcome", "cause"];
    const staged = await stage(client, target, outcomeColumns, key, outcomes);
    const same = `(${listOf(outcomeColumns, (name) => `s.${name}`)}) = (${listOf(outcomeColumns, (name) => `f.${name}`)})`;
    await deleteDiffering(client, tenantId, { target, staged, same }, evaluated);
    await client.query(
      `INSERT INTO ${target} (tenant_id, ${listOf(outcomeColumns)})
     SELECT $1, ${listOf(outcomeColumns)} FROM ${staged} s
     WHERE NOT EXISTS (SELECT FROM ${target} f WHERE f.tenant_id = $1 AND ${same})
     ON CONFLICT (tenant_id, slice, rule_id, outcome, cause) DO UPDATE SET count = excluded.count`,
      [tenantId],
    );
  });
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
