import { describe, expect, test } from "vitest";
import { tablesFrom } from "#columns";
import { day, samples } from "#model";
import { countClientDays, isFlood } from "#rule";

const { at, sample, sampleMunicipality } = samples;

describe("a flood of findings", () => {
  const night = 10_000;
  /** The fewest findings of a night that are one, after so many in a back-test over as many days of clients. */
  const fewest = (findings: number, clientDays = night) => {
    for (let count = 0; ; count++) if (isFlood(count, { findings, clientDays }, night)) return count;
  };

  test("is more than five times the rate, and much more where the rate rests on little", () => {
    // By hand for 100: (√(5 × 100.375) + 1.96 × √6 ÷ 2)² − 0.375 = (22.402 + 2.401)² − 0.375 = 614.8.
    expect([0, 10, 100, 1000].map((findings) => fewest(findings))).toEqual([20, 92, 615, 5347]);
    // Measured on a tenth of the days, the same rate says less.
    expect(fewest(10, 1000)).toBeGreaterThan(fewest(100));
  });

  test("is never less than twenty, and never without something to measure it against", () => {
    expect(isFlood(19, { findings: 0, clientDays: 1_000_000 }, night)).toBe(false);
    expect(isFlood(20, { findings: 0, clientDays: 1_000_000 }, night)).toBe(true);
    expect(isFlood(5000, { findings: 0, clientDays: 0 }, night)).toBe(false);
    expect(isFlood(5000, { findings: 0, clientDays: 7 }, night)).toBe(false);
  });
});

test("a client's day counts once, whether planned, done or both, and not outside the days asked for", () => {
  const on = (date: string) => ({ start: `${date} 08:00`, end: `${date} 08:30` });
  const tables = tablesFrom(
    [
      ...sampleMunicipality(),
      sample("visits", "v-1", on("2026-10-05")),
      sample("visits", "v-2", { ...on("2026-10-05"), clientId: "C2" }),
      sample("planned-visits", "p-1", on("2026-10-05")),
      sample("planned-visits", "p-2", on("2026-10-06")),
      sample("visits", "v-3", on("2026-10-08")),
    ],
    { asOf: at("2026-11-10 04:30"), period: { from: day("2026-10-01"), through: day("2026-10-31") } },
  );
  expect(countClientDays(tables, day("2026-10-05"), day("2026-10-07"))).toBe(3);
  expect(countClientDays(tables, day("2026-10-01"), day("2026-10-31"))).toBe(4);
});
