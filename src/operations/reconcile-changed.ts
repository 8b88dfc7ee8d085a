import {
  type Beyond,
  buildTables,
  neededFields,
  type RawColumns,
  type Refs,
  rowsOf,
  type Tables,
  textAt,
} from "#columns";
import { type Matches, matchVisits } from "#match";
import {
  type Day,
  dayOf,
  daysOfMonth,
  entities,
  type EntityName,
  entityNames,
  formatDay,
  type Instant,
  monthOf,
  parseDate,
  type RefKind,
  refKinds,
} from "#model";
import { asText, type EngineInput, monthsOf, readingPeriod, runEngine } from "#rule";
import {
  acquireLease,
  type Database,
  type Dirty,
  insertRun,
  type NumberedRef,
  type RawSelection,
  readRawColumns,
  type SamePeople,
  selectLatestRun,
  selectLivingIn,
  selectMeasures,
  selectMet,
  selectRefs,
  selectRefsTo,
  selectRegisters,
  selectSamePeople,
  selectTold,
  type SourceId,
  takeDirty,
} from "#store";
import { type Actor, permit } from "./actor.ts";
import { bringUpToDate } from "./cases/open-cases.ts";
import { isHeld, readHolds, standingOn } from "./hold-back.ts";
import { type Knowledge, MEASURES_KEPT_DAYS, readKnowledge, type Window } from "./read-window.ts";
import { basisOf, type Reconciled, type ReconcileNeeds } from "./reconcile.ts";
import { knownTravel } from "./travel.ts";
import { writeWindow } from "./write-window.ts";

const NEIGHBOUR_DAYS = 2;

/** How a person is named in the records of an entity. Entities that are missing here are read whole. */
const personOf: Partial<Record<EntityName, "clientId" | "staffId">> = {
  visits: "clientId",
  "planned-visits": "clientId",
  "lock-events": "clientId",
  absences: "clientId",
  claims: "clientId",
  decisions: "clientId",
  meals: "clientId",
  orders: "clientId",
  shifts: "staffId",
};
/** Read when it is known which of them are needed. */
const laterRead: readonly EntityName[] = ["clients", "staff", "tags", "order-lines"];
const needed = entityNames.filter((entity) => neededFields[entity] !== undefined);
const ofPeople = needed.filter((entity) => personOf[entity] !== undefined);
const ofClients = ofPeople.filter((entity) => personOf[entity] === "clientId");
const wholes = needed.filter((entity) => personOf[entity] === undefined && !laterRead.includes(entity));
const nobody: SamePeople = { refs: [], ids: [] };

/**
 * Computes anew, at any time of the day, the months of the clients and staff whom changes since the last run reach, and reads
 * no more than their records. What is about a unit, a provider or a source is left as that run knew it, and so is the
 * hour as of which is judged: the next night computes everything that is marked once more, and its word stands.
 * Says "nothing" where no change waits, and "night" where so little does not tell enough.
 */
