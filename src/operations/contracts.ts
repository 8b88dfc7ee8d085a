import { isDeepStrictEqual } from "node:util";
import { type Pulled, pullSource } from "#intake";
import { AppError } from "#errors";
import { contractTerms, type ContractTerms, type Day, formatDay, parseDate } from "#model";
import {
  type ContractChange,
  type Database,
  decideContractChange,
  insertContractChange,
  lockContractChange,
  selectContractChanges,
  selectContractKeys,
  selectNames,
  selectRecordVersions,
  type StoredVersion,
  type Vault,
} from "#store";
import { type Actor, permit, permitEverywhere } from "./actor.ts";
import { exampleOf, orderedTerms, printTerms, readTerms, serviceOf, type TermsExample } from "./contract-terms.ts";
import type { ConfiguredSource } from "./pull-sources.ts";
import { decisionOn, ProposalMissing, ProposalRefused, reasonProblems, type Verdict } from "./proposals.ts";
import { deliveredBy } from "./receive-upload.ts";

interface Needs {
  database: Database;
  vault: Vault;
  now: () => number;
  sources: readonly ConfiguredSource[];
}

/** Terms that hold from a day on, as one record of a source says them. */
export interface ContractRecord {
  source: string;
  id: string;
  reference: string;
  validFrom: Day;
  /** Last day; null: until further notice. */
  validTo: Day | null;
  terms: unknown;
  /** The terms as they are written. */
  text: string;
  /** How many times the record has been received with another content. */
  versions: number;
}

/** What a provider has agreed for its units and services: one record after the other, the oldest first. */
export interface Contract {
  source: string;
  /** Of the first record. */
  id: string;
  provider: { id: string; name: string };
  units: string[] | null;
  unitIds: string[] | null;
  services: string[] | null;
  records: ContractRecord[];
  /** The source's files can say something of it; where they cannot, nothing can be changed here. */
  changeable: boolean;
}

/** What an example is paid by the terms that hold and by others. */
export interface ComparedExample {
  service: string;
  day: Day;
  before: TermsExample | null;
  after: TermsExample;
}

export interface ShownContractChange extends ContractChange {
  text: string;
}

class ContractMissing extends AppError {
  readonly code = "contract.missing";
  readonly kind = "missing";
}

class ActivationFailed extends AppError {
  readonly code = "contract.not-stored";
  readonly kind = "unavailable";
}

const days = (value: unknown): Day | null => (typeof value === "string" ? parseDate(value) : null);
const parsed = (value: unknown): unknown => (typeof value === "string" ? JSON.parse(value) : value);
const words = (value: unknown): string[] | null => (typeof value === "string" ? value.split("|") : null);

async function readContracts({ database, sources }: Needs, tenantId: string): Promise<Contract[]> {
  const [keys, names] = await Promise.all([selectContractKeys(database, tenantId), selectNames(database, tenantId)]);
  const versions = await selectRecordVersions(database, tenantId, "contracts", keys);
  const counts = new Map<string, number>();
  for (const { source, id } of versions) counts.set(`${source}/${id}`, (counts.get(`${source}/${id}`) ?? 0) + 1);
  const contracts = new Map<string, Contract>();
  const heads = versions.filter(({ inForce, deleted }) => inForce && !deleted);
  const from = ({ values }: StoredVersion): Day => days(values["validFrom"]) ?? 0;
  for (const head of heads.toSorted((a, b) => from(a) - from(b))) {
    const { source, id, values } = head;
    const provider = String(values["providerId"]);
    const unitIds = (parsed(values["unitIds"]) ?? null) as string[] | null;
    const services = words(values["services"]);
    const key = JSON.stringify([source, provider, unitIds, services]);
    let contract = contracts.get(key);
    if (contract === undefined) {
      contract = {
        source,
        id,
        provider: { id: provider, name: names.provider.get(provider) ?? provider },
        units: unitIds?.map((unit) => names.unit.get(unit) ?? unit) ?? null,
        unitIds,
        services,
        records: [],
        changeable: sources.find((one) => one.id === source)?.adapter.upload !== undefined,
      };
      contracts.set(key, contract);
    }
    const terms = orderedTerms(parsed(values["terms"]) ?? {});
    contract.records.push({
      source,
      id,
      reference: String(values["reference"]),
      validFrom: from(head),
      validTo: days(values["validTo"]),
      terms,
      text: printTerms(terms),
      versions: counts.get(`${source}/${id}`) ?? 1,
    });
  }
  return [...contracts.values()].sort((a, b) => a.provider.name.localeCompare(b.provider.name, "sv"));
}

