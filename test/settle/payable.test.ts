import { describe, expect, test } from "vitest";
import { day, formatLocal, samples } from "#model";
import { contract, line, only, price, settle, statement, visit } from "./statement.ts";

const { at, daily, sample } = samples;

/*
 * The sample line grants 30 minutes a day: 31 × 30 = 930 in October 2026. An hour costs 480 kronor: 800 öre a minute.
 * The 5th of October is a Monday. Statements show minutes by step; every calculation stands beside what it gives.
 */

const thirty = line();
const long = line({ minutes: 600 });
const planned = (id: string, start: string, end: string, values: Record<string, unknown> = {}) =>
  sample("planned-visits", id, { start, end, ...values });

describe("worked examples", () => {
  test("1: 29 registered minutes are rounded to 30", () => {
    // 08:04–08:33 = 29; nearest 5 = 30; 30 × 800 = 24,000 öre.
    const rounding = { to: 5, direction: "nearest", per: "visit" };
    const row = only([contract({ rounding }), thirty, planned("p", "08:00", "08:30"), visit("v", "08:04", "08:33")]);
    expect(row).toMatchObject({ payable: 30, ore: 24_000, steps: { registered: 29, rounding: 1 } });
    expect(row.visits).toEqual([
      {
        kind: "visit",
        visit: "v",
        steps: [
          ["registered", 29],
          ["rounding", 1],
        ],
        bands: [[null, 30, 24_000]],
      },
    ]);
  });

  test("2: a night visit is divided at 07:00 and counted on the day on which it began", () => {
    // 23:55–07:00 = 425 minutes at 600 kronor: 425,000 öre; 07:00–07:10 = 10 minutes at 480 kronor: 8,000 öre.
    const terms = {
      cap: { level: "none" },
      bands: [{ name: "natt", from: "22:00", to: "07:00" }],
      price: [{ orePerHour: 48_000 }, { band: "natt", orePerHour: 60_000 }],
    };
    const row = only([contract(terms), thirty, visit("v", "2026-10-05 23:55", "2026-10-06 07:10")]);
    expect(row.days).toEqual({ "2026-10-05": [10, 8_000], "2026-10-05 natt": [425, 425_000] });
    expect(row).toMatchObject({ registered: 435, payable: 435, ore: 433_000 });
  });

  test("3: two ordered staff are paid for the time that each was there", () => {
    // 10:00–10:40 = 40 and 10:06–10:34 = 28.
    const records = [
      contract({ cap: { level: "none" } }),
      line({ minutes: 40, staffing: 2 }),
      visit("a", "10:00", "10:40"),
      visit("b", "10:06", "10:34", { staffId: "S2" }),
    ];
    expect(only(records)).toMatchObject({ payable: 68, steps: { registered: 68 } });
    // A third person is one more than ordered: only 10:34–10:36 has a free slot.
    expect(only([...records, visit("c", "10:08", "10:36", { staffId: "S3" })])).toMatchObject({
      payable: 70,
      steps: { registered: 96, overlap: -26 },
    });
  });

  test("7: time that an edit takes away is gone", () => {
    const edited = { originalStart: at("08:00"), originalEnd: at("08:45") };
    expect(only([contract(), long, visit("v", "08:00", "08:38", edited)])).toMatchObject({
      payable: 38,
      steps: { registered: 38 },
    });
  });

  test("8: both nights on which the clocks change are measured in elapsed time, also by band", () => {
    const terms = {
      cap: { level: "none" },
      bands: [{ name: "natt", from: "22:00", to: "03:00" }],
      price: [{ orePerHour: 60_000 }, { band: "natt", orePerHour: 120_000 }],
    };
    // 25 October: 01:30–03:00 with the hour 02–03 twice = 150 minutes, 03:00–03:30 = 30.
    const october = only([contract(terms), thirty, visit("v", "2026-10-25 01:30", "2026-10-25 03:30")]);
    expect(october).toMatchObject({
      payable: 180,
      days: { "2026-10-25": [30, 30_000], "2026-10-25 natt": [150, 300_000] },
    });
    // 29 March: 01:30–02:00 = 30 minutes, then it is 03:00: 03:00–03:30 = 30.
    const march = only([contract(terms), thirty, visit("v", "2026-03-29 01:30", "2026-03-29 03:30")], {
      month: "2026-03",
    });
    expect(march).toMatchObject({
      payable: 60,
      days: { "2026-03-29": [30, 30_000], "2026-03-29 natt": [30, 60_000] },
    });
  });

  test("9: of an unplanned absence from 28 April five days are paid, also those in May", () => {
    const absence = { unplannedPaidDays: 5, plannedNoticeDays: 5 };
    const records = [
      contract({ absence }),
      thirty,
      sample("absences", "a", { from: "2026-04-28", to: "2026-05-10", notifiedAt: at("2026-04-27 10:00") }),
    ];
    const april = only(records, { month: "2026-04" });
    const may = only(records, { month: "2026-05" });
    expect(april).toMatchObject({ payable: 90, steps: { registered: 0, absence: 90 } });
    expect(Object.keys(april.days)).toEqual(["2026-04-28", "2026-04-29", "2026-04-30"]);
    expect(Object.keys(may.days)).toEqual(["2026-05-01", "2026-05-02"]);
    expect(may).toMatchObject({ payable: 60, fee: 0 });
  });
});

