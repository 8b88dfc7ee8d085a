import { describe, expect, test } from "vitest";
import { rebuild } from "#intake";
import { formatDay } from "#model";
import { pullSources, reconcile } from "#operations";
import { testDatabase } from "../support/database.ts";
import { day, operator, resultOf, signal } from "./hand.ts";
import { municipalityIn, randomEvenings } from "./municipality.ts";

/*
 * A small municipality, changed at random night after night. One database computes each night only what changed; another
 * one gets the same deliveries and decisions and computes everything, once, at the end. Both must say the same.
 */

async function compare(
  seed: number,
  { reconcileDays, dated }: { reconcileDays: number; dated: boolean },
): Promise<{ story: string; missing: string[]; stale: string[] }> {
  const { evenings, days } = randomEvenings(seed, dated, day("2026-11-03"));
  await using stepwise = await testDatabase();
  await using atOnce = await testDatabase();
  const steps = municipalityIn(stepwise, reconcileDays);
  const whole = municipalityIn(atOnce, reconcileDays);
  for (const [index, evening] of evenings.entries()) {
    await steps.live(evening);
    await steps.night(days[index]!);
    await whole.live(evening);
    const last = index === evenings.length - 1;
    // The other one only takes in what comes, until the last night.
    if (last) await whole.night(days[index]!, true);
    else await pullSources(whole.needs, operator, { ids: [], signal });
  }
  const story = evenings.map(({ what }, index) => `${formatDay(days[index]!)}: ${what.join(", ")}`);
  const expected = await resultOf(atOnce.database);
  const got = await resultOf(stepwise.database);
  expect(expected.length).toBeGreaterThan(100);
  const [all, some] = [new Set(expected), new Set(got)];
  return {
    story: story.join("\n"),
    missing: expected.filter((line) => !some.has(line)).slice(0, 9),
    stale: got.filter((line) => !all.has(line)).slice(0, 9),
  };
}

describe("what changed, computed night after night", () => {
  test.each([1, 2, 3])("is the same as everything at once (seed %i)", { timeout: 120_000 }, async (seed) => {
    const compared = await compare(seed, { reconcileDays: 190, dated: false });
    expect(compared).toEqual({ story: compared.story, missing: [], stale: [] });
  });

  test.each([11, 13])("also for months before the open period (seed %i)", { timeout: 120_000 }, async (seed) => {
    const compared = await compare(seed, { reconcileDays: 20, dated: true });
    expect(compared).toEqual({ story: compared.story, missing: [], stale: [] });
  });
});

test("everything made again from the ledger is the same", { timeout: 120_000 }, async () => {
  const { evenings, days } = randomEvenings(21, false, day("2026-11-03"));
  await using system = await testDatabase();
  const lived = municipalityIn(system, 190);
  for (const [index, evening] of evenings.entries()) {
    await lived.live(evening);
    await lived.night(days[index]!);
  }
  const before = await resultOf(system.database);
  const { database, vault, tenantId } = system;
  const rebuilt = await rebuild({ database, vault, tenantId, now: lived.needs.now }, lived.needs.sources);
  expect(rebuilt).toMatchObject({ differences: [], quarantined: 0 });
  await reconcile(lived.needs, operator, { day: days.at(-1)!, full: true, signal });
  expect(await resultOf(database)).toEqual(before);
});
