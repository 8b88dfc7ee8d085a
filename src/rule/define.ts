import type { z } from "zod";
import type { OrderAnswers, Period, SourcedRecord, SourceFacts, Tables, Warning } from "#columns";
import type { Matches } from "#match";
import type { Day, Instant, LocalDate, Month } from "#model";
import type { Settlement } from "#settle";
import type { Travel } from "#travel";
import type { Measures } from "./measures.ts";

export type Level = "quality" | "error" | "indicator" | "pattern";
/** info: shown on request; review: in the queue; hold: payment waits. */
export type Severity = "info" | "review" | "hold";

export const severityOf: Readonly<Record<Level, Severity>> = {
  quality: "info",
  error: "hold",
  indicator: "review",
  pattern: "review",
};

/** All of a client's month that starts in it; rules about single records judge those of their own kind one by one. */
export interface ClientMonthSlice {
  client: number;
  firstDay: Day;
  /** Last day, included. */
  lastDay: Day;
  /** Rows of `visits`, by start. */
  visits: Int32Array;
  /** Rows of `plans`, by the start of their frozen version. */
  plans: Int32Array;
  /** Rows of `claims` whose first day is in the month. */
  claims: Int32Array;
  /** Rows of `orders` that touch the month. */
  orders: Int32Array;
}

/** One staff member's visits that start on one day. */
export interface StaffDaySlice {
  staff: number;
  day: Day;
  firstDay: Day;
  lastDay: Day;
  visits: Int32Array;
  /** Those of the day before, which may go on past midnight. */
  before: Int32Array;
}

/** Visits to one client that start on one day. */
export interface ClientDaySlice {
  client: number;
  day: Day;
  firstDay: Day;
  lastDay: Day;
  visits: Int32Array;
  before: Int32Array;
}

export interface ProviderMonthSlice {
  provider: number;
  firstDay: Day;
  lastDay: Day;
  /**
   * As they lie in memory, in no order of time but for each client's. So many are gone through by their index: an iterator
   * makes an object for each.
   */
  visits: Int32Array;
  /** Those of known staff, one person after the other, each by start. */
  byStaff: Int32Array;
}

/** One staff member's visits, whoever employs them, that start in one month. */
export interface StaffMonthSlice {
  staff: number;
  firstDay: Day;
  lastDay: Day;
  /** By start. */
  visits: Int32Array;
  /** Those of the two days before and after: nights and rests go on past the month. */
  before: Int32Array;
  after: Int32Array;
  /** Rows of `shifts` that start in the month. */
  shifts: Int32Array;
}

/** The visits of one unit that start in one month. */
export interface UnitMonthSlice {
  unit: number;
  provider: number;
  firstDay: Day;
  lastDay: Day;
  /** As they lie in memory. */
  visits: Int32Array;
}

export interface SourceMonthSlice {
  source: number;
  firstDay: Day;
  lastDay: Day;
  /** Visits as this source tells them, as they lie in memory. */
  visits: Int32Array;
}

/** What a rule sees at a time. Rules about single records get a client's month of them. */
export interface Slices {
  visit: ClientMonthSlice;
  "planned-visit": ClientMonthSlice;
  order: ClientMonthSlice;
  claim: ClientMonthSlice;
  "client-month": ClientMonthSlice;
  "client-day": ClientDaySlice;
  "staff-day": StaffDaySlice;
  "staff-month": StaffMonthSlice;
  "unit-month": UnitMonthSlice;
  "provider-month": ProviderMonthSlice;
  source: SourceMonthSlice;
}
export type Scope = keyof Slices;

/** What rules hold a provider against: the others in the same month. */
export interface Peers {
  /**
   * What `measure` says of every provider with visits in the slice's month, by provider. Worked out once for all of
   * the month's slices: it must depend on nothing but the slice that it is given and the rule's parameters.
   */
  of<T>(name: string, slice: ProviderMonthSlice, measure: (slice: ProviderMonthSlice) => T): ReadonlyMap<number, T>;
}

/** What a rule may read, by the names it lists in `reads`. */
export interface RuleTables extends Omit<Tables, "asOf" | "period" | "beyond"> {
  /** Which visit answers to which plan. */
  matches: Matches;
  /** Granted, planned, registered, payable and claimed; order lines of visits; what minutes cost. */
  settlement: Settlement;
  /** How long journeys between homes take at least. */
  travel: Travel;
  /** The other providers of the month. */
  peers: Peers;
  /** What this rule measured of the same subject in earlier months. */
  measures: Measures;
}
export type TableName = keyof RuleTables;

