import { html, raw } from "hono/html";
import { formatDay, type Day } from "#model";
import {
  type CaseFinding,
  caseOutcomes,
  dispositions,
  type OutcomeName,
  outcomeTexts,
  type PossibleStep,
  refusalTexts,
  type ShownCase,
  stepNames,
} from "#operations";
import { button, group, hidden, input, textArea, tick } from "../fields.ts";
import type { Html } from "../html.ts";
import { selectField } from "../layout.ts";
import { counted } from "./words.ts";

/** What somebody has typed before, to be kept where the case had changed meanwhile. */
export type Typed = Readonly<Record<string, string | readonly string[]>>;

export interface StepForms {
  /** A form with the session's token. */
  form: (action: string, body: Html, options?: { files?: boolean }) => Html;
  today: Day;
  colleagues: ReadonlyArray<{ id: string; name: string }>;
  typed: Typed;
}

/** Paths of the steps under a case. */
export const stepPaths = {
  take: "ta",
  assign: "tilldela",
  comment: "kommentar",
  attach: "bilaga",
  judge: "bedomning",
  snooze: "at-sidan",
  wake: "ta-fram",
  "request-explanation": "begar-forklaring",
  "receive-explanation": "forklaring",
  propose: "forslag",
  approve: "godkann",
  reject: "avsla",
  withdraw: "ta-tillbaka",
  close: "avsluta",
  reopen: "oppna",
} as const satisfies Record<PossibleStep["kind"], string>;

/** The step that usually comes next stands open. */
const usual: ReadonlyArray<PossibleStep["kind"]> = ["approve", "take", "receive-explanation", "propose", "close"];

/** All that can be done with the case now, each behind a lid of its own. */
export function stepList(shown: ShownCase, forms: StepForms): Html {
  const apart = new Set<PossibleStep["kind"]>(["judge", "comment", "attach"]);
  const steps = shown.steps.filter(({ kind }) => !apart.has(kind));
  if (steps.length === 0)
    return html`<p class="quiet">Du kan läsa ärendet. Din roll, eller ärendets status, tillåter inget annat nu.</p>`;
  const typedFor = forms.typed["step"];
  const next =
    steps.find(({ kind }) => kind === typedFor) ??
    usual.flatMap((kind) => steps.filter((step) => step.kind === kind))[0];
  return html`${steps.map((step) => {
    const body = stepBody(shown, step, forms);
    // What needs no words is one press.
    if (body === null)
      return action(
        shown,
        step.kind,
        forms,
        html`${button(stepNames[step.kind], step === next ? "primary" : "secondary")}`,
      );
    return html`<details
      class="ds-details"
      ${raw(step === next && step.kind !== "propose" ? "open" : "")}
      id="steg-${step.kind}"
    >
      <summary>${stepNames[step.kind]}</summary>
      <div class="column">
        ${action(shown, step.kind, forms, html`<div class="column">${body} ${button(stepNames[step.kind])}</div>`)}
      </div>
    </details>`;
  })}`;
}

function action(
  { no, version }: ShownCase,
  kind: PossibleStep["kind"],
  { form }: StepForms,
  body: Html,
  files = false,
): Html {
  return html`<div class="step">
    ${form(`/arenden/${no}/${stepPaths[kind]}`, html`${hidden({ version })}${body}`, { files })}
  </div>`;
}

