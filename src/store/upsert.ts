import { once } from "node:events";
import copyStreams from "pg-copy-streams";
import type pg from "pg";
import { type Entity, entities, type EntityName, refKinds } from "#model";
import { copyStaging, createStaging, sharedColumns, StagedRows, stagingTable } from "./staging.ts";
import { columnsOfField, tableName } from "./tables/canonical.ts";
import { touch } from "./touched.ts";

/** The set of `parent`'s rows is complete with those of the same place in the ledger. */
export interface StagedGroup {
  entity: EntityName;
  sourceNo: number;
  parent: string;
  version: number | null;
  rawPage: number;
  rawIndex: number;
  /** Ids of the rows that are in it. */
  members: readonly string[];
}

/** What the mapping said of a staged row. */
export interface StagedWarning {
  entity: EntityName;
  sourceNo: number;
  id: string;
  rawPage: number;
  rawIndex: number;
  code: string;
  field: string;
  codeTable: string;
  value: string;
}

export interface UpsertCounts {
  inserted: number;
  /** Heads that a later version replaced. */
  replaced: number;
  /** Older versions that went to the history. */
  older: number;
  /** Rows that said what was known. */
  unchanged: number;
}

/** Above this many changed rows of a batch whole days are marked, so that a first import leaves a few hundred marks. */
const MARKS_MAX = 5_000;

/**
 * With "off" a staged row finds its head by the key, and nothing else is tried: of tables that have just been filled the
 * planner knows nothing, and has compared each of 50,000 rows with each of 50,000.
 */
const plans = (allowed: "on" | "off"): string =>
  ["hashjoin", "mergejoin", "material", "seqscan", "bitmapscan"]
    .map((kind) => `SET LOCAL enable_${kind} = ${allowed}`)
    .join("; ");

const position = (row: string) => `(coalesce(${row}.version, '-infinity'::float8), ${row}.raw_page, ${row}.raw_index)`;
const sameRecord = (a: string, b: string) => `${a}.source_no = ${b}.source_no AND ${a}.id = ${b}.id`;
const samePlace = (a: string, b: string) => `${a}.raw_page = ${b}.raw_page AND ${a}.raw_index = ${b}.raw_index`;
/** Says the same with the same version. */
const says = (a: string, b: string) =>
  `${a}.version IS NOT DISTINCT FROM ${b}.version AND ${a}.deleted = ${b}.deleted AND ${a}.content_hash = ${b}.content_hash`;

const localDay = (instant: string): string => `(${instant} AT TIME ZONE 'Europe/Stockholm')::date`;

/** Entities without a day of their own that speak of a time which they name: its first and last day. */
const spans: Partial<Record<EntityName, readonly [from: string, through: string]>> = {
  claims: [`m."from"`, `m."to"`],
  absences: [localDay(`m."from"`), localDay(`coalesce(m."to", now())`)],
};

/**
 * The first and last day of a span, and a day of each month between: enough to find every older month that it touches,
 * of two years and from the first visit that is known.
 */
function daysOfSpan([from, through]: readonly [string, string]): string {
  const last = `least(${through}, now()::date)`;
  const first = `greatest(${from}, ${last} - 730, (SELECT min(v.day) FROM visits v WHERE v.tenant_id = $1))`;
  return `CROSS JOIN LATERAL (SELECT ${first} AS first, ${last} AS last) e
     CROSS JOIN LATERAL (SELECT e.first AS day UNION SELECT e.last WHERE e.last > e.first
       UNION SELECT g::date FROM generate_series(date_trunc('month', e.first::timestamp) + interval '1 month 14 days', e.last::timestamp, '1 month') g) d`;
}

