import fc from "fast-check";
import { expect, test } from "vitest";
import { formatOre } from "#model";

test("money is written as Swedish is elsewhere", () => {
  const sek = new Intl.NumberFormat("sv-SE", { style: "currency", currency: "SEK" });
  for (const ore of [0, 5, 99, 100, -1, 99_999, 100_000, -123_456_789])
    expect(formatOre(ore)).toBe(sek.format(ore / 100));
  fc.assert(fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ore) => formatOre(ore) === sek.format(ore / 100)));
});
