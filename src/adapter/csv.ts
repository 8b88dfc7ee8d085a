import { AppError } from "#errors";
import type { BrokenRecord, Page } from "./page.ts";

/** The columns of a table, by the names under which their cells are handed out. */
export interface Columns {
  /** Kept columns. Headers are matched without regard to case, spaces and form of å, ä, ö. */
  keep: readonly string[];
  /** Columns without which nothing of the file is read. `present` are the kept columns that the file has. */
  required: (present: ReadonlySet<string>) => readonly string[];
  /** Known columns that are dropped, and not reported as unexpected. */
  drop?: readonly string[];
  /** Other headers that a kept column may have in this municipality's files. */
  also?: Readonly<Record<string, readonly string[]>>;
}

export interface CsvOptions {
  /** The file's name, for messages. */
  place: string;
  columns: Columns;
  notice: (code: string, text: string) => void;
  recordsPerPage?: number;
  /** Characters of one record, line breaks in quoted fields included. */
  recordLengthMax?: number;
}

/** What a reader of a file knows of a page; the file's own facts are added by `readDeliveries`. */
export type RecordPage = Pick<Page, "records" | "lines" | "broken" | "unexpected">;

export const RECORDS_PER_PAGE = 8_000;
export const RECORD_LENGTH_MAX = 1024 * 1024;
const BROKEN_TEXT_MAX = 60_000;
const HEADER_ROWS_SEARCHED = 20;
const COLUMNS_MAX = 2_000;

/** A file that cannot be read as what it should be; nothing more of it is applied. */
export class InvalidFile extends AppError {
  readonly code = "adapter.invalid-file";
  readonly kind = "invalid";

  constructor(place: string, what: string) {
    super(`File ${place}: ${what}`, { place });
  }
}

