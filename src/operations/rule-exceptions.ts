import { AppError } from "#errors";
import { type Day, dayOf, formatDay, type Instant } from "#model";
import { excepts, type Rule, type RuleException } from "#rule";
import {
  type Database,
  endException as storeEnd,
  insertException,
  markAllDirty,
  recordAccess,
  type RuleException as StoredException,
  selectExceptions,
  streamFindings,
} from "#store";
import { type Actor, permit, permitEverywhere } from "./actor.ts";
import { exceptionOf } from "./read-window.ts";
import { reasonOf, ruleOf } from "./rules.ts";

type Needs = { database: Database; now: () => Instant };

export type ExceptionSubject = RuleException["subject"];

/** An exception as it stands: `exception.through` is the last day on which it holds, also where it was ended early. */
export interface ListedException extends Pick<StoredException, "no" | "setAt" | "setBy" | "throughDay" | "ended"> {
  exception: RuleException;
}

class WrongException extends AppError {
  readonly code = "exception.wrong";
  readonly kind = "usage";
}

class UnknownException extends AppError {
  readonly code = "exception.unknown";
  readonly kind = "missing";

  constructor(no: number) {
    super(`There is no exception ${no}. \`klarsyn rules exceptions\` shows all.`, { no });
  }
}

class ExceptionEnded extends AppError {
  readonly code = "exception.ended";
  readonly kind = "conflict";

  constructor(no: number, through: Day) {
    super(`Exception ${no} has been ended before, through ${formatDay(through)}. Add a new one where it must hold.`, {
      no,
    });
  }
}

function listed(stored: StoredException): ListedException {
  const { no, setAt, setBy, throughDay, ended } = stored;
  return { no, setAt, setBy, throughDay, ended, exception: exceptionOf(stored) };
}

/**
 * Excepts a subject from a rule: findings whose days all lie within the exception's are suppressed from the next night
 * on, with its reason. Gives its number, and how many findings that stand now it is about.
 */
export async function addException(
  { database, rules, now }: Needs & { rules: readonly Rule[] },
  actor: Actor,
  {
    ruleId,
    subject,
    fromDay,
    throughDay,
    why,
  }: { ruleId: string; subject: ExceptionSubject; fromDay: Day; throughDay: Day; why: string },
): Promise<{ no: number; findings: number }> {
  permitEverywhere(actor, "rules:write");
  const rule = ruleOf(rules, ruleId);
  const reason = reasonOf(why);
  if (Object.keys(subject).length === 0) {
    throw new WrongException("Say whom or what it is about: --client, --staff, --unit, --provider or --record.");
  }
  if (throughDay < fromDay) {
    throw new WrongException(`It ends ${formatDay(throughDay)}, before it begins ${formatDay(fromDay)}.`);
  }
  const exception: RuleException = { rule: rule.id, subject, from: fromDay, through: throughDay, reason };
  let findings = 0;
  const standing = streamFindings(database, actor.tenantId, {
    ruleId,
    fromDay,
    throughDay,
    statuses: ["open", "in-case"],
  });
  for await (const finding of standing) {
    const period = { from: finding.fromDay, to: finding.throughDay };
    if (excepts(exception, { ...finding, rule: finding.ruleId }, period)) findings++;
  }
  const no = await insertException(database, actor.tenantId, {
    ruleId,
    subject: JSON.stringify(subject),
    fromDay,
    throughDay,
    reason,
    setAt: now(),
    setBy: actor.id,
  });
  await markAllDirty(database, actor.tenantId);
  return { no, findings };
}

/** Lets an exception hold through an earlier day than it was to; by default through yesterday. It stays to be read. */
export async function endException(
  { database, now }: Needs,
  actor: Actor,
  { no, throughDay = dayOf(now()) - 1, why }: { no: number; throughDay?: Day; why: string },
): Promise<{ throughDay: Day }> {
  permitEverywhere(actor, "rules:write");
  const reason = reasonOf(why);
  const stored = (await selectExceptions(database, actor.tenantId)).find((one) => one.no === no);
  if (stored === undefined) throw new UnknownException(no);
  if (throughDay >= stored.throughDay) {
    throw new WrongException(`Exception ${no} ends ${formatDay(stored.throughDay)} as it is.`, { no });
  }
  const ended = { throughDay, at: now(), by: actor.id, why: reason };
  if (stored.ended !== null || !(await storeEnd(database, actor.tenantId, no, ended))) {
    throw new ExceptionEnded(no, stored.ended?.throughDay ?? throughDay);
  }
  await markAllDirty(database, actor.tenantId);
  return { throughDay };
}

/** Every exception, also those that have ended, in the order in which they were entered. The reading is recorded. */
export async function listExceptions(
  { database, now }: Needs,
  actor: Actor,
  ruleId?: string,
): Promise<ListedException[]> {
  permit(actor, "rules:read");
  const all = (await selectExceptions(database, actor.tenantId)).filter(
    (stored) => ruleId === undefined || stored.ruleId === ruleId,
  );
  await recordAccess(database, actor, {
    at: now(),
    operation: "exceptions",
    subject: ruleId ?? "alla",
    rows: all.length,
  });
  return all.map(listed);
}
