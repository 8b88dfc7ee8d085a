import type { Tables } from "#columns";
import {
  atMinute,
  type Basis,
  type ContractTerms,
  contractTerms,
  day as dayOfDate,
  type Day,
  daysOfMonth,
  type Instant,
  type Month,
  monthOf,
  MINUTE,
  type Ore,
  publicHoliday,
  weekdayOf,
} from "#model";
import type { StepName } from "./paid.ts";

/** Terms of a contract with defaults filled in, in the form in which they are read a million times a night. */
export interface Terms {
  basisOf(service: string | null): Basis;
  price: readonly PriceRow[];
  /** The contract has a price list; without one what is payable is known in minutes only. */
  priced: boolean;
  pricedByArea: boolean;
  /** Null: all time is of one band. */
  bands: Bands | null;
  cap: { level: "none" | "visit" | "day" | "month"; tolerance: number };
  rounding: { stepMs: number; direction: "nearest" | "up" | "down"; per: "visit" | "day" | "month" } | null;
  standardMs: ReadonlyMap<string, number>;
  /** Shares of 1. */
  declinedShare(service: string | null): number;
  declinedWithinMs: number | null;
  noAnswerShare: number;
  absence: { noticeDays: number | null; paid: readonly number[] };
  deathPaid: readonly number[];
  doubleStaffing: "onlyIfOrdered" | "always" | "never";
  divideHousehold: boolean;
  required: { end: boolean; service: boolean; approvedByStaff: boolean; approvedByManager: boolean };
  manual: { allowed: boolean; reasonRequired: boolean; maxSharePercent: number | null };
  lengthening: "never" | "withReason" | "always";
  cutOff: { weekdayOfMonth: number; minute: number };
  orderConfirm: { hours: number; weekdaysOnly: boolean; from: number; to: number };
  eves: boolean;
  clauses: Readonly<Record<string, string>>;
  /**
   * Time is limited by the month, unless something else is known of a visit: then the terms need not be applied step by
   * step.
   */
  plain: boolean;
  /** Visits are divided over bands, or rounded, each by itself. */
  byVisit: boolean;
  manualLimited: boolean;
}

export interface PriceRow {
  from: Day;
  services: readonly string[] | null;
  band: string | null;
  area: string | null;
  per: "hour" | "visit" | "month";
  ore: Ore;
}

/** By weekday, 1–7: from which minute on which band holds; the first entry is at minute 0. */
export interface Bands {
  byWeekday: ReadonlyArray<ReadonlyArray<{ from: number; band: string | null }>>;
}

/** Minutes since midnight of "HH:MM". */
function minuteOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}

function compileBands(given: ContractTerms): Bands | null {
  const { bands = [], price = [] } = given;
  const names = bands.map(({ name }) => name);
  const rest = price.map(({ band }) => band).find((band) => band !== undefined && !names.includes(band)) ?? null;
  if (bands.length === 0 && rest === null) return null;
  const parts = bands.map(({ name, weekdays, from, to }) => ({
    name,
    weekdays: weekdays ?? [1, 2, 3, 4, 5, 6, 7],
    from: minuteOf(from),
    to: minuteOf(to),
  }));
  const bandAt = (weekday: number, minute: number): string | null =>
    parts.find(
      ({ weekdays, from, to }) =>
        weekdays.includes(weekday) && (from < to ? minute >= from && minute < to : minute >= from || minute < to),
    )?.name ?? rest;
  const cuts = [...new Set([0, ...parts.flatMap(({ from, to }) => [from, to])])].sort((a, b) => a - b);
  return {
    byWeekday: [0, 1, 2, 3, 4, 5, 6, 7].map((weekday) =>
      cuts
        .map((from) => ({ from, band: bandAt(weekday, from) }))
        .filter((cut, position, all) => position === 0 || all[position - 1]!.band !== cut.band),
    ),
  };
}

function compilePrice(price: NonNullable<ContractTerms["price"]>): PriceRow[] {
  return price.map(({ from, services, band, area, orePerHour, orePerVisit, orePerMonth }) => ({
    from: from === undefined ? -Infinity : dayOfDate(from),
    services: services ?? null,
    band: band ?? null,
    area: area ?? null,
    per: orePerHour !== undefined ? "hour" : orePerVisit !== undefined ? "visit" : "month",
    ore: (orePerHour ?? orePerVisit ?? orePerMonth)!,
  }));
}

