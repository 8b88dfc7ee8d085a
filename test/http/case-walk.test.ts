import { readFile } from "node:fs/promises";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "../support/browser.ts";
import type { Account } from "../support/oidc-provider.ts";
import { ada, bo, eva, servedTown, violations } from "./town.ts";

let opened: Awaited<ReturnType<typeof openBrowser>>;
let town: Awaited<ReturnType<typeof servedTown>>;
beforeAll(async () => {
  town = await servedTown();
  opened = await openBrowser();
}, 180_000);
afterAll(async () => {
  await opened?.close();
  await town?.[Symbol.asyncDispose]();
});

/** How somebody uses a page. */
interface Hands {
  /** `leads` says whether another page comes, which it does unless what comes is a file. */
  press: (target: Locator, how?: { leads: boolean }) => Promise<void>;
  write: (target: Locator, text: string) => Promise<void>;
}

const mouse: Hands = {
  press: (target) => target.click(),
  write: (target, text) => target.fill(text),
};

/** Goes on from where the focus is, by the Tab key alone, and by the arrows among radio buttons, until the target has it. */
async function reach(page: Page, target: Locator): Promise<void> {
  for (let stops = 0; stops < 200; stops++) {
    const at = await target.evaluate((element) => {
      const now = element.ownerDocument.activeElement;
      if (now === element) return "there";
      const name = element.getAttribute("type") === "radio" ? element.getAttribute("name") : null;
      return name !== null && now?.getAttribute("name") === name ? "group" : "elsewhere";
    });
    if (at === "there") return;
    await page.keyboard.press(at === "group" ? "ArrowDown" : "Tab");
  }
  throw new Error(`The Tab key does not lead to ${target.toString()}.`);
}

function keyboard(page: Page): Hands {
  return {
    async press(target, { leads } = { leads: true }) {
      await reach(page, target);
      const seen = await target.evaluate((element) => {
        const view = element.ownerDocument.defaultView!;
        // A box is drawn around its field, for the label to be inside.
        const marked = [element, element.closest(".ds-field")].filter((one) => one !== null);
        return marked.some((one) => view.getComputedStyle(one).outlineStyle !== "none");
      });
      expect(seen, "the focus is seen").toBe(true);
      const tag = await target.evaluate(({ tagName }) => tagName);
      const led = leads && (tag === "A" || tag === "BUTTON") ? page.waitForEvent("load") : null;
      await page.keyboard.press(tag === "A" ? "Enter" : "Space");
      await led;
    },
    async write(target, text) {
      await reach(page, target);
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.type(text);
    },
  };
}

/** Comes to the pages for the first time: through the municipality's own sign-in. */
async function arrive(page: Page, who: Account): Promise<void> {
  town.account.now = who;
  await page.goto(town.url);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Start");
}

const says = (page: Page, text: string) => page.getByRole("status").getByText(text).waitFor();
const newPage = async (script: boolean) => {
  const context = await opened.browser.newContext({ javaScriptEnabled: script, bypassCSP: script });
  return context.newPage();
};

describe.each([
  { how: "with a mouse", keys: false, script: true },
  { how: "with the keyboard alone", keys: true, script: true },
  { how: "without script", keys: false, script: false },
])("a case $how", ({ keys, script }) => {
  test("is taken, explained, and decided by two people", async () => {
    const page = await newPage(script);
    const other = await newPage(script);
    const hands = keys ? keyboard(page) : mouse;
    const theirs = keys ? keyboard(other) : mouse;
    const usable = async (at: Page) => {
      expect(script ? await violations(at) : []).toEqual([]);
    };

    await arrive(page, eva);
    await usable(page);
    await hands.press(page.getByRole("button", { name: "Ta nästa ärende" }));
    await says(page, "Ärendet är ditt.");
    const no = new URL(page.url()).pathname.split("/").at(-1)!;
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(`Ärende ${no}`);
    await usable(page);

    await hands.press(page.locator("#steg-request-explanation > summary"));
    await hands.press(page.getByRole("button", { name: "Visa brevet först" }));
    expect(await page.locator("pre").textContent()).toContain(no);
    await usable(page);
    await hands.press(page.getByRole("button", { name: "Begär förklaring" }));
    await says(page, "Förklaring är begärd");

    if (!(await page.getByLabel("Utförarens förklaring").isVisible()))
      await hands.press(page.locator("#steg-receive-explanation > summary"));
    await hands.write(page.getByLabel("Utförarens förklaring"), "Personalen glömde logga ut.");
    await hands.press(page.getByRole("button", { name: "Registrera förklaring" }));
    await says(page, "Förklaringen är registrerad.");
    await usable(page);

    await hands.press(page.locator("#steg-propose > summary"));
    await hands.press(page.getByRole("radio", { name: "Återkrav" }));
    await hands.write(page.getByLabel("Motivering"), "Tiden kan inte ha getts hos båda.");
    await hands.press(page.getByRole("button", { name: "Föreslå beslut" }));
    await says(page, "En kollega måste godkänna");
    await usable(page);

    // Whoever proposed it is not offered to approve it, and is refused where she asks all the same.
    expect(await page.getByRole("button", { name: "Godkänn beslutet" }).count()).toBe(0);
    const token = await page.locator('input[name="_csrf"]').first().getAttribute("value");
    const version = await page.locator('input[name="version"]').first().getAttribute("value");
    const refused = await page.request.post(`${town.url}/arenden/${no}/godkann`, {
      form: { _csrf: token!, version: version! },
      headers: { "sec-fetch-site": "same-origin" },
    });
    expect(refused.status()).toBe(409);
    expect(await refused.text()).toContain("Du har själv föreslagit beslutet.");

    await arrive(other, bo);
    const waiting = other.getByRole("row").filter({ hasText: "Ett förslag väntar på din prövning" });
    await theirs.press(waiting.getByRole("link", { name: no }));
    await usable(other);
    await theirs.press(other.getByRole("button", { name: "Godkänn beslutet" }));
    await says(other, "Beslutet är godkänt.");

    // The file of it, and what the logs then know.
    await page.reload();
    await hands.press(page.locator("summary", { hasText: "Ta ut ärendet" }));
    await hands.press(page.getByRole("radio", { name: "Till akten" }));
    await hands.write(page.getByLabel("Varför du tar ut det"), `Handling till akten ${no}`);
    await usable(page);
    const coming = page.waitForEvent("download");
    await hands.press(page.getByRole("button", { name: "Ta ut", exact: true }), { leads: false });
    const file = await coming;
    expect(file.suggestedFilename()).toMatch(/\.pdf$/);
    expect((await readFile(await file.path())).subarray(0, 5).toString()).toBe("%PDF-");

    const control = await newPage(script);
    const eyes = keys ? keyboard(control) : mouse;
    await arrive(control, ada);
    await eyes.press(control.getByRole("link", { name: "Åtkomstlogg", exact: true }));
    await eyes.write(control.getByLabel("Persons id eller ärende"), no);
    await eyes.press(control.getByRole("button", { name: "Visa", exact: true }));
    await control.waitForURL(/[?&]om=/);
    await usable(control);
    const log = (await control.getByRole("table").textContent())!;
    for (const step of ["Ärende uttaget till akten", `Handling till akten ${no}`, "Eva Ek", "Bo Berg"])
      expect(log).toContain(step);
    await control.goto(`${town.url}/arenden/${no}`);
    const history = (await control.locator("ol.history").textContent())!;
    for (const step of [
      "Tog ärendet",
      "Begärde förklaring",
      "Personalen glömde logga ut.",
      "Återkrav",
      "Tiden kan inte ha getts hos båda.",
      "Godkände beslutet",
      "Bo Berg",
    ])
      expect(history).toContain(step);
    await control.context().close();
    await page.context().close();
    await other.context().close();
  }, 120_000);
});

