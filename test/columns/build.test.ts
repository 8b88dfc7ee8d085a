import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Alias, rowsOf, type Tables, tablesFrom } from "#columns";
import { day, samples } from "#model";
import { groupInTime } from "../../src/columns/sort.ts";

const { at, home, sample, sampleMunicipality } = samples;

const october = { from: day("2026-10-01"), through: day("2026-10-31") };

function build(records: readonly samples.SampleRecord[], more: { aliases?: Alias[]; sourceOrder?: string[] } = {}) {
  return tablesFrom([...sampleMunicipality(), ...records], {
    asOf: at("2026-11-10 04:30"),
    period: october,
    ...more,
  });
}

const visitsOf = (tables: Tables, client: string): string[] =>
  [...rowsOf(tables.visits.byClient, tables.clients.find(client))].map((row) => tables.visits.id(row));

const visitTo = (clientId: string, from: { source: string }) => sample("visits", "v-17", { clientId }, from);

describe("people of several systems", () => {
  const known = sample("clients", "C1", { personalIdentityNumber: "a1" });

  test("are one by their personal identity number, and shown by the id of the source that describes them", () => {
    const tables = build([
      known,
      sample("visits", "v-1", { clientId: "pid:a1" }, { source: "lifecare" }),
      sample("visits", "v-2", { clientId: "C1", start: "12:00" }),
    ]);
    const client = tables.visits.client(0);
    expect(tables.visits.client(1)).toBe(client);
    expect([tables.clients.text(client), tables.clients.key(client)]).toEqual(["C1", "pid:a1"]);
  });

  test("are known by a register, not by a number that a system of registrations writes beside its own id", () => {
    const nothingMore = { householdId: undefined, protection: undefined, addresses: undefined };
    const numbered = sample("clients", "17", { personalIdentityNumber: "b2", ...nothingMore }, { source: "phoniro" });
    const registered = visitTo("17", { source: "phoniro" });
    const isKnown = ({ clients }: Tables) => clients.known(clients.find("phoniro/17"));
    expect(isKnown(build([numbered, registered]))).toBe(false);
    expect(isKnown(build([numbered, registered, sample("clients", "C1", { personalIdentityNumber: "b2" })]))).toBe(
      true,
    );
    // Where nobody says more of anybody, such rows are all that there is.
    expect(isKnown(tablesFrom([numbered, registered], { asOf: at("2026-11-10 04:30"), period: october }))).toBe(true);
  });

  test("show the opaque id where no source names them otherwise", () => {
    const tables = build([sample("visits", "v-1", { clientId: "pid:ff" }, { source: "lifecare" })]);
    const client = tables.clients.find("pid:ff");
    expect([tables.clients.text(client), tables.clients.known(client)]).toEqual(["pid:ff", false]);
  });

  test("are surely one by a number, an HSA-id or what a person has decided", () => {
    const nobodySays = { hsaId: undefined };
    const alias = (id: string, from: string | null = null): Alias => {
      return {
        kind: "staff",
        source: "files",
        id,
        sameAsSource: "files",
        sameAsId: "S1",
        from: from === null ? null : day(from),
      };
    };
    const records = [sample("staff", "S1", nobodySays), sample("staff", "S9", nobodySays)];
    const identified = (aliases: Alias[]) => {
      const { staff } = build(records, { aliases });
      return ["S1", "S2", "S9"].map((id) => staff.identified(staff.find(`files/${id}`)));
    };
    expect(identified([])).toEqual([false, true, false]);
    expect(identified([alias("S9")])).toEqual([true, true, true]);
    expect(identified([alias("S9", "2026-10-01")])).toEqual([true, true, true]);
  });

  test("are one by HSA-id and by what a person has decided, never by the same id alone", () => {
    const hsa = "SE2321000016-1abc";
    const records = [
      sample("staff", "S1", { hsaId: hsa }),
      sample("visits", "v-1", { staffId: hsa }, { source: "lifecare" }),
      sample("visits", "v-2", { staffId: "4711" }, { source: "phoniro" }),
      sample("visits", "v-3", { staffId: "S2" }, { source: "carefox" }),
    ];
    const alias: Alias = { kind: "staff", source: "phoniro", id: "4711", sameAsSource: "files", sameAsId: "S1" };
    const { staff } = build(records, { aliases: [alias] });
    const one = staff.find("files/S1");
    expect(staff.find(`lifecare/${hsa}`)).toBe(one);
    expect(staff.find("phoniro/4711")).toBe(one);
    expect(staff.find("carefox/S2")).not.toBe(staff.find("files/S2"));
    expect(staff.known(staff.find("carefox/S2"))).toBe(false);
    expect(staff.text(staff.find("carefox/S2"))).toBe("carefox/S2");
  });

  test("change with the days on which a decision holds", () => {
    const alias = (sameAsId: string, from: string, through: string): Alias => ({
      kind: "staff",
      source: "phoniro",
      id: "7",
      sameAsSource: "files",
      sameAsId,
      from: day(from),
      through: day(through),
    });
    const seven = (id: string, start: string) => sample("visits", id, { staffId: "7", start }, { source: "phoniro" });
    const { visits, staff } = build(
      [seven("v-1", "2026-10-05 08:00"), seven("v-2", "2026-10-12 08:00"), seven("v-3", "2026-10-20 08:00")],
      { aliases: [alias("S1", "2026-10-01", "2026-10-11"), alias("S2", "2026-10-12", "2026-10-12")] },
    );
    const ids = [...visits.bySource.rows].map((row) => [visits.id(row), staff.key(visits.staff(row))]);
    expect(Object.fromEntries(ids)).toEqual({ "v-1": "files/S1", "v-2": "files/S2", "v-3": "phoniro/7" });
  });

  test("make units of one provider by its organisation number", () => {
    const { units, providers } = build([
      sample("providers", "77", { organisationNumber: "165566P1" }, { source: "lifecare" }),
      sample("providers", "P1", { organisationNumber: "16-5566-P1", regime: "municipal" }),
      sample("units", "900", { providerId: "77" }, { source: "lifecare" }),
    ]);
    expect(providers.text(units.provider(units.find("lifecare/900")))).toBe("P1");
  });

  test("with a protected identity have no place, whichever source says so", () => {
    const protectedHere = sample(
      "clients",
      "9",
      { personalIdentityNumber: "a1", protection: "confidential" },
      { source: "lifecare" },
    );
    const { clients } = build([known, protectedHere]);
    const [one, other] = [clients.find("files/C1"), clients.find("files/C2")];
    expect(clients.protectedIdentity(one)).toBe(true);
    expect(clients.samePlace(one, other, day("2026-10-05"))).toBeNull();
    expect(clients.metresBetween(one, other, day("2026-10-05"))).toBeNaN();
  });
});

