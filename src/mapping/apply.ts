import type { CompiledField, CompiledRow } from "./compile.ts";
import type { CompleteGroup, MappedRecord, MappingContext, MappingOutcome, MappingWarning } from "./define.ts";
import { FAILED, type Frame, newFrame, valueClass } from "./transforms.ts";

const noWarnings: readonly MappingWarning[] = Object.freeze([]);
const noGroups: readonly CompleteGroup[] = Object.freeze([]);

/** Marks the frame as failed at a field that has no value. */
function missing(frame: Frame, row: CompiledRow, field: CompiledField): typeof FAILED {
  frame.field = field.label;
  frame.raw = undefined;
  frame.code = "missing";
  frame.rule = `saknar värde; ${row.entity}.${field.key} måste fyllas`;
  return FAILED;
}

function optional(field: CompiledField | null, frame: Frame): unknown {
  return field === null ? undefined : field.run(frame);
}

function runRow(row: CompiledRow, frame: Frame, mapped: MappedRecord[]): typeof FAILED | undefined {
  for (const test of row.tests) if (!test(frame)) return undefined;
  const id = row.id.run(frame);
  if (id === FAILED) return FAILED;
  if (id === undefined) return missing(frame, row, row.id);
  const version = optional(row.version, frame);
  if (version === FAILED) return FAILED;
  const parent = optional(row.parent, frame);
  if (parent === FAILED) return FAILED;
  if (parent === undefined && row.parent !== null) return missing(frame, row, row.parent);
  const deleted = optional(row.deleted, frame);
  if (deleted === FAILED) return FAILED;
  // An hour that occurs twice matters to the times of a row, not to the order of its versions.
  frame.warnings = null;
  const values: Record<string, unknown> = { ...row.template };
  frame.values = values;
  // A tombstone is its id; what else the source still says of it does not count.
  if (deleted !== true) {
    for (const field of row.fields) {
      const value = field.run(frame);
      if (value === FAILED) return FAILED;
      if (value !== undefined) values[field.key] = value;
      else if (field.required) return missing(frame, row, field);
    }
  }
  mapped.push({
    entity: row.entity,
    record: {
      id: id as string,
      version: version === undefined ? null : (version as number),
      deleted: deleted === true,
      parent: parent === undefined ? null : (parent as string),
      values,
    },
    warnings: frame.warnings ?? noWarnings,
  });
  return undefined;
}

function runEach(
  row: CompiledRow,
  frame: Frame,
  mapped: MappedRecord[],
  complete: CompleteGroup[],
): typeof FAILED | undefined {
  const list = row.each?.(frame);
  const elements = Array.isArray(list)
    ? (list as unknown[])
    : list === undefined || list === null || list === ""
      ? []
      : [list];
  for (const [index, element] of elements.entries()) {
    if (element === null || element === undefined) continue;
    frame.element = element;
    frame.index = index + 1;
    if (runRow(row, frame, mapped) === FAILED) return FAILED;
  }
  frame.element = undefined;
  frame.index = 0;
  return row.parent === null ? undefined : group(row, row.parent, frame, complete);
}

/** A record without any element says that all rows of this parent are gone. */
function group(
  row: CompiledRow,
  parentField: CompiledField,
  frame: Frame,
  complete: CompleteGroup[],
): typeof FAILED | undefined {
  const parent = parentField.run(frame);
  const version = optional(row.version, frame);
  if (parent === FAILED || version === FAILED) return FAILED;
  if (typeof parent === "string") {
    complete.push({ entity: row.entity, parent, version: typeof version === "number" ? version : null });
  }
  return undefined;
}

/** Maps one record, as the adapter's schema has passed it, to canonical rows. Bad data is an outcome, never an exception. */
export function applyRows(rows: readonly CompiledRow[], record: unknown, context: MappingContext): MappingOutcome {
  const frame = newFrame(record, context);
  const mapped: MappedRecord[] = [];
  let complete: CompleteGroup[] | null = null;
  for (const row of rows) {
    frame.element = record;
    frame.index = 0;
    const result = row.each === null ? runRow(row, frame, mapped) : runEach(row, frame, mapped, (complete ??= []));
    if (result === FAILED) {
      return {
        ok: false,
        problem: { field: frame.field, valueClass: valueClass(frame.raw), rule: frame.rule, code: frame.code },
      };
    }
  }
  return { ok: true, mapped, complete: complete ?? noGroups };
}