/** Days are marked for reconciliation by the columns of an entity that name a client or a staff member. */
function marks(entity: EntityName, from: string, wide: boolean): string | null {
  const { day, fields }: Entity = entities[entity];
  const on = day === null ? "NULL::date" : "m.day";
  const span = spans[entity];
  const spanned = span === undefined ? null : `(${from}) m ${daysOfSpan(span)}`;
  // Prices, companies and codes reach everything.
  if (["services", "providers", "units", "contracts"].includes(entity) || (wide && day === null)) {
    const all = `(SELECT 0, NULL::int4, NULL::date FROM (${from}) m LIMIT 1)`;
    return spanned === null ? all : `${all} UNION SELECT 0, NULL::int4, d.day FROM ${spanned} WHERE d.day IS NOT NULL`;
  }
  if (wide) return `SELECT DISTINCT 0, NULL::int4, m.day FROM (${from}) m WHERE m.day IS NOT NULL`;
  const parts = Object.entries(fields).flatMap(([name, { kind, of }]) => {
    if (kind !== "ref" || (of !== "client" && of !== "staff")) return [];
    const column = columnsOfField(name, kind)[0]?.name ?? name;
    return [`SELECT ${of === "client" ? 1 : 2}, m.${column}, ${on} FROM (${from}) m WHERE m.${column} IS NOT NULL`];
  });
  if (entity === "clients" || entity === "staff") {
    const [no, kind] = entity === "clients" ? ([1, "client"] as const) : ([2, "staff"] as const);
    parts.push(
      `SELECT ${no}, r.no, NULL::date FROM (${from}) m
         JOIN refs r ON r.tenant_id = $1 AND r.kind = ${refKinds.indexOf(kind)} AND r.source_no = m.source_no AND r.id = m.id`,
    );
  }
  if (spanned !== null) {
    parts.push(`SELECT 1, m.client_id, d.day FROM ${spanned} WHERE m.client_id IS NOT NULL AND d.day IS NOT NULL`);
  }
  if (entity === "order-lines") {
    parts.push(
      `SELECT 1, o.client_id, NULL::date FROM (${from}) m
         JOIN refs r ON r.tenant_id = $1 AND r.no = m.order_id
         JOIN orders o ON o.tenant_id = $1 AND o.source_no = r.source_no AND o.id = r.id
        WHERE o.client_id IS NOT NULL`,
    );
  }
  return parts.length === 0 ? null : parts.join(" UNION ");
}

/** A new identity number, HSA-id or household joins people anew: who is touched by that is not seen in the row alone. */
const identities: Partial<Record<EntityName, string>> = {
  clients:
    "(s.personal_identity_number_hash IS DISTINCT FROM h.personal_identity_number_hash OR s.household_id IS DISTINCT FROM h.household_id OR (s.deleted AND h.household_id IS NOT NULL))",
  staff:
    "(s.personal_identity_number_hash IS DISTINCT FROM h.personal_identity_number_hash OR s.hsa_id IS DISTINCT FROM h.hsa_id)",
};

async function mark(client: pg.ClientBase, tenantId: string, entity: EntityName, from: string, rows: number) {
  await touch(client, tenantId, entity, from);
  const found = marks(entity, from, rows > MARKS_MAX);
  if (found !== null) {
    await client.query(`INSERT INTO dirty (tenant_id, kind, ref, day) SELECT $1, m.* FROM (${found}) m`, [tenantId]);
  }
}

/** Sends what `take` gave. Rejects, and never hangs, where the server refuses it or the connection is lost. */
async function send(client: pg.ClientBase, statement: string, chunks: readonly Buffer[]): Promise<void> {
  const stream = client.query(copyStreams.from(statement));
  // The stream does not report its end to writers that wait for "drain" alone.
  let failure: unknown = null;
  const failed = new Promise<never>((_, reject) => {
    stream.on("error", (error) => {
      failure = error;
      reject(error);
    });
  });
  failed.catch(() => undefined);
  const finished = new Promise<void>((resolve) => stream.once("finish", resolve));
  for (const chunk of chunks) {
    if (failure !== null) await failed;
    if (!stream.write(chunk)) await Promise.race([once(stream, "drain").catch(() => undefined), failed]);
  }
  stream.end();
  await Promise.race([finished, failed]);
}

/**
 * Brings staged rows into heads and history, within the client's transaction. The result depends only on which rows
 * there are and on their order by version and arrival; of equal rows next to each other the first stands. `sent` is
 * called when the server has all rows, and only it has still work to do.
 */
