import { describe, expect, test } from "vitest";
import { tablesFrom } from "#columns";
import { day, samples } from "#model";
import { type DirtyMark, type Evaluate, runEngine } from "#rule";

const { at, sample, sampleMunicipality } = samples;
const asOf = at("2026-11-10 04:30");

/** Settles September and October. */
function settle(records: readonly samples.SampleRecord[], evaluate: Evaluate = "all") {
  const tables = tablesFrom([...sampleMunicipality(), ...records], {
    asOf,
    period: { from: day("2026-09-01"), through: day("2026-10-31") },
  });
  return runEngine({ tenant: "0192", tables, rules: [], evaluate });
}

/**
 * Clients and months whose settlement is another one after a record has come; each must be computed anew where only
 * that record's own client and day are marked.
 */
function reached(before: readonly samples.SampleRecord[], come: samples.SampleRecord): string[] {
  const after = [...before, come];
  const rowsOf = (records: readonly samples.SampleRecord[]) =>
    new Map(
      settle(records).settlement.map(({ slice, ...row }) => [
        `${slice} ${row.line}`,
        { slice, text: JSON.stringify(row), row },
      ]),
    );
  const [was, is] = [rowsOf(before), rowsOf(after)];
  const changed = [...is].filter(([key, { text }]) => was.get(key)?.text !== text).map(([, one]) => one);

  const { clientId, start } = come.record.values as { clientId: string; start: number };
  const on = Math.floor((start + 7_200_000) / 86_400_000);
  const mark: DirtyMark = { kind: "client", source: "files", id: clientId, days: { from: on, through: on } };
  const { covers, settlement } = settle(after, { since: asOf, marks: [mark] });
  const anew = new Set(settlement.map(({ slice, ...row }) => `${slice} ${JSON.stringify(row)}`));
  for (const { slice, text } of changed) {
    expect(covers(slice)).toBe(true);
    expect(anew).toContain(`${slice} ${text}`);
  }
  return changed.map(({ row }) => `${row.client} ${row.month}`).sort();
}

const contract = (terms: object) => sample("contracts", "K1", { terms: { price: [{ orePerHour: 48_000 }], ...terms } });
const visit = (id: string, start: string, values: Record<string, unknown> = {}) =>
  sample("visits", id, { start, end: at(start, 30), ...values });

describe("what is computed anew when a visit has come", () => {
  test("those whose manual visits are now one too many of the provider's month", () => {
    // Of two visits half may be manual: the one of C1. With a third, and an earlier manual one, that is one too many.
    const before = [
      contract({ manual: { maxSharePercent: 50 } }),
      visit("v-1", "2026-10-20 08:00", { startProof: "manual" }),
      visit("v-2", "2026-10-21 08:00", { clientId: "C2", staffId: "S2" }),
    ];
    const come = visit("v-3", "2026-10-06 08:00", { clientId: "C3", staffId: "S3", startProof: "manual" });
    expect(reached(before, come)).toEqual(["C1 2026-10", "C3 2026-10"]);
  });

  test("those who share a home with the visited", () => {
    const home = { householdId: "H" };
    const before = [contract({}), sample("clients", "C1", home), sample("clients", "C2", home), visit("v-1", "08:00")];
    const come = visit("v-2", "08:00", { clientId: "C2" });
    expect(reached(before, come)).toEqual(["C1 2026-10", "C2 2026-10"]);
  });

  test("the month into which the paid days of an absence go on", () => {
    const before = [
      contract({ absence: { unplannedPaidDays: 5 } }),
      sample("absences", "a", { from: "2026-09-28", to: "2026-10-20" }),
    ];
    // The first day without a visit is now the 29th: the 1st to the 3rd of October are paid instead of the 1st and 2nd.
    expect(reached(before, visit("v-1", "2026-09-28 08:00"))).toEqual(["C1 2026-09", "C1 2026-10"]);
  });
});

test("a month after a death is settled also where the order has ended", () => {
  const rows = settle([
    contract({ death: { paidPercent: [100, 50, 50] } }),
    sample("clients", "C1", { deceasedOn: "2026-09-30" }),
    sample("orders", "o-1", { validTo: "2026-09-30" }),
  ]).settlement;
  // 90 minutes a day: 1 and 2 October at 50 %.
  const october = rows.find(({ client, month }) => client === "C1" && month === "2026-10");
  expect(october?.minutes).toMatchObject({ granted: 0, payable: 90 });
});
