import { describe, expect, test } from "vitest";
import { dayOf, offsetMinutes, parsePersonalIdentity } from "#model";
import { makeWorld, worldStats } from "#synthetic";
import type { Label } from "#synthetic";
import { accusations } from "./oracle.ts";
import type { Accusation } from "./oracle.ts";

const world = makeWorld({ seed: 1 });

describe("makeWorld", () => {
  test("makes the same world of the same seed, and another of another", () => {
    const small = (seed: number) => JSON.stringify(makeWorld({ seed, clients: 60, through: "2026-09-14" }));
    expect(small(5)).toBe(small(5));
    expect(small(5)).not.toBe(small(6));
  });

  test("has the size that a demonstration needs", () => {
    const stats = worldStats(world);
    expect(stats["providers"]).toBe(6);
    // And a few whom no register knows.
    expect(world.clients.filter(({ ids }) => ids.files !== undefined)).toHaveLength(400);
    expect(world.providers.filter(({ regime }) => regime === "municipal")).toHaveLength(2);
    expect(stats["visits"]).toBeGreaterThan(30_000);
    const double = stats["doubleStaffed"]! / 2 / stats["visits"]!;
    expect(double).toBeGreaterThan(0.01);
    expect(double).toBeLessThan(0.07);
  });

  test("names nobody living, and nobody twice", () => {
    const people = [...world.clients, ...world.staff].map(({ personalIdentityNumber }) => personalIdentityNumber);
    expect(new Set(people).size).toBe(people.length);
    for (const number of people) {
      expect(parsePersonalIdentity(number, 2026)).not.toBeNull();
      expect(number.slice(0, 2)).toBe("18");
    }
  });

  test("keeps the homes of protected identities to itself", () => {
    const hidden = world.clients.filter(({ protection }) => protection !== "none");
    expect(hidden).toHaveLength(2);
    expect(hidden.flatMap(({ homes }) => homes)).toEqual([]);
  });

  test("gives every record of a source an id of its own", () => {
    for (const list of [world.visits, world.plans, world.orders, world.absences, world.claims, world.shifts]) {
      expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
    }
  });

  test("works through the night when the clock goes back", () => {
    const night = world.visits.filter(({ versions }) => {
      const { start } = versions[0]!;
      return dayOf(start) === dayOf(Date.UTC(2026, 9, 25)) && offsetMinutes(start) === 120;
    });
    expect(night.length).toBeGreaterThan(5);
  });

  test("tells every system the versions of a record in order", () => {
    for (const { versions } of [...world.visits, ...world.plans, ...world.orders]) {
      for (const [index, { at }] of versions.entries()) {
        expect(at).toBeGreaterThanOrEqual(versions[index - 1]?.at ?? 0);
      }
    }
  });
});

/** What says so is the source or the month as a whole; a plain reading of single records does not see it. */
const beyondTheOracle = ["source-silent", "volume-break", "clock-skew", "match-rate-low", "version-conflict"];

const keys = ({ records }: Label) => records.map(({ entity, source, id }) => `${entity} ${source} ${id}`);

function speaksOf(label: Label, accusation: Accusation): boolean {
  if (label.rule !== accusation.rule) return false;
  if (accusation.records.length > 0) return keys(label).some((key) => accusation.records.includes(key));
  const month = accusation.month === undefined || label.from.startsWith(accusation.month);
  const { staff, client, provider } = accusation;
  if (staff !== undefined) return label.staff === staff && month;
  if (client !== undefined) return label.client === client && month;
  return label.provider === provider && label.unit !== undefined && month;
}

describe.each([1, 2, 3])("what is planted, seed %i", (seed) => {
  const made = makeWorld({ seed });
  const found = accusations(made);

  test("accuses nobody else", () => {
    const planted = made.labels.filter((label) => label.planted);
    expect(found.filter((accusation) => !planted.some((label) => speaksOf(label, accusation)))).toEqual([]);
  });

  test("is there to be seen", () => {
    const sought = made.labels.filter(
      ({ planted, optional, rule }) => planted && optional !== true && !beyondTheOracle.includes(rule),
    );
    expect(sought.filter((label) => !found.some((accusation) => speaksOf(label, accusation)))).toEqual([]);
  });

  test("leaves its innocent twins alone", () => {
    const twins = made.labels.filter(({ planted }) => !planted);
    expect(twins.filter((label) => found.some((accusation) => speaksOf(label, accusation)))).toEqual([]);
  });

  test("has plants and twins enough of every rule", () => {
    const rules = [...new Set(made.labels.map(({ rule }) => rule))];
    expect(rules).toHaveLength(29);
    for (const rule of rules) {
      const of = made.labels.filter((label) => label.rule === rule && label.optional !== true);
      const least = beyondTheOracle.includes(rule) && rule !== "version-conflict" ? 1 : 3;
      expect([rule, of.filter(({ planted }) => planted).length >= least]).toEqual([rule, true]);
      expect([rule, of.filter(({ planted }) => !planted).length >= Math.min(least, 2)]).toEqual([rule, true]);
    }
  });

  test("names records that exist", () => {
    const existing = new Set([
      ...made.visits.map(({ source, id }) => `visits ${source} ${id}`),
      ...made.plans.map(({ source, id }) => `planned-visits ${source} ${id}`),
      ...made.claims.map(({ id }) => `claims files ${id}`),
    ]);
    expect(made.labels.flatMap(keys).filter((key) => !existing.has(key))).toEqual([]);
  });
});

test("holds in a small municipality and over the clock change of spring", () => {
  const small = makeWorld({ seed: 4, clients: 80, from: "2027-03-01", through: "2027-04-30" });
  const planted = small.labels.filter((label) => label.planted);
  expect(accusations(small).filter((accusation) => !planted.some((label) => speaksOf(label, accusation)))).toEqual([]);
});
