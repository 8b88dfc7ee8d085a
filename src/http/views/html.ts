import type { HtmlEscapedString } from "hono/utils/html";

/** A piece of a page, with every value in it escaped. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;