export function compileTerms(given: ContractTerms): Terms {
  const share = (percent: Record<string, number> | undefined) => (service: string | null) =>
    ((service === null ? undefined : percent?.[service]) ?? percent?.["default"] ?? 0) / 100;
  const required = given.required ?? ["start", "end"];
  const { absence, rounding, orderConfirm } = given;
  const percents = absence?.unplannedPaidPercent;
  const paidDays = absence?.unplannedPaidDays ?? percents?.length ?? 0;
  const terms: Omit<Terms, "plain" | "byVisit" | "manualLimited"> = {
    basisOf: (service) =>
      (service === null ? undefined : given.basis?.[service]) ?? given.basis?.["default"] ?? "performed",
    price: compilePrice(given.price ?? []),
    priced: given.price !== undefined && given.price.length > 0,
    pricedByArea: given.price?.some(({ area }) => area !== undefined) ?? false,
    bands: compileBands(given),
    cap: { level: given.cap?.level ?? "month", tolerance: 1 + (given.cap?.tolerancePercent ?? 0) / 100 },
    rounding:
      rounding === undefined || rounding.direction === "none"
        ? null
        : { stepMs: rounding.to * MINUTE, direction: rounding.direction, per: rounding.per },
    standardMs: new Map(
      Object.entries(given.standardMinutes ?? {}).map(([service, minutes]) => [service, minutes * MINUTE]),
    ),
    declinedShare: share(given.declined?.percent),
    declinedWithinMs:
      given.declined?.onlyIfNotifiedWithinHours === undefined
        ? null
        : given.declined.onlyIfNotifiedWithinHours * 60 * MINUTE,
    noAnswerShare: (given.noAnswer?.percent ?? 0) / 100,
    absence: {
      noticeDays: absence?.plannedNoticeDays ?? null,
      paid: Array.from({ length: paidDays }, (_, position) =>
        percents === undefined ? 1 : (percents[position] ?? 0) / 100,
      ),
    },
    deathPaid: (given.death?.paidPercent ?? []).map((percent) => percent / 100),
    doubleStaffing: given.doubleStaffing ?? "onlyIfOrdered",
    divideHousehold: (given.household ?? "divide") === "divide",
    required: {
      end: required.includes("end"),
      service: required.includes("service"),
      approvedByStaff: required.includes("approvedByStaff"),
      approvedByManager: required.includes("approvedByManager"),
    },
    manual: {
      allowed: given.manual?.allowed ?? true,
      reasonRequired: given.manual?.reasonRequired ?? false,
      maxSharePercent: given.manual?.maxSharePercent ?? null,
    },
    lengthening: given.lengthening ?? "withReason",
    cutOff: { weekdayOfMonth: given.cutOff?.weekdayOfMonth ?? 3, minute: minuteOf(given.cutOff?.time ?? "12:00") },
    orderConfirm: {
      hours: orderConfirm?.hours ?? 24,
      weekdaysOnly: orderConfirm?.weekdaysOnly ?? true,
      from: minuteOf(orderConfirm?.from ?? "08:00"),
      to: minuteOf(orderConfirm?.to ?? "17:00"),
    },
    eves: given.holidays?.eves ?? true,
    clauses: given.clauses ?? {},
  };
  const { manual } = terms;
  return {
    ...terms,
    plain:
      (terms.cap.level === "month" || terms.cap.level === "none") &&
      terms.required.end &&
      !terms.required.service &&
      !terms.required.approvedByStaff &&
      !terms.required.approvedByManager,
    byVisit: terms.bands !== null || terms.rounding?.per === "visit",
    manualLimited: !manual.allowed || manual.reasonRequired || manual.maxSharePercent !== null,
  };
}

const noTerms = compileTerms({});

