import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkDigit, parsePersonalIdentity } from "#model";

const withCheckDigit = (nine: string) => nine + String(checkDigit(nine));
const read = (text: string) => parsePersonalIdentity(text, 2026);

describe("a personal identity number", () => {
  test("is read with and without century, hyphen and plus sign, as twelve digits", () => {
    const ten = withCheckDigit("880112238");
    const short = `${ten.slice(0, 6)}-${ten.slice(6)}`;
    const expected = { kind: "personal", number: `18${ten}`, birthDate: "1888-01-12" };
    expect(read(`18${ten}`)).toEqual(expected);
    expect(read(`18${short}`)).toEqual(expected);
    expect(read(` 18${short} `)).toEqual(expected);
    expect(read(short)?.number).toBe(`19${ten}`);
    expect(read(short.replace("-", "+"))?.number).toBe(`18${ten}`);
  });

  test("without century is the latest that has passed", () => {
    const ten = withCheckDigit("260112238");
    expect(parsePersonalIdentity(ten, 2026)?.number).toBe(`20${ten}`);
    expect(parsePersonalIdentity(ten, 2025)?.number).toBe(`19${ten}`);
  });

  test("with any digit but the right one as its last is none", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1880, max: 1899 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 28 }),
        fc.integer({ min: 0, max: 999 }),
        fc.integer({ min: 1, max: 9 }),
        (year, month, dayOfMonth, serial, wrong) => {
          const two = (value: number) => String(value).padStart(2, "0");
          const nine = `${String(year).slice(2)}${two(month)}${two(dayOfMonth)}${String(serial).padStart(3, "0")}`;
          const right = checkDigit(nine);
          expect(read(`18${nine}${right}`)?.birthDate).toBe(`${year}-${two(month)}-${two(dayOfMonth)}`);
          expect(read(`18${nine}${(right + wrong) % 10}`)).toBeNull();
        },
      ),
    );
  });

  test("with a date that does not exist is none", () => {
    expect(read(`18${withCheckDigit("870230123")}`)).toBeNull();
    expect(read(`18${withCheckDigit("871301123")}`)).toBeNull();
  });
});

describe("a coordination number", () => {
  test("has 60 added to the day of birth", () => {
    const number = `18${withCheckDigit("880172238")}`;
    expect(read(number)).toEqual({ kind: "coordination", number, birthDate: "1888-01-12" });
  });

  test("may leave the birth date unknown, with month 00, day 60 or an impossible day", () => {
    for (const nine of ["880072238", "880160238", "880291238"]) {
      const number = `18${withCheckDigit(nine)}`;
      expect(read(number)).toEqual({ kind: "coordination", number, birthDate: null });
    }
  });
});

describe("a reserve number", () => {
  test("has letters, and is kept as it stands without a birth date", () => {
    expect(read("18900101TF03")).toEqual({ kind: "local", number: "18900101TF03", birthDate: null });
    expect(read("18900101-tf03")?.number).toBe("18900101TF03");
  });
});

test("anything else is no number", () => {
  for (const text of ["", "1,99E+11", "188801122", "18880112-238", "okänd?", "1234"]) expect(read(text)).toBeNull();
});
