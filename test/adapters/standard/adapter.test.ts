import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import standard from "#adapters/standard/adapter";
import { entityOfFile, fileEntities, records as shapes } from "#adapters/standard/records";
import { writeStandardFiles } from "#adapters/standard/simulator";
import type { Page } from "#adapter";
import { entities, instant } from "#model";
import { loadMappings, type Mapping, readMappingFolder } from "#mapping";
import { makeWorld } from "#synthetic";
import { commitAll, recordsOf, testInbox, type TestInbox } from "../../adapter/inbox.ts";
import { startSftpServer } from "../../adapter/sftp-server.ts";
import { faultsOfFile, format } from "./interface-shape.ts";

async function pull(source: string, inbox: TestInbox): Promise<Page[]> {
  const settings = standard.settings.parse({ folder: inbox.folder });
  const context = { ...inbox, settings, cursor: null, http: undefined as never };
  return commitAll(standard.sources[source]!.pull(context), inbox);
}

async function pullAll(inbox: TestInbox): Promise<Map<string, Page[]>> {
  const all = new Map<string, Page[]>();
  for (const source of Object.keys(standard.sources)) all.set(source, await pull(source, inbox));
  return all;
}

function mappings(): Map<string, Mapping> {
  const records = new Map(Object.entries(standard.sources).map(([name, { record }]) => [`standard/${name}`, record]));
  const files = readMappingFolder("mappings");
  return loadMappings({ folders: [files.filter(({ path }) => path.includes("standard"))], records });
}

const context = { identityRef: (number: string) => `pid:${number}`, thisYear: 2026 };

async function* pieces(content: string | Buffer): AsyncGenerator<Buffer> {
  await Promise.resolve();
  yield Buffer.from(content as string);
}