export async function upsert(
  client: pg.ClientBase,
  tenantId: string,
  staged: readonly StagedRows[],
  groups: readonly StagedGroup[],
  warnings: readonly StagedWarning[],
  sent?: () => void,
): Promise<UpsertCounts> {
  const counts: UpsertCounts = { inserted: 0, replaced: 0, older: 0, unchanged: 0 };
  await client.query(`SET LOCAL client_min_messages = error; SET LOCAL jit = off; ${plans("off")}`);
  for (const rows of staged) {
    if (rows.rows === 0 && !groups.some(({ entity }) => entity === rows.entity)) continue;
    await client.query(createStaging(rows.entity));
    if (rows.rows > 0) await send(client, copyStaging(rows.entity), rows.take());
  }
  sent?.();
  for (const rows of staged) {
    const ofEntity = groups.filter(({ entity }) => entity === rows.entity);
    if (rows.rows === 0 && ofEntity.length === 0) continue;
    const rounds = groupRounds(ofEntity);
    for (let round = 0; round < Math.max(rows.rounds, rounds.length); round++) {
      if (round < rows.rounds) await upsertRound(client, tenantId, rows.entity, round, rows.inRound(round), counts);
      const complete = rounds[round];
      if (complete !== undefined) await completeGroups(client, tenantId, rows.entity, complete);
    }
    if (rows.rows >= KNOWN_AFTER) await makeKnown(client, tenantId, tableName(rows.entity));
    if (ofEntity.length > 0) await hideLateChildren(client, tenantId, rows.entity, ofEntity);
    await keepWarnings(
      client,
      tenantId,
      rows.entity,
      warnings.filter(({ entity }) => entity === rows.entity),
    );
  }
  return counts;
}

const KNOWN_AFTER = 1000;

/**
 * Where Postgres has looked at a table and not seen this tenant in it, it takes the tenant to have no rows, and looks up
 * each record by walking through all of the tenant's: the first months of a second municipality would take hours.
 */
async function makeKnown(client: pg.ClientBase, tenantId: string, table: string): Promise<void> {
  const { rows } = await client.query<{ known: boolean }>(
    `SELECT most_common_vals::text::text[] @> ARRAY[$1::text] AS known FROM pg_stats
      WHERE schemaname = current_schema() AND tablename = $2 AND attname = 'tenant_id'`,
    [tenantId, table],
  );
  if (rows[0]?.known === false) await client.query(`ANALYZE ${table}`);
}

/** A parent that is in the batch twice: the sets are applied one after the other. */
function groupRounds(groups: readonly StagedGroup[]): StagedGroup[][] {
  const rounds: StagedGroup[][] = [];
  const times = new Map<string, number>();
  for (const group of groups) {
    const key = `${group.sourceNo} ${group.parent}`;
    const round = times.get(key) ?? 0;
    times.set(key, round + 1);
    (rounds[round] ??= []).push(group);
  }
  return rounds;
}

