import { html } from "hono/html";
import { type Day, formatDay, formatLocal, formatOre } from "#model";
import {
  type CaseEvent,
  type CaseRow,
  caseStateNames,
  eventNames,
  outcomeTexts,
  type ShownCase,
  standingFirst,
} from "#operations";
import { type Html, inOwnWords } from "../html.ts";
import { dataTable, hours } from "../layout.ts";
import { tag } from "../state.ts";
import { findingBody, findingList } from "./finding.ts";
import { findingsText, heardText, judgeForm, type StepForms, stepList, talkForms } from "./steps.ts";
import { dueText, levelTag, type Names, outcomeTitle, period, providerText, stateTag, subjectText } from "./words.ts";

/** A case as a page: what is claimed and why on the left, what it is and what can be done on the right. */
export function caseBody(
  shown: ShownCase,
  {
    names,
    forms,
    chosen,
    pictures,
    recordPage,
    reveal,
  }: {
    names: Names;
    forms: StepForms;
    chosen: string | undefined;
    pictures: Html;
    recordPage: number;
    reveal: Html | "";
  },
): Html {
  const finding = shown.list.find(({ id }) => id === chosen) ?? standingFirst(shown.list)[0];
  return html`<p class="quiet screen">
      <a class="ds-link" href="/arenden">Alla ärenden</a> · <a class="ds-link" href="#steg">Vad du kan göra</a> ·
      <a class="ds-link" href="#historik">Historik och kommentarer</a>
    </p>
    ${shown.changedAt === null ? "" : changedNote(shown.changedAt)}
    <div class="beside">
      <div>
        <section aria-labelledby="fynd-alla">
          <h2 id="fynd-alla">Vad ärendet gäller</h2>
          <p>
            ${providerText(shown.provider, names)}, ${lower(subjectText(shown.subject, names))}. ${findingsText(shown)}.
          </p>
          ${findingList(shown, finding)} ${findingPages(shown)}
        </section>
        ${finding === undefined ? "" : html`${findingBody(shown, finding, { names, pictures, recordPage })} ${judgeForm(shown, finding, forms)}`}
        <section aria-labelledby="tidigare">
          <h2 id="tidigare">Tidigare ärenden om samma</h2>
          ${earlier(shown.earlier)}
        </section>
        <section id="historik" aria-labelledby="historik-rubrik">
          <h2 id="historik-rubrik">Historik och kommentarer</h2>
          ${talkForms(shown, forms)} ${attachments(shown)} ${history(shown.events, names)}
        </section>
      </div>
      <aside aria-label="Ärendet i korthet, och vad du kan göra">
        ${facts(shown, names, forms.today)} ${reveal}
        <div class="screen">
          <h2 id="steg">Vad du kan göra</h2>
          ${stepList(shown, forms)}
        </div>
      </aside>
    </div>`;
}

/** The way to the other findings of a case that has many. */
function findingPages({ no, page, pages }: ShownCase): Html | "" {
  if (pages < 2) return "";
  const link = (to: number, text: string): Html =>
    html`<a class="ds-button" data-variant="secondary" href="/arenden/${no}?sida=${to}">${text}</a>`;
  return html`<p class="pages">
    ${page > 1 ? link(page - 1, "Föregående fynd") : ""} ${page < pages ? link(page + 1, "Fler fynd") : ""}
    <span class="quiet">Sida ${page} av ${pages}</span>
  </p>`;
}

const lower = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

const changedNote = (at: number): Html =>
  html`<div class="ds-alert" data-color="info">
    <p>
      Fynd har kommit till, ändrats eller försvunnit sedan någon senast arbetade med ärendet (${formatLocal(at)}). Se
      historiken.
    </p>
  </div>`;

function facts(shown: ShownCase, names: Names, today: Day): Html {
  const rows: Array<readonly [string, Html | string | null]> = [
    ["Status", stateTag(shown.state)],
    ["Beslut", shown.outcome === null ? null : outcomeTitle(shown.outcome)],
    ["Belopp i beslutet", shown.claimOre === null ? null : formatOre(shown.claimOre)],
    ["Nivå", levelTag(shown.level)],
    ["Tilldelat", shown.assignedName ?? "ingen"],
    ["Utförare", providerText(shown.provider, names)],
    ["Gäller", subjectText(shown.subject, names)],
    ["Enheter", shown.units.length === 0 ? null : shown.units.map((id) => names.unit(id)).join(", ")],
    ["Tid", period(shown.firstDay, shown.lastDay)],
    ["I fråga", `${formatOre(shown.stakeOre)} och ${hours(shown.stakeMinutes)}`],
    ["Förklaring", heardText(shown)],
    ["Senast", dueText(shown.dueOn, today)],
    ["Åt sidan till", shown.snoozedUntil === null ? null : formatDay(shown.snoozedUntil)],
    ["Föreslaget av", shown.proposedName],
    ["Beslutat av", shown.decidedAt === null ? null : `${shown.decidedName ?? "–"}, ${formatLocal(shown.decidedAt)}`],
    ["Öppnat", formatLocal(shown.openedAt)],
  ];
  return html`<div class="box">
    <dl>
      ${rows
        .filter(([, value]) => value !== null)
        .map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
    </dl>
  </div>`;
}

