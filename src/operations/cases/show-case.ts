import { possibleSteps } from "#case";
import { AppError } from "#errors";
import { readRawRecord } from "#intake";
import { type Day, dayOf, entities, type Field, type Instant, monthOf } from "#model";
import { type EvidenceNode, precisionOf, type Rule } from "#rule";
import { stepTitles } from "#statement";
import {
  countJudged,
  type Finding,
  recordAccess,
  type RecordKey,
  selectAttachments,
  selectCase,
  selectCaseEvents,
  selectCaseFindings,
  selectClauses,
  selectEarlierCases,
  selectFindingsById,
  selectRecordVersions,
  selectSourceDays,
  type StoredCase,
  type StoredCaseFinding,
  type StoredVersion,
} from "#store";
import { type Actor, permit } from "../actor.ts";
import { rowOf } from "./queue.ts";
import { unseal } from "./sealed.ts";
import { caseActor, CaseMissing, type CaseNeeds, factsOf } from "./step.ts";
import type {
  CaseFinding,
  CaseRecord,
  CaseRule,
  FieldValue,
  RecordName,
  RecordVersion,
  ShownCase,
  SourceDay,
} from "./types.ts";

type Needs = CaseNeeds & { rules: readonly Rule[] };

/** How much of a case is read at once. */
export interface CaseExtent {
  findings: number;
  records: number;
  /** Only those of one finding, by its id; of the first that stands where there is no such one. */
  recordsOf?: string;
  sourceDays: number;
}

const onPage: CaseExtent = { findings: 20, records: 40, sourceDays: 14 };

/**
 * A case as its page shows it: what is claimed and why, what speaks for and against, the records behind it and how it
 * came about. People are named by ids; names are shown by their own operation. The reading is recorded.
 */
export async function showCase(
  needs: Needs,
  actor: Actor,
  no: string,
  { page: wanted = 1, finding }: { page?: number; finding?: string | undefined } = {},
): Promise<ShownCase> {
  permit(actor, "cases:read");
  const { shown, stored, found } = await readCase(needs, actor, no, wanted, {
    ...onPage,
    recordsOf: finding ?? "first",
  });
  await recordReading(needs, actor, stored, found);
  return shown;
}

/** A case with one page of its findings. Whoever hands it out has to ask whether that is permitted, and to record it. */
export async function readCase(
  needs: Needs,
  actor: Actor,
  no: string,
  wanted: number,
  extent: CaseExtent,
): Promise<{ shown: ShownCase; stored: StoredCase; found: Finding[] }> {
  const { database, vault, now, rules } = needs;
  const { tenantId } = actor;
  const stored = await selectCase(database, tenantId, actor.scope, no);
  if (stored === null) throw new CaseMissing(no);
  const [members, events, attachments, earlier] = await Promise.all([
    selectCaseFindings(database, tenantId, no),
    selectCaseEvents(database, tenantId, no),
    selectAttachments(database, tenantId, no),
    selectEarlierCases(database, tenantId, actor.scope, stored),
  ]);
  const { found, page, pages } = await pageOfFindings(needs, tenantId, members, wanted, extent.findings);
  const member = new Map(members.map((one) => [one.findingId, one]));
  const ranked = standingFirst(found.map((finding) => ({ ...finding, goneAt: member.get(finding.id)!.goneAt })));
  const { recordsOf } = extent;
  const one = ranked.find(({ id }) => id === recordsOf) ?? ranked[0];
  const keys = recordKeys(recordsOf === undefined || one === undefined ? found : [one]);
  const [records, sources, clauses, ruleTexts] = await Promise.all([
    readRecords(needs, tenantId, found, keys.slice(0, extent.records)),
    readSources(needs, tenantId, found, extent.sourceDays),
    clausesOf(needs, tenantId, found),
    describeRules(needs, tenantId, rules, [...new Set(found.map(({ ruleId }) => ruleId))]),
  ]);
  const at = now();
  const { heard, explanationDueOn, claimOre, proposedBy, proposedName, decidedName, decidedAt } = stored;
  const shown: ShownCase = {
    ...rowOf(stored),
    heard,
    explanationDueOn,
    claimOre,
    proposedBy,
    proposedName,
    decidedName,
    decidedAt,
    list: found.map((finding) => caseFinding(finding, member.get(finding.id)!, ruleTexts, clauses(finding))),
    records,
    page,
    pages,
    recordsLeft: Math.max(0, keys.length - extent.records),
    sources,
    earlier: earlier.map(rowOf),
    events: events.map(({ sealed, ...event }) => ({ ...event, texts: unseal(vault, sealed) })),
    attachments: attachments.map(({ id, name, type, bytes, at: addedAt, byName }) => ({
      id,
      name: vault.decrypt(name).toString(),
      type,
      bytes,
      at: addedAt,
      byName,
    })),
    steps: possibleSteps(factsOf(stored, dayOf(at)), caseActor(actor), dayOf(at)),
  };
  return { shown, stored, found };
}