const QUOTE = 34;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BYTE_ORDER_MARK = 0xfeff;
/** Everything of C0 and C1 but tab and line breaks. */
const controls = /[\0-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
const controlsAll = new RegExp(controls.source, "g");

/** "BesöksId", "besöks id" and " BESÖKSID" are one header. */
export function headerKey(header: string): string {
  return header
    .normalize("NFC")
    .replace(/[\s\uFEFF\u0000-\u001f\u007f-\u009f]+/g, "")
    .toLowerCase();
}

/** A cell without the spaces around it. Written out: `trim` on every cell would cost a tenth of the reading. */
function cellOf(text: string, start: number, end: number): string | undefined {
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return start === end ? undefined : text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code <= 32 || code === 160 || code === BYTE_ORDER_MARK;
}

/** First words of rows that sum up others, in reports made for reading. */
const subtotal =
  /^(del)?summa\b|^(sub|grand )?total(t|summa)?\b|^antal( (besök|rader|poster|timmar))?\s*:?$|^sida \d+/i;

/** How the cells of a file's rows are placed. */
interface Layout {
  /** Number of cells in the header. */
  width: number;
  /** Slot in `cells` of each cell of a row; -1: not kept. */
  slots: Int32Array;
  /** Makes the record of the cells of one row; the same hidden class for all rows of the file. */
  record: (cells: ReadonlyArray<string | undefined>) => object;
  /** Slots of the required columns. */
  required: Int32Array;
  /** First two characters of the header, lower case, of the first required column: what starts so may be a repeated header. */
  headerStart: string;
  headerKeys: readonly string[];
  /** The header's cells as they stand: another page may have them in another order. */
  headerCells: ReadonlySet<string>;
  unexpected: readonly string[];
}

/** The cells of one row, slowly and completely: for header rows. */
function splitRow(row: string, delimiter: string): string[] {
  const cells: string[] = [];
  let position = 0;
  for (;;) {
    let cell = "";
    if (row[position] === '"') {
      let end = row.indexOf('"', position + 1);
      while (end !== -1 && row[end + 1] === '"') end = row.indexOf('"', end + 2);
      if (end === -1) end = row.length;
      cell = row.slice(position + 1, end).replaceAll('""', '"');
      position = end + 1;
    }
    const next = row.indexOf(delimiter, position);
    cell += row.slice(position, next === -1 ? row.length : next);
    cells.push(cell.trim());
    if (next === -1 || cells.length > COLUMNS_MAX) return cells;
    position = next + 1;
  }
}

function nameByHeader({ keep, also = {} }: Columns): Map<string, string> {
  const names = new Map(keep.map((name) => [headerKey(name), name]));
  for (const [name, headers] of Object.entries(also)) {
    for (const header of headers) names.set(headerKey(header), name);
  }
  return names;
}

function layoutOf(place: string, header: readonly string[], columns: Columns): Layout {
  const keys = header.map(headerKey);
  const slotByName = new Map<string, number>();
  const present: string[] = [];
  const slots = new Int32Array(header.length).fill(-1);
  const kept = nameByHeader(columns);
  const dropped = new Set((columns.drop ?? []).map(headerKey));
  const unexpected: string[] = [];
  keys.forEach((key, index) => {
    const name = kept.get(key);
    if (name === undefined) {
      if (key !== "" && !dropped.has(key)) {
        unexpected.push((header[index] ?? "").replace(controlsAll, "").slice(0, 80));
      }
      return;
    }
    if (slotByName.has(name)) throw new InvalidFile(place, `column "${name}" stands twice in the header; keep one.`);
    slotByName.set(name, present.length);
    slots[index] = present.length;
    present.push(name);
  });
  const required = columns.required(new Set(present));
  const missing = required.filter((name) => !slotByName.has(name));
  if (missing.length > 0) {
    const names = missing.map((name) => `"${name}"`).join(", ");
    throw new InvalidFile(
      place,
      `the required column${missing.length === 1 ? "" : "s"} ${names} ${missing.length === 1 ? "is" : "are"} missing; nothing was read.`,
    );
  }
  return {
    width: header.length,
    slots,
    record: recordMaker(present),
    required: Int32Array.from(required, (name) => slotByName.get(name) ?? -1),
    headerStart: (header[slots.indexOf(slotByName.get(required[0] ?? "") ?? 0)] ?? "").slice(0, 2).toLowerCase(),
    headerKeys: keys,
    headerCells: new Set(header),
    unexpected: unexpected.slice(0, 50),
  };
}

/**
 * A function that is written for these columns, so that all records of a file get one hidden class; filling an empty
 * object by name takes several times as long. The names are those of the record shape, never the file's.
 */
function recordMaker(names: readonly string[]): Layout["record"] {
  const properties = names.map((name, slot) => `${JSON.stringify(name)}: cells[${slot}]`);
  // oxlint-disable-next-line no-implied-eval, no-new-func -- Only names from our own declarations get in.
  return new Function("cells", `return { ${properties.join(", ")} };`) as Layout["record"];
}

const delimiters = [";", ",", "\t"] as const;

interface Row {
  cells: string[];
  /** Where the row starts, and where the next one does. */
  start: number;
  end: number;
}

/** The first rows of a text, with one delimiter. */
function firstRows(text: string, delimiter: string): Row[] {
  const rows: Row[] = [];
  let start = 0;
  while (start < text.length && rows.length < HEADER_ROWS_SEARCHED) {
    let quoted = false;
    let end = start;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === QUOTE) quoted = !quoted;
      else if (!quoted && (code === LINE_FEED || code === CARRIAGE_RETURN)) break;
    }
    const cells = splitRow(text.slice(start, end), delimiter);
    if (text.charCodeAt(end) === CARRIAGE_RETURN && text.charCodeAt(end + 1) === LINE_FEED) end++;
    rows.push({ cells, start, end: Math.min(end + 1, text.length) });
    start = end + 1;
  }
  return rows;
}

interface Header extends Row {
  delimiter: string;
}

