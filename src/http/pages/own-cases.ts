import type { Context } from "hono";
import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { AppError } from "#errors";
import { dayOf, formatDay, formatLocal } from "#model";
import {
  ATTACHMENT_BYTES_MAX,
  attachmentTypes,
  explainOwnCase,
  type ExplanationReason,
  explanationReasons,
  listOwnQuestions,
  type OwnCase,
  type OwnCaseDetail,
  showOwnCase,
} from "#operations";
import { needs, needsWithFiles } from "../authorise.ts";
import type { Env } from "../served.ts";
import { dueText, period } from "../views/case/words.ts";
import { button, textArea } from "../views/fields.ts";
import { done, form } from "../views/form.ts";
import { amount, dataTable, type Html, layout, nextPage, selectField } from "../views/layout.ts";
import { tag } from "../views/state.ts";

const path = "/fragor";
const PAGE = 100;
const FILES_BYTES_MAX = 2 * ATTACHMENT_BYTES_MAX;

const states: Readonly<Record<OwnCase["state"], Html>> = {
  "explanation-requested": tag("väntar på svar", "info"),
  explained: tag("besvarad", "success"),
  decided: tag("avgjord"),
};

const reasonCodes = Object.keys(explanationReasons) as [ExplanationReason, ...ExplanationReason[]];
const said = z.object({ orsak: z.enum([...reasonCodes, ""]).default(""), text: z.string().max(10_000).default("") });
type Said = z.output<typeof said>;

const refusals: Readonly<Record<string, string>> = {
  "case.explanation-empty": "Skriv i texten vad orsaken är.",
  "text.identity": "Texten innehåller ett personnummer. Ta bort det: kommunen vet vem frågan gäller.",
  "attachment.refused": `Ingenting är skickat. En fil är tom eller av fel slag. Det som går att bifoga är ${new Intl.ListFormat("sv-SE").format(Object.values(attachmentTypes))}.`,
  "attachment.too-large": "Ingenting är skickat. En fil är större än 10 MB, eller filerna är fler än tio.",
  "case.refused": "Kommunen väntar inte på något svar i ärendet.",
};

/** `/fragor`: what the municipality has asked a provider to explain, and the explanations. */
export function ownCasePages() {
  return new Hono<Env>()
    .get("/", needs("own-cases:read"), async (c) => {
      const page = z.coerce.number().int().min(1).max(10_000).catch(1).parse(c.req.query("sida"));
      const { cases, next } = await listOwnQuestions(c.var.system, c.var.actor, { page, limit: PAGE });
      const today = dayOf(c.var.system.now());
      const body = html`${dataTable(
        "Frågor från kommunen",
        [
          { title: "Ärende", kind: "short" },
          { title: "Läge" },
          { title: "Svara senast", kind: "short" },
          { title: "Frågan kom", kind: "short" },
        ],
        cases.map(({ no, state, dueOn, askedAt }) => [
          html`<a class="ds-link" href="${path}/${no}">${no}</a>`,
          states[state],
          dueText(dueOn, today),
          formatLocal(askedAt),
        ]),
        "Kommunen har inte frågat om något.",
      )}
      ${nextPage(path, next === null ? null : { sida: String(next) })}`;
      return c.html(layout(c, { title: "Frågor", path, lead: "Det som kommunen vill att ni förklarar.", body }));
    })
    .get("/:no{\\d{4}-\\d+}", needs("own-cases:read"), async (c) => c.html(await casePage(c)))
    .post(
      "/:no{\\d{4}-\\d+}/svar",
      needsWithFiles(FILES_BYTES_MAX, "own-cases:read", "own-cases:explain"),
      async (c) => {
        const no = c.req.param("no");
        const body = await c.req.parseBody({ all: true });
        const given = said.parse(body);
        const { orsak: reason, text } = given;
        if (reason === "") return c.html(await casePage(c, { refusal: "Välj vad orsaken är.", given }), 422);
        const files = [body["filer"]].flat().filter((file): file is File => file instanceof File && file.size > 0);
        const attachments = await Promise.all(
          files.map(async (file) => ({ name: file.name, content: new Uint8Array(await file.arrayBuffer()) })),
        );
        try {
          await explainOwnCase(c.var.system, c.var.actor, { no, reason, text, attachments });
        } catch (error) {
          const refusal = error instanceof AppError ? refusals[error.code] : undefined;
          if (refusal === undefined) throw error;
          return c.html(await casePage(c, { refusal, given }), 422);
        }
        const at = formatLocal(c.var.system.now());
        return done(c, `${path}/${no}`, `Tack. Förklaringen är skickad till kommunen. Den kom in ${at}.`);
      },
    );
}

