import type { Address, Day, EntityName, Instant } from "#model";
import type { Beyond } from "./beyond.ts";
import { dayOf, parseDate, refKinds, startOfDay } from "#model";
import * as column from "./fields.ts";
import { type Silence, silencesInside, sourceFacts, type SourceFacts, type Warning } from "./sources.ts";
import { Maker, type Tables } from "./parts.ts";
import { type Alias, codeOfKey, identitiesOf, type Master, resolve, type Resolved } from "./identity.ts";
import { mergeVisits } from "./merge.ts";
import { free, ints } from "./room.ts";
import { NO_DAY, type Period, type RawColumns, type Refs, type TextColumn } from "./raw.ts";
import { groupBy, groupInTime, type Grouped, inFront, inverse, moved, Mover, upTo } from "./sort.ts";
import * as table from "./tables.ts";
import { hashString, IdIndex, sameText, textAt, tieBreak } from "./text.ts";

export interface TableInput {
  raw: Partial<Record<EntityName, RawColumns>>;
  /** Older versions, of planned visits and order lines; other entities have none that a table uses. */
  history: Partial<Record<EntityName, RawColumns>>;
  refs: Refs;
  /** Ids of the sources by number. */
  sources: readonly string[];
  /** Ids of the sources in the order of the configuration; others follow by id. */
  sourceOrder?: readonly string[];
  aliases: readonly Alias[];
  warnings: readonly Warning[];
  facts: readonly SourceFacts[];
  /** What providers have answered here. */
  answers?: readonly table.OrderAnswers[];
  asOf: Instant;
  period: Period;
  /** Where only some records are given: what is known of all. */
  beyond?: Beyond | null;
  /** Where only some clients are given: numbers of the sources that say more of clients than who they are. */
  registers?: readonly number[];
  /** The caller needs `raw` and `history` no more: what has been copied into tables is let go of. */
  release?: boolean;
}

