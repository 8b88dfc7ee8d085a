import { type Context, Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { dayOf, formatDay, formatLocal, type Instant, parseDate } from "#model";
import {
  addException,
  type Backtest,
  type ComparedAmounts,
  decideOnRuleChange,
  endException,
  type ExceptionSubject,
  type ExplainedRule,
  explainRule,
  levels,
  type ListedException,
  type ListedRule,
  listExceptions,
  listRuleChanges,
  listRules,
  modes,
  pageOfFindings,
  type People,
  ProposalRefused,
  proposeRuleChange,
  releaseRule,
  scopes,
  severities,
  type ShownRuleChange,
  showPeople,
  tryRule,
  type TypedValues,
} from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { counted, period } from "../views/case/words.ts";
import { button, group, hidden, input, textArea } from "../views/fields.ts";
import { inOwnWords } from "../views/html.ts";
import { done, form } from "../views/form.ts";
import { amount, type Column, dataTable, emptyState, type Html, layout, selectField } from "../views/layout.ts";
import { personTag } from "../views/person.ts";
import { problemList, proposalBox } from "../views/proposal.ts";
import { tag } from "../views/state.ts";
import { backtestCsv } from "../views/backtest.ts";

const path = "/regler";
type Rule = ListedRule["rule"];

const text = z.string().max(4000).default("");
const date = z
  .string()
  .default("")
  .transform((said) => parseDate(said));
const number = z.coerce.number().int().positive();
const backtestAsked = z.object({ from: date, till: date });
const changeAsked = z.object({
  fran: date,
  skal: text,
  lage: z.enum(["", "active", "shadow", "off"]).default(""),
  provning: z
    .union([z.literal("").transform(() => null), number])
    .nullable()
    .default(null),
});
const decisionAsked = z.object({ no: number, beslut: z.enum(["approved", "rejected", "withdrawn"]), skal: text });
const exceptionAsked = z.object({ vem: z.string().min(3).max(300), fran: date, till: date, skal: text });
const endAsked = z.object({ no: number, till: date, skal: text });

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** How often a rule was right, with the bounds that it can be told to. */
export function precisionText({ judged, share }: ListedRule["precision"]): string | null {
  if (judged === 0) return null;
  if (share === null) return `för få bedömda (${judged})`;
  return `${percent(share.value)} (${percent(share.low)}–${percent(share.high)}, ${judged} bedömda)`;
}

const perTenThousand = ({ findings, clientDays }: { findings: number; clientDays: number }): string | null =>
  clientDays === 0 ? null : ((findings / clientDays) * 10_000).toLocaleString("sv-SE", { maximumSignificantDigits: 3 });

const modeTag = (mode: ListedRule["mode"]): Html =>
  tag(modes[mode], mode === "active" ? "success" : mode === "held" ? "warning" : "neutral");

/** A value of a parameter as people write it. */
function valueText(value: unknown): string {
  if (typeof value === "number") return value.toLocaleString("sv-SE", { maximumFractionDigits: 6, useGrouping: false });
  if (typeof value === "boolean") return value ? "ja" : "nej";
  return typeof value === "string" ? (modes[value as keyof typeof modes] ?? value) : JSON.stringify(value);
}

const byTitle = (a: ListedRule, b: ListedRule): number => a.rule.title.sv.localeCompare(b.rule.title.sv, "sv");

/** `/regler`: every rule with how it stands; `/regler/:id`: one rule, and what may be changed of it. */
export function rulePages() {
  return new Hono<Env>()
    .get("/", needs("rules:read"), async (c) => {
      const { system, actor } = c.var;
      const [rules, changes] = await Promise.all([listRules(system, actor), listRuleChanges(system, actor)]);
      const waiting = changes.filter(({ state }) => state === "proposed");
      const titles = new Map(rules.map(({ rule }) => [rule.id, rule.title.sv]));
      const body = html`${
        waiting.length === 0
          ? ""
          : html`<div class="box">
              <h2 class="first">Förslag som väntar på beslut</h2>
              <ul>
                ${waiting.map(
                  ({ ruleId, no, proposedName, proposedAt }) =>
                    html`<li>
                      <a class="ds-link" href="${path}/${ruleId}#forslag">${titles.get(ruleId) ?? ruleId}</a>, förslag
                      ${no} av ${proposedName}, ${formatLocal(proposedAt)}
                    </li>`,
                )}
              </ul>
            </div>`
      }
      ${Object.entries(levels).map(([level, title]) => {
        const ofLevel = rules.filter(({ rule }) => rule.level === level).toSorted(byTitle);
        return ofLevel.length === 0 ? "" : ruleTable(title, ofLevel);
      })}`;
      const lead = "Varje regel letar efter ett slags fel. Här ser du hur den står sig och vad som gäller för den.";
      return c.html(layout(c, { title: "Regler", path, lead, body }));
    })
    .get("/:id", needs("rules:read"), async (c) => {
      const rule = ruleFor(c);
      return rule === undefined ? c.notFound() : c.html(await rulePage(c, rule));
    })
    .post("/:id/provning", needs("rules:write", "findings:read"), async (c) => {
      const rule = ruleFor(c);
      if (rule === undefined) return c.notFound();
      const said = await c.req.parseBody();
      const values = typedValues(rule, said);
      return refusing(c, rule, values, async () => {
        const { no, backtest } = await runBacktest(c, rule, values, said);
        const people = await showPeople(c.var.system, c.var.actor, peopleOf(backtest));
        return c.html(await backtestPage(c, rule, { no, backtest, values, people }));
      });
    })
    .post("/:id/provning.csv", needs("rules:write", "findings:read"), async (c) => {
      const rule = ruleFor(c);
      if (rule === undefined) return c.notFound();
      const said = await c.req.parseBody();
      const values = typedValues(rule, said);
      return refusing(c, rule, values, async () => {
        const { backtest } = await runBacktest(c, rule, values, said);
        const people = await showPeople(c.var.system, c.var.actor, peopleOf(backtest));
        return c.body(backtestCsv(backtest, people), 200, {
          "content-type": "text/csv; charset=utf-8",
          "content-disposition": `attachment; filename="provning-${rule.id}.csv"`,
        });
      });
    })
    .post("/:id/forslag", needs("rules:write"), async (c) => {
      const rule = ruleFor(c);
      if (rule === undefined) return c.notFound();
      const said = await c.req.parseBody();
      const { fran, skal, lage, provning } = changeAsked.parse(said);
      const values = { ...typedValues(rule, said), ...(lage === "" ? {} : { mode: lage }) };
      return refusing(c, rule, values, async () => {
        if (fran === null) throw new ProposalRefused(["Välj vilken dag ändringen ska börja gälla."]);
        await proposeRuleChange(c.var.system, c.var.actor, {
          ruleId: rule.id,
          values,
          fromDay: fran,
          why: skal,
          backtest: provning,
        });
        return done(
          c,
          `${path}/${rule.id}#forslag`,
          "Förslaget är sparat. Det börjar gälla när en annan person godkänt det.",
        );
      });
    })
    .post("/:id/beslut", needs("rules:write", "rules:activate"), async (c) => {
      const rule = ruleFor(c);
      if (rule === undefined) return c.notFound();
      const { no, beslut, skal } = decisionAsked.parse(await c.req.parseBody());
      return refusing(c, rule, {}, async () => {
        await decideOnRuleChange(c.var.system, c.var.actor, { ruleId: rule.id, no, verdict: beslut, why: skal });
        const said = {
          approved: "Förslaget är godkänt. Nästa natt räknar om den öppna perioden.",
          rejected: "Förslaget är avslaget.",
          withdrawn: "Förslaget är återtaget.",
        };
        return done(c, `${path}/${rule.id}`, said[beslut]);
      });
    })
    .post("/:id/undantag", needs("rules:write"), async (c) => {
      const rule = ruleFor(c);
      if (rule === undefined) return c.notFound();
      const { vem, fran, till, skal } = exceptionAsked.parse(await c.req.parseBody());
      return refusing(c, rule, {}, async () => {
        const subject = subjectOf(vem);
        const problems = [
          ...(subject === null ? ["Välj vem eller vad undantaget gäller."] : []),
          ...(fran === null || till === null ? ["Välj första och sista dag. Ett undantag har alltid ett slut."] : []),
          ...(fran !== null && till !== null && till < fran ? ["Sista dagen är före den första."] : []),
          ...shortReason(skal),
        ];
        if (problems.length > 0 || subject === null || fran === null || till === null)
          throw new ProposalRefused(problems);
        const { findings } = await addException(c.var.system, c.var.actor, {
          ruleId: rule.id,
          subject,
          fromDay: fran,
          throughDay: till,
          why: skal,
        });
        return done(
          c,
          `${path}/${rule.id}#undantag`,
          `Undantaget är infört. Det omfattar ${counted(findings, "fynd som står nu", "fynd som står nu")}. Nästa natt räknar om.`,
        );
      });
    })
    .post("/:id/undantag/slut", needs("rules:write"), async (c) => {
      const rule = ruleFor(c);
      if (rule === undefined) return c.notFound();
      const { no, till, skal } = endAsked.parse(await c.req.parseBody());
      const mine = (await listExceptions(c.var.system, c.var.actor, rule.id)).find((one) => one.no === no);
      if (mine === undefined) return c.notFound();
      return refusing(c, rule, {}, async () => {
        const last = till ?? dayOf(c.var.system.now()) - 1;
        const problems = [
          ...(mine.ended === null ? [] : ["Undantaget är redan avslutat."]),
          ...(last >= mine.throughDay ? ["Undantaget slutar ändå då. Välj en tidigare dag."] : []),
          ...shortReason(skal),
        ];
        if (problems.length > 0) throw new ProposalRefused(problems);
        const { throughDay } = await endException(c.var.system, c.var.actor, { no, throughDay: last, why: skal });
        return done(c, `${path}/${rule.id}#undantag`, `Undantaget gäller till och med ${formatDay(throughDay)}.`);
      });
    })
    .post("/:id/slapp", needs("rules:write"), async (c) => {
      const rule = ruleFor(c);
      if (rule === undefined) return c.notFound();
      const { skal } = z.object({ skal: text }).parse(await c.req.parseBody());
      return refusing(c, rule, {}, async () => {
        if (shortReason(skal).length > 0) throw new ProposalRefused(shortReason(skal));
        const count = await releaseRule(c.var.system, c.var.actor, { ruleId: rule.id, why: skal });
        return done(
          c,
          `${path}/${rule.id}`,
          `${counted(count, "fynd är framsläppt", "fynd är framsläppta")} och visas nu.`,
        );
      });
    });
}

const shortReason = (why: string): string[] => (why.trim().length < 5 ? ["Skriv varför, med minst 5 tecken."] : []);

const ruleFor = (c: Context<Env>): Rule | undefined => c.var.system.rules.find(({ id }) => id === c.req.param("id"));

/** What was typed for the rule's own parameters; an empty box says nothing. */
function typedValues(rule: Rule, said: Readonly<Record<string, unknown>>): Record<string, string> {
  const names = Object.keys(rule.parameters.shape);
  return Object.fromEntries(
    names.flatMap((name): Array<[string, string]> => {
      const value = said[`p-${name}`];
      return typeof value === "string" && value.trim() !== "" ? [[name, value.trim().slice(0, 200)]] : [];
    }),
  );
}

/** Does what a form asks for; where it is refused, the rule's page says why and keeps what was typed. */
async function refusing(
  c: Context<Env>,
  rule: Rule,
  typed: TypedValues,
  work: () => Promise<Response>,
): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProposalRefused)) throw error;
    return c.html(await rulePage(c, rule, { problems: error.problems, typed }), 422);
  }
}