async function upsertRound(
  client: pg.ClientBase,
  tenantId: string,
  entity: EntityName,
  round: number,
  staged: number,
  counts: UpsertCounts,
): Promise<void> {
  const head = tableName(entity);
  const history = `${head}_history`;
  const staging = stagingTable(entity);
  const columns = sharedColumns(entity).map((name) => `"${name}"`);
  const list = columns.join(", ");
  const of = (row: string) => columns.map((name) => `${row}.${name}`).join(", ");
  const s = `s.round = ${round}`;
  const joined = `h.tenant_id = $1 AND ${sameRecord("h", "s")} AND ${s}`;
  const run = async (query: string): Promise<number> => (await client.query(query, [tenantId])).rowCount ?? 0;

  const select = `SELECT * FROM ${staging} s WHERE ${s}`;
  const insert = `INSERT INTO ${head} (tenant_id, ${list}) SELECT $1, ${of("s")} FROM ${staging} s WHERE ${s}`;
  // Of a first import nothing is known yet: then the rows look for their heads while they are inserted, not before too.
  const { rows: sample } = await client.query<{ found: number }>(
    `SELECT count(h.id) AS found FROM (${select} LIMIT 200) s JOIN ${head} h ON h.tenant_id = $1 AND ${sameRecord("h", "s")}`,
    [tenantId],
  );
  if (sample[0]?.found === 0) {
    const inserted = await run(`${insert} ON CONFLICT DO NOTHING`);
    counts.inserted += inserted;
    if (inserted > 0) await mark(client, tenantId, entity, select, staged);
    if (inserted === staged) return;
    // What was inserted is now what its head says; the rest is compared below.
    counts.unchanged -= inserted;
  }
  const { rows } = await client.query<Record<"n" | "found" | "equal" | "newer" | "older" | "same", number>>(
    `SELECT count(*) AS n, count(h.id) AS found,
            count(*) FILTER (WHERE ${says("s", "h")} AND ${position("s")} >= ${position("h")}) AS equal,
            count(*) FILTER (WHERE ${position("s")} > ${position("h")}) AS newer,
            count(*) FILTER (WHERE ${position("s")} < ${position("h")}) AS older,
            count(*) FILTER (WHERE ${position("s")} = ${position("h")}) AS same
       FROM ${staging} s LEFT JOIN ${head} h ON h.tenant_id = $1 AND ${sameRecord("h", "s")}
      WHERE ${s}`,
    [tenantId],
  );
  const { n = 0, found = 0, equal = 0, newer = 0, older = 0, same = 0 } = rows[0] ?? {};
  counts.unchanged += equal;
  if (n === equal) return;
  if (found === 0) {
    counts.inserted += await run(insert);
    await mark(client, tenantId, entity, select, n);
    return;
  }
  if (equal > 0) {
    await run(
      `DELETE FROM ${staging} s USING ${head} h WHERE ${joined} AND ${says("s", "h")} AND ${position("s")} >= ${position("h")}`,
    );
  }
  if (entity === "planned-visits") {
    // The version in force when the visit started may be any: a new one can take its place, also on another day.
    await mark(
      client,
      tenantId,
      entity,
      `SELECT k.* FROM ${staging} s JOIN (SELECT * FROM ${head} UNION ALL SELECT * FROM ${history}) k ON k.tenant_id = $1 AND ${sameRecord("k", "s")} AND ${s}`,
      n - equal,
    );
  }
  if (older > 0) counts.older += await keepOlder(client, tenantId, entity, round);
  const changing = `${joined} AND ${position("s")} >= ${position("h")}`;
  const changed = newer + same - equal;
  if (changed > 0) {
    await mark(client, tenantId, entity, `SELECT h.* FROM ${head} h JOIN ${staging} s ON ${changing}`, changed);
    const identity = identities[entity];
    if (identity !== undefined) {
      await run(
        `INSERT INTO dirty (tenant_id, kind) SELECT $1, 0 FROM ${staging} s JOIN ${head} h ON ${changing} AND ${identity} LIMIT 1`,
      );
    }
    await run(
      `INSERT INTO version_conflicts (tenant_id, entity, source_no, id, version)
       SELECT $1, '${entity}', s.source_no, s.id, s.version FROM ${staging} s JOIN ${head} h ON ${joined}
        WHERE s.version = h.version AND NOT s.deleted AND NOT h.deleted AND ${position("s")} > ${position("h")}
       ON CONFLICT DO NOTHING`,
    );
    await run(
      `DELETE FROM mapping_warnings w USING ${staging} s, ${head} h
        WHERE w.tenant_id = $1 AND w.entity = '${entity}' AND ${sameRecord("w", "s")} AND ${changing}`,
    );
    counts.replaced += await run(
      `INSERT INTO ${history} (tenant_id, ${list}) SELECT $1, ${of("h")} FROM ${staging} s JOIN ${head} h ON ${joined}
        WHERE ${position("s")} > ${position("h")} ON CONFLICT DO NOTHING`,
    );
  }
  await mark(client, tenantId, entity, select, n - equal);
  if (changed > 0) {
    const assignments = columns.map((name) => `${name} = s.${name}`).join(", ");
    await run(`UPDATE ${head} h SET ${assignments} FROM ${staging} s WHERE ${changing}`);
  }
  if (n > found) {
    counts.inserted += await run(
      `${insert} AND NOT EXISTS (SELECT FROM ${head} h WHERE h.tenant_id = $1 AND ${sameRecord("h", "s")})`,
    );
  }
}

