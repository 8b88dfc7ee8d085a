import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { type AliasSummary, decideAlias, revokeAlias, showAliasSummary } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { done, form } from "../views/form.ts";
import { inOwnWords } from "../views/html.ts";
import { dataTable, layout } from "../views/layout.ts";

type Kind = AliasSummary["unresolved"][number]["kind"];
const kinds: Readonly<Record<Kind, string>> = {
  client: "Brukare",
  staff: "Personal",
  unit: "Enhet",
  provider: "Utförare",
};
const SHOWN = 100;

/** "source/id": what a source calls somebody. */
const named = z
  .string()
  .trim()
  .regex(/^[^/]+\/.+$/s)
  .max(300)
  .transform((text) => {
    const slash = text.indexOf("/");
    return { source: text.slice(0, slash), id: text.slice(slash + 1) };
  });
const decision = z.object({
  slag: z.enum(["client", "staff", "unit", "provider"]),
  id: named,
  samma: named,
  underlag: z.string().trim().min(3).max(500),
});

/** `/identiteter`: which ids of different systems are the same; unresolved ones first. */
export function identityPages() {
  return new Hono<Env>()
    .get("/", needs("aliases:read"), async (c) => {
      const { unresolved, left, decided, automatic } = await showAliasSummary(c.var.system, c.var.actor);
      const may = c.var.actor.permissions.has("aliases:write");
      const body = html`<p>
          Samma person, enhet eller utförare kan heta olika i olika system. Här bestämmer du vilka id:n som är samma.
          ${automatic.toLocaleString("sv-SE")} hör ihop av sig själva, genom personnummer, HSA-id eller
          organisationsnummer.
        </p>
        ${dataTable(
          left > unresolved.length ? `Olösta: de ${unresolved.length} med flest besök av ${left}` : "Olösta",
          [
            { title: "Vad" },
            { title: "Id", kind: "short" },
            { title: "Besök", kind: "number" },
            { title: "Förslag" },
            { title: "Underlag", kind: "long" },
          ],
          unresolved.map(({ kind, source, id, records, proposals: [first] }) => [
            kinds[kind],
            `${source}/${id}`,
            records,
            first === undefined
              ? null
              : may
                ? form(
                    c,
                    "/identiteter",
                    html`<input type="hidden" name="slag" value="${kind}" />
                      <input type="hidden" name="id" value="${source}/${id}" />
                      <input type="hidden" name="samma" value="${first.source}/${first.id}" />
                      <input type="hidden" name="underlag" value="${first.evidence}" />
                      <button class="ds-button" data-variant="secondary" data-size="sm">
                        Samma som ${first.source}/${first.id}
                      </button>`,
                  )
                : `${first.source}/${first.id}`,
            first?.evidence ?? null,
          ]),
          "Inget id är olöst.",
        )}
        ${
          may
            ? html`<h2>Bestäm själv</h2>
                ${form(
                  c,
                  "/identiteter",
                  html`<div class="ds-field">
                      <label class="ds-label" for="slag">Vad</label>
                      <select class="ds-input" data-width="auto" id="slag" name="slag">
                        ${Object.entries(kinds).map(([value, text]) => html`<option value="${value}">${text}</option>`)}
                      </select>
                    </div>
                    <div class="ds-field">
                      <label class="ds-label" for="id">Id, skrivet källa/id</label>
                      <input class="ds-input" id="id" name="id" required maxlength="300" autocomplete="off" />
                    </div>
                    <div class="ds-field">
                      <label class="ds-label" for="samma">Är samma som, skrivet källa/id</label>
                      <input class="ds-input" id="samma" name="samma" required maxlength="300" autocomplete="off" />
                    </div>
                    <div class="ds-field">
                      <label class="ds-label" for="underlag">Hur du vet det. Skriv inga namn.</label>
                      <input class="ds-input" id="underlag" name="underlag" required minlength="3" maxlength="500" />
                    </div>
                    <button class="ds-button">Spara</button>`,
                )}`
            : ""
        }
        <h2>Bestämda</h2>
        ${dataTable(
          "Vad någon har bestämt",
          [
            { title: "Vad" },
            { title: "Id", kind: "short" },
            { title: "Samma som", kind: "short" },
            { title: "Underlag", kind: "long" },
            { title: "Av" },
            { title: "Ta tillbaka" },
          ],
          decided
            .slice(0, SHOWN)
            .map(({ no, kind, source, id, sameAsSource, sameAsId, evidence, who }) => [
              kinds[kind as Kind],
              `${source}/${id}`,
              `${sameAsSource}/${sameAsId}`,
              inOwnWords(evidence),
              who,
              may
                ? form(
                    c,
                    `/identiteter/${no}/aterta`,
                    html`<button class="ds-button" data-variant="tertiary" data-size="sm">
                      Ta tillbaka nr ${no}
                    </button>`,
                  )
                : null,
            ]),
          "Ingen har bestämt något än.",
        )}`;
      return c.html(layout(c, { title: "Identiteter", path: "/identiteter", body }));
    })
    .post("/", needs("aliases:write"), async (c) => {
      const given = decision.safeParse(await c.req.parseBody());
      if (!given.success) {
        return done(c, "/identiteter", "Ingenting sparades: skriv båda som källa/id, och hur du vet det.");
      }
      const { slag, id, samma, underlag } = given.data;
      const added = await decideAlias(c.var.system, c.var.actor, {
        kind: slag,
        ...id,
        sameAsSource: samma.source,
        sameAsId: samma.id,
        evidence: underlag,
      });
      const text = added ? "Sparat. Nästa natt räknar om det som berörs." : "Det var redan bestämt.";
      return done(c, "/identiteter", text);
    })
    .post("/:no{[0-9]+}/aterta", needs("aliases:write"), async (c) => {
      const undone = await revokeAlias(c.var.system, c.var.actor, Number(c.req.param("no")));
      return undone ? done(c, "/identiteter", "Beslutet är återtaget.") : c.notFound();
    });
}
