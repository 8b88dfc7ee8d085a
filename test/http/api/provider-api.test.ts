import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "#http";
import { caseNumber, decideAlias, opaqueIdsOf, revokeApiClient, showCase } from "#operations";
import { selectOrdersAnswered } from "#store";
import { signedIn } from "../../support/signed-in.ts";
import { agda, asking, order, personalNumber, program, providersTown, SECRET, type Town } from "./providers.ts";

let town: Town;
beforeAll(async () => {
  town = await providersTown();
}, 120_000);
afterAll(() => town?.[Symbol.asyncDispose]());

async function mine(more: Parameters<typeof program>[1] = {}) {
  const { id, secret } = await program(town.system, more);
  return { id, ...asking(town.app, secret) };
}
type Mine = Awaited<ReturnType<typeof mine>>;
const problem = (status: number, type: string) => ({ status, body: { status, type: `/problems/${type}` } });
const orderOf = async (api: Mine, reference: string) => {
  const { body } = await api.get("/orders");
  for (const { id } of body.orders) {
    const detail = await api.get(`/orders/${id}`);
    if (detail.body.reference === reference) return detail;
  }
  throw new Error(`no order ${reference}`);
};
const accessRows = async (actor: string) =>
  (
    await town.system.database.pool.query<{ operation: string; subject: string }>(
      "SELECT operation, subject FROM access_log WHERE actor = $1 ORDER BY no",
      [actor],
    )
  ).rows;

