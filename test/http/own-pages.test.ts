import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp, listen, openSignIn } from "#http";
import { type Actor, everything, showCase } from "#operations";
import { openBrowser } from "../support/browser.ts";
import { csrf, signedIn } from "../support/signed-in.ts";
import { agda, order, providersTown, SECRET, type Town } from "./api/providers.ts";
import { person, plain } from "./desk.ts";
import { violations } from "./town.ts";

let town: Town;
let opened: Awaited<ReturnType<typeof openBrowser>>;
beforeAll(async () => {
  town = await providersTown();
  opened = await openBrowser();
}, 240_000);
afterAll(async () => {
  await opened?.close();
  await town?.[Symbol.asyncDispose]();
});

const frida = person("provider", "frida", { scope: { ...everything, providers: ["P1"] } });
const pelle = person("provider", "pelle", { scope: { ...everything, providers: ["P2"] } });
const north = person("provider", "nora", { scope: { ...everything, providers: ["P1"], units: ["U3"] } });
const handler = person("handler", "eva");
const admin = person("administrator", "ada");

function as(actor: Actor) {
  const app = createApp(town.system, signedIn(actor));
  return {
    app,
    get: async (path: string) => {
      const response = await app.request(path);
      return { status: response.status, text: await response.text() };
    },
    post: async (path: string, fields: Record<string, string>) => {
      const body = new URLSearchParams({ _csrf: csrf, ...fields }).toString();
      const headers = {
        "content-type": "application/x-www-form-urlencoded",
        "content-length": String(Buffer.byteLength(body)),
      };
      const response = await app.request(path, { method: "POST", headers, body });
      return { status: response.status, text: await response.text() };
    },
  };
}

/** The path of an order's page, by what the municipality's system calls it. */
async function orderPath(actor: Actor, reference: string): Promise<string> {
  const { text } = await as(actor).get("/bestallningar?visa=all");
  const [, path = ""] = new RegExp(`href="(/bestallningar/ord_[\\w-]+)"[^>]*>${reference}<`).exec(text) ?? [];
  expect(path).not.toBe("");
  return path;
}

const changeNo = (text: string): string => /name="andring" value="(ver_[\w-]+)"/.exec(text)?.[1] ?? "";

/** A browser of somebody's own, at the pages that they see. */
async function browsing(actor: Actor, options: Parameters<typeof opened.browser.newContext>[0] = {}) {
  const served = await listen(as(actor).app, "127.0.0.1", 0);
  const context = await opened.browser.newContext(options);
  const page = await context.newPage();
  return {
    page,
    url: served.url,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await served.stop();
    },
  };
}

/** Goes by the Tab key to what is called so, and presses it. */
async function press(page: Page, name: string, key: "Enter" | "Space"): Promise<void> {
  for (let stops = 0; stops < 100; stops++) {
    const now = await page.evaluate(
      "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()",
    );
    if (now === name) return key === "Enter" ? page.keyboard.press("Enter") : page.keyboard.press("Space");
    await page.keyboard.press("Tab");
  }
  throw new Error(`The Tab key does not lead to ${name}.`);
}

