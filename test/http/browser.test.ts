import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "../support/browser.ts";
import { csrf } from "../support/signed-in.ts";
import { servedTown, violations } from "./town.ts";

let opened: Awaited<ReturnType<typeof openBrowser>>;
let town: Awaited<ReturnType<typeof servedTown>>;
beforeAll(async () => {
  town = await servedTown();
  opened = await openBrowser();
  // Somebody has signed in once: there is a user to look at.
  await using context = await opened.browser.newContext();
  await (await context.newPage()).goto(town.url);
}, 180_000);
afterAll(async () => {
  await opened?.close();
  await town?.[Symbol.asyncDispose]();
});

/** No page for people: for machines, a file, or only the way to another page. */
const noPage = [
  /^\/(healthz|readyz|metrics|openapi\.json|assets\/|api\/v1\/)/,
  /^\/(utseende|sprak)$/,
  /^\/logga-in/,
  /^\/arenden\/sok$/,
  /\/bilagor\/:id/,
];
/** What an address needs to show something; lists are as they come. */
const addresses: ReadonlyArray<readonly [RegExp, (path: string) => string]> = [
  [/^\/fynd$/, (path) => `${path}?regel=manual-share`],
  [/^\/avrakning$/, (path) => `${path}?manad=2026-09`],
  [/^\/avrakning\/underlag$/, (path) => `${path}?manad=2026-10&utforare=P1`],
  [/^\/arenden\/:no\{[^}]*\}-\\d\+\}\/post$/, () => town.rawRecord],
  [/^\/regler\/:id/, (path) => path.replace(/:id(\{[^}]*\})?/, "staff-overlap")],
  [/^\/anvandare\/:no/, () => "/anvandare/1"],
  [/^\/regler\/:id/, () => "/regler/staff-overlap"],
  [/^\/avtal\/:source/, () => "/avtal/files/K1"],
  [/^\/kallor\/:source/, () => "/kallor/files/providers"],
  [/^\/karantan\/:id/, () => "/karantan/1"],
  [/^\/api\/docs\/:part$/, () => "/api/docs/orders"],
  [/^\/arenden\/:no\{/, () => `/arenden/${town.caseNo}`],
  [/^\/bestallningar$/, (path) => `${path}?visa=all`],
  [/^\/bestallningar\/:id/, () => town.orderPath],
  [/^\/fragor\/:no/, () => `/fragor/${town.askedNo}`],
  [/^\/mottagare\/:id/, () => `/mottagare/${town.endpointId}`],
];

/** Every page that the router knows, so that none is forgotten. */
function pages(): string[] {
  const paths = new Set(town.routes.filter(({ method }) => method === "GET").map(({ path }) => path));
  const found = [...paths]
    .filter((path) => !noPage.some((pattern) => pattern.test(path)))
    .map((path) => addresses.find(([pattern]) => pattern.test(path))?.[1](path) ?? path);
  return [...found, "/arenden?state=closed", "/finns-inte"];
}

describe.each([
  { width: 360, colorScheme: "light" },
  { width: 360, colorScheme: "dark" },
  { width: 1280, colorScheme: "light" },
  { width: 1280, colorScheme: "dark" },
] as const)("at $width px, $colorScheme", ({ width, colorScheme }) => {
  test("every page can be read by everybody, is small, and takes nothing from elsewhere", async () => {
    await using context = await opened.browser.newContext({
      viewport: { width, height: 800 },
      colorScheme,
      // The page's own policy lets no other script run; axe is not the page's.
      bypassCSP: true,
    });
    const page = await context.newPage();
    const asked = new Set<string>();
    page.on("request", (request) => asked.add(new URL(request.url()).origin));
    const complaints: string[] = [];
    page.on("console", (message) => {
      // A page that is not there says so by its status, and the browser repeats it.
      if (message.type() === "error" && !message.text().includes("404")) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    const all = pages();
    expect(all.length).toBeGreaterThan(15);
    expect(all.filter((path) => path.includes(":"))).toEqual([]);
    const found: unknown[] = [];
    for (const path of all) {
      const response = await page.goto(`${town.openUrl}${path}`);
      const status = response!.status();
      expect(`${path} ${status}`).toBe(`${path} ${path === "/finns-inte" ? 404 : 200}`);
      for (const violation of await violations(page)) found.push([path, violation]);
      // The page itself never scrolls sideways; wide tables do, inside themselves.
      const sideways = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      if (sideways !== 0) found.push([path, "scrolls sideways", sideways]);
    }
    expect(found).toEqual([]);
    expect(complaints).toEqual([]);
    expect(asked).toEqual(new Set([town.openUrl]));
  }, 240_000);
});

test("no page is over 150 kB with its styles, uncompressed", async () => {
  for (const path of pages()) {
    const text = await (await fetch(`${town.openUrl}${path}`)).text();
    const used = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, asset = ""]) => asset);
    const sizes = await Promise.all(
      used.map(async (asset) => (await (await fetch(`${town.openUrl}${asset}`)).arrayBuffer()).byteLength),
    );
    const bytes = Buffer.byteLength(text) + sizes.reduce((sum, size) => sum + size, 0);
    expect(`${path}: ${bytes > 150_000 ? `${bytes} bytes` : "small"}`).toBe(`${path}: small`);
  }
}, 60_000);

