import { inflateSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { type Block, pdfA } from "#document";

const long = Array.from({ length: 900 }, (_, word) => `ord${word}`).join(" ");
const blocks: Block[] = [
  { kind: "text", text: "Maskerad version.", as: "box" },
  { kind: "heading", level: 2, text: "Vad ärendet gäller" },
  {
    kind: "facts",
    rows: [
      ["Status", "Nytt"],
      ["Utförare", "Omsorgen → Norr"],
    ],
  },
  { kind: "list", items: ["ett", long] },
  {
    kind: "table",
    columns: [
      { title: "Dag", width: 1 },
      { title: "Vad", width: 3 },
      { title: "Minuter", width: 1, align: "right" },
    ],
    rows: [
      ...Array.from({ length: 120 }, (_, row) => [`2026-10-${row}`, "Besök", String(row)]),
      ["sist", `${long} ${long} ${long}`, ""],
    ],
  },
  { kind: "text", text: "Känsligt \u202Egnir 漢字 😀 \u0000 \ud800", as: "quote" },
];

let text: string;
let streams: string;
beforeAll(async () => {
  const pdf = await pdfA({
    title: "Ärende 2026-00001",
    author: "Provkommun",
    foot: "Provkommun",
    at: 1_760_000_000_000,
    blocks,
  });
  text = pdf.toString("latin1");
  streams = [...text.matchAll(/\/Filter \/FlateDecode[^>]*>>\s*stream\n([\s\S]*?)\nendstream/g)]
    .map(([, body = ""]) => inflateSync(Buffer.from(body, "latin1")).toString("latin1"))
    .join("\n");
}, 30_000);

describe("a document for the archive", () => {
  test("says that it is PDF/A-2b, in which colours it is, and is not encrypted", () => {
    expect(text.startsWith("%PDF-1.7\n%\xff\xff\xff\xff")).toBe(true);
    expect(text).toMatch(/<pdfaid:part>2<\/pdfaid:part>\s*<pdfaid:conformance>B<\/pdfaid:conformance>/);
    expect(text).toMatch(/\/Type \/OutputIntent\s*\/S \/GTS_PDFA1/);
    expect(text).toMatch(/\/DestOutputProfile \d+ 0 R/);
    expect(text).toMatch(/\/ID \[<[0-9a-f]{32}> <[0-9a-f]{32}>\]/);
    expect(text).not.toMatch(/\/Encrypt|\/JavaScript|\/Launch/);
  });

  test("has its title, and the language for those who listen to it", () => {
    expect(text).toContain("/Lang (sv-SE)");
    expect(text).toContain("/DisplayDocTitle true");
    expect(Buffer.from(text, "latin1").toString()).toMatch(/<dc:title>[\s\S]*Ärende 2026-00001[\s\S]*<\/dc:title>/);
  });

  test("has every font inside", () => {
    const described = text.match(/\/Type \/FontDescriptor/g) ?? [];
    expect(described.length).toBe(2);
    expect(text.match(/\/FontFile2 \d+ 0 R/g)).toHaveLength(described.length);
    expect(text).not.toMatch(/\/Subtype \/Type1\b/);
    expect(text.match(/\/ToUnicode \d+ 0 R/g)).toHaveLength(2);
  });

  test("is tagged: headings, tables with heads, lists; all else is marked as decoration", () => {
    expect(text).toContain("/Marked true");
    for (const tag of ["Document", "H1", "H2", "P", "L", "LI", "LBody", "Table", "TR", "TH", "TD", "BlockQuote"])
      expect(text).toContain(`/S /${tag}`);
    expect(text.match(/\/Scope \/Column/g)).toHaveLength(3);
    expect(text.match(/\/Scope \/Row/g)).toHaveLength(2);
    // Of what is shown every piece stands between a mark and its end, none inside another.
    let depth = 0;
    const wrong: string[] = [];
    for (const [operator] of streams.matchAll(/\b(?:BDC|BMC|EMC|TJ|S)\b(?=\n|$)/g)) {
      const begins = operator === "BDC" || operator === "BMC";
      if (depth !== (begins ? 0 : 1)) wrong.push(operator);
      depth += begins ? 1 : operator === "EMC" ? -1 : 0;
    }
    expect(wrong).toEqual([]);
    expect(depth).toBe(0);
  });

  test("uses no letter that its fonts lack", () => {
    // The first glyph of a font stands for what it lacks.
    for (const [, glyphs = ""] of streams.matchAll(/\[((?:<[0-9a-f]*>|[\s\d.-])*)\] TJ/g))
      for (const [, run = ""] of glyphs.matchAll(/<([0-9a-f]*)>/g))
        expect(run.match(/.{4}/g) ?? []).not.toContain("0000");
  });
});
