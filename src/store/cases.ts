import { and, arrayContains, asc, eq, inArray, isNull } from "drizzle-orm";
import type { CaseState, Judgement, OutcomeName, SubjectKind } from "#case";
import { type Day, formatDay, type Instant } from "#model";
import type { Level } from "#rule";
import type { Database, Transaction } from "./database.ts";
import { caseAttachments, caseBatches, caseEvents, caseFindings, cases, savedViews } from "./tables/cases.ts";
import { users } from "./tables/users.ts";
import { without } from "./without.ts";

/** Which cases somebody sees; null is all. A case is seen whole or not at all. */
export interface CaseScope {
  providers: readonly string[] | null;
  units: readonly string[] | null;
  groups: readonly string[] | null;
}

type Stored = typeof cases.$inferSelect;

export interface StoredCase extends Omit<
  Stored,
  "tenantId" | "key" | "areas" | "state" | "outcome" | "subjectKind" | "level"
> {
  state: CaseState;
  outcome: OutcomeName | null;
  subjectKind: SubjectKind;
  level: Level;
}

/** A finding without a unit keeps a case from those who see one unit only; to others it says nothing. */
const shown = (row: StoredCase): StoredCase => ({ ...row, units: row.units.filter((unit) => unit !== "") });

/** Conditions of a query on `cases c` with the values of its parameters. */
class Where {
  readonly values: unknown[];
  readonly conditions: string[] = ["c.tenant_id = $1"];

  constructor(tenantId: string, { providers, units, groups }: CaseScope) {
    this.values = [tenantId];
    if (providers !== null) this.add("c.provider = ANY (?::text[])", providers);
    // Of what is about several, all must be theirs.
    if (units !== null) this.add("c.units <@ ?::text[] AND c.units <> '{}'", units);
    if (groups !== null) this.add("c.areas <@ ?::text[] AND c.areas <> '{}'", groups);
  }

  add(condition: string, ...values: unknown[]): void {
    this.conditions.push(condition.replaceAll("?", () => `$${this.values.push(values.shift())}`));
  }

  get text(): string {
    return this.conditions.join(" AND ");
  }
}

export interface CaseSelection {
  states?: readonly CaseState[];
  provider?: string;
  unit?: string;
  rule?: string;
  level?: Level;
  /** Cases whose days meet these, both included. */
  fromDay?: Day;
  throughDay?: Day;
  stakeOreMin?: number;
  stakeMinutesMin?: number;
  /** Null: nobody. */
  assignedTo?: string | null;
  /** Put off beyond this day, or not. */
  snoozed?: { day: Day; is: boolean };
  changed?: boolean;
  subject?: { kind: SubjectKind; ids: readonly string[] };
  nos?: readonly string[];
}

export const caseOrders = {
  stake: { columns: ["stake_ore", "stake_minutes", "no"], down: true },
  certainty: { columns: ["certainty", "stake_ore", "no"], down: true },
  age: { columns: ["opened_at", "no"], down: false },
  due: { columns: ["due_on", "no"], down: false },
} as const;
export type CaseOrder = keyof typeof caseOrders;

function whereOf(tenantId: string, scope: CaseScope, selection: CaseSelection): Where {
  const where = new Where(tenantId, scope);
  const { provider, unit, rule, fromDay, throughDay, stakeOreMin, stakeMinutesMin, assignedTo, snoozed } = selection;
  if (provider !== undefined) where.add("c.provider = ?", provider);
  if (unit !== undefined) where.add("? = ANY (c.units)", unit);
  if (rule !== undefined) where.add("? = ANY (c.rules)", rule);
  if (fromDay !== undefined) where.add("c.last_day >= ?", formatDay(fromDay));
  if (throughDay !== undefined) where.add("c.first_day <= ?", formatDay(throughDay));
  if (stakeOreMin !== undefined) where.add("c.stake_ore >= ?", stakeOreMin);
  if (stakeMinutesMin !== undefined) where.add("c.stake_minutes >= ?", stakeMinutesMin);
  if (assignedTo === null) where.add("c.assigned_to IS NULL");
  else if (assignedTo !== undefined) where.add("c.assigned_to = ?", assignedTo);
  if (snoozed?.is === true) where.add("c.snoozed_until > ?", formatDay(snoozed.day));
  if (snoozed?.is === false) where.add("(c.snoozed_until IS NULL OR c.snoozed_until <= ?)", formatDay(snoozed.day));
  if (selection.changed === true) where.add("c.changed_at IS NOT NULL");
  if (selection.subject !== undefined) {
    where.add("c.subject_kind = ? AND c.subject = ANY (?::text[])", selection.subject.kind, selection.subject.ids);
  }
  if (selection.nos !== undefined) where.add("c.no = ANY (?::text[])", selection.nos);
  return where;
}