/** Puts staged rows that come before their head into the history, as if they had come in order. */
async function keepOlder(client: pg.ClientBase, tenantId: string, entity: EntityName, round: number): Promise<number> {
  const head = tableName(entity);
  const history = `${head}_history`;
  const staging = stagingTable(entity);
  const columns = sharedColumns(entity).map((name) => `"${name}"`);
  const run = async (query: string): Promise<number> => (await client.query(query, [tenantId])).rowCount ?? 0;
  const past = `k.tenant_id = $1 AND ${sameRecord("k", "s")}`;
  const late = `h.tenant_id = $1 AND ${sameRecord("h", "s")} AND s.round = ${round} AND ${position("s")} < ${position("h")}`;
  const isLate = `EXISTS (SELECT FROM ${head} h WHERE ${late})`;
  const between = (end: string) =>
    `EXISTS (SELECT FROM ${history} b WHERE b.tenant_id = $1 AND ${sameRecord("b", "s")} AND ${position("b")} > ${position("s")} AND ${position("b")} < ${position(end)})`;

  await run(
    `INSERT INTO version_conflicts (tenant_id, entity, source_no, id, version)
     SELECT DISTINCT $1, '${entity}', s.source_no, s.id, s.version FROM ${staging} s JOIN ${head} h ON ${late}
      WHERE NOT s.deleted AND ((s.version = h.version AND NOT h.deleted AND s.content_hash <> h.content_hash) OR EXISTS (
        SELECT FROM ${history} k WHERE ${past} AND k.version = s.version AND NOT k.deleted AND k.content_hash <> s.content_hash))
     ON CONFLICT DO NOTHING`,
  );
  // The record of the same place in the ledger, as another mapping made it.
  await run(
    `DELETE FROM ${history} k USING ${staging} s WHERE ${past} AND s.round = ${round} AND ${samePlace("k", "s")} AND NOT (${says("s", "k")})`,
  );
  await run(
    `DELETE FROM ${staging} s USING ${history} k WHERE ${past} AND s.round = ${round} AND ${samePlace("k", "s")}`,
  );
  // The one before says the same.
  await run(
    `DELETE FROM ${staging} s WHERE s.round = ${round} AND ${isLate} AND EXISTS (
       SELECT FROM (SELECT k.version, k.deleted, k.content_hash FROM ${history} k
                     WHERE ${past} AND ${position("k")} < ${position("s")}
                     ORDER BY coalesce(k.version, '-infinity'::float8) DESC, k.raw_page DESC, k.raw_index DESC LIMIT 1) k
        WHERE ${says("s", "k")})`,
  );
  // The next one says the same: it is the one that was not news.
  await run(
    `DELETE FROM ${history} k USING ${staging} s
      WHERE ${past} AND s.round = ${round} AND ${isLate} AND ${says("s", "k")} AND ${position("k")} > ${position("s")} AND NOT ${between("k")}`,
  );
  await run(
    `UPDATE ${head} h SET raw_page = s.raw_page, raw_index = s.raw_index, mapping_version = s.mapping_version
       FROM ${staging} s WHERE ${late} AND ${says("s", "h")} AND NOT ${between("h")}`,
  );
  await run(
    `DELETE FROM ${staging} s USING ${head} h
      WHERE h.tenant_id = $1 AND ${sameRecord("h", "s")} AND s.round = ${round} AND ${position("s")} = ${position("h")} AND ${says("s", "h")}`,
  );
  return run(
    `INSERT INTO ${history} (tenant_id, ${columns.join(", ")})
     SELECT $1, ${columns.map((name) => `s.${name}`).join(", ")} FROM ${staging} s JOIN ${head} h ON ${late}`,
  );
}

/**
 * Makes tombstones of heads. `select` gives columns `h.*`, and the version and place of each tombstone; $1 is the
 * tenant. Returns how many.
 */