describe("GET /api/v1/orders", () => {
  test("lists a provider's orders, page by page, and from the cursor on only what has changed", async () => {
    const api = await mine();
    const first = await api.get("/orders?limit=2");
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ more: true, orders: [{ status: "sent" }, { status: "sent" }] });
    const rest = await api.get(`/orders?limit=2&cursor=${first.body.cursor}`);
    expect(rest.body).toMatchObject({ more: false, orders: [{ status: "ended", gone: "ended" }] });
    const none = await api.get(`/orders?cursor=${rest.body.cursor}`);
    expect(none.body).toEqual({ orders: [], cursor: rest.body.cursor, more: false });

    await town.send("orders", order("o-3", "C3", "U3", { validTo: "2026-12-31" }));
    await town.announce();
    const later = await api.get(`/orders?cursor=${rest.body.cursor}`);
    expect(later.body.orders).toMatchObject([{ unit: { id: "U3", name: "Nordväst" }, validTo: "2026-12-31" }]);
    expect(later.body.orders[0].id).toBe(first.body.orders[1].id);
    expect(later.body.orders[0].version).not.toBe(first.body.orders[1].version);
    expect(await accessRows(api.id)).toHaveLength(4);
  });

  test("shows an order with its client, lines and versions, and writes down who was read", async () => {
    const api = await mine();
    const { body } = await orderOf(api, "o-1");
    expect(body).toMatchObject({
      status: "sent",
      person: { name: agda.name, personalIdentityNumber: agda.number, protected: false },
      lines: [{ id: "o-1-1", service: { code: "omvardnad", name: "Omvårdnad" }, minutes: 30, times: 3, per: "day" }],
      versions: [{ status: "sent", validFrom: "2026-10-12" }],
    });
    await town.send(
      "orders",
      order("o-1", "C1", "U1", { lines: [{ ...order("o-1", "C1", "U1").lines[0], minutes: 45 }] }),
    );
    await town.announce();
    const changed = (await orderOf(api, "o-1")).body;
    expect(changed.lines).toMatchObject([{ minutes: 45 }]);
    expect(changed.versions.map(({ lines }: { lines: Array<{ minutes: number }> }) => lines[0]?.minutes)).toEqual([
      30, 45,
    ]);
    expect(await accessRows(api.id)).toContainEqual({ operation: "own-order-client", subject: "C1" });
  });

  test("says nothing of who it is for without the scope, nor ever of a protected identity", async () => {
    const without = await mine({ scopes: ["orders:read"] });
    expect((await orderOf(without, "o-1")).body.person).toBeNull();
    const { body, text } = await orderOf(await mine(), "o-3");
    expect(body.person).toEqual({ name: null, personalIdentityNumber: null, protected: true });
    expect(text).not.toContain("Skydd");
  });

  test("answers 304 to the ETag of what is still right", async () => {
    const api = await mine();
    const { headers } = await orderOf(api, "o-1");
    const { id } = (await orderOf(api, "o-1")).body;
    const etag = headers.get("etag") ?? "";
    const again = await api.get(`/orders/${id}`, { "if-none-match": `W/"other", ${etag}` });
    expect([again.status, again.text]).toEqual([304, ""]);
    await api.post(`/orders/${id}/acknowledgement`, {
      kind: "accepted",
      version: (await api.get(`/orders/${id}`)).body.version,
    });
    expect((await api.get(`/orders/${id}`, { "if-none-match": etag })).status).toBe(200);
  });

  test("follows a client in what its units have", async () => {
    const api = await mine({ units: ["U3"] });
    const { body } = await api.get("/orders");
    expect(body.orders.map(({ unit }: { unit: { id: string } }) => unit.id)).toEqual(["U3"]);
    expect((await api.get("/cases")).body.cases).toHaveLength(1);
  });

  test("shows an order whose unit only an alias makes one of the provider's", async () => {
    await town.send("orders", order("o-14", "C1", "U-alias"));
    const alias = { kind: "unit", source: "files", id: "U-alias", sameAsSource: "files", sameAsId: "U1" } as const;
    await decideAlias(town.system, town.system.operator, alias);
    await town.send("orders", order("o-14", "C1", "U-alias", { validTo: "2026-11-30" }));
    await town.announce();
    const { body } = await orderOf(await mine(), "o-14");
    expect(body).toMatchObject({
      unit: { id: "U1", name: "Norr" },
      lines: [{ service: { code: "omvardnad", name: "Omvårdnad" }, minutes: 30, times: 3, per: "day", staffing: 1 }],
      versions: [{ validFrom: "2026-10-12", validTo: "2026-11-30" }],
    });
  });

  test("says that an order has moved, and follows it no further", async () => {
    await town.send("orders", order("o-9", "C1", "U1"));
    await town.announce();
    const api = await mine();
    const before = await orderOf(api, "o-9");
    await town.send(
      "orders",
      order("o-9", "C1", "U2", { lines: [{ ...order("o-9", "C1", "U2").lines[0], minutes: 99 }] }),
    );
    await town.announce();
    const { body, text } = await api.get(`/orders/${before.body.id}`);
    expect(body).toMatchObject({ gone: "moved", person: null, lines: [], versions: [], unit: { id: "U1" } });
    expect(text).not.toContain("99");
  });
});

