import { XMLParser } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import { rebuild } from "#intake";
import { day } from "#model";
import {
  listClosedMonths,
  listSettlement,
  lockMonth,
  makePayments,
  runNight,
  settleMonth,
  unlockMonth,
  verifyMonth,
} from "#operations";
import { paymentCsv, paymentMapping } from "#statement";
import { testDatabase } from "../support/database.ts";
import { type Delivered, handedSource, operator, rules, signal } from "./hand.ts";

/*
 * One client with half an hour every day in September and October at 480 kronor an hour: 30 days × 30 minutes = 900
 * minutes = 7,200 kronor in September.
 */
const dates = (month: string, days: number) =>
  Array.from({ length: days }, (_, index) => `${month}-${String(index + 1).padStart(2, "0")}`);
const visit = (date: string, more: object = {}) => ({
  id: `v-${date}`,
  version: 1,
  clientId: "C1",
  unitId: "U1",
  staffId: "S1",
  start: `${date}T08:00`,
  end: `${date}T08:30`,
  status: "completed",
  services: ["omvardnad"],
  startProof: "nfc",
  endProof: "nfc",
  ...more,
});
const municipality: Delivered[] = [
  { entity: "services", records: [{ id: "omvardnad", code: "omvardnad", name: "Omvårdnad", kind: "care" }] },
  { entity: "providers", records: [{ id: "P1", organisationNumber: "165560-0001", name: "Alfa", regime: "private" }] },
  { entity: "units", records: [{ id: "U1", providerId: "P1", name: "Alfa" }] },
  {
    entity: "contracts",
    records: [
      {
        id: "K1",
        providerId: "P1",
        reference: "Avtal 1",
        validFrom: "2026-01-01",
        terms: { price: [{ from: "2026-01-01", orePerHour: 48_000 }] },
      },
    ],
  },
  { entity: "clients", records: [{ id: "C1" }] },
  { entity: "staff", records: [{ id: "S1", providerId: "P1", unitId: "U1" }] },
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
        lines: [{ id: "o-1-1", service: "omvardnad", minutes: 30, times: 1, per: "day" }],
      },
    ],
  },
];

