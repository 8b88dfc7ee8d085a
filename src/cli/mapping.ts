import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { AppError } from "#errors";
import { type MappingCheck, previewMapping } from "#operations";
import { adapters, allRecords, mappingFolders } from "#system";
import { defineCommand } from "./command.ts";
import { table, write } from "./render.ts";
import { UsageError } from "./run.ts";

class FileNotReadable extends AppError {
  readonly code = "file.not-readable";
  readonly kind = "usage";
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new FileNotReadable(`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"}).`);
  }
}

export default defineCommand({
  name: "mapping",
  summary: "Check a mapping file, and show what a real export would become.",
  usage: "check FILE [--sample EXPORT]",
  needs: "nothing",
  positionals: { min: 2, max: 2 },
  options: { sample: { type: "string", value: "FILE", summary: "A file as the system delivers it" } },
  async run({ sample }, { positionals: [action, path = ""] }) {
    if (action !== "check") throw new UsageError(`mapping ${action ?? ""}: expected check.`);
    const check = await previewMapping({
      file: { path, text: read(path).toString("utf8") },
      folders: mappingFolders(),
      records: allRecords(),
      adapters,
      sample: sample === undefined ? null : { name: basename(sample), bytes: read(sample) },
      now: Date.now(),
    });
    await write(shown(check, sample !== undefined));
    return check.refused > 0 ? "incomplete" : "done";
  },
});

function shown(check: MappingCheck, sampled: boolean): string {
  const head = `${check.source}, version ${check.version}: fyller ${check.entities.join(", ")}. Filen är rätt skriven.\n`;
  if (!sampled) return head;
  const parts = [`${head}\n${check.records} poster lästa, ${check.refused} skulle hamna i karantän.\n`];
  for (const [index, { entity, values }] of check.rows.entries()) {
    const fields = Object.entries(values).map(([name, value]) => `  ${name}: ${value}`);
    parts.push(`\n${index + 1}. ${entity}\n${fields.join("\n")}\n`);
  }
  if (check.problems.length > 0) {
    parts.push(
      "\nSkulle hamna i karantän\n",
      table(
        [
          { title: "Fält", of: (row) => row.field },
          { title: "Värde", of: (row) => row.valueClass },
          { title: "Vad som är fel", of: (row) => row.rule },
          { title: "Antal", of: (row) => row.count, align: "right" },
        ],
        check.problems,
      ),
    );
  }
  if (check.warnings.length > 0) {
    parts.push(
      "\nAnmärkningar\n",
      table(
        [
          { title: "Fält", of: (row) => `${row.entity}.${row.field}` },
          { title: "Vad", of: (row) => row.code },
          { title: "Kod", of: (row) => row.value },
          { title: "Antal", of: (row) => row.count, align: "right" },
        ],
        check.warnings,
      ),
    );
  }
  parts.push(
    "\nIfyllda fält\n",
    table(
      [
        { title: "Fält", of: (row) => `${row.entity}.${row.field}` },
        { title: "Ifyllt", of: (row) => row.rows, align: "right" },
        { title: "Av", of: (row) => row.of, align: "right" },
      ],
      check.filled,
    ),
  );
  return parts.join("");
}
