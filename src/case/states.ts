/** Where a case stands. decided: what was decided is still to be done; closed: nothing is left. */
export const caseStates = [
  "new",
  "under-review",
  "explanation-requested",
  "explanation-received",
  "decision-proposed",
  "decided",
  "closed",
] as const;
export type CaseState = (typeof caseStates)[number];

/** Whom or what a case is about, beside its provider. source: nobody; what a system delivers. */
export const subjectKinds = ["staff", "client", "unit", "provider", "source"] as const;
export type SubjectKind = (typeof subjectKinds)[number];

/** What a person found a finding to be; as in the precision of rules. */
export type Judgement = "confirmed" | "explained" | "unclear";

/** What a case can come to. */
export interface Outcome {
  /** Somebody else than who proposes it must approve it. */
  secondPerson: boolean;
  /** It burdens the provider, who must have had the chance to explain first. */
  hearing: boolean;
  /** A legal analysis is recorded with it. */
  legalAnalysis: boolean;
  /** A day by which something is to be done. */
  deadline: boolean;
  /** How much money it is about. */
  amount: boolean;
  /** Something is left to do after the decision; without, the case closes with it. */
  followUp: boolean;
  /** What the findings are taken for, unless somebody has judged one on its own. */
  findings: Judgement;
}

const light = {
  secondPerson: false,
  hearing: false,
  legalAnalysis: false,
  deadline: false,
  amount: false,
  followUp: false,
} as const;

export const outcomes = {
  "no-error": { ...light, findings: "explained" },
  "corrected-at-source": { ...light, findings: "confirmed" },
  // What the findings say was not so: it was the data. A finding of data quality says just that.
  "data-fault": { ...light, findings: "explained" },
  "unbilled-acknowledged": { ...light, findings: "confirmed" },
  "cut-back": { ...light, hearing: true, amount: true, followUp: true, findings: "confirmed" },
  repayment: { ...light, secondPerson: true, hearing: true, amount: true, followUp: true, findings: "confirmed" },
  "action-plan": { ...light, hearing: true, deadline: true, followUp: true, findings: "confirmed" },
  "written-warning": { ...light, secondPerson: true, hearing: true, followUp: true, findings: "confirmed" },
  termination: { ...light, secondPerson: true, hearing: true, followUp: true, findings: "confirmed" },
  // The suspect is not warned: whether to hear the provider first is part of the legal analysis.
  "police-report": { ...light, secondPerson: true, legalAnalysis: true, followUp: true, findings: "confirmed" },
  "nothing-further": { ...light, findings: "unclear" },
} as const satisfies Record<string, Outcome>;
export type OutcomeName = keyof typeof outcomes;

export const outcomeNames = Object.keys(outcomes) as OutcomeName[];

/** What an outcome takes a finding of a level for. */
export function judgementOf(outcome: OutcomeName, level: string): Judgement {
  if (outcome === "data-fault" && level === "quality") return "confirmed";
  return outcomes[outcome].findings;
}
