import { z } from "zod";
import { contractTerms } from "./contract-terms.ts";
import * as f from "./fields.ts";
import type { Field } from "./fields.ts";

/** One kind of record of the canonical model. `fields` leaves out what every row has: id, version, deleted, provenance. */
export interface Entity {
  readonly name: EntityName;
  readonly sv: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** The field whose local day places a row in time; rows of a period are read by it. Null: read whole. */
  readonly day: string | null;
}

export const entityNames = [
  "services",
  "providers",
  "units",
  "contracts",
  "clients",
  "staff",
  "decisions",
  "orders",
  "order-lines",
  "planned-visits",
  "visits",
  "absences",
  "shifts",
  "lock-events",
  "tags",
  "claims",
  "service-plans",
  "deviations",
  "meals",
] as const;
export type EntityName = (typeof entityNames)[number];

const localDate = z.iso.date();

/** Where a client lives from a date on. Positions are WGS 84 degrees. */
export const address = z.object({
  from: localDate,
  to: localDate.optional(),
  latitude: z.number().min(-90).max(90).optional(),
  longitude: z.number().min(-180).max(180).optional(),
  precision: z.enum(["exact", "street", "postcode", "unknown"]).default("unknown"),
  buildingId: z.string().optional(),
  area: z.string().optional(),
});
export type Address = z.infer<typeof address>;

const proof = f.maybe(f.oneOf("lock", "nfc", "bluetooth", "gps", "phone", "manual", "none"));
const define = (name: EntityName, sv: string, day: string | null, fields: Record<string, Field>): Entity => ({
  name,
  sv,
  day,
  fields,
});

