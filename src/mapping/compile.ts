import type { Node } from "yaml";
import { type EntityName, type Field, entities, entityNames } from "#model";
import * as transforms from "./transforms.ts";
import { type CodeValue, type ConversionName, type Convert, FAILED, type Frame, newFrame } from "./transforms.ts";
import { type Shape, resolvePath, unusedPaths } from "./shape.ts";
import type { Entries, Entry, YamlReader } from "./yaml-reader.ts";

/** A code table as it stands in its file. */
export interface CodeTable {
  name: string;
  reader: YamlReader;
  codes: ReadonlyMap<string, { value: CodeValue; node: Node }>;
}

/** Yields a canonical value, undefined where the source says nothing, or FAILED. */
export type Run = (frame: Frame) => unknown;
type Test = (frame: Frame) => boolean;

export interface CompiledField {
  key: string;
  required: boolean;
  run: Run;
  /** Names of the source's fields, for messages. */
  label: string;
}

export interface CompiledRow {
  entity: EntityName;
  tests: readonly Test[];
  /** The list that gives one row each; null: one row. */
  each: Run | null;
  id: CompiledField;
  version: CompiledField | null;
  deleted: CompiledField | null;
  parent: CompiledField | null;
  /** In the order in which they must be computed. */
  fields: readonly CompiledField[];
  /** All fields of the entity, unset: results that are copies of it share one hidden class. */
  template: Readonly<Record<string, undefined>>;
}

interface Scope {
  reader: YamlReader;
  source: string;
  root: Shape;
  /** What paths without `^.` start from. */
  at: Shape;
  used: Set<string>;
  tables: ReadonlyMap<string, CodeTable>;
  /** Names of the code tables that the mapping uses. */
  tablesUsed: Set<string>;
  entity: EntityName;
}

interface Path {
  get: Run;
  shape: Shape;
  /** May yield a list. */
  list: boolean;
}

const optionsOf: Readonly<Record<ConversionName, readonly string[]>> = {
  text: ["max"],
  integer: [],
  decimal: [],
  ore: [],
  minutes: ["unit"],
  seconds: ["unit"],
  span: ["after", "unit"],
  instant: ["zone"],
  "local-time": ["date", "after"],
  date: [],
  boolean: ["yes", "no"],
  code: ["table", "codes", "otherwise"],
  list: ["separator", "then"],
  pick: ["where", "take", "then"],
  identity: [],
  "identity-ref": [],
  latitude: [],
  longitude: [],
  json: [],
};
const specKeys = ["from", "value", "join", "with", "cases", "as", "default", "absent"];
const conditionKeys = ["field", "present", "equals", "notEquals", "oneOf"];

const member = (value: unknown, key: string): unknown =>
  value === undefined || value === null ? undefined : (value as Record<string, unknown>)[key];

function follow(value: unknown, keys: readonly string[]): unknown {
  let at = value;
  for (const key of keys) at = member(at, key);
  return at;
}

/** Follows keys through lists: everything found, in one flat list. */
function gather(value: unknown, keys: readonly string[], from: number, into: unknown[]): unknown[] {
  if (Array.isArray(value)) {
    for (const element of value as unknown[]) gather(element, keys, from, into);
  } else if (value !== undefined && value !== null) {
    const key = keys[from];
    if (key === undefined) into.push(value);
    else gather(member(value, key), keys, from + 1, into);
  }
  return into;
}

function compilePath(scope: Scope, node: Node, text: string): Path | null {
  if (text === "#") return { get: (frame) => frame.index, shape: scope.at, list: false };
  if (text === ".") {
    scope.used.add(scope.at.path);
    return { get: (frame) => frame.element, shape: scope.at, list: false };
  }
  const outer = text.startsWith("^.");
  const resolved = resolvePath(outer ? scope.root : scope.at, outer ? text.slice(2) : text);
  if (!resolved.ok) {
    scope.reader.unknown(node, `In the record of ${scope.source}, the field`, resolved.wrong, resolved.names);
    return null;
  }
  scope.used.add(resolved.shape.path);
  const keys = resolved.steps.map((step) => step.key);
  const through = resolved.steps.slice(0, -1).some((step) => step.list);
  const list = resolved.steps.some((step) => step.list);
  const [only = ""] = keys;
  const start: Run = outer ? (frame) => frame.record : (frame) => frame.element;
  const get: Run = through
    ? (frame) => gather(start(frame), keys, 0, [])
    : keys.length > 1
      ? (frame) => follow(start(frame), keys)
      : outer
        ? (frame) => member(frame.record, only)
        : (frame) => member(frame.element, only);
  return { get, shape: resolved.shape, list };
}

