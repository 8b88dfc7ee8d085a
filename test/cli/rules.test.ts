import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { commands, parseOptions } from "#cli";
import { day, instant } from "#model";
import { writeFindings } from "#store";
import { captured } from "../support/captured.ts";
import { finding } from "../support/finding.ts";
import { testSystem } from "../support/system.ts";

const at = instant("2026-10-31T03:30:00Z");
type Opened = Awaited<ReturnType<typeof testSystem>>;

/** Runs a command as the command line does, on a system that is open. */
async function run({ system, env, configFile }: Opened, ...line: string[]) {
  const [name = "", ...args] = line;
  const command = commands.find((one) => one.name === name)!;
  const { values, positionals } = parseOptions(command, args);
  const signal = new AbortController().signal;
  const given = { positionals, env, configFile, config: system.config, system, signal };
  return captured(() => Promise.resolve(command.run(values as never, given as never)));
}
const rowOf = (text: string, id: string) => text.split("\n").find((line) => line.includes(id));

async function withHeld() {
  const opened = await testSystem();
  const { database, tenantId } = opened.system;
  await writeFindings(database, tenantId, {
    evaluated: "all",
    findings: [finding("a"), finding("b", { staff: "S18" }), finding("c", { mode: "shadow" })],
    at,
    holdBack: (unshown) => {
      const hold = { ruleVersion: 1, parameters: "{}", clientDays: 900, expected: 1.2, heldAt: at };
      const days = { fromDay: day("2026-10-01"), throughDay: day("2026-10-31") };
      const ruleId = "staff-overlap";
      return { rules: new Set([ruleId]), holds: [{ ...hold, ...days, ruleId, findings: unshown.get(ruleId) ?? 0 }] };
    },
  });
  return opened;
}