async function runBacktest(c: Context<Env>, rule: Rule, values: TypedValues, said: Record<string, unknown>) {
  const { from, till } = backtestAsked.parse(said);
  if (from === null || till === null) throw new ProposalRefused(["Välj första och sista dag att pröva på."]);
  return tryRule(c.var.system, c.var.actor, {
    ruleId: rule.id,
    values,
    from,
    through: till,
    signal: c.req.raw.signal,
  });
}

function ruleTable(title: string, rules: readonly ListedRule[]): Html {
  return html`<h2>${title}</h2>
    ${dataTable(
      `Regler, ${title.toLowerCase()}`,
      [
        { title: "Regel", kind: "long" },
        { title: "Läge", kind: "short" },
        { title: "Öppna fynd", kind: "number" },
        { title: "Hålls inne", kind: "number" },
        { title: "Haft rätt hittills" },
        { title: "Per 10 000 brukardagar", kind: "number" },
        { title: "Ändrade parametrar" },
      ],
      rules.map(({ rule, mode, open, held, precision, rate, changed }) => [
        html`<a class="ds-link" href="${path}/${rule.id}">${rule.title.sv}</a>`,
        modeTag(mode),
        open,
        held,
        precisionText(precision),
        rate === null ? null : perTenThousand(rate),
        changed.length === 0 ? null : changed.join(", "),
      ]),
      "",
    )}`;
}

