import { describe, expect, test } from "vitest";
import { z } from "zod";
import { formatDay } from "#model";
import {
  addException,
  backtestRule,
  endException,
  explainRule,
  type FindingQuery,
  listExceptions,
  listFindings,
  listRules,
  readerOf,
  recordDisposition,
  releaseRule,
  setRuleParameters,
  showOverview,
} from "#operations";
import { type Finding, tables } from "#store";
import { day, operator, resultOf, signal } from "../night/hand.ts";
import { longMonth, longVisit, openMunicipality, visit, visits } from "./municipality.ts";

type Municipality = Awaited<ReturnType<typeof openMunicipality>>;
const ruleId = longVisit.id;
const why = "Beslut i nämnden.";

async function found({ needs }: Municipality, query: FindingQuery = {}): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const finding of listFindings(needs, operator, { ruleId, ...query })) all.push(finding);
  return all;
}
const days = (findings: readonly Finding[]) => findings.map(({ fromDay }) => formatDay(fromDay)).toSorted();
const listed = async ({ needs }: Municipality, id = ruleId) =>
  (await listRules(needs, operator)).find(({ rule }) => rule.id === id)!;
const setTo = ({ needs }: Municipality, values: Record<string, string>, from: string, id = ruleId) =>
  setRuleParameters(needs, operator, { ruleId: id, values, fromDay: day(from), why });

/** Every fourth day one client has a visit of 95 minutes. */
const someLong = (client: number, on: number) => (client === 3 && on % 4 === 0 ? 95 : 30);
const september = visits("2026-09-01", "2026-09-30", someLong);
const october = visits("2026-10-01", "2026-10-31", someLong);
const longDays = (from: string, through: string) =>
  Array.from({ length: day(through) - day(from) + 1 }, (_, index) => day(from) + index)
    .filter((on) => someLong(3, on) === 95)
    .map(formatDay);

describe("a change of parameters", { timeout: 60_000 }, () => {
  test("holds from its day on, also within a month, and is kept with who, when and why", async () => {
    await using town = await openMunicipality();
    await town.night("2026-11-01", [october]);
    expect(days(await found(town))).toEqual(longDays("2026-10-01", "2026-10-31"));
    town.evening("2026-11-01");
    await setTo(town, { minutesMax: "90" }, "2026-10-05");
    await setTo(town, { minutesMax: "100" }, "2026-10-15");
    await setTo(town, { mode: "off" }, "2026-10-25");
    await town.night("2026-11-02");
    expect(days(await found(town))).toEqual(longDays("2026-10-01", "2026-10-14"));
    // Nobody has corrected what the rule no longer reports.
    const closed = async () => (await found(town, { all: true })).filter(({ status }) => status === "closed");
    expect([...new Set((await closed()).map(({ closedAs }) => closedAs))]).toEqual(["rule-changed"]);
    const [first = ""] = longDays("2026-10-01", "2026-10-14");
    await town.night("2026-11-02", [{ entity: "visits", records: [visit(3, day(first), 30, { version: 99 })] }]);
    expect(
      (await closed())
        .filter(({ closedAs }) => closedAs === "corrected-at-source")
        .map(({ fromDay }) => formatDay(fromDay)),
    ).toEqual([first]);
    expect(await listed(town)).toMatchObject({ mode: "off", values: { minutesMax: 100 }, changed: ["minutesMax"] });
    expect(await listed(town, longMonth.id)).toMatchObject({ mode: "active", changed: [] });
    const { history } = await explainRule(town.needs, operator, longVisit);
    expect(
      history.map(({ name, value, fromDay, setBy, why: reason }) => [name, value, formatDay(fromDay), setBy, reason]),
    ).toEqual([
      ["minutesMax", 90, "2026-10-05", "test", why],
      ["minutesMax", 100, "2026-10-15", "test", why],
      ["mode", "off", "2026-10-25", "test", why],
    ]);
  });

  test("puts a rule on trial: handlers do not see what it finds, and it is listed on request", async () => {
    await using town = await openMunicipality();
    await setTo(town, { mode: "shadow" }, "2026-10-15");
    await town.night("2026-11-01", [october]);
    expect(days(await found(town))).toEqual(longDays("2026-10-01", "2026-10-14"));
    const all = await found(town, { all: true });
    expect(days(all.filter(({ mode }) => mode === "shadow"))).toEqual(longDays("2026-10-15", "2026-10-31"));
    expect(await listed(town)).toMatchObject({ mode: "shadow" });
  });

  test("is refused where it does not fit, and needs a reason and the right to make it", async () => {
    await using town = await openMunicipality();
    await expect(setTo(town, { minutesMax: "0" }, "2026-10-01")).rejects.toMatchObject({ code: "rule.parameter" });
    await expect(setTo(town, { minutes: "5" }, "2026-10-01")).rejects.toThrow("It has: minutesMax, mode.");
    const change = { ruleId, values: { minutesMax: "5" }, fromDay: day("2026-10-01"), why };
    await expect(setRuleParameters(town.needs, operator, { ...change, why: " " })).rejects.toThrow("Say why");
    await expect(setRuleParameters(town.needs, readerOf("0192"), change)).rejects.toMatchObject({ kind: "forbidden" });
    expect((await explainRule(town.needs, operator, longVisit)).history).toEqual([]);
  });
});

