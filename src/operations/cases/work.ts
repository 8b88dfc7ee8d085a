import { judgementOf, letterText, namesIdentity, type OutcomeName, outcomes } from "#case";
import { AppError } from "#errors";
import { type Day, dayOf, entities } from "#model";
import type { EvidenceNode, Rule } from "#rule";
import {
  type CasePatch,
  insertCaseEvent,
  judgeByDecision,
  lockCase,
  lockNextCase,
  selectCaseFindings,
  selectColleagues,
  selectFindingsById,
  selectNames,
  selectUndecidedTwin,
  setJudgements,
  type StoredCase,
} from "#store";
import type { Judgement } from "#case";
import { type Actor, permit } from "../actor.ts";
import { selectionOf } from "./queue.ts";
import { seal } from "./sealed.ts";
import {
  CaseMissing,
  type CaseNeeds,
  type Effect,
  explained,
  stepOf,
  StepRefused,
  takeOneStep,
  written,
} from "./step.ts";
import type { CaseVersion, LetterChoice, Proposal, QueueFilter } from "./types.ts";

/** Takes the next case of a queue that nobody has, and gives its number; null: there is none. Two at once get two. */
export async function takeNext(needs: CaseNeeds, actor: Actor, filter: QueueFilter): Promise<string | null> {
  permit(actor, "cases:work");
  permit(actor, "cases:read");
  const today = dayOf(needs.now());
  return needs.database.transaction(async (tx) => {
    const row = await lockNextCase(tx, actor.tenantId, actor.scope, {
      ...selectionOf(filter, actor, today),
      // What waits for somebody else's answer is nothing to begin on.
      states: ["new", "under-review", "explanation-received"],
      snoozed: { day: today, is: false },
      assignedTo: null,
      order: filter.sort,
    });
    if (row === null) return null;
    await stepOf(tx, needs, actor, row, { kind: "take" }, () => taking(actor));
    return row.no;
  });
}

const taking = ({ id, name }: Actor): Effect => ({ patch: { assignedTo: id, assignedName: name, snoozedUntil: null } });

/** Takes a case, also from a colleague who has it. */
export async function takeCase(needs: CaseNeeds, actor: Actor, kase: CaseVersion): Promise<number> {
  return takeOneStep(needs, actor, kase, { kind: "take" }, () => taking(actor));
}

/** Somebody whom a case can be given to. */
export interface Colleague {
  id: string;
  name: string;
}

/** Whom a case can be given to: handlers who have signed in, and whoever asks. */
export async function listColleagues({ database }: Pick<CaseNeeds, "database">, actor: Actor): Promise<Colleague[]> {
  permit(actor, "cases:work");
  const known = await selectColleagues(database, actor.tenantId, "handler");
  const all = new Map([...known, { id: actor.id, name: actor.name }].map((one) => [one.id, one]));
  return [...all.values()].sort((a, b) => a.name.localeCompare(b.name, "sv"));
}

class UnknownColleague extends AppError {
  readonly code = "case.unknown-colleague";
  readonly kind = "invalid";
}

/** The effect of giving cases to a colleague by id, or to nobody. */
export async function assigning(needs: CaseNeeds, actor: Actor, to: string | null): Promise<Effect> {
  if (to === null) return { patch: { assignedTo: null, assignedName: null }, data: { assignedTo: null } };
  const colleague = (await listColleagues(needs, actor)).find(({ id }) => id === to);
  if (colleague === undefined) throw new UnknownColleague("Cases are given to handlers who have signed in.");
  const { id, name } = colleague;
  return { patch: { assignedTo: id, assignedName: name }, data: { assignedTo: id, name } };
}

/** Gives a case to a colleague, or to nobody. */
export async function assignCase(
  needs: CaseNeeds,
  actor: Actor,
  { to, ...kase }: CaseVersion & { to: string | null },
): Promise<number> {
  const effect = await assigning(needs, actor, to);
  return takeOneStep(needs, actor, kase, { kind: "assign" }, () => effect);
}

/** Puts a case off until a day. It comes back by itself. */
export async function snoozeCase(
  needs: CaseNeeds,
  actor: Actor,
  { until, reason, ...kase }: CaseVersion & { until: Day; reason: string },
): Promise<number> {
  return takeOneStep(needs, actor, kase, { kind: "snooze", until, reason }, () => snoozing(until, reason));
}

export const snoozing = (until: Day, reason: string): Effect => ({
  patch: { snoozedUntil: until },
  data: { until },
  texts: { reason: written(reason) },
});

/** Takes a case back that was put off. */
export async function wakeCase(needs: CaseNeeds, actor: Actor, kase: CaseVersion): Promise<number> {
  return takeOneStep(needs, actor, kase, { kind: "wake" }, () => ({ patch: { snoozedUntil: null } }));
}

