import { formatDay, formatInstant, parseDate } from "#model";
import { levels, listRuleParameters, ruleOf, scopes, severities, setRuleParameters } from "#operations";
import { datePattern, defineCommand, formatOption } from "./command.ts";
import { render, say, write } from "./render.ts";
import { UsageError } from "./run.ts";

const usage = "[list | explain ID | set ID k=v … --from D --why TEXT]";

function scopesOf({ scope, otherScopes }: ReturnType<typeof ruleOf>): string {
  return [scope, ...otherScopes.map((other) => other.scope)].map((one) => scopes[one]).join("; ");
}

export default defineCommand({
  name: "rules",
  summary: "All rules; what one looks for; sets a rule's parameters from a day on.",
  usage,
  needs: "system",
  positionals: { min: 0, max: 20 },
  options: {
    from: { type: "string", value: "YYYY-MM-DD", summary: "First day on which it holds", pattern: datePattern },
    why: { type: "string", value: "TEXT", summary: "Why it is changed" },
    format: formatOption,
  },
  async run({ from, why, format }, { system, positionals: [action = "list", id, ...assignments] }) {
    if (action === "list") {
      await render(system.rules, format, {
        columns: [
          { title: "Id", of: (rule) => rule.id },
          { title: "Version", of: (rule) => rule.version, align: "right" },
          { title: "Nivå", of: (rule) => levels[rule.level] },
          { title: "Åtgärd", of: (rule) => severities[rule.severity] },
          { title: "Ser på", of: scopesOf },
          { title: "Vad", of: (rule) => rule.title.sv },
        ],
        json: ({ id: ruleId, version, level, severity, scope, title, why: reason, remedy, innocent }) => ({
          id: ruleId,
          version,
          level,
          severity,
          scope,
          title,
          why: reason,
          remedy,
          innocent,
        }),
        empty: "",
      });
      return "done";
    }
    if (id === undefined) throw new UsageError(`Usage: klarsyn rules ${usage}`);
    const rule = ruleOf(system.rules, id);
    const history = await listRuleParameters(system, system.operator, id);
    if (action === "explain") {
      const parameters = Object.entries(rule.parameters.shape).map(([name, field]) => {
        const { description } = field as { description?: string };
        const standard = (rule.parameters.safeParse({}).data ?? {})[name];
        return `  ${name} = ${JSON.stringify(standard)}  ${description ?? ""}`;
      });
      const innocent = Object.entries(rule.innocent).map(([name, text]) => `  ${name}: ${text}`);
      const set = history.map(
        (one) =>
          `  från ${formatDay(one.fromDay)}: ${one.name} = ${JSON.stringify(one.value)} (${one.setBy}, ${formatInstant(one.setAt)}: ${one.why})`,
      );
      const part = (title: string, lines: readonly string[]) =>
        lines.length === 0 ? "" : `\n${title}\n${lines.join("\n")}\n`;
      await write(
        `${rule.title.sv} (${rule.id}, version ${rule.version})\n${levels[rule.level]}. ${severities[rule.severity]}. Ser på ${scopesOf(rule)}.\n\n` +
          `Varför: ${rule.why}\nVad man gör: ${rule.remedy}\n` +
          part("Oskyldiga orsaker som inte rapporteras", innocent) +
          part("Parametrar", parameters) +
          part("Ändringar", set),
      );
      return "done";
    }
    if (action !== "set") throw new UsageError(`rules ${action}: expected list, explain or set.`);
    const day = from === undefined ? null : parseDate(from);
    if (day === null || why === undefined || assignments.length === 0)
      throw new UsageError(`Usage: klarsyn rules ${usage}`);
    const values = Object.fromEntries(
      assignments.map((assignment): [string, string] => {
        const equals = assignment.indexOf("=");
        if (equals < 1) throw new UsageError(`${assignment}: expected name=value.`);
        return [assignment.slice(0, equals), assignment.slice(equals + 1)];
      }),
    );
    const set = await setRuleParameters(system, system.operator, { ruleId: id, values, fromDay: day, why });
    for (const { name, value } of set) say(`${id}: ${name} = ${JSON.stringify(value)} från ${formatDay(day)}.`);
    return "done";
  },
});
