import { type Context } from "hono";
import { html } from "hono/html";
import type { Env } from "../served.ts";
import { button, group, hidden, input, tick } from "./fields.ts";
import { form } from "./form.ts";
import type { Html } from "./html.ts";
import { selectField } from "./layout.ts";

const reasonField = (id: string): Html =>
  input({
    name: "skal",
    id: `${id}-skal`,
    label: "Varför du tar ut det. Det sparas i loggen",
    required: true,
    extra: { minlength: "5", maxlength: "200", autocomplete: "off" },
  });

/** Takes out a list as a file, as `kept` selects it. */
export const listExport = (c: Context<Env>, action: string, kept: Readonly<Record<string, string>>): Html =>
  html`<details class="ds-details screen">
    <summary>Ta ut listan</summary>
    <div>
      ${form(
        c,
        action,
        html`${hidden(kept)}
          <p class="quiet">
            Filen har alla rader som valen ovan släpper igenom, också de på andra sidor. Personer visas med initialer
            och nummer.
          </p>
          <div class="row">
            ${selectField("format", "Slag av fil", [
              { value: "xlsx", text: "Excel" },
              { value: "csv", text: "CSV" },
            ])}
            ${reasonField("lista")} ${button("Ta ut", "secondary")}
          </div>`,
      )}
    </div>
  </details>`;

/** Takes out a provider's month, or one order line of it. */
export function statementExport(
  c: Context<Env>,
  { manad, utforare, rad }: { manad: string; utforare: string; rad?: string | undefined },
): Html {
  const named = c.var.actor.permissions.has("persons:reveal");
  return html`<details class="ds-details screen">
    <summary>Ta ut underlaget</summary>
    <div>
      ${form(
        c,
        "/avrakning/underlag/export",
        html`${hidden({ manad, utforare, ...(rad === undefined ? {} : { rad }) })}
          <p class="quiet">
            Filen har alla insatser, också de på andra sidor. Personer står med
            ${named ? "sina nummer i källan; den som har skyddade uppgifter gör det inte." : "initialer och nummer."}
          </p>
          <div class="row">
            ${selectField("format", "Slag av fil", [
              { value: "pdf", text: "PDF" },
              { value: "xlsx", text: "Excel" },
              { value: "csv", text: "CSV" },
            ])}
            ${reasonField("underlag")} ${button("Ta ut", "secondary")}
          </div>`,
      )}
    </div>
  </details>`;
}

/** Takes out a case. Only what the reader may take out is offered. */
export function caseExport(c: Context<Env>, no: string): Html | "" {
  const { permissions } = c.var.actor;
  if (!permissions.has("exports:make")) return "";
  const named = permissions.has("persons:reveal");
  const kinds = [
    ...(named
      ? ([
          ["document", "Till akten", "PDF/A med namn och personnummer."],
          ["archive", "Till polis eller domstol", "ZIP med alla poster, brev, bilagor och åtkomstlogg."],
        ] as const)
      : []),
    ["masked", "Maskerat, för utlämnande", "PDF/A utan namn, id, adresser, positioner, fritext och bilagor."],
  ] as const;
  return html`<details class="ds-details screen">
    <summary>Ta ut ärendet</summary>
    <div>
      ${form(
        c,
        `/arenden/${no}/export`,
        html`<div class="column">
          ${group(
            "Vad ska filen vara till?",
            html`${kinds.map(([value, label, help], index) =>
              tick({ name: "slag", id: `uttag-${value}`, label, help, value, type: "radio", checked: index === 0 }),
            )}`,
          )}
          ${reasonField("uttag")} ${button("Ta ut", "secondary")}
        </div>`,
      )}
    </div>
  </details>`;
}