describe("basis", () => {
  test("performed: what was registered", () => {
    expect(only([contract(), thirty, visit("v", "08:00", "08:25")])).toMatchObject({
      payable: 25,
      ore: 20_000,
      steps: { registered: 25 },
    });
  });

  test("standard: the contract's own minutes for each completed visit", () => {
    // 100 + 80 registered; 2 × 96 = 192; 192 × 800 = 153,600 öre. A visit that goes on within the plan is no other visit.
    const records = [
      contract({ basis: { stad: "standard" }, standardMinutes: { stad: 96 } }),
      line({ service: "stad", minutes: 120, times: 1, per: "week" }),
      planned("p", "2026-10-13 09:00", "2026-10-13 10:30", { services: ["stad"] }),
      visit("v-1", "2026-10-06 09:00", "2026-10-06 10:40", { services: ["stad"] }),
      visit("v-2", "2026-10-13 09:00", "2026-10-13 10:20", { services: ["stad"] }),
    ];
    expect(only(records)).toMatchObject({
      payable: 192,
      ore: 153_600,
      fee: 180,
      steps: { registered: 180, basis: 12 },
    });
    const goesOn = visit("v-3", "2026-10-13 10:25", "2026-10-13 10:35", { services: ["stad"] });
    expect(only([...records, goesOn])).toMatchObject({ payable: 192, steps: { registered: 190, basis: 2 } });
  });

  test("standard: a duplicate registration gives no time of its own, and half an overlap half of it", () => {
    const records = [
      contract({ basis: { default: "standard" }, standardMinutes: { omvardnad: 40 }, cap: { level: "none" } }),
      thirty,
      visit("v-1", "08:00", "08:30"),
      visit("v-2", "08:00", "08:30", { staffId: "S2" }),
      // 15 of 30 minutes overlap: 20 of 40.
      visit("v-3", "08:15", "08:45", { staffId: "S3" }),
    ];
    // 90 registered, 30 + 15 overlap, 45 left count as 40 + 20 = 60.
    expect(only(records)).toMatchObject({ payable: 60, steps: { registered: 90, overlap: -45, basis: 15 } });
  });

  test("granted: what is granted less absence, whoever came", () => {
    // 930 − 3 days × 30 = 840; registered 60; 840 × 800 = 672,000 öre. The client is charged for what was performed.
    const row = only([
      contract({ basis: { default: "granted" } }),
      thirty,
      visit("v-1", "08:00", "08:30"),
      visit("v-2", "2026-10-06 08:00", "2026-10-06 08:30"),
      sample("absences", "a", { from: "2026-10-10", to: "2026-10-12" }),
    ]);
    expect(row).toMatchObject({ payable: 840, ore: 672_000, fee: 60, steps: { registered: 60, basis: 780 } });
    expect(row.days["2026-10-11"]).toBeUndefined();
    expect(row.days["2026-10-13"]).toEqual([30, 24_000]);
  });

  test("perVisit: a price for each visit, in proportion to what of it is payable", () => {
    const terms = { basis: { omvardnad: "perVisit" }, price: [{ orePerVisit: 15_000 }] };
    const records = [
      contract(terms),
      thirty,
      visit("v-1", "08:00", "08:20"),
      visit("v-2", "2026-10-06 08:00", "2026-10-06 08:25"),
    ];
    // 2 × 150 kronor; the minutes stay as they are.
    expect(only(records)).toMatchObject({ payable: 45, ore: 30_000, steps: { registered: 45 } });
    // 30 minutes are granted in all: 20 of the first, 10 of the 25 of the second: 15,000 + 6,000 öre.
    const once = line({ minutes: 30, per: "month" });
    expect(only([...records, once])).toMatchObject({ payable: 30, ore: 21_000, steps: { registered: 45, cap: -15 } });
  });

  test("monthly: a price for the month, in proportion to the days of line and contract", () => {
    // From 16 October 16 of 31 days: 310.00 × 16 ÷ 31 = 160.00 kronor; the alarm visit's minutes stay beside it.
    const row = only([
      contract({ basis: { larm: "monthly" }, price: [{ orePerMonth: 31_000 }] }, { validFrom: "2026-10-16" }),
      line({ service: "larm" }),
      visit("v", "2026-10-20 08:00", "2026-10-20 08:10", { services: ["larm"] }),
    ]);
    expect(row).toMatchObject({ payable: 10, ore: 16_000 });
    expect(row.days).toEqual({ "2026-10-16": [0, 16_000], "2026-10-20": [10, 0] });
    expect(row.visits.map(({ kind, bands }) => [kind, bands])).toEqual([
      ["monthly", [[null, 0, 16_000]]],
      ["visit", [[null, 10, 0]]],
    ]);
    // Also where nobody comes, and the line grants no minutes.
    const silent = only([
      contract({ basis: { larm: "monthly" }, price: [{ orePerMonth: 31_000 }] }),
      line({ service: "larm", minutes: 0 }),
    ]);
    expect(silent).toMatchObject({ registered: 0, payable: 0, ore: 31_000 });
  });

  test("differs from service to service", () => {
    const terms = { basis: { stad: "standard" }, standardMinutes: { stad: 96 } };
    const rows = statement([
      contract(terms),
      thirty,
      line({ service: "stad", minutes: 100, per: "week" }, "o-1-2"),
      visit("v-1", "08:00", "08:30"),
      visit("v-2", "10:00", "11:00", { services: ["stad"] }),
    ]);
    expect(Object.fromEntries(rows.map(({ line: id, payable }) => [id, payable]))).toEqual({
      "o-1-1": 30,
      "o-1-2": 96,
    });
  });
});

