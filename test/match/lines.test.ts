import { describe, expect, test } from "vitest";
import { tablesFrom } from "#columns";
import { grantedInMonth, LineMatcher, matchVisits } from "#match";
import { day, daysOfMonth, samples } from "#model";

const { at, sample, sampleMunicipality } = samples;

function tablesWith(records: readonly samples.SampleRecord[]) {
  return tablesFrom([...sampleMunicipality(), ...records], {
    asOf: at("2026-11-10 04:30"),
    period: { from: day("2026-10-01"), through: day("2026-10-31") },
  });
}

/** Granted and absent minutes of C1's line in a month. */
function granted(line: Record<string, unknown>, more: readonly samples.SampleRecord[] = [], month = "2026-10") {
  const tables = tablesWith([sample("order-lines", "o-1-1", { orderId: "o-1", ...line }), ...more]);
  const { first, last } = daysOfMonth(month);
  const lines = grantedInMonth(tables, tables.clients.find("files/C1"), first, last);
  const row = [...lines.keys()].find((one) => tables.lines.id(one) === "o-1-1")!;
  return lines.get(row)!;
}

describe("granted minutes of a month", () => {
  test.each([
    ["30 minutes daily", { minutes: 30, times: 1, per: "day" }, 930],
    ["60 minutes weekly on Tuesdays", { minutes: 60, times: 1, per: "week", weekdays: [2] }, 240],
    ["60 minutes weekly without a weekday", { minutes: 60, times: 1, per: "week" }, 266],
    [
      "90 minutes every second Wednesday from 3 February",
      { minutes: 90, times: 1, per: "fortnight", weekdays: [3], validFrom: "2026-02-03" },
      180,
    ],
    ["30 minutes every second week without a weekday", { minutes: 30, times: 1, per: "fortnight" }, 66],
    [
      "30 minutes daily with two staff from the 16th",
      { minutes: 30, times: 1, per: "day", staffing: 2, validFrom: "2026-10-16" },
      960,
    ],
    ["twice a month", { minutes: 45, times: 2, per: "month" }, 90],
    ["twice a month, from the 17th", { minutes: 45, times: 2, per: "month", validFrom: "2026-10-17" }, 44],
    ["once, in its own month", { minutes: 50, times: 1, per: "once", validFrom: "2026-10-20" }, 50],
    ["once, in another month", { minutes: 50, times: 1, per: "once", validFrom: "2026-09-20" }, 0],
    ["daily on two weekdays", { minutes: 20, times: 2, per: "day", weekdays: [6, 7] }, 360],
  ])("%s", (_, line, minutes) => {
    expect(granted(line).granted).toBe(minutes);
  });

  test("never exceed what the decision sets, scaled down over all lines of its orders", () => {
    const decision = sample("decisions", "d-1", { grantedMinutesPerMonth: 1200 });
    const order = sample("orders", "o-1", { decisionId: "d-1" });
    const other = sample("order-lines", "o-1-2", {
      orderId: "o-1",
      service: "stad",
      minutes: 60,
      times: 1,
      per: "day",
    });
    const daily = { minutes: 20, times: 1, per: "day" };
    expect(granted(daily, [decision, order, other]).granted).toBe(300);
    expect(granted(daily, [decision, order]).granted).toBe(620);
  });

  test("nor by rounding: two lines share 101 minutes as 51 and 50", () => {
    const two = ["o-1-1", "o-1-2"].map((id) => sample("order-lines", id, { orderId: "o-1", minutes: 30, times: 1 }));
    const limit = [
      sample("decisions", "d-1", { grantedMinutesPerMonth: 101 }),
      sample("orders", "o-1", { decisionId: "d-1" }),
    ];
    const away = sample("absences", "a-1", { from: "2026-10-01", to: "2026-10-31" });
    const tables = tablesWith([...two, ...limit, away]);
    const lines = grantedInMonth(tables, tables.clients.find("files/C1"), day("2026-10-01"), day("2026-10-31"));
    const minutes = [...lines.values()].filter(({ granted: own }) => own > 0);
    expect(minutes.map(({ granted: own }) => own).toSorted((a, b) => a - b)).toEqual([50, 51]);
    // Nobody is away for more than is granted.
    expect(minutes.every(({ granted: own, absent }) => absent === own)).toBe(true);
  });

  test("say how much of them falls inside absences", () => {
    const stay = sample("absences", "a-1", { from: "2026-10-05 11:20", to: "2026-10-08 12:00" });
    const morning = { minutes: 30, times: 1, per: "day", partOfDay: "morning" };
    expect(granted(morning, [stay])).toEqual({ granted: 930, absent: 90 });
    expect(granted({ ...morning, partOfDay: "evening" }, [stay])).toEqual({ granted: 930, absent: 90 });
  });

  test("are not absent where somebody came on the day on which the client left or came home", () => {
    const stay = sample("absences", "a-1", { from: "2026-10-05 09:40", to: "2026-10-08 16:00" });
    const daily = { minutes: 30, times: 1, per: "day" };
    const other = sample("order-lines", "o-1-2", { orderId: "o-1", minutes: 15, times: 1, per: "day" });
    const came = [
      sample("visits", "v-1", { start: "2026-10-05 08:30", end: "2026-10-05 09:00" }),
      sample("visits", "v-2", { start: "2026-10-08 19:00", end: "2026-10-08 19:14" }),
    ];
    expect(granted(daily, [stay, other])).toEqual({ granted: 930, absent: 120 });
    // Half an hour before the client left; the quarter of an hour in the evening is the other line's.
    expect(granted(daily, [stay, other, ...came])).toEqual({ granted: 930, absent: 90 });
    const quarter = { ...daily, minutes: 15 };
    const half = sample("order-lines", "o-1-2", { orderId: "o-1", minutes: 30, times: 1, per: "day" });
    expect(granted(quarter, [stay, half, ...came])).toEqual({ granted: 465, absent: 45 });
    // Who came while the client was away helped nobody, and two come for one that is ordered with two.
    const inside = sample("visits", "v-3", { start: "2026-10-08 08:30", end: "2026-10-08 09:00" });
    expect(granted(daily, [stay, inside])).toEqual({ granted: 930, absent: 120 });
    const second = sample("visits", "v-4", { start: "2026-10-05 08:30", end: "2026-10-05 09:00", staffId: "S2" });
    expect(granted({ ...daily, staffing: 2 }, [stay, came[0]!, second])).toEqual({ granted: 1860, absent: 180 });
  });
});