describe("homes", () => {
  const living = (address: Record<string, unknown> | undefined) =>
    build([sample("clients", "C2", { addresses: address === undefined ? undefined : [address] })]).clients;
  const samePlace = (clients: Tables["clients"]) =>
    clients.samePlace(clients.find("files/C1"), clients.find("files/C2"), day("2026-10-05"));

  test("are the same place in one building, or within 60 metres of each other", () => {
    const { latitude, longitude } = home("B-C1") as { latitude: number; longitude: number };
    const north = (metres: number) => home("B-x", { latitude: latitude + metres / 111_195, longitude });
    expect(samePlace(living({ from: "2020-01-01", buildingId: "B-C1" }))).toBe(true);
    expect(samePlace(living(north(59)))).toBe(true);
    expect(samePlace(living(north(61)))).toBe(false);
    expect(samePlace(living({ ...north(61), precision: "street" }))).toBe(false);
  });

  test("are unknown where no source tells", () => {
    expect(samePlace(living(undefined))).toBeNull();
    expect(samePlace(living(home("B-C1", { to: "2026-10-04" })))).toBeNull();
  });
});

describe("one visit told by two systems", () => {
  const twice = (start: string, proof: string) => [
    sample("visits", "v-1", { start: "08:00", end: "08:30", startProof: "phone", endProof: "phone" }),
    sample("clients", "C1", { personalIdentityNumber: "a1" }),
    sample("staff", "S1", { personalIdentityNumber: "b2" }),
    sample(
      "visits",
      "9",
      { clientId: "pid:a1", staffId: "pid:b2", start, end: "08:33", startProof: proof, endProof: proof },
      { source: "lifecare" },
    ),
  ];

  test("is one row with the times of the better evidence, and both references", () => {
    const { visits } = build(twice("08:05", "lock"));
    expect(visits.byClient.rows.length).toBe(1);
    const row = visits.byClient.rows[0]!;
    expect([visits.id(row), visits.minutes(row)]).toEqual(["9", 28]);
    expect(visits.merged(row).map((other) => visits.id(other))).toEqual(["v-1"]);
  });

  test("stands as the source named first in the configuration tells it, where the evidence is equal", () => {
    const standing = (sourceOrder: string[]) => {
      const { visits } = build(twice("08:02", "phone"), { sourceOrder });
      return visits.id(visits.byClient.rows[0]!);
    };
    expect(standing(["lifecare", "files"])).toBe("9");
    expect(standing(["files", "lifecare"])).toBe("v-1");
  });

  test("stays two visits more than five minutes apart", () => {
    expect(build(twice("08:06", "lock")).visits.byClient.rows.length).toBe(2);
  });
});