describe("price", () => {
  const oreOf = (rows: object[], addresses?: object[]) =>
    only([
      contract({ price: rows, bands: [{ name: "kväll", from: "17:00", to: "22:00" }] }),
      line({ partOfDay: "evening" }),
      visit("v", "18:00", "18:30"),
      ...(addresses === undefined ? [] : [sample("clients", "C1", { addresses })]),
    ]).ore;
  const home = [{ ...samples.home("B-1"), area: "tätort" }];

  test("the row that names most of service, band and area wins, then the later one", () => {
    const rows = [
      { orePerHour: 10_000 },
      { from: "2026-06-01", orePerHour: 20_000 },
      { from: "2026-12-01", orePerHour: 30_000 },
      { services: ["omvardnad"], orePerHour: 40_000 },
      { services: ["stad"], band: "kväll", area: "tätort", orePerHour: 50_000 },
      { services: ["omvardnad"], band: "kväll", orePerHour: 60_000 },
      { services: ["omvardnad"], band: "kväll", area: "tätort", orePerHour: 70_000 },
    ];
    // Half an hour of each.
    expect(oreOf(rows.slice(0, 1))).toBe(5_000);
    expect(oreOf(rows.slice(0, 3))).toBe(10_000);
    expect(oreOf(rows.slice(0, 5))).toBe(20_000);
    expect(oreOf(rows)).toBe(30_000);
    expect(oreOf(rows, home)).toBe(35_000);
  });

  test("a name that no band has is the rest of the time", () => {
    expect(oreOf([{ orePerHour: 10_000 }, { band: "dag", orePerHour: 20_000 }])).toBe(5_000);
    const row = only([
      contract({
        price: [{ band: "dag", orePerHour: 20_000 }],
        bands: [{ name: "kväll", from: "17:00", to: "22:00" }],
      }),
      thirty,
      visit("v", "08:00", "08:30"),
    ]);
    expect(row.days).toEqual({ "2026-10-05 dag": [30, 10_000] });
  });

  test("öre are rounded half up per day and band", () => {
    // 1 minute at 33.33 kronor: 55.55 öre → 56 on each of three days, not 166.65 → 167.
    const visits = daily(3, (date) => visit(`v-${date}`, `${date} 08:00`, `${date} 08:01`));
    expect(only([contract({ price: [{ orePerHour: 3_333 }] }), thirty, ...visits]).ore).toBe(168);
  });

  test("what the price list leaves out is not payable; without a price list only the money is unknown", () => {
    const records = [thirty, visit("v", "08:00", "08:30")];
    const elsewhere = only([contract({ price: [{ services: ["stad"], orePerHour: 10_000 }] }), ...records]);
    expect(elsewhere).toMatchObject({ payable: 0, ore: 0, steps: { registered: 30, price: -30 } });
    expect(elsewhere.whys["price"]).toBe("avtalet har inget timpris för insatsen");
    const none = only([contract({ price: undefined }), ...records]);
    expect(none).toMatchObject({ payable: 30, ore: 0, days: { "2026-10-05": [30, null] } });
    expect(none.whys["price"]).toMatch(/timpris/);
  });

  test("without a contract in force nothing is payable", () => {
    const row = only([contract({}, { validFrom: "2026-11-01" }), thirty, visit("v", "08:00", "08:30")]);
    expect(row).toMatchObject({ contract: null, payable: 0, steps: { registered: 30, price: -30 } });
    expect(row.whys["price"]).toBe("inget avtal gäller");
  });
});

describe("bands", () => {
  const weekend = [{ name: "helg", weekdays: [6, 7], from: "00:00", to: "00:00" }];
  const bandOn = (date: string, terms: Record<string, unknown> = {}) => {
    const [band] = only(
      [
        contract({ bands: weekend, price: [{ orePerHour: 60_000 }], ...terms }),
        thirty,
        visit("v", `${date} 08:00`, `${date} 08:30`),
      ],
      { month: date.slice(0, 7) },
    ).visits.flatMap(({ bands }) => bands.map(([name]) => name));
    return band;
  };

  test("public holidays are Sundays", () => {
    expect(bandOn("2026-10-05")).toBe(null);
    expect(bandOn("2026-10-10")).toBe("helg");
    // Christmas Day, a Friday, and Epiphany, a Wednesday.
    expect(bandOn("2026-12-25")).toBe("helg");
    expect(bandOn("2027-01-06")).toBe("helg");
  });

  test("holidays: so are the three eves, unless the contract says otherwise", () => {
    // Thursday 24 and 31 December; Friday 19 June is Midsummer's Eve.
    for (const eve of ["2026-12-24", "2026-12-31", "2026-06-19"]) {
      expect(bandOn(eve)).toBe("helg");
      expect(bandOn(eve, { holidays: { eves: false } })).toBe(null);
    }
  });

  test("the first band that fits counts, and each minute goes by its own day", () => {
    const bands = [...weekend, { name: "natt", from: "22:00", to: "06:00" }];
    // Friday 22:00–24:00 is night, Saturday 00:00–02:00 weekend.
    const row = only([
      contract({ bands, price: [{ orePerHour: 60_000 }], cap: { level: "none" } }),
      thirty,
      visit("v", "2026-10-09 22:00", "2026-10-10 02:00"),
    ]);
    expect(row.days).toEqual({ "2026-10-09 helg": [120, 120_000], "2026-10-09 natt": [120, 120_000] });
  });

  test("what the cap takes away is the end of the visit", () => {
    const row = only([
      contract({
        bands: [{ name: "kväll", from: "17:00", to: "22:00" }],
        price: [{ orePerHour: 60_000 }],
        cap: { level: "visit" },
      }),
      thirty,
      visit("v", "16:40", "17:40"),
    ]);
    // 30 of 60 minutes: 16:40–17:00 and 17:00–17:10.
    expect(row.days).toEqual({ "2026-10-05": [20, 20_000], "2026-10-05 kväll": [10, 10_000] });
  });
});

