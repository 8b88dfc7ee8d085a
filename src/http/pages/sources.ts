import { Hono } from "hono";
import { html } from "hono/html";
import { formatLocal } from "#model";
import { listSources, type SourceStatus } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { dataTable, type Html, layout } from "../views/layout.ts";
import { stateOf } from "../views/state.ts";

/** `/kallor`: every resource of every source, with what its last run said. */
export function sourcesPage() {
  return new Hono<Env>().get("/", needs("sources:read"), async (c) => {
    const { system } = c.var;
    const sources = await listSources(system, c.var.actor);
    const body = dataTable(
      "Källor, en rad för varje slags post",
      [
        { title: "Källa", kind: "short" },
        { title: "Slags post", kind: "short" },
        { title: "Läge", kind: "short" },
        { title: "Senast hämtad", kind: "short" },
        { title: "Hämtade", kind: "number" },
        { title: "Godtagna", kind: "number" },
        { title: "Väntar i karantän", kind: "number" },
        { title: "Att veta", kind: "long" },
      ],
      sources.map((source) => [
        source.id,
        source.resource,
        stateOf(source.state),
        source.lastRunAt === null ? null : formatLocal(source.lastRunAt),
        source.seen,
        source.accepted,
        source.waiting === 0 || !c.var.actor.permissions.has("quarantine:read")
          ? source.waiting
          : html`<a class="ds-link" href="/karantan">${source.waiting}</a>`,
        remarks(source),
      ]),
      "Inga källor är inställda. Lägg till dem i klarsyn.config.json.",
    );
    return c.html(layout(c, { title: "Källor", path: "/kallor", body }));
  });
}

function remarks({ problem, notices }: SourceStatus): Html | null {
  const texts = [...(problem === null ? [] : [`Avbröts: ${problem}.`]), ...notices.map(({ text }) => text)];
  if (texts.length < 2) return texts[0] === undefined ? null : html`${texts[0]}`;
  return html`<details>
    <summary>${texts.length} meddelanden</summary>
    <ul>
      ${texts.map((text) => html`<li>${text}</li>`)}
    </ul>
  </details>`;
}