describe("an exception", { timeout: 60_000 }, () => {
  const about = (more: object = {}) => ({
    ruleId,
    subject: { client: "C3" },
    fromDay: day("2026-10-01"),
    throughDay: day("2026-10-15"),
    why: "Läkaren följer med; beslut 12.",
    ...more,
  });

  test("suppresses with its reason what lies within it, until somebody ends it, and is kept", async () => {
    await using town = await openMunicipality();
    await town.night("2026-11-01", [october]);
    town.evening("2026-11-01");
    const within = longDays("2026-10-01", "2026-10-15");
    const { no, findings } = await addException(town.needs, operator, about());
    expect(findings).toBe(within.length);
    await town.night("2026-11-02");
    expect(days(await found(town))).toEqual(longDays("2026-10-16", "2026-10-31"));
    const suppressed = (await found(town, { all: true })).filter(({ status }) => status === "suppressed");
    expect(days(suppressed)).toEqual(within);
    expect(suppressed[0]?.suppressed).toBe("exception: Läkaren följer med; beslut 12.");

    town.evening("2026-11-02");
    await endException(town.needs, operator, { no, throughDay: day("2026-10-07"), why: "Läkaren slutade." });
    await town.night("2026-11-03");
    expect(days(await found(town))).toEqual(longDays("2026-10-08", "2026-10-31"));
    expect(await listExceptions(town.needs, operator, ruleId)).toMatchObject([
      {
        no,
        setBy: "test",
        throughDay: day("2026-10-15"),
        exception: { subject: { client: "C3" }, through: day("2026-10-07") },
        ended: { by: "test", why: "Läkaren slutade." },
      },
    ]);
    await expect(endException(town.needs, operator, { no, why })).rejects.toMatchObject({ kind: "usage" });
    const again = endException(town.needs, operator, { no, throughDay: day("2026-10-02"), why });
    await expect(again).rejects.toMatchObject({ code: "exception.ended" });
  });

  test("may be about one record, and about all that it names at once", async () => {
    await using town = await openMunicipality();
    const [first = "", second = ""] = longDays("2026-10-01", "2026-10-31");
    const record = { entity: "visits", source: "files", id: `v-3-${first}` };
    const whole = { fromDay: day("2026-10-01"), throughDay: day("2026-10-31") };
    await addException(town.needs, operator, about({ subject: { record }, ...whole }));
    await addException(town.needs, operator, about({ subject: { client: "C3", staff: "S2" }, ...whole }));
    await town.night("2026-11-01", [october]);
    expect(days(await found(town))).toEqual(longDays(second, "2026-10-31"));
  });

  test("says what is wrong with it, and needs the right to make it", async () => {
    await using town = await openMunicipality();
    await expect(addException(town.needs, operator, about({ subject: {} }))).rejects.toThrow("--client");
    await expect(addException(town.needs, operator, about({ throughDay: day("2026-09-30") }))).rejects.toThrow(
      "It ends 2026-09-30, before it begins 2026-10-01.",
    );
    await expect(addException(town.needs, operator, about({ why: "" }))).rejects.toThrow("Say why");
    await expect(addException(town.needs, readerOf("0192"), about())).rejects.toMatchObject({ kind: "forbidden" });
    await expect(endException(town.needs, operator, { no: 7, why })).rejects.toMatchObject({ kind: "missing" });
    expect(await listExceptions(town.needs, operator)).toEqual([]);
  });
});

