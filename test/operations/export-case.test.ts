import { createHash } from "node:crypto";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkDigit } from "#model";
import {
  type Actor,
  actorOf,
  attachToCase,
  commentOnCase,
  everything,
  exportCase,
  type ExportedFile,
  requestExplanation,
  showCase,
  takeCase,
} from "#operations";
import { tables } from "#store";
import { day } from "../night/hand.ts";
import { longVisit, openMunicipality, visit, visits } from "./municipality.ts";

const anna = actorOf({ id: "anna", name: "Anna Prov", tenantId: "0192", role: "handler" });
const no = "2026-00001";
const numberOf = (serial: string): string => `${serial}${checkDigit(serial.slice(2))}`;
const identity = numberOf("18900101980");
const staffIdentity = numberOf("18910202981");
const on = day("2026-10-05");
const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);

/** What of the town says who somebody is, or where. */
const secrets = [
  identity,
  staffIdentity,
  "Agda",
  "Öst",
  "Eva",
  "Anna",
  "59.123",
  "17.123",
  "v-1-",
  "Storgatan",
  "Ring Eva",
  "körning",
  "C1",
  "S1",
];

async function openTown(client: Record<string, unknown> = {}) {
  const town = await openMunicipality({ rules: [longVisit] });
  const place = { startLatitude: 59.123456, startLongitude: 17.123456, startProof: "gps", editReason: "Ringde Agda." };
  await town.night("2026-11-01", [
    {
      entity: "clients",
      records: [
        {
          id: "C1",
          version: 2,
          personalIdentityNumber: identity,
          name: "Agda Öst",
          addresses: [{ from: "2020-01-01", buildingId: "B7", area: "Storgatan" }],
          ...client,
        },
      ],
    },
    {
      entity: "staff",
      records: [{ id: "S1", unitId: "U1", version: 2, personalIdentityNumber: staffIdentity, name: "Eva Nord" }],
    },
    { entity: "visits", records: [visit(1, on, 80, place), visit(1, on + 1, 90, place)] },
    visits("2026-10-07", "2026-10-31"),
  ]);
  await town.night("2026-11-02", [{ entity: "visits", records: [visit(1, on, 95, place)] }]);
  const needs = {
    ...town.needs,
    config: { ...town.needs.config, municipality: { name: "Provkommun" } },
    database: town.database.restrict({ tenantId: "0192", scope: everything }),
  };
  town.evening("2026-11-02");
  await takeCase(needs, anna, { no, version: (await showCase(needs, anna, no)).version });
  await commentOnCase(needs, anna, { no, text: `=Ring Eva om ${identity} \u202Egnir` });
  await attachToCase(needs, anna, { no, name: "körning.png", content: png });
  const { version, list } = await showCase(needs, anna, no);
  await requestExplanation(needs, anna, {
    no,
    version,
    findings: list.map(({ id }) => id),
    show: { evidence: true, records: true, client: true, staff: true },
    question: "Hur gick det till?",
    dueOn: day("2026-12-01"),
  });
  const take = (actor: Actor, kind: "document" | "archive" | "masked", reason = "Begärt av polisen") =>
    exportCase(needs, actor, { no, kind, reason });
  return { ...town, needs, take };
}

async function bytesOf({ body }: ExportedFile): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function filesOf(file: ExportedFile): Promise<Map<string, Buffer>> {
  return new Map(Object.entries(unzipSync(await bytesOf(file))).map(([path, content]) => [path, Buffer.from(content)]));
}
const read = (files: Map<string, Buffer>, path: string): string => files.get(path)!.toString();

let town: Awaited<ReturnType<typeof openTown>>;
let hidden: Awaited<ReturnType<typeof openTown>>;
beforeAll(async () => {
  town = await openTown();
  hidden = await openTown({ protection: "confidential" });
}, 90_000);
afterAll(async () => {
  await town?.[Symbol.asyncDispose]();
  await hidden?.[Symbol.asyncDispose]();
});

