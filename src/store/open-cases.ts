import pg from "pg";
import { type Day, formatDay, type Instant } from "#model";
import type { Database, Transaction } from "./database.ts";
import { compareInBulk } from "./stage.ts";

export interface CasesOpened {
  opened: number;
  /** Findings that joined a case, new or not. */
  joined: number;
  /** Cases whose findings came, went or changed. */
  changed: number;
  /** Cases that nobody had begun on, whose findings are all gone. */
  closed: number;
}

/** A finding that handlers are shown. */
const standing = "f.status IN ('open', 'in-case') AND f.mode = 'active' AND NOT f.held";
const undecided = "c.state NOT IN ('decided', 'closed')";

const goneAs = `CASE WHEN f.status = 'suppressed' THEN 'excepted' WHEN f.status = 'closed' THEN coalesce(f.closed_as, 'corrected-at-source')
  ELSE 'on-trial' END`;

/** How sure a level is: an error follows from the records alone, faulty data say least of anybody. */
const rankOf = (level: string): string =>
  `CASE ${level} WHEN 'error' THEN 4 WHEN 'indicator' THEN 3 WHEN 'pattern' THEN 2 ELSE 1 END`;

/** Of a rule that has hardly been judged nobody knows whether it is right more often than not. */
const PRECISION_UNKNOWN = 0.5;

/**
 * Brings cases up to date with findings, with `slices` only those of a run that looked at no others: new ones join the case of their key that nothing is decided about or open
 * another, those that changed, went or came back are told in its history, and a case that nobody has begun on closes
 * itself when nothing is left of it. Run again it does nothing. `precision` is by rule, from 0 to 1.
 */
export async function openCases(
  database: Database,
  tenantId: string,
  {
    at,
    today,
    precision: worth,
    slices,
  }: { at: Instant; today: Day; precision: () => Promise<ReadonlyMap<string, number>>; slices?: readonly string[] },
): Promise<CasesOpened> {
  const concerned = slices === undefined ? null : await selectConcerned(database, tenantId, slices);
  if (concerned?.length === 0) return { opened: 0, joined: 0, changed: 0, closed: 0 };
  const ids = concerned?.map(({ id }) => id);
  const only = ids === undefined ? "" : `AND f.id = ANY (ARRAY[${ids.map((id) => pg.escapeLiteral(id)).join(", ")}])`;
  return database.transaction(async (tx) => {
    const { client } = tx;
    const precision = worth();
    // It is told to whoever waits for it.
    precision.catch(() => undefined);
    await client.query(
      `SELECT pg_advisory_xact_lock(hashtextextended('klarsyn cases ' || ${pg.escapeLiteral(tenantId)}, 0));
       CREATE TEMPORARY TABLE happened (case_no text, kind text, finding text, gone_as text) ON COMMIT DROP`,
    );
    await compareInBulk(client, ids === undefined ? "all" : new Set(ids));
    const changes = await noteWhatHappened(tx, tenantId, at, only);
    const { opened, joined } =
      concerned === null || concerned.some(({ joins }) => joins)
        ? await join(tx, tenantId, at, today, precision, only)
        : { opened: 0, joined: 0 };
    await client.query(
      `UPDATE findings f SET status = 'in-case' FROM case_findings cf JOIN cases c ON c.tenant_id = $1 AND c.no = cf.case_no
       WHERE cf.tenant_id = $1 AND cf.gone_at IS NULL AND c.state <> 'new'
         AND f.tenant_id = $1 AND f.id = cf.finding_id AND f.status = 'open' ${only}`,
      [tenantId],
    );
    if (slices !== undefined && changes + joined === 0) return { opened: 0, joined: 0, changed: 0, closed: 0 };
    await client.query("ANALYZE happened");
    await addUp(tx, tenantId, at, today, await precision, slices === undefined);
    const told = await tell(tx, tenantId, at);
    const closed = await closeEmpty(tx, tenantId, at, slices === undefined);
    return { opened, closed, ...told };
  });
}

