import { describe, expect, test } from "vitest";
import { createApp } from "#http";
import { readerOf } from "#operations";
import { claimKey } from "#store";
import { signedIn } from "../support/signed-in.ts";
import { testSystem, uploadKey } from "../support/system.ts";

const providers = [
  { id: "P1", organisationNumber: "212000-1355", name: "Hemtjänsten Norr", regime: "municipal" },
  { id: "P2", organisationNumber: "556000-4615", name: "Omsorg & Hem AB", regime: "private" },
]
  .map((provider) => `${JSON.stringify(provider)}\n`)
  .join("");

interface Sent {
  source?: string;
  name?: string | null;
  apiKey?: string;
  idempotencyKey?: string | null;
  body?: string | ReadableStream;
}

async function intake(limits?: { uploadBytesMax: number }) {
  const opened = await testSystem();
  const { system } = opened;
  const app = createApp(system, { ...signedIn(readerOf(system.tenantId)), ...limits });
  async function send(sent: Sent = {}) {
    const {
      source = "files",
      name = "providers.jsonl",
      apiKey = uploadKey,
      idempotencyKey = crypto.randomUUID(),
    } = sent;
    const response = await app.request(`/api/v1/intake/${source}${name === null ? "" : `?name=${name}`}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(idempotencyKey === null ? {} : { "idempotency-key": idempotencyKey }),
      },
      body: sent.body ?? providers,
      duplex: "half",
    } as RequestInit);
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      body: (await response.json()) as Record<string, unknown>,
    };
  }
  const names = async () => {
    const { rows } = await system.database.pool.query<{ name: string }>("SELECT name FROM providers ORDER BY id");
    return rows.map(({ name }) => name);
  };
  const runs = async () =>
    (await system.database.pool.query<{ n: number }>("SELECT count(*) AS n FROM source_runs")).rows[0]?.n;
  return { ...opened, send, names, runs, [Symbol.asyncDispose]: opened[Symbol.asyncDispose] };
}

const problem = (status: number, type: string) =>
  expect.objectContaining({
    status,
    type: "application/problem+json; charset=utf-8",
    body: expect.objectContaining({
      type: `/problems/${type}`,
      status,
      title: expect.any(String) as unknown,
    }) as unknown,
  });

describe("POST /api/v1/intake/{source}", () => {
  test("takes JSON Lines, and says how many records were accepted", async () => {
    await using api = await intake();
    expect(await api.send()).toEqual({
      status: 202,
      type: "application/json",
      body: { resource: "providers", state: "ok", seen: 2, accepted: 2, quarantined: 0, repeated: 0, notices: [] },
    });
    expect(await api.names()).toEqual(["Hemtjänsten Norr", "Omsorg & Hem AB"]);
  });

  test("takes CSV", async () => {
    await using api = await intake();
    const body = "id;organisationNumber;name;regime\r\nP1;212000-1355;Hemtjänsten Söder;municipal\r\n";
    expect(await api.send({ name: "providers.csv", body })).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect(await api.names()).toEqual(["Hemtjänsten Söder"]);
  });

  test("puts lines that do not fit into quarantine and takes the rest", async () => {
    await using api = await intake();
    const body = `${providers}{"id":"P3"}\nthis is no record\n`;
    const { status, body: answer } = await api.send({ body });
    expect({ status, answer }).toMatchObject({
      status: 202,
      answer: { state: "partly", seen: 4, accepted: 2, quarantined: 2 },
    });
  });

  test("knows a file that it has by its content, under whatever key and name", async () => {
    await using api = await intake();
    await api.send();
    const again = await api.send({ name: "providers-2.jsonl" });
    expect(again).toMatchObject({ status: 202, body: { state: "ok", accepted: 0, quarantined: 0, repeated: 1 } });
    expect(await api.names()).toHaveLength(2);
  });

  test("answers the same to the same key and content, and does nothing more", async () => {
    await using api = await intake();
    const first = await api.send({ idempotencyKey: "k-1" });
    const before = await api.runs();
    expect(await api.send({ idempotencyKey: "k-1" })).toEqual(first);
    expect(await api.runs()).toBe(before);
  });

  test("refuses other content, or another name, under a key that was used", async () => {
    await using api = await intake();
    await api.send({ idempotencyKey: "k-1" });
    const other = providers.replace("Norr", "Syd");
    expect(await api.send({ idempotencyKey: "k-1", body: other })).toEqual(problem(422, "idempotency.other-content"));
    expect(await api.send({ idempotencyKey: "k-1", name: "providers-2.jsonl" })).toEqual(
      problem(422, "idempotency.other-content"),
    );
    expect((await api.names())[0]).toBe("Hemtjänsten Norr");
  });

  test("lets a key be used again after a request that failed", async () => {
    await using api = await intake();
    const broken = "name;regime\r\nNågon;private\r\n";
    const sent = { idempotencyKey: "k-1", name: "providers.csv" };
    expect(await api.send({ ...sent, body: broken })).toEqual(problem(422, "adapter.invalid-file"));
    const whole = "id;organisationNumber;name;regime\r\nP1;212000-1355;Någon;private\r\n";
    expect(await api.send({ ...sent, body: whole })).toMatchObject({ status: 202, body: { accepted: 1 } });
  });

  test("answers 409 while a request with the key is being worked on, but not for ever after a crash", async () => {
    await using api = await intake();
    const { database, tenantId, now } = api.system;
    const key = { operation: "intake/files", key: "k-1" };
    expect(await claimKey(database, tenantId, key, now() - 60_000)).toBe("claimed");
    expect(await api.send({ idempotencyKey: "k-1" })).toEqual(problem(409, "idempotency.busy"));
    await database.pool.query("UPDATE idempotency_keys SET claimed_at = claimed_at - interval '10 minutes'");
    expect(await api.send({ idempotencyKey: "k-1" })).toMatchObject({ status: 202, body: { accepted: 2 } });
  });

  test("does two requests with one key at once only once", async () => {
    await using api = await intake();
    const both = await Promise.all([api.send({ idempotencyKey: "k-1" }), api.send({ idempotencyKey: "k-1" })]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409]);
    expect(await api.runs()).toBe(1);
  });

  test("refuses a wrong API key and a source that is not there with the same words", async () => {
    await using api = await intake();
    const wrong = await api.send({ apiKey: "fel-nyckel-0123456789" });
    expect(wrong).toEqual(problem(403, "intake.refused"));
    expect(await api.send({ source: "elsewhere" })).toEqual(wrong);
    expect(await api.send({ apiKey: "" })).toEqual(wrong);
    expect(await api.names()).toEqual([]);
  });

  test("refuses a name that says nothing of what the file holds, or leads elsewhere", async () => {
    await using api = await intake();
    expect(await api.send({ name: "lista.jsonl" })).toEqual(problem(422, "adapter.invalid-file"));
    expect(await api.send({ name: null })).toEqual(problem(400, "intake.request"));
    expect(await api.send({ name: "..%2Fproviders.jsonl" })).toEqual(problem(400, "intake.request"));
  });

  test("refuses a request without Idempotency-Key", async () => {
    await using api = await intake();
    expect(await api.send({ idempotencyKey: null })).toEqual(problem(400, "intake.request"));
    expect(await api.send({ idempotencyKey: "x".repeat(201) })).toEqual(problem(400, "intake.request"));
  });

  test("refuses a file that is too large, also where its size is not said beforehand", async () => {
    await using api = await intake({ uploadBytesMax: providers.length });
    const large = `${providers}${providers}`;
    expect(await api.send({ body: large })).toEqual(problem(413, "intake.too-large"));
    expect(await api.send({ body: new Blob([large]).stream() })).toEqual(problem(413, "intake.too-large"));
  });

  test("answers 503 where the database is gone", async () => {
    await using api = await intake();
    await api.drop();
    expect(await api.send()).toEqual(problem(503, "database.unavailable"));
  });
});
