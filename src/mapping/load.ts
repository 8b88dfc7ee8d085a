import { createHash } from "node:crypto";
import type { z } from "zod";
import { AppError } from "#errors";
import { applyRows } from "./apply.ts";
import { type CodeTable, compileMapping, mappingKeys, readCodes } from "./compile.ts";
import type { Mapping } from "./define.ts";
import { shapeOf } from "./shape.ts";
import { type Entries, type LoadProblem, YamlReader } from "./yaml-reader.ts";

export interface MappingFile {
  /** As messages show it. Files in a folder `codes` are code tables. */
  path: string;
  text: string;
}

export interface LoadOptions {
  /** Files of each folder. A mapping of the same source, or a code table of the same name, in a later folder replaces the earlier. */
  folders: ReadonlyArray<readonly MappingFile[]>;
  /** The record schema of every source: "phoniro/visits". */
  records: ReadonlyMap<string, z.ZodType>;
}

/** Mapping files that cannot be used: everything that is wrong with all of them. */
export class MappingsNotValid extends AppError {
  readonly code = "mapping.not-valid";
  readonly kind = "usage";
  readonly problems: readonly LoadProblem[];

  constructor(problems: readonly LoadProblem[]) {
    const lines = problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);
    super(lines.join("\n"), { problems: problems.length });
    this.problems = problems;
  }
}

interface OpenFile {
  reader: YamlReader;
  entries: Entries;
  text: string;
}

function open({ path, text }: MappingFile, allowed: readonly string[], problems: LoadProblem[]): OpenFile | null {
  const reader = new YamlReader(path, text, problems);
  const entries = reader.root === null ? null : reader.entries(reader.root, "the file", allowed);
  return entries === null ? null : { reader, entries, text };
}

function versionOf({ reader, entries }: OpenFile): number {
  const entry = entries.get("version");
  if (entry !== undefined) return reader.positiveInteger(entry.value, '"version"') ?? 0;
  if (reader.root !== null) reader.report(reader.root, 'The file needs "version".');
  return 0;
}

const codeTablePath = /(?:^|[\\/])codes[\\/]([^\\/]+)\.ya?ml$/;

function readTable(name: string, file: MappingFile, problems: LoadProblem[]): (CodeTable & { text: string }) | null {
  const opened = open(file, ["version", "codes"], problems);
  if (opened === null) return null;
  versionOf(opened);
  const codes = opened.entries.get("codes");
  if (codes === undefined && opened.reader.root !== null)
    opened.reader.report(opened.reader.root, 'A code table needs "codes".');
  return {
    name,
    reader: opened.reader,
    text: file.text,
    codes: codes === undefined ? new Map() : readCodes(opened.reader, codes.value),
  };
}

/** Throws MappingsNotValid with everything that is wrong. */
export function loadMappings({ folders, records }: LoadOptions): Map<string, Mapping> {
  const problems: LoadProblem[] = [];
  const mappings = collect({ folders, records }, problems);
  for (const source of records.keys()) {
    if (!mappings.has(source))
      problems.push({
        file: `mappings/${source}.yaml`,
        line: 1,
        column: 1,
        message: `No mapping for source ${source}.`,
      });
  }
  if (problems.length > 0) throw new MappingsNotValid(problems);
  return new Map([...mappings].map(([source, finish]) => [source, finish()]));
}

/** Reads one mapping file, with the code tables of `folders`. */
export function loadMapping(file: MappingFile, { folders, records }: LoadOptions): Mapping {
  const problems: LoadProblem[] = [];
  const tablesOnly = folders.map((files) => files.filter(({ path }) => codeTablePath.test(path)));
  const [finish] = collect({ folders: [...tablesOnly, [file]], records }, problems).values();
  if (problems.length > 0 || finish === undefined) throw new MappingsNotValid(problems);
  return finish();
}

function collect({ folders, records }: LoadOptions, problems: LoadProblem[]): Map<string, () => Mapping> {
  const tables = new Map<string, CodeTable & { text: string }>();
  const chosen = new Map<string, OpenFile>();
  for (const files of folders) {
    const here = new Map<string, string>();
    for (const file of files) {
      const table = codeTablePath.exec(file.path)?.[1];
      if (table !== undefined) {
        const read = readTable(table, file, problems);
        if (read !== null) tables.set(table, read);
        continue;
      }
      const opened = open(file, mappingKeys, problems);
      if (opened === null) continue;
      const entry = opened.entries.get("source");
      const source = entry === undefined ? null : opened.reader.text(entry.value, '"source"');
      if (entry === undefined || source === null || !records.has(source)) {
        if (entry === undefined && opened.reader.root !== null)
          opened.reader.report(opened.reader.root, 'The file needs "source".');
        else if (entry !== undefined && source !== null)
          opened.reader.unknown(entry.value, "The source", source, records.keys());
        continue;
      }
      const before = here.get(source);
      if (before !== undefined) opened.reader.report(entry.value, `${before} is already the mapping of ${source}.`);
      here.set(source, file.path);
      chosen.set(source, opened);
    }
  }
  return new Map([...chosen].map(([source, file]) => [source, compileFile(source, file, records, tables)]));
}

function compileFile(
  source: string,
  file: OpenFile,
  records: LoadOptions["records"],
  tables: ReadonlyMap<string, CodeTable & { text: string }>,
): () => Mapping {
  const version = versionOf(file);
  const schema = records.get(source);
  if (!file.entries.has("rows") && file.reader.root !== null)
    file.reader.report(file.reader.root, 'The file needs "rows".');
  const {
    rows,
    tables: used,
    columns,
  } = schema === undefined
    ? { rows: [], tables: new Set<string>(), columns: {} }
    : compileMapping(file.reader, file.entries, source, shapeOf(schema), tables);
  const hash = createHash("sha256").update(file.text);
  for (const name of [...used].toSorted()) hash.update(`\0${name}\0${tables.get(name)?.text ?? ""}`);
  const digest = hash.digest("hex");
  const mapping: Mapping = {
    source,
    file: file.reader.file,
    version,
    hash: digest,
    entities: [...new Set(rows.map((row) => row.entity))],
    columns,
    apply: (record, context) => applyRows(rows, record, context),
  };
  return () => mapping;
}