/** Which findings of some slices cases do not know of as they stand, nearly always none, and which of those are in none. */
async function selectConcerned(
  { pool }: Database,
  tenantId: string,
  slices: readonly string[],
): Promise<Array<{ id: string; joins: boolean }>> {
  const { rows } = await pool.query<{ id: string; joins: boolean }>(
    // By each finding's index: as EXISTS in a condition with OR, all that is in cases would be read first.
    `SELECT f.id, ${standing} AND k.within IS NOT TRUE AS joins FROM findings f LEFT JOIN LATERAL (
         SELECT bool_or(cf.gone_at IS NULL) AS within, bool_or(CASE WHEN cf.gone_at IS NOT NULL THEN ${standing} AND ${undecided}
           ELSE f.changes <> cf.changes OR NOT (${standing}) OR f.status = 'open' AND c.state <> 'new' END) AS differs
         FROM case_findings cf JOIN cases c ON c.tenant_id = $1 AND c.no = cf.case_no
         WHERE cf.tenant_id = $1 AND cf.finding_id = f.id) k ON true
     WHERE f.tenant_id = $1 AND f.slice = ANY ($2::text[]) AND (k.differs OR ${standing} AND k.within IS NOT TRUE)`,
    [tenantId, slices],
  );
  return rows;
}

/** What became of findings that are in cases already; gives how often something did. */
async function noteWhatHappened({ client }: Transaction, tenantId: string, at: Instant, only: string): Promise<number> {
  // Of a case that is decided nothing comes back: the finding opens another.
  const { rowCount } = await client.query(
    `WITH other AS MATERIALIZED (SELECT cf.case_no, f.id, f.changes, ${standing} AS stands, ${goneAs} AS gone_as
       FROM case_findings cf JOIN findings f ON f.tenant_id = $1 AND f.id = cf.finding_id
       WHERE cf.tenant_id = $1 AND cf.gone_at IS NULL AND (f.changes <> cf.changes OR NOT (${standing})) ${only}),
     gone AS (UPDATE case_findings cf SET gone_at = $2, gone_as = o.gone_as FROM other o
       WHERE cf.tenant_id = $1 AND cf.case_no = o.case_no AND cf.finding_id = o.id AND NOT o.stands
       RETURNING cf.case_no, cf.finding_id, cf.gone_as),
     returned AS (UPDATE case_findings cf SET gone_at = NULL, gone_as = NULL, changes = f.changes
         FROM findings f, cases c
       WHERE cf.tenant_id = $1 AND cf.gone_at IS NOT NULL AND f.tenant_id = $1 AND f.id = cf.finding_id AND ${standing} ${only}
         AND c.tenant_id = $1 AND c.no = cf.case_no AND ${undecided}
       RETURNING cf.case_no, cf.finding_id),
     changed AS (UPDATE case_findings cf SET changes = o.changes FROM other o
       WHERE cf.tenant_id = $1 AND cf.case_no = o.case_no AND cf.finding_id = o.id AND o.stands
       RETURNING cf.case_no, cf.finding_id)
     INSERT INTO happened SELECT case_no, 'gone', finding_id, gone_as FROM gone
       UNION ALL SELECT case_no, 'returned', finding_id, NULL FROM returned
       UNION ALL SELECT case_no, 'changed', finding_id, NULL FROM changed`,
    [tenantId, new Date(at)],
  );
  return rowCount ?? 0;
}

const KIND = `CASE WHEN f.staff IS NOT NULL THEN 'staff' WHEN f.client IS NOT NULL THEN 'client'
  WHEN f.unit IS NOT NULL THEN 'unit' WHEN f.provider IS NOT NULL THEN 'provider' ELSE 'source' END`;
/**
 * The record that a finding rests on first, as `records` has it up to the end of its id, where no text within can seem to
 * end: a quote there has a backslash before it. To read the JSON of all takes longer than all else that joining does, and
 * to split the text at every end five times as long as to look for the first.
 */
const ABOUT = `coalesce(nullif(left(f.records,
    coalesce(nullif(strpos(f.records, '"},{"'), 0) - 1, greatest(length(f.records) - 3, 0))), ''), f.id)`;
const SUBJECT = "coalesce(f.staff, f.client, f.unit, f.provider, '')";