describe("a back-test", { timeout: 60_000 }, () => {
  const all = { ruleId, from: day("2026-09-01"), through: day("2026-10-31"), signal };

  test("shows what appears and what goes, in minutes and money by provider, and changes nothing", async () => {
    await using town = await openMunicipality({ reconcileDays: 31 });
    // In the other provider's clients a visit of 50 minutes every tenth day.
    const fifty = (client: number, on: number) => (client === 7 && on % 10 === 0 ? 50 : someLong(client, on));
    await town.night("2026-11-01", [
      visits("2026-09-01", "2026-09-30", fifty),
      visits("2026-10-01", "2026-10-31", fifty),
    ]);
    const before = await resultOf(town.database);
    const seen: string[] = [];
    const tried = await backtestRule(town.needs, operator, {
      ...all,
      values: { minutesMax: "40" },
      progress: (window) => seen.push(`${formatDay(window.from)} ${formatDay(window.through)}`),
    });
    const long = longDays("2026-09-01", "2026-10-31").length;
    const short = 6;
    expect(tried.total).toEqual({
      before: { findings: long, minutes: long * 95, amountOre: long * 9500 },
      after: { findings: long + short, minutes: long * 95 + short * 50, amountOre: long * 9500 + short * 5000 },
      appearing: short,
      vanishing: 0,
    });
    expect(tried.providers.map(({ name, before: was, after: is }) => [name, was.findings, is.findings])).toEqual([
      ["Omsorgen 1", long, long],
      ["Omsorgen 2", 0, short],
    ]);
    expect(tried.appearing.map(({ client }) => client)).toEqual(Array.from({ length: short }, () => "C7"));
    // A month at a time, as a night of 31 days looks at it.
    expect(seen).toEqual(["2026-09-01 2026-09-30", "2026-10-01 2026-10-31"]);
    expect(await resultOf(town.database)).toEqual(before);
    expect((await explainRule(town.needs, operator, longVisit)).rates.at(-1)).toMatchObject({
      measuredIn: "backtest",
      parameters: '{"minutesMax":40}',
      findings: long + short,
      clientDays: 610,
      fromDay: all.from,
      throughDay: all.through,
      measuredBy: "test",
    });

    const raised = await backtestRule(town.needs, operator, { ...all, values: { minutesMax: "200" } });
    expect(raised).toMatchObject({ appearing: [], total: { after: { findings: 0 }, vanishing: long } });
    expect(raised.vanishing).toHaveLength(long);
  });

  test("switches on a rule that is off or on trial, and counts what it had been as it stood then", async () => {
    await using town = await openMunicipality();
    await setTo(town, { mode: "off" }, "2026-10-01");
    await setTo(town, { mode: "shadow" }, "2026-10-15");
    await town.night("2026-11-01", [september, october]);
    const { total } = await backtestRule(town.needs, operator, { ...all, values: {} });
    expect(total.before.findings).toBe(longDays("2026-09-01", "2026-09-30").length);
    expect(total.after.findings).toBe(longDays("2026-09-01", "2026-10-31").length);
    expect((await listed(town)).rate).toMatchObject({ measuredIn: "backtest", findings: total.after.findings });
  });

  test("takes part of a month, leaves out what is excepted, and says what is wrong with the question", async () => {
    await using town = await openMunicipality();
    await town.night("2026-11-01", [october]);
    const [first = ""] = longDays("2026-10-10", "2026-10-20");
    await addException(town.needs, operator, {
      ruleId,
      subject: { client: "C3" },
      fromDay: day(first),
      throughDay: day(first),
      why,
    });
    const part = { ...all, from: day("2026-10-10"), through: day("2026-10-20"), values: {} };
    const { total, clientDays } = await backtestRule(town.needs, operator, part);
    expect([total.after.findings, clientDays]).toEqual([longDays("2026-10-10", "2026-10-20").length - 1, 110]);

    const asked = (more: object) => backtestRule(town.needs, operator, { ...part, ...more });
    await expect(asked({ through: day("2026-10-01") })).rejects.toThrow("before --from");
    await expect(asked({ through: day("2026-11-01") })).rejects.toThrow("expected a day that has passed");
    await expect(asked({ values: { mode: "off" } })).rejects.toThrow("switched on");
    await expect(asked({ ruleId: "nothing" })).rejects.toMatchObject({ code: "rule.unknown" });
    await expect(backtestRule(town.needs, readerOf("0192"), part)).rejects.toMatchObject({ kind: "forbidden" });
  });
});

