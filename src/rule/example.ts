import { tablesFrom, type Tables, type Warning } from "#columns";
import { day, samples } from "#model";
import type { Example, Rule, Scope } from "./define.ts";
import { type EngineResult, runEngine } from "./engine.ts";
import { sliceKey } from "./slices.ts";

/**
 * Records for a rule's examples, added to those of the sample municipality: October 2026, seen on 10 November.
 * A record with the id of one of its records replaces it.
 */
export function example(
  records: readonly samples.SampleRecord[],
  more: Partial<Omit<Example, "records">> = {},
): Example {
  return {
    records: [...samples.sampleMunicipality(), ...records],
    asOf: samples.at("2026-11-10 04:30"),
    period: { from: day("2026-10-01"), through: day("2026-10-31") },
    ...more,
  };
}

/** What the rule says of an example. `yieldingTo` are rules that come before it. */
export function runExample(
  rule: Rule,
  { records, parameters, earlier = [], ...rest }: Example,
  yieldingTo: readonly Rule[] = [],
): EngineResult {
  const tables = tablesFrom(records, rest);
  return runEngine({
    tenant: "0000",
    tables,
    measures: earlier.map(({ who, month, name, value }) => ({
      rule: rule.id,
      slice: sliceKey(rule.scope, keyOf(tables, rule.scope, who), day(`${month}-01`)),
      name,
      value,
    })),
    rules: [rule, ...yieldingTo],
    parameters: parameters === undefined ? [] : [{ rule: rule.id, from: 0, values: parameters }],
  });
}

function keyOf({ clients, staff, units, providers }: Tables, scope: Scope, who: string): string {
  const people = scope.startsWith("staff")
    ? staff
    : scope === "unit-month"
      ? units
      : scope === "provider-month"
        ? providers
        : clients;
  const code = people.find(`files/${who}`);
  if (code < 0) throw new RangeError(`The example has no ${who}.`);
  return people.key(code);
}

/** C1's visit is planned from 08:00 for so many minutes, and registered with so many. */
export function plannedVisit(
  minutes: number,
  planned: number,
  more: readonly samples.SampleRecord[] = [],
  visit: Record<string, unknown> = {},
): Example {
  const { sample, at } = samples;
  return example([
    sample("planned-visits", "p-1", { start: "08:00", end: at("08:00", planned) }),
    sample("visits", "v-1", { start: "08:00", end: at("08:00", minutes), plannedVisitId: "p-1", ...visit }),
    ...more,
  ]);
}

/** The visit began, without a zone, in the hour that comes twice: it may have begun an hour earlier or later. */
export function ambiguousStart(id: string): Warning {
  return { code: "ambiguous-time", source: "files", entity: "visits", id, field: "start", value: null, day: null };
}