/** Puts findings that are in no case into one, and gives how many cases that opened. */
async function join(
  { client }: Transaction,
  tenantId: string,
  at: Instant,
  today: Day,
  precision: Promise<ReadonlyMap<string, number>>,
  only: string,
): Promise<{ opened: number; joined: number }> {
  // In the order of their keys, so that the same findings give the same numbers whatever found them.
  const { rowCount: joining } = await client.query(
    `CREATE TEMPORARY TABLE joining ON COMMIT DROP AS
     -- Materialized: keys would be made anew wherever one is looked at.
     WITH j AS MATERIALIZED (SELECT f.id, f.provider, ${KIND} AS kind, ${SUBJECT} AS subject, f.rule_id, f.level, f.from_day, f.through_day,
             f.unit, f.client, f.minutes, f.amount_ore, f.changes,
             json_build_array(f.provider, ${KIND}, ${SUBJECT})::text AS key,
             ${ABOUT} AS about
           FROM findings f WHERE f.tenant_id = $1 AND ${standing} ${only} AND NOT EXISTS (
             SELECT FROM case_findings cf WHERE cf.tenant_id = $1 AND cf.finding_id = f.id AND cf.gone_at IS NULL))
     SELECT j.*, c.no AS case_no, CASE WHEN c.no IS NULL THEN
       dense_rank() OVER (ORDER BY CASE WHEN c.no IS NULL THEN j.key END COLLATE "C" NULLS LAST) END AS nth
     FROM j LEFT JOIN cases c ON c.tenant_id = $1 AND c.key = j.key AND ${undecided}`,
    [tenantId],
  );
  if (joining === 0) return { opened: 0, joined: 0 };
  const { rows } = await client.query<{ count: number }>("SELECT coalesce(max(nth), 0) AS count FROM joining");
  const count = rows[0]?.count ?? 0;
  if (count > 0) {
    const year = Number(formatDay(today).slice(0, 4));
    const { rows: numbers } = await client.query<{ last: number }>(
      `INSERT INTO case_numbers AS n (tenant_id, year, last) VALUES ($1, $2, $3)
       ON CONFLICT (tenant_id, year) DO UPDATE SET last = n.last + excluded.last RETURNING last`,
      [tenantId, year, count],
    );
    const before = (numbers[0]?.last ?? 0) - count;
    const no = `'${year}-' || lpad((${before} + nth)::text, greatest(5, length((${before} + nth)::text)), '0')`;
    // All their findings are at hand: to sum them up later would write every case twice.
    await client.query(
      `WITH ${sumsOf(`SELECT ${no} AS case_no, about, NULL::timestamptz AS gone_at, rule_id, level, from_day, through_day,
         unit, client, minutes, amount_ore FROM joining WHERE nth IS NOT NULL`)}
       INSERT INTO cases (tenant_id, no, key, provider, subject_kind, subject, state, opened_at, updated_at, version, ${sumNames.join(", ")})
       SELECT $1, k.no, k.key, k.provider, k.kind, k.subject, 'new', $5, $5, 1, ${sumNames.map((name) => `s.${name}`).join(", ")}
       FROM summed s JOIN (SELECT ${no} AS no, min(key) AS key, min(provider) AS provider, min(kind) AS kind, min(subject) AS subject
         FROM joining WHERE nth IS NOT NULL GROUP BY nth) k ON k.no = s.case_no ORDER BY k.no`,
      [...sumParameters(tenantId, today, await precision), new Date(at)],
    );
    await client.query(
      `WITH opened AS (INSERT INTO case_findings (tenant_id, case_no, finding_id, about, changes, joined_at)
         SELECT $1, ${no}, id, about, changes, $2 FROM joining WHERE nth IS NOT NULL ORDER BY nth, id)
       INSERT INTO happened SELECT ${no}, 'opened', id FROM joining WHERE nth IS NOT NULL`,
      [tenantId, new Date(at)],
    );
  }
  await client.query(
    `WITH joined AS (INSERT INTO case_findings AS cf (tenant_id, case_no, finding_id, about, changes, joined_at)
         SELECT $1, case_no, id, about, changes, $2 FROM joining WHERE nth IS NULL
       ON CONFLICT (tenant_id, case_no, finding_id) DO NOTHING RETURNING cf.case_no, cf.finding_id)
     INSERT INTO happened SELECT case_no, 'joined', finding_id FROM joined`,
    [tenantId, new Date(at)],
  );
  return { opened: count, joined: joining ?? 0 };
}

