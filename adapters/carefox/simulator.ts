import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { DAY_MS, type Instant, MINUTE, startOfDay, day as dayOfDate } from "#model";
import { failing, type Fault, type SimulatorEnv, type World } from "#synthetic";

export interface CarefoxSimulatorOptions {
  world: World;
  port?: number;
  now?: () => number;
  token?: string;
  /** Most rows of a page, whatever is asked for. */
  pageMax?: number;
  /** Every `every`th row becomes visible `ms` after the time of change that it carries. */
  late?: { every: number; ms: number };
}

export type Resource = "employees" | "patients" | "visits" | "shifts";

export interface CarefoxSimulator {
  /** Settings of an adapter that is to read it. */
  settings: { baseUrl: string; token: string };
  faults: Fault[];
  /** How it misbehaves without failing. */
  habits: {
    /** After so many pages, the first row of the page is changed and moves to the end. */
    moveRows: number;
    /** Each page begins with the last row of the page before. */
    repeatRows: boolean;
  };
  /** Every request that was answered, with its query. */
  requests: string[];
  /** Marks a row as deleted, now. */
  remove: (resource: Resource, id: string) => void;
  close: () => Promise<void>;
}

type Row = Record<string, unknown>;

/** A row from the time at which it changed to this. */
interface State {
  id: string;
  at: Instant;
  visibleFrom: Instant;
  row: Row;
}

/** Ids are numbers where they look like it. */
const idOf = (id: string | undefined) => (id !== undefined && /^[1-9]\d{0,14}$/.test(id) ? Number(id) : id);
const utc = (at: Instant) => new Date(at).toISOString();

/** Everything that CareFox knows of a municipality, by resource. */
function register(world: World): Record<Resource, State[]> {
  const units = new Map(world.units.map(({ id, ids }) => [id, ids.carefox ?? id]));
  const services = new Map(world.services.map(({ code, name }) => [code, name]));
  const patients = new Map(world.clients.map(({ id, ids }) => [id, ids.carefox ?? id]));
  const employees = new Map(
    world.staff.flatMap(({ id, employments }) =>
      employments.map((one): [string, string] => [`${one.unitId} ${id}`, one.ids.carefox ?? id]),
    ),
  );
  const plans = world.plans.filter(({ source }) => source === "carefox");
  const unitsOf = new Map<string, Set<string>>();
  for (const { clientId, unitId } of plans) {
    const known = unitsOf.get(clientId) ?? new Set();
    unitsOf.set(clientId, known.add(units.get(unitId) ?? unitId));
  }
  const state = (id: string, at: Instant, row: Row): State => ({
    id,
    at,
    visibleFrom: at,
    row: { id: idOf(id), ...row },
  });
  const began = startOfDay(dayOfDate(world.from)) - 60 * DAY_MS;

  return {
    employees: world.staff.flatMap(({ name, employments }) =>
      employments.flatMap(({ ids, unitId, from, transport }) => {
        if (ids.carefox === undefined) return [];
        const at = startOfDay(dayOfDate(from)) - 14 * DAY_MS;
        const row = {
          name,
          email: `${ids.carefox}@carefox.example`,
          phone: "070-000 00 00",
          contractType: "permanent",
          transportMode: transport,
          delegations: ["Läkemedel"],
          educations: [],
          languages: ["sv"],
          attributes: [],
          units: [units.get(unitId) ?? unitId],
        };
        return [state(ids.carefox, at, row)];
      }),
    ),
    patients: world.clients.flatMap(({ id, ids, name }) => {
      if (ids.carefox === undefined) return [];
      const row = { name, address: "Storgatan 1, 123 45 Orten", attributes: [], units: [...(unitsOf.get(id) ?? [])] };
      return [state(ids.carefox, began, row)];
    }),
    visits: plans.flatMap(({ id, clientId, unitId, versions }) =>
      versions.map(({ at, staffId, start, end, services: codes, cancelled }) =>
        state(id, at, {
          patientId: idOf(patients.get(clientId) ?? clientId),
          ...(staffId === undefined ? {} : { employeeId: idOf(employees.get(`${unitId} ${staffId}`) ?? staffId) }),
          unit: units.get(unitId) ?? unitId,
          type: codes.map((code) => services.get(code) ?? code).join(", "),
          duration: Math.round((end - start) / MINUTE),
          startTime: utc(start),
          endTime: utc(end),
          cancelled: cancelled === true,
        }),
      ),
    ),
    shifts: world.shifts.flatMap(({ id, source, kind, staffId, unitId, start, end }) => {
      if (source !== "carefox" || kind !== "work") return [];
      const employeeId = idOf(employees.get(`${unitId} ${staffId}`) ?? staffId);
      return [state(id, start - 14 * DAY_MS, { employeeId, startTime: utc(start), endTime: utc(end) })];
    }),
  };
}

