import { and, asc, count, desc, eq, gt, inArray, isNull, lte, sql } from "drizzle-orm";
import { AppError } from "#errors";
import type { Instant } from "#model";
import type { Database, Transaction } from "./database.ts";
import { addQuarantine } from "./quarantine.ts";
import { cursors, deliveries, mappingVersions, rawPages, sourceHours } from "./tables/ledger.ts";

/** Somebody else pulls the same source at the same time and was faster; what is stored is whole. */
export class PullOvertaken extends AppError {
  readonly code = "intake.overtaken";
  readonly kind = "conflict";

  constructor(source: string, resource: string) {
    super(`${source}/${resource} is being pulled by another process; this pull stopped.`, { source, resource });
  }
}

export interface Cursor {
  cursor: string | null;
  /** Commits so far. */
  pages: number;
}

export interface NewPage {
  source: string;
  resource: string;
  run: number;
  seq: number;
  place: string;
  delivery: string | null;
  deliveryComplete: boolean;
  receivedAt: Instant;
  count: number;
  contentHash: Buffer;
  codec: number;
  /** Null: nothing that has to be kept, only the cursor moves. */
  bytes: Buffer | null;
  /** Null: as it is. */
  cursor: string | null;
  broken: ReadonlyArray<{ line: number; rule: string; text: Buffer }>;
}

/** A page of the ledger, without its content. */
export interface RawPage {
  id: number;
  source: string;
  resource: string;
  run: number;
  place: string;
  receivedAt: Instant;
  count: number;
  codec: number;
}

const HOUR_MS = 3_600_000;

export async function selectCursor(
  { orm }: Database,
  tenantId: string,
  source: string,
  resource: string,
): Promise<Cursor> {
  const [row] = await orm
    .select({ cursor: cursors.cursor, pages: cursors.pages })
    .from(cursors)
    .where(and(eq(cursors.tenantId, tenantId), eq(cursors.source, source), eq(cursors.resource, resource)));
  return row ?? { cursor: null, pages: 0 };
}

/** True where a file of this content has been read to its end before; its coming again is noted. */
export async function seenDelivery(
  { orm }: Database,
  tenantId: string,
  source: string,
  hash: string,
  at: Instant,
): Promise<boolean> {
  const rows = await orm
    .update(deliveries)
    .set({ lastAt: at, times: sql`${deliveries.times} + 1` })
    .where(and(eq(deliveries.tenantId, tenantId), eq(deliveries.source, source), eq(deliveries.hash, hash)))
    .returning({ hash: deliveries.hash });
  return rows.length > 0;
}

/**
 * Stores a page with the cursor that follows it, in one transaction. Returns its number in the ledger, or null where
 * the same page was stored before: a crash came between its commit and whatever told the source.
 * Throws PullOvertaken where the cursor is no longer the one of `before`.
 */
export async function storePage(
  database: Database,
  tenantId: string,
  before: Cursor,
  page: NewPage,
): Promise<number | null> {
  const { source, resource, receivedAt } = page;
  return database.transaction(async ({ orm, client }) => {
    // Pages of a source are numbered in the order in which they become visible.
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('klarsyn ledger ' || $1 || ' ' || $2, 0))", [
      tenantId,
      source,
    ]);
    const last = await moveCursor({ orm, client }, tenantId, before, page);
    if (page.deliveryComplete && page.delivery !== null) {
      const { delivery: hash, place } = page;
      await orm
        .insert(deliveries)
        .values({ tenantId, source, resource, hash, place, firstAt: receivedAt, lastAt: receivedAt, times: 1 })
        .onConflictDoNothing();
    }
    if (page.bytes === null || (await isStored({ orm, client }, tenantId, page, last))) return null;
    const [stored] = await orm
      .insert(rawPages)
      .values({ ...page, bytes: page.bytes, tenantId })
      .returning({ id: rawPages.id });
    const id = stored?.id ?? 0;
    await orm
      .update(cursors)
      .set({ lastPage: id, ...(page.count > 0 ? { recordsAt: receivedAt } : {}) })
      .where(and(eq(cursors.tenantId, tenantId), eq(cursors.source, source), eq(cursors.resource, resource)));
    const lines = page.broken.map(({ line, rule, text }) => ({
      source,
      resource,
      rawPage: id,
      rawIndex: null,
      place: page.place,
      line,
      field: null,
      valueClass: null,
      rule,
      code: "broken-record",
      text,
    }));
    await addQuarantine(orm, tenantId, lines, receivedAt);
    await orm
      .insert(sourceHours)
      .values({
        tenantId,
        source,
        resource,
        hour: Math.floor(receivedAt / HOUR_MS) * HOUR_MS,
        pages: 1,
        records: page.count,
      })
      .onConflictDoUpdate({
        target: [sourceHours.tenantId, sourceHours.source, sourceHours.resource, sourceHours.hour],
        set: { pages: sql`${sourceHours.pages} + 1`, records: sql`${sourceHours.records} + excluded.records` },
      });
    return id;
  });
}

