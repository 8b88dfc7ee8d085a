import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp, listen } from "#http";
import { day, instant } from "#model";
import { readerOf } from "#operations";
import { endRun, type NewFinding, type NewSettlementLine, startRun, writeFindings, writeSettlement } from "#store";
import { openBrowser } from "../support/browser.ts";
import { signedIn } from "../support/signed-in.ts";
import { testSystem, uploadKey } from "../support/system.ts";

const at = instant("2026-11-01T03:30:00Z");
const require = createRequire(import.meta.url);

const findings = Array.from({ length: 120 }, (_, index): NewFinding => {
  return {
    id: `f-${index}`,
    ruleId: index < 5 ? "manual-share" : "staff-overlap",
    ruleVersion: 1,
    level: index < 5 ? "pattern" : "indicator",
    severity: "review",
    mode: "active",
    suppressed: null,
    subject: `f-${index}`,
    slice: `staff-day/S17/${index}`,
    fromDay: day("2026-10-05"),
    throughDay: day(index < 5 ? "2026-10-31" : "2026-10-05"),
    provider: "P1",
    unit: "U3",
    client: "pid:0123456789abcdef0123456789abcdef",
    staff: "S17",
    records: [],
    minutes: 12,
    amountOre: 9280,
    reason: "Två besök överlappar med 12 minuter, från 08:10 till 08:22, hos två brukare som inte bor ihop.",
    evidence: [],
  };
});

const lines = Array.from({ length: 120 }, (_, index): NewSettlementLine => {
  const minutes = { granted: 1860, planned: 1800, registered: 1702, payable: 1690, claimed: 1860, missed: 60 };
  return {
    slice: `client-month/C${index}/2026-10`,
    month: index < 5 ? "2026-09" : "2026-10",
    provider: `P${(index % 3) + 1}`,
    unit: "U3",
    client: `C${index}`,
    service: "omvardnad",
    order: "o-4",
    line: "o-4-1",
    contract: "K1",
    minutes: { ...minutes, declined: 0, noAnswer: 0, absent: 0, underDelivered: 0 },
    ore: { payable: 0, claimed: 0, overbilled: 131_750, unbilled: 0 },
    codes: {},
    trace: [],
    feeMinutes: 0,
    claims: [],
  };
});

/** A municipality after a night, served on a port of its own. */
async function serve() {
  const opened = await testSystem();
  const { system } = opened;
  const { database, tenantId } = system;
  await writeFindings(database, tenantId, { evaluated: "all", findings, at });
  await writeSettlement(database, tenantId, { evaluated: "all", lines, at });
  const run = await startRun(database, tenantId, { kind: "night", day: day("2026-11-01"), at });
  await endRun(database, run, { outcome: "done", at, summary: {} });
  const app = createApp(system, signedIn(readerOf(tenantId)));
  const provider = { id: "P1", organisationNumber: "212000-1355", name: "Hemtjänsten Norr", regime: "municipal" };
  for (const [name, text] of [
    ["providers.jsonl", `${JSON.stringify(provider)}\n{"id":"P2"}\nno record\n`],
    ["units.jsonl", '{"id":"U1","providerId":"P1","name":"Norr"}'],
    [
      "contracts.jsonl",
      '{"id":"K1","providerId":"P1","reference":"Avtal 1","validFrom":"2026-01-01","terms":{"price":[{"orePerHour":48000}]}}',
    ],
    [
      "orders.jsonl",
      '{"id":"o-1","clientId":"C1","unitId":"U1","status":"accepted","orderedAt":"2026-08-20T10:00","validFrom":"2026-09-01","lines":[{"id":"o-1-1","service":"omvardnad","minutes":30,"times":1,"per":"day"}]}',
    ],
    [
      "visits-2.jsonl",
      '{"id":"v-2","clientId":"C1","unitId":"U1","start":"2026-10-06T08:00","end":"2026-10-06T08:25","status":"completed","services":["omvardnad"]}',
    ],
    [
      "claims.jsonl",
      '{"id":"k-1","invoiceId":"i-1","providerId":"P1","clientId":"C1","service":"omvardnad","from":"2026-10-06","to":"2026-10-06","minutes":60,"amountOre":48000}',
    ],
    ["visits.csv", "Summa;1\nid;clientId;unitId;start;status\nv-1;C1;U1;2026-10-05T08:00:00Z;completed\nSumma;;;;\n"],
  ]) {
    await app.request(`/api/v1/intake/files?name=${name}`, {
      method: "POST",
      headers: { authorization: `Bearer ${uploadKey}`, "idempotency-key": String(name) },
      body: text ?? "",
    });
  }
  const { url, stop } = await listen(app, "127.0.0.1", 0);
  const close = async () => {
    await stop();
    await opened[Symbol.asyncDispose]();
  };
  return { url, close };
}

