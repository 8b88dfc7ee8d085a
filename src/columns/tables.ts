import type { Day, EntityName, Instant } from "#model";
import { MINUTE, minutesBetween } from "#model";
import { metresBetween } from "./geo.ts";
import { codeOfKey, type Identities } from "./identity.ts";
import { NO_DAY, type RawColumns, type TextColumn } from "./raw.ts";
import { type Grouped, rowsOf } from "./sort.ts";
import { sameText, textAt } from "./text.ts";

/*
 * Tables as rules read them. A row is a number; accessors take it and allocate nothing. Unknown is -1 for codes of
 * people, units, providers, services and orders, NaN for instants and quantities, null for words, NO_DAY for dates.
 */

export const grades = ["manual", "gps far away", "phone", "gps", "bluetooth", "nfc", "lock"] as const;
/** Position in `grades`; -1 where a side of the visit does not say how it was registered. */
export type Grade = number;

const visitStatuses = ["started", "completed", "declined", "cancelled", "noAnswer"] as const;
const proofs = ["lock", "nfc", "bluetooth", "gps", "phone", "manual", "none"] as const;
const laws = ["SoL", "LSS", "HSL", "other"] as const;
const serviceKinds = [
  "care",
  "household",
  "alarm",
  "meal",
  "nursing",
  "escort",
  "respite",
  "nightWatch",
  "other",
] as const;
const orderStatuses = ["registered", "sent", "accepted", "declined", "ended", "cancelled"] as const;
const periods = ["day", "week", "fortnight", "month", "once"] as const;
const partsOfDay = ["morning", "midday", "afternoon", "evening", "night", "any"] as const;
const absenceKinds = ["hospital", "shortTermStay", "away", "other"] as const;
const shiftKinds = ["work", "sick", "leave", "other"] as const;
const lockEventKinds = ["opened", "locked", "failed"] as const;
const claimUnits = ["HUR", "MIN", "C62", "MON"] as const;
const transports = ["car", "bicycle", "electricBicycle", "walking", "publicTransport"] as const;

export type VisitStatus = (typeof visitStatuses)[number];
export type ProofKind = (typeof proofs)[number];
export type ServiceKind = (typeof serviceKinds)[number];
export type AbsenceKind = (typeof absenceKinds)[number];
export type Transport = (typeof transports)[number];

/** WGS 84, degrees. */
export interface Position {
  latitude: number;
  longitude: number;
  /** Radius within which the device was, NaN where it does not say. */
  accuracyMetres: number;
}

const none: readonly number[] = [];

/** What every table can say of a row: where it comes from. */
abstract class RecordTable {
  abstract readonly entity: EntityName;
  readonly count: number;
  readonly #source: Int16Array;
  readonly #id: TextColumn;
  readonly #order: Int32Array | null;

  /** `order`: which row of the raw columns each row is, where the table has an order of its own. */
  constructor(raw: RawColumns, order: Int32Array | null = null) {
    this.count = raw.count;
    this.#source = raw.source;
    this.#id = raw.id;
    this.#order = order;
  }

  /** The row of the raw columns. */
  protected raw(row: number): number {
    return this.#order === null ? row : this.#order[row]!;
  }

  /** Number of the source in `sources`. */
  source(row: number): number {
    return this.#source[this.raw(row)]!;
  }

  /** The source's own id of the record. */
  id(row: number): string {
    return textAt(this.#id, this.raw(row))!;
  }
}

/** Where from and until when something holds, in days; NO_DAY as last day means that it goes on. */
function valid(from: Int32Array, through: Int32Array, row: number, day: Day): boolean {
  return from[row]! <= day && (through[row] === NO_DAY || through[row]! >= day);
}

/** Null for -1, which is asked first: an array that is asked for what it cannot have takes twenty times as long to say so. */
function wordOf<Word>(words: readonly Word[], code: number): Word | null {
  return code >= 0 ? words[code]! : null;
}

function flag(value: number): boolean | null {
  return value < 0 ? null : value === 1;
}

function position(latitude: number, longitude: number, accuracyMetres: number): Position | null {
  return Number.isNaN(latitude) || Number.isNaN(longitude) ? null : { latitude, longitude, accuracyMetres };
}

/**
 * Columns in the order of the table, and those that few rules read in the order of the raw columns. Of what no row says
 * many are empty.
 */
export interface VisitColumns {
  client: Int32Array;
  staff: Int32Array;
  unit: Int32Array;
  provider: Int32Array;
  start: Float64Array;
  end: Float64Array;
  day: Int32Array;
  status: Int8Array;
  services: Int32Array;
  order: Int32Array;
  plan: Int32Array;
  grade: Int8Array;
  originalStart: Float64Array;
  originalEnd: Float64Array;
  receivedAt: Float64Array;
  editedAt: Float64Array;
  mergedInto: Int32Array;
  mergedNext: Int32Array;
  /** Rows with a time that occurred twice, as the clocks went back. */
  ambiguous: ReadonlySet<number>;
  byClient: Grouped;
  byStaff: Grouped;
  byProvider: Grouped;
  bySource: Grouped;
  /** Sources that register visits. */
  registering: ReadonlySet<number>;
  /** Where only some visits are given: which sources have others, and on which days each provider has. */
  elsewhere: { registering: ReadonlySet<number>; visited: ReadonlyMap<number, readonly Day[]> } | null;
  raw: {
    law: Int8Array;
    startProof: Int8Array;
    endProof: Int8Array;
    doubleStaffing: Int8Array;
    groupCode: TextColumn;
    editedBy: Int32Array;
    editReason: TextColumn;
    startTag: Int32Array;
    endTag: Int32Array;
    device: Int32Array;
    startLatitude: Float64Array;
    startLongitude: Float64Array;
    startAccuracy: Float64Array;
    endLatitude: Float64Array;
    endLongitude: Float64Array;
    declinedReason: TextColumn;
    declinedNotifiedAt: Float64Array;
    approvedByStaff: Int8Array;
    approvedByManager: Int8Array;
  };
}

/**
 * Registered visits, as they stand now. A visit that two sources tell of is one row; see `merged`. Rows lie by client and
 * start, so that a walk over a client's month reads neighbours.
 */
export class Visits extends RecordTable {
  readonly entity = "visits";
  readonly #c: VisitColumns;
  /** Rows of a client or a staff member by start. Rows merged into others are not among them. */
  readonly byClient: Grouped;
  readonly byStaff: Grouped;
  /** Rows of a provider as they lie: in order of time, each would be a jump through the memory. None that was merged. */
  readonly byProvider: Grouped;
  /** Rows as each source tells them, also those merged into others, as they lie. */
  readonly bySource: Grouped;
  readonly #days = new Map<number, ReadonlySet<Day>>();