/** Adds a comment. Whoever works on the case meanwhile is not disturbed. */
export async function commentOnCase(
  { database, vault, now }: CaseNeeds,
  actor: Actor,
  { no, text }: { no: string; text: string },
): Promise<void> {
  permit(actor, "cases:work");
  const comment = written(text);
  if (comment === "") throw new StepRefused(no, "comment", "reason");
  await database.transaction(async (tx) => {
    if ((await lockCase(tx, actor.tenantId, actor.scope, no)) === null) throw new CaseMissing(no);
    const event = { at: now(), by: actor.id, byName: actor.name, kind: "comment", data: {} };
    await insertCaseEvent(tx, actor.tenantId, no, { ...event, sealed: seal(vault, { comment }) });
  });
}

/** Says of findings, each for itself, what they were; null leaves it to the decision. Counts at once for their rules. */
export async function judgeFindings(
  needs: CaseNeeds,
  actor: Actor,
  { findings, judgement, ...kase }: CaseVersion & { findings: readonly string[]; judgement: Judgement | null },
): Promise<number> {
  permit(actor, "findings:judge");
  return takeOneStep(needs, actor, kase, { kind: "judge" }, ({ no, changedAt }) => ({
    patch: { changedAt },
    data: { findings: [...findings].sort(), judgement },
    also: async (tx) => {
      const judged = { at: needs.now(), by: actor.id };
      await setJudgements(tx, actor.tenantId, no, judgement, findings, judged);
    },
  }));
}

export interface LetterNeeds extends CaseNeeds {
  rules: readonly Rule[];
  config: { municipality: { name: string } };
}

class IdentityInText extends AppError {
  readonly code = "case.identity-in-text";
  readonly kind = "invalid";
}

/** The letter as it would be sent. */
export async function previewLetter(
  { database, rules, config, now }: LetterNeeds,
  actor: Actor,
  { no, findings: chosen, show, question, dueOn }: { no: string } & LetterChoice,
): Promise<string> {
  permit(actor, "cases:work");
  if (namesIdentity(question)) {
    throw new IdentityInText("The question has a personal identity number in it: the letter must not.", { no });
  }
  const row = await database.transaction((tx) => lockCase(tx, actor.tenantId, actor.scope, no));
  if (row === null) throw new CaseMissing(no);
  const inCase = new Set((await selectCaseFindings(database, actor.tenantId, no)).map(({ findingId }) => findingId));
  const ids = chosen.filter((id) => inCase.has(id));
  const findings = await selectFindingsById(database, actor.tenantId, ids);
  const names = await selectNames(database, actor.tenantId);
  const titles = new Map(rules.map(({ id, title }) => [id, title.sv]));
  const { provider } = row;
  return letterText({
    municipality: config.municipality.name,
    no,
    provider: provider === null ? "utföraren" : (names.provider.get(provider) ?? provider),
    writtenOn: dayOf(now()),
    dueOn,
    handler: actor.name,
    question: written(question),
    findings: findings.map((finding) => ({
      ...finding,
      title: titles.get(finding.ruleId) ?? finding.ruleId,
      client: show.client ? finding.client : null,
      staff: show.staff ? finding.staff : null,
      // As rules write it.
      evidence: show.evidence ? (finding.evidence as EvidenceNode[]) : null,
      records: show.records
        ? finding.records.map(({ entity, id }) => ({ what: entities[entity as keyof typeof entities].sv, id }))
        : null,
    })),
  });
}

/** Asks the provider to explain, by a letter of what was chosen to be shown. Gives the letter, which the history keeps. */
export async function requestExplanation(
  needs: LetterNeeds,
  actor: Actor,
  { no, version, ...choice }: CaseVersion & LetterChoice,
): Promise<{ letter: string; version: number }> {
  const { dueOn, findings, show } = choice;
  const letter = await previewLetter(needs, actor, { no, ...choice });
  const after = await takeOneStep(
    needs,
    actor,
    { no, version },
    { kind: "request-explanation", dueOn },
    ({ assignedTo }) => ({
      patch: { explanationDueOn: dueOn, dueOn, ...(assignedTo === null ? taking(actor).patch : {}) },
      data: { dueOn, findings: [...findings], show },
      texts: { letter, question: written(choice.question) },
    }),
  );
  return { letter, version: after };
}

/** Keeps what the provider has answered. */
export async function receiveExplanation(
  needs: CaseNeeds,
  actor: Actor,
  { text, from, ...kase }: CaseVersion & { text: string; from: string },
): Promise<number> {
  const answer = written(text);
  if (answer === "") throw new StepRefused(kase.no, "receive-explanation", "reason");
  return takeOneStep(needs, actor, kase, { kind: "receive-explanation" }, (_row, to) => ({
    patch: explained(to),
    texts: { answer, from: written(from) },
  }));
}

/** What holds of a case once its outcome is decided. */
function deciding(
  needs: CaseNeeds,
  actor: Actor,
  row: Pick<StoredCase, "no">,
  outcome: OutcomeName,
): Effect & { patch: CasePatch } {
  const at = needs.now();
  const closedAt = outcomes[outcome].followUp ? null : at;
  return {
    patch: { decidedBy: actor.id, decidedName: actor.name, decidedAt: at, closedAt, snoozedUntil: null },
    also: (tx) =>
      judgeByDecision(tx, actor.tenantId, row.no, (level) => judgementOf(outcome, level), { at, by: actor.id }),
  };
}

