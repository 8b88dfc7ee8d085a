import { describe, expect, test } from "vitest";
import { tablesFrom } from "#columns";
import { matchVisits } from "#match";
import { day, formatDay, samples } from "#model";
import { Settlement, settlementRow } from "#settle";

const { at, daily, sample, sampleMunicipality } = samples;
type Records = readonly samples.SampleRecord[];
type Values = Record<string, unknown>;

/** Of C1 in October 2026. One line of 60 minutes a day; 480 kronor an hour, so 800 öre a minute, unless terms say otherwise. */
function october(records: Records, { terms = {}, asOf = "2026-11-10 04:30", facts = [] as Facts } = {}) {
  const price = [{ orePerHour: 48_000 }];
  const tables = tablesFrom(
    [
      ...sampleMunicipality(),
      sample("contracts", "K1", { terms: { price, ...terms } }),
      sample("order-lines", "o-1-1", { orderId: "o-1", minutes: 60, times: 1 }),
      ...records,
    ],
    { asOf: at(asOf), period: { from: day("2026-10-01"), through: day("2026-10-31") }, facts },
  );
  const settlement = new Settlement(tables, matchVisits(tables));
  const month = [tables.clients.find("files/C1"), day("2026-10-01"), day("2026-10-31")] as const;
  const idOf = (row: number) => (row < 0 ? null : tables.claims.id(row));
  const judged = settlement.judged(...month).map((one) => ({
    ...one,
    claim: idOf(one.claim),
    related: one.related.map(idOf),
    days: one.days.map((date) => formatDay(date)),
    holdUntil: one.holdUntil === null ? null : formatDay(one.holdUntil),
  }));
  return { judged, rows: settlement.month(...month).map((row) => settlementRow(tables, row)) };
}
type Facts = NonNullable<Parameters<typeof tablesFrom>[1]["facts"]>;

const judgedOf = (records: Records, more?: Parameters<typeof october>[1]) => october(records, more).judged;
const claim = (id: string, minutes: number, more: Values = {}) =>
  sample("claims", id, { minutes, amountOre: minutes * 800, ...more });
/** From 08:00 on the sample day. */
const visit = (minutes: number, more: Values = {}, id = "v-1") =>
  sample("visits", id, { start: "08:00", end: at((more["start"] as string | undefined) ?? "08:00", minutes), ...more });
const date = (of: string) => ({ from: of, to: of });
const nearest = { rounding: { to: 5, direction: "nearest", per: "visit" } };

describe("worked examples of claims", () => {
  test("29 minutes between two lock events are 30 after rounding to the nearest five, as claimed: M01", () => {
    const records = [
      sample("order-lines", "o-1-1", { orderId: "o-1", minutes: 30, times: 1 }),
      sample("planned-visits", "p-1"),
      sample("visits", "v-1", { start: "08:04", end: "08:33" }),
      claim("k-1", 30),
    ];
    const { judged, rows } = october(records, { terms: nearest });
    expect(rows[0]!.minutes).toMatchObject({ registered: 29, payable: 30 });
    expect(judged).toMatchObject([{ code: "M01", exactMinutes: 29, payableMinutes: 30, overbilledOre: 0 }]);
  });

  test("of two ordered staff one stays 40 and one 28 minutes; 80 are claimed: M03 by 12", () => {
    const two = { orderId: "o-1", minutes: 40, times: 1, staffing: 2 };
    const records = [
      sample("order-lines", "o-1-1", two),
      sample("visits", "v-a", { start: "10:00", end: "10:40" }),
      sample("visits", "v-b", { start: "10:06", end: "10:34", staffId: "S2" }),
      claim("k-1", 80),
    ];
    // 12 minutes at 800 öre. The cut-off of October is Wednesday 4 November: seven days more is the 11th.
    expect(judgedOf(records, { terms: { cap: { level: "none" } } })).toMatchObject([
      {
        code: "M03",
        matter: "time",
        claimedMinutes: 80,
        payableMinutes: 68,
        overbilledOre: 9_600,
        holdDays: 7,
        holdUntil: "2026-11-11",
        proposal: { kind: "cut-back", minutes: 68, ore: 54_400 },
      },
    ]);
  });

  test("Monday to Friday are claimed in one line of 5 × 60; on Wednesday and Thursday nobody came: M05", () => {
    const visits = ["05", "06", "09"].map((of) => visit(60, { start: `2026-10-${of} 08:00` }, `v-${of}`));
    const { judged, rows } = october([...visits, claim("k-1", 300, { to: "2026-10-09" })]);
    expect(judged).toMatchObject([
      { code: "M00", days: ["2026-10-05", "2026-10-06", "2026-10-09"], claimedMinutes: 180, overbilledOre: 0 },
      {
        code: "M05",
        matter: "visit",
        days: ["2026-10-07", "2026-10-08"],
        claimedMinutes: 120,
        overbilledOre: 96_000,
        holdDays: 14,
        holdUntil: "2026-11-18",
        proposal: { kind: "deny", minutes: 0, ore: 0 },
      },
    ]);
    expect(rows[0]!.codes).toEqual({ M00: 1, M05: 2 });
  });
});

