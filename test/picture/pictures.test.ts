import { describe, expect, test } from "vitest";
import { atMinute, day, MINUTE } from "#model";
import { calendarHeat, dayTimeline, funnelPlot, type Lane, type Picture, settlementBars, trend } from "#picture";

const monday = day("2026-10-05");
const at = (clock: string) => {
  const [hour = 0, minute = 0] = clock.split(":").map(Number);
  return atMinute(monday, hour * 60 + minute);
};
const stay = (start: string, end: string | null, label: string) => ({
  start: at(start),
  end: end === null ? null : at(end),
  label,
});
const lane = (parts: Partial<Lane>): Lane => ({
  label: "AB · 17",
  planned: [],
  registered: [],
  locks: [],
  travel: [],
  absences: [],
  ...parts,
});

/** The drawn elements of a kind, with their attributes; numbers as numbers. */
function drawn(svg: string, name: string, className?: string): Array<Record<string, string | number>> {
  return [...svg.matchAll(new RegExp(`<${name} ([^>]*?)/?>`, "g"))]
    .map(([, said = ""]) =>
      Object.fromEntries(
        [...said.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [
          key,
          value !== "" && Number.isFinite(Number(value)) ? Number(value) : value,
        ]),
      ),
    )
    .filter((one) => className === undefined || one["class"] === className);
}

describe("a day as a time line", () => {
  const two = lane({
    registered: [
      { ...stay("08:00", "09:00", "CD · 4"), claimed: true },
      { ...stay("08:30", "09:30", "EF · 5"), claimed: true },
      { ...stay("10:00", "12:00", "GH · 6"), claimed: false },
    ],
  });

  test("draws twice the time twice as wide, in its place", () => {
    const { svg } = dayTimeline("t", monday, [two]);
    const [first] = drawn(svg, "rect", "alarm");
    const [long] = drawn(svg, "rect", "main");
    expect(Number(long?.["width"])).toBeCloseTo(2 * Number(first?.["width"]), 1);
    expect(Number(long?.["x"]) - Number(first?.["x"])).toBeCloseTo(2 * Number(first?.["width"]), 1);
  });

  test("puts what overlaps on rows of its own, and what follows on the first again", () => {
    const { svg } = dayTimeline("t", monday, [two]);
    const [first, second] = drawn(svg, "rect", "alarm");
    const [third] = drawn(svg, "rect", "main");
    expect(Number(second?.["y"])).toBeGreaterThan(Number(first?.["y"]) + Number(first?.["height"]));
    expect(third?.["y"]).toBe(first?.["y"]);
  });

  test("says in words what the finding rests on, and gives every sign as a row of the table", () => {
    const picture = dayTimeline("t", monday, [
      {
        ...two,
        planned: [stay("08:00", "08:45", "CD · 4")],
        locks: [{ at: at("08:02"), label: "CD · 4", event: "opened" }],
      },
    ]);
    expect(picture.alternative).toBe(
      "AB · 17: 3 registrerade besök, 1 planerat och 1 låshändelse. Fyndet gäller 08:00–09:00 hos CD · 4 och 08:30–09:30 hos EF · 5.",
    );
    expect(picture.rows).toEqual([
      ["AB · 17", "Planerat", "08:00–08:45", "CD · 4"],
      ["AB · 17", "Registrerat, fyndet gäller det", "08:00–09:00", "CD · 4"],
      ["AB · 17", "Lås öppnat", "08:02", "CD · 4"],
      ["AB · 17", "Registrerat, fyndet gäller det", "08:30–09:30", "EF · 5"],
      ["AB · 17", "Registrerat", "10:00–12:00", "GH · 6"],
    ]);
    expect(picture.legend.map(({ text }) => text)).toEqual([
      "Planerat",
      "Registrerat",
      "! Registrerat, fyndet gäller det",
      "Lås öppnat",
      "Lås låst",
    ]);
  });

  test("hatches a journey for as long as it takes at least, also where the gap is shorter", () => {
    const { svg } = dayTimeline("t", monday, [
      lane({
        registered: [
          { ...stay("08:00", "08:30", "A"), claimed: false },
          { ...stay("08:35", "09:00", "B"), claimed: false },
        ],
        travel: [{ start: at("08:30"), minutes: 30 }],
      }),
    ]);
    const [journey] = drawn(svg, "rect").filter(({ fill }) => fill === "url(#t-hatch)");
    const [visit] = drawn(svg, "rect", "main");
    expect(Number(journey?.["width"])).toBeCloseTo(Number(visit?.["width"]), 1);
    expect(Number(journey?.["x"])).toBeCloseTo(Number(visit?.["x"]) + Number(visit?.["width"]), 1);
  });

  test("draws an absence from the day's first sign to its last, however long it is", () => {
    const picture = dayTimeline("t", monday, [
      lane({
        registered: [{ ...stay("08:00", "09:00", "CD · 4"), claimed: true }],
        absences: [{ start: at("08:00") - 3 * 86_400_000, end: null, label: "CD · 4" }],
      }),
    ]);
    expect(picture.svg).toContain("CD · 4 borta");
    expect(picture.rows[0]).toEqual(["AB · 17", "Brukaren borta", "2026-10-02 08:00 – tills vidare", "CD · 4"]);
    for (const { x1, x2 } of drawn(picture.svg, "line", "outline")) {
      expect(Number(x1)).toBeGreaterThanOrEqual(110);
      expect(Number(x2)).toBeLessThanOrEqual(950);
    }
  });

  test("gives a visit without an end a question mark, and an empty day a sentence", () => {
    const open = dayTimeline("t", monday, [lane({ registered: [{ ...stay("08:00", null, "A"), claimed: false }] })]);
    expect(open.rows).toEqual([["AB · 17", "Registrerat", "08:00–?", "A"]]);
    expect(dayTimeline("t", monday, []).alternative).toBe("Ingenting är planerat eller registrerat.");
  });

  test("reaches over midnight, and over the hour that comes twice", () => {
    const autumn = day("2026-10-25");
    const start = atMinute(autumn, 60);
    const { svg } = dayTimeline("t", autumn, [
      lane({ registered: [{ start, end: start + 180 * MINUTE, label: "natt", claimed: false }] }),
    ]);
    expect(svg.match(/>02:00</g)).toHaveLength(2);
  });

  test("takes a name for text", () => {
    const { svg } = dayTimeline("t", monday, [
      lane({ label: '<b onload="x">', registered: [{ ...stay("08:00", "12:00", "</text><script>"), claimed: false }] }),
    ]);
    expect(svg).not.toMatch(/<script|<b /);
  });
});

