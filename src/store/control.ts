import { and, asc, eq, inArray, isNull } from "drizzle-orm";
import { type Day, formatDay, type Instant, type Month } from "#model";
import type { CaseScope } from "./cases.ts";
import type { Database } from "./database.ts";
import { controlDraws, controlSamples } from "./tables/cases.ts";
import { without } from "./without.ts";

export const strata = ["flagged", "suppressed", "unflagged"] as const;
export type StratumName = (typeof strata)[number];
export const verdicts = ["right", "wrong", "unclear"] as const;
export type Verdict = (typeof verdicts)[number];

/** How many visits there were to draw from. */
export interface DrawSizes {
  strata: Record<StratumName, number>;
  /** Flagged ones, by rule. */
  rules: Record<string, number>;
}

export interface NewDraw {
  id: string;
  month: Month;
  fromDay: Day;
  throughDay: Day;
  /** At most, of each stratum. */
  wanted: Record<StratumName, number>;
  /** Makes the draw one that nobody can have chosen. */
  seed: string;
  at: Instant;
  by: string;
}

/**
 * Draws visits of a month at random: of those that shown findings rest on, of those that a rule saw and let pass for an
 * innocent cause, and of all others; never one that was drawn before. Gives how many were drawn.
 */
export async function drawVisits(
  database: Database,
  tenantId: string,
  scope: CaseScope,
  { id, month, fromDay, throughDay, wanted, seed, at, by }: NewDraw,
): Promise<number> {
  return database.transaction(async ({ client }) => {
    await client.query(
      `CREATE TEMPORARY TABLE visits_of_month ON COMMIT DROP AS
       WITH rests AS (
         SELECT r ->> 'source' AS source, r ->> 'id' AS id, f.rule_id, f.status = 'suppressed' AS suppressed
         FROM findings f CROSS JOIN jsonb_array_elements(f.records::jsonb) r
         WHERE f.tenant_id = $1 AND f.mode = 'active' AND NOT f.held AND f.status <> 'closed' AND f.from_day <= $3
           AND f.through_day >= $2 AND r ->> 'entity' = 'visits'),
       told AS (SELECT source, id, array_agg(DISTINCT rule_id ORDER BY rule_id) FILTER (WHERE NOT suppressed) AS rules
         FROM rests GROUP BY source, id)
       SELECT k.id AS source, v.id AS visit, ru.id AS unit, rc.id AS client, pr.id AS provider, coalesce(t.rules, '{}') AS rules,
         CASE WHEN t.rules IS NOT NULL THEN 'flagged' WHEN t.id IS NOT NULL THEN 'suppressed' ELSE 'unflagged' END AS stratum,
         md5($4 || k.id || ' ' || v.id) AS luck
       FROM visits v JOIN sources_known k ON k.tenant_id = $1 AND k.no = v.source_no
         LEFT JOIN refs ru ON ru.tenant_id = $1 AND ru.no = v.unit_id
         LEFT JOIN refs rc ON rc.tenant_id = $1 AND rc.no = v.client_id
         LEFT JOIN units u ON u.tenant_id = $1 AND u.source_no = ru.source_no AND u.id = ru.id
         LEFT JOIN refs pr ON pr.tenant_id = $1 AND pr.no = u.provider_id
         LEFT JOIN told t ON t.source = k.id AND t.id = v.id
       WHERE v.tenant_id = $1 AND NOT v.deleted AND v.day BETWEEN $2 AND $3
         AND ($5::text[] IS NULL OR pr.id = ANY ($5)) AND ($6::text[] IS NULL OR ru.id = ANY ($6))`,
      [tenantId, formatDay(fromDay), formatDay(throughDay), seed, scope.providers, scope.units],
    );
    const { rows } = await client.query<{ stratum: StratumName; count: number }>(
      "SELECT stratum, count(*) AS count FROM visits_of_month GROUP BY stratum",
    );
    const { rows: byRule } = await client.query<{ rule: string; count: number }>(
      "SELECT rule, count(*) AS count FROM visits_of_month CROSS JOIN unnest(rules) AS rule GROUP BY rule",
    );
    const sizes: DrawSizes = {
      strata: {
        flagged: 0,
        suppressed: 0,
        unflagged: 0,
        ...Object.fromEntries(rows.map((row) => [row.stratum, row.count])),
      },
      rules: Object.fromEntries(byRule.map(({ rule, count }) => [rule, count])),
    };
    await client.query(
      "INSERT INTO control_draws (tenant_id, id, month, sizes, drawn_at, drawn_by) VALUES ($1, $2, $3, $4, $5, $6)",
      [tenantId, id, month, JSON.stringify(sizes), new Date(at), by],
    );
    // Mixed: where somebody stands in the order says nothing of what the rules said.
    const { rowCount } = await client.query(
      `INSERT INTO control_samples (tenant_id, id, draw, position, source, visit, provider, unit, client, stratum, rules)
       SELECT $1, $2 || '-' || position, $2, position, source, visit, provider, unit, client, stratum, rules FROM (
         SELECT d.*, row_number() OVER (ORDER BY md5(luck || 'order'))::int AS position FROM (
           SELECT m.*, row_number() OVER (PARTITION BY stratum ORDER BY luck, source, visit) AS nth FROM visits_of_month m
           WHERE NOT EXISTS (SELECT FROM control_samples c WHERE c.tenant_id = $1 AND c.source = m.source AND c.visit = m.visit)) d
         WHERE nth <= CASE stratum WHEN 'flagged' THEN $3::int WHEN 'suppressed' THEN $4::int ELSE $5::int END) p`,
      [tenantId, id, wanted.flagged, wanted.suppressed, wanted.unflagged],
    );
    return rowCount ?? 0;
  });
}

