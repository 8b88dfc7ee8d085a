import { describe, expect, test } from "vitest";
import { createApp } from "#http";
import { instant } from "#model";
import { type Actor, actorOf, type Role, startSession } from "#operations";
import { recordAccess } from "#store";
import { csrf, signedIn } from "../support/signed-in.ts";
import { testSystem, uploadKey } from "../support/system.ts";

const person = (role: Role): Actor => actorOf({ id: `u-${role}`, name: "Per Ö", tenantId: "0192", role });

/** A municipality with two handlers who have read about people. */
async function municipality() {
  const opened = await testSystem();
  const { system } = opened;
  const { database, tenantId } = system;
  const as = (role: Role) => {
    const app = createApp(system, signedIn(person(role)));
    return {
      get: async (path: string) => (await app.request(path)).text(),
      post: async (path: string, fields: Record<string, string | string[]>) => {
        const form = new URLSearchParams({ _csrf: csrf });
        for (const [name, values] of Object.entries(fields))
          for (const value of [values].flat()) form.append(name, value);
        const body = form.toString();
        const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) };
        return (await app.request(path, { method: "POST", headers, body })).status;
      },
    };
  };
  const app = createApp(system, signedIn(system.operator));
  const upload = (name: string, ...records: unknown[]) =>
    app.request(`/api/v1/intake/files?name=${name}.jsonl`, {
      method: "POST",
      headers: { authorization: `Bearer ${uploadKey}`, "idempotency-key": name },
      body: records.map((record) => JSON.stringify(record)).join("\n"),
    });
  await upload("clients", { id: "C1", name: "Agda Ek" }, { id: "C2", name: "Bo Lind" });
  await upload("providers", { id: "P1", organisationNumber: "212000-1355", name: "Norrvård", regime: "municipal" });
  await upload("units", { id: "U1", providerId: "P1", name: "Nattpatrullen" });
  for (const [subject, name, unit] of [
    ["anna", "Anna Ek", "Avgifter"],
    ["bo", "Bo Ås", "Bistånd"],
  ] as const) {
    await startSession(system, { issuer: "demo", subject, name, unit, roles: ["handler"] }, 1);
  }
  const read = (id: string, at: string, subject: string, unit = "Avgifter") =>
    recordAccess(
      database,
      { id, tenantId, role: "handler", unit },
      { at: instant(at), operation: "case", subject, rows: 1, why: "Ärende 2026-00001" },
    );
  return { ...opened, as, read, [Symbol.asyncDispose]: opened[Symbol.asyncDispose] };
}

/** The table with this caption; "" where it is not there. */
const tableOf = (text: string, caption: string): string =>
  text
    .split("<table")
    .slice(1)
    .find((table) => table.split("</caption>")[0]?.includes(caption)) ?? "";

describe("the access log", () => {
  test("says who read about whom, when and why, without names of those read about", async () => {
    await using town = await municipality();
    await town.read("anna", "2026-10-05T08:00:00Z", "C2");
    await town.read("bo", "2026-10-06T08:00:00Z", "C1", "Bistånd");
    const text = await town.as("auditor").get("/logg");
    for (const shown of ["Anna Ek", "Avgifter", "2026-10-05 10:00", "Ärende 2026-00001"]) expect(text).toContain(shown);
    expect(text).toMatch(/>BL/);
    expect(text).not.toContain("Bo Lind");
    expect(await town.as("auditor").get("/logg?vem=bo")).not.toContain("Anna Ek");
    expect(await town.as("auditor").get("/logg?om=C2")).not.toContain("Bistånd");
    expect(await town.as("auditor").get("/logg?manad=2026-09")).toContain("Ingen läsning passar in.");
  });

  test("is controlled by a sample that stays the same, and by what is unusual", async () => {
    await using town = await municipality();
    for (let minute = 10; minute < 60; minute++) {
      await town.read("bo", `2026-10-06T08:${minute}:00Z`, "C2", "Bistånd");
      await town.read("bo", `2026-10-06T08:${minute}:30Z`, "C2", "Bistånd");
    }
    await town.read("anna", "2026-10-05T08:00:00Z", "client/C1");
    await town.read("anna", "2026-10-05T20:30:00Z", "C2");
    await town.read("anna", "2026-10-04T10:00:00Z", "C2");
    const text = await town.as("auditor").get("/logg/kontroll?manad=2026-10");
    const auditor = town.as("auditor");
    expect(await auditor.post("/logg/kontroll/kedja", { manad: "2026-10" })).toBe(303);
    expect(await auditor.get("/logg/kontroll?manad=2026-10")).toContain("Loggen är hel: 103 rader");
    const sample = tableOf(text, "Slumpvis urval");
    expect(sample.match(/<tr>/g)).toHaveLength(21);
    expect(tableOf(await town.as("auditor").get("/logg/kontroll?manad=2026-10"), "Slumpvis urval")).toBe(sample);
    const relatives = tableOf(text, "Samma efternamn");
    expect([relatives.match(/<tr>/g)?.length, relatives.includes("2026-10-05 10:00")]).toEqual([2, true]);
    const outside = tableOf(text, "Kväll, natt och helg");
    expect([
      outside.includes("2026-10-05 22:30"),
      outside.includes("2026-10-04 12:00"),
      outside.includes("Bo Ås"),
    ]).toEqual([true, true, false]);
    expect(tableOf(text, "Många läsningar")).toMatch(/Bo Ås[\s\S]*2026-10-06 10:00[\s\S]*100/);
    expect(await town.as("auditor").get("/logg/kontroll?manad=2026-10&enhet=Bist%C3%A5nd")).not.toContain(
      "2026-10-05 22:30",
    );
  });

  test("keeps that the control was done, and what it showed", async () => {
    await using town = await municipality();
    await town.read("anna", "2026-10-05T08:00:00Z", "C2");
    const { post, get } = town.as("auditor");
    expect(await post("/logg/kontroll", { manad: "2026-10", enhet: "Avgifter", resultat: "Inget att anmärka." })).toBe(
      303,
    );
    expect(await post("/logg/kontroll", { manad: "2026-10", enhet: "", resultat: " " })).toBe(422);
    expect(await post("/logg/kontroll", { manad: "2027-10", enhet: "", resultat: "Inget." })).toBe(422);
    const done = tableOf(await get("/logg/kontroll?manad=2026-10"), "Gjorda kontroller");
    for (const shown of ["2026-10", "Avgifter", "u-auditor", "Inget att anmärka."]) expect(done).toContain(shown);
    await expect(town.system.database.pool.query("DELETE FROM access_controls")).rejects.toMatchObject({
      code: "23001",
    });
  });
});

