import { dayOf, formatDay, type Instant } from "#model";
import { type Database, markReminded, selectUsers } from "#store";
import { type Actor, actorOf, permit, roles } from "../actor.ts";
import { dueReminders } from "./reminders.ts";
import type { Reminder } from "./types.ts";
import { reminderTexts } from "./words.ts";

/** A letter to somebody who has something to see to. How many there are of each kind, and nothing about anybody. */
export interface ReminderLetter {
  to: string;
  subject: string;
  text: string;
}

/**
 * What handlers and purchasers are reminded of today: of their own cases, and of proposals that they may decide about. Each
 * is given once a day, however often it is asked for.
 */
export async function takeReminders(
  needs: {
    database: Database;
    now: () => Instant;
    config: { municipality: { name: string }; signIn?: { url: string } | undefined };
  },
  actor: Actor,
): Promise<ReminderLetter[]> {
  permit(actor, "night:run");
  const { database, now, config } = needs;
  const { tenantId } = actor;
  const today = dayOf(now());
  const letters: ReminderLetter[] = [];
  for (const user of await selectUsers(database, tenantId)) {
    const role = roles.find((one) => user.roles.includes(one) && (one === "handler" || one === "purchaser"));
    if (role === undefined || user.email === null || user.email === undefined) continue;
    const { subject: id, name, scope } = user;
    const reader = actorOf({ id, name, tenantId, role, scope });
    const due = (await dueReminders({ database: database.restrict(reader), now }, reader)).filter(
      ({ assignedTo, kind }) => assignedTo === id || kind === "approval",
    );
    if (due.length === 0 || !(await markReminded(database, tenantId, user.no, today))) continue;
    letters.push({
      to: user.email,
      subject: `Klarsyn ${config.municipality.name}: du har ${due.length === 1 ? "något" : `${due.length} saker`} att göra`,
      text: letterOf(due, config.signIn?.url ?? null),
    });
  }
  return letters;
}

function letterOf(due: readonly Reminder[], url: string | null): string {
  const kinds = [...new Set(due.map(({ kind }) => kind))];
  const lines = kinds.map((kind) => {
    const of = due.filter((one) => one.kind === kind);
    const days = of.flatMap(({ dueOn }) => (dueOn === null ? [] : [dueOn]));
    const until = days.length === 0 ? "" : `, tidigast ${formatDay(Math.min(...days))}`;
    return `- ${reminderTexts[kind]}: ${of.length === 1 ? "1 ärende" : `${of.length} ärenden`}${until}`;
  });
  const where = url === null ? "Logga in i Klarsyn och se startsidan." : `Se startsidan: ${url}`;
  return `Det här väntar på dig:\n\n${lines.join("\n")}\n\n${where}\n`;
}