export function buildTables(input: TableInput): Tables {
  const { refs, sources } = input;
  const rank = ranks(sources, input.sourceOrder ?? []);
  const read = (entity: EntityName): RawColumns => input.raw[entity] ?? column.emptyColumns(entity);
  const seeds = sources.map((source) => hashString(source));
  const make = new Maker();
  const context: Context = { refs, sources, rank, seeds, make };

  const providerRows = read("providers");
  const unitRows = read("units");
  const clientRows = read("clients");
  const staffRows = read("staff");
  const providers = resolve(
    "provider",
    refs,
    sources,
    rank,
    masters(providerRows, { org: "organisationNumber" }),
    input.aliases,
  );
  const units = resolve("unit", refs, sources, rank, masters(unitRows, { hsa: "hsaId" }), input.aliases);
  const clients = resolve("client", refs, sources, rank, clientMasters(clientRows, input.registers), input.aliases);
  const staffMasters = masters(staffRows, { pid: "personalIdentityNumber", hsa: "hsaId" });
  const staff = resolve("staff", refs, sources, rank, staffMasters, input.aliases);

  const providerOfUnit = new Int32Array(units.count).fill(-1);
  const unitName: Array<string | null> = [];
  for (const row of bySource(unitRows, rank)) {
    const unit = units.ofMaster[row]!;
    const provider = providers.code(column.codes(unitRows, "providerId")[row]!, 0);
    if (providerOfUnit[unit]! < 0) providerOfUnit[unit] = provider;
    unitName[unit] ??= textAt(column.texts(unitRows, "name"), row);
  }
  const providerName: Array<string | null> = [];
  const organisationNumber: Array<string | null> = [];
  const regime = new Int8Array(providers.count).fill(-1);
  const permit = {
    from: new Int32Array(providers.count).fill(NO_DAY),
    to: new Int32Array(providers.count).fill(NO_DAY),
  };
  const [permitFrom, permitTo] = [column.days(providerRows, "permitFrom"), column.days(providerRows, "permitTo")];
  for (const row of bySource(providerRows, rank)) {
    const provider = providers.ofMaster[row]!;
    providerName[provider] ??= textAt(column.texts(providerRows, "name"), row);
    organisationNumber[provider] ??= textAt(column.texts(providerRows, "organisationNumber"), row);
    if (regime[provider]! < 0) regime[provider] = column.flags(providerRows, "regime")[row]!;
    // From one source only: the ends of two permits do not belong together.
    if (permit.from[provider] === NO_DAY && permit.to[provider] === NO_DAY) {
      permit.from[provider] = permitFrom[row]!;
      permit.to[provider] = permitTo[row]!;
    }
  }
  const unitTable = make.one("units", identitiesOf(units), providerOfUnit, unitName);

  const services = buildServices(read("services"), context);
  const serviceOf = (set: number): number => services.list(set)[0] ?? -1;

  const decisionRows = read("decisions");
  const orderRows = read("orders");
  const lineRows = read("order-lines");
  const always = (raw: RawColumns, field: string, people: Resolved): Int32Array =>
    column.codes(raw, field).map((ref) => people.code(ref, input.period.through));

  const decisionFrom = column.days(decisionRows, "validFrom");
  const decisionClient = dated(decisionRows, "clientId", clients, decisionFrom);
  const decisions = make.ofRows("decisions", decisionRows, {
    client: decisionClient,
    service: column.codes(decisionRows, "service").map(serviceOf),
    decidedOn: column.days(decisionRows, "decidedOn"),
    grantedMinutesPerMonth: column.numbers(decisionRows, "grantedMinutesPerMonth"),
    validFrom: decisionFrom,
    validTo: column.days(decisionRows, "validTo"),
    byClient: grouped(decisionRows, Float64Array.from(decisionFrom), decisionClient, clients.count, context),
  });

  const orderFrom = column.days(orderRows, "validFrom");
  const orderClient = dated(orderRows, "clientId", clients, orderFrom);
  const orderUnit = dated(orderRows, "unitId", units, orderFrom);
  const orderProvider = orderUnit.map((unit) => unitTable.provider(unit));
  const orders = make.ofRows("orders", orderRows, {
    client: orderClient,
    unit: orderUnit,
    provider: orderProvider,
    decision: linkRefs(orderRows, "decisionId", orderClient, decisionRows, decisionClient, context),
    status: column.flags(orderRows, "status"),
    orderedAt: column.numbers(orderRows, "orderedAt"),
    acceptedAt: column.numbers(orderRows, "acceptedAt"),
    validFrom: orderFrom,
    validTo: column.days(orderRows, "validTo"),
    byClient: grouped(orderRows, Float64Array.from(orderFrom), orderClient, clients.count, context),
    answers: answersOf(input.answers ?? [], orderRows, orderProvider, providers, sources),
  });

  const lineOrder = linkRefs(lineRows, "orderId", null, orderRows, orderClient, context);
  const narrow = (field: string, ofOrder: Int32Array, pick: (a: number, b: number) => number): Int32Array =>
    column.days(lineRows, field).map((own, row) => {
      const order = lineOrder[row]!;
      const outer = order < 0 ? NO_DAY : ofOrder[order]!;
      return own === NO_DAY ? outer : outer === NO_DAY ? own : pick(own, outer);
    });
  const lineFrom = narrow("validFrom", orderFrom, Math.max);
  const weekdayLists = column.texts(lineRows, "weekdays");
  const lines = make.ofRows("lines", lineRows, {
    order: lineOrder,
    service: column.codes(lineRows, "service").map(serviceOf),
    minutes: column.numbers(lineRows, "minutes"),
    times: column.numbers(lineRows, "times"),
    per: column.flags(lineRows, "per"),
    weekdays: Uint8Array.from({ length: lineRows.count }, (_, row) =>
      ((parsed(weekdayLists, row) ?? []) as number[]).reduce((bits, weekday) => bits | (1 << (weekday - 1)), 0),
    ),
    partOfDay: column.flags(lineRows, "partOfDay"),
    staffing: Uint8Array.from(column.numbers(lineRows, "staffing"), (staffing) => (staffing >= 1 ? staffing : 1)),
    validFrom: lineFrom,
    validTo: narrow("validTo", column.days(orderRows, "validTo"), Math.min),
    byOrder: grouped(lineRows, Float64Array.from(lineFrom), lineOrder, orderRows.count, context),
    older: olderLines(lineRows, input.history["order-lines"]),
  });

  /** Those that no table reads in the order of the raw columns give back their memory at once. */
  const release = (entity: EntityName, unread: readonly string[] | null): void => {
    if (input.release !== true) return;
    for (const columns of [input.raw[entity], input.history[entity]]) if (columns) letGo(columns, unread);
  };
  // Without the caller's leave its columns are copied before their rows are put in order.
  const taken = <A extends { slice(): A }>(values: A): A => (input.release === true ? values : values.slice());
  const { plans: planTable, at: planAt } = buildPlans(
    read("planned-visits"),
    input.history["planned-visits"],
    context,
    {
      clients,
      staff,
      units,
      unitTable,
      orderRows,
      orderClient,
      taken,
    },
  );

  release("planned-visits", null);
  const buildings = new Map<string, number>();
  const beyond = input.beyond ?? null;
  const received =
    beyond === null
      ? silencesBySource(receivedBySource(read("visits"), sources.length))
      : new Map(sources.map((source, number) => [number, beyond.received[source] ?? []]));
  const clientTable = buildClients(clientRows, clients, context, buildings);
  const visits = buildVisits(
    read("visits"),
    context,
    {
      clients,
      clientTable,
      staff,
      units,
      unitTable,
      providers: providers.count,
      orderRows,
      orderClient,
      planRows: read("planned-visits"),
      planTable,
      planAt,
      tagRows: read("tags"),
      taken,
      elsewhere: elsewhereOf(beyond, sources, providers),
    },
    input.warnings,
  );

  release("visits", ["clientId", "staffId", "unitId", "orderId", "plannedVisitId"]);
  const absenceRows = read("absences");
  const absenceFrom = column.numbers(absenceRows, "from");
  const absenceClient = dated(absenceRows, "clientId", clients, absenceFrom.map(dayOf));
  const absences = make.ofRows("absences", absenceRows, {
    client: absenceClient,
    from: absenceFrom,
    until: column.numbers(absenceRows, "to").map((until) => (Number.isNaN(until) ? Infinity : until)),
    kind: column.flags(absenceRows, "kind"),
    planned: column.flags(absenceRows, "planned"),
    notifiedAt: column.numbers(absenceRows, "notifiedAt"),
    byClient: grouped(absenceRows, absenceFrom, absenceClient, clients.count, context),
  });

  const claimRows = read("claims");
  const claimFrom = column.days(claimRows, "from");
  const claimClient = dated(claimRows, "clientId", clients, claimFrom);
  const claimUnit = dated(claimRows, "unitId", units, claimFrom);
  const claims = make.ofRows("claims", claimRows, {
    provider: always(claimRows, "providerId", providers),
    unit: claimUnit,
    client: claimClient,
    order: linkRefs(claimRows, "orderId", claimClient, orderRows, orderClient, context),
    service: column.codes(claimRows, "service").map(serviceOf),
    from: claimFrom,
    to: column.days(claimRows, "to"),
    minutes: column.numbers(claimRows, "minutes"),
    quantity: column.numbers(claimRows, "quantity"),
    unitOfQuantity: column.flags(claimRows, "unit"),
    unitPriceOre: column.numbers(claimRows, "unitPriceOre"),
    amountOre: column.numbers(claimRows, "amountOre"),
    kind: column.flags(claimRows, "kind"),
    corrects: linkText(claimRows, column.texts(claimRows, "correctsId"), claimRows, context, () => true),
    band: column.texts(claimRows, "band"),
    staffing: column.numbers(claimRows, "staffing"),
    invoice: column.texts(claimRows, "invoiceId"),
    byClient: grouped(claimRows, Float64Array.from(claimFrom), claimClient, clients.count, context),
  });

  const shiftRows = read("shifts");
  const shiftStart = column.numbers(shiftRows, "start");
  const shiftStaff = dated(shiftRows, "staffId", staff, shiftStart.map(dayOf));
  const shifts = make.ofRows("shifts", shiftRows, {
    staff: shiftStaff,
    start: shiftStart,
    end: column.numbers(shiftRows, "end"),
    breakMinutes: column.numbers(shiftRows, "breakMinutes").map((minutes) => (minutes > 0 ? minutes : 0)),
    kind: column.flags(shiftRows, "kind"),
    byStaff: grouped(shiftRows, shiftStart, shiftStaff, staff.count, context),
  });

  const lockRows = read("lock-events");
  const lockAt = column.numbers(lockRows, "at");
  const lockDay = Int32Array.from(lockAt, dayOf);
  const lockClient = dated(lockRows, "clientId", clients, lockDay);
  const lockEvents = make.ofRows("lockEvents", lockRows, {
    lock: column.codes(lockRows, "lockId"),
    client: lockClient,
    staff: dated(lockRows, "staffId", staff, lockDay),
    at: lockAt,
    event: column.flags(lockRows, "event"),
    device: column.codes(lockRows, "deviceId"),
    byClient: grouped(lockRows, lockAt, lockClient, clients.count, context),
  });

  const tagRows = read("tags");
  const tagFrom = column.days(tagRows, "from");
  const tagClient = dated(tagRows, "clientId", clients, tagFrom);
  const tags = make.ofRows("tags", tagRows, {
    client: tagClient,
    from: tagFrom,
    to: column.days(tagRows, "to"),
    byClient: grouped(tagRows, Float64Array.from(tagFrom), tagClient, clients.count, context),
  });

  const mealRows = read("meals");
  const mealFrom = column.days(mealRows, "from");
  const mealClient = dated(mealRows, "clientId", clients, mealFrom);
  const mealUnit = dated(mealRows, "unitId", units, mealFrom);
  const meals = make.ofRows("meals", mealRows, {
    client: mealClient,
    unit: mealUnit,
    provider: mealUnit.map((unit) => unitTable.provider(unit)),
    from: mealFrom,
    to: column.days(mealRows, "to"),
    quantity: column.numbers(mealRows, "quantity"),
    kind: column.texts(mealRows, "kind"),
    byClient: grouped(mealRows, Float64Array.from(mealFrom), mealClient, clients.count, context),
  });

  const contractRows = read("contracts");
  const contractFrom = column.days(contractRows, "validFrom");
  const contractProvider = always(contractRows, "providerId", providers);
  const contractUnits = column.texts(contractRows, "unitIds");
  const terms = column.texts(contractRows, "terms");
  const contracts = make.contracts(
    contractRows,
    {
      provider: contractProvider,
      units: Array.from({ length: contractRows.count }, (_, row) => {
        const ids = parsed(contractUnits, row) as string[] | null;
        return ids === null || ids.length === 0
          ? null
          : ids.map((id) => units.find(sources[contractRows.source[row]!]!, id));
      }),
      services: column.codes(contractRows, "services"),
      validFrom: contractFrom,
      validTo: column.days(contractRows, "validTo"),
      terms: Array.from(
        { length: contractRows.count },
        (_, row) => (parsed(terms, row) ?? {}) as Record<string, unknown>,
      ),
      reference: Array.from({ length: contractRows.count }, (_, row) =>
        textAt(column.texts(contractRows, "reference"), row),
      ),
      byProvider: grouped(contractRows, Float64Array.from(contractFrom), contractProvider, providers.count, context),
    },
    services,
  );

  return {
    visits,
    plans: planTable,
    clients: clientTable,
    staff: buildStaff(staffRows, staff, providers, units, unitTable, input, context, buildings),
    units: unitTable,
    providers: make.one("providers", identitiesOf(providers), providerName, organisationNumber, regime, permit),
    services,
    orders,
    lines,
    absences,
    claims,
    shifts,
    lockEvents,
    contracts,
    decisions,
    tags,
    meals,
    sources: make.one("sources", sources, rank, sourceFacts(sources, input.facts), input.warnings, received),
    asOf: input.asOf,
    period: input.period,
    beyond,
    parts: make.parts({ asOf: input.asOf, period: input.period, beyond }),
  };
}

