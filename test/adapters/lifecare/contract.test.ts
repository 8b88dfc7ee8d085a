import { afterEach, describe, expect, test } from "vitest";
import { type HttpSettings, openHttp, type Page, UnauthorizedError, UpstreamError } from "#adapter";
import { loggable } from "#errors";
import { loadMappings, type MappedRecord, readMappingFolder } from "#mapping";
import { instant, MINUTE } from "#model";
import { makeWorld, type World, type WorldVisit } from "#synthetic";
import lifecare from "../../../adapters/lifecare/adapter.ts";
import {
  type LifecareSimulator,
  type LifecareSimulatorOptions,
  startLifecareSimulator,
  timeSpan,
} from "../../../adapters/lifecare/simulator.ts";
import { compilePicker } from "../../../src/intake/pick.ts";
import { interfaceShape } from "./interface-shape.ts";

const closing: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const world = withEveryStatus(makeWorld({ seed: 1882, clients: 40, from: "2026-10-12", through: "2026-10-27" }));

/** The first visits are given the statuses that a small world may lack. */
function withEveryStatus(of: World): World {
  const statuses = ["declined", "noAnswer", "cancelled"] as const;
  const plain = of.visits.filter(({ source, versions }) => source === "lifecare" && versions.length === 1);
  const changed = new Map(plain.slice(0, statuses.length).map(({ id }, index) => [id, statuses[index]!]));
  const visits = of.visits.map((visit) => {
    const status = changed.get(visit.id);
    return status === undefined ? visit : { ...visit, versions: visit.versions.map((one) => ({ ...one, status })) };
  });
  return { ...of, visits };
}
const afterAll = instant("2026-11-02T03:30:00Z");
const domain = "provkommunen";
const key = "provnyckel-ec-4711";

const mappings = loadMappings({
  folders: [[...readMappingFolder("mappings/lifecare"), ...readMappingFolder("mappings/codes")]],
  records: new Map(Object.entries(lifecare.sources).map(([name, { record }]) => [`lifecare/${name}`, record])),
});
const pid = (number: string) => `pid:${number}`;

interface Pulled {
  pages: Page[];
  /** As they are stored: only what the record shape names. */
  records: Array<Record<string, unknown>>;
  mapped: MappedRecord[];
  /** Rows of each parent, as the last record of it has them. */
  groups: Map<string, number>;
  cursor: string | null;
  completeIds: readonly string[] | null;
  notices: Array<{ code: string; text: string }>;
}

interface PullOptions {
  cursor?: string | null;
  pageSize?: number;
  historyDays?: number;
  http?: Partial<HttpSettings>;
  key?: string;
}

/** Starts a simulator and hands back what pulls a source from it, as the runner does. */
async function connect(options: Partial<LifecareSimulatorOptions> = {}) {
  let time = afterAll;
  const now = () => time;
  const simulator: LifecareSimulator = await startLifecareSimulator({ world, now, domain, key, ...options });
  closing.push(simulator.close);
  async function pull(name: string, more: PullOptions = {}): Promise<Pulled> {
    const source = lifecare.sources[name];
    if (source === undefined) throw new Error(`no source ${name}`);
    const settings = {
      ...simulator.settings,
      key: more.key ?? key,
      pageSize: more.pageSize ?? 1000,
      historyDays: more.historyDays ?? 60,
    };
    await using http = openHttp({
      baseUrl: settings.baseUrl,
      ...lifecare.connection?.(settings),
      ratePerSecond: 100_000,
      sleep: async () => undefined,
      ...more.http,
    });
    const picker = compilePicker(source.record);
    const got: Pulled = {
      pages: [],
      records: [],
      mapped: [],
      groups: new Map(),
      cursor: more.cursor ?? null,
      completeIds: null,
      notices: [],
    };
    const pages = source.pull({
      settings,
      http,
      files: undefined as never,
      cursor: more.cursor ?? null,
      now,
      signal: new AbortController().signal,
      notice: (code, text) => got.notices.push({ code, text }),
    });
    for await (const page of pages) {
      got.pages.push(page);
      got.cursor = page.cursor ?? got.cursor;
      got.completeIds = page.completeIds ?? got.completeIds;
      for (const record of picker.pick(page.records)) {
        expect(source.record.safeParse(record).error?.issues ?? []).toEqual([]);
        got.records.push(record as Record<string, unknown>);
        const outcome = mappings.get(`lifecare/${name}`)?.apply(record, { identityRef: pid, thisYear: 2026 });
        if (outcome?.ok !== true) throw new Error(JSON.stringify(outcome?.problem));
        got.mapped.push(...outcome.mapped);
        for (const { parent } of outcome.complete) {
          got.groups.set(parent, outcome.mapped.filter((one) => one.record.parent === parent).length);
        }
      }
    }
    expect([...picker.unexpected().keys()]).toEqual([]);
    return got;
  }
  return { simulator, pull, at: (text: string) => (time = instant(text)) };
}

