import type { Context } from "hono";
import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { formatLocal } from "#model";
import {
  type ApiClientKind,
  apiClientKinds,
  type ApiScope,
  apiScopes,
  createApiClient,
  listApiClients,
  listOwners,
  revokeApiClient,
  rotateApiClient,
} from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { button, group, input, textArea, tick } from "../views/fields.ts";
import { inOwnWords } from "../views/html.ts";
import { done, form } from "../views/form.ts";
import { dataTable, type Html, layout, selectField } from "../views/layout.ts";
import { tag } from "../views/state.ts";

const path = "/program";

const scopeNames: Readonly<Record<ApiScope, string>> = {
  "orders:read": "Läsa beställningar",
  "orders:acknowledge": "Svara på beställningar",
  "own-clients:read": "Läsa vem beställningen gäller",
  "own-cases:read": "Läsa frågor",
  "own-cases:explain": "Svara på frågor",
  "own-settlement:read": "Läsa avräkningen",
  "endpoints:read": "Se mottagare",
  "endpoints:write": "Ändra mottagare",
};
const kindNames: Readonly<Record<ApiClientKind, string>> = {
  secret: "Hemlighet (OAuth 2.0)",
  private_key_jwt: "Eget nyckelpar (OAuth 2.0)",
  key: "API-nyckel",
  external: "Extern utfärdare",
};

const many = z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]);
const keys = z
  .string()
  .max(100_000)
  .default("")
  .transform((said) => (said.trim() === "" ? undefined : said));
const created = z.object({
  namn: z.string(),
  utforare: z.string(),
  satt: z.enum(apiClientKinds),
  enheter: many,
  far: many,
  nycklar: keys,
});

/** `/program`: providers' programs that ask and answer by themselves. */
export function programPages() {
  return new Hono<Env>()
    .get("/", needs("api-clients:read"), async (c) => c.html(await listPage(c)))
    .post("/", needs("api-clients:read", "api-clients:write"), async (c) => {
      const {
        namn: name,
        utforare: provider,
        satt: kind,
        enheter,
        far: scopes,
        nycklar: jwks,
      } = created.parse(await c.req.parseBody({ all: true }));
      const units = enheter.length === 0 ? null : enheter;
      const made = await createApiClient(c.var.system, c.var.actor, { name, provider, units, scopes, kind, jwks });
      return c.html(secretPage(c, made));
    })
    .post("/:id/aterkalla", needs("api-clients:read", "api-clients:write"), async (c) => {
      await revokeApiClient(c.var.system, c.var.actor, c.req.param("id"));
      return done(c, path, "Programmet är utestängt.");
    })
    .post("/:id/byt", needs("api-clients:read", "api-clients:write"), async (c) => {
      const id = c.req.param("id");
      const { nycklar: jwks } = z.object({ nycklar: keys }).parse(await c.req.parseBody());
      return c.html(secretPage(c, { id, ...(await rotateApiClient(c.var.system, c.var.actor, { id, jwks })) }));
    });
}

/** What a program shows itself by, the only time that it is shown. */
const secretPage = (c: Context<Env>, { id, secret }: { id: string; secret: string | null }): Html => {
  const body = html`<dl>
      <dt>Id</dt>
      <dd><code>${id}</code></dd>
    </dl>
    ${
      secret === null
        ? html`<p>Programmet visar vem det är med sitt eget nyckelpar.</p>`
        : html`<p>Hemligheten visas bara nu. Ge den till utföraren på ett säkert sätt.</p>
            <pre>${secret}</pre>`
    }
    <p><a class="ds-button" href="${path}">Till programmen</a></p>`;
  return layout(c, { title: "Programmet är insläppt", path, body });
};

async function listPage(c: Context<Env>): Promise<Html> {
  const { system, actor } = c.var;
  const [clients, { providers, units }] = await Promise.all([listApiClients(system, actor), listOwners(system, actor)]);
  const may = actor.permissions.has("api-clients:write");
  const options = [...providers].map(([value, text]) => ({ value, text }));
  const body = html`${dataTable(
    "Program",
    [
      { title: "Namn" },
      { title: "Utförare" },
      { title: "Enheter" },
      { title: "Får", kind: "long" },
      { title: "Visar vem det är med" },
      { title: "Senast", kind: "short" },
      { title: "Läge" },
      ...(may ? [{ title: "Åtgärd" }] : []),
    ],
    clients.map((client) => [
      html`${inOwnWords(client.name)}<br /><small>${client.id}</small>`,
      providers.get(client.provider) ?? client.provider,
      client.units?.map((unit) => units.get(unit) ?? unit).join(", ") ?? "Alla",
      client.scopes.map((scope) => scopeNames[scope].toLowerCase()).join(", "),
      kindNames[client.kind],
      client.lastUsedAt === null ? null : formatLocal(client.lastUsedAt),
      client.revokedAt === null ? tag("gäller", "success") : tag(`utestängt ${formatLocal(client.revokedAt)}`),
      ...(may ? [client.revokedAt === null ? actions(c, client) : null] : []),
    ]),
    "Inget program är insläppt än.",
  )}
  ${
    may && options.length > 0
      ? html`<details class="ds-details">
          <summary>Släpp in ett program</summary>
          <div>
            ${form(
              c,
              path,
              html`<div class="column">
                ${input({ name: "namn", label: "Namn", required: true, extra: { maxlength: "100", autocomplete: "off" } })}
                ${selectField("utforare", "Utförare", options)}
                ${selectField(
                  "satt",
                  "Visar vem det är med",
                  apiClientKinds.map((value) => ({ value, text: kindNames[value] })),
                )}
                ${textArea({ name: "nycklar", label: "Öppna nycklar (JSON Web Key Set), bara för eget nyckelpar", rows: 3, maxLength: 100_000 })}
                ${group(
                  "Får",
                  html`${apiScopes.map((scope) => tick({ name: "far", label: scopeNames[scope], value: scope, checked: !scope.startsWith("endpoints") }))}`,
                )}
                ${
                  units.size === 0
                    ? ""
                    : group(
                        "Enheter (ingen vald: alla)",
                        html`${[...units].map(([value, label], index) => tick({ name: "enheter", label, value, id: `enhet-${index}` }))}`,
                      )
                }
                ${button("Släpp in")}
              </div>`,
            )}
          </div>
        </details>`
      : ""
  }`;
  return layout(c, { title: "Program", path, lead: "Utförares program som läser och svarar av sig själva.", body });
}

const actions = (c: Context<Env>, { id, name, kind }: { id: string; name: string; kind: ApiClientKind }): Html => {
  const press = (action: string, label: string): Html =>
    form(
      c,
      `${path}/${id}/${action}`,
      html`<button class="ds-button" data-variant="tertiary">
        ${label}<span class="ds-sr-only">: ${inOwnWords(name)}</span>
      </button>`,
    );
  // New public keys are given by command.
  const rotates = kind === "secret" || kind === "key";
  return html`${rotates ? press("byt", "Byt hemlighet") : ""} ${press("aterkalla", "Stäng ute")}`;
};
