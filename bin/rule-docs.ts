#!/usr/bin/env node
// Writes docs/rules: a page for each rule and a list of them, from the rule files. With --check it only compares.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import type { Rule } from "#rule";
import { rules } from "#rules";

const folder = new URL("../docs/rules/", import.meta.url);

const levels = { quality: "kvalitet", error: "fel", indicator: "indikation", pattern: "mönster" } as const;
const severities = { info: "visas på begäran", review: "granskas", hold: "utbetalningen väntar" } as const;
const scopes = {
  visit: "besök",
  "planned-visit": "planerat besök",
  order: "beställning",
  claim: "fakturarad",
  "client-month": "brukare och månad",
  "client-day": "brukare och dag",
  "staff-day": "personal och dag",
  "staff-month": "personal och månad",
  "unit-month": "enhet och månad",
  "provider-month": "utförare och månad",
  source: "källa",
} as const;

interface Parameter {
  description?: string;
  default?: unknown;
}

function parametersOf(rule: Rule): Array<[string, Parameter]> {
  const schema = z.toJSONSchema(rule.parameters, { io: "input" });
  return Object.entries((schema.properties ?? {}) as Record<string, Parameter>);
}

/** Text in a cell of a table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function page(rule: Rule): string {
  const parameters = parametersOf(rule);
  const innocent = Object.entries(rule.innocent);
  const { reports, accepts } = rule.examples();
  return [
    `# ${rule.title.sv}`,
    "",
    `\`${rule.id}\`, version ${rule.version} · ${levels[rule.level]} · ${severities[rule.severity]} · gäller ${[rule, ...rule.otherScopes].map(({ scope }) => scopes[scope]).join("; ")}`,
    "",
    "## Varför",
    "",
    rule.why,
    "",
    "## Vad man gör",
    "",
    rule.remedy,
    "",
    "## Oskyldiga orsaker",
    "",
    ...(innocent.length === 0
      ? ["Regeln har inga undantag."]
      : innocent.map(([cause, text]) => `- \`${cause}\`: ${text}`)),
    "",
    "## Parametrar",
    "",
    ...(parameters.length === 0
      ? ["Regeln har inga parametrar."]
      : [
          "| parameter | förval | betydelse |",
          "| --- | --- | --- |",
          ...parameters.map(
            ([name, { default: value, description = "" }]) =>
              `| \`${name}\` | ${cell(JSON.stringify(value))} | ${cell(description)} |`,
          ),
        ]),
    "",
    "## Underlag",
    "",
    `Regeln läser ${rule.reads.map((table) => `\`${table}\``).join(", ")}. ` +
      `Den är prövad mot ${reports.length + accepts.length} exempel: ${reports.length} som den rapporterar och ${accepts.length} som den inte rapporterar.`,
    ...(rule.yieldsTo.length === 0
      ? []
      : [
          "",
          `Två besök som redan rapporteras tillsammans av ${rule.yieldsTo.map((id) => `\`${id}\``).join(" eller ")} rapporteras inte här.`,
        ]),
    ...(rule.source === undefined ? [] : ["", `Källa: ${rule.source}`]),
    "",
  ].join("\n");
}

function list(all: readonly Rule[]): string {
  return [
    "# Regler",
    "",
    "Sidorna är skrivna ur regelfilerna i `src/rules` med `node bin/rule-docs.ts`.",
    "",
    "| regel | vad den rapporterar | nivå | följd |",
    "| --- | --- | --- | --- |",
    ...all.map(
      (rule) =>
        `| [${rule.id}](${rule.id}.md) | ${cell(rule.title.sv)} | ${levels[rule.level]} | ${severities[rule.severity]} |`,
    ),
    "",
  ].join("\n");
}

const ordered = rules.toSorted((a, b) => (a.id < b.id ? -1 : 1));
const pages = new Map([["README.md", list(ordered)], ...ordered.map((rule) => [`${rule.id}.md`, page(rule)] as const)]);
await mkdir(folder, { recursive: true });
const present = (await readdir(folder)).filter((name) => name.endsWith(".md"));

if (process.argv.includes("--check")) {
  const stale = present.filter((name) => !pages.has(name));
  for (const [name, text] of pages) {
    const written = present.includes(name) ? await readFile(new URL(name, folder), "utf8") : "";
    if (written !== text) stale.push(name);
  }
  if (stale.length > 0) {
    process.stderr.write(
      `docs/rules differs from the rule files: ${stale.sort().join(", ")}. Run: node bin/rule-docs.ts\n`,
    );
    process.exitCode = 1;
  }
} else {
  for (const name of present) if (!pages.has(name)) await rm(new URL(name, folder));
  for (const [name, text] of pages) await writeFile(new URL(name, folder), text);
}
