import { AppError } from "#errors";
import { dayOf, formatDay, parsePersonalIdentity } from "#model";
import { recordAccess, selectCase, selectCasesOfPerson, selectSoughtPeople } from "#store";
import { type Actor, permit } from "../actor.ts";
import { rowOf } from "./queue.ts";
import type { CaseNeeds } from "./step.ts";
import type { CaseRow } from "./types.ts";

/** The number of a case as somebody types it: "2026-00042", "2026-42", or "42" of this year; null: there is none that they see. */
export async function findCase({ database, now }: CaseNeeds, actor: Actor, typed: string): Promise<string | null> {
  permit(actor, "cases:read");
  const [, year = formatDay(dayOf(now())).slice(0, 4), number] =
    /^\s*(?:(\d{4})\s*-\s*)?0*(\d{1,9})\s*$/.exec(typed) ?? [];
  if (number === undefined) return null;
  const no = `${year}-${number.padStart(5, "0")}`;
  return (await selectCase(database, actor.tenantId, actor.scope, no)) === null ? null : no;
}

/** Somebody who was looked for, with the cases that they are in. */
export interface FoundPerson {
  who: "client" | "staff";
  id: string;
  cases: CaseRow[];
}

class ReasonMissing extends AppError {
  readonly code = "search.reason-missing";
  readonly kind = "invalid";
}

const PEOPLE_MAX = 20;

/**
 * Cases of a client or staff member, by the id in a source, by personal identity number or by name, for a reason. The
 * search is recorded with whom it found, never with what was typed. A name finds nobody with a protected identity.
 */
export async function searchPerson(
  { database, vault, now }: CaseNeeds,
  actor: Actor,
  { who, text, reason }: { who: "client" | "staff"; text: string; reason: string },
): Promise<FoundPerson[]> {
  permit(actor, "persons:search");
  permit(actor, "cases:read");
  const why = reason.trim();
  if (why === "") throw new ReasonMissing("A search for a person needs a reason.");
  const typed = text.trim().slice(0, 200);
  const identity = parsePersonalIdentity(typed, Number(formatDay(dayOf(now())).slice(0, 4)));
  const known =
    typed === ""
      ? []
      : await selectSoughtPeople(database, actor.tenantId, who, {
          id: typed,
          hash: identity === null ? null : vault.identityHash(identity.number),
          named: (sealed) =>
            vault.decrypt(sealed).toString().toLocaleLowerCase("sv").includes(typed.toLocaleLowerCase("sv")),
          // A letter or two would list everybody.
          byName: typed.length >= 3 && /\p{L}/u.test(typed),
        });
  const found: FoundPerson[] = [];
  for (const { id, names } of known) {
    if (found.length === PEOPLE_MAX) break;
    const cases = await selectCasesOfPerson(database, actor.tenantId, actor.scope, who, names);
    // Somebody in no case that the actor sees is not theirs to look for.
    if (cases.length > 0) found.push({ who, id, cases: cases.map(rowOf) });
  }
  await recordAccess(database, actor, {
    at: now(),
    operation: `search-${who}`,
    subject: found.map(({ id }) => id).join(" "),
    rows: found.length,
    why,
  });
  return found;
}