describe("codes of claims", () => {
  test("M00: as many minutes as before rounding", () => {
    // 28 minutes are 30 after rounding; the provider claims what was done.
    expect(judgedOf([visit(28), claim("k-1", 28)], { terms: nearest })).toMatchObject([
      { code: "M00", matter: null, holdUntil: null, proposal: null, unbilledOre: 0 },
    ]);
  });

  test("M03: time that the price list leaves out is not payable, before rounding either", () => {
    const stad = { price: [{ services: ["stad"], orePerHour: 48_000 }] };
    expect(judgedOf([visit(60), claim("k-1", 60)], { terms: stad })).toMatchObject([
      { code: "M03", payableMinutes: 0, overbilledOre: 48_000 },
    ]);
    // 17:30–18:30, of which 30 minutes have a price: 24,000 öre.
    const terms = {
      bands: [{ name: "kvall", from: "18:00", to: "22:00" }],
      price: [{ band: "kvall", orePerHour: 48_000 }],
    };
    expect(judgedOf([visit(60, { start: "17:30" }), claim("k-1", 60)], { terms })).toMatchObject([
      { code: "M03", exactMinutes: 30, payableMinutes: 30, overbilledOre: 24_000 },
    ]);
  });

  test("a hold is counted from the cut-off of the contract that was in force, also where it ended within the month", () => {
    // The eighth weekday of November is Wednesday the 11th: seven days more is the 18th.
    const terms = { price: [{ orePerHour: 48_000 }], cutOff: { weekdayOfMonth: 8 } };
    const ended = sample("contracts", "K1", { validTo: "2026-10-15", terms });
    expect(judgedOf([ended, visit(60), claim("k-1", 90)])).toMatchObject([{ code: "M03", holdUntil: "2026-11-18" }]);
  });

  test("M02: two per cent of a day, and one minute where that is more", () => {
    // 2 % of 60 is 1.2 minutes; of 100, two.
    const whole = [sample("order-lines", "o-1-1", { orderId: "o-1", minutes: 100, times: 1 })];
    expect(judgedOf([visit(60), claim("k-1", 61)])).toMatchObject([{ code: "M02", overbilledOre: 0 }]);
    expect(judgedOf([visit(60), claim("k-1", 62)])).toMatchObject([{ code: "M03", overbilledOre: 1_600 }]);
    expect(judgedOf([...whole, visit(100), claim("k-1", 102)])).toMatchObject([{ code: "M02" }]);
    expect(judgedOf([...whole, visit(100), claim("k-1", 103)])).toMatchObject([{ code: "M03" }]);
    expect(judgedOf([visit(60), claim("k-1", 59)])).toMatchObject([{ code: "M02", unbilledOre: 0 }]);
  });

  test("M02 ends where it comes to more than one per cent of the month", () => {
    // Ten days of 60: one per cent is 6 minutes, so the seventh minute too much is held.
    const records = daily(10, (on, position) => visit(60, { start: `${on} 08:00` }, `v-${position}`)).concat(
      daily(10, (on, position) => claim(`k-${position}`, 61, date(on))),
    );
    const codes = judgedOf(records).map(({ code }) => code);
    expect(codes).toEqual([...Array<string>(6).fill("M02"), ...Array<string>(4).fill("M03")]);
  });

  test("M04: less is claimed than is payable", () => {
    // 60 are done, 40 claimed: 20 minutes at 800 öre can still be billed.
    expect(judgedOf([visit(60), claim("k-1", 40)])).toMatchObject([
      { code: "M04", matter: "unbilled", overbilledOre: 0, unbilledOre: 16_000, holdDays: 0, proposal: null },
    ]);
  });

  test("M05 over an absence of the whole day is about the absence, and over a declined visit about that", () => {
    const away = sample("absences", "a-1", { from: "00:00", to: "2026-10-07 12:00" });
    const declined = visit(2, { start: "2026-10-08 08:00", status: "declined", plannedVisitId: "p-1" });
    const plan = sample("planned-visits", "p-1", { start: "2026-10-08 08:00", end: "2026-10-08 09:00" });
    const span = claim("k-1", 300, { to: "2026-10-09" });
    const elsewhere = visit(60, { start: "2026-10-20 08:00" }, "v-2");
    // Five days of 60. The 5th and 6th away; the 7th, when the client came home, and the 9th without a visit; the 8th declined.
    expect(judgedOf([away, declined, plan, elsewhere, span]).filter(({ claim: of }) => of !== null)).toMatchObject([
      { code: "M05", matter: "absence", days: ["2026-10-05", "2026-10-06"], overbilledOre: 96_000 },
      { code: "M05", matter: "visit", days: ["2026-10-07", "2026-10-09"], overbilledOre: 96_000 },
      { code: "M05", matter: "declined", days: ["2026-10-08"], overbilledOre: 48_000 },
    ]);
  });

  test("M06: a visit without an end, or without an approval that the contract requires, holds the claim until it is mended", () => {
    const held = { code: "M06", matter: "unverified", overbilledOre: 0, holdDays: 14, holdUntil: "2026-11-18" };
    expect(judgedOf([visit(60, { end: undefined }), claim("k-1", 60)])).toMatchObject([held]);
    const terms = { required: ["start", "end", "approvedByManager"] };
    expect(judgedOf([visit(60), claim("k-1", 60)], { terms })).toMatchObject([held]);
    expect(judgedOf([visit(60, { approvedByManager: true }), claim("k-1", 60)], { terms })).toMatchObject([
      { code: "M00" },
    ]);
  });

  test("M06: where nobody can tell of visits, none is missing", () => {
    expect(judgedOf([claim("k-1", 60)])).toMatchObject([{ code: "M06", matter: "unjoined", overbilledOre: 0 }]);
  });

  test("M07: another price than the contract's, both ways", () => {
    // An hour at 500 kronor instead of 480 is 2,000 öre too much; at 450 it costs the municipality nothing.
    const dear = claim("k-1", 60, { unitPriceOre: 50_000, amountOre: 50_000 });
    expect(judgedOf([visit(60), dear])).toMatchObject([
      { code: "M07", matter: "price", overbilledOre: 2_000, proposal: { kind: "correct", minutes: 60, ore: 48_000 } },
    ]);
    const cheap = claim("k-1", 60, { unitPriceOre: 45_000, amountOre: 45_000 });
    expect(judgedOf([visit(60), cheap])).toMatchObject([{ code: "M07", overbilledOre: 0, unbilledOre: 0 }]);
  });

  test("M07: another band than that of the time, to the minute", () => {
    const terms = {
      bands: [{ name: "kvall", from: "18:00", to: "22:00" }],
      price: [{ orePerHour: 48_000 }, { band: "kvall", orePerHour: 60_000 }, { band: "dag", orePerHour: 48_000 }],
    };
    const late = visit(60, { start: "17:30" });
    // 30 minutes at 8 kronor and 30 at 10 are 540 kronor; all at 10 would be 600.
    const wrong = claim("k-1", 60, { band: "kvall", unitPriceOre: 60_000, amountOre: 60_000 });
    expect(judgedOf([late, wrong], { terms })).toMatchObject([
      { code: "M07", matter: "band", band: "kvall", payableOre: 54_000, overbilledOre: 6_000 },
    ]);
    const split = [
      claim("k-1", 30, { band: "dag", amountOre: 24_000 }),
      claim("k-2", 30, { band: "KVALL", unitPriceOre: 60_000, amountOre: 30_000 }),
    ];
    expect(judgedOf([late, ...split], { terms })).toMatchObject([{ code: "M00" }, { code: "M00" }]);
    // 620 kronor an hour in the evening: ten kronor too much, which would drown in the day's roundings.
    const dear = [
      claim("k-1", 30, { unitPriceOre: 48_000, amountOre: 24_000 }),
      claim("k-2", 30, { band: "kvall", unitPriceOre: 62_000, amountOre: 31_000 }),
    ];
    expect(judgedOf([late, ...dear], { terms })).toMatchObject([
      { code: "M07", matter: "price", overbilledOre: 1_000 },
    ]);
    // Beside a line for the evening, one without a band is for the rest of the day.
    const dearDay = [
      claim("k-1", 30, { unitPriceOre: 49_000, amountOre: 24_500 }),
      claim("k-2", 30, { band: "kvall", unitPriceOre: 60_000, amountOre: 30_000 }),
    ];
    const base = { ...terms, price: terms.price.slice(0, 2) };
    expect(judgedOf([late, ...dearDay], { terms: base })).toMatchObject([
      { code: "M07", matter: "price", overbilledOre: 500 },
    ]);
  });

  test("M07: the visit is there, on another service, or at the other one in the household", () => {
    const cleaning = sample("order-lines", "o-1-2", { orderId: "o-1", service: "stad", minutes: 60, times: 1 });
    const wrong = claim("k-1", 60, { service: "omvardnad" });
    expect(judgedOf([cleaning, visit(60, { services: ["stad"] }), wrong])).toMatchObject([
      { code: "M07", matter: "service", overbilledOre: 0, proposal: { kind: "correct", minutes: 60, ore: 48_000 } },
    ]);
    const home = ["C1", "C2"].map((id) => sample("clients", id, { householdId: "H" }));
    const other = sample("order-lines", "o-2-1", { orderId: "o-2", minutes: 60, times: 1 });
    const records = [...home, other, visit(60, { clientId: "C2" }), wrong];
    expect(judgedOf(records)).toMatchObject([{ code: "M07", matter: "client", overbilledOre: 48_000 }]);
    // Claimed there too, it is no other one's visit.
    expect(judgedOf([...records, claim("k-2", 60, { clientId: "C2" })])).toMatchObject([{ code: "M05" }]);
  });

  test("M08: the later of two claims for the same time", () => {
    const [first, second] = [claim("k-9", 60, { invoiceId: "F1" }), claim("k-10", 60, { invoiceId: "F1" })];
    expect(judgedOf([visit(60), second, first])).toMatchObject([
      { claim: "k-10", code: "M08", related: ["k-9"], overbilledOre: 48_000, proposal: { kind: "net", ore: 0 } },
      { claim: "k-9", code: "M00" },
    ]);
  });

  test("M08 is not two lines for two visits: neither where both are payable, nor where one of those that are ordered is missing", () => {
    const ordered = sample("order-lines", "o-1-1", { orderId: "o-1", minutes: 30, times: 2 });
    const lines = [claim("k-1", 30, { invoiceId: "F1" }), claim("k-2", 30, { invoiceId: "F1" })];
    const [morning, evening] = [visit(30), visit(30, { start: "18:00" }, "v-2")];
    expect(judgedOf([ordered, morning, evening, ...lines])).toMatchObject([{ code: "M00", related: ["k-2"] }]);
    expect(judgedOf([ordered, morning, ...lines])).toMatchObject([
      { code: "M03", claimedMinutes: 60, payableMinutes: 30, overbilledOre: 24_000 },
    ]);
  });

  test("M08: what a declined visit pays, there twice, is no visit that is missing although both stay within the order", () => {
    const once = (times: number) => sample("order-lines", "o-1-1", { orderId: "o-1", minutes: 30, times });
    const declined = visit(2, { status: "declined", plannedVisitId: "p-1" });
    const terms = { declined: { percent: { default: 50 } } };
    const lines = [15, 15, 15].map((minutes, index) => claim(`k-${index + 1}`, minutes, { invoiceId: "F1" }));
    const records = [sample("planned-visits", "p-1"), declined, ...lines.slice(0, 2)];
    expect(judgedOf([once(1), ...records], { terms })).toMatchObject([
      { claim: "k-2", code: "M08", related: ["k-1"], overbilledOre: 12_000 },
      { claim: "k-1", code: "M00" },
    ]);
    expect(judgedOf([once(1), ...records, lines[2]!], { terms })).toMatchObject([
      { claim: "k-2", code: "M08" },
      { claim: "k-3", code: "M08" },
      { claim: "k-1", code: "M00" },
    ]);
    // The second line may be for the other one that is ordered; or, where the two differ, both for all that was planned.
    expect(judgedOf([once(2), ...records], { terms })).toMatchObject([{ code: "M03", related: ["k-2"] }]);
    const rest = claim("k-2", 14, { invoiceId: "F1" });
    expect(judgedOf([once(1), ...records, rest], { terms })).toMatchObject([
      { code: "M03", matter: "declined", overbilledOre: 11_200 },
    ]);
    // A visit that was made, but that pays nothing, is no declined one.
    const made = visit(15, { start: "18:00", startProof: "manual", endProof: "manual" }, "v-2");
    const reason = { ...terms, manual: { reasonRequired: true } };
    expect(judgedOf([once(2), ...records, made], { terms: reason })).toMatchObject([{ code: "M03", related: ["k-2"] }]);
  });

  test("M09: while the source was silent, nothing is held against anybody", () => {
    const arrivals = ["2026-10-04 22:00", "2026-10-07 06:00"].map((on) => ({ at: at(on), records: 5 }));
    const facts = [{ source: "files", everyHours: 1, arrivals }];
    const { judged, rows } = october([visit(60, { start: "2026-10-20 08:00" }), claim("k-1", 60)], { facts });
    expect(judged.filter(({ claim: of }) => of !== null)).toMatchObject([
      { code: "M09", matter: "silent", overbilledOre: 0, holdDays: 0, proposal: null },
    ]);
    expect(rows[0]!.ore.overbilled).toBe(0);
  });

  test("a source that fell silent in the evening hides no visit of a line whose visits are all known", () => {
    const heard = ["2026-10-05 21:00", "2026-10-06 14:00"].map((on) => ({ at: at(on), records: 5 }));
    const facts = [{ source: "files", everyHours: 1, arrivals: heard }];
    const once = (times: number) => sample("order-lines", "o-1-1", { orderId: "o-1", minutes: 30, times });
    const declined = visit(2, { status: "declined", plannedVisitId: "p-1" });
    const records = [sample("planned-visits", "p-1"), declined, claim("k-1", 30)];
    const terms = { declined: { percent: { default: 50 } } };
    expect(judgedOf([once(1), ...records], { facts, terms })).toMatchObject([
      // 15 minutes at 800 öre.
      { code: "M03", matter: "declined", claimedMinutes: 30, payableMinutes: 15, overbilledOre: 12_000 },
    ]);
    // The second of two may have come while nothing was heard.
    expect(judgedOf([once(2), ...records], { facts, terms })).toMatchObject([{ code: "M09", overbilledOre: 0 }]);
    // Also where the two are ordered in a line each.
    const evening = sample("order-lines", "o-1-2", { orderId: "o-1", minutes: 30, times: 1 });
    expect(judgedOf([once(1), evening, ...records], { facts, terms })).toMatchObject([
      { code: "M09", overbilledOre: 0 },
    ]);
  });

  test("nor does it hide what a line that is there twice could be for", () => {
    const heard = ["2026-10-05 21:00", "2026-10-06 14:00"].map((on) => ({ at: at(on), records: 5 }));
    const facts = [{ source: "files", everyHours: 1, arrivals: heard }];
    const twice = [claim("k-1", 60, { invoiceId: "F1" }), claim("k-2", 60, { invoiceId: "F1" })];
    expect(judgedOf([visit(60), ...twice], { facts })).toMatchObject([
      { claim: "k-2", code: "M08", related: ["k-1"] },
      { claim: "k-1", code: "M00" },
    ]);
    const two = sample("order-lines", "o-1-1", { orderId: "o-1", minutes: 60, times: 1, staffing: 2 });
    expect(judgedOf([two, visit(60), ...twice], { facts })).toMatchObject([{ code: "M09", overbilledOre: 0 }]);
  });

  test("M10: what is paid by the month needs no visit, and is accepted up to the month's price", () => {
    const alarm = sample("order-lines", "o-1-1", { orderId: "o-1", service: "larm", minutes: 0, times: 1 });
    const terms = { basis: { larm: "monthly" }, price: [{ services: ["larm"], orePerMonth: 20_000 }] };
    const month = (amountOre: number) =>
      sample("claims", "k-1", {
        from: "2026-10-01",
        to: "2026-10-31",
        service: "larm",
        unit: "MON",
        quantity: 1,
        amountOre,
        minutes: undefined,
        unitPriceOre: undefined,
      });
    expect(judgedOf([alarm, month(20_000)], { terms })).toMatchObject([{ code: "M10", overbilledOre: 0 }]);
    expect(judgedOf([alarm, month(30_000)], { terms })).toMatchObject([{ code: "M03", overbilledOre: 10_000 }]);
  });

  test("M10: what is paid as granted is accepted on days without a visit", () => {
    const records = [visit(60), claim("k-1", 120, { to: "2026-10-06" })];
    expect(judgedOf(records, { terms: { basis: { default: "granted" } }, asOf: "2026-10-20 04:30" })).toMatchObject([
      { code: "M10", payableMinutes: 120, overbilledOre: 0 },
      // The four days before the claim.
      { code: "M04", claim: null },
    ]);
  });
});