function earlier(cases: readonly CaseRow[]): Html {
  return dataTable(
    "Ärenden om samma utförare och samma person, enhet eller källa",
    [
      { title: "Ärende", kind: "short" },
      { title: "Tid", kind: "short" },
      { title: "Status" },
      { title: "Beslut" },
      { title: "Belopp", kind: "number" },
    ],
    cases.map((row) => [
      html`<a class="ds-link" href="/arenden/${row.no}">${row.no}</a>`,
      period(row.firstDay, row.lastDay),
      stateTag(row.state),
      row.outcome === null ? null : outcomeTitle(row.outcome),
      row.stakeOre === 0 ? null : formatOre(row.stakeOre),
    ]),
    "Det finns inga. Det här är det första ärendet om samma utförare och samma person, enhet eller källa.",
  );
}

const kilobytes = (bytes: number): string =>
  bytes < 1_000_000
    ? `${Math.max(1, Math.round(bytes / 1000))} kB`
    : `${(bytes / 1_000_000).toFixed(1).replace(".", ",")} MB`;

function attachments({ no, attachments: files }: ShownCase): Html | "" {
  if (files.length === 0) return "";
  return html`<h3>Bilagor</h3>
    <ul>
      ${files.map(
        ({ id, name, bytes, at, byName }) =>
          html`<li>
            <a class="ds-link" href="/arenden/${no}/bilagor/${id}">${inOwnWords(name)}</a>
            <small>${kilobytes(bytes)}, ${byName}, ${formatLocal(at)}</small>
          </li>`,
      )}
    </ul>`;
}

const textNames: Readonly<Record<string, string>> = {
  comment: "",
  reason: "Skäl: ",
  note: "",
  motivation: "Motivering: ",
  legalAnalysis: "Rättslig bedömning: ",
  question: "Fråga: ",
  letter: "",
  answer: "",
  from: "Från: ",
};

/** The newest first; a letter is one press away. */
function history(events: readonly CaseEvent[], names: Names): Html {
  return html`<ol class="history" reversed>
    ${events
      .toSorted((a, b) => b.id - a.id)
      .map((event) => {
        const { letter, ...texts } = event.texts;
        return html`<li>
          <strong>${eventNames[event.kind] ?? event.kind}</strong> ${detail(event, names)}
          <small>${event.byName}, ${formatLocal(event.at)}</small>
          ${Object.entries(texts).map(([kind, text]) => html`<p>${textNames[kind] ?? ""}${inOwnWords(text)}</p>`)}
          ${
            letter === undefined
              ? ""
              : html`<details class="plain">
                  <summary>Visa brevet</summary>
                  <pre>${letter}</pre>
                </details>`
          }
        </li>`;
      })}
  </ol>`;
}

/** What an event says beside its kind: states, outcome, days and numbers. */
function detail({ data }: CaseEvent, names: Names): Html | "" {
  const { to, outcome, until, dueOn, claimOre, findings, name, rules } = data;
  const parts = [
    ...(typeof outcome === "string" && outcome in outcomeTexts
      ? [outcomeTexts[outcome as keyof typeof outcomeTexts].title]
      : []),
    ...(typeof claimOre === "number" ? [formatOre(claimOre)] : []),
    ...(typeof name === "string" ? [`till ${name}`] : []),
    ...(typeof until === "number" ? [`till ${formatDay(until)}`] : []),
    ...(typeof dueOn === "number" ? [`senast ${formatDay(dueOn)}`] : []),
    ...(typeof findings === "number"
      ? [`${findings} fynd`]
      : Array.isArray(findings)
        ? [`${findings.length} fynd`]
        : []),
    ...(Array.isArray(rules) ? [rules.map((id) => names.rule(String(id))).join(", ")] : []),
  ];
  const state =
    typeof to === "string" && to in caseStateNames ? tag(caseStateNames[to as keyof typeof caseStateNames]) : "";
  return html`${parts.join(", ")} ${state}`;
}
