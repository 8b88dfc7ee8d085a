import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { contractTerms, type Field, checkDigit, day, formatInstant, instant } from "#model";
import * as transforms from "../../src/mapping/transforms.ts";
import { FAILED, type Convert, newFrame } from "../../src/mapping/transforms.ts";

const context = { identityRef: (number: string) => `pid:${number.length}`, thisYear: 2026 };

/** The value, or the code of the problem in brackets. */
function run(convert: Convert, value: unknown, values: Record<string, unknown> = {}) {
  const frame = newFrame({}, context);
  frame.values = values;
  const result = convert(value, frame);
  return result === FAILED ? [frame.code] : result;
}

function warningsOf(convert: Convert, value: unknown, values: Record<string, unknown> = {}) {
  const frame = newFrame({}, context);
  frame.values = values;
  convert(value, frame);
  return frame.warnings?.map(({ code }) => code) ?? [];
}

const maybe = (field: Partial<Field>): Field => ({ kind: "text", optional: true, ...field });

describe("text", () => {
  const text = transforms.text(10);

  test("is trimmed, composed, and freed of control characters", () => {
    expect(run(text, "  Å\u0000ke\u202e ")).toBe("Åke");
    expect(run(text, "A\u030ake")).toBe("Åke");
    expect(run(text, "rad\r\nrad")).toBe("rad rad");
    expect(run(text, "\u200b\u0007")).toBeUndefined();
    expect(run(text, 17)).toBe("17");
  });

  test("that is too long is refused, not cut", () => {
    expect(run(text, "0123456789")).toBe("0123456789");
    expect(run(text, "01234567890")).toEqual(["too-long"]);
    expect(run(text, { a: 1 })).toEqual(["type"]);
  });

  test("never keeps a lone surrogate or a control character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (raw) => {
        const clean = transforms.cleanText(raw);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toMatch(/[\u0000-\u001f\u007f]/);
      }),
    );
  });
});

describe("numbers", () => {
  test("integers may have thousands, and zeros as decimals", () => {
    expect(run(transforms.integer, "1 234")).toBe(1234);
    expect(run(transforms.integer, "1\u00a0234,00")).toBe(1234);
    expect(run(transforms.integer, "-7")).toBe(-7);
    expect(Object.is(run(transforms.integer, "-0"), 0)).toBe(true);
    for (const wrong of ["1,5", "1e3", "12 34", "", "x", Number.NaN, true, "9007199254740993"]) {
      expect(run(transforms.integer, wrong)).toEqual(["integer"]);
    }
  });

  test("decimals have comma or point", () => {
    expect(run(transforms.decimal, "12,5")).toBe(12.5);
    expect(run(transforms.decimal, "12.5")).toBe(12.5);
    expect(run(transforms.decimal, "\u22120,25")).toBe(-0.25);
    expect(run(transforms.decimal, 12.5)).toBe(12.5);
    for (const wrong of ["1.234,5", "12,", ",5", "Infinity", Infinity])
      expect(run(transforms.decimal, wrong)).toEqual(["decimal"]);
  });

  test("kronor become öre exactly, whatever the amount", () => {
    expect(run(transforms.ore, "1 234,5")).toBe(123_450);
    expect(run(transforms.ore, -0.29)).toBe(-29);
    expect(run(transforms.ore, "12,345")).toEqual(["amount"]);
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (amount) => {
        const whole = Math.trunc(Math.abs(amount) / 100);
        const fraction = String(Math.abs(amount) % 100).padStart(2, "0");
        expect(run(transforms.ore, `${amount < 0 ? "-" : ""}${whole},${fraction}`)).toBe(amount);
      }),
    );
  });
});

