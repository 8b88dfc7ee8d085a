import { expect, test } from "vitest";
import { precisionOf } from "#rule";

test("a rule's precision has the interval that so few judgements allow", () => {
  // Wilson's interval of 8 in 10 by hand: middle (0.8 + 0.19208) ÷ 1.38416, half 1.96 ÷ 1.38416 × √(0.016 + 0.009604).
  const { share } = precisionOf({ confirmed: 8, explained: 2 });
  expect(share?.value).toBe(0.8);
  expect(share?.low).toBeCloseTo(0.4902, 3);
  expect(share?.high).toBeCloseTo(0.9433, 3);
  expect(precisionOf({ confirmed: 10, explained: 0 }).share).toMatchObject({ value: 1, high: 1 });
  expect(precisionOf({ confirmed: 0, explained: 10 }).share).toMatchObject({ value: 0, low: 0 });
});

test("below ten judgements there is none to show", () => {
  expect(precisionOf({ confirmed: 9, explained: 0 })).toEqual({ confirmed: 9, judged: 9, share: null });
});
