import { describe, expect, test } from "vitest";
import { makeWorld } from "#synthetic";
import type { Label } from "#synthetic";
import { agreedAccusations } from "./oracle-agreed.ts";
import type { Accusation } from "./oracle.ts";

/** What the plain reading speaks of, with what it calls for at least. */
const rules: Readonly<Record<string, { planted: number; twins: number; intensities: readonly string[] }>> = {
  "service-not-ordered": { planted: 3, twins: 2, intensities: ["visit", "month"] },
  "under-delivered": { planted: 3, twins: 3, intensities: ["month"] },
  "order-change-ignored": { planted: 2, twins: 2, intensities: ["month"] },
  "full-utilisation": { planted: 1, twins: 3, intensities: ["unit"] },
  "execution-after-decision": { planted: 3, twins: 2, intensities: ["month"] },
  "decision-not-executed": { planted: 3, twins: 2, intensities: ["month"] },
  "order-not-confirmed": { planted: 3, twins: 2, intensities: [] },
  "short-visit": { planted: 3, twins: 3, intensities: ["visit"] },
  "long-visit": { planted: 3, twins: 3, intensities: ["visit"] },
  "late-start": { planted: 3, twins: 3, intensities: ["visit"] },
  "plan-rewritten": { planted: 2, twins: 2, intensities: ["visit"] },
  "copied-plan": { planted: 2, twins: 2, intensities: ["month", "unit"] },
  "merged-visits": { planted: 3, twins: 2, intensities: ["visit"] },
  "claim-exceeds-payable": { planted: 3, twins: 2, intensities: ["visit", "month"] },
  "unbilled-visit": { planted: 3, twins: 2, intensities: ["month"] },
  "claim-duplicated": { planted: 3, twins: 2, intensities: ["visit"] },
  "claim-wrong-band": { planted: 3, twins: 3, intensities: ["visit", "month"] },
  "claim-wrong-price": { planted: 3, twins: 2, intensities: ["visit"] },
  "claim-outside-contract": { planted: 3, twins: 2, intensities: ["visit"] },
  "declined-claimed-in-full": { planted: 3, twins: 2, intensities: ["visit"] },
  "rounding-gain": { planted: 1, twins: 3, intensities: ["unit"] },
  "meal-overclaimed": { planted: 3, twins: 9, intensities: ["month"] },
  "claim-during-absence": { planted: 3, twins: 2, intensities: ["visit"] },
  "lengthened-afterwards": { planted: 1, twins: 1, intensities: ["unit"] },
  "edited-to-plan": { planted: 1, twins: 3, intensities: ["unit"] },
  "edit-without-reason": { planted: 3, twins: 2, intensities: ["visit"] },
  "edit-burst-before-cut-off": { planted: 1, twins: 1, intensities: ["unit"] },
  "edit-after-cut-off": { planted: 3, twins: 3, intensities: ["visit"] },
  "editor-concentration": { planted: 1, twins: 1, intensities: ["unit"] },
  "declined-pattern": { planted: 1, twins: 4, intensities: ["unit"] },
  "visit-after-move": { planted: 3, twins: 2, intensities: ["visit", "month"] },
  "staff-not-employed": { planted: 3, twins: 2, intensities: ["visit", "month"] },
  "off-shift-visit": { planted: 3, twins: 2, intensities: ["visit"] },
  "visit-during-leave": { planted: 3, twins: 2, intensities: ["visit"] },
  "hours-exceed-staffing": { planted: 1, twins: 3, intensities: ["unit"] },
  "relative-as-carer": { planted: 3, twins: 2, intensities: ["month"] },
  "provider-without-permit": { planted: 2, twins: 3, intensities: ["unit"] },
};

const keys = ({ records }: Label) => records.map(({ entity, source, id }) => `${entity} ${source} ${id}`);

function speaksOf(label: Label, { rule, records, month, staff, client, unit, provider }: Accusation): boolean {
  if (label.rule !== rule) return false;
  if (records.length > 0 && label.records.length > 0) return keys(label).some((key) => records.includes(key));
  // What is said of a month is not said of single records.
  if (unit !== undefined && label.records.length > 0) return false;
  if (month !== undefined && (label.from.slice(0, 7) > month || label.through.slice(0, 7) < month)) return false;
  // Of records with people on both sides, the one that the label is about.
  if (label.client !== undefined || label.staff !== undefined)
    return (label.client ?? client) === client && (label.staff ?? staff) === staff;
  if (client !== undefined || staff !== undefined) return false;
  if (unit !== undefined && label.unit !== undefined) return label.unit === unit;
  return label.provider === provider;
}

const worlds = [1, 2].map((seed) => makeWorld({ seed, from: "2026-08-01", through: "2026-10-31" }));

test.each(Object.entries(rules))("there is enough of %s", (rule, { planted, twins, intensities }) => {
  const all = worlds.flatMap(({ labels }) => labels).filter((label) => label.rule === rule && label.optional !== true);
  expect(all.filter((label) => label.planted).length).toBeGreaterThanOrEqual(planted);
  expect(all.filter((label) => !label.planted).length).toBeGreaterThanOrEqual(twins);
  const kinds = all.flatMap((label) => (label.planted && label.intensity !== undefined ? [label.intensity] : []));
  expect(kinds).toEqual(expect.arrayContaining([...intensities]));
});

describe.each(worlds)("what is agreed, ordered, billed and worked, seed $seed", (world) => {
  const found = agreedAccusations(world);
  const labels = world.labels.filter(({ rule }) => rules[rule] !== undefined);
  const byRule = Map.groupBy(labels, ({ rule }) => rule);
  const of = (rule: string) => byRule.get(rule) ?? [];

  test("accuses nobody else", () => {
    const wrong = found.filter(
      (accusation) => !of(accusation.rule).some((label) => label.planted && speaksOf(label, accusation)),
    );
    expect(
      wrong.map(({ rule, client, staff, provider, month, detail }) => ({
        rule,
        client,
        staff,
        provider,
        month,
        detail,
      })),
    ).toEqual([]);
  });

  test("is there to be seen", () => {
    const byIt = Map.groupBy(found, ({ rule }) => rule);
    const sought = labels.filter(
      // Of single corrections the other reading speaks.
      ({ planted, optional, rule, intensity }) =>
        planted && optional !== true && !(rule === "lengthened-afterwards" && intensity !== "unit"),
    );
    const missed = sought.filter((label) => !(byIt.get(label.rule) ?? []).some((one) => speaksOf(label, one)));
    expect(missed.map(({ rule, what, from, client, staff }) => ({ rule, what, from, client, staff }))).toEqual([]);
  });

  test("leaves its innocent twins alone", () => {
    const twins = labels.filter(({ planted }) => !planted);
    const accused = twins.filter((label) => found.some((one) => speaksOf(label, one)));
    expect(accused.map(({ rule, what, from, client, staff }) => ({ rule, what, from, client, staff }))).toEqual([]);
  });

  test("names records that exist", () => {
    const existing = new Set([
      ...world.visits.map(({ source, id }) => `visits ${source} ${id}`),
      ...world.plans.map(({ source, id }) => `planned-visits ${source} ${id}`),
      ...world.orders.map(({ source, id }) => `orders ${source} ${id}`),
      ...world.decisions.map(({ source, id }) => `decisions ${source} ${id}`),
      ...world.claims.map(({ id }) => `claims files ${id}`),
    ]);
    expect(labels.flatMap(keys).filter((key) => !existing.has(key))).toEqual([]);
  });
});
