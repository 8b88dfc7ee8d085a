import { AppError } from "#errors";
import type { Decision, Proposal } from "#store";
import type { Actor } from "./actor.ts";

/** A proposal cannot be made or decided as it was asked for; `problems` say why, in Swedish, to whoever asked. */
export class ProposalRefused extends AppError {
  readonly code = "proposal.refused";
  readonly kind = "invalid";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The proposal is refused: ${problems.length} problem(s).`, { problems: problems.length });
    this.problems = problems;
  }
}

export class ProposalMissing extends AppError {
  readonly code = "proposal.missing";
  readonly kind = "missing";
}

export const REASON_MIN = 5;
const REASON_MAX = 2000;

/** What is wrong with a reason; nothing where it says something. */
export function reasonProblems(why: string): string[] {
  const { length } = why.trim();
  if (length < REASON_MIN) return [`Skriv varför, med minst ${REASON_MIN} tecken.`];
  return length > REASON_MAX ? [`Skälet har ${length} tecken. Högst ${REASON_MAX} sparas.`] : [];
}

/** What somebody does with a proposal: another person says yes or no, or whoever made it takes it back. */
export type Verdict = Decision["state"];

/** How it is decided. Throws where it has been decided before, or by whom it may not. */
export function decisionOn(
  { state, proposedBy }: Proposal,
  actor: Actor,
  { verdict, why, at }: { verdict: Verdict; why: string; at: number },
): Decision {
  const own = proposedBy === actor.id;
  const problems = [
    ...(state === "proposed" ? [] : ["Förslaget är redan avgjort. Ladda om sidan."]),
    ...(own && verdict !== "withdrawn"
      ? ["Du kan inte avgöra ditt eget förslag. En annan person behöver göra det."]
      : []),
    ...(!own && verdict === "withdrawn" ? ["Bara den som lade fram förslaget kan ta tillbaka det."] : []),
    ...(verdict === "rejected" ? reasonProblems(why) : []),
  ];
  if (problems.length > 0) throw new ProposalRefused(problems);
  return { state: verdict, at, by: actor.id, name: actor.name, why: why.trim().slice(0, REASON_MAX) };
}
