// Times what a night does after it has read its columns: tables, matching, rules and figures over a synthetic month.
// node --expose-gc bench/rules.ts [visits]
import { cpus, totalmem } from "node:os";
import { buildTables, type RawColumns, type Refs, type TextColumn } from "#columns";
import { DAY_MS, day, type EntityName, entities, HOUR, MINUTE, refKinds, startOfDay } from "#model";
import { matchVisits } from "#match";
import { runEngine } from "#rule";
import { rules } from "#rules";
import { Settlement } from "#settle";

const visitCount = Number(process.argv[2] ?? 1_000_000);
const days = 31;
const first = day("2026-10-01");
const perClientDay = 4;
const clientCount = Math.ceil(visitCount / (days * perClientDay));
const staffCount = Math.max(4, Math.round(clientCount / 3));
const unitCount = 20;

/** Numbers that look random and are the same in every run. */
function mulberry(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const random = mulberry(7);

const refKind: number[] = [];
const refId: string[] = [];
function reference(kind: (typeof refKinds)[number], id: string): number {
  refKind.push(refKinds.indexOf(kind));
  refId.push(id);
  return refId.length - 1;
}
const client = Int32Array.from({ length: clientCount }, (_, n) => reference("client", `C${n}`));
const staff = Int32Array.from({ length: staffCount }, (_, n) => reference("staff", `S${n}`));
const unit = Int32Array.from({ length: unitCount }, (_, n) => reference("unit", `U${n}`));
const provider = Int32Array.from({ length: 6 }, (_, n) => reference("provider", `P${n}`));
const order = Int32Array.from({ length: clientCount }, (_, n) => reference("order", `o-${n}`));
const service = reference("service", "omvardnad");
const refs: Refs = {
  kind: Int8Array.from(refKind),
  source: Int16Array.from(refKind, (kind) => (refKinds[kind] === "service" ? -1 : 0)),
  id: refId,
};

function ids(prefix: string, count: number): TextColumn {
  const width = prefix.length + 8;
  const bytes = new Uint8Array(count * width);
  const offsets = new Int32Array(count + 1);
  for (let row = 0; row < count; row++) {
    bytes.set(Buffer.from(prefix + String(row).padStart(8, "0")), row * width);
    offsets[row + 1] = (row + 1) * width;
  }
  return { bytes, offsets, nulls: new Uint8Array(count) };
}

function texts(values: readonly string[]): TextColumn {
  const parts = values.map((value) => Buffer.from(value));
  const offsets = new Int32Array(values.length + 1);
  parts.forEach((part, row) => (offsets[row + 1] = offsets[row]! + part.length));
  return { bytes: Buffer.concat(parts), offsets, nulls: new Uint8Array(values.length) };
}

function columns(entity: EntityName, id: TextColumn, fields: RawColumns["fields"]): RawColumns {
  const count = id.nulls.length;
  return {
    entity,
    count,
    source: new Int16Array(count),
    id,
    version: new Float64Array(count).fill(1),
    received: Float64Array.from({ length: count }, (_, row) => row),
    fields,
  };
}
const place = (entity: EntityName, field: string, value: string): number =>
  entities[entity].fields[field]!.values!.indexOf(value);
const constant = (count: number, value: number): Int32Array => new Int32Array(count).fill(value);
const word = (count: number, value: number): Int8Array => new Int8Array(count).fill(value);
const unknown = (count: number): Float64Array => new Float64Array(count).fill(NaN);

/** Visits in the order in which a database may hand them over: none. */
function visitsAndPlans(): { visits: RawColumns; plans: RawColumns } {
  const order = new Int32Array(visitCount);
  for (let row = 0; row < visitCount; row++) order[row] = row;
  for (let row = visitCount - 1; row > 0; row--) {
    const other = Math.floor(random() * (row + 1));
    [order[row], order[other]] = [order[other]!, order[row]!];
  }
  const made = (): Record<string, Int32Array> & { staffId: Int32Array } => ({
    clientId: new Int32Array(visitCount),
    staffId: new Int32Array(visitCount),
    unitId: new Int32Array(visitCount),
    services: constant(visitCount, service),
  });
  const [visit, plan] = [made(), made()];
  const time = { start: new Float64Array(visitCount), end: new Float64Array(visitCount) };
  const planned = { start: new Float64Array(visitCount), end: new Float64Array(visitCount) };
  const proof = new Int8Array(visitCount);
  order.forEach((row, n) => {
    const who = Math.floor(n / perClientDay) % clientCount;
    const date = Math.floor(n / (perClientDay * clientCount));
    const turn = n % perClientDay;
    const start = startOfDay(first + date) + (7 + turn * 3.6) * HOUR + (who % 3) * 40 * MINUTE;
    const member = Math.floor(who / 3) % staffCount;
    for (const columnsOf of [visit, plan]) {
      columnsOf["clientId"]![row] = client[who]!;
      columnsOf["staffId"]![row] = staff[member]!;
      columnsOf["unitId"]![row] = unit[member % unitCount]!;
    }
    planned.start[row] = start;
    planned.end[row] = start + 25 * MINUTE;
    time.start[row] = start + Math.round((random() - 0.3) * 12) * MINUTE;
    time.end[row] = time.start[row]! + Math.round(14 + random() * 16) * MINUTE;
    proof[row] = random() < 0.1 ? 5 : random() < 0.5 ? 0 : 1;
  });
  return {
    visits: columns("visits", ids("v-", visitCount), {
      ...visit,
      ...time,
      law: word(visitCount, -1),
      orderId: constant(visitCount, -1),
      status: word(visitCount, place("visits", "status", "completed")),
      originalStart: unknown(visitCount),
      originalEnd: unknown(visitCount),
      receivedAt: time.end.map((end) => end + MINUTE),
      editedAt: unknown(visitCount),
      startProof: proof,
      endProof: proof,
      doubleStaffing: word(visitCount, -1),
    }),
    plans: columns("planned-visits", ids("p-", visitCount), {
      ...plan,
      ...planned,
      orderId: constant(visitCount, -1),
      cancelled: word(visitCount, 0),
      modifiedAt: planned.start.map((start) => start - 3 * DAY_MS),
    }),
  };
}

const numbered = (prefix: string, count: number): TextColumn =>
  texts(Array.from({ length: count }, (_, n) => `${prefix}${n}`));
const since = day("2026-01-01");
const others = {
  services: columns("services", numbered("s", 1), { code: texts(["omvardnad"]), kind: word(1, 0) }),
  providers: columns("providers", numbered("P", 6), { name: numbered("Utförare ", 6), regime: word(6, 1) }),
  units: columns("units", numbered("U", unitCount), {
    providerId: Int32Array.from({ length: unitCount }, (_, n) => provider[n % 6]!),
    name: numbered("Enhet ", unitCount),
  }),
  clients: columns("clients", numbered("C", clientCount), {
    addresses: texts(
      Array.from({ length: clientCount }, (_, n) =>
        JSON.stringify([
          {
            from: "2020-01-01",
            latitude: 58.9 + (n % 3) * 0.002 + (n % 97) * 0.001,
            longitude: 17.9 + (n % 89) * 0.002,
            precision: "exact",
            buildingId: `B${n}`,
          },
        ]),
      ),
    ),
    protection: word(clientCount, 0),
  }),
  staff: columns("staff", numbered("S", staffCount), {
    hsaId: numbered("HSA-", staffCount),
    unitId: Int32Array.from({ length: staffCount }, (_, n) => unit[n % unitCount]!),
  }),
  orders: columns("orders", numbered("o-", clientCount), {
    clientId: client,
    unitId: Int32Array.from({ length: clientCount }, (_, n) => unit[(Math.floor(n / 3) % staffCount) % unitCount]!),
    status: word(clientCount, place("orders", "status", "accepted")),
    orderedAt: new Float64Array(clientCount).fill(startOfDay(since)),
    validFrom: constant(clientCount, since),
  }),
  "order-lines": columns("order-lines", numbered("l-", clientCount), {
    orderId: order,
    service: constant(clientCount, service),
    minutes: new Float64Array(clientCount).fill(25),
    times: new Float64Array(clientCount).fill(perClientDay),
    per: word(clientCount, place("order-lines", "per", "day")),
  }),
};

const memory = (): string => `${Math.round(process.memoryUsage.rss() / 1e6)} MB`;
function timed<T>(what: string, work: () => T): T {
  const from = performance.now();
  const busy = process.cpuUsage();
  const result = work();
  const used = process.cpuUsage(busy);
  const wall = (performance.now() - from).toFixed(0).padStart(6);
  const cpu = ((used.user + used.system) / 1000).toFixed(0).padStart(6);
  process.stdout.write(`${what.padEnd(34)} ${wall} ms ${cpu} ms of processor   ${memory()}\n`);
  return result;
}

process.stdout.write(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${Math.round(totalmem() / 1e9)} GB\n` +
    `${visitCount} visits and plans, ${clientCount} clients, ${staffCount} staff\n`,
);
for (let round = 1; round <= 3; round++) {
  const { visits, plans } = visitsAndPlans();
  const raw = { ...others, visits, "planned-visits": plans };
  globalThis.gc?.();
  process.stdout.write(`-- round ${round}, columns hold ${memory()}\n`);
  const period = { from: first, through: first + days - 1 };
  const tables = timed("build tables", () =>
    buildTables({
      raw,
      history: {},
      refs,
      sources: ["files"],
      aliases: [],
      warnings: [],
      facts: [],
      asOf: startOfDay(day("2026-11-10")),
      period,
      release: true,
    }),
  );
  const matches = timed("match visits and plans", () => matchVisits(tables));
  const settlement = new Settlement(tables, matches);
  const { findings, outcomes } = timed(`${rules.length} rules, figures`, () =>
    runEngine({ tenant: "0000", tables, matches, settlement, rules }),
  );
  timed("  figures alone", () => runEngine({ tenant: "0000", tables, matches, settlement, rules: [] }));
  if (round === 1) {
    for (const rule of rules)
      timed(`  ${rule.id}`, () => runEngine({ tenant: "0000", tables, matches, settlement, rules: [rule] }));
    const tally = new Map<string, number>();
    for (const finding of findings) tally.set(finding.rule, (tally.get(finding.rule) ?? 0) + 1);
    process.stdout.write(`findings: ${JSON.stringify(Object.fromEntries(tally))}, outcomes: ${outcomes.length}\n`);
  }
}
process.stdout.write(`highest memory ${Math.round(process.resourceUsage().maxRSS / 1000)} MB\n`);
