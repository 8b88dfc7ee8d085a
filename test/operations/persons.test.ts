import { describe, expect, test } from "vitest";
import { checkDigit } from "#model";
import { actorOf, type Permission, revealPerson, type Role, type Scope, showPeople } from "#operations";
import { createApp } from "#http";
import { csrf, signedIn } from "../support/signed-in.ts";
import { testSystem, uploadKey } from "../support/system.ts";

const numberOf = (birth: string): string => `${birth}001${checkDigit(`${birth.slice(2)}001`)}`;
const [agda, bertil, hidden] = ["18900101", "18910202", "18920303"].map(numberOf);

const clients = [
  { id: "C1", name: "Agda Maria Östberg", personalIdentityNumber: agda },
  { id: "C2", name: "Lind, Bertil", personalIdentityNumber: bertil },
  { id: "C3", name: "Cilla Gren", personalIdentityNumber: hidden },
  // Another record of the same person says what the first does not.
  { id: "C3-2", personalIdentityNumber: hidden, protection: "protectedRegistration" },
  { id: "C4", name: "Disa Å", protection: "confidential" },
];
const visits = clients.map(({ id }, index) => {
  const start = `2026-10-05T0${index}:00:00Z`;
  return { id: `v-${id}`, clientId: id, unitId: "U1", staffId: "S1", start, status: "completed" };
});
const staff = [{ id: "S1", name: "Eva-Lisa Nord" }];

async function municipality() {
  const opened = await testSystem();
  const { system } = opened;
  const app = createApp(system, signedIn(actor("handler")));
  for (const [name, records] of Object.entries({ clients, visits, staff })) {
    const answer = await app.request(`/api/v1/intake/files?name=${name}.jsonl`, {
      method: "POST",
      headers: { authorization: `Bearer ${uploadKey}`, "idempotency-key": name },
      body: records.map((record) => JSON.stringify(record)).join("\n"),
    });
    expect(answer.status).toBe(202);
  }
  const log = async () => {
    const { rows } = await system.database.pool.query(
      "SELECT actor, role, unit, operation, subject, why FROM access_log",
    );
    return rows;
  };
  return { ...opened, log, [Symbol.asyncDispose]: opened[Symbol.asyncDispose] };
}

function actor(role: Role, more: readonly Permission[] = [], scope?: Scope) {
  const who = {
    id: "anna",
    name: "Anna",
    tenantId: "0192",
    role,
    unit: "Norr",
    ...(scope === undefined ? {} : { scope }),
  };
  return actorOf(who, more);
}

const texts = (people: Awaited<ReturnType<typeof showPeople>>) =>
  [...people.client.values(), ...people.staff.values()].map(({ id, text }) => [id, text.replace(/\d+/, "n")]);

describe("people in lists", () => {
  test("are initials and a short number, and protected ones not even that", async () => {
    await using town = await municipality();
    const pid = town.system.vault.identityRef(agda!);
    const wanted = { client: ["C1", "C2", "C3", "C3", "C4", "C9", null, pid], staff: ["S1"] };
    const people = await showPeople(town.system, actor("handler"), wanted);
    expect(Object.fromEntries(texts(people))).toEqual({
      C1: "AÖ · n",
      C2: "BL · n",
      C3: "Skyddad · n",
      C4: "Skyddad · n",
      C9: "Okänd",
      [pid]: "AÖ · n",
      S1: "EN · n",
    });
    // Whoever meets the same person by two ids sees that it is the same.
    expect(people.client.get(pid)?.text).toBe(people.client.get("C1")?.text);
    expect([...people.client.values()].every(({ name }) => name === null)).toBe(true);
    expect(new Set(texts(await showPeople(town.system, actor("handler"), wanted)))).toEqual(new Set(texts(people)));
  });

  test("are protected also where another id that is decided to be theirs is", async () => {
    await using town = await municipality();
    await town.system.database.pool.query(
      `INSERT INTO aliases (tenant_id, kind, source, id, same_as_source, same_as_id, evidence, who, at)
       VALUES ('0192', 'client', 'files', 'C4', 'other', 'X7', '', 'eva', now())`,
    );
    const people = await showPeople(town.system, actor("handler"), { client: ["X7", "C4"] });
    expect(people.client.get("X7")?.text).toMatch(/^Skyddad · \d+$/);
    expect(people.client.get("X7")?.text).toBe(people.client.get("C4")?.text);
  });

  test("are not for those who see no personal data", async () => {
    await using town = await municipality();
    for (const role of ["administrator", "provider"] as const) {
      await expect(showPeople(town.system, actor(role), { client: ["C1"] })).rejects.toMatchObject({
        kind: "forbidden",
      });
    }
  });
});

