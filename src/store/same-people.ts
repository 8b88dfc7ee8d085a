import { type EntityName, refKinds, type RefKind } from "#model";
import type { Database } from "./database.ts";
import { tableName } from "./tables/canonical.ts";

/** What a source calls somebody. */
export interface SourceId {
  source: number;
  id: string;
}

/** All that sources call some people: by id, and as `refs` numbers it where anything refers to them. */
export interface SamePeople {
  ids: SourceId[];
  refs: number[];
}

/**
 * Who is meant by references and ids, with all that any source calls them: joined as `resolve` in #columns joins them,
 * and with `households` also everybody in the same household, and in theirs.
 */
export async function selectSamePeople(
  { pool }: Database,
  tenantId: string,
  {
    of,
    refs,
    ids = [],
    aliases,
    households = false,
  }: {
    of: "client" | "staff";
    refs: readonly number[];
    ids?: readonly SourceId[];
    aliases: ReadonlyArray<readonly [SourceId, SourceId]>;
    households?: boolean;
  },
): Promise<SamePeople> {
  const table = of === "client" ? "clients" : "staff";
  const kind = `r.tenant_id = $1 AND r.kind = ${refKinds.indexOf(of)}`;
  const standing = "m.tenant_id = $1 AND NOT m.deleted";
  // An id may itself be an identity: a hashed personal number, or an HSA-id. Everybody at once, since of somebody who
  // sees a part only, no index on upper(…) helps: it could tell of rows that are not theirs.
  const text = `WITH s AS MATERIALIZED (
      SELECT r.source_no, r.id FROM refs r WHERE r.tenant_id = $1 AND r.no = ANY ($2) UNION SELECT * FROM unnest($3::int2[], $4::text[])),
    k AS MATERIALIZED (
      SELECT m.personal_identity_number_hash AS pid, ${of === "staff" ? "upper(m.hsa_id)" : "NULL"} AS hsa,
        ${households ? "m.household_id" : "NULL::int4"} AS household
        FROM s JOIN ${table} m ON ${standing} AND m.source_no = s.source_no AND m.id = s.id
      UNION
      SELECT decode(substring(s.id FROM '^pid:((?:[0-9a-f]{2})+)$'), 'hex'), upper(substring(s.id FROM '(?i)^SE[0-9]{10}-.*$')), NULL FROM s),
    n (source_no, id) AS (
      SELECT * FROM s
      UNION SELECT m.source_no, m.id FROM k JOIN ${table} m ON ${standing} AND m.personal_identity_number_hash = k.pid
      UNION SELECT r.source_no, r.id FROM k JOIN sources_known o ON o.tenant_id = $1
        JOIN refs r ON ${kind} AND r.source_no = o.no AND r.id = 'pid:' || encode(k.pid, 'hex')
      UNION SELECT r.source_no, r.id FROM k JOIN refs r ON ${kind} AND upper(r.id) = k.hsa WHERE k.hsa ~ '^SE[0-9]{10}-'
      ${of === "staff" ? `UNION SELECT m.source_no, m.id FROM k JOIN staff m ON ${standing} AND upper(m.hsa_id) = k.hsa` : ""}
      ${households ? `UNION SELECT m.source_no, m.id FROM k JOIN ${table} m ON ${standing} AND m.household_id = k.household` : ""})
    SELECT n.source_no, n.id, (SELECT r.no FROM refs r WHERE ${kind} AND r.source_no = n.source_no AND r.id = n.id) FROM n`;
  const nameOf = ({ source, id }: SourceId): string => `${source}/${id}`;
  const decided = new Map<string, SourceId[]>();
  for (const [a, b] of aliases) {
    decided.set(nameOf(a), [...(decided.get(nameOf(a)) ?? []), b]);
    decided.set(nameOf(b), [...(decided.get(nameOf(b)) ?? []), a]);
  }
  const found = new Map<string, { person: SourceId; ref: number | null }>();
  const looked = new Set<string>();
  let [asked, numbers] = [[...ids], [...refs]];
  // Who was found is looked for in turn, until nobody is new.
  while (asked.length > 0 || numbers.length > 0) {
    const { rows } = await pool.query<[number, string, number | null]>({
      // To make out a plan takes longer than to follow it.
      name: `same ${of}${households ? " and households" : ""}`,
      text,
      values: [tenantId, numbers, asked.map(({ source }) => source), asked.map(({ id }) => id)],
      rowMode: "array",
    });
    const given = new Set(numbers);
    for (const person of asked) looked.add(nameOf(person));
    const next = new Map<string, SourceId>();
    for (const [source, id, ref] of rows) {
      const person = { source, id };
      const name = nameOf(person);
      found.set(name, { person, ref });
      if (ref !== null && given.has(ref)) looked.add(name);
      for (const one of [person, ...(decided.get(name) ?? [])]) next.set(nameOf(one), one);
    }
    asked = [...next].flatMap(([name, person]) => (looked.has(name) ? [] : [person]));
    numbers = [];
  }
  const all = [...found.values()];
  return { ids: all.map(({ person }) => person), refs: all.flatMap(({ ref }) => ref ?? []) };
}