function narrowed(where: Where, { states, level }: CaseSelection): Where {
  if (states !== undefined) where.add("c.state = ANY (?::text[])", states);
  if (level !== undefined) where.add("c.level = ?", level);
  return where;
}

const columns = `c.no, c.provider, c.subject_kind AS "subjectKind", c.subject, c.units, c.rules, c.state, c.assigned_to AS "assignedTo",
  c.assigned_name AS "assignedName", c.explanation_due_on AS "explanationDueOn", c.due_on AS "dueOn", c.heard,
  c.snoozed_until AS "snoozedUntil", c.outcome, c.claim_ore AS "claimOre", c.proposed_by AS "proposedBy",
  c.proposed_name AS "proposedName", c.proposed_at AS "proposedAt", c.decided_by AS "decidedBy",
  c.decided_name AS "decidedName", c.decided_at AS "decidedAt", c.level, c.certainty, c.stake_minutes AS "stakeMinutes",
  c.stake_ore AS "stakeOre", c.findings, c.gone, c.first_day AS "firstDay", c.last_day AS "lastDay",
  c.opened_at AS "openedAt", c.updated_at AS "updatedAt", c.changed_at AS "changedAt", c.closed_at AS "closedAt", c.version`;

/** One page of cases in an order; `after` are the values of the last row of the page before, as `places` gives them. */
export async function selectCases(
  { pool }: Database,
  tenantId: string,
  scope: CaseScope,
  {
    order,
    after,
    limit,
    ...selection
  }: CaseSelection & { order: CaseOrder; after?: readonly unknown[]; limit: number },
): Promise<{ cases: StoredCase[]; places: unknown[][] }> {
  const where = narrowed(whereOf(tenantId, scope, selection), selection);
  const { columns: keys, down } = caseOrders[order];
  // What has no day is in no order of days.
  if (order === "due") where.add("c.due_on IS NOT NULL");
  const names = keys.map((key) => `c.${key}`);
  if (after !== undefined) {
    where.add(`(${names.join(", ")}) ${down ? "<" : ">"} (${keys.map(() => "?").join(", ")})`, ...after);
  }
  const { rows } = await pool.query<StoredCase & { at: unknown[] }>(
    `SELECT ${columns}, json_build_array(${names.join(", ")}) AS at FROM cases c WHERE ${where.text}
     ORDER BY ${names.map((name) => `${name} ${down ? "DESC" : "ASC"}`).join(", ")} LIMIT ${limit}`,
    where.values,
  );
  return {
    cases: rows.map((row) => shown(without(row, "at"))),
    places: rows.map(({ at }) => at),
  };
}

export interface CaseCount {
  state: CaseState;
  level: Level;
  cases: number;
  stakeOre: number;
  stakeMinutes: number;
}

/** How many cases a selection has by state and level, as if it chose neither. */
export async function countCases(
  { pool }: Database,
  tenantId: string,
  scope: CaseScope,
  selection: CaseSelection,
): Promise<CaseCount[]> {
  const where = whereOf(tenantId, scope, selection);
  const { rows } = await pool.query<CaseCount>(
    `SELECT state, level, count(*) AS cases, sum(stake_ore)::int8 AS "stakeOre", sum(stake_minutes) AS "stakeMinutes"
     FROM cases c WHERE ${where.text} GROUP BY state, level`,
    where.values,
  );
  return rows;
}

