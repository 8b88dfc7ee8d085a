import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type SourcedRecord, tablesFrom } from "#columns";
import { day, DAY_MS, samples, stableId } from "#model";
import {
  defineRule,
  type DirtyMark,
  type EngineInput,
  type Finding,
  type Outcome,
  parseSliceKey,
  readingPeriod,
  runEngine,
} from "#rule";
import { rules } from "#rules";

const { at, daily, sample, sampleMunicipality } = samples;
const october = { from: day("2026-10-01"), through: day("2026-10-31") };
const asOf = at("2026-11-10 04:30");

const longVisit = defineRule({
  id: "long-test-visit",
  version: 3,
  level: "indicator",
  scope: "visit",
  title: { sv: "Långt besök", en: "Long visit" },
  why: "Prov.",
  remedy: "Prov.",
  innocent: { doubled: "Dubbelbemanning." },
  reads: ["visits"],
  parameters: z.object({ minutesMax: z.int().default(60) }),
  examples: () => ({ reports: [], accepts: [] }),
  *evaluate({ visits, slice }, { minutesMax }, report) {
    for (const visit of slice.visits) {
      const minutes = visits.minutes(visit);
      if (minutes === 0) report.tooLittleData("sluttid saknas");
      if (minutes <= minutesMax) continue;
      if (visits.doubleStaffing(visit) === true) report.suppressed("doubled", [visit]);
      else yield { records: [visit], minutes, reason: "Långt.", evidence: { "minuter >": [minutes, minutesMax] } };
    }
  },
});

function run(records: readonly SourcedRecord[], more: Partial<EngineInput> = {}) {
  const tables = tablesFrom([...sampleMunicipality(), ...records], { asOf, period: october });
  return runEngine({ tenant: "0192", tables, rules: [longVisit], ...more });
}

const long = (id: string, values: Record<string, unknown> = {}) =>
  sample("visits", id, { start: "08:00", end: "09:30", ...values });

describe("a finding", () => {
  test("says what contract.md says of it", () => {
    const [finding] = run([long("v-1")]).findings;
    expect(finding).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      rule: "long-test-visit",
      version: 3,
      level: "indicator",
      severity: "review",
      mode: "active",
      status: "open",
      period: { from: "2026-10-05", to: "2026-10-05" },
      provider: "P1",
      unit: "U1",
      client: "C1",
      staff: "S1",
      records: [{ entity: "visits", source: "files", id: "v-1" }],
      minutes: 90,
      amountOre: null,
      reason: "Långt.",
      evidence: [{ condition: "minuter >", value: 90, threshold: 60 }],
      suppressed: null,
      slice: "client-month:files/C1:2026-10",
    });
  });

  test("keeps its id while tenant, rule, subject and period are the same", () => {
    const id = (records: readonly SourcedRecord[], more: Partial<EngineInput> = {}) =>
      run(records, more).findings[0]!.id;
    expect(id([long("v-1", { end: "10:00" }), sample("visits", "v-0", { start: "12:00" })])).toBe(id([long("v-1")]));
    expect(id([long("v-1")], { tenant: "0180" })).not.toBe(id([long("v-1")]));
    expect(id([long("v-2")])).not.toBe(id([long("v-1")]));
  });

  test("comes in order of id", () => {
    const ids = run(
      daily(20, (date) => long(`v-${date}`, { start: `${date} 08:00`, end: `${date} 10:00` })),
    ).findings.map((finding) => finding.id);
    expect(ids).toHaveLength(20);
    expect(ids).toEqual(ids.toSorted());
  });

  test("has an id that never changes", () => {
    // printf '["a","bc"]' | sha256sum, with the version and variant of a UUID.
    expect(stableId("a", "bc")).toBe("42a6f3f4-4be0-8af2-bc93-6b1547dd5e41");
    expect(stableId("a", "bc")).not.toBe(stableId("ab", "c"));
  });
});

