import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { type Instant, formatDay, dayOf, HOUR, MINUTE, offsetMinutes, startOfDay, day as dayOfDate } from "#model";
import {
  failing,
  type Fault,
  type Proof,
  type SimulatorEnv,
  type World,
  type WorldOrderLine,
  type WorldOrderVersion,
  type WorldVisitVersion,
} from "#synthetic";
import { makeCertificates } from "./certificates.ts";

export interface CombineSimulatorOptions {
  world: World;
  port?: number;
  now?: () => number;
  /** A file has no more records than this. */
  recordsPerFile?: number;
  /** Every `every`th record comes `ms` later than the others of its time, in a later file. */
  late?: { every: number; ms: number };
}

export type Kind = "orders" | "executions" | "visits";

export interface CombineSimulator {
  /** Settings of an adapter that is to read it: the address, and a client certificate of the server's authority. */
  settings: { baseUrl: string; ca: string; cert: string; key: string };
  faults: Fault[];
  /** How it misbehaves without failing. */
  habits: {
    /** Each file begins with the last record of the file before. */
    repeatRecords: boolean;
  };
  /** Every request that was answered: "GET orders", "GET orders/1001", "DELETE orders/1001". */
  requests: string[];
  /** Ids of the files that are not acknowledged. */
  waiting: (kind: Kind) => string[];
  /** Puts a document into the queue as it is, under another address where `href` says so. Returns its id. */
  put: (kind: Kind, document: string | Buffer, href?: string) => string;
  close: () => Promise<void>;
}

/** One record, from the time at which it is delivered. */
interface Delivered {
  at: Instant;
  render: () => string;
}

interface QueuedFile {
  id: string;
  name: string;
  href: string;
  created: Instant;
  bytes: Buffer;
}

const roots: Readonly<Record<Kind, string>> = {
  orders: "Bestallningar",
  executions: "Verkstalligheter",
  visits: "Besokslista",
};

const orderStatus: Readonly<Record<WorldOrderVersion["status"], string>> = {
  registered: "Registrerad",
  sent: "Skickad",
  accepted: "Accepterad",
  declined: "Avböjd",
  ended: "Avslutad",
  cancelled: "Makulerad",
};
const visitStatus: Readonly<Record<WorldVisitVersion["status"], string>> = {
  started: "Påbörjat",
  completed: "Utfört",
  declined: "Avböjt",
  cancelled: "Inställt",
  noAnswer: "Bom",
};
const proofs: Readonly<Record<Proof, string>> = {
  lock: "Lås",
  nfc: "NFC",
  bluetooth: "Bluetooth",
  gps: "GPS",
  phone: "Telefon",
  manual: "Manuell",
  none: "Ingen",
};
const periods: Readonly<Record<WorldOrderLine["per"], string>> = {
  day: "dag",
  week: "vecka",
  fortnight: "2veckor",
  month: "månad",
  once: "engång",
};
const partsOfDay: Readonly<Record<NonNullable<WorldOrderLine["partOfDay"]>, string>> = {
  morning: "morgon",
  midday: "mitt på dagen",
  afternoon: "eftermiddag",
  evening: "kväll",
  night: "natt",
  any: "valfri",
};

/** The wall clock in Sweden with its offset: "2026-10-05T07:05:00+02:00". */
function local(at: Instant): string {
  const offset = offsetMinutes(at);
  return new Date(at + offset * MINUTE).toISOString().replace(/(?:\.000)?Z$/, offset === 120 ? "+02:00" : "+01:00");
}

const escape = (text: string) => text.replace(/[<>&"\n]/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

type Value = string | number | undefined;

/** An element with attributes; what is undefined is left out. */
function element(name: string, attributes: Record<string, Value>, content = ""): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([attribute, value]) => ` ${attribute}="${escape(String(value))}"`);
  const start = `<${name}${written.join("")}`;
  return content === "" ? `${start}/>` : `${start}>${content}</${name}>`;
}

const plain = (name: string, value: Value) => (value === undefined ? "" : element(name, {}, escape(String(value))));
const maybe = (name: string, attribute: string, value: Value) =>
  value === undefined ? "" : element(name, { [attribute]: value });