/** Of the cases in some states that are not put off beyond a day: how many are somebody's, and how many nobody's. */
export async function countAssignedCases(
  { pool }: Database,
  tenantId: string,
  scope: CaseScope,
  { states, day, to }: { states: readonly CaseState[]; day: Day; to: string },
): Promise<{ theirs: number; free: number }> {
  const where = narrowed(whereOf(tenantId, scope, { snoozed: { day, is: false } }), { states });
  where.add("(c.assigned_to IS NULL OR c.assigned_to = ?)", to);
  const { rows } = await pool.query<{ theirs: number; free: number }>(
    `SELECT count(c.assigned_to) AS theirs, count(*) FILTER (WHERE c.assigned_to IS NULL) AS free FROM cases c WHERE ${where.text}`,
    where.values,
  );
  return rows[0]!;
}

export async function selectCase(
  { pool }: Database,
  tenantId: string,
  scope: CaseScope,
  no: string,
): Promise<StoredCase | null> {
  const where = whereOf(tenantId, scope, { nos: [no] });
  const { rows } = await pool.query<StoredCase>(`SELECT ${columns} FROM cases c WHERE ${where.text}`, where.values);
  return rows[0] === undefined ? null : shown(rows[0]);
}

/** Of which the provider has to answer, as far as it may know: whoever is reported to the police is not told of it. */
const waits = `c.explanation_due_on IS NOT NULL AND (c.state NOT IN ('decided', 'closed') OR c.outcome IS NOT DISTINCT FROM 'police-report')`;

/**
 * Cases of a provider in which it was asked, with when it last was: by number from the one after `after` on, or without
 * the first `offset`, those that wait for its answer, the most urgent first, and then the newest.
 */
export async function selectAskedCases(
  { pool }: Database,
  tenantId: string,
  scope: CaseScope,
  provider: string,
  { limit, ...page }: { limit: number } & ({ after: string } | { offset: number }),
): Promise<Array<{ stored: StoredCase; askedAt: Instant }>> {
  const where = whereOf(tenantId, scope, { provider });
  const asked = `SELECT max(e.at) AS at FROM case_events e WHERE e.tenant_id = $1 AND e.case_no = c.no AND e.kind = 'request-explanation'`;
  if ("after" in page) where.add("c.no > ?", page.after);
  const order =
    "after" in page
      ? "c.no"
      : `(${waits}) DESC, CASE WHEN ${waits} THEN c.explanation_due_on END, a.at DESC, c.no DESC OFFSET ${page.offset}`;
  const { rows } = await pool.query<StoredCase & { askedAt: Instant }>(
    `SELECT ${columns}, a.at AS "askedAt" FROM cases c JOIN LATERAL (${asked}) a ON a.at IS NOT NULL
     WHERE ${where.text} ORDER BY ${order} LIMIT ${limit}`,
    where.values,
  );
  return rows.map(({ askedAt, ...row }) => ({ stored: shown(row), askedAt }));
}

/** In how many cases a provider's answer is waited for, and by when the first. */
export async function countAskedCases(
  { pool }: Database,
  tenantId: string,
  scope: CaseScope,
  provider: string,
): Promise<{ waiting: number; nextDueOn: Day | null }> {
  const where = whereOf(tenantId, scope, { provider });
  const { rows } = await pool.query<{ waiting: number; nextDueOn: Day | null }>(
    `SELECT count(*)::int AS waiting, min(c.explanation_due_on) AS "nextDueOn" FROM cases c WHERE ${where.text} AND ${waits}`,
    where.values,
  );
  return rows[0]!;
}

/** Other cases of the same key, or about the same person with another provider; the latest first. */
export async function selectEarlierCases(
  { pool }: Database,
  tenantId: string,
  scope: CaseScope,
  { no, subjectKind, subject, provider }: Pick<StoredCase, "no" | "subjectKind" | "subject" | "provider">,
): Promise<StoredCase[]> {
  const where = whereOf(tenantId, scope, { subject: { kind: subjectKind, ids: [subject] } });
  where.add("c.no <> ?", no);
  // A source's cases are the provider's whose data it is.
  if (subjectKind === "source") where.add("c.provider IS NOT DISTINCT FROM ?", provider);
  const { rows } = await pool.query<StoredCase>(
    `SELECT ${columns} FROM cases c WHERE ${where.text} ORDER BY c.opened_at DESC, c.no DESC LIMIT 20`,
    where.values,
  );
  return rows.map(shown);
}