/** Findings that stand first, those with most at stake before others. */
export const standingFirst = <Of extends { goneAt: Instant | null; amountOre: number | null; minutes: number | null }>(
  list: readonly Of[],
): Of[] =>
  list.toSorted(
    (a, b) =>
      Number(a.goneAt !== null) - Number(b.goneAt !== null) ||
      (b.amountOre ?? 0) - (a.amountOre ?? 0) ||
      (b.minutes ?? 0) - (a.minutes ?? 0),
  );

async function recordReading(
  { database, now }: CaseNeeds,
  actor: Actor,
  stored: StoredCase,
  findings: readonly Finding[],
): Promise<void> {
  await recordAccess(database, actor, {
    at: now(),
    operation: "case",
    subject: whomOf(stored, findings),
    rows: findings.length,
    why: `Ärende ${stored.no}`,
  });
}

/** Who is shown, for the log: the one whom the case is about, then everybody else in the findings. */
export function whomOf({ subject }: StoredCase, findings: readonly Finding[]): string {
  const people = new Set(findings.flatMap(({ client, staff }) => [client, staff]).filter((one) => one !== null));
  people.delete(subject);
  return [subject, ...[...people].sort()].filter((one) => one !== "").join(" ");
}

async function pageOfFindings(
  { database }: CaseNeeds,
  tenantId: string,
  members: readonly StoredCaseFinding[],
  wanted: number,
  size: number,
): Promise<{ found: Finding[]; page: number; pages: number }> {
  const order = [...members].sort(
    (a, b) =>
      Number(a.goneAt !== null) - Number(b.goneAt !== null) || (a.about < b.about ? -1 : a.about > b.about ? 1 : 0),
  );
  const pages = Math.max(1, Math.ceil(order.length / size));
  const page = Math.min(Math.max(1, Math.trunc(wanted)), pages);
  const ids = order.slice((page - 1) * size, page * size).map(({ findingId }) => findingId);
  const found = await selectFindingsById(database, tenantId, ids);
  const place = new Map(ids.map((id, index) => [id, index]));
  return { found: found.sort((a, b) => place.get(a.id)! - place.get(b.id)!), page, pages };
}

async function describeRules(
  { database }: CaseNeeds,
  tenantId: string,
  rules: readonly Rule[],
  wanted: readonly string[],
): Promise<(id: string) => CaseRule> {
  const judged = await countJudged(database, tenantId, wanted);
  return (id) => {
    const rule = rules.find((one) => one.id === id);
    const counts = judged.filter(({ ruleId }) => ruleId === id);
    const total = (of: "confirmed" | "explained"): number => counts.reduce((sum, one) => sum + one[of], 0);
    return {
      id,
      title: rule?.title.sv ?? id,
      why: rule?.why ?? "",
      remedy: rule?.remedy ?? "",
      innocent: Object.values(rule?.innocent ?? {}),
      precision: precisionOf({ confirmed: total("confirmed"), explained: total("explained") }),
    };
  };
}

function caseFinding(
  finding: Finding,
  { joinedAt, goneAt, goneAs, judgement }: StoredCaseFinding,
  rule: (id: string) => CaseRule,
  clauses: CaseFinding["clauses"],
): CaseFinding {
  const { id, level, severity, mode, status, closedAs, fromDay, throughDay, provider, unit, client, staff } = finding;
  const { reason, minutes, amountOre, changes } = finding;
  return {
    id,
    rule: rule(finding.ruleId),
    level,
    severity,
    mode,
    status,
    closedAs,
    fromDay,
    throughDay,
    provider,
    unit,
    client,
    staff,
    reason,
    // As rules write them.
    evidence: finding.evidence as EvidenceNode[],
    records: finding.records as RecordName[],
    minutes,
    amountOre,
    changes,
    joinedAt,
    goneAt,
    goneAs,
    judgement,
    clauses,
  };
}

