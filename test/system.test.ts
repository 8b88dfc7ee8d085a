import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { checkConfig } from "#config";
import { openLog } from "#log";
import { previewMapping, pullSources } from "#operations";
import { adapters, allRecords, mappingFolders, openSystem } from "#system";
import { testDatabase } from "./support/database.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const signal = new AbortController().signal;
const rows = "Besöksnummer;Enhet;Kund;Besöksdatum;Starttid;Sluttid\nb-1;U1;C1;2026-10-05;08:00;08:20\n";

/** A municipality that calls two columns of Phoniro's visits something else. */
async function municipality() {
  const folder = await mkdtemp(join(tmpdir(), "klarsyn-system-"));
  folders.push(folder);
  await mkdir(join(folder, "inbox"));
  await mkdir(join(folder, "mappings/phoniro"), { recursive: true });
  const builtin = await readFile(new URL("../mappings/phoniro/visits.yaml", import.meta.url), "utf8");
  const file = join(folder, "mappings/phoniro/visits.yaml");
  const text = `${builtin}columns:\n  BesöksId: [Besöksnummer]\n  Brukarnr: [Kundnummer, Kund]\n`;
  await writeFile(file, text);
  return { folder, file, text };
}

test("files with a municipality's own headers are read by its mapping", async () => {
  await using stored = await testDatabase();
  const { folder } = await municipality();
  await writeFile(join(folder, "inbox/besok-1.csv"), rows);
  const content = {
    municipality: { code: "0192", name: "Nynäshamn" },
    database: "${DATABASE_URL}",
    sources: [
      {
        id: "phoniro",
        adapter: "phoniro",
        settings: { folder: "./inbox", settleSeconds: 0 },
        mappings: "./mappings",
      },
    ],
  };
  const env = { DATABASE_URL: stored.url, KLARSYN_KEY: randomBytes(32).toString("base64"), KLARSYN_DATA: folder };
  const config = checkConfig(content, join(folder, "klarsyn.config.json"), env, adapters);
  await using system = await openSystem(config, { anySchema: false, log: openLog("silent") });
  const pulls = await pullSources(system, system.operator, { ids: [], signal });
  expect(pulls.find(({ resource }) => resource === "visits")).toMatchObject({ state: "ok", seen: 1, accepted: 1 });
  const { rows: visits } = await system.database.pool.query("SELECT id FROM visits");
  expect(visits).toEqual([{ id: "b-1" }]);
});

test("the check of a mapping reads a sample with those headers", async () => {
  const { file, text } = await municipality();
  const check = await previewMapping({
    file: { path: file, text },
    folders: mappingFolders(),
    records: allRecords(),
    adapters,
    sample: { name: "export.csv", bytes: Buffer.from(rows) },
    now: Date.parse("2026-10-06T03:00:00Z"),
  });
  expect(check).toMatchObject({ records: 1, refused: 0, rows: [{ entity: "visits", values: { id: "b-1" } }] });
});
