import { describe, expect, test } from "vitest";
import { type SourceFacts, tablesFrom, type Tables } from "#columns";
import { matchVisits } from "#match";
import { day, HOUR, samples } from "#model";

const { at, sample, sampleMunicipality } = samples;

function matched(
  records: readonly samples.SampleRecord[],
  { asOf = at("2026-11-10 04:30"), facts = [] as SourceFacts[] } = {},
) {
  const tables = tablesFrom([...sampleMunicipality(), ...records], {
    asOf,
    facts,
    period: { from: day("2026-10-01"), through: day("2026-10-31") },
  });
  const matches = matchVisits(tables);
  const visits = byId(tables.visits.byClient.rows, tables.visits);
  const plans = byId(tables.plans.byClient.rows, tables.plans);
  return {
    tables,
    state: (visit: string) => matches.visitState(visits.get(visit)!),
    plan: (visit: string) => {
      const plan = matches.plan(visits.get(visit)!);
      return plan < 0 ? null : tables.plans.id(plan);
    },
    score: (visit: string) => matches.score(visits.get(visit)!),
    planState: (plan: string) => matches.planState(plans.get(plan)!),
  };
}

function byId(rows: Int32Array, table: Tables["visits"] | Tables["plans"]): Map<string, number> {
  return new Map([...rows].map((row) => [table.id(row), row]));
}

const plan = (id: string, values = {}, from = {}) => sample("planned-visits", id, values, from);
const visit = (id: string, values = {}, from = {}) => sample("visits", id, values, from);

describe("visits and plans", () => {
  test("what the same person went on with under a plan that another visit names is no visit of its own", () => {
    const { state } = matched([
      plan("p-1", { start: "08:00", end: "08:30" }),
      visit("v-1", { start: "08:00", end: "08:12", plannedVisitId: "p-1" }),
      visit("v-2", { start: "08:20", end: "08:31" }),
      visit("v-3", { start: "08:50", end: "09:00" }),
    ]);
    expect([state("v-2"), state("v-3")]).toEqual(["continuation", "unplanned"]);
  });

  test("a visit that names its plan is matched to it, however far apart", () => {
    const { state, plan: planOf } = matched([
      plan("p-1", { start: "08:00" }),
      plan("p-2", { start: "15:00", end: "15:30" }),
      visit("v-1", { start: "08:00", plannedVisitId: "p-2" }),
    ]);
    expect([state("v-1"), planOf("v-1")]).toEqual(["matched", "p-2"]);
  });

  test("a plan's name in another system counts where both are about the same client", () => {
    const records = [
      plan("p-1", { start: "15:00", end: "15:30" }),
      sample("clients", "17", { personalIdentityNumber: "x" }, { source: "phoniro" }),
      sample("clients", "C1", { personalIdentityNumber: "x" }),
    ];
    const inPhoniro = (clientId: string) =>
      visit("v-1", { clientId, start: "08:00", plannedVisitId: "p-1" }, { source: "phoniro" });
    expect(matched([...records, inPhoniro("17")]).state("v-1")).toBe("matched");
    expect(matched([...records, inPhoniro("18")]).state("v-1")).toBe("unplanned");
  });

  test("the best assignment of the whole group wins, not the first come", () => {
    const { plan: planOf } = matched([
      plan("p-1", { start: "08:00", staffId: undefined }),
      plan("p-2", { start: "09:00", end: "09:30", staffId: undefined }),
      visit("v-1", { start: "08:35", end: "09:05" }),
      visit("v-2", { start: "09:20", end: "09:50" }),
    ]);
    expect([planOf("v-1"), planOf("v-2")]).toEqual(["p-1", "p-2"]);
  });

  test("the night visit belongs to the plan after midnight", () => {
    const { state, plan: planOf } = matched([
      plan("p-1", { start: "2026-10-06 00:00", end: "2026-10-06 07:00" }),
      visit("v-1", { start: "2026-10-05 23:55", end: "2026-10-06 07:10" }),
    ]);
    expect([state("v-1"), planOf("v-1")]).toEqual(["matched", "p-1"]);
  });

  test("what one side does not say is left out of the score", () => {
    const { score } = matched([
      plan("p-1", { staffId: undefined, services: undefined }),
      visit("v-1", { start: "08:00" }),
    ]);
    expect(score("v-1")).toBeCloseTo(1, 6);
  });

  test("a weak likeness is probable, and none at all unplanned", () => {
    const { state } = matched([
      plan("p-1", { start: "08:00", staffId: "S2" }),
      visit("v-1", { start: "08:25", end: "08:55" }),
      visit("v-2", { start: "13:00", end: "13:30" }),
    ]);
    expect([state("v-1"), state("v-2")]).toEqual(["probable", "unplanned"]);
  });

  test("two free plans that fit equally well are for a person", () => {
    const { state, planState } = matched([
      plan("p-1", { start: "08:00", staffId: undefined }),
      plan("p-2", { start: "08:02", end: "08:32", staffId: undefined }),
      visit("v-1", { start: "08:01", end: "08:31" }),
    ]);
    expect(state("v-1")).toBe("ambiguous");
    expect([planState("p-1"), planState("p-2")].sort()).toEqual(["ambiguous", "near"]);
  });

  test("the second of an ordered pair belongs to the first one's plan", () => {
    const records = [plan("p-1"), visit("v-1"), visit("v-2", { staffId: "S2", start: "08:03", end: "08:30" })];
    const ordered = sample("order-lines", "o-1-1", { orderId: "o-1", times: 3, staffing: 2 });
    const { state, plan: planOf } = matched([...records, ordered]);
    expect([state("v-1"), state("v-2"), planOf("v-2")]).toEqual(["matched", "pair", "p-1"]);
    expect(matched(records).state("v-2")).toBe("unmatched");
  });

  test("who goes on within 15 minutes continues the same plan", () => {
    const records = (start: string) => [
      plan("p-1", { end: "09:00" }),
      visit("v-1", { end: "08:30" }),
      visit("v-2", { start, end: "09:00" }),
    ];
    expect(matched(records("08:45")).state("v-2")).toBe("continuation");
    expect(matched(records("08:46")).state("v-2")).toBe("unmatched");
  });

  test("who answers an alarm on the way in or out does not go on with what was planned", () => {
    const { state } = matched([
      plan("p-1", { end: "08:30" }),
      visit("v-1", { end: "08:30" }),
      visit("v-2", { start: "08:40", end: "08:50", services: ["larm"] }),
    ]);
    expect([state("v-1"), state("v-2")]).toEqual(["matched", "unmatched"]);
  });

  test("the plan counts as it stood when the visit started", () => {
    const first = plan("p-1", { start: "08:00", modifiedAt: "2026-10-01 10:00" }, { version: 1 });
    const rewritten = plan("p-1", { start: "16:00", end: "16:30", modifiedAt: "09:00" }, { version: 2 });
    const { state, score } = matched([first, rewritten, visit("v-1")]);
    expect(state("v-1")).toBe("matched");
    expect(score("v-1")).toBeCloseTo(1, 6);
  });
});

