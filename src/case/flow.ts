import type { Day } from "#model";
import { type CaseState, type OutcomeName, outcomeNames, outcomes } from "./states.ts";

/** What of a case decides which steps it may take. */
export interface CaseFacts {
  state: CaseState;
  assignedTo: string | null;
  /** The provider has explained itself. */
  heard: boolean;
  /** Last day of an explanation that was asked for; null: none was, or it has come. */
  explanationDueOn: Day | null;
  /** What is proposed, or was decided. */
  outcome: OutcomeName | null;
  proposedBy: string | null;
  snoozed: boolean;
}

/** Who takes the step, and what they may do. */
export interface CaseActor {
  id: string;
  /** The permission cases:work. */
  works: boolean;
  /** The permission cases:decide. */
  decides: boolean;
}

export type CaseStep =
  | { kind: "take" }
  | { kind: "assign" }
  | { kind: "comment" }
  | { kind: "attach" }
  | { kind: "judge" }
  | { kind: "snooze"; reason: string; until: Day }
  | { kind: "wake" }
  | { kind: "request-explanation"; dueOn: Day }
  | { kind: "receive-explanation" }
  | {
      kind: "propose";
      outcome: OutcomeName;
      motivation: string;
      legalAnalysis?: string | null;
      dueOn?: Day | null;
      amountOre?: number | null;
    }
  | { kind: "approve" }
  | { kind: "reject"; reason: string }
  | { kind: "withdraw" }
  | { kind: "close"; note: string }
  | { kind: "reopen"; reason: string };
export type StepKind = CaseStep["kind"];

/** Why a step is refused. */
export type Refusal =
  | "permission"
  | "state"
  | "own-proposal"
  | "others-proposal"
  | "not-heard"
  | "reason"
  | "legal-analysis"
  | "deadline"
  | "amount";

export type StepResult = { to: CaseState } | { refused: Refusal };

const refused = (refusal: Refusal): StepResult => ({ refused: refusal });

/** States in which somebody investigates, or may begin to. */
const open: readonly CaseState[] = ["new", "under-review", "explanation-requested", "explanation-received"];
const unfinished: readonly CaseState[] = [...open, "decision-proposed", "decided"];
const anything: readonly CaseState[] = [...unfinished, "closed"];

const from: Readonly<Record<StepKind, readonly CaseState[]>> = {
  take: unfinished,
  assign: unfinished,
  comment: anything,
  attach: anything,
  judge: anything.filter((state) => state !== "new"),
  snooze: unfinished,
  wake: unfinished,
  "request-explanation": open,
  "receive-explanation": anything.filter((state) => state !== "new"),
  propose: open,
  approve: ["decision-proposed"],
  reject: ["decision-proposed"],
  withdraw: ["decision-proposed"],
  close: ["decided"],
  reopen: ["decided", "closed"],
};

/** Where a case goes back to when its proposal is rejected or taken back. */
function before({ heard, explanationDueOn }: CaseFacts): CaseState {
  if (explanationDueOn !== null) return "explanation-requested";
  return heard ? "explanation-received" : "under-review";
}

/** The provider has explained itself, or has let the day for it pass. */
function hasHadItsSay({ heard, explanationDueOn }: CaseFacts, today: Day): boolean {
  return heard || (explanationDueOn !== null && today > explanationDueOn);
}

function isEmpty(text: string | null | undefined): boolean {
  return (text ?? "").trim() === "";
}

/** Which state a step leads to, or why it is refused. Nobody approves or rejects what they have proposed themselves. */
export function takeStep(facts: CaseFacts, actor: CaseActor, step: CaseStep, today: Day): StepResult {
  const { state } = facts;
  const decides = step.kind === "approve" || step.kind === "reject";
  if (decides ? !actor.decides : !actor.works) return refused("permission");
  if (!from[step.kind].includes(state)) return refused("state");
  switch (step.kind) {
    case "take":
      return { to: state === "new" ? "under-review" : state };
    case "assign":
    case "comment":
    case "attach":
    case "judge":
      return { to: state };
    case "snooze":
      if (isEmpty(step.reason)) return refused("reason");
      return step.until > today ? { to: state } : refused("deadline");
    case "wake":
      return facts.snoozed ? { to: state } : refused("state");
    case "request-explanation":
      return step.dueOn > today ? { to: "explanation-requested" } : refused("deadline");
    case "receive-explanation":
      return receive(facts);
    case "propose":
      return propose(facts, step, today);
    case "approve":
      if (facts.proposedBy === actor.id) return refused("own-proposal");
      return { to: "decided" };
    case "reject":
      if (facts.proposedBy === actor.id) return refused("own-proposal");
      return isEmpty(step.reason) ? refused("reason") : { to: before(facts) };
    case "withdraw":
      return facts.proposedBy === actor.id ? { to: before(facts) } : refused("others-proposal");
    case "close":
      return isEmpty(step.note) ? refused("reason") : { to: "closed" };
    case "reopen":
      return isEmpty(step.reason) ? refused("reason") : { to: "under-review" };
  }
}

