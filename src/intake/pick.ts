import type { z } from "zod";

/** What a record shape names below one point; lists are transparent, so that one and many are picked alike. */
interface Named {
  fields: Map<string, Named>;
  /** Any key may stand here (`z.record`); what is inside follows it. */
  rest: Named | null;
  /** Nothing is known of what is inside (`z.unknown`): everything is kept. */
  open: boolean;
  /** Known, and never kept (`z.never`): dropped without being reported. */
  never: boolean;
}

export interface Picker {
  /**
   * The records with only the fields that the shape names, as plain JSON values; a record that has no others is
   * handed back as it is.
   */
  pick: (records: readonly unknown[]) => unknown[];
  /** How often each field that the shape does not name was met since the last call, by sanitised name. */
  unexpected: () => Map<string, number>;
}

const NAMES_MAX = 200;
const OTHERS = "(övriga)";

interface Definition {
  type: string;
  shape?: Record<string, z.ZodType>;
  innerType?: z.ZodType;
  element?: z.ZodType;
  items?: z.ZodType[];
  rest?: z.ZodType | null;
  options?: z.ZodType[];
  in?: z.ZodType;
  out?: z.ZodType;
  left?: z.ZodType;
  right?: z.ZodType;
  valueType?: z.ZodType;
  getter?: () => z.ZodType;
}

const definitionOf = (schema: z.ZodType): Definition => schema.def as unknown as Definition;
const empty = (): Named => ({ fields: new Map(), rest: null, open: false, never: false });

/** Adds to `into` what `schema` names. `known` ends the recursion of shapes that contain themselves. */
function name(schema: z.ZodType, into: Named, known: Map<z.ZodType, Named>): void {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case "object":
      for (const [key, field] of Object.entries(definition.shape ?? {})) {
        const found = into.fields.get(key);
        if (found !== undefined) name(field, found, known);
        else into.fields.set(key, named(field, known));
      }
      return;
    case "array":
      if (definition.element !== undefined) name(definition.element, into, known);
      return;
    case "tuple":
      for (const item of definition.items ?? []) name(item, into, known);
      if (definition.rest) name(definition.rest, into, known);
      return;
    case "union":
      for (const option of definition.options ?? []) name(option, into, known);
      return;
    case "intersection":
      for (const side of [definition.left, definition.right]) if (side !== undefined) name(side, into, known);
      return;
    case "record":
    case "map":
      into.rest ??= empty();
      if (definition.valueType !== undefined) name(definition.valueType, into.rest, known);
      return;
    case "pipe": {
      // A bare function says nothing of its value: the side that is a schema counts.
      const side =
        definition.in !== undefined && definitionOf(definition.in).type !== "transform"
          ? definition.in
          : definition.out;
      if (side !== undefined) name(side, into, known);
      return;
    }
    case "lazy": {
      const inner = definition.getter?.();
      if (inner === undefined) return;
      const found = known.get(inner);
      if (found === undefined) {
        known.set(inner, into);
        name(inner, into, known);
      } else if (found !== into) {
        // The same shape again, one level further down: share its fields, also those still to come.
        into.fields = found.fields;
        into.rest = found.rest;
        into.open = found.open;
      }
      return;
    }
    case "any":
    case "unknown":
    case "custom":
      into.open = true;
      return;
    case "never":
      into.never = true;
      return;
    default:
      // optional, nullable, default, catch, readonly; a plain value has none.
      if (definition.innerType !== undefined) name(definition.innerType, into, known);
  }
}

function named(schema: z.ZodType, known: Map<z.ZodType, Named>): Named {
  const into = empty();
  known.set(schema, into);
  name(schema, into, known);
  return into;
}

/** Names come from a source: they may hold anything, also the key of a record by a personal identity number. */
function sanitise(path: string): string {
  return path
    .replace(/\d{4,}/g, "…")
    .replace(/[^\p{L}\p{N}_. …-]/gu, "?")
    .slice(0, 80);
}

/** Plain values as JSON has them, so that a record is the same from memory and from the ledger. Undefined: dropped. */
function plain(value: unknown): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : null;
    case "bigint":
      return value.toString();
    default:
      if (value === null) return null;
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined;
  }
}

/** Compiles a record shape: what it does not name is dropped before anything is stored, whatever the values' types. */
export function compilePicker(shape: z.ZodType): Picker {
  const root = named(shape, new Map());
  let counts = new Map<string, number>();

  function report(path: string): void {
    const safe = sanitise(path);
    const key = counts.has(safe) || counts.size < NAMES_MAX ? safe : OTHERS;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  /** What stands below a named field. Arrays and objects that need no change are handed back as they are. */
  function inside(value: unknown, node: Named, path: string): unknown {
    if (typeof value === "string") return value;
    if (typeof value !== "object" || value === null || value instanceof Date) return plain(value);
    if (Array.isArray(value)) {
      let copy: unknown[] | null = null;
      for (let i = 0; i < value.length; i++) {
        const kept = inside(value[i], node, path) ?? null;
        if (copy === null && kept !== value[i]) copy = value.slice(0, i);
        copy?.push(kept);
      }
      return copy ?? value;
    }
    const record = value as Record<string, unknown>;
    let copy: Record<string, unknown> | null = null;
    const keys = Object.keys(record);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const next =
        key === "__proto__" ? undefined : (node.fields.get(key) ?? node.rest ?? (node.open ? node : undefined));
      let kept: unknown;
      if (next === undefined) report(path === "" ? key : `${path}.${key}`);
      else if (!next.never) kept = inside(record[key], next, path === "" ? key : `${path}.${key}`);
      if (copy === null && (kept !== record[key] || kept === undefined)) {
        copy = {};
        for (let before = 0; before < i; before++) copy[keys[before] as string] = record[keys[before] as string];
      }
      if (copy !== null && kept !== undefined) copy[key] = kept;
    }
    return copy ?? record;
  }

  // Records of a page mostly have the same keys in the same order, and plain values: then nothing is copied.
  let lastKeys: string[] = [];
  let lastAllNamed = false;
  function flatAndNamed(record: unknown): boolean {
    if (typeof record !== "object" || record === null || Array.isArray(record)) return false;
    const keys = Object.keys(record);
    let same = keys.length === lastKeys.length;
    for (let i = 0; same && i < keys.length; i++) same = keys[i] === lastKeys[i];
    if (!same) {
      lastKeys = keys;
      lastAllNamed = keys.every((key) => {
        const field = root.fields.get(key);
        return field !== undefined && !field.never;
      });
    }
    if (!lastAllNamed) return false;
    for (const value of Object.values(record)) if (typeof value !== "string" && value !== undefined) return false;
    return true;
  }

  return {
    pick: (records) => records.map((record) => (flatAndNamed(record) ? record : (inside(record, root, "") ?? null))),
    unexpected: () => {
      const found = counts;
      counts = new Map();
      return found;
    },
  };
}
