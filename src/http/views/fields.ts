import { html, raw } from "hono/html";
import type { Html } from "./html.ts";

/** What a field of a form says beside its label. Ids are made of `id`, else of `name`: one of them is unique on a page. */
interface Field {
  name: string;
  label: string;
  id?: string;
  help?: string;
  value?: string | undefined;
  required?: boolean;
}

const idOf = ({ id, name }: Field): string => `f-${id ?? name}`;
const flags = ({ required, help, ...field }: Field): Html =>
  html`${raw(required === true ? "required" : "")}
  ${raw(help === undefined ? "" : `aria-describedby="${idOf(field)}-h"`)}`;

function around(field: Field, input: Html): Html {
  const { label, help, required = false } = field;
  return html`<div class="ds-field">
    <label class="ds-label" for="${idOf(field)}">${label}${required ? "" : html` <small>(frivilligt)</small>`}</label>
    ${help === undefined ? "" : html`<p data-field="description" id="${idOf(field)}-h">${help}</p>`} ${input}
  </div>`;
}

export const textArea = (field: Field & { rows?: number; maxLength?: number }): Html =>
  around(
    field,
    html`<textarea
      class="ds-input"
      id="${idOf(field)}"
      name="${field.name}"
      rows="${field.rows ?? 3}"
      maxlength="${field.maxLength ?? 10_000}"
      ${flags(field)}
    >
${field.value ?? ""}</textarea>`,
  );

export const input = (
  field: Field & { type?: "text" | "date" | "number" | "search" | "file"; extra?: Readonly<Record<string, string>> },
): Html =>
  around(
    field,
    html`<input
      class="ds-input"
      type="${field.type ?? "text"}"
      id="${idOf(field)}"
      name="${field.name}"
      value="${field.value ?? ""}"
      ${Object.entries(field.extra ?? {}).map(([key, value]) => html` ${raw(key)}="${value}"`)}
      ${flags(field)}
    />`,
  );

/** A box to tick, or one of several to choose. */
export const tick = ({
  name,
  label,
  value,
  id = `${name}-${value}`,
  checked = false,
  type = "checkbox",
  help,
}: Omit<Field, "value"> & { value: string; checked?: boolean; type?: "checkbox" | "radio" }): Html =>
  html`<div class="ds-field">
    <input
      class="ds-input"
      type="${type}"
      id="f-${id}"
      name="${name}"
      value="${value}"
      ${raw(checked ? "checked" : "")}
      ${raw(help === undefined ? "" : `aria-describedby="f-${id}-h"`)}
    />
    <label class="ds-label" for="f-${id}">${label}</label>
    ${help === undefined ? "" : html`<p data-field="description" id="f-${id}-h">${help}</p>`}
  </div>`;

export const hidden = (values: Readonly<Record<string, string | number>>): Html =>
  html`${Object.entries(values).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}`;

export const button = (text: string, variant: "primary" | "secondary" | "tertiary" = "primary", key?: string): Html =>
  html`<button class="ds-button" data-variant="${variant}" ${raw(key === undefined ? "" : `data-key="${key}"`)}>
    ${text}
  </button>`;

export const group = (legend: string, inside: Html): Html =>
  html`<fieldset class="ds-fieldset">
    <legend class="ds-label">${legend}</legend>
    ${inside}
  </fieldset>`;
