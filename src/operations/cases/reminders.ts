import { dayOf, type Instant } from "#model";
import { type Database, selectDueCases, type StoredCase } from "#store";
import { type Actor, permit } from "../actor.ts";
import type { Reminder } from "./types.ts";

const ANSWER_DAYS = 3;
const ACTION_DAYS = 7;
const SNOOZE_DAYS = 7;

/**
 * What an actor should see to: their own cases and those that nobody has whose day has come or is near, and proposals
 * that they may decide about. The most urgent first.
 */
export async function dueReminders(
  { database, now }: { database: Database; now: () => Instant },
  actor: Actor,
): Promise<Reminder[]> {
  permit(actor, "cases:read");
  const today = dayOf(now());
  const decides = actor.permissions.has("cases:decide");
  const rows = await selectDueCases(database, actor.tenantId, actor.scope, {
    by: actor.id,
    decides,
    today,
    through: today + ACTION_DAYS,
    since: today - SNOOZE_DAYS,
  });
  return rows
    .flatMap((row) => {
      const kind = kindOf(row, today, actor.id, decides);
      const { no, dueOn, assignedTo, assignedName, provider, subjectKind, subject } = row;
      if (kind === null) return [];
      return [{ no, kind, dueOn, assignedTo, assignedName, provider, subject: { kind: subjectKind, id: subject } }];
    })
    .sort((a, b) => (a.dueOn ?? today) - (b.dueOn ?? today) || (a.no < b.no ? -1 : 1));
}

function kindOf(row: StoredCase, today: number, id: string, decides: boolean): Reminder["kind"] | null {
  const { state, dueOn, snoozedUntil, proposedBy } = row;
  if (state === "decision-proposed") return decides && proposedBy !== id ? "approval" : null;
  if (snoozedUntil !== null && snoozedUntil > today) return null;
  if (state === "explanation-received") return "answer";
  if (dueOn !== null && state === "explanation-requested" && dueOn <= today + ANSWER_DAYS)
    return dueOn < today ? "explanation-overdue" : "explanation-due";
  if (dueOn !== null && state === "decided" && dueOn <= today + ACTION_DAYS)
    return dueOn < today ? "action-overdue" : "action-due";
  return snoozedUntil === null ? null : "snooze";
}
