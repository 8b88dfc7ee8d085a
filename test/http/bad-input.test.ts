import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp, type Guard, openSignIn } from "#http";
import { instant } from "#model";
import { type Actor, actorOf, announceChanges, openCases, pageIds, permissions } from "#operations";
import { writeFindings } from "#store";
import { finding } from "../support/finding.ts";
import { csrf, signedIn } from "../support/signed-in.ts";
import { testSystem, uploadKey } from "../support/system.ts";

const at = instant("2026-11-01T03:30:00Z");

const markup = [
  "<script>alert(1)</script>",
  `"><img src=x onerror=alert(1)>`,
  "'><svg/onload=alert(1)>",
  "</textarea></select><script>alert(1)</script>",
  "javascript:alert(1)",
  "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
];
const formulas = ["=1+1", `\t@HYPERLINK("http://x")`];
const strange = [
  "\u202Egnir gnp.exe\u2066 \u200f",
  "nul \u0000 \u0007 \u001b[31m",
  "\ud800 ensam",
  "田中さん 😀 ٱلْعَرَبِيَّة Z̸̙͈a̷̙͋l̵͓g̶̣o̷",
  "'; DROP TABLE cases; --",
  "%00 %0d%0aSet-Cookie: a=b",
  "\r\nSet-Cookie: a=b",
  "../../../etc/passwd",
  "//evil.example/",
  "__proto__",
  "constructor",
  "client/",
  "undefined",
  "null",
  "NaN",
  "-1",
  "1e309",
  "9".repeat(400),
  "99999999999",
  "2026-02-31",
  "99999-12-31",
  "0001-01-01",
  " ",
  "å".repeat(30_000),
];
const naughty = [...markup, ...formulas, ...strange];

/** What no answer may have in it as it was sent: it would be markup, or turn the text around. */
const raw = /<script>alert|<img src=x|<svg\/onload|[\u202a-\u202e\u2066-\u2069\u200f\u0000\u001b]/;

const everybody: Actor = {
  ...actorOf({ id: "eva", name: "Eva Ek", tenantId: "0192", role: "handler" }),
  permissions: new Set(permissions),
};

/** Some pages are of one provider. */
const own: Actor = { ...everybody, scope: { providers: ["P1"], units: null, groups: null } };

let town: Awaited<ReturnType<typeof testSystem>>;
let app: ReturnType<typeof createApp>;
let caseNo: string;
beforeAll(async () => {
  town = await testSystem();
  const { system } = town;
  // The demonstration has the most pages.
  const demo = { ...system, config: { ...system.config, database: "" } };
  const [ofAll, ofOwn] = [signedIn(everybody), signedIn(own)];
  app = createApp(demo, {
    authenticate: (c) => (/^\/(bestallningar|fragor|manad)/.test(c.req.path) ? ofOwn : ofAll).authenticate(c),
    signIn: openSignIn(demo).signIn,
  });
  const send = (name: string, ...records: object[]) =>
    app.request(`/api/v1/intake/files?name=${name}.jsonl`, {
      method: "POST",
      headers: { authorization: `Bearer ${uploadKey}`, "idempotency-key": name },
      body: records.map((record) => JSON.stringify(record)).join("\n"),
    });
  await send(
    "providers",
    { id: "P1", organisationNumber: "212000-1355", name: "Norr", regime: "municipal" },
    { id: "P2" },
  );
  await send("contracts", {
    id: "K1",
    providerId: "P1",
    reference: "Avtal 1",
    validFrom: "2026-01-01",
    terms: { price: [{ orePerHour: 48_000 }] },
  });
  await send("clients", { id: "C1", name: "Agda Öst" });
  await send("units", { id: "U1", providerId: "P1", name: "Norr" });
  await send("orders", {
    id: "o-1",
    clientId: "C1",
    unitId: "U1",
    status: "sent",
    orderedAt: "2026-10-05T10:00",
    validFrom: "2026-10-12",
    lines: [{ id: "o-1-1", service: "omvardnad", minutes: 30, times: 1, per: "day" }],
  });
  await announceChanges(system, system.tenantId);
  await writeFindings(system.database, system.tenantId, { evaluated: "all", findings: [finding("f-1")], at });
  await openCases(system, system.operator);
  await system.database.pool.query(
    `INSERT INTO users (tenant_id, issuer, subject, name, roles, first_seen_at, last_seen_at)
     VALUES ('0192', 'demo', 'bo', 'Bo Berg', '{handler}', now(), now())`,
  );
  const { rows } = await system.database.pool.query<{ no: string }>("SELECT no FROM cases");
  caseNo = rows[0]!.no;
}, 60_000);
afterAll(() => town?.[Symbol.asyncDispose]());