function pathAt(scope: Scope, node: Node): Path | null {
  const text = scope.reader.word(node, "A path");
  return text === null ? null : compilePath(scope, node, text);
}

/** What conditions compare: "" for nothing, a sign that equals no word for what is no plain value. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  return value === undefined || value === null ? "" : "…";
}

function compileCondition(scope: Scope, node: Node): Test | null {
  const { reader } = scope;
  const entries = reader.entries(node, "a condition", conditionKeys);
  if (entries === null) return null;
  const field = entries.get("field");
  if (field === undefined) {
    reader.report(node, 'A condition needs "field".');
    return null;
  }
  const path = pathAt(scope, field.value);
  const [name, ...others] = conditionKeys.slice(1).filter((key) => entries.has(key));
  const operand = name === undefined ? undefined : entries.get(name)?.value;
  if (name === undefined || operand === undefined || others.length > 0) {
    reader.report(node, `A condition needs exactly one of ${conditionKeys.slice(1).join(", ")}.`);
    return null;
  }
  if (path === null) return null;
  const { get } = path;
  if (name === "present") {
    const wanted = reader.boolean(operand, '"present"');
    return (frame) => {
      const value = get(frame);
      return (textOf(value) !== "" && !(Array.isArray(value) && value.length === 0)) === wanted;
    };
  }
  const words = new Set(reader.items(operand).map((item) => reader.word(item, `"${name}"`)));
  const wanted = name !== "notEquals";
  return (frame) => words.has(textOf(get(frame))) === wanted;
}

function compileConditions(scope: Scope, entry: Entry | undefined): Test[] {
  if (entry === undefined) return [];
  return scope.reader.items(entry.value).flatMap((item) => compileCondition(scope, item) ?? []);
}

function wordsOf(scope: Scope, entry: Entry | undefined, what: string): string[] | null {
  if (entry === undefined) return null;
  return scope.reader.items(entry.value).map((item) => scope.reader.word(item, what) ?? "");
}

/** What a field of a mapping fills. */
interface Target {
  /** Name for messages: "visits.start". */
  name: string;
  /** Canonical field. */
  key: string;
  field: Field;
}

function compileCode(scope: Scope, node: Node, options: Entries, target: Target): Convert | null {
  const { reader } = scope;
  const tableEntry = options.get("table");
  const codesEntry = options.get("codes");
  if ((tableEntry === undefined) === (codesEntry === undefined)) {
    reader.report(node, 'The conversion "code" needs either "table" or "codes".');
    return null;
  }
  let table: CodeTable | undefined;
  if (codesEntry !== undefined) {
    table = { name: target.name, reader, codes: readCodes(reader, codesEntry.value) };
  } else if (tableEntry !== undefined) {
    const name = reader.text(tableEntry.value, '"table"');
    if (name === null) return null;
    table = scope.tables.get(name);
    if (table === undefined) {
      reader.unknown(tableEntry.value, "The code table", name, scope.tables.keys());
      return null;
    }
    scope.tablesUsed.add(name);
  }
  if (table === undefined) return null;
  const { field } = target;
  const fits = (value: CodeValue, at: YamlReader, where: Node, from: string): void => {
    if (value === null) return;
    if (field.kind === "enum" && !field.values?.includes(String(value))) {
      at.unknown(where, `${from}: among the values of ${target.name}, the value`, String(value), field.values ?? []);
    } else if (field.kind === "boolean" && typeof value !== "boolean") {
      at.report(where, `${from}: ${target.name} takes true or false.`);
    } else if ((field.kind === "integer" || field.kind === "decimal") && typeof value !== "number") {
      at.report(where, `${from}: ${target.name} takes a number.`);
    }
  };
  for (const [from, { value, node: where }] of table.codes) fits(value, table.reader, where, `Code "${from}"`);
  let otherwise: { keep: true } | { keep: false; value: CodeValue } | null = null;
  const otherwiseEntry = options.get("otherwise");
  if (otherwiseEntry !== undefined) {
    const value = reader.scalar(otherwiseEntry.value, '"otherwise"');
    if (value === undefined) return null;
    if (value === "keep" && field.kind !== "enum") otherwise = { keep: true };
    else {
      fits(value, reader, otherwiseEntry.value, '"otherwise"');
      otherwise = { keep: false, value };
    }
  }
  const codes = new Map([...table.codes].map(([from, { value }]) => [from, coded(value, field)]));
  return transforms.code({ table: table.name, codes, field, target: target.key, otherwise });
}

