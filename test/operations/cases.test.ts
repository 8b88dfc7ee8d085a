import { describe, expect, test } from "vitest";
import { addException, openCases, releaseRule, setRuleParameters } from "#operations";
import { tables } from "#store";
import { day, operator } from "../night/hand.ts";
import { longVisit, openMunicipality, visit, visits } from "./municipality.ts";

type Municipality = Awaited<ReturnType<typeof openMunicipality>>;

/** Two clients of the first provider and one of the second have a long visit now and then. */
const long = (client: number, on: number) => ([1, 3, 7].includes(client) && on % 5 === 0 ? 90 + client : 30);
const october = visits("2026-10-01", "2026-10-31", long);
const longDays = Array.from({ length: 31 }, (_, index) => day("2026-10-01") + index).filter((on) => on % 5 === 0);

const cases = async ({ database }: Municipality) => database.orm.select().from(tables.cases).orderBy(tables.cases.no);
const events = async ({ database }: Municipality, no?: string) =>
  (await database.orm.select().from(tables.caseEvents).orderBy(tables.caseEvents.id))
    .filter(({ caseNo }) => no === undefined || caseNo === no)
    .map(({ caseNo, kind, data }) => ({ no: caseNo, kind, ...(JSON.parse(data) as object) }));
const correct = (client: number, on: number, minutes = 30, version = 500) => ({
  entity: "visits" as const,
  records: [visit(client, on, minutes, { version })],
});