describe("a rule that finds far more than it should", { timeout: 60_000 }, () => {
  const standing = longDays("2026-09-01", "2026-10-31").length;

  /** A municipality after a first night, and a night on which a threshold lets every visit through. */
  async function flooded() {
    const town = await openMunicipality();
    await town.night("2026-11-01", [september, october]);
    town.evening("2026-11-01");
    await setTo(town, { minutesMax: "20" }, "2026-09-01");
    await town.night("2026-11-02");
    return town;
  }

  test("is not held back in its first night, which its later ones are measured against", async () => {
    await using town = await openMunicipality();
    await setTo(town, { minutesMax: "20" }, "2026-09-01");
    await town.night("2026-11-01", [september, october]);
    expect(await found(town)).toHaveLength(610);
    expect(await listed(town)).toMatchObject({
      mode: "active",
      rate: { measuredIn: "night", findings: 610, clientDays: 610 },
    });
  });

  test("is held back: what is new is stored and not shown, and everybody who asks is told", async () => {
    await using town = await flooded();
    expect(days(await found(town))).toEqual(longDays("2026-09-01", "2026-10-31"));
    const held = (await found(town, { all: true })).filter(({ mode }) => mode === "held");
    expect(held).toHaveLength(610 - standing);
    expect(held[0]).toMatchObject({ status: "open", suppressed: null });
    expect(await listed(town)).toMatchObject({ mode: "held", held: 610 - standing });
    const overview = await showOverview(town.needs, operator);
    expect(overview.rules).toMatchObject([{ ruleId, open: standing }, { ruleId: longMonth.id }]);
    expect(overview.held).toMatchObject([
      {
        ruleId,
        title: "Långt besök",
        findings: 610 - standing,
        hold: { findings: 610 - standing, expected: standing },
      },
    ]);
  });

  test("stays held back while nothing changes, and shows all once somebody releases it", async () => {
    await using town = await flooded();
    await town.night("2026-11-03", [visits("2026-11-01", "2026-11-02")]);
    expect(await found(town)).toHaveLength(standing);
    expect(await listed(town)).toMatchObject({ mode: "held", held: 630 - standing });

    town.evening("2026-11-03");
    const release = { ruleId, why: "Granskat: besöken är långa." };
    await expect(releaseRule(town.needs, readerOf("0192"), release)).rejects.toMatchObject({ kind: "forbidden" });
    await expect(releaseRule(town.needs, operator, { ruleId, why: "" })).rejects.toThrow("Say why");
    expect(await releaseRule(town.needs, operator, release)).toBe(630 - standing);
    expect(await found(town)).toHaveLength(630);
    await expect(releaseRule(town.needs, operator, release)).rejects.toMatchObject({ code: "rule.not-held-back" });
    await town.night("2026-11-04", [visits("2026-11-03", "2026-11-03")]);
    expect(await found(town)).toHaveLength(640);
    const { mode, holds } = await explainRule(town.needs, operator, longVisit);
    expect(mode).toBe("active");
    expect(holds).toMatchObject([{ releasedBy: "test", releasedWhy: release.why }]);
  });

  test("is judged anew when it gets other parameters: a flood stays away, what is usual is shown", async () => {
    await using town = await flooded();
    await setTo(town, { minutesMax: "25" }, "2026-09-01");
    await town.night("2026-11-03");
    expect(await listed(town)).toMatchObject({ mode: "held", held: 610 - standing });
    await setTo(town, { minutesMax: "60" }, "2026-09-01");
    await town.night("2026-11-04");
    expect(await listed(town)).toMatchObject({ mode: "active", held: 0 });
    expect(await found(town)).toHaveLength(standing);
  });

  test("is not held back where a back-test with the same parameters found as much", async () => {
    await using town = await openMunicipality();
    await town.night("2026-11-01", [september, october]);
    town.evening("2026-11-01");
    const history = { from: day("2026-09-01"), through: day("2026-10-31"), signal };
    await backtestRule(town.needs, operator, { ruleId, values: { minutesMax: "20" }, ...history });
    await setTo(town, { minutesMax: "20" }, "2026-09-01");
    await town.night("2026-11-02");
    expect(await found(town)).toHaveLength(610);
    expect(await listed(town)).toMatchObject({ mode: "active", rate: { measuredIn: "backtest" } });
  });

  test("is not held back when it leaves a trial that found as much", async () => {
    await using town = await openMunicipality();
    await town.night("2026-11-01", [september, october]);
    await setTo(town, { mode: "shadow" }, "2026-09-01");
    await setTo(town, { minutesMax: "20" }, "2026-09-01");
    await town.night("2026-11-02");
    expect(await listed(town)).toMatchObject({ mode: "shadow", held: 0 });
    await setTo(town, { mode: "active" }, "2026-09-01");
    await town.night("2026-11-03");
    expect(await found(town)).toHaveLength(610);
  });

  test("is held back as a new version of itself", async () => {
    await using town = await openMunicipality();
    await town.night("2026-11-01", [september, october]);
    const parameters = z.object({ minutesMax: z.int().default(20) });
    town.needs.rules = [{ ...longVisit, version: 2, parameters }];
    await town.night("2026-11-02");
    expect(await found(town)).toHaveLength(standing);
    expect(await explainRule(town.needs, operator, town.needs.rules[0]!)).toMatchObject({
      mode: "held",
      holds: [{ ruleVersion: 2, findings: 610 - standing }],
    });
  });

  test("is let be where small numbers explain it", async () => {
    await using town = await openMunicipality();
    await town.night("2026-11-01", [visits("2026-10-01", "2026-10-31")]);
    const nineteen = Array.from({ length: 19 }, (_, index) => visit(1, day("2026-10-01") + index, 95));
    await town.night("2026-11-02", [{ entity: "visits", records: nineteen }]);
    expect(await found(town)).toHaveLength(19);
  });
});

