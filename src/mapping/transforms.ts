import {
  type Field,
  type FieldKind,
  type Instant,
  DAY_MS,
  MINUTE,
  atMinute,
  dayOf,
  localTime,
  parsePersonalIdentity,
  startOfDay,
} from "#model";
import type { MappingContext, MappingWarning } from "./define.ts";
import { readMoment } from "./moment.ts";

/** What a conversion returns instead of a value when the value breaks a rule; the rule stands in the frame. */
export const FAILED: unique symbol = Symbol("failed");

/** The state of mapping one record. */
export interface Frame {
  readonly record: unknown;
  readonly context: MappingContext;
  /** What paths start from: the record, or the element of its list. */
  element: unknown;
  /** Position of the element in its list, from 1. */
  index: number;
  /** The row under construction. */
  values: Record<string, unknown>;
  warnings: MappingWarning[] | null;
  /** Why the last conversion failed, and what it was given. */
  code: string;
  rule: string;
  field: string;
  raw: unknown;
  /** The last date and personal identity number that were read: the times of a row share one date, its rows one person. */
  dateText: unknown;
  day: number;
  identityText: unknown;
  identityRef: string;
}

/** A frame for one record. */
export function newFrame(record: unknown, context: MappingContext): Frame {
  return {
    record,
    context,
    element: record,
    index: 0,
    values: {},
    warnings: null,
    code: "",
    rule: "",
    field: "",
    raw: undefined,
    dateText: undefined,
    day: 0,
    identityText: undefined,
    identityRef: "",
  };
}

/** Turns a value of a source, never absent and trimmed where it is text, into a canonical one. `undefined`: says nothing. */
export type Convert = (value: unknown, frame: Frame) => unknown;

function fail(frame: Frame, code: string, rule: string): typeof FAILED {
  frame.code = code;
  frame.rule = rule;
  return FAILED;
}

function warn(frame: Frame, warning: MappingWarning): void {
  frame.warnings ??= [];
  frame.warnings.push(warning);
}

/** The kinds of canonical fields that each conversion can fill. */
export const conversions = {
  text: ["id", "text", "ref", "personal"],
  integer: ["integer", "decimal"],
  decimal: ["decimal"],
  ore: ["integer"],
  minutes: ["integer", "decimal"],
  seconds: ["integer", "decimal"],
  span: ["instant", "instantFrom", "instantUntil"],
  instant: ["instant", "instantFrom", "instantUntil"],
  "local-time": ["instant", "instantFrom", "instantUntil"],
  date: ["date", "instantFrom", "instantUntil"],
  boolean: ["boolean"],
  code: ["enum", "text", "ref", "codes", "integer", "decimal", "boolean"],
  list: ["codes", "json"],
  pick: [
    "id",
    "text",
    "ref",
    "personal",
    "identity",
    "enum",
    "integer",
    "decimal",
    "instant",
    "instantFrom",
    "instantUntil",
    "date",
    "boolean",
  ],
  identity: ["identity"],
  "identity-ref": ["ref", "id"],
  latitude: ["decimal"],
  longitude: ["decimal"],
  json: ["json"],
} as const satisfies Record<string, readonly FieldKind[]>;
export type ConversionName = keyof typeof conversions;

/** The conversion of a field that names none. */
export const defaultConversion: Readonly<Record<FieldKind, ConversionName | "word">> = {
  id: "text",
  text: "text",
  ref: "text",
  personal: "text",
  identity: "identity",
  enum: "word",
  codes: "list",
  integer: "integer",
  decimal: "decimal",
  instant: "instant",
  instantFrom: "instant",
  instantUntil: "instant",
  date: "date",
  boolean: "boolean",
  json: "json",
};

// Written as escapes: the characters themselves do not show. Includes direction marks and the byte order mark.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;
const unprintableAll = new RegExp(unprintable.source, "g");
const beyondAscii = /[^\u0000-\u007f]/;

/** Trimmed, in Unicode form NFC, line breaks as spaces, without control characters; "" where nothing is left. */
export function cleanText(raw: string): string {
  let text = raw;
  if (unprintable.test(text)) text = text.replace(/[\t\r\n]+/g, " ").replace(unprintableAll, "");
  if (beyondAscii.test(text)) text = text.toWellFormed().normalize("NFC");
  return text.trim();
}

function plainText(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "bigint") return String(value);
  return null;
}

const notText = "ska vara text eller ett tal";