describe("order lines of a visit", () => {
  function linesOf(values: Record<string, unknown>, more: readonly samples.SampleRecord[]) {
    const tables = tablesWith([sample("visits", "v-1", values), ...more]);
    const { lines, parts } = new LineMatcher(tables, null).ofVisit(0);
    return lines.map((line, position) => [tables.lines.id(line), parts[position]]);
  }
  const line = (id: string, values: Record<string, unknown>) =>
    sample("order-lines", id, { orderId: "o-1", ...values });

  test("share its minutes by what is ordered", () => {
    const clean = line("o-1-2", { service: "stad", minutes: 60, per: "week" });
    expect(linesOf({ services: ["omvardnad", "stad"] }, [clean])).toEqual([
      ["o-1-1", 1 / 3],
      ["o-1-2", 2 / 3],
    ]);
  });

  test("prefer the part of day and the weekday, and exclude nothing for them", () => {
    const parts = [line("o-1-1", { partOfDay: "evening" }), line("o-1-2", { partOfDay: "morning" })];
    expect(linesOf({ start: "08:00" }, parts)).toEqual([["o-1-2", 1]]);
    expect(linesOf({ start: "20:00", end: "20:30" }, parts)).toEqual([["o-1-1", 1]]);
    expect(linesOf({ start: "08:00" }, [parts[0]!])).toEqual([["o-1-1", 1]]);
    // Outside both: the nearer one's, also around midnight.
    expect(linesOf({ start: "22:08", end: "22:29" }, parts)).toEqual([["o-1-1", 1]]);
    expect(linesOf({ start: "05:40", end: "06:05" }, parts)).toEqual([["o-1-2", 1]]);
    // A line for every day is for this one too: listing it is no reason to come from farther away.
    const listed = line("o-1-1", { partOfDay: "morning", weekdays: [1, 2, 3, 4, 5] });
    const midday = line("o-1-2", { partOfDay: "midday" });
    expect(linesOf({ start: "14:30", end: "14:55" }, [listed, midday])).toEqual([["o-1-2", 1]]);
    const mondays = line("o-1-2", { weekdays: [1], per: "week" });
    expect(linesOf({}, [mondays])).toEqual([["o-1-2", 1]]);
  });

  test("are those that together are ordered for as long as the visit, where several of a service could be meant", () => {
    const lines = [
      line("o-1-1", { minutes: 30, weekdays: [1, 2, 3, 4, 5] }),
      line("o-1-2", { minutes: 10 }),
      line("o-1-3", { minutes: 15, service: "maltid" }),
    ];
    const shared = (start: string, end: string) => linesOf({ services: ["maltid", "omvardnad"], start, end }, lines);
    expect(shared("12:00", "12:24")).toEqual([
      ["o-1-3", 0.6],
      ["o-1-2", 0.4],
    ]);
    expect(shared("12:00", "12:46")).toEqual([
      ["o-1-3", 1 / 3],
      ["o-1-1", 2 / 3],
    ]);
    // Between midday and evening, though nearer to the evening.
    const parts = [
      line("o-1-1", { minutes: 10, partOfDay: "midday" }),
      line("o-1-2", { minutes: 20, partOfDay: "evening" }),
      line("o-1-3", { minutes: 15, partOfDay: "midday", service: "maltid" }),
    ];
    const late = { services: ["maltid", "omvardnad"], start: "15:35", end: "16:00" };
    expect(linesOf(late, parts).map(([id]) => id)).toEqual(["o-1-3", "o-1-1"]);
    expect(linesOf({ ...late, end: "16:10" }, parts).map(([id]) => id)).toEqual(["o-1-3", "o-1-2"]);
    expect(linesOf({ ...late, start: "17:35", end: "18:00" }, parts).map(([id]) => id)).toEqual(["o-1-3", "o-1-2"]);
    // A line for weekdays is not meant on a Saturday.
    expect(shared("2026-10-10 12:00", "2026-10-10 12:46").map(([id]) => id)).toEqual(["o-1-3", "o-1-2"]);
    const plan = sample("planned-visits", "p-1", { start: "12:00", end: "12:25", services: ["maltid", "omvardnad"] });
    const values = { services: ["maltid", "omvardnad"], start: "12:00", end: "12:44", plannedVisitId: "p-1" };
    const tables = tablesWith([plan, sample("visits", "v-1", values), ...lines]);
    const matcher = new LineMatcher(tables, matchVisits(tables));
    const ids = ({ lines: found }: { lines: readonly number[] }) => found.map((one) => tables.lines.id(one));
    expect(ids(matcher.ofVisit(0))).toEqual(["o-1-3", "o-1-2"]);
    expect(ids(matcher.ofPlan(0, day("2026-10-05")))).toEqual(["o-1-3", "o-1-2"]);
  });

  test("ordered for two are meant where two of the staff came, though later than ordered", () => {
    const staffed = (id: string, partOfDay: string, staffing: number) =>
      sample("order-lines", id, { orderId: "o-1", partOfDay, staffing, minutes: 20, times: 1 });
    const tables = tablesWith([
      staffed("o-1-1", "morning", 2),
      staffed("o-1-2", "midday", 1),
      ...["S1", "S2"].map((staffId) =>
        sample("visits", `v-${staffId}`, { staffId, start: "10:50", end: staffId === "S1" ? "11:12" : "11:10" }),
      ),
      sample("visits", "v-3", { staffId: "S3", start: "12:00", end: "12:20" }),
      // A nurse of another provider's comes meanwhile.
      sample("visits", "v-4", { staffId: "S3", start: "13:00", end: "13:20" }),
      sample("visits", "v-5", { staffId: "S4", unitId: "U2", start: "13:05", end: "13:20", law: "HSL" }),
    ]);
    const matcher = new LineMatcher(tables, null);
    const lineOf = Object.fromEntries(
      Array.from({ length: tables.visits.count }, (_, visit) => [
        tables.visits.id(visit),
        matcher.ofVisit(visit).lines.map((line) => tables.lines.id(line)),
      ]),
    );
    expect(lineOf).toEqual({ "v-S1": ["o-1-1"], "v-S2": ["o-1-1"], "v-3": ["o-1-2"], "v-4": ["o-1-2"], "v-5": [] });
  });

  test("are in force on the local start date, and of the provider", () => {
    const ended = sample("orders", "o-1", { validTo: "2026-10-04" });
    expect(linesOf({}, [ended])).toEqual([]);
    expect(linesOf({ start: "2026-10-04 23:50", end: "2026-10-05 00:20" }, [ended])).toEqual([["o-1-1", 1]]);
    expect(linesOf({ unitId: "U2", staffId: "S4" }, [])).toEqual([]);
    expect(linesOf({ services: ["stad"] }, [])).toEqual([]);
  });
});