describe("what is not a finding", () => {
  test("is counted per rule, slice and cause, and a suppressed hit can be listed", () => {
    const { findings, outcomes } = run([
      long("v-1", { doubleStaffing: true }),
      sample("visits", "v-2", { end: undefined }),
    ]);
    const slice = "client-month:files/C1:2026-10";
    expect(outcomes).toEqual([
      { rule: "long-test-visit", slice, kind: "suppressed", cause: "doubled", count: 1 },
      { rule: "long-test-visit", slice, kind: "tooLittleData", cause: "sluttid saknas", count: 1 },
    ]);
    expect(findings).toMatchObject([{ status: "suppressed", suppressed: "doubled", reason: "Dubbelbemanning." }]);
  });

  test("is what ended before the municipality went live", () => {
    const { findings, outcomes } = run([long("v-1")], { goLive: day("2026-10-06") });
    expect(findings).toEqual([]);
    expect(outcomes).toMatchObject([{ kind: "beforeGoLive", count: 1 }]);
    expect(run([long("v-1")], { goLive: day("2026-10-05") }).findings).toHaveLength(1);
  });

  test("is what a person has excepted, until the exception ends", () => {
    const exception = (through: string) => ({
      rule: "long-test-visit",
      subject: { client: "C1", record: { entity: "visits", source: "files", id: "v-1" } },
      from: day("2026-10-01"),
      through: day(through),
      reason: "Överenskommet.",
    });
    const suppressed = run([long("v-1")], { exceptions: [exception("2026-10-05")] });
    expect(suppressed.findings).toMatchObject([{ status: "suppressed", suppressed: "exception: Överenskommet." }]);
    expect(run([long("v-1")], { exceptions: [exception("2026-10-04")] }).findings[0]!.status).toBe("open");
  });
});

describe("parameters", () => {
  test("hold from their day on, in the mode that they name", () => {
    const parameters = (mode: "active" | "shadow" | "off") => [
      { rule: "long-test-visit", from: day("2026-10-01"), values: { minutesMax: 80 }, mode },
      { rule: "long-test-visit", from: day("2026-11-01"), values: { minutesMax: 10 } },
    ];
    const records = [long("v-1"), sample("visits", "v-2", { start: "12:00", end: "13:15" })];
    expect(run(records).findings).toHaveLength(2);
    expect(run(records, { parameters: parameters("shadow") }).findings).toMatchObject([
      { mode: "shadow", minutes: 90 },
    ]);
    expect(run(records, { parameters: parameters("off") }).findings).toEqual([]);
  });

  test("of one day add up to the last that is given", () => {
    const from = day("2026-10-01");
    const parameters = [80, 100].map((minutesMax) => ({ rule: "long-test-visit", from, values: { minutesMax } }));
    expect(run([long("v-1")], { parameters }).findings).toEqual([]);
    expect(run([long("v-1")], { parameters: parameters.toReversed() }).findings).toHaveLength(1);
  });

  test("that change within a month judge single records by their own day, and a month by its first", () => {
    const parameters = [
      { rule: "long-test-visit", from: day("2026-10-10"), values: { minutesMax: 100 } },
      { rule: "long-test-visit", from: day("2026-10-20"), values: {}, mode: "shadow" as const },
      { rule: "long-test-visit", from: day("2026-10-28"), values: {}, mode: "off" as const },
    ];
    const on = (date: string, more: Record<string, unknown> = {}) =>
      long(`v-${date}`, { start: `${date} 08:00`, end: `${date} 09:30`, ...more });
    const dates = ["2026-10-09", "2026-10-10", "2026-10-19", "2026-10-20", "2026-10-27", "2026-10-28"];
    const records = dates.map((date) => on(date));
    const seen = (findings: readonly Finding[]) =>
      findings.map(({ period, mode }) => `${period.from} ${mode}`).toSorted();
    expect(seen(run(records, { parameters }).findings)).toEqual([
      "2026-10-09 active",
      "2026-10-20 shadow",
      "2026-10-27 shadow",
    ]);
    const excused = dates.map((date) => on(date, { doubleStaffing: true }));
    const counted = run([...excused, sample("visits", "v-open", { start: "2026-10-12 08:00", end: undefined })], {
      parameters,
    });
    expect(counted.outcomes.map(({ kind, count }) => `${kind} ${count}`)).toEqual(["suppressed 3", "tooLittleData 1"]);

    const monthly = defineRule({ ...longVisit, subject: "slice" });
    expect(seen(run(records, { rules: [monthly], parameters }).findings)).toEqual(["2026-10-01 active"]);
  });
});