// Where all are gone they still say what the case was about.
const standingOrAll = (what: string): string => `coalesce(${what} FILTER (WHERE gone_at IS NULL), ${what})`;
const sums = [
  ["findings", "count(*) FILTER (WHERE gone_at IS NULL)"],
  ["gone", "count(*) FILTER (WHERE gone_at IS NOT NULL)"],
  ["first_day", standingOrAll("min(from_day)")],
  ["last_day", standingOrAll("max(through_day)")],
  ["level", `(ARRAY['quality', 'pattern', 'indicator', 'error'])[${standingOrAll("max(rank)")}]`],
  ["certainty", standingOrAll("max(rank + precision)")],
  ["rules", "coalesce(array_agg(DISTINCT rule_id ORDER BY rule_id) FILTER (WHERE gone_at IS NULL), '{}')"],
  ["units", "array_agg(DISTINCT coalesce(unit, ''))"],
  ["areas", "coalesce(array_agg(DISTINCT coalesce(area, '')) FILTER (WHERE client IS NOT NULL), '{}')"],
] as const;
const sumNames = [...sums.map(([name]) => name), "stake_minutes", "stake_ore"];

/** The sums of cases as `summed`, from their findings with what `case_findings` says of them. Takes `sumParameters`. */
const sumsOf = (findings: string): string =>
  `found AS MATERIALIZED (${findings}),
   -- Of whom anybody asks: to read the addresses of all takes longer than the rest of a small run.
   asked AS MATERIALIZED (SELECT DISTINCT client FROM found WHERE client IS NOT NULL),
   lived AS MATERIALIZED (
     SELECT k.client, c.addresses FROM asked k JOIN clients c ON c.id = k.client
       WHERE c.tenant_id = $1 AND c.source_no IN (SELECT no FROM sources_known WHERE tenant_id = $1)
         AND NOT c.deleted AND c.addresses IS NOT NULL
     UNION ALL
     SELECT k.client, c.addresses FROM asked k JOIN clients c ON c.personal_identity_number_hash =
         CASE WHEN k.client ~ '^pid:([0-9a-f]{2})+$' THEN decode(substr(k.client, 5), 'hex') END
       WHERE c.tenant_id = $1 AND NOT c.deleted AND c.addresses IS NOT NULL),
   lives AS MATERIALIZED (
     SELECT client, min(a ->> 'area') AS area FROM lived, jsonb_array_elements(addresses::jsonb) a
       WHERE coalesce(a ->> 'to', '9999') >= $2 AND a ->> 'from' <= $2
       GROUP BY client HAVING count(DISTINCT a ->> 'area') = 1),
   one AS MATERIALIZED (
     SELECT f.*, ${rankOf("f.level")} AS rank, coalesce(p.precision, ${PRECISION_UNKNOWN}) AS precision, l.area
     FROM found f LEFT JOIN unnest($3::text[], $4::float8[]) AS p (rule_id, precision) ON p.rule_id = f.rule_id
       LEFT JOIN lives l ON l.client = f.client),
   sums AS (SELECT case_no, ${sums.map(([name, what]) => `${what} AS ${name}`).join(", ")} FROM one GROUP BY case_no),
   stakes AS (SELECT case_no, sum(minutes) AS stake_minutes, sum(amount_ore) AS stake_ore FROM (
       SELECT case_no, max(coalesce(minutes, 0)) AS minutes, max(coalesce(amount_ore, 0)) AS amount_ore
       FROM one WHERE gone_at IS NULL GROUP BY case_no, about) s GROUP BY case_no),
   summed AS (SELECT sums.*, coalesce(stake_minutes, 0) AS stake_minutes, coalesce(stake_ore, 0) AS stake_ore
     FROM sums LEFT JOIN stakes USING (case_no))`;

const sumParameters = (tenantId: string, today: Day, precision: ReadonlyMap<string, number>) => [
  tenantId,
  formatDay(today),
  [...precision.keys()],
  [...precision.values()],
];

/**
 * Sums of the cases to which something happened, which become another version of themselves; with `all` of every case that
 * is not decided: what their rules are worth may have changed. Those that were opened just now have theirs.
 */