describe("a client's month as a calendar", () => {
  const picture = calendarHeat("k", "Oktober", "2026-10", [
    { day: monday, visits: 2, minutes: 30, away: false, claimed: false },
    { day: monday + 1, visits: 6, minutes: 240, away: false, claimed: true },
    { day: monday + 2, visits: 0, minutes: 0, away: true, claimed: false },
  ]);

  test("begins weeks on Monday and numbers them", () => {
    // 1 October 2026 is a Thursday.
    const [first] = drawn(picture.svg, "rect", "heat-0");
    expect(first).toMatchObject({ x: 46 + 3 * 76 + 1, y: 23 });
    expect(picture.svg).toMatch(/v\. 40.*v\. 41.*v\. 44/);
  });

  test("is darker the more time the day has", () => {
    expect(drawn(picture.svg, "rect", "heat-1")).toHaveLength(1);
    expect(drawn(picture.svg, "rect", "heat-4")).toHaveLength(1);
  });

  test("says the sum, the days away and the days with a finding", () => {
    expect(picture.alternative).toBe("8 besök under 2 dagar, 4 h 30 min. Borta 1 dag. Fynd gäller den 6.");
    expect(picture.rows).toHaveLength(31);
    expect(picture.rows[5]).toEqual(["tis 2026-10-06", 6, "4 h 00 min", "fynd"]);
    expect(picture.rows[6]).toEqual(["ons 2026-10-07", 0, "0 min", "borta"]);
  });
});

