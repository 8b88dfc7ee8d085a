import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { day } from "#model";
import { makeStatement, runNight } from "#operations";
import { statementCsv, statementPdf, statementText, statementXlsx } from "#statement";
import { testDatabase } from "../support/database.ts";
import { type Delivered, handedSource, operator, rules, signal } from "./hand.ts";

/*
 * One evening for two: 60 minutes are ordered, A registers 18:27–19:40 and B 18:35–19:33. By the contract a visit is paid
 * up to the ordered minutes, in steps of 15, and evenings from 19:00 cost 600 kronor an hour instead of 480.
 *   A: 73 − 13 (cap) = 60 minutes until 19:27, 33 by day and 27 in the evening: 264 + 270 kronor
 *   B: 58 + 2 (rounding) = 60 minutes, 25 by day and 35 in the evening, where the visit ends: 200 + 350 kronor
 */
const visit = (id: string, staffId: string, start: string, end: string) => ({
  id,
  clientId: "C1",
  unitId: "U1",
  staffId,
  start: `2026-10-05T${start}`,
  end: `2026-10-05T${end}`,
  status: "completed",
  services: ["omvardnad"],
  startProof: "lock",
  endProof: "lock",
});
const terms = {
  price: [
    { from: "2026-01-01", orePerHour: 48_000, band: "dag" },
    { from: "2026-01-01", orePerHour: 60_000, band: "kväll" },
  ],
  bands: [
    { name: "kväll", weekdays: [1, 2, 3, 4, 5, 6, 7], from: "19:00", to: "22:00" },
    { name: "dag", weekdays: [1, 2, 3, 4, 5, 6, 7], from: "06:00", to: "19:00" },
  ],
  cap: { level: "visit", tolerancePercent: 0 },
  rounding: { to: 15, direction: "nearest", per: "visit" },
  clauses: { cap: "4.2", rounding: "4.5", price: "bilaga 3" },
};
const delivered: Delivered[] = [
  { entity: "services", records: [{ id: "omvardnad", code: "omvardnad", name: "Omvårdnad", kind: "care" }] },
  { entity: "providers", records: [{ id: "P1", organisationNumber: "165560-0001", name: "Alfa", regime: "private" }] },
  { entity: "units", records: [{ id: "U1", providerId: "P1", name: "Alfa norr" }] },
  {
    entity: "contracts",
    records: [{ id: "K1", providerId: "P1", reference: "LOV 2026:7", validFrom: "2026-01-01", terms }],
  },
  { entity: "clients", records: [{ id: "C1" }] },
  { entity: "staff", records: ["S1", "S2"].map((id) => ({ id, providerId: "P1", unitId: "U1" })) },
  {
    entity: "orders",
    records: [
      {
        id: "o-1",
        clientId: "C1",
        unitId: "U1",
        status: "accepted",
        orderedAt: "2026-08-20T10:00",
        validFrom: "2026-09-01",
        lines: [{ id: "o-1-1", service: "omvardnad", minutes: 60, times: 1, per: "day", staffing: 2 }],
      },
    ],
  },
  { entity: "visits", records: [visit("v-a", "S1", "18:27", "19:40"), visit("v-b", "S2", "18:35", "19:33")] },
];

/** The text of a PDF is compressed: what its streams hold, as one string. */
function streamsOf(pdf: Buffer): string {
  const parts: string[] = [];
  for (let at = pdf.indexOf("stream\n"); at >= 0; at = pdf.indexOf("stream\n", at + 7)) {
    const end = pdf.indexOf("endstream", at);
    try {
      parts.push(inflateSync(pdf.subarray(at + 7, end)).toString("latin1"));
    } catch {
      // Fonts and metadata may be stored otherwise.
    }
  }
  return parts.join("\n");
}

test("a statement explains a capped, rounded, double-staffed visit over two price bands", async () => {
  await using system = await testDatabase();
  const needs = {
    ...system,
    rules,
    now: () => Date.parse("2026-11-10T03:30:00Z"),
    sources: [handedSource("files", () => delivered)],
    config: { night: { at: "04:30", reconcileDays: 62 }, municipality: { name: "Provkommun" } },
  };
  const actor = { ...operator, tenantId: system.tenantId };
  await runNight(needs, actor, { day: day("2026-11-10"), full: false, signal });
  const statement = await makeStatement(needs, actor, { month: "2026-10", provider: "P1" });
  const [line] = statement.lines;
  const told = line!.visits.map(({ time, steps, payableMinutes, bands }) => ({
    time,
    steps: steps.map(({ title, minutes, clause }) => `${title} ${minutes} ${clause ?? ""}`.trim()),
    payableMinutes,
    bands: bands.map(({ band, minutes, orePerHour }) => [band, Math.round(minutes * 100) / 100, orePerHour]),
  }));
  expect(told).toEqual([
    {
      time: "18:27–19:40",
      steps: ["Utförd tid 73", "Tak -13 4.2"],
      payableMinutes: 60,
      bands: [
        ["dag", 33, 48_000],
        ["kväll", 27, 60_000],
      ],
    },
    {
      time: "18:35–19:33",
      steps: ["Utförd tid 58", "Avrundning 2 4.5"],
      payableMinutes: 60,
      bands: [
        ["dag", 25, 48_000],
        ["kväll", 35, 60_000],
      ],
    },
  ]);
  expect([line!.minutes.registered, line!.minutes.payable]).toEqual([131, 120]);
  // By day 33 + 25 = 58 minutes at 8 kronor = 464; in the evening 27 + 35 = 62 at 10 = 620.
  expect(line!.days.map(({ band, ore }) => [band, ore])).toEqual([
    ["dag", 46_400],
    ["kväll", 62_000],
  ]);
  expect(statement.totals).toMatchObject({ payableMinutes: 120, payableOre: 108_400 });

  const of = (asked: { provider: string; line?: string }) =>
    makeStatement(needs, actor, { month: "2026-10", ...asked });
  await expect(of({ provider: "P1", line: "o-2-1" })).rejects.toThrow(
    "P1 has no figures for the order line o-2-1 in 2026-10.",
  );
  await expect(of({ provider: "P2" })).rejects.toThrow("P2 has no figures for 2026-10.");

  expect(statementText(statement)).toContain("Tak −13 min enligt avtalet 4.2");
  const csv = statementCsv(statement);
  expect(csv.split("\r\n")).toHaveLength(6);
  expect(csv).toContain(";18:27–19:40;S1;73;Tak −13 min enligt avtalet 4.2");
  const pdf = await statementPdf(statement);
  expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
  expect(streamsOf(pdf).length).toBeGreaterThan(2000);
  const xlsx = await statementXlsx(statement);
  expect(xlsx.subarray(0, 2).toString()).toBe("PK");
});