test("files that pages use may be kept for ever, pages not at all", async () => {
  const page = await fetch(`${town.openUrl}/arenden`);
  expect(page.headers.get("cache-control")).toBe("no-store");
  expect(page.headers.get("content-security-policy")).toMatch(/script-src 'self';.*/);
  expect(page.headers.get("content-security-policy")).not.toContain("unsafe");
  const [, asset = ""] = /href="(\/assets\/designsystemet\.[0-9a-f]{12}\.css)"/.exec(await page.text()) ?? [];
  const styles = await fetch(`${town.openUrl}${asset}`);
  expect(styles.headers.get("cache-control")).toBe("max-age=31536000, immutable");
  // Its pictures are files of ours too.
  const text = await styles.text();
  expect(text).not.toContain("data:");
  const [, icon = ""] = /url\("(\/assets\/icon\.[0-9a-f]{12}\.svg)"\)/.exec(text) ?? [];
  expect((await fetch(`${town.openUrl}${icon}`)).headers.get("content-type")).toBe("image/svg+xml");
});

test("the look follows the device until somebody chooses, and leads back to where they were", async () => {
  await using context = await opened.browser.newContext({ colorScheme: "light", javaScriptEnabled: false });
  const page = await context.newPage();
  const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
  await page.goto(`${town.openUrl}/arenden?state=all`);
  const light = await background();
  await page.getByRole("link", { name: "Mörkt" }).click();
  await expect.poll(background, { timeout: 10_000 }).not.toBe(light);
  expect(page.url()).toBe(`${town.openUrl}/arenden?state=all`);
  const dark = await background();
  await page.emulateMedia({ colorScheme: "dark" });
  await page.getByRole("link", { name: "Ljust" }).click();
  await expect.poll(background, { timeout: 10_000 }).toBe(light);
  await page.getByRole("link", { name: "Som enheten" }).click();
  await expect.poll(background, { timeout: 10_000 }).toBe(dark);
  for (const till of ["//evil.example", "/\\evil.example", "https://evil.example", ""]) {
    const answer = await fetch(`${town.openUrl}/utseende?val=dark&till=${encodeURIComponent(till)}`, {
      redirect: "manual",
    });
    expect(answer.headers.get("location")).toBe("/");
  }
});

test("everything works without script: from the start to a rule's findings, on to the next page, to another month", async () => {
  await using context = await opened.browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(town.openUrl);
  await page.getByRole("link", { name: "Samma personal på två platser samtidigt" }).click();
  await page.waitForURL(/\?regel=staff-overlap$/);
  expect(await page.getByRole("row").count()).toBe(51);

  await page.getByLabel("Regel").selectOption("Alla regler");
  await page.getByRole("button", { name: "Visa", exact: true }).click();
  await page.getByRole("link", { name: "Nästa sida" }).click();
  await page.waitForURL(/efter=/);
  await page.getByRole("link", { name: "Nästa sida" }).click();
  await expect.poll(() => page.getByRole("row").count(), { timeout: 10_000 }).toBe(21);

  await page.getByRole("link", { name: "Avräkning" }).click();
  await page.getByLabel("Månad").selectOption("2026-09");
  await page.getByRole("button", { name: "Visa", exact: true }).click();
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Avräkning");
  expect(await page.getByRole("row").count()).toBe(6);
});

