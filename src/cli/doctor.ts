import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { AppError } from "#errors";
import { diagnoseSignIn } from "#http";
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
    const sources = config.sources.length === 1 ? "en källa" : `${config.sources.length} källor`;
    await line("konfiguration", true, `${configFile} är rätt skriven och har ${sources}.`);
    await line("Node", Number(process.versions.node.split(".")[0]) >= 24, `version ${process.versions.node}.`);
    const { dataFolder } = config;
    if (existsSync(dataFolder)) {
      if (writable(dataFolder)) {
        const { bavail, bsize } = statfsSync(dataFolder);
        const free = (bavail * bsize) / GIBIBYTE;
        const advice = free >= 2 ? "" : " Frigör plats: databasen stannar när disken är full.";
        await line("datamapp", free >= 2, `${dataFolder} har ${Math.floor(free)} GiB ledigt.${advice}`);
      } else {
        const advice = "Ge användaren som kör Klarsyn rätt till den, eller välj en annan med KLARSYN_DATA.";
        await line("datamapp", false, `${dataFolder} går inte att skriva i. ${advice}`);
      }
    }
    const signIn = await diagnoseSignIn(config);
    await line("inloggning", signIn.ok, signIn.text);
    for (const { id, settings } of config.sources) {
      const { folder, sftpHost } = settings;
      if (typeof folder !== "string" || sftpHost !== undefined || !existsSync(folder) || writable(folder)) continue;
      const advice = "Lästa filer flyttas till archive/ i den: ge användaren som kör Klarsyn rätt att skriva.";
      await line(`källa ${id}`, false, `${folder} går inte att skriva i. ${advice}`);
    }
    try {
      await using system = await openSystem(config, { anySchema: false, log: openLog(config.logLevel) });
      for (const { what, ok, text } of await diagnose(system, system.operator, signal)) await line(what, ok, text);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const what = { mapping: "översättning", vault: "nyckel" }[error.code.split(".")[0] ?? ""] ?? "databas";
      await line(what, false, error.message);
    }
    return failed ? "failed" : "done";
  },
});

function writable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
