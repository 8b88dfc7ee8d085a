import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { jsonLines, klarsyn, type Ran } from "./command.ts";

/*
 * A municipality's own folder, written by hand, through the commands that people run. October 2026 has 31 days; the
 * hour costs 480 kronor, 800 öre a minute. P1 (unit U1) and P2 (unit U2) work at these clients:
 *
 * C1  30 minutes every day at 08:00, planned and claimed so. On the 7th nobody came; the 14th was declined; the 21st is
 *     claimed, but nobody came; on the 10th 30 minutes were lengthened to 45; on the 22nd 45 were shortened to 38.
 * C2  two staff, 40 minutes once: 10:00–10:40 and 10:06–10:34; 80 claimed (example 3 of the settlement).
 * C4  60 minutes Monday to Friday, claimed as one line of 300; visits on Monday, Tuesday and Friday (example 4).
 * C5  45 minutes on two mornings; admitted to hospital on Tuesday at 11:20 (example 5).
 * C6  a night of 01:30–03:30 on which the clock went back (example 8).
 * C7, C8  S1 of P1 at C7 09:00–09:30 is S9 of P2 at C8 09:20–09:50 (example 10).
 * C9, C10 the same on another day, in one building.
 * C11 23:55–07:10, planned 00:00–07:00 (example 2).
 * C12 a visit that nobody ordered.
 */

const dates = Array.from({ length: 31 }, (_, index) => String(index + 1).padStart(2, "0"));
const oct = (day: string, clock: string) => `2026-10-${day}T${clock}`;
const lines = (rows: object[]) => Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
const csv = (...rows: string[]) => `${rows.join("\r\n")}\r\n`;

const order = (client: string, unit: string, validFrom: string, line: object, validTo?: string) => ({
  id: `o-${client}`,
  clientId: client,
  unitId: unit,
  decisionId: `d-${client}`,
  status: "accepted",
  orderedAt: "2026-08-20T10:00:00+02:00",
  acceptedAt: "2026-08-20T13:00:00+02:00",
  validFrom,
  validTo,
  lines: [{ id: `o-${client}-1`, service: "omvardnad", times: 1, ...line }],
});
const once = (client: string, unit: string, day: string, minutes: number, staffing = 1) =>
  order(client, unit, `2026-10-${day}`, { minutes, per: "once", staffing });

