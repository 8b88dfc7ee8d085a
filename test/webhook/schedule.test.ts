import { describe, expect, test } from "vitest";
import { HOUR, MINUTE } from "#model";
import { askedPause, breakerPause, noticeAt, PATIENCE_MS, retryAt } from "#webhook";

const even = () => 0.5;
const since = Date.parse("2026-11-02T08:00:00Z");

describe("a delivery that fails", () => {
  test("is tried at once, and after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, then every 12 h for three days", () => {
    const pauses: number[] = [];
    let at: number | null = since;
    for (let attempts = 1; at !== null; attempts++) {
      const next = retryAt({ attempts, since, at }, even);
      if (next !== null) pauses.push((next - at) / MINUTE);
      at = next;
    }
    expect(pauses).toEqual([5 / 60, 5, 30, 120, 300, 600, 720, 720, 720, 720]);
  });

  test("comes back a tenth sooner or later, not all at the same time", () => {
    const at = (random: number) => retryAt({ attempts: 2, since, at: since }, () => random)! - since;
    expect([at(0), at(0.5), at(1)].map((ms) => ms / MINUTE)).toEqual([4.5, 5, 5.5]);
  });

  test("waits as long as the receiver asks, within bounds", () => {
    const asked = (header: string | undefined) => askedPause(header, since);
    expect(asked("120")).toBe(2 * MINUTE);
    expect(asked("Mon, 02 Nov 2026 09:00:00 GMT")).toBe(HOUR);
    expect(asked("999999999")).toBe(12 * HOUR);
    expect(asked("Mon, 02 Nov 2099 09:00:00 GMT")).toBe(12 * HOUR);
    expect(asked("0")).toBe(1000);
    expect(asked("Mon, 02 Nov 2020 09:00:00 GMT")).toBe(1000);
    expect([undefined, "", "soon", "-5", "1.5", "1e9"].map(asked)).toEqual(Array(6).fill(null));
    const next = retryAt({ attempts: 1, since, at: since, askedMs: 2 * HOUR }, even);
    expect(next).toBe(since + 2 * HOUR);
    // Less than the schedule says is not sooner.
    expect(retryAt({ attempts: 2, since, at: since, askedMs: 1000 }, even)).toBe(since + 5 * MINUTE);
  });
});

describe("an endpoint that fails", () => {
  test("is left alone for longer and longer, at most a quarter of an hour", () => {
    const pauses = [0, 4, 5, 6, 7, 10, 11, 12, 100].map((failures) => breakerPause(failures, even));
    expect(pauses.map((ms) => (ms === null ? null : ms / 1000))).toEqual([null, null, 10, 20, 40, 320, 640, 900, 900]);
  });

  test("is noticed when half, seven and nine tenths, and all of its three days have passed", () => {
    const after = (share: number) => noticeAt(since, since + share * PATIENCE_MS);
    expect([0, 0.49, 0.5, 0.69, 0.7, 0.89, 0.9, 0.99, 1, 2].map(after)).toEqual([
      0, 0, 50, 50, 70, 70, 90, 90, 100, 100,
    ]);
  });
});
