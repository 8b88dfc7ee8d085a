import type { z } from "zod";
import { type EntityName, type Field, entities, formatDay, formatLocal } from "#model";
import type { Mapping, MappingContext, MappingProblem } from "./define.ts";
import { type LoadOptions, type MappingFile, loadMapping } from "./load.ts";
import { valueClass } from "./transforms.ts";

export interface CheckOptions extends LoadOptions {
  file: MappingFile;
  /** Records of a real export, as the adapter reads them. Without: the file alone is checked. */
  sample?: AsyncIterable<unknown> | Iterable<unknown>;
  context: MappingContext;
  /** How many rows are shown. */
  rowsMax?: number;
}

/** What a real export would become. Nothing in it identifies a person. */
export interface MappingCheck {
  source: string;
  version: number;
  entities: readonly EntityName[];
  columns: NonNullable<Mapping["columns"]>;
  records: number;
  /** Records that would be quarantined. */
  refused: number;
  /** The first rows; values as text, personal ones masked, fields without value left out. */
  rows: ReadonlyArray<{ entity: EntityName; values: Readonly<Record<string, string>> }>;
  /** Why records would be quarantined, most frequent first. */
  problems: ReadonlyArray<MappingProblem & { count: number }>;
  /** What would be remarked on without stopping a record. */
  warnings: ReadonlyArray<{ entity: EntityName; field: string; code: string; value: string | null; count: number }>;
  /** How many rows fill each canonical field. */
  filled: ReadonlyArray<{ entity: EntityName; field: string; rows: number; of: number }>;
}

/** Names of things, not of people: their texts are shown whole. */
const impersonal: readonly EntityName[] = ["services", "providers", "units", "contracts"];
const people: readonly EntityName[] = ["clients", "staff"];

const masked = (text: string): string => (text.startsWith("pid:") ? "pid:…" : `${text.slice(0, 2)}…`);

function shown(entity: EntityName, key: string, field: Field, value: unknown): string {
  switch (field.kind) {
    case "identity":
    case "personal":
      return "•••";
    case "ref":
      return field.of === "client" || field.of === "staff" ? masked(String(value)) : String(value);
    case "text":
      return impersonal.includes(entity) || !/\s/.test(String(value)) ? String(value) : valueClass(value);
    case "json":
      return valueClass(value);
    case "codes":
      return (value as string[]).join(", ");
    case "instant":
    case "instantFrom":
    case "instantUntil":
      return formatLocal(value as number);
    case "date":
      return key === "birthDate" ? "•••" : formatDay(value as number);
    case "boolean":
      return value === true ? "ja" : "nej";
    case "decimal":
      return /L(at|ong)itude$/.test(key) ? `${Math.trunc(value as number)},…` : String(value).replace(".", ",");
    case "integer":
    case "enum":
    case "id":
      return String(value);
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "ett tal",
  int: "ett heltal",
  boolean: "true eller false",
  array: "en lista",
  object: "ett objekt",
};

/** What a record that the adapter's schema refuses has broken first. */
export function shapeProblem(error: z.ZodError, record: unknown): MappingProblem {
  const [issue] = error.issues;
  const path = issue?.path ?? [];
  let value: unknown = record;
  for (const step of path) {
    value = typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined;
  }
  const field = path.map((step) => (typeof step === "number" ? `[${step + 1}]` : String(step))).join(".");
  const kind = valueClass(value);
  if (kind === "saknas") return { field, valueClass: kind, rule: "saknar värde", code: "missing" };
  const expected = issue?.code === "invalid_type" ? typeNames[issue.expected] : undefined;
  return expected === undefined
    ? { field, valueClass: kind, rule: "har inte den form som systemet beskriver", code: "shape" }
    : { field, valueClass: kind, rule: `ska vara ${expected}`, code: "type" };
}

class Tally<T> {
  readonly #counts = new Map<string, { what: T; count: number }>();

  add(key: string, what: T): void {
    const found = this.#counts.get(key);
    if (found === undefined) this.#counts.set(key, { what, count: 1 });
    else found.count++;
  }

  /** Most frequent first. */
  list(): Array<T & { count: number }> {
    return [...this.#counts.values()]
      .toSorted((a, b) => b.count - a.count)
      .map(({ what, count }) => ({ ...what, count }));
  }
}

/** Loads one mapping file and runs a sample through it. Throws MappingsNotValid where the file cannot be used. */
export async function checkMapping({
  file,
  sample,
  context,
  rowsMax = 10,
  ...load
}: CheckOptions): Promise<MappingCheck> {
  const mapping: Mapping = loadMapping(file, load);
  const schema = load.records.get(mapping.source);
  const rows: Array<MappingCheck["rows"][number]> = [];
  const problems = new Tally<MappingProblem>();
  const warnings = new Tally<Omit<MappingCheck["warnings"][number], "count">>();
  const filled = new Map<EntityName, { rows: number; fields: Map<string, number> }>();
  let records = 0;
  let refused = 0;
  for await (const raw of sample ?? []) {
    records++;
    const checked = schema?.safeParse(raw);
    const outcome =
      checked === undefined || checked.success
        ? mapping.apply(checked?.data ?? raw, context)
        : { ok: false as const, problem: shapeProblem(checked.error, raw) };
    if (!outcome.ok) {
      refused++;
      const { problem } = outcome;
      problems.add(JSON.stringify(problem), problem);
      continue;
    }
    for (const { entity, record, warnings: found } of outcome.mapped) {
      const { fields } = entities[entity];
      let counts = filled.get(entity);
      if (counts === undefined) {
        counts = { rows: 0, fields: new Map(Object.keys(fields).map((key) => [key, 0])) };
        filled.set(entity, counts);
      }
      counts.rows++;
      const shownValues: Record<string, string> = { id: people.includes(entity) ? masked(record.id) : record.id };
      if (record.deleted) shownValues["deleted"] = "ja";
      for (const [key, field] of Object.entries(fields)) {
        const value = record.values[key];
        if (value === undefined) continue;
        counts.fields.set(key, (counts.fields.get(key) ?? 0) + 1);
        if (rows.length < rowsMax) shownValues[key] = shown(entity, key, field, value);
      }
      if (rows.length < rowsMax) rows.push({ entity, values: shownValues });
      for (const { code, field, value } of found)
        warnings.add(`${entity} ${field} ${code} ${value}`, { entity, field, code, value });
    }
  }
  return {
    source: mapping.source,
    version: mapping.version,
    entities: mapping.entities,
    columns: mapping.columns ?? {},
    records,
    refused,
    rows,
    problems: problems.list(),
    warnings: warnings.list(),
    filled: [...filled].flatMap(([entity, counts]) =>
      [...counts.fields].map(([field, count]) => ({ entity, field, rows: count, of: counts.rows })),
    ),
  };
}
