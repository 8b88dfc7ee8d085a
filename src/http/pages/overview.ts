import { Hono } from "hono";
import type { Context } from "hono";
import { html } from "hono/html";
import { dayOf, formatDay, formatLocal, formatOre } from "#model";
import {
  drawFindingTrend,
  countOrdersToChase,
  countOwnQuestions,
  countOwnWaiting,
  countWaitingCases,
  dueReminders,
  heldText,
  levels,
  listSources,
  outcomes,
  type Overview,
  type Reminder,
  reminderTexts,
  showOverview,
  type SourceStatus,
} from "#operations";
import { type Bar, settlementBars } from "#picture";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { counted, dueText, type Names, providerText, subjectText } from "../views/case/words.ts";
import { button, hidden } from "../views/fields.ts";
import { form } from "../views/form.ts";
import { amount, dataTable, type Html, layout, monthChoice } from "../views/layout.ts";
import { figure } from "../views/picture.ts";
import { stateOf, tag } from "../views/state.ts";
import { namesFor } from "./case-names.ts";

const RULES = 10;

/** `/`: what waits for whoever asks, then what the last night found; each role sees what it works with. */
export function overviewPage() {
  return new Hono<Env>().get("/", needs(), async (c) => {
    const { system, actor } = c.var;
    const may = (...wanted: Array<Parameters<typeof actor.permissions.has>[0]>): boolean =>
      wanted.every((permission) => actor.permissions.has(permission));
    const own = actor.scope.providers?.length === 1;
    const [overview, sources, work, course, waiting, chase] = await Promise.all([
      may("findings:read", "settlement:read") ? showOverview(system, actor, c.req.query("manad")) : null,
      may("sources:read") ? listSources(system, actor) : null,
      may("cases:read", "findings:read", "settlement:read") ? workOf(c) : null,
      may("findings:read") ? drawFindingTrend(system, actor) : null,
      own && may("orders:read", "own-cases:read") ? ownWork(c) : null,
      may("findings:read") ? countOrdersToChase(system, actor) : null,
    ]);
    const body = html`${waiting ?? ""} ${work ?? ""} ${chase === null ? "" : chaseText(chase)}
    ${overview === null ? "" : html`${nightFacts(overview)} ${heldBack(overview)}`}
    ${overview === null ? "" : html`${ruleTable(overview)} ${course === null ? "" : figure(course, { wide: true })} ${figures(overview)}`}
    ${sources === null ? "" : sourceTable(sources, may("quarantine:read"))}
    ${
      overview === null && sources === null && waiting === null
        ? html`<p class="empty">
            ${
              actor.role === "provider"
                ? "Ingen har sagt vilken utförare du hör till. Be den som ansvarar för Klarsyn i kommunen att ange det."
                : "Här finns ingenting för din roll än. Behöver du se ärenden eller avräkningar, vänd dig till den som ansvarar för Klarsyn i kommunen."
            }
          </p>`
        : ""
    }`;
    return c.html(layout(c, { title: "Start", path: "/", body }));
  });
}

/** What waits for somebody of a provider. */
async function ownWork(c: Context<Env>): Promise<Html> {
  const { system, actor } = c.var;
  const [{ orders, late, nextDueAt }, { waiting, nextDueOn }] = await Promise.all([
    countOwnWaiting(system, actor),
    countOwnQuestions(system, actor),
  ]);
  return html`<h2 class="first">Väntar på er</h2>
    <ul class="facts">
      <li class="box">
        <a href="/bestallningar">Beställningar att svara på<strong>${orders}</strong></a>
        ${late > 0 ? html`${tag(`${late} försenade`, "warning")}` : nextDueAt === null ? "" : `senast ${formatLocal(nextDueAt)}`}
      </li>
      <li class="box">
        <a href="/fragor">Frågor att svara på<strong>${waiting}</strong></a>
        ${nextDueOn === null ? "" : dueText(nextDueOn, dayOf(system.now()))}
      </li>
      <li class="box">
        <a href="/manad">Er avräkning<strong>Visa</strong></a>
      </li>
    </ul>`;
}

/** Orders that somebody has to see to. */
function chaseText({ late, declined }: Record<"late" | "declined", number>): Html | "" {
  if (late + declined === 0) return "";
  const parts = [
    late === 0 ? null : `${counted(late, "beställning", "beställningar")} är inte bekräftade i tid`,
    declined === 0 ? null : `${counted(declined, "beställning", "beställningar")} har utföraren tackat nej till`,
  ].filter((part) => part !== null);
  return html`<div class="ds-alert" data-color="warning">
    <p>${parts.join(", och ")}. <a class="ds-link" href="/obekraftade">Se vilka</a></p>
  </div>`;
}

