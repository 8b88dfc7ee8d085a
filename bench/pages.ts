import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { checkConfig } from "#config";
import { createApp, type Guard, openSignIn } from "#http";
import { keepAliases } from "#intake";
import { openLog } from "#log";
import { atMinute, day, dayOf, formatDay } from "#model";
import { demoPeople, openCases, operatorOf, permissionsOf, reconcile } from "#operations";
import { adapters, openSystem, type System } from "#system";
import { endRun, migrate, type NewFinding, startRun, writeFindings } from "#store";
import { limit, median } from "./child.ts";
import { loadMonth, period, tenant } from "./month.ts";

const FINDINGS = 100_000;
const ACCESS_ROWS = 20_000;
const ROUNDS = 20;
const PAGE_MS = 100;
const QUEUE_MS = 200;
const PAGE_BYTES = 150_000;
const now = atMinute(day("2026-11-01"), 270);

/**
 * Every page of the router over a synthetic month (bench/month.ts) with 100,000 open findings in cases, as a browser
 * on the same machine gets it from `klarsyn serve`: median and 95th percentile, processor time of the server and its
 * database, and bytes.
 */
export async function pages(workplace: string, visits: number): Promise<void> {
  const folder = join(workplace, `pages-${visits}`);
  const inbox = join(folder, "inbox");
  // What is there from another run is looked at again: filling takes longer than looking.
  const filled = existsSync(inbox);
  mkdirSync(inbox, { recursive: true });
  const configFile = join(folder, "klarsyn.config.json");
  const content = {
    municipality: { code: tenant, name: "Mätning" },
    database: "",
    sources: [{ id: "files", adapter: "standard", settings: { folder: inbox, settleSeconds: 0 } }],
    night: { at: "04:30", reconcileDays: 31 },
  };
  writeFileSync(configFile, JSON.stringify(content));
  const env = { KLARSYN_DATA: folder, LOG_LEVEL: "warn" };
  const config = checkConfig(content, configFile, env, adapters);
  await using system = await openSystem(config, { anySchema: true, log: openLog("silent"), now: () => now });
  if (!filled) await fill(system, visits);
  const addresses = await addressesOf(system);

  const port = await freePort();
  const server = spawn(
    process.execPath,
    ["src/main.ts", "serve", "--config", configFile, "--host", "127.0.0.1", "--port", String(port)],
    {
      cwd: resolve(import.meta.dirname, ".."),
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "pipe"],
    },
  );
  try {
    const url = `http://127.0.0.1:${port}`;
    await answering(url, server.stderr);
    const processes = () => [server.pid!, ...databaseProcesses(folder)];
    await load(url, addresses, processes);
  } finally {
    server.kill("SIGTERM");
    if (server.exitCode === null) await once(server, "exit");
  }
}

/** A month with what its rules find, more of the same kinds up to 100,000, grouped into cases, and an access log. */
async function fill(system: System, visits: number): Promise<void> {
  const { database } = system;
  await migrate(database);
  await loadMonth(database, visits);
  const operator = operatorOf(tenant, "bench");
  await reconcile(system, operator, { day: period.through + 1, full: true, signal: new AbortController().signal });
  await keepAliases({ database, vault: system.vault, tenantId: tenant, now: () => now });
  const { rows } = await database.pool.query<{ open: number }>(
    "SELECT count(*) AS open FROM findings WHERE status = 'open' AND mode = 'active' AND NOT held",
  );
  const findings = await findingsOf(system, FINDINGS - rows[0]!.open);
  await writeFindings(database, tenant, { evaluated: new Set(findings.map(({ slice }) => slice)), findings, at: now });
  // No night is due, which the server would make up for beside what is measured.
  const run = await startRun(database, tenant, { kind: "night", day: dayOf(Date.now()), at: now });
  await endRun(database, run, { outcome: "done", at: now, summary: {} });
  await database.pool.query("ANALYZE");
  const started = performance.now();
  const { opened, joined } = await openCases(system, operator);
  const seconds = (performance.now() - started) / 1000;
  limit(
    "first grouping of findings into cases",
    `${seconds.toFixed(1)} s: ${joined} findings in ${opened} cases (within 10 s)`,
    seconds <= 10,
  );
  // In parts: each row changes the end of the chain, and within a transaction no version of that row goes away.
  for (let n = 0; n < ACCESS_ROWS; n += 500) {
    await database.pool.query(
      `INSERT INTO access_log (tenant_id, at, actor, role, operation, subject, rows, why)
       SELECT $1, $2::timestamptz + n * interval '2 minutes', 'demo-anna', 'handler', 'case', 'client/C' || n * 37 % 1000, 1, 'Ärende 2026-' || n % 900
       FROM generate_series($3::int, $3 + 499) n`,
      [tenant, new Date(now - ACCESS_ROWS * 120_000), n],
    );
  }
  await database.pool.query("VACUUM ANALYZE");
}