describe("POST /api/v1/orders/{id}/acknowledgement", () => {
  test("accepts an order once for each key, and stops the clock of its confirmation", async () => {
    await town.send("orders", order("o-11", "C1", "U1"));
    await town.announce();
    const api = await mine();
    const { id, version } = (await orderOf(api, "o-11")).body;
    const answer = { kind: "accepted", version, plannedStart: "2026-10-12", text: "Vi börjar på måndag." };
    const key = { "idempotency-key": "k-1" };
    const first = await api.post(`/orders/${id}/acknowledgement`, answer, key);
    expect(first.body).toEqual({
      kind: "accepted",
      reason: null,
      plannedStart: "2026-10-12",
      text: "Vi börjar på måndag.",
      at: "2026-11-01T03:30:00Z",
      current: true,
    });
    expect(first.status).toBe(201);
    expect((await api.post(`/orders/${id}/acknowledgement`, answer, key)).body).toEqual(first.body);
    expect(await api.post(`/orders/${id}/acknowledgement`, { ...answer, text: "Nej" }, key)).toMatchObject(
      problem(422, "idempotency.other-content"),
    );
    expect((await api.get(`/orders/${id}`)).body.acknowledgements).toEqual([first.body]);
    const stopped = await selectOrdersAnswered(town.system.database, "0192");
    expect(stopped.filter((one) => one.order === "o-11")).toMatchObject([
      { source: "files", provider: "P1", acceptedAt: Date.parse(first.body.at), last: "accepted" },
    ]);
    const { rows } = await town.system.database.pool.query("SELECT text FROM acknowledgements WHERE order_id = 'o-11'");
    expect(JSON.stringify(rows)).not.toContain("måndag");
  });

  test("declines with a reason, and tells whoever answers a version that does not hold any more", async () => {
    await town.send("orders", order("o-12", "C1", "U1"));
    await town.announce();
    const api = await mine();
    const { id, version } = (await orderOf(api, "o-12")).body;
    const path = `/orders/${id}/acknowledgement`;
    await town.send("orders", order("o-12", "C1", "U1", { validTo: "2026-12-01" }));
    await town.announce();
    expect(await api.post(path, { kind: "accepted", version })).toMatchObject(problem(409, "order.changed"));
    const now = (await api.get(`/orders/${id}`)).body.version;
    expect(await api.post(path, { kind: "declined", version: now, reason: "other" })).toMatchObject(
      problem(422, "order.answer-refused"),
    );
    expect(await api.post(path, { kind: "accepted", version: now, plannedStart: "2026-12-02" })).toMatchObject(
      problem(422, "order.answer-refused"),
    );
    expect(await api.post(path, { kind: "declined", version: now, reason: "no-capacity" })).toMatchObject({
      status: 201,
      body: { kind: "declined", reason: "no-capacity", current: true },
    });
    await town.send("orders", order("o-12", "C1", "U1", { validTo: "2026-12-03" }));
    await town.announce();
    expect((await api.get(`/orders/${id}`)).body.acknowledgement).toMatchObject({ kind: "declined", current: false });
    await town.send("orders", order("o-12", "C1", "U1", { status: "cancelled" }));
    await town.announce();
    const gone = await api.get(`/orders/${id}`);
    expect(await api.post(path, { kind: "accepted", version: gone.body.version })).toMatchObject(
      problem(409, "order.gone"),
    );
  });

  test("takes no identity number in a text, and repeats nothing of a request that is wrong", async () => {
    const api = await mine();
    const { id, version } = (await orderOf(api, "o-1")).body;
    const path = `/orders/${id}/acknowledgement`;
    const named = await api.post(path, { kind: "accepted", version, text: `Gäller ${agda.number}` });
    expect(named).toMatchObject(problem(422, "text.identity"));
    const odd = await api.post(path, { kind: agda.number, version });
    expect(odd).toMatchObject(problem(400, "request.malformed"));
    const more = await api.post(path, { kind: "accepted", version, [agda.number]: 1 });
    expect(more).toMatchObject(problem(400, "request.malformed"));
    for (const { text } of [named, odd, more]) expect(text).not.toContain(agda.number);
    expect(await api.post(path, { kind: "accepted", version }, { "idempotency-key": "" })).toMatchObject(
      problem(400, "request.malformed"),
    );
  });
});

