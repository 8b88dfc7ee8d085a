import { type Beyond, buildTables, neededFields, type People, type RawColumns, recognise } from "#columns";
import { matchVisits } from "#match";
import {
  type Day,
  dayOf,
  daysOfMonth,
  type EntityName,
  entityNames,
  formatDay,
  monthOf,
  parseDate,
  refKinds,
} from "#model";
import { monthsOf, readingPeriod, runEngine } from "#rule";
import {
  acquireLease,
  type Database,
  type Dirty,
  type RawSelection,
  readRawColumns,
  selectLatestRun,
  selectMeasures,
  selectMet,
  takeDirty,
} from "#store";
import { type Actor, permit } from "./actor.ts";
import { isHeld, readExpectations, standingOn } from "./hold-back.ts";
import { MEASURES_KEPT_DAYS, readSurroundings, type Surroundings, type Window } from "./read-window.ts";
import { basisOf, type Reconciled, type ReconcileNeeds } from "./reconcile.ts";
import { knownTravel } from "./travel.ts";
import { writeWindow } from "./write-window.ts";

const NEIGHBOUR_DAYS = 2;

/** How a person is named in the records of an entity. Entities that are missing here are read whole. */
const personOf: Partial<Record<EntityName, "clientId" | "staffId">> = {
  "planned-visits": "clientId",
  "lock-events": "clientId",
  absences: "clientId",
  claims: "clientId",
  decisions: "clientId",
  meals: "clientId",
  orders: "clientId",
  shifts: "staffId",
};

/**
 * Computes anew, at any time of the day, the months of the clients and staff whom changes since the last run reach, and reads
 * no more than their records. What is about a unit, a provider or a source is left as that run knew it, and so is the
 * hour as of which is judged: the next night computes everything that is marked once more, and its word stands.
 * Null where so little does not say enough, and only a night can tell.
 */
