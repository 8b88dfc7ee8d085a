import { createHash, randomUUID } from "node:crypto";
import { ATTACHMENT_BYTES_MAX, attachmentName, attachmentType } from "#case";
import { AppError } from "#errors";
import type { Day, Instant, Ore } from "#model";
import type { EvidenceNode, Rule } from "#rule";
import {
  countAskedCases,
  insertAttachment,
  insertExplanation,
  recordAccess,
  selectAskedCases,
  selectCase,
  selectCaseEvents,
  selectExplanations,
  selectFindingsById,
  type StoredCase,
} from "#store";
import { type Actor, permitOwn } from "../actor.ts";
import { unseal } from "../cases/sealed.ts";
import { whomOf } from "../cases/show-case.ts";
import { CaseMissing, explained, takeOneStep } from "../cases/step.ts";
import type { LetterChoice, RecordName } from "../cases/types.ts";
import { type OwnNeeds, writtenByProvider } from "./orders.ts";

/** How a provider explains what a case is about. */
export const explanationReasons = {
  "corrected-at-source": "Uppgiften var fel och är rättad i vårt system",
  "forgotten-registration": "Besöket gjordes men registrerades inte",
  "late-registration": "Besöket registrerades i efterhand",
  "technical-fault": "Tekniskt fel i telefon, tagg, lås eller system",
  "wrong-person": "Registrerat på fel brukare eller fel personal",
  "same-home": "Brukarna bor eller vistades tillsammans",
  shadowing: "Dubbelbemanning, upplärning eller ledsagning",
  "client-declined": "Brukaren avböjde eller var inte hemma",
  "agreed-change": "Ändringen är överenskommen med brukaren eller kommunen",
  emergency: "Akut händelse",
  "order-unclear": "Beställningen eller avtalet är oklart",
  agreed: "Uppgifterna stämmer, vi har ingen förklaring",
  other: "Annat, se texten",
} as const;
export type ExplanationReason = keyof typeof explanationReasons;

const ATTACHMENTS_MAX = 10;

class AttachmentRefused extends AppError {
  readonly code = "attachment.refused";
  readonly kind = "invalid";
}

class AttachmentTooLarge extends AppError {
  readonly code = "attachment.too-large";
  readonly kind = "too-large";
}

class ExplanationEmpty extends AppError {
  readonly code = "case.explanation-empty";
  readonly kind = "invalid";

  constructor() {
    super("Say in the text what the reason is.");
  }
}

/** A case as far as the provider was asked about it. */
export interface OwnCase {
  no: string;
  /** Nothing of what the municipality thinks of the answer before it has decided. */
  state: "explanation-requested" | "explained" | "decided";
  /** When the provider was last asked, and by when it is to answer; null: it has, or does not have to any more. */
  askedAt: Instant;
  dueOn: Day | null;
  decidedAt: Instant | null;
}

/** What the handler has chosen to show of a finding. */
export interface OwnFinding {
  rule: string;
  title: string;
  reason: string;
  fromDay: Day;
  throughDay: Day;
  client: string | null;
  staff: string | null;
  minutes: number | null;
  amountOre: Ore | null;
  evidence: Array<{ condition: string; value: string | number | boolean | null }> | null;
  records: RecordName[] | null;
  /** The sources do not say it any more. */
  gone: boolean;
}

export interface OwnCaseDetail extends OwnCase {
  question: string;
  /** As it was sent. */
  letter: string;
  findings: OwnFinding[];
  explanations: Array<{ reason: ExplanationReason; at: Instant; text: string }>;
}

interface Asked {
  at: Instant;
  choice: Pick<LetterChoice, "findings" | "show">;
  letter: string;
  question: string;
}

function ownCase(stored: StoredCase, asked: Pick<Asked, "at">): OwnCase {
  const { no, state, outcome, explanationDueOn, decidedAt } = stored;
  // Whoever is reported to the police is not warned.
  const decided = (state === "decided" || state === "closed") && outcome !== "police-report";
  return {
    no,
    state: decided ? "decided" : explanationDueOn !== null ? "explanation-requested" : "explained",
    askedAt: asked.at,
    dueOn: decided ? null : explanationDueOn,
    decidedAt: decided ? decidedAt : null,
  };
}