const clients = ["C1", "C2", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12"];
const visit = (id: string, client: string, staff: string, start: string, end: string, more: object = {}) => ({
  id,
  clientId: client,
  unitId: staff === "S9" ? "U2" : "U1",
  staffId: staff,
  start,
  end,
  status: "completed",
  services: ["omvardnad"],
  startProof: "nfc",
  endProof: "nfc",
  ...more,
});

const files: Record<string, string | Buffer> = {
  // Windows-1252, as an old spreadsheet writes it.
  "services.csv": Buffer.from(csv("code;name;kind;law", "omvardnad;Omvårdnad, åäö;care;SoL"), "latin1"),
  "providers.jsonl": lines([
    { id: "P1", organisationNumber: "556677-0001", name: "Hemtjänst Ett", regime: "private" },
    { id: "P2", organisationNumber: "556677-0002", name: "Hemtjänst Två", regime: "private" },
  ]),
  "units.csv": csv("id,providerId,name", "U1,P1,Norr", "U2,P2,Söder"),
  "contracts.jsonl": lines(
    ["1", "2"].map((no) => ({
      id: `K${no}`,
      providerId: `P${no}`,
      reference: `LOV-${no}`,
      validFrom: "2026-01-01",
      terms: { price: [{ from: "2026-01-01", services: ["omvardnad"], orePerHour: 48_000 }] },
    })),
  ),
  "clients.jsonl": lines(
    clients.map((id, index) => ({
      id,
      householdId: `H-${id}`,
      protection: "none",
      addresses: [
        {
          from: "2020-01-01",
          // About 550 metres apart; C9 and C10 share a building.
          latitude: 58.9 + 0.005 * (id === "C10" ? index - 1 : index),
          longitude: 17.95,
          precision: "exact",
          buildingId: id === "C10" ? "B-C9" : `B-${id}`,
        },
      ],
    })),
  ),
  // With byte order mark.
  "staff.csv": `\uFEFF${csv(
    "id;providerId;unitId;hsaId;name;employedFrom",
    "S1;P1;U1;SE2120000001-A1;Åsa Ek;2020-01-01",
    "S2;P1;U1;SE2120000001-A2;Örjan Al;2020-01-01",
    "S9;P2;U2;SE2120000001-A1;Åsa Ek;2021-01-01",
  )}`,
  "decisions.csv": csv(
    "id;clientId;decidedOn;law;validFrom;service;grantedMinutesPerMonth",
    ...clients
      .filter((id) => id !== "C12")
      .map((id) => `d-${id};${id};2026-08-15;SoL;2026-09-01;omvardnad;${id === "C1" ? "1000" : ""}`),
  ),
  "orders.jsonl": lines([
    order("C1", "U1", "2026-10-01", { minutes: 30, per: "day" }),
    once("C2", "U1", "05", 40, 2),
    order("C4", "U1", "2026-10-05", { minutes: 60, per: "day", weekdays: [1, 2, 3, 4, 5] }, "2026-10-09"),
    order("C5", "U1", "2026-10-06", { minutes: 45, per: "day", partOfDay: "morning" }, "2026-10-07"),
    once("C6", "U1", "25", 180),
    once("C7", "U1", "15", 30),
    once("C8", "U2", "15", 30),
    once("C9", "U1", "16", 30),
    once("C10", "U2", "16", 30),
    once("C11", "U1", "12", 420),
  ]),
  "planned-visits.csv": csv(
    "id;clientId;unitId;staffId;start;end;services;modifiedAt",
    ...dates.map(
      (day) => `p-${day};C1;U1;S1;${oct(day, "08:00")};${oct(day, "08:30")};omvardnad;2026-09-28T12:00:00+02:00`,
    ),
    `p-C2;C2;U1;S1;${oct("05", "10:00")};${oct("05", "10:40")};omvardnad;2026-09-28T12:00:00+02:00`,
    `p-C11;C11;U1;S2;${oct("13", "00:00")};${oct("13", "07:00")};omvardnad;2026-09-28T12:00:00+02:00`,
  ),
  "visits-2026-10.jsonl": lines([
    ...dates
      .filter((day) => day !== "07" && day !== "21")
      .map((day) => {
        const start = oct(day, "08:00");
        if (day === "10") {
          const original = { originalStart: start, originalEnd: oct(day, "08:30") };
          return visit(`v-${day}`, "C1", "S1", start, oct(day, "08:45"), original);
        }
        if (day === "14") return visit(`v-${day}`, "C1", "S1", start, oct(day, "08:02"), { status: "declined" });
        if (day === "22") {
          const original = { originalStart: start, originalEnd: oct(day, "08:45"), editReason: "Glömd utloggning" };
          return visit(`v-${day}`, "C1", "S1", start, oct(day, "08:38"), original);
        }
        return visit(`v-${day}`, "C1", "S1", start, oct(day, "08:30"));
      }),
    visit("v-C2-a", "C2", "S1", oct("05", "10:00"), oct("05", "10:40")),
    visit("v-C2-b", "C2", "S2", oct("05", "10:06"), oct("05", "10:34")),
    ...["05", "06", "09"].map((day) => visit(`v-C4-${day}`, "C4", "S2", oct(day, "13:00"), oct(day, "14:00"))),
    visit("v-C5-06", "C5", "S2", oct("06", "11:00"), oct("06", "11:45")),
    visit("v-C5-07", "C5", "S2", oct("07", "08:00"), oct("07", "08:30")),
    visit("v-C6", "C6", "S2", oct("25", "01:30"), oct("25", "03:30")),
    visit("v-C7", "C7", "S1", oct("15", "09:00"), oct("15", "09:30")),
    visit("v-C9", "C9", "S1", oct("16", "09:00"), oct("16", "09:30")),
    visit("v-C11", "C11", "S2", oct("12", "23:55"), oct("13", "07:10")),
    visit("v-C12", "C12", "S2", oct("20", "15:00"), oct("20", "15:20")),
  ]),
  // The other company delivers a table, with decimal comma and an offset.
  "visits.csv": csv(
    "id;clientId;unitId;staffId;start;end;status;services;startProof;endProof;startLatitude",
    "v-C8;C8;U2;S9;2026-10-15T09:20:00+02:00;2026-10-15T09:50:00+02:00;completed;omvardnad;nfc;nfc;58,93",
    "v-C10;C10;U2;S9;2026-10-16T09:20:00+02:00;2026-10-16T09:50:00+02:00;completed;omvardnad;nfc;nfc;",
  ),
  "absences.csv": csv(
    "id;clientId;from;to;kind;planned",
    `a-C5;C5;${oct("06", "11:20")};${oct("09", "15:00")};hospital;N`,
  ),
  "claims.csv": csv(
    "id;invoiceId;providerId;unitId;clientId;orderId;service;from;to;minutes;unitPriceOre;amountOre",
    ...dates
      .filter((day) => day !== "07" && day !== "14")
      .map((day) => `k-${day};F1;P1;U1;C1;o-C1;omvardnad;2026-10-${day};2026-10-${day};30;48000;24000`),
    "k-C2;F1;P1;U1;C2;o-C2;omvardnad;2026-10-05;2026-10-05;80;48000;64000",
    "k-C4;F1;P1;U1;C4;o-C4;omvardnad;2026-10-05;2026-10-09;300;48000;240000",
  ),
};

const zero = { granted: 0, planned: 0, registered: 0, payable: 0, declined: 0, noAnswer: 0, absent: 0 };
const row = (client: string, more: { minutes: Record<string, number>; ore: object } & Record<string, unknown>) => ({
  month: "2026-10",
  provider: "P1",
  unit: "U1",
  client,
  service: "omvardnad",
  order: `o-${client}`,
  line: `o-${client}-1`,
  contract: "K1",
  codes: {},
  // Nobody is paid here but for visits: that is also what clients may be charged for.
  feeMinutes: more.minutes["payable"] ?? 0,
  claims: expect.any(Array) as unknown,
  ...more,
  minutes: { ...zero, missed: 0, claimed: 0, underDelivered: 0, ...more.minutes },
  ore: { payable: 0, claimed: 0, overbilled: 0, unbilled: 0, ...more.ore },
});
/** Registered as granted, and not a single claim on the line. P1 has invoiced the month: what it left out is unbilled. */
const unclaimed = (client: string, minutes: number, more: object = {}) =>
  row(client, {
    minutes: { granted: minutes, registered: minutes, payable: minutes },
    ore: { payable: minutes * 800, unbilled: minutes * 800 },
    codes: { M04: 1 },
    trace: [{ step: "registered", minutes }],
    ...more,
  });

/** P2 has not claimed anything yet: its invoice may still come. */
const ofP2 = {
  provider: "P2",
  unit: "U2",
  contract: "K2",
  codes: {},
  ore: { payable: 24_000, claimed: 0, overbilled: 0, unbilled: 0 },
};

const october = [
  // 31 × 30 granted and planned. 26 whole visits of 30, one of 45 and one of 38: 863. The plan of the declined visit: 30; of
  // the 7th and 21st: 60. The 15 minutes that an edit added on the 10th without a reason are not payable. 29 days claimed at
  // 30. The 22nd is claimed 8 minutes below what is payable (6,400 öre), the 21st has no visit (24,000 öre); the other 27
  // agree.
  row("C1", {
    minutes: {
      granted: 930,
      planned: 930,
      registered: 863,
      payable: 848,
      declined: 30,
      missed: 60,
      claimed: 870,
      underDelivered: 67,
    },
    ore: { payable: 678_400, claimed: 696_000, overbilled: 24_000, unbilled: 6_400 },
    codes: { M00: 27, M04: 1, M05: 1 },
    trace: [
      { step: "registered", minutes: 863 },
      { step: "lengthening", minutes: -15, why: "tid har lagts till utan orsak" },
    ],
  }),
  // 40 + 28 of 80 minutes; the claim is 12 above.
  row("C2", {
    minutes: { granted: 80, planned: 40, registered: 68, payable: 68, claimed: 80, underDelivered: 12 },
    ore: { payable: 54_400, claimed: 64_000, overbilled: 9_600 },
    codes: { M03: 1 },
    trace: [{ step: "registered", minutes: 68 }],
  }),
  // Five days of 60; Wednesday and Thursday have no visit, the other three agree with their part of the line.
  row("C4", {
    minutes: { granted: 300, registered: 180, payable: 180, claimed: 300, underDelivered: 120 },
    ore: { payable: 144_000, claimed: 240_000, overbilled: 96_000 },
    codes: { M00: 1, M05: 2 },
    trace: [{ step: "registered", minutes: 180 }],
  }),
  // Two mornings of 45, the second in hospital: 45 of the 45 and 30 that are registered; no claim yet.
  row("C5", {
    minutes: { granted: 90, registered: 75, payable: 45, absent: 45, underDelivered: 15 },
    ore: { payable: 36_000, unbilled: 36_000 },
    codes: { M04: 1 },
    trace: [
      { step: "registered", minutes: 75 },
      { step: "cap", minutes: -30, why: "beviljat 90 minuter, frånvaro 45" },
    ],
  }),
  // Two hours by the clock, three that passed.
  unclaimed("C6", 180),
  unclaimed("C7", 30),
  unclaimed("C8", 30, ofP2),
  unclaimed("C9", 30),
  unclaimed("C10", 30, ofP2),
  // 435 registered on the 12th, where the visit begins; 420 granted.
  row("C11", {
    minutes: { granted: 420, planned: 420, registered: 435, payable: 420 },
    ore: { payable: 336_000, unbilled: 336_000 },
    codes: { M04: 1 },
    trace: [
      { step: "registered", minutes: 435 },
      { step: "cap", minutes: -15 },
    ],
  }),
  row("C12", {
    order: null,
    line: null,
    minutes: { registered: 20 },
    ore: {},
    trace: [
      { step: "registered", minutes: 20 },
      { step: "cap", minutes: -20, why: "ingen beställning omfattar tiden" },
    ],
  }),
];

const found = (
  rule: string,
  level: string,
  severity: string,
  day: string,
  records: string[],
  minutes: number | null,
  amountOre: number | null,
  who: Partial<Record<"provider" | "unit" | "client" | "staff", string | null>>,
  more: object = {},
) => ({
  rule,
  version: 1,
  level,
  severity,
  mode: "active",
  status: "open",
  period: { from: `2026-10-${day}`, to: `2026-10-${day}` },
  provider: "P1",
  unit: "U1",
  client: null,
  staff: null,
  ...who,
  records: records.map((record) => {
    const [entity, id] = record.split("/");
    return { entity, source: "files", id };
  }),
  minutes,
  amountOre,
  suppressed: null,
  ...more,
});

const wholeMonth = { period: { from: "2026-10-01", to: "2026-10-31" } };
/** Visits on these days that begin and end as planned to the minute, and one more: more than 60 percent of P1's. */
const copied = (days: readonly string[]) => [...days.map((date) => `visits/v-${date}`), "visits/v-C2-a"];
const asPlanned = dates.filter((date) => !["07", "10", "14", "21", "22"].includes(date));

const openFindings = [
  // 15 minutes more than were registered first, without a reason, and than the 30 planned.
  found(
    "lengthened-afterwards",
    "indicator",
    "review",
    "10",
    ["visits/v-10"],
    15,
    null,
    { client: "C1", staff: "S1" },
    { version: 2 },
  ),
  found("missed-visit", "indicator", "review", "07", ["planned-visits/p-07"], 30, null, { client: "C1", staff: "S1" }),
  found("missed-visit", "indicator", "review", "21", ["planned-visits/p-21"], 30, null, { client: "C1", staff: "S1" }),
  found("claim-without-visit", "error", "hold", "21", ["claims/k-21"], 30, 24_000, { client: "C1" }, { version: 2 }),
  // 80 minutes are claimed for two staff, 40 + 28 payable: 12 minutes at 800 öre.
  found("claim-exceeds-payable", "error", "hold", "05", ["claims/k-C2", "visits/v-C2-a", "visits/v-C2-b"], 12, 9_600, {
    client: "C2",
  }),
  // Two of five days of 60 minutes and 48,000 öre.
  found(
    "claim-span-gap",
    "error",
    "hold",
    "05",
    ["claims/k-C4"],
    120,
    96_000,
    { client: "C4" },
    {
      version: 2,
      period: { from: "2026-10-05", to: "2026-10-09" },
    },
  ),
  // Wednesday wholly inside; Tuesday's visit ends 25 minutes after the admission.
  found(
    "visit-during-hospital-stay",
    "indicator",
    "hold",
    "07",
    ["absences/a-C5", "visits/v-C5-07"],
    30,
    null,
    {
      client: "C5",
      staff: "S2",
    },
    { version: 3 },
  ),
  found("staff-overlap-across-providers", "indicator", "review", "15", ["visits/v-C7", "visits/v-C8"], 10, null, {
    provider: null,
    unit: null,
    staff: "S1",
  }),
  found(
    "visit-without-order",
    "error",
    "hold",
    "20",
    ["visits/v-C12"],
    20,
    null,
    { client: "C12", staff: "S2" },
    { version: 2 },
  ),
  found("edit-without-reason", "error", "hold", "10", ["visits/v-10"], 15, 12_000, { client: "C1", staff: "S1" }),
  found(
    "long-visit",
    "indicator",
    "review",
    "10",
    ["planned-visits/p-10", "visits/v-10"],
    15,
    12_000,
    { client: "C1", staff: "S1" },
    { version: 3 },
  ),
  // 28 of the 40 minutes are together: 70 percent. The second leaves 12 minutes early, at 800 öre.
  found(
    "double-staffing-incomplete",
    "indicator",
    "review",
    "05",
    ["visits/v-C2-a", "visits/v-C2-b"],
    12,
    9_600,
    { client: "C2" },
    { version: 4 },
  ),
  // 180 of 300 minutes are 60 percent.
  found(
    "under-delivered",
    "indicator",
    "review",
    "01",
    ["orders/o-C4"],
    120,
    null,
    { client: "C4" },
    { ...wholeMonth, version: 2 },
  ),
  found("copied-plan", "pattern", "review", "01", copied(asPlanned), null, null, {}, wholeMonth),
  // Of 870 + 80 + 300 claimed minutes 840 + 80 + 180 have a visit on their day: 88 %.
  found("match-rate-low", "quality", "info", "01", [], 150, null, { unit: null }, { ...wholeMonth, version: 2 }),
];

const findingKeys =
  "id rule version level severity mode status period provider unit client staff records minutes amountOre reason evidence suppressed firstSeen lastSeen".split(
    " ",
  );

const byId = (rows: Array<Record<string, unknown>>) => rows.map(({ id }) => id as string);
/** What a finding says, without what only the machine knows. */
const said = ({
  id: _id,
  reason: _reason,
  evidence: _evidence,
  firstSeen: _first,
  lastSeen: _last,
  ...rest
}: Record<string, unknown>) => rest;
const inOrder = (rows: object[]) => rows.map((row) => JSON.stringify(row)).sort();
const timeless = (rows: Array<Record<string, unknown>>) =>
  rows.map(({ firstSeen: _first, lastSeen: _last, ...rest }) => rest);

let folder = "";
let system: TestDatabase;
const run = (...args: string[]): Promise<Ran> => klarsyn(args, { folder, databaseUrl: system.url });

async function deliver(name: string, content: string | Buffer): Promise<void> {
  const file = join(folder, "inbox", name);
  await writeFile(file, content);
  const before = new Date(Date.now() - 60_000);
  await utimes(file, before, before);
}

const config = (change: object = {}) =>
  writeFile(
    join(folder, "klarsyn.config.json"),
    JSON.stringify({
      municipality: { code: "0192", name: "Påhittad kommun" },
      database: "${DATABASE_URL}",
      sources: [{ id: "files", adapter: "standard", settings: { folder: "./inbox" } }],
      ...change,
    }),
  );

beforeAll(async () => {
  system = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), "klarsyn-interchange-"));
  await mkdir(join(folder, "inbox"));
  for (const [name, content] of Object.entries(files)) await deliver(name, content);
  await config();
});

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe("a folder of interchange files, night after night", () => {
  let first: Array<Record<string, unknown>> = [];

  test("gives findings as the contract prints them", { timeout: 90_000 }, async () => {
    const night = await run("night", "--date", "2026-11-10");
    expect(night).toMatchObject({ status: 0 });
    expect(night.stdout).toContain("Natten 2026-11-10");
    expect(await readdir(join(folder, "inbox"))).toEqual(["archive"]);

    const listed = await run("findings", "--format", "jsonl");
    expect(listed).toMatchObject({ status: 0, stderr: "" });
    first = jsonLines(listed.stdout);
    for (const finding of first) expect(Object.keys(finding)).toEqual(findingKeys);
    expect(byId(first)).toEqual(byId(first).toSorted());
    expect(inOrder(first.map(said))).toEqual(inOrder(openFindings));
  });

  test("gives figures as the contract prints them", { timeout: 240_000 }, async () => {
    const settled = await run("settlement", "--month", "2026-10", "--format", "jsonl");
    expect(settled).toMatchObject({ status: 0, stderr: "" });
    // The order of the keys is part of it.
    const order = ["month", "provider", "unit", "client", "service", "order", "line", "contract"];
    for (const line of jsonLines(settled.stdout)) {
      expect(Object.keys(line)).toEqual([...order, "minutes", "ore", "feeMinutes", "codes", "trace", "claims"]);
    }
    const byClient = ({ client }: Record<string, unknown>) => Number(String(client).slice(1));
    expect(jsonLines(settled.stdout).toSorted((a, b) => byClient(a) - byClient(b))).toEqual(october);
  });

  test("lists with --all what was not held against anyone", { timeout: 240_000 }, async () => {
    const listed = await run("findings", "--all", "--format", "jsonl");
    const suppressed = jsonLines(listed.stdout).filter(({ status }) => status === "suppressed");
    const causes = suppressed.map(({ rule, suppressed: cause, records }) => [
      `${String(rule)} ${String(cause)}`,
      ...(records as Array<{ id: string }>).map(({ id }) => id),
    ]);
    expect(causes).toContainEqual(["staff-overlap-across-providers samePlace", "v-C10", "v-C9"]);
    expect(causes).toContainEqual(["client-overlap doubleStaffing", "v-C2-a", "v-C2-b"]);
    expect(causes).toContainEqual(["lengthened-afterwards shortened", "v-22"]);
    expect(causes.filter(([rule]) => rule?.startsWith("visit-during-hospital-stay")).map(([, ...ids]) => ids)).toEqual([
      ["v-C5-06"],
    ]);
  });

  test("says the same on a second night, in full and in part", { timeout: 240_000 }, async () => {
    const settlement = async () => (await run("settlement", "--month", "2026-10", "--format", "jsonl")).stdout;
    const before = await settlement();
    for (const args of [["night"], ["night", "--full"]]) {
      expect(await run(...args, "--date", "2026-11-10")).toMatchObject({ status: 0 });
      const again = jsonLines((await run("findings", "--format", "jsonl")).stdout);
      expect(timeless(again)).toEqual(timeless(first));
      for (const [index, { firstSeen, lastSeen }] of again.entries()) {
        expect(firstSeen).toBe(first[index]?.["firstSeen"]);
        expect(String(lastSeen) > String(first[index]?.["lastSeen"])).toBe(true);
      }
      expect(await settlement()).toBe(before);
    }
  });

  test("chooses findings by rule and day", { timeout: 240_000 }, async () => {
    const missed = await run("findings", "--rule", "missed-visit", "--from", "2026-10-08", "--format", "jsonl");
    expect(jsonLines(missed.stdout).map(said)).toEqual([openFindings[2]]);
    const table = await run("findings", "--rule", "missed-visit", "--to", "2026-10-08");
    expect(table.stdout).toContain("2026-10-07");
    expect(table.stdout).not.toContain("2026-10-21");
  });

  test("says of each source what came", { timeout: 240_000 }, async () => {
    const sources = await run("sources", "--format", "jsonl");
    expect(sources.status).toBe(0);
    expect(jsonLines(sources.stdout)).toContainEqual(
      expect.objectContaining({ id: "files", resource: "visits", state: "ok", quarantined: 0, waiting: 0 }),
    );
  });

  test(
    "goes on without what does not fit, and takes it in when the mapping is mended",
    { timeout: 120_000 },
    async () => {
      const late = { ...visit("v-07", "C1", "S1", oct("07", "08:00"), oct("07", "08:30")), status: "utfört" };
      await deliver("visits-late.jsonl", Buffer.concat([lines([late]), Buffer.from('{"id":"v-x","clientId":\n')]));
      const night = await run("night", "--date", "2026-11-10");
      expect(night.status).toBe(2);
      expect(timeless(jsonLines((await run("findings", "--format", "jsonl")).stdout))).toEqual(timeless(first));

      const list = await run("quarantine", "list", "--format", "jsonl");
      expect(list.status).toBe(2);
      const waiting = jsonLines(list.stdout).toSorted((a, b) => Number(a["line"]) - Number(b["line"]));
      expect(waiting).toMatchObject([
        {
          source: "files",
          resource: "visits",
          place: expect.stringContaining("visits-late.jsonl"),
          line: 1,
          field: "status",
        },
        {
          source: "files",
          resource: "visits",
          place: expect.stringContaining("visits-late.jsonl"),
          line: 2,
          field: null,
        },
      ]);
      // The value itself may be personal: only what kind of value it is.
      expect(list.stdout).not.toContain("utfört");
      expect((await run("sources")).status).toBe(2);

      await mkdir(join(folder, "mappings"));
      await writeFile(
        join(folder, "mappings", "visits.yaml"),
        "source: standard/visits\nversion: 2\nrows:\n  - entity: visits\n    same: all\n    fields:\n" +
          "      status: { from: status, as: code, codes: { utfört: completed } }\n",
      );
      await config({
        sources: [{ id: "files", adapter: "standard", settings: { folder: "./inbox" }, mappings: "./mappings" }],
      });
      const retried = await run("quarantine", "retry");
      // The line that is no JSON stays.
      expect(retried).toMatchObject({ status: 2, stderr: expect.stringContaining("1 gick igenom, 1 väntar") });
      expect(await run("reconcile")).toMatchObject({ status: 0 });

      // The plan of the 7th has its visit now: 30 minutes more registered and 30 fewer missed, payable and not claimed.
      const left = jsonLines((await run("findings", "--format", "jsonl")).stdout);
      // It is also one more as planned: S1 has 30 visits with a plan now, enough to be told of apart.
      const copying = copied([...asPlanned, "07"].sort());
      const expected = openFindings.flatMap((finding) => {
        if (finding.rule === "missed-visit" && finding.period.from === "2026-10-07") return [];
        if (finding.rule !== "copied-plan") return [finding];
        const copy = (who: object) =>
          found("copied-plan", "pattern", "review", "01", copying, null, null, who, wholeMonth);
        return [copy({ staff: "S1" }), copy({})];
      });
      expect(inOrder(left.map(said))).toEqual(inOrder(expected));
      const closed = jsonLines((await run("findings", "--rule", "missed-visit", "--all", "--format", "jsonl")).stdout);
      expect(closed.filter(({ status }) => status === "closed").map(said)).toEqual([
        { ...openFindings[1], status: "closed" },
      ]);
      const settled = jsonLines((await run("settlement", "--month", "2026-10", "--format", "jsonl")).stdout);
      expect(settled.find(({ client }) => client === "C1")).toMatchObject({
        minutes: { granted: 930, registered: 893, payable: 878, missed: 30, underDelivered: 37 },
        ore: { payable: 702_400, unbilled: 30_400 },
        codes: { M00: 27, M04: 2, M05: 1 },
      });
    },
  );
});

