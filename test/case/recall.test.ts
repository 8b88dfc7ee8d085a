import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recallOf, type Stratum } from "#case";

const none: Stratum = { size: 0, judged: 0, found: 0 };

describe("recall, told from blind judgements", () => {
  test("weighs each stratum by how many visits it stands for", () => {
    const recall = recallOf({ size: 100, judged: 20, found: 18 }, [{ size: 10_000, judged: 200, found: 1 }]);
    // 90 found, and about 50 missed.
    expect(recall?.value).toBeCloseTo(90 / 140, 6);
    expect(recall!.low).toBeLessThan(0.4);
    expect(recall!.high).toBeGreaterThan(0.85);
  });

  test("is known only where enough was judged in every stratum, and something was found", () => {
    const enough = { size: 100, judged: 20, found: 10 };
    expect(recallOf(enough, [{ size: 1000, judged: 4, found: 0 }])).toBeNull();
    expect(recallOf({ ...enough, found: 0 }, [{ size: 1000, judged: 50, found: 0 }])).toBeNull();
    expect(recallOf(enough, [{ size: 1000, judged: 50, found: 0 }, none])?.value).toBe(1);
    expect(recallOf(none, [{ size: 1000, judged: 50, found: 2 }])).toEqual({ value: 0, low: 0, high: 0 });
  });

  test("lies within its bounds, and they within nothing and all", () => {
    const stratum = fc
      .record({
        size: fc.integer({ min: 1, max: 10_000 }),
        judged: fc.integer({ min: 5, max: 200 }),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .map(({ size, judged, share }) => ({ size, judged, found: Math.round(judged * share) }));
    const property = fc.property(stratum, fc.array(stratum, { maxLength: 3 }), (reported, others) => {
      const recall = recallOf(reported, others);
      if (recall === null) return reported.found === 0 && others.every(({ found }) => found === 0);
      const order = [0, recall.low, recall.value + 1e-9, recall.high + 2e-9, 1 + 3e-9];
      return order.every((bound, index) => index === 0 || order[index - 1]! <= bound);
    });
    expect(fc.check(property).counterexample).toBeNull();
  });
});