async function openMunicipality() {
  const system = await testDatabase();
  let waiting: Delivered[] = [
    ...municipality,
    { entity: "visits", records: [...dates("2026-09", 30), ...dates("2026-10", 31)].map((date) => visit(date)) },
  ];
  let clock = Date.parse("2026-11-01T03:00:00Z");
  const needs = {
    ...system,
    rules,
    now: () => clock,
    sources: [handedSource("files", () => waiting)],
    config: {
      night: { at: "04:30", reconcileDays: 62 },
      municipality: { name: "Provkommun", organisationNumber: "212000-0001" },
    },
  };
  const actor = { ...operator, tenantId: system.tenantId };
  return {
    needs,
    actor,
    system,
    async night(date: string, deliveries: Delivered[] = []) {
      clock = Date.parse(`${date}T03:30:00Z`);
      waiting = waiting.length > 0 && deliveries.length === 0 ? waiting : deliveries;
      await runNight(needs, actor, { day: day(date), full: false, signal });
      waiting = [];
    },
    async lines(month: string) {
      const found: string[] = [];
      for await (const { month: of, minutes, ore, ...rest } of listSettlement(needs, actor, { month })) {
        const adjusts = (rest as { adjusts?: string }).adjusts;
        found.push(`${of}${adjusts === undefined ? "" : " adjusted"} ${minutes.payable} min ${ore.payable} öre`);
      }
      return found;
    },
    verify: (month: string) => verifyMonth(needs, actor, month),
    [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
  };
}
const lengthened = {
  entity: "visits" as const,
  records: [visit("2026-09-10", { version: 2, end: "2026-09-10T08:20" })],
};

describe("a month", () => {
  test("stands once it is settled; what comes later is paid or taken back in the next", async () => {
    await using town = await openMunicipality();
    const { needs, actor } = town;
    await town.night("2026-11-05");
    expect(await town.lines("2026-09")).toEqual(["2026-09 900 min 720000 öre"]);
    expect(await lockMonth(needs, actor, { month: "2026-09", early: false })).toEqual({ lines: 1, adjustments: 0 });
    await settleMonth(needs, actor, "2026-09");
    // Ten minutes less: 8,000 öre are taken back.
    await town.night("2026-11-06", [lengthened]);
    expect(await town.lines("2026-09")).toEqual(["2026-09 900 min 720000 öre"]);
    expect(await lockMonth(needs, actor, { month: "2026-10", early: false })).toEqual({ lines: 1, adjustments: 1 });
    expect(await town.lines("2026-10")).toEqual(["2026-09 adjusted -10 min -8000 öre", "2026-10 930 min 744000 öre"]);
    await settleMonth(needs, actor, "2026-10");
    const months = await listClosedMonths(needs, actor);
    expect(months.map(({ month, settledAt }) => [month, settledAt !== null])).toEqual([
      ["2026-09", true],
      ["2026-10", true],
    ]);
    // The provider's own system is told of each.
    const told = await needs.database.pool.query("SELECT provider, type, subject FROM events ORDER BY no");
    expect(told.rows).toEqual(
      ["2026-09", "2026-10"].map((subject) => ({ provider: "P1", type: "settlement.ready", subject })),
    );
  });

  test("can be made again from the ledger, byte for byte, whatever came in or was mended since", async () => {
    await using town = await openMunicipality();
    const { needs, actor } = town;
    const { pool } = needs.database;
    await town.night("2026-11-05");
    // A visit that waits in quarantine counts from when it is mended, though it was received before.
    await pool.query(
      `INSERT INTO quarantine (tenant_id, source, resource, state, at, changed_at, raw_page, raw_index, place, rule, code)
       SELECT tenant_id, 'files', 'visits', 'open', $1, $1, raw_page, raw_index, 'visits', 'prov', 'test'
         FROM visits WHERE id = 'v-2026-09-30'`,
      [new Date(needs.now())],
    );
    await lockMonth(needs, actor, { month: "2026-09", early: false });
    await settleMonth(needs, actor, "2026-09");
    expect(await town.lines("2026-09")).toEqual(["2026-09 870 min 696000 öre"]);
    const same = { lines: 1, same: true, different: [] };
    expect(await town.verify("2026-09")).toEqual(same);
    await town.night("2026-11-06", [
      lengthened,
      { entity: "visits", records: [{ id: "v-2026-09-11", version: 2, deleted: true }] },
      { entity: "visits", records: [visit("2026-09-12", { version: 0, end: "2026-09-12T09:00" })] },
      {
        entity: "contracts",
        records: [{ ...municipality[3]!.records[0], terms: { price: [{ orePerHour: 50_000 }] } }],
      },
    ]);
    await pool.query("UPDATE quarantine SET state = 'done', changed_at = $1", [new Date(needs.now())]);
    expect(await town.verify("2026-09")).toEqual(same);
    await rebuild({ ...needs, tenantId: actor.tenantId }, needs.sources);
    expect(await town.verify("2026-09")).toEqual(same);
    // The next month pays the mended visit by the new price, and takes back what was deleted and shortened.
    await town.night("2026-11-07", []);
    await lockMonth(needs, actor, { month: "2026-10", early: false });
    expect(await town.lines("2026-10")).toEqual([
      // 28 days × 30 + 20 = 860 minutes at 500 kronor an hour = 716,667 öre by day, less 696,000.
      "2026-09 adjusted -10 min 20667 öre",
      "2026-10 930 min 775000 öre",
    ]);
    expect(await town.verify("2026-10")).toEqual({ lines: 2, same: true, different: [] });
  });

  test("is paid: what is claimed and not held, and by our own invoice where the contract says so", async () => {
    await using town = await openMunicipality();
    const { needs, actor } = town;
    const contract = (id: string, providerId: string, more: object) => ({
      id,
      providerId,
      reference: id,
      validFrom: "2026-01-01",
      terms: { price: [{ from: "2026-01-01", orePerHour: 48_000 }], ...more },
    });
    const order = (id: string, clientId: string, unitId: string) => ({
      id,
      clientId,
      unitId,
      status: "accepted",
      orderedAt: "2026-08-20T10:00",
      validFrom: "2026-09-01",
      lines: [{ id: `${id}-1`, service: "omvardnad", minutes: 30, times: 1, per: "day" }],
    });
    const claim = (id: string, from: string, minutes: number) => ({
      id,
      invoiceId: "i-1",
      providerId: "P1",
      clientId: "C1",
      service: "omvardnad",
      from,
      to: from,
      minutes,
      amountOre: minutes * 800,
    });
    await town.night("2026-11-05", [
      ...municipality.filter(({ entity }) => entity !== "contracts" && entity !== "orders"),
      {
        entity: "providers",
        records: [{ id: "P2", organisationNumber: "165560-0002", name: "Beta & Co", regime: "private" }],
      },
      { entity: "units", records: [{ id: "U2", providerId: "P2", name: "Beta" }] },
      { entity: "clients", records: [{ id: "C2" }] },
      { entity: "staff", records: [{ id: "S2", providerId: "P2", unitId: "U2" }] },
      { entity: "contracts", records: [contract("K1", "P1", {}), contract("K2", "P2", { selfBilling: true })] },
      { entity: "orders", records: [order("o-1", "C1", "U1"), order("o-2", "C2", "U2")] },
      {
        entity: "visits",
        records: [
          ...dates("2026-10", 2).map((date) => visit(date)),
          ...dates("2026-10", 2).map((date) =>
            visit(date, { id: `w-${date}`, clientId: "C2", unitId: "U2", staffId: "S2" }),
          ),
        ],
      },
      // 30 minutes too many on the second: 240 kronor wait, 480 are paid.
      { entity: "claims", records: [claim("k-1", "2026-10-01", 30), claim("k-2", "2026-10-02", 60)] },
    ]);
    await expect(makePayments(needs, actor, "2026-10")).rejects.toThrow(/open/);
    await lockMonth(needs, actor, { month: "2026-10", early: false });
    const { payments, invoices } = await makePayments(needs, actor, "2026-10");
    expect(
      payments.map(({ provider, invoicedOre, selfBilledOre, heldOre, payOre }) => [
        provider,
        invoicedOre,
        selfBilledOre,
        heldOre,
        payOre,
      ]),
    ).toEqual([
      ["P1", 48_000, 0, 24_000, 48_000],
      ["P2", 0, 48_000, 0, 48_000],
    ]);
    const columns = paymentMapping(
      "separator: ','\ndecimal: .\ncolumns:\n- { title: Leverantör, from: organisationNumber }\n- { title: Konto, value: '=4711' }\n- { title: Belopp, from: pay }",
    );
    // A column that a spreadsheet would calculate is text.
    expect(paymentCsv(payments, columns)).toBe(
      "\uFEFFLeverantör,Konto,Belopp\r\n165560-0001,'=4711,480.00\r\n165560-0002,'=4711,480.00\r\n",
    );
    expect(() => paymentMapping("columns:\n- { title: X, from: betala }")).toThrow(/claimedBack/);
    expect(invoices.map(({ name }) => name)).toEqual(["sjalvfaktura-2026-10-P2.xml"]);
    const { Invoice: invoice } = new XMLParser({
      ignoreAttributes: true,
      parseTagValue: false,
      removeNSPrefix: true,
    }).parse(invoices[0]!.content) as { Invoice: Record<string, never> };
    expect(invoice).toMatchObject({
      CustomizationID: "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0",
      ProfileID: "urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0",
      InvoiceTypeCode: "389",
      AccountingSupplierParty: { Party: { EndpointID: "1655600002", PartyName: { Name: "Beta & Co" } } },
      AccountingCustomerParty: { Party: { EndpointID: "2120000001" } },
      LegalMonetaryTotal: { PayableAmount: "480.00" },
      InvoiceLine: {
        InvoicedQuantity: "1",
        LineExtensionAmount: "480.00",
        Item: { Description: "60 minuter", Name: "Omvårdnad à 480,00 kr per timme" },
        Price: { PriceAmount: "480.00" },
      },
    });
    // Nothing in it says who was helped.
    expect(invoices[0]!.content).not.toMatch(/C2|o-2/);
  });

  test("is paid as it was locked, also where an absence goes on from the month before", async () => {
    await using town = await openMunicipality();
    const { needs, actor } = town;
    const [contract, order] = [municipality[3]!.records[0]!, municipality.at(-1)!.records[0]!];
    const terms = { ...(contract["terms"] as object), selfBilling: true, absence: { unplannedPaidDays: 5 } };
    const morning = { id: "o-1-1", service: "omvardnad", minutes: 30, times: 1, per: "day", partOfDay: "morning" };
    // Away from noon on 28 September, and nobody came that morning: it is the first of five days, 2 October the last.
    await town.night("2026-11-05", [
      ...municipality,
      { entity: "contracts", records: [{ ...contract, terms }] },
      { entity: "orders", records: [{ ...order, lines: [morning] }] },
      { entity: "visits", records: dates("2026-09", 27).map((date) => visit(date)) },
      {
        entity: "absences",
        records: [
          { id: "a-1", clientId: "C1", from: "2026-09-28T12:00", to: "2026-10-31", kind: "hospital", planned: false },
        ],
      },
    ]);
    await lockMonth(needs, actor, { month: "2026-10", early: false });
    // 2 × 30 minutes at 8 kronor.
    expect(await town.lines("2026-10")).toEqual(["2026-10 60 min 48000 öre"]);
    const { payments } = await makePayments(needs, actor, "2026-10");
    expect(payments.map(({ selfBilledOre, payOre }) => [selfBilledOre, payOre])).toEqual([[48_000, 48_000]]);
  });

  test("pays what waited to be verified once it is, and claims nothing back that was never paid", async () => {
    await using town = await openMunicipality();
    const { needs, actor } = town;
    const claim = (date: string) => ({
      id: `k-${date}`,
      invoiceId: "i-1",
      providerId: "P1",
      clientId: "C1",
      service: "omvardnad",
      from: date,
      to: date,
      minutes: 30,
      amountOre: 24_000,
    });
    // Three visits without an end in September, and one of October that is as it should be.
    const days = dates("2026-09", 3);
    const records = [...days.map((date) => visit(date, { end: undefined })), visit("2026-10-01")];
    await town.night("2026-11-05", [
      ...municipality,
      { entity: "visits", records },
      { entity: "claims", records: [...days, "2026-10-01"].map(claim) },
    ]);
    const paid = async (month: string) => {
      const { payments } = await makePayments(needs, actor, month);
      return payments.map(({ heldOre, addedOre, claimedBackOre, payOre }) => [
        heldOre,
        addedOre,
        claimedBackOre,
        payOre,
      ]);
    };
    await lockMonth(needs, actor, { month: "2026-09", early: false });
    expect(await paid("2026-09")).toEqual([[72_000, 0, 0, 0]]);
    await settleMonth(needs, actor, "2026-09");
    // The first gets its end: 240 kronor. The second was never made: it is denied, and nothing was paid. The third waits.
    await town.night("2026-11-06", [
      {
        entity: "visits",
        records: [visit("2026-09-01", { version: 2 }), { id: "v-2026-09-02", version: 2, deleted: true }],
      },
    ]);
    await lockMonth(needs, actor, { month: "2026-10", early: false });
    expect(await paid("2026-10")).toEqual([[0, 24_000, 0, 48_000]]);
    expect(await town.verify("2026-10")).toMatchObject({ same: true });
  });

  test("is locked after its cut-off, in order, and opened again only until it is settled", async () => {
    await using town = await openMunicipality();
    const { needs, actor } = town;
    await town.night("2026-10-02");
    const lock = (month: string, early = false) => lockMonth(needs, actor, { month, early });
    // The third weekday of October 2026 is Monday the 5th.
    await expect(lock("2026-09")).rejects.toThrow(/cut-off of 2026-09 is 2026-10-05/);
    await lock("2026-09", true);
    await expect(lock("2026-09", true)).rejects.toThrow(/locked already/);
    await unlockMonth(needs, actor, "2026-09");
    await expect(settleMonth(needs, actor, "2026-09")).rejects.toThrow(/not locked/);
    await lock("2026-09", true);
    await settleMonth(needs, actor, "2026-09");
    await expect(unlockMonth(needs, actor, "2026-09")).rejects.toThrow(/settled/);
    await expect(lock("2026-08", true)).rejects.toThrow(/in order/);
    await expect(town.verify("2026-10")).rejects.toThrow(/open/);
    await expect(
      lockMonth(needs, { ...actor, permissions: new Set() }, { month: "2026-10", early: true }),
    ).rejects.toThrow(/settlement:write/);
  });
});
