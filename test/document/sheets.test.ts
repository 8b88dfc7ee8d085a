import { unzipSync } from "fflate";
import { XMLParser } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import { type Cell, csvStream, csvText, xlsxStream, zip } from "#document";

async function* each<T>(all: Iterable<T>): AsyncGenerator<T> {
  yield* all;
}
async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

const formulas = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", '=HYPERLINK("http://x")'];

describe("a list as CSV", () => {
  test("has a mark of UTF-8, semicolons, decimal commas and quoted cells", () => {
    expect(
      csvText([
        ["a", 1.5, null],
        ['så "här"', "x;y", "två\nrader"],
      ]),
    ).toBe('\uFEFFa;1,5;\r\n"så ""här""";"x;y";"två\nrader"\r\n');
  });

  test.each(formulas)("has %j as text", (formula) => {
    expect(csvText([[formula]]).replace(/^\uFEFF"?/, "")).toMatch(/^'/);
  });

  test("leaves negative numbers as they are, and shows marks that mislead", () => {
    expect(csvText([["-12,50", "abc\u202Egpj.exe", "a\u0000b\u0007"]])).toBe(
      "\uFEFF-12,50;abc\ufffdgpj.exe;a\ufffdb\ufffd\r\n",
    );
  });

  test("comes in pieces that are the same together", async () => {
    const rows = Array.from({ length: 20_000 }, (_, row): Cell[] => [`rad ${row}`, row / 2]);
    const pieces: Uint8Array[] = [];
    for await (const piece of csvStream(each(rows))) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(3);
    expect(Buffer.concat(pieces).toString()).toBe(csvText(rows));
  });
});

/** What a spreadsheet reads: rows of cells with their type and style. */
async function read(rows: Iterable<readonly Cell[]>) {
  const book = unzipSync(
    await whole(xlsxStream({ title: "Lista", head: ["Vad", "Tal"], at: 1_760_000_000_000 }, each(rows))),
  );
  const parser = new XMLParser({
    ignoreAttributes: false,
    trimValues: false,
    parseTagValue: false,
    processEntities: true,
    isArray: (name) => name === "row" || name === "c",
  });
  const sheet = parser.parse(Buffer.from(book["xl/worksheets/sheet1.xml"]!).toString()) as {
    worksheet: { sheetData: { row: Array<{ c: Array<Record<string, unknown>> }> } };
  };
  return { book, rows: sheet.worksheet.sheetData.row.map(({ c }) => c) };
}

describe("a list as a workbook", () => {
  test("has numbers as numbers, and text as text whatever it begins with", async () => {
    const { book, rows } = await read(formulas.map((formula, index) => [formula, index + 0.5]));
    expect(Object.keys(book)).toEqual(
      expect.arrayContaining(["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/styles.xml"]),
    );
    expect(rows).toHaveLength(formulas.length + 1);
    for (const [index, [text, number]] of rows.slice(1).entries()) {
      expect(text).toMatchObject({ "@_t": "inlineStr", "@_s": "2" });
      expect(number).toEqual({ v: String(index + 0.5) });
    }
    expect(Buffer.from(book["xl/worksheets/sheet1.xml"]!).toString()).not.toContain("<f>");
  });

  test("stays well formed with any text in it", async () => {
    const hostile = `</t></is></c><script>&"'\u0000\u001f\ud800 _x0041_ \u202E`;
    const { rows } = await read([[hostile, null]]);
    const cell = rows[1]![0] as { is: { t: { "#text": string } } };
    expect(cell.is.t["#text"]).toBe(`</t></is></c><script>&"'\ufffd\ufffd\ufffd _x005F_x0041_ \ufffd`);
  });

  test("is a workbook without rows as well", async () => {
    expect((await read([])).rows).toHaveLength(1);
  });
});

test("an archive has its files as they were, also in pieces and with Swedish names", async () => {
  const large = Buffer.alloc(3_000_000, "åäö");
  const archive = unzipSync(
    await whole(
      zip(
        [
          { path: "bilagor/körning.txt", content: large },
          { path: "bild.png", content: Buffer.from([1, 2, 3]), packed: true },
          { path: "rader.csv", content: each([Buffer.from("a"), Buffer.from("b")]) },
          { path: "tom.txt", content: new Uint8Array() },
        ],
        1_760_000_000_000,
      ),
    ),
  );
  expect(Buffer.from(archive["bilagor/körning.txt"]!).equals(large)).toBe(true);
  expect([...archive["bild.png"]!]).toEqual([1, 2, 3]);
  expect(Buffer.from(archive["rader.csv"]!).toString()).toBe("ab");
  expect(archive["tom.txt"]).toHaveLength(0);
});