/** The rows that hold after everything has been taken in, by id: the highest version, of equal ones the last. */
function heads(...pulled: Pulled[]): Map<string, MappedRecord["record"]> {
  const found = new Map<string, MappedRecord["record"]>();
  for (const { record } of pulled.flatMap(({ mapped }) => mapped)) {
    const held = found.get(record.id);
    if (held === undefined || (record.version ?? 0) >= (held.version ?? 0)) found.set(record.id, record);
  }
  for (const [id, record] of found) if (record.deleted) found.delete(id);
  return found;
}

const own = <Row extends { source: string }>(rows: readonly Row[]) =>
  rows.filter(({ source }) => source === "lifecare");
const personOf = (of: World, id: string) => of.clients.find((client) => client.id === id)?.personalIdentityNumber ?? "";
const ids = (rows: ReadonlyArray<{ id: string }>) => rows.map(({ id }) => id).toSorted();
/** Lifecare has fewer words: what a phone says is a Bluetooth quittance there, and no proof is one by hand. */
const proofOf = {
  lock: "lock",
  nfc: "nfc",
  bluetooth: "bluetooth",
  gps: "bluetooth",
  phone: "bluetooth",
  manual: "manual",
  none: "manual",
};
const held = (visits: readonly WorldVisit[]) => visits.filter((visit) => visit.versions.at(-1)?.deleted !== true);

async function ask(simulator: LifecareSimulator, resource: string, query: Record<string, string> = {}) {
  const url = new URL(`${simulator.settings.baseUrl}/api/v1/${resource}`);
  url.search = new URLSearchParams({ domain, key, ...query }).toString();
  return fetch(url);
}

describe("the simulator", () => {
  test.each(Object.keys(interfaceShape))("%s: every row is as the interface description has it", async (resource) => {
    const { simulator } = await connect({ world: reportedShifts(world) });
    const shape = interfaceShape[resource];
    for (const query of [{}, { gt: "2020-01-01T00:00:00Z" }]) {
      const answer = await ask(simulator, resource, query as Record<string, string>);
      expect(answer.status).toBe(200);
      const rows = (await answer.json()) as unknown[];
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(shape?.safeParse(row).error?.issues ?? []).toEqual([]);
    }
  });

  test("answers as the vendor's server: key, quotes, searchable fields, no content", async () => {
    const { simulator } = await connect();
    expect((await ask(simulator, "clients", { key: "another" })).status).toBe(401);
    expect((await ask(simulator, "clients", { q: "PersonId=188001019802" })).status).toBe(400);
    expect((await ask(simulator, "clients", { q: "KeyCode='1'" })).status).toBe(400);
    expect((await ask(simulator, "clients", { q: "PersonId='188001019802'" })).status).toBe(204);
    const person = personOf(world, "C1");
    const found = (await (await ask(simulator, "clients", { q: `PersonId='${person}'` })).json()) as unknown[];
    expect(found).toHaveLength(1);
    expect((await ask(simulator, "nothing")).status).toBe(404);
  });

  test("writes .NET time spans", () => {
    expect([35 * MINUTE, 26 * 60 * MINUTE].map(timeSpan)).toEqual(["00:35:00", "1.02:00:00"]);
  });
});

/** The world with some shifts that are reported in Lifecare. */
function reportedShifts(of: World): World {
  const shifts = of.shifts.slice(0, 20).map((shift) => ({ ...shift, source: "lifecare" as const }));
  return { ...of, shifts };
}

