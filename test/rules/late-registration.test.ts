import { expect, test } from "vitest";
import { at, example, runExample, sample } from "#rule";
import { rules } from "#rules";

/** Received 75 hours after it ended; the source, which delivers every ten hours, was silent from `from` until then. */
function severityAfterSilence(from: number) {
  const [rule] = rules.filter(({ id }) => id === "late-registration");
  const arrivals = [-30, -20, -10, 0, 10, 20, 30, 40, 50, 60, 70].filter((hours) => hours <= from);
  const { findings } = runExample(
    rule!,
    example([sample("visits", "v-1", { end: "08:30", receivedAt: at("08:30", 75 * 60) })], {
      facts: [
        {
          source: "files",
          everyHours: 10,
          arrivals: [...arrivals, 75].map((hours) => ({ at: at("08:30", hours * 60), records: 5 })),
        },
      ],
      asOf: at("2026-10-09 08:00"),
    }),
  );
  return findings.map(({ status, severity }) => [status, severity]);
}

test("a silence of the source does not count where it is asked how late a visit came in", () => {
  expect(severityAfterSilence(70)).toEqual([["open", "review"]]);
  expect(severityAfterSilence(30)).toEqual([["open", "info"]]);
});
