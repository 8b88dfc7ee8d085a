import { describe, expect, test } from "vitest";
import { type Example, runExample } from "#rule";
import { rules } from "#rules";

describe.each(rules.map((rule) => [rule.id, rule] as const))("%s", (_, rule) => {
  const { reports, accepts } = rule.examples();
  const before = rules.filter((other) => rule.yieldsTo.includes(other.id));
  const reported = (example: Example) =>
    runExample(rule, example, before).findings.filter(
      (finding) => finding.rule === rule.id && finding.status === "open",
    );

  test("has examples on either side of its boundary", () => {
    expect(reports.length).toBeGreaterThan(0);
    expect(accepts.length).toBeGreaterThan(0);
  });

  test.each(reports.map((example, position) => [position + 1, example] as const))(
    "reports example %i",
    (_number, example) => {
      const findings = reported(example);
      expect(findings.length).toBeGreaterThan(0);
      for (const finding of findings) {
        expect(finding.reason).toMatch(/\.$/);
        expect(finding.evidence.length).toBeGreaterThan(0);
      }
    },
  );

  test.each(accepts.map((example, position) => [position + 1, example] as const))(
    "accepts example %i",
    (_number, example) => {
      expect(reported(example)).toEqual([]);
    },
  );

  test("gives the same findings in whatever order the records arrive", () => {
    for (const example of [...reports, ...accepts]) {
      const turned = { ...example, records: newestLast(example).toReversed() };
      expect(runExample(rule, turned, before).findings).toEqual(
        runExample(rule, { ...example, records: newestLast(example) }, before).findings,
      );
    }
  });
});

/** Only the records that stand, since without versions the last to arrive wins. */
function newestLast({ records }: Example): Example["records"] {
  const unversioned = new Map<string, number>();
  records.forEach(({ entity, source, record }, position) => {
    if (record.version === null) unversioned.set(`${entity}/${source}/${record.id}`, position);
  });
  return records.filter(
    ({ entity, source, record }, position) =>
      record.version !== null || unversioned.get(`${entity}/${source}/${record.id}`) === position,
  );
}
