import { expect, test } from "vitest";
import { monthOf } from "#model";
import { rules } from "#rules";
import {
  type Actor,
  everything,
  listStatementProviders,
  makeStatement,
  operatorOf,
  pageOfStatement,
  reconcile,
  type StatementNeeds,
} from "#operations";
import type { Database } from "#store";
import { loadMonth, period, tenant } from "../../bench/month.ts";
import { testDatabase } from "../support/database.ts";
import { day, operator, signal } from "./hand.ts";
import { municipalityIn, randomEvenings } from "./municipality.ts";

/*
 * A page of a provider's month is made of the records of the clients on it alone: together the pages must be the month.
 */

const LINES = 7;
const config = { municipality: { name: "Prov" } };

/** Compares the pages with the whole, of every provider; gives how many lines there were. */
async function compare(needs: StatementNeeds, actor: Actor, month: string): Promise<number> {
  // As somebody who reads pages: held to row-level security.
  const reading = { ...needs, database: needs.database.restrict({ tenantId: actor.tenantId, scope: everything }) };
  const page = (provider: string, offset: number) =>
    pageOfStatement(reading, actor, { month, provider, offset, limit: LINES });
  let lines = 0;
  for (const provider of await listStatementProviders(needs, actor, month)) {
    const whole = await makeStatement(needs, actor, { month, provider });
    const paged = [];
    for (let offset = 0; offset < whole.lines.length; offset += LINES) {
      const { lines: some, count } = await page(provider, offset);
      expect(count).toBe(whole.lines.length);
      paged.push(...some);
    }
    expect(paged).toEqual(whole.lines);
    lines += paged.length;
  }
  return lines;
}

test("the pages of a month are its lines, of many clients", { timeout: 120_000 }, async () => {
  await using system = await testDatabase();
  const { database } = system;
  await loadMonth(database, 10_000);
  const actor = operatorOf(tenant, "test");
  const needs = { database, now: () => Date.parse("2026-11-01T03:30:00Z"), sources: [], config };
  const night = { rules, config: { night: { at: "04:30", reconcileDays: 31 } } };
  await reconcile({ ...needs, ...night }, actor, { day: period.through + 1, full: true, signal });
  expect(await compare(needs, actor, "2026-10")).toBeGreaterThan(100);
});

/** Months that are over: of the one that goes on, which lines there are is as the night knew it at its hour. */
async function monthsBefore({ pool }: Database, on: number): Promise<string[]> {
  const { rows } = await pool.query<{ month: string }>(
    "SELECT DISTINCT month FROM settlement_lines WHERE month < $1 ORDER BY month",
    [monthOf(on)],
  );
  return rows.map(({ month }) => month);
}

test.each([1, 3, 5])(
  "the pages of a month are its lines, of clients whom two systems know (seed %i)",
  { timeout: 120_000 },
  async (seed) => {
    const { evenings, days } = randomEvenings(seed, false, day("2026-11-03"), { manualShare: false });
    await using system = await testDatabase();
    const lived = municipalityIn(system, 190);
    let lines = 0;
    for (const [index, evening] of evenings.entries()) {
      await lived.live(evening);
      await lived.night(days[index]!, true);
    }
    for (const month of await monthsBefore(system.database, days.at(-1)!)) {
      lines += await compare({ ...lived.needs, config }, operator, month);
    }
    expect(lines).toBeGreaterThan(50);
  },
);
