import { nearest } from "#model";
import { LineCounter, type Node, isMap, isScalar, isSeq, parseDocument } from "yaml";

/** Something wrong in a mapping file. */
export interface LoadProblem {
  file: string;
  line: number;
  column: number;
  message: string;
}

export interface Entry {
  key: Node;
  value: Node;
}

export type Entries = ReadonlyMap<string, Entry>;

/** Reads one YAML file by hand-made shape, and reports what is wrong with line and column, everything at once. */
export class YamlReader {
  readonly file: string;
  /** Null where the file is empty or no YAML at all; then that has been reported. */
  readonly root: Node | null;
  readonly #lines = new LineCounter();
  readonly #problems: LoadProblem[];

  constructor(file: string, text: string, problems: LoadProblem[]) {
    this.file = file;
    this.#problems = problems;
    const document = parseDocument(text, { lineCounter: this.#lines, uniqueKeys: true, prettyErrors: false });
    for (const error of document.errors) this.#add(error.pos[0], `This is not YAML: ${error.message}.`);
    this.root = document.errors.length > 0 ? null : (document.contents as Node | null);
    if (document.errors.length === 0 && this.root === null) this.#add(0, "The file is empty.");
  }

  #add(offset: number, message: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.#problems.push({ file: this.file, line: Math.max(line, 1), column: Math.max(col, 1), message });
  }

  report(node: Node, message: string): void {
    this.#add(node.range?.[0] ?? 0, message);
  }

  /** Reports a name that does not exist, with the nearest one that does. */
  unknown(node: Node, what: string, wrong: string, names: Iterable<string>): void {
    const all = [...names];
    const near = nearest(wrong, all);
    const hint =
      near !== null
        ? ` Did you mean "${near}"?`
        : all.length > 0 && all.length <= 12
          ? ` Known: ${all.toSorted().join(", ")}.`
          : "";
    this.report(node, `${what} "${wrong}" does not exist.${hint}`);
  }

  /** The entries of a mapping; keys are kept as they are written, so that a code 01 stays "01". */
  entries(node: Node, what: string, allowed: readonly string[] | null = null): Entries | null {
    if (!isMap(node)) {
      this.report(node, `${what} must be a mapping of names to values.`);
      return null;
    }
    const found = new Map<string, Entry>();
    for (const pair of node.items) {
      const key = pair.key as Node;
      const name = isScalar(key)
        ? typeof key.value === "string"
          ? key.value
          : (key.source ?? String(key.value))
        : null;
      if (name === null) {
        this.report(key, `${what} has a key that is not a word.`);
        continue;
      }
      if (allowed !== null && !allowed.includes(name)) {
        this.unknown(key, `In ${what}, the key`, name, allowed);
        continue;
      }
      if (pair.value === null) {
        this.report(key, `"${name}" has no value.`);
        continue;
      }
      found.set(name, { key, value: pair.value as Node });
    }
    return found;
  }

  /** The items of a list; a single value counts as a list of one. */
  items(node: Node): readonly Node[] {
    return isSeq(node) ? (node.items as Node[]) : [node];
  }

  /** Text, number, boolean or null; undefined (and reported) where it is a list or a mapping. */
  scalar(node: Node, what: string): string | number | boolean | null | undefined {
    if (isScalar(node)) {
      const { value } = node;
      if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
        return value;
    }
    this.report(node, `${what} must be a single value.`);
    return undefined;
  }

  text(node: Node, what: string): string | null {
    const value = this.scalar(node, what);
    if (value === undefined) return null;
    if (typeof value === "string" && value.trim() !== "") return value;
    this.report(node, `${what} must be text.`);
    return null;
  }

  /** As text, the way it is written: `01` is "01". */
  word(node: Node, what: string): string | null {
    if (isScalar(node) && typeof node.value !== "string" && node.source !== undefined) return node.source;
    const value = this.scalar(node, what);
    return value === undefined ? null : String(value);
  }

  positiveInteger(node: Node, what: string): number | null {
    const value = this.scalar(node, what);
    if (value === undefined) return null;
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    this.report(node, `${what} must be a whole number above 0.`);
    return null;
  }

  boolean(node: Node, what: string): boolean | null {
    const value = this.scalar(node, what);
    if (value === undefined) return null;
    if (typeof value === "boolean") return value;
    this.report(node, `${what} must be true or false.`);
    return null;
  }
}
