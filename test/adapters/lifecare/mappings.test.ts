import { describe, expect, test } from "vitest";
import { loadMappings, readMappingFolder } from "#mapping";
import { day, instant } from "#model";
import lifecare from "../../../adapters/lifecare/adapter.ts";
import { compilePicker } from "../../../src/intake/pick.ts";

const mappings = loadMappings({
  folders: [[...readMappingFolder("mappings/lifecare"), ...readMappingFolder("mappings/codes")]],
  records: new Map(Object.entries(lifecare.sources).map(([name, { record }]) => [`lifecare/${name}`, record])),
});

/** What becomes of one record, on the way that a stored one takes. */
function map(resource: string, record: Record<string, unknown>) {
  const schema = lifecare.sources[resource]!.record;
  const [picked] = compilePicker(schema).pick([record]);
  expect(schema.safeParse(picked).error?.issues ?? []).toEqual([]);
  return mappings
    .get(`lifecare/${resource}`)!
    .apply(picked, { identityRef: (number) => `pid:${number}`, thisYear: 2026 });
}

function rows(resource: string, record: Record<string, unknown>) {
  const outcome = map(resource, record);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problem));
  return outcome.mapped.map(({ record: row, warnings }) => ({ ...row, warnings }));
}

const person = "189010059575";

describe("clients", () => {
  const client = { Id: 7, PersonId: person, FullName: "Tyra Tallman", UpdateTime: "2026-09-01T10:00:00" };
  test.each([
    [{}, "none"],
    [{ ProtectedRegistration: true, IsConfidential: true }, "protectedRegistration"],
    [{ IsConfidential: true }, "confidential"],
    [{ Addresses: [{ Protected: false }, { Protected: true, StreetAddress: "Hemliga gatan 1" }] }, "confidential"],
    [{ Addresses: [{ Protected: false }], IsConfidential: null }, "none"],
  ])("protection of %j", (marks, expected) => {
    const [row] = rows("clients", { ...client, ...marks });
    expect(row).toMatchObject({ id: `pid:${person}`, values: { protection: expected, addresses: undefined } });
  });

  test("who has died and who has left", () => {
    const gone = (Reason: string) =>
      rows("clients", { ...client, Deregistration: { Date: "2026-10-03T00:00:00", Reason } });
    expect(gone("Decease")[0]?.values).toMatchObject({ deceasedOn: day("2026-10-03"), movedOn: undefined });
    expect(gone("Emigrated")[0]?.values).toMatchObject({ deceasedOn: undefined, movedOn: day("2026-10-03") });
  });

  test("a deleted one needs no more than the number; without it nothing is known to delete", () => {
    expect(rows("clients", { Id: 7, PersonId: person, Deleted: true })[0]).toMatchObject({ deleted: true });
    expect(rows("clients", { Id: 7, Deleted: true })).toEqual([]);
  });

  test("a reserve number is a person too", () => {
    expect(rows("clients", { ...client, PersonId: "18910101TF03" })[0]?.id).toBe("pid:18910101TF03");
  });
});

describe("decisions", () => {
  const decision = {
    Id: 31,
    PersonId: person,
    Code: { Code: 0, Text: "Hemtjänst" },
    Date: "2026-08-01T00:00:00",
    FromDate: "2026-08-15T00:00:00",
    ToDate: null,
  };
  test("hours a month are minutes; other hours are not a cap by the month", () => {
    const granted = (Hour: number, Text: string) =>
      rows("sol_decisions", { ...decision, Hour, HourType: { Code: 1, Text } })[0]?.values;
    expect(granted(20.5833333333, "Timmar per månad")).toMatchObject({
      grantedMinutesPerMonth: 1235,
      service: undefined,
    });
    expect(granted(5, "Timmar per vecka")).toMatchObject({ grantedMinutesPerMonth: undefined });
  });
});