describe("an event", () => {
  test("leads the provider's programs to what it is about, and nobody else's", async () => {
    const { system } = town;
    const { rows } = await system.database.pool.query<{ no: number; order: number; client: number }>(
      `INSERT INTO endpoints (tenant_id, id, provider, url, description, ordered, state, created_at, created_by)
       VALUES ('0192', 'ep_0123456789abcdef', 'P1', 'https://127.0.0.1:9/', '', false, 'active', now(), 'x')
       RETURNING no, (SELECT no FROM announced_orders WHERE tenant_id = '0192' AND id = 'o-1') AS order,
         (SELECT client_no FROM announced_orders WHERE tenant_id = '0192' AND id = 'o-1') AS client`,
    );
    const { no, order: orderNo, client } = rows[0]!;
    const ids = opaqueIdsOf(system.vault);
    const told = (kind: "order" | "client" | "case", subject: number) =>
      ids.seal({ kind: "endpoint", no }, kind, subject);
    const caseId = told("case", caseNumber(town.cases["f-1"] ?? ""));
    const [mine, theirs] = [await mineOf("P1"), await mineOf("P2")];
    for (const path of [
      `/orders/${told("order", orderNo)}`,
      `/clients/${told("client", client)}`,
      `/cases/${caseId}`,
    ]) {
      expect([path, (await mine.get(path)).status, (await theirs.get(path)).status]).toEqual([path, 200, 404]);
    }
    const { body } = await mine.get(`/orders/${told("order", orderNo)}`);
    expect(body).toMatchObject({ reference: "o-1" });
    expect(body.id).not.toBe(told("order", orderNo));
  });
});
const mineOf = (provider: string) => mine({ provider });

