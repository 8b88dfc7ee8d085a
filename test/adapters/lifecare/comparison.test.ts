import { afterEach, expect, test } from "vitest";
import { type Adapter, openHttp } from "#adapter";
import { type PullableSource, pullSource } from "#intake";
import { loadMappings, readMappingFolder } from "#mapping";
import { instant } from "#model";
import { makeWorld } from "#synthetic";
import lifecare from "../../../adapters/lifecare/adapter.ts";
import { startLifecareSimulator } from "../../../adapters/lifecare/simulator.ts";
import { testDatabase } from "../../support/database.ts";

const closing: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const world = makeWorld({ seed: 1883, clients: 40, from: "2026-10-12", through: "2026-10-27" });
const mappings = loadMappings({
  folders: [[...readMappingFolder("mappings/lifecare"), ...readMappingFolder("mappings/codes")]],
  records: new Map(Object.entries(lifecare.sources).map(([name, { record }]) => [`lifecare/${name}`, record])),
});

test("the weekly comparison of services keeps the lines that are listed, and buries those of one that vanished", async () => {
  await using system = await testDatabase();
  const { database, vault, tenantId } = system;
  let time = instant("2026-10-13T03:30:00Z");
  const now = () => time;
  const simulator = await startLifecareSimulator({ world, now, domain: "provkommunen", key: "provnyckel-ec-4711" });
  closing.push(simulator.close);
  const settings = lifecare.settings.parse({ ...simulator.settings, ratePerSecond: 1000 });
  await using http = openHttp({ ...lifecare.connection?.(settings), baseUrl: settings.baseUrl });
  const source: PullableSource = {
    id: "lifecare",
    adapter: lifecare as Adapter,
    settings,
    http,
    files: { list: async () => [] },
    mapping: (resource) => mappings.get(`lifecare/${resource}`) ?? null,
  };
  const resources = ["ordered_services"];
  const pull = () =>
    pullSource({ database, vault, tenantId, now, source, resources, signal: new AbortController().signal });
  const lines = async () => {
    const { rows } = await database.pool.query<{ parent: string; gone: boolean }>(
      "SELECT parent, bool_and(deleted) AS gone FROM order_lines GROUP BY parent ORDER BY parent",
    );
    return rows;
  };

  expect((await pull())[0]).toMatchObject({ state: "ok", notices: [] });
  const [first, ...others] = await lines();
  expect([first, ...others].every((one) => one?.gone === false)).toBe(true);
  simulator.vanish("ordered_services", first?.parent ?? "");
  time = instant("2026-10-20T03:30:00Z");
  expect((await pull())[0]?.notices).toEqual([expect.objectContaining({ code: "vanished" })]);
  expect((await lines()).filter(({ gone }) => gone).map(({ parent }) => parent)).toContain(first?.parent);
  expect((await lines()).filter(({ gone }) => gone)).toHaveLength(1);
});