/** Until when the visits of a month must have arrived: a weekday of the month after that is no public holiday. */
export function cutOffOf(month: Month, terms: Pick<Terms, "cutOff" | "eves">): Instant {
  let day = daysOfMonth(month).last;
  for (let left = terms.cutOff.weekdayOfMonth; left > 0;) {
    day++;
    if (weekdayOf(day) <= 5 && !publicHoliday(day, { eves: terms.eves })) left--;
  }
  return atMinute(day, terms.cutOff.minute);
}

/** A contract in force and its terms, read once. */
export interface InForce {
  contract: number;
  terms: Terms;
  /** Cut-off by month of the visit. */
  cutOffs: Map<Month, Instant>;
}

/** Days of a month on which one contract holds for a provider's unit and service. */
export interface Segment {
  from: Day;
  /** Last day, included. */
  through: Day;
  /** Null: no contract is in force. */
  inForce: InForce | null;
  /** Those in force; without a contract, the defaults, by which time is still counted. */
  terms: Terms;
  basis: Basis;
  /** The service's code; null unknown. */
  service: string | null;
  /** Infinity without a contract. */
  cutOff: Instant;
}

/** Which terms hold for a provider's unit and service on a day; each contract is read once. */
export class TermsBook {
  readonly #tables: Tables;
  readonly #byContract: Array<InForce | undefined> = [];
  /** By place, then by first day of the month. */
  readonly #segments = new Map<number, Map<Day, readonly Segment[]>>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  of(provider: number, unit: number, service: number, day: Day): InForce | null {
    const contract = this.#tables.contracts.inForce(provider, unit, service, day);
    return contract < 0 ? null : this.#contract(contract);
  }

  /** The days from `first` to `last` of one month, by contract; more than one where the contract changes. */
  segments(provider: number, unit: number, service: number, first: Day, last: Day): readonly Segment[] {
    const { units, services } = this.#tables;
    const key = ((provider + 1) * (units.count + 1) + unit + 1) * (services.code.length + 1) + service + 1;
    let months = this.#segments.get(key);
    if (months === undefined) this.#segments.set(key, (months = new Map()));
    let found = months.get(first);
    if (found === undefined) months.set(first, (found = this.#divide(provider, unit, service, first, last)));
    return found;
  }

  cutOff({ terms, cutOffs }: InForce, month: Month): Instant {
    let at = cutOffs.get(month);
    if (at === undefined) cutOffs.set(month, (at = cutOffOf(month, terms)));
    return at;
  }

  #divide(provider: number, unit: number, service: number, first: Day, last: Day): Segment[] {
    const segments: Segment[] = [];
    const code = service < 0 ? null : this.#tables.services.code[service]!;
    for (let day = first; day <= last; day++) {
      const inForce = this.of(provider, unit, service, day);
      const before = segments.at(-1);
      if (before !== undefined && before.inForce === inForce) before.through = day;
      else {
        const terms = inForce?.terms ?? noTerms;
        const cutOff = inForce === null ? Infinity : this.cutOff(inForce, monthOf(day));
        const basis = terms.basisOf(code);
        segments.push({ from: day, through: day, inForce, terms, basis, service: code, cutOff });
      }
    }
    return segments;
  }

  #contract(contract: number): InForce {
    const { contracts } = this.#tables;
    let known = this.#byContract[contract];
    if (known === undefined) {
      const read = contractTerms.safeParse(contracts.terms(contract));
      if (!read.success) {
        // Terms are checked before they are stored: these were stored by a version that did not.
        const where = read.error.issues[0]!;
        throw new RangeError(
          `The terms of contract ${contracts.id(contract)} do not fit at "${where.path.join(".")}": ${where.message}. ` +
            "Mend them at their source and run: klarsyn rebuild.",
        );
      }
      known = { contract, terms: compileTerms(read.data), cutOffs: new Map() };
      this.#byContract[contract] = known;
    }
    return known;
  }
}

const termOfStep: Partial<Record<StepName, string>> = {
  "cut-off": "cutOff",
  "no-answer": "noAnswer",
  overlap: "doubleStaffing",
};

/** The contract's own clause for a step, by the name of the step or of its term. */
export function clauseOf({ clauses }: Terms, step: StepName): string | undefined {
  return clauses[step] ?? clauses[termOfStep[step] ?? step];
}
