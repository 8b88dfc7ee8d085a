import { type Grouped, rowsOf, silencesInside, type Tables } from "#columns";
import { type ContractTerms, type Day, dayOf, type Instant, startOfDay } from "#model";
import { between, monthsOf, parseSliceKey } from "./slices.ts";

/**
 * What a changed record touched: its client and its staff member, before and after the change, on the days that it
 * speaks of; without days wherever they appear. What reaches everybody (a service, a unit, a contract, a rule's
 * parameters, identities joined anew) is marked "everything".
 */
export type DirtyMark = ({ kind: "client" | "staff"; source: string; id: string } | { kind: "everything" }) & {
  days: { from: Day; through: Day } | null;
};

/** Which slices a run evaluates. */
export type Evaluate =
  | "all"
  | { marks: readonly DirtyMark[]; /** `asOf` of the run before. */ since: Instant }
  /** Those of some clients and staff, by code: nothing of units, providers and sources. */
  | { clients: ReadonlySet<number>; staff: ReadonlySet<number> };

/** The slices to evaluate, by month; answers for people, providers and slice keys. */
export interface DirtySlices {
  client(code: number, month: number): boolean;
  staff(code: number, month: number): boolean;
  /** Called before a month is walked, in order of months: reaches those whom its marks reach. */
  open(month: number): void;
  /** Marks whom a slice is about in a month that was not opened yet. */
  mark(sliceKey: string, month: number): void;
  /** Everything of the month's providers: what left one is no longer seen there. */
  providers(month: number): boolean;
  sources: boolean;
  /** True where a stored finding of this slice must be among the new ones, or is gone. */
  covers: (sliceKey: string) => boolean;
}

const NEIGHBOUR_DAYS = 2;

/**
 * The slices whose outcome may differ after the marked changes. A slice depends on its own records and on what matching
 * and places say of its clients, so: all of a marked client's month; the months of the staff who were there, or who are
 * marked; the months of all clients whom those staff met, because a pair of visits is reported once over both; and all
 * providers and sources of such a month. A month is marked with its neighbours within two days. `settlesAfterDays`
 * adds the months that the clock alone may have changed since the last run, and a month with a silent source is
 * always evaluated, because one late record tells that it was heard after all.
 */
export function dirtyClosure(tables: Tables, evaluate: Evaluate, settlesAfterDays: number): DirtySlices {
  const months = monthsOf(tables.period);
  const monthOfSlice = (key: string): number => {
    const slice = parseSliceKey(key);
    return slice === null ? -1 : months.findIndex((one) => one.first <= slice.from && slice.from <= one.last);
  };
  if (evaluate === "all") {
    const always = (): boolean => true;
    const nothing = (): void => undefined;
    return {
      open: nothing,
      mark: nothing,
      client: always,
      staff: always,
      providers: always,
      sources: true,
      covers: (key) => monthOfSlice(key) >= 0,
    };
  }
  if ("clients" in evaluate) {
    const nothing = (): void => undefined;
    const of = (walk: string, subject: string): boolean =>
      walk.startsWith("client-")
        ? evaluate.clients.has(tables.clients.find(subject))
        : walk.startsWith("staff-") && evaluate.staff.has(tables.staff.find(subject));
    return {
      open: nothing,
      mark: nothing,
      client: (code) => evaluate.clients.has(code),
      staff: (code) => evaluate.staff.has(code),
      providers: () => false,
      sources: false,
      covers: (key) => {
        const slice = parseSliceKey(key);
        return slice !== null && monthOfSlice(key) >= 0 && of(slice.walk, slice.subject);
      },
    };
  }
  const { clients, staff } = tables;
  const width = months.length;
  const dirtyClients = new Uint8Array(clients.count * width);
  const dirtyStaff = new Uint8Array(staff.count * width);
  const touched = new Uint8Array(width);
  const everything = new Uint8Array(width);
  const touches = (month: { first: Day; last: Day }, from: Day, through: Day): boolean =>
    through >= month.first - NEIGHBOUR_DAYS && from <= month.last + NEIGHBOUR_DAYS;
  const unsettledFrom = dayOf(evaluate.since) - settlesAfterDays - 1;
  // Also silences that were filled later: an earlier run may have seen them empty.
  const { sources, asOf } = tables;
  const silences = Array.from({ length: sources.count }, (_, source) => sources.silences(source, asOf)).flat();
  months.forEach((month, position) => {
    const silent = silences.some((silence) => touches(month, dayOf(silence.from), dayOf(silence.until)));
    if (month.last >= unsettledFrom || silent) everything[position] = 1;
  });
  for (const mark of evaluate.marks) {
    months.forEach((month, position) => {
      if (mark.days !== null && !touches(month, mark.days.from, mark.days.through)) return;
      touched[position] = 1;
      if (mark.kind === "everything") everything[position] = 1;
      else {
        const [people, dirty] = mark.kind === "client" ? [clients, dirtyClients] : [staff, dirtyStaff];
        const code = people.find(`${mark.source}/${mark.id}`);
        if (code >= 0) dirty[code * width + position] = 1;
      }
    });
  }
  months.forEach((month, position) => {
    if (
      touched[position] === 1 &&
      everything[position] === 0 &&
      mayHaveFilled(tables, month, width, position, dirtyClients)
    )
      everything[position] = 1;
  });
  const marked = (dirty: Uint8Array, code: number, month: number): boolean =>
    everything[month] === 1 || dirty[code * width + month] === 1;
  return {
    open(month) {
      if (everything[month] === 0) {
        if (touched[month] === 1) markManual(tables, months[month]!, width, month, dirtyClients);
        spread(tables, months[month]!, width, month, dirtyClients, dirtyStaff);
      }
      if (month + 1 === width) return;
      // The paid days of an absence are counted from its first day without a visit, also into the next month.
      const turn = startOfDay(months[month + 1]!.first);
      for (let client = 0; client < clients.count; client++) {
        if (marked(dirtyClients, client, month) && tables.absences.covering(client, turn - 1, turn) >= 0)
          dirtyClients[client * width + month + 1] = 1;
      }
    },
    mark(key, month) {
      const { walk, subject } = parseSliceKey(key)!;
      if (walk === "client-month" || walk === "staff-month") {
        const [people, dirty] = walk === "client-month" ? [clients, dirtyClients] : [staff, dirtyStaff];
        const code = people.find(subject);
        if (code >= 0) dirty[code * width + month] = 1;
      } else touched[month] = 1;
    },
    client: (code, month) => marked(dirtyClients, code, month),
    staff: (code, month) => marked(dirtyStaff, code, month),
    providers: (month) => everything[month] === 1 || touched[month] === 1,
    sources: true,
    covers: (key) => {
      const slice = parseSliceKey(key);
      const month = monthOfSlice(key);
      if (slice === null || month < 0) return false;
      if (slice.walk === "source-month") return true;
      if (slice.walk === "provider-month" || slice.walk === "unit-month")
        return everything[month] === 1 || touched[month] === 1;
      const [people, dirty] = slice.walk.startsWith("staff-") ? [staff, dirtyStaff] : [clients, dirtyClients];
      const code = people.find(slice.subject);
      // Whoever is no longer known by this key has no slice any more.
      return code < 0 || marked(dirty, code, month);
    },
  };
}