describe("ordered services", () => {
  const service = {
    OrderId: "2600001",
    DecisionId: 31,
    ServiceType: { Code: 101, Text: "Omvårdnad" },
    StartDate: "2026-09-01T00:00:00",
    EndDate: null,
  };
  const detail = { Id: "d-1", Frequency: 1, Periodicity: 1, HoursEachTime: 0.5833333333333334, TimeUnitText: "Dag" };

  test("details are lines", () => {
    const [row] = rows("ordered_services", {
      ...service,
      Details: [{ ...detail, Quantity: 2, QuantityTypeText: "Personal", Weekdays: ["Monday", "Sunday"] }],
    });
    expect(row).toMatchObject({
      id: "d-1",
      parent: "2600001:31:101",
      values: { minutes: 35, times: 1, per: "day", weekdays: [1, 7], staffing: 2, validFrom: day("2026-09-01") },
    });
  });

  test.each([
    [{ Periodicity: 1, TimeUnitText: "Vecka" }, "week"],
    [{ Periodicity: 2, TimeUnitText: "Vecka" }, "fortnight"],
    [{ Periodicity: null, TimeUnitText: "Månad" }, "month"],
    [{ Periodicity: 0, TimeUnitText: "Engång" }, "once"],
  ])("%j", (how, per) => {
    expect(rows("ordered_services", { ...service, Details: [{ ...detail, ...how }] })[0]?.values).toMatchObject({
      per,
    });
  });

  test("every third week has no word in the model, and is not guessed", () => {
    const outcome = map("ordered_services", {
      ...service,
      Details: [{ ...detail, Periodicity: 3, TimeUnitText: "Vecka" }],
    });
    expect(outcome).toMatchObject({ ok: false, problem: { code: "missing" } });
  });

  test("a quantity that is not of staff is not staffing", () => {
    const Details = [{ ...detail, Quantity: 3, QuantityTypeText: "Matlådor" }];
    expect(rows("ordered_services", { ...service, Details })[0]?.values).toMatchObject({ staffing: undefined });
  });

  test("without details the hours of a period are the line", () => {
    const [row] = rows("ordered_services", {
      ...service,
      Details: [],
      Hours: { Value: 12.5, Unit: { Code: 3, Text: "Timmar per månad" } },
    });
    expect(row).toMatchObject({
      id: "2600001:31:101",
      values: { minutes: 750, times: 1, per: "month", staffing: undefined },
    });
  });
});

describe("planned work shifts", () => {
  const activity = (id: string, more: Record<string, unknown> = {}) => ({
    Id: id,
    PlanningUnitId: "PE-1",
    StartTime: "2026-10-05T08:00:00",
    Duration: "00:35:00",
    TypeOfPlannedActivity: "Visit",
    Client: { PersonId: person, Addresses: [{ EntryCode: "1234" }] },
    KeyInfos: [{ Value: "17" }],
    ServiceItems: [{ Type: { Code: 101 } }, { Type: { Code: 104 } }],
    ...more,
  });
  const shift = (activities: unknown[], more: Record<string, unknown> = {}) => ({
    Id: "pass-1",
    ModificationTime: "2026-10-01T12:00:00.5",
    Personnel: { PersonId: "189105023114" },
    PlannedActivities: activities,
    IsRevoked: false,
    ...more,
  });

  test("visits are rows, breaks and other work are not; the time of change is in UTC, with or without a zone", () => {
    const [row, ...others] = rows(
      "planned_workshifts",
      shift([activity("a"), activity("b", { TypeOfPlannedActivity: "Pause", Client: null })]),
    );
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      id: "a",
      parent: "pass-1",
      version: instant("2026-10-01T12:00:00.5Z"),
      values: {
        start: instant("2026-10-05T08:00:00+02:00"),
        end: instant("2026-10-05T08:35:00+02:00"),
        services: ["dusch", "omvardnad"],
        unitId: "PE-1",
        modifiedAt: instant("2026-10-01T12:00:00.5Z"),
      },
    });
  });

  test("a length of more than a day, and a shift that nobody has", () => {
    const [row] = rows("planned_workshifts", shift([activity("a", { Duration: "1.02:00:00" })], { Personnel: null }));
    expect(row?.values).toMatchObject({ end: instant("2026-10-06T10:00:00+02:00"), staffId: undefined });
  });

  test("a revoked shift that still lists its visits withdraws them", () => {
    expect(rows("planned_workshifts", shift([activity("a")], { IsRevoked: true }))[0]).toMatchObject({
      id: "a",
      deleted: true,
    });
  });
});

