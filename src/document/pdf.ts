import { createRequire } from "node:module";
import PdfDocument from "pdfkit";
import type { Instant } from "#model";
import { plainText } from "./text.ts";

// An archive wants every font inside, and the standard fonts of PDF lack letters such as "→". Called by their paths: by
// another name the one that a document begins with would be opened anew each time.
const resolve = createRequire(import.meta.url).resolve;
const fonts = {
  plain: resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"),
  bold: resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf"),
};

const MARGIN = 48;
const FOOT = 20;
const PADDING = 8;
const sizes = { 1: 16, 2: 12, 3: 9.5, text: 8.5, small: 7.5 } as const;
const grey = "#555555";

export interface PdfColumn {
  title: string;
  /** Share of the width. */
  width: number;
  align?: "right";
}

/** A piece of a document, in the order in which it is read. */
export type Block =
  | { kind: "heading"; level: 2 | 3; text: string }
  /** `note`: smaller and grey. `quote`: what somebody else has written, moved in. `box`: what nobody may overlook. */
  | { kind: "text"; text: string; as?: "note" | "quote" | "box" }
  | { kind: "list"; items: readonly string[] }
  /** What something is, and its value. */
  | { kind: "facts"; rows: ReadonlyArray<readonly [name: string, value: string]> }
  | { kind: "table"; columns: readonly PdfColumn[]; rows: ReadonlyArray<readonly string[]> };

export interface PdfFile {
  title: string;
  author: string;
  /** At the foot of every page, beside its number. */
  foot: string;
  at: Instant;
  blocks: readonly Block[];
}

type Document = InstanceType<typeof PdfDocument>;
type Element = ReturnType<Document["struct"]>;

/** A document on A4 for an archive: PDF/A-2b, fonts inside, tagged for those who listen to it, in Swedish. */
export async function pdfA({ title, author, foot, at, blocks }: PdfFile): Promise<Buffer> {
  const document = new PdfDocument({
    size: "A4",
    margins: { top: MARGIN, bottom: MARGIN + FOOT, left: MARGIN, right: MARGIN },
    bufferPages: true,
    subset: "PDF/A-2b",
    pdfVersion: "1.7",
    tagged: true,
    lang: "sv-SE",
    displayTitle: true,
    font: fonts.plain,
    info: {
      Title: plainText(title),
      Author: author,
      Creator: "Klarsyn",
      CreationDate: new Date(at),
      ModDate: new Date(at),
    },
  });
  const pieces: Buffer[] = [];
  const done = new Promise<Buffer>((finished, failed) => {
    document.on("data", (piece: Buffer) => pieces.push(piece));
    document.on("end", () => finished(Buffer.concat(pieces)));
    document.on("error", failed);
  });
  const writer = new Writer(document);
  writer.heading(1, title);
  for (const block of blocks) writer.write(block);
  writer.end(foot);
  document.end();
  return done;
}

class Writer {
  readonly #document: Document;
  readonly #root: Element;
  readonly #letters: ReadonlySet<number>;

  constructor(document: Document) {
    this.#document = document;
    this.#root = document.struct("Document");
    document.addStructure(this.#root);
    this.#letters = lettersOf(document);
  }

  write(block: Block): void {
    switch (block.kind) {
      case "heading":
        return this.heading(block.level, block.text);
      case "text":
        return this.#text(block.text, block.as);
      case "list":
        return this.#list(block.items);
      case "facts":
        return this.#table(
          [
            { title: "", width: 1 },
            { title: "", width: 3 },
          ],
          block.rows,
        );
      case "table":
        return this.#table(block.columns, block.rows);
    }
  }

  heading(level: 1 | 2 | 3, text: string): void {
    const document = this.#document;
    const said = this.#printable(text);
    if (level > 1) document.moveDown(level === 2 ? 1.2 : 0.6);
    // Never alone at the foot of a page.
    this.#room(level === 3 ? 50 : 80);
    document.font(fonts.bold).fontSize(sizes[level]).fillColor("black");
    if (level === 2) document.outline.addItem(said);
    this.#element(this.#root, `H${level}`, () => document.text(said, MARGIN, document.y, { width: this.#width }));
    document.moveDown(0.3);
  }