describe("the interchange format", () => {
  test("has the files and fields that its description lists", () => {
    expect([...fileEntities].toSorted()).toEqual(Object.keys(format).toSorted());
    for (const entity of fileEntities) {
      const described = (format[entity] ?? "").split(" ").map((word) => word.replace(/[?#]+$/, ""));
      expect(Object.keys(shapes[entity].shape)).toEqual(
        expect.arrayContaining(["id", "version", "deleted", ...described]),
      );
    }
  });

  test("tells a file's entity by its name, also where one name begins another", () => {
    expect(entityOfFile("visits.jsonl")).toBe("visits");
    expect(entityOfFile("visits-2026-10-05.jsonl")).toBe("visits");
    expect(entityOfFile("Visits.2026.CSV")).toBe("visits");
    expect(entityOfFile("planned-visits.csv")).toBe("planned-visits");
    expect(entityOfFile("services-1.csv")).toBe("services");
    expect(entityOfFile("service-plans-1.csv")).toBe("service-plans");
    for (const name of ["visit.csv", "visitsold.csv", "old-visits.csv", "order-lines.csv", "visits.xlsx", "visits"]) {
      expect(entityOfFile(name)).toBeNull();
    }
  });

  test("reads CSV in either dialect and JSON Lines to the same rows", async () => {
    const fields = [
      "id",
      "version",
      "clientId",
      "unitId",
      "start",
      "end",
      "status",
      "services",
      "startLatitude",
      "doubleStaffing",
    ];
    const values = ["v-1", "3", "c-å", "u", "2026-10-05T07:00", "2026-10-05T07:30:00+02:00", "completed", "omv|dusch"];
    const json = {
      ...Object.fromEntries(fields.map((field, index) => [field, values[index]])),
      version: 3,
      services: ["omv", "dusch"],
      startLatitude: 59.5,
      doubleStaffing: true,
    };
    const semicolons = `${fields.join(";")}\r\n${[...values, "59,5", "J"].join(";")}\r\n`;
    const commas = `${fields.join(",")}\n${[...values, '"59,5"', "true"].join(",")}\n`;
    const mapping = mappings().get("standard/visits")!;
    for (const [name, content] of [
      ["visits.csv", `\uFEFF${semicolons}`],
      ["visits-1.csv", Buffer.from(semicolons, "latin1")],
      ["visits-2.csv", commas],
      ["visits.jsonl", `${JSON.stringify(json)}\n`],
    ] as const) {
      await using inbox = await testInbox();
      await inbox.put(name, content);
      const [record] = recordsOf(await pull("visits", inbox));
      expect(shapes.visits.safeParse(record).success).toBe(true);
      expect(mapping.apply(record, context)).toMatchObject({
        ok: true,
        mapped: [
          {
            record: {
              id: "v-1",
              version: 3,
              values: {
                clientId: "c-å",
                start: instant("2026-10-05T07:00:00+02:00"),
                end: instant("2026-10-05T07:30:00+02:00"),
                services: ["dusch", "omv"],
                startLatitude: 59.5,
                doubleStaffing: true,
              },
            },
          },
        ],
      });
    }
  });

  test("has orders with their lines nested, as a complete set", async () => {
    const lines = [
      { id: "o-1-1", service: "dusch", minutes: 30, times: 2, per: "week", weekdays: [1, 4], staffing: 2 },
    ];
    const order = {
      id: "o-1",
      version: 2,
      clientId: "c",
      unitId: "u",
      status: "accepted",
      orderedAt: "2026-10-01T08:00:00Z",
      validFrom: "2026-10-01",
      lines,
    };
    await using inbox = await testInbox();
    await inbox.put("orders.jsonl", `${JSON.stringify(order)}\n{"id":"o-2","version":3,"deleted":true}\n`);
    const mapping = mappings().get("standard/orders")!;
    const outcomes = recordsOf(await pull("orders", inbox)).map((record) => mapping.apply(record, context));
    expect(outcomes).toMatchObject([
      {
        ok: true,
        mapped: [
          { entity: "orders" },
          {
            entity: "order-lines",
            record: { id: "o-1-1", parent: "o-1", values: { orderId: "o-1", weekdays: [1, 4] } },
          },
        ],
        complete: [{ entity: "order-lines", parent: "o-1", version: 2 }],
      },
      { ok: true, mapped: [{ entity: "orders", record: { id: "o-2", deleted: true } }], complete: [{ parent: "o-2" }] },
    ]);
  });

  test("has services whose id is their code", async () => {
    await using inbox = await testInbox();
    await inbox.put("services.csv", "code,name,kind\ndusch,Dusch,care\n");
    const [record] = recordsOf(await pull("services", inbox));
    expect(mappings().get("standard/services")!.apply(record, context)).toMatchObject({
      ok: true,
      mapped: [{ record: { id: "dusch", values: { code: "dusch", kind: "care" } } }],
    });
  });

  test("takes a list of tombstones with ids only, and stops another file without its required columns", async () => {
    await using inbox = await testInbox();
    await inbox.put("visits-gone.csv", "id;deleted\nv-1;true\n");
    expect(recordsOf(await pull("visits", inbox))).toEqual([{ id: "v-1", deleted: "true" }]);
    await inbox.put("visits-2.csv", "id;clientId;unitId;status\nv-1;c;u;completed\n");
    await expect(pull("visits", inbox)).rejects.toThrow(
      'File visits-2.csv: the required column "start" is missing; nothing was read.',
    );
    await inbox.put("orders.csv", "id;clientId;unitId;status;orderedAt;validFrom\n1;2;3;sent;2026-10-01;2026-10-01\n");
    await expect(pull("orders", inbox)).rejects.toThrow(
      '"lines" holds nested values, which CSV cannot; deliver JSON Lines.',
    );
  });

  test("names fields that it does not have once, and drops them from CSV", async () => {
    await using inbox = await testInbox();
    await inbox.put("tags.csv", "id,clientId,from,portkod\n1,c,2026-01-01,1234\n2,c,2026-01-01,1234\n");
    const pages = await pull("tags", inbox);
    expect(pages.flatMap(({ unexpected }) => unexpected ?? [])).toEqual(["portkod"]);
    expect(JSON.stringify(pages)).not.toContain("1234");
  });

  test("tells of a file whose name is of no entity, and leaves it", async () => {
    await using inbox = await testInbox();
    await inbox.put("vists-2026.csv", "id\n1\n");
    await pullAll(inbox);
    expect(inbox.notices).toEqual([
      ["unknown-file", "vists-2026.csv läses inte: namnet börjar inte med någon av formatets poster."],
    ]);
    expect(await inbox.left()).toEqual(["vists-2026.csv"]);
  });
});

describe("an upload", () => {
  const upload = standard.upload!;
  const notice = () => undefined;
  const all = (pages: AsyncIterable<Page>): Promise<Page[]> => commitAll(pages, { seen: new Set() });

  test("is read as a file is, and knows its hash when it is whole", async () => {
    const { source, pages } = upload({
      name: "visits-1.jsonl",
      content: pieces('{"id":"1"}\nx\n{"id":"2"}\n'),
      notice,
    });
    expect(source).toBe("visits");
    const read = await all(pages);
    expect(recordsOf(read)).toEqual([{ id: "1" }, { id: "2" }]);
    expect(read.at(-1)).toMatchObject({
      deliveryComplete: true,
      delivery: expect.stringMatching(/^[0-9a-f]{64}$/),
      broken: [{ line: 2, reason: "Raden är inte JSON." }],
    });
  });

  test("of an unknown name, of nothing or of too much is refused", async () => {
    expect(() => upload({ name: "../../etc/passwd", content: pieces(""), notice })).toThrow(
      "the name must begin with one of",
    );
    await expect(all(upload({ name: "visits.csv", content: pieces(""), notice }).pages)).rejects.toThrow("is empty");
    const long = upload({ name: "visits.jsonl", content: pieces('{"id":"1"}\n'), notice, bytesMax: 5 });
    await expect(all(long.pages)).rejects.toThrow("more than 5 bytes");
  });
});

describe("the municipality's own files", () => {
  const world = makeWorld({ seed: 11, clients: 60 });
  const at = instant("2026-11-10T04:30:00Z");

  test("are simulated as the format says", async () => {
    await using inbox = await testInbox();
    const first = await writeStandardFiles({ world, folder: inbox.folder, at: instant("2026-10-05T04:30:00Z") });
    const next = await writeStandardFiles({ world, folder: inbox.folder, at, since: instant("2026-10-05T04:30:00Z") });
    for (const path of [...first, ...next]) expect(faultsOfFile(basename(path), await readFile(path))).toEqual([]);
  });

  test("are read whole, from a folder and over SFTP, and every record can be mapped", async () => {
    await using inbox = await testInbox();
    await writeStandardFiles({ world, folder: inbox.folder, at });
    await using drop = await testInbox();
    await using server = await startSftpServer(drop.folder);
    await writeStandardFiles({ world, folder: drop.folder, at });
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
    const pages = await pullAll(inbox);
    expect(await pullAll(remote)).toEqual(
      new Map(
        [...pages].map(([source, list]) => [
          source,
          list.map((page) => ({ ...page, committed: expect.any(Function) })),
        ]),
      ),
    );
    const all = mappings();
    const ids = new Map<string, Set<string>>();
    for (const [source, list] of pages) {
      expect(list.flatMap(({ broken }) => broken ?? [])).toEqual([]);
      for (const record of recordsOf(list)) {
        expect(standard.sources[source]!.record.safeParse(record).success).toBe(true);
        const outcome = all.get(`standard/${source}`)!.apply(record, context);
        expect(outcome.ok, `${source} ${outcome.ok ? "" : outcome.problem.field}`).toBe(true);
        if (!outcome.ok) continue;
        for (const { entity, record: row } of outcome.mapped) {
          if (!ids.has(entity)) ids.set(entity, new Set());
          ids.get(entity)!.add(row.id);
        }
      }
    }
    const idsOf = (list: ReadonlyArray<{ id: string }>): Set<string> => new Set(list.map(({ id }) => id));
    const listed = world.clients.filter((client) => client.ids.files !== undefined);
    expect(ids.get("clients")).toEqual(idsOf(listed));
    expect(ids.get("tags")).toEqual(idsOf(world.tags));
    expect(ids.get("claims")).toEqual(idsOf(world.claims.filter((claim) => claim.at <= at)));
    expect(ids.get("planned-visits")).toEqual(idsOf(world.plans.filter(({ source }) => source === "files")));
    expect(ids.get("shifts")).toEqual(idsOf(world.shifts.filter(({ source }) => source === "files")));
    expect(ids.get("staff")).toEqual(
      new Set(world.staff.flatMap(({ employments }) => employments.flatMap((one) => one.ids.files ?? []))),
    );
    expect(Object.keys(entities)).toEqual(expect.arrayContaining([...ids.keys()]));
    expect(await inbox.left()).toEqual([]);
  });
});
