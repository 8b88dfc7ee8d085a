import { AppError } from "#errors";
import type { Instant } from "#model";
import { type Database, isSeen, type PersonKind, recordAccess, selectPeopleById, type Vault } from "#store";
import { type Actor, permit } from "./actor.ts";
import { reasonOf } from "./reason.ts";

export type { PersonKind };

type Needs = { database: Database; vault: Vault; now: () => Instant };

/** Somebody as lists show them. */
export interface PersonTag {
  kind: PersonKind;
  /** As findings and figures name them; not to be shown. */
  id: string;
  /** "AB · 1042", or "Skyddad · 1042". */
  text: string;
  protected: boolean;
  /** Only of somebody whom a reason was given for. */
  name: string | null;
}

/** Who a page shows, by kind and id. */
export type People = Readonly<Record<PersonKind, ReadonlyMap<string, PersonTag>>>;

/** Somebody to be shown by name. */
export interface Revealed {
  kind: PersonKind;
  id: string;
}

class PersonUnknown extends AppError {
  readonly code = "person.unknown";
  readonly kind = "missing";

  constructor() {
    // The same words for whom nobody knows and for whom the reader may not see.
    super("There is nobody here by this id.");
  }
}

class PersonProtected extends AppError {
  readonly code = "person.protected-identity";
  readonly kind = "forbidden";

  constructor() {
    super("Who has a protected identity is shown only to those who were given that permission.");
  }
}

/** "Anna-Lisa Ek" and "Ek, Anna-Lisa" are both "AE". */
function initialsOf(name: string): string {
  const [last = "", first] = name.split(",", 2);
  const words = (first === undefined ? name : `${first} ${last}`).match(/\p{L}[\p{L}'’-]*/gu) ?? [];
  const ends = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  return ends.map((word) => word[0]!.toLocaleUpperCase("sv")).join("");
}

/**
 * Initials and a short number of everybody on a page, in one query for each kind; of `revealed` also the name. Whoever
 * has a protected identity is only that.
 */
export async function showPeople(
  { database, vault }: Pick<Needs, "database" | "vault">,
  actor: Actor,
  wanted: Partial<Record<PersonKind, Iterable<string | null>>>,
  revealed: Revealed | null = null,
): Promise<People> {
  permit(actor, "findings:read");
  const of = async (kind: PersonKind): Promise<ReadonlyMap<string, PersonTag>> => {
    const ids = [...new Set(wanted[kind] ?? [])].filter((id) => id !== null);
    const stored = await selectPeopleById(database, actor.tenantId, kind, ids);
    return new Map(
      stored.map(({ asked: id, no, name, protected: hidden }) => {
        const shown = hidden && !actor.permissions.has("persons:protected") ? null : name;
        const plain = shown === null ? null : vault.decrypt(shown).toString();
        const initials = hidden ? "Skyddad" : initialsOf(plain ?? "") || "Okänd";
        const named = revealed !== null && revealed.kind === kind && revealed.id === id;
        const text = no === null ? initials : `${initials} · ${no}`;
        return [id, { kind, id, text, protected: hidden, name: named ? plain : null }];
      }),
    );
  };
  const [client, staff] = await Promise.all([of("client"), of("staff")]);
  return { client, staff };
}

/** Lets somebody be shown by name on the page that follows. The reason is recorded. */
export async function revealPerson(
  { database, now }: Pick<Needs, "database" | "now">,
  actor: Actor,
  { kind, id, why }: Revealed & { why: string },
): Promise<Revealed> {
  permit(actor, "persons:reveal");
  const reason = reasonOf(why);
  const [person] = await selectPeopleById(database, actor.tenantId, kind, [id]);
  if (person === undefined || (person.no === null && person.name === null)) throw new PersonUnknown();
  const { providers, units, groups } = actor.scope;
  const all = (providers ?? units ?? groups) === null;
  if (!all && !(await isSeen(database, actor.tenantId, kind, id))) throw new PersonUnknown();
  if (person.protected && !actor.permissions.has("persons:protected")) throw new PersonProtected();
  await recordAccess(database, actor, {
    at: now(),
    operation: "reveal",
    subject: `${kind}/${id}`,
    rows: 1,
    why: reason,
  });
  return { kind, id };
}
