import { formatDay, formatOre, parseDate } from "#model";
import { findingJson, levels, listFindings, listOutcomes, ruleOf, severities, silences, statusText } from "#operations";
import type { System } from "#system";
import { datePattern, defineCommand, formatOption } from "./command.ts";
import { render, say, table } from "./render.ts";

type Finding = Parameters<typeof findingJson>[0];

/** Why a finding is held against nobody, in words. */
function exemptionOf(rules: System["rules"], { ruleId, suppressed }: Finding): string | null {
  if (suppressed === null) return null;
  const rule = rules.find(({ id }) => id === ruleId);
  return rule?.innocent[suppressed] ?? suppressed.replace(/^exception: /, "");
}

export default defineCommand({
  name: "findings",
  summary: "Open findings of active rules; --all adds shadow, suppressed and closed ones.",
  usage: "[--rule R] [--from D --to D] [--all]",
  needs: "system",
  options: {
    rule: { type: "string", value: "ID", summary: "Only this rule" },
    from: {
      type: "string",
      value: "YYYY-MM-DD",
      summary: "Periods that reach this day or later",
      pattern: datePattern,
    },
    to: {
      type: "string",
      value: "YYYY-MM-DD",
      summary: "Periods that begin this day or earlier",
      pattern: datePattern,
    },
    all: {
      type: "boolean",
      summary: "Shadow, suppressed and closed findings as well, and counts of what was suppressed",
    },
    format: formatOption,
  },
  async run({ rule, from, to, all, format }, { system }) {
    if (rule !== undefined) ruleOf(system.rules, rule);
    const day = (text: string | undefined) => (text === undefined ? undefined : (parseDate(text) ?? undefined));
    const [fromDay, throughDay] = [day(from), day(to)];
    const query = {
      all,
      ...(rule === undefined ? {} : { ruleId: rule }),
      ...(fromDay === undefined ? {} : { fromDay }),
      ...(throughDay === undefined ? {} : { throughDay }),
    };
    const count = await render(listFindings(system, system.operator, query), format, {
      columns: [
        { title: "Regel", of: (finding) => finding.ruleId },
        { title: "Nivå", of: (finding) => levels[finding.level] },
        { title: "Åtgärd", of: (finding) => severities[finding.severity] },
        { title: "Läge", of: statusText },
        ...(all ? [{ title: "Undantag", of: (finding: Finding) => exemptionOf(system.rules, finding) }] : []),
        { title: "Från", of: (finding) => formatDay(finding.fromDay) },
        { title: "Till", of: (finding) => formatDay(finding.throughDay) },
        { title: "Utförare", of: (finding) => finding.provider },
        { title: "Brukare", of: (finding) => finding.client },
        { title: "Personal", of: (finding) => finding.staff },
        { title: "Minuter", of: (finding) => finding.minutes, align: "right" },
        {
          title: "Belopp",
          of: (finding) => (finding.amountOre === null ? null : formatOre(finding.amountOre)),
          plain: (finding) => (finding.amountOre === null ? null : finding.amountOre / 100),
          align: "right",
        },
        { title: "Vad", of: (finding) => finding.reason },
      ],
      json: findingJson,
      empty: "Inga öppna fynd.",
    });
    if (format === "table" && count > 0) say(`${count} fynd. Hela skälet och underlaget: --format jsonl.`);
    if (all && format === "table") {
      const outcomes = (await listOutcomes(system, system.operator)).filter(
        ({ ruleId }) => rule === undefined || ruleId === rule,
      );
      const innocent = new Map(system.rules.map(({ id, innocent: causes }) => [id, new Map(Object.entries(causes))]));
      say("\nRäknat men inte rapporterat:");
      say(
        table(
          [
            { title: "Regel", of: (outcome) => outcome.ruleId },
            { title: "Utfall", of: (outcome) => silences[outcome.outcome] },
            { title: "Orsak", of: ({ ruleId, cause }) => innocent.get(ruleId)?.get(cause) ?? cause },
            { title: "Antal", of: (outcome) => outcome.count, align: "right" },
          ],
          outcomes,
        ),
      );
    }
    return "done";
  },
});