/** YAML reads an unquoted 12 as a number; a field of text has it as text. */
function coded(value: CodeValue, field: Field): CodeValue {
  if (
    value === null ||
    field.kind === "integer" ||
    field.kind === "decimal" ||
    field.kind === "boolean" ||
    field.kind === "json"
  )
    return value;
  return String(value);
}

export function readCodes(reader: YamlReader, node: Node): Map<string, { value: CodeValue; node: Node }> {
  const codes = new Map<string, { value: CodeValue; node: Node }>();
  for (const [from, { value }] of reader.entries(node, "a code table") ?? []) {
    const to = reader.scalar(value, `The value of code "${from}"`);
    if (to === undefined) continue;
    // 01 as a value is a code, not the number one.
    const written = typeof to === "number" && String(to) !== reader.word(value, "") ? reader.word(value, "") : to;
    codes.set(from, { value: written, node: value });
  }
  return codes;
}

const defaultText = transforms.text(500);
const idText = transforms.text(200);

function compileTime(scope: Scope, name: ConversionName, options: Entries, target: Target): Convert {
  const { reader } = scope;
  const zone = options.get("zone");
  let utc = false;
  if (zone !== undefined) {
    const text = reader.text(zone.value, '"zone"');
    utc = text?.toLowerCase() === "utc";
    if (text !== null && !utc && text !== "Europe/Stockholm")
      reader.report(zone.value, '"zone" must be UTC or Europe/Stockholm.');
  }
  const date = options.get("date");
  const after = options.get("after");
  return transforms.time({
    field: target.key,
    kind: target.field.kind,
    zone: utc ? "UTC" : "Europe/Stockholm",
    date:
      name === "local-time" && date !== undefined
        ? compileValue(scope, date.value, { ...target, field: { kind: "date", optional: true } }).run
        : null,
    after: after === undefined ? null : reader.text(after.value, '"after"'),
  });
}

function compileThen(scope: Scope, options: Entries, target: Target, fallback: () => Convert): Convert {
  const then = options.get("then");
  if (then === undefined) return fallback();
  const entries = scope.reader.entries(then.value, '"then"');
  return (entries === null ? null : compileConversion(scope, then.value, entries, target, ["as"])) ?? fallback();
}

function defaultConvert(target: Target): Convert {
  const { field } = target;
  switch (field.kind) {
    case "id":
    case "ref":
      return idText;
    case "text":
    case "personal":
      return defaultText;
    case "identity":
      return transforms.identity;
    case "enum":
      return transforms.word(field);
    case "codes":
      return transforms.list("|", transforms.codeText, true);
    case "integer":
      return transforms.integer;
    case "decimal":
      return transforms.decimal;
    case "instant":
    case "instantFrom":
    case "instantUntil":
      return transforms.time({
        field: target.key,
        kind: field.kind,
        zone: "Europe/Stockholm",
        date: null,
        after: null,
      });
    case "date":
      return transforms.date(field.kind);
    case "boolean":
      return transforms.boolean(null, null);
    case "json":
      return field.schema === undefined ? (value) => value : transforms.json(field.schema);
  }
}

