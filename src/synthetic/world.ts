import type { EntityName, Instant, LocalDate } from "#model";

/**
 * A synthetic municipality as an all-knowing observer would describe it: who was granted what, who was where, and what
 * each system was told of it and when. Simulators render it in their system's own form.
 * Ids of records (`id` of orders, plans, visits, claims …) are those that the system named in `source` uses; ids of
 * people, units and providers are the world's own, and `ids` says what each system calls them.
 */
export type SystemId = "lifecare" | "phoniro" | "combine" | "carefox" | "files";

export interface World {
  seed: number;
  from: LocalDate;
  /** Last day with visits. */
  through: LocalDate;
  providers: WorldProvider[];
  units: WorldUnit[];
  clients: WorldClient[];
  staff: WorldStaff[];
  services: WorldService[];
  decisions: WorldDecision[];
  orders: WorldOrder[];
  plans: WorldPlan[];
  visits: WorldVisit[];
  absences: WorldAbsence[];
  shifts: WorldShift[];
  lockEvents: WorldLockEvent[];
  tags: WorldTag[];
  contracts: WorldContract[];
  claims: WorldClaim[];
  meals: WorldMeal[];
  servicePlans: WorldServicePlan[];
  /** What a person has decided: ids of different systems that are the same person, staff member or unit. */
  aliases: WorldAlias[];
  labels: Label[];
}

export interface WorldProvider {
  id: string;
  organisationNumber: string;
  name: string;
  regime: "municipal" | "private";
  /** Private providers work by a permit; municipal ones need none. */
  permitFrom?: LocalDate;
  permitTo?: LocalDate;
}

export interface WorldUnit {
  id: string;
  providerId: string;
  name: string;
  /** The unit's id in each system that knows it. */
  ids: Partial<Record<SystemId, string>>;
  /** Lifecare has three id spaces for one unit: planning unit, provider unit (`ids.lifecare`), organisation unit. */
  lifecare?: { planningUnitId: string; organisationUnitId: string };
  /** Where its orders, plans and registered visits are kept. */
  ordersIn: "lifecare" | "combine";
  plansIn: "lifecare" | "carefox" | "files";
  visitsIn: "lifecare" | "phoniro" | "combine" | "files";
}

export interface WorldHome {
  from: LocalDate;
  to?: LocalDate;
  latitude: number;
  longitude: number;
  precision: "exact" | "street" | "postcode" | "unknown";
  buildingId: string;
  area: string;
}

export interface WorldClient {
  id: string;
  personalIdentityNumber: string;
  name: string;
  deceasedOn?: LocalDate;
  movedOn?: LocalDate;
  protection: "none" | "confidential" | "protectedRegistration";
  householdId: string;
  /** Empty where the identity is protected: no system may know where. */
  homes: WorldHome[];
  /**
   * Client numbers. Lifecare's and Combine's records name people by personal identity number.
   * A system without an id here does not list the client, though a visit may still name them.
   */
  ids: Partial<Record<SystemId, string>>;
}

export interface WorldEmployment {
  providerId: string;
  unitId: string;
  from: LocalDate;
  to?: LocalDate;
  transport: "walking" | "bicycle" | "car";
  /** Employee number, user id or HSA-id in each system that knows this employment; the others do not list it. */
  ids: Partial<Record<SystemId, string>>;
}

export interface WorldStaff {
  id: string;
  personalIdentityNumber: string;
  hsaId: string;
  name: string;
  /** The house they live in, which says nothing of which flat. */
  addressBuildingId?: string;
  employments: WorldEmployment[];
}

export interface WorldService {
  code: string;
  name: string;
  kind: "care" | "household" | "alarm" | "meal" | "nursing" | "escort" | "respite" | "nightWatch" | "other";
  law: string;
  away?: boolean;
}

export interface WorldDecision {
  id: string;
  source: "lifecare" | "combine";
  /** When the system first knew it. */
  at: Instant;
  clientId: string;
  decidedOn: LocalDate;
  law: string;
  validFrom: LocalDate;
  validTo?: LocalDate;
  service?: string;
  grantedMinutesPerMonth?: number;
}

export interface WorldOrderLine {
  id: string;
  service: string;
  minutes: number;
  times: number;
  per: "day" | "week" | "fortnight" | "month" | "once";
  weekdays?: number[];
  partOfDay?: "morning" | "midday" | "afternoon" | "evening" | "night" | "any";
  staffing?: 1 | 2;
}

/** One state of a record, from `at` (when the system was told) until the next. */
export interface WorldOrderVersion {
  at: Instant;
  status: "registered" | "sent" | "accepted" | "declined" | "ended" | "cancelled";
  acceptedAt?: Instant;
  validFrom: LocalDate;
  validTo?: LocalDate;
  lines: WorldOrderLine[];
}

export interface WorldOrder {
  id: string;
  source: "lifecare" | "combine";
  clientId: string;
  unitId: string;
  decisionId: string;
  orderedAt: Instant;
  versions: WorldOrderVersion[];
}

export interface WorldPlanVersion {
  at: Instant;
  staffId?: string;
  start: Instant;
  end: Instant;
  services: string[];
  cancelled?: boolean;
}

export interface WorldPlan {
  id: string;
  source: "lifecare" | "carefox" | "files";
  /** Lifecare plans in work shifts; the visits of one shift share it. */
  workshiftId?: string;
  clientId: string;
  unitId: string;
  orderId?: string;
  versions: WorldPlanVersion[];
}

/** Where a phone believed that it was. */
export interface WorldPosition {
  latitude: number;
  longitude: number;
  accuracyMetres: number;
}

export type Proof = "lock" | "nfc" | "bluetooth" | "gps" | "phone" | "manual" | "none";

