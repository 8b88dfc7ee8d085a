import { describe, expect, test } from "vitest";
import { makeWorld } from "#synthetic";
import type { Label, World } from "#synthetic";
import type { Accusation } from "./oracle.ts";
import { limitAccusations } from "./oracle-limits.ts";

/** What this oracle reads; of the statistics over a provider's month it says nothing. */
const read = new Set(
  (
    "double-staffing-not-ordered double-staffing-incomplete household-full-time-twice impossible-day client-day-too-long " +
    "no-rest never-off shared-login single-carer missing-travel-time zero-gap-chain wrong-place moved-tag " +
    "tag-at-wrong-client visit-without-opening opening-without-visit late-login-elsewhere"
  ).split(" "),
);
const statistics = ["round-durations", "price-band-drift", "short-against-standard"];

const keys = ({ records }: Label) => records.map(({ entity, source, id }) => `${entity} ${source} ${id}`);

function speaksOf(label: Label, accusation: Accusation): boolean {
  if (label.rule !== accusation.rule) return false;
  if (accusation.records.length > 0 && label.records.length > 0)
    return keys(label).some((key) => accusation.records.includes(key));
  if (accusation.month !== undefined && !label.from.startsWith(accusation.month)) return false;
  return (["staff", "client", "unit"] as const).some(
    (kind) => accusation[kind] !== undefined && accusation[kind] === label[kind],
  );
}

/** Accuses for what was planted for another rule: true, and of nobody innocent. */
function follows(world: World): (accusation: Accusation) => boolean {
  const planted = world.labels.filter((label) => label.planted);
  const records = new Set(planted.flatMap(keys));
  // A provider whose registrations say what was planned has nobody's journeys in them.
  const wide = new Set(planted.flatMap(({ rule, provider }) => (rule === "copied-plan" ? [provider] : [])));
  return (accusation) =>
    accusation.records.some((key) => records.has(key)) ||
    (wide.has(accusation.provider) && ["moved-tag", "zero-gap-chain"].includes(accusation.rule));
}

const large = makeWorld({ seed: 6, from: "2026-07-01", providers: 12, noise: true });
const worlds = [
  ["seed 1", makeWorld({ seed: 1 })],
  ["seed 2", makeWorld({ seed: 2 })],
  ["many providers, four months and noise", large],
] as const;

describe.each(worlds)("limits, journeys, tags and locks: %s", (_, world) => {
  const found = limitAccusations(world);
  const labels = world.labels.filter(({ rule, optional }) => read.has(rule) && optional !== true);

  test("accuse nobody else", () => {
    const planted = world.labels.filter((label) => label.planted);
    const explained = follows(world);
    const others = found.filter(
      (accusation) => !explained(accusation) && !planted.some((label) => speaksOf(label, accusation)),
    );
    expect(others).toEqual([]);
  });

  test("are there to be seen", () => {
    const missed = labels.filter((label) => label.planted && !found.some((accusation) => speaksOf(label, accusation)));
    expect(missed).toEqual([]);
  });

  test("leave their innocent twins alone", () => {
    const accused = labels.filter((label) => !label.planted && found.some((accusation) => speaksOf(label, accusation)));
    expect(accused).toEqual([]);
  });

  test("are planted in every kind, and so are their twins", () => {
    for (const rule of [...read, ...statistics]) {
      const of = world.labels.filter((label) => label.rule === rule && label.optional !== true);
      expect([rule, of.some(({ planted }) => planted), of.some(({ planted }) => !planted)]).toEqual([rule, true, true]);
    }
  });
});

test("what shows only among many providers and over months is planted where there are these", () => {
  for (const rule of ["growth-without-staff", "provider-outlier"]) {
    expect(large.labels.some((label) => label.rule === rule && label.planted)).toBe(true);
  }
  expect(large.providers).toHaveLength(12);
});
