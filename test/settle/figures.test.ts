import { describe, expect, test } from "vitest";
import { tablesFrom } from "#columns";
import { matchVisits } from "#match";
import { day, samples } from "#model";
import { Settlement, settlementRow } from "#settle";

const { at, daily, sample, sampleMunicipality } = samples;

function figuresOf(records: readonly samples.SampleRecord[], client = "files/C1") {
  const tables = tablesFrom([...sampleMunicipality(), ...records], {
    asOf: at("2026-11-10 04:30"),
    period: { from: day("2026-10-01"), through: day("2026-10-31") },
  });
  const settlement = new Settlement(tables, matchVisits(tables));
  return settlement
    .month(tables.clients.find(client), day("2026-10-01"), day("2026-10-31"))
    .map((row) => settlementRow(tables, row));
}

const contract = sample("contracts", "K1", {
  terms: { price: [{ from: "2026-01-01", services: ["omvardnad"], orePerHour: 48_000 }] },
});
const claim = (id: string, values: Record<string, unknown>) => sample("claims", id, { orderId: "o-1", ...values });

describe("figures of an order line", () => {
  test("cap lines that nothing tells apart together, and never above what both grant", () => {
    // Two lines of the same service, 10 minutes a day each: 310 minutes each in October. All visits count on one of them.
    const lines = ["o-1-1", "o-1-2"].map((id) => sample("order-lines", id, { orderId: "o-1", minutes: 10, times: 1 }));
    const visit = (minutes: number) =>
      Array.from({ length: 31 }, (_, date) => {
        const start = at("2026-10-01 09:00", date * 24 * 60);
        return sample("visits", `v-${date}`, { start, end: start + minutes * 60_000 });
      });
    const payable = (minutes: number) =>
      figuresOf([contract, ...lines, ...visit(minutes)]).reduce((sum, row) => sum + row.minutes.payable, 0);
    expect(payable(18)).toBe(18 * 31);
    expect(payable(25)).toBe(620);
  });

  test("hold a claim on a service against all lines of its order, whatever part of day they are for", () => {
    const lines = (["morning", "evening"] as const).map((partOfDay, position) =>
      sample("order-lines", `o-1-${position + 1}`, { orderId: "o-1", minutes: 30, times: 1, partOfDay }),
    );
    const rows = figuresOf([
      contract,
      ...lines,
      sample("visits", "v-1", { start: "08:00", end: "08:30" }),
      sample("visits", "v-2", { start: "19:00", end: "19:30" }),
      claim("c-1", { minutes: 60, amountOre: 48_000 }),
    ]);
    const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
    expect(rows.map((row) => row.minutes.payable)).toEqual([30, 30]);
    expect([
      sum((row) => row.minutes.claimed),
      sum((row) => row.ore.overbilled),
      sum((row) => row.ore.unbilled),
    ]).toEqual([60, 0, 0]);
  });

  test("divide a claim for a week over the days of all lines of its service", () => {
    // Monday to Friday stands on one line, the weekend on another.
    const lines = [
      [1, 2, 3, 4, 5],
      [6, 7],
    ].map((weekdays, position) =>
      sample("order-lines", `o-1-${position + 1}`, { orderId: "o-1", minutes: 30, times: 1, weekdays }),
    );
    const rows = figuresOf([
      contract,
      ...lines,
      ...daily(7, (date, position) =>
        sample("visits", `v-${position}`, { start: `${date} 08:00`, end: `${date} 08:30` }),
      ),
      claim("c-1", { from: "2026-10-05", to: "2026-10-11", minutes: 210, amountOre: 168_000 }),
    ]);
    expect(rows.map((row) => [row.ore.overbilled, row.ore.unbilled])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test("put granted, planned, registered, claimed and the rest side by side", () => {
    const [row, ...others] = figuresOf([
      contract,
      sample("planned-visits", "p-1"),
      sample("visits", "v-1", { start: "08:04", end: "08:33" }),
      sample("planned-visits", "p-2", { start: "12:00" }),
      sample("visits", "v-2", { start: "12:00", end: undefined, status: "declined" }),
      sample("planned-visits", "p-3", { start: "18:00" }),
      sample("planned-visits", "p-4", { start: "2026-10-06 08:00" }),
      sample("visits", "v-4", { start: "2026-10-06 08:00", end: "2026-10-06 08:05", status: "noAnswer" }),
      claim("c-1", { minutes: 30, amountOre: 24_000 }),
    ]);
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      month: "2026-10",
      provider: "P1",
      unit: "U1",
      client: "C1",
      service: "omvardnad",
      order: "o-1",
      line: "o-1-1",
      contract: "K1",
      minutes: {
        granted: 2790,
        planned: 120,
        registered: 29,
        payable: 29,
        declined: 30,
        noAnswer: 30,
        absent: 0,
        missed: 30,
        claimed: 30,
        underDelivered: 2761,
      },
      // A minute more than was payable is within the tolerance of a day.
      ore: { payable: 23_200, claimed: 24_000, overbilled: 0, unbilled: 0 },
      codes: { M02: 1 },
      trace: [{ step: "registered", minutes: 29 }],
    });
  });

  test("pay registered minutes in order of time until the granted ones are used up", () => {
    const line = sample("order-lines", "o-1-1", { orderId: "o-1", minutes: 50, times: 1, per: "month" });
    const visits = daily(3, (date) => sample("visits", `v-${date}`, { start: `${date} 08:00` }));
    const [row] = figuresOf([contract, line, ...visits]);
    expect(row!.minutes).toMatchObject({ granted: 50, registered: 90, payable: 50 });
    expect(row!.ore.payable).toBe(40_000);
    expect(row!.trace).toEqual([
      { step: "registered", minutes: 90 },
      { step: "cap", minutes: -40 },
    ]);
  });

  test("count seconds, and round once", () => {
    const visits = daily(4, (date) =>
      sample("visits", `v-${date}`, { start: at(`${date} 08:00`), end: at(`${date} 08:10`) + 15_000 }),
    );
    expect(figuresOf(visits)[0]!.minutes.registered).toBe(41);
  });

  test("say why there is no price", () => {
    expect(figuresOf([sample("visits", "v-1")])[0]).toMatchObject({
      contract: null,
      ore: { payable: 0 },
      trace: [{ step: "registered" }, { step: "price", why: "inget avtal gäller" }],
    });
    const empty = sample("contracts", "K1");
    expect(figuresOf([empty, sample("visits", "v-1")])[0]!.trace[1]!.why).toMatch(/timpris/);
  });

  test("leave out visits whose minutes cannot be counted", () => {
    const [row] = figuresOf([
      sample("visits", "v-1", { end: undefined }),
      sample("visits", "v-2", { start: "10:00", end: "09:00" }),
      sample("visits", "v-3", { start: "11:00", end: "2026-10-07 12:30" }),
    ]);
    expect(row!.minutes.registered).toBe(0);
  });

  test("show apart what belongs to no line, and pay none of it", () => {
    const rows = figuresOf([sample("visits", "v-1", { services: ["stad"] })]);
    expect(rows.find((row) => row.line === null)).toMatchObject({
      order: null,
      service: "stad",
      provider: "P1",
      minutes: { granted: 0, registered: 30, payable: 0 },
      trace: [
        { step: "registered", minutes: 30 },
        { step: "cap", minutes: -30, why: expect.any(String) },
      ],
    });
  });

  test("measure both clock changes in elapsed time", () => {
    const night = (id: string, start: string, end: string) => sample("visits", id, { start: at(start), end: at(end) });
    const october = figuresOf([night("v-1", "2026-10-25 01:30", "2026-10-25 03:30")]);
    expect(october[0]!.minutes.registered).toBe(180);
  });
});

describe("claims against payable minutes", () => {
  const week = (days: readonly number[]) =>
    days.map((date) =>
      sample("visits", `v-${date}`, { start: `2026-10-0${date} 08:00`, end: `2026-10-0${date} 09:00` }),
    );
  const span = claim("c-1", { from: "2026-10-05", to: "2026-10-09", minutes: 300, amountOre: 240_000 });

  test("a span is divided over its days, and those without a visit are M05", () => {
    const [row] = figuresOf([contract, span, ...week([5, 6, 9])]);
    expect(row!.codes).toEqual({ M00: 1, M05: 2 });
    expect(row!.ore).toEqual({ payable: 144_000, claimed: 240_000, overbilled: 96_000, unbilled: 0 });
  });

  test("what is not claimed is unbilled once the line is billed at all", () => {
    const one = claim("c-1", { minutes: 60, amountOre: 48_000 });
    const [row] = figuresOf([contract, one, ...week([5, 6])]);
    expect(row!.codes).toEqual({ M00: 1, M04: 1 });
    expect(row!.ore.unbilled).toBe(48_000);
    expect(figuresOf([contract, ...week([5, 6])])[0]!.codes).toEqual({});
  });

  test("a credit nets the line that it corrects", () => {
    const wrong = claim("c-1", { minutes: 90, amountOre: 72_000 });
    const credit = claim("c-2", { minutes: 30, amountOre: 24_000, kind: "credit", correctsId: "c-1" });
    const [row] = figuresOf([contract, wrong, credit, ...week([5])]);
    expect(row!.codes).toEqual({ M00: 1 });
    expect(row!.minutes.claimed).toBe(60);
    expect(row!.ore).toMatchObject({ claimed: 48_000, overbilled: 0 });
  });
});
