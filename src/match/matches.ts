import { bytes, ints, rowsOf, singles, type Tables } from "#columns";
import { type Instant, MINUTE } from "#model";
import { assign } from "./assign.ts";
import { missingState, silentFor } from "./missed.ts";
import { isCandidate, NEAR_MS, score } from "./score.ts";

export const visitStates = [
  "unplanned", // no plan could be meant
  "unmatched", // some could, but none fits, or all belong to other visits
  "ambiguous", // two fit equally well: for a person
  "probable", // shown, never used against anyone
  "matched",
  "pair", // the second staff member of an ordered pair, attached to the first one's plan
  "continuation", // the same staff went on within 15 minutes, under one plan
] as const;
export type VisitState = (typeof visitStates)[number];

export const planStates = [
  "missed", // nobody came, and everything that should have been heard was heard
  "pending", // it is too early to say
  "silent", // the system that would know was silent
  "absent", // the client was away
  "unjoined", // the client is one of the planning system's alone: nobody has said who that is elsewhere
  "near", // an unmatched visit starts within 120 minutes
  "ambiguous",
  "probable",
  "matched",
  "cancelled", // before it started
] as const;
export type PlanState = (typeof planStates)[number];

/** Which visit answers to which plan. A plan is the row of its newest version. */
export class Matches {
  readonly #plan: Int32Array;
  readonly #visitState: Int8Array;
  readonly #visitScore: Float32Array;
  readonly #visit: Int32Array;
  readonly #planState: Int8Array;
  /** Whether a system that registers the client's visits was silent during some of the time. */
  readonly silent: (client: number, from: Instant, until: Instant) => boolean;