const isResource = (name: string): name is Resource => ["employees", "patients", "visits", "shifts"].includes(name);

/** CareFox as a real server on the loopback, answering from a synthetic municipality as it was at `now()`. */
export async function startCarefoxSimulator({
  world,
  port = 0,
  now = Date.now,
  token = "provtoken-carefox-4711",
  pageMax = 1000,
  late,
}: CarefoxSimulatorOptions): Promise<CarefoxSimulator> {
  const states = register(world);
  if (late !== undefined) {
    for (const all of Object.values(states)) {
      all.forEach((state, index) => {
        if (index % late.every === 0) state.visibleFrom += late.ms;
      });
    }
  }
  const faults: Fault[] = [];
  const habits = { moveRows: 0, repeatRows: false };
  const requests: string[] = [];
  let changes = 0;
  let snapshot: { key: string; rows: State[] } = { key: "", rows: [] };

  /** The last visible state of every row that changed at or after `since`, in order of change. */
  function list(resource: Resource, since: Instant): State[] {
    const at = now();
    const key = `${resource} ${since} ${at} ${changes}`;
    if (snapshot.key === key) return snapshot.rows;
    const latest = new Map<string, State>();
    for (const state of states[resource]) {
      const known = latest.get(state.id);
      if (state.visibleFrom <= at && (known === undefined || state.at >= known.at)) latest.set(state.id, state);
    }
    const rows = [...latest.values()].filter((state) => state.at >= since);
    rows.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    snapshot = { key, rows };
    return rows;
  }

  function change(resource: Resource, { id, row }: State, more: Row = {}): void {
    // Times differ by a millisecond, as they would.
    const at = now() + ++changes;
    states[resource].push({ id, at, visibleFrom: now(), row: { ...row, ...more } });
  }

  const app = new Hono<SimulatorEnv>();
  app.use(async (c, next) => {
    requests.push(c.req.url.slice(new URL(c.req.url).origin.length));
    await next();
  });
  app.use(failing(faults, (path) => path.split("/").at(-1) ?? ""));
  app.use(async (c, next) => {
    if (c.req.header("Authorization") === `Bearer ${token}`) await next();
    else c.res = c.json({ error: "unauthorized" }, 401);
  });
  app.get("/api/v1/:resource", (c) => {
    const resource = c.req.param("resource");
    if (!isResource(resource)) return c.notFound();
    const { page = "1", pageSize = "100", updatedSince } = c.req.query();
    const since = updatedSince === undefined ? Number.NEGATIVE_INFINITY : Date.parse(updatedSince);
    const size = Math.min(Number(pageSize), pageMax);
    const from = (Number(page) - 1) * size;
    if (Number.isNaN(since) || !(size >= 1) || !(from >= 0)) return c.json({ error: "bad request" }, 400);
    const all = list(resource, since);
    const shown = all.slice(from, from + size);
    const before = all[from - 1];
    if (habits.repeatRows && before !== undefined && shown.length > 0) shown.unshift(before);
    const answer = shown.map(({ at, row }) => ({ ...row, updatedAt: utc(at) }));
    const [first] = shown;
    if (habits.moveRows > 0 && first !== undefined) {
      habits.moveRows--;
      change(resource, first);
    }
    return c.json(answer);
  });

  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port });
  await new Promise<void>((done, failed) => server.once("listening", done).once("error", failed));

  return {
    settings: { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`, token },
    faults,
    habits,
    requests,
    remove: (resource, id) => {
      const state = list(resource, Number.NEGATIVE_INFINITY).find((one) => one.id === id);
      if (state === undefined) throw new RangeError(`No ${resource} with this id.`);
      change(resource, state, { deleted: true });
    },
    close: async () => {
      if ("closeAllConnections" in server) server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