/** Tables whose rows are records that a finding can rest on. */
export type RecordTableName =
  | "visits"
  | "plans"
  | "orders"
  | "lines"
  | "absences"
  | "claims"
  | "shifts"
  | "lockEvents"
  | "contracts"
  | "decisions"
  | "tags";

/** A record by table and row. A number alone is a row of the scope's own table: plans, orders, claims, else visits. */
export type RowRef = number | { table: RecordTableName; row: number };

export type EvidenceValue = string | number | boolean | null;

/** One condition of a finding, in Swedish that a provider can read. */
export interface EvidenceNode {
  condition: string;
  value: EvidenceValue;
  threshold?: EvidenceValue;
  records?: ReadonlyArray<{ entity: string; source: string; id: string }>;
  /** What else was tried, and what it gave. */
  alternatives?: readonly EvidenceNode[];
}

/** As a rule writes it: `{ "samtidig tid i minuter ≥": [12, 8] }`, or nodes where there are alternatives or records to name. */
export type Evidence =
  | Readonly<Record<string, EvidenceValue | readonly [value: EvidenceValue, threshold: EvidenceValue]>>
  | ReadonlyArray<
      Omit<EvidenceNode, "records" | "alternatives"> & {
        records?: readonly RowRef[];
        alternatives?: readonly EvidenceNode[];
      }
    >;

/** What a rule yields: one problem. */
export interface Hit {
  /** All the records that it rests on. */
  records: readonly RowRef[];
  /** Those of them by which it is known again when others come or go; default all. */
  knownBy?: readonly RowRef[];
  /** One or two Swedish sentences for a handler and a provider. Times by the wall clock; no names of people. */
  reason: string;
  evidence: Evidence;
  /** What is at stake; null or missing where it cannot be said. */
  minutes?: number | null;
  amountOre?: number | null;
  /** Other than the rule's. */
  severity?: Severity;
  /** Other than those that all records share. */
  client?: number;
  staff?: number;
  unit?: number;
  provider?: number;
  /** First and last day, where not those of the records or, for rules about a period, of the slice. */
  period?: { from: Day; to: Day };
  /** Where one slice can have several findings that share their subject: what tells them apart, such as a code. */
  distinct?: string;
}

export interface Report<Cause extends string> {
  /** A hit that an innocent cause explains: counted, not reported. With `records` it can be listed. */
  suppressed(cause: Cause, records?: readonly RowRef[]): void;
  /** What is unknown keeps the rule from judging. Swedish, a short noun phrase: "position saknas". */
  tooLittleData(what: string): void;
  /** Remembers a number of the slice for later months; only in rules about months. */
  measure(name: string, value: number): void;
  /** True where a rule named in `yieldsTo` has reported both visits together. */
  reported(visitA: number, visitB: number): boolean;
}

export interface Example {
  records: readonly SourcedRecord[];
  asOf: Instant;
  period: Period;
  facts?: readonly SourceFacts[];
  warnings?: readonly Warning[];
  /** What providers have answered to orders here. */
  answers?: readonly OrderAnswers[];
  /** What the rule measured in earlier months, of people, units and providers by their sample ids. */
  earlier?: ReadonlyArray<{ who: string; month: Month; name: string; value: number }>;
  /** Other parameters than the defaults. */
  parameters?: Readonly<Record<string, unknown>>;
}

/** Made when they are asked for: whoever starts a program waits for none of them. */
type Examples = () => { reports: readonly Example[]; accepts: readonly Example[] };

export interface Rule {
  id: string;
  /** Raised when the same records may give another result. */
  version: number;
  level: Level;
  severity: Severity;
  scope: Scope;
  title: { sv: string; en: string };
  /** What it finds and why that matters. Swedish. */
  why: string;
  /** What to do about it. Swedish. */
  remedy: string;
  /** Innocent causes that it excludes, by the name given to `report.suppressed`. Swedish. */
  innocent: Readonly<Record<string, string>>;
  /** Publication that it goes back to. */
  source?: string;
  reads: readonly TableName[];
  parameters: z.ZodObject;
  examples: Examples;
  /** How many days after a slice's last day the clock alone may still change the outcome. */
  settlesAfterDays: number;
  /** "records": the problem is in particular records; "slice": in a person's or provider's day or month. */
  subject: "records" | "slice";
  /** Rules that report a pair of visits before this one. */
  yieldsTo: readonly string[];
  evaluate(
    this: void,
    context: RuleContext,
    parameters: Record<string, unknown>,
    report: Report<string>,
  ): Iterable<Hit>;
  /**
   * The same question asked of other slices: one irregularity at two intensities is one rule, with one page, one set of
   * parameters and one precision. Each has its own findings.
   */
  otherScopes: ReadonlyArray<Pick<Rule, "scope" | "subject" | "evaluate">>;
}

