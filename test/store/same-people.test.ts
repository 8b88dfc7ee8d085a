import { describe, expect, test } from "vitest";
import { type Database, selectNamed, selectSamePeople, type SourceId } from "#store";
import { testDatabase } from "../support/database.ts";
import { insertRows } from "../support/rows.ts";

const hash = (letter: string): string => letter.repeat(64);
const sealed = (letter: string): Buffer => Buffer.from(hash(letter), "hex");
const everything = { providers: null, units: null, groups: null };

/**
 * A person of two sources and of a third by the hash alone, whose spouse has another name in another source; a staff
 * member whose HSA-id is written in three ways; and others who are none of these.
 */
async function stored() {
  const opened = await testDatabase();
  const { database } = opened;
  await database.pool.query(
    "INSERT INTO sources_known (tenant_id, no, id) SELECT '0192', n, 's' || n FROM generate_series(0, 2) n",
  );
  const refs: Array<[kind: number, source: number, id: string]> = [
    [0, 0, "A1"],
    [0, 1, "A2"],
    [0, 2, `pid:${hash("a")}`],
    [0, 0, "B1"],
    [0, 1, "B2"],
    [0, 0, "X1"],
    [0, 2, `pid:${hash("e")}`],
    [1, 0, "S1"],
    [1, 1, "SE2321000016-1ab"],
    [1, 1, "A2"],
    [1, 0, "S9"],
    [3, 0, "P1"],
    [3, 0, "P2"],
    [2, 0, "U1"],
    [2, 0, "U2"],
  ];
  await database.pool.query(
    `INSERT INTO refs (tenant_id, no, kind, source_no, id)
     SELECT '0192', n - 1, kind, source_no, id FROM unnest($1::int[], $2::int[], $3::text[]) WITH ORDINALITY r (kind, source_no, id, n)`,
    [refs.map(([kind]) => kind), refs.map(([, source]) => source), refs.map(([, , id]) => id)],
  );
  await insertRows(database, "clients", [
    { source_no: 0, id: "A1", personal_identity_number_hash: sealed("a"), household_id: 50 },
    { source_no: 1, id: "A2", personal_identity_number_hash: sealed("a") },
    { source_no: 0, id: "B1", personal_identity_number_hash: sealed("b"), household_id: 50 },
    { source_no: 1, id: "B2", personal_identity_number_hash: sealed("b") },
    { source_no: 1, id: "A1", personal_identity_number_hash: sealed("c") },
    { source_no: 2, id: "A3", personal_identity_number_hash: sealed("a"), deleted: true },
    { source_no: 0, id: "X1" },
  ]);
  await insertRows(database, "units", [
    { source_no: 0, id: "U1", provider_id: 11, name: "" },
    { source_no: 0, id: "U2", provider_id: 12, name: "" },
  ]);
  await insertRows(database, "staff", [
    { source_no: 0, id: "S1", hsa_id: "se2321000016-1AB", provider_id: 11, unit_id: 13 },
    { source_no: 2, id: "T1", hsa_id: "SE2321000016-1AB", provider_id: 12, unit_id: 14 },
    { source_no: 0, id: "S9", hsa_id: "SE2321000016-9ZZ", provider_id: 11, unit_id: 13 },
  ]);
  return opened;
}

const namesOf = ({ ids }: { ids: readonly SourceId[] }): string[] =>
  ids.map(({ source, id }) => `${source}/${id}`).sort();
const who = (database: Database, asked: Partial<Parameters<typeof selectSamePeople>[2]>) =>
  selectSamePeople(database, "0192", { of: "client", refs: [], aliases: [], ...asked });

