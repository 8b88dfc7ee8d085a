import { describe, expect, test } from "vitest";
import { z } from "zod";
import { compilePicker } from "../../src/intake/pick.ts";

const shape = z.object({
  id: z.string(),
  address: z.object({ street: z.string(), code: z.string().optional() }).optional(),
  lines: z.array(z.object({ service: z.string() })),
  one: z.union([z.object({ a: z.string() }), z.array(z.object({ b: z.string() }))]).optional(),
  keyInfos: z.never().optional(),
  terms: z.record(z.string(), z.unknown()).optional(),
});

describe("compilePicker", () => {
  test("keeps only what the shape names, also inside lists and objects, whatever the types", () => {
    const picker = compilePicker(shape);
    const [record] = picker.pick([
      {
        id: 7,
        doorCode: "1234",
        address: [{ street: "Storgatan", entryCode: "9" }],
        lines: { service: "x", note: "hemligt" },
        one: [{ a: "1", b: "2", c: "3" }],
        keyInfos: [{ code: 1 }],
        terms: { price: { night: 3 } },
      },
    ]);
    expect(record).toEqual({
      id: 7,
      address: [{ street: "Storgatan" }],
      lines: { service: "x" },
      one: [{ a: "1", b: "2" }],
      terms: { price: { night: 3 } },
    });
    expect(Object.fromEntries(picker.unexpected())).toEqual({
      doorCode: 1,
      "address.entryCode": 1,
      "lines.note": 1,
      "one.c": 1,
    });
    expect(picker.unexpected().size).toBe(0);
  });

  test("keeps nothing of an object where the shape names a plain value", () => {
    expect(compilePicker(shape).pick([{ id: { secret: 1 }, lines: [] }])).toEqual([{ id: {}, lines: [] }]);
  });

  test("says no value that stands as a name, and a bounded number of names", () => {
    const picker = compilePicker(shape);
    picker.pick([{ id: "1", lines: [], "188001019999": 1, "a\u001b[31m": 2 }]);
    expect([...picker.unexpected().keys()]).toEqual(["…", "a??31m"]);
    picker.pick([
      Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`field-${at % 10}${"x".repeat(at / 10)}`, 1])),
    ]);
    expect(picker.unexpected().size).toBeLessThanOrEqual(201);
  });
});
