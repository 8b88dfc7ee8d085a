/** One column of a result: what a table calls it and what a row holds there. */
export interface Column<Row> {
  title: string;
  of: (row: Row) => string | number | null;
  /** For spreadsheets, where it differs: an amount as a number that can be summed. */
  plain?: (row: Row) => string | number | null;
  align?: "right";
}

// A cell that begins so is run as a formula by spreadsheets; an apostrophe makes it text. Numbers keep their sign.
const formula = /^[=+\-@\t\r]/;

function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value).replace(".", ",");
  const safe = formula.test(value) ? `'${value}` : value;
  return /[";\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Semicolons and decimal comma, UTF-8 with BOM: what a Swedish spreadsheet opens as it is. */
export function csv<Row>(columns: ReadonlyArray<Column<Row>>, rows: Iterable<Row>): string {
  let out = `\uFEFF${columns.map((column) => csvCell(column.title)).join(";")}\r\n`;
  for (const row of rows) out += `${columns.map((column) => csvCell((column.plain ?? column.of)(row))).join(";")}\r\n`;
  return out;
}

// Anything but printable text would let a source's data steer the terminal.
const control = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function tableCell(value: string | number | null): string {
  if (value === null) return "–";
  return typeof value === "number" ? value.toLocaleString("sv-SE") : value.replace(control, "�");
}

export function table<Row>(columns: ReadonlyArray<Column<Row>>, rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => tableCell(column.of(row))));
  const widths = columns.map((column, index) =>
    Math.min(60, Math.max(column.title.length, ...cells.map((row) => row[index]?.length ?? 0))),
  );
  const line = (values: readonly string[]): string =>
    values
      .map((value, index) => {
        const width = widths[index] ?? 0;
        const cut = value.length > width ? `${value.slice(0, width - 1)}…` : value;
        return columns[index]?.align === "right" ? cut.padStart(width) : cut.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [
    line(columns.map((column) => column.title)),
    line(widths.map((width) => "─".repeat(width))),
    ...cells.map(line),
    "",
  ].join("\n");
}

/** Writes rows as asked for; `json` is what one JSON line holds. */
export async function render<Row>(
  rows: AsyncIterable<Row> | Iterable<Row>,
  format: string,
  { columns, json, empty }: { columns: ReadonlyArray<Column<Row>>; json: (row: Row) => unknown; empty: string },
): Promise<number> {
  let count = 0;
  if (format === "jsonl") {
    for await (const row of rows) {
      await write(`${JSON.stringify(json(row))}\n`);
      count++;
    }
    return count;
  }
  if (format === "csv") {
    await write(csv(columns, []));
    for await (const row of rows) {
      await write(csv(columns, [row]).split("\r\n").slice(1).join("\r\n"));
      count++;
    }
    return count;
  }
  const all: Row[] = [];
  for await (const row of rows) all.push(row);
  await write(all.length === 0 ? `${empty}\n` : table(columns, all));
  return all.length;
}

/** Whoever reads our output has seen enough, as `head` does: no failure. */
export class ReaderLeft extends Error {}

/** Standard output, waiting where the reader is slower than we are. Throws ReaderLeft where nobody reads any more. */
export async function write(text: string): Promise<void> {
  await new Promise<void>((written, failed) => {
    process.stdout.write(text, (error) => {
      if (!error) written();
      else failed("code" in error && error.code === "EPIPE" ? new ReaderLeft() : error);
    });
  });
}

/** Progress and warnings: everything that is not the result. */
export function say(text: string): void {
  process.stderr.write(`${text.replace(control, (mark) => (mark === "\n" ? mark : "\ufffd"))}\n`);
}

/** A line that is rewritten while work goes on; only on a terminal. */
export function progressLine(): { show: (text: string) => void; end: () => void } {
  const terminal = process.stderr.isTTY;
  let shown = 0;
  return {
    show(text) {
      if (!terminal || Date.now() - shown < 80) return;
      shown = Date.now();
      process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    },
    end() {
      if (terminal && shown > 0) process.stderr.write("\r\u001b[K");
    },
  };
}
