import { Hono } from "hono";
import { html, raw } from "hono/html";
import { formatDay, formatLocal, formatOre } from "#model";
import { listSources, type Overview, showOverview, type SourceStatus } from "#operations";
import type { Env, Served } from "../served.ts";
import { type Bar, settlementBars } from "../views/bars.ts";
import { dataTable, type Html, layout } from "../views/layout.ts";
import { levels, outcomes, sourceStates } from "../views/words.ts";

/** `/`: the last night, sources, findings by rule, figures by provider. */
export function overviewPage(system: Served) {
  return new Hono<Env>().get("/", async (c) => {
    const overview = await showOverview(system, c.var.actor, c.req.query("manad"));
    const sources = await listSources(system, c.var.actor);
    const body = html`${nightFacts(overview)} ${sourceTable(sources)} ${ruleTable(overview)} ${figures(overview)}`;
    return c.html(layout({ title: "Översikt", path: "/", municipality: system.municipality, body }));
  });
}

function nightFacts({ lastNight, rules }: Overview): Html {
  if (lastNight === null) {
    return html`<p class="empty">
      Ingen natt har körts än. Kör <code>npx klarsyn night</code>, eller vänta till den nattliga körningen.
    </p>`;
  }
  const open = rules.reduce((total, rule) => total + rule.open, 0);
  const stake = rules.reduce((total, rule) => total + rule.amountOre, 0);
  const state = outcomes[lastNight.outcome ?? "failed"];
  return html`<ul class="facts">
    <li>
      Senaste natten<strong>${formatDay(lastNight.day)}</strong>${state}, klar
      ${formatLocal(lastNight.endedAt ?? lastNight.startedAt)}
    </li>
    <li>Öppna fynd<strong>${open.toLocaleString("sv-SE")}</strong>i ${rules.length} regler</li>
    <li>Belopp som fynden gäller<strong>${formatOre(stake)}</strong>samma tid kan räknas i flera fynd</li>
  </ul>`;
}

function sourceTable(sources: readonly SourceStatus[]): Html {
  return html`<h2>Källor</h2>
    ${dataTable(
      "Källor och deras senaste hämtning",
      [
        { title: "Källa" },
        { title: "Läge" },
        { title: "Senast" },
        { title: "Poster", numeric: true },
        { title: "I karantän", numeric: true },
      ],
      sources.map((source) => [
        `${source.id}/${source.resource}`,
        stateCell(source),
        source.lastRunAt === null ? null : formatLocal(source.lastRunAt),
        source.seen,
        source.quarantined,
      ]),
      "Inga källor är inställda. Lägg till dem i klarsyn.config.json.",
    )}`;
}

function stateCell({ state }: SourceStatus): Html {
  const word = sourceStates[state];
  return state === "ok" ? html`${word}` : html`<span class="state-bad">⚠ ${word}</span>`;
}

function ruleTable({ rules }: Overview): Html {
  return html`<h2>Fynd per regel</h2>
    ${dataTable(
      "Öppna fynd, mest på spel först",
      [
        { title: "Regel" },
        { title: "Nivå" },
        { title: "Öppna", numeric: true },
        { title: "Minuter", numeric: true },
        { title: "Belopp", numeric: true },
      ],
      rules.map((rule) => [
        html`<a href="/fynd?regel=${rule.ruleId}">${rule.title}</a>`,
        levels[rule.level] ?? rule.level,
        rule.open,
        rule.minutes,
        formatOre(rule.amountOre),
      ]),
      "Inga öppna fynd.",
    )}`;
}

function figures({ month, months, providers }: Overview): Html {
  if (month === null)
    return html`<h2>Avräkning</h2>
      <p class="empty">Det finns inga siffror än.</p>`;
  const minutesMax = Math.max(
    1,
    ...providers.flatMap((row) => [
      row.grantedMinutes,
      row.plannedMinutes,
      row.registeredMinutes,
      row.payableMinutes,
      row.claimedMinutes,
    ]),
  );
  return html`<h2>Avräkning per utförare, ${month}</h2>
    <form method="get" action="/">
      <label
        >Månad
        <select name="manad">
          ${months.map((option) => html`<option ${raw(option === month ? "selected" : "")}>${option}</option>`)}
        </select></label
      >
      <button>Visa</button>
    </form>
    ${providers.map((row) => {
      const name = row.provider ?? "Okänd utförare";
      const bars: Bar[] = [
        { label: "Beviljad", minutes: row.grantedMinutes, kind: "granted" },
        { label: "Planerad", minutes: row.plannedMinutes, kind: "planned" },
        { label: "Utförd", minutes: row.registeredMinutes, kind: "registered" },
        { label: "Ersättning", minutes: row.payableMinutes, kind: "payable" },
        { label: "Fakturerad", minutes: row.claimedMinutes, kind: "claimed" },
      ];
      return html`<h3>${name}</h3>
        ${settlementBars(name, bars, minutesMax)}
        <p>
          Fakturerat för mycket: ${formatOre(row.overbilledOre)}. Utfört men inte fakturerat:
          ${formatOre(row.unbilledOre)}.
        </p>`;
    })}`;
}