/** What is known of visits beyond those that are given. */
function elsewhereOf(
  beyond: Beyond | null,
  sources: readonly string[],
  providers: Resolved,
): table.VisitColumns["elsewhere"] {
  if (beyond === null) return null;
  return {
    registering: new Set(beyond.registering.map((source) => sources.indexOf(source))),
    visited: new Map(Object.entries(beyond.visited).map(([key, days]) => [codeOfKey(providers, key), days])),
  };
}

/** Forgets the columns, except ids and sources; nobody reads any of `unread`, or any at all where that is null. */
function letGo(columns: RawColumns, unread: readonly string[] | null): void {
  for (const name of unread ?? Object.keys(columns.fields)) {
    const values = columns.fields[name];
    if (values === undefined) continue;
    for (const part of "nulls" in values ? [values.bytes, values.offsets, values.nulls] : [values]) free(part);
  }
  columns.version = new Float64Array(0);
  columns.received = new Float64Array(0);
  columns.fields = {};
}

interface Context {
  refs: Refs;
  sources: readonly string[];
  rank: readonly number[];
  /** Hash of each source's id, to break ties the same way whatever numbers the sources have. */
  seeds: readonly number[];
  make: Maker;
}

/** Position of each source in the order of the configuration; sources that it does not name follow by id. */
function ranks(sources: readonly string[], order: readonly string[]): number[] {
  const sorted = sources.toSorted((a, b) => {
    const [atA, atB] = [order.indexOf(a), order.indexOf(b)];
    if (atA >= 0 || atB >= 0) return (atA < 0 ? order.length : atA) - (atB < 0 ? order.length : atB);
    return a < b ? -1 : a > b ? 1 : 0;
  });
  return sources.map((source) => sorted.indexOf(source));
}

function grouped(raw: RawColumns, key: Float64Array, group: Int32Array, groups: number, context: Context): Grouped {
  return groupInTime(key, tieBreak(raw, context), group, groups);
}

/** Row numbers in order of their source's rank, then id: who speaks first where several describe the same. */
function bySource(raw: RawColumns, rank: readonly number[]): number[] {
  const id = Array.from({ length: raw.count }, (_, row) => textAt(raw.id, row)!);
  return Array.from({ length: raw.count }, (_, row) => row).sort(
    (a, b) => rank[raw.source[a]!]! - rank[raw.source[b]!]! || (id[a]! < id[b]! ? -1 : id[a]! > id[b]! ? 1 : 0),
  );
}

function masters(raw: RawColumns, by: Partial<Record<"pid" | "hsa" | "org", string>>): Master[] {
  const attributes = Object.entries(by).map(([prefix, field]) => ({ prefix, values: column.texts(raw, field) }));
  return Array.from({ length: raw.count }, (_, row) => ({
    source: raw.source[row]!,
    id: textAt(raw.id, row)!,
    attributes: attributes.flatMap(({ prefix, values }) => {
      const value = textAt(values, row);
      if (value === null || value === "") return [];
      const plain = prefix === "org" ? value.replace(/\D/g, "") : prefix === "hsa" ? value.toUpperCase() : value;
      return [`${prefix}:${plain}`];
    }),
  }));
}

