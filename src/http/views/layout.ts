import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { formatOre, type Ore } from "#model";
import { type Actor, type Permission, roleNames } from "#operations";
import { paths } from "../assets.ts";
import type { Env } from "../served.ts";
import { form } from "./form.ts";
import { inEnglish } from "./in-english.ts";
import type { Html } from "./html.ts";

export type { Html };

const navigation: ReadonlyArray<readonly [path: string, label: string, needs: Permission | null]> = [
  ["/", "Start", null],
  ["/arenden", "Ärenden", "cases:read"],
  ["/fynd", "Fynd", "findings:read"],
  ["/obekraftade", "Obekräftade", "findings:read"],
  ["/bestallningar", "Beställningar", "orders:read"],
  ["/fragor", "Frågor", "own-cases:read"],
  ["/manad", "Er månad", "own-settlement:read"],
  ["/avrakning", "Avräkning", "settlement:read"],
  ["/regler", "Regler", "rules:read"],
  ["/avtal", "Avtal", "contracts:read"],
  ["/larande", "Lärande", "rules:read"],
  ["/granskning", "Granskning", "control:judge"],
  ["/kallor", "Källor", "sources:read"],
  ["/karantan", "Karantän", "quarantine:read"],
  ["/identiteter", "Identiteter", "aliases:read"],
  ["/mottagare", "Mottagare", "endpoints:read"],
  ["/program", "Program", "api-clients:read"],
  ["/anvandare", "Användare", "users:read"],
  ["/logg", "Åtkomstlogg", "log:read"],
];

/** How the pages look: as the device says, or as somebody has chosen. */
export const appearances = { auto: "Som enheten", light: "Ljust", dark: "Mörkt" } as const;
export const appearanceCookie = "utseende";
/** The application's own words; what rules, sources and people say is in Swedish. */
export const languages = ["sv", "en"] as const;
export const languageCookie = "sprak";

// Marks of direction and control characters in a source's data could make the page say something else than it does.
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// The templates' own indentation, which is a third of a long page; not inside what shows its line breaks.
const indentation = /(<(pre|textarea)\b.*?<\/\2>)|\n\s+/gs;

/** A whole page. `title` is the page's heading as well; `lead` stands under it. */
export async function layout(
  c: Context<Env>,
  { title, path, body, lead }: { title: string; path: string; body: Html; lead?: Html | string },
): Promise<HtmlEscapedString> {
  const chosen = getCookie(c, appearanceCookie);
  const scheme = chosen === "light" || chosen === "dark" ? chosen : "auto";
  const page = await html`<!doctype html>
    <html lang="sv" data-color-scheme="${scheme}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – Klarsyn ${c.var.system.municipality}</title>
        <link rel="stylesheet" href="${paths.system}" />
        ${scheme === "light" ? "" : html`<link rel="stylesheet" href="${paths.dark}" ${raw(scheme === "dark" ? "" : 'media="(prefers-color-scheme: dark)"')} />`}
        <link rel="stylesheet" href="${paths.style}" />
        <link rel="icon" href="${paths.icon}" type="image/svg+xml" />
        <script type="module" src="${paths.script}"></script>
      </head>
      <body data-size="sm">
        <a class="ds-skip-link" href="#innehall">Till innehållet</a>
        ${top(c, path)}
        <main id="innehall" tabindex="-1">
          <h1 class="ds-heading" data-size="md">${title}</h1>
          ${lead === undefined ? "" : html`<p class="lead">${lead}</p>`} ${flash(c)} ${body}
        </main>
        <footer>
          <p>Ett fynd är en indikation, aldrig ett bevis. En människa avgör.</p>
          <ul>
            <li><a class="ds-link" href="/tillganglighet">Tillgänglighet</a></li>
            <li><a class="ds-link" href="/tillganglighet#tangenter" data-key="?">Snabbtangenter</a></li>
            <li>${appearanceChoice(c, scheme)}</li>
            <li>${languageChoice(c)}</li>
          </ul>
        </footer>
      </body>
    </html>`;
  const text = page.replace(control, "\ufffd").replace(indentation, (_, kept?: string) => kept ?? "\n");
  if (getCookie(c, languageCookie) !== "en") return raw(text);
  return raw(inEnglish(text, new Map(c.var.system.rules.map(({ title: { sv, en } }) => [sv, en]))));
}

function top(c: Context<Env>, path: string): Html {
  // Nobody is signed in on the pages that lead there.
  const actor = c.get("actor") as Actor | undefined;
  const brand = html`<p class="brand"><a href="/">Klarsyn</a> <span>${c.var.system.municipality}</span></p>`;
  if (actor === undefined) return html`<header>${brand}</header>`;
  const shown = navigation.filter(([, , needs]) => needs === null || actor.permissions.has(needs));
  return html`<header>
    ${brand}
    <nav aria-label="Huvudmeny">
      <ul>
        ${shown.map(
          ([href, label]) =>
            html`<li><a href="${href}" ${raw(href === path ? 'aria-current="page"' : "")}>${label}</a></li>`,
        )}
      </ul>
    </nav>
    <div class="who">
      <a class="ds-link" href="/konto">${actor.name}, ${roleNames[actor.role].toLowerCase()}</a>
      ${form(c, "/logga-ut", html`<button class="ds-button" data-variant="tertiary">Logga ut</button>`)}
    </div>
  </header>`;
}