/** Elements of a json field have no kind of their own; the field's schema checks the whole. */
const anyElement: Field = { kind: "json", optional: true };

function compileConversion(
  scope: Scope,
  node: Node,
  options: Entries,
  target: Target,
  alsoAllowed: readonly string[],
): Convert | null {
  const { reader } = scope;
  const { field } = target;
  const as = options.get("as");
  let name: ConversionName | "word" =
    options.has("table") || options.has("codes") ? "code" : transforms.defaultConversion[field.kind];
  if (as !== undefined) {
    const given = reader.text(as.value, '"as"');
    if (given === null) return null;
    if (!Object.hasOwn(transforms.conversions, given)) {
      reader.unknown(as.value, "The conversion", given, Object.keys(transforms.conversions));
      return null;
    }
    name = given as ConversionName;
  }
  const allowed = [...alsoAllowed, ...(name === "word" ? [] : optionsOf[name])];
  for (const [key, entry] of options) {
    if (!allowed.includes(key)) reader.unknown(entry.key, `For the conversion "${name}", the key`, key, allowed);
  }
  const kinds: readonly string[] = name === "word" ? ["enum"] : transforms.conversions[name];
  if (!kinds.includes(field.kind) && field !== anyElement) {
    reader.report(as?.value ?? node, `The conversion "${name}" cannot fill ${target.name}, which is ${field.kind}.`);
    return null;
  }
  switch (name) {
    case "text": {
      const max = options.get("max");
      if (field.kind === "codes") return transforms.codeText;
      if (max === undefined) return field.kind === "id" || field.kind === "ref" ? idText : defaultText;
      return transforms.text(reader.positiveInteger(max.value, '"max"') ?? 1);
    }
    case "integer":
      return transforms.integer;
    case "decimal":
      return transforms.decimal;
    case "ore":
      return transforms.ore;
    case "minutes":
    case "seconds":
    case "span": {
      const unit = options.get("unit");
      const given = unit === undefined ? (name === "seconds" ? "seconds" : "auto") : reader.text(unit.value, '"unit"');
      const units = ["auto", "minutes", "hours", "seconds"] as const;
      const found = units.find((one) => one === given);
      if (found === undefined && unit !== undefined && given !== null)
        reader.unknown(unit.value, "The unit", given, units);
      if (name !== "span") return transforms.duration(name, found ?? "auto", field.kind === "integer");
      const after = options.get("after");
      if (after === undefined) reader.report(node, 'The conversion "span" needs "after": the field where it begins.');
      return transforms.span(after === undefined ? "" : (reader.text(after.value, '"after"') ?? ""), found ?? "auto");
    }
    case "instant":
    case "local-time":
      return compileTime(scope, name, options, target);
    case "date":
      return transforms.date(field.kind);
    case "boolean":
      return transforms.boolean(wordsOf(scope, options.get("yes"), '"yes"'), wordsOf(scope, options.get("no"), '"no"'));
    case "code":
      return compileCode(scope, node, options, target);
    case "list": {
      const separator = options.get("separator");
      const text = separator === undefined ? "|" : reader.scalar(separator.value, '"separator"');
      const codes = field.kind === "codes";
      const element: Target = codes ? target : { ...target, field: anyElement };
      const then = compileThen(scope, options, element, () => (codes ? transforms.codeText : defaultText));
      const split = transforms.list(typeof text === "string" && text !== "" ? text : "|", then, codes);
      const { schema } = field;
      if (schema === undefined) return split;
      const check = transforms.json(schema);
      return (value, frame) => {
        const found = split(value, frame);
        return found === FAILED ? FAILED : check(found, frame);
      };
    }
    case "pick":
      return null;
    case "identity":
      return transforms.identity;
    case "identity-ref":
      return transforms.identityRef;
    case "latitude":
      return transforms.degrees(90);
    case "longitude":
      return transforms.degrees(180);
    case "json":
    case "word":
      return defaultConvert(target);
  }
}