describe("what the world says comes out as it is", () => {
  test("visits", async () => {
    const { pull } = await connect();
    const got = heads(await pull("reported_visits", { pageSize: 200 }));
    const visits = held(own(world.visits));
    expect([...got.keys()].toSorted()).toEqual(ids(visits));
    const codes = new Set(world.services.map(({ code }) => code));
    const known = new Set(
      visits.filter(({ versions }) => versions.at(-1)?.services.every((code) => codes.has(code))).map(({ id }) => id),
    );
    for (const visit of visits) {
      const version = visit.versions.at(-1);
      const staff = world.staff.find(({ id }) => id === visit.staffId);
      expect(got.get(visit.id)?.values).toMatchObject({
        clientId: pid(personOf(world, visit.clientId)),
        staffId: pid(staff?.personalIdentityNumber ?? ""),
        unitId: world.units.find(({ id }) => id === visit.unitId)?.ids.lifecare,
        start: version?.start,
        end: version?.end ?? undefined,
        status: version?.status,
        ...(known.has(visit.id) && { services: version?.services.toSorted() }),
        startProof: proofOf[version?.startProof ?? "none"],
        endProof: version?.end === null ? undefined : proofOf[version?.endProof ?? "none"],
        originalEnd: version?.originalEnd,
        plannedVisitId: visit.plannedVisitId,
        deviceId: visit.deviceId,
      });
    }
  });

  test("planned visits, with the unit of the planning module joined to the provider unit", async () => {
    const { pull } = await connect();
    const pulled = await pull("planned_workshifts", { pageSize: 100 });
    const got = heads(pulled);
    const plans = own(world.plans).filter(({ versions }) => versions.at(-1)?.cancelled !== true);
    const listed = new Map(
      [...got].filter(([, { parent }]) => parent !== null && (pulled.groups.get(parent) ?? 0) > 0),
    );
    expect([...listed.keys()].toSorted()).toEqual(ids(plans));
    for (const plan of plans) {
      const version = plan.versions.at(-1);
      expect(got.get(plan.id)?.values).toMatchObject({
        clientId: pid(personOf(world, plan.clientId)),
        unitId: world.units.find(({ id }) => id === plan.unitId)?.ids.lifecare,
        start: version?.start,
        end: version?.end,
        services: version?.services.toSorted(),
        travelMinutes: 5,
      });
    }
  });

  test("orders, with unit and decision, and their lines", async () => {
    const { pull } = await connect();
    const orders = await pull("orders", { pageSize: 50 });
    const got = heads(orders);
    expect([...got.keys()].toSorted()).toEqual(ids(own(world.orders)));
    expect(orders.completeIds?.toSorted()).toEqual(ids(own(world.orders)));
    const services = await pull("ordered_services");
    const lines = heads(services);
    for (const order of own(world.orders)) {
      const version = order.versions.at(-1);
      expect(got.get(order.id)?.values).toMatchObject({
        clientId: pid(personOf(world, order.clientId)),
        unitId: world.units.find(({ id }) => id === order.unitId)?.ids.lifecare,
        decisionId: order.decisionId,
        orderedAt: order.orderedAt,
        status: "accepted",
      });
      for (const line of version?.lines ?? []) {
        const { values } = lines.get(line.id) ?? {};
        expect(values).toMatchObject({
          orderId: order.id,
          service: line.service,
          times: line.times,
          per: line.per,
          staffing: line.staffing ?? 1,
        });
        expect(values?.["minutes"]).toBeCloseTo(line.minutes, 6);
        expect(values?.["weekdays"] ?? []).toEqual(line.weekdays ?? []);
      }
    }
    // Lines are compared by their service, which is their parent.
    expect(new Set(services.completeIds)).toEqual(new Set(services.mapped.map(({ record }) => record.parent)));
  });

  test("clients with protection and death, decisions, absences, units, staff, plans of care, reported shifts", async () => {
    const changed = reportedShifts(world);
    const { pull } = await connect({ world: changed });
    const clients = heads(await pull("clients"));
    for (const client of world.clients.filter((one) => one.ids.lifecare !== undefined)) {
      expect(clients.get(pid(client.personalIdentityNumber))?.values).toMatchObject({
        personalIdentityNumber: client.personalIdentityNumber,
        name: client.name,
        protection: client.protection,
      });
    }
    const dead = world.clients.find(({ deceasedOn }) => deceasedOn !== undefined);
    expect(clients.get(pid(dead?.personalIdentityNumber ?? ""))?.values["deceasedOn"]).toBe(
      Date.parse(dead?.deceasedOn ?? "") / 86_400_000,
    );
    expect([...heads(await pull("sol_decisions")).keys()].toSorted()).toEqual(ids(own(world.decisions)));
    const absences = heads(await pull("client_absences"));
    for (const absence of own(world.absences)) {
      const { from, to, kind } = absence;
      expect(absences.get(absence.id)?.values).toMatchObject({ from, to, kind });
    }
    expect(absences.size).toBe(own(world.absences).length);
    const units = heads(await pull("provider_units"));
    expect(new Set([...units.values()].map(({ values }) => values["name"]))).toEqual(
      new Set(world.units.map(({ name }) => name)),
    );
    // Lifecare's number of a company is joined to the register of providers by a person.
    for (const { values } of units.values()) {
      const joined = world.aliases.find(
        ({ kind, source, id }) => kind === "provider" && source === "lifecare" && id === values["providerId"],
      );
      expect(world.providers.map(({ id }) => id)).toContain(joined?.sameAsId);
    }
    const staff = heads(await pull("provider_personnels"));
    const someone = world.staff.find(({ employments }) => employments[0]?.ids.lifecare !== undefined);
    expect(staff.get(pid(someone?.personalIdentityNumber ?? ""))?.values).toMatchObject({
      hsaId: someone?.hsaId,
      name: someone?.name,
    });
    expect(heads(await pull("service_plans")).size).toBeGreaterThan(0);
    const shifts = heads(await pull("reported_workshifts"));
    const worked = changed.shifts.filter(({ kind }) => kind === "work");
    expect([...shifts.keys()].toSorted()).toEqual(ids(worked));
    for (const { id, start, end } of worked) expect(shifts.get(id)?.values).toMatchObject({ start, end, kind: "work" });
    for (const name of ["executions", "service_periods"]) {
      const { records, mapped } = await pull(name);
      expect(records.length).toBeGreaterThan(0);
      expect(mapped).toEqual([]);
    }
  });
});

