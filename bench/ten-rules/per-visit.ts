import { Engine } from "json-rules-engine";
import { buildTables, rowsOf } from "#columns";
import { runEngine } from "#rule";
import type { Database } from "#store";
import { period, tenant } from "../month.ts";
import { readTenRules, tenRules } from "./klarsyn.ts";
import type { Contender } from "./run.ts";

const perVisitIds = ["end-before-start", "overlong-visit", "late-registration", "visit-after-death"];

/**
 * The rules that look at one visit and its client alone, in both engines over the same columns in memory. It is given
 * every visit as a plain object with what its conditions compare already worked out, which is not timed.
 */
export async function perVisit(database: Database): Promise<Contender> {
  const tables = buildTables(await readTenRules(database));
  const { visits, clients, services } = tables;
  const rules = tenRules.filter(({ id }) => perVisitIds.includes(id));
  const ours: number[] = [];
  let own: string[] = [];
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    const started = performance.now();
    const { findings } = runEngine({ tenant, tables, rules, figures: false });
    ours.push((performance.now() - started) / 1000);
    own = findings.filter(({ status }) => status === "open").map(({ rule, records }) => `${rule} ${records[0]!.id}`);
  }

  const engine = new Engine([], { allowUndefinedFacts: true });
  const performed = { fact: "status", operator: "in", value: ["started", "completed"] };
  const rule = (type: string, all: Array<{ fact: string; operator: string; value: unknown }>): void =>
    void engine.addRule({ conditions: { all }, event: { type } });
  rule("end-before-start", [{ fact: "length", operator: "lessThanInclusive", value: 0 }]);
  rule("overlong-visit", [
    { fact: "minutes", operator: "greaterThan", value: 720 },
    performed,
    { fact: "nightWatch", operator: "equal", value: false },
  ]);
  rule("late-registration", [{ fact: "lateHours", operator: "greaterThan", value: 24 }]);
  rule("visit-after-death", [{ fact: "daysAfterDeath", operator: "greaterThan", value: 1 }, performed]);

  // Every so manieth client with all visits: a sample of at most 20,000 visits.
  const step = Math.max(1, Math.round(visits.count / 20_000));
  const sample: Array<Record<string, unknown> & { id: string }> = [];
  for (let client = 0; client < clients.count; client += step) {
    for (const row of rowsOf(visits.byClient, client)) {
      if (visits.day(row) < period.from || visits.day(row) > period.through) continue;
      const length = visits.end(row) - visits.start(row);
      sample.push({
        id: visits.id(row),
        status: visits.status(row),
        length,
        minutes: Math.round(length / 60_000),
        nightWatch: services.has(visits.services(row), "nightWatch"),
        lateHours: (visits.receivedAt(row) - visits.end(row)) / 3_600_000,
        daysAfterDeath: clients.deceasedOn(client) < 0 ? 0 : visits.day(row) - clients.deceasedOn(client),
      });
    }
  }
  const found: string[] = [];
  const started = performance.now();
  for (const visit of sample) {
    const { events } = await engine.run(visit);
    for (const { type } of events) found.push(`${type} ${visit.id}`);
  }
  const theirs = (performance.now() - started) / 1000;
  const inSample = new Set(sample.map(({ id }) => id));
  const expected = own.filter((one) => inSample.has(one.split(" ")[1]!)).sort();
  if (expected.join("\n") !== found.sort().join("\n"))
    throw new Error(`json-rules-engine found ${found.length}, Klarsyn ${expected.length} of the sample.`);
  const nanoseconds = (of: number, count: number): number => Math.round((of / count) * 1e9);
  return {
    seconds: [theirs],
    parts: {
      theirs: nanoseconds(theirs, sample.length),
      ours: nanoseconds(ours.toSorted((a, b) => a - b)[1]!, visits.count),
    },
    visits: sample.length,
    found,
  };
}