describe("a case that is taken out", { timeout: 30_000 }, () => {
  test("for the police has every record in every version, as it came, with letters, attachments and who has opened it", async () => {
    const file = await town.take(anna, "archive");
    expect([file.name, file.type]).toEqual([`arende-${no}.zip`, "application/zip"]);
    const files = await filesOf(file);
    expect([...files.keys()]).toEqual([
      "LÄS-MIG.txt",
      "arende.pdf",
      "arende.json",
      "personer.json",
      "personer.csv",
      "fynd.json",
      "fynd.csv",
      "poster/visits.json",
      "poster/visits.csv",
      "kallposter.jsonl",
      "historik.json",
      "historik.csv",
      "brev/brev-1.txt",
      "atkomst.json",
      "atkomst.csv",
      "bilagor/01-körning.png",
      "manifest.json",
      "SHA256SUMS",
    ]);
    const people = JSON.parse(read(files, "personer.json")) as object[];
    expect(people).toMatchObject([
      { who: "staff", name: "Eva Nord", identity: staffIdentity, protected: false },
      { who: "client", name: "Agda Öst", identity, protected: false },
    ]);
    const versions = JSON.parse(read(files, "poster/visits.json")) as Array<{
      id: string;
      version: number;
      inForce: boolean;
    }>;
    expect(
      versions.filter(({ id }) => id === "v-1-2026-10-05").map(({ version, inForce }) => [version, inForce]),
    ).toEqual([
      [95, true],
      [80, false],
    ]);
    const raw = read(files, "kallposter.jsonl")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { of: string[]; record: Record<string, unknown> });
    expect(raw).toHaveLength(3);
    expect(raw[0]!.record).toMatchObject({ startLatitude: 59.123456, clientId: "C1" });
    expect(read(files, "brev/brev-1.txt")).toContain("Begäran om förklaring");
    expect(files.get("bilagor/01-körning.png")!.equals(png)).toBe(true);
    // A comment that begins as a formula is text, and shows that it reads backwards.
    expect(read(files, "historik.csv")).toContain(`Kommentar: =Ring Eva om ${identity} \ufffdgnir`);
    const trail = JSON.parse(read(files, "atkomst.json")) as Array<{ who: string; what: string; why: string }>;
    expect(trail.at(-1)).toMatchObject({
      who: "anna",
      what: "Ärende uttaget med alla poster",
      why: `Ärende ${no}: Begärt av polisen`,
    });
    expect(trail.filter(({ what }) => what === "Ärende").length).toBeGreaterThanOrEqual(2);
  });

  test("has a checksum of every file that is right", async () => {
    const files = await filesOf(await town.take(anna, "archive"));
    const manifest = JSON.parse(read(files, "manifest.json")) as {
      case: string;
      masked: null;
      files: Array<{ path: string; bytes: number; sha256: string }>;
    };
    expect(manifest).toMatchObject({ case: no, masked: null });
    const sums = [...files].filter(([path]) => path !== "manifest.json" && path !== "SHA256SUMS");
    expect(manifest.files).toEqual(
      sums.map(([path, content]) => ({
        path,
        bytes: content.length,
        sha256: createHash("sha256").update(content).digest("hex"),
      })),
    );
    expect(read(files, "SHA256SUMS").trim().split("\n")).toEqual(
      manifest.files.map(({ path, sha256 }) => `${sha256}  ${path}`),
    );
  });

  test("is logged with its reason and whom it shows, and is refused without one", async () => {
    await expect(town.take(anna, "document", "  x ")).rejects.toMatchObject({ code: "person.reason" });
    const file = await town.take(anna, "document");
    expect((await bytesOf(file)).subarray(0, 8).toString()).toBe("%PDF-1.7");
    const logged = await town.database.orm.select().from(tables.accessLog);
    expect(logged.at(-1)).toMatchObject({
      actor: "anna",
      operation: "export-case-document",
      subject: "S1 C1",
      rows: 2,
      why: `Ärende ${no}: Begärt av polisen`,
    });
  });

  test("is refused with names to whoever may not reveal them, and to those whose case it is not", async () => {
    const buyer = actorOf({ id: "bo", name: "Bo Köp", tenantId: "0192", role: "purchaser" });
    await expect(town.take(buyer, "document")).rejects.toMatchObject({ code: "permission.missing" });
    await expect(town.take(buyer, "archive")).rejects.toMatchObject({ code: "permission.missing" });
    expect((await town.take(buyer, "masked")).name).toBe(`arende-${no}-maskerat.pdf`);
    const scope = { providers: ["P2"], units: null, groups: null };
    const elsewhere = actorOf({ id: "dag", name: "Dag", tenantId: "0192", role: "handler", scope });
    for (const kind of ["document", "archive", "masked"] as const)
      await expect(town.take(elsewhere, kind)).rejects.toMatchObject({ code: "case.missing" });
  });
});

