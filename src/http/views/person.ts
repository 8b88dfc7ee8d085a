import { html } from "hono/html";
import type { People, PersonKind, PersonTag } from "#operations";
import type { Env } from "../served.ts";
import { form } from "./form.ts";
import type { Html } from "./html.ts";

/** Somebody in a list: initials and number, or the name where a reason was given. Null for nobody. */
export function personTag(people: People, kind: PersonKind, id: string | null): Html | null {
  if (id === null) return null;
  const person = people[kind].get(id);
  if (person === undefined) return html`Okänd`;
  return person.name === null ? html`${person.text}` : html`<mark>${person.name}</mark> <small>${person.text}</small>`;
}

const kinds: Readonly<Record<PersonKind, string>> = { client: "brukare", staff: "personal" };

/** Shows somebody on this page by name, for a reason that is recorded; `path` is where to go on to. */
export function revealForm(
  c: { var: Pick<Env["Variables"], "actor" | "session"> },
  people: People,
  path: string,
): Html | "" {
  const { permissions } = c.var.actor;
  const may = (person: PersonTag) => !person.protected || permissions.has("persons:protected");
  const listed = [...people.client.values(), ...people.staff.values()].filter(may);
  if (!permissions.has("persons:reveal") || listed.length === 0) return "";
  return html`<details>
    <summary>Visa ett namn</summary>
    ${form(
      c,
      "/personer/visa",
      html`<input type="hidden" name="till" value="${path}" />
        <div class="ds-field">
          <label class="ds-label" for="vem">Person</label>
          <select class="ds-input" data-width="auto" id="vem" name="vem">
            ${listed.map(({ kind, id, text }) => html`<option value="${kind}/${id}">${text}, ${kinds[kind]}</option>`)}
          </select>
        </div>
        <div class="ds-field">
          <label class="ds-label" for="skal">Varför du behöver namnet. Det sparas i loggen.</label>
          <input class="ds-input" id="skal" name="skal" required minlength="5" maxlength="200" autocomplete="off" />
        </div>
        <button class="ds-button" data-variant="secondary">Visa namnet</button>`,
    )}
  </details>`;
}
