import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { createApp, listen, openSignIn } from "#http";
import { day, instant } from "#model";
import {
  actorOf,
  announceChanges,
  createEndpoint,
  openCases,
  pageIds,
  pingEndpoint,
  requestExplanation,
} from "#operations";
import { endRun, startRun, writeFindings, writeSettlement } from "#store";
import { finding } from "../support/finding.ts";
import { freePort, startProvider, type Account } from "../support/oidc-provider.ts";
import { settlementLine } from "../support/settlement-line.ts";
import { signedIn } from "../support/signed-in.ts";
import { testSystem, uploadKey } from "../support/system.ts";

const at = instant("2026-11-01T03:30:00Z");
const overlap = "Två besök överlappar med 12 minuter, från 08:10 till 08:22, hos två brukare som inte bor ihop.";

/** 120 findings: the five first of a provider's month, the others of staff members' days. */
const findings = Array.from({ length: 120 }, (_, index) => {
  const shared = {
    provider: `P${(index % 3) + 1}`,
    amountOre: 9280 + index,
    reason: overlap,
    evidence: [{ condition: "samtidig tid i minuter ≥", value: 12, threshold: 8 }],
  };
  if (index >= 5)
    return finding(`f-${index}`, {
      ...shared,
      staff: `S${17 + (index % 8)}`,
      records: ["v-1", "v-2"].map((id) => ({ entity: "visits", source: "files", id })),
    });
  const throughDay = day("2026-10-31");
  return finding(`f-${index}`, {
    ...shared,
    ruleId: "manual-share",
    level: "pattern",
    throughDay,
    client: null,
    staff: null,
  });
});

const lines = Array.from({ length: 120 }, (_, index) =>
  settlementLine(`C${index}`, {
    month: index < 5 ? "2026-09" : "2026-10",
    provider: `P${(index % 3) + 1}`,
    order: "o-4",
    line: "o-4-1",
    minutes: { granted: 1860, planned: 1800, registered: 1702, payable: 1690, claimed: 1860, missed: 60 },
    ore: { payable: 0, claimed: 0, overbilled: 131_750, unbilled: 0 },
  }),
);

