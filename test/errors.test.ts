import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { sql } from "drizzle-orm";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { SaxesParser } from "saxes";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openHttp } from "#adapter";
import { loggable } from "#errors";
import { openLog } from "#log";
import { testDatabase } from "./support/database.ts";

// Invented: birth year 1890, right check digit.
const number = "189003019802";
const name = "Hjördis Påhittad";
const secret = "nyckel-som-ingen-får-se";

/** The log line that an error becomes. */
function lineOf(error: unknown): string {
  let line = "";
  openLog("info", { write: (text: string) => (line += text) }).error({ error }, "failed");
  return line;
}

async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown.");
}

/** Asserts that an error leaves nothing of the person in its log line, and that it leaves a line. */
function expectNothingPersonal(error: unknown): void {
  const line = lineOf(error);
  expect(line).toContain('"error":{');
  for (const value of [number, "9003019802", name, "Hjördis", secret]) expect(line).not.toContain(value);
}

describe("loggable lets no personal value through", () => {
  test("of the database driver and of drizzle", async () => {
    await using system = await testDatabase();
    const { pool, orm } = system.database;
    await pool.query("create table people (number text primary key, name text not null check (length(name) < 5))");
    await pool.query("insert into people values ($1, 'Bo')", [number]);
    const failures = [
      () => pool.query("insert into people values ($1, $2)", [number, name]),
      () => pool.query("insert into people values ($1, 'Bo')", [number]),
      () => pool.query(`insert into people values ('${number}', '${name}')`),
      () => pool.query("select $1::int", [number + name]),
      () => pool.query(`select * from "${name}"`),
      () => orm.execute(sql`insert into people values (${number}, ${name})`),
      () => orm.execute(sql`select ${name}::date`),
    ];
    for (const failure of failures) expectNothingPersonal(await thrownBy(failure));
    // What helps to find the fault stays.
    const broken = lineOf(await thrownBy(() => orm.execute(sql`insert into people values (${number}, 'Bo')`)));
    expect(broken).toContain("people_pkey");
    expect(broken).toContain("23505");
  });

  test("of zod", async () => {
    const person = z.strictObject({ number: z.string().max(5), kind: z.enum(["a", "b"]), at: z.iso.date() });
    const error = await thrownBy(() => person.parse({ number, kind: name, at: number, [name]: 1 }));
    expectNothingPersonal(error);
    expect(lineOf(error)).toContain("number: too_big");
    expectNothingPersonal(await thrownBy(() => z.record(z.string(), z.number()).parse({ [name]: number })));
  });

  test("of the HTTP client, whose addresses hold keys and personal identity numbers", async () => {
    const server = createServer((_request, response) => response.writeHead(500).end(`${name} ${number}`)).listen(
      0,
      "127.0.0.1",
    );
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const http = openHttp({ baseUrl: `http://127.0.0.1:${port}/`, secretQuery: { key: secret }, retriesMax: 0 });
    const query = { q: `PersonId='${number}'` };
    expectNothingPersonal(await thrownBy(() => http.request(`/clients/${number}`, { query })));
    server.close();
    await once(server, "close");
    expectNothingPersonal(await thrownBy(() => http.request(`/clients/${number}`, { query })));
    expectNothingPersonal(await thrownBy(() => fetch(`http://127.0.0.1:1/?q=${number}&key=${secret}`)));
    expectNothingPersonal(await thrownBy(() => fetch(`http://${name} ${number}/`)));
  });

  test("of the XML parsers and of JSON", async () => {
    const broken = `<Brukare personnummer="${number}"><Namn>${name}</Namn>`;
    expectNothingPersonal(await thrownBy(() => new XMLParser().parse(`${broken}<!ENTITY x "${name}">`, true)));
    const invalid = XMLValidator.validate(broken);
    expectNothingPersonal(Object.assign(new Error(invalid === true ? "" : invalid.err.msg), invalid));
    expectNothingPersonal(await thrownBy(() => new SaxesParser().write(`${broken}</${number}>`).close()));
    expectNothingPersonal(await thrownBy(() => JSON.parse(`{"${name}": ${number}x}`)));
  });

  test("of a chain of causes, and of what is not an error", () => {
    const error = new TypeError(`fetch failed for ${name}`, {
      cause: new Error(number, { cause: new RangeError(secret) }),
    });
    expectNothingPersonal(error);
    expectNothingPersonal({ message: name, number });
    expect(loggable(name)).toEqual({ name: "string" });
  });
});