export async function reconcileChanged(
  needs: ReconcileNeeds,
  actor: Actor,
  { signal }: { signal: AbortSignal },
): Promise<Reconciled | "nothing" | "night"> {
  permit(actor, "night:run");
  const { tenantId } = actor;
  const { database, rules, config, now } = needs;
  const startedAt = now();
  await using lease = await acquireLease(database, tenantId, { purpose: "reconcile", waitMs: 3_600_000 });
  const [before, latest, holds] = await Promise.all([
    selectLatestRun(database, tenantId, "changed"),
    selectLatestRun(database, tenantId, "reconcile"),
    readHolds(database, tenantId),
  ]);
  // What was computed by such a run before is not computed again until the night.
  const dirty = await takeDirty(database, tenantId, Number(before?.summary?.["upTo"] ?? 0));
  const last = latest?.summary ?? {};
  const { asOf, beyond, basis } = last;
  if (dirty.upTo === 0) return "nothing";
  if (typeof asOf !== "number" || basis !== basisOf(needs) || typeof beyond !== "object" || beyond === null)
    return "night";
  if (dirty.all || dirty.days.length > 0) return "night";
  const open: Window = { from: Number(last["from"]), through: dayOf(asOf) - 1 };
  const window = windowOf(dirty, open);
  if (window === null) return "night";
  const [knowledge, whole] = await Promise.all([readKnowledge(needs, tenantId), readWholes(database, tenantId)]);
  if (knowledge.aliases.some(({ from, through }) => (from ?? through ?? null) !== null)) return "night";
  const known = beyond as unknown as Beyond;
  const reading = new Reading(database, tenantId, window, knowledge, whole);
  const tablesOf = async (people: Reached): Promise<Tables> =>
    buildTables({
      ...(await reading.records(people)),
      sourceOrder: needs.sources.map((source) => source.id),
      // Written by the run that knew everything.
      beyond: known,
      asOf,
      period: window,
      release: true,
    });
  const codes = (people: Codes, ids: readonly SourceId[]): Set<number> =>
    new Set(ids.map(({ source, id }) => people.find(`${knowledge.sources[source]}/${id}`)).filter((code) => code >= 0));
  const reached = await reading.reach(dirty, known.registering.length > 1);
  let tables = await tablesOf(reached);
  let matches = matchVisits(tables);
  const more = await reading.alsoMet(
    reached,
    looseVisits(tables, matches, {
      clients: codes(tables.clients, reached.clients.ids),
      staff: codes(tables.staff, reached.staff.ids),
    }),
  );
  if (more !== null) {
    tables = await tablesOf(more);
    matches = matchVisits(tables);
  }
  if (decidesForOthers(tables)) return "night";
  signal.throwIfAborted();
  const clients = codes(tables.clients, reached.clients.ids);
  const staff = codes(tables.staff, reached.staff.ids);
  const keys = {
    client: [...clients].map((code) => tables.clients.key(code)),
    staff: [...staff].map((code) => tables.staff.key(code)),
  };
  const input: EngineInput = {
    tenant: tenantId,
    tables,
    matches,
    travel: await knownTravel(needs, tenantId, tables),
    rules,
    parameters: knowledge.parameters,
    exceptions: knowledge.exceptions,
    measures: await selectMeasures(database, tenantId, {
      from: monthOf(window.from - MEASURES_KEPT_DAYS),
      through: monthOf(window.through),
      people: [...keys.client, ...keys.staff],
    }),
    goLive: config.goLive === undefined ? null : parseDate(config.goLive),
    evaluate: { clients, staff },
  };
  const result = runEngine(input, asText);
  lease.check();
  const held = rules
    .filter(({ id }) => holds.some(({ ruleId }) => ruleId === id))
    .map((rule) => standingOn(rule, knowledge.parameters, window.through))
    .filter((rule) => isHeld(holds, rule));
  const slices = [...slicesOf(keys, monthsOf(window))];
  const checked = { findings: [result.findings], result: Promise.resolve(result) };
  const findings = await writeWindow(database, tenantId, checked, {
    at: now(),
    rules: rules.map(({ id, version }) => ({ ruleId: id, ruleVersion: version })),
    // So few findings are no flood; what is held back stays so.
    holdBack: () => ({ rules: new Set(held.map(({ ruleId }) => ruleId)), holds: [] }),
    evaluated: new Set(slices),
    once: () => bringUpToDate(needs, tenantId, slices),
  });
  await insertRun(database, tenantId, {
    kind: "changed",
    day: dayOf(asOf),
    startedAt,
    endedAt: now(),
    outcome: "done",
    summary: { upTo: dirty.upTo },
  });
  return {
    ...window,
    visits: tables.visits.count,
    plans: tables.plans.count,
    findings,
    settlementLines: result.settlement.length,
    routerFailure: null,
  };
}

/** Who made some visits, asked by name, and on which days. */
interface Loose {
  names: (name: string) => boolean;
  days: ReadonlySet<Day>;
}

/** The clients' visits by others than the staff that fit no plan: whether they count depends on the rest of that person's day. */
function looseVisits(
  { visits, plans, staff: everybody }: Tables,
  matches: Matches,
  { clients, staff }: { clients: ReadonlySet<number>; staff: ReadonlySet<number> },
): Loose {
  const rows = [...clients]
    .filter((client) => rowsOf(plans.byClient, client).length > 0)
    .flatMap((client) => [...rowsOf(visits.byClient, client)])
    .filter((row) => matches.visitState(row) === "unplanned" && visits.performed(row) && !staff.has(visits.staff(row)));
  const made = new Set(rows.map((row) => visits.staff(row)).filter((code) => code >= 0));
  return {
    names: (name) => made.has(everybody.find(name)),
    days: new Set(rows.map((row) => visits.day(row))),
  };
}

