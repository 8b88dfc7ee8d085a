import type { BrokenRecord } from "./page.ts";
import { InvalidFile, RECORD_LENGTH_MAX, RECORDS_PER_PAGE, type RecordPage } from "./csv.ts";

export interface LinesOptions {
  /** The file's name, for messages. */
  place: string;
  recordsPerPage?: number;
  /** Characters of one line. */
  recordLengthMax?: number;
}

const DEPTH_MAX = 16;
const VALUES_MAX = 20_000;
const BROKEN_TEXT_MAX = 60_000;
const BROKEN_PER_PAGE = 500;
const pollution = new Set(["__proto__", "constructor", "prototype"]);

/** What is wrong with a parsed value, in Swedish; null: nothing. */
function fault(value: unknown): string | null {
  let left = VALUES_MAX;
  const walk = (node: unknown, depth: number): string | null => {
    if (typeof node === "number") {
      return Number.isSafeInteger(node) || (Math.abs(node) < Number.MAX_SAFE_INTEGER && Number.isFinite(node))
        ? null
        : "Ett tal är för stort för att läsas exakt; skriv det som text.";
    }
    if (typeof node !== "object" || node === null) return null;
    if (depth > DEPTH_MAX) return `Posten är djupare nästlad än ${DEPTH_MAX} nivåer.`;
    for (const key in node) {
      if (--left < 0) return `Posten har fler än ${VALUES_MAX} värden.`;
      if (pollution.has(key)) return "Ett fält har ett namn som inte är tillåtet.";
      const found = walk((node as Record<string, unknown>)[key], depth + 1);
      if (found !== null) return found;
    }
    return null;
  };
  return walk(value, 1);
}

function parse(line: string): { record: object } | { reason: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's own message quotes the line.
    return { reason: "Raden är inte JSON." };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { reason: "Raden är inte ett JSON-objekt." };
  const reason = fault(value);
  return reason === null ? { record: value } : { reason };
}

/**
 * Reads JSON Lines, page by page. A line that is not an object, is too long or nested too deep, or whose keys could
 * reach into the program, is `broken`; the others go on. Blank lines are skipped.
 * Throws InvalidFile where the file is one JSON document instead. Yields nothing for a file without text.
 */
export async function* readJsonLines(text: AsyncIterable<string>, options: LinesOptions): AsyncGenerator<RecordPage> {
  const { place, recordsPerPage = RECORDS_PER_PAGE, recordLengthMax = RECORD_LENGTH_MAX } = options;
  let records: object[] = [];
  let lines = new Int32Array(recordsPerPage);
  let broken: BrokenRecord[] = [];
  let line = 0;
  let rest = "";
  /** The end of an overlong line has not been seen yet. */
  let skipping = false;
  let anything = false;

  const take = (): RecordPage => {
    const page: RecordPage = {
      records,
      lines: lines.subarray(0, records.length),
      ...(broken.length > 0 ? { broken } : {}),
    };
    records = [];
    broken = [];
    lines = new Int32Array(recordsPerPage);
    return page;
  };
  const read = (raw: string): void => {
    const content = raw.trim();
    if (content === "") return;
    if (!anything && (content === "[" || content === "{" || content.startsWith("[{"))) {
      throw new InvalidFile(place, "it is one JSON document; JSON Lines has one object on each line.");
    }
    anything = true;
    const outcome = parse(content);
    if ("record" in outcome) {
      lines[records.length] = line;
      records.push(outcome.record);
    } else {
      broken.push({ line, reason: outcome.reason, text: content.slice(0, BROKEN_TEXT_MAX) });
    }
  };
  const tooLong = (raw: string): void => {
    anything = true;
    broken.push({
      line,
      reason: `Posten är längre än ${recordLengthMax} tecken.`,
      text: raw.slice(0, BROKEN_TEXT_MAX),
    });
  };

  for await (const piece of text) {
    const whole: string = rest === "" ? piece : rest + piece;
    let start = 0;
    for (let end = whole.indexOf("\n"); end !== -1; end = whole.indexOf("\n", start)) {
      line++;
      if (skipping) skipping = false;
      else if (end - start > recordLengthMax) tooLong(whole.slice(start, start + BROKEN_TEXT_MAX));
      else read(whole.slice(start, end));
      start = end + 1;
      if (records.length >= recordsPerPage || broken.length >= BROKEN_PER_PAGE) yield take();
    }
    rest = start === 0 ? whole : whole.slice(start);
    if (!skipping && rest.length > recordLengthMax) {
      line++;
      tooLong(rest);
      line--;
      skipping = true;
    }
    if (skipping) rest = "";
  }
  line++;
  if (!skipping) read(rest);
  if (anything) yield take();
}