async function bury(
  client: pg.ClientBase,
  tenantId: string,
  entity: EntityName,
  select: string,
  values: readonly unknown[],
  /** "keys": every join finds its row by a primary key; "free": the planner chooses. */
  joins: "keys" | "free" = "free",
): Promise<number> {
  const head = tableName(entity);
  const gone = `gone_${head}`;
  const columns = sharedColumns(entity).map((name) => `"${name}"`);
  await client.query(
    `CREATE TEMP TABLE IF NOT EXISTS ${gone} (LIKE ${head}, gone_version float8, gone_page int8, gone_index int4) ON COMMIT DELETE ROWS;
     DELETE FROM ${gone}; ${joins === "free" ? plans("on") : ""}`,
  );
  const { rowCount } = await client.query(`INSERT INTO ${gone} ${select}`, [tenantId, ...values]);
  await client.query(plans("off"));
  if (!rowCount) return 0;
  await mark(client, tenantId, entity, `SELECT * FROM ${gone}`, rowCount);
  await client.query(
    `INSERT INTO ${head}_history (tenant_id, ${columns.join(", ")}) SELECT $1, ${columns.join(", ")} FROM ${gone} ON CONFLICT DO NOTHING`,
    [tenantId],
  );
  await client.query(
    `DELETE FROM mapping_warnings w USING ${gone} g WHERE w.tenant_id = $1 AND w.entity = '${entity}' AND ${sameRecord("w", "g")}`,
    [tenantId],
  );
  const kept = ["source_no", "id", "parent", "mapping_version"];
  const set: Record<string, string> = {
    version: "g.gone_version",
    raw_page: "g.gone_page",
    raw_index: "g.gone_index",
    deleted: "true",
    content_hash: `'\\x${"00".repeat(16)}'`,
  };
  const assignments = sharedColumns(entity)
    .filter((name) => !kept.includes(name))
    .map((name) => `"${name}" = ${set[name] ?? "NULL"}`);
  await client.query(
    `UPDATE ${head} h SET ${assignments.join(", ")} FROM ${gone} g WHERE h.tenant_id = $1 AND ${sameRecord("h", "g")}`,
    [tenantId],
  );
  return rowCount;
}

const groupColumns =
  "unnest($2::int2[], $3::text[], $4::float8[], $5::int8[], $6::int4[]) WITH ORDINALITY AS g (source_no, parent, version, raw_page, raw_index, no)";

/** Buries the children that a newer set of their parent no longer has. */
async function completeGroups(
  client: pg.ClientBase,
  tenantId: string,
  entity: EntityName,
  groups: readonly StagedGroup[],
): Promise<void> {
  const values = [
    groups.map(({ sourceNo }) => sourceNo),
    groups.map(({ parent }) => parent),
    groups.map(({ version }) => version),
    groups.map(({ rawPage }) => rawPage),
    groups.map(({ rawIndex }) => rawIndex),
  ];
  const members = groups.flatMap((group, no) => group.members.map((id) => ({ no: no + 1, id })));
  const head = tableName(entity);
  await bury(
    client,
    tenantId,
    entity,
    `SELECT h.*, g.version, g.raw_page, g.raw_index
       FROM ${groupColumns} JOIN ${head} h ON h.tenant_id = $1 AND h.source_no = g.source_no AND h.parent = g.parent
      WHERE NOT h.deleted AND h.parent IS NOT NULL AND ${position("h")} < ${position("g")}
        AND NOT EXISTS (SELECT FROM unnest($7::int4[], $8::text[]) AS m (no, id) WHERE m.no = g.no AND m.id = h.id)`,
    [...values, members.map(({ no }) => no), members.map(({ id }) => id)],
  );
  await client.query(
    `INSERT INTO complete_groups AS c (tenant_id, entity, source_no, parent, version, raw_page, raw_index)
     SELECT $1, '${entity}', g.source_no, g.parent, g.version, g.raw_page, g.raw_index FROM ${groupColumns}
     ON CONFLICT (tenant_id, entity, source_no, parent)
     DO UPDATE SET version = excluded.version, raw_page = excluded.raw_page, raw_index = excluded.raw_index
      WHERE ${position("excluded")} > ${position("c")}`,
    [tenantId, ...values],
  );
}

/** Children of an older set that have come now, when a newer set without them is already known. */
async function hideLateChildren(
  client: pg.ClientBase,
  tenantId: string,
  entity: EntityName,
  groups: readonly StagedGroup[],
): Promise<void> {
  // A set that came again in one batch moved its place; children that say the same stayed where they first were.
  const times = Map.groupBy(groups, ({ sourceNo, parent }) => `${sourceNo} ${parent}`);
  const again = [...times.values()].filter((of) => of.length > 1).flat();
  const members = again.flatMap(({ rawPage, rawIndex, members }) => members.map((id) => ({ rawPage, rawIndex, id })));
  await bury(
    client,
    tenantId,
    entity,
    `SELECT h.*, c.version, c.raw_page, c.raw_index
       FROM ${stagingTable(entity)} s
      CROSS JOIN LATERAL (
        SELECT * FROM ${tableName(entity)} h WHERE h.tenant_id = $1 AND ${sameRecord("h", "s")} AND ${samePlace("h", "s")} OFFSET 0) h
      CROSS JOIN LATERAL (
        SELECT * FROM complete_groups c
         WHERE c.tenant_id = $1 AND c.entity = '${entity}' AND c.source_no = h.source_no AND c.parent = h.parent OFFSET 0) c
      WHERE NOT h.deleted AND NOT (${samePlace("c", "h")}) AND ${position("c")} > ${position("h")}
        AND (c.raw_page, c.raw_index, h.id) NOT IN (SELECT * FROM unnest($2::int8[], $3::int4[], $4::text[]))`,
    [members.map(({ rawPage }) => rawPage), members.map(({ rawIndex }) => rawIndex), members.map(({ id }) => id)],
    // Rows of this transaction are not in the planner's statistics; OFFSET 0 keeps it from walking the staged rows for each head.
    "keys",
  );
}