test("the queue is filtered, kept as a view and sorted without script", async () => {
  await using context = await opened.browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${town.openUrl}/arenden`);
  const all = (await page.getByRole("row").count()) - 1;
  await page.getByLabel("Regel").selectOption("Stor andel manuella registreringar");
  await page.getByRole("button", { name: "Visa", exact: true }).click();
  await page.waitForURL(/[?&]rule=manual-share/);
  const some = (await page.getByRole("row").count()) - 1;
  expect(some).toBeGreaterThan(0);
  expect(some).toBeLessThan(all);
  await page.locator("summary", { hasText: "Sparade vyer" }).click();
  await page.getByLabel("Spara den här vyn som").fill("Manuella <b>");
  await page.getByRole("button", { name: "Spara" }).click();
  await page.getByRole("status").getByText("Vyn är sparad.").waitFor();
  await page.goto(`${town.openUrl}/arenden`);
  await page.locator("summary", { hasText: "Sparade vyer" }).click();
  await page.getByRole("link", { name: "Manuella <b>" }).click();
  await page.waitForURL(/[?&]rule=manual-share/);
  expect((await page.getByRole("row").count()) - 1).toBe(some);
  await page.getByRole("columnheader", { name: "Nivå" }).getByRole("link").click();
  await page.waitForURL(/[?&]sort=certainty/);
  expect(await page.getByRole("columnheader", { name: "Nivå" }).getAttribute("aria-sort")).toBe("descending");
});

test("many cases are taken at once, and given back", async () => {
  await using context = await opened.browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${town.openUrl}/arenden?sort=age`);
  const boxes = page.getByRole("checkbox", { name: /^Markera 2/ });
  const last = await boxes.count();
  expect(last).toBeGreaterThan(2);
  await boxes.nth(last - 1).check();
  await boxes.nth(last - 2).check();
  await page.getByText("Gör något med de markerade").click();
  await page.getByLabel("Ta dem själv").check();
  await page.getByRole("button", { name: "Gör det" }).click();
  await page.getByRole("status").getByText("2 ärenden är ändrade.").waitFor();
  await page.getByRole("button", { name: "Ångra" }).click();
  await page.getByRole("status").getByText("2 ärenden är som förut.").waitFor();
});

test("single keys go through the list, take the next case, and can be switched off", async () => {
  await using context = await opened.browser.newContext();
  const page = await context.newPage();
  await page.goto(`${town.openUrl}/arenden`);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const second = await page.locator("[data-row] a").nth(0).textContent();
  await page.keyboard.press("k");
  expect(await page.evaluate("document.activeElement.textContent")).toBe(second);
  await page.keyboard.press("/");
  expect(await page.evaluate("document.activeElement.id")).toBe("nr");
  // In a box a letter is a letter.
  await page.keyboard.press("j");
  expect(await page.inputValue("#nr")).toBe("j");
  await page.goto(`${town.openUrl}/tillganglighet`);
  await page.getByLabel("Använd snabbtangenter").uncheck();
  await page.goto(`${town.openUrl}/arenden`);
  await page.keyboard.press("n");
  expect(new URL(page.url()).pathname).toBe("/arenden");
});

test("by keyboard the first stop leads past the menu", async () => {
  await using context = await opened.browser.newContext();
  const page = await context.newPage();
  await page.goto(town.openUrl);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  expect(new URL(page.url()).hash).toBe("#innehall");
});

test("a month is followed from the registered interval to öre, and taken home as a file", async () => {
  const about = "manad=2026-10&utforare=P1&rad=o-1-1";
  const page = await (await fetch(`${town.openUrl}/avrakning/underlag?${about}`)).text();
  expect(page).toContain("08:00–08:25");
  expect(page).toContain("25 min à 480,00 kr/tim = 200,00 kr");
  for (const [format, first] of [
    ["csv", "\uFEFFMånad;"],
    ["xlsx", "PK"],
    ["pdf", "%PDF"],
  ]) {
    const file = await fetch(`${town.openUrl}/avrakning/underlag/export`, {
      method: "POST",
      body: new URLSearchParams(
        `${about}&format=${format}&skal=${encodeURIComponent("Fakturan granskas.")}&_csrf=${encodeURIComponent(csrf)}`,
      ),
    });
    expect(file.headers.get("content-disposition")).toBe(`attachment; filename="avrakning-2026-10.${format}"`);
    expect(
      Buffer.from(await file.arrayBuffer())
        .toString()
        .startsWith(first!),
    ).toBe(true);
  }
  expect((await fetch(`${town.openUrl}/avrakning/underlag?manad=2026-10&utforare=P9`)).status).toBe(404);
  expect((await fetch(`${town.openUrl}/avrakning/underlag?manad=oktober`, { redirect: "manual" })).status).toBe(302);
});