function typed({ typed: all }: StepForms, step: PossibleStep["kind"], name: string): string | undefined {
  const value = all["step"] === step ? all[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

const inDays = (today: Day, days: number): string => formatDay(today + days);

function stepBody(shown: ShownCase, step: PossibleStep, forms: StepForms): Html | null {
  const { today } = forms;
  const kept = (name: string): string | undefined => typed(forms, step.kind, name);
  const id = (name: string): string => `${step.kind}-${name}`;
  switch (step.kind) {
    case "take":
    case "wake":
    case "withdraw":
    case "comment":
    case "attach":
    case "judge":
      return null;
    case "approve":
      return html`<p>
          ${shown.proposedName ?? "En kollega"} föreslår
          <strong>${shown.outcome === null ? "" : outcomeTexts[shown.outcome].title.toLowerCase()}</strong>. Läs ärendet
          och motiveringen i historiken innan du godkänner.
        </p>
        ${textArea({ name: "note", id: id("note"), label: "Anteckning", rows: 2, value: kept("note") })}`;
    case "assign":
      return html`${selectField(
        "to",
        "Handläggare",
        [{ value: "", text: "Ingen" }, ...forms.colleagues.map((one) => ({ value: one.id, text: one.name }))].map(
          (option) => ({
            ...option,
            chosen: option.value === (kept("to") ?? shown.assignedTo ?? ""),
          }),
        ),
      )}`;
    case "snooze":
      return html`${textArea({ name: "reason", id: id("reason"), label: "Skäl", required: true, value: kept("reason") })}
      ${input({
        name: "until",
        id: id("until"),
        label: "Till och med",
        type: "date",
        required: true,
        value: kept("until") ?? inDays(today, 14),
        extra: { min: inDays(today, 1) },
      })}`;
    case "request-explanation":
      return requestBody(shown, forms);
    case "receive-explanation":
      return html`${input({ name: "from", id: id("from"), label: "Vem svarade?", help: "Roll, inte namn: till exempel enhetschefen.", value: kept("from") })}
      ${textArea({
        name: "answer",
        id: id("answer"),
        label: "Utförarens förklaring",
        help: "Skriv av eller sammanfatta. Ett brev eller en fil kan du bifoga.",
        required: true,
        rows: 5,
        value: kept("answer"),
      })}`;
    case "propose":
      return proposeBody(shown, step, forms);
    case "reject":
      return textArea({
        name: "reason",
        id: id("reason"),
        label: "Varför avslår du förslaget?",
        required: true,
        value: kept("reason"),
      });
    case "close":
      return textArea({
        name: "note",
        id: id("note"),
        label: "Vad har gjorts?",
        help: "Till exempel att beloppet är betalt eller att åtgärden är genomförd.",
        required: true,
        value: kept("note"),
      });
    case "reopen":
      return textArea({
        name: "reason",
        id: id("reason"),
        label: "Varför öppnas ärendet igen?",
        required: true,
        value: kept("reason"),
      });
  }
}

const shownParts = [
  ["evidence", "Vad fyndet bygger på", true],
  ["records", "Posterna", true],
  ["client", "Brukaren, med initialer och nummer", false],
  ["staff", "Personalen, med initialer och nummer", false],
] as const;

function requestBody(shown: ShownCase, forms: StepForms): Html {
  const kept = (name: string): string | undefined => typed(forms, "request-explanation", name);
  const standing = shown.list.filter(({ goneAt }) => goneAt === null);
  return html`<p>
      Ett brev till utföraren görs av det du väljer, och sparas i historiken.
      <button class="ds-link" formaction="/arenden/${shown.no}/brev">Visa brevet först</button>
    </p>
    ${group(
      "Fynd som utföraren ska förklara",
      html`${standing.map((finding) =>
        tick({
          name: "finding",
          id: `brev-${finding.id}`,
          label: `${finding.rule.title}, ${formatDay(finding.fromDay)}`,
          value: finding.id,
          checked: true,
        }),
      )}`,
    )}
    ${group(
      "Vad utföraren får se, utöver påståendet",
      html`${shownParts.map(([value, label, checked]) => tick({ name: "show", id: `visa-${value}`, label, value, checked }))}`,
    )}
    ${textArea({ name: "question", id: "brev-fraga", label: "Vad vill du veta?", required: true, rows: 4, value: kept("question") ?? "Hur gick det till? Skicka det som styrker er förklaring." })}
    ${input({ name: "dueOn", id: "brev-dag", label: "Svar senast", type: "date", required: true, value: kept("dueOn") ?? inDays(forms.today, 21), extra: { min: inDays(forms.today, 1) } })}`;
}

function proposeBody(shown: ShownCase, step: PossibleStep, forms: StepForms): Html {
  const kept = (name: string): string | undefined => typed(forms, "propose", name);
  const offered = step.outcomes ?? [];
  const possible = offered.filter(({ refused }) => refused === null);
  const waiting = offered.filter(({ refused }) => refused !== null);
  const needs = (part: "amount" | "deadline" | "legalAnalysis"): OutcomeName[] =>
    possible.filter(({ name }) => caseOutcomes[name][part]).map(({ name }) => name);
  const of = (names: readonly OutcomeName[]): string =>
    new Intl.ListFormat("sv-SE").format(names.map((name) => outcomeTexts[name].title.toLowerCase()));
  return html`${group(
    "Beslut",
    html`${possible.map(({ name }) =>
      tick({
        name: "outcome",
        id: `utfall-${name}`,
        label: outcomeTexts[name].title,
        help: outcomeTexts[name].means,
        value: name,
        type: "radio",
        checked: kept("outcome") === name,
      }),
    )}`,
  )}
  ${
    waiting.length === 0
      ? ""
      : html`<p class="quiet">${refusalTexts["not-heard"]} Det gäller ${of(waiting.map(({ name }) => name))}.</p>`
  }
  ${textArea({ name: "motivation", id: "motivering", label: "Motivering", required: true, rows: 5, value: kept("motivation"), help: "Vad som har kommit fram, vad utföraren har svarat och varför det leder till beslutet." })}
  ${
    needs("amount").length === 0
      ? ""
      : input({
          name: "kronor",
          id: "belopp",
          label: "Belopp i kronor",
          help: `Behövs för ${of(needs("amount"))}.`,
          value: kept("kronor") ?? (shown.stakeOre / 100).toFixed(2).replace(".", ","),
          extra: { inputmode: "decimal", size: "12" },
        })
  }
  ${
    needs("deadline").length === 0
      ? ""
      : input({
          name: "dueOn",
          id: "atgard-dag",
          label: "Klart senast",
          type: "date",
          help: `Behövs för ${of(needs("deadline"))}.`,
          value: kept("dueOn"),
          extra: { min: inDays(forms.today, 1) },
        })
  }
  ${
    needs("legalAnalysis").length === 0
      ? ""
      : textArea({
          name: "legalAnalysis",
          id: "rattslig",
          label: "Rättslig bedömning",
          help: `Behövs för ${of(needs("legalAnalysis"))}.`,
          rows: 4,
          value: kept("legalAnalysis"),
        })
  }`;
}

/** What a person takes one finding for; for those whom the case lets. */
export function judgeForm(shown: ShownCase, finding: CaseFinding, forms: StepForms): Html | "" {
  if (!shown.steps.some(({ kind }) => kind === "judge")) return "";
  return html`<h3>Din bedömning av fyndet</h3>
    <p class="quiet">Regeln lär sig av den. Utan egen bedömning räknas fyndet som ärendets beslut säger.</p>
    ${action(
      shown,
      "judge",
      forms,
      html`${hidden({ finding: finding.id })}
        <div class="row">
          ${group(
            "Fyndet är",
            html`<div class="row">
              ${Object.entries(dispositions).map(([value, label]) =>
                tick({
                  name: "judgement",
                  id: `bedom-${value}`,
                  label: label.toLowerCase(),
                  value,
                  type: "radio",
                  checked: finding.judgement === value,
                }),
              )}
              ${tick({ name: "judgement", id: "bedom-ingen", label: "som beslutet säger", value: "", type: "radio", checked: finding.judgement === null })}
            </div>`,
          )}
          ${button("Spara bedömningen", "secondary")}
        </div>`,
    )}`;
}

/** A box for a comment and one for a file. */
export function talkForms(shown: ShownCase, forms: StepForms): Html {
  const can = (kind: PossibleStep["kind"]): boolean => shown.steps.some((step) => step.kind === kind);
  return html`${
    can("comment")
      ? action(
          shown,
          "comment",
          forms,
          html`<div class="column">
            ${textArea({ name: "text", id: "kommentar", label: "Kommentar", help: "Skriv inga namn eller personnummer. Använd numren.", required: true, value: typed(forms, "comment", "text") })}
            ${button("Kommentera", "secondary")}
          </div>`,
        )
      : ""
  }
  ${
    can("attach")
      ? action(
          shown,
          "attach",
          forms,
          html`<div class="row">
            ${input({ name: "file", id: "fil", label: "Bifoga fil", type: "file", required: true, help: "PDF, bild, text, Word eller Excel, högst 10 MB." })}
            ${button("Bifoga", "secondary")}
          </div>`,
          true,
        )
      : ""
  }`;
}

/** What is left before somebody decides, in a line. */
export const heardText = ({ heard, explanationDueOn }: ShownCase): string =>
  heard
    ? "Utföraren har förklarat sig."
    : explanationDueOn === null
      ? "Utföraren har inte tillfrågats."
      : `Utföraren ska svara senast ${formatDay(explanationDueOn)}.`;

export const findingsText = ({ findings, gone }: ShownCase): string =>
  `${counted(findings, "fynd står kvar", "fynd står kvar")}${gone === 0 ? "" : `, ${gone} är borta`}`;
