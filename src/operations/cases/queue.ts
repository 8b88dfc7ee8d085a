import { caseStates } from "#case";
import { AppError } from "#errors";
import { type Day, dayOf, type Instant } from "#model";
import {
  type CaseSelection,
  countAssignedCases,
  countCases,
  type Database,
  deleteView,
  selectCases,
  selectViews,
  type StoredCase,
  upsertView,
} from "#store";
import { type Actor, permit } from "../actor.ts";
import {
  type CaseRow,
  type QueueFilter,
  queueFilter,
  type QueuePage,
  type QueueQuery,
  type SavedView,
} from "./types.ts";

type Needs = { database: Database; now: () => Instant };

const openStates = caseStates.filter((state) => state !== "decided" && state !== "closed");
const PAGE = 50;
const VIEWS_MAX = 50;

/** What a filter selects for an actor. */
export function selectionOf(filter: QueueFilter, actor: Actor, today: Day): CaseSelection {
  const { state, provider, unit, rule, level, from, through, kronorMin, minutesMin, assigned, snoozed, changed } =
    filter;
  return {
    ...(state === "all" ? {} : { states: state === "open" ? openStates : [state] }),
    ...(provider === undefined ? {} : { provider }),
    ...(unit === undefined ? {} : { unit }),
    ...(rule === undefined ? {} : { rule }),
    ...(level === undefined ? {} : { level }),
    ...(from === undefined ? {} : { fromDay: from }),
    ...(through === undefined ? {} : { throughDay: through }),
    ...(kronorMin === undefined ? {} : { stakeOreMin: kronorMin * 100 }),
    ...(minutesMin === undefined ? {} : { stakeMinutesMin: minutesMin }),
    ...(assigned === undefined
      ? {}
      : { assignedTo: assigned === "nobody" ? null : assigned === "me" ? actor.id : assigned }),
    ...(snoozed === "also" ? {} : { snoozed: { day: today, is: snoozed === "only" } }),
    ...(changed === true ? { changed } : {}),
  };
}

export function rowOf(stored: StoredCase): CaseRow {
  const { subjectKind, subject, no, version, state, provider, units, rules, level, stakeMinutes, stakeOre } = stored;
  const { findings, gone, firstDay, lastDay, assignedTo, assignedName, dueOn, snoozedUntil, outcome } = stored;
  return {
    no,
    version,
    state,
    provider,
    subject: { kind: subjectKind, id: subject },
    units,
    rules,
    level,
    stakeMinutes,
    stakeOre,
    findings,
    gone,
    firstDay,
    lastDay,
    assignedTo,
    assignedName,
    dueOn,
    snoozedUntil,
    outcome,
    openedAt: stored.openedAt,
    changedAt: stored.changedAt,
  };
}

class WrongPage extends AppError {
  readonly code = "case.wrong-page";
  readonly kind = "usage";
}

function placeOf(after: string): unknown[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(after, "base64url").toString());
    if (Array.isArray(place) && place.every((one) => typeof one === "string" || typeof one === "number")) return place;
  } catch {
    // As below.
  }
  throw new WrongPage("The address names no page of the queue. Begin with its first page.");
}

/** One page of the queue, with how many cases the filter lets through. Nobody is named in it. */
export async function queueOfCases({ database, now }: Needs, actor: Actor, filter: QueueFilter): Promise<QueuePage> {
  permit(actor, "cases:read");
  const selection = selectionOf(filter, actor, dayOf(now()));
  const [{ cases, places }, counted] = await Promise.all([
    selectCases(database, actor.tenantId, actor.scope, {
      ...selection,
      order: filter.sort,
      limit: PAGE + 1,
      ...(filter.after === undefined ? {} : { after: placeOf(filter.after) }),
    }),
    countCases(database, actor.tenantId, actor.scope, selection),
  ]);
  const page: QueuePage = {
    cases: cases.slice(0, PAGE).map(rowOf),
    next: cases.length > PAGE ? Buffer.from(JSON.stringify(places[PAGE - 1])).toString("base64url") : null,
    total: 0,
    stakeOre: 0,
    stakeMinutes: 0,
    states: {},
    levels: {},
  };
  for (const { state, level, cases: count, stakeOre, stakeMinutes } of counted) {
    const inState = selection.states?.includes(state) ?? true;
    const inLevel = selection.level === undefined || selection.level === level;
    if (inLevel) page.states[state] = (page.states[state] ?? 0) + count;
    if (inState) page.levels[level] = (page.levels[level] ?? 0) + count;
    if (!inState || !inLevel) continue;
    page.total += count;
    page.stakeOre += stakeOre;
    page.stakeMinutes += stakeMinutes;
  }
  return page;
}

/** How many cases wait for an actor, and how many nobody has taken: those of the queue as it opens. */
export async function countWaitingCases(
  { database, now }: Needs,
  actor: Actor,
): Promise<Record<"mine" | "free", number>> {
  permit(actor, "cases:read");
  const { theirs, free } = await countAssignedCases(database, actor.tenantId, actor.scope, {
    states: openStates,
    day: dayOf(now()),
    to: actor.id,
  });
  return { mine: theirs, free };
}

/** The filters that an actor has kept, by name. */
export async function listViews({ database }: Pick<Needs, "database">, actor: Actor): Promise<SavedView[]> {
  permit(actor, "cases:read");
  const views = await selectViews(database, actor.tenantId, actor.id);
  return views.map(({ id, name, filter }) => ({ id, name, filter: JSON.parse(filter) as QueueQuery }));
}

class WrongView extends AppError {
  readonly code = "view.wrong";
  readonly kind = "invalid";
}

class ViewMissing extends AppError {
  readonly code = "view.missing";
  readonly kind = "missing";
}

/** Keeps a filter under a name of the actor's own; one of the same name is replaced. */
export async function saveView(
  { database, now }: Needs,
  actor: Actor,
  { name, filter }: { name: string; filter: QueueQuery },
): Promise<void> {
  permit(actor, "cases:read");
  const called = name.trim();
  if (called === "" || called.length > 80) throw new WrongView("A view needs a name of at most 80 characters.");
  const { after: _page, ...kept } = filter;
  if (!queueFilter.safeParse(kept).success) throw new WrongView("What the view should keep is no filter of the queue.");
  const views = await selectViews(database, actor.tenantId, actor.id);
  if (views.length >= VIEWS_MAX && views.every((view) => view.name !== called)) {
    throw new WrongView(`Nobody keeps more than ${VIEWS_MAX} views: take one away first.`);
  }
  const view = { owner: actor.id, name: called, filter: JSON.stringify(kept), savedAt: now() };
  await upsertView(database, actor.tenantId, view);
}

export async function removeView({ database }: Pick<Needs, "database">, actor: Actor, id: number): Promise<void> {
  permit(actor, "cases:read");
  if (!(await deleteView(database, actor.tenantId, actor.id, id))) throw new ViewMissing("There is no such view.");
}