/** The effect of proposing a decision; where it needs no second person, of taking it. */
export function proposing(needs: CaseNeeds, actor: Actor, proposal: Proposal): (row: StoredCase) => Effect {
  const { outcome, motivation, legalAnalysis, dueOn = null, amountOre = null } = proposal;
  const { secondPerson, followUp, amount } = outcomes[outcome];
  const claimOre = amount ? amountOre : null;
  const day = followUp ? dueOn : null;
  return (row) => {
    const decided = secondPerson ? { patch: {} } : deciding(needs, actor, row, outcome);
    const proposed = { proposedBy: actor.id, proposedName: actor.name, proposedAt: needs.now() };
    return {
      ...decided,
      patch: { outcome, claimOre, ...proposed, dueOn: day, snoozedUntil: null, ...decided.patch },
      kind: secondPerson ? "propose" : "decide",
      data: { outcome, claimOre, dueOn: day, version: row.version },
      texts: {
        motivation: written(motivation),
        legalAnalysis: legalAnalysis === undefined ? undefined : written(legalAnalysis),
      },
    };
  };
}

/** Proposes how the case ends. What needs no second person is decided with it, and closed where nothing is left to do. */
export async function proposeDecision(
  needs: CaseNeeds,
  actor: Actor,
  { no, version, ...proposal }: CaseVersion & Proposal,
): Promise<number> {
  return takeOneStep(
    needs,
    actor,
    { no, version },
    { kind: "propose", ...proposal },
    proposing(needs, actor, proposal),
  );
}

/** Approves what somebody else has proposed. */
export async function approveDecision(
  needs: CaseNeeds,
  actor: Actor,
  { note = "", ...kase }: CaseVersion & { note?: string },
): Promise<number> {
  return takeOneStep(needs, actor, kase, { kind: "approve" }, (row) => ({
    ...deciding(needs, actor, row, row.outcome ?? "nothing-further"),
    data: { outcome: row.outcome, claimOre: row.claimOre },
    texts: { note: written(note) },
  }));
}

const noProposal = { outcome: null, claimOre: null, proposedBy: null, proposedName: null, proposedAt: null } as const;

/** Sends somebody else's proposal back, with the reason. */
export async function rejectDecision(
  needs: CaseNeeds,
  actor: Actor,
  { reason, ...kase }: CaseVersion & { reason: string },
): Promise<number> {
  return takeOneStep(needs, actor, kase, { kind: "reject", reason }, ({ outcome, explanationDueOn }) => ({
    patch: { ...noProposal, dueOn: explanationDueOn },
    data: { outcome },
    texts: { reason: written(reason) },
  }));
}

/** Takes one's own proposal back. */
export async function withdrawDecision(needs: CaseNeeds, actor: Actor, kase: CaseVersion): Promise<number> {
  return takeOneStep(needs, actor, kase, { kind: "withdraw" }, ({ outcome, explanationDueOn }) => ({
    patch: { ...noProposal, dueOn: explanationDueOn },
    data: { outcome },
  }));
}

/** Closes a case whose decision has been carried out. */
export async function closeCase(
  needs: CaseNeeds,
  actor: Actor,
  { note, ...kase }: CaseVersion & { note: string },
): Promise<number> {
  return takeOneStep(needs, actor, kase, { kind: "close", note }, () => ({
    patch: { closedAt: needs.now(), dueOn: null, snoozedUntil: null },
    texts: { note: written(note) },
  }));
}

class OtherCaseOpen extends AppError {
  readonly code = "case.other-open";
  readonly kind = "conflict";
  /** The case that is open. */
  readonly other: string;

  constructor(no: string, other: string) {
    super(`Case ${other} is open about the same as ${no}: go on there.`, { no, other });
    this.other = other;
  }
}

/** Opens a decided or closed case again. What its decision took the findings for does not count any more. */
export async function reopenCase(
  needs: CaseNeeds,
  actor: Actor,
  { reason, ...kase }: CaseVersion & { reason: string },
): Promise<number> {
  const nobody = { decidedBy: null, decidedName: null, decidedAt: null, closedAt: null };
  const effect = ({ no, outcome }: StoredCase): Effect => ({
    patch: { ...noProposal, ...nobody, dueOn: null, assignedTo: actor.id, assignedName: actor.name },
    data: { outcome },
    texts: { reason: written(reason) },
    also: (tx) => judgeByDecision(tx, actor.tenantId, no, null, { at: needs.now(), by: actor.id }),
  });
  return takeOneStep(needs, actor, kase, { kind: "reopen", reason }, effect, async (tx) => {
    const other = await selectUndecidedTwin(tx, actor.tenantId, kase.no);
    if (other !== null) throw new OtherCaseOpen(kase.no, other);
  });
}