/** The last letter of a case; null where the provider was never asked. */
async function askedIn({ database, vault }: OwnNeeds, tenantId: string, no: string): Promise<Asked | null> {
  const event = (await selectCaseEvents(database, tenantId, no)).findLast(({ kind }) => kind === "request-explanation");
  if (event === undefined) return null;
  const { letter = "", question = "" } = unseal(vault, event.sealed);
  // Written by `requestExplanation`.
  return { at: event.at, choice: event.data as unknown as Asked["choice"], letter, question };
}

/** The case with its last letter. The same for a case that is not there, another provider's, and one nobody asked about. */
async function askedCase(needs: OwnNeeds, actor: Actor, no: string): Promise<{ stored: StoredCase; asked: Asked }> {
  const stored = await selectCase(needs.database, actor.tenantId, actor.scope, no);
  const asked = stored === null ? null : await askedIn(needs, actor.tenantId, no);
  if (stored === null || asked === null) throw new CaseMissing(no);
  return { stored, asked };
}

/** Cases that the provider was asked about, by number; `after` is the last of the page before. The reading is recorded. */
export async function listOwnCases(
  needs: OwnNeeds,
  actor: Actor,
  { after, limit }: { after: string; limit: number },
): Promise<{ cases: OwnCase[]; next: string | null }> {
  const provider = permitOwn(actor, "own-cases:read");
  const { cases, more } = await readOwnCases(needs, actor, provider, { after, limit });
  return { cases, next: more ? (cases.at(-1)?.no ?? null) : null };
}

/** The same, those that wait for an answer first, by when it is due, then the newest. Pages count from 1. */
export async function listOwnQuestions(
  needs: OwnNeeds,
  actor: Actor,
  { page, limit }: { page: number; limit: number },
): Promise<{ cases: OwnCase[]; next: number | null }> {
  const provider = permitOwn(actor, "own-cases:read");
  const { cases, more } = await readOwnCases(needs, actor, provider, { offset: (page - 1) * limit, limit });
  return { cases, next: more ? page + 1 : null };
}

async function readOwnCases(
  { database, now }: OwnNeeds,
  actor: Actor,
  provider: string,
  { limit, ...page }: { limit: number } & ({ after: string } | { offset: number }),
): Promise<{ cases: OwnCase[]; more: boolean }> {
  const { tenantId, scope } = actor;
  const found = await selectAskedCases(database, tenantId, scope, provider, { ...page, limit: limit + 1 });
  const cases = found.slice(0, limit).map(({ stored, askedAt }) => ownCase(stored, { at: askedAt }));
  await recordAccess(database, actor, { at: now(), operation: "own-cases", subject: provider, rows: cases.length });
  return { cases, more: found.length > limit };
}

/** How many questions wait for the provider's answer, and by when the first is due. Says nothing of anybody. */
export async function countOwnQuestions(
  { database }: Pick<OwnNeeds, "database">,
  actor: Actor,
): Promise<{ waiting: number; nextDueOn: Day | null }> {
  const provider = permitOwn(actor, "own-cases:read");
  return countAskedCases(database, actor.tenantId, actor.scope, provider);
}

