import { html } from "hono/html";
import { formatDay, type Day } from "#model";
import {
  type CaseRow,
  caseStateNames,
  type CaseState,
  type CaseSubject,
  levels,
  outcomeTexts,
  subjectKindNames,
} from "#operations";
import type { Html } from "../html.ts";
import { tag } from "../state.ts";

/** What people, providers, units and rules are called on the page. */
export interface Names {
  person: (who: "client" | "staff", id: string) => string;
  provider: (id: string) => string;
  unit: (id: string) => string;
  rule: (id: string) => string;
}

/** Whom or what a case is about: "Personal AB · 17". */
export function subjectText({ kind, id }: CaseSubject, names: Names): string {
  switch (kind) {
    case "client":
    case "staff":
      return `${subjectKindNames[kind]} ${names.person(kind, id)}`;
    case "unit":
      return `${subjectKindNames[kind]} ${names.unit(id)}`;
    case "provider":
      return "Utföraren som helhet";
    case "source":
      return "En källa";
  }
}

export const providerText = (id: string | null, names: Names): string =>
  id === null ? "Okänd utförare" : names.provider(id);

const stateColors: Readonly<Record<CaseState, Parameters<typeof tag>[1]>> = {
  new: "info",
  "under-review": "neutral",
  "explanation-requested": "neutral",
  "explanation-received": "info",
  "decision-proposed": "info",
  decided: "success",
  closed: "success",
};

export const stateTag = (state: CaseState): Html => tag(caseStateNames[state], stateColors[state]);

/** How sure the most certain finding is: a word, since the colour says nothing. */
export const levelTag = (level: CaseRow["level"]): Html => tag(levels[level]);

export const outcomeTitle = (outcome: NonNullable<CaseRow["outcome"]>): string => outcomeTexts[outcome].title;

/** "2026-10-05", or both days. */
export const period = (first: Day, last: Day): string =>
  first === last ? formatDay(first) : `${formatDay(first)} – ${formatDay(last)}`;

/** The same in a narrow cell: broken between its days, and nowhere else. */
export const periodCell = (first: Day, last: Day): Html =>
  first === last
    ? html`<span class="short">${formatDay(first)}</span>`
    : html`<span class="short">${formatDay(first)} –</span> <span class="short">${formatDay(last)}</span>`;

/** A day by which something is to be done; a sign where it has passed. */
export function dueText(due: Day | null, today: Day): Html | null {
  if (due === null) return null;
  return due < today ? tag(`försenat, ${formatDay(due)}`, "warning") : html`${formatDay(due)}`;
}

export const counted = (count: number, one: string, many: string): string =>
  `${count.toLocaleString("sv-SE")} ${count === 1 ? one : many}`;
