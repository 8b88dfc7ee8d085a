import { z } from "zod";
import type { CaseState, Judgement, OutcomeName, PossibleStep, SubjectKind } from "#case";
import { caseStates } from "#case";
import { type Day, type EntityName, type Instant, type Month, type Ore, parseDate } from "#model";
import type { EvidenceNode, Level, Precision, Severity } from "#rule";
import type { FindingMode, FindingStatus } from "#store";

/** Everything that names a case in a form: `version` is the one that whoever fills it in has seen. */
export interface CaseVersion {
  no: string;
  version: number;
}

const day = z.iso.date().transform((text) => parseDate(text) ?? 0);
/** The database counts minutes no further. */
const digits = z.coerce.number().int().min(0).max(2_147_483_647);
const name = z.string().min(1).max(200);

/** What of the queue somebody wants to see, as an address or a saved view says it. Amounts in whole kronor. */
export const queueFilter = z.object({
  /** open: nothing is decided; mine: assigned to whoever asks and not closed. */
  state: z.enum(["open", "all", ...caseStates]).default("open"),
  provider: name.optional(),
  unit: name.optional(),
  rule: name.optional(),
  level: z.enum(["quality", "error", "indicator", "pattern"]).optional(),
  /** Findings of which meet these days, both included. */
  from: day.optional(),
  through: day.optional(),
  kronorMin: digits.optional(),
  minutesMin: digits.optional(),
  /** me, nobody, or the id of a user. */
  assigned: name.optional(),
  /** Those that somebody has put off: hidden until their day has come. */
  snoozed: z.enum(["hidden", "only", "also"]).default("hidden"),
  /** Only those whose findings have changed since somebody worked on them. */
  changed: z.stringbool().optional(),
  sort: z.enum(["stake", "certainty", "age", "due"]).default("stake"),
  /** Where the page before ended. */
  after: z.string().max(300).optional(),
});
export type QueueFilter = z.output<typeof queueFilter>;
/** As it stands in an address. */
export type QueueQuery = z.input<typeof queueFilter>;

export interface CaseSubject {
  kind: SubjectKind;
  /** "" for a source. */
  id: string;
}

/** A case as a list shows it. */
export interface CaseRow extends CaseVersion {
  state: CaseState;
  provider: string | null;
  subject: CaseSubject;
  units: readonly string[];
  /** Of the findings that stand. */
  rules: readonly string[];
  level: Level;
  stakeMinutes: number;
  stakeOre: Ore;
  /** That stand, and that are gone since they joined. */
  findings: number;
  gone: number;
  firstDay: Day;
  lastDay: Day;
  assignedTo: string | null;
  assignedName: string | null;
  dueOn: Day | null;
  snoozedUntil: Day | null;
  outcome: OutcomeName | null;
  openedAt: Instant;
  /** Findings came, went or changed since somebody last did something. */
  changedAt: Instant | null;
}

export interface QueuePage {
  cases: CaseRow[];
  /** `after` of the next page; null: this is the last. */
  next: string | null;
  /** Of all that the filter lets through. */
  total: number;
  stakeOre: Ore;
  stakeMinutes: number;
  /** The same, by state and by level. */
  states: Partial<Record<CaseState, number>>;
  levels: Partial<Record<Level, number>>;
}

/** What the rule of a finding says, and how often it has been right. */
export interface CaseRule {
  id: string;
  title: string;
  why: string;
  remedy: string;
  /** Innocent causes that it excludes before it reports. */
  innocent: readonly string[];
  precision: Precision;
}

export interface RecordName {
  entity: EntityName;
  source: string;
  id: string;
}

export interface CaseFinding {
  id: string;
  rule: CaseRule;
  level: Level;
  severity: Severity;
  mode: FindingMode;
  status: FindingStatus;
  closedAs: string | null;
  fromDay: Day;
  throughDay: Day;
  provider: string | null;
  unit: string | null;
  client: string | null;
  staff: string | null;
  reason: string;
  evidence: readonly EvidenceNode[];
  records: readonly RecordName[];
  minutes: number | null;
  amountOre: Ore | null;
  /** How often what it says has changed. */
  changes: number;
  joinedAt: Instant;
  goneAt: Instant | null;
  goneAs: string | null;
  /** By a person for this finding alone; null: what the decision takes it for. */
  judgement: Judgement | null;
  /** The contract's clauses that its figures rest on. */
  clauses: readonly CaseClause[];
}