interface Refusal {
  problems: readonly string[];
  typed: TypedValues;
}

async function rulePage(c: Context<Env>, rule: Rule, refusal?: Refusal) {
  const { system, actor } = c.var;
  const everywhere = (actor.scope.providers ?? actor.scope.units ?? actor.scope.groups) === null;
  const may = (permission: Parameters<typeof actor.permissions.has>[0]): boolean =>
    everywhere && actor.permissions.has(permission);
  const writes = may("rules:write") && may("findings:read");
  const [known, changes, exceptions] = await Promise.all([
    explainRule(system, actor, rule),
    listRuleChanges(system, actor, { ruleId: rule.id }),
    everywhere ? listExceptions(system, actor, rule.id) : [],
  ]);
  const found = writes ? (await pageOfFindings(system, actor, { ruleId: rule.id, limit: 50 })).findings : [];
  const people = await showPeople(system, actor, {
    client: [...exceptions.map(({ exception }) => exception.subject.client ?? null), ...found.map((one) => one.client)],
    staff: [...exceptions.map(({ exception }) => exception.subject.staff ?? null), ...found.map((one) => one.staff)],
  });
  const pending = changes.filter(({ state }) => state === "proposed");
  const decided = changes.filter(({ state }) => state !== "proposed");
  const box = (change: ShownRuleChange): Html =>
    proposalBox(c, change, {
      action: `${path}/${rule.id}/beslut`,
      content: changeContent(known, change),
      decides: may("rules:activate"),
    });
  const body = html`${refusal === undefined ? "" : problemList(refusal.problems)}
    <p>
      ${modeTag(known.mode)} ${tag(levels[rule.level])} ${tag(severities[rule.severity])}
      <small>${rule.id}, version ${rule.version}</small>
    </p>
    <p>${rule.why}</p>
    <p><strong>Gör så här:</strong> ${rule.remedy}</p>
    ${innocentCauses(rule)} ${soFar(c, known, may("rules:write"))}
    <h2 id="parametrar">Parametrar i dag</h2>
    ${parameterTable(known)} ${history(known)}
    <h2 id="forslag">Förslag till ändring</h2>
    ${pending.length === 0 ? emptyState("Inget förslag väntar på beslut.") : pending.map(box)}
    ${
      decided.length === 0
        ? ""
        : html`<details class="plain">
            <summary>${counted(decided.length, "avgjort förslag", "avgjorda förslag")}</summary>
            ${decided.map(box)}
          </details>`
    }
    ${writes ? html`${backtestForm(c, known, refusal?.typed ?? {})} ${modeForm(c, known)}` : ""}
    <h2 id="undantag">Undantag</h2>
    ${everywhere ? exceptionTable(exceptions, people) : emptyState("Undantag visas för dem som ser hela kommunen.")}
    ${writes ? exceptionForms(c, rule, exceptions, found, people) : ""}`;
  return layout(c, { title: rule.title.sv, path, lead: scopesOf(rule), body });
}