describe("cap", () => {
  const fifty = daily(3, (date) => visit(`v-${date}`, `${date} 08:00`, `${date} 08:50`));

  test("none: all that is ordered at all", () => {
    expect(only([contract({ cap: { level: "none" } }), line({ minutes: 1, per: "month" }), ...fifty]).payable).toBe(
      150,
    );
  });

  test("visit: the minutes of the line for each person, with tolerance", () => {
    // 3 × 30; with 10 % 3 × 33.
    expect(only([contract({ cap: { level: "visit" } }), thirty, ...fifty])).toMatchObject({
      payable: 90,
      steps: { registered: 150, cap: -60 },
    });
    expect(only([contract({ cap: { level: "visit", tolerancePercent: 10 } }), thirty, ...fifty]).payable).toBe(99);
  });

  test("visit: what one person does under one plan is one visit", () => {
    const row = only([
      contract({ cap: { level: "visit" } }),
      thirty,
      planned("p", "08:00", "08:40"),
      visit("v-1", "08:00", "08:20"),
      visit("v-2", "08:25", "08:45"),
    ]);
    expect(row).toMatchObject({ payable: 30, steps: { registered: 40, cap: -10 } });
  });

  test("visit: under one plan as many people as are ordered, where nobody says who they are", () => {
    const pair = ["a", "b"].map((id) => visit(id, "08:00", "08:45", { staffId: undefined, plannedVisitId: "p" }));
    const paid = (staffing: number) =>
      only([
        contract({ cap: { level: "visit" } }),
        line({ minutes: 40, staffing }),
        planned("p", "08:00", "08:40", { staffId: undefined }),
        ...pair,
      ]).payable;
    // 2 × 40 of 2 × 45; where one is ordered, the second has no slot.
    expect(paid(2)).toBe(80);
    expect(paid(1)).toBe(40);
  });

  test("day: what the day grants, in order of time", () => {
    // 2 × 30 a day: 60 of 50 + 50 on the first day, 50 on the others.
    const second = visit("v-x", "2026-10-05 18:00", "2026-10-05 18:50");
    const row = only([contract({ cap: { level: "day" } }), line({ times: 2 }), ...fifty, second]);
    expect(row).toMatchObject({ payable: 160, steps: { registered: 200, cap: -40 } });
    expect(row.days["2026-10-05"]).toEqual([60, 48_000]);
  });

  test("day: a line that leaves the day open is due at most once a day, and in all as often as the month grants", () => {
    // Once a week without weekday: 60 × 31 ÷ 7 = 265.7 → 266 in October. 70 on five Mondays and Tuesdays would be 350:
    // 60 a day for four days = 240, and 26 on the fifth.
    const dates = ["05", "06", "12", "13", "19"];
    const visits = dates.map((date) => visit(`v-${date}`, `2026-10-${date} 08:00`, `2026-10-${date} 09:10`));
    const row = only([contract({ cap: { level: "day" } }), line({ minutes: 60, per: "week" }), ...visits]);
    expect(row).toMatchObject({ payable: 266, steps: { registered: 350, cap: -84 } });
    // Without rounding, what is left of exactly 266.
    expect(row.days["2026-10-19"]).toEqual([26, 20_800]);
  });

  test("month: granted less absent minutes, with tolerance", () => {
    // 2 visits of 500; 930 − 31 days away × 30 … here 10 days: 300 → 630; with 5 % 661.5 → 662.
    const visits = [
      visit("v-1", "2026-10-01 08:00", "2026-10-01 16:20"),
      visit("v-2", "2026-10-02 08:00", "2026-10-02 16:20"),
    ];
    const away = sample("absences", "a", { from: "2026-10-11", to: "2026-10-20" });
    const row = only([contract(), thirty, ...visits, away]);
    expect(row).toMatchObject({ payable: 630, steps: { registered: 1000, cap: -370 } });
    expect(row.whys["cap"]).toBe("beviljat 930 minuter, frånvaro 300");
    const tolerant = only([contract({ cap: { tolerancePercent: 5 } }), thirty, ...visits, away]);
    expect(tolerant).toMatchObject({ payable: 662, ore: 529_200 });
  });

  test("lines of one order that nothing tells apart use what the others leave, day by day too", () => {
    const lines = ["o-1-1", "o-1-2"].map((id) => line({ minutes: 20 }, id));
    const rows = statement([contract({ cap: { level: "day" } }), ...lines, visit("v", "08:00", "08:45")]);
    expect(rows.reduce((sum, { payable }) => sum + payable, 0)).toBe(40);
  });

  test("month: what may be done on any day is not absent where it was done", () => {
    // Once a month, away for 3 of 31 days: 6 of 60 minutes, of what was not done.
    const escort = line({ minutes: 60, times: 1, per: "month" });
    const away = sample("absences", "a", { from: "2026-10-11", to: "2026-10-13" });
    const done = (end: string) => only([contract(), escort, visit("v", "13:00", end), away]);
    expect(done("14:01")).toMatchObject({ payable: 60, steps: { registered: 61, cap: -1 } });
    expect(done("13:57")).toMatchObject({ payable: 57, steps: { registered: 57 } });
  });

  test("lines of one order that nothing tells apart are used up in order of time, whichever a visit counts on", () => {
    // 10 minutes on weekdays and 10 on all days: 220 + 310 = 530. Weekdays until the 15th: 11 × 45 = 495, and the
    // weekend between them 2 × 10; of the 16th, a Friday, the 15 that are left, and nothing of the Saturday after it.
    const lines = [line({ minutes: 10, weekdays: [1, 2, 3, 4, 5] }, "o-1-1"), line({ minutes: 10 }, "o-1-2")];
    const weekdays = [1, 2, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16].map(
      (date) => `2026-10-${String(date).padStart(2, "0")}`,
    );
    const visits = [
      ...weekdays.map((date) => visit(`v-${date}`, `${date} 08:00`, `${date} 08:45`)),
      ...["2026-10-10", "2026-10-11", "2026-10-17"].map((date) => visit(`v-${date}`, `${date} 08:00`, `${date} 08:10`)),
    ];
    // With a price for evenings it is done visit by visit.
    for (const terms of [{}, { bands: [{ name: "kväll", from: "18:00", to: "22:00" }] }]) {
      const paid = statement([contract(terms), ...lines, ...visits]).flatMap(({ days }) =>
        Object.entries(days).map(([date, [minutes]]) => [date, minutes]),
      );
      expect(paid.toSorted(([a], [b]) => String(a).localeCompare(String(b))).slice(-3)).toEqual([
        ["2026-10-14", 45],
        ["2026-10-15", 45],
        ["2026-10-16", 15],
      ]);
    }
  });

  test("a contract that changes within the month divides it by days, and the trace names both", () => {
    // 31 visits of 40 = 1240; 930 × 15 ÷ 31 = 450 at 800 öre, 930 × 16 ÷ 31 = 480 at 1000 öre: 360,000 + 480,000 öre.
    const visits = Array.from({ length: 31 }, (_, index) => {
      const date = `2026-10-${String(index + 1).padStart(2, "0")}`;
      return visit(`v-${date}`, `${date} 08:00`, `${date} 08:40`);
    });
    const row = only([
      contract({}, { validTo: "2026-10-15" }),
      contract({ price: [{ orePerHour: 60_000 }] }, { validFrom: "2026-10-16" }, "K2"),
      thirty,
      ...visits,
    ]);
    expect(row).toMatchObject({
      contract: "K2",
      payable: 930,
      ore: 840_000,
      steps: { registered: 1240, cap: -310, contract: 0 },
    });
    expect(row.whys["contract"]).toBe("avtal Avtal K1 från 2026-10-01, avtal Avtal K2 från 2026-10-16");
    // 11 × 40 = 440, then 10 until the 15th.
    expect(row.days["2026-10-12"]).toEqual([10, 8_000]);
    expect(row.days["2026-10-13"]).toBeUndefined();
    expect(row.days["2026-10-16"]).toEqual([40, 40_000]);
  });
});

