import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CaseActor,
  type CaseFacts,
  caseStates,
  type CaseStep,
  outcomeNames,
  outcomes,
  possibleSteps,
  takeStep,
} from "#case";

const today = 20_000;
const ids = ["anna", "bo", "carin"] as const;
const id = fc.constantFrom(...ids);
const text = fc.constantFrom("", "  ", "Skäl.");
const dueOn = fc.integer({ min: today - 5, max: today + 5 });
const outcome = fc.constantFrom(...outcomeNames);

const facts: fc.Arbitrary<CaseFacts> = fc.record({
  state: fc.constantFrom(...caseStates),
  assignedTo: fc.option(id),
  heard: fc.boolean(),
  explanationDueOn: fc.option(dueOn),
  outcome: fc.option(outcome),
  proposedBy: fc.option(id),
  snoozed: fc.boolean(),
});
const actor: fc.Arbitrary<CaseActor> = fc.record({ id, works: fc.boolean(), decides: fc.boolean() });
const propose = fc.record({
  kind: fc.constant("propose" as const),
  outcome,
  motivation: text,
  legalAnalysis: fc.option(text),
  dueOn: fc.option(dueOn),
  amountOre: fc.option(fc.integer({ min: -1, max: 2 })),
});
const step: fc.Arbitrary<CaseStep> = fc.oneof(
  fc.constantFrom<CaseStep[]>(
    { kind: "take" },
    { kind: "assign" },
    { kind: "comment" },
    { kind: "attach" },
    { kind: "judge" },
    { kind: "wake" },
    { kind: "receive-explanation" },
    { kind: "approve" },
    { kind: "withdraw" },
  ),
  fc.record({ kind: fc.constant("snooze" as const), reason: text, until: dueOn }),
  fc.record({ kind: fc.constant("request-explanation" as const), dueOn }),
  fc.record({ kind: fc.constantFrom("reject" as const, "reopen" as const), reason: text }),
  fc.record({ kind: fc.constant("close" as const), note: text }),
  propose,
);

const worker: CaseActor = { id: "anna", works: true, decides: false };
const decider: CaseActor = { id: "bo", works: false, decides: true };
const both: CaseActor = { id: "anna", works: true, decides: true };
const fresh: CaseFacts = {
  state: "new",
  assignedTo: null,
  heard: false,
  explanationDueOn: null,
  outcome: null,
  proposedBy: null,
  snoozed: false,
};

/** Every step of the table below with everything that it needs to be told. */
const told: Record<CaseStep["kind"], CaseStep> = {
  take: { kind: "take" },
  assign: { kind: "assign" },
  comment: { kind: "comment" },
  attach: { kind: "attach" },
  judge: { kind: "judge" },
  snooze: { kind: "snooze", reason: "Skäl.", until: today + 1 },
  wake: { kind: "wake" },
  "request-explanation": { kind: "request-explanation", dueOn: today + 14 },
  "receive-explanation": { kind: "receive-explanation" },
  propose: { kind: "propose", outcome: "repayment", motivation: "Skäl.", amountOre: 100 },
  approve: { kind: "approve" },
  reject: { kind: "reject", reason: "Skäl." },
  withdraw: { kind: "withdraw" },
  close: { kind: "close", note: "Betalt." },
  reopen: { kind: "reopen", reason: "Skäl." },
};

/** Where each step leads from each state, in the order of the states; "-": refused. The provider has been heard. */
const table: Record<CaseStep["kind"], string> = {
  take: "under-review under-review explanation-requested explanation-received decision-proposed decided -",
  assign: "new under-review explanation-requested explanation-received decision-proposed decided -",
  comment: "new under-review explanation-requested explanation-received decision-proposed decided closed",
  attach: "new under-review explanation-requested explanation-received decision-proposed decided closed",
  judge: "- under-review explanation-requested explanation-received decision-proposed decided closed",
  snooze: "new under-review explanation-requested explanation-received decision-proposed decided -",
  wake: "new under-review explanation-requested explanation-received decision-proposed decided -",
  "request-explanation":
    "explanation-requested explanation-requested explanation-requested explanation-requested - - -",
  "receive-explanation": "- explanation-received explanation-received explanation-received decision-proposed - -",
  propose: "decision-proposed decision-proposed decision-proposed decision-proposed - - -",
  approve: "- - - - decided - -",
  reject: "- - - - explanation-received - -",
  withdraw: "- - - - explanation-received - -",
  close: "- - - - - closed -",
  reopen: "- - - - - under-review under-review",
};