const scopesOf = ({ scope, otherScopes }: Rule): string =>
  `Ser på ${[scope, ...otherScopes.map((other) => other.scope)].map((one) => scopes[one]).join("; ")}.`;

function innocentCauses({ innocent }: Rule): Html | "" {
  const causes = Object.values(innocent);
  if (causes.length === 0) return "";
  return html`<h2>Oskyldiga orsaker som inte rapporteras</h2>
    <ul>
      ${causes.map((cause) => html`<li>${cause}</li>`)}
    </ul>`;
}

/** What the rule has given so far, and what of it is held back. */
function soFar(c: Context<Env>, known: ExplainedRule, releases: boolean): Html {
  const { rule, open, held, precision, precisions, rate, holds } = known;
  const rates = rate === null ? null : perTenThousand(rate);
  return html`<h2>Hittills</h2>
    <dl>
      <dt>Öppna fynd</dt>
      <dd>
        ${
          open > 0 && c.var.actor.permissions.has("findings:read") && c.var.actor.permissions.has("settlement:read")
            ? html`<a class="ds-link" href="/fynd?regel=${rule.id}">${counted(open, "fynd", "fynd")}</a>`
            : counted(open, "fynd", "fynd")
        }
      </dd>
      <dt>Haft rätt</dt>
      <dd>${precisionText(precision) ?? "Inget fynd är bedömt än."}</dd>
      <dt>Hur ofta den slår</dt>
      <dd>${rates === null ? "Inte mätt än." : `${rates} fynd per 10 000 brukardagar`}</dd>
    </dl>
    ${
      precisions.length === 0
        ? ""
        : dataTable(
            "Bedömda fynd, version för version",
            [
              { title: "Version", kind: "short" },
              { title: "Bekräftade", kind: "number" },
              { title: "Förklarade", kind: "number" },
              { title: "Gick inte att avgöra", kind: "number" },
              { title: "Haft rätt" },
            ],
            precisions.map(({ version, precision: one, unclear }) => [
              String(version),
              one.confirmed,
              one.judged - one.confirmed,
              unclear,
              precisionText(one),
            ]),
            "",
          )
    }
    ${
      holds.length === 0
        ? ""
        : dataTable(
            "Har hållits inne",
            [
              { title: "När", kind: "short" },
              { title: "Nya fynd", kind: "number" },
              { title: "Att vänta", kind: "number" },
              { title: "Släppt", kind: "long" },
            ],
            holds.map((hold) => [
              formatLocal(hold.heldAt),
              hold.findings,
              Math.round(hold.expected),
              hold.releasedAt === null
                ? "Nej"
                : `${formatLocal(hold.releasedAt)}, ${hold.releasedBy ?? "–"}: ${hold.releasedWhy ?? "–"}`,
            ]),
            "",
          )
    }
    ${
      held === 0
        ? ""
        : html`<div class="box">
            <p>
              ${tag("Hålls inne", "warning")} ${counted(held, "fynd hålls inne", "fynd hålls inne")} och visas inte,
              eftersom regeln gav långt fler än väntat.
            </p>
            ${
              releases
                ? form(
                    c,
                    `${path}/${rule.id}/slapp`,
                    html`${textArea({ name: "skal", id: "slapp", label: "Varför fynden ska visas", required: true, rows: 2 })}
                    ${button("Släpp fram fynden")}`,
                  )
                : ""
            }
          </div>`
    }`;
}

