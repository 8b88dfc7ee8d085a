import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Holder, opaqueIds } from "../../src/webhook/opaque.ts";

const ids = opaqueIds(Buffer.alloc(32, 7));
const holder = (kind: Holder["kind"], no: number): Holder => ({ kind, no });
const mine = holder("client", 1);

describe("opaque ids", () => {
  test("lead back to their number for whom they were made", () => {
    const numbers = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (no, whose) => {
        const id = ids.seal(holder("endpoint", whose), "order", no);
        expect(id).toMatch(/^ord_[\w-]{22}$/);
        expect(ids.open(holder("endpoint", whose), "order", id)).toBe(no);
        expect(ids.seal(holder("endpoint", whose), "order", no)).toBe(id);
      }),
    );
  });

  test("mean nothing to anybody else, as anything else, or under another key", () => {
    const id = ids.seal(mine, "order", 42);
    expect(ids.open(holder("client", 2), "order", id)).toBeNull();
    expect(ids.open(holder("endpoint", 1), "order", id)).toBeNull();
    expect(ids.open(mine, "client", id)).toBeNull();
    expect(ids.open(mine, "client", id.replace("ord_", "cli_"))).toBeNull();
    expect(opaqueIds(Buffer.alloc(32, 8)).open(mine, "order", id)).toBeNull();
  });

  test("differ between holders in what they show of one number", () => {
    const made = [1, 2, 3].flatMap((no) => [
      ids.seal(holder("client", no), "order", 42),
      ids.seal(holder("endpoint", no), "order", 42),
    ]);
    expect(new Set(made).size).toBe(6);
  });

  test("are refused when anything of them is altered", () => {
    const id = ids.seal(mine, "order", 42);
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (let at = 4; at < id.length; at++) {
      for (const letter of letters) {
        if (letter === id[at]) continue;
        expect(ids.open(mine, "order", `${id.slice(0, at)}${letter}${id.slice(at + 1)}`)).toBeNull();
      }
    }
    for (const odd of ["", "ord_", `${id}=`, ` ${id}`, `${id}\n`, id.toUpperCase(), id.slice(4)])
      expect(ids.open(mine, "order", odd)).toBeNull();
  });
});

describe("opaque texts", () => {
  test("are the same each time, say nothing, and lead back only for their holder", () => {
    const text = "2026-10/P1/U1/C1/omvardnad/o-1/o-1-1/K1";
    const sealed = ids.sealText(mine, text);
    expect(ids.sealText(mine, text)).toBe(sealed);
    expect(ids.openText(mine, sealed)).toBe(text);
    expect(Buffer.from(sealed, "base64url").toString()).not.toContain("C1");
    expect(ids.sealText(holder("client", 2), text)).not.toBe(sealed);
    expect(ids.openText(holder("client", 2), sealed)).toBeNull();
    for (const odd of ["", "x", sealed.slice(1), `A${sealed.slice(1)}`, sealed.slice(0, -2)]) {
      expect(ids.openText(mine, odd)).toBeNull();
    }
  });
});