/** Findings on visits that are there: three of five about staff, the others about clients, units and providers. */
async function findingsOf({ database }: System, count: number): Promise<NewFinding[]> {
  const { rows } = await database.pool.query<{
    id: string;
    day: number;
    client: string;
    staff: string | null;
    unit: string;
    provider: string;
  }>(
    `SELECT v.id, v.day, c.id AS client, s.id AS staff, u.id AS unit, p.id AS provider
     FROM visits v JOIN refs c ON c.tenant_id = $1 AND c.no = v.client_id LEFT JOIN refs s ON s.tenant_id = $1 AND s.no = v.staff_id
       JOIN refs u ON u.tenant_id = $1 AND u.no = v.unit_id JOIN units ON units.tenant_id = $1 AND units.id = u.id
       JOIN refs p ON p.tenant_id = $1 AND p.no = units.provider_id
     WHERE v.tenant_id = $1 ORDER BY hashtext(v.id) LIMIT $2`,
    [tenant, count],
  );
  return rows.map((visit, n): NewFinding => {
    const about = n % 50;
    const kind = about < 30 ? "staff" : about < 48 ? "client" : about === 48 ? "unit" : "provider";
    const ruleId = {
      staff: "staff-overlap",
      client: "duplicate-visit",
      unit: "manual-share",
      provider: "manual-share",
    };
    const minutes = 5 + (n % 40);
    return {
      id: `made-${n}`,
      ruleId: ruleId[kind],
      ruleVersion: 1,
      level: kind === "staff" ? "indicator" : kind === "client" ? "error" : "pattern",
      severity: "review",
      mode: "active",
      suppressed: null,
      subject: `made-${n}`,
      slice: `made/${n % 1000}`,
      fromDay: visit.day,
      throughDay: visit.day,
      provider: visit.provider,
      unit: kind === "provider" ? null : visit.unit,
      client: kind === "staff" || kind === "client" ? visit.client : null,
      staff: kind === "staff" ? visit.staff : null,
      records: [{ entity: "visits", source: "files", id: visit.id }],
      minutes,
      amountOre: minutes * 773,
      reason: `Två besök överlappar med ${minutes} minuter hos två brukare som inte bor ihop.`,
      evidence: [{ condition: "samtidig tid i minuter ≥", value: minutes, threshold: 4 }],
    };
  });
}

/** What stands in the place of an address's parameters. The case is the one with most findings. */
async function addressesOf(
  system: System,
): Promise<Array<readonly [path: string, address: string, needs: Guard["needs"]]>> {
  const { rows } = await system.database.pool.query<{ no: string; month: string }>(
    "SELECT no FROM cases WHERE tenant_id = $1 AND subject_kind = 'staff' ORDER BY findings DESC, no LIMIT 1",
    [tenant],
  );
  const { rows: largest } = await system.database.pool.query<{ no: string }>(
    "SELECT no FROM cases WHERE tenant_id = $1 ORDER BY findings DESC, no LIMIT 1",
    [tenant],
  );
  const no = rows[0]!.no;
  const month = formatDay(period.from).slice(0, 7);
  const query: Readonly<Record<string, string>> = {
    "/fynd": "?regel=staff-overlap",
    "/avrakning": `?manad=${month}`,
    "/avrakning/underlag": `?manad=${month}&utforare=P1`,
    "/larande": `?manad=${month}`,
  };
  const fill = (path: string): string =>
    path
      .replace(/^\/arenden\/:no(\{(?:[^{}]|\{[^}]*\})*\})?/, `/arenden/${no}`)
      .replace(/^\/regler\/:id(\{[^}]*\})?/, "/regler/staff-overlap")
      .replace(/^\/avtal\/:source\/:id/, "/avtal/files/K1")
      .replace(/^\/kallor\/:source\/:\w+/, "/kallor/files/visits")
      .replace(/^\/anvandare\/:no(\{[^}]*\})?/, "/anvandare/1");
  const app = createApp(system, { authenticate: async () => null, signIn: openSignIn(system).signIn });
  const found = new Map<string, readonly [string, string, Guard["needs"]]>();
  for (const { method, path, handler } of app.routes) {
    const { needs } = handler as Partial<Guard>;
    if (method !== "GET" || needs === undefined) continue;
    // A file of an attachment, a spreadsheet, a place that leads elsewhere; nothing is quarantined in the month, and no
    // provider has been told of anything.
    if (/bilagor|\/karantan\/:|\/mottagare\/:|\/post$|\/arenden\/sok|\/utseende/.test(path)) continue;
    if (/^\/(bestallningar|fragor|manad)/.test(path)) continue;
    const address = `${fill(path)}${query[path] ?? ""}`;
    if (address.includes("/:")) throw new Error(`${path} needs something in its address.`);
    found.set(path, [path, address, needs]);
  }
  const more = [
    ["/arenden", "/arenden?sort=age"],
    ["/arenden", "/arenden?sort=certainty&state=all"],
    ["/arenden", "/arenden?provider=P1&level=error"],
    ["/arenden", "/arenden?rule=staff-overlap&unit=U3"],
    ["the largest case", `/arenden/${largest[0]!.no}`],
  ] as const;
  return [...found.values(), ...more.map(([path, address]) => [path, address, ["cases:read"]] as const)];
}

