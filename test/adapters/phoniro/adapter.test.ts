import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import phoniro from "#adapters/phoniro/adapter";
import { writePhoniroFiles } from "#adapters/phoniro/simulator";
import type { Page } from "#adapter";
import { instant, MINUTE } from "#model";
import { type MappedRecord, type Mapping, loadMappings, readMappingFolder } from "#mapping";
import { makeWorld } from "#synthetic";
import { commitAll, recordsOf, testInbox, type TestInbox } from "../../adapter/inbox.ts";
import { startSftpServer } from "../../adapter/sftp-server.ts";
import { faultsOfFile } from "./interface-shape.ts";

const world = makeWorld({ seed: 11, clients: 60 });
const at = instant("2026-11-02T04:30:00Z");

async function pull(
  source: "visits" | "lock-log",
  inbox: TestInbox,
  columns?: Record<string, string[]>,
): Promise<Page[]> {
  const settings = phoniro.settings.parse({ folder: inbox.folder });
  const context = { ...inbox, settings, cursor: null, http: undefined as never, ...(columns ? { columns } : {}) };
  return commitAll(phoniro.sources[source]!.pull(context), inbox);
}

function mappings(): Map<string, Mapping> {
  const records = new Map(Object.entries(phoniro.sources).map(([name, { record }]) => [`phoniro/${name}`, record]));
  const files = readMappingFolder("mappings");
  return loadMappings({ folders: [files.filter(({ path }) => path.includes("phoniro"))], records });
}

const context = { identityRef: (number: string) => `pid:${number}`, thisYear: 2026 };
function mapped(mapping: Mapping, records: readonly unknown[]): MappedRecord[] {
  return records.flatMap((record) => {
    const outcome = mapping.apply(record, context);
    if (!outcome.ok) throw new Error(`${outcome.problem.field}: ${outcome.problem.rule}`);
    return [...outcome.mapped];
  });
}

/** The last received of each id wins at equal version, else the highest. */
function heads(rows: readonly MappedRecord[], entity: string): Map<string, Record<string, unknown>> {
  const found = new Map<string, MappedRecord["record"]>();
  for (const { entity: of, record } of rows) {
    if (of !== entity) continue;
    const before = found.get(record.id);
    if (before === undefined || (record.version ?? 0) >= (before.version ?? 0)) found.set(record.id, record);
  }
  return new Map([...found].map(([id, { values }]) => [id, values]));
}

