import { XMLParser, XMLValidator } from "fast-xml-parser";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { type HttpClient, InvalidFiles, openHttp, UnauthorizedError, UpstreamError } from "#adapter";
import { day, instant } from "#model";
import { makeWorld, type World } from "#synthetic";
import combine from "../../../adapters/combine/adapter.ts";
import {
  type CombineSimulator,
  type CombineSimulatorOptions,
  startCombineSimulator,
} from "../../../adapters/combine/simulator.ts";
import { heads, pull } from "../mapped.ts";
import { documents, fileList } from "./interface.ts";

const kinds = ["orders", "executions", "visits"] as const;
const end = instant("2027-01-01T00:00:00Z");

let world: World;
beforeAll(() => {
  world = makeWorld({ seed: 8, clients: 80 });
});

const open: CombineSimulator[] = [];
async function start(options: Partial<CombineSimulatorOptions> = {}): Promise<CombineSimulator> {
  const simulator = await startCombineSimulator({ world, now: () => end, ...options });
  open.push(simulator);
  return simulator;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (simulator) => simulator.close()));
});

function connect({ settings: { baseUrl, ...tls } }: CombineSimulator): HttpClient {
  return openHttp({ baseUrl, ...tls, sleep: async () => {}, headers: { "X-Api-Version": "1" } });
}

const order = (id: string, version = 1, insatser = `<Insats kod="tillsyn" minuter="15" antal="1" period="dag"/>`) =>
  `<Bestallning id="${id}" version="${version}" andrad="2026-09-0${version}T08:00:00+02:00">
    <Brukare personnummer="188001019283"/><Utforare orgnr="5560000000" enhet="65"/>
    <Beslut id="b-${id}" datum="2026-08-20" lag="SoL" fran="2026-09-01"/>
    <Bestalld>2026-08-21T10:00:00</Bestalld><Giltig fran="2026-09-01"/><Status>Accepterad</Status>${insatser}
  </Bestallning>`;
const orderList = (...orders: string[]) => `<Bestallningar>${orders.join("\n")}</Bestallningar>`;

/** A municipality of which Combine knows nothing. */
const nothing = (): World => ({ ...world, orders: [], visits: [], servicePlans: [] });

describe("what the simulator sends", () => {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    parseTagValue: false,
    parseAttributeValue: false,
    htmlEntities: true,
  });

  test.for(kinds)("fits the interface's description: %s", async (kind) => {
    const simulator = await start({ recordsPerFile: 300 });
    const http = connect(simulator);
    const answer = await http.request(`files/${kind}`);
    const { DtoFinancialFile: files } = fileList.parse(JSON.parse(answer.body.toString()));
    expect(files.length).toBeGreaterThan(kind === "visits" ? 2 : 0);
    const encodings = new Set<string>();
    for (const { Href } of files) {
      const { body } = await http.request(Href);
      const encoding = /encoding="([^"]+)"/.exec(body.toString("latin1"))?.[1] ?? "";
      encodings.add(encoding);
      const text = body.toString(encoding === "UTF-8" ? "utf8" : "latin1");
      expect(XMLValidator.validate(text)).toBe(true);
      documents[kind].parse(parser.parse(text));
    }
    expect(encodings.size).toBe(Math.min(files.length, 2));
  });

  test("refuses who has no client certificate, or the header is missing", async () => {
    const { settings } = await start();
    const { baseUrl, ca } = settings;
    const without = openHttp({ baseUrl, ca, retriesMax: 0 });
    await expect(without.request("files/orders")).rejects.toThrow(UpstreamError);
    const unversioned = openHttp({ ...settings, retriesMax: 0 });
    await expect(unversioned.request("files/orders")).rejects.toThrow("answered 400");
  });
});