describe("an endpoint", () => {
  test("is made, shown its key once for each request, and changed by its provider", async () => {
    const api = await mine();
    const key = { "idempotency-key": "endpoint-1" };
    const made = await api.post("/endpoints", { url: "https://127.0.0.1:9/klarsyn", units: ["U1"] }, key);
    expect(made).toMatchObject({
      status: 201,
      body: { endpoint: { state: "unverified", units: ["U1"] }, key: { kind: "hmac" } },
    });
    expect((await api.post("/endpoints", { url: "https://127.0.0.1:9/klarsyn", units: ["U1"] }, key)).body).toEqual(
      made.body,
    );
    const { rows } = await town.system.database.pool.query("SELECT answer FROM idempotency_keys");
    expect(JSON.stringify(rows)).not.toContain(made.body.key.key);
    const { id } = made.body.endpoint;
    const answered = await api.post(`/endpoints/${id}/ping`, {});
    expect(answered).toMatchObject({ status: 200, body: { status: null } });
    const log = await api.get(`/endpoints/${id}/deliveries`);
    expect(log.body.deliveries).toMatchObject([{ type: "endpoint.ping", log: [{ status: null }] }]);
    expect(await api.post(`/endpoints/${id}/pause`, {})).toMatchObject(problem(409, "endpoint.state"));
    expect(await api.post("/endpoints", { url: "https://10.0.0.1/" })).toMatchObject(problem(422, "endpoint.refused"));
  });

  test("of all units, or of another, is not there for a program of one unit", async () => {
    const [all, north] = [await mine(), await mine({ units: ["U3"] })];
    const made = async (api: Mine, units: string[] | undefined) => {
      const { body } = await api.post("/endpoints", { url: "https://127.0.0.1:9/klarsyn", ...(units && { units }) });
      return body.endpoint?.id as string;
    };
    const own = await made(north, ["U3"]);
    const elsewhere = [await made(all, undefined), await made(all, ["U1"]), await made(all, ["U1", "U3"])];
    for (const id of elsewhere) {
      const asked = [
        await north.get(`/endpoints/${id}/deliveries`),
        await north.post(`/endpoints/${id}/keys`, { key: "hmac" }),
        await north.post(`/endpoints/${id}/ping`, {}),
        await north.post(`/endpoints/${id}/pause`, {}),
      ];
      expect(asked.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    }
    const listed = (await north.get("/endpoints")).body.endpoints.map(({ id }: { id: string }) => id);
    expect(listed).toContain(own);
    expect(listed.filter((id: string) => elsewhere.includes(id))).toEqual([]);
    expect((await north.get(`/endpoints/${own}/deliveries`)).status).toBe(200);
    const whole = (await all.get("/endpoints")).body.endpoints.map(({ id }: { id: string }) => id);
    expect(whole).toEqual(expect.arrayContaining([own, ...elsewhere]));
  });
});

describe("GET /api/v1/clients/{id}", () => {
  test("says who somebody is and when they are away, and not why", async () => {
    const api = await mine();
    const { client } = (await orderOf(api, "o-1")).body;
    const { body, text } = await api.get(`/clients/${client}`);
    expect(body).toEqual({
      id: client,
      person: { name: agda.name, personalIdentityNumber: agda.number, protected: false },
      absences: [{ from: "2026-10-31T09:00:00Z", until: null }],
    });
    expect(text).not.toContain("hospital");
  });

  test("says it until the order's last day, and not of an order that has ended", async () => {
    await town.send("clients", {
      id: "C9",
      name: "Nils Sist",
      personalIdentityNumber: personalNumber("18930404", "983"),
    });
    await town.send("absences", { id: "a-9", clientId: "C9", from: "2026-10-31T10:00", kind: "hospital" });
    await town.send("orders", order("o-90", "C9", "U1", { validTo: "2026-11-01" }));
    await town.announce();
    const api = await mine();
    const last = (await orderOf(api, "o-90")).body;
    expect(last.person).toMatchObject({ name: "Nils Sist" });
    expect((await api.get(`/clients/${last.client}`)).body.absences).toHaveLength(1);
    for (const over of [{ validTo: "2026-10-31" }, { status: "ended" }, { status: "cancelled" }]) {
      await town.send("orders", order("o-90", "C9", "U1", over));
      await town.announce();
      const { body, text } = await orderOf(api, "o-90");
      expect([body.person, text.includes("Nils")]).toEqual([null, false]);
      expect(await api.get(`/clients/${body.client}`)).toMatchObject(problem(404, "client.missing"));
    }
  });
});

describe("GET /api/v1/cases", () => {
  test("shows what was asked, as far as the handler has chosen", async () => {
    const api = await mine();
    const { body } = await api.get("/cases");
    const nos = body.cases.map(({ no }: { no: string }) => no) as string[];
    expect(new Set(nos)).toEqual(new Set([town.cases["f-1"], town.cases["f-3"]]));
    const shown = await api.get(`/cases/${town.cases["f-1"]}`);
    expect(shown.body).toMatchObject({
      state: "explanation-requested",
      dueOn: "2026-11-16",
      question: "Hur kom det sig?",
      findings: [{ rule: "staff-overlap", client: null, staff: "S-f-1", minutes: 12, gone: false }],
      explanations: [],
    });
    expect(shown.body.letter).toContain(`Ärende ${town.cases["f-1"]}`);
    expect(await accessRows(api.id)).toContainEqual({ operation: "own-case", subject: "S-f-1 C1" });
  });

  test("is silent about a case in which nobody was asked", async () => {
    const api = await mine();
    expect(await api.get(`/cases/${town.cases["f-4"]}`)).toMatchObject(problem(404, "case.missing"));
  });

  test("takes an explanation with a file, which the handler reads", async () => {
    const api = await mine();
    const no = town.cases["f-3"] ?? "";
    const content = Buffer.from("08:10 offline\n").toString("base64");
    const explained = await api.post(`/cases/${no}/explanations`, {
      reason: "technical-fault",
      text: "Telefonen var utan kontakt.",
      attachments: [{ name: "../logg.txt", content }],
    });
    expect(explained).toMatchObject({ status: 201, body: { no, state: "explained", dueOn: null } });
    expect((await api.get(`/cases/${no}`)).body.explanations).toMatchObject([
      { reason: "technical-fault", text: "Telefonen var utan kontakt." },
    ]);
    const shown = await showCase(town.system, town.system.operator, no);
    expect(shown.state).toBe("explanation-received");
    expect(shown.attachments).toMatchObject([{ name: "logg.txt", type: "text/plain", byName: "Planeringssystemet" }]);
    expect(shown.events.at(-1)?.texts["answer"]).toBe(
      "Tekniskt fel i telefon, tagg, lås eller system. Telefonen var utan kontakt.",
    );
  });

  test.each([
    ["without words", { reason: "other" }, problem(422, "case.explanation-empty")],
    ["with an identity number", { reason: "other", text: agda.number }, problem(422, "text.identity")],
    [
      "with a program as a file",
      { reason: "agreed", attachments: [{ name: "a.exe", content: Buffer.from([77, 90, 0]).toString("base64") }] },
      problem(422, "attachment.refused"),
    ],
  ])("refuses an explanation %s", async (_how, explanation, refusal) => {
    const api = await mine();
    expect(await api.post(`/cases/${town.cases["f-1"]}/explanations`, explanation)).toMatchObject(refusal);
  });
});

describe("GET /api/v1/settlement", () => {
  test("lists the provider's lines, and the statement leads to the same orders and clients", async () => {
    const api = await mine();
    const { client, id } = (await orderOf(api, "o-1")).body;
    const { body, text } = await api.get("/settlement?month=2026-10&limit=1");
    const rest = await api.get(`/settlement?month=2026-10&cursor=${body.cursor}`);
    expect(rest.body).toMatchObject({ cursor: null, lines: [{ unit: "U3", line: "o-3-1" }] });
    expect(await api.get("/settlement?month=2026-10&cursor=x")).toMatchObject(problem(400, "request.malformed"));
    expect(body).toMatchObject({
      lines: [{ client, order: id, line: "o-1-1", minutes: { payable: 1690 }, ore: { overbilled: 131750 } }],
    });
    expect(text).not.toContain(SECRET);
    const statement = await api.get("/settlement/2026-10/statement");
    expect(statement.body).toMatchObject({ month: "2026-10", provider: { id: "P1" }, state: "open" });
    const visits = statement.body.lines.flatMap((line: { client: string; visits: object[] }) =>
      line.client === client ? line.visits : [],
    );
    expect(visits).toMatchObject([{ day: "2026-10-13", payableMinutes: 30 }]);
    expect(statement.text).not.toContain(SECRET);
    expect(await accessRows(api.id)).toContainEqual({ operation: "statement", subject: "P1 2026-10" });
  });
});

describe("a program", () => {
  test("is let do what its scopes say, and is told which one it lacks", async () => {
    const api = await mine({ scopes: ["orders:read"] });
    const refused = await api.get("/cases");
    expect(refused).toMatchObject(problem(403, "permission.missing"));
    expect(refused.headers.get("www-authenticate")).toBe('Bearer error="insufficient_scope", scope="own-cases:read"');
  });

  test("is out at once when it is revoked", async () => {
    const api = await mine();
    expect((await api.get("/reasons")).status).toBe(200);
    await revokeApiClient(town.system, town.system.operator, api.id);
    expect(await api.get("/reasons")).toMatchObject(problem(401, "client.unknown"));
  });

  test("waits when it has asked too often, and others do not", async () => {
    const config = { ...town.system.config, api: { ...town.system.config.api, requestsPerMinute: 2 } };
    const app = createApp({ ...town.system, config }, signedIn(town.system.operator));
    const [one, other] = [await program(town.system), await program(town.system)];
    const api = asking(app, one.secret);
    expect((await api.get("/reasons")).headers.get("ratelimit")).toBe('"client";r=1;t=60');
    await api.get("/reasons");
    const late = await api.get("/reasons");
    expect(late).toMatchObject(problem(429, "client.too-many"));
    expect(late.headers.get("retry-after")).toBe("60");
    expect((await asking(app, other.secret).get("/reasons")).status).toBe(200);
  });

  test("waits when it asks for many things that are not there", async () => {
    const app = createApp(town.system, signedIn(town.system.operator));
    const api = asking(app, (await program(town.system)).secret);
    for (let tried = 0; tried < 30; tried++) {
      expect((await api.get(`/cases/2026-${String(90000 + tried)}`)).status).toBe(404);
    }
    expect((await api.get("/cases")).status).toBe(429);
  });
});