async function addUp(
  { client }: Transaction,
  tenantId: string,
  at: Instant,
  today: Day,
  precision: ReadonlyMap<string, number>,
  all: boolean,
): Promise<void> {
  await client.query(
    `WITH wanted AS MATERIALIZED (
       SELECT no, bool_or(happened) AS happened FROM (
         SELECT c.no, false AS happened FROM cases c WHERE c.tenant_id = $1 AND ${undecided} AND $5
           AND NOT EXISTS (SELECT FROM happened h WHERE h.case_no = c.no AND h.kind = 'opened')
         UNION ALL SELECT case_no, true FROM happened WHERE kind <> 'opened') w GROUP BY no),
     ${sumsOf(`SELECT cf.case_no, cf.about, cf.gone_at, f.rule_id, f.level, f.from_day, f.through_day, f.unit, f.client, f.minutes, f.amount_ore
       FROM wanted w JOIN case_findings cf ON cf.tenant_id = $1 AND cf.case_no = w.no
         JOIN findings f ON f.tenant_id = $1 AND f.id = cf.finding_id`)}
     UPDATE cases c SET (${sumNames.join(", ")}) = ROW (${sumNames.map((name) => `s.${name}`).join(", ")}),
       version = c.version + w.happened::int, updated_at = CASE WHEN w.happened THEN $6::timestamptz ELSE c.updated_at END,
       changed_at = CASE WHEN w.happened AND c.state <> 'new' THEN $6::timestamptz ELSE c.changed_at END
     FROM summed s JOIN wanted w ON w.no = s.case_no WHERE c.tenant_id = $1 AND c.no = s.case_no AND (w.happened OR
       (${sumNames.map((name) => `c.${name}`).join(", ")}) IS DISTINCT FROM (${sumNames.map((name) => `s.${name}`).join(", ")}))`,
    [...sumParameters(tenantId, today, precision), all, new Date(at)],
  );
}

/** Writes the history, and gives what there is of it. */
async function tell(
  { client }: Transaction,
  tenantId: string,
  at: Instant,
): Promise<Pick<CasesOpened, "joined" | "changed">> {
  const { rows } = await client.query<Pick<CasesOpened, "joined" | "changed">>(
    `WITH told AS (INSERT INTO case_events (tenant_id, case_no, at, by, by_name, kind, data)
       SELECT $1, case_no, $2, 'klarsyn', 'Klarsyn', kind,
         json_strip_nulls(json_build_object('count', count(*), 'as', gone_as,
           'findings', to_json((array_agg(finding ORDER BY finding))[1:100])))::text
       FROM happened GROUP BY case_no, kind, gone_as ORDER BY case_no, kind, gone_as)
     SELECT count(*) FILTER (WHERE kind IN ('joined', 'opened')) AS joined,
       count(DISTINCT case_no) FILTER (WHERE kind <> 'opened') AS changed FROM happened`,
    [tenantId, new Date(at)],
  );
  return rows[0]!;
}

/** Closes cases that nobody has begun on and of which nothing is left; without `all` only those to which something happened. */
async function closeEmpty({ client }: Transaction, tenantId: string, at: Instant, all: boolean): Promise<number> {
  const { rowCount } = await client.query(
    `WITH closed AS (UPDATE cases c SET state = 'closed', closed_at = $2, decided_at = $2, decided_by = 'klarsyn',
         decided_name = 'Klarsyn', due_on = NULL, snoozed_until = NULL, outcome = CASE WHEN EXISTS (
           SELECT FROM case_findings cf WHERE cf.tenant_id = $1 AND cf.case_no = c.no AND cf.gone_as = 'corrected-at-source')
         THEN 'corrected-at-source' ELSE 'nothing-further' END
       WHERE c.tenant_id = $1 AND c.state = 'new' AND c.findings = 0
         ${all ? "" : "AND c.no IN (SELECT case_no FROM happened)"} RETURNING no, outcome)
     INSERT INTO case_events (tenant_id, case_no, at, by, by_name, kind, data)
     SELECT $1, no, $2, 'klarsyn', 'Klarsyn', 'closed-itself', json_build_object('outcome', outcome)::text
     FROM closed ORDER BY no`,
    [tenantId, new Date(at)],
  );
  return rowCount ?? 0;
}