describe("the municipality, read and mapped", () => {
  test("has the orders, lines and decisions of the world, with its ids", async () => {
    const simulator = await start();
    const { records, broken, error } = await pull(combine, "orders", simulator.settings);
    expect({ broken, error }).toEqual({ broken: [], error: null });
    const found = await heads(combine, "orders", records);
    expect({ problems: found.problems, warnings: found.warnings }).toEqual({ problems: [], warnings: [] });
    const orders = world.orders.filter(({ source }) => source === "combine");
    const units = new Map(world.units.map(({ id, ids }) => [id, ids.combine]));
    const numbers = new Map(world.clients.map((client) => [client.id, `pid:${client.personalIdentityNumber}`]));
    expect(orders.length).toBeGreaterThan(5);
    expect([...found.of("orders").keys()].sort()).toEqual(orders.map(({ id }) => id).sort());
    for (const { id, clientId, unitId, decisionId, orderedAt, versions } of orders) {
      const last = versions.at(-1)!;
      const row = found.of("orders").get(id);
      expect(row).toMatchObject({ version: new Set(versions.map(({ at }) => at)).size, deleted: false });
      expect(row?.values).toMatchObject({
        clientId: numbers.get(clientId),
        unitId: units.get(unitId),
        decisionId,
        orderedAt,
        status: last.status,
        validFrom: day(last.validFrom),
      });
      expect(row?.values["validTo"]).toBe(last.validTo === undefined ? undefined : day(last.validTo));
      for (const line of last.lines) {
        const read = found.of("order-lines").get(line.id);
        expect(read?.parent).toBe(id);
        const { id: _, ...fields } = line;
        expect(read?.values).toMatchObject({ orderId: id, ...fields });
      }
      expect(found.of("decisions").get(decisionId)?.values).toMatchObject({ clientId: numbers.get(clientId) });
    }
  });

  test("has the visits of the world, with every time to the second and the last version's words", async () => {
    const simulator = await start();
    const { records, error } = await pull(combine, "visits", simulator.settings);
    expect(error).toBeNull();
    const found = await heads(combine, "visits", records);
    expect({ problems: found.problems, warnings: found.warnings }).toEqual({ problems: [], warnings: [] });
    const visits = world.visits.filter(({ source }) => source === "combine");
    expect(visits.length).toBeGreaterThan(500);
    expect(found.of("visits").size).toBe(visits.length);
    const staff = new Map(
      world.staff.flatMap(({ id, employments }) => employments.map((one) => [`${one.unitId} ${id}`, one.ids.combine])),
    );
    const last = (visit: (typeof visits)[number]) => visit.versions.at(-1)!;
    const deleted = visits.filter((visit) => last(visit).deleted === true).map(({ id }) => id);
    expect([...found.of("visits").values()].filter((row) => row.deleted).map(({ id }) => id)).toEqual(deleted);
    for (const visit of visits.filter(({ id }) => !deleted.includes(id))) {
      const row = found.of("visits").get(visit.id);
      expect(row?.values).toMatchObject({
        staffId: staff.get(`${visit.unitId} ${visit.staffId}`) ?? visit.staffId,
        start: last(visit).start,
        status: last(visit).status,
        startProof: last(visit).startProof,
        deviceId: visit.deviceId,
        receivedAt: visit.versions[0]!.at,
      });
      expect(row?.values["end"] ?? null).toBe(last(visit).end);
      expect(row?.values["services"] ?? []).toEqual([...last(visit).services].sort());
      expect(row?.values["originalStart"]).toBe(last(visit).originalStart);
      expect(row?.values["orderId"]).toBe(visit.orderId);
      expect(row?.values["editReason"]).toBe(last(visit).editReason);
      expect(row?.values["editedAt"]).toBe(last(visit).editedBy === undefined ? undefined : last(visit).at);
    }
  });

  test("has the implementation plans of Combine's units", async () => {
    const simulator = await start();
    const { records } = await pull(combine, "executions", simulator.settings);
    const found = await heads(combine, "executions", records);
    expect(found.problems).toEqual([]);
    const ofCombine = new Set(world.units.filter(({ ordersIn }) => ordersIn === "combine").map(({ id }) => id));
    const plans = world.servicePlans.filter(({ unitId }) => ofCombine.has(unitId));
    expect(plans.length).toBeGreaterThan(0);
    expect([...found.of("service-plans").keys()].sort()).toEqual(plans.map(({ id }) => id).sort());
    const [plan] = plans;
    expect(found.of("service-plans").get(plan!.id)?.values).toMatchObject({
      establishedOn: day(plan!.establishedOn),
      clientParticipated: plan!.clientParticipated,
    });
  });

  test("is the same when records come late and twice, over many nights", async () => {
    const whole = await start();
    const expected = await heads(combine, "visits", (await pull(combine, "visits", whole.settings)).records);
    let at = instant("2026-08-01T02:30:00Z");
    const late = { every: 7, ms: 40 * 3_600_000 };
    const simulator = await start({ now: () => at, late, recordsPerFile: 100 });
    simulator.habits.repeatRecords = true;
    const records: unknown[] = [];
    for (; at < end; at += 86_400_000) records.push(...(await pull(combine, "visits", simulator.settings)).records);
    expect(records.length).toBeGreaterThan(expected.of("visits").size);
    const found = await heads(combine, "visits", records);
    // Of two contents under one version no order of arrival says which is right: the night keeps the first and tells.
    const torn = world.visits
      .filter(
        ({ source, versions }) => source === "combine" && new Set(versions.map((one) => one.at)).size < versions.length,
      )
      .map(({ id }) => id);
    const agreed = ({ of }: typeof found) => new Map([...of("visits")].filter(([id]) => !torn.includes(id)));
    expect(torn.length).toBeLessThan(3);
    expect([...found.of("visits").keys()].sort()).toEqual([...expected.of("visits").keys()].sort());
    expect(agreed(found)).toEqual(agreed(expected));
  });
});

