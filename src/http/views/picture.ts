import { html, raw } from "hono/html";
import type { Picture } from "#picture";
import { dataTable, type Html } from "./layout.ts";

/** A picture with its words, what its signs stand for, and its figures as a table. `wide` ones scroll in themselves. */
export function figure(picture: Picture, { wide = false }: { wide?: boolean } = {}): Html {
  const { title, alternative, svg, columns, rows, legend } = picture;
  return html`<figure class="picture">
    <figcaption>${title}</figcaption>
    <p>${alternative}</p>
    ${wide ? html`<div class="scroll wide" tabindex="0" role="region" aria-label="${title}, bild">${raw(svg)}</div>` : raw(svg)}
    ${
      legend.length === 0
        ? ""
        : html`<ul class="legend">
            ${legend.map((one) => html`<li>${raw(one.svg)} ${one.text}</li>`)}
          </ul>`
    }
    <details class="plain">
      <summary>Visa som tabell</summary>
      ${dataTable(
        title,
        columns.map((name) => ({ title: name })),
        rows,
        "Ingenting att visa.",
      )}
    </details>
  </figure>`;
}
