import { describe, expect, test } from "vitest";
import { cut, decimalText, mad, median, peerLimit, percentOf, quartiles, tukeyFences } from "#rule";

describe("median and MAD", () => {
  test("of an odd and an even count", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
  test("leave out what is unknown", () => {
    expect(median([NaN, 7, NaN, 1, 4])).toBe(4);
    expect(mad([NaN, 1, 4, 7])).toBe(3);
  });
  test("of nothing are unknown", () => {
    expect(median([])).toBeNaN();
    expect(mad([NaN])).toBeNaN();
  });
  test("are not moved by one odd value", () => {
    expect(median([1, 2, 3, 4, 1_000_000])).toBe(3);
    // Distances from 3: 2, 1, 0, 1, 999 997.
    expect(mad([1, 2, 3, 4, 1_000_000])).toBe(1);
  });
  test("leave the given array as it is", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe("quartiles and Tukey's fences", () => {
  test("are interpolated", () => {
    // Positions 0.75, 1.5 and 2.25 of four values.
    expect(quartiles([1, 2, 3, 4])).toEqual({ q1: 1.75, median: 2.5, q3: 3.25 });
  });
  test("lie three ranges outside the quartiles", () => {
    // Nine values 1…9: quartiles 3 and 7, range 4, fences 3 − 12 and 7 + 12.
    expect(tukeyFences([9, 8, 7, 6, 5, 4, 3, 2, 1])).toEqual({ q1: 3, median: 5, q3: 7, low: -9, high: 19 });
  });
  test("are none for too few values, and unknown values do not count", () => {
    expect(tukeyFences([1, 2, 3, 4, 5, 6, 7])).toBeNull();
    expect(tukeyFences([1, 2, 3, 4, 5, 6, 7, NaN])).toBeNull();
    expect(tukeyFences([1, 2, 3, 4, 5, 6, 7, 8])).not.toBeNull();
  });
});

describe("the limit of peers", () => {
  test("is median and three MAD", () => {
    // Median 4, distances 3 1 0 1 3: MAD 1.
    expect(peerLimit([1, 3, 4, 5, 7], { mads: 3, countMin: 5, madMin: 0.5 })).toEqual({
      count: 5,
      median: 4,
      mad: 1,
      limit: 7,
    });
  });
  test("is none for too few peers", () => {
    expect(peerLimit([1, 3, 4, 5, NaN], { mads: 3, countMin: 5, madMin: 0.5 })).toBeNull();
  });
  test("leaves room where all peers are alike", () => {
    expect(peerLimit([2, 2, 2, 2, 2], { mads: 3, countMin: 5, madMin: 0.5 })).toMatchObject({ mad: 0, limit: 3.5 });
  });
});

describe("shares", () => {
  test("of nothing are unknown", () => {
    expect(percentOf(1, 4)).toBe(25);
    expect(percentOf(0, 0)).toBeNaN();
  });
  test("are cut, never rounded up to a limit", () => {
    expect(cut(59.99)).toBe(59.9);
    expect(cut(0.3 * 100 * 3)).toBe(90);
    expect(cut(-1.29)).toBe(-1.2);
    expect(decimalText(12.56)).toBe("12,5");
    expect(decimalText(40)).toBe("40");
  });
});
