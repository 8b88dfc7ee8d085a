import { tablesFrom } from "#columns";
import { day, samples } from "#model";
import type { Example, Rule } from "./define.ts";
import { type EngineResult, runEngine } from "./engine.ts";

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
  { records, parameters, ...rest }: Example,
  yieldingTo: readonly Rule[] = [],
): EngineResult {
  return runEngine({
    tenant: "0000",
    tables: tablesFrom(records, rest),
    rules: [rule, ...yieldingTo],
    parameters: parameters === undefined ? [] : [{ rule: rule.id, from: 0, values: parameters }],
  });
}
