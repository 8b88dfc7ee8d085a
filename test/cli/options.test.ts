import { describe, expect, test } from "vitest";
import { commands, exitStatus, helpOf, helpOfAll, parseOptions, UsageError } from "#cli";

const command = (name: string) => {
  const found = commands.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found;
};
const refusal = (name: string, ...args: string[]): string => {
  try {
    parseOptions(command(name), args);
    return "";
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message;
  }
};

describe("options", () => {
  test("have their defaults, and values beside the words of the command", () => {
    expect(parseOptions(command("findings"), ["--rule", "staff-overlap", "--all"])).toEqual({
      values: {
        rule: "staff-overlap",
        from: undefined,
        to: undefined,
        all: true,
        format: "table",
        config: "klarsyn.config.json",
        help: false,
      },
      positionals: [],
    });
    expect(parseOptions(command("rules"), ["set", "staff-overlap", "minutesMin=9", "--why", "prov"])).toMatchObject({
      values: { why: "prov" },
      positionals: ["set", "staff-overlap", "minutesMin=9"],
    });
  });

  test("that do not exist or do not fit are refused with what they take", () => {
    expect(refusal("findings", "--rulle", "x")).toBe("Unknown option '--rulle'. See `klarsyn findings --help`.");
    expect(refusal("findings", "--format", "xml")).toBe("--format xml: expected table, jsonl, csv.");
    expect(refusal("settlement")).toBe("--month YYYY-MM is missing.");
    expect(refusal("settlement", "--month", "2026-13")).toBe("--month 2026-13: expected YYYY-MM.");
    expect(refusal("serve", "--port", "tre")).toBe("--port tre: expected NUMBER.");
    expect(refusal("mapping", "check")).toBe("Usage: klarsyn mapping check FILE [--sample EXPORT]");
    expect(refusal("night", "i", "natt")).toMatch(/^Usage: klarsyn night/);
  });

  test.each(["2026-02-30", "2026-13-01", "2026-1-1", "igår", ""])("a day must exist: %j", (day) => {
    expect(refusal("night", "--date", day)).toBe(`--date ${day}: expected YYYY-MM-DD.`);
  });

  test("ask for help without what a command needs", () => {
    expect(parseOptions(command("mapping"), ["--help"]).values["help"]).toBe(true);
    // Before an option that the command requires, too.
    expect(parseOptions(command("settlement"), ["statement", "--help"]).values["help"]).toBe(true);
  });
});

describe("help", () => {
  test("names every command of the contract", () => {
    const help = helpOfAll(commands);
    const promised =
      "demo alias migrate night pull reconcile findings settlement rebuild sources quarantine rules mapping simulate serve doctor";
    for (const name of promised.split(" ")) expect(help).toMatch(new RegExp(`^  ${name} +[A-Z]`, "m"));
  });

  test.each(commands.map(({ name }) => name))("of %s names its options, and fits a terminal", (name) => {
    const help = helpOf(command(name));
    for (const option of [...Object.keys(command(name).options), "config", "help"]) {
      expect(help).toContain(`  --${option}`);
    }
    for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });
});

test("exit statuses are those of the contract", () => {
  expect([exitStatus("done"), exitStatus("failed"), exitStatus("incomplete"), exitStatus("usage")]).toEqual([
    0, 1, 2, 64,
  ]);
  for (const kind of ["forbidden", "missing", "conflict", "unavailable", "invalid", "internal", "too-large"] as const) {
    expect(exitStatus(kind)).toBe(1);
  }
});
