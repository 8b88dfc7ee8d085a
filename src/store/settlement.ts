import { and, asc, eq, gt } from "drizzle-orm";
import { type Instant, type Month, type Ore, rowHash } from "#model";
import type { Database } from "./database.ts";
import {
  columnName,
  compareInBulk,
  copyRows,
  type Evaluated,
  field,
  type Hashed,
  hashed,
  hashing,
  isFirst,
  json,
  listOf,
  ofHashed,
  selectGone,
  stage,
  type StagedColumns,
  stageHashes,
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
  return keys.map((key) => encoded(line[key] ?? "")).join("/");
}

/** Most are plain, and to find that out takes a fifth of the time. */
const encoded = (text: string): string => (/^[\w.-]*$/.test(text) ? text : encodeURIComponent(text));

type Line = SettlementLineToWrite;
const said: StagedColumns<Line> = [
  field("slice", "text"),
  ...keys.map((key) => field(key, "text")),
  ...minuteKinds.map((kind) => [columnName(`${kind}Minutes`), "int4", ({ minutes }: Line) => minutes[kind]] as const),
  ...oreKinds.map((kind) => [columnName(`${kind}Ore`), "int8", ({ ore }: Line) => ore[kind]] as const),
  field("feeMinutes", "int4"),
  ["codes", "text", ({ codes }) => json(codes)],
  ["trace", "text", ({ trace }) => json(trace)],
  ["claims", "text", ({ claims }) => json(claims)],
];
const valuesOf = said.map(([, , of]) => of);
const columns = ofHashed(said);

function about(line: Line): { id: string; hash: string } {
  const id = settlementLineId(line);
  // The place at the end has been in the hash since it was first stored.
  return { id, hash: rowHash([id, ...valuesOf.map((of) => of(line)), null]) };
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
    lines: readonly SettlementLineToWrite[];
    at: Instant;
    /** False where sums may wait for a later run to be made one row again. */
    fold?: boolean;
  },
): Promise<SettlementWritten> {
  return database.transaction(async ({ client }) => {
    await compareInBulk(client, run.evaluated);
    const at = new Date(run.at);
    const target = "settlement_lines";
    const written = { added: run.lines.length, changed: 0, removed: 0 };
    let added: Iterable<Hashed<Line>> = hashing(run.lines, about);
    if (!(await isFirst(client, tenantId, target, run.lines.length))) {
      const lines = await hashed(run.lines, about);
      const staged = await stageHashes(client, lines);
      const { rows } = await client.query<[id: string, stored: boolean]>({
        text: `SELECT s.id, f.id IS NOT NULL FROM ${staged} s LEFT JOIN ${target} f ON f.tenant_id = $1 AND f.id = s.id
               WHERE f.content_hash IS DISTINCT FROM s.content_hash`,
        values: [tenantId],
        rowMode: "array",
      });
      const stored = new Map(rows);
      const missing = lines.filter(({ id }) => stored.get(id) === false);
      const changed = lines.filter(({ id }) => stored.get(id) === true);
      const removed = await selectGone(client, tenantId, target, {
        evaluated: run.evaluated,
        staged,
        condition: "TRUE",
      });
      if (removed.length > 0)
        await client.query(`DELETE FROM ${target} WHERE tenant_id = $1 AND id = ANY ($2)`, [tenantId, removed]);
      if (changed.length > 0) {
        const staging = await stage(client, target, columns, ["id"], changed);
        await client.query(
          `UPDATE ${target} f SET ${listOf(columns, (name) => `${name} = s.${name}`)}, changed_at = $2
           FROM ${staging} s WHERE f.tenant_id = $1 AND f.id = s.id`,
          [tenantId, at],
        );
      }
      added = missing;
      Object.assign(written, { added: missing.length, changed: changed.length, removed: removed.length });
    }
    const inserted: StagedColumns<Hashed<Line>> = [
      ["tenant_id", "text", () => tenantId],
      ...columns,
      ["changed_at", "timestamptz", () => run.at],
    ];
    if (written.added > 0) await copyRows(client, target, inserted, added);
    if (run.fold !== false) await foldSums(client, tenantId, "settlement_sums");
    return { ...written, kept: run.lines.length - written.added - written.changed };
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