describe("rounding", () => {
  const visits = [
    visit("v-1", "08:00", "08:07"),
    visit("v-2", "18:00", "18:08"),
    visit("v-3", "2026-10-06 08:00", "2026-10-06 08:07"),
  ];
  const payable = (direction: string, per: string) =>
    only([contract({ rounding: { to: 5, direction, per } }), thirty, ...visits]).payable;

  test("by visit, day or month, to the nearest, up or down, or not at all", () => {
    // Visits of 7, 8 and 7 minutes; days of 15 and 7; a month of 22.
    expect(payable("nearest", "visit")).toBe(5 + 10 + 5);
    expect(payable("up", "visit")).toBe(10 + 10 + 10);
    expect(payable("down", "visit")).toBe(5 + 5 + 5);
    expect(payable("nearest", "day")).toBe(15 + 5);
    expect(payable("up", "day")).toBe(15 + 10);
    expect(payable("nearest", "month")).toBe(20);
    expect(payable("up", "month")).toBe(25);
    expect(payable("none", "visit")).toBe(22);
  });

  test("a visit that two services share is rounded once, on its longest part", () => {
    // 29 minutes, divided 2 : 1 by the minutes of the lines: 19⅓ + 9⅔; 30 in all: 20⅓ + 9⅔.
    const rows = statement([
      contract({ rounding: { to: 5, direction: "nearest", per: "visit" } }),
      line({ minutes: 30 }),
      line({ minutes: 15, service: "stad" }, "o-1-2"),
      visit("v", "08:00", "08:29", { services: ["omvardnad", "stad"] }),
    ]);
    const total = rows.flatMap(({ days }) => Object.values(days)).reduce((sum, [minutes]) => sum + (minutes ?? 0), 0);
    expect(total).toBeCloseTo(30, 6);
    expect(Object.fromEntries(rows.map(({ line: id, steps }) => [id, steps["rounding"] ?? 0]))).toEqual({
      "o-1-1": 1,
      "o-1-2": 0,
    });
  });

  test("comes after the cap, and may go above it by less than one step", () => {
    // 30 granted in the month; 28 registered of which nothing is capped; up to 25 per visit: 50.
    const row = only([
      contract({ rounding: { to: 25, direction: "up", per: "visit" } }),
      line({ per: "month" }),
      visit("v", "08:00", "08:28"),
    ]);
    expect(row).toMatchObject({ payable: 50, steps: { registered: 28, rounding: 22 } });
  });
});

describe("declined and unanswered visits", () => {
  const declined = (values: Record<string, unknown>) => [
    thirty,
    planned("p", "2026-10-07 08:00", "2026-10-07 08:30"),
    visit("v", "2026-10-07 08:00", "2026-10-07 08:01", { status: "declined", plannedVisitId: "p", ...values }),
  ];
  const percent = { default: 10, omvardnad: 50 };

  test("declined: a part of the planned minutes, by service, outside the cap and never charged to the client", () => {
    // 30 × 50 % = 15 minutes = 12,000 öre.
    const row = only([contract({ declined: { percent } }), ...declined({})]);
    expect(row).toMatchObject({
      registered: 0,
      payable: 15,
      ore: 12_000,
      fee: 0,
      steps: { registered: 0, declined: 15 },
    });
    expect(row.whys["declined"]).toBe("50 % av planerad tid, avbokat besök");
    expect(only([contract({ declined: { percent: { default: 10 } } }), ...declined({})]).payable).toBe(3);
    expect(only([contract(), ...declined({})])).toMatchObject({ payable: 0, steps: { registered: 0 } });
  });

  test("declined: only where the client's notice came late enough, and not where nobody knows", () => {
    const terms = { declined: { percent, onlyIfNotifiedWithinHours: 48 } };
    const notified = (time: string) => only([contract(terms), ...declined({ declinedNotifiedAt: at(time) })]);
    expect(notified("2026-10-05 08:01").payable).toBe(15);
    expect(notified("2026-10-05 08:00")).toMatchObject({
      payable: 0,
      whys: { declined: "avbokad minst 48 timmar i förväg" },
    });
    expect(only([contract(terms), ...declined({})])).toMatchObject({
      payable: 0,
      whys: { declined: "avbokad, men det är okänt när" },
    });
  });

  test("declined: not where the record of it came after the cut-off, or the client was away", () => {
    const terms = { declined: { percent } };
    const late = declined({ receivedAt: at("2026-11-05 08:00") });
    expect(only([contract(terms), ...late])).toMatchObject({
      payable: 0,
      whys: { declined: expect.stringMatching(/brytpunkten/) },
    });
    const away = sample("absences", "a", { from: "2026-10-07", to: "2026-10-07" });
    expect(only([contract(terms), ...declined({}), away]).payable).toBe(0);
  });

  test("noAnswer: a part of the planned minutes", () => {
    const records = [
      thirty,
      planned("p", "2026-10-07 08:00", "2026-10-07 08:30"),
      visit("v", "2026-10-07 08:00", "2026-10-07 08:04", { status: "noAnswer", plannedVisitId: "p" }),
    ];
    // 30 × 40 % = 12.
    expect(only([contract({ noAnswer: { percent: 40 } }), ...records])).toMatchObject({
      payable: 12,
      steps: { registered: 0, "no-answer": 12 },
    });
    expect(only([contract(), ...records]).payable).toBe(0);
    // On the second day of an absence of which one is paid nothing is, and nothing says that it were.
    const away = sample("absences", "a", { from: "2026-10-06", to: "2026-10-07", planned: false });
    const terms = { noAnswer: { percent: 40 }, absence: { unplannedPaidPercent: [100] } };
    expect(only([contract(terms), ...records, away])).toMatchObject({
      payable: 30,
      steps: { "no-answer": 0, absence: 30 },
      whys: { "no-answer": "frånvaro: avtalets villkor för den gäller" },
    });
  });
});

