import { describe, expect, test } from "vitest";
import { day, instant } from "#model";
import { everything, listRules, operatorOf } from "#operations";
import { selectRuleParameters, takeDirty, writeFindings } from "#store";
import { desk, person, plain } from "./desk.ts";
import { finding } from "../support/finding.ts";

const anna = person("purchaser", "anna");
const bo = person("purchaser", "bo");
const at = instant("2026-11-01T03:30:00Z");
const visit = (id: string, clientId: string, start: string, end: string) => ({
  id,
  clientId,
  unitId: "U1",
  staffId: "S18",
  start,
  end,
  status: "completed",
  services: ["omvardnad"],
});
const home = (buildingId: string, latitude: number) => ({
  from: "2020-01-01",
  latitude,
  longitude: 17.95,
  precision: "exact",
  buildingId,
});
/** One staff member is at two clients for 12 minutes on the 5th. */
const files = {
  providers: [{ id: "P1", organisationNumber: "212000-1355", name: "Hemtjänsten Norr", regime: "municipal" }],
  units: [{ id: "U1", providerId: "P1", name: "Norr" }],
  clients: [
    { id: "C1", name: "Agda Öst", addresses: [home("B1", 58.91)] },
    { id: "C2", name: "Bo Lind", addresses: [home("B2", 58.95)] },
  ],
  staff: [{ id: "S18", providerId: "P1", name: "Eva Nord" }],
  visits: [
    visit("v-1", "C1", "2026-10-05T08:00", "2026-10-05T08:22"),
    visit("v-2", "C2", "2026-10-05T08:10", "2026-10-05T08:40"),
  ],
};
const october = { from: "2026-10-01", till: "2026-10-31" };
const overlap = "/regler/staff-overlap";

