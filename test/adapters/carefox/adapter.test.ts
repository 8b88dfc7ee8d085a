import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { openHttp, UnauthorizedError, UpstreamError } from "#adapter";
import { instant, MINUTE } from "#model";
import { makeWorld, type World } from "#synthetic";
import carefox from "../../../adapters/carefox/adapter.ts";
import {
  type CarefoxSimulator,
  type CarefoxSimulatorOptions,
  startCarefoxSimulator,
} from "../../../adapters/carefox/simulator.ts";
import { heads, pull, type Pulled } from "../mapped.ts";
import { objects } from "./interface.ts";

const end = instant("2027-01-01T00:00:00Z");
/** CareFox may plan shifts; the municipality's come from files, so its tests have one that was made by hand. */
const shift = {
  id: "77001",
  source: "carefox",
  start: instant("2026-10-05T04:45:00Z"),
  end: instant("2026-10-05T13:00:00Z"),
} as const;

let world: World;
let inCarefox: string[];
beforeAll(() => {
  const made = makeWorld({ seed: 5, clients: 80 });
  const person = made.staff.find(({ employments }) => employments.some(({ ids }) => ids.carefox !== undefined))!;
  const { unitId } = person.employments.find(({ ids }) => ids.carefox !== undefined)!;
  const shifts = (["work", "sick"] as const).map((kind, index) => ({
    ...shift,
    id: `${77001 + index}`,
    staffId: person.id,
    unitId,
    kind,
  }));
  world = { ...made, shifts };
  inCarefox = made.plans.filter(({ source }) => source === "carefox").map(({ id }) => id);
});

const open: CarefoxSimulator[] = [];
async function start(options: Partial<CarefoxSimulatorOptions> = {}): Promise<CarefoxSimulator> {
  const simulator = await startCarefoxSimulator({ world, now: () => end, ...options });
  open.push(simulator);
  return simulator;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (simulator) => simulator.close()));
});

const ids = (records: readonly unknown[]) => records.map((record) => String((record as { id: unknown }).id));

describe("what the simulator sends", () => {
  test.for(["employees", "patients", "visits", "shifts"] as const)("fits the description: %s", async (resource) => {
    const { settings } = await start();
    await using http = openHttp({ baseUrl: settings.baseUrl, headers: { Authorization: `Bearer ${settings.token}` } });
    const rows = await http.getJson(resource, z.array(objects[resource]), { query: { pageSize: "1000" } });
    expect(rows.length).toBeGreaterThan(0);
  });

  test("answers 401 without the token, and an empty page after the last", async () => {
    const { settings } = await start();
    await expect(openHttp(settings).request("visits")).rejects.toThrow(UnauthorizedError);
    await using http = openHttp({ baseUrl: settings.baseUrl, headers: { Authorization: `Bearer ${settings.token}` } });
    expect(await http.getJson("visits", z.array(z.unknown()), { query: { page: "9999" } })).toEqual([]);
  });
});

describe("the municipality, read and mapped", () => {
  test("has the plans of the world, with its ids and every time", async () => {
    const { settings } = await start({ pageMax: 300 });
    const { records, error } = await pull(carefox, "visits", settings);
    expect(error).toBeNull();
    const found = await heads(carefox, "visits", records);
    // The municipality may have codes that nobody has mapped; those of its services are.
    const services = new Set<string | null>(world.services.map(({ name }) => name));
    expect(found.warnings.filter(({ code, value }) => code !== "unmapped-code" || services.has(value))).toEqual([]);
    expect(found.problems).toEqual([]);
    const rows = found.of("planned-visits");
    expect([...rows.keys()].sort()).toEqual([...inCarefox].sort());
    expect(inCarefox.length).toBeGreaterThan(1000);
    const units = new Map(world.units.map((unit) => [unit.id, unit.ids.carefox]));
    const clients = new Map(world.clients.map((client) => [client.id, client.ids.carefox ?? client.id]));
    for (const { id, clientId, unitId, versions } of world.plans.filter(({ source }) => source === "carefox")) {
      const last = versions.at(-1)!;
      expect(rows.get(id)).toMatchObject({ version: last.at, deleted: false });
      expect(rows.get(id)?.values).toMatchObject({
        clientId: clients.get(clientId),
        unitId: units.get(unitId),
        start: last.start,
        end: last.end,
        services: [...last.services].sort(),
        cancelled: last.cancelled === true,
        modifiedAt: last.at,
      });
    }
  });

  test("has staff, clients and shifts by CareFox's own ids, and keeps nothing that joins them", async () => {
    const { settings } = await start();
    const read = async (source: string) => heads(carefox, source, (await pull(carefox, source, settings)).records);
    const staff = (await read("employees")).of("staff");
    const employments = world.staff.flatMap((person) =>
      person.employments.map((one) => ({ ...one, name: person.name })),
    );
    const known = employments.filter((one) => one.ids.carefox !== undefined);
    expect([...staff.keys()].sort()).toEqual(known.map((one) => one.ids.carefox!).sort());
    const [one] = known;
    const unit = world.units.find(({ id }) => id === one!.unitId);
    expect(unit?.ids.carefox).toContain(".");
    expect(staff.get(one!.ids.carefox!)?.values).toEqual({ name: one!.name, unitId: unit?.ids.carefox });
    const clients = (await read("patients")).of("clients");
    const patients = world.clients.filter((client) => client.ids.carefox !== undefined);
    expect([...clients.keys()].sort()).toEqual(patients.map((client) => client.ids.carefox!).sort());
    expect(clients.get(patients[0]!.ids.carefox!)?.values).toEqual({ name: patients[0]!.name });
    const shifts = (await read("shifts")).of("shifts");
    expect([...shifts.keys()]).toEqual([shift.id]);
    expect(shifts.get(shift.id)?.values).toMatchObject({ start: shift.start, end: shift.end, kind: "work" });
  });

  test("reads types of visits that nobody has mapped as they stand, with a warning", async () => {
    const visit = { id: 1, patientId: 2, unit: "A.B", startTime: "2026-10-05T07:00", endTime: "2026-10-05T07:30" };
    const found = await heads(carefox, "visits", [{ ...visit, type: "Dusch, Hundpromenad" }]);
    expect(found.of("planned-visits").get("1")?.values).toMatchObject({ services: ["Hundpromenad", "dusch"] });
    expect(found.warnings).toMatchObject([{ code: "unmapped-code", value: "Hundpromenad" }]);
  });

  test("reads what is deleted as gone", async () => {
    const simulator = await start();
    simulator.remove("visits", inCarefox[3]!);
    const { records } = await pull(carefox, "visits", simulator.settings);
    const found = await heads(carefox, "visits", records);
    expect([...found.of("planned-visits").values()].filter((row) => row.deleted).map(({ id }) => id)).toEqual([
      inCarefox[3],
    ]);
  });
});

