import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assign } from "../../src/match/assign.ts";

type Edge = readonly [visit: number, plan: number, score: number];

function candidates(visits: number, plans: number, edges: readonly Edge[]) {
  const offsets = [0];
  const plan: number[] = [];
  const score: number[] = [];
  for (let visit = 0; visit < visits; visit++) {
    for (const [of, to, fits] of edges) {
      if (of !== visit) continue;
      plan.push(to);
      score.push(fits);
    }
    offsets.push(plan.length);
  }
  return { visits, plans, offsets, plan, score };
}

/** Every assignment there is. */
function bestTotal(visits: number, edges: readonly Edge[], visit = 0, taken = 0): number {
  if (visit === visits) return 0;
  let best = bestTotal(visits, edges, visit + 1, taken);
  for (const [of, plan, score] of edges) {
    if (of !== visit || (taken & (1 << plan)) !== 0) continue;
    best = Math.max(best, score + bestTotal(visits, edges, visit + 1, taken | (1 << plan)));
  }
  return best;
}

describe("assign", () => {
  test("gives up the best pair where that makes the whole better", () => {
    const edges: Edge[] = [
      [0, 0, 0.9],
      [0, 1, 0.8],
      [1, 0, 0.8],
    ];
    expect([...assign(candidates(2, 2, edges))]).toEqual([1, 0]);
  });

  test("leaves a visit without a plan where there are fewer plans", () => {
    const edges: Edge[] = [
      [0, 0, 0.6],
      [1, 0, 0.9],
    ];
    expect([...assign(candidates(2, 1, edges))]).toEqual([-1, 0]);
  });

  test("reaches the highest total of all assignments, one to one", () => {
    const size = 6;
    const edge = fc.tuple(
      fc.nat(size - 1),
      fc.nat(size - 1),
      fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100),
    );
    const edges = fc.uniqueArray(edge, { selector: ([visit, plan]) => visit * size + plan, maxLength: 20 });
    fc.assert(
      fc.property(edges, (given) => {
        const planOf = [...assign(candidates(size, size, given))];
        const used = planOf.filter((plan) => plan >= 0);
        expect(new Set(used).size).toBe(used.length);
        const total = planOf.reduce(
          (sum, plan, visit) => sum + (given.find(([of, to]) => of === visit && to === plan)?.[2] ?? 0),
          0,
        );
        expect(total).toBeCloseTo(bestTotal(size, given), 9);
      }),
      { numRuns: 500 },
    );
  });
});