test("a step about an older version of a case changes nothing, and keeps what was typed", async () => {
  const page = await newPage(false);
  const other = await newPage(false);
  await arrive(page, eva);
  await page.getByRole("button", { name: "Ta nästa ärende" }).click();
  await page.waitForURL(/\/arenden\/\d/);
  const address = page.url();
  await page.locator("#steg-snooze > summary").click();
  await page.getByLabel("Skäl").fill("Väntar på <svar>");

  await arrive(other, bo);
  await other.goto(address);
  await other.getByRole("button", { name: "Ta ärendet" }).click();
  await says(other, "Ärendet är ditt.");

  await page.getByRole("button", { name: "Lägg åt sidan" }).click();
  await page.getByRole("alert").getByText("Ärendet har ändrats sedan du läste det").waitFor();
  expect(await page.getByLabel("Skäl").inputValue()).toBe("Väntar på <svar>");
  await page.getByRole("button", { name: "Lägg åt sidan" }).click();
  await says(page, "lagt åt sidan");
  await page.context().close();
  await other.context().close();
}, 60_000);

test("a file is told by its content, and comes back as a file only", async () => {
  const page = await newPage(false);
  await arrive(page, eva);
  await page.goto(`${town.url}/arenden/${town.caseNo}`);
  const attach = async (name: string, buffer: Buffer) => {
    await page.getByLabel("Bifoga fil").setInputFiles({ name, mimeType: "application/pdf", buffer });
    await page.getByRole("button", { name: "Bifoga", exact: true }).click();
  };
  await attach("körning.pdf", Buffer.from("MZ\u0000\u0001\u0002"));
  await page.getByRole("alert").getByText("Filen är inte bifogad.").waitFor();
  await attach("brev <b>.html", Buffer.from("<script>alert(1)</script>"));
  await says(page, "Filen är bifogad.");
  const href = await page.getByRole("link", { name: /^brev/ }).getAttribute("href");
  const file = await page.request.get(`${town.url}${href}`);
  expect(file.headers()["content-disposition"]).toMatch(/^attachment; /);
  expect(file.headers()["content-type"]).toMatch(/^text\/plain/);
  expect(await file.text()).toBe("<script>alert(1)</script>");
  await page.context().close();
}, 60_000);

test("somebody is looked for with a reason, and stands in no address", async () => {
  const page = await newPage(false);
  await arrive(page, eva);
  await page.goto(`${town.url}/arenden`);
  await page.getByText("Sök ärenden om en person").click();
  await page.getByLabel("Vem").selectOption("Personal");
  await page.getByLabel("Personnummer, nummer i källan eller namn").fill("Eva Nord");
  await page.getByLabel("Skäl. Det sparas i loggen").fill("Fråga från enhetschefen");
  await page.getByRole("button", { name: "Sök" }).click();
  await expect.poll(() => page.getByRole("link", { name: town.caseNo }).count(), { timeout: 10_000 }).toBe(1);
  expect(new URL(page.url()).search).toBe("");
  const { rows } = await town.database.pool.query<{ why: string }>(
    "SELECT why FROM access_log WHERE operation = 'search-staff'",
  );
  expect(rows.map(({ why }) => why)).toContain("Fråga från enhetschefen");
  await page.context().close();
}, 60_000);
