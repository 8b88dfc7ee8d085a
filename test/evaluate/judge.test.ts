import { describe, expect, test } from "vitest";
import type { Rule } from "#rule";
import type { Finding } from "#store";
import { type Label, makeWorld } from "#synthetic";
import { judge } from "../../bench/evaluate/judge.ts";
import { limitsOf, totalsOf, wilson } from "../../bench/evaluate/report.ts";

const world = makeWorld({ seed: 1, clients: 30, through: "2026-09-14" });
const [client] = world.clients;
const days = { from: "2026-09-02", through: "2026-09-02" };
const visit = (id: string) => ({ entity: "visits" as const, source: "files" as const, id });
const label = (planted: boolean, id: string, more: Partial<Label> = {}): Label => ({
  rule: "r",
  planted,
  what: id,
  client: client!.id,
  records: [visit(id)],
  ...days,
  ...more,
});
const day = Date.UTC(2026, 8, 2) / 86_400_000;
const finding = (ruleId: string, id: string, minutes = 0) =>
  ({
    id: `${ruleId}-${id}`,
    ruleId,
    severity: "hold",
    level: "error",
    slice: "",
    fromDay: day,
    throughDay: day,
    client: client!.ids.files ?? null,
    staff: null,
    unit: null,
    provider: null,
    records: [visit(id)],
    minutes,
    amountOre: null,
    reason: "",
  }) as unknown as Finding;
const rule = (id: string) => ({ id, level: "error" }) as Rule;

const scoreOf = (labels: Label[], findings: Finding[]) =>
  judge({ ...world, labels }, findings, [rule("r"), rule("q")], []);

describe("judge", () => {
  test("counts what was found, missed, wrong and beside the point", () => {
    const score = scoreOf(
      [label(true, "1", { minutes: 20, intensity: "month" }), label(true, "2"), label(false, "3")],
      [finding("r", "1", 12), finding("r", "3"), finding("q", "1"), finding("q", "9")],
    );
    const { r, q } = score.rules;
    expect(r).toMatchObject({
      planted: 2,
      found: 1,
      false: 1,
      twins: 1,
      accused: 1,
      minutesPlanted: 20,
      minutesFound: 12,
    });
    expect(r!.by).toMatchObject({ visit: { planted: 1, found: 0 }, month: { planted: 1, found: 1 } });
    // The one rests on what was planted for the other rule; its other one is nobody's, on a client otherwise touched.
    expect(q).toMatchObject({ planted: 0, false: 0, side: 2 });
    expect(score.first).toEqual({ shown: 4, real: 3 });
  });

  test("asks of optional consequences nothing, and takes them as true", () => {
    const score = scoreOf([label(true, "1", { optional: true })], []);
    expect(score.rules["r"]).toMatchObject({ planted: 0, found: 0 });
    const seen = scoreOf([label(true, "1", { optional: true })], [finding("r", "1")]);
    expect(seen.rules["r"]).toMatchObject({ planted: 0, false: 0 });
  });

  test("plays a documented case at its strongest", () => {
    const played = { case: "tag moved from the home" } as const;
    const score = scoreOf(
      [label(true, "1", { intensity: "unit", ...played }), label(true, "2", played)],
      [finding("r", "1")],
    );
    expect(score.cases["tag moved from the home"]).toMatchObject({ planted: 1, found: 1, twins: 0 });
  });
});

describe("limits", () => {
  const limits = (labels: Label[], findings: Finding[]) => {
    const seeds = [{ seed: 1, seconds: 0, ...scoreOf(labels, findings) }];
    const levels = new Map([["r", "error"]] as const);
    return limitsOf(totalsOf({ command: "", seeds, levels })).map(({ holds }) => holds);
  };

  test("fail where an error rule misses or accuses, and where a twin of a case is accused", () => {
    expect(limits([label(true, "1")], [finding("r", "1")])).not.toContain(false);
    expect(limits([label(true, "1")], []).filter((holds) => !holds)).toHaveLength(1);
    const twin = label(false, "1", { case: "tag moved from the home" });
    const other = label(true, "2", { case: "tag moved from the home" });
    // The rule is wrong, and so is the case.
    expect(limits([twin, other], [finding("r", "1"), finding("r", "2")]).filter((holds) => !holds)).toHaveLength(2);
  });
});

test("Wilson's interval", () => {
  // Worked by hand: 8 of 10.
  const { low, high } = wilson(8, 10);
  expect(low).toBeCloseTo(0.49, 2);
  expect(high).toBeCloseTo(0.943, 2);
  expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  expect(wilson(5, 5).high).toBe(1);
});
