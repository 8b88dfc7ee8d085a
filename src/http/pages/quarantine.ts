import { type Context, Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { formatLocal } from "#model";
import { listQuarantine, listSources, retryQuarantined, showQuarantined, type ShownQuarantined } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { counted } from "../views/case/words.ts";
import { button, hidden } from "../views/fields.ts";
import { done, form } from "../views/form.ts";
import { choice, dataTable, emptyState, type Html, layout } from "../views/layout.ts";
import { tag } from "../views/state.ts";

const path = "/karantan";
const rowsMax = 500;
const number = z.coerce.number().int().positive();

/** `/karantan`: records that did not fit, with place and reason, to be tried again; `/karantan/:id`: one of them, masked. */
export function quarantinePage() {
  return new Hono<Env>()
    .get("/", needs("quarantine:read", "sources:read"), async (c) => {
      const { system, actor } = c.var;
      const ids = [...new Set((await listSources(system, actor)).map(({ id }) => id))];
      const source = ids.find((id) => id === c.req.query("kalla"));
      const of = { limit: rowsMax, ...(source === undefined ? {} : { source }) };
      const waiting = await listQuarantine(system, actor, of);
      const options = ids.map((value) => ({ value, text: value, chosen: value === source }));
      const body = html`<p>
          Poster som inte gick att läsa in. Rätta i källan eller i översättningen (mappningsfilen), och försök sedan
          igen. Värdet självt visas aldrig, bara vad för slags värde det är.
        </p>
        ${choice(path, "kalla", "Källa", [{ value: "", text: "Alla källor", chosen: source === undefined }, ...options])}
        ${waiting.length === 0 ? "" : retryForm(c, source)}
        ${dataTable(
          waiting.length === rowsMax ? `De ${rowsMax} äldsta posterna` : "Poster i karantän, äldst först",
          [
            { title: "Nr", kind: "short" },
            { title: "Källa", kind: "short" },
            { title: "Plats" },
            { title: "Rad", kind: "number" },
            { title: "Fält" },
            { title: "Värde" },
            { title: "Vad som är fel", kind: "long" },
            { title: "Sedan", kind: "short" },
            { title: "Försök", kind: "number" },
          ],
          waiting.map((row) => [
            html`<a class="ds-link" href="${path}/${row.id}">${String(row.id)}</a>`,
            `${row.source}/${row.resource}`,
            row.place,
            row.line,
            row.field,
            row.valueClass,
            row.rule,
            formatLocal(row.at),
            row.attempts,
          ]),
          "Ingenting väntar i karantän.",
        )}`;
      return c.html(layout(c, { title: "Karantän", path, body }));
    })
    .get("/:id{[0-9]+}", needs("quarantine:read"), async (c) => {
      const shown = await showQuarantined(c.var.system, c.var.actor, number.parse(c.req.param("id")));
      const { row } = shown;
      const body = html`<p><a class="ds-link" href="${path}">Hela karantänen</a></p>
        <dl>
          <dt>Läge</dt>
          <dd>${row.state === "open" ? tag("Väntar", "warning") : tag("Inläst", "success")}</dd>
          <dt>Plats</dt>
          <dd>${row.source}/${row.resource}, ${row.place}${row.line === null ? "" : `, rad ${row.line}`}</dd>
          <dt>Vad som är fel</dt>
          <dd>${row.field === null ? "" : html`<code>${row.field}</code>: `}${row.rule}</dd>
          ${
            row.valueClass === null
              ? ""
              : html`<dt>Värdet</dt>
                  <dd>${row.valueClass}</dd>`
          }
          <dt>Sedan</dt>
          <dd>${formatLocal(row.at)}, ${counted(row.attempts, "försök", "försök")}</dd>
        </dl>
        ${recordOf(shown)} ${row.state === "open" && row.rawIndex !== null ? retryForm(c, row.source) : ""}`;
      return c.html(layout(c, { title: `Karantän, nummer ${row.id}`, path, body }));
    })
    .post("/forsok", needs("quarantine:read", "quarantine:write"), async (c) => {
      const { system, actor } = c.var;
      const { kalla } = z.object({ kalla: z.string().max(100).default("") }).parse(await c.req.parseBody());
      const known = system.sources.some(({ id }) => id === kalla);
      if (kalla !== "" && !known) return c.notFound();
      const { records, mended, open, skipped } = await retryQuarantined(system, actor, kalla === "" ? null : kalla);
      const said = [
        `${counted(records, "post är prövad", "poster är prövade")}, ${mended} gick igenom, ${open} väntar.`,
        ...(mended > 0 ? ["Nästa natt räknar med dem."] : []),
        ...skipped.map((id) => `Källan ${id} finns inte längre i konfigurationen; dess poster lämnades.`),
      ];
      return done(c, path, said.join(" "));
    });
}

function retryForm(c: Context<Env>, source: string | undefined): Html | "" {
  const { actor } = c.var;
  const everywhere = (actor.scope.providers ?? actor.scope.units ?? actor.scope.groups) === null;
  if (!everywhere || !actor.permissions.has("quarantine:write")) return "";
  return form(
    c,
    `${path}/forsok`,
    html`${hidden({ kalla: source ?? "" })}
    ${button(source === undefined ? "Försök igen med alla" : `Försök igen med allt från ${source}`, "secondary")}`,
  );
}

/** The record with what could name somebody masked, or the shape of a line. */
function recordOf({ record, line }: ShownQuarantined): Html {
  if (record !== null) {
    return html`<h2>Posten som källan skickade den</h2>
      ${dataTable(
        "Fält för fält, med namn, nummer och texter dolda",
        [{ title: "Fält" }, { title: "Värde", kind: "long" }],
        record.map(({ field, value }) => [html`<code>${field}</code>`, value ?? html`<small>dolt</small>`]),
        "Posten är tom.",
      )}`;
  }
  if (line !== null) {
    return html`<h2>Raden</h2>
      <p>Varje bokstav visas som x och varje siffra som 0.</p>
      <pre>${line}</pre>`;
  }
  return emptyState("Det finns ingen post att visa: filen kunde inte läsas alls.");
}
