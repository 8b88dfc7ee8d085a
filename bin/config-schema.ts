#!/usr/bin/env node
// Writes klarsyn.schema.json, which editors check a configuration file with. With --check it only compares.
import { readFile, writeFile } from "node:fs/promises";
import { adapters } from "#adapters";
import { configurationSchema } from "#config";

const file = new URL("../klarsyn.schema.json", import.meta.url);
const text = `${JSON.stringify(configurationSchema(adapters), null, 2)}\n`;

if (process.argv.includes("--check")) {
  const written = await readFile(file, "utf8").catch(() => "");
  if (written !== text) {
    process.stderr.write(
      "klarsyn.schema.json differs from src/config.ts and the adapters. Run: node bin/config-schema.ts\n",
    );
    process.exitCode = 1;
  }
} else {
  await writeFile(file, text);
}