describe("what handlers judge", { timeout: 60_000 }, () => {
  test("gives each version of a rule its precision, as each finding was judged last", async () => {
    await using town = await openMunicipality();
    await town.night("2026-11-01", [september, october]);
    const ids = (await found(town)).map(({ id }) => id);
    const judge = (findingId: string, outcome: "confirmed" | "explained" | "unclear") =>
      recordDisposition(town.needs, operator, { findingId, outcome });
    for (const [index, id] of ids.slice(0, 12).entries()) await judge(id, index < 9 ? "confirmed" : "explained");
    await judge(ids[0]!, "unclear");
    await judge(ids[9]!, "confirmed");
    expect((await listed(town)).precision).toMatchObject({ confirmed: 9, judged: 11, share: { value: 9 / 11 } });
    // The next version has been judged too little to say anything of it.
    await town.database.orm.update(tables.findings).set({ ruleVersion: 2 });
    await judge(ids[13]!, "explained");
    const { precisions, precision } = await explainRule(town.needs, operator, longVisit);
    expect(precision).toMatchObject({ confirmed: 9, judged: 12 });
    expect(precisions).toMatchObject([
      { version: 1, unclear: 1, precision: { confirmed: 9, judged: 11 } },
      { version: 2, unclear: 0, precision: { confirmed: 0, judged: 1, share: null } },
    ]);
  });

  test("needs the right to judge, and a finding", async () => {
    await using town = await openMunicipality();
    const judgement = { findingId: "x", outcome: "confirmed" } as const;
    await expect(recordDisposition(town.needs, readerOf("0192"), judgement)).rejects.toMatchObject({
      kind: "forbidden",
    });
    await expect(recordDisposition(town.needs, operator, judgement)).rejects.toMatchObject({ kind: "missing" });
  });
});

