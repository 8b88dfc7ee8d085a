import { checkConfig } from "#config";
import { createApp } from "#http";
import { openLog } from "#log";
import { checkDigit, day, instant } from "#model";
import {
  announceChanges,
  type ApiScope,
  apiScopes,
  type ApiClientKind,
  createApiClient,
  createEndpoint,
  openCases,
  requestExplanation,
} from "#operations";
import { writeFindings, writeSettlement } from "#store";
import { adapters, openSystem, type System } from "#system";
import { finding } from "../../support/finding.ts";
import { settlementLine } from "../../support/settlement-line.ts";
import { signedIn } from "../../support/signed-in.ts";
import { testSystem, uploadKey } from "../../support/system.ts";
import { jsonl, person } from "../desk.ts";

export const at = instant("2026-11-01T03:30:00Z");
/** Stands in everything that is another provider's, or another municipality's. */
export const SECRET = "HEMLIGT";

export const personalNumber = (birth: string, serial: string): string =>
  `${birth}${serial}${checkDigit(`${birth.slice(2)}${serial}`)}`;
export const agda = { name: "Agda Öst", number: personalNumber("18900101", "980") };

const providers = [
  { id: "P1", organisationNumber: "212000-1355", name: "Hemtjänsten Norr", regime: "municipal" },
  { id: "P2", organisationNumber: "556000-4615", name: `${SECRET} AB`, regime: "private" },
];
const units = [
  { id: "U1", providerId: "P1", name: "Norr" },
  { id: "U2", providerId: "P2", name: `${SECRET} enhet` },
  { id: "U3", providerId: "P1", name: "Nordväst" },
];
const clients = [
  { id: "C1", name: agda.name, personalIdentityNumber: agda.number },
  { id: "C2", name: `${SECRET} Lind`, personalIdentityNumber: personalNumber("18910202", "981") },
  {
    id: "C3",
    name: "Cilla Skydd",
    personalIdentityNumber: personalNumber("18920303", "982"),
    protection: "confidential",
  },
];
export const order = (id: string, clientId: string, unitId: string, more: object = {}) => ({
  id,
  clientId,
  unitId,
  status: "sent",
  orderedAt: "2026-10-05T10:00",
  validFrom: "2026-10-12",
  lines: [{ id: `${id}-1`, service: "omvardnad", minutes: 30, times: 3, per: "day" }],
  ...more,
});
const orders = [
  order("o-1", "C1", "U1"),
  order("o-2", "C2", "U2"),
  order("o-3", "C3", "U3"),
  order("o-4", "C1", "U1", { status: "ended", validTo: "2026-10-31" }),
];
const files: Readonly<Record<string, readonly object[]>> = {
  providers,
  units,
  clients,
  services: [{ code: "omvardnad", name: "Omvårdnad", kind: "care" }],
  contracts: units.map(({ id, providerId }) => ({
    id: `K-${id}`,
    providerId,
    reference: `Avtal ${id}`,
    validFrom: "2026-01-01",
    terms: { price: [{ orePerHour: 48000 }] },
  })),
  orders,
  absences: [{ id: "a-1", clientId: "C1", from: "2026-10-31T10:00", kind: "hospital" }],
  visits: [
    {
      id: "v-1",
      clientId: "C1",
      unitId: "U1",
      start: "2026-10-13T08:00",
      end: "2026-10-13T08:30",
      status: "completed",
      services: ["omvardnad"],
    },
    {
      id: "v-2",
      clientId: "C2",
      unitId: "U2",
      staffId: `S-${SECRET}`,
      start: "2026-10-13T08:00",
      end: "2026-10-13T08:30",
      status: "completed",
      services: ["omvardnad"],
    },
  ],
};

function found(id: string, provider: string, unit: string, client: string) {
  const mine = provider === "P1";
  return finding(id, {
    provider,
    unit,
    client,
    staff: mine ? `S-${id}` : `S-${SECRET}-${id}`,
    fromDay: day("2026-10-13"),
    throughDay: day("2026-10-13"),
    records: [{ entity: "visits", source: "files", id: mine ? "v-1" : "v-2" }],
    ...(mine ? {} : { reason: `${SECRET} överlappar.` }),
    evidence: [{ condition: "samtidig tid i minuter ≥", value: 12, threshold: 8 }],
  });
}

const settled = (provider: string, unit: string, client: string, order: string) =>
  settlementLine(client, {
    provider,
    unit,
    order,
    line: `${order}-1`,
    contract: `K-${unit}`,
    minutes: { granted: 1860, planned: 1800, registered: 1702, payable: 1690, claimed: 1860, missed: 60 },
    ore: { payable: 1_309_750, claimed: 1_441_500, overbilled: 131_750, unbilled: 0 },
    codes: { M00: 27 },
  });

