import { describe, expect, test } from "vitest";
import { day, instant } from "#model";
import {
  type Database,
  type NewFinding,
  type NewSettlementLine,
  releaseRule,
  selectFindingWeeks,
  selectProviderFigures,
  selectRuleCounts,
  selectSettledMonths,
  writeFindings,
  writeSettlement,
} from "#store";
import { testDatabase } from "../support/database.ts";
import { finding } from "../support/finding.ts";
import { settlementLine } from "../support/settlement-line.ts";

const at = instant("2026-10-06T01:00:00Z");
const tenant = "0192";
const everything = { providers: null, units: null, groups: null };

const counts = (database: Database, scope: Partial<typeof everything | { groups: string[] }> = {}) =>
  selectRuleCounts(database, tenant, { ...everything, ...scope });

/** What the sums say, and what all findings say that they are made of. */
async function both({ pool }: Database) {
  const { rows: kept } = await pool.query(
    `SELECT rule_id, level, status, week, provider, unit, sum(findings)::text AS findings, sum(timed)::text AS timed,
       sum(minutes)::text AS minutes, sum(priced)::text AS priced, sum(amount_ore)::text AS ore FROM finding_sums WHERE tenant_id = $1
     GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(findings) <> 0 OR sum(minutes) <> 0 OR sum(amount_ore) <> 0 ORDER BY 1, 2, 3, 4, 5, 6`,
    [tenant],
  );
  const { rows: counted } = await pool.query(
    `SELECT rule_id, level, status, date_trunc('week', from_day::timestamp)::date AS week, provider, unit, count(*)::text AS findings,
       count(minutes)::text AS timed, coalesce(sum(minutes), 0)::text AS minutes, count(amount_ore)::text AS priced,
       coalesce(sum(amount_ore), 0)::text AS ore FROM findings
     WHERE tenant_id = $1 AND mode = 'active' AND NOT held AND status IN ('open', 'in-case')
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`,
    [tenant],
  );
  return { kept, counted };
}

/** Areas of two clients. */
const addresses = `INSERT INTO clients (tenant_id, source_no, id, deleted, content_hash, raw_page, raw_index, mapping_version, addresses)
  VALUES ('0192', 1, 'C1', false, '', 1, 1, 1, '[{"from":"2026-01-01","area":"A"}]'),
         ('0192', 1, 'C2', false, '', 1, 2, 1, '[{"from":"2026-01-01","area":"B"}]')`;

