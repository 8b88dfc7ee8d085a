import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  doublePrecision,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { bytea, instant, localDay } from "./columns.ts";

const big = () => bigint({ mode: "number" });
const texts = () =>
  text()
    .array()
    .notNull()
    .default(sql`'{}'`);

/**
 * What a handler works on: the findings about one person, client or unit of a provider until something is decided about
 * them. A key has one case that is not decided; findings that come after the decision open another. Sums are of the
 * findings that stand, kept so that a queue is read without them; of what two findings say about the same record the
 * higher counts.
 */
export const cases = pgTable(
  "cases",
  {
    tenantId: text().notNull(),
    no: text().notNull(), // 2026-00042
    key: text().notNull(), // provider, kind and id of the subject
    provider: text(),
    subjectKind: text().notNull(), // staff, client, unit, provider or source
    subject: text().notNull(), // "" for a source
    units: texts(), // of its findings
    areas: texts(), // in which the clients of its findings live
    rules: texts(), // of the findings that stand
    state: text().notNull(),
    assignedTo: text(),
    assignedName: text(),
    explanationDueOn: localDay(), // of an explanation that has not come
    dueOn: localDay(), // what is to be done next, by when
    heard: boolean().notNull().default(false),
    snoozedUntil: localDay(),
    outcome: text(), // proposed or decided
    claimOre: big(), // what the outcome is about
    proposedBy: text(),
    proposedName: text(),
    proposedAt: instant(),
    decidedBy: text(),
    decidedName: text(),
    decidedAt: instant(),
    level: text().notNull(), // the most certain of its findings
    certainty: doublePrecision().notNull(), // level, then how often its best rule has been right
    stakeMinutes: integer().notNull(),
    stakeOre: big().notNull(),
    findings: integer().notNull(), // that stand
    gone: integer().notNull(),
    firstDay: localDay().notNull(),
    lastDay: localDay().notNull(),
    openedAt: instant().notNull(),
    updatedAt: instant().notNull(),
    changedAt: instant(), // findings came, went or changed since somebody last did something
    closedAt: instant(),
    version: integer().notNull(), // raised by everything that a decision could overlook
  },
  (t) => [
    primaryKey({ name: "cases_one_per_number", columns: [t.tenantId, t.no] }),
    uniqueIndex("cases_one_undecided_per_key")
      .on(t.tenantId, t.key)
      .where(sql`${t.state} NOT IN ('decided', 'closed')`),
    index("cases_by_key").on(t.tenantId, t.key),
    index("cases_by_subject").on(t.tenantId, t.subjectKind, t.subject),
    index("cases_by_stake").on(t.tenantId, t.stakeOre, t.stakeMinutes, t.no),
    index("cases_by_certainty").on(t.tenantId, t.certainty, t.stakeOre, t.no),
    index("cases_by_age").on(t.tenantId, t.openedAt, t.no),
    index("cases_by_assignee").on(t.tenantId, t.assignedTo),
    index("cases_by_due_day")
      .on(t.tenantId, t.dueOn)
      .where(sql`${t.dueOn} is not null`),
    // What somebody may have to be reminded of, of a table that keeps all that was ever decided.
    index("cases_to_see_to")
      .on(t.tenantId)
      .where(
        sql`due_on IS NOT NULL OR snoozed_until IS NOT NULL OR state IN ('explanation-received', 'decision-proposed')`,
      ),
  ],
);

/** The number that was given last in a year. */
export const caseNumbers = pgTable(
  "case_numbers",
  { tenantId: text().notNull(), year: integer().notNull(), last: integer().notNull() },
  (t) => [primaryKey({ name: "case_numbers_one_row_per_year", columns: [t.tenantId, t.year] })],
);

/** A finding in a case. It stays when the finding is gone, and says since when and as what. */
export const caseFindings = pgTable(
  "case_findings",
  {
    tenantId: text().notNull(),
    caseNo: text().notNull(),
    findingId: text().notNull(),
    about: text().notNull(), // the record that it rests on first; of several findings about one the highest stake counts
    changes: integer().notNull(), // of the finding, as far as the history of the case tells
    judgement: text(), // by a person, for this finding alone
    joinedAt: instant().notNull(),
    goneAt: instant(),
    goneAs: text(), // corrected-at-source, rule-changed, on-trial or excepted
  },
  (t) => [
    primaryKey({ name: "case_findings_once_per_case", columns: [t.tenantId, t.caseNo, t.findingId] }),
    index("case_findings_by_finding").on(t.tenantId, t.findingId),
    foreignKey({
      name: "case_findings_belong_to_a_case",
      columns: [t.tenantId, t.caseNo],
      foreignColumns: [cases.tenantId, cases.no],
    }),
  ],
);