/** Longer text is refused, not cut. */
export function text(charactersMax: number): Convert {
  const rule = `är längre än ${charactersMax} tecken`;
  return (value, frame) => {
    const plain = plainText(value);
    if (plain === null) return fail(frame, "type", notText);
    const clean = cleanText(plain);
    if (clean.length > charactersMax) return fail(frame, "too-long", rule);
    return clean === "" ? undefined : clean;
  };
}

const numberPattern = /^[+-]?(?:\d+|\d{1,3}(?:[ \u00a0\u202f]\d{3})+)(?:[.,]\d+)?$/;

/** A number as people write it: decimal comma or point, spaces between thousands. Null where it is none. */
function readNumber(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string") return null;
  const written = value.replace("\u2212", "-");
  if (!numberPattern.test(written)) return null;
  return Number(written.replace(/[ \u00a0\u202f]/g, "").replace(",", "."));
}

export const integer: Convert = (value, frame) => {
  const number = readNumber(value);
  if (number !== null && Number.isSafeInteger(number)) return number === 0 ? 0 : number;
  return fail(frame, "integer", "ska vara ett heltal");
};

export const decimal: Convert = (value, frame) => {
  const number = readNumber(value);
  return number === null ? fail(frame, "decimal", "ska vara ett tal (12,5 eller 12.5)") : number;
};

/** Kronor to öre without passing through binary fractions. */
export const ore: Convert = (value, frame) => {
  const written = typeof value === "number" ? value.toFixed(4) : value;
  const number = readNumber(written);
  if (number === null) return fail(frame, "amount", "ska vara ett belopp i kronor (1 234,50)");
  const [whole = "", fraction = ""] = String(written)
    .replace(/[ \u00a0\u202f+]/g, "")
    .replace("\u2212", "-")
    .split(/[.,]/);
  if (/[1-9]/.test(fraction.slice(2))) return fail(frame, "amount", "har delar av ett öre");
  const amount = Number(whole.replace("-", "") + fraction.slice(0, 2).padEnd(2, "0"));
  if (!Number.isSafeInteger(amount)) return fail(frame, "amount", "är för stort");
  return whole.startsWith("-") && amount !== 0 ? -amount : amount;
};

export type DurationUnit = "auto" | "minutes" | "hours" | "seconds";