export interface WorldVisitVersion {
  at: Instant;
  deleted?: boolean;
  start: Instant;
  end: Instant | null;
  status: "started" | "completed" | "declined" | "cancelled" | "noAnswer";
  /** Usually codes of `World.services`; one that is not stands for a code that nobody has mapped. */
  services: string[];
  startProof: Proof;
  endProof: Proof;
  startTag?: string;
  endTag?: string;
  /** Only the interchange format's registrations carry them. */
  startPosition?: WorldPosition;
  endPosition?: WorldPosition;
  originalStart?: Instant;
  originalEnd?: Instant;
  /** Id of a `WorldStaff` of the same unit. */
  editedBy?: string;
  editReason?: string;
  declinedReason?: string;
  /** When the client said so; only Combine's registrations tell. */
  declinedNotifiedAt?: Instant;
  approved?: boolean;
}

export interface WorldVisit {
  id: string;
  source: "lifecare" | "phoniro" | "combine" | "files";
  clientId: string;
  unitId: string;
  staffId: string;
  orderId?: string;
  plannedVisitId?: string;
  /** Planned times, as Phoniro writes them beside the visit. */
  plannedStart?: Instant;
  plannedEnd?: Instant;
  deviceId: string;
  doubleStaffing?: boolean;
  /** Several clients gathered at one place; only Combine's registrations say so. */
  groupCode?: string;
  /** The last one is what holds. Two with the same `at` are a source that sent other content under one version. */
  versions: WorldVisitVersion[];
}

export interface WorldAbsence {
  id: string;
  source: "lifecare" | "files";
  at: Instant;
  clientId: string;
  from: Instant;
  to?: Instant;
  kind: "hospital" | "shortTermStay" | "away" | "other";
  planned: boolean;
  notifiedAt?: Instant;
}

export interface WorldShift {
  id: string;
  source: "lifecare" | "carefox" | "files";
  staffId: string;
  unitId: string;
  start: Instant;
  end: Instant;
  breakMinutes?: number;
  kind: "work" | "sick" | "leave" | "other";
}

export interface WorldLockEvent {
  id: string;
  lockId: string;
  clientId: string;
  /** Missing: somebody whom the lock's system knows, and no employer: a relative, the janitor. */
  staffId?: string;
  at: Instant;
  event: "opened" | "locked" | "failed";
  deviceId: string;
}

export interface WorldTag {
  id: string;
  clientId: string;
  from: LocalDate;
  to?: LocalDate;
}

export interface WorldContract {
  id: string;
  providerId: string;
  /** Missing: all. */
  services?: string[];
  reference: string;
  validFrom: LocalDate;
  validTo?: LocalDate;
  terms: Record<string, unknown>;
}

export interface WorldClaim {
  id: string;
  at: Instant;
  invoiceId: string;
  providerId: string;
  unitId: string;
  clientId: string;
  /** The client's number on the invoice, where it is one that nobody has joined with the register's. */
  namedAs?: string;
  orderId?: string;
  service: string;
  from: LocalDate;
  to: LocalDate;
  /** Hours are claimed in minutes; 0 where something else is counted. */
  minutes: number;
  /** Missing: hours. */
  unit?: "C62" | "MON";
  quantity?: number;
  /** Per hour, piece or month. */
  unitPriceOre: number;
  amountOre: number;
  /** Missing: a charge. */
  kind?: "charge" | "credit";
  correctsId?: string;
  band?: string;
  staffing?: number;
}

/** Meals that came to a client's door, as whoever cooks counts them. */
export interface WorldMeal {
  id: string;
  /** When the list was sent. */
  at: Instant;
  clientId: string;
  unitId: string;
  from: LocalDate;
  to: LocalDate;
  kind: string;
  quantity: number;
}

export interface WorldServicePlan {
  id: string;
  clientId: string;
  unitId: string;
  establishedOn: LocalDate;
  followUpOn?: LocalDate;
  clientParticipated: boolean;
}

export interface WorldAlias {
  kind: "client" | "staff" | "unit" | "provider";
  source: SystemId;
  id: string;
  sameAsSource: SystemId;
  sameAsId: string;
}

/** Published cases that every version must find, whose innocent twins it must not accuse. */
export type DocumentedCase =
  | "travel registered as visit"
  | "tag moved from the home"
  | "logged in and out, nobody came"
  | "one person at two clients, two companies"
  | "double staffing registered, one came"
  | "minutes added up to what was granted"
  | "next client before leaving the last"
  | "nearly all that was granted, every month"
  | "visits in hospital, abroad, after death"
  | "execution after the decision expired"
  | "wrong price band and second helper";

/** What was planted, or its innocent twin, in terms of records as the sources name them. */
export interface Label {
  /** The rule that should (planted) or must not (twin) report it. */
  rule: string;
  planted: boolean;
  /** How much of it there is: one visit or day, somebody's month, or a whole unit or provider. */
  intensity?: "visit" | "month" | "unit";
  /** What is at stake, where the world says so. */
  minutes?: number;
  amountOre?: number;
  /** One of the documented cases that it plays, or the innocent twin of one. */
  case?: DocumentedCase;
  /**
   * Follows from another plant (visits after an ended order are also more than was granted): a rule that reports it is
   * right, and one that does not has missed nothing.
   */
  optional?: boolean;
  what: string;
  /** Where the rule is about a source as a whole. */
  source?: SystemId;
  /** Where days are too coarse: the hours of an outage, half open. */
  hours?: { from: Instant; until: Instant };
  client?: string;
  staff?: string;
  unit?: string;
  provider?: string;
  from: LocalDate;
  through: LocalDate;
  records: Array<{ entity: EntityName; source: SystemId; id: string }>;
}
