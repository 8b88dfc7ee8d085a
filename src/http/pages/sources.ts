import { Hono } from "hono";
import { html } from "hono/html";
import { formatLocal } from "#model";
import { listSources } from "#operations";
import type { Env, Served } from "../served.ts";
import { dataTable, layout } from "../views/layout.ts";
import { sourceStates } from "../views/words.ts";

/** `/kallor`: every resource of every source, with what its last run said. */
export function sourcesPage(system: Served) {
  return new Hono<Env>().get("/", async (c) => {
    const sources = await listSources(system, c.var.actor);
    const body = dataTable(
      "Källor, en rad per resurs",
      [
        { title: "Källa" },
        { title: "Resurs" },
        { title: "Läge" },
        { title: "Senast" },
        { title: "Hämtat till" },
        { title: "Sedda", numeric: true },
        { title: "Godtagna", numeric: true },
        { title: "Väntar i karantän", numeric: true },
        { title: "Meddelanden" },
      ],
      sources.map((source) => [
        source.id,
        source.resource,
        source.state === "ok"
          ? html`Fungerar`
          : html`<span class="state-bad">⚠ ${sourceStates[source.state] ?? source.state}</span>`,
        source.lastRunAt === null ? null : formatLocal(source.lastRunAt),
        source.watermark,
        source.seen,
        source.accepted,
        source.waiting,
        source.notices.map(({ text }) => text).join(" ") || null,
      ]),
      "Inga källor är inställda. Lägg till dem i klarsyn.config.json.",
    );
    return c.html(layout({ title: "Källor", path: "/kallor", municipality: system.municipality, body }));
  });
}
