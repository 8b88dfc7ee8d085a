import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodePage, encodePage, PAGE_CODEC } from "../../src/intake/page-codec.ts";

describe("encodePage and decodePage", () => {
  test("give back the same records, whatever their fields are", async () => {
    const value = fc
      .jsonValue({ noUnicodeString: false } as never)
      .map((json) => JSON.parse(JSON.stringify(json).replaceAll("\\u0000", "")) as unknown);
    const record = fc.oneof(
      fc.dictionary(fc.constantFrom("a", "b", "c", "å"), value, { noNullPrototype: true }),
      value,
    );
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 20 }), async (records) => {
        const lines = Int32Array.from(records, (_, index) => index * 3 + 2);
        const { bytes } = await encodePage({ records, lines, completeIds: ["x"] });
        const back = await decodePage(bytes, PAGE_CODEC);
        expect(back).toEqual({ records: JSON.parse(JSON.stringify(records)), lines, completeIds: ["x"] });
      }),
      { numRuns: 200 },
    );
  });

  test("keep apart a field that is missing and one that is null", async () => {
    const records = [{ a: null, b: "1" }, { b: null }, { a: "x" }];
    const { bytes } = await encodePage({ records, lines: null, completeIds: null });
    expect((await decodePage(bytes, PAGE_CODEC)).records).toStrictEqual(records);
  });

  test("drop null characters, which the database cannot hold, from what is stored and handed on", async () => {
    const { records, bytes } = await encodePage({ records: [{ a: "x\0y" }], lines: null, completeIds: null });
    expect(records).toEqual([{ a: "xy" }]);
    expect((await decodePage(bytes, PAGE_CODEC)).records).toEqual([{ a: "xy" }]);
  });

  test("the same records from another place are the same content", async () => {
    const records = [{ a: "1" }];
    const one = await encodePage({ records, lines: Int32Array.of(2), completeIds: null });
    const two = await encodePage({ records, lines: Int32Array.of(9), completeIds: null });
    expect(one.contentHash).toEqual(two.contentHash);
  });
});