describe("a run over what is dirty", () => {
  const clients = ["C1", "C2", "C3"];
  const staff = ["S1", "S2", "S3", "S4"];

  /** One visit of October or September, somewhere, sometimes odd. */
  const visit = fc
    .record({
      id: fc.nat(30),
      client: fc.constantFrom(...clients),
      member: fc.constantFrom(...staff),
      date: fc.integer({ min: 0, max: 60 }),
      quarter: fc.integer({ min: 28, max: 60 }),
      minutes: fc.constantFrom(0, 10, 30, 90),
      status: fc.constantFrom("completed", "declined"),
      proof: fc.constantFrom("lock", "manual", undefined),
      version: fc.nat(3),
    })
    .map(({ id, client, member, date, quarter, minutes, status, proof, version }) => {
      const start = at("2026-09-01 00:00") + date * DAY_MS + quarter * 15 * 60_000;
      const values = {
        clientId: client,
        staffId: member,
        unitId: member === "S4" ? "U2" : "U1",
        start,
        end: minutes === 0 ? undefined : start + minutes * 60_000,
        status,
        startProof: proof,
        endProof: proof,
      };
      return sample("visits", `v-${id}`, values, { version });
    });

  test("finds and counts the same as one over everything", () => {
    const period = { from: day("2026-09-01"), through: day("2026-10-31") };
    const plans = daily(20, (date, position) =>
      sample("planned-visits", `p-${position}`, { start: `${date} 08:00`, clientId: clients[position % 3] }),
    );
    const base = [...sampleMunicipality(), ...plans];
    const evaluate = (records: readonly SourcedRecord[], evaluated: EngineInput["evaluate"]) => {
      const tables = tablesFrom([...base, ...records], { asOf, period });
      return runEngine({
        tenant: "0192",
        tables,
        rules: [...rules, longVisit],
        ...(evaluated && { evaluate: evaluated }),
      });
    };
    fc.assert(
      fc.property(
        fc.array(visit, { maxLength: 25 }),
        fc.array(visit, { minLength: 1, maxLength: 3 }),
        (before, changes) => {
          const first = evaluate(before, "all");
          const after = [...before, ...changes];
          const full = evaluate(after, "all");
          const touched = [
            ...changes,
            ...before.filter((old) => changes.some((change) => change.record.id === old.record.id)),
          ];
          const part = evaluate(after, { since: asOf, marks: touched.flatMap(marksOf) });
          const merge = <T extends { slice: string }>(stored: readonly T[], made: readonly T[]): T[] => [
            ...stored.filter((one) => !part.covers(one.slice)),
            ...made,
          ];
          expect(merge<Finding>(first.findings, part.findings).sort(byId)).toEqual(full.findings);
          expect(merge<Outcome>(first.outcomes, part.outcomes).map(key).sort()).toEqual(full.outcomes.map(key).sort());
          expect(merge(first.settlement, part.settlement).map(key).sort()).toEqual(full.settlement.map(key).sort());
        },
      ),
      { numRuns: 60 },
    );
  });

  function marksOf({ source, record }: SourcedRecord): DirtyMark[] {
    const { clientId, staffId, start } = record.values as { clientId: string; staffId: string; start: number };
    const on = Math.floor((start + 2 * 3_600_000) / DAY_MS);
    const days = { from: on, through: on };
    return [
      { kind: "client", source, id: clientId, days },
      { kind: "staff", source, id: staffId, days },
    ];
  }
  const byId = (a: Finding, b: Finding): number => (a.id < b.id ? -1 : 1);
  const key = (value: unknown): string => JSON.stringify(value);

  test("looks again at everybody whom a silence excused that late records have filled", () => {
    // Forty visits a day, received as they end; on the 13th nothing from nine to one, though C2 had a plan.
    const days = daily(28, () => sample("visits", "none")).flatMap((_, date) =>
      Array.from({ length: 40 }, (_unused, n) => {
        const start = at("2026-10-01 07:00", date * 1440 + n * 20 + (date >= 24 ? 60 : 0));
        const values = {
          clientId: n % 2 === 0 ? "C1" : "C3",
          start,
          end: start + 900_000,
          receivedAt: start + 900_000,
        };
        return sample("visits", `v-${date}-${n}`, values);
      }),
    );
    const [from, until] = [at("2026-10-13 08:50"), at("2026-10-13 13:10")];
    const lost = ({ record }: SourcedRecord) => {
      const received = Number(record.values["receivedAt"]);
      return received > from && received < until;
    };
    const plan = sample("planned-visits", "p-1", {
      clientId: "C2",
      start: "2026-10-13 10:00",
      end: "2026-10-13 10:30",
    });
    const base = [...sampleMunicipality(), plan];
    const evaluate = (records: readonly SourcedRecord[], evaluated: EngineInput["evaluate"]) => {
      const tables = tablesFrom([...base, ...records], { asOf: at("2026-12-10 04:30"), period: october });
      const missed = rules.filter(({ id }) => id === "missed-visit");
      return runEngine({ tenant: "0192", tables, rules: missed, ...(evaluated && { evaluate: evaluated }) }).findings;
    };
    expect(
      evaluate(
        days.filter((record) => !lost(record)),
        "all",
      ).filter(({ status }) => status === "open"),
    ).toEqual([]);
    const marks: DirtyMark[] = ["C1", "C3"].map((id) => {
      const thirteenth = day("2026-10-13");
      return { kind: "client", source: "files", id, days: { from: thirteenth, through: thirteenth } };
    });
    const since = at("2026-12-09 04:30");
    expect(evaluate(days, { since, marks })).toEqual(evaluate(days, "all"));
    expect(evaluate(days, "all")).toMatchObject([{ rule: "missed-visit", client: "C2", status: "open" }]);
  });

  test("leaves what nobody touched, and looks again at what the clock may have changed", () => {
    const records = [long("v-1"), long("v-2", { clientId: "C2", staffId: "S2" })];
    const since = (text: string, marks: DirtyMark[] = []) => run(records, { evaluate: { since: at(text), marks } });
    expect(since("2026-11-09 04:30").findings).toEqual([]);
    expect(since("2026-10-31 04:30").findings).toHaveLength(2);
    const mark: DirtyMark = { kind: "client", source: "files", id: "C2", days: null };
    const part = since("2026-11-09 04:30", [mark]);
    expect(part.findings).toMatchObject([{ client: "C2" }]);
    expect(part.covers("client-month:files/C2:2026-10")).toBe(true);
    expect(part.covers("client-month:files/C1:2026-10")).toBe(false);
    expect(part.covers("client-month:files/C2:2026-09")).toBe(false);
    expect(part.covers("client-month:nobody/now:2026-10")).toBe(true);
  });
});

