import { entities, type CanonicalRecord, type EntityName } from "./entities.ts";
import type { FieldKind } from "./fields.ts";
import { atMinute, day, dayOf, type Day, formatDay, type Instant } from "./time.ts";

/*
 * Valid records with unremarkable values, for rule examples, documents and tests. What matters is given, the rest is
 * filled in. Times are written "08:00" (on the sample day) or "2026-10-06 08:00", in Swedish wall-clock time; dates
 * "2026-10-06". All of it is invented.
 */

export interface SampleRecord {
  entity: EntityName;
  source: string;
  record: CanonicalRecord;
}

/** A Monday. */
export const SAMPLE_DAY = "2026-10-05";

/** "08:00" or "2026-10-06 08:00" as an instant; `addMinutes` later. */
export function at(text: string, addMinutes = 0): Instant {
  const [date, clock] = text.includes(" ") ? (text.split(" ") as [string, string]) : [SAMPLE_DAY, text];
  const [hours, minutes] = clock.split(":").map(Number) as [number, number];
  return atMinute(day(date), hours * 60 + minutes) + addMinutes * 60_000;
}

type Values = Record<string, unknown>;

const defaults: Partial<Record<EntityName, (id: string, given: Values) => Values>> = {
  services: (id) => ({ code: id, name: id, kind: "care", law: "SoL" }),
  providers: (id) => ({ organisationNumber: `165566-${id}`, name: `Utförare ${id}`, regime: "private" }),
  units: (id) => ({ providerId: "P1", name: `Enhet ${id}` }),
  contracts: (id) => ({ providerId: "P1", reference: `Avtal ${id}`, validFrom: "2026-01-01", terms: {} }),
  clients: (id) => ({ householdId: `H-${id}`, protection: "none", addresses: [home(`B-${id}`)] }),
  staff: (id) => ({ providerId: "P1", unitId: "U1", hsaId: `HSA-${id}`, employedFrom: "2020-01-01" }),
  decisions: () => ({ clientId: "C1", decidedOn: "2025-12-15", law: "SoL", validFrom: "2026-01-01" }),
  orders: () => ({
    clientId: "C1",
    unitId: "U1",
    status: "accepted",
    orderedAt: "2025-12-15 10:00",
    acceptedAt: "2025-12-15 13:00",
    validFrom: "2026-01-01",
  }),
  "order-lines": () => ({ orderId: "o-1", service: "omvardnad", minutes: 30, times: 1, per: "day" }),
  "planned-visits": (_, given) => ({ ...person, start: "08:00", end: end(given), services: ["omvardnad"] }),
  visits: (_, given) => ({
    ...person,
    start: "08:00",
    end: end(given),
    status: "completed",
    services: ["omvardnad"],
    startProof: "lock",
    endProof: "lock",
    receivedAt: instantOf(given["end"] ?? end(given)) + 60_000,
  }),
  absences: () => ({ clientId: "C1", from: "00:00", kind: "hospital" }),
  shifts: () => ({ staffId: "S1", start: "07:00", end: "16:00", kind: "work" }),
  "lock-events": () => ({ lockId: "L1", clientId: "C1", staffId: "S1", at: "08:00", event: "opened" }),
  tags: () => ({ clientId: "C1", from: "2026-01-01" }),
  claims: (id) => ({
    invoiceId: `i-${id}`,
    providerId: "P1",
    unitId: "U1",
    clientId: "C1",
    service: "omvardnad",
    from: SAMPLE_DAY,
    to: SAMPLE_DAY,
    minutes: 30,
    unitPriceOre: 48_000,
    amountOre: 24_000,
  }),
};
const person = { clientId: "C1", unitId: "U1", staffId: "S1" };

/** Half an hour after the start. */
function end(given: Values): Instant {
  return instantOf(given["start"] ?? "08:00") + 30 * 60_000;
}

function instantOf(value: unknown): Instant {
  return typeof value === "number" ? value : at(value as string);
}

/** An address at an exact position; every building has its own, a kilometre or more from every other. */
export function home(buildingId: string, more: Values = {}): Values {
  let position = 7;
  for (const letter of buildingId) position = (position * 31 + letter.codePointAt(0)!) % 9973;
  return {
    from: "2020-01-01",
    latitude: 58.5 + Math.floor(position / 100) * 0.01,
    longitude: 17.5 + (position % 100) * 0.02,
    precision: "exact",
    buildingId,
    ...more,
  };
}

function plain(kind: FieldKind | undefined, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (kind === "date") return day(value);
  if (kind === "instant" || kind === "instantFrom") return at(value.length === 10 ? `${value} 00:00` : value);
  if (kind === "instantUntil") return value.length === 10 ? at(`${formatDay(day(value) + 1)} 00:00`) : at(value);
  return value;
}

/** A record of any entity. `undefined` among the values takes a default away: the source does not say. */
export function sample(
  entity: EntityName,
  id: string,
  values: Values = {},
  from: { source?: string; version?: number; deleted?: boolean; parent?: string } = {},
): SampleRecord {
  const { fields } = entities[entity];
  const filled: Values = { ...defaults[entity]?.(id, values), ...values };
  const unknown = Object.keys(filled).find((name) => !(name in fields));
  if (unknown !== undefined) throw new RangeError(`Sample ${entity}: there is no field "${unknown}".`);
  return {
    entity,
    source: from.source ?? "files",
    record: {
      id,
      version: from.version ?? null,
      deleted: from.deleted ?? false,
      parent: from.parent ?? null,
      values: Object.fromEntries(
        Object.entries(filled)
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => [name, plain(fields[name]?.kind, value)]),
      ),
    },
  };
}

/**
 * A small municipality: providers P1 (municipal, unit U1) and P2 (private, unit U2), clients C1, C2, C3 in buildings of
 * their own, staff S1, S2, S3 at U1 and S4 at U2, services omvardnad, stad, larm; since January each client has
 * an order (o-1 … o-3, lines o-1-1 …) at U1 for 30 minutes of omvardnad three times a day. A record with the same id
 * replaces one of these.
 */
export function sampleMunicipality(): SampleRecord[] {
  const clients = ["1", "2", "3"];
  return [
    sample("services", "omvardnad"),
    sample("services", "stad", { kind: "household" }),
    sample("services", "larm", { kind: "alarm" }),
    sample("providers", "P1", { regime: "municipal" }),
    sample("providers", "P2"),
    sample("units", "U1"),
    sample("units", "U2", { providerId: "P2" }),
    ...["S1", "S2", "S3"].map((id) => sample("staff", id)),
    sample("staff", "S4", { providerId: "P2", unitId: "U2" }),
    ...clients.map((number) => sample("clients", `C${number}`)),
    ...clients.map((number) => sample("orders", `o-${number}`, { clientId: `C${number}` })),
    ...clients.map((number) => sample("order-lines", `o-${number}-1`, { orderId: `o-${number}`, times: 3 })),
  ];
}

/** One record a day from the sample day on, `count` days. */
export function daily(count: number, make: (date: string, position: number) => SampleRecord): SampleRecord[] {
  const first: Day = dayOf(at("12:00"));
  return Array.from({ length: count }, (_, position) => make(formatDay(first + position), position));
}
