import { type People, type PersonKind, showNames, showPeople } from "#operations";
import type { Env } from "../served.ts";
import type { Names } from "../views/case/words.ts";

/** What is called what on pages about cases, and who the people are that the page shows. */
export async function namesFor(
  { system, actor, revealed }: Pick<Env["Variables"], "system" | "actor" | "revealed">,
  shown: Partial<Record<PersonKind, Iterable<string | null>>>,
): Promise<Names & { people: People; providers: ReadonlyArray<readonly [id: string, name: string]> }> {
  const [known, people] = await Promise.all([showNames(system, actor), showPeople(system, actor, shown, revealed)]);
  const titles = new Map(system.rules.map(({ id, title }) => [id, title.sv]));
  return {
    person(who, id) {
      const person = people[who].get(id);
      if (person === undefined) return "Okänd";
      return person.name === null ? person.text : `${person.name} (${person.text})`;
    },
    provider: (id) => known.provider.get(id) ?? id,
    unit: (id) => known.unit.get(id) ?? id,
    rule: (id) => titles.get(id) ?? id,
    people,
    providers: [...known.provider].toSorted(([, a], [, b]) => a.localeCompare(b, "sv")),
  };
}