const jsonl = (...records: object[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join("");
const visit = (id: string, clientId: string, start: string, end: string) => ({
  id,
  clientId,
  unitId: "U1",
  staffId: "S18",
  start,
  end,
  status: "completed",
  services: ["omvardnad"],
});
const files: ReadonlyArray<readonly [name: string, text: string]> = [
  [
    "providers.jsonl",
    `${jsonl({ id: "P1", organisationNumber: "212000-1355", name: "Hemtjänsten Norr", regime: "municipal" })}{"id":"P2"}\nno record\n`,
  ],
  ["units.jsonl", jsonl({ id: "U1", providerId: "P1", name: "Norr" })],
  ["clients.jsonl", jsonl({ id: "C1", name: "Agda Öst" }, { id: "C2", name: "Bo Lind" })],
  ["staff.jsonl", jsonl({ id: "S18", providerId: "P1", name: "Eva Nord" })],
  [
    "contracts.jsonl",
    jsonl({
      id: "K1",
      providerId: "P1",
      reference: "Avtal 1",
      validFrom: "2026-01-01",
      terms: { price: [{ orePerHour: 48000 }] },
    }),
  ],
  [
    "orders.jsonl",
    jsonl({
      id: "o-1",
      clientId: "C1",
      unitId: "U1",
      status: "accepted",
      orderedAt: "2026-08-20T10:00",
      validFrom: "2026-09-01",
      lines: [{ id: "o-1-1", service: "omvardnad", minutes: 30, times: 1, per: "day" }],
    }),
  ],
  [
    "visits.jsonl",
    jsonl(
      visit("v-1", "C1", "2026-10-05T08:00", "2026-10-05T08:22"),
      visit("v-2", "C2", "2026-10-05T08:10", "2026-10-05T08:40"),
      visit("v-3", "C1", "2026-10-06T08:00", "2026-10-06T08:25"),
    ),
  ],
  [
    "claims.jsonl",
    jsonl({
      id: "k-1",
      invoiceId: "i-1",
      providerId: "P1",
      clientId: "C1",
      service: "omvardnad",
      from: "2026-10-06",
      to: "2026-10-06",
      minutes: 60,
      amountOre: 48000,
    }),
  ],
  ["visits.csv", "Summa;1\nid;clientId;unitId;start;status\nv-9;C1;U1;2026-10-05T08:00:00Z;completed\nSumma;;;;\n"],
];

export const eva: Account = { sub: "eva", name: "Eva Ek", groups: ["hemtjanst-handlaggare"] };
export const ada: Account = { sub: "ada", name: "Ada Alm", groups: ["klarsyn-granskning"] };
export const bo: Account = { sub: "bo", name: "Bo Berg", groups: ["hemtjanst-handlaggare"] };

/**
 * A municipality after a night, served twice: at `url` behind a real sign-in, and at `openUrl` to somebody who may do
 * everything, for looking at every page.
 */
export async function servedTown() {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const provider = await startProvider(url, eva);
  const opened = await testSystem({ signIn: provider.signIn });
  const { system } = opened;
  const { database, tenantId } = system;
  const scope = { providers: ["P1"], units: null, groups: null };
  const [all, own] = [system.operator, actorOf({ id: "frida", name: "Frida Sten", tenantId, role: "provider", scope })];
  const [ofAll, ofOwn] = [signedIn(all), signedIn(own)];
  const open = createApp(system, {
    // Some pages are of one provider, and show nothing to whoever is of all.
    authenticate: (c) => (/^\/(bestallningar|fragor|manad)/.test(c.req.path) ? ofOwn : ofAll).authenticate(c),
    signIn: openSignIn(system).signIn,
  });
  for (const [name, body] of files) {
    await open.request(`/api/v1/intake/files?name=${name}`, {
      method: "POST",
      headers: { authorization: `Bearer ${uploadKey}`, "idempotency-key": name },
      body,
    });
  }
  await writeFindings(database, tenantId, { evaluated: "all", findings, at });
  await writeSettlement(database, tenantId, { evaluated: "all", lines, at });
  const run = await startRun(database, tenantId, { kind: "night", day: day("2026-11-01"), at });
  await endRun(database, run, { outcome: "done", at, summary: {} });
  await openCases(system, system.operator);
  const { rows } = await database.pool.query<{ no: string }>("SELECT no FROM cases WHERE subject = 'S18' ORDER BY no");
  const asked = await askProvider(system);
  const { rows: raw } = await database.pool.query<{ page: number; row: number }>(
    "SELECT raw_page AS page, raw_index AS row FROM visits WHERE id = 'v-1'",
  );
  const served = await listen(createApp(system, openSignIn(system)), "127.0.0.1", port);
  const everything = await listen(open, "127.0.0.1", 0);
  return {
    url,
    openUrl: everything.url,
    /** The paths that the pages are reached by. */
    routes: open.routes,
    database,
    account: provider.account,
    orderPath: `/bestallningar/${pageIds(system, own).seal("order", 1)}`,
    caseNo: rows[0]!.no,
    ...asked,
    /** A record of that case as its source sent it. */
    rawRecord: `/arenden/${rows[0]!.no}/post?slag=visits&kalla=files&id=v-1&sida=${raw[0]!.page}&rad=${raw[0]!.row}`,
    [Symbol.asyncDispose]: async () => {
      await served.stop();
      await everything.stop();
      await opened[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

/** An order that waits for P1's answer, a case that P1 is asked about, and an endpoint that nobody answers at. */
async function askProvider(system: Awaited<ReturnType<typeof testSystem>>["system"]) {
  const { database, tenantId, operator } = system;
  await announceChanges(system, tenantId);
  const { rows } = await database.pool.query<{ no: string; version: number; finding: string }>(
    `SELECT c.no, c.version, f.finding_id AS finding FROM cases c JOIN case_findings f ON f.tenant_id = c.tenant_id AND f.case_no = c.no
     WHERE c.provider = 'P1' AND c.subject_kind = 'staff' AND c.subject <> 'S18' ORDER BY c.no DESC LIMIT 1`,
  );
  const { no: askedNo, version, finding } = rows[0]!;
  const show = { evidence: true, records: true, client: true, staff: true };
  const letter = { no: askedNo, version, findings: [finding], show, question: "Hur kom det sig?" };
  await requestExplanation(system, operator, { ...letter, dueOn: day("2026-11-16") });
  const webhooks = { allow: ["127.0.0.0/8"], timeoutSeconds: 2 };
  const sending = { ...system, config: { ...system.config, webhooks } };
  const { endpoint } = await createEndpoint(sending, operator, {
    provider: "P1",
    url: "https://127.0.0.1:9/klarsyn",
    key: "hmac",
    types: ["order.created"],
    units: null,
    ordered: false,
    description: "Planeringen",
  });
  await pingEndpoint(sending, operator, endpoint.id);
  return { askedNo, endpointId: endpoint.id };
}

const require = createRequire(import.meta.url);
const axe = readFile(require.resolve("axe-core/axe.min.js"), "utf8");

/** What of the page somebody cannot use. The page's own policy lets axe run only where the context steps around it. */
export async function violations(page: Page): Promise<unknown[]> {
  await page.evaluate(await axe);
  return page.evaluate(async () => {
    interface Result {
      violations: Array<{ id: string; nodes: Array<{ html: string; failureSummary?: string }> }>;
    }
    const { axe: run } = globalThis as unknown as { axe: { run: () => Promise<Result> } };
    return (await run.run()).violations.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary]);
  });
}