/** A case as the provider was asked about it. The reading is recorded. */
export async function showOwnCase(
  needs: OwnNeeds & { rules: readonly Rule[] },
  actor: Actor,
  no: string,
): Promise<OwnCaseDetail> {
  permitOwn(actor, "own-cases:read");
  const { database, vault, now, rules } = needs;
  const { stored, asked } = await askedCase(needs, actor, no);
  const { findings: chosen, show } = asked.choice;
  const [findings, answers] = await Promise.all([
    selectFindingsById(database, actor.tenantId, chosen),
    selectExplanations(database, actor.tenantId, no),
  ]);
  await recordAccess(database, actor, {
    at: now(),
    operation: "own-case",
    subject: whomOf(stored, findings),
    rows: findings.length,
    why: `Ärende ${no}`,
  });
  const titles = new Map(rules.map(({ id, title }) => [id, title.sv]));
  // An id of ours says nothing to a provider.
  const theirs = (id: string | null): string | null => (id === null || id.startsWith("pid:") ? null : id);
  return {
    ...ownCase(stored, asked),
    question: asked.question,
    letter: asked.letter,
    findings: findings.map((finding) => ({
      rule: finding.ruleId,
      title: titles.get(finding.ruleId) ?? finding.ruleId,
      reason: finding.reason,
      fromDay: finding.fromDay,
      throughDay: finding.throughDay,
      client: show.client ? theirs(finding.client) : null,
      staff: show.staff ? theirs(finding.staff) : null,
      minutes: finding.minutes,
      amountOre: finding.amountOre,
      // As rules write it.
      evidence: show.evidence
        ? (finding.evidence as EvidenceNode[]).map(({ condition, value }) => ({ condition, value }))
        : null,
      records: show.records ? (finding.records as RecordName[]) : null,
      gone: finding.status === "closed",
    })),
    explanations: answers.map(({ reason, at, text }) => ({
      // Written by `explainOwnCase`.
      reason: reason as ExplanationReason,
      at,
      text: text === null ? "" : vault.decrypt(text).toString(),
    })),
  };
}

export interface Explanation {
  no: string;
  reason: ExplanationReason;
  text: string;
  attachments: ReadonlyArray<{ name: string; content: Uint8Array }>;
}

/** Explains what the municipality has asked about. What is attached is the case's from now on. */
export async function explainOwnCase(
  needs: OwnNeeds,
  actor: Actor,
  { no, reason, text, attachments }: Explanation,
): Promise<OwnCase> {
  const provider = permitOwn(actor, "own-cases:explain");
  const { vault, now } = needs;
  const answer = writtenByProvider(text);
  if (reason === "other" && answer === "") throw new ExplanationEmpty();
  if (attachments.length > ATTACHMENTS_MAX) {
    throw new AttachmentTooLarge(`At most ${ATTACHMENTS_MAX} files are taken at once.`);
  }
  const files = attachments.map(({ name, content }) => {
    if (content.length > ATTACHMENT_BYTES_MAX)
      throw new AttachmentTooLarge(`A file has ${content.length} bytes; at most ${ATTACHMENT_BYTES_MAX} are kept.`);
    const type = attachmentType(content);
    if (type === null)
      throw new AttachmentRefused("A file is empty, or is none of PDF, PNG, JPEG, Word, Excel and text.");
    return { id: randomUUID(), name: attachmentName(name), type, content };
  });
  const { asked } = await askedCase(needs, actor, no);
  const at = now();
  // The step is the municipality's own: whoever may explain takes no other.
  const answering: Actor = { ...actor, permissions: new Set([...actor.permissions, "cases:work", "cases:read"]) };
  await takeOneStep(needs, answering, { no, version: null }, { kind: "receive-explanation" }, (_row, to) => ({
    patch: explained(to),
    data: { reason, attachments: files.map(({ id }) => id) },
    texts: { answer: [explanationReasons[reason], answer].filter((part) => part !== "").join(". "), from: actor.name },
    also: async (tx) => {
      await insertExplanation(tx, actor.tenantId, {
        caseNo: no,
        provider,
        reason,
        text: answer === "" ? null : vault.encrypt(answer),
        at,
        by: actor.id,
        byName: actor.name,
      });
      for (const { id, name, type, content } of files) {
        await insertAttachment(tx, actor.tenantId, {
          caseNo: no,
          id,
          name: vault.encrypt(name),
          type,
          bytes: content.length,
          sha256: createHash("sha256").update(content).digest(),
          content: vault.encrypt(content),
          at,
          by: actor.id,
          byName: actor.name,
        });
      }
    },
  }));
  const stored = await selectCase(needs.database, actor.tenantId, actor.scope, no);
  if (stored === null) throw new CaseMissing(no);
  return ownCase(stored, asked);
}