export interface CaseClause {
  contract: string;
  clause: string;
  /** What it says of these minutes, in words. */
  text: string | null;
}

/** One version of a record, by the fields that it has. */
export interface RecordVersion {
  version: number | null;
  receivedAt: Instant | null;
  /** The version in force, unless its source has deleted it. */
  inForce: boolean;
  deleted: boolean;
  /** Where it lies in the ledger. */
  page: number;
  index: number;
  fields: ReadonlyArray<{ field: string; value: FieldValue; masked: boolean; changed: boolean }>;
}
export type FieldValue =
  | { kind: "text" | "code"; text: string }
  | { kind: "number"; number: number }
  | { kind: "instant"; at: Instant }
  | { kind: "date"; day: Day }
  | { kind: "boolean"; yes: boolean }
  | { kind: "person"; who: "client" | "staff"; id: string };

/** A record that findings rest on, newest version first. */
export interface CaseRecord extends RecordName {
  findings: readonly string[];
  versions: readonly RecordVersion[];
}

/** How a source behaved on a day that findings are about. */
export interface SourceDay {
  source: string;
  day: Day;
  records: number;
  /** Median of the same weekday; null: too few to say. */
  usual: number | null;
  /** Records of the day that wait in quarantine. */
  quarantined: number;
  /** It was down for some of the day. */
  down: boolean;
}

export interface CaseEvent {
  id: number;
  at: Instant;
  by: string;
  byName: string;
  kind: string;
  /** Nothing about people: states, outcome, days, numbers. */
  data: Readonly<Record<string, unknown>>;
  /** What was written: comment, reason, motivation, legalAnalysis, letter, answer … */
  texts: Readonly<Record<string, string>>;
}

export interface CaseAttachment {
  id: string;
  name: string;
  type: string;
  bytes: number;
  at: Instant;
  byName: string;
}

/** All that a page about a case needs. */
export interface ShownCase extends CaseRow {
  heard: boolean;
  explanationDueOn: Day | null;
  claimOre: Ore | null;
  proposedBy: string | null;
  proposedName: string | null;
  decidedName: string | null;
  decidedAt: Instant | null;
  /** One page of its findings, those that stand first, and of the records behind these. */
  list: CaseFinding[];
  records: CaseRecord[];
  page: number;
  pages: number;
  /** Records behind the page's findings that are too many to show. */
  recordsLeft: number;
  sources: SourceDay[];
  earlier: CaseRow[];
  events: CaseEvent[];
  attachments: CaseAttachment[];
  steps: PossibleStep[];
}

/** What of a case the provider is shown. */
export interface LetterChoice {
  findings: readonly string[];
  /** Beside what is claimed: which of these. */
  show: { evidence: boolean; records: boolean; client: boolean; staff: boolean };
  /** What is asked, in the handler's words. */
  question: string;
  dueOn: Day;
}

export interface Proposal {
  outcome: OutcomeName;
  motivation: string;
  legalAnalysis?: string;
  dueOn?: Day;
  amountOre?: Ore;
}

export interface Reminder {
  no: string;
  kind: "explanation-overdue" | "explanation-due" | "action-overdue" | "action-due" | "answer" | "snooze" | "approval";
  dueOn: Day | null;
  assignedTo: string | null;
  assignedName: string | null;
  provider: string | null;
  subject: CaseSubject;
}

/** What a bulk step did: cases that had changed meanwhile, or in a state that does not allow it, were left alone. */
export interface BulkResult {
  /** To take it back with; null: nothing was done. */
  batch: string | null;
  done: string[];
  skipped: string[];
}

export interface SavedView {
  id: number;
  name: string;
  filter: QueueQuery;
}

/** Sources of a month's recall. */
export interface RecallRow {
  rule: string;
  month: Month;
  /** Visits judged, and of those with the problem how many the rule had reported and how many not. */
  judged: number;
  reported: number;
  missed: number;
  /** Null: too few judged to say. */
  recall: { value: number; low: number; high: number } | null;
}
