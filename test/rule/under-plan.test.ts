import { describe, expect, test } from "vitest";
import { tablesFrom } from "#columns";
import { matchVisits } from "#match";
import { example, heldAgainst, partsOf, sample } from "#rule";

function build(...records: ReturnType<typeof sample>[]) {
  const { visits, plans, ...tables } = tablesFrom(example(records).records, example([]));
  const matches = matchVisits({ visits, plans, ...tables });
  const visit = (id: string) => [...Array(visits.count).keys()].find((row) => visits.id(row) === id)!;
  const held = (id: string) => heldAgainst(visits, plans, matches, visit(id));
  const parts = (id: string) =>
    partsOf(visits, matches, Int32Array.from(Array(visits.count).keys()), visit(id)).map((row) => visits.id(row));
  return { plans, held, parts };
}

describe("heldAgainst", () => {
  test("gives the version that was in force when the visit began", () => {
    const version = (end: string, modifiedAt: string, number: number) =>
      sample("planned-visits", "p-1", { start: "08:00", end, modifiedAt }, { version: number });
    const { plans, held } = build(
      version("08:30", "2026-10-04 12:00", 1),
      version("08:45", "07:00", 2),
      version("09:00", "08:20", 3),
      sample("visits", "v-1", { start: "08:05", plannedVisitId: "p-1" }),
    );
    expect(plans.minutes(held("v-1"))).toBe(45);
  });

  test("gives none for a probable match, a plan that was cancelled by then, a continuation and a visit without plan", () => {
    const { held } = build(
      sample("planned-visits", "p-1", { start: "08:00", cancelled: true }),
      sample("visits", "v-1", { start: "08:00", plannedVisitId: "p-1" }),
      sample("planned-visits", "p-2", { clientId: "C2", start: "08:00" }),
      sample("visits", "v-2", { clientId: "C2", start: "09:05" }),
      sample("planned-visits", "p-3", { clientId: "C3", start: "08:00" }),
      sample("visits", "v-3", { clientId: "C3", start: "08:00", end: "08:20", plannedVisitId: "p-3" }),
      sample("visits", "v-4", { clientId: "C3", start: "08:25", end: "08:35" }),
      sample("visits", "v-5", { clientId: "C3", start: "20:00" }),
    );
    expect(["v-1", "v-2", "v-4", "v-5"].map(held)).toEqual([-1, -1, -1, -1]);
    expect(held("v-3")).toBeGreaterThanOrEqual(0);
  });
});

test("partsOf joins what one person registered under one plan, and leaves the second of a pair out", () => {
  const { parts } = build(
    sample("order-lines", "o-1-1", { staffing: 2, times: 3 }),
    sample("planned-visits", "p-1", { start: "08:00", end: "08:40" }),
    sample("visits", "v-1", { start: "08:00", end: "08:20", plannedVisitId: "p-1" }),
    sample("visits", "v-2", { start: "08:25", end: "08:40" }),
    sample("visits", "v-3", { start: "08:02", end: "08:38", staffId: "S2" }),
  );
  expect(parts("v-1")).toEqual(["v-1", "v-2"]);
  expect(parts("v-3")).toEqual(["v-3"]);
});
