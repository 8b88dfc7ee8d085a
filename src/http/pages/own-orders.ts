import type { Context } from "hono";
import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { AppError } from "#errors";
import { type Day, formatDay, formatLocal, parseDate } from "#model";
import {
  acknowledgeOwnOrder,
  codeNames,
  type DeclineReason,
  declineReasons,
  type InboxFilter,
  inboxFilters,
  type InboxOrder,
  listInbox,
  type OrderAnswer,
  type OwnAcknowledgement,
  type OwnLine,
  type OwnOrderDetail,
  pageIds,
  showOwnOrder,
} from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { button, hidden, input, textArea } from "../views/fields.ts";
import { done, form } from "../views/form.ts";
import { choice, dataTable, type Html, layout, nextPage, selectField } from "../views/layout.ts";
import { changesText, dueTag, goneNames, orderStatusNames } from "../views/orders.ts";
import { tag } from "../views/state.ts";

const path = "/bestallningar";
const PAGE = 50;

const filterNames: Readonly<Record<InboxFilter, string>> = {
  unanswered: "Väntar på svar",
  changed: "Ändrade sedan svaret",
  declined: "Ni har tackat nej",
  standing: "Alla som gäller",
  all: "Alla, också avslutade",
};

const asked = z.object({
  visa: z.enum(inboxFilters).catch("unanswered"),
  fore: z.string().optional().catch(undefined),
});

const reasonCodes = Object.keys(declineReasons) as [DeclineReason, ...DeclineReason[]];
const said = z.object({
  andring: z.string().default(""),
  svar: z.enum(["accepted", "declined"]),
  start: z.string().default(""),
  orsak: z.enum([...reasonCodes, ""]).default(""),
  text: z.string().max(2000).default(""),
});
type Said = z.output<typeof said>;

/** `/bestallningar`: a provider's orders, which of them wait for an answer, and the answers. */
export function ownOrderPages() {
  return new Hono<Env>()
    .get("/", needs("orders:read"), async (c) => {
      const { visa, fore } = asked.parse(c.req.query());
      const ids = pageIds(c.var.system, c.var.actor);
      const before = (fore === undefined ? null : ids.open("cursor", fore)) ?? undefined;
      const { orders, next } = await listInbox(c.var.system, c.var.actor, { filter: visa, before, limit: PAGE });
      const now = c.var.system.now();
      const body = html`${choice(
        path,
        "visa",
        "Visa",
        inboxFilters.map((filter) => ({ value: filter, text: filterNames[filter], chosen: filter === visa })),
      )}
      ${dataTable(
        filterNames[visa],
        [
          { title: "Beställning", kind: "short" },
          { title: "Läge" },
          { title: "Svara senast", kind: "short" },
          { title: "Vad som är ändrat" },
          { title: "Insats" },
          { title: "Enhet" },
          { title: "Gäller", kind: "short" },
          { title: "Kom eller ändrades", kind: "short" },
        ],
        orders.map((order) => [
          html`<a class="ds-link" href="${path}/${ids.seal("order", order.no)}">${order.reference}</a>`,
          stateTag(order),
          order.waits ? dueTag(order.dueAt, now) : null,
          order.changes.length === 0 ? null : changesText(order.changes),
          order.service,
          order.unit,
          periodText(order),
          formatLocal(order.changedAt),
        ]),
        visa === "unanswered" ? "Ingen beställning väntar på svar." : "Det finns inga sådana beställningar.",
      )}
      ${nextPage(path, next === null ? null : { visa, fore: ids.seal("cursor", next) })}`;
      return c.html(layout(c, { title: "Beställningar", path, lead: "Nya och ändrade beställningar till er.", body }));
    })
    .get("/:id", needs("orders:read"), async (c) => c.html(await orderPage(c)))
    .post("/:id/svar", needs("orders:read", "orders:acknowledge"), async (c) => {
      const given = said.parse(await c.req.parseBody());
      const ids = pageIds(c.var.system, c.var.actor);
      const answer = answerOf(given);
      if (typeof answer === "string") return c.html(await orderPage(c, { refusal: answer, given }), 422);
      try {
        // What was not made for them is no version that stands.
        const changeNo = ids.open("version", given.andring) ?? 0;
        const { at } = await acknowledgeOwnOrder(c.var.system, c.var.actor, { no: numberOf(c), changeNo, answer });
        const what = answer.kind === "accepted" ? "Ni har tackat ja till beställningen" : "Ni har tackat nej";
        return await done(
          c,
          `${path}/${c.req.param("id")}`,
          `${what}. Kommunen ser svaret. Det kom in ${formatLocal(at)}.`,
        );
      } catch (error) {
        const refusal = error instanceof AppError ? refusals[error.code] : undefined;
        if (refusal === undefined) throw error;
        return c.html(await orderPage(c, { refusal, given }), 409);
      }
    });
}