describe("users", () => {
  test("see what an administrator has decided, from the next page on, and every decision stays", async () => {
    await using town = await municipality();
    const { post, get } = town.as("administrator");
    expect(await get("/anvandare")).toContain("Anna Ek");
    const { rows } = await town.system.database.pool.query<{ no: number }>(
      "SELECT no FROM users WHERE subject = 'anna'",
    );
    const path = `/anvandare/${rows[0]?.no}`;
    expect(await get(path)).toContain("Nattpatrullen");
    expect(
      await post(path, { utforare: "P1", omraden: "Norr, Söder", skyddade: "ja", skal: "Ansvarar för Norrvård." }),
    ).toBe(303);
    expect(await post(path, { enheter: ["U1"], skal: "Flyttad till natten." })).toBe(303);
    const { rows: grants } = await town.system.database.pool.query(
      "SELECT providers, units, groups, protected, by, why FROM user_grants ORDER BY no",
    );
    const by = "u-administrator";
    expect(grants).toEqual([
      { providers: ["P1"], units: null, groups: ["Norr", "Söder"], protected: true, by, why: "Ansvarar för Norrvård." },
      { providers: null, units: ["U1"], groups: null, protected: false, by, why: "Flyttad till natten." },
    ]);
    expect(await get(path)).toContain("Flyttad till natten.");
    expect(await post(path, { utforare: "P9", skal: "Finns inte." })).toBe(422);
    expect(await post(path, { skal: "Nej" })).toBe(422);
    expect(await post("/anvandare/999", { skal: "Finns inte." })).toBe(404);
  });

  test("do not decide what they themselves may see", async () => {
    await using town = await municipality();
    const self = {
      issuer: "demo",
      subject: "u-administrator",
      name: "Per Ö",
      unit: null,
      roles: ["administrator"],
    } as const;
    await startSession(town.system, self, 1);
    const { rows } = await town.system.database.pool.query<{ no: number }>("SELECT no FROM users WHERE name = 'Per Ö'");
    const path = `/anvandare/${rows[0]?.no}`;
    expect(await town.as("administrator").get(path)).not.toContain('<form method="post" action="/anvandare');
    expect(await town.as("administrator").post(path, { skyddade: "ja", skal: "Vill se allt." })).toBe(403);
  });
});

test("ids of different systems are joined, and parted again, on a page", async () => {
  await using town = await municipality();
  const { post, get } = town.as("administrator");
  const decision = { slag: "client", id: "files/C1", samma: "phoniro/77", underlag: "Samma adress och telefon." };
  expect(await post("/identiteter", decision)).toBe(303);
  expect(await get("/identiteter")).toContain("Sparat.");
  const text = await get("/identiteter");
  for (const shown of ["phoniro/77", "Samma adress och telefon.", "u-administrator"]) expect(text).toContain(shown);
  expect(await post("/identiteter", { ...decision, id: "utan snedstreck" })).toBe(303);
  expect(await get("/identiteter")).toContain("Ingenting sparades");
  expect(await post("/identiteter", { ...decision, samma: "phoniro/78" })).toBe(409);
  const no = /identiteter\/(\d+)\/aterta/.exec(text)?.[1];
  expect(await post(`/identiteter/${no}/aterta`, {})).toBe(303);
  expect(await post(`/identiteter/${no}/aterta`, {})).toBe(404);
  expect(await town.as("auditor").post("/identiteter", decision)).toBe(403);
});