describe("minutes", () => {
  const minutes = transforms.duration("minutes", "auto", true);

  test.each([
    ["30", 30],
    ["0,50", 30],
    ["0.25", 15],
    ["0:30", 30],
    ["1:05", 65],
    ["00:35:00", 35],
    ["1.02:00:00", 26 * 60],
    ["00:35:29.9999999", 35],
    ["00:35:30", 36],
    ["36:00", 36 * 60],
    ["0,33", 20],
    ["-00:10:00", -10],
    [45, 45],
  ])("%s is %i", (written, expected) => expect(run(minutes, written)).toBe(expected));

  test("half a minute goes up, once", () => {
    expect(run(transforms.duration("minutes", "seconds", true), "90")).toBe(2);
    expect(run(transforms.duration("minutes", "seconds", true), 89.9)).toBe(1);
    expect(run(transforms.duration("minutes", "seconds", false), "90")).toBe(1.5);
    expect(run(transforms.duration("seconds", "auto", true), "00:01:30")).toBe(90);
  });

  test("a bare number of unknown unit is refused, one of a known unit is not", () => {
    expect(run(minutes, 0.5)).toEqual(["duration"]);
    expect(run(transforms.duration("minutes", "hours", true), 0.5)).toBe(30);
    expect(run(transforms.duration("minutes", "minutes", true), "12,5")).toBe(13);
  });

  test("what is no duration is refused", () => {
    for (const wrong of ["0:60", "1.25:00:00", "1.02:00", "en timme", "1:2:3:4", {}])
      expect(run(minutes, wrong)).toEqual(["duration"]);
  });

  test("hours with two decimals come back as the minutes that they were", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 24 * 60 }), (whole) => {
        expect(run(minutes, (whole / 60).toFixed(2).replace(".", ","))).toBe(whole);
      }),
    );
  });
});

describe("the end of a span", () => {
  const end = transforms.span("start", "auto");

  test("is elapsed time after its start, also where the clock changes", () => {
    const start = instant("2026-10-25T00:30:00Z");
    expect(run(end, "01:00:00", { start })).toBe(instant("2026-10-25T01:30:00Z"));
    expect(run(end, "1.02:00:00", { start })).toBe(instant("2026-10-26T02:30:00Z"));
    expect(run(end, "30", { start })).toBe(instant("2026-10-25T01:00:00Z"));
  });

  test("is unknown without a start, and no length is negative", () => {
    expect(run(end, "00:30:00")).toBeUndefined();
    expect(run(end, "-00:30:00", { start: 0 })).toEqual(["duration"]);
  });
});

