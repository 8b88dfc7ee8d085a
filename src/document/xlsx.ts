import type { Instant } from "#model";
import { type Cell, plainText, readsAsFormula } from "./text.ts";
import { type ArchiveFile, zip } from "./zip.ts";

/** Rows of a sheet and characters of a cell at most: Excel refuses a file with more. */
const ROWS_MAX = 1_048_576;
const CHARACTERS_MAX = 32_767;
const PIECE = 1 << 16;

const namespace = "http://schemas.openxmlformats.org";
const xml = (text: string): Buffer => Buffer.from(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${text}`);
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Styles: 0 as it is, 1 bold, 2 text that stays text when somebody edits the cell. */
const styles = xml(
  `<styleSheet xmlns="${namespace}/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>` +
    `<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill>` +
    `<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>` +
    `<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/>` +
    `<xf xfId="0" quotePrefix="1"/></cellXfs></styleSheet>`,
);

/** Text is written as text: nothing in it becomes a formula. "_x0041_" would be read as "A". */
function cell(value: Cell, head: boolean): string {
  if (value === null || value === "") return "<c/>";
  if (typeof value === "number") return `<c><v>${value}</v></c>`;
  const text = plainText(value)
    .slice(0, CHARACTERS_MAX)
    .toWellFormed()
    .replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_");
  const style = head ? ' s="1"' : readsAsFormula(value) ? ' s="2"' : "";
  return `<c t="inlineStr"${style}><is><t xml:space="preserve">${escaped(text)}</t></is></c>`;
}

/**
 * A workbook with a head and its rows, a piece at a time. What does not fit into one sheet goes on in the next. The
 * package that writes the statements' workbooks holds all cells at once, which a long list does not allow.
 */
export function xlsxStream(
  { title, head, at }: { title: string; head: readonly string[]; at: Instant },
  rows: AsyncIterable<readonly Cell[]>,
): AsyncGenerator<Uint8Array> {
  return zip(parts(title, head, rows[Symbol.asyncIterator]()), at);
}

async function* parts(
  title: string,
  head: readonly string[],
  rows: AsyncIterator<readonly Cell[]>,
): AsyncGenerator<ArchiveFile> {
  let sheets = 0;
  for (let next = await rows.next(); sheets === 0 || next.done !== true;) {
    async function* sheet(): AsyncGenerator<Uint8Array> {
      const { text } = beginning(head);
      let piece = text;
      for (let row = 1; row < ROWS_MAX && next.done !== true; row++) {
        piece += `<row>${next.value.map((value) => cell(value, false)).join("")}</row>`;
        next = await rows.next();
        if (piece.length < PIECE) continue;
        yield Buffer.from(piece);
        piece = "";
      }
      yield Buffer.from(`${piece}</sheetData></worksheet>`);
    }
    sheets++;
    yield { path: `xl/worksheets/sheet${sheets}.xml`, content: sheet() };
  }
  yield* frame(title, sheets);
}

function beginning(head: readonly string[]): { text: string } {
  const columns = head.map(
    (name, index) =>
      `<col min="${index + 1}" max="${index + 1}" width="${Math.max(12, name.length + 4)}" customWidth="1"/>`,
  );
  return {
    text:
      xml(`<worksheet xmlns="${namespace}/spreadsheetml/2006/main">`).toString() +
      `<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
      `<cols>${columns.join("")}</cols><sheetData><row>${head.map((name) => cell(name, true)).join("")}</row>`,
  };
}

function* frame(title: string, sheets: number): Generator<ArchiveFile> {
  const all = Array.from({ length: sheets }, (_, index) => index + 1);
  // Names of sheets are short and lack these characters.
  const name = escaped(
    plainText(title)
      .replaceAll(/[[\]:*?/\\]/g, " ")
      .slice(0, 25),
  );
  const type = "application/vnd.openxmlformats-officedocument.spreadsheetml";
  const relations = `${namespace}/officeDocument/2006/relationships`;
  yield { path: "xl/styles.xml", content: styles };
  yield {
    path: "xl/workbook.xml",
    content: xml(
      `<workbook xmlns="${namespace}/spreadsheetml/2006/main" xmlns:r="${relations}"><sheets>${all
        .map((no) => `<sheet name="${name}${no === 1 ? "" : ` (${no})`}" sheetId="${no}" r:id="rId${no}"/>`)
        .join("")}</sheets></workbook>`,
    ),
  };
  yield {
    path: "xl/_rels/workbook.xml.rels",
    content: xml(
      `<Relationships xmlns="${namespace}/package/2006/relationships">${all
        .map((no) => `<Relationship Id="rId${no}" Type="${relations}/worksheet" Target="worksheets/sheet${no}.xml"/>`)
        .join("")}<Relationship Id="rId${sheets + 1}" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
    ),
  };
  yield {
    path: "_rels/.rels",
    content: xml(
      `<Relationships xmlns="${namespace}/package/2006/relationships"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ),
  };
  yield {
    path: "[Content_Types].xml",
    content: xml(
      `<Types xmlns="${namespace}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
        `<Override PartName="/xl/workbook.xml" ContentType="${type}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${type}.styles+xml"/>${all
          .map((no) => `<Override PartName="/xl/worksheets/sheet${no}.xml" ContentType="${type}.worksheet+xml"/>`)
          .join("")}</Types>`,
    ),
  };
}
