import { describe, expect, test } from "vitest";
import { day, instant } from "#model";
import { countOutcomes, type RuleOutcome, selectFindings, streamFindings, writeFindings, writeOutcomes } from "#store";
import { testDatabase } from "../support/database.ts";
import { finding } from "../support/finding.ts";

const first = instant("2026-10-06T01:00:00Z");
const second = instant("2026-10-07T01:00:00Z");
const third = instant("2026-10-08T01:00:00Z");

describe("writeFindings", () => {
  test("opens what is new and gives it back as it was", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    const made = finding("a", {
      client: null,
      records: [{ entity: "visits", source: "files", id: "v-1" }],
      evidence: [{ minutes: 12 }],
    });
    const written = await writeFindings(database, tenantId, { evaluated: "all", findings: [made], at: first });
    expect(written).toEqual({ opened: 1, kept: 0, changed: 0, closed: 0 });
    expect(await selectFindings(database, tenantId)).toEqual([
      {
        ...made,
        status: "open",
        changes: 0,
        firstSeenAt: first,
        lastSeenAt: first,
        changedAt: first,
        closedAt: null,
        closedAs: null,
      },
    ]);
  });

  test("only moves the last sight of one that says the same", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    await writeFindings(database, tenantId, { evaluated: "all", findings: [finding("a")], at: first });
    const again = await writeFindings(database, tenantId, { evaluated: "all", findings: [finding("a")], at: second });
    expect(again).toEqual({ opened: 0, kept: 1, changed: 0, closed: 0 });
    expect(await selectFindings(database, tenantId)).toMatchObject([
      { firstSeenAt: first, lastSeenAt: second, changedAt: first, changes: 0 },
    ]);
  });

  test("counts a change where the evidence is another", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    await writeFindings(database, tenantId, { evaluated: "all", findings: [finding("a")], at: first });
    const other = finding("a", { minutes: 20, evidence: [{ minutes: 20 }] });
    const again = await writeFindings(database, tenantId, { evaluated: "all", findings: [other], at: second });
    expect(again).toEqual({ opened: 0, kept: 0, changed: 1, closed: 0 });
    expect(await selectFindings(database, tenantId)).toMatchObject([
      {
        minutes: 20,
        evidence: [{ minutes: 20 }],
        firstSeenAt: first,
        lastSeenAt: second,
        changedAt: second,
        changes: 1,
      },
    ]);
  });

  test("closes what is gone in slices that were looked at, and only those", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    const findings = [finding("a"), finding("b")];
    await writeFindings(database, tenantId, { evaluated: "all", findings, at: first });
    const evaluated = new Set([finding("a").slice]);
    const again = await writeFindings(database, tenantId, { evaluated, findings: [], at: second });
    expect(again).toEqual({ opened: 0, kept: 0, changed: 0, closed: 1 });
    expect(await selectFindings(database, tenantId)).toMatchObject([
      { id: "a", status: "closed", closedAt: second, closedAs: "corrected-at-source", lastSeenAt: first },
      { id: "b", status: "open" },
    ]);
  });

  test("says of another version's findings that the rule has changed, not that they were corrected", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    await writeFindings(database, tenantId, { evaluated: "all", findings: [finding("a")], at: first });
    const rules = [{ ruleId: "staff-overlap", ruleVersion: 2 }];
    await writeFindings(database, tenantId, { evaluated: "all", findings: [], rules, at: second });
    expect(await selectFindings(database, tenantId)).toMatchObject([{ status: "closed", closedAs: "rule-changed" }]);
  });

  test("holds back what nobody has been shown, and leaves what was shown", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    const write = (ids: readonly string[], holding: boolean) =>
      writeFindings(database, tenantId, {
        evaluated: "all",
        findings: ids.map((id) => finding(id)),
        at: first,
        holdBack: (unshown) => {
          counts.push(unshown.get("staff-overlap") ?? 0);
          return { rules: new Set(holding ? ["staff-overlap"] : []), holds: [] };
        },
      });
    const counts: number[] = [];
    const modes = async () => (await selectFindings(database, tenantId)).map(({ mode }) => mode);
    await write(["a"], false);
    await write(["a", "b", "c"], true);
    expect(await modes()).toEqual(["active", "held", "held"]);
    expect(await selectFindings(database, tenantId, { shown: true })).toMatchObject([{ id: "a" }]);
    await write(["a", "b"], true);
    await write(["a", "b", "c"], false);
    expect(await modes()).toEqual(["active", "active", "active"]);
    // What is held has not been shown: it counts each time, and so does one that was closed.
    expect(counts).toEqual([1, 2, 1, 2]);
  });

  test("opens again what comes back, and remembers when it was first seen", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    await writeFindings(database, tenantId, { evaluated: "all", findings: [finding("a")], at: first });
    await writeFindings(database, tenantId, { evaluated: "all", findings: [], at: second });
    const again = await writeFindings(database, tenantId, { evaluated: "all", findings: [finding("a")], at: third });
    expect(again).toEqual({ opened: 1, kept: 0, changed: 0, closed: 0 });
    expect(await selectFindings(database, tenantId)).toMatchObject([
      { status: "open", firstSeenAt: first, lastSeenAt: third, closedAt: null, closedAs: null },
    ]);
  });

  test("keeps a suppressed finding apart from the open ones, with its cause", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    const excused = finding("a", { suppressed: "exception" });
    await writeFindings(database, tenantId, { evaluated: "all", findings: [excused], at: first });
    expect(await selectFindings(database, tenantId, { statuses: ["open"] })).toEqual([]);
    expect(await selectFindings(database, tenantId)).toMatchObject([{ status: "suppressed", suppressed: "exception" }]);
    await writeFindings(database, tenantId, { evaluated: "all", findings: [finding("a")], at: second });
    expect(await selectFindings(database, tenantId)).toMatchObject([{ status: "open", suppressed: null }]);
  });

  test("leaves other municipalities alone", async () => {
    await using system = await testDatabase();
    const { database } = system;
    await writeFindings(database, "0192", { evaluated: "all", findings: [finding("a")], at: first });
    await writeFindings(database, "0180", { evaluated: "all", findings: [], at: second });
    expect(await selectFindings(database, "0192")).toMatchObject([{ id: "a", status: "open" }]);
    expect(await selectFindings(database, "0180")).toEqual([]);
  });

  test("writes the first findings as they come; one that comes again stands as it came last", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    async function* parts() {
      yield [finding("a", { suppressed: "samePlace" }), finding("b")];
      yield [];
      yield [finding("c"), finding("a", { minutes: 7 })];
    }
    const held: number[] = [];
    const run = {
      evaluated: "all" as const,
      at: first,
      holdBack: (unshown: ReadonlyMap<string, number>) => {
        held.push(unshown.get("staff-overlap") ?? 0);
        return { rules: new Set(["staff-overlap"]), holds: [] };
      },
    };
    expect(await writeFindings(database, tenantId, { ...run, findings: parts() })).toMatchObject({ opened: 3 });
    expect(held).toEqual([3]);
    const all = await selectFindings(database, tenantId);
    expect(all).toMatchObject([
      { id: "a", status: "open", mode: "held", suppressed: null, minutes: 7, changes: 0 },
      { id: "b", status: "open", mode: "held", changes: 0 },
      { id: "c", status: "open", mode: "held", changes: 0 },
    ]);
    // They are known by what they said last.
    const again = [finding("a", { minutes: 7 }), finding("b"), finding("c")];
    expect(await writeFindings(database, tenantId, { ...run, findings: again, at: second })).toEqual({
      opened: 0,
      kept: 3,
      changed: 0,
      closed: 0,
    });
  });

  test("leaves nothing of a run that fails on the way", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    async function* parts() {
      yield Array.from({ length: 2000 }, (_, no) => finding(`f-${no}`));
      throw new Error("no more");
    }
    const writing = writeFindings(database, tenantId, { evaluated: "all", findings: parts(), at: first });
    await expect(writing).rejects.toThrow("no more");
    expect(await selectFindings(database, tenantId)).toEqual([]);
  });

  test("refuses a run that has two findings of one id", async () => {
    await using system = await testDatabase();
    const writing = writeFindings(system.database, system.tenantId, {
      evaluated: "all",
      findings: [finding("a"), finding("a", { minutes: 1 })],
      at: first,
    });
    await expect(writing).rejects.toMatchObject({ code: "23505" });
  });

  test("replaces the counts of the slices that were looked at", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    const outcome = (slice: string, count: number): RuleOutcome => ({
      slice,
      ruleId: "staff-overlap",
      outcome: "suppressed",
      cause: "samePlace",
      count,
    });
    const write = (evaluated: "all" | Set<string>, outcomes: RuleOutcome[]) =>
      writeOutcomes(database, tenantId, { evaluated, outcomes });
    await write("all", [outcome("x", 2), outcome("y", 3)]);
    await write(new Set(["x"]), [outcome("x", 5)]);
    expect(await countOutcomes(database, tenantId)).toEqual([
      { ruleId: "staff-overlap", outcome: "suppressed", cause: "samePlace", count: 8 },
    ]);
    await write(new Set(["y"]), []);
    expect(await countOutcomes(database, tenantId)).toMatchObject([{ count: 5 }]);
  });
});