describe("reported visits", () => {
  const visit = {
    Id: 41,
    ClientPersonId: person,
    PersonnelPersonId: "189105023114",
    ProviderUnitId: 2101,
    StartTime: "2026-10-05T23:50:00",
    EndTime: "2026-10-06T00:20:00",
    Status: "Completed",
    LastUpdatedTime: "2026-10-06T08:00:00",
    StartQuittanceType: "Lock",
    EndQuittanceType: "None",
    Services: [{ ServiceType: { Code: 101 } }],
  };
  const values = (more: Record<string, unknown>) => rows("reported_visits", { ...visit, ...more })[0]?.values;

  test("no quittance is one by hand; while the visit goes on its end has none", () => {
    expect(values({})).toMatchObject({ startProof: "lock", endProof: "manual", editedAt: undefined });
    expect(values({ Status: "Started", EndTime: null })).toMatchObject({
      status: "started",
      end: undefined,
      endProof: undefined,
    });
  });

  test("a changed time keeps what it was", () => {
    expect(values({ Status: "CompletedAndChangedTime", OriginalEndTime: "2026-10-06T01:20:00" })).toMatchObject({
      status: "completed",
      end: instant("2026-10-06T00:20:00+02:00"),
      originalEnd: instant("2026-10-06T01:20:00+02:00"),
      editedAt: instant("2026-10-06T08:00:00+02:00"),
    });
  });

  test.each([
    [
      { Status: "Declined", CancelledReason: "Ville inte" },
      { status: "declined", declinedReason: "Ville inte" },
    ],
    [
      { Status: "Cancelled", CancelledReason: "Bomkörning" },
      { status: "noAnswer", declinedReason: undefined },
    ],
    [
      { Status: "Cancelled", CancelledReason: "Inställt av brukaren" },
      { status: "cancelled", declinedReason: undefined },
    ],
    [{ Law: "LASS" }, { law: "other" }],
    [{ Approved: true }, { approvedByManager: true }],
  ])("%j", (more, expected) => expect(values(more)).toMatchObject(expected));

  test("a status that the description does not have is not guessed", () => {
    expect(map("reported_visits", { ...visit, Status: "Paused" })).toMatchObject({
      ok: false,
      problem: { field: "Status" },
    });
  });

  test("a service that nobody has mapped is kept as it stands, and said", () => {
    const [row] = rows("reported_visits", { ...visit, Services: [{ ServiceType: { Code: 987 } }] });
    expect(row?.values["services"]).toEqual(["987"]);
    expect(row?.warnings).toEqual([
      { code: "unmapped-code", field: "services", value: "987", table: "lifecare-services" },
    ]);
  });

  test("a deleted visit needs no more than its id", () => {
    expect(rows("reported_visits", { Id: 41, Deleted: true })[0]).toMatchObject({ id: "41", deleted: true });
  });
});

test("a person who works at several units stands at the first active one", () => {
  const [row] = rows("provider_personnels", {
    Id: 6,
    PersonId: person,
    FullName: "Knut Strandblad",
    HsaIds: [{ HsaId: "SE2120-1" }],
    Roles: [
      { Active: false, ProviderUnitId: 2101 },
      { Active: true, ProviderUnitId: 2102 },
    ],
  });
  expect(row).toMatchObject({ id: `pid:${person}`, values: { unitId: "2102", hsaId: "SE2120-1" } });
});

test("a reported shift that still goes on waits until it has an end", () => {
  const shift = { Id: "s-1", PersonnelPersonId: person, StartTime: "2026-10-05T07:00:00" };
  expect(rows("reported_workshifts", shift)).toEqual([]);
  expect(rows("reported_workshifts", { ...shift, EndTime: "2026-10-05T16:00:00" })).toHaveLength(1);
  expect(rows("reported_workshifts", { Id: "s-1", Deleted: true })[0]).toMatchObject({ id: "s-1", deleted: true });
});
