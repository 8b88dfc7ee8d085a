import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { MappingFile } from "./load.ts";

/** The YAML files of a folder and the folders below it, in the order of their names. */
export function readMappingFolder(folder: string): MappingFile[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.ya?ml$/.test(path))
    .toSorted()
    .map((path) => ({ path: join(folder, path), text: readFileSync(join(folder, path), "utf8") }));
}