describe("the queue", () => {
  test("delivers a file again, with the same hash, until its last page is committed", async () => {
    const simulator = await start();
    const crashed = await pull(combine, "orders", simulator.settings, { commit: false });
    const waiting = simulator.waiting("orders");
    expect(waiting).toHaveLength(1);
    const again = await pull(combine, "orders", simulator.settings);
    expect(again.pages.map(({ delivery }) => delivery)).toEqual(crashed.pages.map(({ delivery }) => delivery));
    expect(again.pages.at(-1)).toMatchObject({ deliveryComplete: true, place: `orders/${waiting[0]}`, cursor: null });
    expect(again.records).toEqual(crashed.records);
    expect(simulator.waiting("orders")).toEqual([]);
    expect((await pull(combine, "orders", simulator.settings)).pages).toEqual([]);
  });

  test("is acknowledged again without harm", async () => {
    const simulator = await start({ world: nothing() });
    simulator.put("orders", orderList(order("o-1")));
    const { pages, error } = await pull(combine, "orders", simulator.settings);
    expect(error).toBeNull();
    await using http = openHttp({ ...simulator.settings, headers: { "X-Api-Version": "1" } });
    expect((await http.request(`files/${pages[0]!.place}`, { method: "DELETE", accept: [404] })).status).toBe(404);
  });

  test("gives large files in pages, of which only the last acknowledges, with the line of each record", async () => {
    const simulator = await start({ world: nothing() });
    simulator.put("orders", orderList(...Array.from({ length: 2500 }, (_, index) => order(`o-${index}`))));
    const { pages, records } = await pull(combine, "orders", simulator.settings);
    expect(pages.map((page) => page.records.length)).toEqual([1000, 1000, 500]);
    expect(pages.map(({ committed }) => committed !== undefined)).toEqual([false, false, true]);
    expect(pages[1]!.lines?.[0]).toBe(1000 * 5 + 1);
    expect(records[2499]).toMatchObject({ id: "o-2499" });
  });

  test("acknowledges a file without records, and one without anything, of which it tells", async () => {
    const simulator = await start({ world: nothing() });
    simulator.put("orders", orderList());
    simulator.put("orders", "");
    const { pages, notices } = await pull(combine, "orders", simulator.settings);
    expect(pages).toMatchObject([
      { records: [], deliveryComplete: true },
      { records: [], deliveryComplete: true },
    ]);
    expect(notices).toEqual(["Filen orders/1002 är tom."]);
    expect(simulator.waiting("orders")).toEqual([]);
  });

  test("keeps a file that cannot be read, reads the others, and says so in the end", async () => {
    const simulator = await start({ world: nothing() });
    simulator.put("orders", orderList(order("o-1")));
    const bomb = simulator.put("orders", `<!DOCTYPE a [<!ENTITY b "c">]>${orderList(order("o-2"))}`);
    simulator.put("orders", orderList(order("o-3"), `<Bestallning id="o-4"><Status></Bestallning>`, order("o-5")));
    const text = simulator.put("orders", "BesöksId;Starttid");
    const { records, broken, error } = await pull(combine, "orders", simulator.settings);
    expect(records).toMatchObject([{ id: "o-1" }, { id: "o-3" }, { id: "o-5" }]);
    expect(broken).toMatchObject([{ reason: "posten är inte välformad XML" }]);
    expect(error).toBeInstanceOf(InvalidFiles);
    expect((error as InvalidFiles).message).toBe(
      `File orders/${bomb}: line 1: has a document type declaration (DTD), which is not read.\n` +
        `File orders/${text}: line 1: is not well-formed XML.`,
    );
    expect(simulator.waiting("orders")).toEqual([bomb, text]);
  });

  test("never follows a file to another host", async () => {
    const simulator = await start({ world: nothing() });
    for (const href of [
      "https://127.0.0.1:1/files/orders/1",
      "//169.254.169.254/latest",
      "http://",
      "file:///etc/passwd",
    ])
      simulator.put("orders", orderList(order("o-1")), href);
    const kept = simulator.put("orders", orderList(order("o-2")), "/files/orders/1005");
    const { records, error } = await pull(combine, "orders", simulator.settings);
    expect((error as InvalidFiles).message.split("\n")).toEqual(
      ["1001", "1002", "1003", "1004"].map(
        (id) => `File orders/${id}: its address is on another host, which is not asked.`,
      ),
    );
    expect(kept).toBe("1005");
    expect(records).toMatchObject([{ id: "o-2" }]);
  });

  test("gives one service as it gives many", async () => {
    const simulator = await start({ world: nothing() });
    const two = `<Insats kod="dusch" minuter="30" antal="1" period="vecka" veckodagar="1,4" bemanning="2"/><Insats kod="ny" minuter="10" antal="2" period="dag"/>`;
    simulator.put("orders", orderList(order("o-1"), order("o-2", 1, two), order("o-3", 1, "")));
    const { records } = await pull(combine, "orders", simulator.settings);
    const found = await heads(combine, "orders", records);
    expect(found.problems).toEqual([]);
    expect([...found.of("order-lines").keys()]).toEqual(["o-1-1", "o-2-1", "o-2-2"]);
    expect(found.of("order-lines").get("o-2-1")?.values).toMatchObject({ weekdays: [1, 4], staffing: 2, per: "week" });
  });
});