describe("Phoniro", () => {
  test("is read as the municipality really was: every visit, its times, people and proofs", async () => {
    await using inbox = await testInbox();
    await writePhoniroFiles({ world, folder: inbox.folder, at });
    const pages = await pull("visits", inbox);
    expect(pages.flatMap(({ broken }) => broken ?? [])).toEqual([]);
    expect(pages.flatMap(({ unexpected }) => unexpected ?? [])).toEqual([]);
    for (const record of recordsOf(pages))
      expect(phoniro.sources["visits"]!.record.safeParse(record).success).toBe(true);

    const rows = mapped(mappings().get("phoniro/visits")!, recordsOf(pages));
    const visits = heads(rows, "visits");
    const units = new Map(world.units.map((unit) => [unit.id, unit]));
    const clients = new Map(world.clients.map((client) => [client.id, client]));
    const clientOf = (id: string): string => {
      const { ids, personalIdentityNumber } = clients.get(id)!;
      return ids.phoniro ?? `pid:${personalIdentityNumber}`;
    };
    const known = world.visits.filter(({ source, versions }) => source === "phoniro" && versions[0]!.at <= at);
    expect(known.length).toBeGreaterThan(1000);
    expect(visits.size).toBe(known.length);
    for (const visit of known) {
      const version = visit.versions.filter((one) => one.at <= at && one.deleted !== true).at(-1)!;
      expect(visits.get(visit.id)).toMatchObject({
        unitId: units.get(visit.unitId)!.ids.phoniro,
        clientId: clientOf(visit.clientId),
        start: version.start,
        // Of an end more than a day later the file has only the time of day.
        ...(version.end === null ? {} : { end: version.start + ((version.end - version.start) % (24 * 60 * MINUTE)) }),
        status: version.status,
        ...(version.originalEnd === undefined ? {} : { originalEnd: version.originalEnd }),
        startProof: version.startProof,
        deviceId: visit.deviceId,
        doubleStaffing: visit.doubleStaffing === true,
        receivedAt: visit.versions[0]!.at,
      });
      expect(new Set(visits.get(visit.id)!["services"] as string[])).toEqual(new Set(version.services));
    }
    const people = heads(rows, "clients");
    for (const [number, { personalIdentityNumber }] of people) {
      expect(world.clients.find(({ ids }) => ids.phoniro === number)?.personalIdentityNumber).toBe(
        personalIdentityNumber,
      );
    }
  });

  test("has its lock log read", async () => {
    await using inbox = await testInbox();
    await writePhoniroFiles({ world, folder: inbox.folder, at });
    const events = heads(
      mapped(mappings().get("phoniro/lock-log")!, recordsOf(await pull("lock-log", inbox))),
      "lock-events",
    );
    const known = world.lockEvents
      .filter((event) => event.at <= at)
      .map((event) => `${event.lockId} ${event.at} ${event.event}`);
    const read = [...events.values()].map(
      (event) => `${event["lockId"] as string} ${event["at"] as number} ${event["event"] as string}`,
    );
    expect(new Set(read)).toEqual(new Set(known));
  });

  test("tells of page headers, sums and the file that came twice, and leaves an empty inbox", async () => {
    await using inbox = await testInbox();
    await writePhoniroFiles({ world, folder: inbox.folder, at });
    await pull("visits", inbox);
    await pull("lock-log", inbox);
    const codes = new Set(inbox.notices.map(([code]) => code));
    expect(codes).toEqual(new Set(["repeated-header", "subtotal-rows", "seen-before"]));
    expect(await inbox.left()).toEqual([]);
    expect((await inbox.archived()).every((name) => name.endsWith(".enc"))).toBe(true);
  });

  test("gives the same over nights as at once, with rows repeated between them", async () => {
    await using once = await testInbox();
    await using nightly = await testInbox();
    const small = makeWorld({ seed: 5, clients: 40, from: "2026-10-12", through: "2026-10-27" });
    const through = instant("2026-10-29T03:30:00Z");
    await writePhoniroFiles({ world: small, folder: once.folder, at: through });
    const mapping = mappings().get("phoniro/visits")!;
    const whole = heads(mapped(mapping, recordsOf(await pull("visits", once))), "visits");

    const rows: MappedRecord[] = [];
    let since: number | null = null;
    for (let night = through - 16 * 24 * 60 * MINUTE; night <= through; night += 24 * 60 * MINUTE) {
      await writePhoniroFiles({ world: small, folder: nightly.folder, at: night, since });
      rows.push(...mapped(mapping, recordsOf(await pull("visits", nightly))));
      since = night;
    }
    expect(heads(rows, "visits")).toEqual(whole);
  });

  test("is simulated as its interface says", async () => {
    await using inbox = await testInbox();
    const first = await writePhoniroFiles({ world, folder: inbox.folder, at: instant("2026-10-05T04:30:00Z") });
    const next = await writePhoniroFiles({
      world,
      folder: inbox.folder,
      at: instant("2026-10-06T04:30:00Z"),
      since: instant("2026-10-05T04:30:00Z"),
    });
    const names = [...first, ...next].map((path) => basename(path));
    expect(names).toEqual([
      "besok-2026-9.csv",
      "besok-2026-9 (1).csv",
      "besok-2026-10.csv",
      "laslogg-2026-9.csv",
      "laslogg-2026-9 (1).csv",
      "laslogg-2026-10.csv",
      "besok-2026-10-06.csv",
      "laslogg-2026-10-06.csv",
    ]);
    for (const path of [...first, ...next]) expect(faultsOfFile(basename(path), await readFile(path))).toEqual([]);
  });

  test("comes over SFTP as from a folder", async () => {
    await using inbox = await testInbox();
    await using server = await startSftpServer(inbox.folder);
    await writePhoniroFiles({ world, folder: inbox.folder, at: instant("2026-09-05T04:30:00Z") });
    await using remote = await testInbox({
      settings: () => ({
        sftpHost: "127.0.0.1",
        sftpPort: server.port,
        sftpFolder: "/",
        sftpUsername: "phoniro",
        sftpPassword: "hemligt",
        sftpHostKey: server.hostKey,
      }),
    });
    const pages = await pull("visits", remote);
    expect(recordsOf(pages).length).toBeGreaterThan(50);
    expect((await inbox.left()).filter((name) => name.startsWith("besok"))).toEqual([]);
  });
});

