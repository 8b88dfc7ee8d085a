import type { Context } from "hono";
import { html, raw } from "hono/html";
import type { Env } from "../served.ts";
import type { Html } from "./html.ts";

/** A form that changes something; the only way to make one, since it carries the session's token. */
export function form(
  c: { var: Pick<Env["Variables"], "session"> },
  action: string,
  body: Html,
  { files = false }: { files?: boolean } = {},
): Html {
  return html`<form method="post" action="${action}" ${raw(files ? 'enctype="multipart/form-data"' : "")}>
    <input type="hidden" name="_csrf" value="${c.var.session.csrf}" />${body}
  </form>`;
}

/** The answer to a form that has been done: on to a page, which shows `text` once. */
export async function done(c: Context<Env>, path: string, text: string): Promise<Response> {
  await c.var.session.note({ text });
  return c.redirect(path, 303);
}