const standardOf = (rule: Rule): Record<string, unknown> => rule.parameters.parse({});
const descriptionOf = (rule: Rule, name: string): string =>
  (rule.parameters.shape[name] as { description?: string } | undefined)?.description ?? "";

function parameterTable({ rule, values }: ExplainedRule): Html {
  const standard = standardOf(rule);
  return dataTable(
    "Parametrar som gäller i dag",
    [
      { title: "Parameter", kind: "short" },
      { title: "Värde", kind: "number" },
      { title: "Förval", kind: "number" },
      { title: "Vad den betyder", kind: "long" },
    ],
    Object.keys(rule.parameters.shape).map((name) => [
      name,
      valueText(values[name]),
      valueText(standard[name]),
      descriptionOf(rule, name),
    ]),
    "Regeln har inga parametrar.",
  );
}

function history({ history: set }: ExplainedRule): Html | "" {
  if (set.length === 0) return html`<p class="quiet">Ingenting har ändrats. Förvalen gäller.</p>`;
  return dataTable(
    "Ändringar, efter den dag de gäller från",
    [
      { title: "Från", kind: "short" },
      { title: "Parameter", kind: "short" },
      { title: "Värde" },
      { title: "Vem" },
      { title: "När", kind: "short" },
      { title: "Varför", kind: "long" },
    ],
    set.map(({ fromDay, name, value, setBy, setAt, why }) => [
      formatDay(fromDay),
      name === "mode" ? "läge" : name,
      valueText(value),
      setBy,
      formatLocal(setAt),
      inOwnWords(why),
    ]),
    "",
  );
}

