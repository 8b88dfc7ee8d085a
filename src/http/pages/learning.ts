import { Hono } from "hono";
import { html } from "hono/html";
import { type LearningRow, showLearning } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { dataTable, emptyState, type Html, layout, monthChoice } from "../views/layout.ts";
import { precisionText } from "./rules.ts";

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function recallText(control: LearningRow["control"]): string | null {
  if (control === null) return null;
  const { recall, judged } = control;
  if (recall === null) return `för få granskade (${judged})`;
  return `${percent(recall.value)} (${percent(recall.low)}–${percent(recall.high)}, ${judged} granskade)`;
}

/** `/larande`: how often each rule was right and how much it finds, month by month. */
export function learningPages() {
  return new Hono<Env>().get("/", needs("rules:read"), async (c) => {
    const rows = await showLearning(c.var.system, c.var.actor);
    const months = [...new Set(rows.map(({ month }) => month))];
    const month = months.find((one) => one === c.req.query("manad")) ?? months[0];
    const judges = c.var.actor.permissions.has("control:judge");
    const body = html`<p>
        <strong>Haft rätt</strong> säger hur stor del av de bedömda fynden som bekräftades den månaden.
        <strong>Hittar</strong> säger hur stor del av alla fel som regeln uppskattas hitta, efter besök som dragits på
        måfå och granskats utan att granskaren sett vad reglerna sagt. Inom parentes står 95 procents intervall.
      </p>
      ${judges ? html`<p><a class="ds-link" href="/granskning">Granska besök</a></p>` : ""}
      ${month === undefined ? emptyState("Inget fynd är bedömt och inget besök granskat än. Siffrorna kommer med de första besluten i ärendena.") : html`${monthChoice("/larande", months, month)} ${monthTable(month, rows)}`}`;
    return c.html(layout(c, { title: "Lärande", path: "/larande", body }));
  });
}

function monthTable(month: string, rows: readonly LearningRow[]): Html {
  return dataTable(
    `Reglerna i ${month}`,
    [
      { title: "Regel", kind: "long" },
      { title: "Bekräftade", kind: "number" },
      { title: "Förklarade", kind: "number" },
      { title: "Gick inte att avgöra", kind: "number" },
      { title: "Haft rätt" },
      { title: "Fel som regeln hittade", kind: "number" },
      { title: "Fel som den missade", kind: "number" },
      { title: "Hittar" },
    ],
    rows
      .filter((row) => row.month === month)
      .map(({ ruleId, title, precision, unclear, control }) => [
        html`<a class="ds-link" href="/regler/${ruleId}">${title}</a>`,
        precision.confirmed,
        precision.judged - precision.confirmed,
        unclear,
        precisionText(precision),
        control?.reported ?? null,
        control?.missed ?? null,
        recallText(control),
      ]),
    "",
  );
}