describe("deltas", () => {
  test("night by night, with rows that are written late, the same comes out as at once", async () => {
    const { pull, at } = await connect({ late: { every: 7, ms: 9 * MINUTE } });
    let cursor: string | null = null;
    const nights: Pulled[] = [];
    // Also in the middle of the day, when rows are being written.
    for (const time of [
      "2026-10-14T03:30:00Z",
      "2026-10-14T09:12:00Z",
      "2026-10-14T09:17:00Z",
      "2026-10-20T03:30:00Z",
    ]) {
      at(time);
      nights.push(await pull("reported_visits", { cursor }));
      cursor = nights.at(-1)?.cursor ?? null;
      expect(cursor).toBe(new Date(instant(time)).toISOString());
    }
    at("2026-11-02T03:30:00Z");
    nights.push(await pull("reported_visits", { cursor }));
    const got = heads(...nights);
    const visits = held(own(world.visits));
    expect([...got.keys()].toSorted()).toEqual(ids(visits));
    for (const { id, versions } of visits) expect(got.get(id)?.values["end"]).toBe(versions.at(-1)?.end ?? undefined);
  });

  test("a row that becomes visible minutes after the time it carries is not passed by", async () => {
    const { pull, at } = await connect({ late: { every: 1, ms: 9 * MINUTE } });
    const visit = own(world.visits).at(-1)!;
    const written = visit.versions.at(-1)!.at;
    at(new Date(written + MINUTE).toISOString());
    const before = await pull("reported_visits", { historyDays: 5 });
    expect(heads(before).has(visit.id)).toBe(false);
    at(new Date(written + 10 * MINUTE).toISOString());
    expect(heads(await pull("reported_visits", { cursor: before.cursor })).has(visit.id)).toBe(true);
  });

  test("a deleted row comes as a tombstone", async () => {
    const [visit, ...others] = own(world.visits);
    if (visit === undefined) throw new Error("no visit");
    const last = visit.versions.at(-1);
    const deleted = {
      ...visit,
      versions: [...visit.versions, { ...last!, at: last!.at + 60 * MINUTE, deleted: true }],
    };
    const { pull, at } = await connect({ world: { ...world, visits: [deleted, ...others] } });
    at(new Date(last!.at + 30 * MINUTE).toISOString());
    const before = await pull("reported_visits");
    expect(heads(before).has(visit.id)).toBe(true);
    at(new Date(last!.at + 90 * MINUTE).toISOString());
    const after = await pull("reported_visits", { cursor: before.cursor });
    expect(after.mapped.find(({ record }) => record.id === visit.id)?.record).toMatchObject({ deleted: true });
    expect(heads(before, after).has(visit.id)).toBe(false);
  });

  test("equal modified times over page borders, in another order at each request, and repeated rows", async () => {
    const at = instant("2026-10-20T02:00:00Z");
    const visits = own(world.visits)
      .slice(0, 100)
      .map((visit) => ({
        ...visit,
        versions: visit.versions.slice(-1).map((version) => ({ ...version, at })),
      }));
    const { pull, simulator } = await connect({ world: { ...world, visits } });
    simulator.habits.shuffleTies = true;
    simulator.habits.repeatRows = true;
    const got = await pull("reported_visits", { pageSize: 7 });
    expect([...heads(got).keys()].toSorted()).toEqual(ids(visits));
    // Each row is handed on once.
    expect(got.records).toHaveLength(100);
  });

  test("rows that are modified while the list is read are found, and so are those that they push aside", async () => {
    const visits = own(world.visits).slice(0, 120);
    const { pull, simulator } = await connect({ world: { ...world, visits } });
    simulator.habits.moveRows = 25;
    const got = await pull("reported_visits", { pageSize: 10 });
    expect([...heads(got).keys()].toSorted()).toEqual(ids(held(visits)));
    expect(got.notices).toEqual([]);
    expect(got.cursor).not.toBeNull();
  });

  test("a list that never comes to rest is said so and read again", async () => {
    const { pull, simulator } = await connect();
    simulator.habits.moveRows = Infinity;
    const got = await pull("reported_visits", { pageSize: 50, historyDays: 10 });
    expect(got.notices.map(({ code }) => code)).toEqual(["unsettled"]);
    expect(got.cursor).toBeNull();
  });

  test("a server that allows fewer rows a page than asked for is read to the end", async () => {
    const { pull } = await connect({ pageMax: 9 });
    expect(heads(await pull("clients")).size).toBe(world.clients.filter(({ ids: { lifecare } }) => lifecare).length);
    expect([...heads(await pull("orders")).keys()].toSorted()).toEqual(ids(own(world.orders)));
  });

  test("the first import reads history piece by piece, and a cut between pieces loses nothing", async () => {
    const { pull } = await connect();
    const { pages } = await pull("reported_visits", { historyDays: 60 });
    const cursors = pages.flatMap(({ cursor }) => (cursor === null ? [] : [cursor]));
    expect(cursors.length).toBeGreaterThan(3);
    expect(cursors).toEqual(cursors.toSorted());
    const middle = pages.findIndex(({ cursor }) => cursor === cursors[3]);
    const before = pages.slice(0, middle + 1).flatMap(({ records }) => records as Array<{ Id: number }>);
    const rest = await pull("reported_visits", { cursor: cursors[3] ?? null });
    const all = new Set([...before, ...rest.records].map(({ Id }) => String(Id)));
    expect([...all].toSorted()).toEqual(ids(own(world.visits)));
  });
});

