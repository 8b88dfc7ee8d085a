import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

/** A piece of a page, with every value in it escaped. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/**
 * What somebody has written, which is in no language of ours: also on an English page it stays as it is. In an attribute
 * nothing could say so: what a screen reader shall say of it stands in an element too.
 */
export const inOwnWords = (text: string): Html => html`<span lang="sv">${text}</span>`;
