import { describe, expect, test } from "vitest";
import { z } from "zod";
import { MappingsNotValid, checkMapping, shapeProblem } from "#mapping";
import { codeTables, visitMapping, visitRecord, visitRow } from "./phoniro-like.ts";

const options = {
  file: { path: "visits.yaml", text: visitMapping },
  folders: [codeTables],
  records: new Map([["phoniro/visits", visitRow]]),
  context: { identityRef: () => "pid:0123456789abcdef", thisYear: 2026 },
};

describe("a check of a mapping against an export", () => {
  test("shows rows as they would become, without what identifies a person", async () => {
    const { rows, source, records, refused } = await checkMapping({ ...options, sample: [visitRecord] });
    expect({ source, records, refused }).toEqual({ source: "phoniro/visits", records: 1, refused: 0 });
    expect(rows[0]).toEqual({
      entity: "visits",
      values: expect.objectContaining({
        id: "v-1",
        clientId: "pid:…",
        staffId: "47…",
        start: "2026-10-05 07:05",
        services: "dusch, stad",
        approvedByManager: "ja",
      }) as unknown,
    });
    expect(JSON.stringify(rows)).not.toMatch(/0123456789abcdef|4711|18820112/);
  });

  test("counts why records would be refused and what would be remarked on", async () => {
    const check = await checkMapping({
      ...options,
      rowsMax: 1,
      sample: [
        visitRecord,
        { ...visitRecord, Starttid: "sju" },
        { ...visitRecord, Starttid: "sex" },
        { ...visitRecord, Personnummer: 188201122382 },
        { ...visitRecord, Insatser: "Fotvård" },
      ],
    });
    expect(check.rows).toHaveLength(1);
    expect(check.refused).toBe(3);
    expect(check.problems).toEqual([
      expect.objectContaining({ field: "Starttid", code: "time", count: 2 }),
      { field: "Personnummer", code: "type", rule: "ska vara text", valueClass: "tal", count: 1 },
    ]);
    expect(check.warnings).toEqual([
      { entity: "visits", field: "services", code: "unmapped-code", value: "Fotvård", count: 1 },
    ]);
    expect(check.filled).toContainEqual({ entity: "visits", field: "end", rows: 2, of: 2 });
    expect(check.filled).toContainEqual({ entity: "visits", field: "orderId", rows: 0, of: 2 });
  });

  test("reads an export as a stream", async () => {
    async function* stream() {
      await Promise.resolve();
      yield visitRecord;
    }
    expect((await checkMapping({ ...options, sample: stream() })).records).toBe(1);
  });

  test("of the file alone says which tables it fills, or what is wrong", async () => {
    expect((await checkMapping(options)).entities).toEqual(["visits", "planned-visits"]);
    const file = { path: "visits.yaml", text: visitMapping.replace("Enhet", "Enhett") };
    await expect(checkMapping({ ...options, file })).rejects.toThrow(MappingsNotValid);
  });
});

test("a record of another shape is described without its values", () => {
  const schema = z.object({ Id: z.int(), Rader: z.array(z.object({ Kod: z.string() })) });
  const problemOf = (record: unknown) => {
    const { error } = schema.safeParse(record);
    return error === undefined ? null : shapeProblem(error, record);
  };
  expect(problemOf({ Id: 1, Rader: [] })).toBeNull();
  expect(problemOf({ Rader: [] })).toEqual({
    field: "Id",
    valueClass: "saknas",
    rule: "saknar värde",
    code: "missing",
  });
  expect(problemOf({ Id: "188801122380", Rader: [] })).toMatchObject({ field: "Id", rule: "ska vara ett tal" });
  expect(problemOf({ Id: 1, Rader: [{ Kod: "a" }, { Kod: 7 }] })).toMatchObject({
    field: "Rader.[2].Kod",
    rule: "ska vara text",
  });
  expect(problemOf(7)).toMatchObject({ field: "", valueClass: "tal", rule: "ska vara ett objekt" });
});