/** The months of the open period that something marked lies in or near; null where nothing does. */
function windowOf(dirty: Dirty, open: Window): Window | null {
  let [from, through] = [Infinity, -Infinity];
  for (const { day } of [...dirty.clients, ...dirty.staff]) {
    // What a person is says something of all days.
    const [first, last] = day === null ? [open.from, open.through] : [day - NEIGHBOUR_DAYS, day + NEIGHBOUR_DAYS];
    if (first > open.through || last < open.from) continue;
    from = Math.min(from, Math.max(first, open.from));
    through = Math.max(through, Math.min(last, open.through));
  }
  if (from > through) return null;
  return {
    from: daysOfMonth(monthOf(from)).first,
    through: Math.min(daysOfMonth(monthOf(through)).last, open.through),
  };
}

/** All slices of people in the months, whether or not anything is stored of them. */
function* slicesOf(
  keys: Readonly<Record<"client" | "staff", readonly string[]>>,
  months: ReadonlyArray<{ first: Day; last: Day }>,
): Generator<string> {
  for (const who of ["client", "staff"] as const) {
    for (const key of keys[who]) {
      for (const { first, last } of months) {
        yield `${who}-month:${key}:${monthOf(first)}`;
        for (let day = first; day <= last; day++) yield `${who}-day:${key}:${formatDay(day)}`;
      }
    }
  }
}

/**
 * Tables of a few clients' days, with those who live with them, as the last run knew everything else; null where they
 * would not say the same as tables of everybody. `people` are some of what the clients are called.
 */
export async function readTablesOf(
  needs: Pick<ReconcileNeeds, "database" | "sources">,
  tenantId: string,
  { people, window, asOf }: { people: Partial<SamePeople>; window: Window; asOf: Instant },
): Promise<Tables | null> {
  const { database } = needs;
  const [run, knowledge, whole] = await Promise.all([
    selectLatestRun(database, tenantId, "reconcile"),
    readKnowledge(needs, tenantId),
    readWholes(database, tenantId),
  ]);
  const beyond = run?.summary?.["beyond"];
  if (typeof beyond !== "object" || beyond === null) return null;
  if (knowledge.aliases.some(({ from, through }) => (from ?? through ?? null) !== null)) return null;
  const reading = new Reading(database, tenantId, window, knowledge, whole);
  const tables = buildTables({
    ...(await reading.records(await reading.living(people))),
    sourceOrder: needs.sources.map((source) => source.id),
    // Written by the run that knew everything.
    beyond: beyond as unknown as Beyond,
    asOf,
    period: window,
    release: true,
  });
  return decidesForOthers(tables) ? null : tables;
}

/** Whether any of a provider's visits may decide which others are paid. */
function decidesForOthers({ contracts }: Tables): boolean {
  return Array.from({ length: contracts.count }, (_, row) => contracts.terms(row)).some(
    ({ manual }: { manual?: { maxSharePercent?: number } }) => manual?.maxSharePercent !== undefined,
  );
}

type Codes = Pick<Tables["clients"], "find">;

interface Reached {
  /** Those who are evaluated. */
  clients: SamePeople;
  staff: SamePeople;
  /** Whose records are read: also the households. */
  readClients: SamePeople;
}

/** What is read whole: little, whoever is asked of. */
type Wholes = Awaited<ReturnType<typeof readWholes>>;

async function readWholes(database: Database, tenantId: string) {
  const [registers, told, places, ...tables] = await Promise.all([
    selectRegisters(database, tenantId),
    selectTold(database, tenantId, ofPeople),
    selectRefs(database, tenantId, { numbers: [], kinds: ["unit", "provider"] }),
    ...wholes.map((entity) =>
      readRawColumns(database, tenantId, entity, { fields: neededFields[entity]!, few: true, ranks: false }),
    ),
  ]);
  return { registers, told, places, tables };
}

/** Reads of much the little that a few people need. */
class Reading {
  readonly #database: Database;
  readonly #tenant: string;
  readonly #knowledge: Knowledge;
  readonly #wholes: Wholes;
  readonly #days: { fromDay: Day; throughDay: Day };
  /** Ids by number, also of sources that only aliases name. */
  readonly #sources: string[];
  readonly #aliases: Record<"client" | "staff", Array<readonly [SourceId, SourceId]>>;
  /** All that was made known of reference numbers. */
  readonly #refs = new Map<number, NumberedRef>();
  /** All whom the records name that were read last. */
  #staff: readonly SourceId[] = [];