async function contractOf(needs: Needs, tenantId: string, { source, id }: { source: string; id: string }) {
  const contracts = await readContracts(needs, tenantId);
  const found = contracts.find((one) => one.records.some((record) => record.source === source && record.id === id));
  if (found === undefined) throw new ContractMissing("There is no such contract.");
  return found;
}

/** The terms in force on a day; of several that begin the same day the last. */
const recordOn = ({ records }: Contract, day: Day): ContractRecord | undefined =>
  records.findLast(({ validFrom, validTo }) => validFrom <= day && (validTo === null || validTo >= day));

/** Every contract that the actor sees, by provider, and the proposals that nobody has decided. */
export async function listContracts(
  needs: Needs,
  actor: Actor,
): Promise<{ contracts: Contract[]; waiting: ContractChange[] }> {
  permit(actor, "contracts:read");
  const contracts = await readContracts(needs, actor.tenantId);
  const changes = await selectContractChanges(needs.database, actor.tenantId);
  return { contracts, waiting: changes.filter(({ state }) => state === "proposed") };
}

/** A contract by any of its records, with all that was proposed about it, the latest first. */
export async function showContract(
  needs: Needs,
  actor: Actor,
  asked: { source: string; id: string },
): Promise<{ contract: Contract; changes: ShownContractChange[] }> {
  permit(actor, "contracts:read");
  const contract = await contractOf(needs, actor.tenantId, asked);
  const mine = new Set(contract.records.map(({ id }) => id));
  const changes = (await selectContractChanges(needs.database, actor.tenantId)).filter(
    (change) => change.source === contract.source && mine.has(change.contract),
  );
  return { contract, changes: changes.map((change) => ({ ...change, text: printTerms(change.terms) })) };
}

interface AskedTerms {
  source: string;
  id: string;
  /** YAML or JSON. */
  text: string;
  fromDay: Day;
}

/** Terms as asked for, and the record that they would follow. Throws with what is wrong. */
function checked(contract: Contract, { text, fromDay }: Pick<AskedTerms, "text" | "fromDay">) {
  const read = readTerms(text);
  const problems = "problems" in read ? [...read.problems] : [];
  const record = recordOn(contract, fromDay);
  if (!contract.changeable) problems.push("Avtalet kommer från ett system som inte tar emot ändringar. Ändra det där.");
  if (record === undefined) problems.push("Avtalet gäller inte den dagen.");
  // The contract's own first terms are its source's to mend: what is delivered there later would take their place.
  else if (fromDay <= contract.records[0]!.validFrom)
    problems.push("Välj en dag efter avtalets första. Det som gällde från början rättas i källan.");
  if ("problems" in read || record === undefined || problems.length > 0) throw new ProposalRefused(problems);
  return { terms: read.terms, record };
}

function compare(contract: Contract, terms: ContractTerms, record: ContractRecord, day: Day): ComparedExample {
  const service = serviceOf(terms, contract.services);
  const known = contractTerms.safeParse(record.terms).success;
  const before = known ? exampleOf(record.terms, { day, service }) : null;
  return { service, day, before, after: exampleOf(terms, { day, service }) };
}

/** What one visit and one month would be paid by the terms that hold on a day and by these. Nothing is changed. */
export async function previewTerms(needs: Needs, actor: Actor, asked: AskedTerms): Promise<ComparedExample> {
  permit(actor, "contracts:read");
  const contract = await contractOf(needs, actor.tenantId, asked);
  const { terms, record } = checked(contract, asked);
  return compare(contract, terms, record, asked.fromDay);
}

