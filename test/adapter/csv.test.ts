import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Columns, decodeText, InvalidFile, readCsv, type RecordPage } from "#adapter";

const columns: Columns = {
  keep: ["BesöksId", "Starttid", "Orsak"],
  required: () => ["BesöksId", "Starttid"],
  drop: ["Kommentar"],
};

interface Read {
  records: unknown[];
  lines: number[];
  broken: Array<{ line: number; reason: string; text: string }>;
  unexpected: string[];
  notices: string[];
  pages: RecordPage[];
}

async function read(
  content: string | Buffer,
  more: Partial<Parameters<typeof readCsv>[1]> = {},
  pieceBytes = 7,
): Promise<Read> {
  const bytes = Buffer.from(content as string);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    await Promise.resolve();
  }
  const notices: string[] = [];
  const pages: RecordPage[] = [];
  const options = {
    place: "besok.csv",
    columns,
    notice: (code: string, text: string) => notices.push(`${code} ${text}`),
  };
  for await (const page of readCsv(decodeText(pieces()), { ...options, ...more })) pages.push(page);
  return {
    pages,
    notices,
    records: pages.flatMap(({ records }) => records),
    lines: pages.flatMap(({ lines }) => [...(lines ?? [])]),
    broken: pages.flatMap(({ broken }) => broken ?? []),
    unexpected: pages.flatMap(({ unexpected }) => unexpected ?? []),
  };
}

/** Windows-1252. */
const old = (text: string): Buffer => Buffer.from(text, "latin1");