describe("sums of findings", () => {
  test("are what the findings come to, however these change", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    const write = (findings: NewFinding[], evaluated: "all" | ReadonlySet<string> = "all", hold: string[] = []) =>
      writeFindings(database, tenant, {
        evaluated,
        findings,
        at,
        holdBack: () => ({ rules: new Set(hold), holds: [] }),
      });
    const same = async (): Promise<void> => {
      const { kept, counted } = await both(database);
      expect(kept).toEqual(counted);
    };
    const all = [
      finding("a"),
      finding("b", { minutes: null, amountOre: null, fromDay: day("2026-10-11") }),
      finding("c", { provider: null, unit: null, fromDay: day("2026-10-12") }),
      finding("d", { ruleId: "long-visit", level: "quality", minutes: null }),
      finding("e", { mode: "shadow" }),
      finding("f", { suppressed: "samePlace" }),
    ];
    await write(all);
    await same();
    expect((await both(database)).counted).toHaveLength(3);
    // One says something else, one goes, one is taken to be innocent, one is on trial no more.
    await write([
      finding("a", { minutes: 99 }),
      finding("c", { suppressed: "samePlace" }),
      ...all.slice(3, 4),
      finding("e"),
    ]);
    await same();
    await write(all);
    await same();
    await write([finding("g", { ruleId: "round-durations" })], new Set(["staff-day/g"]), ["round-durations"]);
    await same();
    await releaseRule(database, tenant, { ruleId: "round-durations", at, by: "u-1", why: "Rätt." });
    await same();
    for (const change of [
      "UPDATE findings SET status = 'in-case' WHERE id IN ('a', 'd')",
      "UPDATE findings SET from_day = '2026-09-30', provider = 'P2', unit = NULL, amount_ore = NULL WHERE id = 'a'",
      "UPDATE findings SET held = true WHERE id = 'd'",
      "DELETE FROM findings WHERE id IN ('b', 'd')",
      "INSERT INTO findings SELECT (jsonb_populate_record(f, '{\"id\": \"z\"}')).* FROM findings f WHERE id = 'a'",
    ]) {
      await database.pool.query(change);
      await same();
    }
    const { rows } = await database.pool.query("SELECT count(*) AS rows FROM finding_sums");
    await write(all);
    const { rows: folded } = await database.pool.query("SELECT count(*) AS rows FROM finding_sums");
    expect(folded[0].rows).toBeLessThan(rows[0].rows);
    await same();
    await database.pool.query("TRUNCATE findings CASCADE");
    await same();
  });

  test("say no minutes and no amount where no finding does", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    const write = (findings: NewFinding[]) => writeFindings(database, tenant, { evaluated: "all", findings, at });
    const nothing = { minutes: null, amountOre: null };
    await write([finding("a", nothing), finding("b")]);
    await database.pool.query("UPDATE findings SET status = 'in-case' WHERE id = 'b'");
    const expected = { ruleId: "staff-overlap", level: "indicator", open: 1, minutes: null, amountOre: null };
    expect(await counts(database)).toEqual([expected]);
    await write([finding("a", nothing)]);
    expect(await counts(database)).toEqual([expected]);
    await write([]);
    expect(await counts(database)).toEqual([]);
  });

  test("are of what a reader may see, of those who see some areas too", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    const findings = [
      finding("a"),
      finding("b", { unit: "U2", client: "C2" }),
      finding("c", { provider: "P2", unit: "U3", minutes: 7 }),
      finding("d", { fromDay: day("2026-10-11") }),
    ];
    await writeFindings(database, tenant, { evaluated: "all", findings, at });
    await writeFindings(database, "0180", { evaluated: "all", findings: [finding("x", { minutes: 1000 })], at });
    await database.pool.query(addresses);
    const minutes = async (scope: Partial<Record<"providers" | "units" | "groups", string[]>>): Promise<unknown> => {
      const visible = { ...everything, ...scope };
      const restricted = database.restrict({ tenantId: tenant, scope: visible });
      const [rules, weeks] = await Promise.all([
        selectRuleCounts(restricted, tenant, visible),
        selectFindingWeeks(restricted, tenant, visible, day("2026-10-05")),
      ]);
      expect(weeks.reduce((sum, week) => sum + week.findings, 0)).toBe(rules.reduce((sum, rule) => sum + rule.open, 0));
      return rules[0]?.minutes;
    };
    expect(await minutes({})).toBe(43);
    expect(await minutes({ providers: ["P1"] })).toBe(36);
    expect(await minutes({ units: ["U2", "U3"] })).toBe(19);
    expect(await minutes({ providers: ["P1"], units: ["U2", "U3"] })).toBe(12);
    expect(await minutes({ groups: ["A"] })).toBe(31);
    expect(await minutes({ groups: ["B"], units: ["U1"] })).toBe(undefined);
    const areas = database.restrict({ tenantId: tenant, scope: { ...everything, groups: ["A", "B"] } });
    expect((await areas.pool.query("SELECT FROM finding_sums")).rowCount).toBe(0);
    await expect(areas.pool.query("DELETE FROM finding_sums")).rejects.toMatchObject({ code: "42501" });
    expect(await selectRuleCounts(database, "0180", everything)).toMatchObject([{ minutes: 1000 }]);
  });

  test("follow a step of somebody who sees some areas only", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    await writeFindings(database, tenant, { evaluated: "all", findings: [finding("a"), finding("b")], at });
    await database.pool.query(addresses);
    const within = database.restrict({ tenantId: tenant, scope: { ...everything, groups: ["A"] } });
    await within.pool.query("UPDATE findings SET status = 'in-case' WHERE id = 'a'");
    expect(await counts(database)).toMatchObject([{ open: 1, minutes: 12 }]);
  });
});

