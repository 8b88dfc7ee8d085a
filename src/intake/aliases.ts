import { readCsv } from "#adapter";
import { AppError } from "#errors";
import { parseDate } from "#model";
import {
  addAliases,
  type DecidedAlias,
  type KnownId,
  readAliasList,
  selectDecidedAliases,
  selectKnownIds,
  selectOccurrences,
  undoAlias as undo,
  writeAliasList,
} from "#store";
import { type Occurrence, propose } from "./propose.ts";
import type { Intake } from "./source.ts";

export const aliasKinds = ["client", "staff", "unit", "provider"] as const;
type Kind = (typeof aliasKinds)[number];

/** The decision cannot be taken as it stands. */
class AliasRefused extends AppError {
  readonly code = "alias.refused";
  readonly kind = "conflict";
}

export interface NewAlias {
  kind: Kind;
  source: string;
  id: string;
  sameAsSource: string;
  sameAsId: string;
  /** Days; null or missing: always. */
  validFrom?: number | null;
  validTo?: number | null;
  evidence?: string;
}

export interface UnresolvedId {
  kind: Kind;
  source: string;
  id: string;
  /** Visits and planned visits that name it. */
  records: number;
  /** Best first. */
  proposals: Array<{ source: string; id: string; evidence: string }>;
}

export interface AliasList {
  /** Joined to nothing and not recognisable by itself; those with most records first. */
  unresolved: UnresolvedId[];
  decided: DecidedAlias[];
  /** Joined by what both sources say: identity number, HSA-id or organisation number. */
  automatic: Array<{
    kind: Kind;
    source: string;
    id: string;
    sameAsSource: string;
    sameAsId: string;
    evidence: string;
  }>;
}

const PROPOSAL_DAYS = 14;
const evidenceOf: Readonly<Record<string, string>> = {
  pid: "samma personnummer",
  hsa: "samma HSA-id",
  org: "samma organisationsnummer",
};

/** Which ids of different systems are the same person, staff member, unit or provider; unresolved ones first. */
export async function listAliases({ database, tenantId }: Intake): Promise<AliasList> {
  const decided = await selectDecidedAliases(database, tenantId);
  const ids = await selectKnownIds(database, tenantId);
  const joined = join(ids, decided);
  const unresolved = new Map<number, UnresolvedId>();
  for (const { ref, kind, source, id, attribute, described, records } of ids) {
    const alone = joined.members(ref).size < 2;
    // A unit or provider that its own source describes needs no other.
    if (attribute !== null || !alone || (described && kind !== "client" && kind !== "staff")) continue;
    unresolved.set(ref, { kind, source, id, records, proposals: [] });
  }
  await addProposals({ database, tenantId }, unresolved, ids, joined);
  return {
    unresolved: [...unresolved.values()].sort(
      (a, b) => b.records - a.records || compare(`${a.kind} ${a.source} ${a.id}`, `${b.kind} ${b.source} ${b.id}`),
    ),
    decided,
    automatic: automaticOf(ids),
  };
}

/** The same, as short as a page shows it. */
export interface AliasSummary {
  /** Those with most records, at most a hundred. */
  unresolved: UnresolvedId[];
  /** How many are unresolved in all. */
  left: number;
  decided: DecidedAlias[];
  automatic: number;
}

type Kept = Omit<AliasSummary, "decided">;

const SUMMARY = 100;
/** More than are shown, so that the list is still full when some have been decided. */
const KEPT = 1000;

const keptOf = ({ unresolved, automatic }: AliasList): Kept => ({
  unresolved: unresolved.slice(0, KEPT),
  left: unresolved.length,
  automatic: automatic.length,
});

/** Finds which ids nobody has joined and keeps that for `summariseAliases`: it takes time that a page does not have. */
export async function keepAliases(intake: Intake): Promise<void> {
  const content = keptOf(await listAliases(intake));
  await writeAliasList(intake.database, intake.tenantId, { content, at: intake.now() });
}