/** What a proposal would change, and what its back-test gave. */
function changeContent({ values: now }: ExplainedRule, { no, values, backtest }: ShownRuleChange): Html {
  const shown = (name: string, value: string): string =>
    name === "mode" ? `läge: ${valueText(value)}` : `${name}: ${value} (i dag ${valueText(now[name])})`;
  return html`<ul>
      ${Object.entries(values).map(([name, value]) => html`<li>${shown(name, value)}</li>`)}
    </ul>
    ${
      backtest === null
        ? ""
        : html`<details class="plain">
            <summary>Prövad på ${period(backtest.from, backtest.through)}</summary>
            ${sumTable(backtest, `, förslag ${no}`)}
          </details>`
    }`;
}

const numbers = (...titles: string[]): Column[] => titles.map((title) => ({ title, kind: "number" }));

/** Findings, minutes and kronor before and after, in all and by provider. */
function sumTable(
  { total, providers, clientDays }: Pick<Backtest, "total" | "providers" | "clientDays">,
  which = "",
): Html {
  const cells = (name: string, { before, after, appearing, vanishing }: ComparedAmounts) => [
    name,
    before.findings,
    after.findings,
    appearing,
    vanishing,
    before.minutes,
    after.minutes,
    amount(before.amountOre),
    amount(after.amountOre),
  ];
  return dataTable(
    `Före och efter, ${clientDays.toLocaleString("sv-SE")} brukardagar${which}`,
    [
      { title: "Utförare" },
      ...numbers(
        "Fynd före",
        "Fynd efter",
        "Tillkommer",
        "Försvinner",
        "Minuter före",
        "Minuter efter",
        "Belopp före",
        "Belopp efter",
      ),
    ],
    [cells("Alla", total), ...providers.map(({ name, ...sums }) => cells(name, sums))],
    "",
  );
}

const parameterInputs = ({ rule, values }: ExplainedRule, typed: TypedValues): Html[] =>
  Object.keys(rule.parameters.shape).map((name) =>
    input({
      name: `p-${name}`,
      label: name,
      help: `${descriptionOf(rule, name)} I dag: ${valueText(values[name])}.`,
      value: typed[name] ?? "",
    }),
  );

function backtestForm(c: Context<Env>, known: ExplainedRule, typed: TypedValues): Html {
  const { rule } = known;
  const today = dayOf(c.var.system.now());
  return html`<h2 id="prova">Pröva regeln</h2>
    <p>
      Kör regeln på dagar som har varit, som den stod och med andra värden. Ingenting ändras. Därefter kan du föreslå
      ändringen. Det du lämnar tomt är som i dag.
    </p>
    ${form(
      c,
      `${path}/${rule.id}/provning`,
      html`<div class="row">
          ${input({ name: "from", label: "Från och med", type: "date", value: formatDay(today - 31), required: true })}
          ${input({ name: "till", label: "Till och med", type: "date", value: formatDay(today - 1), required: true })}
        </div>
        ${Object.keys(rule.parameters.shape).length === 0 ? "" : group("Värden att pröva", html`${parameterInputs(known, typed)}`)}
        ${button("Pröva")}`,
    )}`;
}

const modeChoices = (mode: string, none: string | null) => [
  ...(none === null ? [] : [{ value: "", text: none }]),
  ...(["active", "shadow", "off"] as const)
    .filter((value) => value !== mode)
    .map((value) => ({ value, text: modes[value] })),
];

function modeForm(c: Context<Env>, { rule, mode }: ExplainedRule): Html {
  const now = mode === "held" ? "active" : mode;
  const quiet = modeChoices(now, null).filter(({ value }) => value !== "active");
  return html`<h2 id="lage">Byt läge</h2>
    <p>
      På prov räknas regeln, men fynden visas inte för handläggare. Avstängd räknas den inte alls.
      ${now === "active" ? "" : "För att göra regeln aktiv: pröva den först, och föreslå det där."}
    </p>
    ${form(
      c,
      `${path}/${rule.id}/forslag`,
      html`<div class="row">
          ${selectField("lage", "Nytt läge", quiet)}
          ${input({ name: "fran", id: "lage-fran", label: "Från och med", type: "date", required: true })}
        </div>
        ${textArea({ name: "skal", id: "lage-skal", label: "Varför", required: true, rows: 2 })}
        ${button("Föreslå", "secondary")}`,
    )}`;
}

