import { Hono } from "hono";
import { html, raw } from "hono/html";
import { z } from "zod";
import { formatLocal } from "#model";
import { grantUser, listUsers, roleNames, showUser, type UserRow } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { done, form } from "../views/form.ts";
import { inOwnWords } from "../views/html.ts";
import { dataTable, type Html, layout } from "../views/layout.ts";

const list = (ids: readonly string[] | null, names?: ReadonlyMap<string, string>): string =>
  ids === null ? "Alla" : ids.map((id) => names?.get(id) ?? id).join(", ");
const number = z.coerce.number().int().positive();
const many = z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]);
const grant = z.object({
  utforare: many,
  enheter: many,
  omraden: z.string().max(2000).default(""),
  skyddade: z.literal("ja").optional(),
  skal: z.string(),
});

/** Nothing chosen stands for all. */
const chosen = (ids: readonly string[]): readonly string[] | null => (ids.length === 0 ? null : ids);
const rolesOf = ({ roles }: UserRow): string =>
  roles.map((role) => roleNames[role as keyof typeof roleNames] ?? role).join(", ");

/** Whoever is of a provider sees nothing before somebody has said which. */
const ofProvider = ({ roles }: UserRow): boolean => roles.every((role) => role === "provider");
const providersSeen = (user: UserRow, names?: ReadonlyMap<string, string>): string =>
  ofProvider(user) && user.scope.providers === null ? "Ingen vald" : list(user.scope.providers, names);

/** `/anvandare`: everybody who has signed in, and what they may see. */
export function userPages() {
  return new Hono<Env>()
    .get("/", needs("users:read"), async (c) => {
      const users = await listUsers(c.var.system, c.var.actor);
      const body = html`<p>
          Rollerna kommer från kommunens inloggning. Här bestämmer du vilka utförare, enheter och områden var och en
          ser.
        </p>
        ${dataTable(
          "Alla som har loggat in",
          [
            { title: "Namn" },
            { title: "Roller" },
            { title: "Enhet" },
            { title: "Utförare" },
            { title: "Enheter" },
            { title: "Områden" },
            { title: "Skyddade" },
            { title: "Senast inloggad", kind: "short" },
          ],
          users.map((user) => [
            html`<a class="ds-link" href="/anvandare/${user.no}">${user.name}</a>`,
            rolesOf(user),
            user.unit,
            providersSeen(user),
            list(user.scope.units),
            list(user.scope.groups),
            user.protected ? "Ja" : "Nej",
            formatLocal(user.lastSeenAt),
          ]),
          "Ingen har loggat in än.",
        )}`;
      return c.html(layout(c, { title: "Användare", path: "/anvandare", body }));
    })
    .get("/:no{[0-9]+}", needs("users:read"), async (c) => {
      const { user, providers, units } = await showUser(c.var.system, c.var.actor, number.parse(c.req.param("no")));
      const { scope, granted } = user;
      const may = c.var.actor.permissions.has("users:write") && user.subject !== c.var.actor.id;
      const body = html`<p>${rolesOf(user)}${user.unit === null ? "" : `, ${user.unit}`}.</p>
        <p>
          ${
            granted === null
              ? "Ingen har begränsat vad användaren ser."
              : html`Bestämt ${formatLocal(granted.at)} av ${granted.by}: ${inOwnWords(granted.why)}`
          }
        </p>
        ${
          may
            ? form(
                c,
                `/anvandare/${user.no}`,
                html`${ticks("utforare", ofProvider(user) ? "Hör till denna utförare (ingen vald: ser ingenting)" : "Ser bara dessa utförare (ingen vald: alla)", providers, scope.providers)}
                  ${ticks("enheter", "Ser bara dessa enheter (ingen vald: alla)", units, scope.units)}
                  <div class="ds-field">
                    <label class="ds-label" for="omraden"
                      >Ser bara brukare i dessa områden, med komma emellan (tomt: alla)</label
                    >
                    <input class="ds-input" id="omraden" name="omraden" value="${(scope.groups ?? []).join(", ")}" />
                  </div>
                  <div class="ds-field">
                    <input
                      class="ds-input"
                      type="checkbox"
                      id="skyddade"
                      name="skyddade"
                      value="ja"
                      ${raw(user.protected ? "checked" : "")}
                    />
                    <label class="ds-label" for="skyddade">Får se vem som har skyddade personuppgifter</label>
                  </div>
                  <div class="ds-field">
                    <label class="ds-label" for="skal">Varför</label>
                    <input class="ds-input" id="skal" name="skal" required minlength="5" maxlength="500" />
                  </div>
                  <button class="ds-button">Spara</button>`,
              )
            : html`<dl>
                <dt>Utförare</dt>
                <dd>${providersSeen(user, providers)}</dd>
                <dt>Enheter</dt>
                <dd>${list(scope.units, units)}</dd>
                <dt>Områden</dt>
                <dd>${list(scope.groups)}</dd>
                <dt>Får se vem som har skyddade personuppgifter</dt>
                <dd>${user.protected ? "Ja" : "Nej"}</dd>
              </dl>`
        }`;
      return c.html(layout(c, { title: user.name, path: "/anvandare", body }));
    })
    .post("/:no{[0-9]+}", needs("users:write"), async (c) => {
      const given = grant.parse(await c.req.parseBody({ all: true }));
      const no = number.parse(c.req.param("no"));
      const areas = given.omraden
        .split(",")
        .map((area) => area.trim())
        .filter((area) => area !== "");
      await grantUser(c.var.system, c.var.actor, {
        no,
        scope: { providers: chosen(given.utforare), units: chosen(given.enheter), groups: chosen(areas) },
        protected: given.skyddade === "ja",
        why: given.skal,
      });
      return done(c, `/anvandare/${no}`, "Sparat. Det gäller från och med nästa sida som användaren öppnar.");
    });
}

function ticks(
  name: string,
  legend: string,
  known: ReadonlyMap<string, string>,
  ticked: readonly string[] | null,
): Html | "" {
  if (known.size === 0) return "";
  return html`<fieldset class="ds-fieldset">
    <legend class="ds-label">${legend}</legend>
    ${[...known]
      .toSorted(([, a], [, b]) => a.localeCompare(b, "sv"))
      .map(
        ([id, title], index) =>
          html`<div class="ds-field">
            <input
              class="ds-input"
              type="checkbox"
              id="${name}-${index}"
              name="${name}"
              value="${id}"
              ${raw(ticked?.includes(id) === true ? "checked" : "")}
            />
            <label class="ds-label" for="${name}-${index}">${title}</label>
          </div>`,
      )}
  </fieldset>`;
}