function silencesBySource(received: ReadonlyMap<number, Float64Array>): Map<number, readonly Silence[]> {
  return new Map([...received].map(([source, times]) => [source, silencesInside(times)]));
}

/** When each source received its visits, where it says so. */
function receivedBySource(raw: RawColumns, sources: number): Map<number, Float64Array> {
  const receivedAt = column.someNumbers(raw, "receivedAt");
  const counts = new Int32Array(sources);
  for (let row = 0; row < receivedAt.length; row++) {
    if (!Number.isNaN(receivedAt[row]!)) counts[raw.source[row]!]!++;
  }
  const only = counts.indexOf(receivedAt.length);
  if (only >= 0 && receivedAt.length > 0) return new Map([[only, receivedAt]]);
  const times = Array.from(counts, (count) => new Float64Array(count));
  for (let row = 0; row < receivedAt.length; row++) {
    const source = raw.source[row]!;
    if (!Number.isNaN(receivedAt[row]!)) times[source]![--counts[source]!] = receivedAt[row]!;
  }
  return new Map(times.flatMap((of, source) => (of.length === 0 ? [] : [[source, of]])));
}

/**
 * A source whose client rows never say more than a personal identity number (a system of registrations that writes it
 * beside its own id) is no register: it joins ids. Where no source is one, those rows are all that there is.
 */
