import { rowsOf, type Tables } from "#columns";
import type { Day, Instant } from "#model";
import { dayOf } from "#model";
import { between, monthsOf, parseSliceKey } from "./slices.ts";

/**
 * What a changed record touched. Intake marks the values before and after the change: its client, its staff member and
 * its unit's provider, on the days that it speaks of. What reaches everybody (a service, a unit, a contract, a rule's
 * parameters, a source that was silent) is marked "everything". A changed alias or personal identity number marks both
 * people on all days.
 */
export interface DirtyMark {
  kind: "client" | "staff" | "provider" | "everything";
  /** Empty for "everything". */
  source: string;
  id: string;
  from: Day;
  through: Day;
}

/** Which slices a run evaluates. */
export type Evaluate = "all" | { marks: readonly DirtyMark[]; /** `asOf` of the run before. */ since: Instant };

/** The slices to evaluate, by month; answers for people, providers and slice keys. */
export interface DirtySlices {
  client(code: number, month: number): boolean;
  staff(code: number, month: number): boolean;
  provider(code: number, month: number): boolean;
  /** True where a stored finding of this slice must be among the new ones, or is gone. */
  covers(sliceKey: string): boolean;
}

const NEIGHBOUR_DAYS = 2;

/**
 * The slices whose outcome may differ after the marked changes. A slice depends on its own records and on what matching
 * and places say of its clients, so: all of a marked client's month; the months of the staff and providers who were
 * there, or who are marked; and the months of all clients whom those staff met, because a pair of visits is reported
 * once over both. A month is marked with its neighbours within two days. `settlesAfterDays` adds all slices that the
 * clock alone may have changed since the last run.
 */
export function dirtyClosure(tables: Tables, evaluate: Evaluate, settlesAfterDays: number): DirtySlices {
  const months = monthsOf(tables.period);
  const inPeriod = (from: Day, through: Day): boolean =>
    months.length > 0 && through >= months[0]!.first && from <= months.at(-1)!.last;
  if (evaluate === "all") {
    const always = (): boolean => true;
    return {
      client: always,
      staff: always,
      provider: always,
      covers: (key) => {
        const slice = parseSliceKey(key);
        return slice !== null && inPeriod(slice.from, slice.through);
      },
    };
  }
  const { visits, clients, staff, providers } = tables;
  const everything = new Uint8Array(months.length);
  const width = months.length;
  const dirtyClients = new Uint8Array(clients.count * width);
  const dirtyStaff = new Uint8Array(staff.count * width);
  const dirtyProviders = new Uint8Array(providers.count * width);
  const unsettledFrom = dayOf(evaluate.since) - settlesAfterDays - 1;
  months.forEach((month, position) => {
    if (month.last >= unsettledFrom) everything[position] = 1;
  });
  for (const mark of evaluate.marks) {
    const people = mark.kind === "client" ? clients : mark.kind === "staff" ? staff : providers;
    const dirty = mark.kind === "client" ? dirtyClients : mark.kind === "staff" ? dirtyStaff : dirtyProviders;
    const code = mark.kind === "everything" ? -1 : people.find(`${mark.source}/${mark.id}`);
    months.forEach((month, position) => {
      if (mark.through < month.first - NEIGHBOUR_DAYS || mark.from > month.last + NEIGHBOUR_DAYS) return;
      if (mark.kind === "everything") everything[position] = 1;
      else if (code >= 0) dirty[code * width + position] = 1;
    });
  }
  months.forEach((month, position) => {
    if (everything[position] === 1) return;
    const visitsOf = (grouped: typeof visits.byClient, code: number): Int32Array =>
      between(rowsOf(grouped, code), month.first - NEIGHBOUR_DAYS, month.last + NEIGHBOUR_DAYS, (row) =>
        visits.day(row),
      );
    for (let client = 0; client < clients.count; client++) {
      if (dirtyClients[client * width + position] === 0) continue;
      for (const row of visitsOf(visits.byClient, client)) {
        if (visits.staff(row) >= 0) dirtyStaff[visits.staff(row) * width + position] = 1;
        if (visits.provider(row) >= 0) dirtyProviders[visits.provider(row) * width + position] = 1;
      }
    }
    for (let member = 0; member < staff.count; member++) {
      if (dirtyStaff[member * width + position] === 0) continue;
      for (const row of visitsOf(visits.byStaff, member)) {
        dirtyClients[visits.client(row) * width + position] = 1;
        if (visits.provider(row) >= 0) dirtyProviders[visits.provider(row) * width + position] = 1;
      }
    }
  });
  const marked = (dirty: Uint8Array, code: number, month: number): boolean =>
    everything[month] === 1 || dirty[code * width + month] === 1;
  return {
    client: (code, month) => marked(dirtyClients, code, month),
    staff: (code, month) => marked(dirtyStaff, code, month),
    provider: (code, month) => marked(dirtyProviders, code, month),
    covers: (key) => {
      const slice = parseSliceKey(key);
      if (slice === null) return false;
      const month = months.findIndex((one) => one.first <= slice.from && slice.from <= one.last);
      if (month < 0) return false;
      if (slice.walk === "source-month") return true;
      const [people, dirty] = slice.walk.startsWith("client")
        ? [clients, dirtyClients]
        : slice.walk.startsWith("staff")
          ? [staff, dirtyStaff]
          : [providers, dirtyProviders];
      const code = people.find(slice.subject);
      // Whoever is no longer known by this key has no slice any more.
      return code < 0 || marked(dirty, code, month);
    },
  };
}
