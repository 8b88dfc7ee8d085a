import { describe, expect, test } from "vitest";
import { contractTerms } from "#model";

/** Paths and messages of what does not fit. */
function problems(terms: unknown): Array<[string, string]> {
  const checked = contractTerms.safeParse(terms);
  return checked.success ? [] : checked.error.issues.map(({ path, message }) => [path.join("."), message]);
}

describe("terms of a contract", () => {
  test("may leave out everything, and say everything", () => {
    expect(problems({})).toEqual([]);
    const all = {
      basis: { default: "performed", larm: "monthly" },
      price: [{ from: "2026-01-01", services: ["omvardnad"], band: "dag", area: "tatort", orePerHour: 48_000 }],
      bands: [{ name: "natt", weekdays: [1, 2, 3, 4, 5, 6, 7], from: "22:00", to: "07:00" }],
      cap: { level: "month", tolerancePercent: 0 },
      rounding: { to: 5, direction: "nearest", per: "visit" },
      standardMinutes: { stad: 96 },
      declined: { percent: { default: 0, omvardnad: 50 }, onlyIfNotifiedWithinHours: 48 },
      noAnswer: { percent: 50 },
      absence: { plannedNoticeDays: 5, unplannedPaidDays: 5, unplannedPaidPercent: [75, 25, 25, 25, 25] },
      death: { paidPercent: [75, 25, 25, 25, 25] },
      doubleStaffing: "onlyIfOrdered",
      household: "divide",
      required: ["start", "end"],
      manual: { allowed: true, reasonRequired: true, maxSharePercent: 20 },
      lengthening: "withReason",
      cutOff: { weekdayOfMonth: 3, time: "12:00" },
      orderConfirm: { hours: 24, weekdaysOnly: true, from: "08:00", to: "17:00" },
      holidays: { eves: true },
      clauses: { "missing-travel-time": "1.12.1" },
    };
    expect(contractTerms.parse(all)).toEqual(all);
    // What a source says is stored as it stands: defaults are not filled in.
    expect(contractTerms.parse({ cap: {} })).toEqual({ cap: {} });
  });

  test("name a key that does not exist, where it stands, and the one that was probably meant", () => {
    expect(problems({ pris: [] })).toEqual([["", 'nyckeln "pris" finns inte, menade du "price"?']]);
    expect(problems({ cap: { tolerancePercnt: 2 } })).toEqual([
      ["cap", 'nyckeln "tolerancePercnt" finns inte, menade du "tolerancePercent"?'],
    ]);
    expect(problems({ bands: [{ name: "natt", from: "22:00", until: "07:00" }] })).toContainEqual([
      "bands.0",
      'nyckeln "until" finns inte',
    ]);
  });

  test("name the place of a value that does not fit", () => {
    const places = (terms: unknown) => problems(terms).map(([path]) => path);
    expect(places({ basis: { default: "perfomed" } })).toEqual(["basis.default"]);
    expect(places({ price: [{ orePerHour: 480.5 }] })).toEqual(["price.0.orePerHour"]);
    expect(places({ price: [{ from: "2026-13-01", orePerHour: 1 }] })).toEqual(["price.0.from"]);
    expect(places({ bands: [{ name: "natt", from: "22", to: "25:00" }] })).toEqual(["bands.0.from", "bands.0.to"]);
    expect(places({ cutOff: { weekdayOfMonth: 0 } })).toEqual(["cutOff.weekdayOfMonth"]);
  });

  test("must make sense together", () => {
    expect(problems({ price: [{ services: ["stad"] }] })).toEqual([
      ["price.0", "ska ha exakt ett av orePerHour, orePerVisit och orePerMonth"],
    ]);
    expect(problems({ basis: { stad: "standard" } })).toEqual([
      ["standardMinutes.stad", "saknas, men insatsen har basis standard"],
    ]);
    // One name may stand for the time outside all bands, not two.
    const bands = [{ name: "natt", from: "22:00", to: "07:00" }];
    const rows = (...names: string[]) => names.map((band) => ({ band, orePerHour: 1 }));
    expect(problems({ bands, price: rows("dag", "natt") })).toEqual([]);
    expect(problems({ bands, price: rows("dag", "nat") })).toEqual([
      ["price.1.band", '"nat" finns inte bland bands, menade du "natt"?'],
    ]);
  });
});