export async function reconcileChanged(
  needs: ReconcileNeeds,
  actor: Actor,
  { signal }: { signal: AbortSignal },
): Promise<Reconciled | null> {
  permit(actor, "night:run");
  const { tenantId } = actor;
  const { database, rules, config, now } = needs;
  await using lease = await acquireLease(database, tenantId, { purpose: "reconcile", waitMs: 3_600_000 });
  const dirty = await takeDirty(database, tenantId);
  const last = (await selectLatestRun(database, tenantId, "reconcile"))?.summary ?? {};
  const { asOf, beyond, basis } = last;
  if (typeof asOf !== "number" || basis !== basisOf(needs) || typeof beyond !== "object" || beyond === null)
    return null;
  if (dirty.all || dirty.days.length > 0) return null;
  const open: Window = { from: Number(last["from"]), through: dayOf(asOf) - 1 };
  const window = windowOf(dirty, open);
  if (window === null) return null;
  const surroundings = await readSurroundings(needs, tenantId);
  if (surroundings.aliases.some(({ from, through }) => (from ?? through ?? null) !== null)) return null;
  const reading = new Reading(database, tenantId, window, surroundings);
  const reached = await reading.reach(needs.sources, dirty);
  const tables = buildTables({
    ...(await reading.records(reached)),
    sourceOrder: needs.sources.map((source) => source.id),
    people: reached.people,
    // Written by the run that knew everything.
    beyond: beyond as Beyond,
    asOf,
    period: window,
    release: true,
  });
  // Any of a provider's visits may decide which others are paid.
  for (let contract = 0; contract < tables.contracts.count; contract++) {
    const { manual } = tables.contracts.terms(contract) as { manual?: { maxSharePercent?: number } };
    if (manual?.maxSharePercent !== undefined) return null;
  }
  signal.throwIfAborted();
  const months = monthsOf(window);
  const slices = [
    ...slicesOf(
      "client",
      [...reached.clients].map((code) => tables.clients.key(code)),
      months,
    ),
    ...slicesOf(
      "staff",
      [...reached.staff].map((code) => tables.staff.key(code)),
      months,
    ),
  ];
  const result = runEngine({
    tenant: tenantId,
    tables,
    matches: matchVisits(tables),
    travel: await knownTravel(needs, tenantId, tables),
    rules,
    parameters: surroundings.parameters,
    exceptions: surroundings.exceptions,
    measures: await selectMeasures(database, tenantId, {
      from: monthOf(window.from - MEASURES_KEPT_DAYS),
      through: monthOf(window.through),
      people: [...reached.clients]
        .map((code) => tables.clients.key(code))
        .concat([...reached.staff].map((code) => tables.staff.key(code))),
    }),
    goLive: config.goLive === undefined ? null : parseDate(config.goLive),
    evaluate: { clients: reached.clients, staff: reached.staff },
  });
  lease.check();
  const standing = rules.map((rule) => standingOn(rule, surroundings.parameters, window.through));
  const { holds } = await readExpectations(database, tenantId);
  const findings = await writeWindow(database, tenantId, result, {
    at: now(),
    rules: standing,
    // So few findings are no flood; what is held back stays so.
    holdBack: () => ({
      rules: new Set(standing.filter((rule) => isHeld(holds, rule)).map(({ ruleId }) => ruleId)),
      holds: [],
    }),
    slices,
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
  who: "client" | "staff",
  keys: readonly string[],
  months: ReadonlyArray<{ first: Day; last: Day }>,
): Generator<string> {
  for (const key of keys) {
    for (const { first, last } of months) {
      yield `${who}-month:${key}:${monthOf(first)}`;
      for (let day = first; day <= last; day++) yield `${who}-day:${key}:${formatDay(day)}`;
    }
  }
}

interface Reached {
  people: People;
  raw: Partial<Record<EntityName, RawColumns>>;
  /** Codes of those who are evaluated. */
  clients: ReadonlySet<number>;
  staff: ReadonlySet<number>;
  /** Whose records are read: also the households of the clients, and everybody who was there. */
  clientRefs: readonly number[];
  staffRefs: readonly number[];
}

class Reading {
  readonly #database: Database;
  readonly #tenant: string;
  readonly #surroundings: Surroundings;
  readonly #days: { fromDay: Day; throughDay: Day };

  constructor(database: Database, tenant: string, window: Window, surroundings: Surroundings) {
    this.#database = database;
    this.#tenant = tenant;
    this.#surroundings = surroundings;
    const { from, through } = readingPeriod(window);
    this.#days = { fromDay: from, throughDay: through };
  }

  /** As `dirtyClosure`, by queries: from marked clients to their households and the staff who were there, and to whom those met. */
  async reach(sources: ReconcileNeeds["sources"], dirty: Dirty): Promise<Reached> {
    const { refs, sources: ids, aliases } = this.#surroundings;
    const raw: Reached["raw"] = { clients: await this.#read("clients"), staff: await this.#read("staff") };
    const sourceOrder = sources.map((source) => source.id);
    const people = recognise({ raw, refs, sources: ids, sourceOrder, aliases });
    const codes = (of: "client" | "staff", marked: readonly number[]): number[] => {
      const known = of === "client" ? people.clients : people.staff;
      return [...new Set(marked.map((ref) => known.code(ref, 0)))].filter((code) => code >= 0);
    };
    const refsOf = (of: "client" | "staff", wanted: ReadonlySet<number>): number[] => {
      const kind = refKinds.indexOf(of);
      const known = of === "client" ? people.clients : people.staff;
      const found: number[] = [];
      for (let ref = 0; ref < refs.kind.length; ref++)
        if (refs.kind[ref] === kind && wanted.has(known.code(ref, 0))) found.push(ref);
      return found;
    };
    const met = async (of: "client" | "staff", by: ReadonlySet<number>): Promise<number[]> =>
      codes(
        of === "client" ? "staff" : "client",
        await selectMet(this.#database, this.#tenant, { of, refs: refsOf(of, by), ...this.#days }),
      );
    const households = householdsOf(raw.clients!, people);
    const marked = codes(
      "client",
      dirty.clients.map(({ ref }) => ref),
    );
    const first = households(marked);
    const staff = new Set([
      ...codes(
        "staff",
        dirty.staff.map(({ ref }) => ref),
      ),
      ...(await met("client", first)),
    ]);
    const clients = new Set([...first, ...(await met("staff", staff))]);
    const around = new Set([...staff, ...(await met("client", clients))]);
    return {
      people,
      raw,
      clients,
      staff,
      clientRefs: refsOf("client", households([...clients])),
      staffRefs: refsOf("staff", around),
    };
  }

  async records({ raw, clientRefs, staffRefs }: Reached) {
    const { refs, sources, aliases, warnings, facts } = this.#surroundings;
    for (const entity of entityNames) {
      if (neededFields[entity] === undefined || raw[entity] !== undefined || entity === "order-lines") continue;
      raw[entity] = await this.#some(entity, clientRefs, staffRefs);
    }
    const orders = orderRefs(raw.orders!, this.#surroundings);
    const lines: RawSelection = { of: [{ field: "orderId", refs: orders }] };
    raw["order-lines"] = await this.#read("order-lines", lines);
    const history = {
      "planned-visits": await this.#read("planned-visits", {
        ...this.#days,
        of: [{ field: "clientId", refs: clientRefs }],
        history: true,
      }),
      "order-lines": await this.#read("order-lines", { ...lines, history: true }),
    };
    return { raw, history, refs, sources, aliases, warnings, facts };
  }

  async #some(entity: EntityName, clientRefs: readonly number[], staffRefs: readonly number[]): Promise<RawColumns> {
    const person = personOf[entity];
    if (entity !== "visits" && person === undefined) return this.#read(entity, this.#days);
    const of =
      entity === "visits"
        ? [
            { field: "clientId", refs: clientRefs },
            { field: "staffId", refs: staffRefs },
          ]
        : [{ field: person!, refs: person === "clientId" ? clientRefs : staffRefs }];
    const rows = await this.#read(entity, { ...this.#days, of, ranks: false });
    // Rules ask whether anybody tells of such records at all.
    return rows.count > 0 ? rows : this.#read(entity, { limit: 1, ranks: false });
  }

  #read(entity: EntityName, selection: RawSelection = {}): Promise<RawColumns> {
    return readRawColumns(this.#database, this.#tenant, entity, { fields: neededFields[entity] ?? [], ...selection });
  }
}

/** Numbers by which order lines name the orders. */
function orderRefs(orders: RawColumns, { refs }: Surroundings): number[] {
  const decoder = new TextDecoder();
  const wanted = new Set<string>();
  for (let row = 0; row < orders.count; row++)
    wanted.add(decoder.decode(orders.id.bytes.subarray(orders.id.offsets[row], orders.id.offsets[row + 1])));
  const kind = refKinds.indexOf("order");
  const found: number[] = [];
  for (let ref = 0; ref < refs.kind.length; ref++)
    if (refs.kind[ref] === kind && wanted.has(refs.id[ref]!)) found.push(ref);
  return found;
}

/** From clients to them and all who share a household with one of them. */
function householdsOf(clients: RawColumns, people: People): (codes: readonly number[]) => Set<number> {
  const household = clients.fields["householdId"] as Int32Array | undefined;
  const members = new Map<number, number[]>();
  const of = new Map<number, number[]>();
  household?.forEach((one, row) => {
    if (one < 0) return;
    const client = people.clients.ofMaster[row]!;
    members.set(one, [...(members.get(one) ?? []), client]);
    of.set(client, [...(of.get(client) ?? []), one]);
  });
  return (codes) =>
    new Set(codes.flatMap((code) => [code, ...(of.get(code) ?? []).flatMap((one) => members.get(one) ?? [])]));
}
