#!/usr/bin/env node
// Writes klarsyn.schema.json and contract-terms.schema.json, with which editors check a configuration file and the terms
// of a contract. With --check it only compares.
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { adapters } from "#adapters";
import { configurationSchema } from "#config";
import { contractTerms } from "#model";

const schemas = [
  { name: "klarsyn.schema.json", schema: configurationSchema(adapters), from: "src/config.ts and the adapters" },
  {
    name: "contract-terms.schema.json",
    schema: { title: "Terms of a contract", ...z.toJSONSchema(contractTerms, { io: "input" }) },
    from: "src/model/contract-terms.ts",
  },
];

for (const { name, schema, from } of schemas) {
  const file = new URL(`../${name}`, import.meta.url);
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  if (!process.argv.includes("--check")) await writeFile(file, text);
  else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
    process.stderr.write(`${name} differs from ${from}. Run: node bin/config-schema.ts\n`);
    process.exitCode = 1;
  }
}