describe("a visits file", () => {
  const header = "BesöksId;Enhet;Brukarnr;Besöksdatum;Starttid;Sluttid;Avböjt;Orsak;Kommentar\n";
  async function statusOf(row: string): Promise<Record<string, unknown>> {
    await using inbox = await testInbox();
    await inbox.put("besok-1.csv", `${header}${row}\n`);
    const records = recordsOf(await pull("visits", inbox));
    return mapped(mappings().get("phoniro/visits")!, records)[0]!.record.values;
  }

  test("says what became of a visit: completed, started, declined, cancelled, nobody home", async () => {
    expect(await statusOf("1;E1;9;2026-10-05;07:00;07:30;N;;")).toMatchObject({ status: "completed" });
    expect(await statusOf("1;E1;9;2026-10-05;07:00;;N;;")).toMatchObject({ status: "started" });
    expect(await statusOf("1;E1;9;2026-10-05;07:00;07:00;J;Ville inte;")).toMatchObject({
      status: "declined",
      declinedReason: "Ville inte",
    });
    expect(await statusOf("1;E1;9;2026-10-05;07:00;07:05;N;Bom;")).toMatchObject({ status: "noAnswer" });
    expect(await statusOf("1;E1;9;2026-10-05;07:00;07:05;N;Inställt;")).toMatchObject({ status: "cancelled" });
  });

  test("has a visit past midnight end the next day, also where the clock changes", async () => {
    expect(await statusOf("1;E1;9;2026-10-05;23:50;00:20;N;;")).toMatchObject({
      start: instant("2026-10-05T23:50:00+02:00"),
      end: instant("2026-10-06T00:20:00+02:00"),
    });
    // 01:50 summer time until 03:10 winter time: 140 minutes passed.
    expect(await statusOf("1;E1;9;2026-10-25;01:50;03:10;N;;")).toMatchObject({
      start: instant("2026-10-25T01:50:00+02:00"),
      end: instant("2026-10-25T03:10:00+01:00"),
    });
    expect(await statusOf("1;E1;9;2026-03-28;23:30;03:30;N;;")).toMatchObject({
      end: instant("2026-03-29T03:30:00+02:00"),
    });
  });

  test("keeps free text and names out, without calling them unexpected", async () => {
    await using inbox = await testInbox();
    await inbox.put("besok-1.csv", `${header}1;E1;9;2026-10-05;07:00;07:30;N;;Nyckeln ligger under mattan\n`);
    const pages = await pull("visits", inbox);
    expect(JSON.stringify(pages)).not.toContain("mattan");
    expect(pages[0]!.unexpected).toBeUndefined();
  });

  test("with a municipality's own headers is read by the names in its mapping", async () => {
    await using inbox = await testInbox();
    await inbox.put("besok-1.csv", "Nr;Enhet;Kund;Datum;Starttid;Sluttid\n1;E1;9;2026-10-05;07:00;07:30\n");
    const pages = await pull("visits", inbox, { BesöksId: ["Nr"], Brukarnr: ["Kund"], Besöksdatum: ["Datum"] });
    expect(recordsOf(pages)).toMatchObject([{ BesöksId: "1", Brukarnr: "9", Besöksdatum: "2026-10-05" }]);
  });

  test("that names no client is stopped before anything of it is read", async () => {
    await using inbox = await testInbox();
    await inbox.put("besok-1.csv", "BesöksId;Enhet;Besöksdatum;Starttid;Sluttid\n1;E1;2026-10-05;07:00;07:30\n");
    await expect(pull("visits", inbox)).rejects.toThrow('the required column "Brukarnr" is missing; nothing was read.');
  });
});
