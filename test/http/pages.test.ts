import { describe, expect, test } from "vitest";
import { createApp } from "#http";
import { day, instant } from "#model";
import { readerOf } from "#operations";
import { endRun, type NewFinding, type NewSettlementLine, startRun, writeFindings, writeSettlement } from "#store";
import { finding } from "../support/finding.ts";
import { settlementLine } from "../support/settlement-line.ts";
import { signedIn } from "../support/signed-in.ts";
import { testSystem, uploadKey } from "../support/system.ts";

const at = instant("2026-11-01T03:30:00Z");

function line(month: string, registered: number, more: Partial<NewSettlementLine> = {}): NewSettlementLine {
  const minutes = {
    granted: 1860,
    planned: 1800,
    registered,
    payable: registered,
    declined: 30,
    missed: 60,
    claimed: 0,
  };
  const ore = { payable: 0, claimed: 0, overbilled: 131_750, unbilled: 0 };
  return settlementLine("C9", { month, unit: "U3", minutes, ore, ...more });
}

/** A municipality after a night with these findings and figures. */
async function served(findings: readonly NewFinding[] = [], lines: readonly NewSettlementLine[] = []) {
  const opened = await testSystem();
  const { system } = opened;
  const { database, tenantId } = system;
  await writeFindings(database, tenantId, { evaluated: "all", findings, at });
  await writeSettlement(database, tenantId, { evaluated: "all", lines, at });
  const app = createApp(system, signedIn(readerOf(tenantId)));
  const get = async (path: string) => {
    const response = await app.request(path);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const upload = (name: string, ...records: unknown[]) =>
    app.request(`/api/v1/intake/files?name=${name}`, {
      method: "POST",
      headers: { authorization: `Bearer ${uploadKey}`, "idempotency-key": name },
      body: records.map((record) => JSON.stringify(record)).join("\n"),
    });
  const night = async () => {
    const run = await startRun(database, tenantId, { kind: "night", day: day("2026-11-01"), at });
    await endRun(database, run, { outcome: "incomplete", at, summary: {} });
  };
  return { ...opened, app, get, upload, night, [Symbol.asyncDispose]: opened[Symbol.asyncDispose] };
}

const pages = ["/", "/fynd", "/avrakning", "/kallor", "/karantan"];
const provider = { id: "P1", organisationNumber: "212000-1355", name: "Hemtjänsten Norr", regime: "municipal" };
/** Cells of the tables' bodies, as text. */
const cells = (html: string) =>
  [...html.matchAll(/<td[^>]*>([\s\S]*?)<\/td>/g)].map(([, cell = ""]) =>
    cell
      .replace(/<[^>]*>/g, "")
      .replace(/\s+/g, " ")
      .trim(),
  );

describe("every page", () => {
  test("says what to do where there is nothing yet", async () => {
    await using app = await served();
    for (const path of pages) {
      const { status, text } = await app.get(path);
      expect(status).toBe(200);
      expect(text).toContain('<html lang="sv"');
    }
    expect((await app.get("/")).text).toContain("npx klarsyn night");
    expect((await app.get("/fynd")).text).toContain("Inga öppna fynd här.");
    expect((await app.get("/avrakning")).text).toContain("De kommer med den första natten.");
    expect((await app.get("/karantan")).text).toContain("Ingenting väntar i karantän.");
  });

  test("may load nothing from elsewhere, runs only our own script, and is kept by nobody on the way", async () => {
    await using app = await served();
    for (const path of [...pages, "/finns-inte"]) {
      const { headers, text } = await app.get(path);
      expect(headers.get("content-security-policy")).toBe(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(text).not.toMatch(
        /<script(?! type="module" src="\/assets\/)|<style|\sstyle=|\son\w+=|(?:src|href)="(?:https?:)?\/\//i,
      );
    }
  });

  test("shows hostile text of a source as text", async () => {
    const hostile = `"><script>alert(1)</script>&\u202egnirts`;
    await using app = await served(
      [finding("a", { provider: hostile, client: hostile, staff: `pid:${hostile}`, reason: hostile })],
      [line("2026-10", 5, { provider: hostile, unit: hostile, client: hostile, service: hostile })],
    );
    await app.upload("providers.jsonl", { ...provider, id: hostile, name: `<img src=x onerror=alert(1)>` });
    await app.upload("visits.jsonl", { id: "v-1", [hostile]: 1 });
    for (const path of [
      ...pages,
      `/fynd?regel=${encodeURIComponent(hostile)}`,
      `/?manad=${encodeURIComponent(hostile)}`,
    ]) {
      const { status, text } = await app.get(path);
      expect(status).toBe(200);
      expect(text).not.toMatch(/<script>|<img src=x|\u202e/i);
    }
    expect((await app.get("/fynd")).text).toContain("&quot;&gt;&lt;script&gt;");
  });
});

describe("the overview", () => {
  test("shows the last night, findings once for each rule, and figures by provider under their names", async () => {
    await using app = await served(
      [
        finding("a"),
        finding("b", { severity: "hold", minutes: 8, amountOre: null }),
        finding("c", { ruleId: "unmapped-code", level: "quality", minutes: null, amountOre: null }),
        finding("d", { mode: "shadow" }),
      ],
      [line("2026-10", 1702)],
    );
    await app.upload("providers.jsonl", provider);
    await app.night();
    const { text } = await app.get("/");
    expect(text).toMatch(/2026-11-01<\/strong>Klar, men en källa var nere eller poster väntar i karantän/);
    const found = cells(text);
    expect(found.slice(0, 10)).toEqual([
      "Samma personal på två platser samtidigt",
      "Indikation",
      "2",
      "20",
      "92,80 kr",
      "Kod som saknar översättning",
      "Datakvalitet",
      "1",
      "–",
      "–",
    ]);
    expect(text).toContain('href="/fynd?regel=staff-overlap"');
    expect(text).toContain("<p>Beviljat 31 h 00 min, Planerat 30 h 00 min, Utfört 28 h 22 min,");
    expect(text).toMatch(/varav för mycket:\s+1\s317,50\s*kr/);
  });

  test("says which rule is held back, and shows none of what it found", async () => {
    await using app = await served([finding("a")]);
    await app.system.database.pool.query("UPDATE findings SET held = true");
    const { text } = await app.get("/");
    expect(text).toContain("Samma personal på två platser samtidigt: 1 fynd hålls inne och visas inte.");
    expect(text).toContain("klarsyn rules release staff-overlap");
    expect(text).toContain("Inga öppna fynd.");
    expect((await app.get("/fynd")).text).toContain("Inga öppna fynd här.");
  });

  test("begins with the latest month in which somebody was visited, and shows another on request", async () => {
    await using app = await served([], [line("2026-09", 10), line("2026-10", 1702), line("2026-11", 0)]);
    expect((await app.get("/")).text).toContain("per utförare, 2026-10");
    expect((await app.get("/?manad=2026-11")).text).toContain("per utförare, 2026-11");
    expect((await app.get("/?manad=1999-01")).text).toContain("per utförare, 2026-10");
    expect((await app.get("/avrakning")).text).toContain("per beställd insats, 2026-10");
  });

  test("shows a source by its worst resource", async () => {
    await using app = await served();
    await app.upload("providers.jsonl", provider, { id: "P2" });
    const found = cells((await app.get("/")).text);
    expect(found.slice(-5)).toEqual(["files", "⚠ Delvis läst: providers", "2026-11-01 04:30", "2", "1"]);
  });
});

describe("the findings", () => {
  test("say what is wrong where, and can be narrowed to a rule, which is then explained", async () => {
    await using app = await served([
      finding("a", { client: "pid:0123456789abcdef0123456789abcdef" }),
      finding("b", {
        ruleId: "manual-share",
        level: "pattern",
        throughDay: day("2026-10-31"),
        client: null,
        minutes: null,
        amountOre: null,
      }),
    ]);
    await app.upload("providers.jsonl", provider);
    await app.upload("staff.jsonl", { id: "S17", name: "Stina Lund" });
    expect(cells((await app.get("/fynd?regel=staff-overlap")).text)).toEqual([
      "Samma personal på två platser samtidigt",
      "Två besök överlappar med 12 minuter.",
      "2026-10-05",
      "Hemtjänsten Norr",
      "Okänd",
      expect.stringMatching(/^SL · \d+$/),
      "12",
      "92,80 kr",
      "Indikation",
      "Granskas",
    ]);
    expect((await app.get("/fynd?regel=staff-overlap")).text).toContain("Gör så här:");
    const both = (await app.get("/fynd?regel=no-such-rule")).text;
    expect(both).toContain("2026-10-05 –<br />2026-10-31");
    expect(cells(both)).toHaveLength(20);
  });

  test("come fifty a page, each once, and every page is recorded", async () => {
    const many = Array.from({ length: 205 }, (_, index) => finding(`f-${index}`, { reason: `Fynd nr ${index}.` }));
    await using app = await served(many);
    const seen = new Set<string>();
    let path: string | undefined = "/fynd?regel=staff-overlap";
    let count = 0;
    while (path !== undefined) {
      const { text } = await app.get(path);
      for (const [, reason = ""] of text.matchAll(/(Fynd nr \d+\.)/g)) seen.add(reason);
      path = /<p class="pages">\s*<a [^>]*href="([^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&");
      count++;
    }
    expect([count, seen.size]).toEqual([5, 205]);
    const { rows } = await app.system.database.pool.query(
      "SELECT actor, operation, subject, rows FROM access_log ORDER BY no",
    );
    expect(rows).toEqual(
      [50, 50, 50, 50, 5].map((n) => ({ actor: "läsare", operation: "findings", subject: "staff-overlap", rows: n })),
    );
  });
});

describe("the settlement", () => {
  test("shows minutes and amounts of each order line, with names, a page at a time", async () => {
    const lines = Array.from({ length: 75 }, (_, index) =>
      line("2026-10", 1702, { client: `C${index}`, slice: `client-month/C${index}/2026-10` }),
    );
    await using app = await served([], lines);
    await app.upload("providers.jsonl", provider);
    await app.upload("units.jsonl", { id: "U3", providerId: "P1", name: "Nattpatrullen" });
    await app.upload("services.jsonl", { id: "s", code: "omvardnad", name: "Omvårdnad", kind: "care" });
    const first = (await app.get("/avrakning?manad=2026-10")).text;
    expect(cells(first)).toHaveLength(50 * 13);
    expect(cells(first).slice(0, 13)).toEqual([
      "Hemtjänsten NorrNattpatrullen",
      "Okänd",
      "Omvårdnad",
      "1 860",
      "1 800",
      "1 702",
      "1 702",
      "30",
      "60",
      "0",
      "0,00 kr",
      "1 317,50 kr",
      "0,00 kr",
    ]);
    const next = /<p class="pages">\s*<a [^>]*href="([^"]+)"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const second = (await app.get(next)).text;
    expect(cells(second)).toHaveLength(25 * 13);
    expect(second).not.toContain("Nästa sida");
  });
});