/** What the step before has to say. */
function flash(c: Context<Env>): Html | "" {
  const text = c.get("flash") as string | null | undefined;
  return text === null || text === undefined
    ? ""
    : html`<div class="ds-alert" data-color="success" role="status"><p>${text}</p></div>`;
}

function appearanceChoice(c: Context<Env>, scheme: keyof typeof appearances): Html {
  const { pathname, search } = new URL(c.req.url);
  return html`<span id="utseende">Utseende:</span>
    <span role="group" aria-labelledby="utseende">
      ${Object.entries(appearances).map(([value, text]) =>
        value === scheme
          ? html` <strong>${text}</strong>`
          : html` <a
              class="ds-link"
              href="/utseende?${new URLSearchParams({ val: value, till: `${pathname}${search}` }).toString()}"
              >${text}</a
            >`,
      )}
    </span>`;
}

/** The way to the other language, in that language. */
function languageChoice(c: Context<Env>): Html {
  const { pathname, search } = new URL(c.req.url);
  const [value, text] =
    getCookie(c, languageCookie) === "en" ? (["sv", "Svenska"] as const) : (["en", "English"] as const);
  return html`<a
    class="ds-link"
    hreflang="${value}"
    href="/sprak?${new URLSearchParams({ val: value, till: `${pathname}${search}` }).toString()}"
    ><span lang="${value}">${text}</span></a
  >`;
}

export type Cell = Html | string | number | null;

/** `number` stands to the right, `short` is not broken into lines, `long` keeps some width on a narrow screen. */
export interface Column {
  title: string;
  kind?: "number" | "short" | "long";
  /** Of a column that the list can be sorted by: the way to that order, and the order that it has now. */
  sort?: { href: string; now: "ascending" | "descending" | "none" };
}

/** A table that a screen reader and a printer can use. */
export function dataTable(
  caption: string,
  columns: readonly Column[],
  rows: ReadonlyArray<readonly Cell[]>,
  empty: string,
): Html {
  if (rows.length === 0) return emptyState(empty);
  const kinds = columns.map(({ kind }) => raw(kind === undefined ? "" : ` class="${kind}"`));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table class="ds-table">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((column, index) => headCell(column, kinds[index]))}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, index) => html`<td${kinds[index]}>${shown(cell)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const arrows = { ascending: " ▲", descending: " ▼", none: "" } as const;

function headCell({ title, sort }: Column, kind: HtmlEscapedString | undefined): Html {
  if (sort === undefined) return html`<th scope="col" ${kind}>${title}</th>`;
  const order = raw(sort.now === "none" ? "" : ` aria-sort="${sort.now}"`);
  return html`<th scope="col" ${kind} ${order}>
    <a class="ds-link" href="${sort.href}">${title}<span aria-hidden="true">${arrows[sort.now]}</span></a>
  </th>`;
}

/** What stands where there is nothing to show: why, and what to do. */
export const emptyState = (text: Html | string): Html => html`<p class="empty">${text}</p>`;

/** A choice that is sent with a button, without script. */
export function choice(
  action: string,
  name: string,
  label: string,
  options: ReadonlyArray<{ value: string; text: string; chosen: boolean }>,
): Html {
  return html`<form method="get" action="${action}" class="row">
    ${selectField(name, label, options)}
    <button class="ds-button" data-variant="secondary">Visa</button>
  </form>`;
}

/** A labelled list to choose from. */
export function selectField(
  name: string,
  label: string,
  options: ReadonlyArray<{ value: string; text: string; chosen?: boolean }>,
): Html {
  return html`<div class="ds-field">
    <label class="ds-label" for="f-${name}">${label}</label>
    <select class="ds-input" data-width="auto" id="f-${name}" name="${name}">
      ${options.map(({ value, text, chosen }) => html`<option value="${value}" ${raw(chosen === true ? "selected" : "")}>${text}</option>`)}
    </select>
  </div>`;
}

/** The choice of a month among those that have figures. */
export function monthChoice(action: string, months: readonly string[], month: string): Html {
  const options = months.map((value) => ({ value, text: value, chosen: value === month }));
  return choice(action, "manad", "Månad", options);
}

/** The way to the next page of a list, where there is one. */
export function nextPage(path: string, query: Readonly<Record<string, string>> | null): Html | "" {
  if (query === null) return "";
  return html`<p class="pages">
    <a class="ds-button" data-variant="secondary" href="${path}?${new URLSearchParams(query).toString()}">Nästa sida</a>
  </p>`;
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