describe("plans without a visit", () => {
  test("say nothing of a planner's client whom nobody has joined with the system of registrations", () => {
    const planned = plan("p-1", { clientId: "pat-1", start: "08:00" }, { source: "carefox" });
    const numbered = sample("clients", "pat-1", { personalIdentityNumber: "x" }, { source: "carefox" });
    const registered = visit("v-1", { clientId: "C2", start: "12:00" });
    expect(matched([planned, registered]).planState("p-1")).toBe("unjoined");
    expect(matched([planned, registered, numbered]).planState("p-1")).toBe("missed");
  });

  const morning = plan("p-1");

  test("are missed once the day and another 24 hours have passed", () => {
    expect(matched([morning], { asOf: at("2026-10-07 00:00") }).planState("p-1")).toBe("missed");
    expect(matched([morning], { asOf: at("2026-10-06 23:59") }).planState("p-1")).toBe("pending");
  });

  test("are not missed where a visit that belongs nowhere starts within 120 minutes", () => {
    const nearby = (start: string, end: string) => [
      plan("p-1", { staffId: "S2", services: ["stad"] }),
      visit("v-1", { start, end }),
    ];
    expect(matched(nearby("10:00", "10:30")).planState("p-1")).toBe("near");
    expect(matched(nearby("10:01", "10:31")).planState("p-1")).toBe("missed");
  });

  test("are not missed while the client is away, or when they were cancelled before they began", () => {
    const stay = sample("absences", "a-1", { from: "2026-10-04", to: "2026-10-05" });
    expect(matched([morning, stay]).planState("p-1")).toBe("absent");
    expect(matched([plan("p-1", { cancelled: true, modifiedAt: "07:00" })]).planState("p-1")).toBe("cancelled");
    const late = plan("p-1", { cancelled: true, modifiedAt: "09:00" }, { version: 2 });
    expect(matched([plan("p-1", { modifiedAt: "06:00" }, { version: 1 }), late]).planState("p-1")).toBe("missed");
  });

  test("are not missed while the system that would tell is silent, unless it told later", () => {
    const arrivals = [0, 1, 2, 12, 13].map((hours) => ({ at: at("04:00") + hours * HOUR, records: 2 }));
    const facts = [{ source: "files", everyHours: 1, arrivals }];
    const earlier = visit("v-1", { clientId: "C2", start: "2026-10-04 08:00", end: "2026-10-04 08:30" });
    const told = visit("v-2", { clientId: "C2", start: "09:00", end: "09:30" });
    const asOf = at("2026-10-05 18:00") + 31 * HOUR;
    const upToNow = [
      ...arrivals,
      ...Array.from({ length: 43 }, (_, hour) => ({ at: at("18:00") + hour * HOUR, records: 1 })),
    ];
    const heard = { asOf, facts: [{ ...facts[0]!, arrivals: upToNow }] };
    expect(matched([morning, earlier], heard).planState("p-1")).toBe("silent");
    expect(matched([morning, earlier, told], heard).planState("p-1")).toBe("missed");
  });
});
