import { and, asc, eq, gt } from "drizzle-orm";
import type { Instant, Month, Ore } from "#model";
import type { Database } from "./database.ts";
import {
  columnName,
  compareInBulk,
  type Evaluated,
  type Hashed,
  hashed,
  json,
  saidBefore,
  stage,
  type StagedColumns,
  stageEvaluated,
} from "./stage.ts";
import { foldSums } from "./sums.ts";
import { settlementLines as table } from "./tables/settlement.ts";
import { without } from "./without.ts";

const minuteKinds = [
  "granted",
  "planned",
  "registered",
  "payable",
  "declined",
  "noAnswer",
  "absent",
  "missed",
  "claimed",
  "underDelivered",
] as const;
const oreKinds = ["payable", "claimed", "overbilled", "unbilled"] as const;

/** The figures of one order line and provider in a month. What belongs to no line has neither `order` nor `line`. */
export interface SettlementLine {
  month: Month;
  provider: string | null;
  unit: string | null;
  client: string | null;
  service: string | null;
  order: string | null;
  line: string | null;
  contract: string | null;
  minutes: Record<(typeof minuteKinds)[number], number>;
  ore: Record<(typeof oreKinds)[number], Ore>;
  /** For how many minutes the client may be charged; no part of what the provider is paid. */
  feeMinutes: number;
  /** How many matches there are of each code. */
  codes: Record<string, number>;
  /** The steps from registered to payable. */
  trace: ReadonlyArray<object>;
  /** Claims that are not accepted as they stand, and what nobody claims. */
  claims: readonly SettlementClaim[];
}

/** A claim with what is held and proposed; `claim` null: nobody claims it. */
export interface SettlementClaim {
  code: string;
  matter: string;
  claim: { source: string; id: string } | null;
  related: ReadonlyArray<{ source: string; id: string }>;
  days: readonly string[];
  band: string | null;
  minutes: { claimed: number; payable: number };
  ore: { claimed: Ore; payable: Ore | null; overbilled: Ore; unbilled: Ore };
  hold: { days: number; until: string } | null;
  proposal: { kind: string; minutes: number; ore: Ore; why: string } | null;
}

export interface NewSettlementLine extends SettlementLine {
  /** What a run must have looked at before it may replace or drop the line. */
  slice: string;
}

/** What of it is stored as JSON may be JSON already. */
type JsonPart = "codes" | "trace" | "claims";
export type SettlementLineToWrite = Omit<NewSettlementLine, JsonPart> & {
  [K in JsonPart]: NewSettlementLine[K] | string;
};

const keys = ["month", "provider", "unit", "client", "service", "order", "line", "contract"] as const;

/** Names a line by what it is about. */
export function settlementLineId(line: Pick<SettlementLine, (typeof keys)[number]>): string {
  return keys.map((key) => encodeURIComponent(line[key] ?? "")).join("/");
}

type Staged = Record<string, unknown> & { id: string };
const figures: StagedColumns<Staged> = [
  ...minuteKinds.map((kind) => [`${kind}Minutes`, "int4"] as const),
  ...oreKinds.map((kind) => [`${kind}Ore`, "int8"] as const),
  ["feeMinutes", "int4"],
  ["codes", "text"],
  ["trace", "text"],
  ["claims", "text"],
];
const columns: StagedColumns<Staged> = [
  ["id", "text"],
  ["slice", "text"],
  ...keys.map((key) => [key, "text"] as const),
  ...figures,
  ["contentHash", "bytea"],
];

function rowOf(line: SettlementLineToWrite): Staged {
  const row: Staged = {
    id: settlementLineId(line),
    slice: line.slice,
    feeMinutes: line.feeMinutes,
    codes: json(line.codes),
    trace: json(line.trace),
    claims: json(line.claims),
  };
  for (const key of keys) row[key] = line[key];
  for (const kind of minuteKinds) row[`${kind}Minutes`] = line.minutes[kind];
  for (const kind of oreKinds) row[`${kind}Ore`] = line.ore[kind];
  return row;
}

/** Of what is stored already no more than that it is. */
function* staged(lines: ReadonlyArray<Hashed<SettlementLineToWrite>>, known: ReadonlySet<string>): Generator<Staged> {
  for (const { id, item, contentHash } of lines)
    yield known.has(id) ? { id, contentHash } : { ...rowOf(item), contentHash };
}

export interface SettlementWritten {
  added: number;
  kept: number;
  changed: number;
  removed: number;
}