describe("sums of settlement", () => {
  const areas = (groups: string[]) => ({ ...everything, groups });

  test("are what the lines come to, however these change, also for who sees all by areas", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    await database.pool.query(addresses);
    const write = (lines: NewSettlementLine[]) => writeSettlement(database, tenant, { evaluated: "all", lines, at });
    /** Minutes granted and öre payable by provider; as the sums say, which is what the lines say. */
    const figures = async (month: string): Promise<Array<[string | null, number, number]>> => {
      const kept = await selectProviderFigures(database, tenant, everything, month);
      expect(await selectProviderFigures(database, tenant, areas([]), month)).toEqual(kept);
      expect(await selectSettledMonths(database, tenant, areas([]))).toEqual(
        await selectSettledMonths(database, tenant, everything),
      );
      return kept.map(({ provider, grantedMinutes, payableOre }) => [provider, grantedMinutes, payableOre]);
    };
    await write([
      settlementLine("C1"),
      settlementLine("C2", { provider: "P2" }),
      settlementLine("C3", { provider: null, unit: null }),
      settlementLine("C3", { month: "2026-11", minutes: { registered: 0 } }),
    ]);
    expect(await figures("2026-10")).toEqual([
      ["P1", 100, 700],
      ["P2", 100, 700],
      [null, 100, 700],
    ]);
    expect(await selectSettledMonths(database, tenant, everything)).toEqual([
      { month: "2026-11", registered: false },
      { month: "2026-10", registered: true },
    ]);
    await write([
      settlementLine("C1", { ore: { payable: 5, claimed: 0, overbilled: 0, unbilled: 0 } }),
      settlementLine("C2"),
    ]);
    expect(await figures("2026-10")).toEqual([["P1", 200, 705]]);
    expect(await figures("2026-11")).toEqual([]);
    for (const change of [
      "UPDATE settlement_lines SET granted_minutes = 7 WHERE client = 'C1'",
      `INSERT INTO settlement_lines SELECT (jsonb_populate_record(l, '{"id": "z", "month": "2026-09"}')).* FROM settlement_lines l
       WHERE client = 'C1'`,
      "DELETE FROM settlement_lines WHERE client = 'C2'",
    ]) {
      await database.pool.query(change);
      await figures("2026-10");
    }
    expect(await figures("2026-10")).toEqual([["P1", 7, 5]]);
    expect(await figures("2026-09")).toEqual([["P1", 7, 5]]);
    await database.pool.query("TRUNCATE settlement_lines");
    expect(await figures("2026-10")).toEqual([]);
  });

  test("are of what a reader may see", async () => {
    await using opened = await testDatabase();
    const { database } = opened;
    await database.pool.query(addresses);
    const lines = [
      settlementLine("C1"),
      settlementLine("C2", { unit: "U2" }),
      settlementLine("C2", { provider: "P2", unit: "U3" }),
    ];
    await writeSettlement(database, tenant, { evaluated: "all", lines, at });
    const granted = async (scope: Partial<Record<"providers" | "units" | "groups", string[]>>): Promise<number> => {
      const visible = { ...everything, ...scope };
      const restricted = database.restrict({ tenantId: tenant, scope: visible });
      const figures = await selectProviderFigures(restricted, tenant, visible, "2026-10");
      expect(await selectSettledMonths(restricted, tenant, visible)).toHaveLength(figures.length > 0 ? 1 : 0);
      return figures.reduce((sum, { grantedMinutes }) => sum + grantedMinutes, 0);
    };
    expect(await granted({})).toBe(300);
    expect(await granted({ providers: ["P1"] })).toBe(200);
    expect(await granted({ units: ["U2", "U3"] })).toBe(200);
    expect(await granted({ providers: ["P2"], units: ["U1", "U2"] })).toBe(0);
    expect(await granted({ groups: ["A"] })).toBe(100);
    expect(await granted({ groups: ["B"], providers: ["P2"] })).toBe(100);
    const within = database.restrict({ tenantId: tenant, scope: areas(["A", "B"]) });
    expect((await within.pool.query("SELECT FROM settlement_sums")).rowCount).toBe(0);
  });
});