describe("what was decided by day", { timeout: 90_000 }, () => {
  const exception = {
    ruleId,
    subject: { client: "C3" },
    fromDay: day("2026-10-01"),
    throughDay: day("2026-10-20"),
    why,
  };
  const decisions: ReadonlyArray<[what: string, decide: (town: Municipality) => Promise<unknown>]> = [
    ["a threshold", (town) => setTo(town, { minutesMax: "100" }, "2026-10-28")],
    ["a threshold of a month", (town) => setTo(town, { minutesMax: "45" }, "2026-10-01", longMonth.id)],
    ["a trial", (town) => setTo(town, { mode: "shadow" }, "2026-10-15")],
    ["the end of a trial", (town) => setTo(town, { mode: "active" }, "2026-10-20")],
    ["a rule turned off", (town) => setTo(town, { mode: "off" }, "2026-10-25")],
    ["an exception", (town) => addException(town.needs, operator, exception)],
    ["its end", (town) => endException(town.needs, operator, { no: 1, throughDay: day("2026-10-05"), why })],
    ["a flood", (town) => setTo(town, { minutesMax: "20" }, "2026-09-05")],
    ["its release", (town) => releaseRule(town.needs, operator, { ruleId, why })],
  ];

  test("is applied by the next night as by one over everything", async () => {
    await using town = await openMunicipality();
    await town.night("2026-11-01", [september, october]);
    let before = await resultOf(town.database);
    for (const [what, decide] of decisions) {
      await decide(town);
      await town.night("2026-11-02");
      const partly = await resultOf(town.database);
      expect({ what, result: partly }).not.toEqual({ what, result: before });
      await town.night("2026-11-02", [], true);
      expect({ what, result: await resultOf(town.database) }).toEqual({ what, result: partly });
      before = partly;
    }
  });

  test("reaches months before the open period only when asked", async () => {
    await using town = await openMunicipality({ reconcileDays: 20 });
    await town.night("2026-11-01", [september, october]);
    expect(days(await found(town))).toEqual(longDays("2026-09-01", "2026-10-31"));
    await setTo(town, { minutesMax: "100" }, "2026-09-01");
    await town.night("2026-11-02");
    expect(days(await found(town))).toEqual(longDays("2026-09-01", "2026-09-30"));
    await town.reconcile("2026-11-02", "2026-09-01", "2026-09-30");
    expect(await found(town)).toEqual([]);
  });
});
