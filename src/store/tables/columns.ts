import { customType } from "drizzle-orm/pg-core";
import { parseDate, type Day, type Instant } from "#model";

/** What `timestamptz` reads as with the session's zone at UTC: "2026-10-05 06:00:00.123+00". */
export function parseTimestamp(text: string): Instant {
  const iso = text.replace(" ", "T");
  return Date.parse(/[+-]\d\d$/.test(iso) ? `${iso}:00` : iso);
}

/** `timestamptz`; in memory milliseconds since 1970. */
export const instant = customType<{ data: Instant; driverData: string }>({
  dataType: () => "timestamp with time zone",
  toDriver: (at) => new Date(at).toISOString(),
  fromDriver: parseTimestamp,
});

/** `date`; in memory days since 1970-01-01. */
export const localDay = customType<{ data: Day; driverData: string }>({
  dataType: () => "date",
  toDriver: (day) => new Date(day * 86_400_000).toISOString().slice(0, 10),
  fromDriver: (text) => parseDate(text) ?? Number.NaN,
});

export const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });
