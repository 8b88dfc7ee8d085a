import { type CaseFacts, type CaseState, type CaseStep, type Refusal, takeStep } from "#case";
import { AppError } from "#errors";
import { type Day, dayOf, type Instant } from "#model";
import {
  type CasePatch,
  type Database,
  insertCaseEvent,
  insertEvents,
  lockCase,
  type NewEvent,
  type StoredCase,
  type Transaction,
  type Vault,
  writeCase,
} from "#store";
import { type Actor, permit } from "../actor.ts";
import { newEvent } from "../webhooks/new-event.ts";
import { seal } from "./sealed.ts";

export interface CaseNeeds {
  database: Database;
  vault: Vault;
  now: () => Instant;
}

/** There is no such case, or the actor may not see it: nobody learns which. */
export class CaseMissing extends AppError {
  readonly code = "case.missing";
  readonly kind = "missing";

  constructor(no: string) {
    super(`There is no case ${no}.`, { no });
  }
}

/** Somebody else has changed the case since the page was read; what was typed is not lost on the page that says so. */
export class CaseChanged extends AppError {
  readonly code = "case.changed";
  readonly kind = "conflict";

  constructor(no: string) {
    super(`Case ${no} has changed since it was read. Read it again.`, { no });
  }
}

/** The case does not allow the step; `refusal` has its words in `refusalTexts`. */
export class StepRefused extends AppError {
  readonly code = "case.refused";
  readonly kind = "conflict";
  readonly refusal: Refusal;

  constructor(no: string, step: string, refusal: Refusal) {
    super(`Case ${no} does not allow ${step}: ${refusal}.`, { no, step, refusal });
    this.refusal = refusal;
  }
}

class TextTooLong extends AppError {
  readonly code = "case.text-too-long";
  readonly kind = "too-large";
}

const TEXT_MAX = 20_000;

/** What somebody has written, as it is kept. Throws where it is longer than anybody reads. */
export function written(text: string): string {
  if (text.length > TEXT_MAX) {
    throw new TextTooLong(`The text has ${text.length} characters; at most ${TEXT_MAX} are kept.`);
  }
  return text.trim();
}

export function factsOf(row: StoredCase, today: Day): CaseFacts {
  const { state, assignedTo, heard, explanationDueOn, outcome, proposedBy, snoozedUntil } = row;
  return {
    state,
    assignedTo,
    heard,
    explanationDueOn,
    outcome,
    proposedBy,
    snoozed: snoozedUntil !== null && snoozedUntil > today,
  };
}

export function caseActor({ id, permissions }: Actor) {
  return { id, works: permissions.has("cases:work"), decides: permissions.has("cases:decide") };
}

/** What a step writes, beside the state that it leads to. */
export interface Effect {
  patch?: CasePatch;
  data?: Record<string, unknown>;
  texts?: Record<string, string | undefined>;
  /** In the history, where it is not called as the step. */
  kind?: string;
  /** What else the transaction writes. */
  also?: (tx: Transaction) => Promise<void>;
}

/** What holds of a case once its provider has explained itself; what is proposed or decided keeps its own day. */
export const explained = (to: CaseState): CasePatch => ({
  heard: true,
  explanationDueOn: null,
  ...(to === "explanation-received" ? { dueOn: null, snoozedUntil: null } : {}),
});

/**
 * What the provider's own systems are told of a step. Of a decision only where the provider was asked before, and never
 * of a report to the police: whoever is suspected is not warned.
 */
function eventsOf(
  before: StoredCase,
  after: { state: CaseState; outcome: string | null },
  step: CaseStep,
  at: Instant,
): NewEvent[] {
  const { no, provider, units, heard, explanationDueOn } = before;
  if (provider === null) return [];
  const about = { at, provider, units, subjectKind: "case", subject: no, orderKey: `case ${no}` };
  if (step.kind === "request-explanation") return [newEvent({ ...about, type: "finding.explanation-requested" })];
  const isDecided = (state: CaseState): boolean => state === "decided" || state === "closed";
  const asked = heard || explanationDueOn !== null;
  if (!asked || isDecided(before.state) || !isDecided(after.state) || after.outcome === "police-report") return [];
  return [newEvent({ ...about, type: "case.decided" })];
}

/** Takes a step of a case that the transaction holds, and gives its version after. */
export async function stepOf(
  tx: Transaction,
  { vault, now }: CaseNeeds,
  actor: Actor,
  row: StoredCase,
  step: CaseStep,
  effect: (row: StoredCase, to: CaseState) => Effect,
): Promise<number> {
  const at = now();
  const result = takeStep(factsOf(row, dayOf(at)), caseActor(actor), step, dayOf(at));
  if ("refused" in result) throw new StepRefused(row.no, step.kind, result.refused);
  const { patch = {}, data = {}, texts = {}, kind = step.kind, also } = effect(row, result.to);
  const version = await writeCase(tx, actor.tenantId, row, { ...patch, state: result.to }, at);
  await also?.(tx);
  await insertEvents(
    tx.client,
    actor.tenantId,
    eventsOf(row, { outcome: row.outcome, ...patch, state: result.to }, step, at),
  );
  await insertCaseEvent(tx, actor.tenantId, row.no, {
    at,
    by: actor.id,
    byName: actor.name,
    kind,
    data: result.to === row.state ? data : { ...data, from: row.state, to: result.to },
    sealed: seal(vault, texts),
  });
  return version;
}

/**
 * Takes one step of a case, and gives its version after. Throws where there is no such case for the actor, where it is
 * another version than the actor has seen, and where the step is refused.
 */
export async function takeOneStep(
  needs: CaseNeeds,
  actor: Actor,
  { no, version }: { no: string; version: number | null },
  step: CaseStep,
  effect: (row: StoredCase, to: CaseState) => Effect,
  check?: (tx: Transaction) => Promise<void>,
): Promise<number> {
  permit(actor, step.kind === "approve" || step.kind === "reject" ? "cases:decide" : "cases:work");
  permit(actor, "cases:read");
  return needs.database.transaction(async (tx) => {
    await check?.(tx);
    const row = await lockCase(tx, actor.tenantId, actor.scope, no);
    if (row === null) throw new CaseMissing(no);
    if (version !== null && row.version !== version) throw new CaseChanged(no);
    return stepOf(tx, needs, actor, row, step, effect);
  });
}