describe("lists without delta", () => {
  test("orders of yesterday and today, with their services; the whole list once a week", async () => {
    const { pull, at, simulator } = await connect();
    at("2026-10-13T03:30:00Z");
    const first = { orders: await pull("orders"), services: await pull("ordered_services") };
    expect(first.orders.completeIds).not.toBeNull();
    let orders = first.orders;
    let services = first.services;
    const all = { orders: [orders], services: [services] };
    for (const night of ["14", "15", "17", "18"]) {
      at(`2026-10-${night}T03:30:00Z`);
      simulator.requests.length = 0;
      orders = await pull("orders", { cursor: orders.cursor });
      services = await pull("ordered_services", { cursor: services.cursor });
      expect([orders.completeIds, services.completeIds]).toEqual([null, null]);
      all.orders.push(orders);
      all.services.push(services);
    }
    const until = instant("2026-10-18T03:30:00Z");
    const known = own(world.orders).filter(({ versions }) => versions[0]!.at <= until);
    expect([...heads(...all.orders).keys()].toSorted()).toEqual(ids(known));
    const lines = known.flatMap(({ versions }) => versions.findLast(({ at: since }) => since <= until)?.lines ?? []);
    expect([...heads(...all.services).keys()].toSorted()).toEqual(ids(lines));
    at("2026-10-20T03:30:00Z");
    expect((await pull("orders", { cursor: orders.cursor })).completeIds).not.toBeNull();
  });

  test("a changed order comes with its unit and decision, also when only it is asked for", async () => {
    const { pull, at } = await connect();
    const order = own(world.orders).find(({ versions }) => versions.at(-1)!.at > instant("2026-10-13T12:00:00Z"));
    const last = order!.versions.at(-1)!.at;
    at(new Date(last + MINUTE).toISOString());
    const day = (time: number) => new Date(time).toISOString().slice(0, 10);
    const cursor = JSON.stringify({ polled: day(last), compared: day(last) });
    const got = heads(await pull("orders", { cursor }));
    expect(got.get(order!.id)?.values).toMatchObject({
      decisionId: order!.decisionId,
      unitId: world.units.find(({ id }) => id === order!.unitId)?.ids.lifecare,
    });
    expect(got.size).toBeLessThan(own(world.orders).length);
  });

  test("an order that is changed before midnight and seen after it is found", async () => {
    const [order] = own(world.orders);
    const changed = instant("2026-10-19T23:55:00+02:00");
    const versions = [{ ...order!.versions[0]!, at: changed }];
    const { pull, at } = await connect({
      world: { ...world, orders: [{ ...order!, versions }] },
      late: { every: 1, ms: 9 * MINUTE },
    });
    const cursor = JSON.stringify({ polled: "2026-10-19", compared: "2026-10-19" });
    at(new Date(changed + 6 * MINUTE).toISOString());
    const before = await pull("orders", { cursor });
    expect(before.records).toEqual([]);
    expect(JSON.parse(before.cursor!)).toEqual({ polled: "2026-10-20", compared: "2026-10-19" });
    at(new Date(changed + 10 * MINUTE).toISOString());
    expect((await pull("orders", { cursor: before.cursor })).records).toHaveLength(1);
  });

  test("a vanished order is missing from the ids of the weekly comparison", async () => {
    const { pull, at, simulator } = await connect();
    at("2026-10-13T03:30:00Z");
    const first = await pull("orders");
    const [gone = ""] = first.completeIds ?? [];
    simulator.vanish("orders", gone);
    at("2026-10-20T03:30:00Z");
    const week = await pull("orders", { cursor: first.cursor });
    expect(first.completeIds).toContain(gone);
    expect(week.completeIds).not.toContain(gone);
    expect(week.completeIds?.length).toBeGreaterThanOrEqual(first.completeIds!.length - 1);
  });
});