describe("absence", () => {
  const terms = { absence: { plannedNoticeDays: 5, unplannedPaidDays: 5, unplannedPaidPercent: [75, 25, 25, 25, 25] } };
  const away = (values: Record<string, unknown> = {}) =>
    sample("absences", "a", { from: "2026-10-12", to: "2026-10-20", ...values });

  test("unplanned days are paid in order, each by its percentage", () => {
    // 30 × 75 % = 22.5, then 4 × 30 × 25 % = 30: 52.5 → 53 minutes; 18,000 + 4 × 6,000 öre.
    const row = only([contract(terms), thirty, away()]);
    expect(row).toMatchObject({ payable: 53, ore: 42_000, fee: 0 });
    expect(Object.keys(row.days)).toEqual(["2026-10-12", "2026-10-13", "2026-10-14", "2026-10-15", "2026-10-16"]);
  });

  test("the trace says where nobody knows whether it was planned", () => {
    const two = contract({ absence: { unplannedPaidPercent: [75], unplannedPaidDays: 1 } });
    const last = { to: "2026-10-12" };
    expect(only([two, thirty, away(last)]).whys["absence"]).toBe("frånvaro dag 1, 75 %: okänt om den var planerad");
    expect(only([two, thirty, away({ ...last, planned: false })]).whys["absence"]).toBe(
      "oplanerad frånvaro dag 1, 75 %",
    );
  });

  test("a day with a visit is not the first one, and its minutes are paid as performed", () => {
    // Admitted on the 12th at noon after the visit of that morning: the 13th to 17th are paid.
    const row = only([
      contract(terms),
      line({ times: 2 }),
      visit("v", "2026-10-12 08:00", "2026-10-12 08:30"),
      away({ from: at("2026-10-12 12:00") }),
    ]);
    // 30 performed; 60 × 75 % + 4 × 60 × 25 % = 45 + 60.
    expect(row).toMatchObject({ payable: 135, steps: { registered: 30, absence: 105 } });
    expect(Object.keys(row.days)).toEqual([
      "2026-10-12",
      "2026-10-13",
      "2026-10-14",
      "2026-10-15",
      "2026-10-16",
      "2026-10-17",
    ]);
  });

  test("a client who comes home and leaves again on one day is away for the later reason that evening", () => {
    // Planned until the morning of the 12th, unplanned from noon: 30 × 75 % that evening, 30 × 25 % the next.
    const row = only([
      contract(terms),
      line({ partOfDay: "evening" }),
      away({ from: "2026-10-01", to: at("2026-10-12 08:00"), planned: true }),
      sample("absences", "b", { from: at("2026-10-12 12:00"), to: "2026-10-13", planned: false }),
    ]);
    expect(row.days).toEqual({ "2026-10-12": [22.5, 18_000], "2026-10-13": [7.5, 6_000] });
  });

  test("a planned absence is not paid: said so, or notified long enough before", () => {
    expect(only([contract(terms), thirty, away({ planned: true })])).toMatchObject({
      payable: 0,
      whys: { absence: "planerad frånvaro" },
    });
    expect(only([contract(terms), thirty, away({ notifiedAt: at("2026-10-07 23:00") })]).payable).toBe(0);
    expect(only([contract(terms), thirty, away({ notifiedAt: at("2026-10-08 01:00") })]).payable).toBe(53);
  });

  test("days without percentages are paid in full, and an absence that goes on elsewhere is one", () => {
    const inFull = contract({ absence: { unplannedPaidDays: 3 } });
    expect(only([inFull, thirty, away()]).payable).toBe(90);
    const home = sample("absences", "b", { from: "2026-10-21", to: "2026-10-25", kind: "shortTermStay" });
    expect(only([inFull, thirty, away(), home]).payable).toBe(90);
  });
});

describe("death", () => {
  const terms = { death: { paidPercent: [75, 25, 25, 25, 25] } };

  test("days from the day of death on are paid as if the line went on, less what was performed", () => {
    // 2 × 30 a day until the 10th. Day 1: 60 × 75 % = 45, of which 30 were performed: 15. Then 4 × 60 × 25 % = 60.
    const row = only([
      contract(terms),
      line({ times: 2, validTo: "2026-10-10" }),
      sample("clients", "C1", { deceasedOn: "2026-10-10" }),
      visit("v", "2026-10-10 08:00", "2026-10-10 08:30"),
    ]);
    expect(row).toMatchObject({ payable: 105, steps: { registered: 30, death: 75 }, fee: 30 });
    expect(row.days["2026-10-14"]).toEqual([15, 12_000]);
    expect(row.days["2026-10-15"]).toBeUndefined();
  });

  test("two lines pay what one line of two times does", () => {
    // 2 × 30 × 75 % = 45, less 30: 15. Of a visit of 60 nothing is left.
    const lines = ["morning", "evening"].map((partOfDay, at) => line({ partOfDay }, `o-1-${at + 1}`));
    const paid = (end: string) =>
      statement([
        contract({ death: { paidPercent: [75] } }),
        ...lines,
        sample("clients", "C1", { deceasedOn: "2026-10-10" }),
        visit("v", "2026-10-10 08:00", `2026-10-10 ${end}`),
      ]).reduce((sum, { steps }) => sum + (steps["death"] ?? 0), 0);
    expect(paid("08:30")).toBe(15);
    expect(paid("09:00")).toBe(0);
  });

  test("goes on in the next month", () => {
    const records = [
      contract(terms),
      line({ times: 2, validTo: "2026-10-30" }),
      sample("clients", "C1", { deceasedOn: "2026-10-30" }),
    ];
    // 30 October 45, 31 October 15; 1, 2 and 3 November 15 each.
    expect(only(records)).toMatchObject({ payable: 60, steps: { registered: 0, death: 60 } });
    const november = only(records, { month: "2026-11" });
    expect(november).toMatchObject({ line: "o-1-1", payable: 45 });
    expect(Object.keys(november.days)).toEqual(["2026-11-01", "2026-11-02", "2026-11-03"]);
  });

  test("is unpaid where the contract says nothing", () => {
    expect(only([contract(), line(), sample("clients", "C1", { deceasedOn: "2026-10-10" })]).payable).toBe(0);
  });

  test("pays no order that was withdrawn or declined before", () => {
    const died = sample("clients", "C1", { deceasedOn: "2026-10-10" });
    const order = (status: string) => sample("orders", "o-1", { clientId: "C1", unitId: "U1", status });
    // 30 × 75 % + 4 × 30 × 25 % = 22.5 + 30 = 52.5.
    expect(only([contract(terms), line(), died, order("accepted")]).payable).toBe(53);
    for (const status of ["cancelled", "declined"])
      expect(statement([contract(terms), line(), died, order(status)])).toEqual([]);
  });

  test("pays of what the decision's limit leaves", () => {
    // 465 of 31 × 30 = 930: half. The day of death 30 × ½ × 100 %.
    const records = [
      sample("decisions", "d-1", { grantedMinutesPerMonth: 465 }),
      sample("orders", "o-1", { decisionId: "d-1" }),
      sample("clients", "C1", { deceasedOn: "2026-10-10" }),
    ];
    expect(only([contract({ death: { paidPercent: [100] } }), line(), ...records])).toMatchObject({
      payable: 15,
      ore: 12_000,
    });
  });
});

