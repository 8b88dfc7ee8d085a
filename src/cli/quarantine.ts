import { formatInstant } from "#model";
import { listQuarantine, retryQuarantined } from "#operations";
import { defineCommand, formatOption } from "./command.ts";
import { render, say } from "./render.ts";
import { UsageError } from "./run.ts";

export default defineCommand({
  name: "quarantine",
  summary: "Records that did not fit, with place and reason; `retry` tries them again after a mapping was mended.",
  usage: "[list | retry [SOURCE]]",
  needs: "system",
  positionals: { min: 0, max: 2 },
  options: { all: { type: "boolean", summary: "Those that have been mended as well" }, format: formatOption },
  async run({ all, format }, { system, positionals: [action = "list", source] }) {
    if (action === "retry") {
      const { records, mended, open, skipped } = await retryQuarantined(system, system.operator, source ?? null);
      say(`${records} poster provade, ${mended} gick igenom, ${open} väntar.`);
      for (const id of skipped) say(`Källan ${id} finns inte längre i konfigurationen; dess poster lämnades.`);
      if (mended > 0) say("Kör `npx klarsyn reconcile` eller vänta till natten för att räkna med dem.");
      return open > 0 ? "incomplete" : "done";
    }
    if (action !== "list") throw new UsageError(`quarantine ${action}: expected list or retry.`);
    const waiting = await listQuarantine(system, system.operator, { all, ...(source === undefined ? {} : { source }) });
    await render(waiting, format, {
      columns: [
        { title: "Nr", of: (row) => String(row.id) },
        { title: "Källa", of: (row) => `${row.source}/${row.resource}` },
        { title: "Plats", of: (row) => row.place },
        { title: "Rad", of: (row) => (row.line === null ? null : String(row.line)) },
        { title: "Fält", of: (row) => row.field },
        { title: "Värde", of: (row) => row.valueClass },
        { title: "Vad som är fel", of: (row) => row.rule },
      ],
      json: (row) => ({ ...row, at: formatInstant(row.at), changedAt: formatInstant(row.changedAt) }),
      empty: "Ingenting väntar i karantän.",
    });
    return waiting.some(({ state }) => state === "open") ? "incomplete" : "done";
  },
});