let opened: Awaited<ReturnType<typeof openBrowser>>;
let server: Awaited<ReturnType<typeof serve>>;
let axe: string;
beforeAll(async () => {
  axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
  server = await serve();
  opened = await openBrowser();
}, 120_000);
afterAll(async () => {
  await opened?.close();
  await server?.close();
});

// Of lists the short ones: a hundred rows are no other than five, and take as much longer.
const pages = [
  "/",
  "/fynd?regel=manual-share",
  "/avrakning?manad=2026-09",
  "/avrakning/underlag?manad=2026-10&utforare=P1",
  "/kallor",
  "/karantan",
  "/finns-inte",
];

describe.each([
  { width: 360, colorScheme: "light" },
  { width: 360, colorScheme: "dark" },
  { width: 1280, colorScheme: "light" },
  { width: 1280, colorScheme: "dark" },
] as const)("at $width px, $colorScheme", ({ width, colorScheme }) => {
  test.each(pages)("%s can be read by everybody, and takes nothing from elsewhere", async (path) => {
    // The page's own policy lets no script run; axe is not the page's.
    await using context = await opened.browser.newContext({
      viewport: { width, height: 800 },
      colorScheme,
      bypassCSP: true,
    });
    const page = await context.newPage();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).origin));
    const complaints: string[] = [];
    page.on("console", (message) => {
      // A page that is not there says so by its status, and the browser repeats it.
      if (message.type() === "error" && !message.text().includes("404")) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`${server.url}${path}`);
    expect(new Set(asked)).toEqual(new Set([server.url]));
    expect(complaints).toEqual([]);

    await page.evaluate(axe);
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: {
          run: () => Promise<{
            violations: Array<{ id: string; nodes: Array<{ html: string; failureSummary?: string }> }>;
          }>;
        };
      };
      return (await axe.run()).violations.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary]);
    });
    expect(violations).toEqual([]);

    // The page itself never scrolls sideways; wide tables do, inside themselves.
    const sideways = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(sideways).toBe(0);
  });
});

test("everything works without script: from the overview to a rule's findings, on to the next page, to another month", async () => {
  await using context = await opened.browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(server.url);
  await page.getByRole("link", { name: "Samma personal på två platser samtidigt" }).click();
  expect(new URL(page.url()).search).toBe("?regel=staff-overlap");
  expect(await page.getByRole("row").count()).toBe(101);

  await page.getByLabel("Regel").selectOption("Alla regler");
  await page.getByRole("button", { name: "Visa" }).click();
  expect(await page.getByRole("row").count()).toBe(101);
  await page.getByRole("link", { name: "Nästa sida" }).click();
  expect(await page.getByRole("row").count()).toBe(21);

  await page.getByRole("link", { name: "Avräkning" }).click();
  await page.getByLabel("Månad").selectOption("2026-09");
  await page.getByRole("button", { name: "Visa" }).click();
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Avräkning");
  expect(await page.getByRole("row").count()).toBe(6);
});

test("by keyboard the first stop leads past the menu", async () => {
  await using context = await opened.browser.newContext();
  const page = await context.newPage();
  await page.goto(server.url);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  expect(new URL(page.url()).hash).toBe("#innehall");
});

test("a month is followed from the registered interval to öre, and taken home as a file", async () => {
  const about = "manad=2026-10&utforare=P1&rad=o-1-1";
  const page = await (await fetch(`${server.url}/avrakning/underlag?${about}`)).text();
  expect(page).toContain("08:00–08:25");
  expect(page).toContain("25 min à 480,00 kr/tim = 200,00 kr");
  expect(page).toContain("M03 mer än ersättningen");
  for (const [format, first] of [
    ["csv", "\uFEFFMånad;"],
    ["xlsx", "PK"],
    ["pdf", "%PDF"],
  ]) {
    const file = await fetch(`${server.url}/avrakning/underlag/${format}?${about}`);
    expect(file.headers.get("content-disposition")).toBe(`attachment; filename="avrakning-2026-10.${format}"`);
    expect(
      Buffer.from(await file.arrayBuffer())
        .toString()
        .startsWith(first!),
    ).toBe(true);
  }
  expect((await fetch(`${server.url}/avrakning/underlag?manad=2026-10&utforare=P9`)).status).toBe(404);
  expect((await fetch(`${server.url}/avrakning/underlag?manad=oktober`, { redirect: "manual" })).status).toBe(302);
});
