import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { loadMappings } from "#mapping";
import { HOUR, MINUTE, ZONE, instant } from "#model";
import { codeTables, visitMapping, visitRecord, visitRow } from "./phoniro-like.ts";

const context = { identityRef: (number: string) => `pid:${number}`, thisYear: 2026 };

function mappingOf(text: string, schema: z.ZodType) {
  const source = /^source: (.*)$/m.exec(text)?.[1] ?? "";
  const folders = [[...codeTables, { path: "m.yaml", text }]];
  const mapping = loadMappings({ folders, records: new Map([[source, schema]]) }).get(source);
  if (mapping === undefined) throw new Error("not loaded");
  return mapping;
}

const visits = mappingOf(visitMapping, visitRow);
const map = (changes: Record<string, string>) => visits.apply({ ...visitRecord, ...changes }, context);

function rowsOf(outcome: ReturnType<typeof map>) {
  if (!outcome.ok) throw new Error(`${outcome.problem.field} ${outcome.problem.rule}`);
  return outcome.mapped;
}

describe("a record of several tables", () => {
  test("becomes a row of each", () => {
    const [visit, plan] = rowsOf(map({}));
    expect(visit).toEqual({
      entity: "visits",
      warnings: [],
      record: {
        id: "v-1",
        version: instant("2026-10-05T13:12:00Z"),
        deleted: false,
        parent: null,
        values: expect.objectContaining({
          clientId: "pid:188201122382",
          start: instant("2026-10-05T05:05:00Z"),
          end: instant("2026-10-05T05:35:00Z"),
          status: "completed",
          services: ["dusch", "stad"],
          startProof: "lock",
          doubleStaffing: false,
          declinedReason: undefined,
          orderId: undefined,
        }) as unknown,
      },
    });
    expect(plan).toMatchObject({ entity: "planned-visits", record: { id: "v-1", version: null } });
  });

  test("leaves out a row whose condition does not hold", () => {
    expect(rowsOf(map({ "Planerad start": " " })).map((row) => row.entity)).toEqual(["visits"]);
  });

  test("yields objects of one form, whatever is missing", () => {
    const full = rowsOf(map({}))[0]?.record.values ?? {};
    const bare = rowsOf(map({ Sluttid: "", Insatser: "", Orsak: "nej", "Ändrad tid": "" }))[0]?.record.values ?? {};
    expect(Object.keys(bare)).toEqual(Object.keys(full));
  });

  test("takes the first case that holds", () => {
    expect(rowsOf(map({ Avböjt: "J" }))[0]?.record.values["status"]).toBe("declined");
  });

  test("carries its warnings", () => {
    expect(
      rowsOf(map({ Insatser: "Dusch,Fotvård", Besöksdatum: "2026-03-29", Starttid: "02:30", Sluttid: "03:10" }))[0]
        ?.warnings,
    ).toEqual([
      { code: "nonexistent-time", field: "start", value: null, table: null },
      { code: "unmapped-code", field: "services", value: "Fotvård", table: "services" },
    ]);
  });
});

describe("a record that does not fit", () => {
  test("says which field, what class of value, and the rule", () => {
    expect(map({ Starttid: "sju" })).toEqual({
      ok: false,
      problem: {
        field: "Starttid",
        valueClass: "text, 3 tecken (bokstäver)",
        rule: "ska vara en tidpunkt (2026-03-01T07:05 eller 2026-03-01 07:05)",
        code: "time",
      },
    });
    expect(map({ Besöksdatum: "2026-02-30" })).toMatchObject({ problem: { field: "Besöksdatum", code: "date" } });
  });

  test("names the field that is missing and what it would have filled", () => {
    expect(map({ BesöksId: "" })).toMatchObject({
      problem: {
        field: "BesöksId",
        valueClass: "saknas",
        rule: "saknar värde; visits.id måste fyllas",
        code: "missing",
      },
    });
    expect(map({ Personnummer: "" })).toMatchObject({ problem: { field: "Personnummer", code: "missing" } });
  });

  test("never repeats the value", () => {
    for (const number of ["18820112-2383", "1,88E+11", "882011223"]) {
      expect(JSON.stringify(map({ Personnummer: number }))).not.toContain(number);
    }
  });

  test("is no exception, whatever its columns hold", () => {
    const value = fc.oneof(fc.string(), fc.stringMatching(/^[\d:., ]{0,12}$/), fc.jsonValue({ maxDepth: 2 }));
    const columns = Object.fromEntries(Object.keys(visitRecord).map((name) => [name, value]));
    fc.assert(
      fc.property(fc.record(columns, { requiredKeys: [] }), (record) => {
        const outcome = visits.apply({ ...visitRecord, ...record }, context);
        expect(outcome.ok ? outcome.mapped.length : outcome.problem.rule.length).toBeGreaterThan(0);
      }),
    );
  });

  test("is no exception, whatever it is", () => {
    for (const record of [null, undefined, 7, "text", [], {}, { BesöksId: {} }, { BesöksId: [1] }]) {
      expect(visits.apply(record, context).ok).toBe(false);
    }
  });
});