async function fill(system: System): Promise<Record<string, string>> {
  const app = createApp(system, signedIn(system.operator));
  for (const [name, records] of Object.entries(files)) await upload(app, name, records);
  await announceChanges(system, system.tenantId);
  const { database, tenantId, operator } = system;
  const findings = [
    found("f-1", "P1", "U1", "C1"),
    found("f-2", "P2", "U2", "C2"),
    found("f-3", "P1", "U3", "C3"),
    found("f-4", "P1", "U1", "C1"),
  ];
  await writeFindings(database, tenantId, { evaluated: "all", findings, at });
  await writeSettlement(database, tenantId, {
    evaluated: "all",
    lines: [settled("P1", "U1", "C1", "o-1"), settled("P2", "U2", "C2", "o-2"), settled("P1", "U3", "C3", "o-3")],
    at,
  });
  await openCases(system, operator);
  const { rows } = await database.pool.query<{ no: string; finding: string; version: number }>(
    `SELECT c.no, f.finding_id AS finding, c.version FROM cases c JOIN case_findings f
       ON f.tenant_id = c.tenant_id AND f.case_no = c.no WHERE c.tenant_id = $1`,
    [tenantId],
  );
  const handler = { ...person("handler", "eva"), tenantId };
  // Nobody has asked about the last one yet.
  for (const { no, finding: id, version } of rows.filter((row) => row.finding !== "f-4")) {
    const show = { evidence: true, records: true, client: false, staff: true };
    const question = id === "f-2" ? `${SECRET} fråga` : "Hur kom det sig?";
    await requestExplanation(system, handler, {
      no,
      version,
      findings: [id],
      show,
      question,
      dueOn: day("2026-11-16"),
    });
  }
  return Object.fromEntries(rows.map(({ finding: id, no }) => [id, no]));
}

export async function upload(app: ReturnType<typeof createApp>, name: string, records: readonly object[]) {
  return app.request(`/api/v1/intake/files?name=${name}.jsonl`, {
    method: "POST",
    headers: { authorization: `Bearer ${uploadKey}`, "idempotency-key": crypto.randomUUID() },
    body: jsonl(...records),
  });
}

/** Two municipalities on one database, each with two providers that have orders, cases and figures. */
export async function providersTown(api: Record<string, unknown> = {}) {
  const config = { api: { requestsPerMinute: 100_000, ...api }, webhooks: { allow: ["127.0.0.0/8"] } };
  const opened = await testSystem(config);
  const { system, content, configFile, env } = opened;
  const elsewhere = { ...content, municipality: { code: "0180", name: "Grannkommun" } };
  const other = await openSystem(checkConfig(elsewhere, configFile, env, adapters), {
    anySchema: false,
    log: openLog("silent"),
    now: system.now,
  });
  const cases = await fill(system);
  const otherCases = await fill(other);
  const open = createApp(system, signedIn(system.operator));
  return {
    ...opened,
    other,
    app: open,
    /** Case numbers by finding. */
    cases,
    otherCases,
    send: (name: string, ...records: object[]) => upload(open, name, records),
    announce: () => announceChanges(system, system.tenantId),
    [Symbol.asyncDispose]: async () => {
      await other[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}
export type Town = Awaited<ReturnType<typeof providersTown>>;

export interface NewProgram {
  provider?: string;
  units?: readonly string[] | null;
  scopes?: readonly ApiScope[];
  kind?: ApiClientKind;
  jwks?: string;
}

/** Lets a program in, of P1 with every scope and a key where nothing else is said. */
export async function program(
  system: System,
  { provider = "P1", units = null, scopes = apiScopes, ...more }: NewProgram = {},
) {
  const made = { name: "Planeringssystemet", provider, units, scopes, kind: "key" as const, ...more };
  return createApiClient(system, system.operator, made);
}

/** Makes an endpoint that nobody answers at, in the state that is wanted. */
export async function endpointOf(system: System, provider: string, state: "unverified" | "active" | "paused") {
  const filter = { types: null, units: null, ordered: false, description: provider === "P1" ? "Norr" : SECRET };
  const made = { provider, url: "https://127.0.0.1:9/klarsyn", key: "hmac", ...filter } as const;
  const { endpoint } = await createEndpoint(system, system.operator, made);
  await system.database.pool.query("UPDATE endpoints SET state = $2 WHERE id = $1", [endpoint.id, state]);
  return endpoint.id;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // What is expected of it stands in each test.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

/** Asks as a program with a key or token. */
export function asking(app: ReturnType<typeof createApp>, credential: string | null) {
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await app.request(`/api/v1${path}`, {
      method,
      headers: {
        ...(credential === null ? {} : { authorization: `Bearer ${credential}` }),
        ...(body === undefined ? {} : { "content-type": "application/json", "idempotency-key": crypto.randomUUID() }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
  };
  return {
    get: (path: string, headers?: Record<string, string>) => ask("GET", path, undefined, headers),
    post: (path: string, body: unknown, headers?: Record<string, string>) => ask("POST", path, body, headers),
  };
}
