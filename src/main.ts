import { commands, exitStatus, helpOf, helpOfAll, parseOptions, ReaderLeft, UsageError } from "#cli";
import { type Config, readConfig, readEnvironment } from "#config";
import { AppError } from "#errors";
import { openLog } from "#log";
import { adapters, openSystem, type System } from "#system";

/** Runs one command and gives its exit status. Results go to standard output, everything else to standard error. */
async function main(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "help") {
    process.stdout.write(helpOfAll(commands));
    return name === undefined ? exitStatus("usage") : 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw new UsageError(`There is no command ${name}.\n${helpOfAll(commands)}`);
  const { values, positionals } = parseOptions(command, rest);
  if (values["help"] === true) {
    process.stdout.write(helpOf(command));
    return 0;
  }

  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // A second one ends at once: the database repeats what was under way.
    process.on(signal, () => (stop.signal.aborted ? process.exit(1) : stop.abort()));
  }
  const configFile = String(values["config"]);
  let config: Config | undefined;
  let system: System | undefined;
  if (command.needs !== "nothing") {
    config = readConfig(configFile, env, adapters);
    if (command.needs === "system") {
      system = await openSystem(config, { anySchema: command.anySchema ?? false, log: openLog(config.logLevel) });
    }
  }
  try {
    const given = { positionals, env, configFile, system, config, signal: stop.signal };
    return exitStatus(await command.run(values as never, given as never));
  } catch (error) {
    if (error instanceof ReaderLeft) return 0;
    throw system?.database.explain(error) ?? error;
  } finally {
    await system?.[Symbol.asyncDispose]();
  }
}

// Whoever writes is told by the write itself; without a listener a reader that leaves (`| head`) would be a crash.
process.stdout.on("error", () => undefined);
try {
  process.exitCode = await main(process.argv.slice(2), process.env);
} catch (error) {
  if (error instanceof AppError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = exitStatus(error.kind);
  } else {
    process.stderr.write("Something unexpected happened; the log line below says where. Please report it.\n");
    let level = "error";
    try {
      level = readEnvironment(process.env).logLevel;
    } catch {
      // The environment is what is wrong; the error itself is still worth a line.
    }
    openLog(level).error({ error }, "unexpected");
    process.exitCode = 1;
  }
}
