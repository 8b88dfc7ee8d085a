import { describe, expect, test } from "vitest";
import { everything } from "#operations";
import { desk, person, plain } from "./desk.ts";

const ada = person("administrator", "ada");

describe("sources and quarantine", () => {
  test("a source's runs stand one after the other, with how far it was read", async () => {
    await using town = await desk();
    await town.upload(
      "providers-1.jsonl",
      '{"id":"P1","organisationNumber":"212000-1355","name":"Norr","regime":"municipal"}\n',
    );
    await town.upload("providers-2.jsonl", '{"id":"P2"}\n');
    const list = await town.as(ada).get("/kallor");
    expect(list.text).toContain('href="/kallor/files/providers"');
    expect(list.text).toContain('href="/karantan?kalla=files"');
    const runs = plain((await town.as(ada).get("/kallor/files/providers")).text);
    expect(runs).toMatch(/Delvis läst – 1 0 1.*Fungerar – 1 1 0/);
    for (const path of ["/kallor/files/finns-inte", "/kallor/annan/providers", "/kallor/files/constructor"])
      expect((await town.as(ada).get(path)).status).toBe(404);
  });

  test("a record is shown without what could name somebody, a line by its shape", async () => {
    await using town = await desk();
    await town.upload(
      "visits-1.jsonl",
      '{"id":"v-1","clientId":"Agda Öst","unitId":"U1","start":"2026-10-05T08:00:00Z","status":"påbörjat 18901212-2384"}\nAgda Öst, 0702\n',
    );
    const list = await town.as(ada).get("/karantan?kalla=files");
    const numbers = [...list.text.matchAll(/href="\/karantan\/(\d+)"/g)].map(([, no]) => no);
    expect(numbers).toHaveLength(2);
    const pages = await Promise.all(numbers.map(async (no) => (await town.as(ada).get(`/karantan/${no}`)).text));
    const all = plain(pages.join(" "));
    for (const shown of ["clientId dolt", "start 2026-10-05T08:00:00Z", "status dolt", "xxxx xxx, 0000"])
      expect(all).toContain(shown);
    for (const hidden of ["Agda", "Öst", "18901212", "2384", "0702"]) expect(all).not.toContain(hidden);
    expect((await town.as(ada).get("/karantan/999999")).status).toBe(404);
    const { rows } = await town.system.database.pool.query("SELECT FROM access_log WHERE operation = 'quarantine'");
    expect(rows).toHaveLength(2);
  });

  test("what can be read now is read when somebody tries again, and the rest still waits", async () => {
    await using town = await desk();
    await town.upload("providers-1.jsonl", '{"id":"P1"}\n');
    expect((await town.as(ada).post("/karantan/forsok", { kalla: "files" })).status).toBe(303);
    expect(plain((await town.as(ada).get("/karantan")).text)).toContain("1 post är prövad, 0 gick igenom, 1 väntar.");
    expect(plain((await town.as(ada).get("/karantan")).text)).toMatch(/1 files\/providers.* 2 /);
    expect((await town.as(ada).post("/karantan/forsok", { kalla: "annan" })).status).toBe(404);
    const auditor = person("auditor", "rut");
    expect((await town.as(auditor).get("/karantan")).text).not.toContain("/karantan/forsok");
    expect((await town.as(auditor).post("/karantan/forsok")).status).toBe(403);
    const part = person("administrator", "per", { scope: { ...everything, providers: ["P1"] } });
    expect((await town.as(part).post("/karantan/forsok")).status).toBe(403);
  });
});