/** What waits for somebody who works with cases, and where to begin for who has none yet. */
async function workOf(c: Context<Env>): Promise<Html> {
  const { system, actor } = c.var;
  const [{ mine, free }, reminders] = await Promise.all([
    countWaitingCases(system, actor),
    dueReminders(system, actor),
  ]);
  const of = (kind: "client" | "staff"): string[] =>
    reminders.flatMap(({ subject }) => (subject.kind === kind ? [subject.id] : []));
  const names = await namesFor(c.var, { client: of("client"), staff: of("staff") });
  const works = actor.permissions.has("cases:work");
  return html`<h2 class="first">Väntar på dig</h2>
    <ul class="facts">
      <li class="box">
        <a href="/arenden?assigned=me">Dina ärenden<strong>${mine}</strong></a>
      </li>
      <li class="box">
        <a href="/arenden?assigned=nobody">Ingen har tagit<strong>${free}</strong></a>
      </li>
      <li class="box">Att göra nu<strong>${reminders.length}</strong></li>
    </ul>
    ${works && free > 0 ? form(c, "/arenden/nasta", html`${hidden({ filter: "" })} ${button("Ta nästa ärende", "primary", "n")}`) : ""}
    ${reminders.length === 0 ? "" : reminderTable(reminders, names, dayOf(system.now()))}
    ${works && mine === 0 ? firstSteps() : ""}`;
}

const REMINDERS = 10;

function reminderTable(reminders: readonly Reminder[], names: Names, today: number): Html {
  return dataTable(
    reminders.length > REMINDERS
      ? `De ${REMINDERS} mest brådskande av ${reminders.length}`
      : "Det mest brådskande först",
    [
      { title: "Ärende", kind: "short" },
      { title: "Vad", kind: "long" },
      { title: "Gäller" },
      { title: "Senast", kind: "short" },
      { title: "Tilldelat" },
    ],
    reminders
      .slice(0, REMINDERS)
      .map(({ no, kind, dueOn, assignedName, provider, subject }) => [
        html`<a class="ds-link" href="/arenden/${no}">${no}</a>`,
        reminderTexts[kind],
        html`${providerText(provider, names)}, ${subjectText(subject, names)}`,
        dueText(dueOn, today),
        assignedName,
      ]),
    "",
  );
}

/** For who is here for the first time. */
function firstSteps(): Html {
  return html`<section class="box" aria-labelledby="borja">
    <h2 id="borja" class="first">Så börjar du</h2>
    <ol>
      <li>
        Tryck på <strong>Ta nästa ärende</strong>. Du får det som det står mest på spel i, och ingen annan får samma.
      </li>
      <li>Läs vad fynden säger, vad som talar för och emot, och posterna bakom.</li>
      <li>Fråga utföraren när något behöver förklaras. Brevet görs av det du väljer.</li>
      <li>
        Föreslå ett beslut med motivering. Återkrav, varning, uppsägning och polisanmälan måste en kollega godkänna.
      </li>
    </ol>
    <p>
      Vill du se allt först finns <a class="ds-link" href="/arenden">alla ärenden</a> och
      <a class="ds-link" href="/fynd">alla fynd</a>.
    </p>
  </section>`;
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
  return html`<h2>Senaste natten</h2>
    <ul class="facts">
      <li class="box">
        Senaste natten<strong>${formatDay(lastNight.day)}</strong>${state},
        ${formatLocal(lastNight.endedAt ?? lastNight.startedAt)}
      </li>
      <li class="box">Öppna fynd<strong>${open.toLocaleString("sv-SE")}</strong>enligt ${rules.length} regler</li>
      <li class="box">Belopp som fynden gäller<strong>${formatOre(stake)}</strong>Samma tid kan räknas i flera fynd</li>
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
function sourceTable(sources: readonly SourceStatus[], opens: boolean): Html {
  const byId = Map.groupBy(sources, ({ id }) => id);
  return html`<h2>Källor</h2>
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
          waiting === 0 || !opens ? waiting : html`<a class="ds-link" href="/karantan">${waiting}</a>`,
        ];
      }),
      "Inga källor är inställda. Lägg till dem i klarsyn.config.json.",
    )}`;
}

function ruleTable({ rules }: Overview): Html {
  return html`<h2>Fynd per regel</h2>
    ${dataTable(
      rules.length > RULES
        ? `De ${RULES} regler som gäller störst belopp, av ${counted(rules.length, "regel", "regler")} med öppna fynd`
        : "Öppna fynd, de som gäller störst belopp först",
      [
        { title: "Regel" },
        { title: "Nivå" },
        { title: "Öppna", kind: "number" },
        { title: "Minuter", kind: "number" },
        { title: "Belopp", kind: "number" },
      ],
      rules
        .slice(0, RULES)
        .map((rule) => [
          html`<a class="ds-link" href="/fynd?regel=${rule.ruleId}">${rule.title}</a>`,
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
  return html`<h2>Avräkning per utförare, ${month}</h2>
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