describe("planned work shifts", () => {
  test("the cursor goes on where the last reading ended, with ten minutes' overlap", async () => {
    const { pull, at, simulator } = await connect();
    at("2026-10-14T03:30:00Z");
    const first = await pull("planned_workshifts", { pageSize: 30 });
    at("2026-10-15T03:30:00Z");
    simulator.requests.length = 0;
    const second = await pull("planned_workshifts", { pageSize: 30, cursor: first.cursor });
    expect(second.records.length).toBeLessThan(first.records.length);
    at("2026-11-02T03:30:00Z");
    const third = await pull("planned_workshifts", { pageSize: 30, cursor: second.cursor });
    const atOnce = await pull("planned_workshifts");
    const rows = (of: Map<string, MappedRecord["record"]>) =>
      [...of].map(([id, { version, values }]) => JSON.stringify([id, version, values["start"]])).toSorted();
    // A visit that was taken away stays among the heads here: only its shift's complete set says that it is gone.
    const now = rows(heads(atOnce));
    expect(rows(heads(first, second, third))).toEqual(expect.arrayContaining(now));
    expect([...new Set([...first.groups, ...second.groups, ...third.groups].map(([id]) => id))].toSorted()).toEqual(
      [...atOnce.groups.keys()].toSorted(),
    );
  });

  test("a revoked shift leaves none of its visits", async () => {
    const [plan] = own(world.plans);
    const last = plan!.versions.at(-1)!;
    const shift = world.plans.filter((one) => one.workshiftId === plan!.workshiftId);
    const cancelled = shift.map((one) => ({
      ...one,
      versions: [...one.versions, { ...last, at: last.start - MINUTE, cancelled: true }],
    }));
    const { pull, at } = await connect({ world: { ...world, plans: cancelled } });
    at(new Date(last.start - 2 * MINUTE).toISOString());
    const before = await pull("planned_workshifts");
    expect(before.groups.get(plan!.workshiftId!)).toBeGreaterThan(0);
    at(new Date(last.start + MINUTE).toISOString());
    const after = await pull("planned_workshifts", { cursor: before.cursor });
    expect(after.groups.get(plan!.workshiftId!)).toBe(0);
    expect(after.records.at(-1)).toMatchObject({ IsRevoked: true });
  });
});

