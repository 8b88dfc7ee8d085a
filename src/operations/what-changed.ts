import { type Day, daysOfMonth, monthOf } from "#model";
import type { DirtyMark } from "#rule";
import type { Dirty } from "#store";
import type { Surroundings, Window } from "./read-window.ts";

/** The open period, and each older month that something touched; a month that meets the open period is part of it. */
export function windowsOf(open: Window, { months }: Pick<Dirty, "months">): Window[] {
  const older = months.filter((month) => month < monthOf(open.from)).map(daysOfMonth);
  return [...older.map(({ first, last }) => ({ from: first, through: last })), open];
}

/** What intake has marked, by the names that findings show. */
export function marksOf(dirty: Dirty, { refs, sources }: Pick<Surroundings, "refs" | "sources">): DirtyMark[] {
  const nameOf = (ref: number) => ({ source: sources[refs.source[ref]!] ?? "", id: refs.id[ref]! });
  const on = (day: Day | null): DirtyMark["days"] => (day === null ? null : { from: day, through: day });
  return [
    ...(dirty.all ? [{ kind: "everything" as const, days: null }] : []),
    ...dirty.days.map((day) => ({ kind: "everything" as const, days: on(day) })),
    ...dirty.clients.map(({ ref, day }) => ({ kind: "client" as const, ...nameOf(ref), days: on(day) })),
    ...dirty.staff.map(({ ref, day }) => ({ kind: "staff" as const, ...nameOf(ref), days: on(day) })),
  ];
}

/**
 * The months in which a provider's first claim or meals came or its last went, or in which units travel otherwise than
 * the last run thought: that reaches everybody.
 */
export function monthsDiffering(before: unknown, now: readonly string[]): DirtyMark[] {
  const was = new Set(Array.isArray(before) ? (before as string[]) : []);
  const is = new Set(now);
  const months = new Set(
    [...was, ...is].filter((told) => was.has(told) !== is.has(told)).map((told) => told.slice(-7)),
  );
  return [...months].map((month) => {
    const { first, last } = daysOfMonth(month);
    // Not so near its ends that the months beside it count as touched.
    return { kind: "everything", days: { from: first + 3, through: last - 3 } };
  });
}
