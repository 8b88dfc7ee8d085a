import { describe, expect, test } from "vitest";
import { decodeText, InvalidFile, readJsonLines, type RecordPage } from "#adapter";

async function read(content: string, more: { recordLengthMax?: number; recordsPerPage?: number } = {}, pieceBytes = 7) {
  const bytes = Buffer.from(content);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    await Promise.resolve();
  }
  const pages: RecordPage[] = [];
  for await (const page of readJsonLines(decodeText(pieces()), { place: "visits.jsonl", ...more })) pages.push(page);
  return {
    pages,
    records: pages.flatMap(({ records }) => records),
    lines: pages.flatMap(({ lines }) => [...(lines ?? [])]),
    broken: pages.flatMap(({ broken }) => broken ?? []),
  };
}

describe("JSON Lines", () => {
  test("are read with their line numbers, blank lines and a byte order mark left out", async () => {
    const { records, lines } = await read('\uFEFF{"id":"å"}\r\n\r\n{"id":2,"services":["a"]}\n{"id":"3"}');
    expect(records).toEqual([{ id: "å" }, { id: 2, services: ["a"] }, { id: "3" }]);
    expect(lines).toEqual([1, 3, 4]);
  });

  test.each([
    ["no JSON", '{"id":', "Raden är inte JSON."],
    ["a list", "[1]", "Raden är inte ett JSON-objekt."],
    ["a plain value", '"x"', "Raden är inte ett JSON-objekt."],
    ["control characters", '{"id":"a\0b"}', "Raden är inte JSON."],
    [
      "a key that reaches for the prototype",
      '{"id":"1","__proto__":{"a":1}}',
      "Ett fält har ett namn som inte är tillåtet.",
    ],
    [
      "such a key written in escapes, deep inside",
      '{"id":"1","a":[{"\\u005f_proto__":1}]}',
      "Ett fält har ett namn som inte är tillåtet.",
    ],
    ["deep nesting", `{"id":${"[".repeat(40)}${"]".repeat(40)}}`, "Posten är djupare nästlad än 16 nivåer."],
    [
      "very deep nesting",
      `{"id":${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
      "Posten är djupare nästlad än 16 nivåer.",
    ],
    ["very many values", `{"id":[${"0,".repeat(30_000)}0]}`, "Posten har fler än 20000 värden."],
    [
      "an id that JSON numbers cannot hold",
      '{"id":12345678901234567890}',
      "Ett tal är för stort för att läsas exakt; skriv det som text.",
    ],
    [
      "an infinite number",
      '{"id":"1","minutes":1e999}',
      "Ett tal är för stort för att läsas exakt; skriv det som text.",
    ],
  ])("with %s are broken, with line and reason, and the rest goes on", async (_, line, reason) => {
    const { records, broken } = await read(`{"id":"0"}\n${line}\n{"id":"2"}\n`, {}, 50_000);
    expect(records).toEqual([{ id: "0" }, { id: "2" }]);
    expect(broken).toMatchObject([{ line: 2, reason }]);
    expect(broken[0]!.text.length).toBeLessThanOrEqual(60_000);
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  test("that are too long are broken once, wherever the pieces are cut", async () => {
    for (const size of [1, 7, 64, 1000]) {
      const { records, broken, lines } = await read(
        `{"id":"0"}\n{"id":"${"x".repeat(300)}"}\n{"id":"2"}\n{"id":"${"y".repeat(300)}"}`,
        { recordLengthMax: 100 },
        size,
      );
      expect(records).toEqual([{ id: "0" }, { id: "2" }]);
      expect(lines).toEqual([1, 3]);
      expect(broken.map(({ line }) => line)).toEqual([2, 4]);
    }
  });

  test("come in pages", async () => {
    const content = Array.from({ length: 25 }, (_, index) => `{"id":"${index}"}\n`).join("");
    const { pages } = await read(content, { recordsPerPage: 10 });
    expect(pages.map(({ records }) => records.length)).toEqual([10, 10, 5]);
  });

  test("are told from one JSON document, which is refused as a whole", async () => {
    for (const content of ['[\n{"id":1}\n]', '[{"id":1},\n{"id":2}]', '{\n"id": 1\n}']) {
      await expect(read(content)).rejects.toThrow(InvalidFile);
    }
  });
});