describe("cases after a night", { timeout: 60_000 }, () => {
  test("hold the findings of one person, client or unit with a provider, and what is at stake in them", async () => {
    await using town = await openMunicipality({ rules: [longVisit] });
    await town.night("2026-11-01", [october]);
    const found = await cases(town);
    expect(
      found.map(({ no, provider, subjectKind, subject, state }) => [no, provider, subjectKind, subject, state]),
    ).toEqual([
      ["2026-00001", "P1", "staff", "S1", "new"],
      ["2026-00002", "P2", "staff", "S2", "new"],
    ]);
    expect(found[0]).toMatchObject({
      units: ["U1"],
      rules: [longVisit.id],
      level: "indicator",
      certainty: 3.5,
      findings: longDays.length * 2,
      stakeMinutes: longDays.length * (91 + 93),
      stakeOre: longDays.length * (91 + 93) * 100,
      firstDay: longDays[0],
      lastDay: longDays.at(-1),
      version: 1,
    });
    expect((await events(town)).map(({ no, kind }) => [no, kind])).toEqual([
      ["2026-00001", "opened"],
      ["2026-00002", "opened"],
    ]);
  });

  test("are the same after a repeated night, one that computes everything, and one that computes what changed", async () => {
    await using dirty = await openMunicipality({ rules: [longVisit] });
    await using full = await openMunicipality({ rules: [longVisit] });
    await dirty.night("2026-11-01", [october]);
    await full.night("2026-11-01", [october], true);
    const content = async (town: Municipality) =>
      JSON.stringify([
        (await cases(town)).map(({ openedAt: _o, updatedAt: _u, ...rest }) => rest),
        await events(town),
        await town.database.orm.select().from(tables.caseFindings).orderBy(tables.caseFindings.findingId),
      ]);
    const before = await content(dirty);
    expect(await content(full)).toBe(before);
    expect(await openCases(dirty.needs, operator)).toEqual({ opened: 0, joined: 0, changed: 0, closed: 0 });
    await dirty.night("2026-11-01", [], true);
    expect(await content(dirty)).toBe(before);
    const more = [correct(1, longDays[0]!), correct(3, longDays[1]!, 200), visits("2026-11-01", "2026-11-02", long)];
    await dirty.night("2026-11-03", more);
    await full.night("2026-11-03", more, true);
    expect(await content(full)).toBe(await content(dirty));
    expect(await content(full)).not.toBe(before);
  });

  test("are told of a change by day as of a night, and the night has nothing to add", async () => {
    await using town = await openMunicipality({ rules: [longVisit] });
    await town.night("2026-11-01", [october]);
    const [first = 0, second = 0] = longDays;
    expect(await town.change("2026-11-01", [correct(1, first), correct(3, second, 200)])).not.toBeNull();
    expect((await events(town, "2026-00001")).map(({ kind }) => kind)).toEqual(["opened", "changed", "gone"]);
    const [one] = await cases(town);
    expect(one).toMatchObject({ findings: longDays.length * 2 - 1, gone: 1, version: 2 });
    await town.night("2026-11-02", [], true);
    expect(await cases(town)).toEqual([one, (await cases(town))[1]]);
  });

  test("tell what came, changed and went, and close themselves when nothing is left of them", async () => {
    await using town = await openMunicipality({ rules: [longVisit] });
    await town.night("2026-11-01", [october]);
    await town.database.pool.query("UPDATE cases SET state = 'under-review' WHERE no = '2026-00001'");
    await openCases(town.needs, operator);
    const statuses = await town.database.pool.query(
      "SELECT staff, status, count(*)::int FROM findings GROUP BY 1, 2 ORDER BY 1, 2",
    );
    expect(statuses.rows).toEqual([
      { staff: "S1", status: "in-case", count: longDays.length * 2 },
      { staff: "S2", status: "open", count: longDays.length },
    ]);
    const [first = 0, second = 0] = longDays;
    await town.night("2026-11-02", [
      correct(1, first),
      correct(3, second, 200),
      { entity: "visits", records: longDays.map((on) => visit(7, on, 30, { version: 500 })) },
    ]);
    const [one, two] = await cases(town);
    expect(one).toMatchObject({ state: "under-review", findings: longDays.length * 2 - 1, gone: 1, version: 2 });
    expect(one?.changedAt).not.toBeNull();
    expect(two).toMatchObject({ state: "closed", outcome: "corrected-at-source", findings: 0, decidedBy: "klarsyn" });
    expect((await events(town, "2026-00001")).map(({ kind, ...rest }) => [kind, rest])).toMatchObject([
      ["opened", { count: longDays.length * 2 }],
      ["changed", { count: 1 }],
      ["gone", { count: 1, as: "corrected-at-source" }],
    ]);
    expect((await events(town, "2026-00002")).map(({ kind }) => kind)).toEqual(["opened", "gone", "closed-itself"]);
    // What comes back joins the case that is not decided, and opens another where there is none.
    await town.night("2026-11-03", [correct(1, first, 91, 900), correct(7, first, 97, 900)]);
    const after = await cases(town);
    expect(after.map(({ no, state, findings, gone }) => [no, state, findings, gone])).toEqual([
      ["2026-00001", "under-review", longDays.length * 2, 0],
      ["2026-00002", "closed", 0, longDays.length],
      ["2026-00003", "new", 1, 0],
    ]);
    expect((await events(town, "2026-00001")).at(-1)).toMatchObject({ kind: "returned", count: 1 });
  });

  test("leave what is held back or on trial until it is shown, and let go of what is excepted or put on trial", async () => {
    await using town = await openMunicipality({ rules: [longVisit] });
    const backtest = { ruleId: longVisit.id, values: { mode: "shadow" }, fromDay: day("2026-01-01"), why: "Prov." };
    await setRuleParameters(town.needs, operator, backtest);
    await town.night("2026-11-01", [october]);
    expect(await cases(town)).toEqual([]);
    await town.database.pool.query("UPDATE findings SET mode = 'active', held = true");
    await openCases(town.needs, operator);
    expect(await cases(town)).toEqual([]);
    await town.database.pool.query(
      `INSERT INTO rule_holds (tenant_id, rule_id, rule_version, parameters, from_day, through_day, client_days, findings,
         expected, held_at) VALUES ('0192', $1, 1, '{}', '2026-10-01', '2026-10-31', 1, 1, 0, now())`,
      [longVisit.id],
    );
    await releaseRule(town.needs, operator, { ruleId: longVisit.id, why: "Granskat." });
    expect((await cases(town)).map(({ state }) => state)).toEqual(["new", "new"]);
    await setRuleParameters(town.needs, operator, { ...backtest, values: { mode: "active" } });
    await addException(town.needs, operator, {
      ruleId: longVisit.id,
      subject: { client: "C7" },
      fromDay: day("2026-09-01"),
      throughDay: day("2026-12-31"),
      why: "Beslut.",
    });
    await town.night("2026-11-02");
    expect((await cases(town)).map(({ no, state, outcome }) => [no, state, outcome])).toEqual([
      ["2026-00001", "new", null],
      ["2026-00002", "closed", "nothing-further"],
    ]);
    expect((await events(town, "2026-00002"))[1]).toMatchObject({ kind: "gone", as: "excepted" });
    await setRuleParameters(town.needs, operator, backtest);
    await town.night("2026-11-03");
    const last = (await events(town, "2026-00001")).slice(-2);
    expect(last).toMatchObject([{ kind: "gone", as: "on-trial" }, { kind: "closed-itself" }]);
  });
});