describe("staff and households", () => {
  const pair = [visit("a", "08:00", "08:40"), visit("b", "08:10", "08:50", { staffId: "S2" })];
  const paidFor = (doubleStaffing: string | undefined, staffing: number) =>
    only([contract({ cap: { level: "none" }, doubleStaffing }), line({ staffing }), ...pair]).payable;

  test("doubleStaffing: as ordered, always, or never", () => {
    // 40 + 40; one slot: 40 and 08:40–08:50.
    expect(paidFor(undefined, 1)).toBe(50);
    expect(paidFor("onlyIfOrdered", 2)).toBe(80);
    expect(paidFor("always", 1)).toBe(80);
    expect(paidFor("never", 2)).toBe(50);
  });

  test("one person is never paid twice for the same time", () => {
    const row = only([
      contract({ cap: { level: "none" }, doubleStaffing: "always" }),
      thirty,
      visit("a", "08:00", "08:40"),
      visit("b", "08:30", "08:50"),
    ]);
    expect(row).toMatchObject({ payable: 50, steps: { registered: 60, overlap: -10 } });
    expect(row.whys["overlap"]).toBe("samma personal är registrerad på samma tid");
  });

  test("a visit that began in the month before keeps its slot", () => {
    const records = [
      contract({ cap: { level: "none" } }),
      thirty,
      visit("a", "2026-10-31 23:30", "2026-11-01 00:30"),
      visit("b", "2026-11-01 00:10", "2026-11-01 00:40", { staffId: "S2" }),
    ];
    expect(only(records, { month: "2026-11", from: "2026-10-30" })).toMatchObject({
      payable: 10,
      steps: { registered: 30, overlap: -20 },
    });
  });

  test("household: one visit at people who share a home is divided between them", () => {
    const household = { householdId: "H" };
    const records = [
      sample("clients", "C1", household),
      sample("clients", "C2", household),
      line({}, "o-1-1"),
      visit("a", "08:00", "08:30"),
      visit("b", "08:10", "08:30", { clientId: "C2" }),
    ];
    // C1: 10 alone and 20 ÷ 2; C2: 20 ÷ 2.
    expect(only([contract(), ...records])).toMatchObject({
      payable: 20,
      fee: 20,
      steps: { registered: 30, household: -10 },
    });
    expect(only([contract(), ...records], { client: "C2" }).payable).toBe(10);
    expect(only([contract({ household: "full" }), ...records]).payable).toBe(30);
    // Another person at the same time is another visit.
    const other = visit("b", "08:10", "08:30", { clientId: "C2", staffId: "S2" });
    expect(only([contract(), ...records, other]).payable).toBe(30);
  });
});