describe("selectFindings", () => {
  test("pages by id, without a gap or a repetition", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    const all = Array.from({ length: 2500 }, (_, no) => finding(`f-${String(no).padStart(5, "0")}`));
    await writeFindings(database, tenantId, { evaluated: "all", findings: all, at: first });
    const ids: string[] = [];
    for await (const { id } of streamFindings(database, tenantId)) ids.push(id);
    expect(ids).toEqual(all.map(({ id }) => id));
    const page = await selectFindings(database, tenantId, { after: "f-00009", limit: 2 });
    expect(page.map(({ id }) => id)).toEqual(["f-00010", "f-00011"]);
  });

  test("takes findings whose period meets the days asked for", async () => {
    await using system = await testDatabase();
    const { database, tenantId } = system;
    const month = finding("a", { fromDay: day("2026-10-01"), throughDay: day("2026-10-31") });
    await writeFindings(database, tenantId, { evaluated: "all", findings: [month], at: first });
    const within = (from: string, through: string) =>
      selectFindings(database, tenantId, { fromDay: day(from), throughDay: day(through) });
    expect(await within("2026-10-31", "2026-11-02")).toHaveLength(1);
    expect(await within("2026-11-01", "2026-11-02")).toHaveLength(0);
    expect(await within("2026-09-01", "2026-09-30")).toHaveLength(0);
  });
});