/** Proposes other terms from a day on, for somebody else to approve. Gives the proposal's number. */
export async function proposeTerms(needs: Needs, actor: Actor, asked: AskedTerms & { why: string }): Promise<number> {
  permitEverywhere(actor, "contracts:write");
  const contract = await contractOf(needs, actor.tenantId, asked);
  const reasons = reasonProblems(asked.why);
  if (reasons.length > 0) throw new ProposalRefused(reasons);
  const { terms, record } = checked(contract, asked);
  if (isDeepStrictEqual(terms, record.terms))
    throw new ProposalRefused(["Villkoren är desamma som redan gäller den dagen."]);
  return insertContractChange(needs.database, actor.tenantId, {
    provider: contract.provider.id,
    source: record.source,
    contract: record.id,
    terms,
    fromDay: asked.fromDay,
    why: asked.why.trim(),
    proposedAt: needs.now(),
    proposedBy: actor.id,
    proposedName: actor.name,
  });
}

/**
 * Approves, rejects or takes back a proposal. What is approved becomes a record of the contract's own source: it goes
 * into the ledger as a delivery of one, so that a rebuild gives it again.
 */
export async function decideOnContractChange(
  needs: Needs,
  actor: Actor,
  { no, verdict, why, ...asked }: { source: string; id: string; no: number; verdict: Verdict; why: string },
): Promise<void> {
  permitEverywhere(actor, verdict === "withdrawn" ? "contracts:write" : "contracts:activate");
  const contract = await contractOf(needs, actor.tenantId, asked);
  await needs.database.transaction(async (tx) => {
    const change = await lockContractChange(tx, actor.tenantId, no);
    const mine = contract.records.some(({ source, id }) => source === change?.source && id === change.contract);
    if (change === null || !mine) throw new ProposalMissing(`There is no proposal ${no}.`, { no });
    const decision = decisionOn(change, actor, { verdict, why, at: needs.now() });
    // Delivered before it is written down as approved: where that fails the proposal still waits, and a second
    // delivery of the same content is recognised.
    if (verdict === "approved") await deliver(needs, actor.tenantId, contract, change);
    await decideContractChange(tx, actor.tenantId, no, decision);
  });
}

async function deliver(needs: Needs, tenantId: string, contract: Contract, change: ContractChange): Promise<void> {
  const { terms, record } = checked(contract, { text: JSON.stringify(change.terms), fromDay: change.fromDay });
  const { id: first } = contract.records[0]!;
  const day = formatDay(change.fromDay);
  const content = {
    // One record a day: other terms from the same day are a new version of it.
    id: `${first}~${day}`,
    providerId: contract.provider.id,
    ...(contract.unitIds === null ? {} : { unitIds: contract.unitIds }),
    ...(contract.services === null ? {} : { services: contract.services }),
    reference: record.reference,
    validFrom: day,
    ...(record.validTo === null ? {} : { validTo: formatDay(record.validTo) }),
    terms,
  };
  const configured = needs.sources.find(({ id }) => id === contract.source);
  const bytes = Buffer.from(`${JSON.stringify(content)}\n`);
  const delivered =
    configured === undefined
      ? null
      : deliveredBy(configured, {
          name: `contracts-forslag-${change.no}.jsonl`,
          content: (async function* () {
            yield bytes;
          })(),
          notice: () => undefined,
        });
  if (delivered === null) throw new ActivationFailed(`Source ${contract.source} takes no contracts.`);
  const { database, vault, now } = needs;
  const signal = new AbortController().signal;
  const pulls: Pulled[] = await pullSource({ database, vault, now, tenantId, signal, source: delivered.source });
  const failed = pulls.find(({ error, quarantined }) => error !== null || quarantined > 0);
  if (failed !== undefined) {
    throw failed.error ?? new ActivationFailed(`Source ${contract.source} did not take the contract.`);
  }
}
