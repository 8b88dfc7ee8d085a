import { describe, expect, test } from "vitest";
import { day } from "#model";
import { everything, listContracts, rebuildCanonical } from "#operations";
import { takeDirty } from "#store";
import { desk, person, plain } from "./desk.ts";

const anna = person("purchaser", "anna");
const bo = person("purchaser", "bo");
const files = {
  providers: [
    { id: "P1", organisationNumber: "212000-1355", name: "Hemtjänsten Norr", regime: "municipal" },
    { id: "P2", organisationNumber: "165560-0001", name: "Alfa", regime: "private" },
  ],
  units: [{ id: "U1", providerId: "P1", name: "Norr" }],
  contracts: [
    {
      id: "K1",
      providerId: "P1",
      unitIds: ["U1"],
      services: ["omvardnad"],
      reference: "Avtal 1",
      validFrom: "2026-01-01",
      validTo: "2027-12-31",
      terms: { price: [{ orePerHour: 48_000 }], rounding: { to: 5, direction: "nearest", per: "visit" } },
    },
    { id: "K2", providerId: "P2", reference: "Alfas avtal", validFrom: "2026-01-01", terms: {} },
  ],
};
const K1 = "/avtal/files/K1";
const terms = "price:\n  - orePerHour: 60000\nrounding: {to: 30, direction: down, per: visit}\n";
const proposal = { villkor: terms, fran: "2026-12-01", skal: "Tillägg 3 till avtalet." };

async function contractsOf(town: Awaited<ReturnType<typeof desk>>) {
  const { contracts } = await listContracts(town.system, anna);
  return contracts.map(({ records, unitIds, services, provider }) => ({
    provider: provider.id,
    unitIds,
    services,
    records: records.map(({ id, validFrom, validTo, terms: said }) => ({ id, validFrom, validTo, terms: said })),
  }));
}

describe("the contracts' pages", () => {
  test("show every contract, and its terms as they are written", async () => {
    await using town = await desk(files);
    const list = plain((await town.as(anna).get("/avtal")).text);
    expect(list).toContain("Avtal 1 Hemtjänsten Norr Norr omvardnad 2026-01-01 2027-12-31 0");
    expect(list).toContain("Alfas avtal Alfa Alla Alla 2026-01-01 tills vidare 0");
    const page = await town.as(anna).get(K1);
    expect(page.text).toContain("<pre>price:\n  - orePerHour: 48000\nrounding:\n  to: 5\n");
    expect((await town.as(anna).get("/avtal/files/K9")).status).toBe(404);
    expect((await town.as(person("handler", "eva")).get(K1)).text).not.toContain("<textarea");
  });

  test("show nobody another provider's contracts, or lets whoever sees a part change one", async () => {
    await using town = await desk(files);
    const part = person("purchaser", "per", { scope: { ...everything, providers: ["P1"] } });
    expect((await town.as(part).get("/avtal")).text).not.toContain("Alfas avtal");
    expect((await town.as(part).get("/avtal/files/K2")).status).toBe(404);
    expect((await town.as(part).get(K1)).text).not.toContain("<textarea");
    expect((await town.as(part).post(`${K1}/forslag`, proposal)).status).toBe(403);
  });
});