async function keepWarnings(
  client: pg.ClientBase,
  tenantId: string,
  entity: EntityName,
  warnings: readonly StagedWarning[],
): Promise<void> {
  for (let from = 0; from < warnings.length; from += 20_000) {
    const some = warnings.slice(from, from + 20_000);
    await client.query(
      `INSERT INTO mapping_warnings (tenant_id, entity, source_no, id, code, field, code_table, value)
       SELECT DISTINCT $1, '${entity}', w.source_no, w.id, w.code, w.field, w.code_table, w.value
         FROM unnest($2::int2[], $3::text[], $4::int8[], $5::int4[], $6::text[], $7::text[], $8::text[], $9::text[])
              AS w (source_no, id, raw_page, raw_index, code, field, code_table, value)
         JOIN ${tableName(entity)} h ON h.tenant_id = $1 AND ${sameRecord("h", "w")} AND ${samePlace("h", "w")}
       ON CONFLICT DO NOTHING`,
      [
        tenantId,
        some.map(({ sourceNo }) => sourceNo),
        some.map(({ id }) => id),
        some.map(({ rawPage }) => rawPage),
        some.map(({ rawIndex }) => rawIndex),
        some.map(({ code }) => code),
        some.map(({ field }) => field),
        some.map(({ codeTable }) => codeTable),
        some.map(({ value }) => value),
      ],
    );
  }
}

export interface CompleteIds {
  source: string;
  sourceNo: number;
  resource: string;
  entities: readonly EntityName[];
  ids: readonly string[];
  /** Page that listed them, and a place in it after its records. */
  rawPage: number;
  rawIndex: number;
}

/**
 * Buries what the source delivered before and no longer lists: rows by their id, children by their parent's. Null,
 * and nothing done, where more than half would go: that is a source that is ill, not one that was tidied.
 */
export async function buryVanished(
  client: pg.ClientBase,
  tenantId: string,
  complete: CompleteIds,
): Promise<number | null> {
  const { source, sourceNo, resource, ids, rawPage, rawIndex } = complete;
  const values = [sourceNo, source, resource, rawPage, rawIndex, ids];
  const from = (entity: EntityName) =>
    `FROM ${tableName(entity)} h JOIN raw_pages p ON p.tenant_id = $1 AND p.id = h.raw_page
      WHERE h.tenant_id = $1 AND h.source_no = $2 AND NOT h.deleted AND p.source = $3 AND p.resource = $4
        AND (h.raw_page, h.raw_index) < ($5::int8, $6::int4)`;
  const unlisted = "NOT EXISTS (SELECT FROM unnest($7::text[]) AS i (id) WHERE i.id = coalesce(h.parent, h.id))";
  await client.query(plans("on"));
  const vanished: EntityName[] = [];
  for (const entity of complete.entities) {
    const { rows } = await client.query<{ all: number; gone: number }>(
      `SELECT count(*) AS all, count(*) FILTER (WHERE ${unlisted}) AS gone ${from(entity)}`,
      [tenantId, ...values],
    );
    const { all = 0, gone = 0 } = rows[0] ?? {};
    if (gone > 10 && gone * 2 > all) return null;
    if (gone > 0) vanished.push(entity);
  }
  let buried = 0;
  for (const entity of vanished) {
    const select = `SELECT h.*, h.version, $5::int8, $6::int4 ${from(entity)} AND ${unlisted}`;
    buried += await bury(client, tenantId, entity, select, values);
  }
  return buried;
}
