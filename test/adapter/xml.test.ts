import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BrokenRecord, XmlOptions, XmlRecord } from "#adapter";
import { InvalidFile, readXml } from "#adapter";
import { loggable } from "#errors";

const options: XmlOptions = { document: "lista.xml", path: ["Lista", "Post"], lists: ["Rad"] };

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(
  document: string | Buffer,
  more: Partial<XmlOptions> = {},
  size = 7,
): Promise<Array<XmlRecord | BrokenRecord>> {
  const bytes = typeof document === "string" ? Buffer.from(document) : document;
  const found: Array<XmlRecord | BrokenRecord> = [];
  for await (const one of readXml(inPieces(bytes, size), { ...options, ...more })) found.push(one);
  return found;
}

const values = (read: Array<XmlRecord | BrokenRecord>) => read.map((one) => ("value" in one ? one.value : one.reason));
const notWellFormed = "posten är inte välformad XML";

async function refusal(document: string | Buffer, more: Partial<XmlOptions> = {}): Promise<InvalidFile> {
  try {
    await read(document, more);
  } catch (error) {
    if (error instanceof InvalidFile) return error;
    throw error;
  }
  throw new Error("The document was read.");
}

describe("records", () => {
  test("hands out attributes, texts, children and lists, and nothing becomes a number", async () => {
    const document = `<?xml version="1.0"?>
<Lista skapad="nu"><Huvud>x</Huvud>
  <Post id="007" tom=""><Namn>  1e5 </Namn><Rad kod="a"/><Rad kod="b">text</Rad><Tom/></Post>
  <!-- <Post id="gömd"/> -->
  <Post id="2"><Rad kod="c"/></Post><Post/>
</Lista>`;
    const records = await read(document);
    expect(values(records)).toEqual([
      { id: "007", tom: "", Namn: "1e5", Rad: [{ kod: "a" }, { kod: "b", "#text": "text" }], Tom: "" },
      { id: "2", Rad: [{ kod: "c" }] },
      "",
    ]);
    expect(records.map((one) => one.line)).toEqual([3, 5, 5]);
  });

  test("resolves the five entities and character references once, and leaves CDATA as it stands", async () => {
    const document = `<Lista><Post a="&lt;&#229;&quot;"><B>&amp;#229; &amp;lt; &#x1F600;&apos;</B><C><![CDATA[</Post>&amp;]]></C></Post></Lista>`;
    expect(values(await read(document))).toEqual([{ a: '<å"', B: "&#229; &lt; 😀'", C: "</Post>&amp;" }]);
  });

  test("reads names with a namespace prefix as those without", async () => {
    const document = `<k:Lista xmlns:k="urn:k"><k:Post k:id="1"><k:Rad>x</k:Rad></k:Post></k:Lista>`;
    expect(values(await read(document))).toEqual([{ id: "1", Rad: ["x"] }]);
  });

  test("takes the root element as the record where the path says so", async () => {
    expect(values(await read(`<Faktura id="1"><Rad/></Faktura>`, { path: ["Faktura"] }))).toEqual([
      { id: "1", Rad: [""] },
    ]);
  });

  test("reads the same whatever the pieces in which a document arrives", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", " ", "\n", "å", "😀", "&amp;", "&#10;", "]") });
    const post = fc.record({
      id: text,
      rows: fc.array(text, { maxLength: 4 }),
      broken: fc.integer({ min: 0, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(post, { maxLength: 8 }), fc.integer({ min: 1, max: 90 }), async (posts, size) => {
        const ends = ["</Post>", "</Rad></Post>", "<Rad></Post>", "</Posten>", "&;</Post>"];
        const written = posts.map(
          ({ id, rows, broken }) =>
            `<Post id="${id}">${rows.map((row) => `<Rad>${row}</Rad>`).join("\n")}${ends[broken] ?? ends[0] ?? ""}`,
        );
        const document = `<Lista>\n${written.join("<!-- - -->\n")}</Lista>`;
        const whole = await read(document, {}, 1_000_000);
        expect(await read(document, {}, size)).toEqual(whole);
        expect(whole.map((one) => "value" in one)).toEqual(posts.map(({ broken }) => broken === 0 || broken > 4));
      }),
      { numRuns: 300 },
    );
  });
});

describe("a broken record", () => {
  test("is handed out with line and text, and those after it are read", async () => {
    const document = `<Lista>
<Post id="1"/>
<Post id="2"><Namn>Ada</Post>
<Post id="3"/>
<Post id=4/>
<Post id="5"></Lista>`;
    const records = await read(document);
    expect(values(records)).toEqual([{ id: "1" }, notWellFormed, { id: "3" }, notWellFormed, notWellFormed]);
    expect(records[1]).toEqual({ line: 3, reason: notWellFormed, text: `<Post id="2"><Namn>Ada</Post>\n` });
    expect(records[4]).toMatchObject({ line: 6, text: `<Post id="5">` });
  });

  test("may be what stands between two records", async () => {
    const document = `<Lista><Post id="1"/></Post> & <Post id="2"/></Lista>`;
    expect(values(await read(document))).toEqual([{ id: "1" }, notWellFormed, { id: "2" }]);
  });

  test("is one that is longer than allowed, of which 64 kB are kept", async () => {
    const document = `<Lista><Post id="1"><Namn>${"å".repeat(300_000)}</Namn></Post><Post id="2"/></Lista>`;
    const records = await read(document, { recordCharactersMax: 100_000 }, 4096);
    expect(values(records)).toEqual(["posten är längre än 100000 tecken", { id: "2" }]);
    const [broken] = records;
    expect(broken !== undefined && "text" in broken && Buffer.byteLength(broken.text)).toBeLessThan(64 * 1024);
  });

  test("is one with a name that JavaScript reserves", async () => {
    const document = `<Lista><Post><__proto__>x</__proto__></Post><Post constructor="1"/><Post id="3"/></Lista>`;
    const reason = "posten har ett namn som inte får förekomma";
    expect(values(await read(document))).toEqual([reason, reason, { id: "3" }]);
  });

  test("does not make reading slow or deep when there are thousands", async () => {
    const records = await read(`<Lista>${"<Post x>".repeat(20_000)}</Lista>`, {}, 65_536);
    expect(records).toHaveLength(20_000);
  });
});

describe("encodings", () => {
  const document = (declared: string) =>
    `<?xml version="1.0" encoding="${declared}"?><Lista><Post namn="Åsa – Örn"/></Lista>`;
  const expected = [{ namn: "Åsa – Örn" }];
  const windows1252 = (text: string) =>
    Buffer.from(Array.from(text, (character) => (character === "–" ? 0x96 : (character.codePointAt(0) ?? 0))));

  test.for(["ISO-8859-1", "iso-8859-1", "Windows-1252"])("reads %s as declared", async (declared) => {
    expect(values(await read(windows1252(document(declared))))).toEqual(expected);
  });

  test("reads UTF-8 declared, not declared and with byte order mark, which is stronger than the declaration", async () => {
    const undeclared = `<Lista><Post namn="Åsa – Örn"/></Lista>`;
    for (const text of [document("UTF-8"), undeclared, `\uFEFF${undeclared}`, `\uFEFF${document("ISO-8859-1")}`]) {
      expect(values(await read(text))).toEqual(expected);
    }
  });

  test("reads UTF-16 with byte order mark", async () => {
    expect(values(await read(Buffer.from(`\uFEFF${document("UTF-16")}`, "utf16le")))).toEqual(expected);
  });

  test("refuses bytes that are not what is declared, and encodings that it does not know", async () => {
    expect((await refusal(windows1252(`<Lista>\n${document("UTF-8")}`))).message).toBe(
      "File lista.xml: line 2: here or further on, bytes are not utf-8, which it declares.",
    );
    expect((await refusal(document("EBCDIC-SE-1880010"))).message).toBe(
      "File lista.xml: line 1: declares an encoding that is not read; expected UTF-8, ISO-8859-1 or Windows-1252.",
    );
  });
});

describe("refuses", () => {
  const billion = `<!DOCTYPE Lista [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>`;
  const deep = "<a>".repeat(40) + "</a>".repeat(40);
  test.for([
    ["a DTD", `<?xml version="1.0"?>\n${billion}\n<Lista><Post>&b;</Post></Lista>`, 2, "document type declaration"],
    ["an outside DTD", `<!DOCTYPE Lista SYSTEM "file:///etc/passwd"><Lista/>`, 1, "document type declaration"],
    ["an entity", `<Lista>\n<Post>\n&nbsp;</Post></Lista>`, 3, "an entity other than the five"],
    ["an entity in an attribute", `<Lista><Post a="&x;"/></Lista>`, 1, "an entity other than the five"],
    ["elements too deep inside each other", `<Lista>\n<Post>${deep}</Post></Lista>`, 2, "more than 32 elements"],
    ["another root element", `<html><body>18800101-1234</body></html>`, 1, "its root element is not Lista"],
    ["what is not XML", `BesöksId;Personnummer;1;18800101-1234`, 1, "is not well-formed XML"],
    ["an empty document", ``, 1, "ends before its last element does"],
    ["a document that was cut", `<Lista><Post id="1"/>\n<Post id="18800101-12`, 2, "ends before its last element does"],
    ["one that was cut in a broken record", `<Lista>\n<Post x>18800101-1234`, 2, "ends before its last element does"],
    ["text after the end", `<Lista/>\n18800101-1234`, 2, "is not well-formed XML"],
    ["a second root element", `<Lista/><Lista/>`, 1, "is not well-formed XML"],
    [
      "endless text before the first element",
      `${" ".repeat(5000)}<Lista><Post/></Lista>`,
      1,
      "more than 1000 characters",
    ],
    ["a broken document that is one record", `<Post>`, 1, "its root element is not Lista"],
  ] as const)("%s, naming document and line and no content", async ([, document, line, what]) => {
    const refused = await refusal(document, { recordCharactersMax: 1000 });
    expect(refused.message).toContain(`File lista.xml: line ${line}: `);
    expect(refused.message).toContain(what);
    expect(JSON.stringify(loggable(refused))).not.toMatch(/1880|nbsp|passwd|body/);
  });

  test("a broken document that is one record by itself", async () => {
    expect((await refusal("<Post><a></Post>", { path: ["Post"] })).message).toContain("is not well-formed XML");
  });
});

describe("memory", () => {
  test("follows the record and not the document: 32 MB are read in less than 300 MB", async () => {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL("../../bench/combine-xml.ts", import.meta.url)), "32"],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    const [status] = (await once(child, "close")) as [number];
    expect(status).toBe(0);
    const measured = JSON.parse(Buffer.concat(chunks).toString()) as { records: number; peakMegabytes: number };
    expect(measured.records).toBeGreaterThan(50_000);
    // fast-xml-parser on the whole takes fourteen times the file: 448 MB.
    expect(measured.peakMegabytes).toBeLessThan(300);
  }, 60_000);
});