describe("what a visit must have", () => {
  test("required: elements without which it is not paid", () => {
    const row = (required: string[], values: Record<string, unknown> = {}) =>
      only([contract({ required }), thirty, visit("v", "08:00", "08:30", values)]);
    expect(row(["start", "end", "service"]).payable).toBe(30);
    expect(row(["service"], { services: undefined })).toMatchObject({
      payable: 0,
      steps: { registered: 30, required: -30 },
      whys: { required: "insats saknas" },
    });
    expect(row(["approvedByStaff", "approvedByManager"], { approvedByStaff: true })).toMatchObject({
      payable: 0,
      whys: { required: "chefens godkännande saknas" },
    });
    expect(
      row(["approvedByStaff", "approvedByManager"], { approvedByStaff: true, approvedByManager: true }).payable,
    ).toBe(30);
  });

  test("required: where no end is required, a visit without one has its standard time", () => {
    const terms = { required: ["start"], basis: { default: "standard" }, standardMinutes: { omvardnad: 25 } };
    const started = visit("v", "08:00", "08:30", { end: undefined, receivedAt: undefined });
    expect(only([contract(terms), thirty, started])).toMatchObject({
      payable: 25,
      steps: { registered: 0, basis: 25 },
    });
    expect(only([contract({ ...terms, required: ["start", "end"] }), thirty, started]).payable).toBe(0);
  });

  const manual = (id: string, date: string, values: Record<string, unknown> = {}) =>
    visit(id, `2026-10-${date} 08:00`, `2026-10-${date} 08:30`, { startProof: "manual", endProof: "lock", ...values });

  test("manual: not allowed, or only with a reason", () => {
    expect(only([contract({ manual: { allowed: false } }), thirty, manual("v", "05")])).toMatchObject({
      payable: 0,
      steps: { registered: 30, manual: -30 },
    });
    const terms = { manual: { reasonRequired: true } };
    expect(
      only([contract(terms), thirty, manual("v", "05"), manual("w", "06", { editReason: "Telefonen var trasig" })]),
    ).toMatchObject({
      payable: 30,
      whys: { manual: "manuellt registrerad utan orsak" },
    });
    expect(only([contract(), thirty, manual("v", "05")]).payable).toBe(30);
  });

  test("manual: of a provider's month at most a share, and the latest is not paid", () => {
    // 10 visits at two clients, 20 %: 2 manual ones; the third by start is C1's on the 20th.
    const others = Array.from({ length: 7 }, (_, index) =>
      visit(`o-${index}`, `2026-10-1${index} 12:00`, `2026-10-1${index} 12:30`, { clientId: "C2" }),
    );
    const records = [manual("a", "05"), manual("b", "06", { clientId: "C2" }), manual("c", "20"), ...others];
    const row = only([contract({ manual: { maxSharePercent: 20 } }), thirty, ...records]);
    expect(row).toMatchObject({ registered: 60, payable: 30, steps: { registered: 60, manual: -30 } });
    expect(Object.keys(row.days)).toEqual(["2026-10-05"]);
    expect(only([contract({ manual: { maxSharePercent: 30 } }), thirty, ...records]).payable).toBe(60);
  });

  test("lengthening: time that an edit adds counts never, with a reason, or always; the end goes first", () => {
    const edited = (lengthening: string | undefined, values: Record<string, unknown> = {}) =>
      only([
        contract({ lengthening, bands: [{ name: "förmiddag", from: "08:00", to: "12:00" }] }),
        long,
        visit("v", "07:50", "08:45", { originalStart: at("08:00"), originalEnd: at("08:30"), ...values }),
      ]);
    // 55 minutes, 30 at first.
    expect(edited(undefined)).toMatchObject({ payable: 30, steps: { registered: 55, lengthening: -25 } });
    expect(edited(undefined).days).toEqual({ "2026-10-05 förmiddag": [30, 24_000] });
    expect(edited("withReason", { editReason: "Brukaren föll" }).payable).toBe(55);
    expect(edited("never", { editReason: "Brukaren föll" }).payable).toBe(30);
    expect(edited("always").payable).toBe(55);
    // Moved ten minutes earlier and five longer: the five go from the end.
    const moved = edited("never", { originalStart: at("08:00"), originalEnd: at("08:50") });
    expect(moved).toMatchObject({
      payable: 50,
      days: { "2026-10-05": [5, 4_000], "2026-10-05 förmiddag": [45, 36_000] },
    });
  });

  test("cutOff: what arrives later is not paid, what does not say when is", () => {
    const received = (time: string | undefined, terms: Record<string, unknown> = {}) =>
      only([
        contract(terms),
        thirty,
        visit("v", "08:00", "08:30", { receivedAt: time === undefined ? undefined : at(time) }),
      ]);
    // The third weekday of November is Wednesday the 4th.
    expect(received("2026-11-04 12:00").payable).toBe(30);
    expect(received(undefined).payable).toBe(30);
    expect(received("2026-11-04 12:01")).toMatchObject({
      payable: 0,
      steps: { registered: 30, "cut-off": -30 },
      whys: { "cut-off": "kom in efter brytpunkten 2026-11-04 12:00" },
    });
    expect(received("2026-11-04 12:01", { cutOff: { weekdayOfMonth: 5, time: "08:00" } }).payable).toBe(30);
  });

  test("cutOff: public holidays are no weekdays", () => {
    const { settlement, tables } = settle([contract()]);
    const cutOff = (month: string) =>
      formatLocal(settlement.cutOff(tables.providers.find("files/P1"), tables.units.find("files/U1"), 0, month)!);
    expect(cutOff("2026-10")).toBe("2026-11-04 12:00");
    // 1 January, a weekend, 4, 5, Epiphany, 7.
    expect(cutOff("2026-12")).toBe("2027-01-07 12:00");
    // 1, 2, Good Friday, Easter, 7.
    expect(cutOff("2026-03")).toBe("2026-04-07 12:00");
  });

  test("orderConfirm: hours that count for the confirmation of an order", () => {
    const of = (orderConfirm?: object) => {
      const { settlement, tables } = settle([contract(orderConfirm === undefined ? {} : { orderConfirm })]);
      return settlement.terms(tables.providers.find("files/P1"), 0, 0, day("2026-10-05"))!.terms.orderConfirm;
    };
    // Minutes of the day: 08–17 = 480–1020, 07:30–16:00 = 450–960.
    expect(of()).toEqual({ hours: 24, weekdaysOnly: true, from: 480, to: 1020 });
    expect(of({ hours: 4, weekdaysOnly: false, from: "07:30", to: "16:00" })).toEqual({
      hours: 4,
      weekdaysOnly: false,
      from: 450,
      to: 960,
    });
  });

  test("clauses: each step shows the contract's own", () => {
    const clauses = { cap: "1.12", cutOff: "4.3", "over-granted": "9" };
    const row = only([
      contract({ clauses }),
      line({ per: "month" }),
      visit("v", "08:00", "08:40"),
      visit("w", "2026-10-06 08:00", "2026-10-06 08:40", { receivedAt: at("2026-12-01 08:00") }),
    ]);
    expect(row.clauses).toEqual({ cap: "1.12", "cut-off": "4.3" });
    expect(row.steps).toEqual({ registered: 80, "cut-off": -40, cap: -10 });
  });

  test("no order: not payable, and it says so", () => {
    const row = statement([contract(), visit("v", "08:00", "08:30", { services: ["stad"] })]).find(
      (one) => one.line === null,
    )!;
    expect(row).toMatchObject({
      payable: 0,
      steps: { registered: 30, cap: -30 },
      whys: { cap: "ingen beställning omfattar tiden" },
    });
  });
});

test("a visit that is capped, rounded, double-staffed and crosses a band can be checked by hand", () => {
  // Two staff for 60 minutes. A 21:30–22:35 = 65, B 21:32–22:33 = 61. Cap by visit: 60 each, until 22:30 and 22:32.
  // A: 21:30–22:00 = 30 and 22:00–22:30 = 30. B: 21:32–22:00 = 28 and 22:00–22:32 = 32. Up to 15 per visit: 60 is 60.
  // Before 22: 58 × 800 = 46,400 öre; after: 62 × 1000 = 62,000 öre.
  const terms = {
    cap: { level: "visit" },
    rounding: { to: 15, direction: "up", per: "visit" },
    bands: [{ name: "natt", from: "22:00", to: "06:00" }],
    price: [...price, { band: "natt", orePerHour: 60_000 }],
  };
  const row = only([
    contract(terms),
    line({ minutes: 60, staffing: 2 }),
    visit("a", "21:30", "22:35"),
    visit("b", "21:32", "22:33", { staffId: "S2" }),
  ]);
  expect(row).toMatchObject({
    registered: 126,
    payable: 120,
    ore: 108_400,
    steps: { registered: 126, cap: -6 },
    days: { "2026-10-05": [58, 46_400], "2026-10-05 natt": [62, 62_000] },
  });
  expect(row.visits.map(({ steps }) => steps)).toEqual([
    [
      ["registered", 65],
      ["cap", -5],
    ],
    [
      ["registered", 61],
      ["cap", -1],
    ],
  ]);
});
