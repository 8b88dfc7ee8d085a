import { Hono, type Context } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { formatLocal, monthOf, dayOf } from "#model";
import {
  accessNames,
  type AccessRow,
  aboutWhom,
  listAccess,
  type People,
  recordLogControl,
  roleNames,
  showLogControl,
  verifyLog,
} from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { listExport } from "../views/export.ts";
import { done, form } from "../views/form.ts";
import { inOwnWords } from "../views/html.ts";
import { type Html, dataTable, layout, nextPage } from "../views/layout.ts";

const text = z.string().trim().min(1).max(200).optional().catch(undefined);
const month = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/)
  .optional()
  .catch(undefined);
const query = z.object({
  manad: month,
  vem: text,
  om: text,
  fore: z.coerce.number().int().positive().optional().catch(undefined),
});
const control = z.object({ manad: month, enhet: z.string().max(200).optional().catch(undefined) });

const columns = [
  { title: "När", kind: "short" },
  { title: "Vem" },
  { title: "Roll" },
  { title: "Enhet" },
  { title: "Vad" },
  { title: "Om vem", kind: "long" },
  { title: "Antal", kind: "number" },
  { title: "Varför", kind: "long" },
] as const;

const cells = (row: AccessRow, people: People) => [
  formatLocal(row.at),
  row.name ?? row.actor,
  roleNames[row.role as keyof typeof roleNames] ?? row.role,
  row.unit,
  accessNames[row.operation] ?? row.operation,
  aboutWhom(row, people),
  row.rows < 0 ? null : row.rows,
  row.why === null ? null : inOwnWords(row.why),
];

const noUnit = "Utan enhet";
const unitOf = (given: string | undefined): { unit?: string | null } =>
  given === undefined || given === "" ? {} : { unit: given === noUnit ? null : given };

/** `/logg`: who has read about whom; `/logg/kontroll`: the recurring control of it. */
export function logPages() {
  return (
    new Hono<Env>()
      .get("/", needs("log:read"), async (c) => {
        const { manad, vem, om, fore } = query.parse(c.req.query());
        const { rows, people, next } = await listAccess(c.var.system, c.var.actor, {
          ...(manad === undefined ? {} : { month: manad }),
          ...(vem === undefined ? {} : { actor: vem }),
          ...(om === undefined ? {} : { subject: om }),
          ...(fore === undefined ? {} : { before: fore }),
        });
        const kept = Object.entries({ manad, vem, om }).filter(
          (pair): pair is [string, string] => pair[1] !== undefined,
        );
        const field = (name: string, label: string, value: string | undefined, type = "text") =>
          html`<div class="ds-field">
            <label class="ds-label" for="f-${name}">${label}</label>
            <input
              class="ds-input"
              data-width="auto"
              type="${type}"
              id="f-${name}"
              name="${name}"
              value="${value ?? ""}"
            />
          </div>`;
        const body = html`<p>
            Varje läsning av en persons uppgifter finns här i minst fem år. Raderna går inte att ändra.
            <a class="ds-link" href="/logg/kontroll">Gör en kontroll</a>
          </p>
          <form method="get" action="/logg" class="row">
            ${field("manad", "Månad", manad, "month")} ${field("vem", "Användarens id", vem)}
            ${field("om", "Persons id eller ärende", om)}
            <button class="ds-button" data-variant="secondary">Visa</button>
          </form>
          ${dataTable(
            "Läsningar, senaste först",
            columns,
            rows.map((row) => cells(row, people)),
            "Ingen läsning passar in. Ta bort något av valen.",
          )}
          ${listExport(c, "/logg/export", Object.fromEntries(kept))}
          ${nextPage("/logg", next === null ? null : { ...Object.fromEntries(kept), fore: String(next) })}`;
        return c.html(layout(c, { title: "Åtkomstlogg", path: "/logg", body }));
      })
      .get("/kontroll", needs("log:control"), async (c) => {
        const { manad, enhet } = control.parse(c.req.query());
        const chosen = manad ?? monthOf(dayOf(c.var.system.now()));
        const body = await controlBody(c, chosen, enhet ?? "");
        return c.html(layout(c, { title: "Kontroll av åtkomstloggen", path: "/logg/kontroll", body }));
      })
      // Posted: to compute the chain anew takes longer the longer the log is.
      .post("/kontroll/kedja", needs("log:read", "log:control"), async (c) => {
        const { manad } = control.parse(await c.req.parseBody());
        const { rows, broken } = await verifyLog(c.var.system, c.var.actor);
        const said =
          broken === null
            ? `Loggen är hel: ${rows.toLocaleString("sv-SE")} rader, och ingen har ändrats.`
            : `Loggen är bruten vid rad ${broken.seq}. Kontakta den som ansvarar för driften.`;
        return done(c, `/logg/kontroll${manad === undefined ? "" : `?manad=${manad}`}`, said);
      })
      .post("/kontroll", needs("log:control"), async (c) => {
        const { resultat, ...rest } = await c.req.parseBody();
        const { manad, enhet = "" } = control.parse(rest);
        if (manad === undefined || typeof resultat !== "string") return c.notFound();
        const { unit = null } = unitOf(enhet);
        await recordLogControl(c.var.system, c.var.actor, { month: manad, unit, result: resultat });
        return done(c, `/logg/kontroll?manad=${manad}`, "Kontrollen är sparad.");
      })
  );
}