/**
 * Whoever was asked may answer for as long as nobody has told them what was decided. A report to the police is never told:
 * that an answer is refused must not tell it either.
 */
function receive({ state, heard, explanationDueOn, outcome }: CaseFacts): StepResult {
  if (state === "explanation-requested" || state === "explanation-received") return { to: "explanation-received" };
  if (!heard && explanationDueOn === null) return refused("state");
  if (state === "under-review") return { to: "explanation-received" };
  return state === "decision-proposed" || outcome === "police-report" ? { to: state } : refused("state");
}

/** An outcome that needs no second person is decided at once, and closes the case where nothing is left to do. */
function propose(facts: CaseFacts, step: Extract<CaseStep, { kind: "propose" }>, today: Day): StepResult {
  const outcome = outcomes[step.outcome];
  if (outcome.hearing && !hasHadItsSay(facts, today)) return refused("not-heard");
  if (isEmpty(step.motivation)) return refused("reason");
  if (outcome.legalAnalysis && isEmpty(step.legalAnalysis)) return refused("legal-analysis");
  if (outcome.deadline && (step.dueOn ?? today) <= today) return refused("deadline");
  if (outcome.amount && !((step.amountOre ?? 0) > 0)) return refused("amount");
  if (outcome.secondPerson) return { to: "decision-proposed" };
  return { to: outcome.followUp ? "decided" : "closed" };
}

/** A step that can be offered, with what it still needs to be told. */
export interface PossibleStep {
  kind: StepKind;
  /** Of `propose`: which outcomes can be proposed now, and which only once the provider has been heard. */
  outcomes?: ReadonlyArray<{ name: OutcomeName; refused: "not-heard" | null }>;
}

const filled = { reason: "x", note: "x", motivation: "x", legalAnalysis: "x" };

/** The steps that a case allows an actor, in the order in which they usually come. */
export function possibleSteps(facts: CaseFacts, actor: CaseActor, today: Day): PossibleStep[] {
  const tomorrow = today + 1;
  const allows = (step: CaseStep): boolean => "to" in takeStep(facts, actor, step, today);
  const tried: Record<Exclude<StepKind, "propose">, CaseStep> = {
    take: { kind: "take" },
    "request-explanation": { kind: "request-explanation", dueOn: tomorrow },
    "receive-explanation": { kind: "receive-explanation" },
    approve: { kind: "approve" },
    reject: { kind: "reject", ...filled },
    withdraw: { kind: "withdraw" },
    close: { kind: "close", ...filled },
    judge: { kind: "judge" },
    assign: { kind: "assign" },
    snooze: { kind: "snooze", until: tomorrow, ...filled },
    wake: { kind: "wake" },
    comment: { kind: "comment" },
    attach: { kind: "attach" },
    reopen: { kind: "reopen", ...filled },
  };
  const steps: PossibleStep[] = [];
  for (const [kind, step] of Object.entries(tried) as Array<[Exclude<StepKind, "propose">, CaseStep]>) {
    // Taking what one has already is nothing to offer.
    if (kind === "take" && facts.assignedTo === actor.id && facts.state !== "new") continue;
    if (allows(step)) steps.push({ kind });
    if (kind !== "receive-explanation") continue;
    const offered: NonNullable<PossibleStep["outcomes"]>[number][] = [];
    for (const outcome of outcomeNames) {
      const proposal: CaseStep = { kind: "propose", outcome, dueOn: tomorrow, amountOre: 1, ...filled };
      const result = takeStep(facts, actor, proposal, today);
      if ("to" in result) offered.push({ name: outcome, refused: null });
      else if (result.refused === "not-heard") offered.push({ name: outcome, refused: "not-heard" });
    }
    if (offered.length > 0) steps.push({ kind: "propose", outcomes: offered });
  }
  return steps;
}