describe("a visit of which a source gives the date once and two times of day", () => {
  const first = instant("1996-01-01T00:00:00Z");
  const last = instant("2037-12-30T00:00:00Z");
  const changes = Array.from({ length: 42 }, (_, index) =>
    [3, 10].map((month) => {
      const end = Temporal.PlainDate.from({ year: 1996 + index, month, day: 31 });
      return end.subtract({ days: end.dayOfWeek % 7 }).toZonedDateTime("UTC").epochMilliseconds + HOUR;
    }),
  ).flat();
  const near = fc
    .tuple(fc.constantFrom(...changes), fc.integer({ min: -26 * 60, max: 240 }))
    .map(([at, minutes]) => at + minutes * MINUTE);
  const anywhere = fc.integer({ min: first / MINUTE, max: last / MINUTE }).map((minute) => minute * MINUTE);
  const written = (at: number) => Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(ZONE).toPlainDateTime();

  test.each([
    ["on any day", anywhere],
    ["around a clock change", near],
  ])("%s begins and ends when it did, by the time zone database", (_, starts) => {
    fc.assert(
      fc.property(starts, fc.integer({ min: 1, max: 20 * 60 }), (start, minutes) => {
        const end = start + minutes * MINUTE;
        const [from, to] = [written(start), written(end)];
        const outcome = map({
          Besöksdatum: from.toPlainDate().toString(),
          Starttid: from.toPlainTime().toString({ smallestUnit: "minute" }),
          Sluttid: to.toPlainTime().toString({ smallestUnit: "minute" }),
        });
        const values = rowsOf(outcome)[0]?.record.values;
        // What the wall clock cannot tell is the first that fits: the first reading of the start, the first later one of the end.
        const zonedStart = from.toZonedDateTime(ZONE, { disambiguation: "earlier" }).epochMilliseconds;
        const readings = [0, 1].flatMap((days) => {
          const plain = from.toPlainDate().add({ days }).toPlainDateTime(to.toPlainTime());
          return (["earlier", "later"] as const)
            .map((disambiguation) => plain.toZonedDateTime(ZONE, { disambiguation }))
            .filter((zoned) => zoned.toPlainDateTime().equals(plain))
            .map((zoned) => zoned.epochMilliseconds);
        });
        expect(values).toMatchObject({
          start: zonedStart,
          end: readings.toSorted((a, b) => a - b).find((reading) => reading > zonedStart),
        });
        const twice = (plain: Temporal.PlainDateTime) =>
          plain.toZonedDateTime(ZONE, { disambiguation: "earlier" }).epochMilliseconds !==
          plain.toZonedDateTime(ZONE, { disambiguation: "later" }).epochMilliseconds;
        if (twice(from) || twice(to)) return;
        expect(values).toMatchObject({ start, end });
      }),
      { numRuns: 400 },
    );
  });
});