  /** Writes the feet of all pages, which are no part of what is read. */
  end(foot: string): void {
    const document = this.#document;
    this.#root.end();
    const { start, count } = document.bufferedPageRange();
    for (let page = start; page < start + count; page++) {
      document.switchToPage(page);
      // Below the margin, where text would else begin a new page.
      document.page.margins.bottom = 0;
      const y = document.page.height - MARGIN;
      document.font(fonts.plain).fontSize(7).fillColor(grey);
      this.#artifact("Pagination", () => {
        document.text(this.#printable(foot), MARGIN, y, { lineBreak: false });
        const width = 80;
        const x = document.page.width - MARGIN - width;
        document.text(`sida ${page - start + 1} av ${count}`, x, y, { width, align: "right", lineBreak: false });
      });
    }
  }

  get #width(): number {
    return this.#document.page.width - 2 * MARGIN;
  }

  get #bottom(): number {
    return this.#document.page.height - MARGIN - FOOT;
  }

  #room(points: number): void {
    if (this.#document.y + points > this.#bottom) this.#document.addPage();
  }

  #element(parent: Element, kind: string, write?: () => unknown, scope?: "Column" | "Row"): void {
    const children = write === undefined ? [] : () => void write();
    // The types know nothing of the scope of a heading.
    const options = (scope === undefined ? {} : { scope }) as { title?: string };
    parent.add(this.#document.struct(kind, options, children));
  }

  /** What is there to be seen only. */
  #artifact(type: "Layout" | "Pagination", draw: () => void): void {
    this.#document.markContent("Artifact", { type });
    draw();
    this.#document.endMarkedContent();
  }

  #text(text: string, as?: "note" | "quote" | "box"): void {
    const document = this.#document;
    const said = this.#printable(text);
    const x = as === "quote" || as === "box" ? MARGIN + 10 : MARGIN;
    const width = this.#width - 2 * (x - MARGIN);
    document
      .font(fonts[as === "box" ? "bold" : "plain"])
      .fontSize(as === "note" ? sizes.small : sizes.text)
      .fillColor(as === "note" ? grey : "black");
    if (as === "box") {
      const height = document.heightOfString(said, { width }) + 12;
      this.#room(height);
      const { y } = document;
      this.#artifact("Layout", () =>
        document.lineWidth(1).strokeColor("black").rect(MARGIN, y, this.#width, height).stroke(),
      );
      document.y = y + 6;
    }
    this.#room(14);
    this.#element(this.#root, as === "quote" ? "BlockQuote" : "P", () =>
      document.text(said, x, document.y, { width, lineGap: 1 }),
    );
    document.y += as === "box" ? 12 : 4;
  }

  #list(items: readonly string[]): void {
    const document = this.#document;
    const list = document.struct("L");
    this.#root.add(list);
    document.font(fonts.plain).fontSize(sizes.text).fillColor("black");
    for (const item of items) {
      this.#room(14);
      const { y } = document;
      const row = document.struct("LI");
      list.add(row);
      this.#element(row, "Lbl", () => document.text("•", MARGIN, y, { width: 10 }));
      this.#element(row, "LBody", () =>
        document.text(this.#printable(item), MARGIN + 10, y, { width: this.#width - 10, lineGap: 1 }),
      );
      row.end();
      document.y += 2;
    }
    list.end();
    document.y += 3;
  }

  #table(columns: readonly PdfColumn[], rows: ReadonlyArray<readonly string[]>): void {
    const document = this.#document;
    const all = columns.reduce((sum, { width }) => sum + width, 0);
    const placed = columns.map(({ width, ...column }) => ({ ...column, width: (width / all) * this.#width }));
    const heads = columns.map(({ title }) => this.#printable(title));
    const table = document.struct("Table");
    this.#root.add(table);
    const named = heads.some((head) => head !== "");
    if (named) {
      this.#room(40);
      this.#row(table, placed, heads, "head");
    }
    for (const row of rows) {
      const cells = placed.map((_, index) => this.#printable(row[index] ?? ""));
      document.font(fonts.plain).fontSize(sizes.small);
      const height = this.#heightOf(placed, cells);
      const top = document.page.margins.top;
      if (height > this.#bottom - top - 30) this.#long(table, heads, cells);
      else {
        if (document.y + height > this.#bottom) {
          document.addPage();
          if (named) this.#artifact("Pagination", () => this.#row(null, placed, heads, "head"));
        }
        this.#row(table, placed, cells, named ? "row" : "fact");
      }
    }
    table.end();
    document.x = MARGIN;
    document.y += 6;
  }

  #heightOf(columns: readonly PdfColumn[], cells: readonly string[]): number {
    return (
      Math.max(
        ...cells.map((text, index) =>
          this.#document.heightOfString(text === "" ? " " : text, { width: columns[index]!.width - PADDING }),
        ),
      ) + PADDING
    );
  }

  /** Without a table, to be drawn only. The first cell of a fact says what the second is. */
  #row(
    table: Element | null,
    columns: readonly PdfColumn[],
    cells: readonly string[],
    as: "head" | "row" | "fact",
  ): void {
    const document = this.#document;
    const { y: top } = document;
    const row = table === null ? null : document.struct("TR");
    if (row !== null) table!.add(row);
    let x = MARGIN;
    let bottom = top;
    for (const [index, { width, align }] of columns.entries()) {
      const text = cells[index] ?? "";
      const head = as === "head" || (as === "fact" && index === 0);
      document
        .font(fonts[head ? "bold" : "plain"])
        .fontSize(sizes.small)
        .fillColor(as === "head" ? grey : "black");
      const left = x;
      const draw = () => document.text(text, left, top + 2, { width: width - PADDING, align: align ?? "left" });
      if (row === null) draw();
      else if (text === "") this.#element(row, "TD");
      else if (head) this.#element(row, "TH", draw, as === "head" ? "Column" : "Row");
      else this.#element(row, "TD", draw);
      if (text !== "") bottom = Math.max(bottom, document.y);
      x += width;
    }
    row?.end();
    document.y = bottom + 2;
    const { y } = document;
    const rule = () =>
      document
        .moveTo(MARGIN, y)
        .lineTo(MARGIN + this.#width, y)
        .lineWidth(0.3)
        .strokeColor("#bbbbbb")
        .stroke();
    if (row === null) rule();
    else this.#artifact("Layout", rule);
  }

  /** A row that fits on no page: its cells one below the other, each over as many pages as it takes. */
  #long(table: Element, heads: readonly string[], cells: readonly string[]): void {
    const document = this.#document;
    const row = document.struct("TR");
    table.add(row);
    for (const [index, text] of cells.entries()) {
      if (text === "") continue;
      this.#room(14);
      const said = heads[index] === "" ? text : `${heads[index]}: ${text}`;
      document.font(fonts.plain).fontSize(sizes.small).fillColor("black");
      this.#element(row, "TD", () => document.text(said, MARGIN, document.y + 2, { width: this.#width }));
    }
    row.end();
  }

  /** An archive refuses letters that its fonts lack. */
  #printable(text: string): string {
    let said = "";
    for (const letter of plainText(text).replaceAll("\t", "    ")) {
      said += letter === "\n" || this.#letters.has(letter.codePointAt(0)!) ? letter : "\ufffd";
    }
    return said;
  }
}

/** Letters that both fonts have. */
function lettersOf(document: Document): ReadonlySet<number> {
  const of = (name: keyof typeof fonts): Set<number> => {
    document.font(fonts[name]);
    // The types leave out what the font itself knows.
    const { _font: font } = document as unknown as { _font: { font: { characterSet: number[] } } };
    return new Set(font.font.characterSet);
  };
  return of("plain").intersection(of("bold"));
}
