import { formatLocal } from "#model";
import { pruneLog, verifyLog } from "#operations";
import { defineCommand } from "./command.ts";
import { say, write } from "./render.ts";
import { UsageError } from "./run.ts";

const anchorPattern = /^(\d+):([0-9a-f]{64})$/;

export default defineCommand({
  name: "log",
  summary: "Prove that nobody has changed the access log, or take away what is older than it is kept.",
  usage: "verify [--anchor NR:HASH] | prune",
  needs: "system",
  positionals: { min: 1, max: 1 },
  options: {
    anchor: {
      type: "string",
      value: "NR:HASH",
      summary: "A row that an earlier run ended with, kept elsewhere",
      pattern: anchorPattern,
    },
  },
  async run({ anchor }, { system, positionals: [action] }) {
    if (action === "prune") {
      const gone = await pruneLog(system, system.operator);
      await write(`${gone} rader äldre än ${system.config.accessLog.keepYears} år är borttagna.\n`);
    } else if (action !== "verify") throw new UsageError(`log ${action}: expected verify or prune.`);
    const [, no = "", hash = ""] = anchorPattern.exec(anchor ?? "") ?? [];
    const kept = anchor === undefined ? undefined : { seq: Number(no), hash };
    const { rows, seq, hash: end, broken, gone: goneTo, anchored } = await verifyLog(system, system.operator, kept);
    if (broken !== null) {
      const when = broken.at === null ? "" : ` (${formatLocal(broken.at)})`;
      await write(
        `Kedjan är bruten vid rad ${broken.seq}${when}: raden eller den före har ändrats, lagts till eller tagits bort.\n`,
      );
      return "failed";
    }
    if (anchored === false) {
      await write(`Kedjan hänger ihop, men rad ${no} är inte den som sparades: loggen har skrivits om.\n`);
      return "failed";
    }
    if (kept !== undefined && kept.seq < goneTo)
      say(`Rad ${no} är borttagen för sin ålder och går inte att jämföra med.`);
    await write(`Kedjan är hel: ${rows} rader.\n${seq}:${end}\n`);
    say("Spara den sista raden på en annan plats. Med --anchor visar den senare att inget före den har skrivits om.");
    return "done";
  },
});
