import type { Config } from "#config";
import { parseDate } from "#model";
import type { System } from "#system";

/** "done" is exit status 0, "incomplete" 2 (a source was down or records were quarantined), "failed" 1. */
export type Result = "done" | "incomplete" | "failed";

export interface Option {
  type: "string" | "boolean";
  /** Placeholder in the help, e.g. "YYYY-MM". */
  value?: string;
  summary: string;
  default?: string;
  oneOf?: readonly string[];
  /** What a value must be, beside `value`. */
  pattern?: { test: (text: string) => boolean };
  /** True, or the first positionals with which it may be left out. */
  required?: boolean | { except: readonly string[] };
  multiple?: boolean;
}

type Value<O extends Option> = O["type"] extends "boolean"
  ? boolean
  : O["multiple"] extends true
    ? string[]
    : O extends { default: string } | { required: true }
      ? string
      : string | undefined;

export type Values<Options extends Record<string, Option>> = { [Name in keyof Options]: Value<Options[Name]> };

/** What a command gets beside its options. */
export interface Given<Needs extends "system" | "config" | "nothing"> {
  positionals: string[];
  /** The program's own description of itself, for messages. */
  env: NodeJS.ProcessEnv;
  configFile: string;
  /** Closed when the command returns. */
  system: Needs extends "system" ? System : undefined;
  config: Needs extends "nothing" ? undefined : Config;
  /** Aborted by Ctrl-C and by a stop of the service. */
  signal: AbortSignal;
}

export interface Command {
  name: string;
  summary: string;
  usage: string;
  needs: "system" | "config" | "nothing";
  /** Runs on an older or newer schema of the database. */
  anySchema?: boolean;
  positionals: { min: number; max: number };
  options: Record<string, Option>;
  run: (values: never, given: never) => Promise<Result>;
}

/** Checks the declaration's types; the options' types follow from it. */
export function defineCommand<
  const Options extends Record<string, Option>,
  const Needs extends "system" | "config" | "nothing",
>(command: {
  name: string;
  summary: string;
  usage?: string;
  needs: Needs;
  anySchema?: boolean;
  positionals?: { min: number; max: number };
  options: Options;
  run: (values: Values<Options>, given: Given<Needs>) => Promise<Result>;
}): Command {
  return { usage: "", positionals: { min: 0, max: 0 }, ...command } as unknown as Command;
}

export const formatOption = {
  type: "string",
  value: "table|jsonl|csv",
  summary: "How the result is written",
  default: "table",
  oneOf: ["table", "jsonl", "csv"],
} as const satisfies Option;

/** A day that exists, and not only the form of one. */
export const datePattern = {
  test: (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && parseDate(text) !== null,
};
export const monthPattern = /^\d{4}-(0[1-9]|1[0-2])$/;