async function casePage(c: Context<Env>, refused?: { refusal: string; given: Said }): Promise<Html> {
  const no = c.req.param("no") ?? "";
  const shown = await showOwnCase(c.var.system, c.var.actor, no);
  const { state, dueOn, letter, findings, explanations, decidedAt } = shown;
  const may = state === "explanation-requested" && c.var.actor.permissions.has("own-cases:explain");
  const body = html`<p class="quiet screen"><a class="ds-link" href="${path}">Alla frågor</a></p>
    ${
      refused === undefined
        ? ""
        : html`<div class="ds-alert" data-color="warning" role="alert"><p>${refused.refusal}</p></div>`
    }
    <p>
      ${states[state]} ${dueOn === null ? "" : html` Svara senast ${formatDay(dueOn)}.`}
      ${decidedAt === null ? "" : html` Avgjord ${formatLocal(decidedAt)}.`}
    </p>
    <h2>Kommunens brev</h2>
    <pre>${letter}</pre>
    ${findings.length === 0 ? "" : findingsTable(findings)} ${may ? explanationForm(c, no, refused?.given) : ""}
    <h2>Era svar</h2>
    ${
      explanations.length === 0
        ? html`<p class="empty">Ni har inte svarat här.</p>`
        : explanations.map(
            ({ reason, at, text }) =>
              html`<p>${formatLocal(at)}: <strong>${explanationReasons[reason]}</strong></p>
                ${text === "" ? "" : html`<pre>${text}</pre>`}`,
          )
    }`;
  return layout(c, { title: `Fråga i ärende ${no}`, path, body });
}

const findingsTable = (findings: OwnCaseDetail["findings"]): Html =>
  html`<h2>Vad frågan gäller</h2>
    ${dataTable(
      "Det som kommunen har sett",
      [
        { title: "Vad", kind: "long" },
        { title: "Dagar", kind: "short" },
        { title: "Brukare", kind: "short" },
        { title: "Personal", kind: "short" },
        { title: "Poster" },
        { title: "Minuter", kind: "number" },
        { title: "Belopp", kind: "number" },
      ],
      findings.map((finding) => [
        html`<strong>${finding.title}</strong><br />${finding.reason}${finding.gone ? " Rättat i källan." : ""}`,
        period(finding.fromDay, finding.throughDay),
        finding.client,
        finding.staff,
        finding.records === null ? null : finding.records.map(({ id }) => id).join(", "),
        finding.minutes,
        amount(finding.amountOre),
      ]),
      "",
    )}`;

function explanationForm(c: Context<Env>, no: string, given?: Said): Html {
  return html`<h2 id="svara">Svara</h2>
    <p>Är uppgiften fel, rätta den i ert eget system. Rättelsen syns här när den har hämtats.</p>
    ${form(
      c,
      `${path}/${no}/svar`,
      html`<div class="column">
        ${selectField("orsak", "Orsak", [
          { value: "", text: "Välj" },
          ...Object.entries(explanationReasons).map(([value, text]) => ({
            value,
            text,
            chosen: given?.orsak === value,
          })),
        ])}
        ${textArea({ name: "text", label: "Förklaring, utan personnummer", rows: 6, value: given?.text })}
        <div class="ds-field">
          <label class="ds-label" for="f-filer">Filer <small>(frivilligt)</small></label>
          <p data-field="description" id="f-filer-h">Högst 10 MB per fil och 20 MB tillsammans.</p>
          <input class="ds-input" type="file" id="f-filer" name="filer" multiple aria-describedby="f-filer-h" />
        </div>
        ${button("Skicka förklaringen")}
      </div>`,
      { files: true },
    )}`;
}