describe("klarsyn rules", { timeout: 60_000 }, () => {
  test("lists modes and what differs from the rule's own parameters", async () => {
    await using opened = await testSystem();
    const set = ["rules", "set", "staff-overlap", "minutesMin=12", "mode=shadow", "--from", "2026-10-01"];
    const { stderr } = await run(opened, ...set, "--why", "Överlämningar tar tid.");
    expect(stderr).toContain("staff-overlap: minutesMin = 12 från 2026-10-01.");
    expect(stderr).toContain("klarsyn reconcile --from D --to D");
    const { stdout } = await run(opened, "rules");
    expect(rowOf(stdout, "staff-overlap ")).toMatch(/På prov +0 +minutesMin/);
    expect(rowOf(stdout, "client-overlap ")).toMatch(/Aktiv +0 +–/);
    const json = (await run(opened, "rules", "--format", "jsonl")).stdout.trim().split("\n");
    const rules = json.map((line) => JSON.parse(line) as { id: string; mode: string; changed: string[] });
    expect(rules.find(({ id }) => id === "staff-overlap")).toMatchObject({ mode: "shadow", changed: ["minutesMin"] });
    const explained = (await run(opened, "rules", "explain", "staff-overlap")).stdout;
    expect(explained).toContain("Läge: På prov.");
    expect(explained).toMatch(/minutesMin = 12 \(förval \d+\)/);
    expect(explained).toMatch(/från 2026-10-01: minutesMin = 12 \(.+: Överlämningar tar tid\.\)/);
  });

  test("excepts a subject, lists it and ends it", async () => {
    await using opened = await testSystem();
    await writeFindings(opened.system.database, opened.system.tenantId, {
      evaluated: "all",
      findings: [finding("a"), finding("b", { staff: "S18" })],
      at,
    });
    const days = ["--from", "2026-10-01", "--through", "2026-10-31"];
    const why = ["--why", "Går bredvid; beslut 7."];
    const added = await run(opened, "rules", "except", "staff-overlap", "--staff", "S17", ...days, ...why);
    expect(added.stderr).toContain("Undantag 1 är infört. Det omfattar 1 av de fynd som står nu.");
    await run(opened, "rules", "except", "staff-overlap", "--record", "visits/files/v/1", ...days, ...why);
    await run(opened, "rules", "end-exception", "1", "--through", "2026-10-10", "--why", "Slutade gå bredvid.");
    const { stdout } = await run(opened, "rules", "exceptions", "staff-overlap");
    expect(rowOf(stdout, "personal S17")).toMatch(
      /1 +staff-overlap +personal S17 +2026-10-01 +2026-10-10 +Går bredvid; beslut 7\..+Slutade gå bredvid\./,
    );
    expect(rowOf(stdout, "post visits/files/v/1")).toContain("2026-10-31");
    const [line = ""] = (await run(opened, "rules", "exceptions", "--format", "jsonl")).stdout.split("\n");
    expect(JSON.parse(line)).toMatchObject({
      no: 1,
      subject: { staff: "S17" },
      through: "2026-10-10",
      ended: { insteadOf: "2026-10-31", why: "Slutade gå bredvid." },
    });
    expect((await run(opened, "rules", "explain", "staff-overlap")).stdout).toMatch(
      /Undantag\n +1\. personal S17, 2026-10-01 – 2026-10-10 .*skulle ha gällt till 2026-10-31/,
    );
    const wrong = run(opened, "rules", "except", "staff-overlap", "--record", "v-1", ...days, ...why);
    await expect(wrong).rejects.toThrow("--record v-1: expected KIND/SOURCE/ID");
  });

  test("back-tests into a table, JSON lines and a spreadsheet", async () => {
    await using opened = await testSystem();
    const asked = ["rules", "backtest", "staff-overlap", "--set", "minutesMin=3", "--from", "2026-09-01"];
    const table = await run(opened, ...asked, "--to", "2026-10-31");
    expect(table.stdout).toMatch(/^Rad +Fynd före +Fynd efter[^\n]+\n[─ ]+\nSumma +0 +0 +0 +0/);
    expect(table.stderr).toContain('med {"minutesMin":3');
    const json = (await run(opened, ...asked, "--to", "2026-10-31", "--format", "jsonl")).stdout;
    expect(JSON.parse(json)).toMatchObject({ kind: "total", before: { findings: 0 }, appearing: 0 });
    const csv = (await run(opened, ...asked, "--to", "2026-10-31", "--format", "csv")).stdout;
    expect(csv.split("\r\n")[1]).toBe("Summa;0;0;0;0;0;0;0;0;;;;;;;;");
    await expect(run(opened, ...asked)).rejects.toThrow("Usage: klarsyn rules backtest ID");
  });

  test("says what is held back wherever it is looked for, until it is released", async () => {
    await using opened = await withHeld();
    const open = await run(opened, "findings");
    expect(open.stdout).toBe("Inga öppna fynd.\n");
    const all = await run(opened, "findings", "--all");
    expect(all.stdout.match(/Öppet \(hålls inne\)/g)).toHaveLength(2);
    expect(all.stdout).toContain("Öppet (på prov)");
    const lines = (await run(opened, "findings", "--all", "--format", "jsonl")).stdout.trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { mode: string }).mode)).toEqual(["held", "held", "shadow"]);
    expect(rowOf((await run(opened, "rules", "list")).stdout, "staff-overlap ")).toMatch(/Hålls inne +2/);
    expect((await run(opened, "rules", "explain", "staff-overlap")).stdout).toMatch(
      /Har hållits inne\n +2026-10-31 04:30: 2 nya fynd där 1 var att vänta/,
    );
    const { stdout } = await run(opened, "reconcile");
    expect(stdout).toContain("klarsyn rules release staff-overlap --why TEXT");
    const released = await run(opened, "rules", "release", "staff-overlap", "--why", "Granskade en och en.");
    expect(released.stderr).toMatch(/^\d fynd är framsläppta\.\n$/);
    expect(rowOf((await run(opened, "rules", "list")).stdout, "staff-overlap ")).toMatch(/Aktiv +0/);
  });
});

test("a night tells the operator what is held back", { timeout: 60_000 }, async () => {
  await using opened = await withHeld();
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      bodies.push(body);
      response.writeHead(204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.system.config.notify = { webhook: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
  const { stdout } = await run(opened, "night", "--date", "2026-11-01");
  server.close();
  expect(stdout).toContain("hålls inne och visas inte. Den gav 2 nya fynd där 1 var att vänta.");
  expect(bodies.map((body) => JSON.parse(body) as { subject: string })).toMatchObject([
    { subject: "Klarsyn Provkommun: en regel hålls inne" },
  ]);
});