/** The history of a case, comments included. Rows are only ever added. What people have written is encrypted. */
export const caseEvents = pgTable(
  "case_events",
  {
    tenantId: text().notNull(),
    caseNo: text().notNull(),
    id: big().notNull().generatedAlwaysAsIdentity(),
    at: instant().notNull(),
    by: text().notNull(), // "klarsyn" where a night wrote it
    byName: text().notNull(),
    kind: text().notNull(),
    data: text().notNull(), // JSON, nothing about people
    sealed: bytea(), // encrypted JSON: what was written
  },
  (t) => [
    primaryKey({ name: "case_events_in_order", columns: [t.tenantId, t.caseNo, t.id] }),
    foreignKey({
      name: "case_events_belong_to_a_case",
      columns: [t.tenantId, t.caseNo],
      foreignColumns: [cases.tenantId, cases.no],
    }),
  ],
);

/** A file of a case; name and content encrypted. Never changed, never deleted before its case is. */
export const caseAttachments = pgTable(
  "case_attachments",
  {
    tenantId: text().notNull(),
    caseNo: text().notNull(),
    id: text().notNull(),
    name: bytea().notNull(), // encrypted
    type: text().notNull(), // media type, told from the content
    bytes: integer().notNull(), // before encryption
    sha256: bytea().notNull(), // of the plain content
    content: bytea().notNull(), // encrypted
    at: instant().notNull(),
    by: text().notNull(),
    byName: text().notNull(),
  },
  (t) => [
    primaryKey({ name: "case_attachments_one_per_id", columns: [t.tenantId, t.id] }),
    index("case_attachments_by_case").on(t.tenantId, t.caseNo),
    foreignKey({
      name: "case_attachments_belong_to_a_case",
      columns: [t.tenantId, t.caseNo],
      foreignColumns: [cases.tenantId, cases.no],
    }),
  ],
);

/** A filter of the queue that somebody keeps under a name. */
export const savedViews = pgTable(
  "saved_views",
  {
    tenantId: text().notNull(),
    id: big().notNull().generatedAlwaysAsIdentity(),
    owner: text().notNull(),
    name: text().notNull(),
    filter: text().notNull(), // JSON
    savedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: "saved_views_one_per_id", columns: [t.tenantId, t.id] }),
    unique("saved_views_one_per_name").on(t.tenantId, t.owner, t.name),
  ],
);

/** One step that somebody took with many cases at once, with how they were before, so that it can be taken back. */
export const caseBatches = pgTable(
  "case_batches",
  {
    tenantId: text().notNull(),
    id: text().notNull(),
    kind: text().notNull(),
    at: instant().notNull(),
    by: text().notNull(),
    before: text().notNull(), // JSON: of each case its number, the version after and what it was before
    undoneAt: instant(),
  },
  (t) => [primaryKey({ name: "case_batches_one_per_id", columns: [t.tenantId, t.id] })],
);

/** Visits drawn at random in a month, with how many there were to draw from. */
export const controlDraws = pgTable(
  "control_draws",
  {
    tenantId: text().notNull(),
    id: text().notNull(),
    month: text().notNull(), // YYYY-MM
    sizes: text().notNull(), // JSON: visits by stratum, and flagged ones by rule
    drawnAt: instant().notNull(),
    drawnBy: text().notNull(),
  },
  (t) => [
    primaryKey({ name: "control_draws_one_per_id", columns: [t.tenantId, t.id] }),
    index("control_draws_by_month").on(t.tenantId, t.month),
  ],
);

/** A drawn visit. Whoever judges it does not see `stratum` and `rules`. */
export const controlSamples = pgTable(
  "control_samples",
  {
    tenantId: text().notNull(),
    id: text().notNull(),
    draw: text().notNull(),
    position: integer().notNull(), // in the order in which they are judged, the strata mixed
    source: text().notNull(),
    visit: text().notNull(),
    provider: text(),
    unit: text(),
    client: text(),
    stratum: text().notNull(), // flagged, suppressed or unflagged
    rules: texts(), // that reported the visit
    judgedAt: instant(),
    judgedBy: text(),
    verdict: text(), // right, wrong or unclear
    problems: texts(), // rules that should have reported it
    note: bytea(), // encrypted
  },
  (t) => [
    primaryKey({ name: "control_samples_one_per_id", columns: [t.tenantId, t.id] }),
    unique("control_samples_one_place_per_draw").on(t.tenantId, t.draw, t.position),
    foreignKey({
      name: "control_samples_belong_to_a_draw",
      columns: [t.tenantId, t.draw],
      foreignColumns: [controlDraws.tenantId, controlDraws.id],
    }),
  ],
);
