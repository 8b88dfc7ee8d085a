export * from "./lines.ts";
export {
  Matches,
  matchesOf,
  type MatchParts,
  matchVisits,
  orderedPair,
  type PlanState,
  planStates,
  type VisitState,
  visitStates,
} from "./matches.ts";
export { silentFor, visitSilences } from "./missed.ts";
