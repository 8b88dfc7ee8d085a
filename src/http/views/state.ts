import { html } from "hono/html";
import { sourceStates, type SourceStatus } from "#operations";
import type { Html } from "./layout.ts";

/** A word with a colour and, where somebody should look at it, a sign. */
export function tag(text: string, color: "neutral" | "info" | "success" | "warning" | "danger" = "neutral"): Html {
  const sign = color === "warning" || color === "danger" ? "⚠ " : "";
  return html`<span class="ds-tag" data-color="${color}">${sign}${text}</span>`;
}

/** A source's state in a word; a sign, and not only a colour, where somebody should look at it. */
export function stateOf(state: SourceStatus["state"], more = ""): Html {
  const text = `${sourceStates[state]}${more}`;
  return tag(text, state === "ok" ? "success" : state === "never" ? "neutral" : "warning");
}