  constructor(raw: RawColumns, order: Int32Array, columns: VisitColumns) {
    super(raw, order);
    this.#c = columns;
    this.byClient = columns.byClient;
    this.byStaff = columns.byStaff;
    this.byProvider = columns.byProvider;
    this.bySource = columns.bySource;
  }

  /** Whether the source registers visits. */
  registeredBy(source: number): boolean {
    const { registering, elsewhere } = this.#c;
    return registering.has(source) || elsewhere?.registering.has(source) === true;
  }
  /** Whether there are visits of the provider on some of the days, both included. */
  of(provider: number, from: Day, through: Day): boolean {
    const within = (day: Day): boolean => day >= from && day <= through;
    if (this.#c.elsewhere?.visited.get(provider)?.some(within) === true) return true;
    const days = this.daysOf(provider);
    for (let day = from; day <= through; day++) if (days.has(day)) return true;
    return false;
  }
  /** The days on which there are visits of the provider. */
  daysOf(provider: number): ReadonlySet<Day> {
    let days = this.#days.get(provider);
    if (days === undefined) {
      const own = new Set<Day>();
      const rows = rowsOf(this.byProvider, provider);
      // Rows lie by client and start: most are of the day of the one before.
      for (let at = 0, before = NO_DAY; at < rows.length; at++) {
        const day = this.day(rows[at]!);
        if (day !== before) own.add(day);
        before = day;
      }
      this.#days.set(provider, (days = own));
    }
    return days;
  }
  client(row: number): number {
    return this.#c.client[row]!;
  }
  /** -1 where the source names nobody. */
  staff(row: number): number {
    return this.#c.staff[row]!;
  }
  unit(row: number): number {
    return this.#c.unit[row]!;
  }
  provider(row: number): number {
    return this.#c.provider[row]!;
  }
  /** Effective start. */
  start(row: number): Instant {
    return this.#c.start[row]!;
  }
  /** Effective end; NaN while it is missing. */
  end(row: number): Instant {
    return this.#c.end[row]!;
  }
  /** Local calendar day of the start. */
  day(row: number): Day {
    return this.#c.day[row]!;
  }
  status(row: number): VisitStatus {
    return visitStatuses[this.#c.status[row]!]!;
  }
  /** Completed, or started and not known to have become anything else: somebody was there. */
  performed(row: number): boolean {
    return this.#c.status[row]! <= 1;
  }
  /** Performed, with an end after its start and no longer than 25 hours: its minutes can be counted. */
  usable(row: number): boolean {
    const length = this.#c.end[row]! - this.#c.start[row]!;
    return this.#c.status[row]! <= 1 && length > 0 && length <= 25 * 60 * MINUTE;
  }
  /** Elapsed whole minutes, 0 where they cannot be counted. */
  minutes(row: number): number {
    return this.usable(row) ? minutesBetween(this.#c.start[row]!, this.#c.end[row]!) : 0;
  }
  /** Number of a set of services; see `services.list`. -1 unknown. */
  services(row: number): number {
    return this.#c.services[row]!;
  }
  law(row: number): "SoL" | "LSS" | "HSL" | "other" | null {
    return wordOf(laws, this.#c.raw.law[this.raw(row)]!);
  }
  /** The order that the visit names, a row of `orders`, or -1. */
  order(row: number): number {
    return this.#c.order[row] ?? -1;
  }
  /** The plan that the visit names, a row of `plans`, or -1. */
  plan(row: number): number {
    return this.#c.plan[row] ?? -1;
  }
  originalStart(row: number): Instant {
    return this.#c.originalStart[row] ?? NaN;
  }
  originalEnd(row: number): Instant {
    return this.#c.originalEnd[row] ?? NaN;
  }
  receivedAt(row: number): Instant {
    return this.#c.receivedAt[row]!;
  }
  editedAt(row: number): Instant {
    return this.#c.editedAt[row] ?? NaN;
  }
  /** Who made the last edit, a code of `staff`, or -1. */
  editedBy(row: number): number {
    return this.#c.raw.editedBy[this.raw(row)] ?? -1;
  }
  editReason(row: number): string | null {
    return textAt(this.#c.raw.editReason, this.raw(row));
  }
  /** The tag that was read at the start, a row of `tags`; -1 where none was or nobody says whose it is. */
  startTag(row: number): number {
    return this.#c.raw.startTag[this.raw(row)] ?? -1;
  }
  endTag(row: number): number {
    return this.#c.raw.endTag[this.raw(row)] ?? -1;
  }
  /** The phone or reader, a number that is the same for the same device of a source; -1 unknown. */
  device(row: number): number {
    return this.#c.raw.device[this.raw(row)] ?? -1;
  }
  /** Where the visit was started, as the device says; null where it does not. */
  startPosition(row: number): Position | null {
    const { startLatitude, startLongitude, startAccuracy } = this.#c.raw;
    const at = this.raw(row);
    return position(startLatitude[at] ?? NaN, startLongitude[at] ?? NaN, startAccuracy[at] ?? NaN);
  }
  endPosition(row: number): Position | null {
    const { endLatitude, endLongitude } = this.#c.raw;
    const at = this.raw(row);
    return position(endLatitude[at] ?? NaN, endLongitude[at] ?? NaN, NaN);
  }
  declinedReason(row: number): string | null {
    return textAt(this.#c.raw.declinedReason, this.raw(row));
  }
  /** When the client said no, NaN where nobody says. */
  declinedNotifiedAt(row: number): Instant {
    return this.#c.raw.declinedNotifiedAt[this.raw(row)] ?? NaN;
  }
  approvedByStaff(row: number): boolean | null {
    return flag(this.#c.raw.approvedByStaff[this.raw(row)]!);
  }
  approvedByManager(row: number): boolean | null {
    return flag(this.#c.raw.approvedByManager[this.raw(row)]!);
  }
  startProof(row: number): ProofKind | null {
    return wordOf(proofs, this.#c.raw.startProof[this.raw(row)]!);
  }
  endProof(row: number): ProofKind | null {
    return wordOf(proofs, this.#c.raw.endProof[this.raw(row)]!);
  }
  /** Evidence grade of the weaker side: position in `grades`, -1 where a side does not say. */
  grade(row: number): Grade {
    return this.#c.grade[row]!;
  }
  /** Neither side is manual; null where a side does not say. */
  proven(row: number): boolean | null {
    const grade = this.#c.grade[row]!;
    return grade < 0 ? null : grade > 0;
  }
  /** Null: the source does not say. */
  doubleStaffing(row: number): boolean | null {
    const flag = this.#c.raw.doubleStaffing[this.raw(row)]!;
    return flag < 0 ? null : flag === 1;
  }
  /** Both were registered under the same group code, which the source gives to visits made together. */
  sameGroup(a: number, b: number): boolean {
    const { groupCode } = this.#c.raw;
    const [rawA, rawB] = [this.raw(a), this.raw(b)];
    return (
      groupCode.nulls[rawA] === 0 &&
      groupCode.nulls[rawB] === 0 &&
      this.source(a) === this.source(b) &&
      sameText(groupCode, rawA, groupCode, rawB)
    );
  }
  /** Start or end is a time without a zone that occurred twice as the clocks went back: it may be an hour off. */
  ambiguousTime(row: number): boolean {
    return this.#c.ambiguous.has(row);
  }
  /** The row that this row was merged into, or -1. Rows in slices always have -1. */
  mergedInto(row: number): number {
    return this.#c.mergedInto[row] ?? -1;
  }
  /** The same visit as other sources tell of it. Empty for most. */
  merged(row: number): readonly number[] {
    if (this.#c.mergedNext.length === 0) return none;
    const rows: number[] = [];
    for (let next = this.#c.mergedNext[row]!; next >= 0; next = this.#c.mergedNext[next]!) rows.push(next);
    return rows;
  }
  /** Overlap of two visits in milliseconds; NaN where an end is missing, ≤ 0 where they do not overlap. */
  overlap(a: number, b: number): number {
    return Math.min(this.#c.end[a]!, this.#c.end[b]!) - Math.max(this.#c.start[a]!, this.#c.start[b]!);
  }
}

export interface PlanColumns {
  heads: number;
  client: Int32Array;
  staff: Int32Array;
  unit: Int32Array;
  provider: Int32Array;
  start: Float64Array;
  end: Float64Array;
  services: Int32Array;
  order: Int32Array;
  travelMinutes: Float64Array;
  transport: Int8Array;
  cancelled: Int8Array;
  modifiedAt: Float64Array;
  /** Versions of a head in order, oldest first, the head last. Null: there are no older versions. */
  versions: Grouped | null;
  frozen: Int32Array;
  byClient: Grouped;
}

/**
 * Planned visits. A plan is the row of its newest version (`row < plans.count`); older versions have rows above.
 * Rules look at the version that was in force when the visit started or was to start: `frozen`, `frozenAt`.
 */
export class Plans extends RecordTable {
  readonly entity = "planned-visits";
  readonly #c: PlanColumns;
  /** Plans of a client by the start of their frozen version. */
  readonly byClient: Grouped;

  override readonly count: number;

  constructor(raw: RawColumns, order: Int32Array, columns: PlanColumns) {
    super(raw, order);
    this.count = columns.heads;
    this.#c = columns;
    this.byClient = columns.byClient;
  }

  client(row: number): number {
    return this.#c.client[row]!;
  }
  staff(row: number): number {
    return this.#c.staff[row]!;
  }
  unit(row: number): number {
    return this.#c.unit[row]!;
  }
  provider(row: number): number {
    return this.#c.provider[row]!;
  }
  start(row: number): Instant {
    return this.#c.start[row]!;
  }
  end(row: number): Instant {
    return this.#c.end[row]!;
  }
  minutes(row: number): number {
    return Math.max(0, minutesBetween(this.#c.start[row]!, this.#c.end[row]!));
  }
  services(row: number): number {
    return this.#c.services[row]!;
  }
  order(row: number): number {
    return this.#c.order[row] ?? -1;
  }
  /** Minutes that the planner set aside for the way there, NaN unknown. */
  travelMinutes(row: number): number {
    return this.#c.travelMinutes[row] ?? NaN;
  }
  transport(row: number): Transport | null {
    return wordOf(transports, this.#c.transport[row]!);
  }
  cancelled(row: number): boolean {
    return this.#c.cancelled[row] === 1;
  }
  modifiedAt(row: number): Instant {
    return this.#c.modifiedAt[row]!;
  }
  /** The version in force at the plan's own start; without modification times, the plan as it stands. */
  frozen(plan: number): number {
    return this.#c.frozen[plan]!;
  }
  /** The version in force at an instant; the oldest known where all are later. */
  frozenAt(plan: number, at: Instant): number {
    const { versions, modifiedAt } = this.#c;
    if (versions === null || !this.changed(plan)) return plan;
    let held = versions.rows[versions.offsets[plan]!]!;
    for (let i = versions.offsets[plan]! + 1; i < versions.offsets[plan + 1]!; i++) {
      const version = versions.rows[i]!;
      if (modifiedAt[version]! > at) break;
      held = version;
    }
    return held;
  }
  /** There are older versions, which may say something else. */
  changed(plan: number): boolean {
    const { versions } = this.#c;
    return versions !== null && versions.offsets[plan + 1]! - versions.offsets[plan]! > 1;
  }
  /** All versions, oldest first. */
  versions(plan: number): Int32Array {
    return this.#c.versions === null ? Int32Array.of(plan) : rowsOf(this.#c.versions, plan);
  }
}

/** Something with a text id for output and a key that is unambiguous over sources. */
class People {
  readonly count: number;
  readonly #resolved: Identities;

  constructor(resolved: Identities) {
    this.#resolved = resolved;
    this.count = resolved.count;
  }
  /** Described by some source; otherwise an id that nobody has explained. */
  known(code: number): boolean {
    return code >= 0 && this.#resolved.known[code] === 1;
  }
  /** Several sources speak of it, or it has a personal identity number by which they could. */
  joined(code: number): boolean {
    return code >= 0 && this.#resolved.joined[code] === 1;
  }
  text(code: number): string {
    return this.#resolved.text[code]!;
  }
  key(code: number): string {
    return this.#resolved.key[code]!;
  }
  /** The code of a key, or of "<source>/<id>" of any source that names it; -1 where there is none. */
  find(key: string): number {
    return codeOfKey(this.#resolved, key);
  }
}

export interface ClientColumns {
  deceasedOn: Int32Array;
  movedOn: Int32Array;
  protection: Uint8Array;
  households: ReadonlyArray<readonly number[]>;
  householdMembers: ReadonlyArray<readonly number[] | undefined>;
  homes: Grouped;
  from: Int32Array;
  through: Int32Array;
  latitude: Float64Array;
  longitude: Float64Array;
  building: Int32Array;
  area: ReadonlyArray<string | null>;
}

export class Clients extends People {
  readonly #c: ClientColumns;

  constructor(resolved: Identities, columns: ClientColumns) {
    super(resolved);
    this.#c = columns;
  }
  deceasedOn(code: number): Day {
    return this.#c.deceasedOn[code]!;
  }
  movedOn(code: number): Day {
    return this.#c.movedOn[code]!;
  }
  /** Protected identity: has no position, and is never part of rules about places. */
  protectedIdentity(code: number): boolean {
    return this.#c.protection[code] === 1;
  }
  sameHousehold(a: number, b: number): boolean {
    const ofB = this.#c.households[b]!;
    return this.#c.households[a]!.some((household) => ofB.includes(household));
  }
  #home(code: number, day: Day): number {
    const { homes, from, through } = this.#c;
    for (let i = homes.offsets[code]!; i < homes.offsets[code + 1]!; i++) {
      const home = homes.rows[i]!;
      if (valid(from, through, home, day)) return home;
    }
    return -1;
  }
  /** Where the client lives, only where the position is exact; a protected identity has none. */
  homePosition(code: number, day: Day): Position | null {
    const home = this.#home(code, day);
    return home < 0 ? null : position(this.#c.latitude[home]!, this.#c.longitude[home]!, 0);
  }
  /** Number of the building of the home, the same for all who live there; -1 unknown. */
  building(code: number, day: Day): number {
    const home = this.#home(code, day);
    return home < 0 ? -1 : this.#c.building[home]!;
  }
  /** The price area of the home. */
  area(code: number, day: Day): string | null {
    const home = this.#home(code, day);
    return home < 0 ? null : (this.#c.area[home] ?? null);
  }
  /** Clients of the same household, without the client. */
  household(code: number): readonly number[] {
    return this.#c.householdMembers[code] ?? [];
  }
  /** Straight line between the two homes in metres; NaN unless both positions are exact. */
  metresBetween(a: number, b: number, day: Day): number {
    const homeA = this.#home(a, day);
    const homeB = this.#home(b, day);
    if (homeA < 0 || homeB < 0) return NaN;
    const { latitude, longitude } = this.#c;
    return metresBetween(latitude[homeA]!, longitude[homeA]!, latitude[homeB]!, longitude[homeB]!);
  }
  /** Metres from a registered position to the home; NaN where the home has no exact position. */
  metresFromHome(code: number, day: Day, latitude: number, longitude: number): number {
    const home = this.#home(code, day);
    return home < 0 ? NaN : metresBetween(this.#c.latitude[home]!, this.#c.longitude[home]!, latitude, longitude);
  }
  /** Same building, or at most 60 m between exact positions; null where what is known does not tell. */
  samePlace(a: number, b: number, day: Day): boolean | null {
    if (a === b) return true;
    const homeA = this.#home(a, day);
    const homeB = this.#home(b, day);
    if (homeA < 0 || homeB < 0) return null;
    const { building } = this.#c;
    if (building[homeA]! >= 0 && building[homeA] === building[homeB]) return true;
    const metres = this.metresBetween(a, b, day);
    if (!Number.isNaN(metres)) return metres <= 60;
    return building[homeA]! >= 0 && building[homeB]! >= 0 ? false : null;
  }
}

export interface StaffColumns {
  employments: Grouped;
  provider: Int32Array;
  unit: Int32Array;
  from: Int32Array;
  through: Int32Array;
  building: Int32Array;
  identified: Uint8Array;
}

export interface Employment {
  provider: number;
  unit: number;
  from: Day;
  /** Last day, or NO_DAY. */
  to: Day;
}

export class Staff extends People {
  readonly #c: StaffColumns;

  constructor(resolved: Identities, columns: StaffColumns) {
    super(resolved);
    this.#c = columns;
  }
  /** Employed by the provider on the day; null where no source says who employs this person. */
  employedBy(code: number, provider: number, day: Day): boolean | null {
    const { employments } = this.#c;
    let said = false;
    for (let i = employments.offsets[code]!; i < employments.offsets[code + 1]!; i++) {
      const row = employments.rows[i]!;
      if (this.#c.provider[row]! < 0) continue;
      said = true;
      if (this.#c.provider[row] === provider && valid(this.#c.from, this.#c.through, row, day)) return true;
    }
    return said ? false : null;
  }
  /** As sources describe them; empty where none does. */
  employments(code: number): Employment[] {
    const { employments, provider, unit, from, through } = this.#c;
    return [...rowsOf(employments, code)].map((row) => ({
      provider: provider[row]!,
      unit: unit[row]!,
      from: from[row]!,
      to: through[row]!,
    }));
  }
  /** Number of the building where the person lives, comparable with `clients.building`; -1 unknown. */
  homeBuilding(code: number): number {
    return this.#c.building[code]!;
  }
  /** Recognised by a personal identity number, an HSA-id or a person's decision; never by name. */
  identified(code: number): boolean {
    return this.#c.identified[code] === 1;
  }
}

export class Units extends People {
  readonly #provider: Int32Array;
  readonly #name: ReadonlyArray<string | null>;

  constructor(resolved: Identities, provider: Int32Array, name: ReadonlyArray<string | null>) {
    super(resolved);
    this.#provider = provider;
    this.#name = name;
  }
  provider(code: number): number {
    return code < 0 ? -1 : this.#provider[code]!;
  }
  name(code: number): string {
    return this.#name[code] ?? this.text(code);
  }
}

export class Providers extends People {
  readonly #name: ReadonlyArray<string | null>;
  readonly #organisationNumber: ReadonlyArray<string | null>;
  readonly #regime: Int8Array;
  readonly #permit: { from: Int32Array; to: Int32Array };

  constructor(
    resolved: Identities,
    name: ReadonlyArray<string | null>,
    organisationNumber: ReadonlyArray<string | null>,
    regime: Int8Array,
    permit: { from: Int32Array; to: Int32Array },
  ) {
    super(resolved);
    this.#name = name;
    this.#organisationNumber = organisationNumber;
    this.#regime = regime;
    this.#permit = permit;
  }
  organisationNumber(code: number): string | null {
    return this.#organisationNumber[code] ?? null;
  }
  /** First day of the permit, or NO_DAY where no source says. */
  permitFrom(code: number): Day {
    return this.#permit.from[code]!;
  }
  /** Last day of the permit, or NO_DAY. */
  permitTo(code: number): Day {
    return this.#permit.to[code]!;
  }
  name(code: number): string {
    return this.#name[code] ?? this.text(code);
  }
  /** For showing beside figures; no rule may look at it. */
  regime(code: number): "municipal" | "private" | null {
    return wordOf(["municipal", "private"] as const, this.#regime[code]!);
  }
}

/** Services by code, and the sets of services that records name. */
export class Services {
  readonly code: readonly string[];
  readonly #kind: Int8Array;
  readonly #known: Uint8Array;
  readonly #away: Uint8Array;
  readonly #name: ReadonlyArray<string | null>;
  /** By number of the set. */
  readonly #sets: Array<readonly number[] | undefined> = [];

  constructor(
    code: readonly string[],
    columns: { kind: Int8Array; known: Uint8Array; away: Uint8Array; name: ReadonlyArray<string | null> },
    sets: ReadonlyMap<number, readonly number[]>,
  ) {
    this.code = code;
    this.#kind = columns.kind;
    this.#known = columns.known;
    this.#away = columns.away;
    this.#name = columns.name;
    const last = Math.max(-1, ...sets.keys());
    for (let set = 0; set <= last; set++) this.#sets.push(sets.get(set));
  }
  /** The services of a set; empty for -1. */
  list(set: number): readonly number[] {
    return wordOf(this.#sets, set) ?? none;
  }
  /** Null where one of the sets is unknown. */
  share(setA: number, setB: number): boolean | null {
    if (setA < 0 || setB < 0) return null;
    if (setA === setB) return true;
    const other = this.list(setB);
    return this.list(setA).some((service) => other.includes(service));
  }
  /** A code that no source describes counts as care. */
  kind(service: number): ServiceKind {
    return wordOf(serviceKinds, this.#kind[service]!) ?? "care";
  }
  known(service: number): boolean {
    return this.#known[service] === 1;
  }
  /** Given elsewhere than at home. */
  away(service: number): boolean {
    return this.#away[service] === 1;
  }
  name(service: number): string {
    return this.#name[service] ?? this.code[service]!;
  }
  /** Some service of the set is given elsewhere than at home: nobody says where the visit was. */
  anyAway(set: number): boolean {
    const services = this.list(set);
    for (let at = 0; at < services.length; at++) if (this.away(services[at]!)) return true;
    return false;
  }
  /** Some service of the set is of the kind. */
  has(set: number, kind: ServiceKind): boolean {
    const services = this.list(set);
    for (let at = 0; at < services.length; at++) if (this.kind(services[at]!) === kind) return true;
    return false;
  }
}

/** What a provider has answered to an order here, beside what the order's own source says. */
export interface OrderAnswers {
  source: string;
  order: string;
  provider: string;
  /** When the order came back to it after it was gone; null: it never was. */
  returnedAt: Instant | null;
  /** When it since first said yes, and no; null: never. */
  acceptedAt: Instant | null;
  declinedAt: Instant | null;
  /** The last answer, which holds; null: there is none. */
  last: "accepted" | "declined" | null;
  lastAt: Instant | null;
  /** The last answer is to what is ordered now. */
  current: boolean;
}

export interface OrderColumns {
  client: Int32Array;
  unit: Int32Array;
  provider: Int32Array;
  decision: Int32Array;
  status: Int8Array;
  orderedAt: Float64Array;
  acceptedAt: Float64Array;
  validFrom: Int32Array;
  validTo: Int32Array;
  byClient: Grouped;
  /** By row; most orders have none. */
  answers: ReadonlyMap<number, OrderAnswers>;
}

export class Orders extends RecordTable {
  readonly entity = "orders";
  readonly #c: OrderColumns;
  /** Orders of a client by first day. */
  readonly byClient: Grouped;

  constructor(raw: RawColumns, columns: OrderColumns) {
    super(raw);
    this.#c = columns;
    this.byClient = columns.byClient;
  }
  client(row: number): number {
    return this.#c.client[row]!;
  }
  unit(row: number): number {
    return this.#c.unit[row]!;
  }
  provider(row: number): number {
    return this.#c.provider[row]!;
  }
  /** A row of `decisions`, or -1. */
  decision(row: number): number {
    return this.#c.decision[row]!;
  }
  status(row: number): (typeof orderStatuses)[number] {
    return orderStatuses[this.#c.status[row]!]!;
  }
  /** When it was entered. */
  orderedAt(row: number): Instant {
    return this.#c.orderedAt[row]!;
  }
  /** When the provider accepted it as the source says, NaN where it does not. */
  acceptedAt(row: number): Instant {
    return this.#c.acceptedAt[row]!;
  }
  /** What its provider has answered here; null: nothing. */
  answers(row: number): OrderAnswers | null {
    return this.#c.answers.get(row) ?? null;
  }
  validFrom(row: number): Day {
    return this.#c.validFrom[row]!;
  }
  /** Last day, or NO_DAY. */
  validTo(row: number): Day {
    return this.#c.validTo[row]!;
  }
  /** In force on the day, and neither declined nor cancelled. */
  valid(row: number, day: Day): boolean {
    const status = this.#c.status[row]!;
    return status !== 3 && status !== 5 && valid(this.#c.validFrom, this.#c.validTo, row, day);
  }
}

export interface LineColumns {
  order: Int32Array;
  service: Int32Array;
  minutes: Float64Array;
  times: Float64Array;
  per: Int8Array;
  /** Bit 0 = Monday … bit 6 = Sunday; 0: none listed. */
  weekdays: Uint8Array;
  partOfDay: Int8Array;
  staffing: Uint8Array;
  validFrom: Int32Array;
  validTo: Int32Array;
  byOrder: Grouped;
  older: ReadonlyMap<number, readonly LineVersion[]>;
}

export const periodOf = (position: number): (typeof periods)[number] => periods[position]!;

/** What an order line said before it was changed. */
export interface LineVersion {
  minutes: number;
  times: number;
  per: (typeof periods)[number];
  staffing: number;
  /** When the next version took its place; NaN where the source does not date its versions. */
  until: Instant;
}

/** What is ordered: service, minutes and how often. */
export class Lines extends RecordTable {
  readonly entity = "order-lines";
  readonly #c: LineColumns;
  readonly byOrder: Grouped;

  constructor(raw: RawColumns, columns: LineColumns) {
    super(raw);
    this.#c = columns;
    this.byOrder = columns.byOrder;
  }
  /** Versions before the one in force, oldest first; empty for most. */
  older(row: number): readonly LineVersion[] {
    return this.#c.older.get(row) ?? [];
  }
  /** A row of `orders`; -1 where its order is missing. */
  order(row: number): number {
    return this.#c.order[row] ?? -1;
  }
  service(row: number): number {
    return this.#c.service[row]!;
  }
  minutes(row: number): number {
    return this.#c.minutes[row]!;
  }
  times(row: number): number {
    return this.#c.times[row]!;
  }
  per(row: number): (typeof periods)[number] {
    return periods[this.#c.per[row]!]!;
  }
  onWeekday(row: number, weekday: number): boolean {
    return (this.#c.weekdays[row]! & (1 << (weekday - 1))) !== 0;
  }
  listsWeekdays(row: number): boolean {
    return this.#c.weekdays[row] !== 0;
  }
  partOfDay(row: number): (typeof partsOfDay)[number] {
    return wordOf(partsOfDay, this.#c.partOfDay[row]!) ?? "any";
  }
  /** How many staff at a time; 1 where the order does not say. */
  staffing(row: number): number {
    return this.#c.staffing[row]!;
  }
  /** Validity of the line inside that of its order. */
  validFrom(row: number): Day {
    return this.#c.validFrom[row]!;
  }
  validTo(row: number): Day {
    return this.#c.validTo[row]!;
  }
  valid(row: number, day: Day): boolean {
    return valid(this.#c.validFrom, this.#c.validTo, row, day);
  }
}

export interface AbsenceColumns {
  client: Int32Array;
  from: Float64Array;
  until: Float64Array;
  kind: Int8Array;
  planned: Int8Array;
  notifiedAt: Float64Array;
  byClient: Grouped;
}

export class Absences extends RecordTable {
  readonly entity = "absences";
  readonly #c: AbsenceColumns;
  readonly byClient: Grouped;

  constructor(raw: RawColumns, columns: AbsenceColumns) {
    super(raw);
    this.#c = columns;
    this.byClient = columns.byClient;
  }
  client(row: number): number {
    return this.#c.client[row]!;
  }
  from(row: number): Instant {
    return this.#c.from[row]!;
  }
  /** First instant after it; Infinity while it goes on. */
  until(row: number): Instant {
    return this.#c.until[row]!;
  }
  kind(row: number): AbsenceKind {
    return absenceKinds[this.#c.kind[row]!]!;
  }
  planned(row: number): boolean | null {
    const flag = this.#c.planned[row]!;
    return flag < 0 ? null : flag === 1;
  }
  /** When it was told of, NaN where nobody says. */
  notifiedAt(row: number): Instant {
    return this.#c.notifiedAt[row]!;
  }
  /** The first absence of the client that covers some of the time, optionally of one kind; -1 where none does. */
  covering(client: number, start: Instant, end: Instant, kind?: AbsenceKind): number {
    for (let i = this.byClient.offsets[client]!; i < this.byClient.offsets[client + 1]!; i++) {
      const row = this.byClient.rows[i]!;
      if (this.#c.from[row]! >= end) return -1;
      if (this.#c.until[row]! > start && (kind === undefined || this.kind(row) === kind)) return row;
    }
    return -1;
  }
}

export interface ClaimColumns {
  provider: Int32Array;
  unit: Int32Array;
  client: Int32Array;
  order: Int32Array;
  service: Int32Array;
  from: Int32Array;
  to: Int32Array;
  minutes: Float64Array;
  quantity: Float64Array;
  unitOfQuantity: Int8Array;
  unitPriceOre: Float64Array;
  amountOre: Float64Array;
  kind: Int8Array;
  corrects: Int32Array;
  band: TextColumn;
  staffing: Float64Array;
  invoice: TextColumn;
  byClient: Grouped;
}

export class Claims extends RecordTable {
  readonly entity = "claims";
  readonly #c: ClaimColumns;
  readonly byClient: Grouped;

  constructor(raw: RawColumns, columns: ClaimColumns) {
    super(raw);
    this.#c = columns;
    this.byClient = columns.byClient;
  }
  provider(row: number): number {
    return this.#c.provider[row]!;
  }
  unit(row: number): number {
    return this.#c.unit[row]!;
  }
  client(row: number): number {
    return this.#c.client[row]!;
  }
  order(row: number): number {
    return this.#c.order[row] ?? -1;
  }
  /** -1 where the claim names no service. */
  service(row: number): number {
    return this.#c.service[row]!;
  }
  from(row: number): Day {
    return this.#c.from[row]!;
  }
  /** Last day, included. */
  to(row: number): Day {
    return this.#c.to[row]!;
  }
  /** Claimed minutes, from minutes or from a quantity in hours or minutes; NaN where the line is not about time. Negative for a credit. */
  minutes(row: number): number {
    const { minutes, quantity, unitOfQuantity } = this.#c;
    let claimed = minutes[row]!;
    if (Number.isNaN(claimed)) {
      const unit = wordOf(claimUnits, unitOfQuantity[row]!);
      claimed = unit === "HUR" ? quantity[row]! * 60 : unit === "MIN" ? quantity[row]! : NaN;
    }
    return this.credit(row) ? -Math.abs(claimed) : claimed;
  }
  /** Negative for a credit. */
  amountOre(row: number): number {
    const amount = this.#c.amountOre[row]!;
    return this.credit(row) ? -Math.abs(amount) : amount;
  }
  unitPriceOre(row: number): number {
    return this.#c.unitPriceOre[row]!;
  }
  credit(row: number): boolean {
    return this.#c.kind[row] === 1 || this.#c.amountOre[row]! < 0;
  }
  /** The claim that this one corrects, or -1. */
  corrects(row: number): number {
    return this.#c.corrects[row]!;
  }
  band(row: number): string | null {
    return textAt(this.#c.band, row);
  }
  /** How many staff the line is for; NaN where it does not say. */
  staffing(row: number): number {
    return this.#c.staffing[row]!;
  }
  quantity(row: number): number {
    return this.#c.quantity[row]!;
  }
  unitOfQuantity(row: number): (typeof claimUnits)[number] | null {
    return wordOf(claimUnits, this.#c.unitOfQuantity[row]!);
  }
  invoice(row: number): string {
    return textAt(this.#c.invoice, row)!;
  }
}

export interface ShiftColumns {
  staff: Int32Array;
  start: Float64Array;
  end: Float64Array;
  breakMinutes: Float64Array;
  kind: Int8Array;
  byStaff: Grouped;
}

export class Shifts extends RecordTable {
  readonly entity = "shifts";
  readonly #c: ShiftColumns;
  readonly byStaff: Grouped;

  constructor(raw: RawColumns, columns: ShiftColumns) {
    super(raw);
    this.#c = columns;
    this.byStaff = columns.byStaff;
  }
  staff(row: number): number {
    return this.#c.staff[row]!;
  }
  start(row: number): Instant {
    return this.#c.start[row]!;
  }
  end(row: number): Instant {
    return this.#c.end[row]!;
  }
  /** Minutes of unpaid break; 0 where nobody says. */
  breakMinutes(row: number): number {
    return this.#c.breakMinutes[row]!;
  }
  kind(row: number): (typeof shiftKinds)[number] {
    return shiftKinds[this.#c.kind[row]!]!;
  }
}

export interface LockEventColumns {
  lock: Int32Array;
  client: Int32Array;
  staff: Int32Array;
  at: Float64Array;
  event: Int8Array;
  device: Int32Array;
  byClient: Grouped;
}

export class LockEvents extends RecordTable {
  readonly entity = "lock-events";
  readonly #c: LockEventColumns;
  readonly byClient: Grouped;

  constructor(raw: RawColumns, columns: LockEventColumns) {
    super(raw);
    this.#c = columns;
    this.byClient = columns.byClient;
  }
  client(row: number): number {
    return this.#c.client[row]!;
  }
  staff(row: number): number {
    return this.#c.staff[row]!;
  }
  at(row: number): Instant {
    return this.#c.at[row]!;
  }
  lock(row: number): number {
    return this.#c.lock[row]!;
  }
  /** As `visits.device`. */
  device(row: number): number {
    return this.#c.device[row]!;
  }
  event(row: number): (typeof lockEventKinds)[number] {
    return lockEventKinds[this.#c.event[row]!]!;
  }
}

export interface ContractColumns {
  provider: Int32Array;
  units: ReadonlyArray<readonly number[] | null>;
  services: Int32Array;
  validFrom: Int32Array;
  validTo: Int32Array;
  terms: ReadonlyArray<Readonly<Record<string, unknown>>>;
  reference: ReadonlyArray<string | null>;
  byProvider: Grouped;
}

export class Contracts extends RecordTable {
  readonly entity = "contracts";
  readonly #c: ContractColumns;
  readonly byProvider: Grouped;
  readonly #services: Services;

  constructor(raw: RawColumns, columns: ContractColumns, services: Services) {
    super(raw);
    this.#c = columns;
    this.byProvider = columns.byProvider;
    this.#services = services;
  }
  provider(row: number): number {
    return this.#c.provider[row]!;
  }
  validFrom(row: number): Day {
    return this.#c.validFrom[row]!;
  }
  /** Last day, or NO_DAY. */
  validTo(row: number): Day {
    return this.#c.validTo[row]!;
  }
  terms(row: number): Readonly<Record<string, unknown>> {
    return this.#c.terms[row]!;
  }
  reference(row: number): string {
    return this.#c.reference[row] ?? this.id(row);
  }
  /**
   * The contract in force for a provider's unit and service on a day, or -1: one that names unit or service before one
   * that does not, then the later `validFrom`.
   */
  inForce(provider: number, unit: number, service: number, day: Day): number {
    let best = -1;
    let bestScore = -1;
    if (provider < 0) return -1;
    for (let i = this.byProvider.offsets[provider]!; i < this.byProvider.offsets[provider + 1]!; i++) {
      const row = this.byProvider.rows[i]!;
      if (!valid(this.#c.validFrom, this.#c.validTo, row, day)) continue;
      const units = this.#c.units[row]!;
      if (units !== null && !units.includes(unit)) continue;
      const services = this.#c.services[row]!;
      if (services >= 0 && !this.#services.list(services).includes(service)) continue;
      const score = (units === null ? 0 : 1) + (services < 0 ? 0 : 1);
      // Rows come by validFrom: among equals the later wins.
      if (score >= bestScore) [best, bestScore] = [row, score];
    }
    return best;
  }
}

export interface DecisionColumns {
  client: Int32Array;
  service: Int32Array;
  decidedOn: Int32Array;
  grantedMinutesPerMonth: Float64Array;
  validFrom: Int32Array;
  validTo: Int32Array;
  byClient: Grouped;
}

export class Decisions extends RecordTable {
  readonly entity = "decisions";
  readonly #c: DecisionColumns;
  readonly byClient: Grouped;

  constructor(raw: RawColumns, columns: DecisionColumns) {
    super(raw);
    this.#c = columns;
    this.byClient = columns.byClient;
  }
  client(row: number): number {
    return this.#c.client[row]!;
  }
  /** The service that it is about, or -1. */
  service(row: number): number {
    return this.#c.service[row]!;
  }
  decidedOn(row: number): Day {
    return this.#c.decidedOn[row]!;
  }
  validFrom(row: number): Day {
    return this.#c.validFrom[row]!;
  }
  /** Last day, or NO_DAY. */
  validTo(row: number): Day {
    return this.#c.validTo[row]!;
  }
  /** NaN where the decision sets no such limit. */
  grantedMinutesPerMonth(row: number): number {
    return this.#c.grantedMinutesPerMonth[row]!;
  }
  valid(row: number, day: Day): boolean {
    return valid(this.#c.validFrom, this.#c.validTo, row, day);
  }
}

export interface TagColumns {
  client: Int32Array;
  from: Int32Array;
  to: Int32Array;
  byClient: Grouped;
}

/** Which tag or lock belongs to whose door. */
export class Tags extends RecordTable {
  readonly entity = "tags";
  readonly #c: TagColumns;
  readonly byClient: Grouped;

  constructor(raw: RawColumns, columns: TagColumns) {
    super(raw);
    this.#c = columns;
    this.byClient = columns.byClient;
  }
  client(row: number): number {
    return this.#c.client[row]!;
  }
  from(row: number): Day {
    return this.#c.from[row]!;
  }
  /** Last day, or NO_DAY. */
  to(row: number): Day {
    return this.#c.to[row]!;
  }
  valid(row: number, day: Day): boolean {
    return valid(this.#c.from, this.#c.to, row, day);
  }
}

export interface MealColumns {
  client: Int32Array;
  unit: Int32Array;
  provider: Int32Array;
  from: Int32Array;
  to: Int32Array;
  quantity: Float64Array;
  kind: TextColumn;
  byClient: Grouped;
}

/** Meals as they were delivered, over days. */
export class Meals extends RecordTable {
  readonly entity = "meals";
  readonly #c: MealColumns;
  readonly byClient: Grouped;

  constructor(raw: RawColumns, columns: MealColumns) {
    super(raw);
    this.#c = columns;
    this.byClient = columns.byClient;
  }
  client(row: number): number {
    return this.#c.client[row]!;
  }
  unit(row: number): number {
    return this.#c.unit[row]!;
  }
  provider(row: number): number {
    return this.#c.provider[row]!;
  }
  from(row: number): Day {
    return this.#c.from[row]!;
  }
  /** Last day, included. */
  to(row: number): Day {
    return this.#c.to[row]!;
  }
  quantity(row: number): number {
    return this.#c.quantity[row]!;
  }
  kind(row: number): string {
    return textAt(this.#c.kind, row)!;
  }
}