describe("times", () => {
  const options = { field: "start", kind: "instant", zone: "Europe/Stockholm", date: null, after: null } as const;
  const local = transforms.time(options);
  const on = (date: string) => transforms.time({ ...options, date: () => day(date) });
  const endOn = (date: string) => transforms.time({ ...options, field: "end", date: () => day(date), after: "start" });
  const at = (result: unknown) => (typeof result === "number" ? formatInstant(result) : result);

  test("with an offset need no zone; without one they are Swedish", () => {
    expect(at(run(local, "2026-10-05T07:05:00+00:00"))).toBe("2026-10-05T07:05:00Z");
    expect(at(run(local, "2026-10-05T07:05:00"))).toBe("2026-10-05T05:05:00Z");
    expect(at(run(local, "2026-12-05 07:05"))).toBe("2026-12-05T06:05:00Z");
    expect(at(run(transforms.time({ ...options, zone: "UTC" }), "2026-10-25T02:30:00"))).toBe("2026-10-25T02:30:00Z");
  });

  test("of day take their date from another field", () => {
    expect(at(run(on("2026-10-05"), "7:5"))).toBe("2026-10-05T05:05:00Z");
    expect(at(run(on("2026-10-05"), "24:00"))).toBe("2026-10-05T22:00:00Z");
    expect(run(local, "07:05")).toEqual(["time"]);
    expect(run(transforms.time({ ...options, date: () => undefined }), "07:05")).toEqual(["time"]);
  });

  test("before the start are on the next day, as is 24:00", () => {
    const start = instant("2026-10-05T21:30:00Z");
    expect(at(run(endOn("2026-10-05"), "00:15", { start }))).toBe("2026-10-05T22:15:00Z");
    expect(at(run(endOn("2026-10-05"), "24:00", { start }))).toBe("2026-10-05T22:00:00Z");
    expect(at(run(endOn("2026-10-05"), "23:30", { start }))).toBe("2026-10-05T21:30:00Z");
    expect(at(run(endOn("2026-10-05"), "23:15", {}))).toBe("2026-10-05T21:15:00Z");
    // With a date of their own they say what they say: a rule reports it.
    expect(at(run(endOn("2026-10-05"), "2026-10-05 23:15", { start }))).toBe("2026-10-05T21:15:00Z");
  });

  test("that occur twice are the first, with a warning, unless the order of events says the second", () => {
    expect(at(run(on("2026-10-25"), "02:30"))).toBe("2026-10-25T00:30:00Z");
    expect(warningsOf(on("2026-10-25"), "02:30")).toEqual(["ambiguous-time"]);
    const start = instant("2026-10-25T00:40:00Z");
    expect(at(run(endOn("2026-10-25"), "02:10", { start }))).toBe("2026-10-25T01:10:00Z");
    expect(at(run(endOn("2026-10-25"), "02:40", { start }))).toBe("2026-10-25T01:40:00Z");
    expect(warningsOf(endOn("2026-10-25"), "02:10", { start })).toEqual([]);
    expect(at(run(endOn("2026-10-25"), "02:50", { start }))).toBe("2026-10-25T00:50:00Z");
    expect(at(run(endOn("2026-10-25"), "03:05", { start }))).toBe("2026-10-25T02:05:00Z");
  });

  test("past midnight into the night of the change are read on the next day", () => {
    const start = instant("2026-10-24T21:30:00Z");
    expect(at(run(endOn("2026-10-24"), "02:30", { start }))).toBe("2026-10-25T00:30:00Z");
    // Saturday's own 02:30 exists once, and the warning is of Sunday's.
    expect(warningsOf(endOn("2026-10-24"), "02:30", { start })).toEqual(["ambiguous-time"]);
    expect(warningsOf(endOn("2026-10-25"), "01:30", { start: instant("2026-10-25T20:00:00Z") })).toEqual([]);
  });

  test("that do not exist are the change itself, with a warning", () => {
    for (const clock of ["02:00", "02:30", "02:59"]) {
      expect(at(run(on("2026-03-29"), clock))).toBe("2026-03-29T01:00:00Z");
      expect(warningsOf(on("2026-03-29"), clock)).toEqual(["nonexistent-time"]);
    }
    expect(warningsOf(on("2026-03-29"), "03:00")).toEqual([]);
    expect(at(run(on("2026-03-29"), "03:00"))).toBe("2026-03-29T01:00:00Z");
    const start = instant("2026-03-29T00:50:00Z");
    expect(at(run(endOn("2026-03-29"), "02:10", { start }))).toBe("2026-03-29T01:00:00Z");
  });

  test("a date is a time only where a period begins or ends", () => {
    expect(run(local, "2026-10-25")).toEqual(["time"]);
    expect(at(run(transforms.time({ ...options, kind: "instantFrom" }), "2026-10-25"))).toBe("2026-10-24T22:00:00Z");
    expect(at(run(transforms.time({ ...options, kind: "instantUntil" }), "2026-10-25"))).toBe("2026-10-25T23:00:00Z");
    expect(run(local, 46082)).toEqual(["time"]);
  });
});

describe("dates", () => {
  test("of a time are the Swedish day that it falls on", () => {
    expect(run(transforms.date("date"), "2026-10-05T23:30:00")).toBe(day("2026-10-05"));
    expect(run(transforms.date("date"), "2026-10-05T23:30:00Z")).toBe(day("2026-10-06"));
    expect(run(transforms.date("date"), 20261005)).toBe(day("2026-10-05"));
    expect(run(transforms.date("date"), "07:05")).toEqual(["date"]);
  });

  test("bound a period from the start of the first day through the end of the last", () => {
    expect(run(transforms.date("instantFrom"), "2026-10-05T00:00:00")).toBe(instant("2026-10-04T22:00:00Z"));
    expect(run(transforms.date("instantUntil"), "2026-10-05T00:00:00")).toBe(instant("2026-10-05T22:00:00Z"));
  });
});