describe("when things go wrong", () => {
  test("an unlicensed resource is a notice, and the others go on", async () => {
    const { pull, simulator } = await connect();
    simulator.licensed.delete("service_periods");
    const got = await pull("service_periods");
    expect(got.pages).toEqual([]);
    expect(got.notices).toEqual([
      { code: "unlicensed", text: "service_periods: nyckeln omfattar inte resursen (401). Övriga resurser läses." },
    ]);
    expect((await pull("clients")).records.length).toBeGreaterThan(0);
  });

  test("a key that opens nothing is a source that is down", async () => {
    const { pull } = await connect();
    const error = await pull("clients", { key: "fel-nyckel-0815" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnauthorizedError);
    expect((error as Error).message).toMatch(/refused access \(401\): \/WE\.EC\.Integration\.Host\/api\/v1\/clients$/);
  });

  test("without executions, planning units and services, units keep their own ids and a notice says so", async () => {
    const { pull, simulator } = await connect();
    for (const name of ["executions", "ordered_services", "planning_units"]) simulator.licensed.delete(name);
    const orders = await pull("orders");
    const [order] = own(world.orders);
    const unit = world.units.find(({ id }) => id === order!.unitId);
    expect(heads(orders).get(order!.id)?.values).toMatchObject({ unitId: unit?.lifecare?.organisationUnitId });
    expect(heads(orders).get(order!.id)?.values["decisionId"]).toBeUndefined();
    expect(orders.notices.map(({ text }) => text.split(":")[0])).toEqual(["executions", "ordered_services"]);
    const shifts = await pull("planned_workshifts");
    const [plan] = own(world.plans);
    const planned = world.units.find(({ id }) => id === plan!.unitId);
    expect(heads(shifts).get(plan!.id)?.values["unitId"]).toBe(planned?.lifecare?.planningUnitId);
    expect(shifts.notices.map(({ code }) => code)).toEqual(["unlicensed"]);
  });

  test("429, 500, slow and cut answers are waited out, without losing or doubling a row", async () => {
    const { pull, simulator } = await connect();
    simulator.faults.push(
      { status: 429, retryAfterSeconds: 1, times: 2 },
      { status: 500 },
      { cut: true },
      { delayMs: 500 },
      { status: 503 },
    );
    const got = await pull("reported_visits", { pageSize: 100, http: { timeoutMs: 300, retriesMax: 8 } });
    expect(simulator.faults).toEqual([]);
    expect(ids(got.records.map(({ Id }) => ({ id: String(Id) })))).toEqual(ids(own(world.visits)));
  });

  test("a resource that stays down is an error, and keeps what was committed before", async () => {
    const { pull, simulator } = await connect();
    simulator.faults.push({ resource: "clients", status: 500, times: 1000 });
    await expect(pull("clients")).rejects.toThrow(UpstreamError);
    expect((await pull("provider_units")).records.length).toBeGreaterThan(0);
  });
});

describe("nothing secret gets further", () => {
  test("not in what is stored: door codes, keys, notes, addresses, telephone numbers", async () => {
    const { pull, simulator } = await connect({ world: reportedShifts(world) });
    const raw = await (await ask(simulator, "planned_workshifts")).text();
    // The source does send them.
    const secrets = ["EntryCode", "KOD", "KeyInfos", "NYCKEL-17", "ANTECKNING", "Hittepågatan", "070-1740605"];
    expect(secrets.filter((secret) => !raw.includes(secret))).toEqual([]);
    for (const name of Object.keys(lifecare.sources)) {
      const { records } = await pull(name);
      expect(records.length).toBeGreaterThan(0);
      const stored = JSON.stringify(records);
      const found = [...secrets, "StreetAddress", "Handläggare", key, domain].filter((secret) =>
        stored.includes(secret),
      );
      expect({ name, found }).toEqual({ name, found: [] });
    }
  });

  test("not in errors, notices and places: key, domain, personal identity numbers", async () => {
    const { pull, simulator, at } = await connect();
    const people = world.clients.map(({ personalIdentityNumber }) => personalIdentityNumber);
    const said: string[] = [];
    at("2026-10-20T03:30:00Z");
    const cursor = JSON.stringify({ polled: "2026-10-13", compared: "2026-10-19" });
    for (const name of Object.keys(lifecare.sources)) {
      for (const fault of [{ status: 500 as const }, { cut: true }, { delayMs: 200 }, { status: 403 as const }]) {
        simulator.faults.splice(0, Infinity, { ...fault, times: 1000 });
        const polled = ["orders", "ordered_services", "service_plans"].includes(name);
        const http = { retriesMax: 0, timeoutMs: 100 };
        const error: unknown = await pull(name, { http, ...(polled ? { cursor } : {}) }).catch(
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(UpstreamError);
        const { message, stack } = error as Error;
        said.push(message, stack ?? "", JSON.stringify(loggable(error)));
      }
      simulator.faults.length = 0;
      simulator.licensed.delete(name);
      const { notices } = await pull(name);
      simulator.licensed.add(name);
      said.push(JSON.stringify(notices));
      said.push(JSON.stringify((await pull(name)).pages.map(({ place }) => place)));
    }
    const text = said.join("\n");
    expect(text).toContain("/api/v1/reported_visits");
    const secrets = [key, domain, "?", "PersonId", "UpdateTime", ...people];
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });
});

describe("the two nights when the clock changes", () => {
  const visit = (id: string, start: string, end: string): WorldVisit => ({
    ...own(world.visits)[0]!,
    id,
    versions: [
      {
        at: instant(end) + MINUTE,
        start: instant(start),
        end: instant(end),
        status: "completed",
        services: ["nattvak"],
        startProof: "nfc",
        endProof: "nfc",
      },
    ],
  });
  // 01:30–03:30 by the clock: two hours of summer and winter time, and one hour in spring.
  const autumn = visit("9000001", "2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z");
  const spring = visit("9000002", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z");
  // Begins before the repeated hour and ends in its second half: 01:50–02:10 by the clock is eighty minutes.
  const across = visit("9000003", "2026-10-24T23:50:00Z", "2026-10-25T01:10:00Z");
  const inside = visit("9000004", "2026-10-25T00:40:00Z", "2026-10-25T01:05:00Z");

  test("visits", async () => {
    const visits = [autumn, spring, across, inside];
    const { pull } = await connect({ world: { ...world, visits } });
    const got = heads(await pull("reported_visits", { historyDays: 300 }));
    const minutes = (id: string) => {
      const values = got.get(id)?.values;
      return (Number(values?.["end"]) - Number(values?.["start"])) / MINUTE;
    };
    expect(minutes(autumn.id)).toBe(180);
    expect(minutes(spring.id)).toBe(60);
    // Said once only, 02:10 means the first: twenty minutes, with a warning that becomes a quality finding.
    expect(minutes(across.id)).toBe(20);
    // 02:40–02:05 can only be the first and the second.
    expect(minutes(inside.id)).toBe(25);
  });

  test("planned visits end after their length, whatever the clock shows", async () => {
    const plans = [autumn, spring, across, inside].map((of, index) => ({
      ...own(world.plans)[0]!,
      id: `pa-${of.id}`,
      workshiftId: `pass-${index}`,
      versions: [
        { at: instant("2026-03-01T12:00:00Z"), start: of.versions[0]!.start, end: of.versions[0]!.end!, services: [] },
      ],
    }));
    const { pull } = await connect({ world: { ...world, plans } });
    const got = heads(await pull("planned_workshifts", { historyDays: 300 }));
    for (const { id, versions } of plans) {
      expect(got.get(id)?.values).toMatchObject({ start: versions[0]!.start, end: versions[0]!.end });
    }
  });
});
