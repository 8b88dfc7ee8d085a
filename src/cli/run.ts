import { parseArgs } from "node:util";
import { AppError, type ErrorKind } from "#errors";
import type { Command, Option, Result } from "./command.ts";

export class UsageError extends AppError {
  readonly code = "command.usage";
  readonly kind = "usage";
}

/** Exit statuses of the contract: 0 done, 1 failed, 2 done but incomplete, 64 wrong usage or configuration. */
export function exitStatus(outcome: Result | ErrorKind): number {
  switch (outcome) {
    case "done":
      return 0;
    case "incomplete":
      return 2;
    case "usage":
      return 64;
    case "failed":
    case "unauthenticated":
    case "forbidden":
    case "missing":
    case "conflict":
    case "unavailable":
    case "invalid":
    case "too-large":
    case "too-many":
    case "internal":
      return 1;
  }
}

const common: Record<string, Option> = {
  config: { type: "string", value: "FILE", summary: "Configuration", default: "klarsyn.config.json" },
  help: { type: "boolean", summary: "Show this" },
};

/** Reads a command's options. Throws UsageError that names the option and what it takes. */
export function parseOptions(
  command: Command,
  args: string[],
): { values: Record<string, unknown>; positionals: string[] } {
  const options = { ...command.options, ...common };
  let parsed: { values: Record<string, string | boolean | Array<string | boolean> | undefined>; positionals: string[] };
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      strict: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { type, multiple }]) => [name, { type, multiple: multiple ?? false }]),
      ),
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(". ")[0]}. See \`klarsyn ${command.name} --help\`.`);
  }
  // Who asks what a command needs does not know it yet.
  if (parsed.values["help"] === true) return { values: { help: true }, positionals: [] };
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const given = parsed.values[name] ?? option.default;
    if (option.type === "boolean") {
      values[name] = given === true;
      continue;
    }
    const { required = false } = option;
    const wanted = typeof required === "boolean" ? required : !required.except.includes(parsed.positionals[0] ?? "");
    if (given === undefined && wanted) throw new UsageError(`--${name} ${option.value ?? ""} is missing.`);
    for (const text of [given].flat()) {
      if (typeof text !== "string") continue;
      if (option.oneOf !== undefined && !option.oneOf.includes(text)) {
        throw new UsageError(`--${name} ${text}: expected ${option.oneOf.join(", ")}.`);
      }
      if (option.pattern !== undefined && !option.pattern.test(text)) {
        throw new UsageError(`--${name} ${text}: expected ${option.value ?? "another form"}.`);
      }
    }
    values[name] = option.multiple === true ? (given ?? []) : given;
  }
  const { min, max } = command.positionals;
  if (parsed.positionals.length < min || parsed.positionals.length > max) {
    throw new UsageError(`Usage: klarsyn ${command.name} ${command.usage}`.trim());
  }
  return { values, positionals: parsed.positionals };
}

export function helpOf(command: Command): string {
  const options = { ...command.options, ...common };
  const lines = Object.entries(options).map(([name, option]) => {
    const head = `  --${name}${option.type === "string" ? ` ${option.value ?? "TEXT"}` : ""}`;
    const standard = option.default === undefined ? "" : ` (${option.default})`;
    return `${head.padEnd(30)} ${option.summary}${standard}`;
  });
  return `klarsyn ${command.name} ${command.usage}`.trimEnd() + `\n${command.summary}\n\n${lines.join("\n")}\n`;
}

export function helpOfAll(commands: readonly Command[]): string {
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`);
  return `klarsyn COMMAND [--config FILE] [--help]\n\n${lines.join("\n")}\n`;
}
