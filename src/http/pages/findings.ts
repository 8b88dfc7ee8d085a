import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { formatDay } from "#model";
import { levels, pageOfFindings, severities, showNames, showPeople } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { listExport } from "../views/export.ts";
import { amount, choice, dataTable, layout, nextPage } from "../views/layout.ts";
import { localPathOf } from "../local-path.ts";
import { personTag, revealForm } from "../views/person.ts";
import { tag } from "../views/state.ts";

const query = z.object({
  regel: z.string().max(60).optional().catch(undefined),
  efter: z.string().max(100).optional().catch(undefined),
});
const pageSize = 50;

/** `/fynd`: open findings, a page at a time. */
export function findingsPage() {
  return new Hono<Env>().get("/", needs("findings:read", "settlement:read"), async (c) => {
    const { system } = c.var;
    const { regel, efter } = query.parse(c.req.query());
    const chosen = system.rules.find((rule) => rule.id === regel);
    const names = await showNames(system, c.var.actor);
    const { findings, next } = await pageOfFindings(system, c.var.actor, {
      limit: pageSize,
      ...(chosen === undefined ? {} : { ruleId: chosen.id }),
      ...(efter === undefined ? {} : { after: efter }),
    });
    const people = await showPeople(
      system,
      c.var.actor,
      { client: findings.map(({ client }) => client), staff: findings.map(({ staff }) => staff) },
      c.var.revealed,
    );
    const titles = new Map(system.rules.map((rule) => [rule.id, rule.title.sv]));
    const options = system.rules
      .map(({ id, title }) => ({ value: id, text: title.sv, chosen: id === chosen?.id }))
      .toSorted((a, b) => a.text.localeCompare(b.text, "sv"));
    const body = html`${choice("/fynd", "regel", "Regel", [
      { value: "", text: "Alla regler", chosen: chosen === undefined },
      ...options,
    ])}
    ${chosen === undefined ? "" : html`<p>${chosen.why} <strong>Gör så här:</strong> ${chosen.remedy}</p>`}
    ${dataTable(
      `Öppna fynd${chosen === undefined ? "" : `: ${chosen.title.sv}`}`,
      [
        { title: "Regel" },
        { title: "Vad som inte stämmer", kind: "long" },
        { title: "Tid", kind: "short" },
        { title: "Utförare" },
        { title: "Brukare", kind: "short" },
        { title: "Personal", kind: "short" },
        { title: "Minuter", kind: "number" },
        { title: "Belopp", kind: "number" },
        { title: "Nivå" },
        { title: "Åtgärd" },
      ],
      findings.map((finding) => [
        titles.get(finding.ruleId) ?? finding.ruleId,
        finding.reason,
        finding.fromDay === finding.throughDay
          ? formatDay(finding.fromDay)
          : html`${formatDay(finding.fromDay)} –<br />${formatDay(finding.throughDay)}`,
        finding.provider === null ? null : (names.provider.get(finding.provider) ?? finding.provider),
        personTag(people, "client", finding.client),
        personTag(people, "staff", finding.staff),
        finding.minutes,
        amount(finding.amountOre),
        tag(levels[finding.level]),
        severities[finding.severity],
      ]),
      "Inga öppna fynd här.",
    )}
    ${revealForm(c, people, localPathOf(c))}
    ${c.var.actor.permissions.has("exports:make") ? listExport(c, "/fynd/export", { regel: chosen?.id ?? "" }) : ""}
    ${nextPage("/fynd", next === null ? null : { ...(chosen === undefined ? {} : { regel: chosen.id }), efter: next })}`;
    return c.html(layout(c, { title: "Fynd", path: "/fynd", body }));
  });
}
