import { and, asc, eq, gt, isNull, lte, or } from "drizzle-orm";
import type { Alias } from "#columns";
import { type Day, type Instant, refKinds } from "#model";
import type { Database, Orm } from "./database.ts";
import { aliases, aliasLists, dirty, refs, sourcesKnown } from "./tables/index.ts";
import { touchJoined } from "./touched.ts";

/** A decision by a person, with who took it and on what ground. */
export interface DecidedAlias {
  no: number;
  kind: Alias["kind"];
  source: string;
  id: string;
  sameAsSource: string;
  sameAsId: string;
  validFrom: Day | null;
  /** Included. */
  validTo: Day | null;
  evidence: string;
  who: string;
  at: Instant;
}

/** Decisions that stand, or that stood at an instant. */
export async function selectDecidedAliases(
  { orm }: Pick<Database, "orm">,
  tenantId: string,
  at?: Instant,
): Promise<DecidedAlias[]> {
  const rows = await orm
    .select()
    .from(aliases)
    .where(
      and(
        eq(aliases.tenantId, tenantId),
        at === undefined
          ? isNull(aliases.undoneAt)
          : and(lte(aliases.at, at), or(isNull(aliases.undoneAt), gt(aliases.undoneAt, at))),
      ),
    )
    .orderBy(asc(aliases.no));
  return rows.map(({ tenantId: _tenant, undoneAt: _at, undoneBy: _by, ...row }) => ({
    ...row,
    kind: row.kind as Alias["kind"],
  }));
}

/** The same as the columns take them. */
export async function selectAliases(database: Database, tenantId: string, at?: Instant): Promise<Alias[]> {
  const decided = await selectDecidedAliases(database, tenantId, at);
  return decided.map(({ kind, source, id, sameAsSource, sameAsId, validFrom, validTo }) => ({
    kind,
    source,
    id,
    sameAsSource,
    sameAsId,
    from: validFrom,
    through: validTo,
  }));
}

/**
 * Adds decisions in one transaction. `choose` sees those that stand, after the transaction has made sure that nobody
 * else decides at the same time, and returns those to add; it throws to add none.
 */
export async function addAliases(
  database: Database,
  tenantId: string,
  choose: (standing: DecidedAlias[]) => ReadonlyArray<Omit<DecidedAlias, "no">>,
): Promise<number> {
  return database.transaction(async ({ orm, client }) => {
    await client.query("SELECT pg_advisory_xact_lock_shared(hashtextextended('klarsyn dirty ' || $1, 0))", [tenantId]);
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('klarsyn aliases ' || $1, 0))", [tenantId]);
    const added = choose(await selectDecidedAliases({ orm }, tenantId));
    for (const alias of added) {
      await orm.insert(aliases).values({ ...alias, tenantId });
      await markJoined(orm, tenantId, alias);
      await touchJoined(client, tenantId, alias);
    }
    return added.length;
  });
}

/** Undoes a decision. False where there is no such one that stands. */
export async function undoAlias(
  database: Database,
  tenantId: string,
  no: number,
  who: string,
  at: Instant,
): Promise<boolean> {
  return database.transaction(async ({ orm, client }) => {
    await client.query("SELECT pg_advisory_xact_lock_shared(hashtextextended('klarsyn dirty ' || $1, 0))", [tenantId]);
    const [undone] = await orm
      .update(aliases)
      .set({ undoneAt: at, undoneBy: who })
      .where(and(eq(aliases.tenantId, tenantId), eq(aliases.no, no), isNull(aliases.undoneAt)))
      .returning();
    if (undone === undefined) return false;
    await markJoined(orm, tenantId, { ...undone, kind: undone.kind as Alias["kind"] });
    await touchJoined(client, tenantId, undone);
    return true;
  });
}

/** Everything of both ids is to be looked at anew. */
async function markJoined(orm: Orm, tenantId: string, alias: Omit<DecidedAlias, "no">): Promise<void> {
  const { kind, source, id, sameAsSource, sameAsId } = alias;
  if (kind !== "client" && kind !== "staff") {
    await orm.insert(dirty).values({ tenantId, kind: 0 });
    return;
  }
  const found = await orm
    .select({ ref: refs.no })
    .from(refs)
    .innerJoin(sourcesKnown, and(eq(sourcesKnown.tenantId, refs.tenantId), eq(sourcesKnown.no, refs.sourceNo)))
    .where(
      and(
        eq(refs.tenantId, tenantId),
        eq(refs.kind, refKinds.indexOf(kind)),
        or(
          and(eq(sourcesKnown.id, source), eq(refs.id, id)),
          and(eq(sourcesKnown.id, sameAsSource), eq(refs.id, sameAsId)),
        ),
      ),
    );
  if (found.length > 0) {
    await orm.insert(dirty).values(found.map(({ ref }) => ({ tenantId, kind: kind === "client" ? 1 : 2, ref })));
  }
}