interface Tried {
  no: number;
  backtest: Backtest;
  values: TypedValues;
  people: People;
}

const FOUND_MAX = 100;

async function backtestPage(c: Context<Env>, rule: Rule, { no, backtest, values, people }: Tried) {
  const { total, from, through, clientDays } = backtest;
  const known = await explainRule(c.var.system, c.var.actor, rule);
  const rate = perTenThousand({ findings: total.after.findings, clientDays });
  const kept = hidden(Object.fromEntries(Object.entries(values).map(([name, value]) => [`p-${name}`, value])));
  const names = new Map(backtest.providers.map(({ provider, name }) => [provider, name]));
  const list = (caption: string, found: Backtest["appearing"]) =>
    dataTable(
      found.length > FOUND_MAX ? `${caption}, de ${FOUND_MAX} första av ${found.length}` : caption,
      [
        { title: "Tid", kind: "short" },
        { title: "Utförare" },
        { title: "Brukare", kind: "short" },
        { title: "Personal", kind: "short" },
        { title: "Minuter", kind: "number" },
        { title: "Belopp", kind: "number" },
        { title: "Vad", kind: "long" },
      ],
      found
        .slice(0, FOUND_MAX)
        .map((one) => [
          one.period.from === one.period.to ? one.period.from : `${one.period.from} – ${one.period.to}`,
          names.get(one.provider) ?? one.provider,
          personTag(people, "client", one.client),
          personTag(people, "staff", one.staff),
          one.minutes,
          amount(one.amountOre),
          one.reason,
        ]),
      "Inga.",
    );
  const body = html`<p role="status">
      ${
        rate === null
          ? "Det fanns inga brukardagar att pröva på de dagarna."
          : `${rate} fynd per 10 000 brukardagar med de prövade värdena. Ingenting är ändrat.`
      }
    </p>
    <ul>
      ${Object.keys(rule.parameters.shape).map((name) => html`<li>${name}: ${valueText(backtest.values[name])}</li>`)}
    </ul>
    ${sumTable(backtest)}
    ${form(
      c,
      `${path}/${rule.id}/provning.csv`,
      html`${kept} ${hidden({ from: formatDay(from), till: formatDay(through) })}
      ${button("Hämta som CSV", "secondary")}`,
    )}
    <h2>Fynd som tillkommer</h2>
    ${list("Fynd som tillkommer", backtest.appearing)}
    <h2>Fynd som försvinner</h2>
    ${list("Fynd som försvinner", backtest.vanishing)}
    <h2>Föreslå ändringen</h2>
    ${form(
      c,
      `${path}/${rule.id}/forslag`,
      html`${kept} ${hidden({ provning: no })}
        <div class="row">
          ${selectField("lage", "Läge", modeChoices(known.mode === "held" ? "active" : known.mode, "Oförändrat"))}
          ${input({ name: "fran", label: "Från och med", type: "date", required: true })}
        </div>
        ${textArea({ name: "skal", label: "Varför", required: true, rows: 2 })} ${button("Föreslå")}`,
    )}
    <p><a class="ds-link" href="${path}/${rule.id}">Tillbaka till regeln</a></p>`;
  return layout(c, { title: `${rule.title.sv}: prövning`, path, lead: period(from, through), body });
}

const peopleOf = ({ appearing, vanishing }: Backtest) => {
  const found = [...appearing, ...vanishing];
  return { client: found.map(({ client }) => client), staff: found.map(({ staff }) => staff) };
};

function subjectText({ client, staff, unit, provider, record }: ExceptionSubject, people: People): Html {
  const parts = [
    ...(client === undefined ? [] : [html`brukare ${personTag(people, "client", client)}`]),
    ...(staff === undefined ? [] : [html`personal ${personTag(people, "staff", staff)}`]),
    ...(unit === undefined ? [] : [html`enhet ${unit}`]),
    ...(provider === undefined ? [] : [html`utförare ${provider}`]),
    ...(record === undefined ? [] : [html`post ${record.entity} ${record.id} från ${record.source}`]),
  ];
  return html`${parts.map((part, index) => (index === 0 ? part : html`, ${part}`))}`;
}