const refusals: Readonly<Record<string, string>> = {
  "order.changed": "Beställningen har ändrats medan du läste. Läs vad den säger nu och svara sedan igen.",
  "order.gone": "Beställningen gäller inte längre. Det finns inget att svara på.",
  "order.answer-refused": "Den planerade starten ligger efter beställningens sista dag. Välj en tidigare dag.",
  "text.identity": "Texten innehåller ett personnummer. Ta bort det: kommunen vet vem beställningen gäller.",
};

/** Nothing is there by a number below 1. */
const ABSENT = -1;
const numberOf = (c: Context<Env>): number =>
  pageIds(c.var.system, c.var.actor).open("order", c.req.param("id") ?? "") ?? ABSENT;

/** The answer that a form gives, or what is missing in it. */
function answerOf({ svar, start, orsak, text }: Said): OrderAnswer | string {
  if (svar === "declined") {
    if (orsak === "") return "Välj varför ni tackar nej.";
    if (orsak === "other" && text.trim() === "") return "Skriv i texten varför ni tackar nej.";
    return { kind: svar, reason: orsak, text };
  }
  const plannedStart = start === "" ? undefined : parseDate(start);
  return plannedStart === null ? "Skriv planerad start som 2026-10-12." : { kind: svar, plannedStart, text };
}

const periodText = ({ validFrom, validTo }: { validFrom: Day; validTo: Day | null }): string =>
  `${formatDay(validFrom)} – ${validTo === null ? "tills vidare" : formatDay(validTo)}`;

function stateTag({ gone, waits, acknowledgement, changes, status }: InboxOrder): Html {
  if (gone !== null) return tag(goneNames[gone] ?? gone);
  if (waits) return tag(acknowledgement === null ? "väntar på svar" : "ändrad, väntar på svar", "info");
  if (acknowledgement?.kind === "declined") return tag("ni har tackat nej");
  if (changes.length > 0) return tag("ändrad", "info");
  if (acknowledgement?.kind === "accepted") return tag("ni har tackat ja", "success");
  return tag(orderStatusNames[status] ?? status);
}

const per: Readonly<Record<string, string>> = { once: "totalt", fortnight: "på två veckor" };
const weekdays = ["må", "ti", "on", "to", "fr", "lö", "sö"];

function oftenText({ times, per: unit, weekdays: on, partOfDay }: OwnLine): string {
  const often = `${times} gång${times === 1 ? "" : "er"} ${per[unit] ?? `per ${codeNames[unit] ?? unit}`}`;
  const days = on === null || on.length === 0 ? null : on.map((weekday) => weekdays[weekday - 1] ?? "").join(", ");
  return [often, days, partOfDay === null ? null : (codeNames[partOfDay] ?? partOfDay)]
    .filter((text) => text !== null)
    .join(", ");
}

const linesTable = (caption: string, lines: readonly OwnLine[]): Html =>
  dataTable(
    caption,
    [
      { title: "Insats" },
      { title: "Minuter varje gång", kind: "number" },
      { title: "Hur ofta" },
      { title: "Personal samtidigt", kind: "number" },
    ],
    lines.map((line) => [line.service.name ?? line.service.code, line.minutes, oftenText(line), line.staffing]),
    "Beställningen har inga rader.",
  );

function personText({ person, gone }: OwnOrderDetail): Html | string {
  if (person === null)
    return gone === "moved" ? "En annan utförare har brukaren nu." : "Visas bara medan beställningen gäller.";
  if (person.protected) return "Skyddade personuppgifter. Kommunen berättar på annat sätt.";
  const number = person.personalIdentityNumber;
  return [person.name ?? "Namnet är okänt", number].filter((text) => text !== null).join(", ");
}