export type RuleContext = RuleTables & { slice: Slices[Scope]; asOf: Instant };

interface Declaration<S extends Scope, Reads extends TableName, Parameters extends z.ZodObject, Cause extends string> {
  id: string;
  version: number;
  level: Level;
  /** Default: by level. */
  severity?: Severity;
  scope: S;
  title: { sv: string; en: string };
  why: string;
  remedy: string;
  innocent: Readonly<Record<Cause, string>>;
  source?: string;
  reads: readonly Reads[];
  parameters: Parameters;
  examples: Examples;
  /** Default 0. */
  settlesAfterDays?: number;
  /** Default: "slice" for months and sources, else "records". */
  subject?: "records" | "slice";
  yieldsTo?: readonly string[];
  /** Gives a list: a generator that walks a million visits costs five times as much. */
  evaluate(
    this: void,
    context: Pick<RuleTables, Reads> & { slice: Slices[S]; asOf: Instant },
    parameters: z.infer<Parameters>,
    report: Report<Cause>,
  ): Iterable<Hit>;
  /** The same question asked of other slices, by scope. */
  also?: {
    [Other in Scope]?: (
      this: void,
      context: Pick<RuleTables, Reads> & { slice: Slices[Other]; asOf: Instant },
      parameters: z.infer<Parameters>,
      report: Report<Cause>,
    ) => Iterable<Hit>;
  };
}

const aboutPeriods: readonly Scope[] = ["client-month", "staff-month", "unit-month", "provider-month", "source"];

/** Checks the declaration's types: `evaluate` sees only the tables that it lists. */
export function defineRule<
  S extends Scope,
  const Reads extends TableName,
  Parameters extends z.ZodObject,
  const Cause extends string,
>(rule: Declaration<S, Reads, Parameters, Cause>): Rule {
  const subjectOf = (scope: Scope): Rule["subject"] => (aboutPeriods.includes(scope) ? "slice" : "records");
  return {
    severity: severityOf[rule.level],
    settlesAfterDays: 0,
    yieldsTo: [],
    subject: subjectOf(rule.scope),
    ...rule,
    // The engine hands every rule the whole context and parameters checked by its own schema.
    evaluate: rule.evaluate as unknown as Rule["evaluate"],
    otherScopes: (Object.entries(rule.also ?? {}) as Array<[Scope, unknown]>).map(([scope, evaluate]) => ({
      scope,
      subject: subjectOf(scope),
      evaluate: evaluate as Rule["evaluate"],
    })),
  };
}

/** Parameters of a rule from a day on. */
export interface ParameterVersion {
  rule: string;
  from: Day;
  values: Readonly<Record<string, unknown>>;
  /** Default active. shadow: computed, not shown to handlers. off: not computed. */
  mode?: "active" | "shadow" | "off";
}

/** A documented exception: what a person has decided not to see as a problem, until a day. */
export interface RuleException {
  rule: string;
  /** All that are given must be those of the finding. People, units and providers by the id that the finding shows. */
  subject: {
    client?: string;
    staff?: string;
    unit?: string;
    provider?: string;
    record?: { entity: string; source: string; id: string };
  };
  from: Day;
  /** Last day, included. */
  through: Day;
  reason: string;
}

/** One problem, as `contract.md` prints it, without what only the store knows: when it was first and last seen. */
export interface Finding {
  id: string;
  rule: string;
  version: number;
  level: Level;
  severity: Severity;
  mode: "active" | "shadow";
  status: "open" | "suppressed";
  period: { from: LocalDate; to: LocalDate };
  provider: string | null;
  unit: string | null;
  client: string | null;
  staff: string | null;
  records: ReadonlyArray<{ entity: string; source: string; id: string }>;
  minutes: number | null;
  amountOre: number | null;
  reason: string;
  evidence: readonly EvidenceNode[];
  suppressed: string | null;
  /** Key of the slice that it was found in; see `EngineResult.covers`. */
  slice: string;
}

/** What a rule met in a slice besides findings. */
export interface Outcome {
  rule: string;
  slice: string;
  kind: "suppressed" | "tooLittleData" | "beforeGoLive";
  cause: string;
  count: number;
}