describe("order", () => {
  test("does not depend on the order of arrival or on the numbering of sources", () => {
    const records = [
      ...sampleMunicipality(),
      ...["v-1", "v-2", "v-3", "v-4"].map((id) => sample("visits", id, { staffId: undefined })),
      ...["v-1", "v-5"].map((id) => sample("visits", id, { staffId: undefined }, { source: "phoniro" })),
      sample("visits", "v-0", { start: "07:00" }),
    ];
    const options = {
      asOf: at("2026-11-10 04:30"),
      period: { from: day("2026-10-01"), through: day("2026-10-31") },
    };
    const expected = visitsOf(tablesFrom(records, options), "files/C1");
    expect(expected[0]).toBe("v-0");
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: records.length }), (shuffled) => {
        expect(visitsOf(tablesFrom(shuffled, options), "files/C1")).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  test("of times over months is that of their values", () => {
    const times = fc.array(fc.integer({ min: -3e12, max: 3e12 }), { maxLength: 60 });
    fc.assert(
      fc.property(times, (given) => {
        const start = Float64Array.from(given);
        const ties = { hash: () => 0, compare: (a: number, b: number) => a - b };
        const { rows } = groupInTime(start, ties, new Int32Array(start.length), 1);
        const sorted = [...rows].map((row) => start[row]!);
        expect(sorted).toEqual(given.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe("evidence of a visit", () => {
  const gradeOf = (values: Record<string, unknown>) => build([sample("visits", "v-1", values)]).visits.grade(0);
  const { latitude, longitude } = home("B-C1") as { latitude: number; longitude: number };
  const gps = (metres: number) => ({
    startProof: "gps",
    endProof: "lock",
    startLatitude: latitude + metres / 111_195,
    startLongitude: longitude,
    startAccuracyMetres: 20,
  });

  test("is that of its weaker side, and unknown where a side does not say", () => {
    expect(gradeOf({ startProof: "lock", endProof: "nfc" })).toBe(5);
    expect(gradeOf({ startProof: "lock", endProof: "none" })).toBe(0);
    expect(gradeOf({ startProof: "lock", endProof: "manual" })).toBe(0);
    expect(gradeOf({ startProof: "lock", endProof: undefined })).toBe(-1);
  });

  test("by position is better than a phone within reach of the home, and worse far away", () => {
    expect(gradeOf(gps(430))).toBe(3);
    expect(gradeOf(gps(450))).toBe(1);
  });
});

describe("what a table says beyond the everyday", () => {
  test("whose tag was read, also where another system lists the tags", () => {
    const tables = build([
      sample("tags", "t-9", { clientId: "C2" }),
      sample("visits", "v-1", { startTag: "t-9", endTag: "t-10" }, { source: "phoniro" }),
    ]);
    const { visits, tags, clients } = tables;
    const visit = [...Array(visits.count).keys()].find((row) => visits.id(row) === "v-1")!;
    expect(clients.text(tags.client(visits.startTag(visit)))).toBe("C2");
    expect(visits.endTag(visit)).toBe(-1);
  });

  test("who lives together, and which staff live in the same building", () => {
    const { clients, staff } = build([
      sample("clients", "C1", { householdId: "H", addresses: [home("B-1")] }),
      sample("clients", "C2", { householdId: "H", addresses: [home("B-1")] }),
      sample("staff", "S1", { addressBuildingId: "B-1" }),
    ]);
    const [one, two] = [clients.find("files/C1"), clients.find("files/C2")];
    expect(clients.household(one)).toEqual([two]);
    expect(clients.household(clients.find("files/C3"))).toEqual([]);
    expect(staff.homeBuilding(staff.find("files/S1"))).toBe(clients.building(one, day("2026-10-05")));
    expect(staff.homeBuilding(staff.find("files/S2"))).toBe(-1);
  });

  test("what an order line said before, and until when", () => {
    const changed = Date.parse("2026-10-10T10:00:00Z");
    const version = (minutes: number, at: number) => sample("order-lines", "o-1-1", { minutes }, { version: at });
    const { lines } = build([version(60, changed), version(45, changed - 1e9), version(20, changed - 2e9)]);
    const line = [...Array(lines.count).keys()].find((row) => lines.id(row) === "o-1-1")!;
    expect(lines.minutes(line)).toBe(60);
    expect(lines.older(line).map(({ minutes, until }) => [minutes, until])).toEqual([
      // As the sample municipality orders it, without a version of its own.
      [30, changed - 2e9],
      [20, changed - 1e9],
      [45, changed],
    ]);
  });
});