/** A drawn visit, without what the rules said of it. */
const { id, draw, position, source, visit, client, provider, unit } = controlSamples;
const blind = { id, draw, position, source, visit, client, provider, unit };

function seen(tenantId: string, { providers, units }: CaseScope) {
  return and(
    eq(controlSamples.tenantId, tenantId),
    providers === null ? undefined : inArray(controlSamples.provider, [...providers]),
    units === null ? undefined : inArray(controlSamples.unit, [...units]),
  );
}

/** The next drawn visit that nobody has judged; null: all are. */
export async function selectNextSample({ orm }: Database, tenantId: string, scope: CaseScope) {
  const [row] = await orm
    .select(blind)
    .from(controlSamples)
    .where(and(seen(tenantId, scope), isNull(controlSamples.judgedAt)))
    .orderBy(asc(controlSamples.draw), asc(controlSamples.position))
    .limit(1);
  return row ?? null;
}

export async function selectSample({ orm }: Database, tenantId: string, scope: CaseScope, id: string) {
  const [row] = await orm
    .select(blind)
    .from(controlSamples)
    .where(and(seen(tenantId, scope), eq(controlSamples.id, id)));
  return row ?? null;
}

/** Other visits that are drawn and not judged yet: how much is left. */
export async function countSamples({ orm }: Database, tenantId: string, scope: CaseScope): Promise<number> {
  return orm.$count(controlSamples, and(seen(tenantId, scope), isNull(controlSamples.judgedAt)));
}

/** Writes a judgement down, once. False where it was judged before. */
export async function writeVerdict(
  { orm }: Database,
  tenantId: string,
  id: string,
  judged: { verdict: Verdict; problems: readonly string[]; note: Buffer | null; at: Instant; by: string },
): Promise<boolean> {
  const { verdict, problems, note, at, by } = judged;
  const rows = await orm
    .update(controlSamples)
    .set({ verdict, problems: [...problems], note, judgedAt: at, judgedBy: by })
    .where(and(eq(controlSamples.tenantId, tenantId), eq(controlSamples.id, id), isNull(controlSamples.judgedAt)))
    .returning({ id: controlSamples.id });
  return rows.length > 0;
}

export interface StoredDraw extends Omit<typeof controlDraws.$inferSelect, "tenantId" | "sizes"> {
  sizes: DrawSizes;
}

export async function selectDraws({ orm }: Database, tenantId: string): Promise<StoredDraw[]> {
  const rows = await orm
    .select()
    .from(controlDraws)
    .where(eq(controlDraws.tenantId, tenantId))
    .orderBy(asc(controlDraws.month), asc(controlDraws.drawnAt));
  return rows.map((row) => ({ ...without(row, "tenantId"), sizes: JSON.parse(row.sizes) as DrawSizes }));
}

/** What was judged of the drawn visits, where it could be. */
export async function selectVerdicts({ orm }: Database, tenantId: string) {
  const { draw, stratum, rules, problems } = controlSamples;
  const rows = await orm
    .select({ draw, stratum, rules, problems })
    .from(controlSamples)
    .where(and(eq(controlSamples.tenantId, tenantId), inArray(controlSamples.verdict, ["right", "wrong"])));
  return rows.map((row) => ({ ...row, stratum: row.stratum as StratumName }));
}