describe("other terms", () => {
  test("are worked out for one visit and one month, as everybody is paid", async () => {
    await using town = await desk(files);
    const { status, text } = await town.as(anna).post(`${K1}/forslag`, { ...proposal, steg: "exempel" });
    expect(status).toBe(200);
    const said = plain(text);
    // 73 minutes are rounded to 75 at 480 kronor an hour, or down to 60 at 600.
    expect(said).toContain("Ett besök på 73 minuter I dag 73 75 600,00 kr Utförd tid +73 min → Avrundning +2 min");
    expect(said).toContain(
      "Ett besök på 73 minuter Föreslagna 73 60 600,00 kr Utförd tid +73 min → Avrundning −13 min",
    );
    /*
     * December: 29 visits of 38 and one of 62 minutes = 1,164, rounded to 29 × 40 + 60 = 1,220 at 8 kronor a minute,
     * or down to 29 × 30 + 60 = 930 at 10 kronor.
     */
    expect(said).toContain("En månad I dag 1 164 1 220 9 760,00 kr");
    expect(said).toContain("En månad Föreslagna 1 164 930 9 300,00 kr");
    expect(text).toContain("orePerHour: 60000");
    expect(plain((await town.as(anna).get(K1)).text)).toContain("Inget förslag väntar");
  });

  test("are proposed by one, approved by another, and stand after a rebuild", async () => {
    await using town = await desk(files);
    const { system } = town;
    expect(await town.as(anna).post(`${K1}/forslag`, proposal)).toMatchObject({
      status: 303,
      location: `${K1}#forslag`,
    });
    const before = await contractsOf(town);
    expect(await town.as(anna).post(`${K1}/beslut`, { no: "1", beslut: "approved" })).toMatchObject({
      status: 422,
      text: expect.stringContaining("ditt eget förslag") as string,
    });
    expect(plain((await town.as(bo).get("/avtal")).text)).toContain("Förslag 1 av Anna Ek");
    expect(plain((await town.as(bo).get(K1)).text)).toContain("En månad Föreslagna 1 164 930 9 300,00 kr");
    expect(await contractsOf(town)).toEqual(before);
    expect((await town.as(bo).post(`${K1}/beslut`, { no: "1", beslut: "approved" })).status).toBe(303);

    const after = await contractsOf(town);
    expect(after.find(({ provider }) => provider === "P1")).toEqual({
      provider: "P1",
      unitIds: ["U1"],
      services: ["omvardnad"],
      records: [
        before.find(({ provider }) => provider === "P1")!.records[0],
        {
          id: "K1~2026-12-01",
          validFrom: day("2026-12-01"),
          validTo: day("2027-12-31"),
          terms: { price: [{ orePerHour: 60_000 }], rounding: { to: 30, direction: "down", per: "visit" } },
        },
      ],
    });
    expect((await takeDirty(system.database, system.tenantId)).all).toBe(true);
    await rebuildCanonical(system, system.operator);
    expect(await contractsOf(town)).toEqual(after);
    const page = plain((await town.as(anna).get(K1)).text);
    expect(page).toContain("Från och med 2026-01-01, till och med 2026-11-30");
    expect(page).toContain("Från och med 2026-12-01, till och med 2027-12-31");

    // Other terms from the same day are another version of that record.
    await town.as(bo).post(`${K1}/forslag`, { ...proposal, villkor: "price: [{orePerHour: 61000}]" });
    await town.as(anna).post(`${K1}/beslut`, { no: "2", beslut: "approved" });
    const [, second] = (await contractsOf(town)).find(({ provider }) => provider === "P1")!.records;
    expect(second).toMatchObject({ id: "K1~2026-12-01", terms: { price: [{ orePerHour: 61_000 }] } });
    expect(plain((await town.as(anna).get(K1)).text)).toContain("files, 2 versioner");
  });

  test.each([
    [
      "a key that is misspelt",
      "rounding: {to: 5, direcktion: up, per: visit}",
      'rounding: nyckeln "direcktion" finns inte, menade du "direction"?',
    ],
    ["a key at the top", "prise: []", 'nyckeln "prise" finns inte, menade du "price"?'],
    ["a value of the wrong kind", "price: [{orePerHour: mycket}]", "price.0.orePerHour:"],
    ["two prices in a row", "price: [{orePerHour: 1, orePerVisit: 2}]", "ska ha exakt ett av orePerHour"],
    ["a text that is no YAML", "price: [", "Rad 1: texten går inte att läsa."],
    ["a key said twice", "cap: {level: day}\ncap: {level: month}", "Rad 2: nyckeln finns två gånger."],
    ["many times the same by alias", "a: &a [1]\nb: *a", "Skriv ut varje värde"],
  ])("are refused with %s, and what was typed stays", async (_what, villkor, said) => {
    await using town = await desk(files);
    const { status, text } = await town.as(anna).post(`${K1}/forslag`, { ...proposal, villkor });
    expect(status).toBe(422);
    expect(plain(text).replaceAll("&quot;", '"')).toContain(said);
    expect(text.replaceAll("&quot;", '"').replaceAll("&amp;", "&")).toContain(villkor);
  });

  test("are refused where they are the same, reach too far back, or have no reason", async () => {
    await using town = await desk(files);
    const refused = async (more: Partial<typeof proposal>, said: string) => {
      const { status, text } = await town.as(anna).post(`${K1}/forslag`, { ...proposal, ...more });
      expect(status).toBe(422);
      expect(plain(text)).toContain(said);
    };
    const same = "price:\n  - orePerHour: 48000\nrounding:\n  to: 5\n  direction: nearest\n  per: visit\n";
    await refused({ villkor: same }, "Villkoren är desamma");
    await refused({ fran: "2026-01-01" }, "Välj en dag efter avtalets första.");
    await refused({ fran: "2028-01-01" }, "Avtalet gäller inte den dagen.");
    await refused({ fran: "" }, "Välj vilken dag");
    await refused({ skal: "nej" }, "Skriv varför");
  });

  test("are rejected with a reason, and taken back by whoever proposed them", async () => {
    await using town = await desk(files);
    await town.as(anna).post(`${K1}/forslag`, proposal);
    await town.as(anna).post(`${K1}/forslag`, proposal);
    const before = await contractsOf(town);
    expect((await town.as(bo).post(`${K1}/beslut`, { no: "1", beslut: "rejected" })).status).toBe(422);
    await town.as(bo).post(`${K1}/beslut`, { no: "1", beslut: "rejected", skal: "Priset är fel." });
    await town.as(anna).post(`${K1}/beslut`, { no: "2", beslut: "withdrawn" });
    expect((await town.as(bo).post(`${K1}/beslut`, { no: "2", beslut: "approved" })).status).toBe(422);
    // The proposal is about another contract.
    expect((await town.as(bo).post("/avtal/files/K2/beslut", { no: "2", beslut: "approved" })).status).toBe(404);
    expect(plain((await town.as(bo).get(K1)).text)).toContain("Priset är fel.");
    expect(await contractsOf(town)).toEqual(before);
  });
});
