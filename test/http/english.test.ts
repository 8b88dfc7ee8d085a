import { afterAll, beforeAll, expect, test } from "vitest";
import { plain } from "./desk.ts";
import { servedTown, violations } from "./town.ts";
import { inEnglish } from "../../src/http/views/in-english.ts";
import { openBrowser } from "../support/browser.ts";
import { csrf } from "../support/signed-in.ts";

let town: Awaited<ReturnType<typeof servedTown>>;
beforeAll(async () => {
  town = await servedTown();
}, 120_000);
afterAll(() => town?.[Symbol.asyncDispose]());

const get = async (path: string, language = "en") =>
  (await fetch(`${town.openUrl}${path}`, { headers: { cookie: `sprak=${language}` } })).text();

test("the language is chosen at the foot of every page, which leads back to itself", async () => {
  const page = await get("/arenden?state=all", "sv");
  expect(page).toContain('<html lang="sv"');
  const [, href = ""] = /href="(\/sprak[^"]*)"/.exec(page) ?? [];
  const answer = await fetch(`${town.openUrl}${href.replaceAll("&amp;", "&")}`, { redirect: "manual" });
  expect(answer.headers.get("location")).toBe("/arenden?state=all");
  expect(answer.headers.get("set-cookie")).toContain("sprak=en");
  const elsewhere = await fetch(`${town.openUrl}/sprak?val=en&till=//evil.example`, { redirect: "manual" });
  expect(elsewhere.headers.get("location")).toBe("/");
  expect(await get("/arenden")).toContain('<html lang="en"');
});

test("menu, start, queue and case speak English, rules by their own titles", async () => {
  expect(plain(await get("/"))).toMatch(/Start Cases Findings .*Nobody has taken.*Take the next case/);
  const queue = plain(await get("/arenden"));
  for (const said of ["Take the next case", "Largest amount first", "One person at two places", "Do something with"])
    expect(queue).toContain(said);
  const kase = plain(await get(`/arenden/${town.caseNo}`));
  for (const said of [`Case ${town.caseNo}`, "What speaks for it", "Propose a decision", "Records that the finding"])
    expect(kase).toContain(said);
});

test("what is not the application's own words says that it is Swedish", async () => {
  const page = await get(`/arenden/${town.caseNo}`);
  expect(page).toMatch(/lang="sv"[^>]*>\s*Två besök överlappar med 12 minuter/);
  // Of the words that stand without a mark, none has a letter that English lacks.
  const unmarked = page
    .replaceAll(/<(\w+)[^>]*\blang="sv"[^>]*>[^<]*<\/\1>/g, "")
    .replaceAll(/<(\w+)[^>]*\blang="sv"[^>]*>[^<]*/g, "")
    .replaceAll(/<option[^>]*>[^<]*/g, "");
  const swedish = [...unmarked.matchAll(/>([^<]*[åäöÅÄÖ][^<]*)/g)].map(([, text = ""]) =>
    text.trim().replaceAll("Hemtjänsten Norr", ""),
  );
  // A provider's name may, and a person's initials.
  expect(swedish.filter((text) => /[åäö]/.test(text))).toEqual([]);
});

test("what somebody has written stays in their words, also where the application has the same ones", async () => {
  const post = async (path: string, fields: Record<string, string>) => {
    const body = new URLSearchParams({ _csrf: csrf, ...fields });
    expect((await fetch(`${town.openUrl}${path}`, { method: "POST", body, redirect: "manual" })).status).toBe(303);
  };
  const words = ["Ingen", "ja", "Rättat i källan", "Start <b>ja</b>"];
  for (const text of words) await post(`/arenden/${town.caseNo}/kommentar`, { text });
  const views = ["Ingen", "Norr, handläggare"];
  for (const name of views) await post("/arenden/vyer", { name, filter: "" });
  await post("/regler/staff-overlap/undantag", {
    vem: "unit/U1",
    fran: "2026-11-02",
    till: "2026-11-30",
    skal: "Utan beställning",
  });
  const kase = await get(`/arenden/${town.caseNo}`);
  for (const text of words)
    expect(kase).toContain(`<p><span lang="sv">${text.replaceAll("<", "&lt;").replaceAll(">", "&gt;")}</span></p>`);
  // The application's own are in English beside them.
  expect(plain(kase)).toContain("Comment");
  const queue = await get("/arenden");
  for (const name of views) {
    expect(queue).toMatch(new RegExp(`<a [^>]*><span lang="sv">${name}</span></a>`));
    const removed = `Remove <span class="ds-sr-only">the view <span lang="sv">${name}</span></span></button>`;
    expect(queue).toContain(removed);
  }
  expect(await get("/regler/staff-overlap")).toContain('<span lang="sv">Utan beställning</span>');
});

test("everything within an element in Swedish is left as it is, whatever stands in it", () => {
  const page =
    '<html lang="sv"><p>ja</p><div lang="sv" aria-label="ja">ja <div title="x">nej</div> <a aria-label="ja">ja</a></div><p>ja</p></html>';
  expect(inEnglish(page, new Map())).toBe(
    '<html lang="en"><p>yes</p><div lang="sv" aria-label="ja">ja <div title="x">nej</div> <a aria-label="ja">ja</a></div><p>yes</p></html>',
  );
});

test("everybody can read the pages in English too", async () => {
  const { browser, close } = await openBrowser();
  try {
    await using context = await browser.newContext({ bypassCSP: true });
    await context.addCookies([{ name: "sprak", value: "en", url: town.openUrl }]);
    const page = await context.newPage();
    for (const path of ["/", "/arenden", `/arenden/${town.caseNo}`, "/regler/staff-overlap", "/avrakning"]) {
      await page.goto(`${town.openUrl}${path}`);
      expect([path, await violations(page)]).toEqual([path, []]);
    }
  } finally {
    await close();
  }
}, 120_000);