describe("a provider among its peers", () => {
  const peers = [100, 200, 400, 800, 1600].map((of, index) => ({
    label: `P${index}`,
    events: of / 10,
    of,
    chosen: false,
  }));
  const withChosen = (events: number, of: number) =>
    funnelPlot("Handregistrerat", "Antal besök", [...peers, { label: "Norr", events, of, chosen: true }]);

  test("says who stands outside what chance makes", () => {
    expect(withChosen(41, 400).alternative).toContain("Norr: 10,3 % av 400, inom det vanliga.");
    expect(withChosen(58, 400).alternative).toMatch(/Norr: 14,5 % av 400, över gränsen för 95 %\.$/);
    expect(withChosen(120, 400).alternative).toMatch(/Norr: 30 % av 400, över gränsen för 99,8 %\.$/);
    expect(withChosen(4, 400).alternative).toMatch(/under gränsen för 99,8 %\.$/);
  });

  test("narrows to the right", () => {
    const paths = drawn(withChosen(60, 400).svg, "path", "outline").map(({ d }) =>
      [...String(d).matchAll(/[ML]([\d.]+),([\d.]+)/g)].map(([, , y]) => Number(y)),
    );
    const [upper = [], lower = []] = paths;
    expect(lower.at(-1)! - upper.at(-1)!).toBeLessThan(lower[20]! - upper[20]!);
  });

  test("stands with none, and with nobody to compare with", () => {
    expect(funnelPlot("Handregistrerat", "Antal besök", []).alternative).toBe("Alla tillsammans: 0 %.");
    expect(
      funnelPlot("Handregistrerat", "Antal besök", [{ label: "Norr", events: 5, of: 5, chosen: true }]).alternative,
    ).toBe("Alla tillsammans: 100 %. Norr: 100 % av 5, inom det vanliga.");
  });
});

describe("bars of a settlement", () => {
  const picture = settlementBars(
    "Hemtjänsten Norr",
    [
      { label: "Beviljat", minutes: 1200, kind: "granted" },
      { label: "Utfört", minutes: 600, kind: "registered" },
      { label: "Fakturerat", minutes: 0, kind: "claimed" },
    ],
    2400,
  );

  test("share one scale, and nothing has no length", () => {
    expect(drawn(picture.svg, "rect").map(({ width }) => width)).toEqual([107.5, 53.75, 0]);
  });

  test("say their hours beside them and in the alternative", () => {
    expect(picture.alternative).toBe("Beviljat 20 h 00 min, Utfört 10 h 00 min, Fakturerat 0 min.");
    expect(picture.svg).toContain(">20 h 00 min<");
  });
});

describe("a trend", () => {
  const picture = trend(
    "Öppna fynd",
    ["2026-08", "2026-09", "2026-10"],
    [
      { label: "Fel", values: [1, 5, 3] },
      { label: "Mönster", values: [2, 4, 3] },
    ],
  );

  test("puts higher counts higher, and names lines that end together apart", () => {
    const heights = drawn(picture.svg, "circle").map(({ cy }) => Number(cy));
    expect(heights[1]!).toBeLessThan(heights[2]!);
    expect(heights[2]!).toBeLessThan(heights[0]!);
    const names = drawn(picture.svg, "text").filter(({ x }) => x === 530);
    expect(Math.abs(Number(names[0]?.["y"]) - Number(names[1]?.["y"]))).toBeGreaterThanOrEqual(15);
  });

  test("says where it began, where it is and how far it went", () => {
    expect(picture.alternative).toBe(
      "Fel: från 1 (2026-08) till 3 (2026-10), som mest 5. Mönster: från 2 (2026-08) till 3 (2026-10), som mest 4.",
    );
    expect(picture.rows[1]).toEqual(["2026-09", 5, 4]);
  });
});

test("no picture styles itself, runs anything or asks for anything", () => {
  const all: Picture[] = [
    dayTimeline("t", monday, [lane({ registered: [{ ...stay("08:00", "09:00", "A"), claimed: true }] })]),
    calendarHeat("k", "Oktober", "2026-10", []),
    funnelPlot("Handregistrerat", "Antal besök", [{ label: "Norr", events: 1, of: 5, chosen: true }]),
    settlementBars("Norr", [], 0),
    trend("Fynd", [], []),
  ];
  for (const { svg, legend } of all) {
    expect(`${svg}${legend.map((one) => one.svg).join("")}`).not.toMatch(
      / style=|<style|<script|href=|NaN|undefined| on\w+=/,
    );
  }
});
