import { formatDay, formatInstant, type Instant } from "#model";
import {
  countOutcomes,
  type Database,
  type Finding,
  type FindingSelection,
  type OutcomeCount,
  recordAccess,
  selectFindings,
  streamFindings,
} from "#store";
import { type Actor, permit } from "./actor.ts";

type Needs = { database: Database; now: () => Instant };

/** Which findings: those of active rules that are open, or with `all` those on trial, held back, suppressed and closed as well. */
export interface FindingQuery {
  ruleId?: string;
  fromDay?: number;
  throughDay?: number;
  provider?: string;
  all?: boolean;
}

function selectionOf({ all, ...query }: FindingQuery): FindingSelection {
  return all === true ? query : { ...query, statuses: ["open", "in-case"], shown: true };
}

/** Every finding of a query, by id. The reading is recorded. */
export async function* listFindings(
  { database, now }: Needs,
  actor: Actor,
  query: FindingQuery,
): AsyncGenerator<Finding> {
  permit(actor, "findings:read");
  const access = { at: now(), operation: "findings", subject: query.ruleId ?? "alla", rows: -1 };
  await recordAccess(database, actor, access);
  yield* streamFindings(database, actor.tenantId, selectionOf(query));
}

/** One page of findings, by id; `after` is the last id of the page before. The reading is recorded. */
export async function pageOfFindings(
  { database, now }: Needs,
  actor: Actor,
  { after, limit, ...query }: FindingQuery & { after?: string; limit: number },
): Promise<{ findings: Finding[]; next: string | null }> {
  permit(actor, "findings:read");
  const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
  const found = await selectFindings(database, actor.tenantId, { ...selectionOf(query), ...page });
  const findings = found.slice(0, limit);
  await recordAccess(database, actor, {
    at: now(),
    operation: "findings",
    subject: query.ruleId ?? "alla",
    rows: findings.length,
  });
  return { findings, next: found.length > limit ? (findings.at(-1)?.id ?? null) : null };
}

/** How often rules reported nothing, by rule and cause. */
export async function listOutcomes({ database }: Pick<Needs, "database">, actor: Actor): Promise<OutcomeCount[]> {
  permit(actor, "findings:read");
  return countOutcomes(database, actor.tenantId);
}

/** A finding as programs read it: one line of `findings --format jsonl`. */
export function findingJson(finding: Finding): Record<string, unknown> {
  return {
    id: finding.id,
    rule: finding.ruleId,
    version: finding.ruleVersion,
    level: finding.level,
    severity: finding.severity,
    mode: finding.mode,
    status: finding.status,
    period: { from: formatDay(finding.fromDay), to: formatDay(finding.throughDay) },
    provider: finding.provider,
    unit: finding.unit,
    client: finding.client,
    staff: finding.staff,
    records: finding.records,
    minutes: finding.minutes,
    amountOre: finding.amountOre,
    reason: finding.reason,
    evidence: finding.evidence,
    suppressed: finding.suppressed,
    firstSeen: formatInstant(finding.firstSeenAt),
    lastSeen: formatInstant(finding.lastSeenAt),
  };
}
