import { describe, expect, test } from "vitest";
import { dayOf, offsetMinutes, parsePersonalIdentity } from "#model";
import { makeWorld, worldStats } from "#synthetic";
import type { Label, World } from "#synthetic";
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
    expect(world.clients.filter(({ ids }) => ids.files !== undefined).length).toBeGreaterThanOrEqual(400);
    expect(world.providers.filter(({ regime }) => regime === "municipal")).toHaveLength(2);
    expect(stats["visits"]).toBeGreaterThan(30_000);
    const double = stats["doubleStaffed"]! / 2 / stats["visits"]!;
    expect(double).toBeGreaterThan(0.008);
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

/** Of these the plain reading speaks; of the others there are readings of their own beside it. */
const spokenOf = [
  ...beyondTheOracle,
  ..."duplicate-visit missing-end end-before-start overlong-visit late-registration lengthened-afterwards".split(" "),
  ..."unknown-client unknown-staff unmapped-code batch-registration visit-without-order over-granted".split(" "),
  ..."missed-visit unplanned-visit claim-without-visit claim-span-gap staff-overlap".split(" "),
  ..."staff-overlap-across-providers impossible-journey client-overlap visit-during-hospital-stay".split(" "),
  ..."visit-during-absence visit-after-death manual-share".split(" "),
];

const keys = ({ records }: Label) => records.map(({ entity, source, id }) => `${entity} ${source} ${id}`);

function speaksOf(label: Label, accusation: Accusation): boolean {
  if (label.rule !== accusation.rule) return false;
  if (accusation.records.length > 0 && label.records.length > 0)
    return keys(label).some((key) => accusation.records.includes(key));
  const { month: when } = accusation;
  const month = when === undefined || (label.from.slice(0, 7) <= when && label.through.slice(0, 7) >= when);
  const { staff, client, provider, records } = accusation;
  // Of records with people on both sides, the one that the label is about.
  if (records.length > 0) return (label.client ?? client) === client && (label.staff ?? staff) === staff && month;
  if (staff !== undefined) return label.staff === staff && month;
  if (client !== undefined) return label.client === client && month;
  return label.provider === provider && label.unit !== undefined && month;
}

/** What is planted for one reason may be remarkable to another, of the same records or in the same person's days. */
function explained({ labels }: World, accusation: Accusation): boolean {
  return labels.some((label) => {
    if (!label.planted) return false;
    if (label.rule === accusation.rule) return speaksOf(label, accusation);
    if (keys(label).some((key) => accusation.records.includes(key))) return true;
    return label.records.length === 0 && label.staff !== undefined && label.staff === accusation.staff;
  });
}

const worlds = [1, 2, 3].map((seed) => makeWorld({ seed }));

test.each(spokenOf)("there are plants and twins enough of %s", (rule) => {
  const of = worlds.flatMap(({ labels }) => labels).filter((label) => label.rule === rule && label.optional !== true);
  expect(of.filter(({ planted }) => planted).length).toBeGreaterThanOrEqual(3);
  expect(of.filter(({ planted }) => !planted).length).toBeGreaterThanOrEqual(2);
});

describe.each(worlds)("what is planted, seed $seed", (made) => {
  const found = accusations(made);
  // A unit's month of corrections is read elsewhere.
  const labels = made.labels.filter(
    ({ rule, intensity }) => spokenOf.includes(rule) && !(rule === "lengthened-afterwards" && intensity === "unit"),
  );

  test("accuses nobody else", () => {
    expect(found.filter((accusation) => !explained(made, accusation))).toEqual([]);
  });

  test("is there to be seen", () => {
    const sought = labels.filter(
      ({ planted, optional, rule }) => planted && optional !== true && !beyondTheOracle.includes(rule),
    );
    expect(sought.filter((label) => !found.some((accusation) => speaksOf(label, accusation)))).toEqual([]);
  });

  test("leaves its innocent twins alone", () => {
    const twins = labels.filter(({ planted }) => !planted);
    expect(twins.filter((label) => found.some((accusation) => speaksOf(label, accusation)))).toEqual([]);
  });

  test("names records that exist", () => {
    const existing = new Set([
      ...made.visits.map(({ source, id }) => `visits ${source} ${id}`),
      ...made.plans.map(({ source, id }) => `planned-visits ${source} ${id}`),
      ...made.claims.map(({ id }) => `claims files ${id}`),
      ...made.orders.map(({ source, id }) => `orders ${source} ${id}`),
      ...made.decisions.map(({ source, id }) => `decisions ${source} ${id}`),
      ...made.tags.map(({ id }) => `tags files ${id}`),
      ...made.lockEvents.map(({ id }) => `lock-events phoniro ${id}`),
    ]);
    expect(made.labels.flatMap(keys).filter((key) => !existing.has(key))).toEqual([]);
  });
});

test("holds in a small municipality and over the clock change of spring", () => {
  const small = makeWorld({ seed: 4, clients: 80, from: "2027-03-01", through: "2027-04-30" });
  expect(accusations(small).filter((accusation) => !explained(small, accusation))).toEqual([]);
});
