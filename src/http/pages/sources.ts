import { Hono } from "hono";
import { html } from "hono/html";
import { formatLocal } from "#model";
import { listRuns, listSources, type SourceStatus } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { dataTable, type Html, layout } from "../views/layout.ts";
import { stateOf } from "../views/state.ts";

const path = "/kallor";
const MARK_MAX = 60;

/** `/kallor`: every resource of every source, with what its last run said; `/kallor/:source/:resource`: its last runs. */
export function sourcesPage() {
  return new Hono<Env>()
    .get("/", needs("sources:read"), async (c) => {
      const { system } = c.var;
      const sources = await listSources(system, c.var.actor);
      const body = dataTable(
        "Källor, en rad för varje slags post",
        [
          { title: "Källa", kind: "short" },
          { title: "Slags post", kind: "short" },
          { title: "Läge", kind: "short" },
          { title: "Senast hämtad", kind: "short" },
          { title: "Läst till och med" },
          { title: "Hämtade", kind: "number" },
          { title: "Godtagna", kind: "number" },
          { title: "Väntar i karantän", kind: "number" },
          { title: "Att veta", kind: "long" },
        ],
        sources.map((source) => [
          source.id,
          html`<a class="ds-link" href="${path}/${source.id}/${source.resource}">${source.resource}</a>`,
          stateOf(source.state),
          source.lastRunAt === null ? null : formatLocal(source.lastRunAt),
          markOf(source.watermark),
          source.seen,
          source.accepted,
          source.waiting === 0 || !c.var.actor.permissions.has("quarantine:read")
            ? source.waiting
            : html`<a class="ds-link" href="/karantan?kalla=${source.id}">${source.waiting}</a>`,
          remarks(source),
        ]),
        "Inga källor är inställda. Lägg till dem i klarsyn.config.json.",
      );
      return c.html(layout(c, { title: "Källor", path, body }));
    })
    .get("/:source/:resource", needs("sources:read"), async (c) => {
      const { source, resource } = c.req.param();
      const runs = await listRuns(c.var.system, c.var.actor, { source, resource });
      const body = html`<p><a class="ds-link" href="${path}">Alla källor</a></p>
        ${dataTable(
          "Hämtningar, den senaste först",
          [
            { title: "Började", kind: "short" },
            { title: "Slutade", kind: "short" },
            { title: "Läge", kind: "short" },
            { title: "Läst till och med" },
            { title: "Hämtade", kind: "number" },
            { title: "Godtagna", kind: "number" },
            { title: "Till karantän", kind: "number" },
            { title: "Att veta", kind: "long" },
          ],
          runs.map((run) => [
            formatLocal(run.startedAt),
            run.finishedAt === null ? null : formatLocal(run.finishedAt),
            stateOf(run.state ?? "running"),
            markOf(run.watermark),
            run.seen,
            run.accepted,
            run.quarantined,
            remarks(run),
          ]),
          "Ingenting har hämtats än.",
        )}`;
      return c.html(layout(c, { title: `${source}, ${resource}`, path, body }));
    });
}

/** How far the source has been read, as it calls it itself. */
function markOf(watermark: string | null): Html | null {
  if (watermark === null) return null;
  return html`<code>${watermark.length > MARK_MAX ? `${watermark.slice(0, MARK_MAX)} …` : watermark}</code>`;
}

function remarks({ problem, notices }: Pick<SourceStatus, "problem" | "notices">): Html | null {
  const texts = [...(problem === null ? [] : [`Avbröts: ${problem}.`]), ...notices.map(({ text }) => text)];
  if (texts.length < 2) return texts[0] === undefined ? null : html`${texts[0]}`;
  return html`<details>
    <summary>${texts.length} meddelanden</summary>
    <ul>
      ${texts.map((text) => html`<li>${text}</li>`)}
    </ul>
  </details>`;
}