/** Holds a case for the rest of the transaction, so that of two steps at once the second sees what the first did. */
export async function lockCase(
  { client }: Transaction,
  tenantId: string,
  scope: CaseScope,
  no: string,
): Promise<StoredCase | null> {
  const where = whereOf(tenantId, scope, { nos: [no] });
  const { rows } = await client.query<StoredCase>(
    `SELECT ${columns} FROM cases c WHERE ${where.text} FOR UPDATE`,
    where.values,
  );
  return rows[0] ?? null;
}

/** Holds the next case that nobody has, passing over those that others are just taking. */
export async function lockNextCase(
  { client }: Transaction,
  tenantId: string,
  scope: CaseScope,
  { order, ...selection }: CaseSelection & { order: CaseOrder },
): Promise<StoredCase | null> {
  const where = narrowed(whereOf(tenantId, scope, selection), selection);
  if (order === "due") where.add("c.due_on IS NOT NULL");
  const { columns: keys, down } = caseOrders[order];
  const { rows } = await client.query<StoredCase>(
    `SELECT ${columns} FROM cases c WHERE ${where.text}
     ORDER BY ${keys.map((key) => `c.${key} ${down ? "DESC" : "ASC"}`).join(", ")} LIMIT 1 FOR UPDATE SKIP LOCKED`,
    where.values,
  );
  return rows[0] ?? null;
}

export type CasePatch = Partial<
  Pick<
    Stored,
    | "state"
    | "assignedTo"
    | "assignedName"
    | "explanationDueOn"
    | "dueOn"
    | "heard"
    | "snoozedUntil"
    | "outcome"
    | "claimOre"
    | "proposedBy"
    | "proposedName"
    | "proposedAt"
    | "decidedBy"
    | "decidedName"
    | "decidedAt"
    | "closedAt"
    | "changedAt"
  >
>;

export interface NewCaseEvent {
  at: Instant;
  by: string;
  byName: string;
  kind: string;
  data: Record<string, unknown>;
  /** Encrypted. */
  sealed: Buffer | null;
}

export async function insertCaseEvent(
  { orm }: Pick<Transaction, "orm">,
  tenantId: string,
  caseNo: string,
  { data, ...event }: NewCaseEvent,
): Promise<void> {
  await orm.insert(caseEvents).values({ tenantId, caseNo, ...event, data: JSON.stringify(data) });
}

/** Writes a step of a case that is held, and gives its version after. Once somebody has begun, its findings are in a case. */
export async function writeCase(
  { orm, client }: Transaction,
  tenantId: string,
  before: Pick<StoredCase, "no" | "state" | "version">,
  patch: CasePatch,
  at: Instant,
): Promise<number> {
  const version = before.version + 1;
  await orm
    .update(cases)
    .set({ changedAt: null, ...patch, updatedAt: at, version })
    .where(and(eq(cases.tenantId, tenantId), eq(cases.no, before.no)));
  const after = patch.state ?? before.state;
  if ((before.state === "new") !== (after === "new")) {
    await client.query(
      `UPDATE findings f SET status = $3 FROM case_findings cf WHERE cf.tenant_id = $1 AND cf.case_no = $2
         AND cf.gone_at IS NULL AND f.tenant_id = $1 AND f.id = cf.finding_id AND f.status IN ('open', 'in-case')`,
      [tenantId, before.no, after === "new" ? "open" : "in-case"],
    );
  }
  return version;
}

/** The undecided case of the same key, if there is another. No night opens one for the rest of the transaction. */
export async function selectUndecidedTwin(
  { client }: Transaction,
  tenantId: string,
  no: string,
): Promise<string | null> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('klarsyn cases ' || $1, 0))", [tenantId]);
  const { rows } = await client.query<{ no: string }>(
    `SELECT t.no FROM cases c JOIN cases t ON t.tenant_id = $1 AND t.key = c.key AND t.no <> c.no
       AND t.state NOT IN ('decided', 'closed') WHERE c.tenant_id = $1 AND c.no = $2`,
    [tenantId, no],
  );
  return rows[0]?.no ?? null;
}