/** The row with most of the known columns: titles and "sep=;" may stand before it. Null: nothing but blank rows. */
function findHeader(text: string, columns: Columns): Header | null {
  const known = nameByHeader(columns);
  let best: Header | null = null;
  let bestKnown = -1;
  for (const delimiter of delimiters) {
    for (const row of firstRows(text, delimiter)) {
      if (row.cells.every((cell) => headerKey(cell) === "")) continue;
      const matches = row.cells.filter((cell) => known.has(headerKey(cell))).length;
      if (matches > bestKnown) {
        best = { ...row, delimiter };
        bestKnown = matches;
      }
    }
  }
  return best;
}

function countLineBreaks(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === LINE_FEED || (code === CARRIAGE_RETURN && text.charCodeAt(at + 1) !== LINE_FEED)) count++;
  }
  return count;
}

/** Reads rows out of pieces of text into pages. One per file. */
class RowReader {
  readonly #place: string;
  readonly #columns: Columns;
  readonly #delimiter: number;
  readonly #delimiterText: string;
  readonly #recordsPerPage: number;
  readonly #lengthMax: number;
  #layout: Layout;
  #cells: Array<string | undefined> = [];
  #records: object[] = [];
  #lines: Int32Array;
  #broken: BrokenRecord[] = [];
  /** Line of the row that is read next. */
  #line: number;
  /** The end of an overlong line has not been seen yet. */
  #skipping = false;
  /** The piece has control characters somewhere: look at each row. */
  #suspect = false;
  #runaways = 0;
  pageHeaders = 0;
  subtotals = 0;
  cleaned = 0;
  rows = 0;

  constructor(header: Header, line: number, options: CsvOptions) {
    this.#place = options.place;
    this.#columns = options.columns;
    this.#delimiterText = header.delimiter;
    this.#delimiter = header.delimiter.charCodeAt(0);
    this.#recordsPerPage = options.recordsPerPage ?? RECORDS_PER_PAGE;
    this.#lengthMax = options.recordLengthMax ?? RECORD_LENGTH_MAX;
    this.#layout = layoutOf(this.#place, header.cells, options.columns);
    this.#lines = new Int32Array(this.#recordsPerPage);
    this.#line = line;
  }

  get unexpected(): readonly string[] {
    return this.#layout.unexpected;
  }

  get full(): boolean {
    return this.#records.length >= this.#recordsPerPage || this.#broken.length >= 500;
  }