describe("sources and quarantine", () => {
  test("show what a source sent, what waits, and why, but no value", async () => {
    await using app = await served();
    await app.upload("visits-2026-10-05.jsonl", {
      id: "v-1",
      clientId: "C1",
      unitId: "U1",
      start: "i morse hos Greta",
      status: "completed",
    });
    const sources = cells((await app.get("/kallor")).text);
    const visits = sources.indexOf("visits");
    expect(sources.slice(visits - 1, visits + 7)).toEqual([
      "files",
      "visits",
      "⚠ Delvis läst",
      "2026-11-01 04:30",
      "–",
      "1",
      "0",
      "1",
    ]);
    const { text } = await app.get("/karantan");
    expect(cells(text).slice(1, 5)).toEqual(["files/visits", "visits-2026-10-05.jsonl", "1", "start"]);
    expect(text).not.toContain("Greta");
  });
});

describe("what is not there, or does not work", () => {
  test("is a page in words for people and a problem document for programs", async () => {
    await using app = await served();
    const page = await app.get("/finns-inte");
    expect(page.status).toBe(404);
    expect(page.text).toContain("Sidan finns inte</h1>");
    const api = await app.get("/api/v1/finns-inte");
    expect([api.status, api.headers.get("content-type")]).toEqual([404, "application/problem+json; charset=utf-8"]);
    expect(JSON.parse(api.text)).toMatchObject({ type: "/problems/not-found", status: 404 });
    expect((await app.get("/assets/..%2Fapp.ts")).status).toBe(404);
  });

  test("is said without details where the database is gone, and readiness says so", async () => {
    await using app = await served();
    expect(await app.get("/healthz")).toMatchObject({ status: 200, text: "ok\n" });
    expect(await app.get("/readyz")).toMatchObject({ status: 200, text: "ready\n" });
    await app.drop();
    expect((await app.get("/healthz")).status).toBe(200);
    expect((await app.get("/readyz")).status).toBe(503);
    for (const path of pages) {
      const { status, text } = await app.get(path);
      expect(status).toBe(503);
      expect(text).toContain("Sidan kunde inte visas</h1>");
      expect(text).not.toMatch(/test_|postgres|select/i);
    }
    expect((await app.get("/metrics")).status).toBe(503);
  });

  test("is a name that does not lead to this machine, where only this machine is served", async () => {
    await using app = await served();
    for (const host of ["localhost:3000", "127.0.0.1:3000", "[::1]:3000"]) {
      expect((await app.app.request(`http://${host}/`)).status).toBe(200);
    }
    // A page elsewhere whose name was made to lead here would otherwise read people's data through their browser.
    expect((await app.app.request("http://evil.example:3000/")).status).toBe(421);
  });
});

