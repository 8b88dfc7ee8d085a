/**
 * What a field of an entity may hold. One list of fields per entity is the source of the interchange format,
 * of the mapping check, of the tables and of the binary rows, so that they cannot differ.
 *
 * In memory: `text`, `ref`, `identity`, `personal` and `enum` are strings, `codes` a list of strings,
 * `integer` and `decimal` numbers, `instant` milliseconds since 1970 UTC, `date` days since 1970-01-01,
 * `boolean` a boolean, `json` a plain value that fits `schema`.
 */
export type FieldKind =
  | "id" // the source's own id of the record, which every entity has
  | "text"
  | "ref" // the id that the source uses for another record
  | "identity" // personal identity number: encrypted, looked up by keyed hash
  | "personal" // a name: encrypted
  | "enum"
  | "codes" // service codes
  | "integer"
  | "decimal"
  | "instant"
  | "instantFrom" // an instant, or a date that stands for its start
  | "instantUntil" // an instant, or a date that stands for its end (the start of the next day)
  | "date"
  | "boolean"
  | "json";

export interface Field {
  readonly kind: FieldKind;
  readonly optional: boolean;
  /** kind `ref`: whose id it is. */
  readonly of?: RefKind;
  /** kind `enum`: the closed list. Stored by position: append only. */
  readonly values?: readonly string[];
  /** kind `json`: checks the nested value. */
  readonly schema?: { safeParse(value: unknown): { success: boolean; data?: unknown; error?: unknown } };
}

/** Kinds of things that records of different systems refer to by id. */
export const refKinds = [
  "client",
  "staff",
  "unit",
  "provider",
  "order",
  "decision",
  "service",
  "device",
  "tag",
  "lock",
  "household",
  "building",
] as const;
export type RefKind = (typeof refKinds)[number];

type Optional<F extends Field> = F & { optional: true };

const make = (kind: FieldKind, more: Partial<Field> = {}): Field => ({ kind, optional: false, ...more });

export const text = make("text");
export const identity = make("identity");
export const personal = make("personal");
export const codes = make("codes");
export const integer = make("integer");
export const decimal = make("decimal");
export const instant = make("instant");
export const instantFrom = make("instantFrom");
export const instantUntil = make("instantUntil");
export const date = make("date");
export const boolean = make("boolean");
export const ref = (of: RefKind): Field => make("ref", { of });
export const oneOf = (...values: string[]): Field => make("enum", { values });
export const json = (schema: NonNullable<Field["schema"]>): Field => make("json", { schema });
/** The field may be missing: what a source does not say is unknown. */
export const maybe = <F extends Field>(field: F): Optional<F> => ({ ...field, optional: true });
