import { english } from "../english.ts";

const collapsed = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
const quoted = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Sentences with something put in; the longest first, since a short one may be part of it. */
const sentences = Object.entries(english)
  .filter(([swedish]) => /\{#?\}/.test(swedish))
  .sort(([a], [b]) => b.length - a.length)
  .map(([swedish, text]) => ({
    swedish: new RegExp(
      `^${swedish
        .split(/(\{#?\})/)
        .map((part) => (part === "{}" ? "(.+?)" : part === "{#}" ? String.raw`((?:\S+ · )?\S*\d\S*)` : quoted(part)))
        .join("")}$`,
      "s",
    ),
    text,
  }));

/** Words in English; null where they are not the application's own. */
function translated(text: string, titles: ReadonlyMap<string, string>): string | null {
  const known = Object.hasOwn(english, text) ? english[text] : titles.get(text);
  if (known !== undefined) return known;
  for (const sentence of sentences) {
    const parts = sentence.swedish.exec(text)?.slice(1);
    if (parts === undefined) continue;
    let at = 0;
    return sentence.text.replaceAll(/\{#?\}/g, () => {
      const part = parts[at++] ?? "";
      return translated(part, titles) ?? part;
    });
  }
  return null;
}

/** Numbers, dates, kronor, minutes and initials are the same in every language. */
const wordless = (text: string): boolean =>
  !/\p{L}{2}/u.test(text.replaceAll(/\b(?:kr|min|PDF|CSV|Excel|Klarsyn)\b|\p{Lu}+ · \d+|&\w+;/gu, ""));

/** Elements that hold nothing but text, and say its language themselves. */
const textOnly =
  /^<(?:option|title|textarea|text|desc|button|caption|summary|h1|h2|h3|td|th|dt|dd|p|li|a|strong|small|label)\b/;
/** What people or sources wrote stays as it is, with all that stands in it. */
const verbatim = /^<(?!html\b)(?:(?:pre|textarea|script|style)\b|\w+\b[^>]*\slang="sv")/;

/**
 * A page with the application's own words in English. All other text says that it is Swedish, so that a screen reader
 * reads it as such. `titles` are those of rules.
 */
export function inEnglish(page: string, titles: ReadonlyMap<string, string>): string {
  const out: string[] = [];
  let kept: string | null = null;
  let depth = 0;
  for (const [token] of page.matchAll(/<[^>]*>|[^<]+/g)) {
    if (token.startsWith("<")) {
      const [, name = ""] = /^<\/?(\w+)/.exec(token) ?? [];
      if (kept !== null) {
        if (name === kept) depth += token.startsWith("</") ? -1 : 1;
        if (depth === 0) kept = null;
        out.push(token);
        continue;
      }
      if (verbatim.test(token)) {
        [kept, depth] = [name, 1];
        out.push(/\slang="/.test(token) ? token : token.replace(/^<(pre|textarea)\b/, '<$1 lang="sv"'));
        continue;
      }
      out.push(
        token
          .replace(/^<html lang="sv"/, '<html lang="en"')
          .replaceAll(/ (aria-label|placeholder)="([^"]*)"/g, (whole, attribute: string, value: string) => {
            const text = translated(collapsed(value), titles);
            return text === null ? whole : ` ${attribute}="${text}"`;
          }),
      );
      continue;
    }
    const text = collapsed(token);
    if (kept !== null || text === "" || wordless(text)) {
      out.push(token);
      continue;
    }
    const [, before = "", after = ""] = /^(\s*).*?(\s*)$/s.exec(token) ?? [];
    const words = translated(text, titles);
    if (words !== null) out.push(`${before}${words}${after}`);
    else if (textOnly.test(out.at(-1) ?? "")) out.push(`${out.pop()!.replace(/^<\w+/, '$& lang="sv"')}${token}`);
    else out.push(`${before}<span lang="sv">${text}</span>${after}`);
  }
  return out.join("");
}