  constructor(made: Made) {
    this.#plan = made.plan;
    this.#visitState = made.visitState;
    this.#visitScore = made.visitScore;
    this.#visit = made.visit;
    this.#planState = made.planState;
    this.silent = made.silent;
  }
  get parts(): MatchParts {
    const [plan, visit] = [this.#plan, this.#visit];
    return { plan, visitState: this.#visitState, visitScore: this.#visitScore, visit, planState: this.#planState };
  }
  /** The plan of a visit, or -1; of an ambiguous visit the best. */
  plan(visit: number): number {
    return this.#plan[visit]!;
  }
  visitState(visit: number): VisitState {
    return visitStates[this.#visitState[visit]!]!;
  }
  /** 0–1; 1 where the visit names its plan; 0 without a plan. */
  score(visit: number): number {
    return this.#visitScore[visit]!;
  }
  /** The visit that answers to a plan, or -1; of several (pairs, continuations) the one that fits best. */
  visit(plan: number): number {
    return this.#visit[plan]!;
  }
  planState(plan: number): PlanState {
    return planStates[this.#planState[plan]!]!;
  }
}

/** Matches as plain data, which can be sent to another thread. */
export interface MatchParts {
  plan: Int32Array;
  visitState: Int8Array;
  visitScore: Float32Array;
  visit: Int32Array;
  planState: Int8Array;
}

interface Made extends MatchParts {
  silent: (client: number, from: Instant, until: Instant) => boolean;
}

/** The matches of parts that came from another thread. */
export function matchesOf(tables: Tables, parts: MatchParts): Matches {
  return new Matches({ ...parts, silent: silentFor(tables) });
}

const visitState = (state: VisitState): number => visitStates.indexOf(state);
const planState = (state: PlanState): number => planStates.indexOf(state);
const [UNPLANNED, UNMATCHED, AMBIGUOUS, PROBABLE, MATCHED, PAIR, CONTINUATION] = visitStates.map(visitState) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

const LONGEST_PLAN_MS = 26 * 60 * MINUTE;
const CONTINUATION_MS = 15 * MINUTE;
const AMBIGUOUS_WITHIN = 0.05;

/** Joins visits and plans, client by client: by name, then by the best one-to-one assignment of what is left. */
export function matchVisits(tables: Tables): Matches {
  const { visits, plans, clients } = tables;
  const made: Made = {
    plan: ints(visits.count).fill(-1),
    visitState: bytes(visits.count).fill(UNPLANNED),
    visitScore: singles(visits.count),
    visit: ints(plans.count).fill(-1),
    planState: bytes(plans.count).fill(-1),
    silent: silentFor(tables),
  };
  const missing = missingState(tables, made.silent);
  for (let client = 0; client < clients.count; client++) {
    const visitRows = rowsOf(visits.byClient, client);
    const planRows = rowsOf(plans.byClient, client);
    if (planRows.length === 0) continue;
    matchNamed(tables, made, visitRows);
    matchByScore(tables, made, visitRows, planRows, () => attach(tables, made, client, visitRows));
    settlePlans(tables, made, visitRows, planRows, missing);
  }
  return new Matches(made);
}

/** A visit that names its plan is matched to it. Of several that name one plan, the nearest in time answers to it. */
function matchNamed({ visits, plans }: Tables, made: Made, visitRows: Int32Array): void {
  for (const visit of visitRows) {
    const plan = visits.plan(visit);
    if (plan < 0 || plans.client(plan) !== visits.client(visit)) continue;
    made.plan[visit] = plan;
    made.visitState[visit] = MATCHED;
    made.visitScore[visit] = 1;
    const other = made.visit[plan]!;
    const start = plans.start(plans.frozen(plan));
    const apart = (row: number): number => Math.abs(visits.start(row) - start);
    if (other < 0 || apart(visit) < apart(other)) made.visit[plan] = visit;
  }
}

function matchByScore(
  tables: Tables,
  made: Made,
  visitRows: Int32Array,
  planRows: Int32Array,
  attachOthers: () => void,
): void {
  const { visits, plans } = tables;
  const open: number[] = [];
  const offsets = [0];
  const candidatePlan: number[] = [];
  const candidateScore: number[] = [];
  // A plan with older versions may have stood elsewhere when the visit started: those are tried with every visit.
  const moved: number[] = [];
  for (let position = 0; position < planRows.length; position++) {
    const plan = planRows[position]!;
    if (plans.changed(plan) && made.visit[plan]! < 0) moved.push(position);
  }
  const tryPlan = (visit: number, position: number): void => {
    const plan = planRows[position]!;
    if (made.visit[plan]! >= 0) return;
    const version = plans.frozenAt(plan, visits.start(visit));
    if (plans.cancelled(version) || !isCandidate(tables, visit, version)) return;
    candidatePlan.push(position);
    candidateScore.push(score(tables, visit, version));
  };
  let low = 0;
  for (const visit of visitRows) {
    if (made.plan[visit]! >= 0) continue;
    const start = visits.start(visit);
    const end = visits.end(visit);
    const until = (end > start + NEAR_MS ? end : start + NEAR_MS) + 1;
    while (low < planRows.length && plans.start(plans.frozen(planRows[low]!)) < start - LONGEST_PLAN_MS) low++;
    const before = candidatePlan.length;
    for (let position = low; position < planRows.length; position++) {
      const frozen = plans.frozen(planRows[position]!);
      if (plans.start(frozen) >= until) break;
      if (moved.length === 0 || !moved.includes(position)) tryPlan(visit, position);
    }
    for (const position of moved) tryPlan(visit, position);
    if (candidatePlan.length === before) continue;
    made.visitState[visit] = UNMATCHED;
    open.push(visit);
    offsets.push(candidatePlan.length);
  }
  if (open.length === 0) return attachOthers();

  const assigned = assign({
    visits: open.length,
    plans: planRows.length,
    offsets,
    plan: candidatePlan,
    score: candidateScore,
  });
  const taken = Array<number>(planRows.length).fill(-1);
  assigned.forEach((position, index) => {
    const visit = open[index]!;
    if (position < 0) return;
    let fits = 0;
    for (let entry = offsets[index]!; entry < offsets[index + 1]!; entry++) {
      if (candidatePlan[entry] === position) fits = candidateScore[entry]!;
    }
    if (fits < 0.35) return;
    taken[position] = visit;
    made.plan[visit] = planRows[position]!;
    made.visit[planRows[position]!] = visit;
    made.visitScore[visit] = fits;
    made.visitState[visit] = fits >= 0.55 ? MATCHED : PROBABLE;
  });
  attachOthers();

  // Who is in doubt: a visit with another free plan that fits as well, or with a rival that fits its plan as well.
  open.forEach((visit, index) => {
    for (let entry = offsets[index]!; entry < offsets[index + 1]!; entry++) {
      const position = candidatePlan[entry]!;
      const fits = candidateScore[entry]!;
      if (fits < 0.35) continue;
      const holder = taken[position]!;
      const state = made.visitState[visit]!;
      if (holder === visit) continue;
      const isAssigned = state === MATCHED || state === PROBABLE;
      if (isAssigned && holder < 0 && Math.abs(made.visitScore[visit]! - fits) <= AMBIGUOUS_WITHIN) {
        made.visitState[visit] = AMBIGUOUS;
      } else if (state === UNMATCHED && holder >= 0 && Math.abs(made.visitScore[holder]! - fits) <= AMBIGUOUS_WITHIN) {
        made.visitState[visit] = AMBIGUOUS;
        made.visitState[holder] = AMBIGUOUS;
        made.plan[visit] = planRows[position]!;
        made.visitScore[visit] = fits;
      }
    }
  });
}

/** Visits that belong to a plan which another visit answers to: continuations, and second staff of ordered pairs. */
function attach(tables: Tables, made: Made, client: number, visitRows: Int32Array): void {
  const { visits } = tables;
  for (let i = 0; i < visitRows.length; i++) {
    const visit = visitRows[i]!;
    // Also where every plan near it is taken by name.
    if (made.plan[visit]! >= 0) continue;
    for (const step of [-1, 1]) {
      for (let j = i + step; j >= 0 && j < visitRows.length && made.plan[visit]! < 0; j += step) {
        const other = visitRows[j]!;
        if (Math.abs(visits.start(other) - visits.start(visit)) > LONGEST_PLAN_MS) break;
        const plan = made.plan[other]!;
        if (plan < 0 || made.visitState[other]! < PROBABLE) continue;
        const gap = Math.max(visits.start(visit), visits.start(other)) - Math.min(visits.end(visit), visits.end(other));
        const sameStaff = visits.staff(visit) >= 0 && visits.staff(visit) === visits.staff(other);
        const joined = sameStaff
          ? gap <= CONTINUATION_MS && goesOn(tables, visit, tables.plans.frozenAt(plan, visits.start(visit)))
          : gap < 0 && orderedPair(tables, client, visit, other);
        if (!joined) continue;
        made.plan[visit] = plan;
        made.visitState[visit] = sameStaff ? CONTINUATION : PAIR;
        made.visitScore[visit] = made.visitScore[other]!;
      }
    }
  }
}

/** What somebody goes on with under a version of a plan; an answer to an alarm just before or after is none of it. */
function goesOn(tables: Tables, visit: number, version: number): boolean {
  const { visits, plans, services } = tables;
  const alarm = services.has(visits.services(visit), "alarm") && !services.has(plans.services(version), "alarm");
  return !alarm && isCandidate(tables, visit, version);
}

/** Two staff are ordered for one of the services that both visits name, or both are registered as double staffing. */
export function orderedPair(
  { visits, orders, lines, services }: Tables,
  client: number,
  visitA: number,
  visitB: number,
): boolean {
  if (visits.doubleStaffing(visitA) === true && visits.doubleStaffing(visitB) === true) return true;
  const day = visits.day(visitA);
  for (const order of rowsOf(orders.byClient, client)) {
    if (!orders.valid(order, day)) continue;
    for (const line of rowsOf(lines.byOrder, order)) {
      if (lines.staffing(line) < 2 || !lines.valid(line, day)) continue;
      const ordered = lines.service(line);
      const names = (visit: number): boolean =>
        visits.services(visit) < 0 || services.list(visits.services(visit)).includes(ordered);
      if (names(visitA) && names(visitB)) return true;
    }
  }
  return false;
}

function settlePlans(
  tables: Tables,
  made: Made,
  visitRows: Int32Array,
  planRows: Int32Array,
  missing: (plan: number) => PlanState,
): void {
  const { visits, plans } = tables;
  const loose = visitRows.filter((visit) => made.visitState[visit]! <= AMBIGUOUS);
  const nearest = (start: Instant): boolean => loose.some((visit) => Math.abs(visits.start(visit) - start) <= NEAR_MS);
  for (const plan of planRows) {
    const visit = made.visit[plan]!;
    const frozen = plans.frozen(plan);
    let state: PlanState;
    if (visit >= 0) state = visitStates[made.visitState[visit]!] as "matched" | "probable" | "ambiguous";
    else if (plans.cancelled(frozen)) state = "cancelled";
    else if (nearest(plans.start(frozen))) state = "near";
    else state = missing(plan);
    made.planState[plan] = planState(state);
  }
}
