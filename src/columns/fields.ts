import type { EntityName } from "#model";
import { NO_DAY, type RawColumns, type TextColumn } from "./raw.ts";
import { concatText, textColumn } from "./text.ts";

/**
 * The fields that the tables use, by entity; the store reads these and no others. An entity that is missing here is
 * not read at all.
 */
export const neededFields: Partial<Record<EntityName, readonly string[]>> = {
  services: ["code", "name", "kind", "law", "away"],
  providers: ["organisationNumber", "name", "regime", "permitFrom", "permitTo"],
  units: ["providerId", "name", "hsaId"],
  contracts: ["providerId", "unitIds", "services", "reference", "validFrom", "validTo", "terms"],
  clients: ["personalIdentityNumber", "birthDate", "deceasedOn", "movedOn", "protection", "householdId", "addresses"],
  staff: ["providerId", "unitId", "personalIdentityNumber", "hsaId", "employedFrom", "employedTo", "addressBuildingId"],
  decisions: ["clientId", "decidedOn", "validFrom", "validTo", "service", "grantedMinutesPerMonth"],
  orders: ["clientId", "unitId", "decisionId", "status", "orderedAt", "acceptedAt", "validFrom", "validTo"],
  "order-lines": [
    "orderId",
    "service",
    "minutes",
    "times",
    "per",
    "weekdays",
    "partOfDay",
    "staffing",
    "validFrom",
    "validTo",
  ],
  "planned-visits": [
    "clientId",
    "unitId",
    "staffId",
    "start",
    "end",
    "services",
    "orderId",
    "travelMinutes",
    "transport",
    "cancelled",
    "modifiedAt",
  ],
  visits: [
    "clientId",
    "unitId",
    "staffId",
    "law",
    "orderId",
    "start",
    "end",
    "status",
    "services",
    "plannedVisitId",
    "originalStart",
    "originalEnd",
    "receivedAt",
    "editedAt",
    "editedBy",
    "editReason",
    "startProof",
    "endProof",
    "startTag",
    "endTag",
    "deviceId",
    "startLatitude",
    "startLongitude",
    "startAccuracyMetres",
    "endLatitude",
    "endLongitude",
    "doubleStaffing",
    "groupCode",
    "declinedReason",
    "declinedNotifiedAt",
    "approvedByStaff",
    "approvedByManager",
  ],
  absences: ["clientId", "from", "to", "kind", "planned", "notifiedAt"],
  shifts: ["staffId", "start", "end", "breakMinutes", "kind"],
  "lock-events": ["lockId", "clientId", "staffId", "at", "event", "deviceId"],
  tags: ["clientId", "from", "to"],
  claims: [
    "invoiceId",
    "providerId",
    "unitId",
    "clientId",
    "orderId",
    "service",
    "from",
    "to",
    "minutes",
    "quantity",
    "unit",
    "unitPriceOre",
    "amountOre",
    "kind",
    "correctsId",
    "band",
    "staffing",
  ],
  meals: ["clientId", "unitId", "from", "to", "kind", "quantity"],
};

export function emptyColumns(entity: EntityName): RawColumns {
  return {
    entity,
    count: 0,
    source: new Int16Array(0),
    id: textColumn([]),
    version: new Float64Array(0),
    received: new Float64Array(0),
    fields: {},
  };
}

/** A column by name; where no row says anything, one in which every row is unknown. */
export function numbers(raw: RawColumns, field: string): Float64Array {
  const column = raw.fields[field];
  return column instanceof Float64Array ? column : new Float64Array(raw.count).fill(NaN);
}

export function codes(raw: RawColumns, field: string): Int32Array {
  const column = raw.fields[field];
  return column instanceof Int32Array ? column : new Int32Array(raw.count).fill(-1);
}

export function days(raw: RawColumns, field: string): Int32Array {
  const column = raw.fields[field];
  return column instanceof Int32Array ? column : new Int32Array(raw.count).fill(NO_DAY);
}

export function flags(raw: RawColumns, field: string): Int8Array {
  const column = raw.fields[field];
  return column instanceof Int8Array ? column : new Int8Array(raw.count).fill(-1);
}

export function texts(raw: RawColumns, field: string): TextColumn {
  const column = raw.fields[field];
  if (column !== undefined && "nulls" in column) return column;
  return {
    bytes: new Uint8Array(0),
    offsets: new Int32Array(raw.count + 1),
    nulls: new Uint8Array(raw.count).fill(1),
  };
}

/** As `numbers`, but empty where no row says anything. */
export function someNumbers(raw: RawColumns, field: string): Float64Array {
  return raw.fields[field] === undefined ? new Float64Array(0) : numbers(raw, field);
}

export function someCodes(raw: RawColumns, field: string): Int32Array {
  return raw.fields[field] === undefined ? new Int32Array(0) : codes(raw, field);
}

export function someTexts(raw: RawColumns, field: string): TextColumn {
  return raw.fields[field] === undefined
    ? { bytes: new Uint8Array(0), offsets: new Int32Array(1), nulls: new Uint8Array(0) }
    : texts(raw, field);
}

/** The rows of `a`, then those of `b`. */
export function concat(a: RawColumns, b: RawColumns): RawColumns {
  if (b.count === 0) return a;
  const fields: Record<string, Int32Array | Int8Array | Float64Array | TextColumn> = {};
  for (const name of new Set([...Object.keys(a.fields), ...Object.keys(b.fields)])) {
    const sample = a.fields[name] ?? b.fields[name]!;
    if ("nulls" in sample) fields[name] = concatText(texts(a, name), texts(b, name));
    else if (sample instanceof Float64Array) fields[name] = joined(numbers(a, name), numbers(b, name), Float64Array);
    else if (sample instanceof Int8Array) fields[name] = joined(flags(a, name), flags(b, name), Int8Array);
    else fields[name] = joined(codes(a, name), codes(b, name), Int32Array);
  }
  return {
    entity: a.entity,
    count: a.count + b.count,
    source: joined(a.source, b.source, Int16Array),
    id: concatText(a.id, b.id),
    version: joined(ranks(a.version, a.count), ranks(b.version, b.count), Float64Array),
    received: joined(ranks(a.received, a.count), ranks(b.received, b.count), Float64Array),
    fields,
  };
}

/** Where they were not read, unknown. */
const ranks = (values: Float64Array, count: number): Float64Array =>
  values.length === count ? values : new Float64Array(count).fill(NaN);

function joined<A extends Float64Array | Int8Array | Int16Array | Int32Array>(
  a: A,
  b: A,
  type: new (length: number) => A,
): A {
  const both = new type(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