/** An id of a client, staff member, unit or provider, with what it can be recognised by. */
export interface KnownId {
  ref: number;
  kind: Alias["kind"];
  source: string;
  id: string;
  /** "pid:…", "hsa:…", "org:…" */
  attribute: string | null;
  /** Its source describes it. */
  described: boolean;
  /** Planned and registered visits that name it. */
  records: number;
}

const described: Record<Alias["kind"], { table: string; attributes: string[] }> = {
  client: { table: "clients", attributes: ["'pid:' || encode(d.personal_identity_number_hash, 'hex')"] },
  staff: {
    table: "staff",
    attributes: ["'pid:' || encode(d.personal_identity_number_hash, 'hex')", "'hsa:' || d.hsa_id"],
  },
  unit: { table: "units", attributes: ["'hsa:' || d.hsa_id"] },
  provider: { table: "providers", attributes: ["'org:' || d.organisation_number"] },
};

/** All ids that are in use, one row for each thing that an id can be recognised by. */
export async function selectKnownIds({ pool }: Database, tenantId: string): Promise<KnownId[]> {
  const found: KnownId[] = [];
  for (const kind of Object.keys(described) as Array<Alias["kind"]>) {
    const { table, attributes } = described[kind];
    const column = kind === "provider" ? null : `${kind}_id`;
    const counts =
      column === null
        ? "SELECT NULL::int4 AS ref, 0 AS n WHERE false"
        : `SELECT ref, sum(n) AS n FROM (
             SELECT ${column} AS ref, count(*) AS n FROM visits WHERE tenant_id = $1 AND NOT deleted GROUP BY 1
             UNION ALL SELECT ${column}, count(*) FROM planned_visits WHERE tenant_id = $1 AND NOT deleted GROUP BY 1) c GROUP BY 1`;
    const { rows } = await pool.query<[number, string, string, string[], boolean, string]>({
      text: `SELECT r.no, k.id, r.id,
                    array_remove(ARRAY[${attributes.join(", ")}, CASE WHEN r.id LIKE 'pid:%' THEN r.id END], NULL),
                    d.id IS NOT NULL, coalesce(c.n, 0)
               FROM refs r
               JOIN sources_known k ON k.tenant_id = $1 AND k.no = r.source_no
               LEFT JOIN ${table} d ON d.tenant_id = $1 AND d.source_no = r.source_no AND d.id = r.id AND NOT d.deleted
               LEFT JOIN (${counts}) c ON c.ref = r.no
              WHERE r.tenant_id = $1 AND r.kind = ${refKinds.indexOf(kind)} AND (d.id IS NOT NULL OR c.n > 0 OR r.id LIKE 'pid:%')
              ORDER BY k.id, r.id`,
      values: [tenantId],
      rowMode: "array",
    });
    for (const [ref, source, id, recognised, isDescribed, records] of rows) {
      const base = { ref, kind, source, id, described: isDescribed, records: Number(records) };
      if (recognised.length === 0) found.push({ ...base, attribute: null });
      for (const attribute of recognised) found.push({ ...base, attribute });
    }
  }
  return found;
}

/** Keeps what a night found of ids that nobody has joined. */
export async function writeAliasList(
  { orm }: Database,
  tenantId: string,
  { content, at }: { content: unknown; at: Instant },
): Promise<void> {
  const row = { content: JSON.stringify(content), at };
  await orm
    .insert(aliasLists)
    .values({ tenantId, ...row })
    .onConflictDoUpdate({ target: aliasLists.tenantId, set: row });
}

/** What `writeAliasList` kept last; null where no night has. */
export async function readAliasList({ orm }: Database, tenantId: string): Promise<unknown> {
  const [row] = await orm.select().from(aliasLists).where(eq(aliasLists.tenantId, tenantId));
  return row === undefined ? null : (JSON.parse(row.content) as unknown);
}

/** Planned and registered visits of the newest `days` days: [client, staff or null, unit, start], by number in `refs`. */
export async function selectOccurrences(
  { pool }: Database,
  tenantId: string,
  days: number,
): Promise<Array<[number, number | null, number, Instant]>> {
  const { rows } = await pool.query<[number, number | null, number, Instant]>({
    text: `WITH newest AS (SELECT max(day) AS day FROM visits WHERE tenant_id = $1)
           SELECT client_id, staff_id, unit_id, (extract(epoch FROM start) * 1000)::float8 FROM visits, newest
            WHERE tenant_id = $1 AND visits.day > newest.day - $2::int AND NOT deleted
           UNION ALL
           SELECT client_id, staff_id, unit_id, (extract(epoch FROM start) * 1000)::float8 FROM planned_visits, newest
            WHERE tenant_id = $1 AND planned_visits.day > newest.day - $2::int AND planned_visits.day <= newest.day AND NOT deleted`,
    values: [tenantId, days],
    rowMode: "array",
  });
  return rows;
}