describe("the steps of a case", () => {
  test.each(Object.entries(table) as Array<[CaseStep["kind"], string]>)("%s leads where it should", (kind, row) => {
    const who = kind === "approve" || kind === "reject" ? decider : worker;
    const results = caseStates.map((state) => {
      const result = takeStep(
        { ...fresh, state, heard: true, snoozed: true, proposedBy: "anna" },
        who,
        told[kind],
        today,
      );
      return "to" in result ? result.to : "-";
    });
    expect(results.join(" ")).toBe(row);
  });

  test("never leave the states, and are refused to whoever lacks the permission", () => {
    const property = fc.property(facts, actor, step, (kase, who, what) => {
      const result = takeStep(kase, who, what, today);
      const needed = what.kind === "approve" || what.kind === "reject" ? who.decides : who.works;
      return "to" in result ? needed && caseStates.includes(result.to) : needed || result.refused === "permission";
    });
    expect(fc.check(property).counterexample).toBeNull();
  });

  test("let nobody approve or reject what they have proposed themselves, whatever they may do", () => {
    const property = fc.property(facts, fc.constantFrom("approve", "reject"), id, (kase, kind, who) => {
      const what: CaseStep = kind === "approve" ? { kind } : { kind: "reject", reason: "Skäl." };
      const own = { ...kase, state: "decision-proposed" as const, proposedBy: who };
      const result = takeStep(own, { id: who, works: true, decides: true }, what, today);
      return "refused" in result && result.refused === "own-proposal";
    });
    expect(fc.check(property).counterexample).toBeNull();
  });

  test("reach a decision that needs two people only through a proposal and somebody else", () => {
    const property = fc.property(facts, actor, step, (kase, who, what) => {
      const result = takeStep(kase, who, what, today);
      if (!("to" in result) || (result.to !== "decided" && result.to !== "closed")) return true;
      if (what.kind === "propose") return !outcomes[what.outcome].secondPerson;
      if (what.kind === "approve") return kase.proposedBy !== who.id;
      return what.kind === "close" ? kase.state === "decided" : result.to === kase.state;
    });
    expect(fc.check(property).counterexample).toBeNull();
  });

  test("burden a provider only after it has been heard or has let the day pass", () => {
    const property = fc.property(facts, propose, (kase, what) => {
      const result = takeStep(kase, both, what, today);
      if (!("to" in result) || !outcomes[what.outcome].hearing) return true;
      return kase.heard || (kase.explanationDueOn ?? today) < today;
    });
    expect(fc.check(property).counterexample).toBeNull();
  });

  test("ask for motivation, legal analysis, deadline and amount where the outcome needs them", () => {
    const heard = { ...fresh, state: "explanation-received" as const, heard: true };
    const proposed = (more: Partial<Extract<CaseStep, { kind: "propose" }>>) =>
      takeStep(heard, worker, { kind: "propose", outcome: "no-error", motivation: "Skäl.", ...more }, today);
    expect(proposed({ motivation: " " })).toEqual({ refused: "reason" });
    expect(proposed({ outcome: "police-report" })).toEqual({ refused: "legal-analysis" });
    expect(proposed({ outcome: "police-report", legalAnalysis: "Brottsbalken 9:1." })).toEqual({
      to: "decision-proposed",
    });
    expect(proposed({ outcome: "action-plan", dueOn: today })).toEqual({ refused: "deadline" });
    expect(proposed({ outcome: "action-plan", dueOn: today + 1 })).toEqual({ to: "decided" });
    expect(proposed({ outcome: "repayment", amountOre: 0 })).toEqual({ refused: "amount" });
    expect(proposed({ outcome: "cut-back", amountOre: 1 })).toEqual({ to: "decided" });
    expect(proposed({})).toEqual({ to: "closed" });
  });

  test("offer what they allow and nothing else", () => {
    const property = fc.property(facts, actor, step, (kase, who, what) => {
      const found = possibleSteps(kase, who, today).find(({ kind }) => kind === what.kind);
      const allowed = "to" in takeStep(kase, who, what, today);
      if (what.kind === "propose") {
        return !allowed || found?.outcomes?.some(({ name, refused }) => name === what.outcome && refused === null);
      }
      // Taking what one has already is nothing to offer.
      if (what.kind === "take" && kase.assignedTo === who.id && kase.state !== "new") return found === undefined;
      return (found !== undefined) === "to" in takeStep(kase, who, told[what.kind], today) && (!allowed || !!found);
    });
    expect(fc.check(property).counterexample).toBeNull();
  });
});
