import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/**
 * The browser of an npm package, unpacked into a folder of the run's own with the libraries and fonts that it needs:
 * the package leaves it in the common temporary folder otherwise, for its first user only.
 */
export async function openBrowser(): Promise<{ browser: Browser; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "klarsyn-browser-"));
  const executablePath = await unpacked(folder);
  const fonts = join(folder, "fonts");
  await writeFile(
    join(fonts, "fonts.conf"),
    `<?xml version="1.0"?><fontconfig><dir>${fonts}</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>`,
  );
  const browser = await chromium.launch({
    executablePath,
    // The package's own flags put everything into one process, which ends with the first window that is closed.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      FONTCONFIG_PATH: fonts,
      LD_LIBRARY_PATH: join(folder, "al2023/lib"),
    },
  });
  return {
    browser,
    async close() {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Where the browser is. The package brings its libraries only where it believes to be in a place that lacks them. */
async function unpacked(folder: string): Promise<string> {
  const before = { ...process.env };
  Object.assign(process.env, { TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: "nodejs24.x" });
  try {
    const { default: packed } = await import("@sparticuz/chromium");
    packed.setGraphicsMode = false;
    return await packed.executablePath();
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}