/** An address of a route, of what there is. */
const filledIn = (path: string): string =>
  path
    .replaceAll(/:no\{\\d\{4\}-\\d\+\}/g, caseNo)
    .replaceAll(/:(\w+)(\{(?:[^{}]|\{[^}]*\})*\})?/g, (_, name: string, form = "") => {
      if (/\\d|0-9/.test(form)) return "1";
      if (name === "source") return "files";
      if (path.startsWith("/bestallningar")) return pageIds(town.system, own).seal("order", 1);
      return path.startsWith("/avtal") ? "K1" : path.startsWith("/regler") ? "staff-overlap" : "finns-inte";
    });

/** Where forms are sent; programs send their files elsewhere. */
const posts = () => [
  ...new Set(app.routes.flatMap(({ method, path }) => (method === "POST" && !path.startsWith("/api/") ? [path] : []))),
];

type Fields = ReadonlyArray<readonly [name: string, value: string]>;

const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll("&quot;", '"').replaceAll("&amp;", "&");

/** Every form on every page, by where it is sent, with its fields and what stands in them. */
async function formsOnPages(sent: "post" | "get"): Promise<Map<string, Fields>> {
  const forms = new Map<string, Fields>();
  const pages = new Set(
    app.routes.flatMap(({ method, path, handler }) =>
      method === "GET" && (handler as Partial<Guard>).needs !== undefined ? [filledIn(path)] : [],
    ),
  );
  for (const page of pages) {
    const response = await app.request(page);
    if (!response.headers.get("content-type")?.startsWith("text/html")) continue;
    for (const [, head = "", inside = ""] of (await response.text()).matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
      if (attribute(head, "method") !== sent) continue;
      const tags = [...inside.matchAll(/<(?:input|textarea|button)\b[^>]*>/g)].map(([tag]) => tag);
      const choices = [...inside.matchAll(/(<select\b[^>]*>)\s*<option value="([^"]*)"/g)];
      const fields = [
        ...tags.map((tag) => [attribute(tag, "name"), attribute(tag, "value") ?? ""] as const),
        ...choices.map(([, tag = "", value = ""]) => [attribute(tag, "name"), value] as const),
      ].filter((field): field is readonly [string, string] => field[0] !== undefined && field[0] !== "_csrf");
      forms.set(attribute(head, "action")!.split("#")[0]!, fields);
      for (const tag of tags) {
        const elsewhere = attribute(tag, "formaction");
        if (elsewhere !== undefined) forms.set(elsewhere, fields);
      }
    }
  }
  return forms;
}

