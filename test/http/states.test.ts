import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp, listen } from "#http";
import { openBrowser } from "../support/browser.ts";
import { csrf, signedIn } from "../support/signed-in.ts";
import { testSystem } from "../support/system.ts";
import { servedTown, violations } from "./town.ts";

let opened: Awaited<ReturnType<typeof openBrowser>>;
let town: Awaited<ReturnType<typeof servedTown>>;
beforeAll(async () => {
  town = await servedTown();
  opened = await openBrowser();
  await post("/granskning/dra", { manad: "2026-10", antal: "3" });
}, 180_000);
afterAll(async () => {
  await opened?.close();
  await town?.[Symbol.asyncDispose]();
});

const post = (path: string, fields: Record<string, string>) =>
  fetch(`${town.openUrl}${path}`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ _csrf: csrf, ...fields }),
  });

const looks = [
  { width: 360, colorScheme: "dark" },
  { width: 1280, colorScheme: "light" },
] as const;

/** What of a state somebody cannot use, with everything that can be folded out. */
async function faults(page: Page): Promise<unknown[]> {
  await page.evaluate(`for (const one of document.querySelectorAll("details")) one.open = true`);
  const sideways = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  return [...(await violations(page)), ...(sideways === 0 ? [] : [["scrolls sideways", sideways]])];
}

describe.each(looks)("at $width px, $colorScheme", ({ width, colorScheme }) => {
  const open = async () => {
    const context = await opened.browser.newContext({
      viewport: { width, height: 800 },
      colorScheme,
      bypassCSP: true,
      reducedMotion: "reduce",
    });
    return { page: await context.newPage(), [Symbol.asyncDispose]: () => context.close() };
  };

  test("everything that is folded away can be read by everybody once it is open", async () => {
    await using at = await open();
    const { page } = at;
    for (const path of [
      "/",
      "/arenden",
      `/arenden/${town.caseNo}`,
      "/fynd?regel=manual-share",
      "/avrakning",
      "/avrakning/underlag?manad=2026-10&utforare=P1&rad=o-1-1",
      "/regler/staff-overlap",
      "/avtal/files/K1",
      "/logg",
      "/karantan/1",
    ]) {
      await page.goto(`${town.openUrl}${path}`);
      expect([path, await faults(page)]).toEqual([path, []]);
    }
  }, 180_000);

  test("so can a visit that is to be judged, and a judgement that says too little", async () => {
    await using at = await open();
    const { page } = at;
    await page.goto(`${town.openUrl}/granskning`);
    expect(await page.getByText("det här inräknat").count()).toBe(1);
    expect(await faults(page)).toEqual([]);
    await page.getByLabel("Anteckning").fill("Kort.");
    await page.getByRole("button", { name: "Spara och visa nästa" }).click();
    await page.getByText("Ingenting är sparat").waitFor();
    expect(await page.getByLabel("Anteckning").inputValue()).toBe("Kort.");
    expect(await faults(page)).toEqual([]);
  }, 60_000);

  test("so can the result of trying a rule, and a proposal that waits", async () => {
    await using at = await open();
    const { page } = at;
    await page.goto(`${town.openUrl}/regler/staff-overlap`);
    await page.locator('form[action$="/provning"] [name="from"]').fill("2026-10-01");
    await page.locator('form[action$="/provning"] [name="till"]').fill("2026-10-31");
    await page.locator('form[action$="/provning"] [name="p-minutesMin"]').fill(String(20 + width));
    await page.locator('form[action$="/provning"] button').first().click();
    await page.waitForURL(/\/provning$/);
    expect(await faults(page)).toEqual([]);
    const proposal = page.locator('form[action$="/forslag"]');
    await proposal.locator('[name="fran"]').fill("2026-12-01");
    await proposal.locator('[name="skal"]').fill("Överlämning tar tid.");
    await proposal.getByRole("button").last().click();
    await page.getByText("Överlämning tar tid.").first().waitFor();
    expect(await faults(page)).toEqual([]);
  }, 120_000);

  test("so can a form that comes back, and what was typed is still there", async () => {
    await using at = await open();
    const { page } = at;
    await page.goto(`${town.openUrl}/fynd?regel=manual-share`);
    await page.evaluate(`document.querySelector("form[action='/fynd/export']").closest("details").open = true`);
    await page.locator('form[action="/fynd/export"] [name="skal"]').fill("a     ");
    await page.getByRole("button", { name: "Ta ut" }).click();
    await page.getByText("Skriv ett skäl på 5 till 200 tecken").waitFor();
    expect(await page.getByLabel("Varför").inputValue()).toContain("a");
    expect(await faults(page)).toEqual([]);
  }, 60_000);
});

test("pages with nothing on them say so, and can be read by everybody", async () => {
  await using empty = await testSystem();
  const { system } = empty;
  const served = await listen(createApp(system, signedIn(system.operator)), "127.0.0.1", 0);
  await using context = await opened.browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  try {
    for (const path of [
      "/",
      "/arenden",
      "/fynd",
      "/avrakning",
      "/regler",
      "/regler/staff-overlap",
      "/avtal",
      "/larande",
      "/granskning",
      "/kallor",
      "/karantan",
      "/identiteter",
      "/anvandare",
      "/logg",
      "/logg/kontroll",
    ]) {
      await page.goto(`${served.url}${path}`);
      expect([path, await faults(page)]).toEqual([path, []]);
    }
  } finally {
    await served.stop();
  }
}, 180_000);