const yes = (value: boolean | undefined) => (value === undefined ? undefined : value ? "J" : "N");

/** Versions with their numbers: two of the same time are one version sent twice with different content. */
function numbered<Version extends { at: Instant }>(versions: readonly Version[]): Array<[Version, number]> {
  let number = 0;
  return versions.map((version, index) => [version, version.at === versions[index - 1]?.at ? number : ++number]);
}

/** Everything that Combine knows of a municipality, in the order in which it delivers it. */
class Register {
  readonly delivered: Readonly<Record<Kind, Delivered[]>>;
  private readonly world: World;
  private readonly numbers: Map<string, string>;
  private readonly units: Map<string, { orgnr: string | undefined; enhet: string; combine: boolean }>;
  private readonly staff: Map<string, string>;

  constructor(world: World, late: CombineSimulatorOptions["late"]) {
    this.world = world;
    this.numbers = new Map(world.clients.map((client) => [client.id, client.personalIdentityNumber]));
    const providers = new Map(world.providers.map((provider) => [provider.id, provider.organisationNumber]));
    this.units = new Map(
      world.units.map(({ id, providerId, ids, ordersIn }) => [
        id,
        { orgnr: providers.get(providerId), enhet: ids.combine ?? id, combine: ordersIn === "combine" },
      ]),
    );
    this.staff = new Map(
      world.staff.flatMap(({ id, employments }) =>
        employments.map(({ unitId, ids }): [string, string] => [`${unitId} ${id}`, ids.combine ?? id]),
      ),
    );
    const order = (records: Delivered[]) =>
      records
        .map((one, index) => (late !== undefined && index % late.every === 0 ? { ...one, at: one.at + late.ms } : one))
        .sort((a, b) => a.at - b.at);
    this.delivered = {
      orders: order(this.orders()),
      executions: order(this.executions()),
      visits: order(this.visits()),
    };
  }

  private person(clientId: string): string {
    return element("Brukare", { personnummer: this.numbers.get(clientId) });
  }

  private provider(unitId: string): string {
    const { orgnr, enhet = unitId } = this.units.get(unitId) ?? {};
    return element("Utforare", { orgnr, enhet });
  }

  private orders(): Delivered[] {
    const decisions = new Map(this.world.decisions.map((decision) => [decision.id, decision]));
    const ofCombine = this.world.orders.filter(({ source }) => source === "combine");
    return ofCombine.flatMap(({ id, clientId, unitId, decisionId, orderedAt, versions }) => {
      const decision = decisions.get(decisionId);
      return numbered(versions).map(([version, number]) => ({
        at: version.at,
        render: () =>
          element(
            "Bestallning",
            { id, version: number, andrad: local(version.at) },
            [
              this.person(clientId),
              this.provider(unitId),
              decision === undefined
                ? ""
                : element("Beslut", {
                    id: decision.id,
                    datum: decision.decidedOn,
                    lag: decision.law,
                    fran: decision.validFrom,
                    till: decision.validTo,
                    insats: decision.service,
                    minuterPerManad: decision.grantedMinutesPerMonth,
                  }),
              plain("Bestalld", local(orderedAt)),
              plain("Accepterad", version.acceptedAt === undefined ? undefined : local(version.acceptedAt)),
              element("Giltig", { fran: version.validFrom, till: version.validTo }),
              plain("Status", orderStatus[version.status]),
              ...version.lines.map((line) =>
                element("Insats", {
                  kod: line.service,
                  minuter: line.minutes,
                  antal: line.times,
                  period: periods[line.per],
                  veckodagar: line.weekdays?.join(","),
                  delAvDygn: line.partOfDay === undefined ? undefined : partsOfDay[line.partOfDay],
                  bemanning: line.staffing,
                }),
              ),
            ].join("\n    "),
          ),
      }));
    });
  }