/** Fields of forms that a page has only in some states, or for some roles. */
const otherForms = (): Record<string, Fields> => {
  const version = ["version", "1"] as const;
  const of = (...names: string[]): Fields => [version, ...names.map((name) => [name, ""] as const)];
  return {
    [`/arenden/${caseNo}/ta-fram`]: of(),
    [`/arenden/${caseNo}/bedomning`]: of("finding", "judgement"),
    [`/arenden/${caseNo}/forklaring`]: of("answer", "from"),
    [`/arenden/${caseNo}/godkann`]: of("note"),
    [`/arenden/${caseNo}/avsla`]: of("reason"),
    [`/arenden/${caseNo}/ta-tillbaka`]: of(),
    [`/arenden/${caseNo}/avsluta`]: of("note"),
    [`/arenden/${caseNo}/oppna`]: of("reason"),
    [`/arenden/${caseNo}/post`]: of("slag", "kalla", "id", "sida", "rad", "reason"),
    "/arenden/angra": of("batch"),
    "/arenden/vyer/1/bort": of(),
    "/konto/roll": of("roll"),
    "/logga-in": of("vem", "till"),
    "/granskning": of("id", "bedomning", "fel", "anteckning"),
    "/identiteter/1/aterta": of("skal"),
    "/regler/staff-overlap/slapp": of("skal"),
    "/regler/staff-overlap/beslut": of("no", "beslut", "skal"),
    "/regler/staff-overlap/undantag/slut": of("id", "till", "skal"),
    "/avtal/files/K1/beslut": of("no", "beslut", "skal"),
    [`/fragor/${caseNo}/svar`]: of("orsak", "text"),
    "/manad/fil": of("manad", "format"),
    "/mottagare/finns-inte/ping": of(),
    "/mottagare/finns-inte/prov": of("typ"),
    "/mottagare/finns-inte/paus": of(),
    "/mottagare/finns-inte/igang": of(),
    "/mottagare/finns-inte/avsluta": of(),
    "/mottagare/finns-inte/urval": of("typer", "enheter", "ordning", "beskrivning"),
    "/mottagare/finns-inte/nyckel": of("nyckel"),
    "/mottagare/finns-inte/skicka-om": of("handelse", "typ", "lage", "fran", "till"),
    "/program/finns-inte/aterkalla": of(),
    "/program/finns-inte/byt": of("nycklar"),
    "/avrakning/export": of("manad", "format", "skal"),
    "/avrakning/underlag/export": of("manad", "utforare", "format", "skal"),
  };
};

async function send(path: string, fields: Fields) {
  const form = new URLSearchParams([
    ["_csrf", csrf],
    ...fields.map(([name, value]): [string, string] => [name, value]),
  ]);
  const body = form.toString();
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(Buffer.byteLength(body)),
  };
  const response = await app.request(path, { method: "POST", headers, body });
  const pdf = /pdf|zip|sheet/.test(response.headers.get("content-type") ?? "");
  const text = await response.text();
  return { status: response.status, headers: response.headers, text: pdf ? "" : text };
}

/** What is wrong with an answer: it broke, is markup, or carries what was sent in its head. */
function faults(path: string, what: string, { status, headers, text }: Awaited<ReturnType<typeof send>>): string[] {
  const said = `${path} ${JSON.stringify(what.slice(0, 40))}: ${status}`;
  return [
    ...(status >= 500 ? [said] : []),
    ...(raw.test(text) ? [`${said} markup: ${raw.exec(text)?.[0]}`] : []),
    ...(headers.get("set-cookie")?.includes("a=b") === true ? [`${said} header`] : []),
    ...(/^(?:\w+:)?\/\/(?!localhost)/.test(headers.get("location") ?? "") ? [`${said} leads elsewhere`] : []),
  ];
}