/** Writes the lines of the slices that a run looked at; only what differs is written. Lines of other slices stay. */
export async function writeSettlement(
  database: Database,
  tenantId: string,
  run: {
    evaluated: Evaluated;
    lines: Iterable<SettlementLineToWrite>;
    at: Instant;
    /** False where sums may wait for a later run to be made one row again. */
    fold?: boolean;
  },
): Promise<SettlementWritten> {
  return database.transaction(async ({ client }) => {
    await compareInBulk(client, run.evaluated);
    const lines = hashed(run.lines, rowOf, columns);
    const known = await saidBefore(client, tenantId, "settlement_lines", lines);
    await stage(client, "settlement_lines", columns, ["id"], staged(lines, known));
    const looked = await stageEvaluated(client, run.evaluated, "f");
    const at = new Date(run.at);
    const removed = await client.query(
      `DELETE FROM settlement_lines f WHERE f.tenant_id = $1 AND ${looked}
         AND NOT EXISTS (SELECT FROM staged_settlement_lines s WHERE s.id = f.id)`,
      [tenantId],
    );
    const names = columns.map(([field]) => `"${columnName(field)}"`);
    const changed = await client.query(
      `UPDATE settlement_lines f SET ${names.map((name) => `${name} = s.${name}`).join(", ")}, changed_at = $2
       FROM staged_settlement_lines s WHERE f.tenant_id = $1 AND f.id = s.id AND f.content_hash <> s.content_hash`,
      [tenantId, at],
    );
    const added = await client.query(
      `INSERT INTO settlement_lines (tenant_id, changed_at, ${names.join(", ")})
       SELECT $1, $2, ${names.map((name) => `s.${name}`).join(", ")} FROM staged_settlement_lines s
       WHERE NOT EXISTS (SELECT FROM settlement_lines f WHERE f.tenant_id = $1 AND f.id = s.id)`,
      [tenantId, at],
    );
    if (run.fold !== false) await foldSums(client, tenantId, "settlement_sums");
    const written = { added: added.rowCount ?? 0, changed: changed.rowCount ?? 0, removed: removed.rowCount ?? 0 };
    return { ...written, kept: lines.length - written.added - written.changed };
  });
}

export interface SettlementSelection {
  month: Month;
  provider?: string;
  /** `id` of the last line of the page before. */
  after?: string;
  limit?: number;
}

/** One page of a month's lines, by provider, unit and client. `id` is what the next page goes on from. */
export async function selectSettlement(
  database: Database,
  tenantId: string,
  { month, provider, after, limit = 1000 }: SettlementSelection,
): Promise<Array<SettlementLine & { id: string }>> {
  const rows = await database.orm
    .select()
    .from(table)
    .where(
      and(
        eq(table.tenantId, tenantId),
        eq(table.month, month),
        provider === undefined ? undefined : eq(table.provider, provider),
        after === undefined ? undefined : gt(table.id, after),
      ),
    )
    .orderBy(asc(table.id))
    .limit(limit);
  return rows.map((row) => ({
    id: row.id,
    month: row.month,
    provider: row.provider,
    unit: row.unit,
    client: row.client,
    service: row.service,
    order: row.order,
    line: row.line,
    contract: row.contract,
    minutes: {
      granted: row.grantedMinutes,
      planned: row.plannedMinutes,
      registered: row.registeredMinutes,
      payable: row.payableMinutes,
      declined: row.declinedMinutes,
      noAnswer: row.noAnswerMinutes,
      absent: row.absentMinutes,
      missed: row.missedMinutes,
      claimed: row.claimedMinutes,
      underDelivered: row.underDeliveredMinutes,
    },
    ore: {
      payable: row.payableOre,
      claimed: row.claimedOre,
      overbilled: row.overbilledOre,
      unbilled: row.unbilledOre,
    },
    feeMinutes: row.feeMinutes,
    // Written by `writeSettlement`.
    codes: JSON.parse(row.codes) as SettlementLine["codes"],
    trace: JSON.parse(row.trace) as SettlementLine["trace"],
    claims: JSON.parse(row.claims) as SettlementLine["claims"],
  }));
}

/** How many lines a month has, as long as it is open. */
export async function countSettlement({ orm }: Database, tenantId: string, month: Month): Promise<number> {
  return orm.$count(table, and(eq(table.tenantId, tenantId), eq(table.month, month)));
}

/** All lines of a month, a page in memory at a time. */
export async function* streamSettlement(
  database: Database,
  tenantId: string,
  selection: Omit<SettlementSelection, "after" | "limit">,
): AsyncGenerator<SettlementLine> {
  let after: string | undefined;
  for (;;) {
    const page = await selectSettlement(database, tenantId, {
      ...selection,
      ...(after === undefined ? {} : { after }),
    });
    for (const line of page) yield without(line, "id");
    after = page.at(-1)?.id;
    if (after === undefined || page.length < 1000) return;
  }
}