function clientMasters(raw: RawColumns, known: readonly number[] = []): Master[] {
  const all = masters(raw, { pid: "personalIdentityNumber" });
  const [born, died, moved] = ["birthDate", "deceasedOn", "movedOn"].map((field) => column.days(raw, field)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const protection = column.flags(raw, "protection");
  const household = column.codes(raw, "householdId");
  const addresses = column.texts(raw, "addresses");
  const registers = new Set(known);
  all.forEach(({ source }, row) => {
    const saysMore =
      [born, died, moved].some((days) => days[row] !== NO_DAY) ||
      protection[row]! >= 0 ||
      household[row]! >= 0 ||
      addresses.nulls[row] !== 1;
    if (saysMore) registers.add(source);
  });
  if (registers.size === 0) return all;
  return all.map((master) =>
    registers.has(master.source) || master.attributes.length === 0 ? master : { ...master, linkOnly: true },
  );
}

function parsed(texts: TextColumn, row: number): unknown {
  const text = textAt(texts, row);
  // Checked against the entity's schema before it was stored.
  return text === null ? null : JSON.parse(text);
}

/** What the provider of each order has answered to it, by row; an earlier provider's answers are not this one's. */
function answersOf(
  answers: readonly table.OrderAnswers[],
  orders: RawColumns,
  orderProvider: Int32Array,
  providers: Resolved,
  sources: readonly string[],
): ReadonlyMap<number, table.OrderAnswers> {
  const found = new Map<number, table.OrderAnswers>();
  if (answers.length === 0) return found;
  const byOrder = Map.groupBy(answers, ({ source, order }) => `${source}/${order}`);
  for (let row = 0; row < orders.count; row++) {
    const source = sources[orders.source[row]!]!;
    for (const one of byOrder.get(`${source}/${textAt(orders.id, row)!}`) ?? []) {
      const provider = orderProvider[row]!;
      // A provider is named as the source of the order, or of its unit, names it.
      if (provider >= 0 && sources.some((of) => providers.find(of, one.provider) === provider)) found.set(row, one);
    }
  }
  return found;
}

/** Codes of a reference field, each on the day of its row. */
function dated(raw: RawColumns, field: string, people: Resolved, days: ArrayLike<number>): Int32Array {
  const refs = column.codes(raw, field);
  const codes = new Int32Array(raw.count);
  for (let row = 0; row < raw.count; row++) codes[row] = people.code(refs[row]!, days[row]!);
  return codes;
}

/**
 * Rows that a reference field points at. Ids are a source's own, so the same source comes first; another source's record
 * is meant only where it is about the same client.
 */
function linkRefs(
  raw: RawColumns,
  field: string,
  client: Int32Array | null,
  target: RawColumns,
  targetClient: Int32Array,
  { refs, sources }: Context,
): Int32Array {
  const pointers = column.someCodes(raw, field);
  const links = new Int32Array(raw.count).fill(-1);
  if (target.count === 0 || pointers.length === 0) return links;
  const rowsOfId = new Map<string, number[]>();
  for (let row = 0; row < target.count; row++) {
    const id = textAt(target.id, row)!;
    const rows = rowsOfId.get(id);
    if (rows === undefined) rowsOfId.set(id, [row]);
    else rows.push(row);
  }
  // -2: not looked for yet.
  const ownOf = new Int32Array(refs.id.length).fill(-2);
  for (let row = 0; row < raw.count; row++) {
    const pointer = pointers[row]!;
    if (pointer < 0) continue;
    if (ownOf[pointer] === -2) {
      const rows = rowsOfId.get(refs.id[pointer]!) ?? [];
      ownOf[pointer] = rows.find((candidate) => target.source[candidate] === refs.source[pointer]) ?? -1;
    }
    links[row] = ownOf[pointer]!;
    if (links[row]! >= 0 || client === null) continue;
    const others = (rowsOfId.get(refs.id[pointer]!) ?? [])
      .filter((candidate) => targetClient[candidate] === client[row])
      .sort((a, b) => (sources[target.source[a]!]! < sources[target.source[b]!]! ? -1 : 1));
    links[row] = others[0] ?? -1;
  }
  return links;
}

/** As `linkRefs`, but empty where no row names a target: then nothing is put in order and kept of a million rows. */
function someLinks(...[raw, field, client, target, ...rest]: Parameters<typeof linkRefs>): Int32Array {
  const some = target.count > 0 && raw.fields[field] !== undefined;
  return some ? linkRefs(raw, field, client, target, ...rest) : new Int32Array(0);
}

/** So few that looking there in vain costs little. */
const SOON = 32;

/** As `linkRefs`, for a field that holds the other record's id as text. */
function linkText(
  raw: RawColumns,
  texts: TextColumn,
  target: RawColumns,
  { rank }: Context,
  accepts: (row: number, target: number) => boolean,
): Int32Array {
  const links = new Int32Array(raw.count).fill(-1);
  if (target.count === 0 || !texts.nulls.includes(0)) return links;
  let index: IdIndex | null = null;
  let [row, best, last] = [0, -1, -1];
  const see = (candidate: number, source: number): boolean => {
    if (source === raw.source[row]) {
      best = candidate;
      return true;
    }
    const better = best < 0 || rank[source]! < rank[target.source[best]!]!;
    if (better && accepts(row, candidate)) best = candidate;
    return false;
  };
  const named = (candidate: number): boolean =>
    target.source[candidate] === raw.source[row] && sameText(target.id, candidate, texts, row);
  for (; row < raw.count; row++) {
    if (texts.nulls[row] === 1) continue;
    // Both lie by day, client and start: mostly it is the one after the last one's, or one near it.
    const soon = Math.min(last + 1 + SOON, target.count);
    best = last + 1;
    while (best < soon && !named(best)) best++;
    if (best >= soon) {
      const near = Math.max(last - SOON, -1);
      best = last - 1;
      while (best > near && !named(best)) best--;
      if (best <= near) {
        best = -1;
        (index ??= new IdIndex(target.id, target.source, target.count)).find(texts, row, see);
      }
    }
    if (best >= 0) last = best;
    links[row] = best;
  }
  return links;
}

function buildServices(raw: RawColumns, { refs, rank, make }: Context): table.Services {
  const sets = new Map<number, string[]>();
  const all = new Set<string>();
  const serviceKind = refKinds.indexOf("service");
  for (let ref = 0; ref < refs.kind.length; ref++) {
    if (refs.kind[ref] !== serviceKind) continue;
    const codes = refs.id[ref]!.split("|").filter((code) => code !== "");
    sets.set(ref, codes);
    for (const code of codes) all.add(code);
  }
  const codeTexts = column.texts(raw, "code");
  const rows = new Map<string, number>();
  for (const row of bySource(raw, rank)) {
    const code = textAt(codeTexts, row)!;
    if (!rows.has(code)) rows.set(code, row);
    all.add(code);
  }
  const code = [...all].sort();
  const number = new Map(code.map((text, position) => [text, position]));
  const row = code.map((text) => rows.get(text));
  const names = column.texts(raw, "name");
  const kinds = column.flags(raw, "kind");
  const aways = column.flags(raw, "away");
  return make.one(
    "services",
    code,
    {
      kind: Int8Array.from(row, (at) => (at === undefined ? 0 : kinds[at]!)),
      known: Uint8Array.from(row, (at) => (at === undefined ? 0 : 1)),
      away: Uint8Array.from(row, (at) => (at !== undefined && aways[at] === 1 ? 1 : 0)),
      name: row.map((at) => (at === undefined ? null : textAt(names, at))),
    },
    new Map([...sets].map(([ref, codes]) => [ref, codes.map((text) => number.get(text)!)])),
  );
}

/** `buildings` numbers the buildings of each source, for staff who live in one of them. */
function buildClients(
  raw: RawColumns,
  people: Resolved,
  { sources, rank, make }: Context,
  buildings: Map<string, number>,
): table.Clients {
  const deceased = column.days(raw, "deceasedOn");
  const moved = column.days(raw, "movedOn");
  const protections = column.flags(raw, "protection");
  const household = column.codes(raw, "householdId");
  const addresses = column.texts(raw, "addresses");
  const deceasedOn = new Int32Array(people.count).fill(NO_DAY);
  const movedOn = new Int32Array(people.count).fill(NO_DAY);
  const protection = new Uint8Array(people.count);
  const households: number[][] = Array.from({ length: people.count }, () => []);
  const homes: Array<{ client: number; from: Day; through: Day; address: Address; building: number }> = [];
  const ordered = bySource(raw, rank);
  for (const row of ordered) {
    const client = people.ofMaster[row]!;
    if (deceasedOn[client] === NO_DAY) deceasedOn[client] = deceased[row]!;
    if (movedOn[client] === NO_DAY) movedOn[client] = moved[row]!;
    if (protections[row]! > 0) protection[client] = 1;
    if (household[row]! >= 0) households[client]!.push(household[row]!);
  }
  for (const row of ordered) {
    const client = people.ofMaster[row]!;
    // A protected identity has no position, whichever source says that it is protected.
    if (protection[client] === 1) continue;
    for (const address of (parsed(addresses, row) ?? []) as Address[]) {
      const name = address.buildingId === undefined ? null : `${sources[raw.source[row]!]!}/${address.buildingId}`;
      let building = name === null ? -1 : (buildings.get(name) ?? -1);
      if (name !== null && building < 0) buildings.set(name, (building = buildings.size));
      homes.push({
        client,
        from: parseDate(address.from)!,
        through: address.to === undefined ? NO_DAY : parseDate(address.to)!,
        address,
        building,
      });
    }
  }
  // Exact positions first, then the newer address: the first that is valid on a day is the home.
  homes.sort(
    (a, b) => Number(b.address.precision === "exact") - Number(a.address.precision === "exact") || b.from - a.from,
  );
  const exact = (value: number | undefined, precision: string): number =>
    value !== undefined && precision === "exact" ? value : NaN;
  const membersOf = new Map<number, number[]>();
  households.forEach((of, client) => {
    for (const one of of) membersOf.set(one, [...(membersOf.get(one) ?? []), client]);
  });
  return make.one("clients", identitiesOf(people), {
    deceasedOn,
    movedOn,
    protection,
    households,
    householdMembers: households.map((of, client) => {
      const others = new Set(of.flatMap((one) => membersOf.get(one)!).filter((other) => other !== client));
      return others.size === 0 ? undefined : [...others].sort((a, b) => a - b);
    }),
    homes: groupBy(
      Int32Array.from(homes, (_, home) => home),
      Int32Array.from(homes, (home) => home.client),
      people.count,
    ),
    from: Int32Array.from(homes, (home) => home.from),
    through: Int32Array.from(homes, (home) => home.through),
    latitude: Float64Array.from(homes, ({ address }) => exact(address.latitude, address.precision)),
    longitude: Float64Array.from(homes, ({ address }) => exact(address.longitude, address.precision)),
    building: Int32Array.from(homes, (home) => home.building),
    area: homes.map(({ address }) => address.area ?? null),
  });
}

function buildStaff(
  raw: RawColumns,
  people: Resolved,
  providers: Resolved,
  units: Resolved,
  unitTable: table.Units,
  { period, aliases }: TableInput,
  { refs, sources, make }: Context,
  buildings: ReadonlyMap<string, number>,
): table.Staff {
  const building = new Int32Array(people.count).fill(-1);
  column.codes(raw, "addressBuildingId").forEach((ref, row) => {
    const known = ref < 0 ? undefined : buildings.get(`${sources[raw.source[row]!]!}/${refs.id[ref]!}`);
    if (known !== undefined) building[people.ofMaster[row]!] = known;
  });
  const providerRefs = column.codes(raw, "providerId");
  const unit = column.codes(raw, "unitId").map((ref) => units.code(ref, period.through));
  const provider = providerRefs.map((ref, row) =>
    ref < 0 ? unitTable.provider(unit[row]!) : providers.code(ref, period.through),
  );
  // Ids of several systems, or a person's decision about two of one: never names.
  const identified = people.joined.slice();
  for (const { kind, ...alias } of aliases) {
    if (kind !== "staff") continue;
    identified[people.find(alias.source, alias.id)] = 1;
    identified[people.find(alias.sameAsSource, alias.sameAsId)] = 1;
  }
  const numbers = column.texts(raw, "personalIdentityNumber");
  const hsaIds = column.texts(raw, "hsaId");
  for (let row = 0; row < raw.count; row++) {
    if (numbers.nulls[row] !== 1 || hsaIds.nulls[row] !== 1) identified[people.ofMaster[row]!] = 1;
  }
  return make.one("staff", identitiesOf(people), {
    employments: groupBy(upTo(raw.count), people.ofMaster, people.count),
    provider,
    unit,
    from: column.days(raw, "employedFrom").map((from) => (from === NO_DAY ? -0x7fffffff : from)),
    through: column.days(raw, "employedTo"),
    building,
    identified,
  });
}

interface Linked {
  /** The column, or a copy of it where it is not ours to change. */
  taken: <A extends { slice(): A }>(values: A) => A;
  clients: Resolved;
  staff: Resolved;
  units: Resolved;
  unitTable: table.Units;
  orderRows: RawColumns;
  orderClient: Int32Array;
}

function daysOf(start: Float64Array): Int32Array {
  const days = new Int32Array(start.length);
  // Rows mostly lie by day.
  let [day, from, until] = [NO_DAY, NaN, NaN];
  for (let row = 0; row < start.length; row++) {
    const at = start[row]!;
    if (!(at >= from && at < until)) {
      day = dayOf(at);
      [from, until] = [startOfDay(day), startOfDay(day + 1)];
    }
    days[row] = day;
  }
  return days;
}

function providersOf(units: Int32Array, unitTable: table.Units): Int32Array {
  const providers = ints(units.length);
  for (let row = 0; row < units.length; row++) providers[row] = unitTable.provider(units[row]!);
  return providers;
}

/** The table, and where each raw row went in it. */
function buildPlans(
  heads: RawColumns,
  history: RawColumns | undefined,
  context: Context,
  linked: Linked,
): { plans: table.Plans; at: Int32Array } {
  const raw = history === undefined ? heads : column.concat(heads, history);
  const start = column.numbers(raw, "start");
  const day = daysOf(start);
  const client = dated(raw, "clientId", linked.clients, day);
  const unit = dated(raw, "unitId", linked.units, day);
  const modifiedAt = column.numbers(raw, "modifiedAt");
  const versions = history === undefined || history.count === 0 ? null : planVersions(raw, heads.count, modifiedAt);
  const frozen = new Int32Array(heads.count);
  for (let plan = 0; plan < heads.count; plan++) frozen[plan] = frozenVersion(plan, versions, start, modifiedAt);
  const frozenStart = new Float64Array(heads.count);
  for (let plan = 0; plan < heads.count; plan++) frozenStart[plan] = start[frozen[plan]!]!;
  const byClient = groupInTime(
    frozenStart,
    tieBreak(raw, context),
    client.subarray(0, heads.count),
    linked.clients.count,
  );
  // Heads lie by client and start, older versions behind them.
  const order = ints(raw.count);
  order.set(inFront(byClient.rows, heads.count));
  for (let row = heads.count; row < raw.count; row++) order[row] = row;
  const at = inverse(order);
  const staff = dated(raw, "staffId", linked.staff, day);
  const ofOrder = someLinks(raw, "orderId", client, linked.orderRows, linked.orderClient, context);
  const mover = new Mover(order);
  // With a history the columns are those of both, made for this table.
  const taken = raw === heads ? linked.taken : <A>(values: A): A => values;
  const unitOf = mover.ints(unit);
  const plans = context.make.ofRows("plans", raw, order, {
    heads: heads.count,
    client: mover.ints(client),
    staff: mover.ints(staff),
    unit: unitOf,
    provider: providersOf(unitOf, linked.unitTable),
    start: mover.floats(taken(start)),
    end: mover.floats(taken(column.numbers(raw, "end"))),
    services: mover.ints(taken(column.codes(raw, "services"))),
    order: mover.ints(ofOrder),
    travelMinutes: mover.floats(taken(column.someNumbers(raw, "travelMinutes"))),
    transport: mover.bytes(taken(column.flags(raw, "transport"))),
    cancelled: mover.bytes(taken(column.flags(raw, "cancelled"))),
    modifiedAt: mover.floats(taken(modifiedAt)),
    versions: versions === null ? null : regrouped(versions, order, at),
    frozen: moved(new Mover(order.subarray(0, heads.count)).ints(frozen), at),
    byClient: { offsets: byClient.offsets, rows: upTo(byClient.rows.length) },
  });
  return { plans, at };
}

/** Groups of row numbers whose groups are themselves rows, after the rows were moved. */
function regrouped({ offsets, rows }: Grouped, order: Int32Array, at: Int32Array): Grouped {
  const after: Grouped = { offsets: new Int32Array(offsets.length), rows: new Int32Array(rows.length) };
  let next = 0;
  for (let group = 0; group + 1 < offsets.length; group++) {
    const from = order[group]!;
    for (let i = offsets[from]!; i < offsets[from + 1]!; i++) after.rows[next++] = at[rows[i]!]!;
    after.offsets[group + 1] = next;
  }
  return after;
}

/** Versions by head, oldest first, the head last. A version whose head is gone belongs to no plan. */
function planVersions(raw: RawColumns, heads: number, modifiedAt: Float64Array): Grouped {
  const index = new IdIndex(raw.id, raw.source, heads);
  const head = new Int32Array(raw.count);
  for (let row = 0; row < raw.count; row++) {
    head[row] = row < heads ? row : -1;
    if (row < heads) continue;
    index.find(raw.id, row, (candidate, source) => {
      if (source !== raw.source[row]) return false;
      head[row] = candidate;
      return true;
    });
  }
  const none = (value: number): number => (Number.isNaN(value) ? -Infinity : value);
  const byHead = groupBy(upTo(raw.count), head, heads);
  for (let plan = 0; plan < heads; plan++) {
    const rows = byHead.rows.subarray(byHead.offsets[plan], byHead.offsets[plan + 1]);
    if (rows.length < 2) continue;
    rows.sort(
      (a, b) =>
        Number(a < heads) - Number(b < heads) ||
        compare(none(raw.version[a]!), none(raw.version[b]!)) ||
        compare(none(modifiedAt[a]!), none(modifiedAt[b]!)) ||
        compare(raw.received[a]!, raw.received[b]!),
    );
  }
  return byHead;
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The newest version that was made before its own start; where none was, the oldest. */
function frozenVersion(plan: number, versions: Grouped | null, start: Float64Array, modifiedAt: Float64Array): number {
  if (versions === null) return plan;
  const first = versions.offsets[plan]!;
  for (let i = versions.offsets[plan + 1]! - 1; i >= first; i--) {
    const version = versions.rows[i]!;
    if (!(modifiedAt[version]! > start[version]!)) return version;
  }
  return versions.rows[first]!;
}

function ambiguousRows(
  raw: RawColumns,
  at: Int32Array,
  { sources }: Context,
  warnings: readonly Warning[],
): ReadonlySet<number> {
  const named = new Set<string>();
  for (const { code, entity, source, id } of warnings) {
    if (code === "ambiguous-time" && entity === "visits") named.add(`${source}/${id}`);
  }
  const rows = new Set<number>();
  if (named.size === 0) return rows;
  for (let row = 0; row < raw.count; row++) {
    if (named.has(`${sources[raw.source[row]!]!}/${textAt(raw.id, row)!}`)) rows.add(at[row]!);
  }
  return rows;
}

/**
 * Rows of `tags` that a field names. A tag is read by one system and listed by another, so the same source comes first
 * and then the source that is named first in the configuration.
 */
function linkTags(raw: RawColumns, field: string, target: RawColumns, { refs, rank }: Context): Int32Array {
  const pointers = column.someCodes(raw, field);
  if (target.count === 0 || pointers.length === 0) return new Int32Array(0);
  const links = new Int32Array(raw.count).fill(-1);
  const rowsOfId = new Map<string, number[]>();
  for (const row of bySource(target, rank)) {
    const id = textAt(target.id, row)!;
    rowsOfId.set(id, [...(rowsOfId.get(id) ?? []), row]);
  }
  // -2: not looked for yet.
  const known = new Int32Array(refs.id.length).fill(-2);
  for (let row = 0; row < raw.count; row++) {
    const pointer = pointers[row]!;
    if (pointer < 0) continue;
    if (known[pointer] === -2) {
      const rows = rowsOfId.get(refs.id[pointer]!) ?? [];
      known[pointer] = rows.find((tag) => target.source[tag] === refs.source[pointer]) ?? rows[0] ?? -1;
    }
    links[row] = known[pointer]!;
  }
  return links;
}

/** Versions of order lines before those in force, oldest first. */
function olderLines(heads: RawColumns, history: RawColumns | undefined): Map<number, table.LineVersion[]> {
  const older = new Map<number, table.LineVersion[]>();
  if (history === undefined || history.count === 0) return older;
  const index = new IdIndex(heads.id, heads.source, heads.count);
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < history.count; row++) {
    index.find(history.id, row, (head, source) => {
      if (source !== history.source[row]) return false;
      rowsOf.set(head, [...(rowsOf.get(head) ?? []), row]);
      return true;
    });
  }
  const [minutes, times, staffing] = ["minutes", "times", "staffing"].map((name) => column.numbers(history, name)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const per = column.flags(history, "per");
  for (const [head, rows] of rowsOf) {
    const known = (row: number): number => (Number.isNaN(history.version[row]!) ? -Infinity : history.version[row]!);
    rows.sort((a, b) => compare(known(a), known(b)) || compare(history.received[a]!, history.received[b]!));
    const version = [...rows.slice(1).map((row) => history.version[row]!), heads.version[head]!];
    older.set(
      head,
      rows.map((row, position) => ({
        minutes: minutes[row]!,
        times: times[row]!,
        per: table.periodOf(per[row]!),
        staffing: staffing[row]! >= 1 ? staffing[row]! : 1,
        // A version may be a plain number; only one in this range can be a time.
        until: version[position]! > 1e11 ? version[position]! : NaN,
      })),
    );
  }
  return older;
}

/** Rows by source, which most often is one. */
function ofSources(source: Int16Array, moving: Int32Array, asTheyLie: Int32Array, sources: number): Grouped {
  const of = ints(moving.length);
  for (let row = 0; row < moving.length; row++) of[row] = source[moving[row]!]!;
  return groupBy(asTheyLie, of, sources);
}

/** lock, nfc, bluetooth, gps, phone, manual, none → position in `grades`; gps depends on the distance. */
const gradeOfProof = [6, 5, 4, -1, 2, 0, 0];

function buildVisits(
  raw: RawColumns,
  context: Context,
  linked: Linked & {
    clientTable: table.Clients;
    providers: number;
    planRows: RawColumns;
    planTable: table.Plans;
    planAt: Int32Array;
    tagRows: RawColumns;
    elsewhere: table.VisitColumns["elsewhere"];
  },
  warnings: readonly Warning[],
): table.Visits {
  const start = column.numbers(raw, "start");
  let end = column.numbers(raw, "end");
  const day = daysOf(start);
  const client = dated(raw, "clientId", linked.clients, day);
  const staff = dated(raw, "staffId", linked.staff, day);
  const unit = dated(raw, "unitId", linked.units, day);
  const provider = providersOf(unit, linked.unitTable);

  const startProof = column.flags(raw, "startProof");
  const endProof = column.flags(raw, "endProof");
  const grade = new Int8Array(raw.count);
  const startGps = [column.someNumbers(raw, "startLatitude"), column.someNumbers(raw, "startLongitude")] as const;
  const endGps = [column.someNumbers(raw, "endLatitude"), column.someNumbers(raw, "endLongitude")] as const;
  const accuracy = column.someNumbers(raw, "startAccuracyMetres");
  const sideGrade = (
    row: number,
    proof: number,
    [latitude, longitude]: readonly [Float64Array, Float64Array],
  ): number => {
    if (proof < 0) return -1;
    if (proof !== 3) return gradeOfProof[proof]!;
    if (client[row]! < 0) return 2;
    const metres = linked.clientTable.metresFromHome(
      client[row]!,
      day[row]!,
      latitude[row] ?? NaN,
      longitude[row] ?? NaN,
    );
    // Without both positions nothing is known of the reach: no better and no worse than a phone.
    if (Number.isNaN(metres)) return 2;
    const reach = accuracy[row] ?? NaN;
    return metres <= 400 + 2 * (Number.isNaN(reach) ? 0 : reach) ? 3 : 1;
  };
  for (let row = 0; row < raw.count; row++) {
    grade[row] = Math.min(sideGrade(row, startProof[row]!, startGps), sideGrade(row, endProof[row]!, endGps));
  }

  const order = someLinks(raw, "orderId", client, linked.orderRows, linked.orderClient, context);
  const { planTable } = linked;
  const planNamed = column.someTexts(raw, "plannedVisitId");
  const plan =
    planNamed.nulls.length === 0 || linked.planRows.count === 0
      ? new Int32Array(0)
      : linkText(
          raw,
          planNamed,
          linked.planRows,
          context,
          (row, candidate) => planTable.client(linked.planAt[candidate]!) === client[row],
        );
  const ties = tieBreak(raw, context);
  let byClient = groupInTime(start, ties, client, linked.clients.count);
  const merged = mergeVisits({ byClient, staff, start, source: raw.source, grade, rank: context.rank });
  /** Without the rows that were merged into others. */
  const standing = (codes: Int32Array): Int32Array =>
    merged === null ? codes : codes.map((code, row) => (merged.into[row]! < 0 ? code : -1));
  if (merged !== null) {
    byClient = groupInTime(start, ties, standing(client), linked.clients.count);
    end = end.slice();
    for (let row = 0; row < raw.count; row++) {
      const into = merged.into[row]!;
      if (into < 0) continue;
      // What the better registration does not say, the other may.
      if (Number.isNaN(end[into]!)) end[into] = end[row]!;
      if (plan[into]! < 0) plan[into] = plan[row]!;
      if (order[into]! < 0) order[into] = order[row]!;
    }
  }
  // Rows lie by client and start; those that were merged away come last.
  const moving = inFront(byClient.rows, raw.count);
  const at = inverse(moving);
  const byStaff = groupInTime(start, ties, standing(staff), linked.staff.count);
  const registering = new Set<number>();
  // By hand: to go through a million rows makes an object for each.
  for (let row = 0; row < raw.count; row++) {
    if (row === 0 || raw.source[row] !== raw.source[row - 1]) registering.add(raw.source[row]!);
  }
  const editedBy = raw.fields["editedBy"] === undefined ? new Int32Array(0) : dated(raw, "editedBy", linked.staff, day);
  const mover = new Mover(moving);
  const { taken } = linked;
  const providerOf = mover.ints(provider);
  const startOf = mover.floats(taken(start));
  const mergedInto = merged === null ? new Int32Array(0) : moved(mover.ints(merged.into), at);
  const asTheyLie = upTo(raw.count);
  const standingOf = merged === null ? providerOf : providerOf.map((of, row) => (mergedInto[row]! < 0 ? of : -1));
  return context.make.ofRows("visits", raw, moving, {
    client: mover.ints(client),
    staff: mover.ints(staff),
    unit: mover.ints(unit),
    provider: providerOf,
    start: startOf,
    end: mover.floats(merged === null ? taken(end) : end),
    day: mover.ints(day),
    status: mover.bytes(taken(column.flags(raw, "status"))),
    services: mover.ints(taken(column.codes(raw, "services"))),
    order: mover.ints(order),
    plan: moved(mover.ints(plan), linked.planAt),
    grade: mover.bytes(grade),
    originalStart: mover.floats(taken(column.someNumbers(raw, "originalStart"))),
    originalEnd: mover.floats(taken(column.someNumbers(raw, "originalEnd"))),
    receivedAt: mover.floats(taken(column.numbers(raw, "receivedAt"))),
    editedAt: mover.floats(taken(column.someNumbers(raw, "editedAt"))),
    ambiguous: ambiguousRows(raw, at, context, warnings),
    mergedInto,
    mergedNext: merged === null ? new Int32Array(0) : moved(mover.ints(merged.next), at),
    byClient: { offsets: byClient.offsets, rows: asTheyLie.subarray(0, byClient.rows.length) },
    byStaff: { offsets: byStaff.offsets, rows: moved(byStaff.rows, at) },
    byProvider: groupBy(asTheyLie, standingOf, linked.providers),
    bySource: ofSources(raw.source, moving, asTheyLie, context.sources.length),
    registering,
    elsewhere: linked.elsewhere,
    raw: {
      law: column.flags(raw, "law"),
      startProof,
      endProof,
      doubleStaffing: column.flags(raw, "doubleStaffing"),
      groupCode: column.someTexts(raw, "groupCode"),
      editedBy,
      editReason: column.someTexts(raw, "editReason"),
      startTag: linkTags(raw, "startTag", linked.tagRows, context),
      endTag: linkTags(raw, "endTag", linked.tagRows, context),
      device: column.someCodes(raw, "deviceId"),
      startLatitude: startGps[0],
      startLongitude: startGps[1],
      startAccuracy: accuracy,
      endLatitude: endGps[0],
      endLongitude: endGps[1],
      declinedReason: column.someTexts(raw, "declinedReason"),
      declinedNotifiedAt: column.someNumbers(raw, "declinedNotifiedAt"),
      approvedByStaff: column.flags(raw, "approvedByStaff"),
      approvedByManager: column.flags(raw, "approvedByManager"),
    },
  });
}
