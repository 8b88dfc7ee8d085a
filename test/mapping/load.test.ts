import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type LoadOptions, MappingsNotValid, loadMapping, loadMappings } from "#mapping";
import { codeTables, visitMapping, visitRecord, visitRow } from "./phoniro-like.ts";

const shift = z.object({
  Id: z.int(),
  Staff: z.object({ Id: z.string(), HsaIds: z.array(z.object({ Type: z.string(), Value: z.string() })).optional() }),
  "Start.Time": z.string(),
  End: z.string().nullable(),
});

const shiftMapping = `source: demo/shifts
version: 2
rows:
  - entity: shifts
    id: Id
    fields:
      staffId: { from: Staff.HsaIds, as: pick, where: { field: Type, equals: HSA }, take: Value }
      start: Start.Time
      end: End
      kind: { value: work }
ignore: [Staff.Id]
`;

const load = (text: string, schema: z.ZodType = shift, more: LoadOptions["folders"][number] = []) =>
  loadMappings({
    folders: [[...more, { path: "mappings/demo/shifts.yaml", text }]],
    records: new Map([["demo/shifts", schema]]),
  });

/** "line:column message" of everything that is wrong. */
function problemsOf(text: string, schema?: z.ZodType, more?: LoadOptions["folders"][number]): string[] {
  try {
    load(text, schema, more);
    return [];
  } catch (error) {
    if (!(error instanceof MappingsNotValid)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}

describe("a mapping that is right", () => {
  test("is loaded with its source, version, entities and hash", () => {
    const mapping = load(shiftMapping).get("demo/shifts");
    expect(mapping).toMatchObject({
      source: "demo/shifts",
      version: 2,
      entities: ["shifts"],
      file: "mappings/demo/shifts.yaml",
    });
    expect(mapping?.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test("changes its hash with its text and with the code tables that it uses, not with others", () => {
    const hash = (tables: typeof codeTables) =>
      loadMappings({
        folders: [[...tables, { path: "v.yaml", text: visitMapping }]],
        records: new Map([["phoniro/visits", visitRow]]),
      }).get("phoniro/visits")?.hash;
    const [services, proof] = codeTables as [(typeof codeTables)[0], (typeof codeTables)[0]];
    const other = { path: "mappings/codes/other.yaml", text: "version: 1\ncodes: { A: b }\n" };
    expect(hash([services, proof, other])).toBe(hash([services, proof]));
    expect(hash([{ ...services, text: `${services.text}\n# ny rad` }, proof])).not.toBe(hash([services, proof]));
  });
});

describe("a municipality's own headers", () => {
  const visits = (columns: string) => ({
    folders: [[...codeTables, { path: "v.yaml", text: `${visitMapping}columns:\n${columns}` }]],
    records: new Map([["phoniro/visits", visitRow]]),
  });
  const problems = (columns: string) => {
    try {
      loadMappings(visits(columns));
      return [];
    } catch (error) {
      return (error as MappingsNotValid).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
    }
  };

  test("are handed out by field, one or several", () => {
    const mapping = loadMappings(visits("  BesöksId: Besöksnummer\n  Brukarnr: [Kundnummer, Kund]\n"));
    expect(mapping.get("phoniro/visits")?.columns).toEqual({
      BesöksId: ["Besöksnummer"],
      Brukarnr: ["Kundnummer", "Kund"],
    });
    expect(load(shiftMapping).get("demo/shifts")?.columns).toEqual({});
  });

  test("must belong to a field of the record", () => {
    expect(problems("  BesökId: [Nummer]\n")[0]).toMatch(
      /:3 In the record of phoniro\/visits, the field "BesökId" does not exist\. Did you mean "BesöksId"\?$/,
    );
  });

  test("may not be the header of another field", () => {
    expect(problems("  BesöksId: [Nummer]\n  Brukarnr: [nummer]\n")[0]).toMatch(
      /The header "nummer" is already the field "BesöksId"\.$/,
    );
    expect(problems("  Brukarnr: [ENHET]\n")[0]).toMatch(/The header "ENHET" is already the field "Enhet"\.$/);
  });
});

describe("what is wrong is said with line, column and the nearest name:", () => {
  const wrong = (from: string, to: string) => problemsOf(shiftMapping.replace(from, to));

  test("a misspelt path", () => {
    expect(wrong("start: Start.Time", "start: Star.Time")).toEqual([
      '8:14 In the record of demo/shifts, the field "Star.Time" does not exist. Did you mean "Start.Time"?',
      '11:1 The field "Start.Time" of demo/shifts is neither used nor ignored: use it, or name it under "ignore".',
    ]);
  });

  test("a misspelt path inside a list", () => {
    expect(wrong("take: Value", "take: Valeu")[0]).toBe(
      '7:91 In the record of demo/shifts, the field "Valeu" does not exist. Did you mean "Value"?',
    );
  });

  test("an unknown conversion", () => {
    expect(wrong("end: End", "end: { from: End, as: localtime }")).toEqual([
      '9:29 The conversion "localtime" does not exist. Did you mean "local-time"?',
    ]);
  });

  test("a conversion that cannot fill the field", () => {
    expect(wrong("end: End", "end: { from: End, as: boolean }")).toEqual([
      '9:29 The conversion "boolean" cannot fill shifts.end, which is instant.',
    ]);
  });

  test("an unknown canonical field, and a required one left unfilled", () => {
    expect(wrong("end: End", "ends: End")).toEqual([
      '9:7 In shifts, the canonical field "ends" does not exist. Did you mean "end"?',
      "6:5 The field shifts.end is required, and nothing fills it.",
      '11:1 The field "End" of demo/shifts is neither used nor ignored: use it, or name it under "ignore".',
    ]);
  });

  test("an unknown entity, source or key", () => {
    expect(wrong("entity: shifts", "entity: shift")[0]).toBe(
      '4:13 The entity "shift" does not exist. Did you mean "shifts"?',
    );
    expect(wrong("source: demo/shifts", "source: demo/shift")[0]).toBe(
      '1:9 The source "demo/shift" does not exist. Did you mean "demo/shifts"?',
    );
    expect(wrong("version: 2", "verson: 2")).toEqual([
      '2:1 In the file, the key "verson" does not exist. Did you mean "version"?',
      '1:1 The file needs "version".',
    ]);
    expect(wrong("{ value: work }", "{ value: work, oterwise: x }")).toEqual([
      '10:28 Beside "value", the key "oterwise" does not exist. Known: value.',
    ]);
    expect(wrong("take: Value }", "take: Value, tehn: { as: text } }")).toEqual([
      '7:98 For the conversion "pick", the key "tehn" does not exist. Did you mean "then"?',
    ]);
  });

  test("a constant outside the closed list", () => {
    expect(wrong("value: work", "value: works")).toEqual([
      '10:22 "value" is not a value of shifts.kind, which is enum.',
      '10:22 The value "works" does not exist. Did you mean "work"?',
    ]);
  });

  test("an unknown code table, and a code outside the closed list in the table's own file", () => {
    const coded = shiftMapping
      .replace("kind: { value: work }", "kind: { from: Staff.Id, as: code, table: pass }")
      .replace("ignore: [Staff.Id]\n", "");
    const table = { path: "mappings/codes/pass.yaml", text: "version: 1\ncodes:\n  S: sjuk\n  A: work\n" };
    expect(problemsOf(coded)).toEqual(['10:48 The code table "pass" does not exist.']);
    expect(problemsOf(coded, shift, [{ ...table, path: "mappings/codes/pas.yaml" }])).toEqual([
      '10:48 The code table "pass" does not exist. Did you mean "pas"?',
    ]);
    expect(problemsOf(coded, shift, [table])[0]).toBe(
      '3:6 Code "S": among the values of shifts.kind, the value "sjuk" does not exist. Did you mean "sick"?',
    );
  });

  test("a list used as a single value", () => {
    expect(
      wrong(
        "{ from: Staff.HsaIds, as: pick, where: { field: Type, equals: HSA }, take: Value }",
        "Staff.HsaIds.Value",
      )[0],
    ).toBe('7:16 "Staff.HsaIds.Value" is a list: use "as: list", "as: pick", or rows with "each".');
  });

  test("an order of events that the row does not know, or that goes round", () => {
    expect(wrong("end: End", "end: { from: End, as: local-time, after: strat }")).toEqual([
      '9:48 Among the times that this row fills, the field "strat" does not exist. Did you mean "start"?',
    ]);
    const round = shiftMapping
      .replace("start: Start.Time", "start: { from: Start.Time, as: local-time, after: end }")
      .replace("end: End", "end: { from: End, as: local-time, after: start }");
    expect(problemsOf(round)).toContain('6:5 The "after" of these fields go round in a circle.');
  });

  test("a field that is both used and ignored", () => {
    expect(wrong("[Staff.Id]", "[Staff.Id, End]")).toEqual(['11:20 "End" is ignored, but a row uses it.']);
  });

  test("text that is no YAML, the same key twice, an empty file", () => {
    expect(problemsOf("source: [")[0]).toMatch(/^1:\d+ This is not YAML/);
    expect(wrong("version: 2", "version: 2\nversion: 3")[0]).toMatch(/^3:1 This is not YAML: Map keys must be unique/);
    expect(problemsOf("")[0]).toBe("1:1 The file is empty.");
    expect(problemsOf("- a")[0]).toBe("1:1 the file must be a mapping of names to values.");
  });

  test("everything at once, each with its file", () => {
    const options = {
      folders: [
        [
          { path: "a.yaml", text: shiftMapping.replace("End", "Ende") },
          { path: "codes/b.yaml", text: "codes: {}" },
        ],
      ],
      records: new Map<string, z.ZodType>([
        ["demo/shifts", shift],
        ["demo/visits", shift],
      ]),
    };
    expect(() => loadMappings(options)).toThrow(
      [
        'codes/b.yaml:1:1 The file needs "version".',
        'a.yaml:9:12 In the record of demo/shifts, the field "Ende" does not exist. Did you mean "End"?',
        'a.yaml:11:1 The field "End" of demo/shifts is neither used nor ignored: use it, or name it under "ignore".',
        "mappings/demo/visits.yaml:1:1 No mapping for source demo/visits.",
      ].join("\n"),
    );
  });
});

describe("the record shape is seen through", () => {
  test("optional, nullable, default, union, intersection, pipe, preprocess, lazy and records", () => {
    const inner = z.object({ A: z.string() });
    const schema = z.object({
      Id: z.string().optional().nullable().default("x"),
      Staff: z.union([inner, z.array(inner)]).transform((value) => [value].flat()),
      Start: z.preprocess((value) => value, z.object({ B: z.string() }).and(z.object({ C: z.string() }))),
      End: z.lazy(() => inner.readonly()),
      Free: z.record(z.string(), z.string()),
    });
    const text = `source: demo/shifts
version: 1
rows:
  - entity: shifts
    id: Id
    fields:
      staffId: { from: Staff, as: pick, take: A }
      start: Start.B
      end: { from: [End.A, Free.what.ever] }
      kind: { value: work }
`;
    expect(problemsOf(text, schema)).toEqual([
      '3:1 The field "Start.C" of demo/shifts is neither used nor ignored: use it, or name it under "ignore".',
    ]);
    expect(problemsOf(`${text}ignore: [Start.C]\n`, schema)).toEqual([]);
  });

  test("same: all takes the fields of the same name", () => {
    const schema = z.object({
      id: z.string(),
      version: z.string().optional(),
      staffId: z.string(),
      start: z.string(),
      end: z.string(),
      kind: z.string(),
    });
    const text = "source: demo/shifts\nversion: 1\nrows:\n  - entity: shifts\n    same: all\n";
    expect(problemsOf(text, schema)).toEqual([]);
    expect(problemsOf(text, schema.omit({ kind: true, id: true }))).toEqual([
      '4:5 A row needs "id".',
      "4:5 The field shifts.kind is required, and nothing fills it.",
    ]);
  });
});

describe("a folder of one's own", () => {
  const records = new Map<string, z.ZodType>([["phoniro/visits", visitRow]]);
  const builtin = [...codeTables, { path: "mappings/phoniro/visits.yaml", text: visitMapping }];
  const context = { identityRef: () => "pid:1", thisYear: 2026 };

  test("replaces a mapping by its source", () => {
    const own = { path: "own/besok.yaml", text: visitMapping.replace("version: 1", "version: 7") };
    const mapping = loadMappings({ folders: [builtin, [own]], records }).get("phoniro/visits");
    expect(mapping).toMatchObject({ version: 7, file: "own/besok.yaml" });
  });

  test("replaces a code table by its name", () => {
    const own = { path: "own/codes/services.yaml", text: "version: 1\ncodes: { Dusch: hygien, Städ: stad }\n" };
    const outcome = loadMappings({ folders: [builtin, [own]], records })
      .get("phoniro/visits")
      ?.apply(visitRecord, context);
    expect(outcome?.ok === true && outcome.mapped[0]?.record.values["services"]).toEqual(["hygien", "stad"]);
  });

  test("has one mapping for each source", () => {
    const twice = [...builtin, { path: "mappings/phoniro/besok.yaml", text: visitMapping }];
    expect(() => loadMappings({ folders: [twice], records })).toThrow(
      "mappings/phoniro/besok.yaml:1:9 mappings/phoniro/visits.yaml is already the mapping of phoniro/visits.",
    );
  });

  test("one file is read alone, with our code tables", () => {
    const file = { path: "x.yaml", text: visitMapping };
    expect(loadMapping(file, { folders: [builtin], records }).file).toBe("x.yaml");
    expect(() => loadMapping({ ...file, text: "source: phoniro/visist" }, { folders: [builtin], records })).toThrow(
      'x.yaml:1:9 The source "phoniro/visist" does not exist. Did you mean "phoniro/visits"?',
    );
  });
});
