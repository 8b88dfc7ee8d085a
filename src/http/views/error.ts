import { html } from "hono/html";
import { type Html, layout } from "./layout.ts";

export function errorPage(municipality: string, title: string, text: string): Html {
  return layout({ title, path: "", municipality, body: html`<p>${text}</p>` });
}