const endedText = (ended: { at: Instant; by: string; why: string } | null): Html | null =>
  ended === null ? null : html`${ended.by}, ${formatLocal(ended.at)}: ${inOwnWords(ended.why)}`;

function exceptionTable(exceptions: readonly ListedException[], people: People): Html {
  return dataTable(
    "Undantag, i den ordning de infördes",
    [
      { title: "Nr", kind: "number" },
      { title: "Gäller", kind: "long" },
      { title: "Från", kind: "short" },
      { title: "Till", kind: "short" },
      { title: "Varför", kind: "long" },
      { title: "Infört av" },
      { title: "Avslutat i förtid" },
    ],
    exceptions.map(({ no, exception, setBy, setAt, ended }) => [
      no,
      subjectText(exception.subject, people),
      formatDay(exception.from),
      formatDay(exception.through),
      inOwnWords(exception.reason),
      `${setBy}, ${formatLocal(setAt)}`,
      endedText(ended),
    ]),
    "Inga undantag.",
  );
}

type Found = Awaited<ReturnType<typeof pageOfFindings>>["findings"];

/** "client/C1" and the like, as the form's choice says it. */
function subjectOf(said: string): ExceptionSubject | null {
  const [, kind, id] = /^(client|staff|unit|provider)\/(.+)$/s.exec(said) ?? [];
  return kind === undefined || id === undefined ? null : { [kind]: id };
}

function exceptionForms(
  c: Context<Env>,
  rule: Rule,
  exceptions: readonly ListedException[],
  found: Found,
  people: People,
): Html {
  const today = dayOf(c.var.system.now());
  const running = exceptions.filter(({ exception, ended }) => ended === null && exception.through >= today);
  const choices = new Map<string, string>();
  for (const { client, staff, unit, provider } of found) {
    const tagOf = (kind: "client" | "staff", id: string) => people[kind].get(id)?.text ?? "Okänd";
    if (client !== null) choices.set(`client/${client}`, `Brukare ${tagOf("client", client)}`);
    if (staff !== null) choices.set(`staff/${staff}`, `Personal ${tagOf("staff", staff)}`);
    if (unit !== null) choices.set(`unit/${unit}`, `Enhet ${unit}`);
    if (provider !== null) choices.set(`provider/${provider}`, `Utförare ${provider}`);
  }
  const options = [...choices]
    .map(([value, said]) => ({ value, text: said }))
    .toSorted((a, b) => a.text.localeCompare(b.text, "sv"));
  return html`${
    options.length === 0
      ? html`<p class="quiet">Regeln har inga öppna fynd att göra undantag från.</p>`
      : html`<details class="plain">
          <summary>Gör ett undantag</summary>
          ${form(
            c,
            `${path}/${rule.id}/undantag`,
            html`${selectField("vem", "Gäller", options)}
              <div class="row">
                ${input({ name: "fran", id: "und-fran", label: "Från och med", type: "date", required: true })}
                ${input({ name: "till", id: "und-till", label: "Till och med", type: "date", required: true })}
              </div>
              ${textArea({ name: "skal", id: "und-skal", label: "Varför", required: true, rows: 2 })}
              ${button("Inför undantaget", "secondary")}`,
          )}
        </details>`
  }
  ${
    running.length === 0
      ? ""
      : html`<details class="plain">
          <summary>Avsluta ett undantag i förtid</summary>
          ${form(
            c,
            `${path}/${rule.id}/undantag/slut`,
            html`<div class="row">
                ${selectField(
                  "no",
                  "Undantag",
                  running.map(({ no }) => ({ value: String(no), text: `Nr ${no}` })),
                )}
                ${input({
                  name: "till",
                  id: "slut-till",
                  label: "Gäller till och med",
                  type: "date",
                  value: formatDay(today - 1),
                  required: true,
                })}
              </div>
              ${textArea({ name: "skal", id: "slut-skal", label: "Varför", required: true, rows: 2 })}
              ${button("Avsluta", "secondary")}`,
          )}
        </details>`
  }`;
}
