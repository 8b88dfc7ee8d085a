import type { Context } from "hono";
import { html } from "hono/html";
import type { Env } from "../served.ts";
import { button, hidden, textArea } from "./fields.ts";
import { form } from "./form.ts";
import { type Html, layout } from "./layout.ts";

/** What people write in their own words, by the name of its field. */
const written: Readonly<Record<string, string>> = {
  skal: "Varför",
  reason: "Skäl",
  motivation: "Motivering",
  legalAnalysis: "Rättslig bedömning",
  question: "Fråga",
  text: "Text",
  note: "Anteckning",
  anteckning: "Anteckning",
  resultat: "Resultat",
  name: "Namn",
};

/** A form that was not taken, with what was typed in it, to be mended and sent again. Files have to be chosen anew. */
export function refusedForm(
  c: Context<Env>,
  { title, text }: { title: string; text: string },
  fields: Readonly<Record<string, unknown>>,
): Html {
  const said = Object.entries(fields).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => (typeof one === "string" && name !== "_csrf" ? [[name, one] as const] : [])),
  );
  const kept = said.filter(([name]) => !(name in written));
  const own = said.filter(([name]) => name in written);
  return layout(c, {
    title,
    path: "",
    body: html`<div class="ds-alert" data-color="warning" role="alert"><p>${text}</p></div>
      ${
        own.length === 0
          ? html`<p><a class="ds-link" href="/">Till startsidan</a></p>`
          : form(
              c,
              c.req.path,
              html`<p>Det du skrev finns kvar. Ändra och skicka igen.</p>
                ${kept.map(([name, value]) => hidden({ [name]: value }))}
                <div class="column">
                  ${own.map(([name, value]) => textArea({ name, label: written[name]!, value, rows: 2 }))}
                  ${button("Skicka igen")}
                </div>`,
            )
      }`,
  });
}
