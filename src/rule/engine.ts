import type { Tables } from "#columns";
import { type Matches, matchVisits } from "#match";
import { type Day, dayOf, formatDay, stableId } from "#model";
import { Settlement, settlementRow, type SettlementRow } from "#settle";
import { Travel } from "#travel";
import type {
  EvidenceNode,
  Finding,
  Hit,
  Outcome,
  ParameterVersion,
  RecordTableName,
  Report,
  RowRef,
  Rule,
  RuleContext,
  RuleException,
  RuleTables,
  Scope,
  Slices,
} from "./define.ts";
import { dirtyClosure, type DirtySlices, type Evaluate } from "./dirty.ts";
import { type Measure, MeasureBook } from "./measures.ts";
import { PeerBook } from "./peers.ts";
import {
  clientDays,
  clientMonth,
  monthsOf,
  ProviderMonths,
  sliceKey,
  sourceMonth,
  staffDays,
  staffMonth,
  unitMonths,
} from "./slices.ts";
import { type RuleVersion, versionOn, versionsOf } from "./versions.ts";

export interface EngineInput {
  tenant: string;
  tables: Tables;
  /** Where they have been made already. */
  matches?: Matches;
  settlement?: Settlement;
  /** With what a router says; without, straight lines count. */
  travel?: Travel;
  rules: readonly Rule[];
  parameters?: readonly ParameterVersion[];
  exceptions?: readonly RuleException[];
  /** What rules measured in runs before, of the months of the period and of those before it. */
  measures?: readonly Measure[];
  /** Findings that end before it are counted and not opened. */
  goLive?: Day | null;
  evaluate?: Evaluate;
  /** False where nobody wants the figures. */
  figures?: boolean;
}

export interface EngineResult<F = Finding, L = SettlementRow & { slice: string }> {
  /** In order of id. */
  findings: readonly F[];
  /** What was suppressed or could not be judged, per rule and slice; in order of rule, slice and cause. */
  outcomes: readonly Outcome[];
  /** The figures of every client's month that was evaluated. */
  settlement: readonly L[];
  /** What rules want to know of these months later; in order of slice, rule and name. */
  measures: readonly Measure[];
  /**
   * True where the slice of a stored finding, outcome or figure was evaluated: what is not among the new ones is gone.
   * Ask it for the slices that are stored, with "all" too: it is false for months outside the period.
   */
  covers: (slice: string) => boolean;
}

/** As what a walk hands over or holds; as few objects as the caller can do with, since there may be tens of thousands. */
export interface Keeping<F, L> {
  /** `period` is that of the finding, as days. */
  finding: (finding: Finding, period: { from: Day; to: Day }) => F;
  row: (row: SettlementRow & { slice: string }) => L;
}

interface Kept {
  id: string;
}

type Row = SettlementRow & { slice: string };
const asTheyAre: Keeping<Finding, Row> = { finding: (finding) => finding, row: (row) => row };

/** Walks every slice once for all rules that look at it. Pure: the same tables and parameters give the same result. */
export function runEngine(input: EngineInput): EngineResult;
export function runEngine<F extends Kept, L>(input: EngineInput, keeping: Keeping<F, L>): EngineResult<F, L>;
export function runEngine(
  input: EngineInput,
  keeping: Keeping<Kept, unknown> = asTheyAre,
): EngineResult<Kept, unknown> {
  const dirty = dirtySlices(input);
  const going = walking(input, keeping, dirty);
  const findings = new Map<string, Kept>();
  for (;;) {
    const { done, value } = going.next();
    if (done === true) {
      const inOrder = [...findings.values()].sort((one, other) => compare(one.id, other.id));
      return { findings: inOrder, ...restInOrder([value]), covers: dirty.covers };
    }
    for (const finding of value) findings.set(finding.id, finding);
  }
}

/** What a walk gives beside findings. */
export type Rest<L> = Omit<EngineResult<never, L>, "findings" | "covers">;