describe("a case with somebody who has a protected identity", { timeout: 30_000 }, () => {
  test("is masked for whoever may not see them, and says so", async () => {
    const file = await hidden.take(anna, "archive");
    expect(file.name).toBe(`arende-${no}-maskerat.zip`);
    const files = await filesOf(file);
    expect([...files.keys()].filter((path) => /personer|kallposter|brev|bilagor/.test(path))).toEqual([]);
    expect(read(files, "LÄS-MIG.txt")).toContain("någon med skyddade personuppgifter");
    expect(JSON.parse(read(files, "manifest.json"))).toMatchObject({ masked: "protected" });
    const logged = await hidden.database.orm.select().from(tables.accessLog);
    expect(logged.at(-1)).toMatchObject({ operation: "export-case-masked" });
  });

  test("is whole for whoever may see them", async () => {
    const cleared = actorOf({ ...anna, role: "handler" }, ["persons:protected"]);
    const files = await filesOf(await hidden.take(cleared, "archive"));
    const people = JSON.parse(read(files, "personer.json")) as object[];
    expect(people[1]).toMatchObject({ name: "Agda Öst", identity, protected: true });
    expect(read(files, "kallposter.jsonl")).toContain("59.123456");
  });
});

describe("a masked case", { timeout: 30_000 }, () => {
  test("has nothing that says who or where anybody is, and the same number for the same person", async () => {
    const files = await filesOf(await hidden.take(anna, "archive"));
    for (const [path, content] of files) {
      if (path.endsWith(".pdf")) continue;
      const text = content.toString();
      expect(secrets.filter((secret) => text.includes(secret)).map((secret) => `${path}: ${secret}`)).toEqual([]);
    }
    const findings = JSON.parse(read(files, "fynd.json")) as Array<{
      client: string;
      staff: string;
      records: string[];
    }>;
    expect(findings.map(({ client, staff, records }) => [client, staff, records])).toEqual([
      ["Person 2", "Person 1", ["Besök 1"]],
      ["Person 2", "Person 1", ["Besök 2"]],
    ]);
    const [version] = JSON.parse(read(files, "poster/visits.json")) as Array<{ fields: Record<string, unknown> }>;
    expect(version!.fields).toMatchObject({
      clientId: "Person 2",
      staffId: "Person 1",
      start: "2026-10-05T06:00:00Z",
      status: "completed",
      startLatitude: null,
      editReason: null,
    });
    const history = JSON.parse(read(files, "historik.json")) as Array<{ by: string; texts: Record<string, string> }>;
    expect(history.flatMap(({ texts }) => Object.values(texts))).toEqual(
      expect.arrayContaining(["[Fritext, utelämnad]"]),
    );
    expect(new Set(history.map(({ by }) => by))).toEqual(new Set(["Klarsyn", "Handläggare 1"]));
  });
});