/** Users with a role, by the id that stands beside what they do. */
export async function selectColleagues(
  { orm }: Database,
  tenantId: string,
  role: string,
): Promise<Array<{ id: string; name: string }>> {
  return orm
    .select({ id: users.subject, name: users.name })
    .from(users)
    .where(and(eq(users.tenantId, tenantId), arrayContains(users.roles, [role])))
    .orderBy(asc(users.no));
}

export type StoredCaseFinding = Omit<typeof caseFindings.$inferSelect, "tenantId" | "caseNo" | "judgement"> & {
  judgement: Judgement | null;
};

export async function selectCaseFindings(
  { orm }: Pick<Database, "orm">,
  tenantId: string,
  no: string,
): Promise<StoredCaseFinding[]> {
  const rows = await orm
    .select()
    .from(caseFindings)
    .where(and(eq(caseFindings.tenantId, tenantId), eq(caseFindings.caseNo, no)))
    .orderBy(asc(caseFindings.findingId));
  return rows.map((row) => ({
    ...without(row, "tenantId", "caseNo"),
    judgement: row.judgement as Judgement | null,
  }));
}

/** Sets what a person found findings of a case to be, each for itself; null leaves it to the decision. Gives which were in it. */
export async function setJudgements(
  tx: Transaction,
  tenantId: string,
  no: string,
  judgement: Judgement | null,
  findingIds: readonly string[],
  judged: { at: Instant; by: string },
): Promise<string[]> {
  const rows = await tx.orm
    .update(caseFindings)
    .set({ judgement })
    .where(
      and(
        eq(caseFindings.tenantId, tenantId),
        eq(caseFindings.caseNo, no),
        inArray(caseFindings.findingId, [...findingIds]),
      ),
    )
    .returning({ id: caseFindings.findingId });
  const ids = rows.map(({ id }) => id).sort();
  await tx.client.query(
    `INSERT INTO dispositions (tenant_id, finding_id, rule_id, rule_version, outcome, judged_at, judged_by)
     SELECT $1, id, rule_id, rule_version, $3, $4, $5 FROM findings
     WHERE tenant_id = $1 AND id = ANY ($2::text[]) ORDER BY id`,
    [tenantId, ids, judgement ?? "withdrawn", new Date(judged.at), judged.by],
  );
  return ids;
}

/**
 * Writes what a decision takes the findings of a case for, in the precision of their rules; of those that somebody has
 * judged on their own, that counts. Findings that went because a rule or an exception was changed say nothing of the rule.
 * Null takes such judgements back.
 */
export async function judgeByDecision(
  { client }: Transaction,
  tenantId: string,
  no: string,
  judgementOf: ((level: Level) => Judgement) | null,
  judged: { at: Instant; by: string },
): Promise<void> {
  const levels: readonly Level[] = ["quality", "error", "indicator", "pattern"];
  await client.query(
    `INSERT INTO dispositions (tenant_id, finding_id, rule_id, rule_version, outcome, judged_at, judged_by)
     SELECT $1, f.id, f.rule_id, f.rule_version, l.judgement, $3, $4
     FROM case_findings cf JOIN findings f ON f.tenant_id = $1 AND f.id = cf.finding_id
       JOIN unnest($5::text[], $6::text[]) AS l (level, judgement) ON l.level = f.level
     WHERE cf.tenant_id = $1 AND cf.case_no = $2 AND cf.judgement IS NULL
       AND coalesce(cf.gone_as, 'corrected-at-source') = 'corrected-at-source' ORDER BY f.id`,
    [tenantId, no, new Date(judged.at), judged.by, levels, levels.map((level) => judgementOf?.(level) ?? "withdrawn")],
  );
}

export type StoredCaseEvent = Omit<typeof caseEvents.$inferSelect, "tenantId" | "caseNo" | "data"> & {
  data: Record<string, unknown>;
};

