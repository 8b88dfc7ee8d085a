import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A file that the pages use. Its name holds a hash of its content, so that it may be kept for ever. */
export interface Asset {
  type: string;
  body: string;
}

const css = "text/css; charset=utf-8";
const svg = "image/svg+xml";
const script = "text/javascript; charset=utf-8";

/** What of Designsystemet the pages use, in its own order. */
const components = [
  "base",
  "skip-link",
  "label",
  "link",
  "heading",
  "button",
  "alert",
  "tag",
  "input",
  "fieldset",
  "card",
  "details",
  "table",
  "field",
];

const served = new Map<string, Asset>();

function serve(name: string, type: string, body: string): string {
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
  const hashed = name.replace(/(\.\w+)$/, `.${hash}$1`);
  served.set(hashed, { type, body });
  return `/assets/${hashed}`;
}

const textOf = (url: string): string => readFileSync(fileURLToPath(url), "utf8");
const own = (name: string): string => textOf(import.meta.resolve(`./assets/${name}`));

/** Pictures inside the CSS become files of their own: the pages' policy takes pictures from the server only. */
function withoutPictures(text: string): string {
  return text.replaceAll(/url\("data:image\/svg\+xml;charset=utf-8,([^"]*)"\)/g, (_, picture: string) => {
    return `url("${serve("icon.svg", svg, decodeURIComponent(picture))}")`;
  });
}

/** The theme without the colours, the second typeface and the repeated light scheme that nothing here asks for. */
function lean(theme: string): string {
  return theme
    .replace('@charset "UTF-8";', "")
    .replaceAll(/\/\*.*?\*\//gs, "")
    .replaceAll(/--ds-color-brand\d-[^;]*;/g, "")
    .replaceAll(/\[data-color="brand\d"\][^{]*\{[^}]*\}/g, "")
    .replaceAll(/@media \(prefers-color-scheme: light\) \{[^{]*\{[^}]*\}\s*\}/g, "")
    .replaceAll(/\[data-typography="secondary"\] \{[^}]*\}/g, "")
    .replaceAll(/\s+/g, " ");
}

function designSystem(): string {
  const theme = lean(textOf(import.meta.resolve("@digdir/designsystemet-theme/index.css")));
  const parts = components.map((name) => textOf(import.meta.resolve(`@digdir/designsystemet-css/${name}.css`)));
  const [base = "", ...rest] = parts.map(withoutPictures);
  return `@layer ds.theme, ds.base, ds.components;${theme}@layer ds.base{${base}}@layer ds.components{${rest.join("")}}`;
}

/** Where each file is, for the pages. */
export const paths = {
  system: serve("designsystemet.css", css, designSystem()),
  style: serve("klarsyn.css", css, own("klarsyn.css")),
  icon: serve("klarsyn.svg", svg, own("klarsyn.svg")),
  script: serve("klarsyn.js", script, own("klarsyn.js")),
};

/** The files by the names that they are served under. */
export const assets: ReadonlyMap<string, Asset> = served;
