import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "#http";
import { instant } from "#model";
import { type Actor, actorOf, openCases, type Role } from "#operations";
import { writeFindings, writeSettlement } from "#store";
import { finding } from "../support/finding.ts";
import { settlementLine } from "../support/settlement-line.ts";
import { csrf, signedIn } from "../support/signed-in.ts";
import { testSystem, uploadKey } from "../support/system.ts";

const at = instant("2026-11-01T03:30:00Z");

const FINDINGS = 1203;
let town: Awaited<ReturnType<typeof testSystem>>;
beforeAll(async () => {
  town = await testSystem();
  const { system } = town;
  const { database, tenantId } = system;
  const send = (name: string, record: unknown) =>
    createApp(system, signedIn(system.operator)).request(`/api/v1/intake/files?name=${name}.jsonl`, {
      method: "POST",
      headers: { authorization: `Bearer ${uploadKey}`, "idempotency-key": name },
      body: JSON.stringify(record),
    });
  await send("providers", { id: "P1", organisationNumber: "212000-1355", name: "@Norr", regime: "municipal" });
  await send("clients", { id: "C1", name: "Agda Öst" });
  const findings = Array.from({ length: FINDINGS }, (_, index) => {
    const no = index + 1;
    return finding(`f-${no}`, {
      provider: no % 2 === 0 ? "P2" : "P1",
      staff: `S${no}`,
      amountOre: no * 100,
      reason: no === 1 ? "=HYPERLINK(1) \u202Egnir" : `Fynd ${no}; "citat"`,
    });
  });
  await writeFindings(database, tenantId, { evaluated: "all", findings, at });
  const lines = Array.from({ length: 3 }, (_, index) => {
    const no = index + 1;
    return settlementLine(`C${no}`, {
      provider: no % 2 === 0 ? "P2" : "P1",
      line: `o-1-${no}`,
      minutes: { claimed: 0 },
      ore: { payable: 123_450, claimed: 0, overbilled: 0, unbilled: 0 },
    });
  });
  await writeSettlement(database, tenantId, { evaluated: "all", lines, at });
  await openCases(system, system.operator);
}, 60_000);
afterAll(() => town?.[Symbol.asyncDispose]());

const person = (role: Role, more: Partial<Actor> = {}): Actor => ({
  ...actorOf({ id: `u-${role}`, name: "Anna Ek", tenantId: "0192", role }),
  ...more,
});

async function take(who: Actor, path: string, fields: Record<string, string>) {
  const body = new URLSearchParams({ _csrf: csrf, skal: "Underlag till nämnden", ...fields }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) };
  const response = await createApp(town.system, signedIn(who)).request(path, { method: "POST", headers, body });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: bytes.toString() };
}
const rowsOf = (text: string): string[] =>
  text
    .replace(/^\uFEFF/, "")
    .trimEnd()
    .split("\r\n");
const logged = async () => {
  const { rows } = await town.system.database.pool.query<{
    actor: string;
    operation: string;
    subject: string;
    rows: number;
    why: string;
  }>("SELECT actor, operation, subject, rows, why FROM access_log ORDER BY no DESC LIMIT 1");
  return rows[0];
};