describe("yes and no", () => {
  test("are read in their usual words", () => {
    const plain = transforms.boolean(null, null);
    for (const yes of ["J", "ja", "TRUE", "1", 1, true]) expect(run(plain, yes)).toBe(true);
    for (const no of ["N", "Nej", "false", "0", 0, false]) expect(run(plain, no)).toBe(false);
    expect(run(plain, "kanske")).toEqual(["boolean"]);
  });

  test("may have words of their own", () => {
    const revoked = transforms.boolean(["Raderad"], null);
    expect([run(revoked, "raderad"), run(revoked, "Aktiv")]).toEqual([true, false]);
    const both = transforms.boolean(["Aktiv"], ["Avslutad"]);
    expect([run(both, "Aktiv"), run(both, "Avslutad"), run(both, "J")]).toEqual([true, false, ["boolean"]]);
    expect(run(transforms.boolean(null, ["Avslutad"]), "Aktiv")).toBe(true);
  });
});

describe("codes", () => {
  const codes = new Map<string, string | null>([
    ["Lås", "lock"],
    ["NFC", "nfc"],
    ["Okänd", null],
  ]);
  const options = { table: "proof", codes, target: "startProof", otherwise: null };
  const proof = transforms.code({ ...options, field: maybe({ kind: "enum", values: ["lock", "nfc"] }) });

  test("are looked up without regard to case, and null says nothing", () => {
    expect(run(proof, "Lås")).toBe("lock");
    expect(run(proof, "LA\u030aS")).toBe("lock");
    expect(run(proof, "okänd")).toBeUndefined();
  });

  test("that the table lacks become a warning with the raw code", () => {
    const frame = newFrame({}, context);
    expect(proof("Fax", frame)).toBeUndefined();
    expect(frame.warnings).toEqual([{ code: "unmapped-code", field: "startProof", value: "Fax", table: "proof" }]);
  });

  test("that look like a person's number are not repeated", () => {
    const frame = newFrame({}, context);
    proof("18880112-2380", frame);
    expect(frame.warnings?.[0]?.value).toBeNull();
  });

  test("stay as they are in open fields, and stop the record where a closed field is required", () => {
    expect(run(transforms.code({ ...options, field: maybe({ kind: "ref" }) }), "Fax")).toBe("Fax");
    expect(run(transforms.code({ ...options, field: maybe({ kind: "codes" }) }), "Fax")).toEqual(["Fax"]);
    const required = transforms.code({ ...options, field: maybe({ kind: "enum", optional: false }) });
    expect(run(required, "Fax")).toEqual(["unmapped-code"]);
  });

  test("may fall back on one value, or pass without a word", () => {
    const other = transforms.code({
      ...options,
      field: maybe({ kind: "enum" }),
      otherwise: { keep: false, value: "nfc" },
    });
    expect(run(other, "Fax")).toBe("nfc");
    expect(warningsOf(other, "Fax")).toEqual(["unmapped-code"]);
    const keep = transforms.code({ ...options, field: maybe({ kind: "ref" }), otherwise: { keep: true } });
    expect(run(keep, "Fax")).toBe("Fax");
    expect(warningsOf(keep, "Fax")).toEqual([]);
  });
});

describe("lists", () => {
  const codes = transforms.list(",", transforms.codeText, true);

  test("come as text, as an array, or as one element without an array", () => {
    expect(run(codes, "b, a,,b")).toEqual(["a", "b"]);
    expect(run(codes, ["b", null, " a "])).toEqual(["a", "b"]);
    expect(run(codes, 7)).toEqual(["7"]);
  });

  test("keep order and repetition where they are not codes", () => {
    expect(run(transforms.list(" ", transforms.integer, false), "3 1 1")).toEqual([3, 1, 1]);
    expect(run(transforms.list(" ", transforms.integer, false), "3 x")).toEqual(["integer"]);
  });

  test("of codes cannot hold the sign that codes are joined with", () => {
    expect(run(codes, "a|b")).toEqual(["code"]);
  });
});