describe("faults", () => {
  test("waits out 429 and 500", async () => {
    const simulator = await start({ world: nothing() });
    simulator.put("orders", orderList(order("o-1")));
    simulator.faults.push({ status: 429, retryAfterSeconds: 3 }, { status: 500, times: 2 });
    const { records, error } = await pull(combine, "orders", simulator.settings);
    expect({ records: records.length, error }).toEqual({ records: 1, error: null });
  });

  test("stops at 401, and at a server that stays slow", async () => {
    const simulator = await start({ world: nothing() });
    simulator.faults.push({ status: 401 });
    expect((await pull(combine, "orders", simulator.settings)).error).toBeInstanceOf(UnauthorizedError);
    simulator.faults.push({ delayMs: 400, times: 9 });
    const slow = await pull(combine, "orders", simulator.settings, { http: { timeoutMs: 50, retriesMax: 1 } });
    expect((slow.error as Error).message).toContain("did not answer within 50 ms");
  });

  test("leaves a file that was cut in the middle in the queue, and nothing of it is taken as the whole", async () => {
    const simulator = await start({ world: nothing() });
    const id = simulator.put("orders", orderList(...Array.from({ length: 1500 }, (_, index) => order(`o-${index}`))));
    simulator.faults.push({ resource: `orders/${id}`, cut: true });
    const cut = await pull(combine, "orders", simulator.settings);
    expect(cut.error).toBeInstanceOf(UpstreamError);
    expect(cut.pages.some(({ committed }) => committed !== undefined)).toBe(false);
    expect(simulator.waiting("orders")).toEqual([id]);
    expect((await pull(combine, "orders", simulator.settings)).records).toHaveLength(1500);
  });

  test("says which settings are not certificates", () => {
    const parsed = combine.settings.safeParse({ baseUrl: "http://combine.example", cert: "a", key: "b" });
    expect(parsed.error?.issues.map(({ path }) => path.join("."))).toEqual(["baseUrl", "cert", "key"]);
  });
});
