import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { AppError } from "#errors";
import { openLog } from "#log";
import { diagnose } from "#operations";
import { openSystem } from "#system";
import { defineCommand } from "./command.ts";
import { write } from "./render.ts";

const GIBIBYTE = 1024 ** 3;

export default defineCommand({
  name: "doctor",
  summary: "Check configuration, database, sources and clock, and say what to do.",
  needs: "config",
  options: {},
  async run(_options, { config, configFile, signal }) {
    let failed = false;
    const line = async (what: string, ok: boolean, text: string): Promise<void> => {
      failed ||= !ok;
      await write(`${ok ? "✓" : "✗"} ${what}: ${text}\n`);
    };
    await line("konfiguration", true, `${configFile} är rätt skriven, ${config.sources.length} källor.`);
    await line("Node", Number(process.versions.node.split(".")[0]) >= 24, `version ${process.versions.node}.`);
    const { dataFolder } = config;
    if (existsSync(dataFolder)) {
      try {
        accessSync(dataFolder, constants.W_OK);
        const { bavail, bsize } = statfsSync(dataFolder);
        const free = (bavail * bsize) / GIBIBYTE;
        const room = free >= 2;
        const advice = room ? "" : " Frigör plats: databasen stannar när disken är full.";
        await line("datamapp", room, `${dataFolder}, ${Math.floor(free)} GiB ledigt.${advice}`);
      } catch {
        await line(
          "datamapp",
          false,
          `${dataFolder} går inte att skriva i. Ge användaren som kör Klarsyn rätt till den.`,
        );
      }
    }
    try {
      await using system = await openSystem(config, { anySchema: false, log: openLog(config.logLevel) });
      for (const { what, ok, text } of await diagnose(system, system.operator, signal)) await line(what, ok, text);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      await line("databas", false, error.message);
    }
    return failed ? "failed" : "done";
  },
});
