// Makes the pictures in docs/screenshots of the demonstration's invented municipality: node bin/screenshots.ts
// With a folder it writes there: also what is looked at before a release and not kept: print, 200 % and a telephone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { openBrowser } from "../test/support/browser.ts";

const root = resolve(import.meta.dirname, "..");
const [elsewhere] = process.argv.slice(2);
const folder = elsewhere ?? join(root, "docs/screenshots");
const BYTES_MAX = 150_000;
const port = Number(process.env["PORT"] ?? 3456);
const url = `http://127.0.0.1:${port}`;

/** Signed in as somebody whom the demonstration offers. */
async function visit(browser: Browser, who: string, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "sv-SE", ...options });
  const page = await context.newPage();
  await page.goto(`${url}/logga-in`);
  await page.getByRole("button", { name: who }).click();
  await page.waitForURL(`${url}/`);
  return page;
}

async function shoot(page: Page, name: string, { part }: { part?: string } = {}): Promise<void> {
  const path = join(folder, `${name}.png`);
  if (part === undefined) await page.screenshot({ path });
  else await page.locator(part).first().screenshot({ path });
  const { size } = statSync(path);
  process.stdout.write(`${path}  ${size} bytes\n`);
  if (elsewhere === undefined && size > BYTES_MAX) throw new Error(`${path} is over ${BYTES_MAX} bytes.`);
}

/** The number of the first case that a filter of the queue lets through. */
async function caseOf(page: Page, filter: string): Promise<string> {
  await page.goto(`${url}/arenden?${filter}`);
  const text = await page.locator("tr[data-row] a").first().textContent();
  if (text === null) throw new Error(`No case for ${filter}.`);
  return text;
}

async function take(browser: Browser): Promise<void> {
  const handler = await visit(browser, "Anna Ek", { colorScheme: "light" });
  await shoot(handler, "start");
  await handler.goto(`${url}/arenden`);
  await shoot(handler, "arenden");
  const answered = await caseOf(handler, "state=explanation-received");
  await handler.goto(`${url}/arenden/${answered}`);
  await shoot(handler, "arende");
  const day = await caseOf(handler, "rule=staff-overlap&state=all");
  await handler.goto(`${url}/arenden/${day}`);
  await shoot(handler, "dagsbild", { part: "figure.picture" });
  const month = await caseOf(handler, "level=error&state=all");
  await handler.goto(`${url}/arenden/${month}`);
  await shoot(handler, "manadsbild", { part: "figure.picture:last-of-type" });
  await handler.goto(`${url}/avrakning`);
  await shoot(handler, "avrakning");

  const dark = await visit(browser, "Anna Ek", { colorScheme: "dark" });
  await shoot(dark, "start-mork");
  await dark.goto(`${url}/arenden/${answered}`);
  await shoot(dark, "arende-mork");

  const purchaser = await visit(browser, "Cecilia Holm", { colorScheme: "light" });
  await purchaser.goto(`${url}/regler`);
  await shoot(purchaser, "regler");
  await purchaser.goto(`${url}/avtal`);
  await purchaser.locator("main table a").first().click();
  await purchaser.waitForURL(/\/avtal\/.+/);
  await shoot(purchaser, "avtal");
  if (elsewhere === undefined) return;

  for (const [name, no] of [
    ["arende", answered],
    ["dagsbild", day],
    ["manadsbild", month],
  ] as const) {
    await handler.goto(`${url}/arenden/${no}`);
    await handler.pdf({ path: join(folder, `${name}.pdf`), format: "A4" });
    await handler.emulateMedia({ media: "print" });
    await handler.screenshot({ path: join(folder, `${name}-utskrift.png`), fullPage: true });
    await handler.emulateMedia({ media: "screen" });
  }
  for (const [name, options] of [
    ["200", { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2, reducedMotion: "reduce" }],
    ["360", { viewport: { width: 360, height: 740 } }],
  ] as const) {
    const page = await visit(browser, "Anna Ek", options);
    for (const path of ["/", "/arenden", `/arenden/${answered}`, `/arenden/${day}`, "/avrakning"]) {
      await page.goto(`${url}${path}`);
      const file = `${name}${path.replaceAll("/", "-")}.png`;
      await page.screenshot({ path: join(folder, file), fullPage: true });
    }
  }
}

mkdirSync(folder, { recursive: true });
const data = mkdtempSync(join(tmpdir(), "klarsyn-screenshots-"));
const demo = spawn(process.execPath, ["src/main.ts", "demo"], {
  cwd: root,
  env: { ...process.env, KLARSYN_DATA: data, PORT: String(port), LOG_LEVEL: "warn" },
  stdio: ["ignore", "ignore", "pipe"],
});
try {
  await new Promise<void>((done, failed) => {
    demo.stderr.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes(url)) done();
    });
    demo.once("exit", (code) => failed(new Error(`The demonstration ended with ${code}.`)));
  });
  const { browser, close } = await openBrowser();
  try {
    await take(browser);
  } finally {
    await close();
  }
} finally {
  demo.kill("SIGTERM");
  if (demo.exitCode === null) await once(demo, "exit");
  rmSync(data, { recursive: true, force: true });
}
