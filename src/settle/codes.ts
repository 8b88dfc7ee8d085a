import type { Day, Ore } from "#model";
import type { PaidRow } from "./paid.ts";

/** What became of a claim when it was held against what is payable, in the order in which it is asked. */
export const claimCodes = {
  M00: "lika före avrundning",
  M01: "lika efter avtalets avrundning",
  M02: "inom toleransen",
  M03: "mer än ersättningen",
  M04: "mindre än ersättningen",
  M05: "inget besök",
  M06: "besöket är inte styrkt",
  M07: "fel insats, brukare, prisband eller pris",
  M08: "redan fakturerat",
  M09: "källan var tyst",
  M10: "ersätts utan besök",
} as const;
export type ClaimCode = keyof typeof claimCodes;

/** Payment of these is not held, and nothing is proposed. */
export const acceptedCodes: ReadonlySet<ClaimCode> = new Set(["M00", "M01", "M02", "M10"]);

/** Days for the provider to explain or mend, counted from the cut-off of the month: nothing is paid before that. */
export const holdDaysOf: Readonly<Record<ClaimCode, 0 | 7 | 14>> = {
  M00: 0,
  M01: 0,
  M02: 0,
  M03: 7,
  M04: 0,
  M05: 14,
  M06: 14,
  M07: 7,
  M08: 7,
  M09: 0,
  M10: 0,
};

/**
 * What is wrong with it, most specific first: a claim's day is about one thing only, so that no two rules report it.
 * Null where it is accepted.
 */
export type ClaimMatter =
  | "silent" // the system that would tell of visits was not heard
  | "duplicate"
  | "meal" // more meals than were delivered
  | "contract" // no contract of the provider's is in force for the service
  | "unjoined" // nobody has said who the client or provider is in the systems that register visits
  | "service" // the visit is there, of another service
  | "client" // the visit is there, at somebody else in the household
  | "unverified" // the visit lacks what the contract requires
  | "absence" // the client was away all day
  | "declined" // the client said no, and it is claimed in full
  | "band"
  | "price"
  | "visit" // no visit
  | "time" // more than is payable
  | "unbilled";

export interface Proposal {
  kind: "cut-back" | "deny" | "correct" | "net";
  /** What would be paid. */
  minutes: number;
  ore: Ore;
  /** Swedish. */
  why: string;
}

/**
 * A claim, or those of its days that are alike, held against what is payable. Claims on the same days are judged together;
 * what nobody claims stands by itself.
 */
export interface JudgedClaim {
  /** Row of `claims`; -1: nobody claims it. */
  claim: number;
  /** Other rows that it was judged with: claims on the same days, what it repeats, credits. */
  related: readonly number[];
  provider: number;
  unit: number;
  service: number;
  /** The order line that it is about, or -1. */
  line: number;
  /** What is paid for it; null where no row is. */
  row: PaidRow | null;
  days: readonly Day[];
  /** Null: all bands together. */
  band: string | null;
  code: ClaimCode;
  matter: ClaimMatter | null;
  /** Visits on these days that the claim can mean. Of accepted claims none are listed. */
  visits: readonly number[];
  claimedMinutes: number;
  /** Exact minutes, before rounding. */
  exactMinutes: number;
  payableMinutes: number;
  claimedOre: Ore;
  /** Null: no price is known. */
  payableOre: Ore | null;
  overbilledOre: Ore;
  unbilledOre: Ore;
  /** Of meals, how many. */
  meals: { claimed: number; delivered: number } | null;
  holdDays: 0 | 7 | 14;
  /** First day on which the proposal may be carried out; null where nothing is held. */
  holdUntil: Day | null;
  proposal: Proposal | null;
}
