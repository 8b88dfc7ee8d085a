import type { Context } from "hono";
import { html } from "hono/html";
import type { Env } from "../served.ts";
import { type Html, layout } from "./layout.ts";

/** A page that says what happened and what to do now. */
export const errorPage = (c: Context<Env>, title: string, text: string): Html =>
  layout(c, {
    title,
    path: "",
    body: html`<p>${text}</p>
      <p><a class="ds-link" href="/">Till startsidan</a></p>`,
  });