describe("exit statuses", () => {
  beforeEach(() => config());

  test(
    "64 where the usage or the configuration is wrong, with every problem at once",
    { timeout: 240_000 },
    async () => {
      expect(await run("night", "--dat", "2026-11-10")).toMatchObject({ status: 64, stdout: "" });
      expect(await run("night", "--date", "10 november")).toMatchObject({ status: 64, stdout: "" });
      expect(await run("nigth")).toMatchObject({ status: 64, stdout: "" });
      await config({
        muncipality: {},
        sources: [
          { id: "files", adapter: "standrad", settings: {} },
          { id: "lifecare", adapter: "lifecare", settings: { baseUrl: "https://127.0.0.1", key: "${NO_SUCH_KEY}" } },
        ],
      });
      const wrong = await run("night");
      expect(wrong).toMatchObject({ status: 64, stdout: "" });
      for (const part of ["muncipality", "standrad", "standard", "NO_SUCH_KEY"]) expect(wrong.stderr).toContain(part);
    },
  );

  test("1 where it failed", { timeout: 240_000 }, async () => {
    const nobody = "postgresql://nobody@127.0.0.1:1/nothing";
    const failed = await klarsyn(["night"], { folder, databaseUrl: nobody });
    expect(failed).toMatchObject({ status: 1, stdout: "" });
    expect(failed.stderr).not.toContain("    at ");
  });

  test("2 where a source is down, and the others are reconciled", { timeout: 240_000 }, async () => {
    await config({
      sources: [
        { id: "gone", adapter: "standard", settings: { folder: "./no-such-folder" } },
        { id: "files", adapter: "standard", settings: { folder: "./inbox" } },
      ],
    });
    expect(await run("night", "--date", "2026-11-10")).toMatchObject({ status: 2 });
    expect((await run("findings", "--format", "jsonl")).stdout).not.toBe("");
  });
});
