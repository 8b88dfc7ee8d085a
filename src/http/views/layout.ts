import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const navigation = [
  ["/", "Översikt"],
  ["/fynd", "Fynd"],
  ["/avrakning", "Avräkning"],
  ["/kallor", "Källor"],
  ["/karantan", "Karantän"],
] as const;

/** A whole page. `title` is the page's heading as well. */
export function layout({
  title,
  path,
  municipality,
  body,
}: {
  title: string;
  path: string;
  municipality: string;
  body: Html;
}): Html {
  return html`<!doctype html>
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
}

/** A table that a screen reader and a printer can use; `columns` marked numeric are set to the right. */
export function dataTable(
  caption: string,
  columns: ReadonlyArray<{ title: string; numeric?: boolean }>,
  rows: ReadonlyArray<ReadonlyArray<Html | string | number | null>>,
  empty: string,
): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(({ title, numeric }) => html`<th scope="col" ${raw(numeric === true ? 'class="number"' : "")}>${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, index) => html`<td ${raw(columns[index]?.numeric === true ? 'class="number"' : "")}>${shown(cell)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const whole = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 0 });

function shown(cell: Html | string | number | null): Html | string {
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