const answerText = ({ kind, reason, plannedStart, text, at, current }: OwnAcknowledgement): Html => {
  const what =
    kind === "accepted"
      ? `Ja${plannedStart === null ? "" : `, planerad start ${formatDay(plannedStart)}`}`
      : `Nej: ${reason === null ? "" : declineReasons[reason].toLowerCase()}`;
  return html`${formatLocal(at)}: ${what}${current ? "" : " (beställningen har ändrats sedan dess)"}
  ${text === null ? "" : html`<pre>${text}</pre>`}`;
};

async function orderPage(c: Context<Env>, refused?: { refusal: string; given: Said }): Promise<Html> {
  const order = await showOwnOrder(c.var.system, c.var.actor, numberOf(c));
  const { reference, status, gone, unit, versions, acknowledgements } = order;
  const now = versions.at(-1);
  const older = versions.slice(0, -1).toReversed();
  const body = html`<p class="quiet screen"><a class="ds-link" href="${path}">Alla beställningar</a></p>
    ${
      refused === undefined
        ? ""
        : html`<div class="ds-alert" data-color="warning" role="alert"><p>${refused.refusal}</p></div>`
    }
    <dl>
      <dt>Brukare</dt>
      <dd>${personText(order)}</dd>
      <dt>Enhet</dt>
      <dd>${unit.name ?? unit.id}</dd>
      <dt>Gäller</dt>
      <dd>${periodText(order)}</dd>
      <dt>Läge i kommunens system</dt>
      <dd>${gone === null ? (orderStatusNames[status] ?? status) : (goneNames[gone] ?? gone)}</dd>
    </dl>
    ${now === undefined ? "" : linesTable("Det här är beställt", now.lines)}
    ${gone === null && c.var.actor.permissions.has("orders:acknowledge") ? answerForm(c, order, refused?.given) : ""}
    <h2>Era svar</h2>
    ${
      acknowledgements.length === 0
        ? html`<p class="empty">Ni har inte svarat här.</p>`
        : html`<ul>
            ${acknowledgements.map((one) => html`<li>${answerText(one)}</li>`)}
          </ul>`
    }
    ${
      older.length === 0
        ? ""
        : html`<h2>Så här sa beställningen tidigare</h2>
            ${older.map(
              (version) =>
                html`<p>
                    Kom ${formatLocal(version.receivedAt)}: ${orderStatusNames[version.status] ?? version.status},
                    ${version.validFrom} – ${version.validTo ?? "tills vidare"}.
                  </p>
                  ${linesTable(`Beställt enligt versionen från ${formatLocal(version.receivedAt)}`, version.lines)}`,
            )}`
    }`;
  return layout(c, { title: `Beställning ${reference}`, path, body });
}

function answerForm(c: Context<Env>, { no, changeNo }: OwnOrderDetail, given?: Said): Html {
  const ids = pageIds(c.var.system, c.var.actor);
  const action = `${path}/${ids.seal("order", no)}/svar`;
  const andring = ids.seal("version", changeNo);
  return html`<h2 id="svara">Svara</h2>
    <p>Svaret gäller beställningen som den står här. Ni kan svara igen; det sista svaret gäller.</p>
    <div class="row">
      <section>
        <h3>Tacka ja</h3>
        ${form(
          c,
          action,
          html`${hidden({ andring, svar: "accepted" })}
            <div class="column">
              ${input({ name: "start", label: "Planerad start", type: "date", value: given?.start })}
              ${textArea({ name: "text", id: "ja-text", label: "Hälsning till kommunen, utan personnummer", rows: 2, maxLength: 2000, value: given?.svar === "accepted" ? given.text : undefined })}
              ${button("Tacka ja")}
            </div>`,
        )}
      </section>
      <section>
        <h3>Tacka nej</h3>
        ${form(
          c,
          action,
          html`${hidden({ andring, svar: "declined" })}
            <div class="column">
              ${selectField("orsak", "Varför", [
                { value: "", text: "Välj" },
                ...Object.entries(declineReasons).map(([value, text]) => ({
                  value,
                  text,
                  chosen: given?.orsak === value,
                })),
              ])}
              ${textArea({ name: "text", id: "nej-text", label: "Förklaring, utan personnummer", rows: 2, maxLength: 2000, value: given?.svar === "declined" ? given.text : undefined })}
              ${button("Tacka nej", "secondary")}
            </div>`,
        )}
      </section>
    </div>`;
}