describe("services that share visits", () => {
  const lines = [
    sample("order-lines", "o-1-1", { orderId: "o-1", minutes: 20, times: 1 }),
    sample("order-lines", "o-1-2", { orderId: "o-1", service: "stad", minutes: 40, times: 1 }),
  ];
  const shared = visit(60, { services: ["omvardnad", "stad"] });

  test("are claimed together: how a provider divides the visit changes nothing", () => {
    // By what is ordered 20 and 40 minutes; claimed as 30 and 30.
    const halves = [claim("k-1", 30), claim("k-2", 30, { service: "stad" })];
    expect(judgedOf([...lines, shared, ...halves])).toMatchObject([{ code: "M00", payableMinutes: 60 }]);
  });

  test("are no way to claim more in all", () => {
    const more = [claim("k-1", 40), claim("k-2", 40, { service: "stad" })];
    expect(judgedOf([...lines, shared, ...more])).toMatchObject([{ code: "M03", overbilledOre: 16_000 }]);
  });
});

describe("credits", () => {
  const wrong = claim("k-1", 90, { invoiceId: "F1" });
  test("net what they correct; without saying what, a claim of the same provider, service and day", () => {
    for (const corrects of [{ correctsId: "k-1", from: "2026-11-05", to: "2026-11-05" }, {}]) {
      const credit = claim("k-2", 30, { kind: "credit", invoiceId: "F2", ...corrects });
      const { judged, rows } = october([visit(60), wrong, credit]);
      expect(judged).toMatchObject([{ claim: "k-1", related: ["k-2"], code: "M00", claimedMinutes: 60 }]);
      expect(rows[0]!.minutes.claimed).toBe(60);
    }
  });

  test("as negative lines do the same, and leave nothing of a claim that is taken back whole", () => {
    const negative = claim("k-2", -90, { invoiceId: "F2" });
    const { judged, rows } = october([visit(60), wrong, negative, claim("k-3", 60, { invoiceId: "F3" })]);
    expect(judged).toMatchObject([{ claim: "k-3", code: "M00" }]);
    expect(rows[0]!).toMatchObject({ minutes: { claimed: 60 }, ore: { claimed: 48_000, overbilled: 0 } });
  });

  describe("of more than one claim, or of one claim's other days,", () => {
    const again = { invoiceId: "F3" };
    const accepted = (minutes: number) => [{ code: "M00", claimedMinutes: minutes, overbilledOre: 0 }];

    test("net all claims of the day", () => {
      // 30 + 30 − 60 + 30 + 30 = 60 minutes for two visits of 30.
      const ordered = sample("order-lines", "o-1-1", { orderId: "o-1", minutes: 30, times: 2 });
      const halves = (invoiceId: string, ids: string[]) => ids.map((id) => claim(id, 30, { invoiceId }));
      const { judged, rows } = october([
        ordered,
        visit(30),
        visit(30, { start: "18:00" }, "v-2"),
        ...halves("F1", ["k-1", "k-2"]),
        claim("k-3", 60, { kind: "credit", invoiceId: "F2" }),
        ...halves("F3", ["k-4", "k-5"]),
      ]);
      expect(judged).toMatchObject(accepted(60));
      expect(rows[0]!.minutes.claimed).toBe(60);
    });

    const days = ["05", "06", "07"].map((of) => `2026-10-${of}`);
    const visits = days.map((on) => visit(60, { start: `${on} 08:00` }, `v-${on}`));
    const span = { from: days[0], to: days[2] };

    test("net what was claimed of their period", () => {
      // Three days of 60 are taken back in one line for the month, and claimed anew in one of 180.
      const each = days.map((on) => claim(`k-${on}`, 60, { ...date(on), invoiceId: "F1" }));
      const month = { from: "2026-10-01", to: "2026-10-31", kind: "credit", invoiceId: "F2" };
      const { judged, rows } = october([
        ...visits,
        ...each,
        claim("k-c", 180, month),
        claim("k-n", 180, { ...span, ...again }),
      ]);
      expect(judged).toMatchObject(accepted(180));
      expect(rows[0]!.minutes.claimed).toBe(180);
    });

    test("net all of the claim that they correct, though dated on one of its days", () => {
      const credit = { ...date(days[2]!), kind: "credit", correctsId: "k-1", invoiceId: "F2" };
      const first = claim("k-1", 180, { ...span, invoiceId: "F1" });
      const { judged, rows } = october([
        ...visits,
        first,
        claim("k-2", 180, credit),
        claim("k-3", 180, { ...span, ...again }),
      ]);
      expect(judged).toMatchObject(accepted(180));
      expect(rows[0]!.minutes.claimed).toBe(180);
    });

    test("leave alone what is only priced otherwise", () => {
      // 60 minutes at 500 kronor are taken back and claimed at 480: the credit's 2,000 öre more are for no other claim.
      const wrongly = claim("k-1", 60, { invoiceId: "F1" });
      const back = claim("k-2", 60, { kind: "credit", amountOre: 50_000, invoiceId: "F2" });
      expect(judgedOf([visit(60), wrongly, back, claim("k-3", 60, again)])).toMatchObject([
        { claim: "k-3", claimedMinutes: 60, claimedOre: 48_000, code: "M00" },
      ]);
    });
  });

  test("of another day or service net nothing", () => {
    const credit = claim("k-2", 30, { kind: "credit", ...date("2026-10-06") });
    expect(judgedOf([visit(60), wrong, credit])).toMatchObject([{ claim: "k-1", code: "M03", claimedMinutes: 90 }]);
  });
});