/** Clients whose address may be in one of the buildings of their source; also some whose is not. */
export async function selectLivingIn(
  { pool }: Database,
  tenantId: string,
  buildings: readonly SourceId[],
): Promise<SourceId[]> {
  const { rows } = await pool.query<SourceId>(
    `SELECT DISTINCT c.source_no AS source, c.id FROM clients c JOIN unnest($2::int2[], $3::text[]) b (source_no, name)
       ON b.source_no = c.source_no AND strpos(c.addresses, b.name) > 0 WHERE c.tenant_id = $1 AND NOT c.deleted`,
    // As JSON tells them.
    [tenantId, buildings.map(({ source }) => source), buildings.map(({ id }) => JSON.stringify(id))],
  );
  return rows;
}

/** Numbers of the sources that say more of clients than who they are. */
export async function selectRegisters({ pool }: Database, tenantId: string): Promise<number[]> {
  const { rows } = await pool.query<{ no: number }>(
    `SELECT k.no FROM sources_known k WHERE k.tenant_id = $1 AND EXISTS (
       SELECT FROM clients c WHERE c.tenant_id = $1 AND c.source_no = k.no AND NOT c.deleted AND
         num_nonnulls(c.birth_date, c.deceased_on, c.moved_on, c.protection, c.household_id, c.addresses) > 0)`,
    [tenantId],
  );
  return rows.map(({ no }) => no);
}

/** Which of the entities anybody tells of. */
export async function selectTold(
  { pool }: Database,
  tenantId: string,
  asked: readonly EntityName[],
): Promise<Set<EntityName>> {
  const any = asked.map((entity) => `EXISTS (SELECT FROM ${tableName(entity)} WHERE tenant_id = $1 AND NOT deleted)`);
  const { rows } = await pool.query<boolean[]>({
    text: `SELECT ${any.join(", ")}`,
    values: [tenantId],
    rowMode: "array",
  });
  return new Set(asked.filter((_, index) => rows[0]![index]));
}

/** What a reference number stands for. */
export interface NumberedRef extends SourceId {
  no: number;
  kind: RefKind;
}

/** Some references, and all of some kinds, in the order of their numbers. */
export async function selectRefs(
  { pool }: Database,
  tenantId: string,
  { numbers, kinds = [] }: { numbers: Iterable<number>; kinds?: readonly RefKind[] },
): Promise<NumberedRef[]> {
  const { rows } = await pool.query<[number, number, number, string]>({
    text: `SELECT no, kind, source_no, id FROM refs WHERE tenant_id = $1 AND (no = ANY ($2) OR kind = ANY ($3)) ORDER BY no`,
    values: [tenantId, [...numbers], kinds.map((kind) => refKinds.indexOf(kind))],
    rowMode: "array",
  });
  return rows.map(([no, kind, source, id]) => ({ no, kind: refKinds[kind]!, source, id }));
}

/** The numbers of references to records, of those that anything refers to. */
export async function selectRefsTo(
  { pool }: Database,
  tenantId: string,
  kind: RefKind,
  records: readonly SourceId[],
): Promise<number[]> {
  const { rows } = await pool.query<{ no: number }>(
    `SELECT r.no FROM unnest($3::int2[], $4::text[]) w (source_no, id)
       JOIN refs r ON r.tenant_id = $1 AND r.kind = $2 AND r.source_no = w.source_no AND r.id = w.id`,
    [tenantId, refKinds.indexOf(kind), records.map(({ source }) => source), records.map(({ id }) => id)],
  );
  return rows.map(({ no }) => no);
}
