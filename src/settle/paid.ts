import type { Basis, Day, Instant, Ore } from "#model";

/** Steps from what was registered to what is paid, in the order in which they are taken. */
export const stepNames = [
  "registered",
  "required", // an element that the contract requires is missing
  "manual", // registered by hand against the terms
  "lengthening", // time that an edit added
  "cut-off", // arrived too late
  "overlap", // the same slot of staff is paid already
  "household", // divided between people who share a home
  "basis", // standard time or granted time instead of performed time
  "cap", // above what is granted, or nothing is ordered
  "declined",
  "no-answer",
  "absence",
  "death",
  "contract", // the contract changed within the month
  "rounding",
  "price", // no contract or no price
] as const;
export type StepName = (typeof stepNames)[number];

/** One step on the way from registered to payable minutes; payable = the sum of all steps. */
export interface TraceStep {
  step: StepName;
  /** Signed whole minutes. */
  minutes: number;
  /** The contract's own clause for the term, where it names one. */
  clause?: string;
  /** Why, where the step is not plain arithmetic. Swedish. */
  why?: string;
}

/** What is paid of a row on a day in a band; what is paid by the month stands on the first day that it is for. */
export interface PaidDay {
  day: Day;
  /** Null: the contract has no bands, or none for this time. */
  band: string | null;
  /** Milliseconds before rounding and price. */
  exactMs: number;
  /** Payable milliseconds. */
  ms: number;
  /** Null: no price is known. */
  ore: Ore | null;
  /** Null: no price is known, or the price is not by the hour. */
  orePerHour: Ore | null;
  /** Of `ms`, what rests on an absence of which no source says whether it was planned: payable to who claims it. */
  openMs?: number;
}

/** What is paid for one order line of one provider in a month. */
export interface PaidRow {
  provider: number;
  unit: number;
  service: number;
  order: number;
  line: number;
  /** Of several within the month the last; -1: none. */
  contract: number;
  /** Of that contract. */
  basis: Basis;
  registeredMs: number;
  /** Before rounding. */
  exactMs: number;
  payableMs: number;
  /** Null: no price is known for any of it. */
  ore: Ore | null;
  /**
   * For how much of it the client may be charged: performed time within what is granted, never what is paid for a visit
   * that was declined or for absence. It is no part of what the provider is paid.
   */
  feeMs: number;
  /** By day and band. */
  days: readonly PaidDay[];
  steps: readonly TraceStep[];
}

/** How one visit, or what is paid without one, became minutes and money. */
export interface VisitTrace {
  kind: "visit" | "declined" | "noAnswer" | "absence" | "death" | "granted" | "monthly";
  /** Row of `visits`, or -1. */
  visit: number;
  /** Row of `plans`, or -1. */
  plan: number;
  day: Day;
  /** -1 unknown. */
  staff: number;
  /** As registered or planned; NaN where it has no time of its own. */
  start: Instant;
  end: Instant;
  /** Signed milliseconds; the first step is what was registered for the row, 0 for what is paid without a visit. */
  steps: Array<{ step: StepName; ms: number; clause?: string; why?: string }>;
  /** Where the payable time lies, after rounding by visit. */
  bands: Array<{ band: string | null; ms: number; orePerHour: Ore | null; ore: Ore | null }>;
}