/** Seconds of a duration, or null. .NET spans: d.hh:mm:ss.fffffff; https://learn.microsoft.com/dotnet/standard/base-types/standard-timespan-format-strings */
function readDuration(value: unknown, unit: DurationUnit): number | null {
  if (typeof value === "string" && value.includes(":")) {
    const span = /^(-)?(?:(\d{1,5})\.)?(\d{1,4}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?$/.exec(value);
    if (span === null) return null;
    const [, minus, days = "0", hours = "0", minutes = "0", seconds = "0", fraction = "0"] = span;
    if (
      Number(minutes) > 59 ||
      Number(seconds) > 59 ||
      (span[2] !== undefined && (Number(hours) > 23 || span[5] === undefined))
    )
      return null;
    const total =
      Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(`0.${fraction}`);
    return minus === undefined || total === 0 ? total : -total;
  }
  const number = readNumber(value);
  if (number === null) return null;
  if (unit === "seconds") return number;
  if (unit === "minutes") return number * 60;
  if (unit === "hours") return number * 3600;
  // One report may hold 30, 0,50 and 0:30: decimals as text are hours. A bare JSON number does not tell.
  if (typeof value === "string") return /[.,]/.test(value) ? number * 3600 : number * 60;
  return Number.isInteger(number) ? number * 60 : null;
}

/** A duration in minutes or seconds; whole ones are rounded half up, once. */
export function duration(into: "minutes" | "seconds", unit: DurationUnit, whole: boolean): Convert {
  return (value, frame) => {
    const seconds = readDuration(value, unit);
    if (seconds === null)
      return fail(frame, "duration", "ska vara en längd i tid (35, 0,50 timmar, 0:35 eller 00:35:00)");
    // Two decimals of an hour are whole seconds; what binary fractions add beyond a .NET tick (100 ns) goes.
    const exact = Math.round(seconds * 1e7) / 1e7 / (into === "minutes" ? 60 : 1);
    return whole ? Math.floor(exact + 0.5) : exact;
  };
}

/** The end of a length of time that begins at another field of the same row: elapsed time, also where the clock changes. */
export function span(after: string, unit: DurationUnit): Convert {
  return (value, frame) => {
    const seconds = readDuration(value, unit);
    if (seconds === null || seconds < 0)
      return fail(frame, "duration", "ska vara en längd i tid (35, 0,50 timmar, 0:35 eller 00:35:00)");
    const start = frame.values[after];
    return typeof start === "number" ? start + Math.round(seconds * 1000) : undefined;
  };
}

export interface TimeOptions {
  /** Canonical field, for warnings; null where none are wanted. */
  field: string | null;
  kind: FieldKind;
  zone: "Europe/Stockholm" | "UTC";
  /** Reads the day of a time that stands alone. */
  date: ((frame: Frame) => unknown) | null;
  /** Canonical field of the same row that this time comes after. */
  after: string | null;
}

const timeRule = "ska vara en tidpunkt (2026-03-01T07:05 eller 2026-03-01 07:05)";

/** What the wall clock meant: the first of two readings unless `after` rules it out, the change itself where there is none. */
function onWall(wall: number, options: TimeOptions, after: Instant | null, frame: Frame): Instant {
  if (options.zone === "UTC") return wall;
  const found = localTime(wall);
  if (found.kind === "once") return found.at;
  if (found.kind === "twice") {
    if (after !== null && found.first <= after) return found.second;
    if (options.field !== null) warn(frame, { code: "ambiguous-time", field: options.field, value: null, table: null });
    return found.first;
  }
  if (options.field !== null) warn(frame, { code: "nonexistent-time", field: options.field, value: null, table: null });
  const day = Math.floor(wall / DAY_MS);
  return atMinute(day, Math.floor((wall - day * DAY_MS) / MINUTE));
}

/**
 * Instants and local times. A time alone takes its day from `date`, and is on the next day where it would come before `after`.
 * A date alone is a whole day, which only fields that begin or end a period can hold.
 */
export function time(options: TimeOptions): Convert {
  return (value, frame) => {
    if (typeof value !== "string") return fail(frame, "time", timeRule);
    const moment = readMoment(value, frame.context.thisYear);
    if (moment === null) return fail(frame, "time", timeRule);
    if (moment.kind === "instant") return moment.at;
    if (moment.kind === "date") {
      if (options.kind === "instantFrom") return startOfDay(moment.day);
      if (options.kind === "instantUntil") return startOfDay(moment.day + 1);
      return fail(frame, "time", "är ett datum utan klockslag");
    }
    const earlier = options.after === null ? undefined : frame.values[options.after];
    const after = typeof earlier === "number" ? earlier : null;
    if (moment.kind === "wall") return onWall(moment.wall, options, after, frame);
    const day = options.date === null ? undefined : options.date(frame);
    if (day === FAILED) return FAILED;
    if (typeof day !== "number") return fail(frame, "time", "är ett klockslag utan datum");
    const warned = frame.warnings?.length ?? 0;
    const at = onWall(day * DAY_MS + moment.clock, options, after, frame);
    if (after === null || at >= after) return at;
    // The first reading is given up, and what it warned of with it.
    if (frame.warnings !== null) frame.warnings.length = warned;
    return onWall((day + 1) * DAY_MS + moment.clock, options, after, frame);
  };
}

/** A calendar date in any of its forms; of a time, the Swedish day that it falls on. */
export function date(kind: FieldKind): Convert {
  return (value, frame) => {
    if (value !== frame.dateText) {
      const moment =
        typeof value === "string" || typeof value === "number"
          ? readMoment(String(value), frame.context.thisYear)
          : null;
      if (moment === null || moment.kind === "clock") {
        return fail(frame, "date", "ska vara ett datum (2026-03-01, 20260301, 260301 eller 1/3 2026)");
      }
      frame.day =
        moment.kind === "date"
          ? moment.day
          : moment.kind === "wall"
            ? Math.floor(moment.wall / DAY_MS)
            : dayOf(moment.at);
      frame.dateText = value;
    }
    if (kind === "instantFrom") return startOfDay(frame.day);
    if (kind === "instantUntil") return startOfDay(frame.day + 1);
    return frame.day;
  };
}

const yesWords: readonly string[] = ["j", "ja", "true", "1", "y", "yes", "x", "sant"];
const noWords: readonly string[] = ["n", "nej", "false", "0", "no", "falskt"];

/** J/N, ja/nej, true/false, 1/0; or the words that the mapping gives. With only `yes` given, everything else is no. */
export function boolean(yes: readonly string[] | null, no: readonly string[] | null): Convert {
  const yesSet = new Set((yes ?? (no === null ? yesWords : [])).map((word) => word.toLowerCase()));
  const noSet = new Set((no ?? (yes === null ? noWords : [])).map((word) => word.toLowerCase()));
  const open = yes !== null && no === null ? false : no !== null && yes === null ? true : null;
  const rule = `ska vara ett av ${[...yesSet, ...noSet].join(", ")}`;
  return (value, frame) => {
    if (typeof value === "boolean" && yes === null && no === null) return value;
    const word = typeof value === "boolean" ? String(value) : plainText(value)?.toLowerCase();
    if (word !== undefined) {
      if (yesSet.has(word)) return true;
      if (noSet.has(word)) return false;
      if (open !== null) return open;
    }
    return fail(frame, "boolean", rule);
  };
}

export type CodeValue = string | number | boolean | null;

export interface CodeOptions {
  table: string;
  codes: ReadonlyMap<string, CodeValue>;
  field: Field;
  /** Canonical field, for warnings. */
  target: string;
  /** `keep`: unmapped codes pass as they stand, without a warning. Otherwise the value that they get, with one. */
  otherwise: { keep: true } | { keep: false; value: CodeValue } | null;
}

const identityLike = /\d{6}[-+]?\d{4}/;

/** Looks a source's code up; letter case and surrounding spaces do not matter. A code that maps to null says nothing. */
export function code({ table, codes, field, target, otherwise }: CodeOptions): Convert {
  const folded = new Map([...codes].map(([from, to]) => [cleanText(from).toLowerCase(), to]));
  const closed = field.kind !== "text" && field.kind !== "ref" && field.kind !== "codes";
  const rule = `har en kod som inte finns i kodtabellen ${table}`;
  const wrap = (value: CodeValue): unknown =>
    value === null ? undefined : field.kind === "codes" ? [String(value)] : value;
  return (value, frame) => {
    const raw = typeof value === "boolean" ? String(value) : plainText(value);
    if (raw === null) return fail(frame, "type", notText);
    let found = codes.get(raw);
    if (found === undefined) {
      const clean = cleanText(raw);
      found = folded.get(clean.toLowerCase());
      if (found === undefined) {
        if (otherwise?.keep === true) return wrap(clean);
        if (otherwise === null && closed && !field.optional) return fail(frame, "unmapped-code", rule);
        // A code is a short word; longer text, or what looks like a person's number, is not repeated.
        const shown = clean.length > 80 || identityLike.test(clean) ? null : clean;
        warn(frame, { code: "unmapped-code", field: target, value: shown, table });
        if (otherwise !== null) return wrap(otherwise.value);
        return closed ? undefined : wrap(clean);
      }
    }
    return wrap(found);
  };
}

/** A closed list whose words are the source's own. */
export function word(field: Field): Convert {
  const values = new Set(field.values ?? []);
  const rule = `ska vara ett av ${[...values].join(", ")}`;
  return (value, frame) => (values.has(value as string) ? value : fail(frame, "enum", rule));
}

/** Text with a separator, an array, or (as XML has it) one element without an array around it. */
export function list(separator: string, then: Convert, distinct: boolean): Convert {
  return (value, frame) => {
    const parts: unknown[] = Array.isArray(value)
      ? value
      : typeof value === "string"
        ? value.split(separator)
        : [value];
    const found: unknown[] = [];
    for (const part of parts) {
      const given = typeof part === "string" ? part.trim() : part;
      if (given === "" || given === null || given === undefined) continue;
      const converted = then(given, frame);
      if (converted === FAILED) return FAILED;
      if (Array.isArray(converted) && distinct) found.push(...(converted as unknown[]));
      else if (converted !== undefined) found.push(converted);
    }
    if (!distinct) return found;
    // The order of services has no meaning, and differs between deliveries.
    return found.length < 2 ? found : [...new Set(found.map(String))].toSorted(byCodeUnit);
  };
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A service code stands in a list joined by "|", so it cannot hold one. */
export const codeText: Convert = (value, frame) => {
  const found = shortText(value, frame);
  return typeof found === "string" && found.includes("|") ? fail(frame, "code", "har ett lodstreck i en kod") : found;
};

const shortText = text(200);

/** The first element of a list that fits `where`. */
export function pick(
  where: (element: unknown) => boolean,
  take: (element: unknown) => unknown,
  then: Convert,
): Convert {
  return (value, frame) => {
    for (const element of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (!where(element)) continue;
      const taken = take(element);
      const given = typeof taken === "string" ? taken.trim() : taken;
      if (given !== "" && given !== null && given !== undefined) return then(given, frame);
    }
    return undefined;
  };
}

/** The normal form of a personal identity number, or FAILED with the reason. Never a guess at what a damaged one was. */
export const identity = (value: unknown, frame: Frame): string | typeof FAILED => {
  if (typeof value !== "string" && typeof value !== "number") {
    return fail(frame, "identity", "ska vara ett personnummer");
  }
  const raw = String(value);
  const written = /\s/.test(raw) ? raw.replace(/\s/g, "") : raw;
  if (/[eExX*.,]/.test(written)) {
    if (/^\d+([.,]\d+)?e\+?\d+$/i.test(written)) {
      return fail(
        frame,
        "identity-rounded",
        "är ett personnummer som Excel har avrundat (1,99E+11): exportera kolumnen som text",
      );
    }
    if (/[X*]{4}$/i.test(written)) {
      return fail(frame, "identity-masked", "är ett personnummer utan de fyra sista siffrorna");
    }
  }
  const found = parsePersonalIdentity(written, frame.context.thisYear);
  if (found !== null) return found.number;
  if (/^(\d{2})?\d{6}[-+]?\d{4}$/.test(written)) {
    return fail(frame, "identity-check", "är ett personnummer med fel datum eller kontrollsiffra");
  }
  return /^\d+([.,]0*)?$/.test(written)
    ? fail(
        frame,
        "identity-zeros",
        "är ett personnummer som Excel har gjort till ett tal, inledande nollor kan saknas: exportera kolumnen som text",
      )
    : fail(frame, "identity", "ska vara ett personnummer (ÅÅÅÅMMDD-NNNN)");
};

/** A reference by personal identity number: the keyed hash that stands for it. */
export const identityRef: Convert = (value, frame) => {
  if (value !== frame.identityText) {
    const found = identity(value, frame);
    if (found === FAILED) return FAILED;
    frame.identityRef = frame.context.identityRef(found);
    frame.identityText = value;
  }
  return frame.identityRef;
};

/** WGS 84 degrees. 0 is what a device without a position sends. */
export function degrees(limit: 90 | 180): Convert {
  const rule = `ska vara grader i WGS 84, mellan -${limit} och ${limit}`;
  return (value, frame) => {
    const number = readNumber(value);
    if (number === null) return fail(frame, "coordinate", rule);
    if (number === 0) return undefined;
    if (Math.abs(number) <= limit) return number;
    return number > 100_000
      ? fail(frame, "coordinate-system", "ser ut som SWEREF 99 TM eller RT 90 (meter): exportera som WGS 84 (grader)")
      : fail(frame, "coordinate", rule);
  };
}

interface SchemaIssue {
  path?: unknown[];
  code?: string;
  message?: string;
  values?: unknown[];
}

/** What a schema of ours says in its own words, and which words of a closed list there are; never the value itself. */
function whatIsWrong(issue: SchemaIssue | undefined): string {
  if (issue?.code === "invalid_value") return `: ska vara ${issue.values?.join(", ")}`;
  const own = issue?.code === "custom" || issue?.code === "invalid_format" || issue?.code === "unrecognized_keys";
  return own && issue.message !== undefined && !issue.message.startsWith("Invalid") ? `: ${issue.message}` : "";
}

/** A nested value that the field's own schema checks. */
export function json(schema: NonNullable<Field["schema"]>): Convert {
  return (value, frame) => {
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    const issues = (checked.error as { issues?: SchemaIssue[] } | undefined)?.issues;
    const issue = issues?.[0];
    const path = issue?.path?.join(".") ?? "";
    return fail(frame, "json", `har inte rätt form${path === "" ? "" : ` vid ${path}`}${whatIsWrong(issue)}`);
  };
}

/** What orders the versions of a record: a whole number, or an ISO time (milliseconds). */
export const version: Convert = (value, frame) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string") {
    if (/^\d{1,15}$/.test(value)) return Number(value);
    const moment = readMoment(value, frame.context.thisYear);
    if (moment?.kind === "instant") return moment.at;
    if (moment?.kind === "wall") return onWall(moment.wall, versionTime, null, frame);
    if (moment?.kind === "date") return startOfDay(moment.day);
  }
  return fail(frame, "version", "ska vara ett heltal eller en tidpunkt");
};

const versionTime: TimeOptions = { field: null, kind: "instant", zone: "Europe/Stockholm", date: null, after: null };

/** What kind of value it was, for people who mend the source; never the value itself. */
export function valueClass(value: unknown): string {
  if (value === undefined || value === null) return "saknas";
  if (typeof value === "string") {
    if (value.trim() === "") return "saknas";
    const parts = [
      [/\d/, "siffror"],
      [/\p{L}/u, "bokstäver"],
      [/[^\d\p{L}]/u, "andra tecken"],
    ] as const;
    const holds = parts.filter(([pattern]) => pattern.test(value)).map(([, name]) => name);
    return `text, ${value.length} tecken (${holds.join(", ")})`;
  }
  if (typeof value === "number") return "tal";
  if (typeof value === "boolean") return "sant/falskt";
  if (Array.isArray(value)) return `lista, ${value.length} st`;
  return "objekt";
}
