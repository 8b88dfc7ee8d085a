import { Hono } from "hono";
import { html, raw } from "hono/html";
import { z } from "zod";
import { formatDay, formatOre } from "#model";
import { pageOfFindings } from "#operations";
import type { Env, Served } from "../served.ts";
import { dataTable, layout } from "../views/layout.ts";
import { levels, severities } from "../views/words.ts";

const query = z.object({
  regel: z.string().max(60).optional().catch(undefined),
  efter: z.string().max(100).optional().catch(undefined),
});
const pageSize = 100;

/** `/fynd`: open findings, a page at a time. */
export function findingsPage(system: Served) {
  return new Hono<Env>().get("/", async (c) => {
    const { regel, efter } = query.parse(c.req.query());
    const chosen = system.rules.find((rule) => rule.id === regel);
    const { findings, next } = await pageOfFindings(system, c.var.actor, {
      limit: pageSize,
      ...(chosen === undefined ? {} : { ruleId: chosen.id }),
      ...(efter === undefined ? {} : { after: efter }),
    });
    const titles = new Map(system.rules.map((rule) => [rule.id, rule.title.sv]));
    const more = new URLSearchParams({ ...(chosen === undefined ? {} : { regel: chosen.id }), efter: next ?? "" });
    const body = html`<form method="get" action="/fynd">
        <label
          >Regel
          <select name="regel">
            <option value="">Alla regler</option>
            ${system.rules.map(
              (rule) =>
                html`<option value="${rule.id}" ${raw(rule === chosen ? "selected" : "")}>${rule.title.sv}</option>`,
            )}
          </select></label
        >
        <button>Visa</button>
      </form>
      ${dataTable(
        `Öppna fynd${chosen === undefined ? "" : `: ${chosen.title.sv}`}`,
        [
          { title: "Regel" },
          { title: "Nivå" },
          { title: "Åtgärd" },
          { title: "Tid" },
          { title: "Utförare" },
          { title: "Vad som inte stämmer" },
          { title: "Minuter", numeric: true },
          { title: "Belopp", numeric: true },
        ],
        findings.map((finding) => [
          titles.get(finding.ruleId) ?? finding.ruleId,
          levels[finding.level] ?? finding.level,
          severities[finding.severity] ?? finding.severity,
          finding.fromDay === finding.throughDay
            ? formatDay(finding.fromDay)
            : `${formatDay(finding.fromDay)} – ${formatDay(finding.throughDay)}`,
          finding.provider,
          finding.reason,
          finding.minutes,
          finding.amountOre === null ? null : formatOre(finding.amountOre),
        ]),
        "Inga öppna fynd här.",
      )}
      ${next === null ? "" : html`<p class="pages"><a href="/fynd?${more.toString()}">Nästa sida</a></p>`}`;
    return c.html(layout({ title: "Fynd", path: "/fynd", municipality: system.municipality, body }));
  });
}