/**
 * Whether records of the marked clients may have filled a silence: then also others are no longer excused by it. What
 * was usual may have been a little else before, so less than a silence's measure counts.
 */
function mayHaveFilled(
  { visits, sources }: Tables,
  month: { first: Day; last: Day },
  width: number,
  position: number,
  dirtyClients: Uint8Array,
): boolean {
  for (let source = 0; source < sources.count; source++) {
    const all: number[] = [];
    const others: number[] = [];
    for (const row of rowsOf(visits.bySource, source)) {
      const at = visits.receivedAt(row);
      if (!(at >= startOfDay(month.first - NEIGHBOUR_DAYS) && at < startOfDay(month.last + 1 + NEIGHBOUR_DAYS)))
        continue;
      all.push(at);
      const client = visits.client(row);
      if (client < 0 || dirtyClients[client * width + position] === 0) others.push(at);
    }
    if (others.length === all.length) continue;
    const times = Float64Array.from(all).sort();
    others.push(times[0]!, times.at(-1)!);
    if (silencesInside(times, { between: Float64Array.from(others), usualMin: 4 }).length > 0) return true;
  }
  return false;
}

/**
 * Where a contract limits the share of manual visits in a provider's month, any visit may decide which of the others'
 * manual visits is one too many.
 */
function markManual(
  { visits, providers, contracts }: Tables,
  month: { first: Day; last: Day },
  width: number,
  position: number,
  dirtyClients: Uint8Array,
): void {
  for (let provider = 0; provider < providers.count; provider++) {
    const limited = rowsOf(contracts.byProvider, provider).some(
      (contract) => (contracts.terms(contract) as ContractTerms).manual?.maxSharePercent !== undefined,
    );
    if (!limited) continue;
    for (const row of rowsOf(visits.byProvider, provider)) {
      const inMonth = visits.day(row) >= month.first && visits.day(row) <= month.last;
      if (inMonth && visits.grade(row) === 0) dirtyClients[visits.client(row) * width + position] = 1;
    }
  }
}

/** From clients to their households and the staff who were there, and from those to everybody whom they met. */
function spread(
  { visits, clients, staff }: Tables,
  month: { first: Day; last: Day },
  width: number,
  position: number,
  dirtyClients: Uint8Array,
  dirtyStaff: Uint8Array,
): void {
  const visitsOf = (grouped: Grouped, code: number): Int32Array =>
    between(rowsOf(grouped, code), month.first - NEIGHBOUR_DAYS, month.last + NEIGHBOUR_DAYS, (row) => visits.day(row));
  // A claim without a visit is looked for at the others of the household.
  for (let client = 0; client < clients.count; client++) {
    if (dirtyClients[client * width + position] === 0) continue;
    for (const member of clients.household(client)) dirtyClients[member * width + position] = 1;
  }
  for (let client = 0; client < clients.count; client++) {
    if (dirtyClients[client * width + position] === 0) continue;
    for (const row of visitsOf(visits.byClient, client)) {
      if (visits.staff(row) >= 0) dirtyStaff[visits.staff(row) * width + position] = 1;
    }
  }
  for (let member = 0; member < staff.count; member++) {
    if (dirtyStaff[member * width + position] === 0) continue;
    for (const row of visitsOf(visits.byStaff, member)) dirtyClients[visits.client(row) * width + position] = 1;
  }
}
