import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Level, runExample } from "#rule";
import { rules } from "#rules";

/** The whole catalogue, by level. What is added to it or taken from it is a decision, and is written here. */
const catalogue: Readonly<Record<Level, readonly string[]>> = {
  quality: [
    "batch-registration",
    "clock-skew",
    "duplicate-visit",
    "end-before-start",
    "late-registration",
    "match-rate-low",
    "missing-end",
    "overlong-visit",
    "source-silent",
    "unknown-client",
    "unknown-staff",
    "unmapped-code",
    "version-conflict",
    "volume-break",
  ],
  error: [
    "claim-duplicated",
    "claim-during-absence",
    "claim-exceeds-payable",
    "claim-outside-contract",
    "claim-span-gap",
    "claim-without-visit",
    "claim-wrong-band",
    "claim-wrong-price",
    "declined-claimed-in-full",
    "edit-after-cut-off",
    "edit-without-reason",
    "household-full-time-twice",
    "meal-overclaimed",
    "order-not-confirmed",
    "over-granted",
    "service-not-ordered",
    "unbilled-visit",
    "visit-without-order",
  ],
  indicator: [
    "client-day-too-long",
    "client-overlap",
    "decision-not-executed",
    "double-staffing-incomplete",
    "double-staffing-not-ordered",
    "execution-after-decision",
    "impossible-day",
    "impossible-journey",
    "late-start",
    "lengthened-afterwards",
    "long-visit",
    "merged-visits",
    "missed-visit",
    "moved-tag",
    "off-shift-visit",
    "order-change-ignored",
    "plan-rewritten",
    "provider-without-permit",
    "relative-as-carer",
    "shared-login",
    "short-visit",
    "staff-not-employed",
    "staff-overlap",
    "staff-overlap-across-providers",
    "tag-at-wrong-client",
    "under-delivered",
    "unplanned-visit",
    "visit-after-death",
    "visit-after-move",
    "visit-during-absence",
    "visit-during-hospital-stay",
    "visit-during-leave",
    "wrong-place",
    "zero-gap-chain",
  ],
  pattern: [
    "copied-plan",
    "declined-pattern",
    "edit-burst-before-cut-off",
    "edited-to-plan",
    "editor-concentration",
    "full-utilisation",
    "growth-without-staff",
    "hours-exceed-staffing",
    "late-login-elsewhere",
    "manual-share",
    "missing-travel-time",
    "never-off",
    "no-rest",
    "opening-without-visit",
    "price-band-drift",
    "provider-outlier",
    "round-durations",
    "rounding-gain",
    "short-against-standard",
    "single-carer",
    "visit-without-opening",
  ],
};

describe("the rules are those of the catalogue", () => {
  test.each(Object.entries(catalogue))("%s", (level, ids) => {
    const own = rules.filter((rule) => rule.level === level).map((rule) => rule.id);
    expect(own.toSorted()).toEqual(ids);
  });

  test("each once, in order of id", () => {
    const ids = rules.map((rule) => rule.id);
    expect(ids).toEqual([...new Set(ids)].toSorted());
  });
});

describe.each(rules.map((rule) => [rule.id, rule] as const))("%s", (id, rule) => {
  const before = rules.filter((other) => rule.yieldsTo.includes(other.id));
  const accepted = rule.examples().accepts.map((example) => {
    const { findings, outcomes } = runExample(rule, example, before);
    return {
      open: findings.filter((finding) => finding.rule === id && finding.status === "open").length,
      excused: outcomes.filter((outcome) => outcome.rule === id && outcome.kind === "suppressed"),
    };
  });

  test("has a page", () => {
    expect(existsSync(new URL(`../../docs/rules/${id}.md`, import.meta.url))).toBe(true);
  });

  test("has a hit and a near miss", () => {
    expect(rule.examples().reports.length).toBeGreaterThan(0);
    // Nothing excuses it: it lies on the other side of the boundary.
    expect(accepted.some(({ open, excused }) => open === 0 && excused.length === 0)).toBe(true);
  });

  test("has a twin: an example for each innocent cause that it meets, or one more that it accepts", () => {
    // Some causes are met before the rule is asked, where visits are matched, merged and paid for.
    const text = readFileSync(new URL(`../../src/rules/${id}.ts`, import.meta.url), "utf8");
    const met = [...text.matchAll(/report\.suppressed\(\s*"(\w+)"/g)].map(([, cause]) => cause!);
    const shown = new Set(accepted.flatMap(({ excused }) => excused.map((outcome) => outcome.cause)));
    expect(met.filter((cause) => !shown.has(cause))).toEqual([]);
    expect(accepted.length).toBeGreaterThan(1);
  });
});