/** The history of a case, oldest first. */
export async function selectCaseEvents({ orm }: Database, tenantId: string, no: string): Promise<StoredCaseEvent[]> {
  const rows = await orm
    .select()
    .from(caseEvents)
    .where(and(eq(caseEvents.tenantId, tenantId), eq(caseEvents.caseNo, no)))
    .orderBy(asc(caseEvents.id));
  return rows.map((row) => ({
    ...without(row, "tenantId", "caseNo"),
    data: JSON.parse(row.data) as Record<string, unknown>,
  }));
}

export type StoredAttachment = Omit<typeof caseAttachments.$inferSelect, "tenantId" | "content" | "sha256">;

/** What is attached to a case, without the content. */
export async function selectAttachments({ orm }: Database, tenantId: string, no: string): Promise<StoredAttachment[]> {
  const { caseNo, id, name, type, bytes, at, by, byName } = caseAttachments;
  return orm
    .select({ caseNo, id, name, type, bytes, at, by, byName })
    .from(caseAttachments)
    .where(and(eq(caseAttachments.tenantId, tenantId), eq(caseAttachments.caseNo, no)))
    .orderBy(asc(caseAttachments.at), asc(caseAttachments.id));
}

export async function selectAttachment(
  { orm }: Database,
  tenantId: string,
  no: string,
  id: string,
): Promise<(StoredAttachment & { content: Buffer }) | null> {
  const [row] = await orm
    .select()
    .from(caseAttachments)
    .where(and(eq(caseAttachments.tenantId, tenantId), eq(caseAttachments.caseNo, no), eq(caseAttachments.id, id)));
  return row === undefined ? null : without(row, "tenantId", "sha256");
}

export async function insertAttachment(
  { orm }: Transaction,
  tenantId: string,
  attachment: Omit<typeof caseAttachments.$inferSelect, "tenantId">,
): Promise<void> {
  await orm.insert(caseAttachments).values({ tenantId, ...attachment });
}

export type StoredView = Omit<typeof savedViews.$inferSelect, "tenantId">;

export async function selectViews({ orm }: Database, tenantId: string, owner: string): Promise<StoredView[]> {
  const rows = await orm
    .select()
    .from(savedViews)
    .where(and(eq(savedViews.tenantId, tenantId), eq(savedViews.owner, owner)))
    .orderBy(asc(savedViews.name));
  return rows.map((row) => without(row, "tenantId"));
}

/** Keeps a filter under a name; one of the same name is replaced. */
export async function upsertView({ orm }: Database, tenantId: string, view: Omit<StoredView, "id">): Promise<void> {
  const { filter, savedAt } = view;
  await orm
    .insert(savedViews)
    .values({ tenantId, ...view })
    .onConflictDoUpdate({ target: [savedViews.tenantId, savedViews.owner, savedViews.name], set: { filter, savedAt } });
}

/** False where the owner has no such view. */
export async function deleteView({ orm }: Database, tenantId: string, owner: string, id: number): Promise<boolean> {
  const gone = await orm
    .delete(savedViews)
    .where(and(eq(savedViews.tenantId, tenantId), eq(savedViews.owner, owner), eq(savedViews.id, id)))
    .returning({ id: savedViews.id });
  return gone.length > 0;
}

export type StoredBatch = Omit<typeof caseBatches.$inferSelect, "tenantId" | "before"> & { before: unknown };

export async function insertBatch({ orm }: Transaction, tenantId: string, batch: StoredBatch): Promise<void> {
  await orm.insert(caseBatches).values({ tenantId, ...batch, before: JSON.stringify(batch.before) });
}

/** Marks a batch of somebody's as undone and gives it; null where there is none, or it has been undone. */
export async function takeBatch(
  { orm }: Transaction,
  tenantId: string,
  by: string,
  id: string,
  at: Instant,
): Promise<StoredBatch | null> {
  const [row] = await orm
    .update(caseBatches)
    .set({ undoneAt: at })
    .where(
      and(
        eq(caseBatches.tenantId, tenantId),
        eq(caseBatches.id, id),
        eq(caseBatches.by, by),
        isNull(caseBatches.undoneAt),
      ),
    )
    .returning();
  return row === undefined ? null : { ...without(row, "tenantId"), before: JSON.parse(row.before) as unknown };
}