describe("a name", () => {
  test("is shown for a reason, which is recorded with who, role and unit", async () => {
    await using town = await municipality();
    const revealed = await revealPerson(town.system, actor("handler"), {
      kind: "client",
      id: "C1",
      why: " Ringer anhörig. ",
    });
    const people = await showPeople(town.system, actor("handler"), { client: ["C1", "C2"] }, revealed);
    expect([people.client.get("C1")?.name, people.client.get("C2")?.name]).toEqual(["Agda Maria Östberg", null]);
    expect(await town.log()).toEqual([
      {
        actor: "anna",
        role: "handler",
        unit: "Norr",
        operation: "reveal",
        subject: "client/C1",
        why: "Ringer anhörig.",
      },
    ]);
  });

  test("is refused without a reason, without permission, and of the protected without their own permission", async () => {
    await using town = await municipality();
    const ask = (who: ReturnType<typeof actor>, id: string, why = "Ringer anhörig.") =>
      revealPerson(town.system, who, { kind: "client", id, why });
    await expect(ask(actor("handler"), "C1", "abc ")).rejects.toMatchObject({ kind: "invalid" });
    for (const role of ["purchaser", "auditor", "administrator", "provider"] as const) {
      await expect(ask(actor(role), "C1")).rejects.toMatchObject({ kind: "forbidden" });
    }
    await expect(ask(actor("handler"), "C3")).rejects.toMatchObject({ kind: "forbidden" });
    const trusted = actor("handler", ["persons:protected"]);
    const revealed = await ask(trusted, "C3");
    expect((await showPeople(town.system, trusted, { client: ["C3"] }, revealed)).client.get("C3")?.name).toBe(
      "Cilla Gren",
    );
    expect(
      (await showPeople(town.system, actor("handler"), { client: ["C3"] }, revealed)).client.get("C3")?.name,
    ).toBeNull();
    expect(await town.log()).toHaveLength(1);
  });

  test("is the same nothing for whom nobody knows and for whom is not the reader's", async () => {
    await using town = await municipality();
    const scope = { providers: ["P1"], units: null, groups: null };
    const who = actor("handler", [], scope);
    const needs = { ...town.system, database: town.system.database.restrict(who) };
    const ask = (id: string) => revealPerson(needs, who, { kind: "client", id, why: "Ringer anhörig." }).catch(String);
    expect(await ask("C1")).toBe(await ask("C99"));
    expect(await town.log()).toEqual([]);
  });

  test("is shown by a form once, and never in an address", async () => {
    await using town = await municipality();
    const app = createApp(town.system, signedIn(actor("handler")));
    const send = (fields: Record<string, string>) => {
      const body = new URLSearchParams({ _csrf: csrf, till: "/fynd?sida=2", ...fields }).toString();
      const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) };
      return app.request("/personer/visa", { method: "POST", headers, body });
    };
    const answer = await send({ vem: "client/C1", skal: "Ringer anhörig." });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/fynd?sida=2"]);
    expect(await (await app.request("/fynd")).text()).toContain("Namnet visas den här gången.");
    expect(await (await app.request("/fynd")).text()).not.toContain("Namnet visas");
    const away = await send({ vem: "client/C1", skal: "Ringer anhörig.", till: "//annan.example" });
    expect(away.headers.get("location")).toBe("/");
    expect((await send({ vem: "client/C1", skal: "" })).status).toBe(422);
    expect((await send({ vem: "order/1", skal: "Ringer anhörig." })).status).toBe(404);
  });
});