/** `pick` has paths of its own, which start from the elements of the list. */
function compilePick(scope: Scope, node: Node, options: Entries, target: Target, list: Shape): Convert | null {
  const { reader } = scope;
  for (const [key, entry] of options) {
    if (!["from", "as", "default", "absent", ...optionsOf.pick].includes(key)) {
      reader.unknown(entry.key, 'For the conversion "pick", the key', key, optionsOf.pick);
    }
  }
  const inside: Scope = { ...scope, at: list };
  const frameOf = (element: unknown): Frame => newFrame(element, { identityRef: (number) => number, thisYear: 0 });
  const tests = compileConditions(inside, options.get("where"));
  const take = options.get("take");
  if (take === undefined) {
    reader.report(node, 'The conversion "pick" needs "take".');
    return null;
  }
  const path = pathAt(inside, take.value);
  if (path === null) return null;
  const then = compileThen(scope, options, target, () => defaultConvert(target));
  return transforms.pick(
    (element) => tests.every((test) => test(frameOf(element))),
    (element) => path.get(frameOf(element)),
    then,
  );
}

const nothing: Run = () => undefined;

/** Compiles the right-hand side of a field: a path, or a mapping with `from`, `value`, `join` or `cases`. */
function compileValue(scope: Scope, node: Node, target: Target, convertDefault?: Convert): { run: Run; label: string } {
  const { reader } = scope;
  const failed = { run: nothing, label: target.name };
  const isMapping = "items" in node;
  if (!isMapping) {
    const text = reader.word(node, target.name);
    const path = text === null ? null : compilePath(scope, node, text);
    if (path === null || text === null) return failed;
    if (path.list && !["codes", "json"].includes(target.field.kind)) return reportList(scope, node, text, failed);
    return { run: running(path.get, convertDefault ?? defaultConvert(target), text, null, undefined), label: text };
  }
  const entries = reader.entries(node, target.name);
  if (entries === null) return failed;
  const ways = ["from", "value", "join", "cases"].filter((key) => entries.has(key));
  const [way, another] = ways;
  if (way === undefined || another !== undefined) {
    reader.report(node, `${target.name} needs exactly one of from, value, join, cases.`);
    return failed;
  }
  const constant = (entry: Entry, what: string): unknown => {
    const raw: unknown = entry.value.toJSON();
    const value = (convertDefault ?? defaultConvert(target))(
      raw,
      newFrame(undefined, { identityRef: (number) => number, thisYear: 2026 }),
    );
    if (value !== FAILED && value !== undefined) return value;
    reader.report(entry.value, `${what} is not a value of ${target.name}, which is ${target.field.kind}.`);
    if (target.field.kind === "enum") reader.unknown(entry.value, "The value", String(raw), target.field.values ?? []);
    return undefined;
  };
  const only = (...keys: string[]): void => {
    for (const [key, entry] of entries) {
      if (!keys.includes(key)) reader.unknown(entry.key, `Beside "${way}", the key`, key, keys);
    }
  };
  switch (way) {
    case "value": {
      only("value");
      const entry = entries.get("value");
      const value = entry === undefined ? undefined : constant(entry, '"value"');
      return { run: () => value, label: target.name };
    }
    case "cases": {
      only("cases", "default");
      const cases = reader.items(entries.get("cases")?.value ?? node).flatMap((item) => {
        const all = reader.entries(item, "a case");
        if (all === null) return [];
        const tests = compileConditions(scope, all.get("when"));
        return [{ tests, ...compileValue(scope, withoutKey(item, "when"), target, convertDefault) }];
      });
      const entry = entries.get("default");
      const fallback = entry === undefined ? undefined : constant(entry, '"default"');
      const label = [...new Set(cases.map((one) => one.label))].join(" / ");
      return {
        label,
        run: (frame) => {
          for (const { tests, run } of cases) {
            if (!tests.every((test) => test(frame))) continue;
            const value = run(frame);
            if (value !== undefined) return value;
          }
          return fallback;
        },
      };
    }
    case "join": {
      only("join", "with", "as", "default", "absent");
      const parts = reader
        .items(entries.get("join")?.value ?? node)
        .map((item) => compileValue(scope, item, { ...target, field: { kind: "text", optional: true } }));
      const withEntry = entries.get("with");
      const separator = withEntry === undefined ? ":" : String(reader.scalar(withEntry.value, '"with"') ?? ":");
      const label = parts.map((part) => part.label).join(" + ");
      const convert = compileConversion(scope, node, entries, target, specKeys) ?? defaultConvert(target);
      const joined: Run = (frame) => {
        let text = "";
        for (const [index, part] of parts.entries()) {
          const value = part.run(frame);
          // Half a key is no key.
          if (value === undefined || value === FAILED) return value;
          text += index === 0 ? textOf(value) : separator + textOf(value);
        }
        return text;
      };
      return { run: running(joined, convert, label, null, undefined), label };
    }
    default: {
      const from = entries.get("from");
      if (from === undefined) return failed;
      const paths = reader.items(from.value).flatMap((item) => pathAt(scope, item) ?? []);
      const label = reader
        .items(from.value)
        .map((item) => reader.word(item, "A path") ?? "")
        .join(" / ");
      const [first, ...more] = paths;
      if (first === undefined) return failed;
      const as = entries.get("as");
      const asName = as === undefined ? null : reader.word(as.value, '"as"');
      const takesList =
        asName === "list" ||
        asName === "pick" ||
        asName === "json" ||
        (asName === null && ["codes", "json"].includes(target.field.kind));
      if (paths.some((path) => path.list) && !takesList) return reportList(scope, from.value, label, failed);
      const convert =
        asName === "pick"
          ? compilePick(scope, node, entries, target, first.shape)
          : as === undefined && convertDefault !== undefined
            ? convertDefault
            : compileConversion(scope, node, entries, target, specKeys);
      if (convert === null) return failed;
      const absent = wordsOf(scope, entries.get("absent"), '"absent"');
      const defaultEntry = entries.get("default");
      const fallback = defaultEntry === undefined ? undefined : constant(defaultEntry, '"default"');
      const get: Run =
        more.length === 0
          ? first.get
          : (frame) => {
              for (const path of paths) {
                const value = path.get(frame);
                if (textOf(value) !== "") return value;
              }
              return undefined;
            };
      return { run: running(get, convert, label, absent === null ? null : new Set(absent), fallback), label };
    }
  }
}