/**
 * Cases in which something is due: of `by` and of nobody those with a day through `through`, an answer to read, or put
 * off until a day from `since` on; and, for whoever decides, what others have proposed.
 */
export async function selectDueCases(
  { pool }: Database,
  tenantId: string,
  scope: CaseScope,
  { by, decides, today, through, since }: { by: string; decides: boolean; today: Day; through: Day; since: Day },
): Promise<StoredCase[]> {
  const where = new Where(tenantId, scope);
  where.add(
    `((c.assigned_to IS NULL OR c.assigned_to = ?) AND (
       (c.due_on <= ? AND c.state IN ('explanation-requested', 'decided')) OR c.state = 'explanation-received'
       OR (c.snoozed_until BETWEEN ? AND ? AND c.state NOT IN ('decided', 'closed')))
     OR (? AND c.state = 'decision-proposed' AND c.proposed_by <> ?))`,
    by,
    formatDay(through),
    formatDay(since),
    formatDay(today),
    decides,
    by,
  );
  const { rows } = await pool.query<StoredCase>(
    `SELECT ${columns} FROM cases c WHERE ${where.text} ORDER BY c.due_on NULLS LAST, c.no LIMIT 200`,
    where.values,
  );
  return rows.map(shown);
}

/** Somebody as findings may name them. */
export interface NamedPerson {
  id: string;
  names: string[];
}

/** Those whom a source knows by an id, an identity number's hash, or a name, which is decrypted one by one. */
export async function selectSoughtPeople(
  { pool }: Database,
  tenantId: string,
  who: "client" | "staff",
  sought: { id: string; hash: Buffer | null; byName: boolean; named: (sealed: Buffer) => boolean },
): Promise<NamedPerson[]> {
  const table = who === "client" ? "clients" : "staff";
  const hidden = who === "client" ? "coalesce(p.protection >= 1, false)" : "false";
  const { rows } = await pool.query<{
    id: string;
    source: string;
    pid: string | null;
    name: Buffer | null;
    exact: boolean;
  }>(
    `SELECT p.id, k.id AS source, 'pid:' || encode(p.personal_identity_number_hash, 'hex') AS pid,
       CASE WHEN NOT ${hidden} THEN p.name END AS name,
       p.id = $2 OR coalesce(p.personal_identity_number_hash = $3, false) AS exact
     FROM ${table} p JOIN sources_known k ON k.tenant_id = $1 AND k.no = p.source_no
     WHERE p.tenant_id = $1 AND NOT p.deleted
       AND ($4 OR p.id = $2 OR p.personal_identity_number_hash = $3) ORDER BY p.id, k.no`,
    [tenantId, sought.id, sought.hash, sought.byName],
  );
  const found = new Map<string, NamedPerson>();
  for (const { id, source, pid, name, exact } of rows) {
    if (!exact && (name === null || !sought.named(name))) continue;
    const person = found.get(pid ?? `${source}/${id}`) ?? { id, names: pid === null ? [] : [pid] };
    person.names.push(id, `${source}/${id}`);
    found.set(pid ?? `${source}/${id}`, person);
  }
  return [...found.values()];
}

/** Cases about somebody, and those in whose findings they are; the latest first. */
export async function selectCasesOfPerson(
  { pool }: Database,
  tenantId: string,
  scope: CaseScope,
  who: "client" | "staff",
  names: readonly string[],
): Promise<StoredCase[]> {
  const where = new Where(tenantId, scope);
  where.add(
    `((c.subject_kind = ? AND c.subject = ANY (?::text[])) OR c.no IN (
       SELECT cf.case_no FROM findings f JOIN case_findings cf ON cf.tenant_id = $1 AND cf.finding_id = f.id
       WHERE f.tenant_id = $1 AND f.${who} = ANY (?::text[])))`,
    who,
    names,
    names,
  );
  const { rows } = await pool.query<StoredCase>(
    `SELECT ${columns} FROM cases c WHERE ${where.text} ORDER BY c.opened_at DESC, c.no DESC LIMIT 50`,
    where.values,
  );
  return rows.map(shown);
}