const line = z.object({ Kod: z.string(), Minuter: z.string(), Dagar: z.string().optional() });
const order = z.object({
  Id: z.string(),
  Version: z.int(),
  Borttagen: z.boolean().optional(),
  Insats: z.union([line, z.array(line)]).optional(),
});
const lines = mappingOf(
  `source: demo/orders
version: 1
rows:
  - entity: order-lines
    each: Insats
    parent: ^.Id
    id: { join: [^.Id, "#"], with: "-" }
    version: ^.Version
    deleted: ^.Borttagen
    fields:
      orderId: ^.Id
      service: { from: Kod, as: code, table: services }
      minutes: { from: Minuter, as: minutes }
      times: { value: 1 }
      per: { value: week }
      weekdays: { from: Dagar, as: list, separator: " ", then: { as: code, codes: { mån: 1, tis: 2, fre: 5 } } }
`,
  order,
);

describe("nested rows", () => {
  const apply = (record: unknown) => {
    const outcome = lines.apply(record, context);
    if (!outcome.ok) throw new Error(outcome.problem.rule);
    return outcome;
  };

  test("are one for each element, with the outer record within reach", () => {
    const { mapped, complete } = apply({
      Id: "o-4",
      Version: 3,
      Insats: [
        { Kod: "Dusch", Minuter: "0,50", Dagar: "mån fre" },
        { Kod: "Städ", Minuter: "1:30" },
      ],
    });
    expect(mapped.map(({ record }) => record)).toMatchObject([
      {
        id: "o-4-1",
        parent: "o-4",
        version: 3,
        values: { orderId: "o-4", service: "dusch", minutes: 30, weekdays: [1, 5] },
      },
      {
        id: "o-4-2",
        parent: "o-4",
        version: 3,
        values: { orderId: "o-4", service: "stad", minutes: 90, weekdays: undefined },
      },
    ]);
    expect(complete).toEqual([{ entity: "order-lines", parent: "o-4", version: 3 }]);
  });

  test("may be one element without a list around it", () => {
    expect(apply({ Id: "o-4", Version: 3, Insats: { Kod: "Dusch", Minuter: "30" } }).mapped).toHaveLength(1);
  });

  test("that are gone leave the set of their parent empty", () => {
    expect(apply({ Id: "o-4", Version: 4 })).toMatchObject({ mapped: [], complete: [{ parent: "o-4", version: 4 }] });
  });

  test("are tombstones where the record is deleted, whatever else it says", () => {
    const { mapped } = apply({ Id: "o-4", Version: 5, Borttagen: true, Insats: [{ Kod: "Dusch", Minuter: "?" }] });
    expect(mapped[0]?.record).toMatchObject({ id: "o-4-1", deleted: true, values: { minutes: undefined } });
  });
});

test("an absence of whole days reaches through its last one", () => {
  const absence = mappingOf(
    `source: demo/absences
version: 1
rows:
  - entity: absences
    id: Id
    fields:
      clientId: { from: PersonId, as: identity-ref }
      from: { from: StartDate, as: date }
      to: { from: EndDate, as: date, absent: ["9999-12-31T00:00:00"] }
      kind: { from: Reason.Code, codes: { SJH: hospital }, otherwise: other, default: away }
      planned: { from: Planned, default: false }
`,
    z.object({
      Id: z.int(),
      PersonId: z.string(),
      StartDate: z.string(),
      EndDate: z.string().nullable(),
      Reason: z.object({ Code: z.string() }).optional(),
      Planned: z.string().optional(),
    }),
  );
  const record = {
    Id: 1,
    PersonId: "19900101TF03",
    StartDate: "2026-10-24T00:00:00",
    EndDate: "2026-10-25T00:00:00",
    Reason: { Code: "SJH" },
  };
  expect(rowsOf(absence.apply(record, context))[0]?.record).toMatchObject({
    id: "1",
    values: {
      clientId: "pid:19900101TF03",
      from: instant("2026-10-23T22:00:00Z"),
      to: instant("2026-10-25T23:00:00Z"),
      kind: "hospital",
      planned: false,
    },
  });
  expect(rowsOf(absence.apply({ ...record, Reason: { Code: "??" } }, context))[0]).toMatchObject({
    record: { values: { kind: "other" } },
    warnings: [{ code: "unmapped-code", value: "??" }],
  });
  const open = rowsOf(absence.apply({ ...record, EndDate: "9999-12-31T00:00:00", Reason: undefined }, context))[0];
  expect(open?.record.values).toMatchObject({ to: undefined, kind: "away" });
});
