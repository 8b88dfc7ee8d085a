import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "#http";
import { writeFindings } from "#store";
import { openCases, requestExplanation } from "#operations";
import { day } from "#model";
import type { System } from "#system";
import { finding } from "../../support/finding.ts";
import { signedIn } from "../../support/signed-in.ts";
import { person } from "../desk.ts";
import { type Answer, asking, at, endpointOf, order, program, providersTown, SECRET, type Town } from "./providers.ts";

let town: Town;
beforeAll(async () => {
  town = await providersTown();
  for (const system of [town.system, town.other])
    for (const provider of ["P1", "P2"]) await endpointOf(system, provider, "active");
}, 120_000);
afterAll(() => town?.[Symbol.asyncDispose]());

async function as(system: System, more: Parameters<typeof program>[1] = {}) {
  // Whoever asks for much that is not there has to wait: each has a count of its own.
  const app = createApp(system, signedIn(system.operator));
  return asking(app, (await program(system, more)).secret);
}
type Api = Awaited<ReturnType<typeof as>>;

interface Known {
  orders: string[];
  clients: string[];
  versions: string[];
  cursors: string[];
  cases: string[];
  endpoints: string[];
}

/** Every id that a program is given. */
async function idsOf(api: Api): Promise<Known> {
  const [orders, cases] = [await api.get("/orders"), await api.get("/cases")];
  const endpoints = (await api.get("/endpoints")).body.endpoints as Array<{ id: string }>;
  const list = orders.body.orders as Array<Record<"id" | "client" | "version", string>>;
  return {
    orders: list.map(({ id }) => id),
    clients: list.map(({ client }) => client),
    versions: list.map(({ version }) => version),
    cursors: [orders.body.cursor],
    cases: (cases.body.cases as Array<{ no: string }>).map(({ no }) => no),
    endpoints: endpoints.map(({ id }) => id),
  };
}

/** What a program can ask with ids, its own or others'. */
const questions = (ids: Known): Array<[name: string, ask: (api: Api) => Promise<Answer>]> => [
  ...ids.orders.flatMap((id, index): Array<[string, (api: Api) => Promise<Answer>]> => [
    [`order ${id}`, (api) => api.get(`/orders/${id}`)],
    [
      `answer ${id}`,
      (api) => api.post(`/orders/${id}/acknowledgement`, { kind: "accepted", version: ids.versions[index] }),
    ],
  ]),
  ...ids.clients.map((id): [string, (api: Api) => Promise<Answer>] => [
    `client ${id}`,
    (api) => api.get(`/clients/${id}`),
  ]),
  ...ids.cursors.map((id): [string, (api: Api) => Promise<Answer>] => [
    `cursor ${id}`,
    (api) => api.get(`/orders?cursor=${id}`),
  ]),
  ...ids.cases.flatMap((no): Array<[string, (api: Api) => Promise<Answer>]> => [
    [`case ${no}`, (api) => api.get(`/cases/${no}`)],
    [`explain ${no}`, (api) => api.post(`/cases/${no}/explanations`, { reason: "agreed" })],
  ]),
  ...ids.endpoints.flatMap((id): Array<[string, (api: Api) => Promise<Answer>]> => [
    [`endpoint ${id}`, (api) => api.get(`/endpoints/${id}`)],
    [`deliveries ${id}`, (api) => api.get(`/endpoints/${id}/deliveries`)],
    [`ping ${id}`, (api) => api.post(`/endpoints/${id}/ping`, {})],
    [`end ${id}`, (api) => api.post(`/endpoints/${id}/end`, {})],
  ]),
];

const lists = [
  "/orders",
  "/cases",
  "/endpoints",
  "/settlement?month=2026-10",
  "/settlement/2026-10/statement",
  "/reasons",
];

describe.each([
  ["another provider", () => as(town.system, { provider: "P2" })],
  ["another provider of another municipality", () => as(town.other, { provider: "P2" })],
  ["the provider of the same name of another municipality", () => as(town.other)],
  ["another program of the provider", () => as(town.system)],
])("a program of one provider, with the ids of %s", (who, theirs) => {
  test("is answered as for what is not there", async () => {
    const known = await idsOf(await theirs());
    // Numbers of cases are the municipality's own; they and endpoints are the same for all programs of a provider.
    const sameCases = who.startsWith("another program") || who.includes("municipality");
    const sameEndpoints = who.startsWith("another program");
    const ids = {
      ...known,
      cases: sameCases ? [] : known.cases,
      endpoints: sameEndpoints ? [] : known.endpoints,
    };
    const absent: Record<string, Answer> = {
      order: await (await as(town.system)).get("/orders/ord_AAAAAAAAAAAAAAAAAAAAAA"),
      answer: await (await as(town.system)).get("/orders/ord_AAAAAAAAAAAAAAAAAAAAAA"),
      client: await (await as(town.system)).get("/clients/cli_AAAAAAAAAAAAAAAAAAAAAA"),
      cursor: await (await as(town.system)).get("/orders?cursor=cur_AAAAAAAAAAAAAAAAAAAAAA"),
      ...Object.fromEntries(
        await Promise.all(
          ["endpoint", "deliveries", "ping", "end"].map(async (kind) => [
            kind,
            await (await as(town.system)).get("/endpoints/ep_AAAAAAAAAAAAAAAA"),
          ]),
        ),
      ),
      case: await (await as(town.system)).get("/cases/2026-99999"),
      explain: await (await as(town.system)).get("/cases/2026-99999"),
    };
    const asked = questions(ids);
    expect(asked.length).toBeGreaterThan(3);
    const wrong: unknown[] = [];
    for (const [name, ask] of asked) {
      const got = await ask(await as(town.system));
      const [kind = "", id = ""] = name.split(" ");
      const expected = absent[kind]!;
      const same =
        got.status === expected.status && got.text.replaceAll(id, "") === expected.text.replaceAll("2026-99999", "");
      if (!same || got.text.includes(SECRET)) wrong.push([name, got.status, got.text]);
    }
    expect(wrong).toEqual([]);
  });
});