  constructor(database: Database, tenant: string, window: Window, knowledge: Knowledge, whole: Wholes) {
    this.#database = database;
    this.#tenant = tenant;
    this.#knowledge = knowledge;
    this.#wholes = whole;
    const { from, through } = readingPeriod(window);
    this.#days = { fromDay: from, throughDay: through };
    this.#sources = [...knowledge.sources];
    // Of a source that nobody has heard of yet, too.
    const numberOf = (name: string): number =>
      this.#sources.includes(name) ? this.#sources.indexOf(name) : this.#sources.push(name) - 1;
    const aliasesOf = (of: "client" | "staff"): Array<readonly [SourceId, SourceId]> =>
      knowledge.aliases
        .filter(({ kind }) => kind === of)
        .map(({ source, id, sameAsSource, sameAsId }) => [
          { source: numberOf(source), id },
          { source: numberOf(sameAsSource), id: sameAsId },
        ]);
    this.#aliases = { client: aliasesOf("client"), staff: aliasesOf("staff") };
    for (const ref of whole.places) this.#refs.set(ref.no, ref);
  }

  /**
   * Whose outcomes a change may touch: marked clients and their households; marked staff, and no others who were there,
   * because rules about staff look at nothing but their own visits; the clients whom those met, because rules about a
   * client's visit look at how the others fit that whoever made it made on that day. Others who were at a marked client are
   * touched by what is said of the client at large, and where two sources may tell of the same visit.
   */
  async reach(dirty: Dirty, merging: boolean): Promise<Reached> {
    const [marked, markedStaff] = await Promise.all([
      this.#same("client", { refs: dirty.clients.map(({ ref }) => ref), households: true }),
      this.#same("staff", { refs: dirty.staff.map(({ ref }) => ref) }),
    ]);
    const wide = merging || dirty.clients.some(({ day }) => day === null);
    const staff = wide
      ? await this.#same("staff", { refs: await this.#met("client", marked.refs), ids: markedStaff.ids })
      : markedStaff;
    const met = { refs: await this.#met("staff", staff.refs), ids: marked.ids };
    const [clients, readClients] = await Promise.all([
      this.#same("client", met),
      this.#same("client", { ...met, households: true }),
    ]);
    return { clients, staff, readClients };
  }

  /** Clients and those who live with them: all that their figures are made of. */
  async living({ refs = [], ids = [] }: Partial<SamePeople>): Promise<Pick<Reached, "readClients" | "staff">> {
    return { readClients: await this.#same("client", { refs, ids, households: true }), staff: nobody };
  }

  /** With the clients whom those met who made some visits, on the days of those; null where nobody is new. */
  async alsoMet(reached: Reached, { names, days }: Loose): Promise<Reached | null> {
    const staff = this.#staff.filter(({ source, id }) => names(`${this.#sources[source]}/${id}`));
    if (staff.length === 0) return null;
    const met = await this.#met("staff", await this.#refsTo("staff", staff), [...days]);
    const readClients = await this.#with("client", reached.readClients, met, { households: true });
    return readClients === reached.readClients ? null : { ...reached, readClients };
  }

  /** All that tables of those people need: of everything else they know what the run before has written down. */
  async records({ readClients, staff: known }: Pick<Reached, "readClients" | "staff">) {
    const { sources, aliases, warnings, facts, answers } = this.#knowledge;
    const raw: Partial<Record<EntityName, RawColumns>> = {};
    for (const rows of this.#wholes.tables) raw[rows.entity] = rows;
    const read = async (entity: EntityName, selection: RawSelection): Promise<RawColumns> =>
      (raw[entity] = await this.#read(entity, selection));
    const of = [{ field: "clientId", refs: readClients.refs }];
    // What takes time is to ask, so what can be is asked at once.
    const [plans] = await Promise.all([
      this.#read("planned-visits", { ...this.#days, of, history: true }),
      ...ofClients.map(async (entity) => (raw[entity] = await this.#some(entity, of))),
    ]);
    const first = [...Object.values(raw), plans];
    const readStaff = async (): Promise<{ staff: SamePeople; neighbours: SourceId[] }> => {
      const staff = await this.#named("staff", known, mentioned(first, ["staff"]));
      this.#staff = staff.ids;
      const [rows, shifts] = await Promise.all([
        read("staff", { records: staff.ids, ranks: false }),
        this.#some("shifts", [{ field: "staffId", refs: staff.refs }]),
      ]);
      raw.shifts = shifts;
      return { staff, neighbours: await this.#livingWith(rows) };
    };
    const readOrdered = async (): Promise<RawColumns> => {
      const [own] = await Promise.all([this.#refsTo("order", idsOf(raw.orders!)), this.#know(mentioned(first))]);
      const named = mentioned(first, ["order", "tag"]);
      // A tag may belong to another client, and so may an order that somebody names.
      const strangers = this.#recordsOf("order", named.difference(new Set(own)));
      const [, more] = await Promise.all([
        read("tags", { of, records: everywhere(this.#recordsOf("tag", named), sources), ranks: false }),
        strangers.length === 0 ? [] : this.#refsTo("order", strangers),
        strangers.length === 0 ? null : read("orders", { of, records: strangers, ranks: false }),
      ]);
      const lines: RawSelection = { of: [{ field: "orderId", refs: [...own, ...more] }] };
      const [older] = await Promise.all([
        this.#read("order-lines", { ...lines, history: true }),
        read("order-lines", lines),
      ]);
      return older;
    };
    const [{ staff, neighbours }, olderLines, named] = await Promise.all([
      readStaff(),
      readOrdered(),
      this.#with("client", readClients, mentioned(first, ["client"])),
    ]);
    // Tags and orders of others may name more, and seldom do.
    const clients = await this.#named("client", named, mentioned(Object.values(raw), ["client"]));
    const residents =
      neighbours.length === 0
        ? clients
        : await this.#same("client", { refs: [], ids: [...clients.ids, ...neighbours] });
    await read("clients", { records: residents.ids, ranks: false });
    const all = mentioned([...Object.values(raw), plans, olderLines]);
    await this.#know([...all, ...staff.refs, ...residents.refs]);
    const refs = [...this.#refs.values()].sort((a, b) => a.no - b.no);
    const renumber = renumbering(refs);
    const names = new Set([...staff.ids, ...residents.ids].map(({ source, id }) => `${this.#sources[source]}/${id}`));
    return {
      raw: Object.fromEntries(Object.entries(raw).map(([entity, rows]) => [entity, renumber(rows)])) as typeof raw,
      history: { "planned-visits": renumber(plans), "order-lines": renumber(olderLines) },
      refs: denseRefs(refs),
      sources,
      // Of others nobody speaks here.
      aliases: aliases.filter(
        ({ kind, source, id }) => (kind !== "client" && kind !== "staff") || names.has(`${source}/${id}`),
      ),
      warnings,
      facts,
      answers,
      registers: this.#wholes.registers,
    };
  }

  async #some(entity: EntityName, of: NonNullable<RawSelection["of"]>): Promise<RawColumns> {
    const rows = await this.#read(entity, { ...this.#days, of, ranks: false });
    // Rules ask whether anybody tells of such records at all.
    return rows.count > 0 || !this.#wholes.told.has(entity) ? rows : this.#read(entity, { limit: 1, ranks: false });
  }

  /** References of clients or staff to those whom they met, in all that is read or on some days. */
  #met(of: "client" | "staff", refs: readonly number[], days?: readonly Day[]): Promise<number[]> {
    return selectMet(this.#database, this.#tenant, {
      of,
      refs,
      ...this.#days,
      ...(days === undefined ? {} : { days }),
    });
  }

  #same(
    of: "client" | "staff",
    people: { refs: readonly number[]; ids?: readonly SourceId[]; households?: boolean },
  ): Promise<SamePeople> {
    return selectSamePeople(this.#database, this.#tenant, { of, ...people, aliases: this.#aliases[of] });
  }

  /** With those whom references name; `people` are there with all that they are called. */
  async #with(
    of: "client" | "staff",
    people: SamePeople,
    refs: Iterable<number>,
    { households = false } = {},
  ): Promise<SamePeople> {
    const more = new Set(refs).difference(new Set(people.refs));
    if (more.size === 0) return people;
    const found = await this.#same(of, { refs: [...more], households });
    const ids = new Map([...people.ids, ...found.ids].map((one) => [`${one.source}/${one.id}`, one]));
    return { ids: [...ids.values()], refs: [...new Set([...people.refs, ...found.refs])] };
  }

  /** Also others whom another source calls the same: then the id that is shown tells whose it is. */
  async #named(of: "client" | "staff", people: SamePeople, refs: Iterable<number>): Promise<SamePeople> {
    const found = await this.#with(of, people, refs);
    const { sources } = this.#knowledge;
    return sources.length === 1 ? found : this.#same(of, { refs: found.refs, ids: everywhere(found.ids, sources) });
  }

  /** Clients in the buildings where somebody on the staff lives: rules ask who else does. */
  async #livingWith(staff: RawColumns): Promise<SourceId[]> {
    const homes = staff.fields["addressBuildingId"] as Int32Array | undefined;
    if (homes === undefined) return [];
    await this.#know(homes);
    const buildings = [...homes].flatMap((ref, row) =>
      ref < 0 ? [] : [{ source: staff.source[row]!, id: this.#refs.get(ref)?.id ?? "" }],
    );
    return selectLivingIn(this.#database, this.#tenant, buildings);
  }

  #refsTo(kind: RefKind, records: readonly SourceId[]): Promise<number[]> {
    return selectRefsTo(this.#database, this.#tenant, kind, records);
  }

  /** Learns what references stand for. */
  async #know(numbers: Iterable<number>): Promise<void> {
    const asked = new Set(numbers).difference(this.#refs);
    asked.delete(-1);
    if (asked.size === 0) return;
    for (const ref of await selectRefs(this.#database, this.#tenant, { numbers: [...asked] }))
      this.#refs.set(ref.no, ref);
  }

  /** What those of the references name that are of a kind. */
  #recordsOf(kind: RefKind, numbers: Iterable<number>): SourceId[] {
    return [...numbers].flatMap((no) => {
      const ref = this.#refs.get(no);
      return ref?.kind === kind ? [ref] : [];
    });
  }

  #read(entity: EntityName, selection: RawSelection = {}): Promise<RawColumns> {
    return readRawColumns(this.#database, this.#tenant, entity, { fields: neededFields[entity] ?? [], ...selection });
  }
}

/** References in columns, to some kinds or all. */
function mentioned(tables: readonly RawColumns[], kinds?: readonly RefKind[]): Set<number> {
  const found = new Set<number>();
  for (const { entity, fields } of tables) {
    for (const [name, values] of Object.entries(fields)) {
      if (!isReference(entity, name)) continue;
      const { of } = entities[entity].fields[name]!;
      if (kinds !== undefined && (of === undefined || !kinds.includes(of))) continue;
      for (const ref of values as Int32Array) if (ref >= 0) found.add(ref);
    }
  }
  return found;
}

/** References as tables hold them, numbered anew: of all that a tenant has, a few people need a few. */
const denseRefs = (refs: readonly NumberedRef[]): Refs => ({
  kind: Int8Array.from(refs, ({ kind }) => refKinds.indexOf(kind)),
  source: Int16Array.from(refs, ({ source }) => source),
  id: refs.map(({ id }) => id),
});

/** Puts the new numbers of references in the place of the old ones. */
function renumbering(refs: readonly NumberedRef[]): (rows: RawColumns) => RawColumns {
  const place = new Map(refs.map(({ no }, index) => [no, index]));
  return (rows) => ({
    ...rows,
    fields: Object.fromEntries(
      Object.entries(rows.fields).map(([name, values]) =>
        isReference(rows.entity, name)
          ? [name, (values as Int32Array).map((ref) => place.get(ref) ?? -1)]
          : [name, values],
      ),
    ),
  });
}

const isReference = (entity: EntityName, field: string): boolean =>
  ["ref", "codes"].includes(entities[entity].fields[field]!.kind);

const idsOf = (rows: RawColumns): SourceId[] =>
  Array.from({ length: rows.count }, (_, row) => ({ source: rows.source[row]!, id: textAt(rows.id, row)! }));

/** The same ids in every source. */
const everywhere = (ids: readonly SourceId[], sources: readonly string[]): SourceId[] =>
  [...new Set(ids.map(({ id }) => id))].flatMap((id) => sources.map((_, source) => ({ source, id })));
