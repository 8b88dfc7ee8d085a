import { buildTables, neededFields, type RawColumns, type TableInput, type Tables } from "#columns";
import {
  atMinute,
  type Day,
  daysOfMonth,
  type EntityName,
  entityNames,
  type Instant,
  type Month,
  monthOf,
} from "#model";
import { type Measure, type ParameterVersion, readingPeriod, type RuleException } from "#rule";
import {
  type Database,
  type Known,
  readRawColumns,
  readRefs,
  readSources,
  selectAliases,
  selectExceptions,
  selectMeasures,
  selectOrdersAnswered,
  selectRuleParameters,
  selectSourceFacts,
  selectWarnings,
} from "#store";
import type { ConfiguredSource } from "./pull-sources.ts";

/** Days that are read and compared at once. */
export interface Window {
  from: Day;
  /** Last day, included. */
  through: Day;
}

/** A month with the one before it, as nights read it: the paid days of an absence go on from there. */
export function windowOfMonth(month: Month): Window {
  const { first, last } = daysOfMonth(month);
  return { from: daysOfMonth(monthOf(first - 1)).first, through: last };
}

interface Needs {
  database: Database;
  sources: ReadonlyArray<Pick<ConfiguredSource, "id" | "everyHours">>;
}

/** The moment as of which a night of that day judges: the same at whatever time of the day somebody asks. */
export function nightTime(day: Day, { at }: { at: string }): Instant {
  const [hours = 4, minutes = 30] = at.split(":").map(Number);
  return atMinute(day, hours * 60 + minutes);
}

/** What is known beside the records, the same for every window of a run; with `at`, what was known then. */
export type Surroundings = Awaited<ReturnType<typeof readSurroundings>>;

export async function readSurroundings(needs: Needs, tenantId: string, at?: Instant) {
  const [refs, rest] = await Promise.all([readRefs(needs.database, tenantId), readKnowledge(needs, tenantId, at)]);
  return { refs, ...rest };
}

export type Knowledge = Awaited<ReturnType<typeof readKnowledge>>;

/** As `readSurroundings`, without what references stand for. */
export async function readKnowledge({ database, sources }: Needs, tenantId: string, at?: Instant) {
  const [sourceIds, aliases, warnings, facts, answers, parameters, exceptions] = await Promise.all([
    readSources(database, tenantId),
    selectAliases(database, tenantId, at),
    selectWarnings(database, tenantId),
    selectSourceFacts(database, tenantId, (id) => sources.find((source) => source.id === id)?.everyHours ?? null, at),
    selectOrdersAnswered(database, tenantId, at),
    selectRuleParameters(database, tenantId),
    selectExceptions(database, tenantId),
  ]);
  return {
    sources: sourceIds,
    aliases,
    warnings,
    facts,
    answers,
    parameters: parameterVersions(parameters),
    exceptions: exceptions.map(exceptionOf),
  };
}

/** Reads what the slices of a window need, as it is or as it was known, and builds the tables. */
export async function readTables(...needs: Parameters<typeof readRecords>): Promise<Tables> {
  return buildTables(await readRecords(...needs));
}

/** What tables are built from; it is let go of while they are. */
export async function readRecords(
  { database, sources }: Needs,
  tenantId: string,
  window: Window,
  asOf: Instant,
  { refs, sources: sourceIds, aliases, warnings, facts, answers }: Surroundings,
  known?: Known,
): Promise<TableInput> {
  const then = known === undefined ? {} : { known };
  const { from, through } = readingPeriod(window);
  const raw: Partial<Record<EntityName, RawColumns>> = {};
  const history: typeof raw = {};
  const read = async (entity: EntityName, past = false): Promise<void> => {
    (past ? history : raw)[entity] = await readRawColumns(database, tenantId, entity, {
      fields: neededFields[entity]!,
      fromDay: from,
      throughDay: through,
      history: past,
      // Since when an order line holds is told by its version.
      ranks: past || entity === "order-lines",
      ...then,
    });
  };
  // The longest go first.
  const largest: readonly EntityName[] = ["visits", "planned-visits", "claims"];
  await twoAtATime([
    ...largest.map((entity) => () => read(entity)),
    () => read("planned-visits", true),
    () => read("order-lines", true),
    ...entityNames
      .filter((entity) => neededFields[entity] !== undefined && !largest.includes(entity))
      .map((entity) => () => read(entity)),
  ]);
  return {
    raw,
    history,
    refs,
    sources: sourceIds,
    sourceOrder: sources.map((source) => source.id),
    aliases,
    warnings,
    facts,
    answers,
    asOf,
    period: window,
    release: true,
  };
}

/** The database makes rows of the one ready while those of the other are decoded. */
export async function twoAtATime(reads: ReadonlyArray<() => Promise<void>>): Promise<void> {
  const waiting = [...reads];
  const reader = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  };
  await Promise.all([reader(), reader()]);
}

/** Rules look back over half a year at most. */
export const MEASURES_KEPT_DAYS = 184;

/** What rules measured of the window's months and of those before it. */
export async function readMeasures({ database }: Needs, tenantId: string, window: Window): Promise<Measure[]> {
  return selectMeasures(database, tenantId, {
    from: monthOf(window.from - MEASURES_KEPT_DAYS),
    through: monthOf(window.through),
  });
}

/** Each version holds all that stands from its day on. The name `mode` puts a rule on trial or turns it off. */
export function parameterVersions(set: Awaited<ReturnType<typeof selectRuleParameters>>): ParameterVersion[] {
  const standing = new Map<string, Pick<ParameterVersion, "values" | "mode">>();
  return set.map(({ ruleId, name, value, fromDay }): ParameterVersion => {
    const before = standing.get(ruleId) ?? { values: {} };
    const after =
      name === "mode"
        ? { ...before, mode: value as NonNullable<ParameterVersion["mode"]> }
        : { ...before, values: { ...before.values, [name]: value } };
    standing.set(ruleId, after);
    return { rule: ruleId, from: fromDay, ...after };
  });
}

export function exceptionOf({
  ruleId,
  subject,
  fromDay,
  throughDay,
  reason,
  ended,
}: Awaited<ReturnType<typeof selectExceptions>>[number]): RuleException {
  return {
    rule: ruleId,
    subject: JSON.parse(subject) as RuleException["subject"],
    from: fromDay,
    through: Math.min(throughDay, ended?.throughDay ?? throughDay),
    reason,
  };
}