describe("what nobody claims", () => {
  const other = sample("claims", "k-2", { clientId: "C2" });
  test("is not unbilled before the provider's invoice has come", () => {
    expect(judgedOf([visit(60)])).toEqual([]);
  });

  test("is unbilled when it has claimed for others and the cut-off has passed", () => {
    // The third weekday of November is Wednesday the 4th.
    expect(judgedOf([visit(60), other], { asOf: "2026-11-04 11:30" })).toEqual([]);
    expect(judgedOf([visit(60), other], { asOf: "2026-11-04 12:30" })).toMatchObject([
      { claim: null, code: "M04", days: ["2026-10-05"], payableMinutes: 60, unbilledOre: 48_000 },
    ]);
  });

  test("is unbilled when no invoice is to be expected any more", () => {
    // The cut-off of November is Thursday 3 December.
    const september = claim("k-9", 30, { clientId: "C2", from: "2026-09-10", to: "2026-09-10" });
    const judged = (records: Parameters<typeof judgedOf>[0], at: string) =>
      judgedOf([visit(60), ...records], { asOf: `2026-12-03 ${at}` });
    expect(judged([september], "11:30")).toEqual([]);
    expect(judged([september], "12:30")).toMatchObject([{ code: "M04", unbilledOre: 48_000 }]);
    // Of a provider whose invoices nobody has sent us yet, nothing is known.
    expect(judged([], "12:30")).toEqual([]);
  });

  test("may be what the provider claims for a number that nobody has joined with a client", () => {
    const stranger = sample("claims", "k-3", { clientId: "X9" });
    expect(judgedOf([visit(60), other, stranger])).toEqual([]);
    expect(judgedOf([visit(60), other, stranger, claim("k-1", 60, date("2026-10-06"))])).toMatchObject([
      { claim: "k-1", code: "M05" },
      { claim: null, code: "M04" },
    ]);
  });

  describe("of an absence", () => {
    // Half of 60 minutes a day for the 6th and 7th, after a visit on the 5th.
    const terms = { absence: { plannedNoticeDays: 5, unplannedPaidPercent: [50, 50], unplannedPaidDays: 2 } };
    const away = (more: Values = {}) =>
      sample("absences", "a-1", { from: "2026-10-06", to: "2026-10-07", kind: "hospital", ...more });
    const judged = (more: Values, ...claims: Records) => judgedOf([visit(60), away(more), ...claims], { terms });

    test("is unbilled where it was not planned, and not where nobody says whether it was", () => {
      const own = claim("k-1", 60);
      const unbilled = [
        { claim: "k-1", code: "M00" },
        { claim: null, code: "M04", days: ["2026-10-06", "2026-10-07"], payableMinutes: 60, unbilledOre: 48_000 },
      ];
      expect(judged({ planned: false }, own, other)).toMatchObject(unbilled);
      expect(judged({ notifiedAt: at("2026-10-05 20:00") }, own, other)).toMatchObject(unbilled);
      expect(judged({}, own, other)).toMatchObject([{ claim: "k-1", code: "M00" }]);
    });

    test("is accepted where it is claimed, whole or in part, alone or with the days around it", () => {
      expect(judged({}, claim("k-1", 60), claim("k-2", 30, date("2026-10-06")))).toMatchObject([
        { claim: "k-1", code: "M00" },
        { claim: "k-2", code: "M00" },
      ]);
      const span = { from: "2026-10-05", to: "2026-10-07" };
      for (const minutes of [60, 90, 120]) {
        expect(judged({}, claim("k-1", minutes, span))).toMatchObject([
          { code: "M00", payableMinutes: minutes, payableOre: minutes * 800 },
        ]);
      }
      expect(judged({}, claim("k-1", 50, span))).toMatchObject([
        { code: "M04", payableMinutes: 60, unbilledOre: 8000 },
      ]);
      expect(judged({}, claim("k-1", 130, span))).toMatchObject([{ code: "M03", payableMinutes: 120 }]);
      const hours = { ...span, minutes: undefined, quantity: 1, unit: "C62", amountOre: 48_000 };
      expect(judged({}, claim("k-1", 60, hours))).toMatchObject([{ code: "M00", payableOre: 48_000 }]);
    });
  });

  test("counts by day, on the row that it is payable on", () => {
    const two = [visit(60), visit(60, { start: "2026-10-06 08:00" }, "v-2")];
    expect(october([...two, other]).rows[0]!).toMatchObject({ codes: { M04: 2 }, ore: { unbilled: 96_000 } });
  });
});

test("prints claims that are not accepted with their ids, holds and proposals", () => {
  const { rows } = october([visit(60), claim("k-1", 90)]);
  expect(rows[0]!.claims).toEqual([
    {
      code: "M03",
      matter: "time",
      claim: { source: "files", id: "k-1" },
      related: [],
      days: ["2026-10-05"],
      band: null,
      minutes: { claimed: 90, payable: 60 },
      ore: { claimed: 72_000, payable: 48_000, overbilled: 24_000, unbilled: 0 },
      hold: { days: 7, until: "2026-11-11" },
      proposal: { kind: "cut-back", minutes: 60, ore: 48_000, why: "Ersättningen är 60 minuter." },
    },
  ]);
});