describe("personal identity numbers", () => {
  const nine = "880112238";
  const ten = nine + String(checkDigit(nine));

  test("are twelve digits, with spaces and hyphens gone", () => {
    expect(run(transforms.identity, ` 18${ten.slice(0, 6)} - ${ten.slice(6)}`)).toBe(`18${ten}`);
    expect(run(transforms.identity, Number(`18${ten}`))).toBe(`18${ten}`);
    expect(run(transforms.identity, "19900101TF03")).toBe("19900101TF03");
    expect(run(transforms.identity, "19900101te03")).toBe("19900101TE03");
  });

  test("that Excel has damaged are never guessed at", () => {
    for (const rounded of ["1,99E+11", "1.88801E+11", "2E+11", 1.88801e21]) {
      expect(run(transforms.identity, rounded)).toEqual(["identity-rounded"]);
    }
    for (const shortened of ["101122380", 101122380, "88011223800", "880112", `18${ten},0`, `18${ten}.00`]) {
      expect(run(transforms.identity, shortened)).toEqual(["identity-zeros"]);
    }
  });

  test("with wrong check digit, masked end or foreign form are told apart", () => {
    const wrong = `18${nine}${(checkDigit(nine) + 1) % 10}`;
    expect(run(transforms.identity, wrong)).toEqual(["identity-check"]);
    expect(run(transforms.identity, "18880112-XXXX")).toEqual(["identity-masked"]);
    expect(run(transforms.identity, "18880112-****")).toEqual(["identity-masked"]);
    expect(run(transforms.identity, "se journal!")).toEqual(["identity"]);
    expect(run(transforms.identity, true)).toEqual(["identity"]);
  });

  test("refer to a person by keyed hash, made once for all rows of a record", () => {
    let made = 0;
    const frame = newFrame({}, { thisYear: 2026, identityRef: () => `pid:${++made}` });
    expect([transforms.identityRef(`18${ten}`, frame), transforms.identityRef(`18${ten}`, frame)]).toEqual([
      "pid:1",
      "pid:1",
    ]);
    expect(run(transforms.identityRef, "1,99E+11")).toEqual(["identity-rounded"]);
  });
});

describe("positions", () => {
  const latitude = transforms.degrees(90);

  test("are degrees, with comma or point, and zero is unknown", () => {
    expect(run(latitude, "58,9035")).toBe(58.9035);
    expect(run(transforms.degrees(180), 17.9477)).toBe(17.9477);
    expect(run(latitude, "0,0")).toBeUndefined();
  });

  test("in metres are refused as another system", () => {
    expect(run(latitude, "6532145,2")).toEqual(["coordinate-system"]);
    expect(run(latitude, "91")).toEqual(["coordinate"]);
  });
});

test("nested values are checked by the field's schema, and the place named", () => {
  const weekdays = transforms.json(z.array(z.int().min(1).max(7)));
  expect(run(weekdays, [1, 7])).toEqual([1, 7]);
  const frame = newFrame({}, context);
  expect(weekdays([1, 8], frame)).toBe(FAILED);
  expect(frame.rule).toContain("vid 1");
});

test("terms of a contract that do not fit name the place, the nearest key and the words that there are", () => {
  const reason = (terms: unknown) => {
    const frame = newFrame({}, context);
    expect(transforms.json(contractTerms)(terms, frame)).toBe(FAILED);
    return frame.rule;
  };
  expect(reason({ cap: { tolerancePercnt: 2 } })).toBe(
    'har inte rätt form vid cap: nyckeln "tolerancePercnt" finns inte, menade du "tolerancePercent"?',
  );
  expect(reason({ household: "delas" })).toBe("har inte rätt form vid household: ska vara divide, full");
  expect(reason({ price: [{ orePerHour: "480" }] })).toBe("har inte rätt form vid price.0.orePerHour");
});

test("versions are whole numbers or times", () => {
  expect(run(transforms.version, "17")).toBe(17);
  expect(run(transforms.version, 17)).toBe(17);
  expect(run(transforms.version, "2026-10-05T07:05:00+02:00")).toBe(instant("2026-10-05T05:05:00Z"));
  expect(run(transforms.version, "2026-10-25T02:30:00")).toBe(instant("2026-10-25T00:30:00Z"));
  expect(warningsOf(transforms.version, "2026-10-25T02:30:00")).toEqual([]);
  expect(run(transforms.version, "ny")).toEqual(["version"]);
});

test("the class of a value says nothing of the value itself", () => {
  expect(transforms.valueClass("18880112-2380")).toBe("text, 13 tecken (siffror, andra tecken)");
  expect([undefined, null, " ", 1, true, [1], {}].map(transforms.valueClass)).toEqual([
    "saknas",
    "saknas",
    "saknas",
    "tal",
    "sant/falskt",
    "lista, 1 st",
    "objekt",
  ]);
});
