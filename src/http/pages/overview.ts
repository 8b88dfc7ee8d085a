import { Hono } from "hono";
import { html } from "hono/html";
import { formatDay, formatLocal, formatOre } from "#model";
import { type Bar, settlementBars } from "#picture";
import { heldText, levels, listSources, outcomes, type Overview, showOverview, type SourceStatus } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { figure } from "../views/picture.ts";
import { amount, dataTable, type Html, layout, monthChoice } from "../views/layout.ts";
import { stateOf } from "../views/state.ts";

/** `/`: the last night, sources, findings by rule, figures by provider. */
export function overviewPage() {
  return new Hono<Env>().get("/", needs("findings:read", "settlement:read", "sources:read"), async (c) => {
    const { system } = c.var;
    const overview = await showOverview(system, c.var.actor, c.req.query("manad"));
    const sources = await listSources(system, c.var.actor);
    const body = html`${nightFacts(overview)} ${heldBack(overview)} ${ruleTable(overview)} ${figures(overview)}
    ${sourceTable(sources)}`;
    return c.html(layout(c, { title: "Översikt", path: "/", body }));
  });
}

function nightFacts({ lastNight, rules }: Overview): Html {
  if (lastNight === null) {
    return html`<p class="empty">
      Ingen natt har körts än. Kör <code>npx klarsyn night</code>, eller vänta till den nattliga körningen.
    </p>`;
  }
  const open = rules.reduce((total, rule) => total + rule.open, 0);
  const stake = rules.reduce((total, rule) => total + (rule.amountOre ?? 0), 0);
  const state = outcomes[lastNight.outcome ?? "failed"];
  return html`<ul class="facts">
    <li>
      Senaste natten<strong>${formatDay(lastNight.day)}</strong>${state},
      ${formatLocal(lastNight.endedAt ?? lastNight.startedAt)}
    </li>
    <li>Öppna fynd<strong>${open.toLocaleString("sv-SE")}</strong>enligt ${rules.length} regler</li>
    <li>Belopp som fynden gäller<strong>${formatOre(stake)}</strong>Samma tid kan räknas i flera fynd</li>
  </ul>`;
}

function heldBack({ held }: Overview): Html | string {
  return held.length === 0
    ? ""
    : html`<h2>Hålls inne</h2>
        <ul>
          ${held.map((rule) => html`<li>${heldText(rule)}</li>`)}
        </ul>`;
}

const worstFirst: ReadonlyArray<SourceStatus["state"]> = ["down", "partly", "silent", "running", "ok", "never"];

/** A source as a whole: its worst state, its last run, what it sent. */
function sourceTable(sources: readonly SourceStatus[]): Html {
  const byId = Map.groupBy(sources, ({ id }) => id);
  return html`<h2><a href="/kallor">Källor</a></h2>
    ${dataTable(
      "Källor och deras senaste hämtning",
      [
        { title: "Källa" },
        { title: "Läge" },
        { title: "Senast hämtad", kind: "short" },
        { title: "Hämtade poster", kind: "number" },
        { title: "Väntar i karantän", kind: "number" },
      ],
      [...byId].map(([id, resources]) => {
        const state = worstFirst.find((one) => resources.some((resource) => resource.state === one)) ?? "never";
        const bad = state === "ok" || state === "never" ? [] : resources.filter((resource) => resource.state === state);
        const lastRunAt = Math.max(...resources.map((resource) => resource.lastRunAt ?? 0));
        const waiting = resources.reduce((sum, resource) => sum + resource.waiting, 0);
        return [
          id,
          stateOf(state, bad.length === 0 ? "" : `: ${bad.map(({ resource }) => resource).join(", ")}`),
          lastRunAt === 0 ? null : formatLocal(lastRunAt),
          resources.reduce((sum, resource) => sum + resource.seen, 0),
          waiting === 0 ? 0 : html`<a href="/karantan">${waiting}</a>`,
        ];
      }),
      "Inga källor är inställda. Lägg till dem i klarsyn.config.json.",
    )}`;
}

function ruleTable({ rules }: Overview): Html {
  return html`<h2><a href="/fynd">Fynd</a> per regel</h2>
    ${dataTable(
      "Öppna fynd, de som gäller störst belopp först",
      [
        { title: "Regel" },
        { title: "Nivå" },
        { title: "Öppna", kind: "number" },
        { title: "Minuter", kind: "number" },
        { title: "Belopp", kind: "number" },
      ],
      rules.map((rule) => [
        html`<a href="/fynd?regel=${rule.ruleId}">${rule.title}</a>`,
        levels[rule.level],
        rule.open,
        rule.minutes,
        amount(rule.amountOre),
      ]),
      "Inga öppna fynd.",
    )}`;
}

function figures({ month, months, providers }: Overview): Html {
  if (month === null) {
    return html`<h2>Avräkning</h2>
      <p class="empty">Det finns inga siffror än. De kommer med den första natten.</p>`;
  }
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
  return html`<h2><a href="/avrakning?manad=${month}">Avräkning</a> per utförare, ${month}</h2>
    ${monthChoice("/", months, month)}
    <div class="cards">
      ${providers.map((row) => {
        const bars: Bar[] = [
          { label: "Beviljat", minutes: row.grantedMinutes, kind: "granted" },
          { label: "Planerat", minutes: row.plannedMinutes, kind: "planned" },
          { label: "Utfört", minutes: row.registeredMinutes, kind: "registered" },
          { label: "Ersättning", minutes: row.payableMinutes, kind: "payable" },
          { label: "Fakturerat", minutes: row.claimedMinutes, kind: "claimed" },
        ];
        return html`<section>
          ${figure(settlementBars(row.name, bars, minutesMax))}
          <p>
            Att betala: ${formatOre(row.payableOre)}. Fakturerat: ${formatOre(row.claimedOre)}, varav för mycket:
            ${formatOre(row.overbilledOre)}. Utfört men inte fakturerat: ${formatOre(row.unbilledOre)}.
          </p>
        </section>`;
      })}
    </div>`;
}