  /** An order that was accepted, and again when its implementation plan is established. */
  private executions(): Delivered[] {
    const made: Delivered[] = [];
    const ofCombine = this.world.orders.filter(({ source }) => source === "combine");
    for (const { id, clientId, unitId, versions } of ofCombine) {
      const accepted = versions.find(({ acceptedAt }) => acceptedAt !== undefined);
      if (accepted?.acceptedAt === undefined) continue;
      const began = plain("Verkstalld", accepted.validFrom);
      made.push({
        at: accepted.acceptedAt,
        render: () =>
          element(
            "Verkstallighet",
            { id: `V-${id}`, version: 1, bestallning: id },
            this.person(clientId) + this.provider(unitId) + began,
          ),
      });
    }
    for (const plan of this.world.servicePlans) {
      if (this.units.get(plan.unitId)?.combine !== true) continue;
      const order = ofCombine.find(({ clientId, unitId }) => clientId === plan.clientId && unitId === plan.unitId);
      made.push({
        at: startOfDay(dayOfDate(plan.establishedOn)) + 15 * HOUR,
        render: () =>
          element(
            "Verkstallighet",
            { id: `V-${order?.id ?? plan.id}`, version: 2, bestallning: order?.id },
            this.person(plan.clientId) +
              this.provider(plan.unitId) +
              element("Genomforandeplan", {
                id: plan.id,
                upprattad: plan.establishedOn,
                uppfoljning: plan.followUpOn,
                delaktig: yes(plan.clientParticipated),
              }),
          ),
      });
    }
    return made;
  }

  private visits(): Delivered[] {
    const ofCombine = this.world.visits.filter(({ source }) => source === "combine");
    return ofCombine.flatMap((visit) => {
      const received = visit.versions[0]?.at;
      const staffId = (id: string | undefined) =>
        id === undefined ? undefined : (this.staff.get(`${visit.unitId} ${id}`) ?? id);
      const side = (name: string, at: Instant | null, proof: Proof, tag: Value, original: Instant | undefined) =>
        at === null
          ? ""
          : element(name, {
              tid: local(at),
              kvittens: proofs[proof],
              tagg: tag,
              ursprunglig: original === undefined ? undefined : local(original),
            });
      return numbered(visit.versions).map(([version, number]) => ({
        at: version.at,
        render: () =>
          element(
            "Besok",
            {
              id: visit.id,
              version: number,
              borttagen: yes(version.deleted),
              mottagen: received === undefined ? undefined : local(received),
            },
            [
              this.person(visit.clientId),
              this.provider(visit.unitId),
              maybe("Personal", "id", staffId(visit.staffId)),
              maybe("Bestallning", "id", visit.orderId),
              maybe("Planerat", "id", visit.plannedVisitId),
              side("Start", version.start, version.startProof, version.startTag, version.originalStart),
              side("Slut", version.end, version.endProof, version.endTag, version.originalEnd),
              plain("Status", visitStatus[version.status]),
              plain("Orsak", version.declinedReason),
              plain("Anmalt", version.declinedNotifiedAt === undefined ? undefined : local(version.declinedNotifiedAt)),
              ...version.services.map((kod) => element("Insats", { kod })),
              maybe("Telefon", "id", visit.deviceId),
              plain("Dubbelbemanning", yes(visit.doubleStaffing)),
              plain("Grupp", visit.groupCode),
              version.editedBy === undefined
                ? ""
                : element("Andring", {
                    tid: local(version.at),
                    av: staffId(version.editedBy),
                    orsak: version.editReason,
                  }),
              plain("Godkand", yes(version.approved)),
            ].join(""),
          ),
      }));
    });
  }
}

/** ISO-8859-1, in which other characters are written as references. */
const latin1 = (text: string) =>
  Buffer.from(
    text.replace(/[^\u0000-\u00ff]/gu, (character) => `&#${character.codePointAt(0) ?? 0};`),
    "latin1",
  );

/** Every other file is in ISO-8859-1, as the systems that Combine gathers from write them. */
function document(kind: Kind, records: readonly string[], number: number): Buffer {
  const encoding = number % 2 === 0 ? "ISO-8859-1" : "UTF-8";
  const root = roots[kind];
  const text = `<?xml version="1.0" encoding="${encoding}"?>\n<${root}>\n  ${records.join("\n  ")}\n</${root}>\n`;
  return number % 2 === 0 ? latin1(text) : Buffer.from(text);
}

