import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp } from "#http";
import { day } from "#model";
import { countOwnQuestions, everything, listOwnCases, listOwnQuestions } from "#operations";
import { signedIn } from "../support/signed-in.ts";
import { providersTown, type Town } from "./api/providers.ts";
import { person, plain } from "./desk.ts";

let town: Town;
beforeAll(async () => {
  town = await providersTown();
  const { pool } = town.system.database;
  // A year's questions, answered and decided, with numbers after and before those that wait.
  for (const year of ["2025", "2026"])
    await pool.query(
      `WITH template AS (SELECT to_jsonb(c) AS row, n FROM cases c, generate_series(50001, 50075) n WHERE c.no = $1 AND c.tenant_id = '0192'),
       made AS (INSERT INTO cases SELECT (jsonb_populate_record(NULL::cases, row || jsonb_build_object('no', $2 || '-' || n,
         'key', $2 || n, 'state', 'closed', 'outcome', 'no-error', 'heard', true, 'decided_at', '2026-10-30T10:00:00Z'))).* FROM template
         RETURNING no)
       INSERT INTO case_events (tenant_id, case_no, at, by, by_name, kind, data) SELECT '0192', no, '2026-10-20T10:00:00Z', 'eva', 'Eva Ek',
         'request-explanation', '{}' FROM made`,
      [town.cases["f-3"], year],
    );
  await pool.query("UPDATE cases SET explanation_due_on = '2026-11-12' WHERE no = $1 AND tenant_id = '0192'", [
    town.cases["f-3"],
  ]);
}, 120_000);
afterAll(() => town?.[Symbol.asyncDispose]());

const frida = person("provider", "frida", { scope: { ...everything, providers: ["P1"] } });

test("questions that wait come first, the most urgent before, however many others there are", async () => {
  const app = createApp(town.system, signedIn(frida));
  const read = async (path: string) => {
    const text = await (await app.request(path)).text();
    return { text, nos: [...text.matchAll(/href="\/fragor\/(\d{4}-\d+)"/g)].map(([, no]) => no) };
  };
  const first = await read("/fragor");
  expect(first.nos).toHaveLength(100);
  expect(first.nos.slice(0, 3)).toEqual([town.cases["f-3"], town.cases["f-1"], "2026-50075"]);
  const [, next = ""] = /href="(\/fragor\?sida=\d+)"/.exec(first.text) ?? [];
  const second = await read(next);
  expect([second.nos.length, second.text.includes("?sida=")]).toEqual([52, false]);
  expect(new Set([...first.nos, ...second.nos]).size).toBe(152);
  expect(plain((await read("/")).text)).toContain("Frågor att svara på 2");
});

test("one query counts and lists them, and a unit's people have those of their unit alone", async () => {
  const { system } = town;
  let queries = 0;
  const database = system.database.restrict(frida);
  const counting = new Proxy(database.pool, {
    get: (pool, name) => {
      if (name === "query") queries++;
      return Reflect.get(pool, name) as unknown;
    },
  });
  const counted = { ...system, database: { ...database, pool: counting } };
  expect(await countOwnQuestions(counted, frida)).toEqual({ waiting: 2, nextDueOn: day("2026-11-12") });
  expect((await listOwnQuestions(counted, frida, { page: 1, limit: 100 })).cases).toHaveLength(100);
  expect((await listOwnCases(counted, frida, { after: "", limit: 100 })).cases).toHaveLength(100);
  expect(queries).toBe(3);
  const north = person("provider", "nora", { scope: { ...everything, providers: ["P1"], units: ["U1"] } });
  const own = { ...system, database: system.database.restrict(north) };
  expect(await countOwnQuestions(own, north)).toEqual({ waiting: 1, nextDueOn: day("2026-11-16") });
});