test("what is written to nothing is as what is written beside something", async () => {
  await using system = await testDatabase();
  const { database } = system;
  const at = first;
  const findings = Array.from({ length: 3200 }, (_, n) =>
    finding(`f${n}`, {
      ruleId: n % 5 === 0 ? "flood" : "staff-overlap",
      mode: n % 7 === 0 ? "shadow" : "active",
      suppressed: n % 11 === 0 ? "same-place" : null,
      slice: `staff-day:${n}:2026-10-05`,
    }),
  );
  const outcomes = findings.map(({ slice, ruleId }): RuleOutcome => ({
    slice,
    ruleId,
    outcome: "suppressed",
    cause: "same-place",
    count: 2,
  }));
  const unshown: Array<[string, number]> = [];
  const evaluated = { months: ["2026-10"], covers: () => true };
  const write = async (tenantId: string, count: number) => {
    await writeOutcomes(database, tenantId, { evaluated, outcomes: outcomes.slice(0, count) });
    return writeFindings(database, tenantId, {
      evaluated,
      findings: findings.slice(0, count),
      at,
      holdBack: (counted) => {
        unshown.push(...counted);
        return { rules: new Set(["flood"]), holds: [] };
      },
    });
  };
  expect(await write("north", 3200)).toEqual({ opened: 3200, kept: 0, changed: 0, closed: 0 });
  const atOnce = unshown.splice(0);
  await write("south", 5);
  unshown.splice(0);
  expect(await write("south", 3200)).toEqual({ opened: 3195, kept: 5, changed: 0, closed: 0 });
  // The held one of the five has still not been shown.
  expect(new Map(atOnce).get("flood")).toBe(
    findings.filter((one) => one.ruleId === "flood" && one.mode === "active" && one.suppressed === null).length,
  );
  const all = (tenantId: string) => selectFindings(database, tenantId, { limit: 4000 });
  expect(await all("north")).toEqual(await all("south"));
  expect(await countOutcomes(database, "north")).toEqual(await countOutcomes(database, "south"));
  // What is gone of days that were looked at is closed, what was not looked at stays.
  const gone = await writeFindings(database, "north", {
    evaluated: { months: ["2026-10"], covers: (slice) => slice !== "staff-day:3:2026-10-05" },
    findings: findings.slice(5),
    at: second,
  });
  expect(gone).toEqual({ opened: 0, kept: 3195, changed: 0, closed: 4 });
  const elsewhere = await writeFindings(database, "north", {
    evaluated: { months: ["2026-09"], covers: () => true },
    findings: [],
    at: second,
  });
  expect(elsewhere.closed).toBe(0);
});
