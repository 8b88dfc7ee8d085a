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
/** Without what is there for those who read the file. */
const dense = (text: string): string => text.replaceAll(/\/\*.*?\*\//gs, "").replaceAll(/\s+/g, " ");

/** Pictures inside the CSS become files of their own: the pages' policy takes pictures from the server only. */
function withoutPictures(text: string): string {
  return text.replaceAll(/url\("data:image\/svg\+xml;charset=utf-8,([^"]*)"\)/g, (_, picture: string) => {
    return `url("${serve("icon.svg", svg, decodeURIComponent(picture))}")`;
  });
}

/** What follows the device in the theme: its scheme for the dark. */
const darkByDevice = /@media \(prefers-color-scheme: dark\) \{\s*\[data-color-scheme="auto"\] (\{[^}]*\})\s*\}/;
const darkByChoice = /\[data-color-scheme="dark"\] \{[^}]*\}/;

/** The theme without what nothing here asks for: colours, the second typeface, and schemes that the page chooses by file. */
function lean(theme: string): string {
  return dense(
    theme
      .replace(darkByDevice, "")
      .replace(darkByChoice, "")
      .replace('@charset "UTF-8";', "")
      .replaceAll(/--ds-color-brand\d-[^;]*;/g, "")
      .replaceAll(/\[data-color="brand\d"\][^{]*\{[^}]*\}/g, "")
      .replaceAll(/@media \(prefers-color-scheme: light\) \{[^{]*\{[^}]*\}\s*\}/g, "")
      .replaceAll(/\[data-typography="secondary"\] \{[^}]*\}/g, ""),
  );
}

const theme = textOf(import.meta.resolve("@digdir/designsystemet-theme/index.css"));

/** The dark scheme as a file of its own: the page asks for it always, never, or where the device is dark. */
function dark(): string {
  const [, colours = ""] = darkByDevice.exec(theme) ?? [];
  return lean(`@layer ds.theme.color-scheme.dark{:root ${colours}}`);
}

function designSystem(): string {
  const parts = components.map((name) => textOf(import.meta.resolve(`@digdir/designsystemet-css/${name}.css`)));
  const [base = "", ...rest] = parts.map(withoutPictures);
  return `@layer ds.theme, ds.base, ds.components;${lean(theme)}@layer ds.base{${base}}@layer ds.components{${rest.join("")}}`;
}

/** Where each file is, for the pages. */
export const paths = {
  system: serve("designsystemet.css", css, designSystem()),
  dark: serve("dark.css", css, dark()),
  style: serve("klarsyn.css", css, dense(own("klarsyn.css"))),
  icon: serve("klarsyn.svg", svg, own("klarsyn.svg")),
  script: serve("klarsyn.js", script, own("klarsyn.js")),
};

/** The files by the names that they are served under. */
export const assets: ReadonlyMap<string, Asset> = served;