/** Gets every page as somebody who may see it, one after the other, and prints what it took. */
async function load(
  url: string,
  addresses: Awaited<ReturnType<typeof addressesOf>>,
  processes: () => number[],
): Promise<void> {
  const cookies = new Map<string, string>();
  for (const { subject } of demoPeople) {
    const body = new URLSearchParams({ vem: subject, till: "/" });
    const answer = await fetch(`${url}/logga-in`, { method: "POST", body, redirect: "manual" });
    cookies.set(
      subject,
      answer.headers
        .getSetCookie()
        .map((one) => one.split(";")[0])
        .join("; "),
    );
  }
  process.stdout.write(`${"page".padEnd(46)} median    p95  processor  bytes\n`);
  const requests: Array<() => Promise<void>> = [];
  for (const [path, address, needs] of addresses) {
    const who = demoPeople.find(({ roles: [role] }) => needs.every((one) => permissionsOf[role].includes(one)));
    if (who === undefined) throw new Error(`Nobody of the demonstration may see ${path}.`);
    const get = async (): Promise<{ ms: number; bytes: number }> => {
      const started = performance.now();
      const answer = await fetch(`${url}${address}`, {
        headers: { cookie: cookies.get(who.subject)! },
        redirect: "manual",
      });
      const { byteLength } = await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`${address} answered ${answer.status}.`);
      return { ms: performance.now() - started, bytes: byteLength };
    };
    const { ms: cold } = await get();
    // What takes far too long is seen after a few.
    const rounds = cold > 1000 ? 3 : ROUNDS;
    if (rounds === ROUNDS) for (let n = 0; n < 2; n++) await get();
    const before = processorMs(processes());
    const times: number[] = [];
    let bytes = 0;
    for (let n = 0; n < rounds; n++) {
      const got = await get();
      times.push(got.ms);
      bytes = got.bytes;
    }
    const processor = usedSince(before, processorMs(processes())) / rounds;
    const [middle, high] = [median(times), times.toSorted((a, b) => a - b)[Math.ceil(rounds * 0.95) - 1]!];
    const most = path === "/arenden" ? QUEUE_MS : PAGE_MS;
    limit(
      `  ${address}`.padEnd(45),
      `${middle.toFixed(0).padStart(5)} ${high.toFixed(0).padStart(6)} ${processor.toFixed(0).padStart(9)} ${bytes.toString().padStart(8)}`,
      high <= most && bytes <= PAGE_BYTES,
    );
    requests.push(async () => void (await get()));
  }
  await together(requests);
}

/** Eight people at once, each going through the pages in their own order. */
async function together(requests: ReadonlyArray<() => Promise<void>>): Promise<void> {
  const times: number[] = [];
  const started = performance.now();
  await Promise.all(
    Array.from({ length: 8 }, async (_, person) => {
      for (let n = 0; n < requests.length; n++) {
        const from = performance.now();
        await requests[(n * 7 + person * 5) % requests.length]!();
        times.push(performance.now() - from);
      }
    }),
  );
  const rate = times.length / ((performance.now() - started) / 1000);
  const high = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)]!;
  process.stdout.write(
    `eight at once without a pause            ${rate.toFixed(0)} pages a second, median ${median(times).toFixed(0)} ms, p95 ${high.toFixed(0)} ms\n`,
  );
}

async function answering(url: string, output: NodeJS.ReadableStream): Promise<void> {
  let said = "";
  output.on("data", (chunk: Buffer) => (said += chunk.toString()));
  for (let n = 0; n < 300; n++) {
    if (
      await fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`The server does not answer.\n${said}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
}

/** The embedded Postgres' own processes: its first and all that it started. */
function databaseProcesses(folder: string): number[] {
  const first = Number(readFileSync(pidFile(folder), "utf8").split("\n")[0]);
  const children = readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "utf8"))?.[1]) === first;
    } catch {
      return false; // it has just ended
    }
  });
  return [first, ...children.map(Number)];
}

function pidFile(folder: string): string {
  const found = readdirSync(folder, { recursive: true }).find((name) => String(name).endsWith("postmaster.pid"));
  if (found === undefined) throw new Error(`No Postgres runs in ${folder}.`);
  return join(folder, String(found));
}

/** Processor time that each process has used so far; a tick of the kernel is 10 ms. */
function processorMs(pids: readonly number[]): Map<number, number> {
  const used = new Map<number, number>();
  for (const pid of pids) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      used.set(pid, (Number(fields[11]) + Number(fields[12])) * 10);
    } catch {
      // It has ended.
    }
  }
  return used;
}

/** What was used since `before`; connections come and go. */
const usedSince = (before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number =>
  [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0);