describe("a program of one provider", () => {
  test("is shown what is its own, and nothing of anybody else's", async () => {
    for (const system of [town.system, town.other]) {
      const [mine, theirs] = [await as(system), await as(system, { provider: "P2" })];
      for (const path of lists) {
        const { status, text } = await mine.get(path);
        expect([path, status, text.includes(SECRET)]).toEqual([path, 200, false]);
      }
      // Whose it is does see it.
      const ids = await idsOf(theirs);
      const paths = [...ids.orders.map((id) => `/orders/${id}`), ...ids.cases.map((no) => `/cases/${no}`)];
      for (const path of [...paths, "/settlement/2026-10/statement"]) {
        expect([path, (await theirs.get(path)).text.includes(SECRET)]).toEqual([path, true]);
      }
    }
  });

  test("cannot tell from anything how much others have", async () => {
    const mine = await as(town.system);
    const everything = async () => {
      const found: string[] = [];
      const ids = await idsOf(mine);
      for (const path of [
        ...lists,
        ...ids.orders.map((id) => `/orders/${id}`),
        ...ids.cases.map((no) => `/cases/${no}`),
      ]) {
        const { status, text, headers } = await mine.get(path);
        found.push(`${path} ${status} ${headers.get("etag")} ${text.replace(/"asOf":"[^"]*"/, "")}`);
      }
      return found;
    };
    const before = await everything();
    const { system } = town;
    await town.send("orders", ...[21, 22, 23].map((no) => order(`o-${no}`, "C2", "U2")));
    await town.announce();
    const { rows } = await system.database.pool.query<{ count: number }>("SELECT count(*)::int AS count FROM cases");
    const more = finding("f-new", { provider: "P2", unit: "U2", client: "C2", staff: "S-new" });
    await writeFindings(system.database, system.tenantId, {
      evaluated: new Set([more.slice]),
      findings: [more],
      at,
    });
    await openCases(system, system.operator);
    const { rows: opened } = await system.database.pool.query<{ no: string; version: number }>(
      "SELECT no, version FROM cases WHERE tenant_id = '0192' AND subject = 'S-new'",
    );
    const show = { evidence: true, records: true, client: true, staff: true };
    const choice = { findings: ["f-new"], show, question: "Varför?", dueOn: day("2026-11-16") };
    await requestExplanation(system, person("handler", "eva"), { ...opened[0]!, ...choice });
    expect(rows[0]!.count).toBeGreaterThan(0);
    expect(await everything()).toEqual(before);
  });

  test("reaches no other provider's rows in the database, whatever is asked of it", async () => {
    const { database, tenantId } = town.system;
    const { rows: tables } = await database.pool.query<{ name: string }>(
      `SELECT c.table_name AS name FROM information_schema.columns c JOIN information_schema.columns t
         ON t.table_name = c.table_name AND t.table_schema = 'public' AND t.column_name = 'tenant_id'
       WHERE c.table_schema = 'public' AND c.column_name = 'provider' ORDER BY 1`,
    );
    const names = tables.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "acknowledgements",
        "announced_orders",
        "api_clients",
        "cases",
        "endpoints",
        "explanations",
      ]),
    );
    const scope = { providers: ["P1"], units: null, groups: null };
    const { pool } = database.restrict({ tenantId, scope });
    const others = async (name: string, of: typeof pool) =>
      (
        await of.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM ${name} WHERE provider <> 'P1' OR tenant_id <> '0192'`,
        )
      ).rows[0]!.count;
    const reached: string[] = [];
    let there = 0;
    for (const name of names) {
      if ((await others(name, pool)) > 0) reached.push(name);
      if ((await others(name, database.pool)) > 0) there++;
    }
    expect(reached).toEqual([]);
    expect(there).toBeGreaterThan(4);
  });
});