/** Returns the page that was stored last. */
async function moveCursor(
  { orm }: Transaction,
  tenantId: string,
  before: Cursor,
  page: NewPage,
): Promise<number | null> {
  const { source, resource, cursor } = page;
  if (before.pages === 0) {
    const made = await orm
      .insert(cursors)
      .values({ tenantId, source, resource, cursor, pages: 1 })
      .onConflictDoNothing()
      .returning({ pages: cursors.pages });
    if (made.length === 0) throw new PullOvertaken(source, resource);
    return null;
  }
  const [moved] = await orm
    .update(cursors)
    .set({ pages: before.pages + 1, ...(cursor === null ? {} : { cursor }) })
    .where(
      and(
        eq(cursors.tenantId, tenantId),
        eq(cursors.source, source),
        eq(cursors.resource, resource),
        eq(cursors.pages, before.pages),
      ),
    )
    .returning({ lastPage: cursors.lastPage });
  if (moved === undefined) throw new PullOvertaken(source, resource);
  return moved.lastPage;
}

async function isStored({ orm }: Transaction, tenantId: string, page: NewPage, last: number | null): Promise<boolean> {
  if (page.delivery === null && last === null) return false;
  const rows = await orm
    .select({ id: rawPages.id })
    .from(rawPages)
    .where(
      and(
        eq(rawPages.tenantId, tenantId),
        eq(rawPages.source, page.source),
        eq(rawPages.resource, page.resource),
        eq(rawPages.contentHash, page.contentHash),
        page.delivery === null ? eq(rawPages.id, last ?? 0) : eq(rawPages.delivery, page.delivery),
      ),
    )
    .limit(1);
  return rows.length > 0;
}

const meta = {
  id: rawPages.id,
  source: rawPages.source,
  resource: rawPages.resource,
  run: rawPages.run,
  place: rawPages.place,
  receivedAt: rawPages.receivedAt,
  count: rawPages.count,
  codec: rawPages.codec,
};

/** Pages of a source after `after` that wait to be normalised, in order. */
export async function selectWaiting(
  { orm }: Database,
  tenantId: string,
  source: string,
  after: number,
  limit: number,
): Promise<RawPage[]> {
  return orm
    .select(meta)
    .from(rawPages)
    .where(
      and(
        eq(rawPages.tenantId, tenantId),
        isNull(rawPages.normalisedAt),
        eq(rawPages.source, source),
        gt(rawPages.id, after),
      ),
    )
    .orderBy(asc(rawPages.id))
    .limit(limit);
}

/** Sources with pages that wait to be normalised, and how many. */
export async function selectWaitingSources(
  { orm }: Database,
  tenantId: string,
): Promise<Array<{ source: string; pages: number }>> {
  return orm
    .select({ source: rawPages.source, pages: count() })
    .from(rawPages)
    .where(and(eq(rawPages.tenantId, tenantId), isNull(rawPages.normalisedAt)))
    .groupBy(rawPages.source)
    .orderBy(asc(rawPages.source));
}