describe("paging", () => {
  test("moves the cursor with the last page only, and then reads what has changed since", async () => {
    let at = instant("2026-09-20T02:30:00Z");
    const simulator = await start({ now: () => at });
    const settings = { ...simulator.settings, pageSize: 100 };
    const first = await pull(carefox, "visits", settings);
    const cursors = first.pages.map(({ cursor }) => cursor);
    expect(cursors.slice(0, -1).every((cursor) => cursor === null)).toBe(true);
    const cursor = cursors.at(-1)!;
    expect(Date.parse(cursor)).toBeLessThanOrEqual(at);
    at += 86_400_000;
    const second = await pull(carefox, "visits", settings, { cursor });
    const changed = world.plans.filter(
      ({ source, versions }) =>
        source === "carefox" && versions.some((one) => one.at <= at && one.at >= Date.parse(cursor) - 10 * MINUTE),
    );
    expect(changed.length).toBeGreaterThan(0);
    expect(ids(second.records).sort()).toEqual(changed.map(({ id }) => id).sort());
    expect(simulator.requests.at(-1)).toContain(
      `updatedSince=${encodeURIComponent(new Date(Date.parse(cursor) - 10 * MINUTE).toISOString())}`,
    );
  });

  test("misses nothing when rows come late, twice, and move while one reads", async () => {
    let at = instant("2026-09-20T02:30:00Z");
    const late = { every: 5, ms: 9 * MINUTE };
    const simulator = await start({ now: () => at, late, pageMax: 70 });
    simulator.habits.repeatRows = true;
    const records: unknown[] = [];
    let cursor: string | null = null;
    for (; at < end; at += 86_400_000 * 3) {
      simulator.habits.moveRows = 2;
      const pulled: Pulled = await pull(carefox, "visits", simulator.settings, { cursor });
      expect(pulled.error).toBeNull();
      records.push(...pulled.records);
      cursor = pulled.pages.at(-1)?.cursor ?? cursor;
    }
    const found = await heads(carefox, "visits", records);
    expect([...found.of("planned-visits").keys()].sort()).toEqual([...inCarefox].sort());
    for (const { id, versions } of world.plans.filter(({ source }) => source === "carefox")) {
      expect(found.of("planned-visits").get(id)?.values["start"]).toBe(versions.at(-1)!.start);
    }
  });

  test("hands out each version once", async () => {
    const simulator = await start({ pageMax: 300 });
    simulator.habits.repeatRows = true;
    const { records } = await pull(carefox, "visits", simulator.settings);
    expect(new Set(ids(records)).size).toBe(records.length);
  });

  test("gives up on a list that changes all the time, and does not move the cursor", async () => {
    const simulator = await start({ pageMax: 300 });
    simulator.habits.moveRows = 1_000_000;
    const { pages, error } = await pull(carefox, "visits", simulator.settings);
    expect((error as UpstreamError).message).toContain("changed all the time in 5 passes: /api/v1/visits");
    expect(pages.every(({ cursor }) => cursor === null)).toBe(true);
  });
});

describe("faults", () => {
  test("waits out 429 and 500, and goes on after a cut", async () => {
    const simulator = await start();
    simulator.faults.push({ status: 429, retryAfterSeconds: 2 }, { status: 500, times: 2 }, { cut: true });
    const { records, error } = await pull(carefox, "patients", simulator.settings);
    expect(error).toBeNull();
    expect(records.length).toBeGreaterThan(10);
  });

  test("stops at 401 without moving the cursor, and shows neither token nor query", async () => {
    const simulator = await start({ pageMax: 300 });
    simulator.faults.push({ delayMs: 1 }, { status: 401 });
    const { pages, error } = await pull(carefox, "visits", simulator.settings);
    expect(error).toBeInstanceOf(UnauthorizedError);
    expect(pages.every(({ cursor }) => cursor === null)).toBe(true);
    expect((error as Error).message).toMatch(/refused access \(401\): \/api\/v1\/visits$/);
  });

  test("gives up on a server that stays slow", async () => {
    const simulator = await start();
    simulator.faults.push({ delayMs: 400, times: 9 });
    const { error } = await pull(carefox, "visits", simulator.settings, { http: { timeoutMs: 50, retriesMax: 1 } });
    expect((error as Error).message).toContain("did not answer within 50 ms");
  });
});
