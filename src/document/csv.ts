import { type Cell, plainText, readsAsFormula } from "./text.ts";

const BYTES = 1 << 16;

/** A cell that a spreadsheet would take for a formula is made text. */
function cell(value: Cell, separator: string): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value).replace(".", ",");
  const text = `${readsAsFormula(value) ? "'" : ""}${plainText(value)}`;
  return text.includes(separator) || /["\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const line = (row: readonly Cell[], separator: string): string =>
  `${row.map((value) => cell(value, separator)).join(separator)}\r\n`;

/** Rows as a Swedish spreadsheet reads them: semicolons, decimal comma, UTF-8 with BOM. */
export function csvText(rows: ReadonlyArray<readonly Cell[]>, separator = ";"): string {
  return `\uFEFF${rows.map((row) => line(row, separator)).join("")}`;
}

/** The same, a piece at a time. */
export async function* csvStream(rows: AsyncIterable<readonly Cell[]>): AsyncGenerator<Uint8Array> {
  let text = "\uFEFF";
  for await (const row of rows) {
    text += line(row, ";");
    if (text.length < BYTES) continue;
    yield Buffer.from(text);
    text = "";
  }
  yield Buffer.from(text);
}