describe("the rules' pages", () => {
  test("show every rule with how it stands, and each with why, remedy and innocent causes", async () => {
    await using town = await desk();
    const list = await town.as(anna).get("/regler");
    expect(list.status).toBe(200);
    for (const { id, title, why, remedy, innocent, parameters } of town.system.rules) {
      expect(list.text).toContain(`href="/regler/${id}"`);
      const page = await town.as(anna).get(`/regler/${id}`);
      expect(page.status).toBe(200);
      const text = plain(page.text.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&"));
      for (const said of [title.sv, why, remedy, ...Object.values(innocent)]) expect(text).toContain(plain(said));
      for (const name of Object.keys(parameters.shape)) expect(text).toContain(name);
    }
    expect((await town.as(anna).get("/regler/finns-inte")).status).toBe(404);
  }, 60_000);

  test("let somebody who reads change nothing", async () => {
    await using town = await desk();
    const { text } = await town.as(person("handler", "eva")).get(overlap);
    expect(text).not.toContain("/provning");
    expect(text).not.toContain('/forslag"');
  });
});

describe("a change of a rule", () => {
  test("is tried, proposed by one and approved by another, and holds from its day", async () => {
    await using town = await desk(files);
    const { database, tenantId } = town.system;
    const asked = { ...october, "p-minutesMin": "13" };
    const tried = await town.as(anna).post(`${overlap}/provning`, asked);
    expect(tried.status).toBe(200);
    expect(plain(tried.text)).toContain("Hemtjänsten Norr 1 0 0 1 12 0");
    expect(tried.text).toMatch(/EN · \d+/);
    expect(tried.text).not.toContain("Eva Nord");
    const [, no = ""] = /name="provning" value="(\d+)"/.exec(tried.text) ?? [];
    const proposal = { "p-minutesMin": "13", provning: no, fran: "2026-11-10", skal: "Tolv minuter är överlämning." };
    expect(await town.as(anna).post(`${overlap}/forslag`, proposal)).toMatchObject({
      status: 303,
      location: `${overlap}#forslag`,
    });

    const own = await town.as(anna).get(overlap);
    expect(plain(own.text)).toContain("Du kan inte godkänna ditt eget förslag.");
    expect(await town.as(anna).post(`${overlap}/beslut`, { no: "1", beslut: "approved" })).toMatchObject({
      status: 422,
      text: expect.stringContaining("ditt eget förslag") as string,
    });
    expect(await selectRuleParameters(database, tenantId)).toEqual([]);

    expect(plain((await town.as(bo).get("/regler")).text)).toContain("förslag 1 av Anna Ek");
    expect(plain((await town.as(bo).get(overlap)).text)).toContain("Hemtjänsten Norr 1 0 0 1 12 0");
    expect((await town.as(bo).post(`${overlap}/beslut`, { no: "1", beslut: "approved" })).status).toBe(303);
    expect(await selectRuleParameters(database, tenantId)).toMatchObject([
      {
        ruleId: "staff-overlap",
        name: "minutesMin",
        value: 13,
        fromDay: day("2026-11-10"),
        setBy: "Anna Ek, godkänt av Bo Ek",
        why: "Tolv minuter är överlämning.",
      },
    ]);
    expect((await takeDirty(database, tenantId)).all).toBe(true);
    expect(plain((await town.as(anna).get(overlap)).text)).toContain(
      "2026-11-10 minutesMin 13 Anna Ek, godkänt av Bo Ek",
    );
    // Decided once.
    expect(
      (await town.as(bo).post(`${overlap}/beslut`, { no: "1", beslut: "rejected", skal: "För sent." })).status,
    ).toBe(422);
  });

  test("says what it cannot take, and keeps what was typed", async () => {
    await using town = await desk(files);
    const refused = async (path: string, fields: Record<string, string>, ...said: string[]) => {
      const { status, text } = await town.as(anna).post(`${overlap}/${path}`, fields);
      expect(status).toBe(422);
      for (const one of said) expect(plain(text)).toContain(one);
      return text;
    };
    expect(await refused("provning", { ...october, "p-minutesMin": "åtta<b>" }, "minutesMin:")).toContain(
      'value="åtta&lt;b&gt;"',
    );
    await refused("provning", { from: "2026-10-05", till: "2026-10-01" }, "Sista dagen är före den första.");
    await refused("provning", { from: "2026-10-05", till: "2099-01-01" }, "Välj en sista dag som har varit.");
    await refused("provning", { from: "2020-01-01", till: "2026-10-01" }, "högst 190 dagar");
    await refused("provning", {}, "Välj första och sista dag");
    const reasoned = { fran: "2026-11-10", skal: "Ett gott skäl." };
    await refused("forslag", { ...reasoned, "p-minutesMin": "13" }, "Pröva regeln med just de här värdena först.");
    await refused("forslag", { ...reasoned, lage: "active" }, "Ingenting skiljer sig");
    await refused("forslag", { ...reasoned, skal: "nej", lage: "off" }, "Skriv varför");
    await refused("forslag", { skal: "Ett gott skäl.", lage: "off" }, "Välj vilken dag");
    // Tried with another value than is proposed.
    const tried = await town.as(anna).post(`${overlap}/provning`, { ...october, "p-minutesMin": "13" });
    const [, no = ""] = /name="provning" value="(\d+)"/.exec(tried.text) ?? [];
    await refused("forslag", { ...reasoned, "p-minutesMin": "14", provning: no }, "Pröva regeln med just de här");
  });

  test("that turns a rule off needs no back-test, and back on needs one", async () => {
    await using town = await desk(files);
    const reasoned = { fran: "2026-10-01", skal: "Källan ska rättas först." };
    const mode = async () =>
      (await listRules(town.system, operatorOf("0192", "x"))).find(({ rule }) => rule.id === "staff-overlap")?.mode;
    await town.as(anna).post(`${overlap}/forslag`, { ...reasoned, lage: "off" });
    await town.as(bo).post(`${overlap}/beslut`, { no: "1", beslut: "approved" });
    expect(await mode()).toBe("off");
    expect((await town.as(anna).post(`${overlap}/forslag`, { ...reasoned, lage: "active" })).status).toBe(422);
    const tried = await town.as(anna).post(`${overlap}/provning`, october);
    expect(plain(tried.text)).toContain("Hemtjänsten Norr 0 1 1 0 0 12");
    const [, no = ""] = /name="provning" value="(\d+)"/.exec(tried.text) ?? [];
    await town.as(anna).post(`${overlap}/forslag`, { ...reasoned, lage: "active", provning: no });
    await town.as(bo).post(`${overlap}/beslut`, { no: "2", beslut: "approved" });
    expect(await mode()).toBe("active");
  });

  test("is rejected with a reason, or taken back by whoever proposed it", async () => {
    await using town = await desk();
    const off = { fran: "2026-11-10", skal: "Ger för mycket.", lage: "off" };
    await town.as(anna).post(`${overlap}/forslag`, off);
    await town.as(anna).post(`${overlap}/forslag`, off);
    expect((await town.as(bo).post(`${overlap}/beslut`, { no: "1", beslut: "rejected", skal: "" })).status).toBe(422);
    expect((await town.as(bo).post(`${overlap}/beslut`, { no: "1", beslut: "withdrawn" })).status).toBe(422);
    await town.as(bo).post(`${overlap}/beslut`, { no: "1", beslut: "rejected", skal: "Den behövs." });
    await town.as(anna).post(`${overlap}/beslut`, { no: "2", beslut: "withdrawn" });
    const text = plain((await town.as(bo).get(overlap)).text);
    expect(text).toContain("2 avgjorda förslag");
    expect(text).toContain("Den behövs.");
    expect(await selectRuleParameters(town.system.database, "0192")).toEqual([]);
    // Of another rule there is no such proposal.
    expect((await town.as(bo).post("/regler/short-visit/beslut", { no: "2", beslut: "approved" })).status).toBe(404);
  });

  test("is not for somebody who sees a part of the municipality", async () => {
    await using town = await desk(files);
    const part = person("purchaser", "per", { scope: { ...everything, providers: ["P1"] } });
    expect((await town.as(part).get(overlap)).text).not.toContain("/provning");
    expect((await town.as(part).post(`${overlap}/provning`, october)).status).toBe(403);
    const off = { fran: "2026-11-10", skal: "Ger för mycket.", lage: "off" };
    expect((await town.as(part).post(`${overlap}/forslag`, off)).status).toBe(403);
  });

  test("comes with its back-test as a file, without names", async () => {
    await using town = await desk(files);
    const { headers, text } = await town.as(anna).post(`${overlap}/provning.csv`, { ...october, "p-minutesMin": "13" });
    expect(headers.get("content-disposition")).toBe('attachment; filename="provning-staff-overlap.csv"');
    const lines = text.split("\r\n");
    expect(lines[0]).toContain("Rad;Fynd före;Fynd efter");
    expect(lines[1]).toMatch(/^Summa;1;0;0;1;12;0;/);
    expect(lines.find((line) => line.startsWith("Försvinner"))).toMatch(
      /2026-10-05;2026-10-05;Hemtjänsten Norr;.*EN · \d+/,
    );
    expect(text).not.toContain("Eva");
  });
});

describe("exceptions and what is held back", () => {
  test("an exception is made for somebody of a finding, and ended with a reason", async () => {
    await using town = await desk(files);
    await writeFindings(town.system.database, "0192", {
      evaluated: "all",
      at,
      findings: [finding("f-1", { staff: "S18" })],
    });
    const page = await town.as(anna).get(overlap);
    expect(page.text).toContain('value="staff/S18"');
    const made = { vem: "staff/S18", fran: "2026-10-01", till: "2099-12-31", skal: "Två befattningar." };
    expect((await town.as(anna).post(`${overlap}/undantag`, { ...made, till: "" })).status).toBe(422);
    expect((await town.as(anna).post(`${overlap}/undantag`, { ...made, vem: "annat" })).status).toBe(422);
    expect((await town.as(anna).post(`${overlap}/undantag`, made)).status).toBe(303);
    const after = plain((await town.as(anna).get(overlap)).text);
    expect(after).toContain("Undantaget är infört. Det omfattar 1 fynd");
    expect(after).toContain("Två befattningar.");
    expect(after).not.toContain("Eva Nord");
    const end = { no: "1", till: "2026-10-20", skal: "Hon har slutat." };
    expect((await town.as(anna).post(`${overlap}/undantag/slut`, { ...end, skal: "x" })).status).toBe(422);
    expect((await town.as(anna).post(`${overlap}/undantag/slut`, end)).status).toBe(303);
    expect(plain((await town.as(anna).get(overlap)).text)).toContain("2026-10-20");
    expect((await town.as(anna).post(`${overlap}/undantag/slut`, end)).status).toBe(422);
    expect((await town.as(anna).post("/regler/short-visit/undantag/slut", end)).status).toBe(404);
  });

  test("what a rule holds back is released with a reason", async () => {
    await using town = await desk(files);
    const { database } = town.system;
    await writeFindings(database, "0192", {
      evaluated: "all",
      at,
      findings: [finding("f-1", { staff: "S18" })],
      holdBack: () => ({ rules: new Set(["staff-overlap"]), holds: [] }),
    });
    const page = plain((await town.as(anna).get(overlap)).text);
    expect(page).toContain("1 fynd hålls inne");
    expect((await town.as(anna).post(`${overlap}/slapp`, { skal: "" })).status).toBe(422);
    expect((await town.as(anna).post(`${overlap}/slapp`, { skal: "Läst tio, alla riktiga." })).status).toBe(303);
    const after = plain((await town.as(anna).get(overlap)).text);
    expect(after).toContain("1 fynd är framsläppt och visas nu.");
    expect(after).not.toContain("hålls inne och visas inte");
  });
});