const keyOf = ({ entity, source, id }: RecordName): string => `${entity} ${source} ${id}`;

function recordKeys(findings: readonly Finding[]): RecordKey[] {
  const keys = new Map<string, RecordKey>();
  for (const { records } of findings) {
    // Only entities of ours are written.
    for (const record of records as RecordName[]) keys.set(keyOf(record), record);
  }
  return [...keys.values()];
}

async function readRecords(
  { database }: CaseNeeds,
  tenantId: string,
  findings: readonly Finding[],
  keys: readonly RecordKey[],
): Promise<CaseRecord[]> {
  const versions = new Map<string, StoredVersion[]>();
  for (const entity of new Set(keys.map((key) => key.entity))) {
    const wanted = keys.filter((key) => key.entity === entity);
    for (const version of await selectRecordVersions(database, tenantId, entity, wanted)) {
      const key = keyOf(version);
      versions.set(key, [...(versions.get(key) ?? []), version]);
    }
  }
  return keys.map(({ entity, source, id }) => {
    const key = keyOf({ entity, source, id });
    const all = versions.get(key) ?? [];
    return {
      entity,
      source,
      id,
      findings: findings
        .filter(({ records }) => (records as RecordName[]).some((one) => keyOf(one) === key))
        .map((finding) => finding.id),
      versions: all.map((version, index) => shownVersion(version, all[index + 1])),
    };
  });
}

const positions = /Latitude$|Longitude$|AccuracyMetres$/;

/** What a field holds; personal values, addresses, and where protected people are stay masked. */
export function shownVersion(stored: StoredVersion, before: StoredVersion | undefined): RecordVersion {
  const fields: Array<RecordVersion["fields"][number]> = [];
  for (const [field, described] of Object.entries(entities[stored.entity].fields)) {
    const value = stored.values[field];
    if (value === null || value === undefined) continue;
    const masked =
      described.kind === "identity" ||
      described.kind === "personal" ||
      field === "addresses" ||
      field === "birthDate" ||
      (stored.protected && (positions.test(field) || described.of === "lock" || described.of === "building"));
    fields.push({
      field,
      value: masked ? { kind: "text", text: "" } : valueOf(described, value),
      masked,
      changed: before !== undefined && JSON.stringify(before.values[field] ?? null) !== JSON.stringify(value),
    });
  }
  const { version, receivedAt, inForce, deleted, rawPage: page, rawIndex: index } = stored;
  return { version, receivedAt, inForce, deleted, page, index, fields };
}