/** What walks over the same slices for different rules have given. */
export function restInOrder<L>(parts: ReadonlyArray<Rest<L>>): Rest<L> {
  return {
    outcomes: parts
      .flatMap(({ outcomes }) => outcomes)
      .sort(
        (a, b) =>
          compare(a.rule, b.rule) || compare(a.slice, b.slice) || compare(a.kind, b.kind) || compare(a.cause, b.cause),
      ),
    settlement: parts.flatMap(({ settlement }) => settlement),
    measures: parts
      .flatMap(({ measures }) => measures)
      .sort((a, b) => compare(a.slice, b.slice) || compare(a.rule, b.rule) || compare(a.name, b.name)),
  };
}

export function dirtySlices({ rules, tables, evaluate = "all" }: EngineInput): DirtySlices {
  const settles = rules.reduce((most, rule) => Math.max(most, rule.settlesAfterDays), 0);
  return dirtyClosure(tables, evaluate, settles);
}

/**
 * Month by month all clients, then all staff, who must know of the pairs that were reported of clients, then the others.
 * Hands over now and then what it has found, and keeps none of it. What stands otherwise after all comes again.
 */
export function* walking<F extends Kept, L>(
  input: EngineInput,
  keeping: Keeping<F, L>,
  dirty: DirtySlices = dirtySlices(input),
): Generator<readonly F[], Rest<L>> {
  const { tables } = input;
  const months = monthsOf(tables.period);
  const run = new Run(input, inOrderOfPrecedence(input.rules), keeping);
  for (const [month, { first, last }] of months.entries()) {
    dirty.open(month);
    yield* walkClients(run, input, (client) => dirty.client(client, month), first, last);
    yield* walkStaff(run, tables, (staff) => dirty.staff(staff, month), first, last);
    if (dirty.providers(month)) walkProviders(run, tables, first, last);
    if (dirty.sources && run.has("source")) {
      for (let source = 0; source < tables.sources.count; source++)
        run.slice("source", sourceMonth(tables, source, first, last), tables.sources.id(source));
    }
    // A later month is held against this one: where something else was measured now, it must be looked at again.
    if (month + 1 < months.length) for (const slice of run.measuredAnew(first)) dirty.mark(slice, month + 1);
    yield run.handOver();
  }
  return run.rest();
}

/** Pairs of one client's visits are reported before those of one staff member's: see `yieldsTo`. */
function* walkClients<F extends Kept, L>(
  run: Run<F, L>,
  { tables, figures }: EngineInput,
  evaluated: (client: number) => boolean,
  first: Day,
  last: Day,
): Generator<readonly F[], void> {
  const scopes = (["visit", "planned-visit", "order", "claim", "client-month"] as const).filter((one) => run.has(one));
  const days = run.has("client-day");
  if (figures === false && scopes.length === 0 && !days) return;
  for (let client = 0; client < tables.clients.count; client++) {
    if (!evaluated(client)) continue;
    const slice = clientMonth(tables, client, first, last);
    if (slice === null) continue;
    const key = tables.clients.key(client);
    if (figures !== false) run.settle(client, first, last, key);
    for (const scope of scopes) run.slice(scope, slice, key);
    if (days && slice.visits.length > 0)
      for (const daySlice of clientDays(tables, client, first, last)) run.slice("client-day", daySlice, key);
    if (run.fresh >= HAND_OVER) yield run.handOver();
  }
}

function* walkStaff<F extends Kept, L>(
  run: Run<F, L>,
  tables: Tables,
  evaluated: (staff: number) => boolean,
  first: Day,
  last: Day,
): Generator<readonly F[], void> {
  const [days, months] = [run.has("staff-day"), run.has("staff-month")];
  if (!days && !months) return;
  for (let staff = 0; staff < tables.staff.count; staff++) {
    if (!evaluated(staff)) continue;
    const key = tables.staff.key(staff);
    if (days) for (const slice of staffDays(tables, staff, first, last)) run.slice("staff-day", slice, key);
    // After the days: a month of overlaps is what its days have not reported.
    const slice = months ? staffMonth(tables, staff, first, last) : null;
    if (slice !== null) run.slice("staff-month", slice, key);
    if (run.fresh >= HAND_OVER) yield run.handOver();
  }
}