describe("selectSamePeople", () => {
  test("finds what every source calls somebody, and with households those who live there", async () => {
    await using opened = await stored();
    for (const database of [opened.database, opened.database.restrict({ tenantId: "0192", scope: everything })]) {
      const one = await who(database, { refs: [0] });
      expect(namesOf(one)).toEqual(["0/A1", "1/A2", `2/pid:${hash("a")}`]);
      expect(one.refs.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
      expect(namesOf(await who(database, { ids: [{ source: 2, id: `pid:${hash("a")}` }] }))).toEqual(namesOf(one));
      // The household is known of one source, who is meant in the other only by the identity.
      expect(namesOf(await who(database, { ids: [{ source: 1, id: "B2" }], households: true }))).toEqual([
        "0/A1",
        "0/B1",
        "1/A2",
        "1/B2",
        `2/pid:${hash("a")}`,
      ]);
      expect(namesOf(await who(database, { refs: [5] }))).toEqual(["0/X1"]);
      expect(await who(database, {})).toEqual({ ids: [], refs: [] });
    }
  });

  test("finds an HSA-id in whatever letters it is written, as an id too", async () => {
    await using opened = await stored();
    for (const database of [opened.database, opened.database.restrict({ tenantId: "0192", scope: everything })]) {
      const same = await who(database, { of: "staff", ids: [{ source: 2, id: "T1" }] });
      expect(namesOf(same)).toEqual(["0/S1", "1/SE2321000016-1ab", "2/T1"]);
      expect(same.refs.toSorted((a, b) => a - b)).toEqual([7, 8]);
      expect(namesOf(await who(database, { of: "staff", refs: [8] }))).toEqual(namesOf(same));
    }
  });

  test("follows what a person has decided both ways, also to whom no record names", async () => {
    await using opened = await stored();
    const aliases = [
      [
        { source: 0, id: "X1" },
        { source: 1, id: "B2" },
      ],
      [
        { source: 2, id: "gone" },
        { source: 0, id: "X1" },
      ],
    ] as const;
    const expected = ["0/B1", "0/X1", "1/B2", "2/gone"];
    for (const id of ["X1", "B1"]) {
      expect(namesOf(await who(opened.database, { ids: [{ source: 0, id }], aliases }))).toEqual(expected);
    }
    expect(namesOf(await who(opened.database, { ids: [{ source: 2, id: "gone" }], aliases }))).toEqual(expected);
  });

  test("says nothing of staff whom a reader may not see", async () => {
    await using opened = await stored();
    const database = opened.database.restrict({ tenantId: "0192", scope: { ...everything, providers: ["P1"] } });
    const same = await who(database, { of: "staff", ids: [{ source: 1, id: "SE2321000016-1ab" }] });
    expect(namesOf(same)).toEqual(["0/S1", "1/SE2321000016-1ab"]);
  });
});

describe("selectNamed", () => {
  test("finds whom a name means by the first source in order that describes one, else that mentions one", async () => {
    await using opened = await stored();
    for (const database of [opened.database, opened.database.restrict({ tenantId: "0192", scope: everything })]) {
      const named = async (names: string[], order = ["s0", "s1", "s2"]) =>
        namesOf({ ids: await selectNamed(database, "0192", "client", names, order) });
      expect(await named(["A1"])).toEqual(["0/A1"]);
      expect(await named(["A1"], ["s1"])).toEqual(["1/A1"]);
      expect(await named(["s1/A1"])).toEqual(["1/A1"]);
      // Only a source that does not describe anybody mentions this one.
      expect(await named([`s2/pid:${hash("e")}`])).toEqual([`2/pid:${hash("e")}`]);
      // Deleted where it was described, and mentioned nowhere.
      expect(await named(["A3", "nobody", "s9/A1", "S1"])).toEqual([]);
      expect(await named(["B2", "A1", "s1/A1", `pid:${hash("f")}`])).toEqual([
        "0/A1",
        `0/pid:${hash("f")}`,
        "1/A1",
        "1/B2",
      ]);
      expect(namesOf({ ids: await selectNamed(database, "0192", "staff", ["S1", "A2"], []) })).toEqual([
        "0/S1",
        "1/A2",
      ]);
    }
  });
});
