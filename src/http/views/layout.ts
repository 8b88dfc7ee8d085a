import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { formatOre, type Ore } from "#model";

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const navigation = [
  ["/", "Översikt"],
  ["/fynd", "Fynd"],
  ["/avrakning", "Avräkning"],
  ["/kallor", "Källor"],
  ["/karantan", "Karantän"],
] as const;

// Marks of direction and control characters in a source's data could make the page say something else than it does.
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A whole page. `title` is the page's heading as well. */
export async function layout({
  title,
  path,
  municipality,
  body,
}: {
  title: string;
  path: string;
  municipality: string;
  body: Html;
}): Promise<HtmlEscapedString> {
  const page = await html`<!doctype html>
    <html lang="sv">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – Klarsyn ${municipality}</title>
        <link rel="stylesheet" href="/assets/klarsyn.css" />
        <link rel="icon" href="/assets/klarsyn.svg" type="image/svg+xml" />
      </head>
      <body>
        <a class="skip" href="#innehall">Till innehållet</a>
        <header>
          <p class="brand"><a href="/">Klarsyn</a> <span>${municipality}</span></p>
          <nav aria-label="Huvudmeny">
            ${navigation.map(
              ([href, label]) =>
                html`<a href="${href}" ${raw(href === path ? 'aria-current="page"' : "")}>${label}</a>`,
            )}
          </nav>
        </header>
        <main id="innehall">
          <h1>${title}</h1>
          ${body}
        </main>
        <footer><p>Ett fynd är en indikation, aldrig ett bevis. En människa avgör.</p></footer>
      </body>
    </html>`;
  return raw(page.replace(control, "\ufffd"));
}

type Cell = Html | string | number | null;

/** `number` stands to the right, `short` is not broken into lines, `long` keeps some width on a narrow screen. */
export interface Column {
  title: string;
  kind?: "number" | "short" | "long";
}

/** A table that a screen reader and a printer can use. */
export function dataTable(
  caption: string,
  columns: readonly Column[],
  rows: ReadonlyArray<readonly Cell[]>,
  empty: string,
): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const kinds = columns.map(({ kind }) => raw(kind === undefined ? "" : `class="${kind}"`));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(({ title }, index) => html`<th scope="col" ${kinds[index]}>${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, index) => html`<td ${kinds[index]}>${shown(cell)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A choice that is sent with a button, without script. */
export function choice(
  action: string,
  name: string,
  label: string,
  options: ReadonlyArray<{ value: string; text: string; chosen: boolean }>,
): Html {
  return html`<form method="get" action="${action}">
    <label
      >${label}
      <select name="${name}">
        ${options.map(({ value, text, chosen }) => html`<option value="${value}" ${raw(chosen ? "selected" : "")}>${text}</option>`)}
      </select></label
    >
    <button>Visa</button>
  </form>`;
}

/** The choice of a month among those that have figures. */
export function monthChoice(action: string, months: readonly string[], month: string): Html {
  const options = months.map((value) => ({ value, text: value, chosen: value === month }));
  return choice(action, "manad", "Månad", options);
}

/** The way to the next page of a list, where there is one. */
export function nextPage(path: string, query: Readonly<Record<string, string>> | null): Html | "" {
  if (query === null) return "";
  return html`<p class="pages"><a href="${path}?${new URLSearchParams(query).toString()}">Nästa sida</a></p>`;
}

const whole = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 0 });

/** "1 234", for numbers inside other cells. */
export const wholeNumber = (value: number): string => whole.format(value);

function shown(cell: Cell): Html | string {
  if (cell === null) return "–";
  return typeof cell === "number" ? whole.format(cell) : cell;
}

/** "1 234 h 05 min" */
export function hours(minutes: number): string {
  const total = Math.round(minutes);
  return total < 60
    ? `${total} min`
    : `${whole.format(Math.floor(total / 60))} h ${String(total % 60).padStart(2, "0")} min`;
}

export function amount(ore: Ore | null): string | null {
  return ore === null ? null : formatOre(ore);
}

/** An id of a person; Klarsyn's own long ones are cut, and whole where one points. */
export function person(id: string | null): Html | null {
  if (id === null) return null;
  return id.startsWith("pid:") ? html`<span title="${id}">${id.slice(0, 12)}…</span>` : html`${id}`;
}