function reportList<T>(scope: Scope, node: Node, path: string, failed: T): T {
  scope.reader.report(node, `"${path}" is a list: use "as: list", "as: pick", or rows with "each".`);
  return failed;
}

/** A copy of a YAML mapping without one of its keys, for what has been read already. */
function withoutKey(node: Node, key: string): Node {
  const copy = node.clone() as Node & { delete?: (key: string) => boolean };
  copy.delete?.(key);
  return copy;
}

/** The hot path: get, trim, leave out what is absent, convert. */
function running(
  get: Run,
  convert: Convert,
  label: string,
  absent: ReadonlySet<string> | null,
  fallback: unknown,
): Run {
  return (frame) => {
    let raw = get(frame);
    if (typeof raw === "string") raw = raw.trim();
    if (raw === undefined || raw === null || raw === "") return fallback;
    if (raw === FAILED) return FAILED;
    if (absent !== null && absent.has(textOf(raw))) return fallback;
    const value = convert(raw, frame);
    if (value === FAILED && frame.field === "") {
      frame.field = label;
      frame.raw = raw;
    }
    return value === undefined ? fallback : value;
  };
}

const rowKeys = ["entity", "when", "each", "id", "version", "deleted", "parent", "fields", "same"];

function compileRow(outer: Scope, node: Node): CompiledRow | null {
  const { reader } = outer;
  const entries = reader.entries(node, "a row", rowKeys);
  if (entries === null) return null;
  const entityEntry = entries.get("entity");
  const name = entityEntry === undefined ? null : reader.text(entityEntry.value, '"entity"');
  const entityName = entityNames.find((known) => known === name);
  if (entityEntry === undefined || entityName === undefined) {
    if (entityEntry === undefined) reader.report(node, 'A row needs "entity".');
    else if (name !== null) reader.unknown(entityEntry.value, "The entity", name, entityNames);
    return null;
  }
  const entity = entities[entityName];
  const eachEntry = entries.get("each");
  let each: Run | null = null;
  let at = outer.root;
  if (eachEntry !== undefined) {
    // The list itself does not count as used: its elements' fields do.
    const path = pathAt({ ...outer, used: new Set() }, eachEntry.value);
    if (path === null) return null;
    each = path.get;
    at = path.shape;
  }
  const scope: Scope = { ...outer, at, entity: entityName };
  const tests = compileConditions(scope, entries.get("when"));
  const part = (key: string, field: Field, convert?: Convert): CompiledField | null => {
    const entry = entries.get(key);
    if (entry === undefined) return null;
    return {
      key,
      required: !field.optional,
      ...compileValue(scope, entry.value, { name: `${entityName}.${key}`, key, field }, convert),
    };
  };
  const same = entries.get("same");
  const sameAll = same !== undefined && reader.text(same.value, '"same"') === "all";
  if (same !== undefined && !sameAll) reader.report(same.value, '"same" must be "all".');
  /** The field of the record that has the same name. */
  const twin = (key: string, field: Field, convert?: Convert): CompiledField | null => {
    if (!sameAll || (!scope.at.fields.has(key) && !scope.at.open)) return null;
    const path = compilePath(scope, node, key);
    if (path === null) return null;
    if (path.list && !["codes", "json"].includes(field.kind)) return reportList(scope, node, key, null);
    const target: Target = { name: `${entityName}.${key}`, key, field };
    return {
      key,
      required: !field.optional,
      run: running(path.get, convert ?? defaultConvert(target), key, null, undefined),
      label: key,
    };
  };
  const idField: Field = { kind: "id", optional: false };
  const versionField: Field = { kind: "instant", optional: true };
  const deletedField: Field = { kind: "boolean", optional: true };
  const id = part("id", idField) ?? twin("id", idField);
  if (id === null) reader.report(node, 'A row needs "id".');
  const version =
    part("version", versionField, transforms.version) ?? twin("version", versionField, transforms.version);
  const deleted = part("deleted", deletedField) ?? twin("deleted", deletedField);
  const parent = part("parent", idField);

  const given = entries.get("fields");
  const specs =
    given === undefined
      ? new Map<string, Entry>()
      : (reader.entries(given.value, `the fields of ${entityName}`) ?? new Map<string, Entry>());
  for (const [key, entry] of specs) {
    if (!Object.hasOwn(entity.fields, key))
      reader.unknown(entry.key, `In ${entityName}, the canonical field`, key, Object.keys(entity.fields));
  }
  const fields: CompiledField[] = [];
  const after = new Map<string, string>();
  for (const [key, field] of Object.entries(entity.fields)) {
    const entry = specs.get(key);
    const target: Target = { name: `${entityName}.${key}`, key, field };
    if (entry !== undefined) {
      fields.push({ key, required: !field.optional, ...compileValue(scope, entry.value, target) });
      for (const { node: where, name: earlier } of earlierFields(reader, entry.value)) {
        const known = entity.fields[earlier];
        if (
          known === undefined ||
          !known.kind.startsWith("instant") ||
          earlier === key ||
          !(specs.has(earlier) || twin(earlier, known))
        ) {
          const instants = [...specs.keys()].filter(
            (other) => other !== key && entity.fields[other]?.kind.startsWith("instant"),
          );
          reader.unknown(where, `Among the times that this row fills, the field`, earlier, instants);
        } else after.set(key, earlier);
      }
      continue;
    }
    const found = twin(key, field);
    if (found !== null) fields.push(found);
    else if (!field.optional)
      reader.report(given?.key ?? node, `The field ${target.name} is required, and nothing fills it.`);
  }
  return {
    entity: entityName,
    tests,
    each,
    id: id ?? { key: "id", required: true, run: nothing, label: "id" },
    version,
    deleted,
    parent,
    fields: inOrder(fields, after, () =>
      reader.report(given?.key ?? node, 'The "after" of these fields go round in a circle.'),
    ),
    template: Object.freeze(Object.fromEntries(Object.keys(entity.fields).map((key) => [key, undefined]))),
  };
}

