import { html } from "hono/html";
import { sourceStates, type SourceStatus } from "#operations";
import type { Html } from "./layout.ts";

/** A source's state in a word; a sign, and not only a colour, where somebody should look at it. */
export function stateOf(state: SourceStatus["state"], more = ""): Html {
  const text = `${sourceStates[state]}${more}`;
  return state === "ok" || state === "never" ? html`${text}` : html`<span class="state-bad">⚠ ${text}</span>`;
}
