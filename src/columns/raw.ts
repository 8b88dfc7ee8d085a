import type { Day, EntityName } from "#model";

/** Strings of a column in one block of UTF-8; row `r` is bytes[offsets[r]..offsets[r+1]]. A null has `nulls[r] === 1`. */
export interface TextColumn {
  bytes: Uint8Array;
  offsets: Int32Array;
  nulls: Uint8Array;
}

/**
 * Columns as the store reads them, before aliases are resolved. By kind of field:
 * `ref` and `codes` Int32Array of numbers in `refs` (-1 unknown) · `enum` and `boolean` Int8Array (-1 unknown) ·
 * `instant*` Float64Array of ms (NaN unknown) · `date` Int32Array of days (NO_DAY unknown) · `integer`, `decimal` Float64Array (NaN) ·
 * `text` and `json` TextColumn · `identity` TextColumn of the lookup hash in hex. `personal` is not read.
 */
export interface RawColumns {
  entity: EntityName;
  count: number;
  /** Number of the source in `Raw.sources`. */
  source: Int16Array;
  id: TextColumn;
  /** NaN where the source has no versions. Empty, as `received`, where it was not read. */
  version: Float64Array;
  /** Order of arrival; larger is later. Comparable within one database only; never part of a result. */
  received: Float64Array;
  fields: Readonly<Record<string, Int32Array | Int8Array | Float64Array | TextColumn>>;
}

export const NO_DAY = -2147483648;

/** What a reference number stands for: the id that `source` uses. For `service` the source is -1 and the id a code, or codes joined by "|". */
export interface Refs {
  /** Index: the reference number. */
  kind: Int8Array;
  source: Int16Array;
  id: readonly string[];
}

/** Days on which a run looks, both included. Records outside are context only. */
export interface Period {
  from: Day;
  through: Day;
}