/** What was unresolved when it was found last, without what somebody has decided since. */
export async function summariseAliases(intake: Intake): Promise<AliasSummary> {
  const { database, tenantId } = intake;
  const decided = await selectDecidedAliases(database, tenantId);
  // Written by `keepAliases`.
  const kept = (await readAliasList(database, tenantId)) as Kept | null;
  const { unresolved, left, automatic } = kept ?? keptOf(await listAliases(intake));
  const done = new Set(
    decided.flatMap(({ kind, source, id, sameAsSource, sameAsId }) => [
      `${kind} ${source}/${id}`,
      `${kind} ${sameAsSource}/${sameAsId}`,
    ]),
  );
  const still = unresolved.filter(({ kind, source, id }) => !done.has(`${kind} ${source}/${id}`));
  return {
    unresolved: still.slice(0, SUMMARY),
    left: left - (unresolved.length - still.length),
    decided,
    automatic,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

interface Joined {
  /** The number that stands for all ids that are the same. */
  root: (ref: number) => number;
  members: (ref: number) => ReadonlySet<KnownId>;
  byRef: ReadonlyMap<number, KnownId>;
}

function join(ids: readonly KnownId[], decided: readonly DecidedAlias[]): Joined {
  const parent = new Map<number, number>();
  const root = (ref: number): number => {
    const above = parent.get(ref) ?? ref;
    if (above === ref) return ref;
    const top = root(above);
    parent.set(ref, top);
    return top;
  };
  const byRef = new Map<number, KnownId>();
  const byName = new Map<string, number>();
  const first = new Map<string, number>();
  for (const id of ids) {
    if (!byRef.has(id.ref)) byRef.set(id.ref, id);
    byName.set(`${id.kind} ${id.source} ${id.id}`, id.ref);
    if (id.attribute === null) continue;
    const key = `${id.kind} ${id.attribute}`;
    const other = first.get(key);
    if (other === undefined) first.set(key, id.ref);
    else parent.set(root(id.ref), root(other));
  }
  for (const { kind, source, id, sameAsSource, sameAsId } of decided) {
    const from = byName.get(`${kind} ${source} ${id}`);
    const to = byName.get(`${kind} ${sameAsSource} ${sameAsId}`);
    if (from !== undefined && to !== undefined) parent.set(root(from), root(to));
  }
  const members = new Map<number, Set<KnownId>>();
  for (const [ref, id] of byRef) {
    const top = root(ref);
    const set = members.get(top);
    if (set === undefined) members.set(top, new Set([id]));
    else set.add(id);
  }
  return { root, byRef, members: (ref) => members.get(root(ref)) ?? new Set() };
}

async function addProposals(
  { database, tenantId }: Pick<Intake, "database" | "tenantId">,
  unresolved: ReadonlyMap<number, UnresolvedId>,
  ids: readonly KnownId[],
  joined: Joined,
): Promise<void> {
  if (![...unresolved.values()].some(({ kind }) => kind === "client" || kind === "staff")) return;
  const sources = [...new Set(ids.map(({ source }) => source))];
  // Whom one source calls two things it does not tell.
  if (sources.length < 2) return;
  const rows = await selectOccurrences(database, tenantId, PROPOSAL_DAYS);
  const occurrences: Occurrence[] = rows.flatMap(([client, staff, unit, start]) => {
    const known = joined.byRef.get(client);
    return known === undefined
      ? []
      : [
          {
            source: sources.indexOf(known.source),
            client: joined.root(client),
            staff: staff === null ? -1 : joined.root(staff),
            unit: joined.root(unit),
            start,
          },
        ];
  });
  const unitSources = new Map<number, Set<number>>();
  const sourcesOfUnit = (unit: number): ReadonlySet<number> => {
    let found = unitSources.get(unit);
    if (found === undefined) {
      found = new Set([...joined.members(unit)].map(({ source }) => sources.indexOf(source)));
      unitSources.set(unit, found);
    }
    return found;
  };
  for (const kind of ["client", "staff"] as const) {
    const wanted = new Set([...unresolved].filter(([, id]) => id.kind === kind).map(([ref]) => joined.root(ref)));
    if (wanted.size === 0) continue;
    for (const [person, proposals] of propose(kind, wanted, occurrences, sourcesOfUnit)) {
      const whom = unresolved.get(person);
      if (whom === undefined) continue;
      whom.proposals = proposals.flatMap((proposal) => {
        // A name that people know rather than a hash.
        const [best] = [...joined.members(proposal.person)].sort(
          (a, b) => Number(b.described) - Number(a.described) || compare(`${a.source}/${a.id}`, `${b.source}/${b.id}`),
        );
        if (best === undefined) return [];
        const what = kind === "client" ? "besökstider" : "besök hos samma brukare";
        const unit = proposal.sameUnit ? ", samma enhet" : "";
        const evidence = `${proposal.fitting} av ${proposal.of} ${what} inom 15 minuter${unit}`;
        return [{ source: best.source, id: best.id, evidence }];
      });
    }
  }
}

function automaticOf(ids: readonly KnownId[]): AliasList["automatic"] {
  const first = new Map<string, KnownId>();
  const found: AliasList["automatic"] = [];
  for (const id of [...ids].sort((a, b) => Number(b.described) - Number(a.described))) {
    if (id.attribute === null) continue;
    const key = `${id.kind} ${id.attribute}`;
    const same = first.get(key);
    if (same === undefined) first.set(key, id);
    else if (same.source !== id.source || same.id !== id.id) {
      const evidence = evidenceOf[id.attribute.slice(0, 3)] ?? "";
      found.push({
        kind: id.kind,
        source: id.source,
        id: id.id,
        sameAsSource: same.source,
        sameAsId: same.id,
        evidence,
      });
    }
  }
  return found;
}

/** Decides that two ids are the same. False where that stands already. Throws where the id is joined to another for the same time. */
export async function setAlias({ database, tenantId, now }: Intake, alias: NewAlias, who: string): Promise<boolean> {
  const at = now();
  return (
    (await addAliases(database, tenantId, (standing) => (isNews(standing, alias) ? [decision(alias, who, at)] : []))) >
    0
  );
}

/** Takes a decision back; it stays on record. False where there is none of that number that stands. */
export async function undoAlias({ database, tenantId, now }: Intake, no: number, who: string): Promise<boolean> {
  return undo(database, tenantId, no, who, now());
}

const decision = (alias: NewAlias, who: string, at: number): Omit<DecidedAlias, "no"> => ({
  kind: alias.kind,
  source: alias.source,
  id: alias.id,
  sameAsSource: alias.sameAsSource,
  sameAsId: alias.sameAsId,
  validFrom: alias.validFrom ?? null,
  validTo: alias.validTo ?? null,
  evidence: alias.evidence ?? "",
  who,
  at,
});

function isNews(standing: ReadonlyArray<Omit<DecidedAlias, "no">>, alias: NewAlias): boolean {
  const { kind, source, id, sameAsSource, sameAsId, validFrom = null, validTo = null } = alias;
  if (source === sameAsSource && id === sameAsId) throw new AliasRefused(`${kind} ${source}/${id} is itself.`);
  if (validFrom !== null && validTo !== null && validFrom > validTo) {
    throw new AliasRefused(`The alias of ${kind} ${source}/${id} ends before it begins.`);
  }
  for (const other of standing) {
    if (other.kind !== kind || other.source !== source || other.id !== id) continue;
    const overlaps =
      (other.validFrom ?? -Infinity) <= (validTo ?? Infinity) &&
      (validFrom ?? -Infinity) <= (other.validTo ?? Infinity);
    if (!overlaps) continue;
    const same = other.sameAsSource === sameAsSource && other.sameAsId === sameAsId;
    if (same && other.validFrom === validFrom && other.validTo === validTo) return false;
    throw new AliasRefused(
      `${kind} ${source}/${id} is already joined to ${other.sameAsSource}/${other.sameAsId} for that time: undo that first.`,
    );
  }
  return true;
}

export interface ImportedAliases {
  added: number;
  unchanged: number;
  /** Lines that were left out, and why; Swedish. */
  refused: Array<{ line: number; reason: string }>;
}

const columns = ["kind", "source", "id", "sameAsSource", "sameAsId", "validFrom", "validTo", "evidence"] as const;

/**
 * Takes decisions from a table with a header: kind, source, id, sameAsSource, sameAsId, and where they apply validFrom,
 * validTo (YYYY-MM-DD, included) and evidence. Throws InvalidFile where a column is missing.
 */
export async function importAliases(intake: Intake, csv: AsyncIterable<string>, who: string): Promise<ImportedAliases> {
  const result: ImportedAliases = { added: 0, unchanged: 0, refused: [] };
  const wanted: Array<{ line: number; alias: NewAlias }> = [];
  const options = {
    place: "aliases",
    columns: { keep: columns, required: () => columns.slice(0, 5) },
    notice: () => undefined,
  };
  for await (const { records, lines, broken } of readCsv(csv, options)) {
    result.refused.push(...(broken ?? []).map(({ line, reason }) => ({ line, reason })));
    for (const [index, record] of records.entries()) {
      const line = lines?.[index] ?? index + 2;
      const read = aliasOf(record as Partial<Record<(typeof columns)[number], string>>);
      if (typeof read === "string") result.refused.push({ line, reason: read });
      else wanted.push({ line, alias: read });
    }
  }
  const at = intake.now();
  result.added = await addAliases(intake.database, intake.tenantId, (standing) => {
    const added: Array<Omit<DecidedAlias, "no">> = [];
    for (const { line, alias } of wanted) {
      try {
        if (isNews([...standing, ...added], alias)) added.push(decision(alias, who, at));
        else result.unchanged++;
      } catch (error) {
        if (!(error instanceof AliasRefused)) throw error;
        result.refused.push({
          line,
          reason: "Id:t är redan kopplat till något annat för den tiden, eller till sig självt.",
        });
      }
    }
    return added;
  });
  return result;
}

function aliasOf(record: Partial<Record<(typeof columns)[number], string>>): NewAlias | string {
  const { kind, source, id, sameAsSource, sameAsId, validFrom, validTo, evidence } = record;
  const found = aliasKinds.find((name) => name === kind?.toLowerCase());
  if (found === undefined) return `Kolumnen kind ska vara ${aliasKinds.join(", ")}.`;
  if (!source || !id || !sameAsSource || !sameAsId) return "source, id, sameAsSource och sameAsId ska ha värden.";
  const days = [validFrom, validTo].map((text) => (text === undefined ? null : parseDate(text)));
  if ((validFrom !== undefined && days[0] === null) || (validTo !== undefined && days[1] === null)) {
    return "validFrom och validTo ska vara datum (ÅÅÅÅ-MM-DD).";
  }
  return {
    kind: found,
    source,
    id,
    sameAsSource,
    sameAsId,
    validFrom: days[0] ?? null,
    validTo: days[1] ?? null,
    evidence: evidence ?? "",
  };
}
