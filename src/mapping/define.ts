import type { CanonicalRecord, EntityName } from "#model";

/** A record that could not be mapped: which field, what class of value it had (never the value), and the rule that it broke. */
export interface MappingProblem {
  field: string;
  /** "text of 7 characters", "number", "missing", … */
  valueClass: string;
  /** Swedish, for a system administrator. */
  rule: string;
  code: string;
}

/** Something that does not stop the record: an unmapped code, a time that does not exist. Becomes a quality finding. */
export interface MappingWarning {
  code: "unmapped-code" | "nonexistent-time" | "ambiguous-time";
  field: string;
  /** The raw value, only for codes. */
  value: string | null;
  table: string | null;
}

export interface MappedRecord {
  entity: EntityName;
  record: CanonicalRecord;
  warnings: readonly MappingWarning[];
}

/** The rows of `entity` with this parent are now exactly those mapped with it; others of the same parent are gone. */
export interface CompleteGroup {
  entity: EntityName;
  parent: string;
  version: number | null;
}

export type MappingOutcome =
  | { ok: true; mapped: readonly MappedRecord[]; complete: readonly CompleteGroup[] }
  | { ok: false; problem: MappingProblem };

export interface MappingContext {
  /** Keyed hash of a personal identity number, for references that know nothing else: "pid:<hex>". */
  identityRef: (number: string) => string;
  thisYear: number;
}

/** A mapping file, checked and ready to run. */
export interface Mapping {
  /** "lifecare/reported_visits" */
  source: string;
  /** File that it was read from, for messages. */
  file: string;
  version: number;
  /** SHA-256 over the file and its code tables. */
  hash: string;
  /** Entities that it fills; one record of a source may fill several (a visit and its plan). */
  entities: readonly EntityName[];
  /** Other headers under which a municipality's files have a field of the record. */
  columns?: Readonly<Record<string, readonly string[]>>;
  apply: (record: unknown, context: MappingContext) => MappingOutcome;
}