function walkProviders<F extends Kept, L>(run: Run<F, L>, tables: Tables, first: Day, last: Day): void {
  const [units, providers] = [run.has("unit-month"), run.has("provider-month")];
  if (!units && !providers) return;
  for (const slice of run.providerMonths.of(first, last)) {
    if (slice === null) continue;
    if (units) for (const unit of unitMonths(tables, slice)) run.slice("unit-month", unit, tables.units.key(unit.unit));
    if (providers) run.slice("provider-month", slice, tables.providers.key(slice.provider));
  }
}

/** So many findings are a chunk for the database: to stop for fewer would cost more than it wins. */
const HAND_OVER = 250;

/** Rules before those that yield to them; otherwise by id. */
function inOrderOfPrecedence(rules: readonly Rule[]): Rule[] {
  const ordered: Rule[] = [];
  const waiting = rules.toSorted((a, b) => compare(a.id, b.id));
  const ids = new Set(waiting.map((rule) => rule.id));
  while (waiting.length > 0) {
    const next = waiting.findIndex((rule) =>
      rule.yieldsTo.every((id) => !ids.has(id) || ordered.some((done) => done.id === id)),
    );
    if (next < 0)
      throw new RangeError(`Rules yield to each other in a circle: ${waiting.map((r) => r.id).join(", ")}.`);
    ordered.push(...waiting.splice(next, 1));
  }
  return ordered;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Prepared {
  rule: Rule;
  /** Newest first; the last holds since ever. */
  versions: readonly RuleVersion[];
  /** Some rule yields to this one. */
  precedes: boolean;
  /** What the rules have reported to which this one yields. */
  before: readonly Pairs[];
}

/** Pairs of rows. Asked for every two neighbours of a month, it must answer fast that most have none. */
class Pairs {
  readonly #others = new Map<number, number[]>();

  has(a: number, b: number): boolean {
    return this.#others.size > 0 && this.#others.get(Math.min(a, b))?.includes(Math.max(a, b)) === true;
  }

  add(a: number, b: number): void {
    const others = this.#others.get(Math.min(a, b));
    if (others === undefined) this.#others.set(Math.min(a, b), [Math.max(a, b)]);
    else if (!others.includes(Math.max(a, b))) others.push(Math.max(a, b));
  }
}

const entityOf: Readonly<Record<RecordTableName, string>> = {
  visits: "visits",
  plans: "planned-visits",
  orders: "orders",
  lines: "order-lines",
  absences: "absences",
  claims: "claims",
  shifts: "shifts",
  lockEvents: "lock-events",
  contracts: "contracts",
  decisions: "decisions",
  tags: "tags",
};

const tableOf: Partial<Record<Scope, RecordTableName>> = { "planned-visit": "plans", order: "orders", claim: "claims" };

interface RecordKey {
  entity: string;
  source: string;
  id: string;
}

interface Ref {
  table: RecordTableName;
  row: number;
}

/** A record's key, and as text. */
interface Named {
  text: string;
  key: RecordKey;
}

// Stand where no rule looks.
const noMatches = undefined as unknown as Matches;
const noSettlement = undefined as unknown as Settlement;

class Run<F extends Kept, L> {
  readonly #input: EngineInput;
  readonly #keeping: Keeping<F, L>;
  readonly #tables: RuleTables;
  readonly #byScope = new Map<Scope, Prepared[]>();
  readonly #context: RuleContext;
  readonly #report: Report<string>;
  readonly #measures: MeasureBook;
  /** All that have been found, by id: whether each is suppressed. */
  readonly #known = new Map<string, boolean>();
  /** Those that have not been handed over as they stand. */
  #fresh = new Map<string, F>();
  readonly #outcomes: Outcome[] = [];
  readonly #settled: L[] = [];
  /** Pairs of visits that rules with precedence reported, by rule. */
  readonly #pairs = new Map<string, Pairs>();
  readonly providerMonths: ProviderMonths;
  /** Of the slice at hand. */
  #counts = new Map<string, Outcome>();
  #rule: Prepared | null = null;
  #version: RuleVersion | null = null;
  #sliceKey = "";

  constructor(input: EngineInput, rules: readonly Rule[], keeping: Keeping<F, L>) {
    this.#input = input;
    this.#keeping = keeping;
    // What no rule reads is not made; rules see only what they list.
    const reads = new Set(rules.flatMap((rule) => rule.reads));
    const settles = input.figures !== false || reads.has("settlement");
    const matches = input.matches ?? (settles || reads.has("matches") ? matchVisits(input.tables) : noMatches);
    this.#measures = new MeasureBook(input.measures ?? []);
    this.providerMonths = new ProviderMonths(input.tables);
    const peers = new PeerBook(this.providerMonths);
    this.#tables = {
      ...input.tables,
      matches,
      settlement: input.settlement ?? (settles ? new Settlement(input.tables, matches) : noSettlement),
      travel: input.travel ?? new Travel(input.tables),
      peers: { of: (name, slice, measure) => peers.of(this.#rule!.rule.id, name, slice, measure) },
      measures: { of: (name, back) => this.#measures.of(this.#rule!.rule.id, this.#key(), name, back) },
    };
    // The slice is set before any rule is asked.
    this.#context = { ...this.#tables, slice: undefined as unknown as Slices[Scope], asOf: input.tables.asOf };
    const preceding = new Set(rules.flatMap((rule) => rule.yieldsTo));
    for (const rule of rules) {
      const versions = versionsOf(rule, input.parameters ?? []);
      for (const asked of [rule, ...rule.otherScopes.map((other) => ({ ...rule, ...other }))]) {
        const list = this.#byScope.get(asked.scope) ?? [];
        const before = rule.yieldsTo.map((id) => this.#pairsOf(id));
        list.push({ rule: asked, versions, precedes: preceding.has(rule.id), before });
        this.#byScope.set(asked.scope, list);
      }
    }
    this.#report = {
      suppressed: (cause, records) => {
        if (records === undefined || records.length === 0) this.#count("suppressed", cause);
        else this.#suppressedHit(cause, records);
      },
      tooLittleData: (what) => this.#count("tooLittleData", what),
      measure: (name, value) => this.#measures.set({ rule: this.#rule!.rule.id, slice: this.#key(), name, value }),
      reported: (a, b) => {
        for (const pairs of this.#rule!.before) if (pairs.has(a, b)) return true;
        return false;
      },
    };
  }

  settle(client: number, first: Day, last: Day, subject: string): void {
    const slice = sliceKey("client-month", subject, first);
    for (const figures of this.#tables.settlement.month(client, first, last)) {
      this.#settled.push(this.#keeping.row({ ...settlementRow(this.#input.tables, figures), slice }));
    }
  }

  measuredAnew(firstDay: Day): Iterable<string> {
    return this.#measures.changed(firstDay);
  }

  has(scope: Scope): boolean {
    return this.#byScope.has(scope);
  }

  slice<S extends Scope>(scope: S, slice: Slices[S], subject: string): void {
    const rules = this.#byScope.get(scope);
    if (rules === undefined) return;
    this.#context.slice = slice;
    this.#sliceKey = "";
    this.#subject = subject;
    let begun = slice.lastDay === slice.firstDay;
    for (const prepared of rules) {
      this.#rule = prepared;
      for (const version of this.#versionsIn(slice)) {
        if (version.mode === "off") continue;
        this.#version = version;
        if (!begun) this.#measures.begin(this.#keyOf);
        begun = true;
        const hits = prepared.rule.evaluate(this.#context, version.values, this.#report);
        // Nearly always there are none, and rules about days give a list: going through that would cost more than the rule.
        if (Array.isArray(hits) && hits.length === 0) continue;
        for (const hit of hits) this.#found(hit, null);
      }
    }
    if (this.#counts.size > 0) {
      this.#outcomes.push(...this.#counts.values());
      this.#counts = new Map();
    }
  }

  #subject = "";

  /**
   * A rule about single records that is changed within the slice is asked once for each version, and of what a version
   * finds only that of its own days counts. A rule about a person or a period is judged as on the slice's first day.
   */
  #versionsIn({ firstDay, lastDay }: Slices[Scope]): readonly RuleVersion[] {
    const { rule, versions } = this.#rule!;
    if (versions.length === 1) return versions;
    const first = versionOn(versions, firstDay);
    if (rule.subject === "slice" || versionOn(versions, lastDay) === first) return [first];
    const days = Array.from({ length: lastDay - firstDay + 1 }, (_, index) => firstDay + index);
    return [...new Set(days.map((day) => versionOn(versions, day)))];
  }

  /** Whether the version at hand is the one that judges what begins on a day, or within a day before the slice. */
  #judges(day: Day): boolean {
    const { rule, versions } = this.#rule!;
    if (versions.length === 1) return true;
    const { firstDay, lastDay } = this.#context.slice;
    const judged = rule.subject === "slice" ? firstDay : Math.min(Math.max(day, firstDay), lastDay);
    return versionOn(versions, judged) === this.#version;
  }

  /** Made once: a closure in `slice` would be made for every day of everybody. */
  readonly #keyOf = (): string => this.#key();

  /** Made only when there is something to say of the slice. */
  #key(): string {
    if (this.#sliceKey === "") {
      this.#sliceKey = sliceKey(this.#rule!.rule.scope, this.#subject, this.#context.slice.firstDay);
    }
    return this.#sliceKey;
  }

  /** @param day On which it happened; what has no day counts as on the slice's first. */
  #count(kind: Outcome["kind"], cause: string, day = this.#context.slice.firstDay): void {
    if (!this.#judges(day)) return;
    const rule = this.#rule!.rule.id;
    const key = `${rule}\n${kind}\n${cause}`;
    const counted = this.#counts.get(key);
    if (counted === undefined) this.#counts.set(key, { rule, slice: this.#key(), kind, cause, count: 1 });
    else counted.count++;
  }

  #suppressedHit(cause: string, records: readonly RowRef[]): void {
    const { rule } = this.#rule!;
    const days = this.#daysOf(
      records.map((ref) => this.#ref(ref)),
      this.#context.slice.firstDay,
    );
    this.#count("suppressed", cause, days.from);
    this.#found({ records, reason: rule.innocent[cause] ?? cause, evidence: [], minutes: null }, cause);
  }

  #found(hit: Hit, suppressed: string | null): void {
    const { rule, precedes } = this.#rule!;
    const { slice } = this.#context;
    const refs = hit.records.map((ref) => this.#ref(ref));
    const named = this.#named(refs);
    const records = named.map(({ key }) => key);
    const ownPeriod = rule.subject === "slice" || refs.length === 0;
    const period =
      hit.period ?? (ownPeriod ? { from: slice.firstDay, to: slice.lastDay } : this.#daysOf(refs, slice.firstDay));
    if (!this.#judges(period.from)) return;
    const { mode } = this.#version!;
    if (precedes && suppressed === null && mode === "active") this.#remember(rule.id, refs);
    const { goLive } = this.#input;
    if (goLive !== undefined && goLive !== null && period.to < goLive) {
      if (suppressed === null) this.#count("beforeGoLive", "", period.from);
      return;
    }
    const who = {
      client: hit.client ?? this.#shared(refs, "client", slice),
      staff: hit.staff ?? this.#shared(refs, "staff", slice),
      unit: hit.unit ?? this.#shared(refs, "unit", slice),
      provider: hit.provider ?? this.#shared(refs, "provider", slice),
    };
    const subject =
      rule.subject === "records" && refs.length > 0
        ? hit.knownBy === undefined && refs.every((ref) => this.#others(ref).length === 0)
          ? named.map((one) => one.text)
          : this.#subjectKeys(hit.knownBy?.map((ref) => this.#ref(ref)) ?? refs)
        : [this.#subject, ...this.#otherSubject(hit), hit.distinct ?? ""];
    const finding: Finding = {
      id: stableId(
        this.#input.tenant,
        rule.id,
        ...subject,
        rule.subject === "records" ? (hit.distinct ?? "") : "",
        `${formatDay(period.from)}/${formatDay(period.to)}`,
      ),
      rule: rule.id,
      version: rule.version,
      level: rule.level,
      severity: hit.severity ?? rule.severity,
      mode: mode === "shadow" ? "shadow" : "active",
      status: suppressed === null ? "open" : "suppressed",
      period: { from: formatDay(period.from), to: formatDay(period.to) },
      provider: text(this.#tables.providers, who.provider),
      unit: text(this.#tables.units, who.unit),
      client: text(this.#tables.clients, who.client),
      staff: text(this.#tables.staff, who.staff),
      records,
      minutes: hit.minutes ?? null,
      amountOre: hit.amountOre ?? null,
      reason: hit.reason,
      evidence: this.#evidence(hit.evidence),
      suppressed,
      slice: this.#key(),
    };
    const exception = suppressed === null ? this.#exception(finding, period) : undefined;
    if (exception !== undefined) {
      finding.status = "suppressed";
      finding.suppressed = `exception: ${exception.reason}`;
      this.#count("suppressed", "exception", period.from);
    }
    // The same subject twice: an open finding stands before a suppressed one, else the first.
    const known = this.#known.get(finding.id);
    if (known !== undefined && (finding.suppressed !== null || !known)) return;
    this.#known.set(finding.id, finding.suppressed !== null);
    this.#fresh.set(finding.id, this.#keeping.finding(finding, period));
  }

  #ref(ref: RowRef): Ref {
    return typeof ref === "number" ? { table: tableOf[this.#rule!.rule.scope] ?? "visits", row: ref } : ref;
  }

  #recordKey({ table, row }: Ref): RecordKey {
    const rows = this.#tables[table];
    return { entity: entityOf[table], source: this.#tables.sources.id(rows.source(row)), id: rows.id(row) };
  }

  /** The same visit as other sources tell of it. */
  #others({ table, row }: Ref): readonly number[] {
    return table === "visits" ? this.#tables.visits.merged(row) : [];
  }

  /** In a stable order; a visit that several sources tell of is named by all of them. */
  #named(refs: readonly Ref[]): Named[] {
    const all: Named[] = [];
    const add = (ref: Ref): void => {
      const key = this.#recordKey(ref);
      all.push({ text: textOf(key), key });
    };
    for (const ref of refs) {
      add(ref);
      for (const row of this.#others(ref)) add({ table: ref.table, row });
    }
    if (all.length < 2) return all;
    all.sort((a, b) => compare(a.text, b.text));
    return all.filter((one, position) => position === 0 || all[position - 1]!.text !== one.text);
  }

  /** Of a visit told by several sources the first key counts, whichever of them stands. */
  #subjectKeys(refs: readonly Ref[]): string[] {
    return [...new Set(refs.map((ref) => this.#named([ref])[0]!.text))].sort(compare);
  }

  /** Where a rule about a period speaks of somebody else than the slice does. */
  #otherSubject(hit: Hit): string[] {
    return (["client", "staff", "unit", "provider"] as const).map((kind) => {
      const code = hit[kind];
      if (code === undefined || code < 0) return "";
      const people = {
        client: this.#tables.clients,
        staff: this.#tables.staff,
        unit: this.#tables.units,
        provider: this.#tables.providers,
      }[kind];
      return `${kind} ${people.key(code)}`;
    });
  }

  #remember(rule: string, refs: readonly Ref[]): void {
    const rows = refs.filter((ref) => ref.table === "visits").map((ref) => ref.row);
    const pairs = this.#pairsOf(rule);
    rows.forEach((a, position) => rows.slice(position + 1).forEach((b) => pairs.add(a, b)));
  }

  #pairsOf(rule: string): Pairs {
    let pairs = this.#pairs.get(rule);
    if (pairs === undefined) this.#pairs.set(rule, (pairs = new Pairs()));
    return pairs;
  }

  #daysOf(refs: readonly Ref[], fallback: Day): { from: Day; to: Day } {
    let [from, to] = [Infinity, -Infinity];
    const add = (day: Day): void => {
      from = Math.min(from, day);
      to = Math.max(to, day);
    };
    const { visits, plans, claims } = this.#tables;
    for (const { table, row } of refs) {
      if (table === "visits") add(visits.day(row));
      else if (table === "plans") add(dayOf(plans.start(plans.frozen(row))));
      else if (table === "claims") {
        add(claims.from(row));
        add(claims.to(row));
      }
    }
    return to < from ? { from: fallback, to: fallback } : { from, to };
  }

  /** The code that all records share, or that the slice is about; -1 where they differ or do not say. */
  #shared(refs: readonly Ref[], kind: "client" | "staff" | "unit" | "provider", slice: Slices[Scope]): number {
    const own = (slice as unknown as Partial<Record<typeof kind, number>>)[kind];
    if (own !== undefined) return own;
    let shared = -1;
    for (const { table, row } of refs) {
      const rows = this.#tables[table] as unknown as Partial<Record<typeof kind, (row: number) => number>>;
      const code = rows[kind]?.call(rows, row);
      if (code === undefined) continue;
      if (code < 0 || (shared >= 0 && shared !== code)) return -1;
      shared = code;
    }
    return shared;
  }

  #evidence(evidence: Hit["evidence"]): EvidenceNode[] {
    if (isNodes(evidence)) {
      return evidence.map(({ records, ...node }) => ({
        ...node,
        ...(records === undefined
          ? {}
          : { records: this.#named(records.map((ref) => this.#ref(ref))).map(({ key }) => key) }),
      }));
    }
    return Object.entries(evidence).map(([condition, value]) =>
      isPair(value) ? { condition, value: value[0], threshold: value[1] } : { condition, value },
    );
  }

  #exception(finding: Finding, period: { from: Day; to: Day }): RuleException | undefined {
    return this.#input.exceptions?.find((exception) => excepts(exception, finding, period));
  }

  get fresh(): number {
    return this.#fresh.size;
  }

  handOver(): F[] {
    const found = [...this.#fresh.values()];
    this.#fresh = new Map();
    return found;
  }

  rest(): Rest<L> {
    return { settlement: this.#settled, measures: this.#measures.made(), outcomes: this.#outcomes };
  }
}

/** Whether an exception is about a finding: its days lie within the exception's, and all that it names is the finding's. */
export function excepts(
  { rule, subject, from, through }: RuleException,
  finding: Pick<Finding, "rule" | "client" | "staff" | "unit" | "provider" | "records">,
  period: { from: Day; to: Day },
): boolean {
  return (
    rule === finding.rule &&
    from <= period.from &&
    period.to <= through &&
    (["client", "staff", "unit", "provider"] as const).every(
      (kind) => subject[kind] === undefined || subject[kind] === finding[kind],
    ) &&
    (subject.record === undefined || finding.records.some((record) => textOf(record) === textOf(subject.record!)))
  );
}

function text(people: { text(code: number): string }, code: number): string | null {
  return code < 0 ? null : people.text(code);
}

function textOf({ entity, source, id }: RecordKey): string {
  return `${entity}/${source}/${id}`;
}

function isNodes(evidence: Hit["evidence"]): evidence is Extract<Hit["evidence"], readonly unknown[]> {
  return Array.isArray(evidence);
}

function isPair(value: unknown): value is readonly [EvidenceNode["value"], EvidenceNode["value"]] {
  return Array.isArray(value);
}
