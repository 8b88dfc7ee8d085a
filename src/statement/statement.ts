import type { Instant, LocalDate, Month, Ore } from "#model";

/*
 * What a provider is told of a month: every registered interval on its way to öre, so that it can be checked with pen and
 * paper. Texts are Swedish and ready to be read. People are named by the ids of the provider's own systems.
 */

/** A step as it is read: "tak", −3 minutes, "1.12", why. */
export interface StatementStep {
  title: string;
  /** Signed minutes, whole or to the second. */
  minutes: number;
  clause: string | null;
  why: string | null;
}

/** A part of the payable time that has one price. */
export interface StatementBand {
  /** Null: the contract has no bands, or none for this time. */
  band: string | null;
  minutes: number;
  /** Null: no price by the hour. */
  orePerHour: Ore | null;
  /** Null: no price. */
  ore: Ore | null;
}

/** One visit, or what is paid without one. */
export interface StatementVisit {
  /** "Besök", "Avböjt besök", "Frånvaro" … */
  title: string;
  day: LocalDate;
  /** "08:04–08:33"; null where it has no time of its own. */
  time: string | null;
  staff: string | null;
  steps: StatementStep[];
  payableMinutes: number;
  bands: StatementBand[];
}

/** What a day comes to in one band: öre are rounded here and nowhere else. */
export interface StatementDay extends StatementBand {
  day: LocalDate;
}

export interface StatementClaim {
  code: string;
  title: string;
  days: readonly LocalDate[];
  claimedMinutes: number;
  payableMinutes: number;
  claimedOre: Ore;
  payableOre: Ore | null;
  overbilledOre: Ore;
  unbilledOre: Ore;
  holdUntil: LocalDate | null;
  /** What is proposed, and why. */
  proposal: string | null;
}

/** An order line of one client. */
export interface StatementLine {
  client: string;
  unit: string | null;
  service: string;
  order: string | null;
  line: string | null;
  /** "60 minuter 1 gång per dag, 2 personal" */
  ordered: string | null;
  contract: string | null;
  minutes: {
    granted: number;
    planned: number;
    registered: number;
    payable: number;
    declined: number;
    noAnswer: number;
    absent: number;
    missed: number;
    claimed: number;
    underDelivered: number;
  };
  ore: { payable: Ore; claimed: Ore; overbilled: Ore; unbilled: Ore };
  /** The municipality makes out the invoice, in the provider's name. */
  selfBilled: boolean;
  /** Of what is claimed, what waits for an explanation or a correction. */
  heldOre: Ore;
  /** What is paid now: what is claimed and not held, or what is payable where the municipality makes out the invoice. */
  dueOre: Ore;
  /** From registered to payable, for the whole month. */
  steps: StatementStep[];
  visits: StatementVisit[];
  days: StatementDay[];
  claims: StatementClaim[];
}

/** What later information adds to an earlier, settled month or takes from it. */
export interface StatementAdjustment {
  month: Month;
  client: string;
  service: string;
  line: string | null;
  minutes: number;
  ore: Ore;
  selfBilled: boolean;
  /** What is paid in addition, or taken back. */
  dueOre: Ore;
}

export interface Statement {
  municipality: string;
  provider: { id: string; name: string; organisationNumber: string | null };
  month: Month;
  state: "open" | "locked" | "settled";
  /** When the figures were made; of a closed month, when it was locked. */
  asOf: Instant;
  lines: StatementLine[];
  adjustments: StatementAdjustment[];
  totals: {
    registeredMinutes: number;
    payableMinutes: number;
    claimedMinutes: number;
    payableOre: Ore;
    claimedOre: Ore;
    /** Claimed above payable, and payable above claimed: never netted. */
    overbilledOre: Ore;
    unbilledOre: Ore;
    /** Of what is claimed, what waits for an explanation or a correction. */
    heldOre: Ore;
    adjustmentsOre: Ore;
  };
}

export const stateTitles = { open: "preliminär", locked: "låst", settled: "avräknad" } as const;
