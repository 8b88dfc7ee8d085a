import { formatInstant, formatLocal } from "#model";
import { listSources, sourceStates } from "#operations";
import { defineCommand, formatOption } from "./command.ts";
import { render } from "./render.ts";

export default defineCommand({
  name: "sources",
  summary: "Each source: last run, watermark, records seen, accepted, quarantined, state.",
  needs: "system",
  options: { format: formatOption },
  async run({ format }, { system }) {
    const sources = await listSources(system, system.operator);
    await render(sources, format, {
      columns: [
        { title: "Källa", of: (source) => source.id },
        { title: "Slags post", of: (source) => source.resource },
        { title: "Läge", of: (source) => sourceStates[source.state] },
        { title: "Senast hämtad", of: (source) => (source.lastRunAt === null ? null : formatLocal(source.lastRunAt)) },
        { title: "Hämtat till", of: (source) => source.watermark },
        { title: "Hämtade", of: (source) => source.seen, align: "right" },
        { title: "Godtagna", of: (source) => source.accepted, align: "right" },
        { title: "I karantän", of: (source) => source.quarantined, align: "right" },
        { title: "Väntar", of: (source) => source.waiting, align: "right" },
        { title: "Att veta", of: (source) => source.notices.map(({ text }) => text).join(" ") || null },
      ],
      json: (source) => ({ ...source, lastRunAt: source.lastRunAt === null ? null : formatInstant(source.lastRunAt) }),
      empty: "Inga källor är inställda. Lägg till dem i klarsyn.config.json.",
    });
    return sources.some(({ state, waiting }) => state === "down" || waiting > 0) ? "incomplete" : "done";
  },
});