/**
 * Combine as a real server on the loopback: mutual TLS, queues of files that are listed until they are acknowledged, with
 * what the synthetic municipality's Combine knew at `now()`.
 */
export async function startCombineSimulator({
  world,
  port = 0,
  now = Date.now,
  recordsPerFile = 5000,
  late,
}: CombineSimulatorOptions): Promise<CombineSimulator> {
  const { delivered } = new Register(world, late);
  const certificates = await makeCertificates();
  const faults: Fault[] = [];
  const habits = { repeatRecords: false };
  const requests: string[] = [];
  const queues: Record<Kind, QueuedFile[]> = { orders: [], executions: [], visits: [] };
  /** How many records of each kind are in files. */
  const published: Record<Kind, number> = { orders: 0, executions: 0, visits: 0 };
  const repeated: Partial<Record<Kind, string>> = {};
  let files = 1000;
  let origin = "";

  function put(kind: Kind, content: string | Buffer, href?: string): string {
    const id = String(++files);
    const created = now();
    const name = `${roots[kind].toLowerCase()}_${formatDay(dayOf(created)).replaceAll("-", "")}_${id}.xml`;
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    queues[kind].push({ id, name, href: href ?? `${origin}/files/${kind}/${id}`, created, bytes });
    return id;
  }

  /** Writes files of what has become known since the last time. */
  function publish(kind: Kind): void {
    const at = now();
    const records = delivered[kind];
    let known = published[kind];
    while (known < records.length && (records[known]?.at ?? Infinity) <= at) known++;
    while (published[kind] < known) {
      const from = published[kind];
      const until = Math.min(known, from + recordsPerFile);
      const rendered = records.slice(from, until).map(({ render }) => render());
      const before = repeated[kind];
      repeated[kind] = rendered.at(-1) ?? "";
      put(kind, document(kind, habits.repeatRecords && before !== undefined ? [before, ...rendered] : rendered, files));
      published[kind] = until;
    }
  }

  const app = new Hono<SimulatorEnv>();
  app.use(async (c, next) => {
    requests.push(`${c.req.method} ${c.req.path.replace("/files/", "")}`);
    await next();
  });
  app.use(failing(faults, (path) => path.replace("/files/", "")));
  app.use(async (c, next) => {
    if (c.req.header("X-Api-Version") === "1") await next();
    else c.res = c.json({ message: "X-Api-Version is missing." }, 400);
  });
  app.get("/files/:kind{orders|executions|visits}", (c) => {
    const kind = c.req.param("kind") as Kind;
    publish(kind);
    const listed = queues[kind].map(({ id, name, href, created }) => ({
      Id: id,
      Name: name,
      Description: roots[kind],
      Href: href,
      CreatedDate: local(created).slice(0, 19),
    }));
    return c.json({ DtoFinancialFile: listed });
  });
  app.get("/files/:kind{orders|executions|visits}/:id", (c) => {
    const found = queues[c.req.param("kind") as Kind].find(({ id }) => id === c.req.param("id"));
    if (found === undefined) return c.notFound();
    return c.body(new Uint8Array(found.bytes), 200, { "Content-Type": "application/xml" });
  });
  app.delete("/files/:kind{orders|executions|visits}/:id", (c) => {
    const kind = c.req.param("kind") as Kind;
    const index = queues[kind].findIndex(({ id }) => id === c.req.param("id"));
    if (index === -1) return c.notFound();
    queues[kind].splice(index, 1);
    return c.body(null, 204);
  });

  const server = serve({
    fetch: app.fetch,
    hostname: "127.0.0.1",
    port,
    createServer,
    serverOptions: { ...certificates.server, ca: certificates.ca, requestCert: true, rejectUnauthorized: true },
  });
  await new Promise<void>((done, failed) => server.once("listening", done).once("error", failed));
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    settings: { baseUrl: origin, ca: certificates.ca, ...certificates.client },
    faults,
    habits,
    requests,
    waiting: (kind) => queues[kind].map(({ id }) => id),
    put,
    close: async () => {
      if ("closeAllConnections" in server) server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
