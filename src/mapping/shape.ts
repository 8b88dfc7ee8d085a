import type { z } from "zod";

/** What a mapping may ask of a record: the fields that the adapter's schema names. */
export interface Shape {
  readonly path: string;
  /** Empty for a plain value. */
  readonly fields: Map<string, Shape>;
  /** Holds, or may hold, a list; `fields` are those of its elements. */
  list: boolean;
  /** Nothing is known of what is inside, so any path is allowed. */
  open: boolean;
}

interface Definition {
  type: string;
  shape?: Record<string, z.ZodType>;
  innerType?: z.ZodType;
  element?: z.ZodType;
  items?: z.ZodType[];
  options?: z.ZodType[];
  in?: z.ZodType;
  out?: z.ZodType;
  left?: z.ZodType;
  right?: z.ZodType;
  getter?: () => z.ZodType;
}

const definitionOf = (schema: z.ZodType): Definition => schema.def as unknown as Definition;

/** A field that the source has and we never keep. */
function isNever(schema: z.ZodType): boolean {
  const { type, innerType } = definitionOf(schema);
  return type === "never" || (innerType !== undefined && isNever(innerType));
}

function describe(schema: z.ZodType, into: Shape, above: readonly z.ZodType[]): void {
  if (above.includes(schema)) {
    into.open = true;
    return;
  }
  const stack = [...above, schema];
  const definition = definitionOf(schema);
  const inner = (next: z.ZodType | undefined): void => {
    if (next !== undefined) describe(next, into, stack);
  };
  switch (definition.type) {
    case "object":
      for (const [name, field] of Object.entries(definition.shape ?? {})) {
        if (isNever(field)) continue;
        let found = into.fields.get(name);
        if (found === undefined) {
          found = {
            path: into.path === "" ? name : `${into.path}.${name}`,
            fields: new Map(),
            list: false,
            open: false,
          };
          into.fields.set(name, found);
        }
        describe(field, found, stack);
      }
      return;
    case "array":
      into.list = true;
      inner(definition.element);
      return;
    case "tuple":
      into.list = true;
      definition.items?.forEach(inner);
      return;
    case "union":
      definition.options?.forEach(inner);
      return;
    case "intersection":
      inner(definition.left);
      inner(definition.right);
      return;
    case "pipe": {
      // A bare function says nothing of its result: the side that is a schema counts (`.transform` has it first, `preprocess` last).
      const { in: first, out: last } = definition;
      inner(last !== undefined && definitionOf(last).type !== "transform" ? last : first);
      return;
    }
    case "lazy":
      inner(definition.getter?.());
      return;
    case "any":
    case "unknown":
    case "record":
    case "map":
    case "custom":
    case "transform":
      into.open = true;
      return;
    default:
      // optional, nullable, default, catch, readonly, nonoptional, promise; a plain value has none.
      inner(definition.innerType);
  }
}

/** The fields of a record schema, through optional, nullable, lists, unions and transforms. */
export function shapeOf(schema: z.ZodType): Shape {
  const root: Shape = { path: "", fields: new Map(), list: false, open: false };
  describe(schema, root, []);
  return root;
}

export interface Step {
  key: string;
  /** The value found there may be a list. */
  list: boolean;
}

export type Resolved =
  | { ok: true; steps: readonly Step[]; shape: Shape }
  | { ok: false; wrong: string; names: string[] };

/** Follows "A.B.C" from `shape`. A field whose own name has a dot in it is found first. */
export function resolvePath(shape: Shape, path: string): Resolved {
  const steps: Step[] = [];
  let at = shape;
  let rest = path;
  while (rest !== "") {
    let key: string | null = null;
    for (const name of at.fields.keys()) {
      if ((rest === name || rest.startsWith(`${name}.`)) && (key === null || name.length > key.length)) key = name;
    }
    const found: Shape | undefined = key === null ? undefined : at.fields.get(key);
    if (key !== null && found !== undefined) {
      steps.push({ key, list: found.list });
      rest = rest.slice(key.length + 1);
      at = found;
      continue;
    }
    if (!at.open) return { ok: false, wrong: rest, names: [...at.fields.keys()] };
    const dot = rest.indexOf(".");
    key = dot < 0 ? rest : rest.slice(0, dot);
    steps.push({ key, list: false });
    rest = dot < 0 ? "" : rest.slice(dot + 1);
    // Named after what is known: using a part of it uses it.
    at = { path: at.path, fields: new Map(), list: false, open: true };
  }
  return { ok: true, steps, shape: at };
}

/** The shallowest paths of which nothing is in `used`. */
export function unusedPaths(shape: Shape, used: ReadonlySet<string>): string[] {
  const touched = (node: Shape): boolean => used.has(node.path) || [...node.fields.values()].some(touched);
  const found: string[] = [];
  const walk = (node: Shape): void => {
    if (used.has(node.path)) return;
    if (!touched(node)) {
      found.push(node.path);
      return;
    }
    for (const field of node.fields.values()) walk(field);
  };
  for (const field of shape.fields.values()) walk(field);
  return found;
}