/** The fields that a field's `after` names, also inside its cases. */
function earlierFields(reader: YamlReader, node: Node): Array<{ node: Node; name: string }> {
  const plain: unknown = node.toJSON();
  if (typeof plain !== "object" || plain === null || Array.isArray(plain)) return [];
  const entries = reader.entries(node, "a field") ?? new Map<string, Entry>();
  const after = entries.get("after");
  const name = after === undefined ? null : reader.word(after.value, '"after"');
  const own = after === undefined || name === null ? [] : [{ node: after.value, name }];
  const cases = entries.get("cases");
  return [
    ...own,
    ...(cases === undefined ? [] : reader.items(cases.value).flatMap((item) => earlierFields(reader, item))),
  ];
}

/** Each field after the one that it is later than. */
function inOrder(
  fields: readonly CompiledField[],
  after: ReadonlyMap<string, string>,
  circle: () => void,
): CompiledField[] {
  const depth = (key: string): number => {
    let steps = 0;
    for (let at = after.get(key); at !== undefined; at = after.get(at)) {
      if (++steps > after.size) {
        circle();
        return 0;
      }
    }
    return steps;
  };
  return fields.toSorted((a, b) => depth(a.key) - depth(b.key));
}

export interface CompiledMapping {
  rows: readonly CompiledRow[];
  tables: ReadonlySet<string>;
  columns: Readonly<Record<string, readonly string[]>>;
}

