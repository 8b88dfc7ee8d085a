import { expect, test } from "vitest";
import { instant } from "#model";
import { selectSettlement, streamSettlement, writeSettlement } from "#store";
import { testDatabase } from "../support/database.ts";
import { settlementLine } from "../support/settlement-line.ts";

const at = instant("2026-11-01T03:30:00Z");

function line(client: string, registered: number, order: string | null = "o-4") {
  return settlementLine(client, {
    order,
    line: order === null ? null : "o-4-1",
    minutes: {
      granted: 1860,
      planned: 1860,
      registered,
      payable: registered,
      declined: 30,
      missed: 60,
      claimed: 1860,
    },
    ore: { payable: 1_309_750, claimed: 1_441_500, overbilled: 131_750, unbilled: 0 },
    codes: { M00: 27 },
    trace: [{ step: "registered", minutes: registered }],
    feeMinutes: registered,
    claims: [
      {
        code: "M03",
        matter: "time",
        claim: { source: "files", id: "k-1" },
        related: [],
        days: ["2026-10-05"],
        band: null,
        minutes: { claimed: 60, payable: 48 },
        ore: { claimed: 48_000, payable: 38_400, overbilled: 9_600, unbilled: 0 },
        hold: { days: 7, until: "2026-11-11" },
        proposal: { kind: "cut-back", minutes: 48, ore: 38_400, why: "Ersättningen är 48 minuter." },
      },
    ],
  });
}

test("gives back a month's lines as they were written, by provider, unit and client", async () => {
  await using system = await testDatabase();
  const { database, tenantId } = system;
  const lines = [line("C9", 1702), line("C10", 5, null)];
  expect(await writeSettlement(database, tenantId, { evaluated: "all", lines, at })).toEqual({
    added: 2,
    kept: 0,
    changed: 0,
    removed: 0,
  });
  const stored = [];
  for await (const one of streamSettlement(database, tenantId, { month: "2026-10" })) stored.push(one);
  expect(stored).toEqual([lines[1], lines[0]].map((given) => ({ ...given, slice: undefined })));
  expect(await selectSettlement(database, tenantId, { month: "2026-09" })).toEqual([]);
});

test("writes only what differs, and drops what is gone from slices that were looked at", async () => {
  await using system = await testDatabase();
  const { database, tenantId } = system;
  await writeSettlement(database, tenantId, {
    evaluated: "all",
    lines: [line("C1", 10), line("C2", 20), line("C3", 30)],
    at,
  });
  const written = await writeSettlement(database, tenantId, {
    evaluated: new Set(["client-month/C1/2026-10", "client-month/C2/2026-10"]),
    lines: [line("C1", 10), line("C1", 11, null)],
    at,
  });
  expect(written).toEqual({ added: 1, kept: 1, changed: 0, removed: 1 });
  const left = await selectSettlement(database, tenantId, { month: "2026-10" });
  expect(left.map(({ client, order }) => [client, order])).toEqual([
    ["C1", null],
    ["C1", "o-4"],
    ["C3", "o-4"],
  ]);
  const again = await writeSettlement(database, tenantId, { evaluated: new Set(), lines: [line("C3", 31)], at });
  expect(again).toMatchObject({ changed: 1, removed: 0 });
});

test("pages without a gap", async () => {
  await using system = await testDatabase();
  const { database, tenantId } = system;
  const lines = Array.from({ length: 7 }, (_, no) => line(`C${no}`, no));
  await writeSettlement(database, tenantId, { evaluated: "all", lines, at });
  const page = await selectSettlement(database, tenantId, { month: "2026-10", limit: 4 });
  const rest = await selectSettlement(database, tenantId, { month: "2026-10", after: page[3]?.id ?? "" });
  expect([...page, ...rest].map(({ client }) => client)).toEqual(lines.map(({ client }) => client));
});

test("writes many lines to nothing as beside others", async () => {
  await using system = await testDatabase();
  const { database } = system;
  const lines = Array.from({ length: 3100 }, (_, no) => line(`C ${no}/å`, no));
  const write = (tenantId: string, count: number) =>
    writeSettlement(database, tenantId, {
      evaluated: { months: ["2026-10"], covers: () => true },
      lines: lines.slice(0, count),
      at,
    });
  expect(await write("north", 3100)).toEqual({ added: 3100, kept: 0, changed: 0, removed: 0 });
  await write("south", 5);
  expect(await write("south", 3100)).toEqual({ added: 3095, kept: 5, changed: 0, removed: 0 });
  const all = (tenantId: string) => selectSettlement(database, tenantId, { month: "2026-10", limit: 4000 });
  expect(await all("north")).toEqual(await all("south"));
  expect(await write("north", 3099)).toEqual({ added: 0, kept: 3099, changed: 0, removed: 1 });
});
