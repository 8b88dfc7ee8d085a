/** A picture as a page shows it: the drawing, what it says in words, and the figures that it was drawn from. */
export interface Picture {
  title: string;
  /** What somebody who does not see the picture needs to know of it, in a sentence or two. */
  alternative: string;
  svg: string;
  columns: readonly string[];
  rows: ReadonlyArray<ReadonlyArray<string | number | null>>;
  /** What the signs stand for; empty where each is named in the drawing. */
  legend: ReadonlyArray<{ svg: string; text: string }>;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as markup: names from other systems are never markup. */
export const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => entities[sign]!);

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Two decimals are finer than a printer. */
const value = (one: string | number): string =>
  typeof one === "number" ? String(Math.round(one * 100) / 100) : escape(one);

/** One element; `inside` is markup. What an attribute says is escaped. */
export function element(name: string, attributes: Attributes, inside = ""): string {
  const said = Object.entries(attributes)
    .filter((entry): entry is [string, string | number] => entry[1] !== undefined)
    .map(([key, one]) => ` ${key}="${value(one)}"`)
    .join("");
  return inside === "" ? `<${name}${said}/>` : `<${name}${said}>${inside}</${name}>`;
}

export const text = (words: string, attributes: Attributes): string => element("text", attributes, escape(words));

export const line = (x1: number, y1: number, x2: number, y2: number, className: string): string =>
  element("line", { x1, y1, x2, y2, class: className });

/** A drawing of the given size; the page makes it smaller where it must. Its words stand beside it, so `label` names it only. */
export function drawing(width: number, height: number, label: string, inside: string): string {
  return element(
    "svg",
    {
      width: Math.ceil(width),
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
      role: "img",
      "aria-label": label,
    },
    inside,
  );
}

/** Slanting lines, for what must not be told by colour alone. Ids are the page's: each picture has its own. */
export function hatching(id: string): string {
  return element(
    "defs",
    {},
    element(
      "pattern",
      { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      line(0, 0, 0, 6, "hatch"),
    ),
  );
}

/** A small drawing of one sign, for the legend. */
export const sign = (inside: string): string =>
  element("svg", { viewBox: "0 0 24 16", width: 24, height: 16, "aria-hidden": "true" }, inside);

const whole = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 1 });

/** "1 234" */
export const number = (one: number): string => whole.format(one);

/** "12,5 %" */
export const percent = (part: number): string => `${tenth.format(part * 100)} %`;

/** "1 234 h 05 min" */
export function hours(minutes: number): string {
  const total = Math.round(minutes);
  return total < 60
    ? `${total} min`
    : `${whole.format(Math.floor(total / 60))} h ${String(total % 60).padStart(2, "0")} min`;
}

/** "a, b och c" */
export const listed = new Intl.ListFormat("sv-SE", { type: "conjunction" });