describe("for machines", () => {
  test("metrics count night, sources, quarantine and findings", async () => {
    await using app = await served([finding("a"), finding("b")]);
    await app.upload("providers.jsonl", provider, { id: "P2" });
    await app.night();
    const { text, headers } = await app.get("/metrics");
    expect(headers.get("content-type")).toContain("text/plain; version=0.0.4");
    expect(text.split("\n")).toEqual(
      expect.arrayContaining([
        "# TYPE klarsyn_open_findings gauge",
        'klarsyn_open_findings{rule="staff-overlap"} 2',
        "klarsyn_last_night_ok 1",
        `klarsyn_last_night_ended_seconds ${at / 1000}`,
        'klarsyn_source_up{source="files",resource="providers"} 1',
        'klarsyn_quarantined_records{source="files",resource="providers"} 1',
      ]),
    );
    for (const one of text.trim().split("\n")) {
      expect(one).toMatch(/^(# (HELP|TYPE) klarsyn_\w+ .+|klarsyn_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?\d+)$/);
    }
  });

  test("the description of the API names every way in, with its answers", async () => {
    await using app = await served();
    const { text } = await app.get("/openapi.json");
    const { openapi, paths } = JSON.parse(text) as { openapi: string; paths: Record<string, Record<string, unknown>> };
    expect(openapi).toBe("3.1.0");
    const described = Object.keys(paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ":$1"));
    const routes = app.app.routes.filter(({ path, method }) => path.startsWith("/api/v1/") && method !== "ALL");
    expect(described).toEqual([...new Set(routes.map(({ path }) => path))]);
    expect(paths["/api/v1/intake/{source}"]?.["post"]).toMatchObject({
      responses: { 202: {}, 400: {}, 403: {}, 409: {}, 413: {}, 422: {}, 503: {} },
    });
  });
});