export const entities: Readonly<Record<EntityName, Entity>> = {
  services: define("services", "insats", null, {
    code: f.text,
    name: f.text,
    kind: f.oneOf("care", "household", "alarm", "meal", "nursing", "escort", "respite", "nightWatch", "other"),
    law: f.maybe(f.text),
    priceGroup: f.maybe(f.text),
    away: f.maybe(f.boolean),
  }),
  providers: define("providers", "utförare", null, {
    organisationNumber: f.text,
    name: f.text,
    regime: f.oneOf("municipal", "private"),
    permitFrom: f.maybe(f.date),
    permitTo: f.maybe(f.date),
  }),
  units: define("units", "enhet", null, { providerId: f.ref("provider"), name: f.text, hsaId: f.maybe(f.text) }),
  contracts: define("contracts", "avtal", null, {
    providerId: f.ref("provider"),
    unitIds: f.maybe(f.json(z.array(z.string()))),
    services: f.maybe(f.codes),
    reference: f.text,
    validFrom: f.date,
    validTo: f.maybe(f.date),
    terms: f.json(contractTerms),
  }),
  clients: define("clients", "brukare", null, {
    personalIdentityNumber: f.maybe(f.identity),
    name: f.maybe(f.personal),
    birthDate: f.maybe(f.date),
    deceasedOn: f.maybe(f.date),
    movedOn: f.maybe(f.date),
    protection: f.maybe(f.oneOf("none", "confidential", "protectedRegistration")),
    householdId: f.maybe(f.ref("household")),
    addresses: f.maybe(f.json(z.array(address))),
  }),
  staff: define("staff", "personal", null, {
    providerId: f.maybe(f.ref("provider")),
    unitId: f.maybe(f.ref("unit")),
    personalIdentityNumber: f.maybe(f.identity),
    hsaId: f.maybe(f.text),
    name: f.maybe(f.personal),
    employedFrom: f.maybe(f.date),
    employedTo: f.maybe(f.date),
    addressBuildingId: f.maybe(f.ref("building")),
  }),
  decisions: define("decisions", "beslut", null, {
    clientId: f.ref("client"),
    decidedOn: f.date,
    law: f.text,
    validFrom: f.date,
    validTo: f.maybe(f.date),
    service: f.maybe(f.ref("service")),
    grantedMinutesPerMonth: f.maybe(f.integer),
  }),
  orders: define("orders", "beställning", null, {
    clientId: f.ref("client"),
    unitId: f.ref("unit"),
    decisionId: f.maybe(f.ref("decision")),
    status: f.oneOf("registered", "sent", "accepted", "declined", "ended", "cancelled"),
    orderedAt: f.instant,
    acceptedAt: f.maybe(f.instant),
    validFrom: f.date,
    validTo: f.maybe(f.date),
  }),
  // In the interchange format nested in its order; other systems deliver lines on their own.
  "order-lines": define("order-lines", "insats", null, {
    orderId: f.ref("order"),
    service: f.ref("service"),
    minutes: f.decimal,
    times: f.decimal,
    per: f.oneOf("day", "week", "fortnight", "month", "once"),
    weekdays: f.maybe(f.json(z.array(z.int().min(1).max(7)))),
    partOfDay: f.maybe(f.oneOf("morning", "midday", "afternoon", "evening", "night", "any")),
    staffing: f.maybe(f.integer),
    validFrom: f.maybe(f.date),
    validTo: f.maybe(f.date),
  }),
  "planned-visits": define("planned-visits", "planerat besök", "start", {
    clientId: f.ref("client"),
    unitId: f.ref("unit"),
    staffId: f.maybe(f.ref("staff")),
    start: f.instant,
    end: f.instant,
    services: f.maybe(f.codes),
    orderId: f.maybe(f.ref("order")),
    travelMinutes: f.maybe(f.integer),
    transport: f.maybe(f.oneOf("car", "bicycle", "electricBicycle", "walking", "publicTransport")),
    cancelled: f.maybe(f.boolean),
    modifiedAt: f.maybe(f.instant),
  }),
  visits: define("visits", "besök", "start", {
    clientId: f.ref("client"),
    unitId: f.ref("unit"),
    staffId: f.maybe(f.ref("staff")),
    law: f.maybe(f.oneOf("SoL", "LSS", "HSL", "other")),
    orderId: f.maybe(f.ref("order")),
    start: f.instant,
    end: f.maybe(f.instant),
    status: f.oneOf("started", "completed", "declined", "cancelled", "noAnswer"),
    services: f.maybe(f.codes),
    plannedVisitId: f.maybe(f.text),
    originalStart: f.maybe(f.instant),
    originalEnd: f.maybe(f.instant),
    receivedAt: f.maybe(f.instant),
    editedAt: f.maybe(f.instant),
    editedBy: f.maybe(f.ref("staff")),
    editReason: f.maybe(f.text),
    startProof: proof,
    endProof: proof,
    startTag: f.maybe(f.ref("tag")),
    endTag: f.maybe(f.ref("tag")),
    deviceId: f.maybe(f.ref("device")),
    startLatitude: f.maybe(f.decimal),
    startLongitude: f.maybe(f.decimal),
    startAccuracyMetres: f.maybe(f.decimal),
    endLatitude: f.maybe(f.decimal),
    endLongitude: f.maybe(f.decimal),
    doubleStaffing: f.maybe(f.boolean),
    groupCode: f.maybe(f.text),
    declinedReason: f.maybe(f.text),
    declinedNotifiedAt: f.maybe(f.instant),
    approvedByStaff: f.maybe(f.boolean),
    approvedByManager: f.maybe(f.boolean),
  }),
  absences: define("absences", "frånvaro", null, {
    clientId: f.ref("client"),
    from: f.instantFrom,
    to: f.maybe(f.instantUntil),
    kind: f.oneOf("hospital", "shortTermStay", "away", "other"),
    planned: f.maybe(f.boolean),
    notifiedAt: f.maybe(f.instant),
  }),
  shifts: define("shifts", "arbetspass", "start", {
    staffId: f.ref("staff"),
    start: f.instant,
    end: f.instant,
    breakMinutes: f.maybe(f.integer),
    kind: f.oneOf("work", "sick", "leave", "other"),
  }),
  "lock-events": define("lock-events", "låshändelse", "at", {
    lockId: f.ref("lock"),
    clientId: f.maybe(f.ref("client")),
    staffId: f.maybe(f.ref("staff")),
    at: f.instant,
    event: f.oneOf("opened", "locked", "failed"),
    deviceId: f.maybe(f.ref("device")),
  }),
  tags: define("tags", "tagg", null, { clientId: f.ref("client"), from: f.date, to: f.maybe(f.date) }),
  claims: define("claims", "fakturarad", null, {
    invoiceId: f.text,
    providerId: f.ref("provider"),
    unitId: f.maybe(f.ref("unit")),
    clientId: f.ref("client"),
    orderId: f.maybe(f.ref("order")),
    service: f.maybe(f.ref("service")),
    from: f.date,
    to: f.date,
    minutes: f.maybe(f.integer),
    quantity: f.maybe(f.decimal),
    unit: f.maybe(f.oneOf("HUR", "MIN", "C62", "MON")),
    unitPriceOre: f.maybe(f.integer),
    amountOre: f.integer,
    kind: f.maybe(f.oneOf("charge", "credit")),
    correctsId: f.maybe(f.text),
    band: f.maybe(f.text),
    staffing: f.maybe(f.integer),
  }),
  "service-plans": define("service-plans", "genomförandeplan", null, {
    clientId: f.ref("client"),
    unitId: f.ref("unit"),
    establishedOn: f.date,
    followUpOn: f.maybe(f.date),
    clientParticipated: f.maybe(f.boolean),
  }),
  deviations: define("deviations", "avvikelse", "occurredAt", {
    clientId: f.maybe(f.ref("client")),
    unitId: f.ref("unit"),
    kind: f.text,
    occurredAt: f.instant,
    reportedAt: f.instant,
  }),
  meals: define("meals", "måltid", null, {
    clientId: f.ref("client"),
    unitId: f.ref("unit"),
    from: f.date,
    to: f.date,
    kind: f.text,
    quantity: f.decimal,
  }),
};

/**
 * One canonical record of an entity, as a mapping makes it: the fields of the entity by name, undefined where
 * the source does not say. `version` orders the versions of a record: an integer, or milliseconds of an ISO time.
 */
export interface CanonicalRecord {
  id: string;
  version: number | null;
  deleted: boolean;
  /** Where one source record yields several rows of an entity: the id of that source record. Null: stands alone. */
  parent: string | null;
  values: Record<string, unknown>;
}