describe("a list that is taken out", () => {
  test("is the findings of a rule, all of them, as text that no spreadsheet runs", async () => {
    const { status, headers, text } = await take(person("handler"), "/fynd/export", {
      regel: "staff-overlap",
      format: "csv",
    });
    expect(status).toBe(200);
    expect(headers.get("content-disposition")).toBe('attachment; filename="fynd-2026-11-01.csv"');
    expect(headers.get("cache-control")).toBe("no-store");
    expect(text.startsWith("\uFEFFRegel;Vad som inte stämmer;Från;")).toBe(true);
    const rows = rowsOf(text);
    expect(rows).toHaveLength(FINDINGS + 1);
    expect(rows.find((row) => row.includes("HYPERLINK"))).toMatch(
      /^Samma personal på två platser samtidigt;'=HYPERLINK\(1\) \ufffdgnir;2026-10-05;2026-10-05;'@Norr;U1;AÖ · \d+;[^;]*;12;1;Indikation;Granskas;/,
    );
    expect(text).toContain('"Fynd 2; ""citat"""');
    expect(text).not.toContain("Agda");
    expect(await logged()).toEqual({
      actor: "u-handler",
      operation: "export-findings",
      subject: "staff-overlap",
      rows: FINDINGS,
      why: "Underlag till nämnden",
    });
  });

  test("is the queue as it was filtered, also as a workbook", async () => {
    const filter = new URLSearchParams({ provider: "P2", state: "all", sort: "due", kronorMin: "100" }).toString();
    const csv = await take(person("purchaser"), "/arenden/export", { filter, format: "csv" });
    const rows = rowsOf(csv.text).slice(1);
    // Even ones of a hundred kronor and more.
    expect(rows).toHaveLength(552);
    expect(rows.every((row) => row.includes(";P2;Personal;"))).toBe(true);
    expect(await logged()).toMatchObject({ operation: "export-queue", rows: 552 });
    const { bytes, headers } = await take(person("purchaser"), "/arenden/export", { filter, format: "xlsx" });
    expect(headers.get("content-type")).toContain("spreadsheetml");
    const sheet = Buffer.from(unzipSync(bytes)["xl/worksheets/sheet1.xml"]!).toString();
    expect(sheet.match(/<row>/g)).toHaveLength(553);
  });

  test("is a month's settlement, with amounts as numbers", async () => {
    const { text } = await take(person("handler"), "/avrakning/export", { manad: "2026-10", format: "csv" });
    expect(rowsOf(text)).toHaveLength(4);
    expect(rowsOf(text)[1]).toMatch(/^2026-10;'@Norr;U1;.*;100;90;80;70;0;0;0;0;0;1234,5;0;0;0$/);
    expect(await logged()).toMatchObject({ operation: "export-settlement", subject: "2026-10", rows: 3 });
  });

  test("is the access log for whoever controls it, and for nobody else", async () => {
    const before = await take(person("handler"), "/logg/export", { format: "csv" });
    expect(before.status).toBe(403);
    const { rows } = await town.system.database.pool.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM access_log",
    );
    const { status, text } = await take(person("auditor"), "/logg/export", { format: "csv" });
    expect(status).toBe(200);
    expect(rowsOf(text)).toHaveLength(rows[0]!.count + 1);
    expect(text).toContain("Lista med fynd uttagen;staff-overlap;1203;Underlag till nämnden");
    expect(await logged()).toMatchObject({ actor: "u-auditor", operation: "export-log", rows: rows[0]!.count });
  });

  test("has what is theirs only, for whoever sees one provider", async () => {
    const scope = { providers: ["P1"], units: null, groups: null };
    const { text } = await take(person("handler", { scope }), "/fynd/export", { format: "csv" });
    expect(rowsOf(text)).toHaveLength(602 + 1);
    expect(text).not.toContain(";P2;");
    const cases = await take(person("handler", { scope }), "/arenden/export", { format: "csv" });
    expect(cases.text).not.toContain(";P2;");
    const other = await take(person("handler", { tenantId: "0180" }), "/fynd/export", { format: "csv" });
    expect(rowsOf(other.text)).toHaveLength(1);
  });

  test("is refused without a reason, and is then not logged", async () => {
    const before = await logged();
    for (const path of ["/arenden/export", "/fynd/export", "/avrakning/export", "/logg/export"]) {
      const who = path.startsWith("/logg") ? person("auditor") : person("handler");
      const { status, text } = await take(who, path, { skal: " hm ", manad: "2026-10", format: "csv" });
      expect([path, status]).toEqual([path, 422]);
      // The same form again, with what was chosen and written, so that only the reason has to be mended.
      expect(text).toContain("Skriv ett skäl på 5 till 200 tecken");
      expect(text).toContain(`action="${path}"`);
      expect(text).toContain('name="manad" value="2026-10"');
      expect(text).toMatch(/name="skal"[^>]*>\n hm </);
    }
    expect(await logged()).toEqual(before);
  });
});

describe("a case that is taken out", () => {
  const caseNo = async () => {
    const { rows } = await town.system.database.pool.query<{ no: string }>("SELECT min(no) AS no FROM cases");
    return rows[0]!.no;
  };

  test("comes as a document or an archive, as its form offers", async () => {
    const no = await caseNo();
    const page = await createApp(town.system, signedIn(person("handler"))).request(`/arenden/${no}`);
    const text = await page.text();
    expect([...text.matchAll(/name="slag"\s+value="(\w+)"/g)].map(([, kind]) => kind)).toEqual([
      "document",
      "archive",
      "masked",
    ]);
    const pdf = await take(person("handler"), `/arenden/${no}/export`, { slag: "document" });
    expect(pdf.headers.get("content-type")).toBe("application/pdf");
    expect(pdf.headers.get("content-disposition")).toBe(`attachment; filename="arende-${no}.pdf"`);
    expect(pdf.text.slice(0, 5)).toBe("%PDF-");
    const zip = await take(person("handler"), `/arenden/${no}/export`, { slag: "archive" });
    expect(Object.keys(unzipSync(zip.bytes))).toContain("SHA256SUMS");
  });

  test("comes masked only to whoever may not see names, and to nobody else's eyes", async () => {
    const no = await caseNo();
    const page = await createApp(town.system, signedIn(person("purchaser"))).request(`/arenden/${no}`);
    expect([...(await page.text()).matchAll(/name="slag"\s+value="(\w+)"/g)].map(([, kind]) => kind)).toEqual([
      "masked",
    ]);
    expect((await take(person("purchaser"), `/arenden/${no}/export`, { slag: "archive" })).status).toBe(403);
    expect((await take(person("purchaser"), `/arenden/${no}/export`, { slag: "masked" })).status).toBe(200);
    expect((await take(person("auditor"), `/arenden/${no}/export`, { slag: "masked" })).status).toBe(403);
    const scope = { providers: ["P9"], units: null, groups: null };
    const elsewhere = await take(person("handler", { scope }), `/arenden/${no}/export`, { slag: "document" });
    const absent = await take(person("handler"), "/arenden/2026-99999/export", { slag: "document" });
    expect([elsewhere.status, absent.status]).toEqual([404, 404]);
    // A page says its own address, whatever is there.
    expect(elsewhere.text.replaceAll(no, "")).toBe(absent.text.replaceAll("2026-99999", ""));
  });
});