describe("a provider's person", () => {
  test("sees on the start page what waits, and only their own menu", async () => {
    const { text } = await as(frida).get("/");
    expect(plain(text)).toContain("Beställningar att svara på 2");
    expect(plain(text)).toContain("Frågor att svara på 2");
    for (const path of ["/bestallningar", "/fragor", "/manad", "/mottagare"]) expect(text).toContain(`href="${path}"`);
    for (const path of ["/arenden", "/fynd", "/regler", "/obekraftade", "/program"])
      expect(text).not.toContain(`href="${path}"`);
    expect(text).not.toContain(SECRET);
  });

  test("of whom nobody has said where they belong is told so", async () => {
    const nowhere = person("provider", "olle");
    expect(plain((await as(nowhere).get("/")).text)).toContain("Ingen har sagt vilken utförare du hör till.");
    for (const path of ["/bestallningar", "/fragor", "/manad"]) expect((await as(nowhere).get(path)).status).toBe(403);
    expect((await as(nowhere).get("/mottagare")).text).not.toContain("Hemtjänsten Norr");
  });

  test("sees who an order is for on its page, unless the identity is protected, and never in the list", async () => {
    const list = await as(frida).get("/bestallningar?visa=all");
    expect(list.text).not.toContain(agda.name);
    const known = await as(frida).get(await orderPath(frida, "o-1"));
    expect(plain(known.text)).toContain(`${agda.name}, ${agda.number}`);
    const hidden = await as(frida).get(await orderPath(frida, "o-3"));
    expect(plain(hidden.text)).toContain("Skyddade personuppgifter");
    expect(hidden.text).not.toContain("Skydd,");
    expect(hidden.text).not.toContain("Cilla");
  });

  test("sees nothing of another provider's, nor of units that are not theirs", async () => {
    const [mine, question] = [await orderPath(frida, "o-1"), `/fragor/${town.cases["f-1"]}`];
    for (const path of ["/", "/bestallningar?visa=all", "/fragor", "/manad?manad=2026-10", "/mottagare"])
      expect((await as(frida).get(path)).text).not.toContain(SECRET);
    for (const path of [mine, question]) {
      const { status, text } = await as(pelle).get(path);
      expect([status, text.includes(agda.name)]).toEqual([404, false]);
    }
    expect((await as(pelle).post(`${mine}/svar`, { andring: "1", svar: "accepted" })).status).toBe(404);
    expect((await as(pelle).post(`${question}/svar`, { orsak: "agreed" })).status).toBe(404);
    expect((await as(north).get(mine)).status).toBe(404);
    const own = await as(north).get("/bestallningar?visa=all");
    expect(own.text).toContain(">o-3<");
    expect(own.text).not.toContain(">o-1<");
  });

  test("of one unit does not change where the whole provider is told", async () => {
    expect((await as(north).get("/mottagare")).text).not.toContain('action="/mottagare/epost"');
    const fields = { utforare: "P1", epost: "nora@norr.example" };
    expect((await as(north).post("/mottagare/epost", fields)).status).toBe(422);
    expect((await as(frida).get("/mottagare")).text).not.toContain(fields.epost);
    expect((await as(frida).post("/mottagare/epost", { ...fields, epost: "frida@norr.example" })).status).toBe(303);
  });

  test("cannot tell from any address or form how much others have", async () => {
    const own = await orderPath(frida, "o-1");
    const { text } = await as(frida).get(own);
    const theirs = /\/ord_[\w-]+/.exec(await orderPath(pelle, "o-2"))?.[0] ?? "";
    const { rows } = await town.system.database.pool.query<{ no: number }>("SELECT no FROM announced_orders");
    for (const path of [`/bestallningar${theirs}`, ...rows.map(({ no }) => `/bestallningar/${no}`)])
      expect([path, (await as(frida).get(path)).status]).toEqual([path, 404]);
    expect(text).not.toMatch(/(?:name="andring" value="|\/bestallningar\/|fore=)\d/);
    // A version that was made for nobody here is an old one.
    expect((await as(frida).post(`${own}/svar`, { andring: "1", svar: "accepted" })).status).toBe(409);
    // All of a provider's people come to the same page.
    expect(await orderPath(person("provider", "fanny", { scope: frida.scope }), "o-1")).toBe(own);
  });

  test("sees nothing of how the municipality judges", async () => {
    const { text } = await as(frida).get(`/fragor/${town.cases["f-1"]}`);
    expect(plain(text)).toContain("Hur kom det sig?");
    expect(text).not.toMatch(/precision|träffsäkerhet|Ta ärendet|Kommentar|Bedömning/i);
    // A case that nobody has asked about is not there.
    expect((await as(frida).get(`/fragor/${town.cases["f-4"]}`)).status).toBe(404);
  });

  test("takes the month's statement home, and not another's", async () => {
    const page = await as(frida).get("/manad?manad=2026-10");
    expect(plain(page.text)).toContain("13 097,50");
    expect(page.text).not.toContain(SECRET);
    const file = await as(frida).post("/manad/fil", { manad: "2026-10", format: "csv" });
    expect(file.status).toBe(200);
    expect(file.text).toMatch(/^\uFEFF?Månad;/);
    expect(file.text).not.toContain(SECRET);
    const { rows } = await town.system.database.pool.query(
      "SELECT subject FROM access_log WHERE actor = 'frida' AND operation = 'export-own-statement'",
    );
    expect(rows).toEqual([{ subject: "P1 2026-10" }]);
  });
});

test("an order is accepted by keyboard alone, with a clear receipt", async () => {
  await using at = await browsing(frida, { bypassCSP: true });
  const { page, url } = at;
  await page.goto(url);
  await press(page, "Beställningar", "Enter");
  await page.waitForURL(/bestallningar/);
  await press(page, "o-1", "Enter");
  await page.waitForURL(/bestallningar\/ord_/);
  expect(await violations(page)).toEqual([]);
  await press(page, "Tacka ja", "Space");
  await page.getByRole("status").getByText("Ni har tackat ja till beställningen. Kommunen ser svaret.").waitFor();
  expect(await page.getByText("2026-11-01 04:30: Ja").count()).toBe(1);
  await page.goto(`${url}/bestallningar`);
  expect(await page.getByRole("link", { name: "o-1", exact: true }).count()).toBe(0);
});

test("an order is declined without script, with what is missing said beside what was chosen, and the handler sees it", async () => {
  await town.send("orders", order("o-7", "C1", "U1"));
  await town.announce();
  await using at = await browsing(frida, { javaScriptEnabled: false });
  const { page, url } = at;
  await page.goto(`${url}${await orderPath(frida, "o-7")}`);
  await page.getByRole("button", { name: "Tacka nej" }).click();
  await page.getByRole("alert").getByText("Välj varför ni tackar nej.").waitFor();
  await page.getByLabel("Varför").selectOption("Annat, se texten");
  await page.getByLabel("Förklaring, utan personnummer").fill(`Vi når inte ${agda.number}.`);
  await page.getByRole("button", { name: "Tacka nej" }).click();
  await page.getByRole("alert").getByText("Texten innehåller ett personnummer.").waitFor();
  expect(await page.getByLabel("Varför").inputValue()).toBe("other");
  await page.getByLabel("Förklaring, utan personnummer").fill("Vi har ingen som kan språket.");
  await page.getByRole("button", { name: "Tacka nej" }).click();
  await page.getByRole("status").getByText("Ni har tackat nej. Kommunen ser svaret.").waitFor();
  const seen = plain((await as(handler).get("/obekraftade")).text);
  expect(seen).toContain("Vi har ingen som kan språket.");
  expect(seen).not.toContain(agda.name);
  expect(plain((await as(handler).get("/")).text)).toContain("har utföraren tackat nej till");
});

test("a yes with a start and words reaches the handler, and stays with who wrote it", async () => {
  await town.send("orders", order("o-15", "C1", "U1"), order("o-16", "C1", "U1"));
  await town.announce();
  for (const [reference, said] of [
    ["o-15", { start: "2026-11-09", text: "Vi kommer <inte> före nio." }],
    ["o-16", { start: "", text: "" }],
  ] as const) {
    const path = await orderPath(frida, reference);
    const andring = changeNo((await as(frida).get(path)).text);
    expect((await as(frida).post(`${path}/svar`, { andring, svar: "accepted", ...said })).status).toBe(303);
  }
  const seen = await as(handler).get("/obekraftade");
  expect(plain(seen.text)).toMatch(/o-15 .*2026-11-09, efter första dagen Vi kommer &lt;inte&gt; före nio\./);
  // A bare yes is nothing to read, and who it is about stands nowhere.
  expect(plain(seen.text)).not.toContain("o-16");
  expect(seen.text).not.toContain(agda.name);
  const own = await as(frida).get(await orderPath(frida, "o-15"));
  expect(plain(own.text)).toContain("Ja, planerad start 2026-11-09 Vi kommer &lt;inte&gt; före nio.");
  expect((await as(pelle).get("/obekraftade")).status).toBe(403);
});

test("what changed while somebody read it is not answered", async () => {
  await town.send("orders", order("o-8", "C1", "U1"));
  await town.announce();
  const path = await orderPath(frida, "o-8");
  const read = changeNo((await as(frida).get(path)).text);
  await town.send(
    "orders",
    order("o-8", "C1", "U1", { lines: [{ ...order("o-8", "C1", "U1").lines[0], minutes: 45 }] }),
  );
  await town.announce();
  const { status, text } = await as(frida).post(`${path}/svar`, { andring: read, svar: "accepted" });
  expect(status).toBe(409);
  expect(plain(text)).toContain("Beställningen har ändrats medan du läste.");
});

test("a question is explained with a file and without script, and the handler sees reason, text and file", async () => {
  const no = town.cases["f-1"]!;
  const buffer = Buffer.from("Loggen visar att besöket gjordes.\n");
  await using at = await browsing(frida, { javaScriptEnabled: false });
  const { page, url } = at;
  await page.goto(`${url}/fragor`);
  await page.getByRole("link", { name: no }).click();
  await page.getByLabel("Orsak").selectOption("Tekniskt fel i telefon, tagg, lås eller system");
  await page.getByLabel("Förklaring, utan personnummer").fill("Telefonen tappade täckningen.");
  await page.getByLabel("Filer").setInputFiles({ name: "besök.txt", mimeType: "text/plain", buffer });
  await page.getByRole("button", { name: "Skicka förklaringen" }).click();
  await page.getByRole("status").getByText("Tack. Förklaringen är skickad till kommunen.").waitFor();
  expect(await page.getByText("Telefonen tappade täckningen.").count()).toBe(1);
  expect(await page.getByRole("button", { name: "Skicka förklaringen" }).count()).toBe(0);
  expect((await showCase(town.system, handler, no)).state).toBe("explanation-received");
  const seen = plain((await as(handler).get(`/arenden/${no}`)).text);
  expect(seen).toContain("Tekniskt fel i telefon, tagg, lås eller system. Telefonen tappade täckningen.");
  expect(seen).toContain("besök.txt");
});

test("the demonstration has a provider's person, of the provider with the most orders", async () => {
  const demo = { ...town.system, config: { ...town.system.config, database: "" } };
  const app = createApp(demo, openSignIn(demo));
  const body = new URLSearchParams({ vem: "demo-frida", till: "/bestallningar?visa=all" }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) };
  const signed = await app.request("/logga-in", { method: "POST", headers, body });
  const cookie = signed.headers.getSetCookie()[0]!.split(";")[0]!;
  const text = await (await app.request("/bestallningar?visa=all", { headers: { cookie } })).text();
  expect(text).toContain(">o-1<");
  expect(text).not.toContain(SECRET);
});

describe("those who look after providers' systems", () => {
  test("make an endpoint whose key is shown once, see why a ping failed, and shut it off", async () => {
    const refused = await as(admin).post("/mottagare", {
      utforare: "P1",
      adress: "https://10.0.0.1/",
      nyckel: "hmac",
    });
    expect([refused.status, plain(refused.text).includes("webhooks.allow")]).toEqual([422, true]);
    const post = async (path: string, fields: Record<string, string>) => (await as(admin).post(path, fields)).text;
    const made = await post("/mottagare", {
      utforare: "P1",
      adress: "https://127.0.0.1:9/klarsyn",
      nyckel: "hmac",
      typer: "order.created",
      beskrivning: "Planeringen",
    });
    const [key = ""] = /whsec_[\w+/=]+/.exec(made) ?? [];
    expect(key).not.toBe("");
    const [path = ""] = /\/mottagare\/ep_[\w-]+/.exec(made) ?? [];
    await post(`${path}/ping`, {});
    const shown = await as(admin).get(path);
    expect(plain(shown.text)).toContain("0 händelser utom prov och pingar: 0 väntar, 0 levererade, 0 misslyckade.");
    expect(shown.text).toContain("tar inte emot anslutningar");
    const ada = as(admin);
    await ada.post(`${path}/igang`, {});
    expect((await ada.get(path)).text).toContain("Mottagaren är inte nådd än.");
    expect(shown.text).not.toContain(key);
    await post(`${path}/urval`, { typer: "order.ended", ordning: "ja", beskrivning: "" });
    expect((await as(frida).get(path)).text).toMatch(/value="order.ended"[^>]*checked/);
    expect((await as(pelle).get(path)).status).toBe(404);
    expect((await as(pelle).post(`${path}/avsluta`, {})).status).toBe(404);
    await post(`${path}/avsluta`, {});
    expect(plain((await as(admin).get(path)).text)).toContain("Avstängd för hand.");
    // Who only reads has no buttons.
    expect((await as(person("purchaser", "per")).get(path)).text).not.toContain("Pinga");
  });

  test("let a program in, whose secret is shown once, and shut it out", async () => {
    const fields = { namn: "Planera", utforare: "P1", satt: "key", far: "orders:read" };
    const { text } = await as(admin).post("/program", fields);
    const [, id = "", secret = ""] = /(kl_\w+)\.([\w-]+)/.exec(text) ?? [];
    expect(secret).not.toBe("");
    const list = await as(admin).get("/program");
    expect(list.text).toContain(id);
    expect(list.text).not.toContain(secret);
    const ask = () => as(admin).app.request("/api/v1/orders", { headers: { authorization: `Bearer ${id}.${secret}` } });
    expect((await ask()).status).toBe(200);
    expect((await as(admin).post(`/program/${id}/aterkalla`, {})).status).toBe(303);
    expect((await ask()).status).toBe(401);
  });
});