export const mappingKeys = ["source", "version", "rows", "ignore", "columns"];

/**
 * The municipality's own headers of its files, by the field of the record that they hold. What is wrong is reported:
 * a field that the record does not have, and a header that already means another field.
 */
function compileColumns(reader: YamlReader, node: Node, source: string, root: Shape): Record<string, string[]> {
  // As the reader of files compares headers.
  const keyOf = (header: string) => header.normalize("NFC").replace(/\s+/g, "").toLowerCase();
  const fieldOf = new Map([...root.fields.keys()].map((name) => [keyOf(name), name]));
  const columns: Record<string, string[]> = {};
  for (const [field, { key, value }] of reader.entries(node, '"columns"') ?? []) {
    if (!root.fields.has(field)) {
      reader.unknown(key, `In the record of ${source}, the field`, field, root.fields.keys());
      continue;
    }
    columns[field] = reader.items(value).flatMap((item) => {
      const header = reader.text(item, "A header");
      if (header === null) return [];
      const taken = fieldOf.get(keyOf(header)) ?? field;
      if (taken !== field) reader.report(item, `The header "${header}" is already the field "${taken}".`);
      fieldOf.set(keyOf(header), taken);
      return [header];
    });
  }
  return columns;
}

/** Compiles the rows of a mapping against the shape of its records; what is wrong is reported to the reader. */
export function compileMapping(
  reader: YamlReader,
  entries: Entries,
  source: string,
  root: Shape,
  tables: ReadonlyMap<string, CodeTable>,
): CompiledMapping {
  const scope: Scope = {
    reader,
    source,
    root,
    at: root,
    used: new Set(),
    tables,
    tablesUsed: new Set(),
    entity: "visits",
  };
  const rowsEntry = entries.get("rows");
  const rows =
    rowsEntry === undefined ? [] : reader.items(rowsEntry.value).flatMap((item) => compileRow(scope, item) ?? []);
  const ignore = entries.get("ignore");
  if (ignore !== undefined) {
    const own = new Set(scope.used);
    for (const item of reader.items(ignore.value)) {
      const path = pathAt(scope, item);
      if (path !== null && own.has(path.shape.path))
        reader.report(item, `"${path.shape.path}" is ignored, but a row uses it.`);
    }
  }
  for (const path of unusedPaths(root, scope.used)) {
    const where = ignore?.key ?? rowsEntry?.key;
    const message = `The field "${path}" of ${source} is neither used nor ignored: use it, or name it under "ignore".`;
    if (where !== undefined) reader.report(where, message);
  }
  const columns = entries.get("columns");
  return {
    rows,
    tables: scope.tablesUsed,
    columns: columns === undefined ? {} : compileColumns(reader, columns.value, source, root),
  };
}