export async function selectPage(
  { orm }: Database,
  tenantId: string,
  id: number,
): Promise<(RawPage & { bytes: Buffer }) | null> {
  const [row] = await orm
    .select({ ...meta, bytes: rawPages.bytes })
    .from(rawPages)
    .where(and(eq(rawPages.tenantId, tenantId), eq(rawPages.id, id)));
  return row ?? null;
}

/** Normalised pages of a resource from `id` on, in order. */
export async function selectPagesFrom(
  { orm }: Database,
  tenantId: string,
  source: string,
  resource: string,
  after: number,
  limit: number,
): Promise<RawPage[]> {
  return orm
    .select(meta)
    .from(rawPages)
    .where(
      and(
        eq(rawPages.tenantId, tenantId),
        eq(rawPages.source, source),
        eq(rawPages.resource, resource),
        gt(rawPages.id, after),
      ),
    )
    .orderBy(asc(rawPages.id))
    .limit(limit);
}

/** Lets one process at a time normalise a source, and holds off `takeDirty` until the transaction ends. */
export async function lockNormalising({ client }: Transaction, tenantId: string, source: string): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock_shared(hashtextextended('klarsyn dirty ' || $1, 0))", [tenantId]);
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('klarsyn normalise ' || $1 || ' ' || $2, 0))", [
    tenantId,
    source,
  ]);
}

/** Locks as `lockNormalising`. False where `pages` are not exactly those that wait up to the last of them: another process was here. */
export async function claimPages(
  tx: Transaction,
  tenantId: string,
  source: string,
  pages: readonly number[],
): Promise<boolean> {
  await lockNormalising(tx, tenantId, source);
  const waiting = await tx.orm
    .select({ id: rawPages.id })
    .from(rawPages)
    .where(
      and(
        eq(rawPages.tenantId, tenantId),
        isNull(rawPages.normalisedAt),
        eq(rawPages.source, source),
        lte(rawPages.id, pages.at(-1) ?? 0),
      ),
    )
    .orderBy(asc(rawPages.id));
  return waiting.length === pages.length && waiting.every(({ id }, index) => id === pages[index]);
}

export interface UsedMapping {
  resource: string;
  version: number;
  hash: string;
  pages: readonly number[];
}

/** Marks pages as normalised with the mapping that did it. */
export async function markNormalised(
  { orm }: Transaction,
  tenantId: string,
  source: string,
  used: readonly UsedMapping[],
  unmapped: readonly number[],
  at: Instant,
): Promise<void> {
  const done = (ids: readonly number[]) => and(eq(rawPages.tenantId, tenantId), inArray(rawPages.id, [...ids]));
  for (const { resource, version, hash, pages } of used) {
    await orm.update(rawPages).set({ normalisedAt: at, mappingVersion: version, mappingHash: hash }).where(done(pages));
    await orm
      .insert(mappingVersions)
      .values({ tenantId, source, resource, version, hash, usedAt: at })
      .onConflictDoNothing();
  }
  if (unmapped.length > 0) await orm.update(rawPages).set({ normalisedAt: at }).where(done(unmapped));
}

export interface MappingUse {
  source: string;
  resource: string;
  version: number;
  hash: string;
}

/** Which mappings the stored pages were last normalised with. */
export async function selectMappingUses({ orm }: Database, tenantId: string): Promise<MappingUse[]> {
  const rows = await orm
    .selectDistinct({
      source: rawPages.source,
      resource: rawPages.resource,
      version: rawPages.mappingVersion,
      hash: rawPages.mappingHash,
    })
    .from(rawPages)
    .where(eq(rawPages.tenantId, tenantId))
    .orderBy(rawPages.source, rawPages.resource, desc(rawPages.mappingVersion));
  return rows.flatMap(({ version, hash, ...row }) =>
    version === null || hash === null ? [] : [{ ...row, version, hash }],
  );
}

/** The last page of the ledger up to which everything has been made canonical; 0: none. */
export async function lastNormalisedPage({ pool }: Database, tenantId: string): Promise<number> {
  const { rows } = await pool.query<{ page: number }>(
    `SELECT coalesce(min(id) FILTER (WHERE normalised_at IS NULL) - 1, max(id), 0)::int8 AS page
       FROM raw_pages WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0]?.page ?? 0;
}
