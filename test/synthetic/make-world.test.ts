import { describe, expect, test } from "vitest";
import { dayOf, offsetMinutes, parsePersonalIdentity } from "#model";
import { makeWorld, worldStats } from "#synthetic";
import { accusations } from "./oracle.ts";

const world = makeWorld({ seed: 1 });

describe("makeWorld", () => {
  test("makes the same world of the same seed, and another of another", () => {
    const small = (seed: number) => JSON.stringify(makeWorld({ seed, clients: 60, through: "2026-09-14" }));
    expect(small(5)).toBe(small(5));
    expect(small(5)).not.toBe(small(6));
  });

  test("has the size that a demonstration needs", () => {
    const stats = worldStats(world);
    expect(stats).toMatchObject({ providers: 6, clients: 400 });
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

  test.each([1, 2, 3])("accuses nobody who was not planted, seed %i", (seed) => {
    const made = makeWorld({ seed });
    const planted = new Set(
      made.labels
        .filter((label) => label.planted)
        .flatMap(({ rule, records }) => records.map(({ entity, source, id }) => `${rule}: ${entity} ${source} ${id}`)),
    );
    const falsely = accusations(made).filter(
      ({ rule, records }) => !records.some((record) => planted.has(`${rule}: ${record}`)),
    );
    expect(falsely).toEqual([]);
  });
});