describe("the whole result", () => {
  test("is the same in whatever order records arrive, and however sources and references are numbered", () => {
    const twin = (id: string, source: string) =>
      sample(
        "visits",
        id,
        { clientId: "pid:a1", staffId: "pid:b1", start: "09:00", end: "09:45" },
        { source, version: 1 },
      );
    const records = [
      sample("clients", "C1", { personalIdentityNumber: "a1" }, { version: 1 }),
      sample("staff", "S1", { personalIdentityNumber: "b1" }, { version: 1 }),
      twin("x", "lifecare"),
      twin("y", "phoniro"),
      ...["p-1", "p-2", "p-3"].map((id) => sample("planned-visits", id, { start: "09:10", staffId: undefined })),
      ...["v-1", "v-2", "v-3"].map((id) => long(id, { start: "09:10", end: "10:40" })),
      long("v-4", { clientId: "C2", start: "09:10", end: "10:40" }),
      sample("claims", "c-1", { from: "2026-10-05", to: "2026-10-07", minutes: 300 }),
    ];
    const municipality = sampleMunicipality().filter(({ record }) => !["C1", "S1"].includes(record.id));
    const all = [...municipality, ...records];
    const result = (given: readonly SourcedRecord[]) => {
      const tables = tablesFrom(given, { asOf, period: october });
      const { findings, outcomes, settlement } = runEngine({ tenant: "0192", tables, rules: [...rules, longVisit] });
      return { findings, outcomes, settlement };
    };
    const expected = result(all);
    expect(expected.findings.length).toBeGreaterThan(3);
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
        const { settlement, ...rest } = result(shuffled);
        expect(rest).toEqual({ findings: expected.findings, outcomes: expected.outcomes });
        expect(settlement).toEqual(expected.settlement);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a rule that asks at two intensities", () => {
  test("has findings of its own for each, by the same parameters and under one id", () => {
    const both = defineRule({
      ...longVisit,
      parameters: z.object({ minutesMax: z.int().default(60) }),
      also: {
        *"unit-month"({ visits, slice }, { minutesMax }) {
          const rows = [...slice.visits].filter((row) => visits.minutes(row) > minutesMax);
          if (rows.length > 1) yield { records: rows, reason: "Långa.", evidence: { "besök >": [rows.length, 1] } };
        },
      },
    });
    const records = [
      long("v-1", { start: "08:00", end: "09:30" }),
      long("v-2", { clientId: "C2", start: "10:00", end: "11:30" }),
    ];
    const seen = (more: Partial<EngineInput> = {}) =>
      run(records, { rules: [both], ...more })
        .findings.map(({ rule, version, unit, records: on, period }) => [rule, version, unit, on.length, period.to])
        .toSorted((a, b) => Number(a[3]) - Number(b[3]));
    expect(seen()).toEqual([
      ["long-test-visit", 3, "U1", 1, "2026-10-05"],
      ["long-test-visit", 3, "U1", 1, "2026-10-05"],
      ["long-test-visit", 3, "U1", 2, "2026-10-31"],
    ]);
    const patient = [{ rule: "long-test-visit", from: day("2026-01-01"), values: { minutesMax: 90 } }];
    expect(seen({ parameters: patient })).toEqual([]);
  });
});

describe("rules about pairs", () => {
  const pairRule = (id: string, yieldsTo: string[], scope: "staff-day" | "client-day" = "staff-day") =>
    defineRule({
      ...longVisit,
      id,
      scope,
      yieldsTo,
      reads: ["visits"],
      parameters: z.object({}),
      *evaluate({ slice }, _, report) {
        const [a, b] = slice.visits;
        if (a === undefined || b === undefined || report.reported(a, b)) return;
        yield { records: [a, b], reason: "Par.", evidence: { par: true } };
      },
    });

  test("report a pair once, by the rule that comes first, whatever the order of the rules", () => {
    const records = [sample("visits", "v-1"), sample("visits", "v-2", { start: "08:01" })];
    const all = [pairRule("a", ["b", "c"]), pairRule("b", ["c"]), pairRule("c", [], "client-day")];
    expect(run(records, { rules: all }).findings.map((finding) => finding.rule)).toEqual(["c"]);
    expect(run(records, { rules: all.slice(0, 2).toReversed() }).findings.map((finding) => finding.rule)).toEqual([
      "b",
    ]);
    const shadow = [{ rule: "c", from: 0, values: {}, mode: "shadow" as const }];
    expect(
      run(records, { rules: all, parameters: shadow })
        .findings.map((finding) => finding.rule)
        .sort(),
    ).toEqual(["b", "c"]);
  });
});

describe("slices", () => {
  test("are read whole: full months and two days on either side", () => {
    const { from, through } = readingPeriod({ from: day("2026-10-15"), through: day("2026-11-02") });
    expect([from, through]).toEqual([day("2026-09-29"), day("2026-12-02")]);
  });

  test("have keys that can be read back", () => {
    expect(parseSliceKey("staff-day:pid:ab:2026-10-05")).toEqual({
      walk: "staff-day",
      subject: "pid:ab",
      from: day("2026-10-05"),
      through: day("2026-10-05"),
    });
    expect(parseSliceKey("provider-month:files/P1:2026-02")).toMatchObject({ through: day("2026-02-28") });
    expect(parseSliceKey("nonsense")).toBeNull();
  });
});

describe("a source that was silent", () => {
  test("has its month evaluated again, since one late record tells that it was heard after all", () => {
    const arrivals = [0, 1, 2, 40, 41].map((hours) => ({ at: at("04:00") + hours * 3_600_000, records: 2 }));
    const tables = tablesFrom(
      [
        ...sampleMunicipality(),
        long("v-1"),
        long("v-2", { clientId: "C2", start: "2026-09-20 08:00", end: "2026-09-20 09:30" }),
      ],
      {
        asOf,
        period: { from: day("2026-09-01"), through: day("2026-10-31") },
        facts: [{ source: "files", everyHours: 1, arrivals: [...arrivals, ...hourlyUntil(asOf)] }],
      },
    );
    const { covers } = runEngine({ tenant: "0192", tables, rules: [longVisit], evaluate: { since: asOf, marks: [] } });
    expect(covers("client-month:files/C1:2026-10")).toBe(true);
    expect(covers("client-month:files/C1:2026-09")).toBe(false);
  });

  const hourlyUntil = (end: number) => {
    const first = at("04:00") + 42 * 3_600_000;
    return Array.from({ length: Math.floor((end - first) / 3_600_000) + 1 }, (_, hour) => ({
      at: first + hour * 3_600_000,
      records: 1,
    }));
  };
});

describe("what rules remember of a month", () => {
  const counting = defineRule({
    id: "more-visits-than-before",
    version: 1,
    level: "pattern",
    scope: "client-month",
    title: { sv: "Fler besök", en: "More visits" },
    why: "–",
    remedy: "–",
    innocent: {},
    reads: ["measures"],
    parameters: z.object({}),
    examples: () => ({ reports: [], accepts: [] }),
    *evaluate({ measures, slice }, _, report) {
      report.measure("visits", slice.visits.length);
      const before = measures.of("visits", 1);
      if (Number.isNaN(before)) report.tooLittleData("månaden före");
      else if (slice.visits.length > before) yield { records: [], reason: `${before}`, evidence: {} };
    },
  });
  const on = (date: string) => sample("visits", `v-${date}`, { start: `${date} 08:00` });
  const period = { from: day("2026-09-01"), through: day("2026-10-31") };
  const tablesOf = (...dates: string[]) =>
    tablesFrom([...sampleMunicipality(), ...dates.map(on)], { asOf: at("2026-11-10 04:30"), period });
  const run = (tables: ReturnType<typeof tablesFrom>, more: object = {}) =>
    runEngine({ tenant: "0000", tables, rules: [counting], ...more });

  test("is there for the months after it, in the same run and in the next", () => {
    const both = run(tablesOf("2026-09-07", "2026-10-05", "2026-10-06"));
    expect(both.findings.map(({ client, reason, period: { from } }) => [client, from, reason])).toEqual([
      ["C1", "2026-10-01", "1"],
    ]);
    const next = tablesFrom([...sampleMunicipality(), on("2026-10-05"), on("2026-10-06")], {
      asOf: at("2026-11-10 04:30"),
      period: { from: day("2026-10-01"), through: day("2026-10-31") },
    });
    expect(run(next, { measures: both.measures }).findings).toEqual(both.findings);
    expect(run(next).findings).toEqual([]);
  });

  test("a change in one month is seen in the next, though nothing of the next was touched", () => {
    const before = run(tablesOf("2026-09-07", "2026-10-05", "2026-10-06"));
    const after = tablesOf("2026-09-07", "2026-09-08", "2026-10-05", "2026-10-06");
    const september = day("2026-09-08");
    const dirty = run(after, {
      measures: before.measures,
      evaluate: {
        since: at("2026-12-20 04:30"),
        marks: [{ kind: "client", source: "files", id: "C1", days: { from: september, through: september } }],
      },
    });
    const october = before.findings[0]!;
    expect(dirty.covers(october.slice)).toBe(true);
    expect(dirty.findings).toEqual([]);
    expect(run(after).findings).toEqual([]);
  });
});