async function controlBody(c: Context<Env>, chosen: string, enhet: string): Promise<Html> {
  const {
    sample,
    relatives,
    outsideHours,
    busyHours,
    units,
    done: controls,
  } = await showLogControl(c.var.system, c.var.actor, { month: chosen, ...unitOf(enhet) });
  const listed = (caption: string, { rows, people }: typeof sample, empty: string) =>
    dataTable(
      caption,
      columns,
      rows.map((row) => cells(row, people)),
      empty,
    );
  const options = ["", ...units.map((unit) => unit ?? noUnit)];
  return html`${form(
      c,
      "/logg/kontroll/kedja",
      html`<input type="hidden" name="manad" value="${chosen}" />
        <button class="ds-button" data-variant="secondary">Pröva att ingen rad har ändrats</button>`,
    )}
    <form method="get" action="/logg/kontroll" class="row">
      <div class="ds-field">
        <label class="ds-label" for="f-manad">Månad</label>
        <input class="ds-input" data-width="auto" type="month" id="f-manad" name="manad" value="${chosen}" />
      </div>
      <div class="ds-field">
        <label class="ds-label" for="f-enhet">Läsarens enhet</label>
        <select class="ds-input" data-width="auto" id="f-enhet" name="enhet">
          ${options.map((unit) =>
            unit === enhet
              ? html`<option value="${unit}" selected>${unit === "" ? "Alla" : unit}</option>`
              : html`<option value="${unit}">${unit === "" ? "Alla" : unit}</option>`,
          )}
        </select>
      </div>
      <button class="ds-button" data-variant="secondary">Visa</button>
    </form>
    ${listed("Slumpvis urval", sample, "Ingen har läst något den månaden.")}
    <h2>Ovanligt</h2>
    ${listed("Samma efternamn som läsaren", relatives, "Ingen har läst om någon med sitt eget efternamn.")}
    ${listed("Kväll, natt och helg", outsideHours, "Ingen har läst före 6, efter 19 eller på helgen.")}
    ${dataTable(
      "Många läsningar på en timme",
      [{ title: "Vem" }, { title: "Timmen från", kind: "short" }, { title: "Läsningar", kind: "number" }],
      busyHours.map(({ actor, name, hour, times }) => [name ?? actor, formatLocal(hour), times]),
      "Ingen har läst ovanligt mycket.",
    )}
    <h2>Spara att kontrollen är gjord</h2>
    ${form(
      c,
      "/logg/kontroll",
      html`<input type="hidden" name="manad" value="${chosen}" /><input type="hidden" name="enhet" value="${enhet}" />
        <div class="ds-field">
          <label class="ds-label" for="resultat">Vad kontrollen visade. Skriv inga namn på brukare.</label>
          <textarea class="ds-input" id="resultat" name="resultat" rows="3" required maxlength="2000"></textarea>
        </div>
        <button class="ds-button">Spara kontrollen</button>`,
    )}
    ${dataTable(
      "Gjorda kontroller",
      [
        { title: "När", kind: "short" },
        { title: "Månad", kind: "short" },
        { title: "Enhet" },
        { title: "Av" },
        { title: "Rader", kind: "number" },
        { title: "Resultat", kind: "long" },
      ],
      controls.map((one) => [formatLocal(one.at), one.month, one.unit ?? "Alla", one.by, one.looked, one.result]),
      "Ingen kontroll är gjord än.",
    )}`;
}
