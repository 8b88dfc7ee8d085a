import { withoutIdentities } from "#case";
import { entities, type EntityName, formatDay, formatInstant } from "#model";
import type { EvidenceNode } from "#rule";
import type { FieldValue, RecordName } from "../types.ts";
import { entityName, fieldNumber as number, fieldText } from "../words.ts";

/** Somebody in a case. */
export interface CasePerson {
  who: "client" | "staff";
  /** By which findings and records name them. */
  ids: readonly string[];
  /** "AB · 1042" */
  tag: string;
  name: string | null;
  identity: string | null;
  protected: boolean;
}

type Field = { field: string; value: FieldValue; masked: boolean };

/** How a case's facts are told to whoever gets them. */
export interface Telling {
  masked: boolean;
  person: (who: "client" | "staff", id: string | null) => string;
  /** Somebody who works with the case. */
  colleague: (name: string | null) => string | null;
  record: (record: RecordName) => string;
  /** What a rule says. */
  said: (text: string) => string;
  evidence: (value: EvidenceNode["value"]) => string;
  /** What somebody has written. */
  written: (text: string) => string;
  /** What a field holds, in words; null: it is not told. */
  field: (entity: EntityName, field: Field) => string | null;
  /** The same, for machines. */
  value: (entity: EntityName, field: Field) => string | number | boolean | null;
}

const MASKED = "[maskat]";
/** By whom nights write the history. */
const SYSTEM = "Klarsyn";
const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const evidenceText = (value: EvidenceNode["value"]): string =>
  value === null
    ? "saknas"
    : typeof value === "boolean"
      ? value
        ? "ja"
        : "nej"
      : typeof value === "number"
        ? number.format(value)
        : value;

function fieldValue(value: FieldValue, person: Telling["person"]): string | number | boolean {
  switch (value.kind) {
    case "text":
    case "code":
      return value.text;
    case "number":
      return value.number;
    case "instant":
      return formatInstant(value.at);
    case "date":
      return formatDay(value.day);
    case "boolean":
      return value.yes;
    case "person":
      return person(value.who, value.id);
  }
}

const key = (who: string, id: string): string => `${who}/${id}`;
const byId = (people: readonly CasePerson[]): ReadonlyMap<string, CasePerson> =>
  new Map(people.flatMap((person) => person.ids.map((id) => [key(person.who, id), person] as const)));

/** As it is, by name. */
export function plainTelling(people: readonly CasePerson[]): Telling {
  const known = byId(people);
  const person: Telling["person"] = (who, id) => {
    const found = id === null ? undefined : known.get(key(who, id));
    if (found === undefined) return id ?? "Okänd";
    return found.name === null ? found.tag : `${found.name} (${found.tag})`;
  };
  return {
    masked: false,
    person,
    colleague: (name) => name,
    record: ({ entity, id }) => `${capital(entityName(entity))} ${id}`,
    said: (text) => text,
    evidence: evidenceText,
    written: (text) => text,
    field: (_, { value, masked }) => (masked ? null : fieldText(value, person)),
    // Machines join records by ids.
    value: (_, { value, masked }) => (masked ? null : fieldValue(value, (_who, id) => id ?? "")),
  };
}

const positions = /Latitude$|Longitude$|AccuracyMetres$/;
const openTexts = new Set(["law", "priceGroup", "band", "code"]);
const openRefs = new Set(["client", "staff", "unit", "provider", "service"]);
const closedDates = new Set(["birthDate", "deceasedOn", "movedOn"]);

/** Whether a field could say who somebody is, or where: all that is not known to be harmless could. */
function reveals(entity: EntityName, field: string): boolean {
  const { kind, of } = entities[entity].fields[field] ?? { kind: "id" };
  switch (kind) {
    case "enum":
      return field === "protection";
    case "boolean":
    case "integer":
    case "instant":
    case "instantFrom":
    case "instantUntil":
    case "codes":
      return false;
    case "decimal":
      return positions.test(field);
    case "date":
      return closedDates.has(field);
    case "ref":
      return !openRefs.has(of ?? "");
    case "text":
      // Names of people are no texts: these are of services, units and providers.
      return field !== "name" && !openTexts.has(field);
    default:
      return true;
  }
}

/** Times, days, amounts and such like; what else a rule quotes may be anything that a source has sent. */
const harmless = /^[\d\s.,:;()%–−+-]*(?:(?:min|h|kr|km|m|meter|minuter|timmar|dagar)\b\.?)?$/;

/** The same without names, ids, addresses, positions, and what anybody has written. The same person is the same number. */
export function maskedTelling(
  people: readonly CasePerson[],
  records: readonly RecordName[],
  colleagues: readonly string[],
): Telling {
  const numbered = new Map(people.map((person, index) => [person, `Person ${index + 1}`]));
  const known = byId(people);
  const person: Telling["person"] = (who, id) => {
    const found = id === null ? undefined : known.get(key(who, id));
    return (found === undefined ? undefined : numbered.get(found)) ?? "Okänd person";
  };
  const others = [...new Set(colleagues)].filter((name) => name !== SYSTEM);
  const names = new Map(others.map((name, index) => [name, `Handläggare ${index + 1}`]));
  const places = new Map<string, string>();
  const counts = new Map<EntityName, number>();
  const recordKey = ({ entity, source, id }: RecordName): string => JSON.stringify([entity, source, id]);
  for (const record of records) {
    const count = (counts.get(record.entity) ?? 0) + 1;
    counts.set(record.entity, count);
    places.set(recordKey(record), `${capital(entityName(record.entity))} ${count}`);
  }
  const hidden = wordsOf([
    ...people.flatMap(({ ids, name, tag, identity }) => [...ids, name, tag, identity]),
    ...records.map(({ id }) => id),
    ...others,
  ]);
  const said = (text: string): string =>
    withoutIdentities(text)
      .replaceAll(/["“”«»][^"“”«»]*["“”«»]/g, MASKED)
      .replace(hidden, MASKED);
  const field: Telling["field"] = (entity, { field: name, value, masked }) =>
    masked || reveals(entity, name) ? null : fieldText(value, person);
  return {
    masked: true,
    person,
    colleague: (name) => (name === null ? null : name === SYSTEM ? name : (names.get(name) ?? "Handläggare")),
    record: (record) => places.get(recordKey(record)) ?? capital(entityName(record.entity)),
    said,
    evidence: (value) =>
      typeof value === "string" ? (harmless.test(value) ? said(value) : MASKED) : evidenceText(value),
    written: () => "[Fritext, utelämnad]",
    field,
    value: (entity, given) => (given.masked || reveals(entity, given.field) ? null : fieldValue(given.value, person)),
  };
}

/** Any of the texts as a word of its own, the longest first. A number of a few digits is more often a number. */
function wordsOf(texts: ReadonlyArray<string | null>): RegExp {
  const wanted = [...new Set(texts)]
    .filter((text): text is string => text !== null && (text.length > 3 || /\p{L}/u.test(text)))
    .sort((a, b) => b.length - a.length)
    .map((text) => RegExp.escape(text));
  // Nothing is hidden where nothing is known.
  return wanted.length === 0
    ? /(?!)/g
    : new RegExp(`(?<![\\p{L}\\p{N}])(?:${wanted.join("|")})(?![\\p{L}\\p{N}])`, "giu");
}