function valueOf({ kind, of, values }: Field, value: unknown): FieldValue {
  switch (kind) {
    case "enum":
      return { kind: "code", text: values?.[Number(value)] ?? String(Number(value)) };
    case "boolean":
      return { kind: "boolean", yes: value === true };
    case "integer":
    case "decimal":
      return { kind: "number", number: Number(value) };
    case "instant":
    case "instantFrom":
    case "instantUntil":
      return { kind: "instant", at: Math.round(Number(value)) };
    case "date":
      return { kind: "date", day: Math.round(Date.parse(textOf(value)) / 86_400_000) };
    case "ref":
      if (of === "client" || of === "staff") return { kind: "person", who: of, id: textOf(value) };
      return { kind: "text", text: textOf(value) };
    case "codes":
      return { kind: "text", text: textOf(value).split("|").join(", ") };
    default:
      return { kind: "text", text: textOf(value) };
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

async function readSources(
  { database }: CaseNeeds,
  tenantId: string,
  findings: readonly Finding[],
  daysMax: number,
): Promise<SourceDay[]> {
  const sources = [...new Set(findings.flatMap(({ records }) => records.map(({ source }) => source)))].sort();
  const days = new Set<Day>();
  for (const { fromDay, throughDay } of findings) {
    // Of what is about a month its days say too much to be read one by one.
    if (throughDay - fromDay < 3) for (let day = fromDay; day <= throughDay; day++) days.add(day);
  }
  if (sources.length === 0 || days.size === 0) return [];
  const latest = [...days].sort((a, b) => b - a).slice(0, daysMax);
  return selectSourceDays(database, tenantId, sources, latest);
}

async function clausesOf(
  { database }: CaseNeeds,
  tenantId: string,
  findings: readonly Finding[],
): Promise<(finding: Finding) => CaseFinding["clauses"]> {
  const lines = findings.flatMap(({ provider, client, fromDay }) =>
    provider === null || client === null ? [] : [{ provider, client, month: monthOf(fromDay) }],
  );
  const clauses = lines.length === 0 ? [] : await selectClauses(database, tenantId, lines);
  return ({ provider, client, fromDay }) =>
    clauses
      .filter((one) => one.provider === provider && one.client === client && one.month === monthOf(fromDay))
      .map(({ contract, clause, step, why }) => ({
        contract,
        clause,
        text: [stepTitles[step] ?? step, ...(why === null ? [] : [why])].join(": "),
      }));
}

class RecordMissing extends AppError {
  readonly code = "case.record-missing";
  readonly kind = "missing";
}

class Protected extends AppError {
  readonly code = "person.protected";
  readonly kind = "forbidden";
}

/** A record as its source sent it; null values are masked. */
export interface RawRecord {
  source: string;
  resource: string;
  place: string;
  receivedAt: Instant;
  fields: ReadonlyArray<{ field: string; value: string | null }>;
}

/**
 * The record of the ledger that a version of a case's record was made of. What could name somebody is masked, unless a
 * reason is given for seeing it. The reading is recorded.
 */
export async function showRawRecord(
  needs: CaseNeeds,
  actor: Actor,
  { no, record, page, index, reason }: { no: string; record: RecordName; page: number; index: number; reason?: string },
): Promise<RawRecord> {
  permit(actor, "cases:read");
  const reveals = reason !== undefined && reason.trim() !== "";
  if (reveals) permit(actor, "persons:reveal");
  const { database, vault, now } = needs;
  const stored = await selectCase(database, actor.tenantId, actor.scope, no);
  if (stored === null) throw new CaseMissing(no);
  const members = await selectCaseFindings(database, actor.tenantId, no);
  const found = await selectFindingsById(
    database,
    actor.tenantId,
    members.map(({ findingId }) => findingId),
  );
  const mine = recordKeys(found).some((one) => keyOf(one) === keyOf(record));
  const versions = mine ? await selectRecordVersions(database, actor.tenantId, record.entity, [record]) : [];
  const version = versions.find((one) => one.rawPage === page && one.rawIndex === index);
  const raw = version === undefined ? null : await readRawRecord({ database, vault }, actor.tenantId, page, index);
  if (version === undefined || raw === null) throw new RecordMissing(`Case ${no} has no such record.`, { no });
  if (reveals && version.protected && !actor.permissions.has("persons:protected")) {
    throw new Protected("The record is about somebody with a protected identity.", { no });
  }
  await recordAccess(database, actor, {
    at: now(),
    operation: reveals ? "raw-record-revealed" : "raw-record",
    subject: stored.subject,
    rows: 1,
    why: reveals ? `Ärende ${no}: ${reason.trim()}` : `Ärende ${no}`,
  });
  const { source, resource, place, receivedAt } = raw;
  return { source, resource, place, receivedAt, fields: flattened(raw.record, reveals) };
}

/** Times of this century, small numbers, yes and no say nothing of who somebody is or where they live; all else might. */
const harmless =
  /^(?:20\d\d-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?|\d\d:\d\d(?::\d\d)?|-?\d{1,5}(?:[.,]\d{1,2})?|true|false)$/;
const FIELDS_MAX = 200;

export function flattened(record: unknown, reveals: boolean): RawRecord["fields"] {
  const fields: Array<RawRecord["fields"][number]> = [];
  const walk = (value: unknown, path: string): void => {
    if (fields.length >= FIELDS_MAX || value === null || value === undefined) return;
    if (typeof value === "object") {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === "" ? key : `${path}.${key}`);
      return;
    }
    const text = typeof value === "string" ? value : JSON.stringify(value);
    fields.push({ field: path, value: reveals || harmless.test(text) ? text : null });
  };
  walk(record, "");
  return fields;
}