describe("a table", () => {
  test("is read with semicolons, commas or tabs, with or without quotes, whatever the line ends", async () => {
    const expected = [{ BesöksId: "1", Starttid: "07:00", Orsak: "a" }];
    for (const [delimiter, end] of [";\n", ",\r\n", "\t\r"].map((both) => [both[0] ?? "", both.slice(1)] as const)) {
      const header = ["BesöksId", "Starttid", "Orsak"].join(delimiter);
      const plain = ["1", "07:00", "a"].join(delimiter);
      const quoted = ['"1"', '"07:00"', '"a"'].join(delimiter);
      for (const row of [plain, quoted]) {
        for (const last of ["", end]) {
          expect((await read(`${header}${end}${row}${last}`)).records).toEqual(expected);
        }
      }
    }
  });

  test("keeps line breaks, delimiters and quotes of quoted fields, and counts lines as an editor does", async () => {
    const { records, lines } = await read(
      'BesöksId;Starttid;Orsak\r\n1;07:00;"Ville inte;\r\nhade ""besök"""\r\n2;08:00;\r\n3;09:00;"5" skruv"\r\n',
    );
    expect(records).toEqual([
      { BesöksId: "1", Starttid: "07:00", Orsak: 'Ville inte;\r\nhade "besök"' },
      { BesöksId: "2", Starttid: "08:00", Orsak: undefined },
      { BesöksId: "3", Starttid: "09:00", Orsak: '5" skruv' },
    ]);
    expect(lines).toEqual([2, 4, 5]);
  });

  test("reads the same in pieces of any size", async () => {
    const content = '\uFEFFBesöksId;Starttid;Orsak\r\n1;"07:00";"å\r\n""ä"""\r\n\r\n2;"08:00"; ö \r\n"3";09:00;""';
    const whole = await read(content, {}, 10_000);
    expect(whole.records).toHaveLength(3);
    for (let size = 1; size < 40; size++) expect(await read(content, {}, size)).toEqual(whole);
  });

  test("gives back what any writer quoted", async () => {
    const cell = fc.string({ unit: fc.constantFrom("a", "å", '"', ";", ",", "\n", "\r\n", " ", "=", "1") });
    const rows = fc.array(fc.tuple(cell, cell), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 50 }), async (cells, size) => {
        const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const body = cells.map(([a, b], index) => `"${index}";"x${index}";${quote(`${a}.${b}`)}\n`).join("");
        const { records, broken } = await read(`BesöksId;Starttid;Orsak\n${body}`, {}, size);
        expect(broken).toEqual([]);
        expect(records).toEqual(
          cells.map(([a, b], index) => ({ BesöksId: `${index}`, Starttid: `x${index}`, Orsak: `${a}.${b}`.trim() })),
        );
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  test("has formulas as text, and ids as Excel left them", async () => {
    const { records } = await read("BesöksId;Starttid;Orsak\n=1+1;+46;@x\n-1;1,99E+11;0012\n");
    expect(records).toEqual([
      { BesöksId: "=1+1", Starttid: "+46", Orsak: "@x" },
      { BesöksId: "-1", Starttid: "1,99E+11", Orsak: "0012" },
    ]);
  });

  test("comes in pages, and all records have the same keys in the same order", async () => {
    const body = Array.from({ length: 25 }, (_, index) => `${index};t;\n`).join("");
    const { pages, lines } = await read(`BesöksId;Starttid;Orsak\n${body}`, { recordsPerPage: 10 });
    expect(pages.map(({ records }) => records.length)).toEqual([10, 10, 5]);
    expect(lines).toEqual(Array.from({ length: 25 }, (_, index) => index + 2));
    for (const record of pages.flatMap(({ records }) => records)) {
      expect(Object.keys(record as object)).toEqual(["BesöksId", "Starttid", "Orsak"]);
    }
  });
});

describe("a header", () => {
  test("is matched whatever its case, spaces, byte order mark and form of å, ä, ö", async () => {
    for (const header of [
      "\uFEFFBESÖKS ID ;  start tid;orsak",
      "Beso\u0308ksId;Starttid\u00a0;Orsak",
      '"Besöks\r\nId";STARTTID;"Orsak"',
    ]) {
      expect((await read(`${header}\n1;2;3\n`)).records).toEqual([{ BesöksId: "1", Starttid: "2", Orsak: "3" }]);
    }
  });

  test("may stand below titles and sep=", async () => {
    const { records, lines } = await read("sep=;\nSammanställning september 2026\n\nStarttid;BesöksId\n07:00;1\n");
    expect(records).toEqual([{ Starttid: "07:00", BesöksId: "1" }]);
    expect(lines).toEqual([5]);
  });

  test("may have other names in a municipality", async () => {
    const also = { BesöksId: ["Besöksnummer", "Nr"] };
    const { records, unexpected } = await read("nr;Starttid\n1;07:00\n", { columns: { ...columns, also } });
    expect(records).toEqual([{ BesöksId: "1", Starttid: "07:00" }]);
    expect(unexpected).toEqual([]);
  });

  test("without a required column stops the file before its first page, naming file and column", async () => {
    const failure = read("BesöksId;Start;Orsak\n1;07:00;\n");
    await expect(failure).rejects.toThrow(
      'File besok.csv: the required column "Starttid" is missing; nothing was read.',
    );
    await expect(failure).rejects.toMatchObject({ kind: "invalid", code: "adapter.invalid-file" });
  });

  test("with a column twice is refused, since either could be meant", async () => {
    await expect(read("BesöksId;Starttid;starttid\n1;2;3\n")).rejects.toThrow(InvalidFile);
  });

  test("with columns that nobody knows reports each once and drops it, but says nothing of known ones", async () => {
    const body = "1;x;07:00;hemligt\n".repeat(30);
    const { records, unexpected } = await read(`BesöksId;Portkod;Starttid;Kommentar\n${body}`, { recordsPerPage: 10 });
    expect(unexpected).toEqual(["Portkod"]);
    expect(records[0]).toEqual({ BesöksId: "1", Starttid: "07:00" });
  });

  test("is skipped where it stands again at the top of a page, also with the columns moved", async () => {
    const { records, notices } = await read(
      "BesöksId;Starttid;Orsak\n1;a;x\n\uFEFFBesöks Id;Starttid;Orsak\n2;b;y\nOrsak;BesöksId;Starttid\nz;3;c\n",
    );
    expect(records).toEqual([
      { BesöksId: "1", Starttid: "a", Orsak: "x" },
      { BesöksId: "2", Starttid: "b", Orsak: "y" },
      { BesöksId: "3", Starttid: "c", Orsak: "z" },
    ]);
    expect(notices).toEqual(["repeated-header besok.csv: 2 upprepade rubrikrader hoppades över."]);
  });
});

describe("rows that are no records", () => {
  test("sums and blank rows are left out, and sums counted in a notice", async () => {
    const { records, broken, notices } = await read(
      "BesöksId;Starttid;Orsak\n1;a;\n;;\n\nDelsumma;;12\n;Summa;\nTotalt: 2;\nSumma-id;b;\n",
    );
    expect(records).toEqual([
      { BesöksId: "1", Starttid: "a", Orsak: undefined },
      { BesöksId: "Summa-id", Starttid: "b", Orsak: undefined },
    ]);
    expect(broken).toEqual([]);
    expect(notices).toEqual(["subtotal-rows besok.csv: 3 summarader hoppades över."]);
  });

  test("too few or too many fields are broken with line and reason, and the rest goes on", async () => {
    const { records, broken } = await read("BesöksId;Starttid;Orsak\n1;a\n2;b;;\n3;c;d;e\n4;d;\n");
    expect(records).toEqual([
      { BesöksId: "2", Starttid: "b", Orsak: undefined },
      { BesöksId: "4", Starttid: "d", Orsak: undefined },
    ]);
    expect(broken).toEqual([
      { line: 2, reason: "Raden har 2 fält, rubriken 3.", text: "1;a" },
      { line: 4, reason: "Raden har 4 fält, rubriken 3.", text: "3;c;d;e" },
    ]);
  });

  test("a quote that is never closed costs its own line only", async () => {
    const { records, broken, lines } = await read('BesöksId;Starttid;Orsak\n1;a;"öppet\n2;b;\n3;c;\n');
    expect(records).toMatchObject([{ BesöksId: "2" }, { BesöksId: "3" }]);
    expect(lines).toEqual([3, 4]);
    expect(broken).toMatchObject([{ line: 2, reason: "Ett citattecken som öppnar ett fält stängs aldrig." }]);
  });

  test("an overlong record is broken, and reading goes on after its line", async () => {
    const { records, broken, lines } = await read(`BesöksId;Starttid;Orsak\n1;a;${"x".repeat(500)}\n2;b;\n`, {
      recordLengthMax: 100,
    });
    expect(records).toMatchObject([{ BesöksId: "2" }]);
    expect(lines).toEqual([3]);
    expect(broken).toMatchObject([{ line: 2, reason: "Posten är längre än 100 tecken." }]);
  });

  test("a file of open quotes is given up, not read again and again", async () => {
    const body = `1;a;"x y\n`.repeat(50_001);
    await expect(read(`BesöksId;Starttid;Orsak\n${body}`, {}, 65_536)).rejects.toThrow("have no end");
  });

  test("NUL breaks a row; other control characters become spaces, counted", async () => {
    const { records, broken, notices } = await read("BesöksId;Starttid;Orsak\n1;a\0;\n2;b;x\u000by\n3;c;\n\u001a");
    expect(records).toEqual([
      { BesöksId: "2", Starttid: "b", Orsak: "x y" },
      { BesöksId: "3", Starttid: "c", Orsak: undefined },
    ]);
    expect(broken).toMatchObject([{ line: 2, reason: "Raden innehåller NUL-tecken." }]);
    expect(notices).toEqual(["control-characters besok.csv: 1 fält hade styrtecken, som ersattes med mellanslag."]);
  });
});

describe("encodings", () => {
  const text = "BesöksId;Starttid;Orsak\r\n1;07:00;Åsa gick – “hem” för 5 €\r\n";
  const expected = [{ BesöksId: "1", Starttid: "07:00", Orsak: "Åsa gick – “hem” för 5 €" }];

  test("UTF-8 with and without byte order mark, UTF-16 and Windows-1252 give the same", async () => {
    const utf16le = Buffer.from(`\uFEFF${text}`, "utf16le");
    const windows = Buffer.concat([
      old("BesöksId;Starttid;Orsak\r\n1;07:00;Åsa gick "),
      Buffer.from([0x96, 0x20, 0x93]),
      old("hem"),
      Buffer.from([0x94]),
      old(" för 5 "),
      Buffer.from([0x80]),
      old("\r\n"),
    ]);
    for (const content of [text, `\uFEFF${text}`, utf16le, Buffer.from(utf16le).swap16(), windows]) {
      for (const size of [1, 2, 5, 10_000]) expect((await read(content, {}, size)).records).toEqual(expected);
    }
  });

  test("lines of both in one file are each read as what they are", async () => {
    const mixed = Buffer.concat([
      Buffer.from("\uFEFFBesöksId;Starttid;Orsak\n1;a;Åsa\n"),
      old("2;b;Örjan\n"),
      Buffer.from("3;c;Märta\n"),
    ]);
    expect((await read(mixed)).records).toEqual([
      { BesöksId: "1", Starttid: "a", Orsak: "Åsa" },
      { BesöksId: "2", Starttid: "b", Orsak: "Örjan" },
      { BesöksId: "3", Starttid: "c", Orsak: "Märta" },
    ]);
  });

  test("a file without text yields no page", async () => {
    for (const content of ["", "\uFEFF", " \r\n\r\n"]) expect((await read(content)).pages).toEqual([]);
  });
});