  take(): RecordPage {
    const page: RecordPage = {
      records: this.#records,
      lines: this.#lines.subarray(0, this.#records.length),
      ...(this.#broken.length > 0 ? { broken: this.#broken } : {}),
    };
    this.#records = [];
    this.#broken = [];
    this.#lines = new Int32Array(this.#recordsPerPage);
    return page;
  }

  /** Looks once at a new piece, before its rows are read. */
  inspect(piece: string): void {
    this.#suspect = controls.test(piece);
  }

  /**
   * Reads rows from `start` until the page is full or the text has no whole row left. `final`: no more text follows.
   * Returns where the first row that was not read starts.
   */
  read(text: string, start: number, final: boolean): number {
    const delimiter = this.#delimiter;
    const length = text.length;
    let position = start;
    if (this.#skipping) {
      position = this.#skipLine(text, position);
      if (this.#skipping) return length;
    }
    while (position < length && !this.full) {
      const rowStart = position;
      const { slots, width } = this.#layout;
      const cells = this.#cells;
      let index = 0;
      let surplus = false;
      let whole = false;
      for (;;) {
        let cellStart = position;
        let cellEnd: number;
        let doubled = false;
        if (text.charCodeAt(position) === QUOTE) {
          let quote = position;
          for (;;) {
            quote = text.indexOf('"', quote + 1);
            if (quote === -1) break;
            const next = text.charCodeAt(quote + 1);
            if (next === delimiter || next === LINE_FEED || next === CARRIAGE_RETURN) break;
            if (quote + 1 === length) {
              // Without the next piece the quote may be the first of two.
              if (!final) quote = -1;
              break;
            }
            // A quote that nothing ends at is part of the text, also where the writer forgot to double it.
            if (next === QUOTE) {
              doubled = true;
              quote++;
            }
          }
          if (quote === -1) break;
          cellStart = position + 1;
          cellEnd = quote;
          position = quote + 1;
        } else {
          for (; position < length; position++) {
            const code = text.charCodeAt(position);
            if (code === delimiter || code === LINE_FEED || code === CARRIAGE_RETURN) break;
          }
          cellEnd = position;
        }
        if (index < width) {
          const slot = slots[index] as number;
          if (slot >= 0) {
            const cell = cellOf(text, cellStart, cellEnd);
            cells[slot] = doubled && cell !== undefined ? cell.replaceAll('""', '"') : cell;
          }
        } else if (cellEnd > cellStart) {
          surplus = true;
        }
        index++;
        const code = text.charCodeAt(position);
        if (code === delimiter) {
          position++;
          continue;
        }
        if (code === LINE_FEED) {
          position++;
          whole = true;
        } else if (code === CARRIAGE_RETURN) {
          if (position + 1 < length || final) {
            position += text.charCodeAt(position + 1) === LINE_FEED ? 2 : 1;
            whole = true;
          }
        } else {
          whole = final;
        }
        break;
      }
      if (!whole || position - rowStart > this.#lengthMax) {
        if (!whole && !final && length - rowStart <= this.#lengthMax) return rowStart;
        position = this.#giveUp(text, rowStart, whole);
        if (this.#skipping) return length;
        continue;
      }
      this.#row(text, rowStart, position, index, surplus);
      // A line break before the row's own lies in a quoted field.
      const lineFeed = text.indexOf("\n", rowStart);
      this.#line += lineFeed !== -1 && lineFeed < position - 1 ? countLineBreaks(text, rowStart, position) : 1;
    }
    return position;
  }

  /** A row whose end was not found within the limit: its first line is set aside, and reading goes on after it. */
  #giveUp(text: string, rowStart: number, whole: boolean): number {
    const reason =
      whole || text.length - rowStart > this.#lengthMax
        ? `Posten är längre än ${this.#lengthMax} tecken.`
        : "Ett citattecken som öppnar ett fält stängs aldrig.";
    this.#runaways++;
    // Each costs a second look at the text after it.
    if (this.#runaways > 100)
      throw new InvalidFile(this.#place, "more than 100 records have no end; nothing more was read.");
    this.#setAside(text, rowStart, Math.min(text.length, rowStart + BROKEN_TEXT_MAX), reason);
    this.#skipping = true;
    return this.#skipLine(text, rowStart);
  }

  /** After the next line break. */
  #skipLine(text: string, from: number): number {
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code !== LINE_FEED && code !== CARRIAGE_RETURN) continue;
      this.#skipping = false;
      this.#line++;
      return code === CARRIAGE_RETURN && text.charCodeAt(at + 1) === LINE_FEED ? at + 2 : at + 1;
    }
    return text.length;
  }

  #setAside(text: string, start: number, end: number, reason: string): void {
    const raw = text.slice(start, Math.min(end, start + BROKEN_TEXT_MAX));
    this.#broken.push({ line: this.#line, reason, text: raw.replace(/[\r\n]+$/, "") });
  }

  #row(text: string, start: number, end: number, count: number, surplus: boolean): void {
    const { width, required } = this.#layout;
    if (this.#suspect && !this.#clean(text, start, end)) return;
    if (count < width || surplus) {
      if (this.#summing(text, start, end)) return;
      const found = count === 1 ? "ett fält" : `${count} fält`;
      this.#setAside(text, start, end, `Raden har ${found}, rubriken ${width}.`);
      return;
    }
    const cells = this.#cells;
    for (let at = 0; at < required.length; at++) {
      if (cells[required[at] as number] === undefined && this.#summing(text, start, end)) return;
    }
    const first = cells[required[0] ?? 0];
    if (first !== undefined && this.#repeatedHeader(first, text, start, end)) return;
    this.#lines[this.#records.length] = this.#line;
    this.#records.push(this.#layout.record(cells));
    this.rows++;
  }

  /** True where the row is blank or sums up others: neither is a record. */
  #summing(text: string, start: number, end: number): boolean {
    const first = splitRow(text.slice(start, end).replace(/[\r\n]+$/, ""), this.#delimiterText).find(
      (cell) => headerKey(cell) !== "",
    );
    if (first === undefined) return true;
    if (!subtotal.test(first)) return false;
    this.subtotals++;
    return true;
  }

  /** True where the row is a page's header; its columns may have moved. */
  #repeatedHeader(first: string, text: string, start: number, end: number): boolean {
    const { headerStart, headerKeys, headerCells } = this.#layout;
    if (first.slice(0, headerStart.length).toLowerCase() !== headerStart && !headerCells.has(first)) return false;
    const header = splitRow(text.slice(start, end).replace(/[\r\n]+$/, ""), this.#delimiterText);
    if (!headerKeys.includes(headerKey(first))) return false;
    const keys = header.map(headerKey);
    const known = new Set(headerKeys);
    if (!keys.every((key) => known.has(key))) return false;
    this.pageHeaders++;
    if (keys.some((key, index) => key !== headerKeys[index])) {
      this.#layout = layoutOf(this.#place, header, this.#columns);
      this.#cells = [];
    }
    return true;
  }

  /** False where the row cannot be used. Other control characters than NUL become spaces. */
  #clean(text: string, start: number, end: number): boolean {
    const raw = text.slice(start, end);
    if (!controls.test(raw)) return true;
    if (raw.includes("\0")) {
      this.#setAside(text, start, end, "Raden innehåller NUL-tecken.");
      return false;
    }
    const cells = this.#cells;
    for (let slot = 0; slot < cells.length; slot++) {
      const cell = cells[slot];
      if (cell === undefined || !controls.test(cell)) continue;
      cells[slot] = cell.replace(controlsAll, " ").trim() || undefined;
      this.cleaned++;
    }
    return true;
  }
}

/**
 * Reads a table of quoted or unquoted fields, page by page. Empty cells are undefined, spaces around a cell are cut
 * off, formulas are text. Repeated page headers, blank rows and sums are left out and counted in a notice. A row that
 * does not fit the header is `broken`.
 * Throws InvalidFile before the first page where a required column is missing. Yields nothing for a file without text.
 */
export async function* readCsv(text: AsyncIterable<string>, options: CsvOptions): AsyncGenerator<RecordPage> {
  let reader: RowReader | null = null;
  let rest = "";
  let unexpected: readonly string[] = [];
  const pieces = text[Symbol.asyncIterator]();
  for (let final = false; !final;) {
    const next = await pieces.next();
    final = next.done === true;
    const piece: string = next.done === true ? "" : next.value;
    rest = rest === "" ? piece : rest + piece;
    let position = 0;
    if (reader === null) {
      // A header may lie after some lines of title.
      if (!final && rest.length < 64 * 1024) continue;
      const header = findHeader(rest, options.columns);
      if (header === null) {
        if (rest.length > RECORD_LENGTH_MAX) throw new InvalidFile(options.place, "no header was found.");
        continue;
      }
      position = header.end;
      reader = new RowReader(header, 1 + countLineBreaks(rest, 0, position), options);
      unexpected = reader.unexpected;
      reader.inspect(rest);
    } else if (piece !== "") {
      reader.inspect(rest);
    }
    for (;;) {
      const at: number = reader.read(rest, position, final);
      position = at;
      if (!reader.full) break;
      yield { ...reader.take(), ...(unexpected.length > 0 ? { unexpected } : {}) };
      unexpected = [];
    }
    rest = position === rest.length ? "" : rest.slice(position);
  }
  if (reader === null) return;
  yield { ...reader.take(), ...(unexpected.length > 0 ? { unexpected } : {}) };
  for (const [count, code, what] of [
    [reader.pageHeaders, "repeated-header", "upprepade rubrikrader hoppades över"],
    [reader.subtotals, "subtotal-rows", "summarader hoppades över"],
    [reader.cleaned, "control-characters", "fält hade styrtecken, som ersattes med mellanslag"],
  ] as const) {
    if (count > 0) options.notice(code, `${options.place}: ${count} ${what}.`);
  }
}