describe("every form", { timeout: 300_000 }, () => {
  test("takes anything as text, or refuses it in words", async () => {
    const forms = await formsOnPages("post");
    for (const [path, fields] of Object.entries(otherForms())) if (!forms.has(path)) forms.set(path, fields);
    // Stands on the page that follows, with what was filled in.
    const trial = "/regler/staff-overlap/provning";
    forms.set(`${trial}.csv`, forms.get(trial) ?? []);
    const wanted = posts().map(filledIn);
    expect(wanted.length).toBeGreaterThan(25);
    expect(wanted.filter((path) => !forms.has(path))).toEqual([]);
    const wrong: string[] = [];
    for (const path of wanted) {
      const fields = forms.get(path)!;
      for (const text of naughty) {
        // As somebody fills it in who leaves alone what is filled in already, and as nobody does.
        const free = fields.map(([name, value]) => [name, value === "" ? text : value] as const);
        const all = fields.map(([name]) => [name, text] as const);
        for (const filled of [free, all]) wrong.push(...faults(path, text, await send(path, filled)));
      }
      wrong.push(...faults(path, "nothing", await send(path, [])));
      wrong.push(...faults(path, "twice", await send(path, [...fields, ...fields])));
    }
    expect([...new Set(wrong)]).toEqual([]);
  });

  test("that chooses what is shown shows something, or refuses in words", async () => {
    const wrong: string[] = [];
    const forms = await formsOnPages("get");
    expect([...forms.keys()]).toEqual(expect.arrayContaining(["/arenden", "/arenden/sok", "/fynd", "/logg"]));
    for (const [path, fields] of forms) {
      for (const text of naughty) {
        const query = new URLSearchParams(fields.map(([name]): [string, string] => [name, text])).toString();
        const response = await app.request(`${path}?${query}`);
        const { status, headers } = response;
        wrong.push(...faults(path, text, { status, headers, text: await response.text() }));
      }
    }
    expect(wrong).toEqual([]);
  });

  test("has left nothing on any page but text", async () => {
    const wrong: string[] = [];
    for (const { method, path, handler } of app.routes) {
      if (method !== "GET" || (handler as Partial<Guard>).needs === undefined) continue;
      const response = await app.request(filledIn(path));
      const html = response.headers.get("content-type")?.startsWith("text/html") === true;
      const text = html ? await response.text() : "";
      if (response.status >= 500 || raw.test(text)) wrong.push(`${path}: ${response.status} ${raw.exec(text)?.[0]}`);
    }
    expect(wrong).toEqual([]);
    // What was written is there, as it was written.
    const page = await (await app.request(`/arenden/${caseNo}`)).text();
    expect(page.includes("&lt;script&gt;alert(1)&lt;/script&gt;")).toBe(true);
  });

  test("refuses a file of more than it takes, and takes none where it has no place for one", async () => {
    const wrong: string[] = [];
    for (const path of posts()) {
      const form = new FormData();
      form.set("_csrf", csrf);
      for (const name of ["file", "name", "text", "skal", "reason"])
        form.set(
          name,
          new File(
            [Buffer.alloc(name === "file" ? 10 * 2 ** 20 + 1 : 1000, "=1<script>alert(1)</script>")],
            `${markup[1]!}\u202E.txt`,
          ),
        );
      const request = new Request(`http://localhost${filledIn(path)}`, { method: "POST", body: form });
      const body = Buffer.from(await request.arrayBuffer());
      const headers = { "content-type": request.headers.get("content-type")!, "content-length": String(body.length) };
      const response = await app.request(request.url, { method: "POST", headers, body });
      const { status } = response;
      const text = await response.text();
      // Whoever is not signed in is only led back.
      if (path === "/logga-in" && status === 303) continue;
      if (![413, 422].includes(status) || raw.test(text) || !text.includes("<h1")) wrong.push(`${path}: ${status}`);
    }
    expect(wrong).toEqual([]);
  });

  test("takes a file of ten megabytes under any name, and gives it back as it was", async () => {
    const content = Buffer.alloc(10 * 2 ** 20, "=1<script>alert(1)</script>\n");
    const form = new FormData();
    form.set("_csrf", csrf);
    form.set("file", new File([content], `=cmd ${markup[1]!}\u202Egpj.txt`));
    const request = new Request("http://localhost/", { method: "POST", body: form });
    const body = Buffer.from(await request.arrayBuffer());
    const headers = { "content-type": request.headers.get("content-type")!, "content-length": String(body.length) };
    const taken = await app.request(`/arenden/${caseNo}/bilaga`, { method: "POST", headers, body });
    expect(taken.status).toBe(303);
    const page = await (await app.request(`/arenden/${caseNo}`)).text();
    expect(raw.test(page)).toBe(false);
    const href = /href="(\/arenden\/[^"]+\/bilagor\/[^"]+)"/.exec(page)![1]!;
    const given = await app.request(href);
    expect(given.headers.get("content-disposition")).toMatch(/^attachment; filename\*=UTF-8''[\w%.~()'*!-]+$/);
    expect(Buffer.from(await given.arrayBuffer()).equals(content)).toBe(true);
  });
});
